/* SPDX-License-Identifier: Apache-2.0 */
/* manifest.h - how many rows each file has, as whoever made the extract says. */
#pragma once
#include "csv/config.h"

struct manifest {
    struct {
        const char *path; /* of the configuration */
        bool listed;
        uint64_t rows;
    } files[ROWS_FILE_COUNT];
    bool given;
};
/**
 * manifest_read() - reads c->manifest, a CSV file with the columns file and rows
 * Files are called by their names without folder; others in it are passed over.
 * Return: 0, also when none is configured; -EINVAL it is absent, wrong, or does not list a file of
 * the configuration (reported); -EAGAIN it is being written; -ENOMEM.
 */
ALM_MUST_USE int manifest_read(struct manifest *m, const struct csv_config *c,
                               const struct alm_sink *sink);
/* Return: whether there is one; then *rows is what it says. */
bool manifest_rows(const struct manifest *m, const char *path, uint64_t *rows);
