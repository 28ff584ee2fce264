/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_later_hidden.c - DESIGN.md promise 5 where people answer by hand: who is hidden, when
 * the question is put or since, is to the asker and to the desk somebody whom nobody knows. */
#include "later_town.h"

/* --- 5: "refusing does not tell" --- */

/* What differs between any two deliveries, taken out. */
static void made_alike(struct msg *m)
{
    memset(&m->id, 0, sizeof(m->id));
    memset(&m->in_reply_to, 0, sizeof(m->in_reply_to));
    if (m->type != MSG_DELIVER)
        return;
    memset(&m->deliver.event, 0, sizeof(m->deliver.event));
    memset(&m->deliver.query, 0, sizeof(m->deliver.query));
    m->deliver.seq = 0;
}

struct seen { /* of one query, by whoever asks and whoever watches the network */
    size_t n;
    struct {
        enum town_agency to;
        size_t len;
        uint64_t ms; /* since it was asked */
    } frames[64];
    struct msg reply, final;
};

static void look(struct town *t, struct seen *s, int64_t asked_ms)
{
    for (size_t i = 0; i < t->n_heard; i++) {
        assert_true(s->n < ALM_LEN(s->frames));
        s->frames[s->n].to = t->heard[i].to;
        s->frames[s->n].len = t->heard[i].len;
        s->frames[s->n++].ms = (uint64_t)(town_wall - asked_ms);
    }
    if (town_heard(t, TOWN_COUNCIL, MSG_INSIGHT))
        s->reply = t->msg;
    if (town_heard(t, TOWN_COUNCIL, MSG_INVOLVEMENT))
        s->reply = t->msg;
    if (town_heard(t, TOWN_COUNCIL, MSG_DELIVER))
        s->final = t->msg;
    town_forget(t);
}

/* Everybody who is asked about true tokens of Tess says yes, and knows nobody else. */
static void answers_all(struct town *t, struct id *q, const bool *truly)
{
    for (int a = 0; a < TOWN_N; a++) {
        if (!id_is_zero(&q[a]))
            answers(t, (enum town_agency)a, &q[a], truly[a] ? ANSWER_YES : ANSWER_NOT_KNOWN);
    }
}

static void hear_questions(struct town *t, struct id *q, bool *truly)
{
    struct token_set tess;

    town_person(TOWN_TESS, &tess);
    for (int a = 0; a < TOWN_N; a++) {
        if (!town_heard(t, (enum town_agency)a, MSG_QUESTION))
            continue;
        q[a] = t->msg.id;
        truly[a] = !memcmp(&t->msg.question.subject, &tess, sizeof(tess));
    }
}

/* shield_at: 0 none; 1 before the question; 2 after the reply by the deadline; 3 after everybody
 * has answered but the desks; 4 after the desks, while the asker is away */
static void play(struct town *t, struct msg *m, int shield_at, struct seen *s)
{
    struct id q[TOWN_N] = { 0 };
    bool truly[TOWN_N] = { false };
    int64_t asked_ms = town_wall;

    memset(s, 0, sizeof(*s));
    town_forget(t);
    asks(t, m);
    hear_questions(t, q, truly);
    look(t, s, asked_ms);
    deadline_passes(t);
    look(t, s, asked_ms);
    hours_pass(t, 2);
    if (shield_at == 2)
        lodges(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 3));
    if (shield_at == 4)
        falls_silent(t, TOWN_COUNCIL);
    answers_all(t, q, truly);
    if (shield_at == 4) {
        town_forget(t);
        lodges(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 3));
        hello(t, TOWN_COUNCIL);
    }
    look(t, s, asked_ms);
    made_alike(&s->reply);
    made_alike(&s->final);
    *(s->reply.type == MSG_INVOLVEMENT ? &s->reply.involvement.later_by_ms
                                       : &s->reply.insight.later_by_ms) -= asked_ms;
}

static void assert_alike(struct seen *a, struct seen *b)
{
    assert_int_equal(a->n, b->n);
    for (size_t i = 0; i < a->n; i++) {
        assert_int_equal(a->frames[i].to, b->frames[i].to);
        assert_int_equal(a->frames[i].len, b->frames[i].len);
        assert_int_equal(a->frames[i].ms, b->frames[i].ms);
    }
    a->reply.sent_ms = b->reply.sent_ms;
    a->final.sent_ms = b->final.sent_ms;
    a->final.deliver.at_ms = b->final.deliver.at_ms;
    assert_memory_equal(&a->reply, &b->reply, sizeof(a->reply));
    assert_memory_equal(&a->final, &b->final, sizeof(a->final));
    assert_int_equal(a->final.type, MSG_DELIVER);
}

