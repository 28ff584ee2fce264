/* SPDX-License-Identifier: Apache-2.0 */
/* ops.c - the operations of the local socket: questions to the broker, what waits for its reply,
 * and what the adapter says of itself. */
#include "host/keyring.h"
#include "host/ops.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/log.h"
#include "host/reply.h"
#include "host/request.h"
#include "host/words.h"

#include <errno.h>
#include <string.h>
#include <sysexits.h>

static const char *const keys_ask[] = { OPS_PRACTICE, "question",   "subject",
                                        "household",  "at_home",    "self_claimed",
                                        "referral",   "statements", NULL };
static const char *const keys_who[] = { OPS_PRACTICE,   "subject",    "household",
                                        "self_claimed", "statements", NULL };
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
    return (struct asker){ .key = ring_current(h->ring),
                           .index = source_index(h->source),
                           .day = host_day(h) };
}

struct asker host_asker_related(struct host *h)
{
    struct asker a = host_asker(h);

    a.relate = await_relate;
    a.ctx = h;
    return a;
}

json_t *ops_no_day(void)
{
    return local_error(
        "no-day", EX_TEMPFAIL,
        "the day of the exercise is not known before the broker has been reached; try again");
}

json_t *ops_wrong(struct host *h, int r, const char *which)
{
    if (r == -EAGAIN)
        return keyring_wait(h);
    if (r == -EBUSY)
        return local_error("no-rows", EX_TEMPFAIL,
                           "our own rows have not been read yet; try again (almoner status)");
    if (r == -EREMOTEIO)
        return local_error("source-failed", EX_TEMPFAIL,
                           "our own source cannot say why we may ask; try again, or state a reason of "
                           "your own (--self-claimed)");
    if (r < 0)
        return local_error("internal", EX_SOFTWARE, "%s: %s", which, strerror(-r));
    return local_error("bad-subject", EX_DATAERR, "%s: %s", which,
                       alm_fault_text((enum alm_fault)r));
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
    return r == 0 ? NULL : ops_wrong(h, r, "at_home");
}

