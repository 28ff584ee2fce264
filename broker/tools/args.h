/* SPDX-License-Identifier: Apache-2.0 */
/* args.h - the officers' commands' options, as one table; what a command does not list is refused
 * by name. */
#pragma once
#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARGS_SIGNERS_MAX  4
#define ARGS_OPERANDS_MAX 6
#define ARGS_REDACT_MAX   200 /* as many as a reading records */
#define ARGS_ROWS_MAX     160
#define ARGS_WITNESSES_MAX 16

struct args {
    const char *config, *control, *officers;                       /* where the broker is */
    const char *officer[ARGS_SIGNERS_MAX], *key[ARGS_SIGNERS_MAX]; /* pairs, in order */
    size_t n_officers, n_keys;
    const char *curve, *sign, *public_file, *reason, *save, *vkey, *head_vkey, *input, *head, *format, *to;
    const char *agency, *event, *since, *until; /* filters */
    const char *purpose, *role, *question;      /* filters of policies, or a request */
    /* a made-up request */
    const char *subject, *relationship, *stated, *shield, *consent, *at, *basis, *override;
    const char *acknowledged;
    const char *tokens; /* a file: tokens_file.h */
    const char *witness[ARGS_WITNESSES_MAX]; /* verifier keys, or files */
    size_t n_witness;
    int64_t witnesses; /* -1: all of them */
    const char *rule, *shield_agreed;
    const char *cause, *review; /* of an erasure; of a hold */
    const char *safe_contact, *redact[ARGS_REDACT_MAX]; /* of the report to a family */
    size_t n_redact;
    int64_t n, from, count, leaf, days, each; /* -1: not given */
    bool json, help, follow, active, csv, coverage, opened, also_prohibitions;
    const char *operands[ARGS_OPERANDS_MAX]; /* command words first */
    size_t n_operands;
    bool given[ARGS_ROWS_MAX]; /* by row of the table */
};
/* Prints what is wrong. Return: 0 or EX_USAGE. Environment: ALMONER_CONFIG, ALMONER_OFFICER with
 * ALMONER_OFFICER_KEY. */
ALM_MUST_USE int args_read(int argc, char **argv, struct args *out);
/* Every option given must be one of the space-separated names. Return: NULL, or the first that is
 * not. */
const char *args_not_in(const struct args *a, const char *names);
/* Prints a line for each of the names. */
void args_help(const char *names);
