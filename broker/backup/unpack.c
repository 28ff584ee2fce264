/* SPDX-License-Identifier: Apache-2.0 */
/* unpack.c - a backup read once: of this broker, for this program, whole, in order and proved; and,
 * if asked, put into an empty folder as a store. Nothing of what it says is believed before its
 * chunk is proved, and nothing is of use before its last one is. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "backup/backup_key.h"
#include "backup/chunks.h"
#include "backup/store_tool.h"
#include "backup/stream.h"
#include "base/clock.h"
#include "base/file.h"
#include "store/fill.h"
#include "store/periods.h"
#include "store/raw.h"

#define COMMIT_BYTES (32u << 20) /* of values between two commits */

struct unpacking {
    struct store_tool *t;
    const char *folder;
    struct unpacked *out;
    struct secret store_key; /* of streams */
    struct stream_parser parser;
    struct store_fill *fill; /* NULL: nothing is filled */
    enum table table;
    bool any_table;
    uint8_t last[STORE_KEY_MAX];
    size_t last_len, uncommitted;
    int code; /* an exit code, once something was said */
};

static int unpack_io(const struct unpacking *u, int error)
{
    if (error == -ENOSPC)
        return tool_fail(u->t, EX_IOERR, "%s: the disk, or the store (limits.store_mib), is full",
                         u->folder ? u->folder : u->t->backup);
    if (error == -ENOMEM)
        return tool_fail(u->t, EX_OSERR, "short of memory");
    return tool_fail(u->t, EX_IOERR, "%s: %s", u->folder ? u->folder : u->t->backup,
                     strerror(-error));
}

/* --- what it is of --- */

/* A newer program's tables and schemas are not guessed at. */
static int tables_check(const struct unpacking *u, const struct stream_begin *b)
{
    for (size_t i = 0; i < b->n_tables; i++) {
        int table = store_table_of(b->tables[i].name);

        if (table < 0 || b->tables[i].schema > store_table_schema((enum table)table))
            return tool_fail(
                u->t, EX_DATAERR,
                "%s was made by a newer program (its table \"%.32s\" is unknown here): "
                "restore it with that one",
                u->t->backup, b->tables[i].name);
        if (b->tables[i].schema < store_table_schema((enum table)table))
            return tool_fail(
                u->t, EX_DATAERR,
                "%s was made by an older program, whose table \"%.32s\" this one does not "
                "read: restore it with that one, and upgrade then",
                u->t->backup, b->tables[i].name);
    }
    return 0;
}

static int origin_check(const struct unpacking *u, uint8_t mode, const char *origin)
{
    const struct store_tool *t = u->t;
    bool same = t->configured && strcmp(origin, t->settings.origin) == 0;

    if (u->out->origin[0] ? strcmp(u->out->origin, origin) != 0
                          : text_copy(u->out->origin, sizeof(u->out->origin), origin) != 0)
        return tool_fail(t, EX_DATAERR, "%s: header and content name different origins", t->backup);
    if (!t->configured || (mode == t->mode && same != t->begin_anew))
        return 0;
    if (mode == t->mode && same)
        return tool_fail(t, EX_USAGE,
                         "%s is of %s, as this configuration is, and --begin-anew is for a log that "
                         "cannot be gone on with under its own: leave it out, or set another origin "
                         "in %s",
                         t->backup, origin, t->config);
    return tool_fail(t, EX_DATAERR,
                     "%s is of another broker: %.120s (%s), and this configuration is of %s (%s)%s",
                     t->backup, origin, mode == 1 ? "live" : "exercise", t->settings.origin,
                     t->mode == 1 ? "live" : "exercise",
                     mode == t->mode ? "; if its log cannot be gone on with, because witnesses hold "
                                       "later heads, say --begin-anew: all that it holds is then "
                                       "restored under the new origin"
                                     : "");
}

static int item_begin(struct unpacking *u, struct bytes body)
{
    static struct stream_begin b; /* large */
    int r = stream_begin_decode(body, &b);

    if (r)
        return r;
    u->code = origin_check(u, b.mode, b.origin);
    if (!u->code)
        u->code = tables_check(u, &b);
    clock_format_utc(b.at_ms, u->out->made);
    u->out->made_ms = b.at_ms;
    u->out->leaves = b.leaves;
    u->out->head_size = b.head_size;
    return u->code ? 1 : 0;
}

