/* SPDX-License-Identifier: Apache-2.0 */
/* export_tiles.c - `audit export --format tiles`: the log up to one signed head as a folder
 * (bundle.h), a bundle at a time.
 *
 *   DIR.partial/checkpoint.unfinished --bundles, tiles--> all there, root as signed --synced,
 * renamed--> DIR/checkpoint
 *
 * What is in DIR.partial is never believed: gone on with, it is checked from the first leaf, and
 * from where it does not hold it is read again. So nothing need be synced but once, at the end. */
#include "audit.h"
#include "base/clock.h"
#include "base/file.h"
#include "bundle.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

struct exporting {
    struct officer_session *s;
    const char *folder;
    char partial[BUNDLE_FILE_MAX - 128];
    int fd; /* of the partial folder: locked while we are at it */
    struct checkpoint head;
    struct tile_grower *grower; /* owned */
    struct buf entries, records;
    struct audit_progress progress;
};

static int export_fail(const struct exporting *e, int error)
{
    if (error == -EBADMSG)
        return officer_fail(e->s, EX_PROTOCOL, "leaf %" PRIu64 " came without what an export needs",
                            e->grower->tree.size);
    if (error == -E2BIG)
        return officer_fail(e->s, EX_DATAERR, "the records from leaf %" PRIu64 " on are too large",
                            e->grower->tree.size);
    return officer_fail(e->s, error == -ENOMEM ? EX_OSERR : EX_IOERR, "%s: %s", e->partial,
                        strerror(-error));
}

static int export_tile(void *ctx, unsigned level, uint64_t n, unsigned width,
                       const uint8_t (*hashes)[SHA256_LEN])
{
    const struct exporting *e = ctx;
    char kind[16];

    tile_kind(level, kind);
    return bundle_write(e->partial, kind, n, width, bytes_of(hashes, (size_t)width * SHA256_LEN));
}

/* --- going on --- */

/* Leaf hashes of a bundle that lies there whole. Return: 1; 0 it does not; -errno. */
static int bundle_kept(struct exporting *e, uint64_t n, unsigned width,
                       uint8_t (*leaves)[SHA256_LEN])
{
    struct cursor entries, records;
    struct bundle_row row;
    int r;

    buf_reset(&e->entries);
    buf_reset(&e->records);
    r = bundle_read(e->partial, BUNDLE_ENTRIES, n, width, BUNDLE_MAX, &e->entries);
    if (!r)
        r = bundle_read(e->partial, BUNDLE_RECORDS, n, width, BUNDLE_MAX, &e->records);
    if (r)
        return r == -ENOMEM ? r : 0;
    entries = cursor_of(buf_view(&e->entries));
    records = cursor_of(buf_view(&e->records));
    for (unsigned i = 0; i < width; i++) {
        r = bundle_take(&entries, &records, &row);
        if (r)
            return r < 0 ? r : 0;
        r = tree_leaf_hash(bytes_of(row.entry, BUNDLE_ENTRY_LEN), leaves[i]);
        if (r)
            return r;
    }
    return !entries.left && !records.left;
}

/* Takes what holds; the tiles above it are written again. */
static int export_resume(struct exporting *e)
{
    uint8_t leaves[TILE_WIDTH][SHA256_LEN];
    int r = 1;

    for (uint64_t n = 0; r == 1 && e->grower->tree.size < e->head.size; n++) {
        unsigned width = tile_width(e->head.size, 0, n);

        r = bundle_kept(e, n, width, leaves);
        for (unsigned i = 0; r == 1 && i < width; i++) {
            int failed = tile_append(e->grower, leaves[i], export_tile, e);

            r = failed ? failed : 1;
        }
    }
    buf_reset(&e->entries);
    buf_reset(&e->records);
    return r < 0 ? r : 0;
}

/* --- from the reader --- */

