/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_referrals.c - referrals as they are sent: what each kind must have, consent, what is
 * hidden, loops. */
#include "referral_town.h"

static const char *refused(struct town *t, enum town_agency from, struct msg *m)
{
    const char *word = says(t, from, m);

    assert_string_not_equal(word, "");
    assert_int_equal(town_heard(t, from, MSG_RECEIPT), 0);
    for (int a = 0; a < TOWN_N; a++)
        assert_int_equal(delivered(t, (enum town_agency)a, DELIVERY_REFERRAL), 0);
    return word;
}

/* --- sending --- */

static void a_referral_reaches_its_receiver_with_what_it_needs_and_no_more(void **state)
{
    struct town *t = *state;
    struct id id = referred(t);
    struct ledger_clear leaf;
    struct token_set tess;

    assert_int_equal(delivered(t, TOWN_CHARITY, DELIVERY_REFERRAL), 1);
    town_person(TOWN_TESS, &tess);
    assert_memory_equal(&t->msg.deliver.referral_id, &id, sizeof(id));
    assert_string_equal(t->msg.deliver.from, "school");
    assert_int_equal(t->msg.deliver.referral.kind, REFERRAL_SOFT);
    assert_int_equal(match_strict(&t->msg.deliver.referral.subject, &tess), MATCH_YES);
    assert_string_equal(t->msg.practitioner.ref, "");
    assert_int_equal(town_leaves(t, EVENT_REFERRAL_SENT, &leaf), 1);
    assert_string_equal(leaf.agency, "school");
    assert_string_equal(leaf.holders[0], "charity");
    assert_string_equal(leaf.rule, "safeguarding/refer");
    assert_int_equal(town_leaves(t, EVENT_DELIVERED, NULL), 1);
    for (int a = 0; a < TOWN_N; a++)
        if (a != TOWN_CHARITY)
            assert_int_equal(delivered(t, (enum town_agency)a, DELIVERY_REFERRAL), 0);
}

static void the_same_referral_again_gets_its_first_receipt_and_is_delivered_once(void **state)
{
    struct town *t = *state;
    struct msg *m = referral_msg(t, TOWN_CHARITY, REFERRAL_SOFT), again;
    uint64_t leaf;

    assert_int_equal(id_new(town_wall, &m->id), 0);
    m->sent_ms = town_wall;
    again = *m;
    assert_string_equal(says(t, TOWN_SCHOOL, m), "");
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_RECEIPT), 1);
    leaf = t->msg.receipt.leaf;
    t->msg = again;
    assert_string_equal(says(t, TOWN_SCHOOL, &t->msg), "");
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_RECEIPT), 1);
    assert_int_equal(t->msg.receipt.leaf, leaf);
    assert_int_equal(delivered(t, TOWN_CHARITY, DELIVERY_REFERRAL), 0);
    t->msg = again;
    t->msg.referral.kind = REFERRAL_SIGNPOSTING;
    assert_string_equal(says(t, TOWN_SCHOOL, &t->msg), "id-reused");
    assert_int_equal(town_leaves(t, EVENT_REFERRAL_SENT, NULL), 1);
}

static void nobody_lodges_under_the_id_of_anothers_referral(void **state)
{
    struct town *t = *state;
    struct id id = referred(t);
    struct msg *m = referral_msg(t, TOWN_CHARITY, REFERRAL_SOFT);

    m->id = id;
    assert_string_equal(refused(t, TOWN_POLICE, m), "id-reused");
}

