/* SPDX-License-Identifier: Apache-2.0 */
/* release.c - the reply, decided again when it is released, with what is known then: "a reply is
 * decided when it is released, never held".
 *
 * "After (in commit order) a withdrawal, refusal, shield, suspension or revocation no answer rests
 * on what it ended" (promise 6). The disclosure is recorded in the batch, and its frame leaves
 * after the batch's commit (promise 2). */
#include "recall.h"
#include "stages.h"

#include <string.h>

#define BUSY_NO_HEAD_MS 10000
#define GUIDANCE_CONSENT                                                                           \
    "Shared with agreement: use it for this purpose only, do not pass it on, and tell the person " \
    "what you learnt where that is safe."
#define GUIDANCE_DUTY                                                                              \
    "Use it for this purpose only and do not pass it on. Tell the person where that is safe. It "  \
    "is not a judgement that anybody is safe."

#define GUIDANCE_OVERRIDE                                                                          \
    "Shared without agreement, under an override: use it for this purpose only, do not pass it "   \
    "on, tell the person when that is safe, and have the override reviewed in time."

/* Not disclosed, and why. */
void release_record_refusal(struct core *c, const struct pending *p, const char *reason,
                            uint8_t told)
{
    struct ledger_clear *l = record_begin(c, EVENT_NOT_DISCLOSED, p->ask.agency);

    record_ask(c, &p->ask);
    l->about = p->leaf;
    l->told = told;
    memcpy(l->rule, c->decision.rule, sizeof(l->rule));
    text_cut(l->reason, sizeof(l->reason), reason);
    (void)record_end(c);
}

/* What an answer would be if nobody knew the person: a system that failed fails for anybody. */
static void release_forget(const struct pending_holder *said, struct heard *h)
{
    if (said->value != ANSWER_CANNOT_SAY || said->cause == CAUSE_AMBIGUOUS)
        h->value = ANSWER_NOT_KNOWN;
    h->detail = NULL;
}

/* Asked about the person: hidden since, if at all, or the asker's own organisation, which always
 * gets the real tokens. */
static bool release_asked_truly(const struct core *c, const struct pending *p,
                                const struct pending_holder *said, uint16_t slot)
{
    if (said->desk) /* it may first have been asked when somebody was hidden no longer, or since */
        return said->truly;
    return !p->hidden || agencies_colleagues(&c->agencies, c->bundle, p->ask.agency, slot);
}

void release_said(struct core *c, const struct pending *p, const struct pending_holder *said,
                  uint16_t slot, bool hidden, struct heard *h)
{
    if (said->state != HOLDER_ANSWERED)
        return;
    if (!hidden && !release_asked_truly(c, p, said, slot))
        return; /* asked about nobody, while something hid the person that no longer does: a "no"
                   to that is none about the person */
    if (!hidden && correction_covers(c, p, said, slot))
        return; /* it has been taken back: nobody has said anything */
    h->answered = true;
    h->value = said->value;
    h->detail = said->detail;
    if (hidden && release_asked_truly(c, p, said, slot))
        release_forget(said, h);
}

static void release_hear_one(struct core *c, const struct pending *p, uint16_t slot,
                             bool hidden, struct heard *h)
{
    if (slot == AGENCY_NONE || !agency_active(&c->agencies.slots[slot]) ||
        c->holder_of[slot] == UINT16_MAX)
        return; /* a holder that was not asked, or has been suspended since, has said nothing */
    release_said(c, p, &p->holders[c->holder_of[slot]], slot, hidden, h);
}

/* What each holder of the fresh decision has said. */
static void release_hear(struct core *c, const struct pending *p, bool hidden)
{
    const struct decision *d = &c->decision;

    memset(c->holder_of, 0xff, sizeof(c->holder_of));
    /* what was asked as a composite, of a policy that has changed since, answers nothing else */
    for (uint16_t i = 0; i < p->n_holders && !p->factors; i++) {
        if (p->holders[i].agency != AGENCY_NONE)
            c->holder_of[p->holders[i].agency] = i;
    }
    for (uint16_t i = 0; i < d->n_holders; i++) {
        c->heard[i] = (struct heard){ .visibility = d->visibility[i],
                                      .agency = bundle_agency_at(c->bundle, d->holders[i]) };
        release_hear_one(c, p, c->agencies.by_index[d->holders[i]], hidden, &c->heard[i]);
    }
}

/* Not by the basis, which a hidden refusal has none of: who is hidden is told what others are. */
const char *release_guidance(const struct core *c)
{
    if (c->decision.overridden)
        return GUIDANCE_OVERRIDE;
    return c->facts.purpose != POLICY_NONE &&
                   bundle_purpose_at(c->bundle, c->facts.purpose)->consent
               ? GUIDANCE_CONSENT
               : GUIDANCE_DUTY;
}

uint8_t release_compose(struct core *c, const struct pending *p, bool hidden,
                        struct msg_insight *out, struct msg_involvement *v, uint8_t *completeness)
{
    const struct decision *d = &c->decision;

