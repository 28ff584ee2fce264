/* SPDX-License-Identifier: Apache-2.0 */
/* statement.c - what a family says of what is said of them: kept sealed beside the log, shown in
 * the report that they get, and made known to those who were told something of them.
 *
 * Its words lie in the table of statements alone: no leaf and no delivery has them. */
#include "recall.h"
#include "stages.h"
#include "store/statements.h"

#include <errno.h>
#include <string.h>

#define STATEMENTS_OF_ONE 16 /* of one lodger about one person */

struct counting {
    const char *lodger;
    const struct token_set *subject;
    unsigned n;
};

static int statement_count(void *ctx, const struct statement_record *r)
{
    struct counting *k = ctx;

    k->n += !strcmp(r->lodger, k->lodger) &&
            match_broad(&r->statement.subject, k->subject) != MATCH_NONE;
    return 0;
}

/* Return: a word why not; NULL it may; the batch may have failed. */
static const char *statement_wrong(struct core *c, const struct work *w)
{
    const struct msg_statement *m = &c->in.statement;
    struct counting k = { c->agencies.slots[w->agency].reg.id, &m->subject, 0 };
    struct store_txn *t = batch_txn(c);
    int r;

    if (!c->bundle)
        return "no-policy";
    if (c->agencies.slots[w->agency].index == POLICY_NONE)
        return "not-in-policy";
    r = t ? statements_about(t, &m->subject, statement_count, &k) : -EIO;
    if (r && t)
        batch_fail(c, r, "statement");
    return !r && k.n >= STATEMENTS_OF_ONE ? "too-many-statements" : NULL;
}

static bool statement_id_free(struct core *c, struct work *w)
{
    struct store_txn *t = batch_txn(c);
    struct recall_record other;
    int r = t ? recalls_get(t, &w->id, &other) : -EIO;

    if (!r)
        intake_reject(c, w, "id-reused");
    else if (r != -ENOENT && t)
        batch_fail(c, r, "statement");
    return r == -ENOENT;
}

static void statement_keep(struct core *c, const struct work *w)
{
    struct statement_record s = { .id = w->id, .statement = c->in.statement };
    struct recall_record r = { .id = w->id, .cause = STOP_STATEMENT };
    struct store_txn *t = batch_txn(c);

    if (!t)
        return;
    memcpy(s.lodger, c->agencies.slots[w->agency].reg.id, sizeof(s.lodger));
    s.lodged_on = c->day;
    s.lodged_ms = c->wall_ms;
    s.leaf = w->receipt.leaf;
    statements_put(t, &s);
    memcpy(r.lodger, s.lodger, sizeof(r.lodger));
    r.from = INT32_MIN; /* whenever they were told */
    r.until = INT32_MAX;
    r.subject_kind = s.statement.subject.unborn ? SUBJECT_UNBORN : SUBJECT_PERSON;
    r.subject = s.statement.subject;
    recall_begin(c, &r, w->receipt.leaf);
}

void statement_take(struct core *c, struct work *w)
{
    const struct msg_statement *m = &c->in.statement;
    struct ledger_clear *l;
    const char *word;

    if (!lodge_begin(c, w))
        return;
    word = statement_wrong(c, w);
    if (word)
        lodge_refuse(c, w, word);
    if (word || !statement_id_free(c, w) || !recall_room(c, w))
        return;
    l = lodge_record(c, w, EVENT_STATEMENT_LODGED, c->in.purpose);
    record_tokens(c, &m->subject);
    if (m->has_about)
        record_id(c, l, &m->about);
    (void)lodge_recorded(c, w);
    statement_keep(c, w);
}
