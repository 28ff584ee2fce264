/* SPDX-License-Identifier: Apache-2.0 */
/* test_composite.c - questions made of other questions: what the factors come to, against brute
 * force; who contributes; what may not stand beside each other; and what the text may not say. */
#include "fixture.h"
#include "base/file.h"
#include "engine/composite.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static int ring_new(void **state)
{
    ALM_CLEANUP(conf_errors_freep) struct conf_errors *e = NULL;
    ALM_CLEANUP(buf_deinit) struct buf out = { 0 };
    struct fixture *x = calloc(1, sizeof(*x));

    buf_init(&out, 1 << 20);
    if (!x || crypto_init() < 0 || conf_errors_new(&e) < 0)
        return -1;
    if (policy_compile(ALM_COMPOSITE_POLICY, e, &out) < 0 ||
        bundle_decode(buf_view(&out), &x->b) < 0) {
        for (size_t i = 0; i < conf_errors_count(e); i++)
            print_message("# %s\n", conf_errors_at(e, i));
        free(x);
        return -1;
    }
    *state = x;
    return 0;
}

/* --- three-valued logic --- */

/* Every way in which the unknown factors could turn out. */
static enum factor_value brute(const struct policy_composite *k, const enum factor_value *v)
{
    bool met = false, missed = false;

    for (unsigned world = 0; world < 1u << k->n; world++) {
        uint32_t sum = 0;
        bool possible = true;

        for (uint8_t i = 0; i < k->n; i++) {
            bool yes = (world >> i) & 1;

            possible = possible && (v[i] == FACTOR_UNKNOWN || yes == (v[i] == FACTOR_YES));
            sum += yes ? k->factors[i].weight : 0;
        }
        if (possible && sum >= k->needed)
            met = true;
        else if (possible)
            missed = true;
    }
    return met && missed ? FACTOR_UNKNOWN : met ? FACTOR_YES : FACTOR_NO;
}

static void try_all_values(const struct policy_composite *k)
{
    unsigned cases = 1;

    for (uint8_t i = 0; i < k->n; i++)
        cases *= 3;
    for (unsigned n = 0; n < cases; n++) {
        enum factor_value v[POLICY_FACTORS_MAX];
        unsigned rest = n;

        for (uint8_t i = 0; i < k->n; i++, rest /= 3)
            v[i] = (enum factor_value)(rest % 3);
        assert_int_equal(composite_value(k, v), brute(k, v));
    }
}

static void k_of_n_is_what_every_completion_of_the_unknowns_agrees_on(void **state)
{
    (void)state;
    for (uint8_t n = 1; n <= 7; n++)
        for (uint32_t needed = 1; needed <= n; needed++) {
            struct policy_composite k = { .needed = needed, .n = n };

            for (uint8_t i = 0; i < n; i++)
                k.factors[i].weight = 1;
            try_all_values(&k);
        }
}

static void weighted_bands_are_what_every_completion_agrees_on(void **state)
{
    (void)state;
    for (unsigned weights = 0; weights < 4 * 4 * 4 * 4; weights++)
        for (uint32_t needed = 1; needed <= 16; needed++) {
            struct policy_composite k = { .needed = needed, .n = 4 };

            for (uint8_t i = 0; i < 4; i++)
                k.factors[i].weight = (uint16_t)(1 + (weights >> (2 * i) & 3));
            try_all_values(&k);
        }
}

static void weights_are_sound_where_no_factor_is_enough_and_none_is_needed(void **state)
{
    struct policy_composite k = { .n = 3, .factors = { { 0, 2 }, { 1, 3 }, { 2, 1 } } };

    (void)state;
    for (k.needed = 0; k.needed < 10; k.needed++)
        assert_false(composite_weights_sound(&k)); /* more than 3, and no more than 6 - 3 */
    k.factors[0].weight = 3;
    for (k.needed = 0; k.needed < 10; k.needed++)
        assert_int_equal(composite_weights_sound(&k), k.needed == 4);
}

/* --- who contributes --- */

