/* SPDX-License-Identifier: Apache-2.0 */
/* core_kept.h - what the tests of decisions that are kept share: a question whose decision is, or is
 * not, and what came of it. All in this header, for two tests. */
#pragma once
#include "core_consent.h"
#include "core_epochs.h"

static struct id kept_grant; /* what kept_on_consent() rests on */

/* --- what every test does: a question whose decision is kept, a change, and the answer --- */

static inline const struct pending *kept_waiting(struct town *t)
{
    const struct pending_holder *h;

    assert_true(town_heard(t, TOWN_POLICE, MSG_QUESTION) > 0);
    h = pending_find(t->core->pending, &t->msg.id);
    assert_non_null(h);
    return h->owner;
}

static inline void kept_ask(struct town *t, struct msg *m, bool kept)
{
    town_forget(t);
    town_say(t, TOWN_COUNCIL, m);
    town_turn(t);
    assert_int_equal(kept_waiting(t)->kept.whole, kept);
    t->core->decisions_kept = 0;
}

/* Early help about Tess, which rests on her consent. */
static inline void kept_on_consent(struct town *t)
{
    kept_grant = lodged(t, TOWN_COUNCIL, town_consent(t, PURPOSE, TOWN_TESS));
    kept_ask(t, town_insight(t, PURPOSE, "noise", TOWN_TESS), true);
}

static inline void kept_without(struct town *t)
{
    kept_ask(t, town_insight(t, "safeguarding", "noise", TOWN_TESS), true);
}

/* A lodged message, with the question still among what was heard. */
static inline void kept_meanwhile(struct town *t, enum town_agency who, struct msg *m)
{
    town_say(t, who, m);
    town_turn(t);
    assert_string_equal(town_refusal(t, who), "");
    assert_true(town_heard(t, who, MSG_RECEIPT) > 0);
}

static inline void kept_answered(struct town *t, uint8_t value)
{
    town_answer(t, TOWN_POLICE, value);
    town_turn(t);
}

static inline void kept_told(struct town *t, uint8_t value, uint64_t kept)
{
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
    assert_int_equal(t->msg.insight.value, value);
    assert_int_equal(t->core->decisions_kept, kept);
}

/* The police said yes, and it is not told, for this reason. */
static inline void kept_not_told(struct town *t, const char *told, const char *reason)
{
    struct ledger_clear leaf;

    kept_answered(t, ANSWER_YES);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 0);
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), told);
    assert_int_equal(town_leaves(t, EVENT_DISCLOSED, NULL), 0);
    assert_int_equal(town_leaves(t, EVENT_NOT_DISCLOSED, &leaf), 1);
    assert_string_equal(leaf.reason, reason);
    assert_int_equal(t->core->decisions_kept, 0);
}

/* Told all the same, and decided afresh: it might have been otherwise. */
static inline void kept_looked_at_again(struct town *t)
{
    kept_answered(t, ANSWER_YES);
    kept_told(t, INSIGHT_YES, 0);
}

/* Its purposes are over since yesterday. */
static inline void kept_purposes_over(struct layout *l)
{
    static struct lay_purpose over[8];

    assert_true(l->n_purposes <= ALM_LEN(over));
    memcpy(over, l->purposes, l->n_purposes * sizeof(over[0]));
    for (uint16_t i = 0; i < l->n_purposes; i++)
        over[i].until = TOWN_DAY - 1;
    l->purposes = over;
}
