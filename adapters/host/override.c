/* SPDX-License-Identifier: Apache-2.0 */
/* override.c - overrides: from a request to the message that is signed and kept, and the broker's
 * view of one as JSON. The adapter decides nothing about them. */
#include "base/clock.h"
#include "host/ops.h"
#include "host/reply.h"
#include "host/request.h"
#include "host/services.h"
#include "host/words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static const char *const keys_override[] = { "op",         "purpose",
                                             "role",       "practitioner",
                                             "login",      "basis",
                                             "case",       "subject",
                                             "question",   "at_home",
                                             "para18",     "harm",
                                             "likelihood", "immediacy",
                                             "told",       "not_told",
                                             "necessity",  "proportionality",
                                             "hours",      "immediate_danger",
                                             "no_part",    NULL };
static const char *const keys_approval[] = { "op",       "role",   "practitioner", "login",  "case",
                                             "override", "senior", "no_part",      "reason", NULL };
static const char *const keys_review[] = { "op",       "role",    "practitioner", "login",  "case",
                                           "override", "finding", "no_part",      "reason", NULL };
static const char *const keys_query[] = { "op",       "role", "practitioner", "login", "case",
                                          "override", NULL };

static json_t *missing(const char *what)
{
    return local_error("missing-field", EX_USAGE, "%s", what);
}

/* Somebody must answer for every step. */
static json_t *override_begin(struct host *h, const json_t *o, const char *const keys[],
                              uint8_t type)
{
    json_t *wrong = lodge_begin(h, o, keys, type);

    if (!wrong && !h->out->practitioner.ref[0])
        wrong = missing("practitioner is missing: who asks for it, decides or reviews");
    return wrong;
}

static json_t *override_id(const json_t *o, struct id *out)
{
    bool has = false;
    json_t *wrong = request_id(o, "override", &has, out);

    if (!wrong && !has)
        wrong = missing("override is missing: the id that the request printed");
    return wrong;
}

static json_t *override_hours(const json_t *o, uint16_t *out)
{
    const json_t *v = json_object_get(o, "hours");
    const char *text = json_string_value(v);
    char *end = NULL;
    long long n = json_integer_value(v);

    if (text) {
        errno = 0;
        n = strtoll(text, &end, 10);
        if (errno || end == text || *end)
            n = 0;
    }
    if (n < 1 || n > UINT16_MAX)
        return local_error("bad-field", EX_DATAERR,
                           "hours: a number of hours from 1; the policy says how many at most");
    *out = (uint16_t)n;
    return NULL;
}

static json_t *override_words(const json_t *o, struct msg_override *to)
{
    json_t *wrong = request_word(o, "para18", WORDS_PARA18, true, &to->para18);

    if (!wrong)
        wrong = request_word(o, "harm", WORDS_HARM, true, &to->harm);
    if (!wrong)
        wrong = request_word(o, "likelihood", WORDS_LIKELIHOOD, true, &to->likelihood);
    if (!wrong)
        wrong = request_word(o, "immediacy", WORDS_IMMEDIACY, true, &to->immediacy);
    if (!wrong)
        wrong = request_word(o, "told", WORDS_TOLD, true, &to->told);
    if (!wrong)
        wrong = override_hours(o, &to->hours);
    if (!wrong)
        wrong = request_flag(o, "immediate_danger", &to->immediate_danger);
    if (!wrong)
        wrong = request_flag(o, "no_part", &to->no_part);
    return wrong;
}

static json_t *override_texts(const json_t *o, struct msg_override *to)
{
    json_t *wrong =
        request_text(o, "not_told", to->told != TOLD_YES, to->not_told, sizeof(to->not_told));

    if (!wrong)
        wrong = request_text(o, "necessity", true, to->necessity, sizeof(to->necessity));
    if (!wrong)
        wrong = request_text(o, "proportionality", true, to->proportionality,
                             sizeof(to->proportionality));
    if (!wrong && !to->no_part)
        wrong = missing("no_part is missing: state that you have no part of your own in the "
                        "matter; whoever has may not ask");
    if (!wrong && to->immediate_danger && to->immediacy != IMMEDIACY_NOW)
        wrong = local_error("bad-field", EX_DATAERR,
                            "immediate_danger goes with immediacy \"now\" alone");
    return wrong;
}

/* The question asked, and the home that it is about, exactly as it will be asked. */
static json_t *override_asked(struct host *h, const json_t *o, struct msg_override *to)
{
    struct asker a = host_asker(h);
    struct asked_home home;
    int32_t born;
    bool given;
    json_t *wrong = request_name(o, "question", false, to->question);
    int r;

    to->involvement = !to->question[0];
    if (!wrong)
        wrong = request_home(o, "at_home", &given, &home);
    if (wrong)
        return wrong;
    if (given) {
        r = ask_home_token(&a, &home, &to->parameter);
        if (r != 0)
            return ops_wrong(h, r, "at_home");
        to->has_parameter = true;
    }
    return lodge_subject(h, o, false, &given, &to->subject, &born);
}

