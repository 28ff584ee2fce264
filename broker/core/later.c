/* SPDX-License-Identifier: Apache-2.0 */
/* later.c - agencies where people answer by hand: their questions are durable, and take hours
 * (DESIGN.md section 4: "a desk adapter's question is durable and takes hours").
 *
 * The query is stored in the transaction of its decision, so that no crash loses a question that
 * may have left; its asker has what can be said by its deadline, and the rest later. */
#include "later.h"

#include "epochs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BUSY_LATER_MS 60000

uint16_t later_hours(const struct core *c, uint16_t slot)
{
    uint16_t index = slot == AGENCY_NONE ? POLICY_NONE : c->agencies.slots[slot].index;

    return index == POLICY_NONE ? 0 : bundle_agency_at(c->bundle, index)->desk_hours;
}

struct later_ref later_ref_of(const struct core *c, const struct pending *p)
{
    struct later_ref r = { .leaf = p->leaf, .query = p->ask.id, .until_ms = p->later->until_ms };

    if (p->ask.agency != AGENCY_NONE)
        text_cut(r.asker, sizeof(r.asker), c->agencies.slots[p->ask.agency].reg.id);
    return r;
}

static const char *later_desk(const struct core *c, const struct pending_holder *h)
{
    return h->agency == AGENCY_NONE ? "" : c->agencies.slots[h->agency].reg.id;
}

bool later_alive(const struct core *c, const struct pending *p)
{
    for (uint16_t i = 0; i < p->n_holders; i++) {
        const struct pending_holder *h = pending_find(c->pending, &p->holders[i].question);

        if (h && !id_is_zero(&h->question) && h->owner->leaf == p->leaf)
            return true;
    }
    return false;
}

bool later_epoch(struct core *c, const struct pending *p)
{
    struct token_set home = { .n = 1, .tokens = { p->ask.household } };

    return c->bundle &&
           epochs_complete(c, p->ask.subject_kind == SUBJECT_HOUSEHOLD ? &home : &p->ask.subject);
}

struct ledger_clear *later_record(struct core *c, const struct pending *p, uint8_t event,
                                  uint16_t slot)
{
    struct ledger_clear *l = record_begin(c, event, slot);

    l->message = p->ask.id;
    l->about = p->leaf;
    memcpy(l->purpose, p->ask.purpose, sizeof(l->purpose));
    text_cut(l->question, sizeof(l->question),
             p->ask.involvement ? "who-is-involved" : p->ask.question);
    return l;
}

void later_store(struct core *c, const struct pending *p)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct store_txn *t = batch_txn(c);

    if (!t)
        return;
    buf_init(&b, LATER_RECORD_MAX);
    later_encode(c, p, &b);
    if (buf_status(&b)) {
        batch_fail(c, buf_status(&b), "later");
        return;
    }
    laters_put(t, p->leaf, buf_view(&b));
    c->batch.wrote = true;
}

int later_load(struct core *c, uint64_t leaf, struct pending **out)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct store_txn *t = batch_txn(c);
    int r;

    if (!t)
        return -EIO;
    buf_init(&b, LATER_RECORD_MAX);
    r = laters_get(t, leaf, &b);
    return r ? r : later_decode(c, buf_view(&b), out);
}

/* --- before it is put --- */

static bool later_desk_is_full(const struct core *c, uint16_t slot)
{
    return (c->later_full[slot / 64] >> (slot % 64)) & 1;
}

static bool later_by_hand(const struct core *c, uint16_t slot)
{
    return later_hours(c, slot) && agency_active(&c->agencies.slots[slot]);
}

static uint16_t later_holder(const struct core *c, uint16_t i)
{
    return c->agencies.by_index[c->decision.holders[i]];
}

bool later_wanted(const struct core *c, const struct ask *ask)
{
    if (ask->eligibility)
        return false; /* a criterion waits for nobody */
    for (uint16_t i = 0; i < c->decision.n_holders; i++) {
        uint16_t slot = later_holder(c, i);

        if (later_by_hand(c, slot) && !later_desk_is_full(c, slot))
            return true;
    }
    return false;
}

