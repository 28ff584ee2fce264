/* SPDX-License-Identifier: Apache-2.0 */
/* core.c - opens a core and turns it: poll, drain, one batch, send. The order within a batch is
 * batch.c's. */
#include "core.h"

#include "recall.h"
#include "store/begun.h"
#include "stages.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONTROL_CLIENTS   32
#define POLL_MAX          (CHILD_GATES_MAX + CONTROL_CLIENTS + 8)
#define SWEEP_MS          1000
#define QUIET_MS          2 /* without anything to do, before what gives way goes on */
#define FAREWELL_RETRY_MS 2000
#define THREADS_OWN       1 /* a processor is the core's own thread's */
#define BUNDLE_BYTES_MAX  ((size_t)8 << 20)

static void core_now(struct core *c)
{
    c->wall_ms = c->clock.wall_ms();
    c->mono_ms = c->clock.mono_ms();
}

/* The bundle in force, decoded only when it is another than before. Return: 0 (also with none in
 * force); -errno. */
static int reload_bundle(struct core *c, struct store_txn *t)
{
    ALM_CLEANUP(buf_deinit) struct buf compiled = { 0 };
    uint8_t hash[SHA256_LEN];
    struct bundle *b = NULL;
    int r = registry_bundle_active(t, hash);

    if (r == -ENOENT) {
        c->bundle = bundle_free(c->bundle);
        c->policy[0] = '\0';
        return 0;
    }
    if (!r && c->bundle && !memcmp(bundle_hash(c->bundle), hash, sizeof(hash)))
        return 0;
    buf_init(&compiled, BUNDLE_BYTES_MAX);
    if (!r)
        r = registry_bundle_get(t, hash, &compiled);
    if (!r)
        r = bundle_decode(buf_view(&compiled), &b);
    if (r)
        return r;
    bundle_free(c->bundle);
    c->bundle = b;
    hex_encode(hash, sizeof(hash), c->policy);
    return 0;
}

int reload(struct core *c, struct store_txn *t)
{
    int r = reload_bundle(c, t);

    if (r) { /* whatever was in force may not be any more: nothing is */
        c->bundle = bundle_free(c->bundle);
        c->policy[0] = '\0';
    }
    epochs_changed(c);
    if (!r)
        r = agencies_load(&c->agencies, t, c->bundle, c->set.gates, c->set.n_gates);
    if (!r)
        r = cosign_reload(c, t);
    return r;
}

static int core_load(struct core *c)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    int r = store_begin(c->store, false, &t);

    if (!r)
        r = day_load(c, t);
    if (!r)
        r = reload(c, t);
    if (!r)
        r = limits_load(c, t);
    if (!r)
        r = deliver_load(c, t);
    return r;
}

static void core_genesis(struct core *c)
{
    if (ledger_size(c->ledger) != 0)
        return;
    record_begin(c, EVENT_GENESIS, AGENCY_NONE);
    text_cut(c->clear.detail, sizeof(c->clear.detail), c->set.wire.origin);
    (void)record_end(c);
}

/* "an agency whose messages ended the core twice in ten minutes is suspended, with an alert" */
static void core_suspend(struct core *c, const char *id)
{
    struct store_txn *t = batch_txn(c);
    int r = t ? registry_agency_get(t, id, &c->registry_agency) : -EIO;

    if (r) {
        log_error("crash-suspension-failed", "agency=%s error=%d", id, -r);
        if (r != -ENOENT) /* nobody of that name is nobody to suspend */
            batch_fail(c, r, "suspend");
        return;
    }
    if (c->registry_agency.standing == STANDING_SUSPENDED)
        return;
    c->registry_agency.standing = STANDING_SUSPENDED;
    c->registry_agency.changed_ms = c->wall_ms;
    registry_agency_put(t, &c->registry_agency);
    record_begin(c, EVENT_CORE_CRASH_SUSPENSION, agencies_find(&c->agencies, id));
    text_cut(c->clear.detail, sizeof(c->clear.detail),
             "its messages ended the core twice in ten minutes");
    (void)record_end(c);
    c->batch.registry_changed = true;
    log_error("agency-suspended", "agency=%s reason=core-crashes", id);
}

