/* SPDX-License-Identifier: Apache-2.0 */
/* backup.c - `almoner backup`: what the reader streams, sealed to one key, as a file that is whole
 * or not there; and `almoner backup key`: whom backups are sealed to.
 *
 *   OUT.partial --header, chunks, last chunk--> synced --renamed--> OUT --folder synced--> done
 *
 * A backup cannot be gone on with: it is of one moment. What fails takes OUT.partial away, so that
 * a disk that was full has its room back; a kill leaves it, and the next try writes over it. */
#include "audit.h"
#include "backup/backup_key.h"
#include "backup/chunks.h"
#include "backup/stream.h"
#include "base/clock.h"
#include "base/file.h"
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

#define PAGE_MOST   (1u << 20)
#define PROGRESS_MS 2000
#define BACKUP_NICE 10
#define PATH_MOST   4096

struct backing {
    struct officer_session *s;
    const char *path;
    char partial[PATH_MOST];
    int fd;
    struct backup_public_key key;
    struct backup_writer *writer; /* owned */
    struct stream_parser parser;
    struct stream_begin begin; /* its note is not kept */
    uint8_t *page;             /* PAGE_MOST octets */
    int64_t began_ms, told_ms;
    bool made; /* the partial file is ours to remove */
};

/* --- what comes --- */

static int backing_item(void *ctx, enum stream_kind kind, struct bytes body)
{
    struct backing *b = ctx;
    int r;

    if (kind != STREAM_BEGIN)
        return 0;
    r = stream_begin_decode(body, &b->begin);
    b->begin.note = bytes_of(NULL, 0);
    if (!r && (b->begin.mode != b->s->mode || strcmp(b->begin.origin, b->s->origin) != 0))
        r = -EBADMSG;
    return r;
}

static int backing_fail(const struct backing *b, int error)
{
    if (error == -EBADMSG)
        return officer_fail(b->s, EX_PROTOCOL,
                            "what the reader sent is not a backup of this broker");
    if (error == -ENOSPC)
        return officer_fail(
            b->s, EX_IOERR,
            "%s: the disk is full. Nothing is left behind; free some room, or write "
            "the backup elsewhere",
            b->path);
    return officer_fail(b->s, error == -ENOMEM ? EX_OSERR : EX_IOERR, "%s: %s", b->path,
                        strerror(-error));
}

static void backing_progress(struct backing *b, const json_t *row)
{
    int64_t now = clock_mono_ms();

    if (now - b->began_ms < PROGRESS_MS || now - b->told_ms < PROGRESS_MS)
        return;
    b->told_ms = now;
    (void)fprintf(
        stderr,
        "%" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT " records, %" PRIu64 " KiB ...\n",
        json_integer_value(json_object_get(row, "records")),
        json_integer_value(json_object_get(row, "of")), backup_writer_octets(b->writer) >> 10);
}

static int backing_row(void *ctx, const json_t *row)
{
    struct backing *b = ctx;
    const json_t *octets = json_object_get(row, "octets");
    int n = -EBADMSG, r;

    if (json_is_string(octets))
        n = base64_decode(json_string_value(octets), json_string_length(octets), b->page,
                          PAGE_MOST);
    if (n < 0)
        return backing_fail(b, -EBADMSG);
    r = stream_feed(&b->parser, bytes_of(b->page, (size_t)n), backing_item, b);
    if (!r)
        r = backup_writer_put(b->writer, bytes_of(b->page, (size_t)n));
    if (r)
        return backing_fail(b, r);
    backing_progress(b, row);
    return 0;
}

/* --- the file --- */

