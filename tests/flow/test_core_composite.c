/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_composite.c - questions made of others through one core: who is asked what, what comes
 * back, what is kept of it, and what may not stand beside it (DESIGN.md promise 4). */
#include "core_town.h"

#include <errno.h>
#include <string.h>

/* "strain", asked by the clinic: two of arrears, noise, plan and truancy. */
struct place {
    enum town_agency who;
    const char *factor;
};
static const struct place strain[] = {
    { TOWN_CHARITY, "arrears" }, { TOWN_CHARITY, "truancy" }, { TOWN_COUNCIL, "plan" },
    { TOWN_POLICE, "noise" },    { TOWN_POLICE, "truancy" },  { TOWN_SCHOOL, "truancy" },
    { TOWN_NURSERY, "truancy" },
};

static void ask(struct town *t, enum town_agency who, const char *purpose, const char *question,
                enum town_person about)
{
    town_say(t, who, town_insight(t, purpose, question, about));
    town_turn(t);
}

/* The last question of this name that the agency heard, into t->msg. Return: how many. */
static size_t heard_factor(struct town *t, enum town_agency who, const char *factor)
{
    static struct msg m;
    size_t n = 0;

    for (size_t i = 0; i < t->n_heard; i++) {
        struct wire_envelope e;

        if (t->heard[i].to != who)
            continue;
        assert_int_equal(wire_open(bytes_of(t->heard[i].octets, t->heard[i].len), &e), WIRE_OK);
        assert_int_equal(wire_decode(e.body, &m), WIRE_OK);
        if (m.type != MSG_QUESTION || strcmp(m.question.question, factor) != 0)
            continue;
        t->msg = m;
        n++;
    }
    return n;
}

static void answer(struct town *t, enum town_agency who, const char *factor, uint8_t value)
{
    struct id question;
    struct msg *m;

    assert_int_equal(heard_factor(t, who, factor), 1);
    question = t->msg.id;
    m = town_msg(t, MSG_ANSWER);
    m->in_reply_to = question;
    m->answer.value = value;
    m->answer.cause = value == ANSWER_CANNOT_SAY ? CAUSE_AMBIGUOUS : CAUSE_NONE;
    m->answer.data_as_of = value == ANSWER_CANNOT_SAY ? CIVIL_NONE : TOWN_DAY;
    m->answer.since = CIVIL_NONE;
    town_say(t, who, m);
}

/* In the order of strain[]: y yes, n no, k not known, c cannot say, . silent. */
static void answers(struct town *t, const char *said)
{
    for (size_t i = 0; i < ALM_LEN(strain); i++)
        if (said[i] != '.')
            answer(t, strain[i].who, strain[i].factor,
                   said[i] == 'y'   ? ANSWER_YES
                   : said[i] == 'n' ? ANSWER_NO
                   : said[i] == 'k' ? ANSWER_NOT_KNOWN
                                    : ANSWER_CANNOT_SAY);
    town_turn(t);
}

static void strained(struct town *t, enum town_person about, const char *said)
{
    town_forget(t);
    ask(t, TOWN_CLINIC, "safeguarding", "strain", about);
    answers(t, said);
}

static void expect(struct town *t, uint8_t value, uint8_t completeness)
{
    assert_int_equal(town_heard(t, TOWN_CLINIC, MSG_INSIGHT), 1);
    assert_int_equal(t->msg.insight.value, value);
    assert_int_equal(t->msg.insight.completeness, completeness);
    assert_string_equal(t->msg.insight.policy_rule, "safeguarding/strain");
}

static void deadline(struct town *t)
{
    assert_int_equal(town_heard(t, TOWN_CLINIC, MSG_INSIGHT), 0);
    town_mono += 2001;
    town_turn(t);
}

static void each_factor_is_put_to_its_holders_under_ids_of_their_own(void **state)
{
    struct town *t = *state;
    struct id ids[ALM_LEN(strain)];

    ask(t, TOWN_CLINIC, "safeguarding", "strain", TOWN_TESS);
    for (size_t i = 0; i < ALM_LEN(strain); i++) {
        assert_int_equal(heard_factor(t, strain[i].who, strain[i].factor), 1);
        ids[i] = t->msg.id;
        for (size_t j = 0; j < i; j++)
            assert_false(id_equal(&ids[i], &ids[j]));
        assert_string_equal(t->msg.purpose, "safeguarding");
        assert_string_equal(t->msg.practitioner.ref, "");
    }
    assert_int_equal(t->n_heard, ALM_LEN(strain));
}

