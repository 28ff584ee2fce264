/* SPDX-License-Identifier: Apache-2.0 */
/* budget.c - one agency's token bucket and bytes of the day. */
#include "budget.h"

#define DAY_MS        INT64_C(86400000)
#define MESSAGE_MILLI 1000u

static void budget_refill(struct budget *b, uint32_t rate_per_s, uint32_t burst, int64_t mono_ms)
{
    uint64_t full = (uint64_t)burst * MESSAGE_MILLI;
    uint64_t passed = mono_ms > b->filled_ms ? (uint64_t)(mono_ms - b->filled_ms) : 0;

    if (b->filled_ms == 0 || passed > 3600000)
        b->tokens_milli = full;
    else
        b->tokens_milli += passed * rate_per_s; /* thousandths per millisecond */
    if (b->tokens_milli > full)
        b->tokens_milli = full;
    b->filled_ms = mono_ms > 0 ? mono_ms : 1;
}

int budget_take(struct budget *b, uint32_t rate_per_s, uint32_t burst, uint64_t daily_bytes,
                int64_t mono_ms, int64_t wall_ms, uint64_t frame_bytes, bool answer)
{
    int64_t day = wall_ms / DAY_MS;

    budget_refill(b, rate_per_s, burst, mono_ms);
    if (day != b->day) {
        b->day = day;
        b->bytes = 0;
    }
    if (answer && b->answers_due > 0) {
        b->answers_due--;
        return 0;
    }
    if (b->bytes + frame_bytes > daily_bytes) {
        b->limited[LIMITED_BYTES]++;
        return BUDGET_BYTES;
    }
    if (b->tokens_milli < MESSAGE_MILLI) {
        b->limited[LIMITED_RATE]++;
        return BUDGET_RATE;
    }
    b->tokens_milli -= MESSAGE_MILLI;
    b->bytes += frame_bytes;
    b->bytes_changed = true;
    return 0;
}

/* Answers that are due cost nothing, and may be among them. */
bool budget_likely(struct budget *b, uint32_t rate_per_s, uint32_t burst, int64_t mono_ms)
{
    budget_refill(b, rate_per_s, burst, mono_ms);
    if (b->tokens_milli / MESSAGE_MILLI + b->answers_due <= b->n_checks)
        return false;
    b->n_checks++;
    return true;
}

uint32_t budget_retry_ms(const struct budget *b, int refusal, uint32_t rate_per_s, int64_t wall_ms)
{
    if (refusal == BUDGET_BYTES)
        return (uint32_t)(DAY_MS - wall_ms % DAY_MS);
    if (b->tokens_milli >= MESSAGE_MILLI)
        return 1;
    return (uint32_t)((MESSAGE_MILLI - b->tokens_milli) / (rate_per_s ? rate_per_s : 1)) + 1;
}

bool budget_single(struct budget *b, enum limited what)
{
    if (!b->noisy && b->singles < BUDGET_SINGLES) {
        b->singles++;
        return true;
    }
    b->noisy = true;
    b->limited[what]++;
    return false;
}

void budget_minute(struct budget *b)
{
    b->singles = 0;
    b->noisy =
        b->limited[LIMITED_REJECTED] || b->limited[LIMITED_SUSPENDED] || b->limited[LIMITED_STRAY];
}
