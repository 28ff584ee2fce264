/* SPDX-License-Identifier: Apache-2.0 */
/* config.h - an adapter's settings, read and checked whole before anything is opened. */
#pragma once
#include "base/attr.h"
#include "base/crypto.h"
#include "cert/cert.h"
#include "conf/conf.h"
#include "host/spawn.h"
#include "lib/tokens.h"
#include "tree/note.h"
#include "wire/wire.h"
#include <limits.h>

struct host_config {
    char agency[NAME_MAX_LEN], mode[16], origin[WIRE_ORIGIN_MAX], zone[64];
    char origin_before[WIRE_ORIGIN_MAX]; /* "" none */
    char address[256], server_key[CERT_KEY_TEXT];
    char curve_path[PATH_MAX], sign_path[PATH_MAX], token_path[PATH_MAX], seal_path[PATH_MAX], token_next_path[PATH_MAX];
    char scheme[16];
    int64_t epoch, next_epoch;
    char socket[PATH_MAX], socket_mode[8];
    char outbox[PATH_MAX], inbox[PATH_MAX], recalls[PATH_MAX], pins[PATH_MAX], asked[PATH_MAX],
        consents[PATH_MAX], /* of what was lodged, for receipts */
        tokens[PATH_MAX], lodged[PATH_MAX]; /* keys of tokens and what is kept of each; the book */
    int64_t outbox_max, inbox_max, inbox_keep_days;
    char contact_route[ALM_TEXT_MAX], lead_professional[ALM_TEXT_MAX];
    char log[8], backend[SPAWN_NAME_MAX];
    char program[PATH_MAX]; /* almoner-source-BACKEND */
    char witness_vkey[PATH_MAX], witness_state[PATH_MAX]; /* "": no witness */
    int64_t deadline_ms, load_s, rows_most, bytes_most, restart_ms, restart_most_s; /* worker */
    char dir[PATH_MAX]; /* of the file: what relative paths are relative to */
    /* Read from the files named above. */
    struct cert curve;
    struct secret sign;
    bool has_token, has_token_next; /* keys of the hmac scheme */
    struct secret token_next;
    struct tokens_key token;
    struct note_key witness_log;
    bool has_seal;
    struct secret seal; /* X25519 */
};
/* Adds every error, with file and line, to e. Keys are read too; backends' programs are looked for in
 * libexec. The group of the backend's own name and questions are left to the worker. Return: 0; -EINVAL with errors;
 * -ENOMEM. c is written whole; wiped by host_config_wipe either way. */
ALM_MUST_USE int host_config_read(const char *path, const char *libexec, const struct conf *conf,
                                  struct conf_errors *e, struct host_config *c);
void host_config_wipe(struct host_config *c); /* for ALM_CLEANUP */
bool host_config_exercise(const struct host_config *c);
