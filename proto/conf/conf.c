/* SPDX-License-Identifier: Apache-2.0 */
/* conf.c - libconfig's tree copied into ours, so that nothing of libconfig lives on past conf_load.
 */
#include "conf/conf.h"

#include "scan.h"

#include <errno.h>
#include <libconfig.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef ALM_SANITIZED
/* libconfig 1.5 leaks the string at which it finds a syntax error; found by fuzz_conf. Not ours to free. */
ALM_API const char *__lsan_default_suppressions(void);
ALM_API const char *__lsan_default_suppressions(void)
{
    return "leak:libconfig.so\n";
}
#endif

struct conf_node {
    char *name, *string; /* owned */
    const char *file;    /* owned by conf */
    struct conf_node *children;
    size_t n_children;
    int64_t number; /* CONF_INT, CONF_BOOL */
    unsigned line;
    enum conf_type type;
};

struct conf {
    struct conf_node root;
    char dir[PATH_MAX];              /* of the first file: what @include is relative to */
    char *files[SCAN_FILES_MAX + 1]; /* each path once */
    size_t n_files;
};

static void conf_node_deinit(struct conf_node *n)
{
    for (size_t i = 0; i < n->n_children; i++)
        conf_node_deinit(&n->children[i]); /* at most SCAN_NESTING_MAX deep */
    free(n->children);
    free(n->name);
    free(n->string);
}

struct conf *conf_free(struct conf *c)
{
    if (!c)
        return NULL;
    conf_node_deinit(&c->root);
    for (size_t i = 0; i < c->n_files; i++)
        free(c->files[i]);
    free(c);
    return NULL;
}

void conf_freep(struct conf **c)
{
    *c = conf_free(*c);
}

/* Our own copy of a file's path. Return: NULL when out of memory. */
static const char *conf_keep_path(struct conf *c, const char *file)
{
    for (size_t i = 0; i < c->n_files; i++) {
        if (strcmp(c->files[i], file) == 0)
            return c->files[i];
    }
    if (c->n_files == ALM_LEN(c->files))
        return c->files[0];
    c->files[c->n_files] = strdup(file);
    return c->files[c->n_files] ? c->files[c->n_files++] : NULL;
}

/* libconfig names an included file as its @include did, and the first file not at all. */
static const char *conf_path_of(struct conf *c, const char *included)
{
    char path[PATH_MAX];

    if (!included || scan_join(c->dir, included, path, sizeof(path)) < 0)
        return c->files[0];
    return conf_keep_path(c, path);
}

static enum conf_type conf_type_from(int libconfig_type)
{
    switch (libconfig_type) {
    case CONFIG_TYPE_GROUP:
        return CONF_GROUP;
    case CONFIG_TYPE_STRING:
        return CONF_STRING;
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        return CONF_INT;
    case CONFIG_TYPE_BOOL:
        return CONF_BOOL;
    case CONFIG_TYPE_FLOAT:
        return CONF_FLOAT;
    default: /* CONFIG_TYPE_ARRAY, CONFIG_TYPE_LIST */
        return CONF_LIST;
    }
}

static int conf_copy_text(const char *from, char **to)
{
    if (!from)
        return 0;
    *to = strdup(from);
    return *to ? 0 : -ENOMEM;
}

static int conf_copy(struct conf *c, const config_setting_t *from, struct conf_node *to);

static int conf_copy_children(struct conf *c, const config_setting_t *from, struct conf_node *to)
{
    int n = config_setting_length(from);

    if (n <= 0)
        return 0;
    to->children = calloc((size_t)n, sizeof(*to->children));
    if (!to->children)
        return -ENOMEM;
    to->n_children = (size_t)n;
    for (int i = 0; i < n; i++) {
        int r = conf_copy(c, config_setting_get_elem(from, (unsigned)i), &to->children[i]);

        if (r < 0)
            return r;
    }
    return 0;
}

static int conf_copy(struct conf *c, const config_setting_t *from, struct conf_node *to)
{
    int r = conf_copy_text(config_setting_name(from), &to->name);

    to->type = conf_type_from(config_setting_type(from));
    to->line = config_setting_source_line(from);
    to->file = conf_path_of(c, config_setting_source_file(from));
    if (r < 0 || !to->file)
        return -ENOMEM;
    switch (to->type) {
    case CONF_GROUP:
    case CONF_LIST:
        return conf_copy_children(c, from, to);
    case CONF_STRING:
        return conf_copy_text(config_setting_get_string(from), &to->string);
    case CONF_INT:
        to->number = config_setting_type(from) == CONFIG_TYPE_INT64 ? config_setting_get_int64(from)
                                                                    : config_setting_get_int(from);
        return 0;
    case CONF_BOOL:
        to->number = config_setting_get_bool(from) ? 1 : 0;
        return 0;
    case CONF_FLOAT:
        return 0; /* nothing here is a fraction; its type is all that is ever asked */
    }
    return 0;
}

