/* SPDX-License-Identifier: Apache-2.0 */
/* fhir.h - a consent that this agency lodged, as others' systems read it: FHIR R4 Consent, and a
 * receipt with the fields of ISO/IEC TS 27560. Pure: JSON in, JSON out. */
#pragma once
#include <jansson.h>
#include <stdbool.h>

struct receipt_facts {
    const json_t *kept;       /* the record kept when it was lodged (receipt.c); borrowed */
    const char *withdrawn_on; /* as the broker has it; "" not withdrawn */
    const char *today;        /* YYYY-MM-DD */
    bool confirmed;           /* the broker has it */
};
/* "draft" not confirmed, "active", "inactive" withdrawn or past its last day, "rejected" a refusal,
 * "proposed" asked in vain. */
const char *receipt_status(const struct receipt_facts *f);
/* New references; NULL without memory. */
json_t *receipt_fhir(const struct receipt_facts *f);
json_t *receipt_27560(const struct receipt_facts *f);
