/* SPDX-License-Identifier: Apache-2.0 */
/* session.c - timers, and the messages that belong to the session itself. */
#include "lib/session.h"

#include "base/clock.h"
#include "base/log.h"
#include "lib/session_moves.h"
#include "lib/session_own.h"
#include "lib/session_sign.h"
#include "lib/standing.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANEW_MS 3000 /* a message that is being made anew is sent again */
#define BACKOFF_LEAST_MS 500
#define BACKOFF_MOST_MS  30000
#define REFUSED_MS      10000 /* at least, after a refused Hello: only an officer can change that */
#define GREETING_MS     10000 /* Welcome and the catalogue must have come by then */
#define LEASES_MISSED   3
#define OUTBOX_AGAIN_MS 15000 /* a message without receipt is sent again */
#define OUTBOX_BURST    32    /* messages a step */
#define LOG_AGAIN_MS    60000 /* the same trouble is logged once a minute */
#define SOFTWARE        "almoner/0.1.0"

int session_new(const struct session_setup *setup, struct session **out)
{
    struct session *s = calloc(1, sizeof(*s));
    int r;

    if (!s)
        return -ENOMEM;
    s->setup = *setup;
    s->civil_day = CIVIL_NONE;
    s->arrivals.inbox = setup->inbox;
    s->arrivals.recalls = setup->recalls;
    s->backoff_ms = BACKOFF_LEAST_MS;
    s->in = calloc(1, sizeof(*s->in));
    s->out = calloc(1, sizeof(*s->out));
    buf_init(&s->frame, WIRE_FRAME_MAX);
    buf_init(&s->stored, WIRE_FRAME_MAX);
    (void)snprintf(s->text, sizeof(s->text), "starting");
    r = s->in && s->out ? channels_new(&s->channels) : -ENOMEM;
    if (r != 0) {
        session_free(s);
        return r;
    }
    *out = s;
    return 0;
}

struct session *session_free(struct session *s)
{
    if (!s)
        return NULL;
    channel_close(s->channel);
    channels_free(s->channels);
    pages_deinit(&s->catalogue);
    pages_deinit(&s->coming);
    bare_wipe(&s->bare);
    free(s->in);
    free(s->out);
    buf_deinit(&s->frame);
    buf_deinit(&s->stored);
    free(s);
    return NULL;
}

/* Half of it by chance, so that forty adapters do not come back at the same instant. */
static int64_t backoff_next(struct session *s)
{
    int64_t wait = s->backoff_ms;
    uint16_t chance = 0;

    s->backoff_ms = s->backoff_ms * 2 < BACKOFF_MOST_MS ? s->backoff_ms * 2 : BACKOFF_MOST_MS;
    if (crypto_random(&chance, sizeof(chance)) != 0)
        return wait;
    return wait / 2 + wait / 2 * chance / UINT16_MAX;
}

/* The one place where the state changes. Return: whether it did. */
static bool session_move(struct session *s, enum session_happening what, int64_t now_ms)
{
    enum session_state to;

    if (!session_moves(s->state, what, &to))
        return false;
    log_line(LOG_DEBUG, "session-state", "from=%s to=%s", session_state_word(s->state),
             session_state_word(to));
    s->state = to;
    if (to != SESSION_WAITING && to != SESSION_REFUSED && to != SESSION_STOPPED)
        return true;
    s->channel = channel_close(s->channel);
    pages_deinit(&s->coming);
    bare_wipe(&s->bare);
    s->try_ms = now_ms + backoff_next(s);
    if (to == SESSION_REFUSED && s->try_ms < now_ms + REFUSED_MS)
        s->try_ms = now_ms + REFUSED_MS;
    s->setup.events.lost(s->setup.events.ctx);
    return true;
}

/* What people see in the status, and the log once a minute at most while it stays the same. */
static void session_say(struct session *s, enum log_level level, const char *event,
                        const char *text, int64_t now_ms)
{
    bool same = strcmp(s->text, text) == 0;

    if (same && now_ms - s->logged_ms < LOG_AGAIN_MS)
        return;
    if (!same)
        (void)snprintf(s->text, sizeof(s->text), "%s", text);
    s->logged_ms = now_ms;
    log_line(level, event, "broker=%s text=%s", LOG_Q(s->setup.address), LOG_Q(text));
}

