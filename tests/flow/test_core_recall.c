/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_recall.c - answers that are taken back: who hears of it, once, whatever they were told
 * and wherever the core was ended. */
#include "core_recall.h"

#include "core/recall.h"
#include "store/recalls.h"

#include <errno.h>

static const int two[] = { 0, 1, -1 };

/* --- who hears of it --- */

static void everybody_who_was_told_hears_of_it_once_about_their_own_latest_query(void **state)
{
    struct town *t = *state;
    struct id second, charity, recall;
    struct ledger_clear leaf;

    (void)asked(t, TOWN_COUNCIL, "noise", TOWN_TESS, ANSWER_YES);
    second = asked(t, TOWN_COUNCIL, "noise", TOWN_TESS, ANSWER_YES);
    charity = asked(t, TOWN_CHARITY, "noise", TOWN_TESS, ANSWER_NO);
    (void)asked(t, TOWN_SCHOOL, "noise", TOWN_SAM, ANSWER_YES);   /* about somebody else */
    (void)asked(t, TOWN_CLINIC, "truancy", TOWN_TESS, ANSWER_NO); /* something else */
    recall = corrects(t, TOWN_POLICE, correction(t, "noise", TOWN_TESS));
    assert_int_equal(stops(t, TOWN_CHARITY), 1);
    assert_true(id_equal(&t->msg.deliver.stop.message, &charity));
    assert_int_equal(stops(t, TOWN_COUNCIL), 1);
    assert_true(id_equal(&t->msg.deliver.stop.message, &second));
    assert_true(id_equal(&t->msg.deliver.stop.recall, &recall));
    assert_int_equal(t->msg.deliver.stop.replies, 2);
    assert_int_equal(t->msg.deliver.stop.cause, STOP_CORRECTED);
    assert_int_equal(t->msg.deliver.stop.told_on, TOWN_DAY);
    assert_string_equal(t->msg.deliver.stop.question, "noise");
    assert_null(strstr(t->msg.deliver.stop.text, "house opposite"));
    assert_int_equal(stops(t, TOWN_SCHOOL), 0);
    assert_int_equal(stops(t, TOWN_CLINIC), 0);
    assert_int_equal(stops(t, TOWN_POLICE), 0);
    assert_int_equal(town_leaves(t, EVENT_CORRECTED, NULL), 1);
    assert_int_equal(town_leaves(t, EVENT_RECALLED, &leaf), 1);
    assert_string_equal(leaf.detail, "told=2 gone=0");
    assert_int_equal(leaf.n_holders, 2);
}

/* More decisions than one go of the search takes: it looks for the replies of some, and goes on. */
static void whoever_was_told_in_the_midst_of_a_thousand_questions_hears_of_it_too(void **state)
{
    struct town *t = *state;

    for (int i = 0; i < 1010; i++) {
        town_wall += 20;
        town_mono += 20;
        (void)asked(t, i == 500 ? TOWN_CHARITY : TOWN_COUNCIL, "noise", TOWN_TESS, ANSWER_YES);
    }
    (void)corrects(t, TOWN_POLICE, correction(t, "noise", TOWN_TESS));
    for (int i = 0; i < 500 && recall_waiting(t->core); i++)
        town_turn(t);
    assert_false(recall_waiting(t->core));
    assert_int_equal(stops(t, TOWN_CHARITY), 1);
    assert_int_equal(stops(t, TOWN_COUNCIL), 1);
    assert_int_equal(t->msg.deliver.stop.replies, 1009);
}

static void whoever_did_not_answer_takes_nothing_back(void **state)
{
    struct town *t = *state;
    struct ledger_clear leaf;
    struct id recall;

    (void)asked(t, TOWN_COUNCIL, "noise", TOWN_TESS, ANSWER_YES);
    recall = corrects(t, TOWN_CHARITY, correction(t, "noise", TOWN_TESS)); /* nobody asked it */
    assert_int_equal(stops(t, TOWN_COUNCIL), 0);
    assert_int_equal(town_leaves(t, EVENT_RECALLED, &leaf), 1);
    assert_string_equal(leaf.detail, "told=0 gone=0");
    assert_int_equal(counts(t, TOWN_CHARITY, &recall).told, 0);
}

