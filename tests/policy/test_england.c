/* SPDX-License-Identifier: Apache-2.0 */
/* test_england.c - the England starter: each gateway on its first day and the day before, each
 * purpose, and what must stay closed (DOMAIN.md sections 1 to 4). */
#include "base/file.h"
#include "fixture.h"
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TODAY  "2026-11-22"
#define NOBODY "example-nobody"

/* The starter as it is shipped, and as it would be had its protocols run since 1950: most of its
 * law is older than any protocol. */
static struct bundle *shipped, *since_1950;

static char *replaced(const char *text, const char *find, const char *with)
{
    struct buf out = { 0 };
    const char *at;

    buf_init(&out, 1 << 20);
    while ((at = strstr(text, find)) != NULL) {
        buf_put(&out, text, (size_t)(at - text));
        buf_put(&out, with, strlen(with));
        text = at + strlen(find);
    }
    buf_put(&out, text, strlen(text) + 1);
    return buf_status(&out) == 0 ? (char *)out.data : NULL;
}

/* Copies a file of the starter with one change. Return: 0 or not. */
static int copy_changed(const char *from, const char *to, const char *find, const char *with)
{
    ALM_CLEANUP(buf_deinit) struct buf text = { 0 };
    char *changed;
    int r;

    buf_init(&text, 1 << 20);
    if (file_read(from, 1 << 20, &text) < 0)
        return -1;
    buf_put_u8(&text, 0);
    changed = replaced((const char *)text.data, find, with);
    if (!changed)
        return -1;
    r = file_write(to, bytes_of((const uint8_t *)changed, strlen(changed)), 0600);
    free(changed);
    return r;
}

static int compile_folder(const char *path, struct bundle **out)
{
    ALM_CLEANUP(conf_errors_freep) struct conf_errors *e = NULL;
    ALM_CLEANUP(buf_deinit) struct buf compiled = { 0 };
    int r;

    buf_init(&compiled, 1 << 23);
    if (conf_errors_new(&e) < 0)
        return -1;
    r = policy_compile(path, e, &compiled);
    for (size_t i = 0; conf_errors_at(e, i); i++)
        print_message("# %s\n", conf_errors_at(e, i));
    return r < 0 ? r : bundle_decode(buf_view(&compiled), out);
}

/* The starter with every find replaced. */
static int compile_changed(const char *find, const char *with, struct bundle **out)
{
    char folder[] = "/tmp/almoner-england-XXXXXX", from[512], to[512];
    DIR *d = opendir(ALM_RULES "/england");
    struct dirent *entry;
    int r = d && mkdtemp(folder) ? 0 : -1;

    while (d && r == 0 && (entry = readdir(d)) != NULL) {
        if (!strstr(entry->d_name, ".policy"))
            continue;
        snprintf(from, sizeof(from), ALM_RULES "/england/%.200s", entry->d_name);
        snprintf(to, sizeof(to), "%s/%.200s", folder, entry->d_name);
        r = copy_changed(from, to, find, with);
    }
    if (r == 0)
        r = compile_folder(folder, out);
    for (rewinddir(d); (entry = readdir(d)) != NULL;) {
        snprintf(to, sizeof(to), "%s/%.200s", folder, entry->d_name);
        (void)unlink(to);
    }
    closedir(d);
    (void)rmdir(folder);
    return r;
}

static int set_up(void **state)
{
    struct fixture *x = *state = calloc(1, sizeof(*x));

    if (!x || crypto_init() < 0 || compile_folder(ALM_RULES "/england", &shipped) < 0)
        return -1;
    x->b = shipped;
    return compile_changed("from = \"2026-01-01\"; to = \"2028-12-31\"; review = \"2027-11-30\"",
                           "from = \"1950-01-01\"; to = \"2999-12-31\"; review = \"1990-01-01\"",
                           &since_1950);
}

static int tear_down(void **state)
{
    bundle_free(shipped);
    bundle_free(since_1950);
    free(*state);
    return 0;
}

