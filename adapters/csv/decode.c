/* SPDX-License-Identifier: Apache-2.0 */
/* decode.c - byte-order marks and iconv. */
#include "csv/decode.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

#define PIECE 65536 /* bytes of UTF-8 made at once */

static const char *const words[ENCODING_COUNT] = { DECODE_WORDS };
static const char *const iconv_names[ENCODING_COUNT] = {
    [ENCODING_WINDOWS_1252] = "WINDOWS-1252", [ENCODING_ISO_8859_1] = "ISO-8859-1",
    [ENCODING_ISO_8859_15] = "ISO-8859-15",   [ENCODING_UTF16] = "UTF-16LE",
    [ENCODING_UTF16LE] = "UTF-16LE",          [ENCODING_UTF16BE] = "UTF-16BE",
};
static const struct {
    enum encoding encoding;
    size_t len;
    uint8_t bytes[3];
} marks[] = {
    { ENCODING_UTF8, 3, { 0xEF, 0xBB, 0xBF } },
    { ENCODING_UTF16LE, 2, { 0xFF, 0xFE, 0 } },
    { ENCODING_UTF16BE, 2, { 0xFE, 0xFF, 0 } },
};

enum encoding encoding_of(const char *word)
{
    int e = 0;

    while (e < ENCODING_COUNT && strcmp(words[e], word) != 0)
        e++;
    return (enum encoding)e;
}

static void lines_count(struct bytes made, unsigned long *line)
{
    const uint8_t *at = made.data, *end = made.data + made.len;

    while (at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        ++*line;
        at++;
    }
}

/* One step of iconv. Return: 0 go on; 1 all is converted; negative. */
static int decode_step(iconv_t cd, char **in, size_t *left, struct buf *kept, unsigned long *line)
{
    char *to;
    size_t room = PIECE, r;
    int e = buf_room(kept, PIECE), why;

    if (e != 0)
        return e;
    to = (char *)kept->data + kept->len;
    r = iconv(cd, in, left, &to, &room);
    why = errno;
    lines_count(bytes_of(kept->data + kept->len, PIECE - room), line);
    kept->len += PIECE - room;
    if (r != (size_t)-1)
        return *left == 0;
    return why == E2BIG ? 0 : -EILSEQ; /* EINVAL: cut off within a character */
}

static int decode_by(const char *name, struct bytes in, struct buf *kept, unsigned long *line)
{
    iconv_t cd = iconv_open("UTF-8", name);
    char *at = (char *)(uintptr_t)in.data; /* iconv takes it without const and leaves it alone */
    size_t left = in.len;
    int r = left == 0;

    if (cd == (iconv_t)-1)
        return errno == ENOMEM ? -ENOMEM : -EINVAL;
    while (r == 0)
        r = decode_step(cd, &at, &left, kept, line);
    (void)iconv_close(cd);
    return r < 0 ? r : 0;
}

int decode_text(struct bytes in, enum encoding said, struct buf *kept, struct bytes *out,
                unsigned long *line)
{
    int r;

    *line = 1;
    for (size_t i = 0; i < ALM_LEN(marks); i++) {
        if (in.len < marks[i].len || memcmp(in.data, marks[i].bytes, marks[i].len) != 0)
            continue;
        said = marks[i].encoding;
        in = bytes_of(in.data + marks[i].len, in.len - marks[i].len);
        break;
    }
    *out = in;
    if (!iconv_names[said])
        return 0;
    r = decode_by(iconv_names[said], in, kept, line);
    *out = buf_view(kept);
    return r;
}
