/* SPDX-License-Identifier: Apache-2.0 */
/* inbox_files.c - one file a delivery, named by seq and event id: a name's order is the stream's.
 */
#include "lib/inbox_files.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAGIC  "ALMINB1" /* with its NUL */
#define FILE_HEAD   (sizeof(FILE_MAGIC) + 8 + SHA256_LEN)
#define FILE_SUFFIX ".msg"
#define FILE_TEMP   ".coming" /* one writer at a time: the loop */

void inbox_list_free(struct inbox_list *l)
{
    free(l->items);
    *l = (struct inbox_list){ 0 };
}

static int item_order(const struct inbox_item *a, const struct inbox_item *b)
{
    if (a->seq != b->seq)
        return a->seq < b->seq ? -1 : 1;
    return memcmp(a->event.octets, b->event.octets, ID_LEN);
}

/* Return: the place of the item, or where it would go. */
static size_t item_place(const struct inbox_list *l, const struct inbox_item *item)
{
    size_t low = 0, high = l->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (item_order(&l->items[middle], item) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct inbox_item *inbox_list_find(const struct inbox_list *l, const struct inbox_item *item)
{
    size_t at = item_place(l, item);

    return at < l->n && item_order(&l->items[at], item) == 0 ? &l->items[at] : NULL;
}

int inbox_list_add(struct inbox_list *l, const struct inbox_item *item)
{
    size_t at = item_place(l, item);

    if (at < l->n && item_order(&l->items[at], item) == 0)
        return 0;
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 64;
        struct inbox_item *grown = reallocarray(l->items, cap, sizeof(*grown));

        if (!grown)
            return -ENOMEM;
        l->items = grown;
        l->cap = cap;
    }
    memmove(&l->items[at + 1], &l->items[at], (l->n - at) * sizeof(*l->items));
    l->items[at] = *item;
    l->n++;
    return 0;
}

void inbox_list_drop(struct inbox_list *l, size_t n)
{
    if (!n)
        return;
    memmove(l->items, l->items + n, (l->n - n) * sizeof(*l->items));
    l->n -= n;
}

void inbox_file_name(const struct inbox_item *item, char out[static INBOX_NAME_LEN + 1])
{
    char event[ID_TEXT];

    id_format(&item->event, event);
    (void)snprintf(out, INBOX_NAME_LEN + 1, "%020llu-%s" FILE_SUFFIX, (unsigned long long)item->seq,
                   event);
}

static bool name_read(const char *name, struct inbox_item *out)
{
    char event[ID_TEXT], again[INBOX_NAME_LEN + 1];

    memset(out, 0, sizeof(*out));
    if (strlen(name) != INBOX_NAME_LEN || strspn(name, "0123456789") != INBOX_SEQ_TEXT)
        return false;
    memcpy(event, name + INBOX_SEQ_TEXT + 1, ID_TEXT - 1);
    event[ID_TEXT - 1] = '\0';
    errno = 0;
    out->seq = strtoull(name, NULL, 10);
    if (errno || id_parse(event, &out->event) != 0)
        return false;
    inbox_file_name(out, again); /* one name a delivery, to the letter */
    return strcmp(again, name) == 0;
}

static DIR *folder_list(int fd)
{
    int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* a position of its own */
    DIR *d = copy >= 0 ? fdopendir(copy) : NULL;

    if (!d)
        fd_closep(&copy);
    return d;
}

int inbox_list_read(int fd, struct inbox_list *out)
{
    DIR *d = folder_list(fd);
    struct dirent *e;
    int r = 0;

    if (!d)
        return -errno;
    while (r == 0 && (e = readdir(d)) != NULL) {
        struct inbox_item item;

        if (strcmp(e->d_name, FILE_TEMP) == 0)
            (void)unlinkat(fd, FILE_TEMP, 0); /* half-written, so never acknowledged */
        else if (name_read(e->d_name, &item))
            r = inbox_list_add(out, &item);
    }
    closedir(d);
    return r;
}

int inbox_folders(int fd, int (*found)(void *ctx, const char *name), void *ctx)
{
    DIR *d = folder_list(fd);
    struct dirent *e;
    int r = 0;

    if (!d)
        return -errno;
    while (r == 0 && (e = readdir(d)) != NULL) {
        struct stat st;

        if (e->d_name[0] != '.' && fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISDIR(st.st_mode))
            r = found(ctx, e->d_name);
    }
    closedir(d);
    return r;
}

bool inbox_file_exists(int fd, const struct inbox_item *item)
{
    char name[INBOX_NAME_LEN + 1];

    inbox_file_name(item, name);
    return faccessat(fd, name, F_OK, 0) == 0;
}

static int put_all(int fd, struct bytes data)
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

static int write_beside(int folder, struct bytes data)
{
    ALM_CLEANUP(fd_closep)
    int fd = openat(folder, FILE_TEMP, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    int r;

    if (fd < 0)
        return -errno;
    r = put_all(fd, data);
    return r == 0 && fsync(fd) != 0 ? -errno : r;
}

int inbox_file_write(int fd, const struct inbox_item *item, struct bytes body)
{
    ALM_CLEANUP(buf_deinit) struct buf file;
    char name[INBOX_NAME_LEN + 1];
    uint8_t sum[SHA256_LEN];
    int r = crypto_sha256(body, sum);

    buf_init(&file, INBOX_BODY_MAX + FILE_HEAD);
    if (r != 0)
        return r;
    buf_put(&file, FILE_MAGIC, sizeof(FILE_MAGIC));
    buf_put_i64(&file, clock_wall_ms());
    buf_put(&file, sum, sizeof(sum));
    buf_put(&file, body.data, body.len);
    r = buf_status(&file);
    if (r == 0)
        r = write_beside(fd, buf_view(&file));
    inbox_file_name(item, name);
    if (r == 0 && renameat(fd, FILE_TEMP, fd, name) != 0)
        r = -errno;
    if (r != 0)
        (void)unlinkat(fd, FILE_TEMP, 0);
    return r;
}

/* Return: 0; -EBADMSG not a file of the right size; -errno. */
static int read_all(int folder, const char *name, struct buf *out)
{
    ALM_CLEANUP(fd_closep)
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat st;

    if (fd < 0)
        return errno == ELOOP ? -EBADMSG : -errno;
    if (fstat(fd, &st) != 0)
        return -errno;
    if (!S_ISREG(st.st_mode) || st.st_size < (off_t)FILE_HEAD ||
        st.st_size > (off_t)(INBOX_BODY_MAX + FILE_HEAD))
        return -EBADMSG;
    if (buf_room(out, (size_t)st.st_size) != 0)
        return buf_status(out);
    while (out->len < (size_t)st.st_size) {
        ssize_t n = read(fd, out->data + out->len, (size_t)st.st_size - out->len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return -EBADMSG;
        out->len += (size_t)n;
    }
    return 0;
}

int inbox_file_read(int fd, const struct inbox_item *item, struct buf *body)
{
    ALM_CLEANUP(buf_deinit) struct buf file;
    char name[INBOX_NAME_LEN + 1];
    uint8_t sum[SHA256_LEN];
    struct bytes rest;
    int r;

    buf_init(&file, INBOX_BODY_MAX + FILE_HEAD);
    inbox_file_name(item, name);
    r = read_all(fd, name, &file);
    if (r != 0)
        return r;
    if (memcmp(file.data, FILE_MAGIC, sizeof(FILE_MAGIC)) != 0)
        return -EBADMSG;
    rest = bytes_of(file.data + FILE_HEAD, file.len - FILE_HEAD);
    r = crypto_sha256(rest, sum);
    if (r != 0)
        return r;
    if (memcmp(sum, file.data + sizeof(FILE_MAGIC) + 8, SHA256_LEN) != 0)
        return -EBADMSG;
    buf_reset(body);
    buf_put(body, rest.data, rest.len);
    return buf_status(body);
}

void inbox_file_tell_damaged(const char *stream, const struct inbox_item *item)
{
    char name[INBOX_NAME_LEN + 1];

    inbox_file_name(item, name);
    log_error("inbox-damaged", "stream=%s file=%s", stream, LOG_Q(name));
}
