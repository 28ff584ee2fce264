/* SPDX-License-Identifier: Apache-2.0 */
/* erase_waiting.c - what waits about somebody whose records are erased: deliveries and dead
 * letters, contacts that can be asked for, questions that people answer, answers that stand, what
 * was asked.
 *
 * Where it stands is in the erasure's record; how far the queues are gone through is in memory, and
 * begins anew after a kill, which changes nothing of what is done. */
#include "later.h"
#include "retention.h"
#include "stages.h"

#include "store/contacts.h"
#include "store/recalls.h"

#include <errno.h>
#include <string.h>

struct waiting {
    struct core *c;
    struct store_txn *t;
    const struct about_sets *about;
};

static bool is_about(const struct waiting *w, const struct token_set *subject)
{
    return subject->n && about_match(w->about, subject) == MATCH_YES &&
           !holds_cover(w->c, subject, NULL);
}

static int gone(int r)
{
    return r == -ENOENT ? 1 : r < 0 ? r : 0;
}

/* What names its record alone goes with the record. */
static int delivery_about(void *ctx, const struct queue_item *item, bool dead,
                          const struct msg_deliver *d)
{
    struct waiting *w = ctx;
    static struct recall_record recall;

    (void)item;
    (void)dead;
    switch ((enum delivery_kind)d->kind) {
    case DELIVERY_FIRING:
        return is_about(w, &d->firing.subject);
    case DELIVERY_REFERRAL:
        return is_about(w, &d->referral.subject);
    case DELIVERY_NOTICE:
        return is_about(w, &d->notice.subject);
    case DELIVERY_REFERRAL_UPDATE:
        return gone(referrals_get(w->t, &d->update.referral, &w->c->referral));
    case DELIVERY_WATCH:
        return gone(watches_get(w->t, &d->watch.watch, &w->c->watch_record));
    case DELIVERY_STOP_USING:
        return gone(recalls_get(w->t, &d->stop.recall, &recall));
    case DELIVERY_INSIGHT: /* it holds a query's id; what was answered is among the questions */
    case DELIVERY_INVOLVEMENT:
    default:
        return 0;
    }
}

/* --- contacts --- */

static int contacts_step(struct waiting *w, struct erasure_record *e, bool *done)
{
    struct contact_record record;
    struct id ids[RETENTION_STEP];
    size_t n = 0;
    int r = contacts_ids(w->t, &e->after, RETENTION_STEP, ids, &n);

    for (size_t i = 0; i < n && !r; i++) {
        r = contacts_get(w->t, &ids[i], &record);
        if (!r && is_about(w, &record.subject)) {
            contacts_del(w->t, &ids[i], record.put_on);
            w->c->batch.wrote = true;
            e->n_waiting++;
        }
        r = r == -ENOENT ? 0 : r;
    }
    *done = n < RETENTION_STEP;
    if (n)
        e->after = ids[n - 1];
    return r;
}

/* --- questions that people answer --- */

static int later_one(struct waiting *w, struct erasure_record *e, uint64_t leaf)
{
    ALM_CLEANUP(pending_freep) struct pending *p = NULL;
    int r = later_load(w->c, leaf, &p);

    if (r)
        return r == -ENOENT || r == -EBADMSG ? 0 : r; /* later_release.c tells of damage */
    if (is_about(w, &p->ask.subject)) {
        later_end(w->c, p);
        e->n_waiting++;
    }
    return 0;
}

static int laters_step(struct waiting *w, struct erasure_record *e, bool *done)
{
    uint64_t leaves[RETENTION_STEP / 4];
    size_t n = 0;
    int r = laters_leaves(w->t, e->next, ALM_LEN(leaves), leaves, &n);

    for (size_t i = 0; i < n && !r; i++)
        r = later_one(w, e, leaves[i]);
    *done = n < ALM_LEN(leaves);
    if (n)
        e->next = leaves[n - 1] + 1;
    return r;
}

/* --- the steps --- */

enum { WAITING_ASKED, WAITING_QUEUES, WAITING_CONTACTS, WAITING_LATERS, WAITING_DONE };

static int asked_step(struct waiting *w)
{
    for (uint8_t i = 0; i < w->about->n; i++) {
        pins_drop(w->c, &w->about->sets[i]);
        differences_forget(w->c, &w->about->sets[i]);
    }
    return store_status(w->t);
}

int erase_waiting(struct core *c, struct store_txn *t, struct erasure_record *e,
                  const struct about_sets *about, bool *done)
{
    struct waiting w = { c, t, about };
    bool over = true;
    int r = 0;

    *done = false;
    if (e->kind == WAITING_ASKED) {
        r = asked_step(&w);
    } else if (e->kind == WAITING_QUEUES) {
        r = deliver_purge(c, t, &c->retention->place, RETENTION_STEP, delivery_about, &w,
                          &e->n_waiting);
        over = r == 0;
    } else if (e->kind == WAITING_CONTACTS) {
        r = contacts_step(&w, e, &over);
    } else if (e->kind == WAITING_LATERS) {
        r = laters_step(&w, e, &over);
    }
    if (r < 0)
        return r;
    e->kind = (uint8_t)(e->kind + over);
    *done = e->kind == WAITING_DONE;
    return store_status(t);
}