int session_prepare(const struct session *s, uint8_t type, struct msg *m)
{
    memset(m, 0, sizeof(*m));
    m->type = type;
    m->sent_ms = clock_wall_ms();
    if (text_copy(m->sender, sizeof(m->sender), s->setup.agency) != 0)
        return -EINVAL;
    return id_new(m->sent_ms, &m->id);
}

static int session_send_now(struct session *s, const struct msg *m)
{
    int r;

    if (!s->channel)
        return -ENOTCONN;
    r = session_encode(s, m, true);
    return r == 0 ? channel_send(s->channel, buf_view(&s->frame)) : r;
}

static int session_send_bare(struct session *s, const struct msg *m)
{
    int r = session_encode(s, m, false);

    if (r == 0)
        r = channel_send(s->channel, buf_view(&s->frame));
    if (r == 0)
        bare_note(&s->bare, &m->id, buf_view(&s->frame), clock_mono_ms());
    return r;
}

int session_send_for(struct session *s, const struct msg *m, const char *purpose)
{
    if (s->state != SESSION_LEARNING && s->state != SESSION_READY)
        return -ENOTCONN;
    return session_may_be_bare(s, m->type, purpose) ? session_send_bare(s, m) : session_send_now(s, m);
}

int session_send(struct session *s, const struct msg *m)
{
    return session_send_for(s, m, m->purpose);
}

int session_lodge(struct session *s, const struct msg *m)
{
    int r = session_encode(s, m, true);

    return r == 0 ? outbox_put(s->setup.outbox, &m->id, m->type, buf_view(&s->frame)) : r;
}

int session_relodge(struct session *s, const struct msg *m)
{
    int r = session_encode(s, m, true);

    return r == 0 ? outbox_replace(s->setup.outbox, &m->id, m->type, buf_view(&s->frame)) : r;
}

static void session_open(struct session *s, int64_t now_ms)
{
    int r;

    (void)session_move(s, ON_OPEN, now_ms);
    s->due_ms = now_ms + GREETING_MS;
    r = channel_open(s->channels, s->setup.address, &s->setup.keys, &s->channel);
    if (r == 0)
        return;
    session_say(s, LOG_ERROR, "broker-address",
                "the broker's address cannot be used; correct broker.address", now_ms);
    (void)session_move(s, ON_LOST, now_ms);
}

static void session_greet(struct session *s, int64_t now_ms)
{
    int r = session_prepare(s, MSG_HELLO, s->out);

    (void)session_move(s, ON_UP, now_ms);
    if (r == 0) {
        s->hello = s->out->id;
        s->out->hello =
            (struct msg_hello){ WIRE_VERSION, WIRE_VERSION, s->setup.context.mode, SOFTWARE };
        r = session_send_now(s, s->out);
    }
    if (r != 0)
        (void)session_move(s, ON_LOST, now_ms);
}

static void session_lease(struct session *s, int64_t now_ms)
{
    int r = session_prepare(s, MSG_LEASE, s->out);

    s->lease_due_ms = now_ms + s->welcome.lease_ms;
    if (r != 0)
        return;
    s->out->lease.civil_day = CIVIL_NONE; /* day and policy are the broker's to tell */
    r = session_send_now(s, s->out);
    if (r != 0)
        log_warn("lease-not-sent", "error=%s", LOG_Q(strerror(-r)));
}

static void take_day_and_policy(struct session *s, int32_t day, const char policy[static 65])
{
    if (day != CIVIL_NONE && day != s->civil_day) {
        char text[CIVIL_TEXT];

        civil_format(day, text);
        log_info("civil-day", "day=%s", text);
        s->civil_day = day;
    }
    memcpy(s->policy, policy, sizeof(s->policy)); /* msg.h: char[65], NUL-terminated */
}

/* "Origin and mode come in Welcome; an adapter set up for another stops." */
static bool welcome_matches(struct session *s, const struct msg_welcome *w, int64_t now_ms)
{
    char text[TEXT_MAX_LEN];

    if (w->mode == s->setup.context.mode && strcmp(w->origin, s->setup.context.origin) == 0)
        return true;
    (void)snprintf(text, sizeof(text),
                   "the broker is \"%.120s\" in %s mode, but this adapter is set up for \"%.120s\" "
                   "in %s mode; correct origin, mode or broker",
                   w->origin, w->mode == MODE_EXERCISE ? "exercise" : "live",
                   s->setup.context.origin,
                   s->setup.context.mode == MODE_EXERCISE ? "exercise" : "live");
    session_say(s, LOG_ERROR, "broker-mismatch", text, now_ms);
    (void)session_move(s, ON_MISMATCH, now_ms);
    return false;
}

