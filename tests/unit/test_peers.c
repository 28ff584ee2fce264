/* SPDX-License-Identifier: Apache-2.0 */
/* test_peers.c - who may use a gate, on which connections, and how much. */
#include "gate/peers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct pair_peer hospital = { .agency = "hospital", .key = { 1 } };
static const struct pair_peer hospital_second = { .agency = "hospital", .key = { 2 } };
static const struct pair_peer school = { .agency = "school", .key = { 3 } };
static const struct wire_route route_a = { { 0, 1, 2, 3, 4 } }, route_b = { { 0, 9, 9, 9, 9 } };
static const struct peers_limits limits = { .messages_per_s = 5,
                                            .connections = 4,
                                            .connections_per_agency = 2 };

static struct peers *peers_with(const struct pair_peer *list, size_t n)
{
    struct peers_cut cut = { .n = 0 };
    struct peers *p = NULL;

    assert_int_equal(peers_new(&limits, &p), 0);
    assert_int_equal(peers_allow(p, list, n, &cut), 0);
    assert_int_equal(cut.n, 0);
    return p;
}

static void user_of(const struct peers *p, const struct pair_peer *peer,
                    char user[static WIRE_USER_MAX])
{
    assert_int_equal(peers_admit_key(p, peer->key, user), WIRE_ADMIT);
}

static enum peers_verdict frame(struct peers *p, const char *user, const struct wire_route *route,
                                int fd, int64_t now_ms, struct peers_cut *cut)
{
    char agency[PAIR_AGENCY_MAX];

    cut->n = 0;
    return peers_admit_frame(p, user, route, fd, 100, now_ms, agency, cut);
}

static void peers_says_later_before_the_first_list_and_never_after(void **state)
{
    struct peers_cut cut = { .n = 0 };
    struct peers *p = NULL;
    char user[WIRE_USER_MAX];

    (void)state;
    assert_int_equal(peers_new(&limits, &p), 0);
    assert_int_equal(peers_admit_key(p, hospital.key, user), WIRE_LATER);
    assert_int_equal(peers_allow(p, NULL, 0, &cut), 0);
    assert_int_equal(peers_admit_key(p, hospital.key, user), WIRE_NEVER);
    peers_free(p);
}

static void peers_names_a_frame_after_its_key(void **state)
{
    const struct pair_peer list[] = { hospital, school };
    struct peers *p = peers_with(list, 2);
    struct peers_cut cut = { .n = 0 };
    char user[WIRE_USER_MAX], agency[PAIR_AGENCY_MAX];

    (void)state;
    user_of(p, &school, user);
    assert_int_equal(peers_admit_frame(p, user, &route_a, 20, 10, 0, agency, &cut), PEERS_PASS);
    assert_string_equal(agency, "school");
    peers_free(p);
}

static void peers_refuses_users_that_are_not_on_the_list(void **state)
{
    static const char *const strangers[] = {
        "",
        "hospital",
        "hospital ",
        "hospital zz",
        "hospita 0100000000000000000000000000000000000000000000000000000000000000",
        "hospitals 0100000000000000000000000000000000000000000000000000000000000000",
        "hospital 0200000000000000000000000000000000000000000000000000000000000000",
        "school 0100000000000000000000000000000000000000000000000000000000000000",
    };
    struct peers *p = peers_with(&hospital, 1);
    struct peers_cut cut = { .n = 0 };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(strangers); i++) {
        peers_accepted(p, 20, 0, &cut);
        assert_int_equal(frame(p, strangers[i], &route_a, 20, 0, &cut), PEERS_STRANGER);
        assert_int_equal(cut.n, 1);
        assert_int_equal(cut.fds[0], 20);
    }
    peers_free(p);
}

static void peers_ends_one_of_two_keys_of_an_agency(void **state)
{
    const struct pair_peer both[] = { hospital, hospital_second };
    struct peers *p = peers_with(both, 2);
    char first[WIRE_USER_MAX], second[WIRE_USER_MAX];
    struct peers_cut cut = { .n = 0 };

    (void)state;
    user_of(p, &hospital, first);
    user_of(p, &hospital_second, second);
    assert_int_equal(frame(p, first, &route_a, 20, 0, &cut), PEERS_PASS);
    assert_int_equal(frame(p, second, &route_b, 21, 0, &cut), PEERS_PASS);
    cut.n = 0;
    assert_int_equal(peers_allow(p, &hospital_second, 1, &cut), 0);
    assert_int_equal(cut.n, 1);
    assert_int_equal(cut.fds[0], 20);
    assert_int_equal(frame(p, first, &route_a, 20, 0, &cut), PEERS_STRANGER);
    assert_int_equal(frame(p, second, &route_b, 21, 0, &cut), PEERS_PASS);
    peers_free(p);
}

