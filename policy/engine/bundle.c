/* SPDX-License-Identifier: Apache-2.0 */
/* bundle.c - compiled bytes to an immutable bundle. The bytes come from a database: every count,
 * index, flag, date and text is checked here, once, so that nothing after this needs to. */
#include "engine/bundle.h"
#include "base/civil.h"
#include "base/crypto.h"
#include "engine/composite.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DAY_LEAST (-25567) /* 1900-01-01 */
#define DAY_MOST  376200   /* 2999-12-31 and a little */

struct reader {
    struct cursor c;
    char *text; /* next free place in the arena: a text takes 4 + n bytes encoded and n + 1 here, so
                   it cannot run out */
    bool bad;
    uint16_t version; /* of the bytes: LAYOUT_VERSION or an older one */
};

static void refuse(struct reader *r)
{
    r->bad = true;
}

static const char *read_text(struct reader *r, size_t max)
{
    struct bytes b = cursor_var(&r->c, max);
    char *at = r->text;

    if (r->c.failed || !utf8_valid(b.data, b.len)) {
        refuse(r);
        return "";
    }
    if (b.len)
        memcpy(at, b.data, b.len);
    at[b.len] = '\0';
    r->text += b.len + 1;
    return at;
}

static const char *read_id(struct reader *r, size_t max)
{
    const char *id = read_text(r, max);

    if (!layout_id_valid(id, max))
        refuse(r);
    return id;
}

static bool read_bool(struct reader *r)
{
    uint8_t v = cursor_u8(&r->c);

    if (v > 1)
        refuse(r);
    return v == 1;
}

static uint8_t read_enum(struct reader *r, uint8_t least, uint8_t most)
{
    uint8_t v = cursor_u8(&r->c);

    if (v < least || v > most)
        refuse(r);
    return v;
}

static uint16_t read_count(struct reader *r, uint16_t max)
{
    uint16_t n = cursor_u16(&r->c);

    /* Each entry takes at least two bytes: a count beyond what is left would only make us allocate.
     */
    if (n > max || r->c.failed || n > r->c.left) {
        refuse(r);
        return 0;
    }
    return n;
}

static uint16_t read_index(struct reader *r, uint16_t n, bool none_allowed)
{
    uint16_t v = cursor_u16(&r->c);

    if (v >= n && !(none_allowed && v == POLICY_NONE)) {
        refuse(r);
        return 0;
    }
    return v;
}

static uint64_t read_bits(struct reader *r, uint16_t n)
{
    uint64_t v = cursor_u64(&r->c);

    if (n < 64 && v >> n)
        refuse(r);
    return v;
}

static void read_wide_bits(struct reader *r, uint64_t *out, size_t words, uint16_t n)
{
    for (size_t w = 0; w < words; w++) {
        uint16_t here = n > 64 * (w + 1) ? 64 : n > 64 * w ? (uint16_t)(n - 64 * w) : 0;

        out[w] = read_bits(r, here);
        if (here == 0 && out[w])
            refuse(r);
    }
}

static int32_t read_day(struct reader *r, bool none_allowed)
{
    int32_t v = cursor_i32(&r->c);

    if ((v < DAY_LEAST || v > DAY_MOST) && !(none_allowed && v == POLICY_DAY_NONE))
        refuse(r);
    return v;
}

static void check_order(struct reader *r, int32_t from, int32_t until)
{
    if (until != POLICY_DAY_NONE && from > until)
        refuse(r);
}

static void read_names(struct reader *r, const char **out, uint16_t *n, uint16_t max)
{
    *n = read_count(r, max);
    for (uint16_t i = 0; i < *n && !r->bad; i++)
        out[i] = read_id(r, LAYOUT_ID_MAX);
}

static void read_agency(struct reader *r, const struct layout *l, struct lay_agency *a)
{
    a->id = read_id(r, LAYOUT_ID_MAX);
    a->name = read_text(r, LAYOUT_TEXT_MAX);
    a->controller = read_text(r, LAYOUT_TEXT_MAX);
    a->contact = read_text(r, LAYOUT_TEXT_MAX);
    a->sector = read_index(r, l->n_sectors, false);
    a->organisation = read_index(r, l->n_agencies, false);
    a->regime = read_enum(r, REGIME_UKGDPR, REGIME_LAW_ENFORCEMENT);
    a->sensitive = read_bool(r);
    a->hub = read_bool(r);
    a->areas = read_bits(r, l->n_areas);
}

