/* SPDX-License-Identifier: Apache-2.0 */
/* budget.h - how much one agency may ask of the core: a token bucket and the bytes of a day.
 *
 * Pure arithmetic: the clock is passed in. Source: DESIGN.md section 3, "a message rate and a daily
 * byte budget". */
#pragma once
#include "base/attr.h"
#include <stdbool.h>
#include <stdint.h>

enum budget_refusal { BUDGET_RATE = 1, BUDGET_BYTES };
enum limited { /* what an agency ran into; counted, and recorded in one leaf a minute */
               LIMITED_RATE = 0,
               LIMITED_BYTES,
               LIMITED_PENDING,
               LIMITED_NO_HEAD,
               LIMITED_LEASES, /* leases of a suspended agency */
               /* What has a leaf of its own until there is too much of it: */
               LIMITED_REJECTED,  /* unsigned, malformed, replayed, ...: never decided */
               LIMITED_SUSPENDED, /* other messages of a suspended agency */
               LIMITED_STRAY,     /* answers that nobody waits for */
               LIMITED_COUNT
};
struct budget {
    int64_t filled_ms;     /* monotonic; when tokens was last worked out. 0: never */
    uint64_t tokens_milli; /* thousandths of a message */
    int64_t day;           /* UTC day that bytes counts, days since 1970 */
    uint64_t bytes;
    uint64_t
        answers_due; /* questions put to it and not yet answered: their answers cost no tokens */
    uint32_t limited[LIMITED_COUNT]; /* since the last leaf */
    uint32_t said[LIMITED_COUNT];    /* in the leaf that is not committed yet */
    bool stored;                     /* bytes, in that batch */
    uint32_t singles;                /* leaves of their own, this minute, of what is noise when it is much */
    uint32_t n_checks;               /* frames whose signatures are being checked before their turn */
    bool noisy;                      /* more came than may have one: until a minute without any */
    bool bytes_changed;              /* since it was last stored */
};
/**
 * budget_take() - charge one frame
 * @rate_per_s, @burst, @daily_bytes: limits, each > 0
 * @answer: the frame is an Answer: it is free while questions are due
 * Return: 0 within budget; BUDGET_RATE, BUDGET_BYTES over it (nothing charged but the count of it).
 * Never negative.
 */
ALM_MUST_USE int budget_take(struct budget *b, uint32_t rate_per_s, uint32_t burst,
                             uint64_t daily_bytes, int64_t mono_ms, int64_t wall_ms,
                             uint64_t frame_bytes, bool answer);
#define BUDGET_SINGLES 32 /* a minute; nobody who makes mistakes makes more of them */
/* Whether what came is to have a leaf of its own; else it is counted. what: LIMITED_REJECTED or later. */
bool budget_single(struct budget *b, enum limited what);
/* A minute is over. */
void budget_minute(struct budget *b);
/* Whether one more of its frames would be let through, beside n_checks others; counted among them if so. */
bool budget_likely(struct budget *b, uint32_t rate_per_s, uint32_t burst, int64_t mono_ms);
/* How long until one message would be let through, milliseconds; at most a day. */
uint32_t budget_retry_ms(const struct budget *b, int refusal, uint32_t rate_per_s, int64_t wall_ms);
