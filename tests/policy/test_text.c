/* SPDX-License-Identifier: Apache-2.0 */
/* test_text.c - bad policy text: one change to small.policy each, and the error that an officer
 * sees, with its line. */
#include "bad_text.h"
#include "fixture.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* clang-format off: a table, one row a line */
static const struct bad table[] = {
    { "an unknown key", "hub = true;", "hob = true;", "unknown key hob (did you mean hub?)",
      "hob = true" },
    { "an unknown top-level key", "shields = {", "shieldz = {", "unknown key shieldz", "shieldz" },
    { "a wrong type", "sensitive = true; },\n  { id = \"recovery\"",
      "sensitive = \"yes\"; },\n  { id = \"recovery\"", "sensitive", "sensitive = \"yes\"" },
    { "no id", "{ id = \"surgery\"; name", "{ name", "needs an id", "{ name = \"Surgery\"" },
    { "an id with a space", "id = \"hub\"", "id = \"the hub\"", "agency id must be", "the hub" },
    { "an id in capitals", "id = \"plan\"", "id = \"Plan\"", "question id must be", "\"Plan\"" },
    { "an id that is too long", "id = \"club\"",
      "id = \"c12345678901234567890123456789012345678901234567890\"", "1 to 46 characters",
      "c1234567890" },
    { "the same agency twice", "id = \"outsider\"", "id = \"school\"",
      "agency \"school\" is declared twice; first at", "Outsider" },
    { "the same role twice", "\"teacher\", \"volunteer\" ]",
      "\"teacher\", \"teacher\", \"volunteer\" ]", "role \"teacher\" is declared twice",
      "teacher\", \"teacher" },
    { "an unknown sector", "sector = \"education\"", "sector = \"eduction\"",
      "unknown sector \"eduction\"", "eduction" },
    { "no sector", "sector = \"education\"; }", "}", "agency \"school\": sector is missing",
      "\"school\"; name" },
    { "an unknown organisation", "team_of = \"council\"", "team_of = \"counsel\"",
      "unknown agency \"counsel\"", "counsel" },
    { "a team of itself", "team_of = \"council\"", "team_of = \"council-team\"",
      "is a team of itself", "team_of = \"council-team\"" },
    { "a team of a team", "sector = \"education\";",
      "sector = \"education\"; team_of = \"council-team\";", "which is itself a team",
      "\"school\"; name" },
    { "an unknown regime", "team_of = \"police\"; regime = \"law-enforcement\"",
      "team_of = \"police\"; regime = \"police\"",
      "regime must be one of \"ukgdpr\", \"law-enforcement\"", "regime = \"police\"" },
    { "an unknown area", "areas = [ \"north\" ]", "areas = [ \"west\" ]", "unknown area \"west\"",
      "west" },
    { "a gateway without a statute", "statute = \"Act D\";", "",
      "gateway \"policing\": statute is missing", "\"policing\"; title" },
    { "a gateway of another country", "countries = [ \"england\", \"wales\" ]",
      "countries = [ \"scotland\" ]", "is not law in england", "scotland" },
    { "an unknown country", "countries = [ \"england\", \"wales\" ]",
      "countries = [ \"england\", \"walse\" ]", "unknown word \"walse\"", "walse" },
    { "an excluded class that is not declared", "excluded_classes = [ \"family\", \"patient\" ]",
      "excluded_classes = [ \"patients\" ]", "unknown class of data \"patients\"", "\"patients\"" },
    { "a class of data that is not declared", "data_class = \"patient\"",
      "data_class = \"patients\"", "unknown class of data \"patients\"", "\"patients\"" },
    { "a class of data twice", "data_classes = [ \"family\", \"patient\" ]",
      "data_classes = [ \"family\", \"family\", \"patient\" ]",
      "class of data \"family\" is declared twice", "\"family\", \"family\"" },
    { "no countries", "countries = [ \"england\", \"wales\" ]; ", "", "countries is missing",
      "id = \"duty\"" },
    { "a day that does not exist", "to = \"2025-06-30\"", "to = \"2025-06-31\"",
      "to must be a day that exists", "2025-06-31" },
    { "a date the wrong way round", "to = \"2025-06-30\"", "to = \"30/06/2025\"",
      "to must be a day that exists", "30/06/2025" },
    { "to before from", "to = \"2025-06-30\"", "to = \"2017-06-30\"", "to is before from",
      "2017-06-30" },
    { "an unknown kind of gateway", "kind = \"duty\"", "kind = \"must\"",
      "kind must be one of \"duty\", \"power\", \"consent\"", "\"must\"" },
    { "an unknown condition", "\"necessity\" ]", "\"need\" ]", "unknown word \"need\"",
      "\"need\"" },
    { "an unknown excluded sector", "excluded_sectors = [ \"health\" ]",
      "excluded_sectors = [ \"helth\" ]", "unknown sector \"helth\"", "helth" },
    { "a protocol without review", "review = \"2026-06-30\";", "", "review is missing",
      "id = \"main\"" },
    { "a review before the start", "review = \"2026-06-30\"", "review = \"2019-06-30\"",
      "review is before from", "2019-06-30" },
    { "a word where a protocol says yes or no", "review = \"2026-06-30\";",
      "review = \"2026-06-30\"; unsigned_queries = \"yes\";", "unsigned_queries", "\"yes\"; parties" },
    { "unsigned queries counted", "review = \"2026-06-30\";",
      "review = \"2026-06-30\"; unsigned_queries = 1;", "unsigned_queries", "= 1; parties" },
    { "unsigned queries misspelt", "review = \"2026-06-30\";",
      "review = \"2026-06-30\"; unsigned_query = true;",
      "unknown key unsigned_query (did you mean unsigned_queries?)", "unsigned_query = true" },
    { "unsigned queries of one purpose alone", "title = \"Order\"; protocol = \"main\"",
      "title = \"Order\"; unsigned_queries = true; protocol = \"main\"", "unknown key unsigned_queries",
      "title = \"Order\"; unsigned_queries" },
    { "a party unknown", "agency = \"surgery\"; ask", "agency = \"surgry\"; ask",
      "unknown agency \"surgry\"", "surgry" },
    { "a party twice", "agency = \"surgery\"; ask", "agency = \"school\"; ask",
      "has the party \"school\" twice", "{ agency = \"school\"; ask = \"no\"" },
    { "an unknown ask", "agency = \"surgery\"; ask = \"no\"",
      "agency = \"surgery\"; ask = \"never\"",
      "ask must be one of \"full\", \"insight-only\", \"no\"", "never" },
    { "an answer that is a flag", "agency = \"surgery\"; ask = \"no\"; answer = \"yes\"",
      "agency = \"surgery\"; ask = \"no\"; answer = true", "answer", "answer = true" },
    { "a purpose of no protocol", "title = \"Order\"; protocol = \"main\"", "title = \"Order\"",
      "protocol is missing", "\"Order\"" },
    { "a purpose of an unknown protocol", "title = \"Order\"; protocol = \"main\"",
      "title = \"Order\"; protocol = \"mane\"", "unknown protocol \"mane\"", "mane" },
    { "a purpose before its protocol", "from = \"2021-01-01\"", "from = \"2019-12-31\"",
      "begins before its protocol", "2019-12-31" },
    { "a purpose beyond its protocol", "to = \"2025-12-31\"", "to = \"2027-01-01\"",
      "ends after its protocol", "2027-01-01" },
    { "an unknown parent", "parent = \"protect\"", "parent = \"shield\"",
      "unknown purpose \"shield\"", "parent = \"shield\"" },
    { "parents in a circle", "id = \"protect\"; title",
      "id = \"protect\"; parent = \"help\"; title", "go round in a circle", EVERYWHERE },
    { "a purpose without basis", "bases = [ \"duty\", \"power\" ]", "bases = [ ]", "has no basis",
      "id = \"protect\"; title" },
    { "a purpose with an unknown basis", "bases = [ \"duty\", \"power\" ]",
      "bases = [ \"duty\", \"powers\" ]", "unknown gateway \"powers\"", "\"powers\"" },
    { "consent without a consent gateway", "bases = [ \"consent\" ]", "bases = [ \"duty\" ]",
      "rests on consent but lists no gateway of kind consent", "id = \"help\"" },
    { "no duty or power where consent is not needed", "bases = [ \"stated\" ]",
      "bases = [ \"consent\" ]", "lists no gateway that is a duty or a power", "id = \"task\"" },
    { "gateways that never overlap the purpose", "kind = \"power\"; conditions",
      "kind = \"power\"; to = \"2019-01-01\"; conditions", "none of its gateways is in force",
      "id = \"task\"" },
    { "consent neither required nor not", "consent = \"required\"", "consent = \"perhaps\"",
      "consent must be one of \"required\", \"not-required\"", "perhaps" },
    { "nothing said about consent", "consent = \"required\"; ", "", "consent must be one of",
      "id = \"help\"" },
    { "a relationship without days", "within_days = 365; ", "", "within_days is missing",
      "id = \"help\"" },
    { "days out of range", "within_days = 365", "within_days = 36500", "within_days", "36500" },
    { "days that wrap", "within_days = 365", "within_days = 4294967661", "integer out of range",
      "4294967661" },
    { "an unknown rule for sensitive services", "sensitive = \"hidden\"", "sensitive = \"secret\"",
      "sensitive must be one of \"named\", \"masked\", \"hidden\"", "secret" },
    { "an unknown shield level", "sees_past_shield = \"location\"", "sees_past_shield = \"all\"",
      "sees_past_shield must be one of", "\"all\"" },
    { "an unknown excluded role", "excluded_roles = [ \"volunteer\" ]",
      "excluded_roles = [ \"volunter\" ]", "unknown role \"volunter\"", "volunter" },
    { "a purpose that admits nobody", "roles = [ \"social-worker\", \"teacher\" ]", "roles = [ ]",
      "admits no role at all", "id = \"help\"" },
    { "a question without text", "text = \"A club?\"; ", "", "text is missing", "id = \"club\"" },
    { "a question without an owner",
      "holders = [ \"voluntary\" ]; purposes = [ \"protect\", \"help\" ]; owner = \"IG\";",
      "holders = [ \"voluntary\" ]; purposes = [ \"protect\", \"help\" ];", "owner is missing",
      "id = \"club\"" },
    { "a question without holders", "holders = [ \"voluntary\" ]", "holders = [ ]",
      "has no holders", "id = \"club\"" },
    { "a question for no purpose",
      "holders = [ \"voluntary\" ]; purposes = [ \"protect\", \"help\" ]",
      "holders = [ \"voluntary\" ]; purposes = [ ]", "may be asked for no purpose",
      "id = \"club\"" },
    { "a question for an unknown purpose", "[ \"protect\", \"help\", \"order\", \"task\" ]",
      "[ \"protect\", \"help\", \"orders\", \"task\" ]", "unknown purpose \"orders\"",
      "\"orders\"" },
    { "an unknown closed class", "class = \"adoption\"", "class = \"adopted\"",
      "unknown closed class \"adopted\"", "class = \"adopted\"" },
    { "a home parameter that does not reveal a location", "reveals_location = true; ", "",
      "write reveals_location = true", "id = \"lives-at\"" },
    { "a threshold with holders", "kind = \"threshold\"; ",
      "kind = \"threshold\"; holders = [ \"police\" ]; ",
      "holders is for questions that holders answer", "id = \"fired\"" },
    { "a threshold without agencies", "min_agencies = 2; ", "", "min_agencies is missing",
      "id = \"fired\"" },
    { "a threshold with an unknown level", "levels = [ \"low\", \"medium\" ]",
      "levels = [ \"low\", \"mild\" ]",
      "levels must be one of \"low\", \"medium\", \"high\", \"critical\"", "mild" },
    { "a holders' question with a window of a threshold", "look_back_days = 365; ",
      "window_days = 365; ", "window_days is for thresholds", "window_days = 365" },
    { "an unknown capacity", "capacity = \"gillick\"", "capacity = \"gilick\"",
      "capacity must be one of", "gilick" },
    { "a capacity twice", "capacity = \"gillick\"", "capacity = \"self\"", "declared twice",
      "capacity = \"self\"" },
    { "nobody able to consent", "consent = {\n", "consent = { };\nunused = {\n",
      "says of nobody that they are able", "id = \"help\"" },
    { "ages the wrong way round", "able = true; from_age = 12;",
      "able = true; from_age = 12; before_age = 12;", "before_age must be greater",
      "before_age = 12" },
    { "an unknown shield owner", "owners = [ \"childrens-services\" ]", "owners = [ \"council\" ]",
      "unknown sector \"council\"", "owners = [ \"council\" ]" },
    { "text that is not UTF-8", "title = \"Order\"", "title = \"\xff\xfe\"", "UTF-8", EVERYWHERE },
    { "a list that is a word", "purposes = [ \"monitor\" ]; scope", "purposes = \"monitor\"; scope",
      "purposes must be a list", "purposes = \"monitor\"; scope" },
    { "a group that is a word", "shields = { owners = [ \"childrens-services\" ]; };",
      "shields = \"childrens-services\";", "shields is a group", "shields = \"" },
    { "a syntax error", "shields = {", "shields = = {", "", EVERYWHERE },
    { "an unterminated string", "title = \"Order\"", "title = \"Order", "", EVERYWHERE },
    { "no partnership", "partnership = {", "partnership_ = {", "", EVERYWHERE },
    { "an unknown country of the partnership", "country = \"england\"; };",
      "country = \"albion\"; };", "country must be one of", "albion" },
};

