/* SPDX-License-Identifier: Apache-2.0 */
/* test_concerns.c - concerns, episodes and watches kept and found, moved, taken out of the index,
 * and forgotten in order of their last day. */
#include "store_fixture.h"

#include "store/concerns.h"
#include "store/watches.h"

#define DAY 19000

static struct token token_of(uint8_t kind, uint8_t value)
{
    struct token t = { .kind = kind, .scheme = TOKEN_HMAC, .epoch = 1 };

    memset(t.value, value, sizeof(t.value));
    return t;
}

static struct token_set person(uint8_t value)
{
    return (struct token_set){ .n = 2,
                               .tokens = { token_of(TOKEN_NHS, value),
                                           token_of(TOKEN_NAME_DOB, (uint8_t)(value + 100)) } };
}

static struct id id_of(uint8_t value)
{
    struct id id = { { 0 } };

    id.octets[ID_LEN - 1] = value;
    return id;
}

static struct concern_record concern_of(uint8_t id, uint8_t who)
{
    struct concern_record r = { .id = id_of(id), .lodged_on = DAY, .leaf = id };

    (void)snprintf(r.agency, sizeof(r.agency), "school");
    (void)snprintf(r.purpose, sizeof(r.purpose), "monitor");
    (void)snprintf(r.concern.category, sizeof(r.concern.category), "neglect");
    (void)snprintf(r.concern.contact_route, sizeof(r.concern.contact_route), "the desk");
    r.concern.severity = 2;
    r.concern.subject_kind = SUBJECT_PERSON;
    r.concern.subject = person(who);
    r.concern.observed_on = DAY - 3;
    r.concern.expires_on = DAY + 100;
    return r;
}

static struct store_txn *begin(struct fixture *f)
{
    struct store_txn *t = NULL;

    assert_int_equal(store_begin(f->store, true, &t), 0);
    return t;
}

static void put(struct fixture *f, const struct concern_record *r)
{
    struct store_txn *t = begin(f);

    concerns_put(t, r);
    assert_int_equal(store_commit(t), 0);
}

static int count_concern(void *ctx, const struct concern_record *r)
{
    (void)r;
    ++*(size_t *)ctx;
    return 0;
}

static size_t about(struct fixture *f, uint8_t who)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = begin(f);
    struct token_set set = person(who);
    size_t n = 0;

    assert_int_equal(concerns_about(t, &set, count_concern, &n), 0);
    return n;
}

static size_t at(struct fixture *f, uint8_t home)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = begin(f);
    struct token token = token_of(TOKEN_HOME, home);
    size_t n = 0;

    assert_int_equal(concerns_at(t, &token, count_concern, &n), 0);
    return n;
}

static void a_concern_comes_back_as_it_was_put_also_after_a_restart(void **state)
{
    struct fixture *f = *state;
    struct concern_record r = concern_of(1, 1), got;
    struct id one = id_of(1), two = id_of(2);
    struct store_txn *t;

    r.concern.has_household = r.concern.has_origin = true;
    r.concern.household = token_of(TOKEN_HOME, 9);
    memset(r.concern.origin, 5, sizeof(r.concern.origin));
    put(f, &r);
    fixture_reopen(f);
    t = begin(f);
    assert_int_equal(concerns_get(t, &one, &got), 0);
    assert_memory_equal(&got.concern.subject, &r.concern.subject, sizeof(got.concern.subject));
    assert_memory_equal(&got.concern.household, &r.concern.household, sizeof(struct token));
    assert_memory_equal(got.concern.origin, r.concern.origin, sizeof(got.concern.origin));
    assert_string_equal(got.concern.contact_route, "the desk");
    assert_int_equal(got.concern.expires_on, DAY + 100);
    assert_int_equal(got.leaf, 1);
    assert_int_equal(concerns_get(t, &two, &got), -ENOENT);
    store_abort(t);
    assert_int_equal(about(f, 1), 1);
    assert_int_equal(about(f, 2), 0);
    assert_int_equal(at(f, 9), 1);
    assert_int_equal(at(f, 8), 0);
}

static void a_concern_about_a_home_alone_is_found_by_the_home(void **state)
{
    struct fixture *f = *state;
    struct concern_record r = concern_of(1, 1);

    r.concern.subject_kind = SUBJECT_HOUSEHOLD;
    r.concern.subject.n = 0;
    r.concern.has_household = true;
    r.concern.household = token_of(TOKEN_HOME, 9);
    assert_true(concerns_findable(&r.concern));
    put(f, &r);
    assert_int_equal(at(f, 9), 1);
    assert_int_equal(about(f, 1), 0);
    r.concern.has_household = false;
    assert_false(concerns_findable(&r.concern));
}

