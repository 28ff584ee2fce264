/* SPDX-License-Identifier: Apache-2.0 */
/* test_gate_self_test.c - the gate's self-test must fail when its owner would let strangers in. */
#include "gate/wire.h"

#include "base/crypto.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A pair of keys that everybody knows: from ZeroMQ's own documentation of ZMQ_CURVE_SECRETKEY. */
#define PUBLIC "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
#define SECRET "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"

struct owner {
    enum wire_status answer;
    int n_asked, n_frames;
};

static enum wire_status owner_admit(void *ctx, const uint8_t key[static WIRE_KEY_LEN],
                                    char user[static WIRE_USER_MAX])
{
    struct owner *o = ctx;

    (void)key;
    o->n_asked++;
    snprintf(user, WIRE_USER_MAX, "anybody");
    return o->answer;
}

static void owner_frame(void *ctx, const char *user, const struct wire_route *route, int fd,
                        struct bytes frame)
{
    struct owner *o = ctx;

    (void)user, (void)route, (void)fd, (void)frame;
    o->n_frames++;
}

static void owner_fault(void *ctx, enum wire_fault fault, int fd)
{
    (void)ctx, (void)fault, (void)fd;
}

static void owner_fd(void *ctx, int fd)
{
    (void)ctx, (void)fd;
}

static void owner_refused(void *ctx)
{
    (void)ctx;
}

static const struct wire_calls calls = { owner_admit, owner_frame, owner_fault,
                                         owner_fd,    owner_fd,    owner_refused };
static const struct wire_settings settings = { .bind = "tcp://127.0.0.1:*",
                                               .curve_public = PUBLIC,
                                               .curve_secret = SECRET,
                                               .frame_max = 1000 };

static int self_test(struct owner *o)
{
    struct wire *w = NULL;
    int r;

    assert_int_equal(crypto_init(), 0);
    assert_int_equal(wire_open(&settings, &calls, o, &w), 0);
    r = wire_self_test(w, 5000);
    wire_close(w);
    return r;
}

static void self_test_passes_when_strangers_are_refused(void **state)
{
    struct owner never = { .answer = WIRE_NEVER }, later = { .answer = WIRE_LATER };

    (void)state;
    assert_int_equal(self_test(&never), 0);
    assert_int_equal(self_test(&later), 0);
    assert_int_equal(later.n_asked, 1); /* about the unknown key: NULL and PLAIN never come so far */
    assert_int_equal(never.n_frames + later.n_frames, 0);
}

static void self_test_fails_when_an_unknown_key_is_let_in(void **state)
{
    struct owner o = { .answer = WIRE_ADMIT };

    (void)state;
    assert_int_equal(self_test(&o), -EPERM);
    assert_int_equal(o.n_frames, 0);
}

static void self_test_fails_when_it_cannot_be_finished_in_time(void **state)
{
    struct owner o = { .answer = WIRE_NEVER };
    struct wire *w = NULL;

    (void)state;
    assert_int_equal(wire_open(&settings, &calls, &o, &w), 0);
    assert_int_equal(wire_self_test(w, 0), -ETIMEDOUT);
    wire_close(w);
}

static void wire_refuses_keys_that_are_none_and_addresses_that_are_none(void **state)
{
    struct wire_settings bad = settings;
    struct owner o = { .answer = WIRE_NEVER };
    struct wire *w = NULL;

    (void)state;
    bad.curve_secret = "short";
    assert_int_equal(wire_open(&bad, &calls, &o, &w), -EINVAL);
    bad = settings;
    bad.curve_public = "                                        ";
    assert_true(wire_open(&bad, &calls, &o, &w) < 0);
    bad = settings;
    bad.bind = "nonsense";
    assert_true(wire_open(&bad, &calls, &o, &w) < 0);
    assert_null(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(self_test_passes_when_strangers_are_refused),
        cmocka_unit_test(self_test_fails_when_an_unknown_key_is_let_in),
        cmocka_unit_test(self_test_fails_when_it_cannot_be_finished_in_time),
        cmocka_unit_test(wire_refuses_keys_that_are_none_and_addresses_that_are_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