static struct seen unknown, hidden;

static struct msg *of_kind(struct town *t, bool involvement, const char *question,
                           enum town_person p)
{
    return involvement ? town_involvement(t, "safeguarding", p)
                       : town_insight(t, "safeguarding", question, p);
}

static void promise_5_a_shielded_persons_late_reply_is_an_unknown_persons(void **state)
{
    static const struct {
        bool involvement;
        const char *question;
    } asked[] = { { false, "arrears" }, { false, "truancy" }, { true, "" } };
    struct town *t = *state;
    struct ledger_clear leaf;

    lodges(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 3));
    for (size_t i = 0; i < ALM_LEN(asked); i++) {
        play(t, of_kind(t, asked[i].involvement, asked[i].question, TOWN_NOBODY), 0, &unknown);
        hello(t, TOWN_COUNCIL);
        acknowledged(t);
        play(t, of_kind(t, asked[i].involvement, asked[i].question, TOWN_TESS), 0, &hidden);
        assert_alike(&unknown, &hidden);
        assert_true(town_leaves(t, EVENT_DISCLOSED, &leaf) > 0);
        assert_int_equal(leaf.told, TELL_HIDDEN);
        assert_string_equal(leaf.reason, "shielded-existence");
        hello(t, TOWN_COUNCIL);
        acknowledged(t);
    }
    assert_int_equal(kept(t), 0);
}

static void promise_5_a_composite_answered_by_hand_hides_as_well(void **state)
{
    struct town *t = *state;
    size_t n[2] = { 0 };

    lodges(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 3));
    for (int i = 0; i < 2; i++) {
        struct msg *m = town_insight(t, "safeguarding", "strain", i ? TOWN_TESS : TOWN_NOBODY);

        town_forget(t);
        town_say(t, TOWN_CLINIC, m);
        town_turn(t);
        n[i] = town_heard(t, TOWN_CHARITY, MSG_QUESTION);
        deadline_passes(t);
        assert_int_equal(town_heard(t, TOWN_CLINIC, MSG_INSIGHT), 1);
        assert_int_equal(t->msg.insight.value, INSIGHT_CANNOT_SAY);
        assert_int_equal(t->msg.insight.later_by_ms, town_wall + 24 * HOUR_MS);
    }
    assert_int_equal(n[0], n[1]);
    assert_int_equal(n[0], 2);
}

static void promise_5_a_desk_is_asked_about_nobody_when_somebody_is_hidden(void **state)
{
    struct town *t = *state;
    struct token_set tess;
    struct msg_question first;

    town_person(TOWN_TESS, &tess);
    lodges(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 3));
    asks_insight(t, "arrears", TOWN_TESS);
    (void)question_of(t, TOWN_CHARITY);
    first = t->msg.question;
    assert_int_equal(first.subject.n, tess.n);
    for (uint8_t i = 0; i < tess.n; i++)
        assert_memory_not_equal(first.subject.tokens[i].value, tess.tokens[i].value, TOKEN_LEN);
    deadline_passes(t);
    hours_pass(t, 1);
    hello(t, TOWN_CHARITY); /* the same random ones: a desk cannot tell by comparing */
    (void)question_of(t, TOWN_CHARITY);
    assert_memory_equal(&t->msg.question.subject, &first.subject, sizeof(first.subject));
}

static void promise_5_a_question_keeps_its_tokens_though_somebody_is_hidden_since(void **state)
{
    struct town *t = *state;
    struct msg_question first;

    asks_insight(t, "arrears", TOWN_TESS);
    (void)question_of(t, TOWN_CHARITY);
    first = t->msg.question;
    deadline_passes(t);
    lodges(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 3));
    hello(t, TOWN_CHARITY);
    (void)question_of(t, TOWN_CHARITY);
    assert_memory_equal(&t->msg.question.subject, &first.subject, sizeof(first.subject));
}

