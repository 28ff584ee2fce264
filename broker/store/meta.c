/* SPDX-License-Identifier: Apache-2.0 */
/* meta.c - what a store was made for: mode, origin and schema versions; and the file that says who
 * writes.
 *
 * A store that was ever live is never rehearsed on, nor the other way round. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "store/internal.h"

#define META_LAYOUT                                                                                \
    2 /* of the record below; 1: values without periods, leaves without keys of their own */
#define META_RECORD_MAX 4096
#define META_ORIGIN_MAX 256
#define META_TABLES_MAX 64 /* a later version's, still to be read and refused by name */

static struct bytes meta_key(void)
{
    return bytes_str("store");
}

int store_lock_take(const char *dir, bool *made)
{
    char path[4096 + 16];
    int fd;
    uint8_t mark;
    ssize_t n;

    if (snprintf(path, sizeof(path), "%s/writer", dir) >= (int)sizeof(path))
        return -ENAMETOOLONG;
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -errno;
    n = flock(fd, LOCK_EX | LOCK_NB) < 0 ? -1 : pread(fd, &mark, 1, 0);
    if (n < 0) {
        int r = errno == EWOULDBLOCK ? -EBUSY : -errno;

        (void)close(fd);
        return r;
    }
    *made = n == 1;
    return fd;
}

int store_lock_mark_made(int fd, const char *dir)
{
    int dir_fd, r = 0;

    if (pwrite(fd, "made\n", 5, 0) != 5 || fsync(fd) < 0)
        return errno ? -errno : -EIO;
    dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir_fd < 0)
        return -errno;
    if (fsync(dir_fd) < 0)
        r = -errno;
    (void)close(dir_fd);
    return r;
}

/* Layout 2: u8 layout, u8 mode, text origin, u8 n, then n of: text table, u16 schema version. */
int store_meta_write(struct store_txn *t, const struct store_options *o)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };

    if (strlen(o->origin) >= META_ORIGIN_MAX || (o->mode != 1 && o->mode != 2))
        return -EINVAL;
    buf_init(&b, META_RECORD_MAX);
    buf_put_u8(&b, META_LAYOUT);
    buf_put_u8(&b, o->mode);
    buf_put_text(&b, o->origin);
    buf_put_u8(&b, TABLE_COUNT);
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        buf_put_text(&b, store_tables[i].name);
        buf_put_u16(&b, store_tables[i].schema);
    }
    if (buf_status(&b))
        return buf_status(&b);
    store_put(t, TABLE_META, meta_key(), buf_view(&b));
    return store_status(t);
}

/* Return: 0 known and of this program's version; -EPROTO newer, or a table that only a newer
 * program makes; -EPROTONOSUPPORT older; -EBADMSG older than any. */
static int meta_check_table(const char *name, uint16_t schema)
{
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        if (strcmp(name, store_tables[i].name) != 0)
            continue;
        if (schema == store_tables[i].schema)
            return 0;
        if (schema > store_tables[i].schema)
            return -EPROTO;
        return schema ? -EPROTONOSUPPORT : -EBADMSG;
    }
    return -EPROTO;
}

static int meta_check_record(struct bytes record, const struct store_options *o)
{
    struct cursor c = cursor_of(record);
    uint8_t layout = cursor_u8(&c), mode, n;
    char origin[META_ORIGIN_MAX], name[64];

    if (!c.failed && layout && layout != META_LAYOUT)
        return layout > META_LAYOUT ? -EPROTO : -EPROTONOSUPPORT;
    mode = cursor_u8(&c);
    cursor_text(&c, origin, sizeof(origin));
    n = cursor_u8(&c);
    if (c.failed || layout != META_LAYOUT || n > META_TABLES_MAX)
        return -EBADMSG;
    if (mode != o->mode || strcmp(origin, o->origin) != 0)
        return -EXDEV;
    for (size_t i = 0; i < n; i++) {
        uint16_t schema;
        int r;

        cursor_text(&c, name, sizeof(name));
        schema = cursor_u16(&c);
        r = c.failed ? -EBADMSG : meta_check_table(name, schema);
        if (r < 0)
            return r;
    }
    return cursor_end(&c);
}

int store_meta_check(struct store_txn *t, const struct store_options *o, bool made)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    int r;

    buf_init(&b, META_RECORD_MAX);
    r = store_get(t, TABLE_META, meta_key(), &b);
    if (r == 0)
        return meta_check_record(buf_view(&b), o);
    if (r != -ENOENT)
        return r;
    if (made)
        return -EBADMSG; /* there was a record: somebody took it away */
    return o->read_only ? -ENOENT : store_meta_write(t, o);
}
