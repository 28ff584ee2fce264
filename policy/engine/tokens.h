/* SPDX-License-Identifier: Apache-2.0 */
/* tokens.h - inside the engine only: the bytes of what a policy says of match tokens. */
#pragma once
#include "engine/reader.h"

/* What a policy means that says nothing: the keyed hash, epoch 1. */
extern const struct policy_tokens tokens_usual;
void tokens_put(struct buf *out, const struct policy_tokens *t);
/* A bundle older than these has the usual. */
void tokens_read(struct reader *r, uint16_t n_agencies, struct policy_tokens *t);
/* One current, none twice, a key for what needs one: what the compiler and the bytes are held to. */
bool tokens_sound(const struct policy_tokens *t);
