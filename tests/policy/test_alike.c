/* SPDX-License-Identifier: Apache-2.0 */
/* test_alike.c - what the engine says it cannot tell apart, it does not: random requests over every
 * policy there is, and by hand what must not be taken for alike. ALM_SEED repeats a run. */
#include "engine/catalogue.h"
#include "fixture.h"
#include "random_policy.h"
#include <string.h>
#include <time.h>

#define REQUESTS 6000

static uint64_t seed;

/* --- questions --- */

static const char before[] = "  { id = \"incident\"; text";

/* small.policy with a question more, whose keys are given. */
static struct bundle *with_twin(const char *keys)
{
    ALM_CLEANUP(buf_deinit) struct buf text = { 0 };
    char *small = small_policy();
    const char *at;
    struct bundle *b;

    assert_non_null(small);
    at = strstr(small, before);
    assert_non_null(at);
    buf_init(&text, 1 << 20);
    buf_printf(&text,
               "%.*s  { id = \"twin\"; text = \"T\"; owner = \"O\"; decision = \"D\"; %s },\n%s",
               (int)(at - small), small, keys, at);
    buf_put_u8(&text, 0);
    assert_int_equal(buf_status(&text), 0);
    b = bundle_of((const char *)text.data);
    free(small);
    return b;
}

#define INCIDENT                                                                                   \
    "holders = [ \"police\", \"health\" ]; purposes = [ \"protect\", \"help\", \"order\" ]; "

static void questions_are_alike_but_for_what_no_check_looks_at(void **state)
{
    static const struct {
        const char *keys;
        bool alike;
    } twins[] = {
        { INCIDENT "household = true;", true }, /* other words, another look back */
        { INCIDENT "household = true; deadline_ms = 900;", true },
        { INCIDENT "household = true; uses_homes = true;", true },
        { INCIDENT "household = true; unknown = \"cannot-say\";", true },
        { "holders = [ \"police\", \"health\", \"partnership\" ]; purposes = [ \"protect\" ]; "
          "household = true;",
          true }, /* nobody of that sector answers */
        { INCIDENT, false },
        { INCIDENT "household = true; stage = 1;", false },
        { INCIDENT "household = true; sensitive = true;", false },
        { INCIDENT "household = true; reveals_location = true;", false },
        { INCIDENT "household = true; data_class = \"patient\";", false },
        { INCIDENT "household = true; class = \"adoption\";", false },
        { INCIDENT "uses_homes = true; home_parameter = true; reveals_location = true;", false },
        { "holders = [ \"police\" ]; purposes = [ \"protect\" ]; household = true;", false },
        { "holders = \"all-parties\"; purposes = [ \"protect\" ]; household = true;", false },
        { "kind = \"referral\"; purposes = [ \"protect\" ];", false },
        { "kind = \"threshold\"; purposes = [ \"protect\" ]; scope = \"person\"; levels = [ "
          "\"low\" ]; "
          "min_agencies = 2; window_days = 180; decide_role = \"teacher\";",
          false },
        { "holders = [ \"police\", \"health\" ]; purposes = [ \"order\" ]; household = true;",
          false },
    };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(twins); i++) {
        ALM_CLEANUP(bundle_freep) struct bundle *b = with_twin(twins[i].keys);
        uint16_t p = bundle_purpose(b, "protect"), one = bundle_question(b, "twin"),
                 other = bundle_question(b, "incident");

        if (bundle_questions_alike(b, p, one, other) != twins[i].alike ||
            bundle_questions_alike(b, p, other, one) != twins[i].alike)
            fail_msg("%s", twins[i].keys);
        assert_true(bundle_questions_alike(b, p, one, one));
    }
}

static void questions_not_listed_are_alike_whatever_they_are(void **state)
{
    struct fixture *x = *state;
    uint16_t protect = bundle_purpose(x->b, "protect"), fired = bundle_question(x->b, "fired"),
             state_of = bundle_question(x->b, "referral-state"),
             plan = bundle_question(x->b, "plan");

    assert_true(bundle_questions_alike(x->b, protect, fired, state_of));
    assert_true(bundle_questions_alike(x->b, protect, fired, POLICY_NONE));
    assert_false(bundle_questions_alike(x->b, protect, fired, plan));
    assert_false(bundle_questions_alike(x->b, protect, plan, POLICY_NONE));
    assert_false(bundle_questions_alike(x->b, bundle_purpose(x->b, "monitor"), fired, state_of));
    assert_true(bundle_questions_alike(x->b, POLICY_NONE, plan, fired));
}

