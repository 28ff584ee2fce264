/* SPDX-License-Identifier: Apache-2.0 */
/* query.c - one question about one person or household: decide, record, and put it to the holders
 * or refuse it. */
#include "stages.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define BUSY_PENDING_MS 500
#define BUSY_NO_HEAD_MS 10000

static void query_relationship(const struct msg_relationship *r, struct ask *ask)
{
    ask->relation = r->kind;
    ask->relation_since = r->since;
    ask->relation_until = r->until;
    ask->relation_reason = r->reason[0] != '\0';
}

static void query_ask(const struct core *c, uint16_t slot, struct ask *ask)
{
    const struct msg *m = &c->in;

    memset(ask, 0, offsetof(struct ask, subject));
    ask->subject.n = 0;
    ask->subject.unborn = false;
    ask->id = m->id;
    ask->agency = slot;
    ask->practitioner = m->practitioner;
    memcpy(ask->purpose, m->purpose, sizeof(name_t));
    memcpy(ask->basis, m->basis, sizeof(name_t));
    memcpy(ask->case_ref, m->case_ref, sizeof(name_t));
    if (m->type == MSG_INVOLVEMENT_QUERY) {
        ask->involvement = true;
        ask->subject_kind = m->involvement_query.subject_kind;
        tokens_copy(&ask->subject, &m->involvement_query.subject);
        ask->statements = m->involvement_query.statements;
        query_relationship(&m->involvement_query.relationship, ask);
        return;
    }
    memcpy(ask->question, m->insight_query.question, sizeof(name_t));
    ask->question_hint = c->bundle ? bundle_question(c->bundle, ask->question) : 0;
    ask->has_parameter = m->insight_query.has_parameter;
    ask->parameter = m->insight_query.parameter;
    ask->subject_kind = m->insight_query.subject_kind;
    if (ask->subject_kind != SUBJECT_HOUSEHOLD)
        tokens_copy(&ask->subject, &m->insight_query.subject);
    else
        ask->household = m->insight_query.household;
    ask->statements = m->insight_query.statements;
    query_relationship(&m->insight_query.relationship, ask);
    ask->has_referral = m->insight_query.has_referral;
    ask->referral = m->insight_query.referral;
}

/* "self-claimed needs a reason and alerts" (DESIGN.md section 2): the words are sealed, for whoever
 * reviews it. */
void query_self_claimed(struct core *c, const struct ask *ask, const char *reason)
{
    char *detail = c->clear.detail;
    size_t len = strlen(detail), room = sizeof(c->clear.detail) - len;

    if (ask->relation != RELATION_SELF_CLAIMED)
        return;
    (void)snprintf(detail + len, room, "%sself-claimed relationship", len ? "; " : ""); /* what reports look for */
    record_reason(c, reason);
    log_warn("self-claimed", "agency=%s", c->agencies.slots[ask->agency].reg.id);
}

static void query_record(struct core *c, const struct ask *ask, const struct pending *p)
{
    const struct decision *d = &c->decision;
    bool permitted = d->outcome == OUTCOME_PERMIT;
    struct ledger_clear *l =
        record_begin(c, permitted ? EVENT_DECIDED : EVENT_REFUSED, ask->agency);

    record_ask(c, ask);
    record_tokens(c, &ask->subject);
    if (!ask->involvement && ask->subject_kind == SUBJECT_HOUSEHOLD) {
        struct token_set household = { .n = 1, .tokens = { c->in.insight_query.household } };

        record_tokens(c, &household);
    }
    memcpy(l->rule, d->rule, sizeof(l->rule));
    l->outcome = permitted;
    l->told = permitted ? 0 : d->telling;
    if (!permitted)
        text_cut(l->reason, sizeof(l->reason), reason_word((enum reason)d->reason));
    if (d->basis == GATEWAY_OVERRIDE)
        override_used(c, l);
    record_laws(c);
    query_self_claimed(c, ask,
                       ask->involvement ? c->in.involvement_query.relationship.reason
                                        : c->in.insight_query.relationship.reason);
    if (p)
        record_holders(c, p);
}

static uint32_t query_deadline_ms(const struct core *c, const struct ask *ask)
{
    uint16_t q = ask_question(c, ask);
    uint32_t own = q == POLICY_NONE ? 0 : bundle_question_at(c->bundle, q)->deadline_ms;

    return own ? own : c->set.limits.deadline_ms;
}

