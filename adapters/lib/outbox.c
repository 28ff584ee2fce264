/* SPDX-License-Identifier: Apache-2.0 */
/* outbox.c - one file a message, named by its id: ids are UUIDv7, so their order is the order in
 * which they were written. */
#include "lib/outbox.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define OUTBOX_MAGIC    "ALMOUT1" /* with its NUL */
#define OUTBOX_HEAD     (sizeof(OUTBOX_MAGIC) + 1 + SHA256_LEN)
#define OUTBOX_FILE_MAX (1u << 17)
#define OUTBOX_SUFFIX   ".msg"
#define OUTBOX_NAME_LEN (ID_TEXT - 1 + sizeof(OUTBOX_SUFFIX) - 1)

struct entry {
    struct id id;
    uint8_t type;
    int64_t due_ms; /* INT64_MIN: at once */
};
struct outbox {
    char dir[PATH_MAX - 128];
    int lock, dir_fd;
    size_t max, n, cap;
    struct entry *entries; /* oldest first */
    size_t n_refused, n_bad;
};

struct outbox *outbox_close(struct outbox *o)
{
    if (!o)
        return NULL;
    fd_closep(&o->lock); /* lets go of the lock */
    fd_closep(&o->dir_fd);
    free(o->entries);
    free(o);
    return NULL;
}

void outbox_closep(struct outbox **o)
{
    *o = outbox_close(*o);
}

static void entry_name(const struct id *id, char out[static OUTBOX_NAME_LEN + 1])
{
    id_format(id, out);
    memcpy(out + ID_TEXT - 1, OUTBOX_SUFFIX, sizeof(OUTBOX_SUFFIX));
}

