/* SPDX-License-Identifier: Apache-2.0 */
/* family.h - between the parts of the report that a family gets: the rows of a reading as entries in plain
 * language (family_words.c), what is left out of them and the page itself (report_family.c). */
#pragma once
#include "bundles.h"
#include <jansson.h>

#define FAMILY_POLICIES 8 /* kept open at once */

struct family_policies { /* rows were decided by policies of their day */
    struct officer_session *s;
    struct compiled open[FAMILY_POLICIES];
    size_t n, next;
};
void family_policies_deinit(struct family_policies *p);

/* Which part of the page an entry belongs to. */
enum family_part { FAMILY_NOTHING = 0, FAMILY_ASKED, FAMILY_RECORDED, FAMILY_READ };
/**
 * family_entry() - what a row of the reading says to the family
 * @into: NULL, or the entry that this row belongs to (an answer to its question): then filled in further
 * @out: new reference, or NULL where the row adds no entry of its own
 *
 * An entry: {"leaf", "on", "who", "purpose", "law", "asked", "asked_of":[..], "answer", "text"}; texts "" where there is
 * nothing to say. Nobody of another agency is named in it, no case and no words that somebody else wrote; a sensitive
 * service, and one that the policy of the day does not know, is not named either.
 * Return: the part; FAMILY_NOTHING when the row is none of a family's report.
 */
enum family_part family_entry(struct family_policies *p, const json_t *row, json_t *into, json_t **out);
/* The service's name; or that it is not named. Static text, or the policy's. */
const char *family_service(struct family_policies *p, const char *policy, const char *agency);