/* For each purpose: who may ask it, and a question that it lists. */
static const struct purpose_case {
    const char *purpose, *wider, *agency, *role, *question;
    bool consent, involvement;
    int32_t within_days; /* -1: no relationship needed */
} purposes[] = {
    { "safeguard.immediate", NULL, "example-police", "police-officer", "cp-plan-current", false,
      true, -1 },
    { "safeguard.s47", "safeguard.immediate", "example-council-childrens-services", "social-worker",
      "domestic-incident-12m", false, true, -1 },
    { "s17", "safeguard.s47", "example-council-childrens-services", "social-worker",
      "child-in-need-current", true, true, 365 },
    { "early-help", "s17", "example-primary", "teacher", "family-worker-current", true, true, 365 },
    { "service-eligibility", "early-help", "example-homes", "housing-officer",
      "sen-support-current", true, false, 92 },
    { "crime-prevention", "service-eligibility", "example-police", "police-officer",
      "supervision-current", false, false, 365 },
    { "concern-monitoring", NULL, "example-hub", "hub-navigator", "concerns-3-agencies-12m", false,
      false, -1 },
    { "referral-tracking", NULL, "example-surgery", "gp", "referral-state", false, false, -1 },
};

static const struct purpose_case *case_of(const char *purpose)
{
    for (size_t i = 0; i < ALM_LEN(purposes); i++)
        if (strcmp(purposes[i].purpose, purpose) == 0)
            return &purposes[i];
    fail_msg("no case for %s", purpose);
    return NULL;
}

/* Facts that the purpose permits, consent given long ago. */
static void permitted(struct fixture *x, struct bundle *b, const struct purpose_case *p)
{
    x->b = b;
    ask(x, p->agency, p->purpose, p->question);
    x->f.role = bundle_role(b, p->role);
    x->f.day = on(TODAY);
    x->f.relation_since = on("1950-01-01");
    x->f.referral_party = 1;
    x->f.has_parameter = strcmp(p->question, "referral-state") == 0;
    if (p->consent)
        grant(x)->given_on = on("1950-01-01");
}

static void each_purpose_permits_a_question_of_its_own(void **state)
{
    for (size_t i = 0; i < ALM_LEN(purposes); i++) {
        permitted(*state, shipped, &purposes[i]);
        expect_reason(*state, REASON_NONE);
    }
}

static void the_tree_of_purposes_is_closed_and_in_its_order(void **state)
{
    uint16_t last = bundle_purpose(shipped, "planning-statistics");

    (void)state;
    assert_int_equal(bundle_n_purposes(shipped), ALM_LEN(purposes) + 1);
    assert_int_equal(bundle_purpose_at(shipped, last)->parent,
                     bundle_purpose(shipped, "crime-prevention"));
    for (size_t i = 0; i < ALM_LEN(purposes); i++) {
        uint16_t p = bundle_purpose(shipped, purposes[i].purpose);

        assert_int_equal(bundle_purpose_at(shipped, p)->parent,
                         purposes[i].wider ? bundle_purpose(shipped, purposes[i].wider)
                                           : POLICY_NONE);
        assert_int_equal(bundle_purpose_at(shipped, p)->consent, purposes[i].consent);
    }
}

/* "A narrower purpose never implies a wider one": nor the other way. Whoever may ask, only what
 * lists the purpose is permitted. */
static void no_purpose_permits_what_does_not_list_it(void **state)
{
    struct fixture *x = *state;
    unsigned refused = 0;

    for (size_t i = 0; i < ALM_LEN(purposes); i++)
        for (uint16_t q = 0; q < bundle_n_questions(shipped); q++) {
            permitted(x, shipped, &purposes[i]);
            x->f.question = q;
            if (bundle_lists(shipped, x->f.purpose, q))
                continue;
            expect_reason(x, REASON_QUESTION_NOT_PERMITTED);
            refused++;
        }
    assert_true(refused > 200);
}

static void planning_statistics_permits_nothing_about_a_person(void **state)
{
    struct fixture *x = *state;

    for (uint16_t q = 0; q < bundle_n_questions(shipped); q++)
        assert_false(bundle_lists(shipped, bundle_purpose(shipped, "planning-statistics"), q));
    permitted(x, shipped, case_of("crime-prevention"));
    x->f.purpose = bundle_purpose(shipped, "planning-statistics");
    x->f.role = bundle_role(shipped, "analyst");
    expect_reason(x, REASON_QUESTION_NOT_PERMITTED);
    x->f.involvement = true;
    x->f.question = POLICY_NONE;
    expect_reason(x, REASON_QUESTION_NOT_PERMITTED);
}

