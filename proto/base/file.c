/* SPDX-License-Identifier: Apache-2.0 */
/* file.c - whole files: bounded reads, writes that are either there whole or not at all. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET_TEXT_LEN (2 * sizeof(struct secret) + 1) /* hex and a newline */

void fd_closep(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

/* Opens a regular file for reading. O_NONBLOCK: a FIFO laid in the way must not hang us. */
static int file_open(const char *path, int *out, struct stat *st)
{
    ALM_CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd < 0)
        return -errno;
    if (fstat(fd, st) != 0)
        return -errno;
    if (S_ISDIR(st->st_mode))
        return -EISDIR;
    if (!S_ISREG(st->st_mode))
        return -EINVAL;
    *out = fd;
    fd = -1;
    return 0;
}

/* Return: bytes read, fewer than len only at the end of the file; -errno. */
static ssize_t file_read_full(int fd, uint8_t *data, size_t len)
{
    size_t at = 0;

    while (at < len) {
        ssize_t n = read(fd, data + at, len - at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        at += (size_t)n;
    }
    return (ssize_t)at;
}

static int file_read_fd(int fd, size_t max_bytes, struct buf *out)
{
    uint8_t chunk[16384];
    size_t total = 0;
    ssize_t n;

    do {
        n = file_read_full(fd, chunk, sizeof(chunk));
        if (n < 0)
            return (int)n;
        total += (size_t)n;
        if (total > max_bytes)
            return -E2BIG;
        buf_put(out, chunk, (size_t)n);
    } while (n == (ssize_t)sizeof(chunk) && buf_status(out) == 0);
    return buf_status(out);
}

int file_read(const char *path, size_t max_bytes, struct buf *out)
{
    ALM_CLEANUP(fd_closep) int fd = -1;
    struct stat st;
    size_t before = out->len;
    int r = file_open(path, &fd, &st);

    if (r < 0)
        return r;
    r = file_read_fd(fd, max_bytes, out);
    if (r < 0)
        out->len = before;
    return r;
}

static int file_put(int fd, struct bytes data)
{
    while (data.len) {
        ssize_t n = write(fd, data.data, data.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        data.data += n;
        data.len -= (size_t)n;
    }
    return 0;
}

/* The rename is durable only once the directory is. */
static int file_sync_parent(const char *path)
{
    ALM_CLEANUP(fd_closep) int fd = -1;
    const char *slash = strrchr(path, '/');
    char dir[PATH_MAX];
    size_t len = slash && slash != path ? (size_t)(slash - path) : 1;

    if (len >= sizeof(dir))
        return -ENAMETOOLONG;
    memcpy(dir, slash ? path : ".", len);
    dir[len] = '\0';
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return -errno;
    return 0;
}

static int file_fill(int fd, struct bytes data, mode_t mode)
{
    int r = file_put(fd, data);

    if (r < 0)
        return r;
    /* Only now: until it is whole, the file is 0600. fchmod, so that no umask widens or narrows it.
     */
    if (fchmod(fd, mode) != 0 || fsync(fd) != 0)
        return -errno;
    return 0;
}

int file_write(const char *path, struct bytes data, mode_t mode)
{
    ALM_CLEANUP(fd_closep) int fd = -1;
    char temporary[PATH_MAX];
    int n = snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path), r;

    if (n < 0 || (size_t)n >= sizeof(temporary))
        return -ENAMETOOLONG;
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return -errno;
    r = file_fill(fd, data, mode);
    if (r == 0 && rename(temporary, path) != 0)
        r = -errno;
    if (r < 0) {
        (void)unlink(temporary);
        return r;
    }
    return file_sync_parent(path);
}

static int file_mkdir(const char *path, mode_t mode)
{
    struct stat st;

    if (mkdir(path, mode) == 0)
        return 0;
    if (errno != EEXIST)
        return -errno;
    if (stat(path, &st) != 0)
        return -errno;
    return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

int file_mkdirs(const char *path, mode_t mode)
{
    char part[PATH_MAX];

    if (!path[0])
        return -EINVAL;
    if (text_copy(part, sizeof(part), path) < 0)
        return -ENAMETOOLONG;
    for (char *p = part + 1; *p; p++) {
        int r;

        if (*p != '/')
            continue;
        *p = '\0';
        r = file_mkdir(part, mode);
        if (r < 0)
            return r;
        *p = '/';
    }
    return file_mkdir(part, mode);
}

static int file_mode_private(const struct stat *st)
{
    return st->st_mode & 077 ? -EPERM : 0;
}

int file_check_private(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return -errno;
    return file_mode_private(&st);
}

/* The text is parsed in place on the stack: a growing buffer would leave copies behind. */
static int secret_decode(uint8_t text[static SECRET_TEXT_LEN + 1], size_t len, struct secret *out)
{
    if (len == SECRET_TEXT_LEN && text[len - 1] == '\n')
        len--;
    if (len != SECRET_TEXT_LEN - 1)
        return -EINVAL;
    text[len] = '\0';
    return hex_decode((const char *)text, out->octets, sizeof(out->octets));
}

int file_read_secret(const char *path, struct secret *out)
{
    ALM_CLEANUP(fd_closep) int fd = -1;
    uint8_t text[SECRET_TEXT_LEN + 1];
    struct stat st;
    ssize_t n;
    int r = file_open(path, &fd, &st);

    if (r < 0)
        return r;
    r = file_mode_private(&st); /* of the file we opened, not of whatever has its name by now */
    if (r < 0)
        return r;
    n = file_read_full(fd, text, sizeof(text));
    r = n < 0 ? (int)n : secret_decode(text, (size_t)n, out);
    crypto_wipe(text, sizeof(text));
    if (r < 0)
        secret_wipe(out);
    return r;
}

int file_write_secret(const char *path, const struct secret *s)
{
    char text[SECRET_TEXT_LEN + 1];
    int r;

    hex_encode(s->octets, sizeof(s->octets), text);
    text[SECRET_TEXT_LEN - 1] = '\n';
    r = file_write(path, bytes_of(text, SECRET_TEXT_LEN), 0600);
    crypto_wipe(text, sizeof(text));
    return r;
}
