/* SPDX-License-Identifier: Apache-2.0 */
/* situate.c - the small axes as tables: what each situation is called, and which facts it is. Dates
 * are laid relative to the day of the cell, so that a situation means the same on every day. */
#include "analyse/domain.h"
#include <string.h>

#define LONG_AGO 30 /* days before the day of the cell */

struct words {
    const char *word, *phrase;
};
enum { SUBJECT_PERSON, SUBJECT_UNBORN, SUBJECT_HOUSEHOLD };
static const struct words subjects[] = {
    [SUBJECT_PERSON] = { "person", "a person" },
    [SUBJECT_UNBORN] = { "unborn", "an unborn child" },
    [SUBJECT_HOUSEHOLD] = { "household", "a household" },
};

enum {
    RELATION_NONE,
    RELATION_INVOLVED,
    RELATION_SAME_HOME,
    RELATION_ENDED,
    RELATION_ENDED_BETWEEN,
    RELATION_ENDED_LONG,
    RELATION_REFERRED,
    RELATION_REFERRED_BETWEEN,
    RELATION_REFERRED_LONG,
    RELATION_CLAIMED,
    RELATION_CLAIMED_BARE,
    RELATION_UNKNOWN
};
static const struct words relations[] = {
    [RELATION_NONE] = { "none", "no relationship" },
    [RELATION_INVOLVED] = { "involved", "current work with the person" },
    [RELATION_SAME_HOME] = { "same-home", "current work with somebody of the same home" },
    [RELATION_ENDED] = { "ended", "work that ended within the purpose's days" },
    [RELATION_ENDED_BETWEEN] = { "ended-between",
                                 "work that ended within the days of one policy only" },
    [RELATION_ENDED_LONG] = { "ended-long", "work that ended longer ago" },
    [RELATION_REFERRED] = { "referral", "an open referral within the purpose's days" },
    [RELATION_REFERRED_BETWEEN] = { "referral-between",
                                    "an open referral within the days of one policy only" },
    [RELATION_REFERRED_LONG] = { "referral-long", "an open referral longer ago" },
    [RELATION_CLAIMED] = { "self-claimed", "a self-claimed relationship with a reason" },
    [RELATION_CLAIMED_BARE] = { "self-claimed-bare",
                                "a self-claimed relationship without a reason" },
    [RELATION_UNKNOWN] = { "unknown", "nothing said about a relationship" },
};

/* codes are sets of enum gateway_condition */
static const struct words stated[] = {
    { "nothing", "stating nothing" },
    { "para18", "stating the paragraph 18 reason" },
    { "task", "stating the public task" },
    { "para18+task", "stating the paragraph 18 reason and the public task" },
    { "not-detrimental", "stating that it is not more detrimental" },
    { "para18+not-detrimental", "stating the paragraph 18 reason and not more detrimental" },
    { "task+not-detrimental", "stating the public task and not more detrimental" },
    { "para18+task+not-detrimental",
      "stating the paragraph 18 reason, the public task and not more detrimental" },
    { "necessity", "stating necessity" },
    { "para18+necessity", "stating the paragraph 18 reason and necessity" },
    { "task+necessity", "stating the public task and necessity" },
    { "para18+task+necessity",
      "stating the paragraph 18 reason and the public task and necessity" },
    { "not-detrimental+necessity", "stating not more detrimental and necessity" },
    { "para18+not-detrimental+necessity",
      "stating the paragraph 18 reason and not more detrimental and necessity" },
    { "task+not-detrimental+necessity",
      "stating the public task and not more detrimental and necessity" },
    { "everything", "stating all that a gateway may ask for" },
};

enum {
    RECORD_CLEAR,
    RECORD_LOCATION,
    RECORD_IDENTITY,
    RECORD_EXISTENCE,
    RECORD_PERHAPS,
    RECORD_UNREADABLE
};
static const struct words records[] = {
    [RECORD_CLEAR] = { "none", "no shield" },
    [RECORD_LOCATION] = { "location", "a shield of the address" },
    [RECORD_IDENTITY] = { "identity", "a shield of all but the identity" },
    [RECORD_EXISTENCE] = { "existence", "a shield of the existence" },
    [RECORD_PERHAPS] = { "perhaps", "a shield of the existence that may be another person's" },
    [RECORD_UNREADABLE] = { "unreadable", "a record that could not be read" },
};