/* --- askers --- */

static void askers_are_alike_by_their_place_and_by_whom_they_would_leave_out(void **state)
{
    static const struct {
        const char *one, *other;
        bool alike, own;
    } pairs[] = {
        { "council", "school", true, false },      { "council", "police", true, false },
        { "council", "council-team", true, true }, { "police-dau", "council", true, false },
        { "police", "police-dau", true, false },   { "surgery", "outsider", true, true },
        { "surgery", "hub", true, true },          { "surgery", "school", false, false },
        { "outsider", "police", false, false },    { "school", "school", true, true },
    };
    struct fixture *x = *state;
    uint16_t p = bundle_purpose(x->b, "protect");

    for (size_t i = 0; i < ALM_LEN(pairs); i++) {
        uint16_t one = agency(x, pairs[i].one), other = agency(x, pairs[i].other);

        if (bundle_askers_alike(x->b, p, false, one, other) != pairs[i].alike ||
            bundle_askers_alike(x->b, p, true, other, one) != pairs[i].own)
            fail_msg("%s, %s", pairs[i].one, pairs[i].other);
    }
    assert_true(bundle_askers_alike(x->b, p, true, POLICY_NONE, agency(x, "outsider")));
    assert_false(bundle_askers_alike(x->b, p, false, POLICY_NONE, agency(x, "school")));
    assert_true(
        bundle_askers_alike(x->b, POLICY_NONE, true, agency(x, "surgery"), agency(x, "school")));
}

static void askers_of_whom_nobody_answers_leave_out_nobody(void **state)
{
    static const char yes[] = "agency = \"school\"; ask = \"full\"; answer = \"yes\"",
                      no[] = "agency = \"school\"; ask = \"full\"; answer = \"no\" ";
    char *text = small_policy(), *at = strstr(text, yes), *other;
    ALM_CLEANUP(bundle_freep) struct bundle *b = NULL;
    uint16_t p, school, council;

    (void)state;
    assert_non_null(at);
    memcpy(at, no, sizeof(no) - 1);
    other = strstr(text, "agency = \"council\"; ask = \"full\"; answer = \"yes\"");
    assert_non_null(other);
    b = bundle_of(text);
    p = bundle_purpose(b, "protect");
    school = bundle_agency(b, "school");
    council = bundle_agency(b, "council");
    assert_false(bundle_askers_alike(b, p, true, school, council));
    bundle_freep(&b);
    memcpy(strstr(other, "\"yes\""), "\"no\" ", 5);
    b = bundle_of(text);
    assert_true(bundle_askers_alike(b, p, true, school, council));
    assert_false(
        bundle_askers_alike(b, p, true, school, bundle_agency(b, "police"))); /* insight only */
    free(text);
}

/* --- statements --- */

static void statements_are_alike_where_every_gateway_in_force_takes_them_alike(void **state)
{
    struct fixture *x = *state;
    uint16_t task = bundle_purpose(x->b, "task"), protect = bundle_purpose(x->b, "protect");
    uint32_t both = CONDITION_PUBLIC_TASK_STATEMENT | CONDITION_NECESSITY;
    int32_t day = on("2022-05-03");

    assert_true(bundle_statements_alike(x->b, protect, day, 0, 15));
    assert_true(bundle_statements_alike(x->b, task, day, 0, CONDITION_NECESSITY));
    assert_true(bundle_statements_alike(x->b, task, day, both, 15));
    assert_false(bundle_statements_alike(x->b, task, day, 0, both));
    assert_false(bundle_statements_alike(x->b, task, day, 15, CONDITION_NECESSITY));
    assert_false(bundle_statements_alike(x->b, task, on("2018-01-01"), 0, both));
    assert_true(bundle_statements_alike(x->b, task, on("2017-12-31"), 0, both));
    assert_true(bundle_statements_alike(x->b, POLICY_NONE, day, 0, 15));
}

static const char overriding[] =
    "overrides = { purposes = [ \"help\" ]; gateways = [ \"duty\", \"stated\", \"policing\" ]; "
    "reasons = [ \"no-consent\" ]; approvers = [ \"holders\" ]; most_hours = 24; review_hours = "
    "24; unreviewed_limit = 2; alone = [ \"help\" ]; };\n";