/* "One hostile agency harms only itself" (promise 7): one asker has a quarter of a desk's time. */
static int later_count(struct core *c, struct store_txn *t, uint16_t slot, const char *asker,
                       bool *full)
{
    const char *desk = c->agencies.slots[slot].reg.id;
    uint32_t most = c->set.limits.later_desk;
    size_t n = 0, own = 0;
    int r = laters_asked(t, desk, NULL, &n);

    if (!r)
        r = laters_asked(t, desk, asker, &own);
    *full = n >= most || own >= (most + 3) / 4;
    return r;
}

/* Which of the holders have no time left for this asker, or it none for more that wait. It follows
 * from what waits already, never from whom it is about. */
static int later_count_all(struct core *c, const struct ask *ask, uint16_t *n_full)
{
    const char *asker = c->agencies.slots[ask->agency].reg.id;
    struct store_txn *t = batch_txn(c);
    size_t waiting = 0;
    int r = t ? laters_waiting(t, asker, &waiting) : -EIO;

    for (uint16_t i = 0; i < c->decision.n_holders && !r; i++) {
        uint16_t slot = later_holder(c, i);
        bool full = waiting >= c->set.limits.later_agency;

        if (!later_by_hand(c, slot))
            continue;
        if (!full)
            r = later_count(c, t, slot, asker, &full);
        if (full)
            c->later_full[slot / 64] |= UINT64_C(1) << (slot % 64);
        *n_full = (uint16_t)(*n_full + full);
    }
    return r;
}

/* A desk that never answers must not stop others from asking the rest: one that is full is asked as
 * a machine is. Only where there is nobody else the asker is told to come again. */
bool later_admit(struct core *c, const struct work *w, const struct ask *ask)
{
    uint16_t n_full = 0;
    bool busy;
    int r;

    memset(c->later_full, 0, sizeof(c->later_full));
    if (!later_wanted(c, ask))
        return true;
    if (!deliver_admit(c, w, ask->agency)) /* its final reply would find no room */
        return false;
    r = later_count_all(c, ask, &n_full);
    if (r)
        batch_fail(c, r, "later");
    busy = !r && n_full && n_full == c->decision.n_holders;
    if (busy) {
        limits_count(c, w->agency, LIMITED_PENDING);
        tell_busy(c, w->agency, &w->id, BUSY_LATER_MS);
    }
    return !r && !busy;
}

int later_prepare(struct pending *p)
{
    p->later = calloc(1, sizeof(*p->later));
    return p->later ? 0 : -ENOMEM;
}

void later_place(struct core *c, struct pending *p, uint16_t i, uint16_t slot)
{
    struct pending_holder *h = &p->holders[i];

    /* the id under which it is asked when it comes, should it be away now */
    if (!p->later || slot == AGENCY_NONE || !later_by_hand(c, slot) ||
        later_desk_is_full(c, slot) || id_new(c->wall_ms, &h->question))
        return;
    h->desk = true;
    h->truly = !p->hidden || agencies_colleagues(&c->agencies, c->bundle, p->ask.agency, slot);
    h->until_ms = c->wall_ms + later_hours(c, slot) * LATER_HOUR_MS;
    if (h->until_ms > p->later->until_ms)
        p->later->until_ms = h->until_ms;
}

/* One leaf a desk: of how many factors a composite has there is nobody's business. */
static bool later_first_sent(const struct pending *p, uint16_t i)
{
    for (uint16_t k = 0; k < i; k++)
        if (p->holders[k].sent && p->holders[k].agency == p->holders[i].agency)
            return false;
    return true;
}

void later_begin(struct core *c, struct pending *p)
{
    struct store_txn *t = batch_txn(c);
    struct later_ref ref;

    if (!p->later || !t)
        return;
    if (!later_awaited(p)) { /* it could be put to none of them */
        free(p->later);
        p->later = NULL;
        return;
    }
    ref = later_ref_of(c, p);
    laters_open(t, &ref);
    for (uint16_t i = 0; i < p->n_holders; i++) {
        if (!p->holders[i].desk)
            continue;
        laters_ask(t, &ref, later_desk(c, &p->holders[i]), &p->holders[i].question);
        if (p->holders[i].sent && later_first_sent(p, i)) {
            (void)later_record(c, p, EVENT_PUT_TO_DESK, p->holders[i].agency);
            (void)record_end(c);
        }
    }
    later_store(c, p);
    if (ref.until_ms < c->later_next_ms)
        c->later_next_ms = ref.until_ms;
}

