/* SPDX-License-Identifier: Apache-2.0 */
/* eligibility.c - is this family eligible for a service: each criterion is a catalogue question,
 * put to the owners of the fact under the asker's purpose; only the result comes out, and, where it
 * cannot be said, which criteria are missing (DOMAIN.md section 6: "each evaluated at the owner,
 * three-valued").
 *
 * Every criterion must be permitted to the asker, so that nobody learns from a service's criteria
 * what they may not ask. Budget is none of them. What holders say stays in the waiting query and
 * goes with it, as a composite's factors do. */
#include "stages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BUSY_PENDING_MS 500
#define QUESTION_WORD   "eligible"

static void eligibility_ask(const struct core *c, uint16_t slot, struct ask *ask)
{
    const struct msg_eligibility_query *q = &c->in.eligibility_query;

    memset(ask, 0, sizeof(*ask));
    ask->id = c->in.id;
    ask->agency = slot;
    ask->practitioner = c->in.practitioner;
    memcpy(ask->purpose, c->in.purpose, sizeof(name_t));
    memcpy(ask->basis, c->in.basis, sizeof(name_t));
    memcpy(ask->case_ref, c->in.case_ref, sizeof(name_t));
    ask->eligibility = true;
    memcpy(ask->service, q->service, sizeof(name_t));
    ask->subject_kind = q->subject_kind;
    if (ask->subject_kind == SUBJECT_HOUSEHOLD)
        ask->household = q->household;
    else
        ask->subject = q->subject;
    ask->statements = q->statements;
    ask->relation = q->relationship.kind;
    ask->relation_since = q->relationship.since;
    ask->relation_until = q->relationship.until;
    ask->relation_reason = q->relationship.reason[0] != '\0';
}

static const struct policy_service *eligibility_service(const struct core *c, const char *id)
{
    uint16_t s = c->bundle ? bundle_service(c->bundle, id) : POLICY_NONE;

    return s == POLICY_NONE ? NULL : bundle_service_at(c->bundle, s);
}

static void eligibility_criterion(const struct core *c, uint16_t question, struct ask *ask)
{
    text_cut(ask->question, sizeof(ask->question), bundle_question_at(c->bundle, question)->id);
}

enum judged { JUDGED_PERMITTED = 0, JUDGED_HIDDEN, JUDGED_TOLD };

/* c->decision is the first refusal that is told; else that of the last criterion. */
static enum judged eligibility_judge(struct core *c, struct ask *ask,
                                     const struct policy_service *s, bool first, uint16_t *places)
{
    enum judged worst = JUDGED_PERMITTED;
    unsigned n = 0;

    for (uint8_t i = 0; i < s->n_criteria; i++) {
        eligibility_criterion(c, s->criteria[i].question, ask);
        if (first) {
            decide_first(c, ask);
            differences_check(c, ask);
        } else {
            decide(c, ask);
        }
        n += c->decision.n_holders;
        if (c->decision.outcome == OUTCOME_PERMIT)
            continue;
        if (c->decision.telling != TELL_HIDDEN)
            return JUDGED_TOLD;
        worst = JUDGED_HIDDEN;
    }
    *places = (uint16_t)n; /* at most SERVICE_CRITERIA_MAX times POLICY_AGENCIES_MAX */
    return worst;
}

static int place_compare(const void *a, const void *b)
{
    const struct pending_holder *x = a, *y = b;

    return x->agency != y->agency ? (x->agency < y->agency ? -1 : 1)
                                  : (x->factor < y->factor ? -1 : x->factor > y->factor);
}

