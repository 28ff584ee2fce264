/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_near.c - "a near match to a shielded record is quarantined" (DESIGN.md section 7): who
 * is only possibly the shielded person, or in conflict with them, is hidden as they are; and who is
 * surely somebody else is not. */
#include "referral_town.h"

#include "core_worry.h"

static const enum town_agency everybody[] = { TOWN_CHARITY, TOWN_CLINIC, TOWN_COUNCIL,
                                              TOWN_POLICE,  TOWN_SCHOOL, TOWN_NURSERY };

/* Letters are kinds as in test_match.c, the digit after it the value. */
static void person_of(const char *text, struct token_set *out)
{
    static const char letters[] = "?NUDPCHAGQS";

    memset(out, 0, sizeof(*out));
    for (; *text; text += 2) {
        struct token *t = &out->tokens[out->n++];

        *t = (struct token){ .kind = (uint8_t)(strchr(letters, text[0]) - letters),
                             .scheme = TOKEN_HMAC,
                             .epoch = 1 };
        memset(t->value, text[1], TOKEN_LEN);
    }
}

#define SHIELDED "N1U1D1P1G1C1H1Q1S1"

static const char *const near[] = {
    "D2P1G2",       /* a name that sounds like theirs, born that day */
    "D2P2G2C1",     /* their name at their postcode, born another day: a parent, or a slip */
    "D2P2G1H1",     /* their given name and birth date at their door, under another family name */
    "D2P1G1Q1",     /* as that, and the names sound alike */
    "D2P2G1S1",     /* their given name, birth date and street */
    "D1P1G1N2",     /* their name and birth date, another number */
    "D1P1G1C1H1U2", /* and their home */
};
static const char *const apart[] = {
    "D2P2G2H1Q1S1",       /* a twin */
    "D2P2G1",             /* one of many called so */
    "N2D2P1G2C2H1Q1S1",   /* a twin whose name sounds alike, and who has a number */
    "N2U2D2P2G2C1H2Q2S2", /* a parent of the same name, by number */
};

static void shield(struct town *t, uint8_t level)
{
    struct msg *m = town_shield(t, TOWN_TESS, level);

    person_of(SHIELDED, &m->shield.subject);
    assert_string_equal(says(t, TOWN_COUNCIL, m), "");
    town_forget(t);
}

static struct msg *asks(struct town *t, const char *question, const char *person)
{
    struct msg *m = town_insight(t, SAFEGUARDING, question, TOWN_NOBODY);

    person_of(person, &m->insight_query.subject);
    return m;
}

/* Of the same shape, and nobody. */
static const char *unknown_like(const char *person)
{
    static char text[64];
    size_t i = 0;

    for (; person[i]; i++)
        text[i] = i % 2 ? '8' : person[i];
    text[i] = '\0';
    return text;
}

struct conversation {
    size_t questions[TOWN_N], reply_len;
    uint32_t deadlines[TOWN_N];
    struct msg_insight reply;
    size_t notices;
};

static void converse(struct town *t, const char *person, struct conversation *out)
{
    struct token_set real;

    memset(out, 0, sizeof(*out));
    person_of(person, &real);
    town_forget(t);
    town_say(t, TOWN_CLINIC, asks(t, "lives-at", person));
    town_turn(t);
    out->notices = delivered(t, TOWN_COUNCIL, DELIVERY_NOTICE);
    for (size_t i = 0; i < ALM_LEN(everybody); i++) {
        enum town_agency a = everybody[i];

        assert_int_equal(town_heard(t, a, MSG_QUESTION), 1);
        out->questions[a] = town_frame_of(t, a, MSG_QUESTION)->len;
        out->deadlines[a] = t->msg.question.deadline_ms;
        assert_int_equal(t->msg.question.subject.n, real.n);
        for (uint8_t k = 0; k < real.n; k++)
            assert_int_equal(t->msg.question.subject.tokens[k].kind, real.tokens[k].kind);
    }
    for (size_t i = 0; i < ALM_LEN(everybody); i++) {
        assert_int_equal(town_heard(t, TOWN_CLINIC, MSG_INSIGHT), 0); /* waits for all */
        town_answer(t, everybody[i], ANSWER_NOT_KNOWN);
        town_turn(t);
    }
    assert_int_equal(town_heard(t, TOWN_CLINIC, MSG_INSIGHT), 1);
    out->reply = t->msg.insight;
    out->reply_len = town_frame_of(t, TOWN_CLINIC, MSG_INSIGHT)->len;
    town_forget(t);
}

