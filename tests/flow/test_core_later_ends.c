/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_later_ends.c - what happens to a question that people answer by hand when something
 * ends meanwhile, or the core does: DESIGN.md promises 1 to 7, hours later. */
#include "later_town.h"

#include "core/later.h"

/* --- 6: "nothing withdrawn is used" --- */

static struct id asks_with_consent(struct town *t)
{
    struct id q;

    lodges(t, TOWN_COUNCIL, town_consent(t, "early-help", TOWN_TESS));
    asks(t, town_insight(t, "early-help", "arrears", TOWN_TESS));
    q = question_of(t, TOWN_CHARITY);
    deadline_passes(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
    town_forget(t);
    return q;
}

/* Nothing of what was answered, and why, as a Refusal says it. */
static void cannot_say(struct town *t, const char *why)
{
    struct ledger_clear leaf;

    finally(t, INSIGHT_CANNOT_SAY, COMPLETE_NONE);
    assert_string_equal(t->msg.deliver.insight.policy_rule, "");
    assert_non_null(strstr(t->msg.deliver.insight.guidance, "onsent"));
    assert_int_equal(town_leaves(t, EVENT_NOT_DISCLOSED, &leaf), 1);
    assert_string_equal(leaf.reason, why);
    assert_int_equal(leaf.told, TELL_NO_CONSENT_LINE);
}

static void promise_6_a_withdrawal_before_the_late_answer_ends_it(void **state)
{
    struct town *t = *state;
    struct id q = asks_with_consent(t);

    hours_pass(t, 3);
    lodges(t, TOWN_SCHOOL, town_withdraw(t, "early-help", TOWN_TESS));
    answers(t, TOWN_CHARITY, &q, ANSWER_YES);
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_RECEIPT), 1);
    cannot_say(t, "consent-withdrawn");
    assert_int_equal(town_leaves(t, EVENT_DISCLOSED, NULL), 1); /* by the deadline */
}

static void promise_6_a_withdrawal_and_a_refusal_read_alike(void **state)
{
    struct town *t = *state;
    static struct msg withdrawn;
    struct id q = asks_with_consent(t);
    struct msg *m;

    lodges(t, TOWN_SCHOOL, town_withdraw(t, "early-help", TOWN_TESS));
    answers(t, TOWN_CHARITY, &q, ANSWER_YES);
    assert_int_equal(finals(t, DELIVERY_INSIGHT), 1);
    withdrawn = t->msg;
    acknowledged(t);
    m = town_consent(t, "early-help", TOWN_SAM);
    lodges(t, TOWN_COUNCIL, m);
    asks(t, town_insight(t, "early-help", "arrears", TOWN_SAM));
    q = question_of(t, TOWN_CHARITY);
    deadline_passes(t);
    m = town_consent(t, "early-help", TOWN_SAM);
    m->consent.decision = CONSENT_REFUSED;
    m->consent.given_on = TOWN_DAY;
    m->consent.given_ms = town_wall;
    lodges(t, TOWN_SCHOOL, m);
    answers(t, TOWN_CHARITY, &q, ANSWER_NO);
    assert_int_equal(finals(t, DELIVERY_INSIGHT), 1);
    assert_memory_equal(&t->msg.deliver.insight, &withdrawn.deliver.insight,
                        sizeof(withdrawn.deliver.insight));
}

static void promise_6_a_withdrawal_before_the_desk_comes_ends_the_question(void **state)
{
    struct town *t = *state;

    lodges(t, TOWN_COUNCIL, town_consent(t, "early-help", TOWN_TESS));
    falls_silent(t, TOWN_CHARITY);
    asks(t, town_insight(t, "early-help", "arrears", TOWN_TESS));
    town_forget(t);
    lodges(t, TOWN_SCHOOL, town_withdraw(t, "early-help", TOWN_TESS));
    hello(t, TOWN_CHARITY);
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_QUESTION), 0);
    cannot_say(t, "consent-withdrawn");
    acknowledged(t);
    assert_int_equal(kept(t), 0);
}

