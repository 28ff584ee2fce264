/* SPDX-License-Identifier: Apache-2.0 */
/* test_casework_text.c - bad text about concerns, thresholds, referrals, services, limits, wordings
 * and pins: one change to casework.policy each, and the error with its line. */
#include "bad_text.h"
#include "base/file.h"
#include "fixture.h"
#include <errno.h>
#include <string.h>

/* clang-format off: a table, one row a line */
static const struct bad thresholds[] = {
    { "an unknown key", "bypass = \"high\"", "bypas = \"high\"",
      "unknown key bypas (did you mean bypass?)", "bypas = " },
    { "one agency's low concern", "min_agencies = 3", "min_agencies = 1",
      "at least 2 unless levels are only high and critical", "fired-usual" },
    { "one agency's medium concern", "min_agencies = 2; window_days = 90",
      "min_agencies = 1; window_days = 90", "at least 2 unless", "fired-full" },
    { "no agency", "min_agencies = 3", "min_agencies = 0", "min_agencies", "fired-usual" },
    { "more agencies than there are", "min_agencies = 3", "min_agencies = 8",
      "there are only 7 agencies", "fired-usual" },
    { "no window", "window_days = 180; ", "", "window_days is missing", "fired-usual" },
    { "no days for several agencies", "window_days = 180", "window_days = 0",
      "window_days must be at least 1", "fired-usual" },
    { "a window beyond ten years", "window_days = 180", "window_days = 3661", "window_days",
      "3661" },
    { "no levels", "levels = [ \"low\", \"medium\" ]; ", "", "a threshold needs levels",
      "fired-usual" },
    { "an unknown level", "levels = [ \"low\"", "levels = [ \"mild\"",
      "levels must be one of \"low\", \"medium\", \"high\", \"critical\"", "mild" },
    { "a level twice", "levels = [ \"low\", \"medium\"", "levels = [ \"low\", \"low\"",
      "levels has \"low\" twice", "fired-usual" },
    { "an unknown category", "categories = [ \"absence\"", "categories = [ \"truancy\"",
      "unknown category \"truancy\"", "truancy" },
    { "a category twice", "\"absence\", \"neglect\" ]; independent",
      "\"neglect\", \"neglect\" ]; independent", "names the same category twice", "fired-full" },
    { "no categories at all", "categories = [ \"absence\", \"neglect\" ]", "categories = [ ]",
      "categories is empty", "fired-full" },
    { "a category declared twice", "concern_categories = [ \"neglect\"",
      "concern_categories = [ \"debt\"", "category \"debt\" is declared twice",
      "concern_categories" },
    { "a category in capitals", "concern_categories = [ \"neglect\"",
      "concern_categories = [ \"Neglect\"", "category id must be", "Neglect" },
    { "independent as a word", "independent = false", "independent = \"no\"", "independent",
      "independent = \"no\"" },
    { "an unknown word for own concerns", "own_concerns = \"count\"", "own_concerns = \"yes\"",
      "own_concerns must be one of \"leave-out\", \"count\"", "own_concerns = \"yes\"" },
    { "an unknown word for contributors", "contributors = \"hidden\"", "contributors = \"masked\"",
      "contributors must be one of \"named\", \"hidden\"", "contributors = \"masked\"" },
    { "an unknown bypass", "bypass = \"high\"", "bypass = \"medium\"",
      "bypass must be one of \"none\", \"high\", \"critical\"", "bypass = \"medium\"" },
    { "a bypass that the rule does not read", "levels = [ \"low\", \"medium\" ]; min",
      "levels = [ \"low\", \"medium\" ]; bypass = \"critical\"; min",
      "bypass \"critical\" needs \"critical\" among its levels", "fired-usual" },
    { "a bypass half read", "levels = [ \"medium\", \"high\", \"critical\" ]",
      "levels = [ \"medium\", \"high\" ]", "bypass \"high\" needs \"critical\" among its levels",
      "fired-full" },
    { "an unknown role", "decide_role = \"manager\"; decide_hours",
      "decide_role = \"boss\"; decide_hours", "unknown role \"boss\"", "boss" },
    { "hours and nobody", "decide_role = \"manager\"; decide_hours", "decide_hours",
      "decide_role", "fired-full" },
    { "no hours", "decide_hours = 12", "decide_hours = 0", "decide_hours", "decide_hours = 0" },
    { "hours beyond a year", "decide_hours = 12", "decide_hours = 8785", "decide_hours", "8785" },
    { "a composite with a bypass", "kind = \"referral\"; ",
      "kind = \"composite\"; bypass = \"high\"; ", "bypass is for thresholds", "id = \"state\"" },
    { "a referral's state with categories", "kind = \"referral\"; ",
      "kind = \"referral\"; categories = [ \"debt\" ]; ",
      "categories does not belong to a referral's state", "id = \"state\"" },
    { "a holders' question with a role to decide", "stage = 1; ", "decide_role = \"manager\"; ",
      "decide_role is for thresholds", "id = \"plan\"" },
};
static const struct bad pins[] = {
    { "a pin at s.17", "stage = 1; ", "pin_days = 7; ",
      "no answer may be pinned for purpose \"s17\"", "id = \"plan\"" },
    { "a pin where nothing is said", "purposes = [ \"help\", \"eligibility\" ]; pin_days",
      "purposes = [ \"help\", \"monitor\" ]; pin_days",
      "no answer may be pinned for purpose \"monitor\"", "id = \"benefit\"" },
    { "pinning above a purpose that refuses it",
      "bases = [ \"duty\" ]; pinning = \"refused\"; },\n  { id = \"help\"; title = \"Early help\"; "
      "parent = \"s17\"; protocol = \"main\"; consent = \"required\"; relationship = "
      "\"not-required\"; sensitive = \"masked\"; bases = [ \"consent\" ]; pinning = \"allowed\"",
      "bases = [ \"duty\" ]; pinning = \"allowed\"; },\n  { id = \"help\"; title = \"Early help\"; "
      "parent = \"s17\"; protocol = \"main\"; consent = \"required\"; relationship = "
      "\"not-required\"; sensitive = \"masked\"; bases = [ \"consent\" ]; pinning = \"refused\"",
      "purpose \"s17\" allows pinning but stands above \"help\"", "id = \"s17\"" },
    { "an unknown word for pinning", "pinning = \"refused\"", "pinning = \"never\"",
      "pinning must be one of \"refused\", \"allowed\"", "never" },
    { "a pin beyond a year", "pin_days = 30", "pin_days = 367", "pin_days", "367" },
    { "a pinned threshold", "scope = \"person\"; levels = [ \"low\"",
      "pin_days = 1; scope = \"person\"; levels = [ \"low\"",
      "pin_days is for questions that holders answer", "fired-usual" },
    { "a later stage", "stage = 1", "stage = 2", "stage", "stage = 2" },
};
static const struct bad rules[] = {
    { "an unknown key of concerns", "most_days = 300", "least_days = 300", "unknown key least_days",
      "least_days" },
    { "concerns of no days", "most_days = 300", "most_days = 0", "most_days", "most_days = 0" },
    { "episodes of no days", "closed_days = 60", "closed_days = 0", "closed_days",
      "closed_days = 0" },
    { "concerns as a list", "concerns = { most_days = 300; closed_days = 60; };", "concerns = [ ];",
      "concerns is a group", "concerns = [" },
    { "concerns twice", "limits = {", "concerns = { }; limits_ = {", "", EVERYWHERE },
    { "referrals decided in no time", "decide_days = 10", "decide_days = 0", "decide_days",
      "decide_days = 0" },
    { "days that wrap", "feedback_days = 14", "feedback_days = 4294967310", "integer out of range",
      "4294967310" },
    { "expired before it is overdue", "expire_days = 200", "expire_days = 10",
      "expire_days must be more than decide_days", "referrals = {" },
    { "an unknown key of referrals", "loop_days = 45", "loops = 45", "unknown key loops",
      "loops = 45" },
    { "an unknown role that decides", "loop_days = 45; decide_role = \"manager\"",
      "loop_days = 45; decide_role = \"anyone\"", "unknown role \"anyone\"", "anyone" },
    { "an unknown kind", "kind = \"hard\"", "kind = \"firm\"",
      "kind must be one of \"signposting\", \"soft\", \"application\", \"hard\", \"commissioned\", "
      "\"booked\"",
      "firm" },
    { "a kind twice", "kind = \"hard\"", "kind = \"soft\"", "kind \"soft\" is declared twice",
      "kind = \"soft\"; needs = [ \"eligibility-decided\"" },
    { "a kind without needs", "{ kind = \"soft\"; needs = [ ]; }", "{ kind = \"soft\"; }",
      "kind \"soft\": needs is missing", "{ kind = \"soft\"; }" },
    { "an unknown need of a kind", "\"eligibility-decided\"", "\"eligible\"",
      "needs must be one of \"eligibility-checked\"", "\"eligible\"" },
    { "a need of a kind twice", "\"eligibility-decided\", \"assessed\"",
      "\"assessed\", \"assessed\"", "needs has \"assessed\" twice", "kind = \"hard\"" },
    { "a kind that is a word", "{ kind = \"soft\"; needs = [ ]; }", "\"soft\"",
      "a kind is written as", "\"soft\"," },
    { "limits below nothing", "practitioner = 40", "practitioner = -1", "practitioner",
      "practitioner = -1" },
    { "limits beyond counting", "agency = 600", "agency = 1000001", "agency", "1000001" },
    { "a practitioner above the agency", "practitioner = 40", "practitioner = 601",
      "more than the whole agency", "practitioner = 601" },
    { "an unknown limit", "subject = 9", "person = 9", "unknown key person", "person = 9" },
    { "an unknown pilot area", "pilot = [ \"north\" ]", "pilot = [ \"east\" ]",
      "unknown area \"east\"", "east" },
    { "an area that is both", "pilot = [ \"north\" ]", "pilot = [ \"south\" ]",
      "area \"south\" is pilot and control", "pilot" },
    { "an unknown key of the evaluation", "pilot = [", "pilots = [", "unknown key pilots",
      "pilots" },
    { "a wording without a day", "{ id = \"a-2022\"; from = \"2022-07-01\"; }",
      "{ id = \"a-2022\"; }", "from is missing", "a-2022" },
    { "a wording twice", "id = \"a-2022\"", "id = \"b-2021\"",
      "wording \"b-2021\" is declared twice", "2022-07-01" },
    { "a wording that ends before it begins", "to = \"2022-06-30\"", "to = \"2020-06-30\"",
      "to is before from", "2020-06-30" },
    { "a wording with spaces", "id = \"a-2022\"", "id = \"a 2022\"", "a wording's id must be of",
      "a 2022" },
    { "a wording that is a word", "{ id = \"a-2022\"; from = \"2022-07-01\"; }", "\"a-2022\"",
      "a wording is written as", EVERYWHERE },
    { "no wording at all",
      "wordings = (\n    { id = \"b-2021\"; from = \"2021-01-01\"; to = \"2022-06-30\"; },\n    { "
      "id = \"a-2022\"; from = \"2022-07-01\"; }\n  );",
      "wordings = ( );", "an empty list of wordings would approve any", "wordings = ( );" },
    { "a witness that is a word", "witness_verbal = true", "witness_verbal = \"always\"",
      "witness_verbal", "\"always\"" },
};
static const struct bad services[] = {
    { "no title", "title = \"Debt desk\"; ", "", "title is missing", "debt-desk" },
    { "an unknown agency", "title = \"Debt desk\"; agency = \"police\"",
      "title = \"Debt desk\"; agency = \"bank\"", "unknown agency \"bank\"", "bank" },
    { "a service twice", "id = \"debt-desk\"", "id = \"family-centre\"",
      "service \"family-centre\" is declared twice", "Debt desk" },
    { "no needs", "needs = [ \"debt-advice\" ]; ", "", "meets no need", "debt-desk" },
    { "an unknown need", "needs = [ \"debt-advice\" ]", "needs = [ \"debts\" ]",
      "unknown need \"debts\"", "\"debts\"" },
    { "a need twice", "needs = [ \"parenting\", \"housing\" ]",
      "needs = [ \"housing\", \"housing\" ]", "needs has one twice", "family-centre" },
    { "a need declared twice", "needs = [ \"parenting\", \"debt-advice\", \"housing\" ]",
      "needs = [ \"parenting\", \"parenting\", \"debt-advice\", \"housing\" ]",
      "need \"parenting\" is declared twice", "\"parenting\", \"parenting\"" },
    { "an unknown area", "areas = [ \"south\", \"north\" ]", "areas = [ \"east\" ]",
      "unknown area \"east\"", "east" },
    { "an area twice", "areas = [ \"south\", \"north\" ]", "areas = [ \"south\", \"south\" ]",
      "areas has one twice", "family-centre" },
    { "no kinds", "kinds = [ \"signposting\" ]; ", "", "takes no kind of referral", "debt-desk" },
    { "an unknown kind", "kinds = [ \"signposting\" ]", "kinds = [ \"leaflet\" ]",
      "kinds must be one of", "leaflet" },
    { "an unknown key", "needs = [ \"debt-advice\" ]; ", "needs = [ \"debt-advice\" ]; cost = 3; ",
      "unknown key cost", "cost = 3" },
    { "a criterion without a wish", "{ question = \"benefit\"; wanted = true; }",
      "{ question = \"benefit\"; }", "wanted is missing", "{ question = \"benefit\"; }" },
    { "an unknown criterion", "question = \"benefit\"", "question = \"benefits\"",
      "unknown question \"benefits\"", "\"benefits\"" },
    { "a criterion twice", "question = \"benefit\"", "question = \"plan\"",
      "has the criterion \"plan\" twice", "wanted = true" },
    { "a threshold as criterion", "question = \"benefit\"", "question = \"fired-usual\"",
      "is not a question that holders answer", "\"fired-usual\"; wanted" },
    { "a home as criterion", "question = \"benefit\"", "question = \"lives-at\"",
      "asks about a home, and has no home", "\"lives-at\"; wanted" },
    { "a closed class as criterion", "question = \"benefit\"", "question = \"adopted\"",
      "is of a closed class", "\"adopted\"; wanted" },
    { "a sensitive criterion that nobody names", "question = \"benefit\"", "question = \"treated\"",
      "criterion \"treated\" is sensitive", "\"treated\"; wanted" },
    { "budget as criterion", "wanted = true; }", "wanted = true; budget = 100; }",
      "budget is no criterion", "budget = 100" },
    { "pounds as criterion", "wanted = true; }", "wanted = true; pounds = 100; }",
      "pounds is no criterion", "pounds = 100" },
    { "a criterion that is a word", "{ question = \"benefit\"; wanted = true; }", "\"benefit\"",
      "a criterion is written as", "\"benefit\" );" },
    { "a permission of an unknown agency", "{ agency = \"school\"; role",
      "{ agency = \"college\"; role", "unknown agency \"college\"", "college" },
    { "a permission of an unknown role", "role = \"teacher\"", "role = \"pupil\"",
      "unknown role \"pupil\"", "pupil" },
    { "a permission of no role", "role = \"teacher\"; ", "", "role is missing", "minute 4" },
    { "an unknown step", "\"diagnose\"", "\"treat\"",
      "steps must be one of \"eligibility\", \"assess\", \"diagnose\", \"commission\", \"book\"",
      "\"treat\"" },
    { "a step twice", "\"assess\", \"diagnose\"", "\"assess\", \"assess\"",
      "steps has \"assess\" twice", "\"assess\", \"assess\"" },
    { "no steps", "steps = [ \"eligibility\", \"commission\" ]; pounds = 500; ", "",
      "steps = [ ... ] is missing", "minute 4" },
    { "pounds without spending", "steps = [ \"eligibility\", \"commission\" ]",
      "steps = [ \"eligibility\" ]", "pounds without the step commission or book", "minute 4" },
    { "pounds below nothing", "pounds = 500", "pounds = -500", "pounds", "-500" },
    { "a permission without a day", "from = \"2022-03-01\"; ", "", "from is missing",
      "\"diagnose\"" },
    { "a permission that ends before it begins", "to = \"2022-12-31\"", "to = \"2021-12-30\"",
      "to is before from", "2021-12-30" },
    { "a permission that is a word",
      "{ agency = \"police\"; role = \"manager\"; steps = [ \"assess\", \"diagnose\", \"book\" ]; "
      "from = \"2022-03-01\"; }",
      "\"police\"", "a permission is written as", EVERYWHERE },
};
/* clang-format on */

