/* SPDX-License-Identifier: Apache-2.0 */
/* http.c - libcurl, held short. */
#include "fhir/http.h"

#include "base/clock.h"
#include "base/crypto.h"

#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAUSE_MS        1000           /* when a busy server does not say how long */
#define PAUSE_MOST_MS   (3600 * 1000L) /* a server that says more is asked again after that */
#define CONNECT_MS      5000L
#define REQUEST_MOST_MS 60000 /* one request, also where a load has longer */
#define BEARER_MAX      8192

struct http {
    CURL *easy;
    struct http_settings settings; /* of own copies */
    int64_t paused_until_ms;
    char why[96];
};

static char *copy_of(const char *text)
{
    return strdup(text ? text : "");
}

int http_new(const struct http_settings *s, struct http **out)
{
    struct http *h;

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
        return -ENOMEM;
    if (!(curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_SSL))
        return -ENOTSUP;
    h = calloc(1, sizeof(*h));
    if (!h)
        return -ENOMEM;
    h->easy = curl_easy_init();
    h->settings = (struct http_settings){ copy_of(s->ca_file), copy_of(s->cert_file),
                                          copy_of(s->key_file), copy_of(s->proxy), s->loopback };
    if (!h->easy || !h->settings.ca_file || !h->settings.cert_file || !h->settings.key_file ||
        !h->settings.proxy) {
        http_free(h);
        return -ENOMEM;
    }
    *out = h;
    return 0;
}

struct http *http_free(struct http *h)
{
    if (!h)
        return NULL;
    if (h->easy)
        curl_easy_cleanup(h->easy);
    free((char *)h->settings.ca_file);
    free((char *)h->settings.cert_file);
    free((char *)h->settings.key_file);
    free((char *)h->settings.proxy);
    free(h);
    curl_global_cleanup();
    return NULL;
}

const char *http_why(const struct http *h)
{
    return h->why;
}

static int http_say(struct http *h, enum http_outcome outcome, const char *why)
{
    (void)snprintf(h->why, sizeof(h->why), "%s", why);
    return outcome;
}

/* --- addresses --- */

static void url_freep(CURLU **u)
{
    curl_url_cleanup(*u);
}

static CURLU *url_parse(const char *text)
{
    CURLU *u = strlen(text) < HTTP_URL_MAX ? curl_url() : NULL;

    if (u && curl_url_set(u, CURLUPART_URL, text, CURLU_DISALLOW_USER) != CURLUE_OK) {
        curl_url_cleanup(u);
        return NULL;
    }
    return u;
}

static bool url_part(CURLU *u, CURLUPart part, unsigned flags, char *out, size_t size)
{
    char *text = NULL;
    bool ok = curl_url_get(u, part, &text, flags) == CURLUE_OK && text_copy(out, size, text) == 0;

    curl_free(text);
    return ok;
}

bool http_may_ask(const struct http *h, const char *url)
{
    ALM_CLEANUP(url_freep) CURLU *u = url_parse(url);
    char scheme[16], host[256];

    if (!u || !url_part(u, CURLUPART_SCHEME, 0, scheme, sizeof(scheme)) ||
        !url_part(u, CURLUPART_HOST, 0, host, sizeof(host)))
        return false;
    if (strcmp(scheme, "https") == 0)
        return true;
    /* A name may be pointed elsewhere: only addresses that cannot be. */
    return h->settings.loopback && strcmp(scheme, "http") == 0 &&
           (strcmp(host, "127.0.0.1") == 0 || strcmp(host, "[::1]") == 0);
}

bool http_same_origin(const char *a, const char *b)
{
    ALM_CLEANUP(url_freep) CURLU *u = url_parse(a);
    ALM_CLEANUP(url_freep) CURLU *v = url_parse(b);
    static const CURLUPart parts[] = { CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT };

    if (!u || !v)
        return false;
    for (size_t i = 0; i < ALM_LEN(parts); i++) {
        char x[256], y[256];

        if (!url_part(u, parts[i], CURLU_DEFAULT_PORT, x, sizeof(x)) ||
            !url_part(v, parts[i], CURLU_DEFAULT_PORT, y, sizeof(y)) || strcasecmp(x, y) != 0)
            return false;
    }
    return true;
}

