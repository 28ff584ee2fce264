/* SPDX-License-Identifier: Apache-2.0 */
/* inbox.c - streams and what waits in each; the files themselves are inbox_files.c's. */
#include "lib/inbox.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "lib/inbox_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY_MS 86400000

struct lane { /* one stream */
    name_t name;
    int fd, done_fd;
    struct inbox_list list; /* not done, oldest first */
    size_t n_bad;
    uint64_t last;         /* highest seq that is or was here */
    uint64_t taken, acked; /* on this connection */
    bool dirty;            /* files that are not durable yet */
    bool stalled;          /* one was not taken: nothing after it is, until the next connection */
    bool ack_due;
    struct id held; /* by the message that asks for it to be played again; zero: not */
};
struct inbox {
    int lock, dir_fd;
    size_t max;
    int64_t keep_ms;
    size_t n;
    struct lane lanes[INBOX_STREAMS_MAX];
};

struct inbox *inbox_close(struct inbox *ib)
{
    if (!ib)
        return NULL;
    for (size_t i = 0; i < ib->n; i++) {
        fd_closep(&ib->lanes[i].fd);
        fd_closep(&ib->lanes[i].done_fd);
        inbox_list_free(&ib->lanes[i].list);
    }
    fd_closep(&ib->lock); /* lets go of the lock */
    fd_closep(&ib->dir_fd);
    free(ib);
    return NULL;
}

void inbox_closep(struct inbox **ib)
{
    *ib = inbox_close(*ib);
}

static struct lane *lane_find(const struct inbox *ib, const char *stream)
{
    for (size_t i = 0; i < ib->n; i++) {
        if (strcmp(ib->lanes[i].name, stream) == 0)
            return (struct lane *)&ib->lanes[i];
    }
    return NULL;
}

/* Names come from the wire, where they follow [a-z0-9][a-z0-9._-]*; checked again, for here they
 * become folders. */
static bool lane_name_valid(const char *name)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    static const char rest[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";

    return name[0] && strchr(first, name[0]) && strlen(name) < NAME_MAX_LEN &&
           strspn(name, rest) == strlen(name);
}

static int folder_open(int at, const char *name, int *out)
{
    if (mkdirat(at, name, 0700) != 0 && errno != EEXIST)
        return -errno;
    *out = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    return *out < 0 ? -errno : 0;
}

/* Damage is found when the adapter starts, not when somebody reads. */
static void lane_verify(struct lane *l)
{
    ALM_CLEANUP(buf_deinit) struct buf body;

    buf_init(&body, INBOX_BODY_MAX);
    for (size_t i = 0; i < l->list.n; i++) {
        struct inbox_item *item = &l->list.items[i];

        if (inbox_file_read(l->fd, item, &body) != -EBADMSG)
            continue;
        item->damaged = true;
        l->n_bad++;
        inbox_file_tell_damaged(l->name, item);
    }
}

static int lane_list(struct lane *l)
{
    struct inbox_list done = { 0 };
    int r = inbox_list_read(l->fd, &l->list);

    if (r == 0)
        r = inbox_list_read(l->done_fd, &done);
    if (r == 0 && l->list.n)
        l->last = l->list.items[l->list.n - 1].seq;
    if (r == 0 && done.n && done.items[done.n - 1].seq > l->last)
        l->last = done.items[done.n - 1].seq;
    inbox_list_free(&done);
    if (r == 0)
        lane_verify(l);
    return r;
}

static int lane_open(struct inbox *ib, const char *stream, struct lane **out)
{
    struct lane *l = &ib->lanes[ib->n];
    int r;

    if (!lane_name_valid(stream))
        return -EINVAL;
    if (ib->n == INBOX_STREAMS_MAX)
        return -ENOSPC;
    *l = (struct lane){ .fd = -1, .done_fd = -1 };
    memcpy(l->name, stream, strlen(stream) + 1);
    r = folder_open(ib->dir_fd, stream, &l->fd);
    if (r == 0)
        r = folder_open(l->fd, "done", &l->done_fd);
    if (r == 0)
        r = lane_list(l);
    if (r == 0 && (fsync(l->fd) != 0 || fsync(ib->dir_fd) != 0))
        r = -errno;
    if (r != 0) {
        fd_closep(&l->fd);
        fd_closep(&l->done_fd);
        inbox_list_free(&l->list);
        return r;
    }
    ib->n++;
    *out = l;
    return 0;
}

