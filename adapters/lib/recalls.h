/* SPDX-License-Identifier: Apache-2.0 */
/* recalls.h - what was taken back from us, kept apart from the inbox until somebody here has said what
 * was done with it: an inbox is read once, and forgets.
 *
 *   ID.msg    not done: the Body of the Deliver as received
 *   ID.done   empty: it is done, and is not taken again should the broker send it again
 *
 * The folder is the owner's alone. Threads: one loop. */
#pragma once
#include "base/attr.h"
#include "base/bytes.h"
#include "base/id.h"
#include <stdbool.h>

struct recalls; /* opaque: recalls.c */
/* Makes the folder. What was done 90 days ago or longer is forgotten. Return: 0; -errno. */
ALM_MUST_USE int recalls_open(const char *dir, struct recalls **out);
struct recalls *recalls_close(struct recalls *r); /* accepts NULL */
/* Durable when it returns 0; also 0 where it is here, or done, already. */
ALM_MUST_USE int recalls_keep(const struct recalls *r, const struct id *recall, struct bytes body);
/* Each that is not done, in order of id, until visit returns false. Return: 0; -errno. */
typedef bool recalls_visit(void *ctx, const struct id *recall, struct bytes body);
ALM_MUST_USE int recalls_each(const struct recalls *r, recalls_visit *visit, void *ctx);
/* Return: 0; -ENOENT it is not here; -errno. */
ALM_MUST_USE int recalls_done(const struct recalls *r, const struct id *recall);