static void read_gateway(struct reader *r, const struct layout *l, struct lay_gateway *g)
{
    g->id = read_id(r, LAYOUT_ID_MAX);
    g->title = read_text(r, LAYOUT_TEXT_MAX);
    g->statute = read_text(r, LAYOUT_TEXT_MAX);
    g->section = read_text(r, LAYOUT_TEXT_MAX);
    g->from = read_day(r, false);
    g->until = read_day(r, true);
    check_order(r, g->from, g->until);
    g->kind = read_enum(r, GATEWAY_DUTY, GATEWAY_POWER);
    g->regime = read_enum(r, REGIME_ANY, REGIME_LAW_ENFORCEMENT);
    g->excluded_sectors = read_bits(r, l->n_sectors);
    g->conditions = cursor_u32(&r->c); /* an unknown condition can never be stated: it denies */
    if (r->version >= 2) {
        g->countries = read_enum(r, 0, 15);
        g->excluded_classes = read_bits(r, l->n_data_classes);
    }
}

static int read_protocol(struct reader *r, const struct layout *l, struct lay_protocol *p)
{
    p->id = read_id(r, LAYOUT_ID_MAX);
    p->title = read_text(r, LAYOUT_TEXT_MAX);
    p->from = read_day(r, false);
    p->until = read_day(r, false);
    p->review = read_day(r, false);
    check_order(r, p->from, p->until);
    p->n_parties = read_count(r, l->n_agencies);
    p->parties = calloc(p->n_parties + 1u, sizeof(*p->parties));
    if (!p->parties)
        return -ENOMEM;
    for (uint16_t i = 0; i < p->n_parties && !r->bad; i++) {
        p->parties[i].agency = read_index(r, l->n_agencies, false);
        p->parties[i].ask = read_enum(r, ASK_NO, ASK_FULL);
        p->parties[i].answer = read_bool(r);
        if (i && p->parties[i].agency <= p->parties[i - 1].agency)
            refuse(r); /* sorted, once each */
    }
    return 0;
}

static void read_purpose(struct reader *r, const struct layout *l, uint16_t n_purposes,
                         struct lay_purpose *p)
{
    p->id = read_id(r, LAYOUT_RULE_ID_MAX);
    p->title = read_text(r, LAYOUT_TEXT_MAX);
    p->parent = read_index(r, n_purposes, true);
    p->protocol = read_index(r, l->n_protocols, false);
    p->from = read_day(r, false);
    p->until = read_day(r, false);
    check_order(r, p->from, p->until);
    p->consent = read_bool(r);
    p->relationship = read_bool(r);
    p->self_claimed = read_bool(r);
    p->involvement = read_bool(r);
    p->within_days = cursor_u16(&r->c);
    p->sensitive = read_enum(r, SENSITIVE_HIDDEN, SENSITIVE_NAMED);
    p->past_shield = read_enum(r, 0, 3);
    read_wide_bits(r, p->roles, ALM_LEN(p->roles), l->n_roles);
    p->n_bases = read_count(r, LAYOUT_BASES_MAX);
    for (uint16_t i = 0; i < p->n_bases && !r->bad; i++)
        p->bases[i] = read_index(r, l->n_gateways, false);
}

/* What it says is checked by composites_sound(), once all questions are there. */
static void read_composite(struct reader *r, struct policy_composite *k)
{
    k->needed = cursor_u32(&r->c);
    k->n = read_enum(r, 0, POLICY_FACTORS_MAX);
    for (uint8_t i = 0; i < k->n && !r->bad; i++) {
        k->factors[i].question = cursor_u16(&r->c);
        k->factors[i].weight = cursor_u16(&r->c);
    }
}

static void read_composite_rules(struct reader *r, struct policy_composite_rules *rules)
{
    *rules = (struct policy_composite_rules){ LAYOUT_KEEP_DAYS, LAYOUT_DIFFER_BY };
    if (r->version < 3)
        return;
    rules->keep_days = cursor_u16(&r->c);
    rules->differ_by = cursor_u16(&r->c);
    if (!rules->keep_days || !rules->differ_by)
        refuse(r);
}

