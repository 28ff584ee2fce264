/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_sealing.c - sealing keys as they are announced, changed, handed on and sealed to. */
#include "referral_town.h"

static struct msg *key_msg(struct town *t, uint8_t key, uint8_t previous)
{
    struct msg *m = town_msg(t, MSG_SEALING_KEY);

    memset(m->sealing_key.key, key, sizeof(m->sealing_key.key));
    m->sealing_key.has_previous = previous != 0;
    memset(m->sealing_key.previous, previous, sizeof(m->sealing_key.previous));
    m->sealing_key.from = t->core->day;
    return m;
}

static const struct msg_sealing_keys *keys_of(struct town *t, enum town_agency asker,
                                              const char *agency)
{
    struct msg *m = town_msg(t, MSG_SEALING_KEY_QUERY);

    (void)snprintf(m->sealing_key_query.agency, sizeof(name_t), "%s", agency);
    assert_string_equal(says(t, asker, m), "");
    assert_int_equal(town_heard(t, asker, MSG_SEALING_KEYS), 1);
    return &t->msg.sealing_keys;
}

static const char *refers_sealed_to(struct town *t, uint8_t key)
{
    static const uint8_t body[] = "what was said in confidence";
    struct msg *m = referral_msg(t, TOWN_CHARITY, REFERRAL_SOFT);

    m->referral.sealed = bytes_of(body, sizeof(body));
    memset(m->referral.sealed_to, key, sizeof(m->referral.sealed_to));
    return says(t, TOWN_SCHOOL, m);
}

static void a_key_is_handed_on_as_it_was_signed_so_that_peers_verify_it_themselves(void **state)
{
    struct town *t = *state;
    const struct msg_sealing_keys *k;
    struct ledger_clear leaf;
    struct msg inner;

    assert_string_equal(says(t, TOWN_CHARITY, key_msg(t, 7, 0)), "");
    k = keys_of(t, TOWN_SCHOOL, "charity");
    assert_int_equal(k->n, 1);
    assert_memory_equal(
        k->sign_key,
        t->core->agencies.slots[agencies_find(&t->core->agencies, "charity")].reg.sign[0], 32);
    struct wire_envelope e = { .body = k->keys[0].body,
                               .signature = bytes_of(k->keys[0].signature, 64) };
    assert_int_equal(wire_verify(&e, &t->core->set.wire, k->sign_key), 0);
    assert_int_equal(wire_decode(e.body, &inner), WIRE_OK);
    assert_string_equal(inner.sender, "charity");
    assert_int_equal(inner.sealing_key.key[0], 7);
    assert_int_equal(town_leaves(t, EVENT_SEALING_KEY, &leaf), 1);
    assert_string_equal(leaf.agency, "charity");
    assert_non_null(strstr(leaf.detail, "sha256="));
    assert_int_equal(keys_of(t, TOWN_SCHOOL, "police")->n, 0);
    struct msg *m = town_msg(t, MSG_SEALING_KEY_QUERY);

    (void)snprintf(m->sealing_key_query.agency, sizeof(name_t), "circus");
    assert_string_equal(says(t, TOWN_SCHOOL, m), "unknown-receiver");
}

static void a_change_names_the_key_that_it_takes_over_from(void **state)
{
    struct town *t = *state;
    struct msg *m;

    assert_string_equal(says(t, TOWN_CHARITY, key_msg(t, 7, 3)),
                        "not-the-previous-key"); /* the first */
    assert_string_equal(says(t, TOWN_CHARITY, key_msg(t, 7, 0)), "");
    assert_string_equal(says(t, TOWN_CHARITY, key_msg(t, 8, 0)), "not-the-previous-key");
    assert_string_equal(says(t, TOWN_CHARITY, key_msg(t, 8, 6)), "not-the-previous-key");
    m = key_msg(t, 8, 7);
    m->sealing_key.from = TOWN_DAY - 40;
    assert_string_equal(says(t, TOWN_CHARITY, m), "bad-dates");
    m = key_msg(t, 8, 7);
    m->sealing_key.from = TOWN_DAY + 400;
    assert_string_equal(says(t, TOWN_CHARITY, m), "bad-dates");
    assert_int_equal(keys_of(t, TOWN_SCHOOL, "charity")->n, 1);
    assert_string_equal(says(t, TOWN_CHARITY, key_msg(t, 8, 7)), "");
    assert_int_equal(keys_of(t, TOWN_SCHOOL, "charity")->n, 2);
    assert_int_equal(town_leaves(t, EVENT_SEALING_KEY, NULL), 2);
}

