/* SPDX-License-Identifier: Apache-2.0 */
/* intake.c - from a frame to a message that may be believed: the gate's agency, its standing and
 * budget, key, signature, strict decoding, sender, freshness. Steps 1 and 2 of DESIGN.md section 4.
 * What is refused here is told and recorded as rejected. */
#include "due.h"
#include "recall.h"
#include "stages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_LONG_MS 16
#define BATCH_LEAST   64 /* and a power of two times it is BATCH_WORKS */
#define MOVED_MS      60000 /* in which a gate has surely read its list */
#define AHEAD_LEAST   8  /* signatures of a batch for which the next is begun before its commit */

struct intake_rule {
    enum rank rank;
    bool fresh; /* "Freshness binds queries only" */
    void (*take)(struct core *c, struct work *w);
};
/* What an adapter may send; an empty place refuses. */
static const struct intake_rule intake_rules[] = {
    [MSG_HELLO] = { RANK_OTHER, false, hello_take },
    [MSG_LEASE] = { RANK_OTHER, false, lease_take },
    [MSG_INSIGHT_QUERY] = { RANK_QUERIES, true, query_take },
    [MSG_INVOLVEMENT_QUERY] = { RANK_QUERIES, true, query_take },
    [MSG_ANSWER] = { RANK_OTHER, false, answer_take },
    [MSG_CONSENT] = { RANK_STOPS, false, lodge_consent },
    [MSG_WITHDRAWAL] = { RANK_STOPS, false, lodge_withdrawal },
    [MSG_CONSENT_CHANGE] = { RANK_STOPS, false, lodge_change },
    [MSG_DISPUTE] = { RANK_STOPS, false, dispute_take },
    [MSG_SHIELD] = { RANK_STOPS, false, lodge_shield },
    [MSG_CONSENT_LIST_QUERY] = { RANK_QUERIES, true, list_take },
    [MSG_OVERRIDE] = { RANK_STOPS, false, override_take },
    [MSG_APPROVAL] = { RANK_STOPS, false, approval_take },
    [MSG_OVERRIDE_REVIEW] = { RANK_STOPS, false, review_take },
    [MSG_CONCERN] = { RANK_OTHER, false, concern_take },
    [MSG_CONCERN_CHANGE] = { RANK_STOPS, false, concern_change_take },
    [MSG_FIRING_UPDATE] = { RANK_OTHER, false, firing_update_take },
    [MSG_WATCH] = { RANK_OTHER, false, watch_take },
    [MSG_RETOKEN] = { RANK_OTHER, false, retoken_take }, /* after what it is about, in one batch too */
    [MSG_TOKEN_REQUEST] = { RANK_QUERIES, false, token_request_take },
    [MSG_TOKENS] = { RANK_OTHER, false, tokens_take },
    [MSG_BUSY] = { RANK_OTHER, false, keyholder_busy_take },
    [MSG_COSIGNATURE] = { RANK_OTHER, false, cosignature_take },
    [MSG_WATCH_CHANGE] = { RANK_STOPS, false, watch_change_take },
    [MSG_DUE_QUERY] = { RANK_QUERIES, true, due_query_take },
    [MSG_OVERRIDE_QUERY] = { RANK_QUERIES, true, override_query_take },
    [MSG_REFERRAL] = { RANK_OTHER, false, referral_take },
    [MSG_REFERRAL_UPDATE] = { RANK_OTHER, false, referral_update_take },
    [MSG_REFERRAL_QUERY] = { RANK_QUERIES, true, referral_query_take },
    [MSG_SEALING_KEY] = { RANK_OTHER, false, sealing_key_take },
    [MSG_SEALING_KEY_QUERY] = { RANK_QUERIES, true, sealing_query_take },
    [MSG_DIRECTORY_QUERY] = { RANK_QUERIES, true, directory_take },
    [MSG_ELIGIBILITY_QUERY] = { RANK_QUERIES, true, eligibility_take },
    [MSG_NOT_SHARED] = { RANK_OTHER, false, not_shared_take },
    [MSG_OUTCOME] = { RANK_OTHER, false, outcome_take },
    [MSG_SUBSCRIBE] = { RANK_OTHER, false, subscribe_take },
    [MSG_ACK] = { RANK_OTHER, false, ack_take },
    [MSG_STREAM_QUERY] = { RANK_QUERIES, true, stream_query_take },
    [MSG_CONTACT_REQUEST] = { RANK_OTHER, false, contact_take },
    [MSG_CORRECTION] = { RANK_STOPS, false, correction_take },
    [MSG_ACK_OF] = { RANK_OTHER, false, ack_of_take },
    [MSG_STATEMENT] = { RANK_OTHER, false, statement_take },
    [MSG_CORRECTION_QUERY] = { RANK_QUERIES, true, correction_query_take },
};

