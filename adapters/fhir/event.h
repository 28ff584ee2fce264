/* SPDX-License-Identifier: Apache-2.0 */
/* event.h - one resource as a dated event or a period, as a question sees it. Pure. */
#pragma once
#include "fhir/config.h"
#include "fhir/record.h"
#include "lib/tally.h"

struct event {
    bool start, end; /* of the question's kinds, of its end_kinds */
    int32_t date;    /* CIVIL_NONE: undated */
    bool span;       /* a period: counts while it is open */
    bool open;
    bool unclear; /* its dates or its end cannot be told, and it matters */
};
/* Return: false when it does not count: another code, restricted, of a status that is ignored,
 * later than as_of. */
bool event_read(const struct fhir_config *c, const struct fhir_question *q,
                const struct fhir_search *s, const json_t *resource, int32_t as_of,
                struct event *out);

struct count { /* of one person or home */
    struct tally tally;
    bool open, unclear;
    bool end_unclear; /* an event that ends it, without a whole date */
};
struct count count_new(const struct fhir_question *q, int32_t as_of);
void count_add(struct count *c, const struct event *e);
bool count_holds(const struct count *c);
/* Whether what holds is a yes for sure: of a state that events begin and end, an event that is missing
 * (partial) or without a whole date may be its end. */
bool count_sure(const struct count *c, bool partial);

struct span {           /* an involvement */
    int32_t start, end; /* end: the first day on which it no longer holds; ALM_DAY_NONE open */
    bool unclear;       /* it is over, or began, and nobody knows when */
};
/* Return: false when it is restricted, ignored, or without any beginning. */
bool span_read(const struct fhir_config *c, const struct fhir_search *s, const json_t *resource,
               struct span *out);
/* Whom a resource that was found by its home is about. */
enum event_subject {
    EVENT_HOME = 0, /* nobody: the home alone */
    EVENT_PATIENT,  /* *id is set */
    EVENT_OTHER,    /* a group, an organisation: nobody that is asked about */
    EVENT_UNTOLD    /* somebody who is named without a reference */
};
enum event_subject event_subject(const struct fhir_config *c, const struct fhir_search *s,
                                 const json_t *resource, char id[static FHIR_ID_MAX]);
