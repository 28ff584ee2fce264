/* SPDX-License-Identifier: Apache-2.0 */
/* session.c - where the broker is, what it is called, and what its replies mean for an exit code.
 */
#include "base/civil.h"
#include "base/file.h"
#include "conf/conf.h"
#include "local/local.h"
#include "officer.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#define ASK_MS 10000

int officer_fail(const struct officer_session *s, int code, const char *fmt, ...)
{
    char message[1024]; /* as much as a reply has */
    va_list args;

    (void)fprintf(stderr, "almoner %s: ", s->command);
    va_start(args, fmt);
    (void)vfprintf(stderr, fmt, args);
    va_end(args);
    (void)fputc('\n', stderr);
    va_start(args, fmt);
    (void)vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);
    if (s->args->json)
        print_failure(code, message);
    return code;
}

static void config_text(const struct conf *c, struct conf_errors *e, const char *key, char *out,
                        size_t size)
{
    const struct conf_node *n = conf_child(conf_root(c), key);
    const char *text;

    if (n && conf_string(n, e, &text) && text_copy(out, size, text))
        conf_fail(e, n, "%s: longer than %zu characters", key, size - 1);
}

static int config_report(const struct officer_session *s, const struct conf_errors *e)
{
    print_errors(s, e);
    return officer_fail(s, EX_CONFIG,
                        "the configuration cannot be read; almonerd --check FILE tells everything "
                        "that is wrong with it");
}

static int config_socket(const struct officer_session *s, const char *folder, const char *name,
                         char out[static SOCKET_PATH_MAX])
{
    int n = snprintf(out, SOCKET_PATH_MAX, "%s/%s", folder, name);

    if (n > 0 && n < SOCKET_PATH_MAX)
        return 0;
    out[0] = '\0';
    return officer_fail(s, EX_CONFIG, "runtime_dir is too long for a socket's path (%d characters)",
                        SOCKET_PATH_MAX - 1);
}

static int session_configure(struct officer_session *s)
{
    ALM_CLEANUP(conf_errors_freep) struct conf_errors *e = NULL;
    ALM_CLEANUP(conf_freep) struct conf *c = NULL;
    char runtime[1024] = "/run/almoner", mode[16] = "";
    int rc;

    if (conf_errors_new(&e))
        return officer_fail(s, EX_OSERR, "short of memory");
    if (conf_load(s->args->config, e, &c))
        return config_report(s, e);
    config_text(c, e, "runtime_dir", runtime, sizeof(runtime));
    config_text(c, e, "keys_dir", s->keys_dir, sizeof(s->keys_dir));
    config_text(c, e, "origin", s->origin, sizeof(s->origin));
    config_text(c, e, "mode", mode, sizeof(mode));
    if (conf_errors_count(e))
        return config_report(s, e);
    s->mode = !strcmp(mode, "live") ? 1 : !strcmp(mode, "exercise") ? 2 : 0;
    rc = config_socket(s, runtime, "control.sock", s->control);
    return rc ? rc : config_socket(s, runtime, "officers.sock", s->officers);
}

int session_init(struct officer_session *s, const struct args *args, const char *command)
{
    int rc = 0;

    *s = (struct officer_session){ .args = args, .command = command };
    if (args->config && *args->config)
        rc = session_configure(s);
    if (rc)
        return rc;
    if (args->control && text_copy(s->control, sizeof(s->control), args->control))
        return officer_fail(s, EX_USAGE, "--control: a socket's path has at most %d characters",
                            SOCKET_PATH_MAX - 1);
    if (args->officers && text_copy(s->officers, sizeof(s->officers), args->officers))
        return officer_fail(s, EX_USAGE, "--officers: a socket's path has at most %d characters",
                            SOCKET_PATH_MAX - 1);
    return 0;
}

static int session_failed(const struct officer_session *s, const char *socket, int rc)
{
    switch (rc) {
    case -ENOENT:
    case -ECONNREFUSED:
        return officer_fail(
            s, EX_UNAVAILABLE,
            "no broker listens at %s: is almonerd running, and is this its configuration?", socket);
    case -EACCES:
        return officer_fail(s, EX_NOPERM,
                            "you may not open %s: run this as the user that almonerd runs as",
                            socket);
    case -ETIMEDOUT:
        return officer_fail(s, EX_TEMPFAIL,
                            "no answer in time: the broker is busy or stopping. Look at \"almoner "
                            "status --config FILE\", then try again");
    case -ECONNRESET:
        return officer_fail(s, EX_TEMPFAIL,
                            "the broker hung up (it may be restarting). Check with \"almoner audit "
                            "tail\" whether it was done, then try again");
    case -EMSGSIZE:
        return officer_fail(s, EX_DATAERR, "more than the 4 MiB that one request may have");
    case -EBADMSG:
        return officer_fail(s, EX_PROTOCOL,
                            "what came back from %s is not a reply: is it almoner's socket?",
                            socket);
    default:
        return officer_fail(s, EX_IOERR, "%s: %s", socket, strerror(-rc));
    }
}

int session_judge(const struct officer_session *s, const char *socket, int rc, const json_t *reply)
{
    char message[1024] = "", shown[1024], word[64] = "";
    int64_t code = EX_SOFTWARE;

    if (rc < 0)
        return session_failed(s, socket, rc);
    if (json_is_true(json_object_get(reply, "ok")))
        return 0;
    if (local_get_text(reply, "message", message, sizeof(message)) ||
        local_get_text(reply, "error", word, sizeof(word)) ||
        local_get_int(reply, "exit", 1, 127, &code))
        return officer_fail(s, EX_PROTOCOL, "a reply without reason: is it almoner's socket?");
    if (s->args->json)
        print_json(reply);
    return officer_fail(s, (int)code, "%s (%s)", printable(message, shown, sizeof(shown)), word);
}

