/* SPDX-License-Identifier: Apache-2.0 */
/* test_layout.c - what a bundle's bytes may say: a layout that decodes, and one thing wrong with it
 * at a time. The bytes come from a database, so nothing is assumed. */
#include "engine/layout.h"
#include "fixture.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DAY  20000
#define MANY 513 /* one more than the most of anything */

/* A small layout that decodes; each test changes it. */
struct draft {
    struct layout l;
    struct lay_agency agencies[MANY];
    struct lay_gateway gateways[3];
    struct lay_protocol protocols[2];
    struct lay_party parties[2][MANY];
    struct lay_purpose purposes[LAYOUT_PURPOSES_MAX];
    struct lay_question questions[3];
    char names[MANY][16];
};
static struct draft draft;

static void fill_rules(struct draft *d)
{
    for (uint16_t i = 0; i < LAYOUT_PURPOSES_MAX; i++)
        d->purposes[i] = (struct lay_purpose){
            .id = d->names[i],
            .title = "Purpose",
            .parent = i ? (uint16_t)(i - 1) : POLICY_NONE,
            .protocol = i % 2,
            .from = DAY,
            .until = DAY + 100,
            .within_days = (uint16_t)(30 + i),
            .consent = i == 1,
            .relationship = i == 1,
            .self_claimed = i == 2,
            .involvement = i == 3,
            .sensitive = SENSITIVE_MASKED,
            .past_shield = (uint8_t)(i % 4),
            .roles = { 3 },
            .n_bases = 1,
            .bases = { i == 1 ? 1 : 0 },
        };
    for (uint16_t i = 0; i < 3; i++)
        d->questions[i] = (struct lay_question){
            .id = d->names[i],
            .wording = "Question?",
            .owner = "owner",
            .decision = "decision",
            .kind = (uint8_t)(QUESTION_HOLDERS + i),
            .sectors = 3,
            .purposes = { 15 },
            .data_class = (uint8_t)i,
            .look_back_days = 365,
            .deadline_ms = 2000,
            .threshold = { .household = i == 1,
                           .levels = i == 1 ? 7 : 0,
                           .min_agencies = 3,
                           .window_days = 180 },
        };
}

static void start(struct draft *d)
{
    static const char *const words[] = { "one", "two", "three" };

    memset(d, 0, sizeof(*d));
    for (uint16_t i = 0; i < MANY; i++)
        snprintf(d->names[i], sizeof(d->names[i]), "id-%04u", (unsigned)i);
    for (size_t i = 0; i < 3; i++)
        d->l.sectors[i] = d->l.areas[i] = d->l.roles[i] = d->l.data_classes[i] = words[i];
    d->l.id = "draft";
    d->l.name = "Draft";
    d->l.country = "england";
    d->l.n_sectors = d->l.n_areas = d->l.n_roles = d->l.n_data_classes = 3;
    d->l.agencies = d->agencies;
    d->l.n_agencies = 3;
    for (uint16_t i = 0; i < MANY; i++)
        d->agencies[i] = (struct lay_agency){ .id = d->names[i],
                                              .name = "Agency",
                                              .controller = "",
                                              .contact = "",
                                              .sector = i % 3,
                                              .organisation = i,
                                              .regime = REGIME_UKGDPR };
    d->l.gateways = d->gateways;
    d->l.n_gateways = 3;
    for (uint16_t i = 0; i < 3; i++)
        d->gateways[i] = (struct lay_gateway){ .id = d->names[i],
                                               .title = "Gateway",
                                               .statute = "Act",
                                               .section = "",
                                               .from = DAY - 1000,
                                               .until = POLICY_DAY_NONE,
                                               .kind = (uint8_t)(GATEWAY_DUTY + i) };
    d->l.protocols = d->protocols;
    d->l.n_protocols = 2;
    for (uint16_t i = 0; i < 2; i++) {
        for (uint16_t a = 0; a < MANY; a++)
            d->parties[i][a] = (struct lay_party){ a, ASK_FULL, true };
        d->protocols[i] = (struct lay_protocol){ .id = d->names[i],
                                                 .title = "Protocol",
                                                 .from = DAY,
                                                 .until = DAY + 100,
                                                 .review = DAY + 50,
                                                 .n_parties = 2,
                                                 .parties = d->parties[i] };
    }
    d->l.purposes = d->purposes;
    d->l.n_purposes = 4;
    d->l.questions = d->questions;
    d->l.n_questions = 3;
    fill_rules(d);
}

