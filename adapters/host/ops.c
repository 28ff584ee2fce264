/* SPDX-License-Identifier: Apache-2.0 */
/* ops.c - the operations of the local socket: questions to the broker, what waits for its reply,
 * and what the adapter says of itself. */
#include "base/clock.h"
#include "base/log.h"
#include "host/host.h"
#include "host/reply.h"
#include "host/request.h"
#include "host/words.h"

#include <errno.h>
#include <string.h>
#include <sysexits.h>

#define REPLY_GRACE_MS 3000 /* beyond the broker's deadline */
#define RECEIPT_MS     4000 /* a command waits so long for a receipt; then "queued" is the answer */

static const char *const keys_ask[] = {
    "op",   "question", "purpose",   "role",    "practitioner", "login", "basis",
    "case", "subject",  "household", "at_home", "self_claimed", NULL
};
static const char *const keys_none[] = { "op", NULL };
static const char *const keys_list[] = { "op",      "practitioner", "role", "login",
                                         "purpose", "basis",        "case", NULL };

int32_t host_day(const struct host *h)
{
    if (host_config_exercise(&h->config))
        return session_civil_day(h->session);
    return civil_today(clock_wall_ms());
}

struct asker host_asker(const struct host *h)
{
    return (struct asker){ &h->config.token, h->holdings.index, h->holdings.ops, h->holdings.rows,
                           host_day(h) };
}

json_t *ops_no_day(void)
{
    return local_error(
        "no-day", EX_TEMPFAIL,
        "the day of the exercise is not known before the broker has been reached; try again");
}

json_t *ops_wrong(int r, const char *which)
{
    if (r < 0)
        return local_error("internal", EX_SOFTWARE, "%s: %s", which, strerror(-r));
    return local_error("bad-subject", EX_DATAERR, "%s: %s", which,
                       alm_fault_text((enum alm_fault)r));
}

static void reply_now(struct host *h, uint64_t client, json_t *reply)
{
    if (!reply)
        reply = local_error("internal", EX_SOFTWARE, "not enough memory");
    local_reply(h->server, client, reply, true);
    json_decref(reply);
}

static json_t *not_connected(const struct host *h)
{
    return local_error("not-connected", EX_TEMPFAIL, "not connected to the broker: %s",
                       session_text(h->session));
}

static json_t *send_failed(int r)
{
    switch (r) {
    case -EINVAL:
        return local_error("bad-field", EX_DATAERR,
                           "a field is too long or of the wrong form (a line break in a text?)");
    case -EAGAIN:
        return local_error("busy", EX_TEMPFAIL, "too much is under way to the broker; try again");
    case -ENOTCONN:
        return local_error("not-connected", EX_TEMPFAIL, "not connected to the broker; try again");
    default:
        return local_error("internal", EX_SOFTWARE, "could not be sent: %s", strerror(-r));
    }
}

/* Sends h->out and remembers who waits. Return: NULL or an error reply. */
static json_t *query_send(struct host *h, uint64_t client, uint8_t kind, struct pending **out)
{
    int64_t due = clock_mono_ms() + session_deadline_ms(h->session) + REPLY_GRACE_MS;
    struct pending *p = pending_add(&h->pendings, kind, &h->out->id, client, due);
    int r;

    if (!p)
        return local_error("busy", EX_TEMPFAIL,
                           "too many questions are waiting for the broker; try again");
    r = session_send(h->session, h->out);
    if (r == 0) {
        *out = p;
        return NULL;
    }
    pending_drop(p);
    return send_failed(r);
}

