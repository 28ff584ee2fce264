/* SPDX-License-Identifier: Apache-2.0 */
/* errors.h - why an adapter cannot take a row or an identifier: positive results that a caller
 * handles by name. */
#pragma once

enum alm_fault {
    ALM_OK = 0,
    ALM_BAD_NAME = 1,  /* empty, too long, not UTF-8, or nothing but signs */
    ALM_BAD_BORN,      /* no birth date */
    ALM_BAD_NHS,       /* not ten digits, or the check digit is wrong */
    ALM_BAD_UPN,       /* not a letter and twelve characters, or the check letter is wrong */
    ALM_BAD_POSTCODE,  /* not the form of a postcode */
    ALM_BAD_ADDRESS,   /* empty beside a postcode, too long, or not UTF-8 */
    ALM_BAD_REFERENCE, /* empty or too long */
    ALM_REPEATED,      /* this reference was given before */
    ALM_NO_PERSON,     /* a row about a person whom nobody has named */
    ALM_FAULT_COUNT
};

/* What is wrong and what to do, for people; never the value itself. */
const char *alm_fault_text(enum alm_fault f);
