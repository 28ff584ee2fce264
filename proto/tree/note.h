/* SPDX-License-Identifier: Apache-2.0 */
/* note.h - signed notes and the log's checkpoints as text that other people's tools verify.
 *
 * Pure: no files, no clock. Sources: C2SP signed-note (note, key id, verifier key) and C2SP
 * tlog-checkpoint (the three lines). A note is text ending in a newline, an empty line, then lines
 * "— <key name> <base64(key id[4] || signature[64])>". */
#pragma once
#include "base/attr.h"
#include "base/bytes.h"
#include "base/crypto.h"
#include <stddef.h>
#include <stdint.h>

#define NOTE_NAME_MAX       128                  /* bytes of a key name or an origin, with NUL */
#define NOTE_MAX            16384                /* bytes of a whole note, signatures included */
#define NOTE_SIGNATURES_MAX 64                   /* lines read of one note; more are refused */
#define NOTE_KEYS_MAX       32                   /* keys that one note is checked against */
#define NOTE_VKEY_MAX       (NOTE_NAME_MAX + 64) /* text form of a verifier key, with NUL */

/* Who signed: a name (ours is the log's origin line) and an Ed25519 public key. */
struct note_key {
    char name[NOTE_NAME_MAX];
    uint8_t id[4]; /* SHA-256(name || 0x0A || 0x01 || public key), first 4 bytes */
    uint8_t public_key[SIGN_PUBLIC_LEN];
};
/* name: UTF-8, not empty, no white space, control character or '+'. Return: 0; -EINVAL; -errno of
 * the hash. */
ALM_MUST_USE int note_key_init(struct note_key *out, const char *name,
                               const uint8_t public_key[static SIGN_PUBLIC_LEN]);
/* The verifier key as text: "<name>+<key id, 8 hex>+<base64(0x01 || public key)>". */
void note_key_format(const struct note_key *k, char out[static NOTE_VKEY_MAX]);
/* Strict. Return: 0; -EINVAL not such a text, another algorithm, or a key id that does not fit the
 * key. */
ALM_MUST_USE int note_key_parse(const char *vkey, struct note_key *out);

/**
 * note_sign() - append a whole note: text, empty line, one signature line
 * @text:   UTF-8 without control characters but newline, ending in a newline; borrowed
 * @key:    its name and public key; must belong to @secret (a wrong pair is -EINVAL, never a bad
 * note)
 * @out:    appended to; unchanged on failure
 * Return: 0; -EINVAL; -E2BIG; -errno.
 */
ALM_MUST_USE int note_sign(struct bytes text, const struct note_key *key,
                           const struct secret *secret, struct buf *out);

struct note_opened {
    struct bytes text;   /* what was signed, newline included; a view into the note */
    uint32_t signed_by;  /* bit i: keys[i] has signed, and rightly */
    size_t n_signatures; /* lines in all, unknown keys' included */
};
/**
 * note_open() - check a note's form and the signatures of known keys
 * @keys: at most NOTE_KEYS_MAX
 * A line of an unknown key is passed over; a line of a known key that does not verify spoils the
 * note. Return: 0 at least one known key has signed; -EINVAL not a note; -EBADMSG a known key's
 * signature is wrong, or a key has two lines; -ENOKEY no known key. Threads: pure.
 */
ALM_MUST_USE int note_open(struct bytes note, const struct note_key *keys, size_t n_keys,
                           struct note_opened *out);

/* A tree head. */
struct checkpoint {
    char origin[NOTE_NAME_MAX]; /* the log's origin line */
    uint64_t size;              /* leaves */
    uint8_t root[SHA256_LEN];   /* of an empty tree: SHA-256 of nothing */
};
/* The note's text: origin, size in decimal, root in base64, each ended by a newline. Return: 0;
 * -EINVAL (origin); -errno. */
ALM_MUST_USE int checkpoint_format(const struct checkpoint *c, struct buf *out);
/* Strict; extension lines are allowed and ignored. Return: 0; -EINVAL. */
ALM_MUST_USE int checkpoint_parse(struct bytes text, struct checkpoint *out);
/* Appends a signed checkpoint; the key's name need not be the origin, though a log's first key is
 * named so by custom. */
ALM_MUST_USE int checkpoint_sign(const struct checkpoint *c, const struct note_key *key,
                                 const struct secret *secret, struct buf *out);
/**
 * checkpoint_open() - a note signed by this one key, and the head in it
 * Return: 0; -EINVAL not a checkpoint; -EBADMSG signature wrong; -ENOKEY not signed by this key;
 * -EXDEV another log's origin
 *         (@origin NULL: not checked).
 */
ALM_MUST_USE int checkpoint_open(struct bytes note, const struct note_key *key, const char *origin,
                                 struct checkpoint *out);
