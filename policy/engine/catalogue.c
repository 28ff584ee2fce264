/* SPDX-License-Identifier: Apache-2.0 */
/* catalogue.c - a bundle's rules, read out. */
#include "engine/catalogue.h"
#include "engine/bundle.h"

size_t bundle_n_roles(const struct bundle *b)
{
    return b->l.n_roles;
}

size_t bundle_n_gateways(const struct bundle *b)
{
    return b->l.n_gateways;
}

size_t bundle_n_protocols(const struct bundle *b)
{
    return b->l.n_protocols;
}

const char *bundle_role_at(const struct bundle *b, uint16_t i)
{
    return b->l.roles[i];
}

struct policy_gateway bundle_gateway_at(const struct bundle *b, uint16_t i)
{
    static const char *const regimes[] = { "any", "ukgdpr", "law-enforcement" };
    const struct lay_gateway *g = &b->l.gateways[i];

    return (struct policy_gateway){ .id = g->id,
                                    .title = g->title,
                                    .statute = g->statute,
                                    .section = g->section,
                                    .regime = regimes[g->regime],
                                    .from = g->from,
                                    .until = g->until,
                                    .kind = g->kind,
                                    .countries = g->countries,
                                    .conditions = g->conditions };
}

struct policy_protocol bundle_protocol_at(const struct bundle *b, uint16_t i)
{
    const struct lay_protocol *p = &b->l.protocols[i];

    return (struct policy_protocol){
        .id = p->id, .title = p->title, .from = p->from, .until = p->until, .review = p->review,
        .unsigned_queries = p->unsigned_queries
    };
}

struct policy_terms bundle_terms(const struct bundle *b, uint16_t purpose)
{
    const struct lay_purpose *p = &b->l.purposes[purpose];

    return (struct policy_terms){ .protocol = p->protocol,
                                  .relationship = p->relationship,
                                  .within_days = p->within_days,
                                  .n_bases = p->n_bases,
                                  .bases = p->bases };
}

bool bundle_role_asks(const struct bundle *b, uint16_t purpose, uint16_t role)
{
    return purpose < b->l.n_purposes && role < b->l.n_roles &&
           (b->l.purposes[purpose].roles[role / 64] >> (role % 64)) & 1;
}

static const struct protocol_view *protocol_of(const struct bundle *b, uint16_t agency,
                                               uint16_t purpose)
{
    if (purpose >= b->l.n_purposes || agency >= b->l.n_agencies)
        return NULL;
    return &b->protocols[b->l.purposes[purpose].protocol];
}

enum policy_place bundle_place(const struct bundle *b, uint16_t agency, uint16_t purpose)
{
    const struct protocol_view *v = protocol_of(b, agency, purpose);

    if (!v || !mask_has(&v->party, agency))
        return PLACE_NONE;
    return v->ask[agency] == ASK_FULL           ? PLACE_FULL
           : v->ask[agency] == ASK_INSIGHT_ONLY ? PLACE_INSIGHT_ONLY
                                                : PLACE_SILENT;
}

bool bundle_answers(const struct bundle *b, uint16_t agency, uint16_t purpose)
{
    const struct protocol_view *v = protocol_of(b, agency, purpose);

    return v && mask_has(&v->answer, agency);
}

bool bundle_closed(const struct bundle *b, uint16_t question)
{
    return b->l.questions[question].closed_class;
}

size_t bundle_n_holders(const struct bundle *b, uint16_t purpose, uint16_t question)
{
    return bundle_lists(b, purpose, question)
               ? mask_count(&b->cells[(size_t)purpose * b->l.n_questions + question].holders)
               : 0;
}

bool bundle_covers(const struct bundle *b, uint16_t gateway, uint16_t agency)
{
    return gateway < b->l.n_gateways && mask_has(&b->gateway_holders[gateway], agency);
}

size_t bundle_n_categories(const struct bundle *b)
{
    return b->l.n_categories;
}

size_t bundle_n_areas(const struct bundle *b)
{
    return b->l.n_areas;
}

size_t bundle_n_needs(const struct bundle *b)
{
    return b->l.n_needs;
}

size_t bundle_n_permits(const struct bundle *b, uint16_t service)
{
    return b->l.services[service].n_permits;
}

struct policy_permit bundle_permit_at(const struct bundle *b, uint16_t service, uint16_t i)
{
    const struct lay_permit *p = &b->l.services[service].permits[i];

    return (struct policy_permit){ .agency = p->agency,
                                   .role = p->role,
                                   .steps = p->steps,
                                   .pounds = p->pounds,
                                   .from = p->from,
                                   .until = p->until,
                                   .agreed = p->agreed };
}

size_t bundle_n_wordings(const struct bundle *b)
{
    return b->l.n_wordings;
}

const char *bundle_wording_at(const struct bundle *b, uint16_t i, int32_t *from, int32_t *until)
{
    *from = b->l.wordings[i].from;
    *until = b->l.wordings[i].until;
    return b->l.wordings[i].id;
}
