/* SPDX-License-Identifier: Apache-2.0 */
/* session_moves.h - which state of a session follows which, and on what. */
#pragma once
#include "base/attr.h"
#include "lib/session.h"

enum session_happening {
    ON_OPEN,
    ON_UP,
    ON_WELCOME,
    ON_CATALOGUE,
    ON_LOST,
    ON_REFUSED,
    ON_MISMATCH,
    SESSION_HAPPENING_COUNT
};
/* Return: whether the state changes; *to is then the new one. */
bool session_moves(enum session_state from, enum session_happening what, enum session_state *to);