static int decode(const struct draft *d, struct bundle **out)
{
    ALM_CLEANUP(buf_deinit) struct buf bytes = { 0 };

    buf_init(&bytes, LAYOUT_BUNDLE_MAX);
    assert_int_equal(layout_encode(&d->l, &bytes), 0);
    return bundle_decode(buf_view(&bytes), out);
}

static void expect_decodes(const struct draft *d, const char *what)
{
    struct bundle *b = NULL;
    int r = decode(d, &b);

    if (r != 0)
        fail_msg("refused (%d): %s", r, what);
    bundle_free(b);
}

static void expect_refused(const struct draft *d, const char *what)
{
    struct bundle *b = NULL;
    int r = decode(d, &b);

    if (r != -EBADMSG)
        fail_msg("%d and not refused: %s", r, what);
    assert_null(b);
}

#define GOOD(change)                                                                               \
    do {                                                                                           \
        start(&draft);                                                                             \
        change;                                                                                    \
        expect_decodes(&draft, #change);                                                           \
    } while (0)
#define BAD(change)                                                                                \
    do {                                                                                           \
        start(&draft);                                                                             \
        change;                                                                                    \
        expect_refused(&draft, #change);                                                           \
    } while (0)

static void an_index_must_be_one_that_is_there(void **state)
{
    (void)state;
    GOOD(draft.agencies[0].sector = 2);
    BAD(draft.agencies[0].sector = 3);
    BAD(draft.agencies[0].sector = POLICY_NONE);
    GOOD(draft.agencies[0].organisation = 2);
    BAD(draft.agencies[0].organisation = 3);
    BAD(draft.agencies[0].organisation = POLICY_NONE);
    GOOD(draft.purposes[3].parent = POLICY_NONE);
    BAD(draft.purposes[3].parent = 4);
    GOOD(draft.purposes[3].protocol = 0);
    BAD(draft.purposes[3].protocol = 2);
    BAD(draft.purposes[3].protocol = POLICY_NONE);
    GOOD(draft.purposes[3].bases[0] = 2);
    BAD(draft.purposes[3].bases[0] = 3);
    BAD(draft.purposes[3].bases[0] = POLICY_NONE);
    BAD(draft.parties[0][1].agency = 3);
    BAD(draft.parties[0][1].agency = POLICY_NONE);
    GOOD(draft.questions[0].data_class = 3);
    BAD(draft.questions[0].data_class = 4);
    BAD(draft.questions[0].data_class = 255);
}

static void bits_stand_only_for_what_is_declared(void **state)
{
    (void)state;
    GOOD(draft.agencies[0].areas = 7);
    BAD(draft.agencies[0].areas = 8);
    BAD(draft.agencies[0].areas = UINT64_C(1) << 63);
    GOOD(draft.gateways[0].excluded_sectors = 7);
    BAD(draft.gateways[0].excluded_sectors = 8);
    GOOD(draft.gateways[0].excluded_classes = 7);
    BAD(draft.gateways[0].excluded_classes = 8);
    GOOD(draft.questions[0].sectors = 7);
    BAD(draft.questions[0].sectors = 8);
    GOOD(draft.l.shield_owners = 7);
    BAD(draft.l.shield_owners = 8);
    GOOD(draft.questions[0].purposes[0] = 15);
    BAD(draft.questions[0].purposes[0] = 16);
    BAD(draft.questions[0].purposes[1] = 1);
    GOOD(draft.purposes[0].roles[0] = 7);
    BAD(draft.purposes[0].roles[0] = 8);
    BAD(draft.purposes[0].roles[1] = 1);
    BAD(draft.purposes[0].roles[3] = UINT64_C(1) << 63);
}

static void an_override_is_for_what_is_declared_and_for_reasons_of_consent(void **state)
{
    struct policy_override_rules *o = &draft.l.overrides;

    (void)state;
    GOOD(o->purposes[0] = 15);
    BAD(o->purposes[0] = 16);
    BAD(o->purposes[1] = 1);
    GOOD(o->alone[0] = 15);
    BAD(o->alone[0] = 16);
    BAD(o->alone[1] = 1);
    GOOD(o->past_sensitive[0] = 15);
    BAD(o->past_sensitive[0] = 16);
    BAD(o->past_sensitive[1] = 1);
    GOOD(o->gateways[0] = 7);
    BAD(o->gateways[0] = 8);
    BAD(o->gateways[1] = 1);
    GOOD((draft.l.n_purposes = 65, o->purposes[1] = 1));
    BAD((draft.l.n_purposes = 65, o->purposes[1] = 2));
    GOOD((draft.l.n_purposes = 64, o->purposes[0] = UINT64_MAX));
    BAD((draft.l.n_purposes = 63, o->purposes[0] = UINT64_MAX));
    for (unsigned r = 0; r < 32; r++) {
        bool ours = r >= REASON_NO_CONSENT && r <= REASON_CONSENT_SCOPE;

        if (ours)
            GOOD(o->reasons = 1u << r);
        else
            BAD(o->reasons = 1u << r);
    }
    GOOD(o->approvers = APPROVER_HUBS | APPROVER_HOLDERS);
    BAD(o->approvers = 255);
}

static void add_roles(struct draft *d, uint16_t n)
{
    for (uint16_t i = 0; i < n; i++)
        d->l.roles[i] = d->names[i];
    d->l.n_roles = n;
}

static void add_sectors(struct draft *d, uint16_t n)
{
    for (uint16_t i = 0; i < n; i++)
        d->l.sectors[i] = d->names[i];
    d->l.n_sectors = n;
}

static void wide_bits_reach_to_the_last_declared_and_no_further(void **state)
{
    static const struct {
        uint16_t n;
        size_t word;
        uint64_t last, beyond; /* in the word; beyond 0: the next word's first */
    } edges[] = {
        { 63, 0, UINT64_C(1) << 62, UINT64_C(1) << 63 },
        { 64, 0, UINT64_C(1) << 63, 0 },
        { 65, 1, 1, 2 },
        { 127, 1, UINT64_C(1) << 62, UINT64_C(1) << 63 },
        { 128, 1, UINT64_C(1) << 63, 0 },
        { 129, 2, 1, 2 },
        { 192, 2, UINT64_C(1) << 63, 0 },
        { 256, 3, UINT64_C(1) << 63, 0 },
    };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(edges); i++) {
        GOOD((add_roles(&draft, edges[i].n),
              draft.purposes[0].roles[edges[i].word] = edges[i].last));
        if (edges[i].beyond)
            BAD((add_roles(&draft, edges[i].n),
                 draft.purposes[0].roles[edges[i].word] = edges[i].beyond));
        else if (edges[i].word < 3)
            BAD((add_roles(&draft, edges[i].n), draft.purposes[0].roles[edges[i].word + 1] = 1));
    }
    GOOD((add_sectors(&draft, 64), draft.l.shield_owners = UINT64_MAX));
    GOOD((add_sectors(&draft, 63), draft.l.shield_owners = UINT64_MAX >> 1));
    BAD((add_sectors(&draft, 63), draft.l.shield_owners = UINT64_MAX));
}

static void days_are_within_the_calendar_and_in_order(void **state)
{
    (void)state;
    GOOD(draft.gateways[0].from = -25567);
    BAD(draft.gateways[0].from = -25568);
    GOOD(draft.gateways[0].from = 376200);
    BAD(draft.gateways[0].from = 376201);
    BAD(draft.gateways[0].from = POLICY_DAY_NONE);
    GOOD(draft.gateways[0].until = DAY);
    GOOD(draft.gateways[0].until = draft.gateways[0].from);
    BAD(draft.gateways[0].until = draft.gateways[0].from - 1);
    BAD(draft.gateways[0].until = 376201);
    GOOD(draft.protocols[0].until = draft.protocols[0].from);
    BAD(draft.protocols[0].until = draft.protocols[0].from - 1);
    BAD(draft.protocols[0].from = POLICY_DAY_NONE);
    BAD(draft.protocols[0].until = POLICY_DAY_NONE);
    BAD(draft.protocols[0].review = POLICY_DAY_NONE);
    GOOD(draft.purposes[0].until = draft.purposes[0].from);
    BAD(draft.purposes[0].until = draft.purposes[0].from - 1);
    BAD(draft.purposes[0].from = POLICY_DAY_NONE);
    BAD(draft.purposes[0].until = POLICY_DAY_NONE);
}

static void words_are_those_of_the_language(void **state)
{
    (void)state;
    GOOD(draft.agencies[0].regime = REGIME_LAW_ENFORCEMENT);
    BAD(draft.agencies[0].regime = REGIME_ANY);
    BAD(draft.agencies[0].regime = 3);
    GOOD(draft.gateways[0].regime = REGIME_LAW_ENFORCEMENT);
    BAD(draft.gateways[0].regime = 3);
    BAD(draft.gateways[0].kind = 0);
    BAD(draft.gateways[0].kind = 4);
    GOOD(draft.gateways[0].countries = 0);
    GOOD(draft.gateways[0].countries = 15);
    BAD(draft.gateways[0].countries = 16);
    GOOD(draft.gateways[0].conditions = UINT32_MAX);
    GOOD(draft.parties[0][0].ask = ASK_NO);
    BAD(draft.parties[0][0].ask = 3);
    GOOD(draft.purposes[0].sensitive = SENSITIVE_HIDDEN);
    GOOD(draft.purposes[0].sensitive = SENSITIVE_NAMED);
    BAD(draft.purposes[0].sensitive = 0);
    BAD(draft.purposes[0].sensitive = 4);
    GOOD(draft.purposes[0].past_shield = 3);
    BAD(draft.purposes[0].past_shield = 4);
    BAD(draft.questions[0].kind = 0);
    BAD(draft.questions[0].kind = 200);
    GOOD(draft.questions[1].threshold.levels = 15);
    BAD(draft.questions[1].threshold.levels = 16);
}

static void parties_are_sorted_once_each_and_agencies_all(void **state)
{
    (void)state;
    GOOD(draft.protocols[0].n_parties = 3);
    GOOD(draft.protocols[0].n_parties = 0);
    BAD(draft.protocols[0].n_parties = 4);
    BAD(draft.parties[0][1].agency = 0);
    BAD((draft.parties[0][0].agency = 1, draft.parties[0][1].agency = 0));
    BAD((draft.protocols[0].n_parties = 3, draft.parties[0][1].agency = 2,
         draft.parties[0][2].agency = 1));
}

static void teams_are_one_deep_and_purposes_a_tree(void **state)
{
    (void)state;
    GOOD((draft.agencies[1].organisation = 0, draft.agencies[2].organisation = 0));
    BAD((draft.agencies[1].organisation = 0, draft.agencies[2].organisation = 1));
    BAD((draft.agencies[0].organisation = 1, draft.agencies[1].organisation = 0));
    BAD((draft.agencies[0].organisation = 1, draft.agencies[1].organisation = 2));
    BAD(draft.purposes[0].parent = 0);
    BAD(draft.purposes[0].parent = 3);
    BAD((draft.purposes[2].parent = 3, draft.purposes[3].parent = 2));
    BAD((draft.purposes[0].parent = 0, draft.purposes[1].parent = POLICY_NONE));
    GOOD(draft.purposes[2].parent = 0);
}

static void every_id_is_there_once(void **state)
{
    (void)state;
    BAD(draft.agencies[2].id = draft.names[0]);
    BAD(draft.gateways[2].id = draft.names[0]);
    BAD(draft.purposes[3].id = draft.names[2]);
    BAD(draft.questions[2].id = draft.names[1]);
    BAD(draft.l.roles[2] = "one");
}

static void ids_and_texts_keep_to_their_lengths_and_letters(void **state)
{
    static char id[66], rule_id[49], text[514];

    (void)state;
    memset(id, 'a', sizeof(id) - 1);
    memset(rule_id, 'b', sizeof(rule_id) - 1);
    memset(text, 'c', sizeof(text) - 1);
    id[64] = rule_id[47] = text[512] = '\0';
    BAD(draft.agencies[0].id = id);
    BAD(draft.purposes[0].id = rule_id);
    BAD(draft.questions[0].id = rule_id);
    BAD(draft.agencies[0].name = text);
    id[63] = rule_id[46] = text[511] = '\0';
    GOOD(draft.agencies[0].id = id);
    GOOD(draft.purposes[0].id = rule_id);
    GOOD(draft.questions[0].id = rule_id);
    GOOD(draft.agencies[0].name = text);
    BAD(draft.agencies[0].id = "");
    BAD(draft.agencies[0].id = "A");
    BAD(draft.agencies[0].id = "-a");
    BAD(draft.agencies[0].id = "a b");
    GOOD(draft.agencies[0].id = "0a.b_c-z9");
    BAD(draft.agencies[0].id = "a/b");
    BAD(draft.agencies[0].id = "a:b");
    BAD(draft.agencies[0].id = "a`b");
    BAD(draft.agencies[0].id = "a{b");
    BAD(draft.agencies[0].name = "\xff");
    BAD(draft.l.name = "\xc0\xaf");
    BAD(draft.l.id = "Not An Id");
    BAD(draft.l.sectors[1] = "no sector");
}

static void as_many_agencies_as_may_be_and_not_one_more(void **state)
{
    struct bundle *b = NULL;

    (void)state;
    start(&draft);
    draft.l.n_agencies = 512;
    assert_int_equal(decode(&draft, &b), 0);
    assert_int_equal(bundle_agency(b, "id-0511"), 511);
    assert_int_equal(bundle_agency(b, "id-0512"), POLICY_NONE);
    bundle_free(b);
    BAD(draft.l.n_agencies = 513);
}

/* 200 agencies and roles, 128 purposes: the engine's sets have several words, and each counts. */
static void the_hundredth_of_anything_counts_as_the_first(void **state)
{
    static const uint16_t ones[] = { 0, 1, 62, 63, 64, 65, 66, 100, 126, 127 };
    struct bundle *b = NULL;
    struct decision d;

    (void)state;
    start(&draft);
    draft.l.n_agencies = 200;
    draft.l.n_purposes = 128;
    draft.protocols[0].n_parties = draft.protocols[1].n_parties = 200;
    add_roles(&draft, 200);
    for (size_t i = 0; i < ALM_LEN(ones); i++) {
        uint16_t at = ones[i];

        memset(draft.questions[0].purposes, 0, sizeof(draft.questions[0].purposes));
        draft.questions[0].purposes[at / 64] = UINT64_C(1) << (at % 64);
        draft.purposes[at].consent = draft.purposes[at].relationship = false;
        draft.purposes[at].bases[0] = 0;
        memset(draft.purposes[at].roles, 0, sizeof(draft.purposes[at].roles));
        draft.purposes[at].roles[at / 64] = UINT64_C(1) << (at % 64);
        draft.agencies[at].organisation = at;
        assert_int_equal(decode(&draft, &b), 0);
        for (uint16_t other = 0; other < 128; other++) {
            struct facts f = { .day = DAY,
                               .agency = at,
                               .agency_standing = true,
                               .practitioner_standing = true,
                               .role = at,
                               .purpose = other,
                               .basis = POLICY_NONE,
                               .subject_kind = FACT_PERSON,
                               .relation = FACT_RELATION_INVOLVED,
                               .relation_since = DAY - 1,
                               .relation_until = POLICY_DAY_NONE };

            policy_decide(b, &f, &d);
            assert_int_equal(d.outcome == OUTCOME_PERMIT, other == at);
            assert_int_equal(bundle_lists(b, other, 0), other == at);
            assert_true(bundle_party(b, at, other));
            if (other != at)
                continue;
            assert_int_equal(d.n_listed, 134); /* of the first two of three sectors */
            assert_int_equal(d.n_holders, 134);
            for (uint16_t h = 0; h < d.n_holders; h++)
                assert_int_equal(d.holders[h], h / 2 * 3 + h % 2);
            f.role = (uint16_t)(at + 1);
            policy_decide(b, &f, &d);
            assert_int_equal(d.reason, REASON_ROLE_NOT_PERMITTED);
            f.role = at;
            f.agency = 200;
            policy_decide(b, &f, &d);
            assert_int_equal(d.reason, REASON_NOT_A_PARTY);
        }
        b = bundle_free(b);
    }
}

static void a_flag_is_yes_or_no_and_nothing_else(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf no = { 0 }, yes = { 0 };
    struct bundle *b = NULL;
    size_t at = 0;

    (void)state;
    buf_init(&no, LAYOUT_BUNDLE_MAX);
    buf_init(&yes, LAYOUT_BUNDLE_MAX);
    start(&draft);
    assert_int_equal(layout_encode(&draft.l, &no), 0);
    draft.questions[0].sensitive = true;
    assert_int_equal(layout_encode(&draft.l, &yes), 0);
    while (no.data[at] == yes.data[at])
        at++;
    for (unsigned v = 2; v < 256; v++) {
        yes.data[at] = (uint8_t)v;
        assert_int_equal(bundle_decode(buf_view(&yes), &b), -EBADMSG);
    }
}

static void a_set_of_agencies_has_each_that_was_added_and_no_other(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < POLICY_AGENCIES_MAX; i++) {
        struct agency_set s = { .any = false };

        agency_set_add(&s, i);
        for (uint16_t k = 0; k < POLICY_AGENCIES_MAX + 70; k++)
            assert_int_equal(agency_set_has(&s, k), k == i);
    }
}

