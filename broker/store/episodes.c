/* SPDX-License-Identifier: Apache-2.0 */
/* episodes.c - what concerns added up to, kept and found. Declared in concerns.h. */
#include <errno.h>
#include <string.h>

#include "store/concerns.h"

#include "store/fields.h"
#include "store/lasting.h"
#include "store/lodged.h"
#include "store/retokens.h"

#define EPISODE_LAYOUT 1

static void episode_encode(const struct episode_record *r, struct buf *b)
{
    buf_put_u8(b, EPISODE_LAYOUT);
    field_put_id(b, &r->id);
    PUT_TEXT(b, r->rule);
    buf_put_u8(b, r->subject_kind);
    field_put_set(b, &r->subject);
    field_put_token(b, &r->household);
    PUT_TEXT(b, r->category);
    PUT_TEXT(b, r->area);
    buf_put_u8(b, r->severity);
    buf_put_u8(b, r->bypass);
    buf_put_i32(b, r->fired_on);
    buf_put_i32(b, r->opened_on);
    buf_put_i32(b, r->over_on);
    buf_put_i64(b, r->opened_ms);
    PUT_TEXT(b, r->decide_role);
    buf_put_i64(b, r->decide_by_ms);
    buf_put_u8(b, r->step);
    PUT_TEXT(b, r->outcome);
    buf_put_u64(b, r->leaf);
    buf_put_u8(b, r->n_hubs);
    for (uint8_t i = 0; i < r->n_hubs && i < EPISODE_HUBS_MAX; i++)
        PUT_TEXT(b, r->hubs[i]);
    buf_put_u8(b, r->n);
    for (uint8_t i = 0; i < r->n && i < EPISODE_CONTRIBUTORS_MAX; i++) {
        field_put_id(b, &r->contributors[i].concern);
        PUT_TEXT(b, r->contributors[i].agency);
        buf_put_u8(b, (uint8_t)(r->contributors[i].told | r->contributors[i].gone << 1 |
                                r->contributors[i].said << 2));
    }
}

static void episode_take_lists(struct cursor *c, struct episode_record *out)
{
    out->n_hubs = cursor_u8(c);
    if (out->n_hubs > EPISODE_HUBS_MAX) {
        c->failed = true;
        return;
    }
    for (uint8_t i = 0; i < out->n_hubs; i++)
        cursor_text(c, out->hubs[i], sizeof(out->hubs[i]));
    out->n = cursor_u8(c);
    if (out->n > EPISODE_CONTRIBUTORS_MAX) {
        c->failed = true;
        return;
    }
    for (uint8_t i = 0; i < out->n; i++) {
        struct episode_contributor *who = &out->contributors[i];
        uint8_t bits;

        field_take_id(c, &who->concern);
        cursor_text(c, who->agency, sizeof(who->agency));
        bits = cursor_u8(c);
        who->told = bits & 1;
        who->gone = bits >> 1 & 1;
        who->said = bits >> 2 & 1;
        if (bits > 7)
            c->failed = true;
    }
}

static int episode_decode(struct bytes octets, struct episode_record *out)
{
    struct cursor c = cursor_of(octets);

    memset(out, 0, sizeof(*out));
    if (cursor_u8(&c) != EPISODE_LAYOUT)
        return -EBADMSG;
    field_take_id(&c, &out->id);
    cursor_text(&c, out->rule, sizeof(out->rule));
    out->subject_kind = cursor_u8(&c);
    field_take_set(&c, &out->subject);
    field_take_token(&c, &out->household);
    cursor_text(&c, out->category, sizeof(out->category));
    cursor_text(&c, out->area, sizeof(out->area));
    out->severity = cursor_u8(&c);
    out->bypass = field_take_bool(&c);
    out->fired_on = cursor_i32(&c);
    out->opened_on = cursor_i32(&c);
    out->over_on = cursor_i32(&c);
    out->opened_ms = cursor_i64(&c);
    cursor_text(&c, out->decide_role, sizeof(out->decide_role));
    out->decide_by_ms = cursor_i64(&c);
    out->step = cursor_u8(&c);
    cursor_text(&c, out->outcome, sizeof(out->outcome));
    out->leaf = cursor_u64(&c);
    episode_take_lists(&c, out);
    return cursor_end(&c) || out->step > FIRING_CLOSED ? -EBADMSG : 0;
}

static struct tokens_view episode_view(struct episode_record *r)
{
    return (struct tokens_view){ .subject = &r->subject, .household = &r->household };
}

