/* SPDX-License-Identifier: Apache-2.0 */
/* test_ledger_keys.c - record keys, classes and tags: found, merged, forgotten, killed, damaged. */
#include "store_fixture.h"

#include <sys/wait.h>

#include "store/ledger_keys.h"
#include "store/raw.h"

#define PLAIN "tokens and the answer"

static struct ledger *open_ledger(struct fixture *f)
{
    struct ledger *l = NULL;

    assert_int_equal(ledger_open(f->store, &l), 0);
    return l;
}

static struct ledger_clear clear_of(uint8_t event)
{
    return (struct ledger_clear){ .event = event, .civil_day = 20000, .mode = 2, .about = UINT64_MAX };
}

/* Leaf n has the tags 1000 + n and n % 7, and is of a class by its event. */
static void append_in(struct ledger *l, struct store_txn *t, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        struct ledger_clear c = clear_of(ledger_size(l) % 2 ? EVENT_CONCERN_LODGED : EVENT_DECIDED);
        struct ledger_private p = { .sealed_part = bytes_str(PLAIN), .n_tags = 2 };
        uint64_t leaf;

        p.tags[0] = 1000 + ledger_size(l);
        p.tags[1] = ledger_size(l) % 7;
        ledger_append(l, t, &c, &p, &leaf);
    }
}

static int append(struct fixture *f, struct ledger *l, uint64_t n)
{
    struct store_txn *t = fixture_begin(f, true);
    int r;

    append_in(l, t, n);
    r = store_commit(t);
    ledger_settle(l, r);
    return r;
}

struct seen {
    uint64_t leaves[64];
    size_t n;
    size_t stop_at;
    int fail;
};

static int see(void *ctx, uint64_t leaf, uint8_t class)
{
    struct seen *s = ctx;

    assert_int_equal(class, leaf % 2 ? CLASS_CONCERN : CLASS_DECISION);
    assert_true(s->n < ALM_LEN(s->leaves));
    s->leaves[s->n++] = leaf;
    if (s->fail)
        return s->fail;
    return s->stop_at && s->n == s->stop_at;
}

/* The first leaf that has this tag; UINT64_MAX none. */
static uint64_t find_one(struct store_txn *t, uint64_t tag)
{
    struct seen s = { .stop_at = 1 };
    uint64_t next = 0;
    int r;

    do {
        r = ledger_find(t, &tag, 1, &next, UINT64_MAX, 4, see, &s);
        assert_true(r >= 0);
    } while (r == 1 && s.n == 0);
    return s.n ? s.leaves[0] : UINT64_MAX;
}

struct opened {
    struct store_txn *t;
    uint64_t n, forgotten;
    int failed;
};

static int open_one(void *ctx, const struct ledger_record *r)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct opened *o = ctx;
    int status;

    buf_init(&b, 4096);
    status = ledger_sealed_open(o->t, r, &b);
    o->n++;
    o->forgotten += status == -ENODATA;
    if (status != -ENODATA && (status || !bytes_equal(buf_view(&b), bytes_str(PLAIN))))
        o->failed = status ? status : -EINVAL;
    return 0;
}

/* Every record of the log opens, or was forgotten. Return: how many were forgotten. */
static uint64_t open_all(struct fixture *f, uint64_t want)
{
    struct store_txn *t = fixture_begin(f, false);
    struct opened o = { .t = t };

    assert_int_equal(ledger_each(t, 0, UINT64_MAX, open_one, &o), 0);
    assert_int_equal(o.failed, 0);
    assert_int_equal(o.n, want);
    t = store_abort(t);
    return o.forgotten;
}

static void keys_of_every_record_open_it_wherever_blocks_end(void **state)
{
    static const uint64_t sizes[] = { 1, 31, 32, 33, 1023, 1024, 1025, 1056, 2048, 2100 };
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);

    for (size_t i = 0; i < ALM_LEN(sizes); i++) {
        assert_int_equal(append(f, l, sizes[i] - ledger_size(l)), 0);
        l = ledger_close(l);
        fixture_reopen(f);
        l = open_ledger(f);
        assert_int_equal(ledger_size(l), sizes[i]);
        assert_int_equal(open_all(f, sizes[i]), 0);
    }
}

