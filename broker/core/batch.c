/* SPDX-License-Identifier: Apache-2.0 */
/* batch.c - everything that was drained, in one write transaction with one durable commit; nothing
 * leaves before it.
 *
 * "A failed write aborts the batch: every sender gets 'busy', nothing leaves" (DESIGN.md section
 * 3). What the batch changed in memory is taken back: the registry and the policy are read again,
 * new queries are forgotten, answers become unanswered. */
#include "due.h"
#include "recall.h"
#include "stages.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define BUSY_RETRY_MS 1000
#define BATCH_RETRIES 3

void batch_fail(struct core *c, int error, const char *where)
{
    if (c->batch.error)
        return;
    c->batch.error = error ? error : -EIO;
    if (c->batch.current) {
        c->batch.current->left_out = true;
        c->batch.blamed = true;
    }
    log_error("batch-failed", "where=%s error=%d agency=%s", where, -c->batch.error,
              c->batch.current ? c->agencies.slots[c->batch.current->agency].reg.id : "-");
}

struct store_txn *batch_txn(struct core *c)
{
    int r;

    if (c->batch.error)
        return NULL;
    if (c->batch.txn)
        return c->batch.txn;
    r = store_begin(c->store, true, &c->batch.txn);
    if (r) {
        c->batch.txn = NULL;
        batch_fail(c, r, "begin");
    }
    return c->batch.txn;
}

static void batch_changes(struct core *c)
{
    for (size_t i = 0; i < c->batch.n_changes; i++) {
        struct change_work *w = &c->batch.changes[i];

        w->reply = change_apply(c, w->request, &w->kind);
    }
}

static void batch_take_back(struct core *c)
{
    struct batch *b = &c->batch;

    c->swept_day = c->pins_swept = c->referrals_swept = POLICY_DAY_NONE;
    c->quotas_swept = UINT32_MAX;
    c->referrals_at = (struct id){ 0 };
    c->concerns_swept_day = POLICY_DAY_NONE;
    c->due_next_ms = INT64_MIN;
    receipts_forget(c);
    later_forget(c);
    retention_take_back(c);
    recall_forget(c);
    reliance_take_back(c);
    deliver_settle(c, false);
    keyholder_settle(c, false);
    cosign_settle(c, false);
    gates_settle(c, false);
    limits_settle(c, false);
    epochs_take_back(c);
    for (size_t i = 0; i < b->n_released; i++) {
        struct pending *p = b->released[i];

        if (!p->created_now) { /* its asker is not among this batch's senders */
            tell_busy(c, p->ask.agency, &p->ask.id, BUSY_RETRY_MS);
            c->agencies.slots[p->ask.agency].n_pending--;
        }
        p->released_now = true;
    }
    for (size_t i = 0; i < b->n_answered; i++) {
        if (!b->answered[i]->owner->released_now)
            pending_unsettle(c->pending, b->answered[i], b->answered_deadline_ms[i]);
    }
    for (size_t i = 0; i < b->n_created; i++) {
        struct pending *p = b->created[i];

        c->agencies.slots[p->ask.agency].n_pending--;
        if (!p->released_now)
            questions_drop(c, p);
    }
    for (size_t i = 0; i < b->n_released; i++)
        questions_drop(c, b->released[i]);
}

/* The registry, the policy and the day as the store has them: what a failed batch had changed in
 * memory is gone. */
static void batch_reload(struct core *c)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    int r;

    if (!c->batch.policy_changed && !c->batch.registry_changed && !c->batch.day_changed)
        return;
    r = store_begin(c->store, false, &t);
    if (!r)
        r = day_load(c, t);
    if (!r)
        r = reload(c, t);
    if (r) {
        c->agencies.broken = true; /* nobody is served on what may be untrue */
        log_error("reload-failed", "error=%d", -r);
    }
}

/* "withdrawals, refusals, shields, suspensions and revocations first" */
static void batch_once(struct core *c)
{
    day_tick(c); /* before anything is decided: what ended at midnight carries nothing after it */
    batch_changes(c);
    day_count(c);
    for (uint8_t rank = 0; rank < RANK_COUNT; rank++) {
        for (size_t i = 0; i < c->batch.n_works; i++) {
            if (c->batch.works[i].rank == rank)
                intake_work(c, &c->batch.works[i]);
        }
    }
    gates_record(c);
    readings_record(c);
    heads_store(c);
    cosign_tick(c);
    differences_sweep(c);
    concerns_tick(c);
    retention_tick(c);
    reliance_tick(c);
    due_sweep(c);
    referrals_sweep(c);
    pins_sweep(c);
    quotas_sweep(c);
    later_sweep(c);
    later_send(c);
    keyholder_tick(c);
    epochs_tick(c);
    release_due(c);
    recall_step(c);
    limits_minute(c);
    deliver_sweep(c);
    contact_sweep(c);
    deliver_due(c); /* last: what was put in this batch goes with it */
}