static void promise_5_who_is_near_a_shielded_person_sends_an_unknown_persons_messages(void **state)
{
    struct town *t = *state;

    shield(t, 3);
    for (size_t i = 0; i < ALM_LEN(near); i++) {
        struct conversation unknown, hidden;
        struct ledger_clear leaf;
        size_t refused = town_leaves(t, EVENT_REFUSED, NULL);

        converse(t, unknown_like(near[i]), &unknown);
        assert_int_equal(town_leaves(t, EVENT_REFUSED, NULL), refused);
        converse(t, near[i], &hidden);
        assert_int_equal(town_leaves(t, EVENT_REFUSED, &leaf), refused + 1);
        assert_string_equal(leaf.reason, "near-shielded");
        assert_int_equal(leaf.told, TELL_HIDDEN);
        assert_memory_equal(unknown.questions, hidden.questions, sizeof(unknown.questions));
        assert_memory_equal(unknown.deadlines, hidden.deadlines, sizeof(unknown.deadlines));
        assert_int_equal(unknown.reply_len, hidden.reply_len);
        assert_memory_equal(&unknown.reply, &hidden.reply, sizeof(unknown.reply));
    }
}

static void promise_5_holders_get_nobodys_tokens_for_who_is_near(void **state)
{
    struct town *t = *state;
    struct token_set real;

    shield(t, 2);
    for (size_t i = 0; i < ALM_LEN(near); i++) {
        person_of(near[i], &real);
        town_forget(t);
        town_say(t, TOWN_CLINIC, asks(t, "noise", near[i]));
        town_turn(t);
        for (size_t a = 0; a < ALM_LEN(everybody); a++) {
            if (!town_heard(t, everybody[a], MSG_QUESTION))
                continue;
            for (uint8_t k = 0; k < real.n; k++)
                assert_false(token_equal(&t->msg.question.subject.tokens[k], &real.tokens[k]));
        }
    }
}

static void silence_is_waited_for_as_an_unknown_persons_is(void **state)
{
    struct town *t = *state;

    shield(t, 3);
    for (int hidden = 0; hidden < 2; hidden++) {
        town_forget(t);
        town_say(t, TOWN_POLICE, asks(t, "lives-at", hidden ? near[0] : unknown_like(near[0])));
        town_turn(t);
        town_mono += 1500;
        town_turn(t);
        assert_int_equal(town_heard(t, TOWN_POLICE, MSG_INSIGHT), 0);
        town_mono += 1000;
        town_turn(t);
        assert_int_equal(town_heard(t, TOWN_POLICE, MSG_INSIGHT), 1);
        assert_int_equal(t->msg.insight.value, INSIGHT_CANNOT_SAY);
    }
}

static void who_is_surely_somebody_else_is_answered(void **state)
{
    struct town *t = *state;

    shield(t, 3);
    for (size_t i = 0; i < ALM_LEN(apart); i++) {
        struct token_set real;

        person_of(apart[i], &real);
        town_forget(t);
        town_say(t, TOWN_SCHOOL, asks(t, "noise", apart[i]));
        town_turn(t);
        assert_int_equal(town_heard(t, TOWN_POLICE, MSG_QUESTION), 1);
        for (uint8_t k = 0; k < real.n; k++)
            assert_true(token_equal(&t->msg.question.subject.tokens[k], &real.tokens[k]));
        town_answer(t, TOWN_POLICE, ANSWER_YES);
        town_turn(t);
        assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_INSIGHT), 1);
        assert_int_equal(t->msg.insight.value, INSIGHT_YES);
    }
    assert_int_equal(town_leaves(t, EVENT_REFUSED, NULL), 0);
}

