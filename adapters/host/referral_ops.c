/* SPDX-License-Identifier: Apache-2.0 */
/* referral_ops.c - referrals and their steps: from a request to the message that is signed and
 * kept. A text in it is sealed before anything is written; until then it is in memory alone. */
#include "base/clock.h"
#include "host/about.h"
#include "host/keys.h"
#include "host/ops.h"
#include "host/referrals.h"
#include "host/request.h"
#include "host/services.h"
#include "host/words.h"

#include <string.h>
#include <sysexits.h>

static const char *const keys_refer[] = { OPS_PRACTICE, "kind",    "to",      "service",
                                          "reason",     "origin",  "subject", "household",
                                          "at_home",    "sent_on", "made",    "pounds",
                                          "body",       NULL };
static const char *const keys_step[] = { OPS_PRACTICE,  "referral", "step",    "on",   "reason",
                                         "redirect_to", "kind",     "outcome", "body", NULL };

static void sealed_put(struct host *h, const uint8_t *key, struct bytes *sealed,
                       uint8_t sealed_to[static 32])
{
    if (!key)
        return;
    *sealed = buf_view(&h->sealed);
    memcpy(sealed_to, key, 32);
}

/* --- refer --- */
static json_t *refer_words(struct host *h, const json_t *o, struct msg_referral *r)
{
    int64_t pounds = 0;
    json_t *wrong = request_word(o, "kind", WORDS_REFERRAL, true, &r->kind);

    if (!wrong)
        wrong = request_word(o, "origin", WORDS_ORIGIN, false, &r->origin);
    if (!wrong)
        wrong = request_name(o, "to", false, r->to);
    if (!wrong)
        wrong = request_name(o, "service", false, r->service);
    if (!wrong)
        wrong = request_name(o, "reason", true, r->reason);
    if (!wrong)
        wrong = request_day(o, "sent_on", false, &r->sent_on);
    if (!wrong)
        wrong = request_bits(o, "made", WORDS_MADE, &r->made);
    if (!wrong)
        wrong = request_number(o, "pounds", 0, UINT32_MAX, 0, &pounds);
    if (!wrong && pounds && r->kind != REFERRAL_COMMISSIONED && r->kind != REFERRAL_BOOKED)
        wrong = local_error("bad-field", EX_DATAERR,
                            "pounds goes with the kinds commissioned and booked");
    r->pounds = (uint32_t)pounds;
    r->origin = r->origin ? r->origin : ORIGIN_AGENCY;
    if (r->sent_on == CIVIL_NONE)
        r->sent_on = host_day(h);
    return wrong;
}

/* "origin other than AGENCY: the sender itself" */
static json_t *refer_receiver(const struct host *h, const char *agency, struct msg_referral *r)
{
    if (r->origin != ORIGIN_AGENCY) {
        if (r->to[0] && strcmp(r->to, h->config.agency) != 0)
            return local_error("bad-field", EX_DATAERR,
                               "with this origin we received it ourselves: to is not given");
        memcpy(r->to, h->config.agency, sizeof(r->to));
        return NULL;
    }
    if (!r->to[0] && agency[0])
        memcpy(r->to, agency, sizeof(r->to));
    return r->to[0] || r->service[0] ? NULL
                                     : ops_missing("to or service is missing: who receives it");
}

/* h->out as the referral, all but its text. agency: of its service, as the directory says; "" not
 * known yet. */
static json_t *refer_make(struct host *h, const json_t *o, const char *agency)
{
    struct msg_referral *r = &h->out->referral;
    struct about about;
    json_t *wrong = lodge_begin(h, o, keys_refer, MSG_REFERRAL);

    if (!wrong && !h->out->purpose[0])
        wrong = ops_missing("purpose is missing: what the referral is for");
    if (!wrong && !h->out->practitioner.ref[0])
        wrong = ops_missing("practitioner is missing: who refers");
    if (!wrong)
        wrong = refer_words(h, o, r);
    if (!wrong)
        wrong = refer_receiver(h, agency, r);
    if (!wrong && r->sent_on > host_day(h))
        wrong = local_error("bad-date", EX_DATAERR, "sent_on lies in the future");
    if (!wrong)
        wrong = about_read(h, o, true, r->sent_on, &about);
    if (wrong)
        return wrong;
    r->subject_kind = about.subject_kind;
    r->subject = about.subject;
    r->has_household = about.has_household;
    r->household = about.household;
    return NULL;
}

