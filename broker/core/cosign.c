/* SPDX-License-Identifier: Apache-2.0 */
/* cosign.c - asks the policy's witnesses to sign the newest head, hears what they say, and stops sharing
 * where too few have signed for too long.
 *
 * "adapters co-sign as witnesses [...] co-signed by adapters of agencies other than the broker's
 * operator" (DESIGN.md section 8). A witness is believed over its signature alone, and what it holds
 * only over ours. */
#include "cosign.h"
#include "stages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define COSIGN_ANSWER_MS 10000 /* then it is taken to be silent until it is asked again */
#define COSIGN_AGAIN_MS  1000  /* a question that the signer waits for */
#define COSIGN_TRIES     3     /* conflicts of one round: more is no misunderstanding */

int cosign_new(struct cosign **out)
{
    *out = calloc(1, sizeof(**out));
    return *out ? 0 : -ENOMEM;
}

/* --- who is a witness --- */

static struct cosign_place *place_of(struct cosign *s, const char *agency)
{
    for (size_t i = 0; i < COSIGN_PLACES; i++) {
        if (!strcmp(s->at[i].agency, agency))
            return &s->at[i];
    }
    return NULL;
}

static struct cosign_place *place_free(struct cosign *s)
{
    struct cosign_place *p = place_of(s, "");

    for (size_t i = 0; !p && i < COSIGN_PLACES; i++) {
        if (!s->at[i].named)
            p = &s->at[i];
    }
    return p; /* never NULL: a policy names at most half as many */
}

/* "No older than": a restart of the broker makes nothing younger, and a clock that was set back makes
 * nothing of the future. */
static int place_read(struct core *c, struct store_txn *t, struct cosign_place *p)
{
    int r = heads_witness_get(t, p->agency, &p->record);
    int64_t age;

    if (r && r != -ENOENT)
        return r;
    if (r || c->cosign->begun) { /* named since: it has the whole limit */
        r = text_copy(p->record.agency, sizeof(p->record.agency), p->agency);
        p->record.at_ms = c->wall_ms;
        p->record_due = true;
    }
    if (r)
        return r;
    age = c->wall_ms - p->record.at_ms;
    p->fresh_ms = c->mono_ms - (age > 0 ? age : 0);
    p->held_known = p->record.size > 0;
    p->held = p->record.size;
    return 0;
}

static int place_name(struct core *c, struct store_txn *t, const char *agency)
{
    struct cosign_place *p = place_of(c->cosign, agency);

    if (p && p->named)
        return 0;
    if (!p)
        p = place_free(c->cosign);
    if (!p)
        return -E2BIG;
    *p = (struct cosign_place){ .named = true, .asked_ms = INT64_MIN };
    if (text_copy(p->agency, sizeof(p->agency), agency))
        return -EINVAL;
    return place_read(c, t, p);
}

static bool place_in(const struct core *c, const struct policy_witnesses *w, const char *agency)
{
    for (uint8_t i = 0; w && i < w->n; i++) {
        if (!strcmp(bundle_agency_at(c->bundle, w->agencies[i])->id, agency))
            return true;
    }
    return false;
}

int cosign_reload(struct core *c, struct store_txn *t)
{
    const struct policy_witnesses *w = c->bundle ? bundle_witnesses(c->bundle) : NULL;
    ALM_CLEANUP(buf_deinit) struct buf note = { 0 };
    struct cosign *s = c->cosign;
    uint64_t size;
    int r = 0;

    for (size_t i = 0; i < COSIGN_PLACES; i++)
        s->at[i].named = s->at[i].named && place_in(c, w, s->at[i].agency);
    s->n = w ? w->n : 0;
    s->need = w ? w->need : 0;
    s->outage_ms = w ? (int64_t)w->outage_hours * 3600000 : 0;
    s->every_ms = w ? (int64_t)w->every_s * 1000 : 0;
    for (uint8_t i = 0; !r && i < s->n; i++)
        r = place_name(c, t, bundle_agency_at(c->bundle, w->agencies[i])->id);
    buf_init(&note, NOTE_MAX);
    s->stale = !s->n && heads_witnessed(t, &size, &note) == 0;
    s->begun = true;
    return r;
}

/* --- rounds --- */

void cosign_head(struct core *c)
{
    struct cosign *s = c->cosign;

    if (c->heads.note_len > sizeof(s->head_note))
        return; /* our own notes have one signature: cannot be */
    memcpy(s->head_note, c->heads.note, c->heads.note_len);
    s->head_len = c->heads.note_len;
    s->head_size = s->signer_size = c->heads.signed_size;
}

/* One head for all of them: each asked for whatever is newest, no two would sign the same. */
static void round_begin(struct core *c)
{
    struct cosign *s = c->cosign;

    if (!s->head_len || (s->round && c->mono_ms - s->round_ms < s->every_ms))
        return;
    s->round++;
    s->round_ms = c->mono_ms;
    s->round_size = s->head_size;
    s->round_len = s->head_len;
    memcpy(s->round_note, s->head_note, s->head_len);
    for (size_t i = 0; i < COSIGN_PLACES; i++) {
        s->at[i].done = false;
        s->at[i].tries = 0;
        if (!s->at[i].out)
            s->at[i].asked_ms = INT64_MIN;
    }
}

