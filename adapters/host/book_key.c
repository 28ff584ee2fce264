/* SPDX-License-Identifier: Apache-2.0 */
/* book_key.c - wraps of the book's key, one a file. Killed at any point, one of them opens. */
#include "host/book_key.h"

#include "base/file.h"
#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct wrap {
    char path[PATH_MAX];
    uint8_t with[32]; /* associated data: label, scheme, epoch */
};

static int wrap_of(const struct host *h, const struct ring_view *v, struct wrap *w)
{
    int n = snprintf(w->path, sizeof(w->path), "%.3000s/book-%u-%u.key", h->config.tokens,
                     v->scheme, v->epoch);

    memset(w->with, 0, sizeof(w->with));
    memcpy(w->with, "almoner/book-key/v1", sizeof("almoner/book-key/v1"));
    w->with[sizeof(w->with) - 3] = v->scheme;
    w->with[sizeof(w->with) - 2] = (uint8_t)(v->epoch >> 8);
    w->with[sizeof(w->with) - 1] = (uint8_t)v->epoch;
    return n < 0 || (size_t)n >= sizeof(w->path) ? -ENAMETOOLONG : 0;
}

/* Return: 0; -ENOENT there is none; -EBADMSG; -errno. */
static int wrap_open(const struct wrap *w, const struct secret *disk, struct secret *out)
{
    ALM_CLEANUP(buf_deinit) struct buf sealed, plain;
    int r;

    buf_init(&sealed, 256);
    buf_init(&plain, 256);
    r = file_read(w->path, 256, &sealed);
    if (r == 0)
        r = seal_open(disk, bytes_of(w->with, sizeof(w->with)), buf_view(&sealed), &plain);
    if (r == 0 && plain.len != sizeof(out->octets))
        r = -EBADMSG;
    if (r == 0)
        memcpy(out->octets, plain.data, sizeof(out->octets));
    if (plain.data)
        crypto_wipe(plain.data, plain.cap);
    return r;
}

static int wrap_write(const struct wrap *w, const struct secret *disk, const struct secret *key)
{
    ALM_CLEANUP(buf_deinit) struct buf sealed;
    int r;

    buf_init(&sealed, 256);
    r = seal(disk, bytes_of(w->with, sizeof(w->with)), bytes_of(key->octets, sizeof(key->octets)),
             &sealed);
    return r ? r : file_write(w->path, buf_view(&sealed), 0600);
}

static size_t view_sum(const struct ring_view *v)
{
    return (size_t)v->scheme << 16 | v->epoch;
}

/* From whichever epoch's wrap opens; a new one where none is left. A shared key that the policy lists no
 * more still opens what was wrapped under it. Return: 0; -EAGAIN not yet; -errno. */
static int book_key_find(struct host *h, const struct ring_view *listed, size_t n, bool *anew)
{
    struct ring_view views[RING_MAX + 1];
    struct wrap w;
    int found = -ENOENT;
    bool any = false;

    n = n < RING_MAX ? n : RING_MAX;
    memcpy(views, listed, n * sizeof(views[0]));
    for (size_t i = 0; i < n; i++)
        any = any || views[i].unlocked;
    views[n++] = (struct ring_view){ .scheme = TOKEN_HMAC, .epoch = h->config.token.epoch };
    for (size_t i = 0; i < n; i++) {
        ALM_CLEANUP(secret_wipe) struct secret disk = { { 0 } };
        int r = wrap_of(h, &views[i], &w);

        if (r != 0 || access(w.path, F_OK) != 0)
            continue;
        r = ring_disk_key(h->ring, views[i].scheme, views[i].epoch, &disk);
        if (r == 0)
            r = wrap_open(&w, &disk, &h->book_key);
        if (r == 0)
            return 0;
        found = r == -EAGAIN ? -EAGAIN : found == -ENOENT ? r : found;
    }
    if (found == -EAGAIN || !any)
        return -EAGAIN; /* which keys are in use may not be known yet, and nothing could wrap a new one */
    /* Nothing may be lodged without the book, and a lost key must not stop lodging for ever. */
    if (book_count(h->book, 0, 0).records)
        log_error("book-key-lost", "records=%zu text=%s", book_count(h->book, 0, 0).records,
                  LOG_Q("they cannot be carried to another key: withdraw and lodge anew what still "
                        "stands"));
    *anew = true;
    return crypto_random(h->book_key.octets, sizeof(h->book_key.octets));
}

