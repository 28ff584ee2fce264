/* SPDX-License-Identifier: Apache-2.0 */
/* cells.c - works out, once per bundle, what every decision would otherwise search for: parties
 * with their teams, the holders of each purpose and question, the agencies each gateway covers. */
#include "engine/composite.h"
#include <errno.h>
#include <stdlib.h>

uint16_t mask_count(const struct mask *m)
{
    unsigned n = 0;

    for (size_t w = 0; w < SET_WORDS; w++)
        n += (unsigned)__builtin_popcountll(m->bits[w]);
    return (uint16_t)n;
}

static void derive_organisations(struct bundle *b)
{
    const struct layout *l = &b->l;

    for (uint16_t i = 0; i < l->n_agencies; i++) {
        mask_add(&b->organisations[l->agencies[i].organisation], i);
        if (l->agencies[i].sensitive)
            mask_add(&b->sensitive, i);
    }
    for (uint16_t i = 0; i < l->n_agencies; i++)
        b->organisations[i] = b->organisations[l->agencies[i].organisation];
}

static void derive_gateways(struct bundle *b)
{
    const struct layout *l = &b->l;

    for (uint16_t g = 0; g < l->n_gateways; g++)
        for (uint16_t i = 0; i < l->n_agencies; i++) {
            bool excluded = (l->gateways[g].excluded_sectors >> l->agencies[i].sector) & 1;
            bool regime = l->gateways[g].regime == REGIME_ANY ||
                          l->gateways[g].regime == l->agencies[i].regime;

            if (!excluded && regime)
                mask_add(&b->gateway_holders[g], i);
        }
}

/* DESIGN.md section 2: a team has "its organisation's place in a protocol unless it has its own".
 */
static void derive_protocol(struct bundle *b, uint16_t index)
{
    const struct lay_protocol *p = &b->l.protocols[index];
    struct protocol_view *v = &b->protocols[index];
    const struct lay_party *row[POLICY_AGENCIES_MAX] = { NULL };

    for (uint16_t i = 0; i < p->n_parties; i++)
        row[p->parties[i].agency] = &p->parties[i];
    for (uint16_t i = 0; i < b->l.n_agencies; i++) {
        const struct lay_party *place = row[i] ? row[i] : row[b->l.agencies[i].organisation];

        if (!place)
            continue;
        mask_add(&v->party, i);
        v->ask[i] = place->ask;
        if (place->answer)
            mask_add(&v->answer, i);
    }
}

static void derive_cell(struct bundle *b, uint16_t purpose, uint16_t question)
{
    const struct lay_question *q = &b->l.questions[question];
    const struct protocol_view *v = &b->protocols[b->l.purposes[purpose].protocol];
    struct cell *c = &b->cells[(size_t)purpose * b->l.n_questions + question];

    c->listed = (q->purposes[purpose / 64] >> (purpose % 64)) & 1;
    if (!c->listed || q->kind != QUESTION_HOLDERS)
        return;
    for (uint16_t i = 0; i < b->l.n_agencies; i++)
        if (mask_has(&v->answer, i) &&
            (q->all_parties || (q->sectors >> b->l.agencies[i].sector) & 1))
            mask_add(&c->holders, i);
    c->n_listed = mask_count(&c->holders);
}

static void view_agencies(struct bundle *b)
{
    static const char *const regimes[] = { "any", "ukgdpr", "law-enforcement" };

    for (uint16_t i = 0; i < b->l.n_agencies; i++) {
        const struct lay_agency *a = &b->l.agencies[i];

        b->agency_views[i] = (struct policy_agency){
            .id = a->id,
            .name = a->name,
            .sector = b->l.sectors[a->sector],
            .regime = regimes[a->regime],
            .organisation = a->organisation,
            .sensitive = a->sensitive,
            .hub = a->hub,
            .shield_owner = (b->l.shield_owners >> a->sector) & 1,
            .controller = a->controller,
            .contact = a->contact,
            .desk_hours = a->desk_hours,
        };
    }
}

