/* SPDX-License-Identifier: Apache-2.0 */
/* cosign.h - cosignatures: what a witness puts under a log's head once it has seen that the head
 * continues the last one it saw.
 *
 * Source: C2SP tlog-cosignature, cosignature/v1 with Ed25519: what is signed is "cosignature/v1\n",
 * "time <seconds>\n" and the note's text; the line holds key id, u64 time, signature. Pure: no files,
 * no clock. */
#pragma once
#include "tree/note.h"

#define COSIGN_LINE_MAX 256  /* bytes of a cosignature line of ours with its newline: a name below
                                NOTE_NAME_MAX, 104 characters of base64 */
#define COSIGN_NOTE_MAX 4096 /* bytes of a head that a witness is asked to sign */

/* A witness's key: as note_key_init, with the algorithm's byte 0x04 in the key's id. */
ALM_MUST_USE int cosign_key_init(struct note_key *out, const char *name,
                                 const uint8_t public_key[static SIGN_PUBLIC_LEN]);
void cosign_key_format(const struct note_key *k, char out[static NOTE_VKEY_MAX]);
/* Strict. A verifier key of the plain algorithm (0x01) is no witness's. Return: 0; -EINVAL. */
ALM_MUST_USE int cosign_key_parse(const char *vkey, struct note_key *out);

/* The text of a note, to the newline before the empty line. Return: 0; -EINVAL not a note. */
ALM_MUST_USE int note_text(struct bytes note, struct bytes *text);

/**
 * cosign_make() - append one cosignature line, newline included
 * @text: of the note (note_text); @at_s: Unix seconds, 0 or more
 * @key:  must belong to @secret
 * Whether the head continues an earlier one is the caller's to have checked.
 * Return: 0; -EINVAL; -E2BIG; -errno.
 */
ALM_MUST_USE int cosign_make(struct bytes text, int64_t at_s, const struct note_key *key,
                             const struct secret *secret, struct buf *out);
/* One line (with or without its newline) under this text by this key. *at_s (may be NULL): when, as the
 * witness says. Return: 0; -EINVAL not a signature line; -ENOKEY another key's; -EBADMSG wrong. */
ALM_MUST_USE int cosign_check(struct bytes text, struct bytes line, const struct note_key *key,
                              int64_t *at_s);
/* Looks through a note's lines. Return: 0 this key has cosigned it; -EINVAL not a note; -ENOKEY no line
 * of this key; -EBADMSG a line of it is wrong, or it has two. The log's own signature is not checked. */
ALM_MUST_USE int cosign_find(struct bytes note, const struct note_key *key, int64_t *at_s);