/* One place for each holder of each criterion; a holder's stand together. */
static int eligibility_places(struct core *c, struct pending *p, const struct policy_service *s)
{
    struct ask ask = p->ask;
    uint16_t place = 0;

    p->factors = calloc(SERVICE_CRITERIA_MAX, sizeof(name_t));
    if (!p->factors)
        return -ENOMEM;
    for (uint8_t i = 0; i < s->n_criteria; i++) {
        eligibility_criterion(c, s->criteria[i].question, &ask);
        memcpy(p->factors[i], ask.question, sizeof(name_t));
        decide(c, &ask);
        for (uint16_t h = 0; h < c->decision.n_holders && place < p->n_holders; h++) {
            p->holders[place].agency = c->agencies.by_index[c->decision.holders[h]];
            p->holders[place++].factor = i;
        }
    }
    while (place < p->n_holders) /* a holder less than a moment ago */
        p->holders[place++].agency = AGENCY_NONE;
    qsort(p->holders, p->n_holders, sizeof(p->holders[0]), place_compare);
    return 0;
}

static uint32_t eligibility_deadline_ms(const struct core *c, const struct policy_service *s)
{
    uint32_t most = 0;

    for (uint8_t i = 0; i < s->n_criteria; i++) {
        uint32_t own = bundle_question_at(c->bundle, s->criteria[i].question)->deadline_ms;

        own = own ? own : c->set.limits.deadline_ms;
        most = own > most ? own : most;
    }
    return most;
}

static int eligibility_put(struct core *c, const struct ask *ask, const struct policy_service *s,
                           uint16_t places, bool hidden, struct pending **out)
{
    struct pending *p = NULL;
    int r =
        c->out.n + places > OUT_ENTRIES
            ? -ENOSPC
            : pending_add(c->pending, ask, places, c->mono_ms + eligibility_deadline_ms(c, s), &p);

    if (r)
        return r;
    r = eligibility_places(c, p, s);
    if (r) {
        pending_drop(c->pending, p);
        return r;
    }
    p->hidden = hidden;
    p->created_now = true;
    c->agencies.slots[ask->agency].n_pending++;
    c->batch.created[c->batch.n_created++] = p;
    questions_put_eligibility(c, p, hidden);
    *out = p;
    return 0;
}

static struct ledger_clear *eligibility_record(struct core *c, uint8_t event, const struct ask *ask)
{
    struct ledger_clear *l = record_begin(c, event, ask->agency);

    record_ask(c, ask);
    text_cut(l->question, sizeof(l->question), QUESTION_WORD);
    text_cut(l->detail, sizeof(l->detail), "service=");
    text_cut(l->detail + strlen(l->detail), sizeof(l->detail) - strlen(l->detail), ask->service);
    memcpy(l->rule, c->decision.rule, sizeof(l->rule));
    return l;
}

static void eligibility_tokens(struct core *c, const struct ask *ask)
{
    struct token_set home = { .n = 1, .tokens = { ask->household } };

    record_tokens(c, ask->subject_kind == SUBJECT_HOUSEHOLD ? &home : &ask->subject);
}

static void eligibility_refuse(struct core *c, struct work *w, const struct ask *ask)
{
    struct ledger_clear *l = eligibility_record(c, EVENT_REFUSED, ask);
    struct receipt receipt = w->receipt;

    eligibility_tokens(c, ask);
    query_self_claimed(c, ask, c->in.eligibility_query.relationship.reason);
    l->told = c->decision.telling;
    text_cut(l->reason, sizeof(l->reason), reason_word((enum reason)c->decision.reason));
    receipt.leaf = record_end(c);
    receipts_put(c, c->agencies.slots[w->agency].reg.id, &w->id, &receipt);
    tell_decision(c, w->agency, &w->id, &c->decision);
}

