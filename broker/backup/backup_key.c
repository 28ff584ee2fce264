/* SPDX-License-Identifier: Apache-2.0 */
/* backup_key.c - the two files, as JSON; nothing in them is taken that is not as it was written. */
#include "backup/backup_key.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "local/local.h"

#define PRIVATE_WORD "backup-key/1"
#define PUBLIC_WORD  "backup-public/1"
#define FILE_BYTES   1024 /* more than either file has */
#define PATH_BYTES   4096

void backup_private_key_wipe(struct backup_private_key *k)
{
    crypto_wipe(k, sizeof(*k));
}

void backup_fingerprint(const uint8_t key[static BACKUP_PUBLIC_LEN],
                        char out[static BACKUP_FINGERPRINT])
{
    uint8_t hash[SHA256_LEN];

    if (crypto_sha256(bytes_of(key, BACKUP_PUBLIC_LEN), hash))
        memset(hash, 0, sizeof(hash)); /* before crypto_init: our own mistake, and visible */
    hex_encode(hash, 8, out);
}

/* --- writing --- */

static int key_text(const struct backup_private_key *k, bool is_private, struct buf *out)
{
    char made[CIVIL_TEXT], expires[CIVIL_TEXT], hex[65];

    civil_format(k->pub.made_on, made);
    civil_format(k->pub.expires_on, expires);
    hex_encode(k->pub.key, sizeof(k->pub.key), hex);
    buf_printf(out, "{\"almoner\":\"%s\",\"made\":\"%s\",\"expires\":\"%s\",\n \"public\":\"%s\"",
               is_private ? PRIVATE_WORD : PUBLIC_WORD, made, expires, hex);
    if (is_private) {
        hex_encode(k->key.octets, sizeof(k->key.octets), hex);
        buf_printf(out, ",\n \"secret\":\"%s\"", hex);
        crypto_wipe(hex, sizeof(hex));
    }
    buf_printf(out, "}\n");
    return buf_status(out);
}

static int file_make(const char *path, mode_t mode, struct bytes text)
{
    ALM_CLEANUP(fd_closep)
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    int r = 0;

    if (fd < 0)
        return -errno;
    while (text.len && !r) {
        ssize_t n = write(fd, text.data, text.len);

        if (n < 0 && errno != EINTR)
            r = -errno;
        else if (n > 0)
            text = bytes_of(text.data + n, text.len - (size_t)n);
    }
    if (!r && (fchmod(fd, mode) || fsync(fd)))
        r = -errno;
    if (r)
        (void)unlink(path);
    return r;
}

static int parent_sync(const char *path)
{
    ALM_CLEANUP(fd_closep) int fd = -1;
    const char *slash = strrchr(path, '/');
    char dir[PATH_BYTES];

    if (snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path) + 1 : 1,
                 slash ? path : ".") >= (int)sizeof(dir))
        return -ENAMETOOLONG;
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 || fsync(fd) ? -errno : 0;
}

static int files_make(const char *path, const char *beside, const struct backup_private_key *k)
{
    ALM_CLEANUP(buf_deinit) struct buf text = { 0 };
    int r;

    buf_init(&text, FILE_BYTES);
    r = buf_room(&text, FILE_BYTES); /* it never grows: no copy of the key stays behind */
    if (!r)
        r = key_text(k, false, &text);
    if (!r)
        r = file_make(beside, 0644, buf_view(&text));
    if (r)
        return r;
    buf_reset(&text);
    r = key_text(k, true, &text);
    if (!r)
        r = file_make(path, 0600, buf_view(&text));
    crypto_wipe(text.data, text.cap);
    if (!r) {
        r = parent_sync(path); /* or backups could be sealed to a key that a loss of power took */
        if (r)
            (void)unlink(path);
    }
    if (r)
        (void)unlink(beside);
    return r;
}

int backup_key_make(const char *path, int32_t today, int days, char *written, size_t written_size,
                    struct backup_public_key *out)
{
    ALM_CLEANUP(backup_private_key_wipe) struct backup_private_key k = { 0 };
    struct stat st;
    int r;

