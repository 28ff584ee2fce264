/* SPDX-License-Identifier: Apache-2.0 */
/* reliance.c - who was told what on the strength of which consent, written when it is told; and who
 * hears that the consent is gone.
 *
 * "Withdrawal ... ends subscriptions, unseals nothing, triggers fan-out; past lawful answers stay
 * logged" (DOMAIN.md section 2). One line for every way in which a consent ends, so that nothing
 * can be read from it but that it is gone (DESIGN.md promise 5). Whoever got the reply that hides
 * a person hears it too: to hear nothing would tell that there was something to hide. */
#include "recall.h"
#include "stages.h"

#include "store/reliance.h"

#include <string.h>

#define QUIET_MS    10000
#define MERGE_STEPS 1024 /* a turn */

void reliance_record(struct core *c, const struct ask *ask, uint64_t leaf)
{
    struct store_txn *t = batch_txn(c);
    struct reliance r = { .message = ask->id, .on = c->day, .leaf = leaf };

    memcpy(r.agency, c->agencies.slots[ask->agency].reg.id, sizeof(r.agency));
    for (uint16_t i = 0; t && i < c->facts.n_consents; i++) {
        if ((c->decision.grants >> i) & 1)
            reliance_put(t, &c->consent_ids[i], &r);
    }
}

void reliance_take_back(struct core *c)
{
    c->quiet.since_ms = c->mono_ms;
}

void reliance_tick(struct core *c)
{
    struct store_txn *t;

    if (!reliance_waits(c->store))
        return;
    if (c->quiet.noted != reliance_noted(c->store)) {
        c->quiet.noted = reliance_noted(c->store);
        c->quiet.since_ms = c->mono_ms;
    }
    if (c->mono_ms - c->quiet.since_ms < QUIET_MS)
        return;
    t = batch_txn(c);
    if (!t)
        return;
    reliance_merge(t, MERGE_STEPS);
    c->batch.wrote = true;
}

void reliance_begin(struct reliance_ended *e)
{
    memset(e->told, 0, sizeof(e->told));
}

struct ending {
    struct core *c;
    struct reliance_ended *e;
};

/* Each agency once, however many of the grants it was told on; its latest question, as they come.
 */
static int reliance_heard(void *ctx, const struct reliance *r)
{
    struct ending *g = ctx;
    uint16_t slot = agencies_find(&g->c->agencies, r->agency);

    if (slot == AGENCY_NONE)
        return 0; /* it is no member any more */
    if (!((g->e->told[slot / 64] >> (slot % 64)) & 1) || g->e->latest[slot].leaf < r->leaf)
        g->e->latest[slot] = *r;
    g->e->told[slot / 64] |= UINT64_C(1) << (slot % 64);
    return 0;
}

void reliance_of(struct core *c, const struct id *consent, struct reliance_ended *e)
{
    struct store_txn *t = batch_txn(c);
    struct ending g = { c, e };
    int r = t ? reliance_each(t, consent, reliance_heard, &g) : 0;

    if (r)
        batch_fail(c, r, "reliance");
}

static bool scope_names(const struct msg_scope *s, const char *agency)
{
    for (uint8_t i = 0; i < s->n && i < SCOPE_MAX; i++) {
        if (strcmp(s->agencies[i], agency) == 0)
            return true;
    }
    return s->any;
}

static bool reliance_meant(const struct core *c, const struct msg_scope *only, uint16_t slot)
{
    const struct agency *a = &c->agencies.slots[slot];
    uint16_t organisation = POLICY_NONE;

    if (!only || scope_names(only, a->reg.id))
        return true;
    if (c->bundle && a->index != POLICY_NONE)
        organisation = bundle_agency_at(c->bundle, a->index)->organisation;
    return organisation != POLICY_NONE &&
           scope_names(only, bundle_agency_at(c->bundle, organisation)->id);
}

static int reliance_leaf(void *ctx, const struct ledger_record *r)
{
    text_cut(ctx, NAME_MAX_LEN, strcmp(r->clear.question, "who-is-involved") ? r->clear.question : "");
    return 1;
}

/* What was asked then stands in the clear part of the reply's own leaf. */
static void reliance_party(struct core *c, const struct reliance *last, struct recall_party *out)
{
    struct store_txn *t = batch_txn(c);
    int r;

    *out = (struct recall_party){ .message = last->message,
                                  .told_on = last->on,
                                  .replies = 1,
                                  .state = PARTY_FOUND,
                                  .leaf = last->leaf };
    text_cut(out->agency, sizeof(out->agency), last->agency);
    r = t ? ledger_each(t, last->leaf, last->leaf + 1, reliance_leaf, out->question) : 0;
    if (r)
        batch_fail(c, r, "reliance");
}

/* One recall for the ending, and in it each agency that it was told to, once. */
static void reliance_recall(struct core *c, struct recall_record *r)
{
    struct store_txn *t = batch_txn(c);
    int e = id_new(c->wall_ms, &r->id);

    r->cause = STOP_CONSENT_ENDED;
    r->lodged_on = c->day;
    r->lodged_ms = c->wall_ms;
    r->leaf = ledger_size(c->ledger) - 1; /* of what ended it: recorded before anybody is told */
    r->phase = RECALL_TOLD;
    if (e)
        batch_fail(c, e, "reliance");
    else if (t)
        recalls_put(t, r);
}

void reliance_tell(struct core *c, const struct reliance_ended *e, const struct msg_scope *only)
{
    struct recall_record recall = { .phase = 0 };

    for (uint16_t slot = 0; slot < c->agencies.n && !c->batch.error; slot++) {
        struct recall_party p;

        if (!((e->told[slot / 64] >> (slot % 64)) & 1) || !reliance_meant(c, only, slot))
            continue;
        if (!recall.phase)
            reliance_recall(c, &recall);
        reliance_party(c, &e->latest[slot], &p);
        recall_tell(c, &recall, &p);
    }
}

/* --- every grant about a person and purpose, however it ends --- */

struct gathering {
    struct core *c;
    const struct token_set *subject;
    uint8_t capacity;
    struct reliance_ended *e;
};

static int reliance_grant(void *ctx, const struct consent_record *r)
{
    struct gathering *g = ctx;

    if (!r->is_withdrawal && r->consent.decision == CONSENT_GRANTED &&
        match_broad(&r->consent.subject, g->subject) == MATCH_YES &&
        (!g->capacity || g->capacity == r->consent.capacity))
        reliance_of(g->c, &r->id, g->e);
    return 0;
}

void reliance_end(struct core *c, const struct token_set *subject, const char *purpose,
                  uint8_t capacity, const struct msg_scope *only)
{
    struct gathering g = { c, subject, capacity, &c->ended };
    struct store_txn *t = batch_txn(c);
    int r;

    if (!t)
        return;
    reliance_begin(&c->ended);
    r = consents_about(t, c->store, subject, purpose, reliance_grant, &g);
    if (r)
        batch_fail(c, r, "reliance");
    else
        reliance_tell(c, &c->ended, only);
}