static void promise_6_a_withdrawal_after_it_was_sent_is_in_what_is_sent_again(void **state)
{
    struct town *t = *state;
    struct id q = asks_with_consent(t), event;

    answers(t, TOWN_CHARITY, &q, ANSWER_YES);
    finally(t, INSIGHT_YES, COMPLETE_ALL);
    event = t->msg.deliver.event;
    town_forget(t);
    lodges(t, TOWN_SCHOOL, town_withdraw(t, "early-help", TOWN_TESS));
    hello(t, TOWN_COUNCIL); /* it had not been acknowledged */
    for (size_t i = 0; i < t->n_heard; i++) {
        static struct msg m;
        struct wire_envelope e;

        assert_int_equal(wire_open(bytes_of(t->heard[i].octets, t->heard[i].len), &e), WIRE_OK);
        assert_int_equal(wire_decode(e.body, &m), WIRE_OK);
        if (m.type != MSG_DELIVER || m.deliver.kind != DELIVERY_INSIGHT)
            continue;
        assert_true(id_equal(&m.deliver.event, &event));
        assert_int_equal(m.deliver.insight.value, INSIGHT_CANNOT_SAY);
    }
    assert_int_equal(town_leaves(t, EVENT_NOT_DISCLOSED, NULL), 1);
}

static void promise_6_who_was_told_later_hears_of_a_withdrawal(void **state)
{
    struct town *t = *state;
    struct id q = asks_with_consent(t);

    answers(t, TOWN_CHARITY, &q, ANSWER_YES);
    acknowledged(t);
    town_forget(t);
    lodges(t, TOWN_SCHOOL, town_withdraw(t, "early-help", TOWN_TESS));
    hello(t, TOWN_COUNCIL);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_DELIVER), 1);
    assert_int_equal(t->msg.deliver.kind, DELIVERY_STOP_USING);
    assert_int_equal(t->msg.deliver.stop.cause, STOP_CONSENT_ENDED);
}

static void promise_6_a_desk_suspended_since_has_said_nothing(void **state)
{
    struct town *t = *state;
    struct id charity, police;

    awaited_of_both(t, &charity, &police);
    answers(t, TOWN_CHARITY, &charity, ANSWER_YES);
    suspends(t, "agency-suspend", TOWN_CHARITY);
    answers(t, TOWN_POLICE, &police, ANSWER_NO);
    assert_int_equal(finals(t, DELIVERY_INSIGHT), 1);
    assert_int_equal(t->msg.deliver.insight.value, INSIGHT_CANNOT_SAY);
}

static void desk_suspended_meanwhile_is_put_nothing_and_its_answer_is_not_taken(void **state)
{
    struct town *t = *state;
    struct id q = awaited(t);

    suspends(t, "agency-suspend", TOWN_CHARITY);
    hello(t, TOWN_CHARITY);
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_QUESTION), 0);
    answers(t, TOWN_CHARITY, &q, ANSWER_YES);
    assert_string_equal(town_refusal(t, TOWN_CHARITY), "agency-suspended");
    assert_int_equal(finals(t, 0), 0);
    suspends(t, "agency-resume", TOWN_CHARITY);
    hours_pass(t, 1);
    q = question_of(t, TOWN_CHARITY); /* it is put again, unasked */
    answers(t, TOWN_CHARITY, &q, ANSWER_YES);
    finally(t, INSIGHT_YES, COMPLETE_ALL);
}

static void promise_6_a_suspended_asker_is_told_nothing(void **state)
{
    struct town *t = *state;
    struct id q = awaited(t);

    suspends(t, "agency-suspend", TOWN_COUNCIL);
    answers(t, TOWN_CHARITY, &q, ANSWER_YES);
    hours_pass(t, 1);
    assert_int_equal(finals(t, 0), 0);
    suspends(t, "agency-resume", TOWN_COUNCIL);
    hello(t, TOWN_COUNCIL);
    finally(t, INSIGHT_YES, COMPLETE_ALL); /* decided then, and nothing had ended for good */
}

static void promise_6_a_practitioner_suspended_since_is_told_nothing(void **state)
{
    static const int one[] = { 0, -1 };
    struct town *t = *state;
    struct ledger_clear leaf;
    struct id q = awaited(t);

    assert_string_equal(town_change(t, "practitioner-suspend",
                                    json_pack("{s:s,s:s,s:s}", "agency", "council", "practitioner",
                                              "worker-7", "reason", "left"),
                                    one),
                        "ok");
    answers(t, TOWN_CHARITY, &q, ANSWER_YES);
    finally(t, INSIGHT_CANNOT_SAY, COMPLETE_NONE);
    assert_int_equal(town_leaves(t, EVENT_NOT_DISCLOSED, &leaf), 1);
    assert_string_equal(leaf.reason, "practitioner-suspended");
}

