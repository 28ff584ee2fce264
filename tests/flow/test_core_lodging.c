/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_lodging.c - consents, refusals, withdrawals, shields: who may lodge what, receipts,
 * repeats, lists. */
#include "core_town.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void assert_not_lodged(struct town *t, enum town_agency who, struct msg *m,
                              const char *reason)
{
    struct ledger_clear leaf;

    town_say(t, who, m);
    town_turn(t);
    assert_string_equal(town_refusal(t, who), reason);
    assert_int_equal(town_heard(t, who, MSG_RECEIPT), 0);
    assert_true(town_leaves(t, EVENT_REFUSED, &leaf) > 0);
    assert_string_equal(leaf.reason, reason);
    assert_string_equal(leaf.agency, town_names[who]);
    town_forget(t);
}

static struct id lodge(struct town *t, enum town_agency who, struct msg *m)
{
    struct id id;

    town_say(t, who, m);
    id = m->id;
    town_turn(t);
    assert_int_equal(town_heard(t, who, MSG_RECEIPT), 1);
    assert_true(id_equal(&t->msg.in_reply_to, &id));
    town_forget(t);
    return id;
}

static bool noise_is_asked(struct town *t)
{
    bool asked;

    town_forget(t);
    town_say(t, TOWN_COUNCIL, town_insight(t, "early-help", "noise", TOWN_TESS));
    town_turn(t);
    asked = town_heard(t, TOWN_POLICE, MSG_QUESTION) > 0;
    town_forget(t);
    return asked;
}

static void consent_of_a_party_gets_a_receipt_and_counts(void **state)
{
    struct town *t = *state;
    struct ledger_clear leaf;
    struct id id;

    assert_false(noise_is_asked(t));
    id = lodge(t, TOWN_SCHOOL, town_consent(t, "early-help", TOWN_TESS));
    assert_true(noise_is_asked(t));
    assert_int_equal(town_leaves(t, EVENT_CONSENT_LODGED, &leaf), 1);
    assert_true(id_equal(&leaf.message, &id));
    assert_string_equal(leaf.purpose, "early-help");
    assert_string_equal(leaf.agency, "school");
}

static void team_may_lodge_in_its_organisations_place(void **state)
{
    struct town *t = *state;

    (void)lodge(t, TOWN_NURSERY, town_consent(t, "early-help", TOWN_TESS));
    assert_true(noise_is_asked(t));
}

static void agency_that_is_no_party_may_lodge_nothing(void **state)
{
    struct town *t = *state;

    assert_not_lodged(t, TOWN_COURT, town_consent(t, "early-help", TOWN_TESS), "not-a-party");
    assert_not_lodged(t, TOWN_COURT, town_withdraw(t, "early-help", TOWN_TESS), "not-a-party");
    assert_not_lodged(t, TOWN_COURT, town_shield(t, TOWN_TESS, 1), "not-a-shield-owner");
    assert_false(noise_is_asked(t));
}

static void consent_for_an_unknown_purpose_is_refused(void **state)
{
    struct town *t = *state;

    assert_not_lodged(t, TOWN_COUNCIL, town_consent(t, "fund-raising", TOWN_TESS),
                      "purpose-outside-protocol");
}

static void consent_whose_two_purposes_differ_is_refused(void **state)
{
    struct town *t = *state;
    struct msg *m = town_consent(t, "early-help", TOWN_TESS);

    (void)snprintf(m->purpose, sizeof(m->purpose), "safeguarding");
    assert_not_lodged(t, TOWN_COUNCIL, m, "purpose-mismatch");
}

static void consent_dated_in_the_future_is_refused(void **state)
{
    struct town *t = *state;
    struct msg *m = town_consent(t, "early-help", TOWN_TESS);

    m->consent.given_on = TOWN_DAY + 1;
    assert_not_lodged(t, TOWN_COUNCIL, m, "given-in-the-future");
    m = town_consent(t, "early-help", TOWN_TESS);
    m->consent.given_ms = town_wall + 600000;
    assert_not_lodged(t, TOWN_COUNCIL, m, "given-in-the-future");
    m = town_withdraw(t, "early-help", TOWN_TESS);
    m->withdrawal.given_on = TOWN_DAY + 1;
    assert_not_lodged(t, TOWN_COUNCIL, m, "given-in-the-future");
}

