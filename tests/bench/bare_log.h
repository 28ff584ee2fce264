/* SPDX-License-Identifier: Apache-2.0 */
/* bare_log.h - a hash chain and one LMDB record for each thing, one durable commit a batch: what
 * the baselines are held against. Nothing of the product is in it. */
#pragma once
#include "base/attr.h"
#include "base/bytes.h"

#define BARE_RECORD 256 /* bytes of a record */

struct bare_log;
ALM_MUST_USE int bare_log_open(const char *dir, struct bare_log **out); /* 0 or -errno */
struct bare_log *bare_log_close(struct bare_log *b);
/* Adds to the open batch a record that the frame's hash, chained, begins. */
ALM_MUST_USE int bare_log_add(struct bare_log *b, struct bytes frame);
ALM_MUST_USE int bare_log_commit(struct bare_log *b); /* durable when it returns; nothing without a record */
