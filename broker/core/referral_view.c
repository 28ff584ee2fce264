/* SPDX-License-Identifier: Apache-2.0 */
/* referral_view.c - a referral's state as a catalogue question, which the broker itself answers,
 * and an agency's own referrals as a list. No tokens, no practitioners. */
#include "referral.h"

#include <errno.h>
#include <string.h>

#define BUSY_NO_HEAD_MS 10000

bool referral_asked(const struct core *c, const struct ask *ask)
{
    uint16_t q = ask_question(c, ask);

    return q != POLICY_NONE && bundle_question_at(c->bundle, q)->kind == QUESTION_REFERRAL;
}

/* "state none before it was sent": an id that nobody has is nobody's referral. */
uint8_t referral_party(struct core *c, const struct ask *ask)
{
    int r;

    if (!referral_asked(c, ask) || !ask->has_referral)
        return 0;
    r = referral_load(c, &ask->referral);
    if (r == -ENOENT)
        return 1;
    return r ? 0 : referral_known_to(c, ask->agency) ? 1 : 2;
}

bool referral_mine(struct core *c, uint16_t slot, const struct id *id)
{
    return !referral_load(c, id) && referral_known_to(c, slot);
}

/* The first day of a state that nobody has set. */
static int32_t view_since(const struct core *c, uint8_t state)
{
    const struct referral_record *r = &c->referral;

    if (state == REFERRAL_OVERDUE)
        return r->due_on + 1;
    if (state == REFERRAL_EXPIRED && life_open(r->state))
        return r->last_on + bundle_referral_rules(c->bundle)->expire_days + 1;
    return r->since;
}

/* For whoever had it and sent it on it is redirected, whatever becomes of it there. */
static void view_fill(const struct core *c, uint16_t slot, struct msg_referral_state *out)
{
    const struct referral_record *r = &c->referral;
    bool passed_on = referral_passed_on(c, slot);

    out->referral = r->id;
    out->as_of = c->day;
    out->state = passed_on ? REFERRAL_REDIRECTED : referral_state_now(c);
    out->due_on = CIVIL_NONE;
    out->since = CIVIL_NONE;
    if (out->state == REFERRAL_NONE)
        return; /* dated after today: the day was never set back, so only by a fault */
    out->kind = r->kind;
    if (r->origin == ORIGIN_AGENCY)
        memcpy(out->from, r->from, sizeof(out->from));
    memcpy(out->to, r->to, sizeof(out->to));
    memcpy(out->service, r->service, sizeof(out->service));
    out->since = view_since(c, out->state);
    if (passed_on || r->due == LIFE_DUE_NOTHING || out->state == REFERRAL_EXPIRED)
        return;
    out->due_on = r->due_on;
    text_cut(out->due_role, sizeof(out->due_role), bundle_referral_rules(c->bundle)->decide_role);
}

void referral_answer(struct core *c, struct work *w, const struct ask *ask, uint64_t leaf)
{
    struct msg_referral_state *out = &tell_begin(c, MSG_REFERRAL_STATE, &w->id)->referral_state;
    int r = referral_load(c, &ask->referral);
    struct ledger_clear *l;

    if (r && r != -ENOENT)
        return;
    if (r) {
        out->referral = ask->referral;
        out->state = REFERRAL_NONE;
        out->since = out->due_on = CIVIL_NONE;
        out->as_of = c->day;
    } else {
        view_fill(c, w->agency, out);
    }
    text_cut(out->policy_rule, sizeof(out->policy_rule), c->decision.rule);
    if (tell_send(c, w->agency)) {
        tell_word(c, w->agency, &w->id, "internal");
        return;
    }
    l = record_begin(c, EVENT_DISCLOSED, w->agency);
    record_ask(c, ask);
    memcpy(l->rule, c->decision.rule, sizeof(l->rule));
    l->about = leaf;
    l->outcome = 1;
    l->completeness = COMPLETE_ALL;
    record_id(c, l, &ask->referral);
    (void)record_end(c);
}

struct listing {
    struct core *c;
    uint16_t slot;
    bool open_only;
    size_t n, from;
    struct msg_referral_list *out;
};

static int list_visit(void *ctx, const struct referral_record *r)
{
    struct listing *l = ctx;
    size_t at;

    l->c->referral = *r;
    if (!referral_known_to(l->c, l->slot))
        return 0;
    if (l->open_only && (referral_passed_on(l->c, l->slot) ||
                         referral_state_now(l->c) == REFERRAL_EXPIRED || !r->running))
        return 0;
    at = l->n++;
    if (at >= l->from && l->out->n < LIST_MAX)
        view_fill(l->c, l->slot, &l->out->entries[l->out->n++]);
    return 0;
}

/* A query like any other: answered once, to a practitioner in good standing, while the log is
 * signed. */
bool query_of_own(struct core *c, struct work *w)
{
    if (receipts_find(c, c->agencies.slots[w->agency].reg.id, &w->id, w->envelope.body,
                      &w->receipt) != RECEIPT_NEW) {
        intake_reject(c, w, "already-asked"); /* "never an answer" */
        return false;
    }
    if (!heads_fresh(c)) {
        limits_count(c, w->agency, LIMITED_NO_HEAD);
        tell_busy(c, w->agency, &w->id, BUSY_NO_HEAD_MS);
        return false;
    }
    if (!c->bundle) {
        lodge_refuse(c, w, "no-policy");
        return false;
    }
    return lodge_practitioner(c, w);
}

void query_of_own_told(struct core *c, struct work *w, const char *question)
{
    if (tell_send(c, w->agency)) {
        lodge_refuse(c, w, "internal");
        return;
    }
    lodge_record(c, w, EVENT_DISCLOSED, c->in.purpose);
    text_cut(c->clear.question, sizeof(c->clear.question), question);
    w->receipt.leaf = record_end(c);
    receipts_put(c, c->agencies.slots[w->agency].reg.id, &w->id, &w->receipt);
}

void referral_query_take(struct core *c, struct work *w)
{
    struct listing l = { .c = c, .slot = w->agency, .open_only = c->in.referral_query.open_only };
    name_t agency;
    struct store_txn *t;
    int r;

    if (!query_of_own(c, w) || (t = batch_txn(c)) == NULL)
        return;
    l.out = &tell_begin(c, MSG_REFERRAL_LIST, &w->id)->referral_list;
    l.out->page = c->in.referral_query.page;
    l.from = (size_t)l.out->page * LIST_MAX;
    text_cut(agency, sizeof(agency), c->agencies.slots[w->agency].reg.id);
    r = referrals_of(t, (const name_t *)&agency, 1, list_visit, &l);
    if (r) {
        batch_fail(c, r, "referral");
        return;
    }
    l.out->pages = (uint16_t)((l.n + LIST_MAX - 1) / LIST_MAX);
    query_of_own_told(c, w, "referral-list");
}
