/* SPDX-License-Identifier: Apache-2.0 */
/* overrides.h - overrides with their approval, review and veto as stored, found by the subject's
 * tokens, by id, and, until they are reviewed, by agency. Plain records; what they permit is
 * policy. */
#pragma once
#include "store/store.h"
#include "wire/msg.h"

struct override_record {
    struct id id;
    char agency[64]; /* the requester's */
    name_t practitioner, role, purpose, gateway;
    struct msg_override override;
    int64_t requested_ms;
    int64_t from_ms, until_ms; /* in force from <= now < until; 0: never came into force */
    int64_t review_due_ms;     /* 0: nothing to review */
    uint64_t leaf;             /* index of the leaf that recorded it */
    uint8_t approval;          /* enum approval_decision; 0: nobody has decided */
    char approver[64];         /* agency */
    name_t approver_ref;
    int64_t approved_ms;
    text_t approval_reason; /* why it was approved or refused, for officers */
    bool vetoed;
    uint8_t finding; /* enum finding; 0: not reviewed */
    char reviewer[64];
    name_t reviewer_ref;
    int64_t reviewed_ms;
    text_t review_reason;
};
/* Over a record of the same id: the whole record anew. Sticky errors in t; -EINVAL a subject that
 * could never be found (ask consents_findable first). */
void overrides_put(struct store_txn *t, const struct override_record *r);
ALM_MUST_USE int overrides_get(struct store_txn *t, const struct id *id,
                               struct override_record *out);
typedef int overrides_visit(void *ctx, const struct override_record *r);
/* Each record once, in order of id, whose tokens share an indexed token with the subject's; the
 * caller matches. Return: 0; visit's negative; -errno. */
ALM_MUST_USE int overrides_about(struct store_txn *t, const struct token_set *subject,
                                 overrides_visit *visit, void *ctx);
/* An agency's that came into force and are not reviewed, in order of leaf. Return: as above. */
ALM_MUST_USE int overrides_unreviewed(struct store_txn *t, const char *agency,
                                      overrides_visit *visit, void *ctx);
/* Does its agency's list of those have it exactly if it is one of them? A failure counts as no, and is
 * sticky in t. */
bool overrides_listed(struct store_txn *t, const struct override_record *r);
