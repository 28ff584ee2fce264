/* SPDX-License-Identifier: Apache-2.0 */
/* test_tokens.c - what a policy says of match tokens and of desks: text with one thing wrong each, what
 * is read of good text, and bytes that say what no text may. */
#include "engine/layout.h"
#include "engine/tokens.h"
#include "good_text.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define KEY  "d8a1000000000000000000000000000000000000000000000000000000000007"
#define GOOD                                                                                       \
    "tokens = { keyholder = \"outsider\"; epochs = (\n"                                            \
    "  { scheme = \"oblivious\"; epoch = 2; state = \"next\"; public_key = \"" KEY "\"; },\n"      \
    "  { scheme = \"hmac\"; epoch = 1; state = \"current\"; },\n"                                  \
    "  { scheme = \"hmac\"; epoch = 7; state = \"previous\"; } ); };\n"

static int set_up(void **state)
{
    const struct bad desk = { "desk", "id = \"outsider\"; ", "id = \"outsider\"; desk_hours = 24; ",
                              NULL, NULL };

    (void)state;
    return good_text(&desk, GOOD);
}

/* clang-format off: a table, one row a line */
static const struct bad bad[] = {
    { "an unknown key", "keyholder = ", "key_holder = ", "unknown key key_holder", "key_holder" },
    { "an unknown key of an epoch", "epoch = 7; ", "epoch = 7; note = \"x\"; ", "unknown key note", "epoch = 7" },
    { "a keyholder that is no agency", "keyholder = \"outsider\"", "keyholder = \"nobody\"", "unknown agency \"nobody\"", "nobody" },
    { "no keyholder", "keyholder = \"outsider\"; ", "", "keyholder is missing", "tokens = " },
    { "a keyholder of a hash", "scheme = \"oblivious\"; epoch = 2; state = \"next\"; public_key = \"" KEY "\"", "scheme = \"hmac\"; epoch = 2; state = \"next\"", "keyholder is for the scheme", "tokens = " },
    { "no epochs", "epochs = (", "epoch = (", "epochs is missing", "tokens = " },
    { "an epoch that is a word", "{ scheme = \"hmac\"; epoch = 7; state = \"previous\"; }", "\"hmac\"", "an epoch is written as", NULL },
    { "nothing current", "state = \"current\"", "state = \"previous\"", "no epoch is \"current\"", NULL },
    { "two current", "state = \"previous\"", "state = \"current\"", "two epochs are \"current\"", "epoch = 7" },
    { "two next", "state = \"previous\"", "state = \"next\"", "two epochs are \"next\"", "epoch = 7" },
    { "an unknown state", "state = \"previous\"", "state = \"past\"", "state must be one of \"current\", \"next\", \"previous\"", "state = \"past\"" },
    { "no state", " state = \"previous\";", "", "state must be one of", "epoch = 7" },
    { "an unknown scheme", "\"oblivious\"", "\"blind\"", "scheme must be one of \"hmac\", \"oblivious\"", "blind" },
    { "an epoch twice", "epoch = 7", "epoch = 1", "epoch 1 of scheme \"hmac\" is listed twice", "previous" },
    { "epoch zero", "epoch = 7", "epoch = 0", "epoch", "epoch = 0" },
    { "an epoch past its bits", "epoch = 7", "epoch = 65536", "epoch", "65536" },
    { "no public key", " public_key = \"" KEY "\";", "", "public_key is missing", "oblivious" },
    { "a short public key", "public_key = \"d8", "public_key = \"", "public_key must be 64 digits", "oblivious" },
    { "a long public key", "public_key = \"d8", "public_key = \"d8d8", "public_key must be 64 digits", "oblivious" },
    { "a public key in capitals", "public_key = \"d8", "public_key = \"D8", "public_key must be 64 digits", "oblivious" },
    { "a public key that is no number", "public_key = \"d8", "public_key = \"x8", "public_key must be 64 digits", "oblivious" },
    { "a public key of zeroes", KEY, "0000000000000000000000000000000000000000000000000000000000000000", "not all 0", "oblivious" },
    { "a hash with a public key", "epoch = 7;", "epoch = 7; public_key = \"" KEY "\";", "public_key is for the scheme", "epoch = 7" },
    { "tokens that are a list", "tokens = {", "tokens = [ ];\nlimits = {", "tokens is a group", "tokens = [" },
    { "a desk of a minute less than nothing", "desk_hours = 24", "desk_hours = -1", "desk_hours", "desk_hours = -1" },
    { "a desk that takes longer than a week", "desk_hours = 24", "desk_hours = 169", "desk_hours", "desk_hours = 169" },
    { "a desk in words", "desk_hours = 24", "desk_hours = \"24\"", "desk_hours", "desk_hours = " },
};

