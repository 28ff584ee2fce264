/* SPDX-License-Identifier: Apache-2.0 */
/* test_pair.c - the datagrams between gate and core, and what becomes of bad ones. */
#include "pair/pair.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct ends {
    struct pair *core;
    int raw; /* the other end, for datagrams that pair.c would not send */
    struct pair *gate;
};

/* with_gate: the other end is a pair too. */
static struct ends ends_open(bool with_gate, size_t queue_max)
{
    struct ends e = { .raw = -1 };
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
    assert_int_equal(pair_open(fds[0], queue_max, &e.core), 0);
    if (with_gate)
        assert_int_equal(pair_open(fds[1], queue_max, &e.gate), 0);
    else
        e.raw = fds[1];
    return e;
}

static void ends_close(struct ends *e)
{
    e->core = pair_close(e->core);
    e->gate = pair_close(e->gate);
    if (e->raw >= 0)
        close(e->raw);
}

static struct pair_msg frame_for(const char *agency, const void *data, size_t len)
{
    struct pair_msg m = { .type = PAIR_OUT,
                          .ref = UINT64_C(0x0102030405060708),
                          .frame = bytes_of(data, len) };

    snprintf(m.agency, sizeof(m.agency), "%s", agency);
    return m;
}

static void pair_carries_every_type(void **state)
{
    struct pair_peer peers[2] = { { .agency = "hospital", .key = { 1, 2, 3 } },
                                  { .agency = "school", .key = { [31] = 9 } } };
    struct pair_msg sent[] = {
        { .type = PAIR_READY },
        { .type = PAIR_ALLOW, .peers = peers, .n_peers = 2 },
        frame_for("hospital", "frame", 5),
        { .type = PAIR_UNREACHABLE, .ref = 7, .agency = "school" },
        { .type = PAIR_NOISE, .n_refused = 3, .n_dropped = UINT32_MAX },
    };
    struct ends e = ends_open(true, 1 << 20);
    const struct pair_msg *got;

    (void)state;
    for (size_t i = 0; i < ALM_LEN(sent); i++)
        assert_int_equal(pair_put(e.gate, &sent[i]), 0);
    assert_int_equal(pair_flush(e.gate), 0);
    assert_int_equal(pair_recv(e.core, &got), ALM_LEN(sent));
    for (size_t i = 0; i < ALM_LEN(sent); i++) {
        assert_int_equal(got[i].type, sent[i].type);
        assert_int_equal(got[i].ref, sent[i].ref);
        assert_string_equal(got[i].agency, sent[i].agency);
        assert_true(bytes_equal(got[i].frame, sent[i].frame));
        assert_int_equal(got[i].n_peers, sent[i].n_peers);
        assert_int_equal(got[i].n_refused, sent[i].n_refused);
        assert_int_equal(got[i].n_dropped, sent[i].n_dropped);
    }
    assert_memory_equal(got[1].peers, peers, sizeof(peers));
    assert_int_equal(pair_recv(e.core, &got), 0);
    ends_close(&e);
}

static void pair_carries_the_longest_frame_and_the_longest_list(void **state)
{
    static uint8_t longest[PAIR_FRAME_MAX];
    static struct pair_peer peers[1000];
    struct pair_msg list = { .type = PAIR_ALLOW, .peers = peers, .n_peers = 1000 };
    struct pair_msg m = frame_for("hospital", longest, sizeof(longest));
    struct ends e = ends_open(true, 1 << 20);
    const struct pair_msg *got;

    (void)state;
    for (size_t i = 0; i < 1000; i++)
        snprintf(peers[i].agency, sizeof(peers[i].agency), "%060zu-id", i);
    assert_int_equal(pair_put(e.gate, &m), 0);
    assert_int_equal(pair_put(e.gate, &list), 0);
    assert_int_equal(pair_flush(e.gate), 0);
    assert_int_equal(pair_recv(e.core, &got), 2);
    assert_int_equal(got[0].frame.len, PAIR_FRAME_MAX);
    assert_int_equal(got[1].n_peers, 1000);
    assert_string_equal(got[1].peers[999].agency, peers[999].agency);
    ends_close(&e);
}

