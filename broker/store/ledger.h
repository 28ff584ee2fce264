/* SPDX-License-Identifier: Apache-2.0 */
/* ledger.h - the audit log: records with a clear and a sealed part, and the RFC 9162 tree over them.
 *
 * Leaf hash input (RFC 9162 section 2.1.1): the leaf entry = version u8 1 || nonce 32 || SHA-256(clear bytes) || SHA-256(sealed bytes).
 * The sealed bytes are those stored: ciphertext, under a key of this record alone (ledger_keys.h). Where they were
 * forgotten their SHA-256 stays, so a record can lose its sealed part later without the tree losing its proof. */
#pragma once
#include "store/store.h"
#include "base/id.h"

enum ledger_event { /* what a leaf records; numbers for ever; words by ledger_event_word */
    EVENT_GENESIS = 1, EVENT_DECIDED /* permitted, questions go out */, EVENT_REFUSED, EVENT_DISCLOSED /* reply released */,
    EVENT_NOT_DISCLOSED /* a permitted query whose release was refused or whose asker was gone */, EVENT_CONSENT_LODGED, EVENT_REFUSAL_LODGED,
    EVENT_WITHDRAWN, EVENT_CONSENT_CHANGED, EVENT_SHIELD_LODGED, EVENT_SHIELD_LIFTED, EVENT_REJECTED /* a message refused before deciding: bad frame, signature, stale, repeat */,
    EVENT_STRAY_ANSWER /* from an agency that was not asked, or late */, EVENT_POLICY_ACTIVATED, EVENT_AGENCY_CHANGED, EVENT_PRACTITIONER_CHANGED,
    EVENT_OFFICER_CHANGED, EVENT_LOG_READ, EVENT_DAY_SET, EVENT_LIMITED /* aggregated: over a rate or budget */, EVENT_CORE_CRASH_SUSPENSION,
    EVENT_OVERRIDE_REQUESTED, EVENT_OVERRIDE_APPROVED, EVENT_OVERRIDE_REFUSED, EVENT_OVERRIDE_REVIEWED, EVENT_OVERRIDE_VETOED,
    EVENT_DELIVERED /* first sent to its recipient */, EVENT_NOT_DELIVERED, EVENT_SUBSCRIBED, EVENT_DEAD_LETTER, EVENT_CONTACT_REQUESTED,
    EVENT_CONCERN_LODGED, EVENT_CONCERN_CHANGED, EVENT_CONCERN_WITHDRAWN, EVENT_FIRED, EVENT_FIRING_UPDATED, EVENT_OVERDUE, EVENT_WATCH_LODGED,
    EVENT_WATCH_CHANGED, EVENT_REAPPEARED,
    EVENT_REFERRAL_SENT, EVENT_REFERRAL_STEP, EVENT_SEALING_KEY, EVENT_OUTCOME, EVENT_NOT_SHARED,
    EVENT_CONSENT_NOT_POSSIBLE, EVENT_DISPUTED, EVENT_DISPUTE_LIFTED, EVENT_REQUEUED,
    EVENT_PUT_TO_DESK /* a question that is answered by hand, when it first leaves */, EVENT_ANSWERED_BY_HAND /* in time or late */, EVENT_LAPSED /* its time ended unanswered */,
    EVENT_RETOKENED /* a record's tokens under another epoch */, EVENT_TOKENS_ASKED /* aggregated: of the keyholder */,
    EVENT_CORRECTED /* an answer that was wrong */, EVENT_RECALLED /* everybody who was told has been found */, EVENT_RECALL_ACKNOWLEDGED,
    EVENT_STATEMENT_LODGED,
    EVENT_RETENTION_BEGUN, EVENT_RETENTION_DONE /* a run that forgot something: counts */, EVENT_HOLD_CHANGED,
    EVENT_ERASE_ORDERED, EVENT_ERASED /* counts only */, EVENT_PERIOD_ENDED /* the secret under which it was sealed is destroyed */,
    EVENT_RESTORED /* from a backup, under another origin than its leaves before this one */,
    EVENT_COUNT
};
const char *ledger_event_word(uint8_t event); /* "decided" */

enum ledger_class { /* how long a record is kept is the policy's, by class; numbers for ever */
    CLASS_DECISION = 1, /* questions and answers, what was delivered, overrides' use */
    CLASS_CONSENT,      /* consents, refusals, withdrawals, disputes */
    CLASS_SHIELD,
    CLASS_CONCERN,      /* concerns, what they fired, watches */
    CLASS_REFERRAL,
    CLASS_OVERRIDE,
    CLASS_OFFICER,      /* changes and readings */
    CLASS_OTHER,        /* rejected, limited, keys */
    CLASS_COUNT
};
const char *ledger_class_word(uint8_t class); /* "decisions"; "unknown" */
uint8_t ledger_event_class(uint8_t event);    /* enum ledger_class; CLASS_OTHER for what is no event */

