/* SPDX-License-Identifier: Apache-2.0 */
/* concern.h - inside the core only: what the files about concerns share. */
#pragma once
#include "engine/threshold.h"
#include "stages.h"

#define CONCERNS_OWN_MAX  64  /* live ones of one agency about one person */
#define CONCERNS_HOME_MAX 128 /* and at one home */

struct concern_about { /* one person, or one home */
    uint8_t kind;      /* enum subject_kind */
    const struct token_set *subject;
    const struct token *household; /* of a rule that counts at homes */
};
struct concern_who { /* behind a fact */
    struct id id;
    uint16_t agency; /* index of the lodging agency in the bundle in force */
    uint16_t slot;
    char contact_route[128];
};
#define STOOD_MAX 64 /* twice what one queue sends in its turn */
struct firing_stood { /* an episode that stood before a sending, for whoever lodged none of it */
    struct id episode;
    uint16_t question;
    uint8_t subject_kind;
    int32_t fired_on;
    struct agency_set organisations; /* whose concerns were weighed */
    struct token_set subject;        /* as its episode has them now */
    struct token household;
    bool masked;
    uint8_t n;
    struct msg_contributor contributors[CONTRIBUTORS_MAX];
};
struct concern_room { /* what was gathered last */
    size_t n, n_origins;
    bool whole;
    size_t n_stood;          /* of one pass over the queues; pages of those that are not used are not taken */
    uint64_t stood_changes;  /* of the tables that they rest on, when they were weighed */
    struct firing_stood stood[STOOD_MAX];
    struct concern_fact facts[THRESHOLD_FACTS_MAX]; /* sorted */
    struct concern_who whos[THRESHOLD_FACTS_MAX];   /* in the order they were read */
    uint8_t origins[THRESHOLD_FACTS_MAX][32];
};

/* --- concern_facts.c --- */
/* c->concerns: the live concerns about a person or at a home that may count towards the question,
 * of agencies in good standing. Return: false when they could not be read whole: nothing may be
 * decided on them. */
bool concern_gather(struct core *c, uint16_t question, const struct concern_about *about);
const struct concern_who *concern_who_of(const struct core *c, size_t fact);
/* Place among the facts; SIZE_MAX when it is not there. */
size_t concern_place(const struct core *c, const struct id *id);
bool concern_live(const struct core *c, const struct concern_record *r);
/* Whose concerns do not count for a reader: its own organisation, unless the rule counts them. */
uint16_t concern_left_out(const struct core *c, const struct policy_threshold *rule,
                          uint16_t reader);
struct concern_named { /* what a reader sees of the contributors */
    bool masked;
    uint8_t n;
    struct msg_contributor *out; /* CONTRIBUTORS_MAX */
};
/* Of the window found: organisations sorted by id; sensitive ones, and all of them where the rule
 * names none, only as masked. */
void concern_name(const struct core *c, const struct policy_threshold *rule,
                  const struct threshold_found *found, uint16_t leave_out,
                  struct concern_named *out);
/* Is there a shield that hides even that concerns exist, from this reader: level 2 or 3, and none
 * of the purposes under which it reads sees past it. Errors count as yes. */
bool concern_shielded(struct core *c, uint16_t question, uint16_t slot,
                      const struct concern_about *about);
/* The same. *any: there is one, from whomever it hides; also when they could not be read. */
bool concern_shields(struct core *c, uint16_t question, uint16_t slot,
                     const struct concern_about *about, bool *any);

/* --- firing.c --- */
uint16_t firing_index(const struct core *c, uint16_t slot);
/* A hub that may be told. One that is suspended is told when it no longer is: what is put for it
 * waits (deliver_may). */
bool firing_reader(const struct core *c, uint16_t question, uint16_t slot);
/* Whom of the window the reader is told, into out. */
void firing_contributors(const struct core *c, const struct policy_threshold *rule,
                         const struct threshold_found *found, uint16_t leave_out,
                         struct msg_firing *out);
/* A concern was lodged or amended (c->concern_record): what it brings about. */
void firing_evaluate(struct core *c);
/* One was withdrawn: those whom a firing told that still runs are told so. */
void firing_withdrawn(struct core *c);
/* An open episode is late: whom to tell besides its agency. */
typedef void firing_hub(void *ctx, uint16_t slot);
void firing_hubs(struct core *c, const struct id *episode, firing_hub *visit, void *ctx);