static void policy_without_the_desk_still_takes_what_was_put_to_it(void **state)
{
    struct town *t = *state;
    struct id q = awaited(t);

    memset(desk_hours, 0, sizeof(desk_hours));
    town_activate(t);
    answers(t, TOWN_CHARITY, &q, ANSWER_YES);
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_RECEIPT), 1);
    finally(t, INSIGHT_YES, COMPLETE_ALL);
}

/* --- a change of key meanwhile --- */

static void change_key(struct town *t, uint16_t current, uint16_t next, uint16_t previous)
{
    desk_epochs[POLICY_EPOCH_CURRENT] = current;
    desk_epochs[POLICY_EPOCH_NEXT] = next;
    desk_epochs[POLICY_EPOCH_PREVIOUS] = previous;
    town_activate(t);
}

static void question_under_the_previous_key_is_answered_while_it_is_asked_under(void **state)
{
    struct town *t = *state;
    struct id q = awaited(t);

    change_key(t, 1, 2, 0);
    change_key(t, 2, 0, 1);
    hello(t, TOWN_CHARITY);
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_QUESTION), 1);
    answers(t, TOWN_CHARITY, &q, ANSWER_YES);
    finally(t, INSIGHT_YES, COMPLETE_ALL);
}

/* Else "not known" of tokens that nobody finds anything by would read as a no. */
static void question_under_a_key_that_is_gone_ends_in_cannot_say(void **state)
{
    struct town *t = *state;
    struct ledger_clear leaf;
    struct id q = awaited(t);

    change_key(t, 1, 2, 0);
    change_key(t, 2, 0, 1);
    change_key(t, 2, 0, 0);
    hello(t, TOWN_CHARITY);
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_QUESTION), 0);
    answers(t, TOWN_CHARITY, &q, ANSWER_NOT_KNOWN);
    finally(t, INSIGHT_CANNOT_SAY, COMPLETE_NONE);
    assert_non_null(strstr(t->msg.deliver.insight.guidance, "Ask again"));
    assert_int_equal(town_leaves(t, EVENT_NOT_DISCLOSED, &leaf), 1);
    assert_string_equal(leaf.reason, "token-epoch");
}

/* --- 2, 6: no crash loses anything, nor answers twice --- */

/* The step after which the core is killed; each process has the store and nothing else. */
static void played_with_a_crash_after(struct town *t, int step)
{
    static struct msg answer;
    struct id q, event;
    int at = 0;

#define STEP()                                                                                     \
    do {                                                                                           \
        if (++at == step) {                                                                        \
            town_reopen(t);                                                                        \
            t->core->heads.signed_ms = town_mono;                                                  \
            for (int a = 0; a < TOWN_N; a++)                                                       \
                town_say(t, (enum town_agency)a, town_lease(t));                                   \
            town_turn(t);                                                                          \
        }                                                                                          \
    } while (0)

    town_forget(t);
    asks_insight(t, "arrears", TOWN_TESS);
    q = question_of(t, TOWN_CHARITY);
    STEP(); /* 1: decided and put, before the deadline: the asker hears nothing of it by then */
    deadline_passes(t);
    STEP(); /* 2 */
    hours_pass(t, 2);
    hello(t, TOWN_CHARITY);
    assert_true(town_heard(t, TOWN_CHARITY, MSG_QUESTION) >= 1);
    assert_true(id_equal(&t->msg.id, &q));
    STEP(); /* 3: put again */
    answer = *answer_msg(t, &q, ANSWER_YES);
    town_say(t, TOWN_CHARITY, &answer);
    town_turn(t);
    STEP(); /* 4: answered, and sent to the asker, which has not acknowledged */
    town_forget(t);
    town_say(t, TOWN_CHARITY, &answer); /* its outbox heard of no receipt */
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_RECEIPT), 1);
    hello(t, TOWN_COUNCIL);
    finally(t, INSIGHT_YES, COMPLETE_ALL);
    event = t->msg.deliver.event;
    STEP(); /* 5 */
    hello(t, TOWN_COUNCIL);
    finally(t, INSIGHT_YES, COMPLETE_ALL);
    assert_true(id_equal(&t->msg.deliver.event, &event));
    acknowledged(t);
    STEP(); /* 6 */
    hello(t, TOWN_COUNCIL);
    assert_int_equal(finals(t, 0), 0);
    assert_int_equal(kept(t), 0);
#undef STEP
}

