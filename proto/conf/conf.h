/* SPDX-License-Identifier: Apache-2.0 */
/* conf.h - libconfig text as a read-only tree whose nodes know their file and line.
 *
 * The only user of <libconfig.h>. Reads are strict: a wrong type, an integer out of range (libconfig 1.5
 * wraps silently, so integers are range-checked against the source text), an unknown key, a duplicate
 * key each become an error with file and line, and all errors of a run are gathered. @include is refused
 * for directories. Threads: a tree is immutable once loaded. */
#pragma once
#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf;      /* a parsed file: owns its nodes */
struct conf_node; /* borrowed from its conf */

/* Errors gathered over a whole run, in order, bounded (the 101st is counted, not kept). */
struct conf_errors; /* opaque */
ALM_MUST_USE int conf_errors_new(struct conf_errors **out);
struct conf_errors *conf_errors_free(struct conf_errors *e);
void conf_errors_freep(struct conf_errors **e);
size_t conf_errors_count(const struct conf_errors *e);
/* "path:line: text" of error i, or NULL past the last kept one. */
const char *conf_errors_at(const struct conf_errors *e, size_t i);
/* Adds an error at a node (NULL: no place). Values of secrets must not be quoted in it. */
void conf_fail(struct conf_errors *e, const struct conf_node *at, const char *fmt, ...) ALM_PRINTF(3, 4);
void conf_fail_at(struct conf_errors *e, const char *file, unsigned line, const char *fmt, ...) ALM_PRINTF(4, 5);

/* Loads one file. Syntax errors and unreadable files are added to e. Return: 0, or -EINVAL with at least
 * one error added, or -ENOMEM. */
ALM_MUST_USE int conf_load(const char *path, struct conf_errors *e, struct conf **out);
struct conf *conf_free(struct conf *c);
void conf_freep(struct conf **c);

enum conf_type { CONF_GROUP = 1, CONF_LIST, CONF_STRING, CONF_INT, CONF_BOOL, CONF_FLOAT };
const struct conf_node *conf_root(const struct conf *c);
enum conf_type conf_type_of(const struct conf_node *n); /* arrays and lists are both CONF_LIST */
const char *conf_name(const struct conf_node *n);       /* NULL in lists */
const char *conf_file(const struct conf_node *n);
unsigned conf_line(const struct conf_node *n);
size_t conf_len(const struct conf_node *n); /* children of a group or list */
const struct conf_node *conf_at(const struct conf_node *n, size_t i);
const struct conf_node *conf_child(const struct conf_node *group, const char *name); /* or NULL */
/* Typed reads of a node; on a wrong type or range they add an error and leave *out alone.
 * Return: true when *out was set. */
bool conf_string(const struct conf_node *n, struct conf_errors *e, const char **out);
bool conf_int(const struct conf_node *n, struct conf_errors *e, int64_t min, int64_t max, int64_t *out);
bool conf_bool(const struct conf_node *n, struct conf_errors *e, bool *out);
/* Adds an error, with the nearest known key as a hint, for each child whose name is not in known
 * (NULL-terminated). */
void conf_only(const struct conf_node *group, struct conf_errors *e, const char *const known[]);

/* A path that a configuration names, made absolute in place (size bytes, at most PATH_MAX) against dir, the folder of
 * its file; "" stays "". Adds an error at the node when it is too long, and leaves the path alone. */
void conf_path_absolute(const struct conf_node *at, struct conf_errors *e, const char *dir, char *path, size_t size);

/* Settings as a table: one row a key. Scalars are written into a struct at offset. */
enum setting_type { SETTING_STRING = 1, SETTING_INT, SETTING_BOOL, SETTING_CHOICE };
struct setting {
    const char *key;  /* within its group */
    enum setting_type type;
    size_t offset;    /* of char[size] (string, choice), int64_t (int) or bool in the target struct */
    size_t size;      /* bytes of the string's array */
    int64_t min, max; /* ints; for strings: least and most length */
    const char *choices[8]; /* SETTING_CHOICE: the allowed words */
    const char *fallback;   /* default as text; NULL: required */
    const char *help;       /* a line for --help and the manual: what it is, unit */
    bool reloadable, secret;
};
/* Fills target from group (NULL: all defaults) by the table; unknown keys other than those in also_known
 * (NULL-terminated, may be NULL), wrong types and ranges are added to e. */
void settings_read(const struct setting *table, size_t n, const struct conf_node *group,
                   const char *const also_known[], struct conf_errors *e, void *target);
