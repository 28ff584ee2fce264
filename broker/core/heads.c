/* SPDX-License-Identifier: Apache-2.0 */
/* heads.c - tree heads from the signer: at most each second, at least each minute; none for too
 * long, and sharing stops.
 *
 * "a log that cannot be signed: all of them stop sharing" (DESIGN.md promise 1). */
#include "stages.h"
#include "tree/tree.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADS_ANSWER_MS    10000 /* then the signer is asked again */
#define HEADS_DATAGRAM_MAX (1 + 8 + SHA256_LEN + 2 + NOTE_MAX)
#define HEADS_ASK_MAX      (1 + 8 + SHA256_LEN + 8 + 2 + TREE_PROOF_MAX * SHA256_LEN)

int heads_init(struct core *c, int fd)
{
    struct heads *h = &c->heads;

    memset(h, 0, sizeof(*h));
    h->fd = fd;
    h->signed_ms = c->mono_ms; /* a new core has the whole limit for its first head */
    h->asked_ms = c->mono_ms - c->set.limits.head_quiet_ms;
    return note_key_init(&h->key, c->set.wire.origin, c->set.audit_public);
}

const char *heads_stops(const struct core *c)
{
    if (c->heads.refused)
        return "signer-refused";
    if (c->mono_ms - c->heads.signed_ms > c->set.limits.head_limit_ms)
        return "no-signed-head";
    return cosign_stops(c);
}

bool heads_fresh(struct core *c)
{
    struct heads *h = &c->heads;
    const char *stops = heads_stops(c);

    if (stops && !h->stopped_logged)
        log_error("sharing-stopped", "reason=%s", stops);
    if (!stops && h->stopped_logged)
        log_info("sharing-resumed", "%s", "");
    h->stopped_logged = stops != NULL;
    return !stops;
}

static bool heads_due(const struct core *c)
{
    const struct heads *h = &c->heads;
    int64_t since = c->mono_ms - h->asked_ms;

    if (h->fd < 0 || (h->waiting && since < HEADS_ANSWER_MS))
        return false;
    return since >= c->set.limits.head_quiet_ms ||
           (ledger_size(c->ledger) != h->signed_size && since >= c->set.limits.head_least_ms);
}

int64_t heads_next_ms(const struct core *c)
{
    const struct heads *h = &c->heads;

    if (h->fd < 0)
        return INT64_MAX;
    if (h->waiting)
        return h->asked_ms + HEADS_ANSWER_MS;
    return h->asked_ms + (ledger_size(c->ledger) != h->signed_size ? c->set.limits.head_least_ms
                                                                   : c->set.limits.head_quiet_ms);
}

/* From nodes as they are on disk: who changed a leaf and every node above it proves nothing by
 * them. */
static int heads_prove(struct core *c, struct tree_proof *proof)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    const struct heads *h = &c->heads;
    int r;

    proof->n = 0;
    if (h->proved_size > h->asked_size)
        return 0; /* the signer says what is to be said of it */
    r = store_begin(c->store, false, &t);
    return r ? r : tree_prove_consistency(h->proved_size, h->asked_size, ledger_node, t, proof);
}

static int heads_send(struct core *c)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct heads *h = &c->heads;
    struct tree_proof proof;
    int r = heads_prove(c, &proof);

    if (r)
        return r;
    buf_init(&b, HEADS_ASK_MAX);
    buf_put_u8(&b, 'H');
    buf_put_u64(&b, h->asked_size);
    buf_put(&b, h->asked_root, SHA256_LEN);
    buf_put_u64(&b, h->proved_size < h->asked_size ? h->proved_size : h->asked_size);
    buf_put_u16(&b, (uint16_t)proof.n); /* at most TREE_PROOF_MAX */
    buf_put(&b, proof.hashes, proof.n * SHA256_LEN);
    if (buf_status(&b))
        return buf_status(&b);
    return send(h->fd, b.data, b.len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)b.len ? 0 : -errno;
}

/* Between batches, so what is signed is on disk. */
void heads_ask(struct core *c)
{
    struct heads *h = &c->heads;
    int r;

    if (!heads_due(c))
        return;
    h->asked_ms = c->mono_ms;
    h->asked_size = ledger_size(c->ledger);
    ledger_root(c->ledger, h->asked_root);
    r = heads_send(c);
    h->waiting = r == 0;
    if (r)
        log_warn("signer-not-asked", "error=%d", -r);
}

