/* SPDX-License-Identifier: Apache-2.0 */
/* tokens_key.c - the secret goes into a file of its own (0600), the public half into a second and to
 * the screen: it belongs into the policy. A file that exists is never written to. */
#include "keyholder/tokens_key.h"

#include "base/file.h"
#include "lib/oprf.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

static const char help[] =
    "almoner tokens key - make the key of an epoch of oblivious match tokens\n\n"
    "usage: almoner tokens key new --epoch N [FILE] [--json]\n"
    "       almoner tokens key show FILE [--json]\n\n"
    "  new        writes the secret to FILE (default: tokens-N.oprf; mode 0600) and its public half\n"
    "             to FILE.pub, and prints that half as the policy wants it\n"
    "  show       prints the public half of a secret\n"
    "  --epoch N  1 to 65535: a number that no earlier key had\n"
    "  --json     {\"ok\":true,\"epoch\":N,\"file\":...,\"public_key\":...}\n\n"
    "Only the key holder's machine has the secret: never the broker, nor an adapter. It is never\n"
    "printed, and a file that exists is never overwritten. Keep one copy where fire and thieves do\n"
    "not come: without it every record must be lodged anew.\n\n"
    "example:\n"
    "  almoner tokens key new --epoch 2 /etc/almoner/keyholder/tokens-2.oprf\n";

struct request {
    long epoch; /* 0: not given */
    bool json;
};

static int fail(int code, const char *fmt, ...)
{
    va_list args;

    (void)fputs("almoner tokens key: ", stderr);
    va_start(args, fmt);
    (void)vfprintf(stderr, fmt, args);
    va_end(args);
    (void)fputc('\n', stderr);
    return code;
}

/* Paths are of our own making or an operator's: what JSON would need escaped is refused. */
static bool path_plain(const char *path)
{
    for (; *path; path++) {
        if ((unsigned char)*path < 0x20 || *path == '"' || *path == '\\')
            return false;
    }
    return true;
}

static void tell(const struct request *q, const char *path, const oprf_point public_key)
{
    char hex[2 * OPRF_POINT_LEN + 1];

    hex_encode(public_key, OPRF_POINT_LEN, hex);
    if (q->json && q->epoch)
        (void)printf("{\"ok\":true,\"epoch\":%ld,\"file\":\"%s\",\"public_key\":\"%s\"}\n",
                     q->epoch, path, hex);
    else if (q->json)
        (void)printf("{\"ok\":true,\"file\":\"%s\",\"public_key\":\"%s\"}\n", path, hex);
    else if (q->epoch)
        (void)printf("secret  %s\npublic  %s.pub\n\n"
                     "for the key holder's configuration, in epochs:\n"
                     "  { epoch = %ld; key = \"%s\"; }\n"
                     "for the policy, in tokens.epochs:\n"
                     "  { scheme = \"oblivious\"; epoch = %ld; state = \"next\"; public_key = "
                     "\"%s\"; }\n",
                     path, path, q->epoch, path, q->epoch, hex);
    else
        (void)printf("%s\n", hex);
}

static int write_new(const char *path, mode_t mode, const uint8_t octets[static 32])
{
    ALM_CLEANUP(fd_closep)
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    char line[2 * 32 + 2];
    int r;

    if (fd < 0)
        return -errno;
    hex_encode(octets, 32, line);
    line[64] = '\n';
    r = write(fd, line, 65) == 65 ? 0 : -EIO;
    crypto_wipe(line, sizeof(line));
    if (r == 0 && (fchmod(fd, mode) != 0 || fsync(fd) != 0))
        r = -errno;
    if (r != 0)
        (void)unlink(path);
    return r;
}

static int key_new(const struct request *q, const char *path)
{
    ALM_CLEANUP(secret_wipe) struct secret key;
    char public_path[PATH_MAX];
    oprf_point public_key;
    int n = snprintf(public_path, sizeof(public_path), "%.4000s.pub", path), r;
    struct stat st;

    if (n < 0 || (size_t)n >= sizeof(public_path) || !path_plain(path))
        return fail(EX_USAGE, "choose a shorter or plainer path");
    if (lstat(public_path, &st) == 0)
        return fail(EX_CANTCREAT, "%s is already there; nothing was written", public_path);
    r = oprf_key_new(&key);
    if (r == 0)
        r = oprf_public(&key, public_key);
    if (r != 0)
        return fail(EX_SOFTWARE, "no key could be made: %s", strerror(-r));
    r = write_new(path, 0600, key.octets);
    if (r == -EEXIST)
        return fail(EX_CANTCREAT,
                    "%s is already there; nothing was written. A new epoch has a new file", path);
    if (r == 0)
        r = write_new(public_path, 0644, public_key);
    if (r != 0)
        return fail(EX_CANTCREAT, "%s: cannot write: %s", path, strerror(-r));
    tell(q, path, public_key);
    return EX_OK;
}

static int key_show(const struct request *q, const char *path)
{
    ALM_CLEANUP(secret_wipe) struct secret key = { { 0 } };
    oprf_point public_key;
    int r = path_plain(path) ? file_read_secret(path, &key) : -EINVAL;

    if (r == 0)
        r = oprf_public(&key, public_key);
    if (r == -EPERM)
        return fail(EX_NOPERM, "%s: others may read this secret: chmod 600 it", path);
    if (r == -EINVAL)
        return fail(EX_DATAERR, "%s: not a key as `almoner tokens key new` writes it", path);
    if (r != 0)
        return fail(EX_NOINPUT, "%s: %s", path, strerror(-r));
    tell(q, path, public_key);
    return EX_OK;
}

static bool epoch_read(const char *text, long *out)
{
    char *end;

    errno = 0;
    *out = strtol(text, &end, 10);
    return !errno && end != text && !*end && *out >= 1 && *out <= UINT16_MAX;
}

int tokens_key_command(int argc, char **argv)
{
    static const struct option options[] = {
        { "epoch", required_argument, NULL, 'e' },
        { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    struct request q = { .epoch = 0 };
    const char *word = argc > 0 ? argv[0] : "";
    char usual[32];
    int c, n;

    if (argc < 1) {
        (void)fputs(help, stderr);
        return EX_USAGE;
    }
    argv[0] = (char[]){ "almoner tokens key" };
    while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (c == 'j')
            q.json = true;
        else if (c == 'h')
            return fputs(help, stdout) < 0 ? EX_IOERR : EX_OK;
        else if (c != 'e')
            return EX_USAGE;
        else if (!epoch_read(optarg, &q.epoch))
            return fail(EX_USAGE, "--epoch is a number from 1 to 65535");
    }
    n = argc - optind;
    if (strcmp(word, "new") == 0 && q.epoch && n <= 1) {
        (void)snprintf(usual, sizeof(usual), "tokens-%ld.oprf", q.epoch);
        return key_new(&q, n ? argv[optind] : usual);
    }
    if (strcmp(word, "show") == 0 && !q.epoch && n == 1)
        return key_show(&q, argv[optind]);
    if (strcmp(word, "new") == 0 && !q.epoch)
        return fail(EX_USAGE, "which epoch: --epoch N");
    (void)fputs(help, strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 ? stdout : stderr);
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 ? EX_OK : EX_USAGE;
}