static void asker_is_no_contributor(void **state)
{
    struct town *t = *state;

    ask(t, TOWN_COUNCIL, "safeguarding", "band", TOWN_TESS);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_QUESTION), 0);
    assert_int_equal(heard_factor(t, TOWN_CLINIC, "seen"), 1);
    assert_int_equal(heard_factor(t, TOWN_POLICE, "noise"), 1);
    town_forget(t);
    ask(t, TOWN_NURSERY, "safeguarding", "band", TOWN_TESS); /* the school's team */
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_QUESTION), 0);
    assert_int_equal(heard_factor(t, TOWN_COUNCIL, "plan"), 1);
}

static void too_few_others_are_told(void **state)
{
    struct town *t = *state;

    ask(t, TOWN_COUNCIL, "safeguarding", "strain", TOWN_TESS);
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "too-few-contributors");
    assert_int_equal(t->n_heard, 1);
}

static void threshold_met_is_yes(void **state)
{
    struct town *t = *state;

    strained(t, TOWN_TESS, "ynynnnn");
    expect(t, INSIGHT_YES, COMPLETE_ALL);
}

static void threshold_not_met_is_no(void **state)
{
    struct town *t = *state;

    strained(t, TOWN_TESS, "ynnkkkk");
    expect(t, INSIGHT_NO, COMPLETE_ALL);
}

static void two_holders_of_one_factor_count_once(void **state)
{
    struct town *t = *state;

    strained(t, TOWN_TESS, "nynnyyy"); /* truancy alone, of four holders */
    expect(t, INSIGHT_NO, COMPLETE_ALL);
}

static void silence_that_could_tip_it_is_cannot_say(void **state)
{
    struct town *t = *state;

    strained(t, TOWN_TESS, "yn.nnnn");
    deadline(t);
    expect(t, INSIGHT_CANNOT_SAY, COMPLETE_MOST);
}

static void silence_that_could_not_tip_it_leaves_no_a_no(void **state)
{
    struct town *t = *state;

    strained(t, TOWN_TESS, "nn.nnnn");
    deadline(t);
    expect(t, INSIGHT_NO, COMPLETE_MOST);
}

static void one_silent_holder_of_a_factor_leaves_it_open_unless_another_says_yes(void **state)
{
    struct town *t = *state;

    strained(t, TOWN_TESS, "ynnnn.n");
    deadline(t);
    expect(t, INSIGHT_CANNOT_SAY, COMPLETE_MOST);
    strained(t, TOWN_SAM, "yynnn.n");
    deadline(t);
    expect(t, INSIGHT_YES, COMPLETE_MOST);
}

static void a_holder_that_cannot_say_is_as_one_that_is_silent(void **state)
{
    struct town *t = *state;

    strained(t, TOWN_TESS, "yncnnnn");
    expect(t, INSIGHT_CANNOT_SAY, COMPLETE_MOST);
}

static void a_yes_that_is_certain_still_waits_for_all(void **state)
{
    struct town *t = *state;

    strained(t, TOWN_TESS, "y.yynnn"); /* three of the two that are needed */
    assert_int_equal(town_heard(t, TOWN_CLINIC, MSG_INSIGHT), 0);
    answer(t, TOWN_CHARITY, "truancy", ANSWER_NO);
    town_turn(t);
    expect(t, INSIGHT_YES, COMPLETE_ALL);
}

static void which_factors_hold_and_how_many_does_not_show(void **state)
{
    struct town *t = *state;
    struct msg_insight first;

    strained(t, TOWN_TESS, "ynynnnn");
    expect(t, INSIGHT_YES, COMPLETE_ALL);
    first = t->msg.insight;
    assert_int_equal(t->n_heard, ALM_LEN(strain) + 1); /* the questions, and one reply */
    strained(t, TOWN_SAM, "yyyyyyy");
    expect(t, INSIGHT_YES, COMPLETE_ALL);
    assert_memory_equal(&first, &t->msg.insight, sizeof(first));
}

struct look { /* for octets in what is sealed, opened */
    struct store_txn *txn;
    struct bytes needle;
    size_t n;
};