static void a_long_chain_is_handed_on_from_its_newest_end(void **state)
{
    struct town *t = *state;
    const struct msg_sealing_keys *k;
    struct msg inner;

    for (uint8_t i = 1; i <= SEALING_KEYS_MAX + 3; i++)
        assert_string_equal(says(t, TOWN_CHARITY, key_msg(t, i, (uint8_t)(i - 1))), "");
    k = keys_of(t, TOWN_SCHOOL, "charity");
    assert_int_equal(k->n, SEALING_KEYS_MAX);
    assert_int_equal(wire_decode(k->keys[SEALING_KEYS_MAX - 1].body, &inner), WIRE_OK);
    assert_int_equal(inner.sealing_key.key[0], SEALING_KEYS_MAX + 3);
}

static void a_text_goes_only_to_a_key_that_the_receiver_has_announced(void **state)
{
    struct town *t = *state;

    assert_string_equal(refers_sealed_to(t, 7), "unannounced-key");
    assert_string_equal(says(t, TOWN_POLICE, key_msg(t, 7, 0)), "");
    assert_string_equal(refers_sealed_to(t, 7), "unannounced-key"); /* another's */
    assert_string_equal(says(t, TOWN_CHARITY, key_msg(t, 9, 0)), "");
    assert_string_equal(refers_sealed_to(t, 9), "");
    assert_int_equal(delivered(t, TOWN_CHARITY, DELIVERY_REFERRAL), 1);
    assert_string_equal((const char *)t->msg.deliver.referral.sealed.data,
                        "what was said in confidence");
    assert_false(town_log_holds(t, bytes_str("what was said in confidence")));
}

static void a_key_serves_from_its_day_until_a_month_after_its_successors(void **state)
{
    struct town *t = *state;
    struct msg *m;

    assert_string_equal(says(t, TOWN_CHARITY, key_msg(t, 7, 0)), "");
    m = key_msg(t, 8, 7);
    m->sealing_key.from = TOWN_DAY + 5;
    assert_string_equal(says(t, TOWN_CHARITY, m), "");
    assert_string_equal(refers_sealed_to(t, 8), "unannounced-key"); /* not yet */
    assert_string_equal(refers_sealed_to(t, 7), "");
    day_passes(t, 35);
    assert_string_equal(refers_sealed_to(t, 8), "");
    assert_string_equal(refers_sealed_to(t, 7), "");
    day_passes(t, 1);
    assert_string_equal(refers_sealed_to(t, 7), "unannounced-key");
}

static void peers_with_something_running_hear_of_a_change(void **state)
{
    struct town *t = *state;

    assert_string_equal(says(t, TOWN_CHARITY, key_msg(t, 7, 0)), "");
    (void)referred(t);
    assert_string_equal(says(t, TOWN_CHARITY, key_msg(t, 8, 7)), "");
    assert_int_equal(delivered(t, TOWN_SCHOOL, DELIVERY_NOTICE), 1);
    assert_int_equal(t->msg.deliver.notice.kind, NOTICE_KEY_CHANGED);
    assert_string_equal(t->msg.deliver.notice.agency, "charity");
    assert_int_equal(delivered(t, TOWN_POLICE, DELIVERY_NOTICE), 0);
    assert_int_equal(delivered(t, TOWN_CHARITY, DELIVERY_NOTICE), 0);
}

