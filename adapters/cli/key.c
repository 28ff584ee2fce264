/* SPDX-License-Identifier: Apache-2.0 */
/* key.c - `almoner key`: makes keys. The only file of the agencies' commands
 * that includes <zmq.h>, for zmq_curve_keypair. A file that exists is never written to: a key in
 * use is replaced by enrolling another and revoking the first. */
#include "key.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/process.h"
#include "tree/note.h"
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>
#include <zmq.h>

#define PATH_TEXT   1024
#define OUTPUTS_MAX 8

/* --- what is to be written: all of it is made before the first file is opened --- */

struct output {
    char path[PATH_TEXT];
    mode_t mode;
    uint8_t text[2048];
    size_t len;
};
struct outputs {
    size_t n;
    struct output at[OUTPUTS_MAX];
};

static void outputs_wipe(struct outputs *o)
{
    crypto_wipe(o, sizeof(*o));
}

int key_fail(int code, const char *fmt, ...)
{
    va_list args;

    (void)fputs("almoner key: ", stderr);
    va_start(args, fmt);
    (void)vfprintf(stderr, fmt, args);
    va_end(args);
    (void)fputc('\n', stderr);
    return code;
}

/* "council" and ".sign" give "council.sign"; "council.sign" stays. */
static int output_path(char out[static PATH_TEXT], const char *base, const char *suffix)
{
    size_t len = strlen(base), end = strlen(suffix);
    bool has = len > end && !strcmp(base + len - end, suffix);
    int n = snprintf(out, PATH_TEXT, "%s%s", base, has ? "" : suffix);

    return n < 0 || n >= PATH_TEXT ? -ENAMETOOLONG : 0;
}

static int output_add(struct outputs *all, const char *base, const char *suffix, mode_t mode,
                      struct bytes text)
{
    struct output *o = &all->at[all->n];

    if (all->n == OUTPUTS_MAX || text.len > sizeof(o->text))
        return -E2BIG;
    if (output_path(o->path, base, suffix))
        return -ENAMETOOLONG;
    memcpy(o->text, text.data, text.len);
    o->len = text.len;
    o->mode = mode;
    all->n++;
    return 0;
}

