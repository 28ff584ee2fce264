/* SPDX-License-Identifier: Apache-2.0 */
/* lint.c - looks through a policy and its matrix. Whether a rule can be reached is read off the
 * matrix, so it is the engine's word and not a second opinion. */
#include "analyse/linter.h"
#include "base/civil.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void lint_add(struct linter *x, enum lint_kind kind, const char *id, const char *fmt, ...)
{
    struct lint *l;
    va_list args;

    if (x->status < 0)
        return;
    if (x->out->n == x->out->cap) {
        size_t cap = x->out->cap ? 2 * x->out->cap : 32;
        struct lint *at = realloc(x->out->at, cap * sizeof(*at));

        if (!at) {
            x->status = -ENOMEM;
            return;
        }
        x->out->at = at;
        x->out->cap = cap;
    }
    l = &x->out->at[x->out->n++];
    l->kind = kind;
    (void)snprintf(l->id, sizeof(l->id), "%s", id);
    va_start(args, fmt);
    (void)vsnprintf(l->text, sizeof(l->text), fmt, args);
    va_end(args);
}

void lints_deinit(struct lints *l)
{
    free(l->at);
    *l = (struct lints){ .at = NULL };
}

/* --- dates --- */

static void lint_protocols(struct linter *x)
{
    for (uint16_t i = 0; i < bundle_n_protocols(x->b); i++) {
        struct policy_protocol p = bundle_protocol_at(x->b, i);
        char day[CIVIL_TEXT];

        civil_format(p.review, day);
        if (p.until < x->today)
            lint_add(x, LINT_PROTOCOL, p.id,
                     "is no longer in force: all that rests on it is refused");
        else if (p.review < x->today)
            lint_add(x, LINT_PROTOCOL, p.id, "was to be reviewed by %s", day);
        else if (p.review - x->today <= LINT_REVIEW_DAY)
            lint_add(x, LINT_PROTOCOL, p.id, "is to be reviewed by %s, in %d days", day,
                     (int)(p.review - x->today));
        if (p.review > p.until)
            lint_add(x, LINT_PROTOCOL, p.id, "is to be reviewed on %s, after it has ended", day);
    }
}

static bool carried_on(const struct linter *x, uint16_t purpose, int32_t day)
{
    struct policy_terms t = bundle_terms(x->b, purpose);
    bool consent = bundle_purpose_at(x->b, purpose)->consent;

    for (uint16_t i = 0; i < t.n_bases; i++) {
        struct policy_gateway g = bundle_gateway_at(x->b, t.bases[i]);

        if ((g.kind == GATEWAY_CONSENT) == consent && day >= g.from &&
            (g.until == POLICY_DAY_NONE || day <= g.until))
            return true;
    }
    return false;
}

/* Days within the purpose's own on which none of its gateways is in force. */
static void lint_gaps(struct linter *x, uint16_t purpose)
{
    const struct policy_purpose *p = bundle_purpose_at(x->b, purpose);
    const struct domain *d = x->m->d;

    for (uint16_t i = 0; i < d->n_days; i++) {
        int32_t from, until;
        char text[2][CIVIL_TEXT];

        domain_interval(d, i, &from, &until);
        from = from == POLICY_DAY_NONE || from < p->from ? p->from : from;
        until = until == POLICY_DAY_NONE || until > p->until ? p->until : until;
        if (from > until || carried_on(x, purpose, from))
            continue;
        civil_format(from, text[0]);
        civil_format(until, text[1]);
        lint_add(x, LINT_PURPOSE, p->id,
                 "has no gateway in force from %s to %s: all that it covers is refused then",
                 text[0], text[1]);
    }
}

/* --- reach --- */

static bool asks_somebody(const struct value *v)
{
    return v->outcome == OUTCOME_PERMIT && (v->n > 0 || v->broker);
}

void lint_permitted(const struct matrix *m, enum axis a, uint16_t purpose, bool *out)
{
    for (size_t i = 0; i < m->n; i++) {
        const struct line *l = &m->lines[i];

        if (!asks_somebody(&m->values.at[l->value[0]]) ||
            (purpose != POLICY_NONE &&
             !sets_has(&m->sets[AXIS_PURPOSE], l->set[AXIS_PURPOSE], purpose)))
            continue;
        for (uint16_t at = 0; at < m->d->axis[a].n; at++)
            out[at] = out[at] || sets_has(&m->sets[a], l->set[a], at);
    }
}

static void lint_question(struct linter *x, uint16_t purpose, uint16_t q)
{
    const char *id = bundle_question_at(x->b, q)->id, *why = bundle_purpose_at(x->b, purpose)->id;

    if (bundle_closed(x->b, q))
        lint_add(x, LINT_QUESTION, id, "is of a closed class: for %s it is never permitted", why);
    else if (bundle_question_at(x->b, q)->kind == QUESTION_HOLDERS &&
             !bundle_n_holders(x->b, purpose, q))
        lint_add(x, LINT_QUESTION, id, "cannot be answered for %s: no party that answers holds it",
                 why);
    else
        lint_add(x, LINT_QUESTION, id,
                 "can never be permitted for %s: its terms shut each other out", why);
}

