/* SPDX-License-Identifier: Apache-2.0 */
/* lodge.c - consents, refusals, withdrawals, changes and shields: from a request to the message that is signed and kept. */
#include "base/clock.h"
#include "host/host.h"
#include "host/request.h"
#include "host/words.h"
#include "lib/ages.h"

#include <string.h>
#include <sysexits.h>

static const char *const keys_consent[] = {
    "op",         "purpose",   "role",       "practitioner",         "login",     "basis",      "case",    "subject",
    "capacity",   "giver_ref", "recipients", "holds_responsibility", "care_from", "care_until", "sources", "sensitive_sources",
    "expires_on", "given_on",  "review_on",  "method",               "wording",   NULL
};
static const char *const keys_withdrawal[] = { "op",   "purpose", "role",    "practitioner", "login",
                                               "basis", "case",   "subject", "consent",      "given_on", NULL };
static const char *const keys_change[] = { "op", "purpose", "role", "practitioner", "login", "basis", "case", "consent", "able_until", NULL };
static const char *const keys_shield[] = { "op",    "purpose", "role", "practitioner", "login",     "basis",  "case",
                                           "level", "subject", "from", "until",        "review_on", "reason", NULL };

/* A lodging needs no connection, only a day. */
json_t *lodge_begin(struct host *h, const json_t *o, const char *const keys[], uint8_t type)
{
    json_t *wrong = request_only(o, keys);

    if (wrong)
        return wrong;
    if (host_day(h) == CIVIL_NONE)
        return ops_no_day();
    if (session_prepare(h->session, type, h->out) != 0)
        return local_error("internal", EX_SOFTWARE, "no randomness for an id");
    return request_practice(o, false, h->out);
}

/* Who it is about: tokens joined with our own record's. Homes that our rows mark shielded leave no token here either. */
json_t *lodge_subject(struct host *h, const json_t *o, bool optional, bool *given, struct token_set *out, int32_t *born)
{
    ALM_CLEANUP(asked_subject_wipe) struct asked_subject typed;
    struct asker a = host_asker(h);
    struct ask ask;
    const char *which = "";
    json_t *wrong = request_subject(o, false, optional, given, &typed);
    int r;

    if (wrong || !*given)
        return wrong;
    r = ask_work_out(&a, &typed, false, "", &ask, &which);
    if (r != 0)
        return ops_wrong(r, which);
    *out = ask.subject;
    *born = typed.born;
    return NULL;
}

static json_t *consent_words(const json_t *o, struct msg_consent *c)
{
    json_t *wrong = request_word(o, "capacity", WORDS_CAPACITY, true, &c->capacity);

    if (!wrong)
        wrong = request_word(o, "method", WORDS_METHOD, false, &c->method);
    if (!c->method)
        c->method = METHOD_SIGNED;
    if (!wrong)
        wrong = request_text(o, "giver_ref", false, c->giver_ref, sizeof(c->giver_ref));
    if (!wrong)
        wrong = request_text(o, "wording", false, c->wording_version, sizeof(c->wording_version));
    return wrong;
}

static json_t *consent_scopes(const json_t *o, struct msg_consent *c)
{
    json_t *wrong = request_scope(o, "recipients", &c->recipients);

    if (!wrong)
        wrong = request_scope(o, "sources", &c->sources);
    if (!wrong)
        wrong = request_scope(o, "sensitive_sources", &c->sensitive_sources);
    if (!wrong && !c->recipients.any && !c->recipients.n)
        wrong = local_error("missing-field", EX_USAGE, "recipients is missing: who may be told, as ids, or '*'");
    if (!wrong && c->sensitive_sources.any)
        wrong = local_error("bad-field", EX_DATAERR, "sensitive_sources are named one by one, never '*'");
    return wrong;
}

static json_t *consent_days(const struct host *h, const json_t *o, struct msg_consent *c)
{
    json_t *wrong = request_day(o, "given_on", false, &c->given_on);

    if (!wrong)
        wrong = request_day(o, "expires_on", false, &c->expires_on);
    if (!wrong)
        wrong = request_day(o, "review_on", false, &c->review_on);
    if (c->given_on == CIVIL_NONE)
        c->given_on = host_day(h);
    c->given_ms = h->out->sent_ms;
    if (!wrong && c->expires_on != CIVIL_NONE && c->expires_on < c->given_on)
        wrong = local_error("bad-date", EX_DATAERR, "expires_on lies before given_on");
    return wrong;
}

/* "consent facts: able_from and able_until worked out by the lodging adapter: the broker learns that day, never a birth date" */
static json_t *consent_able(const json_t *o, int32_t born, struct msg_consent *c)
{
    struct ages_care care;
    bool holds;
    json_t *wrong = request_flag(o, "holds_responsibility", &holds);

    if (!wrong)
        wrong = request_day(o, "care_from", false, &care.from);
    if (!wrong)
        wrong = request_day(o, "care_until", false, &care.until);
    if (wrong)
        return wrong;
    /* An unborn child goes by its mother's birth date, which is not its age: it is under any, and consents to nothing itself. */
    ages_able(c->capacity, c->subject.unborn ? CIVIL_NONE : born, &care, &c->able_from, &c->able_until);
    if (c->able_from != CIVIL_NONE && c->able_until != CIVIL_NONE && c->able_until < c->able_from) {
        /* Never able by these dates (taken into care at sixteen): lodged as such, for the broker to find invalid. */
        care.from = CIVIL_NONE;
        c->able_from = c->able_until = CIVIL_NONE;
    }
    switch ((enum consent_capacity)c->capacity) {
    case CAPACITY_SELF:
    case CAPACITY_GILLICK:
        c->giver_authority = !c->subject.unborn;
        break;
    case CAPACITY_PARENT:
        c->giver_authority = holds;
        break;
    case CAPACITY_LOCAL_AUTHORITY:
        c->giver_authority = care.from != CIVIL_NONE; /* in its care since a day; without one it is not */
        break;
    case CAPACITY_CARER_WITHOUT_PR:
        c->giver_authority = false;
        break;
    }
    return NULL;
}

json_t *lodge_consent(struct host *h, const json_t *o, uint8_t decision)
{
    struct msg_consent *c = &h->out->consent;
    json_t *wrong = lodge_begin(h, o, keys_consent, MSG_CONSENT);
    int32_t born = CIVIL_NONE;
    bool given;

    if (!wrong && !h->out->purpose[0])
        wrong = local_error("missing-field", EX_USAGE, "purpose is missing: what the consent is for");
    if (wrong)
        return wrong;
    c->decision = decision;
    memcpy(c->purpose, h->out->purpose, sizeof(c->purpose));
    wrong = lodge_subject(h, o, false, &given, &c->subject, &born);
    if (!wrong)
        wrong = consent_words(o, c);
    if (!wrong)
        wrong = consent_scopes(o, c);
    if (!wrong)
        wrong = consent_days(h, o, c);
    return wrong ? wrong : consent_able(o, born, c);
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
