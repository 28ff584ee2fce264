/* SPDX-License-Identifier: Apache-2.0 */
/* test_composite_layout.c - composites in a bundle's bytes: one thing wrong at a time, and many of
 * everything, so that the last counts as the first. */
#include "engine/catalogue.h"
#include "engine/composite.h"
#include "fixture.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DAY    20000
#define AGENTS 512
#define ASKS   512 /* questions */

/* Agencies 0 to 7 are of sectors 0 to 7; question i is for sector i % 8. Each test changes it. */
static struct draft {
    struct layout l;
    struct lay_agency agencies[AGENTS];
    struct lay_gateway gateways[3];
    struct lay_protocol protocol;
    struct lay_party parties[AGENTS];
    struct lay_purpose purposes[2]; /* a duty, a consent */
    struct lay_question questions[ASKS];
    char names[AGENTS][8];
} draft;
static struct facts facts;
static struct consent_fact consents[1];
static struct decision d;

static void start_questions(struct draft *x)
{
    for (uint16_t i = 0; i < ASKS; i++)
        x->questions[i] = (struct lay_question){ .id = x->names[i],
                                                 .wording = "Question?",
                                                 .owner = "owner",
                                                 .decision = "decision",
                                                 .kind = QUESTION_HOLDERS,
                                                 .sectors = UINT64_C(1) << (i % 8),
                                                 .purposes = { 3 } };
    x->l.questions = x->questions;
    x->l.n_questions = 20;
}

/* Question 10 is made of 1, 2, 3, 4 and 5: two of them. */
static struct policy_composite *compose(struct draft *x, uint16_t at, const uint16_t *factors,
                                        uint8_t n, uint32_t needed)
{
    struct policy_composite *k = &x->questions[at].composite;

    x->questions[at].kind = QUESTION_COMPOSITE;
    x->questions[at].sectors = 0;
    k->n = n;
    k->needed = needed;
    for (uint8_t i = 0; i < n; i++)
        k->factors[i] = (struct policy_factor){ .question = factors[i], .weight = 1 };
    return k;
}

static void start(struct draft *x)
{
    static const uint16_t factors[] = { 1, 2, 3, 4, 5 };

    memset(x, 0, sizeof(*x));
    for (uint16_t i = 0; i < AGENTS; i++)
        (void)snprintf(x->names[i], sizeof(x->names[i]), "i-%04u", (unsigned)i);
    x->l.id = "draft";
    x->l.name = "Draft";
    x->l.country = "england";
    x->l.n_sectors = 8;
    for (uint16_t i = 0; i < 8; i++)
        x->l.sectors[i] = x->names[i];
    x->l.roles[0] = "role";
    x->l.data_classes[0] = "class";
    x->l.n_roles = x->l.n_data_classes = 1;
    for (uint16_t i = 0; i < AGENTS; i++) {
        x->agencies[i] = (struct lay_agency){ .id = x->names[i],
                                              .name = "Agency",
                                              .controller = "",
                                              .contact = "",
                                              .sector = i % 8,
                                              .organisation = i,
                                              .regime = REGIME_UKGDPR };
        x->parties[i] = (struct lay_party){ i, ASK_FULL, true };
    }
    x->l.agencies = x->agencies;
    x->l.n_agencies = 8;
    for (uint16_t i = 0; i < 3; i++)
        x->gateways[i] = (struct lay_gateway){ .id = x->names[i],
                                               .title = "Gateway",
                                               .statute = "Act",
                                               .section = "",
                                               .from = DAY,
                                               .until = POLICY_DAY_NONE,
                                               .kind = (uint8_t)(GATEWAY_DUTY + i) };
    x->l.gateways = x->gateways;
    x->l.n_gateways = 3;
    x->protocol = (struct lay_protocol){ .id = "protocol",
                                         .title = "Protocol",
                                         .from = DAY,
                                         .until = DAY + 100,
                                         .review = DAY,
                                         .n_parties = 8,
                                         .parties = x->parties };
    x->l.protocols = &x->protocol;
    x->l.n_protocols = 1;
    for (uint16_t i = 0; i < 2; i++)
        x->purposes[i] = (struct lay_purpose){ .id = x->names[i],
                                               .title = "Purpose",
                                               .parent = POLICY_NONE,
                                               .from = DAY,
                                               .until = DAY + 100,
                                               .consent = i == 1,
                                               .involvement = true,
                                               .sensitive = SENSITIVE_MASKED,
                                               .roles = { 1 },
                                               .n_bases = 1,
                                               .bases = { i } };
    x->l.purposes = x->purposes;
    x->l.n_purposes = 2;
    x->l.consent.capacities[FACT_CAPACITY_SELF].able = true;
    start_questions(x);
    (void)compose(x, 10, factors, 5, 2);
}

