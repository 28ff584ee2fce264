/* SPDX-License-Identifier: Apache-2.0 */
/* keys.h - other agencies' sealing keys, for whoever seals (sealing_ops.c): asked of the broker,
 * verified, pinned. */
#pragma once
#include "host/ops.h"

/* Asks for of->agency's keys; next gets the reply. */
json_t *keys_ask(struct host *h, const struct pending *of, pending_next *next);
/**
 * keys_seal() - a request's "body" for p->agency, into h->sealed
 * @m:     the SealingKeys that came; NULL: not connected, the pinned key is used
 * @about: the referral
 * @key:   set: to which key
 * Return: NULL, or an error reply: no-sealing-key, sealing-key-changed.
 */
json_t *keys_seal(struct host *h, const struct pending *p, const struct msg *m,
                  const struct id *about, uint8_t key[static 32]);
