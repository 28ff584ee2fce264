/* SPDX-License-Identifier: Apache-2.0 */
/* ring.c - keys by epoch: a struct each, made when the policy first lists it and gone with it. */
#include "lib/ring.h"

#include "base/file.h"
#include "base/log.h"
#include "lib/token_cache.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FLUSH_NOTED  1024 /* values */
#define FLUSH_MS     2000
#define FAILED_MS    30000 /* after the disk has failed: not at each turn of the loop */
#define EPOCHS_MAGIC "ALMEPO1" /* with its NUL */
#define EPOCHS_MAX   512       /* bytes of the file */

struct ring_key {
    uint8_t scheme, state;
    uint16_t epoch;
    oprf_point public_key;
    bool usable;
    struct tokens_key typed, rows, own;
    struct memo *typed_memo, *rows_memo, *own_memo; /* oblivious */
    struct token_cache *cache;                      /* NULL: the disk has failed */
    uint8_t salt[TOKEN_CACHE_SALT];
    bool unlocked;
    struct secret disk;
    int64_t flushed_ms, failed_ms; /* failed_ms: not tried before */
};
struct ring {
    struct ring_setup setup;
    struct ring_key *keys[RING_MAX]; /* in the order of their states: current first */
    size_t n;
    struct tokens_key serving, unknown;
    char text[256];
};

