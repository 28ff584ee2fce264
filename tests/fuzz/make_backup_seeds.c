/* SPDX-License-Identifier: Apache-2.0 */
/* make_backup_seeds.c DIR - writes seeds for fuzz_backup: a stream and a file, whole, for the
 * fuzzer's key. */
#include "backup/chunks.h"
#include "backup/stream.h"
#include "base/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct secret key;

static int seed_write(const char *dir, const char *name, uint8_t first, struct bytes b)
{
    ALM_CLEANUP(buf_deinit) struct buf out = { 0 };
    char path[1024];

    buf_init(&out, 1 << 20);
    buf_put_u8(&out, first);
    buf_put(&out, b.data, b.len);
    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    return buf_status(&out) || file_write(path, buf_view(&out), 0644);
}

static int stream_make(struct buf *out)
{
    struct stream_begin b = { .mode = 2,
                              .origin = "marlham.example/almoner",
                              .at_ms = 1780000000000,
                              .leaves = 2,
                              .note = bytes_str("a note\n"),
                              .n_tables = 2,
                              .tables = { { "meta", 1 }, { "log", 1 } } };
    struct stream_period p = { .number = 1 };
    struct stream_maker m;
    int r;

    stream_maker_init(&m);
    r = stream_begin(&m, &b, out) || stream_period(&m, &key, &p, out) ||
        stream_table(&m, "meta", out) ||
        stream_record(&m, bytes_str("store"), bytes_str("a sealed value"), out) ||
        stream_table(&m, "log", out) ||
        stream_record(&m, bytes_of("\0\0\0\0\0\0\0\0", 8), bytes_str("a sealed leaf"), out) ||
        stream_finish(&m, &key, out);
    stream_maker_deinit(&m);
    return r;
}

static int file_make(const char *dir, struct bytes stream)
{
    ALM_CLEANUP(backup_writer_freep) struct backup_writer *w = NULL;
    ALM_CLEANUP(buf_deinit) struct buf whole = { 0 };
    struct backup_header h = { .mode = 2,
                               .origin = "marlham.example/almoner",
                               .expires_on = 20800 };
    char path[1024];
    int fd, r;

    (void)snprintf(path, sizeof(path), "%s/file", dir);
    fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
    r = fd < 0 || backup_public(&key, h.to) || backup_writer_open(fd, &h, &w) ||
        backup_writer_put(w, stream) || backup_writer_finish(w);
    (void)close(fd);
    buf_init(&whole, 1 << 20);
    return r || file_read(path, 1 << 20, &whole) || seed_write(dir, "file", 1, buf_view(&whole));
}

int main(int argc, char **argv)
{
    ALM_CLEANUP(buf_deinit) struct buf stream = { 0 };

    if (argc != 2 || crypto_init())
        return 1;
    memset(key.octets, 7, sizeof(key.octets));
    buf_init(&stream, 1 << 20);
    return stream_make(&stream) || seed_write(argv[1], "stream", 0, buf_view(&stream)) ||
           file_make(argv[1], buf_view(&stream));
}
