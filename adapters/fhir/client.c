/* SPDX-License-Identifier: Apache-2.0 */
/* client.c - requests to the FHIR server and the pages of its replies. */
#include "fhir/client.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PAGE_MOST  (16u << 20) /* bytes of one page: jansson needs about ten times that */
#define QUERY_MOST 65536       /* bytes of a search's parameters */
#define TOLD_MS    60000       /* the same server's trouble is logged once in that time */

static const char fhir_json[] = "application/fhir+json";

int client_open(const struct fhir_config *config, struct client *c)
{
    struct http_settings s = { config->ca_file, config->client_cert, config->client_key,
                               config->proxy, config->insecure_loopback };

    memset(c, 0, sizeof(*c));
    c->config = config;
    return http_new(&s, &c->http);
}

void client_close(struct client *c)
{
    grant_wipe(&c->grant);
    c->http = http_free(c->http);
}

int fetch_refuse(struct call *call, const char *type, const char *why)
{
    struct client *c = call->client;
    int64_t now = clock_mono_ms();

    if (why != c->why) /* what a page was missed for is told of the whole search, too */
        (void)snprintf(c->why, sizeof(c->why), "%s", why);
    if (!c->told_ms || now - c->told_ms >= TOLD_MS) {
        log_warn("fhir-trouble", "resource=%s why=%s", type, LOG_Q(why));
        c->told_ms = now;
    }
    return FETCH_FAILED;
}

void fetch_value(const char *text, struct buf *out)
{
    for (; *text; text++) {
        if (strchr("\\,|$", *text))
            buf_put_u8(out, '\\');
        buf_put_u8(out, (uint8_t)*text);
    }
}

/* A character of a configured query as it may stand in a form: what has a meaning there stays. */
static void query_char(char c, struct buf *out)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                "-._~=&%:,+/";

    if (strchr(plain, c))
        buf_put_u8(out, (uint8_t)c);
    else
        buf_printf(out, "%%%02X", (unsigned)(unsigned char)c);
}

int fetch_query(const char *query, const char *value, struct buf *out)
{
    for (; *query; query++) {
        const char *end = *query == '{' ? strchr(query, '}') : NULL;

        if (end) {
            http_escape(value, out);
            query = end;
        } else {
            query_char(*query, out);
        }
    }
    buf_put_u8(out, 0);
    if (out->status == 0)
        out->len--; /* NUL-terminated, and more can be added */
    return buf_status(out) == -E2BIG ? -ENOSPC : buf_status(out);
}

/* --- one request --- */

static int outcome_fetch(struct call *call, const char *type, int outcome)
{
    if (outcome < 0 || outcome == HTTP_OK)
        return outcome;
    if (outcome == HTTP_ABSENT) {
        (void)snprintf(call->client->why, sizeof(call->client->why), "%s",
                       http_why(call->client->http));
        return FETCH_ABSENT;
    }
    return fetch_refuse(call, type, http_why(call->client->http));
}

static int ask_once(struct call *call, const char *type, struct http_request *r, struct buf *body,
                    bool *unauthorised)
{
    struct client *c = call->client;
    const char *why = "";
    int outcome;

    *unauthorised = false;
    r->bearer = "";
    if (c->config->oauth.given) {
        outcome =
            grant_token(&c->grant, &c->config->oauth, c->http, call->until_ms, &r->bearer, &why);
        if (outcome == -ENOMEM)
            return outcome;
        if (outcome != 0)
            return fetch_refuse(call, "token", why);
    }
    outcome = http_ask(c->http, r, body);
    *unauthorised = outcome == HTTP_UNAUTHORISED;
    return outcome_fetch(call, type, outcome);
}

/* A token may have been taken back before its time: a new one, once. */
static int ask(struct call *call, const char *type, struct http_request *r, struct buf *body)
{
    bool unauthorised;
    int outcome;

    r->accept = fhir_json;
    r->also = "application/json"; /* FHIR R4, "REST API", content types: servers may say so */
    r->until_ms = call->until_ms;
    r->bytes_most = call->bytes_left < PAGE_MOST ? (size_t)call->bytes_left : PAGE_MOST;
    outcome = ask_once(call, type, r, body, &unauthorised);
    if (unauthorised && call->client->config->oauth.given) {
        grant_wipe(&call->client->grant);
        outcome = ask_once(call, type, r, body, &unauthorised);
    }
    return outcome;
}