/* --- files --- */
static int ring_path(const struct ring *r, char out[static PATH_MAX], const char *what,
                     uint16_t epoch)
{
    int n = epoch ? snprintf(out, PATH_MAX, "%.3000s/epoch-%u.%s", r->setup.dir, epoch, what)
                  : snprintf(out, PATH_MAX, "%.3000s/%s", r->setup.dir, what);

    return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

/* "a later one for the same epoch is not used": 0, or -EKEYREJECTED. */
static int pin_check(const struct ring *r, uint16_t epoch, const oprf_point public_key)
{
    struct secret pinned; /* the same form as a secret's file: 64 hex characters */
    char path[PATH_MAX];
    int e = ring_path(r, path, "pub", epoch);

    if (e == 0)
        e = file_read_secret(path, &pinned);
    if (e == 0)
        return memcmp(pinned.octets, public_key, OPRF_POINT_LEN) == 0 ? 0 : -EKEYREJECTED;
    if (e != -ENOENT)
        return e;
    memcpy(pinned.octets, public_key, OPRF_POINT_LEN);
    return file_write_secret(path, &pinned);
}

static void epochs_save(const struct ring *r, const struct msg_catalogue_epoch *epochs, size_t n)
{
    ALM_CLEANUP(buf_deinit) struct buf text;
    char path[PATH_MAX];
    int e = ring_path(r, path, "epochs", 0);

    buf_init(&text, EPOCHS_MAX);
    buf_put(&text, EPOCHS_MAGIC, sizeof(EPOCHS_MAGIC));
    buf_put_u8(&text, (uint8_t)n);
    for (size_t i = 0; i < n; i++) {
        buf_put_u8(&text, epochs[i].scheme);
        buf_put_u16(&text, epochs[i].epoch);
        buf_put_u8(&text, epochs[i].state);
        buf_put(&text, epochs[i].public_key, OPRF_POINT_LEN);
    }
    if (e == 0)
        e = buf_status(&text) ? buf_status(&text) : file_write(path, buf_view(&text), 0600);
    if (e != 0)
        log_warn("token-epochs-not-kept", "error=%s", LOG_Q(strerror(-e)));
}

/* Return: how many; 0 none are kept, or the file is damaged: the broker will say. */
static size_t epochs_load(const struct ring *r, struct msg_catalogue_epoch out[static RING_MAX])
{
    ALM_CLEANUP(buf_deinit) struct buf text;
    char path[PATH_MAX];
    struct cursor c;
    struct bytes magic, key;
    size_t n;

    buf_init(&text, EPOCHS_MAX);
    if (ring_path(r, path, "epochs", 0) != 0 || file_read(path, EPOCHS_MAX, &text) != 0)
        return 0;
    c = cursor_of(buf_view(&text));
    magic = cursor_take(&c, sizeof(EPOCHS_MAGIC));
    n = cursor_u8(&c);
    if (c.failed || memcmp(magic.data, EPOCHS_MAGIC, sizeof(EPOCHS_MAGIC)) != 0 || n > RING_MAX)
        return 0;
    for (size_t i = 0; i < n; i++) {
        out[i].scheme = cursor_u8(&c);
        out[i].epoch = cursor_u16(&c);
        out[i].state = cursor_u8(&c);
        key = cursor_take(&c, OPRF_POINT_LEN);
        if (!c.failed)
            memcpy(out[i].public_key, key.data, OPRF_POINT_LEN);
    }
    return cursor_end(&c) == 0 ? n : 0;
}

/* --- one key --- */
static void note_value(void *ctx, const uint8_t tag[static MEMO_TAG_LEN],
                       const uint8_t value[static TOKEN_LEN])
{
    struct ring_key *k = ctx;

    if (k->cache)
        token_cache_note(k->cache, tag, value);
}

static struct ring_key *key_free(struct ring *r, struct ring_key *k)
{
    struct memo **const memos[] = { &k->typed_memo, &k->rows_memo, &k->own_memo };

    for (size_t i = 0; i < ALM_LEN(memos); i++) {
        if (*memos[i])
            fetch_drop(r->setup.fetch, *memos[i]);
        *memos[i] = memo_free(*memos[i]);
    }
    k->cache = token_cache_close(k->cache);
    secret_wipe(&k->disk);
    secret_wipe(&k->typed.key);
    secret_wipe(&k->rows.key);
    secret_wipe(&k->own.key);
    free(k);
    return NULL;
}

static int memo_begin(struct ring *r, struct ring_key *k, struct memo **memo, bool waited_for)
{
    struct fetch_source source = { .epoch = k->epoch,
                                   .public_key = k->public_key,
                                   .waited_for = waited_for };
    int e = memo_new(NULL, memo);

    source.memo = *memo;
    return e ? e : fetch_add(r->setup.fetch, &source);
}

static int key_begin_oblivious(struct ring *r, struct ring_key *k)
{
    char path[PATH_MAX];
    int e = pin_check(r, k->epoch, k->public_key);

    if (e == -EKEYREJECTED) {
        log_error("token-key-changed", "epoch=%u text=%s", k->epoch,
                  LOG_Q("the broker names another public key for this epoch than before: it is not "
                        "used; ask the officers, and the key holder, which is right"));
        return 0; /* listed, and not usable */
    }
    if (e == 0)
        e = memo_begin(r, k, &k->typed_memo, true);
    if (e == 0)
        e = memo_begin(r, k, &k->own_memo, false);
    if (e == 0)
        e = ring_path(r, path, "cache", k->epoch);
    if (e != 0)
        return e;
    k->typed.memo = k->typed_memo;
    k->own.memo = k->own_memo;
    k->usable = true;
    e = token_cache_open(path, k->epoch, &k->cache, k->salt);
    if (e != 0)
        log_error("token-cache-not-opened", "path=%s error=%s", LOG_Q(path), LOG_Q(strerror(-e)));
    return 0;
}

static const struct secret *hmac_of(const struct ring *r, uint16_t epoch)
{
    if (r->setup.hmac && r->setup.hmac_epoch == epoch)
        return r->setup.hmac;
    return r->setup.hmac_next && r->setup.hmac_next_epoch == epoch ? r->setup.hmac_next : NULL;
}

static void key_begin_hmac(struct ring *r, struct ring_key *k)
{
    const struct secret *hmac = hmac_of(r, k->epoch);

    if (!hmac) {
        log_error("token-key-missing", "epoch=%u text=%s", k->epoch,
                  LOG_Q("the policy lists a key of the hmac scheme that this adapter has not: "
                        "correct keys.token and tokens.epoch, or keys.token_next and tokens.next_epoch"));
        return;
    }
    k->typed.key = k->rows.key = k->own.key = *hmac;
    k->usable = crypto_derive(hmac, "almoner/disk/v1", &k->disk) == 0;
    k->unlocked = k->usable;
}

static int key_new(struct ring *r, const struct msg_catalogue_epoch *e, struct ring_key **out)
{
    struct ring_key *k = calloc(1, sizeof(*k));
    int err = 0;

    if (!k)
        return -ENOMEM;
    k->scheme = e->scheme;
    k->epoch = e->epoch;
    k->state = e->state;
    memcpy(k->public_key, e->public_key, OPRF_POINT_LEN);
    k->typed.scheme = k->rows.scheme = k->own.scheme = e->scheme;
    k->typed.epoch = k->rows.epoch = k->own.epoch = e->epoch;
    if (e->scheme == TOKEN_OBLIVIOUS)
        err = key_begin_oblivious(r, k);
    else
        key_begin_hmac(r, k);
    if (err != 0) {
        key_free(r, k);
        return err;
    }
    *out = k;
    return 0;
}

/* "almoner/disk/v1", our name, epoch and salt: a value that only the key holder can make. */
static int disk_input(const struct ring *r, const struct ring_key *k, struct buf *out)
{
    buf_init(out, 256);
    buf_put(out, "almoner/disk/v1", sizeof("almoner/disk/v1"));
    buf_put_u16(out, k->epoch);
    buf_put_text(out, r->setup.agency);
    buf_put(out, k->salt, sizeof(k->salt));
    return buf_status(out);
}

/* The cache's key has come, or is wanted. */
static void key_unlock(struct ring *r, struct ring_key *k)
{
    ALM_CLEANUP(buf_deinit) struct buf input = { 0 };
    ALM_CLEANUP(secret_wipe) struct secret tags = { { 0 } };
    struct fetch_source source = {
        .epoch = k->epoch, .public_key = k->public_key, .came = note_value, .ctx = k
    };
    int e = disk_input(r, k, &input);

    if (e == 0)
        e = memo_find(k->own_memo, buf_view(&input), k->disk.octets);
    if (e != 0)
        return;
    if (k->cache)
        e = token_cache_unlock(k->cache, &k->disk, &tags);
    if (e == 0)
        e = memo_new(k->cache ? &tags : NULL, &k->rows_memo);
    source.memo = k->rows_memo;
    if (e == 0)
        e = fetch_add(r->setup.fetch, &source);
    if (e == 0 && k->cache)
        e = token_cache_load(k->cache, k->rows_memo);
    if (e != 0 && e != -EBADMSG) {
        log_error("token-cache-not-opened", "path=%s error=%s", LOG_Q(r->setup.dir),
                  LOG_Q(strerror(-e)));
        if (!k->rows_memo)
            return; /* no memory: tried again */
    }
    k->rows.memo = k->rows_memo;
    memo_behind(k->typed_memo, k->rows_memo);
    memo_behind(k->own_memo, k->rows_memo);
    k->unlocked = true;
    log_info("token-cache", "epoch=%u values=%zu", k->epoch, memo_count(k->rows_memo));
}

/* --- the ring --- */
static struct ring_key *key_of(const struct ring *r, uint8_t scheme, uint16_t epoch)
{
    for (size_t i = 0; i < r->n; i++) {
        if (r->keys[i]->scheme == scheme && r->keys[i]->epoch == epoch)
            return r->keys[i];
    }
    return NULL;
}

static const struct ring_key *key_in(const struct ring *r, enum token_epoch_state state)
{
    for (size_t i = 0; i < r->n; i++) {
        if (r->keys[i]->state == state)
            return r->keys[i];
    }
    return NULL;
}

static void ring_settle(struct ring *r)
{
    const struct ring_key *current = key_in(r, EPOCH_CURRENT);
    bool missing = false;

    for (size_t i = 0; i < r->n; i++) { /* current, next, previous: few */
        for (size_t j = i + 1; j < r->n; j++) {
            struct ring_key *a = r->keys[i];

            if (r->keys[j]->state >= a->state)
                continue;
            r->keys[i] = r->keys[j];
            r->keys[j] = a;
        }
        missing = missing || !r->keys[i]->usable;
    }
    r->serving = (struct tokens_key){ .scheme = current ? current->scheme : 0,
                                      .epoch = current ? current->epoch : 0 };
    (void)snprintf(r->text, sizeof(r->text), "%s",
                   missing ? "a key of match tokens that the policy lists cannot be used here; the "
                             "adapter's log says which, and what to do"
                           : "");
}

static void key_drop(struct ring *r, size_t i, struct index *serving, struct index *coming)
{
    struct ring_key *k = r->keys[i];
    char path[PATH_MAX];

    if (serving)
        index_drop_key(serving, k->scheme, k->epoch);
    if (coming)
        index_drop_key(coming, k->scheme, k->epoch);
    log_info("token-key-dropped", "epoch=%u", k->epoch);
    if (k->scheme == TOKEN_OBLIVIOUS && ring_path(r, path, "cache", k->epoch) == 0)
        (void)unlink(path);
    key_free(r, k);
    r->n--;
    memmove(&r->keys[i], &r->keys[i + 1], (r->n - i) * sizeof(r->keys[0]));
}

static bool listed(const struct msg_catalogue_epoch *epochs, size_t n, const struct ring_key *k)
{
    for (size_t i = 0; i < n; i++) {
        if (epochs[i].scheme == k->scheme && epochs[i].epoch == k->epoch)
            return true;
    }
    return false;
}

static int ring_take(struct ring *r, const struct msg_catalogue_epoch *e)
{
    struct ring_key *k = key_of(r, e->scheme, e->epoch);
    int err;

    if (k && e->scheme == TOKEN_OBLIVIOUS &&
        memcmp(k->public_key, e->public_key, OPRF_POINT_LEN) != 0) {
        log_error("token-key-changed", "epoch=%u text=%s", e->epoch,
                  LOG_Q("the broker names another public key for this epoch than before: it is not "
                        "used; ask the officers, and the key holder, which is right"));
        return 0;
    }
    if (k) {
        k->state = e->state;
        return 0;
    }
    if (r->n == RING_MAX)
        return -ENOSPC;
    err = key_new(r, e, &r->keys[r->n]);
    if (err == 0)
        r->n++;
    return err ? err : 1;
}

int ring_update(struct ring *r, const struct msg_catalogue_epoch *epochs, size_t n,
                struct index *serving, struct index *coming)
{
    int e = 0, added = 0;

    if (!n || n > RING_MAX)
        return 0;
    for (size_t i = r->n; i-- > 0;) {
        if (!listed(epochs, n, r->keys[i]))
            key_drop(r, i, serving, coming);
    }
    for (size_t i = 0; e >= 0 && i < n; i++) {
        e = ring_take(r, &epochs[i]);
        added = added || e == 1;
    }
    ring_settle(r);
    if (e < 0)
        return e;
    epochs_save(r, epochs, n);
    return added;
}

int ring_new(const struct ring_setup *setup, struct ring **out)
{
    struct ring *r = calloc(1, sizeof(*r));
    struct msg_catalogue_epoch kept[RING_MAX];
    size_t n;
    int e = r ? file_mkdirs(setup->dir, 0700) : -ENOMEM;

    if (e != 0) {
        free(r);
        return e;
    }
    memset(kept, 0, sizeof(kept));
    r->setup = *setup;
    n = epochs_load(r, kept);
    if (!n && setup->hmac) {
        kept[0] = (struct msg_catalogue_epoch){ .scheme = TOKEN_HMAC,
                                                .epoch = setup->hmac_epoch,
                                                .state = EPOCH_CURRENT };
        n = 1;
    }
    for (size_t i = 0; e >= 0 && i < n; i++)
        e = ring_take(r, &kept[i]);
    ring_settle(r);
    if (e < 0) {
        ring_free(r);
        return e;
    }
    *out = r;
    return 0;
}

struct ring *ring_free(struct ring *r)
{
    if (!r)
        return NULL;
    for (size_t i = 0; i < r->n; i++) {
        if (r->keys[i]->cache && token_cache_flush(r->keys[i]->cache) != 0)
            log_warn("token-cache-not-written", "epoch=%u", r->keys[i]->epoch);
        key_free(r, r->keys[i]);
    }
    free(r);
    return NULL;
}

const struct tokens_key *ring_current(const struct ring *r)
{
    const struct ring_key *k = key_in(r, EPOCH_CURRENT);

    return k && k->usable ? &k->typed : &r->unknown;
}

const struct tokens_key *ring_previous(const struct ring *r)
{
    const struct ring_key *k = key_in(r, EPOCH_PREVIOUS);

    return k && k->usable ? &k->typed : NULL;
}

const struct tokens_key *ring_carry_to(const struct ring *r, bool *next)
{
    const struct ring_key *k = key_in(r, EPOCH_NEXT);

    *next = k != NULL;
    if (!k)
        k = key_in(r, EPOCH_CURRENT);
    return k && k->usable && k->unlocked ? &k->own : NULL;
}

const struct tokens_key *ring_anew(const struct ring *r)
{
    const struct ring_key *k = key_in(r, EPOCH_CURRENT);

    return k && k->usable && k->unlocked ? &k->own : NULL;
}

const struct tokens_key *ring_serving(const struct ring *r)
{
    return &r->serving;
}

int ring_index_new(struct ring *r, struct index **out)
{
    struct index *x = NULL;
    int e = 0;

    for (size_t i = 0; e == 0 && i < r->n; i++) {
        struct ring_key *k = r->keys[i];

        if (!k->usable)
            continue;
        e = x ? index_add_key(x, &k->rows) : index_new(&k->rows, &x);
        if (e == 0 && k->rows_memo && k->cache && !memo_count(k->rows_memo) &&
            token_cache_flush(k->cache) == 0)
            e = token_cache_load(k->cache, k->rows_memo);
        e = e == -EBADMSG ? 0 : e;
    }
    if (e == 0 && !x)
        e = index_new(&r->unknown, &x); /* waits until the broker says which key it is */
    if (e != 0) {
        index_free(x);
        return e;
    }
    *out = x;
    return 0;
}

static void key_step(struct ring *r, struct ring_key *k, int64_t now_ms, bool built)
{
    int e = 0;

    if (!k->unlocked) {
        key_unlock(r, k);
        return;
    }
    if (!k->cache || now_ms < k->failed_ms)
        return;
    if (token_cache_n_noted(k->cache) >= FLUSH_NOTED ||
        (token_cache_n_noted(k->cache) && now_ms - k->flushed_ms >= FLUSH_MS)) {
        e = token_cache_flush(k->cache);
        k->flushed_ms = now_ms;
    }
    if (e == 0 && built && memo_count(k->rows_memo)) {
        e = token_cache_flush(k->cache);
        if (e == 0)
            e = token_cache_rewrite(k->cache, k->rows_memo);
        if (e == 0)
            fetch_forget(r->setup.fetch, k->rows_memo);
        if (e == 0)
            memo_wipe(k->rows_memo); /* the index has them now */
    }
    if (e == 0)
        return;
    k->failed_ms = now_ms + FAILED_MS;
    log_error("token-cache-not-written", "epoch=%u error=%s", k->epoch, LOG_Q(strerror(-e)));
}

void ring_step(struct ring *r, int64_t now_ms, const struct index *serving,
               const struct index *coming)
{
    for (size_t i = 0; i < r->n; i++) {
        struct ring_key *k = r->keys[i];

        if (k->usable && k->scheme == TOKEN_OBLIVIOUS)
            key_step(r, k, now_ms,
                     !coming && serving && index_done(serving) && index_ready(serving, &k->rows));
    }
}

void ring_forget(struct ring *r)
{
    for (size_t i = 0; i < r->n; i++) {
        if (!r->keys[i]->typed_memo)
            continue;
        fetch_forget(r->setup.fetch, r->keys[i]->typed_memo);
        memo_wipe(r->keys[i]->typed_memo);
    }
}

int ring_disk_key(const struct ring *r, uint8_t scheme, uint16_t epoch, struct secret *out)
{
    const struct ring_key *k = key_of(r, scheme, epoch);

    if (!k && scheme == TOKEN_HMAC && hmac_of(r, epoch))
        return crypto_derive(hmac_of(r, epoch), "almoner/disk/v1", out);
    if (!k || !k->usable)
        return -ENOENT;
    if (!k->unlocked)
        return -EAGAIN;
    *out = k->disk;
    return 0;
}

bool ring_wanting(const struct ring *r)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct ring_key *k = r->keys[i];

        if ((k->typed_memo && memo_n_open(k->typed_memo)) ||
            (k->rows_memo && memo_n_open(k->rows_memo)) ||
            (k->own_memo && memo_n_open(k->own_memo)))
            return true;
    }
    return false;
}

const char *ring_text(const struct ring *r)
{
    return r->text;
}

size_t ring_view(const struct ring *r, struct ring_view out[static RING_MAX])
{
    for (size_t i = 0; i < r->n; i++) {
        const struct ring_key *k = r->keys[i];

        out[i] = (struct ring_view){ k->scheme, k->state, k->epoch, k->usable, k->unlocked,
                                     &k->rows };
    }
    return r->n;
}