static void each_kind_needs_what_the_policy_says(void **state)
{
    static const struct {
        uint8_t kind;
        uint16_t made;
        const char *word;
    } cases[] = {
        { REFERRAL_SIGNPOSTING, 0, "" },
        { REFERRAL_SOFT, 0, "eligibility-not-checked" },
        { REFERRAL_SOFT, MADE_ELIGIBILITY_CHECKED, "" },
        { REFERRAL_APPLICATION, MADE_ELIGIBILITY_CHECKED, "form-not-verified" },
        { REFERRAL_HARD, MADE_ELIGIBILITY_CHECKED, "eligibility-not-decided" },
        { REFERRAL_HARD, MADE_ELIGIBILITY_DECIDED, "" },
        { REFERRAL_COMMISSIONED, MADE_BUDGET_PERMITTED, "not-assessed" },
        { REFERRAL_COMMISSIONED, MADE_ASSESSED, "budget-not-permitted" },
        { REFERRAL_BOOKED, MADE_ASSESSED | MADE_BUDGET_PERMITTED, "slot-not-agreed" },
        { REFERRAL_BOOKED, MADE_MOST, "" },
    };
    struct town *t = *state;

    for (size_t i = 0; i < ALM_LEN(cases); i++) {
        struct msg *m = referral_msg(t, TOWN_CHARITY, cases[i].kind);

        m->referral.made = cases[i].made;
        town_person(TOWN_NOBODY, &m->referral.subject);
        m->referral.subject.tokens[0].value[5] = (uint8_t)i; /* another family each time */
        m->referral.subject.tokens[1].value[5] = (uint8_t)i;
        m->referral.subject.tokens[2].value[5] = (uint8_t)i;
        (void)snprintf(m->referral.service, sizeof(m->referral.service), "meals");
        assert_string_equal(says(t, TOWN_COUNCIL, m), cases[i].word);
    }
}

static void only_with_the_services_agreement_is_anything_decided_spent_or_booked(void **state)
{
    static const struct {
        enum town_agency who;
        uint8_t kind;
        uint32_t pounds;
        const char *role, *word;
    } cases[] = {
        { TOWN_POLICE, REFERRAL_HARD, 0, "social-worker", "" },
        { TOWN_POLICE, REFERRAL_COMMISSIONED, 0, "social-worker", "not-permitted-by-service" },
        { TOWN_SCHOOL, REFERRAL_HARD, 0, "social-worker", "not-permitted-by-service" },
        { TOWN_COUNCIL, REFERRAL_COMMISSIONED, 500, "social-worker", "" },
        { TOWN_COUNCIL, REFERRAL_COMMISSIONED, 501, "social-worker", "not-permitted-by-service" },
        { TOWN_COUNCIL, REFERRAL_BOOKED, 1, "volunteer", "not-permitted-by-service" },
        { TOWN_COUNCIL, REFERRAL_HARD, 0, "mayor", "not-permitted-by-service" },
    };
    struct town *t = *state;

    for (size_t i = 0; i < ALM_LEN(cases); i++) {
        struct msg *m = referral_msg(t, TOWN_CHARITY, cases[i].kind);

        m->referral.pounds = cases[i].pounds;
        (void)snprintf(m->referral.service, sizeof(m->referral.service), "meals");
        (void)snprintf(m->practitioner.role, sizeof(m->practitioner.role), "%s", cases[i].role);
        assert_string_equal(says(t, cases[i].who, m), cases[i].word);
    }
    day_passes(t, 200); /* the agreement with the council has ended; that with the police has not */
    struct msg *m = referral_msg(t, TOWN_CHARITY, REFERRAL_HARD);

    (void)snprintf(m->referral.service, sizeof(m->referral.service), "meals");
    assert_string_equal(refused(t, TOWN_COUNCIL, m), "not-permitted-by-service");
}

