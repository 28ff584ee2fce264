/* SPDX-License-Identifier: Apache-2.0 */
/* about.h - whom a concern, referral or watch is about: from a request to tokens, and from a
 * delivery's tokens back to our own references. Tokens never go further than this file's callers:
 * no reply prints one. */
#pragma once
#include "host/host.h"

struct about {
    uint8_t subject_kind;
    struct token_set subject; /* n 0 for a household */
    bool has_household;
    struct token household;
};
/* Whom a record is about, under a key. had_home of s plays no part. Return: 0; as ask_work_out, *which: which
 * part is wrong. */
ALM_MUST_USE int about_make(const struct asker *a, const struct book_subject *s, struct about *out,
                            const char **which);
/**
 * about_read() - subject or household of a request; with a subject its home on the day, unless that
 * is shielded
 * @household_too: whether it may be about a household alone
 * @day: the day it is about; an at_home in the request goes before what our rows say
 * Return: NULL or an error reply.
 */
json_t *about_read(struct host *h, const json_t *o, bool household_too, int32_t day,
                   struct about *out);
/* {"kind","known","ref","home_known","home_ref"}, by our own rows as they are now. */
json_t *about_json(const struct host *h, uint8_t kind, const struct token_set *subject,
                   const struct token *household);
