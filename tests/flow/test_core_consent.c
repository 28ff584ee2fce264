/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_consent.c - DOMAIN.md section 2 around one core: competence, capacities, wordings and
 * witnesses, stages, reviews, and what could not be asked. */
#include "core_consent.h"

/* --- competence and capacity --- */

static void a_judgement_that_nobody_signed_for_is_not_lodged(void **state)
{
    static const uint8_t capacities[] = { CAPACITY_GILLICK, CAPACITY_BEST_INTERESTS };
    struct town *t = *state;

    for (size_t i = 0; i < ALM_LEN(capacities); i++) {
        struct msg *m = consent_by(t, capacities[i]);

        refused(t, TOWN_COUNCIL, m, "competence-missing");
        m = judged(consent_by(t, capacities[i]));
        m->consent.competence_by[0] = '\0';
        refused(t, TOWN_COUNCIL, m, "competence-missing");
        m = judged(consent_by(t, capacities[i]));
        m->consent.competence_role[0] = '\0';
        refused(t, TOWN_COUNCIL, m, "competence-missing");
        m = judged(consent_by(t, capacities[i]));
        m->consent.competence_on = CIVIL_NONE;
        refused(t, TOWN_COUNCIL, m, "competence-missing");
        m = judged(consent_by(t, capacities[i]));
        m->consent.competence_on = m->consent.given_on + 1; /* judged after they decided */
        refused(t, TOWN_COUNCIL, m, "bad-dates");
    }
    assert_false(noise_asked(t));
}

static void a_judgement_counts_and_is_kept_sealed(void **state)
{
    struct town *t = *state;
    struct ledger_clear leaf;
    ALM_CLEANUP(store_abortp) struct store_txn *txn = NULL;
    struct consent_record r;
    struct id id = lodged(t, TOWN_COUNCIL, judged(consent_by(t, CAPACITY_GILLICK)));

    assert_true(noise_asked(t));
    assert_int_equal(town_leaves(t, EVENT_CONSENT_LODGED, &leaf), 1);
    assert_null(strstr(leaf.detail, "nurse"));
    assert_false(town_log_holds(t, bytes_str("nurse-77")));
    assert_int_equal(store_begin(t->core->store, false, &txn), 0);
    assert_int_equal(consents_get(txn, &id, &r), 0);
    assert_string_equal(r.consent.competence_by, "nurse-77");
    assert_string_equal(r.consent.competence_role, "school-nurse");
    assert_int_equal(r.consent.competence_on, r.consent.given_on);
}

static void a_young_persons_refusal_needs_no_judgement(void **state)
{
    struct town *t = *state;
    struct msg *m;

    (void)lodged(t, TOWN_COUNCIL, consent_by(t, CAPACITY_PARENT));
    assert_true(noise_asked(t));
    m = consent_by(t, CAPACITY_GILLICK);
    m->consent.decision = CONSENT_REFUSED;
    (void)lodged(t, TOWN_COUNCIL, m);
    assert_false(noise_asked(t));
}

static void others_consent_for_an_adult_who_lacks_capacity(void **state)
{
    static const struct {
        uint8_t capacity;
        bool able;
    } who[] = { { CAPACITY_ATTORNEY, true },
                { CAPACITY_DEPUTY, true },
                { CAPACITY_BEST_INTERESTS, true },
                { CAPACITY_CARER_WITHOUT_PR, false } };
    struct town *t = *state;

    for (size_t i = 0; i < ALM_LEN(who); i++) {
        struct msg *m = consent_by(t, who[i].capacity);

        if (who[i].capacity == CAPACITY_BEST_INTERESTS)
            (void)judged(m);
        m->consent.able_from = TOWN_DAY - 10;
        (void)lodged(t, TOWN_COUNCIL, m);
        assert_int_equal(noise_asked(t), who[i].able);
        (void)lodged(t, TOWN_COUNCIL, town_withdraw(t, PURPOSE, TOWN_TESS));
        assert_false(noise_asked(t));
    }
}

