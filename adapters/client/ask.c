/* SPDX-License-Identifier: Apache-2.0 */
/* ask.c - questions: one of the catalogue, who is involved, and how the adapter is. */
#include "client/client.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *word;
    enum alm_said said;
} said_words[] = {
    { "yes", ALM_SAID_YES },
    { "no", ALM_SAID_NO },
    { "cannot-say", ALM_SAID_CANNOT_SAY },
};

/* A word that we do not know is never taken for a "no". */
static enum alm_result insight_read(struct alm_client *c, struct alm_insight *out)
{
    const char *word = reply_text(c->reply, "answer");

    *out = (struct alm_insight){ .kind = reply_text(c->reply, "kind"),
                                 .message_id = reply_text(c->reply, "message_id"),
                                 .completeness = reply_text(c->reply, "completeness"),
                                 .as_of = reply_text(c->reply, "as_of"),
                                 .rule = reply_text(c->reply, "rule"),
                                 .guidance = reply_text(c->reply, "guidance"),
                                 .later_by = reply_text(c->reply, "later_by"),
                                 .review_due = reply_true(c->reply, "review_due") };
    if (strcmp(out->kind, "insight") != 0)
        return ALM_CALL_DONE;
    for (size_t i = 0; i < ALM_LEN(said_words); i++) {
        if (strcmp(word, said_words[i].word) == 0)
            out->said = said_words[i].said;
    }
    if (out->said != ALM_SAID_NONE)
        return ALM_CALL_DONE;
    memset(out, 0, sizeof(*out));
    return client_fail(c, ALM_CALL_GARBLED, "unknown-answer",
                       "the adapter's answer is a word that this library does not know");
}

enum alm_result alm_ask(struct alm_client *c, const struct alm_ask *ask, struct alm_insight *out)
{
    enum alm_result result;
    struct request r;

    if (!c || !ask || !out)
        return ALM_CALL_ARGUMENT;
    memset(out, 0, sizeof(*out));
    r = request_new(c, "ask");
    request_practice(&r, ask->practice);
    request_text(&r, "question", ask->question);
    request_person(&r, ask->person);
    request_home(&r, "household", ask->household);
    request_home(&r, "at_home", ask->at_home);
    request_text(&r, "self_claimed", ask->self_claimed);
    request_text(&r, "referral", ask->referral);
    request_list(&r, "statements", ask->statements);
    result = request_call(&r, 0);
    return result == ALM_CALL_DONE ? insight_read(c, out) : result;
}

static enum alm_result services_read(struct alm_client *c, struct alm_involvement *out)
{
    const json_t *list = json_object_get(c->reply, "involved");
    size_t n = json_array_size(list);
    struct alm_service *all = calloc(n + 1, sizeof(*all));

    if (!all)
        return client_fail(c, ALM_CALL_MEMORY, "memory", "not enough memory");
    for (size_t i = 0; i < n; i++) {
        const json_t *o = json_array_get(list, i);

        all[i] = (struct alm_service){ .agency = reply_text(o, "agency"),
                                       .name = reply_text(o, "name"),
                                       .service = reply_text(o, "service"),
                                       .contact_route = reply_text(o, "contact_route"),
                                       .lead_professional = reply_text(o, "lead_professional"),
                                       .since = reply_text(o, "since") };
    }
    c->list = all;
    out->n = n;
    out->services = all;
    return ALM_CALL_DONE;
}

enum alm_result alm_who(struct alm_client *c, const struct alm_ask *ask,
                        struct alm_involvement *out)
{
    enum alm_result result;
    struct request r;

    if (!c || !ask || !out)
        return ALM_CALL_ARGUMENT;
    memset(out, 0, sizeof(*out));
    r = request_new(c, "who");
    request_practice(&r, ask->practice);
    request_person(&r, ask->person);
    request_text(&r, "self_claimed", ask->self_claimed);
    request_list(&r, "statements", ask->statements);
    result = request_call(&r, 0);
    if (result == ALM_CALL_DONE)
        result = reply_is(c, "involvement");
    if (result != ALM_CALL_DONE)
        return result;
    *out = (struct alm_involvement){ .message_id = reply_text(c->reply, "message_id"),
                                     .completeness = reply_text(c->reply, "completeness"),
                                     .as_of = reply_text(c->reply, "as_of"),
                                     .rule = reply_text(c->reply, "rule"),
                                     .guidance = reply_text(c->reply, "guidance"),
                                     .later_by = reply_text(c->reply, "later_by"),
                                     .review_due = reply_true(c->reply, "review_due"),
                                     .masked = reply_true(c->reply, "masked") };
    return services_read(c, out);
}

enum alm_result alm_status(struct alm_client *c, struct alm_standing *out)
{
    enum alm_result result;
    struct request r;

    if (!c || !out)
        return ALM_CALL_ARGUMENT;
    memset(out, 0, sizeof(*out));
    r = request_new(c, "status");
    result = request_call(&r, 0);
    if (result == ALM_CALL_DONE)
        result = reply_is(c, "status");
    if (result != ALM_CALL_DONE)
        return result;
    *out = (struct alm_standing){ .agency = reply_text(c->reply, "agency"),
                                  .mode = reply_text(c->reply, "mode"),
                                  .state = reply_text(c->reply, "state"),
                                  .text = reply_text(c->reply, "text"),
                                  .civil_day = reply_text(c->reply, "civil_day"),
                                  .policy = reply_text(c->reply, "policy"),
                                  .backend = reply_text(c->reply, "backend"),
                                  .connected = reply_true(c->reply, "connected"),
                                  .outbox = reply_number(c->reply, "outbox"),
                                  .inbox = reply_number(c->reply, "inbox"),
                                  .people = reply_number(c->reply, "people"),
                                  .rows = reply_text(c->reply, "rows"),
                                  .data_as_of = reply_text(c->reply, "data_as_of") };
    return ALM_CALL_DONE;
}