static int look_into(void *ctx, const struct ledger_record *r)
{
    struct look *l = ctx;
    ALM_CLEANUP(buf_deinit) struct buf opened = { 0 };

    buf_init(&opened, 1 << 20);
    assert_int_equal(ledger_sealed_open(l->txn, r, &opened), 0);
    if (opened.len && memmem(opened.data, opened.len, l->needle.data, l->needle.len))
        l->n++;
    return 0;
}

static size_t sealed_with(struct town *t, struct bytes needle)
{
    ALM_CLEANUP(store_abortp) struct store_txn *txn = NULL;
    struct look l = { .needle = needle };

    assert_int_equal(store_begin(t->core->store, false, &txn), 0);
    l.txn = txn;
    assert_int_equal(ledger_each(txn, 0, UINT64_MAX, look_into, &l), 0);
    return l.n;
}

static void the_log_has_the_agencies_once_and_the_result_alone(void **state)
{
    static const char *const factors[] = { "arrears", "noise", "plan", "truancy" };
    /* 'A', its length, no answers, and the result */
    static const uint8_t result[] = { 'A', 0, 0, 0, 3, 0, 0, INSIGHT_YES };
    struct town *t = *state;
    struct ledger_clear told;

    strained(t, TOWN_TESS, "ynynnnn");
    expect(t, INSIGHT_YES, COMPLETE_ALL);
    assert_int_equal(town_leaves(t, EVENT_DISCLOSED, &told), 1);
    assert_string_equal(told.question, "strain");
    assert_int_equal(told.n_holders, 5);
    assert_string_equal(told.holders[0], "charity");
    assert_string_equal(told.holders[1], "council");
    assert_string_equal(told.holders[2], "police");
    for (size_t i = 0; i < ALM_LEN(factors); i++) {
        assert_false(town_log_holds(t, bytes_str(factors[i])));
        assert_int_equal(sealed_with(t, bytes_str(factors[i])), 0);
    }
    assert_int_equal(sealed_with(t, bytes_of(result, sizeof(result))), 1);
    assert_int_equal(sealed_with(t, bytes_str("charity")), 0); /* no agency's answer */
    assert_int_equal(town_leaves(t, EVENT_STRAY_ANSWER, NULL), 0);
}

static void a_hidden_person_is_as_one_whom_nobody_knows(void **state)
{
    struct town *t = *state;
    struct msg_insight unknown;
    struct ledger_clear leaf;

    town_say(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 3));
    town_turn(t);
    strained(t, TOWN_NOBODY, "kkkkkkk");
    expect(t, INSIGHT_NO, COMPLETE_ALL);
    unknown = t->msg.insight;
    town_forget(t);
    ask(t, TOWN_CLINIC, "safeguarding", "strain", TOWN_TESS);
    /* beside it, the shield's owner hears that somebody asked */
    assert_int_equal(t->n_heard - town_heard(t, TOWN_COUNCIL, MSG_DELIVER), ALM_LEN(strain));
    for (size_t i = 0; i < ALM_LEN(strain); i++) {
        struct token_set tess;

        town_person(TOWN_TESS, &tess);
        assert_int_equal(heard_factor(t, strain[i].who, strain[i].factor), 1);
        assert_int_equal(t->msg.question.subject.n, tess.n);
        for (uint8_t k = 0; k < tess.n; k++)
            assert_false(token_equal(&t->msg.question.subject.tokens[k], &tess.tokens[k]));
    }
    answers(t, "kkkkkkk");
    expect(t, INSIGHT_NO, COMPLETE_ALL);
    assert_memory_equal(&unknown, &t->msg.insight, sizeof(unknown));
    assert_int_equal(town_leaves(t, EVENT_DISCLOSED, &leaf), 2);
    assert_string_equal(leaf.reason, "shielded-existence");
}

static void a_shield_that_comes_before_the_reply_hides_what_came_back(void **state)
{
    struct town *t = *state;

    ask(t, TOWN_CLINIC, "safeguarding", "strain", TOWN_TESS);
    town_say(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 3));
    town_turn(t);
    answers(t, "yyyyyyy");
    expect(t, INSIGHT_NO, COMPLETE_ALL);
}

static void a_withdrawal_before_the_reply_ends_it(void **state)
{
    struct town *t = *state;

    town_say(t, TOWN_COUNCIL, town_consent(t, "early-help", TOWN_TESS));
    town_turn(t);
    town_forget(t);
    ask(t, TOWN_CLINIC, "early-help", "strain", TOWN_TESS);
    assert_int_equal(t->n_heard, ALM_LEN(strain));
    town_say(t, TOWN_COUNCIL, town_withdraw(t, "early-help", TOWN_TESS));
    town_turn(t);
    answers(t, "yyyyyyy");
    assert_int_equal(town_heard(t, TOWN_CLINIC, MSG_INSIGHT), 0);
    assert_string_equal(town_refusal(t, TOWN_CLINIC), "no-consent-on-file");
}