/* The home that a question asks about: only where the catalogue says that it takes one. */
static json_t *ask_parameter(struct host *h, const json_t *o,
                             const struct msg_catalogue_question *q, struct msg_insight_query *to)
{
    struct asker a = host_asker(h);
    struct asked_home home;
    bool given;
    json_t *wrong = request_home(o, "at_home", &given, &home);
    int r;

    if (wrong || !q)
        return wrong;
    if (given && !q->home_parameter)
        return local_error("no-parameter", EX_USAGE, "this question takes no --at-home");
    if (!given && q->home_parameter)
        return local_error("missing-field", EX_USAGE,
                           "this question is about one home: --at-home 'address; postcode'");
    if (!given)
        return NULL;
    r = ask_home_token(&a, &home, &to->parameter);
    to->has_parameter = r == 0;
    return r == 0 ? NULL : ops_wrong(r, "at_home");
}

static json_t *ask_subject(struct host *h, const json_t *o, bool household_too, struct ask *ask)
{
    ALM_CLEANUP(asked_subject_wipe) struct asked_subject typed;
    const struct msg_catalogue_purpose *purpose = session_purpose(h->session, h->out->purpose);
    struct asker a = host_asker(h);
    text_t self_claimed;
    const char *which = "";
    bool given;
    json_t *wrong = request_subject(o, household_too, false, &given, &typed);
    int r;

    if (!wrong)
        wrong = request_text(o, "self_claimed", false, self_claimed, sizeof(self_claimed));
    if (wrong)
        return wrong;
    r = ask_work_out(&a, &typed, purpose && purpose->past_shield, self_claimed, ask, &which);
    return r == 0 ? NULL : ops_wrong(r, which);
}

static void insight_fill(const struct ask *ask, const struct msg_catalogue_question *q,
                         struct msg_insight_query *to)
{
    to->subject_kind = ask->subject_kind;
    to->subject = ask->subject;
    to->household = ask->household;
    to->relationship = ask->relationship;
    if (!q || !q->uses_homes)
        return; /* "only where the question uses them" */
    to->n_homes = (uint8_t)ask->n_homes;
    memcpy(to->homes, ask->homes, ask->n_homes * sizeof(ask->homes[0]));
}

/* What every question needs before it can be made. */
static json_t *query_begin(struct host *h, const json_t *o, uint8_t type)
{
    json_t *wrong = request_only(o, keys_ask);
    int r;

    if (wrong)
        return wrong;
    if (!session_ready(h->session))
        return not_connected(h);
    if (host_day(h) == CIVIL_NONE)
        return ops_no_day();
    r = session_prepare(h->session, type, h->out);
    return r == 0 ? request_practice(o, true, h->out) : send_failed(r);
}

static json_t *op_ask(struct host *h, uint64_t client, const json_t *o)
{
    struct msg_insight_query *to = &h->out->insight_query;
    const struct msg_catalogue_question *q;
    struct pending *p;
    struct ask ask;
    json_t *wrong = query_begin(h, o, MSG_INSIGHT_QUERY);

    if (!wrong)
        wrong = request_name(o, "question", true, to->question);
    if (wrong)
        return wrong;
    q = session_question(
        h->session,
        to->question); /* one that the catalogue lacks is the broker's to refuse, and to record */
    wrong = ask_subject(h, o, true, &ask);
    if (!wrong)
        wrong = ask_parameter(h, o, q, to);
    if (wrong)
        return wrong;
    insight_fill(&ask, q, to);
    return query_send(h, client, PENDING_QUERY, &p);
}

static json_t *op_who(struct host *h, uint64_t client, const json_t *o)
{
    struct msg_involvement_query *to = &h->out->involvement_query;
    struct pending *p;
    struct ask ask;
    json_t *wrong = query_begin(h, o, MSG_INVOLVEMENT_QUERY);

    if (!wrong)
        wrong = ask_subject(h, o, false, &ask);
    if (wrong)
        return wrong;
    to->subject_kind = ask.subject_kind;
    to->subject = ask.subject;
    to->relationship = ask.relationship;
    return query_send(h, client, PENDING_QUERY, &p);
}

