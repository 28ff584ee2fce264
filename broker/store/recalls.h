/* SPDX-License-Identifier: Apache-2.0 */
/* recalls.h - what is taken back from whoever was told it: for each recall whose it is and how far the
 * search for those who were told has come, whom it has found, and what each of them did.
 *
 * TABLE_RECALLS:
 *   'r' id                    the recall
 *   'a' agency 0 leaf u64 id  -> empty: a lodger's own, in order
 *   'j' leaf u64 id           -> empty: those whose search or telling is not done yet
 *   'f' id leaf u64           a decision that it is about, whose replies are looked for
 *   'p' id agency             an agency that had a reply, and how it stands
 * Puts and erasures are sticky errors in t. */
#pragma once
#include "store/store.h"
#include "wire/msg_rights.h"

enum recall_phase { /* numbers for ever, as those below */
    RECALL_SEARCHING = 1, /* for decisions in which the lodger was asked */
    RECALL_REPLIES,       /* for the replies to those that were found */
    RECALL_TELLING,
    RECALL_TOLD,          /* everybody has been, or will be by its inbox */
    RECALL_DAMAGED,       /* something that it needs cannot be read: put aside, for whoever repairs */
};
struct recall_record {
    struct id id;
    uint8_t cause;   /* enum stop_cause */
    uint8_t kind;    /* enum correction_kind; 0: no correction */
    char lodger[64]; /* "": a consent that ended */
    name_t question; /* a correction's; "": who is involved. A statement's: "" and of any question */
    int32_t from, until;
    uint8_t subject_kind;
    struct token_set subject; /* n 0: a household, or a consent that ended, whose parties are known */
    struct token household;
    int32_t lodged_on;
    int64_t lodged_ms;
    uint64_t leaf; /* of its lodging: replies recorded before it are taken back, none is given after it */
    uint8_t phase;
    uint64_t next;         /* RECALL_SEARCHING goes on at this leaf */
    uint64_t replies_next; /* RECALL_REPLIES likewise */
};
enum recall_state { PARTY_FOUND = 1, PARTY_TOLD, PARTY_ACKNOWLEDGED, PARTY_GONE /* no member any more: nobody can tell it */ };
struct recall_party {
    char agency[64];
    struct id message; /* of its own query, the latest */
    name_t question;   /* as it asked; "": who is involved */
    int32_t told_on;
    uint16_t replies;
    bool hidden; /* each of its replies hid the person: the lodger does not hear that it was told */
    uint8_t state, done;  /* enum recall_state, stop_done */
    int64_t due_ms;       /* PARTY_TOLD: by then; 0: nothing is awaited */
    uint64_t leaf;        /* of the latest reply; since PARTY_ACKNOWLEDGED of that */
};
struct recall_found { /* a decision */
    uint64_t leaf;
    char agency[64]; /* that asked */
    bool hidden;
};

void recalls_put(struct store_txn *t, const struct recall_record *r);
/* Return: 0; -ENOENT; -EBADMSG; -errno; as all below but the visits'. */
ALM_MUST_USE int recalls_get(struct store_txn *t, const struct id *id, struct recall_record *out);
/* The first, in order of lodging, that is not done. */
ALM_MUST_USE int recalls_open(struct store_txn *t, struct recall_record *out);
/* visit: 0 go on, 1 stop, negative fail. Return: 0 or what failed. */
typedef int recalls_visit(void *ctx, const struct recall_record *r);
ALM_MUST_USE int recalls_each(struct store_txn *t, recalls_visit *visit, void *ctx);
/* One lodger's, in order of lodging, those lodged after this leaf (UINT64_MAX: all). */
ALM_MUST_USE int recalls_of(struct store_txn *t, const char *lodger, uint64_t after, recalls_visit *visit, void *ctx);
/* With everything that belongs to it. */
void recalls_erase(struct store_txn *t, const struct id *id);
/* About whoever has any of these tokens (a person's; a home in subjects_home()): for erasure. */
ALM_MUST_USE int recalls_about(struct store_txn *t, const struct token_set *subject, recalls_visit *visit, void *ctx);

void recall_party_put(struct store_txn *t, const struct id *recall, const struct recall_party *p);
ALM_MUST_USE int recall_party_get(struct store_txn *t, const struct id *recall, const char *agency, struct recall_party *out);
typedef int recall_party_visit(void *ctx, const struct recall_party *p);
ALM_MUST_USE int recall_parties(struct store_txn *t, const struct id *recall, recall_party_visit *visit, void *ctx);

void recall_found_put(struct store_txn *t, const struct id *recall, const struct recall_found *f);
ALM_MUST_USE int recall_found_get(struct store_txn *t, const struct id *recall, uint64_t leaf, struct recall_found *out);
typedef int recall_found_visit(void *ctx, const struct recall_found *f);
ALM_MUST_USE int recall_founds(struct store_txn *t, const struct id *recall, recall_found_visit *visit, void *ctx);
void recall_founds_erase(struct store_txn *t, const struct id *recall);