static void a_composite_is_put_to_the_holders_of_its_factors(void **state)
{
    struct fixture *x = *state;

    ask(x, "recovery", "protect", "strain");
    expect_holders(x, "council council-team homes police school surgery");
    assert_int_equal(x->d.n_listed, 6);
    assert_string_equal(x->d.rule, "protect/strain");
    for (uint16_t i = 0; i < x->d.n_holders; i++)
        assert_int_equal(x->d.visibility[i], HOLDER_NAMED);
}

static unsigned factors_of(struct fixture *x, const char *id)
{
    for (uint16_t i = 0; i < x->d.n_holders; i++)
        if (x->d.holders[i] == agency(x, id))
            return x->d.factors[i];
    return 0;
}

static void each_contributor_is_asked_its_own_factors(void **state)
{
    struct fixture *x = *state;

    ask(x, "council", "protect", "band");
    expect_holders(x, "homes police recovery school surgery");
    assert_int_equal(factors_of(x, "police"), 1u << 0 | 1u << 3);
    assert_int_equal(factors_of(x, "homes"), 1u << 3);
    assert_int_equal(factors_of(x, "school"), 1u << 1);
    assert_int_equal(factors_of(x, "recovery"), 1u << 4);
}

static void the_asker_and_its_organisation_never_contribute(void **state)
{
    struct fixture *x = *state;

    ask(x, "council-team", "protect", "strain");
    expect_holders(x, "homes police school surgery");
    assert_int_equal(x->d.n_listed, 4);
    ask(x, "police", "protect", "strain");
    expect_holders(x, "council council-team homes school surgery");
}

static void without_the_asker_too_few_are_left_and_that_is_told(void **state)
{
    struct fixture *x = *state;

    ask(x, "recovery", "protect", "thin");
    expect_holders(x, "council council-team homes police school surgery");
    ask(x, "council", "protect", "thin"); /* of the others, the police would be needed */
    expect_reason(x, REASON_TOO_FEW_CONTRIBUTORS);
    assert_int_equal(x->d.telling, TELL_REASON);
    assert_int_equal(x->d.n_holders, 0);
    ask(x, "council", "protect", "thin"); /* whoever the subject is */
    shield(x, 3);
    x->f.incomplete = true;
    expect_reason(x, REASON_TOO_FEW_CONTRIBUTORS);
}

static void a_factor_that_no_gateway_opens_has_no_contributors(void **state)
{
    struct fixture *x = *state;

    ask(x, "recovery", "protect", "narrow"); /* the duty excludes patients' data: three are left */
    expect_reason(x, REASON_TOO_FEW_CONTRIBUTORS);
}

static void a_composite_needs_the_relationship_and_role_that_its_purpose_needs(void **state)
{
    struct fixture *x = *state;

    ask(x, "recovery", "order", "strain");
    expect_reason(x, REASON_NONE);
    ask(x, "recovery", "order", "strain");
    x->f.relation = FACT_RELATION_NONE;
    expect_reason(x, REASON_NO_RELATIONSHIP);
    ask(x, "recovery", "order", "strain");
    x->f.role = POLICY_NONE;
    expect_reason(x, REASON_ROLE_NOT_PERMITTED);
    ask(x, "recovery", "order", "band");
    expect_reason(x, REASON_QUESTION_NOT_PERMITTED);
    ask(x, "recovery", "protect", "strain");
    x->f.has_parameter = true;
    expect_reason(x, REASON_QUESTION_NOT_PERMITTED);
    ask(x, "recovery", "protect", "strain");
    x->f.subject_kind = FACT_HOUSEHOLD; /* not all of its factors are about households */
    expect_reason(x, REASON_QUESTION_NOT_PERMITTED);
}

static void without_consent_it_is_the_one_line(void **state)
{
    struct fixture *x = *state;

    ask(x, "recovery", "help", "strain");
    expect_reason(x, REASON_NO_CONSENT);
    assert_int_equal(x->d.telling, TELL_NO_CONSENT_LINE);
    assert_int_equal(x->d.n_holders, 0);
}

