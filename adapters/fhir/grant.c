/* SPDX-License-Identifier: Apache-2.0 */
/* grant.c - client credentials by a signed assertion. */
#include "fhir/grant.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/id.h"

#include <errno.h>
#include <jansson.h>
#include <jwt.h>
#include <stdlib.h>
#include <string.h>

#define ASSERTION_S  240   /* "exp" of an assertion: at most five minutes ahead */
#define SPARE_MS     30000 /* a token that ends sooner is not begun with */
#define KEY_MOST     65536 /* bytes of a key file */
#define REPLY_MOST   65536
#define LIFE_USUAL_S 300 /* "expires_in" is only recommended (RFC 6749 section 5.1) */
#define LIFE_MOST_S  86400

static const char assertion_type[] =
    "grant_type=client_credentials&client_assertion_type="
    "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=";

void grant_wipe(struct grant *g)
{
    crypto_wipe(g, sizeof(*g));
}

static void buf_wipe(struct buf *b)
{
    if (b->data)
        crypto_wipe(b->data, b->cap);
    buf_deinit(b);
}

static void jwt_freep(jwt_t **j)
{
    jwt_free(*j);
}

static int claims_add(jwt_t *j, const struct fhir_oauth *o)
{
    struct id jti;
    char jti_text[ID_TEXT];
    long now = (long)(clock_wall_ms() / 1000);

    if (id_new(clock_wall_ms(), &jti) != 0)
        return -EIO;
    id_format(&jti, jti_text);
    if ((*o->kid && jwt_add_header(j, "kid", o->kid) != 0) ||
        jwt_add_header(j, "typ", "JWT") != 0 || jwt_add_grant(j, "iss", o->client_id) != 0 ||
        jwt_add_grant(j, "sub", o->client_id) != 0 || jwt_add_grant(j, "aud", o->audience) != 0 ||
        jwt_add_grant(j, "jti", jti_text) != 0 || jwt_add_grant_int(j, "iat", now) != 0 ||
        jwt_add_grant_int(j, "exp", now + ASSERTION_S) != 0)
        return -ENOMEM;
    return 0;
}

/* Appends the form of a token request. */
static int form_make(const struct fhir_oauth *o, struct buf *form, const char **why)
{
    ALM_CLEANUP(jwt_freep) jwt_t *j = NULL;
    ALM_CLEANUP(buf_wipe) struct buf key = { 0 };
    jwt_alg_t alg = strcmp(o->alg, "ES384") == 0 ? JWT_ALG_ES384 : JWT_ALG_RS384;
    char *assertion;
    int r;

    buf_init(&key, KEY_MOST);
    if (file_check_private(o->key_file) != 0 || file_read(o->key_file, KEY_MOST, &key) != 0) {
        *why = "the key of oauth.key_file cannot be read, or others may read it (chmod 600)";
        return -EINVAL;
    }
    if (jwt_new(&j) != 0)
        return -ENOMEM;
    r = claims_add(j, o);
    if (r != 0)
        return r;
    if (jwt_set_alg(j, alg, key.data, (int)key.len) != 0)
        return -ENOMEM;
    assertion = jwt_encode_str(j);
    if (!assertion) {
        *why = "the key of oauth.key_file does not sign by oauth.alg";
        return -EINVAL;
    }
    buf_put(form, assertion_type, strlen(assertion_type));
    http_escape(assertion, form);
    crypto_wipe(assertion, strlen(assertion));
    free(assertion);
    if (*o->scope) {
        buf_put(form, "&scope=", 7);
        http_escape(o->scope, form);
    }
    buf_put_u8(form, 0);
    return buf_status(form);
}

static int token_take(struct grant *g, json_t *reply)
{
    const char *token = json_string_value(json_object_get(reply, "access_token"));
    const char *type = json_string_value(json_object_get(reply, "token_type"));
    const json_t *life = json_object_get(reply, "expires_in");
    int64_t life_s = json_is_integer(life) ? json_integer_value(life) : LIFE_USUAL_S;

    if (!token || !*token || !type || strcasecmp(type, "bearer") != 0 ||
        strlen(token) >= sizeof(g->token) || strpbrk(token, "\r\n") || life_s <= 0)
        return -EINVAL;
    memcpy(g->token, token, strlen(token) + 1);
    if (life_s > LIFE_MOST_S)
        life_s = LIFE_MOST_S;
    g->until_ms = clock_mono_ms() + life_s * 1000;
    return 0;
}

/* jansson frees its copy of the token unwiped; the one that is kept, and the bodies, are ours. */
static int token_fetch(struct grant *g, const struct fhir_oauth *o, struct http *h,
                       int64_t until_ms, const char **why)
{
    ALM_CLEANUP(buf_wipe) struct buf form = { 0 };
    ALM_CLEANUP(buf_wipe) struct buf body = { 0 };
    struct http_request r = { .url = o->token_url,
                              .accept = "application/json",
                              .bearer = "",
                              .until_ms = until_ms,
                              .bytes_most = REPLY_MOST };
    json_t *reply;
    int outcome;

    buf_init(&form, 65536);
    buf_init(&body, REPLY_MOST);
    outcome = form_make(o, &form, why);
    if (outcome != 0)
        return outcome;
    r.form = (const char *)form.data;
    outcome = http_ask(h, &r, &body);
    *why = http_why(h);
    if (outcome != HTTP_OK)
        return outcome;
    reply = json_loadb((const char *)body.data, body.len, JSON_REJECT_DUPLICATES, NULL);
    outcome = reply ? token_take(g, reply) : -EINVAL;
    json_decref(reply);
    if (outcome != 0)
        *why = "the reply to our token request holds no bearer token";
    return outcome;
}

int grant_token(struct grant *g, const struct fhir_oauth *o, struct http *h, int64_t until_ms,
                const char **out, const char **why)
{
    int64_t left = g->until_ms - clock_mono_ms();
    int r = 0;

    /* A server whose tokens live shorter than the spare time is asked for each request. */
    if (!g->token[0] || left <= SPARE_MS) {
        grant_wipe(g);
        r = token_fetch(g, o, h, until_ms, why);
    }
    *out = g->token;
    return r;
}
