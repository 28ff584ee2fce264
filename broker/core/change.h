/* SPDX-License-Identifier: Apache-2.0 */
/* change.h - inside the core only: a signed change being made, and what each kind does. */
#pragma once
#include "state.h"

#define CHANGE_OFFICERS_MAX 8

struct change {
    const char *text; /* exactly as signed; borrowed from the request */
    json_t *body;     /* parsed; owned by change_apply */
    struct id nonce;
    struct receipt receipt;
    size_t n_officers; /* whose good signatures it bears */
    char officers[CHANGE_OFFICERS_MAX][REGISTRY_ID_MAX];
    /* for the leaf, filled by the kind */
    char agency[64];
    char detail[160];
    char practitioner[64]; /* sealed */
    char reason[128];
    char why[512]; /* sealed: words of a reason that may name somebody */
    char genesis[REGISTRY_ID_MAX]; /* the first officers add themselves */
};
/* Return: NULL applied in the batch (or the batch has failed); else why not, as the reply: then
 * nothing was written. */
typedef json_t *change_apply_fn(struct core *c, struct change *ch);
change_apply_fn change_officer_add, change_officer_suspend, change_agency_add,
    change_agency_revoke_key, change_agency_suspend, change_agency_resume,
    change_practitioner_suspend, change_practitioner_resume, change_policy_activate,
    change_shield_lift, change_day_set;
/* deliver_sweep.c */
json_t *change_dead_requeue(struct core *c, struct change *ch);
/* hold.c, erase.c, retention.c */
change_apply_fn change_hold_add, change_hold_lift, change_erase, change_retention_run;
/* dispute.c */
json_t *change_dispute_lift(struct core *c, struct change *ch);
/* override.c */
json_t *change_override_veto(struct core *c, struct change *ch);
/* "none while fewer than two officers exist (genesis, recorded as such); else two" */
ALM_MUST_USE int change_genesis(struct core *c, struct change *ch, size_t *needed);