static char *text;

static int set_up(void **state)
{
    struct buf bytes = { 0 };

    (void)state;
    buf_init(&bytes, 1 << 20);
    if (crypto_init() < 0 || file_read(ALM_CASEWORK_POLICY, 1 << 20, &bytes) < 0)
        return -1;
    buf_put_u8(&bytes, 0);
    text = (char *)bytes.data;
    return buf_status(&bytes);
}

static int tear_down(void **state)
{
    (void)state;
    free(text);
    return 0;
}

static void each_bad_threshold_shows_its_error(void **state)
{
    (void)state;
    expect_errors(text, thresholds, ALM_LEN(thresholds));
}

/* DESIGN.md section 4: pinning is "off unless the protocol turns it on, refused for purposes at or
 * above s.17". */
static void no_answer_is_pinned_at_or_above_s17_or_where_nothing_is_said(void **state)
{
    (void)state;
    expect_errors(text, pins, ALM_LEN(pins));
}

static void each_bad_rule_of_concerns_referrals_limits_and_wordings_shows_its_error(void **state)
{
    (void)state;
    expect_errors(text, rules, ALM_LEN(rules));
}

static void each_bad_service_shows_its_error(void **state)
{
    (void)state;
    expect_errors(text, services, ALM_LEN(services));
}

