/* SPDX-License-Identifier: Apache-2.0 */
/* places.c - reads policy text once more, for lines and for contradictions that compiling settles
 * silently. */
#include "places.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SUFFIX ".policy"

static int is_policy(const struct dirent *e)
{
    size_t n = strlen(e->d_name), s = strlen(SUFFIX);

    return n > s && e->d_name[0] != '.' && strcmp(e->d_name + n - s, SUFFIX) == 0;
}

static int open_one(struct places *p, const char *path, struct conf_errors *e)
{
    struct conf **files = realloc(p->files, (p->n + 1) * sizeof(*files));
    int r;

    if (!files)
        return -ENOMEM;
    p->files = files;
    r = conf_load(path, e, &p->files[p->n]);
    p->n += r == 0;
    return r;
}

int places_open(struct places *p, const char *path)
{
    ALM_CLEANUP(conf_errors_freep) struct conf_errors *e = NULL;
    struct dirent **found = NULL;
    struct stat st;
    int n, r = conf_errors_new(&e);

    if (r == 0 && (stat(path, &st) < 0 || !S_ISDIR(st.st_mode)))
        return open_one(p, path, e);
    n = r == 0 ? scandir(path, &found, is_policy, alphasort) : 0;
    for (int i = 0; i < n; i++) {
        char *file = NULL;

        if (r == 0)
            r = asprintf(&file, "%s/%s", path, found[i]->d_name) < 0 ? -ENOMEM
                                                                     : open_one(p, file, e);
        free(file);
        free(found[i]);
    }
    free(found);
    return n < 0 ? -errno : r;
}

void places_deinit(struct places *p)
{
    for (size_t i = 0; i < p->n; i++)
        conf_free(p->files[i]);
    free(p->files);
    *p = (struct places){ .files = NULL };
}

static const char *text_at(const struct conf_node *n)
{
    const char *text = NULL;

    if (n && conf_type_of(n) == CONF_STRING)
        (void)conf_string(n, NULL, &text);
    return text;
}

static bool names(const struct conf_node *n, const char *id)
{
    const char *text = text_at(conf_type_of(n) == CONF_GROUP ? conf_child(n, "id") : n);

    return text && strcmp(text, id) == 0;
}

const struct conf_node *places_find(const struct places *p, const char *list, const char *id)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct conf_node *l = conf_child(conf_root(p->files[i]), list);

        for (size_t k = 0; l && k < conf_len(l); k++)
            if (names(conf_at(l, k), id))
                return conf_at(l, k);
    }
    return NULL;
}

const struct conf_node *places_group(const struct places *p, const char *name)
{
    for (size_t i = 0; i < p->n; i++)
        if (conf_child(conf_root(p->files[i]), name))
            return conf_child(conf_root(p->files[i]), name);
    return NULL;
}

/* --- contradictions --- */

static void both_lists(const struct conf_node *group, const char *yes, const char *no,
                       struct conf_errors *e)
{
    const struct conf_node *a = conf_child(group, yes), *b = conf_child(group, no);

    for (size_t i = 0; a && b && conf_type_of(a) == CONF_LIST && i < conf_len(a); i++)
        for (size_t k = 0; k < conf_len(b); k++) {
            const char *x = text_at(conf_at(a, i)), *y = text_at(conf_at(b, k));

            if (x && y && strcmp(x, y) == 0)
                conf_fail(e, conf_at(b, k), "purpose \"%s\": \"%s\" stands in %s and in %s",
                          text_at(conf_child(group, "id")), x, yes, no);
        }
}

static bool says(const struct conf_node *group, const char *key, const char *word)
{
    const char *text = text_at(conf_child(group, key));

    return text && strcmp(text, word) == 0;
}

static bool is_true(const struct conf_node *group, const char *key)
{
    const struct conf_node *n = conf_child(group, key);
    bool yes = false;

    return n && conf_type_of(n) == CONF_BOOL && conf_bool(n, NULL, &yes) && yes;
}

static void purpose(const struct conf_node *n, struct conf_errors *e)
{
    const char *id = text_at(conf_child(n, "id"));

    both_lists(n, "roles", "excluded_roles", e);
    if (!says(n, "relationship", "not-required"))
        return;
    if (conf_child(n, "within_days"))
        conf_fail(e, conf_child(n, "within_days"),
                  "purpose \"%s\" needs no relationship, so within_days means nothing", id);
    if (is_true(n, "self_claimed"))
        conf_fail(e, conf_child(n, "self_claimed"),
                  "purpose \"%s\" needs no relationship, so none need be claimed", id);
}

static void protocol(const struct conf_node *n, struct conf_errors *e)
{
    const struct conf_node *parties = conf_child(n, "parties");

    for (size_t i = 0; parties && i < conf_len(parties); i++)
        if (says(conf_at(parties, i), "ask", "no") && says(conf_at(parties, i), "answer", "no"))
            conf_fail(e, conf_at(parties, i),
                      "protocol \"%s\": \"%s\" neither asks nor answers: take the line out",
                      text_at(conf_child(n, "id")),
                      text_at(conf_child(conf_at(parties, i), "agency")));
}

void places_contradictions(const struct places *p, struct conf_errors *e)
{
    static const struct {
        const char *list;
        void (*look)(const struct conf_node *n, struct conf_errors *e);
    } looks[] = { { "purposes", purpose }, { "protocols", protocol } };

    for (size_t i = 0; i < p->n; i++)
        for (size_t k = 0; k < ALM_LEN(looks); k++) {
            const struct conf_node *l = conf_child(conf_root(p->files[i]), looks[k].list);

            for (size_t j = 0; l && j < conf_len(l); j++)
                looks[k].look(conf_at(l, j), e);
        }
}
