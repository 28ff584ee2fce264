/* SPDX-License-Identifier: Apache-2.0 */
/* load.h - every file of a configuration into rows: whole extracts alone, bad rows refused or
 * rejected. */
#pragma once
#include "csv/config.h"

/**
 * csv_load_rows() - one load
 * @strict: something missing, and every row that would be rejected, is an error
 * Return: 0, *out set, freed by rows_free; -EINVAL with at least one report; -EAGAIN a file is
 * being written (reported); what the sink returned; -ENOMEM; -errno.
 */
ALM_MUST_USE int csv_load_rows(const struct csv_config *c, const struct alm_sink *sink, bool strict,
                               struct alm_rows **out);