struct more {
    const char *head, *tail; /* around a number that makes each its own */
};

static char *with_more(const struct more *m, unsigned n, const char *before)
{
    struct buf out = { 0 };
    const char *at = strstr(text, before);

    assert_non_null(at);
    buf_init(&out, 1 << 22);
    buf_put(&out, text, (size_t)(at - text));
    for (unsigned i = 0; i < n; i++)
        buf_printf(&out, "%s%u%s", m->head, i, m->tail);
    buf_printf(&out, "%s", at);
    buf_put_u8(&out, 0);
    assert_int_equal(buf_status(&out), 0);
    return (char *)out.data;
}

static void expect_count(const struct more *m, unsigned n, const char *before, const char *says)
{
    ALM_CLEANUP(conf_errors_freep) struct conf_errors *e = NULL;
    ALM_CLEANUP(buf_deinit) struct buf out = { 0 };
    char *bad = with_more(m, n, before);
    int r;

    buf_init(&out, 1 << 20);
    assert_int_equal(conf_errors_new(&e), 0);
    r = compile_text(bad, e, &out);
    if (!says && r < 0)
        fail_msg("%u are too many: %s", n, conf_errors_at(e, 0));
    if (says && (r != -EINVAL || !strstr(conf_errors_at(e, 0), says)))
        fail_msg("%u: %d, %s", n, r, conf_errors_count(e) ? conf_errors_at(e, 0) : "no error");
    free(bad);
}

