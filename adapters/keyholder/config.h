/* SPDX-License-Identifier: Apache-2.0 */
/* config.h - the key holder's settings and keys, read and checked whole before anything is opened. */
#pragma once
#include "base/attr.h"
#include "cert/cert.h"
#include "conf/conf.h"
#include "keyholder/budget.h"
#include "lib/oprf.h"
#include "wire/wire.h"
#include <limits.h>

#define KEYS_MAX 4 /* epochs at once: current, next, previous, and one to spare */
#define OWN_MAX  (BUDGET_AGENCIES_MAX / 4)

struct keyholder_key {
    uint16_t epoch;
    struct secret key;
    oprf_point public_key;
};
struct keyholder_own { /* limits of one agency's own */
    name_t agency;
    struct budget_limits limits;
};
struct keyholder_config {
    char agency[NAME_MAX_LEN], mode[16], origin[WIRE_ORIGIN_MAX];
    char address[256], server_key[CERT_KEY_TEXT];
    char curve_path[PATH_MAX], sign_path[PATH_MAX], state[PATH_MAX], log[8];
    char dir[PATH_MAX]; /* of the file: what relative paths are relative to */
    struct budget_limits usual, all;
    size_t n_own;
    struct keyholder_own own[OWN_MAX];
    /* Read from the files named above. */
    struct cert curve;
    struct secret sign;
    size_t n_keys;
    struct keyholder_key keys[KEYS_MAX];
};
/* Adds every error, with file and line, to e. Return: 0; -EINVAL with errors. c is written whole;
 * wiped by keyholder_config_wipe either way. */
ALM_MUST_USE int keyholder_config_read(const char *path, const struct conf *conf,
                                       struct conf_errors *e, struct keyholder_config *c);
void keyholder_config_wipe(struct keyholder_config *c);
/* Or NULL. */
const struct keyholder_key *keyholder_key_of(const struct keyholder_config *c, uint16_t epoch);