/* clang-format on */

static void each_bad_text_shows_its_error_with_file_and_line(void **state)
{
    char *text = small_policy();

    (void)state;
    assert_non_null(text);
    expect_errors(text, table, ALM_LEN(table));
    free(text);
}

static void all_errors_of_a_run_are_shown(void **state)
{
    ALM_CLEANUP(conf_errors_freep) struct conf_errors *e = NULL;
    ALM_CLEANUP(buf_deinit) struct buf out = { 0 };
    char *text = small_policy(), *one, *two, *three;

    (void)state;
    assert_non_null(text);
    buf_init(&out, 1 << 20);
    assert_int_equal(conf_errors_new(&e), 0);
    one = bad_text(
        text,
        &(struct bad){ .name = "1", .find = "kind = \"duty\"", .replace = "kind = \"must\"" });
    two = bad_text(one, &(struct bad){ .name = "2",
                                       .find = "sector = \"education\"",
                                       .replace = "sector = \"eduction\"" });
    three = bad_text(two, &(struct bad){ .name = "3",
                                         .find = "levels = [ \"low\"",
                                         .replace = "levels = [ \"mild\"" });
    assert_int_equal(compile_text(three, e, &out), -EINVAL);
    assert_int_equal(conf_errors_count(e), 3);
    free(three);
    free(two);
    free(one);
    free(text);
}

