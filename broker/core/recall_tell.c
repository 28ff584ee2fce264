/* SPDX-License-Identifier: Apache-2.0 */
/* recall_tell.c - one StopUsing for each recall and agency, what the agency then says it did, and
 * the counts.
 *
 * What is said is the same whoever hears it and whatever they were told: neither who took an answer
 * back nor why, nor which part of a composite it was (DESIGN.md promises 4 and 5). */
#include "due.h"
#include "recall.h"
#include "stages.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* "Communicate any rectification to each recipient" (UK GDPR Art 19) has no time of its own; a week
 * leaves the rest of Art 12(3)'s month to whoever corrects. */
#define RECALL_HOURS 168
#define DUE_TEXT     "Say what you did with what is taken back: almoner recall list."

static const struct {
    const char *before, *after; /* the day of the reply stands between */
} recall_lines[] = {
    [STOP_CORRECTED] = { "What you were told of your question of ",
                         " has been corrected. Do not rely on it, or on earlier replies to it "
                         "about this person; ask again, and say what you did with it." },
    [STOP_CONSENT_ENDED] = { "The agreement that your question of ",
                             " rested on is no longer in force. What you were told then was "
                             "lawful; ask again before you rely on it." },
    [STOP_STATEMENT] = { "The family of whom you asked on ",
                         " has lodged a statement, to be read beside what you were told. Ask "
                         "whoever works with them to show it to you." },
};
static const char *const done_words[] = {
    [DONE_STOPPED] = "stopped",
    [DONE_NEVER_USED] = "never-used",
    [DONE_PASSED_ON] = "passed-on",
    [DONE_CANNOT] = "cannot",
};

/* A member that is suspended or away has it wait in its inbox; one that left has none. */
static uint16_t recall_slot(const struct core *c, const char *agency)
{
    uint16_t slot = agencies_find(&c->agencies, agency);

    return slot == AGENCY_NONE || !c->agencies.slots[slot].reg.standing ? AGENCY_NONE : slot;
}

static void recall_due(struct core *c, const struct recall_record *r, struct recall_party *p)
{
    struct due d = { .kind = DUE_RECALL, .about = r->id, .due_ms = due_in_hours(c, RECALL_HOURS) };

    memcpy(d.agency, p->agency, sizeof(d.agency));
    text_cut(d.text, sizeof(d.text), DUE_TEXT);
    due_put(c, &d);
    p->due_ms = d.due_ms;
}

static void recall_send(struct core *c, const struct recall_record *r, const struct recall_party *p,
                        uint16_t slot)
{
    struct msg_stop_using *s = &deliver_begin(c, DELIVERY_STOP_USING, NULL)->stop;
    const struct deliver_terms terms = { .leaf = LEAF_NONE };
    char on[CIVIL_TEXT];

    c->delivery.has_stop = true;
    s->recall = r->id;
    s->message = p->message;
    memcpy(s->question, p->question, sizeof(s->question));
    s->told_on = p->told_on;
    s->cause = r->cause;
    s->replies = p->replies;
    s->due_ms = p->due_ms;
    civil_format(p->told_on, on);
    (void)snprintf(s->text, sizeof(s->text), "%s%s%s", recall_lines[r->cause].before, on,
                   recall_lines[r->cause].after);
    deliver_put(c, slot, &terms);
}

void recall_tell(struct core *c, const struct recall_record *r, struct recall_party *p)
{
    struct store_txn *t = batch_txn(c);
    uint16_t slot = recall_slot(c, p->agency);

    if (!t)
        return;
    p->state = slot == AGENCY_NONE ? PARTY_GONE : PARTY_TOLD;
    p->due_ms = 0;
    if (slot == AGENCY_NONE)
        log_warn("recall-of-nobody", "agency=%s", p->agency); /* it has left: officers write */
    else if (r->cause != STOP_STATEMENT)
        recall_due(c, r, p);
    recall_party_put(t, &r->id, p);
    if (slot != AGENCY_NONE)
        recall_send(c, r, p, slot);
    c->batch.wrote = true;
}

/* --- counting --- */

struct counting {
    int64_t now;
    bool open_only;
    struct recall_counts *out;
};

static int party_count(void *ctx, const struct recall_party *p)
{
    const struct counting *k = ctx;
    struct recall_counts *n = k->out;

    if (k->open_only && p->hidden)
        return 0;
    n->gone += p->state == PARTY_GONE;
    n->told += p->state == PARTY_TOLD || p->state == PARTY_ACKNOWLEDGED;
    n->acknowledged += p->state == PARTY_ACKNOWLEDGED;
    if (p->state == PARTY_ACKNOWLEDGED && p->done < ALM_LEN(n->done))
        n->done[p->done]++;
    if (p->state == PARTY_TOLD && p->due_ms) {
        n->overdue += p->due_ms < k->now;
        n->due_ms = p->due_ms > n->due_ms ? p->due_ms : n->due_ms;
    }
    return 0;
}

int recall_count(const struct core *c, struct store_txn *t, const struct id *recall, bool open_only,
                 struct recall_counts *out)
{
    struct counting k = { due_now(c), open_only, out };

    memset(out, 0, sizeof(*out));
    return recall_parties(t, recall, party_count, &k);
}

static int party_record(void *ctx, const struct recall_party *p)
{
    struct ledger_clear *l = ctx;

    if (p->state == PARTY_GONE)
        return 0;
    if (l->n_holders < ALM_LEN(l->holders))
        memcpy(l->holders[l->n_holders], p->agency, sizeof(p->agency));
    l->n_holders++;
    return 0;
}

