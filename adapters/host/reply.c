/* SPDX-License-Identifier: Apache-2.0 */
/* reply.c - one builder per kind of reply. */
#include "host/reply.h"

#include "base/clock.h"
#include "host/events.h"
#include "host/referrals.h"
#include "host/words.h"
#include "lib/session.h"

json_t *reply_day(int32_t day)
{
    char text[CIVIL_TEXT];

    civil_format(day, text);
    return json_string(text);
}

static json_t *reply_id(const struct id *id)
{
    char text[ID_TEXT];

    id_format(id, text);
    return json_string(text);
}

json_t *reply_insight_part(const struct msg_insight *i)
{
    return json_pack("{s:s, s:s, s:o, s:s, s:s, s:b}", "answer", words_of(WORDS_INSIGHT, i->value),
                     "completeness", words_of(WORDS_COMPLETENESS, i->completeness), "as_of",
                     reply_day(i->as_of), "rule", i->policy_rule, "guidance", i->guidance,
                     "review_due", i->review_due);
}

/* later_by: until when somebody's answer by hand is awaited; "": the reply is the final one. */
static json_t *reply_with(const char *kind, const struct id *id, int64_t later_by_ms, json_t *part)
{
    json_t *o = json_pack("{s:b, s:s, s:o, s:o}", "ok", 1, "kind", kind, "message_id", reply_id(id),
                          "later_by", event_time(later_by_ms));

    if (json_object_update(o, part)) {
        json_decref(o);
        o = NULL;
    }
    json_decref(part);
    return o;
}

static json_t *reply_insight(const struct msg *m, const struct id *id)
{
    return reply_with("insight", id, m->insight.later_by_ms, reply_insight_part(&m->insight));
}

static json_t *reply_involved(const struct msg_involvement *v)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < v->n; i++) {
        const struct msg_involved *e = &v->involved[i];

        if (e->visibility != VISIBLE_NAMED)
            continue; /* "masked" says it, and only that */
        (void)json_array_append_new(
            list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "agency", e->agency, "name",
                            e->agency_name, "service", e->service, "contact_route",
                            e->contact_route, "lead_professional", e->lead_professional, "since",
                            words_of(WORDS_SINCE, e->since_band ? e->since_band : SINCE_UNKNOWN)));
    }
    return list;
}

json_t *reply_involvement_part(const struct msg_involvement *v)
{
    return json_pack("{s:s, s:o, s:s, s:s, s:b, s:b, s:o}", "completeness",
                     words_of(WORDS_COMPLETENESS, v->completeness), "as_of", reply_day(v->as_of),
                     "rule", v->policy_rule, "guidance", v->guidance, "review_due", v->review_due,
                     "masked", v->masked, "involved", reply_involved(v));
}

static json_t *reply_involvement(const struct msg *m, const struct id *id)
{
    return reply_with("involvement", id, m->involvement.later_by_ms,
                      reply_involvement_part(&m->involvement));
}

static json_t *reply_refusal(const struct msg *m, const struct id *id)
{
    return json_pack("{s:b, s:s, s:o, s:s, s:s, s:s}", "ok", 1, "kind", "refusal", "message_id",
                     reply_id(id), "reason", m->refusal.reason, "text", m->refusal.text,
                     "way_forward", m->refusal.way_forward);
}

static json_t *reply_busy(const struct msg *m, const struct id *id)
{
    return json_pack("{s:b, s:s, s:o, s:I}", "ok", 1, "kind", "busy", "message_id", reply_id(id),
                     "retry_after_ms", (json_int_t)m->busy.retry_after_ms);
}

static json_t *reply_receipt(const struct msg *m, const struct id *id)
{
    char at[25];

    clock_format_utc(m->receipt.at_ms, at);
    return json_pack("{s:b, s:s, s:o, s:I, s:s}", "ok", 1, "kind", "receipt", "message_id",
                     reply_id(id), "leaf", (json_int_t)m->receipt.leaf, "at", at);
}

static json_t *reply_threshold(const struct msg *m, const struct id *id)
{
    const struct msg_threshold_state *t = &m->threshold_state;

    return json_pack("{s:b,s:s,s:o,s:b,s:o,s:b,s:o,s:o,s:s,s:s}", "ok", 1, "kind", "threshold",
                     "message_id", reply_id(id), "fired", t->fired, "fired_on",
                     reply_day(t->fired_on), "masked", t->masked, "contributors",
                     event_contributors(t->contributors, t->n), "as_of", reply_day(t->as_of),
                     "rule", t->policy_rule, "guidance", t->guidance);
}

static json_t *(*const repliers[])(const struct msg *m, const struct id *id) = {
    [MSG_INSIGHT] = reply_insight,           [MSG_INVOLVEMENT] = reply_involvement,
    [MSG_REFUSAL] = reply_refusal,           [MSG_BUSY] = reply_busy,
    [MSG_RECEIPT] = reply_receipt,           [MSG_OVERRIDE_VIEW] = reply_override,
    [MSG_THRESHOLD_STATE] = reply_threshold, [MSG_REFERRAL_STATE] = reply_referral_state,
};

json_t *reply_of(const struct msg *m, const struct id *message)
{
    return m->type < ALM_LEN(repliers) && repliers[m->type] ? repliers[m->type](m, message) : NULL;
}

json_t *reply_queued(const struct id *message)
{
    return json_pack("{s:b, s:s, s:o, s:b}", "ok", 1, "kind", "receipt", "message_id",
                     reply_id(message), "queued", 1);
}

void reply_consents_add(json_t *list, const struct msg_consent_list *page)
{
    for (size_t i = 0; i < page->n; i++) {
        const struct msg_consent_entry *e = &page->entries[i];

        (void)json_array_append_new(
            list,
            json_pack("{s:o, s:s, s:s, s:s, s:o, s:o, s:o}", "id", reply_id(&e->id), "purpose",
                      e->purpose, "decision", words_of(WORDS_DECISION, e->decision), "capacity",
                      words_of(WORDS_CAPACITY, e->capacity), "given_on", reply_day(e->given_on),
                      "expires_on", reply_day(e->expires_on), "withdrawn_on",
                      reply_day(e->withdrawn_on)));
    }
}

static json_t *catalogue_questions(const struct catalogue *c)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < c->n_questions; i++) {
        const struct msg_catalogue_question *q = &c->questions[i];

        (void)json_array_append_new(
            list, json_pack("{s:s, s:s, s:b, s:b, s:b, s:b}", "id", q->id, "wording", q->wording,
                            "uses_homes", q->uses_homes, "home_parameter", q->home_parameter,
                            "sensitive", q->sensitive, "household", q->household));
    }
    return list;
}

static json_t *catalogue_purposes(const struct catalogue *c)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < c->n_purposes; i++) {
        const struct msg_catalogue_purpose *p = &c->purposes[i];

        (void)json_array_append_new(list,
                                    json_pack("{s:s, s:s, s:b, s:b, s:b, s:b}", "id", p->id, "title",
                                              p->title, "consent", p->consent, "past_shield",
                                              p->past_shield, "involvement", p->involvement,
                                              "unsigned_queries", p->unsigned_queries));
    }
    return list;
}

json_t *reply_catalogue(const struct session *s)
{
    struct catalogue c = session_catalogue(s);

    return json_pack("{s:b, s:s, s:s, s:o, s:o}", "ok", 1, "kind", "questions", "policy",
                     session_policy(s), "questions", catalogue_questions(&c), "purposes",
                     catalogue_purposes(&c));
}
