/* SPDX-License-Identifier: Apache-2.0 */
/* lint_casework.c - thresholds that nobody may read, categories that no rule counts, needs that no
 * service meets, services that nobody can be referred to, and permissions that have run out. */
#include "analyse/linter.h"
#include "base/civil.h"
#include "engine/casework.h"
#include <errno.h>
#include <stdlib.h>

/* May an agency of the kind wanted ask this at all, on any day and for any purpose? */
static bool readable(struct linter *x, uint16_t question)
{
    const struct matrix *m = x->m;
    bool found = false;

    for (size_t i = 0; i < m->n && !found; i++) {
        const struct line *l = &m->lines[i];

        if (m->values.at[l->value[0]].outcome != OUTCOME_PERMIT)
            continue;
        for (uint16_t at = 0; at < m->d->axis[AXIS_ASKED].n && !found; at++)
            found = m->d->axis[AXIS_ASKED].codes[at] == question + 1u &&
                    sets_has(&m->sets[AXIS_ASKED], l->set[AXIS_ASKED], at);
    }
    return found;
}

static bool hub_reads(const struct linter *x, uint16_t question)
{
    for (uint16_t a = 0; a < bundle_n_agencies(x->b); a++)
        for (uint16_t p = 0; bundle_hub(x->b, a) && p < bundle_n_purposes(x->b); p++)
            if (bundle_lists(x->b, p, question) && bundle_place(x->b, a, p) > PLACE_SILENT)
                return true;
    return false;
}

static void lint_thresholds(struct linter *x)
{
    for (uint16_t q = 0; q < bundle_n_questions(x->b); q++) {
        const struct policy_question *v = bundle_question_at(x->b, q);
        const struct policy_threshold *t = &v->threshold;

        if (v->kind != QUESTION_THRESHOLD)
            continue;
        if (!readable(x, q))
            lint_add(x, LINT_QUESTION, v->id,
                     "counts concerns, but nobody may ever read whether it has fired");
        else if (!hub_reads(x, q))
            lint_add(x, LINT_QUESTION, v->id,
                     "counts concerns, but no hub may read it: no stream will bring its firings");
        if (t->window_days > bundle_concern_rules(x->b)->most_days)
            lint_add(x, LINT_QUESTION, v->id, "looks back %u days, but a concern expires after %u",
                     (unsigned)t->window_days, (unsigned)bundle_concern_rules(x->b)->most_days);
    }
}

static void lint_categories(struct linter *x)
{
    uint64_t counted = 0;

    for (uint16_t q = 0; q < bundle_n_questions(x->b); q++)
        if (bundle_question_at(x->b, q)->kind == QUESTION_THRESHOLD)
            counted |= bundle_question_at(x->b, q)->threshold.categories;
    for (uint16_t c = 0; c < bundle_n_categories(x->b); c++)
        if (!((counted >> c) & 1))
            lint_add(x, LINT_CATEGORY, bundle_category_id(x->b, c),
                     "is counted by no threshold: such a concern reaches nobody");
}

static bool party_somewhere(const struct linter *x, uint16_t agency)
{
    for (uint16_t p = 0; p < bundle_n_purposes(x->b); p++)
        if (bundle_party(x->b, agency, p))
            return true;
    return false;
}

/* Areas that the service lists and its agency does not work in. */
static void lint_areas(struct linter *x, const struct policy_service *s)
{
    for (uint8_t i = 0; i < s->n_areas; i++)
        if (!bundle_agency_in(x->b, s->agency, s->areas[i]))
            lint_add(x, LINT_SERVICE, s->id, "is offered in \"%s\", where its agency does not work",
                     bundle_area_id(x->b, s->areas[i]));
}

static void lint_permits(struct linter *x, uint16_t service)
{
    const struct policy_service *s = bundle_service_at(x->b, service);

    for (uint16_t i = 0; i < bundle_n_permits(x->b, service); i++) {
        struct policy_permit p = bundle_permit_at(x->b, service, i);
        const char *who = bundle_agency_at(x->b, p.agency)->id;
        char day[CIVIL_TEXT];

        civil_format(p.until == POLICY_DAY_NONE ? CIVIL_NONE : p.until, day);
        if (p.until != POLICY_DAY_NONE && p.until < x->today)
            lint_add(x, LINT_SERVICE, s->id, "permitted \"%s\" a step until %s: it has run out",
                     who, day);
        if (!*p.agreed)
            lint_add(x, LINT_SERVICE, s->id,
                     "permits \"%s\" a step, but does not say where its owner agreed to it", who);
        if (bundle_same_organisation(x->b, p.agency, s->agency))
            lint_add(x, LINT_SERVICE, s->id, "permits \"%s\", its own organisation", who);
    }
}

/* Some purpose under which the criterion can be answered by somebody. */
static bool answered(const struct linter *x, uint16_t question)
{
    for (uint16_t p = 0; p < bundle_n_purposes(x->b); p++)
        if (bundle_n_holders(x->b, p, question))
            return true;
    return false;
}

static void lint_services(struct linter *x)
{
    for (uint16_t i = 0; i < bundle_n_services(x->b); i++) {
        const struct policy_service *s = bundle_service_at(x->b, i);

        if (!party_somewhere(x, s->agency))
            lint_add(
                x, LINT_SERVICE, s->id,
                "belongs to \"%s\", which is a party of no protocol: nothing can be sent to it",
                bundle_agency_at(x->b, s->agency)->id);
        if (!*s->contact && !*bundle_agency_at(x->b, s->agency)->contact)
            lint_add(x, LINT_SERVICE, s->id, "has no contact, and neither has its agency");
        for (uint8_t c = 0; c < s->n_criteria; c++)
            if (!answered(x, s->criteria[c].question))
                lint_add(x, LINT_SERVICE, s->id,
                         "asks \"%s\" to know who is eligible, but nobody answers it",
                         bundle_question_at(x->b, s->criteria[c].question)->id);
        lint_areas(x, s);
        lint_permits(x, i);
    }
}

static void lint_needs(struct linter *x)
{
    bool *met = calloc(bundle_n_needs(x->b) + 1u, sizeof(*met));

    if (!met) {
        x->status = -ENOMEM;
        return;
    }
    for (uint16_t i = 0; i < bundle_n_services(x->b); i++) {
        const struct policy_service *s = bundle_service_at(x->b, i);

        for (uint8_t k = 0; k < s->n_needs; k++)
            met[s->needs[k]] = true;
    }
    for (uint16_t n = 0; n < bundle_n_needs(x->b); n++)
        if (!met[n])
            lint_add(x, LINT_NEED, bundle_need_id(x->b, n), "is met by no service");
    free(met);
}

/* A kind that asks less than DOMAIN.md section 6 says "must be true before send". */
static void lint_kinds(struct linter *x)
{
    static const char *const kinds[REFERRAL_KINDS] = { "signposting", "soft",         "application",
                                                       "hard",        "commissioned", "booked" };
    const struct policy_referral_rules *r = bundle_referral_rules(x->b);

    for (size_t i = 0; i < REFERRAL_KINDS; i++)
        if (casework_referrals.made[i] & ~r->made[i])
            lint_add(x, LINT_REFERRALS, kinds[i],
                     "asks less of the sender than the kind stands for");
}

void lint_casework(struct linter *x)
{
    lint_thresholds(x);
    lint_categories(x);
    lint_needs(x);
    lint_services(x);
    lint_kinds(x);
}
