/* SPDX-License-Identifier: Apache-2.0 */
/* errors.c - the faults of include/almoner/errors.h in words. */
#include "almoner/errors.h"

#include "base/attr.h"

/* clang-format off: a table, one row a line */
static const char *const fault_texts[ALM_FAULT_COUNT] = {
    [ALM_OK] = "nothing is wrong",
    [ALM_BAD_NAME] = "the name is empty or has no letters; write the given and the family name",
    [ALM_BAD_BORN] = "no birth date; write YYYY-MM-DD",
    [ALM_BAD_NHS] = "not an NHS number (ten digits, the last a check digit); correct it, or leave it empty if unsure",
    [ALM_BAD_UPN] = "not a UPN (a check letter and twelve characters); correct it, or leave it empty if unsure",
    [ALM_BAD_POSTCODE] = "not a postcode (such as ZZ99 3CZ); correct it, or leave it empty where the home has none",
    [ALM_BAD_ADDRESS] = "a postcode without an address line; write the address line too",
    [ALM_BAD_REFERENCE] = "the reference is empty or longer than 127 bytes",
    [ALM_REPEATED] = "this reference was given on an earlier line; each person and each home is one row",
    [ALM_NO_PERSON] = "this person is in no people file; add the person, or leave the row out",
};
/* clang-format on */

const char *alm_fault_text(enum alm_fault f)
{
    if ((unsigned)f >= ALM_LEN(fault_texts) || !fault_texts[f])
        return "cannot be taken";
    return fault_texts[f];
}
