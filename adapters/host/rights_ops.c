/* SPDX-License-Identifier: Apache-2.0 */
/* rights_ops.c - answers of ours that were wrong, what was taken back from us and what we did with
 * it, and statements of families. */
#include "base/clock.h"
#include "host/about.h"
#include "host/events.h"
#include "host/keyring.h"
#include "host/ops.h"
#include "host/reply.h"
#include "host/request.h"
#include "host/words.h"
#include "lib/recalls.h"

#include <errno.h>
#include <string.h>
#include <sysexits.h>

#define DAY_MS INT64_C(86400000)

/* --- corrections --- */

static json_t *correction_days(const struct host *h, const json_t *o, struct msg_correction *c)
{
    json_t *wrong = request_day(o, "from", true, &c->from);

    if (!wrong)
        wrong = request_day(o, "until", false, &c->until);
    if (!wrong && c->until == CIVIL_NONE)
        c->until = host_day(h);
    if (!wrong && c->until > host_day(h))
        wrong = local_error("bad-date", EX_DATAERR, "until lies in the future");
    if (!wrong && c->until < c->from)
        wrong = local_error("bad-date", EX_DATAERR, "until lies before from");
    return wrong;
}

/* Whom it is about, under the key that it was asked under then: the current one, or the one before.
 */
static json_t *correction_about(struct host *h, const json_t *o, struct msg_correction *c)
{
    struct asker a = host_asker(h);
    const char *which = "";
    struct about about;
    bool before = false;
    json_t *wrong = request_flag(o, "previous_key", &before);
    int r;

    if (!wrong)
        wrong = about_read(h, o, true, c->until, &about);
    if (wrong)
        return wrong;
    if (before) {
        a.key = ring_previous(h->ring);
        if (!a.key)
            return local_error("no-previous-key", EX_DATAERR,
                               "the policy lists no key before the current one");
        r = about_make(&a, &h->lodging, &about, &which);
        if (r)
            return ops_wrong(h, r, which);
    }
    c->subject_kind = about.subject_kind;
    c->subject = about.subject;
    if (about.subject_kind == SUBJECT_HOUSEHOLD)
        c->household = about.household;
    return NULL;
}

static json_t *op_correction_lodge(struct host *h, uint64_t client, const json_t *o)
{
    static const char *const keys[] = { OPS_PRACTICE, "question", "subject", "household",    "from",
                                        "until",      "kind",     "reason",  "previous_key", NULL };
    struct msg_correction *c = &h->out->correction;
    json_t *wrong = lodge_begin(h, o, keys, MSG_CORRECTION);

    if (!wrong)
        wrong = request_name(o, "question", false, c->question);
    if (!wrong)
        wrong = correction_days(h, o, c);
    if (!wrong)
        wrong = request_word(o, "kind", WORDS_CORRECTION, true, &c->kind);
    if (!wrong)
        wrong = request_text(o, "reason", true, c->reason, sizeof(c->reason));
    if (!wrong)
        wrong = correction_about(h, o, c);
    if (!wrong && !c->question[0] && c->subject_kind == SUBJECT_HOUSEHOLD)
        wrong = ops_missing("question is missing: nobody is asked who is involved with a home");
    return wrong ? wrong : ops_lodge(h, client);
}

static void corrections_ask(struct msg *query, uint16_t page, const json_t *o)
{
    struct msg_correction_query *q = &query->correction_query;

    json_decref(request_id(o, "correction", &q->has_correction, &q->correction));
    q->page = q->has_correction ? 0 : page;
}

static uint16_t corrections_add(json_t *list, const struct msg *m)
{
    const struct msg_correction_list *l = &m->correction_list;

    for (size_t i = 0; i < l->n; i++) {
        const struct msg_correction_state *s = &l->entries[i];

        (void)json_array_append_new(
            list, json_pack("{s:o,s:s,s:o,s:b,s:I,s:I,s:I,s:o}", "correction",
                            event_id(&s->correction), "question", s->question, "lodged_on",
                            reply_day(s->lodged_on), "searching", s->searching, "told",
                            (json_int_t)s->told, "acknowledged", (json_int_t)s->acknowledged,
                            "overdue", (json_int_t)s->overdue, "due", event_time(s->due_ms)));
    }
    return l->pages;
}

static json_t *op_correction_show(struct host *h, uint64_t client, const json_t *o)
{
    static const char *const keys[] = { OPS_PRACTICE, "correction", NULL };
    static const struct paged how = {
        MSG_CORRECTION_QUERY, MSG_CORRECTION_LIST, corrections_ask, corrections_add, NULL,
        "corrections",        "corrections"
    };
    const struct pending of = ops_first(h, client, o);
    struct id id;
    bool has;
    json_t *wrong = request_only(o, keys);

    if (!wrong)
        wrong = request_id(o, "correction", &has, &id);
    return wrong ? wrong : ops_pages(h, &of, &how);
}

/* --- recalls --- */

json_t *event_stop(const struct msg_stop_using *s)
{
    return json_pack("{s:o,s:o,s:s,s:o,s:s,s:I,s:o,s:s}", "recall", event_id(&s->recall), "message",
                     event_id(&s->message), "question", s->question, "told_on",
                     reply_day(s->told_on), "cause", words_of(WORDS_STOP, s->cause), "replies",
                     (json_int_t)s->replies, "due", event_time(s->due_ms), "text", s->text);
}

struct listing {
    struct host *h;
    json_t *list;
};

/* In an exercise the clock of what is due stands at the day's beginning. */
static bool recall_late(const struct host *h, const struct msg_stop_using *s)
{
    int64_t now = host_config_exercise(&h->config) ? host_day(h) * DAY_MS : clock_wall_ms();

    return s->due_ms && s->due_ms < now;
}

