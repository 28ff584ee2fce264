/* SPDX-License-Identifier: Apache-2.0 */
/* questions.c - the same question to each holder, under a random id of its own.
 *
 * "A holder is told question, tokens, as-of, purpose, deadline and the asking agency (only its
 * class where the asker is sensitive): no practitioner, no case" (DESIGN.md section 4). Where the
 * reason is hidden, the tokens are random ones of the same shape. */
#include "stages.h"

#include <errno.h>
#include <string.h>

/* A holder hears a little less than the whole time, so that its answer is not late by its way back.
 */
static uint32_t questions_deadline_ms(const struct core *c, const struct pending *p)
{
    int64_t left = p->deadline_ms - c->mono_ms;

    return left > 10 ? (uint32_t)(left - left / 10) : 1;
}

static void questions_copy_insight(const struct msg_insight_query *q, struct msg_question *out)
{
    memcpy(out->question, q->question, sizeof(name_t));
    out->subject_kind = q->subject_kind;
    tokens_copy(&out->subject, &q->subject); /* the rest is zeroes */
    out->household = q->household;
    out->has_parameter = q->has_parameter;
    out->parameter = q->parameter;
    out->n_homes = q->n_homes < HOMES_MAX ? q->n_homes : HOMES_MAX;
    memcpy(out->homes, q->homes, out->n_homes * sizeof(out->homes[0]));
}

int questions_hide(struct msg_question *q)
{
    int r = 0;

    for (uint8_t i = 0; i < q->subject.n && !r; i++)
        r = crypto_random(q->subject.tokens[i].value, TOKEN_LEN);
    for (uint8_t i = 0; i < q->n_homes && !r; i++)
        r = crypto_random(q->homes[i].token.value, TOKEN_LEN);
    if (q->has_parameter && !r)
        r = crypto_random(q->parameter.value, TOKEN_LEN);
    if (q->subject_kind == SUBJECT_HOUSEHOLD && !r)
        r = crypto_random(q->household.value, TOKEN_LEN);
    return r;
}

static void questions_copy_eligibility(const struct msg_eligibility_query *q,
                                       struct msg_question *out)
{
    out->subject_kind = q->subject_kind;
    out->subject = q->subject;
    out->household = q->household;
    out->n_homes = q->n_homes;
    memcpy(out->homes, q->homes, sizeof(out->homes));
}

void questions_head(const struct core *c, const struct pending *p, struct msg *m)
{
    struct msg_question *q = &m->question;
    const struct policy_agency *asker =
        bundle_agency_at(c->bundle, c->agencies.slots[p->ask.agency].index);

    memcpy(m->purpose, p->ask.purpose, sizeof(name_t));
    q->as_of = c->day;
    if (!asker->sensitive)
        text_cut(q->asking_agency, sizeof(q->asking_agency), asker->id);
    text_cut(q->asking_sector, sizeof(q->asking_sector), asker->sector);
}

static void questions_fill(struct core *c, const struct pending *p, struct msg *m)
{
    struct msg_question *q = &m->question;

    questions_head(c, p, m);
    q->deadline_ms = questions_deadline_ms(c, p);
    if (p->ask.involvement) {
        q->involvement = true;
        q->subject_kind = c->in.involvement_query.subject_kind;
        q->subject = c->in.involvement_query.subject;
    } else if (p->ask.eligibility) {
        questions_copy_eligibility(&c->in.eligibility_query, q);
    } else {
        questions_copy_insight(&c->in.insight_query, q);
    }
}

/* Whether this holder can be asked now; it follows from the holder alone, never from the subject.
 */
static bool questions_reachable(const struct core *c, uint16_t slot)
{
    const struct agency *a;

    if (slot == AGENCY_NONE)
        return false;
    a = &c->agencies.slots[slot];
    return agency_active(a) && a->gate != GATE_NONE && c->gates[a->gate].pair &&
           a->presence != PRESENCE_GONE;
}

/* A desk has hours of its own, so its question is like no other. */
static int questions_send_desk(struct core *c, const struct pending_holder *h, uint16_t slot)
{
    uint32_t deadline_ms = c->reply.question.deadline_ms;
    int r;

    c->reply.question.deadline_ms = (uint32_t)(h->until_ms - c->wall_ms);
    r = out_put(c, slot, &c->reply, pending_ref(&c->reply.id));
    c->reply.question.deadline_ms = deadline_ms;
    return r;
}

