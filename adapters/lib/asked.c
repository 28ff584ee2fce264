/* SPDX-License-Identifier: Apache-2.0 */
/* asked.c - one file an id, read when it is asked for: nothing is held in memory. */
#include "lib/asked.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ASKED_MAGIC "ALMASK1" /* with its NUL */
#define RECORD_MAX  256
#define DAY_MS      86400000

struct asked {
    char dir[PATH_MAX - 64];
};

int asked_open(const char *dir, struct asked **out)
{
    struct asked *a = calloc(1, sizeof(*a));
    int r = a ? text_copy(a->dir, sizeof(a->dir), dir) : -ENOMEM;

    if (r == 0)
        r = file_mkdirs(dir, 0700);
    if (r != 0) {
        free(a);
        return r;
    }
    *out = a;
    return 0;
}

struct asked *asked_close(struct asked *a)
{
    free(a);
    return NULL;
}

void asked_closep(struct asked **a)
{
    *a = asked_close(*a);
}

static int record_path(const struct asked *a, const struct id *id, char out[static PATH_MAX])
{
    char name[ID_TEXT];
    int n;

    id_format(id, name);
    n = snprintf(out, PATH_MAX, "%s/%s", a->dir, name);
    return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static int record_write(const struct asked *a, const struct id *id, const struct asked_record *rec)
{
    ALM_CLEANUP(buf_deinit) struct buf file;
    char path[PATH_MAX];
    int r = record_path(a, id, path);

    buf_init(&file, RECORD_MAX);
    buf_put(&file, ASKED_MAGIC, sizeof(ASKED_MAGIC));
    buf_put(&file, rec->content, sizeof(rec->content));
    buf_put_u8(&file, rec->outcome);
    buf_put_u64(&file, rec->leaf);
    buf_put_i64(&file, rec->at_ms);
    buf_put_text(&file, rec->reason);
    if (r == 0)
        r = buf_status(&file);
    return r == 0 ? file_write(path, buf_view(&file), 0600) : r;
}

int asked_find(const struct asked *a, const struct id *id, struct asked_record *out)
{
    ALM_CLEANUP(buf_deinit) struct buf file;
    char path[PATH_MAX];
    struct cursor c;
    struct bytes magic;
    int r = record_path(a, id, path);

    memset(out, 0, sizeof(*out));
    buf_init(&file, RECORD_MAX);
    if (r == 0)
        r = file_read(path, RECORD_MAX, &file);
    if (r != 0)
        return r == -E2BIG || r == -EISDIR || r == -EINVAL ? -EBADMSG : r;
    c = cursor_of(buf_view(&file));
    magic = cursor_take(&c, sizeof(ASKED_MAGIC));
    if (c.failed || memcmp(magic.data, ASKED_MAGIC, sizeof(ASKED_MAGIC)) != 0)
        return -EBADMSG;
    magic = cursor_take(&c, sizeof(out->content));
    if (!c.failed)
        memcpy(out->content, magic.data, sizeof(out->content));
    out->outcome = cursor_u8(&c);
    out->leaf = cursor_u64(&c);
    out->at_ms = cursor_i64(&c);
    cursor_text(&c, out->reason, sizeof(out->reason));
    return cursor_end(&c) == 0 && out->outcome <= ASKED_REFUSED ? 0 : -EBADMSG;
}

int asked_note(const struct asked *a, const struct id *id, const uint8_t content[static SHA256_LEN])
{
    struct asked_record rec = { .outcome = ASKED_OPEN };

    memcpy(rec.content, content, sizeof(rec.content));
    return record_write(a, id, &rec);
}

int asked_settle(const struct asked *a, const struct id *id, const struct msg *m)
{
    struct asked_record rec;
    int r = asked_find(a, id, &rec);

    if (r != 0)
        return r == -ENOENT ? 0 : r;
    if (rec.outcome != ASKED_OPEN)
        return 0; /* the first one stands */
    if (m->type == MSG_RECEIPT) {
        rec.outcome = ASKED_RECEIPTED;
        rec.leaf = m->receipt.leaf;
        rec.at_ms = m->receipt.at_ms;
    } else if (m->type == MSG_REFUSAL) {
        rec.outcome = ASKED_REFUSED;
        memcpy(rec.reason, m->refusal.reason, sizeof(rec.reason));
    } else {
        return 0;
    }
    return record_write(a, id, &rec);
}

/* A UUIDv7 begins with its time, so names in order are about in order of time. */
static int name_order(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int name_is_id(const struct dirent *e)
{
    struct id id;

    return id_parse(e->d_name, &id) == 0;
}

void asked_prune(const struct asked *a, int64_t wall_ms)
{
    struct dirent **names = NULL;
    int n = scandir(a->dir, &names, name_is_id, name_order);

    for (int i = 0; i < n; i++) {
        char path[PATH_MAX];
        struct stat st;

        if (snprintf(path, sizeof(path), "%s/%.40s", a->dir, names[i]->d_name) <
                (int)sizeof(path) &&
            stat(path, &st) == 0 &&
            (n - i > ASKED_MAX ||
             wall_ms - (int64_t)st.st_mtime * 1000 > (int64_t)ASKED_KEEP_DAYS * DAY_MS))
            (void)unlink(path);
        free(names[i]);
    }
    free(names);
}
