/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - almonerd: reads the settings, starts the family, watches it until told to stop. */
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "supervisor/family.h"
#include "supervisor/notify.h"
#include "supervisor/settings.h"
#include "supervisor/spawn_settings.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

struct almonerd_args {
    const char *file, *libexec;
    bool check;
};

static void almonerd_help(void)
{
    printf("usage: almonerd [--libexec DIR] FILE\n"
           "       almonerd --check FILE\n"
           "       almonerd --help | --version\n\n"
           "Starts the broker: the core, the signer, the reader and a gate for each organisation, "
           "and starts again whichever\n"
           "of them ends. Stays in the foreground; logs logfmt lines on standard error "
           "(deploy/EVENTS.md explains each event).\n"
           "SIGTERM and SIGINT stop it cleanly. It tells a service manager when it is ready "
           "(NOTIFY_SOCKET).\n\n"
           "  --check FILE   read the file and the keys that it names, print every mistake with "
           "file and line\n"
           "  --libexec DIR  where almoner-core, almoner-gate, almoner-signer and almoner-reader "
           "are [" ALM_LIBEXECDIR "]\n\n"
           "Exit status: 0 stopped or checked; 64 usage; 65 a store or head that must not be opened "
           "(almoner fsck looks for damage);\n"
           "69 another almonerd runs on this data_dir; 70 internal; 71 the system refused; 73 a "
           "directory cannot be made; 76 a gate's\n"
           "self-test failed; 78 configuration.\n\n");
    settings_help(stdout);
}

/* Return: EX_OK go on; -1 done (help was printed); EX_USAGE. */
static int almonerd_args(int argc, char **argv, struct almonerd_args *a)
{
    static const struct option options[] = {
        { "check", no_argument, NULL, 'c' },
        { "libexec", required_argument, NULL, 'l' },
        { "help", no_argument, NULL, 'h' },
        { "version", no_argument, NULL, 'v' },
        { NULL, 0, NULL, 0 },
    };
    int o;

    while ((o = getopt_long(argc, argv, "", options, NULL)) >= 0) {
        switch (o) {
        case 'c':
            a->check = true;
            break;
        case 'l':
            a->libexec = optarg;
            break;
        case 'h':
            almonerd_help();
            return -1;
        case 'v':
            printf("almonerd %s\n", ALM_VERSION);
            return -1;
        default:
            return EX_USAGE;
        }
    }
    if (argc - optind != 1) {
        fprintf(stderr, "almonerd: one configuration file, please: almonerd [--check] FILE (see "
                        "almonerd --help)\n");
        return EX_USAGE;
    }
    a->file = argv[optind];
    return EX_OK;
}

/* Every mistake on a line of its own. Return: an exit code. */
static int almonerd_load(const char *file, struct settings *s)
{
    ALM_CLEANUP(conf_errors_freep) struct conf_errors *errors = NULL;
    int r = conf_errors_new(&errors);
    size_t i = 0;

    if (r)
        return EX_OSERR;
    r = settings_load(file, errors, s);
    for (; conf_errors_at(errors, i); i++)
        fprintf(stderr, "%s\n", conf_errors_at(errors, i));
    if (conf_errors_count(errors) > i)
        fprintf(stderr, "%s: and %zu more\n", file, conf_errors_count(errors) - i);
    if (r == -EINVAL)
        return EX_CONFIG;
    return r ? EX_OSERR : EX_OK;
}

/* Two pairs and a channel a gate, all above SPAWN_FD_LEAST. */
static int almonerd_descriptors(size_t n_gates)
{
    struct rlimit limit;
    rlim_t need = SPAWN_FD_LEAST + 64 + 4 * (rlim_t)n_gates;

    if (getrlimit(RLIMIT_NOFILE, &limit))
        return -errno;
    if (limit.rlim_cur >= need)
        return 0;
    limit.rlim_cur = need < limit.rlim_max ? need : limit.rlim_max;
    if (limit.rlim_cur < need) {
        log_error("almonerd-limit", "limit=nofile need=%llu have=%llu", (unsigned long long)need,
                  (unsigned long long)limit.rlim_max);
        return -EMFILE;
    }
    return setrlimit(RLIMIT_NOFILE, &limit) ? -errno : 0;
}

static int almonerd_directory(const char *path)
{
    int r = file_mkdirs(path, 0700);

    if (r)
        log_error("almonerd-directory", "path=%s reason=%s", LOG_Q(path), LOG_Q(strerror(-r)));
    return r;
}

/* One supervisor a store. *out stays open as long as we live. Return: an exit code. */
static int almonerd_lock(const struct settings *s, int *out)
{
    char path[SETTINGS_PATH + 16];
    int fd;

    snprintf(path, sizeof(path), "%s/almonerd.lock", s->data_dir);
    fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        log_error("almonerd-directory", "path=%s reason=%s", LOG_Q(path), LOG_Q(strerror(errno)));
        return EX_CANTCREAT;
    }
    if (flock(fd, LOCK_EX | LOCK_NB)) {
        log_error("almonerd-locked", "path=%s", LOG_Q(path));
        close(fd);
        return EX_UNAVAILABLE;
    }
    *out = fd;
    return EX_OK;
}

