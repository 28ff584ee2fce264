/* SPDX-License-Identifier: Apache-2.0 */
/* correction.c - an answer that was wrong: who may take it back, what it stops at once, and what
 * its lodger hears of those who had it.
 *
 * Whoever answered takes back only what it said itself: the search looks at decisions in which its
 * lodger was asked, so that one agency cannot call back another's answers. Whether there was any is
 * not told at lodging: what a shield kept from it would show. */
#include "recall.h"
#include "stages.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define OPEN_MOST    4 /* of one agency, whose search is not done: no one holds up the others */
#define BUSY_OPEN_MS 5000

static int open_visit(void *ctx, const struct recall_record *r)
{
    *(unsigned *)ctx += r->phase != RECALL_TOLD;
    return 0;
}

bool recall_room(struct core *c, struct work *w)
{
    struct store_txn *t = batch_txn(c);
    unsigned n = 0;
    int r =
        t ? recalls_of(t, c->agencies.slots[w->agency].reg.id, UINT64_MAX, open_visit, &n) : -EIO;

    if (r && t)
        batch_fail(c, r, "recall");
    else if (!r && n >= OPEN_MOST)
        tell_busy(c, w->agency, &w->id, BUSY_OPEN_MS);
    return !r && n < OPEN_MOST;
}

/* Ids are chosen by senders: one agency's must not fall on another's recall. */
static bool correction_id_free(struct core *c, struct work *w)
{
    struct store_txn *t = batch_txn(c);
    struct recall_record other;
    int r = t ? recalls_get(t, &w->id, &other) : -EIO;

    if (!r)
        intake_reject(c, w, "id-reused");
    else if (r != -ENOENT && t)
        batch_fail(c, r, "recall");
    return r == -ENOENT;
}

static bool correction_admit(struct core *c, struct work *w)
{
    const char *word = NULL;

    if (!c->bundle)
        word = "no-policy";
    else if (c->agencies.slots[w->agency].index == POLICY_NONE)
        word = "not-in-policy";
    else if (c->in.correction.until > c->day)
        word = "given-in-the-future";
    if (word)
        lodge_refuse(c, w, word);
    return !word && correction_id_free(c, w) && recall_room(c, w);
}

static void correction_record(struct core *c, const struct work *w)
{
    static const char *const kinds[] = { [CORRECTION_WRONG_ANSWER] = "wrong-answer",
                                         [CORRECTION_WRONG_PERSON] = "wrong-person",
                                         [CORRECTION_CHANGED_SINCE] = "changed-since" };
    const struct msg_correction *m = &c->in.correction;
    struct token_set home = { .n = 1, .tokens = { m->household } };
    struct ledger_clear *l = lodge_record(c, w, EVENT_CORRECTED, c->in.purpose);
    char from[CIVIL_TEXT], until[CIVIL_TEXT];

    civil_format(m->from, from);
    civil_format(m->until, until);
    text_cut(l->question, sizeof(l->question), m->question[0] ? m->question : "who-is-involved");
    (void)snprintf(l->detail, sizeof(l->detail), "kind=%s from=%s until=%s", kinds[m->kind], from,
                   until);
    record_tokens(c, m->subject_kind == SUBJECT_HOUSEHOLD ? &home : &m->subject);
    record_reason(c, m->reason);
}

void correction_take(struct core *c, struct work *w)
{
    const struct msg_correction *m = &c->in.correction;
    struct recall_record r = { .cause = STOP_CORRECTED, .kind = m->kind };

    if (!lodge_begin(c, w) || !correction_admit(c, w))
        return;
    r.id = w->id;
    memcpy(r.lodger, c->agencies.slots[w->agency].reg.id, sizeof(r.lodger));
    memcpy(r.question, m->question, sizeof(r.question));
    r.from = m->from;
    r.until = m->until;
    r.subject_kind = m->subject_kind;
    r.subject = m->subject;
    r.household = m->household;
    correction_record(c, w);
    recall_begin(c, &r, lodge_recorded(c, w));
    c->corrected[w->agency] = w->receipt.leaf;
}

/* --- what was said and not told yet --- */

struct covering {
    const struct pending *p;
    const char *question; /* "": who is involved */
    uint64_t latest;
    bool covers;
};

static int correction_visit(void *ctx, const struct recall_record *r)
{
    struct covering *v = ctx;
    const struct ask *ask = &v->p->ask;

    v->latest = r->leaf;
    if (r->leaf <= v->p->leaf) /* of what was answered before: it was asked anew since */
        return 0;
    if (r->cause != STOP_CORRECTED || strcmp(r->question, v->question) != 0)
        return 0;
    if (r->subject_kind == SUBJECT_HOUSEHOLD)
        v->covers |= ask->household.kind && token_equal(&r->household, &ask->household);
    else
        v->covers |= match_broad(&r->subject, &ask->subject) != MATCH_NONE;
    return 0;
}

