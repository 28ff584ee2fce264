/* SPDX-License-Identifier: Apache-2.0 */
/* audit.h - a signed reading of the log through the reader, for audit.c and audit_verify.c. */
#pragma once
#include "officer.h"

/* Told of each row as it comes. Return: 0 to go on, else the exit code to stop with. */
typedef int audit_row(void *ctx, const json_t *row);
/* Signs and sends a query (taken; without "at" and "nonce", which are added); hands on rows; *last
 * (may be NULL) is a new reference to the last reply. timeout_ms is for each message; 0: a minute;
 * negative: for ever. Return: an exit code. */
ALM_MUST_USE int audit_read(struct officer_session *s, json_t *query, int timeout_ms, audit_row *on,
                            void *ctx, json_t **last);
