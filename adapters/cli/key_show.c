/* SPDX-License-Identifier: Apache-2.0 */
/* key_show.c - `almoner key show`: recognises a key file and prints what of it is public; a secret
 * is read only to derive that, and wiped. */
#include "base/crypto.h"
#include "base/file.h"
#include "key.h"
#include "tree/note.h"
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n > m && !strcmp(text + n - m, end);
}

static int show_sign_public(const char *path, const uint8_t public_key[static SIGN_PUBLIC_LEN],
                            const char *origin, json_t *o)
{
    char text[NOTE_VKEY_MAX];
    struct note_key note;
    int n = base64_encode(public_key, SIGN_PUBLIC_LEN, text, sizeof(text));

    if (n < 0)
        return key_fail(EX_SOFTWARE, "%s: %s", path, strerror(-n));
    (void)json_object_set_new(o, "kind", json_string("sign"));
    (void)json_object_set_new(o, "public", json_string(text));
    if (!origin)
        return 0;
    if (note_key_init(&note, origin, public_key))
        return key_fail(EX_USAGE, "--origin: no white space, control characters or '+'");
    note_key_format(&note, text);
    (void)json_object_set_new(o, "vkey", json_string(text));
    return 0;
}

static int show_seal(const char *path, const struct secret *s, json_t *o)
{
    uint8_t public_key[SEAL_PUBLIC_LEN];
    char hex[2 * SEAL_PUBLIC_LEN + 1];
    int rc = key_seal_public(s, public_key);

    if (rc)
        return key_fail(EX_SOFTWARE, "%s: %s", path, strerror(-rc));
    hex_encode(public_key, sizeof(public_key), hex);
    (void)json_object_set_new(o, "kind", json_string("seal"));
    (void)json_object_set_new(o, "public", json_string(hex));
    return 0;
}

static int show_secret(const char *path, const char *origin, json_t *o)
{
    ALM_CLEANUP(secret_wipe) struct secret s;
    uint8_t public_key[SIGN_PUBLIC_LEN];
    int rc = file_read_secret(path, &s);

    if (rc == -EPERM)
        return key_fail(
            EX_NOPERM,
            "%s: others may read this secret: chmod 600 it, and think about replacing the key",
            path);
    if (rc == -EINVAL)
        return key_fail(EX_DATAERR, "%s: not a key of ours: 64 hexadecimal digits and a newline",
                        path);
    if (rc)
        return key_fail(EX_NOINPUT, "%s: %s", path, strerror(-rc));
    if (ends_with(path, ".token") || ends_with(path, "store.key")) {
        (void)json_object_set_new(o, "kind",
                                  json_string(ends_with(path, ".token") ? "token" : "store"));
        (void)json_object_set_new(o, "note", json_string("a secret without a public part"));
        return 0;
    }
    if (ends_with(path, ".seal"))
        return show_seal(path, &s, o);
    rc = sign_public(&s, public_key);
    return rc ? key_fail(EX_SOFTWARE, "%s: %s", path, strerror(-rc))
              : show_sign_public(path, public_key, origin, o);
}

static int show_cert(const char *path, enum cert_kind kind, json_t *o)
{
    ALM_CLEANUP(cert_wipe) struct cert c;
    char why[CERT_WHY_MAX];
    int rc = cert_read(path, kind, &c, why);

    if (rc)
        return key_fail(rc == -EPERM    ? EX_NOPERM
                        : rc == -EINVAL ? EX_DATAERR
                                        : EX_NOINPUT,
                        "%s", why);
    if (kind == CERT_SECRET && !key_curve_fits(&c))
        return key_fail(EX_DATAERR,
                        "%s: its public key does not belong to its secret key: make a new one",
                        path);
    (void)json_object_set_new(o, "kind", json_string("curve"));
    (void)json_object_set_new(o, "public", json_string(c.public_key));
    return 0;
}

static int show_text(const char *path, const char *origin, struct bytes text, json_t *o)
{
    uint8_t public_key[SIGN_PUBLIC_LEN + 3];
    char line[NOTE_VKEY_MAX];
    struct note_key note;
    size_t len = text.len && text.data[text.len - 1] == '\n' ? text.len - 1 : text.len;

    if (len < sizeof(line) && base64_decode((const char *)text.data, len, public_key,
                                            sizeof(public_key)) == SIGN_PUBLIC_LEN)
        return show_sign_public(path, public_key, origin, o);
    if (len < sizeof(line)) {
        memcpy(line, text.data, len);
        line[len] = '\0';
        if (strlen(line) == len && !note_key_parse(line, &note)) {
            (void)json_object_set_new(o, "kind", json_string("vkey"));
            (void)json_object_set_new(o, "vkey", json_string(line));
            return 0;
        }
    }
    return key_fail(EX_DATAERR,
                    "%s: neither a CURVE certificate, a signing key, nor a public or verifier key",
                    path);
}

static void buf_wipe(struct buf *b)
{
    if (b->data)
        crypto_wipe(b->data, b->cap);
    buf_deinit(b);
}

static bool is_hex_secret(struct bytes text)
{
    if (text.len != 64 && text.len != 65)
        return false;
    for (size_t i = 0; i < 64; i++)
        if (!text.data[i] || !strchr("0123456789abcdef", text.data[i]))
            return false;
    return true;
}

static int show_file(const char *path, const char *origin, json_t *o)
{
    ALM_CLEANUP(buf_wipe) struct buf text = { 0 };
    int rc;

    buf_init(&text, CERT_FILE_MAX);
    rc = buf_room(&text, CERT_FILE_MAX);
    if (!rc)
        rc = file_read(path, CERT_FILE_MAX, &text);
    if (rc)
        return key_fail(EX_NOINPUT, "%s: %s", path,
                        rc == -E2BIG ? "too long for a key" : strerror(-rc));
    if (ends_with(path, ".sealpub") && is_hex_secret(buf_view(&text))) {
        (void)json_object_set_new(o, "kind", json_string("seal"));
        (void)json_object_set_new(o, "public", json_stringn((const char *)text.data, 64));
        return 0;
    }
    if (ends_with(path, ".sign") || ends_with(path, ".token") || is_hex_secret(buf_view(&text)))
        return show_secret(path, origin, o);
    if (ends_with(path, ".key_secret"))
        return show_cert(path, CERT_SECRET, o);
    if (ends_with(path, ".key"))
        return show_cert(path, CERT_PUBLIC, o);
    return show_text(path, origin, buf_view(&text), o);
}

int key_show(char **paths, const char *origin, bool json)
{
    for (; *paths; paths++) {
        json_t *o = json_pack("{s:s}", "file", *paths);
        int rc =
            o ? show_file(*paths, origin, o) : key_fail(EX_DATAERR, "a path that is not UTF-8");
        const char *key;
        json_t *v;

        if (!rc && json) {
            (void)json_dumpf(o, stdout, 0);
            (void)fputc('\n', stdout);
        } else if (!rc) {
            json_object_foreach(o, key, v)(void) printf("%-7s %s\n", key, json_string_value(v));
        }
        json_decref(o);
        if (rc)
            return rc;
    }
    return 0;
}
