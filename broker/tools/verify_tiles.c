/* SPDX-License-Identifier: Apache-2.0 */
/* verify_tiles.c - an export in tiles, from its entries up: each record against its entry, each
 * entry against its tile, each tile against those below it, the root against the signed head.
 *
 * One pass in the order of leaves. What is found first is what is told; the root says at the end
 * whether it was the entries or the tiles that were altered. */
#include "bundle.h"
#include "verify.h"
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TILE_GUILTY " The leaves themselves are whole: the fault is the tile's."
#define LEAF_GUILTY " The leaves do not make the root that was signed: they were altered."

struct tiles_run {
    struct verify *v;
    const char *folder;
    struct tile_grower *grower;                 /* owned */
    struct buf entries, records, hashes, above; /* hashes: of level 0 */
    uint64_t first;                             /* leaf of the bundle at hand */
    unsigned width;
    bool stop;    /* what follows cannot be told apart */
    bool of_tile; /* the first thing found may be a tile's fault alone */
};

/* The first thing found stays. */
ALM_PRINTF(3, 4)
static void tiles_bad(struct tiles_run *r, uint64_t leaf, const char *fmt, ...)
{
    va_list args;

    if (r->v->bad)
        return;
    r->v->bad = true;
    r->v->bad_leaf = leaf;
    va_start(args, fmt);
    (void)vsnprintf(r->v->why, sizeof(r->v->why), fmt, args);
    va_end(args);
}

static const char *unreadable(int r)
{
    return r == -ENOENT ? "is missing" : r == -E2BIG ? "is larger than it can be" : strerror(-r);
}

static int tiles_read(struct tiles_run *r, const char *kind, size_t max, struct buf *out)
{
    char path[TILE_PATH_MAX];
    int rc;

    buf_reset(out);
    rc = bundle_read(r->folder, kind, r->first / TILE_WIDTH, r->width, max, out);
    if (!rc || rc == -ENOMEM)
        return rc;
    tile_path(kind, r->first / TILE_WIDTH, r->width, path);
    tiles_bad(r, r->first, "%s %s: leaves %" PRIu64 " to %" PRIu64, path, unreadable(rc), r->first,
              r->first + r->width - 1);
    return -EBADMSG;
}

/* The files of a bundle. A tile that is missing does not stop the rest: what it holds is computed
 * anyway. */
static int bundle_open(struct tiles_run *r)
{
    int rc = tiles_read(r, BUNDLE_ENTRIES, BUNDLE_MAX, &r->entries);
    bool first;

    if (!rc)
        rc = tiles_read(r, BUNDLE_RECORDS, BUNDLE_MAX, &r->records);
    r->stop = rc == -EBADMSG;
    if (rc)
        return r->stop ? 0 : rc;
    first = !r->v->bad;
    rc = tiles_read(r, "tile/0", TILE_BYTES + 1, &r->hashes);
    if (rc != -EBADMSG)
        return rc;
    r->of_tile |= first;
    buf_reset(&r->hashes);
    return 0;
}

static const char *fault_words(int fault, bool tile_fits)
{
    switch (fault) {
    case BUNDLE_ENTRY_ENDS:
        return "its entry is not there whole: the file was cut short, or entries were left out";
    case BUNDLE_RECORD_ENDS:
        return "its record is not there whole: the file was cut short, or records were left out";
    case BUNDLE_CLEAR_DIFFERS:
        return tile_fits ? "the clear part of its record was altered" : "its entry was altered";
    case BUNDLE_SEALED_DIFFERS:
        return tile_fits ? "the sealed part of its record was altered" : "its entry was altered";
    default:
        return "its entry and its hash in the tile do not agree";
    }
}

static int leaf_judge(struct tiles_run *r, unsigned i, int fault, const struct bundle_row *row)
{
    uint8_t hash[SHA256_LEN];
    size_t at = (size_t)i * SHA256_LEN;
    bool fits;
    int rc = tree_leaf_hash(bytes_of(row->entry, BUNDLE_ENTRY_LEN), hash);

    if (rc)
        return rc;
    fits = r->hashes.len >= at + SHA256_LEN && !memcmp(r->hashes.data + at, hash, SHA256_LEN);
    if (fault || !fits) {
        if (!r->v->bad && !fault)
            r->of_tile = true;
        tiles_bad(r, r->first + i, "leaf %" PRIu64 ": %s.", r->first + i, fault_words(fault, fits));
    }
    r->v->erased += row->erased;
    return 0;
}

static int tile_compare(void *ctx, unsigned level, uint64_t n, unsigned width,
                        const uint8_t (*hashes)[SHA256_LEN]);

static int bundle_leaf(struct tiles_run *r, unsigned i, struct cursor *entries,
                       struct cursor *records)
{
    struct bundle_row row;
    uint8_t hash[SHA256_LEN];
    int rc, fault = bundle_take(entries, records, &row);

    if (fault < 0)
        return fault;
    if (fault == BUNDLE_ENTRY_ENDS || fault == BUNDLE_RECORD_ENDS) {
        tiles_bad(r, r->first + i, "leaf %" PRIu64 ": %s.", r->first + i, fault_words(fault, true));
        r->stop = true;
        return 0;
    }
    rc = leaf_judge(r, i, fault, &row);
    if (!rc)
        rc = tree_leaf_hash(bytes_of(row.entry, BUNDLE_ENTRY_LEN), hash);
    if (!rc)
        rc = tile_append(r->grower, hash, tile_compare, r);
    return rc || r->v->bad ? rc : verify_grown(r->v, &r->grower->tree);
}