static int episode_load(struct store_txn *t, const struct id *id, struct episode_record *out)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    int r;

    buf_init(&b, LASTING_RECORD_MAX);
    r = lasting_get(t, TABLE_EPISODES, id, &b);
    return r ? r : episode_decode(buf_view(&b), out);
}

static void episode_write(struct store_txn *t, const struct episode_record *r)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };

    buf_init(&b, LASTING_RECORD_MAX);
    episode_encode(r, &b);
    store_fail(t, buf_status(&b));
    lasting_put(t, TABLE_EPISODES, &r->id, r->over_on, buf_view(&b));
}

/* One that is there keeps its tokens. */
static int episode_put_now(struct store_txn *t, struct episode_record *r)
{
    struct tokens_view put = episode_view(r), raw;
    struct episode_record old;
    int found = episode_load(t, &r->id, &old);

    if (found == -ENOENT && r->household.kind != TOKEN_HOME && !subjects_findable(&r->subject))
        return -EINVAL;
    raw = episode_view(&old);
    if (found == 0)
        found = tokens_keep(t, SUBJECTS_EPISODE, &r->id, &raw, &put);
    if (found < 0 && found != -ENOENT)
        return found;
    episode_write(t, r);
    tokens_index(t, SUBJECTS_EPISODE, &r->id, &put, true);
    return 0;
}

void episodes_put(struct store_txn *t, const struct episode_record *r)
{
    struct episode_record kept = *r;

    store_fail(t, episode_put_now(t, &kept));
}

int episodes_get(struct store_txn *t, const struct id *id, struct episode_record *out)
{
    struct tokens_view v = episode_view(out);
    int r = episode_load(t, id, out);

    return r ? r : tokens_now(t, SUBJECTS_EPISODE, id, &v);
}

int episodes_settle(struct store_txn *t, const struct id *id, const struct token_epochs *e)
{
    struct episode_record record;
    struct tokens_view v = episode_view(&record);
    int r = episode_load(t, id, &record);

    if (r == 0)
        r = tokens_settle(t, SUBJECTS_EPISODE, id, e, &v);
    if (r > 0)
        episode_write(t, &record);
    return r;
}

static int episodes_each(struct store_txn *t, const struct token_set *set, episodes_visit *visit,
                         void *ctx)
{
    ALM_CLEANUP(subjects_found_deinit) struct subjects_found found = { 0 };
    int r = subjects_find(t, SUBJECTS_EPISODE, set, &found);

    for (size_t i = 0; i < found.n && r == 0; i++) {
        struct id id = subjects_found_at(&found, i);
        struct episode_record record;
        struct tokens_view v = episode_view(&record);

        r = episode_load(t, &id, &record);
        if (r == 0)
            r = tokens_found(t, SUBJECTS_EPISODE, &id, set, &v);
        if (r == 0)
            r = visit(ctx, &record);
        else if (r == -ENOENT)
            r = -EBADMSG;
    }
    return r < 0 ? r : 0;
}

int episodes_about(struct store_txn *t, const struct token_set *subject, episodes_visit *visit,
                   void *ctx)
{
    return episodes_each(t, subject, visit, ctx);
}

int episodes_at(struct store_txn *t, const struct token *home, episodes_visit *visit, void *ctx)
{
    struct token_set set = subjects_home(home);

    return episodes_each(t, &set, visit, ctx);
}

struct forgetting {
    episodes_visit *visit;
    void *ctx;
};

static int episode_forget(void *ctx, struct store_txn *t, const struct id *id)
{
    const struct forgetting *f = ctx;
    struct episode_record record;
    struct tokens_view v = episode_view(&record);
    int r = episode_load(t, id, &record);

    if (r)
        return r;
    tokens_index(t, SUBJECTS_EPISODE, id, &v, false);
    retokens_drop(t, SUBJECTS_EPISODE, id);
    return f->visit ? f->visit(f->ctx, &record) : 0;
}

int episodes_sweep(struct store_txn *t, int32_t day, size_t most, episodes_visit *visit, void *ctx,
                   size_t *n)
{
    struct forgetting f = { visit, ctx };

    return lasting_sweep(t, TABLE_EPISODES, day, most, episode_forget, &f, n);
}

int episodes_forget(struct store_txn *t, const struct id *id)
{
    struct forgetting f = { .visit = NULL };
    int r = episode_forget(&f, t, id);

    if (r == 0)
        lasting_del(t, TABLE_EPISODES, id);
    return r;
}