void recall_told(struct core *c, struct recall_record *r)
{
    struct store_txn *t = batch_txn(c);
    struct recall_counts n;
    struct ledger_clear *l;
    int e = t ? recall_count(c, t, &r->id, false, &n) : -EIO;

    if (!e) {
        l = record_begin(c, EVENT_RECALLED, agencies_find(&c->agencies, r->lodger));
        l->about = r->leaf;
        l->message = r->id;
        text_cut(l->question, sizeof(l->question), r->question);
        (void)snprintf(l->detail, sizeof(l->detail), "told=%u gone=%u", n.told, n.gone);
        e = recall_parties(t, &r->id, party_record, l);
        (void)record_end(c);
        r->phase = RECALL_TOLD;
        recalls_put(t, r);
    }
    if (e && t)
        batch_fail(c, e, "recall");
    else if (!e)
        log_info("recalled", "agency=%s told=%u gone=%u", r->lodger[0] ? r->lodger : "-", n.told,
                 n.gone);
}

/* --- what they did --- */

void ack_of_take(struct core *c, struct work *w)
{
    const struct msg_ack_of *m = &c->in.ack_of;
    const char *agency = c->agencies.slots[w->agency].reg.id;
    struct recall_record recall;
    struct recall_party p;
    struct ledger_clear *l;
    struct store_txn *t;
    int r;

    if (!lodge_begin(c, w) || (t = batch_txn(c)) == NULL)
        return;
    r = recall_party_get(t, &m->recall, agency, &p);
    if (!r)
        r = recalls_get(t, &m->recall, &recall);
    if (r && r != -ENOENT) {
        batch_fail(c, r, "recall");
        return;
    }
    /* another's and none are told alike */
    if (r || (p.state != PARTY_TOLD && p.state != PARTY_ACKNOWLEDGED)) {
        lodge_refuse(c, w, "unknown-recall");
        return;
    }
    if (p.state == PARTY_ACKNOWLEDGED) {
        lodge_refuse(c, w, "already-acknowledged");
        return;
    }
    l = lodge_record(c, w, EVENT_RECALL_ACKNOWLEDGED, c->in.purpose);
    l->about = recall.leaf;
    (void)snprintf(l->detail, sizeof(l->detail), "done=%s", done_words[m->done]);
    record_id(c, l, &m->recall);
    if (m->text[0])
        record_reason(c, m->text);
    p.leaf = lodge_recorded(c, w);
    p.state = PARTY_ACKNOWLEDGED;
    p.done = m->done;
    recall_party_put(t, &m->recall, &p);
    due_done(c, DUE_RECALL, &m->recall, agency);
}

/* --- for officers --- */

struct describing {
    struct core *c;
    struct store_txn *t;
    json_t *list;
};

static int party_outstanding(void *ctx, const struct recall_party *p)
{
    if ((p->state == PARTY_TOLD && p->due_ms) || p->state == PARTY_GONE)
        json_array_append_new(
            ctx, json_pack("{s:s,s:b}", "agency", p->agency, "gone", p->state == PARTY_GONE));
    return 0;
}

static json_t *recall_done_json(const struct recall_counts *n)
{
    json_t *o = json_object();

    for (size_t i = 1; o && i < ALM_LEN(done_words); i++)
        (void)json_object_set_new(o, done_words[i], json_integer(n->done[i]));
    return o;
}

static json_t *recall_json(const struct recall_record *r, const struct recall_counts *n,
                           json_t *outstanding)
{
    static const char *const causes[] = { [STOP_CORRECTED] = "corrected",
                                          [STOP_CONSENT_ENDED] = "consent-ended",
                                          [STOP_STATEMENT] = "statement" };
    char id[ID_TEXT], day[CIVIL_TEXT];

    id_format(&r->id, id);
    civil_format(r->lodged_on, day);
    return json_pack(
        "{s:s,s:s,s:s,s:s,s:s,s:I,s:b,s:b,s:I,s:I,s:I,s:I,s:o,s:o}", "recall", id, "cause",
        causes[r->cause], "lodger", r->lodger, "question",
        r->cause == STOP_CORRECTED && !r->question[0] ? "who-is-involved" : r->question,
        "lodged_on", day, "leaf", (json_int_t)r->leaf, "searching", r->phase < RECALL_TELLING,
        "damaged", r->phase == RECALL_DAMAGED, "told", (json_int_t)n->told, "acknowledged",
        (json_int_t)n->acknowledged, "overdue", (json_int_t)n->overdue, "gone", (json_int_t)n->gone,
        "done", recall_done_json(n), "outstanding", outstanding);
}

static int recall_describe(void *ctx, const struct recall_record *r)
{
    const struct describing *g = ctx;
    json_t *outstanding = json_array();
    struct recall_counts n;
    int e = recall_count(g->c, g->t, &r->id, false, &n);

    if (!e)
        e = recall_parties(g->t, &r->id, party_outstanding, outstanding);
    if (e) {
        json_decref(outstanding);
        return e;
    }
    return json_array_append_new(g->list, recall_json(r, &n, outstanding)) ? -ENOMEM : 0;
}

json_t *recalls_status(struct core *c)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    struct describing g = { .c = c, .list = json_array() };
    int r = store_begin(c->store, false, &t);

    g.t = t;
    if (!r)
        r = recalls_each(t, recall_describe, &g);
    if (r) {
        json_decref(g.list);
        return local_error("internal", 70, "the recalls could not be read");
    }
    return json_pack("{s:b,s:o}", "ok", 1, "recalls", g.list);
}