static struct bundle *with_overrides(void)
{
    ALM_CLEANUP(buf_deinit) struct buf text = { 0 };
    char *small = small_policy();

    assert_non_null(small);
    buf_init(&text, 1 << 20);
    buf_printf(&text, "%s\n%s", small, overriding);
    buf_put_u8(&text, 0);
    free(small);
    assert_int_equal(buf_status(&text), 0);
    return bundle_of((const char *)text.data);
}

static void statements_count_for_overrides_where_one_may_be_had(void **state)
{
    ALM_CLEANUP(bundle_freep) struct bundle *b = with_overrides();
    struct fixture *x = *state;
    uint32_t both = CONDITION_PUBLIC_TASK_STATEMENT | CONDITION_NECESSITY;
    int32_t day = on("2022-05-03");

    assert_true(bundle_statements_alike(x->b, bundle_purpose(x->b, "help"), day, 0, both));
    assert_false(bundle_statements_alike(b, bundle_purpose(b, "help"), day, 0, both));
    assert_true(bundle_statements_alike(b, bundle_purpose(b, "help"), day, 15, both));
    assert_true(bundle_statements_alike(b, bundle_purpose(b, "help"), on("2017-12-31"), 0, both));
    assert_true(bundle_statements_alike(b, bundle_purpose(b, "protect"), day, 0, both));
}

/* --- overrides --- */

static void an_override_reaches_what_its_gateway_covers_or_nothing(void **state)
{
    ALM_CLEANUP(bundle_freep) struct bundle *b = with_overrides();
    /* consent is first of those that cover everybody, whatever it is itself */
    uint16_t duty = bundle_gateway(b, "duty"), everybody = bundle_gateway(b, "consent"),
             stated = bundle_gateway(b, "stated"), policing = bundle_gateway(b, "policing");
    struct facts f = { .day = on("2022-05-03"),
                       .agency = bundle_agency(b, "school"),
                       .purpose = bundle_purpose(b, "help"),
                       .question = bundle_question(b, "plan") };
    const struct override_fact good = { .match = FACT_STRICT,
                                        .agency = f.agency,
                                        .purpose = f.purpose,
                                        .question = f.question,
                                        .gateway = duty,
                                        .same_parameter = true,
                                        .in_time = true,
                                        .approved = true };
    struct override_fact o = good;

    (void)state;
    assert_int_equal(policy_override_reach(b, &f, &o), everybody);
    o.gateway = policing;
    assert_int_equal(policy_override_reach(b, &f, &o), policing);
    o.gateway = stated;
    assert_int_equal(policy_override_reach(b, &f, &o), POLICY_NONE); /* nothing was stated */
    o.conditions = 15;
    assert_int_equal(policy_override_reach(b, &f, &o), everybody); /* it covers the same agencies */
    o.gateway = bundle_gateway(b, "power");
    assert_int_equal(policy_override_reach(b, &f, &o), POLICY_NONE); /* not one for overrides */
    o = good;
    o.approved = false;
    assert_int_equal(policy_override_reach(b, &f, &o), POLICY_NONE);
    o.immediate_danger = true;
    assert_int_equal(policy_override_reach(b, &f, &o), everybody);
    o.ended = true;
    assert_int_equal(policy_override_reach(b, &f, &o), POLICY_NONE);
    o = good;
    o.in_time = false;
    assert_int_equal(policy_override_reach(b, &f, &o), POLICY_NONE);
    o = good;
    o.match = FACT_BROAD;
    assert_int_equal(policy_override_reach(b, &f, &o), POLICY_NONE);
    o = good;
    o.question = POLICY_NONE;
    assert_int_equal(policy_override_reach(b, &f, &o), POLICY_NONE);
    f.involvement = true;
    f.question = POLICY_NONE;
    assert_int_equal(policy_override_reach(b, &f, &o), everybody);
    f.purpose = o.purpose = POLICY_NONE;
    assert_int_equal(policy_override_reach(b, &f, &o), POLICY_NONE);
}

