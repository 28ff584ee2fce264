/* SPDX-License-Identifier: Apache-2.0 */
/* register.h - whom the organisation works with: its own list, read whole.
 *
 * One line a person; a person who has lived in several homes has a line for each, with the same
 * person_id, names and birth date. */
#pragma once
#include "desk/config.h"

struct register_person {
    char ref[ALM_REF_MAX], name[ALM_FIELD_MAX], born[11];
    int32_t since, until; /* we work with this person from .. until (first day no longer) */
};
struct register_stay {
    uint32_t person, home;
    int32_t from, until;
};
struct register_home {
    char ref[ALM_REF_MAX], address[ALM_FIELD_MAX], postcode[16];
    char folded[ALM_FIELD_MAX]; /* what makes two lines one home */
};
struct desk_register {
    struct register_person *people;
    struct register_home *homes;
    struct register_stay *stays;
    size_t n_people, n_homes, n_stays;
    char digest[65]; /* SHA-256 of the file as it was read, hex */
};
/* Reads the list and tells it to the sink. Return: 0, *out set; -EINVAL reported; -ENOMEM; -errno; what
 * the sink returned. */
ALM_MUST_USE int register_load(const struct desk_config *c, const struct alm_sink *sink, bool strict,
                               struct desk_register **out);
struct desk_register *register_free(struct desk_register *r);
/* NULL: no such person, or home, any more. */
const struct register_person *register_person(const struct desk_register *r, const char *ref);
const struct register_home *register_home(const struct desk_register *r, const char *ref);
/* Why we may ask about this subject, by the list alone. */
void register_relate(const struct desk_register *r, const struct alm_subject *s,
                     struct alm_relationship *out);