static int almonerd_signals(void)
{
    sigset_t set;
    int fd;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &set, NULL))
        return -errno;
    fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static void almonerd_signal(struct family *f, uint32_t signal, int64_t now_ms)
{
    switch (signal) {
    case SIGTERM:
    case SIGINT:
        if (!family_stopping(f)) {
            log_info("almonerd-stopping", "signal=%u", signal);
            notify_manager("STOPPING=1");
        }
        family_stop(f, now_ms);
        break;
    case SIGHUP:
        log_warn("reload-refused", "reason=\"settings are read at the start; restart almonerd\"");
        break;
    default:
        break; /* SIGCHLD: family_reap looks anyway */
    }
}

static void almonerd_read_signals(struct family *f, int signals, int64_t now_ms)
{
    struct signalfd_siginfo info;

    while (read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
        almonerd_signal(f, info.ssi_signo, now_ms);
    family_reap(f, now_ms);
}

static int almonerd_watch(struct family *f, const struct settings *s, int signals)
{
    struct pollfd *polled = calloc(family_size(f) + 1, sizeof(*polled));
    bool announced = false;
    int64_t began_ms = clock_mono_ms();

    if (!polled)
        return EX_OSERR;
    while (!family_gone(f)) {
        size_t n;

        family_tend(f, clock_mono_ms());
        polled[0] = (struct pollfd){ .fd = signals, .events = POLLIN };
        n = family_polled(f, polled + 1);
        if (poll(polled, n + 1, family_wait_ms(f, clock_mono_ms())) < 0 && errno != EINTR)
            break;
        family_hear(f, polled + 1, n, clock_mono_ms());
        if (polled[0].revents)
            almonerd_read_signals(f, signals, clock_mono_ms());
        if (!announced && family_ready(f)) {
            announced = true;
            log_info("almonerd-ready", "mode=%s gates=%zu ms=%lld", s->mode, s->n_gates,
                     (long long)(clock_mono_ms() - began_ms));
            notify_manager("READY=1");
        }
    }
    free(polled);
    return family_gone(f) ? EX_OK : EX_OSERR;
}

static int almonerd_serve(const struct settings *s, const char *libexec)
{
    ALM_CLEANUP(family_freep) struct family *f = NULL;
    ALM_CLEANUP(fd_closep) int signals = almonerd_signals();
    int r = almonerd_descriptors(s->n_gates);

    if (signals < 0 || r)
        return EX_OSERR;
    r = family_new(s, libexec, &f);
    if (r) {
        log_error("almonerd-failed", "reason=%s", LOG_Q(strerror(-r)));
        return EX_OSERR;
    }
    r = almonerd_watch(f, s, signals);
    if (!r)
        r = family_verdict(f);
    log_info("almonerd-stopped", "code=%d", r);
    return r;
}

static int almonerd_run(const struct settings *s, const char *libexec)
{
    ALM_CLEANUP(fd_closep) int lock = -1;
    const struct rlimit no_core = { 0, 0 };
    int r;

    log_init("almonerd", settings_log_level(s));
#ifndef ALM_SANITIZED /* the leak checker traces its own process */
    (void)prctl(PR_SET_DUMPABLE, 0);
#endif
    (void)setrlimit(RLIMIT_CORE, &no_core);
    umask(077);
    if (almonerd_directory(s->data_dir) || almonerd_directory(s->runtime_dir))
        return EX_CANTCREAT;
    r = almonerd_lock(s, &lock);
    if (r)
        return r;
    log_info("almonerd-starting", "version=%s mode=%s origin=%s gates=%zu", ALM_VERSION, s->mode,
             s->origin, s->n_gates);
    return almonerd_serve(s, libexec);
}

/* Our working directory may change hands; a relative --libexec must not. */
static int almonerd_libexec(const char *given, char out[static SETTINGS_PATH])
{
    char *real = realpath(given, NULL);
    int r = real && strlen(real) < SETTINGS_PATH ? 0 : -1;

    if (!r)
        snprintf(out, SETTINGS_PATH, "%s", real);
    else
        fprintf(stderr, "almonerd: --libexec %s: %s\n", given, real ? "too long" : strerror(errno));
    free(real);
    return r;
}

int main(int argc, char **argv)
{
    struct almonerd_args args = { .libexec = ALM_LIBEXECDIR };
    ALM_CLEANUP(settings_deinit) struct settings settings = { .n_gates = 0 };
    char libexec[SETTINGS_PATH];
    int r = almonerd_args(argc, argv, &args);

    if (r)
        return r < 0 ? EX_OK : r;
    log_init("almonerd", LOG_INFO);
    if (crypto_init()) {
        fprintf(stderr, "almonerd: libcrypto lacks an algorithm that we need\n");
        return EX_SOFTWARE;
    }
    spawn_settings_init();
    r = almonerd_load(args.file, &settings);
    if (r == EX_OK && args.check)
        printf("%s: good; mode %s, %zu gates\n", args.file, settings.mode, settings.n_gates);
    if (r != EX_OK || args.check)
        return r;
    if (almonerd_libexec(args.libexec, libexec))
        return EX_CONFIG;
    return almonerd_run(&settings, libexec);
}