static void keys_outlive_the_core(void **state)
{
    struct town *t = *state;

    assert_string_equal(says(t, TOWN_CHARITY, key_msg(t, 7, 0)), "");
    town_reopen(t);
    assert_int_equal(keys_of(t, TOWN_SCHOOL, "charity")->n, 1);
    assert_string_equal(refers_sealed_to(t, 7), "");
}

static void answers_to_the_sender_are_sealed_to_the_senders_key(void **state)
{
    static const uint8_t body[] = "we have room";
    struct town *t = *state;
    struct id id = referred(t);
    struct msg *m;

    assert_string_equal(says(t, TOWN_CHARITY, key_msg(t, 7, 0)), "");
    assert_string_equal(says(t, TOWN_SCHOOL, key_msg(t, 9, 0)), "");
    m = step_msg(t, id, STEP_ACCEPTED);
    m->referral_update.sealed = bytes_of(body, sizeof(body));
    memset(m->referral_update.sealed_to, 7, 32);
    assert_string_equal(says(t, TOWN_CHARITY, m),
                        "unannounced-key"); /* its own is not the sender's */
    m = step_msg(t, id, STEP_ACCEPTED);
    m->referral_update.sealed = bytes_of(body, sizeof(body));
    memset(m->referral_update.sealed_to, 9, 32);
    assert_string_equal(says(t, TOWN_CHARITY, m), "");
    assert_int_equal(delivered(t, TOWN_SCHOOL, DELIVERY_REFERRAL_UPDATE), 1);
    assert_int_equal(t->msg.deliver.update.sealed.len, sizeof(body));
}

static void a_redirected_text_is_sealed_anew_to_the_next_and_not_shown_to_the_sender(void **state)
{
    static const uint8_t body[] = "as it was told us";
    struct town *t = *state;
    struct id id = referred(t);
    struct msg *m;

    assert_string_equal(says(t, TOWN_COUNCIL, key_msg(t, 5, 0)), "");
    m = step_msg(t, id, STEP_REDIRECTED);
    (void)snprintf(m->referral_update.redirect_to, sizeof(name_t), "council");
    m->referral_update.sealed = bytes_of(body, sizeof(body));
    memset(m->referral_update.sealed_to, 6, 32);
    assert_string_equal(says(t, TOWN_CHARITY, m), "unannounced-key");
    m = step_msg(t, id, STEP_REDIRECTED);
    (void)snprintf(m->referral_update.redirect_to, sizeof(name_t), "council");
    m->referral_update.sealed = bytes_of(body, sizeof(body));
    memset(m->referral_update.sealed_to, 5, 32);
    assert_string_equal(says(t, TOWN_CHARITY, m), "");
    assert_int_equal(delivered(t, TOWN_COUNCIL, DELIVERY_REFERRAL), 1);
    assert_int_equal(t->msg.deliver.referral.sealed.len, sizeof(body));
    assert_int_equal(delivered(t, TOWN_SCHOOL, DELIVERY_REFERRAL_UPDATE), 1);
    assert_int_equal(t->msg.deliver.update.sealed.len, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, town_setup, town_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_key_is_handed_on_as_it_was_signed_so_that_peers_verify_it_themselves),
        TEST(a_change_names_the_key_that_it_takes_over_from),
        TEST(a_long_chain_is_handed_on_from_its_newest_end),
        TEST(a_text_goes_only_to_a_key_that_the_receiver_has_announced),
        TEST(a_key_serves_from_its_day_until_a_month_after_its_successors),
        TEST(peers_with_something_running_hear_of_a_change),
        TEST(keys_outlive_the_core),
        TEST(answers_to_the_sender_are_sealed_to_the_senders_key),
        TEST(a_redirected_text_is_sealed_anew_to_the_next_and_not_shown_to_the_sender),
    };

    return cmocka_run_group_tests_name("core_sealing", tests, NULL, NULL);
}
