/* SPDX-License-Identifier: Apache-2.0 */
/* budget.h - how many points each agency may still have evaluated: so many a second, and so many a
 * day, for each and for all together.
 *
 * Pure but for budget_load and budget_save; time is passed in. Threads: one loop. */
#pragma once
#include "base/attr.h"
#include "wire/msg_base.h"
#include <stdint.h>

#define BUDGET_AGENCIES_MAX 1024

struct budget_limits {
    int64_t per_second, per_day; /* points, from 1 */
};
struct budget_use { /* of one agency */
    name_t agency;
    struct budget_limits limits;
    bool own;       /* limits are its own, not the usual ones */
    double left;    /* of the second: at most two seconds' worth are saved up */
    int64_t at_ms;  /* when left was worked out */
    int32_t day;    /* civil day that used counts */
    int64_t used;   /* points on that day */
    /* since they were last told: for the log */
    uint64_t points, requests, refused;
};
struct budget; /* opaque: budget.c */
enum budget_refusal { BUDGET_RATE = 1, BUDGET_DAY, BUDGET_ALL_RATE, BUDGET_ALL_DAY, BUDGET_FULL };
const char *budget_refusal_word(int r);

/* usual: of every agency without limits of its own; all: of all agencies together. */
ALM_MUST_USE int budget_new(struct budget_limits usual, struct budget_limits all,
                            struct budget **out);
struct budget *budget_free(struct budget *b);
/* Limits of one agency's own. Return: 0; -EEXIST; -ENOSPC; -EINVAL the name is too long. */
ALM_MUST_USE int budget_set(struct budget *b, const char *agency, struct budget_limits own);
/**
 * budget_take() - points for one request, or not
 * @day: civil day by our clock; @now_ms: monotonic
 * @retry_ms: for a refusal: when it may be tried again
 * Return: 0 taken; enum budget_refusal: nothing is taken.
 */
ALM_MUST_USE int budget_take(struct budget *b, const char *agency, unsigned n, int64_t now_ms,
                             int32_t day, uint32_t *retry_ms);
/* Each agency that asked since the last call; counts begin anew. */
void budget_tell(struct budget *b, void (*tell)(void *ctx, const struct budget_use *u), void *ctx);
/* What was used today survives a restart. Return: 0; -errno (load: no file is 0, a damaged one
 * -EBADMSG: what stood before the damage is taken). */
ALM_MUST_USE int budget_save(const struct budget *b, const char *path);
ALM_MUST_USE int budget_load(struct budget *b, const char *path);
