/* SPDX-License-Identifier: Apache-2.0 */
/* form.c - the page on 127.0.0.1. The only user of <microhttpd.h>.
 *
 * Whoever else uses this machine could reach the port, so the page opens only with the address that is
 * printed once (its key becomes a cookie), and a form only with the token that the page bore: a page of
 * somebody else's cannot send one. Nothing but this page is served, one request a connection. */
#include "desk/front.h"

#include "base/bytes.h"
#include "base/crypto.h"
#include "desk/page.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#define KEY_LEN       16
#define KEY_TEXT      (2 * KEY_LEN + 1)
#define BODY_MAX      8192
#define PAGE_MAX      (2u << 20)
#define CONNECTIONS   16
#define IDLE_S        30
#define FIELD_TEXT    256
#define COOKIE_NAME   "almoner-desk"

struct form {
    const struct desk_client *client;
    char key[KEY_TEXT], token[KEY_TEXT]; /* of the printed address; of the forms */
    char host[2][32];                    /* what a browser may call us */
};
enum field { FIELD_FORM, FIELD_ID, FIELD_VALUE, FIELD_NAME, FIELD_PRACTITIONER, FIELD_SERVICE, FIELDS };
static const char *const field_names[FIELDS] = { "form", "id", "value", "name", "practitioner", "service" };

struct posted { /* one request's form */
    struct MHD_PostProcessor *processor;
    char fields[FIELDS][FIELD_TEXT];
    size_t bytes;
    bool too_long;
};

/* --- answering a request --- */
static enum MHD_Result send_buf(struct MHD_Connection *c, unsigned status, const char *type, struct buf *b,
                                const char *cookie, const char *location)
{
    struct MHD_Response *r;
    enum MHD_Result done;

    if (buf_status(b) != 0)
        return MHD_NO;
    r = MHD_create_response_from_buffer(b->len, b->data ? (void *)b->data : (void *)"",
                                        MHD_RESPMEM_MUST_COPY);
    if (!r)
        return MHD_NO;
    (void)MHD_add_response_header(r, "Content-Type", type);
    (void)MHD_add_response_header(r, "Connection", "close");
    (void)MHD_add_response_header(r, "Cache-Control", "no-store");
    /* Not no-referrer: a browser then says "Origin: null" with our own forms too. */
    (void)MHD_add_response_header(r, "Referrer-Policy", "same-origin");
    (void)MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
    (void)MHD_add_response_header(r, "Content-Security-Policy",
                                  "default-src 'none'; style-src 'self'; form-action 'self'; "
                                  "frame-ancestors 'none'; base-uri 'none'");
    if (cookie)
        (void)MHD_add_response_header(r, "Set-Cookie", cookie);
    if (location)
        (void)MHD_add_response_header(r, "Location", location);
    done = MHD_queue_response(c, status, r);
    MHD_destroy_response(r);
    return done;
}

static enum MHD_Result send_plain(struct MHD_Connection *c, unsigned status, const char *title,
                                  const char *text)
{
    ALM_CLEANUP(buf_deinit) struct buf b;

    buf_init(&b, PAGE_MAX);
    page_write_plain(&b, title, text);
    return send_buf(c, status, "text/html; charset=utf-8", &b, NULL, NULL);
}

static enum MHD_Result send_page(struct form *f, struct MHD_Connection *c, unsigned status,
                                 const struct page *page)
{
    ALM_CLEANUP(buf_deinit) struct buf b;
    json_t *reply = desk_call(f->client, "list", NULL);
    enum MHD_Result done;

    buf_init(&b, PAGE_MAX);
    page_write(&b, page, reply);
    if (reply && !json_is_true(json_object_get(reply, "ok")))
        status = MHD_HTTP_SERVICE_UNAVAILABLE;
    json_decref(reply);
    done = send_buf(c, status, "text/html; charset=utf-8", &b, NULL, NULL);
    return done;
}

static enum MHD_Result send_to(struct MHD_Connection *c, const char *where, const char *cookie)
{
    ALM_CLEANUP(buf_deinit) struct buf b;

    buf_init(&b, PAGE_MAX);
    return send_buf(c, MHD_HTTP_SEE_OTHER, "text/plain", &b, cookie, where);
}

/* --- who asks --- */
static bool same_text(const char *a, const char *b)
{
    return a && strlen(a) == strlen(b) && crypto_equal(a, b, strlen(b));
}

/* A name that somebody else's page made the browser resolve to this machine is not ours. */
static bool host_ours(const struct form *f, struct MHD_Connection *c)
{
    const char *host = MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);

    return host && (strcmp(host, f->host[0]) == 0 || strcmp(host, f->host[1]) == 0);
}

static bool origin_ours(const struct form *f, struct MHD_Connection *c)
{
    const char *origin = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Origin");

    if (!origin)
        return true; /* the token in the form says it too */
    return strncmp(origin, "http://", 7) == 0 &&
           (strcmp(origin + 7, f->host[0]) == 0 || strcmp(origin + 7, f->host[1]) == 0);
}