/* A log that begins with another origin's leaves says so before anything else, once. */
static void core_begun(struct core *c)
{
    ALM_CLEANUP(store_abortp) struct store_txn *read = NULL;
    struct begun b;
    struct store_txn *t;
    char made[25];
    int r = store_begin(c->store, false, &read);

    if (!r)
        r = begun_get(read, &b);
    read = store_abort(read);
    if (r == -ENOENT)
        return;
    if (r) {
        batch_fail(c, r, "begun-anew");
        return;
    }
    t = batch_txn(c);
    if (!t)
        return;
    clock_format_utc(b.made_ms, made);
    record_begin(c, EVENT_RESTORED, AGENCY_NONE);
    (void)snprintf(c->clear.detail, sizeof(c->clear.detail),
                   "from=%s leaves=%llu head=%llu backup=%s", b.from, (unsigned long long)b.leaves,
                   (unsigned long long)b.head, made);
    (void)record_end(c);
    begun_drop(t);
    log_warn("log-begun-anew", "from=%s leaves=%llu head=%llu", LOG_Q(b.from),
             (unsigned long long)b.leaves, (unsigned long long)b.head);
}

static int core_first_batch(struct core *c)
{
    int e, r;

    core_genesis(c);
    core_begun(c);
    for (uint16_t i = 0; i < c->set.n_suspend; i++)
        core_suspend(c, c->set.suspend[i]);
    if (c->batch.registry_changed && c->batch.txn && reload(c, c->batch.txn))
        batch_fail(c, -EIO, "suspend");
    r = c->batch.error;
    e = batch_finish(c);
    return e ? e : r;
}

static int core_open_store(struct core *c)
{
    struct store_options o = {
        .path = c->set.store_path,
        .key = &c->set.store_key,
        .mode = c->set.wire.mode,
        .origin = c->set.wire.origin,
        .map_bytes = c->set.map_bytes,
    };
    int r = store_open(&o, &c->store);

    return r ? r : ledger_open(c->store, &c->ledger);
}

static unsigned core_threads(int32_t wanted)
{
    cpu_set_t processors;
    int n = sched_getaffinity(0, sizeof(processors), &processors) ? 1 : CPU_COUNT(&processors);

    if (wanted >= 0)
        return (unsigned)wanted;
    n -= THREADS_OWN;
    return (unsigned)(n < 0 ? 0 : n > VERIFY_THREADS_MAX ? VERIFY_THREADS_MAX : n);
}

/* The store's handlers of faults come after these, and leave to them what is not its own. */
static void core_blame(struct core *c)
{
    if (c->shared)
        verify_blame_to((struct verify_blame){ .crashed = &c->shared->check_crashed,
                                               .name = c->shared->check_agency });
}

static int core_open_parts(struct core *c, const struct core_ends *ends)
{
    int r;

    core_blame(c);
    r = core_open_store(c);
    buf_init(&c->sealed, WIRE_FRAME_MAX);
    buf_init(&c->scratch, WIRE_FRAME_MAX);
    if (!r)
        r = agencies_init(&c->agencies);
    if (!r)
        r = out_init(&c->out);
    if (!r)
        r = deliver_init(c);
    if (!r)
        r = retention_new(c);
    if (!r)
        r = relays_new(&c->relays);
    if (!r)
        r = cosign_new(&c->cosign);
    if (!r)
        r = pending_table_new(c->set.limits.pending_total, &c->pending);
    if (!r)
        r = fair_new(&c->fair);
    if (!r)
        r = verify_new(core_threads(c->set.limits.check_threads), &c->set.wire, &c->verify);
    if (!r)
        r = gates_open(c, ends->gates);
    if (!r)
        r = heads_init(c, ends->signer);
    if (!r && c->set.control_path[0])
        r = local_server_open(c->set.control_path, 0600, CONTROL_CLIENTS, &c->control);
    if (!r)
        r = core_load(c);
    return r;
}