static void a_service_must_be_the_receivers_and_take_the_kind(void **state)
{
    static const struct {
        const char *service;
        enum town_agency to;
        uint8_t kind;
        const char *word;
    } cases[] = {
        { "circus", TOWN_CHARITY, REFERRAL_SOFT, "unknown-service" },
        { "meals", TOWN_CLINIC, REFERRAL_SOFT, "not-the-services-agency" },
        { "talking", TOWN_CLINIC, REFERRAL_APPLICATION, "kind-not-taken" },
        { "", TOWN_CHARITY, REFERRAL_HARD, "service-required" },
    };
    struct town *t = *state;

    for (size_t i = 0; i < ALM_LEN(cases); i++) {
        struct msg *m = referral_msg(t, cases[i].to, cases[i].kind);

        (void)snprintf(m->referral.service, sizeof(m->referral.service), "%s", cases[i].service);
        assert_string_equal(refused(t, TOWN_COUNCIL, m), cases[i].word);
    }
}

static void a_referral_is_neither_of_tomorrow_nor_of_long_ago(void **state)
{
    struct town *t = *state;
    struct msg *m = referral_msg(t, TOWN_CHARITY, REFERRAL_SOFT);

    m->referral.sent_on = TOWN_DAY + 1;
    assert_string_equal(refused(t, TOWN_SCHOOL, m), "sent-in-the-future");
    m = referral_msg(t, TOWN_CHARITY, REFERRAL_SOFT);
    m->referral.sent_on = TOWN_DAY - 31;
    assert_string_equal(refused(t, TOWN_SCHOOL, m), "sent-too-long-ago");
    m = referral_msg(t, TOWN_CHARITY, REFERRAL_SOFT);
    m->referral.sent_on = TOWN_DAY - 30;
    assert_string_equal(says(t, TOWN_SCHOOL, m), "");
}

static void a_receiver_is_another_agency_that_answers_under_the_protocol(void **state)
{
    struct town *t = *state;
    struct msg *m = referral_msg(t, TOWN_COURT, REFERRAL_SOFT);

    assert_string_equal(refused(t, TOWN_SCHOOL, m), "receiver-not-a-party");
    m = referral_msg(t, TOWN_SCHOOL, REFERRAL_SOFT);
    assert_string_equal(refused(t, TOWN_SCHOOL, m), "receiver-is-sender");
    m = referral_msg(t, TOWN_SCHOOL, REFERRAL_SOFT);
    (void)snprintf(m->referral.to, sizeof(m->referral.to), "circus");
    assert_string_equal(refused(t, TOWN_SCHOOL, m), "unknown-receiver");
    m = referral_msg(t, TOWN_CHARITY, REFERRAL_SOFT);
    assert_string_equal(refused(t, TOWN_COURT, m), "not-a-party");
}

static void the_senders_role_and_purpose_are_the_protocols(void **state)
{
    struct town *t = *state;
    struct msg *m = referral_msg(t, TOWN_CHARITY, REFERRAL_SOFT);

    (void)snprintf(m->practitioner.role, sizeof(m->practitioner.role), "volunteer");
    assert_string_equal(refused(t, TOWN_SCHOOL, m), "role-not-permitted");
    m = referral_msg(t, TOWN_CHARITY, REFERRAL_SOFT);
    (void)snprintf(m->purpose, sizeof(m->purpose), "gossip");
    assert_string_equal(refused(t, TOWN_SCHOOL, m), "purpose-outside-protocol");
    m = referral_msg(t, TOWN_CHARITY, REFERRAL_SOFT);
    (void)snprintf(m->basis, sizeof(m->basis), "consent");
    assert_string_equal(refused(t, TOWN_SCHOOL, m), "basis-not-listed");
}