static void pair_does_not_queue_what_it_could_not_carry(void **state)
{
    static uint8_t longer[PAIR_FRAME_MAX + 1];
    struct pair_peer one = { .agency = "hospital" };
    struct pair_msg m = frame_for("hospital", longer, sizeof(longer));
    struct pair_msg list = { .type = PAIR_ALLOW, .peers = &one, .n_peers = 1001 };
    struct pair_msg spaced = frame_for("two words", "x", 1);
    struct ends e = ends_open(true, 1 << 20);

    (void)state;
    assert_int_equal(pair_put(e.gate, &m), -EMSGSIZE);
    assert_int_equal(pair_put(e.gate, &list), -EMSGSIZE);
    assert_int_equal(pair_put(e.gate, &spaced), -EINVAL);
    ends_close(&e);
}

static void pair_refuses_more_than_its_queue_holds_and_keeps_order(void **state)
{
    struct ends e = ends_open(true, 1000);
    struct pair_msg m = frame_for("a", "0", 1);
    const struct pair_msg *got;
    char digit = '0';
    int n = 0, r = 0;

    (void)state;
    for (; (r = pair_put(e.gate, &m)) == 0; n++) {
        digit = (char)('0' + (n + 1) % 10);
        m.frame = bytes_of(&digit, 1);
    }
    assert_int_equal(r, -ENOBUFS);
    assert_in_range(n, 50, 1000);
    assert_int_equal(pair_flush(e.gate), 0);
    for (int at = 0; at < n;) {
        int some = pair_recv(e.core, &got);

        assert_in_range(some, 1, PAIR_BATCH);
        for (int i = 0; i < some; i++, at++)
            assert_int_equal(got[i].frame.data[0], '0' + at % 10);
    }
    assert_int_equal(pair_put(e.gate, &m), 0); /* room again */
    ends_close(&e);
}

static void pair_says_when_the_other_end_is_slow(void **state)
{
    static uint8_t longest[PAIR_FRAME_MAX];
    struct pair_msg m = frame_for("hospital", longest, sizeof(longest));
    struct ends e = ends_open(true, 4 << 20);
    const struct pair_msg *got;
    int n = 0, some;

    (void)state;
    for (int i = 0; i < 40; i++)
        assert_int_equal(pair_put(e.gate, &m), 0);
    assert_int_equal(pair_flush(e.gate), 1);
    while ((some = pair_recv(e.core, &got)) > 0 || n < 40) {
        assert_true(some >= 0);
        n += some;
        assert_true(pair_flush(e.gate) >= 0);
    }
    assert_int_equal(n, 40);
    assert_int_equal(pair_flush(e.gate), 0);
    ends_close(&e);
}

static void pair_tells_a_hang_up_from_silence(void **state)
{
    struct ends e = ends_open(false, 1000);
    const struct pair_msg *got;

    (void)state;
    assert_int_equal(pair_recv(e.core, &got), 0);
    close(e.raw);
    e.raw = -1;
    assert_int_equal(pair_recv(e.core, &got), -ECONNRESET);
    ends_close(&e);
}