static void on_welcome(struct session *s, const struct msg *m, int64_t now_ms)
{
    const struct msg_welcome *w = &m->welcome;

    if (s->state != SESSION_GREETING || !welcome_matches(s, w, now_ms))
        return;
    s->welcome = *w;
    if (s->welcome.lease_ms < 100)
        s->welcome.lease_ms = 100;
    take_day_and_policy(s, w->civil_day, w->policy);
    s->backoff_ms = BACKOFF_LEAST_MS;
    s->due_ms = now_ms + GREETING_MS;
    s->outbox_paused_ms = 0;
    outbox_all_due(s->setup.outbox);
    arrivals_connected(&s->arrivals);
    (void)session_move(s, ON_WELCOME, now_ms);
    session_lease(s, now_ms);
    if (w->policy[0]) {
        session_say(s, LOG_INFO, "connected", "connected; learning what may be asked", now_ms);
        return;
    }
    (void)session_move(s, ON_CATALOGUE, now_ms); /* nothing in force, nothing to learn */
    session_say(s, LOG_INFO, "connected",
                "connected; no policy is in force at the broker, so nothing can be asked", now_ms);
}

static void on_catalogue(struct session *s, const struct msg *m, int64_t now_ms)
{
    const struct msg_catalogue *c = &m->catalogue;

    if (c->page == 0)
        pages_deinit(&s->coming);
    if (pages_add(&s->coming, c) != 0) {
        log_warn("catalogue-page-dropped", "page=%u expected=%u", c->page, s->coming.next);
        return;
    }
    if (s->coming.next < c->pages)
        return;
    pages_deinit(&s->catalogue);
    s->catalogue = s->coming;
    s->coming = (struct pages){ 0 };
    log_info("catalogue", "questions=%zu purposes=%zu", s->catalogue.n_questions,
             s->catalogue.n_purposes);
    if (s->setup.events.learnt)
        s->setup.events.learnt(s->setup.events.ctx);
    if (session_move(s, ON_CATALOGUE, now_ms) || s->catalogue.n_questions)
        session_say(s, LOG_INFO, "connected", "connected", now_ms);
}

static void on_lease(struct session *s, const struct msg *m, int64_t now_ms)
{
    (void)now_ms;
    take_day_and_policy(s, m->lease.civil_day, m->lease.policy);
}

static void on_question(struct session *s, const struct msg *m, int64_t now_ms)
{
    (void)now_ms;
    s->setup.events.question(s->setup.events.ctx, m);
}

static void on_token_request(struct session *s, const struct msg *m, int64_t now_ms)
{
    (void)now_ms;
    if (s->setup.events.token_request)
        s->setup.events.token_request(s->setup.events.ctx, m);
    else
        log_warn("frame-dropped", "fault=wrong-direction type=%u", m->type);
}

/* Answered from what is on our disk: a broker that asks which head we hold waits for us alone. */
static void on_cosign(struct session *s, const struct msg *m, int64_t now_ms)
{
    int r = session_prepare(s, MSG_COSIGNATURE, s->out);

    (void)now_ms;
    s->out->in_reply_to = m->id;
    s->out->cosignature = (struct msg_cosignature){ .status = COSIGN_REFUSED };
    if (s->setup.events.cosign)
        s->setup.events.cosign(s->setup.events.ctx, &m->cosign, &s->out->cosignature);
    else
        log_warn("cosign-refused", "reason=no-witness");
    if (r == 0)
        r = session_send_now(s, s->out);
    if (r != 0)
        log_warn("cosignature-not-sent", "error=%s", LOG_Q(strerror(-r)));
}

/* Told before the outbox forgets it: killed in between, the broker says the same again. */
static bool session_settled(struct session *s, const struct msg *m)
{
    return s->setup.events.settled && outbox_has(s->setup.outbox, &m->in_reply_to) &&
           s->setup.events.settled(s->setup.events.ctx, &m->in_reply_to, m);
}

