/* SPDX-License-Identifier: Apache-2.0 */
/* scan.c - a lexer of libconfig's comments, strings, names and numbers; it builds nothing. It
 * follows libconfig 1.5's lib/scanner.l: what that would take for an @include or an integer, this
 * must too. */
#include "scan.h"

#include "base/file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

struct scan { /* over all files of a run */
    struct conf_errors *e;
    const char *dir;
    size_t n_bytes, n_files;
    bool fatal; /* libconfig must not see this */
};

struct scan_text { /* one file */
    struct scan *all;
    const char *path;
    const char *at, *end;
    unsigned line, include_depth, nesting;
    bool line_blank; /* nothing but blanks so far: an @include may stand here */
};

static int scan_file(struct scan *all, const char *path, unsigned include_depth, struct buf *text);

#define SCAN_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define SCAN_DIGITS  "0123456789"

static bool scan_in(char c, const char *set)
{
    return c && strchr(set, c);
}

/* Length of the run of characters of set at p. The text ends in a NUL, so strspn stops in time. */
static size_t scan_run(const char *p, const char *set)
{
    return strspn(p, set);
}

static void scan_refuse(struct scan_text *t, const char *what)
{
    conf_fail_at(t->all->e, t->path, t->line, "%s", what);
    t->all->fatal = true;
}

/* Each line by itself: a newline is never part of a longer UTF-8 sequence. Return: whether all are
 * good. */
static bool scan_encoding(struct scan_text *t, struct bytes whole)
{
    bool good = true;

    for (t->line = 1; whole.len; t->line++) {
        const uint8_t *newline = memchr(whole.data, '\n', whole.len);
        size_t len = newline ? (size_t)(newline - whole.data) : whole.len;
        bool nul = len && memchr(whole.data, 0, len);

        if (nul || !utf8_valid(whole.data, len)) {
            scan_refuse(t, nul ? "NUL byte in the text" : "the text is not valid UTF-8");
            good = false;
        }
        len += newline ? 1 : 0;
        whole = bytes_of(whole.data + len, whole.len - len);
    }
    t->line = 1;
    return good;
}

static void scan_line_comment(struct scan_text *t)
{
    while (t->at < t->end && *t->at != '\n')
        t->at++;
}

static void scan_block_comment(struct scan_text *t)
{
    unsigned opened = t->line;

    for (t->at += 2; t->at < t->end; t->at++) {
        if (*t->at == '\n')
            t->line++;
        if (t->at[0] == '*' && t->at[1] == '/') {
            t->at += 2;
            return;
        }
    }
    conf_fail_at(t->all->e, t->path, opened, "a comment is opened here and never closed");
    t->all->fatal = true;
}

static void scan_string(struct scan_text *t)
{
    unsigned opened = t->line;

    for (t->at++; t->at < t->end; t->at++) {
        if (*t->at == '\n')
            t->line++;
        if (*t->at == '"') {
            t->at++;
            return;
        }
        if (t->at[0] == '\\' && (t->at[1] == '"' || t->at[1] == '\\'))
            t->at++;
        else if (strncmp(t->at, "\\x00", 4) == 0)
            scan_refuse(t, "NUL character in a string");
    }
    conf_fail_at(t->all->e, t->path, opened, "a string is opened here and never closed");
    t->all->fatal = true;
}

/* Digits of the base as a number no larger than max. Return: false when it is larger. */
static bool scan_fits(const char *digits, size_t n, unsigned base, uint64_t max)
{
    uint64_t v = 0;

    for (size_t i = 0; i < n; i++) {
        char c = digits[i];
        unsigned digit = c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a') + 10;

        if (v > (max - digit) / base)
            return false;
        v = v * base + digit;
    }
    return true;
}

static void scan_check_range(struct scan_text *t, const char *start, const char *digits, size_t n,
                             unsigned base, bool is_long)
{
    bool negative = *start == '-';
    uint64_t max = (is_long ? (uint64_t)INT64_MAX : (uint64_t)INT32_MAX) + (negative ? 1 : 0);

    if (!scan_fits(digits, n, base, max))
        conf_fail_at(t->all->e, t->path, t->line,
                     is_long ? "integer out of range: it does not fit in 64 bits"
                             : "integer out of range: it does not fit in 32 bits");
}

/* A number: integers are range-checked, the rest is libconfig's to judge. */
static void scan_number(struct scan_text *t)
{
    const char *start = t->at, *p = start + (*start == '+' || *start == '-' ? 1 : 0), *digits;
    bool hex = p == start && p[0] == '0' && (p[1] == 'x' || p[1] == 'X');
    size_t n;

    digits = hex ? p + 2 : p;
    n = scan_run(digits, hex ? SCAN_DIGITS "abcdefABCDEF" : SCAN_DIGITS);
    p = digits + n;
    if (!hex && (*p == '.' || *p == 'e' || *p == 'E')) {
        p += scan_run(p, SCAN_DIGITS ".eE");
        if ((p[-1] == 'e' || p[-1] == 'E') && (*p == '+' || *p == '-'))
            p += 1 + scan_run(p + 1, SCAN_DIGITS);
    } else if (n) {
        scan_check_range(t, start, digits, n, hex ? 16 : 10, *p == 'L');
        p += scan_run(p, "L");
    }
    t->at = p > start ? p : start + 1;
}