int http_link(const char *base, const char *link, char out[static HTTP_URL_MAX])
{
    ALM_CLEANUP(url_freep) CURLU *u = url_parse(base);

    if (!u || strlen(link) >= HTTP_URL_MAX ||
        curl_url_set(u, CURLUPART_URL, link, CURLU_DISALLOW_USER) != CURLUE_OK)
        return -EINVAL;
    return url_part(u, CURLUPART_URL, 0, out, HTTP_URL_MAX) ? 0 : -ENOSPC;
}

void http_escape(const char *text, struct buf *out)
{
    char *escaped = curl_easy_escape(NULL, text, 0);

    if (!escaped) {
        out->status = -ENOMEM;
        return;
    }
    buf_put(out, escaped, strlen(escaped));
    curl_free(escaped);
}

/* --- one request --- */

struct receiving {
    struct buf *body;
    size_t start, most;
    bool too_large;
};

static size_t body_more(char *data, size_t size, size_t n, void *ctx)
{
    struct receiving *r = ctx;

    if (n > SIZE_MAX / (size ? size : 1) || size * n > r->most - (r->body->len - r->start)) {
        r->too_large = true;
        return 0;
    }
    buf_put(r->body, data, size * n);
    return buf_status(r->body) == 0 ? size * n : 0;
}

static bool header_add(struct curl_slist **list, const char *name, const char *value)
{
    char line[BEARER_MAX + 64];
    int n = snprintf(line, sizeof(line), "%s: %s", name, value);
    struct curl_slist *more = NULL;

    if (n > 0 && (size_t)n < sizeof(line))
        more = curl_slist_append(*list, line);
    crypto_wipe(line, sizeof(line));
    if (more)
        *list = more;
    return more;
}

/* A token stays in memory that was freed unless it is wiped first. */
static void headers_freep(struct curl_slist **list)
{
    for (struct curl_slist *at = *list; at; at = at->next)
        crypto_wipe(at->data, strlen(at->data));
    curl_slist_free_all(*list);
}

static bool headers_make(const struct http_request *r, struct curl_slist **out)
{
    char bearer[BEARER_MAX];
    int n = 0;
    bool ok = header_add(out, "Accept", r->accept);

    /* Or a server leaves out what it does not know of a search, and sends everybody. */
    ok = ok && header_add(out, "Prefer", "handling=strict");
    if (ok && r->bearer && *r->bearer) {
        n = snprintf(bearer, sizeof(bearer), "Bearer %s", r->bearer);
        ok = n > 0 && (size_t)n < sizeof(bearer) && header_add(out, "Authorization", bearer);
    }
    crypto_wipe(bearer, sizeof(bearer));
    return ok;
}

static bool easy_set(struct http *h, const struct http_request *r, int64_t within_ms,
                     struct curl_slist *headers, struct receiving *to)
{
    CURL *e = h->easy;
    long ms = (long)within_ms;
    const char *protocols = h->settings.loopback ? "https,http" : "https";
    bool ok;

    curl_easy_reset(e); /* connections and TLS sessions stay */
    ok = curl_easy_setopt(e, CURLOPT_URL, r->url) == CURLE_OK &&
         curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, protocols) == CURLE_OK &&
         curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
         curl_easy_setopt(e, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L) == CURLE_OK &&
         curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
         curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
         curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, ms) == CURLE_OK &&
         curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, ms < CONNECT_MS ? ms : CONNECT_MS) ==
             CURLE_OK &&
         curl_easy_setopt(e, CURLOPT_PROXY, h->settings.proxy) == CURLE_OK &&
         curl_easy_setopt(e, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
         curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, body_more) == CURLE_OK &&
         curl_easy_setopt(e, CURLOPT_WRITEDATA, to) == CURLE_OK;
    if (ok && *h->settings.ca_file)
        ok = curl_easy_setopt(e, CURLOPT_CAINFO, h->settings.ca_file) == CURLE_OK &&
             curl_easy_setopt(e, CURLOPT_CAPATH, NULL) == CURLE_OK;
    if (ok && *h->settings.cert_file)
        ok = curl_easy_setopt(e, CURLOPT_SSLCERT, h->settings.cert_file) == CURLE_OK &&
             curl_easy_setopt(e, CURLOPT_SSLKEY, h->settings.key_file) == CURLE_OK;
    if (ok && r->form)
        ok = curl_easy_setopt(e, CURLOPT_POSTFIELDS, r->form) == CURLE_OK;
    return ok;
}

