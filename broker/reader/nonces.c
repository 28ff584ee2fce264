/* SPDX-License-Identifier: Apache-2.0 */
/* nonces.c - a small table of used nonces; an expired one makes room, a live one is never forgotten
 * early. */
#include "reader.h"
#include <errno.h>
#include <stdlib.h>

struct nonce {
    struct id id;
    int64_t expires_ms; /* 0: free */
};
struct nonces {
    size_t capacity;
    struct nonce slots[];
};

int nonces_new(size_t capacity, struct nonces **out)
{
    struct nonces *n = calloc(1, sizeof(*n) + capacity * sizeof(n->slots[0]));

    if (!n)
        return -ENOMEM;
    n->capacity = capacity;
    *out = n;
    return 0;
}

struct nonces *nonces_free(struct nonces *n)
{
    free(n);
    return NULL;
}

int nonces_admit(struct nonces *n, const struct id *nonce, int64_t expires_ms, int64_t now_ms)
{
    struct nonce *room = NULL;

    for (size_t i = 0; i < n->capacity; i++) {
        struct nonce *s = &n->slots[i];

        if (s->expires_ms <= now_ms)
            room = s;
        else if (id_equal(&s->id, nonce))
            return NONCE_SEEN;
    }
    if (!room)
        return NONCE_FULL;
    *room = (struct nonce){ .id = *nonce, .expires_ms = expires_ms };
    return 0;
}
