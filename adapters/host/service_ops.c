/* SPDX-License-Identifier: Apache-2.0 */
/* service_ops.c - what we have to decide, which services there are, and whether somebody is
 * eligible. */
#include "base/clock.h"
#include "host/events.h"
#include "host/ops.h"
#include "host/reply.h"
#include "host/request.h"
#include "host/services.h"
#include "host/words.h"
#include "lib/ask.h"

#include <string.h>
#include <sysexits.h>

/* --- due --- */
void due_ask(struct msg *query, uint16_t page, const json_t *o)
{
    query->due_query.page = page;
    query->due_query.overdue_only = json_is_true(json_object_get(o, "overdue"));
}

uint16_t due_add(json_t *list, const struct msg *m)
{
    for (size_t i = 0; i < m->due_list.n; i++) {
        const struct msg_due_entry *e = &m->due_list.entries[i];

        (void)json_array_append_new(
            list, json_pack("{s:s,s:o,s:s,s:o,s:b,s:s}", "due_kind", words_of(WORDS_DUE, e->kind),
                            "about", event_id(&e->about), "role", e->role, "due",
                            event_time(e->due_ms), "overdue", e->overdue, "text", e->text));
    }
    return m->due_list.pages;
}

static json_t *op_due(struct host *h, uint64_t client, const json_t *o)
{
    static const struct paged how = { MSG_DUE_QUERY, MSG_DUE_LIST, due_ask, due_add,
                                      NULL,          "due",        "due" };
    static const char *const keys[] = { OPS_PRACTICE, "overdue", NULL };
    const struct pending of = ops_first(h, client, o);
    bool overdue;
    json_t *wrong = request_only(o, keys);

    if (!wrong)
        wrong = request_flag(o, "overdue", &overdue);
    return wrong ? wrong : ops_pages(h, &of, &how);
}

/* --- the directory --- */
static void directory_ask(struct msg *query, uint16_t page, const json_t *o)
{
    struct msg_directory_query *q = &query->directory_query;

    q->page = page;
    json_decref(request_name(o, "need", false, q->need)); /* read before, without complaint */
    json_decref(request_name(o, "area", false, q->area));
    json_decref(request_word(o, "kind", WORDS_REFERRAL, false, &q->kind));
}

void services_ask_all(struct msg *query, uint16_t page, const json_t *o)
{
    (void)o;
    query->directory_query.page = page;
}

static json_t *service_json(const struct msg_service *s)
{
    json_t *needs = json_array(), *kinds = json_array();

    for (size_t i = 0; needs && i < s->n_needs; i++)
        (void)json_array_append_new(needs, json_string(s->needs[i]));
    for (unsigned i = 0; kinds && i < 8; i++) {
        if (s->kinds & (1u << i))
            (void)json_array_append_new(kinds, json_string(words_of(WORDS_REFERRAL, i + 1)));
    }
    return json_pack("{s:s,s:s,s:s,s:s,s:o,s:o,s:b}", "service", s->id, "agency", s->agency,
                     "title", s->title, "contact", s->contact, "needs", needs, "referral_kinds",
                     kinds, "criteria", s->criteria);
}

uint16_t services_add(json_t *list, const struct msg *m)
{
    for (size_t i = 0; i < m->directory.n; i++)
        (void)json_array_append_new(list, service_json(&m->directory.services[i]));
    return m->directory.pages;
}

static json_t *op_find(struct host *h, uint64_t client, const json_t *o)
{
    static const struct paged how = { MSG_DIRECTORY_QUERY, MSG_DIRECTORY, directory_ask,
                                      services_add,        NULL,          "services",
                                      "services" };
    static const char *const keys[] = { OPS_PRACTICE, "need", "area", "kind", NULL };
    const struct pending of = ops_first(h, client, o);
    name_t name;
    uint8_t kind;
    json_t *wrong = request_only(o, keys);

    if (!wrong)
        wrong = request_name(o, "need", false, name);
    if (!wrong)
        wrong = request_name(o, "area", false, name);
    if (!wrong)
        wrong = request_word(o, "kind", WORDS_REFERRAL, false, &kind);
    return wrong ? wrong : ops_pages(h, &of, &how);
}

/* --- eligibility --- */
static json_t *eligibility_came(struct host *h, struct pending *p, const struct msg *m)
{
    const struct msg_eligibility *e = &m->eligibility;
    json_t *missing;

    if (m->type != MSG_ELIGIBILITY)
        return local_error("internal", EX_SOFTWARE, "the broker's reply is of another kind");
    missing = json_array();
    for (size_t i = 0; missing && i < e->n_missing; i++)
        (void)json_array_append_new(missing, json_string(e->missing[i]));
    ops_reply_now(h, p->client,
                  json_pack("{s:b,s:s,s:o,s:O,s:s,s:s,s:o,s:o,s:s,s:s}", "ok", 1, "kind",
                            "eligibility", "message_id", event_id(&m->in_reply_to), "service",
                            json_object_get(p->request, "service"), "value",
                            words_of(WORDS_ELIGIBLE, e->value), "completeness",
                            words_of(WORDS_COMPLETENESS, e->completeness), "missing", missing,
                            "as_of", reply_day(e->as_of), "rule", e->policy_rule, "guidance",
                            e->guidance));
    return NULL;
}

static json_t *eligible_subject(struct host *h, const json_t *o, struct msg_eligibility_query *q)
{
    ALM_CLEANUP(asked_subject_wipe) struct asked_subject typed;
    const struct msg_catalogue_purpose *purpose = session_purpose(h->session, h->out->purpose);
    struct asker a = host_asker_related(h);
    const char *which = "";
    text_t self_claimed;
    struct ask ask;
    bool given;
    json_t *wrong = request_subject(o, true, false, &given, &typed);
    int r;

    if (!wrong)
        wrong = request_text(o, "self_claimed", false, self_claimed, sizeof(self_claimed));
    if (wrong)
        return wrong;
    r = ask_work_out(&a, &typed, purpose && purpose->past_shield, self_claimed, &ask, &which);
    if (r != 0)
        return ops_wrong(h, r, which);
    q->subject_kind = ask.subject_kind;
    q->subject = ask.subject;
    q->household = ask.household;
    q->relationship = ask.relationship;
    q->n_homes = (uint8_t)ask.n_homes; /* where somebody lives is a criterion of most services */
    memcpy(q->homes, ask.homes, ask.n_homes * sizeof(ask.homes[0]));
    return NULL;
}

static json_t *op_eligible(struct host *h, uint64_t client, const json_t *o)
{
    static const char *const keys[] = { OPS_PRACTICE,   "service",    "subject", "household",
                                        "self_claimed", "statements", NULL };
    struct msg_eligibility_query *q = &h->out->eligibility_query;
    const struct pending of = ops_first(h, client, o);
    json_t *wrong = ops_query_begin(h, o, keys, MSG_ELIGIBILITY_QUERY, true);

    if (!wrong)
        wrong = request_name(o, "service", true, q->service);
    if (!wrong)
        wrong = request_statements(o, &q->statements);
    if (!wrong)
        wrong = eligible_subject(h, o, q);
    return wrong ? wrong : ops_step(h, &of, eligibility_came);
}

static const struct op services[] = {
    { "due", op_due, false },
    { "service-find", op_find, false },
    { "service-eligible", op_eligible, false },
};
const struct op_table ops_services = { services, ALM_LEN(services) };