/* The receiver and, with a text, its key are known: m tells the key, or is NULL. */
static json_t *refer_finish(struct host *h, struct pending *p, const struct msg *m)
{
    uint8_t key[32];
    bool body = request_has(p->request, "body");
    json_t *wrong = refer_make(h, p->request, p->agency);

    if (!wrong && body)
        wrong = keys_seal(h, p, m, &h->out->id, key);
    if (wrong)
        return wrong;
    sealed_put(h, body ? key : NULL, &h->out->referral.sealed, h->out->referral.sealed_to);
    return ops_lodge(h, p->client);
}

/* Whether a key has to be asked for: without a connection the pinned one serves. */
static json_t *refer_to(struct host *h, struct pending *p)
{
    if (request_has(p->request, "body") && session_ready(h->session))
        return keys_ask(h, p, refer_finish);
    return refer_finish(h, p, NULL);
}

static json_t *refer_directory(struct host *h, struct pending *p)
{
    const char *wanted = json_string_value(json_object_get(p->request, "service"));
    size_t i;
    json_t *s;

    json_array_foreach(p->list, i, s)
    {
        const char *agency = json_string_value(json_object_get(s, "agency"));

        if (!agency || strcmp(json_string_value(json_object_get(s, "service")), wanted) != 0)
            continue;
        if (text_copy(p->agency, sizeof(p->agency), agency) == 0)
            return refer_to(h, p);
    }
    return local_error("no-service", EX_DATAERR,
                       "the directory knows no such service; see almoner service find");
}

static json_t *body_check(const json_t *o)
{
    const json_t *body = json_object_get(o, "body");
    const char *origin = json_string_value(json_object_get(o, "origin"));

    if (request_has(o, "body") && origin && origin[0] && strcmp(origin, "agency") != 0)
        return local_error(
            "bad-field", EX_DATAERR,
            "with this origin nobody else receives it: its text stays in our own system");
    return body && !json_is_null(body) && !json_is_string(body)
               ? local_error("bad-field", EX_DATAERR, "body is a text")
               : NULL;
}

static json_t *op_refer(struct host *h, uint64_t client, const json_t *o)
{
    static const struct paged directory = { .query = MSG_DIRECTORY_QUERY,
                                            .reply = MSG_DIRECTORY,
                                            .ask = services_ask_all,
                                            .add = services_add,
                                            .whole = refer_directory };
    struct pending of = ops_first(h, client, o);
    json_t *wrong =
        refer_make(h, o, ""); /* everything that is wrong is told before anybody is asked */

    if (!wrong)
        wrong = body_check(o);
    if (wrong)
        return wrong;
    if (!h->out->referral.to[0])
        return ops_pages(h, &of, &directory);
    memcpy(of.agency, h->out->referral.to, sizeof(of.agency));
    return refer_to(h, &of);
}

/* --- steps --- */
static json_t *step_make(struct host *h, const json_t *o)
{
    struct msg_referral_update *u = &h->out->referral_update;
    bool has = false;
    json_t *wrong = lodge_begin(h, o, keys_step, MSG_REFERRAL_UPDATE);

    if (!wrong)
        wrong = request_id(o, "referral", &has, &u->referral);
    if (!wrong && !has)
        wrong = ops_missing("referral is missing: its id");
    if (!wrong)
        wrong = request_word(o, "step", WORDS_STEP, true, &u->step);
    if (!wrong)
        wrong = request_day(o, "on", false, &u->on);
    if (!wrong)
        wrong = request_name(o, "reason", false, u->reason);
    if (!wrong)
        wrong = request_name(o, "redirect_to", false, u->redirect_to);
    if (!wrong)
        wrong = request_word(o, "kind", WORDS_REFERRAL, false, &u->kind);
    if (!wrong)
        wrong = request_name(o, "outcome", false, u->outcome);
    if (u->on == CIVIL_NONE)
        u->on = host_day(h);
    return wrong;
}