/* The folder of path, "." for a bare name, is written to out[PATH_MAX]. */
static int conf_dir_of(const char *path, char *out)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;

    if (len >= PATH_MAX)
        return -ENAMETOOLONG;
    if (!slash || len == 0)
        return text_copy(out, PATH_MAX, slash ? "/" : ".");
    memcpy(out, path, len);
    out[len] = '\0';
    return 0;
}

static int conf_parse(struct conf *c, config_t *lib, const char *text, struct conf_errors *e)
{
    config_set_include_dir(lib, c->dir);
    if (config_read_string(lib, text) != CONFIG_TRUE) {
        conf_fail_at(e, conf_path_of(c, config_error_file(lib)), (unsigned)config_error_line(lib),
                     "%s", config_error_text(lib));
        return -EINVAL;
    }
    return conf_copy(c, config_root_setting(lib), &c->root);
}

/* Strings once more: what "\xff" makes of one is only there after reading. */
static void conf_check_strings(const struct conf_node *n, struct conf_errors *e)
{
    if (n->type == CONF_STRING && n->string && !utf8_valid(n->string, strlen(n->string)))
        conf_fail(e, n, "a string is not valid UTF-8");
    for (size_t i = 0; i < n->n_children; i++)
        conf_check_strings(&n->children[i], e);
}

int conf_load(const char *path, struct conf_errors *e, struct conf **out)
{
    ALM_CLEANUP(conf_freep) struct conf *c = calloc(1, sizeof(*c));
    ALM_CLEANUP(buf_deinit) struct buf text = { 0 };
    size_t n_before = conf_errors_count(e);
    config_t lib;
    int r;

    if (!c || !conf_keep_path(c, path))
        return -ENOMEM;
    if (conf_dir_of(path, c->dir) < 0) {
        conf_fail(e, NULL, "the path of a configuration file is too long");
        return -EINVAL;
    }
    buf_init(&text, SCAN_BYTES_MAX + 1);
    r = scan_files(path, c->dir, e, &text);
    if (r < 0)
        return r;
    config_init(&lib);
    r = conf_parse(c, &lib, (const char *)text.data, e);
    config_destroy(&lib);
    if (r < 0)
        return r;
    conf_check_strings(&c->root, e);
    if (conf_errors_count(e) != n_before)
        return -EINVAL;
    *out = c;
    c = NULL;
    return 0;
}

const struct conf_node *conf_root(const struct conf *c)
{
    return &c->root;
}

enum conf_type conf_type_of(const struct conf_node *n)
{
    return n->type;
}

const char *conf_name(const struct conf_node *n)
{
    return n->name;
}

const char *conf_file(const struct conf_node *n)
{
    return n->file;
}

unsigned conf_line(const struct conf_node *n)
{
    return n->line;
}

size_t conf_len(const struct conf_node *n)
{
    return n->n_children;
}

const struct conf_node *conf_at(const struct conf_node *n, size_t i)
{
    return i < n->n_children ? &n->children[i] : NULL;
}

const struct conf_node *conf_child(const struct conf_node *group, const char *name)
{
    for (size_t i = 0; i < group->n_children; i++) {
        const struct conf_node *child = &group->children[i];

        if (child->name && strcmp(child->name, name) == 0)
            return child;
    }
    return NULL;
}

static const char *conf_type_name(enum conf_type type)
{
    static const char *const names[] = {
        [CONF_GROUP] = "a group { }", [CONF_LIST] = "a list",        [CONF_STRING] = "a string",
        [CONF_INT] = "an integer",    [CONF_BOOL] = "true or false", [CONF_FLOAT] = "a fraction",
    };

    return names[type];
}

/* Adds an error unless n has the type. */
static bool conf_expect(const struct conf_node *n, struct conf_errors *e, enum conf_type type)
{
    if (n->type == type)
        return true;
    conf_fail(e, n, "%s%swants %s, not %s", n->name ? n->name : "", n->name ? " " : "",
              conf_type_name(type), conf_type_name(n->type));
    return false;
}

bool conf_string(const struct conf_node *n, struct conf_errors *e, const char **out)
{
    if (!conf_expect(n, e, CONF_STRING))
        return false;
    *out = n->string ? n->string : ""; /* libconfig keeps "" as NULL */
    return true;
}

bool conf_int(const struct conf_node *n, struct conf_errors *e, int64_t min, int64_t max,
              int64_t *out)
{
    if (!conf_expect(n, e, CONF_INT))
        return false;
    if (n->number < min || n->number > max) {
        conf_fail(e, n, "%s%smust be from %lld to %lld", n->name ? n->name : "", n->name ? " " : "",
                  (long long)min, (long long)max);
        return false;
    }
    *out = n->number;
    return true;
}

bool conf_bool(const struct conf_node *n, struct conf_errors *e, bool *out)
{
    if (!conf_expect(n, e, CONF_BOOL))
        return false;
    *out = n->number != 0;
    return true;
}