static int entry_path(const struct outbox *o, const struct id *id, char out[static PATH_MAX])
{
    char name[OUTBOX_NAME_LEN + 1];
    int n;

    entry_name(id, name);
    n = snprintf(out, PATH_MAX, "%s/%s", o->dir, name);
    return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static bool name_id(const char *name, struct id *out)
{
    char text[ID_TEXT];

    if (strlen(name) != OUTBOX_NAME_LEN || strcmp(name + ID_TEXT - 1, OUTBOX_SUFFIX) != 0)
        return false;
    memcpy(text, name, ID_TEXT - 1);
    text[ID_TEXT - 1] = '\0';
    return id_parse(text, out) == 0;
}

/* Return: the place of the entry, or where it would go. */
static size_t entry_place(const struct outbox *o, const struct id *id)
{
    size_t low = 0, high = o->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (memcmp(o->entries[middle].id.octets, id->octets, ID_LEN) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct entry *entry_find(const struct outbox *o, const struct id *id)
{
    size_t at = entry_place(o, id);

    return at < o->n && id_equal(&o->entries[at].id, id) ? &o->entries[at] : NULL;
}

static int entry_add(struct outbox *o, const struct id *id, uint8_t type)
{
    size_t at = entry_place(o, id);

    if (o->n == o->cap) {
        size_t cap = o->cap ? o->cap * 2 : 64;
        struct entry *grown = reallocarray(o->entries, cap, sizeof(*grown));

        if (!grown)
            return -ENOMEM;
        o->entries = grown;
        o->cap = cap;
    }
    memmove(&o->entries[at + 1], &o->entries[at], (o->n - at) * sizeof(*o->entries));
    o->entries[at] = (struct entry){ *id, type, INT64_MIN };
    o->n++;
    return 0;
}

static void entry_drop(struct outbox *o, const struct id *id)
{
    struct entry *e = entry_find(o, id);
    size_t at;

    if (!e)
        return;
    at = (size_t)(e - o->entries);
    memmove(e, e + 1, (o->n - at - 1) * sizeof(*e));
    o->n--;
}

/* Reads a message back. Return: 0; -EBADMSG damaged; -errno. */
static int entry_read(const struct outbox *o, const struct id *id, uint8_t *type, struct buf *frame)
{
    ALM_CLEANUP(buf_deinit) struct buf file;
    uint8_t sum[SHA256_LEN];
    char path[PATH_MAX];
    struct bytes rest;
    int r = entry_path(o, id, path);

    buf_init(&file, OUTBOX_FILE_MAX);
    if (r != 0)
        return r;
    r = file_read(path, OUTBOX_FILE_MAX, &file);
    if (r != 0)
        return r == -E2BIG || r == -EISDIR || r == -EINVAL ? -EBADMSG : r;
    if (file.len < OUTBOX_HEAD || memcmp(file.data, OUTBOX_MAGIC, sizeof(OUTBOX_MAGIC)) != 0)
        return -EBADMSG;
    rest = bytes_of(file.data + OUTBOX_HEAD, file.len - OUTBOX_HEAD);
    r = crypto_sha256(rest, sum);
    if (r != 0)
        return r;
    if (memcmp(sum, file.data + sizeof(OUTBOX_MAGIC) + 1, SHA256_LEN) != 0)
        return -EBADMSG;
    *type = file.data[sizeof(OUTBOX_MAGIC)];
    buf_reset(frame);
    buf_put(frame, rest.data, rest.len);
    return buf_status(frame);
}

/* Moves a file out of the way, never deletes it: it may be all that is left of somebody's refusal.
 */
static void set_aside(struct outbox *o, const char *name)
{
    char to[NAME_MAX + 8];
    int n = snprintf(to, sizeof(to), "bad/%s", name);

    if (n < 0 || (size_t)n >= sizeof(to))
        return;
    if ((mkdirat(o->dir_fd, "bad", 0700) != 0 && errno != EEXIST) ||
        renameat(o->dir_fd, name, o->dir_fd, to) != 0)
        log_error("outbox-set-aside-failed", "file=%s error=%s", LOG_Q(name),
                  LOG_Q(strerror(errno)));
    else
        log_error("outbox-damaged", "file=%s moved=bad", LOG_Q(name));
    o->n_bad++;
}

/* What a killed writer left half-written beside its target was never accepted. */
static void listing_take(struct outbox *o, const char *name, struct buf *scratch)
{
    uint8_t type;
    struct id id;
    int r;

    if (name[0] == '.' || strcmp(name, "lock") == 0 || strcmp(name, "refused") == 0 ||
        strcmp(name, "bad") == 0)
        return;
    if (!name_id(name, &id)) {
        if (strstr(name, OUTBOX_SUFFIX)) {
            log_info("outbox-leftover-removed", "file=%s", LOG_Q(name));
            (void)unlinkat(o->dir_fd, name, 0);
        }
        return;
    }
    r = entry_read(o, &id, &type, scratch);
    if (r == -EBADMSG)
        set_aside(o, name);
    else if (r != 0 || entry_add(o, &id, type) != 0)
        log_error("outbox-unreadable", "file=%s error=%s", LOG_Q(name), LOG_Q(strerror(-r)));
}

static int outbox_list(struct outbox *o)
{
    ALM_CLEANUP(buf_deinit) struct buf scratch;
    int fd = dup(o->dir_fd);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *e;

    buf_init(&scratch, OUTBOX_FILE_MAX);
    if (!d) {
        fd_closep(&fd);
        return -errno;
    }
    while ((e = readdir(d)) != NULL)
        listing_take(o, e->d_name, &scratch);
    closedir(d);
    return 0;
}

static size_t folder_count(const struct outbox *o, const char *name)
{
    int fd = openat(o->dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *e;
    size_t n = 0;

    if (!d) {
        fd_closep(&fd);
        return 0;
    }
    while ((e = readdir(d)) != NULL)
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

static int outbox_lock(struct outbox *o)
{
    o->dir_fd = open(o->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (o->dir_fd < 0)
        return -errno;
    o->lock = openat(o->dir_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (o->lock < 0)
        return -errno;
    if (flock(o->lock, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? -EBUSY : -errno;
    return 0;
}

static int outbox_start(struct outbox *o, const char *dir)
{
    int r = text_copy(o->dir, sizeof(o->dir), dir);

    if (r == 0)
        r = file_mkdirs(dir, 0700);
    if (r == 0)
        r = outbox_lock(o);
    if (r == 0)
        o->n_bad = folder_count(o, "bad");
    if (r == 0)
        o->n_refused = folder_count(o, "refused");
    return r == 0 ? outbox_list(o) : r;
}

int outbox_open(const char *dir, size_t max, struct outbox **out)
{
    ALM_CLEANUP(outbox_closep) struct outbox *o = calloc(1, sizeof(*o));
    int r;

    if (!o)
        return -ENOMEM;
    o->lock = o->dir_fd = -1;
    o->max = max;
    r = outbox_start(o, dir);
    if (r != 0)
        return r;
    *out = o;
    o = NULL;
    return 0;
}

static int frame_write(const struct outbox *o, const struct id *id, uint8_t type, struct bytes frame)
{
    ALM_CLEANUP(buf_deinit) struct buf file;
    uint8_t sum[SHA256_LEN];
    char path[PATH_MAX];
    int r = entry_path(o, id, path);

    buf_init(&file, OUTBOX_FILE_MAX);
    if (r == 0)
        r = crypto_sha256(frame, sum);
    if (r != 0)
        return r;
    buf_put(&file, OUTBOX_MAGIC, sizeof(OUTBOX_MAGIC));
    buf_put_u8(&file, type);
    buf_put(&file, sum, sizeof(sum));
    buf_put(&file, frame.data, frame.len);
    r = buf_status(&file);
    return r ? r : file_write(path, buf_view(&file), 0600);
}

int outbox_put(struct outbox *o, const struct id *id, uint8_t type, struct bytes frame)
{
    int r;

    if (o->n >= o->max)
        return -ENOBUFS;
    if (entry_find(o, id))
        return -EEXIST;
    r = frame_write(o, id, type, frame);
    return r == 0 ? entry_add(o, id, type) : r;
}

int outbox_replace(struct outbox *o, const struct id *id, uint8_t type, struct bytes frame)
{
    return entry_find(o, id) ? frame_write(o, id, type, frame) : -ENOENT;
}

int outbox_next(struct outbox *o, int64_t now_ms, int64_t again_ms, struct id *id,
                struct buf *frame)
{
    for (size_t i = 0; i < o->n; i++) {
        struct entry *e = &o->entries[i];
        char name[OUTBOX_NAME_LEN + 1];
        int r;

        if (e->due_ms > now_ms)
            continue;
        *id = e->id;
        r = entry_read(o, id, &e->type, frame);
        if (r == 0) {
            e->due_ms = now_ms + again_ms;
            return 0;
        }
        entry_name(id, name);
        if (r == -EBADMSG || r == -ENOENT) {
            if (r == -EBADMSG)
                set_aside(o, name);
            else
                log_error("outbox-file-gone", "file=%s", LOG_Q(name));
            entry_drop(o, id);
            i--; /* wraps to be raised again: the next entry has moved here */
            continue;
        }
        log_error("outbox-unreadable", "file=%s error=%s", LOG_Q(name), LOG_Q(strerror(-r)));
        e->due_ms = now_ms + again_ms;
    }
    return -ENOENT;
}

void outbox_hold(struct outbox *o, const struct id *id, int64_t until_ms)
{
    struct entry *e = entry_find(o, id);

    if (e)
        e->due_ms = until_ms;
}

void outbox_all_due(struct outbox *o)
{
    for (size_t i = 0; i < o->n; i++)
        o->entries[i].due_ms = INT64_MIN;
}

bool outbox_has(const struct outbox *o, const struct id *id)
{
    return entry_find(o, id) != NULL;
}

int outbox_frame(const struct outbox *o, const struct id *id, uint8_t *type, struct buf *frame)
{
    return entry_find(o, id) ? entry_read(o, id, type, frame) : -ENOENT;
}

int outbox_done(struct outbox *o, const struct id *id)
{
    char name[OUTBOX_NAME_LEN + 1];

    if (!entry_find(o, id))
        return -ENOENT;
    entry_name(id, name);
    if (unlinkat(o->dir_fd, name, 0) != 0 && errno != ENOENT)
        return -errno;
    entry_drop(o, id);
    return fsync(o->dir_fd) == 0 ? 0 : -errno;
}

int outbox_refuse(struct outbox *o, const struct id *id, const char *reason)
{
    const struct entry *e = entry_find(o, id);
    char path[PATH_MAX], name[ID_TEXT], when[25], text[256];
    int n;
    int r;

    if (!e)
        return -ENOENT;
    id_format(id, name);
    clock_format_utc(clock_wall_ms(), when);
    n = snprintf(text, sizeof(text), "refused=%.100s type=%u at=%s\n", reason, e->type, when);
    if (snprintf(path, sizeof(path), "%s/refused", o->dir) >= (int)sizeof(path))
        return -ENAMETOOLONG;
    r = file_mkdirs(path, 0700);
    if (snprintf(path, sizeof(path), "%s/refused/%s", o->dir, name) >= (int)sizeof(path))
        return -ENAMETOOLONG;
    if (r == 0)
        r = file_write(path, bytes_of(text, (size_t)n), 0600);
    if (r != 0)
        return r;
    o->n_refused++;
    return outbox_done(o, id);
}

int64_t outbox_wait_ms(const struct outbox *o, int64_t now_ms)
{
    int64_t least = -1;

    for (size_t i = 0; i < o->n; i++) {
        int64_t wait = o->entries[i].due_ms <= now_ms ? 0 : o->entries[i].due_ms - now_ms;

        if (least < 0 || wait < least)
            least = wait;
    }
    return least;
}

struct outbox_counts outbox_count(const struct outbox *o)
{
    return (struct outbox_counts){ o->n, o->n_refused, o->n_bad };
}