/* Of an agency that a new core has not heard of, the gate knows whether it is there: waiting for its next
 * lease would leave a restarted broker without a signed head for as long. */
static uint16_t place_slot(const struct core *c, const struct cosign_place *p)
{
    uint16_t slot = agencies_find(&c->agencies, p->agency);
    const struct agency *a = slot == AGENCY_NONE ? NULL : &c->agencies.slots[slot];

    return a && agency_active(a) && a->presence != PRESENCE_GONE && a->gate != GATE_NONE
               ? slot
               : AGENCY_NONE;
}

/* Is it to be told of this round's head, or only asked what it holds? */
static bool place_due(const struct core *c, const struct cosign_place *p, bool *only_asked)
{
    const struct cosign *s = c->cosign;

    *only_asked = s->signer_wants && !p->answered;
    if (!p->named || p->out)
        return false;
    if (*only_asked)
        return p->asked_ms == INT64_MIN || c->mono_ms - p->asked_ms >= COSIGN_AGAIN_MS;
    return s->round && !p->done && p->asked_ms == INT64_MIN && !(p->held_known && p->held > s->round_size);
}

static int place_prove(struct core *c, const struct cosign_place *p, struct msg_cosign *ask)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    struct tree_proof proof = { .n = 0 };
    int r;

    ask->old_size = p->held_known ? p->held : 0;
    if (!ask->old_size || ask->old_size == c->cosign->round_size)
        return 0;
    r = store_begin(c->store, false, &t);
    if (!r)
        r = tree_prove_consistency(ask->old_size, c->cosign->round_size, ledger_node, t, &proof);
    if (r)
        return r;
    ask->n_proof = (uint16_t)proof.n; /* at most TREE_PROOF_MAX */
    memcpy(ask->proof, proof.hashes, proof.n * SHA256_LEN);
    return 0;
}

static void place_ask(struct core *c, struct cosign_place *p, uint16_t slot, bool only_asked)
{
    struct msg_cosign *ask = &tell_begin(c, MSG_COSIGN, NULL)->cosign;
    int r = 0;

    if (!only_asked) {
        ask->note = bytes_of(c->cosign->round_note, c->cosign->round_len);
        r = place_prove(c, p, ask);
    }
    if (!r)
        r = tell_send(c, slot);
    p->asked_ms = c->mono_ms;
    if (r) {
        log_error("cosign-not-sent", "agency=%s error=%d", p->agency, -r);
        return;
    }
    p->asked = c->reply.id;
    p->asked_round = only_asked ? 0 : c->cosign->round;
    p->out = p->put_now = true;
}

static void place_trouble(struct cosign_place *p, const char *word)
{
    if (word && (!p->trouble || strcmp(p->trouble, word) != 0))
        log_warn("witness-trouble", "agency=%s reason=%s", p->agency, word);
    p->trouble = word;
}

static void place_tick(struct core *c, struct cosign_place *p)
{
    uint16_t slot = place_slot(c, p);
    bool only_asked;

    if (p->out && c->mono_ms - p->asked_ms >= COSIGN_ANSWER_MS) {
        p->out = false;
        place_trouble(p, "silent");
    }
    if (slot != AGENCY_NONE && place_due(c, p, &only_asked))
        place_ask(c, p, slot, only_asked);
}

static void places_store(struct core *c)
{
    for (size_t i = 0; i < COSIGN_PLACES; i++) {
        struct cosign_place *p = &c->cosign->at[i];
        struct store_txn *t = p->named && p->record_due ? batch_txn(c) : NULL;

        if (!t)
            continue;
        heads_witness_put(t, &p->record);
        c->batch.wrote = true;
    }
}

void cosign_tick(struct core *c)
{
    struct cosign *s = c->cosign;
    struct store_txn *t = s->stale ? batch_txn(c) : NULL;

    if (t) {
        heads_witnessed_drop(t);
        c->batch.wrote = true;
    }
    if (!s->n)
        return;
    round_begin(c);
    for (size_t i = 0; i < COSIGN_PLACES; i++)
        place_tick(c, &s->at[i]);
    places_store(c);
}

/* What was sent before it went, it may never have had. */
void cosign_here(struct core *c, uint16_t slot)
{
    struct cosign_place *p = place_of(c->cosign, c->agencies.slots[slot].reg.id);

    if (!p || !p->named)
        return;
    p->out = false;
    p->asked_ms = INT64_MIN;
}

/* What a failed batch asked was not sent, and what it heard was not kept: both are asked anew. */
void cosign_settle(struct core *c, bool committed)
{
    struct cosign *s = c->cosign;

    for (size_t i = 0; i < COSIGN_PLACES; i++) {
        struct cosign_place *p = &s->at[i];

        if (committed) {
            p->record_due = false;
            if (p->took_now)
                p->fresh_ms = c->mono_ms;
        } else if (p->put_now || p->took_now) {
            p->out = p->done = false;
            p->asked_ms = INT64_MIN;
            memset(&p->asked, 0, sizeof(p->asked));
        }
        p->put_now = p->took_now = false;
    }
    if (committed)
        s->stale = false;
}

