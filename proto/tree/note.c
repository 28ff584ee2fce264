/* SPDX-License-Identifier: Apache-2.0 */
/* note.c - C2SP signed notes and checkpoints. Signs and verifies text; must not read keys, files or
 * the clock. */
#include "tree/note.h"
#include "tree/lines.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOTE_KEY_OCTETS (1 + SIGN_PUBLIC_LEN)
#define NOTE_SIG_OCTETS (4 + SIGN_LEN)

const char note_dash[NOTE_DASH_LEN + 1] = "\xe2\x80\x94 "; /* U+2014, space */

/* The white space of Unicode (property White_Space) past ASCII, as UTF-8. */
static const char *const note_spaces[] = {
    "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81",
    "\xe2\x80\x82", "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86",
    "\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8",
    "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80",
};

/* signed-note: the key name "MUST be non-empty, and [...] MUST NOT contain any Unicode spaces or
 * plus characters". */
static bool note_name_good(const char *name, size_t len)
{
    if (len == 0 || len >= NOTE_NAME_MAX || !utf8_valid(name, len))
        return false;
    for (size_t i = 0; i < len; i++) {
        if ((uint8_t)name[i] <= ' ' || name[i] == 0x7f || name[i] == '+')
            return false;
    }
    for (size_t i = 0; i < ALM_LEN(note_spaces); i++) {
        if (memmem(name, len, note_spaces[i], strlen(note_spaces[i])))
            return false;
    }
    return true;
}

int note_key_make(struct note_key *out, uint8_t algorithm, const char *name,
                  const uint8_t public_key[static SIGN_PUBLIC_LEN])
{
    const uint8_t separator[] = { '\n', algorithm };
    struct bytes parts[] = { bytes_str(name), bytes_of(separator, sizeof(separator)),
                             bytes_of(public_key, SIGN_PUBLIC_LEN) };
    uint8_t hash[SHA256_LEN];
    int r;

    if (!note_name_good(name, strlen(name)))
        return -EINVAL;
    r = crypto_sha256_parts(parts, ALM_LEN(parts), hash);
    if (r < 0)
        return r;
    *out = (struct note_key){ 0 };
    memcpy(out->id, hash, sizeof(out->id));
    memcpy(out->public_key, public_key, SIGN_PUBLIC_LEN);
    return text_copy(out->name, sizeof(out->name), name);
}

int note_key_init(struct note_key *out, const char *name,
                  const uint8_t public_key[static SIGN_PUBLIC_LEN])
{
    return note_key_make(out, NOTE_ED25519, name, public_key);
}

void note_key_text(const struct note_key *k, uint8_t algorithm, char out[static NOTE_VKEY_MAX])
{
    uint8_t octets[NOTE_KEY_OCTETS] = { algorithm };
    char id[2 * sizeof(k->id) + 1], text[4 * ((NOTE_KEY_OCTETS + 2) / 3) + 1];

    memcpy(octets + 1, k->public_key, SIGN_PUBLIC_LEN);
    hex_encode(k->id, sizeof(k->id), id);
    if (base64_encode(octets, sizeof(octets), text, sizeof(text)) < 0)
        text[0] = '\0'; /* cannot be: the room is exact */
    (void)snprintf(out, NOTE_VKEY_MAX, "%s+%s+%s", k->name, id, text);
}

void note_key_format(const struct note_key *k, char out[static NOTE_VKEY_MAX])
{
    note_key_text(k, NOTE_ED25519, out);
}

int note_key_read(const char *vkey, uint8_t algorithm, struct note_key *out)
{
    const char *first = strchr(vkey, '+');
    uint8_t id[4], octets[NOTE_KEY_OCTETS];
    char name[NOTE_NAME_MAX], id_text[9];
    struct note_key key;
    size_t len;
    int n, r;

    if (!first)
        return -EINVAL;
    len = (size_t)(first - vkey);
    if (len >= sizeof(name) || strnlen(first, 10) < 10 || first[9] != '+')
        return -EINVAL;
    memcpy(name, vkey, len);
    name[len] = '\0';
    memcpy(id_text, first + 1, 8);
    id_text[8] = '\0';
    if (hex_decode(id_text, id, sizeof(id)) < 0)
        return -EINVAL;
    n = base64_decode(first + 10, strlen(first + 10), octets, sizeof(octets));
    if (n != NOTE_KEY_OCTETS || octets[0] != algorithm)
        return -EINVAL;
    r = note_key_make(&key, algorithm, name, octets + 1);
    if (r < 0)
        return r;
    if (memcmp(key.id, id, sizeof(id)) != 0)
        return -EINVAL;
    *out = key;
    return 0;
}

