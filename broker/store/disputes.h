/* SPDX-License-Identifier: Apache-2.0 */
/* disputes.h - that holders of parental responsibility disagree about a person and purpose, as
 * lodged, found by the subject's tokens, and by id. What a dispute stops is policy. */
#pragma once
#include "store/store.h"
#include "wire/msg.h"

struct dispute_record {
    struct id id;
    char lodger[64];
    struct msg_dispute dispute;
    bool lifted;       /* by an officer */
    int32_t lifted_on; /* civil day; CIVIL_NONE while it stands */
    uint64_t leaf;     /* index of the leaf that recorded it */
};
/* Over a record of the same id: the whole record anew; another lodger's is never overwritten
 * (-EEXIST). Sticky errors in t; -EINVAL a subject that could never be found (consents_findable).
 */
void disputes_put(struct store_txn *t, const struct dispute_record *r);
ALM_MUST_USE int disputes_get(struct store_txn *t, const struct id *id, struct dispute_record *out);
/* Each once, in order of id, lifted ones too, whose tokens share an indexed token with the
 * subject's, for this purpose ("" any); the caller matches. Return: 0; visit's negative; -errno. */
typedef int disputes_visit(void *ctx, const struct dispute_record *r);
ALM_MUST_USE int disputes_about(struct store_txn *t, const struct token_set *subject,
                                const char *purpose, disputes_visit *visit, void *ctx);
