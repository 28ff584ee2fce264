/* SPDX-License-Identifier: Apache-2.0 */
/* places.h - where in the policy text an entry stands, and what contradicts itself there: a bundle
 * remembers neither. */
#pragma once
#include "conf/conf.h"

struct places {
    struct conf **files;
    size_t n;
};
/* Text that has compiled. Return: 0; -ENOMEM; -EINVAL (not text). */
ALM_MUST_USE int places_open(struct places *p, const char *path);
void places_deinit(struct places *p);
/* list: "protocols", "purposes", ... NULL when it is not there. */
const struct conf_node *places_find(const struct places *p, const char *list, const char *id);
/* A group that stands once, by its name; NULL when there is none. */
const struct conf_node *places_group(const struct places *p, const char *name);
/* Adds an error for each entry that says two things that shut each other out. */
void places_contradictions(const struct places *p, struct conf_errors *e);