static const struct intake_rule *intake_rule(uint8_t type)
{
    return type < ALM_LEN(intake_rules) && intake_rules[type].take ? &intake_rules[type] : NULL;
}

/* A gate stands for its own organisation's agencies and nobody else (DESIGN.md promise 7). */
static bool intake_belongs(struct core *c, uint16_t gate, uint16_t slot)
{
    return slot != AGENCY_NONE && c->agencies.slots[slot].gate == gate &&
           c->agencies.slots[slot].reg.standing != 0;
}

/* What the envelope of a frame says that it is; 0: it does not read. */
static uint8_t intake_type(struct bytes frame)
{
    struct wire_envelope e;
    uint8_t type = 0;

    return wire_open(frame, &e) == WIRE_OK && wire_peek(e.body, &type) == WIRE_OK ? type : 0;
}

/* type: intake_type() of it. */
/* What a gate sends of an agency before it has read the list from which a policy took that agency is no lie, and not to be
 * believed either: cut, it would take everybody's connections with it. */
static bool intake_moved(struct core *c, uint16_t gate, uint16_t slot)
{
    struct agency *a = slot == AGENCY_NONE ? NULL : &c->agencies.slots[slot];

    if (!a || a->gate == gate || a->gate_before != gate)
        return false;
    if (!a->moved_ms)
        a->moved_ms = c->mono_ms;
    return c->mono_ms - a->moved_ms < MOVED_MS;
}

static struct work *intake_begin(struct core *c, uint16_t slot, uint16_t gate, uint8_t type, struct bytes frame)
{
    struct work *w = &c->batch.works[c->batch.n_works++];

    memset(w, 0, sizeof(*w));
    w->frame = frame;
    w->gate = gate;
    w->agency = slot;
    w->rank = RANK_OTHER;
    w->check = VERIFY_NONE;
    w->type = type;
    w->fault = wire_open(w->frame, &w->envelope);
    if (w->fault == WIRE_OK && !type) /* what is wrong with it */
        w->fault = wire_peek(w->envelope.body, &w->type);
    if (w->fault == WIRE_OK && intake_rule(w->type))
        w->rank = intake_rule(w->type)->rank;
    return w;
}

/* Its line is full: nothing is dropped without a word. */
static void intake_overflow(struct core *c, uint16_t slot, uint16_t gate, uint8_t type, struct bytes frame)
{
    struct work *w = intake_begin(c, slot, gate, type, frame);

    limits_count(c, slot, LIMITED_RATE);
    intake_name(c, w);
    w->left_out = true;
    w->frame = bytes_of(NULL, 0); /* the gate's next datagram takes its place */
    w->envelope = (struct wire_envelope){ 0 };
    if (w->fault == WIRE_OK && id_is_zero(&w->id))
        w->fault = WIRE_BAD_ID;
}

/* What is lodged may pass what waits of its agency's questions and answers: fair.h. */
static enum fair_row intake_row(uint8_t type)
{
    if (!intake_rule(type))
        return FAIR_ASKED;
    switch (type) { /* neither lodged nor a query */
    case MSG_HELLO:
    case MSG_LEASE:
    case MSG_ANSWER:
    case MSG_TOKENS:
    case MSG_BUSY:
    case MSG_COSIGNATURE:
        return FAIR_ASKED;
    default:
        return intake_rule(type)->rank == RANK_QUERIES ? FAIR_ASKED : FAIR_LODGED;
    }
}

void intake_frame(struct core *c, uint16_t gate, const struct pair_msg *m)
{
    uint16_t slot = agencies_find(&c->agencies, m->agency);
    uint8_t type;

    if (slot == AGENCY_NONE && c->agencies.broken)
        return; /* nobody can be told apart, so nobody is served */
    if (!intake_belongs(c, gate, slot)) {
        if (!intake_moved(c, gate, slot))
            gates_cut(c, gate, "speaks for an agency that is not its own");
        return;
    }
    type = intake_type(m->frame);
    if (fair_put(c->fair, slot, gate, intake_row(type), type, m->frame))
        intake_overflow(c, slot, gate, type, m->frame);
}

static bool intake_has_signature(const struct work *w)
{
    return w->envelope.key_id.len != 0 && w->envelope.signature.len != 0;
}

/* For what would be decided: a flood is not worth a thread's time. */
static bool intake_worth_checking(struct core *c, const struct work *w)
{
    return w->fault == WIRE_OK && !w->left_out && intake_has_signature(w) && limits_likely(c, w);
}