static void nobody_is_kept_whom_no_token_finds(void **state)
{
    struct fixture *f = *state;
    struct concern_record r = concern_of(1, 1);
    struct store_txn *t = begin(f);

    r.concern.subject.n = 1;
    r.concern.subject.tokens[0] = token_of(TOKEN_PHONETIC_DOB, 1);
    assert_false(concerns_findable(&r.concern));
    concerns_put(t, &r);
    assert_int_equal(store_commit(t), -EINVAL);
    r = concern_of(1, 1);
    r.concern.expires_on = CIVIL_NONE;
    t = begin(f);
    concerns_put(t, &r);
    assert_int_equal(store_commit(t), -EINVAL);
    assert_int_equal(about(f, 1), 0);
}

static void an_unborn_child_is_somebody_else(void **state)
{
    struct fixture *f = *state;
    struct concern_record r = concern_of(1, 1);

    r.concern.subject_kind = SUBJECT_UNBORN;
    r.concern.subject.unborn = true;
    put(f, &r);
    assert_int_equal(about(f, 1), 0);
}

static void one_that_is_withdrawn_is_found_by_its_id_alone(void **state)
{
    struct fixture *f = *state;
    struct concern_record r = concern_of(1, 1), got;
    struct id one = id_of(1);
    struct store_txn *t;

    r.concern.has_household = true;
    r.concern.household = token_of(TOKEN_HOME, 9);
    put(f, &r);
    r.withdrawn = true;
    put(f, &r);
    assert_int_equal(about(f, 1), 0);
    assert_int_equal(at(f, 9), 0);
    t = begin(f);
    assert_int_equal(concerns_get(t, &one, &got), 0);
    assert_true(got.withdrawn);
    store_abort(t);
}

static size_t swept(struct fixture *f, int32_t day, size_t most)
{
    struct store_txn *t = begin(f);
    size_t n = 99;

    assert_int_equal(concerns_sweep(t, day, most, &n), 0);
    assert_int_equal(store_commit(t), 0);
    return n;
}

static void what_is_past_its_last_day_is_forgotten_and_nothing_else(void **state)
{
    struct fixture *f = *state;
    struct concern_record got;
    struct id one = id_of(1);
    struct store_txn *t;

    for (uint8_t i = 1; i <= 4; i++) {
        struct concern_record r = concern_of(i, 1);

        r.concern.expires_on = DAY + i;
        put(f, &r);
    }
    assert_int_equal(swept(f, DAY + 1, 10), 0); /* its last day counts */
    assert_int_equal(swept(f, DAY + 4, 2), 2);  /* no more than asked for */
    assert_int_equal(about(f, 1), 2);
    assert_int_equal(swept(f, DAY + 4, 10), 1);
    assert_int_equal(swept(f, DAY + 4, 10), 0);
    assert_int_equal(about(f, 1), 1);
    t = begin(f);
    assert_int_equal(concerns_get(t, &one, &got), -ENOENT);
    store_abort(t);
}

static void another_last_day_takes_the_place_of_the_first(void **state)
{
    struct fixture *f = *state;
    struct concern_record r = concern_of(1, 1);

    put(f, &r);
    r.concern.expires_on = DAY + 200;
    put(f, &r);
    assert_int_equal(swept(f, DAY + 150, 10), 0);
    assert_int_equal(about(f, 1), 1);
    r.concern.expires_on = -400; /* in 1968 */
    put(f, &r);
    assert_int_equal(swept(f, DAY, 10), 1);
    assert_int_equal(about(f, 1), 0);
}

/* --- episodes --- */

static int count_episode(void *ctx, const struct episode_record *r)
{
    (void)r;
    ++*(size_t *)ctx;
    return 0;
}

static struct episode_record episode_of(uint8_t id)
{
    struct episode_record r = { .id = id_of(id),
                                .fired_on = DAY,
                                .opened_on = DAY,
                                .over_on = DAY + 180,
                                .leaf = 4,
                                .n_hubs = 1,
                                .n = 2 };

