/* SPDX-License-Identifier: Apache-2.0 */
/* dispute.c - "Any party may lodge disputed: grants by parents then stop until an officer, with a
 * reason, lifts it" (DOMAIN.md section 2). What a dispute stops is the engine's; here it is lodged,
 * gathered as a fact, and lifted. */
#include "stages.h"

#include "change.h"
#include "reliance.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* --- facts --- */

struct gathering {
    const struct core *c;
    const struct token_set *subject;
    bool standing, doubtful;
};

/* "Prohibitions are matched broadly." */
static int dispute_visit(void *ctx, const struct dispute_record *r)
{
    struct gathering *g = ctx;
    enum match match = match_broad(&r->dispute.subject, g->subject);

    if (r->lifted)
        return 0;
    g->standing = g->standing || match == MATCH_YES;
    g->doubtful = g->doubtful || match == MATCH_CONFLICT;
    return 0;
}

enum disputed disputes_gather(struct core *c, const struct ask *ask, struct store_txn *t)
{
    struct gathering g = { .c = c, .subject = &ask->subject };

    if (disputes_about(t, &ask->subject, ask->purpose, dispute_visit, &g))
        c->facts.incomplete = true;
    return g.standing ? DISPUTED : g.doubtful ? DISPUTED_PERHAPS : DISPUTED_NOT;
}

/* --- lodging --- */

struct looking {
    const struct core *c;
    const struct msg_dispute *dispute;
    const char *lodger;
    bool found;
};

static int dispute_own(void *ctx, const struct dispute_record *r)
{
    struct looking *l = ctx;

    if (!r->lifted && strcmp(r->lodger, l->lodger) == 0 &&
        match_broad(&r->dispute.subject, &l->dispute->subject) != MATCH_NONE)
        l->found = true;
    return 0;
}

/* One of its own stands already: a second says nothing more, and heaps of them would fill the
 * store. */
static bool dispute_is_new(struct core *c, struct work *w)
{
    struct looking l = { .c = c,
                         .dispute = &c->in.dispute,
                         .lodger = c->agencies.slots[w->agency].reg.id };
    struct store_txn *t = batch_txn(c);
    int r = t ? disputes_about(t, &c->in.dispute.subject, c->in.dispute.purpose, dispute_own, &l)
              : -ECANCELED;

    if (r) {
        batch_fail(c, r, "dispute");
        return false;
    }
    if (l.found)
        lodge_refuse(c, w, "already-disputed");
    return !l.found;
}

static bool dispute_id_free(struct core *c, struct work *w)
{
    struct store_txn *t = batch_txn(c);
    int r = t ? disputes_get(t, &w->id, &c->dispute_record) : -ECANCELED;

    if (r == -ENOENT)
        return lodge_id_free(c, w);
    if (r)
        batch_fail(c, r, "dispute");
    else
        intake_reject(c, w, "id-reused");
    return false;
}

void dispute_take(struct core *c, struct work *w)
{
    const struct msg_dispute *m = &c->in.dispute;
    struct dispute_record *r = &c->dispute_record;
    struct store_txn *t;

    if (!lodge_begin(c, w) || !lodge_party(c, w, m->purpose) ||
        !lodge_given(c, w, m->on, c->in.sent_ms) || !dispute_id_free(c, w) || !dispute_is_new(c, w))
        return;
    record_id(c, lodge_record(c, w, EVENT_DISPUTED, m->purpose), &w->id);
    record_tokens(c, &m->subject);
    memset(r, 0, sizeof(*r));
    r->leaf = lodge_recorded(c, w);
    r->id = w->id;
    memcpy(r->lodger, c->agencies.slots[w->agency].reg.id, sizeof(r->lodger));
    r->dispute = *m;
    r->lifted_on = CIVIL_NONE;
    t = batch_txn(c);
    if (t)
        disputes_put(t, r);
    reliance_end(c, &m->subject, m->purpose, CAPACITY_PARENT, NULL);
}

/* --- officers --- */

json_t *change_dispute_lift(struct core *c, struct change *ch)
{
    struct store_txn *t = batch_txn(c);
    char text[ID_TEXT];
    struct id id;
    int r;

    if (local_get_text(ch->body, "dispute", text, sizeof(text)) || id_parse(text, &id) ||
        local_get_text(ch->body, "reason", ch->reason, sizeof(ch->reason)) || !ch->reason[0])
        return local_error("bad-change", 65, "\"dispute\" (its id) and \"reason\" must be given");
    r = t ? disputes_get(t, &id, &c->dispute_record) : -EIO;
    if (r == -ENOENT)
        return local_error("unknown-dispute", 65, "there is no dispute %s", text);
    if (r) {
        batch_fail(c, r, "dispute");
        return local_error("internal", 70, "the dispute could not be read");
    }
    if (c->dispute_record.lifted)
        return local_error("already-lifted", 65, "the dispute %s was lifted before", text);
    c->dispute_record.lifted = true;
    c->dispute_record.lifted_on = c->day;
    pins_drop(c, &c->dispute_record.dispute.subject);
    disputes_put(t, &c->dispute_record);
    c->batch.wrote = true;
    text_cut(ch->agency, sizeof(ch->agency), c->dispute_record.lodger);
    (void)snprintf(ch->detail, sizeof(ch->detail), "%s", text);
    return NULL;
}
