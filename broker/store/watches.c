/* SPDX-License-Identifier: Apache-2.0 */
/* watches.c - step-down watches kept and found. */
#include "store/watches.h"

#include "store/fields.h"

#include <errno.h>
#include <string.h>

#include "store/lasting.h"
#include "store/lodged.h"
#include "store/retokens.h"

#define WATCH_LAYOUT 1

static void watch_put_scope(struct buf *b, const struct msg_scope *s)
{
    uint8_t n = s->n < SCOPE_MAX ? s->n : SCOPE_MAX;

    buf_put_u8(b, s->any);
    buf_put_u8(b, n);
    for (uint8_t i = 0; i < n; i++)
        PUT_TEXT(b, s->agencies[i]);
}

static void watch_take_scope(struct cursor *c, struct msg_scope *out)
{
    out->any = field_take_bool(c);
    out->n = cursor_u8(c);
    if (out->n > SCOPE_MAX) {
        c->failed = true;
        out->n = 0;
    }
    for (uint8_t i = 0; i < out->n; i++)
        cursor_text(c, out->agencies[i], sizeof(out->agencies[i]));
}

static void watch_encode(const struct watch_record *r, struct buf *b)
{
    buf_put_u8(b, WATCH_LAYOUT);
    field_put_id(b, &r->id);
    PUT_TEXT(b, r->agency);
    PUT_TEXT(b, r->practitioner);
    PUT_TEXT(b, r->role);
    PUT_TEXT(b, r->purpose);
    field_put_set(b, &r->watch.subject);
    buf_put_u8(b, r->watch.has_household);
    field_put_token(b, &r->watch.household);
    watch_put_scope(b, &r->watch.agencies);
    buf_put_i32(b, r->watch.from);
    buf_put_i32(b, r->watch.until);
    buf_put_i32(b, r->watch.review_on);
    buf_put_i32(b, r->home_since);
    buf_put_u8(b, r->ended);
    buf_put_u64(b, r->leaf);
    buf_put_u8(b, r->n_seen);
    for (uint8_t i = 0; i < r->n_seen && i < WATCH_SEEN_MAX; i++) {
        PUT_TEXT(b, r->seen[i].agency);
        buf_put_i32(b, r->seen[i].on);
    }
}

static void watch_take_seen(struct cursor *c, struct watch_record *out)
{
    out->n_seen = cursor_u8(c);
    if (out->n_seen > WATCH_SEEN_MAX) {
        c->failed = true;
        out->n_seen = 0;
    }
    for (uint8_t i = 0; i < out->n_seen; i++) {
        cursor_text(c, out->seen[i].agency, sizeof(out->seen[i].agency));
        out->seen[i].on = cursor_i32(c);
    }
}

static int watch_decode(struct bytes octets, struct watch_record *out)
{
    struct cursor c = cursor_of(octets);

    memset(out, 0, sizeof(*out));
    if (cursor_u8(&c) != WATCH_LAYOUT)
        return -EBADMSG;
    field_take_id(&c, &out->id);
    cursor_text(&c, out->agency, sizeof(out->agency));
    cursor_text(&c, out->practitioner, sizeof(out->practitioner));
    cursor_text(&c, out->role, sizeof(out->role));
    cursor_text(&c, out->purpose, sizeof(out->purpose));
    field_take_set(&c, &out->watch.subject);
    out->watch.has_household = field_take_bool(&c);
    field_take_token(&c, &out->watch.household);
    watch_take_scope(&c, &out->watch.agencies);
    out->watch.from = cursor_i32(&c);
    out->watch.until = cursor_i32(&c);
    out->watch.review_on = cursor_i32(&c);
    out->home_since = cursor_i32(&c);
    out->ended = field_take_bool(&c);
    out->leaf = cursor_u64(&c);
    watch_take_seen(&c, out);
    return cursor_end(&c);
}

bool watches_findable(const struct msg_watch *w)
{
    return subjects_findable(&w->subject);
}

static struct tokens_view watch_view(struct watch_record *r)
{
    return (struct tokens_view){ .subject = &r->watch.subject,
                                 .has_household = &r->watch.has_household,
                                 .household = &r->watch.household };
}

static void watch_index(struct store_txn *t, struct watch_record *r, bool in)
{
    struct tokens_view v = watch_view(r);

    tokens_index(t, SUBJECTS_WATCH, &r->id, &v, in);
}

static int watch_load(struct store_txn *t, const struct id *id, struct watch_record *out)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    int r;

    buf_init(&b, LASTING_RECORD_MAX);
    r = lasting_get(t, TABLE_WATCHES, id, &b);
    return r ? r : watch_decode(buf_view(&b), out);
}

