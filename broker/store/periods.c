/* SPDX-License-Identifier: Apache-2.0 */
/* periods.c - the secrets of periods, their files, and the walk from one to the next. See
 * periods.h.
 *
 * TABLE_META "period", layout 1: u8 layout, u32 current, u32 leaving, i64 since, u64 resealed, u8
 * done, text table, var key: the walk has come so far. The file of a period is its secret, sealed
 * under a key derived from the store key, with its number as associated data. */
#include "store/periods.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "store/internal.h"
#include "store/period_files.h"
#include "store/raw.h"

#define STATE_LAYOUT 1
#define STATE_MAX    1024
#define SEAL_LABEL   "almoner/store/v1/period"

struct period_state {
    struct store_period seen;
    char table[32]; /* "": the walk has not begun */
    uint8_t key[STORE_KEY_MAX];
    size_t key_len;
};

/* --- Secrets in memory. --- */

static struct period_slot *period_find(struct store_periods *p, uint32_t number)
{
    for (size_t i = 0; i < PERIOD_SLOTS; i++) {
        if (number && p->slots[i].number == number)
            return &p->slots[i];
    }
    return NULL;
}

static void period_drop(struct store_periods *p, uint32_t number)
{
    struct period_slot *s = period_find(p, number);

    if (s)
        crypto_wipe(s, sizeof(*s));
}

/* A free slot, or that of the oldest period. */
static struct period_slot *period_room(struct store_periods *p)
{
    struct period_slot *oldest = &p->slots[0];

    for (size_t i = 1; i < PERIOD_SLOTS; i++) {
        if (p->slots[i].number < oldest->number)
            oldest = &p->slots[i];
    }
    crypto_wipe(oldest, sizeof(*oldest));
    return oldest;
}

/* The table's key and the period's secret: without either nothing opens. */
static int period_keep(struct store *s, uint32_t number, const struct secret *secret)
{
    struct period_slot *slot = period_room(store_periods(s));
    uint8_t octets[sizeof(SEAL_LABEL) + sizeof(struct secret)] = SEAL_LABEL;
    ALM_CLEANUP(secret_wipe) struct secret key = { 0 };
    int r = 0;

    memcpy(octets + sizeof(SEAL_LABEL), secret->octets, sizeof(secret->octets));
    for (size_t i = 0; i < TABLE_COUNT && r == 0; i++) {
        if (store_fixed[i])
            continue;
        r = crypto_hmac(&store_keys(s)->seal[i].key, bytes_of(octets, sizeof(octets)), key.octets);
        if (r == 0)
            seal_key_init(&slot->seal[i], &key);
    }
    crypto_wipe(octets, sizeof(octets));
    if (r < 0) {
        crypto_wipe(slot, sizeof(*slot));
        return r;
    }
    slot->secret = *secret;
    slot->number = number;
    return 0;
}

static void period_missing(struct store *s, uint32_t number)
{
    struct store_periods *p = store_periods(s);

    if (p->missing != number)
        log_error("period-missing", "period=%u", number);
    p->missing = number;
}

const struct seal_key *store_period_key(struct store *s, uint32_t number, enum table table)
{
    struct period_slot *slot = period_find(store_periods(s), number);

    if (!slot)
        period_missing(s, number);
    return slot ? &slot->seal[table] : NULL;
}

/* Return: 0; -ENOENT no such file; -EBADMSG. */
static int period_load(struct store *s, uint32_t number)
{
    ALM_CLEANUP(secret_wipe) struct secret secret = { 0 };
    int r;

    if (period_find(store_periods(s), number))
        return 0;
    r = period_file_read(store_path(s), &store_periods(s)->file_key, number, &secret);
    return r < 0 ? r : period_keep(s, number, &secret);
}

int store_period_secret(const struct store *s, uint32_t number, struct secret *out)
{
    /* Const for the caller: nothing is changed. */
    struct period_slot *slot = period_find(store_periods((struct store *)(uintptr_t)s), number);

    if (!slot)
        return -ENOENT;
    *out = slot->secret;
    return 0;
}

/* --- What the store says of itself. --- */

static struct bytes state_key(void)
{
    return bytes_str("period");
}

static int state_put(struct store_txn *t, const struct period_state *p)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };

    buf_init(&b, STATE_MAX);
    buf_put_u8(&b, STATE_LAYOUT);
    buf_put_u32(&b, p->seen.current);
    buf_put_u32(&b, p->seen.leaving);
    buf_put_i64(&b, p->seen.since_ms);
    buf_put_u64(&b, p->seen.resealed);
    buf_put_u8(&b, p->seen.done);
    buf_put_text(&b, p->table);
    buf_put_var(&b, p->key, p->key_len);
    if (buf_status(&b))
        store_fail(t, buf_status(&b));
    else
        store_put(t, TABLE_META, state_key(), buf_view(&b));
    return store_status(t);
}