/* --- at its deadline --- */

bool later_awaited(const struct pending *p)
{
    for (uint16_t i = 0; p->later && i < p->n_holders; i++)
        if (p->holders[i].desk && p->holders[i].state != HOLDER_ANSWERED)
            return true;
    return false;
}

/* What a desk answered that was away when it was asked is in the store alone. */
void later_merge(struct core *c, struct pending *p)
{
    ALM_CLEANUP(pending_freep) struct pending *stored = NULL;
    int r = p->later ? later_load(c, p->leaf, &stored) : -ENOENT;

    if (r && r != -ENOENT)
        batch_fail(c, r, "later");
    if (r || stored->n_holders != p->n_holders)
        return;
    p->later->nobody = stored->later->nobody;
    for (uint16_t i = 0; i < p->n_holders; i++) {
        struct pending_holder *h = &p->holders[i], *s = &stored->holders[i];

        if (!h->desk)
            continue;
        h->sent = s->sent;
        h->truly = s->truly;
        h->said_on = s->said_on;
        if (s->state != HOLDER_ANSWERED || h->state != HOLDER_SILENT)
            continue;
        h->state = HOLDER_ANSWERED;
        h->value = s->value;
        h->cause = s->cause;
        h->detail = s->detail;
        s->detail = NULL;
    }
}

void later_keep(struct core *c, struct pending *p)
{
    if (!p->later)
        return;
    for (uint16_t i = 0; i < p->n_holders; i++)
        if (!p->holders[i].desk)
            p->holders[i].said_on = c->day;
    if (later_awaited(p))
        later_store(c, p);
    else
        later_ready(c, p);
}

static void later_questions_over(struct core *c, struct store_txn *t, const struct pending *p,
                                 const struct later_ref *ref)
{
    for (uint16_t i = 0; i < p->n_holders; i++)
        if (p->holders[i].desk)
            laters_over(t, ref, later_desk(c, &p->holders[i]), &p->holders[i].question);
}

void later_end(struct core *c, struct pending *p)
{
    struct store_txn *t = p->later ? batch_txn(c) : NULL;
    struct later_ref ref;

    if (!t)
        return;
    ref = later_ref_of(c, p);
    later_questions_over(c, t, p, &ref);
    laters_erase(t, &ref);
    c->batch.wrote = true;
}

/* --- when nobody is waited for any more --- */

/* In whose time nothing came. */
static void later_lapsed(struct core *c, const struct pending *p)
{
    for (uint16_t i = 0; i < p->n_holders; i++) {
        const struct pending_holder *h = &p->holders[i];

        if (!h->desk || h->state == HOLDER_ANSWERED ||
            (i && p->holders[i - 1].agency == h->agency &&
             p->holders[i - 1].state != HOLDER_ANSWERED))
            continue;
        (void)later_record(c, p, EVENT_LAPSED, h->agency);
        (void)record_end(c);
        log_info("question-lapsed", "agency=%s leaf=%llu", later_desk(c, h),
                 (unsigned long long)p->leaf);
    }
}

/* A shield since it was asked: its owner hears of it, as at a reply that is released at once. */
static void later_attempted(struct core *c, const struct pending *p)
{
    decide(c, &p->ask);
    if (!p->hidden && c->decision.outcome != OUTCOME_PERMIT && c->decision.telling == TELL_HIDDEN)
        shield_attempted(c, &p->ask);
}

void later_ready(struct core *c, struct pending *p)
{
    const struct deliver_terms terms = { .leaf = p->leaf };
    struct store_txn *t = batch_txn(c);
    struct later_ref ref;

    if (!t)
        return;
    if (p->ask.agency == AGENCY_NONE) {
        later_end(c, p);
        return;
    }
    ref = later_ref_of(c, p);
    later_lapsed(c, p);
    later_questions_over(c, t, p, &ref);
    laters_shut(t, &ref);
    p->later->due = true;
    later_store(c, p);
    later_attempted(c, p);
    (void)deliver_begin(c, p->ask.involvement ? DELIVERY_INVOLVEMENT : DELIVERY_INSIGHT, NULL);
    c->delivery.query = p->ask.id;
    c->delivery.has_involvement = p->ask.involvement;
    c->delivery.has_insight = !p->ask.involvement;
    deliver_put(c, p->ask.agency, &terms);
}