static void a_parents_consent_lapses_on_the_sixteenth_birthday_and_their_own_stands(void **state)
{
    struct town *t = *state;
    struct msg *m = consent_by(t, CAPACITY_PARENT);

    m->consent.able_until = TOWN_DAY; /* tomorrow they are sixteen */
    (void)lodged(t, TOWN_COUNCIL, m);
    assert_true(noise_asked(t));
    town_day(t, TOWN_DAY + 1);
    assert_false(noise_asked(t));
    m = consent_by(t, CAPACITY_SELF);
    m->consent.able_from = TOWN_DAY + 1;
    m->consent.given_on = TOWN_DAY + 1;
    m->consent.given_ms = town_wall;
    (void)lodged(t, TOWN_COUNCIL, m);
    assert_true(noise_asked(t));
}

static void the_catalogue_tells_adapters_the_policys_ages(void **state)
{
    struct town *t = *state;

    town_hello(t, TOWN_SCHOOL);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_CATALOGUE), 1);
    assert_int_equal(t->msg.catalogue.n_capacities, POLICY_CAPACITIES - 2); /* no carer's */
    for (size_t i = 0; i < t->msg.catalogue.n_capacities; i++) {
        const struct msg_catalogue_capacity *a = &t->msg.catalogue.capacities[i];

        assert_int_not_equal(a->capacity, CAPACITY_CARER_WITHOUT_PR);
        assert_int_equal(a->from_age, a->capacity == CAPACITY_DEPUTY ? 18 : 0);
        assert_int_equal(a->before_age, a->capacity == CAPACITY_PARENT ? 16 : 0);
    }
}

/* --- wording, witness, dates --- */

static void a_wording_that_was_not_approved_on_the_day_is_not_lodged(void **state)
{
    static const struct {
        const char *wording;
        bool good;
    } rows[] = { { "", false }, { "w-0", false }, { "w-1", true }, { "w-2", false } };
    struct town *t = *state;

    for (size_t i = 0; i < ALM_LEN(rows); i++) {
        struct msg *m = consent_by(t, CAPACITY_SELF);

        (void)snprintf(m->consent.wording_version, sizeof(name_t), "%s", rows[i].wording);
        if (rows[i].good)
            (void)lodged(t, TOWN_COUNCIL, m);
        else
            refused(t, TOWN_COUNCIL, m, "wording-not-approved");
        assert_int_equal(noise_asked(t), rows[i].good);
        (void)lodged(t, TOWN_COUNCIL, town_withdraw(t, PURPOSE, TOWN_TESS));
    }
}

static void a_refusal_needs_no_approved_wording_and_no_witness(void **state)
{
    struct town *t = *state;
    struct msg *m = consent_by(t, CAPACITY_SELF);

    m->consent.decision = CONSENT_REFUSED;
    m->consent.method = METHOD_RECORDED_VERBAL;
    (void)lodged(t, TOWN_COUNCIL, m);
}

static void what_was_spoken_needs_a_witness_where_the_policy_says_so(void **state)
{
    struct town *t = *state;
    struct msg *m = consent_by(t, CAPACITY_SELF);

    (void)snprintf(m->consent.wording_version, sizeof(name_t), "w-1");
    m->consent.method = METHOD_RECORDED_VERBAL;
    refused(t, TOWN_COUNCIL, m, "witness-missing");
    m = consent_by(t, CAPACITY_SELF);
    (void)snprintf(m->consent.wording_version, sizeof(name_t), "w-1");
    m->consent.method = METHOD_RECORDED_VERBAL;
    (void)snprintf(m->consent.witness, sizeof(name_t), "w-9");
    (void)lodged(t, TOWN_COUNCIL, m);
    assert_true(noise_asked(t));
}

static void dates_that_contradict_one_another_are_refused(void **state)
{
    struct town *t = *state;
    struct msg *m = consent_by(t, CAPACITY_SELF);

    m->consent.expires_on = m->consent.given_on - 1;
    refused(t, TOWN_COUNCIL, m, "bad-dates");
    m = consent_by(t, CAPACITY_SELF);
    m->consent.review_on = m->consent.given_on - 1;
    refused(t, TOWN_COUNCIL, m, "bad-dates");
}

/* --- stages and reviews --- */

static void a_first_stage_carries_names_and_addresses_alone(void **state)
{
    struct town *t = *state;
    struct msg *m = consent_by(t, CAPACITY_SELF);

    m->consent.stage = 1;
    m->consent.has_family = true;
    assert_int_equal(id_new(town_wall, &m->consent.family), 0);
    (void)lodged(t, TOWN_COUNCIL, m);
    assert_false(noise_asked(t));
    town_say(t, TOWN_CHARITY, town_insight(t, PURPOSE, "plan", TOWN_TESS)); /* marked */
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_QUESTION), 1);
    town_forget(t);
    assert_false(asked_of(t, TOWN_CHARITY, town_involvement(t, PURPOSE, TOWN_TESS)));
}