static json_t *op_subject(struct host *h, uint64_t client, const json_t *o)
{
    static const char *const keys[] = { "op",           "subject", "household", "purpose", "role",
                                        "practitioner", "login",   "basis",     "case",    NULL };
    ALM_CLEANUP(asked_subject_wipe) struct asked_subject typed;
    struct asker a = host_asker(h);
    struct ask ask;
    const char *which = "";
    bool given;
    json_t *wrong = request_only(o, keys);
    int r;

    if (!wrong)
        wrong = request_subject(o, true, false, &given, &typed);
    if (!wrong && a.day == CIVIL_NONE)
        wrong = ops_no_day();
    if (wrong)
        return wrong;
    r = ask_work_out(&a, &typed, true, "", &ask,
                     &which); /* nothing leaves the adapter: our own rows may say all they know */
    if (r != 0)
        return ops_wrong(r, which);
    reply_now(h, client,
              json_pack("{s:b, s:s, s:s, s:{s:s, s:o, s:o}, s:I}", "ok", 1, "kind", "subject",
                        "known", words_of(WORDS_KNOWN, ask.known), "relationship", "kind",
                        words_of(WORDS_RELATION, ask.relationship.kind), "since",
                        reply_day(ask.relationship.since), "until",
                        reply_day(ask.relationship.until), "homes", (json_int_t)ask.n_homes));
    return NULL;
}

static json_t *op_questions(struct host *h, uint64_t client, const json_t *o)
{
    json_t *wrong = request_only(o, keys_none);

    if (!wrong && !session_ready(h->session))
        wrong = not_connected(h);
    if (!wrong)
        reply_now(h, client, reply_catalogue(h->session));
    return wrong;
}

static json_t *op_status(struct host *h, uint64_t client, const json_t *o)
{
    struct outbox_counts n = outbox_count(h->outbox);
    int32_t day = host_day(h), data_day = CIVIL_NONE;
    bool partial = false;
    json_t *wrong = request_only(o, keys_none);

    if (wrong)
        return wrong;
    if (day != CIVIL_NONE)
        h->holdings.ops->describe(h->holdings.rows, day, &partial, &data_day);
    reply_now(
        h, client,
        json_pack(
            "{s:b, s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:o, s:s, s:I, s:I, s:I, s:I, s:o, s:s, s:s}",
            "ok", 1, "kind", "status", "agency", h->config.agency, "mode", h->config.mode, "origin",
            h->config.origin, "state", session_state_word(session_state(h->session)), "connected",
            session_ready(h->session), "text", session_text(h->session), "civil_day",
            reply_day(session_civil_day(h->session)), "policy", session_policy(h->session),
            "outbox", (json_int_t)n.waiting, "outbox_refused", (json_int_t)n.refused, "outbox_bad",
            (json_int_t)n.bad, "people", (json_int_t)index_n_people(h->holdings.index),
            "data_as_of", reply_day(data_day), "rows",
            h->holdings.old ? "old"
            : partial       ? "partial"
                            : "ok",
            "backend", h->config.backend));
    return NULL;
}

static json_t *list_page(struct host *h, uint64_t client, uint16_t page, json_t *list,
                         const struct msg_practitioner *by)
{
    struct pending *p;
    int r = session_prepare(h->session, MSG_CONSENT_LIST_QUERY, h->out);
    json_t *wrong;

    if (r != 0)
        return send_failed(r);
    if (by)
        h->out->practitioner = *by;
    h->out->consent_list_query.page = page;
    wrong = query_send(h, client, PENDING_LIST, &p);
    if (wrong)
        return wrong;
    p->list = json_incref(list);
    p->page = page;
    return NULL;
}

static json_t *op_consent_list(struct host *h, uint64_t client, const json_t *o)
{
    struct msg_practitioner by;
    json_t *wrong = request_only(o, keys_list), *list;

    memset(h->out, 0, sizeof(*h->out));
    if (!wrong)
        wrong = request_practice(o, false, h->out);
    if (!wrong && !session_ready(h->session))
        wrong = not_connected(h);
    if (wrong)
        return wrong;
    by = h->out->practitioner;
    list = json_array();
    wrong = list ? list_page(h, client, 0, list, &by)
                 : local_error("internal", EX_SOFTWARE, "not enough memory");
    json_decref(list);
    return wrong;
}

