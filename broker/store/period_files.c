/* SPDX-License-Identifier: Apache-2.0 */
/* period_files.c - see period_files.h. A secret is overwritten before it is unlinked; what a file
 * system or a disk keeps of it nevertheless is in README.md. */
#include "store/period_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "store/internal.h"
#include "store/periods.h"

#define FOLDER       "periods"
#define FILE_LABEL   "almoner/store/v1/period-files"
#define FILE_DOMAIN  "almoner/period/v1"
#define FILE_OCTETS  (sizeof(struct secret) + SEAL_OVERHEAD)
#define PATH_OCTETS  (PATH_MAX + 64)
#define NUMBER_CHARS 8 /* more where a number has more */

int period_file_key(const struct secret *subkey_root, struct secret *out)
{
    return crypto_derive(subkey_root, FILE_LABEL, out);
}

static int folder_path(const char *dir, char out[static PATH_OCTETS])
{
    int n = snprintf(out, PATH_OCTETS, "%s/" FOLDER, dir);

    return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static int file_path(const char *dir, uint32_t number, char out[static PATH_OCTETS])
{
    int n = snprintf(out, PATH_OCTETS, "%s/" FOLDER "/%0*u.key", dir, NUMBER_CHARS, number);

    return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static struct bytes file_associated(uint32_t number, uint8_t out[static sizeof(FILE_DOMAIN) + 4])
{
    memcpy(out, FILE_DOMAIN, sizeof(FILE_DOMAIN));
    for (size_t i = 0; i < 4; i++)
        out[sizeof(FILE_DOMAIN) + i] = (uint8_t)(number >> (24 - 8 * i));
    return bytes_of(out, sizeof(FILE_DOMAIN) + 4);
}

static int sync_path(const char *path)
{
    ALM_CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 || fsync(fd) != 0 ? -errno : 0;
}

static int folder_make(const char *dir)
{
    char path[PATH_OCTETS];
    int r = folder_path(dir, path);

    if (r == 0)
        r = file_mkdirs(path, 0700);
    return r < 0 ? r : sync_path(dir);
}

int period_file_make(const char *dir, const struct secret *file_key, uint32_t number,
                     const struct secret *secret)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    uint8_t ad[sizeof(FILE_DOMAIN) + 4];
    char path[PATH_OCTETS];
    int r = file_path(dir, number, path);

    buf_init(&b, FILE_OCTETS);
    if (r == 0)
        r = folder_make(dir);
    if (r == 0)
        r = seal(file_key, file_associated(number, ad),
                 bytes_of(secret->octets, sizeof(secret->octets)), &b);
    return r < 0 ? r : file_write(path, buf_view(&b), 0600);
}

int period_file_read(const char *dir, const struct secret *file_key, uint32_t number,
                     struct secret *out)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 }, plain = { 0 };
    uint8_t ad[sizeof(FILE_DOMAIN) + 4];
    char path[PATH_OCTETS];
    int r = file_path(dir, number, path);

    buf_init(&b, FILE_OCTETS);
    buf_init(&plain, sizeof(*out));
    if (r == 0)
        r = file_check_private(path);
    if (r == 0)
        r = file_read(path, FILE_OCTETS, &b);
    if (r == 0)
        r = seal_open(file_key, file_associated(number, ad), buf_view(&b), &plain);
    if (r < 0)
        return r == -E2BIG ? -EBADMSG : r;
    if (plain.len != sizeof(out->octets))
        return -EBADMSG;
    memcpy(out->octets, plain.data, sizeof(out->octets));
    crypto_wipe(plain.data, plain.len);
    return 0;
}

/* As long as the file is, so that a longer one leaves nothing either. */
static int overwrite(int fd)
{
    static const uint8_t nothing[256] = { 0 };
    struct stat st;

    if (fstat(fd, &st) < 0)
        return -errno;
    for (off_t at = 0; at < st.st_size;) {
        size_t n =
            st.st_size - at < (off_t)sizeof(nothing) ? (size_t)(st.st_size - at) : sizeof(nothing);
        ssize_t wrote = pwrite(fd, nothing, n, at);

        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return wrote < 0 ? -errno : -EIO;
        at += wrote;
    }
    return fsync(fd) < 0 ? -errno : 0;
}

static int destroy(struct store *s, const char *path)
{
    ALM_CLEANUP(fd_closep) int fd = -1;
    int r = store_step_now(s, STORE_STEP_PERIOD_WIPE);

    if (r < 0)
        return r;
    fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? 0 : -errno;
    r = overwrite(fd);
    if (r == 0)
        r = store_step_now(s, STORE_STEP_PERIOD_WIPED);
    if (r == 0 && unlink(path) < 0)
        r = -errno;
    return r;
}

static int folder_sync(struct store *s)
{
    char path[PATH_OCTETS];
    int r = folder_path(store_path(s), path);

    return r < 0 ? r : sync_path(path);
}

int period_file_destroy(struct store *s, uint32_t number)
{
    char path[PATH_OCTETS];
    int r = file_path(store_path(s), number, path);

    if (r == 0)
        r = destroy(s, path);
    return r < 0 ? r : folder_sync(s);
}

static bool is_of(const char *name, uint32_t number)
{
    char want[32];

    (void)snprintf(want, sizeof(want), "%0*u.key", NUMBER_CHARS, number);
    return number && strcmp(name, want) == 0;
}

int period_files_tidy(struct store *s, uint32_t current, uint32_t leaving)
{
    char folder[PATH_OCTETS], path[PATH_OCTETS + NAME_MAX + 2];
    struct dirent *e;
    bool any = false;
    int r = folder_path(store_path(s), folder);
    DIR *dir = r < 0 ? NULL : opendir(folder);

    if (!dir)
        return r < 0 ? r : -errno;
    while (r == 0 && (e = readdir(dir)) != NULL) {
        /* Only what begins with a number is ours: a file and its like that was being written. */
        if (e->d_name[0] < '0' || e->d_name[0] > '9' || is_of(e->d_name, current) ||
            is_of(e->d_name, leaving))
            continue;
        (void)snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
        r = destroy(s, path);
        any = true;
    }
    (void)closedir(dir);
    return r == 0 && any ? folder_sync(s) : r;
}

int store_period_restore(const char *dir, const struct secret *store_key, uint32_t number,
                         const struct secret *period)
{
    ALM_CLEANUP(secret_wipe) struct secret root = { 0 }, file_key = { 0 };
    char path[PATH_OCTETS];
    int r = file_path(dir, number, path);

    if (r == 0 && access(path, F_OK) == 0)
        r = -EEXIST;
    if (r == 0)
        r = store_subkey_root(store_key, &root);
    if (r == 0)
        r = period_file_key(&root, &file_key);
    return r < 0 ? r : period_file_make(dir, &file_key, number, period);
}
