/* SPDX-License-Identifier: Apache-2.0 */
/* cert.c - a line at a time: a comment, a section's name at the margin, or an indented `key =
 * "value"`. */
#include "cert/cert.h"
#include "base/crypto.h"
#include "base/file.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char Z85[] =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

void cert_wipe(struct cert *c)
{
    crypto_wipe(c, sizeof(*c));
}

int cert_key_decode(const char *z85, uint8_t out[static CERT_KEY_LEN])
{
    if (strnlen(z85, CERT_KEY_TEXT) != CERT_KEY_TEXT - 1)
        return -EINVAL;
    for (size_t block = 0; block < CERT_KEY_LEN / 4; block++) {
        uint64_t v = 0;

        for (size_t i = 0; i < 5; i++) {
            const char *digit = strchr(Z85, z85[block * 5 + i]);

            if (!digit)
                return -EINVAL;
            v = v * 85 + (uint64_t)(digit - Z85);
        }
        if (v > UINT32_MAX)
            return -EINVAL;
        for (size_t i = 0; i < 4; i++)
            out[block * 4 + i] = (uint8_t)(v >> (24 - 8 * i));
    }
    return 0;
}

void cert_key_encode(const uint8_t key[static CERT_KEY_LEN], char out[static CERT_KEY_TEXT])
{
    for (size_t block = 0; block < CERT_KEY_LEN / 4; block++) {
        const uint8_t *k = key + block * 4;
        uint32_t v = (uint32_t)k[0] << 24 | (uint32_t)k[1] << 16 | (uint32_t)k[2] << 8 | k[3];

        for (size_t i = 5; i-- > 0; v /= 85)
            out[block * 5 + i] = Z85[v % 85];
    }
    out[CERT_KEY_TEXT - 1] = '\0';
}

struct parse {
    const char *path;
    unsigned line;
    enum cert_kind kind;
    enum { AT_TOP, IN_METADATA, IN_CURVE } section;
    bool seen_curve, seen_metadata;
    struct cert *cert;
    char *why;
};

ALM_PRINTF(2, 3) static int cert_fail(struct parse *p, const char *fmt, ...)
{
    char text[256];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (p->line)
        (void)snprintf(p->why, CERT_WHY_MAX, "%.200s:%u: %s", p->path, p->line, text);
    else
        (void)snprintf(p->why, CERT_WHY_MAX, "%.200s: %s", p->path, text);
    return -EINVAL;
}

static bool is_blank(char c)
{
    return c == ' ';
}

/* Spaces and a comment may follow a value; nothing else. */
static bool is_rest(const char *at)
{
    while (is_blank(*at))
        at++;
    return !*at || *at == '#';
}

static int cert_key_line(struct parse *p, const char *word, char out[static CERT_KEY_TEXT],
                         const char *value)
{
    uint8_t key[CERT_KEY_LEN];
    const char quote = *value;
    const char *end;
    int rc;

    if (quote != '"' && quote != '\'')
        return cert_fail(p, "the %s must stand in quotes", word);
    end = strchr(value + 1, quote);
    if (!end)
        return cert_fail(p, "the closing quote of the %s is missing", word);
    if (!is_rest(end + 1))
        return cert_fail(p, "something follows the %s", word);
    if (*out)
        return cert_fail(p, "a second %s: a certificate has one", word);
    if (end - value - 1 != CERT_KEY_TEXT - 1)
        return cert_fail(p, "the %s has %td characters, not 40", word, end - value - 1);
    memcpy(out, value + 1, CERT_KEY_TEXT - 1);
    out[CERT_KEY_TEXT - 1] = '\0';
    rc = cert_key_decode(out, key);
    crypto_wipe(key, sizeof(key));
    return rc ? cert_fail(p, "the %s is not Z85 text: was it copied whole?", word) : 0;
}

static int cert_section(struct parse *p, const char *line)
{
    if (!strncmp(line, "metadata", 8) && is_rest(line + 8)) {
        if (p->seen_metadata)
            return cert_fail(p, "a second section \"metadata\"");
        p->seen_metadata = true;
        p->section = IN_METADATA;
        return 0;
    }
    if (!strncmp(line, "curve", 5) && is_rest(line + 5)) {
        if (p->seen_curve)
            return cert_fail(p, "a second section \"curve\"");
        p->seen_curve = true;
        p->section = IN_CURVE;
        return 0;
    }
    return cert_fail(p, "neither \"metadata\" nor \"curve\": is this a CURVE certificate?");
}