static void promise_5_a_desk_that_was_away_learns_nothing_of_who_was_hidden_meanwhile(void **state)
{
    struct town *t = *state;
    struct token_set tess;
    struct id q;

    town_person(TOWN_TESS, &tess);
    falls_silent(t, TOWN_CHARITY);
    asks_insight(t, "arrears", TOWN_TESS);
    lodges(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 3));
    hello(t, TOWN_CHARITY);
    q = question_of(t, TOWN_CHARITY);
    assert_memory_not_equal(t->msg.question.subject.tokens[0].value, tess.tokens[0].value,
                            TOKEN_LEN);
    answers(t, TOWN_CHARITY, &q, ANSWER_NOT_KNOWN);
    finally(t, INSIGHT_NO, COMPLETE_ALL);
}

/* --- 6: "nothing withdrawn is used" --- */

static void promise_6_a_shield_lodged_before_the_late_answer_hides_it(void **state)
{
    struct town *t = *state;

    play(t, of_kind(t, false, "arrears", TOWN_NOBODY), 0, &unknown);
    hello(t, TOWN_COUNCIL);
    acknowledged(t);
    play(t, of_kind(t, false, "arrears", TOWN_TESS), 2, &hidden); /* the charity says yes */
    assert_alike(&unknown, &hidden);
    assert_int_equal(hidden.final.deliver.insight.value, INSIGHT_NO);
}

static void promise_6_a_shield_lodged_while_the_reply_waits_for_its_asker_hides_it(void **state)
{
    struct town *t = *state;

    play(t, of_kind(t, true, "", TOWN_TESS), 4, &hidden);
    assert_int_equal(hidden.final.deliver.kind, DELIVERY_INVOLVEMENT);
    assert_int_equal(hidden.final.deliver.involvement.n, 0);
    assert_false(hidden.final.deliver.involvement.masked);
    assert_int_equal(hidden.final.deliver.involvement.completeness, COMPLETE_SOME);
}

static void promise_5_random_tokens_stay_the_same_past_the_deadline(void **state)
{
    struct town *t = *state;
    struct msg_question first;

    falls_silent(t, TOWN_CHARITY);
    asks_insight(t, "truancy", TOWN_TESS); /* others are there, and waited for */
    lodges(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 3));
    hello(t, TOWN_CHARITY);
    (void)question_of(t, TOWN_CHARITY);
    first = t->msg.question;
    deadline_passes(t);
    hours_pass(t, 1);
    hello(t, TOWN_CHARITY);
    (void)question_of(t, TOWN_CHARITY);
    assert_memory_equal(&t->msg.question.subject, &first.subject, sizeof(first.subject));
}

/* What was asked about nobody says nothing about somebody, though nothing hides them any more. */
static void answer_about_nobody_is_none_about_a_person_who_is_hidden_no_more(void **state)
{
    static const int two[] = { 0, 1, -1 };
    struct town *t = *state;
    struct id q, shield;
    char text[ID_TEXT];
    struct msg *m = town_shield(t, TOWN_TESS, 3);

    assert_int_equal(id_new(town_wall, &shield), 0);
    m->id = shield;
    lodges(t, TOWN_COUNCIL, m);
    q = awaited(t);
    id_format(&shield, text);
    assert_string_equal(town_change(t, "shield-lift",
                                    json_pack("{s:s,s:s}", "shield", text, "reason", "safe"), two),
                        "ok");
    answers(t, TOWN_CHARITY, &q, ANSWER_NOT_KNOWN);
    finally(t, INSIGHT_CANNOT_SAY, COMPLETE_NONE);
    assert_string_equal(t->msg.deliver.insight.policy_rule, "safeguarding/arrears");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TWO_DESKS(promise_5_a_shielded_persons_late_reply_is_an_unknown_persons),
        ONE_DESK(promise_5_a_composite_answered_by_hand_hides_as_well),
        ONE_DESK(promise_5_a_desk_is_asked_about_nobody_when_somebody_is_hidden),
        ONE_DESK(promise_5_a_question_keeps_its_tokens_though_somebody_is_hidden_since),
        ONE_DESK(promise_5_a_desk_that_was_away_learns_nothing_of_who_was_hidden_meanwhile),
        ONE_DESK(promise_6_a_shield_lodged_before_the_late_answer_hides_it),
        ONE_DESK(promise_6_a_shield_lodged_while_the_reply_waits_for_its_asker_hides_it),
        ONE_DESK(promise_5_random_tokens_stay_the_same_past_the_deadline),
        ONE_DESK(answer_about_nobody_is_none_about_a_person_who_is_hidden_no_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
