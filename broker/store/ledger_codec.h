/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_codec.h - log records as bytes: the layouts in README.md. For broker/store alone. */
#pragma once
#include "store/ledger.h"

#define LEDGER_CLEAR_MAX 8192 /* bytes; the largest that fits struct ledger_clear is about 5,500   \
                               */

#define LEDGER_INDEX_KEY 8

/* The key of a leaf: big-endian, so that the table's order is the log's. */
struct bytes ledger_index_key(uint64_t leaf, uint8_t out[static LEDGER_INDEX_KEY]);

/* Whether it could be read back: of an event that there is, and every text of it UTF-8. */
bool ledger_clear_good(const struct ledger_clear *clear);

/* A value of TABLE_LOG as it is made, in one pass and in its place: all up to the clear part, then the length of the sealed part, which the
 * caller appends. Return: how long the clear part is; out's status tells. */
size_t ledger_record_begin(const uint8_t nonce[static 32], const struct ledger_clear *clear, struct buf *out);
void ledger_record_sealed(size_t len, struct buf *out);
/* The clear part of what was begun so in an empty out: good until the next put into it. */
struct bytes ledger_record_clear(const struct buf *out, size_t len);
/* A value of TABLE_LOG. sealed_octets empty and erased set: only its hash is kept. */
void ledger_record_encode(const struct ledger_record *r, struct buf *out);
/* Views into octets; leaf as given. Return: 0 or -EBADMSG. */
ALM_MUST_USE int ledger_record_decode(uint64_t leaf, struct bytes octets,
                                      struct ledger_record *out);
