/* SPDX-License-Identifier: Apache-2.0 */
/* retokens_settle.c - after an epoch is listed no more: its tokens leave the store, record by record.
 *
 * TABLE_RETOKENS, "~settled" -> u8 1, the epochs that were settled for, u8 where it is, id of the last record
 * done. A stop anywhere goes on from there; a change of epochs begins anew. */
#include "store/retokens.h"

#include <errno.h>
#include <string.h>

#define SETTLE_LAYOUT 1
#define SETTLE_MAX    64
#define STEP_MOST     256

/* What is gone through, in order. An id follows the prefix, and nothing else. */
static const struct {
    enum table table;
    const char *prefix;
    record_settle *settle;
} stages[] = {
    { TABLE_CONSENTS, "", consents_settle },    { TABLE_SHIELDS, "", shields_settle },
    { TABLE_DISPUTES, "", disputes_settle },    { TABLE_OVERRIDES, "", overrides_settle },
    { TABLE_CONCERNS, "r", concerns_settle },   { TABLE_EPISODES, "r", episodes_settle },
    { TABLE_WATCHES, "r", watches_settle },     { TABLE_REFERRALS, "r", referrals_settle },
    { TABLE_RETOKENS, "c", NULL },              { TABLE_RETOKENS, "s", NULL },
    { TABLE_RETOKENS, "d", NULL },              { TABLE_RETOKENS, "n", NULL },
    { TABLE_RETOKENS, "e", NULL },              { TABLE_RETOKENS, "w", NULL },
    { TABLE_RETOKENS, "r", NULL },
};

struct place { /* how far it has come */
    struct token_epochs for_what;
    uint8_t stage;    /* ALM_LEN(stages): done */
    struct id after;  /* zero: the stage's first */
};

/* No record's kind begins so. */
static struct bytes marker_key(void)
{
    return bytes_str("~settled");
}

static int place_get(struct store_txn *t, struct place *out)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct bytes id;
    struct cursor c;
    int r;

    memset(out, 0, sizeof(*out));
    buf_init(&b, SETTLE_MAX);
    r = store_get(t, TABLE_RETOKENS, marker_key(), &b);
    if (r < 0)
        return r;
    c = cursor_of(buf_view(&b));
    if (cursor_u8(&c) != SETTLE_LAYOUT)
        return -EBADMSG;
    out->for_what.n = cursor_u8(&c);
    if (out->for_what.n > RETOKENS_MAX)
        return -EBADMSG;
    for (uint8_t i = 0; i < out->for_what.n; i++) {
        out->for_what.at[i].scheme = cursor_u8(&c);
        out->for_what.at[i].epoch = cursor_u16(&c);
    }
    out->stage = cursor_u8(&c);
    id = cursor_take(&c, ID_LEN);
    if (id.len)
        memcpy(out->after.octets, id.data, ID_LEN);
    return cursor_end(&c);
}

static void place_put(struct store_txn *t, const struct place *p)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };

    buf_init(&b, SETTLE_MAX);
    buf_put_u8(&b, SETTLE_LAYOUT);
    buf_put_u8(&b, p->for_what.n);
    for (uint8_t i = 0; i < p->for_what.n; i++) {
        buf_put_u8(&b, p->for_what.at[i].scheme);
        buf_put_u16(&b, p->for_what.at[i].epoch);
    }
    buf_put_u8(&b, p->stage);
    buf_put(&b, p->after.octets, ID_LEN);
    store_fail(t, buf_status(&b));
    store_put(t, TABLE_RETOKENS, marker_key(), buf_view(&b));
}

static bool place_for(const struct place *p, const struct token_epochs *e)
{
    if (p->for_what.n != e->n)
        return false;
    for (uint8_t i = 0; i < e->n; i++) {
        if (!token_epochs_has(&p->for_what, e->at[i]))
            return false;
    }
    return true;
}

/* --- one step --- */

struct step { /* ids of a step, each once */
    size_t prefix, most, n;
    bool sets; /* of TABLE_RETOKENS: several keys have one id */
    struct id ids[STEP_MOST];
};

static int step_visit(void *ctx, struct bytes key, struct bytes value)
{
    struct step *s = ctx;
    const uint8_t *id = key.data + s->prefix;

    (void)value;
    if (s->sets ? key.len < s->prefix + ID_LEN : key.len != s->prefix + ID_LEN)
        return 0; /* a withdrawal that overtook its grant names nobody */
    if (s->n && memcmp(s->ids[s->n - 1].octets, id, ID_LEN) == 0)
        return 0;
    if (s->n == s->most)
        return 1;
    memcpy(s->ids[s->n++].octets, id, ID_LEN);
    return 0;
}

static int step_collect(struct store_txn *t, const struct place *p, struct step *s)
{
    const char *prefix = stages[p->stage].prefix;
    uint8_t from[1 + ID_LEN + 4];
    size_t len = 0;

    s->prefix = strlen(prefix);
    s->sets = !stages[p->stage].settle;
    if (!id_is_zero(&p->after)) {
        memcpy(from, prefix, s->prefix);
        memcpy(from + s->prefix, p->after.octets, ID_LEN);
        memset(from + s->prefix + ID_LEN, 0xff, 4); /* past every key of that id */
        len = s->prefix + ID_LEN + 4;
    }
    return store_scan(t, stages[p->stage].table, bytes_str(prefix), bytes_of(from, len), false,
                      step_visit, s);
}

static int settle_one(struct store_txn *t, const struct place *p, const struct id *id,
                      const struct token_epochs *e)
{
    int r = stages[p->stage].settle
                ? stages[p->stage].settle(t, id, e)
                : retokens_drop_but(t, (enum subjects_kind)stages[p->stage].prefix[0], id, e);

    return r < 0 ? r : 0;
}

static int step_run(struct store_txn *t, struct place *p, const struct token_epochs *e, size_t most,
                    size_t *n)
{
    struct step s = { .most = most < STEP_MOST ? most : STEP_MOST };
    int r = step_collect(t, p, &s);

    for (size_t i = 0; i < s.n && r >= 0; i++)
        r = settle_one(t, p, &s.ids[i], e);
    if (r < 0)
        return r;
    *n = s.n;
    if (s.n == s.most) {
        p->after = s.ids[s.n - 1];
    } else {
        p->stage++;
        p->after = (struct id){ 0 };
    }
    return 0;
}

int retokens_settle(struct store_txn *t, const struct token_epochs *e, size_t most, bool *done)
{
    struct place p;
    size_t left = most;
    int r = place_get(t, &p);

    if (r < 0 && r != -ENOENT)
        return r;
    *done = r == 0 && place_for(&p, e) && p.stage >= ALM_LEN(stages);
    if (*done)
        return 0;
    if (r == -ENOENT || !place_for(&p, e))
        p = (struct place){ .for_what = *e };
    r = 0;
    while (left && p.stage < ALM_LEN(stages) && r == 0) {
        size_t n = 0;

        r = step_run(t, &p, e, left, &n);
        left -= n < left ? n : left;
    }
    if (r < 0)
        return r;
    place_put(t, &p);
    *done = p.stage >= ALM_LEN(stages);
    return store_status(t);
}