static int bundle_out(struct exporting *e, uint64_t n, unsigned width)
{
    int r = bundle_write(e->partial, BUNDLE_RECORDS, n, width, buf_view(&e->records));

    if (!r)
        r = bundle_write(e->partial, BUNDLE_ENTRIES, n, width, buf_view(&e->entries));
    buf_reset(&e->entries);
    buf_reset(&e->records);
    return r;
}

static int export_row(void *ctx, const json_t *row)
{
    struct exporting *e = ctx;
    uint64_t leaf = e->grower->tree.size;
    uint8_t entry[BUNDLE_ENTRY_LEN], hash[SHA256_LEN];
    const json_t *number = json_object_get(row, "leaf");
    int r;

    if (leaf >= e->head.size)
        return 0;
    if (!json_is_integer(number) || json_integer_value(number) != (json_int_t)leaf)
        return officer_fail(e->s, EX_DATAERR, "leaf %" PRIu64 " is missing in the log", leaf);
    r = bundle_add(row, &e->entries, &e->records, entry);
    if (!r)
        r = tree_leaf_hash(bytes_of(entry, sizeof(entry)), hash);
    if (!r)
        r = tile_append(e->grower, hash, export_tile, e);
    if (!r && (e->grower->tree.size % TILE_WIDTH == 0 || e->grower->tree.size == e->head.size))
        r = bundle_out(e, leaf / TILE_WIDTH, tile_width(e->head.size, 0, leaf / TILE_WIDTH));
    audit_progress(&e->progress, e->grower->tree.size);
    return r ? export_fail(e, r) : 0;
}

/* --- the folder --- */

static int path_in(const struct exporting *e, const char *name, char out[static BUNDLE_FILE_MAX])
{
    int len = snprintf(out, BUNDLE_FILE_MAX, "%s/%s", e->partial, name);

    return len > 0 && len < BUNDLE_FILE_MAX ? 0 : -ENAMETOOLONG;
}