static void without_consent_nobody_is_asked(void **state)
{
    struct town *t = *state;

    ask(t, TOWN_CLINIC, "early-help", "strain", TOWN_TESS);
    assert_string_equal(town_refusal(t, TOWN_CLINIC), "no-consent-on-file");
    assert_int_equal(t->n_heard, 1);
}

static void a_suspended_holder_has_said_nothing(void **state)
{
    const int two[] = { 0, 1, -1 };
    struct town *t = *state;

    ask(t, TOWN_CLINIC, "safeguarding", "strain", TOWN_TESS);
    answers(t, "yyy.nnn");
    assert_string_equal(town_change(t, "agency-suspend",
                                    json_pack("{s:s,s:s}", "agency", "charity", "reason", "test"),
                                    two),
                        "ok");
    deadline(t);
    expect(t, INSIGHT_CANNOT_SAY, COMPLETE_MOST); /* plan alone is left */
}

/* --- differencing pairs --- */

static void another_composite_beside_it_is_refused_also_after_a_restart(void **state)
{
    struct town *t = *state;

    strained(t, TOWN_TESS, "nnnnnnn");
    town_forget(t);
    ask(t, TOWN_CLINIC, "safeguarding", "band", TOWN_TESS);
    assert_string_equal(town_refusal(t, TOWN_CLINIC), "differencing");
    assert_true(t->msg.refusal.way_forward[0] != '\0');
    assert_int_equal(t->n_heard, 1);
    town_reopen(t);
    town_forget(t);
    ask(t, TOWN_CLINIC, "child-protection", "band", TOWN_TESS); /* for another purpose too */
    assert_string_equal(town_refusal(t, TOWN_CLINIC), "differencing");
}

static void a_factor_under_a_duty_is_answered_beside_its_composite(void **state)
{
    struct town *t = *state;

    strained(t, TOWN_TESS, "nnnnnnn");
    town_forget(t);
    ask(t, TOWN_CLINIC, "safeguarding", "plan", TOWN_TESS);
    assert_string_equal(town_refusal(t, TOWN_CLINIC), "");
    town_forget(t);
    ask(t, TOWN_CLINIC, "safeguarding", "seen", TOWN_TESS); /* of another composite */
    assert_string_equal(town_refusal(t, TOWN_CLINIC), "");
}

static void a_composite_after_a_factor_is_refused(void **state)
{
    struct town *t = *state;

    ask(t, TOWN_CLINIC, "safeguarding", "plan", TOWN_TESS);
    ask(t, TOWN_CLINIC, "safeguarding", "noise", TOWN_TESS); /* two factors are no pair */
    assert_string_equal(town_refusal(t, TOWN_CLINIC), "");
    town_forget(t);
    ask(t, TOWN_CLINIC, "safeguarding", "strain", TOWN_TESS);
    assert_string_equal(town_refusal(t, TOWN_CLINIC), "differencing");
    assert_int_equal(t->n_heard, 1);
}

static void a_hidden_composite_counts_and_is_refused_like_any(void **state)
{
    struct town *t = *state;

    town_say(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 3));
    town_turn(t);
    strained(t, TOWN_TESS, "kkkkkkk");
    town_forget(t);
    ask(t, TOWN_CLINIC, "safeguarding", "band", TOWN_TESS);
    assert_string_equal(town_refusal(t, TOWN_CLINIC), "differencing");
}

static void the_same_again_another_subject_and_another_asker_are_no_pair(void **state)
{
    struct town *t = *state;

    strained(t, TOWN_TESS, "nnnnnnn");
    strained(t, TOWN_TESS, "ynynnnn");
    expect(t, INSIGHT_YES, COMPLETE_ALL);
    town_forget(t);
    ask(t, TOWN_CLINIC, "safeguarding", "band", TOWN_SAM);
    assert_string_equal(town_refusal(t, TOWN_CLINIC), "");
    ask(t, TOWN_COUNCIL, "safeguarding", "band", TOWN_TESS);
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "");
}

