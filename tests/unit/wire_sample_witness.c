/* SPDX-License-Identifier: Apache-2.0 */
/* wire_sample_witness.c - one good message of every type that goes between the broker and its
 * witnesses. */
#include "wire_sample_parts.h"
#include <string.h>

static const uint8_t sample_note[COSIGN_HEAD_MAX] = "a note";

static void sample_cosign(struct msg *m, bool full)
{
    struct msg_cosign *c = &m->cosign;

    sample_body(m, full, false);
    if (!full)
        return; /* which is your newest? */
    c->note = bytes_of(sample_note, sizeof(sample_note));
    c->old_size = UINT64_MAX;
    c->n_proof = COSIGN_PROOF_MAX;
    for (int i = 0; i < COSIGN_PROOF_MAX; i++)
        memset(c->proof[i], i + 1, sizeof(c->proof[i]));
}

static void sample_cosignature(struct msg *m, bool full)
{
    struct msg_cosignature *c = &m->cosignature;

    sample_body(m, full, true);
    m->in_reply_to = sample_id(2);
    c->status = full ? COSIGN_SIGNED : COSIGN_REFUSED;
    c->size = full ? UINT64_MAX : 0;
    if (full)
        c->note = bytes_of(sample_note, sizeof(sample_note));
}

static void (*const sample_makers[])(struct msg *m, bool full) = {
    [MSG_COSIGN] = sample_cosign,
    [MSG_COSIGNATURE] = sample_cosignature,
};

void (*sample_witness(uint8_t type))(struct msg *m, bool full)
{
    return type < ALM_LEN(sample_makers) ? sample_makers[type] : NULL;
}