static void keys_appended_one_in_a_batch_are_as_those_of_one_batch(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    struct store_txn *t;

    for (int i = 0; i < 70; i++)
        assert_int_equal(append(f, l, 1), 0);
    assert_int_equal(open_all(f, 70), 0);
    t = fixture_begin(f, false);
    for (uint64_t i = 0; i < 70; i++)
        assert_int_equal(find_one(t, 1000 + i), i);
    t = store_abort(t);
}

static void search_gives_every_leaf_with_a_tag_in_order_and_no_other(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    const uint64_t tags[] = { 5000, 3, 1000 + 2050, 1000 + 7, UINT64_MAX };
    struct seen s = { 0 };
    struct store_txn *t;
    uint64_t next = 0;

    assert_int_equal(append(f, l, 2100), 0);
    t = fixture_begin(f, false);
    assert_int_equal(ledger_find(t, tags, ALM_LEN(tags), &next, 60, 1, see, &s), 0);
    assert_int_equal(next, 60);
    assert_int_equal(s.n, 10); /* 3, 7, 10, 17, 24, ..., 59 */
    assert_int_equal(s.leaves[0], 3);
    assert_int_equal(s.leaves[1], 7);
    assert_int_equal(s.leaves[2], 10);
    s.n = 0;
    next = 2048;
    assert_int_equal(ledger_find(t, tags + 2, 3, &next, UINT64_MAX, 1, see, &s), 1);
    assert_int_equal(next, 2080); /* a small block: the log's end */
    assert_int_equal(s.n, 1);
    assert_int_equal(s.leaves[0], 2050);
    assert_int_equal(ledger_find(t, tags + 2, 3, &next, UINT64_MAX, 1, see, &s), 0);
    assert_int_equal(next, 2100);
    assert_int_equal(ledger_find(t, tags, 5, &next, UINT64_MAX, 1, see, &s), 0);
    assert_int_equal(s.n, 1);
    t = store_abort(t);
}

static void search_in_steps_of_any_size_finds_the_same(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    const uint64_t tags[] = { 1000 + 5, 1000 + 1023, 1000 + 1024, 1000 + 2099 };
    struct store_txn *t;

    assert_int_equal(append(f, l, 2100), 0);
    t = fixture_begin(f, false);
    for (size_t blocks = 1; blocks < 5; blocks++) {
        struct seen s = { 0 };
        uint64_t next = 0;
        int r;

        while ((r = ledger_find(t, tags, 4, &next, UINT64_MAX, blocks, see, &s)) == 1)
            ;
        assert_int_equal(r, 0);
        assert_int_equal(s.n, 4);
        assert_int_equal(s.leaves[3], 2099);
    }
    t = store_abort(t);
}

static void search_stops_where_told_and_goes_on_behind(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    struct seen s = { .stop_at = 2 };
    struct store_txn *t;
    uint64_t next = 0, tag = 4;

    assert_int_equal(append(f, l, 40), 0);
    t = fixture_begin(f, false);
    assert_int_equal(ledger_find(t, &tag, 1, &next, UINT64_MAX, 9, see, &s), 1);
    assert_int_equal(next, 12); /* behind 11 */
    s.stop_at = 0;
    assert_int_equal(ledger_find(t, &tag, 1, &next, UINT64_MAX, 9, see, &s), 0);
    assert_int_equal(s.n, 6); /* 4, 11, 18, 25, 32, 39 */
    s = (struct seen){ .fail = -ECANCELED };
    next = 0;
    assert_int_equal(ledger_find(t, &tag, 1, &next, UINT64_MAX, 9, see, &s), -ECANCELED);
    s = (struct seen){ 0 };
    next = 0;
    assert_int_equal(ledger_find(t, NULL, 0, &next, UINT64_MAX, 9, see, &s), 0);
    assert_int_equal(s.n, 40); /* no tags: every leaf */
    t = store_abort(t);
}

