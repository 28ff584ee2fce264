/* SPDX-License-Identifier: Apache-2.0 */
/* session.h - the conversation with the broker: Hello, Welcome, Catalogue, Leases, and the outbox
 * emptied in the background.
 *
 * Owns the connection and makes it again with back-off; stores what is delivered before it
 * acknowledges it; knows nothing of people, rows or the local socket. Threads: one loop. */
#pragma once
#include "base/attr.h"
#include "base/crypto.h"
#include "lib/ages.h"
#include "lib/inbox.h"
#include "lib/outbox.h"
#include "lib/wire.h"
#include "wire/wire.h"

/*  WAITING --open--> CONNECTING --up--> GREETING --welcome--> LEARNING --catalogue--> READY
 *     ^  ^               | lost            | lost, refused        | lost                 | lost
 *     |  +---------------+-----------------+----------------------+----------------------+
 *     +-- REFUSED (the broker refused our Hello; tried again after a longer while)
 *  STOPPED: another mode or origin than ours. Never left: the adapter ends. */
enum session_state {
    SESSION_WAITING = 0,
    SESSION_CONNECTING,
    SESSION_GREETING,
    SESSION_LEARNING,
    SESSION_READY,
    SESSION_REFUSED,
    SESSION_STOPPED,
    SESSION_STATE_COUNT
};
const char *session_state_word(enum session_state s);

struct catalogue { /* what the broker offers; borrowed, good until the next step */
    size_t n_questions, n_purposes;
    const struct msg_catalogue_question *questions;
    const struct msg_catalogue_purpose *purposes;
};
struct session_events { /* called from session_step */
    void *ctx;
    void (*question)(void *ctx, const struct msg *m); /* MSG_QUESTION */
    void (*reply)(void *ctx, const struct msg *m); /* in reply to one of ours: Insight, Involvement,
                                                      ConsentList, Receipt, Refusal, Busy ... */
    /* A Receipt or Refusal of something in the outbox, before the outbox forgets it. NULL: none of
     * one's business. */
    /* Return: whether a refused one stays in the outbox, to be made anew (session_relodge) under its id. */
    bool (*settled)(void *ctx, const struct id *id, const struct msg *m);
    void (*lost)(void *ctx); /* the connection went: what is not in the outbox gets no reply */
    void (*learnt)(void *ctx); /* a whole catalogue has come. NULL: none of one's business */
    /* MSG_TOKEN_REQUEST. NULL: we are no key holder, and it is dropped. */
    void (*token_request)(void *ctx, const struct msg *m);
    /* MSG_COSIGN: judged at once, the answer written into reply, which begins zeroed. NULL: we are no
     * witness, and say so. */
    void (*cosign)(void *ctx, const struct msg_cosign *ask, struct msg_cosignature *reply);
};
struct session_setup { /* borrowed for the session's life */
    const char *agency, *address;
    struct wire_context context; /* mode and origin that we are set up for */
    const char *origin_before; /* NULL or "": none. What the outbox holds signed for it is signed anew */
    struct channel_keys keys;
    const struct secret *sign;
    struct outbox *outbox;
    struct inbox *inbox; /* NULL: what is delivered is left with the broker */
    const struct recalls *recalls; /* NULL: what is taken back lies in the inbox alone */
    struct session_events events;
};
struct session; /* opaque: session.c */
ALM_MUST_USE int session_new(const struct session_setup *setup, struct session **out);
struct session *session_free(struct session *s);

#define SESSION_FDS CHANNEL_FDS
size_t session_poll_fds(const struct session *s, struct pollfd fds[static SESSION_FDS]);
int session_wait_ms(const struct session *s,
                    int64_t now_ms); /* until session_step has something to do by itself */
void session_step(struct session *s, int64_t now_ms); /* now_ms: monotonic */

enum session_state session_state(const struct session *s);
/* Connected far enough that queries get answers. */
bool session_ready(const struct session *s);
/* For people: what state it is in and what to do, one line. */
const char *session_text(const struct session *s);
int32_t
session_civil_day(const struct session *s); /* the broker's; CIVIL_NONE until a first Welcome */
const char *session_policy(const struct session *s);
uint32_t session_deadline_ms(const struct session *s);
struct catalogue session_catalogue(const struct session *s);
/* Epochs of match tokens in use, as the policy in force has them; borrowed likewise. Return: how
 * many; 0 while none were told. */
size_t session_epochs(const struct session *s, const struct msg_catalogue_epoch **out);
const struct msg_catalogue_question *session_question(const struct session *s,
                                                      const char *id); /* or NULL */
/* Ages of consent as the policy in force has them; the usual ones while it has told none.
 * AGES_CAPACITIES. */
const struct ages_rule *session_ages(const struct session *s);
const struct msg_catalogue_purpose *session_purpose(const struct session *s, const char *id);

/* An id, our name and the time: before a message is filled in. Return: 0 or -EIO. */
ALM_MUST_USE int session_prepare(const struct session *s, uint8_t type, struct msg *m);
/* Sends at once: queries and answers. Return: 0; -ENOTCONN; -EAGAIN; -EINVAL something in it breaks
 * a bound; -errno. */
ALM_MUST_USE int session_send(struct session *s, const struct msg *m);
/* Likewise; purpose: what it is for where it does not say so itself, as an Answer. A query, and an answer
 * that nobody gave by hand, goes without a signature where the catalogue says that the purpose's may;
 * refused for that, it is signed and sent once more, and nobody is told. */
ALM_MUST_USE int session_send_for(struct session *s, const struct msg *m, const char *purpose);
/* Durable: signed, into the outbox, sent when it can be. Return: 0 accepted; as outbox_put;
 * -EINVAL. */
ALM_MUST_USE int session_lodge(struct session *s, const struct msg *m);
/* Likewise in the place of one that lies there under the same id. Return: as above; -ENOENT none does. */
ALM_MUST_USE int session_relodge(struct session *s, const struct msg *m);