static void consent_that_leaves_too_few_contributors_is_told_as_the_one_line(void **state)
{
    struct fixture *x = *state;
    struct consent_fact *k;

    ask(x, "recovery", "help", "strain");
    k = grant(x);
    expect_reason(x, REASON_NONE);
    k->sources = set_of(x, "council police school homes");
    expect_holders(x, "council council-team homes police school");
    assert_int_equal(x->d.n_listed, 6);
    k->sources = set_of(x, "police school homes");
    expect_reason(x, REASON_CONSENT_SCOPE);
    assert_int_equal(x->d.telling, TELL_NO_CONSENT_LINE);
    assert_int_equal(x->d.n_holders, 0);
}

static void a_refusal_of_some_sources_takes_them_out(void **state)
{
    struct fixture *x = *state;
    struct consent_fact *no;

    ask(x, "recovery", "help", "strain");
    grant(x);
    no = refusal(x);
    no->sources = set_of(x, "school");
    expect_holders(x, "council council-team homes police surgery");
    no->sources = set_of(x, "school surgery");
    expect_reason(x, REASON_CONSENT_SCOPE);
}

static void a_shield_hides_it_and_the_same_contributors_are_listed(void **state)
{
    struct fixture *x = *state;
    struct decision open;

    ask(x, "recovery", "protect", "strain");
    decide(x);
    open = x->d;
    shield(x, 1); /* arrears reveals where somebody lives */
    expect_reason(x, REASON_SHIELDED_ADDRESS);
    assert_int_equal(x->d.telling, TELL_HIDDEN);
    assert_int_equal(x->d.n_holders, open.n_holders);
    assert_memory_equal(x->d.holders, open.holders, sizeof(open.holders));
    assert_memory_equal(x->d.factors, open.factors, sizeof(open.factors));
    assert_int_equal(x->d.n_listed, open.n_listed);
    ask(x, "council", "protect", "band"); /* which reveals no home */
    shield(x, 1);
    expect_reason(x, REASON_NONE);
}

static void facts_that_are_not_whole_hide_it_with_the_same_contributors(void **state)
{
    struct fixture *x = *state;

    ask(x, "recovery", "protect", "strain");
    x->f.incomplete = true;
    expect_reason(x, REASON_FACTS_INCOMPLETE);
    expect_asked(x, "council council-team homes police school surgery");
    assert_int_equal(factors_of(x, "homes"), 1u << 4);
}

static void the_catalogue_shows_what_a_composite_takes_over_from_its_factors(void **state)
{
    struct fixture *x = *state;
    const struct policy_question *q = bundle_question_at(x->b, bundle_question(x->b, "strain"));

    assert_int_equal(q->kind, QUESTION_COMPOSITE);
    assert_true(q->uses_homes && q->reveals_location && !q->sensitive && !q->household);
    assert_int_equal(q->composite->n, 5);
    assert_int_equal(q->composite->needed, 2);
    assert_true(bundle_question_at(x->b, bundle_question(x->b, "band"))->sensitive);
    assert_null(bundle_question_at(x->b, bundle_question(x->b, "plan"))->composite);
    assert_int_equal(bundle_composite_rules(x->b)->keep_days, 60);
    assert_int_equal(bundle_composite_rules(x->b)->differ_by, 3);
}

/* --- differencing pairs --- */

static struct earlier_fact earlier(struct fixture *x, const char *who, const char *purpose,
                                   const char *question)
{
    struct earlier_fact e;

    ask(x, who, purpose, question);
    if (strcmp(purpose, "help") == 0)
        grant(x);
    decide(x);
    policy_asked(x->b, &x->f, &x->d, &e);
    return e;
}

static void expect_difference(struct fixture *x, const struct earlier_fact *e, enum reason r)
{
    decide(x);
    policy_difference(x->b, &x->f, e, 1, true, &x->d);
    assert_string_equal(reason_word((enum reason)x->d.reason), reason_word(r));
    assert_int_equal(x->d.outcome, r == REASON_NONE ? OUTCOME_PERMIT : OUTCOME_REFUSE);
    if (r != REASON_NONE) {
        assert_int_equal(x->d.n_holders, 0);
        assert_int_equal(x->d.basis, 0);
    }
}

