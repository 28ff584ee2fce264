/* SPDX-License-Identifier: Apache-2.0 */
/* names.c - every id that the text declares, by kind, and looking one up. */
#include "compile/model.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int names_push(struct names *n, const char *id, const struct conf_node *at)
{
    if (n->n == n->cap) {
        size_t cap = n->cap ? 2 * n->cap : 32;
        struct item *items = realloc(n->items, cap * sizeof(*items));

        if (!items)
            return -ENOMEM;
        n->items = items;
        n->cap = cap;
    }
    n->items[n->n] = (struct item){ .id = id, .at = at, .order = n->n };
    n->n++;
    return 0;
}

/* The id of an entry: the string itself in a list of words, else its key id. */
static const char *entry_id(struct model *m, const struct names *n, const struct conf_node *entry)
{
    const struct conf_node *at = entry;
    const char *id = NULL;

    if (conf_type_of(entry) == CONF_GROUP) {
        at = conf_child(entry, "id");
        if (!at) {
            conf_fail(m->e, entry, "a %s needs an id: write id = \"...\";", n->noun);
            return NULL;
        }
    }
    if (!conf_string(at, m->e, &id))
        return NULL;
    if (!layout_id_valid(id, n->id_max)) {
        conf_fail(m->e, at,
                  "%s id must be 1 to %zu characters of a-z, 0-9, '.', '_' and '-', beginning with "
                  "a letter or digit",
                  n->noun, n->id_max);
        return NULL;
    }
    return id;
}

int names_add(struct model *m, enum names_kind kind, const struct conf_node *list)
{
    struct names *n = &m->names[kind];
    bool groups = kind >= NAMES_AGENCY;

    if (conf_type_of(list) != CONF_LIST) {
        conf_fail(m->e, list, "%s must be a list: write %s = %s;", conf_name(list), conf_name(list),
                  groups ? "( {...}, {...} )" : "[ \"...\" ]");
        return 0;
    }
    for (size_t i = 0; i < conf_len(list); i++) {
        const struct conf_node *entry = conf_at(list, i);
        const char *id;

        if (groups && conf_type_of(entry) != CONF_GROUP) {
            conf_fail(m->e, entry, "a %s is written as a group: { id = \"...\"; ... }", n->noun);
            continue;
        }
        id = entry_id(m, n, entry);
        if (id && names_push(n, id, entry) < 0)
            return -ENOMEM;
    }
    return 0;
}

static int by_id(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    int r = strcmp(x->id, y->id);

    return r ? r : (x->order > y->order) - (x->order < y->order);
}

void names_settle(struct model *m, enum names_kind kind)
{
    struct names *n = &m->names[kind];
    size_t kept = 0;

    if (n->n)
        qsort(n->items, n->n, sizeof(*n->items), by_id);
    for (size_t i = 0; i < n->n; i++) {
        if (kept && strcmp(n->items[kept - 1].id, n->items[i].id) == 0) {
            const struct conf_node *first = n->items[kept - 1].at;

            conf_fail(m->e, n->items[i].at, "%s \"%s\" is declared twice; first at %s:%u", n->noun,
                      n->items[i].id, conf_file(first), conf_line(first));
            continue;
        }
        n->items[kept++] = n->items[i];
    }
    n->n = kept;
    if (n->n > n->max) {
        conf_fail(m->e, n->items[n->max].at, "%zu of this kind (%s): at most %zu", n->n, n->noun,
                  n->max);
        n->n = n->max;
    }
}

void names_deinit(struct names *n)
{
    free(n->items);
    n->items = NULL;
    n->n = n->cap = 0;
}

uint16_t names_find(const struct names *n, const char *id)
{
    struct item key = { .id = id };
    size_t low = 0, high = n->n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int r = strcmp(key.id, n->items[mid].id);

        if (r == 0)
            return (uint16_t)mid;
        if (r < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return POLICY_NONE;
}
