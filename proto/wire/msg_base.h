/* SPDX-License-Identifier: Apache-2.0 */
/* msg_base.h - what all messages are made of: the limits of texts and lists, and one home. */
#pragma once
#include "base/bytes.h"
#include "base/clock.h"
#include "base/id.h"
#include "match/token.h"

#define WIRE_FRAME_MAX 65536 /* bytes of one frame, envelope included */
#define NAME_MAX_LEN 64      /* an id: agency, purpose, question, role, gateway, practitioner reference; with NUL */
#define TEXT_MAX_LEN 512     /* a line for people, with NUL */
#define HOMES_MAX 24
#define SCOPE_MAX 64   /* agencies named in one list of a consent */
#define INVOLVED_MAX 96 /* entries of an Involvement reply */
#define LIST_MAX 32    /* entries of a page of a list */

typedef char name_t[NAME_MAX_LEN];
typedef char text_t[TEXT_MAX_LEN];

struct msg_home { /* a present or former home of the subject: a TOKEN_HOME and when */
    struct token token;
    int32_t from, until; /* civil days; until is the first day no longer there, CIVIL_NONE: still */
};
