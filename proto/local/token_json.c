/* SPDX-License-Identifier: Apache-2.0 */
/* token_json.c - see token_json.h. */
#include "local/token_json.h"

#include "base/crypto.h"
#include "local/local.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT "tokens/1"

static const char *const modes[] = { "", "live", "exercise" };
static const char *const schemes[] = { "", "hmac", "oblivious" };

struct why {
    char *text;
    size_t size;
};

ALM_PRINTF(2, 3) static int say(const struct why *w, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(w->text, w->size, fmt, args);
    va_end(args);
    return -EINVAL;
}

/* Only these keys, each of them. */
static int keys_exactly(const struct why *w, const json_t *o, const char *what,
                        const char *const known[], size_t n)
{
    const char *key;
    json_t *v;
    size_t found = 0;

    json_object_foreach((json_t *)(uintptr_t)o, key, v)
    {
        size_t i = 0;

        while (i < n && strcmp(known[i], key) != 0)
            i++;
        if (i == n)
            return say(w, "%s has a key that is not known", what);
        found++;
    }
    for (size_t i = 0; found < n && i < n; i++)
        if (!json_object_get(o, known[i]))
            return say(w, "%s has no \"%s\"", what, known[i]);
    return 0;
}

static uint8_t word_at(const json_t *o, const char *key, const char *const words[], size_t n)
{
    const char *text = json_string_value(json_object_get(o, key));

    for (size_t i = 1; text && i < n; i++)
        if (strcmp(words[i], text) == 0)
            return (uint8_t)i;
    return 0;
}

static uint8_t kind_at(const json_t *o)
{
    const char *text = json_string_value(json_object_get(o, "kind"));

    for (uint8_t k = 1; text && k < TOKEN_KIND_COUNT; k++)
        if (strcmp(token_kind_facts(k)->name, text) == 0)
            return k;
    return 0;
}

static int key_read(const struct why *w, const json_t *o, const char *what, uint8_t *scheme,
                    uint16_t *epoch)
{
    int64_t n = 0;

    *scheme = word_at(o, "scheme", schemes, ALM_LEN(schemes));
    if (!*scheme)
        return say(w, "%s: \"scheme\" must be hmac or oblivious", what);
    if (local_get_int(o, "epoch", 1, UINT16_MAX, &n))
        return say(w, "%s: \"epoch\" must be a number from 1 to 65535", what);
    *epoch = (uint16_t)n;
    return 0;
}

/* Lower-case digits only, so that one token has one spelling. */
static int value_read(const json_t *o, uint8_t out[static TOKEN_LEN])
{
    const json_t *v = json_object_get(o, "value");
    const char *text = json_string_value(v);

    if (!text || json_string_length(v) != (size_t)2 * TOKEN_LEN ||
        strspn(text, "0123456789abcdef") != (size_t)2 * TOKEN_LEN)
        return -EINVAL;
    return hex_decode(text, out, TOKEN_LEN);
}

static int token_read(const struct why *w, const json_t *o, size_t i, struct token_json *to)
{
    static const char *const known[] = { "kind", "scheme", "epoch", "value" };
    struct token *t = &to->tokens[to->n];
    char what[32];
    int rc;

    (void)snprintf(what, sizeof(what), "token %zu", i + 1);
    if (!json_is_object(o))
        return say(w, "%s is not an object", what);
    rc = keys_exactly(w, o, what, known, ALM_LEN(known));
    if (rc)
        return rc;
    t->kind = kind_at(o);
    if (!t->kind)
        return say(w, "%s: \"kind\" is none of the kinds of match tokens", what);
    rc = key_read(w, o, what, &t->scheme, &t->epoch);
    if (rc)
        return rc;
    if (value_read(o, t->value))
        return say(w, "%s: \"value\" must be 64 hexadecimal digits, small letters", what);
    for (uint8_t k = 0; k < to->n; k++)
        if (token_equal(&to->tokens[k], t))
            return say(w, "%s is there twice", what);
    to->n++;
    return 0;
}

/* Of one key no more than one person's messages hold. */
static bool keys_fit(const struct token_json *t)
{
    for (uint8_t i = 0; i < t->n; i++) {
        size_t same = 0;

        for (uint8_t k = 0; k < t->n; k++)
            same += t->tokens[k].scheme == t->tokens[i].scheme &&
                    t->tokens[k].epoch == t->tokens[i].epoch;
        if (same > TOKEN_SET_MAX)
            return false;
    }
    return true;
}

static int tokens_fit(const struct why *w, const struct token_json *t)
{
    size_t homes = 0;

    for (uint8_t i = 0; i < t->n; i++)
        homes += t->tokens[i].kind == TOKEN_HOME;
    if (homes && homes != t->n)
        return say(w, "tokens of a person and of a home do not stand in one file");
    if (homes && t->unborn)
        return say(w, "a home is not unborn");
    if (!token_json_has_key(t, t->scheme, t->epoch))
        return say(w, "no token is of the scheme and epoch that the file names");
    return keys_fit(t) ? 0
                       : say(w, "more than %d tokens of one key: nobody has as many", TOKEN_SET_MAX);
}

