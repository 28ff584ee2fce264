/* SPDX-License-Identifier: Apache-2.0 */
/* referral.h - the life of a referral: what each party may do from which state, what falls due
 * then, and whom to tell (DOMAIN.md section 6; the whole table is written out in
 * policy/REFERRALS.md).
 *
 * Pure: no clock, store or network. Numbers of states, steps and kinds are those of wire/msg.h,
 * which the core asserts. A referral that is on file has been sent: a draft and its checks are the
 * sender's own until then. */
#pragma once
#include "engine/engine.h"

/* What a referral's state is called elsewhere: the data README (data/marlham) calls DELIVERING
 * "in-service", REJECTED "declined", and SENT, RECEIVED and MORE_INFO alike "sent"; who plays that
 * data maps them. The other words are the same. */
enum life_state {
    LIFE_NONE = 1, /* not on file */
    LIFE_SENT,
    LIFE_OVERDUE, /* never kept: referral_shown() says it of an undecided one past its day */
    LIFE_RECEIVED,
    LIFE_ACCEPTED,
    LIFE_MORE_INFO,
    LIFE_REDIRECTED, /* on the way to another agency: the broker sends it on at once */
    LIFE_REJECTED,
    LIFE_ELIGIBILITY,
    LIFE_ASSESSMENT,
    LIFE_DIAGNOSIS,
    LIFE_PLANNED,
    LIFE_DELIVERING,
    LIFE_CLOSED,
    LIFE_WITHDRAWN,
    LIFE_REVOKED,
    LIFE_EXPIRED,
    LIFE_STATES
};
enum life_step { /* what a party does */
                 LIFE_STEP_RECEIVED = 1,
                 LIFE_STEP_ACCEPTED,
                 LIFE_STEP_MORE_INFO,
                 LIFE_STEP_INFO_GIVEN,
                 LIFE_STEP_REDIRECTED,
                 LIFE_STEP_REJECTED,
                 LIFE_STEP_DOWNGRADED,
                 LIFE_STEP_ELIGIBILITY,
                 LIFE_STEP_ASSESSMENT,
                 LIFE_STEP_DIAGNOSIS,
                 LIFE_STEP_PLANNED,
                 LIFE_STEP_DELIVERING,
                 LIFE_STEP_CLOSED,
                 LIFE_STEP_WITHDRAWN,
                 LIFE_STEP_REVOKED,
                 LIFE_STEP_FEEDBACK,
                 LIFE_STEP_SENT_ON, /* the broker's own: never on the wire */
                 LIFE_STEP_EXPIRED, /* likewise */
                 LIFE_STEPS
};
enum life_kind {
    LIFE_SIGNPOSTING = 1,
    LIFE_SOFT,
    LIFE_APPLICATION,
    LIFE_HARD,
    LIFE_COMMISSIONED,
    LIFE_BOOKED,
};
enum life_made { /* bits: what the sender states to be so */
                 LIFE_MADE_ELIGIBILITY_CHECKED = 1,
                 LIFE_MADE_FORM_VERIFIED = 2,
                 LIFE_MADE_ELIGIBILITY_DECIDED = 4,
                 LIFE_MADE_ASSESSED = 8,
                 LIFE_MADE_BUDGET_PERMITTED = 16,
                 LIFE_MADE_SLOT_AGREED = 32,
};
enum life_party { /* bits */
                  LIFE_BY_SENDER = 1,
                  LIFE_BY_RECEIVER = 2,
                  LIFE_BY_BROKER = 4,
};
enum life_needs { /* bits: what a step must carry */
                  LIFE_NEEDS_REASON = 1,
                  LIFE_NEEDS_KIND = 2, /* a lesser one than now */
                  LIFE_NEEDS_REDIRECT = 4,
                  LIFE_NEEDS_OUTCOME = 8,
};
enum life_due { /* what falls due with a state; which of the policy's counts of days */
                LIFE_DUE_NOTHING = 0,
                LIFE_DUE_DECISION, /* decide_days, by the receiver */
                LIFE_DUE_INFO,     /* info_days, by the sender */
                LIFE_DUE_FEEDBACK, /* feedback_days, by the receiver */
                LIFE_DUE_SAME,     /* what was due stays due, on its day */
};
struct life_rule {
    uint32_t from; /* bits (1 << enum life_state) */
    uint8_t step, by;
    uint8_t to; /* enum life_state; 0: it stays in its state */
    uint8_t needs, due;
    uint8_t tell; /* enum life_party bits: who hears of it */
};
/* The table, for documents and tests. Return: n rules. */
size_t life_rules(const struct life_rule **out);
/* "more-info"; "" for no such number */
const char *life_state_word(uint8_t state);
const char *life_step_word(uint8_t step);
const char *life_kind_word(uint8_t kind);
const char *life_made_word(uint16_t bit); /* one bit */
bool life_open(uint8_t state);            /* neither at an end nor rejected */