/* clang-format on */
static void each_bad_text_of_tokens_and_desks_shows_its_error(void **state)
{
    (void)state;
    expect_errors(good, bad, ALM_LEN(bad));
}

static void what_is_written_is_what_is_read(void **state)
{
    struct bundle *b = bundle_of(good);
    const struct policy_tokens *t = bundle_tokens(b);
    const struct policy_epoch *next = bundle_epoch_in(b, POLICY_EPOCH_NEXT);

    (void)state;
    assert_string_equal(bundle_agency_at(b, t->keyholder)->id, "outsider");
    assert_int_equal(bundle_agency_at(b, t->keyholder)->desk_hours, 24);
    assert_int_equal(bundle_agency_at(b, bundle_agency(b, "council"))->desk_hours, 0);
    assert_int_equal(t->n, 3);
    assert_int_equal(bundle_epoch_in(b, POLICY_EPOCH_CURRENT)->epoch, 1);
    assert_int_equal(bundle_epoch_in(b, POLICY_EPOCH_PREVIOUS)->epoch, 7);
    assert_int_equal(next->epoch, 2);
    assert_int_equal(next->scheme, POLICY_OBLIVIOUS);
    assert_int_equal(next->public_key[0], 0xd8);
    assert_int_equal(next->public_key[31], 7);
    assert_ptr_equal(bundle_epoch(b, POLICY_OBLIVIOUS, 2), next);
    assert_null(bundle_epoch(b, POLICY_HMAC, 2));
    assert_null(bundle_epoch(b, POLICY_OBLIVIOUS, 1));
    bundle_free(b);
}

static void the_order_of_epochs_in_the_text_changes_nothing(void **state)
{
    const struct bad swap = {
        "swapped",
        "  { scheme = \"hmac\"; epoch = 1; state = \"current\"; },\n"
        "  { scheme = \"hmac\"; epoch = 7; state = \"previous\"; } ); };\n",
        "  { scheme = \"hmac\"; epoch = 7; state = \"previous\"; },\n"
        "  { scheme = \"hmac\"; epoch = 1; state = \"current\"; } ); };\n",
        NULL, NULL
    };
    char *other = bad_text(good, &swap);
    struct bundle *a = bundle_of(good), *b = bundle_of(other);

    (void)state;
    assert_memory_equal(bundle_hash(a), bundle_hash(b), POLICY_HASH_LEN);
    bundle_free(a);
    bundle_free(b);
    free(other);
}

static void assert_usual(const struct bundle *b)
{
    assert_int_equal(bundle_tokens(b)->n, 1);
    assert_int_equal(bundle_tokens(b)->keyholder, POLICY_NONE);
    assert_non_null(bundle_epoch(b, POLICY_HMAC, 1));
    assert_int_equal(bundle_epoch(b, POLICY_HMAC, 1)->state, POLICY_EPOCH_CURRENT);
    assert_null(bundle_epoch_in(b, POLICY_EPOCH_NEXT));
    for (uint16_t a = 0; a < bundle_n_agencies(b); a++)
        assert_int_equal(bundle_agency_at(b, a)->desk_hours, 0);
}

static void a_policy_that_says_nothing_hashes_with_epoch_1(void **state)
{
    (void)state;
    small_means(assert_usual);
}

static void a_bundle_of_version_5_is_read_and_hashes_with_epoch_1(void **state)
{
    struct bundle *b = old_bundle_read(ALM_BUNDLE_V5, 5);

    (void)state;
    assert_usual(b);
    bundle_free(b);
}

/* --- bytes, which come from a database --- */

static int decoded(const struct policy_tokens *t)
{
    struct layout l;

    draft_layout(&l);
    l.tokens = *t;
    return decoded_layout(&l);
}

static struct policy_tokens sound(void)
{
    return (struct policy_tokens){
        .keyholder = 1,
        .n = 3,
        .epochs = { { POLICY_HMAC, POLICY_EPOCH_CURRENT, 1, { 0 } },
                    { POLICY_OBLIVIOUS, POLICY_EPOCH_NEXT, 1, { 1 } },
                    { POLICY_OBLIVIOUS, POLICY_EPOCH_PREVIOUS, UINT16_MAX, { 2 } } }
    };
}

