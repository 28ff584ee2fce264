/* SPDX-License-Identifier: Apache-2.0 */
/* officer.h - what the officers' commands share: where the broker is, who signs, changes, and
 * tables for people.
 *
 * Functions here that return int return an exit code of sysexits.h (0 done) and have said on
 * standard error what is wrong and what to do. */
#pragma once
#include "args.h"
#include "base/attr.h"
#include "base/bytes.h"
#include "base/crypto.h"
#include <jansson.h>
#include <stdbool.h>

#define ORIGIN_MAX      128
#define SOCKET_PATH_MAX 108
#define ID_TEXT_MAX     64 /* an agency's, officer's or practitioner's id with NUL */

struct officer_session {
    const struct args *args;
    const char *command; /* "policy check", for messages */
    char control[SOCKET_PATH_MAX], officers[SOCKET_PATH_MAX];
    char keys_dir[1024]; /* "" unknown */
    char origin[ORIGIN_MAX];
    uint8_t mode; /* 1 live, 2 exercise; 0 not known yet */
};
/* "almoner policy check: ..." on standard error. Return: code. */
ALM_PRINTF(3, 4) int officer_fail(const struct officer_session *s, int code, const char *fmt, ...);
/* Finds the sockets from --control/--officers, else the configuration; reads mode and origin from
 * it too. */
ALM_MUST_USE int session_init(struct officer_session *s, const struct args *args,
                              const char *command);
/* Mode and origin, from the configuration, else by asking the core. */
ALM_MUST_USE int session_identity(struct officer_session *s);
/* One request on the control socket; new reference in *reply, only when it was ok. */
ALM_MUST_USE int session_ask(const struct officer_session *s, const json_t *request, int timeout_ms,
                             json_t **reply);
/* The same for a request that is its op alone. */
ALM_MUST_USE int session_ask_op(const struct officer_session *s, const char *op, int timeout_ms,
                                json_t **reply);
/* Turns a failed call (-errno) or a refusing reply into words and an exit code; 0 when rc is 0 or 1
 * and the reply is ok. */
ALM_MUST_USE int session_judge(const struct officer_session *s, const char *socket, int rc,
                               const json_t *reply);
/* An id: 1 to 63 of [a-z0-9._-], starting with a letter or digit. */
ALM_MUST_USE int officer_check_id(const struct officer_session *s, const char *what,
                                  const char *id);
/* A line of base64 that holds an Ed25519 public key (NAME.pub). */
ALM_MUST_USE int officer_read_public(const struct officer_session *s, const char *path,
                                     char out[static 45]);
/* Ed25519 over label 0x00 mode u8-length origin text, base64. key_path: a private seed file. */
ALM_MUST_USE int officer_sign(const struct officer_session *s, const char *label, const char *text,
                              const char *key_path, char out[static 89]);
/* "--since" and the like, into a query under its name; NULL: nothing. */
ALM_MUST_USE int officer_put_day(const struct officer_session *s, json_t *q, const char *key,
                                 const char *day);

/* reply.c: the version of what lists and states say as JSON: another number when a field changes its
 * meaning or goes; fields may be added. */
#define REPLY_SCHEMA "almoner/officer/1"
void print_json(const json_t *o);
/* {"ok":false,"error","message","exit"}, unless a verdict was printed already; with what was added to
 * it, which is taken. */
void print_failure(int code, const char *message);
void failure_add(const char *key, json_t *value);
/* Each on standard error, and as "errors" of the failure that is told next. */
struct conf_errors;
void print_errors(const struct officer_session *s, const struct conf_errors *e);
void reply_print(json_t *reply); /* with its schema */
const char *reply_text(const json_t *o, const char *key); /* "" none */
json_int_t reply_number(const json_t *o, const char *key); /* 0 none */
/* What an op says: as JSON, else as print has it. */
int reply_show(const struct officer_session *s, const char *op, int timeout_ms,
               void (*print)(const json_t *reply));
/* A reply that has a list under this key, else it is refused; new reference. */
ALM_MUST_USE int reply_list(const struct officer_session *s, const char *op, const char *key,
                            json_t **reply);
