/* SPDX-License-Identifier: Apache-2.0 */
/* witnesses.h - by whom a signed head must be cosigned (--witness, --witnesses), and whether it is. */
#pragma once
#include "officer.h"
#include "tree/cosign.h"

struct witnessed {
    struct note_key keys[ARGS_WITNESSES_MAX];
    int64_t at_s[ARGS_WITNESSES_MAX]; /* when each signed, as it says; -1: it has not */
    size_t n, found, needed;
};
/* The keys, from the arguments. Return: an exit code. */
ALM_MUST_USE int witnessed_keys(const struct officer_session *s, struct witnessed *w);
/* Looks for their lines under a head. Return: 0; -EBADMSG too few, or a wrong one, with why. */
ALM_MUST_USE int witnessed_check(struct witnessed *w, struct bytes note, char *why, size_t size);
void witnessed_print(const struct witnessed *w);
json_t *witnessed_json(const struct witnessed *w); /* a new reference: [{witness, signed_at}] */