static int cert_entry(struct parse *p, const char *line)
{
    size_t name =
        strspn(line, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./@+");
    const char *value = line + name;

    if (p->section == AT_TOP)
        return cert_fail(p, "an indented line before any section");
    while (is_blank(*value))
        value++;
    if (!name || *value != '=')
        return cert_fail(p, "not of the form key = \"value\"");
    do
        value++;
    while (is_blank(*value));
    if (p->section == IN_METADATA)
        return 0;
    if (name == 10 && !memcmp(line, "public-key", 10))
        return cert_key_line(p, "public key", p->cert->public_key, value);
    if (name == 10 && !memcmp(line, "secret-key", 10)) {
        if (p->kind == CERT_PUBLIC)
            return cert_fail(p, "this is the secret certificate: use the public one (NAME.key), "
                                "and keep this one private");
        return cert_key_line(p, "secret key", p->cert->secret_key, value);
    }
    return cert_fail(p,
                     "an unknown key in section \"curve\" (public-key and secret-key are known)");
}

static int cert_line(struct parse *p, const char *line)
{
    const char *at = line;

    while (is_blank(*at))
        at++;
    if (!*at || *at == '#')
        return 0;
    for (const char *c = at; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return cert_fail(p,
                             *c == '\t' ? "a tab: indent with four spaces" : "a control character");
    if (at == line)
        return cert_section(p, line);
    if ((at - line) % 4)
        return cert_fail(p, "indented by %td spaces, not four", at - line);
    return cert_entry(p, at);
}

static int cert_complete(struct parse *p)
{
    p->line = 0;
    if (!p->cert->public_key[0])
        return cert_fail(p, "no public-key in a section \"curve\"");
    if (p->kind == CERT_SECRET && !p->cert->secret_key[0])
        return cert_fail(
            p, "no secret-key: this is the public certificate, the secret one is NAME.key_secret");
    return 0;
}

int cert_parse(struct bytes text, const char *path, enum cert_kind kind, struct cert *out,
               char why[static CERT_WHY_MAX])
{
    ALM_CLEANUP(cert_wipe) struct cert c = { .public_key = "" };
    struct parse p = { .path = path, .kind = kind, .cert = &c, .why = why };
    char line[256];
    int rc = 0;

    while (text.len && !rc) {
        const uint8_t *end = memchr(text.data, '\n', text.len);
        size_t len = end ? (size_t)(end - text.data) : text.len;
        size_t cut =
            len && text.data[len - 1] == '\r' ? len - 1 : len; /* written on another system */

        p.line++;
        if (cut >= sizeof(line)) {
            rc = cert_fail(&p, "a line longer than %zu characters", sizeof(line) - 1);
        } else if (cut && memchr(text.data, '\0', cut)) {
            rc = cert_fail(&p, "a NUL byte: is this a text file?");
        } else {
            memcpy(line, text.data, cut);
            line[cut] = '\0';
            rc = cert_line(&p, line);
        }
        len += end ? 1 : 0;
        text.data += len;
        text.len -= len;
    }
    crypto_wipe(line, sizeof(line));
    if (!rc)
        rc = cert_complete(&p);
    if (!rc)
        *out = c;
    return rc;
}

static void buf_wipe(struct buf *b)
{
    if (b->data)
        crypto_wipe(b->data, b->cap);
    buf_deinit(b);
}

int cert_read(const char *path, enum cert_kind kind, struct cert *out,
              char why[static CERT_WHY_MAX])
{
    ALM_CLEANUP(buf_wipe) struct buf text = { 0 };
    int rc;

    buf_init(&text, CERT_FILE_MAX);
    if (buf_room(&text, CERT_FILE_MAX)) /* never moved by growing: a secret leaves no copies */
        return -ENOMEM;
    rc = file_read(path, CERT_FILE_MAX, &text);
    if (!rc && kind == CERT_SECRET)
        rc = file_check_private(path);
    if (rc == -EPERM)
        (void)snprintf(
            why, CERT_WHY_MAX,
            "%.200s: others may read this secret: chmod 600 it, and think about replacing the key",
            path);
    else if (rc == -E2BIG)
        (void)snprintf(why, CERT_WHY_MAX, "%.200s: longer than %d bytes: not a CURVE certificate",
                       path, CERT_FILE_MAX);
    else if (rc)
        (void)snprintf(why, CERT_WHY_MAX, "%.200s: %s", path, strerror(-rc));
    return rc ? rc : cert_parse(buf_view(&text), path, kind, out, why);
}

int cert_format(const struct cert *c, enum cert_kind kind, const char *name, struct buf *out)
{
    for (const char *p = name; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f || *p == '"')
            return -EINVAL;
    buf_printf(out, "# CURVE certificate, %s (ZPL, as czmq and pyzmq read it)\n",
               kind == CERT_SECRET ? "SECRET: keep this file private, mode 0600"
                                   : "public: hand this file to the broker's officers");
    buf_printf(out, "metadata\n");
    if (*name)
        buf_printf(out, "    name = \"%s\"\n", name);
    buf_printf(out, "curve\n    public-key = \"%s\"\n", c->public_key);
    if (kind == CERT_SECRET)
        buf_printf(out, "    secret-key = \"%s\"\n", c->secret_key);
    return buf_status(out);
}