static void view_rules(struct bundle *b)
{
    for (uint16_t i = 0; i < b->l.n_purposes; i++) {
        const struct lay_purpose *p = &b->l.purposes[i];

        b->purpose_views[i] = (struct policy_purpose){
            .id = p->id,
            .title = p->title,
            .protocol = b->l.protocols[p->protocol].id,
            .consent = p->consent,
            .past_shield = p->past_shield > 0,
            .involvement = p->involvement,
            .from = p->from,
            .until = p->until,
            .parent = p->parent,
            .self_claimed = p->self_claimed,
            .past_shield_level = p->past_shield,
            .pinning = p->pinning,
        };
    }
    for (uint16_t i = 0; i < b->l.n_questions; i++) {
        const struct lay_question *q = &b->l.questions[i];

        b->question_views[i] = (struct policy_question){
            .id = q->id,
            .wording = q->wording,
            .uses_homes = q->uses_homes,
            .home_parameter = q->home_parameter,
            .sensitive = q->sensitive,
            .household = q->household,
            .unknown_cannot_say = q->unknown_cannot_say,
            .deadline_ms = q->deadline_ms,
            .owner = q->owner,
            .decision = q->decision,
            .kind = q->kind,
            .reveals_location = q->reveals_location,
            .look_back_days = q->look_back_days,
            .pin_days = q->pin_days,
            .stage = q->stage,
            .threshold = q->threshold,
            .composite = q->kind == QUESTION_COMPOSITE ? &q->composite : NULL,
        };
    }
}

/* calloc of nothing may give NULL: ask for one at least. */
static void *array_of(size_t n, size_t size)
{
    return calloc(n ? n : 1, size);
}

static int allocate(struct bundle *b)
{
    const struct layout *l = &b->l;

    b->agency_views = array_of(l->n_agencies, sizeof(*b->agency_views));
    b->purpose_views = array_of(l->n_purposes, sizeof(*b->purpose_views));
    b->question_views = array_of(l->n_questions, sizeof(*b->question_views));
    b->organisations = array_of(l->n_agencies, sizeof(*b->organisations));
    b->gateway_holders = array_of(l->n_gateways, sizeof(*b->gateway_holders));
    b->protocols = array_of(l->n_protocols, sizeof(*b->protocols));
    b->cells = array_of((size_t)l->n_purposes * l->n_questions, sizeof(*b->cells));
    if (!b->agency_views || !b->purpose_views || !b->question_views || !b->organisations ||
        !b->gateway_holders || !b->protocols || !b->cells)
        return -ENOMEM;
    return 0;
}

static int add_id(struct index *x, const char *id, uint16_t value)
{
    return index_add(x, id, value) ? -EBADMSG : 0;
}

static int add_ids(struct index *x, const char *const ids[], uint16_t n)
{
    int r = index_init(x, n);

    for (uint16_t i = 0; i < n && r == 0; i++)
        r = add_id(x, ids[i], i);
    return r;
}

static int derive_indexes(struct bundle *b)
{
    const struct layout *l = &b->l;
    int r = 0;

    if (index_init(&b->agencies, l->n_agencies) < 0 ||
        index_init(&b->purposes, l->n_purposes) < 0 ||
        index_init(&b->questions, l->n_questions) < 0 ||
        index_init(&b->gateways, l->n_gateways) < 0 || index_init(&b->services, l->n_services) < 0)
        return -ENOMEM;
    for (uint16_t i = 0; i < l->n_agencies && r == 0; i++)
        r = add_id(&b->agencies, l->agencies[i].id, i);
    for (uint16_t i = 0; i < l->n_purposes && r == 0; i++)
        r = add_id(&b->purposes, l->purposes[i].id, i);
    for (uint16_t i = 0; i < l->n_questions && r == 0; i++)
        r = add_id(&b->questions, l->questions[i].id, i);
    for (uint16_t i = 0; i < l->n_gateways && r == 0; i++)
        r = add_id(&b->gateways, l->gateways[i].id, i);
    for (uint16_t i = 0; i < l->n_services && r == 0; i++)
        r = add_id(&b->services, l->services[i].s.id, i);
    if (r == 0)
        r = add_ids(&b->roles, l->roles, l->n_roles);
    if (r == 0)
        r = add_ids(&b->categories, l->categories, l->n_categories);
    if (r == 0)
        r = add_ids(&b->areas, l->areas, l->n_areas);
    if (r == 0)
        r = add_ids(&b->needs, l->needs, l->n_needs);
    return r;
}

int bundle_derive(struct bundle *b)
{
    int r = allocate(b);

    if (r == 0)
        r = derive_indexes(b);
    if (r < 0)
        return r;
    derive_organisations(b);
    derive_gateways(b);
    for (uint16_t i = 0; i < b->l.n_protocols; i++)
        derive_protocol(b, i);
    for (uint16_t p = 0; p < b->l.n_purposes; p++)
        for (uint16_t q = 0; q < b->l.n_questions; q++)
            derive_cell(b, p, q);
    composites_derive(b);
    view_agencies(b);
    view_rules(b);
    return 0;
}
