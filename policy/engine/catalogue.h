/* SPDX-License-Identifier: Apache-2.0 */
/* catalogue.h - the rules of a bundle as they were written, for tools that show, compare and search
 * them. Deciding needs none of it. Everything is borrowed from the bundle; indexes must be in range
 * unless it says otherwise. */
#pragma once
#include "engine/engine.h"

struct policy_gateway {
    const char *id, *title, *statute, *section, *regime;
    int32_t from, until; /* both ends included; until POLICY_DAY_NONE: not repealed */
    uint8_t kind;        /* enum gateway_kind */
    uint8_t countries;   /* bits: 1 << (enum country - 1); 0: not recorded */
    uint32_t conditions; /* enum gateway_condition bits, all of which a request must state */
};
struct policy_protocol {
    const char *id, *title;
    int32_t from, until, review;
    bool unsigned_queries; /* its queries and their answers may come without an agency's signature */
};
struct policy_terms { /* of a purpose, beside struct policy_purpose */
    uint16_t protocol;
    bool relationship;
    uint16_t within_days;
    uint16_t n_bases;
    const uint16_t *bases; /* gateways by index */
};
/* An agency's place in the protocol of a purpose, its organisation's where it has none of its own.
 */
enum policy_place { PLACE_NONE = 0, PLACE_SILENT, PLACE_INSIGHT_ONLY, PLACE_FULL };

struct policy_permit { /* what a service's owner lets another agency do */
    uint16_t agency, role;
    uint8_t steps; /* bits: 1 << (enum service_step - 1) */
    uint32_t pounds;
    int32_t from, until; /* until POLICY_DAY_NONE: no end */
    const char *agreed;  /* where the owner's agreement is on record; "" not said */
};

size_t bundle_n_roles(const struct bundle *b);
size_t bundle_n_gateways(const struct bundle *b);
size_t bundle_n_protocols(const struct bundle *b);
const char *bundle_role_at(const struct bundle *b, uint16_t i);
struct policy_gateway bundle_gateway_at(const struct bundle *b, uint16_t i);
struct policy_protocol bundle_protocol_at(const struct bundle *b, uint16_t i);
struct policy_terms bundle_terms(const struct bundle *b, uint16_t purpose);
/* the role may ask for the purpose; false for a number out of range */
bool bundle_role_asks(const struct bundle *b, uint16_t purpose, uint16_t role);
/* PLACE_NONE for a number out of range */
enum policy_place bundle_place(const struct bundle *b, uint16_t agency, uint16_t purpose);
/* the agency answers under the purpose's protocol; false for a number out of range */
bool bundle_answers(const struct bundle *b, uint16_t agency, uint16_t purpose);
/* the question belongs to a closed class: never permitted */
bool bundle_closed(const struct bundle *b, uint16_t question);
/* How many agencies the protocol lists to answer the question for the purpose: 0 where it is not
 * listed. */
size_t bundle_n_holders(const struct bundle *b, uint16_t purpose, uint16_t question);
size_t bundle_n_categories(const struct bundle *b);
size_t bundle_n_areas(const struct bundle *b);
size_t bundle_n_needs(const struct bundle *b);
size_t bundle_n_permits(const struct bundle *b, uint16_t service);
struct policy_permit bundle_permit_at(const struct bundle *b, uint16_t service, uint16_t i);
size_t bundle_n_wordings(const struct bundle *b);
/* the id; its days in *from and *until (POLICY_DAY_NONE: still approved) */
const char *bundle_wording_at(const struct bundle *b, uint16_t i, int32_t *from, int32_t *until);
/* The gateway covers the agency as a holder: sector not excluded, regime fits. */
bool bundle_covers(const struct bundle *b, uint16_t gateway, uint16_t agency);

/* --- what no decision can tell apart (alike.c); numbers out of range count as ids not known --- */

/**
 * bundle_questions_alike() - two questions that every request for this purpose is decided alike for
 *
 * Whoever asks, on whatever day, about whomever, with whatever consents, shields, overrides and
 * statements; each with the home that it needs. False where that is not certain.
 */
bool bundle_questions_alike(const struct bundle *b, uint16_t purpose, uint16_t one, uint16_t other);
/**
 * bundle_askers_alike() - two agencies whose requests for this purpose are decided alike
 * @own: also of questions whose answer leaves out the asker's own organisation: who is involved,
 *       and composites
 *
 * With facts that name no agency, or for each the asker itself. False where that is not certain.
 */
bool bundle_askers_alike(const struct bundle *b, uint16_t purpose, bool own, uint16_t one,
                         uint16_t other);
/**
 * bundle_statements_alike() - two sets of statements (enum gateway_condition) that make no
 * difference to any request for this purpose on this day, unless an override states more by itself
 */
bool bundle_statements_alike(const struct bundle *b, uint16_t purpose, int32_t day, uint32_t one,
                             uint32_t other);
/**
 * policy_override_reach() - what one override can come to in a request that claims no basis
 * @f: the request, whatever consents and shields stand beside it
 *
 * Return: POLICY_NONE: it carries nothing, as if it were not there; else the first gateway that
 *         covers the agencies that its own does. Two of equal reach are decided alike.
 */
uint16_t policy_override_reach(const struct bundle *b, const struct facts *f,
                               const struct override_fact *o);
