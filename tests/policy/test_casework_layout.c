/* SPDX-License-Identifier: Apache-2.0 */
/* test_casework_layout.c - what a bundle's bytes may say of casework: a layout that decodes, and
 * one thing wrong with it at a time. */
#include "alloc_fail.h"
#include "engine/casework.h"
#include "engine/catalogue.h"
#include "fixture.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DAY 20000

/* A layout of casework; each test changes it. */
static struct draft {
    struct layout l;
    struct lay_agency agencies[2];
    struct lay_gateway gateway;
    struct lay_protocol protocol;
    struct lay_party party;
    struct lay_purpose purposes[2];
    struct lay_question questions[4]; /* holders, threshold, referral, a home */
    struct lay_service services[LAYOUT_SERVICES_MAX + 1];
    struct lay_permit permits[LAYOUT_PERMITS_MAX + 1];
    char names[LAYOUT_SERVICES_MAX + 1][16];
} draft;

static void start_services(struct draft *d)
{
    for (uint16_t i = 0; i <= LAYOUT_PERMITS_MAX; i++)
        d->permits[i] = (struct lay_permit){ .agency = 1,
                                             .role = 1,
                                             .steps = 31,
                                             .pounds = 100,
                                             .from = DAY,
                                             .until = DAY + 10,
                                             .agreed = "minute 1" };
    for (uint16_t i = 0; i <= LAYOUT_SERVICES_MAX; i++)
        d->services[i] = (struct lay_service){
            .s = { .id = d->names[i],
                   .title = "Service",
                   .contact = "desk",
                   .agency = 1,
                   .kinds = 63,
                   .n_needs = 2,
                   .needs = { 0, 2 },
                   .n_areas = 1,
                   .areas = { 1 },
                   .n_criteria = 1,
                   .criteria = { { .question = 0, .wanted = true } } },
            .n_permits = 1,
            .permits = d->permits,
        };
    d->l.services = d->services;
    d->l.n_services = 2;
}

static void start_rules(struct draft *d)
{
    static const char *const ids[] = { "asked", "fired", "state", "there" };

    for (uint16_t i = 0; i < 2; i++)
        d->purposes[i] = (struct lay_purpose){ .id = d->names[i],
                                               .title = "Purpose",
                                               .parent = POLICY_NONE,
                                               .from = DAY,
                                               .until = DAY + 100,
                                               .sensitive = SENSITIVE_NAMED,
                                               .pinning = i == 0,
                                               .roles = { 3 },
                                               .n_bases = 1 };
    for (uint16_t i = 0; i < 4; i++)
        d->questions[i] = (struct lay_question){ .id = ids[i],
                                                 .wording = "Question?",
                                                 .owner = "owner",
                                                 .decision = "decision",
                                                 .kind = QUESTION_HOLDERS,
                                                 .sectors = 1,
                                                 .purposes = { 1 } };
    d->questions[0].pin_days = 7;
    d->questions[1].kind = QUESTION_THRESHOLD;
    d->questions[1].threshold = (struct policy_threshold){ .levels = 15,
                                                           .min_agencies = 2,
                                                           .window_days = 90,
                                                           .categories = 5,
                                                           .bypass = 4,
                                                           .decide_role = "role-1",
                                                           .decide_hours = 300 };
    d->questions[2].kind = QUESTION_REFERRAL;
    d->questions[3].home_parameter = true;
    d->l.questions = d->questions;
    d->l.n_questions = 4;
    d->l.purposes = d->purposes;
    d->l.n_purposes = 2;
}

