/* SPDX-License-Identifier: Apache-2.0 */
/* lodge.c - what lodging has in common; withdrawals, changes and shields: from a request to the message that is signed and kept. */
#include "base/clock.h"
#include "host/ops.h"
#include "host/request.h"
#include "host/words.h"

#include <string.h>
#include <sysexits.h>

static const char *const keys_withdrawal[] = { "op",   "purpose", "role",    "practitioner", "login",
                                               "basis", "case",   "subject", "consent",      "given_on", NULL };
static const char *const keys_change[] = { "op", "purpose", "role", "practitioner", "login", "basis", "case", "consent", "able_until", NULL };
static const char *const keys_shield[] = { "op",    "purpose", "role", "practitioner", "login",     "basis",  "case",
                                           "level", "subject", "from", "until",        "review_on", "reason", NULL };

/* A lodging needs no connection, only a day. */
json_t *lodge_begin(struct host *h, const json_t *o, const char *const keys[], uint8_t type)
{
    json_t *wrong = request_only(o, keys);

    book_subject_wipe(&h->lodging);
    if (wrong)
        return wrong;
    if (host_day(h) == CIVIL_NONE)
        return ops_no_day();
    wrong = ops_prepare(h, type);
    return wrong ? wrong : request_practice(o, false, h->out);
}

/* Who it is about: tokens joined with our own record's. Homes that our rows mark shielded leave no token here either. */
json_t *lodge_subject(struct host *h, const json_t *o, bool optional, bool *given, struct token_set *out, int32_t *born)
{
    struct asked_subject *typed = &h->lodging.subject;
    struct asker a = host_asker(h);
    struct ask ask;
    const char *which = "";
    json_t *wrong = request_subject(o, false, optional, given, typed);
    int r;

    if (wrong || !*given)
        return wrong;
    r = ask_work_out(&a, typed, false, "", &ask, &which);
    if (r != 0)
        return ops_wrong(h, r, which);
    *out = ask.subject;
    *born = typed->born;
    h->lodging.has_subject = true;
    h->lodging.day = a.day;
    h->person[0] = '\0';
    if (ask.known == INDEX_ONE && ask.person && text_copy(h->person, sizeof(h->person), ask.person) != 0)
        h->person[0] = '\0';
    return NULL;
}

json_t *lodge_withdrawal(struct host *h, const json_t *o)
{
    struct msg_withdrawal *w = &h->out->withdrawal;
    json_t *wrong = lodge_begin(h, o, keys_withdrawal, MSG_WITHDRAWAL);
    int32_t born;
    bool given;

    if (!wrong)
        wrong = request_id(o, "consent", &w->has_consent, &w->consent);
    if (!wrong)
        wrong = request_day(o, "given_on", false, &w->given_on);
    if (!wrong)
        wrong = lodge_subject(h, o, w->has_consent, &given, &w->subject, &born);
    if (wrong)
        return wrong;
    if (!w->has_consent && !h->out->purpose[0])
        return local_error("missing-field", EX_USAGE, "purpose is missing: without a consent's id, a subject and a purpose say what is withdrawn");
    memcpy(w->purpose, h->out->purpose, sizeof(w->purpose));
    if (w->given_on == CIVIL_NONE)
        w->given_on = host_day(h);
    w->given_ms = h->out->sent_ms;
    return NULL;
}

json_t *lodge_change(struct host *h, const json_t *o)
{
    struct msg_consent_change *c = &h->out->consent_change;
    json_t *wrong = lodge_begin(h, o, keys_change, MSG_CONSENT_CHANGE);
    bool has = false;

    if (!wrong)
        wrong = request_id(o, "consent", &has, &c->consent);
    if (!wrong && !has)
        wrong = local_error("missing-field", EX_USAGE, "consent is missing: the id that the grant printed");
    return wrong ? wrong : request_day(o, "able_until", true, &c->able_until);
}

json_t *lodge_shield(struct host *h, const json_t *o)
{
    struct msg_shield *s = &h->out->shield;
    json_t *wrong = lodge_begin(h, o, keys_shield, MSG_SHIELD);
    int32_t born;
    bool given;

    if (!wrong)
        wrong = request_word(o, "level", WORDS_LEVEL, true, &s->level);
    if (!wrong)
        wrong = request_day(o, "from", false, &s->from);
    if (!wrong)
        wrong = request_day(o, "until", false, &s->until);
    if (!wrong)
        wrong = request_day(o, "review_on", false, &s->review_on);
    if (!wrong)
        wrong = request_text(o, "reason", true, s->reason, sizeof(s->reason));
    if (wrong)
        return wrong;
    if (s->from == CIVIL_NONE)
        s->from = host_day(h);
    if (s->until != CIVIL_NONE && s->until < s->from)
        return local_error("bad-date", EX_DATAERR, "until lies before from");
    return lodge_subject(h, o, false, &given, &s->subject, &born);
}
