/* SPDX-License-Identifier: Apache-2.0 */
/* later_answer.c - questions that are out to desks: put again to an adapter that comes back, and
 * their answers, each of which is durable and gets a receipt.
 *
 * Whoever is hidden when a question first leaves is asked about under random tokens; a question
 * that left before keeps what it left with, or the desk could compare. release.c puts aside what
 * comes back. */
#include "later.h"

#include <errno.h>
#include <string.h>

/* What is out to a desk is read, decided and put anew: some 50 ms where it is as much as there may be.
 * So an adapter that says Hello without end has it but so often ("one hostile agency harms only
 * itself"); a line that breaks a few times in a row has it at once each time. */
#define LATER_AGAIN_MS 5000
#define LATER_AT_ONCE  8

/* --- again --- */

void later_here(struct core *c, uint16_t slot)
{
    c->agencies.slots[slot].later_here = true;
    c->later_due = true;
}

void later_changed(struct core *c)
{
    for (uint16_t s = 0; s < c->agencies.n; s++) {
        if (c->agencies.slots[s].presence == PRESENCE_HERE)
            later_here(c, s);
    }
}

void later_sent(struct core *c)
{
    if (!c->later_round)
        return;
    c->later_due = c->later_round = false;
    for (uint16_t s = 0; s < c->agencies.n; s++) {
        struct agency *a = &c->agencies.slots[s];

        if (a->later_done)
            a->later_here = false;
        if (a->later_put)
            a->later_put_ms =
                LATER_AGAIN_MS + (a->later_put_ms > c->mono_ms ? a->later_put_ms : c->mono_ms);
        a->later_done = a->later_put = false;
        c->later_due = c->later_due || a->later_here;
    }
}

void later_unsent(struct core *c)
{
    for (uint16_t s = 0; s < c->agencies.n; s++)
        c->agencies.slots[s].later_done = c->agencies.slots[s].later_put = false;
    c->later_round = false;
}

static struct pending_holder *later_place_of(struct pending *p, const struct id *question)
{
    for (uint16_t i = 0; i < p->n_holders; i++)
        if (p->holders[i].desk && id_equal(&p->holders[i].question, question))
            return &p->holders[i];
    return NULL;
}

/* Random tokens of the same shape as the true ones: one set for all who have not been asked. */
static int later_nobody(struct later *l)
{
    if (l->nobody.subject_kind)
        return 0;
    l->nobody = l->asked;
    return questions_hide(&l->nobody);
}

/* As the question is put now, in c->reply. Return: 0 or -errno. */
static int later_question(struct core *c, struct pending *p, const struct pending_holder *h)
{
    struct msg *m = tell_begin(c, MSG_QUESTION, NULL);
    struct msg_question *q = &m->question;
    uint16_t question;
    int r = h->truly ? 0 : later_nobody(p->later);

    if (r)
        return r;
    *q = h->truly ? p->later->asked : p->later->nobody;
    questions_head(c, p, m);
    m->id = h->question;
    q->involvement = p->ask.involvement;
    memcpy(q->question, p->factors ? p->factors[h->factor] : p->ask.question, sizeof(name_t));
    q->deadline_ms = (uint32_t)(h->until_ms - c->wall_ms);
    question = q->involvement ? POLICY_NONE : bundle_question(c->bundle, q->question);
    if (p->factors &&
        (question == POLICY_NONE || !bundle_question_at(c->bundle, question)->uses_homes))
        q->n_homes = 0;
    return 0;
}

static bool later_sent_before(const struct pending *p, uint16_t slot)
{
    for (uint16_t i = 0; i < p->n_holders; i++)
        if (p->holders[i].sent && p->holders[i].agency == slot)
            return true;
    return false;
}

/* For the first time: from now on it stands what it was sent with. */
static void later_first(struct core *c, struct pending *p, struct pending_holder *h)
{
    bool before = later_sent_before(p, h->agency);

    h->sent = true;
    later_store(c, p);
    if (before)
        return;
    (void)later_record(c, p, EVENT_PUT_TO_DESK, h->agency);
    (void)record_end(c);
}

/* "Basis and consent are checked again at delivery": a question too leaves under a fresh decision.
 */
static int later_put_again(struct core *c, struct pending *p, struct pending_holder *h)
{
    bool permitted;
    int r;

    if (!later_epoch(c, p))
        return 0;
    decide(c, &p->ask);
    permitted = c->decision.outcome == OUTCOME_PERMIT;
    if (!permitted && c->decision.telling != TELL_HIDDEN) {
        /* a consent that is gone stays gone; somebody suspended may come back in time */
        if (c->decision.telling == TELL_NO_CONSENT_LINE && !later_alive(c, p))
            later_ready(c, p);
        return 0;
    }
    if (!h->sent)
        h->truly =
            permitted || agencies_colleagues(&c->agencies, c->bundle, p->ask.agency, h->agency);
    r = later_question(c, p, h);
    if (!r)
        r = out_put(c, h->agency, &c->reply, pending_ref(&h->question));
    if (!r)
        c->agencies.slots[h->agency].later_put = true;
    if (!r && !h->sent)
        later_first(c, p, h);
    return r;
}