static bool recall_listed(void *ctx, const struct id *recall, struct bytes body)
{
    const struct listing *l = ctx;
    struct msg *m = l->h->seen;
    json_t *o;

    (void)recall;
    if (wire_decode(body, m) != WIRE_OK || m->type != MSG_DELIVER || !m->deliver.has_stop)
        return true; /* told when it was read */
    o = event_stop(&m->deliver.stop);
    if (o)
        (void)json_object_set_new(o, "overdue", json_boolean(recall_late(l->h, &m->deliver.stop)));
    (void)json_array_append_new(l->list, o);
    return true;
}

static json_t *op_recall_list(struct host *h, uint64_t client, const json_t *o)
{
    static const char *const keys[] = { OPS_PRACTICE, NULL };
    struct listing l = { h, NULL };
    json_t *wrong = request_only(o, keys);
    int r;

    if (wrong)
        return wrong;
    l.list = json_array();
    r = recalls_each(h->recalls, recall_listed, &l);
    if (r) {
        json_decref(l.list);
        return local_error("recalls-failed", EX_IOERR, "what was taken back could not be read: %s",
                           strerror(-r));
    }
    ops_reply_now(h, client,
                  json_pack("{s:b, s:s, s:o}", "ok", 1, "kind", "recalls", "recalls", l.list));
    return NULL;
}

struct looking {
    struct host *h;
    struct id id;
    bool statement;
};

static bool recall_cause(void *ctx, const struct id *recall, struct bytes body)
{
    struct looking *l = ctx;
    struct msg *m = l->h->seen;

    if (!id_equal(recall, &l->id))
        return true;
    l->statement = wire_decode(body, m) == WIRE_OK && m->type == MSG_DELIVER &&
                   m->deliver.has_stop && m->deliver.stop.cause == STOP_STATEMENT;
    return false;
}

static json_t *recalls_mark(struct host *h, const struct id *recall)
{
    int r = recalls_done(h->recalls, recall);

    return r == 0 || r == -ENOENT ? NULL
                                  : local_error("recalls-failed", EX_IOERR,
                                                "it could not be put aside: %s", strerror(-r));
}

/* That there is a statement is read, not acknowledged: nobody waits to hear of it. */
static json_t *statement_seen(struct host *h, uint64_t client, const struct id *recall)
{
    json_t *wrong = recalls_mark(h, recall);

    if (!wrong)
        ops_reply_now(h, client,
                      json_pack("{s:b, s:s, s:o}", "ok", 1, "kind", "recall-seen", "recall",
                                event_id(recall)));
    return wrong;
}

/* First into the outbox, which outlasts us, then done here. */
static json_t *op_recall_done(struct host *h, uint64_t client, const json_t *o)
{
    static const char *const keys[] = { OPS_PRACTICE, "recall", "done", "text", NULL };
    struct msg_ack_of *a = &h->out->ack_of;
    struct looking l = { .h = h };
    bool has = false;
    json_t *wrong = lodge_begin(h, o, keys, MSG_ACK_OF);

    if (!wrong)
        wrong = request_id(o, "recall", &has, &a->recall);
    if (!wrong && !has)
        wrong = ops_missing("recall is missing: its id, as almoner recall list prints it");
    if (wrong)
        return wrong;
    l.id = a->recall;
    if (recalls_each(h->recalls, recall_cause, &l) == 0 && l.statement)
        return statement_seen(h, client, &l.id);
    wrong = request_word(o, "done", WORDS_DONE, true, &a->done);
    if (!wrong)
        wrong = request_text(o, "text", a->done == DONE_PASSED_ON || a->done == DONE_CANNOT,
                             a->text, sizeof(a->text));
    if (!wrong)
        wrong = ops_lodge(h, client);
    return wrong ? wrong : recalls_mark(h, &l.id);
}

/* --- statements --- */

/* A line on the wire: paragraphs follow one another. Nothing else of what the family said is
 * changed. */
static json_t *statement_text(const json_t *o, char out[static STATEMENT_MAX_LEN])
{
    const char *text = json_string_value(json_object_get(o, "body"));
    size_t n = 0;

    if (!text)
        return ops_missing("body is missing: what the family says, as text");
    for (; *text; text++) {
        bool space = (unsigned char)*text <= ' ' || *text == 0x7f;

        if (space && (n == 0 || out[n - 1] == ' '))
            continue;
        if (n == STATEMENT_MAX_LEN - 1)
            return local_error("bad-field", EX_DATAERR,
                               "a statement has at most %d bytes: keep the rest in a second one",
                               STATEMENT_MAX_LEN - 1);
        out[n++] = space ? ' ' : *text;
    }
    out[n] = '\0';
    return n ? NULL : ops_missing("body is empty");
}

static json_t *op_statement_add(struct host *h, uint64_t client, const json_t *o)
{
    static const char *const keys[] = { OPS_PRACTICE, "subject", "about", "body", NULL };
    struct msg_statement *s = &h->out->statement;
    json_t *wrong = lodge_begin(h, o, keys, MSG_STATEMENT);
    int32_t born;
    bool given;

    if (!wrong)
        wrong = request_id(o, "about", &s->has_about, &s->about);
    if (!wrong)
        wrong = statement_text(o, s->text);
    if (!wrong)
        wrong = lodge_subject(h, o, false, &given, &s->subject, &born);
    return wrong ? wrong : ops_lodge(h, client);
}

static const struct op rights[] = {
    { "correction-lodge", op_correction_lodge, true },
    { "correction-show", op_correction_show, false },
    { "recall-list", op_recall_list, false },
    { "recall-done", op_recall_done, true },
    { "statement-add", op_statement_add, true },
};
const struct op_table ops_rights = { rights, ALM_LEN(rights) };