struct life { /* of one referral */
    uint8_t state, kind;
    uint8_t due;                     /* enum life_due, never SAME */
    int32_t sent_on, since, last_on; /* since: of the state; last_on: of the last step */
    int32_t due_on;                  /* last day in time; POLICY_DAY_NONE nothing is due */
};
struct life_move {
    uint8_t step, by; /* enum life_party, one */
    int32_t on;
    bool reason, outcome, redirect; /* is given */
    uint8_t kind;                   /* DOWNGRADED: to which */
};
enum life_refusal { /* positive results of referral_next */
                    LIFE_NOT_FROM_HERE = 1,
                    LIFE_NOT_BY_THIS_PARTY,
                    LIFE_NO_REASON,
                    LIFE_NO_KIND, /* none, or not a lesser one */
                    LIFE_NO_REDIRECT,
                    LIFE_NO_OUTCOME,
                    LIFE_BAD_DAY, /* before it was sent */
};
/* "step-not-allowed" and so on: told to whoever sent the step */
const char *life_refusal_word(enum life_refusal r);

/* A referral as it is sent. */
void referral_begin(const struct policy_referral_rules *rules, uint8_t kind, int32_t sent_on,
                    struct life *out);
/**
 * referral_next() - one step of a referral's life
 * @tell: who is to hear of it: enum life_party bits
 * @out:  written only when 0 is returned; may be @now
 * Return: 0; enum life_refusal. A state that is none of ours refuses. Threads: pure.
 * Source: DOMAIN.md section 6, "States".
 */
ALM_MUST_USE int referral_next(const struct policy_referral_rules *rules, const struct life *now,
                               const struct life_move *move, struct life *out, uint8_t *tell);
/* The state on a day: EXPIRED when it was open and silent for too long, OVERDUE when the decision
 * is late. Before it was sent: NONE. */
uint8_t referral_shown(const struct policy_referral_rules *rules, const struct life *now,
                       int32_t day);
/* Past its day: the decision, the information asked for, or the feedback. */
bool referral_late(const struct life *now, int32_t day);
/* What the kind must have before it is sent and @made does not state: bits; a kind that is none of
 * ours: all of them. */
uint16_t referral_missing(const struct policy_referral_rules *rules, uint8_t kind, uint16_t made);

/**
 * referral_decide() - may this be referred to that agency
 * @f: of the sender; of its question, relationship and referral nothing is used. Consents and
 * shields are those about the subject
 *
 * Gates: standing, purpose, protocol, party, role; the receiver must be a party that answers
 * (else REASON_NOT_A_PARTY with *receiver false). A purpose that rests on consent is for persons,
 * and needs grants that cover the receiver, with the sender among their sources, by its own name
 * where it is a sensitive service and the purpose does not name such. A shield of more than the
 * location that the purpose does not see past, and a record that may be another's, are hidden
 * reasons.
 * @receiver: false when it is the receiver that is no party
 * Threads: pure. Source: DOMAIN.md section 6 "consent/basis checked"; DESIGN.md promises 1 and 5.
 */
void referral_decide(const struct bundle *b, const struct facts *f, uint16_t receiver,
                     struct decision *out, bool *receiver_party);
/* A party of the purpose's protocol that answers; false for what is out of range. */
bool referral_receiver(const struct bundle *b, uint16_t agency, uint16_t purpose);