static void search_sees_what_its_own_transaction_has_appended(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    struct store_txn *t = fixture_begin(f, true);
    uint8_t class;
    bool forgotten;

    append_in(l, t, 3);
    assert_int_equal(find_one(t, 1002), 2);
    append_in(l, t, 3);
    assert_int_equal(ledger_class_of(t, 5, &class, &forgotten), 0);
    assert_int_equal(class, CLASS_CONCERN);
    assert_false(forgotten);
    assert_int_equal(ledger_class_of(t, 6, &class, &forgotten), -ENOENT);
    assert_int_equal(ledger_class_of(t, 600, &class, &forgotten), -ENOENT);
    ledger_flush(l, t);
    ledger_flush(l, t); /* nothing is owed: no harm */
    assert_int_equal(store_commit(t), 0);
    ledger_settle(l, 0);
    assert_int_equal(open_all(f, 6), 0);
}

static void class_is_the_events_unless_the_writer_says_another(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    struct ledger_clear c = clear_of(EVENT_DISCLOSED);
    struct ledger_private p = { .class = CLASS_OVERRIDE };
    struct store_txn *t = fixture_begin(f, true);
    uint8_t class;
    bool forgotten;
    uint64_t leaf;

    ledger_append(l, t, &c, &p, &leaf);
    p.class = 0;
    ledger_append(l, t, &c, &p, &leaf);
    assert_int_equal(ledger_class_of(t, 0, &class, &forgotten), 0);
    assert_int_equal(class, CLASS_OVERRIDE);
    assert_int_equal(ledger_class_of(t, 1, &class, &forgotten), 0);
    assert_int_equal(class, CLASS_DECISION);
    assert_int_equal(store_commit(t), 0);
}

static void every_event_and_class_has_its_word_and_every_event_a_class(void **state)
{
    (void)state;
    for (uint8_t e = 1; e < EVENT_COUNT; e++) {
        assert_string_not_equal(ledger_event_word(e), "unknown");
        assert_in_range(ledger_event_class(e), CLASS_DECISION, CLASS_COUNT - 1);
    }
    for (uint8_t c = 1; c < CLASS_COUNT; c++)
        assert_string_not_equal(ledger_class_word(c), "unknown");
    assert_string_equal(ledger_class_word(0), "unknown");
    assert_string_equal(ledger_class_word(CLASS_COUNT), "unknown");
    assert_int_equal(ledger_event_class(0), CLASS_OTHER);
    assert_int_equal(ledger_event_class(UINT8_MAX), CLASS_OTHER);
}

static void append_with_too_many_tags_or_no_known_class_is_refused(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    struct ledger_clear c = clear_of(EVENT_DECIDED);
    struct ledger_private many = { .n_tags = LEDGER_TAGS_MAX + 1 }, odd = { .class = CLASS_COUNT };
    const struct ledger_private *bad[] = { &many, &odd };

    for (size_t i = 0; i < ALM_LEN(bad); i++) {
        struct store_txn *t = fixture_begin(f, true);
        uint64_t leaf;

        ledger_append(l, t, &c, bad[i], &leaf);
        assert_int_equal(store_commit(t), -EINVAL);
        ledger_settle(l, -EINVAL);
    }
    assert_int_equal(ledger_size(l), 0);
}

static void tags_of_different_things_differ_and_of_the_same_agree(void **state)
{
    struct fixture *f = *state;
    struct token a = { .kind = TOKEN_NHS, .scheme = 1, .epoch = 1, .value = { 1 } }, b = a;
    struct id id = { .octets = { 1, 2, 3 } };
    uint64_t t[10];

    assert_int_equal(ledger_tag_token(f->store, &a, false, &t[0]), 0);
    assert_int_equal(ledger_tag_token(f->store, &a, true, &t[1]), 0);
    b.epoch = 2;
    assert_int_equal(ledger_tag_token(f->store, &b, false, &t[2]), 0);
    b = a;
    b.kind = TOKEN_UPN;
    assert_int_equal(ledger_tag_token(f->store, &b, false, &t[3]), 0);
    assert_int_equal(ledger_tag_practitioner(f->store, "school", "p1", &t[4]), 0);
    assert_int_equal(ledger_tag_practitioner(f->store, "schoo", "lp1", &t[5]), 0);
    assert_int_equal(ledger_tag_about(f->store, 7, &t[6]), 0);
    assert_int_equal(ledger_tag_about(f->store, 8, &t[7]), 0);
    assert_int_equal(ledger_tag_message(f->store, "school", &id, &t[8]), 0);
    assert_int_equal(ledger_tag_message(f->store, "health", &id, &t[9]), 0);
    for (size_t i = 0; i < ALM_LEN(t); i++) {
        for (size_t k = 0; k < i; k++)
            assert_true(t[i] != t[k]);
    }
    assert_int_equal(ledger_tag_token(f->store, &a, false, &t[1]), 0);
    assert_true(t[0] == t[1]);
}