static void on_receipt(struct session *s, const struct msg *m, int64_t now_ms)
{
    int r;

    (void)now_ms;
    (void)session_settled(s, m);
    r = outbox_done(s->setup.outbox, &m->in_reply_to);
    if (r != 0 && r != -ENOENT)
        log_error("outbox-not-cleared", "error=%s", LOG_Q(strerror(-r)));
    s->setup.events.reply(s->setup.events.ctx, m);
}

static void on_refused(struct session *s, const struct msg_refusal *r, int64_t now_ms)
{
    const char *what_to_do = standing_advice(r->reason);
    char text[TEXT_MAX_LEN];

    (void)snprintf(text, sizeof(text), "the broker refuses this adapter (%s): %.360s", r->reason,
                   what_to_do ? what_to_do : r->text);
    session_say(s, LOG_ERROR, "adapter-refused", text, now_ms);
    (void)session_move(s, ON_REFUSED, now_ms);
}

static void on_refusal(struct session *s, const struct msg *m, int64_t now_ms)
{
    bool bare = strcmp(m->refusal.reason, "unsigned") == 0 && bare_recently(&s->bare, now_ms);
    bool of_us = !bare && standing_advice(m->refusal.reason) != NULL;

    if (bare && session_sign_after_all(s, &m->in_reply_to))
        return;
    bare_done(&s->bare, &m->in_reply_to);

    if (s->state == SESSION_GREETING && (of_us || id_equal(&m->in_reply_to, &s->hello))) {
        on_refused(s, &m->refusal, now_ms);
        return;
    }
    if (of_us) { /* what lies in the outbox was accepted, and waits until we are well again */
        if (!outbox_has(s->setup.outbox, &m->in_reply_to))
            s->setup.events.reply(s->setup.events.ctx, m);
        on_refused(s, &m->refusal, now_ms);
        return;
    }
    if (outbox_has(s->setup.outbox, &m->in_reply_to)) {
        int r;

        if (session_settled(s, m)) {
            outbox_hold(s->setup.outbox, &m->in_reply_to, now_ms + ANEW_MS);
            return;
        }
        r = outbox_refuse(s->setup.outbox, &m->in_reply_to, m->refusal.reason);

        log_warn("lodging-refused", "reason=%s", m->refusal.reason);
        if (r != 0)
            log_error("outbox-not-cleared", "error=%s", LOG_Q(strerror(-r)));
    }
    s->setup.events.reply(s->setup.events.ctx, m);
}

static void on_busy(struct session *s, const struct msg *m, int64_t now_ms)
{
    int64_t until = now_ms + m->busy.retry_after_ms;

    bare_done(&s->bare, &m->in_reply_to);
    if (s->state == SESSION_GREETING) {
        session_say(s, LOG_WARN, "broker-busy", "the broker is busy; trying again", now_ms);
        (void)session_move(s, ON_LOST, now_ms);
        return;
    }
    if (outbox_has(s->setup.outbox, &m->in_reply_to) || id_is_zero(&m->in_reply_to)) {
        outbox_hold(s->setup.outbox, &m->in_reply_to, until);
        s->outbox_paused_ms = until;
        if (outbox_has(s->setup.outbox, &m->in_reply_to))
            return; /* it stays accepted: nobody needs to do anything */
    }
    s->setup.events.reply(s->setup.events.ctx, m);
}

static void on_reply(struct session *s, const struct msg *m, int64_t now_ms)
{
    (void)now_ms;
    bare_done(&s->bare, &m->in_reply_to);
    s->setup.events.reply(s->setup.events.ctx, m);
}

static void on_deliver(struct session *s, const struct msg *m, int64_t now_ms)
{
    const char *wrong;

    if (s->state != SESSION_LEARNING && s->state != SESSION_READY)
        return; /* the broker keeps it */
    wrong = arrivals_take(&s->arrivals, &m->deliver, s->body, now_ms);
    if (wrong)
        session_say(s, LOG_ERROR, "inbox-stalled", wrong, now_ms);
}

