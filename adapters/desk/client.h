/* SPDX-License-Identifier: Apache-2.0 */
/* client.h - the desk's commands, asked of the adapter's local socket. */
#pragma once
#include "base/attr.h"
#include <jansson.h>

struct desk_client { /* borrowed texts */
    const char *socket;
    int timeout_ms;
    const char *name, *practitioner; /* who answers; NULL: not said */
};
/**
 * desk_call() - one command
 * @fields: what belongs to it beside its word; taken over; may be NULL
 * Return: the reply, a new reference, always an object with "ok": what could not be reached is an error
 * reply too. NULL: no memory.
 */
ALM_MUST_USE json_t *desk_call(const struct desk_client *c, const char *verb, json_t *fields);
const char *desk_text(const json_t *o, const char *key);             /* "" when absent */
void desk_time(const json_t *o, const char *key, char out[static 24]); /* "22 November 10:15" here; "" */
