/* SPDX-License-Identifier: Apache-2.0 */
/* backup_read.c - a backup is one reading of everything, values still sealed, over one snapshot:
 * what the store held at one commit, while others go on writing.
 *
 *   begun --page taken--> next page ... --END taken--> over
 *     |  nobody takes pages, the store fills up, it takes too long
 *     +--> given up: the snapshot ends at once
 *
 * Departs from the five seconds that a snapshot may last (DESIGN.md section 3): pages that were in
 * use when it began are not used again before it ends, so the store grows by what is written
 * meanwhile. That is why it is given up before the store is full (README.md has the measurement).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "backup/stream.h"
#include "base/clock.h"
#include "base/log.h"
#include "reader.h"
#include "store/periods.h"
#include "store/raw.h"
#include "tree/note.h"

#define BACKUP_PAGE     (256u * 1024)     /* octets of one page */
#define BACKUP_STALL_MS 30000             /* for a client to take one */
#define BACKUP_MOST_MS  (4 * 3600 * 1000) /* in all */
#define ROOM_TENTHS     9 /* of the store's room: beyond it no backup holds pages back */

struct backup_read {
    struct store_txn *t; /* the snapshot */
    struct stream_maker m;
    struct secret key;
    struct buf out; /* made, and not yet sent */
    enum table table;
    bool opened;  /* the table's item is made */
    bool stopped; /* the scan stopped for a page, not at the table's end */
    bool ended;
    uint8_t last[STORE_KEY_MAX];
    size_t last_len;
    uint64_t of, octets;
    int64_t begun_ms, page_ms;
};

struct backup_read *backup_read_free(struct backup_read *b)
{
    if (!b)
        return NULL;
    if (b->t)
        b->t = store_abort(b->t);
    if (!b->ended)
        log_warn("backup-stopped", "records=%llu of=%llu", (unsigned long long)b->m.records,
                 (unsigned long long)b->of);
    stream_maker_deinit(&b->m);
    secret_wipe(&b->key);
    buf_deinit(&b->out);
    free(b);
    return NULL;
}

json_t *backup_error(int rc)
{
    switch (rc) {
    case -EBUSY:
        return local_error("busy", EX_TEMPFAIL,
                           "another backup is under way: one at a time holds the store's pages");
    case -ENOSPC:
        return local_error(
            "store-nearly-full", EX_TEMPFAIL,
            "the store is nearly as large as it may grow, and a backup lets it grow: "
            "raise limits.store_mib (almonerd's configuration), then try again");
    case -ETIMEDOUT:
        return local_error(
            "too-slow", EX_TEMPFAIL,
            "the backup was taken too slowly and was given up: write it to a faster disk");
    default:
        return NULL;
    }
}

json_t *backup_denied(struct bytes word)
{
    if (bytes_equal(word, bytes_str("key-expired")))
        return local_error(
            "key-expired", EX_DATAERR,
            "the key's last day is over: make a new one (almoner backup key new), and "
            "destroy the old one where it is not yet (almoner backup key destroy)");
    if (bytes_equal(word, bytes_str("key-too-long")))
        return local_error("key-too-long", EX_DATAERR,
                           "the key is kept longer than the policy in force lets backups be opened "
                           "(retention: backup_days): make one with fewer --days");
    return NULL;
}

bool backup_stalled(const struct reading *g, int64_t mono_ms)
{
    return g->backup && mono_ms - g->backup->page_ms > BACKUP_STALL_MS;
}

/* --- the beginning: what it is of, and the secrets that open it --- */

static int begin_head(struct backup_read *b, struct stream_begin *begin, struct buf *note)
{
    int rc = ledger_count(b->t, &begin->leaves);

    if (rc)
        return rc;
    rc = ledger_head_latest(b->t, &begin->head_size, note);
    if (rc == -ENOENT)
        return 0; /* none was signed yet */
    begin->note = buf_view(note);
    return rc;
}

static int begin_item(struct reader *r, struct reading *g)
{
    ALM_CLEANUP(buf_deinit) struct buf note = { 0 };
    struct backup_read *b = g->backup;
    struct stream_begin begin = {
        .mode = r->mode, .at_ms = clock_wall_ms(), .reading = g->leaf, .n_tables = TABLE_COUNT
    };
    int rc;

    _Static_assert(TABLE_COUNT <= STREAM_TABLES_MAX, "a backup names every table");
    buf_init(&note, NOTE_MAX);
    rc = text_copy(begin.origin, sizeof(begin.origin), r->origin);
    for (enum table t = 0; t < TABLE_COUNT && !rc; t++) {
        uint64_t n = 0;

        rc = text_copy(begin.tables[t].name, STREAM_NAME_MAX, store_table_name(t));
        begin.tables[t].schema = store_table_schema(t);
        if (!rc)
            rc = store_raw_count(b->t, t, &n);
        b->of += n;
    }
    if (!rc)
        rc = begin_head(b, &begin, &note);
    return rc ? rc : stream_begin(&b->m, &begin, &b->out);
}

