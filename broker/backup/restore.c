/* SPDX-License-Identifier: Apache-2.0 */
/* restore.c - `almoner restore`: a backup becomes a store, all of it checked before any of it is in
 * place.
 *
 *   data_dir empty --checked once--> data_dir/restoring filled (checked again), examined --> marks,
 *   periods, and last of all data.mdb moved into data_dir --> restoring removed
 *
 * Until data.mdb is moved a broker refuses the folder: its `writer` says that a store was made, and
 * there is none. A kill leaves `restoring`, and the same command begins anew. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "backup/store_tool.h"
#include "base/clock.h"
#include "base/file.h"

#define PATH_MOST (SETTINGS_PATH + 320)

struct restoring {
    struct store_tool *t;
    char folder[PATH_MOST]; /* data_dir/restoring */
};

/* A path that is too long for data_dir's is no file of ours: none is made of it. */
static void path_of(char out[static PATH_MOST], const char *folder, const char *name)
{
    int n = snprintf(out, PATH_MOST, "%s/%s", folder, name);

    if (n < 0 || n >= PATH_MOST)
        out[0] = '\0';
}

static int restore_errno(const struct store_tool *t, const char *path)
{
    return tool_fail(t, EX_CANTCREAT, "%s: %s", path, strerror(errno));
}

static int folder_sync(const char *folder)
{
    ALM_CLEANUP(fd_closep) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 || fsync(fd) ? -errno : 0;
}

/* --- what may lie in the folder --- */

/* What a restore that did not come to its end leaves, and nothing else is ever removed. */
static const char *const left_over[] = { "writer", "restored", "lock.mdb", "periods" };

static int names_in(const char *folder, bool (*known)(const char *), char other[static 256],
                    bool *any)
{
    DIR *d = opendir(folder);
    struct dirent *at;

    *any = false;
    other[0] = '\0';
    if (!d)
        return errno == ENOENT ? 0 : -errno;
    while ((at = readdir(d))) {
        if (!strcmp(at->d_name, ".") || !strcmp(at->d_name, ".."))
            continue;
        *any = true;
        if (!known || !known(at->d_name))
            (void)snprintf(other, 256, "%.200s", at->d_name);
    }
    (void)closedir(d);
    return 0;
}

static bool nobodys(const char *name) /* of an empty folder on a disk of its own, and its lock */
{
    return !strcmp(name, "almonerd.lock") || !strcmp(name, "lost+found");
}

static bool heads(const char *name)
{
    return strncmp(name, ANEW_HEADS, strlen(ANEW_HEADS)) == 0;
}

static bool ours(const char *name)
{
    for (size_t i = 0; i < ALM_LEN(left_over); i++)
        if (!strcmp(name, left_over[i]))
            return true;
    return nobodys(name) || heads(name) || !strcmp(name, "restoring");
}

/* Files of a folder, then the folder itself. */
static int folder_remove(const char *folder)
{
    DIR *d = opendir(folder);
    struct dirent *at;
    struct stat st;
    int r = 0;

    if (!d)
        return errno == ENOENT ? 0 : -errno;
    while (r == 0 && (at = readdir(d))) {
        if (!strcmp(at->d_name, ".") || !strcmp(at->d_name, ".."))
            continue;
        r = fstatat(dirfd(d), at->d_name, &st, AT_SYMLINK_NOFOLLOW) ? -errno : 0;
        if (r == 0 && S_ISDIR(st.st_mode)) {
            char inner[PATH_MOST];

            path_of(inner, folder, at->d_name);
            r = folder_remove(inner);
        } else if (r == 0) {
            r = unlinkat(dirfd(d), at->d_name, 0) ? -errno : 0;
        }
    }
    (void)closedir(d);
    return r ? r : rmdir(folder) ? -errno : 0;
}

static int heads_remove(const char *folder)
{
    DIR *d = opendir(folder);
    struct dirent *at;
    int r = 0;

    if (!d)
        return -errno;
    while (r == 0 && (at = readdir(d))) {
        if (heads(at->d_name))
            r = unlinkat(dirfd(d), at->d_name, 0) ? -errno : 0;
    }
    (void)closedir(d);
    return r;
}

static int left_remove(const struct restoring *g)
{
    char path[PATH_MOST];
    struct stat st;
    int r = 0;

    /* `restoring` goes last: what lies here without it is nobody's to remove */
    for (size_t i = 0; i < ALM_LEN(left_over) && r == 0; i++) {
        path_of(path, g->t->settings.data_dir, left_over[i]);
        if (lstat(path, &st))
            continue;
        r = S_ISDIR(st.st_mode) ? folder_remove(path) : unlink(path) ? -errno : 0;
    }
    if (r == 0)
        r = heads_remove(g->t->settings.data_dir);
    return r ? r : folder_remove(g->folder);
}

static int folder_ready(struct restoring *g)
{
    const char *data = g->t->settings.data_dir;
    char other[256];
    struct stat st;
    bool any;
    int r, begun;

    begun = lstat(g->folder, &st) == 0;
    r = names_in(data, begun ? ours : nobodys, other, &any);
    if (r)
        return tool_fail(g->t, EX_CANTCREAT, "%s: %s", data, strerror(-r));
    if (other[0])
        return tool_fail(
            g->t, EX_CANTCREAT,
            "%s is not empty: \"%.80s\" lies in it. A store is restored into an empty folder; "
            "move what is there aside, and keep it",
            data, other);
    r = begun ? left_remove(g) : 0;
    if (r == 0 && mkdir(g->folder, 0700))
        r = -errno;
    return r ? tool_fail(g->t, EX_CANTCREAT, "%s: %s", g->folder, strerror(-r)) : 0;
}

/* --- into place --- */