/* Nothing is acknowledged before it is durable; one Ack covers all of a stream's. */
static void session_acknowledge(struct session *s)
{
    struct msg_ack ack = { .seq = 0 };

    if (s->state != SESSION_LEARNING && s->state != SESSION_READY)
        return;
    arrivals_sync(&s->arrivals);
    while (arrivals_ack(&s->arrivals, &ack)) {
        if (session_prepare(s, MSG_ACK, s->out) != 0)
            return;
        s->out->ack = ack;
        if (session_send_now(s, s->out) != 0)
            return; /* tried again with the next step */
        inbox_acked(s->setup.inbox, ack.stream, ack.seq);
    }
}

/* What a broker may say; an empty place is dropped. */
static void (*const session_takes[])(struct session *s, const struct msg *m, int64_t now_ms) = {
    [MSG_WELCOME] = on_welcome,       [MSG_LEASE] = on_lease,
    [MSG_CATALOGUE] = on_catalogue,   [MSG_QUESTION] = on_question,
    [MSG_INSIGHT] = on_reply,         [MSG_INVOLVEMENT] = on_reply,
    [MSG_CONSENT_LIST] = on_reply,    [MSG_RECEIPT] = on_receipt,
    [MSG_REFUSAL] = on_refusal,       [MSG_BUSY] = on_busy,
    [MSG_OVERRIDE_VIEW] = on_reply,   [MSG_DELIVER] = on_deliver,
    [MSG_THRESHOLD_STATE] = on_reply, [MSG_ELIGIBILITY] = on_reply,
    [MSG_REFERRAL_STATE] = on_reply,  [MSG_REFERRAL_LIST] = on_reply,
    [MSG_SEALING_KEYS] = on_reply,    [MSG_STREAM_STATUS] = on_reply,
    [MSG_CORRECTION_LIST] = on_reply,
    [MSG_DUE_LIST] = on_reply,        [MSG_DIRECTORY] = on_reply,
    [MSG_TOKENS] = on_reply,          [MSG_TOKEN_REQUEST] = on_token_request,
    [MSG_COSIGN] = on_cosign,
};

static void session_frame(struct session *s, struct bytes frame, int64_t now_ms)
{
    struct wire_envelope e;
    enum wire_fault f = wire_open(frame, &e);

    if (f == WIRE_OK)
        f = wire_decode(e.body, s->in);
    if (f != WIRE_OK) {
        log_warn("frame-dropped", "fault=%s", wire_fault_word(f));
        return;
    }
    s->heard_ms = now_ms;
    s->body = e.body;
    if (s->in->type < ALM_LEN(session_takes) && session_takes[s->in->type])
        session_takes[s->in->type](s, s->in, now_ms);
    else
        log_warn("frame-dropped", "fault=wrong-direction type=%u", s->in->type);
}

static const struct {
    enum log_level level;
    const char *event, *text;
} session_troubles[] = {
    [CHANNEL_UNREACHABLE] = { LOG_WARN, "broker-unreachable",
                              "the broker cannot be reached; is it running, and is broker.address "
                              "right?" },
    [CHANNEL_NOT_ADMITTED] = { LOG_ERROR, "not-admitted",
                               "the broker does not admit this adapter's key; is the agency "
                               "enrolled with it, and not suspended?" },
    [CHANNEL_WRONG_SERVER] = { LOG_ERROR, "handshake-failed",
                               "the handshake with the broker failed; broker.public_key is most "
                               "likely not this gate's key" },
    [CHANNEL_LOST] = { LOG_WARN, "connection-lost",
                       "the connection to the broker was lost; connecting again" },
};

static void session_watch(struct session *s, int64_t now_ms)
{
    enum channel_event e;

    while (s->channel && (e = channel_event(s->channel)) != CHANNEL_NOTHING) {
        if (e == CHANNEL_UP) {
            session_greet(s, now_ms);
            continue;
        }
        session_say(s, session_troubles[e].level, session_troubles[e].event,
                    session_troubles[e].text, now_ms);
        (void)session_move(s, ON_LOST, now_ms);
    }
}

static void session_receive(struct session *s, int64_t now_ms)
{
    struct bytes frame;
    int r;

    s->arrivals.n = 0;
    while (s->channel && !arrivals_enough(&s->arrivals) &&
           (r = channel_receive(s->channel, &frame)) != -EAGAIN) {
        if (r == 0)
            session_frame(s, frame, now_ms);
        else
            log_warn("frame-dropped", "error=%s", LOG_Q(strerror(-r)));
        if (r != 0 && r != -EBADMSG)
            break;
    }
    s->more = s->channel && arrivals_enough(&s->arrivals);
    session_acknowledge(s);
}