static void tags_of_a_set_are_of_kinds_that_find_and_are_not_counted_twice(void **state)
{
    struct fixture *f = *state;
    struct ledger_private p = { 0 };
    struct token_set set = { .n = 4,
                             .tokens = { { .kind = TOKEN_NHS, .scheme = 1, .epoch = 1 },
                                         { .kind = TOKEN_NHS, .scheme = 1, .epoch = 1 },
                                         { .kind = TOKEN_PHONETIC_DOB, .scheme = 1, .epoch = 1 },
                                         { .kind = TOKEN_HOME, .scheme = 1, .epoch = 1 } } };

    assert_int_equal(ledger_tag_add_set(f->store, &p, &set), 0);
    assert_int_equal(p.n_tags, 2);
    for (uint64_t i = 0; i < LEDGER_TAGS_MAX - 2; i++)
        assert_int_equal(ledger_tag_add(&p, i), 0);
    assert_int_equal(ledger_tag_add(&p, 3), 0);
    assert_int_equal(ledger_tag_add(&p, 999), -E2BIG);
    set.tokens[0].epoch = 9;
    assert_int_equal(ledger_tag_add_set(f->store, &p, &set), -E2BIG);
}

/* --- Rolled back. --- */

static void appends_that_were_rolled_back_leave_the_keys_of_the_others(void **state)
{
    static const uint64_t before[] = { 0, 5, 31, 32, 1000, 1023, 1024 }, lost[] = { 1, 40, 1100 };
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    uint64_t size = 0;

    for (size_t i = 0; i < ALM_LEN(before); i++) {
        while (size % 1024 != before[i] % 1024) {
            assert_int_equal(append(f, l, 1), 0);
            size++;
        }
        for (size_t k = 0; k < ALM_LEN(lost); k++) {
            struct store_txn *t = fixture_begin(f, true);

            append_in(l, t, lost[k]);
            assert_int_equal(store_status(t), 0);
            t = store_abort(t);
            ledger_settle(l, -ECANCELED);
        }
        assert_int_equal(append(f, l, 2), 0);
        size += 2;
        assert_int_equal(open_all(f, size), 0);
    }
}

/* --- Forgotten. --- */

static void forgotten_record_opens_no_more_and_is_not_found_and_the_others_are(void **state)
{
    static const uint64_t gone[] = { 0, 5, 1023, 1024, 2047, 2050, 2079, 2099 };
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    struct store_txn *t;
    uint8_t class;
    bool forgotten;

    assert_int_equal(append(f, l, 2100), 0);
    t = fixture_begin(f, true);
    for (size_t i = 0; i < ALM_LEN(gone); i++)
        assert_int_equal(ledger_forget(t, gone[i]), 0);
    assert_int_equal(ledger_forget(t, 5), 0); /* again */
    assert_int_equal(ledger_forget(t, 2100), -ENOENT);
    assert_int_equal(ledger_forget(t, 4000), -ENOENT);
    assert_int_equal(ledger_forget(t, UINT64_MAX), -ENOENT);
    assert_int_equal(store_commit(t), 0);
    l = ledger_close(l);
    fixture_reopen(f);
    l = open_ledger(f);
    assert_int_equal(open_all(f, 2100), ALM_LEN(gone));
    t = fixture_begin(f, false);
    for (size_t i = 0; i < ALM_LEN(gone); i++) {
        assert_int_equal(find_one(t, 1000 + gone[i]), UINT64_MAX);
        assert_int_equal(ledger_class_of(t, gone[i], &class, &forgotten), 0);
        assert_true(forgotten);
        assert_int_equal(class, gone[i] % 2 ? CLASS_CONCERN : CLASS_DECISION);
    }
    assert_int_equal(find_one(t, 1006), 6);
    assert_int_equal(find_one(t, 1000 + 2098), 2098);
    t = store_abort(t);
    assert_int_equal(append(f, l, 1500), 0); /* its block becomes part of a big one */
    assert_int_equal(open_all(f, 3600), ALM_LEN(gone));
}

