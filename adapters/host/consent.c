/* SPDX-License-Identifier: Apache-2.0 */
/* consent.c - consents, refusals, what was asked and could not be, and disputes: from a request to
 * the message that is signed and kept (DOMAIN.md section 2). */
#include "base/clock.h"
#include "host/host.h"
#include "host/request.h"
#include "host/words.h"
#include "lib/ages.h"

#include <string.h>
#include <sysexits.h>

static const char *const keys_consent[] = { "op",
                                            "purpose",
                                            "role",
                                            "practitioner",
                                            "login",
                                            "basis",
                                            "case",
                                            "subject",
                                            "capacity",
                                            "giver_ref",
                                            "recipients",
                                            "holds_responsibility",
                                            "care_order",
                                            "care_from",
                                            "care_until",
                                            "own_consent_only",
                                            "sources",
                                            "sensitive_sources",
                                            "expires_on",
                                            "given_on",
                                            "review_on",
                                            "method",
                                            "wording",
                                            "competence_by",
                                            "competence_role",
                                            "competence_on",
                                            "witness",
                                            "language",
                                            "conditions",
                                            "safe_contact",
                                            "family",
                                            "stage",
                                            "not_possible",
                                            NULL };
static const char *const keys_dispute[] = { "op",    "purpose", "role",    "practitioner", "login",
                                            "basis", "case",    "subject", "on",           NULL };

static json_t *missing(const char *what)
{
    return local_error("missing-field", EX_USAGE, "%s", what);
}

static json_t *consent_words(const json_t *o, struct msg_consent *c)
{
    bool asked_in_vain = c->decision == CONSENT_NOT_POSSIBLE;
    json_t *wrong = request_word(o, "capacity", WORDS_CAPACITY, !asked_in_vain, &c->capacity);

    if (!c->capacity)
        c->capacity = CAPACITY_SELF; /* who was to be asked, where nothing else is said */
    if (!wrong)
        wrong = request_word(o, "method", WORDS_METHOD, false, &c->method);
    if (!c->method)
        c->method = METHOD_SIGNED;
    if (!wrong)
        wrong = request_text(o, "giver_ref", false, c->giver_ref, sizeof(c->giver_ref));
    if (!wrong)
        wrong = request_text(o, "wording", false, c->wording_version, sizeof(c->wording_version));
    if (!wrong)
        wrong = request_text(o, "witness", false, c->witness, sizeof(c->witness));
    if (!wrong)
        wrong = request_text(o, "language", false, c->language, sizeof(c->language));
    if (!wrong)
        wrong = request_text(o, "conditions", false, c->conditions, sizeof(c->conditions));
    if (!wrong)
        wrong = request_flag(o, "safe_contact", &c->safe_contact);
    if (!wrong)
        wrong = request_name(o, "not_possible", asked_in_vain, c->not_possible);
    if (!wrong && !asked_in_vain && c->not_possible[0])
        wrong = local_error("bad-field", EX_USAGE,
                            "not_possible is the reason why nobody could be asked: it goes with "
                            "no grant and no refusal");
    return wrong;
}

/* "Gillick-competent for this decision, recorded by a named professional with date" */
static json_t *consent_competence(const json_t *o, struct msg_consent *c)
{
    bool judged = c->capacity == CAPACITY_GILLICK || c->capacity == CAPACITY_BEST_INTERESTS;
    json_t *wrong =
        request_text(o, "competence_by", false, c->competence_by, sizeof(c->competence_by));

    if (!wrong)
        wrong = request_name(o, "competence_role", false, c->competence_role);
    if (!wrong)
        wrong = request_day(o, "competence_on", false, &c->competence_on);
    if (wrong)
        return wrong;
    if (!judged && (c->competence_by[0] || c->competence_role[0] || c->competence_on != CIVIL_NONE))
        return local_error("bad-field", EX_USAGE,
                           "competence is recorded of a gillick or a best-interests consent alone");
    if (!judged || c->decision != CONSENT_GRANTED)
        return NULL;
    if (!c->competence_by[0] || !c->competence_role[0] || c->competence_on == CIVIL_NONE)
        return missing("competence_by, competence_role and competence_on are missing: which "
                       "professional judged this decision, in which role, on which day");
    if (c->competence_on > c->given_on)
        return local_error("bad-date", EX_DATAERR,
                           "competence_on lies after given_on: it is judged before they decide");
    return NULL;
}

static json_t *consent_scopes(const json_t *o, struct msg_consent *c)
{
    json_t *wrong = request_scope(o, "recipients", &c->recipients);

    if (!wrong)
        wrong = request_scope(o, "sources", &c->sources);
    if (!wrong)
        wrong = request_scope(o, "sensitive_sources", &c->sensitive_sources);
    if (!wrong && !c->recipients.any && !c->recipients.n && c->decision != CONSENT_NOT_POSSIBLE)
        wrong = missing("recipients is missing: who may be told, as ids, or '*'");
    if (!wrong && c->sensitive_sources.any)
        wrong = local_error("bad-field", EX_DATAERR,
                            "sensitive_sources are named one by one, never '*'");
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
    if (!wrong && c->review_on != CIVIL_NONE && c->review_on < c->given_on)
        wrong = local_error("bad-date", EX_DATAERR, "review_on lies before given_on");
    return wrong;
}

