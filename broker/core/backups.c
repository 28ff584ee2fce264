/* SPDX-License-Identifier: Apache-2.0 */
/* backups.c - which backups were begun, and until when the latest key of any of them is kept.
 *
 * A backup is counted when it is begun: whether the file was finished, kept or carried away is not
 * known here, and what could be is what has to be stated.
 * TABLE_META "backups" -> u8 version 1, u32 n, u64 leaf, i64 at (ms), i32 until. */
#include "backups.h"

#include <errno.h>
#include <string.h>

#include "stages.h"

#define BACKUPS_KEY          "backups"
#define BACKUPS_VERSION      1
#define BACKUPS_DAYS_DEFAULT 35 /* where no policy is in force */

int backups_get(struct store_txn *t, struct backups_state *out)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct cursor c;
    int r;

    buf_init(&b, 64);
    r = store_get(t, TABLE_META, bytes_str(BACKUPS_KEY), &b);
    if (r)
        return r;
    c = cursor_of(buf_view(&b));
    if (cursor_u8(&c) != BACKUPS_VERSION)
        return -EBADMSG;
    out->n = cursor_u32(&c);
    out->leaf = cursor_u64(&c);
    out->at_ms = cursor_i64(&c);
    out->until = cursor_i32(&c);
    return cursor_end(&c);
}

bool backups_is(const struct reading_work *w)
{
    return !strcmp(w->command, "backup");
}

const char *backups_refused(const struct core *c, const struct reading_work *w)
{
    int32_t today = civil_today(c->wall_ms); /* whoever holds the key lives by the calendar */
    int32_t most = c->bundle ? bundle_retention(c->bundle)->backup_days : BACKUPS_DAYS_DEFAULT;

    if (w->until == CIVIL_NONE)
        return "malformed";
    if (w->until < today)
        return "key-expired";
    return w->until - today > most ? "key-too-long" : NULL;
}

void backups_begun(struct core *c, const struct reading_work *w)
{
    struct backups_state s = { .until = CIVIL_NONE };
    struct store_txn *t = batch_txn(c);
    int r;

    if (!t)
        return;
    r = backups_get(t, &s);
    if (r && r != -ENOENT) {
        batch_fail(c, r, "backups");
        return;
    }
    buf_reset(&c->scratch);
    buf_put_u8(&c->scratch, BACKUPS_VERSION);
    buf_put_u32(&c->scratch, s.n + 1);
    buf_put_u64(&c->scratch, w->leaf);
    buf_put_i64(&c->scratch, c->wall_ms);
    buf_put_i32(&c->scratch, w->until > s.until ? w->until : s.until);
    if (buf_status(&c->scratch)) {
        batch_fail(c, buf_status(&c->scratch), "backups");
        return;
    }
    store_put(t, TABLE_META, bytes_str(BACKUPS_KEY), buf_view(&c->scratch));
    c->batch.wrote = true;
}

json_t *backups_status(struct core *c)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    struct backups_state s;
    char at[25], until[CIVIL_TEXT];
    int r = store_begin(c->store, false, &t);

    if (r == 0)
        r = backups_get(t, &s);
    if (r)
        return json_null(); /* none, or not to be read: the next batch says which */
    clock_format_utc(s.at_ms, at);
    civil_format(s.until, until);
    return json_pack("{s:I,s:s,s:I,s:s}", "made", (json_int_t)s.n, "last", at, "leaf",
                     (json_int_t)s.leaf, "until", until);
}
