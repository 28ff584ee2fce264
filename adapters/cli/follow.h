/* SPDX-License-Identifier: Apache-2.0 */
/* follow.h - follows a stream: prints each event, or gives it to a command, and then says it is
 * done. */
#pragma once
#include <jansson.h>

struct command_line;
/* The verb `stream follow`. Return: an exit code. */
int follow_run(const struct command_line *c);
/* One event as people read it (event_print.c). */
void event_print(const json_t *event);
