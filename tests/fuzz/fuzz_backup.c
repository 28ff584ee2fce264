/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_backup.c - a file that says it is a backup, and what its chunks hold: refused, or read. The
 * first octet says which (0: the stream, its length's half at a time; else: the file). */
#include "backup/chunks.h"
#include "backup/stream.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct secret key;

static int one_item(void *ctx, enum stream_kind kind, struct bytes body)
{
    static struct stream_begin begin;
    struct stream_parser *p = ctx;
    struct stream_period period;
    struct stream_record record;
    struct stream_end end;
    char name[STREAM_NAME_MAX];

    switch (kind) {
    case STREAM_BEGIN:
        return stream_begin_decode(body, &begin);
    case STREAM_PERIOD:
        return stream_period_decode(body, &key, &period);
    case STREAM_TABLE:
        return stream_table_decode(body, name);
    case STREAM_RECORD:
        return stream_record_decode(body, &record);
    case STREAM_END:
        if (stream_end_decode(body, &end))
            return -EBADMSG;
        return stream_prove(p, &key, &end);
    }
    return -EBADMSG;
}

static void a_stream(struct bytes b)
{
    struct stream_parser p;
    size_t half = b.len / 2;

    stream_parser_init(&p);
    if (stream_feed(&p, bytes_of(b.data, half), one_item, &p) == 0 &&
        stream_feed(&p, bytes_of(b.data + half, b.len - half), one_item, &p) == 0)
        (void)!stream_ended(&p);
    stream_parser_deinit(&p);
}

static void a_file(struct bytes b)
{
    ALM_CLEANUP(backup_reader_freep) struct backup_reader *r = NULL;
    int fd = memfd_create("backup", 0), e;
    bool last = false;

    if (fd < 0 || write(fd, b.data, b.len) != (ssize_t)b.len || lseek(fd, 0, SEEK_SET) != 0) {
        (void)close(fd);
        return;
    }
    e = backup_reader_open(fd, &key, &r);
    while (e == 0 && !last) {
        struct bytes plain;

        e = backup_reader_next(r, &plain, &last);
        assert(e || plain.len <= BACKUP_CHUNK_BYTES);
    }
    (void)close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 200000 || crypto_init())
        return 0;
    memset(key.octets, 7, sizeof(key.octets));
    if (data[0] == 0)
        a_stream(bytes_of(data + 1, size - 1));
    else
        a_file(bytes_of(data + 1, size - 1));
    return 0;
}