struct ledger_clear { /* strings "" when not applicable */
    uint8_t event;
    int64_t at_ms;
    int32_t civil_day;
    uint8_t mode;
    struct id message; /* the message decided on */
    uint64_t about;    /* an earlier leaf this one belongs to (a disclosure's decision), UINT64_MAX none */
    char agency[64], role[64], purpose[64], question[64], basis[64], rule[96], reason[64];
    uint8_t outcome;   /* 0 refused, 1 permitted or told. What was answered is sealed (DESIGN.md section 8) */
    uint8_t told;      /* enum telling; 0 not a refusal */
    uint8_t completeness;
    char policy[65];   /* hex hash of the bundle */
    char officer[64];  /* who changed or read */
    char detail[256];  /* event's own: what changed, counts; never a token, name or key */
    uint16_t n_holders; /* asked */
    char holders[64][64]; /* agencies asked or told; more than 64: the first 64, n_holders tells */
};
#define LEDGER_TAGS_MAX 48
struct ledger_private { /* what stands under the record's own key, and what finds it: gone when it is forgotten */
    struct bytes sealed_part;       /* tokens, practitioner, case, answer; layout versioned by its writer (broker/core/record.c) */
    uint8_t class;                  /* enum ledger_class; 0: as the event has it */
    uint8_t n_tags;
    uint64_t tags[LEDGER_TAGS_MAX]; /* ledger_keys.h; the same twice does no harm */
};
struct ledger; /* the tree's frontier, held by the one writer */
ALM_MUST_USE int ledger_open(struct store *s, struct ledger **out); /* loads the frontier; what is kept of the log does not agree: -EBADMSG */
struct ledger *ledger_close(struct ledger *l);
void ledger_closep(struct ledger **l);
uint64_t ledger_size(const struct ledger *l); /* leaves committed or appended in the open transaction */
/* Appends in the open write transaction; *leaf is its index. Sticky error in t: -EINVAL what could not be read back, an event or a class
 * that is none, a text that is not UTF-8 (one that was cut in a letter). */
void ledger_append(struct ledger *l, struct store_txn *t, const struct ledger_clear *clear, const struct ledger_private *priv,
                   uint64_t *leaf);
/* Puts the keys of what was appended since the last flush; sticky error in t. Once a batch, before its commit: store_commit and whoever
 * reads keys in t do it themselves where it was left out, so nothing is ever committed without its key. */
void ledger_flush(struct ledger *l, struct store_txn *t);
/* After store_commit: keep (0) or roll back (non-zero) what was appended. */
void ledger_settle(struct ledger *l, int commit_result);
void ledger_root(const struct ledger *l, uint8_t root[static SHA256_LEN]);
void ledger_head_put(struct store_txn *t, uint64_t size, const char *note); /* a signed checkpoint */
ALM_MUST_USE int ledger_head_latest(struct store_txn *t, uint64_t *size, struct buf *note); /* -ENOENT none */

/* Reading (the reader; also audit verify). clear_bytes and entry as committed, so that hashes can be recomputed. */
struct ledger_record {
    uint64_t leaf;
    struct ledger_clear clear;
    struct bytes clear_octets, sealed_octets;
    uint8_t nonce[32];
    bool erased;             /* sealed_octets is then empty */
    uint8_t sealed_hash[SHA256_LEN];
};
typedef int ledger_visit(void *ctx, const struct ledger_record *r);
/* Leaves from <= leaf < until, in order; those past the end are not an error, a missing one between is -EBADMSG. Views are valid during
 * the call only; visit as in store_scan. */
ALM_MUST_USE int ledger_each(struct store_txn *t, uint64_t from, uint64_t until, ledger_visit *visit, void *ctx);
ALM_MUST_USE int ledger_leaf_hash(const uint8_t nonce[static 32], struct bytes clear, struct bytes sealed_part, uint8_t out[static SHA256_LEN]);
ALM_MUST_USE int ledger_clear_decode(struct bytes octets, struct ledger_clear *out); /* -EBADMSG */
/* The leaf hash of a record as read, erased or not. */
ALM_MUST_USE int ledger_record_hash(const struct ledger_record *r, uint8_t out[static SHA256_LEN]);
/* Appends what the writer put into the sealed part. Cheapest in order of leaves: a block of keys is opened once.
 * Return: 0; -ENODATA forgotten; -EBADMSG; -errno. */
ALM_MUST_USE int ledger_sealed_open(struct store_txn *t, const struct ledger_record *r, struct buf *out);
/* A tree_fetch (tree/tree.h) over TABLE_TREE, and the newest records, for proofs and roots of the past; ctx is the struct store_txn. */
ALM_MUST_USE int ledger_node(void *ctx, unsigned level, uint64_t index, uint8_t out[static SHA256_LEN]);
/* How many leaves the transaction sees. Return: 0 or -errno. */
ALM_MUST_USE int ledger_count(struct store_txn *t, uint64_t *size);