static void of_somebody_nobody_asked_about_nobody_hears(void **state)
{
    struct town *t = *state;
    struct id recall;

    (void)asked(t, TOWN_COUNCIL, "noise", TOWN_TESS, ANSWER_YES);
    recall = corrects(t, TOWN_POLICE, correction(t, "noise", TOWN_NOBODY));
    assert_int_equal(stops(t, TOWN_COUNCIL), 0);
    assert_false(counts(t, TOWN_POLICE, &recall).searching);
}

static void days_outside_the_correction_are_left_alone(void **state)
{
    struct town *t = *state;
    struct msg *m;

    (void)asked(t, TOWN_COUNCIL, "noise", TOWN_TESS, ANSWER_YES);
    town_day(t, TOWN_DAY + 1);
    (void)asked(t, TOWN_CHARITY, "noise", TOWN_TESS, ANSWER_YES);
    town_day(t, TOWN_DAY + 2);
    (void)asked(t, TOWN_SCHOOL, "noise", TOWN_TESS, ANSWER_YES);
    m = correction(t, "noise", TOWN_TESS);
    m->correction.from = m->correction.until = TOWN_DAY + 1;
    (void)corrects(t, TOWN_POLICE, m);
    assert_int_equal(stops(t, TOWN_COUNCIL), 0);
    assert_int_equal(stops(t, TOWN_CHARITY), 1);
    assert_int_equal(stops(t, TOWN_SCHOOL), 0);
}

static void
a_composite_that_the_question_is_a_part_of_is_taken_back_under_its_own_name(void **state)
{
    struct town *t = *state;
    struct id strain;
    struct msg *m = town_insight(t, "safeguarding", "strain", TOWN_TESS);

    town_say(t, TOWN_CLINIC, m);
    strain = m->id;
    town_turn(t);
    town_wall += 5000;
    town_mono += 5000; /* whoever has not answered has not */
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_CLINIC, MSG_INSIGHT), 1);
    (void)corrects(t, TOWN_POLICE, correction(t, "noise", TOWN_TESS));
    assert_int_equal(stops(t, TOWN_CLINIC), 1);
    assert_true(id_equal(&t->msg.deliver.stop.message, &strain));
    assert_string_equal(t->msg.deliver.stop.question, "strain");
}

static void a_list_of_who_is_involved_is_taken_back_too(void **state)
{
    struct town *t = *state;
    struct msg *m = town_involvement(t, "safeguarding", TOWN_TESS);
    struct id list;

    town_say(t, TOWN_COUNCIL, m);
    list = m->id;
    town_turn(t);
    town_answer(t, TOWN_POLICE, ANSWER_YES);
    town_wall += 5000;
    town_mono += 5000;
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INVOLVEMENT), 1);
    (void)corrects(t, TOWN_POLICE, correction(t, "", TOWN_TESS));
    assert_int_equal(stops(t, TOWN_COUNCIL), 1);
    assert_true(id_equal(&t->msg.deliver.stop.message, &list));
    assert_string_equal(t->msg.deliver.stop.question, "");
}

/* --- promise 5 --- */

static void
promise_5_whoever_was_told_that_nobody_knows_a_shielded_person_hears_the_same(void **state)
{
    struct town *t = *state;
    struct msg_stop_using open, hidden;
    struct id recall;
    struct msg_correction_state n;

    (void)asked(t, TOWN_CHARITY, "noise", TOWN_TESS, ANSWER_NO);
    (void)lodged(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 3));
    (void)asked(t, TOWN_SCHOOL, "noise", TOWN_TESS, ANSWER_NO); /* hidden: random tokens */
    recall = corrects(t, TOWN_POLICE, correction(t, "noise", TOWN_TESS));
    assert_int_equal(stops(t, TOWN_CHARITY), 1);
    open = t->msg.deliver.stop;
    assert_int_equal(stops(t, TOWN_SCHOOL), 1);
    hidden = t->msg.deliver.stop;
    open.message = hidden.message;
    assert_memory_equal(&open, &hidden, sizeof(open));
    assert_int_equal(town_frame_of(t, TOWN_CHARITY, MSG_DELIVER)->len,
                     town_frame_of(t, TOWN_SCHOOL, MSG_DELIVER)->len);
    n = counts(t, TOWN_POLICE, &recall); /* the police never heard of the school's question */
    assert_int_equal(n.told, 1);
}

/* --- what is not told yet --- */