static void a_purpose_that_rests_on_consent_needs_one_for_that_receiver(void **state)
{
    struct town *t = *state;
    struct msg *m = town_consent(t, "early-help", TOWN_TESS);

    m->consent.recipients.any = false;
    m->consent.recipients.n = 1;
    (void)snprintf(m->consent.recipients.agencies[0], sizeof(name_t), "council");
    assert_string_equal(says(t, TOWN_COUNCIL, m), "");
    m = referral_msg(t, TOWN_CHARITY, REFERRAL_SOFT);
    (void)snprintf(m->purpose, sizeof(m->purpose), "early-help");
    assert_string_equal(refused(t, TOWN_SCHOOL, m), "no-consent-on-file"); /* for others */
    m = referral_msg(t, TOWN_COUNCIL, REFERRAL_SOFT);
    (void)snprintf(m->purpose, sizeof(m->purpose), "early-help");
    assert_string_equal(says(t, TOWN_SCHOOL, m), "");
    m = referral_msg(t, TOWN_COUNCIL, REFERRAL_SOFT);
    (void)snprintf(m->purpose, sizeof(m->purpose), "early-help");
    town_person(TOWN_SAM, &m->referral.subject);
    assert_string_equal(refused(t, TOWN_SCHOOL, m), "no-consent-on-file"); /* never asked */
    m = referral_msg(t, TOWN_COUNCIL, REFERRAL_SOFT);
    (void)snprintf(m->purpose, sizeof(m->purpose), "early-help");
    assert_string_equal(refused(t, TOWN_CLINIC, m),
                        "no-consent-on-file"); /* sensitive, not named */
}

static void a_family_without_a_person_is_referred_only_without_consent(void **state)
{
    struct town *t = *state;
    struct msg *m = referral_msg(t, TOWN_CHARITY, REFERRAL_SOFT);

    memset(&m->referral.subject, 0, sizeof(m->referral.subject));
    m->referral.subject_kind = SUBJECT_HOUSEHOLD;
    m->referral.has_household = true;
    town_home(4, &m->referral.household);
    (void)snprintf(m->purpose, sizeof(m->purpose), "early-help");
    assert_string_equal(refused(t, TOWN_SCHOOL, m), "question-not-permitted");
    m = referral_msg(t, TOWN_CHARITY, REFERRAL_SOFT);
    memset(&m->referral.subject, 0, sizeof(m->referral.subject));
    m->referral.subject_kind = SUBJECT_HOUSEHOLD;
    m->referral.has_household = true;
    town_home(4, &m->referral.household);
    assert_string_equal(says(t, TOWN_SCHOOL, m), "");
    assert_int_equal(delivered(t, TOWN_CHARITY, DELIVERY_REFERRAL), 1);
    assert_true(t->msg.deliver.referral.has_household);
}

static void a_persons_home_stays_behind_unless_the_purpose_sees_past_shields(void **state)
{
    struct town *t = *state;
    struct msg *m = referral_msg(t, TOWN_CHARITY, REFERRAL_SOFT);

    m->referral.has_household = true;
    town_home(4, &m->referral.household);
    assert_string_equal(says(t, TOWN_SCHOOL, m), "");
    assert_int_equal(delivered(t, TOWN_CHARITY, DELIVERY_REFERRAL), 1);
    assert_false(t->msg.deliver.referral.has_household);
    m = referral_msg(t, TOWN_CHARITY, REFERRAL_SOFT);
    (void)snprintf(m->purpose, sizeof(m->purpose), "child-protection");
    m->referral.has_household = true;
    town_home(4, &m->referral.household);
    assert_string_equal(says(t, TOWN_SCHOOL, m), "");
    assert_int_equal(delivered(t, TOWN_CHARITY, DELIVERY_REFERRAL), 1);
    assert_true(t->msg.deliver.referral.has_household);
}

static void what_came_from_the_family_itself_is_the_receivers_to_lodge(void **state)
{
    struct town *t = *state;
    struct msg *m = referral_msg(t, TOWN_CHARITY, REFERRAL_SOFT);
    struct id id;

    m->referral.origin = ORIGIN_SELF;
    assert_int_equal(id_new(town_wall, &id), 0);
    m->id = id;
    assert_string_equal(says(t, TOWN_CHARITY, m), "");
    assert_int_equal(delivered(t, TOWN_CHARITY, DELIVERY_REFERRAL), 0); /* it has it */
    assert_string_equal(steps(t, TOWN_CHARITY, id, STEP_ACCEPTED), "");
    assert_int_equal(state_for(t, TOWN_CHARITY, id), REFERRAL_ACCEPTED);
    assert_string_equal(t->msg.referral_state.from, "");
    assert_string_equal(steps(t, TOWN_CHARITY, id, STEP_CLOSED), "");
    assert_int_equal(state_for(t, TOWN_CHARITY, id), REFERRAL_CLOSED);
    assert_int_equal(t->msg.referral_state.due_on, CIVIL_NONE); /* nobody waits for feedback */
}

