/* SPDX-License-Identifier: Apache-2.0 */
/* layout.c - writes a bundle's bytes. Field by field in the order of layout.h; bundle.c reads the
 * same order. */
#include "engine/layout.h"
#include "engine/casework.h"
#include "engine/oversight.h"
#include "engine/tokens.h"
#include <string.h>

bool layout_id_valid(const char *id, size_t max)
{
    size_t n = strlen(id);

    if (n == 0 || n > max)
        return false;
    for (size_t i = 0; i < n; i++) {
        char c = id[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

        if (!word && (i == 0 || !strchr("._-", c)))
            return false;
    }
    return true;
}

static void put_bool(struct buf *out, bool v)
{
    buf_put_u8(out, v ? 1 : 0);
}

/* What a layout leaves out (NULL) is the empty text. */
static void put_text(struct buf *out, const char *text)
{
    buf_put_text(out, text ? text : "");
}

static void put_texts(struct buf *out, const char *const texts[], uint16_t n)
{
    buf_put_u16(out, n);
    for (uint16_t i = 0; i < n; i++)
        buf_put_text(out, texts[i]);
}

static void put_agency(struct buf *out, const struct lay_agency *a)
{
    buf_put_text(out, a->id);
    buf_put_text(out, a->name);
    buf_put_text(out, a->controller);
    buf_put_text(out, a->contact);
    buf_put_u16(out, a->sector);
    buf_put_u16(out, a->organisation);
    buf_put_u8(out, a->regime);
    put_bool(out, a->sensitive);
    put_bool(out, a->hub);
    buf_put_u64(out, a->areas);
    buf_put_u16(out, a->desk_hours);
}

static void put_gateway(struct buf *out, const struct lay_gateway *g)
{
    buf_put_text(out, g->id);
    buf_put_text(out, g->title);
    buf_put_text(out, g->statute);
    buf_put_text(out, g->section);
    buf_put_i32(out, g->from);
    buf_put_i32(out, g->until);
    buf_put_u8(out, g->kind);
    buf_put_u8(out, g->regime);
    buf_put_u64(out, g->excluded_sectors);
    buf_put_u32(out, g->conditions);
    buf_put_u8(out, g->countries);
    buf_put_u64(out, g->excluded_classes);
}

static void put_protocol(struct buf *out, const struct lay_protocol *p)
{
    buf_put_text(out, p->id);
    buf_put_text(out, p->title);
    buf_put_i32(out, p->from);
    buf_put_i32(out, p->until);
    buf_put_i32(out, p->review);
    buf_put_u16(out, p->n_parties);
    for (uint16_t i = 0; i < p->n_parties; i++) {
        buf_put_u16(out, p->parties[i].agency);
        buf_put_u8(out, p->parties[i].ask);
        put_bool(out, p->parties[i].answer);
    }
}

static void put_purpose(struct buf *out, const struct lay_purpose *p)
{
    buf_put_text(out, p->id);
    buf_put_text(out, p->title);
    buf_put_u16(out, p->parent);
    buf_put_u16(out, p->protocol);
    buf_put_i32(out, p->from);
    buf_put_i32(out, p->until);
    put_bool(out, p->consent);
    put_bool(out, p->relationship);
    put_bool(out, p->self_claimed);
    put_bool(out, p->involvement);
    buf_put_u16(out, p->within_days);
    buf_put_u8(out, p->sensitive);
    buf_put_u8(out, p->past_shield);
    for (size_t i = 0; i < ALM_LEN(p->roles); i++)
        buf_put_u64(out, p->roles[i]);
    buf_put_u16(out, p->n_bases);
    for (uint16_t i = 0; i < p->n_bases; i++)
        buf_put_u16(out, p->bases[i]);
    put_bool(out, p->pinning);
}

static void put_threshold(struct buf *out, const struct policy_threshold *t)
{
    buf_put_u64(out, t->categories);
    put_bool(out, t->independent);
    put_bool(out, t->own_count);
    put_bool(out, t->named);
    buf_put_u8(out, t->bypass);
    put_text(out, t->decide_role);
    buf_put_u16(out, t->decide_hours);
}

static void put_question(struct buf *out, const struct lay_question *q)
{
    buf_put_text(out, q->id);
    buf_put_text(out, q->wording);
    buf_put_text(out, q->owner);
    buf_put_text(out, q->decision);
    buf_put_u8(out, q->kind);
    put_bool(out, q->all_parties);
    buf_put_u64(out, q->sectors);
    for (size_t i = 0; i < ALM_LEN(q->purposes); i++)
        buf_put_u64(out, q->purposes[i]);
    put_bool(out, q->sensitive);
    put_bool(out, q->household);
    put_bool(out, q->uses_homes);
    put_bool(out, q->home_parameter);
    put_bool(out, q->reveals_location);
    put_bool(out, q->unknown_cannot_say);
    put_bool(out, q->closed_class);
    buf_put_u32(out, q->look_back_days);
    buf_put_u32(out, q->deadline_ms);
    put_bool(out, q->threshold.household);
    buf_put_u8(out, q->threshold.levels);
    buf_put_u16(out, q->threshold.min_agencies);
    buf_put_u16(out, q->threshold.window_days);
    buf_put_u8(out, q->data_class);
    buf_put_u32(out, q->composite.needed);
    buf_put_u8(out, q->composite.n);
    for (uint8_t i = 0; i < q->composite.n; i++) {
        buf_put_u16(out, q->composite.factors[i].question);
        buf_put_u16(out, q->composite.factors[i].weight);
    }
    buf_put_u16(out, q->pin_days);
    buf_put_u8(out, q->stage);
    put_threshold(out, &q->threshold);
}

static void put_overrides(struct buf *out, const struct policy_override_rules *o)
{
    for (size_t w = 0; w < ALM_LEN(o->purposes); w++) {
        buf_put_u64(out, o->purposes[w]);
        buf_put_u64(out, o->alone[w]);
        buf_put_u64(out, o->past_sensitive[w]);
        buf_put_u64(out, o->gateways[w]);
    }
    buf_put_u32(out, o->reasons);
    buf_put_u8(out, o->approvers);
    buf_put_u16(out, o->most_hours);
    buf_put_u16(out, o->review_hours);
    buf_put_u16(out, o->unreviewed_limit);
}

static void put_permit(struct buf *out, const struct lay_permit *p)
{
    buf_put_u16(out, p->agency);
    buf_put_u16(out, p->role);
    buf_put_u8(out, p->steps);
    buf_put_u32(out, p->pounds);
    buf_put_i32(out, p->from);
    buf_put_i32(out, p->until);
    put_text(out, p->agreed);
}

static void put_service(struct buf *out, const struct lay_service *v)
{
    const struct policy_service *s = &v->s;

    buf_put_text(out, s->id);
    buf_put_text(out, s->title);
    buf_put_text(out, s->contact);
    buf_put_u16(out, s->agency);
    buf_put_u8(out, s->kinds);
    buf_put_u8(out, s->n_needs);
    for (uint8_t i = 0; i < s->n_needs; i++)
        buf_put_u16(out, s->needs[i]);
    buf_put_u8(out, s->n_areas);
    for (uint8_t i = 0; i < s->n_areas; i++)
        buf_put_u16(out, s->areas[i]);
    buf_put_u8(out, s->n_criteria);
    for (uint8_t i = 0; i < s->n_criteria; i++) {
        buf_put_u16(out, s->criteria[i].question);
        put_bool(out, s->criteria[i].wanted);
    }
    buf_put_u16(out, v->n_permits);
    for (uint16_t i = 0; i < v->n_permits; i++)
        put_permit(out, &v->permits[i]);
}

static void put_referrals(struct buf *out, const struct policy_referral_rules *r)
{
    for (size_t i = 0; i < ALM_LEN(r->made); i++)
        buf_put_u16(out, r->made[i]);
    buf_put_u16(out, r->decide_days);
    buf_put_u16(out, r->info_days);
    buf_put_u16(out, r->feedback_days);
    buf_put_u16(out, r->expire_days);
    buf_put_u16(out, r->undelivered_days);
    buf_put_u16(out, r->loop_days);
    put_text(out, r->decide_role);
}

/* A layout that was filled by hand may leave the rules out: it means the usual ones. */
static void put_casework(struct buf *out, const struct layout *l)
{
    const struct policy_concern_rules *c =
        l->concerns.most_days ? &l->concerns : &casework_concerns;

    buf_put_u16(out, c->most_days);
    buf_put_u16(out, c->closed_days);
    put_referrals(out, l->referrals.decide_days ? &l->referrals : &casework_referrals);
    buf_put_u16(out, l->n_services);
    for (uint16_t i = 0; i < l->n_services; i++)
        put_service(out, &l->services[i]);
    buf_put_u32(out, l->limits.practitioner);
    buf_put_u32(out, l->limits.agency);
    buf_put_u32(out, l->limits.subject);
    buf_put_u16(out, l->n_wordings);
    for (uint16_t i = 0; i < l->n_wordings; i++) {
        buf_put_text(out, l->wordings[i].id);
        buf_put_i32(out, l->wordings[i].from);
        buf_put_i32(out, l->wordings[i].until);
    }
    put_bool(out, l->consent.witness_verbal);
    buf_put_u64(out, l->pilot);
    buf_put_u64(out, l->control);
}

/* Which protocols let queries come unsigned: bits by protocol. */
static void put_unsigned(struct buf *out, const struct layout *l)
{
    uint64_t bits = 0;

    for (uint16_t i = 0; i < l->n_protocols; i++)
        bits |= (uint64_t)l->protocols[i].unsigned_queries << i;
    buf_put_u64(out, bits);
}

int layout_encode(const struct layout *l, struct buf *out)
{
    buf_put_u32(out, LAYOUT_MAGIC);
    buf_put_u16(out, LAYOUT_VERSION);
    buf_put_text(out, l->id);
    buf_put_text(out, l->name);
    buf_put_text(out, l->country);
    put_texts(out, l->sectors, l->n_sectors);
    put_texts(out, l->areas, l->n_areas);
    put_texts(out, l->roles, l->n_roles);
    put_texts(out, l->data_classes, l->n_data_classes);
    put_texts(out, l->categories, l->n_categories);
    put_texts(out, l->needs, l->n_needs);
    buf_put_u16(out, l->n_agencies);
    for (uint16_t i = 0; i < l->n_agencies; i++)
        put_agency(out, &l->agencies[i]);
    buf_put_u16(out, l->n_gateways);
    for (uint16_t i = 0; i < l->n_gateways; i++)
        put_gateway(out, &l->gateways[i]);
    buf_put_u16(out, l->n_protocols);
    for (uint16_t i = 0; i < l->n_protocols; i++)
        put_protocol(out, &l->protocols[i]);
    buf_put_u16(out, l->n_purposes);
    for (uint16_t i = 0; i < l->n_purposes; i++)
        put_purpose(out, &l->purposes[i]);
    buf_put_u16(out, l->n_questions);
    for (uint16_t i = 0; i < l->n_questions; i++)
        put_question(out, &l->questions[i]);
    for (size_t i = 1; i < ALM_LEN(l->consent.capacities); i++) {
        put_bool(out, l->consent.capacities[i].able);
        buf_put_u8(out, l->consent.capacities[i].from_age);
        buf_put_u8(out, l->consent.capacities[i].before_age);
    }
    buf_put_u16(out, l->consent.grace_days);
    buf_put_u64(out, l->shield_owners);
    buf_put_u16(out, l->composites.keep_days ? l->composites.keep_days : LAYOUT_KEEP_DAYS);
    buf_put_u16(out, l->composites.differ_by ? l->composites.differ_by : LAYOUT_DIFFER_BY);
    put_overrides(out, &l->overrides);
    put_casework(out, l);
    tokens_put(out, l->tokens.n ? &l->tokens : &tokens_usual);
    witnesses_put(out, l->witnesses.every_s ? &l->witnesses : &witnesses_usual);
    retention_put(out, l->retention.n ? &l->retention : &retention_usual);
    office_hours_put(out, l->office_hours.days ? &l->office_hours : &office_hours_usual);
    put_unsigned(out, l);
    return buf_status(out);
}