static void forgetting_in_the_open_block_holds_for_what_is_appended_after(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    struct store_txn *t = fixture_begin(f, true);

    append_in(l, t, 10);
    assert_int_equal(ledger_forget(t, 9), 0); /* not flushed by anybody yet */
    append_in(l, t, 10);
    assert_int_equal(ledger_forget(t, 3), 0);
    append_in(l, t, 30);
    assert_int_equal(ledger_forget(t, 49), 0);
    assert_int_equal(store_commit(t), 0);
    ledger_settle(l, 0);
    assert_int_equal(append(f, l, 1100), 0);
    assert_int_equal(open_all(f, 1150), 3);
    t = fixture_begin(f, false);
    assert_int_equal(find_one(t, 1009), UINT64_MAX);
    assert_int_equal(find_one(t, 1003), UINT64_MAX);
    assert_int_equal(find_one(t, 1010), 10);
    t = store_abort(t);
}

static void forgetting_that_was_rolled_back_forgot_nothing(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    struct store_txn *t;

    assert_int_equal(append(f, l, 40), 0);
    t = fixture_begin(f, true);
    assert_int_equal(ledger_forget(t, 3), 0);
    assert_int_equal(ledger_forget(t, 39), 0);
    t = store_abort(t);
    assert_int_equal(append(f, l, 1), 0);
    assert_int_equal(open_all(f, 41), 0);
}

static int choose_third(void *ctx, uint64_t leaf, uint8_t class)
{
    int *fail = ctx;

    (void)class;
    return leaf == 100 && *fail ? *fail : leaf % 3 == 0;
}

static void forgetting_many_asks_of_each_leaf_of_one_block_once(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    struct store_txn *t;
    uint64_t next = 0;
    int fail = 0;

    assert_int_equal(append(f, l, 1060), 0);
    t = fixture_begin(f, true);
    assert_int_equal(ledger_forget_in(t, 30, 61, choose_third, &fail, &next), 11); /* 30 to 60 */
    assert_int_equal(next, 61);
    assert_int_equal(ledger_forget_in(t, 30, 62, choose_third, &fail, &next), 0);
    assert_int_equal(ledger_forget_in(t, 0, UINT64_MAX, choose_third, &fail, &next), 342 - 11);
    assert_int_equal(next, 1024);
    assert_int_equal(ledger_forget_in(t, 1024, UINT64_MAX, choose_third, &fail, &next), 10);
    assert_int_equal(next, 1056);
    assert_int_equal(ledger_forget_in(t, 1056, UINT64_MAX, choose_third, &fail, &next), 2);
    assert_int_equal(next, 1060);
    assert_int_equal(ledger_forget_in(t, 1060, UINT64_MAX, choose_third, &fail, &next), -ENOENT);
    assert_int_equal(store_commit(t), 0);
    assert_int_equal(open_all(f, 1060), 354);
    fail = -ECANCELED;
    t = fixture_begin(f, true);
    assert_int_equal(ledger_forget_in(t, 64, UINT64_MAX, choose_third, &fail, &next),
                     -ECANCELED);
    assert_int_equal(next, 64);
    t = store_abort(t);
    assert_int_equal(append(f, l, 1), 0);
}

/* --- Killed. --- */

struct killer {
    int countdown; /* steps until the end */
};

static int kill_at(void *ctx, enum store_step step)
{
    struct killer *k = ctx;

    (void)step;
    if (--k->countdown == 0)
        _exit(99); /* nothing is tidied up, as after a kill */
    return 0;
}

/* Appends past the merge of 1,024 in one batch; ends at the given step. Return: whether it got to
 * the end. */
