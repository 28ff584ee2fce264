/* SPDX-License-Identifier: Apache-2.0 */
/* local.h - one JSON object asked, one or more answered, over a Unix stream socket: the adapter's
 * local socket, the core's control socket and the reader's officers' socket all speak it.
 *
 * A message is a u32 big-endian length (at most LOCAL_MESSAGE_MAX) and that many bytes of UTF-8
 * JSON, one object. Duplicate keys are refused (JSON_REJECT_DUPLICATES). A reply object has "ok":
 * true|false; on false "error" (a stable word), "message" (for people: what, where, what to do) and
 * "exit" (a sysexits code). A reply with "more": true is followed by another. */
#pragma once
#include "base/attr.h"
#include "base/bytes.h"
#include <jansson.h>
#include <stdbool.h>

#define LOCAL_MESSAGE_MAX (4u << 20) /* bytes */

/* --- client --- */
struct local_call;
/* Connects and sends. Return: 0; -ENOENT/-ECONNREFUSED nobody listens; -EACCES; -errno. */
ALM_MUST_USE int local_call_open(const char *socket_path, const json_t *request,
                                 struct local_call **out);
/* The same, but connecting and sending take timeout_ms at most. Return: also -ETIMEDOUT. */
ALM_MUST_USE int local_call_open_within(const char *socket_path, const json_t *request,
                                        int timeout_ms, struct local_call **out);
/* The next reply; new reference in *reply. Return: 1 more may follow; 0 this was the last;
 * -ETIMEDOUT; -ECONNRESET; -EBADMSG. */
ALM_MUST_USE int local_call_next(struct local_call *c, int timeout_ms, json_t **reply);
struct local_call *local_call_close(struct local_call *c);
void local_call_closep(struct local_call **c);
/* Open, one reply, close. */
ALM_MUST_USE int local_ask(const char *socket_path, const json_t *request, int timeout_ms,
                           json_t **reply);

/* --- server: non-blocking, for a poll loop --- */
struct local_server;
/* Binds socket_path (mode 0600 or as given), replacing a dead socket but never a live one
 * (-EADDRINUSE); max_clients bounds connections. */
ALM_MUST_USE int local_server_open(const char *socket_path, unsigned mode, size_t max_clients,
                                   struct local_server **out);
struct local_server *local_server_close(struct local_server *s); /* also unlinks */
void local_server_closep(struct local_server **s);
struct pollfd;
/* Fills up to max pollfds; return the number. */
size_t local_server_poll_fds(struct local_server *s, struct pollfd *fds, size_t max);
/* Called for each whole request; client is a ticket valid until local_reply with last=true or the
 * client goes (then replies are dropped). request is borrowed. */
typedef void local_on_request(void *ctx, uint64_t client, json_t *request);
/* Reads and writes what the fds are ready for; a malformed or oversized message closes that client
 * after an error reply; a client silent for idle_ms is closed. */
void local_server_step(struct local_server *s, const struct pollfd *fds, size_t n, int64_t mono_ms,
                       local_on_request *on, void *ctx);
void local_reply(struct local_server *s, uint64_t client, const json_t *reply, bool last);
bool local_client_alive(const struct local_server *s, uint64_t client);
/* Bytes of replies that this client has not taken yet: whoever streams waits for 0 before the next
 * page. 0 too when it is gone. */
size_t local_client_pending(const struct local_server *s, uint64_t client);
/* A reply object {"ok":false,"error":word,"message":...,"exit":code}; new reference, NULL without
 * memory. */
json_t *local_error(const char *word, int exit_code, const char *fmt, ...) ALM_PRINTF(3, 4);
/* The word of a failure that has none of its own, by its sysexits code; "failed" of any other. */
const char *local_exit_word(int exit_code);
/* Typed, bounded reads of a request's field. Return: 0; -ENOENT absent; -EINVAL wrong type, too
 * long, or out of range. */
ALM_MUST_USE int local_get_text(const json_t *o, const char *key, char *out, size_t out_size);
ALM_MUST_USE int local_get_int(const json_t *o, const char *key, int64_t min, int64_t max,
                               int64_t *out);
ALM_MUST_USE int local_get_bool(const json_t *o, const char *key, bool *out);
ALM_MUST_USE int local_get_day(const json_t *o, const char *key, int32_t *out); /* "YYYY-MM-DD" */