/* After the snapshot was begun, so that what it holds is sealed under one of these. */
static int begin_periods(struct reader *r, struct backup_read *b)
{
    struct store_period state;
    int rc = store_period_state(b->t, &state);

    for (int i = 0; i < 2 && !rc; i++) {
        struct stream_period p = { .number = i ? state.leaving : state.current };

        if (!p.number)
            continue;
        rc = store_period_secret(r->store, p.number, &p.secret);
        if (!rc)
            rc = stream_period(&b->m, &b->key, &p, &b->out);
        secret_wipe(&p.secret);
    }
    return rc;
}

static bool backup_alone(const struct reader *r)
{
    for (size_t i = 0; i < READER_CLIENTS; i++)
        if (r->readings[i].state != READING_FREE && r->readings[i].backup)
            return false;
    return true;
}

static int backup_begin(struct reader *r, struct reading *g, int64_t mono_ms)
{
    struct backup_read *b;
    int rc;

    if (!backup_alone(r))
        return -EBUSY;
    b = g->backup = calloc(1, sizeof(*b));
    if (!b)
        return -ENOMEM;
    stream_maker_init(&b->m);
    buf_init(&b->out, STREAM_ITEM_MAX + 2 * BACKUP_PAGE);
    b->begun_ms = mono_ms;
    rc = store_subkey(r->store, STREAM_LABEL, &b->key);
    if (!rc)
        rc = store_begin(r->store, false, &b->t);
    if (!rc)
        rc = begin_item(r, g);
    if (!rc)
        rc = begin_periods(r, b);
    if (!rc)
        log_info("backup-begun", "leaf=%llu records=%llu", (unsigned long long)g->leaf,
                 (unsigned long long)b->of);
    return rc;
}

/* --- the tables --- */

static int backup_one(void *ctx, struct bytes key, struct bytes sealed)
{
    struct backup_read *b = ctx;
    int rc;

    if (bytes_equal(key, bytes_of(b->last, b->last_len)))
        return 0; /* sent with the page before */
    rc = stream_record(&b->m, key, sealed, &b->out);
    if (rc)
        return rc;
    memcpy(b->last, key.data, key.len);
    b->last_len = key.len;
    b->stopped = b->out.len >= BACKUP_PAGE;
    return b->stopped;
}

static int backup_table(struct backup_read *b)
{
    int rc = 0;

    if (!b->opened)
        rc = stream_table(&b->m, store_table_name(b->table), &b->out);
    b->opened = true;
    b->stopped = false;
    if (!rc)
        rc = store_scan_raw(b->t, b->table, bytes_of(NULL, 0), bytes_of(b->last, b->last_len),
                            backup_one, b);
    if (rc || b->stopped)
        return rc;
    b->table++;
    b->opened = false;
    b->last_len = 0;
    return 0;
}

/* Makes at least a page, or all that is left. */
static int backup_fill(struct backup_read *b)
{
    int rc = 0;

    while (!rc && b->out.len < BACKUP_PAGE && b->table < TABLE_COUNT)
        rc = backup_table(b);
    if (rc || b->table < TABLE_COUNT || b->ended)
        return rc;
    b->ended = true;
    b->t = store_abort(b->t); /* everything is in hand */
    return stream_finish(&b->m, &b->key, &b->out);
}

static int backup_page(struct backup_read *b, json_t **row)
{
    size_t n = b->out.len < BACKUP_PAGE ? b->out.len : BACKUP_PAGE;
    size_t size = (n + 2) / 3 * 4 + 1;
    char *text = malloc(size);
    json_t *o = NULL;

    if (text && base64_encode(b->out.data, n, text, size) >= 0)
        o = json_pack("{s:s, s:I, s:I}", "octets", text, "records", (json_int_t)b->m.records, "of",
                      (json_int_t)b->of);
    free(text);
    if (!o)
        return -ENOMEM;
    b->octets += n;
    b->out.len -= n;
    memmove(b->out.data, b->out.data + n, b->out.len); /* less than a page, but for a large value */
    *row = o;
    return 0;
}

static int backup_may(const struct backup_read *b, int64_t mono_ms)
{
    uint64_t taken = 0, most = 0;
    int rc = b->t ? store_raw_room(b->t, &taken, &most) : 0;

    if (rc)
        return rc;
    if (b->t && taken / ROOM_TENTHS > most / 10)
        return -ENOSPC;
    return mono_ms - b->begun_ms > BACKUP_MOST_MS ? -ETIMEDOUT : 0;
}

int backup_slice(struct reader *r, struct reading *g, int64_t mono_ms, json_t **row)
{
    struct backup_read *b;
    int rc = 0;

    if (!g->backup)
        rc = backup_begin(r, g, mono_ms);
    if (rc)
        return rc;
    b = g->backup;
    b->page_ms = mono_ms;
    rc = backup_may(b, mono_ms);
    if (!rc)
        rc = backup_fill(b);
    if (!rc)
        rc = backup_page(b, row);
    if (rc)
        return rc;
    if (!b->ended || b->out.len)
        return 1;
    log_info("backup-sent", "leaf=%llu records=%llu octets=%llu ms=%lld",
             (unsigned long long)g->leaf, (unsigned long long)b->m.records,
             (unsigned long long)b->octets, (long long)(mono_ms - b->begun_ms));
    return 0;
}