static bool append_killed_at(struct fixture *f, int step)
{
    struct killer k = { .countdown = step };
    int status;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        struct store *s = NULL;
        struct ledger *l = NULL;
        struct store_txn *t = NULL;

        if (store_open(&f->options, &s) || ledger_open(s, &l))
            _exit(1);
        store_fault_hook(s, kill_at, &k);
        if (store_begin(s, true, &t))
            _exit(2);
        append_in(l, t, 4);
        _exit(store_commit(t) ? 3 : 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_true(WEXITSTATUS(status) == 99 || WEXITSTATUS(status) == 0);
    return WEXITSTATUS(status) == 0;
}

static void merge_that_is_killed_at_any_step_is_done_wholly_or_not_at_all(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    int step = 0;

    assert_int_equal(append(f, l, 1022), 0);
    do {
        bool done;

        l = ledger_close(l);
        f->store = store_close(f->store);
        done = append_killed_at(f, ++step);
        fixture_open(f);
        l = open_ledger(f);
        assert_int_equal(ledger_size(l), done ? 1026 : 1022);
        if (step % 20 == 1 || done)
            assert_int_equal(open_all(f, ledger_size(l)), 0);
    } while (ledger_size(l) == 1022);
    assert_true(step > 64); /* at least 32 blocks were read and deleted */
    assert_int_equal(append(f, l, 10), 0);
    assert_int_equal(open_all(f, 1036), 0);
}

static void merge_that_fails_at_any_step_rolls_back(void **state)
{
    static const enum store_step kinds[] = { STORE_STEP_GET, STORE_STEP_PUT, STORE_STEP_DEL,
                                             STORE_STEP_COMMIT };
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);

    assert_int_equal(append(f, l, 1023), 0);
    for (size_t i = 0; i < ALM_LEN(kinds); i++) {
        struct fixture_fault full = { .step = kinds[i], .countdown = 1, .error = ENOSPC };

        store_fault_hook(f->store, fixture_fault, &full);
        assert_int_equal(append(f, l, 1), -ENOSPC);
        store_fault_hook(f->store, NULL, NULL);
        assert_int_equal(open_all(f, 1023), 0);
    }
    assert_int_equal(append(f, l, 1), 0);
    assert_int_equal(open_all(f, 1024), 0);
}

/* --- Damaged. --- */

static void block_key_of(uint8_t tier, uint8_t number, uint8_t out[static 9])
{
    memset(out, 0, 9);
    out[0] = tier;
    out[8] = number;
}

static void log_whose_blocks_of_keys_are_gone_short_or_too_many_is_not_opened(void **state)
{
    static const struct {
        uint8_t tier, number;
        bool put;
    } bad[] = { { 0, 33, false }, { 1, 0, false }, { 0, 34, true }, { 1, 1, true } };
    struct fixture *f = *state;
    struct ledger *l = open_ledger(f);

    assert_int_equal(append(f, l, 1060), 0); /* small 32 and 33, and big 0 */
    l = ledger_close(l);
    for (size_t i = 0; i < ALM_LEN(bad); i++) {
        ALM_CLEANUP(buf_deinit) struct buf was = { 0 };
        uint8_t key[9], of[9];
        struct store_txn *t = fixture_begin(f, true);

        block_key_of(bad[i].tier, bad[i].number, key);
        block_key_of(0, 33, of);
        buf_init(&was, 1 << 20);
        assert_int_equal(store_get(t, TABLE_LEAF_KEYS, bytes_of(bad[i].put ? of : key, 9), &was), 0);
        if (bad[i].put)
            store_put(t, TABLE_LEAF_KEYS, bytes_of(key, 9), buf_view(&was));
        else
            store_del(t, TABLE_LEAF_KEYS, bytes_of(key, 9));
        assert_int_equal(store_commit(t), 0);
        assert_int_equal(ledger_open(f->store, &l), -EBADMSG);
        t = fixture_begin(f, true);
        if (bad[i].put)
            store_del(t, TABLE_LEAF_KEYS, bytes_of(key, 9));
        else
            store_put(t, TABLE_LEAF_KEYS, bytes_of(key, 9), buf_view(&was));
        assert_int_equal(store_commit(t), 0);
        l = open_ledger(f);
        l = ledger_close(l);
    }
}