static bool cookie_ours(const struct form *f, struct MHD_Connection *c)
{
    return same_text(MHD_lookup_connection_value(c, MHD_COOKIE_KIND, COOKIE_NAME), f->key);
}

/* --- what is asked for --- */
static struct page page_plain(const struct form *f)
{
    return (struct page){ .form_token = f->token,
                          .name = f->client->name,
                          .practitioner = f->client->practitioner };
}

static enum MHD_Result get_page(struct form *f, struct MHD_Connection *c)
{
    const char *key = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "key");
    const char *said = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "said");
    struct page page = page_plain(f);
    char cookie[KEY_TEXT + 80];

    if (same_text(key, f->key)) {
        (void)snprintf(cookie, sizeof(cookie), COOKIE_NAME "=%s; HttpOnly; SameSite=Strict; Path=/",
                       f->key);
        return send_to(c, "/", cookie);
    }
    if (!cookie_ours(f, c))
        return send_plain(c, MHD_HTTP_FORBIDDEN, "This page needs its whole address",
                          "Open the address that \"almoner desk form\" printed when it was started; it "
                          "ends with a key.");
    if (said && strcmp(said, "answered") == 0)
        page.status = "Your answer is recorded and on its way.";
    if (said && strcmp(said, "stated") == 0)
        page.status = "Your statement is recorded.";
    return send_page(f, c, MHD_HTTP_OK, &page);
}

static enum MHD_Result get_style(struct MHD_Connection *c)
{
    ALM_CLEANUP(buf_deinit) struct buf b;

    buf_init(&b, PAGE_MAX);
    buf_put(&b, page_style, strlen(page_style));
    return send_buf(c, MHD_HTTP_OK, "text/css", &b, NULL, NULL);
}

static json_t *fields_json(const struct posted *p, bool answer)
{
    json_t *o = json_object();

    for (int i = answer ? FIELD_ID : FIELD_NAME; o && i < (answer ? FIELDS : FIELD_SERVICE); i++) {
        if (p->fields[i][0] && json_object_set_new(o, field_names[i], json_string(p->fields[i])) != 0) {
            json_decref(o); /* not UTF-8 */
            return json_object();
        }
    }
    return o;
}

static enum MHD_Result post_form(struct form *f, struct MHD_Connection *c, const struct posted *p,
                                 bool answer)
{
    struct page page = page_plain(f);
    enum MHD_Result done;
    json_t *reply;

    if (!cookie_ours(f, c) || !origin_ours(f, c) ||
        (!p->too_long && !same_text(p->fields[FIELD_FORM], f->token)))
        return send_plain(c, MHD_HTTP_FORBIDDEN, "This form is not of this page",
                          "Nothing was recorded. Open the address that \"almoner desk form\" printed, "
                          "and answer there.");
    page.name = p->fields[FIELD_NAME];
    page.practitioner = p->fields[FIELD_PRACTITIONER];
    if (p->too_long) { /* what came after it was not read, perhaps not even the token */
        page.alert = "A field is too long. Nothing was recorded.";
        return send_page(f, c, MHD_HTTP_CONTENT_TOO_LARGE, &page);
    }
    reply = desk_call(f->client, answer ? "answer" : "complete", fields_json(p, answer));
    if (json_is_true(json_object_get(reply, "ok"))) {
        done = send_to(c, answer ? "/?said=answered" : "/?said=stated", NULL);
    } else {
        page.alert = reply ? desk_text(reply, "message") : "Not enough memory. Nothing was recorded.";
        done = send_page(f, c, MHD_HTTP_UNPROCESSABLE_CONTENT, &page);
    }
    json_decref(reply);
    return done;
}

/* --- reading a form --- */
static enum MHD_Result field_part(void *ctx, enum MHD_ValueKind kind, const char *key, const char *filename,
                                  const char *type, const char *encoding, const char *data, uint64_t off,
                                  size_t size)
{
    struct posted *p = ctx;

    (void)kind;
    (void)filename;
    (void)type;
    (void)encoding;
    for (int i = 0; i < FIELDS; i++) {
        if (strcmp(key, field_names[i]) != 0)
            continue;
        if (off + size >= FIELD_TEXT || memchr(data, '\0', size)) {
            p->too_long = true;
            return MHD_YES;
        }
        memcpy(p->fields[i] + off, data, size);
        p->fields[i][off + size] = '\0';
    }
    return MHD_YES;
}

static enum MHD_Result post_begin(struct MHD_Connection *c, void **ctx)
{
    struct posted *p = calloc(1, sizeof(*p));

    if (!p)
        return MHD_NO;
    p->processor = MHD_create_post_processor(c, 1024, field_part, p);
    if (!p->processor) { /* not a form */
        free(p);
        return send_plain(c, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, "Not a form", "Use the page's own forms.");
    }
    *ctx = p;
    return MHD_YES;
}

static enum MHD_Result post_more(struct posted *p, const char *data, size_t *size)
{
    p->bytes += *size;
    if (p->bytes > BODY_MAX)
        p->too_long = true;
    else if (MHD_post_process(p->processor, data, *size) != MHD_YES)
        p->too_long = true;
    *size = 0;
    return MHD_YES;
}

