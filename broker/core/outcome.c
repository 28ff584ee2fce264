/* SPDX-License-Identifier: Apache-2.0 */
/* outcome.c - what an answer, referral or firing led to, and decisions not to share: leaves with
 * what the officers' statistics count in the clear, and never a person. */
#include "stages.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The agency sent a message of this id, and had it recorded. *leaf: its leaf. */
static bool outcome_sent(struct core *c, const struct work *w, const struct id *about,
                         uint64_t *leaf)
{
    struct receipt found;
    enum receipt_found r =
        receipts_find(c, c->agencies.slots[w->agency].reg.id, about, bytes_of(NULL, 0), &found);

    *leaf = found.leaf;
    return r != RECEIPT_NEW && !c->batch.error;
}

/* A referral that it sent or received, or a firing that it was sent. */
static bool outcome_received(struct core *c, const struct work *w, const struct id *about,
                             uint64_t *leaf)
{
    struct store_txn *t = batch_txn(c);
    struct episode_record *e = &c->episode_record;
    int r;

    if (referral_mine(c, w->agency, about)) {
        *leaf = c->referral.leaf;
        return true;
    }
    r = t ? episodes_get(t, about, e) : -EIO;
    if (r) {
        if (r != -ENOENT)
            batch_fail(c, r, "outcome");
        return false;
    }
    *leaf = e->leaf;
    for (uint8_t i = 0; i < e->n_hubs; i++)
        if (!strcmp(e->hubs[i], c->agencies.slots[w->agency].reg.id))
            return true;
    return false;
}

/* Another's and none are told alike. */
static bool outcome_about(struct core *c, struct work *w, const struct id *about, uint64_t *leaf)
{
    if (outcome_sent(c, w, about, leaf) || outcome_received(c, w, about, leaf))
        return true;
    if (!c->batch.error)
        lodge_refuse(c, w, "not-yours-to-judge");
    return false;
}

/* One for each agency and thing: kept beside the receipts, under an id that no message can have
 * (its version is not 7). Return: true when it is the first. */
static bool outcome_first(struct core *c, struct work *w, const struct id *about, uint64_t leaf)
{
    const char *agency = c->agencies.slots[w->agency].reg.id;
    struct id mark = *about;
    struct receipt found;

    mark.octets[6] |= 0xf0;
    if (receipts_find(c, agency, &mark, bytes_of(NULL, 0), &found) == RECEIPT_NEW) {
        found.leaf = leaf;
        receipts_put(c, agency, &mark, &found);
        return true;
    }
    if (!c->batch.error)
        lodge_refuse(c, w, "outcome-given");
    return false;
}

static int outcome_leaf(void *ctx, const struct ledger_record *r)
{
    memcpy(ctx, r->clear.purpose, sizeof(r->clear.purpose));
    return 1;
}

/* What it is about was for some purpose: that is the outcome's, where it says none itself. */
static void outcome_purpose(struct core *c, uint64_t leaf, char out[static NAME_MAX_LEN])
{
    char purpose[sizeof(c->clear.purpose)] = "";
    struct store_txn *t = batch_txn(c);
    int r;

    text_cut(out, NAME_MAX_LEN, c->in.purpose);
    if (out[0] || leaf == LEAF_NONE || !t)
        return;
    r = ledger_each(t, leaf, leaf + 1, outcome_leaf, purpose);
    if (r)
        batch_fail(c, r, "outcome");
    text_cut(out, NAME_MAX_LEN, purpose);
}

/* Of the evaluation in force when it is recorded: figures printed again later are the same. */
static const char *outcome_arm(const struct core *c, const char *area)
{
    static const char *const arms[] = {
        [AREA_NEITHER] = "neither", [AREA_PILOT] = "pilot", [AREA_CONTROL] = "control"
    };

    return arms[area[0] ? bundle_area_arm(c->bundle, bundle_area(c->bundle, area)) : AREA_NEITHER];
}

void outcome_take(struct core *c, struct work *w)
{
    static const char *const effects[] = {
        [EFFECT_SOONER] = "sooner", [EFFECT_DIFFERENT] = "different", [EFFECT_NO_USE] = "no-use"
    };
    const struct msg_outcome *m = &c->in.outcome;
    struct ledger_clear *l;
    uint64_t leaf = LEAF_NONE;
    name_t purpose;

    if (!lodge_begin(c, w))
        return;
    if (m->area[0] && (!c->bundle || bundle_area(c->bundle, m->area) == POLICY_NONE)) {
        lodge_refuse(c, w, "unknown-area");
        return;
    }
    if (!outcome_about(c, w, &m->about, &leaf) || !outcome_first(c, w, &m->about, leaf))
        return;
    outcome_purpose(c, leaf, purpose);
    l = lodge_record(c, w, EVENT_OUTCOME, purpose);
    l->about = leaf;
    (void)snprintf(l->detail, sizeof(l->detail), "effect=%s minutes=%u area=%s arm=%s",
                   m->effect < ALM_LEN(effects) && effects[m->effect] ? effects[m->effect] : "-",
                   m->minutes_saved, m->area[0] ? m->area : "-", outcome_arm(c, m->area));
    record_id(c, l, &m->about);
    (void)lodge_recorded(c, w);
}

/* "A decision not to share, with its reason", recorded like a disclosure: who, why, under which
 * purpose; the words are sealed. */
void not_shared_take(struct core *c, struct work *w)
{
    const struct msg_not_shared *m = &c->in.not_shared;
    struct ledger_clear *l;
    uint64_t leaf = LEAF_NONE;

    if (!lodge_begin(c, w) || (m->has_about && !outcome_about(c, w, &m->about, &leaf)))
        return;
    l = lodge_record(c, w, EVENT_NOT_SHARED, c->in.purpose);
    l->about = leaf;
    text_cut(l->question, sizeof(l->question), m->question);
    text_cut(l->reason, sizeof(l->reason), m->reason);
    if (m->text[0])
        record_reason(c, m->text);
    if (m->has_about)
        record_id(c, l, &m->about);
    (void)lodge_recorded(c, w);
}
