/* SPDX-License-Identifier: Apache-2.0 */
/* log.c - one logfmt line, one write(2): lines of several processes on one standard error do not
 * mix. */
#include "base/log.h"

#include "base/clock.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOG_LINE_MAX                                                                               \
    1024 /* bytes with the newline; below PIPE_BUF, so that a pipe keeps it whole */

static const char *log_proc = "almoner";
static enum log_level log_least = LOG_INFO;

void log_init(const char *proc, enum log_level least)
{
    log_proc = proc;
    log_least = least;
}

static const char *log_level_name(enum log_level level)
{
    static const char *const names[] = {
        [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error"
    };

    return level >= LOG_DEBUG && level <= LOG_ERROR ? names[level] : "error";
}

/* What was printed, of room bytes with NUL, when snprintf says n. */
static size_t log_fitted(int n, size_t room)
{
    if (n < 0)
        return 0;
    return (size_t)n < room ? (size_t)n : room - 1;
}

void log_line(enum log_level level, const char *event, const char *fmt, ...)
{
    int saved = errno;
    char line[LOG_LINE_MAX], when[25];
    size_t len;
    va_list args;

    if (level < log_least)
        return;
    clock_format_utc(clock_wall_ms(), when);
    len = log_fitted(snprintf(line, sizeof(line), "ts=%s level=%s proc=%s event=%s", when,
                              log_level_name(level), log_proc, event),
                     sizeof(line));
    if (fmt[0] && len + 1 < sizeof(line)) {
        line[len++] = ' ';
        va_start(args, fmt);
        len += log_fitted(vsnprintf(line + len, sizeof(line) - len, fmt, args), sizeof(line) - len);
        va_end(args);
    }
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
            line[i] = '?'; /* a value must not be able to start a line of its own */
    }
    line[len++] = '\n';                     /* over the NUL */
    (void)!write(STDERR_FILENO, line, len); /* nowhere to complain to */
    errno = saved;
}

const char *log_quote(char out[static LOG_QUOTE_MAX], const char *text)
{
    size_t at = 0;

    out[at++] = '"';
    for (; *text && at < LOG_QUOTE_MAX - 4; text++) {
        if (*text == '"' || *text == '\\')
            out[at++] = '\\';
        out[at++] = *text;
    }
    out[at++] = '"';
    out[at] = '\0';
    return out;
}
