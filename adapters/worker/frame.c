/* SPDX-License-Identifier: Apache-2.0 */
/* frame.c - frames in and out of bytes. */
#include "worker/frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD     4 /* bytes of the length */
#define FILL_MAX (HEAD + FRAME_MAX + 64u * 1024)

void frames_deinit(struct frames *f)
{
    free(f->data);
    memset(f, 0, sizeof(*f));
}

int frames_fill(struct frames *f, int fd)
{
    ssize_t n;

    if (!f->data)
        f->data = malloc(FILL_MAX);
    if (!f->data)
        return -ENOMEM;
    if (f->at) {
        memmove(f->data, f->data + f->at, f->len - f->at);
        f->len -= f->at;
        f->at = 0;
    }
    if (f->len == FILL_MAX)
        return 0; /* a whole frame is there: frames_next takes it */
    do {
        n = read(fd, f->data + f->len, FILL_MAX - f->len);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EWOULDBLOCK ? -EAGAIN : errno == ECONNRESET ? -EPIPE : -errno;
    f->len += (size_t)n;
    return n ? 0 : -EPIPE;
}

int frames_next(struct frames *f, uint8_t *type, struct bytes *body)
{
    struct cursor c = cursor_of(bytes_of(f->data ? f->data + f->at : NULL, f->len - f->at));
    uint32_t len;

    if (c.left < HEAD)
        return 0;
    len = cursor_u32(&c);
    if (len == 0 || len > FRAME_MAX)
        return -EBADMSG;
    if (c.left < len)
        return 0;
    *type = cursor_u8(&c);
    *body = bytes_of(c.at, len - 1);
    f->at += HEAD + len;
    return 1;
}

size_t frame_begin(struct buf *out, uint8_t type)
{
    size_t begun = out->len;

    buf_put_u32(out, 0);
    buf_put_u8(out, type);
    return begun;
}

void frame_end(struct buf *out, size_t begun)
{
    uint32_t len;

    if (buf_status(out) != 0)
        return; /* sticky: whoever sends asks */
    len = (uint32_t)(out->len - begun - HEAD);
    for (int i = 0; i < HEAD; i++)
        out->data[begun + (size_t)i] = (uint8_t)(len >> (24 - 8 * i));
}
