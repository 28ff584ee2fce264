/* SPDX-License-Identifier: Apache-2.0 */
/* keyring.c - holds ring, fetching and book together, and turns them with the loop. */
#include "host/keyring.h"

#include "base/clock.h"
#include "base/log.h"
#include "host/book_key.h"
#include "host/carry.h"
#include "host/ops.h"

#include <errno.h>
#include <string.h>
#include <sysexits.h>

#define TOKENS_MS 8000 /* a command waits so long for the key holder */

/* --- opening --- */
static int prepare_request(void *ctx, struct msg *m)
{
    return session_prepare(((struct host *)ctx)->session, MSG_TOKEN_REQUEST, m);
}

static int send_request(void *ctx, const struct msg *m)
{
    return session_send(((struct host *)ctx)->session, m);
}

int keyring_open(struct host *h)
{
    const struct fetch_setup fetch = { h, prepare_request, send_request };
    const char *path = h->config.tokens;
    struct ring_setup ring = { .agency = h->config.agency,
                               .dir = h->config.tokens,
                               .hmac = h->config.has_token ? &h->config.token.key : NULL,
                               .hmac_epoch = h->config.token.epoch,
                               .hmac_next = h->config.has_token_next ? &h->config.token_next : NULL,
                               .hmac_next_epoch = (uint16_t)h->config.next_epoch };
    int r = fetch_new(&fetch, &h->fetch);

    ring.fetch = h->fetch;
    if (r == 0)
        r = ring_new(&ring, &h->ring);
    if (r == 0) {
        path = h->config.lodged;
        r = book_open(path, &h->book);
    }
    if (r == 0) {
        h->serving = *ring_serving(h->ring);
        book_key_step(h, 0);
        return EX_OK;
    }
    log_error("folder-not-opened", "path=%s text=%s", LOG_Q(path), LOG_Q(strerror(-r)));
    return EX_CANTCREAT;
}

void keyring_close(struct host *h)
{
    h->ring = ring_free(h->ring);
    h->fetch = fetch_free(h->fetch);
    h->book = book_close(h->book);
    secret_wipe(&h->book_key);
    book_subject_wipe(&h->lodging);
}

int keyring_index_new(void *ctx, struct index **out)
{
    return ring_index_new(((struct host *)ctx)->ring, out);
}

/* --- the policy --- */
void keyring_learnt(void *ctx)
{
    struct host *h = ctx;
    const struct msg_catalogue_epoch *epochs;
    size_t n = session_epochs(h->session, &epochs);
    int r = ring_update(h->ring, epochs, n, source_index(h->source),
                        source_index_coming(h->source));

    h->serving = *ring_serving(h->ring);
    if (r < 0)
        log_error("token-keys-failed", "error=%s", LOG_Q(strerror(-r)));
    if (r > 0)
        source_load(h->source, clock_mono_ms()); /* identifiers are not kept: rows tell them again */
}

/* --- the loop --- */
static bool connected(const struct host *h)
{
    enum session_state s = session_state(h->session);

    return s == SESSION_READY || s == SESSION_LEARNING;
}

/* What commands wait for has come, or nobody waits: then what was typed is forgotten. */
static void commands_step(struct host *h)
{
    const struct tokens_key *k = ring_current(h->ring);

    if (k->memo && memo_n_open(k->memo) == 0)
        await_come(h, AWAIT_TOKENS);
    if (!awaits_any(&h->awaits) && !pendings_any_steps(&h->pendings))
        ring_forget(h->ring);
}

bool keyring_step(struct host *h, int64_t now_ms)
{
    bool more = fetch_step(h->fetch, now_ms, h->begun && connected(h));

    ring_step(h->ring, now_ms, source_index(h->source), source_index_coming(h->source));
    book_key_step(h, now_ms);
    commands_step(h);
    return carry_step(h) || more;
}

int64_t keyring_due_ms(const struct host *h, int64_t now_ms)
{
    int64_t wait = fetch_wait_ms(h->fetch, now_ms);
    bool soon = ring_wanting(h->ring) || !book_unlocked(h->book);

    if (soon && (wait < 0 || wait > 100))
        wait = 100; /* what is wanted may be taken by a batch that has come free */
    return wait < 0 ? INT64_MAX : now_ms + wait;
}

bool keyring_reply(struct host *h, const struct msg *m)
{
    return fetch_reply(h->fetch, m, clock_mono_ms());
}

void keyring_lost(struct host *h)
{
    fetch_lost(h->fetch, clock_mono_ms());
}

void keyring_prune(struct host *h)
{
    int32_t day = host_day(h);

    if (day != CIVIL_NONE)
        book_prune(h->book, day);
}

/* --- the book --- */
static const uint8_t kinds[] = {
    [MSG_CONSENT] = RETOKEN_CONSENT,   [MSG_SHIELD] = RETOKEN_SHIELD,
    [MSG_CONCERN] = RETOKEN_CONCERN,   [MSG_REFERRAL] = RETOKEN_REFERRAL,
    [MSG_WATCH] = RETOKEN_WATCH,       [MSG_DISPUTE] = RETOKEN_DISPUTE,
    [MSG_WITHDRAWAL] = RETOKEN_WITHDRAWAL,
};

static int32_t record_until(const struct msg *m)
{
    return m->type == MSG_SHIELD    ? m->shield.until
           : m->type == MSG_CONCERN ? m->concern.expires_on
           : m->type == MSG_WATCH   ? m->watch.until
                                    : CIVIL_NONE;
}

