/* SPDX-License-Identifier: Apache-2.0 */
/* load.h - pupils into rows. */
#pragma once
#include "ctf/config.h"
#include "ctf/reader.h"

struct ctf_rows {
    struct alm_rows *rows;
    uint8_t *sections; /* by person: enum ctf_section bits that the file had for them */
};
/* Return: 0, *out set, freed by ctf_rows_deinit; -EINVAL with at least one report; -EAGAIN the file
 * is being written (reported); what the sink returned; -ENOMEM. A file that is absent: 0,
 * everything missing (strict: -EINVAL). */
ALM_MUST_USE int ctf_load_rows(const struct ctf_config *c, const struct alm_sink *sink, bool strict,
                               struct ctf_rows *out);
void ctf_rows_deinit(struct ctf_rows *r);