static void a_second_stage_names_each_service(void **state)
{
    struct town *t = *state;
    struct msg *m = consent_by(t, CAPACITY_SELF);

    m->consent.stage = 2;
    refused(t, TOWN_COUNCIL, m, "stage-names-services");
    m = consent_by(t, CAPACITY_SELF);
    m->consent.stage = 2;
    m->consent.sources.any = false;
    refused(t, TOWN_COUNCIL, m, "stage-names-services");
    m = consent_by(t, CAPACITY_SELF);
    m->consent.stage = 2;
    m->consent.sources = (struct msg_scope){ .n = 1, .agencies = { "police" } };
    (void)lodged(t, TOWN_COUNCIL, m);
    assert_true(noise_asked(t));
    assert_false(asked_of(t, TOWN_COUNCIL, town_insight(t, PURPOSE, "arrears", TOWN_TESS)));
}

static bool review_is_due(struct town *t)
{
    town_forget(t);
    town_say(t, TOWN_COUNCIL, town_insight(t, PURPOSE, "noise", TOWN_TESS));
    town_turn(t);
    town_answer(t, TOWN_POLICE, ANSWER_NO);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
    return t->msg.insight.review_due;
}

static void past_its_review_an_answer_says_so_and_past_the_grace_there_is_none(void **state)
{
    struct town *t = *state;
    struct msg *m = consent_by(t, CAPACITY_SELF);

    m->consent.review_on = TOWN_DAY + 1;
    (void)lodged(t, TOWN_COUNCIL, m);
    assert_false(review_is_due(t));
    town_day(t, TOWN_DAY + 1);
    assert_false(review_is_due(t));
    town_day(t, TOWN_DAY + 2);
    assert_true(review_is_due(t));
    town_day(t, TOWN_DAY + 1 + TOWN_GRACE);
    assert_true(review_is_due(t));
    town_day(t, TOWN_DAY + 2 + TOWN_GRACE);
    assert_false(noise_asked(t));
}

/* --- what its lodger must look at again --- */

static size_t due_of(struct town *t, enum town_agency who)
{
    struct msg *m = town_msg(t, MSG_DUE_QUERY);

    town_practitioner(m, "worker-7");
    town_forget(t);
    town_say(t, who, m);
    town_turn(t);
    assert_string_equal(town_refusal(t, who), "");
    assert_int_equal(town_heard(t, who, MSG_DUE_LIST), 1);
    return t->msg.due_list.n;
}

static void a_review_and_a_birthday_are_due_until_somebody_asks_again(void **state)
{
    struct town *t = *state;
    struct msg *m = consent_by(t, CAPACITY_PARENT);
    struct id id;

    m->consent.review_on = TOWN_DAY + 30;
    m->consent.able_until = TOWN_DAY + 5;
    id = lodged(t, TOWN_COUNCIL, m);
    assert_int_equal(due_of(t, TOWN_COUNCIL), 1);
    assert_int_equal(t->msg.due_list.entries[0].kind, DUE_REVIEW);
    assert_true(id_equal(&t->msg.due_list.entries[0].about, &id));
    assert_non_null(strstr(t->msg.due_list.entries[0].text, "young person's own"));
    assert_int_equal(due_of(t, TOWN_SCHOOL), 0);
    m = town_msg(t, MSG_CONSENT_CHANGE); /* the birth date was wrong: the review comes first now */
    m->consent_change.consent = id;
    m->consent_change.able_until = TOWN_DAY + 400;
    (void)lodged(t, TOWN_COUNCIL, m);
    assert_int_equal(due_of(t, TOWN_COUNCIL), 1);
    assert_non_null(strstr(t->msg.due_list.entries[0].text, "Review"));
    m = consent_by(t, CAPACITY_SELF);
    m->consent.decision = CONSENT_NOT_POSSIBLE;
    (void)snprintf(m->consent.not_possible, sizeof(name_t), "not-reached");
    (void)lodged(t, TOWN_COUNCIL, m); /* asked again, in vain */
    assert_int_equal(due_of(t, TOWN_COUNCIL), 0);
}

