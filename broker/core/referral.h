/* SPDX-License-Identifier: Apache-2.0 */
/* referral.h - inside the core only: what the stages of a referral share. One referral is at hand
 * at a time, in c->referral. */
#pragma once
#include "engine/referral.h"
#include "stages.h"

/* The record's part that the engine moves along its table. */
void referral_life(const struct referral_record *r, struct life *out);
void referral_life_keep(struct referral_record *r, const struct life *l);
/* Reads into c->referral. Return: 0; -ENOENT; another error has failed the batch. */
ALM_MUST_USE int referral_load(struct core *c, const struct id *id);
/* enum life_party bits of the agency itself: sender, receiver of now; 0 neither. */
uint8_t referral_parties(const struct core *c, uint16_t slot);
/* Its organisation sent it, or has it or ever had it. */
bool referral_known_to(const struct core *c, uint16_t slot);
/* It had it, and has sent it on; nor did its organisation send it. */
bool referral_passed_on(const struct core *c, uint16_t slot);
/* Its organisation sent it, or had it and sent it on: it waits for another. Into c->referral. */
bool referral_gone_from(struct core *c, uint16_t slot, const struct id *id);
/* As far as deciding again needs it: the sender's, with its practitioner of then. */
void referral_ask(const struct core *c, struct ask *out);
/* Facts afresh and referral_decide() into c->decision. *party: as there. */
void referral_judge(struct core *c, const struct ask *ask, uint16_t receiver_slot, bool *party);
/* The shown state may differ from the stored one: overdue, expired. */
uint8_t referral_state_now(const struct core *c);

/* A step has been taken: history, life, what is due; in the batch. by: "" the broker. */
void referral_step_put(struct core *c, const struct life *next, uint8_t step, const char *by,
                       uint64_t leaf, const struct msg_referral_update *u);
/* What is due of c->referral, for whom, after it stood as `before`. */
void referral_due_move(struct core *c, const struct life *before);
/* The referral to who has it now; sealed: its body (may be empty). */
void referral_send(struct core *c, uint16_t slot, const struct bytes *sealed,
                   const uint8_t sealed_to[static 32]);
/* The broker's own step (SENT_ON, EXPIRED, REVOKED), with its leaf and notices. reason may be "".
 */
void referral_by_broker(struct core *c, uint8_t step, const char *reason);
/* Is there another of the same family at the same service (where neither names one: agency), sent
 * within the policy's days, than c->referral? *by_us: one that the organisation of the agency in
 * slot sent. */
bool referral_loop(struct core *c, uint16_t slot, bool *by_us);

/* sealing.c: is this a key that the agency has announced and that may be sealed to on the day */
bool sealing_fits(struct core *c, const char *agency, const uint8_t key[static 32]);
