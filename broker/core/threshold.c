/* SPDX-License-Identifier: Apache-2.0 */
/* threshold.c - the broker itself answers whether a threshold has fired (DESIGN.md section 2: "some
 * (a threshold, a referral's state) the broker itself answers"): yes or no, the day, and whom to
 * telephone; never how many.
 *
 * "Refusing does not tell" (promise 5): where a shield hides even that concerns exist, or the facts
 * could not be read whole, what comes out is what comes out for a person nobody has a concern
 * about: the same message, at once, through the same code. */
#include "concern.h"

#include <string.h>

#define GUIDANCE_THRESHOLD                                                                         \
    "Telephone those named before you act. Use it for this purpose only and do not pass it on. "   \
    "It is not a judgement that anybody is safe."

bool threshold_asked(const struct core *c, const struct ask *ask)
{
    uint16_t q = ask_question(c, ask);

    return q != POLICY_NONE && bundle_question_at(c->bundle, q)->kind == QUESTION_THRESHOLD;
}

static const struct policy_threshold *threshold_rule(const struct core *c)
{
    return &bundle_question_at(c->bundle, c->facts.question)->threshold;
}

/* c->in is still the query. */
static struct concern_about threshold_about(const struct core *c, const struct ask *ask)
{
    return (struct concern_about){ .kind = ask->subject_kind,
                                   .subject = &ask->subject,
                                   .household = ask->subject_kind == SUBJECT_HOUSEHOLD
                                                    ? &c->in.insight_query.household
                                                    : NULL };
}

static void threshold_refuse(struct core *c, enum reason reason)
{
    c->decision.outcome = OUTCOME_REFUSE;
    c->decision.reason = (uint8_t)reason;
    c->decision.telling = (uint8_t)reason_telling(reason);
    c->decision.basis = 0;
}

void threshold_check(struct core *c, const struct ask *ask)
{
    struct concern_about about;

    if (c->decision.outcome != OUTCOME_PERMIT || !threshold_asked(c, ask))
        return;
    about = threshold_about(c, ask);
    if (threshold_rule(c)->household != (ask->subject_kind == SUBJECT_HOUSEHOLD))
        threshold_refuse(c, REASON_QUESTION_NOT_PERMITTED);
    else if (c->facts.incomplete)
        threshold_refuse(c, REASON_FACTS_INCOMPLETE);
    else if (concern_shielded(c, c->facts.question, ask->agency, &about))
        threshold_refuse(c, REASON_SHIELDED_EXISTENCE);
}

/* What the log says was told: in its sealed part. */
static void threshold_record(struct core *c, const struct msg_threshold_state *m)
{
    uint16_t n = 0;

    for (uint8_t i = 0; i < m->n; i++) {
        uint16_t index = bundle_agency(c->bundle, m->contributors[i].agency);

        if (index != POLICY_NONE)
            c->heard[n++] = (struct heard){ .answered = true,
                                            .value = ANSWER_YES,
                                            .agency = bundle_agency_at(c->bundle, index) };
    }
    record_heard(c, n, m->fired ? INSIGHT_YES : INSIGHT_NO);
}

void threshold_answer(struct core *c, struct work *w, const struct ask *ask, uint64_t leaf,
                      bool hidden)
{
    struct concern_about about = threshold_about(c, ask);
    struct threshold_found found = { 0 };
    uint16_t leave_out = concern_left_out(c, threshold_rule(c), c->facts.agency);
    struct msg_threshold_state *m;
    struct concern_named named;
    struct ledger_clear *l;

    if (!hidden && concern_gather(c, c->facts.question, &about) &&
        threshold_latest(threshold_rule(c), c->concerns->facts, c->concerns->n, leave_out, c->day,
                         &found))
        memset(&found, 0, sizeof(found));
    m = &tell_begin(c, MSG_THRESHOLD_STATE, &w->id)->threshold_state;
    m->fired = found.fired;
    m->fired_on = found.fired ? found.fired_on : CIVIL_NONE;
    named = (struct concern_named){ .out = m->contributors };
    if (found.fired)
        concern_name(c, threshold_rule(c), &found, leave_out, &named);
    m->n = named.n;
    m->masked = named.masked;
    m->as_of = c->day;
    text_cut(m->policy_rule, sizeof(m->policy_rule), c->decision.rule);
    text_cut(m->guidance, sizeof(m->guidance), GUIDANCE_THRESHOLD);
    if (tell_send(c, w->agency)) {
        lodge_refuse(c, w, "internal");
        return;
    }
    l = record_begin(c, EVENT_DISCLOSED, w->agency);
    record_ask(c, ask);
    threshold_record(c, m);
    memcpy(l->rule, c->decision.rule, sizeof(l->rule));
    l->about = leaf;
    l->outcome = 1;
    l->completeness = COMPLETE_ALL;
    if (hidden) {
        l->told = TELL_HIDDEN;
        text_cut(l->reason, sizeof(l->reason), reason_word((enum reason)c->decision.reason));
    }
    (void)record_end(c);
    crypto_wipe(c->heard, sizeof(c->heard));
}
