/* SPDX-License-Identifier: Apache-2.0 */
/* fold.h - identifiers as people write them, brought to the one form that tokens are made from.
 *
 * Pure; knows no key. The forms are fixed in adapters/README.md, "Match tokens": a change there is
 * a new epoch for everybody. */
#pragma once
#include "almoner/errors.h"
#include "base/attr.h"
#include <stddef.h>

#define FOLD_IN_MAX   255 /* bytes of what was typed */
#define FOLD_OUT_MAX  768 /* bytes of a folded name or address, with NUL */
#define NHS_TEXT      11  /* ten digits and NUL */
#define UPN_TEXT      14
#define POSTCODE_TEXT 9
#define SOUNDEX_TEXT  5

/* All write a NUL-terminated form. Return: ALM_OK, or the fault named; out is then "". Threads:
 * reentrant. */

/* Case, diacritics, hyphens, apostrophes and spaces gone: "Zoë O'Neill-Smith" is "zoeoneillsmith".
 * ALM_BAD_NAME. */
ALM_MUST_USE enum alm_fault fold_name(const char *text, char out[static FOLD_OUT_MAX]);
struct given {                 /* given names, folded; its owner wipes it */
    char plain[FOLD_OUT_MAX];  /* as fold_name */
    char formal[FOLD_OUT_MAX]; /* the first one's diminutive or spelling written out (lib/words) */
    char first[FOLD_OUT_MAX];  /* the first alone, written out; names joined by a hyphen are one */
};
/* "Kate Louise" is "katelouise", "catherinelouise", "catherine". ALM_BAD_NAME. */
ALM_MUST_USE enum alm_fault fold_given(const char *text, struct given *out);
/* Soundex of a folded name; one that starts outside a to z stands for itself (cut to fit). */
void fold_phonetic(const char *folded, char out[static FOLD_OUT_MAX]);
/* Words parted by one space, "Rd" written "road", a flat first: "8A Phantom Rd, Apt. 2" is "flat 2
 * 8a phantom road". ALM_BAD_ADDRESS: also more than 64 words. */
ALM_MUST_USE enum alm_fault fold_address(const char *text, char out[static FOLD_OUT_MAX]);
/* What tells a home from its neighbours under one postcode: the numbers of a folded address, "2
 * 8a", or all of it where it has none. Empty only for what fold_address did not make. */
void fold_door(const char *folded, char out[static FOLD_OUT_MAX]);
/* "zz7 8za" is "ZZ78ZA", and so is "ZZ7 8ZA" with an O for a 0. ALM_BAD_POSTCODE. Source: Royal
 * Mail's form: outward part, then a digit and two letters. */
ALM_MUST_USE enum alm_fault fold_postcode(const char *text, char out[static POSTCODE_TEXT]);
/* Ten digits, spaces and hyphens allowed between. ALM_BAD_NHS.
 * Source: NHS Data Dictionary, "NHS NUMBER": check digit by modulus 11, weights 10 to 2; 10 is no
 * number. */
ALM_MUST_USE enum alm_fault fold_nhs(const char *text, char out[static NHS_TEXT]);
/* A letter, eleven digits, and a digit or (temporary) letter. ALM_BAD_UPN.
 * Source: DfE, "Unique pupil numbers": check letter is the sum of the characters weighted 2 to 13,
 * modulo 23, in the alphabet without I, O and S. */
ALM_MUST_USE enum alm_fault fold_upn(const char *text, char out[static UPN_TEXT]);