int note_key_parse(const char *vkey, struct note_key *out)
{
    return note_key_read(vkey, NOTE_ED25519, out);
}

/* signed-note: text "MUST be valid UTF-8 [...] MUST NOT contain any ASCII control characters other
 * than newline". */
static bool note_text_good(struct bytes text)
{
    if (text.len == 0 || text.len > NOTE_MAX || text.data[text.len - 1] != '\n' ||
        !utf8_valid(text.data, text.len))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if ((text.data[i] < ' ' && text.data[i] != '\n') || text.data[i] == 0x7f)
            return false;
    }
    return true;
}

int note_sign(struct bytes text, const struct note_key *key, const struct secret *secret,
              struct buf *out)
{
    uint8_t octets[NOTE_SIG_OCTETS], public_key[SIGN_PUBLIC_LEN];
    char line[4 * ((NOTE_SIG_OCTETS + 2) / 3) + 1];
    size_t before = out->len;
    int r;

    if (!note_text_good(text))
        return -EINVAL;
    r = sign_public(secret, public_key);
    if (r < 0)
        return r;
    if (!crypto_equal(public_key, key->public_key, SIGN_PUBLIC_LEN))
        return -EINVAL;
    memcpy(octets, key->id, sizeof(key->id));
    r = sign_make(secret, text, octets + sizeof(key->id));
    if (r < 0)
        return r;
    r = base64_encode(octets, sizeof(octets), line, sizeof(line));
    if (r < 0)
        return r;
    buf_put(out, text.data, text.len);
    buf_printf(out, "\n%s%s %s\n", note_dash, key->name, line);
    r = buf_status(out);
    if (r == 0 && out->len - before > NOTE_MAX)
        r = -E2BIG;
    if (r < 0)
        out->len = before;
    return r;
}

int note_line_parse(struct bytes line, struct note_line *out)
{
    const uint8_t *name = line.data + NOTE_DASH_LEN, *space;
    uint8_t octets[NOTE_SIG_OCTETS_MAX];
    size_t left;
    int n;

    if (line.len <= NOTE_DASH_LEN || memcmp(line.data, note_dash, NOTE_DASH_LEN) != 0)
        return -EINVAL;
    left = line.len - NOTE_DASH_LEN;
    space = memchr(name, ' ', left);
    if (!space || !note_name_good((const char *)name, (size_t)(space - name)))
        return -EINVAL;
    out->name = bytes_of(name, (size_t)(space - name));
    left -= out->name.len + 1;
    n = base64_decode((const char *)space + 1, left, octets, sizeof(octets));
    if (n <= (int)sizeof(out->id))
        return -EINVAL;
    memcpy(out->id, octets, sizeof(out->id));
    out->sig_len = (size_t)n - sizeof(out->id);
    memcpy(out->sig, octets + sizeof(out->id), out->sig_len);
    return 0;
}

/* The index of the key that the line names, or n_keys. */
static size_t note_line_key(const struct note_line *line, const struct note_key *keys,
                            size_t n_keys)
{
    for (size_t i = 0; i < n_keys; i++) {
        if (bytes_equal(line->name, bytes_str(keys[i].name)) &&
            memcmp(line->id, keys[i].id, sizeof(line->id)) == 0)
            return i;
    }
    return n_keys;
}

static int note_line_check(struct bytes line, const struct note_key *keys, size_t n_keys,
                           struct note_opened *o)
{
    struct note_line parsed;
    size_t i;
    int r = note_line_parse(line, &parsed);

    if (r < 0)
        return r;
    if (++o->n_signatures > NOTE_SIGNATURES_MAX)
        return -EINVAL;
    i = note_line_key(&parsed, keys, n_keys);
    if (i == n_keys)
        return 0;
    /* Two lines of one key: nobody honest makes them, and "which one counts" must not be a
     * question. */
    if (o->signed_by & 1u << i || parsed.sig_len != SIGN_LEN)
        return -EBADMSG;
    r = sign_check(keys[i].public_key, o->text, parsed.sig);
    if (r < 0)
        return r;
    o->signed_by |= 1u << i;
    return 0;
}

/* Splits at the last empty line: text may hold empty lines, signature lines never do. */
int note_split(struct bytes note, struct bytes *text, struct bytes *lines)
{
    size_t at = 0;

    if (!note_text_good(note))
        return -EINVAL;
    for (size_t i = 0; i + 1 < note.len; i++) {
        if (note.data[i] == '\n' && note.data[i + 1] == '\n')
            at = i + 1;
    }
    if (at == 0 || at + 1 == note.len)
        return -EINVAL;
    *text = bytes_of(note.data, at);
    *lines = bytes_of(note.data + at + 1, note.len - at - 1);
    return 0;
}

