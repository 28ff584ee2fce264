/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - almoner-store: `almoner restore` and `almoner fsck`, for the operator of a broker that
 * is stopped. The one program besides core and reader that opens a store. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "backup/store_tool.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/process.h"
#include "local/local.h"

#define PROGRESS_MS 2000

static void tool_say(const struct store_tool *t, const char *fmt, va_list args)
{
    (void)fflush(stdout);
    (void)fprintf(stderr, "almoner %s: ", t->name);
    (void)vfprintf(stderr, fmt, args);
    (void)fputc('\n', stderr);
}

void tool_json(json_t *o)
{
    (void)json_dumpf(o, stdout, JSON_COMPACT);
    (void)fputc('\n', stdout);
    json_decref(o);
}

int tool_fail(const struct store_tool *t, int code, const char *fmt, ...)
{
    char message[1024]; /* as much as a reply has */
    va_list args;

    va_start(args, fmt);
    tool_say(t, fmt, args);
    va_end(args);
    if (!t->json)
        return code;
    va_start(args, fmt);
    (void)vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);
    tool_json(local_error(local_exit_word(code), code, "%s", message));
    return code;
}

void tool_warn(const struct store_tool *t, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    tool_say(t, fmt, args);
    va_end(args);
}

void tool_progress(void *ctx, const char *what, uint64_t done, uint64_t of)
{
    static int64_t began_ms, told_ms;
    int64_t now;

    (void)ctx;
    if (done % 1024)
        return;
    now = clock_mono_ms();
    if (!began_ms)
        began_ms = now;
    if (now - began_ms < PROGRESS_MS || now - told_ms < PROGRESS_MS)
        return;
    told_ms = now;
    if (of)
        (void)fprintf(stderr, "%s: %llu of %llu ...\n", what, (unsigned long long)done,
                      (unsigned long long)of);
    else
        (void)fprintf(stderr, "%s: %llu ...\n", what, (unsigned long long)done);
}

int tool_configure(struct store_tool *t)
{
    ALM_CLEANUP(conf_errors_freep) struct conf_errors *errors = NULL;
    int r = conf_errors_new(&errors);

    if (r == 0)
        r = settings_load(t->config, errors, &t->settings);
    for (size_t i = 0; conf_errors_at(errors, i); i++)
        (void)fprintf(stderr, "%s\n", conf_errors_at(errors, i));
    if (r)
        return tool_fail(t, r == -EINVAL ? EX_CONFIG : EX_OSERR, "%s cannot be used", t->config);
    t->configured = true;
    t->mode = strcmp(t->settings.mode, "live") == 0 ? 1 : 2;
    if (note_key_init(&t->head_key, t->settings.origin, t->settings.audit_public))
        return tool_fail(t, EX_CONFIG, "the origin does not make a verifier key");
    return 0;
}

int tool_hold(const struct store_tool *t, bool make, int *fd)
{
    char path[SETTINGS_PATH + 16];
    const char *const names[] = { "almonerd.lock", "writer" };

    /* almonerd's lock is kept; the writer's is only tried, because a store may be opened meanwhile
     */
    for (size_t i = 0; i < ALM_LEN(names); i++) {
        ALM_CLEANUP(fd_closep) int held = -1;

        (void)snprintf(path, sizeof(path), "%s/%s", t->settings.data_dir, names[i]);
        held = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | (make && i == 0 ? O_CREAT : 0), 0600);
        if (held < 0 && errno == ENOENT)
            continue;
        if (held < 0)
            return tool_fail(t, errno == EACCES ? EX_NOPERM : EX_IOERR, "%s: %s", path,
                             strerror(errno));
        if (flock(held, LOCK_EX | LOCK_NB))
            return tool_fail(t, EX_TEMPFAIL,
                             "a broker runs on %s: stop almonerd first (its log says who holds %s)",
                             t->settings.data_dir, names[i]);
        if (i == 0) {
            *fd = held;
            held = -1;
        }
    }
    return 0;
}

int tool_owner(const struct store_tool *t)
{
    struct stat st;

    if (stat(t->settings.data_dir, &st))
        return tool_fail(t, EX_NOINPUT, "%s: %s", t->settings.data_dir, strerror(errno));
    if (st.st_uid == geteuid())
        return 0;
    return tool_fail(
        t, EX_NOPERM,
        "%s belongs to user %lu: run this as that user, so that the broker can use what is "
        "written",
        t->settings.data_dir, (unsigned long)st.st_uid);
}

