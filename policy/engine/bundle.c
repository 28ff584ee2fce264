/* SPDX-License-Identifier: Apache-2.0 */
/* bundle.c - compiled bytes to an immutable bundle. The bytes come from a database: every count,
 * index, flag, date and text is checked here, once, so that nothing after this needs to. */
#include "engine/bundle.h"
#include "base/civil.h"
#include "base/crypto.h"
#include "engine/casework.h"
#include "engine/composite.h"
#include "engine/oversight.h"
#include "engine/reader.h"
#include "engine/tokens.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void read_agency(struct reader *r, const struct layout *l, struct lay_agency *a)
{
    a->id = reader_id(r, LAYOUT_ID_MAX);
    a->name = reader_text(r, LAYOUT_TEXT_MAX);
    a->controller = reader_text(r, LAYOUT_TEXT_MAX);
    a->contact = reader_text(r, LAYOUT_TEXT_MAX);
    a->sector = reader_index(r, l->n_sectors, false);
    a->organisation = reader_index(r, l->n_agencies, false);
    a->regime = reader_enum(r, REGIME_UKGDPR, REGIME_LAW_ENFORCEMENT);
    a->sensitive = reader_bool(r);
    a->hub = reader_bool(r);
    a->areas = reader_bits(r, l->n_areas);
    if (r->version >= 6)
        a->desk_hours = reader_number(r, 0, POLICY_DESK_HOURS_MOST);
}

static void read_gateway(struct reader *r, const struct layout *l, struct lay_gateway *g)
{
    g->id = reader_id(r, LAYOUT_ID_MAX);
    g->title = reader_text(r, LAYOUT_TEXT_MAX);
    g->statute = reader_text(r, LAYOUT_TEXT_MAX);
    g->section = reader_text(r, LAYOUT_TEXT_MAX);
    g->from = reader_day(r, false);
    g->until = reader_day(r, true);
    reader_order(r, g->from, g->until);
    g->kind = reader_enum(r, GATEWAY_DUTY, GATEWAY_POWER);
    g->regime = reader_enum(r, REGIME_ANY, REGIME_LAW_ENFORCEMENT);
    g->excluded_sectors = reader_bits(r, l->n_sectors);
    g->conditions = cursor_u32(&r->c); /* an unknown condition can never be stated: it denies */
    if (r->version >= 2) {
        g->countries = reader_enum(r, 0, 15);
        g->excluded_classes = reader_bits(r, l->n_data_classes);
    }
}

static int read_protocol(struct reader *r, const struct layout *l, struct lay_protocol *p)
{
    p->id = reader_id(r, LAYOUT_ID_MAX);
    p->title = reader_text(r, LAYOUT_TEXT_MAX);
    p->from = reader_day(r, false);
    p->until = reader_day(r, false);
    p->review = reader_day(r, false);
    reader_order(r, p->from, p->until);
    p->n_parties = reader_count(r, l->n_agencies);
    p->parties = calloc(p->n_parties + 1u, sizeof(*p->parties));
    if (!p->parties)
        return -ENOMEM;
    for (uint16_t i = 0; i < p->n_parties && !r->bad; i++) {
        p->parties[i].agency = reader_index(r, l->n_agencies, false);
        p->parties[i].ask = reader_enum(r, ASK_NO, ASK_FULL);
        p->parties[i].answer = reader_bool(r);
        if (i && p->parties[i].agency <= p->parties[i - 1].agency)
            reader_refuse(r); /* sorted, once each */
    }
    return 0;
}

static void read_purpose(struct reader *r, const struct layout *l, uint16_t n_purposes,
                         struct lay_purpose *p)
{
    p->id = reader_id(r, LAYOUT_RULE_ID_MAX);
    p->title = reader_text(r, LAYOUT_TEXT_MAX);
    p->parent = reader_index(r, n_purposes, true);
    p->protocol = reader_index(r, l->n_protocols, false);
    p->from = reader_day(r, false);
    p->until = reader_day(r, false);
    reader_order(r, p->from, p->until);
    p->consent = reader_bool(r);
    p->relationship = reader_bool(r);
    p->self_claimed = reader_bool(r);
    p->involvement = reader_bool(r);
    p->within_days = cursor_u16(&r->c);
    p->sensitive = reader_enum(r, SENSITIVE_HIDDEN, SENSITIVE_NAMED);
    p->past_shield = reader_enum(r, 0, 3);
    reader_wide_bits(r, p->roles, ALM_LEN(p->roles), l->n_roles);
    p->n_bases = reader_count(r, LAYOUT_BASES_MAX);
    for (uint16_t i = 0; i < p->n_bases && !r->bad; i++)
        p->bases[i] = reader_index(r, l->n_gateways, false);
    if (r->version >= 5)
        p->pinning = reader_bool(r);
}

/* What it says is checked by composites_sound(), once all questions are there. */
static void read_composite(struct reader *r, struct policy_composite *k)
{
    k->needed = cursor_u32(&r->c);
    k->n = reader_enum(r, 0, POLICY_FACTORS_MAX);
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
        reader_refuse(r);
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

        o->purposes[w] = reader_bits(r, purposes);
        o->alone[w] = reader_bits(r, purposes);
        o->past_sensitive[w] = reader_bits(r, purposes);
        o->gateways[w] = reader_bits(r, gates);
    }
    o->reasons = cursor_u32(&r->c);
    o->approvers = reader_enum(r, 0, APPROVER_HUBS | APPROVER_HOLDERS);
    o->most_hours = cursor_u16(&r->c);
    o->review_hours = cursor_u16(&r->c);
    o->unreviewed_limit = cursor_u16(&r->c);
    if (o->reasons & ~OVERRIDE_REASONS)
        reader_refuse(r);
}

