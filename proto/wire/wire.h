/* SPDX-License-Identifier: Apache-2.0 */
/* wire.h - frames: strict decoding of what a peer sent, encoding of what we say, signatures over received bytes. */
#pragma once
#include "base/attr.h"
#include "base/bytes.h"
#include "base/crypto.h"
#include "wire/msg.h"

#define WIRE_VERSION 1
#define WIRE_KEY_ID_LEN 8    /* first bytes of SHA-256 of the signing public key */
#define WIRE_FRESHNESS_MS 120000 /* a query's sent_ms lies within +/- this of our wall clock */
#define WIRE_ORIGIN_MAX 128

/* What a signature binds besides the body (DESIGN.md section 4). */
struct wire_context {
    uint8_t mode; /* enum broker_mode */
    char origin[WIRE_ORIGIN_MAX];
};

/* Why a frame was refused; each has its own word (wire_fault_word) for the log and the Refusal. */
enum wire_fault {
    WIRE_OK = 0,
    WIRE_TOO_LARGE, WIRE_TRUNCATED, WIRE_UNKNOWN_FIELD, WIRE_WRONG_TYPE, WIRE_DUPLICATE_FIELD, WIRE_TWO_ARMS, WIRE_BAD_VARINT,
    WIRE_BAD_ENUM, WIRE_HAS_NUL, WIRE_BAD_UTF8, WIRE_TOO_DEEP, WIRE_TOO_MANY, WIRE_TOO_LONG, WIRE_MISSING_FIELD, WIRE_BAD_VERSION,
    WIRE_BAD_ID, WIRE_BAD_VALUE, WIRE_NO_MEMORY,
};
const char *wire_fault_word(enum wire_fault f); /* "duplicate-field" */

/* A frame taken apart, body not yet decoded; views into the frame. */
struct wire_envelope {
    struct bytes body;
    struct bytes key_id;    /* WIRE_KEY_ID_LEN or empty (unsigned) */
    struct bytes signature; /* SIGN_LEN or empty */
};
/* Strictly scans the envelope. Nothing outside the body is believed. Return: enum wire_fault. Threads: pure. */
ALM_MUST_USE enum wire_fault wire_open(struct bytes frame, struct wire_envelope *out);
/* The type that a body claims, without looking into its fields (for ordering a batch): wire_decode() says whether it is one. 0 if none. */
ALM_MUST_USE enum wire_fault wire_peek(struct bytes body, uint8_t *type);
/* The id that a body claims to have, by the same light look, for whoever is told Busy about it. Return: false none, and *out is zero. */
bool wire_peek_id(struct bytes body, struct id *out);
/* Zeroes a message as far as this type reaches into it: the largest has 56 KB, a query two. What lies beyond is of no message of this type. */
void wire_zero(struct msg *m, uint8_t type);
/**
 * wire_decode() - strict scan, then protobuf-c into an arena with a budget, then into a plain struct
 * @out: written as far as its type reaches (wire_zero()); undefined after a fault. Every bound of msg.h is checked, every enum known and not 0.
 * Return: enum wire_fault. Threads: pure (arena on the stack or per call).
 */
ALM_MUST_USE enum wire_fault wire_decode(struct bytes body, struct msg *out);
/* Return: 0; -EBADMSG. The caller chose the key by key id and sender. */
ALM_MUST_USE int wire_verify(const struct wire_envelope *e, const struct wire_context *ctx,
                             const uint8_t public_key[static SIGN_PUBLIC_LEN]);
void wire_key_id(const uint8_t public_key[static SIGN_PUBLIC_LEN], uint8_t out[static WIRE_KEY_ID_LEN]);
/**
 * wire_encode() - one frame: body padded to one size for its type, signed when key is given
 * @key: NULL for unsigned (broker to adapter). @out: appended to.
 * Return: 0; -EINVAL a string or list breaks a bound of msg.h (our own mistake, but from adapters' input: never assert); -ENOMEM; -E2BIG.
 */
ALM_MUST_USE int wire_encode(const struct msg *m, const struct wire_context *ctx, const struct secret *key, struct buf *out);
/**
 * wire_encode_as() - an unsigned frame that wire_encode() made, again under another id and in all else byte for byte the same
 * For one message to many: only for those that are to get the very same (a signed frame cannot be had this way: the signature binds the id).
 * @frame: a whole frame, unsigned; may stand in out itself. @id: as struct msg's. @out: appended to; unchanged when this fails.
 * Return: 0; -EINVAL not such a frame, signed, or id is no UUIDv7; -ENOMEM; -E2BIG. Threads: pure.
 */
ALM_MUST_USE int wire_encode_as(struct bytes frame, const struct id *id, struct buf *out);
