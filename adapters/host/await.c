/* SPDX-License-Identifier: Apache-2.0 */
/* await.c - parks commands, and runs them again. */
#include "host/await.h"

#include "base/clock.h"
#include "base/log.h"
#include "host/keyring.h"
#include "host/ops.h"
#include "worker/codec.h"

#include <errno.h>
#include <string.h>
#include <sysexits.h>

#define BESIDE_MS 3000 /* beyond the source's deadline: it may be at something else first */

bool await_want(struct host *h, enum await_need need, int64_t due_ms)
{
    struct awaiting *a = h->awaits.running;

    if (!a || a->runs >= AWAIT_RUNS_MAX)
        return false;
    a->need = (uint8_t)need;
    a->here = false;
    a->due_ms = due_ms;
    return true;
}

static void await_drop(struct awaiting *a)
{
    if (a->request && a->request->refcount == 1)
        pending_wipe_texts(a->request);
    json_decref(a->request);
    memset(a, 0, sizeof(*a));
}

void awaits_deinit(struct awaits *w)
{
    for (size_t i = 0; i < AWAIT_MAX; i++) {
        if (w->parked[i].op)
            await_drop(&w->parked[i]);
    }
}

bool awaits_any(const struct awaits *w)
{
    for (size_t i = 0; i < AWAIT_MAX; i++) {
        if (w->parked[i].op)
            return true;
    }
    return w->running != NULL;
}

void await_come(struct host *h, enum await_need need)
{
    for (size_t i = 0; i < AWAIT_MAX; i++) {
        if (h->awaits.parked[i].op && h->awaits.parked[i].need == need)
            h->awaits.parked[i].here = true;
    }
}

/* --- running --- */
static bool await_park(struct host *h, const struct awaiting *a)
{
    for (size_t i = 0; i < AWAIT_MAX; i++) {
        struct awaiting *p = &h->awaits.parked[i];

        if (p->op)
            continue;
        *p = *a;
        p->request = json_incref(a->request);
        return true;
    }
    return false;
}

static void await_serve(struct host *h, struct awaiting *a)
{
    json_t *wrong;

    a->need = AWAIT_NOTHING;
    a->runs++;
    a->asked = h->asked_id;
    h->awaits.running = a;
    wrong = a->op->run(h, a->client, a->request);
    h->awaits.running = NULL;
    crypto_wipe(h->out, sizeof(*h->out));
    book_subject_wipe(&h->lodging);
    if (a->need != AWAIT_NOTHING && await_park(h, a)) {
        json_decref(wrong);
        return;
    }
    if (a->need != AWAIT_NOTHING) {
        json_decref(wrong);
        wrong = local_error("busy", EX_TEMPFAIL, "too many commands are waiting; try again");
    }
    if (wrong)
        ops_reply_now(h, a->client, wrong);
}

void await_run(struct host *h, uint64_t client, json_t *request, const struct op *op)
{
    struct awaiting a = { .client = client, .request = request, .op = op };

    await_serve(h, &a);
}

static json_t *await_late(const struct host *h, const struct awaiting *a)
{
    if (a->need == AWAIT_TOKENS)
        return keyring_late(h);
    return local_error("source-silent", EX_TEMPFAIL,
                       "our own source did not answer in time; try again");
}

void await_step(struct host *h, int64_t now_ms)
{
    for (size_t i = 0; i < AWAIT_MAX; i++) {
        struct awaiting a = h->awaits.parked[i];

        if (!a.op || (!a.here && a.due_ms > now_ms))
            continue;
        memset(&h->awaits.parked[i], 0, sizeof(a)); /* its request is in our hands */
        if (!local_client_alive(h->server, a.client)) {
            await_drop(&a); /* nobody waits: nothing is sent or lodged for them */
            continue;
        }
        h->asked_id = a.asked;
        if (a.here)
            await_serve(h, &a);
        else
            ops_reply_now(h, a.client, await_late(h, &a));
        await_drop(&a);
    }
}

int64_t await_due_ms(const struct awaits *w)
{
    int64_t due = INT64_MAX;

    for (size_t i = 0; i < AWAIT_MAX; i++) {
        if (!w->parked[i].op)
            continue;
        if (w->parked[i].here)
            return 0;
        if (w->parked[i].due_ms < due)
            due = w->parked[i].due_ms;
    }
    return due;
}