static void the_shields_owner_hears_of_who_asks_about_somebody_near(void **state)
{
    struct town *t = *state;
    struct conversation said;

    shield(t, 3);
    converse(t, near[0], &said);
    assert_int_equal(said.notices, 1);
    converse(t, near[1], &said); /* the same asker, that day */
    assert_int_equal(said.notices, 0);
    town_say(t, TOWN_SCHOOL, asks(t, "noise", near[0]));
    town_turn(t);
    assert_int_equal(delivered(t, TOWN_COUNCIL, DELIVERY_NOTICE), 1);
    assert_int_equal(t->msg.deliver.notice.kind, NOTICE_SHIELD_ATTEMPT);
    assert_string_equal(t->msg.deliver.notice.agency, "school");
    assert_non_null(strstr(t->msg.deliver.notice.text, "may be"));
}

static void nobody_hears_of_who_is_surely_somebody_else(void **state)
{
    struct town *t = *state;

    shield(t, 3);
    for (size_t i = 0; i < ALM_LEN(apart); i++) {
        town_forget(t);
        town_say(t, TOWN_SCHOOL, asks(t, "noise", apart[i]));
        town_turn(t);
        assert_int_equal(delivered(t, TOWN_COUNCIL, DELIVERY_NOTICE), 0);
    }
}

static void near_a_shielded_address_only_questions_of_homes_are_hidden(void **state)
{
    struct town *t = *state;
    struct ledger_clear leaf;

    shield(t, 1);
    town_say(t, TOWN_SCHOOL, asks(t, "noise", near[0]));
    town_turn(t);
    assert_int_equal(town_leaves(t, EVENT_REFUSED, NULL), 0);
    town_say(t, TOWN_SCHOOL, asks(t, "lives-at", near[0]));
    town_turn(t);
    assert_int_equal(town_leaves(t, EVENT_REFUSED, &leaf), 1);
    assert_string_equal(leaf.reason, "near-shielded");
}

static void the_shielded_person_is_logged_as_shielded_and_not_as_near(void **state)
{
    struct town *t = *state;
    struct ledger_clear leaf;

    shield(t, 3);
    town_say(t, TOWN_SCHOOL, asks(t, "noise", "D1P1G1")); /* a prohibition needs no more */
    town_turn(t);
    assert_int_equal(town_leaves(t, EVENT_REFUSED, &leaf), 1);
    assert_string_equal(leaf.reason, "shielded-existence");
}

static void a_shield_that_is_over_quarantines_nobody(void **state)
{
    struct town *t = *state;
    struct msg *m = town_shield(t, TOWN_TESS, 3);

    person_of(SHIELDED, &m->shield.subject);
    m->shield.until = m->shield.from;
    m->shield.from = m->shield.until;
    assert_string_equal(says(t, TOWN_COUNCIL, m), "");
    day_passes(t, 1);
    town_say(t, TOWN_SCHOOL, asks(t, "noise", near[0]));
    town_turn(t);
    assert_int_equal(town_leaves(t, EVENT_REFUSED, NULL), 0);
}

/* --- what is lodged about somebody near --- */

static const char *const somebody =
    "D2P1G1Q1"; /* with a home: what is lodged is found again strictly */

static size_t receipt_of_consent(struct town *t, const char *person)
{
    struct msg *m = town_consent(t, "early-help", TOWN_NOBODY);

    person_of(person, &m->consent.subject);
    assert_string_equal(says(t, TOWN_SCHOOL, m), "");
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_RECEIPT), 1);
    return town_frame_of(t, TOWN_SCHOOL, MSG_RECEIPT)->len;
}

static void a_consent_of_somebody_near_is_receipted_alike_and_opens_nothing(void **state)
{
    struct town *t = *state;
    struct ledger_clear leaf;
    struct msg *m;

    shield(t, 3);
    assert_int_equal(receipt_of_consent(t, somebody),
                     receipt_of_consent(t, unknown_like(somebody)));
    m = town_insight(t, "early-help", "noise", TOWN_NOBODY);
    person_of(somebody, &m->insight_query.subject);
    assert_string_equal(says(t, TOWN_COUNCIL, m),
                        ""); /* not that one needs consent: that is there */
    assert_int_equal(town_leaves(t, EVENT_REFUSED, &leaf), 1);
    assert_int_equal(leaf.told, TELL_HIDDEN);
}

static const char *concern(struct town *t, enum town_agency from, const char *person)
{
    struct msg *m = worry_concern(t, "neglect", TOWN_NOBODY);

    person_of(person, &m->concern.subject);
    return worry_say(t, from, m);
}

