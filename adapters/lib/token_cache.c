/* SPDX-License-Identifier: Apache-2.0 */
/* token_cache.c - a header, then segments: length, and entries sealed with their place in the file, so
 * that none can be moved, repeated or left out of the middle unnoticed. */
#include "lib/token_cache.h"

#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC         "ALMTOK1" /* with its NUL */
#define HEADER_LEN    (sizeof(MAGIC) + 2 + TOKEN_CACHE_SALT)
#define ENTRY_LEN     (MEMO_TAG_LEN + TOKEN_LEN)
#define SEGMENT_MOST  1024 /* entries */
#define SEGMENT_BYTES (SEGMENT_MOST * ENTRY_LEN)

struct token_cache {
    char path[PATH_MAX];
    uint16_t epoch;
    uint8_t salt[TOKEN_CACHE_SALT];
    bool unlocked;
    struct secret seal;
    int fd;
    uint64_t end;     /* bytes that are good */
    uint32_t n_segments;
    struct buf noted; /* entries */
};

static int header_write(int fd, const struct token_cache *c)
{
    uint8_t header[HEADER_LEN] = MAGIC;

    header[sizeof(MAGIC)] = (uint8_t)(c->epoch >> 8);
    header[sizeof(MAGIC) + 1] = (uint8_t)c->epoch;
    memcpy(header + sizeof(MAGIC) + 2, c->salt, sizeof(c->salt));
    return pwrite(fd, header, sizeof(header), 0) == (ssize_t)sizeof(header) ? 0 : -EIO;
}

static bool header_read(struct token_cache *c)
{
    uint8_t header[HEADER_LEN];

    if (pread(c->fd, header, sizeof(header), 0) != (ssize_t)sizeof(header) ||
        memcmp(header, MAGIC, sizeof(MAGIC)) != 0 ||
        (header[sizeof(MAGIC)] << 8 | header[sizeof(MAGIC) + 1]) != c->epoch)
        return false;
    memcpy(c->salt, header + sizeof(MAGIC) + 2, sizeof(c->salt));
    return true;
}

static int cache_begin(struct token_cache *c)
{
    int r;

    if (header_read(c))
        return 0;
    r = crypto_random(c->salt, sizeof(c->salt));
    if (r == 0 && ftruncate(c->fd, 0) != 0)
        r = -errno;
    if (r == 0)
        r = header_write(c->fd, c);
    return r == 0 && fsync(c->fd) != 0 ? -errno : r;
}

int token_cache_open(const char *path, uint16_t epoch, struct token_cache **out,
                     uint8_t salt[static TOKEN_CACHE_SALT])
{
    struct token_cache *c = calloc(1, sizeof(*c));
    int r = c ? text_copy(c->path, sizeof(c->path), path) : -ENOMEM;

    if (!c)
        return r;
    c->epoch = epoch;
    c->end = HEADER_LEN;
    buf_init(&c->noted, SEGMENT_BYTES * 64);
    c->fd = r == 0 ? open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
    if (r == 0 && c->fd < 0)
        r = -errno;
    if (r == 0)
        r = cache_begin(c);
    if (r != 0) {
        token_cache_close(c);
        return r;
    }
    memcpy(salt, c->salt, sizeof(c->salt));
    *out = c;
    return 0;
}

struct token_cache *token_cache_close(struct token_cache *c)
{
    if (!c)
        return NULL;
    if (c->noted.data)
        crypto_wipe(c->noted.data, c->noted.cap);
    buf_deinit(&c->noted);
    secret_wipe(&c->seal);
    fd_closep(&c->fd);
    free(c);
    return NULL;
}

int token_cache_unlock(struct token_cache *c, const struct secret *key, struct secret *tags)
{
    int r = crypto_derive(key, "almoner/token-cache/seal/v1", &c->seal);

    if (r == 0)
        r = crypto_derive(key, "almoner/token-cache/tags/v1", tags);
    c->unlocked = r == 0;
    return r;
}

bool token_cache_unlocked(const struct token_cache *c)
{
    return c->unlocked;
}

/* --- segments --- */
struct place { /* associated data: epoch, salt and number of the segment */
    uint8_t octets[2 + TOKEN_CACHE_SALT + 4];
};