static void no_questions_purposes_or_gateways_are_a_bundle_too(void **state)
{
    struct bundle *b = NULL;
    struct facts f = { .agency_standing = true, .practitioner_standing = true };
    struct decision d;

    (void)state;
    start(&draft);
    draft.l.n_questions = draft.l.n_purposes = draft.l.n_gateways = draft.l.n_protocols = 0;
    assert_int_equal(decode(&draft, &b), 0);
    policy_decide(b, &f, &d);
    assert_int_equal(d.reason, REASON_PURPOSE_OUTSIDE_PROTOCOL);
    bundle_free(b);
}

static void what_was_written_is_what_is_read(void **state)
{
    struct bundle *b = NULL;

    (void)state;
    start(&draft);
    draft.agencies[1] = (struct lay_agency){ .id = "id-0001",
                                             .name = "Name",
                                             .controller = "Controller",
                                             .contact = "Contact",
                                             .sector = 1,
                                             .organisation = 0,
                                             .regime = REGIME_LAW_ENFORCEMENT,
                                             .hub = true,
                                             .sensitive = true };
    draft.l.shield_owners = 2;
    draft.l.consent.capacities[FACT_CAPACITY_SELF] = (struct policy_capacity){ true, 16, 0 };
    draft.l.consent.capacities[FACT_CAPACITY_LOCAL_AUTHORITY] =
        (struct policy_capacity){ false, 1, 17 };
    draft.l.consent.grace_days = 500;
    assert_int_equal(decode(&draft, &b), 0);
    assert_string_equal(bundle_name(b), "Draft");
    assert_int_equal(bundle_n_agencies(b), 3);
    assert_int_equal(bundle_n_purposes(b), 4);
    assert_int_equal(bundle_n_questions(b), 3);
    assert_int_equal(bundle_role(b, "three"), 2);
    assert_int_equal(bundle_gateway(b, "id-0002"), 2);
    {
        const struct policy_agency *a = bundle_agency_at(b, 1);

        assert_string_equal(a->name, "Name");
        assert_string_equal(a->controller, "Controller");
        assert_string_equal(a->contact, "Contact");
        assert_string_equal(a->sector, "two");
        assert_string_equal(a->regime, "law-enforcement");
        assert_int_equal(a->organisation, 0);
        assert_true(a->hub && a->sensitive && a->shield_owner);
        a = bundle_agency_at(b, 0);
        assert_string_equal(a->regime, "ukgdpr");
        assert_false(a->hub || a->sensitive || a->shield_owner);
    }
    for (uint16_t i = 0; i < 4; i++) {
        const struct policy_purpose *p = bundle_purpose_at(b, i);

        assert_string_equal(p->title, "Purpose");
        assert_string_equal(p->protocol, i % 2 ? "id-0001" : "id-0000");
        assert_int_equal(p->parent, i ? i - 1 : POLICY_NONE);
        assert_int_equal(p->from, DAY);
        assert_int_equal(p->until, DAY + 100);
        assert_int_equal(p->consent, i == 1);
        assert_int_equal(p->self_claimed, i == 2);
        assert_int_equal(p->involvement, i == 3);
        assert_int_equal(p->past_shield, i > 0);
        assert_int_equal(p->past_shield_level, i);
        for (uint16_t q = 0; q < 3; q++)
            assert_true(bundle_lists(b, i, q));
        assert_false(bundle_lists(b, i, 3));
        assert_true(bundle_party(b, 0, i) && bundle_party(b, 1, i));
        assert_false(bundle_party(b, 2, i) || bundle_party(b, 3, i));
    }
    assert_false(bundle_lists(b, 4, 0));
    assert_false(bundle_party(b, 0, 4));
    for (uint16_t i = 0; i < 3; i++) {
        const struct policy_question *q = bundle_question_at(b, i);

        assert_string_equal(q->wording, "Question?");
        assert_string_equal(q->owner, "owner");
        assert_string_equal(q->decision, "decision");
        assert_int_equal(q->kind, QUESTION_HOLDERS + i);
        assert_int_equal(q->look_back_days, 365);
        assert_int_equal(q->deadline_ms, 2000);
        assert_int_equal(q->threshold.household, i == 1);
        assert_int_equal(q->threshold.levels, i == 1 ? 7 : 0);
        assert_int_equal(q->threshold.min_agencies, 3);
        assert_int_equal(q->threshold.window_days, 180);
        assert_false(q->sensitive || q->household || q->uses_homes || q->home_parameter ||
                     q->reveals_location || q->unknown_cannot_say);
    }
    assert_int_equal(bundle_consent_rules(b)->grace_days, 500);
    assert_true(bundle_consent_rules(b)->capacities[FACT_CAPACITY_SELF].able);
    assert_int_equal(bundle_consent_rules(b)->capacities[FACT_CAPACITY_SELF].from_age, 16);
    assert_int_equal(bundle_consent_rules(b)->capacities[FACT_CAPACITY_LOCAL_AUTHORITY].before_age,
                     17);
    assert_false(bundle_consent_rules(b)->capacities[FACT_CAPACITY_LOCAL_AUTHORITY].able);
    bundle_free(b);
}

