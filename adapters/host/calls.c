/* SPDX-License-Identifier: Apache-2.0 */
/* calls.c - what passes between a command and the broker: queries, lodgings, lists in pages, steps
 * that follow one another, and ids that callers chose. */
#include "base/clock.h"
#include "base/log.h"
#include "host/carry.h"
#include "host/keyring.h"
#include "host/ops.h"
#include "host/reply.h"
#include "host/request.h"

#include <errno.h>
#include <string.h>
#include <sysexits.h>

#define REPLY_GRACE_MS 3000 /* beyond the broker's deadline */
#define RECEIPT_MS     4000 /* a command waits so long for a receipt; then "queued" is the answer */
#define PAGES_MAX      1000 /* of one list: 32,000 entries */

void ops_reply_now(struct host *h, uint64_t client, json_t *reply)
{
    if (!reply)
        reply = local_error("internal", EX_SOFTWARE, "not enough memory");
    local_reply(h->server, client, reply, true);
    json_decref(reply);
}

json_t *ops_missing(const char *what)
{
    return local_error("missing-field", EX_USAGE, "%s", what);
}

json_t *ops_not_connected(const struct host *h)
{
    return local_error("not-connected", EX_TEMPFAIL, "not connected to the broker: %s",
                       session_text(h->session));
}

json_t *ops_send_failed(int r)
{
    switch (r) {
    case -EINVAL:
        return local_error("bad-field", EX_DATAERR,
                           "a field is too long or of the wrong form (a line break in a text?)");
    case -EAGAIN:
        return local_error("busy", EX_TEMPFAIL, "too much is under way to the broker; try again");
    case -ENOTCONN:
        return local_error("not-connected", EX_TEMPFAIL, "not connected to the broker; try again");
    default:
        return local_error("internal", EX_SOFTWARE, "could not be sent: %s", strerror(-r));
    }
}

json_t *ops_prepare(struct host *h, uint8_t type)
{
    if (session_prepare(h->session, type, h->out) != 0)
        return local_error("internal", EX_SOFTWARE, "no randomness for an id");
    if (h->asked_id.has)
        h->out->id = h->asked_id.id;
    return NULL;
}

json_t *ops_query_begin(struct host *h, const json_t *o, const char *const keys[], uint8_t type,
                        bool asking)
{
    json_t *wrong = request_only(o, keys);

    if (wrong)
        return wrong;
    if (!session_ready(h->session))
        return ops_not_connected(h);
    if (host_day(h) == CIVIL_NONE)
        return ops_no_day();
    wrong = ops_prepare(h, type);
    return wrong ? wrong : request_practice(o, asking, h->out);
}

json_t *ops_query(struct host *h, uint64_t client, struct pending **out)
{
    int64_t due = clock_mono_ms() + session_deadline_ms(h->session) + REPLY_GRACE_MS;
    struct pending *p = pending_add(&h->pendings, PENDING_QUERY, &h->out->id, client, due);
    int r;

    if (!p)
        return local_error("busy", EX_TEMPFAIL,
                           "too many questions are waiting for the broker; try again");
    r = session_send(h->session, h->out);
    if (r == 0) {
        *out = p;
        return NULL;
    }
    pending_drop(p);
    return ops_send_failed(r);
}

/* --- lodging --- */
static json_t *lodge_failed(const struct host *h, int r)
{
    switch (r) {
    case -ENOBUFS:
        return local_error("outbox-full", EX_TEMPFAIL,
                           "the outbox holds as many messages as it may (outbox_max = %lld): "
                           "nothing was accepted; reach the broker first",
                           (long long)h->config.outbox_max);
    case -ENOSPC:
    case -EDQUOT:
        return local_error(
            "disk-full", EX_IOERR,
            "the disk with the outbox is full: nothing was accepted; make room and try again");
    case -EINVAL:
        return ops_send_failed(r);
    default:
        return local_error("outbox-failed", EX_IOERR,
                           "the outbox could not be written, nothing was accepted: %s",
                           strerror(-r));
    }
}

/* The message lies in the outbox: its receipt, or that it waits. */
static json_t *lodge_wait(struct host *h, uint64_t client, const struct id *id)
{
    enum session_state state = session_state(h->session);

    if ((state == SESSION_READY || state == SESSION_LEARNING) &&
        pending_add(&h->pendings, PENDING_LODGED, id, client, clock_mono_ms() + RECEIPT_MS))
        return NULL;
    ops_reply_now(h, client, reply_queued(id));
    return NULL;
}

/* "so that a system can repeat safely": keyed, for a plain digest of a name and a birth date could
 * be guessed. */
