/* SPDX-License-Identifier: Apache-2.0 */
/* agencies.h - who may speak, in memory: the registry's agencies with their keys' ids, their gate,
 * their place in the bundle in force, and what the core knows of their adapter. Re-read from the
 * store after each change; slots never move. */
#pragma once
#include "base/attr.h"
#include "budget.h"
#include "engine/engine.h"
#include "store/registry.h"
#include "wire/wire.h"
#include <stdbool.h>
#include <stdint.h>

#define AGENCIES_MAX POLICY_AGENCIES_MAX
#define AGENCY_NONE  UINT16_MAX
#define GATE_NONE    UINT16_MAX

enum presence {                       /* what is known of an agency's adapter */
                PRESENCE_UNKNOWN = 0, /* a new core has heard nothing yet: questions are put, the
                                         gate tells if nobody is there */
                PRESENCE_HERE,
                PRESENCE_GONE,
};
struct agency {
    struct registry_agency reg;
    uint8_t key_ids[REGISTRY_KEYS_MAX][WIRE_KEY_ID_LEN];
    uint16_t index; /* in the bundle in force; POLICY_NONE */
    uint16_t gate;  /* GATE_NONE: no gate serves it */
    uint16_t gate_before; /* which served it until a policy moved it; GATE_NONE */
    int64_t moved_ms;     /* monotonic; when the first frame came of it by that one since; 0 none */
    bool listed;    /* seen by the last reload */
    uint8_t presence;
    bool greeted;     /* said Hello to this core: knows mode, origin and catalogue */
    int64_t heard_ms; /* monotonic; the last verified message */
    bool later_here;  /* what is out to it is to be sent again */
    bool later_done;  /* and was, in the batch that is not committed yet */
    bool later_put;   /* and it was something */
    int64_t later_put_ms; /* monotonic; more that was put lately is weighed against it */
    uint32_t n_pending;
    struct budget budget;
};
struct agencies {
    struct agency *slots; /* owned; AGENCIES_MAX */
    uint16_t n;
    uint64_t loads;  /* how often they were read again, or that was tried */
    uint16_t buckets[2 * AGENCIES_MAX];     /* open addressing by id; AGENCY_NONE empty */
    uint16_t by_index[POLICY_AGENCIES_MAX]; /* bundle index -> slot */
    bool broken;                            /* could not be read: nobody is served */
};
ALM_MUST_USE int agencies_init(struct agencies *a);
void agencies_deinit(struct agencies *a);
/**
 * agencies_load() - read the registry again, keeping what is only in memory (presence, budget,
 * pending)
 * @b: may be NULL: no policy in force. @gates: organisation of each gate.
 * Return: 0; negative: the table is then marked broken. -E2BIG more than AGENCIES_MAX.
 */
ALM_MUST_USE int agencies_load(struct agencies *a, struct store_txn *t, const struct bundle *b,
                               char (*gates)[REGISTRY_ID_MAX], uint16_t n_gates);
/* Slot of an enrolled agency; AGENCY_NONE when unknown. O(1). */
uint16_t agencies_find(const struct agencies *a, const char *id);
/* The signing key with this id. Return: NULL when the agency has none such (never had, or revoked).
 */
const uint8_t *agency_sign_key(const struct agency *a, struct bytes key_id);
bool agency_active(const struct agency *a);
/* Are both of one organisation, by the policy in force? AGENCY_NONE is nobody's colleague. */
bool agencies_colleagues(const struct agencies *a, const struct bundle *b, uint16_t one,
                         uint16_t other);