static void eligibility_asked(struct core *c, struct work *w, struct ask *ask,
                              const struct policy_service *s, struct pending *p)
{
    static const struct token nowhere;
    struct ledger_clear *l;

    for (uint8_t i = 0; i < s->n_criteria; i++) { /* each is a question like any other */
        eligibility_criterion(c, s->criteria[i].question, ask);
        decide(c, ask);
        differences_put(c, ask);
        quotas_put(c, ask);
    }
    l = eligibility_record(c, EVENT_DECIDED, ask);
    eligibility_tokens(c, ask);
    query_self_claimed(c, ask, c->in.eligibility_query.relationship.reason);
    record_holders(c, p);
    l->outcome = !p->hidden;
    if (p->hidden) {
        l->told = TELL_HIDDEN;
        text_cut(l->reason, sizeof(l->reason), reason_word((enum reason)c->decision.reason));
    }
    w->receipt.leaf = p->leaf = record_end(c);
    receipts_put(c, c->agencies.slots[w->agency].reg.id, &w->id, &w->receipt);
    decide_alert(c, ask, p->leaf);
    if (p->hidden)
        shield_attempted(c, ask);
    else
        watch_seen(c, ask->agency, &ask->subject,
                   ask->subject_kind == SUBJECT_HOUSEHOLD ? &ask->household : &nowhere);
}

void eligibility_take(struct core *c, struct work *w)
{
    const struct policy_service *s;
    struct pending *p = NULL;
    struct ask ask;
    uint16_t places = 0;
    enum judged judged;

    if (receipts_find(c, c->agencies.slots[w->agency].reg.id, &w->id, w->envelope.body,
                      &w->receipt) != RECEIPT_NEW) {
        intake_reject(c, w, "already-asked"); /* "never an answer" */
        return;
    }
    if (!query_has_room(c, w) || !query_epoch(c, w))
        return;
    s = eligibility_service(c, c->in.eligibility_query.service);
    if (!s || !s->n_criteria) {
        lodge_refuse(c, w, !c->bundle ? "no-policy" : s ? "no-criteria" : "unknown-service");
        return;
    }
    eligibility_ask(c, w->agency, &ask);
    judged = eligibility_judge(c, &ask, s, true, &places);
    if (judged == JUDGED_TOLD)
        eligibility_refuse(c, w, &ask);
    else if (eligibility_put(c, &ask, s, places, judged == JUDGED_HIDDEN, &p))
        tell_busy(c, w->agency, &w->id, BUSY_PENDING_MS);
    else
        eligibility_asked(c, w, &ask, s, p);
}

/* --- the reply --- */

struct verdict {
    uint16_t answered, listed;
    bool fails;
    struct msg_eligibility *out;
};

static const struct pending_holder *eligibility_place(const struct pending *p, uint16_t slot,
                                                      const char *criterion)
{
    for (uint16_t i = 0; i < p->n_holders; i++)
        if (p->holders[i].agency == slot && !strcmp(p->factors[p->holders[i].factor], criterion))
            return &p->holders[i];
    return NULL;
}

/* c->decision is the criterion's, taken afresh: only who may answer it now is heard. */
static void eligibility_hear(struct core *c, const struct pending *p,
                             const struct policy_criterion *k, bool hidden, struct verdict *v)
{
    const struct policy_question *q = bundle_question_at(c->bundle, k->question);
    const struct decision *d = &c->decision;
    struct msg_insight said = { 0 };

    for (uint16_t h = 0; h < d->n_holders; h++) {
        uint16_t slot = c->agencies.by_index[d->holders[h]];
        const struct pending_holder *place =
            slot == AGENCY_NONE || !agency_active(&c->agencies.slots[slot])
                ? NULL
                : eligibility_place(p, slot, q->id);

        c->heard[h] = (struct heard){ .agency = bundle_agency_at(c->bundle, d->holders[h]) };
        if (place)
            release_said(c, p, place, slot, hidden, &c->heard[h]);
        v->answered = (uint16_t)(v->answered + compose_counts(&c->heard[h]));
    }
    v->listed = (uint16_t)(v->listed + d->n_listed);
    compose_insight(c->heard, d->n_holders, d->n_listed, q->unknown_cannot_say, &said);
    crypto_wipe(c->heard, sizeof(c->heard));
    if (said.value == INSIGHT_CANNOT_SAY) {
        if (v->out->n_missing < FILTER_MAX)
            text_cut(v->out->missing[v->out->n_missing++], sizeof(name_t), q->id);
    } else if ((said.value == INSIGHT_YES) != k->wanted) {
        v->fails = true;
    }
}

