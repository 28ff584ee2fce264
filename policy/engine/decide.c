/* SPDX-License-Identifier: Apache-2.0 */
/* decide.c - the three passes in order, and how their reasons become one decision. */
#include "engine/composite.h"
#include "engine/override.h"
#include <string.h>

enum verdict trace(struct choice *c, enum pass pass, enum clause_id id, enum verdict v)
{
    struct decision *d = c->out;

    if (d->n_clauses < POLICY_TRACE_MAX)
        d->clauses[d->n_clauses++] =
            (struct clause){ .pass = (uint8_t)pass, .result = (uint8_t)v, .rule = (uint16_t)id };
    return v;
}

bool question_of_broker(const struct choice *c)
{
    return c->question && (c->question->kind == QUESTION_THRESHOLD ||
                           c->question->kind == QUESTION_REFERRAL);
}

static void name_rule(struct choice *c)
{
    const char *purpose = c->purpose ? c->purpose->id : "unknown-purpose";
    const char *question = c->f->involvement ? "who-is-involved"
                           : c->question     ? c->question->id
                                             : "unknown-question";
    size_t n = strlen(purpose), m = strlen(question);

    if (n + 1 + m >= sizeof(c->out->rule))
        return; /* layout.h: the ids fit */
    memcpy(c->out->rule, purpose, n);
    c->out->rule[n] = '/';
    memcpy(c->out->rule + n + 1, question, m + 1);
}

static void refuse(struct decision *d, enum reason r)
{
    d->outcome = OUTCOME_REFUSE;
    d->reason = (uint8_t)r;
    d->telling = (uint8_t)reason_telling(r);
    if (d->telling != TELL_HIDDEN)
        d->n_holders = 0;
}

static void permit(struct decision *d)
{
    d->outcome = OUTCOME_PERMIT;
    d->reason = REASON_NONE;
}

/* Facts that are not whole say nothing for certain about the subject, so the asker sees what an
 * unknown person's asker sees. */
static enum reason facts_whole(struct choice *c)
{
    bool whole = !c->f->incomplete && c->f->n_consents <= POLICY_CONSENTS_MAX &&
                 c->f->n_shields <= POLICY_SHIELDS_MAX && (c->f->consents || !c->f->n_consents) &&
                 (c->f->shields || !c->f->n_shields);

    return trace(c, PASS_BASIS, CLAUSE_FACTS_WHOLE, whole ? HOLDS : CANNOT_TELL) == HOLDS
               ? REASON_NONE
               : REASON_FACTS_INCOMPLETE;
}

static void decide_about_subject(struct choice *c)
{
    enum reason told, hidden;

    if (facts_whole(c) != REASON_NONE) {
        transforms_list_all(c);
        refuse(c->out, REASON_FACTS_INCOMPLETE);
        return;
    }
    told = consent_check(c);
    if (told != REASON_NONE && !override_carries(c, told)) {
        refuse(c->out, told);
        return;
    }
    told = transforms_holders(c);
    if (told != REASON_NONE && override_carries(c, told))
        told = transforms_holders(c);
    hidden = transforms_hidden(c);
    if (hidden != REASON_NONE && told == REASON_NONE) {
        refuse(c->out, hidden);
    } else if (hidden != REASON_NONE && reason_of_subject(hidden)) {
        /* The shield is what the log names; the asker is told what it would be told without one. */
        refuse(c->out, told);
        c->out->reason = (uint8_t)hidden;
    } else if (told != REASON_NONE) {
        refuse(c->out, told);
    } else {
        permit(c->out);
    }
}

void policy_decide(const struct bundle *b, const struct facts *f, struct decision *out)
{
    struct choice c = { .b = b, .f = f, .out = out };
    enum reason r;

    memset(out, 0, sizeof(*out)); /* a refusal, whatever happens below */
    if (!b) {
        refuse(out, REASON_NO_POLICY);
        return;
    }
    r = gates_check(&c);
    name_rule(&c);
    if (r == REASON_NONE)
        r = basis_check(&c);
    if (r == REASON_NONE && c.question && c.question->kind == QUESTION_COMPOSITE)
        r = composite_possible(&c);
    if (r != REASON_NONE) {
        out->basis = 0;
        refuse(out, r);
        return;
    }
    if (question_of_broker(&c))
        permit(out); /* "for these two the remaining checks do not apply" */
    else
        decide_about_subject(&c);
    if (out->outcome != OUTCOME_PERMIT)
        out->basis = 0;
}