static void what_was_said_and_not_told_yet_is_not_told_after_it(void **state)
{
    struct town *t = *state;
    struct msg *m = town_insight(t, "safeguarding", "truancy", TOWN_TESS);

    town_say(t, TOWN_COUNCIL, m);
    town_turn(t);
    town_answer(t, TOWN_POLICE, ANSWER_YES);
    town_turn(t); /* the others have not answered: nothing is told yet */
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 0);
    (void)corrects(t, TOWN_POLICE, correction(t, "truancy", TOWN_TESS));
    town_wall += 5000;
    town_mono += 5000;
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
    assert_int_equal(t->msg.insight.value, INSIGHT_CANNOT_SAY);
    assert_int_equal(stops(t, TOWN_COUNCIL), 0); /* it was never told */
    town_forget(t);
    /* and what is said from now on counts */
    (void)asked(t, TOWN_COUNCIL, "noise", TOWN_TESS, ANSWER_YES);
}

static void what_others_said_of_it_and_what_was_said_of_others_counts(void **state)
{
    struct town *t = *state;

    town_say(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "noise", TOWN_SAM));
    town_turn(t);
    town_answer(t, TOWN_POLICE, ANSWER_YES);
    town_say(t, TOWN_POLICE, correction(t, "noise", TOWN_TESS));
    town_say(t, TOWN_CHARITY, correction(t, "noise", TOWN_SAM));
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
    assert_int_equal(t->msg.insight.value, INSIGHT_YES);
}

/* Whatever the agency has lodged since, and however little this core remembers. */
static void what_was_taken_back_before_a_question_says_nothing_of_its_answer(void **state)
{
    struct town *t = *state;
    struct msg *m;

    (void)asked(t, TOWN_COUNCIL, "noise", TOWN_TESS, ANSWER_NO);
    (void)corrects(t, TOWN_POLICE, correction(t, "noise", TOWN_TESS));
    recall_forget(t->core); /* as after a restart, or a batch that failed */
    town_forget(t);
    town_say(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "noise", TOWN_TESS));
    town_turn(t);
    m = town_msg(t, MSG_STATEMENT);
    town_person(TOWN_SAM, &m->statement.subject);
    (void)snprintf(m->statement.text, sizeof(m->statement.text), "We said so.");
    town_say(t, TOWN_POLICE, m);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_RECEIPT), 1);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_QUESTION), 1);
    town_answer(t, TOWN_POLICE, ANSWER_YES);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
    assert_int_equal(t->msg.insight.value, INSIGHT_YES);
}

/* --- who may, and how often --- */

static void
the_same_correction_again_has_the_first_receipt_and_calls_back_nobody_twice(void **state)
{
    struct town *t = *state;
    static struct msg m;
    uint64_t first;

    (void)asked(t, TOWN_COUNCIL, "noise", TOWN_TESS, ANSWER_YES);
    m = *correction(t, "noise", TOWN_TESS);
    (void)corrects(t, TOWN_POLICE, &m);
    first = t->msg.receipt.leaf;
    assert_int_equal(stops(t, TOWN_COUNCIL), 1);
    takes(t, TOWN_COUNCIL);
    town_forget(t);
    town_say(t, TOWN_POLICE, &m);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_RECEIPT), 1);
    assert_int_equal(t->msg.receipt.leaf, first);
    assert_int_equal(stops(t, TOWN_COUNCIL), 0);
    assert_int_equal(town_leaves(t, EVENT_CORRECTED, NULL), 1);
}

static void lodged_anew_it_is_another_correction_and_everybody_hears_of_that_once(void **state)
{
    struct town *t = *state;

    (void)asked(t, TOWN_COUNCIL, "noise", TOWN_TESS, ANSWER_YES);
    (void)corrects(t, TOWN_POLICE, correction(t, "noise", TOWN_TESS));
    assert_int_equal(stops(t, TOWN_COUNCIL), 1);
    takes(t, TOWN_COUNCIL);
    (void)corrects(t, TOWN_POLICE, correction(t, "noise", TOWN_TESS));
    assert_int_equal(stops(t, TOWN_COUNCIL), 1);
    assert_int_equal(town_leaves(t, EVENT_CORRECTED, NULL), 2);
}

static void days_to_come_are_not_corrected(void **state)
{
    struct town *t = *state;
    struct msg *m = correction(t, "noise", TOWN_TESS);

    m->correction.until = TOWN_DAY + 1;
    refused(t, TOWN_POLICE, m, "given-in-the-future");
}