/* Each flag of a question on its own: two that change places would show. */
static void each_flag_of_a_question_is_its_own(void **state)
{
    (void)state;
    for (unsigned flag = 0; flag < 6; flag++) {
        const struct policy_question *q;
        struct bundle *b = NULL;

        start(&draft);
        draft.questions[0].sensitive = flag == 0;
        draft.questions[0].household = flag == 1;
        draft.questions[0].uses_homes = flag == 2;
        draft.questions[0].home_parameter = flag == 3;
        draft.questions[0].reveals_location = flag == 4;
        draft.questions[0].unknown_cannot_say = flag == 5;
        assert_int_equal(decode(&draft, &b), 0);
        q = bundle_question_at(b, 0);
        assert_int_equal(q->sensitive, flag == 0);
        assert_int_equal(q->household, flag == 1);
        assert_int_equal(q->uses_homes, flag == 2);
        assert_int_equal(q->home_parameter, flag == 3);
        assert_int_equal(q->reveals_location, flag == 4);
        assert_int_equal(q->unknown_cannot_say, flag == 5);
        bundle_free(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_index_must_be_one_that_is_there),
        cmocka_unit_test(bits_stand_only_for_what_is_declared),
        cmocka_unit_test(an_override_is_for_what_is_declared_and_for_reasons_of_consent),
        cmocka_unit_test(wide_bits_reach_to_the_last_declared_and_no_further),
        cmocka_unit_test(days_are_within_the_calendar_and_in_order),
        cmocka_unit_test(words_are_those_of_the_language),
        cmocka_unit_test(parties_are_sorted_once_each_and_agencies_all),
        cmocka_unit_test(teams_are_one_deep_and_purposes_a_tree),
        cmocka_unit_test(every_id_is_there_once),
        cmocka_unit_test(ids_and_texts_keep_to_their_lengths_and_letters),
        cmocka_unit_test(as_many_agencies_as_may_be_and_not_one_more),
        cmocka_unit_test(the_hundredth_of_anything_counts_as_the_first),
        cmocka_unit_test(a_flag_is_yes_or_no_and_nothing_else),
        cmocka_unit_test(a_set_of_agencies_has_each_that_was_added_and_no_other),
        cmocka_unit_test(no_questions_purposes_or_gateways_are_a_bundle_too),
        cmocka_unit_test(what_was_written_is_what_is_read),
        cmocka_unit_test(each_flag_of_a_question_is_its_own),
    };

    return cmocka_run_group_tests_name("layout", tests, fixture_new, fixture_free);
}