static void read_question(struct reader *r, const struct layout *l, struct lay_question *q)
{
    q->id = reader_id(r, LAYOUT_RULE_ID_MAX);
    q->wording = reader_text(r, LAYOUT_TEXT_MAX);
    q->owner = reader_text(r, LAYOUT_TEXT_MAX);
    q->decision = reader_text(r, LAYOUT_TEXT_MAX);
    q->kind = reader_enum(r, QUESTION_HOLDERS, QUESTION_COMPOSITE);
    q->all_parties = reader_bool(r);
    q->sectors = reader_bits(r, l->n_sectors);
    reader_wide_bits(r, q->purposes, ALM_LEN(q->purposes), l->n_purposes);
    q->sensitive = reader_bool(r);
    q->household = reader_bool(r);
    q->uses_homes = reader_bool(r);
    q->home_parameter = reader_bool(r);
    q->reveals_location = reader_bool(r);
    q->unknown_cannot_say = reader_bool(r);
    q->closed_class = reader_bool(r);
    q->look_back_days = cursor_u32(&r->c);
    q->deadline_ms = cursor_u32(&r->c);
    q->threshold.household = reader_bool(r);
    q->threshold.levels = reader_enum(r, 0, r->version >= 5 ? 15 : 7);
    q->threshold.min_agencies = cursor_u16(&r->c);
    q->threshold.window_days = cursor_u16(&r->c);
    if (r->version >= 2)
        q->data_class = reader_enum(r, 0, (uint8_t)l->n_data_classes);
    if (r->version >= 3)
        read_composite(r, &q->composite);
    casework_read_question(r, l, q);
}

static void read_consent_rules(struct reader *r, struct policy_consent_rules *rules)
{
    /* before version 5 nobody could consent for an adult who lacks capacity */
    size_t n = r->version >= 5 ? ALM_LEN(rules->capacities) : FACT_CAPACITY_LOCAL_AUTHORITY + 1u;

    for (size_t i = 1; i < n; i++) {
        rules->capacities[i].able = reader_bool(r);
        rules->capacities[i].from_age = cursor_u8(&r->c);
        rules->capacities[i].before_age = cursor_u8(&r->c);
    }
    rules->grace_days = cursor_u16(&r->c);
}

/* A table of entries of one type: count, allocation, each entry. */
#define READ_TABLE(r, l, table, count, max, read_one)                                              \
    do {                                                                                           \
        (l)->count = reader_count((r), (max));                                                     \
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

/* Of a bundle that does not say, every query is signed. */
static void read_unsigned(struct reader *r, struct layout *l)
{
    uint64_t bits = r->version < 7 ? 0 : cursor_u64(&r->c);

    for (uint16_t i = 0; i < l->n_protocols; i++, bits >>= 1)
        l->protocols[i].unsigned_queries = bits & 1;
    if (bits)
        reader_refuse(r); /* of protocols that there are none of */
}

static int read_layout(struct reader *r, struct layout *l)
{
    int status;

    if (cursor_u32(&r->c) != LAYOUT_MAGIC)
        return -EBADMSG;
    r->version = cursor_u16(&r->c);
    if (r->version < 1 || r->version > LAYOUT_VERSION)
        return -EBADMSG;
    l->id = reader_id(r, LAYOUT_ID_MAX);
    l->name = reader_text(r, LAYOUT_TEXT_MAX);
    l->country = reader_text(r, LAYOUT_ID_MAX);
    reader_names(r, l->sectors, &l->n_sectors, LAYOUT_SECTORS_MAX);
    reader_names(r, l->areas, &l->n_areas, LAYOUT_AREAS_MAX);
    reader_names(r, l->roles, &l->n_roles, LAYOUT_ROLES_MAX);
    if (r->version >= 2)
        reader_names(r, l->data_classes, &l->n_data_classes, LAYOUT_CLASSES_MAX);
    if (r->version >= 5) {
        reader_names(r, l->categories, &l->n_categories, POLICY_CATEGORIES_MAX);
        reader_names(r, l->needs, &l->n_needs, LAYOUT_NEEDS_MAX);
    }
    if (r->bad)
        return -EBADMSG;
    status = read_tables(r, l);
    if (status < 0)
        return status;
    read_consent_rules(r, &l->consent);
    l->shield_owners = reader_bits(r, l->n_sectors);
    read_composite_rules(r, &l->composites);
    read_override_rules(r, l, &l->overrides);
    if (r->bad)
        return -EBADMSG; /* indexes that follow are looked up */
    status = casework_read(r, l);
    if (status < 0)
        return status;
    tokens_read(r, l->n_agencies, &l->tokens);
    witnesses_read(r, l->n_agencies, &l->witnesses);
    retention_read(r, &l->retention);
    office_hours_read(r, &l->office_hours);
    read_unsigned(r, l);
    if (r->bad || cursor_end(&r->c) < 0 || !graphs_sound(l) || !composites_sound(l) ||
        !casework_sound(l))
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
    casework_deinit(&b->l);
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
    index_deinit(&b->services);
    index_deinit(&b->categories);
    index_deinit(&b->areas);
    index_deinit(&b->needs);
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