static int decode(struct bundle **out)
{
    ALM_CLEANUP(buf_deinit) struct buf bytes = { 0 };

    buf_init(&bytes, LAYOUT_BUNDLE_MAX);
    assert_int_equal(layout_encode(&draft.l, &bytes), 0);
    return bundle_decode(buf_view(&bytes), out);
}

static struct bundle *decoded(void)
{
    struct bundle *b = NULL;

    assert_int_equal(decode(&b), 0);
    return b;
}

static void expect(const char *what, int wanted)
{
    struct bundle *b = NULL;
    int r = decode(&b);

    if (r != wanted)
        fail_msg("%d where %d was expected: %s", r, wanted, what);
    bundle_free(b);
}

#define TRY(change, wanted)                                                                        \
    do {                                                                                           \
        start(&draft);                                                                             \
        k = &draft.questions[10].composite;                                                        \
        change;                                                                                    \
        expect(#change, wanted);                                                                   \
    } while (0)
#define GOOD(change) TRY(change, 0)
#define BAD(change)  TRY(change, -EBADMSG)

/* For everything to answer; asked by an agency, for a purpose. */
static enum reason decide_as(const struct bundle *b, uint16_t agency, uint16_t purpose,
                             uint16_t question)
{
    facts = (struct facts){ .day = DAY,
                            .agency = agency,
                            .agency_standing = true,
                            .practitioner_standing = true,
                            .purpose = purpose,
                            .basis = POLICY_NONE,
                            .involvement = question == POLICY_NONE,
                            .question = question,
                            .subject_kind = FACT_PERSON,
                            .relation = FACT_RELATION_INVOLVED,
                            .relation_since = DAY,
                            .relation_until = POLICY_DAY_NONE,
                            .n_consents = purpose == 1,
                            .consents = consents };
    policy_decide(b, &facts, &d);
    return (enum reason)d.reason;
}

static struct consent_fact *grant_all(void)
{
    consents[0] = (struct consent_fact){ .match = FACT_STRICT,
                                         .capacity = FACT_CAPACITY_SELF,
                                         .giver_authority = true,
                                         .competence = true,
                                         .given_on = DAY,
                                         .expires_on = POLICY_DAY_NONE,
                                         .withdrawn_on = POLICY_DAY_NONE,
                                         .able_from = POLICY_DAY_NONE,
                                         .able_until = POLICY_DAY_NONE,
                                         .review_on = POLICY_DAY_NONE,
                                         .recipients = { .any = true },
                                         .sources = { .any = true } };
    return &consents[0];
}

static bool asks(uint16_t agency)
{
    for (uint16_t i = 0; i < d.n_holders; i++)
        if (d.holders[i] == agency)
            return true;
    return false;
}

/* --- what a composite may be --- */

static void a_factor_is_a_question_that_holders_answer_once_each(void **state)
{
    struct policy_composite *k;

    (void)state;
    GOOD((void)0);
    BAD(k->factors[4].question = 20);
    BAD(k->factors[0].question = 20);
    BAD(k->factors[4].question = POLICY_NONE);
    GOOD(k->factors[4].question = 19);
    BAD(k->factors[4].question = 1); /* the first again */
    BAD(k->factors[4].question = 4); /* the fourth */
    BAD(k->factors[1].question = 1);
    BAD(draft.questions[5].kind = QUESTION_THRESHOLD);
    BAD(draft.questions[5].kind = QUESTION_REFERRAL);
    BAD(k->factors[4].question = 10); /* itself */
    BAD(draft.questions[5].home_parameter = true);
    BAD(draft.questions[5].closed_class = true);
    BAD(draft.questions[1].closed_class = true);
    BAD((draft.questions[5].home_parameter = true, draft.questions[5].closed_class = true));
}

static void weights_are_within_their_bounds_and_sound(void **state)
{
    struct policy_composite *k;

    (void)state;
    BAD(k->factors[4].weight = 0);
    BAD(k->factors[0].weight = 0);
    BAD((k->factors[0].weight = 0, k->factors[1].weight = 0));
    BAD(k->needed = 1);
    GOOD(k->needed = 4);
    BAD(k->needed = 5);
    BAD((k->n = 0, k->needed = 2));
    BAD((k->n = 0, k->needed = 0));
    for (uint16_t most = COMPOSITE_WEIGHT_MAX; most <= COMPOSITE_WEIGHT_MAX + 1; most++) {
        start(&draft);
        for (uint8_t i = 0; i < 5; i++)
            draft.questions[10].composite.factors[i].weight = most;
        draft.questions[10].composite.needed = 2500;
        expect("all as heavy as may be", most > COMPOSITE_WEIGHT_MAX ? -EBADMSG : 0);
        draft.questions[10].composite.factors[0].weight = 1;
        expect("all but the first", most > COMPOSITE_WEIGHT_MAX ? -EBADMSG : 0);
    }
}

static void only_a_composite_has_factors_and_it_names_no_home(void **state)
{
    struct policy_composite *k;

    (void)state;
    BAD(draft.questions[10].kind = QUESTION_HOLDERS);
    BAD((draft.questions[10].kind = QUESTION_HOLDERS, k->n = 0));
    BAD((draft.questions[10].kind = QUESTION_HOLDERS, k->needed = 0));
    GOOD((draft.questions[10].kind = QUESTION_HOLDERS, k->needed = 0, k->n = 0));
    BAD(draft.questions[10].home_parameter = true);
    BAD((draft.questions[0] = draft.questions[10], draft.questions[0].id = "i-0000",
         draft.questions[0].composite.needed = 1));
    BAD((draft.questions[19] = draft.questions[10], draft.questions[19].id = "i-0019",
         draft.questions[19].composite.needed = 1));
}

/* --- the last as the first --- */

/* Sixteen factors, as many as may be, and three-valued logic over exactly so many values. */
static void sixteen_factors_each_count(void **state)
{
    uint16_t factors[POLICY_FACTORS_MAX];
    enum factor_value *v = calloc(POLICY_FACTORS_MAX, sizeof(*v));
    struct bundle *b;

    (void)state;
    assert_non_null(v);
    start(&draft);
    for (uint16_t i = 0; i < POLICY_FACTORS_MAX; i++)
        factors[i] = (uint16_t)(i < 10 ? i : i + 1);
    (void)compose(&draft, 10, factors, POLICY_FACTORS_MAX, POLICY_FACTORS_MAX / 2);
    b = decoded();
    assert_int_equal(decide_as(b, 7, 0, 10), REASON_NONE);
    assert_int_equal(d.n_holders, 7);
    for (uint16_t i = 0; i < d.n_holders; i++)
        assert_int_equal(d.factors[i] & ~(1u << 15), (1u << i | (i + 8 < 10 ? 1u << (i + 8) : 0) |
                                                      (i + 7 >= 10 ? 1u << (i + 7) : 0)) &
                                                         ~(1u << 15));
    assert_true(d.factors[0] & 1u << 15); /* question 16, of sector 0 */
    for (uint8_t i = 0; i < POLICY_FACTORS_MAX; i++)
        v[i] = i < POLICY_FACTORS_MAX / 2 ? FACTOR_NO : FACTOR_YES;
    assert_int_equal(composite_value(bundle_question_at(b, 10)->composite, v), FACTOR_YES);
    v[POLICY_FACTORS_MAX - 1] = FACTOR_NO;
    assert_int_equal(composite_value(bundle_question_at(b, 10)->composite, v), FACTOR_NO);
    free(v);
    bundle_free(b);
}

static void the_first_question_may_be_a_composite(void **state)
{
    static const uint16_t factors[] = { 1, 2, 3, 4, 5 };
    struct bundle *b;

    (void)state;
    start(&draft);
    (void)compose(&draft, 0, factors, 5, 2);
    b = decoded();
    assert_int_equal(bundle_n_holders(b, 0, 0), 5);
    assert_int_equal(decide_as(b, 7, 0, 0), REASON_NONE);
    assert_int_equal(d.n_holders, 5);
    assert_int_equal(d.n_listed, 5);
    bundle_free(b);
}

/* Of 512 questions, those that are composites or factors of one, and no other. */
static void earlier_askings_count_for_composites_and_their_factors_alone(void **state)
{
    static const uint16_t factors[] = { 0, 63, 64, 65, 127, 128, 129, 511 };
    struct bundle *b;

    (void)state;
    start(&draft);
    draft.l.n_questions = ASKS;
    (void)compose(&draft, 10, factors, ALM_LEN(factors), 2);
    b = decoded();
    for (uint16_t q = 0; q < ASKS; q++) {
        bool named = q == 10;

        for (size_t i = 0; i < ALM_LEN(factors); i++)
            named = named || factors[i] == q;
        if (bundle_differences(b, q) != named)
            fail_msg("question %u", (unsigned)q);
    }
    assert_false(bundle_differences(b, ASKS));
    assert_false(bundle_differences(b, POLICY_NONE));
    bundle_free(b);
}

/* Agency 0 contributes as any other: with it there are four, without it three. */
static void the_first_agency_contributes(void **state)
{
    static const uint16_t factors[] = { 0, 1, 2, 3 };
    struct bundle *b;

    (void)state;
    start(&draft);
    (void)compose(&draft, 10, factors, 4, 2);
    b = decoded();
    assert_int_equal(decide_as(b, 7, 0, 10), REASON_NONE);
    assert_int_equal(d.n_holders, 4);
    assert_int_equal(d.holders[0], 0);
    assert_int_equal(decide_as(b, 3, 0, 10), REASON_TOO_FEW_CONTRIBUTORS);
    bundle_free(b);
}

/* --- what a composite takes from its factors --- */

static void it_is_about_a_household_only_where_all_its_factors_are(void **state)
{
    (void)state;
    for (unsigned without = 0; without < 6; without++) {
        struct bundle *b;

        start(&draft);
        draft.questions[10].household = true;
        for (unsigned q = 1; q <= 5; q++)
            draft.questions[q].household = q != without;
        b = decoded();
        assert_int_equal(bundle_question_at(b, 10)->household, without == 0);
        bundle_free(b);
    }
}

/* A factor that is not listed for the purpose has no contributors there, and none is listed. */
static void a_factor_counts_only_for_purposes_that_list_it(void **state)
{
    struct bundle *b;

    (void)state;
    start(&draft);
    draft.questions[5].purposes[0] = 2;
    b = decoded();
    assert_int_equal(bundle_n_holders(b, 0, 5), 0);
    assert_int_equal(bundle_n_holders(b, 0, 10), 4);
    assert_int_equal(decide_as(b, 7, 0, 10), REASON_NONE);
    assert_false(asks(5));
    assert_int_equal(d.n_listed, 4);
    (void)grant_all();
    assert_int_equal(decide_as(b, 7, 1, 10), REASON_NONE);
    assert_true(asks(5));
    assert_int_equal(d.n_listed, 5);
    bundle_free(b);
}

/* A power covers less than the duty, and alone opens the factor's class of data: whoever the power
 * does not cover is not asked that factor. */
static void each_factor_is_opened_by_its_own_gateways(void **state)
{
    (void)state;
    for (uint16_t closed = 0; closed <= 4; closed += 4) { /* agency 0 has no other factor */
        struct bundle *b;

        start(&draft);
        draft.gateways[0].excluded_classes = 1;
        draft.gateways[2].excluded_sectors = UINT64_C(1) << closed;
        draft.purposes[0].n_bases = 2;
        draft.purposes[0].bases[1] = 2;
        draft.questions[5].data_class = 1;
        draft.questions[5].sectors = UINT64_C(1) << closed | 1u << 6;
        b = decoded();
        assert_int_equal(decide_as(b, 7, 0, 10), REASON_NONE);
        assert_int_equal(asks(closed), closed == 4);
        assert_true(asks(6));
        for (uint16_t i = 0; i < d.n_holders; i++) {
            if (d.holders[i] == 4)
                assert_int_equal(d.factors[i], 1u << 3); /* its own, not the one of the class */
            if (d.holders[i] == 6)
                assert_int_equal(d.factors[i], 1u << 4);
        }
        bundle_free(b);
    }
}

/* --- why consent closes it --- */

static void the_first_factor_that_is_closed_gives_the_reason(void **state)
{
    (void)state;
    for (unsigned sensitive = 1; sensitive <= 2; sensitive++) {
        struct consent_fact *k = grant_all();
        struct bundle *b;

        start(&draft);
        draft.questions[sensitive].sensitive = true; /* no consent names the service */
        b = decoded();
        k->sources.any = false;
        for (uint16_t a = 3; a <= 5; a++)
            agency_set_add(&k->sources, a); /* 1 and 2 are closed, each for its own reason */
        assert_int_equal(decide_as(b, 7, 1, 10),
                         sensitive == 1 ? REASON_SENSITIVE_SERVICE : REASON_CONSENT_SCOPE);
        assert_int_equal(d.telling, TELL_NO_CONSENT_LINE);
        bundle_free(b);
    }
}

/* A factor that is not listed for the purpose gives no reason. */
static void what_is_not_listed_for_the_purpose_gives_no_reason(void **state)
{
    struct consent_fact *k = grant_all();
    struct bundle *b;

    (void)state;
    start(&draft);
    draft.questions[1].sensitive = true;
    draft.questions[1].purposes[0] = 1;
    b = decoded();
    k->sources.any = false;
    for (uint16_t a = 3; a <= 5; a++)
        agency_set_add(&k->sources, a);
    assert_int_equal(decide_as(b, 7, 1, 10), REASON_CONSENT_SCOPE);
    bundle_free(b);
}

/* Each factor has somebody left, and together they are three: it is the scope of the consent. */
static void three_that_hold_every_factor_are_too_few(void **state)
{
    struct consent_fact *k = grant_all();
    struct bundle *b;

    (void)state;
    start(&draft);
    for (unsigned q = 1; q <= 5; q++)
        draft.questions[q].sectors = 0xff;
    b = decoded();
    k->sources.any = false;
    for (uint16_t a = 1; a <= 3; a++)
        agency_set_add(&k->sources, a);
    assert_int_equal(decide_as(b, 7, 1, 10), REASON_CONSENT_SCOPE);
    agency_set_add(&k->sources, 4);
    assert_int_equal(decide_as(b, 7, 1, 10), REASON_NONE);
    assert_int_equal(d.n_holders, 4);
    bundle_free(b);
}

/* --- what differs --- */

static enum reason beside(const struct bundle *b, const struct earlier_fact *then)
{
    assert_int_equal(decide_as(b, 7, 0, 10), REASON_NONE);
    policy_difference(b, &facts, then, 1, true, &d);
    return (enum reason)d.reason;
}

/* Any organisation of 512 counts once, and the first as the last: two that differ are enough. */
static void each_organisation_that_differs_counts(void **state)
{
    static const uint16_t ones[] = { 0, 1, 8, 62, 63, 64, 65, 126, 127, 128, 129, 448, 510, 511 };
    static const uint16_t factors[] = { 11, 12, 13, 14, 15 };
    struct earlier_fact now, then;
    struct bundle *b;

    (void)state;
    start(&draft);
    draft.l.n_agencies = AGENTS;
    draft.protocol.n_parties = AGENTS - 8;
    for (uint16_t i = 448; i < AGENTS - 8; i++) /* eight are no parties: no two words are alike */
        draft.parties[i].agency = (uint16_t)(i + 8);
    draft.l.composites = (struct policy_composite_rules){ .keep_days = 90, .differ_by = 2 };
    (void)compose(&draft, 16, factors, 5, 2);
    b = decoded();
    assert_int_equal(decide_as(b, 7, 0, 10), REASON_NONE);
    assert_int_equal(d.n_holders, AGENTS / 8 * 5 - 5);
    for (uint16_t h = 0; h < d.n_holders;
         h++) /* agency i is of sector i % 8, factor i of question i + 1 */
        assert_int_equal(d.factors[h], 1u << (d.holders[h] % 8 - 1));
    policy_asked(b, &facts, &d, &now);
    for (size_t i = 0; i < ALM_LEN(ones); i++)
        for (size_t j = 0; j < ALM_LEN(ones); j++) {
            then = now;
            then.question = 16;
            then.listed.bits[ones[i] / 64] ^= UINT64_C(1) << (ones[i] % 64);
            if (j != i)
                then.listed.bits[ones[j] / 64] ^= UINT64_C(1) << (ones[j] % 64);
            then.asked = then.listed;
            if (beside(b, &then) != (i == j ? REASON_DIFFERENCING : REASON_NONE))
                fail_msg("%u and %u: %s", (unsigned)ones[i], (unsigned)ones[j],
                         reason_word((enum reason)d.reason));
        }
    bundle_free(b);
}

/* Question 0 is a factor of another composite, and none of this one. */
static void a_question_is_no_factor_of_a_composite_that_does_not_have_it(void **state)
{
    static const uint16_t factors[] = { 0, 11, 12, 13, 14 };
    struct earlier_fact then;
    struct bundle *b;

    (void)state;
    start(&draft);
    (void)compose(&draft, 16, factors, 5, 2);
    b = decoded();
    (void)grant_all();
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(decide_as(b, 7, 1, i ? 16 : 10), REASON_NONE);
        policy_asked(b, &facts, &d, &then);
        assert_int_equal(decide_as(b, 7, 1, 0), REASON_NONE);
        policy_difference(b, &facts, &then, 1, true, &d);
        assert_int_equal(d.reason, i ? REASON_DIFFERENCING : REASON_NONE);
    }
    bundle_free(b);
}

