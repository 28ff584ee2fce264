/* SPDX-License-Identifier: Apache-2.0 */
/* refer.c - may this be referred to that agency: gates of the sender, the receiver's place in the
 * protocol, basis and consent, and what is hidden. The same passes as a question's, over what a
 * referral has: it is the sender's own decision to send, so that no relationship is looked for. */
#include "engine/decide.h"
#include "engine/referral.h"

#include <string.h>

static void refer_name(struct choice *c)
{
    static const char what[] = "/refer";
    const char *purpose = c->purpose ? c->purpose->id : "unknown-purpose";
    size_t n = strlen(purpose);

    if (n + sizeof(what) > sizeof(c->out->rule))
        return; /* layout.h: the ids fit */
    memcpy(c->out->rule, purpose, n);
    memcpy(c->out->rule + n, what, sizeof(what));
}

static void refer_refuse(struct decision *d, enum reason r)
{
    d->outcome = OUTCOME_REFUSE;
    d->reason = (uint8_t)r;
    d->telling = (uint8_t)reason_telling(r);
    d->basis = 0;
}

bool referral_receiver(const struct bundle *b, uint16_t agency, uint16_t purpose)
{
    return purpose < b->l.n_purposes && agency < b->l.n_agencies &&
           mask_has(&b->protocols[b->l.purposes[purpose].protocol].answer, agency);
}

/* "A household ... is only for purposes that do not rest on consent" (DESIGN.md section 2). */
static bool refer_subject_fits(const struct choice *c)
{
    switch (c->f->subject_kind) {
    case FACT_PERSON:
    case FACT_UNBORN:
        return true;
    case FACT_HOUSEHOLD:
        return !c->purpose->consent;
    default:
        return false;
    }
}

/* The receiver is who it is shared with, the sender whom it comes from. */
static enum reason refer_consent(struct choice *c, uint16_t sender, uint16_t receiver)
{
    struct facts receiving = *c->f;
    const struct facts *sending = c->f;
    enum reason r;

    if (!c->purpose->consent)
        return REASON_NONE;
    receiving.agency = receiver;
    c->f = &receiving;
    r = consent_check(c);
    c->f = sending;
    if (r != REASON_NONE)
        return r;
    if (mask_has(&c->grants.refused, sender))
        return REASON_CONSENT_REFUSED;
    if (c->b->l.agencies[sender].sensitive && c->purpose->sensitive != SENSITIVE_NAMED &&
        !mask_has(&c->grants.sensitive, sender))
        return REASON_SENSITIVE_SERVICE;
    return c->grants.sources_any || mask_has(&c->grants.sources, sender) ||
                   mask_has(&c->grants.sensitive, sender)
               ? REASON_NONE
               : REASON_CONSENT_SCOPE;
}

static bool refer_facts_whole(const struct facts *f)
{
    return !f->incomplete && f->n_consents <= POLICY_CONSENTS_MAX &&
           f->n_shields <= POLICY_SHIELDS_MAX && (f->consents || !f->n_consents) &&
           (f->shields || !f->n_shields);
}

/* What lies behind a told refusal is not told, as everywhere. */
static void refer_about_subject(struct choice *c, uint16_t receiver)
{
    uint16_t sender = c->f->agency;
    enum reason told, hidden;

    if (c->f->subject_kind ==
        FACT_HOUSEHOLD) { /* nobody consents for an address; shields are persons' */
        c->out->outcome = OUTCOME_PERMIT;
        c->out->reason = REASON_NONE;
        return;
    }
    if (!refer_facts_whole(c->f)) {
        refer_refuse(c->out, REASON_FACTS_INCOMPLETE);
        return;
    }
    told = refer_consent(c, sender, receiver);
    c->out->n_holders = 1; /* whose information it is */
    c->out->holders[0] = sender;
    hidden = transforms_hidden(c);
    c->out->n_holders = 0;
    if (told == REASON_NONE && hidden == REASON_NONE) {
        c->out->outcome = OUTCOME_PERMIT;
        c->out->reason = REASON_NONE;
        return;
    }
    refer_refuse(c->out, told != REASON_NONE ? told : hidden);
    if (told != REASON_NONE && hidden != REASON_NONE && reason_of_subject(hidden))
        c->out->reason = (uint8_t)hidden; /* recorded so, told as the other */
}

void referral_decide(const struct bundle *b, const struct facts *f, uint16_t receiver,
                     struct decision *out, bool *receiver_party)
{
    struct choice c = { .b = b, .f = f, .out = out };
    struct facts plain;
    enum reason r;

    memset(out, 0, sizeof(*out)); /* a refusal, whatever happens below */
    *receiver_party = true;
    if (!b) {
        refer_refuse(out, REASON_NO_POLICY);
        return;
    }
    plain = *f;
    plain.involvement = false;
    plain.question = POLICY_NONE;
    c.f = &plain;
    r = gates_check_referral(&c);
    refer_name(&c);
    if (r == REASON_NONE && !referral_receiver(b, receiver, plain.purpose)) {
        *receiver_party = false;
        r = REASON_NOT_A_PARTY;
    }
    if (r == REASON_NONE && !refer_subject_fits(&c))
        r = REASON_QUESTION_NOT_PERMITTED;
    if (r == REASON_NONE)
        r = basis_check(&c);
    if (r != REASON_NONE)
        refer_refuse(out, r);
    else
        refer_about_subject(&c, receiver);
}