/* What is up but says nothing is not alive. */
static void session_timers(struct session *s, int64_t now_ms)
{
    bool opening = s->state >= SESSION_CONNECTING && s->state <= SESSION_LEARNING;
    bool leased = s->state == SESSION_LEARNING || s->state == SESSION_READY;

    if (opening && now_ms >= s->due_ms) {
        session_say(s, LOG_WARN, "broker-silent",
                    s->state == SESSION_CONNECTING
                        ? "the broker does not answer the handshake; is broker.address a gate, and "
                          "broker.public_key its key?"
                        : "the broker does not answer; trying again",
                    now_ms);
        (void)session_move(s, ON_LOST, now_ms);
        return;
    }
    if (!leased)
        return;
    if (now_ms - s->heard_ms > (int64_t)s->welcome.lease_ms * LEASES_MISSED + 1000) {
        session_say(s, LOG_WARN, "lease-missed", "the broker has gone silent; connecting again",
                    now_ms);
        (void)session_move(s, ON_LOST, now_ms);
        return;
    }
    if (s->arrivals.stalled_ms && now_ms >= s->arrivals.stalled_ms) {
        session_say(s, LOG_INFO, "deliveries-asked-again",
                    "connecting again for what could not be stored", now_ms);
        (void)session_move(s, ON_LOST, now_ms);
        return;
    }
    if (now_ms >= s->lease_due_ms)
        session_lease(s, now_ms);
}

static void session_outbox(struct session *s, int64_t now_ms)
{
    struct id id;

    if ((s->state != SESSION_LEARNING && s->state != SESSION_READY) || now_ms < s->outbox_paused_ms)
        return;
    for (int i = 0; i < OUTBOX_BURST &&
                    outbox_next(s->setup.outbox, now_ms, OUTBOX_AGAIN_MS, &id, &s->stored) == 0;
         i++) {
        int r = session_resign_stored(s);

        if (r == 0)
            r = channel_send(s->channel, buf_view(&s->stored));
        if (r == 0)
            continue;
        outbox_hold(s->setup.outbox, &id, now_ms + 1000);
        s->outbox_paused_ms = now_ms + 1000;
        break;
    }
}

void session_step(struct session *s, int64_t now_ms)
{
    if ((s->state == SESSION_WAITING || s->state == SESSION_REFUSED) && now_ms >= s->try_ms)
        session_open(s, now_ms);
    session_watch(s, now_ms);
    session_receive(s, now_ms);
    session_timers(s, now_ms);
    session_outbox(s, now_ms);
    bare_expire(&s->bare, now_ms);
}

size_t session_poll_fds(const struct session *s, struct pollfd fds[static SESSION_FDS])
{
    return s->channel ? channel_poll_fds(s->channel, fds) : 0;
}

static void sooner(int64_t *least, int64_t wait)
{
    if (wait < 0)
        wait = 0;
    if (*least < 0 || wait < *least)
        *least = wait;
}

int session_wait_ms(const struct session *s, int64_t now_ms)
{
    int64_t least = -1, outbox;

    switch (s->state) {
    case SESSION_WAITING:
    case SESSION_REFUSED:
        sooner(&least, s->try_ms - now_ms);
        break;
    case SESSION_CONNECTING:
    case SESSION_GREETING:
        sooner(&least, s->due_ms - now_ms);
        break;
    case SESSION_LEARNING:
    case SESSION_READY:
        if (s->more)
            return 0;
        sooner(&least, s->lease_due_ms - now_ms);
        if (s->arrivals.stalled_ms)
            sooner(&least, s->arrivals.stalled_ms - now_ms);
        outbox = outbox_wait_ms(s->setup.outbox, now_ms);
        if (outbox >= 0)
            sooner(&least,
                   outbox > s->outbox_paused_ms - now_ms ? outbox : s->outbox_paused_ms - now_ms);
        break;
    case SESSION_STOPPED:
    case SESSION_STATE_COUNT:
        break;
    }
    return least < 0 || least > 60000 ? 60000 : (int)least;
}