static json_t *ask_subject(struct host *h, const json_t *o, bool household_too, struct ask *ask)
{
    ALM_CLEANUP(asked_subject_wipe) struct asked_subject typed;
    const struct msg_catalogue_purpose *purpose = session_purpose(h->session, h->out->purpose);
    struct asker a = host_asker_related(h);
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
    return r == 0 ? NULL : ops_wrong(h, r, which);
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

/* A referral's state is asked by its id, whoever it is about: the subject is then somebody whom
 * nobody knows, so that the broker learns nothing more of the family. */
static json_t *ask_of_referral(const struct host *h, struct msg_insight_query *to)
{
    struct token *t = &to->subject.tokens[0];

    to->subject_kind = SUBJECT_PERSON;
    to->subject.n = 1;
    t->kind = TOKEN_NAME_DOB;
    t->scheme = ring_current(h->ring)->scheme;
    t->epoch = ring_current(h->ring)->epoch;
    to->relationship.kind = RELATION_NONE;
    to->relationship.since = to->relationship.until = CIVIL_NONE;
    return crypto_random(t->value, sizeof(t->value)) == 0
               ? NULL
               : local_error("internal", EX_SOFTWARE, "no randomness for a token");
}

/* A question about a referral is about that referral: in the subject's place goes a token made by
 * chance, which is nobody's, so that the same message serves. */
static json_t *ask_nobody(const struct host *h, struct ask *ask)
{
    struct token *t = &ask->subject.tokens[0];

    memset(ask, 0, sizeof(*ask));
    ask->subject_kind = SUBJECT_PERSON;
    ask->subject.n = 1;
    *t = (struct token){ .kind = TOKEN_NAME_DOB,
                         .scheme = ring_current(h->ring)->scheme,
                         .epoch = ring_current(h->ring)->epoch };
    ask->relationship = (struct msg_relationship){ .kind = RELATION_NONE,
                                                   .since = CIVIL_NONE,
                                                   .until = CIVIL_NONE };
    return crypto_random(t->value, sizeof(t->value)) == 0
               ? NULL
               : local_error("internal", EX_SOFTWARE, "no randomness");
}

static json_t *op_ask(struct host *h, uint64_t client, const json_t *o)
{
    struct msg_insight_query *to = &h->out->insight_query;
    const struct msg_catalogue_question *q;
    struct pending *p;
    struct ask ask;
    json_t *wrong = ops_query_begin(h, o, keys_ask, MSG_INSIGHT_QUERY, true);

    if (!wrong)
        wrong = request_name(o, "question", true, to->question);
    if (!wrong)
        wrong = request_statements(o, &to->statements);
    if (!wrong)
        wrong = request_id(o, "referral", &to->has_referral, &to->referral);
    if (wrong)
        return wrong;
    if (to->has_referral && !request_has(o, "subject") && !request_has(o, "household")) {
        wrong = ask_of_referral(h, to);
        return wrong ? wrong : ops_query(h, client, &p);
    }
    q = session_question(
        h->session,
        to->question); /* one that the catalogue lacks is the broker's to refuse, and to record */
    wrong = to->has_referral && !request_has(o, "subject") && !request_has(o, "household")
                ? ask_nobody(h, &ask)
                : ask_subject(h, o, true, &ask);
    if (!wrong)
        wrong = ask_parameter(h, o, q, to);
    if (wrong)
        return wrong;
    insight_fill(&ask, q, to);
    return ops_query(h, client, &p);
}

static json_t *op_who(struct host *h, uint64_t client, const json_t *o)
{
    struct msg_involvement_query *to = &h->out->involvement_query;
    struct pending *p;
    struct ask ask;
    json_t *wrong = ops_query_begin(h, o, keys_who, MSG_INVOLVEMENT_QUERY, true);

    if (!wrong)
        wrong = request_statements(o, &to->statements);
    if (!wrong)
        wrong = ask_subject(h, o, false, &ask);
    if (wrong)
        return wrong;
    to->subject_kind = ask.subject_kind;
    to->subject = ask.subject;
    to->relationship = ask.relationship;
    return ops_query(h, client, &p);
}

static json_t *op_subject(struct host *h, uint64_t client, const json_t *o)
{
    static const char *const keys[] = { "op",           "subject", "household", "purpose", "role",
                                        "practitioner", "login",   "basis",     "case",    NULL };
    ALM_CLEANUP(asked_subject_wipe) struct asked_subject typed;
    struct asker a = host_asker_related(h);
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
        return ops_wrong(h, r, which);
    ops_reply_now(h, client,
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
        wrong = ops_not_connected(h);
    if (!wrong)
        ops_reply_now(h, client, reply_catalogue(h->session));
    return wrong;
}

/* Of the worker that reads our own source. */
static json_t *status_source(const struct host *h, const struct source_status *st)
{
    return json_pack("{s:s, s:I, s:b, s:I, s:I}", "worker", st->worker, "restarts",
                     (json_int_t)st->restarts, "loading", st->loading, "rows_loading",
                     (json_int_t)st->rows_loading, "questions",
                     (json_int_t)answering_count(h->answering));
}

static json_t *op_status(struct host *h, uint64_t client, const json_t *o)
{
    struct outbox_counts n = outbox_count(h->outbox);
    struct inbox_counts in = inbox_count(h->inbox);
    const struct index *index = source_index(h->source);
    int32_t day = host_day(h);
    struct source_status st;
    json_t *wrong = request_only(o, keys_none);

    if (wrong)
        return wrong;
    source_status(h->source, &st);
    ops_reply_now(
        h, client,
        json_pack(
            "{s:b, s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:o, s:s, s:I, s:I, s:I, s:I, s:I, s:b, s:I, "
            "s:o, s:s, s:s, s:o, s:o}",
            "ok", 1, "kind", "status", "agency", h->config.agency, "mode", h->config.mode, "origin",
            h->config.origin, "state", session_state_word(session_state(h->session)), "connected",
            session_ready(h->session), "text", session_text(h->session), "civil_day",
            reply_day(session_civil_day(h->session)), "policy", session_policy(h->session),
            "outbox", (json_int_t)n.waiting, "outbox_refused", (json_int_t)n.refused, "outbox_bad",
            (json_int_t)n.bad, "inbox", (json_int_t)in.waiting, "inbox_bad", (json_int_t)in.bad,
            "inbox_full", in.full, "people", (json_int_t)(index ? index_n_people(index) : 0),
            "data_as_of",
            reply_day(index && day != CIVIL_NONE ? source_data_day(h->source, day) : CIVIL_NONE),
            "rows", st.rows, "backend", h->config.backend, "source", status_source(h, &st),
            "tokens", keyring_json(h)));
    return NULL;
}

static void consents_ask(struct msg *query, uint16_t page, const json_t *o)
{
    (void)o;
    query->consent_list_query.page = page;
}

static uint16_t consents_add(json_t *list, const struct msg *m)
{
    reply_consents_add(list, &m->consent_list);
    return m->consent_list.pages;
}

static json_t *op_consent_list(struct host *h, uint64_t client, const json_t *o)
{
    static const struct paged how = { MSG_CONSENT_LIST_QUERY,
                                      MSG_CONSENT_LIST,
                                      consents_ask,
                                      consents_add,
                                      NULL,
                                      "consents",
                                      "consents" };
    const struct pending of = ops_first(h, client, o);
    json_t *wrong = request_only(o, keys_list);

    return wrong ? wrong : ops_pages(h, &of, &how);
}

static json_t *op_grant(struct host *h, uint64_t client, const json_t *o)
{
    json_t *wrong = lodge_consent(h, o, CONSENT_GRANTED);

    return wrong ? wrong : ops_lodge(h, client);
}

static json_t *op_refuse(struct host *h, uint64_t client, const json_t *o)
{
    json_t *wrong = lodge_consent(h, o, CONSENT_REFUSED);

    return wrong ? wrong : ops_lodge(h, client);
}

static json_t *op_not_possible(struct host *h, uint64_t client, const json_t *o)
{
    json_t *wrong = lodge_consent(h, o, CONSENT_NOT_POSSIBLE);

    return wrong ? wrong : ops_lodge(h, client);
}

static json_t *op_dispute(struct host *h, uint64_t client, const json_t *o)
{
    json_t *wrong = lodge_dispute(h, o);

    return wrong ? wrong : ops_lodge(h, client);
}

static json_t *op_withdraw(struct host *h, uint64_t client, const json_t *o)
{
    json_t *wrong = lodge_withdrawal(h, o);

    return wrong ? wrong : ops_lodge(h, client);
}

static json_t *op_change(struct host *h, uint64_t client, const json_t *o)
{
    json_t *wrong = lodge_change(h, o);

    return wrong ? wrong : ops_lodge(h, client);
}

static json_t *op_shield(struct host *h, uint64_t client, const json_t *o)
{
    json_t *wrong = lodge_shield(h, o);

    return wrong ? wrong : ops_lodge(h, client);
}

static json_t *op_override(struct host *h, uint64_t client, const json_t *o)
{
    json_t *wrong = override_request(h, o);

    return wrong ? wrong : ops_lodge(h, client);
}

static json_t *op_override_approve(struct host *h, uint64_t client, const json_t *o)
{
    json_t *wrong = override_approval(h, o, APPROVAL_APPROVE);

    return wrong ? wrong : ops_lodge(h, client);
}

static json_t *op_override_refuse(struct host *h, uint64_t client, const json_t *o)
{
    json_t *wrong = override_approval(h, o, APPROVAL_REFUSE);

    return wrong ? wrong : ops_lodge(h, client);
}

static json_t *op_override_review(struct host *h, uint64_t client, const json_t *o)
{
    json_t *wrong = override_review(h, o);

    return wrong ? wrong : ops_lodge(h, client);
}

static json_t *op_override_show(struct host *h, uint64_t client, const json_t *o)
{
    struct pending *p;
    json_t *wrong = override_query(h, o);

    if (!wrong && !session_ready(h->session))
        wrong = ops_not_connected(h);
    return wrong ? wrong : ops_query(h, client, &p);
}

static const struct op asking[] = {
    { "ask", op_ask, false },
    { "who", op_who, false },
    { "questions", op_questions, false },
    { "subject", op_subject, false },
    { "status", op_status, false },
    { "source", op_source, false },
    { "consent-grant", op_grant, true },
    { "consent-refuse", op_refuse, true },
    { "consent-not-possible", op_not_possible, true },
    { "consent-dispute", op_dispute, true },
    { "consent-withdraw", op_withdraw, true },
    { "consent-change", op_change, true },
    { "consent-list", op_consent_list, false },
    { "shield", op_shield, true },
    { "override-request", op_override, true },
    { "override-approve", op_override_approve, true },
    { "override-refuse", op_override_refuse, true },
    { "override-review", op_override_review, true },
    { "override-show", op_override_show, false },
};
static const struct op_table ops_asking = { asking, ALM_LEN(asking) };
static const struct op_table *const tables[] = { &ops_asking,    &ops_concerns, &ops_streams,
                                                 &ops_referrals, &ops_sealing,  &ops_services,
                                                 &ops_receipts,  &ops_overrides, &ops_tokens, &ops_witness,
                                                 &ops_rights };

static const struct op *op_find(const char *name)
{
    for (size_t t = 0; t < ALM_LEN(tables); t++) {
        for (size_t i = 0; i < tables[t]->n; i++) {
            if (strcmp(tables[t]->ops[i].name, name) == 0)
                return &tables[t]->ops[i];
        }
    }
    return NULL;
}

static json_t *op_do(struct host *h, uint64_t client, json_t *request)
{
    char name[32];
    const struct op *op;
    bool answered = false;
    json_t *wrong = request_text(request, "op", true, name, sizeof(name));

    if (wrong)
        return wrong;
    op = op_find(name);
    if (!op)
        return local_error("unknown-op", EX_USAGE, "the adapter knows no such operation");
    if (op->lodges)
        wrong = ops_asked(h, client, request, &answered);
    if (!wrong && !answered)
        await_run(h, client, request, op);
    return wrong;
}

void ops_request(void *ctx, uint64_t client, json_t *request)
{
    struct host *h = ctx;
    json_t *wrong;

    memset(&h->asked_id, 0, sizeof(h->asked_id));
    wrong = op_do(h, client, request);
    crypto_wipe(h->out, sizeof(*h->out));
    if (wrong)
        ops_reply_now(h, client, wrong);
    if (request->refcount == 1)
        pending_wipe_texts(request); /* no step needs it any more */
}
