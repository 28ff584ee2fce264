/* SPDX-License-Identifier: Apache-2.0 */
/* session_own.h - for session.c, session_sign.c and session_views.c alone: what a session holds. */
#pragma once
#include "lib/arrivals.h"
#include "lib/bare.h"
#include "lib/pages.h"
#include "lib/session.h"

struct session {
    struct session_setup setup;
    struct channels *channels;
    struct channel *channel; /* NULL in WAITING, REFUSED, STOPPED */
    enum session_state state;
    int64_t try_ms; /* WAITING, REFUSED: when to open again */
    int64_t backoff_ms;
    int64_t due_ms; /* CONNECTING to LEARNING: given up then */
    int64_t heard_ms, lease_due_ms;
    int64_t outbox_paused_ms; /* the broker is busy until then */
    struct id hello;
    struct msg_welcome welcome;
    int32_t civil_day;
    char policy[65];
    struct pages catalogue, coming;
    char text[TEXT_MAX_LEN];
    int64_t logged_ms; /* when text was last logged */
    struct bytes body; /* of the frame in hand, as received */
    struct arrivals arrivals;
    bool more; /* frames were left for the next step */
    struct bare bare;
    struct msg *in, *out;
    struct buf frame, stored;
};