/* Listed far apart, asked close: under a duty it is told as what it is. */
static void askings_that_come_close_are_a_pair_too(void **state)
{
    static const uint16_t factors[] = { 11, 12, 13, 14, 15 };
    struct earlier_fact now, then;
    struct bundle *b;

    (void)state;
    start(&draft);
    (void)compose(&draft, 16, factors, 5, 2);
    b = decoded();
    assert_int_equal(decide_as(b, 7, 0, 10), REASON_NONE);
    policy_asked(b, &facts, &d, &now);
    then = now;
    then.question = 16;
    memset(&then.listed, 0, sizeof(then.listed));
    assert_int_equal(beside(b, &then), REASON_DIFFERENCING);
    assert_int_equal(d.telling, TELL_REASON);
    memset(&then.asked, 0, sizeof(then.asked));
    assert_int_equal(beside(b, &then), REASON_NONE);
    then.question = 20; /* no longer in the catalogue */
    then.listed = now.listed;
    assert_int_equal(beside(b, &then), REASON_NONE);
    bundle_free(b);
}

/* --- who belongs to whom --- */

/* Who is involved leaves out the asker's organisation and nobody else, also of 512. */
static void an_organisation_is_its_teams_and_no_other(void **state)
{
    struct bundle *b;

    (void)state;
    start(&draft);
    draft.l.n_agencies = AGENTS;
    draft.protocol.n_parties = AGENTS;
    b = decoded();
    for (uint16_t asker = 0; asker < 3; asker++) {
        assert_int_equal(decide_as(b, asker, 0, POLICY_NONE), REASON_NONE);
        assert_int_equal(d.n_holders, AGENTS - 1);
        assert_false(asks(asker));
    }
    bundle_free(b);
    draft.agencies[0].organisation = 2; /* the first, a team */
    b = decoded();
    for (uint16_t asker = 0; asker < 4; asker++) {
        assert_int_equal(decide_as(b, asker, 0, POLICY_NONE), REASON_NONE);
        assert_int_equal(d.n_holders, asker == 0 || asker == 2 ? AGENTS - 2 : AGENTS - 1);
        assert_int_equal(asks(0), asker == 1 || asker == 3);
    }
    bundle_free(b);
}

