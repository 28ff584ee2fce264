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
#include "local/local.h"

#define SHOWN_MOST 1000 /* findings that are listed; the rest are counted */

struct examining {
    const struct store_tool *t;
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

/* What was found is a failure as any other, and more. Of a store that is sound `almoner restore` goes on
 * to say its own. */
static void examine_json(const struct examining *e, const struct fsck_counts *n, bool bad, int64_t ms)
{
    json_t *o = bad ? local_error(local_exit_word(EX_DATAERR), EX_DATAERR, "the store is damaged: look at the findings")
                    : json_pack("{s:b}", "ok", 1);
    json_t *counts =
        json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:O}", "records", (json_int_t)n->records,
                  "leaves", (json_int_t)n->leaves, "forgotten", (json_int_t)n->forgotten, "heads",
                  (json_int_t)n->heads, "found", (json_int_t)n->findings, "ms", (json_int_t)ms,
                  "findings", e->findings);

    (void)json_object_update(o, counts);
    json_decref(counts);
    if (bad || strcmp(e->t->name, "restore") != 0)
        tool_json(o);
    else
        json_decref(o);
}

static void examine_say(const struct examining *e, const struct fsck_counts *n, bool bad, int64_t ms)
{
    if (e->findings) {
        examine_json(e, n, bad, ms);
        return;
    }
    if (n->findings > SHOWN_MOST)
        (void)printf("and %" PRIu64 " more findings\n", n->findings - SHOWN_MOST);
    (void)printf("%s: %" PRIu64 " records, %" PRIu64 " leaves (the sealed parts of %" PRIu64
                 " forgotten), %" PRIu64 " signed heads, in %.1f s\n",
                 bad ? "DAMAGED" : "sound", n->records, n->leaves, n->forgotten, n->heads,
                 (double)ms / 1000);
}

/* What is found of the store as a whole, and ends the examination. */
static int examine_whole(const struct store_tool *t, const struct fsck_finding *f)
{
    struct examining e = { .t = t, .findings = t->json ? json_array() : NULL };
    const struct fsck_counts one = { .findings = 1 };

    examine_found(&e, f);
    if (e.findings)
        examine_json(&e, &one, true, 0);
    json_decref(e.findings);
    return EX_DATAERR;
}

static int open_fail(const struct store_tool *t, const char *folder, int r)
{
    static const struct fsck_finding unopened = {
        .table = "meta",
        .record = "store",
        .what = "it cannot be opened: not this store.key, a period's secret is gone, or the data "
                "file is damaged at its root",
        .todo = "is keys_dir this broker's? Else keep this data_dir as it is, and restore the "
                "latest backup"
    };

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
        return examine_whole(t, &unopened);
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
    bool bad;
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
    bad = n.findings || r;
    examine_say(&e, &n, bad, clock_mono_ms() - began);
    json_decref(e.findings);
    return bad ? EX_DATAERR : 0;
}

int examine(struct store_tool *t, const char *folder, const struct note_key *key)
{
    static const struct fsck_finding wild = {
        .table = "the data file",
        .record = "its pages",
        .what = "they point wildly, and what was read after the findings above ended the "
                "examination",
        .todo = "keep this data_dir as it is, look at the disk, and restore the latest backup"
    };
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
    return examine_whole(t, &wild);
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
