/* SPDX-License-Identifier: Apache-2.0 */
/* referral.c - a referral's life as one table, and the one function that moves along it.
 *
 *            ┌─ more-info ◄─┐                                  (any open state)
 *            ▼              │                                  ├─ sender:   withdrawn
 *   sent ─► received ───────┤                                  ├─ anyone:   revoked
 *     ▲        │            ├─► redirected ─► sent (elsewhere) ├─ receiver: closed
 *     │        ▼            └─► rejected ─┐                    └─ broker:   expired
 *     │     accepted ─► eligibility, assessment, diagnosis (any order) ─► planned ─► delivering ─►
 * closed └── overdue is a name for sent and received past their day          rejected, closed ─►
 * feedback
 */
#include "engine/referral.h"

#include <string.h>

#define BIT(s)    (UINT32_C(1) << (s))
#define UNDECIDED (BIT(LIFE_SENT) | BIT(LIFE_RECEIVED) | BIT(LIFE_MORE_INFO))
#define WORKING                                                                                    \
    (BIT(LIFE_ACCEPTED) | BIT(LIFE_ELIGIBILITY) | BIT(LIFE_ASSESSMENT) | BIT(LIFE_DIAGNOSIS))
#define OPEN     (UNDECIDED | WORKING | BIT(LIFE_PLANNED) | BIT(LIFE_DELIVERING))
#define FINISHED (BIT(LIFE_REJECTED) | BIT(LIFE_CLOSED))
#define RECEIVER LIFE_BY_RECEIVER
#define SENDER   LIFE_BY_SENDER
#define BROKER   LIFE_BY_BROKER
#define ANYBODY  (LIFE_BY_SENDER | LIFE_BY_RECEIVER | LIFE_BY_BROKER)
#define BOTH     (LIFE_BY_SENDER | LIFE_BY_RECEIVER)

static const struct life_rule rules_table[] = {
    /* from, step, by, to, needs, due, tell */
    { BIT(LIFE_SENT), LIFE_STEP_RECEIVED, RECEIVER, LIFE_RECEIVED, 0, LIFE_DUE_SAME, SENDER },
    { UNDECIDED, LIFE_STEP_ACCEPTED, RECEIVER, LIFE_ACCEPTED, 0, LIFE_DUE_NOTHING, SENDER },
    { BIT(LIFE_SENT) | BIT(LIFE_RECEIVED), LIFE_STEP_MORE_INFO, RECEIVER, LIFE_MORE_INFO, 0,
      LIFE_DUE_INFO, SENDER },
    { BIT(LIFE_MORE_INFO), LIFE_STEP_INFO_GIVEN, SENDER, LIFE_RECEIVED, 0, LIFE_DUE_DECISION,
      RECEIVER },
    { UNDECIDED | WORKING, LIFE_STEP_REDIRECTED, RECEIVER, LIFE_REDIRECTED, LIFE_NEEDS_REDIRECT,
      LIFE_DUE_NOTHING, SENDER },
    { BIT(LIFE_REDIRECTED), LIFE_STEP_SENT_ON, BROKER, LIFE_SENT, 0, LIFE_DUE_DECISION, RECEIVER },
    { UNDECIDED | WORKING, LIFE_STEP_REJECTED, RECEIVER, LIFE_REJECTED, LIFE_NEEDS_REASON,
      LIFE_DUE_FEEDBACK, SENDER },
    { UNDECIDED | WORKING, LIFE_STEP_DOWNGRADED, RECEIVER, 0, LIFE_NEEDS_REASON | LIFE_NEEDS_KIND,
      LIFE_DUE_SAME, SENDER },
    { WORKING | BIT(LIFE_PLANNED), LIFE_STEP_ELIGIBILITY, RECEIVER, LIFE_ELIGIBILITY, 0,
      LIFE_DUE_NOTHING, SENDER },
    { WORKING | BIT(LIFE_PLANNED), LIFE_STEP_ASSESSMENT, RECEIVER, LIFE_ASSESSMENT, 0,
      LIFE_DUE_NOTHING, SENDER },
    { WORKING | BIT(LIFE_PLANNED), LIFE_STEP_DIAGNOSIS, RECEIVER, LIFE_DIAGNOSIS, 0,
      LIFE_DUE_NOTHING, SENDER },
    { WORKING, LIFE_STEP_PLANNED, RECEIVER, LIFE_PLANNED, 0, LIFE_DUE_NOTHING, SENDER },
    { UNDECIDED | WORKING | BIT(LIFE_PLANNED), LIFE_STEP_DELIVERING, RECEIVER, LIFE_DELIVERING, 0,
      LIFE_DUE_NOTHING, SENDER },
    { OPEN, LIFE_STEP_CLOSED, RECEIVER, LIFE_CLOSED, LIFE_NEEDS_OUTCOME, LIFE_DUE_FEEDBACK,
      SENDER },
    { FINISHED, LIFE_STEP_FEEDBACK, RECEIVER, 0, 0, LIFE_DUE_NOTHING, SENDER },
    { OPEN, LIFE_STEP_WITHDRAWN, SENDER, LIFE_WITHDRAWN, 0, LIFE_DUE_NOTHING, RECEIVER },
    { OPEN, LIFE_STEP_REVOKED, ANYBODY, LIFE_REVOKED, LIFE_NEEDS_REASON, LIFE_DUE_NOTHING, BOTH },
    { OPEN, LIFE_STEP_EXPIRED, BROKER, LIFE_EXPIRED, 0, LIFE_DUE_NOTHING, BOTH },
};