json_t *override_request(struct host *h, const json_t *o)
{
    struct msg_override *to = &h->out->override;
    json_t *wrong = override_begin(h, o, keys_override, MSG_OVERRIDE);

    if (!wrong && !h->out->purpose[0])
        wrong = missing("purpose is missing: the one that the question will be asked for");
    if (!wrong && !h->out->basis[0])
        wrong = missing("basis is missing: the duty or power that it rests on");
    if (!wrong)
        wrong = override_words(o, to);
    if (!wrong)
        wrong = override_texts(o, to);
    return wrong ? wrong : override_asked(h, o, to);
}

json_t *override_approval(struct host *h, const json_t *o, uint8_t decision)
{
    struct msg_approval *to = &h->out->approval;
    json_t *wrong = override_begin(h, o, keys_approval, MSG_APPROVAL);

    to->decision = decision;
    if (!wrong)
        wrong = override_id(o, &to->override);
    if (!wrong)
        wrong = request_flag(o, "senior", &to->senior);
    if (!wrong)
        wrong = request_flag(o, "no_part", &to->no_part);
    if (!wrong)
        wrong = request_text(o, "reason", true, to->reason, sizeof(to->reason));
    if (!wrong && decision == APPROVAL_APPROVE && !to->no_part)
        wrong = missing("no_part is missing: state that you have no part of your own in the "
                        "matter; whoever has may not approve");
    return wrong;
}

json_t *override_review(struct host *h, const json_t *o)
{
    struct msg_override_review *to = &h->out->override_review;
    json_t *wrong = override_begin(h, o, keys_review, MSG_OVERRIDE_REVIEW);

    if (!wrong)
        wrong = override_id(o, &to->override);
    if (!wrong)
        wrong = request_word(o, "finding", WORDS_FINDING, true, &to->finding);
    if (!wrong)
        wrong = request_flag(o, "no_part", &to->no_part);
    if (!wrong)
        wrong = request_text(o, "reason", true, to->reason, sizeof(to->reason));
    if (!wrong && !to->no_part)
        wrong = missing("no_part is missing: state that you have no part of your own in the "
                        "matter; whoever has may not review it");
    return wrong;
}

json_t *override_query(struct host *h, const json_t *o)
{
    json_t *wrong = override_begin(h, o, keys_query, MSG_OVERRIDE_QUERY);

    return wrong ? wrong : override_id(o, &h->out->override_query.override);
}

static json_t *reply_time(int64_t ms)
{
    char at[25] = "";

    if (ms)
        clock_format_utc(ms, at);
    return json_string(at);
}

json_t *reply_override(const struct msg *m, const struct id *message)
{
    const struct msg_override_view *v = &m->override_view;
    char id[ID_TEXT], asked[ID_TEXT];

    id_format(&v->override, id);
    id_format(message, asked);
    return json_pack(
        "{s:b,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:i,s:b,s:o,s:o,s:s,"
        "s:o,s:s}",
        "ok", 1, "kind", "override", "message_id", asked, "override", id, "state",
        words_of(WORDS_OVERRIDE, v->state), "agency", v->agency, "purpose", v->purpose, "basis",
        v->basis, "question", v->question[0] ? v->question : "who-is-involved", "para18",
        words_of(WORDS_PARA18, v->para18), "harm", words_of(WORDS_HARM, v->harm), "likelihood",
        words_of(WORDS_LIKELIHOOD, v->likelihood), "immediacy",
        words_of(WORDS_IMMEDIACY, v->immediacy), "told", words_of(WORDS_TOLD, v->told), "not_told",
        v->not_told, "necessity", v->necessity, "proportionality", v->proportionality, "hours",
        (int)v->hours, "immediate_danger", v->immediate_danger, "requested",
        reply_time(v->requested_ms), "until", reply_time(v->until_ms), "approver", v->approver,
        "review_due", reply_time(v->review_due_ms), "finding", words_of(WORDS_FINDING, v->finding));
}

/* --- what of ours waits to be reviewed --- */

static json_t *reviews_whole(struct host *h, struct pending *p)
{
    json_t *list = json_array(), *entry;
    size_t i;

    json_array_foreach(p->list, i, entry)
    {
        const char *kind = json_string_value(json_object_get(entry, "due_kind"));
        const char *text = json_string_value(json_object_get(entry, "text"));

        if (kind && strcmp(kind, words_of(WORDS_DUE, DUE_REVIEW)) == 0 && text &&
            strstr(text, "override"))
            (void)json_array_append(list, entry);
    }
    ops_reply_now(h, p->client,
                  json_pack("{s:b,s:s,s:o}", "ok", 1, "kind", "due", "due", list));
    return NULL;
}

static json_t *op_override_list(struct host *h, uint64_t client, const json_t *o)
{
    static const struct paged how = { MSG_DUE_QUERY, MSG_DUE_LIST, due_ask, due_add,
                                      reviews_whole, "due",        "due" };
    static const char *const keys[] = { OPS_PRACTICE, "overdue", NULL };
    const struct pending of = ops_first(h, client, o);
    json_t *wrong = request_only(o, keys);
    bool overdue;

    if (!wrong)
        wrong = request_flag(o, "overdue", &overdue);
    return wrong ? wrong : ops_pages(h, &of, &how);
}

static const struct op overrides[] = {
    { "override-list", op_override_list, false },
};
const struct op_table ops_overrides = { overrides, ALM_LEN(overrides) };