/* In the order in which they will be asked for. One alone is as well checked here as by a thread that would have to be woken. */
static void intake_post(struct core *c, size_t from)
{
    struct batch *b = &c->batch;

    if (!verify_threads(c->verify) || c->stopping || b->n_works - from + b->n_checks < 2)
        return;
    for (uint8_t rank = 0; rank < RANK_COUNT; rank++) {
        for (size_t i = from; i < b->n_works; i++) {
            struct work *w = &b->works[i];
            const struct agency *a = &c->agencies.slots[w->agency];
            const uint8_t *key;

            if (w->rank != rank || !intake_worth_checking(c, w))
                continue;
            key = agency_sign_key(a, w->envelope.key_id);
            if (key)
                w->check = verify_post(c->verify, &w->envelope, key, a->reg.id);
            b->n_checks += w->check != VERIFY_NONE;
        }
    }
    verify_go(c->verify);
}

void intake_choose(struct core *c)
{
    static const struct fair_frame *chosen[BATCH_WORKS];
    struct batch *b = &c->batch;
    size_t from = b->n_works, most = BATCH_WORKS - (from < BATCH_WORKS ? from : BATCH_WORKS), n;

    if (b->n_chosen + most > c->batch_most)
        most = b->n_chosen < c->batch_most ? c->batch_most - b->n_chosen : 0;
    n = fair_choose(c->fair, chosen, most);

    for (size_t i = 0; i < n; i++) {
        if (c->agencies.slots[chosen[i]->slot].reg.standing != 0) /* dropped from the registry since */
            (void)intake_begin(c, chosen[i]->slot, chosen[i]->gate, chosen[i]->type,
                               bytes_of(chosen[i]->octets, chosen[i]->len));
    }
    b->n_chosen += n;
    intake_post(c, from);
}

void intake_decided(struct core *c)
{
    struct batch *b = &c->batch;

    for (size_t i = 0; i < b->n_works; i++) {
        struct work *w = &b->works[i];

        intake_name(c, w);
        b->decided[i] = (struct decided){ .agency = w->agency, .id = w->id };
        c->agencies.slots[w->agency].budget.n_checks = 0;
    }
    verify_settle(c->verify);
    fair_done(c->fair);
    b->ahead = b->n_checks >= AHEAD_LEAST;
    b->n_decided = b->n_works;
    b->chosen_of = b->n_chosen;
    b->n_works = b->n_chosen = b->n_checks = 0;
}

/* A batch's length is what everybody in it waits for: a machine that takes long over one gets
 * smaller ones, down to where the commit would cost more than the frames. */
void intake_took(struct core *c, int64_t took_ms)
{
    size_t n = c->batch.chosen_of;

    if (took_ms > BATCH_LONG_MS && c->batch_most > BATCH_LEAST && n * 2 > c->batch_most)
        c->batch_most /= 2;
    else if (took_ms < BATCH_LONG_MS / 4 && c->batch_most < BATCH_WORKS && n == c->batch_most)
        c->batch_most *= 2;
}

void intake_farewell(struct core *c, uint32_t retry_ms)
{
    while (c->batch.n_works || fair_waiting(c->fair)) { /* the next batch may have been begun */
        intake_choose(c);
        intake_decided(c);
        for (size_t i = 0; i < c->batch.n_decided; i++)
            tell_busy(c, c->batch.decided[i].agency, &c->batch.decided[i].id, retry_ms);
    }
    c->batch.n_decided = 0;
}

void intake_reject(struct core *c, const struct work *w, const char *word)
{
    struct ledger_clear *l;

    if (limits_single(c, w->agency, LIMITED_REJECTED)) {
        l = record_begin(c, EVENT_REJECTED, w->agency);
        l->message = w->id;
        l->told = TELL_REASON;
        text_cut(l->reason, sizeof(l->reason), word);
        (void)record_end(c);
    }
    tell_word(c, w->agency, id_is_zero(&w->id) ? NULL : &w->id, word);
}

/* Also where the batch is decided again it then stays behind them. */
bool intake_after_lodged(struct work *w)
{
    if (w->rank != RANK_STOPS)
        return false;
    w->rank = RANK_OTHER;
    return true;
}

/* The id alone, unverified: so that the adapter knows which of its messages was not taken. */
void intake_name(struct core *c, struct work *w)
{
    (void)c;
    if (w->fault == WIRE_OK && id_is_zero(&w->id))
        (void)wire_peek_id(w->envelope.body, &w->id);
}

