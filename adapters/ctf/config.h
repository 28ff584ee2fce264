/* SPDX-License-Identifier: Apache-2.0 */
/* config.h - the group `ctf` of an adapter's configuration. */
#pragma once
#include "almoner/adapter.h"
#include "base/attr.h"
#include "rows/config.h"
#include <limits.h>

struct ctf_config {
    struct rows_config rows;
    char path[PATH_MAX], label[256];
    char service[ALM_TEXT_MAX], contact_route[ALM_TEXT_MAX];
    uint64_t pupils_least;
    bool whole;        /* every pupil of the school, whatever the header says */
    unsigned complete; /* sections that are left out only where there is nothing to say */
    unsigned *needs;   /* by question: sections that its kinds come from */
};
/* Return: 0, *out set; -EINVAL with errors added to setup->errors; -ENOMEM. */
ALM_MUST_USE int ctf_config_read(const struct alm_setup *setup, struct ctf_config **out);
struct ctf_config *ctf_config_free(struct ctf_config *c);

/* Kinds of dated events that a transfer file holds; those of SEN are KIND_SEN and the code. */
#define KIND_SEN         "sen-"
#define KIND_SEN_END     "sen-end"
#define KIND_IN_CARE     "in-care"
#define KIND_NOT_IN_CARE "not-in-care"
#define KIND_PERSISTENT  "persistent-absence" /* 10% of possible sessions and more */
#define KIND_SEVERE      "severe-absence"     /* 50% and more */
/* The section that a kind comes from; 0: a transfer file has no such kind. */
unsigned ctf_section_of_kind(const char *kind);
