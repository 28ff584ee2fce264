/* SPDX-License-Identifier: Apache-2.0 */
/* retention_leaves.c - which leaves of the log have come to the end of their clock. What remains of
 * one is its clear part, which names no person, and the tree still proves it.
 *
 * The log is in order of time: what lies beyond a class's cut is not due, and is not read. */
#include "retention.h"
#include "stages.h"

#include "store/disputes.h"
#include "store/overrides.h"

#include <errno.h>
#include <string.h>

#define BLOCKS_A_TURN 8 /* of leaves, in which nothing may be due */

_Static_assert((int)RETENTION_DECISIONS == (int)CLASS_DECISION &&
                   (int)RETENTION_CONSENTS == (int)CLASS_CONSENT &&
                   (int)RETENTION_SHIELDS == (int)CLASS_SHIELD &&
                   (int)RETENTION_CONCERNS == (int)CLASS_CONCERN &&
                   (int)RETENTION_REFERRALS == (int)CLASS_REFERRAL &&
                   (int)RETENTION_OVERRIDES == (int)CLASS_OVERRIDE &&
                   (int)RETENTION_OFFICERS == (int)CLASS_OFFICER &&
                   (int)RETENTION_OTHER == (int)CLASS_OTHER && RETENTION_CLASSES == CLASS_COUNT - 1,
               "a class of the log is a class of the policy");

static int leaf_copy(void *ctx, const struct ledger_record *r)
{
    memcpy(ctx, &r->clear, sizeof(r->clear));
    return 1;
}

int leaf_read(struct store_txn *t, uint64_t leaf, struct ledger_clear *out)
{
    int r;

    out->event = 0;
    r = ledger_each(t, leaf, leaf + 1, leaf_copy, out);
    if (r < 0)
        return r;
    return out->event ? 0 : -ENOENT;
}

/* --- cuts --- */

/* The first leaf of a later day than this. */
static int cut_at(struct store_txn *t, int64_t day, uint64_t size, uint64_t *out)
{
    uint64_t low = 0, high = size;
    struct ledger_clear l;

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        int r = leaf_read(t, middle, &l);

        if (r < 0)
            return r == -ENOENT ? -EBADMSG : r;
        if (l.civil_day <= day)
            low = middle + 1;
        else
            high = middle;
    }
    *out = low;
    return 0;
}

static int cuts_make(struct core *c, struct store_txn *t, int32_t day)
{
    struct retention *k = c->retention;
    uint64_t size = 0;
    int r;

    if (k->cut_day == day && !memcmp(k->cut_policy, bundle_hash(c->bundle), POLICY_HASH_LEN))
        return 0;
    r = ledger_count(t, &size);
    for (uint8_t class = 1; class <= RETENTION_CLASSES && !r; class ++) {
        int64_t last = (int64_t)day - 1 - bundle_retention_days(c->bundle, class, 0, 0);

        /* A concern's leaf goes with its record, whose clock may be shorter than its class's. */
        r = cut_at(t, class == RETENTION_CONCERNS ? day : last, size, &k->cuts[class]);
    }
    if (r)
        return r;
    k->cut_day = day;
    memcpy(k->cut_policy, bundle_hash(c->bundle), POLICY_HASH_LEN);
    return 0;
}

/* --- one leaf --- */

static int on_file(int r)
{
    return r == -ENOENT ? 0 : r < 0 ? r : 1;
}

static int concern_on_file(struct core *c, struct store_txn *t, const struct id *id)
{
    int r = on_file(concerns_get(t, id, &c->concern_record));

    if (r == 0)
        r = on_file(watches_get(t, id, &c->watch_record));
    return r ? r : on_file(episodes_get(t, id, &c->episode_record));
}

int leaf_on_file(struct core *c, struct store_txn *t, const struct ledger_clear *l, uint8_t class)
{
    int r;

    if (id_is_zero(&l->message))
        return 0;
    switch ((enum ledger_class) class) {
    case CLASS_CONSENT:
        r = on_file(consents_get(t, &l->message, &c->record));
        return r ? r : on_file(disputes_get(t, &l->message, &c->dispute_record));
    case CLASS_SHIELD:
        return on_file(shields_get(t, &l->message, &c->shield_record));
    case CLASS_CONCERN:
        return concern_on_file(c, t, &l->message);
    case CLASS_REFERRAL:
        return on_file(referrals_get(t, &l->message, &c->referral));
    case CLASS_OVERRIDE:
        return on_file(overrides_get(t, &l->message, &c->override_record));
    case CLASS_DECISION:
    case CLASS_OFFICER:
    case CLASS_OTHER:
    case CLASS_COUNT:
    default:
        return 0;
    }
}

struct going { /* leaves that this step forgets */
    uint64_t at[RETENTION_STEP];
    size_t n;
};