static void what_is_withdrawn_or_ends_before_is_not_to_be_reviewed(void **state)
{
    struct town *t = *state;
    struct msg *m = consent_by(t, CAPACITY_SELF);
    struct id id;

    m->consent.review_on = TOWN_DAY + 30;
    m->consent.expires_on = TOWN_DAY + 29;
    (void)lodged(t, TOWN_COUNCIL, m);
    assert_int_equal(due_of(t, TOWN_COUNCIL), 0);
    for (unsigned by_id = 0; by_id < 2; by_id++) {
        m = consent_by(t, CAPACITY_SELF);
        m->consent.review_on = TOWN_DAY + 30;
        id = lodged(t, TOWN_COUNCIL, m);
        assert_int_equal(due_of(t, TOWN_COUNCIL), 1);
        m = town_withdraw(t, PURPOSE, TOWN_TESS);
        m->withdrawal.has_consent = by_id;
        m->withdrawal.consent = id;
        (void)lodged(t, TOWN_SCHOOL, m);
        assert_int_equal(due_of(t, TOWN_COUNCIL), 0);
        town_wall += 1000;
    }
    m = consent_by(t, CAPACITY_SELF); /* another's asking is not ours */
    m->consent.review_on = TOWN_DAY + 30;
    (void)lodged(t, TOWN_COUNCIL, m);
    (void)lodged(t, TOWN_SCHOOL, consent_by(t, CAPACITY_SELF));
    assert_int_equal(due_of(t, TOWN_COUNCIL), 1);
}

/* --- what could not be asked --- */

static void what_could_not_be_asked_gives_nothing_blocks_nothing_and_is_listed(void **state)
{
    struct town *t = *state;
    struct ledger_clear leaf;
    struct msg *m = consent_by(t, CAPACITY_SELF);
    struct id id;

    m->consent.decision = CONSENT_NOT_POSSIBLE;
    (void)snprintf(m->consent.not_possible, sizeof(name_t), "not-reached");
    id = lodged(t, TOWN_COUNCIL, m);
    assert_int_equal(town_leaves(t, EVENT_CONSENT_NOT_POSSIBLE, &leaf), 1);
    assert_true(id_equal(&leaf.message, &id));
    assert_false(noise_asked(t)); /* it gives nothing */
    (void)lodged(t, TOWN_COUNCIL, consent_by(t, CAPACITY_SELF));
    assert_true(noise_asked(t));
    m = consent_by(t, CAPACITY_SELF);
    m->consent.decision = CONSENT_NOT_POSSIBLE;
    (void)snprintf(m->consent.not_possible, sizeof(name_t), "not-reached");
    m->consent.given_on = TOWN_DAY;
    (void)lodged(t, TOWN_COUNCIL, m);
    assert_true(noise_asked(t)); /* it blocks nothing */
    m = town_msg(t, MSG_CONSENT_LIST_QUERY);
    town_say(t, TOWN_COUNCIL, m);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_CONSENT_LIST), 1);
    assert_int_equal(t->msg.consent_list.n, 3);
    assert_int_equal(t->msg.consent_list.entries[0].decision, CONSENT_NOT_POSSIBLE);
}

static void what_could_not_be_asked_is_taken_back_by_who_recorded_it_alone(void **state)
{
    struct town *t = *state;
    struct msg *m;
    struct id id = { { 0 } };

    for (int i = 0; i < REFUSALS_MAX + 1; i++) {
        m = consent_by(t, CAPACITY_SELF);
        m->consent.decision = CONSENT_NOT_POSSIBLE;
        (void)snprintf(m->consent.not_possible, sizeof(name_t), "not-reached");
        town_mono += 200;
        if (i < REFUSALS_MAX)
            id = lodged(t, TOWN_COUNCIL, m);
        else
            refused(t, TOWN_COUNCIL, m, "too-many-refusals");
    }
    m = town_withdraw(t, PURPOSE, TOWN_TESS);
    m->withdrawal.has_consent = true;
    m->withdrawal.consent = id;
    refused(t, TOWN_SCHOOL, m, "unknown-consent");
    m = town_withdraw(t, PURPOSE, TOWN_TESS);
    m->withdrawal.has_consent = true;
    m->withdrawal.consent = id;
    (void)lodged(t, TOWN_COUNCIL, m);
    m = consent_by(t, CAPACITY_SELF);
    m->consent.decision = CONSENT_NOT_POSSIBLE;
    (void)snprintf(m->consent.not_possible, sizeof(name_t), "not-reached");
    (void)lodged(t, TOWN_COUNCIL, m);
    m = consent_by(t, CAPACITY_SELF); /* sixteen of these take no refusal's place */
    m->consent.decision = CONSENT_REFUSED;
    (void)lodged(t, TOWN_COUNCIL, m);
}