static struct awaiting *await_find(struct host *h, enum await_need need, uint32_t ticket)
{
    for (size_t i = 0; i < AWAIT_MAX; i++) {
        struct awaiting *a = &h->awaits.parked[i];

        if (a->op && a->need == need && a->ticket == ticket)
            return a;
    }
    return NULL;
}

static int64_t source_due(const struct host *h)
{
    return clock_mono_ms() + h->config.deadline_ms + BESIDE_MS;
}

/* --- why we may ask --- */
static int subject_digest(const struct alm_subject *s, uint8_t out[static SHA256_LEN])
{
    ALM_CLEANUP(buf_deinit) struct buf text;
    int r;

    buf_init(&text, FRAME_MAX);
    r = work_put_relate(&text, 0, s);
    return r ? r : crypto_sha256(buf_view(&text), out);
}

int await_relate(void *ctx, const struct alm_subject *s, struct alm_relationship *out)
{
    struct host *h = ctx;
    struct awaiting *a = h->awaits.running;
    uint8_t of[SHA256_LEN];
    int64_t due_ms = source_due(h);
    int r = subject_digest(s, of);

    if (r != 0)
        return r;
    if (a && a->has_relation && memcmp(of, a->relation.of, sizeof(of)) == 0) {
        *out = a->relation.found;
        return a->relation.result;
    }
    if (!await_want(h, AWAIT_RELATION, due_ms))
        return -EBUSY;
    a->ticket = ++h->awaits.last_ticket;
    memcpy(a->relation.of, of, sizeof(of));
    a->has_relation = false;
    r = source_relate(h->source, a->ticket, s, due_ms);
    if (r != 0)
        a->need = AWAIT_NOTHING;
    return r == 0 ? -EINPROGRESS : r;
}

void await_related(struct host *h, uint32_t ticket, int r, const struct alm_relationship *found)
{
    struct awaiting *a = await_find(h, AWAIT_RELATION, ticket);

    if (!a)
        return;
    if (r == -ESTALE) { /* rows were exchanged: whom it is about is looked for again */
        a->here = true;
        return;
    }
    if (r != 0)
        log_warn("relation-failed", "error=%s", LOG_Q(strerror(-r)));
    a->has_relation = true;
    a->relation.result = r;
    if (r == 0 && found)
        a->relation.found = *found;
    a->here = true;
}

/* --- commands of the backend's own --- */
static json_t *source_refused(int r)
{
    switch (r) {
    case -ENOSYS:
        return local_error("no-such-command", EX_USAGE,
                           "this adapter's backend takes no commands of its own");
    case -EINVAL:
        return local_error("bad-field", EX_DATAERR, "the command is too long, or not understood");
    case -ENOBUFS:
        return local_error("busy", EX_TEMPFAIL, "too much waits for the source; try again");
    case -ETIMEDOUT:
        return local_error("source-silent", EX_TEMPFAIL,
                           "our own source did not answer in time; try again");
    default:
        return local_error("source-failed", EX_TEMPFAIL,
                           "our own source could not do it: %s; see the adapter's log",
                           strerror(-r));
    }
}

json_t *op_source(struct host *h, uint64_t client, const json_t *o)
{
    struct awaiting *a = h->awaits.running;
    int64_t due_ms = source_due(h);
    char *text = json_dumps(o, JSON_COMPACT);
    int r = text ? 0 : -ENOMEM;

    (void)client;
    if (r == 0 && !await_want(h, AWAIT_COMMAND, due_ms))
        r = -ENOBUFS;
    if (r == 0) {
        a->ticket = ++h->awaits.last_ticket;
        r = source_command(h->source, a->ticket, bytes_str(text), due_ms);
        if (r != 0)
            a->need = AWAIT_NOTHING;
    }
    if (text)
        crypto_wipe(text, strlen(text));
    free(text);
    return r == 0 ? NULL : source_refused(r);
}

void await_commanded(struct host *h, uint32_t ticket, int r, struct bytes reply)
{
    struct awaiting *a = await_find(h, AWAIT_COMMAND, ticket);
    json_t *said = NULL;

    if (!a)
        return;
    if (r == 0)
        said = json_loadb((const char *)reply.data, reply.len, JSON_REJECT_DUPLICATES, NULL);
    if (r == 0 && (!json_is_object(said) || !json_is_boolean(json_object_get(said, "ok")))) {
        json_decref(said);
        said = NULL;
        r = -EBADMSG;
    }
    if (said)
        (void)json_object_del(said, "more"); /* one reply is all there is */
    ops_reply_now(h, a->client, said ? said : source_refused(r));
    await_drop(a);
}