#define OVERRIDE_REASONS                                                                           \
    (1u << REASON_NO_CONSENT | 1u << REASON_CONSENT_REFUSED | 1u << REASON_CONSENT_WITHDRAWN |     \
     1u << REASON_CONSENT_EXPIRED | 1u << REASON_CONSENT_INVALID | 1u << REASON_CONSENT_SCOPE)

static uint16_t bits_within(uint16_t n, size_t word)
{
    return n > 64 * (word + 1) ? 64 : n > 64 * word ? (uint16_t)(n - 64 * word) : 0;
}

/* Bits past the last purpose or gateway, and reasons that no override may pass, are refused. */
static void read_override_rules(struct reader *r, const struct layout *l,
                                struct policy_override_rules *o)
{
    if (r->version < 4)
        return;
    for (size_t w = 0; w < ALM_LEN(o->purposes); w++) {
        uint16_t purposes = bits_within(l->n_purposes, w), gates = bits_within(l->n_gateways, w);

        o->purposes[w] = read_bits(r, purposes);
        o->alone[w] = read_bits(r, purposes);
        o->past_sensitive[w] = read_bits(r, purposes);
        o->gateways[w] = read_bits(r, gates);
    }
    o->reasons = cursor_u32(&r->c);
    o->approvers = read_enum(r, 0, APPROVER_HUBS | APPROVER_HOLDERS);
    o->most_hours = cursor_u16(&r->c);
    o->review_hours = cursor_u16(&r->c);
    o->unreviewed_limit = cursor_u16(&r->c);
    if (o->reasons & ~OVERRIDE_REASONS)
        refuse(r);
}

static void read_question(struct reader *r, const struct layout *l, struct lay_question *q)
{
    q->id = read_id(r, LAYOUT_RULE_ID_MAX);
    q->wording = read_text(r, LAYOUT_TEXT_MAX);
    q->owner = read_text(r, LAYOUT_TEXT_MAX);
    q->decision = read_text(r, LAYOUT_TEXT_MAX);
    q->kind = read_enum(r, QUESTION_HOLDERS, QUESTION_COMPOSITE);
    q->all_parties = read_bool(r);
    q->sectors = read_bits(r, l->n_sectors);
    read_wide_bits(r, q->purposes, ALM_LEN(q->purposes), l->n_purposes);
    q->sensitive = read_bool(r);
    q->household = read_bool(r);
    q->uses_homes = read_bool(r);
    q->home_parameter = read_bool(r);
    q->reveals_location = read_bool(r);
    q->unknown_cannot_say = read_bool(r);
    q->closed_class = read_bool(r);
    q->look_back_days = cursor_u32(&r->c);
    q->deadline_ms = cursor_u32(&r->c);
    q->threshold.household = read_bool(r);
    q->threshold.levels = read_enum(r, 0, 7);
    q->threshold.min_agencies = cursor_u16(&r->c);
    q->threshold.window_days = cursor_u16(&r->c);
    if (r->version >= 2)
        q->data_class = read_enum(r, 0, (uint8_t)l->n_data_classes);
    if (r->version >= 3)
        read_composite(r, &q->composite);
}

static void read_consent_rules(struct reader *r, struct policy_consent_rules *rules)
{
    for (size_t i = 1; i < ALM_LEN(rules->capacities); i++) {
        rules->capacities[i].able = read_bool(r);
        rules->capacities[i].from_age = cursor_u8(&r->c);
        rules->capacities[i].before_age = cursor_u8(&r->c);
    }
    rules->grace_days = cursor_u16(&r->c);
}

/* A table of entries of one type: count, allocation, each entry. */
#define READ_TABLE(r, l, table, count, max, read_one)                                              \
    do {                                                                                           \
        (l)->count = read_count((r), (max));                                                       \
        (l)->table = calloc((l)->count + 1u, sizeof(*(l)->table));                                 \
        if (!(l)->table)                                                                           \
            return -ENOMEM;                                                                        \
        for (uint16_t i = 0; i < (l)->count && !(r)->bad; i++)                                     \
            read_one;                                                                              \
    } while (0)