/* A move: the home that the record had is watched no more; but for that it keeps its tokens. */
static int watch_leave(struct store_txn *t, struct watch_record *r)
{
    struct tokens_view put = watch_view(r), raw;
    struct watch_record before;
    int found = watch_load(t, &r->id, &before);

    if (found == -ENOENT)
        return watches_findable(&r->watch) ? 0 : -EINVAL;
    if (found < 0)
        return found;
    raw = watch_view(&before);
    watch_index(t, &before, false);
    return tokens_keep(t, SUBJECTS_WATCH, &r->id, &raw, &put);
}

static void watch_write(struct store_txn *t, const struct watch_record *r)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };

    buf_init(&b, LASTING_RECORD_MAX);
    watch_encode(r, &b);
    store_fail(t, buf_status(&b));
    lasting_put(t, TABLE_WATCHES, &r->id, r->watch.until, buf_view(&b));
}

void watches_put(struct store_txn *t, const struct watch_record *r)
{
    struct watch_record kept = *r;

    store_fail(t, watch_leave(t, &kept));
    if (store_status(t))
        return;
    watch_write(t, &kept);
    if (kept.ended)
        retokens_drop(t, SUBJECTS_WATCH, &kept.id);
    else
        watch_index(t, &kept, true);
}

int watches_get(struct store_txn *t, const struct id *id, struct watch_record *out)
{
    struct tokens_view v = watch_view(out);
    int r = watch_load(t, id, out);

    return r ? r : tokens_now(t, SUBJECTS_WATCH, id, &v);
}

int watches_settle(struct store_txn *t, const struct id *id, const struct token_epochs *e)
{
    struct watch_record record;
    struct tokens_view v = watch_view(&record);
    int r = watch_load(t, id, &record);

    if (r == 0)
        r = tokens_settle(t, SUBJECTS_WATCH, id, e, &v);
    if (r > 0 && record.ended) /* what has ended nothing finds */
        watch_index(t, &record, false);
    if (r > 0)
        watch_write(t, &record);
    return r;
}

int watches_survey(struct store_txn *t, const struct id *id, struct survey_seen *s)
{
    struct watch_record record;
    struct tokens_view v = watch_view(&record);
    int r = watch_load(t, id, &record);

    if (r < 0)
        return r;
    memcpy(s->out->lodger, record.agency, sizeof(s->out->lodger));
    s->out->over = record.ended || record.watch.until < s->day;
    survey_tokens(s, &v);
    return 0;
}

static int watches_each(struct store_txn *t, const struct token_set *set, watches_visit *visit,
                        void *ctx)
{
    ALM_CLEANUP(subjects_found_deinit) struct subjects_found found = { 0 };
    int r = subjects_find(t, SUBJECTS_WATCH, set, &found);

    for (size_t i = 0; i < found.n && r == 0; i++) {
        struct id id = subjects_found_at(&found, i);
        struct watch_record record;
        struct tokens_view v = watch_view(&record);

        r = watch_load(t, &id, &record);
        if (r == 0)
            r = tokens_found(t, SUBJECTS_WATCH, &id, set, &v);
        if (r == 0)
            r = visit(ctx, &record);
        else if (r == -ENOENT)
            r = -EBADMSG;
    }
    return r < 0 ? r : 0;
}

int watches_about(struct store_txn *t, const struct token_set *subject, watches_visit *visit,
                  void *ctx)
{
    return watches_each(t, subject, visit, ctx);
}

int watches_at(struct store_txn *t, const struct token *home, watches_visit *visit, void *ctx)
{
    struct token_set set = subjects_home(home);

    return watches_each(t, &set, visit, ctx);
}

struct forgetting {
    watches_visit *visit;
    void *ctx;
};

static int watch_forget(void *ctx, struct store_txn *t, const struct id *id)
{
    const struct forgetting *f = ctx;
    struct watch_record record;
    int r = watch_load(t, id, &record);

    if (r)
        return r;
    watch_index(t, &record, false);
    retokens_drop(t, SUBJECTS_WATCH, id);
    return f->visit ? f->visit(f->ctx, &record) : 0;
}

int watches_sweep(struct store_txn *t, int32_t day, size_t most, watches_visit *visit, void *ctx,
                  size_t *n)
{
    struct forgetting f = { visit, ctx };

    return lasting_sweep(t, TABLE_WATCHES, day, most, watch_forget, &f, n);
}

int watches_forget(struct store_txn *t, const struct id *id)
{
    struct forgetting f = { .visit = NULL };
    int r = watch_forget(&f, t, id);

    if (r == 0)
        lasting_del(t, TABLE_WATCHES, id);
    return r;
}