static int state_get(struct store_txn *t, struct period_state *p)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct bytes key;
    struct cursor c;
    uint8_t layout;
    int r;

    memset(p, 0, sizeof(*p));
    buf_init(&b, STATE_MAX);
    r = store_get(t, TABLE_META, state_key(), &b);
    if (r < 0)
        return r;
    c = cursor_of(buf_view(&b));
    layout = cursor_u8(&c);
    p->seen.current = cursor_u32(&c);
    p->seen.leaving = cursor_u32(&c);
    p->seen.since_ms = cursor_i64(&c);
    p->seen.resealed = cursor_u64(&c);
    p->seen.done = cursor_u8(&c);
    cursor_text(&c, p->table, sizeof(p->table));
    key = cursor_var(&c, sizeof(p->key));
    if (cursor_end(&c) || layout != STATE_LAYOUT || !p->seen.current)
        return -EBADMSG;
    if (key.len)
        memcpy(p->key, key.data, key.len);
    p->key_len = key.len;
    return 0;
}

int store_period_state(struct store_txn *t, struct store_period *out)
{
    struct period_state p;
    int r = state_get(t, &p);

    *out = p.seen;
    return r == -ENOENT ? -EBADMSG : r;
}

/* --- Opening, and following the writer. --- */

/* The periods that values may stand under. Return: 0; -ENOENT a file is missing; -EBADMSG. */
static int period_load_both(struct store *s, const struct store_period *p)
{
    int r = period_load(s, p->current);

    if (r == 0 && p->leaving && !p->done)
        r = period_load(s, p->leaving);
    return r;
}

/* A file that is gone, or overwritten: the writer may have moved on since this snapshot. */
static int period_overtaken(int r)
{
    return r == -ENOENT || r == -EBADMSG ? -ESTALE : r;
}

int store_periods_lost(struct store *s)
{
    const struct store_periods *p = store_periods(s);

    period_missing(s, period_find(store_periods(s), p->current) ? p->leaving : p->current);
    return -EBADMSG;
}

static int period_first(struct store_txn *t)
{
    ALM_CLEANUP(secret_wipe) struct secret secret = { 0 };
    struct store *s = store_of(t);
    struct period_state p = { .seen = { .current = 1, .since_ms = clock_wall_ms() } };
    int r = crypto_random(secret.octets, sizeof(secret.octets));

    if (r == 0)
        r = period_file_make(store_path(s), &store_periods(s)->file_key, 1, &secret);
    if (r == 0)
        r = period_keep(s, 1, &secret);
    if (r == 0)
        r = state_put(t, &p);
    if (r == 0)
        store_periods(s)->current = 1;
    return r;
}

int store_periods_open(struct store_txn *t, bool made)
{
    struct store *s = store_of(t);
    struct store_periods *p = store_periods(s);
    struct period_state state;
    int r = period_file_key(&store_keys(s)->subkey_root, &p->file_key);

    if (r == 0)
        r = state_get(t, &state);
    if (r == -ENOENT)
        return made || store_read_only(s) ? -EBADMSG : period_first(t);
    if (r < 0)
        return r;
    p->current = state.seen.current;
    p->leaving = state.seen.leaving;
    r = period_load_both(s, &state.seen);
    if (store_read_only(s))
        return period_overtaken(r);
    if (r == 0)
        r = period_files_tidy(s, p->current, p->leaving);
    if (r != -ENOENT)
        return r;
    return store_periods_lost(s);
}

int store_periods_follow(struct store_txn *t, bool alone)
{
    struct store *s = store_of(t);
    struct store_periods *p = store_periods(s);
    struct period_state state;
    int r = state_get(t, &state);

    if (r < 0)
        return r == -ENOENT ? -EBADMSG : r;
    p->current = state.seen.current;
    p->leaving = state.seen.leaving;
    for (size_t i = 0; i < PERIOD_SLOTS && alone; i++) {
        uint32_t n = p->slots[i].number;

        if (n && n != p->current && n != p->leaving)
            period_drop(p, n);
    }
    return period_overtaken(period_load_both(s, &state.seen));
}

/* --- From one to the next. --- */

static int period_may_change(struct store *s)
{
    if (store_latched(s))
        return store_latched(s);
    if (store_read_only(s))
        return -EROFS;
    return store_writing(s) ? -EBUSY : 0;
}

static int period_commit(struct store *s, const struct period_state *p)
{
    struct store_txn *t = NULL;
    int r = store_begin(s, true, &t);

    if (r < 0)
        return r;
    (void)state_put(t, p);
    return store_commit(t);
}

/* What only the file system said latches like what LMDB says. */
static int period_failed(struct store *s, int r)
{
    if (r == -EIO)
        store_latch(s, r);
    return r;
}

int store_period_begin(struct store *s)
{
    ALM_CLEANUP(secret_wipe) struct secret secret = { 0 };
    struct store_periods *p = store_periods(s);
    struct period_state next = {
        .seen = { .current = p->current + 1, .leaving = p->current, .since_ms = clock_wall_ms() }
    };
    int r = period_may_change(s);

    if (r < 0)
        return r;
    if (p->leaving)
        return -EBUSY;
    if (p->current == UINT32_MAX)
        return -EOVERFLOW;
    r = store_step_now(s, STORE_STEP_PERIOD_FILE);
    if (r == 0)
        r = crypto_random(secret.octets, sizeof(secret.octets));
    if (r == 0)
        r = period_file_make(store_path(s), &p->file_key, next.seen.current, &secret);
    if (r == 0)
        r = store_step_now(s, STORE_STEP_PERIOD_MADE);
    if (r == 0)
        r = period_keep(s, next.seen.current, &secret);
    if (r < 0)
        return period_failed(s, r);
    r = period_commit(s, &next);
    if (r < 0) {
        period_drop(p, next.seen.current); /* its file is made anew by the next try */
        return r;
    }
    p->leaving = p->current;
    p->current = next.seen.current;
    return 0;
}