static int tokens_read(const struct why *w, const json_t *o, struct token_json *to)
{
    const json_t *list = json_object_get(o, "tokens");
    size_t n = json_array_size(list);

    if (!json_is_array(list) || !n || n > TOKEN_JSON_MAX)
        return say(w, "\"tokens\" must be a list of 1 to %d", TOKEN_JSON_MAX);
    for (size_t i = 0; i < n; i++) {
        int rc = token_read(w, json_array_get(list, i), i, to);

        if (rc)
            return rc;
    }
    return tokens_fit(w, to);
}

static int head_read(const struct why *w, const json_t *o, struct token_json *to)
{
    static const char *const known[] = { "almoner", "mode",  "origin", "agency",
                                         "scheme",  "epoch", "unborn", "tokens" };
    const char *format = json_string_value(json_object_get(o, "almoner"));
    int rc;

    if (!json_is_object(o) || !format)
        return say(w, "not a file of match tokens: \"almoner subject tokens\" makes one");
    if (strcmp(format, FORMAT) != 0)
        return say(w, "not of the format " FORMAT ": made by another version?");
    rc = keys_exactly(w, o, "the file", known, ALM_LEN(known));
    if (rc)
        return rc;
    to->mode = word_at(o, "mode", modes, ALM_LEN(modes));
    if (!to->mode)
        return say(w, "\"mode\" must be live or exercise");
    if (local_get_text(o, "origin", to->origin, sizeof(to->origin)) || !to->origin[0])
        return say(w, "\"origin\" must be a broker's origin");
    if (local_get_text(o, "agency", to->agency, sizeof(to->agency)) || !to->agency[0] ||
        strspn(to->agency, "abcdefghijklmnopqrstuvwxyz0123456789._-") != strlen(to->agency))
        return say(w, "\"agency\" must be an agency's id");
    if (local_get_bool(o, "unborn", &to->unborn))
        return say(w, "\"unborn\" must be true or false");
    return key_read(w, o, "the file", &to->scheme, &to->epoch);
}

int token_json_read(const json_t *o, struct token_json *out, char *why, size_t why_size)
{
    struct why w = { why, why_size };
    int rc;

    memset(out, 0, sizeof(*out));
    rc = head_read(&w, o, out);
    if (!rc)
        rc = tokens_read(&w, o, out);
    if (rc)
        token_json_wipe(out);
    return rc;
}

static json_t *token_write(const struct token *t)
{
    char value[2 * TOKEN_LEN + 1];
    json_t *o;

    hex_encode(t->value, TOKEN_LEN, value);
    o = json_pack("{s:s, s:s, s:i, s:s}", "kind", token_kind_facts(t->kind)->name, "scheme",
                  t->scheme < ALM_LEN(schemes) ? schemes[t->scheme] : "", "epoch", (int)t->epoch,
                  "value", value);
    crypto_wipe(value, sizeof(value));
    return o;
}

json_t *token_json_write(const struct token_json *in)
{
    struct token_json *again = calloc(1, sizeof(*again));
    json_t *list = json_array(), *o;
    char why[128];

    for (uint8_t i = 0; i < in->n && i < TOKEN_JSON_MAX; i++)
        (void)json_array_append_new(list, token_write(&in->tokens[i]));
    o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:b, s:o}", "almoner", FORMAT, "mode",
                  in->mode < ALM_LEN(modes) ? modes[in->mode] : "", "origin", in->origin, "agency",
                  in->agency, "scheme", in->scheme < ALM_LEN(schemes) ? schemes[in->scheme] : "",
                  "epoch", (int)in->epoch, "unborn", in->unborn, "tokens", list);
    if (o && (!again || token_json_read(o, again, why, sizeof(why)))) {
        json_decref(o);
        o = NULL;
    }
    if (again)
        token_json_wipe(again);
    free(again);
    return o;
}

bool token_json_household(const struct token_json *in)
{
    return in->n && in->tokens[0].kind == TOKEN_HOME;
}

bool token_json_has_key(const struct token_json *in, uint8_t scheme, uint16_t epoch)
{
    for (uint8_t i = 0; i < in->n; i++)
        if (in->tokens[i].scheme == scheme && in->tokens[i].epoch == epoch)
            return true;
    return false;
}

void token_json_set(const struct token_json *in, uint8_t scheme, uint16_t epoch,
                    struct token_set *out)
{
    memset(out, 0, sizeof(*out));
    out->unborn = in->unborn;
    for (uint8_t i = 0; i < in->n && out->n < TOKEN_SET_MAX; i++)
        if (in->tokens[i].scheme == scheme && in->tokens[i].epoch == epoch &&
            in->tokens[i].kind != TOKEN_HOME)
            out->tokens[out->n++] = in->tokens[i];
}

void token_json_wipe(struct token_json *t)
{
    crypto_wipe(t, sizeof(*t));
}