enum {
    CONSENT_NONE,
    CONSENT_GIVEN,
    CONSENT_NAMING,
    CONSENT_SENSITIVE_ONLY,
    CONSENT_ELSEWHERE,
    CONSENT_TO_OTHERS,
    CONSENT_WITHDRAWN,
    CONSENT_EXPIRED,
    CONSENT_NOT_ABLE,
    CONSENT_NO_AUTHORITY,
    CONSENT_GILLICK,
    CONSENT_PARENT,
    CONSENT_DISPUTED,
    CONSENT_AUTHORITY,
    CONSENT_CARER,
    CONSENT_PERHAPS,
    CONSENT_REFUSED,
    CONSENT_GIVEN_AGAIN,
    CONSENT_SENSITIVE_REFUSED,
    CONSENT_PERHAPS_REFUSED
};
static const struct words consents[] = {
    [CONSENT_NONE] = { "none", "no consent on file" },
    [CONSENT_GIVEN] = { "given", "the person's consent for all sources" },
    [CONSENT_NAMING] = { "given-naming",
                         "the person's consent for all sources that names the sensitive services" },
    [CONSENT_SENSITIVE_ONLY] = { "sensitive-alone", "consent for the sensitive services alone" },
    [CONSENT_ELSEWHERE] = { "no-source", "consent that reaches no source that could answer" },
    [CONSENT_TO_OTHERS] = { "to-others", "consent to others than the asker" },
    [CONSENT_WITHDRAWN] = { "withdrawn", "consent that was withdrawn" },
    [CONSENT_EXPIRED] = { "expired", "consent that has run out" },
    [CONSENT_NOT_ABLE] = { "not-able", "consent whose giver is no longer able" },
    [CONSENT_NO_AUTHORITY] = { "no-authority", "consent whose giver has no authority" },
    [CONSENT_GILLICK] = { "gillick", "the consent of a Gillick-competent child" },
    [CONSENT_PARENT] = { "parent", "a parent's consent" },
    [CONSENT_DISPUTED] = { "disputed", "a parent's consent that another disputes" },
    [CONSENT_AUTHORITY] = { "local-authority", "the local authority's consent" },
    [CONSENT_CARER] = { "carer", "the consent of a carer without parental responsibility" },
    [CONSENT_PERHAPS] = { "perhaps-given", "consent that may be another person's" },
    [CONSENT_REFUSED] = { "refused", "the person's refusal" },
    [CONSENT_GIVEN_AGAIN] = { "given-again", "a refusal that the person's later consent undoes" },
    [CONSENT_SENSITIVE_REFUSED] = { "sensitive-refused",
                                    "consent beside a refusal for every sensitive service" },
    [CONSENT_PERHAPS_REFUSED] = { "perhaps-refused",
                                  "consent beside a refusal that may be another person's" },
};

static const struct {
    const struct words *words;
    uint16_t n;
} axes[AXIS_COUNT] = {
    [AXIS_SUBJECT] = { subjects, ALM_LEN(subjects) },
    [AXIS_RELATION] = { relations, ALM_LEN(relations) },
    [AXIS_STATED] = { stated, ALM_LEN(stated) },
    [AXIS_RECORD] = { records, ALM_LEN(records) },
    [AXIS_CONSENT] = { consents, ALM_LEN(consents) },
};

uint16_t situation_count(enum axis x)
{
    return axes[x].n;
}

const char *situation_word(enum axis x, uint16_t code)
{
    return code < axes[x].n ? axes[x].words[code].word : "";
}

const char *situation_phrase(enum axis x, uint16_t code)
{
    return code < axes[x].n ? axes[x].words[code].phrase : "";
}

uint16_t situation_code(enum axis x, const char *word)
{
    for (uint16_t i = 0; i < axes[x].n; i++)
        if (strcmp(axes[x].words[i].word, word) == 0)
            return i;
    return POLICY_NONE;
}

/* --- facts --- */

static void within_of(const struct domain *d, const struct cell *c, int32_t *least, int32_t *most)
{
    uint16_t code = domain_code(d, AXIS_PURPOSE, c);

    *least = INT32_MAX;
    *most = 0;
    for (size_t k = 0; k < d->n_bundles; k++) {
        uint16_t p = d->purposes.index[k][code];
        int32_t days = p == POLICY_NONE ? -1 : bundle_terms(d->b[k], p).within_days;

        *least = days >= 0 && days < *least ? days : *least;
        *most = days > *most ? days : *most;
    }
}

