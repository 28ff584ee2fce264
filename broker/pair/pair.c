/* SPDX-License-Identifier: Apache-2.0 */
/* pair.c - the datagrams of pair.h: their form, a bounded queue out, batches in.
 *
 * A datagram is a run of messages: one of any kind, or up to PAIR_RUN_MOST that are no ALLOW and take
 * PAIR_RUN_BYTES together. A message: u8 type, u64 ref, u8 length of the agency and the agency, then by type
 *   IN, OUT   u32 length, the frame
 *   ALLOW     u16 n, then n times u8 length, agency, 32 bytes of key
 *   NOISE     u32 refused, u32 dropped
 * Both ends are ours, but the gate's end is the one that an attacker would hold: everything is
 * checked. */
#include "pair/pair.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAIR_PEERS_MAX  1000
#define PAIR_HEAD_MAX   (1 + 8 + 1 + PAIR_AGENCY_MAX)
#define PAIR_ALLOW_MAX  (PAIR_HEAD_MAX + 2 + PAIR_PEERS_MAX * (PAIR_AGENCY_MAX + PAIR_KEY_LEN))
#define PAIR_SEND_BYTES (1 << 20) /* asked of the kernel, which may give less: what one turn takes */
#define PAIR_SLOT                                                                                  \
    (PAIR_ALLOW_MAX + 1) /* bytes of the largest datagram, and one that shows it was longer */
#define PAIR_KEEP_BYTES ((size_t)1 << 20) /* of an empty queue's memory */
#define PAIR_QUEUE_MAX  (SIZE_MAX / 4)     /* its bound is counted in messages' bytes */

_Static_assert(PAIR_RUN_BYTES < PAIR_SLOT && PAIR_HEAD_MAX + 4 + PAIR_FRAME_MAX < PAIR_RUN_BYTES,
               "every datagram fits a slot, and every frame a run");

/* One message that waits in the queue; its own octets follow, then what aligns the next. */
struct pair_queued {
    uint32_t own, lent_len;
    const uint8_t *lent; /* lent_len octets after its own, the caller's until pair_flush */
};

struct pair {
    int fd;
    uint8_t *arena; /* PAIR_DATAGRAMS slots; the kernel gives pages only to those ever written */
    struct mmsghdr heads[PAIR_DATAGRAMS];
    struct iovec iov[PAIR_DATAGRAMS];
    bool more;
    struct pair_msg *msgs;   /* PAIR_BATCH of them */
    struct pair_peer *peers; /* of the last ALLOW received */
    struct buf queue;        /* of pair_queued, from sent on */
    size_t sent, queued_bytes, queue_max_bytes;
    bool lends; /* some of it is lent */
    struct iovec run[PAIR_DATAGRAMS * PAIR_RUN_MOST * 2]; /* of pair_flush */
    struct buf scratch;
};

static void pair_slots(struct pair *p)
{
    for (size_t i = 0; i < PAIR_DATAGRAMS; i++) {
        p->iov[i] = (struct iovec){ p->arena + i * PAIR_SLOT, PAIR_SLOT };
        p->heads[i].msg_hdr = (struct msghdr){ .msg_iov = &p->iov[i], .msg_iovlen = 1 };
    }
}

int pair_open(int fd, size_t queue_max_bytes, struct pair **out)
{
    ALM_CLEANUP(pair_closep) struct pair *p = calloc(1, sizeof(*p));
    int flags;

    if (!p)
        return -ENOMEM;
    p->fd = -1; /* on failure fd stays the caller's */
    p->queue_max_bytes = queue_max_bytes;
    buf_init(&p->scratch, PAIR_SLOT);
    buf_init(&p->queue, PAIR_QUEUE_MAX);
    p->arena = malloc((size_t)PAIR_SLOT * PAIR_DATAGRAMS);
    p->msgs = calloc(PAIR_BATCH, sizeof(*p->msgs));
    if (!p->arena || !p->msgs)
        return -ENOMEM;
    pair_slots(p);
    flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
        return -errno;
    /* The default holds some forty frames: then each side would wait for the other's turn. */
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &(int){ PAIR_SEND_BYTES }, sizeof(int));
    p->fd = fd;
    *out = p;
    p = NULL;
    return 0;
}

struct pair *pair_close(struct pair *p)
{
    if (!p)
        return NULL;
    if (p->fd >= 0)
        close(p->fd);
    buf_deinit(&p->queue);
    buf_deinit(&p->scratch);
    free(p->peers);
    free(p->msgs);
    free(p->arena);
    free(p);
    return NULL;
}

