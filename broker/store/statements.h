/* SPDX-License-Identifier: Apache-2.0 */
/* statements.h - what families say of what is said of them: kept sealed, by the person's tokens, for
 * the report to the family and officers' report about the person. */
#pragma once
#include "store/store.h"
#include "wire/msg_rights.h"

struct statement_record {
    struct id id;
    char lodger[64];
    struct msg_statement statement;
    int32_t lodged_on;
    int64_t lodged_ms;
    uint64_t leaf;
};
/* Of another's id: -EEXIST; of nobody who can be found: -EINVAL. Sticky errors in t. */
void statements_put(struct store_txn *t, const struct statement_record *r);
/* Return: 0; -ENOENT; -EBADMSG; -errno. */
ALM_MUST_USE int statements_get(struct store_txn *t, const struct id *id, struct statement_record *out);
/* Of everybody who shares a token with the subject: the caller compares (match/token.h). visit: 0 go on, 1 stop, negative fail.
 * Return: 0 or what failed. */
typedef int statements_visit(void *ctx, const struct statement_record *r);
ALM_MUST_USE int statements_about(struct store_txn *t, const struct token_set *subject, statements_visit *visit, void *ctx);
void statements_erase(struct store_txn *t, const struct id *id);