/* What an op lists under a key: as JSON, the sentence where the list is empty, else as print has the
 * reply. */
int reply_show_list(const struct officer_session *s, const char *op, const char *key,
                    const char *nothing, void (*print)(const json_t *reply));

/* change.c: a change needs `needs` signatures; fields is taken. Builds, signs, then submits or
 * saves; *reply may be NULL. */
ALM_MUST_USE int change_run(struct officer_session *s, const char *kind, unsigned needs,
                            json_t *fields);
int command_change_sign(struct officer_session *s);
int command_change_show(struct officer_session *s);
int command_change_submit(struct officer_session *s);

/* registry.c */
int command_agency_add(struct officer_session *s);
int command_agency_list(struct officer_session *s);
int command_agency_show(struct officer_session *s);
int command_agency_suspend(struct officer_session *s);
int command_agency_resume(struct officer_session *s);
int command_agency_revoke(struct officer_session *s);
int command_practitioner_suspend(struct officer_session *s);
int command_practitioner_resume(struct officer_session *s);
int command_officer_add(struct officer_session *s);
int command_officer_list(struct officer_session *s);
int command_officer_suspend(struct officer_session *s);
int command_shield_lift(struct officer_session *s);
int command_override_veto(struct officer_session *s);
int command_dispute_lift(struct officer_session *s);
int command_exercise_day(struct officer_session *s);
int command_status(struct officer_session *s);

/* deliveries.c */
void print_streams(const json_t *streams); /* as the core's status has them; accepts NULL */
int command_dead_list(struct officer_session *s);
int command_dead_requeue(struct officer_session *s);

int command_tokens_status(struct officer_session *s); /* tokens.c */

/* retention.c */
int command_hold_add(struct officer_session *s);
int command_hold_list(struct officer_session *s);
int command_hold_lift(struct officer_session *s);
int command_erase(struct officer_session *s);
int command_retention_status(struct officer_session *s);
int command_retention_run(struct officer_session *s);

/* policy.c */
int command_policy_check(struct officer_session *s);
int command_policy_activate(struct officer_session *s);
int command_policy_show(struct officer_session *s);
int command_policy_matrix(struct officer_session *s); /* policy_matrix.c */
int command_policy_diff(struct officer_session *s);   /* policy_diff.c */
int command_policy_explain(struct officer_session *s);
int command_policy_test(struct officer_session *s);
int command_policy_replay(struct officer_session *s);
int command_policy_init(struct officer_session *s);
int command_explain(struct officer_session *s); /* explain_reason.c */

/* audit.c */
int command_audit_list(struct officer_session *s);
int command_audit_tail(struct officer_session *s);
int command_audit_show(struct officer_session *s);
int command_audit_export(struct officer_session *s);
int command_audit_verify(struct officer_session *s);
int command_audit_prove(struct officer_session *s); /* prove.c */
int command_stats(struct officer_session *s); /* stats.c */

/* report.c */
int command_report_person(struct officer_session *s);
int command_report_practitioner(struct officer_session *s);
int command_report(struct officer_session *s); /* the others, by their name */
int command_report_protocols(struct officer_session *s); /* report_protocols.c */
int command_report_family(struct officer_session *s);    /* report_family.c */
int command_audit_witnesses(struct officer_session *s);  /* witnesses.c */
void status_witnesses(const json_t *status);
int command_audit_recalls(struct officer_session *s);    /* recalls.c */
int command_backup(struct officer_session *s);     /* backup.c */
int command_backup_key(struct officer_session *s); /* backup.c */

/* A table for people: cells are copied; control characters become '?'. */
#define TABLE_COLUMNS 8
struct table;                                                         /* opaque: table.c */
struct table *table_new(size_t n_columns, const char *const *titles); /* NULL without memory */
void table_row(struct table *t, const char *const *cells); /* n_columns cells; NULL is "" */
void table_print(struct table *t);                         /* and frees it; accepts NULL */
/* One text as it may go to a terminal, up to size. Return: out. */
const char *printable(const char *text, char *out, size_t size);
