/* SPDX-License-Identifier: Apache-2.0 */
/* say.h - a reply, or what went wrong, to whoever ran the command. Each returns the exit code. */
#pragma once
#include <jansson.h>

struct command_line;
/* In words on standard error, or as the error object of --json. word: stable. */
int say_failed(const struct command_line *c, int code, const char *word, const char *message);
int say_call_failed(const struct command_line *c, int r); /* r: of local_ask */
/* Prints a reply, also one whose "ok" is false. Takes "more" out of it. */
int say_reply(const struct command_line *c, json_t *reply);