static void bytes_that_say_what_no_text_may_are_refused(void **state)
{
    struct policy_tokens t = sound();

    (void)state;
    assert_int_equal(decoded(&t), 0);
#define BAD(change)                                                                                \
    do {                                                                                           \
        t = sound();                                                                               \
        change;                                                                                    \
        if (decoded(&t) != -EBADMSG)                                                               \
            fail_msg("%s", #change);                                                               \
    } while (0)
    BAD(t.keyholder = 2);
    BAD(t.keyholder = POLICY_NONE);
    BAD(t.epochs[0].state = POLICY_EPOCH_NEXT);
    BAD(t.epochs[0].state = 0);
    BAD(t.epochs[0].state = POLICY_EPOCH_PREVIOUS + 1);
    BAD(t.epochs[0].scheme = 0);
    BAD(t.epochs[0].scheme = POLICY_OBLIVIOUS + 1);
    BAD(t.epochs[0].epoch = 0);
    BAD(t.epochs[0].public_key[31] = 1);
    BAD(t.epochs[1].public_key[0] = 0);
    BAD(t.epochs[2].epoch = 1);
    BAD(t.epochs[1].state = POLICY_EPOCH_CURRENT);
    BAD((t.epochs[1] = t.epochs[0], t.epochs[1].state = POLICY_EPOCH_NEXT));
    BAD(t.epochs[2].state = POLICY_EPOCH_NEXT);
    BAD((t.n = 1, t.epochs[0].state = POLICY_EPOCH_PREVIOUS));
#undef BAD
}

static void a_desk_of_the_bytes_keeps_to_a_week(void **state)
{
    struct layout l = { .id = "draft", .name = "Draft", .country = "england", .n_sectors = 1 };
    struct lay_agency a = { .id = "a", .name = "A", .controller = "", .contact = "",
                            .regime = REGIME_UKGDPR };

    (void)state;
    l.sectors[0] = "sector";
    l.agencies = &a;
    l.n_agencies = 1;
    for (uint16_t hours = POLICY_DESK_HOURS_MOST; hours <= POLICY_DESK_HOURS_MOST + 1; hours++) {
        ALM_CLEANUP(buf_deinit) struct buf bytes = { 0 };
        struct bundle *b = NULL;

        a.desk_hours = hours;
        buf_init(&bytes, LAYOUT_BUNDLE_MAX);
        assert_int_equal(layout_encode(&l, &bytes), 0);
        assert_int_equal(bundle_decode(buf_view(&bytes), &b),
                         hours > POLICY_DESK_HOURS_MOST ? -EBADMSG : 0);
        bundle_free(b);
    }
}

static void bytes_cut_short_in_the_tokens_are_refused(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf bytes = { 0 };
    ALM_CLEANUP(conf_errors_freep) struct conf_errors *e = NULL;
    struct bundle *b = NULL;

    (void)state;
    buf_init(&bytes, 1 << 20);
    assert_int_equal(conf_errors_new(&e), 0);
    assert_int_equal(compile_text(good, e, &bytes), 0);
    for (size_t cut = 1; cut <= 3 * 36 + 3; cut++)
        assert_int_equal(bundle_decode(bytes_of(bytes.data, bytes.len - cut), &b), -EBADMSG);
    buf_put_u8(&bytes, 0);
    assert_int_equal(bundle_decode(buf_view(&bytes), &b), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_bad_text_of_tokens_and_desks_shows_its_error),
        cmocka_unit_test(what_is_written_is_what_is_read),
        cmocka_unit_test(the_order_of_epochs_in_the_text_changes_nothing),
        cmocka_unit_test(a_policy_that_says_nothing_hashes_with_epoch_1),
        cmocka_unit_test(a_bundle_of_version_5_is_read_and_hashes_with_epoch_1),
        cmocka_unit_test(bytes_that_say_what_no_text_may_are_refused),
        cmocka_unit_test(a_desk_of_the_bytes_keeps_to_a_week),
        cmocka_unit_test(bytes_cut_short_in_the_tokens_are_refused),
    };

    return cmocka_run_group_tests_name("tokens", tests, set_up, good_text_free);
}
