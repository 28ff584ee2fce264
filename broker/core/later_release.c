/* SPDX-License-Identifier: Apache-2.0 */
/* later_release.c - the final reply to a query that somebody answered by hand: decided and composed
 * anew each time that it is sent, and gone with its record when it was acknowledged.
 *
 * "After (in commit order) a withdrawal, refusal, shield, suspension or revocation no answer or
 * delivery rests on what it ended" (promise 6): nothing composed lies in the queue. Who is hidden
 * by then gets the reply of a person whom nobody knows, as at a reply that is released at once;
 * what is told then becomes "cannot say". */
#include "later.h"

#include <errno.h>
#include <string.h>

#define LATER_SWEEP 64 /* of one batch */
#define GONE_TEXT   "What was answered is kept no longer."
#define EPOCH_TEXT  "It was asked under a key of tokens that is no longer in use."
#define AGAIN_WAY   "Ask again."

enum { TOLD_DISCLOSED = 1, TOLD_HIDING, TOLD_REFUSED, TOLD_EPOCH };

/* --- whose time has ended --- */

/* Its time is looked at no more; whatever else finds it stays, for whoever repairs. */
static void later_set_aside(struct core *c, struct store_txn *t, int64_t until_ms, uint64_t leaf)
{
    struct later_ref ref = { .leaf = leaf, .until_ms = until_ms };

    log_error("later-damaged", "leaf=%llu", (unsigned long long)leaf);
    laters_shut(t, &ref);
    c->batch.wrote = true;
}

/* Return: false: not now. */
static bool later_ends(struct core *c, struct store_txn *t, int64_t until_ms, uint64_t leaf)
{
    ALM_CLEANUP(pending_freep) struct pending *p = NULL;
    int r = later_load(c, leaf, &p);

    if (r == -EBADMSG || r == -ENOENT) {
        later_set_aside(c, t, until_ms, leaf);
        return true;
    }
    if (r) {
        batch_fail(c, r, "later");
        return false;
    }
    if (later_alive(c, p))
        return false;
    later_ready(c, p);
    return true;
}

void later_sweep(struct core *c)
{
    bool on = true;

    for (unsigned n = 0; on && n < LATER_SWEEP && c->later_next_ms <= c->wall_ms; n++) {
        struct store_txn *t = batch_txn(c);
        int64_t until_ms = INT64_MAX;
        uint64_t leaf = LEAF_NONE;
        int r = t ? laters_first(t, &until_ms, &leaf) : -EIO;

        if (r && r != -ENOENT) {
            batch_fail(c, r, "later");
            return;
        }
        c->later_next_ms = until_ms;
        if (!r && until_ms <= c->wall_ms)
            on = later_ends(c, t, until_ms, leaf);
    }
}

void later_forget(struct core *c)
{
    c->later = pending_free(c->later);
    c->later_next_ms = INT64_MIN;
    later_unsent(c);
}

/* --- sending --- */

/* Nothing is said of the person, and why is said as a Refusal would say it. */
static void later_cannot_say(const struct core *c, struct msg_deliver *d, const char *text,
                             const char *way)
{
    char *guidance = d->has_involvement ? d->involvement.guidance : d->insight.guidance;
    size_t len;

    if (d->has_involvement) {
        d->involvement.completeness = COMPLETE_NONE;
        d->involvement.as_of = c->day;
    } else {
        d->insight.value = INSIGHT_CANNOT_SAY;
        d->insight.completeness = COMPLETE_NONE;
        d->insight.as_of = c->day;
    }
    text_cut(guidance, sizeof(text_t), text);
    len = strlen(guidance);
    if (len + 2 < sizeof(text_t)) {
        guidance[len++] = ' ';
        text_cut(guidance + len, sizeof(text_t) - len, way);
    }
}

static void later_refused(struct pending *p, uint8_t outcome, uint8_t value)
{
    p->later->told.outcome = outcome;
    p->later->told.value = value;
    p->later->told.completeness = COMPLETE_NONE;
}

/* "Every answer carries its as-of": that of the oldest answer that it may rest on. What was said last
 * week is not today's because it is sent today, or again. */
static int32_t later_as_of(const struct core *c, const struct pending *p)
{
    int32_t day = c->day;

    for (uint16_t i = 0; i < p->n_holders; i++)
        if (p->holders[i].state == HOLDER_ANSWERED && p->holders[i].said_on < day)
            day = p->holders[i].said_on;
    return day;
}

