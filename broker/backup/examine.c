/* SPDX-License-Identifier: Apache-2.0 */
/* examine.c - `almoner fsck`: what the examination found, said for people or programs. It runs in a
 * child: LMDB trusts its pages, and one that points wildly ends a process by a signal; that too is
 * a finding. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "backup/fsck.h"
#include "backup/store_tool.h"
#include "base/clock.h"
#include "base/file.h"

#define SHOWN_MOST 1000 /* findings that are listed; the rest are counted */

struct examining {
    struct store_tool *t;
    json_t *findings; /* with --json */
    uint64_t shown;
};

static void examine_found(void *ctx, const struct fsck_finding *f)
{
    struct examining *e = ctx;

    if (e->shown++ >= SHOWN_MOST)
        return;
    if (e->findings) {
        (void)json_array_append_new(e->findings,
                                    json_pack("{s:s, s:s, s:s, s:s}", "table", f->table, "record",
                                              f->record, "what", f->what, "todo", f->todo));
        return;
    }
    (void)printf("FOUND %s, %s: %s\n      to do: %s\n", f->table,
                 *f->record ? f->record : "the table", f->what, f->todo);
    (void)fflush(stdout);
}

static void examine_say(struct examining *e, const struct fsck_counts *n, int64_t ms)
{
    if (e->findings) {
        json_t *o =
            json_pack("{s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:O}", "ok", n->findings == 0, "records",
                      (json_int_t)n->records, "leaves", (json_int_t)n->leaves, "forgotten",
                      (json_int_t)n->forgotten, "heads", (json_int_t)n->heads, "found",
                      (json_int_t)n->findings, "ms", (json_int_t)ms, "findings", e->findings);

        (void)json_dumpf(o, stdout, JSON_COMPACT);
        (void)fputc('\n', stdout);
        json_decref(o);
        return;
    }
    if (n->findings > SHOWN_MOST)
        (void)printf("and %" PRIu64 " more findings\n", n->findings - SHOWN_MOST);
    (void)printf("%s: %" PRIu64 " records, %" PRIu64 " leaves (the sealed parts of %" PRIu64
                 " forgotten), %" PRIu64 " signed heads, in %.1f s\n",
                 n->findings ? "DAMAGED" : "sound", n->records, n->leaves, n->forgotten, n->heads,
                 (double)ms / 1000);
}

static int open_fail(const struct store_tool *t, const char *folder, int r)
{
    switch (r) {
    case -EXDEV:
        return tool_fail(t, EX_DATAERR,
                         "%s: a store of another broker or mode than the configuration's", folder);
    case -EPROTO:
        return tool_fail(t, EX_DATAERR, "%s: a newer program's store: use that one", folder);
    case -EPROTONOSUPPORT:
        return tool_fail(t, EX_DATAERR, "%s: an older program's store: use that one", folder);
    case -ENOENT:
        return tool_fail(t, EX_NOINPUT, "%s: there is no store", folder);
    case -EBADMSG:
        (void)printf(
            "FOUND meta, store: it cannot be opened: not this store.key, a period's secret is "
            "gone, or the data file is damaged at its root\n      to do: is keys_dir this "
            "broker's? Else keep this data_dir as it is, and restore the latest backup\n");
        return EX_DATAERR;
    default:
        return tool_fail(t, EX_IOERR, "%s: %s", folder, strerror(-r));
    }
}

static int examine_here(struct store_tool *t, const char *folder, const struct note_key *key)
{
    ALM_CLEANUP(store_closep) struct store *s = NULL;
    struct examining e = { .t = t, .findings = t->json ? json_array() : NULL };
    struct fsck_options o = { .key = *key,
                              .origin = key->name,
                              .found = examine_found,
                              .progress = tool_progress,
                              .ctx = NULL };
    struct fsck_counts n;
    int64_t began = clock_mono_ms();
    int r =
        store_open(&(struct store_options){ .path = folder,
                                            .key = &t->settings.store_key,
                                            .mode = t->mode,
                                            .origin = key->name,
                                            .map_bytes = (size_t)t->settings.limits.store_mib << 20,
                                            .read_only = true },
                   &s);

    if (r)
        return open_fail(t, folder, r);
    o.ctx = &e;
    r = fsck_run(s, &o, &n);
    if (r && r != -EBADMSG)
        return tool_fail(t, r == -ENOMEM ? EX_OSERR : EX_IOERR, "%s: %s", folder, strerror(-r));
    examine_say(&e, &n, clock_mono_ms() - began);
    json_decref(e.findings);
    return n.findings || r ? EX_DATAERR : 0;
}

int examine(struct store_tool *t, const char *folder, const struct note_key *key)
{
    int status;
    pid_t child;

    (void)fflush(stdout);
    child = fork();
    if (child == 0) {
        int rc;

        (void)prctl(PR_SET_PDEATHSIG,
                    SIGKILL); /* it has the lock too: it must not outlive its parent */
        rc = examine_here(t, folder, key);

        (void)fflush(stdout);
        _exit(rc);
    }
    if (child < 0)
        return tool_fail(t, EX_OSERR, "%s", strerror(errno));
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return tool_fail(t, EX_OSERR, "%s", strerror(errno));
    if (WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) >= EX_USAGE))
        return WEXITSTATUS(status);
    if (t->json)
        (void)puts("{\"ok\":false,\"found\":1,\"findings\":[{\"table\":\"\",\"record\":\"\","
                   "\"what\":\"the "
                   "data file's pages point wildly\",\"todo\":\"restore the latest backup\"}]}");
    else
        (void)printf(
            "FOUND the data file: its pages point wildly, and what was read after the findings "
            "above ended the examination\n      to do: keep this data_dir as it is, look at the "
            "disk, and restore the latest backup\n");
    return EX_DATAERR;
}

int command_fsck(struct store_tool *t)
{
    ALM_CLEANUP(fd_closep) int lock = -1;
    char path[SETTINGS_PATH + 16];
    struct stat st;
    int rc;

    if (!t->configured)
        return tool_fail(t, EX_USAGE, "which broker's store? Give --config FILE (almonerd's)");
    (void)snprintf(path, sizeof(path), "%s/data.mdb", t->settings.data_dir);
    if (stat(path, &st))
        return tool_fail(t, EX_NOINPUT, "%s: %s", path, strerror(errno));
    rc = tool_owner(t);
    if (!rc)
        rc = tool_hold(t, false, &lock);
    return rc ? rc : examine(t, t->settings.data_dir, &t->head_key);
}