/* What each step needs besides; the state is the broker's to judge. */
static json_t *step_needs(const struct host *h, const struct msg_referral_update *u)
{
    bool reason = u->step == STEP_REJECTED || u->step == STEP_DOWNGRADED || u->step == STEP_REVOKED;

    if (u->on > host_day(h))
        return local_error("bad-date", EX_DATAERR, "on lies in the future");
    if (reason && !u->reason[0])
        return ops_missing("reason is missing: a code that says why");
    if (u->step == STEP_REDIRECTED && !u->redirect_to[0])
        return ops_missing("redirect_to is missing: which agency it is for");
    if (u->step == STEP_DOWNGRADED && !u->kind)
        return ops_missing("kind is missing: to which it is brought down");
    if (u->step == STEP_CLOSED && !u->outcome[0])
        return ops_missing("outcome is missing: a code that says how it ended");
    if (u->step != STEP_REDIRECTED && u->redirect_to[0])
        return local_error("bad-field", EX_DATAERR, "redirect_to goes with the step redirected");
    if (u->step != STEP_CLOSED && u->step != STEP_FEEDBACK && u->outcome[0])
        return local_error("bad-field", EX_DATAERR,
                           "outcome goes with the steps closed and feedback");
    if (u->step != STEP_DOWNGRADED && u->kind)
        return local_error("bad-field", EX_DATAERR, "kind goes with the step downgraded");
    return NULL;
}

static json_t *step_finish(struct host *h, struct pending *p, const struct msg *m)
{
    uint8_t key[32];
    json_t *wrong = step_make(h, p->request);

    if (!wrong)
        wrong = keys_seal(h, p, m, &h->out->referral_update.referral, key);
    if (wrong)
        return wrong;
    sealed_put(h, key, &h->out->referral_update.sealed, h->out->referral_update.sealed_to);
    return ops_lodge(h, p->client);
}

/* A text is for whoever it goes to: the next receiver, else the other party, as our list says. */
static json_t *step_other(struct host *h, struct pending *p)
{
    const char *next = json_string_value(json_object_get(p->request, "redirect_to"));
    const json_t *r =
        referrals_find(p->list, json_string_value(json_object_get(p->request, "referral")));
    const char *from = json_string_value(json_object_get(r, "from")),
               *to = json_string_value(json_object_get(r, "to"));
    const char *other;

    if (!r || !from || !to)
        return local_error("no-referral", EX_NOINPUT, "we are no party of such a referral");
    other = next && next[0] ? next : strcmp(from, h->config.agency) == 0 ? to : from;
    if (!other[0])
        return local_error("no-sealing-key", EX_UNAVAILABLE,
                           "no agency sent it: there is nobody to read a body");
    if (text_copy(p->agency, sizeof(p->agency), other) != 0)
        return local_error("internal", EX_SOFTWARE, "an agency's id is too long");
    if (strcmp(other, h->config.agency) == 0)
        return local_error("bad-field", EX_DATAERR, "there is nobody but us to read a body");
    return keys_ask(h, p, step_finish);
}

static json_t *op_step(struct host *h, uint64_t client, const json_t *o)
{
    static const struct paged ours = { .query = MSG_REFERRAL_QUERY,
                                       .reply = MSG_REFERRAL_LIST,
                                       .ask = referrals_ask_all,
                                       .add = referrals_add,
                                       .whole = step_other };
    const struct pending of = ops_first(h, client, o);
    json_t *wrong = step_make(h, o);

    if (!wrong)
        wrong = step_needs(h, &h->out->referral_update);
    if (!wrong)
        wrong = body_check(o);
    if (wrong)
        return wrong;
    return request_has(o, "body") ? ops_pages(h, &of, &ours) : ops_lodge(h, client);
}

static const struct op referrals[] = {
    { "refer", op_refer, true },
    { "referral-step", op_step, true },
    { "referral-list", referrals_list, false },
    { "referral-show", referrals_show, false },
    { "referral-read", referrals_read, false },
};
const struct op_table ops_referrals = { referrals, ALM_LEN(referrals) };