static void a_correction_under_the_id_of_another_agencys_is_refused(void **state)
{
    struct town *t = *state;
    struct id recall = corrects(t, TOWN_POLICE, correction(t, "noise", TOWN_TESS));
    struct msg *m = correction(t, "noise", TOWN_TESS);

    m->id = recall;
    town_forget(t);
    town_say(t, TOWN_CHARITY, m);
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_CHARITY), "id-reused");
}

static void the_counts_are_their_lodgers_alone(void **state)
{
    struct town *t = *state;
    struct id recall = corrects(t, TOWN_POLICE, correction(t, "noise", TOWN_TESS));
    struct msg *m = town_msg(t, MSG_CORRECTION_QUERY);

    m->correction_query.has_correction = true;
    m->correction_query.correction = recall;
    refused(t, TOWN_CHARITY, m, "unknown-correction");
    town_say(t, TOWN_CHARITY, town_msg(t, MSG_CORRECTION_QUERY));
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_CORRECTION_LIST), 1);
    assert_int_equal(t->msg.correction_list.n, 0);
}

static void ones_own_corrections_are_listed_newest_first_in_pages(void **state)
{
    struct town *t = *state;
    struct id ids[LIST_MAX + 3];
    struct msg *m;

    for (size_t i = 0; i < ALM_LEN(ids); i++)
        ids[i] = corrects(t, TOWN_POLICE, correction(t, "noise", TOWN_NOBODY));
    for (uint16_t page = 0; page < 3; page++) {
        m = town_msg(t, MSG_CORRECTION_QUERY);
        m->correction_query.page = page;
        town_forget(t);
        town_say(t, TOWN_POLICE, m);
        town_turn(t);
        assert_int_equal(town_heard(t, TOWN_POLICE, MSG_CORRECTION_LIST), 1);
        assert_int_equal(t->msg.correction_list.pages, 2);
        assert_int_equal(t->msg.correction_list.n, page == 0 ? LIST_MAX : page == 1 ? 3 : 0);
        for (size_t i = 0; i < t->msg.correction_list.n; i++)
            assert_true(id_equal(&t->msg.correction_list.entries[i].correction,
                                 &ids[ALM_LEN(ids) - 1 - page * LIST_MAX - i]));
    }
}

/* --- answers that stand --- */

static int pinning(void **state)
{
    int r;

    town_extras.pin_days = 30;
    r = town_setup(state);
    memset(&town_extras, 0, sizeof(town_extras));
    return r;
}

static void plan_told(struct town *t, enum town_agency who, bool asks_anew)
{
    town_forget(t);
    town_say(t, who, town_insight(t, "safeguarding", "plan", TOWN_TESS));
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_QUESTION), asks_anew);
    if (asks_anew)
        town_answer(t, TOWN_COUNCIL, ANSWER_YES);
    town_turn(t);
    assert_int_equal(town_heard(t, who, MSG_INSIGHT), 1);
}

/* Its latest query is one that nobody was asked for: an answer given before stood. */
static void what_was_told_again_of_an_answer_that_stood_is_taken_back_with_it(void **state)
{
    struct town *t = *state;
    struct id latest;

    plan_told(t, TOWN_POLICE, true);
    plan_told(t, TOWN_POLICE, false);
    town_forget(t);
    town_say(t, TOWN_POLICE, town_insight(t, "safeguarding", "plan", TOWN_TESS));
    latest = t->msg.id;
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_INSIGHT), 1);
    (void)corrects(t, TOWN_COUNCIL, correction(t, "plan", TOWN_TESS));
    assert_int_equal(stops(t, TOWN_POLICE), 1);
    assert_int_equal(t->msg.deliver.stop.replies, 3);
    assert_true(id_equal(&t->msg.deliver.stop.message, &latest));
    town_forget(t);
    (void)corrects(t, TOWN_CHARITY, correction(t, "plan", TOWN_TESS)); /* it never answered */
    assert_int_equal(stops(t, TOWN_POLICE), 0);
}

/* --- away, suspended, departed, killed --- */