static void a_team_and_its_organisation_are_one_asker(void **state)
{
    struct town *t = *state;

    ask(t, TOWN_SCHOOL, "safeguarding", "plan", TOWN_TESS);
    ask(t, TOWN_NURSERY, "safeguarding", "band", TOWN_TESS);
    assert_string_equal(town_refusal(t, TOWN_NURSERY), "differencing");
}

static void after_the_period_it_is_forgotten(void **state)
{
    struct town *t = *state;

    strained(t, TOWN_TESS, "nnnnnnn");
    town_day(t, TOWN_DAY + 89);
    assert_true(town_asked_kept(t, "d") > 0);
    ask(t, TOWN_CLINIC, "safeguarding", "band", TOWN_TESS);
    assert_string_equal(town_refusal(t, TOWN_CLINIC), "differencing");
    town_day(t, TOWN_DAY + 90);
    assert_int_equal(town_asked_kept(t, "d"), 0);
    town_forget(t);
    ask(t, TOWN_CLINIC, "safeguarding", "band", TOWN_TESS);
    assert_string_equal(town_refusal(t, TOWN_CLINIC), "");
}

static void asking_again_begins_the_period_again(void **state)
{
    struct town *t = *state;

    strained(t, TOWN_TESS, "nnnnnnn");
    town_day(t, TOWN_DAY + 60);
    strained(t, TOWN_TESS, "nnnnnnn");
    town_day(t, TOWN_DAY + 120);
    assert_true(town_asked_kept(t, "d") > 0);
    ask(t, TOWN_CLINIC, "safeguarding", "band", TOWN_TESS);
    assert_string_equal(town_refusal(t, TOWN_CLINIC), "differencing");
}

static void the_catalogue_shows_a_composite_like_any_question(void **state)
{
    struct town *t = *state;
    bool found = false;

    town_hello(t, TOWN_CLINIC);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_CLINIC, MSG_CATALOGUE), 1);
    for (size_t i = 0; i < t->msg.catalogue.n_questions; i++)
        found = found || (!strcmp(t->msg.catalogue.questions[i].id, "strain") &&
                          strstr(t->msg.catalogue.questions[i].wording, "two of four"));
    assert_true(found);
}

#define TOWN_TEST(f) cmocka_unit_test_setup_teardown(f, town_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TOWN_TEST(each_factor_is_put_to_its_holders_under_ids_of_their_own),
        TOWN_TEST(asker_is_no_contributor),
        TOWN_TEST(too_few_others_are_told),
        TOWN_TEST(threshold_met_is_yes),
        TOWN_TEST(threshold_not_met_is_no),
        TOWN_TEST(two_holders_of_one_factor_count_once),
        TOWN_TEST(silence_that_could_tip_it_is_cannot_say),
        TOWN_TEST(silence_that_could_not_tip_it_leaves_no_a_no),
        TOWN_TEST(one_silent_holder_of_a_factor_leaves_it_open_unless_another_says_yes),
        TOWN_TEST(a_holder_that_cannot_say_is_as_one_that_is_silent),
        TOWN_TEST(a_yes_that_is_certain_still_waits_for_all),
        TOWN_TEST(which_factors_hold_and_how_many_does_not_show),
        TOWN_TEST(the_log_has_the_agencies_once_and_the_result_alone),
        TOWN_TEST(a_hidden_person_is_as_one_whom_nobody_knows),
        TOWN_TEST(a_shield_that_comes_before_the_reply_hides_what_came_back),
        TOWN_TEST(a_withdrawal_before_the_reply_ends_it),
        TOWN_TEST(without_consent_nobody_is_asked),
        TOWN_TEST(a_suspended_holder_has_said_nothing),
        TOWN_TEST(another_composite_beside_it_is_refused_also_after_a_restart),
        TOWN_TEST(a_factor_under_a_duty_is_answered_beside_its_composite),
        TOWN_TEST(a_composite_after_a_factor_is_refused),
        TOWN_TEST(a_hidden_composite_counts_and_is_refused_like_any),
        TOWN_TEST(the_same_again_another_subject_and_another_asker_are_no_pair),
        TOWN_TEST(a_team_and_its_organisation_are_one_asker),
        TOWN_TEST(after_the_period_it_is_forgotten),
        TOWN_TEST(asking_again_begins_the_period_again),
        TOWN_TEST(the_catalogue_shows_a_composite_like_any_question),
    };

    return cmocka_run_group_tests_name("core_composite", tests, NULL, NULL);
}