static void consent_given_over_thirty_days_ago_is_refused_and_on_the_thirtieth_is_not(void **state)
{
    struct town *t = *state;
    struct msg *m = town_consent(t, "early-help", TOWN_TESS);

    m->consent.given_on = TOWN_DAY - 31;
    assert_not_lodged(t, TOWN_COUNCIL, m, "given-too-long-ago");
    m = town_consent(t, "early-help", TOWN_TESS);
    m->consent.given_on = TOWN_DAY - 30;
    (void)lodge(t, TOWN_COUNCIL, m);
    assert_true(noise_is_asked(t));
}

static void consent_from_an_outbox_a_week_old_is_good(void **state)
{
    struct town *t = *state;
    struct msg *m = town_consent(t, "early-help", TOWN_TESS);

    m->sent_ms = town_wall - 7 * 86400000ll; /* freshness binds queries only */
    (void)lodge(t, TOWN_COUNCIL, m);
    assert_true(noise_is_asked(t));
}

static void same_message_again_gets_the_first_receipt_again(void **state)
{
    struct town *t = *state;
    struct msg *m = town_consent(t, "early-help", TOWN_TESS);
    struct msg_receipt first;
    struct msg again;

    town_say(t, TOWN_COUNCIL, m);
    again = *m;
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_RECEIPT), 1);
    first = t->msg.receipt;
    town_forget(t);
    town_wall += 60000;
    town_say(t, TOWN_COUNCIL, &again);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_RECEIPT), 1);
    assert_int_equal(t->msg.receipt.leaf, first.leaf);
    assert_int_equal(t->msg.receipt.at_ms, first.at_ms);
    assert_int_equal(town_leaves(t, EVENT_CONSENT_LODGED, NULL), 1);
}

static void same_id_with_other_bytes_is_refused_and_recorded(void **state)
{
    struct town *t = *state;
    struct msg *m = town_consent(t, "early-help", TOWN_TESS);
    struct msg other;

    town_say(t, TOWN_COUNCIL, m);
    other = *m;
    other.consent.capacity = CAPACITY_PARENT;
    town_turn(t);
    town_say(t, TOWN_COUNCIL, &other);
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "id-reused");
    assert_int_equal(town_leaves(t, EVENT_REJECTED, NULL), 1);
    assert_int_equal(town_leaves(t, EVENT_CONSENT_LODGED, NULL), 1);
}

static void another_agency_cannot_lodge_over_a_consent_by_its_id(void **state)
{
    struct town *t = *state;
    struct id id = lodge(t, TOWN_COUNCIL, town_consent(t, "early-help", TOWN_TESS));
    struct msg *m = town_consent(t, "early-help", TOWN_SAM);

    m->id = id;
    town_say(t, TOWN_CHARITY, m);
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_CHARITY), "id-reused");
    assert_true(noise_is_asked(t)); /* Tess's consent is as it was */
    m = town_shield(t, TOWN_SAM, 1);
    m->id = id;
    town_say(t, TOWN_COUNCIL, m);
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "id-reused");
}

static void any_party_may_withdraw_by_id_and_only_that_grant_ends(void **state)
{
    struct town *t = *state;
    struct id first = lodge(t, TOWN_COUNCIL, town_consent(t, "early-help", TOWN_TESS));
    struct id second = lodge(t, TOWN_CHARITY, town_consent(t, "early-help", TOWN_TESS));
    struct msg *m = town_withdraw(t, "early-help", TOWN_TESS);

    memset(&m->withdrawal.subject, 0, sizeof(m->withdrawal.subject));
    m->withdrawal.has_consent = true;
    m->withdrawal.consent = first;
    (void)lodge(t, TOWN_SCHOOL, m);
    assert_true(noise_is_asked(t)); /* the other grant stands */
    m = town_withdraw(t, "early-help", TOWN_TESS);
    memset(&m->withdrawal.subject, 0, sizeof(m->withdrawal.subject));
    m->withdrawal.has_consent = true;
    m->withdrawal.consent = second;
    (void)lodge(t, TOWN_SCHOOL, m);
    assert_false(noise_is_asked(t));
}

