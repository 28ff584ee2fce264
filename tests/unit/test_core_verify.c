/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_verify.c - signatures checked by threads: what they find is what one thread would find, and a crash is put
 * down to the right agency. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/verify.h"

#include "base/id.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define FRAMES 240

static struct wire_context context = { .mode = MODE_EXERCISE, .origin = "town.example/almoner" };
static struct secret secrets[2];
static uint8_t keys[2][SIGN_PUBLIC_LEN];

struct room {
    struct verify *verify;
    struct buf frames[FRAMES];
    struct wire_envelope envelopes[FRAMES];
};

/* Every third is damaged. */
static bool is_good(size_t i)
{
    return i % 3 != 0;
}

static void make_frame(struct room *r, size_t i)
{
    static struct msg m;
    struct bytes signature;

    wire_zero(&m, MSG_LEASE);
    m.type = MSG_LEASE;
    m.sent_ms = 1668988800000;
    (void)snprintf(m.sender, sizeof(m.sender), "agency-%zu", i);
    assert_int_equal(id_new(1668988800000, &m.id), 0);
    buf_init(&r->frames[i], WIRE_FRAME_MAX);
    assert_int_equal(wire_encode(&m, &context, &secrets[0], &r->frames[i]), 0);
    assert_int_equal(wire_open(buf_view(&r->frames[i]), &r->envelopes[i]), WIRE_OK);
    signature = r->envelopes[i].signature;
    if (!is_good(i))
        r->frames[i].data[(size_t)(signature.data - r->frames[i].data) + i % SIGN_LEN] ^= 1;
}

static int setup(void **state, unsigned threads)
{
    struct room *r = calloc(1, sizeof(*r));

    assert_non_null(r);
    assert_int_equal(crypto_init(), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(sign_keypair(&secrets[i], keys[i]), 0);
    for (size_t i = 0; i < FRAMES; i++)
        make_frame(r, i);
    assert_int_equal(verify_new(threads, &context, &r->verify), 0);
    *state = r;
    return 0;
}

static int setup_none(void **state)
{
    return setup(state, 0);
}

static int setup_one(void **state)
{
    return setup(state, 1);
}

static int setup_most(void **state)
{
    return setup(state, VERIFY_THREADS_MAX);
}

static int teardown(void **state)
{
    struct room *r = *state;

    r->verify = verify_free(r->verify);
    for (size_t i = 0; i < FRAMES; i++)
        buf_deinit(&r->frames[i]);
    free(r);
    return 0;
}

static uint32_t post(struct room *r, size_t i)
{
    return verify_post(r->verify, &r->envelopes[i], keys[0], "school");
}

static void each_check_has_its_own_result(void **state)
{
    struct room *r = *state;
    uint32_t checks[FRAMES];

    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < FRAMES; i++)
            checks[i] = post(r, i);
        verify_go(r->verify);
        for (size_t i = FRAMES; i-- > 0;) /* not in the order in which they began */
            assert_int_equal(verify_result(r->verify, checks[i], &r->envelopes[i], keys[0]),
                             is_good(i) ? 0 : -EBADMSG);
        verify_settle(r->verify);
    }
}

static void one_thread_is_enough(void **state)
{
    each_check_has_its_own_result(state);
}

static void a_check_is_asked_for_as_often_as_wanted(void **state)
{
    struct room *r = *state;
    uint32_t good = post(r, 1), bad = post(r, 3);

    verify_go(r->verify);
    for (int i = 0; i < 3; i++) { /* a batch may be decided again */
        assert_int_equal(verify_result(r->verify, good, &r->envelopes[1], keys[0]), 0);
        assert_int_equal(verify_result(r->verify, bad, &r->envelopes[3], keys[0]), -EBADMSG);
    }
}

static void without_being_woken_nothing_is_lost(void **state)
{
    struct room *r = *state;
    uint32_t check = post(r, 1);

    assert_int_equal(verify_result(r->verify, check, &r->envelopes[1], keys[0]), 0);
}

static void under_a_key_that_is_another_by_now_it_is_checked_anew(void **state)
{
    struct room *r = *state;
    uint32_t check = post(r, 1);

    verify_go(r->verify);
    assert_int_equal(verify_result(r->verify, check, &r->envelopes[1], keys[1]), -EBADMSG);
    assert_int_equal(verify_result(r->verify, check, &r->envelopes[1], keys[0]), 0);
}

static void what_was_posted_under_another_key_does_not_count_for_this_one(void **state)
{
    struct room *r = *state;
    uint32_t check = verify_post(r->verify, &r->envelopes[1], keys[1], "school");

    verify_go(r->verify);
    assert_int_equal(verify_result(r->verify, check, &r->envelopes[1], keys[0]), 0);
}