/* Back to before the first message was decided, in the store and in memory. */
static void batch_start_again(struct core *c)
{
    struct batch *b = &c->batch;

    b->txn = store_abort(b->txn);
    ledger_settle(c->ledger, -ECANCELED);
    batch_take_back(c);
    out_reset(&c->out);
    batch_reload(c);
    for (size_t i = 0; i < b->n_changes; i++) {
        json_decref(b->changes[i].reply);
        b->changes[i].reply = NULL;
        b->changes[i].kind = NULL;
    }
    for (size_t i = 0; i < b->n_readings; i++)
        b->readings[i].denied = NULL;
    b->wrote = b->policy_changed = b->registry_changed = b->day_changed = b->blamed = false;
    b->error = 0;
    b->n_created = b->n_answered = b->n_released = 0;
}

/* "One hostile agency harms only itself" (promise 7): where the batch failed over one message, that
 * one is left out and the rest is decided again. Not after an I/O error, and not for ever. */
void batch_run(struct core *c)
{
    struct batch *b = &c->batch;

    batch_once(c);
    while (b->error && b->blamed && b->error != -EIO && b->retries < BATCH_RETRIES) {
        b->retries++;
        batch_start_again(c);
        batch_once(c);
    }
}

static void batch_failed(struct core *c)
{
    out_reset(&c->out);
    batch_take_back(c);
    deliver_hold(c);
    for (size_t i = 0; i < c->batch.n_decided; i++)
        tell_busy(c, c->batch.decided[i].agency, &c->batch.decided[i].id, BUSY_RETRY_MS);
    batch_reload(c);
}

static void batch_kept(struct core *c)
{
    struct batch *b = &c->batch;

    for (size_t i = 0; i < b->n_created; i++)
        b->created[i]->created_now = false;
    for (size_t i = 0; i < b->n_released; i++) {
        c->agencies.slots[b->released[i]->ask.agency].n_pending--;
        questions_drop(c, b->released[i]);
    }
    if (b->policy_changed)
        adapters_push_policy(c);
    if (b->day_changed)
        adapters_push_day(c);
    deliver_settle(c, true);
    keyholder_settle(c, true);
    cosign_settle(c, true);
    gates_settle(c, true);
    limits_settle(c, true);
    later_sent(c);
    if (b->policy_changed || b->registry_changed) {
        gates_allow_all(c);
        deliver_changed(c);
        later_changed(c);
    }
}

static void batch_reply_changes(struct core *c)
{
    for (size_t i = 0; i < c->batch.n_changes; i++) {
        struct change_work *w = &c->batch.changes[i];

        if (c->batch.error || !w->reply) {
            json_decref(w->reply);
            w->reply = local_error("busy", 75,
                                   "the change could not be recorded and was not made: try again");
        } else if (w->kind)
            log_info("change-made", "kind=%s leaf=%lld", w->kind,
                     (long long)json_integer_value(json_object_get(w->reply, "leaf")));
        if (w->reply)
            local_reply(c->control, w->client, w->reply, true);
        json_decref(w->reply);
        json_decref(w->request);
    }
}

static void batch_cut_gates(struct core *c)
{
    for (size_t i = 0; i < c->set.n_gates; i++) {
        uint8_t said[3] = { CHILD_CLOSE_GATE, (uint8_t)(i >> 8), (uint8_t)i };

        if (!(c->batch.close_gates[i / 64] >> (i % 64) & 1))
            continue;
        log_warn("gate-cut", "gate=%zu", i);
        if (c->supervisor >= 0 &&
            send(c->supervisor, said, sizeof(said), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
            log_error("gate-cut-failed", "gate=%zu", i);
    }
}

static int batch_commit(struct core *c)
{
    struct batch *b = &c->batch;
    struct store_txn *t = b->txn;
    int r = b->error;

    b->txn = NULL;
    if (!t)
        return r;
    if (!r && b->wrote) {
        ledger_flush(c->ledger, t);
        r = store_commit(t);
        if (r)
            batch_fail(c, r, "commit");
    } else {
        store_abort(t);
    }
    ledger_settle(c->ledger, r || !b->wrote ? -ECANCELED : 0);
    return r;
}

int batch_finish(struct core *c)
{
    struct batch *b = &c->batch;
    int r = batch_commit(c);

    heads_settle(c, r == 0);
    if (r)
        batch_failed(c);
    else
        batch_kept(c);
    batch_reply_changes(c);
    readings_reply(c, r == 0);
    out_send(c);
    batch_cut_gates(c);
    b->wrote = b->policy_changed = b->registry_changed = b->day_changed = false;
    b->blamed = false;
    b->retries = 0;
    b->error = 0;
    b->n_decided = b->n_changes = b->n_readings = b->n_created = b->n_answered = b->n_released = 0;
    memset(b->close_gates, 0, sizeof(b->close_gates));
    /* LMDB "keeps succeeding after a failed sync": the first I/O error ends this process, and so does a damaged page,
     * after which nothing of the store is read, and a registry that could not be read again. */
    if (store_latched(c->store))
        return store_latched(c->store);
    return r == -EIO || c->agencies.broken ? -EIO : 0;
}
