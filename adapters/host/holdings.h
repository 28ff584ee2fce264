/* SPDX-License-Identifier: Apache-2.0 */
/* holdings.h - one load of the agency's rows with the index made from it: both or neither are
 * exchanged when they are read again. */
#pragma once
#include "almoner/adapter.h"
#include "base/attr.h"
#include "lib/index.h"

struct holdings {
    const struct alm_backend_ops *ops; /* borrowed */
    void *backend;                     /* borrowed */
    const struct tokens_key *key;      /* borrowed */
    struct alm_rows *rows;             /* NULL until a first load */
    struct index *index;
    bool old; /* the last load failed: these rows are those of the load before */
};
/**
 * holdings_load() - read everything again; on failure what was there stays
 * @strict: also a missing file or column is a failure (--check)
 * @report: NULL: errors go to the log
 * Return: 0; -EINVAL the rows are bad (reported); -ENOMEM; -errno.
 */
ALM_MUST_USE int holdings_load(struct holdings *h, bool strict, alm_report_fn *report, void *ctx);
void holdings_deinit(struct holdings *h);
