/* SPDX-License-Identifier: Apache-2.0 */
/* http.h - one request over HTTPS to a server that may be slow, busy, lost or not ours: bounded in
 * time and size, no redirects, no other protocol.
 *
 * The only user of <curl/curl.h>. Nothing here logs: a URL's query may hold a number. */
#pragma once
#include "base/attr.h"
#include "base/bytes.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_URL_MAX 4096 /* bytes, with NUL */

/* What a request comes to; 0 is status 200 with the media type that was asked for. */
enum http_outcome {
    HTTP_OK = 0,
    HTTP_UNAUTHORISED = 1, /* 401 */
    HTTP_ABSENT,           /* 404 or 410 */
    HTTP_BUSY,             /* 429 or 503, and waiting does not fit into the time there is */
    HTTP_LATE,             /* no whole reply in time */
    HTTP_UNREACHABLE,      /* no connection, or TLS failed */
    HTTP_REFUSED           /* anything else: status, redirect, media type, size, address */
};

struct http_settings { /* texts are copied; "" is none */
    const char *ca_file;
    const char *cert_file, *key_file; /* mutual TLS */
    const char *proxy;                /* "" none, whatever the environment says */
    bool loopback;                    /* plain http, to 127.0.0.1 and [::1] alone */
};
struct http;
/* Return: 0; -ENOMEM; -ENOTSUP without TLS in libcurl. */
ALM_MUST_USE int http_new(const struct http_settings *s, struct http **out);
struct http *http_free(struct http *h); /* accepts NULL */

struct http_request {
    const char *url;
    const char *form;   /* NULL: GET; else POST of application/x-www-form-urlencoded */
    const char *accept; /* media type, which the reply must have */
    const char *also;   /* another that it may have; NULL none */
    const char *bearer; /* "" none */
    int64_t until_ms;   /* monotonic: not a moment longer, waiting for a busy server included */
    size_t bytes_most;  /* of the body */
};
/**
 * http_ask() - asks once, and again after 429 or 503 where the wait fits
 * @body: initialised; the reply's body is appended on HTTP_OK
 * A busy server pauses every request of this process until Retry-After has passed (1 s when it does
 * not say), so that it is not hammered. Return: enum http_outcome; -ENOMEM.
 */
ALM_MUST_USE int http_ask(struct http *h, const struct http_request *r, struct buf *body);
/* What the last request came to, for people: never a URL, a header or a part of the body. */
const char *http_why(const struct http *h);

/* Is this an address that http_ask would ask? */
bool http_may_ask(const struct http *h, const char *url);
/* Scheme, host and port agree, and neither names a user. */
bool http_same_origin(const char *a, const char *b);
/* A link in a reply, which may be relative. Return: 0; -EINVAL; -ENOSPC. */
ALM_MUST_USE int http_link(const char *base, const char *link, char out[static HTTP_URL_MAX]);
/* Appends text, percent-encoded. */
void http_escape(const char *text, struct buf *out);