static void later_composed(struct core *c, struct pending *p, struct msg_deliver *d)
{
    bool permitted, hidden;
    const char *text, *way;

    if (!later_epoch(c, p)) {
        memset(&c->decision, 0, sizeof(c->decision));
        later_cannot_say(c, d, EPOCH_TEXT, AGAIN_WAY);
        later_refused(p, TOLD_EPOCH, 0);
        return;
    }
    decide(c, &p->ask);
    permitted = c->decision.outcome == OUTCOME_PERMIT;
    hidden = !permitted && c->decision.telling == TELL_HIDDEN;
    if (permitted || hidden) {
        p->later->told.outcome = hidden ? TOLD_HIDING : TOLD_DISCLOSED;
        p->later->told.value = release_compose(c, p, hidden, &d->insight, &d->involvement,
                                               &p->later->told.completeness);
        *(p->ask.involvement ? &d->involvement.as_of : &d->insight.as_of) = later_as_of(c, p);
        return;
    }
    tell_reason(&c->decision, &text, &way);
    later_cannot_say(c, d, text, way);
    later_refused(p, TOLD_REFUSED, c->decision.reason);
}

bool later_still(struct core *c, uint16_t slot, struct msg_deliver *d, const char **why)
{
    ALM_CLEANUP(pending_freep) struct pending *p = NULL;
    struct store_txn *t = batch_txn(c);
    uint64_t leaf = LEAF_NONE;
    int r = t ? laters_of_query(t, c->agencies.slots[slot].reg.id, &d->query, &leaf) : -EIO;

    *why = "not-readable";
    if (!r)
        r = later_load(c, leaf, &p);
    if (r == -ENOENT) { /* from the dead letters: its record did not wait there */
        later_cannot_say(c, d, GONE_TEXT, AGAIN_WAY);
        return true;
    }
    if (r)
        return false;
    c->later = pending_free(c->later);
    c->later = p;
    p = NULL;
    later_composed(c, c->later, d);
    return true;
}

/* The leaf of what leaves, before it does (promise 2). */
static void later_disclosed(struct core *c, struct pending *p)
{
    bool hidden = p->later->told.outcome == TOLD_HIDING;
    uint64_t leaf;

    if (p->later->told.outcome == TOLD_EPOCH) {
        release_record_refusal(c, p, "token-epoch", TELL_REASON);
        return;
    }
    if (p->later->told.outcome == TOLD_REFUSED) {
        release_record_refusal(c, p, reason_word((enum reason)c->decision.reason),
                               c->decision.telling);
        return;
    }
    leaf = release_record(c, p, hidden, p->later->told.value, p->later->told.completeness);
    if (p->ask.involvement && !hidden)
        contact_keep(c, p, c->decision.n_holders);
    reliance_record(c, &p->ask, leaf);
}

/* "Sending the same again has no leaf of its own"; what differs by now has. */
static bool later_same(struct core *c, uint64_t leaf, const struct later *now)
{
    ALM_CLEANUP(pending_freep) struct pending *before = NULL;

    return !later_load(c, leaf, &before) &&
           !memcmp(&before->later->told, &now->told, sizeof(now->told));
}

void later_told(struct core *c, bool again)
{
    ALM_CLEANUP(pending_freep) struct pending *p = c->later;
    const struct msg_deliver *d = &c->delivery;

    c->later = NULL;
    if (!p || !(d->has_insight || d->has_involvement) || !id_equal(&d->query, &p->ask.id))
        return; /* another's, of which there was no room to send it */
    if (again && later_same(c, p->leaf, p->later))
        return;
    later_disclosed(c, p);
    later_store(c, p);
}

void later_done(struct core *c, uint16_t slot, uint64_t leaf)
{
    ALM_CLEANUP(pending_freep) struct pending *p = NULL;
    struct store_txn *t = batch_txn(c);
    struct later_ref ref;
    int r = t ? later_load(c, leaf, &p) : -EIO;

    if (r || !p->later->due || p->ask.agency != slot)
        return; /* the leaf of something else */
    ref = later_ref_of(c, p);
    laters_erase(t, &ref);
    c->batch.wrote = true;
}
