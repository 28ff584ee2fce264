/* SPDX-License-Identifier: Apache-2.0 */
/* cosign.h - inside the core only: the policy's witnesses, what each of them holds and has signed, and
 * what the signer wants to know of that.
 *
 *   round: the newest signed head --Cosign--> each witness --SIGNED----> its line, beside the head
 *                                                          --CONFLICT--> asked again from what it holds
 *   start: the signer asks --Cosign without a head--> each witness --CONFLICT--> the signer */
#pragma once
#include "base/id.h"
#include "store/heads.h"
#include "tree/cosign.h"
#include "tree/tree.h"
#include <jansson.h>

#define COSIGN_PLACES 32 /* twice what a policy may name: some may just have been replaced */

struct core;
struct work;
struct cosign_place { /* one witness */
    char agency[REGISTRY_ID_MAX]; /* "": a free place */
    bool named;                   /* by the policy in force */
    struct id asked;              /* the Cosign that is out or was last; zero: answered */
    uint64_t asked_round;         /* in which; 0: "which is your newest?" */
    int64_t asked_ms;             /* monotonic; INT64_MIN: at once */
    bool out;                     /* and its answer may still come in time */
    bool put_now, took_now;       /* in this batch, which is not yet committed */
    uint8_t tries;                /* conflicts of this round */
    bool done;                    /* with this round */
    bool held_known;
    uint64_t held; /* leaves of the head that it holds */
    uint8_t held_root[SHA256_LEN];
    bool answered;       /* since the signer asked */
    bool handed;         /* and the signer has it */
    bool evidence;       /* what it holds is not of this log: the signer must see it */
    char note[COSIGN_NOTE_MAX]; /* the head that it holds, as it showed it */
    size_t note_len;
    int64_t fresh_ms; /* monotonic; its newest line, or since when one is waited for */
    struct head_witness record;
    bool record_due;    /* to be stored */
    const char *trouble; /* a word; NULL none */
};
struct cosign {
    struct cosign_place at[COSIGN_PLACES];
    uint8_t n, need; /* by the policy; n 0: nobody */
    int64_t outage_ms, every_ms;
    bool begun;    /* the store has been read once */
    bool stale;    /* the store names a head that no policy asks witnesses for */
    uint64_t round; /* counts; 0: none yet */
    int64_t round_ms;
    uint64_t round_size;
    size_t round_len;
    char round_note[COSIGN_NOTE_MAX];
    uint64_t head_size; /* the newest that is signed and committed; 0 none */
    size_t head_len;
    char head_note[COSIGN_NOTE_MAX];
    bool forked; /* a witness holds a head of ours that this log does not continue */
    bool signer_wants;       /* what witnesses hold, before it signs */
    bool signer_busy;        /* it has not said what it makes of the last */
    struct cosign_place *signer_told; /* of whom that was; NULL: of none */
    bool signer_told_none;   /* that there are no witnesses */
    uint64_t signer_size;    /* of its own last head */
    int64_t signer_ms;       /* when it was told */
};
ALM_MUST_USE int cosign_new(struct cosign **out);
/* After bundle and agencies were read: who is a witness now. Return: 0 or -errno. */
ALM_MUST_USE int cosign_reload(struct core *c, struct store_txn *t);
void cosign_head(struct core *c); /* c->heads.note is signed and committed */
void cosign_tick(struct core *c); /* in the batch: asks whoever is to be asked */
void cosign_settle(struct core *c, bool committed);
void cosign_here(struct core *c, uint16_t slot); /* its adapter said Hello, or is heard of again */
void cosignature_take(struct core *c, struct work *w);
/* May be shared? Return: NULL, or a word for why not. */
const char *cosign_stops(const struct core *c);

/* cosign_log.c: what is kept of lines, and whether a head is of this log. */
/* In the batch: p has signed the head of this round. Return: 0; -EBADMSG not by a key of the agency;
 * -ETIME in the future; -errno. */
ALM_MUST_USE int cosign_line(struct core *c, struct cosign_place *p, struct bytes line);
/* Return: 0 this log has or continues it; -EBADMSG it does not; -errno. */
ALM_MUST_USE int cosign_ours(struct core *c, uint64_t size, const uint8_t root[static SHA256_LEN]);

/* cosign_signer.c: what the signer is told of witnesses, between batches. */
void cosign_signer_said(struct core *c, struct cursor *at); /* a 'W' of it */
void cosign_tell_signer(struct core *c);
json_t *cosign_status(const struct core *c);   /* for almoner status */
json_t *cosign_list(struct core *c);           /* the witnesses, one by one */