static void withdrawal_by_id_that_overtakes_its_grant_waits_for_it(void **state)
{
    struct town *t = *state;
    struct msg *grant = calloc(1, sizeof(*grant));
    struct msg *m;

    assert_non_null(grant);
    *grant = *town_consent(t, "early-help", TOWN_TESS);
    assert_int_equal(id_new(town_wall, &grant->id), 0);
    m = town_withdraw(t, "early-help", TOWN_TESS);
    memset(&m->withdrawal.subject, 0, sizeof(m->withdrawal.subject));
    m->withdrawal.has_consent = true;
    m->withdrawal.consent = grant->id;
    (void)lodge(t, TOWN_SCHOOL, m);
    (void)lodge(t, TOWN_COUNCIL, grant);
    assert_false(noise_is_asked(t));
    free(grant);
}

static void withdrawal_by_id_under_another_purpose_is_refused(void **state)
{
    struct town *t = *state;
    struct id id = lodge(t, TOWN_COUNCIL, town_consent(t, "early-help", TOWN_TESS));
    struct msg *m = town_withdraw(t, "safeguarding", TOWN_TESS);

    memset(&m->withdrawal.subject, 0, sizeof(m->withdrawal.subject));
    m->withdrawal.has_consent = true;
    m->withdrawal.consent = id;
    assert_not_lodged(t, TOWN_SCHOOL, m, "unknown-consent");
    assert_true(noise_is_asked(t));
}

static void a_refusal_is_taken_back_by_its_lodger_alone(void **state)
{
    struct town *t = *state;
    struct msg *m;
    struct id refusal;

    (void)lodge(t, TOWN_COUNCIL, town_consent(t, "early-help", TOWN_TESS));
    m = town_consent(t, "early-help", TOWN_TESS);
    m->consent.decision = CONSENT_REFUSED;
    m->consent.recipients = (struct msg_scope){ .any = true };
    m->consent.sources = (struct msg_scope){ .any = true };
    refusal = lodge(t, TOWN_COUNCIL, m);
    assert_false(noise_is_asked(t));
    m = town_withdraw(t, "early-help", TOWN_TESS);
    memset(&m->withdrawal.subject, 0, sizeof(m->withdrawal.subject));
    m->withdrawal.has_consent = true;
    m->withdrawal.consent = refusal;
    assert_not_lodged(t, TOWN_SCHOOL, m, "unknown-consent");
    assert_false(noise_is_asked(t));
    m = town_withdraw(t, "early-help", TOWN_TESS);
    memset(&m->withdrawal.subject, 0, sizeof(m->withdrawal.subject));
    m->withdrawal.has_consent = true;
    m->withdrawal.consent = refusal;
    (void)lodge(t, TOWN_COUNCIL, m);
    assert_true(noise_is_asked(t));
}

static struct msg *narrow_refusal(struct town *t, const char *source)
{
    struct msg *m = town_consent(t, "early-help", TOWN_TESS);

    t->core->set.limits.messages_per_s = 100;
    town_mono += 30; /* within its rate, and everybody's lease */
    m->consent.decision = CONSENT_REFUSED;
    m->consent.sources = (struct msg_scope){ .n = 1 };
    (void)snprintf(m->consent.sources.agencies[0], sizeof(name_t), "%s", source);
    return m;
}

static struct msg *taking_back(struct town *t, struct id refusal)
{
    struct msg *m = town_withdraw(t, "early-help", TOWN_TESS);

    memset(&m->withdrawal.subject, 0, sizeof(m->withdrawal.subject));
    m->withdrawal.has_consent = true;
    m->withdrawal.consent = refusal;
    return m;
}

