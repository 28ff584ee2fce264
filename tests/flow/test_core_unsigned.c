/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_unsigned.c - queries and answers without a signature, where the protocol lets them and
 * where it does not. */
#include "core_town.h"

#include "core_town_policy.h"
#include "engine/layout.h"

#include <stdio.h>
#include <string.h>

static void lets_them(struct layout *l)
{
    l->protocols[0].unsigned_queries = true;
}

static void wants_them_signed(struct layout *l)
{
    l->protocols[0].unsigned_queries = false;
}

static int setup_bare(void **state)
{
    town_policy_more = lets_them;
    return town_setup(state);
}

static int setup_signed(void **state)
{
    town_policy_more = wants_them_signed;
    return town_setup(state);
}

/* As town_say(), without a signature. */
static void say_bare(struct town *t, enum town_agency from, struct msg *m)
{
    (void)snprintf(m->sender, sizeof(m->sender), "%s", town_names[from]);
    m->sent_ms = town_wall;
    if (id_is_zero(&m->id))
        assert_int_equal(id_new(town_wall, &m->id), 0);
    town_say_frame(t, from == TOWN_SCHOOL || from == TOWN_NURSERY, from, town_sign(t, m, NULL));
}

static struct msg *asking(struct town *t)
{
    return town_insight(t, "safeguarding", "plan", TOWN_TESS);
}

/* The council's own plan, asked for by the police. */
static void answer_bare(struct town *t, const char *by)
{
    struct id question;
    struct msg *m;

    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_QUESTION), 1);
    question = t->msg.id;
    m = town_msg(t, MSG_ANSWER);
    m->in_reply_to = question;
    m->answer.value = ANSWER_YES;
    m->answer.data_as_of = t->core->day;
    m->answer.since = CIVIL_NONE;
    (void)snprintf(m->answer.by, sizeof(m->answer.by), "%s", by);
    m->answer.by_ms = by[0] ? town_wall : 0;
    say_bare(t, TOWN_COUNCIL, m);
    town_turn(t);
}

static void a_bare_query_is_refused_unless_the_protocol_lets_it(void **state)
{
    struct town *t = *state;

    say_bare(t, TOWN_POLICE, asking(t));
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_POLICE), "unsigned");
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_QUESTION), 0);
    assert_int_equal(town_leaves(t, EVENT_DECIDED, NULL), 0);
}

static void where_the_protocol_lets_it_a_bare_query_is_answered(void **state)
{
    struct town *t = *state;

    say_bare(t, TOWN_POLICE, asking(t));
    town_turn(t);
    answer_bare(t, "");
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_INSIGHT), 1);
    assert_int_equal(t->msg.insight.value, INSIGHT_YES);
    assert_int_equal(town_leaves(t, EVENT_DISCLOSED, NULL), 1);
}

static void a_bare_answer_to_a_query_that_must_be_signed_is_refused(void **state)
{
    struct town *t = *state;

    town_say(t, TOWN_POLICE, asking(t));
    town_turn(t);
    answer_bare(t, "");
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "unsigned");
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_INSIGHT), 0);
}

static void what_somebody_answers_by_hand_is_signed_whatever_the_protocol_says(void **state)
{
    struct town *t = *state;

    town_say(t, TOWN_POLICE, asking(t));
    town_turn(t);
    answer_bare(t, "desk-7");
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "unsigned");
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_INSIGHT), 0);
}

static void a_bare_answer_that_nobody_waits_for_is_a_stray(void **state)
{
    struct town *t = *state;
    struct msg *m = town_msg(t, MSG_ANSWER);

    assert_int_equal(id_new(town_wall, &m->in_reply_to), 0);
    m->answer.value = ANSWER_NO;
    m->answer.data_as_of = t->core->day;
    m->answer.since = CIVIL_NONE;
    say_bare(t, TOWN_COUNCIL, m);
    town_turn(t);
    assert_int_equal(town_leaves(t, EVENT_STRAY_ANSWER, NULL), 1);
}