    if (days < 1 || days > BACKUP_DAYS_MOST)
        return -ERANGE;
    if (snprintf(written, written_size, "%s.pub", path) >= (int)written_size)
        return -ENAMETOOLONG;
    if (lstat(path, &st) == 0 || lstat(written, &st) == 0)
        return -EEXIST;
    r = crypto_random(k.key.octets, sizeof(k.key.octets));
    if (!r)
        r = backup_public(&k.key, k.pub.key);
    if (r)
        return r;
    k.pub.made_on = today;
    k.pub.expires_on = today + days;
    r = files_make(path, written, &k);
    if (!r)
        *out = k.pub;
    return r;
}

/* --- reading --- */

static int key_fields(const json_t *o, const char *word, struct backup_public_key *out)
{
    char text[65] = "";

    if (local_get_text(o, "almoner", text, sizeof(text)) || strcmp(text, word) != 0 ||
        local_get_day(o, "made", &out->made_on) || local_get_day(o, "expires", &out->expires_on) ||
        local_get_text(o, "public", text, sizeof(text)) ||
        hex_decode(text, out->key, sizeof(out->key)))
        return -EINVAL;
    return out->expires_on < out->made_on ? -EINVAL : 0;
}

static int key_parse(const char *path, const char *word, size_t n_keys, json_t **out,
                     struct backup_public_key *pub)
{
    ALM_CLEANUP(buf_deinit) struct buf text = { 0 };
    json_error_t error;
    json_t *o;
    int r;

    buf_init(&text, FILE_BYTES);
    r = buf_room(&text, FILE_BYTES);
    if (!r)
        r = file_read(path, FILE_BYTES, &text);
    if (r) {
        if (text.data)
            crypto_wipe(text.data, text.cap);
        return r == -E2BIG ? -EINVAL : r;
    }
    o = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &error);
    crypto_wipe(text.data, text.cap);
    if (!json_is_object(o) || json_object_size(o) != n_keys || key_fields(o, word, pub)) {
        json_decref(o);
        return -EINVAL;
    }
    *out = o;
    return 0;
}

int backup_key_read_public(const char *path, struct backup_public_key *out)
{
    json_t *o = NULL;
    int r = key_parse(path, PUBLIC_WORD, 4, &o, out);

    json_decref(o);
    return r;
}

int backup_key_read_private(const char *path, struct backup_private_key *out)
{
    json_t *o = NULL;
    uint8_t public_key[BACKUP_PUBLIC_LEN];
    char hex[65] = "";
    int r = file_check_private(path);

    if (!r)
        r = key_parse(path, PRIVATE_WORD, 5, &o, &out->pub);
    if (!r && (local_get_text(o, "secret", hex, sizeof(hex)) ||
               hex_decode(hex, out->key.octets, sizeof(out->key.octets))))
        r = -EINVAL;
    crypto_wipe(hex, sizeof(hex));
    json_decref(o);
    if (!r)
        r = backup_public(&out->key, public_key);
    if (!r && memcmp(public_key, out->pub.key, sizeof(public_key)) != 0)
        r = -EINVAL;
    if (r)
        backup_private_key_wipe(out);
    return r;
}

/* --- its end --- */

int backup_key_destroy(const char *path)
{
    ALM_CLEANUP(backup_private_key_wipe) struct backup_private_key k = { 0 };
    ALM_CLEANUP(fd_closep) int fd = -1;
    uint8_t zeroes[FILE_BYTES] = { 0 };
    struct stat st;
    int r = backup_key_read_private(path, &k); /* never overwrites what is not a key of ours */

    if (r)
        return r;
    fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &st))
        return -errno;
    if (st.st_size > (off_t)sizeof(zeroes))
        return -EINVAL;
    if (pwrite(fd, zeroes, (size_t)st.st_size, 0) != (ssize_t)st.st_size)
        return errno ? -errno : -EIO;
    if (fsync(fd) || unlink(path))
        return -errno;
    return parent_sync(path);
}
