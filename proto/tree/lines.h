/* SPDX-License-Identifier: Apache-2.0 */
/* lines.h - what note.c and cosign.c share: the parts of a signed note and of a verifier key. Nobody
 * else includes it. */
#pragma once
#include "tree/note.h"

#define NOTE_ED25519        0x01 /* algorithms of C2SP signed-note and tlog-cosignature */
#define NOTE_COSIGNATURE    0x04
#define NOTE_DASH_LEN       4
#define NOTE_SIG_OCTETS_MAX 4096 /* of an algorithm that we do not know */

extern const char note_dash[NOTE_DASH_LEN + 1]; /* U+2014, space: how each signature line begins */

/* As note_key_init, note_key_format and note_key_parse, of a key of this algorithm. */
ALM_MUST_USE int note_key_make(struct note_key *out, uint8_t algorithm, const char *name,
                               const uint8_t public_key[static SIGN_PUBLIC_LEN]);
void note_key_text(const struct note_key *k, uint8_t algorithm, char out[static NOTE_VKEY_MAX]);
ALM_MUST_USE int note_key_read(const char *vkey, uint8_t algorithm, struct note_key *out);

/* The text that was signed, its newline included, and the signature lines. Return: 0; -EINVAL. */
ALM_MUST_USE int note_split(struct bytes note, struct bytes *text, struct bytes *lines);
/* Takes the next line away from lines (not empty), and gives it without its newline. */
struct bytes note_line_next(struct bytes *lines);

/* One signature line taken apart; name is a view into it. */
struct note_line {
    struct bytes name;
    uint8_t id[4];
    size_t sig_len;
    uint8_t sig[NOTE_SIG_OCTETS_MAX];
};
ALM_MUST_USE int note_line_parse(struct bytes line, struct note_line *out);
