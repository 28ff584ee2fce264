/* SPDX-License-Identifier: Apache-2.0 */
/* recalls.c - a file for each recall that is not done, and a mark for each that is. */
#include "lib/recalls.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "wire/msg_base.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DONE_DAYS 90
#define DAY_S     86400
#define KEPT_MAX  4096 /* not done; more is an error that the broker hears as one not taken */

struct recalls {
    char dir[PATH_MAX - 64];
};

static void recalls_path(const struct recalls *r, const struct id *recall, const char *suffix,
                         char out[static PATH_MAX])
{
    char text[ID_TEXT];

    id_format(recall, text);
    (void)snprintf(out, PATH_MAX, "%s/%s%s", r->dir, text, suffix);
}

/* Of a file's name: "ID.suffix". */
static bool recalls_name(const char *name, const char *suffix, struct id *out)
{
    char text[ID_TEXT];

    if (strlen(name) != ID_TEXT - 1 + strlen(suffix) || strcmp(name + ID_TEXT - 1, suffix) != 0)
        return false;
    memcpy(text, name, ID_TEXT - 1);
    text[ID_TEXT - 1] = '\0';
    return id_parse(text, out) == 0;
}

static void recalls_forget(const struct recalls *r, const char *name, int64_t now_s)
{
    char path[PATH_MAX];
    struct stat st;
    struct id id;

    if (!recalls_name(name, ".done", &id))
        return;
    recalls_path(r, &id, ".done", path);
    if (stat(path, &st) == 0 && st.st_mtime < now_s - DONE_DAYS * DAY_S)
        (void)unlink(path);
}

int recalls_open(const char *dir, struct recalls **out)
{
    struct recalls *r = calloc(1, sizeof(*r));
    struct dirent *e;
    DIR *d;
    int error = r ? text_copy(r->dir, sizeof(r->dir), dir) : -ENOMEM;

    if (!error)
        error = file_mkdirs(dir, 0700);
    d = error ? NULL : opendir(dir);
    if (!error && !d)
        error = -errno;
    if (error) {
        free(r);
        return error;
    }
    while ((e = readdir(d)) != NULL)
        recalls_forget(r, e->d_name, clock_wall_ms() / 1000);
    (void)closedir(d);
    *out = r;
    return 0;
}

struct recalls *recalls_close(struct recalls *r)
{
    free(r);
    return NULL;
}

int recalls_keep(const struct recalls *r, const struct id *recall, struct bytes body)
{
    char path[PATH_MAX];

    recalls_path(r, recall, ".done", path);
    if (access(path, F_OK) == 0)
        return 0;
    recalls_path(r, recall, ".msg", path);
    return access(path, F_OK) == 0 ? 0 : file_write(path, body, 0600);
}

/* --- reading --- */

struct kept {
    struct id *ids;
    size_t n;
};

static int kept_compare(const void *a, const void *b)
{
    return memcmp(a, b, ID_LEN);
}

static int kept_read(const struct recalls *r, struct kept *k)
{
    DIR *d = opendir(r->dir);
    struct dirent *e;

    k->ids = calloc(KEPT_MAX, sizeof(*k->ids));
    if (!d || !k->ids) {
        int error = d ? -ENOMEM : -errno;

        if (d)
            (void)closedir(d);
        free(k->ids);
        k->ids = NULL;
        return error;
    }
    while (k->n < KEPT_MAX && (e = readdir(d)) != NULL) {
        if (recalls_name(e->d_name, ".msg", &k->ids[k->n]))
            k->n++;
    }
    (void)closedir(d);
    qsort(k->ids, k->n, sizeof(*k->ids), kept_compare);
    return 0;
}

int recalls_each(const struct recalls *r, recalls_visit *visit, void *ctx)
{
    ALM_CLEANUP(buf_deinit) struct buf body;
    struct kept k = { NULL, 0 };
    int error = kept_read(r, &k);
    bool on = error == 0;

    buf_init(&body, WIRE_FRAME_MAX);
    for (size_t i = 0; i < k.n && on; i++) {
        char path[PATH_MAX];

        recalls_path(r, &k.ids[i], ".msg", path);
        buf_reset(&body);
        error = file_read(path, WIRE_FRAME_MAX, &body);
        if (error) {
            log_error("recall-unreadable", "error=%s", LOG_Q(strerror(-error)));
            break;
        }
        on = visit(ctx, &k.ids[i], buf_view(&body));
    }
    free(k.ids);
    return error;
}

int recalls_done(const struct recalls *r, const struct id *recall)
{
    char path[PATH_MAX];
    int error;

    recalls_path(r, recall, ".msg", path);
    if (access(path, F_OK) != 0)
        return -ENOENT;
    recalls_path(r, recall, ".done", path);
    error = file_write(path, bytes_of((const uint8_t *)"", 0), 0600);
    if (error)
        return error;
    recalls_path(r, recall, ".msg", path);
    return unlink(path) == 0 || errno == ENOENT ? 0 : -errno;
}
