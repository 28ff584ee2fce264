/* SPDX-License-Identifier: Apache-2.0 */
/* client.h - what libalmoner's files share: a client, a request being built, one call. */
#pragma once
#include "almoner/client.h"
#include "base/attr.h"
#include <jansson.h>
#include <sys/un.h>

struct alm_client {
    char socket[sizeof(((struct sockaddr_un *)0)->sun_path)];
    int timeout_ms;
    json_t *reply; /* of the last call: what was lent out points into it */
    char *text;    /* that, as JSON; made when asked for */
    char *event;   /* of alm_stream_next */
    void *list;    /* of alm_who */
    char why[256]; /* text of a problem of our own */
    struct alm_problem problem;
};

/* The client as before a call: nothing lent out, no problem. Return: ALM_CALL_DONE. */
void client_begin(struct alm_client *c);
/* Notes a problem of our own. Return: result. */
enum alm_result client_fail(struct alm_client *c, enum alm_result result, const char *word,
                            const char *fmt, ...) ALM_PRINTF(4, 5);
/* One request, one reply, kept in c->reply. extra_ms: on top of the timeout. */
enum alm_result client_exchange(struct alm_client *c, const json_t *request, int extra_ms);
/* A field of the reply, "" when it is not there; borrowed from it. */
const char *reply_text(const json_t *o, const char *key);
uint64_t reply_number(const json_t *o, const char *key);
bool reply_true(const json_t *o, const char *key);
/* DONE where the reply is of this kind, else GARBLED. */
enum alm_result reply_is(struct alm_client *c, const char *kind);

/* --- A request: fields that are NULL or "" are left out; the first fault sticks. --- */
struct request {
    struct alm_client *client;
    json_t *o;
    enum alm_result result;
};
struct request request_new(struct alm_client *c, const char *op);
void request_text(struct request *r, const char *key, const char *text);
void request_number(struct request *r, const char *key, uint64_t n); /* 0: left out */
void request_list(struct request *r, const char *key, const char *const *words);
void request_practice(struct request *r, const struct alm_practice *practice);
void request_person(struct request *r, const struct alm_typed_person *person);
void request_home(struct request *r, const char *key, const struct alm_typed_home *home);
void request_fault(struct request *r, const char *text);
/* Ends the request, whatever became of it. */
enum alm_result request_call(struct request *r, int extra_ms);