    (void)snprintf(r.rule, sizeof(r.rule), "t2");
    (void)snprintf(r.hubs[0], sizeof(r.hubs[0]), "council");
    for (uint8_t i = 0; i < 2; i++) {
        r.contributors[i].concern = id_of(i);
        (void)snprintf(r.contributors[i].agency, sizeof(r.contributors[i].agency), "school");
    }
    r.contributors[1].told = true;
    return r;
}

static void the_fullest_episode_comes_back_as_it_was_put(void **state)
{
    struct fixture *f = *state;
    static struct episode_record r, got;
    struct store_txn *t = begin(f);

    r = episode_of(3);
    r.subject_kind = SUBJECT_PERSON;
    r.subject = person(1);
    r.n_hubs = EPISODE_HUBS_MAX;
    for (unsigned i = 0; i < EPISODE_HUBS_MAX; i++)
        (void)snprintf(r.hubs[i], sizeof(r.hubs[i]), "hub-%059u", i);
    r.n = EPISODE_CONTRIBUTORS_MAX;
    for (unsigned i = 0; i < EPISODE_CONTRIBUTORS_MAX; i++) {
        r.contributors[i].concern = id_of((uint8_t)i);
        (void)snprintf(r.contributors[i].agency, sizeof(r.contributors[i].agency), "agency-%056u", i);
    }
    episodes_put(t, &r);
    assert_int_equal(store_commit(t), 0);
    t = begin(f);
    assert_int_equal(episodes_get(t, &r.id, &got), 0);
    t = store_abort(t);
    assert_int_equal(got.n_hubs, EPISODE_HUBS_MAX);
    assert_string_equal(got.hubs[EPISODE_HUBS_MAX - 1], r.hubs[EPISODE_HUBS_MAX - 1]);
    assert_int_equal(got.n, EPISODE_CONTRIBUTORS_MAX);
    assert_string_equal(got.contributors[EPISODE_CONTRIBUTORS_MAX - 1].agency,
                        r.contributors[EPISODE_CONTRIBUTORS_MAX - 1].agency);
}

static void an_episode_comes_back_as_it_was_put(void **state)
{
    struct fixture *f = *state;
    struct episode_record r = episode_of(1), got;
    struct token_set set = person(1);
    struct token home = token_of(TOKEN_HOME, 9);
    size_t n = 0, m = 0;
    struct store_txn *t = begin(f);

    r.subject_kind = SUBJECT_PERSON;
    r.subject = person(1);
    r.step = FIRING_ACTED;
    episodes_put(t, &r);
    r.id = id_of(2);
    r.subject_kind = SUBJECT_HOUSEHOLD;
    r.subject.n = 0;
    r.household = home;
    episodes_put(t, &r);
    assert_int_equal(store_commit(t), 0);
    fixture_reopen(f);
    t = begin(f);
    assert_int_equal(episodes_about(t, &set, count_episode, &n), 0);
    assert_int_equal(episodes_at(t, &home, count_episode, &m), 0);
    assert_int_equal(n, 1);
    assert_int_equal(m, 1);
    assert_int_equal(episodes_get(t, &r.id, &got), 0);
    assert_string_equal(got.hubs[0], "council");
    assert_int_equal(got.n, 2);
    assert_true(got.contributors[1].told);
    assert_false(got.contributors[0].told);
    assert_int_equal(got.step, FIRING_ACTED);
    assert_int_equal(episodes_sweep(t, DAY + 181, 10, count_episode, &m, &n), 0);
    assert_int_equal(n, 2);
    assert_int_equal(m, 3); /* each was shown once more */
    m = 0;
    assert_int_equal(episodes_at(t, &home, count_episode, &m), 0);
    assert_int_equal(m, 0);
    store_abort(t);
}

static void an_episode_of_nobody_is_not_kept(void **state)
{
    struct fixture *f = *state;
    struct episode_record r = episode_of(1);
    struct store_txn *t = begin(f);

    episodes_put(t, &r);
    assert_int_equal(store_commit(t), -EINVAL);
}

/* --- watches --- */

static int count_watch(void *ctx, const struct watch_record *r)
{
    (void)r;
    ++*(size_t *)ctx;
    return 0;
}

static struct watch_record watch_of(uint8_t id, uint8_t home)
{
    struct watch_record r = { .id = id_of(id), .home_since = CIVIL_NONE, .leaf = 7, .n_seen = 1 };

