/* SPDX-License-Identifier: Apache-2.0 */
/* core_town.h - a small town around one core in one process: a policy, agencies with keys, the far
 * end of the gates, officers on the real control socket, a real store in a folder of its own, and
 * time held by the test. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/state.h"
#include "store/fault.h"

#define TOWN_HEARD_MAX 512
#define TOWN_DAY       19000 /* a civil day in 2022 */

enum town_agency {
    TOWN_CHARITY,
    TOWN_CLINIC,
    TOWN_COUNCIL,
    TOWN_COURT /* no party */,
    TOWN_POLICE,
    TOWN_SCHOOL,
    TOWN_NURSERY /* the school's team */,
    TOWN_N,
    TOWN_WARD = TOWN_N, /* the first of those that town_wards adds */
    TOWN_MOST = TOWN_N + 24
};
enum town_person { TOWN_TESS, TOWN_SAM, TOWN_NOBODY };

struct town_frame { /* what the core sent to an agency */
    enum town_agency to;
    uint64_t ref;
    size_t len;
    uint8_t octets[WIRE_FRAME_MAX];
};
struct town {
    char dir[64];
    int said; /* standard error as it was, while the town's log goes to its folder; -1 */
    struct core *core;
    struct pair *gates[2];          /* 0: everybody's, 1: the school's */
    int signer, reader, supervisor; /* the far ends */
    struct secret keys[TOWN_MOST], officers[3], audit;
    struct town_frame *heard; /* since the last town_forget */
    size_t n_heard;
    uint16_t allowed[2]; /* peers of the last PAIR_ALLOW */
    struct msg msg;      /* for whoever builds one */
    struct msg
        *beside; /* if set, the next change and this message come in one batch; from beside_from */
    enum town_agency beside_from;
};
extern const char *const town_names[TOWN_MOST];
extern int64_t town_wall, town_mono;   /* the clocks */
extern uint8_t town_mode; /* enum broker_mode, for the next town_setup; town_teardown sets it back */
extern struct core_limits town_limits; /* for the next town_setup */
extern const char *town_suspend;       /* whom the supervisor blames, for the next opening */
extern unsigned town_hubs; /* bits: hubs besides the court, for the next policy */
extern unsigned town_wards; /* for the next town_setup: so many agencies more, each a party and a hub */
int town_all(void); /* how many agencies there are with them */

/* Enrolled, policy in force, day set, everybody has said Hello; nothing heard yet. */
int town_setup(void **state);
int town_teardown(void **state);
void town_activate(struct town *t); /* the policy, as town_hubs is now */
void town_reopen(struct town *t); /* the core ends and another starts on the same store */
extern void (*town_between)(struct town *t); /* between the two, once */

void town_turn(
    struct town *t); /* turns the core until it has nothing to do, and hears what it sent */
void town_forget(struct town *t);

/* Sends what is in *m, as the agency; sender, time and an id (unless it has one) are filled in. */
void town_say(struct town *t, enum town_agency from, struct msg *m);
void town_say_frame(struct town *t, unsigned gate, enum town_agency from, struct bytes frame);
struct bytes town_sign(struct town *t, const struct msg *m,
                       const struct secret *key); /* good until the next */

/* How many messages of this type the agency has heard; the last of them decoded into t->msg. */
size_t town_heard(struct town *t, enum town_agency who, uint8_t type);
const struct town_frame *town_frame_of(struct town *t, enum town_agency who, uint8_t type);
const char *town_refusal(struct town *t,
                         enum town_agency who); /* reason of its last Refusal, "" none */

struct msg *town_msg(struct town *t, uint8_t type);
struct msg *town_lease(struct town *t);
void town_hello(struct town *t, enum town_agency who);
void town_practitioner(struct msg *m, const char *ref); /* who sends it: a social worker */
void town_person(enum town_person p, struct token_set *out);
void town_home(unsigned number, struct token *out);
struct msg *town_insight(struct town *t, const char *purpose, const char *question,
                         enum town_person p);
struct msg *town_involvement(struct town *t, const char *purpose, enum town_person p);
struct msg *town_consent(struct town *t, const char *purpose, enum town_person p);
struct msg *town_withdraw(struct town *t, const char *purpose, enum town_person p);
struct msg *town_shield(struct town *t, enum town_person p, uint8_t level);
/* For a day, by who has no part in the case; question "": who is involved. Good where the policy's
 * purpose may be overridden: "early-help". */
struct msg *town_override(struct town *t, const char *purpose, const char *question,
                          enum town_person p);
struct msg *town_approval(struct town *t, const struct id *override, const char *ref,
                          uint8_t decision); /* by a senior */
/* The holder answers the last question it heard. */
void town_answer(struct town *t, enum town_agency who, uint8_t value);

/* An officers' change with these officers' signatures (indexes, -1 ends); the reply's error word,
 * or "ok". */
const char *town_change(struct town *t, const char *kind, json_t *fields, const int *officers);
json_t *town_change_text(const char *kind, json_t *fields); /* with at and nonce */
const char *town_submit(struct town *t, json_t *change, const int *officers);
void town_day(struct town *t, int32_t day); /* the civil day from now on */

/* Is anything kept of what was asked? 0: nothing. Prefix: "p" answers that stand, "q" counts of a
 * day, "d" what may not be asked beside something. */
size_t town_asked_kept(struct town *t, const char *prefix);
int town_fail_commits(void *ctx, enum store_step step); /* for store_fault_hook() */

/* Leaves of this event so far; the last of them in *last (NULL: not wanted). */
size_t town_leaves(struct town *t, uint8_t event, struct ledger_clear *last);
bool town_log_holds(struct town *t, struct bytes needle); /* in any record, clear or sealed */