static void promise_6_a_crash_at_any_point_loses_nothing_and_answers_nobody_twice(void **state)
{
    struct town *t = *state;

    for (int step = 0; step <= 6; step++) {
        played_with_a_crash_after(t, step);
        assert_int_equal(town_leaves(t, EVENT_ANSWERED_BY_HAND, NULL), (size_t)step + 1);
        assert_int_equal(town_leaves(t, EVENT_PUT_TO_DESK, NULL), (size_t)step + 1);
    }
    /* the one that had no reply by its deadline, and one leaf for each final reply */
    assert_int_equal(town_leaves(t, EVENT_DISCLOSED, NULL), 7 + 6);
}

static void promise_6_time_goes_on_while_the_core_is_down(void **state)
{
    struct town *t = *state;

    asks_insight(t, "arrears", TOWN_TESS);
    deadline_passes(t);
    town_wall += 25 * HOUR_MS;
    town_reopen(t);
    t->core->heads.signed_ms = town_mono;
    hello(t, TOWN_COUNCIL);
    finally(t, INSIGHT_CANNOT_SAY, COMPLETE_NONE);
    assert_int_equal(town_leaves(t, EVENT_LAPSED, NULL), 1);
}

static void promise_2_nothing_of_a_late_answer_leaves_before_its_commit(void **state)
{
    struct town *t = *state;
    static struct msg answer;
    struct id q = awaited(t);

    answer = *answer_msg(t, &q, ANSWER_YES);
    store_fault_hook(t->core->store, town_fail_commits, NULL);
    town_say(t, TOWN_CHARITY, &answer);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_RECEIPT), 0);
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_BUSY), 1);
    assert_int_equal(finals(t, 0), 0);
    store_fault_hook(t->core->store, NULL, NULL);
    town_mono += 1001; /* deliveries are held for a second after a batch that failed */
    town_say(t, TOWN_CHARITY, &answer);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_RECEIPT), 1);
    finally(t, INSIGHT_YES, COMPLETE_ALL);
    assert_int_equal(town_leaves(t, EVENT_ANSWERED_BY_HAND, NULL), 1);
}

static void promise_2_a_question_that_is_not_recorded_is_put_to_no_desk(void **state)
{
    struct town *t = *state;

    store_fault_hook(t->core->store, town_fail_commits, NULL);
    asks_insight(t, "arrears", TOWN_TESS);
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_QUESTION), 0);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_BUSY), 1);
    store_fault_hook(t->core->store, NULL, NULL);
    assert_int_equal(kept(t), 0);
    hello(t, TOWN_CHARITY);
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_QUESTION), 0);
}

/* --- 1, 3 --- */

static void promise_1_nothing_is_put_to_a_desk_while_no_head_is_signed(void **state)
{
    struct town *t = *state;

    falls_silent(t, TOWN_CHARITY);
    asks_insight(t, "arrears", TOWN_TESS);
    t->core->heads.signed_ms = town_mono - 121000;
    hello(t, TOWN_CHARITY);
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_QUESTION), 0);
    t->core->heads.signed_ms = town_mono;
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_QUESTION), 1); /* it had not been forgotten */
}

static void promise_3_a_late_answers_leaves_hold_no_tokens(void **state)
{
    struct town *t = *state;
    struct token_set nobody;
    struct id q;

    asks_insight(t, "arrears", TOWN_NOBODY);
    q = question_of(t, TOWN_CHARITY);
    town_person(TOWN_NOBODY, &nobody);
    deadline_passes(t);
    answers(t, TOWN_CHARITY, &q, ANSWER_NOT_KNOWN);
    finally(t, INSIGHT_NO, COMPLETE_ALL);
    acknowledged(t);
    assert_int_equal(kept(t), 0);
    assert_false(town_log_holds(t, bytes_of(nobody.tokens[0].value, TOKEN_LEN)));
}

static void damaged_record_holds_up_nobody_else(void **state)
{
    struct town *t = *state;
    ALM_CLEANUP(store_abortp) struct store_txn *txn = NULL;
    struct ledger_clear leaf;
    struct id q;

    asks_insight(t, "arrears", TOWN_TESS);
    deadline_passes(t);
    assert_int_equal(town_leaves(t, EVENT_PUT_TO_DESK, &leaf), 1);
    assert_int_equal(store_begin(t->core->store, true, &txn), 0);
    laters_put(txn, leaf.about, bytes_str("?"));
    assert_int_equal(store_commit(txn), 0);
    txn = NULL;
    asks_insight(t, "arrears", TOWN_SAM);
    deadline_passes(t);
    hello(t, TOWN_CHARITY);
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_QUESTION), 1); /* the other one */
    q = t->msg.id;
    hours_pass(t, 24);
    assert_int_equal(finals(t, DELIVERY_INSIGHT), 1);
    answers(t, TOWN_CHARITY, &q, ANSWER_NO);
    assert_string_equal(town_refusal(t, TOWN_CHARITY), "question-over");
}