static void an_override_does_not_reach_a_class_that_its_gateway_excludes(void **state)
{
    static const char excludes[] = "kind = \"duty\"; excluded_classes = [ \"patient\" ]; },";
    ALM_CLEANUP(buf_deinit) struct buf text = { 0 };
    ALM_CLEANUP(bundle_freep) struct bundle *b = NULL;
    char *small = small_policy(), *at = strstr(small, "kind = \"duty\"; },");
    struct facts f;
    struct override_fact o;

    (void)state;
    assert_non_null(at);
    buf_init(&text, 1 << 20);
    buf_printf(&text, "%.*s%s%s\n%s", (int)(at - small), small, excludes, at + 17, overriding);
    buf_put_u8(&text, 0);
    free(small);
    b = bundle_of((const char *)text.data);
    f = (struct facts){ .day = on("2022-05-03"),
                        .agency = bundle_agency(b, "school"),
                        .purpose = bundle_purpose(b, "help"),
                        .question = bundle_question(b, "ward") };
    o = (struct override_fact){ .match = FACT_STRICT,
                                .agency = f.agency,
                                .purpose = f.purpose,
                                .question = f.question,
                                .gateway = bundle_gateway(b, "duty"),
                                .same_parameter = true,
                                .in_time = true,
                                .approved = true };
    assert_int_equal(policy_override_reach(b, &f, &o), POLICY_NONE);
    o.question = f.question = bundle_question(b, "plan");
    assert_true(policy_override_reach(b, &f, &o) != POLICY_NONE);
}

/* --- random requests --- */

struct request {
    struct facts f;
    struct consent_fact consents[3];
    struct shield_fact shields[2];
    struct override_fact overrides[1];
};

static struct agency_set random_set(struct random *r, const struct bundle *b)
{
    struct agency_set s = { .any = random_below(r, 2) == 0 };

    for (unsigned n = random_below(r, 4); n > 0; n--)
        agency_set_add(&s, (uint16_t)random_below(r, (unsigned)bundle_n_agencies(b)));
    return s;
}

static int32_t some_day(struct random *r, int32_t today)
{
    return random_below(r, 3) ? POLICY_DAY_NONE : today - 40 + (int32_t)random_below(r, 80);
}

static void random_consent(struct random *r, const struct bundle *b, int32_t today,
                           struct consent_fact *k)
{
    *k = (struct consent_fact){ .refused = random_below(r, 4) == 0,
                                .match = (uint8_t)(1 + random_below(r, 10) / 8),
                                .capacity = (uint8_t)(1 + random_below(r, 12) % 8),
                                .giver_authority = random_below(r, 8) != 0,
                                .given_on = today - (int32_t)random_below(r, 60),
                                .given_ms = random_below(r, 3),
                                .expires_on = some_day(r, today),
                                .withdrawn_on = some_day(r, today),
                                .able_from = POLICY_DAY_NONE,
                                .able_until = POLICY_DAY_NONE,
                                .sources = random_set(r, b),
                                .sensitive_sources = random_set(r, b),
                                .disputed = random_below(r, 6) == 0,
                                .competence = random_below(r, 4) != 0,
                                .stage =
                                    (uint8_t)(random_below(r, 6) == 0 ? 1 + random_below(r, 2) : 0),
                                .review_on = some_day(r, today) };
    if (random_below(r, 3) == 0)
        k->match = FACT_CONFLICT;
    k->recipients.any = random_below(r, 3) == 0;
}

static void ask_of(const struct bundle *b, uint16_t question, struct request *q)
{
    q->f.involvement = question == POLICY_NONE;
    q->f.question = question;
    q->f.has_parameter = question != POLICY_NONE && bundle_question_at(b, question)->home_parameter;
    q->overrides[0].question = question;
}

/* The asker names itself and nobody else. */
static void ask_by(uint16_t asker, bool named, struct request *q)
{
    q->f.agency = asker;
    q->overrides[0].agency = asker;
    for (size_t i = 0; i < ALM_LEN(q->consents); i++) {
        memset(q->consents[i].recipients.bits, 0, sizeof(q->consents[i].recipients.bits));
        if (named && asker != POLICY_NONE)
            agency_set_add(&q->consents[i].recipients, asker);
    }
}

static uint16_t below_or_none(struct random *r, size_t n)
{
    return n && random_below(r, 16) ? (uint16_t)random_below(r, (unsigned)n) : POLICY_NONE;
}

