/* SPDX-License-Identifier: Apache-2.0 */
/* bare.h - what went to the broker without a signature, for as long as it may still be asked for.
 *
 * The policy may change while a query is on its way, and somebody may have to answer by hand where no
 * signature was wanted: such a message comes back refused as unsigned, is signed and goes again. Queries
 * hold tokens: each is wiped when its reply has come, and after BARE_MS at the latest. Threads: one loop. */
#pragma once
#include "base/bytes.h"
#include "base/id.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BARE_MAX 256   /* as many as a holder has Questions under way; the oldest goes first */
#define BARE_MS  30000 /* after which nobody refuses it any more */

struct bare { /* zeroed is empty */
    struct bare_sent {
        struct id id;
        int64_t until_ms;
        struct buf frame; /* empty: none */
    } sent[BARE_MAX];
    size_t next;
    int64_t last_ms; /* until when a refusal may be of one that was sent bare; 0 never */
};
/* frame: as it went. Not kept where memory is short: its refusal is then told to whoever asked. now_ms: monotonic. */
void bare_note(struct bare *b, const struct id *id, struct bytes frame, int64_t now_ms);
/* Moves the frame to the end of out, and forgets it. Return: whether there was one, and it could be. */
bool bare_take(struct bare *b, const struct id *id, struct buf *out);
/* Its reply has come. An id that is not there is none of ours. */
void bare_done(struct bare *b, const struct id *id);
void bare_expire(struct bare *b, int64_t now_ms);
/* Whether a refusal may be of something that was sent bare, though it is kept no longer. */
bool bare_recently(const struct bare *b, int64_t now_ms);
void bare_wipe(struct bare *b); /* all of it; it is empty then */