static void heaps_of_narrow_refusals_of_one_lodger_hide_nobody(void **state)
{
    struct town *t = *state;

    (void)lodge(t, TOWN_COUNCIL, town_consent(t, "early-help", TOWN_TESS));
    for (int i = 0; i < REFUSALS_MAX; i++)
        (void)lodge(t, TOWN_CHARITY, narrow_refusal(t, "school"));
    assert_true(noise_is_asked(t)); /* of the police, whom no refusal names */
    for (int i = 0; i < POLICY_CONSENTS_MAX; i++)
        assert_not_lodged(t, TOWN_CHARITY, narrow_refusal(t, "school"), "too-many-refusals");
    assert_true(noise_is_asked(t));
}

static void refusals_under_other_identifiers_of_the_person_count_too(void **state)
{
    struct town *t = *state;
    struct msg *m;

    for (int i = 0; i < REFUSALS_MAX; i++) {
        m = narrow_refusal(t, "school");
        m->consent.subject.tokens[1].value[0] = (uint8_t)i; /* each in conflict with the others */
        (void)lodge(t, TOWN_CHARITY, m);
    }
    assert_not_lodged(t, TOWN_CHARITY, narrow_refusal(t, "school"), "too-many-refusals");
}

static void refusals_are_counted_by_lodger_person_and_purpose_and_grants_are_not(void **state)
{
    struct town *t = *state;
    struct msg *m;

    for (int i = 0; i < REFUSALS_MAX; i++)
        (void)lodge(t, TOWN_CHARITY, narrow_refusal(t, "school"));
    (void)lodge(t, TOWN_COUNCIL, narrow_refusal(t, "school"));
    (void)lodge(t, TOWN_CHARITY, town_consent(t, "early-help", TOWN_TESS));
    m = narrow_refusal(t, "school");
    town_person(TOWN_SAM, &m->consent.subject);
    (void)lodge(t, TOWN_CHARITY, m);
    m = narrow_refusal(t, "school");
    (void)snprintf(m->purpose, sizeof(m->purpose), "safeguarding");
    (void)snprintf(m->consent.purpose, sizeof(m->consent.purpose), "safeguarding");
    (void)lodge(t, TOWN_CHARITY, m);
}

static void a_refusal_taken_back_frees_its_place_and_weighs_no_more(void **state)
{
    struct town *t = *state;
    struct id refusal = { 0 };

    (void)lodge(t, TOWN_COUNCIL, town_consent(t, "early-help", TOWN_TESS));
    for (int i = 0; i < REFUSALS_MAX - 1; i++)
        (void)lodge(t, TOWN_CHARITY, narrow_refusal(t, "school"));
    for (int i = 0; i < POLICY_CONSENTS_MAX; i++) {
        refusal = lodge(t, TOWN_CHARITY, narrow_refusal(t, "school"));
        assert_not_lodged(t, TOWN_CHARITY, narrow_refusal(t, "school"), "too-many-refusals");
        (void)lodge(t, TOWN_CHARITY, taking_back(t, refusal));
    }
    assert_true(noise_is_asked(t));
}

static void an_expired_refusal_frees_its_place_and_weighs_no_more(void **state)
{
    struct town *t = *state;
    struct msg *m;

    for (int i = 0; i < REFUSALS_MAX; i++) {
        m = narrow_refusal(t, "police");
        m->consent.expires_on = TOWN_DAY;
        (void)lodge(t, TOWN_CHARITY, m);
    }
    assert_not_lodged(t, TOWN_CHARITY, narrow_refusal(t, "school"), "too-many-refusals");
    town_day(t, TOWN_DAY + 1);
    town_forget(t);
    (void)lodge(t, TOWN_COUNCIL, town_consent(t, "early-help", TOWN_TESS));
    (void)lodge(t, TOWN_CHARITY, narrow_refusal(t, "school"));
    assert_true(noise_is_asked(t));
}

/* What the core logs while `of` runs. */
static void logged_while(struct town *t, void (*of)(struct town *), char *out, size_t size)
{
    FILE *f = tmpfile();
    int err = dup(STDERR_FILENO);
    size_t n;

    assert_non_null(f);
    assert_true(err >= 0 && dup2(fileno(f), STDERR_FILENO) >= 0);
    log_init("test", LOG_WARN);
    of(t);
    log_init("test", LOG_ERROR + 1);
    assert_true(dup2(err, STDERR_FILENO) >= 0);
    (void)close(err);
    rewind(f);
    n = fread(out, 1, size - 1, f);
    out[n] = '\0';
    (void)fclose(f);
}