static void lint_purpose(struct linter *x, uint16_t purpose)
{
    const struct axis_values *asked = &x->m->d->axis[AXIS_ASKED];
    bool *reached = calloc(asked->n + 1u, sizeof(*reached));

    if (!reached) {
        x->status = -ENOMEM;
        return;
    }
    lint_permitted(x->m, AXIS_ASKED, purpose, reached);
    for (uint16_t i = 0; i < asked->n; i++) {
        uint16_t code = asked->codes[i];

        if (reached[i])
            continue;
        if (code != ASKED_INVOLVEMENT && bundle_lists(x->b, purpose, (uint16_t)(code - 1)))
            lint_question(x, purpose, (uint16_t)(code - 1));
        if (code == ASKED_INVOLVEMENT && bundle_purpose_at(x->b, purpose)->involvement)
            lint_add(
                x, LINT_PURPOSE, bundle_purpose_at(x->b, purpose)->id,
                "admits asking who is involved, but nobody can: no party may ask in full, or none "
                "answers");
    }
    free(reached);
}

static bool purpose_used(const struct linter *x, uint16_t purpose)
{
    bool used = bundle_purpose_at(x->b, purpose)->involvement;

    for (uint16_t q = 0; q < bundle_n_questions(x->b); q++)
        used = used || bundle_lists(x->b, purpose, q);
    return used;
}

static void lint_purposes(struct linter *x)
{
    for (uint16_t i = 0; i < bundle_n_purposes(x->b); i++) {
        lint_gaps(x, i);
        if (purpose_used(x, i))
            lint_purpose(x, i);
        else
            lint_add(x, LINT_PURPOSE, bundle_purpose_at(x->b, i)->id,
                     "has no question, and nobody may ask who is involved");
    }
}

/* --- parts that nothing uses --- */

static bool household_possible(const struct linter *x, uint16_t q)
{
    for (uint16_t p = 0; p < bundle_n_purposes(x->b); p++)
        if (bundle_lists(x->b, p, q) && !bundle_purpose_at(x->b, p)->consent)
            return true;
    return false;
}

static void lint_households(struct linter *x)
{
    for (uint16_t q = 0; q < bundle_n_questions(x->b); q++) {
        const struct policy_question *v = bundle_question_at(x->b, q);

        if (v->household && v->kind == QUESTION_HOLDERS && !household_possible(x, q))
            lint_add(
                x, LINT_QUESTION, v->id,
                "may be asked about a household, but all its purposes rest on consent, for which "
                "none may");
    }
}

static void lint_gateways(struct linter *x)
{
    for (uint16_t g = 0; g < bundle_n_gateways(x->b); g++) {
        bool used = false;

        for (uint16_t p = 0; p < bundle_n_purposes(x->b) && !used; p++) {
            struct policy_terms t = bundle_terms(x->b, p);

            for (uint16_t i = 0; i < t.n_bases; i++)
                used = used || t.bases[i] == g;
        }
        if (!used)
            lint_add(x, LINT_GATEWAY, bundle_gateway_at(x->b, g).id, "is a basis of no purpose");
    }
}

static void lint_roles(struct linter *x)
{
    bool *reached = calloc(bundle_n_roles(x->b) + 1u, sizeof(*reached));

    if (!reached) {
        x->status = -ENOMEM;
        return;
    }
    lint_permitted(x->m, AXIS_ROLE, POLICY_NONE, reached);
    for (uint16_t r = 0; r < bundle_n_roles(x->b); r++)
        if (!reached[r])
            lint_add(x, LINT_ROLE, bundle_role_at(x->b, r), "may ask nothing at all");
    free(reached);
}

static bool has_place(const struct linter *x, uint16_t agency)
{
    for (uint16_t p = 0; p < bundle_n_purposes(x->b); p++)
        if (bundle_answers(x->b, agency, p) || bundle_place(x->b, agency, p) > PLACE_SILENT)
            return true;
    return false;
}

static void lint_agencies(struct linter *x)
{
    for (uint16_t a = 0; a < bundle_n_agencies(x->b); a++)
        if (!has_place(x, a) && bundle_tokens(x->b)->keyholder != a)
            lint_add(x, LINT_AGENCY, bundle_agency_at(x->b, a)->id,
                     "neither asks nor answers under any purpose");
}

int lint_policy(const struct matrix *m, int32_t today, struct lints *out)
{
    struct linter x = { .m = m, .b = m->d->b[0], .today = today, .out = out };

    lint_protocols(&x);
    lint_gateways(&x);
    lint_purposes(&x);
    lint_households(&x);
    lint_roles(&x);
    lint_agencies(&x);
    lint_casework(&x);
    lint_tokens(&x);
    lint_oversight(&x);
    return x.status;
}