/* --- hidden --- */

static unsigned listed(struct town *t, enum town_agency who)
{
    struct msg *m = town_msg(t, MSG_REFERRAL_QUERY);

    by_worker(m, "");
    assert_string_equal(says(t, who, m), "");
    assert_int_equal(town_heard(t, who, MSG_REFERRAL_LIST), 1);
    return t->msg.referral_list.n;
}

static unsigned waits_for(struct town *t, enum town_agency who)
{
    struct msg *m = town_msg(t, MSG_DUE_QUERY);

    by_worker(m, "");
    assert_string_equal(says(t, who, m), "");
    assert_int_equal(town_heard(t, who, MSG_DUE_LIST), 1);
    return t->msg.due_list.n;
}

static void what_came_from_a_hidden_person_themselves_is_their_services_to_act_on(void **state)
{
    struct town *t = *state;
    struct msg *m;
    struct id id;

    assert_string_equal(says(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 3)), "");
    m = referral_msg(t, TOWN_CHARITY, REFERRAL_SOFT);
    m->referral.origin = ORIGIN_SELF;
    assert_int_equal(id_new(town_wall, &id), 0);
    m->id = id;
    assert_string_equal(says(t, TOWN_CHARITY, m), "");
    assert_int_equal(waits_for(t, TOWN_CHARITY), 1);
    assert_string_equal(steps(t, TOWN_CHARITY, id, STEP_ACCEPTED), "");
    assert_int_equal(waits_for(t, TOWN_CHARITY), 0);
}

static void promise_5_a_referral_of_a_hidden_person_is_taken_alike_and_goes_to_nobody(void **state)
{
    struct town *t = *state;
    size_t plain, hidden;
    struct ledger_clear leaf;
    struct id id = referred(t);

    plain = town_frame_of(t, TOWN_SCHOOL, MSG_RECEIPT)->len;
    assert_string_equal(says(t, TOWN_COUNCIL, town_shield(t, TOWN_SAM, 3)), "");
    struct msg *m = referral_msg(t, TOWN_CHARITY, REFERRAL_SOFT);

    town_person(TOWN_SAM, &m->referral.subject);
    assert_int_equal(id_new(town_wall, &id), 0);
    m->id = id;
    assert_string_equal(says(t, TOWN_SCHOOL, m), "");
    hidden = town_frame_of(t, TOWN_SCHOOL, MSG_RECEIPT)->len;
    assert_int_equal(plain, hidden);
    assert_int_equal(delivered(t, TOWN_CHARITY, DELIVERY_REFERRAL), 0);
    assert_int_equal(delivered(t, TOWN_COUNCIL, DELIVERY_NOTICE), 1); /* the shield's owner */
    assert_int_equal(t->msg.deliver.notice.kind, NOTICE_SHIELD_ATTEMPT);
    assert_int_equal(town_leaves(t, EVENT_NOT_DELIVERED, &leaf), 1);
    assert_string_equal(leaf.reason, "shielded-existence");
    assert_int_equal(state_for(t, TOWN_SCHOOL, id), REFERRAL_SENT);
    assert_int_equal(listed(t, TOWN_CHARITY), 1); /* the plain one */
    assert_int_equal(waits_for(t, TOWN_CHARITY), 1);
    assert_int_equal(listed(t, TOWN_SCHOOL), 2);
    assert_string_equal(steps(t, TOWN_CHARITY, id, STEP_ACCEPTED), "unknown-referral");
    day_passes(t, 29); /* and to its sender it is late as any */
    assert_int_equal(state_for(t, TOWN_SCHOOL, id), REFERRAL_OVERDUE);
    assert_string_equal(steps(t, TOWN_SCHOOL, id, STEP_WITHDRAWN), "");
    assert_int_equal(delivered(t, TOWN_CHARITY, DELIVERY_REFERRAL_UPDATE), 0);
}