static void ask_noise_of_tess(struct town *t)
{
    town_say(t, TOWN_COUNCIL, town_insight(t, "early-help", "noise", TOWN_TESS));
    town_turn(t);
}

static void ask_noise_of_sam(struct town *t)
{
    town_say(t, TOWN_COUNCIL, town_insight(t, "early-help", "noise", TOWN_SAM));
    town_turn(t);
}

static void operators_hear_of_a_decision_without_all_facts(void **state)
{
    static const enum town_agency lodgers[] = { TOWN_CHARITY, TOWN_CLINIC, TOWN_COUNCIL, TOWN_POLICE,
                                                TOWN_SCHOOL };
    struct town *t = *state;
    char log[4096];

    /* as many as no one agency may lodge */
    for (size_t i = 0; i < POLICY_CONSENTS_MAX + 1; i++) {
        struct msg *m = town_consent(t, "early-help", TOWN_TESS);

        m->consent.decision = CONSENT_REFUSED;
        town_mono += 200;
        (void)lodge(t, lodgers[i % ALM_LEN(lodgers)], m);
    }
    logged_while(t, ask_noise_of_sam, log, sizeof(log));
    assert_string_equal(log, "");
    logged_while(t, ask_noise_of_tess, log, sizeof(log));
    assert_non_null(strstr(log, "event=facts-incomplete agency=council leaf="));
    assert_null(strstr(strstr(log, "facts-incomplete") + 1, "facts-incomplete"));
}

static void withdrawal_ends_grants_of_that_subject_and_purpose_only(void **state)
{
    struct town *t = *state;

    (void)lodge(t, TOWN_COUNCIL, town_consent(t, "early-help", TOWN_TESS));
    (void)lodge(t, TOWN_SCHOOL, town_withdraw(t, "early-help", TOWN_SAM));
    assert_true(noise_is_asked(t));
}

static void only_the_lodger_changes_its_consent(void **state)
{
    struct town *t = *state;
    struct id id = lodge(t, TOWN_COUNCIL, town_consent(t, "early-help", TOWN_TESS));
    struct msg *m = town_msg(t, MSG_CONSENT_CHANGE);

    m->consent_change.consent = id;
    m->consent_change.able_until = TOWN_DAY - 1;
    assert_not_lodged(t, TOWN_CHARITY, m, "unknown-consent");
    assert_true(noise_is_asked(t));
    m = town_msg(t, MSG_CONSENT_CHANGE);
    m->consent_change.consent = id;
    m->consent_change.able_until = TOWN_DAY - 1;
    (void)lodge(t, TOWN_COUNCIL, m);
    assert_false(noise_is_asked(t));
    assert_int_equal(town_leaves(t, EVENT_CONSENT_CHANGED, NULL), 1);
}

static void change_of_an_unknown_consent_looks_the_same_as_of_anothers(void **state)
{
    struct town *t = *state;
    struct msg *m = town_msg(t, MSG_CONSENT_CHANGE);

    assert_int_equal(id_new(town_wall, &m->consent_change.consent), 0);
    m->consent_change.able_until = TOWN_DAY;
    assert_not_lodged(t, TOWN_CHARITY, m, "unknown-consent");
}

static void refusal_outranks_an_earlier_grant(void **state)
{
    struct town *t = *state;
    struct msg *m;

    (void)lodge(t, TOWN_COUNCIL, town_consent(t, "early-help", TOWN_TESS));
    m = town_consent(t, "early-help", TOWN_TESS);
    m->consent.decision = CONSENT_REFUSED;
    m->consent.given_on = TOWN_DAY;
    m->consent.given_ms = town_wall;
    (void)lodge(t, TOWN_CHARITY, m);
    assert_int_equal(town_leaves(t, EVENT_REFUSAL_LODGED, NULL), 1);
    assert_false(noise_is_asked(t));
}

