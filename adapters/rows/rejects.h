/* SPDX-License-Identifier: Apache-2.0 */
/* rejects.h - the rows that a load left out: file, line and reason, never the content. */
#pragma once
#include "almoner/adapter.h"
#include "base/bytes.h"

struct rejects {
    struct buf text;
    uint64_t n, most;
};
void rejects_init(struct rejects *r, uint64_t most);
void rejects_deinit(struct rejects *r);
/* Return: false when there are too many, or no memory: then it is not left out. */
ALM_MUST_USE bool rejects_add(struct rejects *r, const char *label, unsigned long line,
                              const char *wrong);
/* Writes them over what the load before wrote, private (0600), in one step; also when there are
 * none. Return: 0; -EINVAL, reported. */
ALM_MUST_USE int rejects_write(const struct rejects *r, const char *path,
                               const struct alm_sink *sink);