static void random_request(struct random *r, const struct bundle *b, struct request *q)
{
    static const char *const days[] = { "2021-06-01", "2022-05-03", "2024-02-29", "2026-11-22" };
    struct facts *f = &q->f;

    memset(q, 0, sizeof(*q));
    f->day = on(days[random_below(r, 4)]);
    f->agency_standing = f->practitioner_standing = true;
    f->purpose = (uint16_t)random_below(r, (unsigned)bundle_n_purposes(b));
    for (unsigned n = 0; n < 12 && !bundle_role_asks(b, f->purpose, f->role); n++)
        f->role = (uint16_t)random_below(r, (unsigned)bundle_n_roles(b));
    f->subject_kind = (uint8_t)(1 + random_below(r, 8) % 3);
    f->relation = random_below(r, 3) ? FACT_RELATION_INVOLVED : (uint8_t)random_below(r, 7);
    f->relation_since = f->day - 20;
    f->relation_until = POLICY_DAY_NONE;
    f->relation_reason = random_below(r, 2);
    f->referral_party = (uint8_t)random_below(r, 3);
    f->conditions = random_below(r, 16);
    f->incomplete = random_below(r, 30) == 0;
    f->consents = q->consents;
    f->shields = q->shields;
    f->overrides = q->overrides;
    f->n_consents = (uint16_t)random_below(r, 4);
    f->n_shields = (uint16_t)(random_below(r, 6) / 4);
    for (size_t i = 0; i < ALM_LEN(q->consents); i++)
        random_consent(r, b, f->day, &q->consents[i]);
    q->shields[0] = (struct shield_fact){ .level = (uint8_t)(1 + random_below(r, 3)),
                                          .match = random_below(r, 2) ? FACT_BROAD : FACT_CONFLICT,
                                          .from = f->day - 5,
                                          .until = some_day(r, f->day) };
    q->overrides[0] = (struct override_fact){ .match = FACT_STRICT,
                                              .purpose = f->purpose,
                                              .gateway = (uint16_t)random_below(
                                                  r, (unsigned)bundle_n_gateways(b)),
                                              .same_parameter = true,
                                              .in_time = true,
                                              .approved = random_below(r, 2),
                                              .immediate_danger = random_below(r, 2) };
    ask_by(below_or_none(r, bundle_n_agencies(b)), random_below(r, 2), q);
    ask_of(b, below_or_none(r, bundle_n_questions(b)), q);
}

static void point(struct request *q)
{
    q->f.consents = q->consents;
    q->f.shields = q->shields;
    q->f.overrides = q->overrides;
}

static void same(const struct bundle *b, const struct request *one, const struct request *other,
                 const char *what)
{
    static struct decision d, e;

    policy_decide(b, &one->f, &d);
    policy_decide(b, &other->f, &e);
    if (d.outcome != e.outcome || d.reason != e.reason || d.telling != e.telling ||
        d.basis != e.basis || d.n_holders != e.n_holders || d.grants != e.grants ||
        d.review_due != e.review_due ||
        memcmp(d.holders, e.holders, d.n_holders * sizeof(*d.holders)) != 0 ||
        memcmp(d.visibility, e.visibility, d.n_holders * sizeof(*d.visibility)) != 0 ||
        memcmp(d.factors, e.factors, d.n_holders * sizeof(*d.factors)) != 0)
        fail_msg("%s, seed %llu: %s of agencies %u, %u is %s; %s is %s", what,
                 (unsigned long long)seed, d.rule, one->f.agency, other->f.agency,
                 reason_word((enum reason)d.reason), e.rule, reason_word((enum reason)e.reason));
}

/* Asks about whom the answer leaves out: explore.c, asked_is_relative(). */
static bool leaves_out_own(const struct bundle *b, const struct facts *f)
{
    return f->involvement || bundle_question_at(b, f->question)->kind == QUESTION_COMPOSITE;
}

static unsigned like_questions(const struct bundle *b, const struct request *q)
{
    struct request other = *q;
    unsigned n = 0;

    point(&other);
    for (uint16_t i = 0; !q->f.involvement && i < bundle_n_questions(b); i++) {
        if (i == q->f.question || !bundle_questions_alike(b, q->f.purpose, q->f.question, i))
            continue;
        ask_of(b, i, &other);
        same(b, q, &other, "questions");
        n += bundle_lists(b, q->f.purpose, i);
    }
    return n;
}