static void shield_with_dates_the_wrong_way_round_is_refused(void **state)
{
    struct town *t = *state;
    struct msg *m = town_shield(t, TOWN_TESS, 1);
    ALM_CLEANUP(buf_deinit) struct buf frame = { 0 };

    buf_init(&frame, WIRE_FRAME_MAX);
    m->shield.until = m->shield.from - 1;
    (void)snprintf(m->sender, sizeof(m->sender), "council");
    m->sent_ms = town_wall;
    assert_int_equal(id_new(town_wall, &m->id), 0);
    assert_int_equal(wire_encode(m, &t->core->set.wire, &t->keys[TOWN_COUNCIL], &frame),
                     -EINVAL); /* the wire refuses it first */
}

static void shield_of_a_level_is_recorded_with_its_owner(void **state)
{
    struct town *t = *state;
    struct ledger_clear leaf;

    (void)lodge(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 2));
    assert_int_equal(town_leaves(t, EVENT_SHIELD_LODGED, &leaf), 1);
    assert_string_equal(leaf.agency, "council");
    assert_null(memmem(&leaf, sizeof(leaf), "threats", 7)); /* the reason is sealed */
}

static struct msg *list_query(struct town *t)
{
    struct msg *m = town_msg(t, MSG_CONSENT_LIST_QUERY);

    return m;
}

static void lodger_lists_its_own_newest_first_and_no_others(void **state)
{
    struct town *t = *state;
    struct id first = lodge(t, TOWN_COUNCIL, town_consent(t, "early-help", TOWN_TESS));
    struct id second = lodge(t, TOWN_COUNCIL, town_consent(t, "early-help", TOWN_SAM));

    (void)lodge(t, TOWN_CHARITY, town_consent(t, "early-help", TOWN_TESS));
    town_say(t, TOWN_COUNCIL, list_query(t));
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_CONSENT_LIST), 1);
    assert_int_equal(t->msg.consent_list.n, 2);
    assert_int_equal(t->msg.consent_list.pages, 1);
    assert_true(id_equal(&t->msg.consent_list.entries[0].id, &second));
    assert_true(id_equal(&t->msg.consent_list.entries[1].id, &first));
    assert_int_equal(town_leaves(t, EVENT_DISCLOSED, NULL), 1);
}

static void list_shows_what_was_withdrawn(void **state)
{
    struct town *t = *state;

    (void)lodge(t, TOWN_COUNCIL, town_consent(t, "early-help", TOWN_TESS));
    (void)lodge(t, TOWN_SCHOOL, town_withdraw(t, "early-help", TOWN_TESS));
    town_say(t, TOWN_COUNCIL, list_query(t));
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_CONSENT_LIST), 1);
    assert_int_equal(t->msg.consent_list.n, 1);
    assert_int_equal(t->msg.consent_list.entries[0].withdrawn_on, TOWN_DAY);
}

static void stale_list_query_is_refused(void **state)
{
    struct town *t = *state;
    struct msg *m = list_query(t);

    m->sent_ms = town_wall - 600000;
    town_say(t, TOWN_COUNCIL, m);
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "stale");
}

static void list_query_is_answered_once(void **state)
{
    struct town *t = *state;
    struct msg m = *list_query(t);

    town_say(t, TOWN_COUNCIL, &m); /* has its id and its time now */
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_CONSENT_LIST), 1);
    town_forget(t);
    town_say(t, TOWN_COUNCIL, &m);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_CONSENT_LIST), 0);
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "already-asked");
}

static void list_is_not_told_while_no_head_is_signed(void **state)
{
    struct town *t = *state;

    town_mono += 121000;
    town_say(t, TOWN_COUNCIL, list_query(t));
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_CONSENT_LIST), 0);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_BUSY), 1);
}

static void suspended_practitioner_lists_nothing(void **state)
{
    struct town *t = *state;
    const int one[] = { 0, -1 };
    struct msg *m;

    assert_string_equal(town_change(t, "practitioner-suspend",
                                    json_pack("{s:s,s:s,s:s}", "agency", "council", "practitioner",
                                              "worker-7", "reason", "left"),
                                    one),
                        "ok");
    m = list_query(t);
    (void)snprintf(m->practitioner.ref, sizeof(m->practitioner.ref), "worker-7");
    (void)snprintf(m->practitioner.role, sizeof(m->practitioner.role), "social-worker");
    m->practitioner.login = LOGIN_PASSWORD;
    town_say(t, TOWN_COUNCIL, m);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_CONSENT_LIST), 0);
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "practitioner-suspended");
}

