/* SPDX-License-Identifier: Apache-2.0 */
/* log.h - operators' log: logfmt lines on standard error. For operators; the audit is for the law.
 *
 * A line: ts=... level=... proc=core event=gate-ready key=value ... Each event id is explained in
 * deploy/EVENTS.md. Never a payload, name, key, token or rejected value: agency and correlation ids only. */
#pragma once
#include "base/attr.h"

enum log_level { LOG_DEBUG = 1, LOG_INFO, LOG_WARN, LOG_ERROR };
void log_init(const char *proc, enum log_level least); /* proc: borrowed for ever */
/* fmt is the rest of the line, already key=value pairs ("" for none); values with spaces or quotes via
 * LOG_Q. Longer than about a kilobyte is cut; control characters become '?'. errno is kept. */
void log_line(enum log_level level, const char *event, const char *fmt, ...) ALM_PRINTF(3, 4);
#define log_info(event, ...) log_line(LOG_INFO, event, __VA_ARGS__)
#define log_warn(event, ...) log_line(LOG_WARN, event, __VA_ARGS__)
#define log_error(event, ...) log_line(LOG_ERROR, event, __VA_ARGS__)
#define LOG_QUOTE_MAX 192 /* bytes with quotes and NUL; longer text is cut */
/* A value in double quotes, '"' and '\\' escaped. Return: out. */
const char *log_quote(char out[static LOG_QUOTE_MAX], const char *text);
/* For an argument of log_line: event-name, "path=%s", LOG_Q(path). */
#define LOG_Q(text) log_quote((char[LOG_QUOTE_MAX]){ 0 }, (text))
