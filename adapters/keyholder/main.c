/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - the command line, and what holds for the whole process. */
#include "base/crypto.h"
#include "base/process.h"
#include "keyholder/keyholder.h"
#include "keyholder/tokens_key.h"
#include "lib/oprf.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sysexits.h>

static const char usage[] =
    "usage: almoner-keyholder FILE           hold the keys of the oblivious scheme, by this "
    "configuration\n"
    "       almoner-keyholder --check FILE   read the configuration and the keys, say what is wrong, "
    "connect nowhere\n"
    "       almoner-keyholder --version | --help\n"
    "       almoner tokens key new --epoch N [FILE]\n"
    "\n"
    "SIGTERM stops. The configuration is described in almoner-keyholder(8).\n";

/* A core file, or another process of the same user, would give the keys away. */
static void process_begin(void)
{
    (void)umask(077);
    if (process_private() != 0)
        perror("almoner-keyholder: core files, or other processes of this user, could not be kept out");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        perror("almoner-keyholder: new privileges could not be given up");
    (void)mlockall(MCL_CURRENT | MCL_ONFAULT); /* as far as the limit allows: out of the swap */
}

int main(int argc, char **argv)
{
    bool check = argc > 1 && strcmp(argv[1], "--check") == 0;
    const char *path = argc == (check ? 3 : 2) ? argv[argc - 1] : NULL;

    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
        return fputs(usage, stdout) < 0 ? EX_IOERR : EX_OK;
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return printf("almoner-keyholder %s\n", ALM_VERSION) < 0 ? EX_IOERR : EX_OK;
    if (crypto_init() != 0 || oprf_init() != 0) {
        (void)fputs("almoner-keyholder: the cryptographic library could not be started\n", stderr);
        return EX_OSERR;
    }
    process_begin();
    if (argc >= 3 && strcmp(argv[1], "tokens") == 0 && strcmp(argv[2], "key") == 0)
        return tokens_key_command(argc - 3, argv + 3);
    if (!path || path[0] == '-') {
        (void)fprintf(stderr, "almoner-keyholder: say which configuration: one FILE\n%s", usage);
        return EX_USAGE;
    }
    return check ? keyholder_check(path) : keyholder_run(path);
}