void pair_closep(struct pair **p)
{
    *p = pair_close(*p);
}

int pair_fd(const struct pair *p)
{
    return p->fd;
}

/* An agency's id goes into log lines and keys: printable ASCII without spaces. */
static bool pair_agency_ok(const uint8_t *text, size_t len)
{
    if (len >= PAIR_AGENCY_MAX)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    }
    return true;
}

static void pair_read_agency(struct cursor *c, char out[static PAIR_AGENCY_MAX])
{
    size_t len = cursor_u8(c);
    struct bytes b = cursor_take(c, len);

    if (c->failed || !pair_agency_ok(b.data, b.len)) {
        c->failed = true;
        return;
    }
    if (b.len)
        memcpy(out, b.data, b.len);
    out[b.len] = '\0';
}

static int pair_read_peers(struct pair *p, struct cursor *c, struct pair_msg *m)
{
    m->n_peers = cursor_u16(c);
    if (c->failed || m->n_peers > PAIR_PEERS_MAX)
        return -EBADMSG;
    free(p->peers);
    p->peers = calloc(m->n_peers + (size_t)1, sizeof(*p->peers));
    if (!p->peers)
        return -ENOMEM;
    for (size_t i = 0; i < m->n_peers; i++) {
        struct bytes key;

        pair_read_agency(c, p->peers[i].agency);
        key = cursor_take(c, PAIR_KEY_LEN);
        if (c->failed || !p->peers[i].agency[0])
            return -EBADMSG;
        memcpy(p->peers[i].key, key.data, PAIR_KEY_LEN);
    }
    m->peers = p->peers;
    return 0;
}

static int pair_read_rest(struct pair *p, struct cursor *c, struct pair_msg *m)
{
    switch (m->type) {
    case PAIR_READY:
        return 0;
    case PAIR_ALLOW:
        return pair_read_peers(p, c, m);
    case PAIR_IN:
    case PAIR_OUT:
        m->frame = cursor_var(c, PAIR_FRAME_MAX);
        return !m->agency[0] || !m->frame.len ? -EBADMSG : 0;
    case PAIR_UNREACHABLE:
        return m->agency[0] ? 0 : -EBADMSG;
    case PAIR_NOISE:
        m->n_refused = cursor_u32(c);
        m->n_dropped = cursor_u32(c);
        return 0;
    default:
        return -EBADMSG;
    }
}

static int pair_decode(struct pair *p, struct cursor *c, struct pair_msg *m)
{
    int r;

    *m = (struct pair_msg){ .type = cursor_u8(c), .ref = cursor_u64(c) };
    pair_read_agency(c, m->agency);
    if (c->failed)
        return -EBADMSG;
    r = pair_read_rest(p, c, m);
    return r ? r : c->failed ? -EBADMSG : 0;
}

/* Return: messages; -EBADMSG, -ENOMEM. */
static int pair_decode_run(struct pair *p, struct bytes datagram, struct pair_msg *msgs)
{
    struct cursor c = cursor_of(datagram);
    int n = 0;

    do {
        int r = n < PAIR_RUN_MOST ? pair_decode(p, &c, &msgs[n]) : -EBADMSG;

        if (r)
            return r;
        n++;
        if ((n > 1 || c.left) && (msgs[n - 1].type == PAIR_ALLOW || datagram.len > PAIR_RUN_BYTES))
            return -EBADMSG;
    } while (c.left);
    return n;
}

/* One list is kept; of several in a batch the newest says what holds, the others repeat it. */
static void pair_newest_list(struct pair_msg *msgs, int n)
{
    int newest = n - 1;

    while (newest >= 0 && msgs[newest].type != PAIR_ALLOW)
        newest--;
    for (int at = 0; at < newest; at++) {
        if (msgs[at].type != PAIR_ALLOW)
            continue;
        msgs[at].peers = msgs[newest].peers;
        msgs[at].n_peers = msgs[newest].n_peers;
    }
}