static json_t *lodge_failed(const struct host *h, int r)
{
    switch (r) {
    case -ENOBUFS:
        return local_error("outbox-full", EX_TEMPFAIL,
                           "the outbox holds as many messages as it may (outbox_max = %lld): "
                           "nothing was accepted; reach the broker first",
                           (long long)h->config.outbox_max);
    case -ENOSPC:
    case -EDQUOT:
        return local_error(
            "disk-full", EX_IOERR,
            "the disk with the outbox is full: nothing was accepted; make room and try again");
    case -EINVAL:
        return send_failed(r);
    default:
        return local_error("outbox-failed", EX_IOERR,
                           "the outbox could not be written, nothing was accepted: %s",
                           strerror(-r));
    }
}

/* h->out is made: into the outbox, and wait a little for its receipt. */
static json_t *lodge_out(struct host *h, uint64_t client)
{
    enum session_state state = session_state(h->session);
    int r = session_lodge(h->session, h->out);

    if (r != 0)
        return lodge_failed(h, r);
    if ((state == SESSION_READY || state == SESSION_LEARNING) &&
        pending_add(&h->pendings, PENDING_LODGED, &h->out->id, client,
                    clock_mono_ms() + RECEIPT_MS))
        return NULL;
    reply_now(h, client, reply_queued(&h->out->id));
    return NULL;
}

static json_t *op_grant(struct host *h, uint64_t client, const json_t *o)
{
    json_t *wrong = lodge_consent(h, o, CONSENT_GRANTED);

    return wrong ? wrong : lodge_out(h, client);
}

static json_t *op_refuse(struct host *h, uint64_t client, const json_t *o)
{
    json_t *wrong = lodge_consent(h, o, CONSENT_REFUSED);

    return wrong ? wrong : lodge_out(h, client);
}

static json_t *op_not_possible(struct host *h, uint64_t client, const json_t *o)
{
    json_t *wrong = lodge_consent(h, o, CONSENT_NOT_POSSIBLE);

    return wrong ? wrong : lodge_out(h, client);
}

static json_t *op_dispute(struct host *h, uint64_t client, const json_t *o)
{
    json_t *wrong = lodge_dispute(h, o);

    return wrong ? wrong : lodge_out(h, client);
}

static json_t *op_withdraw(struct host *h, uint64_t client, const json_t *o)
{
    json_t *wrong = lodge_withdrawal(h, o);

    return wrong ? wrong : lodge_out(h, client);
}

static json_t *op_change(struct host *h, uint64_t client, const json_t *o)
{
    json_t *wrong = lodge_change(h, o);

    return wrong ? wrong : lodge_out(h, client);
}

static json_t *op_shield(struct host *h, uint64_t client, const json_t *o)
{
    json_t *wrong = lodge_shield(h, o);

    return wrong ? wrong : lodge_out(h, client);
}

static json_t *op_override(struct host *h, uint64_t client, const json_t *o)
{
    json_t *wrong = override_request(h, o);

    return wrong ? wrong : lodge_out(h, client);
}

static json_t *op_override_approve(struct host *h, uint64_t client, const json_t *o)
{
    json_t *wrong = override_approval(h, o, APPROVAL_APPROVE);

    return wrong ? wrong : lodge_out(h, client);
}

static json_t *op_override_refuse(struct host *h, uint64_t client, const json_t *o)
{
    json_t *wrong = override_approval(h, o, APPROVAL_REFUSE);

    return wrong ? wrong : lodge_out(h, client);
}

static json_t *op_override_review(struct host *h, uint64_t client, const json_t *o)
{
    json_t *wrong = override_review(h, o);

    return wrong ? wrong : lodge_out(h, client);
}