/* --- what they say --- */

/* Signed by our own key, or it is nothing to us. */
static int held_open(const struct core *c, const struct msg_cosignature *m, struct checkpoint *head)
{
    int r = checkpoint_open(m->note, &c->heads.key, c->set.wire.origin, head);

    return r ? r : head->size == m->size ? 0 : -EBADMSG;
}

static void held_keep(struct cosign_place *p, const struct checkpoint *head, struct bytes note)
{
    p->held_known = true;
    p->held = head->size;
    memcpy(p->held_root, head->root, SHA256_LEN);
    memcpy(p->note, note.data, note.len); /* COSIGN_HEAD_MAX on the wire, as here */
    p->note_len = note.len;
}

static void held_forked(struct core *c, struct cosign_place *p)
{
    log_error("log-forked", "agency=%s held=%llu log=%llu", p->agency, (unsigned long long)p->held,
              (unsigned long long)ledger_size(c->ledger));
    c->cosign->forked = p->evidence = true;
    place_trouble(p, "holds-another-log");
}

/* Return: whether what it holds was shown, and is of this log. */
static bool held_take(struct core *c, struct cosign_place *p, const struct msg_cosignature *m)
{
    struct checkpoint head = { .size = 0 };
    int r;

    if (!m->size) {
        p->held_known = true;
        p->held = 0;
        p->note_len = 0;
        p->answered = true;
        return true;
    }
    if (held_open(c, m, &head)) {
        place_trouble(p, "shows-no-head-of-ours");
        return false;
    }
    held_keep(p, &head, m->note);
    p->answered = true;
    p->handed = false;
    r = cosign_ours(c, head.size, head.root);
    if (r == -EBADMSG)
        held_forked(c, p);
    else if (r)
        log_error("cosign-not-compared", "error=%d", -r);
    return r == 0;
}

static void take_signed(struct core *c, struct cosign_place *p, const struct msg_cosignature *m)
{
    const struct cosign *s = c->cosign;
    struct checkpoint head;
    int r;

    if (p->asked_round != s->round || m->size != s->round_size) {
        place_trouble(p, "signed-another-head");
        return;
    }
    r = cosign_line(c, p, m->note);
    if (r) {
        place_trouble(p, r == -EBADMSG ? "bad-signature" : r == -ETIME ? "clock-ahead" : "not-kept");
        return;
    }
    p->took_now = p->done = p->answered = true;
    if (checkpoint_open(bytes_of(s->round_note, s->round_len), &c->heads.key, NULL, &head) == 0)
        held_keep(p, &head, bytes_of(s->round_note, s->round_len));
    place_trouble(p, NULL);
}

static void take_conflict(struct core *c, struct cosign_place *p, const struct msg_cosignature *m)
{
    if (!held_take(c, p, m))
        return;
    if (!p->asked_round) { /* it was only asked: its turn in the round is to come */
        p->asked_ms = INT64_MIN;
        place_trouble(p, NULL);
        return;
    }
    if (++p->tries < COSIGN_TRIES)
        p->asked_ms = INT64_MIN;
    else
        place_trouble(p, "cannot-agree");
}

static void take_refused(struct core *c, struct cosign_place *p, const struct msg_cosignature *m)
{
    if (!m->size) {
        place_trouble(p, "is-no-witness");
        return;
    }
    if (held_take(c, p, m))
        place_trouble(p, "refuses");
}

void cosignature_take(struct core *c, struct work *w)
{
    const struct msg_cosignature *m = &c->in.cosignature;
    struct cosign_place *p = place_of(c->cosign, c->agencies.slots[w->agency].reg.id);

    if (!p || !p->named) {
        intake_reject(c, w, "not-a-witness");
        return;
    }
    if (id_is_zero(&p->asked) || !id_equal(&p->asked, &c->in.in_reply_to))
        return; /* to a question that was given up */
    memset(&p->asked, 0, sizeof(p->asked));
    p->out = false;
    switch ((enum cosign_status)m->status) {
    case COSIGN_SIGNED:
        take_signed(c, p, m);
        return;
    case COSIGN_CONFLICT:
        take_conflict(c, p, m);
        return;
    case COSIGN_REFUSED:
        take_refused(c, p, m);
        return;
    }
}

/* --- may be shared --- */

const char *cosign_stops(const struct core *c)
{
    const struct cosign *s = c->cosign;
    uint8_t fresh = 0;

    if (s->forked)
        return "log-forked";
    if (!s->n)
        return NULL; /* the policy names none */
    for (size_t i = 0; i < COSIGN_PLACES; i++)
        fresh += s->at[i].named && c->mono_ms - s->at[i].fresh_ms <= s->outage_ms;
    return fresh < s->need ? "witnesses-away" : NULL;
}
