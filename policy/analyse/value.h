/* SPDX-License-Identifier: Apache-2.0 */
/* value.h - what a decision comes to, without the request's own words: outcome, reason, what is
 * told, and whom a permit asks. Kept once each: two values are equal when their numbers are. */
#pragma once
#include "analyse/domain.h"

struct seen {
    uint16_t agency; /* index on domain->agencies */
    uint8_t visibility;
    uint16_t factors; /* of a composite: bit k, it is asked factor k */
};
struct value {
    uint8_t outcome, reason, telling, basis;
    /* The holders are those listed, less the asker's own organisation: so that one line can hold
     * for several askers. */
    bool but_own;
    bool broker; /* the broker itself answers */
    uint16_t n;
    struct seen *seen; /* sorted by agency; of a permit only: a hidden refusal goes to the holders
                          that the permit would have, for nobody */
};
struct values {
    struct value *at;
    uint32_t n, cap;
    uint32_t *slots, n_slots;
};
ALM_MUST_USE int values_init(struct values *v);
void values_deinit(struct values *v);
/* The number of a value; its seen is copied. Return: 0 or -ENOMEM. */
ALM_MUST_USE int values_number(struct values *v, const struct value *x, uint32_t *out);
/**
 * value_make() - a decision of policy k as a value
 * @seen: room for POLICY_AGENCIES_MAX; out->seen points there
 */
void value_make(const struct domain *d, size_t k, const struct facts *f,
                const struct decision *made, struct seen *seen, struct value *out);
bool value_equal(const struct value *a, const struct value *b);
/* What the value is for one asker: without its own organisation where it says so. seen: as above.
 */
void value_for(const struct domain *d, const struct value *v, size_t k, uint16_t asker,
               struct seen *seen, struct value *out);
/* In policy k agency i belongs to the organisation of the asker (both on d->agencies). */
bool value_same_organisation(const struct domain *d, size_t k, uint16_t asker, uint16_t i);
