/* SPDX-License-Identifier: Apache-2.0 */
/* retokens.h - a record's tokens under more than one epoch: its own, and those that its lodger has
 * carried it to since (Retoken).
 *
 * A record is presented with one set at a time: found by tokens (`_about`, `_at`) with the set of
 * the epoch that was asked for, found by id (`_get`) with that of the store's current epoch where it
 * has been carried there. Whoever changes a record and puts it again changes no tokens by that. */
#pragma once
#include "store/store.h"
#include "store/subjects.h"
#include "store/token_epoch.h"

#define RETOKENS_MAX 4 /* epochs of one record beside its own */

struct retoken { /* one further set of a record */
    struct token_set subject; /* n 0: the record is about a home */
    bool has_household;
    struct token household;
    bool has_origin;
    uint8_t origin[32];
};
struct token_epochs { /* that a policy lists */
    uint8_t n;
    struct token_epoch at[RETOKENS_MAX]; /* the current one first */
};
bool token_epoch_same(struct token_epoch a, struct token_epoch b);
bool token_epochs_has(const struct token_epochs *e, struct token_epoch one);
struct token_epoch token_set_epoch(const struct token_set *set);
/* The same tokens in the same order. What lies behind the last one says nothing. */
bool token_set_same(const struct token_set *a, const struct token_set *b);
struct token_epoch retoken_epoch(const struct retoken *r);

/* Under which epoch records are presented when they are found by id. None at first: their own. */
void retokens_current(struct store *s, struct token_epoch e);
/* Puts a set beside the record's own (over one of the same epoch), with what finds it. Sticky errors
 * in t. The caller has checked that the record is there, and is its lodger's. */
void retokens_put(struct store_txn *t, enum subjects_kind kind, const struct id *id,
                  const struct retoken *r);
/* Return: 0; -ENOENT not carried to that epoch; -errno. */
ALM_MUST_USE int retokens_get(struct store_txn *t, enum subjects_kind kind, const struct id *id,
                              struct token_epoch e, struct retoken *out);
/* The record is over, or goes: all of them, with what finds them. */
void retokens_drop(struct store_txn *t, enum subjects_kind kind, const struct id *id);

/* --- After a change of epochs: retokens_settle.c --- */
/**
 * retokens_settle() - takes tokens of epochs that are listed no more out of the store, in steps
 * A record whose own epoch is gone gets the current set for its own; one that was never carried loses
 * its tokens, and is there by its id alone.
 * @e: those that are listed. @most: records of this step. *done: nothing is left to do.
 * Return: 0 or -errno; sticky errors in t. May be interrupted anywhere: it goes on where it was.
 */
ALM_MUST_USE int retokens_settle(struct store_txn *t, const struct token_epochs *e, size_t most,
                                 bool *done);

/* --- Which record has been carried where: retokens_survey.c --- */
struct survey_record {
    enum subjects_kind kind;
    struct id id;
    char lodger[64];
    bool refusal, withdrawal; /* of SUBJECTS_CONSENT */
    bool over;                /* withdrawn, lifted, ended, expired before the day */
    uint8_t n;                /* epochs that it has tokens of */
    struct token_epoch epochs[RETOKENS_MAX + 1];
};
bool survey_has(const struct survey_record *r, struct token_epoch e);
/* May nobody ask under an epoch that this record has no tokens of, because it forbids? */
bool survey_forbids(const struct survey_record *r);
typedef int retokens_visit(void *ctx, const struct survey_record *r);
/* Each consent, refusal, withdrawal, shield, dispute, concern, watch and referral. visit: 0 go on, 1
 * stop, negative fail. @day: civil day for what is over. Return: 0, visit's negative, -errno. */
ALM_MUST_USE int retokens_survey(struct store_txn *t, int32_t day, retokens_visit *visit, void *ctx);
/* One record, by id. own: the set that it is stored with. Return: 0; -ENOENT; -errno. */
ALM_MUST_USE int retokens_of(struct store_txn *t, enum subjects_kind kind, const struct id *id,
                             int32_t day, struct survey_record *out, struct retoken *own);

/* --- For broker/store alone --- */
struct tokens_view { /* where a record at hand keeps its tokens; NULL: it has no such part */
    struct token_set *subject;
    bool *has_household; /* NULL: household->kind says */
    struct token *household;
    bool *has_origin;
    uint8_t *origin;
};
struct token_epoch tokens_epoch(const struct tokens_view *v);
/* Presents a raw record under an epoch. Return: 0; -ENOENT not carried there, left as it was. */
ALM_MUST_USE int tokens_present(struct store_txn *t, enum subjects_kind kind, const struct id *id,
                                struct token_epoch e, struct tokens_view *v);
/* The same under the store's current epoch; not carried is fine. */
ALM_MUST_USE int tokens_now(struct store_txn *t, enum subjects_kind kind, const struct id *id,
                            struct tokens_view *v);
/* The same under that of the set by which it was found: an index entry without its set is damage. */
ALM_MUST_USE int tokens_found(struct store_txn *t, enum subjects_kind kind, const struct id *id,
                              const struct token_set *by, struct tokens_view *v);
/* Of a record that is put again: the raw one's tokens in the place of those it was presented with. A
 * household that is another than was presented stays: they moved. */
ALM_MUST_USE int tokens_keep(struct store_txn *t, enum subjects_kind kind, const struct id *id,
                             const struct tokens_view *raw, struct tokens_view *put);
/* Return: 1 changed: write it raw; 0; -errno. */
ALM_MUST_USE int tokens_settle(struct store_txn *t, enum subjects_kind kind, const struct id *id,
                               const struct token_epochs *e, struct tokens_view *v);
/* All sets of a record but those of listed epochs. Return: 0 or -errno. */
ALM_MUST_USE int retokens_drop_but(struct store_txn *t, enum subjects_kind kind,
                                   const struct id *id, const struct token_epochs *e);
/* Which epochs a record has sets of, beside its own. Return: 0 or -errno. */
ALM_MUST_USE int retokens_epochs(struct store_txn *t, enum subjects_kind kind, const struct id *id,
                                 struct token_epoch out[static RETOKENS_MAX], uint8_t *n);
void tokens_index(struct store_txn *t, enum subjects_kind kind, const struct id *id,
                  const struct tokens_view *v, bool in);
typedef int record_settle(struct store_txn *t, const struct id *id, const struct token_epochs *e);
record_settle consents_settle, shields_settle, disputes_settle, overrides_settle, concerns_settle,
    episodes_settle, watches_settle, referrals_settle;
/* Fills lodger and over of a record, and its own tokens. */
struct survey_seen {
    struct survey_record *out;
    struct retoken *own;
    int32_t day;
};
void survey_tokens(struct survey_seen *s, const struct tokens_view *v);
typedef int record_survey(struct store_txn *t, const struct id *id, struct survey_seen *s);
record_survey consents_survey, shields_survey, disputes_survey, concerns_survey, watches_survey,
    referrals_survey;
