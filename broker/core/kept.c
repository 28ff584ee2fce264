/* SPDX-License-Identifier: Apache-2.0 */
/* kept.c - a decision that is taken again is the same while everything that it rests on is: then it
 * need not be worked out.
 *
 * "A reply is decided when it is released, never held" (DESIGN.md section 4). What is kept is no
 * reply: it is the decision, with what it stands on. That is compared when the reply is released, in
 * its batch; where anything may be another, the decision is forgotten and taken afresh. Nobody tells
 * this file that something changed, so nobody can forget to: the store counts what is put and deleted,
 * the registry how often it was read. */
#include "stages.h"

#include <string.h>

#define TABLE_BIT(t) (UINT64_C(1) << (t))
/* What is put at every question, in every batch or at every report: no decision that is kept is made of
 * it. All other tables count, also those that are not there yet. TABLE_META has how far what runs by the
 * day has come; the day itself is compared. TABLE_SUBJECTS is counted by the kind of record
 * that it leads to (store_changes()). A question about a referral reads that; the broker answers it at once, and it is
 * never kept. */
#define TABLES_NO_FACTS                                                                            \
    (TABLE_BIT(TABLE_META) | TABLE_BIT(TABLE_SUBJECTS) | TABLE_BIT(TABLE_RECEIPTS) |               \
     TABLE_BIT(TABLE_LOG) | TABLE_BIT(TABLE_TREE) | TABLE_BIT(TABLE_LEAF_KEYS) |                   \
     TABLE_BIT(TABLE_HEADS) | TABLE_BIT(TABLE_QUOTAS) | TABLE_BIT(TABLE_ASKED) |                   \
     TABLE_BIT(TABLE_RELIANCE) | TABLE_BIT(TABLE_CONCERNS) | TABLE_BIT(TABLE_EPISODES) |           \
     TABLE_BIT(TABLE_WATCHES) | TABLE_BIT(TABLE_DUE) | TABLE_BIT(TABLE_QUEUES) |                   \
     TABLE_BIT(TABLE_CONTACTS) | TABLE_BIT(TABLE_REFERRALS) | TABLE_BIT(TABLE_LATER) |            \
     TABLE_BIT(TABLE_RELIANCE_NEW))
#define TABLES_OF_FACTS ((TABLE_BIT(TABLE_COUNT) - 1) & ~TABLES_NO_FACTS)

_Static_assert(TABLE_COUNT < 64, "a set of tables is a word");

struct footing footing_now(const struct core *c)
{
    return (struct footing){
        .changes = store_changes(c->store, TABLES_OF_FACTS),
        .loads = c->agencies.loads,
        .bundle = c->bundle,
        .day = c->day,
    };
}

static bool footing_same(const struct footing *a, const struct footing *b)
{
    return a->changes == b->changes && a->loads == b->loads && a->bundle == b->bundle &&
           a->day == b->day;
}

/* Not where the same facts would be decided otherwise the second time (quotas and pairs count once),
 * nor where more than one agency's part is put together of it: a composite's places are not its
 * holders, and people's answers come when another decision is due anyway. */
static bool kept_may(const struct core *c, const struct pending *p)
{
    return c->bundle && c->footing.lasts && !c->facts.incomplete && !c->facts.over_quota &&
           !c->facts.n_overrides && c->decision.reason != REASON_DIFFERENCING && !p->factors &&
           !p->later && !p->ask.eligibility && !p->ask.has_referral &&
           p->n_holders == c->decision.n_holders;
}

/* The grants that it rests on, each in its place among the facts. Return: false: too many. */
static bool kept_grants(const struct core *c, struct kept *k)
{
    for (uint16_t i = 0; i < c->facts.n_consents; i++) {
        if (!(c->decision.grants >> i & 1))
            continue;
        if (k->n_grants == KEPT_GRANTS)
            return false;
        k->grant_ids[k->n_grants++] = c->consent_ids[i];
    }
    return true;
}

void kept_put(const struct core *c, struct pending *p)
{
    const struct decision *d = &c->decision;
    struct kept *k = &p->kept;

    k->whole = false;
    k->n_grants = 0;
    if (!kept_may(c, p) || !kept_grants(c, k))
        return;
    k->footing = c->footing;
    k->facts = c->facts;
    /* what they pointed at is gone by then: who decides on them finds them not whole, and refuses */
    k->facts.consents = NULL;
    k->facts.shields = NULL;
    k->facts.overrides = NULL;
    k->outcome = d->outcome;
    k->reason = d->reason;
    k->telling = d->telling;
    k->basis = d->basis;
    k->review_due = d->review_due;
    k->n_listed = d->n_listed;
    k->grants = d->grants;
    memcpy(k->rule, d->rule, sizeof(k->rule));
    for (uint16_t i = 0; i < d->n_holders; i++) {
        p->holders[i].index = d->holders[i];
        p->holders[i].visibility = d->visibility[i];
    }
    k->whole = true;
}

/* All of c->decision but what it was worked out by, and the factors, which a composite has. */
static void kept_decision(struct core *c, const struct pending *p)
{
    const struct kept *k = &p->kept;
    struct decision *d = &c->decision;

    d->outcome = k->outcome;
    d->reason = k->reason;
    d->telling = k->telling;
    d->basis = k->basis;
    memcpy(d->rule, k->rule, sizeof(d->rule));
    d->n_holders = p->n_holders;
    for (uint16_t i = 0; i < p->n_holders; i++) {
        d->holders[i] = p->holders[i].index;
        d->visibility[i] = p->holders[i].visibility;
        d->factors[i] = 0;
    }
    d->n_listed = k->n_listed;
    d->grants = k->grants;
    d->overridden = 0;
    d->review_due = k->review_due;
    d->n_clauses = 0;
}

bool kept_stands(struct core *c, const struct pending *p)
{
    const struct kept *k = &p->kept;
    struct footing now;
    uint8_t n = 0;

    if (!k->whole || !batch_txn(c))
        return false;
    now = footing_now(c);
    if (!footing_same(&k->footing, &now))
        return false;
    c->footing = k->footing;
    c->facts = k->facts;
    for (uint16_t i = 0; i < c->facts.n_consents; i++) {
        if (k->grants >> i & 1)
            c->consent_ids[i] = k->grant_ids[n++];
    }
    kept_decision(c, p);
    c->decisions_kept++;
    return true;
}
