/* SPDX-License-Identifier: Apache-2.0 */
/* bare.c - a ring of frames by their ids. */
#include "lib/bare.h"

#include "base/crypto.h"
#include "wire/wire.h"

#include <string.h>

static void sent_wipe(struct bare_sent *s)
{
    if (!s->frame.len)
        return;
    crypto_wipe(s->frame.data, s->frame.len);
    buf_deinit(&s->frame);
    *s = (struct bare_sent){ 0 };
}

static struct bare_sent *sent_find(struct bare *b, const struct id *id)
{
    for (size_t i = 0; i < BARE_MAX; i++) {
        if (b->sent[i].frame.len && id_equal(&b->sent[i].id, id))
            return &b->sent[i];
    }
    return NULL;
}

void bare_note(struct bare *b, const struct id *id, struct bytes frame, int64_t now_ms)
{
    struct bare_sent *s = sent_find(b, id); /* an answer told again is the same one */

    if (!s) {
        s = &b->sent[b->next];
        b->next = (b->next + 1) % BARE_MAX;
    }
    sent_wipe(s);
    s->id = *id;
    s->until_ms = b->last_ms = now_ms + BARE_MS;
    buf_init(&s->frame, WIRE_FRAME_MAX);
    buf_put(&s->frame, frame.data, frame.len);
    if (buf_status(&s->frame) != 0)
        sent_wipe(s);
}

bool bare_take(struct bare *b, const struct id *id, struct buf *out)
{
    struct bare_sent *s = sent_find(b, id);

    if (!s)
        return false;
    buf_put(out, s->frame.data, s->frame.len);
    sent_wipe(s);
    return buf_status(out) == 0;
}

void bare_done(struct bare *b, const struct id *id)
{
    struct bare_sent *s = sent_find(b, id);

    if (s)
        sent_wipe(s);
}

void bare_expire(struct bare *b, int64_t now_ms)
{
    if (!b->last_ms)
        return;
    for (size_t i = 0; i < BARE_MAX; i++) {
        if (b->sent[i].until_ms <= now_ms)
            sent_wipe(&b->sent[i]);
    }
    if (b->last_ms <= now_ms)
        b->last_ms = 0;
}

bool bare_recently(const struct bare *b, int64_t now_ms)
{
    return b->last_ms > now_ms;
}

void bare_wipe(struct bare *b)
{
    for (size_t i = 0; i < BARE_MAX; i++)
        sent_wipe(&b->sent[i]);
    *b = (struct bare){ 0 };
}