static void block_that_is_cut_short_or_of_another_layout_is_damage(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(buf_deinit) struct buf was = { 0 };
    struct ledger *l = open_ledger(f);
    uint8_t key[9];
    struct store_txn *t;

    assert_int_equal(append(f, l, 20), 0);
    l = ledger_close(l);
    block_key_of(0, 0, key);
    buf_init(&was, 1 << 20);
    t = fixture_begin(f, false);
    assert_int_equal(store_get(t, TABLE_LEAF_KEYS, bytes_of(key, 9), &was), 0);
    t = store_abort(t);
    for (size_t len = 0; len < was.len; len += 7) {
        t = fixture_begin(f, true);
        store_put(t, TABLE_LEAF_KEYS, bytes_of(key, 9), bytes_of(was.data, len));
        assert_int_equal(store_commit(t), 0);
        assert_int_equal(ledger_open(f->store, &l), -EBADMSG);
    }
    was.data[0] = 2;
    t = fixture_begin(f, true);
    store_put(t, TABLE_LEAF_KEYS, bytes_of(key, 9), buf_view(&was));
    assert_int_equal(store_commit(t), 0);
    assert_int_equal(ledger_open(f->store, &l), -EBADMSG);
}

static void search_and_forgetting_meet_a_missing_block_as_damage(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    uint8_t key[9];
    struct store_txn *t;
    struct seen s = { 0 };
    struct opened o = { 0 };
    uint64_t next = 0, tag = 1040;

    assert_int_equal(append(f, l, 1090), 0);
    t = fixture_begin(f, true);
    block_key_of(0, 32, key);
    store_del(t, TABLE_LEAF_KEYS, bytes_of(key, 9));
    assert_int_equal(store_commit(t), 0);
    t = fixture_begin(f, true);
    assert_int_equal(ledger_find(t, &tag, 1, &next, UINT64_MAX, 10, see, &s), -EBADMSG);
    assert_int_equal(next, 1024);
    assert_int_equal(ledger_forget(t, 1030), -ENOENT);
    o.t = t;
    assert_int_equal(ledger_each(t, 1030, 1031, open_one, &o), 0);
    assert_int_equal(o.failed, -EBADMSG);
    t = store_abort(t);
}

#define KEYS_TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        KEYS_TEST(keys_of_every_record_open_it_wherever_blocks_end),
        KEYS_TEST(keys_appended_one_in_a_batch_are_as_those_of_one_batch),
        KEYS_TEST(search_gives_every_leaf_with_a_tag_in_order_and_no_other),
        KEYS_TEST(search_in_steps_of_any_size_finds_the_same),
        KEYS_TEST(search_stops_where_told_and_goes_on_behind),
        KEYS_TEST(search_sees_what_its_own_transaction_has_appended),
        KEYS_TEST(class_is_the_events_unless_the_writer_says_another),
        cmocka_unit_test(every_event_and_class_has_its_word_and_every_event_a_class),
        KEYS_TEST(append_with_too_many_tags_or_no_known_class_is_refused),
        KEYS_TEST(tags_of_different_things_differ_and_of_the_same_agree),
        KEYS_TEST(tags_of_a_set_are_of_kinds_that_find_and_are_not_counted_twice),
        KEYS_TEST(appends_that_were_rolled_back_leave_the_keys_of_the_others),
        KEYS_TEST(forgotten_record_opens_no_more_and_is_not_found_and_the_others_are),
        KEYS_TEST(forgetting_in_the_open_block_holds_for_what_is_appended_after),
        KEYS_TEST(forgetting_that_was_rolled_back_forgot_nothing),
        KEYS_TEST(forgetting_many_asks_of_each_leaf_of_one_block_once),
        KEYS_TEST(merge_that_is_killed_at_any_step_is_done_wholly_or_not_at_all),
        KEYS_TEST(merge_that_fails_at_any_step_rolls_back),
        KEYS_TEST(log_whose_blocks_of_keys_are_gone_short_or_too_many_is_not_opened),
        KEYS_TEST(block_that_is_cut_short_or_of_another_layout_is_damage),
        KEYS_TEST(search_and_forgetting_meet_a_missing_block_as_damage),
    };

    return cmocka_run_group_tests_name("ledger_keys", tests, NULL, NULL);
}