/* Asks, and reads the reply as JSON. Return: enum fetch, *out a new reference; -ENOMEM. */
static int ask_json(struct call *call, const char *type, struct http_request *r, json_t **out)
{
    ALM_CLEANUP(buf_deinit) struct buf body = { 0 };
    json_error_t e;
    int outcome;

    buf_init(&body, PAGE_MOST);
    outcome = ask(call, type, r, &body);
    if (outcome != FETCH_OK)
        return outcome;
    call->bytes_left -= body.len < call->bytes_left ? body.len : call->bytes_left;
    *out = json_loadb((const char *)body.data, body.len, JSON_REJECT_DUPLICATES, &e);
    if (*out)
        return FETCH_OK;
    return json_error_code(&e) == json_error_out_of_memory
               ? -ENOMEM
               : fetch_refuse(call, type, "the reply is not whole JSON");
}

int fetch_one(struct call *call, const char *type, const char *id, json_t **out)
{
    char url[HTTP_URL_MAX];
    struct http_request r = { .url = url };
    json_t *resource = NULL;
    int outcome, n = snprintf(url, sizeof(url), "%s/%s/%s", call->client->config->base, type, id);

    if (n < 0 || (size_t)n >= sizeof(url) || !fhir_id_valid(id))
        return FETCH_ABSENT;
    outcome = ask_json(call, type, &r, &resource);
    if (outcome != FETCH_OK)
        return outcome;
    if (strcmp(path_text(resource, "resourceType"), type) != 0 ||
        strcmp(path_text(resource, "id"), id) != 0) {
        json_decref(resource);
        return fetch_refuse(call, type, "the server sent another resource than was asked for");
    }
    *out = resource;
    return FETCH_OK;
}

/* --- pages --- */

static const struct {
    const char *code;
} wanting[] = { { "incomplete" }, { "timeout" },   { "too-costly" },
                { "throttled" },  { "transient" }, { "not-supported" } };

/* An OperationOutcome among the entries. Its texts are not passed on: they may name somebody.
 * Source: FHIR R4, "Search", 3.1.1.4.10: "warning information, hints" by search.mode outcome. */
static int outcome_read(struct call *call, const char *type, const json_t *entry, const json_t *o)
{
    const json_t *issues = json_object_get(o, "issue");
    bool outcome_mode = strcmp(path_text(entry, "search.mode"), "outcome") == 0;

    if (!outcome_mode || !json_is_array(issues))
        return fetch_refuse(call, type, "the server sent an error inside its reply");
    for (size_t i = 0; i < json_array_size(issues); i++) {
        const json_t *issue = json_array_get(issues, i);
        const char *severity = path_text(issue, "severity"), *code = path_text(issue, "code");

        if (strcmp(severity, "warning") != 0 && strcmp(severity, "information") != 0)
            return fetch_refuse(call, type, "the server sent an error inside its reply");
        for (size_t j = 0; j < ALM_LEN(wanting); j++)
            call->partial = call->partial || strcmp(code, wanting[j].code) == 0;
    }
    return FETCH_OK;
}

struct pages { /* of one search */
    struct call *call;
    const char *type;
    resource_fn *on;
    void *ctx;
    size_t matches;
    json_int_t total; /* as the server counts; -1 not said */
    char next[HTTP_URL_MAX];
};

static int entry_read(struct pages *p, const json_t *entry)
{
    const json_t *resource = json_object_get(entry, "resource");
    const char *type = path_text(resource, "resourceType"), *mode = path_text(entry, "search.mode");

    if (strcmp(type, "OperationOutcome") == 0)
        return outcome_read(p->call, p->type, entry, resource);
    if (strcmp(mode, "include") == 0)
        return FETCH_OK;
    if (strcmp(type, p->type) != 0 || !fhir_id_valid(path_text(resource, "id")))
        return fetch_refuse(p->call, p->type, "the reply holds something that was not asked for");
    p->matches++;
    return p->on(p->ctx, resource);
}

