/* SPDX-License-Identifier: Apache-2.0 */
/* pending.h - queries that wait for their holders: found by a question's id, and in order of
 * deadline.
 *
 * Bounded. Lost with the process: the log then shows "decided, never disclosed" and the caller asks
 * again. */
#pragma once
#include "base/attr.h"
#include "engine/engine.h"
#include "wire/msg.h"
#include <stdbool.h>
#include <stdint.h>

struct ask { /* a query, as far as deciding it again needs it */
    struct id id;
    uint16_t agency; /* slot of the asker */
    uint16_t question_hint; /* facts.c, ask_question(): where its question was found last */
    struct msg_practitioner practitioner;
    name_t purpose, basis, case_ref;
    bool involvement;
    name_t question; /* "" for involvement */
    bool has_parameter;
    struct token parameter; /* the home asked about */
    uint8_t subject_kind;
    struct token household;   /* kind 0 unless the subject is one */
    uint16_t statements;      /* enum gateway_condition bits: what the practitioner states */
    uint8_t relation;
    int32_t relation_since, relation_until;
    bool relation_reason;
    bool has_referral;
    struct id referral; /* a question about its state */
    bool eligibility;   /* for a service, instead of a question */
    name_t service;
    struct token_set subject; /* empty for a household. Last: beyond n nothing is copied or set */
};
enum holder_state {
    HOLDER_WAITING = 1,
    HOLDER_ANSWERED,
    HOLDER_SILENT /* not enrolled, suspended, not connected */
};
struct involved_detail {
    char service[128], contact_route[128], lead_professional[128];
    int32_t since;
};
/* What c->facts were read from, and when: while it is the same, so are they. */
struct footing {
    uint64_t changes;            /* store_changes() of the tables that facts may be read from, before they were */
    uint64_t loads;              /* struct agencies' */
    const struct bundle *bundle; /* compared, never followed */
    int32_t day;
    bool lasts; /* none of them begins or ends but by one of the above */
};
#define KEPT_GRANTS 4 /* more, and it is taken afresh */
struct kept { /* kept.c: the decision by which a query was put */
    bool whole; /* else there is none */
    struct footing footing;
    struct facts facts; /* without the lists */
    uint8_t outcome, reason, telling, basis; /* the next as in struct decision */
    bool review_due;
    uint16_t n_listed;
    uint64_t grants;
    char rule[sizeof(((struct decision *)0)->rule)];
    uint8_t n_grants;
    struct id grant_ids[KEPT_GRANTS]; /* of those in grants, in their order */
};
struct pending;
struct later { /* of a query that somebody answers by hand: what it takes to put it again, and to end it */
    int64_t until_ms; /* wall; when the last desk's time ends */
    bool due;         /* its final reply waits in the asker's inbox */
    struct { /* what was sent last of it; zeroes: nothing */
        uint8_t outcome, value, completeness;
    } told;
    struct msg_question asked, nobody; /* tokens and homes alone: the true ones, and random ones of
                                          the same shape (subject_kind 0: none made yet) */
};
struct pending_holder {
    struct id question; /* the random id under which this holder was asked */
    struct pending *owner;
    struct pending_holder *next;    /* in its bucket */
    uint16_t agency;                /* slot; AGENCY_NONE when not enrolled */
    uint8_t state;                  /* enum holder_state */
    uint8_t value, cause;           /* of the answer */
    uint8_t factor;                 /* of a composite: index of owner->factors */
    uint16_t index;     /* of owner->kept: which holder this is of the decision, in its bundle */
    uint8_t visibility; /* likewise: enum holder_visibility */
    struct involved_detail *detail; /* owned; involvement and YES only */
    bool desk;        /* people answer there by hand: it stays open past the deadline */
    bool sent, truly; /* of a desk: the question has left; with the true tokens */
    int64_t until_ms; /* of a desk: wall; when its own time ends */
    int32_t said_on;  /* civil day of its answer, where that is kept (struct pending's later) */
};
struct pending { /* what every turn looks at comes first, and what is long last */
    int64_t deadline_ms; /* monotonic; 0: everybody has answered */
    size_t heap_at;
    uint16_t n_waiting;
    uint16_t n_holders;
    bool hidden;      /* decided as a hidden refusal: random tokens went out */
    bool created_now; /* in the batch that is not committed yet */
    bool released_now;
    uint64_t leaf;    /* of the decision */
    name_t *factors;  /* owned; a composite's: the ids as they were asked. NULL: no composite */
    struct later *later; /* owned; NULL: nobody answers by hand */
    struct kept kept;
    struct ask ask;
    struct pending_holder holders[]; /* in the decision's order; a composite's by holder and factor */
};
/* As many tokens as there are: nothing is written beyond them. */
void tokens_copy(struct token_set *out, const struct token_set *in);
struct pending_table;
ALM_MUST_USE int pending_table_new(size_t max, struct pending_table **out);
struct pending_table *pending_table_free(struct pending_table *t); /* and all that wait */
size_t pending_count(const struct pending_table *t);
/* One that is in no table: read back from the store. Return: 0; -ENOMEM. */
ALM_MUST_USE int pending_alone(const struct ask *ask, uint16_t n_holders, struct pending **out);
struct pending *pending_free(struct pending *p); /* of one that is in no table; accepts NULL */
void pending_freep(struct pending **p);          /* for ALM_CLEANUP */
/* Room for a query put to n_holders, all HOLDER_SILENT until pending_wait. Return: 0; -ENOSPC the
 * table is full; -ENOMEM. */
ALM_MUST_USE int pending_add(struct pending_table *t, const struct ask *ask, uint16_t n_holders,
                             int64_t deadline_ms, struct pending **out);
/* Holder i has been asked under this id. */
void pending_wait(struct pending_table *t, struct pending *p, uint16_t i, const struct id *question,
                  uint16_t agency);
/* Nobody is left to wait for: due at once. */
void pending_hasten(struct pending_table *t, struct pending *p);
/* The holder asked under this id; NULL. */
struct pending_holder *pending_find(const struct pending_table *t, const struct id *question);
/* The same by the number that a gate echoes. */
struct pending_holder *pending_find_ref(const struct pending_table *t, uint64_t ref);
uint64_t pending_ref(const struct id *question);
/* A waiting holder answered or fell silent; when it was the last, the query becomes due at once. */
void pending_settle(struct pending_table *t, struct pending_holder *h, uint8_t state);
/* Takes back a settled answer (its batch failed). */
void pending_unsettle(struct pending_table *t, struct pending_holder *h, int64_t deadline_ms);
/* The first whose deadline is at or before now, taken off the heap but not freed; NULL. */
struct pending *pending_due(struct pending_table *t, int64_t mono_ms);
int64_t
pending_next_ms(const struct pending_table *t); /* the earliest deadline; INT64_MAX when none */
/* Forgets it: its questions' ids mean nothing from now on. */
void pending_drop(struct pending_table *t, struct pending *p);