static void who_is_involved_is_asked_only_where_the_purpose_says_so(void **state)
{
    struct fixture *x = *state;

    for (size_t i = 0; i < ALM_LEN(purposes); i++) {
        permitted(x, shipped, &purposes[i]);
        x->f.involvement = true;
        x->f.question = POLICY_NONE;
        x->f.has_parameter = false;
        expect_reason(x, purposes[i].involvement ? REASON_NONE : REASON_QUESTION_NOT_PERMITTED);
    }
}

static void a_relationship_is_needed_and_ends_as_the_purpose_says(void **state)
{
    struct fixture *x = *state;

    for (size_t i = 0; i < ALM_LEN(purposes); i++) {
        bool needed = purposes[i].within_days >= 0;

        permitted(x, shipped, &purposes[i]);
        x->f.relation = FACT_RELATION_NONE;
        expect_reason(x, needed ? REASON_NO_RELATIONSHIP : REASON_NONE);
        permitted(x, shipped, &purposes[i]);
        x->f.relation = FACT_RELATION_WAS_INVOLVED;
        x->f.relation_until = x->f.day - (needed ? purposes[i].within_days : 0);
        expect_reason(x, REASON_NONE);
        x->f.relation_until--;
        expect_reason(x, needed ? REASON_NO_RELATIONSHIP : REASON_NONE);
        permitted(x, shipped, &purposes[i]);
        x->f.relation = FACT_RELATION_SELF_CLAIMED;
        x->f.relation_reason = true;
        expect_reason(x, needed ? REASON_NO_RELATIONSHIP : REASON_NONE);
    }
}

static void roles_outside_a_purpose_are_refused(void **state)
{
    static const struct {
        const char *purpose, *role;
    } refused[] = {
        { "safeguard.immediate", "teacher" },
        { "safeguard.immediate", "gp" },
        { "safeguard.s47", "administrator" },
        { "safeguard.s47", "housing-officer" },
        { "safeguard.s47", "analyst" },
        { "s17", "police-officer" },
        { "s17", "volunteer" },
        { "early-help", "community-safety-officer" },
        { "early-help", "administrator" },
        { "service-eligibility", "police-officer" },
        { "service-eligibility", "teacher" },
        { "crime-prevention", "social-worker" },
        { "crime-prevention", "early-help-worker" },
        { "crime-prevention", "gp" },
        { "concern-monitoring", "teacher" },
        { "referral-tracking", "volunteer" },
    };
    struct fixture *x = *state;

    for (size_t i = 0; i < ALM_LEN(refused); i++) {
        permitted(x, shipped, case_of(refused[i].purpose));
        x->f.role = bundle_role(shipped, refused[i].role);
        assert_true(x->f.role != POLICY_NONE);
        expect_reason(x, REASON_ROLE_NOT_PERMITTED);
    }
}

static void agencies_outside_a_protocol_are_refused(void **state)
{
    static const struct {
        const char *purpose, *agency;
    } refused[] = {
        { "safeguard.s47", "example-homes" },
        { "safeguard.s47", "example-refuge" },
        { "safeguard.s47", "example-fire" },
        { "safeguard.s47", "example-council-community-safety" },
        { "early-help", "example-police" },
        { "early-help", "example-refuge" },
        { "early-help", "example-probation" },
        { "service-eligibility", "example-prison" },
        { "crime-prevention", "example-hospital" },
        { "crime-prevention", "example-primary" },
        { "concern-monitoring", "example-police" },
        { "referral-tracking", "example-homes" },
        { "safeguard.s47", NOBODY },
    };
    struct fixture *x = *state;

    for (size_t i = 0; i < ALM_LEN(refused); i++) {
        permitted(x, shipped, case_of(refused[i].purpose));
        x->f.agency = bundle_agency(shipped, refused[i].agency);
        expect_reason(x, REASON_NOT_A_PARTY);
    }
}

/* Each gateway with the purpose that lists it and its first day, as in gateways.policy: a change
 * there has to be made here too, by somebody who has read the Act. */