static unsigned like_askers(const struct bundle *b, const struct request *q, bool named)
{
    struct request one = *q, other;
    unsigned n = 0;

    point(&one);
    ask_by(q->f.agency, named, &one);
    other = one;
    point(&other);
    for (uint16_t i = 0; i < bundle_n_agencies(b); i++) {
        if (i == q->f.agency ||
            !bundle_askers_alike(b, q->f.purpose, leaves_out_own(b, &q->f), q->f.agency, i))
            continue;
        ask_by(i, named, &other);
        same(b, &one, &other, "askers");
        n += bundle_place(b, i, q->f.purpose) >= PLACE_INSIGHT_ONLY;
    }
    return n;
}

static unsigned like_statements(const struct bundle *b, struct random *r, const struct request *q)
{
    struct request one = *q, other;
    unsigned n = 0;

    point(&one);
    one.f.n_overrides = (uint16_t)random_below(r, 2);
    other = one;
    point(&other);
    for (uint32_t stated = 0; stated < 16; stated++)
        if (stated != q->f.conditions &&
            bundle_statements_alike(b, q->f.purpose, q->f.day, q->f.conditions, stated)) {
            other.f.conditions = stated;
            same(b, &one, &other, "statements");
            n++;
        }
    return n;
}

static unsigned like_overrides(const struct bundle *b, const struct request *q)
{
    struct request none = *q, one = *q, other;
    unsigned n = 0;

    point(&none);
    point(&one);
    one.f.n_overrides = 1;
    if (policy_override_reach(b, &one.f, one.overrides) == POLICY_NONE)
        same(b, &one, &none, "overrides of no reach");
    other = one;
    point(&other);
    for (uint16_t g = 0; g < bundle_n_gateways(b); g++) {
        other.overrides[0].gateway = g;
        other.overrides[0].approved = !one.overrides[0].approved;
        if (policy_override_reach(b, &one.f, one.overrides) ==
            policy_override_reach(b, &other.f, other.overrides)) {
            same(b, &one, &other, "overrides");
            n++;
        }
    }
    return n;
}

static void requests_that_are_said_to_be_alike_are_decided_alike(void **state)
{
    static const char *const policies[] = { ALM_RULES "/england", ALM_SMALL_POLICY,
                                            ALM_COMPOSITE_POLICY, ALM_CASEWORK_POLICY };
    struct random r = { .state = seed };

    (void)state;
    for (size_t p = 0; p < ALM_LEN(policies); p++) {
        ALM_CLEANUP(conf_errors_freep) struct conf_errors *e = NULL;
        ALM_CLEANUP(buf_deinit) struct buf out = { 0 };
        ALM_CLEANUP(bundle_freep) struct bundle *b = NULL;
        unsigned n[4] = { 0 };

        buf_init(&out, 3 << 20);
        assert_int_equal(conf_errors_new(&e), 0);
        assert_int_equal(policy_compile(policies[p], e, &out), 0);
        assert_int_equal(bundle_decode(buf_view(&out), &b), 0);
        for (unsigned i = 0; i < REQUESTS; i++) {
            static struct request q;

            random_request(&r, b, &q);
            n[0] += like_questions(b, &q);
            n[1] += like_askers(b, &q, random_below(&r, 2));
            n[2] += like_statements(b, &r, &q);
            n[3] += like_overrides(b, &q);
        }
        print_message("# seed %llu: alike %u questions, %u askers, %u statements, %u overrides\n",
                      (unsigned long long)seed, n[0], n[1], n[2], n[3]);
        assert_true(n[1] > 0 && n[2] > 0 && n[3] > 0);
        assert_true(p > 0 || n[0] > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_are_alike_but_for_what_no_check_looks_at),
        cmocka_unit_test_setup_teardown(questions_not_listed_are_alike_whatever_they_are,
                                        fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(
            askers_are_alike_by_their_place_and_by_whom_they_would_leave_out, fixture_new,
            fixture_free),
        cmocka_unit_test(askers_of_whom_nobody_answers_leave_out_nobody),
        cmocka_unit_test_setup_teardown(
            statements_are_alike_where_every_gateway_in_force_takes_them_alike, fixture_new,
            fixture_free),
        cmocka_unit_test_setup_teardown(statements_count_for_overrides_where_one_may_be_had,
                                        fixture_new, fixture_free),
        cmocka_unit_test(an_override_reaches_what_its_gateway_covers_or_nothing),
        cmocka_unit_test(an_override_does_not_reach_a_class_that_its_gateway_excludes),
        cmocka_unit_test(requests_that_are_said_to_be_alike_are_decided_alike),
    };
    const char *given = getenv("ALM_SEED");

    if (crypto_init() < 0)
        return 1;
    seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