static void the_same_text_gives_the_same_bytes(void **state)
{
    ALM_CLEANUP(conf_errors_freep) struct conf_errors *e = NULL;
    ALM_CLEANUP(buf_deinit) struct buf a = { 0 }, b = { 0 };
    char *text = small_policy();

    (void)state;
    buf_init(&a, 1 << 20);
    buf_init(&b, 1 << 20);
    assert_int_equal(conf_errors_new(&e), 0);
    assert_int_equal(compile_text(text, e, &a), 0);
    assert_int_equal(policy_compile(ALM_SMALL_POLICY, e, &b), 0);
    assert_true(bytes_equal(buf_view(&a), buf_view(&b)));
    free(text);
}

/* small.policy with one more protocol that says what is given of unsigned queries; "order" is its
 * only purpose. */
static struct bundle *with_protocol(const char *says)
{
    ALM_CLEANUP(conf_errors_freep) struct conf_errors *e = NULL;
    ALM_CLEANUP(buf_deinit) struct buf out = { 0 };
    struct bundle *b = NULL;
    char more[320], *text = small_policy(), *one, *two;

    (void)snprintf(more, sizeof(more),
                   "protocols = ( { id = \"second\"; title = \"Second\"; from = \"2020-01-01\"; "
                   "to = \"2026-12-31\"; review = \"2026-06-30\"; %s parties = ( "
                   "{ agency = \"council\"; ask = \"full\"; answer = \"yes\"; }, "
                   "{ agency = \"police\"; ask = \"full\"; answer = \"yes\"; } ); },",
                   says);
    one = bad_text(text, &(struct bad){ .name = "second", .find = "protocols = (", .replace = more });
    two = bad_text(one, &(struct bad){ .name = "order",
                                       .find = "title = \"Order\"; protocol = \"main\"",
                                       .replace = "title = \"Order\"; protocol = \"second\"" });
    buf_init(&out, 1 << 20);
    assert_int_equal(conf_errors_new(&e), 0);
    if (compile_text(two, e, &out) != 0)
        fail_msg("%s", conf_errors_at(e, 0));
    assert_int_equal(bundle_decode(buf_view(&out), &b), 0);
    free(two);
    free(one);
    free(text);
    return b;
}