static int bundle_check(struct tiles_run *r)
{
    struct cursor entries, records;
    int rc = bundle_open(r);

    entries = cursor_of(buf_view(&r->entries));
    records = cursor_of(buf_view(&r->records));
    for (unsigned i = 0; !rc && !r->stop && i < r->width; i++)
        rc = bundle_leaf(r, i, &entries, &records);
    if (rc || r->stop)
        return rc;
    if (entries.left || records.left)
        tiles_bad(r, r->first + r->width,
                  "something was added after leaf %" PRIu64 ", the last of its file of %s.",
                  r->first + r->width - 1, entries.left ? "entries" : "records");
    if (r->hashes.len > (size_t)r->width * SHA256_LEN) {
        r->of_tile |= !r->v->bad;
        tiles_bad(r, r->first + r->width, "something was added to the tile of leaf %" PRIu64 ".",
                  r->first + r->width - 1);
    }
    return 0;
}

/* A tile above the leaves: compared with what follows from those below it. Level 0 was, leaf by
 * leaf. */
static int tile_compare(void *ctx, unsigned level, uint64_t n, unsigned width,
                        const uint8_t (*hashes)[SHA256_LEN])
{
    struct tiles_run *r = ctx;
    char kind[16], path[TILE_PATH_MAX];
    unsigned k = 0;
    uint64_t leaf;
    int rc;

    if (!level || r->v->bad)
        return 0;
    tile_kind(level, kind);
    tile_path(kind, n, width, path);
    buf_reset(&r->above);
    rc = bundle_read(r->folder, kind, n, width, TILE_BYTES + 1, &r->above);
    if (rc == -ENOMEM)
        return rc;
    while (k < width && r->above.len >= (k + 1) * (size_t)SHA256_LEN &&
           !memcmp(r->above.data + (size_t)k * SHA256_LEN, hashes[k], SHA256_LEN))
        k++;
    leaf = (n * TILE_WIDTH + k) << (8 * level);
    r->of_tile = true;
    if (rc)
        tiles_bad(r, leaf, "%s %s.", path, unreadable(rc));
    else if (k < width)
        tiles_bad(r, leaf,
                  "%s: its hash %u, of leaves %" PRIu64 " to %" PRIu64
                  ", does not follow from the tiles below it.",
                  path, k, leaf, leaf + (UINT64_C(1) << (8 * level)) - 1);
    else if (r->above.len != (size_t)width * SHA256_LEN)
        tiles_bad(r, leaf, "%s: something was added to it.", path);
    return 0;
}

/* All leaves were read: the root decides who is to blame. */
static int tiles_end(struct tiles_run *r)
{
    uint8_t root[SHA256_LEN];
    int rc = tile_finish(r->grower, tile_compare, r);
    bool whole;

    if (!rc)
        rc = tree_root(&r->grower->tree, root);
    if (rc)
        return rc;
    whole = !memcmp(root, r->v->head.root, sizeof(root));
    if (r->v->bad && r->of_tile) {
        size_t len = strlen(r->v->why);

        (void)snprintf(r->v->why + len, sizeof(r->v->why) - len, "%s",
                       whole ? TILE_GUILTY : LEAF_GUILTY);
    }
    if (!r->v->bad && !whole)
        (void)snprintf(r->v->why, sizeof(r->v->why),
                       "the %" PRIu64
                       " leaves and their tiles agree with one another, but not with the head "
                       "that was signed: all of it was made anew, or it is another log's.",
                       r->v->head.size);
    return r->v->bad || !whole ? -EBADMSG : 0;
}

static int tiles_pass(struct tiles_run *r, void (*progress)(void *ctx, uint64_t leaves), void *ctx)
{
    int rc = 0;

    for (r->first = 0; !rc && !r->stop && r->first < r->v->head.size; r->first += TILE_WIDTH) {
        r->width = tile_width(r->v->head.size, 0, r->first / TILE_WIDTH);
        rc = bundle_check(r);
        if (!rc && progress)
            progress(ctx, r->grower->tree.size);
    }
    if (rc)
        return rc;
    return r->stop ? -EBADMSG : tiles_end(r);
}

int verify_tiles(struct verify *v, const char *folder, void (*progress)(void *ctx, uint64_t leaves),
                 void *ctx)
{
    struct tiles_run r = { .v = v, .folder = folder, .grower = calloc(1, sizeof(*r.grower)) };
    int rc = -ENOMEM;

    buf_init(&r.entries, BUNDLE_MAX);
    buf_init(&r.records, BUNDLE_MAX);
    buf_init(&r.hashes, TILE_BYTES + 1);
    buf_init(&r.above, TILE_BYTES + 1);
    if (r.grower)
        rc = tiles_pass(&r, progress, ctx);
    free(r.grower);
    buf_deinit(&r.entries);
    buf_deinit(&r.records);
    buf_deinit(&r.hashes);
    buf_deinit(&r.above);
    return rc;
}
