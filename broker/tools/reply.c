/* SPDX-License-Identifier: Apache-2.0 */
/* reply.c - what a broker said, shown: its fields, and as JSON for programs. One object a command, or
 * rows and then, when it failed, one more. */
#include "conf/conf.h"
#include "local/local.h"
#include "officer.h"
#include <stdio.h>
#include <sysexits.h>

static bool printed;     /* an object that says how it went */
static json_t *failure;  /* what belongs to the next one that says that it failed; NULL nothing */

void print_json(const json_t *o)
{
    (void)json_dumpf(o, stdout, JSON_INDENT(2));
    (void)fputc('\n', stdout);
    printed = true;
}

void failure_add(const char *key, json_t *value)
{
    if (!failure)
        failure = json_object();
    (void)json_object_set_new(failure, key, value);
}

void print_failure(int code, const char *message)
{
    json_t *o;

    if (printed) /* a verdict with all that belongs to it, or the broker's own refusal */
        return;
    o = local_error(local_exit_word(code), code, "%s", message);
    (void)json_object_update(o, failure);
    print_json(o);
    json_decref(o);
    json_decref(failure);
    failure = NULL;
}

void print_errors(const struct officer_session *s, const struct conf_errors *e)
{
    json_t *list = s->args->json ? json_array() : NULL;

    for (size_t i = 0; conf_errors_at(e, i); i++) {
        (void)fprintf(stderr, "%s\n", conf_errors_at(e, i));
        if (list)
            (void)json_array_append_new(list, json_string(conf_errors_at(e, i)));
    }
    if (list)
        failure_add("errors", list);
}

void reply_print(json_t *reply)
{
    (void)json_object_set_new(reply, "schema", json_string(REPLY_SCHEMA));
    print_json(reply);
}

const char *reply_text(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));

    return text ? text : "";
}

json_int_t reply_number(const json_t *o, const char *key)
{
    return json_integer_value(json_object_get(o, key));
}

int reply_show(const struct officer_session *s, const char *op, int timeout_ms,
               void (*print)(const json_t *reply))
{
    json_t *r = NULL;
    int rc = session_ask_op(s, op, timeout_ms, &r);

    if (rc)
        return rc;
    if (s->args->json)
        reply_print(r);
    else
        print(r);
    json_decref(r);
    return 0;
}

int reply_list(const struct officer_session *s, const char *op, const char *key, json_t **reply)
{
    json_t *r = NULL;
    int rc = session_ask_op(s, op, 0, &r);

    if (rc)
        return rc;
    if (!json_is_array(json_object_get(r, key))) {
        json_decref(r);
        return officer_fail(s, EX_PROTOCOL, "the broker's reply holds no list \"%s\"", key);
    }
    *reply = r;
    return 0;
}

int reply_show_list(const struct officer_session *s, const char *op, const char *key,
                    const char *nothing, void (*print)(const json_t *reply))
{
    json_t *r = NULL;
    int rc = reply_list(s, op, key, &r);

    if (rc)
        return rc;
    if (s->args->json)
        reply_print(r);
    else if (!json_array_size(json_object_get(r, key)))
        (void)printf("%s\n", nothing);
    else
        print(r);
    json_decref(r);
    return 0;
}