static const struct {
    const char *gateway, *purpose, *from;
} gateways[] = {
    { "ca1989-s47", "safeguard.s47", "1991-10-14" },
    { "ca1989-s17", "s17", "1991-10-14" },
    { "ca2004-s10", "referral-tracking", "2005-04-01" },
    { "ca2004-s11", "safeguard.immediate", "2005-10-01" },
    { "ca2004-s16e", "safeguard.s47", "2018-06-29" },
    { "ca2004-s16la", "safeguard.s47", "2999-12-31" },
    { "ca2004-s16lc", "safeguard.s47", "2999-12-31" },
    { "ukgdpr-legal-obligation", "safeguard.immediate", "2018-05-25" },
    { "ukgdpr-vital-interests", "safeguard.immediate", "2018-05-25" },
    { "ukgdpr-public-task", "safeguard.s47", "2018-05-25" },
    { "ukgdpr-rli-safeguarding", "safeguard.s47", "2026-02-05" },
    { "ukgdpr-rli-disclosure", "safeguard.s47", "2026-02-05" },
    { "dpa2018-para18", "safeguard.s47", "2018-05-25" },
    { "dpa2018-part3", "safeguard.s47", "2018-05-25" },
    { "cda1998-s115", "crime-prevention", "1998-09-30" },
    { "pcsca2022-s16", "crime-prevention", "2023-01-31" },
    { "cja2003-s325", "crime-prevention", "2004-04-05" },
    { "common-law-public-interest", "safeguard.immediate", "2000-10-02" },
    { "consent", "early-help", "1990-01-01" },
};

static void each_gateway_permits_from_its_first_day_and_not_the_day_before(void **state)
{
    struct fixture *x = *state;

    for (size_t i = 0; i < ALM_LEN(gateways); i++) {
        permitted(x, since_1950, case_of(gateways[i].purpose));
        x->f.basis_given = true;
        x->f.basis = bundle_gateway(since_1950, gateways[i].gateway);
        assert_true(x->f.basis != POLICY_NONE);
        x->f.conditions = UINT32_MAX;
        x->f.day = on(gateways[i].from) - 1;
        expect_reason(x, REASON_GATEWAY_NOT_IN_FORCE);
        x->f.day++;
        expect_reason(x, REASON_NONE);
    }
}

static void a_purpose_none_of_whose_law_is_in_force_permits_nothing(void **state)
{
    static const struct {
        const char *purpose, *first;
    } edges[] = {
        { "safeguard.immediate", "1991-10-14" }, { "safeguard.s47", "1991-10-14" },
        { "early-help", "1990-01-01" },          { "s17", "1990-01-01" },
        { "service-eligibility", "1990-01-01" }, { "crime-prevention", "1998-09-30" },
        { "concern-monitoring", "2005-04-01" },  { "referral-tracking", "2005-04-01" },
    };
    struct fixture *x = *state;

    for (size_t i = 0; i < ALM_LEN(edges); i++) {
        permitted(x, since_1950, case_of(edges[i].purpose));
        x->f.conditions = UINT32_MAX;
        x->f.day = on(edges[i].first) - 1;
        expect_reason(x, REASON_GATEWAY_NOT_IN_FORCE);
        x->f.day++;
        expect_reason(x, REASON_NONE);
    }
}

static void what_has_not_commenced_permits_nothing_while_the_protocols_run(void **state)
{
    static const char *const waiting[] = { "ca2004-s16la", "ca2004-s16lc" };
    struct fixture *x = *state;

    for (size_t i = 0; i < ALM_LEN(waiting); i++)
        for (int32_t day = on("2026-01-01"); day <= on("2028-12-31"); day++) {
            permitted(x, shipped, case_of("safeguard.s47"));
            x->f.basis_given = true;
            x->f.basis = bundle_gateway(shipped, waiting[i]);
            x->f.conditions = UINT32_MAX;
            x->f.day = day;
            decide(x);
            assert_int_equal(x->d.reason, REASON_GATEWAY_NOT_IN_FORCE);
        }
}

static void a_repealed_gateway_permits_until_its_last_day(void **state)
{
    struct fixture *x = *state;
    struct bundle *b = NULL;

    assert_int_equal(compile_changed("from = \"1998-09-30\"; kind",
                                     "from = \"1998-09-30\"; "
                                     "to = \"2026-05-03\"; kind",
                                     &b),
                     0);
    permitted(x, b, case_of("crime-prevention"));
    x->f.basis_given = true;
    x->f.basis = bundle_gateway(b, "cda1998-s115");
    x->f.day = on("2026-05-03");
    expect_reason(x, REASON_NONE);
    x->f.day++;
    expect_reason(x, REASON_GATEWAY_NOT_IN_FORCE);
    bundle_free(b);
    x->b = shipped;
}