int session_ask(const struct officer_session *s, const json_t *request, int timeout_ms,
                json_t **reply)
{
    json_t *r = NULL;
    int rc;

    if (!s->control[0])
        return officer_fail(s, EX_USAGE,
                            "where is the broker? Give --config FILE (almonerd's) or set "
                            "ALMONER_CONFIG, or give --control PATH");
    rc = local_ask(s->control, request, timeout_ms > 0 ? timeout_ms : ASK_MS, &r);
    rc = session_judge(s, s->control, rc, r);
    if (rc)
        json_decref(r);
    else
        *reply = r;
    return rc;
}

int session_ask_op(const struct officer_session *s, const char *op, int timeout_ms, json_t **reply)
{
    json_t *q = json_pack("{s:s}", "op", op);
    int rc =
        q ? session_ask(s, q, timeout_ms, reply) : officer_fail(s, EX_OSERR, "short of memory");

    json_decref(q);
    return rc;
}

int session_identity(struct officer_session *s)
{
    json_t *r = NULL;
    char mode[16] = "";
    int rc;

    if (s->mode && s->origin[0])
        return 0;
    rc = session_ask_op(s, "status", 0, &r);
    if (rc)
        return rc;
    if (local_get_text(r, "origin", s->origin, sizeof(s->origin)) ||
        local_get_text(r, "mode", mode, sizeof(mode)))
        rc = officer_fail(s, EX_PROTOCOL, "the broker does not say its origin and mode");
    s->mode = !strcmp(mode, "live") ? 1 : 2;
    json_decref(r);
    return rc;
}

/* --- what people type, and their keys --- */

int officer_check_id(const struct officer_session *s, const char *what, const char *id)
{
    size_t len = strlen(id);

    if (len && len < ID_TEXT_MAX && strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789._-") == len &&
        id[0] != '.' && id[0] != '_' && id[0] != '-')
        return 0;
    return officer_fail(s, EX_USAGE,
                        "%s: an id has 1 to 63 small letters, digits, dots, hyphens or "
                        "underscores, and starts with a letter or digit",
                        what);
}

int officer_put_day(const struct officer_session *s, json_t *q, const char *key, const char *day)
{
    int32_t d;

    if (!day)
        return 0;
    if (civil_parse(day, &d))
        return officer_fail(s, EX_USAGE, "--%s: \"%.20s\" is not a day: YYYY-MM-DD", key, day);
    return json_object_set_new(q, key, json_string(day)) ? EX_OSERR : 0;
}

int officer_read_public(const struct officer_session *s, const char *path, char out[static 45])
{
    ALM_CLEANUP(buf_deinit) struct buf text = { 0 };
    uint8_t key[SIGN_PUBLIC_LEN + 1];
    size_t len;
    int rc;

    buf_init(&text, 4096);
    rc = file_read(path, 4096, &text);
    if (rc)
        return officer_fail(s, EX_NOINPUT, "%s: %s", path,
                            rc == -E2BIG ? "too long for a public key (NAME.pub)" : strerror(-rc));
    len = text.len && text.data[text.len - 1] == '\n' ? text.len - 1 : text.len;
    if (len != 44 ||
        base64_decode((const char *)text.data, len, key, sizeof(key)) != SIGN_PUBLIC_LEN)
        return officer_fail(s, EX_DATAERR,
                            "%s:1: not a public signing key (one line, 44 characters of base64): "
                            "it is the NAME.pub of \"almoner key new sign\"",
                            path);
    memcpy(out, text.data, 44);
    out[44] = '\0';
    return 0;
}

int officer_sign(const struct officer_session *s, const char *label, const char *text,
                 const char *key_path, char out[static 89])
{
    ALM_CLEANUP(secret_wipe) struct secret seed;
    ALM_CLEANUP(buf_deinit) struct buf message = { 0 };
    uint8_t sig[SIGN_LEN];
    size_t origin = strlen(s->origin);
    int rc = file_read_secret(key_path, &seed);

    if (rc == -EPERM)
        return officer_fail(
            s, EX_NOPERM,
            "%s: others may read this signing key: chmod 600 it, and think about replacing it",
            key_path);
    if (rc == -EINVAL)
        return officer_fail(s, EX_DATAERR,
                            "%s:1: not a signing key (64 hexadecimal digits): it is the NAME.sign "
                            "of \"almoner key new sign\"",
                            key_path);
    if (rc)
        return officer_fail(s, EX_NOINPUT, "%s: %s", key_path, strerror(-rc));
    buf_init(&message, 5u << 20);
    buf_put(&message, label, strlen(label) + 1); /* with the NUL */
    buf_put_u8(&message, s->mode);
    buf_put_u8(&message, (uint8_t)origin); /* ORIGIN_MAX is below 256 */
    buf_put(&message, s->origin, origin);
    buf_put(&message, text, strlen(text));
    rc = buf_status(&message);
    if (!rc)
        rc = sign_make(&seed, buf_view(&message), sig);
    if (!rc)
        rc = base64_encode(sig, sizeof(sig), out, 89);
    return rc < 0 ? officer_fail(s, EX_SOFTWARE, "cannot sign: %s", strerror(-rc)) : 0;
}