/* "Everything durable is signed; queries as the protocol says": whether it does, take asks. */
static bool intake_may_be_bare(uint8_t type)
{
    return type == MSG_INSIGHT_QUERY || type == MSG_INVOLVEMENT_QUERY || type == MSG_ANSWER;
}

bool intake_signed_enough(const struct core *c, const struct work *w, const char *purpose)
{
    return w->is_signed || (c->bundle && bundle_unsigned_queries(c->bundle, bundle_purpose(c->bundle, purpose)));
}

/* A signature that is there is checked, whatever the protocol says. */
static const char *intake_authenticate(struct core *c, struct work *w)
{
    const uint8_t *key;

    w->is_signed = intake_has_signature(w);
    if (!w->is_signed)
        return intake_may_be_bare(w->type) ? NULL : "unsigned";
    key = agency_sign_key(&c->agencies.slots[w->agency], w->envelope.key_id);
    if (!key)
        return "unknown-key"; /* never enrolled, or revoked: checked on every message */
    return verify_result(c->verify, w->check, &w->envelope, key) ? "bad-signature" : NULL;
}

static const char *intake_decode(struct core *c, struct work *w)
{
    const struct intake_rule *rule;
    enum wire_fault f = wire_decode(w->envelope.body, &c->in);

    if (f != WIRE_OK)
        return wire_fault_word(f);
    w->type = c->in.type;
    w->id = c->in.id;
    if (strcmp(c->in.sender, c->agencies.slots[w->agency].reg.id) != 0 &&
        !(w->type == MSG_LEASE && !c->in.sender[0]))
        return "wrong-sender";
    if (!id_is_v7(&c->in.id))
        return wire_fault_word(WIRE_BAD_ID);
    rule = intake_rule(w->type);
    if (!rule)
        return "wrong-direction";
    if (rule->fresh && llabs(c->in.sent_ms - c->wall_ms) > WIRE_FRESHNESS_MS)
        return "stale";
    return NULL;
}

static void intake_suspended(struct core *c, struct work *w)
{
    if (w->type == MSG_LEASE) { /* its adapter goes on sending them: one leaf a minute */
        limits_count(c, w->agency, LIMITED_LEASES);
    } else if (limits_single(c, w->agency, LIMITED_SUSPENDED)) {
        struct ledger_clear *l = record_begin(c, EVENT_REFUSED, w->agency);

        l->message = w->id;
        l->told = TELL_REASON;
        text_cut(l->reason, sizeof(l->reason), reason_word(REASON_AGENCY_SUSPENDED));
        (void)record_end(c);
    }
    tell_word(c, w->agency, id_is_zero(&w->id) ? NULL : &w->id, "agency-suspended");
}

static void intake_decide(struct core *c, struct work *w)
{
    const char *fault;

    if (c->agencies.broken) {
        intake_name(c, w);
        tell_busy(c, w->agency, &w->id, 1000);
        return;
    }
    if (!limits_admit(c, w))
        return;
    fault = w->fault != WIRE_OK ? wire_fault_word(w->fault) : intake_authenticate(c, w);
    if (!fault)
        fault = intake_decode(c, w);
    /* Standing comes after the signature, so that only the agency itself hears of its own
     * suspension under its message's id. */
    if (!agency_active(&c->agencies.slots[w->agency])) {
        intake_suspended(c, w);
        return;
    }
    if (fault) {
        intake_reject(c, w, fault);
        return;
    }
    adapters_heard(c, w->agency);
    intake_rule(w->type)->take(c, w);
}

/* The supervisor reads the shared page after a crash: whose message ended the core is known. */
static void intake_note(struct core *c, const struct work *w, uint32_t deciding)
{
    if (!c->shared)
        return;
    memcpy(c->shared->agency, c->agencies.slots[w->agency].reg.id, sizeof(c->shared->agency));
    __atomic_store_n(&c->shared->deciding, deciding,
                     __ATOMIC_SEQ_CST); /* after the agency's name */
}

void intake_work(struct core *c, struct work *w)
{
    if (c->batch.error)
        return; /* nothing of this batch will leave: everybody gets Busy */
    if (c->agencies.slots[w->agency].reg.standing == 0)
        return; /* dropped from the registry since it was chosen */
    if (w->left_out) {
        intake_name(c, w);
        tell_busy(c, w->agency, &w->id, 1000);
        return;
    }
    intake_note(c, w, 1);
    c->batch.current = w;
    intake_decide(c, w);
    if (c->batch.txn && store_status(c->batch.txn))
        batch_fail(c, store_status(c->batch.txn),
                   "store"); /* now, while it is known over whose message */
    c->batch.current = NULL;
    intake_note(c, w, 0);
}