static void the_same_composite_again_is_no_pair(void **state)
{
    struct fixture *x = *state;
    struct earlier_fact e = earlier(x, "recovery", "protect", "strain");

    ask(x, "recovery", "order", "strain");
    expect_difference(x, &e, REASON_NONE);
}

static void another_composite_of_nearly_the_same_contributors_is_refused(void **state)
{
    struct fixture *x = *state;
    struct earlier_fact e = earlier(x, "council", "protect", "strain");

    ask(x, "council", "protect", "band");
    expect_difference(x, &e, REASON_DIFFERENCING);
    assert_int_equal(x->d.telling, TELL_REASON);
}

static void a_factor_is_refused_after_its_composite_where_the_purpose_rests_on_consent(void **state)
{
    struct fixture *x = *state;
    struct earlier_fact e = earlier(x, "recovery", "help", "strain");

    ask(x, "recovery", "help", "plan");
    grant(x);
    expect_difference(x, &e, REASON_DIFFERENCING);
}

static void a_factor_under_a_duty_is_never_refused_for_a_composite(void **state)
{
    struct fixture *x = *state;
    struct earlier_fact e = earlier(x, "recovery", "protect", "strain");

    ask(x, "recovery", "protect", "plan");
    expect_difference(x, &e, REASON_NONE);
}

static void a_composite_is_refused_after_its_factor(void **state)
{
    struct fixture *x = *state;
    struct earlier_fact e = earlier(x, "recovery", "protect", "plan");

    ask(x, "recovery", "protect", "strain");
    expect_difference(x, &e, REASON_DIFFERENCING);
}

static void what_is_no_factor_of_it_stands_beside_a_composite(void **state)
{
    struct fixture *x = *state;
    struct earlier_fact e = earlier(x, "recovery", "protect", "strain");

    assert_false(bundle_differences(x->b, bundle_question(x->b, "adopted")));
    ask(x, "council", "protect", "noise"); /* of another composite */
    expect_difference(x, &e, REASON_NONE);
    e = earlier(x, "recovery", "protect", "plan");
    ask(x, "recovery", "protect", "incident");
    expect_difference(x, &e, REASON_NONE);
}

static void a_hidden_composite_is_refused_like_a_permitted_one(void **state)
{
    struct fixture *x = *state;
    struct earlier_fact e = earlier(x, "recovery", "protect", "plan");

    ask(x, "recovery", "protect", "strain");
    shield(x, 3);
    expect_difference(x, &e, REASON_DIFFERENCING);
    assert_int_equal(x->d.telling, TELL_REASON);
}

static void contributors_that_differ_by_the_subjects_choice_alone_are_the_one_line(void **state)
{
    struct fixture *x = *state;
    struct earlier_fact e = earlier(x, "recovery", "help", "strain");
    struct consent_fact *k;

    ask(x, "recovery", "help", "strain");
    k = grant(x);
    expect_difference(x, &e, REASON_NONE);
    k->sources = set_of(x, "council police school homes"); /* no longer the surgery */
    expect_difference(x, &e, REASON_CONSENT_SCOPE);
    assert_int_equal(x->d.telling, TELL_NO_CONSENT_LINE);
}

static void what_could_not_all_be_read_is_refused(void **state)
{
    struct fixture *x = *state;

    ask(x, "recovery", "protect", "strain");
    decide(x);
    policy_difference(x->b, &x->f, NULL, 0, false, &x->d);
    assert_int_equal(x->d.reason, REASON_DIFFERENCING);
}

static void a_told_refusal_stays_what_it_is(void **state)
{
    struct fixture *x = *state;
    struct earlier_fact e = earlier(x, "recovery", "protect", "plan");

    ask(x, "recovery", "help", "strain");
    expect_difference(x, &e, REASON_NO_CONSENT);
}

