/* SPDX-License-Identifier: Apache-2.0 */
/* referrals.h - referrals with their history as stored, found by id, by the subject's or the home's
 * token, and by agency; and agencies' sealing keys. Plain records; what they permit is policy. */
#pragma once
#include "store/store.h"
#include "wire/msg.h"

#define REFERRAL_STEPS_MAX 64 /* of one referral */
struct referral_step_record {
    uint8_t step; /* enum referral_step; 0: it was sent */
    int32_t on;
    int64_t at_ms;
    uint64_t leaf;
    name_t by; /* agency; "" the broker */
    name_t reason, outcome;
    name_t to;    /* REDIRECTED: to which agency; step 0: the first receiver */
    uint8_t kind; /* DOWNGRADED: to which */
};
struct referral_record {
    struct id id;
    name_t from, to; /* agencies; to: who has it now. from is who lodged it */
    name_t purpose, basis, role, practitioner;
    name_t service, reason, area; /* area of the receiver's, "" unknown */
    uint8_t origin, subject_kind;
    struct token_set subject;
    bool has_household;
    struct token household;
    uint16_t made;
    uint32_t pounds;
    bool sealed; /* it had a sealed body; that lies in the receiver's queue, not here */
    uint64_t leaf;
    int64_t lodged_ms;
    /* as policy/engine/referral.h's struct life */
    uint8_t state, kind, due;
    int32_t sent_on, since, last_on, due_on;
    bool running;   /* open, or something is due of it: referrals_running() finds it */
    bool hidden;    /* from who has it now: it was never sent there (broker/core/README.md) */
    bool late_told; /* what is due has been called overdue */
    bool decided; /* it was accepted, or went into service: what closes later was not turned away */
    uint8_t n_steps;
    struct referral_step_record steps[REFERRAL_STEPS_MAX];
};
/* Writes the record anew, with its index entries; of an earlier record only `to`, state and steps
 * may differ (receivers of the past stay indexed). Sticky errors in t. */
void referrals_put(struct store_txn *t, const struct referral_record *r);
ALM_MUST_USE int referrals_get(struct store_txn *t, const struct id *id,
                               struct referral_record *out); /* 0; -ENOENT; -EBADMSG; -errno */
/* visit: 0 go on, 1 stop, negative fail. A record that its index names and that is gone: -EBADMSG.
 */
typedef int referrals_visit(void *ctx, const struct referral_record *r);
/* Each once, whose subject shares a strong or NAME_DOB token, or whose home is that one (kind 0:
 * none); the caller matches. */
ALM_MUST_USE int referrals_about(struct store_txn *t, const struct token_set *subject,
                                 const struct token *household, referrals_visit *visit, void *ctx);
/* Sent by, or ever sent to, one of these agencies (an organisation and its teams), newest first. */
ALM_MUST_USE int referrals_of(struct store_txn *t, const name_t *agencies, size_t n,
                              referrals_visit *visit, void *ctx);
/* Those that are running, in order of id, after @after (zero: from the
 * start), at most @most visited. *last: where to go on; zero when the end was reached. */
ALM_MUST_USE int referrals_running(struct store_txn *t, const struct id *after, size_t most,
                                   referrals_visit *visit, void *ctx, struct id *last);

/* --- Sealing keys --- */
struct sealing_record {
    name_t agency;
    struct msg_sealing_key key;
    uint8_t sign_key[32]; /* which verified the body */
    uint8_t signature[64];
    struct bytes body; /* as lodged. Read: a view of buf, see sealing_each */
    uint64_t leaf;
};
/* Appends to the agency's chain. */
void sealing_put(struct store_txn *t, const struct sealing_record *r);
/* Oldest first; views are valid during the call only. */
typedef int sealing_visit(void *ctx, const struct sealing_record *r);
ALM_MUST_USE int sealing_each(struct store_txn *t, const char *agency, sealing_visit *visit,
                              void *ctx);