static void suspended_practitioner_lodges_nothing(void **state)
{
    struct town *t = *state;
    const int one[] = { 0, -1 };
    struct msg *m = town_consent(t, "early-help", TOWN_TESS);

    assert_string_equal(town_change(t, "practitioner-suspend",
                                    json_pack("{s:s,s:s,s:s}", "agency", "council", "practitioner",
                                              "worker-7", "reason", "left"),
                                    one),
                        "ok");
    m = town_consent(t, "early-help", TOWN_TESS);
    (void)snprintf(m->practitioner.ref, sizeof(m->practitioner.ref), "worker-7");
    (void)snprintf(m->practitioner.role, sizeof(m->practitioner.role), "social-worker");
    m->practitioner.login = LOGIN_PASSWORD;
    assert_not_lodged(t, TOWN_COUNCIL, m, "practitioner-suspended");
}

#define TOWN_TEST(f) cmocka_unit_test_setup_teardown(f, town_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TOWN_TEST(consent_of_a_party_gets_a_receipt_and_counts),
        TOWN_TEST(team_may_lodge_in_its_organisations_place),
        TOWN_TEST(agency_that_is_no_party_may_lodge_nothing),
        TOWN_TEST(consent_for_an_unknown_purpose_is_refused),
        TOWN_TEST(consent_whose_two_purposes_differ_is_refused),
        TOWN_TEST(consent_dated_in_the_future_is_refused),
        TOWN_TEST(consent_given_over_thirty_days_ago_is_refused_and_on_the_thirtieth_is_not),
        TOWN_TEST(consent_from_an_outbox_a_week_old_is_good),
        TOWN_TEST(same_message_again_gets_the_first_receipt_again),
        TOWN_TEST(same_id_with_other_bytes_is_refused_and_recorded),
        TOWN_TEST(another_agency_cannot_lodge_over_a_consent_by_its_id),
        TOWN_TEST(any_party_may_withdraw_by_id_and_only_that_grant_ends),
        TOWN_TEST(withdrawal_by_id_that_overtakes_its_grant_waits_for_it),
        TOWN_TEST(withdrawal_by_id_under_another_purpose_is_refused),
        TOWN_TEST(a_refusal_is_taken_back_by_its_lodger_alone),
        TOWN_TEST(heaps_of_narrow_refusals_of_one_lodger_hide_nobody),
        TOWN_TEST(refusals_under_other_identifiers_of_the_person_count_too),
        TOWN_TEST(refusals_are_counted_by_lodger_person_and_purpose_and_grants_are_not),
        TOWN_TEST(a_refusal_taken_back_frees_its_place_and_weighs_no_more),
        TOWN_TEST(an_expired_refusal_frees_its_place_and_weighs_no_more),
        TOWN_TEST(operators_hear_of_a_decision_without_all_facts),
        TOWN_TEST(withdrawal_ends_grants_of_that_subject_and_purpose_only),
        TOWN_TEST(only_the_lodger_changes_its_consent),
        TOWN_TEST(change_of_an_unknown_consent_looks_the_same_as_of_anothers),
        TOWN_TEST(refusal_outranks_an_earlier_grant),
        TOWN_TEST(shield_with_dates_the_wrong_way_round_is_refused),
        TOWN_TEST(shield_of_a_level_is_recorded_with_its_owner),
        TOWN_TEST(lodger_lists_its_own_newest_first_and_no_others),
        TOWN_TEST(list_shows_what_was_withdrawn),
        TOWN_TEST(stale_list_query_is_refused),
        TOWN_TEST(list_query_is_answered_once),
        TOWN_TEST(list_is_not_told_while_no_head_is_signed),
        TOWN_TEST(suspended_practitioner_lists_nothing),
        TOWN_TEST(suspended_practitioner_lodges_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