static int output_write(const struct output *o)
{
    ALM_CLEANUP(fd_closep)
    int fd = open(o->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    size_t done = 0;

    if (fd < 0)
        return -errno;
    while (done < o->len) {
        ssize_t n = write(fd, o->text + done, o->len - done);

        if (n < 0 && errno != EINTR)
            return -errno;
        done += n > 0 ? (size_t)n : 0;
    }
    return fchmod(fd, o->mode) || fsync(fd) ? -errno : 0;
}

static int outputs_write(const struct outputs *all)
{
    struct stat st;

    for (size_t i = 0; i < all->n; i++)
        if (!lstat(all->at[i].path, &st))
            return key_fail(EX_CANTCREAT,
                            "%s is already there; nothing was written. Choose another name: a key "
                            "in use is replaced by enrolling the new one and "
                            "revoking the old (almoner agency add, almoner agency revoke-key)",
                            all->at[i].path);
    for (size_t i = 0; i < all->n; i++) {
        int rc = output_write(&all->at[i]);

        if (!rc)
            continue;
        if (rc != -EEXIST)
            (void)unlink(all->at[i].path);
        while (i--)
            (void)unlink(all->at[i].path); /* half a set of keys is worse than none */
        return key_fail(EX_CANTCREAT, "cannot write: %s%s", strerror(-rc),
                        rc == -ENOENT ? " (make the folder first)" : "");
    }
    return 0;
}

/* --- the kinds of keys --- */

struct request {
    const char *base;   /* path without suffix, or the broker's folder */
    const char *name;   /* for a certificate's metadata; NULL: the base's last part */
    const char *origin; /* for the verifier key */
};

static int make_curve_at(struct outputs *all, const char *base, const char *name)
{
    ALM_CLEANUP(cert_wipe) struct cert c = { .public_key = "" };
    ALM_CLEANUP(buf_deinit) struct buf text = { 0 };
    const char *last = strrchr(base, '/');
    size_t end = strlen(base);
    char stem[PATH_TEXT];
    int rc;

    if (zmq_curve_keypair(c.public_key, c.secret_key))
        return -ENOTSUP;
    if (end > 4 && !strcmp(base + end - 4, ".key"))
        end -= 4;
    if (end >= sizeof(stem))
        return -ENAMETOOLONG;
    memcpy(stem, base, end);
    stem[end] = '\0';
    if (!name)
        name = last ? stem + (last + 1 - base) : stem;
    buf_init(&text, 2048);
    if (buf_room(&text, 2048))
        return -ENOMEM;
    rc = cert_format(&c, CERT_PUBLIC, name, &text);
    if (!rc)
        rc = output_add(all, stem, ".key", 0644, buf_view(&text));
    buf_reset(&text);
    if (!rc)
        rc = cert_format(&c, CERT_SECRET, name, &text);
    if (!rc)
        rc = output_add(all, stem, ".key_secret", 0600, buf_view(&text));
    crypto_wipe(text.data, text.cap);
    return rc;
}

static int make_curve(const struct request *r, struct outputs *all)
{
    return make_curve_at(all, r->base, r->name);
}

static int add_secret(struct outputs *all, const char *base, const char *suffix,
                      const struct secret *s)
{
    char hex[66];
    int rc;

    hex_encode(s->octets, sizeof(s->octets), hex);
    hex[64] = '\n';
    rc = output_add(all, base, suffix, 0600, bytes_of(hex, 65));
    crypto_wipe(hex, sizeof(hex));
    return rc;
}

static int make_random(struct outputs *all, const char *base, const char *suffix)
{
    ALM_CLEANUP(secret_wipe) struct secret s;
    int rc = crypto_random(s.octets, sizeof(s.octets));

    return rc ? rc : add_secret(all, base, suffix, &s);
}

/* A seed and its public key, and, named by an origin, the verifier key that people check exports
 * with. */
static int make_sign_at(struct outputs *all, const char *base, const char *suffix,
                        const char *origin)
{
    ALM_CLEANUP(secret_wipe) struct secret seed;
    uint8_t public_key[SIGN_PUBLIC_LEN];
    struct note_key note;
    char text[NOTE_VKEY_MAX + 1], stem[PATH_TEXT];
    size_t end = strlen(base), tail = strlen(suffix);
    int n, rc = sign_keypair(&seed, public_key);

    if (end > tail && !strcmp(base + end - tail, suffix))
        end -= tail;
    if (end >= sizeof(stem))
        return -ENAMETOOLONG;
    memcpy(stem, base, end);
    stem[end] = '\0';
    if (!rc)
        rc = add_secret(all, stem, suffix, &seed);
    if (rc)
        return rc;
    n = base64_encode(public_key, sizeof(public_key), text, sizeof(text) - 1);
    if (n < 0)
        return n;
    text[n] = '\n';
    rc = output_add(all, stem, ".pub", 0644, bytes_of(text, (size_t)n + 1));
    if (rc || !origin)
        return rc;
    rc = note_key_init(&note, origin, public_key);
    if (rc)
        return rc;
    note_key_format(&note, text);
    n = (int)strlen(text);
    text[n] = '\n';
    return output_add(all, stem, ".vkey", 0644, bytes_of(text, (size_t)n + 1));
}

static int make_sign(const struct request *r, struct outputs *all)
{
    return make_sign_at(all, r->base, ".sign", NULL);
}

static int make_token(const struct request *r, struct outputs *all)
{
    return make_random(all, r->base, ".token");
}

/* What a peer seals texts to, and what opens them (libsodium's sealed boxes). */
static int make_seal(const struct request *r, struct outputs *all)
{
    ALM_CLEANUP(secret_wipe) struct secret s;
    uint8_t public_key[SEAL_PUBLIC_LEN];
    char hex[66], stem[PATH_TEXT];
    size_t end = strlen(r->base);
    int rc = key_seal_pair(&s, public_key);

    if (end > 5 && !strcmp(r->base + end - 5, ".seal"))
        end -= 5;
    if (end >= sizeof(stem))
        return -ENAMETOOLONG;
    memcpy(stem, r->base, end);
    stem[end] = '\0';
    if (!rc)
        rc = add_secret(all, stem, ".seal", &s);
    if (rc)
        return rc;
    hex_encode(public_key, sizeof(public_key), hex);
    hex[64] = '\n';
    return output_add(all, stem, ".sealpub", 0644, bytes_of(hex, 65));
}

static int make_broker(const struct request *r, struct outputs *all)
{
    char path[PATH_TEXT];
    int rc = file_mkdirs(r->base, 0700);

    if (!rc)
        rc = snprintf(path, sizeof(path), "%s/curve", r->base) >= (int)sizeof(path) ? -ENAMETOOLONG
                                                                                    : 0;
    if (!rc)
        rc = make_curve_at(all, path, r->name ? r->name : r->origin ? r->origin : "broker");
    if (!rc)
        rc = snprintf(path, sizeof(path), "%s/store", r->base) >= (int)sizeof(path) ? -ENAMETOOLONG
                                                                                    : 0;
    if (!rc)
        rc = make_random(all, path, ".key");
    if (!rc)
        rc = snprintf(path, sizeof(path), "%s/audit", r->base) >= (int)sizeof(path) ? -ENAMETOOLONG
                                                                                    : 0;
    return rc ? rc : make_sign_at(all, path, ".key", r->origin);
}

static const struct kind {
    const char *word, *operand, *line;
    int (*make)(const struct request *r, struct outputs *all);
} kinds[] = {
    { "curve", "NAME",
      "NAME.key, NAME.key_secret: an agency's (or program's) CURVE certificate, for the connection",
      make_curve },
    { "sign", "NAME",
      "NAME.sign, NAME.pub: an Ed25519 key that signs an agency's messages or an officer's changes",
      make_sign },
    { "seal", "NAME",
      "NAME.seal, NAME.sealpub: an agency's sealing key, which opens the texts of referrals sent "
      "to "
      "it",
      make_seal },
    { "token", "NAME",
      "NAME.token: the match key that all adapters of a partnership share, and the broker never "
      "sees",
      make_token },
    { "broker", "DIR",
      "curve.key, curve.key_secret, store.key, audit.key, audit.pub (and audit.vkey, with "
      "--origin) in DIR",
      make_broker },
};

/* --- key new --- */

static void print_help(FILE *to)
{
    (void)fputs("almoner key - make keys, and show their public parts\n\n"
                "usage: almoner key new KIND NAME [--name TEXT] [--origin ORIGIN] [--json]\n"
                "       almoner key show FILE... [--origin ORIGIN] [--json]\n\n",
                to);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        (void)fprintf(to, "  new %-6s %-4s  %s\n", kinds[i].word, kinds[i].operand, kinds[i].line);
    (void)fputs(
        "\n  --name TEXT      what a certificate calls itself (default: the last part of NAME)\n"
        "  --origin ORIGIN  the broker's log origin, e.g. marlham.example/almoner: gives "
        "audit.vkey, with which anybody can verify the log\n"
        "  --json           what was written, or the public parts, as JSON\n\n"
        "A file that exists is never overwritten. Secrets are written with mode 0600 and never "
        "printed.\n\n"
        "examples:\n"
        "  almoner key new broker /etc/almoner/keys --origin marlham.example/almoner\n"
        "  almoner key new curve northgate-academy        # hand northgate-academy.key to the "
        "broker's officer\n"
        "  almoner key new sign northgate-academy         # and northgate-academy.pub\n"
        "  almoner key show northgate-academy.key\n",
        to);
}

static const char *make_error(int rc)
{
    switch (rc) {
    case -EINVAL:
        return "the name or origin may hold no control characters or quotes; an origin also no "
               "white space or '+'";
    case -ENAMETOOLONG:
        return "the path is too long";
    case -ENOTSUP:
        return "this libzmq was built without CURVE";
    default:
        return strerror(-rc);
    }
}

static int key_new(const char *word, const struct request *r, bool json)
{
    static struct outputs all; /* 16 KiB of possible secrets: not on the stack, wiped below */
    const struct kind *k = NULL;
    int rc;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (!strcmp(kinds[i].word, word))
            k = &kinds[i];
    if (!k)
        return key_fail(EX_USAGE,
                        "there is no kind of key \"%.20s\": curve, sign, seal, token, "
                        "broker",
                        word);
    if (!*r->base || r->base[strlen(r->base) - 1] == '/')
        if (k->make != make_broker || !*r->base)
            return key_fail(EX_USAGE, "NAME must end in a file's name");
    rc = k->make(r, &all);
    if (rc)
        rc = key_fail(EX_CANTCREAT, "%s: %s", r->base, make_error(rc));
    else
        rc = outputs_write(&all);
    if (!rc && json)
        (void)fputs("{\"ok\":true,\"written\":[", stdout);
    for (size_t i = 0; !rc && i < all.n; i++) {
        if (json) {
            json_t *path = json_string(all.at[i].path);

            (void)fputs(i ? "," : "", stdout);
            (void)json_dumpf(path, stdout, JSON_ENCODE_ANY);
            json_decref(path);
        } else {
            (void)printf("%s  %s\n", all.at[i].mode == 0600 ? "secret" : "public", all.at[i].path);
        }
    }
    if (!rc && json)
        (void)fputs("]}\n", stdout);
    outputs_wipe(&all);
    return rc;
}

bool key_curve_fits(const struct cert *c)
{
    char derived[CERT_KEY_TEXT];

    return !zmq_curve_public(derived, c->secret_key) && !strcmp(derived, c->public_key);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        { "name", required_argument, NULL, 'n' },
        { "origin", required_argument, NULL, 'o' },
        { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    struct request r = { .name = NULL };
    bool json = false;
    int c, n;

    if (process_private() != 0) {
        (void)fputs("almoner key: cannot keep core files and other processes out\n", stderr);
        return EX_OSERR;
    }
    if (argc > 1 && !strcmp(argv[1], "key")) { /* as the dispatcher calls it */
        argv++;
        argc--;
    }
    argv[0] = (char[]){ "almoner key" };
    while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (c) {
        case 'n':
            r.name = optarg;
            break;
        case 'o':
            r.origin = optarg;
            break;
        case 'j':
            json = true;
            break;
        case 'h':
            print_help(stdout);
            return 0;
        default:
            return EX_USAGE;
        }
    }
    n = argc - optind;
    if (crypto_init())
        return key_fail(EX_SOFTWARE, "the cryptographic library does not work");
    if (n == 3 && !strcmp(argv[optind], "new")) {
        r.base = argv[optind + 2];
        return key_new(argv[optind + 1], &r, json);
    }
    if (n >= 2 && !strcmp(argv[optind], "show"))
        return key_show(argv + optind + 1, r.origin, json);
    print_help(stderr);
    return EX_USAGE;
}
