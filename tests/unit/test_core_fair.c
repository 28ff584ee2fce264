/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_fair.c - who comes into a batch when more waits than fits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/fair.h"

#include <errno.h>
#include <string.h>

static const struct fair_frame *got[4096];

static int setup(void **state)
{
    struct fair *f = NULL;

    assert_int_equal(fair_new(&f), 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    assert_null(fair_free(*state));
    return 0;
}

static void put_row(struct fair *f, uint16_t slot, enum fair_row row, unsigned n)
{
    uint8_t octets[8] = { 0 };

    for (unsigned i = 0; i < n; i++) {
        octets[0] = (uint8_t)i;
        assert_int_equal(fair_put(f, slot, 7, row, (uint8_t)(i + 1), bytes_of(octets, sizeof(octets))), 0);
    }
}

static void put(struct fair *f, uint16_t slot, unsigned n)
{
    put_row(f, slot, FAIR_ASKED, n);
}

static size_t of(size_t n, uint16_t slot)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        count += got[i]->slot == slot;
    return count;
}

static void one_that_floods_takes_no_more_than_its_share(void **state)
{
    struct fair *f = *state;
    size_t n;

    put(f, 3, 1000);
    put(f, 4, 40);
    put(f, 5, 40);
    n = fair_choose(f, got, 90);
    assert_int_equal(n, 90);
    assert_int_equal(of(n, 3), 30);
    assert_int_equal(of(n, 4), 30);
    assert_int_equal(of(n, 5), 30);
    fair_done(f);
    n = fair_choose(f, got, 90);
    assert_int_equal(of(n, 4), 10);
    assert_int_equal(of(n, 5), 10);
    assert_int_equal(of(n, 3), 70); /* what the others do not use is for whoever can */
}

static void a_single_frame_behind_a_flood_is_in_the_next_batch(void **state)
{
    struct fair *f = *state;
    size_t n;

    put(f, 9, 1024);
    put(f, 2, 1);
    n = fair_choose(f, got, 64);
    assert_int_equal(of(n, 2), 1);
    assert_int_equal(got[n - 1]->slot, 2); /* it came last, so it is decided last */
}

static void what_all_fits_keeps_the_order_of_arrival(void **state)
{
    struct fair *f = *state;
    size_t n;

    for (uint16_t i = 0; i < 30; i++)
        put(f, i % 4, 1);
    n = fair_choose(f, got, 100);
    assert_int_equal(n, 30);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(got[i]->slot, i % 4);
    assert_int_equal(fair_waiting(f), 0);
}

static void a_batch_smaller_than_the_agencies_is_gone_on_with_where_it_ended(void **state)
{
    struct fair *f = *state;
    bool seen[8] = { false };

    for (uint16_t i = 0; i < 8; i++)
        put(f, i, 100);
    for (unsigned batch = 0; batch < 4; batch++) {
        size_t n = fair_choose(f, got, 2);

        assert_int_equal(n, 2);
        for (size_t i = 0; i < n; i++) {
            assert_false(seen[got[i]->slot]);
            seen[got[i]->slot] = true;
        }
        fair_done(f);
    }
}

static void an_agencys_own_frames_keep_their_order(void **state)
{
    struct fair *f = *state;
    unsigned next = 0;

    put(f, 1, 200);
    put(f, 2, 200);
    for (unsigned batch = 0; batch < 10; batch++) {
        size_t n = fair_choose(f, got, 40);

        for (size_t i = 0; i < n; i++) {
            if (got[i]->slot == 1)
                assert_int_equal(got[i]->octets[0], next++);
            assert_int_equal(got[i]->type, (uint8_t)(got[i]->octets[0] + 1)); /* what was read of it stays with it */
            assert_int_equal(got[i]->gate, 7);
        }
        fair_done(f);
    }
    assert_int_equal(next, 200);
    assert_int_equal(fair_waiting(f), 0);
}

static void a_line_that_is_full_takes_no_more_and_the_others_do(void **state)
{
    struct fair *f = *state;
    const uint8_t octet = 1;

    put(f, 1, FAIR_LINE_MOST);
    assert_int_equal(fair_put(f, 1, 0, FAIR_ASKED, 0, bytes_of(&octet, 1)), -ENOBUFS);
    assert_int_equal(fair_put(f, 2, 0, FAIR_ASKED, 0, bytes_of(&octet, 1)), 0);
    assert_int_equal(fair_waiting(f), FAIR_LINE_MOST + 1);
    assert_int_equal(fair_choose(f, got, 2), 2);
    fair_done(f);
    assert_int_equal(fair_put(f, 1, 0, FAIR_ASKED, 0, bytes_of(&octet, 1)), 0); /* there is room again */
}