static bool unsigned_for(const struct bundle *b, const char *purpose)
{
    return bundle_unsigned_queries(b, bundle_purpose(b, purpose));
}

static void queries_are_signed_where_the_protocol_says_nothing(void **state)
{
    struct bundle *b = with_protocol("");

    (void)state;
    assert_false(unsigned_for(b, "order"));
    assert_false(unsigned_for(b, "protect"));
    bundle_free(b);
}

static void queries_are_signed_where_the_protocol_says_so(void **state)
{
    struct bundle *b = with_protocol("unsigned_queries = false;");

    (void)state;
    assert_false(unsigned_for(b, "order"));
    bundle_free(b);
}

static void unsigned_queries_are_of_the_protocol_that_says_so_alone(void **state)
{
    struct bundle *b = with_protocol("unsigned_queries = true;");

    (void)state;
    assert_true(unsigned_for(b, "order"));
    assert_false(unsigned_for(b, "protect"));
    assert_false(unsigned_for(b, "help"));
    assert_false(unsigned_for(b, "no-such-purpose"));
    bundle_free(b);
}

static void saying_that_queries_are_signed_changes_nothing(void **state)
{
    struct bundle *silent = with_protocol(""), *said = with_protocol("unsigned_queries = false;");

    (void)state;
    assert_memory_equal(bundle_hash(silent), bundle_hash(said), SHA256_LEN);
    bundle_free(said);
    bundle_free(silent);
}

