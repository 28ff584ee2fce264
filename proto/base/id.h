/* SPDX-License-Identifier: Apache-2.0 */
/* id.h - 16-byte message and record ids: UUIDv7 (RFC 9562 section 5.7). */
#pragma once
#include "base/attr.h"
#include <stdbool.h>
#include <stdint.h>

#define ID_LEN 16  /* bytes */
#define ID_TEXT 37 /* 8-4-4-4-12 hex and NUL */

struct id {
    uint8_t octets[ID_LEN];
};
ALM_MUST_USE int id_new(int64_t wall_ms, struct id *out); /* 0 or -EIO (no randomness) */
bool id_equal(const struct id *a, const struct id *b);
bool id_is_zero(const struct id *a);
bool id_is_v7(const struct id *a); /* version and variant bits */
void id_format(const struct id *a, char out[static ID_TEXT]);
ALM_MUST_USE int id_parse(const char *text, struct id *out); /* 0 or -EINVAL */
