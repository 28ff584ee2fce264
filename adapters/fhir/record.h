/* SPDX-License-Identifier: Apache-2.0 */
/* record.h - what a Patient, a Location and an address say, as the adapter needs it. Pure. */
#pragma once
#include "almoner/adapter.h"
#include "fhir/config.h"
#include "fhir/path.h"

/* "ZZ78ZD.0123456789abcdef": postcode and digest of the folded line, so that whoever starts anew
 * gives an address the same reference and can look for it; "-.Prison wing B", the line itself,
 * without one. */
#define HOME_REF_MAX ALM_REF_MAX

/* Labelled with what config.restricted lists: for others it is not there. */
bool record_restricted(const struct fhir_config *c, const json_t *resource);

struct patient {
    char id[FHIR_ID_MAX];
    char given[ALM_FIELD_MAX], family[ALM_FIELD_MAX]; /* "" none that could be used */
    int32_t born;                                     /* ALM_DAY_NONE: none, or not a whole date */
    char nhs[ALM_FIELD_MAX], upn[ALM_FIELD_MAX];      /* as they stand there; "" none */
    bool restricted;
    bool gone; /* active is false, or replaced by another */
    bool unborn;
};
void patient_read(const struct fhir_config *c, const json_t *resource, struct patient *out);
/* Does it bear this NHS number, however written? */
bool patient_bears(const struct fhir_config *c, const json_t *resource, const char *nhs);
/* Does its link of this type name the other? */
bool patient_links(const struct fhir_config *c, const json_t *resource, const char *type,
                   const char *other);
bool patient_replaced(const json_t *resource); /* by any other */

/* A home is an address: whatever names the same folded line and postcode is one home. */
struct home {
    char ref[HOME_REF_MAX];
    char address[ALM_FIELD_MAX], postcode[16];
    int32_t from, until; /* ALM_DAY_NONE; until is the first day no longer there */
};
/* An Address of FHIR. Return: false when it is no home: without a line, of work, for post alone, or
 * an old one of which nobody knows until when. */
bool home_read(const json_t *address, struct home *out);
/* Return: how many of max were set. */
size_t homes_read(const json_t *patient, struct home *out, size_t max);
/* The postcode in a home's reference, as people write it ("ZZ7 8ZD"); "" none. */
void home_postcode(const char *ref, char out[static 16]);
/* The line in a home's reference without a postcode; "" none. */
const char *home_line(const char *ref);

static inline bool day_within(int32_t from, int32_t until,
                              int32_t day) /* "from <= D and (no end, or D < end)" */
{
    return (from == ALM_DAY_NONE || from <= day) && (until == ALM_DAY_NONE || day < until);
}