static void beyond_its_room_nothing_is_posted_and_all_is_checked(void **state)
{
    struct room *r = *state;
    uint32_t last = VERIFY_NONE;

    for (size_t i = 0; i <= VERIFY_CHECKS_MAX; i++)
        last = post(r, 1);
    assert_int_equal(last, VERIFY_NONE);
    verify_go(r->verify);
    assert_int_equal(verify_result(r->verify, last, &r->envelopes[1], keys[0]), 0);
    assert_int_equal(verify_result(r->verify, last, &r->envelopes[3], keys[0]), -EBADMSG);
}

static void without_threads_nothing_is_posted_and_all_is_checked(void **state)
{
    struct room *r = *state;

    assert_int_equal(verify_threads(r->verify), 0);
    assert_int_equal(post(r, 1), VERIFY_NONE);
    verify_go(r->verify);
    verify_settle(r->verify);
    each_check_has_its_own_result(state);
}

static void when_a_batch_is_over_its_octets_may_go(void **state)
{
    struct room *r = *state;
    uint32_t before = VERIFY_NONE;

    for (size_t i = 0; i < FRAMES; i++)
        before = post(r, i);
    verify_go(r->verify);
    verify_settle(r->verify);
    for (size_t i = 2; i < FRAMES; i++)
        buf_deinit(&r->frames[i]); /* the sanitizers tell who looks at them now */
    assert_int_equal(verify_result(r->verify, before, &r->envelopes[1], keys[0]), 0); /* of no batch: checked here */
    assert_int_equal(post(r, 1), 0);
    verify_go(r->verify);
    assert_int_equal(verify_result(r->verify, 0, &r->envelopes[1], keys[0]), 0);
}

static void what_has_not_begun_never_does_when_it_ends(void **state)
{
    struct room *r = *state;

    for (size_t i = 0; i < FRAMES; i++)
        (void)post(r, i);
    verify_go(r->verify); /* teardown frees it, and then the octets */
}

static void threads_beyond_the_most_are_refused(void **state)
{
    struct verify *v = NULL;

    (void)state;
    assert_int_equal(verify_new(VERIFY_THREADS_MAX + 1, &context, &v), -EINVAL);
    assert_null(v);
    assert_null(verify_free(NULL));
}

/* --- a crash --- */

#ifndef ALM_SANITIZED
struct page {
    volatile uint32_t crashed;
    char name[VERIFY_NAME_MAX];
};

/* A frame that nothing may read stands for one that ends the process. */
static void crash_by(struct room *r, struct page *page, const char *agency)
{
    struct wire_envelope e = r->envelopes[1];
    void *trap = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const struct rlimit none = { 0, 0 };

    (void)setrlimit(RLIMIT_CORE, &none);
    verify_blame_to((struct verify_blame){ .crashed = &page->crashed, .name = page->name });
    if (!agency)
        raise(SIGSEGV); /* while no signature is being checked */
    e.body = bytes_of(trap, 100);
    if (verify_new(1, &context, &r->verify)) /* a child has none of its parent's threads */
        _exit(1);
    (void)post(r, 1);
    if (verify_post(r->verify, &e, keys[0], agency) == VERIFY_NONE)
        _exit(1);
    verify_go(r->verify);
    for (;;)
        (void)pause();
}

static struct page *crashed(struct room *r, const char *agency)
{
    struct page *page =
        mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status = 0;
    pid_t child;

    assert_true(page != MAP_FAILED);
    child = fork();
    if (child == 0)
        crash_by(r, page, agency);
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    return page;
}

static void a_crash_in_a_thread_names_whose_message_it_checked(void **state)
{
    struct page *page = crashed(*state, "charity");

    assert_int_equal(page->crashed, 1);
    assert_string_equal(page->name, "charity");
    assert_int_equal(munmap(page, sizeof(*page)), 0);
}

static void a_crash_while_nothing_is_checked_names_nobody(void **state)
{
    struct page *page = crashed(*state, NULL);

    assert_int_equal(page->crashed, 0);
    assert_string_equal(page->name, "");
    assert_int_equal(munmap(page, sizeof(*page)), 0);
}
#endif

#define WITH(f, how) cmocka_unit_test_setup_teardown(f, setup_##how, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(one_thread_is_enough, one),
        WITH(each_check_has_its_own_result, most),
        WITH(a_check_is_asked_for_as_often_as_wanted, most),
        WITH(without_being_woken_nothing_is_lost, one),
        WITH(under_a_key_that_is_another_by_now_it_is_checked_anew, most),
        WITH(what_was_posted_under_another_key_does_not_count_for_this_one, most),
        WITH(beyond_its_room_nothing_is_posted_and_all_is_checked, most),
        WITH(without_threads_nothing_is_posted_and_all_is_checked, none),
        WITH(when_a_batch_is_over_its_octets_may_go, most),
        WITH(what_has_not_begun_never_does_when_it_ends, most),
        cmocka_unit_test(threads_beyond_the_most_are_refused),
#ifndef ALM_SANITIZED
        WITH(a_crash_in_a_thread_names_whose_message_it_checked, none),
        WITH(a_crash_while_nothing_is_checked_names_nobody, none),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