/* Two files of a folder, and the order in which entries are written, make no difference. */
static void the_order_of_entries_does_not_matter(void **state)
{
    ALM_CLEANUP(conf_errors_freep) struct conf_errors *e = NULL;
    ALM_CLEANUP(buf_deinit) struct buf a = { 0 }, b = { 0 };
    char *text = small_policy(), *swapped;

    (void)state;
    buf_init(&a, 1 << 20);
    buf_init(&b, 1 << 20);
    assert_int_equal(conf_errors_new(&e), 0);
    assert_int_equal(compile_text(text, e, &a), 0);
    swapped =
        bad_text(text, &(struct bad){ .name = "swap",
                                      .find = "\"social-worker\", \"teacher\", \"volunteer\"",
                                      .replace = "\"volunteer\", \"teacher\", \"social-worker\"" });
    assert_int_equal(compile_text(swapped, e, &b), 0);
    assert_true(bytes_equal(buf_view(&a), buf_view(&b)));
    free(swapped);
    free(text);
}

static void a_missing_file_and_an_empty_folder_are_errors(void **state)
{
    ALM_CLEANUP(conf_errors_freep) struct conf_errors *e = NULL;
    ALM_CLEANUP(buf_deinit) struct buf out = { 0 };

    (void)state;
    buf_init(&out, 1 << 20);
    assert_int_equal(conf_errors_new(&e), 0);
    assert_true(policy_compile("/nonexistent/policy", e, &out) < 0);
    assert_int_equal(conf_errors_count(e), 1);
    assert_int_equal(policy_compile("/proc/self/fdinfo", e, &out), -EINVAL);
    assert_non_null(strstr(conf_errors_at(e, 1), "no file named *.policy"));
}

static void an_empty_file_is_an_error(void **state)
{
    ALM_CLEANUP(conf_errors_freep) struct conf_errors *e = NULL;
    ALM_CLEANUP(buf_deinit) struct buf out = { 0 };

    (void)state;
    buf_init(&out, 1 << 20);
    assert_int_equal(conf_errors_new(&e), 0);
    assert_int_equal(compile_text("# nothing yet\n", e, &out), -EINVAL);
    assert_non_null(strstr(conf_errors_at(e, 0), "no partnership"));
}

static void a_bundle_too_large_for_the_callers_buffer_is_not_cut(void **state)
{
    ALM_CLEANUP(conf_errors_freep) struct conf_errors *e = NULL;
    ALM_CLEANUP(buf_deinit) struct buf out = { 0 };

    (void)state;
    buf_init(&out, 64);
    assert_int_equal(conf_errors_new(&e), 0);
    assert_int_equal(policy_compile(ALM_SMALL_POLICY, e, &out), -E2BIG);
    assert_int_equal(out.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_bad_text_shows_its_error_with_file_and_line),
        cmocka_unit_test(all_errors_of_a_run_are_shown),
        cmocka_unit_test(the_same_text_gives_the_same_bytes),
        cmocka_unit_test(queries_are_signed_where_the_protocol_says_nothing),
        cmocka_unit_test(queries_are_signed_where_the_protocol_says_so),
        cmocka_unit_test(unsigned_queries_are_of_the_protocol_that_says_so_alone),
        cmocka_unit_test(saying_that_queries_are_signed_changes_nothing),
        cmocka_unit_test(the_order_of_entries_does_not_matter),
        cmocka_unit_test(a_missing_file_and_an_empty_folder_are_errors),
        cmocka_unit_test(an_empty_file_is_an_error),
        cmocka_unit_test(a_bundle_too_large_for_the_callers_buffer_is_not_cut),
    };

    if (crypto_init() < 0)
        return 70;
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