static void an_asker_that_is_away_for_a_week_hears_of_it_when_it_is_back(void **state)
{
    struct town *t = *state;
    struct id recall;

    (void)asked(t, TOWN_COUNCIL, "noise", TOWN_TESS, ANSWER_YES);
    town_reopen(t); /* nobody has said Hello to this core */
    town_turn(t);
    recall = corrects(t, TOWN_POLICE, correction(t, "noise", TOWN_TESS));
    assert_int_equal(stops(t, TOWN_COUNCIL), 0);
    assert_int_equal(counts(t, TOWN_POLICE, &recall).told, 1);
    town_day(t, TOWN_DAY + 7);
    comes_back(t, TOWN_POLICE);
    town_hello(t, TOWN_COUNCIL);
    town_turn(t);
    assert_int_equal(stops(t, TOWN_COUNCIL), 1);
}

static void a_suspended_asker_hears_of_it_when_it_is_no_longer(void **state)
{
    struct town *t = *state;

    (void)asked(t, TOWN_CHARITY, "noise", TOWN_TESS, ANSWER_YES);
    assert_string_equal(town_change(t, "agency-suspend",
                                    json_pack("{s:s,s:s}", "agency", "charity", "reason", "test"),
                                    consent_officer),
                        "ok");
    (void)corrects(t, TOWN_POLICE, correction(t, "noise", TOWN_TESS));
    assert_int_equal(stops(t, TOWN_CHARITY), 0);
    town_forget(t);
    assert_string_equal(town_change(t, "agency-resume",
                                    json_pack("{s:s,s:s}", "agency", "charity", "reason", "test"),
                                    two),
                        "ok");
    town_turn(t);
    assert_int_equal(stops(t, TOWN_CHARITY), 1);
}

/* The core is ended after each turn of the search: what is left is done by the next one. */
static void a_core_that_ends_between_any_two_steps_tells_everybody_once(void **state)
{
    struct town *t = *state;
    enum town_agency who[] = { TOWN_COUNCIL, TOWN_CHARITY, TOWN_SCHOOL, TOWN_CLINIC };
    size_t heard[ALM_LEN(who)] = { 0 };
    struct id recall;

    for (size_t i = 0; i < ALM_LEN(who); i++)
        (void)asked(t, who[i], "noise", TOWN_TESS, ANSWER_YES);
    town_say(t, TOWN_POLICE, correction(t, "noise", TOWN_TESS));
    recall = t->msg.id;
    for (int step = 0; step < 12; step++) {
        assert_int_equal(core_turn(t->core, 0), CORE_GOES_ON);
        town_reopen(t);
    }
    for (size_t i = 0; i < ALM_LEN(who); i++) {
        town_forget(t);
        town_hello(t, who[i]);
        town_turn(t);
        heard[i] = stops(t, who[i]);
        if (heard[i] != 1)
            fail_msg("%s heard of it %zu times", town_names[who[i]], heard[i]);
        assert_int_equal(t->msg.deliver.stop.replies, 1);
    }
    comes_back(t, TOWN_POLICE);
    assert_int_equal(counts(t, TOWN_POLICE, &recall).told, ALM_LEN(who));
    assert_int_equal(town_leaves(t, EVENT_RECALLED, NULL), 1);
}

/* Nobody can tell it by the broker any more: it is counted, and officers see whom to write to. */
static void an_asker_that_has_left_is_counted_as_gone(void **state)
{
    struct town *t = *state;
    struct recall_record r = { .id = { { 1, [6] = 0x70, [8] = 0x80 } },
                               .cause = STOP_CORRECTED,
                               .lodger = "police",
                               .phase = RECALL_TELLING };
    struct recall_party ghost = { .agency = "ghost", .state = PARTY_FOUND, .replies = 1 };
    struct store_txn *txn;
    struct ledger_clear leaf;

    assert_int_equal(store_begin(t->core->store, true, &txn), 0);
    recalls_put(txn, &r);
    recall_party_put(txn, &r.id, &ghost);
    assert_int_equal(store_commit(txn), 0);
    town_reopen(t);
    town_turn(t);
    assert_int_equal(town_leaves(t, EVENT_RECALLED, &leaf), 1);
    assert_string_equal(leaf.detail, "told=0 gone=1");
    comes_back(t, TOWN_POLICE);
    assert_int_equal(counts(t, TOWN_POLICE, &r.id).told, 0);
}