/* Whoever never comes for it: what was answered goes, and what is put back says so. */
static void dead_letter_keeps_nothing_of_what_was_answered(void **state)
{
    static const int one[] = { 0, -1 };
    struct town *t = *state;
    struct id q = awaited(t);

    falls_silent(t, TOWN_COUNCIL);
    answers(t, TOWN_CHARITY, &q, ANSWER_YES);
    assert_true(kept(t) > 0);
    town_day(t, TOWN_DAY + 31);
    hours_pass(t, 1);
    assert_int_equal(town_leaves(t, EVENT_DEAD_LETTER, NULL), 1);
    assert_int_equal(kept(t), 0);
    hello(t, TOWN_COUNCIL);
    assert_int_equal(finals(t, 0), 0);
    assert_string_equal(town_change(t, "dead-letters-requeue",
                                    json_pack("{s:s,s:s,s:s}", "agency", "council", "stream",
                                              "inbox", "reason", "it is back"),
                                    one),
                        "ok");
    hours_pass(t, 1);
    finally(t, INSIGHT_CANNOT_SAY, COMPLETE_NONE);
    assert_non_null(strstr(t->msg.deliver.insight.guidance, "Ask again"));
    assert_int_equal(town_leaves(t, EVENT_DISCLOSED, NULL), 1);
}

static struct pending *loaded(struct town *t, struct buf *octets)
{
    ALM_CLEANUP(store_abortp) struct store_txn *txn = NULL;
    struct pending *p = NULL;
    int64_t until;
    uint64_t leaf;

    assert_int_equal(store_begin(t->core->store, false, &txn), 0);
    assert_int_equal(laters_first(txn, &until, &leaf), 0);
    assert_int_equal(laters_get(txn, leaf, octets), 0);
    assert_int_equal(later_decode(t->core, buf_view(octets), &p), 0);
    return p;
}

static void record_comes_back_as_it_was_and_cut_short_anywhere_is_damage(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf octets = { 0 }, again = { 0 };
    ALM_CLEANUP(pending_freep) struct pending *p = NULL;
    struct town *t = *state;
    struct id q;
    struct msg *m;

    buf_init(&octets, LATER_RECORD_MAX);
    buf_init(&again, LATER_RECORD_MAX);
    asks(t, town_involvement(t, "safeguarding", TOWN_TESS));
    q = question_of(t, TOWN_CHARITY);
    m = answer_msg(t, &q, ANSWER_YES);
    (void)snprintf(m->answer.service, sizeof(m->answer.service), "Kitchen");
    town_say(t, TOWN_CHARITY, m);
    town_turn(t);
    deadline_passes(t);
    p = loaded(t, &octets);
    later_encode(t->core, p, &again);
    assert_int_equal(buf_status(&again), 0);
    assert_true(bytes_equal(buf_view(&octets), buf_view(&again)));
    for (size_t len = 0; len < octets.len; len++) {
        struct pending *none = NULL;

        assert_int_equal(later_decode(t->core, bytes_of(octets.data, len), &none), -EBADMSG);
        assert_null(none);
    }
    buf_put_u8(&octets, 0); /* and so is one too long */
    assert_int_equal(later_decode(t->core, buf_view(&octets), &p), -EBADMSG);
    for (size_t i = 0; i < again.len;
         i++) { /* whatever a bit says, nothing is read out of bounds */
        struct pending *other = NULL;

        again.data[i] ^= 0x81;
        if (!later_decode(t->core, buf_view(&again), &other))
            pending_free(other);
        again.data[i] ^= 0x81;
    }
}

/* --- 7: how many --- */

static int few_later(void **state)
{
    struct core_settings s;

    core_settings_init(&s);
    town_limits = s.limits;
    town_limits.later_agency = 3;
    town_limits.later_desk = 8;
    return with_desks(state, 24, 0, 0);
}

static void too_many_that_wait_are_busy_for_that_asker_alone(void **state)
{
    struct town *t = *state;

    for (int i = 0; i < 2; i++)
        asks_insight(t, "arrears", TOWN_TESS);
    asks_insight(t, "arrears", TOWN_TESS); /* a quarter of the desk's eight are its share */
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_BUSY), 1);
    assert_true(t->msg.busy.retry_after_ms >= 60000);
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_QUESTION), 2);
    town_say(t, TOWN_POLICE, town_insight(t, "safeguarding", "arrears", TOWN_TESS));
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_QUESTION), 3);
    asks_insight(t, "plan", TOWN_TESS); /* what is put to no desk goes on */
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_BUSY), 1);
}