/* The signer is believed only for what was asked, and only over its signature. */
static int heads_check(const struct core *c, uint64_t size, struct bytes root, struct bytes note)
{
    const struct heads *h = &c->heads;
    struct checkpoint head;
    int r;

    if (!h->waiting || size != h->asked_size ||
        !bytes_equal(root, bytes_of(h->asked_root, SHA256_LEN)))
        return -ESTALE;
    r = checkpoint_open(note, &h->key, c->set.wire.origin, &head);
    if (r)
        return r;
    return head.size == size && !memcmp(head.root, h->asked_root, SHA256_LEN) ? 0 : -EBADMSG;
}

static void heads_note(struct core *c, struct cursor *at)
{
    struct heads *h = &c->heads;
    uint64_t size = cursor_u64(at);
    struct bytes root = cursor_take(at, SHA256_LEN);
    uint16_t len = cursor_u16(at);
    struct bytes note = cursor_take(at, len);
    int r = cursor_end(at);

    if (!r && len < sizeof(h->note))
        r = heads_check(c, size, root, note);
    if (r == -ESTALE)
        return; /* an answer to the core before this one */
    h->waiting = false;
    if (r || len >= sizeof(h->note)) {
        log_error("head-refused", "error=%d", -r);
        return;
    }
    memcpy(h->note, note.data, note.len);
    h->note_len = note.len;
    h->note_due = true;
}

/* The signer signed a head that this core has not heard of: it is asked again at once, with the
 * proof from there; never twice for one size, so that the two cannot keep each other busy. */
static void heads_want_proof(struct core *c, struct cursor *at)
{
    struct heads *h = &c->heads;
    uint64_t size = cursor_u64(at);

    if (cursor_end(at) || !h->waiting || size == h->proved_size || size > h->asked_size)
        return;
    h->proved_size = size;
    h->waiting = false;
    h->asked_ms = c->mono_ms - c->set.limits.head_quiet_ms;
}

void heads_drain(struct core *c)
{
    static uint8_t said[HEADS_DATAGRAM_MAX];
    ssize_t n;

    while (c->heads.fd >= 0 && (n = recv(c->heads.fd, said, sizeof(said), MSG_DONTWAIT)) > 0) {
        struct cursor at = cursor_of(bytes_of(said, (size_t)n));
        uint8_t what = cursor_u8(&at);

        if (what == 'N') {
            heads_note(c, &at);
        } else if (what == 'P') {
            heads_want_proof(c, &at);
        } else if (what == 'W') {
            cosign_signer_said(c, &at);
        } else if (what == 'X') {
            c->heads.refused = true;
            c->heads.waiting = false;
            log_error("signer-refused", "size=%llu", (unsigned long long)c->heads.asked_size);
        }
    }
}

/* An idle log's head is the same again, and witnesses may have signed it meanwhile: their lines stay. */
static bool heads_stored(const struct core *c, struct store_txn *t)
{
    ALM_CLEANUP(buf_deinit) struct buf note = { 0 };

    buf_init(&note, NOTE_MAX);
    return heads_get(t, c->heads.asked_size, &note) == 0 && note.len >= c->heads.note_len &&
           !memcmp(note.data, c->heads.note, c->heads.note_len);
}

void heads_store(struct core *c)
{
    struct store_txn *t;

    if (!c->heads.note_due)
        return;
    t = batch_txn(c);
    if (!t)
        return;
    if (heads_stored(c, t))
        return;
    c->heads.note[c->heads.note_len] = '\0'; /* heads_note left room */
    ledger_head_put(t, c->heads.asked_size, c->heads.note);
    c->batch.wrote = true;
}

void heads_settle(struct core *c, bool committed)
{
    struct heads *h = &c->heads;

    if (!h->note_due)
        return;
    h->note_due = false;
    if (!committed)
        return; /* asked again at the next interval */
    h->signed_ms = c->mono_ms;
    h->signed_size = h->asked_size;
    h->proved_size = h->asked_size;
    h->refused = false;
    cosign_head(c);
}