static void frames_too_long_for_a_line_are_refused_before_their_number_is(void **state)
{
    static uint8_t octets[65536];
    struct fair *f = *state;
    unsigned n = 0;

    while (fair_put(f, 1, 0, FAIR_ASKED, 0, bytes_of(octets, sizeof(octets))) == 0)
        n++;
    assert_int_equal(n, FAIR_LINE_BYTES / sizeof(octets));
    assert_false(fair_full(f));
    for (uint16_t slot = 2; slot < 9; slot++) {
        while (fair_put(f, slot, 0, FAIR_ASKED, 0, bytes_of(octets, sizeof(octets))) == 0) {
        }
    }
    assert_true(fair_full(f));
}

static void no_frame_of_nobody_is_taken(void **state)
{
    const uint8_t octet = 1;

    assert_int_equal(fair_put(*state, FAIR_LINES, 0, FAIR_ASKED, 0, bytes_of(&octet, 1)), -ENOBUFS);
    assert_int_equal(fair_choose(*state, got, 10), 0);
    fair_done(*state);
}

/* How many of row come before the first that is not, in what was chosen of slot. */
static size_t places(size_t n, uint16_t slot, enum fair_row row, unsigned *next)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++) {
        if (got[i]->slot != slot || got[i]->row != row)
            continue;
        assert_int_equal(got[i]->octets[0], (*next)++);
        count++;
    }
    return count;
}

static void what_is_lodged_passes_its_own_agencys_questions(void **state)
{
    struct fair *f = *state;
    unsigned lodged = 0;
    size_t n;

    put(f, 3, 1000);
    put(f, 4, 1000);
    put_row(f, 3, FAIR_LODGED, 1); /* a withdrawal */
    n = fair_choose(f, got, 4);
    assert_int_equal(n, 4);
    assert_int_equal(places(n, 3, FAIR_LODGED, &lodged), 1);
    assert_int_equal(of(n, 3), 2); /* in its agency's share, not beside it */
    assert_int_equal(got[3]->row, FAIR_LODGED); /* of what is chosen the order of arrival stays */
}

static void much_that_is_lodged_leaves_half_the_share_to_what_it_passes(void **state)
{
    struct fair *f = *state;
    unsigned lodged = 0, asked = 0;
    size_t n;

    put(f, 1, 100);
    put_row(f, 1, FAIR_LODGED, 100);
    n = fair_choose(f, got, 40);
    assert_int_equal(places(n, 1, FAIR_LODGED, &lodged), 20);
    assert_int_equal(places(n, 1, FAIR_ASKED, &asked), 20);
    fair_done(f);
    for (unsigned batch = 0; batch < 4; batch++) { /* and goes on so from one batch to the next */
        n = fair_choose(f, got, 1);
        assert_int_equal(n, 1);
        (void)places(n, 1, FAIR_LODGED, &lodged);
        (void)places(n, 1, FAIR_ASKED, &asked);
        fair_done(f);
    }
    assert_int_equal(lodged, 22);
    assert_int_equal(asked, 22);
}

static void a_question_never_passes_what_was_lodged_before_it(void **state)
{
    struct fair *f = *state;
    uint64_t lodged_up_to = 0;
    size_t n;

    for (unsigned i = 0; i < 50; i++) {
        put_row(f, 1, FAIR_LODGED, 2);
        put(f, 1, 3);
        put_row(f, 1, FAIR_LODGED, 1);
    }
    while ((n = fair_choose(f, got, 7)) > 0) {
        uint64_t next = UINT64_MAX;

        for (size_t i = 0; i < n; i++) {
            if (got[i]->row == FAIR_LODGED)
                lodged_up_to = got[i]->seq;
        }
        for (size_t i = 0; i < n; i++) {
            if (got[i]->row == FAIR_ASKED)
                next = got[i]->seq;
        }
        if (next == UINT64_MAX)
            continue;
        /* three of each six are lodged, at 0, 1 and 5: the last of them before the question */
        next -= next % 6 >= 2 && next % 6 <= 4 ? next % 6 - 1 : 0;
        assert_true(lodged_up_to >= next);
        fair_done(f);
    }
}