static void what_a_conflicting_shield_hides_stays_the_one_line(void **state)
{
    struct fixture *x = *state;

    ask(x, "recovery", "help", "strain");
    shield(x, 3)->match = FACT_CONFLICT;
    grant(x)->sources = set_of(x, "police school homes");
    expect_reason(x, REASON_CONSENT_SCOPE); /* what was told anyway, in the log too */
    x->f.n_shields = 0;
    expect_reason(x, REASON_CONSENT_SCOPE);
}

static void only_composites_and_their_factors_differ(void **state)
{
    struct fixture *x = *state;

    for (uint16_t i = 0; i < bundle_n_questions(x->b); i++) {
        const char *id = bundle_question_at(x->b, i)->id;

        assert_int_equal(bundle_differences(x->b, i),
                         strcmp(id, "adopted") != 0 && strcmp(id, "lives-at") != 0);
    }
    assert_false(bundle_differences(x->b, (uint16_t)bundle_n_questions(x->b)));
    assert_false(bundle_differences(x->b, POLICY_NONE));
}

static void a_question_no_longer_in_the_catalogue_is_no_pair(void **state)
{
    struct fixture *x = *state;
    struct earlier_fact e = { .question = POLICY_NONE };

    ask(x, "recovery", "protect", "strain");
    expect_difference(x, &e, REASON_NONE);
    e.question = (uint16_t)bundle_n_questions(x->b);
    expect_difference(x, &e, REASON_NONE);
}

static void a_question_that_is_no_factor_of_the_composite_is_no_pair(void **state)
{
    struct fixture *x = *state;
    struct earlier_fact e = earlier(x, "recovery", "protect", "noise"); /* of "band" alone */

    ask(x, "recovery", "protect", "strain");
    expect_difference(x, &e, REASON_NONE);
    e = earlier(x, "recovery", "help", "strain");
    ask(x, "recovery", "help", "noise");
    grant(x);
    expect_difference(x, &e, REASON_NONE);
    e = earlier(x, "recovery", "help", "incident");
    ask(x, "recovery", "help", "plan");
    grant(x);
    expect_difference(x, &e, REASON_NONE); /* two plain questions */
}

static void every_earlier_asking_counts_and_none_beyond_them(void **state)
{
    struct fixture *x = *state;
    struct earlier_fact e[2];

    e[1] = earlier(x, "recovery", "protect", "plan");
    e[0] = earlier(x, "recovery", "protect", "noise");
    ask(x, "recovery", "protect", "strain");
    decide(x);
    policy_difference(x->b, &x->f, e, 1, true, &x->d);
    assert_int_equal(x->d.outcome, OUTCOME_PERMIT);
    policy_difference(x->b, &x->f, e, 2, true, &x->d);
    assert_int_equal(x->d.reason, REASON_DIFFERENCING);
}

static void whom_an_asking_listed_and_asked_is_what_is_kept(void **state)
{
    struct fixture *x = *state;
    struct agency_set listed = set_of(x, "council council-team homes police school surgery");
    struct agency_set asked = set_of(x, "council council-team homes police school");
    struct earlier_fact e;

    ask(x, "recovery", "help", "strain");
    grant(x)->sources = set_of(x, "council police school homes");
    decide(x);
    memset(&e, 0xa5, sizeof(e));
    policy_asked(x->b, &x->f, &x->d, &e);
    assert_int_equal(e.question, bundle_question(x->b, "strain"));
    assert_memory_equal(e.listed.bits, listed.bits, sizeof(listed.bits));
    assert_memory_equal(e.asked.bits, asked.bits, sizeof(asked.bits));
    assert_false(e.listed.any || e.asked.any);
    e = earlier(x, "council", "protect", "strain");
    assert_false(agency_set_has(&e.asked, agency(x, "council")));
    memset(&e, 0xa5, sizeof(e));
    ask(x, "recovery", "help", "plan");
    policy_asked(x->b, &x->f, &x->d, &e);
    assert_int_equal(e.listed.bits[0], 0); /* of composites only */
    assert_int_equal(e.asked.bits[0], 0);
}

