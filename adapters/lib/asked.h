/* SPDX-License-Identifier: Apache-2.0 */
/* asked.h - messages that were lodged under an id of the caller's choosing: what was asked, and
 * what came of it, so that a system which does not know whether it was heard may ask again.
 *
 * One small file an id. It holds a keyed digest of the request, never the request: identities have
 * too few possibilities for a plain one. Threads: one loop. */
#pragma once
#include "base/attr.h"
#include "base/crypto.h"
#include "base/id.h"
#include "wire/msg.h"

#define ASKED_KEEP_DAYS 30
#define ASKED_MAX       10000 /* files; the oldest go first */

struct asked; /* opaque: asked.c */
/* dir is made if absent (0700). Return: 0; -errno. */
ALM_MUST_USE int asked_open(const char *dir, struct asked **out);
struct asked *asked_close(struct asked *a);
void asked_closep(struct asked **a);

enum asked_outcome { ASKED_OPEN = 0, ASKED_RECEIPTED, ASKED_REFUSED };
struct asked_record {
    uint8_t content[SHA256_LEN];
    uint8_t outcome; /* enum asked_outcome */
    uint64_t leaf;   /* RECEIPTED */
    int64_t at_ms;
    name_t reason; /* REFUSED */
};
/* Return: 0; -ENOENT never asked (or long ago); -EBADMSG the file is damaged; -errno. */
ALM_MUST_USE int asked_find(const struct asked *a, const struct id *id, struct asked_record *out);
/* Before the message is put into the outbox. Return: 0 and durable; -errno. */
ALM_MUST_USE int asked_note(const struct asked *a, const struct id *id,
                            const uint8_t content[static SHA256_LEN]);
/* What the broker said, once and for all; nothing if the id was not of the caller's choosing.
 * Return: 0; -errno. */
ALM_MUST_USE int asked_settle(const struct asked *a, const struct id *id, const struct msg *m);
void asked_prune(const struct asked *a, int64_t wall_ms);