static void what_waits_longer_than_a_batch_stays_as_it_was(void **state)
{
    struct fair *f = *state;
    uint8_t octets[6000];
    size_t n, seen = 0;

    for (unsigned i = 0; i < 60; i++) {
        memset(octets, (int)i, sizeof(octets));
        assert_int_equal(fair_put(f, i % 3, 0, FAIR_ASKED, 0, bytes_of(octets, 100 * i + 1)), 0);
    }
    while ((n = fair_choose(f, got, 5)) > 0) {
        for (size_t i = 0; i < n; i++) { /* their memory is used again for what comes meanwhile */
            uint8_t of_it = (uint8_t)((got[i]->len - 1) / 100);

            if (got[i]->slot == 9)
                continue;
            seen++;
            assert_int_equal(got[i]->octets[0], of_it);
            assert_int_equal(got[i]->octets[got[i]->len - 1], of_it);
        }
        fair_done(f);
        if (seen < 50)
            put(f, 9, 2);
    }
    assert_int_equal(seen, 60);
}

static void what_was_chosen_stays_over_a_second_choice(void **state)
{
    static const struct fair_frame *first[8];
    struct fair *f = *state;
    unsigned next = 0;

    put(f, 1, 4);
    assert_int_equal(fair_choose(f, first, 8), 4);
    put(f, 1, 200);
    assert_int_equal(fair_choose(f, got, 100), 100);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(first[i]->octets[0], next++);
    fair_done(f);
    fair_done(f); /* nothing is over twice */
    assert_int_equal(fair_choose(f, got, 4096), 100);
}

/* Twice as many bytes as are kept for use again, of every size, and then few: as the memory sanitizer sees it. */
static void what_is_more_than_is_kept_is_given_back_and_all_goes_on(void **state)
{
    static uint8_t octets[65536];
    static const size_t sizes[] = { 1, 512, 513, 2304, 9000, 18432, 30000, 65536 };
    struct fair *f = *state;

    for (unsigned round = 0; round < 6; round++) {
        unsigned of_each = round % 3 == 2 ? 2 : 120, n = 0;

        for (unsigned i = 0; i < of_each; i++) {
            for (size_t k = 0; k < ALM_LEN(sizes); k++, n++) {
                memset(octets, (int)(n + round), sizes[k]);
                assert_int_equal(fair_put(f, (uint16_t)(n % 40), 0, FAIR_ASKED, 0, bytes_of(octets, sizes[k])), 0);
            }
        }
        assert_int_equal(fair_choose(f, got, ALM_LEN(got)), n);
        for (unsigned i = 0; i < n; i++) {
            assert_int_equal(got[i]->len, sizes[i % ALM_LEN(sizes)]);
            assert_int_equal(got[i]->octets[0], (uint8_t)(i + round));
            assert_int_equal(got[i]->octets[got[i]->len - 1], (uint8_t)(i + round));
        }
        if (round != 4) /* once more is chosen before that is over */
            fair_done(f);
    }
    fair_done(f);
    assert_int_equal(fair_waiting(f), 0);
}

static void a_frame_longer_than_any_is_refused(void **state)
{
    static uint8_t octets[65537];

    assert_int_equal(fair_put(*state, 1, 0, FAIR_ASKED, 0, bytes_of(octets, sizeof(octets))), -EMSGSIZE);
    assert_int_equal(fair_put(*state, 1, 0, FAIR_LODGED, 0, bytes_of(octets, sizeof(octets) - 1)), 0);
    assert_int_equal(fair_waiting(*state), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_that_floods_takes_no_more_than_its_share, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_more_than_is_kept_is_given_back_and_all_goes_on, setup, teardown),
        cmocka_unit_test_setup_teardown(a_single_frame_behind_a_flood_is_in_the_next_batch, setup, teardown),
        cmocka_unit_test_setup_teardown(what_all_fits_keeps_the_order_of_arrival, setup, teardown),
        cmocka_unit_test_setup_teardown(a_batch_smaller_than_the_agencies_is_gone_on_with_where_it_ended, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_agencys_own_frames_keep_their_order, setup, teardown),
        cmocka_unit_test_setup_teardown(a_line_that_is_full_takes_no_more_and_the_others_do, setup, teardown),
        cmocka_unit_test_setup_teardown(frames_too_long_for_a_line_are_refused_before_their_number_is, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(no_frame_of_nobody_is_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_lodged_passes_its_own_agencys_questions, setup, teardown),
        cmocka_unit_test_setup_teardown(much_that_is_lodged_leaves_half_the_share_to_what_it_passes, setup, teardown),
        cmocka_unit_test_setup_teardown(a_question_never_passes_what_was_lodged_before_it, setup, teardown),
        cmocka_unit_test_setup_teardown(what_waits_longer_than_a_batch_stays_as_it_was, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_chosen_stays_over_a_second_choice, setup, teardown),
        cmocka_unit_test_setup_teardown(a_frame_longer_than_any_is_refused, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
