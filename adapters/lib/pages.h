/* SPDX-License-Identifier: Apache-2.0 */
/* pages.h - the broker's catalogue, put together from its pages. */
#pragma once
#include "base/attr.h"
#include "lib/ages.h"
#include <stddef.h>

#define CATALOGUE_MAX 1024 /* questions, and purposes; a broker that offers more is not believed   \
                            */

struct pages { /* under way, or whole; zeroed is empty */
    struct msg_catalogue_question *questions;
    struct msg_catalogue_purpose *purposes;
    size_t n_questions, n_purposes;
    bool ages_told; /* of consent, by the policy; those not told of are never able */
    struct ages_rule ages[AGES_CAPACITIES];
    uint8_t n_epochs; /* of match tokens; by the first page */
    struct msg_catalogue_epoch epochs[TOKEN_EPOCHS_MAX];
    unsigned next; /* the page that is to come */
};
void pages_deinit(struct pages *p);
/* Takes the next page. Return: 0; -EPROTO another page is due; -E2BIG; -ENOMEM. */
ALM_MUST_USE int pages_add(struct pages *p, const struct msg_catalogue *page);
const struct msg_catalogue_question *pages_question(const struct pages *p,
                                                    const char *id); /* or NULL */
const struct msg_catalogue_purpose *pages_purpose(const struct pages *p, const char *id);
