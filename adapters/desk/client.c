/* SPDX-License-Identifier: Apache-2.0 */
/* client.c - a command, through the local socket. */
#include "desk/client.h"

#include "local/local.h"

#include <errno.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

static json_t *not_reached(const struct desk_client *c, int r)
{
    switch (r) {
    case -ENOENT:
    case -ECONNREFUSED:
        return local_error("no-adapter", EX_UNAVAILABLE,
                           "nobody listens at %s; start almoner-adapter, or name its socket "
                           "(--socket, or ALMONER_SOCKET)",
                           c->socket);
    case -EACCES:
        return local_error("not-allowed", EX_NOPERM,
                           "%s is not yours to use: run this as the user whose adapter it is",
                           c->socket);
    case -ETIMEDOUT:
        return local_error("no-reply", EX_TEMPFAIL, "the adapter did not reply within %d s; try again",
                           c->timeout_ms / 1000);
    default:
        return local_error("no-reply", EX_TEMPFAIL, "the adapter did not reply: %s", strerror(-r));
    }
}

json_t *desk_call(const struct desk_client *c, const char *verb, json_t *fields)
{
    json_t *request = fields ? fields : json_object(), *reply = NULL;
    int r = request ? 0 : -ENOMEM;

    if (r == 0 && (json_object_set_new(request, "op", json_string("source")) != 0 ||
                   json_object_set_new(request, "do", json_string(verb)) != 0))
        r = -ENOMEM;
    if (r == 0)
        r = local_ask(c->socket, request, c->timeout_ms, &reply);
    json_decref(request);
    return r == 0 ? reply : not_reached(c, r);
}

const char *desk_text(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));

    return text ? text : "";
}

void desk_time(const json_t *o, const char *key, char out[static 24])
{
    time_t at = (time_t)(json_integer_value(json_object_get(o, key)) / 1000);
    struct tm local;

    out[0] = '\0';
    if (at > 0 && localtime_r(&at, &local))
        (void)strftime(out, 24, "%d %B %H:%M", &local);
}
