/* SPDX-License-Identifier: Apache-2.0 */
/* audit.h - a signed reading of the log through the reader, for audit.c, audit_verify.c and
 * export_tiles.c. */
#pragma once
#include "officer.h"
#include "tree/note.h"

/* Told of each row as it comes. Return: 0 to go on, else the exit code to stop with. */
typedef int audit_row(void *ctx, const json_t *row);
/* Signs and sends a query (taken; without "at" and "nonce", which are added); hands on rows; *last
 * (may be NULL) is a new reference to the last reply. timeout_ms is for each message; 0: a minute;
 * negative: for ever. Return: an exit code. */
ALM_MUST_USE int audit_read(struct officer_session *s, json_t *query, int timeout_ms, audit_row *on,
                            void *ctx, json_t **last);
/* The options that say which leaves, into a query: --agency, --event, --reason, --rule, --basis, ... Return: an exit code. */
ALM_MUST_USE int audit_filters(const struct officer_session *s, json_t *q);
/* audit_verify.c. The verifier key, of --vkey, else of the configuration. Return: an exit code. */
ALM_MUST_USE int audit_key(const struct officer_session *s, struct note_key *out);
/* The newest signed head, appended to note, and how many leaves there are by now. Return: an exit
 * code. */
ALM_MUST_USE int audit_head(struct officer_session *s, struct buf *note, int64_t *leaves);
/* Rows from <= leaf < until with their octets; a new reference. */
json_t *audit_export_query(uint64_t from, uint64_t until);
/* The signed head of an export in tiles. Return: an exit code. */
ALM_MUST_USE int audit_folder_head(const struct officer_session *s, const char *folder,
                                   struct buf *note);
/* Tells how far it is, on standard error, every two seconds after the first two. */
struct audit_progress {
    int64_t began_ms, told_ms;
    uint64_t size;
};
void audit_progress(void *ctx, uint64_t leaves); /* ctx: struct audit_progress */
/* export_tiles.c: `audit export DIR --format tiles`. Return: an exit code. */
ALM_MUST_USE int audit_export_tiles(struct officer_session *s, const char *folder);
