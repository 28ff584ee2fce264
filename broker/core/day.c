/* SPDX-License-Identifier: Apache-2.0 */
/* day.c - the civil day that decisions rest on: the wall clock's in life, the officers' in an
 * exercise (DESIGN.md section 10).
 *
 * TABLE_META "civil-day" -> u8 version 1, i32 day: an exercise's day survives the core.
 * TABLE_META "days-up" -> u8 version 1, i32 day last seen, u32 how many. Counted one at a time, however
 * far the clock jumps, and not again when it jumps back. */
#include "stages.h"

#include <errno.h>

#define DAY_KEY     "civil-day"
#define DAY_VERSION 1
#define UP_KEY      "days-up"
#define UP_VERSION  1

static int day_load_count(struct core *c, struct store_txn *t)
{
    struct cursor at;
    int r;

    c->days = (struct day_count){ .seen = CIVIL_NONE };
    buf_reset(&c->scratch);
    r = store_get(t, TABLE_META, bytes_str(UP_KEY), &c->scratch);
    if (r)
        return r == -ENOENT ? 0 : r;
    at = cursor_of(buf_view(&c->scratch));
    if (cursor_u8(&at) != UP_VERSION)
        return -EBADMSG;
    c->days.seen = cursor_i32(&at);
    c->days.n = cursor_u32(&at);
    return cursor_end(&at) ? -EBADMSG : 0;
}

int day_load(struct core *c, struct store_txn *t)
{
    struct cursor at;
    int32_t day;
    int r = day_load_count(c, t);

    if (r)
        return r;
    if (c->set.wire.mode != MODE_EXERCISE) {
        c->day = civil_today(c->wall_ms);
        c->day_known = true;
        return 0;
    }
    buf_reset(&c->scratch);
    r = store_get(t, TABLE_META, bytes_str(DAY_KEY), &c->scratch);
    if (r == -ENOENT) { /* until an officer sets one: today, and then any day may be the first */
        c->day = civil_today(c->wall_ms);
        c->day_known = false;
        return 0;
    }
    if (r)
        return r;
    at = cursor_of(buf_view(&c->scratch));
    if (cursor_u8(&at) != DAY_VERSION)
        return -EBADMSG;
    day = cursor_i32(&at);
    if (cursor_end(&at))
        return -EBADMSG;
    c->day = day;
    c->day_known = true;
    return 0;
}

/* Midnight in life. */
void day_tick(struct core *c)
{
    int32_t today;

    if (c->set.wire.mode != MODE_LIVE)
        return;
    today = civil_today(c->wall_ms);
    if (today == c->day || today == CIVIL_NONE)
        return;
    if (c->day > c->day_most)
        c->day_most = c->day;
    c->day = today;
    c->batch.day_changed = true;
}

void day_put(struct core *c, int32_t day)
{
    struct store_txn *t = batch_txn(c);

    if (!t)
        return;
    buf_reset(&c->scratch);
    buf_put_u8(&c->scratch, DAY_VERSION);
    buf_put_i32(&c->scratch, day);
    if (buf_status(&c->scratch)) {
        batch_fail(c, buf_status(&c->scratch), "day");
        return;
    }
    store_put(t, TABLE_META, bytes_str(DAY_KEY), buf_view(&c->scratch));
    c->batch.wrote = true;
    c->day = day;
    c->day_known = true;
    c->batch.day_changed = true;
}

void day_count(struct core *c)
{
    struct day_count next = { .seen = c->day, .n = c->days.n };
    struct store_txn *t;

    if (!c->day_known || c->days.seen == c->day || c->batch.error)
        return;
    if (c->days.seen == CIVIL_NONE || c->day > c->days.seen)
        next.n++;
    t = batch_txn(c);
    if (!t)
        return;
    buf_reset(&c->scratch);
    buf_put_u8(&c->scratch, UP_VERSION);
    buf_put_i32(&c->scratch, next.seen);
    buf_put_u32(&c->scratch, next.n);
    if (buf_status(&c->scratch)) {
        batch_fail(c, buf_status(&c->scratch), "day");
        return;
    }
    store_put(t, TABLE_META, bytes_str(UP_KEY), buf_view(&c->scratch));
    c->days = next;
    /* day_changed too: should the batch fail, it is read again */
    c->batch.wrote = c->batch.day_changed = true;
}

bool day_past(const struct core *c, int32_t day, uint32_t n, int64_t keep)
{
    if ((int64_t)c->day - day < keep)
        return false;
    /* An exercise's day is an officer's word, not a clock's. */
    return c->set.wire.mode == MODE_EXERCISE || (int64_t)c->days.n - n >= keep;
}