static void was_it_lawful_on_3_may_is_decided_by_that_day(void **state)
{
    struct fixture *x = *state;

    permitted(x, shipped, case_of("safeguard.s47"));
    x->f.basis_given = true;
    x->f.basis = bundle_gateway(shipped, "ukgdpr-rli-safeguarding");
    x->f.day = on("2026-05-03");
    expect_reason(x, REASON_NONE);
    x->f.day = on("2026-02-04");
    expect_reason(x, REASON_GATEWAY_NOT_IN_FORCE);
    x->f.day = on("2025-12-31");
    expect_reason(x, REASON_PROTOCOL_NOT_IN_FORCE);
    x->f.day = on("2028-12-31");
    expect_reason(x, REASON_NONE);
    x->f.day++;
    expect_reason(x, REASON_PROTOCOL_NOT_IN_FORCE);
}

static void claiming_consent_for_safeguarding_is_refused_as_a_sham(void **state)
{
    static const char *const without[] = { "safeguard.immediate", "safeguard.s47",
                                           "crime-prevention" };
    struct fixture *x = *state;

    for (size_t i = 0; i < ALM_LEN(without); i++) {
        permitted(x, shipped, case_of(without[i]));
        grant(x);
        x->f.basis_given = true;
        x->f.basis = bundle_gateway(shipped, "consent");
        expect_reason(x, REASON_BASIS_NOT_LISTED);
    }
}

static void same_answer(struct fixture *x, const struct decision *before)
{
    decide(x);
    assert_int_equal(x->d.reason, before->reason);
    assert_int_equal(x->d.n_holders, before->n_holders);
    assert_memory_equal(x->d.holders, before->holders, 2u * before->n_holders);
    assert_memory_equal(x->d.visibility, before->visibility, before->n_holders);
}

/* Every question of every purpose that does not rest on consent: a refusal, a withdrawal and a
 * dispute change nothing. */
static void no_refusal_or_withdrawal_blocks_what_does_not_rest_on_consent(void **state)
{
    struct fixture *x = *state;
    static struct decision before;
    unsigned n = 0;

    for (size_t i = 0; i < ALM_LEN(purposes); i++)
        for (uint16_t q = 0; q < bundle_n_questions(shipped) && !purposes[i].consent; q++) {
            permitted(x, shipped, &purposes[i]);
            x->f.question = q;
            x->f.has_parameter = bundle_question_at(shipped, q)->home_parameter;
            decide(x);
            before = x->d;
            n += before.outcome == OUTCOME_PERMIT;
            grant(x)->withdrawn_on = x->f.day;
            same_answer(x, &before);
            refusal(x);
            same_answer(x, &before);
            refusal(x)->match = FACT_CONFLICT;
            same_answer(x, &before);
            grant(x)->disputed = true;
            same_answer(x, &before);
        }
    assert_true(n > 80);
}

static void without_agreement_nothing_that_rests_on_consent_is_answered(void **state)
{
    struct fixture *x = *state;

    for (size_t i = 0; i < ALM_LEN(purposes); i++)
        for (uint16_t q = 0; q < bundle_n_questions(shipped) && purposes[i].consent; q++) {
            permitted(x, shipped, &purposes[i]);
            if (!bundle_lists(shipped, x->f.purpose, q))
                continue;
            x->f.question = q;
            x->f.n_consents = 0;
            x->f.conditions = UINT32_MAX; /* no statement stands in for agreement */
            expect_reason(x, REASON_NO_CONSENT);
            assert_int_equal(x->d.telling, TELL_NO_CONSENT_LINE);
        }
}

static void a_parent_agrees_until_the_sixteenth_birthday_and_a_carer_never(void **state)
{
    struct fixture *x = *state;

    permitted(x, shipped, case_of("early-help"));
    x->consents[0].capacity = FACT_CAPACITY_PARENT;
    x->consents[0].able_until = x->f.day;
    expect_reason(x, REASON_NONE);
    x->f.day++;
    expect_reason(x, REASON_CONSENT_INVALID);
    permitted(x, shipped, case_of("early-help"));
    x->consents[0].capacity = FACT_CAPACITY_CARER_WITHOUT_PR;
    expect_reason(x, REASON_CONSENT_INVALID);
}

