/* SPDX-License-Identifier: Apache-2.0 */
/* who.h - who a reference stands for at this moment: asked of the server each time, because a
 * record may have been merged, doubled or restricted since it was loaded. */
#pragma once
#include "fhir/client.h"
#include "fhir/record.h"

#define WHO_IDS_MAX 8 /* a record and those that were merged into it */

enum who_result {
    WHO_KNOWN = 0,
    WHO_NONE = 1, /* nobody, or nobody for us: removed, restricted */
    WHO_MANY,     /* several records for one number: which of them is not ours to say */
    WHO_FAILED
};
struct who {
    json_t *patient; /* owned */
    size_t n;
    char ids[WHO_IDS_MAX][FHIR_ID_MAX]; /* the living record, and those merged into it */
    char nhs[ALM_FIELD_MAX];            /* "" none */
};
/* Return: enum who_result, *out set on WHO_KNOWN; -ENOMEM. */
ALM_MUST_USE int who_find(struct call *call, const char *ref, struct who *out);
void who_deinit(struct who *w); /* for ALM_CLEANUP; safe on a zeroed struct */
/* Is what stands at a path of a resource ("subject.reference") one of a person's records: by
 * reference, or, where there is none, by the NHS number beside it ("subject.identifier")? */
bool who_is(const struct who *w, const struct fhir_config *c, const json_t *resource,
            const char *path);
/* "Patient/1,Patient/2", for {patient}. */
void who_value(const struct who *w, struct buf *out);