static void contributors_that_differ_by_as_many_as_the_rule_says_are_no_pair(void **state)
{
    struct fixture *x = *state;
    struct earlier_fact e = earlier(x, "recovery", "protect", "strain");
    unsigned least = bundle_composite_rules(x->b)->differ_by;
    static const char *const others[] = { "homes", "school", "surgery" };

    ask(x, "recovery", "protect", "strain");
    for (size_t i = 0; i < ALM_LEN(others); i++) {
        uint16_t a = agency(x, others[i]);

        e.listed.bits[a / 64] &= ~(UINT64_C(1) << (a % 64));
        e.asked.bits[a / 64] &= ~(UINT64_C(1) << (a % 64));
        expect_difference(x, &e, i + 1 < least ? REASON_DIFFERENCING : REASON_NONE);
    }
    e.asked = earlier(x, "recovery", "protect", "strain").asked;
    expect_difference(x, &e, REASON_NONE); /* asked alike, listed not: the same question */
}

static void the_same_of_a_household_and_its_member_is_refused_and_another_is_not(void **state)
{
    struct fixture *x = *state;
    struct earlier_fact e = earlier(x, "recovery", "protect", "strain");

    e.kin = true;
    ask(x, "recovery", "order", "strain");
    expect_difference(x, &e, REASON_DIFFERENCING);
    ask(x, "recovery", "protect", "band"); /* close as they are, of others than those */
    expect_difference(x, &e, REASON_NONE);
    e.question = bundle_question(x->b, "plan");
    ask(x, "recovery", "protect", "plan"); /* never under a duty */
    expect_difference(x, &e, REASON_NONE);
    ask(x, "recovery", "help", "plan");
    grant(x);
    expect_difference(x, &e, REASON_DIFFERENCING);
}

/* --- the text --- */

