/* SPDX-License-Identifier: Apache-2.0 */
/* ask.h - from what a practitioner typed to a subject's tokens, homes and relationship: what leaves
 * the adapter, and no more. */
#pragma once
#include "lib/index.h"
#include "wire/msg.h"

struct asked_home { /* as typed */
    char address[ALM_FIELD_MAX], postcode[ALM_FIELD_MAX], ref[ALM_REF_MAX];
    int32_t from, until; /* CIVIL_NONE: not given, still */
};
struct asked_subject { /* as typed */
    bool household;    /* then only home is set */
    struct asked_home home;
    char given[ALM_FIELD_MAX], family[ALM_FIELD_MAX], nhs[ALM_FIELD_MAX], upn[ALM_FIELD_MAX];
    int32_t born;
    bool unborn;
    size_t n_homes;
    struct asked_home homes[HOMES_MAX];
};
void asked_subject_wipe(struct asked_subject *s); /* for ALM_CLEANUP */

/* Why we may ask, as our own source has it. Return: 0; -EINPROGRESS it was asked and will say: run again;
 * -errno it cannot say. */
typedef int asker_relate(void *ctx, const struct alm_subject *s, struct alm_relationship *out);
struct asker { /* what this agency knows; borrowed */
    const struct tokens_key *key;
    const struct index *index; /* NULL: no rows yet */
    int32_t day;               /* the broker's civil day */
    asker_relate *relate;      /* NULL: the relationship is not wanted, and stays "none" */
    void *ctx;
};
struct ask { /* worked out of one subject */
    enum index_known known;
    const char *person; /* our reference, INDEX_ONE only */
    uint8_t subject_kind;
    struct token_set subject;
    struct token household; /* kind 0 unless the subject is a household */
    size_t n_homes;
    struct msg_home homes[HOMES_MAX];
    struct msg_relationship relationship;
};
/**
 * ask_work_out() - tokens (typed ones joined with our own record's where exactly one matches),
 * homes and relationship
 * @past_shield:  the purpose sees past a shield; otherwise a home that our own rows mark shielded
 * on the day leaves no trace
 * @self_claimed: "" or the reason, used only when our own rows show no relationship, or cannot say
 * @wrong:        for a positive result: which part, "nhs_number", "homes[2]"
 *
 * Return: 0; an alm_fault (what was typed is not valid); -EAGAIN tokens are wanted in the key's memo:
 * fetch them and call again; -EBUSY our own rows cannot be looked in yet, and without them a shielded
 * home would be told; -EINPROGRESS, as of asker_relate; -EREMOTEIO our own source cannot say why we
 * may ask, and nothing is self-claimed; -errno. Threads: pure but for the memo.
 * Source: DESIGN.md section 2, "Who states which fact"; section 7.
 */
ALM_MUST_USE int ask_work_out(const struct asker *a, const struct asked_subject *typed,
                              bool past_shield, const char *self_claimed, struct ask *out,
                              const char **wrong);
/* The token of a home that is itself asked about. Return: as above. */
ALM_MUST_USE int ask_home_token(const struct asker *a, const struct asked_home *home,
                                struct token *out);

/* The other way: a Question's tokens as our own references. place->n is 0 where we hold no such
 * home. */
void ask_place(const struct index *x, const struct token *home, int32_t from, int32_t until,
               struct alm_place *place);
