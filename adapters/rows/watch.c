/* SPDX-License-Identifier: Apache-2.0 */
/* watch.c - how files lie, and reading one whole. */
#include "rows/watch.h"

#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static bool stat_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

int take_file(const char *path, const char *label, take_report_fn *report, void *ctx,
              struct buf *out)
{
    struct stat before, after;
    char text[160];
    int e = stat(path, &before) == 0 ? 0 : -errno;

    if (e == 0)
        e = file_read(path, out->max, out);
    if (e == -ENOMEM)
        return e;
    if (e == -ENOENT) {
        report(ctx, label, 0, "there is no such file; is the extract missing, or the path wrong?");
        return TAKE_ABSENT;
    }
    if (e != 0) {
        (void)snprintf(text, sizeof(text), "cannot be read: %s", strerror(-e));
        report(ctx, label, 0, text);
        return -EINVAL;
    }
    if (stat(path, &after) == 0 && stat_same(&before, &after) && out->len == (size_t)after.st_size)
        return 0;
    report(ctx, label, 0, "was written while it was read; it is read again when it is whole");
    return TAKE_CHANGED;
}

void watch_add(struct watch *w, const char *path)
{
    if (*path && w->n < WATCH_MAX)
        w->paths[w->n++] = path;
}

static void look(const struct watch *w, struct look *out)
{
    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < w->n; i++) {
        struct stat st;

        if (stat(w->paths[i], &st) != 0)
            continue;
        out->files[i].inode = st.st_ino;
        out->files[i].size = st.st_size;
        out->files[i].written = st.st_mtim;
    }
}

static bool look_same(const struct watch *w, const struct look *a, const struct look *b)
{
    for (size_t i = 0; i < w->n; i++) {
        if (a->files[i].inode != b->files[i].inode || a->files[i].size != b->files[i].size ||
            a->files[i].written.tv_sec != b->files[i].written.tv_sec ||
            a->files[i].written.tv_nsec != b->files[i].written.tv_nsec)
            return false;
    }
    return true;
}

void watch_begin(struct watch *w)
{
    look(w, &w->taken);
    w->seen = w->taken;
}

bool watch_held(const struct watch *w)
{
    struct look now;

    look(w, &now);
    return look_same(w, &now, &w->taken);
}

bool watch_changed(struct watch *w, int64_t now_ms, int32_t reload_s, int32_t settle_s)
{
    struct look now;

    if (!reload_s || now_ms - w->looked_ms < (int64_t)reload_s * 1000)
        return false;
    w->looked_ms = now_ms;
    look(w, &now);
    if (!look_same(w, &now, &w->seen)) {
        w->seen = now;
        w->seen_ms = now_ms;
    }
    if (look_same(w, &now, &w->taken) || now_ms - w->seen_ms < (int64_t)settle_s * 1000)
        return false;
    w->taken = now;
    return true;
}
