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