static int backing_open(struct backing *b)
{
    struct stat st, now;

    if (lstat(b->path, &st) == 0)
        return officer_fail(b->s, EX_CANTCREAT, "%s: is already there; choose another name",
                            b->path);
    if (snprintf(b->partial, sizeof(b->partial), "%s.partial", b->path) >= (int)sizeof(b->partial))
        return officer_fail(b->s, EX_USAGE, "%.80s...: a path too long", b->path);
    b->fd = open(b->partial, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (b->fd < 0)
        return officer_fail(b->s, EX_CANTCREAT, "%s: %s", b->partial, strerror(errno));
    if (flock(b->fd, LOCK_EX | LOCK_NB))
        return officer_fail(b->s, EX_TEMPFAIL, "%s: another backup is being written to it",
                            b->partial);
    /* It was renamed between our open and our lock: another backup's, and whole. */
    if (fstat(b->fd, &st) || lstat(b->partial, &now) || st.st_ino != now.st_ino || st.st_dev != now.st_dev)
        return officer_fail(b->s, EX_TEMPFAIL, "%s: another backup was just written; look at it, or try again",
                            b->path);
    b->made = true;
    return ftruncate(b->fd, 0) || fchmod(b->fd, 0600) ? backing_fail(b, -errno) : 0;
}

static int backing_header(struct backing *b)
{
    struct backup_header h = { .mode = b->s->mode,
                               .made_ms = clock_wall_ms(),
                               .expires_on = b->key.expires_on };
    int r = id_new(h.made_ms, &h.id);

    memcpy(h.to, b->key.key, sizeof(h.to));
    if (!r)
        r = text_copy(h.origin, sizeof(h.origin), b->s->origin);
    if (!r)
        r = backup_writer_open(b->fd, &h, &b->writer);
    if (r == -EINVAL)
        return officer_fail(b->s, EX_DATAERR,
                            "%s does not hold a key that anything can be sealed to",
                            b->s->args->to);
    return r ? backing_fail(b, r) : 0;
}

/* The rename is durable only once the folder is. */
static int backing_keep(struct backing *b)
{
    ALM_CLEANUP(fd_closep) int dir = -1;
    const char *slash = strrchr(b->path, '/');
    char folder[PATH_MOST];

    if (fsync(b->fd))
        return -errno;
    (void)snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - b->path) + 1 : 1,
                   slash ? b->path : ".");
    dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0 || rename(b->partial, b->path))
        return -errno;
    b->made = false;
    return fsync(dir) ? -errno : 0;
}

static int backing_read(struct backing *b)
{
    char until[CIVIL_TEXT], to[BACKUP_FINGERPRINT];
    int rc;

    civil_format(b->key.expires_on, until);
    backup_fingerprint(b->key.key, to);
    rc = audit_read(b->s, json_pack("{s:s, s:s, s:s}", "read", "backup", "until", until, "to", to),
                    0, backing_row, b, NULL);
    if (rc)
        return rc;
    if (stream_ended(&b->parser))
        return officer_fail(b->s, EX_PROTOCOL,
                            "the reader stopped before the end; nothing was kept: try again");
    rc = backup_writer_finish(b->writer);
    if (!rc)
        rc = backing_keep(b);
    return rc ? backing_fail(b, rc) : 0;
}

static void backing_say(const struct backing *b)
{
    char until[CIVIL_TEXT], to[BACKUP_FINGERPRINT];
    double seconds = (double)(clock_mono_ms() - b->began_ms) / 1000;

    civil_format(b->key.expires_on, until);
    backup_fingerprint(b->key.key, to);
    if (b->s->args->json) {
        json_t *o = json_pack(
            "{s:b, s:s, s:I, s:I, s:I, s:I, s:I, s:f, s:s, s:s}", "ok", 1, "file", b->path,
            "reading", (json_int_t)b->begin.reading, "leaves", (json_int_t)b->begin.leaves,
            "head_size", (json_int_t)b->begin.head_size, "records", (json_int_t)b->parser.records,
            "octets", (json_int_t)backup_writer_octets(b->writer), "seconds", seconds, "key", to,
            "until", until);

        print_json(o);
        json_decref(o);
        return;
    }
    (void)printf(
        "%s: %" PRIu64 " records and the log up to leaf %" PRIu64 ", %" PRIu64 " KiB in %.1f s\n"
        "It opens with the private key of %s, which is to be destroyed after %s.\n"
        "store.key and audit.key are not in it: without store.key nobody can restore it.\n",
        b->path, b->parser.records, b->begin.leaves ? b->begin.leaves - 1 : 0,
        backup_writer_octets(b->writer) >> 10, seconds, to, until);
}