/* What may stand before ";charset=utf-8". */
static bool media_is(const char *media, const char *wanted)
{
    size_t len = wanted ? strlen(wanted) : 0;

    return len && media && strncasecmp(media, wanted, len) == 0 &&
           (media[len] == '\0' || media[len] == ';' || media[len] == ' ');
}

static int status_outcome(struct http *h, const struct http_request *r, long status)
{
    const char *media = NULL;
    char why[64];

    if (status == 401)
        return http_say(h, HTTP_UNAUTHORISED, "the server refused our credentials (401)");
    if (status == 404 || status == 410)
        return http_say(h, HTTP_ABSENT, "the server has no such thing (404 or 410)");
    if (status == 429 || status == 503)
        return http_say(h, HTTP_BUSY, "the server is busy (429 or 503)");
    if (status >= 300 && status < 400)
        return http_say(h, HTTP_REFUSED, "the server redirects, which is not followed");
    if (status != 200) {
        (void)snprintf(why, sizeof(why), "the server sent status %ld", status);
        return http_say(h, HTTP_REFUSED, why);
    }
    (void)curl_easy_getinfo(h->easy, CURLINFO_CONTENT_TYPE, &media);
    if (!media_is(media, r->accept) && !media_is(media, r->also))
        return http_say(h, HTTP_REFUSED, "the server sent something that is not JSON");
    return http_say(h, HTTP_OK, "");
}

static int easy_outcome(struct http *h, const struct http_request *r, CURLcode code,
                        const struct receiving *to)
{
    long status = 0;

    if (to->too_large)
        return http_say(h, HTTP_REFUSED, "the reply is larger than is allowed");
    if (buf_status(to->body) == -ENOMEM || code == CURLE_OUT_OF_MEMORY)
        return -ENOMEM;
    if (code == CURLE_OPERATION_TIMEDOUT)
        return http_say(h, HTTP_LATE, "no whole reply in time");
    if (code == CURLE_PARTIAL_FILE || code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING)
        return http_say(h, HTTP_UNREACHABLE, "the connection broke before the reply was whole");
    if (code != CURLE_OK)
        return http_say(h, HTTP_UNREACHABLE, curl_easy_strerror(code));
    (void)curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &status);
    return status_outcome(h, r, status);
}

static int http_once(struct http *h, const struct http_request *r, int64_t within_ms,
                     struct buf *body)
{
    ALM_CLEANUP(headers_freep) struct curl_slist *headers = NULL;
    struct receiving to = { body, body->len, r->bytes_most, false };
    int outcome;

    if (!headers_make(r, &headers) || !easy_set(h, r, within_ms, headers, &to))
        return -ENOMEM;
    outcome = easy_outcome(h, r, curl_easy_perform(h->easy), &to);
    if (outcome != HTTP_OK)
        body->len = to.start; /* what an error says is not for us */
    return outcome;
}

static void pause_note(struct http *h)
{
    curl_off_t seconds = 0;
    int64_t ms = PAUSE_MS;

    (void)curl_easy_getinfo(h->easy, CURLINFO_RETRY_AFTER, &seconds);
    if (seconds > 0)
        ms = seconds > PAUSE_MOST_MS / 1000 ? PAUSE_MOST_MS : (int64_t)seconds * 1000;
    h->paused_until_ms = clock_mono_ms() + ms;
}

static void wait_until(int64_t until_ms)
{
    for (int64_t left = until_ms - clock_mono_ms(); left > 0; left = until_ms - clock_mono_ms())
        (void)poll(NULL, 0, left > INT32_MAX ? INT32_MAX : (int)left);
}

int http_ask(struct http *h, const struct http_request *r, struct buf *body)
{
    int outcome;

    if (!http_may_ask(h, r->url))
        return http_say(h, HTTP_REFUSED, "not an https address");
    for (;;) {
        int64_t left;

        if (h->paused_until_ms >= r->until_ms)
            return http_say(h, HTTP_BUSY, "the server asked us to wait (429 or 503)");
        wait_until(h->paused_until_ms);
        left = r->until_ms - clock_mono_ms();
        if (left <= 0)
            return http_say(h, HTTP_LATE, "no whole reply in time");
        outcome = http_once(h, r, left < REQUEST_MOST_MS ? left : REQUEST_MOST_MS, body);
        if (outcome != HTTP_BUSY)
            return outcome;
        pause_note(h);
    }
}