/* "Family consent is a set of personal consents; staged": each member's own, under one id. */
static json_t *consent_family(const json_t *o, struct msg_consent *c)
{
    char stage[8];
    json_t *wrong = request_id(o, "family", &c->has_family, &c->family);

    if (!wrong)
        wrong = request_text(o, "stage", false, stage, sizeof(stage));
    if (wrong)
        return wrong;
    if (stage[0] && strcmp(stage, "1") != 0 && strcmp(stage, "2") != 0)
        return local_error("bad-field", EX_DATAERR,
                           "stage is \"1\" (names and addresses) or \"2\" (service by service)");
    c->stage = stage[0] ? (uint8_t)(stage[0] - '0') : 0;
    if (c->stage == 2 && c->decision == CONSENT_GRANTED && (c->sources.any || !c->sources.n))
        return local_error("bad-field", EX_DATAERR,
                           "stage 2 names in sources each service that may release");
    return NULL;
}

/* Who may give at all. Parents and a local authority have no say about a child not yet born:
 * "consent is hers". */
static bool consent_authority(const struct msg_consent *c, bool holds_responsibility,
                              bool care_order)
{
    switch ((enum consent_capacity)c->capacity) {
    case CAPACITY_SELF:
    case CAPACITY_GILLICK:
    case CAPACITY_ATTORNEY:
    case CAPACITY_DEPUTY:
    case CAPACITY_BEST_INTERESTS:
        return true;
    case CAPACITY_PARENT:
        return holds_responsibility && !c->subject.unborn;
    case CAPACITY_LOCAL_AUTHORITY: /* "not for a child accommodated under s20" */
        return care_order && !c->subject.unborn;
    case CAPACITY_CARER_WITHOUT_PR:
        return false;
    }
    return false;
}

static json_t *consent_care(const json_t *o, struct ages_care *care, bool *holds, bool *care_order)
{
    json_t *wrong = request_flag(o, "holds_responsibility", holds);

    if (!wrong)
        wrong = request_flag(o, "care_order", care_order);
    if (!wrong)
        wrong = request_flag(o, "own_consent_only", &care->own_only);
    if (!wrong)
        wrong = request_day(o, "care_from", false, &care->from);
    if (!wrong)
        wrong = request_day(o, "care_until", false, &care->until);
    if (!wrong && *care_order && care->from == CIVIL_NONE)
        wrong = missing("care_from is missing: the day of the care order");
    return wrong;
}

/* "able_from/able_until worked out by the lodging adapter: the broker learns that day, never a
 * birth date". An unborn child goes by its mother's birth date: the consent is hers. */
static json_t *consent_able(const struct host *h, const json_t *o, int32_t born,
                            struct msg_consent *c)
{
    struct ages_care care = { CIVIL_NONE, CIVIL_NONE, false };
    bool holds = false, care_order = false, never;
    json_t *wrong = consent_care(o, &care, &holds, &care_order);

    if (wrong)
        return wrong;
    ages_able(session_ages(h->session), c->capacity, born, &care, &c->able_from, &c->able_until);
    never =
        c->able_from != CIVIL_NONE && c->able_until != CIVIL_NONE && c->able_until < c->able_from;
    if (never) /* taken into care at sixteen: lodged as such, for the broker to find invalid */
        c->able_from = c->able_until = CIVIL_NONE;
    c->giver_authority = !never && consent_authority(c, holds, care_order);
    return NULL;
}

json_t *lodge_consent(struct host *h, const json_t *o, uint8_t decision)
{
    struct msg_consent *c = &h->out->consent;
    json_t *wrong = lodge_begin(h, o, keys_consent, MSG_CONSENT);
    int32_t born = CIVIL_NONE;
    bool given;

    if (!wrong && !h->out->purpose[0])
        wrong = missing("purpose is missing: what the consent is for");
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
    if (!wrong)
        wrong = consent_competence(o, c);
    if (!wrong)
        wrong = consent_family(o, c);
    if (!wrong)
        wrong = consent_able(h, o, born, c);
    if (!wrong)
        receipt_keep(h);
    return wrong;
}

/* "Any party may lodge disputed" */
json_t *lodge_dispute(struct host *h, const json_t *o)
{
    struct msg_dispute *d = &h->out->dispute;
    json_t *wrong = lodge_begin(h, o, keys_dispute, MSG_DISPUTE);
    int32_t born;
    bool given;

    if (!wrong && !h->out->purpose[0])
        wrong = missing("purpose is missing: which consents are disputed");
    if (!wrong)
        wrong = request_day(o, "on", false, &d->on);
    if (wrong)
        return wrong;
    memcpy(d->purpose, h->out->purpose, sizeof(d->purpose));
    if (d->on == CIVIL_NONE)
        d->on = host_day(h);
    return lodge_subject(h, o, false, &given, &d->subject, &born);
}