static void request_over(void *ctx, struct MHD_Connection *c, void **request,
                         enum MHD_RequestTerminationCode why)
{
    struct posted *p = *request;

    (void)ctx;
    (void)c;
    (void)why;
    *request = NULL;
    if (!p || (void *)p == (void *)&field_names)
        return;
    (void)MHD_destroy_post_processor(p->processor);
    crypto_wipe(p, sizeof(*p));
    free(p);
}

static enum MHD_Result request_get(struct form *f, struct MHD_Connection *c, const char *url, void **ctx)
{
    if (!*ctx) { /* the first call is only of the headers */
        *ctx = (void *)(uintptr_t)&field_names;
        return MHD_YES;
    }
    if (strcmp(url, "/") == 0)
        return get_page(f, c);
    if (strcmp(url, "/style.css") == 0)
        return get_style(c);
    return send_plain(c, MHD_HTTP_NOT_FOUND, "There is no such page", "The questions are at /.");
}

static enum MHD_Result request_post(struct form *f, struct MHD_Connection *c, const char *url,
                                    const char *data, size_t *size, void **ctx)
{
    bool answer = strcmp(url, "/answer") == 0;

    if (!answer && strcmp(url, "/complete") != 0)
        return send_plain(c, MHD_HTTP_NOT_FOUND, "There is no such page", "The questions are at /.");
    if (!*ctx)
        return post_begin(c, ctx);
    if (*size)
        return post_more(*ctx, data, size);
    return post_form(f, c, *ctx, answer);
}

static enum MHD_Result request_take(void *ctx, struct MHD_Connection *c, const char *url,
                                    const char *method, const char *version, const char *data, size_t *size,
                                    void **request)
{
    struct form *f = ctx;

    (void)version;
    if (!host_ours(f, c))
        return send_plain(c, MHD_HTTP_MISDIRECTED_REQUEST, "Not this machine",
                          "Open the address that \"almoner desk form\" printed.");
    if (strcmp(method, MHD_HTTP_METHOD_GET) == 0)
        return request_get(f, c, url, request);
    if (strcmp(method, MHD_HTTP_METHOD_POST) == 0)
        return request_post(f, c, url, data, size, request);
    return send_plain(c, MHD_HTTP_METHOD_NOT_ALLOWED, "Not possible", "Only this page's forms are.");
}

/* --- starting --- */
static int key_make(char out[static KEY_TEXT])
{
    uint8_t octets[KEY_LEN];
    int r = crypto_random(octets, sizeof(octets));

    hex_encode(octets, sizeof(octets), out);
    return r;
}

/* A listening socket on loopback. Return: its descriptor, or -errno; *port is what it became. */
static int loopback_listen(int *port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)*port) };
    socklen_t len = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1, r = 0;

    if (fd < 0)
        return -errno;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0 ||
        bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(fd, CONNECTIONS) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) != 0)
        r = -errno;
    if (r != 0) {
        (void)close(fd);
        return r;
    }
    *port = ntohs(at.sin_port);
    return fd;
}

static void serve_until_stopped(const struct form *f, const sigset_t *stop, int port)
{
    int signal;

    (void)printf("The questions are at http://127.0.0.1:%d/?key=%s\n"
                 "Only for this machine; keep the address to yourself. Stop with Ctrl-C.\n",
                 port, f->key);
    (void)fflush(stdout);
    (void)sigwait(stop, &signal);
}

static int form_serve(struct form *f, int port)
{
    int fd = loopback_listen(&port);
    struct MHD_Daemon *daemon;
    sigset_t stop;

    if (fd < 0) {
        (void)fprintf(stderr, "almoner desk: no page on 127.0.0.1, port %d: %s; try another --port\n",
                      port, strerror(-fd));
        return EX_UNAVAILABLE;
    }
    (void)snprintf(f->host[0], sizeof(f->host[0]), "127.0.0.1:%d", port);
    (void)snprintf(f->host[1], sizeof(f->host[1]), "localhost:%d", port);
    (void)sigemptyset(&stop);
    (void)sigaddset(&stop, SIGINT);
    (void)sigaddset(&stop, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &stop, NULL); /* before the thread is made, which inherits it */
    daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL, 0, NULL, NULL, request_take, f,
                              MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
                              (unsigned)CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
                              MHD_OPTION_NOTIFY_COMPLETED, request_over, NULL, MHD_OPTION_END);
    if (!daemon) {
        (void)close(fd);
        (void)fputs("almoner desk: the page could not be started\n", stderr);
        return EX_OSERR;
    }
    serve_until_stopped(f, &stop, port);
    MHD_stop_daemon(daemon); /* closes the socket */
    return EX_OK;
}

int form_run(const struct desk_client *c, int port)
{
    struct form f = { .client = c };
    int r = EX_SOFTWARE;

    if (crypto_init() == 0 && key_make(f.key) == 0 && key_make(f.token) == 0)
        r = form_serve(&f, port);
    else
        (void)fputs("almoner desk: this machine gives no random numbers\n", stderr);
    crypto_wipe(&f, sizeof(f));
    return r;
}