static const char *fired(struct town *t, enum town_agency who, const char *person)
{
    return worry_ask(t, who, asks(t, "worry", person));
}

static void concerns_about_somebody_near_are_seen_by_the_shields_owner_alone(void **state)
{
    const char *nobody = unknown_like(somebody);
    struct town *t = *state;
    size_t receipt, reply;

    shield(t, 3);
    assert_string_equal(concern(t, TOWN_SCHOOL, nobody), "");
    receipt = town_frame_of(t, TOWN_SCHOOL, MSG_RECEIPT)->len;
    assert_string_equal(fired(t, TOWN_CHARITY, nobody), "no");
    reply = town_frame_of(t, TOWN_CHARITY, MSG_THRESHOLD_STATE)->len;
    assert_string_equal(concern(t, TOWN_SCHOOL, somebody), "");
    assert_int_equal(town_frame_of(t, TOWN_SCHOOL, MSG_RECEIPT)->len, receipt);
    assert_string_equal(concern(t, TOWN_POLICE, somebody), "");
    assert_string_equal(fired(t, TOWN_CHARITY, somebody), "no");
    assert_int_equal(town_frame_of(t, TOWN_CHARITY, MSG_THRESHOLD_STATE)->len, reply);
    assert_string_not_equal(fired(t, TOWN_COUNCIL, somebody), "no");
}

static void concerns_about_a_twin_are_seen(void **state)
{
    struct town *t = *state;

    shield(t, 3);
    assert_string_equal(concern(t, TOWN_SCHOOL, apart[0]), "");
    assert_string_equal(concern(t, TOWN_POLICE, apart[0]), "");
}

static void a_referral_of_somebody_near_is_taken_alike_and_goes_to_nobody(void **state)
{
    struct town *t = *state;
    struct ledger_clear leaf;
    size_t plain;
    struct msg *m;

    shield(t, 3);
    (void)referred(t); /* of Tess, who is nobody's shield's here */
    plain = town_frame_of(t, TOWN_SCHOOL, MSG_RECEIPT)->len;
    assert_int_equal(delivered(t, TOWN_CHARITY, DELIVERY_REFERRAL), 1);
    m = referral_msg(t, TOWN_CHARITY, REFERRAL_SOFT);
    person_of(somebody, &m->referral.subject);
    assert_string_equal(says(t, TOWN_SCHOOL, m), "");
    assert_int_equal(town_frame_of(t, TOWN_SCHOOL, MSG_RECEIPT)->len, plain);
    assert_int_equal(delivered(t, TOWN_CHARITY, DELIVERY_REFERRAL), 0);
    assert_int_equal(delivered(t, TOWN_COUNCIL, DELIVERY_NOTICE), 1);
    assert_int_equal(t->msg.deliver.notice.kind, NOTICE_SHIELD_ATTEMPT);
    assert_int_equal(town_leaves(t, EVENT_NOT_DELIVERED, &leaf), 1);
    assert_string_equal(leaf.reason, "near-shielded");
}

#define IN_TOWN(name) cmocka_unit_test_setup_teardown(name, worry_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TOWN(promise_5_who_is_near_a_shielded_person_sends_an_unknown_persons_messages),
        IN_TOWN(promise_5_holders_get_nobodys_tokens_for_who_is_near),
        IN_TOWN(silence_is_waited_for_as_an_unknown_persons_is),
        IN_TOWN(who_is_surely_somebody_else_is_answered),
        IN_TOWN(the_shields_owner_hears_of_who_asks_about_somebody_near),
        IN_TOWN(nobody_hears_of_who_is_surely_somebody_else),
        IN_TOWN(near_a_shielded_address_only_questions_of_homes_are_hidden),
        IN_TOWN(the_shielded_person_is_logged_as_shielded_and_not_as_near),
        IN_TOWN(a_shield_that_is_over_quarantines_nobody),
        IN_TOWN(a_consent_of_somebody_near_is_receipted_alike_and_opens_nothing),
        IN_TOWN(concerns_about_somebody_near_are_seen_by_the_shields_owner_alone),
        IN_TOWN(concerns_about_a_twin_are_seen),
        IN_TOWN(a_referral_of_somebody_near_is_taken_alike_and_goes_to_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