static bool going_has(const struct going *g, uint64_t leaf)
{
    for (size_t i = 0; i < g->n; i++)
        if (g->at[i] == leaf)
            return true;
    return false;
}

/* What a leaf follows from is still there, and stays: it waits for that. */
static int leaf_waits(struct store_txn *t, const struct ledger_clear *l, uint8_t class,
                      const struct going *going)
{
    uint8_t other = 0;
    bool forgotten = true;
    int r;

    if (l->about == LEAF_NONE || going_has(going, l->about))
        return 0;
    r = ledger_class_of(t, l->about, &other, &forgotten);
    return r < 0 ? r : other == class && !forgotten;
}

/* Concerns have several clocks, and their records the right one: a leaf of theirs goes when the
 * record has. What neither lodged one nor follows from one waits for the longest that it may stand.
 */
static bool concern_leaf_due(const struct core *c, const struct ledger_clear *l, int32_t day)
{
    if (l->event == EVENT_CONCERN_LODGED || l->event == EVENT_WATCH_LODGED || l->about != LEAF_NONE)
        return true;
    return (int64_t)l->civil_day + bundle_concern_rules(c->bundle)->most_days +
               bundle_retention_days(c->bundle, RETENTION_CONCERNS, 0, 0) <
           day;
}

/* Return: 1 its clock has run out; 0; -errno. */
static int leaf_due(struct core *c, struct store_txn *t, const struct ledger_clear *l,
                    uint8_t class, int32_t day, const struct going *going)
{
    bool out = (int64_t)l->civil_day + bundle_retention_days(c->bundle, class, 0, 0) < day;
    bool bound = class != CLASS_DECISION && class != CLASS_OFFICER && class != CLASS_OTHER;
    int r;

    if (!bound)
        return out;
    if (!out && class != CLASS_CONCERN)
        return 0;
    r = leaf_on_file(c, t, l, class);
    if (r == 0)
        r = leaf_waits(t, l, class, going);
    if (r)
        return r < 0 ? r : 0;
    return class == CLASS_CONCERN ? concern_leaf_due(c, l, day) : 1;
}

/* --- a step --- */

struct leaves { /* of one block that may be due */
    const uint64_t *cuts;
    size_t n, most; /* most: at most RETENTION_STEP */
    uint64_t at[RETENTION_STEP];
    uint8_t class[RETENTION_STEP];
};

static int leaves_visit(void *ctx, uint64_t leaf, uint8_t class)
{
    struct leaves *v = ctx;

    if (class < 1 || class > RETENTION_CLASSES || leaf >= v->cuts[class])
        return 0;
    v->at[v->n] = leaf;
    v->class[v->n++] = class;
    return v->n == v->most ? 1 : 0;
}

static int choose(void *ctx, uint64_t leaf, uint8_t class)
{
    (void)class;
    return going_has(ctx, leaf);
}

/* Those of the candidates that are due and that nobody holds, in order. */
static int leaves_choose(struct core *c, struct store_txn *t, const struct leaves *v,
                         struct retention_state *s, struct going *out)
{
    struct ledger_clear l;

    for (size_t i = 0; i < v->n; i++) {
        int r = leaf_read(t, v->at[i], &l);

        if (!r)
            r = leaf_due(c, t, &l, v->class[i], s -> day, out);
        if (r < 0)
            return r;
        if (r == 0)
            continue;
        r = holds_leaf(c, t, v->at[i]);
        if (r < 0)
            return r;
        if (r)
            s->counts.held++;
        else
            out->at[out->n++] = v->at[i];
    }
    return 0;
}

static int leaves_forget(struct core *c, struct store_txn *t, struct going *going,
                         struct retention_state *s)
{
    size_t done = 0;

    if (!going->n)
        return 0;
    retention_begun(c);
    retention_dirty(c);
    while (done < going->n) {
        uint64_t next = 0;
        int r =
            ledger_forget_in(t, going->at[done], going->at[going->n - 1] + 1, choose, going, &next);

        if (r < 0)
            return r;
        s->counts.leaves += (uint64_t)r;
        while (done < going->n && going->at[done] < next)
            done++;
    }
    return 0;
}

int leaves_step(struct core *c, struct store_txn *t, struct retention_state *s, bool *done)
{
    struct leaves v = { .cuts = c->retention->cuts, .most = retention_most(c) };
    struct going going = { .n = 0 };
    uint64_t end = 0;
    int r = cuts_make(c, t, s->day);

    if (r)
        return r;
    for (uint8_t class = 1; class <= RETENTION_CLASSES; class ++)
        end = c->retention->cuts[class] > end ? c->retention->cuts[class] : end;
    r = ledger_find(t, NULL, 0, &s->next, end, BLOCKS_A_TURN, leaves_visit, &v);
    if (r < 0)
        return r;
    *done = r == 0;
    r = leaves_choose(c, t, &v, s, &going);
    return r < 0 ? r : leaves_forget(c, t, &going, s);
}