/* anew: over what is there. Return: how many of the keys in use have a wrap. */
static size_t book_key_wrap(struct host *h, const struct ring_view *views, size_t n, bool anew)
{
    size_t wrapped = 0;

    for (size_t i = 0; i < n; i++) {
        ALM_CLEANUP(secret_wipe) struct secret disk = { { 0 } };
        struct wrap w;
        int r;

        if (!views[i].unlocked || wrap_of(h, &views[i], &w) != 0)
            continue;
        if (!anew && access(w.path, F_OK) == 0) {
            wrapped++;
            continue;
        }
        r = ring_disk_key(h->ring, views[i].scheme, views[i].epoch, &disk);
        if (r == 0)
            r = wrap_write(&w, &disk, &h->book_key);
        if (r != 0)
            log_error("book-key-not-kept", "path=%s", LOG_Q(w.path));
        wrapped += r == 0;
    }
    return wrapped;
}

static bool wrap_listed(const char *name, const struct ring_view *views, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char own[64];

        (void)snprintf(own, sizeof(own), "book-%u-%u.key", views[i].scheme, views[i].epoch);
        if (strcmp(name, own) == 0)
            return true;
    }
    return false;
}

/* A shared key that was given up lies, or lay, with every other adapter: with the wrap under it a thief
 * of this disk would need nothing else to read the book. */
static void wraps_prune(const struct host *h, const struct ring_view *views, size_t n)
{
    DIR *dir = opendir(h->config.tokens);
    const struct dirent *f;

    while (dir && (f = readdir(dir)) != NULL) {
        size_t len = strlen(f->d_name);

        if (strncmp(f->d_name, "book-", 5) != 0 || len < 9 ||
            strcmp(f->d_name + len - 4, ".key") != 0 || wrap_listed(f->d_name, views, n))
            continue;
        if (unlinkat(dirfd(dir), f->d_name, 0) != 0)
            log_error("book-not-erased", "error=%s", LOG_Q(strerror(errno)));
    }
    if (dir)
        (void)closedir(dir);
}

/* Return: 0 the book is unlocked. */
static int book_key_unlock(struct host *h, const struct ring_view *views, size_t n)
{
    bool anew = false;
    int r = book_key_find(h, views, n, &anew);

    if (r == 0 && anew && !book_key_wrap(h, views, n, true)) /* before anything is sealed with it */
        r = -EIO;
    if (r != 0) {
        secret_wipe(&h->book_key);
        return r;
    }
    book_unlock(h->book, &h->book_key);
    return 0;
}

void book_key_step(struct host *h, int64_t now_ms)
{
    struct ring_view views[RING_MAX];
    size_t n = ring_view(h->ring, views), unlocked = 0, listed = 0, n_usable = 0;
    int r;

    for (size_t i = 0; i < n; i++) {
        unlocked += views[i].unlocked ? view_sum(&views[i]) : 0;
        listed += view_sum(&views[i]);
        n_usable += views[i].usable;
    }
    if (now_ms < h->book_due_ms && unlocked == h->unlocked)
        return; /* a key that has come wraps it at once: the one before may go with the next policy */
    h->unlocked = unlocked;
    h->book_due_ms = now_ms + (book_unlocked(h->book) ? 1000 : 100);
    if (!book_unlocked(h->book)) {
        r = book_key_unlock(h, views, n);
        if (r != 0 && r != -EAGAIN)
            log_line(LOG_DEBUG, "book-locked", "error=%s", LOG_Q(strerror(-r)));
        if (r != 0)
            return;
    }
    if (book_key_wrap(h, views, n, false) < n || n_usable < n || listed == h->listed)
        return;
    wraps_prune(h, views, n);
    h->listed = listed;
}