    (void)snprintf(r.agency, sizeof(r.agency), "council");
    r.watch.subject = person(1);
    r.watch.has_household = true;
    r.watch.household = token_of(TOKEN_HOME, home);
    r.watch.agencies.n = 1;
    (void)snprintf(r.watch.agencies.agencies[0], sizeof(name_t), "police");
    r.watch.from = DAY;
    r.watch.until = DAY + 90;
    r.watch.review_on = DAY + 60;
    (void)snprintf(r.seen[0].agency, sizeof(r.seen[0].agency), "police");
    r.seen[0].on = DAY + 1;
    return r;
}

static size_t watched_at(struct fixture *f, uint8_t home)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = begin(f);
    struct token token = token_of(TOKEN_HOME, home);
    size_t n = 0;

    assert_int_equal(watches_at(t, &token, count_watch, &n), 0);
    return n;
}

static size_t watched(struct fixture *f)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = begin(f);
    struct token_set set = person(1);
    size_t n = 0;

    assert_int_equal(watches_about(t, &set, count_watch, &n), 0);
    return n;
}

static void put_watch(struct fixture *f, const struct watch_record *r)
{
    struct store_txn *t = begin(f);

    watches_put(t, r);
    assert_int_equal(store_commit(t), 0);
}

static void a_watch_that_moves_leaves_its_old_home(void **state)
{
    struct fixture *f = *state;
    struct watch_record r = watch_of(1, 8), got;
    struct store_txn *t;

    put_watch(f, &r);
    assert_int_equal(watched_at(f, 8), 1);
    r = watch_of(1, 9);
    put_watch(f, &r);
    assert_int_equal(watched_at(f, 8), 0);
    assert_int_equal(watched_at(f, 9), 1);
    assert_int_equal(watched(f), 1);
    fixture_reopen(f);
    t = begin(f);
    assert_int_equal(watches_get(t, &r.id, &got), 0);
    assert_string_equal(got.watch.agencies.agencies[0], "police");
    assert_string_equal(got.seen[0].agency, "police");
    assert_int_equal(got.seen[0].on, DAY + 1);
    store_abort(t);
}

static void a_watch_that_ended_finds_nobody(void **state)
{
    struct fixture *f = *state;
    struct watch_record r = watch_of(1, 8);

    put_watch(f, &r);
    r.ended = true;
    put_watch(f, &r);
    assert_int_equal(watched(f), 0);
    assert_int_equal(watched_at(f, 8), 0);
}

static void a_watch_ends_with_its_last_day(void **state)
{
    struct fixture *f = *state;
    struct watch_record r = watch_of(1, 8);
    struct store_txn *t;
    size_t n = 0;

    put_watch(f, &r);
    t = begin(f);
    assert_int_equal(watches_sweep(t, DAY + 90, 10, NULL, NULL, &n), 0);
    assert_int_equal(n, 0);
    assert_int_equal(watches_sweep(t, DAY + 91, 10, NULL, NULL, &n), 0);
    assert_int_equal(n, 1);
    assert_int_equal(store_commit(t), 0);
    assert_int_equal(watched(f), 0);
}

static void a_watch_of_nobody_is_not_kept(void **state)
{
    struct fixture *f = *state;
    struct watch_record r = watch_of(1, 8);
    struct store_txn *t = begin(f);

    r.watch.subject.n = 0;
    watches_put(t, &r);
    assert_int_equal(store_commit(t), -EINVAL);
}

#define WITH_STORE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(a_concern_comes_back_as_it_was_put_also_after_a_restart),
        WITH_STORE(a_concern_about_a_home_alone_is_found_by_the_home),
        WITH_STORE(nobody_is_kept_whom_no_token_finds),
        WITH_STORE(an_unborn_child_is_somebody_else),
        WITH_STORE(one_that_is_withdrawn_is_found_by_its_id_alone),
        WITH_STORE(what_is_past_its_last_day_is_forgotten_and_nothing_else),
        WITH_STORE(another_last_day_takes_the_place_of_the_first),
        WITH_STORE(an_episode_comes_back_as_it_was_put),
        WITH_STORE(the_fullest_episode_comes_back_as_it_was_put),
        WITH_STORE(an_episode_of_nobody_is_not_kept),
        WITH_STORE(a_watch_that_moves_leaves_its_old_home),
        WITH_STORE(a_watch_that_ended_finds_nobody),
        WITH_STORE(a_watch_ends_with_its_last_day),
        WITH_STORE(a_watch_of_nobody_is_not_kept),
    };

    return cmocka_run_group_tests_name("concerns", tests, NULL, NULL);
}
