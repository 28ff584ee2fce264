/* SPDX-License-Identifier: Apache-2.0 */
/* fsck.c - the examination as a whole: every table, every value, in order. */
#include "backup/fsck_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const advices[] = {
    [ADVICE_DAMAGED] =
        "disk or memory altered it, or somebody did: keep this data_dir as it is, look at "
        "the disk, and restore the latest backup that --check finds good",
    [ADVICE_TAKEN] =
        "somebody or something took it away: keep this data_dir as it is, tell the officers, "
        "and restore the latest backup",
    [ADVICE_STRAY] =
        "it does no harm but to the look-up that meets it, which fails rather than passes it "
        "over: restore the latest backup, or tell the makers",
    [ADVICE_UNFOUND] =
        "decisions do not see this record: have whoever lodged it lodge it again, or "
        "restore the latest backup, before anybody relies on the broker",
    [ADVICE_FORGED] =
        "this is not the log that was signed: keep this data_dir as it is, stop, and let the "
        "officers compare with the heads that witnesses hold",
    [ADVICE_COUNTS] =
        "the broker would count wrongly from here on: restore the latest backup, or tell the "
        "makers",
};

static void record_text(struct bytes key, char out[static FSCK_RECORD_MAX])
{
    size_t at = 0;

    for (size_t i = 0; i < key.len && at + 8 < FSCK_RECORD_MAX; i++) {
        uint8_t c = key.data[i];
        bool plain = c > ' ' && c < 0x7f && c != '\\';

        at += (size_t)snprintf(out + at, FSCK_RECORD_MAX - at, plain ? "%c" : "\\%02x", c);
        if (at + 8 >= FSCK_RECORD_MAX && i + 1 < key.len)
            (void)snprintf(out + at, FSCK_RECORD_MAX - at, "...");
    }
}

static void say(struct fsck *f, enum table table, const char *record, enum fsck_advice advice,
                const char *what)
{
    struct fsck_finding found = {
        .table = store_table_name(table), .record = record, .what = what, .todo = advices[advice]
    };

    f->counts->findings++;
    f->o->found(f->o->ctx, &found);
}

void fsck_say(struct fsck *f, enum table table, struct bytes key, enum fsck_advice advice,
              const char *what)
{
    char record[FSCK_RECORD_MAX] = "";

    record_text(key, record);
    say(f, table, record, advice, what);
}

void fsck_say_leaf(struct fsck *f, enum table table, uint64_t leaf, enum fsck_advice advice,
                   const char *what)
{
    char record[FSCK_RECORD_MAX];

    (void)snprintf(record, sizeof(record), "leaf %llu", (unsigned long long)leaf);
    say(f, table, record, advice, what);
}

bool fsck_good(struct fsck *f, int r, enum table table, struct bytes key, const char *missing)
{
    if (r == -ENOENT && missing)
        fsck_say(f, table, key, ADVICE_TAKEN, missing);
    else if (r == -EBADMSG)
        fsck_say(f, table, key, ADVICE_DAMAGED, "what is in it, or what it names, does not read");
    else if (r < 0 && r != -ENOENT && !f->failed)
        f->failed = r;
    return r >= 0;
}

uint64_t fsck_u64(struct bytes key, size_t at)
{
    uint64_t n = 0;

    for (size_t i = 0; i < 8; i++)
        n = n << 8 | key.data[at + i];
    return n;
}

void fsck_names_leaf(struct fsck *f, enum table table, struct bytes key, uint64_t leaf,
                     uint8_t event)
{
    if (leaf >= f->leaves)
        fsck_say(f, table, key, ADVICE_TAKEN, "it names a leaf that the log does not have");
    else if (event && f->events[leaf] && f->events[leaf] != event)
        fsck_say(f, table, key, ADVICE_COUNTS, "it names a leaf that records something else");
}

/* --- the sweep --- */

struct sweep {
    struct fsck *f;
    enum table table;
    struct buf opened;
};

static int sweep_one(void *ctx, struct bytes key, struct bytes sealed)
{
    struct sweep *s = ctx;
    struct fsck *f = s->f;
    int r;

    f->counts->records++;
    if (f->o->progress && f->counts->records % 4096 == 0)
        f->o->progress(f->o->ctx, store_table_name(s->table), f->counts->records, f->of);
    buf_reset(&s->opened);
    r = store_raw_open(f->t, s->table, key, sealed, &s->opened);
    if (r == -EBADMSG)
        fsck_say(
            f, s->table, key, ADVICE_DAMAGED,
            "its value does not open: altered, moved here from another place, or of a period whose "
            "secret is gone");
    else if (r)
        return r;
    else
        fsck_record(f, s->table, key, buf_view(&s->opened));
    return f->failed;
}

/* A page of LMDB's that makes no sense ends it: nothing more can be read of this store. */
static int sweep_table(struct fsck *f, enum table table)
{
    struct sweep s = { .f = f, .table = table };
    int r;

    buf_init(&s.opened, STORE_VALUE_MAX);
    r = store_scan_raw(f->t, table, bytes_of(NULL, 0), bytes_of(NULL, 0), sweep_one, &s);
    if (r == -EBADMSG)
        fsck_say(f, table, bytes_of(NULL, 0), ADVICE_DAMAGED,
                 "the data file's pages make no sense here; what follows cannot be examined");
    if (s.opened.data)
        crypto_wipe(s.opened.data, s.opened.cap);
    buf_deinit(&s.opened);
    return r;
}

static int fsck_count(struct fsck *f)
{
    for (enum table table = 0; table < TABLE_COUNT; table++) {
        uint64_t n = 0;
        int r = store_raw_count(f->t, table, &n);

        if (r)
            return r;
        f->of += n;
    }
    return 0;
}

static int fsck_all(struct fsck *f)
{
    int r = fsck_count(f);

    /* The log first: what the other tables say of leaves is held against it. */
    if (r == 0)
        r = fsck_log(f);
    for (enum table table = 0; table < TABLE_COUNT && r == 0; table++)
        r = sweep_table(f, table);
    if (r == 0)
        r = fsck_queues(f);
    return r ? r : f->failed;
}

int fsck_run(struct store *s, const struct fsck_options *o, struct fsck_counts *counts)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    struct fsck f = { .o = o, .counts = counts };
    int r = store_begin(s, false, &t);

    *counts = (struct fsck_counts){ 0 };
    if (r)
        return r;
    f.t = t;
    r = fsck_all(&f);
    free(f.events);
    return r;
}
