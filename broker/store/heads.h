/* SPDX-License-Identifier: Apache-2.0 */
/* heads.h - signed heads with their witnesses' lines, and what each witness has signed last.
 *
 * A head is in TABLE_HEADS under its size, as ledger_head_put left it, with the cosignature lines that
 * came since. Which of them enough witnesses have signed, and when whom was heard, is in TABLE_META. */
#pragma once
#include "store/registry.h"
#include "store/store.h"
#include "tree/cosign.h"

#define HEADS_WITNESS_PREFIX "witness/" /* of TABLE_META, and the agency */

struct head_witness { /* one witness's newest line */
    char agency[REGISTRY_ID_MAX];
    uint64_t size;  /* of the head that it signed */
    int64_t at_ms;  /* when it came, by the core's clock: Unix ms */
    int64_t said_s; /* when it was signed, as the witness says: Unix seconds */
    char vkey[NOTE_VKEY_MAX]; /* under which key */
};
void heads_witness_put(struct store_txn *t, const struct head_witness *w);
/* Return: 0; -ENOENT it has signed nothing yet; -EBADMSG; -errno. */
ALM_MUST_USE int heads_witness_get(struct store_txn *t, const char *agency, struct head_witness *out);
/* Appends the note of the head of this size. Return: 0; -ENOENT; -EBADMSG; -errno. */
ALM_MUST_USE int heads_get(struct store_txn *t, uint64_t size, struct buf *note);
/* Which head is the newest that enough witnesses have signed. */
void heads_witnessed_put(struct store_txn *t, uint64_t size);
void heads_witnessed_drop(struct store_txn *t); /* the policy asks for none */
/* That head, appended to note. Return: 0; -ENOENT none; -EBADMSG; -errno. */
ALM_MUST_USE int heads_witnessed(struct store_txn *t, uint64_t *size, struct buf *note);
