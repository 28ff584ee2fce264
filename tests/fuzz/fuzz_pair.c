/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_pair.c - a datagram from a gate that was taken over is refused, or is what we would send. */
#include "pair/pair.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct pair *one_datagram(const uint8_t *data, size_t size, int *other)
{
    struct pair *p = NULL;
    int fds[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds))
        return NULL;
    *other = fds[1];
    if (send(fds[1], data, size, 0) != (ssize_t)size || pair_open(fds[0], 1 << 20, &p)) {
        close(fds[0]);
        close(fds[1]);
        return NULL;
    }
    return p;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t again[131072];
    const struct pair_msg *got;
    struct pair *p;
    int other, n;

    if (size == 0 || size > 100000)
        return 0;
    p = one_datagram(data, size, &other);
    if (!p)
        return 0;
    n = pair_recv(p, &got);
    assert((n >= 1 && n <= PAIR_RUN_MOST) || n == -EBADMSG);
    for (int i = 0; i < n; i++) {
        assert(memchr(got[i].agency, 0, sizeof(got[i].agency)));
        assert((i % 2 ? pair_lend(p, &got[i]) : pair_put(p, &got[i])) == 0);
    }
    if (n > 0) {
        assert(pair_flush(p) == 0);
        /* What an accepted datagram carries beyond what its messages need is nothing: the same bytes come out. */
        assert(recv(other, again, sizeof(again), MSG_DONTWAIT) == (ssize_t)size);
        assert(memcmp(again, data, size) == 0);
    }
    close(other);
    pair_close(p);
    return 0;
}