static void peers_has_no_route_to_who_never_spoke_or_left_or_is_not_allowed(void **state)
{
    const struct pair_peer list[] = { hospital, school };
    struct peers *p = peers_with(list, 2);
    struct wire_route route;
    char user[WIRE_USER_MAX];
    struct peers_cut cut = { .n = 0 };

    (void)state;
    assert_false(peers_route(p, "nobody", &route));
    assert_false(peers_route(p, "hospital", &route));
    user_of(p, &hospital, user);
    assert_int_equal(frame(p, user, &route_a, 20, 0, &cut), PEERS_PASS);
    assert_true(peers_route(p, "hospital", &route));
    assert_memory_equal(&route, &route_a, sizeof(route));
    peers_closed(p, 20);
    assert_false(peers_route(p, "hospital", &route));
    assert_int_equal(frame(p, user, &route_b, 21, 0, &cut), PEERS_PASS);
    peers_lost(p, "hospital");
    assert_false(peers_route(p, "hospital", &route));
    assert_int_equal(frame(p, user, &route_b, 21, 0, &cut), PEERS_PASS);
    assert_int_equal(peers_allow(p, &school, 1, &cut), 0);
    assert_false(peers_route(p, "hospital", &route));
    peers_free(p);
}

static void peers_cuts_the_oldest_connection_of_an_agency_beyond_its_limit(void **state)
{
    struct peers *p = peers_with(&hospital, 1);
    char user[WIRE_USER_MAX];
    struct peers_cut cut = { .n = 0 };

    (void)state;
    user_of(p, &hospital, user);
    assert_int_equal(frame(p, user, &route_a, 20, 1, &cut), PEERS_PASS);
    assert_int_equal(frame(p, user, &route_a, 21, 2, &cut), PEERS_PASS);
    assert_int_equal(cut.n, 0);
    assert_int_equal(frame(p, user, &route_b, 22, 3, &cut), PEERS_PASS);
    assert_int_equal(cut.n, 1);
    assert_int_equal(cut.fds[0], 20);
    peers_free(p);
}

static void peers_cuts_the_longest_silent_connection_not_an_agency(void **state)
{
    struct peers *p = peers_with(&hospital, 1);
    struct peers_cut cut = { .n = 0 };
    char user[WIRE_USER_MAX];

    (void)state;
    user_of(p, &hospital, user);
    peers_accepted(p, 20, 1, &cut);
    assert_int_equal(frame(p, user, &route_a, 20, 1, &cut), PEERS_PASS);
    for (int fd = 21; fd <= 23; fd++)
        peers_accepted(p, fd, fd, &cut);
    assert_int_equal(cut.n, 0);
    peers_accepted(p, 24, 24, &cut);
    assert_int_equal(cut.n, 1);
    assert_int_equal(cut.fds[0], 21);
    assert_int_equal(peers_connections(p), 4);
    peers_free(p);
}

static void peers_survives_numbers_that_are_no_descriptors(void **state)
{
    struct peers *p = peers_with(&hospital, 1);
    struct peers_cut cut = { .n = 0 };
    char user[WIRE_USER_MAX];

    (void)state;
    user_of(p, &hospital, user);
    peers_closed(p, -1);
    peers_closed(p, 100000);
    assert_int_equal(frame(p, user, &route_a, -1, 0, &cut), PEERS_PASS);
    assert_int_equal(frame(p, user, &route_a, 1 << 30, 0, &cut), PEERS_PASS);
    peers_accepted(p, 1 << 30, 0, &cut);
    assert_int_equal(cut.n, 1); /* not tracked, so not kept */
    assert_int_equal(peers_connections(p), 0);
    peers_free(p);
}

static void peers_forgets_the_former_owner_of_a_descriptor(void **state)
{
    const struct pair_peer list[] = { hospital, school };
    struct peers *p = peers_with(list, 2);
    char first[WIRE_USER_MAX], second[WIRE_USER_MAX];
    struct wire_route route;
    struct peers_cut cut = { .n = 0 };

    (void)state;
    user_of(p, &hospital, first);
    user_of(p, &school, second);
    assert_int_equal(frame(p, first, &route_a, 20, 0, &cut), PEERS_PASS);
    peers_accepted(p, 20, 1, &cut); /* the end of the first was never heard of */
    assert_false(peers_route(p, "hospital", &route));
    assert_int_equal(frame(p, second, &route_b, 20, 2, &cut), PEERS_PASS);
    assert_true(peers_route(p, "school", &route));
    peers_free(p);
}

static void peers_drops_beyond_the_rate_and_recovers(void **state)
{
    struct peers *p = peers_with(&hospital, 1);
    char user[WIRE_USER_MAX];
    struct peers_cut cut = { .n = 0 };
    int n = 0;

    (void)state;
    user_of(p, &hospital, user);
    while (frame(p, user, &route_a, 20, 1000, &cut) == PEERS_PASS)
        n++;
    assert_int_equal(n, 40); /* two seconds of four times five */
    assert_int_equal(frame(p, user, &route_a, 20, 1010, &cut), PEERS_TOO_FAST);
    assert_int_equal(frame(p, user, &route_a, 20, 1100, &cut), PEERS_PASS);
    assert_int_equal(frame(p, user, &route_a, 20, 900, &cut),
                     PEERS_PASS); /* a clock that goes back gives nothing, and takes nothing */
    peers_free(p);
}