size_t life_rules(const struct life_rule **out)
{
    *out = rules_table;
    return ALM_LEN(rules_table);
}

static const char *const state_words[LIFE_STATES] = {
    [LIFE_NONE] = "none",
    [LIFE_SENT] = "sent",
    [LIFE_OVERDUE] = "overdue",
    [LIFE_RECEIVED] = "received",
    [LIFE_ACCEPTED] = "accepted",
    [LIFE_MORE_INFO] = "more-info",
    [LIFE_REDIRECTED] = "redirected",
    [LIFE_REJECTED] = "rejected",
    [LIFE_ELIGIBILITY] = "eligibility",
    [LIFE_ASSESSMENT] = "assessment",
    [LIFE_DIAGNOSIS] = "diagnosis",
    [LIFE_PLANNED] = "planned",
    [LIFE_DELIVERING] = "delivering",
    [LIFE_CLOSED] = "closed",
    [LIFE_WITHDRAWN] = "withdrawn",
    [LIFE_REVOKED] = "revoked",
    [LIFE_EXPIRED] = "expired",
};
static const char *const step_words[LIFE_STEPS] = {
    [LIFE_STEP_RECEIVED] = "received",     [LIFE_STEP_ACCEPTED] = "accepted",
    [LIFE_STEP_MORE_INFO] = "more-info",   [LIFE_STEP_INFO_GIVEN] = "info-given",
    [LIFE_STEP_REDIRECTED] = "redirected", [LIFE_STEP_REJECTED] = "rejected",
    [LIFE_STEP_DOWNGRADED] = "downgraded", [LIFE_STEP_ELIGIBILITY] = "eligibility",
    [LIFE_STEP_ASSESSMENT] = "assessment", [LIFE_STEP_DIAGNOSIS] = "diagnosis",
    [LIFE_STEP_PLANNED] = "planned",       [LIFE_STEP_DELIVERING] = "delivering",
    [LIFE_STEP_CLOSED] = "closed",         [LIFE_STEP_WITHDRAWN] = "withdrawn",
    [LIFE_STEP_REVOKED] = "revoked",       [LIFE_STEP_FEEDBACK] = "feedback",
    [LIFE_STEP_SENT_ON] = "sent-on",       [LIFE_STEP_EXPIRED] = "expired",
};
static const char *const kind_words[] = {
    [LIFE_SIGNPOSTING] = "signposting",   [LIFE_SOFT] = "soft",
    [LIFE_APPLICATION] = "application",   [LIFE_HARD] = "hard",
    [LIFE_COMMISSIONED] = "commissioned", [LIFE_BOOKED] = "booked",
};
static const struct {
    uint16_t bit;
    const char *word;
} made_words[] = {
    { LIFE_MADE_ELIGIBILITY_CHECKED, "eligibility-checked" },
    { LIFE_MADE_FORM_VERIFIED, "form-verified" },
    { LIFE_MADE_ELIGIBILITY_DECIDED, "eligibility-decided" },
    { LIFE_MADE_ASSESSED, "assessed" },
    { LIFE_MADE_BUDGET_PERMITTED, "budget-permitted" },
    { LIFE_MADE_SLOT_AGREED, "slot-agreed" },
};
static const char *const refusal_words[] = {
    [LIFE_NOT_FROM_HERE] = "step-not-allowed",
    [LIFE_NOT_BY_THIS_PARTY] = "step-not-yours",
    [LIFE_NO_REASON] = "reason-required",
    [LIFE_NO_KIND] = "lesser-kind-required",
    [LIFE_NO_REDIRECT] = "redirect-required",
    [LIFE_NO_OUTCOME] = "outcome-required",
    [LIFE_BAD_DAY] = "bad-dates",
};

static const char *word_of(const char *const *words, size_t n, size_t i)
{
    return i < n && words[i] ? words[i] : "";
}

const char *life_state_word(uint8_t state)
{
    return word_of(state_words, ALM_LEN(state_words), state);
}

const char *life_step_word(uint8_t step)
{
    return word_of(step_words, ALM_LEN(step_words), step);
}

const char *life_kind_word(uint8_t kind)
{
    return word_of(kind_words, ALM_LEN(kind_words), kind);
}

const char *life_made_word(uint16_t bit)
{
    for (size_t i = 0; i < ALM_LEN(made_words); i++)
        if (made_words[i].bit == bit)
            return made_words[i].word;
    return "";
}

