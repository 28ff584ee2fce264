/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - almoner-reader: opens the store read-only and serves officers' readings of the log.
 * Settings on descriptor 3 (broker/README.md), supervisor on 4, core on 7. It has no network, and
 * writes nothing but LMDB's lock file. */
#include "base/clock.h"
#include "base/log.h"
#include "pair/child.h"
#include "reader.h"
#include "sandbox/sandbox.h"
#include "store/wild.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define NONCES        4096
#define STORE_WAIT_MS 60000 /* a new broker's core makes the store while we start */
#define STORE_TRY_MS  100
#define TICK_MS       1000
#define FOLLOW_MS     60000 /* how long a destroyed period's secret may stay in an idle reader's memory */

struct settings {
    json_t *json; /* the texts below are borrowed from it */
    const char *origin, *data_dir, *socket, *mode, *zone;
    int64_t store_mib;
    struct secret store_key;
};
static void settings_deinit(struct settings *s)
{
    secret_wipe(&s->store_key);
    json_decref(s->json);
}

static int settings_load(struct settings *s)
{
    enum log_level level = LOG_INFO;
    int rc = child_settings(&s->json);

    if (rc)
        return rc;
    if (child_log_level(s->json, &level) || child_text(s->json, "origin", &s->origin) ||
        child_text(s->json, "mode", &s->mode) || child_text(s->json, "zone", &s->zone) ||
        child_text(s->json, "data_dir", &s->data_dir) ||
        child_text(s->json, "officers_socket", &s->socket) ||
        child_int(s->json, "store_mib", 1, INT64_C(1) << 30, &s->store_mib) ||
        child_secret(s->json, "store_key", &s->store_key))
        return -EINVAL;
    if ((strcmp(s->mode, "live") != 0 && strcmp(s->mode, "exercise") != 0) || !*s->origin ||
        strlen(s->origin) > 127)
        return -EINVAL;
    log_init("reader", level);
    return civil_set_zone(s->zone);
}

static bool is_stopping(void)
{
    int said = child_heard();

    return said == CHILD_STOP || said < 0;
}

/* Return: 0; 1 told to stop meanwhile; negative. */
static int store_wait(const struct settings *s, uint8_t mode, struct store **out)
{
    struct store_options o = { .path = s->data_dir,
                               .key = &s->store_key,
                               .mode = mode,
                               .origin = s->origin,
                               .map_bytes = (size_t)s->store_mib << 20,
                               .read_only = true };
    int64_t until = clock_mono_ms() + STORE_WAIT_MS;
    int rc;

    while ((rc = store_open(&o, out)) == -ENOENT && clock_mono_ms() < until) {
        struct pollfd p = { .fd = CHILD_FD_SUPERVISOR, .events = POLLIN };

        (void)poll(&p, 1, STORE_TRY_MS);
        if (is_stopping())
            return 1;
    }
    return rc;
}

/* Each beginning drops the secrets of periods that the writer has ended. */
static void follow_periods(struct reader *r, int64_t now, int64_t *next)
{
    struct store_txn *t = NULL;

    if (now < *next)
        return;
    *next = now + FOLLOW_MS;
    if (store_begin(r->store, false, &t) == 0)
        t = store_abort(t);
}

static int reader_loop(struct reader *r)
{
    struct pollfd fds[READER_CLIENTS + 8];
    int64_t follow_next = 0;
    int wait = 0;

    for (;;) {
        size_t n = 2;

        fds[0] = (struct pollfd){ .fd = CHILD_FD_SUPERVISOR, .events = POLLIN };
        fds[1] = (struct pollfd){ .fd = r->core, .events = POLLIN };
        n += local_server_poll_fds(r->server, fds + 2, ALM_LEN(fds) - 2);
        if (poll(fds, (nfds_t)n, wait < 0 || wait > TICK_MS ? TICK_MS : wait) < 0 && errno != EINTR)
            return EX_OSERR;
        if (fds[0].revents && is_stopping())
            return 0;
        local_server_step(r->server, fds + 2, n - 2, clock_mono_ms(), reader_on_request, r);
        reader_on_core(r, clock_mono_ms());
        wait = reader_turn(r, clock_mono_ms());
        follow_periods(r, clock_mono_ms(), &follow_next);
        if (r->broken) {
            /* whoever asked was told; a new process opens the store anew */
            local_server_step(r->server, NULL, 0, clock_mono_ms(), reader_on_request, r);
            return EX_IOERR;
        }
    }
}

static int reader_serve(const struct settings *s, struct store *store, uint8_t mode)
{
    static struct reader r; /* 32 readings */
    struct local_server *server = NULL;
    int rc = nonces_new(NONCES, &r.nonces);

    if (!rc)
        rc = local_server_open(s->socket, 0600, READER_CLIENTS, &server);
    if (rc) {
        log_error("reader-socket", "error=%d path=%s", -rc, LOG_Q(s->socket));
        return rc == -EADDRINUSE ? EX_TEMPFAIL : EX_CANTCREAT;
    }
    r.store = store;
    r.server = server;
    r.core = CHILD_FD_READER;
    r.mode = mode;
    r.origin = s->origin;
    if (crypto_random(&r.next_ref, sizeof(r.next_ref)) || sandbox_enter(SANDBOX_READER))
        return EX_OSERR;
    if (child_say(CHILD_READY, 0))
        return EX_OSERR;
    log_info("reader-ready", "path=%s", LOG_Q(s->socket));
    rc = reader_loop(&r);
    reader_drop(&r);
    r.nonces = nonces_free(r.nonces);
    log_info("reader-stopped", "exit=%d", rc);
    return rc; /* the socket's file stays: removing it is not among the sandboxed calls, and the
                  next reader replaces a dead one */
}

static int store_exit(int rc)
{
    log_error("reader-store", "error=%d", -rc);
    return rc == -EXDEV || rc == -EBADMSG || rc == -EPROTO || rc == -EPROTONOSUPPORT ? EX_DATAERR
                                                                                     : EX_IOERR;
}

int main(void)
{
    ALM_CLEANUP(settings_deinit) struct settings s = { .json = NULL };
    ALM_CLEANUP(store_closep) struct store *store = NULL;
    uint8_t mode;
    int rc;

    log_init("reader", LOG_INFO);
    (void)signal(SIGPIPE, SIG_IGN);
    wild_exits(CHILD_EXIT_DATA);
    rc = settings_load(&s);
    if (rc) {
        log_error("reader-settings", "error=%d", -rc);
        return EX_CONFIG;
    }
    if (crypto_init())
        return EX_SOFTWARE;
    mode = strcmp(s.mode, "live") == 0 ? 1 : 2;
    rc = store_wait(&s, mode, &store);
    secret_wipe(&s.store_key);
    if (rc)
        return rc > 0 ? 0 : store_exit(rc);
    return reader_serve(&s, store, mode);
}