static void room_is_made_by_an_answer(void **state)
{
    struct town *t = *state;
    struct id q;

    for (int i = 0; i < 2; i++)
        asks_insight(t, "arrears", TOWN_TESS);
    q = question_of(t, TOWN_CHARITY);
    answers(t, TOWN_CHARITY, &q, ANSWER_NO);
    asks_insight(t, "arrears", TOWN_TESS);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_BUSY), 0);
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_QUESTION), 3);
}

static void hidden_questions_count_like_others(void **state)
{
    struct town *t = *state;

    lodges(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 3));
    for (int i = 0; i < 3; i++)
        asks_insight(t, "arrears", TOWN_TESS);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_BUSY), 1);
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_QUESTION), 2);
}

/* "One hostile agency harms only itself": people who never answer stop nobody's other questions. */
static void promise_7_a_desk_that_never_answers_stops_nobody_from_asking_the_others(void **state)
{
    struct town *t = *state;
    struct id q;

    for (int i = 0; i < 2; i++)
        asks_insight(t, "arrears", TOWN_TESS);
    town_forget(t);
    asks_insight(t, "truancy", TOWN_TESS);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_BUSY), 0);
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_QUESTION), 1);
    assert_true(t->msg.question.deadline_ms <= 2000); /* it may be known without anybody's doing */
    q = t->msg.id;
    answers(t, TOWN_CHARITY, &q, ANSWER_NOT_KNOWN);
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_RECEIPT), 0);
    q = question_of(t, TOWN_POLICE);
    answers(t, TOWN_POLICE, &q, ANSWER_YES);
    town_forget(t);
    asks(t, town_involvement(t, "safeguarding", TOWN_TESS));
    deadline_passes(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INVOLVEMENT), 1);
    assert_int_equal(t->msg.involvement.later_by_ms, 0);
}

#define FEW(f) cmocka_unit_test_setup_teardown(f, few_later, no_desks_after)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ONE_DESK(promise_6_a_withdrawal_before_the_late_answer_ends_it),
        ONE_DESK(promise_6_a_withdrawal_and_a_refusal_read_alike),
        ONE_DESK(promise_6_a_withdrawal_before_the_desk_comes_ends_the_question),
        ONE_DESK(promise_6_a_withdrawal_after_it_was_sent_is_in_what_is_sent_again),
        ONE_DESK(promise_6_who_was_told_later_hears_of_a_withdrawal),
        TWO_DESKS(promise_6_a_desk_suspended_since_has_said_nothing),
        ONE_DESK(desk_suspended_meanwhile_is_put_nothing_and_its_answer_is_not_taken),
        ONE_DESK(promise_6_a_suspended_asker_is_told_nothing),
        ONE_DESK(promise_6_a_practitioner_suspended_since_is_told_nothing),
        ONE_DESK(policy_without_the_desk_still_takes_what_was_put_to_it),
        ONE_DESK(question_under_the_previous_key_is_answered_while_it_is_asked_under),
        ONE_DESK(question_under_a_key_that_is_gone_ends_in_cannot_say),
        ONE_DESK(promise_6_a_crash_at_any_point_loses_nothing_and_answers_nobody_twice),
        ONE_DESK(promise_6_time_goes_on_while_the_core_is_down),
        ONE_DESK(promise_2_nothing_of_a_late_answer_leaves_before_its_commit),
        ONE_DESK(promise_2_a_question_that_is_not_recorded_is_put_to_no_desk),
        ONE_DESK(promise_1_nothing_is_put_to_a_desk_while_no_head_is_signed),
        ONE_DESK(promise_3_a_late_answers_leaves_hold_no_tokens),
        ONE_DESK(damaged_record_holds_up_nobody_else),
        ONE_DESK(dead_letter_keeps_nothing_of_what_was_answered),
        TWO_DESKS(record_comes_back_as_it_was_and_cut_short_anywhere_is_damage),
        FEW(too_many_that_wait_are_busy_for_that_asker_alone),
        FEW(room_is_made_by_an_answer),
        FEW(hidden_questions_count_like_others),
        FEW(promise_7_a_desk_that_never_answers_stops_nobody_from_asking_the_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