static struct place place_of(const struct token_cache *c, uint32_t number)
{
    struct place p = { { (uint8_t)(c->epoch >> 8), (uint8_t)c->epoch } };

    memcpy(p.octets + 2, c->salt, sizeof(c->salt));
    for (int i = 0; i < 4; i++)
        p.octets[2 + TOKEN_CACHE_SALT + i] = (uint8_t)(number >> (24 - 8 * i));
    return p;
}

/* Appends length and sealed entries to out. */
static int segment_seal(const struct token_cache *c, uint32_t number, struct bytes entries,
                        struct buf *out)
{
    const struct place p = place_of(c, number);

    buf_put_u32(out, (uint32_t)(entries.len + SEAL_OVERHEAD));
    return buf_status(out) ? buf_status(out)
                           : seal(&c->seal, bytes_of(p.octets, sizeof(p.octets)), entries, out);
}

static int pwrite_whole(int fd, struct bytes data, uint64_t at)
{
    for (size_t done = 0; done < data.len;) {
        ssize_t n = pwrite(fd, data.data + done, data.len - done, (off_t)(at + done));

        if (n < 0 && errno != EINTR)
            return -errno;
        done += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

static int entries_take(struct bytes plain, struct memo *into)
{
    for (size_t i = 0; i + ENTRY_LEN <= plain.len; i += ENTRY_LEN) {
        if (memo_put(into, plain.data + i, plain.data + i + MEMO_TAG_LEN) != 0)
            return -ENOMEM;
    }
    return plain.len % ENTRY_LEN ? -EBADMSG : 0;
}

/* Return: 0; -ENOENT the end; -EBADMSG; -errno. */
static int segment_load(struct token_cache *c, struct buf *sealed, struct buf *plain,
                        struct memo *into)
{
    const struct place p = place_of(c, c->n_segments);
    uint8_t head[4];
    ssize_t n = pread(c->fd, head, sizeof(head), (off_t)c->end);
    size_t len;
    int r;

    if (n == 0)
        return -ENOENT;
    len = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
    if (n != (ssize_t)sizeof(head) || len <= SEAL_OVERHEAD || len > SEGMENT_BYTES + SEAL_OVERHEAD)
        return n < 0 ? -errno : -EBADMSG;
    buf_reset(sealed);
    buf_reset(plain);
    r = buf_room(sealed, len);
    if (r != 0)
        return r;
    if (pread(c->fd, sealed->data, len, (off_t)c->end + 4) != (ssize_t)len)
        return -EBADMSG;
    sealed->len = len;
    r = seal_open(&c->seal, bytes_of(p.octets, sizeof(p.octets)), buf_view(sealed), plain);
    if (r == 0)
        r = entries_take(buf_view(plain), into);
    if (r == 0) {
        c->end += 4 + len;
        c->n_segments++;
    }
    return r;
}

int token_cache_load(struct token_cache *c, struct memo *into)
{
    ALM_CLEANUP(buf_deinit) struct buf sealed, plain;
    int r;

    buf_init(&sealed, SEGMENT_BYTES + SEAL_OVERHEAD);
    buf_init(&plain, SEGMENT_BYTES);
    c->end = HEADER_LEN;
    c->n_segments = 0;
    do
        r = segment_load(c, &sealed, &plain, into);
    while (r == 0);
    if (plain.data)
        crypto_wipe(plain.data, plain.cap);
    if (r == -EBADMSG) {
        log_warn("token-cache-damaged", "path=%s epoch=%u segments=%u text=%s", LOG_Q(c->path),
                 c->epoch, c->n_segments, LOG_Q("what is lost is fetched anew"));
        return ftruncate(c->fd, (off_t)c->end) == 0 ? -EBADMSG : -errno;
    }
    return r == -ENOENT ? 0 : r;
}

void token_cache_note(struct token_cache *c, const uint8_t tag[static MEMO_TAG_LEN],
                      const uint8_t value[static TOKEN_LEN])
{
    if (c->noted.len + ENTRY_LEN > c->noted.max)
        return; /* the disk has failed for long: fetched anew after a restart */
    buf_put(&c->noted, tag, MEMO_TAG_LEN);
    buf_put(&c->noted, value, TOKEN_LEN);
}

size_t token_cache_n_noted(const struct token_cache *c)
{
    return c->noted.len / ENTRY_LEN;
}

/* All of entries, cut into segments from number on. */
static int segments_seal(const struct token_cache *c, uint32_t *number, struct bytes entries,
                         struct buf *out)
{
    for (size_t at = 0; at < entries.len; at += SEGMENT_BYTES) {
        size_t len = entries.len - at < SEGMENT_BYTES ? entries.len - at : SEGMENT_BYTES;
        int r = segment_seal(c, *number, bytes_of(entries.data + at, len), out);

        if (r != 0)
            return r;
        (*number)++;
    }
    return 0;
}

int token_cache_flush(struct token_cache *c)
{
    ALM_CLEANUP(buf_deinit) struct buf out = { 0 };
    uint32_t number = c->n_segments;
    int r = buf_status(&c->noted);

    if (!c->unlocked || !c->noted.len)
        return r;
    buf_init(&out, SEGMENT_BYTES * 80);
    if (r == 0)
        r = segments_seal(c, &number, buf_view(&c->noted), &out);
    if (r == 0)
        r = pwrite_whole(c->fd, buf_view(&out), c->end);
    if (r == 0 && fdatasync(c->fd) != 0)
        r = -errno;
    if (r != 0)
        return r; /* what was half written lies behind the end, and is written over */
    c->end += out.len;
    c->n_segments = number;
    crypto_wipe(c->noted.data, c->noted.len);
    buf_reset(&c->noted);
    return 0;
}

/* --- rewriting --- */
struct rewriting {
    struct token_cache *c; /* a copy: its file is the new one */
    struct buf entries, out;
};

static int rewrite_some(struct rewriting *w)
{
    int r;

    buf_reset(&w->out);
    r = segments_seal(w->c, &w->c->n_segments, buf_view(&w->entries), &w->out);
    if (r == 0)
        r = pwrite_whole(w->c->fd, buf_view(&w->out), w->c->end);
    w->c->end += r == 0 ? w->out.len : 0;
    crypto_wipe(w->entries.data, w->entries.len);
    buf_reset(&w->entries);
    return r;
}

static int rewrite_entry(void *ctx, const uint8_t tag[static MEMO_TAG_LEN],
                         const uint8_t value[static TOKEN_LEN])
{
    struct rewriting *w = ctx;

    buf_put(&w->entries, tag, MEMO_TAG_LEN);
    buf_put(&w->entries, value, TOKEN_LEN);
    return w->entries.len == SEGMENT_BYTES ? rewrite_some(w) : buf_status(&w->entries);
}

/* Return: 0, the new file lies at path; -errno, it does not. */
static int rewrite_file(struct token_cache *copy, const struct memo *from, const char *beside)
{
    struct rewriting w = { .c = copy };
    int r;

    copy->fd = open(beside, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (copy->fd < 0)
        return -errno;
    copy->end = HEADER_LEN;
    copy->n_segments = 0;
    buf_init(&w.entries, SEGMENT_BYTES);
    buf_init(&w.out, SEGMENT_BYTES + SEAL_OVERHEAD + 4);
    r = header_write(copy->fd, copy);
    if (r == 0)
        r = memo_each(from, true, rewrite_entry, &w);
    if (r == 0 && w.entries.len)
        r = rewrite_some(&w);
    buf_deinit(&w.entries);
    buf_deinit(&w.out);
    if (r == 0 && fsync(copy->fd) != 0)
        r = -errno;
    if (r == 0 && rename(beside, copy->path) != 0)
        r = -errno;
    return r;
}

int token_cache_rewrite(struct token_cache *c, const struct memo *from)
{
    char beside[PATH_MAX];
    struct token_cache copy = *c;
    int n = snprintf(beside, sizeof(beside), "%.4000s.new", c->path), r;

    if (!c->unlocked)
        return -EBUSY;
    r = n < 0 || (size_t)n >= sizeof(beside) ? -ENAMETOOLONG : rewrite_file(&copy, from, beside);
    secret_wipe(&copy.seal);
    if (r != 0) {
        fd_closep(&copy.fd);
        (void)unlink(beside);
        return r;
    }
    fd_closep(&c->fd);
    c->fd = copy.fd;
    c->end = copy.end;
    c->n_segments = copy.n_segments;
    return 0;
}