static bool record_has_home(const struct msg *m)
{
    return (m->type == MSG_CONCERN && m->concern.has_household) ||
           (m->type == MSG_REFERRAL && m->referral.has_household) ||
           (m->type == MSG_WATCH && m->watch.has_household);
}

int keyring_note(struct host *h)
{
    const struct msg *m = h->out;
    uint8_t kind = m->type < ALM_LEN(kinds) ? kinds[m->type] : 0;

    if (!kind || !h->lodging.has_subject || (m->type == MSG_WITHDRAWAL && m->withdrawal.has_consent))
        return 0;
    if (!book_unlocked(h->book))
        return -EAGAIN;
    h->lodging.had_home = record_has_home(m);
    return book_note(h->book, &m->id, kind, record_until(m), ring_current(h->ring), &h->lodging);
}

void keyring_rehome(struct host *h, const struct id *watch, const struct asked_home *home)
{
    int r = book_rehome(h->book, watch, home);

    if (r != 0 && r != -ENOENT)
        log_error("book-not-written", "error=%s", LOG_Q(strerror(-r)));
}

/* What a message of ours ended, once the broker has it. */
static const struct id *record_ended(const struct msg *m)
{
    if (m->type == MSG_WITHDRAWAL && m->withdrawal.has_consent)
        return &m->withdrawal.consent;
    if (m->type == MSG_CONCERN_CHANGE && m->concern_change.withdraw)
        return &m->concern_change.concern;
    if (m->type == MSG_WATCH_CHANGE && m->watch_change.end)
        return &m->watch_change.watch;
    return NULL;
}

static bool sent_read(struct host *h, const struct id *id)
{
    ALM_CLEANUP(buf_deinit) struct buf frame;
    struct wire_envelope e;
    uint8_t type = 0;

    buf_init(&frame, WIRE_FRAME_MAX);
    if (outbox_frame(h->outbox, id, &type, &frame) != 0 ||
        (type != MSG_WITHDRAWAL && type != MSG_CONCERN_CHANGE && type != MSG_WATCH_CHANGE))
        return false;
    return wire_open(buf_view(&frame), &e) == WIRE_OK && wire_decode(e.body, h->seen) == WIRE_OK;
}

void keyring_settled(struct host *h, const struct id *id, const struct msg *said)
{
    const struct id *ended;

    if (carry_settled(h, id, said))
        return;
    if (said->type == MSG_REFUSAL) {
        book_end(h->book, id); /* it never was a record */
        return;
    }
    if (!sent_read(h, id))
        return;
    ended = record_ended(h->seen);
    if (ended)
        book_end(h->book, ended);
}

/* --- commands --- */
json_t *keyring_late(const struct host *h)
{
    const char *why = !connected(h)                 ? session_text(h->session)
                      : fetch_text(h->fetch)[0]     ? fetch_text(h->fetch)
                      : ring_text(h->ring)[0]       ? ring_text(h->ring)
                                                    : "the key holder did not make them in time";

    return local_error("no-tokens", EX_TEMPFAIL,
                       "match tokens could not be made, so nothing was asked or lodged: %s", why);
}

json_t *keyring_wait(struct host *h)
{
    bool unusable = ring_text(h->ring)[0] && !ring_current(h->ring)->scheme;

    if (!connected(h) || unusable || /* a next key that we lack stops nobody's work today */
        !await_want(h, AWAIT_TOKENS, clock_mono_ms() + TOKENS_MS))
        return keyring_late(h);
    return local_error("no-tokens", EX_TEMPFAIL, "match tokens are under way");
}

json_t *keyring_json(const struct host *h)
{
    static const char *const states[] = { "", "current", "next", "previous" };
    const struct index *x = source_index(h->source);
    bool is_next;
    const struct tokens_key *next = ring_carry_to(h->ring, &is_next);
    struct book_counts n = book_count(h->book, next ? next->scheme : 0, next ? next->epoch : 0);
    struct ring_view views[RING_MAX];
    size_t n_views = ring_view(h->ring, views);
    json_t *keys = json_array();

    for (size_t i = 0; i < n_views; i++) {
        const struct ring_view *v = &views[i];
        struct index_progress p = { 0, 0 };

        if (x)
            p = index_progress(x, v->key);
        (void)json_array_append_new(
            keys, json_pack("{s:s, s:i, s:s, s:b, s:b, s:I, s:I}", "scheme",
                            v->scheme == TOKEN_OBLIVIOUS ? "oblivious" : "hmac", "epoch",
                            (int)v->epoch, "state", v->state <= 3 ? states[v->state] : "", "usable",
                            v->usable, "ready", x && index_ready(x, v->key), "indexed",
                            (json_int_t)p.done, "of", (json_int_t)p.all));
    }
    return json_pack("{s:o, s:s, s:I, s:I, s:I, s:I, s:b}", "keys", keys, "text",
                     ring_text(h->ring)[0] ? ring_text(h->ring) : fetch_text(h->fetch), "fetched",
                     (json_int_t)fetch_count(h->fetch).values, "records", (json_int_t)n.records,
                     "carried", (json_int_t)(next ? n.carried : 0), "lost", (json_int_t)n.lost,
                     "carrying",
                     next && (is_next || n.carried < n.records));
}