/* c->corrected: the latest leaf of a correction by that agency, or UINT64_MAX, not looked up yet.
 */
bool correction_covers(struct core *c, const struct pending *p, const struct pending_holder *said,
                       uint16_t slot)
{
    struct covering v = { .p = p, .question = p->ask.involvement ? "" : p->ask.question };
    bool looked_up = c->corrected[slot] != UINT64_MAX;
    struct store_txn *t;
    int r;

    if (looked_up && c->corrected[slot] <= p->leaf)
        return false;
    if (p->factors)
        v.question = p->factors[said->factor];
    t = batch_txn(c);
    r = t ? recalls_of(t, c->agencies.slots[slot].reg.id, looked_up ? p->leaf : UINT64_MAX,
                       correction_visit, &v)
          : -EIO;
    if (r && t)
        batch_fail(c, r, "recall");
    if (r)
        return true;
    if (!looked_up)
        c->corrected[slot] = v.latest;
    return v.covers;
}

/* --- what became of one's own --- */

struct listing {
    struct core *c;
    struct store_txn *t;
    size_t n, skip; /* of those before the page that is read, oldest first */
    struct msg_correction_list *out;
};

static int list_count(void *ctx, const struct recall_record *r)
{
    ((struct listing *)ctx)->n += r->cause == STOP_CORRECTED;
    return 0;
}

static int list_state(struct listing *l, const struct recall_record *r,
                      struct msg_correction_state *s)
{
    struct recall_counts n;
    int e = recall_count(l->c, l->t, &r->id, true, &n);

    s->correction = r->id;
    memcpy(s->question, r->question, sizeof(s->question));
    s->lodged_on = r->lodged_on;
    s->searching = r->phase != RECALL_TOLD;
    s->told = n.told;
    s->acknowledged = n.acknowledged;
    s->overdue = n.overdue;
    s->due_ms = n.due_ms;
    return e;
}

/* Oldest first, as the index is; turned round when the page is whole. */
static int list_visit(void *ctx, const struct recall_record *r)
{
    struct listing *l = ctx;

    if (r->cause != STOP_CORRECTED || l->skip-- > 0)
        return 0;
    l->skip = 0;
    if (l->n == 0)
        return 1;
    l->n--;
    return list_state(l, r, &l->out->entries[l->out->n++]);
}

static int list_page(struct listing *l, const char *agency)
{
    size_t all, before = (size_t)l->out->page * LIST_MAX;
    int r = recalls_of(l->t, agency, UINT64_MAX, list_count, l);

    all = l->n;
    l->out->pages = (uint16_t)((all + LIST_MAX - 1) / LIST_MAX);
    if (r || before >= all)
        return r;
    l->n = all - before < LIST_MAX ? all - before : LIST_MAX;
    l->skip = all - before - l->n;
    r = recalls_of(l->t, agency, UINT64_MAX, list_visit, l);
    for (size_t i = 0; i < l->out->n / 2u; i++) {
        struct msg_correction_state s = l->out->entries[i];

        l->out->entries[i] = l->out->entries[l->out->n - 1 - i];
        l->out->entries[l->out->n - 1 - i] = s;
    }
    return r;
}

/* Return: 0; -ENOENT none of the agency's own; -errno. */
static int list_one(struct listing *l, const char *agency, const struct id *id)
{
    struct recall_record r;
    int e = recalls_get(l->t, id, &r);

    if (e)
        return e;
    if (r.cause != STOP_CORRECTED || strcmp(r.lodger, agency) != 0)
        return -ENOENT;
    l->out->pages = 1;
    return list_state(l, &r, &l->out->entries[l->out->n++]);
}

void correction_query_take(struct core *c, struct work *w)
{
    const struct msg_correction_query *m = &c->in.correction_query;
    const char *agency = c->agencies.slots[w->agency].reg.id;
    struct listing l = { .c = c };
    int r;

    if (!query_of_own(c, w) || (l.t = batch_txn(c)) == NULL)
        return;
    l.out = &tell_begin(c, MSG_CORRECTION_LIST, &w->id)->correction_list;
    l.out->page = m->page;
    r = m->has_correction ? list_one(&l, agency, &m->correction) : list_page(&l, agency);
    if (r == -ENOENT)
        lodge_refuse(c, w, "unknown-correction");
    else if (r)
        batch_fail(c, r, "recall");
    else
        query_of_own_told(c, w, "correction-list");
}