static int content_of(const struct host *h, const json_t *request, uint8_t out[static SHA256_LEN])
{
    ALM_CLEANUP(secret_wipe) struct secret key;
    char *text = json_dumps(request, JSON_COMPACT | JSON_SORT_KEYS);
    int r;

    if (!text)
        return -ENOMEM;
    r = crypto_derive(&h->config.sign, "almoner/asked/v1", &key);
    if (r == 0)
        r = crypto_hmac(&key, bytes_str(text), out);
    crypto_wipe(text, strlen(text));
    free(text);
    return r;
}

static json_t *reply_known(const struct host *h, const struct id *id,
                           const struct asked_record *rec)
{
    struct msg *m = h->out;

    memset(m, 0, sizeof(*m));
    if (rec->outcome == ASKED_RECEIPTED) {
        m->type = MSG_RECEIPT;
        m->receipt = (struct msg_receipt){ rec->leaf, rec->at_ms };
    } else {
        m->type = MSG_REFUSAL;
        memcpy(m->refusal.reason, rec->reason, sizeof(m->refusal.reason));
        memcpy(m->refusal.text, "refused when it was first sent",
               sizeof("refused when it was first sent"));
    }
    return reply_of(m, id);
}

static json_t *asked_before(struct host *h, uint64_t client, const struct asked_record *rec,
                            bool *answered)
{
    const struct id *id = &h->asked_id.id;

    if (!crypto_equal(rec->content, h->asked_id.content, sizeof(rec->content)))
        return local_error(
            "id-reused", EX_DATAERR,
            "this id was used before for something else; nothing was lodged: choose a new id");
    if (rec->outcome != ASKED_OPEN) {
        *answered = true;
        ops_reply_now(h, client, reply_known(h, id, rec));
        return NULL;
    }
    if (!outbox_has(h->outbox, id))
        return NULL; /* noted, and then something failed: as if it had never been asked */
    *answered = true;
    return lodge_wait(h, client, id);
}

/* What is known of the caller's id. *answered: the client has its answer. */
static json_t *asked_look(struct host *h, uint64_t client, bool *answered)
{
    struct asked_record rec;
    int r = asked_find(h->asked, &h->asked_id.id, &rec);

    *answered = false;
    if (r == 0)
        return asked_before(h, client, &rec, answered);
    if (r != -ENOENT)
        return local_error("outbox-failed", EX_IOERR,
                           "what was asked under this id cannot be read: %s",
                           r == -EBADMSG ? "its file is damaged" : strerror(-r));
    if (outbox_has(h->outbox, &h->asked_id.id))
        return local_error("id-reused", EX_DATAERR,
                           "this id belongs to another message; choose a new one");
    return NULL;
}

json_t *ops_asked(struct host *h, uint64_t client, json_t *request, bool *answered)
{
    json_t *wrong = request_id(request, "id", &h->asked_id.has, &h->asked_id.id);
    int r;

    *answered = false;
    (void)json_object_del(request, "id"); /* the operations need not know it */
    if (wrong || !h->asked_id.has)
        return wrong;
    r = content_of(h, request, h->asked_id.content);
    return r == 0 ? asked_look(h, client, answered) : lodge_failed(h, r);
}

json_t *ops_lodge(struct host *h, uint64_t client)
{
    bool answered = false;
    int r = 0;

    if (h->asked_id.has) { /* again: the same id may have come in another command while this one
                              took its steps */
        json_t *wrong = asked_look(h, client, &answered);

        if (wrong || answered)
            return wrong;
        r = asked_note(h->asked, &h->out->id,
                       h->asked_id.content); /* before the message: never one without it */
    }
    if (r == 0)
        r = keyring_note(h);
    if (r == -EAGAIN)
        return keyring_wait(h);
    if (r == 0) {
        r = session_lodge(h->session, h->out);
        if (r != 0)
            book_end(h->book, &h->out->id);
    }
    return r == 0 ? lodge_wait(h, client, &h->out->id) : lodge_failed(h, r);
}

/* --- steps --- */
struct pending ops_first(const struct host *h, uint64_t client, const json_t *o)
{
    return (struct pending){ .client = client, .request = (json_t *)o, .asked = h->asked_id };
}

json_t *ops_step(struct host *h, const struct pending *of, pending_next *next)
{
    struct pending *p = NULL;
    json_t *wrong = ops_query(h, of->client, &p);

    if (wrong)
        return wrong;
    p->next = next;
    p->how = of->how;
    p->request = json_incref(of->request);
    p->list = json_incref(of->list);
    p->page = of->page;
    p->asked = of->asked;
    memcpy(p->agency, of->agency, sizeof(p->agency));
    return NULL;
}

static pending_next page_came;

