/* SPDX-License-Identifier: Apache-2.0 */
/* path.h - places in a FHIR resource by dotted member names, through arrays; and the few data types
 * that stand there: dates, references, codings, security labels. Pure. */
#pragma once
#include "base/attr.h"
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PATH_MAX_LEN 160 /* bytes of a path, with NUL */
#define FHIR_ID_MAX  65  /* bytes of a logical id, with NUL; R4: [A-Za-z0-9\-\.]{1,64} */

/* Calls on for each value at a path ("location.location.reference"); on returns false to stop.
 * Several paths are parted by '|': the first at which there is anything is the one. Return: false
 * when stopped. */
typedef bool path_fn(void *ctx, const json_t *value);
bool path_each(const json_t *from, const char *path, path_fn *on, void *ctx);
/* The first text there, borrowed; "" when there is none. */
const char *path_text(const json_t *from, const char *path);
/* Is one of the texts there this one? */
bool path_has(const json_t *from, const char *path, const char *text);
/* Copies; "" when it is too long: then it is of no use here, and never half of it. */
void text_take(char *out, size_t size, const char *text);
/* Names and dots alone, and '|' between. */
bool path_valid(const char *path);

/* A date or dateTime: the days that it may be. "2021-03" is any of March. An instant is the civil
 * day of the partnership's zone. Return: 0; -EINVAL. Source: FHIR R4, "Data types", date, dateTime.
 */
ALM_MUST_USE int fhir_days(const char *text, int32_t *first, int32_t *last);

bool fhir_id_valid(const char *id);
/* The id in a reference to a type: "Patient/1", "Patient/1/_history/2", or with our server's base
 * before it. Return: whether it is one; *out is then set. */
bool fhir_reference(const char *reference, const char *base, const char *type,
                    char out[static FHIR_ID_MAX]);
/* Is "system|code" among the codings at a path (Coding or CodeableConcept)? No system: any. */
bool fhir_coded(const json_t *from, const char *path, const char *coded);
