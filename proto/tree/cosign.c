/* SPDX-License-Identifier: Apache-2.0 */
/* cosign.c - see cosign.h. Signs and verifies text; must not read keys, files or the clock. */
#include "tree/cosign.h"
#include "tree/lines.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define COSIGN_SIG_OCTETS (8 + SIGN_LEN) /* u64 time, signature */

int cosign_key_init(struct note_key *out, const char *name,
                    const uint8_t public_key[static SIGN_PUBLIC_LEN])
{
    return note_key_make(out, NOTE_COSIGNATURE, name, public_key);
}

void cosign_key_format(const struct note_key *k, char out[static NOTE_VKEY_MAX])
{
    note_key_text(k, NOTE_COSIGNATURE, out);
}

int cosign_key_parse(const char *vkey, struct note_key *out)
{
    return note_key_read(vkey, NOTE_COSIGNATURE, out);
}

int note_text(struct bytes note, struct bytes *text)
{
    struct bytes lines;

    return note_split(note, text, &lines);
}

/* tlog-cosignature: "two newline terminated lines (one header line and one timestamp line) followed by
 * the whole note body of the cosigned checkpoint". */
static int cosign_message(struct bytes text, int64_t at_s, struct buf *out)
{
    buf_init(out, NOTE_MAX + 64);
    buf_printf(out, "cosignature/v1\ntime %" PRId64 "\n", at_s);
    buf_put(out, text.data, text.len);
    return buf_status(out);
}

static int cosign_line(const struct note_key *key, int64_t at_s, const uint8_t sig[static SIGN_LEN],
                       struct buf *out)
{
    ALM_CLEANUP(buf_deinit) struct buf octets = { 0 };
    char text[4 * ((4 + COSIGN_SIG_OCTETS + 2) / 3) + 1];
    int r;

    buf_init(&octets, 4 + COSIGN_SIG_OCTETS);
    buf_put(&octets, key->id, sizeof(key->id));
    buf_put_u64(&octets, (uint64_t)at_s);
    buf_put(&octets, sig, SIGN_LEN);
    r = buf_status(&octets);
    if (r)
        return r;
    r = base64_encode(octets.data, octets.len, text, sizeof(text));
    if (r < 0)
        return r;
    buf_printf(out, "%s%s %s\n", note_dash, key->name, text);
    return buf_status(out);
}

int cosign_make(struct bytes text, int64_t at_s, const struct note_key *key,
                const struct secret *secret, struct buf *out)
{
    ALM_CLEANUP(buf_deinit) struct buf message = { 0 };
    uint8_t public_key[SIGN_PUBLIC_LEN], sig[SIGN_LEN];
    struct checkpoint head;
    int r = at_s < 0 || checkpoint_parse(text, &head) ? -EINVAL : sign_public(secret, public_key);

    if (!r && !crypto_equal(public_key, key->public_key, SIGN_PUBLIC_LEN))
        r = -EINVAL;
    if (!r)
        r = cosign_message(text, at_s, &message);
    if (!r)
        r = sign_make(secret, buf_view(&message), sig);
    return r ? r : cosign_line(key, at_s, sig, out);
}

/* The time is of 63 bits: "It MUST NOT exceed 2^63 - 1". */
static int cosign_verify(struct bytes text, const struct note_line *line, const struct note_key *key,
                         int64_t *at_s)
{
    ALM_CLEANUP(buf_deinit) struct buf message = { 0 };
    struct cursor c = cursor_of(bytes_of(line->sig, line->sig_len));
    uint64_t at = cursor_u64(&c);
    struct bytes sig = cursor_take(&c, SIGN_LEN);
    int r;

    if (!bytes_equal(line->name, bytes_str(key->name)) ||
        memcmp(line->id, key->id, sizeof(line->id)) != 0)
        return -ENOKEY;
    if (cursor_end(&c) || at > INT64_MAX)
        return -EBADMSG;
    r = cosign_message(text, (int64_t)at, &message);
    if (!r)
        r = sign_check(key->public_key, buf_view(&message), sig.data);
    if (!r && at_s)
        *at_s = (int64_t)at;
    return r;
}

int cosign_check(struct bytes text, struct bytes line, const struct note_key *key, int64_t *at_s)
{
    struct note_line parsed;
    int r;

    if (line.len && line.data[line.len - 1] == '\n')
        line.len--;
    if (!line.len || memchr(line.data, '\n', line.len))
        return -EINVAL;
    r = note_line_parse(line, &parsed);
    return r ? r : cosign_verify(text, &parsed, key, at_s);
}

int cosign_find(struct bytes note, const struct note_key *key, int64_t *at_s)
{
    struct bytes text, lines;
    int found = -ENOKEY, n = 0, r = note_split(note, &text, &lines);

    if (r)
        return r;
    while (lines.len) {
        if (++n > NOTE_SIGNATURES_MAX)
            return -EINVAL;
        r = cosign_check(text, note_line_next(&lines), key, at_s);
        if (r == -ENOKEY)
            continue;
        if (r || !found) /* which of two counts must not be a question */
            return r ? r : -EBADMSG;
        found = 0;
    }
    return found;
}