static int a_hub_refers(void **state)
{
    int r;

    town_hubs = 1u << TOWN_SCHOOL;
    r = town_setup(state);
    town_hubs = 0;
    return r;
}

/* Octets of all deliveries that the school has heard since. */
static size_t deliveries_len(struct town *t)
{
    size_t len = 0;

    for (size_t i = 0; i < t->n_heard; i++) {
        struct wire_envelope e;
        uint8_t type;

        if (t->heard[i].to != TOWN_SCHOOL ||
            wire_open(bytes_of(t->heard[i].octets, t->heard[i].len), &e) != WIRE_OK ||
            wire_peek(e.body, &type) != WIRE_OK || type != MSG_DELIVER)
            continue;
        len += t->heard[i].len;
    }
    return len;
}

/* Hubs hear of what is late; of a referral that a shield kept from its receiver nothing is. */
static void promise_5_a_hub_that_refers_hears_alike_of_what_is_late_and_what_is_hidden(void **state)
{
    struct town *t = *state;
    struct msg *m;
    struct id id;
    size_t hidden;

    assert_string_equal(says(t, TOWN_COUNCIL, town_shield(t, TOWN_SAM, 3)), "");
    m = referral_msg(t, TOWN_CHARITY, REFERRAL_SOFT);
    town_person(TOWN_SAM, &m->referral.subject);
    assert_int_equal(id_new(town_wall, &id), 0);
    m->id = id;
    assert_string_equal(says(t, TOWN_SCHOOL, m), "");
    day_passes(t, 29);
    hidden = deliveries_len(t);
    assert_int_equal(delivered(t, TOWN_SCHOOL, DELIVERY_NOTICE), 1);
    assert_int_equal(t->msg.deliver.notice.kind, NOTICE_OVERDUE);
    assert_int_equal(delivered(t, TOWN_COURT, DELIVERY_NOTICE), 0); /* another hub */
    assert_string_equal(steps(t, TOWN_SCHOOL, id, STEP_WITHDRAWN), "");
    referred(t);
    day_passes(t, 29);
    assert_int_equal(delivered(t, TOWN_COURT, DELIVERY_NOTICE), 1);
    assert_int_equal(delivered(t, TOWN_SCHOOL, DELIVERY_NOTICE), 1);
    assert_int_equal(t->msg.deliver.notice.kind, NOTICE_OVERDUE);
    assert_int_equal(deliveries_len(t), hidden);
}

static void a_shield_over_an_address_alone_stops_no_referral(void **state)
{
    struct town *t = *state;

    assert_string_equal(says(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 1)), "");
    referred(t);
    assert_int_equal(delivered(t, TOWN_CHARITY, DELIVERY_REFERRAL), 1);
}

/* --- loops --- */

static void signposting_the_same_family_to_the_same_service_twice_is_a_loop(void **state)
{
    struct town *t = *state;
    struct id id = referred(t);

    assert_string_equal(
        refused(t, TOWN_SCHOOL, referral_msg(t, TOWN_CHARITY, REFERRAL_SIGNPOSTING)),
        "referral-loop");
    /* another agency does not hear of the school's referral; the receiver, who has both, does */
    assert_string_equal(says(t, TOWN_POLICE, referral_msg(t, TOWN_CHARITY, REFERRAL_SIGNPOSTING)),
                        "");
    assert_int_equal(delivered(t, TOWN_CHARITY, DELIVERY_NOTICE), 1);
    assert_int_equal(t->msg.deliver.notice.kind, NOTICE_REVIEW_DUE);
    /* any other kind goes, and the receiver is told */
    assert_string_equal(says(t, TOWN_SCHOOL, referral_msg(t, TOWN_CHARITY, REFERRAL_SOFT)), "");
    assert_int_equal(delivered(t, TOWN_CHARITY, DELIVERY_NOTICE), 1);
    (void)id;
}