/* Of as many roles as may be, the last counts, and the number after it is no role. */
static void the_last_role_may_ask_and_the_next_is_none(void **state)
{
    static const uint16_t last = LAYOUT_ROLES_MAX - 1;
    struct bundle *b;

    (void)state;
    start(&draft);
    for (uint16_t i = 0; i < LAYOUT_ROLES_MAX; i++)
        draft.l.roles[i] = draft.names[i];
    draft.l.n_roles = LAYOUT_ROLES_MAX;
    memset(draft.purposes[0].roles, 0, sizeof(draft.purposes[0].roles));
    draft.purposes[0].roles[last / 64] = UINT64_C(1) << (last % 64);
    b = decoded();
    for (uint16_t role = last - 1; role <= last + 1; role++) {
        (void)decide_as(b, 7, 0, 1);
        facts.role = role;
        policy_decide(b, &facts, &d);
        assert_int_equal(d.reason, role == last ? REASON_NONE : REASON_ROLE_NOT_PERMITTED);
    }
    bundle_free(b);
}

/* What the broker answers itself is put to nobody, whatever the bytes say of sectors. */
static void questions_of_the_broker_have_no_holders(void **state)
{
    struct bundle *b;

    (void)state;
    start(&draft);
    draft.questions[11].kind = QUESTION_THRESHOLD;
    draft.questions[12].kind = QUESTION_REFERRAL;
    b = decoded();
    assert_int_equal(bundle_n_holders(b, 0, 11), 0);
    assert_int_equal(bundle_n_holders(b, 0, 12), 0);
    assert_int_equal(bundle_n_holders(b, 0, 13), 1);
    bundle_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_factor_is_a_question_that_holders_answer_once_each),
        cmocka_unit_test(weights_are_within_their_bounds_and_sound),
        cmocka_unit_test(only_a_composite_has_factors_and_it_names_no_home),
        cmocka_unit_test(sixteen_factors_each_count),
        cmocka_unit_test(the_first_question_may_be_a_composite),
        cmocka_unit_test(earlier_askings_count_for_composites_and_their_factors_alone),
        cmocka_unit_test(the_first_agency_contributes),
        cmocka_unit_test(it_is_about_a_household_only_where_all_its_factors_are),
        cmocka_unit_test(a_factor_counts_only_for_purposes_that_list_it),
        cmocka_unit_test(each_factor_is_opened_by_its_own_gateways),
        cmocka_unit_test(the_first_factor_that_is_closed_gives_the_reason),
        cmocka_unit_test(what_is_not_listed_for_the_purpose_gives_no_reason),
        cmocka_unit_test(three_that_hold_every_factor_are_too_few),
        cmocka_unit_test(each_organisation_that_differs_counts),
        cmocka_unit_test(a_question_is_no_factor_of_a_composite_that_does_not_have_it),
        cmocka_unit_test(askings_that_come_close_are_a_pair_too),
        cmocka_unit_test(an_organisation_is_its_teams_and_no_other),
        cmocka_unit_test(the_last_role_may_ask_and_the_next_is_none),
        cmocka_unit_test(questions_of_the_broker_have_no_holders),
    };

    if (crypto_init() < 0)
        return 70;
    return cmocka_run_group_tests_name("composite_layout", tests, NULL, NULL);
}