/* The signer signs nothing in a restored store before witnesses have said what they hold.
 * Written beside what is to be moved, not in its place: the name that it has while it is written is nobody's
 * in data_dir, and a kill just then would leave it in the way of the restore after. */
static int mark_write(const struct restoring *g, const struct unpacked *u)
{
    char path[PATH_MOST], at[25];
    json_t *o;
    char *text;
    int r = -ENOMEM;

    clock_format_utc(clock_wall_ms(), at);
    path_of(path, g->folder, "restored");
    o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I}", "almoner", "restored/1", "at", at, "backup",
                  u->id, "made", u->made, "origin", u->origin, "leaves", (json_int_t)u->leaves, "head_size",
                  (json_int_t)u->head_size);
    text = o ? json_dumps(o, JSON_COMPACT) : NULL;
    if (text)
        r = file_write(path, bytes_str(text), 0600);
    json_decref(o);
    if (text)
        free(text);
    return r;
}

static int move_in(const struct restoring *g, const char *name)
{
    char from[PATH_MOST], to[PATH_MOST];

    path_of(from, g->folder, name);
    path_of(to, g->t->settings.data_dir, name);
    return rename(from, to) ? -errno : 0;
}

static int put_in_place(const struct restoring *g, const struct unpacked *u)
{
    char path[PATH_MOST], name[ANEW_NAME];
    int r = mark_write(g, u);

    if (r == 0)
        r = move_in(g, "writer");
    if (r == 0)
        r = move_in(g, "restored");
    if (r == 0)
        r = move_in(g, "periods");
    if (r == 0 && g->t->begin_anew) {
        anew_heads_name(u->origin, name);
        r = move_in(g, name);
    }
    if (r == 0)
        r = folder_sync(g->t->settings.data_dir);
    if (r == 0)
        r = move_in(g, "data.mdb");
    if (r == 0)
        r = folder_sync(g->t->settings.data_dir);
    if (r)
        return tool_fail(g->t, EX_IOERR, "%s: %s; the same command begins anew",
                         g->t->settings.data_dir, strerror(-r));
    path_of(path, g->folder, "lock.mdb");
    (void)unlink(path);
    (void)rmdir(g->folder); /* empty; left behind it does no harm */
    return 0;
}

/* --- the command --- */

static void restore_say(const struct store_tool *t, const struct unpacked *u, int64_t ms)
{
    if (t->json) {
        tool_json(
            json_pack("{s:b, s:b, s:b, s:s, s:s, s:s, s:I, s:I, s:I, s:I}", "ok", 1, "restored",
                      !t->check, "proved", u->proved, "backup", u->id, "made", u->made, "until",
                      u->until, "records", (json_int_t)u->records, "leaves", (json_int_t)u->leaves,
                      "head_size", (json_int_t)u->head_size, "ms", (json_int_t)ms));
        return;
    }
    (void)printf("%s: backup %s of %s, %" PRIu64 " records and %" PRIu64 " leaves, in %.1f s\n",
                 t->check ? "good" : "restored", u->id, u->made, u->records, u->leaves,
                 (double)ms / 1000);
    if (t->check && !u->proved)
        (void)printf(
            "Only the file was checked: with --config also that a broker with that store.key "
            "sent all of it.\n");
    if (!t->check && t->begin_anew)
        (void)printf("It goes on under %s; what was signed under %s stands in its data_dir, in "
                     ANEW_HEADS "*.txt, and belongs with the auditor too.\nAgencies set the new origin, "
                     "and publish their sealing keys again.\n",
                     t->settings.origin, u->origin);
    if (!t->check)
        (void)printf(
            "What was lodged, decided and withdrawn after that is not in it: tell the agencies, "
            "whose "
            "adapters send anew what is unacknowledged.\nThe signer signs nothing before the "
            "witnesses that the policy names have said which heads they hold.\n");
}

static int restore_into(struct restoring *g, struct unpacked *u)
{
    struct note_key before = { .name = "" };
    int rc = folder_ready(g);

    if (rc)
        return rc;
    rc = unpack(g->t, g->folder, u);
    if (!rc)
        rc = anew_key(g->t, u, &before); /* of the same origin, but where it is begun anew */
    if (!rc)
        rc = examine(g->t, g->folder, &before);
    if (!rc && g->t->begin_anew)
        rc = anew(g->t, g->folder, u);
    if (!rc)
        return put_in_place(g, u);
    if (left_remove(g))
        tool_warn(g->t, "%s could not be removed", g->folder);
    return rc;
}

static int restore_all(struct store_tool *t, struct unpacked *u)
{
    ALM_CLEANUP(fd_closep) int lock = -1;
    struct restoring g = { .t = t };
    int rc;

    path_of(g.folder, t->settings.data_dir, "restoring");
    if (file_mkdirs(t->settings.data_dir, 0700))
        return restore_errno(t, t->settings.data_dir);
    rc = tool_owner(t);
    if (!rc)
        rc = tool_hold(t, true, &lock);
    if (!rc) /* once before anything is written, however long it takes */
        rc = unpack(t, NULL, u);
    return rc ? rc : restore_into(&g, u);
}

int command_restore(struct store_tool *t)
{
    int64_t began = clock_mono_ms();
    struct unpacked u = { .leaves = 0 };
    int rc;

    if (!t->key)
        return tool_fail(t, EX_USAGE,
                         "opened with what? Give --key FILE: the private half of \"almoner "
                         "backup key new FILE\"");
    if ((!t->check || t->begin_anew) && !t->configured)
        return tool_fail(t, EX_USAGE, "into which broker? Give --config FILE (almonerd's)");
    rc = t->check ? unpack(t, NULL, &u) : restore_all(t, &u);
    if (!rc)
        restore_say(t, &u, clock_mono_ms() - began);
    return rc;
}