static int backing_key(struct backing *b)
{
    int r;

    if (!b->s->args->to)
        return officer_fail(
            b->s, EX_USAGE,
            "sealed to whom? Give --to FILE.pub: the public half of \"almoner backup "
            "key new FILE\"");
    r = backup_key_read_public(b->s->args->to, &b->key);
    if (r == -EINVAL)
        return officer_fail(b->s, EX_DATAERR,
                            "%s: not the public key of a backup: it is the FILE.pub of \"almoner "
                            "backup key new FILE\"",
                            b->s->args->to);
    if (r)
        return officer_fail(b->s, EX_NOINPUT, "%s: %s", b->s->args->to, strerror(-r));
    return 0;
}

int command_backup(struct officer_session *s)
{
    struct backing b = { .s = s,
                         .path = s->args->operands[1],
                         .fd = -1,
                         .page = malloc(PAGE_MOST),
                         .began_ms = clock_mono_ms() };
    /* Those who ask and lodge come first on a machine that is shared with the broker; the reader
     * makes a page only when the one before was taken. */
    int rc, nice_now = nice(BACKUP_NICE);

    (void)nice_now;
    rc = b.page ? backing_key(&b) : officer_fail(s, EX_OSERR, "short of memory");

    stream_parser_init(&b.parser);
    if (!rc)
        rc = session_identity(s);
    if (!rc)
        rc = backing_open(&b);
    if (!rc)
        rc = backing_header(&b);
    if (!rc)
        rc = backing_read(&b);
    if (rc && b.made)
        (void)unlink(b.partial);
    if (!rc)
        backing_say(&b);
    backup_writer_freep(&b.writer);
    stream_parser_deinit(&b.parser);
    if (b.page)
        crypto_wipe(b.page, PAGE_MOST);
    free(b.page);
    fd_closep(&b.fd);
    return rc;
}

/* --- keys --- */

static int key_new(const struct officer_session *s, const char *path)
{
    struct backup_public_key key;
    char pub[PATH_MOST], until[CIVIL_TEXT], name[BACKUP_FINGERPRINT];
    int64_t days = s->args->days < 0 ? BACKUP_DAYS_DEFAULT : s->args->days;
    int r;

    if (days < 1 || days > BACKUP_DAYS_MOST)
        return officer_fail(s, EX_USAGE, "--days: 1 to %d", BACKUP_DAYS_MOST);
    r = backup_key_make(path, civil_today(clock_wall_ms()), (int)days, pub, sizeof(pub), &key);
    if (r == -EEXIST)
        return officer_fail(s, EX_CANTCREAT, "%s or %s.pub is already there; choose another name",
                            path, path);
    if (r)
        return officer_fail(s, EX_CANTCREAT, "%s: %s", path, strerror(-r));
    civil_format(key.expires_on, until);
    backup_fingerprint(key.key, name);
    if (s->args->json) {
        json_t *o = json_pack("{s:b, s:s, s:s, s:s, s:s}", "ok", 1, "private", path, "public", pub,
                              "key", name, "until", until);

        print_json(o);
        json_decref(o);
        return 0;
    }
    (void)printf(
        "secret  %s\npublic  %s\nkey %s, to be destroyed after %s (almoner backup key destroy)\n"
        "Keep the secret file away from the broker and from the backups; %s is all that "
        "\"almoner backup\" needs.\n",
        path, pub, name, until, pub);
    return 0;
}

static int key_destroy(const struct officer_session *s, const char *path)
{
    int r = backup_key_destroy(path);

    if (r == -EINVAL)
        return officer_fail(s, EX_DATAERR, "%s: not the private key of backups; nothing was done",
                            path);
    if (r)
        return officer_fail(s, r == -ENOENT ? EX_NOINPUT : r == -EPERM ? EX_NOPERM : EX_IOERR, "%s: %s", path,
                            r == -EPERM
                                ? "others may read it: chmod 600 it, and think about who has"
                                : strerror(-r));
    if (s->args->json)
        (void)puts("{\"ok\":true}");
    else
        (void)printf(
            "%s is overwritten and gone. Copies of it, and disks that keep old blocks, are "
            "for whoever keeps them to destroy.\n",
            path);
    return 0;
}

int command_backup_key(struct officer_session *s)
{
    const char *verb = s->args->operands[2], *path = s->args->operands[3];

    if (!strcmp(verb, "new"))
        return key_new(s, path);
    if (!strcmp(verb, "destroy"))
        return key_destroy(s, path);
    return officer_fail(s, EX_USAGE, "there is no \"%.20s\": new or destroy", verb);
}