static void situate_relation(const struct domain *d, const struct cell *c, struct facts *f)
{
    static const uint8_t kinds[] = {
        [RELATION_NONE] = FACT_RELATION_NONE,
        [RELATION_INVOLVED] = FACT_RELATION_INVOLVED,
        [RELATION_SAME_HOME] = FACT_RELATION_SAME_HOME,
        [RELATION_ENDED] = FACT_RELATION_WAS_INVOLVED,
        [RELATION_ENDED_BETWEEN] = FACT_RELATION_WAS_INVOLVED,
        [RELATION_ENDED_LONG] = FACT_RELATION_WAS_INVOLVED,
        [RELATION_REFERRED] = FACT_RELATION_REFERRAL,
        [RELATION_REFERRED_BETWEEN] = FACT_RELATION_REFERRAL,
        [RELATION_REFERRED_LONG] = FACT_RELATION_REFERRAL,
        [RELATION_CLAIMED] = FACT_RELATION_SELF_CLAIMED,
        [RELATION_CLAIMED_BARE] = FACT_RELATION_SELF_CLAIMED,
        [RELATION_UNKNOWN] = 0,
    };
    uint16_t code = domain_code(d, AXIS_RELATION, c);
    int32_t least, most, ago = 0;

    within_of(d, c, &least, &most);
    if (code == RELATION_ENDED || code == RELATION_REFERRED)
        ago = least;
    else if (code == RELATION_ENDED_BETWEEN || code == RELATION_REFERRED_BETWEEN)
        ago = most;
    else if (code == RELATION_ENDED_LONG || code == RELATION_REFERRED_LONG)
        ago = most + 1;
    f->relation = kinds[code];
    f->relation_since = f->day - ago;
    f->relation_until = POLICY_DAY_NONE;
    if (f->relation == FACT_RELATION_WAS_INVOLVED) {
        f->relation_since = f->day - ago - LONG_AGO;
        f->relation_until = f->day - ago;
    }
    f->relation_reason = code == RELATION_CLAIMED;
    f->referral_party = f->relation == FACT_RELATION_REFERRAL ? 1 : 2;
}

static void situate_record(uint16_t code, struct situation *s)
{
    static const uint8_t levels[] = {
        [RECORD_LOCATION] = 1, [RECORD_IDENTITY] = 2, [RECORD_EXISTENCE] = 3, [RECORD_PERHAPS] = 3
    };

    s->f.shields = s->shields;
    s->f.incomplete = code == RECORD_UNREADABLE;
    if (code == RECORD_CLEAR || code == RECORD_UNREADABLE)
        return;
    s->shields[0] =
        (struct shield_fact){ .level = levels[code],
                              .match = code == RECORD_PERHAPS ? FACT_CONFLICT : FACT_BROAD,
                              .from = s->f.day - LONG_AGO,
                              .until = POLICY_DAY_NONE };
    s->f.n_shields = 1;
}

static struct consent_fact *add_consent(struct situation *s, bool refused)
{
    struct consent_fact *k = &s->consents[s->f.n_consents++];

    *k = (struct consent_fact){ .refused = refused,
                                .match = FACT_STRICT,
                                .capacity = FACT_CAPACITY_SELF,
                                .giver_authority = true,
                                .given_on = s->f.day - LONG_AGO,
                                .given_ms = 0,
                                .expires_on = POLICY_DAY_NONE,
                                .withdrawn_on = POLICY_DAY_NONE,
                                .able_from = POLICY_DAY_NONE,
                                .able_until = POLICY_DAY_NONE,
                                .competence = true,
                                .review_on = POLICY_DAY_NONE };
    agency_set_add(&k->recipients, s->f.agency);
    k->sources.any = true;
    return k;
}

static void change_grant(const struct domain *d, size_t bundle, uint16_t code, int32_t day,
                         struct consent_fact *k)
{
    static const uint8_t capacities[] = { [CONSENT_GILLICK] = FACT_CAPACITY_GILLICK,
                                          [CONSENT_PARENT] = FACT_CAPACITY_PARENT,
                                          [CONSENT_DISPUTED] = FACT_CAPACITY_PARENT,
                                          [CONSENT_AUTHORITY] = FACT_CAPACITY_LOCAL_AUTHORITY,
                                          [CONSENT_CARER] = FACT_CAPACITY_CARER_WITHOUT_PR,
                                          [CONSENT_PERHAPS_REFUSED] = 0 };