/* Permitted, or refused for a hidden reason: the same way from here on, but for the tokens. */
static int query_put(struct core *c, const struct ask *ask, bool hidden, struct pending **out)
{
    bool composite = composite_asked(c, ask);
    uint16_t places = composite ? composite_places(c) : c->decision.n_holders;
    struct pending *p = NULL;
    int r = c->out.n + places > OUT_ENTRIES
                ? -ENOSPC
                : pending_add(c->pending, ask, places, c->mono_ms + query_deadline_ms(c, ask), &p);

    if (r)
        return r;
    if (composite && (r = composite_prepare(c, p)) != 0) {
        pending_drop(c->pending, p);
        return r;
    }
    if (later_wanted(c, ask) && (r = later_prepare(p)) != 0) {
        pending_drop(c->pending, p);
        return r;
    }
    p->hidden = hidden;
    p->created_now = true;
    kept_put(c, p);
    c->agencies.slots[ask->agency].n_pending++;
    c->batch.created[c->batch.n_created++] = p;
    questions_put(c, p, hidden);
    *out = p;
    return 0;
}

bool query_epoch(struct core *c, struct work *w)
{
    const char *wrong = epochs_query_wrong(c);

    if (wrong)
        lodge_refuse(c, w, wrong);
    return !wrong;
}

bool query_has_room(struct core *c, const struct work *w)
{
    const struct agency *a = &c->agencies.slots[w->agency];

    if (!heads_fresh(c)) {
        limits_count(c, w->agency, LIMITED_NO_HEAD);
        tell_busy(c, w->agency, &w->id, BUSY_NO_HEAD_MS);
        return false;
    }
    if (a->n_pending >= c->set.limits.pending_agency ||
        pending_count(c->pending) >= c->set.limits.pending_total ||
        c->out.bytes.len > OUT_BYTES_FULL || c->out.n + POLICY_AGENCIES_MAX > OUT_ENTRIES) {
        limits_count(c, w->agency, LIMITED_PENDING);
        tell_busy(c, w->agency, &w->id, BUSY_PENDING_MS);
        return false;
    }
    return true;
}

/* The broker itself answers, at once. */
static bool query_of_broker(const struct core *c, const struct ask *ask)
{
    return threshold_asked(c, ask) || referral_asked(c, ask);
}

static void query_answer(struct core *c, struct work *w, const struct ask *ask, uint64_t leaf,
                         bool hidden)
{
    if (threshold_asked(c, ask))
        threshold_answer(c, w, ask, leaf, hidden);
    else
        referral_answer(c, w, ask, leaf);
}

/* Asking under a permit is reappearance too; whoever asks learns nothing of who watches. */
static void query_watched(struct core *c, const struct ask *ask)
{
    static const struct token nowhere;

    if (c->decision.outcome == OUTCOME_PERMIT)
        watch_seen(c, ask->agency, &ask->subject,
                   ask->subject_kind == SUBJECT_HOUSEHOLD ? &ask->household : &nowhere);
}

static void query_decided(struct core *c, struct work *w, const struct ask *ask,
                          struct receipt *receipt)
{
    bool hidden = c->decision.outcome != OUTCOME_PERMIT && c->decision.telling == TELL_HIDDEN;
    bool goes = c->decision.outcome == OUTCOME_PERMIT || hidden, pinned;
    bool own = goes && query_of_broker(c, ask);
    struct pending *p = NULL;
    struct pin pin;

    pinned = goes && !own && pins_find(c, ask, hidden, &pin);
    if (goes && !own && !pinned && !later_admit(c, w, ask))
        return;
    if (goes && !own && !pinned && query_put(c, ask, hidden, &p)) {
        tell_busy(c, w->agency, &w->id, BUSY_PENDING_MS);
        return;
    }
    if (p || pinned)
        differences_put(c, ask);
    if (goes)
        quotas_put(c, ask);
    query_record(c, ask, p);
    receipt->leaf = record_end(c);
    receipts_put(c, c->agencies.slots[w->agency].reg.id, &w->id, receipt);
    decide_alert(c, ask, receipt->leaf);
    query_watched(c, ask);
    if (hidden)
        shield_attempted(c, ask);
    if (p) {
        p->leaf = receipt->leaf;
        later_begin(c, p);
    } else if (own)
        query_answer(c, w, ask, receipt->leaf, hidden);
    else if (pinned)
        pins_release(c, ask, &pin, hidden, receipt->leaf);
    else
        tell_decision(c, w->agency, &w->id, &c->decision);
}

void query_take(struct core *c, struct work *w)
{
    struct receipt receipt;
    struct ask ask;

    if (!intake_signed_enough(c, w, c->in.purpose)) {
        intake_reject(c, w, "unsigned");
        return;
    }
    /* Whatever it says: the same words again get no answer either, so nobody need hash them. */
    if (receipts_query(c, w->agency, &w->id, &receipt) != RECEIPT_NEW) {
        intake_reject(c, w, "already-asked"); /* "never an answer" */
        return;
    }
    if (!query_has_room(c, w) || !query_epoch(c, w))
        return;
    query_ask(c, w->agency, &ask);
    if (ask.has_referral && !referral_asked(c, &ask)) {
        intake_reject(c, w, "not-of-a-referral"); /* its subject may be nobody */
        return;
    }
    decide_first(c, &ask);
    differences_check(c, &ask);
    threshold_check(c, &ask);
    query_decided(c, w, &ask, &receipt);
}
