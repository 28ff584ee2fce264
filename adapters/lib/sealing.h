/* SPDX-License-Identifier: Apache-2.0 */
/* sealing.h - texts for one agency's eyes: libsodium's sealed boxes (X25519, XSalsa20-Poly1305).
 *
 * The broker carries the box and cannot open it. Inside stand the referral and who wrote it, so
 * that a box moved to another referral does not open, and one said to be another's is found out. A
 * box does not prove by itself who wrote it: that is the signature of the message that brought it
 * to the broker. Pure; libsodium is in sealing.c alone. */
#pragma once
#include "base/attr.h"
#include "base/crypto.h"
#include "base/id.h"
#include "wire/msg.h"

#define SEALING_TEXT_MAX                                                                           \
    14000 /* bytes of a text; a box is padded to whole KiB and holds at most SEALED_MAX */

/* The public key of a secret one. Return: 0; -EINVAL it is no key. */
ALM_MUST_USE int sealing_public(const struct secret *secret, uint8_t out[static 32]);
/**
 * sealing_seal() - a text for the holder of a key
 * @about: the referral; @from: who writes
 * @text:  valid UTF-8, at most SEALING_TEXT_MAX bytes; wiping it is the caller's business
 * @out:   emptied, then filled; at most SEALED_MAX bytes
 * Return: 0; -E2BIG; -EINVAL the key is none, or the text is not UTF-8; -ENOMEM.
 */
ALM_MUST_USE int sealing_seal(const uint8_t to[static 32], const struct id *about, const char *from,
                              struct bytes text, struct buf *out);
/**
 * sealing_open() - the text again
 * @from: set: who wrote it, as the box says
 * @out:  emptied, then filled; the caller wipes it
 * Return: 0; -EBADMSG not for this key, damaged, or of another referral; -errno.
 */
ALM_MUST_USE int sealing_open(const struct secret *secret, const struct id *about,
                              struct bytes sealed, name_t from, struct buf *out);
