/* SPDX-License-Identifier: Apache-2.0 */
/* decide.h - inside the engine only: the state of one decision, and the passes over it. */
#pragma once
#include "engine/bundle.h"
#include "engine/clause.h"

/* numbers of clause.result. CANNOT_TELL never permits */
enum verdict { FAILS = 0, HOLDS = 1, CANNOT_TELL = 2 };
enum pass { PASS_GATES = 1, PASS_BASIS, PASS_TRANSFORMS };

/* The valid grants that cover the asker, added together, and what refusals take away. */
struct grants {
    struct mask sources, sensitive; /* agencies; sources has the teams of a named organisation */
    bool sources_any;
    struct mask refused;          /* taken out whoever granted */
    bool conflict;                /* a refusal of everything may be this person's: cannot say */
    struct mask conflict_sources; /* as refused, by refusals that may be another person's */
};
struct choice {
    const struct bundle *b;
    const struct facts *f;
    struct decision *out;
    const struct lay_purpose *purpose; /* NULL until known */
    const struct protocol_view *protocol;
    const struct lay_question *question; /* NULL for who-is-involved */
    const struct cell *cell;
    struct mask covered; /* agencies that a gateway in force covers */
    struct grants grants;
};

/* A threshold or a referral's state: the broker itself answers, and asks nobody. */
bool question_of_broker(const struct choice *c);
/* Records a clause, and gives its verdict back. Past POLICY_TRACE_MAX clauses are dropped, never
 * the decision. */
enum verdict trace(struct choice *c, enum pass pass, enum clause_id id, enum verdict v);
/* Each: REASON_NONE to go on, or why not. */
enum reason gates_check(struct choice *c);
enum reason gates_check_referral(struct choice *c); /* a referral's: of who sends it */
enum reason basis_check(struct choice *c);
enum reason consent_check(struct choice *c);
/* Fills holders, visibility and n_listed as they are without any hidden reason. */
enum reason transforms_holders(struct choice *c);
/* Whether it is surely about the subject, not about somebody who may be the same person. */
static inline bool reason_of_subject(enum reason hidden)
{
    return hidden != REASON_MATCH_CONFLICT && hidden != REASON_NEAR_SHIELDED;
}
/* A hidden reason (shield, conflicting record), or REASON_NONE. */
enum reason transforms_hidden(struct choice *c);
/* Lists every holder of the question, for facts that could not be gathered whole. */
void transforms_list_all(struct choice *c);