static void eligibility_compose(struct core *c, const struct pending *p,
                                const struct policy_service *s, bool hidden)
{
    struct msg_eligibility *out = &tell_begin(c, MSG_ELIGIBILITY, &p->ask.id)->eligibility;
    struct verdict v = { .out = out };
    struct ask ask = p->ask;

    for (uint8_t i = 0; i < s->n_criteria; i++) {
        eligibility_criterion(c, s->criteria[i].question, &ask);
        decide(c, &ask);
        eligibility_hear(c, p, &s->criteria[i], hidden, &v);
    }
    out->value = v.fails ? ELIGIBLE_NO : out->n_missing ? ELIGIBLE_CANNOT_SAY : ELIGIBLE_YES;
    if (out->value != ELIGIBLE_CANNOT_SAY) { /* nothing but the result */
        memset(out->missing, 0, sizeof(out->missing));
        out->n_missing = 0;
    }
    out->completeness = compose_completeness(v.answered, v.listed);
    out->as_of = c->day;
    text_cut(out->policy_rule, sizeof(out->policy_rule), c->decision.rule);
    text_cut(out->guidance, sizeof(out->guidance), release_guidance(c));
}

/* On which consents it rests, criterion by criterion: a staged one may carry some of them alone. */
static void eligibility_relied(struct core *c, const struct pending *p,
                               const struct policy_service *s, uint64_t leaf)
{
    struct ask ask = p->ask;

    for (uint8_t i = 0; i < s->n_criteria; i++) {
        eligibility_criterion(c, s->criteria[i].question, &ask);
        decide(c, &ask);
        reliance_record(c, &p->ask, leaf);
    }
}

static void eligibility_reply(struct core *c, const struct pending *p,
                              const struct policy_service *s, bool hidden)
{
    struct ledger_clear *l;
    uint8_t value, completeness;
    uint64_t leaf;

    eligibility_compose(c, p, s, hidden);
    value = c->reply.eligibility.value;
    completeness = c->reply.eligibility.completeness;
    if (tell_send(c, p->ask.agency)) {
        release_record_refusal(c, p, "internal", TELL_REASON);
        tell_word(c, p->ask.agency, &p->ask.id, "internal");
        return;
    }
    l = eligibility_record(c, EVENT_DISCLOSED, &p->ask);
    record_holders(c, p);
    record_heard(c, 0, value); /* the result, and nothing that any criterion's holders said */
    l->about = p->leaf;
    l->outcome = 1;
    l->completeness = completeness;
    if (hidden) {
        l->told = TELL_HIDDEN;
        text_cut(l->reason, sizeof(l->reason), reason_word((enum reason)c->decision.reason));
    }
    leaf = record_end(c);
    eligibility_relied(c, p, s, leaf);
}

void eligibility_release(struct core *c, struct pending *p)
{
    const struct policy_service *s = eligibility_service(c, p->ask.service);
    struct ask ask = p->ask;
    uint16_t places;
    enum judged judged;

    if (!s || !s->n_criteria) { /* the policy has changed meanwhile */
        release_record_refusal(c, p, "unknown-service", TELL_REASON);
        tell_word(c, p->ask.agency, &p->ask.id, "unknown-service");
        return;
    }
    judged = eligibility_judge(c, &ask, s, false, &places);
    if (judged == JUDGED_TOLD) {
        release_record_refusal(c, p, reason_word((enum reason)c->decision.reason),
                               c->decision.telling);
        tell_decision(c, p->ask.agency, &p->ask.id, &c->decision);
    } else if (c->agencies.slots[p->ask.agency].presence == PRESENCE_GONE) {
        release_record_refusal(c, p, "asker-gone", 0);
    } else {
        eligibility_reply(c, p, s, judged == JUDGED_HIDDEN);
    }
}