struct bad {
    const char *name, *find, *replace, *says, *line_of;
};
#define STRAIN "{ question = \"arrears\"; weight = 1; } );\n    threshold = 2; }"
/* clang-format off: a table, one row a line */
static const struct bad table[] = {
    { "no factors", "    of = ( { question = \"plan\"; weight = 1; }, { question = \"incident\"; weight = 1; }, { question = \"truancy\"; weight = 1; }, { question = \"missed\"; weight = 1; }, { question = \"arrears\"; weight = 1; } );\n", "", "a composite needs of = (", "id = \"strain\"" },
    { "no threshold", STRAIN, "{ question = \"arrears\"; weight = 1; } ); }", "threshold is missing", "id = \"strain\"" },
    { "one of n", STRAIN, "{ question = \"arrears\"; weight = 1; } );\n    threshold = 1; }", "one factor alone would meet the threshold", "threshold = 1" },
    { "n of n", STRAIN, "{ question = \"arrears\"; weight = 1; } );\n    threshold = 5; }", "a yes would prove one factor", "threshold = 5" },
    { "a factor that is enough", "{ question = \"treated\"; weight = 2; }", "{ question = \"treated\"; weight = 4; }", "one factor alone would meet the threshold of 4", "threshold = 4" },
    { "more than the total", "threshold = 4", "threshold = 9", "a yes would prove one factor", "threshold = 9" },
    { "a factor that a yes would prove", "threshold = 4", "threshold = 7", "the others reach only 6 of the threshold of 7", "threshold = 7" },
    { "an unknown factor", "of = ( { question = \"plan\"", "of = ( { question = \"plann\"", "unknown question \"plann\"", "plann" },
    { "a factor twice", "of = ( { question = \"plan\"", "of = ( { question = \"truancy\"", "\"truancy\" is its factor twice", "question = \"truancy\"" },
    { "a factor that is a composite", "{ question = \"noise\"; weight = 2; }", "{ question = \"strain\"; weight = 2; }", "\"strain\" is not a question that holders answer", "question = \"strain\"" },
    { "a factor about a home", "{ question = \"noise\"; weight = 2; }", "{ question = \"lives-at\"; weight = 2; }", "asks about a home", "question = \"lives-at\"" },
    { "a factor of a closed class", "{ question = \"noise\"; weight = 2; }", "{ question = \"adopted\"; weight = 2; }", "of a closed class", "question = \"adopted\"" },
    { "a factor of another purpose", "holders = [ \"education\" ]; purposes = [ \"protect\", \"order\", \"help\" ]", "holders = [ \"education\" ]; purposes = [ \"protect\", \"help\" ]", "\"truancy\" may not be asked for purpose \"order\"", "of = ( { question = \"plan\"" },
    { "a sensitive factor", "{ id = \"truancy\"; text", "{ id = \"truancy\"; sensitive = true; text", NULL, NULL },
    { "a household of persons", "id = \"band\"; kind", "id = \"band\"; household = true; kind", NULL, NULL },
    { "a weight of nought", "{ question = \"noise\"; weight = 2; }", "{ question = \"noise\"; weight = 0; }", "weight", "weight = 0" },
    { "a key that is unknown", "{ question = \"noise\"; weight = 2; }", "{ question = \"noise\"; wait = 2; }", "unknown key wait", "wait = 2" },
    { "holders of its own", "id = \"band\"; kind", "id = \"band\"; holders = [ \"police\" ]; kind", "holders does not belong to a composite", "holders = [ \"police\" ]; kind" },
    { "factors of a plain question", "{ id = \"truancy\"; text", "{ id = \"truancy\"; of = ( ); text", "of is for composites", "of = ( )" },
    { "no owner", "owner = \"IG\"; decision = \"whether to hold a meeting\"", "decision = \"whether to hold a meeting\"", "owner is missing", "id = \"band\"" },
    { "no decision", "owner = \"IG\"; decision = \"whether to hold a meeting\"", "owner = \"IG\"", "decision is missing", "id = \"band\"" },
    { "three contributors", "  { agency = \"school\"; ask = \"full\"; answer = \"yes\"; },\n  { agency = \"surgery\"; ask = \"full\"; answer = \"yes\"; },", "  { agency = \"school\"; ask = \"full\"; answer = \"no\"; },\n  { agency = \"surgery\"; ask = \"full\"; answer = \"no\"; },", NULL, NULL },
    { "an agency that a yes would prove", "holders = [ \"childrens-services\" ]; purposes = [ \"protect\", \"order\", \"help\" ]", "holders = [ \"police\" ]; purposes = [ \"protect\", \"order\", \"help\" ]", "the threshold cannot be met without \"police\"", "id = \"thin\"" },
    { "a period of nought", "keep_days = 60", "keep_days = 0", "keep_days", "keep_days = 0" },
    { "sets that may be alike", "differ_by = 3", "differ_by = 1", "differ_by", "differ_by = 1" },
    { "an unknown rule", "differ_by = 3", "differ = 3", "unknown key differ", "differ = 3" },
};
/* clang-format on */

static unsigned line_of(const char *text, const char *part)
{
    const char *at = strstr(text, part);
    unsigned line = 1;

    assert_non_null(at);
    for (size_t i = 0; i < (size_t)(at - text); i++)
        line += text[i] == '\n';
    return line;
}

static char *changed(const char *text, const struct bad *bad)
{
    const char *at = strstr(text, bad->find);
    size_t len = strlen(text) + strlen(bad->replace) + 1;
    char *out = malloc(len);

    assert_non_null(out);
    if (!at)
        fail_msg("%s: nothing to change", bad->name);
    (void)snprintf(out, len, "%.*s%s%s", (int)(at - text), text, bad->replace,
                   at + strlen(bad->find));
    return out;
}

static bool said(const struct conf_errors *e, const char *text, const struct bad *bad)
{
    char line[32];

    if (!bad->says)
        return conf_errors_count(e) > 0;
    (void)snprintf(line, sizeof(line), ".policy:%u:", line_of(text, bad->line_of));
    for (size_t i = 0; i < conf_errors_count(e); i++)
        if (strstr(conf_errors_at(e, i), bad->says) && strstr(conf_errors_at(e, i), line))
            return true;
    return false;
}