static void start(struct draft *d)
{
    static const char *const words[] = { "one", "two", "three" };
    static const char *const roles[] = { "role-0", "role-1" };

    memset(d, 0, sizeof(*d));
    for (uint16_t i = 0; i <= LAYOUT_SERVICES_MAX; i++)
        (void)snprintf(d->names[i], sizeof(d->names[i]), "id-%04u", (unsigned)i);
    d->l.id = "draft";
    d->l.name = "Draft";
    d->l.country = "england";
    for (size_t i = 0; i < 3; i++)
        d->l.areas[i] = d->l.categories[i] = d->l.needs[i] = words[i];
    d->l.n_areas = d->l.n_categories = d->l.n_needs = 3;
    d->l.sectors[0] = words[0];
    d->l.n_sectors = 1;
    d->l.roles[0] = roles[0];
    d->l.roles[1] = roles[1];
    d->l.n_roles = 2;
    for (uint16_t i = 0; i < 2; i++)
        d->agencies[i] = (struct lay_agency){ .id = d->names[i],
                                              .name = "Agency",
                                              .controller = "",
                                              .contact = "",
                                              .organisation = i,
                                              .regime = REGIME_UKGDPR,
                                              .areas = i ? 2 : 0 };
    d->l.agencies = d->agencies;
    d->l.n_agencies = 2;
    d->gateway = (struct lay_gateway){ .id = "law",
                                       .title = "Gateway",
                                       .statute = "Act",
                                       .section = "",
                                       .from = DAY,
                                       .until = POLICY_DAY_NONE,
                                       .kind = GATEWAY_DUTY };
    d->l.gateways = &d->gateway;
    d->l.n_gateways = 1;
    d->party = (struct lay_party){ 0, ASK_FULL, true };
    d->protocol = (struct lay_protocol){ .id = "protocol",
                                         .title = "Protocol",
                                         .from = DAY,
                                         .until = DAY + 100,
                                         .review = DAY,
                                         .n_parties = 1,
                                         .parties = &d->party };
    d->l.protocols = &d->protocol;
    d->l.n_protocols = 1;
    start_rules(d);
    start_services(d);
    d->l.concerns = (struct policy_concern_rules){ .most_days = 100, .closed_days = 50 };
    d->l.referrals = (struct policy_referral_rules){ .made = { 1, 2, 4, 8, 16, 32 },
                                                     .decide_days = 10,
                                                     .info_days = 11,
                                                     .feedback_days = 12,
                                                     .expire_days = 13,
                                                     .undelivered_days = 14,
                                                     .loop_days = 15,
                                                     .decide_role = "role-0" };
    d->l.limits = (struct policy_limits){ 1, 70000, 3 };
    d->l.wordings[0] = (struct lay_wording){ .id = "w-1", .from = DAY, .until = DAY };
    d->l.wordings[1] = (struct lay_wording){ .id = "w-2", .from = DAY, .until = POLICY_DAY_NONE };
    d->l.n_wordings = 2;
    d->l.pilot = 1;
    d->l.control = 6;
}

static int decode(const struct draft *d, struct bundle **out)
{
    ALM_CLEANUP(buf_deinit) struct buf bytes = { 0 };

    buf_init(&bytes, LAYOUT_BUNDLE_MAX);
    assert_int_equal(layout_encode(&d->l, &bytes), 0);
    return bundle_decode(buf_view(&bytes), out);
}

static void expect(const struct draft *d, const char *what, int wanted)
{
    struct bundle *b = NULL;
    int r = decode(d, &b);

    if (r != wanted)
        fail_msg("%d where %d was expected: %s", r, wanted, what);
    bundle_free(b);
}