static int read_tables(struct reader *r, struct layout *l)
{
    int status = 0;

    READ_TABLE(r, l, agencies, n_agencies, POLICY_AGENCIES_MAX, read_agency(r, l, &l->agencies[i]));
    READ_TABLE(r, l, gateways, n_gateways, LAYOUT_GATEWAYS_MAX,
               read_gateway(r, l, &l->gateways[i]));
    READ_TABLE(r, l, protocols, n_protocols, LAYOUT_PROTOCOLS_MAX, {
        status = read_protocol(r, l, &l->protocols[i]);
        if (status < 0)
            return status;
    });
    READ_TABLE(r, l, purposes, n_purposes, LAYOUT_PURPOSES_MAX,
               read_purpose(r, l, l->n_purposes, &l->purposes[i]));
    READ_TABLE(r, l, questions, n_questions, LAYOUT_QUESTIONS_MAX,
               read_question(r, l, &l->questions[i]));
    return 0;
}

/* Teams are one deep; purposes make a tree. */
static bool graphs_sound(const struct layout *l)
{
    for (uint16_t i = 0; i < l->n_agencies; i++)
        if (l->agencies[l->agencies[i].organisation].organisation != l->agencies[i].organisation)
            return false;
    for (uint16_t i = 0; i < l->n_purposes; i++) {
        uint16_t steps = 0;

        for (uint16_t p = i; p != POLICY_NONE; p = l->purposes[p].parent)
            if (steps++ > l->n_purposes)
                return false;
    }
    return true;
}

static int read_layout(struct reader *r, struct layout *l)
{
    int status;

    if (cursor_u32(&r->c) != LAYOUT_MAGIC)
        return -EBADMSG;
    r->version = cursor_u16(&r->c);
    if (r->version < 1 || r->version > LAYOUT_VERSION)
        return -EBADMSG;
    l->id = read_id(r, LAYOUT_ID_MAX);
    l->name = read_text(r, LAYOUT_TEXT_MAX);
    l->country = read_text(r, LAYOUT_ID_MAX);
    read_names(r, l->sectors, &l->n_sectors, LAYOUT_SECTORS_MAX);
    read_names(r, l->areas, &l->n_areas, LAYOUT_AREAS_MAX);
    read_names(r, l->roles, &l->n_roles, LAYOUT_ROLES_MAX);
    if (r->version >= 2)
        read_names(r, l->data_classes, &l->n_data_classes, LAYOUT_CLASSES_MAX);
    if (r->bad)
        return -EBADMSG;
    status = read_tables(r, l);
    if (status < 0)
        return status;
    read_consent_rules(r, &l->consent);
    l->shield_owners = read_bits(r, l->n_sectors);
    read_composite_rules(r, &l->composites);
    read_override_rules(r, l, &l->overrides);
    if (r->bad || cursor_end(&r->c) < 0 || !graphs_sound(l) || !composites_sound(l))
        return -EBADMSG;
    return 0;
}

int bundle_decode(struct bytes compiled, struct bundle **out)
{
    ALM_CLEANUP(bundle_freep) struct bundle *b = NULL;
    struct reader r = { .c = cursor_of(compiled) };
    int status;

    if (compiled.len > LAYOUT_BUNDLE_MAX)
        return -EBADMSG;
    b = calloc(1, sizeof(*b));
    if (!b)
        return -ENOMEM;
    b->arena = malloc(compiled.len + 1);
    if (!b->arena)
        return -ENOMEM;
    r.text = b->arena;
    status = read_layout(&r, &b->l);
    if (status == 0)
        status = crypto_sha256(compiled, b->hash);
    if (status == 0)
        status = bundle_derive(b);
    if (status < 0)
        return status;
    *out = b;
    b = NULL;
    return 0;
}

struct bundle *bundle_free(struct bundle *b)
{
    if (!b)
        return NULL;
    for (uint16_t i = 0; b->l.protocols && i < b->l.n_protocols; i++)
        free(b->l.protocols[i].parties);
    free(b->l.agencies);
    free(b->l.gateways);
    free(b->l.protocols);
    free(b->l.purposes);
    free(b->l.questions);
    index_deinit(&b->agencies);
    index_deinit(&b->roles);
    index_deinit(&b->purposes);
    index_deinit(&b->questions);
    index_deinit(&b->gateways);
    free(b->agency_views);
    free(b->purpose_views);
    free(b->question_views);
    free(b->organisations);
    free(b->gateway_holders);
    free(b->protocols);
    free(b->cells);
    free(b->arena);
    free(b);
    return NULL;
}

void bundle_freep(struct bundle **b)
{
    *b = bundle_free(*b);
}