static int live_setup(void **state)
{
    town_mode = MODE_LIVE;
    return town_setup(state);
}

/* Nothing happened since midnight: the first message is what the core wakes up for. */
static void what_ended_at_midnight_carries_nothing_in_the_first_message_after_it(void **state)
{
    struct town *t = *state;
    struct msg *m = consent_by(t, CAPACITY_SELF);

    m->consent.expires_on = TOWN_DAY;
    (void)lodged(t, TOWN_COUNCIL, m);
    town_wall = (int64_t)(TOWN_DAY + 1) * 86400000 - 10;
    assert_true(noise_asked(t));
    town_wall += 20;
    assert_false(noise_asked(t));
}

/* "After (in commit order) a withdrawal": not by the clock. */
static void promise_6_a_clock_set_back_across_midnight_revives_no_grant_that_was_withdrawn(void **state)
{
    struct town *t = *state;
    struct msg *m;

    (void)lodged(t, TOWN_COUNCIL, consent_by(t, CAPACITY_SELF));
    assert_true(noise_asked(t));
    town_wall = (int64_t)(TOWN_DAY + 1) * 86400000 + 10000;
    m = town_withdraw(t, PURPOSE, TOWN_TESS);
    m->withdrawal.given_on = TOWN_DAY + 1;
    m->withdrawal.given_ms = town_wall;
    (void)lodged(t, TOWN_SCHOOL, m);
    assert_false(noise_asked(t));
    town_wall -= 3600000;
    assert_false(noise_asked(t));
}

static int strict_setup(void **state)
{
    town_strict_consent = true;
    return town_setup(state);
}

static int strict_teardown(void **state)
{
    town_strict_consent = false;
    return town_teardown(state);
}

#define CONSENT_TEST(name) cmocka_unit_test_setup_teardown(name, town_setup, town_teardown)
#define STRICT_TEST(name)  cmocka_unit_test_setup_teardown(name, strict_setup, strict_teardown)
#define LIVE_TEST(name)    cmocka_unit_test_setup_teardown(name, live_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONSENT_TEST(a_judgement_that_nobody_signed_for_is_not_lodged),
        CONSENT_TEST(a_judgement_counts_and_is_kept_sealed),
        CONSENT_TEST(a_young_persons_refusal_needs_no_judgement),
        CONSENT_TEST(others_consent_for_an_adult_who_lacks_capacity),
        CONSENT_TEST(a_parents_consent_lapses_on_the_sixteenth_birthday_and_their_own_stands),
        CONSENT_TEST(the_catalogue_tells_adapters_the_policys_ages),
        STRICT_TEST(a_wording_that_was_not_approved_on_the_day_is_not_lodged),
        STRICT_TEST(a_refusal_needs_no_approved_wording_and_no_witness),
        STRICT_TEST(what_was_spoken_needs_a_witness_where_the_policy_says_so),
        CONSENT_TEST(dates_that_contradict_one_another_are_refused),
        CONSENT_TEST(a_first_stage_carries_names_and_addresses_alone),
        CONSENT_TEST(a_second_stage_names_each_service),
        CONSENT_TEST(past_its_review_an_answer_says_so_and_past_the_grace_there_is_none),
        LIVE_TEST(promise_6_a_clock_set_back_across_midnight_revives_no_grant_that_was_withdrawn),
        LIVE_TEST(what_ended_at_midnight_carries_nothing_in_the_first_message_after_it),
        CONSENT_TEST(a_review_and_a_birthday_are_due_until_somebody_asks_again),
        CONSENT_TEST(what_is_withdrawn_or_ends_before_is_not_to_be_reviewed),
        CONSENT_TEST(what_could_not_be_asked_gives_nothing_blocks_nothing_and_is_listed),
        CONSENT_TEST(what_could_not_be_asked_is_taken_back_by_who_recorded_it_alone),
    };

    return cmocka_run_group_tests_name("core consent", tests, NULL, NULL);
}