static int next_find(struct pages *p, const json_t *bundle, const char *at)
{
    const json_t *links = json_object_get(bundle, "link");
    const char *base = p->call->client->config->base;
    char next[HTTP_URL_MAX] = "";

    for (size_t i = 0; i < json_array_size(links); i++) {
        const json_t *link = json_array_get(links, i);

        if (strcmp(path_text(link, "relation"), "next") != 0)
            continue;
        if (*next || http_link(at, path_text(link, "url"), next) != 0)
            return fetch_refuse(p->call, p->type, "the link to the next page is of no use");
    }
    if (*next && !http_same_origin(base, next))
        return fetch_refuse(p->call, p->type, "the next page lies on another server");
    if (*next && strcmp(next, at) == 0)
        return fetch_refuse(p->call, p->type, "a page names itself as the next");
    memcpy(p->next, next, sizeof(next));
    return FETCH_OK;
}

static int page_read(struct pages *p, const json_t *bundle, const char *at)
{
    const json_t *entries = json_object_get(bundle, "entry"),
                 *total = json_object_get(bundle, "total");
    int r = FETCH_OK;

    if (strcmp(path_text(bundle, "resourceType"), "Bundle") != 0 ||
        strcmp(path_text(bundle, "type"), "searchset") != 0 || (entries && !json_is_array(entries)))
        return fetch_refuse(p->call, p->type,
                            strcmp(path_text(bundle, "resourceType"), "OperationOutcome") == 0
                                ? "the server sent an error in place of its reply"
                                : "the reply is not the page of a search");
    if (json_is_integer(total))
        p->total = json_integer_value(total);
    for (size_t i = 0; r == FETCH_OK && i < json_array_size(entries); i++)
        r = entry_read(p, json_array_get(entries, i));
    return r == FETCH_OK ? next_find(p, bundle, at) : r;
}

/* The first page failed: nothing is known. A later one: what came before is good. */
static int page_missed(struct pages *p, int64_t n, int r)
{
    if (r < 0)
        return r;
    if (n == 0)
        return r == FETCH_ABSENT ? fetch_refuse(p->call, p->type, p->call->client->why) : r;
    if (r == FETCH_ABSENT)
        (void)fetch_refuse(p->call, p->type, "a page of the reply is no longer there");
    p->call->partial = true;
    return FETCH_PARTIAL;
}

static int pages_follow(struct pages *p, const char *url, const char *form)
{
    char at[HTTP_URL_MAX];

    if (text_copy(at, sizeof(at), url) != 0)
        return fetch_refuse(p->call, p->type, "the address is too long; set method = \"post\"");
    for (int64_t n = 0;; n++) {
        struct http_request r = { .url = at, .form = n == 0 ? form : NULL };
        json_t *bundle = NULL;
        int result;

        if (n == p->call->pages_most) {
            p->call->partial = true;
            (void)fetch_refuse(p->call, p->type, "the reply has more pages than are allowed");
            return FETCH_PARTIAL;
        }
        result = ask_json(p->call, p->type, &r, &bundle);
        if (result != FETCH_OK)
            return page_missed(p, n, result);
        result = page_read(p, bundle, at);
        json_decref(bundle);
        if (result != FETCH_OK || !*p->next)
            return result;
        memcpy(at, p->next, sizeof(at));
    }
}

int fetch_all(struct call *call, const char *type, const char *query, resource_fn *on, void *ctx)
{
    const struct fhir_config *config = call->client->config;
    struct pages p = { .call = call, .type = type, .on = on, .ctx = ctx, .total = -1 };
    ALM_CLEANUP(buf_deinit) struct buf url = { 0 };
    ALM_CLEANUP(buf_deinit) struct buf form = { 0 };
    int r;

    buf_init(&url, QUERY_MOST);
    buf_init(&form, QUERY_MOST);
    buf_printf(&form, "%s%s_count=%lld", query, *query ? "&" : "", (long long)config->page_size);
    buf_put_u8(&form, 0);
    if (config->post)
        buf_printf(&url, "%s/%s/_search", config->base, type);
    else if (buf_status(&form) == 0)
        buf_printf(&url, "%s/%s?%s", config->base, type, (const char *)form.data);
    buf_put_u8(&url, 0);
    if (buf_status(&form) != 0 || buf_status(&url) != 0)
        return -ENOMEM;
    r = pages_follow(&p, (const char *)url.data, config->post ? (const char *)form.data : NULL);
    /* Fewer than the server itself counts: a page was left out. */
    if (r == FETCH_OK && p.total >= 0 && (json_int_t)p.matches < p.total) {
        call->partial = true;
        (void)fetch_refuse(call, type, "the reply has fewer entries than the server counts");
        return FETCH_PARTIAL;
    }
    return r;
}
