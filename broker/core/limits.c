/* SPDX-License-Identifier: Apache-2.0 */
/* limits.c - "Each agency has a message rate and a daily byte budget; beyond it 'busy, try after'
 * and one aggregated leaf a minute."
 *
 * TABLE_QUOTAS, agency -> u8 version 1, i64 UTC day, u64 bytes: stored each minute, so a restart
 * forgives a minute at most. */
#include "stages.h"

#include <errno.h>
#include <string.h>

#define QUOTA_VERSION 1
#define MINUTE_MS     60000
#define BURST_S       2 /* seconds of the sustained rate that may come at once */

bool limits_admit(struct core *c, struct work *w)
{
    struct agency *a = &c->agencies.slots[w->agency];
    const struct core_limits *l = &c->set.limits;
    int r;

    if (w->admitted)
        return true; /* the batch is decided again */
    r = budget_take(&a->budget, l->messages_per_s, l->messages_per_s * BURST_S, l->daily_bytes,
                    c->mono_ms, c->wall_ms, w->frame.len, w->type == MSG_ANSWER || w->type == MSG_TOKENS);

    w->admitted = r == 0;
    if (!r)
        return true;
    intake_name(c, w);
    tell_busy(c, w->agency, &w->id, budget_retry_ms(&a->budget, r, l->messages_per_s, c->wall_ms));
    return false;
}

bool limits_likely(struct core *c, const struct work *w)
{
    const struct core_limits *l = &c->set.limits;

    return budget_likely(&c->agencies.slots[w->agency].budget, l->messages_per_s,
                         l->messages_per_s * BURST_S, c->mono_ms);
}

bool limits_single(struct core *c, uint16_t slot, enum limited what)
{
    return budget_single(&c->agencies.slots[slot].budget, what);
}

void limits_count(struct core *c, uint16_t slot, enum limited what)
{
    c->agencies.slots[slot].budget.limited[what]++;
}

static bool limits_any(const struct budget *b)
{
    for (size_t i = 0; i < LIMITED_COUNT; i++) {
        if (b->limited[i])
            return true;
    }
    return false;
}

static const char *const limits_words[LIMITED_COUNT] = {
    [LIMITED_RATE] = "rate",
    [LIMITED_BYTES] = "daily bytes",
    [LIMITED_PENDING] = "waiting queries",
    [LIMITED_NO_HEAD] = "no signed head",
    [LIMITED_LEASES] = "leases while suspended",
    [LIMITED_REJECTED] = "more rejected",
    [LIMITED_SUSPENDED] = "more while suspended",
    [LIMITED_STRAY] = "more stray answers",
};

static void limits_leaf(struct core *c, uint16_t slot)
{
    struct budget *b = &c->agencies.slots[slot].budget;
    struct ledger_clear *l;

    budget_minute(b);
    if (!limits_any(b))
        return;
    l = record_begin(c, EVENT_LIMITED, slot);
    buf_reset(&c->scratch);
    for (size_t i = 0; i < LIMITED_COUNT; i++) {
        if (b->limited[i])
            buf_printf(&c->scratch, "%s%s %u", c->scratch.len ? ", " : "", limits_words[i],
                       b->limited[i]);
    }
    buf_put_u8(&c->scratch, 0);
    if (!buf_status(&c->scratch))
        text_cut(l->detail, sizeof(l->detail), (const char *)c->scratch.data);
    if (record_end(c) == LEAF_NONE)
        return;
    memcpy(b->said, b->limited, sizeof(b->said));
    memset(b->limited, 0, sizeof(b->limited));
}

static void limits_store(struct core *c, struct agency *a)
{
    struct store_txn *t = batch_txn(c);

    if (!t)
        return;
    buf_reset(&c->scratch);
    buf_put_u8(&c->scratch, QUOTA_VERSION);
    buf_put_i64(&c->scratch, a->budget.day);
    buf_put_u64(&c->scratch, a->budget.bytes);
    if (buf_status(&c->scratch))
        return;
    store_put(t, TABLE_QUOTAS, bytes_str(a->reg.id), buf_view(&c->scratch));
    c->batch.wrote = true;
    a->budget.bytes_changed = false;
    a->budget.stored = true;
}

/* What a batch that failed had said is counted on: the next minute's leaf has it. */
void limits_settle(struct core *c, bool kept)
{
    if (c->minute_ms != c->mono_ms)
        return; /* a batch in which nothing of this was said */
    for (uint16_t s = 0; s < c->agencies.n; s++) {
        struct budget *b = &c->agencies.slots[s].budget;

        for (size_t i = 0; !kept && i < LIMITED_COUNT; i++)
            b->limited[i] += b->said[i];
        b->bytes_changed = b->bytes_changed || (b->stored && !kept);
        b->stored = false;
        memset(b->said, 0, sizeof(b->said));
    }
}

void limits_minute(struct core *c)
{
    if (c->mono_ms - c->minute_ms < MINUTE_MS || c->batch.error)
        return;
    c->minute_ms = c->mono_ms;
    for (uint16_t s = 0; s < c->agencies.n; s++) {
        limits_leaf(c, s);
        if (c->agencies.slots[s].budget.bytes_changed)
            limits_store(c, &c->agencies.slots[s]);
    }
    keyholder_minute(c);
    for (size_t i = 0; i < c->set.n_gates; i++) {
        if (c->gates[i].dropped)
            log_warn("gate-slow", "gate=%zu dropped=%u", i, c->gates[i].dropped);
        c->gates[i].dropped = 0;
    }
}

static int limits_visit(void *ctx, struct bytes key, struct bytes value)
{
    struct core *c = ctx;
    struct cursor at = cursor_of(value);
    char id[REGISTRY_ID_MAX] = "";
    uint16_t slot;
    int64_t day;
    uint64_t bytes;

    if (cursor_u8(&at) != QUOTA_VERSION || key.len >= sizeof(id))
        return -EBADMSG;
    day = cursor_i64(&at);
    bytes = cursor_u64(&at);
    if (cursor_end(&at))
        return -EBADMSG;
    memcpy(id, key.data, key.len);
    slot = agencies_find(&c->agencies, id);
    if (slot != AGENCY_NONE) {
        c->agencies.slots[slot].budget.day = day;
        c->agencies.slots[slot].budget.bytes = bytes;
    }
    return 0;
}

int limits_load(struct core *c, struct store_txn *t)
{
    return store_scan(t, TABLE_QUOTAS, bytes_of(NULL, 0), bytes_of(NULL, 0), true, limits_visit, c);
}