/* "No enforcement use of early-help answers"; patient and social care information stays out too. */
static void crime_prevention_reaches_no_caring_service(void **state)
{
    static const char *const caring[] = { "family-support", "childrens-services", "education",
                                          "mental-health",  "substance-misuse",   "sexual-health",
                                          "domestic-abuse", "adult-social-care",  "voluntary" };
    struct fixture *x = *state;

    for (uint16_t q = 0; q < bundle_n_questions(shipped); q++) {
        permitted(x, shipped, case_of("crime-prevention"));
        x->f.question = q;
        x->f.has_parameter = bundle_question_at(shipped, q)->home_parameter;
        x->f.conditions = UINT32_MAX;
        decide(x);
        for (uint16_t h = 0; h < x->d.n_holders; h++)
            for (size_t s = 0; s < ALM_LEN(caring); s++)
                assert_string_not_equal(bundle_agency_at(shipped, x->d.holders[h])->sector,
                                        caring[s]);
    }
}

/* Serious violence (2022 c.32, s16): with the power of 1998 gone, what is left excludes health. */
static void the_serious_violence_power_never_reaches_health_or_social_care(void **state)
{
    struct fixture *x = *state;
    struct bundle *b = NULL;

    assert_int_equal(compile_changed("bases = [ \"cda1998-s115\", \"pcsca2022-s16\", "
                                     "\"cja2003-s325\" ]",
                                     "bases = [ \"pcsca2022-s16\" ]", &b),
                     0);
    permitted(x, b, case_of("crime-prevention"));
    expect_holders(x, "example-council-youth-justice example-probation");
    x->f.question =
        bundle_question(b, "lives-at"); /* put to all parties, the hospital among them */
    x->f.has_parameter = true;
    decide(x);
    assert_int_equal(x->d.outcome, OUTCOME_PERMIT);
    assert_true(x->d.n_holders > 0 && x->d.n_holders < x->d.n_listed);
    for (uint16_t h = 0; h < x->d.n_holders; h++)
        assert_string_not_equal(bundle_agency_at(b, x->d.holders[h])->sector, "health");
    bundle_free(b);
    x->b = shipped;
}

static void a_question_of_a_closed_class_is_never_permitted(void **state)
{
    static const char *const classes[] = { "abortion",
                                           "adoption",
                                           "gender-recognition",
                                           "human-fertilisation",
                                           "legal-privilege",
                                           "mappa-minutes",
                                           "sexually-transmitted-infection",
                                           "spent-conviction",
                                           "victim-anonymity" };
    struct fixture *x = *state;

    for (size_t i = 0; i < ALM_LEN(classes); i++) {
        struct bundle *b = NULL;
        char with[200];

        snprintf(with, sizeof(with), "id = \"cp-plan-current\"; class = \"%s\";", classes[i]);
        assert_int_equal(compile_changed("id = \"cp-plan-current\";", with, &b), 0);
        for (size_t p = 0; p < ALM_LEN(purposes); p++) {
            permitted(x, b, &purposes[p]);
            x->f.question = bundle_question(b, "cp-plan-current");
            x->f.has_parameter = false;
            x->f.conditions = UINT32_MAX;
            expect_reason(x, REASON_QUESTION_NOT_PERMITTED);
        }
        bundle_free(b);
    }
    x->b = shipped;
}

static void shields_hide_from_all_but_the_purposes_that_see_past_them(void **state)
{
    static const struct {
        const char *purpose;
        uint8_t sees; /* levels up to this */
    } sees[] = {
        { "safeguard.immediate", 3 }, { "safeguard.s47", 1 },       { "s17", 0 },
        { "early-help", 0 },          { "service-eligibility", 0 }, { "crime-prevention", 0 }
    };
    struct fixture *x = *state;

    for (size_t i = 0; i < ALM_LEN(sees); i++)
        for (uint8_t level = 2; level <= 3; level++) {
            permitted(x, shipped, case_of(sees[i].purpose));
            shield(x, level)->from = on("2026-01-01");
            expect_reason(x, level <= sees[i].sees ? REASON_NONE
                             : level == 2          ? REASON_SHIELDED_IDENTITY
                                                   : REASON_SHIELDED_EXISTENCE);
        }
    permitted(x, shipped, case_of("crime-prevention"));
    x->f.question = bundle_question(shipped, "custody-current");
    shield(x, 1)->from = on("2026-01-01");
    expect_reason(x, REASON_SHIELDED_ADDRESS);
}