static void what_is_lodged_is_signed_whatever_the_protocol_says(void **state)
{
    struct town *t = *state;

    say_bare(t, TOWN_COUNCIL, town_consent(t, "early-help", TOWN_TESS));
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "unsigned");
    town_forget(t);
    say_bare(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 3));
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "unsigned");
    assert_int_equal(town_leaves(t, EVENT_CONSENT_LODGED, NULL), 0);
    assert_int_equal(town_leaves(t, EVENT_SHIELD_LODGED, NULL), 0);
}

static void a_signature_that_is_there_must_be_right(void **state)
{
    struct town *t = *state;
    struct msg *m = asking(t);

    (void)snprintf(m->sender, sizeof(m->sender), "%s", town_names[TOWN_POLICE]);
    m->sent_ms = town_wall;
    assert_int_equal(id_new(town_wall, &m->id), 0);
    town_say_frame(t, 0, TOWN_POLICE, town_sign(t, m, &t->keys[TOWN_CHARITY]));
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_POLICE), "unknown-key");
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_QUESTION), 0);
}

static void a_bare_query_for_a_purpose_that_is_none_is_refused(void **state)
{
    struct town *t = *state;
    struct msg *m = asking(t);

    (void)snprintf(m->purpose, sizeof(m->purpose), "curiosity");
    say_bare(t, TOWN_POLICE, m);
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_POLICE), "unsigned");
}

/* Purpose by purpose, as the policy in force has it. */
static void catalogue_says(struct town *t, bool unsigned_queries)
{
    struct msg *m = town_msg(t, MSG_HELLO);

    m->hello = (struct msg_hello){ .version_least = 1, .version_most = 1, .mode = MODE_EXERCISE };
    (void)snprintf(m->hello.software, sizeof(m->hello.software), "test/1");
    town_say(t, TOWN_POLICE, m);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_CATALOGUE), 1);
    assert_true(t->msg.catalogue.n_purposes > 0);
    for (size_t i = 0; i < t->msg.catalogue.n_purposes; i++) {
        const struct msg_catalogue_purpose *p = &t->msg.catalogue.purposes[i];
        uint16_t purpose = bundle_purpose(t->core->bundle, p->id);

        assert_int_equal(p->unsigned_queries, bundle_unsigned_queries(t->core->bundle, purpose));
        if (strcmp(p->id, "safeguarding") == 0)
            assert_int_equal(p->unsigned_queries, unsigned_queries);
    }
}

static void the_catalogue_says_where_queries_may_be_bare(void **state)
{
    catalogue_says(*state, true);
}

static void the_catalogue_says_where_queries_must_be_signed(void **state)
{
    catalogue_says(*state, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_bare_query_is_refused_unless_the_protocol_lets_it, setup_signed,
                                        town_teardown),
        cmocka_unit_test_setup_teardown(where_the_protocol_lets_it_a_bare_query_is_answered, setup_bare,
                                        town_teardown),
        cmocka_unit_test_setup_teardown(a_bare_answer_to_a_query_that_must_be_signed_is_refused, setup_signed,
                                        town_teardown),
        cmocka_unit_test_setup_teardown(what_somebody_answers_by_hand_is_signed_whatever_the_protocol_says,
                                        setup_bare, town_teardown),
        cmocka_unit_test_setup_teardown(a_bare_answer_that_nobody_waits_for_is_a_stray, setup_bare, town_teardown),
        cmocka_unit_test_setup_teardown(what_is_lodged_is_signed_whatever_the_protocol_says, setup_bare,
                                        town_teardown),
        cmocka_unit_test_setup_teardown(a_signature_that_is_there_must_be_right, setup_bare, town_teardown),
        cmocka_unit_test_setup_teardown(the_catalogue_says_where_queries_may_be_bare, setup_bare, town_teardown),
        cmocka_unit_test_setup_teardown(the_catalogue_says_where_queries_must_be_signed, setup_signed,
                                        town_teardown),
        cmocka_unit_test_setup_teardown(a_bare_query_for_a_purpose_that_is_none_is_refused, setup_bare,
                                        town_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