static void a_receiver_is_not_told_of_a_referral_that_a_shield_kept_from_it(void **state)
{
    struct town *t = *state;
    struct msg *m = town_shield(t, TOWN_TESS, 3);

    m->shield.until = t->core->day;
    m->shield.review_on = t->core->day;
    assert_string_equal(says(t, TOWN_COUNCIL, m), "");
    referred(t);
    assert_int_equal(delivered(t, TOWN_CHARITY, DELIVERY_REFERRAL), 0);
    day_passes(t, 1);
    assert_string_equal(says(t, TOWN_POLICE, referral_msg(t, TOWN_CHARITY, REFERRAL_SOFT)), "");
    assert_int_equal(delivered(t, TOWN_CHARITY, DELIVERY_REFERRAL), 1);
    assert_int_equal(delivered(t, TOWN_CHARITY, DELIVERY_NOTICE), 0);
}

static void after_the_loop_days_or_once_withdrawn_it_is_no_loop(void **state)
{
    struct town *t = *state;
    struct id id = referred(t);

    assert_string_equal(steps(t, TOWN_SCHOOL, id, STEP_WITHDRAWN), "");
    assert_string_equal(says(t, TOWN_SCHOOL, referral_msg(t, TOWN_CHARITY, REFERRAL_SIGNPOSTING)),
                        "");
    day_passes(t, 91);
    assert_string_equal(says(t, TOWN_SCHOOL, referral_msg(t, TOWN_CHARITY, REFERRAL_SIGNPOSTING)),
                        "");
    assert_int_equal(delivered(t, TOWN_CHARITY, DELIVERY_NOTICE), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, town_setup, town_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_referral_reaches_its_receiver_with_what_it_needs_and_no_more),
        TEST(the_same_referral_again_gets_its_first_receipt_and_is_delivered_once),
        TEST(nobody_lodges_under_the_id_of_anothers_referral),
        TEST(each_kind_needs_what_the_policy_says),
        TEST(only_with_the_services_agreement_is_anything_decided_spent_or_booked),
        TEST(a_service_must_be_the_receivers_and_take_the_kind),
        TEST(a_referral_is_neither_of_tomorrow_nor_of_long_ago),
        TEST(a_receiver_is_another_agency_that_answers_under_the_protocol),
        TEST(the_senders_role_and_purpose_are_the_protocols),
        TEST(a_purpose_that_rests_on_consent_needs_one_for_that_receiver),
        TEST(a_family_without_a_person_is_referred_only_without_consent),
        TEST(a_persons_home_stays_behind_unless_the_purpose_sees_past_shields),
        TEST(what_came_from_the_family_itself_is_the_receivers_to_lodge),
        TEST(promise_5_a_referral_of_a_hidden_person_is_taken_alike_and_goes_to_nobody),
        TEST(what_came_from_a_hidden_person_themselves_is_their_services_to_act_on),
        cmocka_unit_test_setup_teardown(
            promise_5_a_hub_that_refers_hears_alike_of_what_is_late_and_what_is_hidden,
            a_hub_refers, town_teardown),
        TEST(a_shield_over_an_address_alone_stops_no_referral),
        TEST(signposting_the_same_family_to_the_same_service_twice_is_a_loop),
        TEST(a_receiver_is_not_told_of_a_referral_that_a_shield_kept_from_it),
        TEST(after_the_loop_days_or_once_withdrawn_it_is_no_loop),
    };

    return cmocka_run_group_tests_name("core_referrals", tests, NULL, NULL);
}
