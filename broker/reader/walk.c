/* SPDX-License-Identifier: Apache-2.0 */
/* walk.c - a bounded slice of a reading over a snapshot of its own, begun and ended here: no
 * snapshot outlives a slice.
 *
 * A tail looks backwards for the leaves that fit, then sends them in order; everything else walks
 * forward. */
#include "reader.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct slice {
    struct reading *g;
    json_t *page;
    size_t looked, bytes;
    uint64_t hits[SLICE_LEAVES]; /* of a search */
    size_t n_hits;
    int rc;
};

static bool page_full(const struct slice *s)
{
    return s->bytes >= PAGE_BYTES;
}

static int page_add(struct slice *s, const struct ledger_record *r)
{
    bool octets = s->g->query.read == READ_EXPORT;
    json_t *row = octets ? row_octets(r) : row_clear(r);

    if (!row || json_array_append_new(s->page, row))
        return -ENOMEM;
    s->bytes += row_size(r, octets);
    s->g->sent++;
    return 0;
}

/* --- forward --- */

static int walk_one(void *ctx, const struct ledger_record *r)
{
    struct slice *s = ctx;
    struct reading *g = s->g;

    s->looked++;
    g->at = r->leaf + 1;
    if (g->query.read == READ_EXPORT || query_wants(&g->query, &r->clear))
        s->rc = page_add(s, r);
    if (s->rc)
        return s->rc;
    return page_full(s) || (!g->followed && g->sent >= g->query.count);
}

static int walk_forward(struct store_txn *t, struct slice *s)
{
    struct reading *g = s->g;
    uint64_t until = g->end - g->at > SLICE_LEAVES ? g->at + SLICE_LEAVES : g->end;
    int rc = ledger_each(t, g->at, until, walk_one, s);

    if (rc < 0)
        return rc;
    return g->at < g->end && (g->followed || g->sent < g->query.count);
}

/* --- a tail --- */

static int search_one(void *ctx, const struct ledger_record *r)
{
    struct slice *s = ctx;

    if (query_wants(&s->g->query, &r->clear))
        s->hits[s->n_hits++] = r->leaf; /* at most SLICE_LEAVES are looked at */
    return 0;
}

static int tail_search(struct store_txn *t, struct slice *s)
{
    struct reading *g = s->g;
    uint64_t from = g->at > g->lowest + SLICE_LEAVES ? g->at - SLICE_LEAVES : g->lowest;
    int rc = ledger_each(t, from, g->at, search_one, s);

    if (rc < 0)
        return rc;
    while (s->n_hits && g->n_found < g->query.count)
        g->found[g->n_found++] = s->hits[--s->n_hits];
    g->at = from;
    g->searching = from > g->lowest && g->n_found < g->query.count;
    return 1;
}

static int found_one(void *ctx, const struct ledger_record *r)
{
    struct slice *s = ctx;

    s->rc = page_add(s, r);
    return s->rc ? s->rc : 1;
}

static int found_slice(struct store_txn *t, struct slice *s)
{
    struct reading *g = s->g;

    for (size_t i = 0; i < SLICE_LEAVES && g->n_found && !page_full(s); i++) {
        uint64_t leaf = g->found[--g->n_found];
        int rc = ledger_each(t, leaf, leaf + 1, found_one, s);

        if (rc < 0)
            return rc;
    }
    if (!g->n_found && g->query.follow && !g->followed) {
        g->followed = true;
        g->at = g->end;
    }
    return g->n_found != 0;
}

static int tail_slice(struct store_txn *t, struct slice *s)
{
    if (s->g->searching)
        return tail_search(t, s);
    return s->g->followed ? walk_forward(t, s) : found_slice(t, s);
}

/* --- beginning --- */

static int walk_begin(struct store_txn *t, struct reading *g)
{
    int rc;

    if (g->end && !g->followed)
        return 0;
    rc = ledger_count(t, &g->end); /* a follower looks again each time */
    if (rc || g->followed)
        return rc;
    if ((g->query.read == READ_LIST || g->query.read == READ_TAIL) && !g->query.follow) {
        rc = bounds_of(t, g); /* what lies outside the days need not be looked at */
        g->lowest = g->at;
        if (rc)
            return rc;
    }
    g->at = g->query.from < g->end ? g->query.from : g->end;
    g->at = g->at < g->lowest ? g->lowest : g->at;
    if (g->query.read == READ_SHOW) {
        g->at = g->query.leaf;
        g->query.count = 1;
        if (g->query.leaf >= g->end)
            return -ENOENT;
    }
    if (g->query.read != READ_TAIL)
        return 0;
    g->at = g->end;
    g->searching = g->query.count > 0;
    if (g->query.count > g->end - g->lowest)
        g->query.count = g->end - g->lowest;
    g->found = calloc(g->query.count ? (size_t)g->query.count : 1,
                      sizeof(*g->found)); /* at most QUERY_ROWS_MAX */
    return g->found ? 0 : -ENOMEM;
}

int walk_slice(struct reader *r, struct reading *g, json_t **page)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    struct slice s = { .g = g };
    int rc = store_begin(r->store, false, &t);

    if (rc)
        return rc;
    rc = walk_begin(t, g);
    if (rc)
        return rc;
    s.page = json_array();
    if (!s.page)
        return -ENOMEM;
    rc = g->query.read == READ_TAIL ? tail_slice(t, &s) : walk_forward(t, &s);
    if (rc < 0)
        json_decref(s.page);
    else
        *page = s.page;
    return rc < 0 ? rc : (rc || g->followed);
}
