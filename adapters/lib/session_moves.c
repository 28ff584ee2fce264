/* SPDX-License-Identifier: Apache-2.0 */
/* session_moves.c - the table of a session's states (session.h has the picture). */
#include "lib/session_moves.h"

#define STAY UINT8_MAX
/* clang-format off: a table, one row a line */
static const uint8_t moves[SESSION_STATE_COUNT][SESSION_HAPPENING_COUNT] = {
    /* open, up, welcome, catalogue, lost, refused, mismatch */
    [SESSION_WAITING] = { SESSION_CONNECTING, STAY, STAY, STAY, STAY, STAY, STAY },
    [SESSION_CONNECTING] = { STAY, SESSION_GREETING, STAY, STAY, SESSION_WAITING, STAY, STAY },
    [SESSION_GREETING] = { STAY, STAY, SESSION_LEARNING, STAY, SESSION_WAITING, SESSION_REFUSED,
                           SESSION_STOPPED },
    [SESSION_LEARNING] = { STAY, STAY, STAY, SESSION_READY, SESSION_WAITING, SESSION_REFUSED,
                           STAY },
    [SESSION_READY] = { STAY, STAY, STAY, STAY, SESSION_WAITING, SESSION_REFUSED, STAY },
    [SESSION_REFUSED] = { SESSION_CONNECTING, STAY, STAY, STAY, STAY, STAY, STAY },
    [SESSION_STOPPED] = { STAY, STAY, STAY, STAY, STAY, STAY, STAY },
};
/* clang-format on */
static const char *const words[SESSION_STATE_COUNT] = {
    [SESSION_WAITING] = "waiting",   [SESSION_CONNECTING] = "connecting",
    [SESSION_GREETING] = "greeting", [SESSION_LEARNING] = "learning",
    [SESSION_READY] = "ready",       [SESSION_REFUSED] = "refused",
    [SESSION_STOPPED] = "stopped",
};

const char *session_state_word(enum session_state s)
{
    return (unsigned)s < SESSION_STATE_COUNT ? words[s] : "unknown";
}

bool session_moves(enum session_state from, enum session_happening what, enum session_state *to)
{
    uint8_t next = moves[from][what];

    if (next == STAY)
        return false;
    *to = (enum session_state)next;
    return true;
}