static int folder_open(struct exporting *e)
{
    struct stat st;
    size_t len = strlen(e->folder);

    while (len > 1 && e->folder[len - 1] == '/')
        len--;
    if (snprintf(e->partial, sizeof(e->partial), "%.*s.partial", (int)len, e->folder) >=
        (int)sizeof(e->partial))
        return officer_fail(e->s, EX_USAGE, "%.80s...: a path too long", e->folder);
    if (lstat(e->folder, &st) == 0)
        return officer_fail(e->s, EX_CANTCREAT, "%s: is already there; choose another name",
                            e->folder);
    if (mkdir(e->partial, 0700) && errno != EEXIST)
        return officer_fail(e->s, EX_CANTCREAT, "%s: %s", e->partial, strerror(errno));
    e->fd = open(e->partial, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (e->fd < 0)
        return officer_fail(e->s, EX_CANTCREAT, "%s: %s", e->partial, strerror(errno));
    if (flock(e->fd, LOCK_EX | LOCK_NB))
        return officer_fail(e->s, EX_TEMPFAIL, "%s: another export is at work in it", e->partial);
    return 0;
}

/* The head's text, whose signature whoever verifies checks. */
static int head_parse(struct exporting *e, const struct buf *note)
{
    const uint8_t *end = memmem(note->data, note->len, "\n\n", 2);

    return end ? checkpoint_parse(bytes_of(note->data, (size_t)(end - note->data) + 1), &e->head)
               : -EINVAL;
}

/* The head that was begun with, or the newest. */
static int head_choose(struct exporting *e)
{
    ALM_CLEANUP(buf_deinit) struct buf note = { 0 };
    char path[BUNDLE_FILE_MAX];
    int64_t leaves;
    int r = path_in(e, BUNDLE_UNFINISHED, path);

    buf_init(&note, NOTE_MAX);
    if (!r)
        r = file_read(path, NOTE_MAX, &note);
    if (!r && head_parse(e, &note))
        return officer_fail(e->s, EX_DATAERR,
                            "%s: is no signed head; remove the folder, and begin again", path);
    if (!r && e->s->origin[0] && strcmp(e->head.origin, e->s->origin) != 0)
        return officer_fail(e->s, EX_DATAERR, "%s: an unfinished export of another log, \"%s\"",
                            e->partial, e->head.origin);
    if (r != -ENOENT)
        return r ? export_fail(e, r) : 0;
    r = audit_head(e->s, &note, &leaves);
    if (r)
        return r;
    if (head_parse(e, &note))
        return officer_fail(e->s, EX_PROTOCOL, "the reader sent something else than a signed head");
    r = file_write(path, buf_view(&note), 0600);
    return r ? export_fail(e, r) : 0;
}

static int export_read(struct exporting *e)
{
    uint64_t from;
    int rc = export_resume(e);

    if (rc)
        return export_fail(e, rc);
    from = e->grower->tree.size;
    if (from)
        (void)fprintf(stderr, "%" PRIu64 " of %" PRIu64 " leaves are there already\n", from,
                      e->head.size);
    if (from < e->head.size)
        rc = audit_read(e->s, audit_export_query(from, e->head.size), 0, export_row, e, NULL);
    if (!rc && e->grower->tree.size < e->head.size)
        rc = officer_fail(e->s, EX_PROTOCOL,
                          "the log ends at leaf %" PRIu64 ", but %" PRIu64 " were signed",
                          e->grower->tree.size, e->head.size);
    return rc;
}

static int folder_finish(struct exporting *e)
{
    char from[BUNDLE_FILE_MAX], to[BUNDLE_FILE_MAX];
    int r = path_in(e, BUNDLE_UNFINISHED, from);

    if (!r)
        r = path_in(e, BUNDLE_HEAD, to);
    if (r)
        return r;
    /* everything else first: a folder with a checkpoint is whole */
    if (syncfs(e->fd) || rename(from, to) || fsync(e->fd) || rename(e->partial, e->folder) ||
        syncfs(e->fd))
        return -errno;
    return 0;
}

static int export_end(struct exporting *e)
{
    uint8_t root[SHA256_LEN];
    int r = tile_finish(e->grower, export_tile, e);

    if (!r)
        r = tree_root(&e->grower->tree, root);
    if (!r && memcmp(root, e->head.root, sizeof(root)))
        return officer_fail(e->s, EX_DATAERR,
                            "NOT VERIFIED: the %" PRIu64
                            " leaves do not make the root that was signed: a record was altered. "
                            "What was read is in %s",
                            e->head.size, e->partial);
    if (!r)
        r = folder_finish(e);
    if (r)
        return export_fail(e, r);
    (void)printf("exported %" PRIu64 " leaves and their signed head; next: almoner audit verify "
                 "--export %s --vkey audit.vkey\n",
                 e->head.size, e->folder);
    return 0;
}

static int export_run(struct exporting *e)
{
    int rc = folder_open(e);

    if (!rc)
        rc = head_choose(e);
    if (rc)
        return rc;
    e->progress.size = e->head.size;
    rc = export_read(e);
    if (rc)
        (void)fprintf(stderr,
                      "%" PRIu64 " of %" PRIu64
                      " leaves were read; the same command goes on with %s\n",
                      e->grower->tree.size, e->head.size, e->partial);
    return rc ? rc : export_end(e);
}

int audit_export_tiles(struct officer_session *s, const char *folder)
{
    struct exporting e = { .s = s,
                           .folder = folder,
                           .fd = -1,
                           .grower = calloc(1, sizeof(*e.grower)),
                           .progress = { .began_ms = clock_mono_ms() } };
    int rc = EX_OSERR;

    buf_init(&e.entries, TILE_WIDTH * (BUNDLE_ENTRY_LEN + 2));
    buf_init(&e.records, BUNDLE_MAX);
    if (e.grower)
        rc = export_run(&e);
    else
        (void)officer_fail(s, EX_OSERR, "short of memory");
    free(e.grower);
    buf_deinit(&e.entries);
    buf_deinit(&e.records);
    fd_closep(&e.fd);
    return rc;
}
