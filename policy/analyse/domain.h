/* SPDX-License-Identifier: Apache-2.0 */
/* domain.h - the finite domain over which a policy is shown and two policies are compared: every
 * combination of who asks, for what, about whom, and what stands on file.
 *
 * One policy or two: with two, each axis holds what either of them declares, so that one cell means
 * the same in both. What the domain leaves out is fixed (README.md, "The domain"). */
#pragma once
#include "engine/catalogue.h"
#include "engine/engine.h"

/* In the order in which the engine's checks look at them: explore.c stops at the first axis that
 * nothing reads any more. */
enum axis {
    AXIS_PURPOSE,
    AXIS_DAY,
    AXIS_AGENCY,
    AXIS_ROLE,
    AXIS_ASKED,
    AXIS_SUBJECT,
    AXIS_RELATION,
    AXIS_STATED,
    AXIS_RECORD,
    AXIS_CONSENT,
    AXIS_OVERRIDE,
    AXIS_COUNT
};
#define ASKED_INVOLVEMENT 0 /* code on AXIS_ASKED; question q of the list is q + 1 */

struct axis_values {
    uint16_t n, best; /* best: position of the value that permits most */
    uint16_t *codes;  /* by position; what a code means depends on the axis */
};
struct id_list { /* ids of either policy, sorted; index[k]: in policy k, or POLICY_NONE */
    uint16_t n;
    const char **id;
    uint16_t *index[2];
};
struct override_words {
    char word[80], phrase[128];
};
struct domain {
    size_t n_bundles; /* 1 or 2 */
    const struct bundle *b[2];
    struct id_list agencies, roles, purposes, questions;
    struct id_list overriding;        /* gateways that an override may rest on, in either policy */
    struct override_words *overrides; /* by code of AXIS_OVERRIDE */
    int32_t *days; /* first day of each interval; days[0] the day before the first boundary */
    int32_t *on;   /* the day that stands for each interval */
    uint16_t n_days;
    struct axis_values axis[AXIS_COUNT];
    struct agency_set sensitive[2]; /* sensitive in either policy, as indexes of policy k */
    /* Fixed for all cells: as domain_new() leaves them, in good standing and claiming no basis. */
    bool agency_suspended, practitioner_suspended;
    const char *basis; /* gateway's id; NULL: none claimed */
};
/* Only these, by id; NULL: all. */
struct domain_filter {
    const char *purpose, *agency, *role, *question; /* question: "who-is-involved" too */
};
/**
 * domain_new() - the domain of one policy, or of two together (b NULL: of a alone)
 * @unknown: what the filter names and neither policy knows ("agency", ...), when 1 is returned
 *
 * Return: 0; 1 for an unknown id; -ENOMEM. The bundles are borrowed and must outlive it.
 */
ALM_MUST_USE int domain_new(const struct bundle *a, const struct bundle *b,
                            const struct domain_filter *filter, struct domain **out,
                            const char **unknown);
struct domain *domain_free(struct domain *d);
void domain_freep(struct domain **d);

/* Takes this day to stand for the interval that it lies in. Return: the interval's position. */
uint16_t domain_set_day(struct domain *d, int32_t day);
/* The same, and leaves no other day in the domain. */
void domain_fix_day(struct domain *d, int32_t day);

struct cell { /* a position on each axis */
    uint16_t at[AXIS_COUNT];
};
static inline uint16_t domain_code(const struct domain *d, enum axis x, const struct cell *c)
{
    return d->axis[x].codes[c->at[x]];
}
/* The position of an id or a small axis' word, or POLICY_NONE. Not for AXIS_DAY. */
uint16_t domain_find(const struct domain *d, enum axis x, const char *word);
/* how many cells there are; they fit: axes are bounded */
double domain_cells(const struct domain *d);
/* First and last day of an interval; POLICY_DAY_NONE: without end. */
void domain_interval(const struct domain *d, uint16_t code, int32_t *from, int32_t *until);

/* A cell as facts for policy k. */
struct situation {
    struct facts f;
    struct consent_fact consents[2];
    struct shield_fact shields[1];
    struct override_fact overrides[1];
};
/* agency: index on d->agencies, usually the cell's own */
void domain_situate(const struct domain *d, size_t k, const struct cell *c, uint16_t agency,
                    struct situation *out);
/* The override of a code of AXIS_OVERRIDE beside facts of policy k. Return: false where there is
 * none. */
bool domain_override(const struct domain *d, size_t k, uint16_t code, const struct facts *f,
                     struct override_fact *out);

/* Words for the small axes: subject, relation, stated, record, consent. A short one for programs,
 * a phrase for people. "" for a code that is not there. (words.h has those of every axis.) */
const char *situation_word(enum axis x, uint16_t code);
const char *situation_phrase(enum axis x, uint16_t code);
uint16_t situation_count(enum axis x); /* of codes */
/* the code of a word, or POLICY_NONE */
uint16_t situation_code(enum axis x, const char *word);
