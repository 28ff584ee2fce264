/* SPDX-License-Identifier: Apache-2.0 */
/* wire_sample_parts.h - what samples are made of: wire_sample.c has the makers of the first messages,
 * wire_sample_exchange.c those of concerns, deliveries, referrals and watches, wire_sample_tokens.c of
 * those about tokens, wire_sample_rights.c of corrections and statements. */
#pragma once
#include "wire_sample.h"

#define SAMPLE_DAY 18500  /* 2020-08-26 */
#define FULL_DAY   376199 /* 2999-12-31: the longest number */
#define FULL_MS    253402300799999LL
#define LITTLE_MS  1600000000000LL

void sample_text(char *out, size_t size, bool full, const char *little);
#define TEXT(field, little) sample_text(field, sizeof(field), full, little)
#define SPARE(field)        sample_text(field, sizeof(field), full, "") /* may be absent */
int32_t sample_day(bool full);
int32_t sample_spare_day(bool full);
struct id sample_id(uint8_t seed);
struct token sample_token(uint8_t kind, uint8_t seed, bool full);
void sample_person(struct token_set *out, bool full, bool unborn);
uint8_t sample_homes(struct msg_home homes[static HOMES_MAX], bool full);
void sample_relationship(struct msg_relationship *out, bool full);
void sample_body(struct msg *m, bool full, bool from_agency);
void sample_asker(struct msg *m, bool full);
/* NULL: not a message of wire_sample_exchange.c, of wire_sample_tokens.c. */
void (*sample_exchange(uint8_t type))(struct msg *m, bool full);
void (*sample_tokens(uint8_t type))(struct msg *m, bool full);
void (*sample_rights(uint8_t type))(struct msg *m, bool full);
void (*sample_witness(uint8_t type))(struct msg *m, bool full);
void sample_stop_using(struct msg_stop_using *out, bool full);
uint8_t sample_epochs(struct msg_catalogue_epoch out[static TOKEN_EPOCHS_MAX], bool full);
