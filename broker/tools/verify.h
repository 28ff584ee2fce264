/* SPDX-License-Identifier: Apache-2.0 */
/* verify.h - is this log whole and unaltered up to a signed head? Recomputes every leaf hash from
 * its octets, and the root.
 *
 * Independent of the broker: reads no store, trusts only the verifier key it is given. Source: RFC
 * 9162 section 2.1.1, C2SP tlog-checkpoint, broker/store/ledger.h ("leaf entry = version u8 1 ||
 * nonce 32 || SHA-256(clear) || SHA-256(sealed)"). Threads: one verification belongs to one thread.
 */
#pragma once
#include "base/attr.h"
#include "tree/note.h"
#include "tree/tree.h"
#include <jansson.h>
#include <stdbool.h>

#define VERIFY_WHY_MAX 256

struct verify {
    struct checkpoint head;    /* signed, checked by verify_begin */
    struct tree_frontier tree; /* over the leaves seen; tree.size is the next one wanted */
    char why[VERIFY_WHY_MAX];  /* after -EBADMSG: a sentence for people */
    bool bad;                  /* the first bad leaf is known */
    uint64_t bad_leaf;         /* it; where tiles are bad: the first leaf under what is */
    bool continues;            /* the log must continue `earlier` */
    struct checkpoint earlier; /* a head that somebody kept */
    uint64_t erased;           /* leaves whose sealed part is gone, as retention has it */
};
/* Checks the head's signature by this key and its origin. Return: 0; -EBADMSG with why. */
ALM_MUST_USE int verify_begin(struct verify *v, struct bytes note, const struct note_key *key);
/* A head kept from earlier, signed by the same key, which this log must continue: after
 * verify_begin. Return: 0; -EBADMSG with why (also where the log is now smaller). */
ALM_MUST_USE int verify_continues(struct verify *v, struct bytes note, const struct note_key *key);
/* After each leaf, with the tree as it is then: is it still the one that was kept? Return: 0;
 * -EBADMSG; -errno. */
ALM_MUST_USE int verify_grown(struct verify *v, const struct tree_frontier *tree);
/* The next exported row: {"leaf":N,"clear":base64,"sealed":base64,"nonce":base64}, with
 * "sealed_hash" instead of "sealed" where the sealed part was erased; leaves past the head are
 * passed over. Return: 0; -EBADMSG a leaf is missing, out of order or malformed; -errno. */
ALM_MUST_USE int verify_row(struct verify *v, const json_t *row);
/* Return: 0 every leaf before the head is there and the root is the signed one; -EBADMSG; -errno.
 */
ALM_MUST_USE int verify_end(struct verify *v);
/**
 * verify_tiles() - a whole export in tiles (bundle.h), after verify_begin
 * @progress: called after each bundle with the leaves done; may be NULL
 * Names the first leaf or tile that is bad. Memory: one bundle and a tile a level. Return: 0;
 * -EBADMSG with why; -errno.
 */
ALM_MUST_USE int verify_tiles(struct verify *v, const char *folder,
                              void (*progress)(void *ctx, uint64_t leaves), void *ctx);