struct later_round {
    struct core *c;
    uint16_t slot;
};

static int later_visit_again(void *ctx, const struct id *question, uint64_t leaf)
{
    ALM_CLEANUP(pending_freep) struct pending *p = NULL;
    struct later_round *round = ctx;
    struct core *c = round->c;
    struct pending_holder *h;
    int r = later_load(c, leaf, &p);

    if (r) {
        log_error("later-damaged", "leaf=%llu error=%d", (unsigned long long)leaf, -r);
        return r == -EBADMSG || r == -ENOENT ? 0 : r; /* the others' are put all the same */
    }
    h = later_place_of(p, question);
    if (!h || h->agency != round->slot || h->state == HOLDER_ANSWERED ||
        h->until_ms - c->wall_ms <= LATER_LEAST_MS)
        return 0;
    return later_put_again(c, p, h);
}

static bool later_too_soon(const struct core *c, const struct agency *a)
{
    return a->later_put_ms - c->mono_ms > (LATER_AT_ONCE - 1) * LATER_AGAIN_MS;
}

/* Return: false: there is no room for more in this batch, or it has failed. */
static bool later_served(struct core *c, uint16_t slot)
{
    struct agency *a = &c->agencies.slots[slot];
    struct later_round round = { c, slot };
    struct store_txn *t;
    int r;

    if (!a->later_here || later_too_soon(c, a))
        return true;
    a->later_done = true;
    if (!agency_active(a) || a->gate == GATE_NONE || !c->gates[a->gate].pair || !c->bundle ||
        a->index == POLICY_NONE)
        return true;
    t = batch_txn(c);
    r = t ? laters_each(t, a->reg.id, later_visit_again, &round) : -EIO;
    if (r && r != -ENOSPC && t) /* no room in the batch: the next one has */
        batch_fail(c, r, "later");
    a->later_done = r == 0;
    return r == 0;
}

void later_send(struct core *c)
{
    bool on = true;

    /* "if no head has been signed for 120 s the core stops sharing" */
    if (!c->later_due || c->batch.error || c->agencies.broken || !heads_fresh(c))
        return;
    for (uint16_t s = 0; s < c->agencies.n && on; s++)
        on = later_served(c, s);
    c->later_round = !c->batch.error;
}

/* --- the answer --- */

/* Of a durable message: its sender must not send it for ever. */
static enum later_answered later_stray(struct core *c, struct work *w, const char *why,
                                       const char *word)
{
    answer_stray(c, w, why);
    tell_word(c, w->agency, &w->id, word);
    return LATER_DONE;
}

static void later_recorded(struct core *c, struct work *w, const struct pending *p)
{
    struct ledger_clear *l = lodge_record(c, w, EVENT_ANSWERED_BY_HAND, p->ask.purpose);

    l->about = p->leaf;
    text_cut(l->question, sizeof(l->question),
             p->ask.involvement ? "who-is-involved" : p->ask.question);
    record_by(c, &c->in.answer);
    (void)lodge_recorded(c, w);
}

static enum later_answered later_taken(struct core *c, struct work *w, struct pending *p,
                                       struct pending_holder *h)
{
    const struct msg_answer *a = &c->in.answer;
    struct later_ref ref = later_ref_of(c, p);
    struct store_txn *t = batch_txn(c);

    if (!t || !answer_detail(h, a)) {
        batch_fail(c, -ENOMEM, "later");
        return LATER_DONE;
    }
    h->value = a->value;
    h->cause = a->cause;
    h->state = HOLDER_ANSWERED;
    h->said_on = c->day;
    later_recorded(c, w, p);
    laters_answered(t, &ref, c->agencies.slots[w->agency].reg.id, &h->question);
    later_store(c, p);
    if (!later_alive(c, p) && !later_awaited(p))
        later_ready(c, p);
    return LATER_TAKEN;
}

enum later_answered later_answer(struct core *c, struct work *w, const struct pending_holder *asked)
{
    ALM_CLEANUP(pending_freep) struct pending *p = NULL;
    struct store_txn *t = asked && !asked->desk ? NULL : batch_txn(c);
    struct pending_holder *h;
    uint64_t leaf = LEAF_NONE;
    int r;

    if (!t)
        return LATER_NOT; /* asked of an adapter, which answers at once or not at all */
    r = laters_of_question(t, &c->in.in_reply_to, &leaf);
    if (r == -ENOENT && !later_hours(c, w->agency))
        return LATER_NOT;
    if (!lodge_begin(c, w))
        return LATER_DONE;
    if (r == -ENOENT)
        return later_stray(c, w, "by hand: never asked, or over", "question-over");
    if (!r)
        r = later_load(c, leaf, &p);
    if (r) {
        batch_fail(c, r, "later");
        return LATER_DONE;
    }
    h = later_place_of(p, &c->in.in_reply_to);
    if (!h || h->agency != w->agency)
        return later_stray(c, w, "by hand: asked of another agency", "question-over");
    if (h->state == HOLDER_ANSWERED)
        return later_stray(c, w, "by hand: answered before", "question-answered");
    return later_taken(c, w, p, h);
}