int pair_recv(struct pair *p, const struct pair_msg **out)
{
    int n, total = 0;

    p->more = false;
    do {
        n = recvmmsg(p->fd, p->heads, PAIR_DATAGRAMS, MSG_DONTWAIT, NULL);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
    for (int i = 0; i < n; i++) {
        int r;

        if (p->heads[i].msg_len == 0) { /* nobody sends an empty datagram: end of stream */
            if (i == 0)
                return -ECONNRESET;
            break;
        }
        if (p->heads[i].msg_hdr.msg_flags & MSG_TRUNC)
            return -EBADMSG;
        r = pair_decode_run(p, bytes_of(p->iov[i].iov_base, p->heads[i].msg_len), &p->msgs[total]);
        if (r < 0)
            return r;
        total += r;
    }
    pair_newest_list(p->msgs, total);
    p->more = n == PAIR_DATAGRAMS;
    *out = p->msgs;
    return total;
}

bool pair_more(const struct pair *p)
{
    return p->more;
}

static int pair_put_agency(struct buf *b, const char *agency)
{
    size_t len = strnlen(agency, PAIR_AGENCY_MAX);

    if (!pair_agency_ok((const uint8_t *)agency, len))
        return -EINVAL;
    buf_put_u8(b, (uint8_t)len);
    buf_put(b, agency, len);
    return 0;
}

static bool pair_has_frame(const struct pair_msg *m)
{
    return m->type == PAIR_IN || m->type == PAIR_OUT;
}

/* All but the frame. */
static int pair_encode(struct buf *b, const struct pair_msg *m)
{
    int r;

    if (m->frame.len > PAIR_FRAME_MAX || m->n_peers > PAIR_PEERS_MAX)
        return -EMSGSIZE;
    buf_put_u8(b, m->type);
    buf_put_u64(b, m->ref);
    r = pair_put_agency(b, m->agency);
    if (pair_has_frame(m))
        buf_put_u32(b, (uint32_t)m->frame.len);
    if (m->type == PAIR_ALLOW)
        buf_put_u16(b, m->n_peers);
    for (size_t i = 0; !r && m->type == PAIR_ALLOW && i < m->n_peers; i++) {
        r = pair_put_agency(b, m->peers[i].agency);
        buf_put(b, m->peers[i].key, PAIR_KEY_LEN);
    }
    if (m->type == PAIR_NOISE) {
        buf_put_u32(b, m->n_refused);
        buf_put_u32(b, m->n_dropped);
    }
    return r ? r : buf_status(b);
}

/* --- the queue --- */

static size_t pair_padded(size_t len)
{
    return (len + _Alignof(struct pair_queued) - 1) / _Alignof(struct pair_queued) *
           _Alignof(struct pair_queued);
}

static const struct pair_queued *pair_at(const struct pair *p, size_t at)
{
    return (const struct pair_queued *)(const void *)(p->queue.data + at);
}

static size_t pair_after(const struct pair *p, size_t at)
{
    return at + sizeof(struct pair_queued) + pair_padded(pair_at(p, at)->own);
}

/* Room at the queue's end, taking back first what was sent. */
static int pair_room(struct pair *p, size_t n)
{
    if (p->sent && p->sent >= p->queue.len / 2 && p->queue.len + n > p->queue.cap) {
        memmove(p->queue.data, p->queue.data + p->sent, p->queue.len - p->sent);
        p->queue.len -= p->sent;
        p->sent = 0;
    }
    return buf_room(&p->queue, n) ? -ENOMEM : 0;
}

/* head: borrowed, not of the queue; frame: copied unless lent. */
static int pair_append(struct pair *p, struct bytes head, struct bytes frame, bool lent)
{
    struct pair_queued q = { .own = (uint32_t)(head.len + (lent ? 0 : frame.len)) };
    size_t size = sizeof(q) + pair_padded(q.own);
    uint8_t *at;

    if (pair_room(p, size)) {
        p->queue.status = 0; /* what was queued stays */
        return -ENOMEM;
    }
    if (lent) {
        q.lent = frame.data;
        q.lent_len = (uint32_t)frame.len;
        p->lends = true;
    }
    at = p->queue.data + p->queue.len;
    memcpy(at, &q, sizeof(q));
    memcpy(at + sizeof(q), head.data, head.len);
    if (q.own > head.len)
        memcpy(at + sizeof(q) + head.len, frame.data, frame.len);
    p->queue.len += size;
    return 0;
}

static int pair_queue(struct pair *p, const struct pair_msg *m, bool lend)
{
    struct bytes frame = pair_has_frame(m) ? m->frame : bytes_of(NULL, 0);
    size_t len;
    int r;

    buf_reset(&p->scratch);
    r = pair_encode(&p->scratch, m);
    if (r)
        return r;
    len = p->scratch.len + frame.len;
    if (p->queued_bytes + len > p->queue_max_bytes)
        return -ENOBUFS;
    r = pair_append(p, buf_view(&p->scratch), frame, lend && frame.len);
    if (!r)
        p->queued_bytes += len;
    return r;
}

int pair_put(struct pair *p, const struct pair_msg *m)
{
    return pair_queue(p, m, false);
}

int pair_lend(struct pair *p, const struct pair_msg *m)
{
    return pair_queue(p, m, true);
}

struct pair_run { /* a datagram to be sent */
    size_t bytes, end; /* end: of its messages in the queue */
    unsigned messages;
};

/* The run that begins at from. Return: iovecs used. */
static size_t pair_gather(const struct pair *p, size_t from, struct iovec *iov, struct pair_run *run)
{
    size_t n = 0;

    *run = (struct pair_run){ .end = from };
    while (run->end < p->queue.len && run->messages < PAIR_RUN_MOST) {
        const struct pair_queued *q = pair_at(p, run->end);
        const uint8_t *own = (const uint8_t *)(q + 1);
        size_t len = (size_t)q->own + q->lent_len;

        /* a list stands alone */
        if (run->messages && (run->bytes + len > PAIR_RUN_BYTES || own[0] == PAIR_ALLOW))
            break;
        iov[n++] = (struct iovec){ (void *)(uintptr_t)own, q->own };
        if (q->lent_len)
            iov[n++] = (struct iovec){ (void *)(uintptr_t)q->lent, q->lent_len };
        run->bytes += len;
        run->messages++;
        run->end = pair_after(p, run->end);
        if (own[0] == PAIR_ALLOW)
            break;
    }
    return n;
}

/* Return: datagrams sent of those offered, or -errno. */
static int pair_send_some(struct pair *p, unsigned *offered)
{
    struct mmsghdr heads[PAIR_DATAGRAMS];
    struct pair_run runs[PAIR_DATAGRAMS];
    size_t at = p->sent, n_iov = 0;
    unsigned n = 0;
    int sent;

    for (; n < PAIR_DATAGRAMS && at < p->queue.len; n++) {
        size_t used = pair_gather(p, at, p->run + n_iov, &runs[n]);

        heads[n] = (struct mmsghdr){ .msg_hdr = { .msg_iov = p->run + n_iov, .msg_iovlen = used } };
        n_iov += used;
        at = runs[n].end;
    }
    do {
        sent = sendmmsg(p->fd, heads, n, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    for (int i = 0; i < sent; i++) {
        p->queued_bytes -= runs[i].bytes;
        p->sent = runs[i].end;
    }
    *offered = n;
    return sent < 0 ? -errno : sent;
}

static void pair_emptied(struct pair *p)
{
    p->queue.len = p->sent = p->queued_bytes = 0;
    p->lends = false;
    if (p->queue.cap > PAIR_KEEP_BYTES) {
        buf_deinit(&p->queue);
        buf_init(&p->queue, PAIR_QUEUE_MAX);
    }
}

/* What is lent and could not go becomes the queue's own. */
static int pair_keep(struct pair *p)
{
    struct buf old = p->queue;
    size_t at = p->sent;
    int r = 0;

    if (!p->lends)
        return 0;
    buf_init(&p->queue, PAIR_QUEUE_MAX);
    p->queued_bytes = p->sent = 0;
    p->lends = false;
    while (at < old.len) {
        const struct pair_queued *q = (const struct pair_queued *)(const void *)(old.data + at);
        struct bytes lent = bytes_of(q->lent, q->lent_len);

        if (pair_append(p, bytes_of(q + 1, q->own), lent, false))
            r = -ENOMEM;
        else
            p->queued_bytes += (size_t)q->own + q->lent_len;
        at += sizeof(*q) + pair_padded(q->own);
    }
    buf_deinit(&old);
    return r;
}

int pair_flush(struct pair *p)
{
    int r = 0;

    while (p->sent < p->queue.len && !r) {
        unsigned offered;
        int sent = pair_send_some(p, &offered);

        if (sent < 0)
            r = sent;
        else if ((unsigned)sent < offered)
            r = 1;
    }
    if (p->sent == p->queue.len) {
        pair_emptied(p);
        return 0;
    }
    if (pair_keep(p))
        return -ENOMEM;
    return r == -EAGAIN || r == -EWOULDBLOCK || r == -ENOBUFS ? 1 : r;
}
