/* SPDX-License-Identifier: Apache-2.0 */
/* settings.h - what the supervisor hands the core on descriptor 3; broker/README.md lists the keys.
 */
#pragma once
#include "base/attr.h"
#include "base/crypto.h"
#include "base/log.h"
#include "pair/children.h"
#include "store/registry.h"
#include "wire/wire.h"
#include <jansson.h>

#define SETTINGS_PATH_MAX 4096
#define SETTINGS_GATE_ANY "*" /* a gate for every agency that has none of its own */

struct core_limits {
    uint32_t messages_per_s; /* that an agency may begin, sustained; twice as many at once */
    uint64_t daily_bytes;    /* received from an agency in a UTC day */
    uint32_t pending_agency; /* queries of one agency waiting for holders */
    uint32_t pending_total;  /* of all agencies */
    uint32_t deadline_ms;    /* of a query whose question sets none */
    uint32_t lease_ms;       /* how often an adapter says that its application is alive */
    uint32_t head_least_ms;  /* heads are asked for no oftener */
    uint32_t head_quiet_ms;  /* and at least this often, idle or not */
    uint32_t head_limit_ms;  /* no signed head for so long: stop sharing */
    uint32_t queue_items;    /* deliveries that may wait in one queue */
    uint64_t queue_bytes;    /* and their bytes */
    uint32_t later_agency;   /* queries of one agency that wait for answers by hand */
    uint32_t later_desk;     /* questions out to one desk; of one asker a quarter */
    uint32_t queue_days;     /* that an acknowledged delivery is kept for replay */
    int32_t check_threads;   /* beside the core's own that check signatures; negative: as processors allow */
};
struct core_settings {
    struct wire_context wire; /* mode and origin */
    char zone[64];            /* of civil days */
    char store_path[SETTINGS_PATH_MAX];
    struct secret store_key;
    uint64_t map_bytes;                   /* 0: the store's default */
    char control_path[SETTINGS_PATH_MAX]; /* "": no control socket (tests) */
    char curve_public[41];                /* Z85; what officers hand to agencies */
    uint8_t audit_public[SIGN_PUBLIC_LEN];
    enum log_level log_level;
    uint16_t n_gates;
    char (*gates)[REGISTRY_ID_MAX]; /* owned: organisation of gate i, or SETTINGS_GATE_ANY */
    uint16_t n_suspend;
    char (*suspend)[REGISTRY_ID_MAX]; /* owned: agencies whose messages ended the core twice */
    struct core_limits limits;
};
/* Everything at its default; paths, key and gates empty. */
void core_settings_init(struct core_settings *s);
void core_settings_deinit(struct core_settings *s); /* wipes the key; for ALM_CLEANUP */
/**
 * core_settings_read() - take the settings from the supervisor's object; each wrong key is logged
 * by name, never by value
 * @out: initialised; what was read before an error may stay in it
 * Return: 0; -EINVAL missing, of the wrong type or out of range; -ENOMEM. Threads: pure.
 */
ALM_MUST_USE int core_settings_read(const json_t *object, struct core_settings *out);