static json_t *page_ask(struct host *h, const struct pending *of)
{
    const struct paged *how = of->how;
    struct asked_id kept = h->asked_id;
    json_t *wrong;

    h->asked_id.has = false; /* it is of what will be lodged, not of the queries before */
    wrong = ops_prepare(h, how->query);
    h->asked_id = kept;
    if (!wrong)
        wrong = request_practice(of->request, false, h->out);
    if (wrong)
        return wrong;
    how->ask(h->out, of->page, of->request);
    return ops_step(h, of, page_came);
}

static json_t *page_came(struct host *h, struct pending *p, const struct msg *m)
{
    const struct paged *how = p->how;
    uint16_t pages;

    if (m->type != how->reply)
        return local_error("internal", EX_SOFTWARE, "the broker's reply is of another kind");
    pages = how->add(p->list, m);
    p->page++;
    if (p->page < pages && p->page < PAGES_MAX)
        return page_ask(h, p);
    if (how->whole)
        return how->whole(h, p);
    ops_reply_now(h, p->client,
                  json_pack("{s:b, s:s, s:O}", "ok", 1, "kind", how->kind, how->key, p->list));
    return NULL;
}

json_t *ops_pages(struct host *h, const struct pending *of, const struct paged *how)
{
    struct pending first = *of;
    json_t *wrong;

    if (!session_ready(h->session))
        return ops_not_connected(h);
    first.how = how;
    first.page = 0;
    first.list = json_array();
    if (!first.list)
        return local_error("internal", EX_SOFTWARE, "not enough memory");
    wrong = page_ask(h, &first);
    json_decref(first.list);
    return wrong;
}

/* --- what comes back --- */
static void reply_step(struct host *h, struct pending *p, const struct msg *m)
{
    struct pending mine;
    json_t *wrong;

    pending_take(p, &mine);
    h->asked_id = mine.asked;
    wrong = mine.next(h, &mine, m);
    if (wrong)
        ops_reply_now(h, mine.client, wrong);
    crypto_wipe(h->out, sizeof(*h->out));
    book_subject_wipe(&h->lodging);
    pending_drop(&mine);
}

void ops_reply(void *ctx, const struct msg *m)
{
    struct host *h = ctx;
    struct pending *p;

    if (keyring_reply(h, m))
        return;
    while ((p = pending_find(&h->pendings, &m->in_reply_to)) != NULL) {
        if (p->next && m->type != MSG_REFUSAL && m->type != MSG_BUSY) {
            reply_step(h, p, m);
            continue;
        }
        ops_reply_now(h, p->client, reply_of(m, &p->id));
        pending_drop(p);
    }
}

/* Of referrals our own side is kept too, as it was accepted: their history has two. */
static int keep_sent(struct host *h, const struct id *id)
{
    ALM_CLEANUP(buf_deinit) struct buf frame;
    struct wire_envelope e;
    uint8_t type;
    int r;

    buf_init(&frame, WIRE_FRAME_MAX);
    r = outbox_frame(h->outbox, id, &type, &frame);
    if (r != 0 || (type != MSG_REFERRAL && type != MSG_REFERRAL_UPDATE))
        return r;
    if (wire_open(buf_view(&frame), &e) != WIRE_OK || wire_decode(e.body, h->seen) != WIRE_OK)
        return -EBADMSG;
    return inbox_keep(h->inbox, (uint64_t)h->seen->sent_ms, id, e.body);
}

bool ops_settled(void *ctx, const struct id *id, const struct msg *m)
{
    struct host *h = ctx;
    int r;

    if (carry_anew(h, id, m))
        return true;
    r = asked_settle(h->asked, id, m);

    inbox_release(h->inbox, id);
    keyring_settled(h, id, m);
    if (r == 0 && m->type == MSG_RECEIPT)
        r = keep_sent(h, id);
    if (r != 0)
        log_error("asked-not-kept", "error=%s", LOG_Q(strerror(-r)));
    return false;
}

void ops_lost(void *ctx)
{
    struct host *h = ctx;
    struct pending *p;

    keyring_lost(h);
    while ((p = pending_due(&h->pendings, INT64_MAX)) != NULL) {
        if (p->kind == PENDING_LODGED)
            ops_reply_now(h, p->client, reply_queued(&p->id));
        else
            ops_reply_now(h, p->client, ops_not_connected(h));
        pending_drop(p);
    }
}

int64_t ops_expire(struct host *h, int64_t now_ms)
{
    struct pending *p;

    while ((p = pending_due(&h->pendings, now_ms)) != NULL) {
        if (p->kind == PENDING_LODGED)
            ops_reply_now(h, p->client, reply_queued(&p->id));
        else
            ops_reply_now(h, p->client,
                          local_error("no-answer", EX_TEMPFAIL,
                                      "the broker did not answer in time; ask again"));
        pending_drop(p);
    }
    return pending_next_ms(&h->pendings);
}
