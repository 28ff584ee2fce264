/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - almoner-adapter: the command line, and what holds for the whole process. */
#include "base/crypto.h"
#include "base/process.h"
#include "host/host.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

static const char usage[] =
    "usage: almoner-adapter FILE           run beside this agency's system, by this configuration\n"
    "       almoner-adapter --check FILE   read the configuration and every row, say what is "
    "wrong, connect nowhere\n"
    "       almoner-adapter --version | --help\n"
    "\n"
    "  --libexec DIR   where the backends' programs (almoner-source-NAME) are, before FILE\n"
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
static void process_begin(void)
{
    (void)umask(077);
    if (process_private() != 0)
        perror("almoner-adapter: core files could not be turned off");
}

/* What is left of the command line, after options. */
struct asked_for {
    bool check;
    const char *libexec, *path;
};

/* Return: NULL or what is wrong. */
static const char *arguments_read(int argc, char **argv, struct asked_for *out)
{
    int i = 1;

    *out = (struct asked_for){ .libexec = ALM_LIBEXECDIR };
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (strcmp(argv[i], "--check") == 0)
            out->check = true;
        else if (strcmp(argv[i], "--libexec") != 0)
            return "unknown option";
        else if (++i == argc)
            return "--libexec needs a folder";
        else
            out->libexec = argv[i];
    }
    if (i != argc - 1)
        return "say which configuration: one FILE";
    out->path = argv[i];
    return NULL;
}

int main(int argc, char **argv)
{
    struct asked_for asked;
    const char *wrong;

    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        (void)fputs(usage, stdout);
        return EX_OK;
    }
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        (void)printf("almoner-adapter %s\n", ALM_VERSION);
        return EX_OK;
    }
    wrong = arguments_read(argc, argv, &asked);
    if (wrong)
        return usage_wrong(wrong);
    if (crypto_init() != 0) {
        (void)fputs("almoner-adapter: the cryptographic library could not be started\n", stderr);
        return EX_OSERR;
    }
    process_begin();
    return asked.check ? host_check(asked.path, asked.libexec)
                       : host_run(asked.path, asked.libexec);
}
