/* SPDX-License-Identifier: Apache-2.0 */
/* settings.h - almonerd's file and keys: read, checked whole, every mistake with file and line. */
#pragma once
#include "base/attr.h"
#include "base/crypto.h"
#include "base/log.h"
#include "cert/cert.h"
#include "conf/conf.h"
#include "pair/children.h"
#include <stdio.h>

#define SETTINGS_PATH 256 /* bytes of a path with NUL */
#define SETTINGS_NAME 64  /* of an organisation's id */
#define SETTINGS_BIND 96

struct settings_gate {
    char organisation[SETTINGS_NAME]; /* "*": every agency without a gate of its own */
    char bind[SETTINGS_BIND];
};
struct settings_limits {
    int64_t frame_bytes, messages_per_s, daily_bytes, deadline_ms, lease_ms, connections,
        connections_per_agency, store_mib, queue_items, queue_mib, replay_days,
        check_threads;
};
struct settings_signer {
    int64_t witness_wait_s;
    int64_t interval_ms, unsigned_limit_s;
};
struct settings {
    char mode[16], origin[128], zone[64], log_level[8];
    char data_dir[SETTINGS_PATH], keys_dir[SETTINGS_PATH], runtime_dir[SETTINGS_PATH];
    struct settings_limits limits;
    struct settings_signer signer;
    struct settings_gate *gates;
    size_t n_gates;
    /* From keys_dir: wiped by settings_deinit. */
    struct cert curve;
    struct secret store_key, audit_key;
    uint8_t audit_public[SIGN_PUBLIC_LEN];
};

/**
 * settings_load() - read the file and the keys it names, and check all of it
 * @path:   for messages as given
 * @errors: every mistake of the run is added
 * @out:    zeroed or deinitialised; on failure it holds nothing
 * Return: 0; -EINVAL with at least one error added; -ENOMEM.
 */
ALM_MUST_USE int settings_load(const char *path, struct conf_errors *errors, struct settings *out);
void settings_deinit(struct settings *s); /* for ALM_CLEANUP; safe on a zeroed struct */
enum log_level settings_log_level(const struct settings *s);
/* Every setting with type, range, default and meaning, for --help. */
void settings_help(FILE *to);