/* --- what is in it --- */

static int item_period(struct unpacking *u, struct bytes body)
{
    struct stream_period p = { .number = 0 };
    int r;

    if (!u->t->configured)
        return 0; /* sealed for whoever has the store key */
    r = stream_period_decode(body, &u->store_key, &p);
    if (r == -EBADMSG)
        u->code = tool_fail(u->t, EX_DATAERR,
                            "%s is of a broker with another store.key than the one in %s",
                            u->t->backup, u->t->settings.keys_dir);
    if (r == 0 && u->folder)
        r = store_period_restore(u->folder, &u->t->settings.store_key, p.number, &p.secret);
    secret_wipe(&p.secret);
    if (r && !u->code)
        u->code = unpack_io(u, r);
    return u->code ? 1 : 0;
}

static int item_table(struct unpacking *u, struct bytes body)
{
    char name[STREAM_NAME_MAX];
    int r = stream_table_decode(body, name), table;

    if (r)
        return r;
    table = store_table_of(name);
    if (table < 0 || (u->any_table && table <= (int)u->table))
        return -EBADMSG; /* each once, in the order that the program has */
    u->table = (enum table)table;
    u->any_table = true;
    u->last_len = 0;
    return 0;
}

static int fill_one(struct unpacking *u, const struct stream_record *r)
{
    int e = store_fill_put(u->fill, u->table, r->key, r->value);

    u->uncommitted += r->key.len + r->value.len;
    if (e == 0 && u->uncommitted > COMMIT_BYTES) {
        u->uncommitted = 0;
        e = store_fill_commit(u->fill);
    }
    if (e)
        u->code = unpack_io(u, e);
    return u->code ? 1 : 0;
}

static bool ascends(const struct unpacking *u, struct bytes key)
{
    size_t n = key.len < u->last_len ? key.len : u->last_len;
    int order = n ? memcmp(u->last, key.data, n) : 0;

    return order < 0 || (order == 0 && u->last_len < key.len);
}

static int item_record(struct unpacking *u, struct bytes body)
{
    struct stream_record r;
    int e = stream_record_decode(body, &r);

    if (e || !ascends(u, r.key))
        return -EBADMSG;
    memcpy(u->last, r.key.data, r.key.len);
    u->last_len = r.key.len;
    u->out->records++;
    tool_progress(u->t, u->folder ? "records put" : "records checked", u->out->records, 0);
    return u->fill ? fill_one(u, &r) : 0;
}

static int item_end(struct unpacking *u, struct bytes body)
{
    struct stream_end end;
    int r = stream_end_decode(body, &end);

    if (r || !u->t->configured)
        return r;
    r = stream_prove(&u->parser, &u->store_key, &end);
    if (r == -EBADMSG) {
        u->code =
            tool_fail(u->t, EX_DATAERR,
                      "%s does not hold what a broker with this store.key sent: something was left "
                      "out, put in or mixed on the way, or the store.key is another",
                      u->t->backup);
        return 1;
    }
    u->out->proved = r == 0;
    return r;
}

static int unpack_item(void *ctx, enum stream_kind kind, struct bytes body)
{
    switch (kind) {
    case STREAM_BEGIN:
        return item_begin(ctx, body);
    case STREAM_PERIOD:
        return item_period(ctx, body);
    case STREAM_TABLE:
        return item_table(ctx, body);
    case STREAM_RECORD:
        return item_record(ctx, body);
    case STREAM_END:
        return item_end(ctx, body);
    }
    return -EBADMSG;
}

/* --- the file --- */

static int damage_say(const struct unpacking *u, const struct backup_reader *r, int damage)
{
    if (!r)
        return tool_fail(u->t, EX_DATAERR, "%s: %s", u->t->backup,
                         backup_damage_words((enum backup_damage)damage));
    if (damage == BACKUP_OTHER_KEY || damage == BACKUP_HEADER) {
        char to[BACKUP_FINGERPRINT];

        backup_fingerprint(backup_reader_header(r)->to, to);
        return tool_fail(u->t, EX_DATAERR, "%s: %s (its header names key %s)", u->t->backup,
                         backup_damage_words((enum backup_damage)damage), to);
    }
    return tool_fail(u->t, EX_DATAERR,
                     "%s: chunk %" PRIu64 ", at octet %" PRIu64 " of the file: %s", u->t->backup,
                     backup_reader_chunk(r), backup_reader_offset(r),
                     backup_damage_words((enum backup_damage)damage));
}

