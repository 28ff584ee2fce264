/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - almoner-adapter: the command line, and what holds for the whole process. */
#include "base/crypto.h"
#include "host/host.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>

static const char usage[] =
    "usage: almoner-adapter FILE           run beside this agency's system, by this configuration\n"
    "       almoner-adapter --check FILE   read the configuration and every row, say what is "
    "wrong, connect nowhere\n"
    "       almoner-adapter --version | --help\n"
    "\n"
    "  almoner-adapter --check /etc/almoner/larchmoor.conf && almoner-adapter "
    "/etc/almoner/larchmoor.conf\n"
    "\n"
    "SIGHUP reads the rows again; SIGTERM stops. What was lodged stays in the outbox until the "
    "broker has it.\n"
    "The configuration is described in almoner-adapter(8).\n";

static int usage_wrong(const char *what)
{
    (void)fprintf(stderr, "almoner-adapter: %s\n%s", what, usage);
    return EX_USAGE;
}

/* A core file would hold people's data and keys. */
static void process_private(void)
{
    static const struct rlimit none = { 0, 0 };

    (void)umask(077);
    if (setrlimit(RLIMIT_CORE, &none) != 0)
        perror("almoner-adapter: core files could not be turned off");
}

int main(int argc, char **argv)
{
    bool check = argc > 1 && strcmp(argv[1], "--check") == 0;
    const char *path = argc == (check ? 3 : 2) ? argv[argc - 1] : NULL;

    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        (void)fputs(usage, stdout);
        return EX_OK;
    }
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        (void)printf("almoner-adapter %s\n", ALM_VERSION);
        return EX_OK;
    }
    if (!path)
        return usage_wrong("say which configuration: one FILE");
    if (path[0] == '-')
        return usage_wrong("unknown option");
    if (crypto_init() != 0) {
        (void)fputs("almoner-adapter: the cryptographic library could not be started\n", stderr);
        return EX_OSERR;
    }
    process_private();
    return check ? host_check(path) : host_run(path);
}
