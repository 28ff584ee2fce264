/* SPDX-License-Identifier: Apache-2.0 */
/* keyring.h - match tokens in the running adapter: keys as the policy lists them, values fetched for
 * rows and commands, and what we lodged carried to the next key. */
#pragma once
#include "host/host.h"

/* Before the rows are read. Return: an exit code. */
int keyring_open(struct host *h);
void keyring_close(struct host *h); /* after the indexes */

/* Events of the session and source: ctx is the host. */
void keyring_learnt(void *ctx);
int keyring_index_new(void *ctx, struct index **out);
bool keyring_reply(struct host *h, const struct msg *m); /* whether it was in reply to us */
void keyring_lost(struct host *h);
/* What the broker said to a message of the outbox, before that forgets it. */
void keyring_settled(struct host *h, const struct id *id, const struct msg *said);

/* Return: whether there is more to do at once. */
bool keyring_step(struct host *h, int64_t now_ms);
int64_t keyring_due_ms(const struct host *h, int64_t now_ms);
void keyring_prune(struct host *h);

/* A command needs tokens that are under way (-EAGAIN): parked, or told why not. */
json_t *keyring_wait(struct host *h);
json_t *keyring_late(const struct host *h); /* they did not come in time */
/* What is about to be lodged, in h->out, goes into the book with whom it is about, in h->lodging.
 * Return: 0; -EAGAIN the book's key is under way; -errno. */
int keyring_note(struct host *h);
/* A watch moved: the home as typed. */
void keyring_rehome(struct host *h, const struct id *watch, const struct asked_home *home);
json_t *keyring_json(const struct host *h); /* for the status */
