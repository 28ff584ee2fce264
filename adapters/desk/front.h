/* SPDX-License-Identifier: Apache-2.0 */
/* front.h - `almoner desk`: what a person at the desk types. Each returns an exit code of sysexits.h. */
#pragma once
#include "desk/client.h"
#include <stdbool.h>
#include <stdio.h>

/* print.c */
int print_failed(const json_t *reply, bool as_json); /* of a reply whose "ok" is false */
void print_questions(const json_t *reply);
void print_more(const json_t *reply);    /* that more wait than one reply holds */
void print_unknown(const json_t *reply); /* how many are asked about who are not on the list */
void print_question(const json_t *question);
void print_statements(const json_t *reply);
void print_statement(const json_t *reply); /* of a list: the one that holds, or that there is none */

/* terminal.c: one question after another, answered in the terminal, until the input ends. */
int terminal_run(const struct desk_client *c, FILE *in);

/* form.c: the page on 127.0.0.1, until SIGINT or SIGTERM. port 0: any that is free. */
int form_run(const struct desk_client *c, int port);