#define TRY(change, wanted)                                                                        \
    do {                                                                                           \
        start(&draft);                                                                             \
        change;                                                                                    \
        expect(&draft, #change, wanted);                                                           \
    } while (0)
#define GOOD(change) TRY(change, 0)
#define BAD(change)  TRY(change, -EBADMSG)

static void what_was_written_of_casework_is_what_is_read(void **state)
{
    const struct policy_referral_rules *r;
    const struct policy_threshold *t;
    const struct policy_service *s;
    struct bundle *b = NULL;
    int32_t from, until;

    (void)state;
    start(&draft);
    assert_int_equal(decode(&draft, &b), 0);
    t = &bundle_question_at(b, 1)->threshold;
    assert_int_equal(t->levels, 15);
    assert_int_equal(t->categories, 5);
    assert_int_equal(t->bypass, 4);
    assert_string_equal(t->decide_role, "role-1");
    assert_int_equal(t->decide_hours, 300);
    assert_false(t->independent || t->own_count || t->named);
    assert_int_equal(bundle_question_at(b, 0)->pin_days, 7);
    assert_true(bundle_purpose_at(b, 0)->pinning);
    assert_false(bundle_purpose_at(b, 1)->pinning);
    r = bundle_referral_rules(b);
    for (unsigned k = 0; k < REFERRAL_KINDS; k++)
        assert_int_equal(r->made[k], 1u << k);
    assert_int_equal(r->decide_days, 10);
    assert_int_equal(r->info_days, 11);
    assert_int_equal(r->feedback_days, 12);
    assert_int_equal(r->expire_days, 13);
    assert_int_equal(r->undelivered_days, 14);
    assert_int_equal(r->loop_days, 15);
    assert_string_equal(r->decide_role, "role-0");
    assert_int_equal(bundle_concern_rules(b)->most_days, 100);
    assert_int_equal(bundle_concern_rules(b)->closed_days, 50);
    assert_int_equal(bundle_limits(b)->practitioner, 1);
    assert_int_equal(bundle_limits(b)->agency, 70000);
    assert_int_equal(bundle_limits(b)->subject, 3);
    assert_int_equal(bundle_area_arm(b, 0), AREA_PILOT);
    assert_int_equal(bundle_area_arm(b, 2), AREA_CONTROL);
    assert_string_equal(bundle_wording_at(b, 1, &from, &until), "w-2");
    assert_int_equal(bundle_n_services(b), 2);
    s = bundle_service_at(b, 1);
    assert_string_equal(s->id, "id-0001");
    assert_string_equal(s->title, "Service");
    assert_string_equal(s->contact, "desk");
    assert_int_equal(s->agency, 1);
    assert_int_equal(s->kinds, 63);
    assert_int_equal(s->n_needs, 2);
    assert_int_equal(s->needs[1], 2);
    assert_int_equal(s->n_areas, 1);
    assert_int_equal(s->areas[0], 1);
    assert_int_equal(s->n_criteria, 1);
    assert_true(s->criteria[0].wanted);
    for (unsigned step = SERVICE_ELIGIBILITY; step <= SERVICE_BOOK; step++)
        assert_true(bundle_service_permits(b, 1, 1, 1, (enum service_step)step, DAY, 100));
    bundle_free(b);
}

static void each_flag_of_a_threshold_is_its_own(void **state)
{
    (void)state;
    for (unsigned flag = 0; flag < 3; flag++) {
        const struct policy_threshold *t;
        struct bundle *b = NULL;

        start(&draft);
        draft.questions[1].threshold.independent = flag == 0;
        draft.questions[1].threshold.own_count = flag == 1;
        draft.questions[1].threshold.named = flag == 2;
        assert_int_equal(decode(&draft, &b), 0);
        t = &bundle_question_at(b, 1)->threshold;
        assert_int_equal(t->independent, flag == 0);
        assert_int_equal(t->own_count, flag == 1);
        assert_int_equal(t->named, flag == 2);
        bundle_free(b);
    }
}

static void each_step_of_a_permission_is_its_own(void **state)
{
    (void)state;
    for (unsigned given = SERVICE_ELIGIBILITY; given <= SERVICE_BOOK; given++) {
        struct bundle *b = NULL;

        start(&draft);
        draft.permits[0].steps = (uint8_t)(1u << (given - 1));
        assert_int_equal(decode(&draft, &b), 0);
        for (unsigned step = 0; step <= SERVICE_BOOK + 1; step++)
            assert_int_equal(bundle_service_permits(b, 0, 1, 1, (enum service_step)step, DAY, 0),
                             step == given);
        bundle_free(b);
    }
}

static void an_index_of_casework_must_be_one_that_is_there(void **state)
{
    (void)state;
    GOOD(draft.services[1].s.agency = 0);
    BAD(draft.services[1].s.agency = 2);
    BAD(draft.services[1].s.agency = POLICY_NONE);
    BAD(draft.services[1].s.needs[1] = 3);
    BAD(draft.services[1].s.areas[0] = 3);
    BAD(draft.services[1].s.areas[0] = POLICY_NONE);
    BAD(draft.services[1].s.criteria[0].question = 4);
    BAD(draft.services[1].s.criteria[0].question = POLICY_NONE);
    GOOD(draft.permits[0].agency = 0);
    BAD(draft.permits[0].agency = 2);
    BAD(draft.permits[0].agency = POLICY_NONE);
    GOOD(draft.permits[0].role = 0);
    BAD(draft.permits[0].role = 2);
    BAD(draft.permits[0].role = POLICY_NONE);
    GOOD(draft.questions[1].threshold.decide_role = "");
    GOOD(draft.questions[1].threshold.decide_role = "role-0");
    BAD(draft.questions[1].threshold.decide_role = "role-2");
    GOOD(draft.l.referrals.decide_role = "");
    GOOD(draft.l.referrals.decide_role = NULL);
    BAD(draft.l.referrals.decide_role = "one");
}

static void bits_of_casework_stand_only_for_what_is_declared(void **state)
{
    (void)state;
    GOOD(draft.questions[1].threshold.categories = 7);
    BAD(draft.questions[1].threshold.categories = 8);
    GOOD(draft.questions[1].threshold.categories = UINT64_MAX);
    BAD(draft.questions[1].threshold.categories = UINT64_MAX - 1);
    BAD(draft.questions[1].threshold.categories = UINT64_C(1) << 63);
    GOOD(draft.l.control = 0);
    BAD(draft.l.control = 8);
    BAD(draft.l.pilot = 9);
    BAD(draft.l.pilot = 3); /* pilot and control */
    GOOD((draft.l.pilot = 7, draft.l.control = 0));
    GOOD(draft.services[0].s.kinds = 1);
    BAD(draft.services[0].s.kinds = 0);
    BAD(draft.services[0].s.kinds = 64);
    GOOD(draft.permits[0].steps = 1);
    BAD(draft.permits[0].steps = 0);
    BAD(draft.permits[0].steps = 32);
    for (unsigned k = 0; k < REFERRAL_KINDS; k++) {
        GOOD(draft.l.referrals.made[k] = 63);
        GOOD(draft.l.referrals.made[k] = 0);
        BAD(draft.l.referrals.made[k] = 64);
    }
}

static void as_many_categories_as_bits(void **state)
{
    (void)state;
    start(&draft);
    for (uint16_t i = 0; i < 64; i++)
        draft.l.categories[i] = draft.names[i];
    draft.l.n_categories = 64;
    draft.questions[1].threshold.categories = UINT64_C(1) << 63 | 1;
    expect(&draft, "64 categories", 0);
    draft.l.n_categories = 63;
    expect(&draft, "63 categories and the 64th counted", -EBADMSG);
}

static void numbers_of_casework_keep_to_their_ranges(void **state)
{
    struct policy_referral_rules *r = &draft.l.referrals;

    (void)state;
    GOOD(draft.questions[0].pin_days = 3660);
    BAD(draft.questions[0].pin_days = 3661);
    GOOD(draft.questions[0].stage = 1);
    BAD(draft.questions[0].stage = 2);
    GOOD(draft.questions[1].threshold.bypass = 0);
    BAD(draft.questions[1].threshold.bypass = 5);
    GOOD(draft.l.concerns.most_days = 3660);
    BAD(draft.l.concerns.most_days = 3661);
    GOOD(draft.l.concerns.most_days = 1);
    GOOD(draft.l.concerns.closed_days = 1);
    GOOD(draft.l.concerns.closed_days = 3660);
    BAD(draft.l.concerns.closed_days = 0);
    BAD(draft.l.concerns.closed_days = 3661);
    GOOD(r->decide_days = 1);
    GOOD(r->decide_days = 3660);
    BAD(r->decide_days = 3661);
    GOOD(r->info_days = 1);
    BAD(r->info_days = 0);
    BAD(r->info_days = 3661);
    GOOD(r->feedback_days = 1);
    BAD(r->feedback_days = 0);
    BAD(r->feedback_days = 3661);
    GOOD(r->expire_days = 1);
    BAD(r->expire_days = 0);
    BAD(r->expire_days = 3661);
    GOOD(r->undelivered_days = 1);
    BAD(r->undelivered_days = 0);
    BAD(r->undelivered_days = 3661);
    GOOD(r->loop_days = 0);
    BAD(r->loop_days = 3661);
    GOOD(draft.l.limits.agency = UINT32_MAX);
    GOOD(draft.permits[0].pounds = UINT32_MAX);
}

static void a_layout_that_leaves_the_rules_out_means_the_usual_ones(void **state)
{
    struct bundle *b = NULL;

    (void)state;
    start(&draft);
    memset(&draft.l.concerns, 0, sizeof(draft.l.concerns));
    memset(&draft.l.referrals, 0, sizeof(draft.l.referrals));
    assert_int_equal(decode(&draft, &b), 0);
    assert_memory_equal(bundle_concern_rules(b), &casework_concerns, sizeof(casework_concerns));
    assert_int_equal(bundle_referral_rules(b)->decide_days, casework_referrals.decide_days);
    assert_int_equal(bundle_referral_rules(b)->made[5], casework_referrals.made[5]);
    bundle_free(b);
}

static void lists_of_a_service_are_bounded(void **state)
{
    (void)state;
    GOOD(draft.services[0].s.n_needs = 16);
    BAD(draft.services[0].s.n_needs = 0);
    GOOD(draft.services[0].s.n_areas = 0);
    GOOD(draft.services[0].s.n_areas = 16);
    GOOD(draft.services[0].s.n_criteria = 0);
    GOOD(draft.services[0].s.n_criteria = 16);
    GOOD(draft.services[0].n_permits = 0);
    GOOD(draft.services[0].n_permits = LAYOUT_PERMITS_MAX);
    BAD(draft.services[0].n_permits = LAYOUT_PERMITS_MAX + 1);
    GOOD(draft.l.n_services = 0);
    GOOD(draft.l.n_services = LAYOUT_SERVICES_MAX);
    BAD(draft.l.n_services = LAYOUT_SERVICES_MAX + 1);
}

static void days_of_casework_are_within_the_calendar_and_in_order(void **state)
{
    (void)state;
    GOOD(draft.permits[0].until = DAY);
    GOOD(draft.permits[0].until = POLICY_DAY_NONE);
    BAD(draft.permits[0].until = DAY - 1);
    BAD(draft.permits[0].from = POLICY_DAY_NONE);
    BAD(draft.permits[0].until = 376201);
    GOOD(draft.l.wordings[0].until = POLICY_DAY_NONE);
    BAD(draft.l.wordings[0].until = DAY - 1);
    BAD(draft.l.wordings[0].from = POLICY_DAY_NONE);
    BAD(draft.l.wordings[1].id = "");
    BAD(draft.l.wordings[1].id = "A");
}

static void ids_of_casework_are_there_once_and_texts_are_texts(void **state)
{
    (void)state;
    BAD(draft.services[1].s.id = "id-0000");
    BAD(draft.services[1].s.id = "No Id");
    BAD(draft.services[1].s.title = "\xff");
    BAD(draft.services[1].s.contact = "\xff");
    BAD(draft.permits[0].agreed = "\xff");
    GOOD(draft.permits[0].agreed = NULL);
    BAD(draft.l.categories[1] = "one");
    BAD(draft.l.areas[1] = "one");
    BAD(draft.l.needs[1] = "one");
    BAD(draft.l.needs[1] = "No Id");
    BAD(draft.l.categories[2] = "");
}

static void a_criterion_is_a_question_that_holders_answer(void **state)
{
    (void)state;
    BAD(draft.services[1].s.criteria[0].question = 1); /* a threshold */
    BAD(draft.services[1].s.criteria[0].question = 2); /* a referral's state */
    BAD(draft.services[1].s.criteria[0].question = 3); /* asks about a home */
    BAD(draft.questions[0].closed_class = true);
    BAD((draft.services[0].s.n_criteria = 2, draft.services[0].s.criteria[1].question = 1));
}

static void nothing_is_pinned_for_a_purpose_that_does_not_allow_it(void **state)
{
    (void)state;
    GOOD(draft.questions[0].purposes[0] = 0);
    BAD(draft.questions[0].purposes[0] = 2);
    BAD(draft.questions[0].purposes[0] = 3);
    GOOD((draft.questions[0].purposes[0] = 3, draft.questions[0].pin_days = 0));
    GOOD((draft.questions[0].purposes[0] = 3, draft.purposes[1].pinning = true));
    BAD(draft.purposes[0].pinning = false);
    BAD(draft.questions[1].pin_days = 1);
    BAD(draft.questions[2].pin_days = 1);
}

/* Areas of every number, and no more than there are. */
static void the_last_of_sixty_four_areas_counts_as_the_first(void **state)
{
    struct bundle *b = NULL;

    (void)state;
    start(&draft);
    for (uint16_t i = 0; i < 64; i++)
        draft.l.areas[i] = draft.names[i];
    draft.l.n_areas = 64;
    draft.l.pilot = UINT64_C(1) << 63 | 1u << 5;
    draft.l.control = UINT64_C(1) << 62;
    draft.agencies[1].areas = UINT64_C(1) << 63;
    assert_int_equal(decode(&draft, &b), 0);
    for (uint16_t i = 0; i <= 64; i++) {
        assert_int_equal(bundle_area_arm(b, i), i == 63 || i == 5 ? AREA_PILOT
                                                : i == 62         ? AREA_CONTROL
                                                                  : AREA_NEITHER);
        assert_int_equal(bundle_agency_in(b, 1, i), i == 63);
    }
    bundle_free(b);
}

/* The first agency may take a step; one that is not there is not the first. */
static void an_agency_out_of_range_is_no_agency_of_a_permission(void **state)
{
    struct bundle *b = NULL;

    (void)state;
    start(&draft);
    draft.permits[0].agency = 0;
    assert_int_equal(decode(&draft, &b), 0);
    assert_true(bundle_service_permits(b, 0, 0, 1, SERVICE_BOOK, DAY, 0));
    assert_false(bundle_service_permits(b, 0, 2, 1, SERVICE_BOOK, DAY, 0));
    assert_false(bundle_agency_in(b, 2, 0));
    bundle_free(b);
}

static void every_purpose_of_a_pinned_question_must_allow_it(void **state)
{
    static struct lay_purpose purposes[LAYOUT_PURPOSES_MAX];

    (void)state;
    start(&draft);
    for (uint16_t i = 0; i < LAYOUT_PURPOSES_MAX; i++) {
        purposes[i] = draft.purposes[0];
        purposes[i].id = draft.names[i];
    }
    draft.l.purposes = purposes;
    draft.l.n_purposes = LAYOUT_PURPOSES_MAX;
    draft.questions[0].purposes[0] = draft.questions[0].purposes[1] = UINT64_MAX;
    expect(&draft, "all allow it", 0);
    for (uint16_t i = 0; i < LAYOUT_PURPOSES_MAX; i++) {
        purposes[i].pinning = false;
        expect(&draft, "one does not", -EBADMSG);
        draft.questions[0].purposes[i / 64] ^= UINT64_C(1) << (i % 64);
        expect(&draft, "and does not list it", 0);
        draft.questions[0].purposes[i / 64] ^= UINT64_C(1) << (i % 64);
        purposes[i].pinning = true;
    }
}

/* Whatever byte rots, or is missing: refused, or a bundle that can be read without harm. */
static void every_changed_or_missing_byte_is_refused_or_harmless(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf bytes = { 0 };

    (void)state;
    start(&draft);
    buf_init(&bytes, LAYOUT_BUNDLE_MAX);
    assert_int_equal(layout_encode(&draft.l, &bytes), 0);
    for (size_t i = 0; i < bytes.len; i++) {
        struct bundle *b = NULL;
        int r;

        assert_int_equal(bundle_decode(bytes_of(bytes.data, i), &b), -EBADMSG);
        for (unsigned flip = 1; flip < 256; flip += flip == 1 ? 254 : 1) {
            bytes.data[i] ^= (uint8_t)flip;
            r = bundle_decode(buf_view(&bytes), &b);
            assert_true(r == 0 || r == -EBADMSG);
            for (uint16_t s = 0; r == 0 && s < bundle_n_services(b); s++)
                (void)bundle_service_permits(b, s, 1, 1, SERVICE_BOOK, DAY, 0);
            b = bundle_free(b);
            bytes.data[i] ^= (uint8_t)flip;
        }
    }
}

static void each_failed_allocation_of_a_decode_is_reported(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf bytes = { 0 };
    struct bundle *b = NULL;
    long n = 0;

    (void)state;
    start(&draft);
    buf_init(&bytes, LAYOUT_BUNDLE_MAX);
    assert_int_equal(layout_encode(&draft.l, &bytes), 0);
    for (;; n++) {
        int r;

        alloc_fail_nth(n);
        r = bundle_decode(buf_view(&bytes), &b);
        if (!alloc_failed())
            break;
        assert_int_equal(r, -ENOMEM);
        assert_null(b);
    }
    alloc_fail_nth(-1);
    assert_non_null(b);
    assert_true(n > 20);
    bundle_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_of_casework_is_what_is_read),
        cmocka_unit_test(each_flag_of_a_threshold_is_its_own),
        cmocka_unit_test(each_step_of_a_permission_is_its_own),
        cmocka_unit_test(an_index_of_casework_must_be_one_that_is_there),
        cmocka_unit_test(bits_of_casework_stand_only_for_what_is_declared),
        cmocka_unit_test(as_many_categories_as_bits),
        cmocka_unit_test(numbers_of_casework_keep_to_their_ranges),
        cmocka_unit_test(a_layout_that_leaves_the_rules_out_means_the_usual_ones),
        cmocka_unit_test(lists_of_a_service_are_bounded),
        cmocka_unit_test(days_of_casework_are_within_the_calendar_and_in_order),
        cmocka_unit_test(ids_of_casework_are_there_once_and_texts_are_texts),
        cmocka_unit_test(a_criterion_is_a_question_that_holders_answer),
        cmocka_unit_test(nothing_is_pinned_for_a_purpose_that_does_not_allow_it),
        cmocka_unit_test(the_last_of_sixty_four_areas_counts_as_the_first),
        cmocka_unit_test(an_agency_out_of_range_is_no_agency_of_a_permission),
        cmocka_unit_test(every_purpose_of_a_pinned_question_must_allow_it),
        cmocka_unit_test(every_changed_or_missing_byte_is_refused_or_harmless),
        cmocka_unit_test(each_failed_allocation_of_a_decode_is_reported),
    };

    if (crypto_init() < 0)
        return 70;
    return cmocka_run_group_tests_name("casework_layout", tests, NULL, NULL);
}