struct bytes note_line_next(struct bytes *lines)
{
    const uint8_t *end = memchr(lines->data, '\n', lines->len);
    size_t len = end ? (size_t)(end - lines->data) : lines->len;
    struct bytes line = bytes_of(lines->data, len);

    len += end != NULL;
    *lines = bytes_of(lines->data + len, lines->len - len);
    return line;
}

int note_open(struct bytes note, const struct note_key *keys, size_t n_keys,
              struct note_opened *out)
{
    struct note_opened o = { 0 };
    struct bytes lines;
    int r;

    if (n_keys > NOTE_KEYS_MAX)
        return -EINVAL;
    r = note_split(note, &o.text, &lines);
    if (r < 0)
        return r;
    while (lines.len) {
        r = note_line_check(note_line_next(&lines), keys, n_keys, &o);
        if (r < 0)
            return r;
    }
    if (!o.signed_by)
        return -ENOKEY;
    *out = o;
    return 0;
}

/* tlog-checkpoint: the origin is the first line, so not empty and without a newline; ours also fits
 * a key's name. */
static bool checkpoint_origin_good(const char *origin, size_t len)
{
    if (len == 0 || len >= NOTE_NAME_MAX || !utf8_valid(origin, len))
        return false;
    for (size_t i = 0; i < len; i++) {
        if ((uint8_t)origin[i] < ' ' || origin[i] == 0x7f)
            return false;
    }
    return true;
}

int checkpoint_format(const struct checkpoint *c, struct buf *out)
{
    char root[4 * ((SHA256_LEN + 2) / 3) + 1];
    int r;

    if (!checkpoint_origin_good(c->origin, strnlen(c->origin, sizeof(c->origin))))
        return -EINVAL;
    r = base64_encode(c->root, sizeof(c->root), root, sizeof(root));
    if (r < 0)
        return r;
    buf_printf(out, "%s\n%" PRIu64 "\n%s\n", c->origin, c->size, root);
    return buf_status(out);
}

static struct bytes checkpoint_line(struct bytes *text)
{
    const uint8_t *end = text->len ? memchr(text->data, '\n', text->len) : NULL;
    struct bytes line = { 0 };

    if (!end)
        return line;
    line = bytes_of(text->data, (size_t)(end - text->data));
    *text = bytes_of(end + 1, text->len - line.len - 1);
    return line;
}

/* tlog-checkpoint: "ASCII decimal with no leading zeroes (unless the tree size is zero)". */
static int checkpoint_size_parse(struct bytes line, uint64_t *out)
{
    uint64_t v = 0;

    if (line.len == 0 || line.len > 20 || (line.len > 1 && line.data[0] == '0'))
        return -EINVAL;
    for (size_t i = 0; i < line.len; i++) {
        uint64_t digit = (uint64_t)line.data[i] - '0';

        if (digit > 9 || v > (UINT64_MAX - digit) / 10)
            return -EINVAL;
        v = v * 10 + digit;
    }
    *out = v;
    return 0;
}

int checkpoint_parse(struct bytes text, struct checkpoint *out)
{
    struct checkpoint c = { 0 };
    struct bytes origin, size, root;

    if (!note_text_good(text))
        return -EINVAL;
    origin = checkpoint_line(&text);
    size = checkpoint_line(&text);
    root = checkpoint_line(&text);
    if (!checkpoint_origin_good((const char *)origin.data, origin.len) ||
        checkpoint_size_parse(size, &c.size) < 0)
        return -EINVAL;
    if (!root.data ||
        base64_decode((const char *)root.data, root.len, c.root, sizeof(c.root)) != SHA256_LEN)
        return -EINVAL;
    while (text.len) {
        if (checkpoint_line(&text).len == 0) /* an extension line "MUST NOT" be empty */
            return -EINVAL;
    }
    memcpy(c.origin, origin.data, origin.len);
    *out = c;
    return 0;
}

int checkpoint_sign(const struct checkpoint *c, const struct note_key *key,
                    const struct secret *secret, struct buf *out)
{
    ALM_CLEANUP(buf_deinit) struct buf text = { 0 };
    int r;

    buf_init(&text, NOTE_MAX);
    r = checkpoint_format(c, &text);
    return r < 0 ? r : note_sign(buf_view(&text), key, secret, out);
}

int checkpoint_open(struct bytes note, const struct note_key *key, const char *origin,
                    struct checkpoint *out)
{
    struct note_opened opened;
    struct checkpoint c;
    int r = note_open(note, key, 1, &opened);

    if (r < 0)
        return r;
    r = checkpoint_parse(opened.text, &c);
    if (r < 0)
        return r;
    if (origin && strcmp(origin, c.origin) != 0)
        return -EXDEV;
    *out = c;
    return 0;
}