int core_open(struct core_settings *settings, const struct core_ends *ends,
              const struct core_clock *clock, struct core **out)
{
    ALM_CLEANUP(core_closep) struct core *c = calloc(1, sizeof(*c));
    int r;

    if (!c)
        return -ENOMEM;
    c->set = *settings;
    memset(settings, 0, sizeof(*settings));
    c->clock = *clock;
    c->supervisor = ends->supervisor;
    c->reader = ends->reader;
    c->shared = ends->shared;
    c->heads.fd = ends->signer;
    core_now(c);
    c->batch_most = BATCH_WORKS;
    c->minute_ms = c->mono_ms;
    c->concerns_swept_day = POLICY_DAY_NONE;
    reliance_take_back(c);
    c->due_next_ms = c->later_next_ms = INT64_MIN;
    recall_forget(c);
    r = crypto_init();
    if (!r)
        r = core_open_parts(c, ends);
    if (!r)
        r = core_first_batch(c);
    if (r)
        return r;
    gates_allow_all(c);
    gates_flush(c);
    *out = c;
    c = NULL;
    return 0;
}

struct core *core_close(struct core *c)
{
    if (!c)
        return NULL;
    store_abort(c->batch.txn);
    gates_close(c);
    c->verify = verify_free(c->verify); /* before the frames that it looks at */
    c->fair = fair_free(c->fair);
    local_server_close(c->control);
    pending_table_free(c->pending);
    out_deinit(&c->out);
    deliver_deinit(c);
    retention_free(c);
    later_forget(c);
    recall_forget(c);
    agencies_deinit(&c->agencies);
    bundle_free(c->bundle);
    free(c->concerns);
    free(c->relays);
    free(c->cosign);
    json_decref(c->tokens_status);
    ledger_close(c->ledger);
    store_close(c->store);
    if (c->heads.fd >= 0)
        close(c->heads.fd);
    if (c->reader >= 0)
        close(c->reader);
    buf_deinit(&c->sealed);
    buf_deinit(&c->scratch);
    core_settings_deinit(&c->set);
    free(c);
    return NULL;
}

void core_closep(struct core **c)
{
    *c = core_close(*c);
}

/* --- one turn --- */

static int core_poll_ms(const struct core *c, int timeout_ms)
{
    int64_t at = pending_next_ms(c->pending), now = c->clock.mono_ms();

    if (c->batch.n_works || fair_waiting(c->fair) || deliver_waiting(c) || epochs_unsettled(c) || recall_waiting(c))
        return 0;
    if (retention_waiting(c)) { /* whoever asked just now may ask again at once */
        if (!c->busy)
            return 0;
        at = now + QUIET_MS < at ? now + QUIET_MS : at;
    }
    if (heads_next_ms(c) < at)
        at = heads_next_ms(c);
    if (now + SWEEP_MS < at)
        at = now + SWEEP_MS;
    if (at - now < timeout_ms || timeout_ms < 0)
        timeout_ms = at <= now ? 0 : (int)(at - now);
    return timeout_ms;
}

static size_t core_poll_set(struct core *c, struct pollfd *fds, size_t *control_at)
{
    size_t n = 0;

    fds[n++] = (struct pollfd){ .fd = c->supervisor, .events = POLLIN };
    fds[n++] = (struct pollfd){ .fd = c->heads.fd, .events = POLLIN };
    fds[n++] = (struct pollfd){ .fd = c->reader, .events = POLLIN };
    for (size_t i = 0; i < c->set.n_gates; i++) {
        /* What could not be sent waits for room; pair_flush says so by returning 1. */
        short out = pair_flush(c->gates[i].pair) == 1 ? POLLOUT : 0;

        fds[n++] =
            (struct pollfd){ .fd = pair_fd(c->gates[i].pair), .events = (short)(POLLIN | out) };
    }
    *control_at = n;
    if (c->control)
        n += local_server_poll_fds(c->control, fds + n, CONTROL_CLIENTS + 1);
    return n;
}