static void sensitive_services_are_named_to_safeguarding_alone(void **state)
{
    struct fixture *x = *state;

    permitted(x, shipped, case_of("safeguard.s47"));
    x->f.question = bundle_question(shipped, "mental-health-current");
    expect_holders(x, "example-camhs");
    permitted(x, shipped, case_of("early-help"));
    x->f.question = bundle_question(shipped, "mental-health-current");
    expect_reason(x, REASON_SENSITIVE_SERVICE);
    x->consents[0].sensitive_sources = set_of(x, "example-camhs");
    expect_holders(x, "example-camhs");
}

static void every_question_says_what_it_is_for_and_somebody_answers_it(void **state)
{
    struct fixture *x = *state;

    assert_true(bundle_n_questions(shipped) >= 60);
    for (uint16_t q = 0; q < bundle_n_questions(shipped); q++) {
        const struct policy_question *question = bundle_question_at(shipped, q);

        assert_true(question->wording[strlen(question->wording) - 1] == '?');
        assert_true(*question->owner && *question->decision);
        for (uint16_t other = 0; other < q; other++)
            assert_string_not_equal(question->wording, bundle_question_at(shipped, other)->wording);
        for (size_t p = 0; p < ALM_LEN(purposes); p++) {
            permitted(x, shipped, &purposes[p]);
            if (!bundle_lists(shipped, x->f.purpose, q) || question->kind != QUESTION_HOLDERS)
                continue;
            x->f.question = q;
            x->f.has_parameter = question->home_parameter;
            if (purposes[p].consent)
                x->consents[0].sensitive_sources =
                    set_of(x, "example-camhs example-recovery example-refuge");
            decide(x);
            if (x->d.n_holders == 0)
                fail_msg("nobody answers %s (%s)", x->d.rule, reason_word(x->d.reason));
        }
    }
}

static void every_agency_is_a_placeholder(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < bundle_n_agencies(shipped); i++)
        assert_int_equal(strncmp(bundle_agency_at(shipped, i)->id, "example-", 8), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_purpose_permits_a_question_of_its_own),
        cmocka_unit_test(the_tree_of_purposes_is_closed_and_in_its_order),
        cmocka_unit_test(no_purpose_permits_what_does_not_list_it),
        cmocka_unit_test(planning_statistics_permits_nothing_about_a_person),
        cmocka_unit_test(who_is_involved_is_asked_only_where_the_purpose_says_so),
        cmocka_unit_test(a_relationship_is_needed_and_ends_as_the_purpose_says),
        cmocka_unit_test(roles_outside_a_purpose_are_refused),
        cmocka_unit_test(agencies_outside_a_protocol_are_refused),
        cmocka_unit_test(each_gateway_permits_from_its_first_day_and_not_the_day_before),
        cmocka_unit_test(a_purpose_none_of_whose_law_is_in_force_permits_nothing),
        cmocka_unit_test(what_has_not_commenced_permits_nothing_while_the_protocols_run),
        cmocka_unit_test(a_repealed_gateway_permits_until_its_last_day),
        cmocka_unit_test(was_it_lawful_on_3_may_is_decided_by_that_day),
        cmocka_unit_test(claiming_consent_for_safeguarding_is_refused_as_a_sham),
        cmocka_unit_test(no_refusal_or_withdrawal_blocks_what_does_not_rest_on_consent),
        cmocka_unit_test(without_agreement_nothing_that_rests_on_consent_is_answered),
        cmocka_unit_test(a_parent_agrees_until_the_sixteenth_birthday_and_a_carer_never),
        cmocka_unit_test(crime_prevention_reaches_no_caring_service),
        cmocka_unit_test(the_serious_violence_power_never_reaches_health_or_social_care),
        cmocka_unit_test(a_question_of_a_closed_class_is_never_permitted),
        cmocka_unit_test(shields_hide_from_all_but_the_purposes_that_see_past_them),
        cmocka_unit_test(sensitive_services_are_named_to_safeguarding_alone),
        cmocka_unit_test(every_question_says_what_it_is_for_and_somebody_answers_it),
        cmocka_unit_test(every_agency_is_a_placeholder),
    };

    return cmocka_run_group_tests_name("england", tests, set_up, tear_down);
}