static void as_many_of_each_as_may_be_and_not_one_more(void **state)
{
    static const struct more category = { "\"c", "\", " }, need = { "\"n", "\", " };
    static const struct more permission = {
        "{ agency = \"school\"; role = \"teacher\"; steps = [ \"book\" ]; pounds = ",
        "; from = \"2022-01-01\"; },"
    };
    static const struct more wording = { "{ id = \"w-", "\"; from = \"2021-01-01\"; }," };

    (void)state;
    expect_count(&category, 60, "\"neglect\", \"absence\"", NULL);
    expect_count(&category, 61, "\"neglect\", \"absence\"", "at most 64");
    expect_count(&need, 253, "\"parenting\", \"debt-advice\"", NULL);
    expect_count(&need, 254, "\"parenting\", \"debt-advice\"", "at most 256");
    expect_count(&permission, 62, "{ agency = \"school\"; role = \"teacher\"", NULL);
    expect_count(&permission, 63, "{ agency = \"school\"; role = \"teacher\"",
                 "at most 64 permissions");
    expect_count(&wording, 62, "{ id = \"b-2021\"", NULL);
    expect_count(&wording, 63, "{ id = \"b-2021\"", "at most 64 wordings");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_bad_threshold_shows_its_error),
        cmocka_unit_test(no_answer_is_pinned_at_or_above_s17_or_where_nothing_is_said),
        cmocka_unit_test(each_bad_rule_of_concerns_referrals_limits_and_wordings_shows_its_error),
        cmocka_unit_test(each_bad_service_shows_its_error),
        cmocka_unit_test(as_many_of_each_as_may_be_and_not_one_more),
    };

    return cmocka_run_group_tests_name("casework_text", tests, set_up, tear_down);
}