static int unpack_chunks(struct unpacking *u, struct backup_reader *r)
{
    struct bytes plain = { 0 };
    bool last = false;
    int e = 0;

    while (!last && e == 0) {
        e = backup_reader_next(r, &plain, &last);
        if (e > 0)
            return damage_say(u, r, e);
        if (e == 0)
            e = stream_feed(&u->parser, plain, unpack_item, u);
        if (u->code)
            return u->code;
    }
    if (e == 0)
        e = stream_ended(&u->parser);
    if (e == -EBADMSG || e == -E2BIG)
        return tool_fail(u->t, EX_DATAERR,
                         "%s: what is in it is not a backup of a store (chunk %" PRIu64 ")",
                         u->t->backup, backup_reader_chunk(r));
    return e ? unpack_io(u, e) : 0;
}

static int expiry_check(const struct unpacking *u, const struct backup_header *h)
{
    civil_format(h->expires_on, u->out->until);
    if (h->expires_on >= civil_today(clock_wall_ms()) || u->t->expired)
        return 0;
    return tool_fail(
        u->t, EX_DATAERR,
        "the key of %s was to be destroyed after %s: this backup holds what may have been "
        "erased since. Use a newer one; if there is none, say --expired, and run the "
        "retention job at once (almoner retention run)",
        u->t->backup, u->out->until);
}

static int unpack_open(struct unpacking *u, int fd)
{
    ALM_CLEANUP(backup_private_key_wipe) struct backup_private_key key = { 0 };
    ALM_CLEANUP(backup_reader_freep) struct backup_reader *r = NULL;
    int e = backup_key_read_private(u->t->key, &key);

    if (e == -EPERM)
        return tool_fail(u->t, EX_NOPERM, "%s: others may read this private key: chmod 600 it",
                         u->t->key);
    if (e == -EINVAL)
        return tool_fail(
            u->t, EX_DATAERR,
            "%s: not the private key of backups (the FILE of \"almoner backup key new FILE\")",
            u->t->key);
    if (e)
        return tool_fail(u->t, EX_NOINPUT, "%s: %s", u->t->key, strerror(-e));
    e = backup_reader_open(fd, &key.key, &r);
    if (e > 0)
        return damage_say(u, r, e);
    if (e)
        return unpack_io(u, e);
    id_format(&backup_reader_header(r)->id, u->out->id);
    e = origin_check(u, backup_reader_header(r)->mode, backup_reader_header(r)->origin);
    if (!e)
        e = expiry_check(u, backup_reader_header(r));
    return e ? e : unpack_chunks(u, r);
}

static int unpack_fill(struct unpacking *u)
{
    int r;

    if (!u->folder)
        return 0;
    r = store_fill_open(u->folder, (size_t)u->t->settings.limits.store_mib << 20, &u->fill);
    return r ? unpack_io(u, r) : 0;
}

static int unpack_finish(struct unpacking *u)
{
    int r = u->fill ? store_fill_commit(u->fill) : 0;

    return r ? unpack_io(u, r) : 0;
}

int unpack(struct store_tool *t, const char *folder, struct unpacked *out)
{
    ALM_CLEANUP(fd_closep)
    int fd = open(t->backup, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    struct unpacking u = { .t = t, .folder = folder, .out = out };
    struct stat st;
    int rc = 0;

    *out = (struct unpacked){ .leaves = 0 };
    if (fd < 0 || fstat(fd, &st))
        return tool_fail(t, EX_NOINPUT, "%s: %s", t->backup, strerror(errno));
    out->octets = (uint64_t)st.st_size;
    stream_parser_init(&u.parser);
    if (t->configured) { /* as store_subkey() has it, before there is a store */
        rc = store_fill_subkey(&t->settings.store_key, STREAM_LABEL, &u.store_key);
        if (rc)
            rc = tool_fail(t, EX_SOFTWARE, "no key could be derived");
    }
    if (!rc)
        rc = unpack_fill(&u);
    if (!rc)
        rc = unpack_open(&u, fd);
    if (!rc)
        rc = unpack_finish(&u);
    store_fill_closep(&u.fill);
    stream_parser_deinit(&u.parser);
    secret_wipe(&u.store_key);
    return rc;
}
