/* SPDX-License-Identifier: Apache-2.0 */
/* keyholder_fixture.h - the keys of match tokens, for tests of who uses them: a shared one that is in
 * use and an oblivious one that comes next, and the key holder, played. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/oprf.h"
#include "lib/ring.h"
#include "temp_dir.h"
#include <string.h>

static const struct secret hmac = { { 7 } };
static struct secret holders_key;
static struct msg_catalogue_epoch shared, oblivious; /* as the policy lists them */
static struct msg request, reply;
static bool asked;

static inline int keyholder_prepare(void *ctx, struct msg *m)
{
    (void)ctx;
    memset(m, 0, sizeof(*m));
    m->type = MSG_TOKEN_REQUEST;
    return id_new(1, &m->id);
}

static inline int keyholder_send(void *ctx, const struct msg *m)
{
    (void)ctx;
    request = *m;
    asked = true;
    return 0;
}

/* An adapter's two, which are then the caller's; with NULL it has no shared key. */
static inline void keyholder_reached(const struct secret *with, struct fetch **fetch,
                                     struct ring **ring)
{
    const struct fetch_setup f = { NULL, keyholder_prepare, keyholder_send };
    struct ring_setup s = { .agency = "school", .dir = temp_dir, .hmac = with, .hmac_epoch = 1 };

    assert_int_equal(fetch_new(&f, fetch), 0);
    s.fetch = *fetch;
    assert_int_equal(ring_new(&s, ring), 0);
}

/* The key holder answers what is asked until nothing is. */
static inline void keyholder_serves(struct fetch *fetch, struct ring *ring, int64_t *now,
                                    int64_t step)
{
    for (int i = 0; i < 50; i++, *now += step) {
        ring_step(ring, *now, NULL, NULL);
        asked = false;
        (void)fetch_step(fetch, *now, true);
        if (!asked)
            continue;
        memset(&reply, 0, sizeof(reply));
        reply.type = MSG_TOKENS;
        reply.in_reply_to = request.id;
        reply.tokens.epoch = request.token_request.epoch;
        reply.tokens.n = request.token_request.n;
        assert_int_equal(oprf_evaluate(OPRF_VERIFIABLE, &holders_key,
                                       (const oprf_point *)request.token_request.points,
                                       request.token_request.n, NULL, reply.tokens.points,
                                       reply.tokens.proof),
                         0);
        assert_true(fetch_reply(fetch, &reply, *now));
    }
}

static inline int keyholder_setup(void **state)
{
    if (crypto_init() != 0 || oprf_init() != 0 || temp_dir_setup(state) != 0 ||
        oprf_key_new(&holders_key) != 0)
        return -1;
    shared = (struct msg_catalogue_epoch){ .scheme = TOKEN_HMAC, .epoch = 1, .state = EPOCH_CURRENT };
    oblivious = (struct msg_catalogue_epoch){ .scheme = TOKEN_OBLIVIOUS,
                                              .epoch = 2,
                                              .state = EPOCH_NEXT };
    return oprf_public(&holders_key, oblivious.public_key);
}
