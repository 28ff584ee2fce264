/* SPDX-License-Identifier: Apache-2.0 */
/* frame.c - coding and strict parsing of one message; typed reads of its fields. Knows no sockets.
 */
#include "local/frame.h"
#include "base/clock.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static int frame_dump(const char *data, size_t len, void *ctx)
{
    struct buf *out = ctx;

    buf_put(out, data, len);
    return buf_status(out) ? -1 : 0;
}

int frame_encode(const json_t *object, struct buf *out)
{
    ALM_CLEANUP(buf_deinit) struct buf body = { 0 };

    if (!json_is_object(object))
        return -EINVAL;
    buf_init(&body, LOCAL_MESSAGE_MAX);
    if (json_dump_callback(object, frame_dump, &body, JSON_COMPACT)) {
        int rc = buf_status(&body);

        return rc == -E2BIG ? -EMSGSIZE : rc ? rc : -EINVAL;
    }
    buf_put_u32(out, (uint32_t)body.len);
    buf_put(out, body.data, body.len);
    return buf_status(out);
}

int frame_parse(struct bytes body, json_t **out, char *why, size_t why_size)
{
    json_error_t error;
    json_t *o;

    if (!utf8_valid(
            body.data,
            body.len)) { /* jansson checks too; ours also refuses NUL, and says so plainly */
        (void)snprintf(why, why_size, "not UTF-8 text");
        return -EBADMSG;
    }
    o = json_loadb((const char *)body.data, body.len, JSON_REJECT_DUPLICATES, &error);
    if (!o) {
        enum json_error_code code = json_error_code(&error);

        if (code == json_error_out_of_memory)
            return -ENOMEM;
        (void)snprintf(why, why_size, "not well-formed JSON%s, at byte %d",
                       code == json_error_duplicate_key ? " (a key appears twice)" : "",
                       error.position);
        return -EBADMSG;
    }
    if (!json_is_object(o)) {
        json_decref(o);
        (void)snprintf(why, why_size, "JSON, but not an object");
        return -EBADMSG;
    }
    *out = o;
    return 0;
}

int frame_address(const char *path, struct sockaddr_un *out)
{
    size_t len = strlen(path);

    memset(out, 0, sizeof(*out));
    out->sun_family = AF_UNIX;
    if (!len || len >= sizeof(out->sun_path))
        return len ? -ENAMETOOLONG : -ENOENT;
    memcpy(out->sun_path, path, len);
    return 0;
}

json_t *local_error(const char *word, int exit_code, const char *fmt, ...)
{
    char message[1024];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);
    if (!utf8_valid(
            message,
            strlen(message))) /* a cut inside a character, or a file name in another coding */
        for (char *p = message; *p; p++)
            if ((unsigned char)*p >= 0x80)
                *p = '?';
    return json_pack("{s:b, s:s, s:s, s:i}", "ok", 0, "error", word, "message", message, "exit",
                     exit_code);
}

const char *local_exit_word(int exit_code)
{
    static const struct {
        int code;
        const char *word;
    } words[] = {
        { EX_USAGE, "usage" },           { EX_DATAERR, "bad-data" },   { EX_NOINPUT, "not-there" },
        { EX_UNAVAILABLE, "unavailable" }, { EX_SOFTWARE, "internal" },  { EX_OSERR, "internal" },
        { EX_CANTCREAT, "not-written" }, { EX_IOERR, "io" },           { EX_TEMPFAIL, "busy" },
        { EX_PROTOCOL, "bad-reply" },    { EX_NOPERM, "not-allowed" }, { EX_CONFIG, "configuration" },
    };

    for (size_t i = 0; i < ALM_LEN(words); i++)
        if (words[i].code == exit_code)
            return words[i].word;
    return "failed";
}

int local_get_text(const json_t *o, const char *key, char *out, size_t out_size)
{
    const json_t *v = json_object_get(o, key);
    size_t len;

    if (!v)
        return -ENOENT;
    if (!json_is_string(v))
        return -EINVAL;
    len = json_string_length(v);
    if (len >= out_size || memchr(json_string_value(v), '\0', len))
        return -EINVAL;
    memcpy(out, json_string_value(v), len);
    out[len] = '\0';
    return 0;
}

int local_get_int(const json_t *o, const char *key, int64_t min, int64_t max, int64_t *out)
{
    const json_t *v = json_object_get(o, key);
    json_int_t i;

    if (!v)
        return -ENOENT;
    if (!json_is_integer(v))
        return -EINVAL;
    i = json_integer_value(v);
    if (i < min || i > max)
        return -EINVAL;
    *out = i;
    return 0;
}

int local_get_bool(const json_t *o, const char *key, bool *out)
{
    const json_t *v = json_object_get(o, key);

    if (!v)
        return -ENOENT;
    if (!json_is_boolean(v))
        return -EINVAL;
    *out = json_is_true(v);
    return 0;
}

int local_get_day(const json_t *o, const char *key, int32_t *out)
{
    char text[CIVIL_TEXT];
    int rc = local_get_text(o, key, text, sizeof(text));

    return rc ? rc : civil_parse(text, out);
}