static int lane_need(struct inbox *ib, const char *stream, struct lane **out)
{
    *out = lane_find(ib, stream);
    return *out ? 0 : lane_open(ib, stream, out);
}

static int inbox_lock(struct inbox *ib, const char *dir)
{
    ib->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (ib->dir_fd < 0)
        return -errno;
    ib->lock = openat(ib->dir_fd, ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (ib->lock < 0)
        return -errno;
    if (flock(ib->lock, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? -EBUSY : -errno;
    return 0;
}

/* Called for each folder that lies in ours. */
static int open_found(void *ctx, const char *name)
{
    struct inbox *ib = ctx;
    struct lane *l;
    int r;

    if (!lane_name_valid(name) || lane_find(ib, name))
        return 0;
    r = lane_open(ib, name, &l);
    if (r == 0)
        return 0;
    log_error("inbox-stream-unreadable", "stream=%s error=%s", LOG_Q(name), LOG_Q(strerror(-r)));
    return r;
}

int inbox_open(const char *dir, size_t max, int64_t keep_days, struct inbox **out)
{
    ALM_CLEANUP(inbox_closep) struct inbox *ib = calloc(1, sizeof(*ib));
    struct lane *l;
    int r;

    if (!ib)
        return -ENOMEM;
    ib->lock = ib->dir_fd = -1;
    ib->max = max;
    ib->keep_ms = keep_days * DAY_MS;
    r = file_mkdirs(dir, 0700);
    if (r == 0)
        r = inbox_lock(ib, dir);
    if (r == 0)
        r = lane_need(ib, "inbox", &l); /* it always exists */
    if (r == 0)
        r = inbox_folders(ib->dir_fd, open_found, ib);
    if (r != 0)
        return r;
    *out = ib;
    ib = NULL;
    return 0;
}

void inbox_connected(struct inbox *ib)
{
    for (size_t i = 0; i < ib->n; i++) {
        ib->lanes[i].taken = ib->lanes[i].acked = 0;
        ib->lanes[i].stalled = ib->lanes[i].ack_due = false;
    }
}

/* A damaged one that comes again is healed: its file is written anew. */
static int lane_store(struct lane *l, const struct inbox_item *item, struct bytes body)
{
    struct inbox_item *here = inbox_list_find(&l->list, item);
    int r;

    if ((here && !here->damaged) || (!here && inbox_file_exists(l->done_fd, item)))
        return INBOX_KNOWN;
    r = inbox_file_write(l->fd, item, body);
    if (r != 0)
        return r;
    l->dirty = true;
    if (here) {
        here->damaged = false;
        l->n_bad--;
        return INBOX_STORED;
    }
    return inbox_list_add(&l->list, item);
}

int inbox_take(struct inbox *ib, const char *stream, uint64_t seq, const struct id *event,
               struct bytes body)
{
    const struct inbox_item item = { .seq = seq, .event = *event };
    struct lane *l;
    int r = strcmp(stream, INBOX_SENT) == 0 ? -EINVAL : lane_need(ib, stream, &l);

    if (r != 0)
        return r;
    if (l->stalled)
        return -ESTALE;
    r = l->list.n >= ib->max + INBOX_SLACK && !inbox_list_find(&l->list, &item)
            ? -ENOBUFS
            : lane_store(l, &item, body);
    if (r < 0) {
        l->stalled = true;
        return r;
    }
    if (seq > l->last)
        l->last = seq;
    l->taken = seq;
    l->ack_due = true;
    return r;
}

void inbox_sync(struct inbox *ib)
{
    for (size_t i = 0; i < ib->n; i++) {
        struct lane *l = &ib->lanes[i];

        if (!l->dirty)
            continue;
        if (fsync(l->fd) == 0) {
            l->dirty = false;
            continue;
        }
        log_error("inbox-not-durable", "stream=%s error=%s", l->name, LOG_Q(strerror(errno)));
        l->stalled = true;
        l->ack_due = false;
    }
}

bool inbox_ack_due(const struct inbox *ib, name_t stream, uint64_t *seq)
{
    for (size_t i = 0; i < ib->n; i++) {
        const struct lane *l = &ib->lanes[i];

        if (!l->ack_due || l->dirty || l->list.n > ib->max || !id_is_zero(&l->held))
            continue;
        memcpy(stream, l->name, sizeof(l->name));
        *seq = l->taken;
        return true;
    }
    return false;
}

void inbox_acked(struct inbox *ib, const char *stream, uint64_t seq)
{
    struct lane *l = lane_find(ib, stream);

    if (!l)
        return;
    l->acked = seq;
    l->ack_due = l->taken != seq;
}

void inbox_hold(struct inbox *ib, const char *stream, const struct id *id)
{
    struct lane *l = lane_find(ib, stream);

    if (l)
        l->held = *id;
}

void inbox_release(struct inbox *ib, const struct id *id)
{
    for (size_t i = 0; i < ib->n; i++) {
        struct lane *l = &ib->lanes[i];

        if (id_is_zero(&l->held) || !id_equal(&l->held, id))
            continue;
        l->held = (struct id){ { 0 } };
        l->ack_due = false; /* what came before is delivered again, and acknowledged then */
    }
}

bool inbox_stalled(const struct inbox *ib)
{
    for (size_t i = 0; i < ib->n; i++) {
        if (ib->lanes[i].stalled)
            return true;
    }
    return false;
}

int inbox_stream(struct inbox *ib, const char *stream)
{
    struct lane *l;

    return lane_need(ib, stream, &l);
}

bool inbox_has_stream(const struct inbox *ib, const char *stream)
{
    return lane_find(ib, stream) != NULL;
}

size_t inbox_waiting(const struct inbox *ib, const char *stream)
{
    const struct lane *l = lane_find(ib, stream);

    return l ? l->list.n : 0;
}

bool inbox_at(const struct inbox *ib, const char *stream, size_t i, struct inbox_item *out)
{
    const struct lane *l = lane_find(ib, stream);

    if (!l || i >= l->list.n)
        return false;
    *out = l->list.items[i];
    return true;
}

int inbox_body(struct inbox *ib, const char *stream, const struct inbox_item *item,
               struct buf *body)
{
    struct lane *l = lane_find(ib, stream);
    struct inbox_item *here = l ? inbox_list_find(&l->list, item) : NULL;
    int r;

    if (!here)
        return -ENOENT;
    r = inbox_file_read(l->fd, item, body);
    if (r == -ENOENT)
        r = -EBADMSG; /* somebody took it away under us */
    if (r == -EBADMSG && !here->damaged) {
        here->damaged = true;
        l->n_bad++;
        inbox_file_tell_damaged(l->name, item);
    }
    return r;
}

/* Return: 0, also when the file is gone already; -errno. */
static int lane_move(int from, int to, const struct inbox_item *item)
{
    char name[INBOX_NAME_LEN + 1];

    inbox_file_name(item, name);
    return renameat(from, name, to, name) == 0 || errno == ENOENT ? 0 : -errno;
}

static int lane_sync(const struct lane *l)
{
    return fsync(l->done_fd) == 0 && fsync(l->fd) == 0 ? 0 : -errno;
}

int inbox_done(struct inbox *ib, const char *stream, uint64_t seq)
{
    struct lane *l = lane_find(ib, stream);
    size_t n = 0;
    int r = 0;

    if (!l)
        return -ENOENT;
    while (r == 0 && n < l->list.n && l->list.items[n].seq <= seq) {
        r = lane_move(l->fd, l->done_fd, &l->list.items[n]);
        if (r == 0)
            l->n_bad -= l->list.items[n++].damaged;
    }
    inbox_list_drop(&l->list, n);
    return r == 0 ? lane_sync(l) : r;
}

int inbox_again(struct inbox *ib, const char *stream, uint64_t seq)
{
    struct lane *l = lane_find(ib, stream);
    struct inbox_list done = { 0 };
    int r;

    if (!l)
        return -ENOENT;
    r = inbox_list_read(l->done_fd, &done);
    for (size_t i = 0; r == 0 && i < done.n; i++) {
        if (done.items[i].seq < seq)
            continue;
        r = lane_move(l->done_fd, l->fd, &done.items[i]);
        if (r == 0)
            r = inbox_list_add(&l->list, &done.items[i]);
    }
    inbox_list_free(&done);
    return r == 0 ? lane_sync(l) : r;
}

int inbox_keep(struct inbox *ib, uint64_t seq, const struct id *event, struct bytes body)
{
    const struct inbox_item item = { .seq = seq, .event = *event };
    struct lane *l;
    int r = lane_need(ib, INBOX_SENT, &l);

    if (r != 0 || inbox_file_exists(l->done_fd, &item))
        return r;
    r = inbox_file_write(l->done_fd, &item, body);
    return r == 0 && fsync(l->done_fd) != 0 ? -errno : r;
}

static int walk_folder(int fd, inbox_visit *visit, void *ctx, bool *more)
{
    ALM_CLEANUP(buf_deinit) struct buf body;
    struct inbox_list all = { 0 };
    int r = inbox_list_read(fd, &all);

    buf_init(&body, INBOX_BODY_MAX);
    for (size_t i = 0; r == 0 && *more && i < all.n; i++) {
        if (inbox_file_read(fd, &all.items[i], &body) == 0)
            *more = visit(ctx, &all.items[i], buf_view(&body));
    }
    inbox_list_free(&all);
    return r;
}

int inbox_walk(struct inbox *ib, const char *stream, inbox_visit *visit, void *ctx)
{
    struct lane *l = lane_find(ib, stream);
    bool more = true;
    int r;

    if (!l)
        return -ENOENT;
    r = walk_folder(l->done_fd, visit, ctx, &more); /* done ones are the older */
    return r == 0 && more ? walk_folder(l->fd, visit, ctx, &more) : r;
}

static void lane_prune(const struct inbox *ib, struct lane *l, int64_t wall_ms)
{
    struct inbox_list done = { 0 };
    size_t n_gone = 0;

    if (inbox_list_read(l->done_fd, &done) != 0)
        return;
    for (size_t i = 0; i < done.n; i++) {
        bool too_many = done.n - i > ib->max;
        char name[INBOX_NAME_LEN + 1];
        struct stat st;

        inbox_file_name(&done.items[i], name);
        if (fstatat(l->done_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
            (!too_many && wall_ms - (int64_t)st.st_mtime * 1000 < ib->keep_ms))
            continue;
        n_gone += unlinkat(l->done_fd, name, 0) == 0;
    }
    inbox_list_free(&done);
    if (n_gone)
        log_info("inbox-pruned", "stream=%s deliveries=%zu", l->name, n_gone);
}

void inbox_prune(struct inbox *ib, int64_t wall_ms)
{
    for (size_t i = 0; i < ib->n; i++)
        lane_prune(ib, &ib->lanes[i], wall_ms);
}

size_t inbox_n_streams(const struct inbox *ib)
{
    return ib->n;
}

struct inbox_stream_state inbox_state(const struct inbox *ib, size_t i)
{
    const struct lane *l = &ib->lanes[i];

    return (struct inbox_stream_state){
        .stream = l->name,
        .waiting = l->list.n,
        .bad = l->n_bad,
        .last = l->last,
        .done = l->list.n ? l->list.items[0].seq - 1 : l->last,
        .full = l->list.n > ib->max,
    };
}

struct inbox_counts inbox_count(const struct inbox *ib)
{
    struct inbox_counts all = { 0 };

    for (size_t i = 0; i < ib->n; i++) {
        struct inbox_stream_state s = inbox_state(ib, i);

        all.waiting += s.waiting;
        all.bad += s.bad;
        all.full |= s.full;
    }
    return all;
}