static void core_hear_supervisor(struct core *c, const struct pollfd *at)
{
    uint8_t said[8];
    ssize_t n;

    if (!at->revents)
        return;
    n = recv(c->supervisor, said, sizeof(said), MSG_DONTWAIT);
    if ((n > 0 && said[0] == CHILD_STOP) || n == 0)
        c->stopping = true;
}

/* Each turn begins with another gate, so that a loud one is not always first. */
static void core_drain_gates(struct core *c, const struct pollfd *fds)
{
    for (size_t k = 0; k < c->set.n_gates && gates_may_drain(c); k++) {
        size_t i = (c->gate_turn + k) % c->set.n_gates;

        if (fds[i].revents & (POLLIN | POLLHUP | POLLERR))
            gates_drain(c, i);
    }
    c->gate_turn++;
}

/* While the disk takes the batch in, threads check signatures of the next, which is begun here and goes on after the
 * commit. Not where agencies, keys or policy are changing: until they are committed nothing may rest on them. */
static void core_ahead(struct core *c)
{
    struct pollfd fds[CHILD_GATES_MAX];
    const struct batch *b = &c->batch;

    if (!b->ahead || !b->wrote || b->error || b->registry_changed || b->policy_changed || b->day_changed)
        return;
    for (size_t i = 0; i < c->set.n_gates; i++)
        fds[i] = (struct pollfd){ .fd = pair_fd(c->gates[i].pair), .events = POLLIN };
    if (poll(fds, c->set.n_gates, 0) > 0)
        core_drain_gates(c, fds);
    intake_choose(c);
}

/* Frames that were never decided. */
static void core_leave(struct core *c)
{
    intake_farewell(c, FAREWELL_RETRY_MS);
    out_send(c);
    gates_flush(c);
}

/* Nobody's reply will come any more: their askers need not wait for the deadline. */
static void core_farewell(struct core *c)
{
    struct pending *p;

    while ((p = pending_due(c->pending, INT64_MAX)) != NULL) {
        tell_busy(c, p->ask.agency, &p->ask.id, FAREWELL_RETRY_MS);
        pending_drop(c->pending, p);
    }
    core_leave(c);
}

int core_turn(struct core *c, int timeout_ms)
{
    struct pollfd fds[POLL_MAX];
    size_t control_at, n = core_poll_set(c, fds, &control_at);
    int r, found = poll(fds, n, core_poll_ms(c, timeout_ms));

    if (found < 0 && errno != EINTR)
        return -errno;
    core_now(c);
    c->busy = found != 0 || c->batch.n_works || fair_waiting(c->fair);
    core_hear_supervisor(c, &fds[0]);
    if (c->control)
        local_server_step(c->control, fds + control_at, n - control_at, c->mono_ms, control_request,
                          c);
    if (fds[1].revents)
        heads_drain(c);
    if (fds[2].revents)
        readings_drain(c);
    core_drain_gates(c, fds + 3);
    intake_choose(c);
    adapters_sweep(c);
    batch_run(c);
    intake_decided(c);
    core_ahead(c);
    r = batch_finish(c);
    intake_took(c, c->clock.mono_ms() - c->mono_ms);
    if (!r)
        retention_between(c);
    heads_ask(c);
    cosign_tell_signer(c);
    gates_flush(c);
    if (!r && !c->stopping)
        return CORE_GOES_ON;
    c->stopping = true;
    if (r)
        core_leave(c);
    else
        core_farewell(c);
    return r ? r : CORE_STOPPED;
}
