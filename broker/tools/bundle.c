/* SPDX-License-Identifier: Apache-2.0 */
/* bundle.c - see bundle.h. */
#include "bundle.h"
#include "base/crypto.h"
#include "base/file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ENTRY_VERSION 1
#define NONCE_LEN     32
#define CLEAR_AT      (1 + NONCE_LEN)
#define SEALED_AT     (CLEAR_AT + SHA256_LEN)
#define RECORD_MAX    (64u << 20) /* of one part of one record */

/* --- files --- */

static int bundle_file(const char *folder, const char *kind, uint64_t n, unsigned width,
                       char out[static BUNDLE_FILE_MAX])
{
    char path[TILE_PATH_MAX];
    int len;

    tile_path(kind, n, width, path);
    len = snprintf(out, BUNDLE_FILE_MAX, "%s/%s", folder, path);
    return len > 0 && len < BUNDLE_FILE_MAX ? 0 : -ENAMETOOLONG;
}

int bundle_read(const char *folder, const char *kind, uint64_t n, unsigned width, size_t max,
                struct buf *out)
{
    char path[BUNDLE_FILE_MAX];
    int r = bundle_file(folder, kind, n, width, path);

    return r ? r : file_read(path, max, out);
}

static int write_all(int fd, struct bytes octets)
{
    while (octets.len) {
        ssize_t n = write(fd, octets.data, octets.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        octets.data += n;
        octets.len -= (size_t)n;
    }
    return 0;
}

int bundle_write(const char *folder, const char *kind, uint64_t n, unsigned width,
                 struct bytes octets)
{
    char path[BUNDLE_FILE_MAX], *slash;
    int fd, r = bundle_file(folder, kind, n, width, path);

    if (r)
        return r;
    slash = strrchr(path, '/');
    *slash = '\0';
    r = file_mkdirs(path, 0700);
    *slash = '/';
    if (r)
        return r;
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -errno;
    r = write_all(fd, octets);
    if (close(fd) && !r)
        r = -errno;
    return r;
}

/* --- rows --- */

/* Appends a base64 field's octets; NULL-tolerant. Return: 0; -EBADMSG; -E2BIG. */
static int field_add(const json_t *row, const char *key, struct buf *out, struct bytes *added)
{
    const json_t *field = json_object_get(row, key);
    size_t len = json_string_length(field), before = out->len;
    int n;

    if (!json_is_string(field))
        return -EBADMSG;
    if (buf_room(out, len / 4 * 3 + 3))
        return -E2BIG;
    n = base64_decode(json_string_value(field), len, out->data + before, len / 4 * 3 + 3);
    if (n < 0)
        return -EBADMSG;
    out->len = before + (size_t)n;
    *added = bytes_of(out->data + before, (size_t)n);
    return 0;
}

/* With its length, u32, before it. */
static int part_add(const json_t *row, const char *key, struct buf *records,
                    uint8_t hash[static SHA256_LEN])
{
    size_t at = records->len;
    struct bytes part;
    int r;

    buf_put_u32(records, 0);
    r = buf_status(records) ? buf_status(records) : field_add(row, key, records, &part);
    if (r)
        return r;
    for (int i = 0; i < 4; i++)
        records->data[at + (size_t)i] = (uint8_t)(part.len >> (24 - 8 * i));
    return crypto_sha256(part, hash);
}

static int fixed_take(const json_t *row, const char *key, uint8_t out[static SHA256_LEN])
{
    const json_t *field = json_object_get(row, key);
    uint8_t octets[SHA256_LEN + 3];

    if (!json_is_string(field) || base64_decode(json_string_value(field), json_string_length(field),
                                                octets, sizeof(octets)) != SHA256_LEN)
        return -EBADMSG;
    memcpy(out, octets, SHA256_LEN);
    return 0;
}

int bundle_add(const json_t *row, struct buf *entries, struct buf *records,
               uint8_t entry[static BUNDLE_ENTRY_LEN])
{
    bool erased = !json_object_get(row, "sealed") && json_object_get(row, "sealed_hash");
    int r = fixed_take(row, "nonce", entry + 1);

    entry[0] = ENTRY_VERSION;
    if (!r)
        r = part_add(row, "clear", records, entry + CLEAR_AT);
    if (r)
        return r;
    buf_put_u8(records, erased);
    r = erased ? fixed_take(row, "sealed_hash", entry + SEALED_AT)
               : part_add(row, "sealed", records, entry + SEALED_AT);
    if (r)
        return r;
    buf_put_u16(entries, BUNDLE_ENTRY_LEN);
    buf_put(entries, entry, BUNDLE_ENTRY_LEN);
    return buf_status(entries) ? buf_status(entries) : buf_status(records);
}

static int part_differs(struct bytes part, const uint8_t hash[static SHA256_LEN], int fault)
{
    uint8_t found[SHA256_LEN];
    int r = crypto_sha256(part, found);

    return r ? r : memcmp(found, hash, SHA256_LEN) ? fault : BUNDLE_GOOD;
}

static struct bytes part_take(struct cursor *c)
{
    uint32_t len = cursor_u32(c);

    if (len > RECORD_MAX)
        c->failed = true;
    return cursor_take(c, len);
}

int bundle_take(struct cursor *entries, struct cursor *records, struct bundle_row *out)
{
    uint16_t len = cursor_u16(entries);
    struct bytes entry = cursor_take(entries, BUNDLE_ENTRY_LEN);
    uint8_t erased;
    int r;

    *out = (struct bundle_row){ .erased = false };
    if (entries->failed || len != BUNDLE_ENTRY_LEN)
        return BUNDLE_ENTRY_ENDS;
    memcpy(out->entry, entry.data, BUNDLE_ENTRY_LEN);
    out->clear = part_take(records);
    erased = cursor_u8(records);
    out->erased = erased == 1;
    if (!erased)
        out->sealed = part_take(records);
    if (records->failed || erased > 1)
        return BUNDLE_RECORD_ENDS;
    r = part_differs(out->clear, out->entry + CLEAR_AT, BUNDLE_CLEAR_DIFFERS);
    if (r || out->erased)
        return r;
    return part_differs(out->sealed, out->entry + SEALED_AT, BUNDLE_SEALED_DIFFERS);
}