/* One search that cannot be gone on with holds up nobody's questions, nor the next search. */
static void a_damaged_search_is_put_aside_alone(void **state)
{
    static const uint8_t damage[] = { 9, 9 };
    struct town *t = *state;
    struct recall_record r = { .id = { { 1, [6] = 0x70, [8] = 0x80 } },
                               .cause = STOP_CORRECTED,
                               .lodger = "police",
                               .phase = RECALL_TELLING };
    uint8_t key[1 + ID_LEN + 7] = { 'p' };
    struct store_txn *txn;
    struct id recall;

    memcpy(key + 1, r.id.octets, ID_LEN);
    memcpy(key + 1 + ID_LEN, "council", 7);
    assert_int_equal(store_begin(t->core->store, true, &txn), 0);
    recalls_put(txn, &r);
    store_put(txn, TABLE_RECALLS, bytes_of(key, sizeof(key)), bytes_of(damage, sizeof(damage)));
    assert_int_equal(store_commit(txn), 0);
    town_reopen(t);
    town_turn(t);
    for (int a = 0; a < TOWN_N; a++)
        comes_back(t, (enum town_agency)a);
    (void)asked(t, TOWN_COUNCIL, "noise", TOWN_TESS, ANSWER_YES);
    recall = corrects(t, TOWN_POLICE, correction(t, "noise", TOWN_TESS));
    assert_int_equal(stops(t, TOWN_COUNCIL), 1);
    assert_true(id_equal(&t->msg.deliver.stop.recall, &recall));
}

/* Erased while it is searched for: the search does not bring it back. */
static void a_recall_that_is_erased_meanwhile_stays_erased(void **state)
{
    struct town *t = *state;
    struct store_txn *txn;
    struct recall_record r;
    struct id recall;

    (void)asked(t, TOWN_COUNCIL, "noise", TOWN_TESS, ANSWER_YES);
    town_say(t, TOWN_POLICE, correction(t, "noise", TOWN_TESS));
    recall = t->msg.id;
    assert_int_equal(core_turn(t->core, 0), CORE_GOES_ON);
    assert_int_equal(store_begin(t->core->store, true, &txn), 0);
    assert_int_equal(recalls_get(txn, &recall, &r), 0);
    assert_true(r.phase < RECALL_TOLD);
    recalls_erase(txn, &recall);
    assert_int_equal(store_commit(txn), 0);
    town_turn(t);
    assert_int_equal(store_begin(t->core->store, false, &txn), 0);
    assert_int_equal(recalls_get(txn, &recall, &r), -ENOENT);
    (void)store_abort(txn);
    assert_int_equal(stops(t, TOWN_COUNCIL), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, town_setup, town_teardown)
    const struct CMUnitTest tests[] = {
        TEST(everybody_who_was_told_hears_of_it_once_about_their_own_latest_query),
        TEST(whoever_was_told_in_the_midst_of_a_thousand_questions_hears_of_it_too),
        TEST(whoever_did_not_answer_takes_nothing_back),
        TEST(of_somebody_nobody_asked_about_nobody_hears),
        TEST(days_outside_the_correction_are_left_alone),
        TEST(a_composite_that_the_question_is_a_part_of_is_taken_back_under_its_own_name),
        TEST(a_list_of_who_is_involved_is_taken_back_too),
        TEST(promise_5_whoever_was_told_that_nobody_knows_a_shielded_person_hears_the_same),
        TEST(what_was_said_and_not_told_yet_is_not_told_after_it),
        TEST(what_others_said_of_it_and_what_was_said_of_others_counts),
        TEST(what_was_taken_back_before_a_question_says_nothing_of_its_answer),
        TEST(the_same_correction_again_has_the_first_receipt_and_calls_back_nobody_twice),
        TEST(lodged_anew_it_is_another_correction_and_everybody_hears_of_that_once),
        TEST(days_to_come_are_not_corrected),
        TEST(a_correction_under_the_id_of_another_agencys_is_refused),
        TEST(the_counts_are_their_lodgers_alone),
        TEST(ones_own_corrections_are_listed_newest_first_in_pages),
        cmocka_unit_test_setup_teardown(
            what_was_told_again_of_an_answer_that_stood_is_taken_back_with_it, pinning, town_teardown),
        TEST(an_asker_that_is_away_for_a_week_hears_of_it_when_it_is_back),
        TEST(a_suspended_asker_hears_of_it_when_it_is_no_longer),
        TEST(a_core_that_ends_between_any_two_steps_tells_everybody_once),
        TEST(an_asker_that_has_left_is_counted_as_gone),
        TEST(a_damaged_search_is_put_aside_alone),
        TEST(a_recall_that_is_erased_meanwhile_stays_erased),
    };

    return cmocka_run_group_tests_name("core_recall", tests, NULL, NULL);
}
