/* SPDX-License-Identifier: Apache-2.0 */
/* out.c - what leaves after the commit, and not before: frames are encoded into one buffer and
 * handed to the gates together, from where they lie. */
#include "stages.h"

#include <errno.h>
#include <stdlib.h>

int out_init(struct out *o)
{
    buf_init(&o->bytes, OUT_BYTES_MAX);
    o->n = 0;
    o->entries = calloc(OUT_ENTRIES, sizeof(*o->entries));
    return o->entries ? 0 : -ENOMEM;
}

void out_deinit(struct out *o)
{
    buf_deinit(&o->bytes);
    free(o->entries);
    o->entries = NULL;
}

void out_reset(struct out *o)
{
    buf_reset(&o->bytes);
    o->n = 0;
}

/* What was encoded from at on, with r, is one more frame. */
static int out_encoded(struct out *o, uint16_t slot, uint64_t ref, size_t at, int r)
{
    if (r < 0) {
        o->bytes.len = at;
        o->bytes.status = 0;
        return r;
    }
    o->entries[o->n++] =
        (struct out_entry){ .agency = slot, .ref = ref, .at = at, .len = o->bytes.len - at };
    return 0;
}

int out_put(struct core *c, uint16_t slot, const struct msg *m, uint64_t ref)
{
    struct out *o = &c->out;
    size_t at = o->bytes.len;

    if (o->n == OUT_ENTRIES)
        return -ENOSPC;
    return out_encoded(o, slot, ref, at, wire_encode(m, &c->set.wire, NULL, &o->bytes));
}

int out_put_as(struct core *c, uint16_t slot, size_t entry, const struct id *id, uint64_t ref)
{
    struct out *o = &c->out;
    size_t at = o->bytes.len;
    struct bytes frame;

    if (o->n == OUT_ENTRIES)
        return -ENOSPC;
    if (entry >= o->n)
        return -EINVAL;
    frame = bytes_of(o->bytes.data + o->entries[entry].at, o->entries[entry].len);
    return out_encoded(o, slot, ref, at, wire_encode_as(frame, id, &o->bytes));
}

static void out_send_one(struct core *c, const struct out_entry *e)
{
    const struct agency *a = &c->agencies.slots[e->agency];
    struct pair_msg m = { .type = PAIR_OUT,
                          .ref = e->ref,
                          .frame = bytes_of(c->out.bytes.data + e->at, e->len) };

    if (a->gate == GATE_NONE || !c->gates[a->gate].pair ||
        text_copy(m.agency, sizeof(m.agency), a->reg.id))
        return;
    if (pair_lend(c->gates[a->gate].pair, &m))
        c->gates[a->gate].dropped++; /* a slow gate harms only itself */
}

void out_send(struct core *c)
{
    for (size_t i = 0; i < c->out.n; i++)
        out_send_one(c, &c->out.entries[i]);
    if (c->out.n)
        gates_flush(c); /* it is done with what was lent: the buffer is free again */
    out_reset(&c->out);
}