    if (composite_asked(c, &p->ask))
        composite_compose(c, p, hidden, out);
    else
        release_hear(c, p, hidden);
    if (p->ask.involvement) {
        compose_involvement(c->heard, d->n_holders, d->n_listed, c->day, v);
        v->as_of = c->day;
        v->review_due = d->review_due;
        text_cut(v->policy_rule, sizeof(v->policy_rule), d->rule);
        text_cut(v->guidance, sizeof(v->guidance), release_guidance(c));
        *completeness = v->completeness;
        return 1;
    }
    if (!composite_asked(c, &p->ask))
        compose_insight(c->heard, d->n_holders, d->n_listed,
                        bundle_question_at(c->bundle, c->facts.question)->unknown_cannot_say, out);
    out->as_of = c->day;
    out->review_due = d->review_due;
    text_cut(out->policy_rule, sizeof(out->policy_rule), d->rule);
    text_cut(out->guidance, sizeof(out->guidance), release_guidance(c));
    *completeness = out->completeness;
    return out->value;
}

uint64_t release_record(struct core *c, const struct pending *p, bool hidden, uint8_t value,
                        uint8_t completeness)
{
    struct ledger_clear *l = record_begin(c, EVENT_DISCLOSED, p->ask.agency);

    record_ask(c, &p->ask);
    record_holders(c, p);
    /* of a composite the record has the result, and nothing that any factor's holders said */
    record_heard(c, composite_asked(c, &p->ask) ? 0 : c->decision.n_holders, value);
    memcpy(l->rule, c->decision.rule, sizeof(l->rule));
    l->about = p->leaf;
    override_used(c, l);
    record_laws(c);
    l->outcome = 1; /* that it was told; what was told is the sealed part's (DESIGN.md section 8) */
    l->completeness = completeness;
    if (hidden) {
        l->told = TELL_HIDDEN;
        text_cut(l->reason, sizeof(l->reason), reason_word((enum reason)c->decision.reason));
    }
    return record_end(c);
}

static void release_reply(struct core *c, struct pending *p, bool hidden)
{
    struct msg *m = tell_begin(c, p->ask.involvement ? MSG_INVOLVEMENT : MSG_INSIGHT, &p->ask.id);
    uint8_t completeness, value;
    uint64_t leaf;
    bool later;

    value = release_compose(c, p, hidden, &m->insight, &m->involvement, &completeness);
    later = later_awaited(p) && (p->ask.involvement || value == INSIGHT_CANNOT_SAY);
    if (later)
        *(p->ask.involvement ? &m->involvement.later_by_ms : &m->insight.later_by_ms) =
            p->later->until_ms;
    if (tell_send(c, p->ask.agency)) {
        release_record_refusal(c, p, "internal", TELL_REASON);
        tell_word(c, p->ask.agency, &p->ask.id, "internal");
        later_end(c, p);
        return;
    }
    if (!p->ask.involvement)
        pins_put(c, &p->ask, hidden);
    leaf = release_record(c, p, hidden, value, completeness);
    if (p->ask.involvement && !hidden)
        contact_keep(c, p, c->decision.n_holders);
    if (hidden && !p->hidden) /* shielded since it was asked */
        shield_attempted(c, &p->ask);
    reliance_record(c, &p->ask, leaf);
    if (later)
        later_keep(c, p);
    else
        later_end(c, p);
}

static void release_one(struct core *c, struct pending *p)
{
    bool hidden;

    if (!heads_fresh(c)) {
        memset(&c->decision, 0, sizeof(c->decision));
        release_record_refusal(c, p, "no-signed-head", TELL_REASON);
        tell_busy(c, p->ask.agency, &p->ask.id, BUSY_NO_HEAD_MS);
        later_end(c, p);
        return;
    }
    later_merge(c, p);
    if (p->ask.eligibility) {
        eligibility_release(c, p);
        return;
    }
    if (!kept_stands(c, p))
        decide(c, &p->ask);
    if (!p->hidden) /* else it was told when it was asked */
        decide_alert(c, &p->ask, p->leaf);
    hidden = c->decision.outcome != OUTCOME_PERMIT && c->decision.telling == TELL_HIDDEN;
    if (c->decision.outcome != OUTCOME_PERMIT && !hidden) {
        release_record_refusal(c, p, reason_word((enum reason)c->decision.reason),
                               c->decision.telling);
        tell_decision(c, p->ask.agency, &p->ask.id, &c->decision);
        later_end(c, p);
    } else if (c->agencies.slots[p->ask.agency].presence == PRESENCE_GONE) {
        release_record_refusal(c, p, "asker-gone", 0);
        later_keep(c, p); /* the final reply finds it in its inbox */
    } else {
        release_reply(c, p, hidden);
    }
}

void release_due(struct core *c)
{
    struct batch *b = &c->batch;
    struct pending *p;

    while (!b->error && b->n_released < BATCH_WORKS &&
           (p = pending_due(c->pending, c->mono_ms)) != NULL) {
        b->released[b->n_released++] = p;
        release_one(c, p);
    }
}