struct reseal {
    struct store_txn *t;
    enum table table;
    struct period_state *state;
    struct buf opened;
    size_t left;  /* values */
    size_t bytes; /* of the values so far */
};

static void reseal_deinit(struct reseal *w)
{
    if (w->opened.data)
        crypto_wipe(w->opened.data, w->opened.cap);
    buf_deinit(&w->opened);
}

/* Return: as a visit; 1 this step has done enough. */
static int reseal_one(void *ctx, struct bytes key, struct bytes value)
{
    struct reseal *w = ctx;
    uint32_t period;
    int r = store_raw_period(value, &period);

    if (r < 0)
        return r;
    if (bytes_equal(key, bytes_of(w->state->key, w->state->key_len)))
        return 0; /* where the last step stopped: it costs nothing, or a large one would take all of
                     each step to come */
    if (w->left == 0 || w->bytes >= STORE_PERIOD_STEP_BYTES)
        return 1;
    memcpy(w->state->key, key.data, key.len);
    w->state->key_len = key.len;
    w->left--;
    w->bytes += 256 + value.len; /* also looking costs something */
    if (period == w->state->seen.current)
        return 0;
    buf_reset(&w->opened);
    r = store_get(w->t, w->table, bytes_of(w->state->key, w->state->key_len), &w->opened);
    if (r < 0)
        return r;
    store_put(w->t, w->table, bytes_of(w->state->key, w->state->key_len), buf_view(&w->opened));
    w->state->seen.resealed++;
    return store_status(w->t);
}

/* Walks on in one table. Return: 1 the step has done enough; 0 the table's end. */
static int reseal_table(struct reseal *w, enum table table)
{
    struct period_state *p = w->state;
    struct bytes from = bytes_of(NULL, 0);
    uint8_t at[STORE_KEY_MAX];
    int r;

    if (strcmp(p->table, store_tables[table].name) == 0) {
        memcpy(at, p->key,
               p->key_len); /* seen before, and sealed anew: reseal_one passes it over */
        from = bytes_of(at, p->key_len);
    } else {
        r = text_copy(p->table, sizeof(p->table), store_tables[table].name);
        p->key_len = 0;
        if (r < 0)
            return r;
    }
    w->table = table;
    r = store_scan_raw(w->t, table, bytes_of(NULL, 0), from, reseal_one, w);
    if (r < 0)
        return r;
    return w->left == 0 || w->bytes >= STORE_PERIOD_STEP_BYTES;
}

static int reseal_walk(struct reseal *w, bool *done)
{
    int at = w->state->table[0] ? store_table_of(w->state->table) : 0;

    if (at < 0)
        return -EBADMSG;
    for (int i = at; i < TABLE_COUNT; i++) {
        int r = store_fixed[i] ? 0 : reseal_table(w, (enum table)i);

        if (r)
            return r < 0 ? r : 0;
    }
    *done = true;
    return 0;
}

int store_period_step(struct store_txn *t, size_t records, bool *done)
{
    ALM_CLEANUP(reseal_deinit)
    struct reseal w = { .t = t, .left = records ? records : 1 };
    struct period_state p;
    int r = store_pay_now(t);

    *done = false;
    if (r == 0)
        r = state_get(t, &p);
    if (r == 0 && !p.seen.leaving)
        return -EINVAL;
    buf_init(&w.opened, STORE_VALUE_MAX);
    w.state = &p;
    if (r == 0 && !p.seen.done)
        r = reseal_walk(&w, &p.seen.done);
    if (r == 0)
        r = state_put(t, &p);
    if (r == 0)
        *done = p.seen.done;
    else
        store_fail(t, r);
    return r;
}

int store_period_end(struct store *s)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    struct store_periods *p = store_periods(s);
    struct period_state state;
    int r = period_may_change(s);

    if (r == 0)
        r = store_begin(s, false, &t);
    if (r == 0)
        r = state_get(t, &state);
    t = store_abort(t);
    if (r < 0 || !state.seen.leaving)
        return r;
    if (!state.seen.done)
        return -EBUSY;
    r = period_file_destroy(s, state.seen.leaving);
    if (r == 0)
        r = store_step_now(s, STORE_STEP_PERIOD_GONE);
    if (r < 0)
        return period_failed(s, r);
    period_drop(p, state.seen.leaving);
    state.seen.leaving = 0;
    state.seen.done = false;
    state.table[0] = '\0';
    state.key_len = 0;
    r = period_commit(s, &state);
    if (r == 0)
        p->leaving = 0;
    return r;
}
