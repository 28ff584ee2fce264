/* SPDX-License-Identifier: Apache-2.0 */
/* pair.c - the datagrams of pair.h: their form, a bounded queue out, batches in.
 *
 * A datagram: u8 type, u64 ref, u8 length of the agency and the agency, then by type
 *   IN, OUT   the frame, to the end
 *   ALLOW     u16 n, then n times u8 length, agency, 32 bytes of key
 *   NOISE     u32 refused, u32 dropped
 * Both ends are ours, but the gate's end is the one that an attacker would hold: everything is
 * checked. */
#include "pair/pair.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAIR_PEERS_MAX 1000
#define PAIR_HEAD_MAX  (1 + 8 + 1 + PAIR_AGENCY_MAX)
#define PAIR_ALLOW_MAX (PAIR_HEAD_MAX + 2 + PAIR_PEERS_MAX * (PAIR_AGENCY_MAX + PAIR_KEY_LEN))
#define PAIR_SEND_BYTES (1 << 20) /* asked of the kernel, which may give less: what one turn takes */
#define PAIR_SLOT                                                                                  \
    (PAIR_ALLOW_MAX + 1) /* bytes of the largest datagram, and one that shows it was longer */

struct pair_queued {
    struct pair_queued *next;
    size_t len;
    uint8_t octets[];
};

struct pair {
    int fd;
    uint8_t *arena; /* PAIR_BATCH slots; the kernel gives pages only to those ever written */
    struct mmsghdr heads[PAIR_BATCH];
    struct iovec iov[PAIR_BATCH];
    struct pair_msg msgs[PAIR_BATCH];
    struct pair_peer *peers; /* of the last ALLOW received */
    struct pair_queued *first, *last;
    size_t queued_bytes, queue_max_bytes;
    struct buf scratch;
};

int pair_open(int fd, size_t queue_max_bytes, struct pair **out)
{
    ALM_CLEANUP(pair_closep) struct pair *p = calloc(1, sizeof(*p));
    int flags;

    if (!p)
        return -ENOMEM;
    p->fd = -1; /* on failure fd stays the caller's */
    p->queue_max_bytes = queue_max_bytes;
    buf_init(&p->scratch, PAIR_SLOT);
    p->arena = malloc((size_t)PAIR_SLOT * PAIR_BATCH);
    if (!p->arena)
        return -ENOMEM;
    for (size_t i = 0; i < PAIR_BATCH; i++) {
        p->iov[i] = (struct iovec){ p->arena + i * PAIR_SLOT, PAIR_SLOT };
        p->heads[i].msg_hdr = (struct msghdr){ .msg_iov = &p->iov[i], .msg_iovlen = 1 };
    }
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
    while (p->first) {
        struct pair_queued *next = p->first->next;

        free(p->first);
        p->first = next;
    }
    if (p->fd >= 0)
        close(p->fd);
    buf_deinit(&p->scratch);
    free(p->peers);
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
        m->frame = cursor_take(c, c->left);
        return !m->agency[0] || !m->frame.len || m->frame.len > PAIR_FRAME_MAX ? -EBADMSG : 0;
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

static int pair_decode(struct pair *p, struct bytes datagram, struct pair_msg *m)
{
    struct cursor c = cursor_of(datagram);
    int r;

    *m = (struct pair_msg){ .type = cursor_u8(&c), .ref = cursor_u64(&c) };
    pair_read_agency(&c, m->agency);
    if (c.failed)
        return -EBADMSG;
    r = pair_read_rest(p, &c, m);
    return r ? r : cursor_end(&c);
}

int pair_recv(struct pair *p, const struct pair_msg **out)
{
    bool allow_seen = false;
    int n;

    do {
        n = recvmmsg(p->fd, p->heads, PAIR_BATCH, MSG_DONTWAIT, NULL);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
    for (int i = 0; i < n; i++) {
        int r;

        if (p->heads[i].msg_len == 0) { /* nobody sends an empty datagram: end of stream */
            if (i == 0)
                return -ECONNRESET;
            n = i;
            break;
        }
        if (p->heads[i].msg_hdr.msg_flags & MSG_TRUNC)
            return -EBADMSG;
        r = pair_decode(p, bytes_of(p->iov[i].iov_base, p->heads[i].msg_len), &p->msgs[i]);
        if (r)
            return r;
        /* One list is kept; of several in a batch the newest says what holds, the others repeat it.
         */
        if (p->msgs[i].type == PAIR_ALLOW)
            allow_seen = true;
    }
    for (int i = 0, newest = -1; allow_seen && i < n; i++) {
        int at = n - 1 - i;

        if (p->msgs[at].type != PAIR_ALLOW)
            continue;
        if (newest < 0)
            newest = at;
        p->msgs[at].peers = p->msgs[newest].peers;
        p->msgs[at].n_peers = p->msgs[newest].n_peers;
    }
    *out = p->msgs;
    return n;
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

static int pair_encode(struct buf *b, const struct pair_msg *m)
{
    int r;

    if (m->frame.len > PAIR_FRAME_MAX || m->n_peers > PAIR_PEERS_MAX)
        return -EMSGSIZE;
    buf_put_u8(b, m->type);
    buf_put_u64(b, m->ref);
    r = pair_put_agency(b, m->agency);
    if (m->type == PAIR_IN || m->type == PAIR_OUT)
        buf_put(b, m->frame.data, m->frame.len);
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

int pair_put(struct pair *p, const struct pair_msg *m)
{
    struct pair_queued *q;
    int r;

    buf_reset(&p->scratch);
    r = pair_encode(&p->scratch, m);
    if (r)
        return r;
    if (p->queued_bytes + p->scratch.len > p->queue_max_bytes)
        return -ENOBUFS;
    q = malloc(sizeof(*q) + p->scratch.len);
    if (!q)
        return -ENOMEM;
    *q = (struct pair_queued){ .len = p->scratch.len };
    memcpy(q->octets, p->scratch.data, p->scratch.len);
    if (p->last)
        p->last->next = q;
    else
        p->first = q;
    p->last = q;
    p->queued_bytes += q->len;
    return 0;
}

static void pair_unqueue(struct pair *p)
{
    struct pair_queued *q = p->first;

    assert(q);
    p->first = q->next;
    if (!p->first)
        p->last = NULL;
    p->queued_bytes -= q->len;
    free(q);
}

int pair_flush(struct pair *p)
{
    struct mmsghdr heads[PAIR_BATCH];
    struct iovec iov[PAIR_BATCH];

    while (p->first) {
        unsigned n = 0;
        int sent;

        for (struct pair_queued *q = p->first; q && n < PAIR_BATCH; q = q->next, n++) {
            iov[n] = (struct iovec){ q->octets, q->len };
            heads[n] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &iov[n], .msg_iovlen = 1 } };
        }
        do {
            sent = sendmmsg(p->fd, heads, n, MSG_DONTWAIT | MSG_NOSIGNAL);
        } while (sent < 0 && errno == EINTR);
        if (sent < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS ? 1 : -errno;
        for (int i = 0; i < sent; i++)
            pair_unqueue(p);
        if ((unsigned)sent < n)
            return 1;
    }
    return 0;
}
