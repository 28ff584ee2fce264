/* SPDX-License-Identifier: Apache-2.0 */
/* view.c - what the rest of the program may see of a bundle. */
#include "engine/bundle.h"

const uint8_t *bundle_hash(const struct bundle *b)
{
    return b->hash;
}

const char *bundle_name(const struct bundle *b)
{
    return b->l.name;
}

uint16_t bundle_agency(const struct bundle *b, const char *id)
{
    return index_find(&b->agencies, id);
}

uint16_t bundle_role(const struct bundle *b, const char *id)
{
    return index_find(&b->roles, id);
}

uint16_t bundle_purpose(const struct bundle *b, const char *id)
{
    return index_find(&b->purposes, id);
}

uint16_t bundle_question(const struct bundle *b, const char *id)
{
    return index_find(&b->questions, id);
}

uint16_t bundle_gateway(const struct bundle *b, const char *id)
{
    return index_find(&b->gateways, id);
}

size_t bundle_n_agencies(const struct bundle *b)
{
    return b->l.n_agencies;
}

size_t bundle_n_purposes(const struct bundle *b)
{
    return b->l.n_purposes;
}

size_t bundle_n_questions(const struct bundle *b)
{
    return b->l.n_questions;
}

const struct policy_agency *bundle_agency_at(const struct bundle *b, uint16_t i)
{
    return &b->agency_views[i];
}

const struct policy_purpose *bundle_purpose_at(const struct bundle *b, uint16_t i)
{
    return &b->purpose_views[i];
}

bool bundle_unsigned_queries(const struct bundle *b, uint16_t purpose)
{
    return b && purpose < b->l.n_purposes && b->l.purposes[purpose].protocol < b->l.n_protocols &&
           b->l.protocols[b->l.purposes[purpose].protocol].unsigned_queries;
}

const struct policy_question *bundle_question_at(const struct bundle *b, uint16_t i)
{
    return &b->question_views[i];
}

const struct policy_consent_rules *bundle_consent_rules(const struct bundle *b)
{
    return &b->l.consent;
}

bool bundle_lists(const struct bundle *b, uint16_t purpose, uint16_t question)
{
    return purpose < b->l.n_purposes && question < b->l.n_questions &&
           b->cells[(size_t)purpose * b->l.n_questions + question].listed;
}

bool bundle_party(const struct bundle *b, uint16_t agency, uint16_t purpose)
{
    return agency < b->l.n_agencies && purpose < b->l.n_purposes &&
           mask_has(&b->protocols[b->l.purposes[purpose].protocol].party, agency);
}

void agency_set_add(struct agency_set *s, uint16_t agency)
{
    if (agency < POLICY_AGENCIES_MAX)
        s->bits[agency / 64] |= UINT64_C(1) << (agency % 64);
}

bool agency_set_has(const struct agency_set *s, uint16_t agency)
{
    if (s->any)
        return true;
    return agency < POLICY_AGENCIES_MAX && (s->bits[agency / 64] >> (agency % 64)) & 1;
}