static void tool_help(FILE *to)
{
    (void)fputs("usage: almoner restore BACKUP --key FILE --config FILE [--expired] [--begin-anew] [--json]\n"
                "       almoner restore BACKUP --key FILE --check [--config FILE] [--json]\n"
                "       almoner fsck --config FILE [--json]\n\n"
                "restore - a backup becomes the store of a broker that is stopped and has none. "
                "All of it is "
                "checked before any of it is\n"
                "in place: each chunk, that a broker with this store.key sent it, that every value "
                "opens, that "
                "the log has the signed\n"
                "root. Refused: a backup of another broker or mode, or of a newer program; a "
                "data_dir that is "
                "not empty. Put store.key and\n"
                "audit.key back into keys_dir first: they are in no backup.\n"
                "fsck - opens every value of a stopped broker's store, computes the log's tree "
                "anew, and holds "
                "indexes, queues and\n"
                "records against each other. It changes nothing; each finding names table and "
                "record, and what "
                "to do.\n\n"
                "  --config FILE  almonerd's configuration (else $ALMONER_CONFIG)\n"
                "  --key FILE     the private half of \"almoner backup key new FILE\"\n"
                "  --check        check the backup alone; nothing is written. With --config also "
                "that it is "
                "this broker's\n"
                "  --expired      use a backup whose key was to be destroyed by now\n"
                "  --begin-anew   the configuration names another origin than the backup: all that "
                "it holds is restored under that one,\n"
                "                 and the log goes on from there. For a log that witnesses hold later "
                "heads of\n"
                "  --json         for programs\n\n"
                "Exit status: 0 done, nothing found; 64 usage; 65 damaged, or another's; 66 there "
                "is none; 73 "
                "data_dir is not empty;\n"
                "74 the disk; 75 a broker runs on it; 77 another user's; 78 configuration.\n\n"
                "examples:\n"
                "  almoner restore marlham-2026-11-22.almoner --key 2026-11.backup --check\n"
                "  almoner restore marlham-2026-11-22.almoner --key 2026-11.backup --config "
                "/etc/almoner/almonerd.conf\n"
                "  almoner fsck --config /etc/almoner/almonerd.conf\n",
                to);
}

/* Return: -1 go on; else an exit code. */
static int tool_args(int argc, char **argv, struct store_tool *t)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' },
        { "key", required_argument, NULL, 'k' },
        { "check", no_argument, NULL, 'n' },
        { "expired", no_argument, NULL, 'x' },
        { "begin-anew", no_argument, NULL, 'b' },
        { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    char name[] = "almoner";
    int o;

    argv[0] = name; /* for getopt's own messages */
    for (int i = 1; i < argc; i++) /* what is wrong before it is told to programs too */
        t->json = t->json || !strcmp(argv[i], "--json");
    while ((o = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (o) {
        case 'c':
            t->config = optarg;
            break;
        case 'k':
            t->key = optarg;
            break;
        case 'n':
            t->check = true;
            break;
        case 'x':
            t->expired = true;
            break;
        case 'b':
            t->begin_anew = true;
            break;
        case 'j':
            t->json = true;
            break;
        case 'h':
            tool_help(stdout);
            return fflush(stdout) ? EX_IOERR : 0;
        default: /* getopt has said what is wrong */
            if (t->json)
                tool_json(local_error(local_exit_word(EX_USAGE), EX_USAGE, "wrong usage; see almoner --help"));
            return EX_USAGE;
        }
    }
    t->name = optind < argc ? argv[optind] : "";
    if (strcmp(t->name, "restore") != 0 && strcmp(t->name, "fsck") != 0) {
        tool_help(stderr);
        return EX_USAGE;
    }
    t->backup = optind + 1 < argc ? argv[optind + 1] : NULL;
    if (!strcmp(t->name, "fsck") ? argc - optind != 1 || t->key || t->check || t->expired || t->begin_anew
                                 : argc - optind != 2)
        return tool_fail(t, EX_USAGE, "wrong usage; see almoner %s --help", t->name);
    return -1;
}

int main(int argc, char **argv)
{
    struct store_tool t = { .name = "", .config = NULL };
    int rc;

    if (process_private()) {
        (void)fputs("almoner: cannot keep core files and other processes out\n", stderr);
        return EX_OSERR;
    }
    rc = tool_args(argc, argv, &t);
    if (rc >= 0)
        return rc;
    if (crypto_init())
        return tool_fail(&t, EX_SOFTWARE, "the cryptographic library does not work");
    if (!t.config && !t.check)
        t.config = getenv("ALMONER_CONFIG");
    log_init("store", LOG_WARN);
    rc = t.config ? tool_configure(&t) : 0;
    if (!rc)
        rc = !strcmp(t.name, "fsck") ? command_fsck(&t) : command_restore(&t);
    settings_deinit(&t.settings);
    if (fflush(stdout) && !rc)
        rc = tool_fail(&t, EX_IOERR, "the output cannot be written");
    return rc;
}