int scan_join(const char *dir, const char *name, char *out, size_t out_size)
{
    bool here = strcmp(dir, ".") == 0;
    int n = snprintf(out, out_size, "%s%s%s", here ? "" : dir, here ? "" : "/", name);

    return n >= 0 && (size_t)n < out_size ? 0 : -ENOSPC;
}

/* After "@include". The path is relative to all->dir, quoted, and without escapes. */
static void scan_include(struct scan_text *t)
{
    ALM_CLEANUP(buf_deinit) struct buf text = { 0 };
    char name[PATH_MAX], path[PATH_MAX];
    const char *quote;
    size_t len;

    t->at += strlen("@include");
    t->at += scan_run(t->at, " \t");
    len = *t->at == '"' ? strcspn(t->at + 1, "\"\\\n") : 0;
    quote = t->at + 1 + len;
    if (*t->at != '"' || len == 0 || *quote != '"' || len >= sizeof(name)) {
        scan_refuse(t, "@include wants the name of a file in double quotes, without backslashes");
        scan_line_comment(t);
        return;
    }
    memcpy(name, t->at + 1, len);
    name[len] = '\0';
    t->at = quote + 1;
    if (name[0] == '/' || scan_join(t->all->dir, name, path, sizeof(path)) < 0) {
        scan_refuse(t, "@include wants a path relative to the folder of the first file");
        return;
    }
    if (t->include_depth >= SCAN_INCLUDE_DEPTH) {
        scan_refuse(t, "@include within @include goes too deep (a file that includes itself?)");
        return;
    }
    buf_init(&text, SCAN_BYTES_MAX);
    /* An unreadable file is reported at the @include, where the mistake is. */
    switch (scan_file(t->all, path, t->include_depth + 1, &text)) {
    case 0:
        break;
    case -EISDIR:
        conf_fail_at(t->all->e, t->path, t->line, "@include of a folder: %s", path);
        t->all->fatal = true;
        break;
    case -E2BIG:
        scan_refuse(t, "too much is included");
        break;
    default:
        conf_fail_at(t->all->e, t->path, t->line, "@include cannot read %s", path);
        t->all->fatal = true;
        break;
    }
}

static void scan_nest(struct scan_text *t)
{
    if (scan_in(*t->at, "({[")) {
        t->nesting++;
        if (t->nesting == SCAN_NESTING_MAX + 1)
            scan_refuse(t, "brackets are nested too deep");
    } else if (t->nesting) {
        t->nesting--;
    }
    t->at++;
}

static void scan_stray_at(struct scan_text *t)
{
    scan_refuse(t, "'@' may only start an @include at the beginning of a line");
    t->at++;
}

/* One token, or one character between tokens. */
static void scan_step(struct scan_text *t)
{
    bool blank = t->line_blank;
    char c = *t->at;

    t->line_blank = c == '\n' || (blank && (c == ' ' || c == '\t'));
    if (c == '\n')
        t->line++;
    if (c == '#' || (c == '/' && t->at[1] == '/'))
        scan_line_comment(t);
    else if (c == '/' && t->at[1] == '*')
        scan_block_comment(t);
    else if (c == '"')
        scan_string(t);
    else if (c == '@' && blank && strncmp(t->at, "@include", 8) == 0)
        scan_include(t);
    else if (scan_in(c, SCAN_LETTERS "*"))
        t->at += scan_run(t->at, SCAN_LETTERS SCAN_DIGITS "-_*");
    else if (scan_in(c, SCAN_DIGITS "+-."))
        scan_number(t);
    else if (scan_in(c, "({[)}]"))
        scan_nest(t);
    else if (c == '@')
        scan_stray_at(t);
    else
        t->at++;
}

/* Return: 0 scanned, whatever was found; -errno when it could not be read. */
static int scan_file(struct scan *all, const char *path, unsigned include_depth, struct buf *text)
{
    struct scan_text t = {
        .all = all, .path = path, .line = 1, .include_depth = include_depth, .line_blank = true
    };
    struct bytes whole;
    int r;

    if (all->n_files == SCAN_FILES_MAX)
        return -E2BIG;
    r = file_read(path, SCAN_BYTES_MAX - all->n_bytes, text);
    if (r < 0)
        return r;
    all->n_files++;
    all->n_bytes += buf_view(text).len;
    buf_put_u8(text, 0);
    r = buf_status(text);
    if (r < 0)
        return r;
    text->len--;
    whole = buf_view(text);
    if (!scan_encoding(&t, whole))
        return 0; /* the lexer below relies on text without NUL */
    t.at = (const char *)whole.data;
    t.end = t.at + whole.len;
    while (t.at < t.end)
        scan_step(&t);
    return 0;
}

int scan_files(const char *path, const char *dir, struct conf_errors *e, struct buf *text)
{
    struct scan all = { .e = e, .dir = dir };
    int r = scan_file(&all, path, 0, text);

    if (r == -ENOMEM)
        return r;
    if (r < 0) {
        conf_fail_at(e, path, 0, "cannot be read: %s",
                     r == -E2BIG ? "it is too large" : strerror(-r));
        return -EINVAL;
    }
    return all.fatal ? -EINVAL : 0;
}