static void each_broken_rule_is_an_error_with_its_line(void **state)
{
    struct buf text = { 0 };
    unsigned wrong = 0;

    (void)state;
    buf_init(&text, 1 << 20);
    assert_int_equal(file_read(ALM_COMPOSITE_POLICY, 1 << 20, &text), 0);
    buf_put_u8(&text, 0);
    for (size_t i = 0; i < ALM_LEN(table); i++) {
        ALM_CLEANUP(conf_errors_freep) struct conf_errors *e = NULL;
        ALM_CLEANUP(buf_deinit) struct buf out = { 0 };
        char *bad = changed((const char *)text.data, &table[i]);

        buf_init(&out, 1 << 20);
        assert_int_equal(conf_errors_new(&e), 0);
        if (compile_text(bad, e, &out) != -EINVAL || out.len != 0 || !said(e, bad, &table[i])) {
            wrong++;
            print_message("# %s: %zu errors\n", table[i].name, conf_errors_count(e));
            for (size_t k = 0; k < conf_errors_count(e); k++)
                print_message("#   %s\n", conf_errors_at(e, k));
        }
        free(bad);
    }
    buf_deinit(&text);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(k_of_n_is_what_every_completion_of_the_unknowns_agrees_on),
        cmocka_unit_test(weighted_bands_are_what_every_completion_agrees_on),
        cmocka_unit_test(weights_are_sound_where_no_factor_is_enough_and_none_is_needed),
        cmocka_unit_test(a_composite_is_put_to_the_holders_of_its_factors),
        cmocka_unit_test(each_contributor_is_asked_its_own_factors),
        cmocka_unit_test(the_asker_and_its_organisation_never_contribute),
        cmocka_unit_test(without_the_asker_too_few_are_left_and_that_is_told),
        cmocka_unit_test(a_factor_that_no_gateway_opens_has_no_contributors),
        cmocka_unit_test(a_composite_needs_the_relationship_and_role_that_its_purpose_needs),
        cmocka_unit_test(without_consent_it_is_the_one_line),
        cmocka_unit_test(consent_that_leaves_too_few_contributors_is_told_as_the_one_line),
        cmocka_unit_test(a_refusal_of_some_sources_takes_them_out),
        cmocka_unit_test(a_shield_hides_it_and_the_same_contributors_are_listed),
        cmocka_unit_test(facts_that_are_not_whole_hide_it_with_the_same_contributors),
        cmocka_unit_test(the_catalogue_shows_what_a_composite_takes_over_from_its_factors),
        cmocka_unit_test(the_same_composite_again_is_no_pair),
        cmocka_unit_test(another_composite_of_nearly_the_same_contributors_is_refused),
        cmocka_unit_test(
            a_factor_is_refused_after_its_composite_where_the_purpose_rests_on_consent),
        cmocka_unit_test(a_factor_under_a_duty_is_never_refused_for_a_composite),
        cmocka_unit_test(a_composite_is_refused_after_its_factor),
        cmocka_unit_test(what_is_no_factor_of_it_stands_beside_a_composite),
        cmocka_unit_test(a_hidden_composite_is_refused_like_a_permitted_one),
        cmocka_unit_test(contributors_that_differ_by_the_subjects_choice_alone_are_the_one_line),
        cmocka_unit_test(what_could_not_all_be_read_is_refused),
        cmocka_unit_test(a_told_refusal_stays_what_it_is),
        cmocka_unit_test(what_a_conflicting_shield_hides_stays_the_one_line),
        cmocka_unit_test(only_composites_and_their_factors_differ),
        cmocka_unit_test(a_question_no_longer_in_the_catalogue_is_no_pair),
        cmocka_unit_test(a_question_that_is_no_factor_of_the_composite_is_no_pair),
        cmocka_unit_test(every_earlier_asking_counts_and_none_beyond_them),
        cmocka_unit_test(whom_an_asking_listed_and_asked_is_what_is_kept),
        cmocka_unit_test(contributors_that_differ_by_as_many_as_the_rule_says_are_no_pair),
        cmocka_unit_test(the_same_of_a_household_and_its_member_is_refused_and_another_is_not),
        cmocka_unit_test(each_broken_rule_is_an_error_with_its_line),
    };

    return cmocka_run_group_tests_name("composite", tests, ring_new, fixture_free);
}
