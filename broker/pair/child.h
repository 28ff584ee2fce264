/* SPDX-License-Identifier: Apache-2.0 */
/* child.h - a child's end of what children.h describes: its settings, and its word with the
 * supervisor. */
#pragma once
#include "base/attr.h"
#include "base/crypto.h"
#include "base/log.h"
#include "pair/children.h"
#include <jansson.h>

#define CHILD_SETTINGS_MAX (1024 * 1024) /* bytes of JSON */

/* Exit codes (sysexits) that end almonerd too when a child gives them before it was ever ready. */
#define CHILD_EXIT_DATA      65
#define CHILD_EXIT_SELF_TEST 76
#define CHILD_EXIT_CONFIG    78

/**
 * child_settings() - read descriptor CHILD_FD_SETTINGS to its end, close it and parse it
 * @out: a new reference; the text it was read into is wiped
 *
 * First the process is made undumpable: no core file, and no other process of its user reads its
 * memory or descriptors.
 *
 * Return: 0; -EINVAL not one JSON object, or with a duplicate key; -E2BIG; -ENOMEM; -errno.
 */
ALM_MUST_USE int child_settings(json_t **out);

/* Typed reads of a key; a missing key or wrong type is logged (event=child-settings, the key's name
 * only). Return: 0 or -EINVAL. Text is borrowed from the object. */
ALM_MUST_USE int child_text(const json_t *object, const char *key, const char **out);
ALM_MUST_USE int child_int(const json_t *object, const char *key, int64_t min, int64_t max,
                           int64_t *out);
ALM_MUST_USE int child_secret(const json_t *object, const char *key,
                              struct secret *out);                           /* 64 hex */
ALM_MUST_USE int child_log_level(const json_t *object, enum log_level *out); /* key log_level */

/* Says something to the supervisor: CHILD_READY, or CHILD_CLOSE_GATE with a gate's index. Return: 0
 * or -errno. */
ALM_MUST_USE int child_say(enum child_say what, uint16_t gate);
/* What the supervisor said; never blocks. Return: CHILD_STOP; 0 nothing new; -ECONNRESET it has
 * gone; -errno. */
ALM_MUST_USE int child_heard(void);
