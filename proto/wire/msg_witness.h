/* SPDX-License-Identifier: Apache-2.0 */
/* msg_witness.h - a signed head of the broker's log to its witnesses, and what they say of it. */
#pragma once
#include "wire/msg_base.h"

#define COSIGN_PROOF_MAX 66   /* hashes of a consistency proof: tree/tree.h's TREE_PROOF_MAX */
#define COSIGN_HASH_LEN  32   /* bytes of one */
#define COSIGN_HEAD_MAX  4096 /* bytes of a head: tree/cosign.h's COSIGN_NOTE_MAX */

enum cosign_status {
    COSIGN_SIGNED = 1, /* note is the cosignature line */
    COSIGN_CONFLICT,   /* it holds another head than old_size says, or none: note is the one that it holds */
    COSIGN_REFUSED,    /* it will not sign this one: not continued, not its log, no witness at all; note likewise */
};

struct msg_cosign { /* broker -> adapter of a witness; answered with Cosignature */
    struct bytes note;   /* a signed head; view. Absent: "which is your newest?" */
    uint64_t old_size;   /* of the head that the witness is taken to hold; 0: none, or not known */
    uint16_t n_proof;
    uint8_t proof[COSIGN_PROOF_MAX][COSIGN_HASH_LEN]; /* RFC 9162 section 2.1.4, from old_size */
};
struct msg_cosignature { /* adapter -> broker; in_reply_to the Cosign */
    uint8_t status;    /* enum cosign_status */
    uint64_t size;     /* leaves of the newest head that it holds by now; 0: none */
    struct bytes note; /* a cosignature line, or the head that it holds with the log's signature; view */
};
