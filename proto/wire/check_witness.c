/* SPDX-License-Identifier: Apache-2.0 */
/* check_witness.c - the rules between fields of what goes between the broker and its witnesses. What a
 * note says is for whoever opens it. */
#include "wire/check.h"

/* tlog-witness: "The proof MUST be empty if the old size is zero". */
enum wire_fault check_cosign(const struct msg *m)
{
    const struct msg_cosign *c = &m->cosign;

    if (!c->note.len && (c->old_size || c->n_proof))
        return WIRE_MISSING_FIELD;
    return c->n_proof && !c->old_size ? WIRE_BAD_VALUE : WIRE_OK;
}

/* A head that is held has leaves, and a witness that says how many shows it. */
enum wire_fault check_cosignature(const struct msg *m)
{
    const struct msg_cosignature *c = &m->cosignature;

    if (c->status == COSIGN_SIGNED && !c->note.len)
        return WIRE_MISSING_FIELD;
    return !c->size == !c->note.len ? WIRE_OK : WIRE_BAD_VALUE;
}