/* Encoded for the first holder; for the others the id alone is another. */
static int questions_send_same(struct core *c, uint16_t slot, size_t *same)
{
    uint64_t ref = pending_ref(&c->reply.id);
    size_t entry = c->out.n;
    int r;

    if (*same != OUT_NONE)
        return out_put_as(c, slot, *same, &c->reply.id, ref);
    r = out_put(c, slot, &c->reply, ref);
    if (!r)
        *same = entry;
    return r;
}

static int questions_send(struct core *c, struct pending *p, uint16_t i, uint16_t slot, size_t *same)
{
    int r = id_new(c->wall_ms, &c->reply.id);

    if (!r)
        r = p->holders[i].desk ? questions_send_desk(c, &p->holders[i], slot)
                               : questions_send_same(c, slot, same);
    if (r)
        return r;
    p->holders[i].sent = p->holders[i].desk;
    pending_wait(c->pending, p, i, &c->reply.id, slot);
    c->agencies.slots[slot].budget.answers_due++;
    return 0;
}

void questions_not_due(struct core *c, const struct pending_holder *h)
{
    struct budget *b = &c->agencies.slots[h->agency].budget;

    if (b->answers_due > 0) /* a stray may have used it */
        b->answers_due--;
}

void questions_drop(struct core *c, struct pending *p)
{
    for (uint16_t i = 0; i < p->n_holders; i++) {
        if (p->holders[i].state == HOLDER_WAITING)
            questions_not_due(c, &p->holders[i]);
    }
    pending_drop(c->pending, p);
}

void questions_put_one(struct core *c, struct pending *p, uint16_t i, uint16_t slot, size_t *same)
{
    later_place(c, p, i, slot);
    if (!questions_reachable(c, slot))
        return; /* silent: the reply will say "cannot say", or how incomplete it is */
    if (questions_send(c, p, i, slot, same))
        log_error("question-not-put", "agency=%s", c->agencies.slots[slot].reg.id);
}

static void questions_put_to(struct core *c, struct pending *p, bool own)
{
    size_t same = OUT_NONE; /* c->reply is not touched meanwhile but for its id */

    for (uint16_t i = 0; i < p->n_holders; i++) {
        uint16_t slot = c->agencies.by_index[c->decision.holders[i]];

        p->holders[i].agency = slot;
        if (agencies_colleagues(&c->agencies, c->bundle, p->ask.agency, slot) != own)
            continue;
        questions_put_one(c, p, i, slot, &same);
    }
}

/* The asker's own organisation first, always with the tokens that it sent: it could compare them
 * with those that come back to it, and would know a hidden refusal by random ones. What it then
 * answers is put aside (release.c). */
void questions_put(struct core *c, struct pending *p, bool hidden)
{
    struct msg *m = tell_begin(c, MSG_QUESTION, NULL);

    questions_fill(c, p, m);
    if (p->later)
        p->later->asked = m->question;
    if (!p->factors)
        questions_put_to(c, p, true);
    if (!hidden || !questions_hide(&m->question)) {
        if (p->later && hidden)
            p->later->nobody = m->question;
        if (p->factors) /* of whom nobody is a colleague of the asker */
            composite_put(c, p);
        else
            questions_put_to(c, p, false);
    }
    if (p->n_waiting == 0)
        pending_hasten(c->pending, p);
}

/* Criteria are asked as factors are: homes go only to a question that uses them. */
static void questions_put_criteria(struct core *c, struct pending *p, bool own)
{
    uint8_t n_homes = c->reply.question.n_homes;
    size_t same[SERVICE_CRITERIA_MAX];

    memset(same, 0xff, sizeof(same)); /* OUT_NONE */
    for (uint16_t i = 0; i < p->n_holders; i++) {
        uint16_t slot = p->holders[i].agency;
        const char *criterion = p->factors[p->holders[i].factor];
        uint16_t q = bundle_question(c->bundle, criterion);

        if (agencies_colleagues(&c->agencies, c->bundle, p->ask.agency, slot) != own)
            continue;
        text_cut(c->reply.question.question, sizeof(c->reply.question.question), criterion);
        c->reply.question.n_homes =
            q != POLICY_NONE && bundle_question_at(c->bundle, q)->uses_homes ? n_homes : 0;
        questions_put_one(c, p, i, slot, &same[p->holders[i].factor]);
    }
    c->reply.question.n_homes = n_homes;
}

void questions_put_eligibility(struct core *c, struct pending *p, bool hidden)
{
    struct msg *m = tell_begin(c, MSG_QUESTION, NULL);

    questions_fill(c, p, m);
    questions_put_criteria(c, p, true);
    if (!hidden ||
        !questions_hide(&m->question)) /* one random set for all criteria, as a true one */
        questions_put_criteria(c, p, false);
    if (p->n_waiting == 0)
        pending_hasten(c->pending, p);
}