static void pair_hands_over_what_came_before_a_hang_up(void **state)
{
    static const uint8_t ready[] = { PAIR_READY, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
    struct ends e = ends_open(false, 1000);
    const struct pair_msg *got;

    (void)state;
    assert_int_equal(send(e.raw, ready, sizeof(ready), 0), sizeof(ready));
    close(e.raw);
    e.raw = -1;
    assert_int_equal(pair_recv(e.core, &got), 1);
    assert_int_equal(got[0].type, PAIR_READY);
    assert_int_equal(pair_recv(e.core, &got), -ECONNRESET);
    ends_close(&e);
}

static void pair_uses_the_newest_of_several_lists_in_one_batch(void **state)
{
    struct pair_peer old = { .agency = "old" }, newer = { .agency = "newer" };
    struct pair_msg first = { .type = PAIR_ALLOW, .peers = &old, .n_peers = 1 };
    struct pair_msg second = { .type = PAIR_ALLOW, .peers = &newer, .n_peers = 1 };
    struct ends e = ends_open(true, 1000);
    const struct pair_msg *got;

    (void)state;
    assert_int_equal(pair_put(e.gate, &first), 0);
    assert_int_equal(pair_put(e.gate, &second), 0);
    assert_int_equal(pair_flush(e.gate), 0);
    assert_int_equal(pair_recv(e.core, &got), 2);
    assert_string_equal(got[0].peers[0].agency, "newer"); /* never a list that is freed or over */
    assert_string_equal(got[1].peers[0].agency, "newer");
    ends_close(&e);
}

struct bad {
    const char *what;
    size_t len;
    uint8_t octets[40];
};
#define REF 0, 0, 0, 0, 0, 0, 0, 0
#define IS_READY PAIR_READY, REF, 0
static const struct bad bad_datagrams[] = {
    { "one byte", 1, { PAIR_READY } },
    { "half a ref", 5, { PAIR_READY, 0, 0, 0, 0 } },
    { "no length of the agency", 9, { PAIR_READY, REF } },
    { "unknown type 0", 10, { 0, REF, 0 } },
    { "unknown type", 10, { 99, REF, 0 } },
    { "a byte after READY", 11, { IS_READY, 1 } },
    { "an agency longer than the datagram", 12, { PAIR_IN, REF, 5, 'a', 'b' } },
    { "an agency longer than agencies are", 12, { PAIR_IN, REF, 200, 'a', 'b' } },
    { "a frame of no agency", 15, { PAIR_IN, REF, 0, 0, 0, 0, 1, 'x' } },
    { "an agency without a frame", 11, { PAIR_IN, REF, 1, 'a' } },
    { "half a frame's length", 13, { PAIR_IN, REF, 1, 'a', 0, 0 } },
    { "an empty frame", 15, { PAIR_IN, REF, 1, 'a', 0, 0, 0, 0 } },
    { "a frame shorter than its length", 16, { PAIR_IN, REF, 1, 'a', 0, 0, 0, 2, 'x' } },
    { "a frame longer than the datagram can be", 16, { PAIR_IN, REF, 1, 'a', 0xff, 0xff, 0xff, 0xff, 'x' } },
    { "NUL in an agency", 17, { PAIR_IN, REF, 2, 'a', 0, 0, 0, 0, 1, 'x' } },
    { "a newline in an agency", 17, { PAIR_IN, REF, 2, 'a', '\n', 0, 0, 0, 1, 'x' } },
    { "UNREACHABLE of nobody", 10, { PAIR_UNREACHABLE, REF, 0 } },
    { "half of NOISE", 14, { PAIR_NOISE, REF, 0, 0, 0, 0, 1 } },
    { "a list without its count", 11, { PAIR_ALLOW, REF, 0, 0 } },
    { "a list shorter than its count", 12, { PAIR_ALLOW, REF, 0, 0, 1 } },
    { "a list of more than a thousand", 12, { PAIR_ALLOW, REF, 0, 0xff, 0xff } },
    { "a list with half a key", 16, { PAIR_ALLOW, REF, 0, 0, 1, 1, 'a', 1, 2 } },
    { "a byte after a list", 13, { PAIR_ALLOW, REF, 0, 0, 0, 7 } },
    { "a list before another message", 22, { PAIR_ALLOW, REF, 0, 0, 0, IS_READY } },
    { "a list after another message", 22, { IS_READY, PAIR_ALLOW, REF, 0, 0, 0 } },
    { "half a message after a whole one", 19, { IS_READY, PAIR_READY, REF } },
    { "a message of no type after a whole one", 20, { IS_READY, 0, REF, 0 } },
    { "a frame of nobody between two whole ones", 35, { IS_READY, PAIR_IN, REF, 0, 0, 0, 0, 1, 'x', IS_READY } },
};

static void pair_refuses_every_bad_datagram(void **state)
{
    (void)state;
    for (size_t i = 0; i < ALM_LEN(bad_datagrams); i++) {
        struct ends e = ends_open(false, 1000);
        const struct pair_msg *got;
        int r;

        assert_int_equal(send(e.raw, bad_datagrams[i].octets, bad_datagrams[i].len, 0),
                         bad_datagrams[i].len);
        r = pair_recv(e.core, &got);
        if (r != -EBADMSG)
            fail_msg("%s: %d", bad_datagrams[i].what, r);
        ends_close(&e);
    }
}

static void pair_refuses_a_datagram_longer_than_any(void **state)
{
    static uint8_t longer[120000] = { PAIR_IN, REF, 1, 'a' };
    struct ends e = ends_open(false, 1000);
    const struct pair_msg *got;

    (void)state;
    assert_int_equal(send(e.raw, longer, sizeof(longer), 0), sizeof(longer));
    assert_int_equal(pair_recv(e.core, &got), -EBADMSG);
    ends_close(&e);
}

static void pair_refuses_a_frame_one_byte_too_long(void **state)
{
    static uint8_t longer[15 + PAIR_FRAME_MAX + 1] = { PAIR_IN, REF, 1, 'a', 0, 1, 0, 0 };
    struct ends e = ends_open(false, 1000);
    const struct pair_msg *got;

    (void)state;
    assert_int_equal(send(e.raw, longer, sizeof(longer) - 1, 0), sizeof(longer) - 1);
    assert_int_equal(pair_recv(e.core, &got), 1);
    longer[14] = 1;
    assert_int_equal(send(e.raw, longer, sizeof(longer), 0), sizeof(longer));
    assert_int_equal(pair_recv(e.core, &got), -EBADMSG);
    ends_close(&e);
}

/* How many datagrams wait at the raw end, and what they are long. */
static size_t raw_datagrams(const struct ends *e, size_t *lens, size_t max)
{
    static uint8_t octets[131072];
    size_t n = 0;
    ssize_t len;

    while ((len = recv(e->raw, octets, sizeof(octets), MSG_DONTWAIT)) > 0) {
        assert_true(n < max);
        lens[n++] = (size_t)len;
    }
    return n;
}

static void pair_sends_what_waits_as_one_datagram(void **state)
{
    struct ends e = ends_open(false, 1 << 20);
    struct pair_msg m = frame_for("hospital", "frame", 5);
    size_t lens[8];

    (void)state;
    for (int i = 0; i < PAIR_RUN_MOST; i++)
        assert_int_equal((i % 2 ? pair_put : pair_lend)(e.core, &m), 0);
    assert_int_equal(pair_flush(e.core), 0);
    assert_int_equal(raw_datagrams(&e, lens, ALM_LEN(lens)), 1);
    assert_int_equal(lens[0], PAIR_RUN_MOST * (1 + 8 + 1 + 8 + 4 + 5));
    for (int i = 0; i < PAIR_RUN_MOST + 1; i++)
        assert_int_equal(pair_put(e.core, &m), 0);
    assert_int_equal(pair_flush(e.core), 0);
    assert_int_equal(raw_datagrams(&e, lens, ALM_LEN(lens)), 2);
    ends_close(&e);
}

static void pair_keeps_a_run_within_its_bytes_and_a_list_alone(void **state)
{
    static uint8_t octets[PAIR_FRAME_MAX];
    struct pair_peer one = { .agency = "hospital" };
    struct pair_msg list = { .type = PAIR_ALLOW, .peers = &one, .n_peers = 1 };
    struct ends e = ends_open(false, 1 << 20);
    size_t lens[16], n;

    (void)state;
    for (size_t len = 20000; len <= sizeof(octets); len += 20000) {
        struct pair_msg m = frame_for("hospital", octets, len);

        assert_int_equal(pair_put(e.core, &m), 0);
        assert_int_equal(pair_lend(e.core, &m), 0);
        assert_int_equal(pair_put(e.core, &list), 0);
    }
    assert_int_equal(pair_flush(e.core), 0);
    n = raw_datagrams(&e, lens, ALM_LEN(lens));
    assert_int_equal(n, 7); /* 20 with 20, 40 with 40, 60 and 60; and the three lists */
    for (size_t i = 0; i < n; i++)
        assert_in_range(lens[i], 1, PAIR_RUN_BYTES);
    ends_close(&e);
}

static void pair_hands_over_a_runs_messages_one_by_one(void **state)
{
    static const uint8_t run[] = { IS_READY, PAIR_IN, REF, 1, 'a', 0, 0, 0, 2, 'x', 'y', PAIR_UNREACHABLE, REF, 1, 'b' };
    struct ends e = ends_open(false, 1000);
    const struct pair_msg *got;

    (void)state;
    assert_int_equal(send(e.raw, run, sizeof(run), 0), sizeof(run));
    assert_int_equal(pair_recv(e.core, &got), 3);
    assert_false(pair_more(e.core));
    assert_int_equal(got[0].type, PAIR_READY);
    assert_true(bytes_equal(got[1].frame, bytes_str("xy")));
    assert_string_equal(got[1].agency, "a");
    assert_int_equal(got[2].type, PAIR_UNREACHABLE);
    assert_string_equal(got[2].agency, "b");
    ends_close(&e);
}

static void pair_refuses_a_run_of_one_message_too_many(void **state)
{
    static const uint8_t ready[] = { IS_READY };
    uint8_t run[(PAIR_RUN_MOST + 1) * sizeof(ready)];
    struct ends e = ends_open(false, 1000);
    const struct pair_msg *got;

    (void)state;
    for (size_t i = 0; i <= PAIR_RUN_MOST; i++)
        memcpy(run + i * sizeof(ready), ready, sizeof(ready));
    assert_int_equal(send(e.raw, run, sizeof(run) - sizeof(ready), 0), sizeof(run) - sizeof(ready));
    assert_int_equal(pair_recv(e.core, &got), PAIR_RUN_MOST);
    assert_int_equal(send(e.raw, run, sizeof(run), 0), sizeof(run));
    assert_int_equal(pair_recv(e.core, &got), -EBADMSG);
    ends_close(&e);
}

static void pair_refuses_a_run_longer_than_any(void **state)
{
    static uint8_t run[PAIR_RUN_BYTES + 1] = { IS_READY, PAIR_IN, REF, 1, 'a', 0, 0, 0x40, 0 };
    size_t at = 25 + 0x4000, rest = PAIR_RUN_BYTES - at - 15;
    const uint8_t second[] = { PAIR_IN, REF, 1, 'a', 0, (uint8_t)(rest >> 16), (uint8_t)(rest >> 8), (uint8_t)rest };
    struct ends e = ends_open(false, 1000);
    const struct pair_msg *got;

    (void)state;
    memcpy(run + at, second, sizeof(second));
    assert_int_equal(send(e.raw, run, PAIR_RUN_BYTES, 0), PAIR_RUN_BYTES);
    assert_int_equal(pair_recv(e.core, &got), 3);
    run[at + 14]++;
    assert_int_equal(send(e.raw, run, sizeof(run), 0), sizeof(run));
    assert_int_equal(pair_recv(e.core, &got), -EBADMSG);
    ends_close(&e);
}

static void pair_hands_over_nothing_beside_a_bad_datagram(void **state)
{
    static const uint8_t good[] = { IS_READY }, bad[] = { 0, REF, 0 };
    struct ends e = ends_open(false, 1000);
    const struct pair_msg *got;

    (void)state;
    assert_int_equal(send(e.raw, good, sizeof(good), 0), sizeof(good));
    assert_int_equal(send(e.raw, bad, sizeof(bad), 0), sizeof(bad));
    assert_int_equal(send(e.raw, good, sizeof(good), 0), sizeof(good));
    assert_int_equal(pair_recv(e.core, &got), -EBADMSG);
    ends_close(&e);
}

static void pair_says_when_there_may_be_more_than_it_took(void **state)
{
    static const uint8_t ready[] = { IS_READY };
    struct ends e = ends_open(false, 1000);
    const struct pair_msg *got;

    (void)state;
    for (int i = 0; i < PAIR_DATAGRAMS + 1; i++)
        assert_int_equal(send(e.raw, ready, sizeof(ready), 0), sizeof(ready));
    assert_int_equal(pair_recv(e.core, &got), PAIR_DATAGRAMS);
    assert_true(pair_more(e.core));
    assert_int_equal(pair_recv(e.core, &got), 1);
    assert_false(pair_more(e.core));
    ends_close(&e);
}

static void pair_gives_as_many_messages_as_it_says_and_no_more(void **state)
{
    struct ends e = ends_open(true, 1 << 20);
    struct pair_msg m = frame_for("hospital", "frame", 5);
    const struct pair_msg *got;

    (void)state;
    for (int i = 0; i < PAIR_BATCH + 3; i++)
        assert_int_equal(pair_put(e.gate, &m), 0);
    assert_int_equal(pair_flush(e.gate), 0);
    assert_int_equal(pair_recv(e.core, &got), PAIR_BATCH);
    assert_int_equal(pair_recv(e.core, &got), 3);
    ends_close(&e);
}

/* What is lent is sent from where it lies; what does not go at once is kept as it was. */
static void pair_is_done_with_what_was_lent_after_a_flush(void **state)
{
    static uint8_t octets[PAIR_FRAME_MAX];
    struct ends e = ends_open(true, 64 << 20);
    const struct pair_msg *got;
    int n = 0, some;

    (void)state;
    for (int i = 0; i < 200; i++) {
        uint8_t *own = malloc(30000);
        struct pair_msg m = frame_for("hospital", own, 30000), between = frame_for("school", octets, 7);

        assert_non_null(own);
        memset(own, i, 30000);
        octets[0] = (uint8_t)i;
        assert_int_equal(pair_lend(e.gate, &m), 0);
        assert_int_equal(pair_put(e.gate, &between), 0);
        assert_true(pair_flush(e.gate) >= 0);
        free(own);
    }
    assert_int_equal(pair_flush(e.gate), 1); /* the socket holds no six megabytes */
    while ((some = pair_recv(e.core, &got)) > 0 || n < 400) {
        assert_true(some >= 0);
        for (int i = 0; i < some; i++, n++) {
            assert_int_equal(got[i].frame.len, n % 2 ? 7 : 30000);
            assert_int_equal(got[i].frame.data[0], n / 2 % 256);
            assert_int_equal(got[i].frame.data[got[i].frame.len - 1], n % 2 ? 0 : n / 2 % 256);
        }
        assert_true(pair_flush(e.gate) >= 0);
    }
    assert_int_equal(n, 400);
    ends_close(&e);
}

static void pair_counts_what_was_lent_against_its_queue(void **state)
{
    static uint8_t octets[600];
    struct ends e = ends_open(true, 1000);
    struct pair_msg m = frame_for("hospital", octets, sizeof(octets)), small = frame_for("a", "0", 1);

    (void)state;
    assert_int_equal(pair_lend(e.gate, &m), 0);
    assert_int_equal(pair_lend(e.gate, &m), -ENOBUFS);
    assert_int_equal(pair_put(e.gate, &m), -ENOBUFS);
    assert_int_equal(pair_put(e.gate, &small), 0);
    assert_int_equal(pair_flush(e.gate), 0);
    assert_int_equal(pair_lend(e.gate, &m), 0); /* room again */
    assert_int_equal(pair_flush(e.gate), 0);
    ends_close(&e);
}

static void pair_can_be_closed_with_something_lent(void **state)
{
    struct ends e = ends_open(true, 1000);
    struct pair_msg m = frame_for("a", "0", 1);

    (void)state;
    assert_int_equal(pair_lend(e.gate, &m), 0);
    ends_close(&e);
}

static void pair_leaves_the_descriptor_to_the_caller_when_it_cannot_open(void **state)
{
    struct pair *p = NULL;

    (void)state;
    assert_int_equal(pair_open(-1, 1000, &p), -EBADF);
    assert_null(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pair_carries_every_type),
        cmocka_unit_test(pair_carries_the_longest_frame_and_the_longest_list),
        cmocka_unit_test(pair_does_not_queue_what_it_could_not_carry),
        cmocka_unit_test(pair_refuses_more_than_its_queue_holds_and_keeps_order),
        cmocka_unit_test(pair_says_when_the_other_end_is_slow),
        cmocka_unit_test(pair_tells_a_hang_up_from_silence),
        cmocka_unit_test(pair_hands_over_what_came_before_a_hang_up),
        cmocka_unit_test(pair_uses_the_newest_of_several_lists_in_one_batch),
        cmocka_unit_test(pair_refuses_every_bad_datagram),
        cmocka_unit_test(pair_refuses_a_datagram_longer_than_any),
        cmocka_unit_test(pair_refuses_a_frame_one_byte_too_long),
        cmocka_unit_test(pair_sends_what_waits_as_one_datagram),
        cmocka_unit_test(pair_keeps_a_run_within_its_bytes_and_a_list_alone),
        cmocka_unit_test(pair_hands_over_a_runs_messages_one_by_one),
        cmocka_unit_test(pair_refuses_a_run_of_one_message_too_many),
        cmocka_unit_test(pair_refuses_a_run_longer_than_any),
        cmocka_unit_test(pair_hands_over_nothing_beside_a_bad_datagram),
        cmocka_unit_test(pair_says_when_there_may_be_more_than_it_took),
        cmocka_unit_test(pair_gives_as_many_messages_as_it_says_and_no_more),
        cmocka_unit_test(pair_is_done_with_what_was_lent_after_a_flush),
        cmocka_unit_test(pair_counts_what_was_lent_against_its_queue),
        cmocka_unit_test(pair_can_be_closed_with_something_lent),
        cmocka_unit_test(pair_leaves_the_descriptor_to_the_caller_when_it_cannot_open),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
