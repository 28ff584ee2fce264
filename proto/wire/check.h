/* SPDX-License-Identifier: Apache-2.0 */
/* check.h - private to proto/wire: rules between fields that check.c and check_exchange.c share, and
 * those that the table of check.c names. Each returns enum wire_fault. */
#pragma once
#include "wire/msg.h"
#include "wire/wire.h"

enum wire_fault check_person(const struct token_set *set);
/* household->kind 0: absent. Where the subject is a household, else not there. */
enum wire_fault check_subject(uint8_t kind, const struct token_set *set,
                              const struct token *household);
enum wire_fault check_homes(const struct msg_home *homes, size_t n);
enum wire_fault check_relationship(const struct msg_relationship *r);
enum wire_fault check_involvement_part(const struct msg_involvement *v);

/* check_exchange.c */
enum wire_fault check_concern(const struct msg *m);
enum wire_fault check_concern_change(const struct msg *m);
enum wire_fault check_threshold_state(const struct msg *m);
enum wire_fault check_subscribe(const struct msg *m);
enum wire_fault check_deliver(const struct msg *m);
enum wire_fault check_stream_status(const struct msg *m);
enum wire_fault check_referral(const struct msg *m);
enum wire_fault check_referral_update(const struct msg *m);
enum wire_fault check_referral_state(const struct msg *m);
enum wire_fault check_referral_list(const struct msg *m);
enum wire_fault check_sealing_key(const struct msg *m);
enum wire_fault check_eligibility_query(const struct msg *m);
enum wire_fault check_eligibility(const struct msg *m);
enum wire_fault check_watch(const struct msg *m);
enum wire_fault check_watch_change(const struct msg *m);

/* check_tokens.c */
enum wire_fault check_epochs(const struct msg_catalogue_epoch *epochs, size_t n);
enum wire_fault check_retoken(const struct msg *m);
enum wire_fault check_token_request(const struct msg *m);

/* check_witness.c */
enum wire_fault check_cosign(const struct msg *m);
enum wire_fault check_cosignature(const struct msg *m);

/* check_rights.c */
enum wire_fault check_correction(const struct msg *m);
enum wire_fault check_stop_using(const struct msg_stop_using *s);
enum wire_fault check_ack_of(const struct msg *m);
enum wire_fault check_statement(const struct msg *m);
enum wire_fault check_correction_query(const struct msg *m);
enum wire_fault check_correction_list(const struct msg *m);