const char *life_refusal_word(enum life_refusal r)
{
    return word_of(refusal_words, ALM_LEN(refusal_words), (size_t)r);
}

static bool state_in(uint8_t state, uint32_t states)
{
    return state < LIFE_STATES && (states & BIT(state));
}

bool life_open(uint8_t state)
{
    return state_in(state, OPEN);
}

/* A day and a count of days; past the calendar's end nothing falls due. */
static int32_t days_from(int32_t day, uint16_t days)
{
    int64_t then = (int64_t)day + days;

    return day == POLICY_DAY_NONE || then > INT32_MAX ? POLICY_DAY_NONE : (int32_t)then;
}

/* A policy that sets no days (0) asks for nothing. */
static void life_falls_due(const struct policy_referral_rules *rules, enum life_due due, int32_t on,
                           struct life *out)
{
    const uint16_t days[] = {
        [LIFE_DUE_NOTHING] = 0,
        [LIFE_DUE_DECISION] = rules->decide_days,
        [LIFE_DUE_INFO] = rules->info_days,
        [LIFE_DUE_FEEDBACK] = rules->feedback_days,
    };

    if (due == LIFE_DUE_SAME)
        return;
    out->due = days[due] ? (uint8_t)due : LIFE_DUE_NOTHING;
    out->due_on = days[due] ? days_from(on, days[due]) : POLICY_DAY_NONE;
}

void referral_begin(const struct policy_referral_rules *rules, uint8_t kind, int32_t sent_on,
                    struct life *out)
{
    *out = (struct life){
        .state = LIFE_SENT, .kind = kind, .sent_on = sent_on, .since = sent_on, .last_on = sent_on
    };
    life_falls_due(rules, LIFE_DUE_DECISION, sent_on, out);
}

static const struct life_rule *life_rule_for(uint8_t state, uint8_t step)
{
    for (size_t i = 0; i < ALM_LEN(rules_table); i++)
        if (rules_table[i].step == step && state_in(state, rules_table[i].from))
            return &rules_table[i];
    return NULL;
}

/* What the step must carry, in the order in which it is told. */
static enum life_refusal life_lacks(const struct life_rule *r, const struct life *now,
                                    const struct life_move *m)
{
    if ((r->needs & LIFE_NEEDS_REDIRECT) && !m->redirect)
        return LIFE_NO_REDIRECT;
    if ((r->needs & LIFE_NEEDS_KIND) && (m->kind < LIFE_SIGNPOSTING || m->kind >= now->kind))
        return LIFE_NO_KIND;
    if ((r->needs & LIFE_NEEDS_REASON) && !m->reason)
        return LIFE_NO_REASON;
    return (r->needs & LIFE_NEEDS_OUTCOME) && !m->outcome ? LIFE_NO_OUTCOME : (enum life_refusal)0;
}

int referral_next(const struct policy_referral_rules *rules, const struct life *now,
                  const struct life_move *move, struct life *out, uint8_t *tell)
{
    const struct life_rule *r = life_rule_for(now->state, move->step);
    struct life next = *now;
    int lacks;

    if (!r)
        return LIFE_NOT_FROM_HERE;
    if (!(r->by & move->by))
        return LIFE_NOT_BY_THIS_PARTY;
    if (move->on == POLICY_DAY_NONE || move->on < now->sent_on)
        return LIFE_BAD_DAY;
    lacks = (int)life_lacks(r, now, move);
    if (lacks)
        return lacks;
    if (r->to && r->to != now->state) {
        next.state = r->to;
        next.since = move->on;
    }
    if (r->needs & LIFE_NEEDS_KIND)
        next.kind = move->kind;
    if (move->on > next.last_on)
        next.last_on = move->on;
    life_falls_due(rules, (enum life_due)r->due, move->on, &next);
    *out = next;
    *tell = (uint8_t)(r->tell & (unsigned)~move->by);
    return 0;
}

bool referral_late(const struct life *now, int32_t day)
{
    return now->due != LIFE_DUE_NOTHING && now->due_on != POLICY_DAY_NONE && day > now->due_on;
}

uint8_t referral_shown(const struct policy_referral_rules *rules, const struct life *now,
                       int32_t day)
{
    if (now->state == LIFE_NONE || day < now->sent_on)
        return LIFE_NONE;
    if (life_open(now->state) && rules->expire_days &&
        (int64_t)day - now->last_on > rules->expire_days)
        return LIFE_EXPIRED;
    if (now->due == LIFE_DUE_DECISION && referral_late(now, day) &&
        state_in(now->state, BIT(LIFE_SENT) | BIT(LIFE_RECEIVED)))
        return LIFE_OVERDUE;
    return now->state;
}

uint16_t referral_missing(const struct policy_referral_rules *rules, uint8_t kind, uint16_t made)
{
    if (kind < LIFE_SIGNPOSTING || kind > REFERRAL_KINDS)
        return UINT16_MAX;
    return (uint16_t)(rules->made[kind - 1] & (unsigned)~made);
}