    if (capacities[code])
        k->capacity = capacities[code];
    k->disputed = code == CONSENT_DISPUTED;
    k->giver_authority = code != CONSENT_NO_AUTHORITY && code != CONSENT_CARER;
    if (code == CONSENT_NAMING || code == CONSENT_SENSITIVE_ONLY)
        k->sensitive_sources = d->sensitive[bundle];
    if (code == CONSENT_SENSITIVE_ONLY || code == CONSENT_ELSEWHERE)
        k->sources = (struct agency_set){ .any = false };
    if (code == CONSENT_TO_OTHERS)
        k->recipients = (struct agency_set){ .any = false };
    if (code == CONSENT_WITHDRAWN)
        k->withdrawn_on = day;
    if (code == CONSENT_EXPIRED)
        k->expires_on = day - 1;
    if (code == CONSENT_NOT_ABLE)
        k->able_until = day - 1;
    if (code == CONSENT_PERHAPS)
        k->match = FACT_CONFLICT;
}

static void situate_consent(const struct domain *d, size_t bundle, uint16_t code,
                            struct situation *s)
{
    struct consent_fact *k;

    s->f.consents = s->consents;
    if (code == CONSENT_NONE)
        return;
    if (code != CONSENT_REFUSED)
        change_grant(d, bundle, code, s->f.day, add_consent(s, false));
    if (code != CONSENT_REFUSED && code != CONSENT_GIVEN_AGAIN &&
        code != CONSENT_SENSITIVE_REFUSED && code != CONSENT_PERHAPS_REFUSED)
        return;
    k = add_consent(s, true);
    /* Later than the grant, but where the grant is what came later. */
    k->given_ms = 1;
    if (code == CONSENT_GIVEN_AGAIN)
        k->given_on = s->f.day - LONG_AGO - 1;
    if (code == CONSENT_PERHAPS_REFUSED)
        k->match = FACT_CONFLICT;
    if (code == CONSENT_SENSITIVE_REFUSED) {
        k->sources = (struct agency_set){ .any = false };
        k->sensitive_sources.any = true;
    }
}

static void situate_asked(const struct domain *d, size_t k, uint16_t code, struct facts *f)
{
    f->involvement = code == ASKED_INVOLVEMENT;
    f->question = f->involvement ? POLICY_NONE : d->questions.index[k][code - 1];
    f->has_parameter =
        f->question != POLICY_NONE && bundle_question_at(d->b[k], f->question)->home_parameter;
}

/* Code 0: none; odd: approved under a gateway; even: asked for by one person in immediate danger.
 */
bool domain_override(const struct domain *d, size_t k, uint16_t code, const struct facts *f,
                     struct override_fact *out)
{
    if (code == 0)
        return false;
    *out = (struct override_fact){ .match = FACT_STRICT,
                                   .agency = f->agency,
                                   .purpose = f->purpose,
                                   .question = f->question,
                                   .gateway = d->overriding.index[k][(code - 1) / 2],
                                   .same_parameter = true,
                                   .in_time = true,
                                   .approved = code % 2 == 1,
                                   .immediate_danger = code % 2 == 0 };
    return true;
}

void domain_situate(const struct domain *d, size_t k, const struct cell *c, uint16_t agency,
                    struct situation *out)
{
    static const uint8_t kinds[] = { [SUBJECT_PERSON] = FACT_PERSON,
                                     [SUBJECT_UNBORN] = FACT_UNBORN,
                                     [SUBJECT_HOUSEHOLD] = FACT_HOUSEHOLD };
    struct facts *f = &out->f;

    memset(f, 0, sizeof(*f));
    f->day = d->on[domain_code(d, AXIS_DAY, c)];
    f->agency = d->agencies.index[k][agency];
    f->agency_standing = !d->agency_suspended;
    f->practitioner_standing = !d->practitioner_suspended;
    f->role = d->roles.index[k][domain_code(d, AXIS_ROLE, c)];
    f->purpose = d->purposes.index[k][domain_code(d, AXIS_PURPOSE, c)];
    f->basis_given = d->basis != NULL;
    f->basis = d->basis ? bundle_gateway(d->b[k], d->basis) : POLICY_NONE;
    situate_asked(d, k, domain_code(d, AXIS_ASKED, c), f);
    f->subject_kind = kinds[domain_code(d, AXIS_SUBJECT, c)];
    situate_relation(d, c, f);
    f->conditions = domain_code(d, AXIS_STATED, c);
    situate_record(domain_code(d, AXIS_RECORD, c), out);
    situate_consent(d, k, domain_code(d, AXIS_CONSENT, c), out);
    f->overrides = out->overrides;
    f->n_overrides = domain_override(d, k, domain_code(d, AXIS_OVERRIDE, c), f, out->overrides);
}