static void peers_counts_a_long_frame_as_several(void **state)
{
    struct peers *p = peers_with(&hospital, 1);
    char user[WIRE_USER_MAX], agency[PAIR_AGENCY_MAX];
    struct peers_cut cut = { .n = 0 };
    int n = 0;

    (void)state;
    user_of(p, &hospital, user);
    while (peers_admit_frame(p, user, &route_a, 20, 65536, 0, agency, &cut) == PEERS_PASS)
        n++;
    assert_int_equal(n, 8);
    peers_free(p);
}

static void peers_looks_a_user_up_anew_after_each_list(void **state)
{
    struct pair_peer taken_over = { .agency = "school", .key = { 1 } };
    struct peers *p = peers_with(&hospital, 1);
    char user[WIRE_USER_MAX], agency[PAIR_AGENCY_MAX];
    struct peers_cut cut = { .n = 0 };

    (void)state;
    user_of(p, &hospital, user);
    for (int i = 0; i < 3; i++)
        assert_int_equal(frame(p, user, &route_a, 20, 0, &cut), PEERS_PASS);
    assert_int_equal(peers_allow(p, &hospital, 1, &cut), 0); /* the same again */
    assert_int_equal(peers_admit_frame(p, user, &route_a, 20, 1, 0, agency, &cut), PEERS_PASS);
    assert_string_equal(agency, "hospital");
    assert_int_equal(peers_allow(p, &taken_over, 1, &cut), 0); /* the key is another's now */
    assert_int_equal(frame(p, user, &route_a, 20, 0, &cut), PEERS_STRANGER);
    assert_int_equal(frame(p, user, &route_a, -1, 0, &cut), PEERS_STRANGER);
    peers_free(p);
}

static void peers_tells_two_users_of_one_descriptor_apart(void **state)
{
    const struct pair_peer list[] = { hospital, school };
    struct peers *p = peers_with(list, 2);
    char first[WIRE_USER_MAX], second[WIRE_USER_MAX], agency[PAIR_AGENCY_MAX];
    struct peers_cut cut = { .n = 0 };

    (void)state;
    user_of(p, &hospital, first);
    user_of(p, &school, second);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(peers_admit_frame(p, first, &route_a, 20, 1, 0, agency, &cut), PEERS_PASS);
        assert_string_equal(agency, "hospital");
        assert_int_equal(peers_admit_frame(p, second, &route_b, 20, 1, 0, agency, &cut), PEERS_PASS);
        assert_string_equal(agency, "school");
    }
    peers_free(p);
}

static void peers_finds_each_of_many_agencies(void **state)
{
    static struct pair_peer many[900];
    struct peers_cut cut = { .n = 0 };
    struct peers *p;

    (void)state;
    for (size_t i = 0; i < ALM_LEN(many); i++) {
        (void)snprintf(many[i].agency, sizeof(many[i].agency), "agency-%zu", i);
        many[i].key[0] = (uint8_t)i;
        many[i].key[1] = (uint8_t)(i >> 8);
    }
    p = peers_with(many, ALM_LEN(many));
    for (size_t i = 0; i < ALM_LEN(many); i++) {
        struct wire_route route = { { 0, 0, 0, (uint8_t)(i >> 8), (uint8_t)i } }, found;
        char user[WIRE_USER_MAX], agency[PAIR_AGENCY_MAX];

        user_of(p, &many[i], user);
        assert_int_equal(peers_admit_frame(p, user, &route, -1, 1, 0, agency, &cut), PEERS_PASS);
        assert_string_equal(agency, many[i].agency);
        assert_true(peers_route(p, many[i].agency, &found));
        assert_memory_equal(&found, &route, sizeof(route));
        peers_lost(p, many[i].agency);
        assert_false(peers_route(p, many[i].agency, &found));
    }
    assert_false(peers_route(p, "agency-900", &(struct wire_route){ { 0 } }));
    peers_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(peers_says_later_before_the_first_list_and_never_after),
        cmocka_unit_test(peers_names_a_frame_after_its_key),
        cmocka_unit_test(peers_refuses_users_that_are_not_on_the_list),
        cmocka_unit_test(peers_ends_one_of_two_keys_of_an_agency),
        cmocka_unit_test(peers_has_no_route_to_who_never_spoke_or_left_or_is_not_allowed),
        cmocka_unit_test(peers_cuts_the_oldest_connection_of_an_agency_beyond_its_limit),
        cmocka_unit_test(peers_cuts_the_longest_silent_connection_not_an_agency),
        cmocka_unit_test(peers_survives_numbers_that_are_no_descriptors),
        cmocka_unit_test(peers_forgets_the_former_owner_of_a_descriptor),
        cmocka_unit_test(peers_drops_beyond_the_rate_and_recovers),
        cmocka_unit_test(peers_counts_a_long_frame_as_several),
        cmocka_unit_test(peers_looks_a_user_up_anew_after_each_list),
        cmocka_unit_test(peers_tells_two_users_of_one_descriptor_apart),
        cmocka_unit_test(peers_finds_each_of_many_agencies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