static json_t *op_override_show(struct host *h, uint64_t client, const json_t *o)
{
    struct pending *p;
    json_t *wrong = override_query(h, o);

    if (!wrong && !session_ready(h->session))
        wrong = not_connected(h);
    return wrong ? wrong : query_send(h, client, PENDING_QUERY, &p);
}

/* Return: NULL when a reply was given or will be; otherwise the error reply. */
static const struct {
    const char *op;
    json_t *(*run)(struct host *h, uint64_t client, const json_t *o);
} ops[] = {
    { "ask", op_ask },
    { "who", op_who },
    { "questions", op_questions },
    { "subject", op_subject },
    { "status", op_status },
    { "consent-grant", op_grant },
    { "consent-refuse", op_refuse },
    { "consent-not-possible", op_not_possible },
    { "consent-dispute", op_dispute },
    { "consent-withdraw", op_withdraw },
    { "consent-change", op_change },
    { "consent-list", op_consent_list },
    { "shield", op_shield },
    { "override-request", op_override },
    { "override-approve", op_override_approve },
    { "override-refuse", op_override_refuse },
    { "override-review", op_override_review },
    { "override-show", op_override_show },
};

void ops_request(void *ctx, uint64_t client, json_t *request)
{
    struct host *h = ctx;
    char op[32];
    json_t *wrong = request_text(request, "op", true, op, sizeof(op));

    for (size_t i = 0; !wrong && i < ALM_LEN(ops); i++) {
        if (strcmp(ops[i].op, op) != 0)
            continue;
        wrong = ops[i].run(h, client, request);
        crypto_wipe(h->out, sizeof(*h->out));
        if (wrong)
            reply_now(h, client, wrong);
        return;
    }
    reply_now(h, client,
              wrong ? wrong
                    : local_error("unknown-op", EX_USAGE, "the adapter knows no such operation"));
}

/* A page of our consents: the next one is asked for, until all are there. */
static void reply_list(struct host *h, struct pending *p, const struct msg_consent_list *page)
{
    uint64_t client = p->client;
    json_t *list = json_incref(p->list), *wrong = NULL;
    uint16_t next = (uint16_t)(p->page + 1);

    reply_consents_add(list, page);
    pending_drop(p);
    if (next < page->pages)
        wrong = list_page(h, client, next, list, NULL);
    else
        reply_now(h, client,
                  json_pack("{s:b, s:s, s:O}", "ok", 1, "kind", "consents", "consents", list));
    if (wrong)
        reply_now(h, client, wrong);
    json_decref(list);
}

void ops_reply(void *ctx, const struct msg *m)
{
    struct host *h = ctx;
    struct pending *p = pending_find(&h->pendings, &m->in_reply_to);

    if (!p)
        return; /* too late, or nobody's */
    if (m->type == MSG_CONSENT_LIST && p->kind == PENDING_LIST) {
        reply_list(h, p, &m->consent_list);
        return;
    }
    reply_now(h, p->client, reply_of(m, &p->id));
    pending_drop(p);
}

void ops_lost(void *ctx)
{
    struct host *h = ctx;
    struct pending *p;

    while ((p = pending_due(&h->pendings, INT64_MAX)) != NULL) {
        if (p->kind == PENDING_LODGED)
            reply_now(h, p->client, reply_queued(&p->id));
        else
            reply_now(h, p->client, not_connected(h));
        pending_drop(p);
    }
}

int64_t ops_expire(struct host *h, int64_t now_ms)
{
    struct pending *p;

    while ((p = pending_due(&h->pendings, now_ms)) != NULL) {
        if (p->kind == PENDING_LODGED)
            reply_now(h, p->client, reply_queued(&p->id));
        else
            reply_now(h, p->client,
                      local_error("no-answer", EX_TEMPFAIL,
                                  "the broker did not answer in time; ask again"));
        pending_drop(p);
    }
    return pending_next_ms(&h->pendings);
}
