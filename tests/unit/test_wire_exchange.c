/* SPDX-License-Identifier: Apache-2.0 */
/* test_wire_exchange.c - concerns, deliveries, referrals and watches on the wire: what each must and
 * must not bring along, and bytes that are handed on as they were received. */
#include "wire_fixture.h"
#include "wire_sample_parts.h"

static void later_reply(struct msg_deliver *d, bool to_a_query, int64_t later_by_ms)
{
    static struct msg part;

    wire_sample(MSG_INSIGHT, false, &part);
    d->kind = DELIVERY_INSIGHT;
    d->has_notice = false;
    d->has_insight = true;
    d->insight = part.insight;
    d->insight.later_by_ms = later_by_ms;
    if (to_a_query)
        d->query = sample_id(5);
}

static void later_involvement(struct msg_deliver *d)
{
    static struct msg part;

    wire_sample(MSG_INVOLVEMENT, true, &part);
    d->kind = DELIVERY_INVOLVEMENT;
    d->has_notice = false;
    d->has_involvement = true;
    d->involvement = part.involvement;
    d->involvement.later_by_ms = 0;
    d->query = sample_id(5);
}

/* The part of a Deliver is the sample of the message that it came in as. */
static void delivery_of(uint8_t kind)
{
    static struct msg part;

    wire_sample(MSG_DELIVER, false, &sent);
    sent.deliver.kind = kind;
    sent.deliver.has_notice = false;
    memset(&sent.deliver.notice, 0, sizeof(sent.deliver.notice));
    if (kind == DELIVERY_REFERRAL) {
        wire_sample(MSG_REFERRAL, true, &part);
        sent.deliver.has_referral = true;
        sent.deliver.referral = part.referral;
        sent.deliver.referral_id = part.id;
    } else if (kind == DELIVERY_REFERRAL_UPDATE) {
        wire_sample(MSG_REFERRAL_UPDATE, true, &part);
        sent.deliver.has_update = true;
        sent.deliver.update = part.referral_update;
    } else if (kind == DELIVERY_WATCH) {
        sent.deliver.has_watch = true;
        sent.deliver.watch.watch = part.id.octets[0] ? part.id : sent.id;
        sent.deliver.watch.on = 18500;
        sent.deliver.watch.masked = true;
    } else if (kind == DELIVERY_NOTICE) {
        sent.deliver.has_notice = true;
        sent.deliver.notice.kind = NOTICE_CONTACT_REQUEST;
        sent.deliver.notice.about = sample_id(3);
        sample_person(&sent.deliver.notice.subject, true, true);
    } else if (kind == DELIVERY_INSIGHT) {
        later_reply(&sent.deliver, true, 0);
    } else {
        later_involvement(&sent.deliver);
    }
}

static void each_kind_of_delivery_comes_back_the_same(void **state)
{
    (void)state;
    for (uint8_t kind = DELIVERY_REFERRAL; kind <= DELIVERY_INVOLVEMENT; kind++) {
        delivery_of(kind);
        if (kind == DELIVERY_REFERRAL || kind == DELIVERY_REFERRAL_UPDATE)
            memcpy(sent.deliver.from, "police", 7);
        (void)assert_comes_back(&sent);
    }
}

/* A watcher of the network cannot tell by its size whether a notice names somebody. */
static void a_notice_has_one_size_with_or_without_a_subject(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf least, most;
    struct msg_notice *n = &sent.deliver.notice;

    (void)state;
    wire_sample(MSG_DELIVER, false, &sent);
    assert_int_equal(encode(&sent, &least), 0);
    delivery_of(DELIVERY_NOTICE);
    memset(n->agency, 'a', sizeof(n->agency) - 1);
    memset(n->contact_route, 'c', sizeof(n->contact_route) - 1);
    memset(n->text, 't', sizeof(n->text) - 1);
    n->due_ms = INT64_C(253402300799999);
    assert_int_equal(encode(&sent, &most), 0);
    assert_int_equal(least.len, most.len);
    (void)assert_comes_back(&sent);
}

static void a_sealed_body_is_a_view_of_the_bytes_received(void **state)
{
    static const uint8_t types[] = { MSG_REFERRAL, MSG_REFERRAL_UPDATE, MSG_SEALING_KEYS,
                                     MSG_DELIVER };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(types); i++) {
        ALM_CLEANUP(buf_deinit) struct buf frame;
        struct bytes *views[SEALING_KEYS_MAX];
        struct wire_envelope e;
        size_t n, filled = 0;

        if (types[i] == MSG_DELIVER)
            delivery_of(DELIVERY_REFERRAL);
        else
            wire_sample(types[i], true, &sent);
        assert_int_equal(encode(&sent, &frame), 0);
        assert_int_equal(wire_open(buf_view(&frame), &e), WIRE_OK);
        assert_int_equal(wire_decode(e.body, &got), WIRE_OK);
        n = wire_views_of(&got, views);
        for (size_t k = 0; k < n; k++) {
            if (views[k]->len == 0)
                continue;
            filled++;
            assert_true(views[k]->data >= e.body.data &&
                        views[k]->data + views[k]->len <= e.body.data + e.body.len);
        }
        assert_int_equal(filled, types[i] == MSG_SEALING_KEYS ? SEALING_KEYS_MAX : 1);
    }
}

static size_t body_len(const struct msg *m)
{
    ALM_CLEANUP(buf_deinit) struct buf frame;
    struct wire_envelope e;

    assert_int_equal(encode(m, &frame), 0);
    assert_int_equal(wire_open(buf_view(&frame), &e), WIRE_OK);
    return e.body.len;
}

static void what_is_delivered_shows_by_its_length_only_whether_much_is_sealed(void **state)
{
    (void)state;
    for (uint8_t kind = DELIVERY_REFERRAL; kind <= DELIVERY_WATCH; kind++) {
        delivery_of(kind);
        sent.deliver.referral.sealed.len = sent.deliver.update.sealed.len = 1;
        if (kind != DELIVERY_REFERRAL)
            memset(&sent.deliver.referral, 0, sizeof(sent.deliver.referral));
        if (kind != DELIVERY_REFERRAL_UPDATE)
            memset(&sent.deliver.update, 0, sizeof(sent.deliver.update));
        assert_int_equal(body_len(&sent), 4096);
    }
    delivery_of(DELIVERY_REFERRAL);
    assert_int_equal(body_len(&sent), 24576);
}

/* "Bytes are an unknown person's": a watcher cannot tell yes from no, nor a few involved from none. */
static void a_later_reply_has_one_size_whatever_it_says(void **state)
{
    (void)state;
    delivery_of(DELIVERY_INSIGHT);
    assert_int_equal(body_len(&sent), 4096);
    memset(sent.deliver.insight.guidance, 'g', sizeof(sent.deliver.insight.guidance) - 1);
    assert_int_equal(body_len(&sent), 4096);
    delivery_of(DELIVERY_INVOLVEMENT);
    sent.deliver.involvement.n = 3;
    assert_int_equal(body_len(&sent), 4096);
    sent.deliver.involvement.n = 0;
    assert_int_equal(body_len(&sent), 4096);
}

static void one_of_many_lengths_of_a_sealed_body_has_each_size(void **state)
{
    size_t small = 0, large = 0;

    (void)state;
    wire_sample(MSG_REFERRAL, true, &sent);
    for (size_t len = 1; len <= SEALED_MAX; len += 97) {
        size_t size;

        sent.referral.sealed.len = len;
        size = body_len(&sent);
        assert_true(size == 4096 || size == 24576);
        small += size == 4096;
        large += size == 24576;
    }
    assert_true(small > 0 && large > 0);
}

/* clang-format off: one a line */
#define BREAKS(X)                                                                                  \
    X(concern_without_purpose, MSG_CONCERN, 0, m->purpose[0] = '\0')                               \
    X(concern_without_basis, MSG_CONCERN, 0, m->basis[0] = '\0')                                   \
    X(concern_without_category, MSG_CONCERN, 0, m->concern.category[0] = '\0')                     \
    X(concern_without_severity, MSG_CONCERN, 0, m->concern.severity = 0)                           \
    X(concern_too_severe, MSG_CONCERN, 0, m->concern.severity = 5)                                 \
    X(concern_undated, MSG_CONCERN, 0, m->concern.observed_on = CIVIL_NONE)                        \
    X(concern_over_before_it_began, MSG_CONCERN, 0, m->concern.expires_on = m->concern.observed_on - 1) \
    X(concern_of_nobody, MSG_CONCERN, 1, m->concern.subject.n = 0)                                 \
    X(concern_of_a_number_alone, MSG_CONCERN, 1, m->concern.subject.n = 1; m->concern.subject.tokens[0].kind = TOKEN_NHS) \
    X(concern_of_a_household_unnamed, MSG_CONCERN, 0, m->concern.has_household = false)            \
    X(concern_of_a_home_that_is_none, MSG_CONCERN, 0, m->concern.household.kind = TOKEN_NAME_DOB)  \
    X(concern_beside_a_home_that_is_none, MSG_CONCERN, 1, m->concern.household.kind = TOKEN_NHS)   \
    X(concern_of_a_home_and_a_person, MSG_CONCERN, 1, m->concern.subject_kind = SUBJECT_HOUSEHOLD) \
    X(concern_of_no_origin, MSG_CONCERN, 0, m->concern.has_origin = true)                          \
    X(concern_with_an_escape, MSG_CONCERN, 0, memcpy(m->concern.contact_route, "\x1b[2J", 5))      \
    X(concern_replies, MSG_CONCERN, 0, m->in_reply_to = m->id)                                     \
    X(concern_of_a_home_at_risk, MSG_CONCERN, 0, m->concern.part = PART_AT_RISK)                   \
    X(concern_of_no_such_part, MSG_CONCERN, 1, m->concern.part = PART_ALLEGED + 1)                 \
    X(change_to_no_such_outcome, MSG_CONCERN_CHANGE, 1, m->concern_change.outcome = OUTCOME_UNFOUNDED + 1) \
    X(outcome_of_what_is_withdrawn, MSG_CONCERN_CHANGE, 0, m->concern_change.outcome = OUTCOME_FOUNDED) \
    X(change_of_nothing, MSG_CONCERN_CHANGE, 0, m->concern_change.withdraw = false)                \
    X(change_and_withdrawal, MSG_CONCERN_CHANGE, 0, m->concern_change.severity = SEVERITY_LOW)     \
    X(change_of_no_concern, MSG_CONCERN_CHANGE, 0, memset(&m->concern_change.concern, 0, ID_LEN))  \
    X(state_fired_never, MSG_THRESHOLD_STATE, 1, m->threshold_state.fired_on = CIVIL_NONE)         \
    X(state_names_though_not_fired, MSG_THRESHOLD_STATE, 1, m->threshold_state.fired = false)      \
    X(state_masked_though_not_fired, MSG_THRESHOLD_STATE, 0, m->threshold_state.masked = true)     \
    X(state_dated_though_not_fired, MSG_THRESHOLD_STATE, 0, m->threshold_state.fired_on = 1)       \
    X(state_in_order_of_arrival, MSG_THRESHOLD_STATE, 1, m->threshold_state.contributors[0].agency[0] = 'z') \
    X(state_names_one_twice, MSG_THRESHOLD_STATE, 1, m->threshold_state.contributors[1] = m->threshold_state.contributors[0]) \
    X(state_past_array, MSG_THRESHOLD_STATE, 1, m->threshold_state.n = CONTRIBUTORS_MAX + 1)       \
    X(state_unasked, MSG_THRESHOLD_STATE, 0, memset(&m->in_reply_to, 0, ID_LEN))                   \
    X(state_tells_who_asked, MSG_THRESHOLD_STATE, 0, memcpy(m->practitioner.ref, "p", 2))          \
    X(subscribe_without_credit, MSG_SUBSCRIBE, 0, m->subscribe.credit = 0)                         \
    X(subscribe_with_too_much_credit, MSG_SUBSCRIBE, 0, m->subscribe.credit = CREDIT_MOST + 1)     \
    X(subscribe_to_nothing, MSG_SUBSCRIBE, 0, m->subscribe.stream[0] = '\0')                       \
    X(subscribe_and_end, MSG_SUBSCRIBE, 0, m->subscribe.end = true)                                \
    X(subscribe_ends_with_filter, MSG_SUBSCRIBE, 1, (m->subscribe.end = true, m->subscribe.credit = 0, m->subscribe.from = 0)) \
    X(subscribe_areas_past_array, MSG_SUBSCRIBE, 1, m->subscribe.n_areas = FILTER_MAX + 1)         \
    X(subscribe_to_an_empty_area, MSG_SUBSCRIBE, 0, m->subscribe.n_areas = 1)                      \
    X(update_of_no_firing, MSG_FIRING_UPDATE, 0, memset(&m->firing_update.episode, 0, ID_LEN))     \
    X(update_by_no_step, MSG_FIRING_UPDATE, 0, m->firing_update.step = 0)                          \
    X(update_by_unknown_step, MSG_FIRING_UPDATE, 0, m->firing_update.step = FIRING_CLOSED + 1)     \
    X(contact_with_nobody, MSG_CONTACT_REQUEST, 0, m->contact_request.contact_route[0] = '\0')     \
    X(delivery_of_nothing, MSG_DELIVER, 0, m->deliver.has_notice = false)                          \
    X(delivery_of_another_kind, MSG_DELIVER, 0, m->deliver.kind = DELIVERY_WATCH)                  \
    X(delivery_of_no_kind, MSG_DELIVER, 0, m->deliver.kind = 0)                                    \
    X(delivery_of_unknown_kind, MSG_DELIVER, 0, m->deliver.kind = DELIVERY_STOP_USING + 1)         \
    X(delivery_of_two, MSG_DELIVER, 1, (m->deliver.has_notice = true, m->deliver.notice.kind = NOTICE_OVERDUE, m->deliver.notice.about = m->id)) \
    X(delivery_of_number_0, MSG_DELIVER, 0, m->deliver.seq = 0)                                    \
    X(delivery_of_a_notice_to_a_query, MSG_DELIVER, 0, m->deliver.query = m->id)                   \
    X(delivery_of_a_reply_to_nothing, MSG_DELIVER, 0, later_reply(&m->deliver, false, 0))          \
    X(delivery_of_a_reply_that_is_not_final, MSG_DELIVER, 0, later_reply(&m->deliver, true, 1))    \
    X(delivery_of_a_reply_without_a_value, MSG_DELIVER, 0, (later_reply(&m->deliver, true, 0), m->deliver.insight.value = 0)) \
    X(delivery_of_a_reply_beside_a_notice, MSG_DELIVER, 0, (later_reply(&m->deliver, true, 0), m->deliver.has_notice = true)) \
    X(delivery_of_an_involvement_unsorted, MSG_DELIVER, 0, (later_involvement(&m->deliver), m->deliver.involvement.involved[1].agency[0] = '0')) \
    X(delivery_of_an_involvement_unmasked, MSG_DELIVER, 0, (later_involvement(&m->deliver), m->deliver.involvement.involved[1].visibility = VISIBLE_MASKED)) \
    X(delivery_of_an_involvement_not_final, MSG_DELIVER, 0, (later_involvement(&m->deliver), m->deliver.involvement.later_by_ms = 1)) \
    X(delivery_of_no_event, MSG_DELIVER, 0, memset(&m->deliver.event, 0, ID_LEN))                  \
    X(delivery_undated, MSG_DELIVER, 0, m->deliver.at_ms = 0)                                      \
    X(delivery_from_an_agency, MSG_DELIVER, 0, memcpy(m->sender, "x", 2))                          \
    X(delivery_of_a_notice_from_one, MSG_DELIVER, 0, memcpy(m->deliver.from, "x", 2))              \
    X(delivery_of_a_notice_of_a_referral, MSG_DELIVER, 0, m->deliver.referral_id = m->id)          \
    X(delivery_names_a_practitioner, MSG_DELIVER, 0, memcpy(m->practitioner.ref, "p", 2))          \
    X(delivery_names_a_case, MSG_DELIVER, 0, memcpy(m->case_ref, "c", 2))                          \
    X(delivery_of_a_firing_of_nobody, MSG_DELIVER, 1, m->deliver.firing.subject.n = 0)             \
    X(delivery_of_a_firing_unsorted, MSG_DELIVER, 1, m->deliver.firing.contributors[0].agency[0] = 'z') \
    X(notice_of_no_kind, MSG_DELIVER, 0, m->deliver.notice.kind = 0)                               \
    X(notice_of_unknown_kind, MSG_DELIVER, 0, m->deliver.notice.kind = NOTICE_KEY_CHANGED + 1)     \
    X(notice_about_nobody_unborn, MSG_DELIVER, 0, m->deliver.notice.subject.unborn = true)         \
    X(notice_about_a_home, MSG_DELIVER, 0, (sample_person(&m->deliver.notice.subject, false, false), m->deliver.notice.subject.tokens[1].kind = TOKEN_HOME)) \
    X(notice_about_somebody_unnamed, MSG_DELIVER, 0, (sample_person(&m->deliver.notice.subject, false, false), m->deliver.notice.subject.tokens[0].kind = TOKEN_NHS)) \
    X(notice_about_a_token_of_zeroes, MSG_DELIVER, 0, (sample_person(&m->deliver.notice.subject, false, false), memset(m->deliver.notice.subject.tokens[1].value, 0, TOKEN_LEN))) \
    X(notice_about_too_many_tokens, MSG_DELIVER, 0, m->deliver.notice.subject.n = TOKEN_SET_MAX + 1) \
    X(ack_of_nothing, MSG_ACK, 0, m->ack.seq = 0)                                                  \
    X(ack_by_a_person, MSG_ACK, 0, (memcpy(m->practitioner.ref, "p", 2), memcpy(m->practitioner.role, "r", 2), m->practitioner.login = 1)) \
    X(status_acked_past_last, MSG_STREAM_STATUS, 1, m->stream_status.entries[3].last = 1)          \
    X(status_of_too_much_credit, MSG_STREAM_STATUS, 1, m->stream_status.entries[0].credit++)       \
    X(due_never, MSG_DUE_LIST, 1, m->due_list.entries[0].due_ms = 0)                               \
    X(due_of_no_kind, MSG_DUE_LIST, 1, m->due_list.entries[0].kind = 0)                            \
    X(referral_by_nobody, MSG_REFERRAL, 0, memset(&m->practitioner, 0, sizeof(m->practitioner)))   \
    X(referral_for_no_purpose, MSG_REFERRAL, 0, m->purpose[0] = '\0')                              \
    X(referral_to_nobody, MSG_REFERRAL, 0, m->referral.to[0] = '\0')                               \
    X(referral_of_no_kind, MSG_REFERRAL, 0, m->referral.kind = 0)                                  \
    X(referral_of_no_origin, MSG_REFERRAL, 0, m->referral.origin = 0)                              \
    X(referral_of_oneself_to_another, MSG_REFERRAL, 0, m->referral.origin = ORIGIN_SELF)           \
    X(referral_without_reason, MSG_REFERRAL, 0, m->referral.reason[0] = '\0')                      \
    X(referral_stating_more, MSG_REFERRAL, 0, m->referral.made = MADE_MOST + 1)                    \
    X(referral_priced_for_nothing, MSG_REFERRAL, 0, m->referral.pounds = 1)                        \
    X(referral_sealed_to_nobody, MSG_REFERRAL, 1, memset(m->referral.sealed_to, 0, 32))            \
    X(referral_sealed_to_one_without_body, MSG_REFERRAL, 1, m->referral.sealed.len = 0)            \
    X(referral_sealed_past_its_most, MSG_REFERRAL, 1, m->referral.sealed.len = SEALED_MAX + 1)     \
    X(referral_of_an_unborn_person, MSG_REFERRAL, 1, m->referral.subject_kind = SUBJECT_PERSON)    \
    X(step_rejected_without_reason, MSG_REFERRAL_UPDATE, 0, m->referral_update.step = STEP_REJECTED) \
    X(step_revoked_without_reason, MSG_REFERRAL_UPDATE, 0, m->referral_update.step = STEP_REVOKED) \
    X(step_redirected_nowhere, MSG_REFERRAL_UPDATE, 0, m->referral_update.step = STEP_REDIRECTED)  \
    X(step_received_and_redirected, MSG_REFERRAL_UPDATE, 0, memcpy(m->referral_update.redirect_to, "x", 2)) \
    X(step_downgraded_to_nothing, MSG_REFERRAL_UPDATE, 0, (m->referral_update.step = STEP_DOWNGRADED, memcpy(m->referral_update.reason, "x", 2))) \
    X(step_received_as_another_kind, MSG_REFERRAL_UPDATE, 0, m->referral_update.kind = REFERRAL_SOFT) \
    X(step_received_with_an_outcome, MSG_REFERRAL_UPDATE, 1, m->referral_update.step = STEP_RECEIVED) \
    X(step_unknown, MSG_REFERRAL_UPDATE, 0, m->referral_update.step = STEP_FEEDBACK + 1)           \
    X(step_of_no_referral, MSG_REFERRAL_UPDATE, 0, memset(&m->referral_update.referral, 0, ID_LEN)) \
    X(step_undated, MSG_REFERRAL_UPDATE, 0, m->referral_update.on = CIVIL_NONE)                    \
    X(step_sealed_to_nobody, MSG_REFERRAL_UPDATE, 1, memset(m->referral_update.sealed_to, 0, 32))  \
    X(none_that_is_somewhere, MSG_REFERRAL_STATE, 1, m->referral_state.state = REFERRAL_NONE)      \
    X(sent_to_nobody, MSG_REFERRAL_STATE, 1, m->referral_state.to[0] = '\0')                       \
    X(sent_never, MSG_REFERRAL_STATE, 1, m->referral_state.since = CIVIL_NONE)                     \
    X(sent_as_nothing, MSG_REFERRAL_LIST, 1, m->referral_list.entries[31].kind = 0)                \
    X(key_of_zeroes, MSG_SEALING_KEY, 0, memset(m->sealing_key.key, 0, 32))                        \
    X(key_after_itself, MSG_SEALING_KEY, 1, memset(m->sealing_key.previous, 0x11, 32))             \
    X(key_after_zeroes, MSG_SEALING_KEY, 0, m->sealing_key.has_previous = true)                    \
    X(key_undated, MSG_SEALING_KEY, 0, m->sealing_key.from = CIVIL_NONE)                           \
    X(keys_unsigned, MSG_SEALING_KEYS, 1, memset(m->sealing_keys.keys[0].signature, 0, 64))        \
    X(keys_of_no_body, MSG_SEALING_KEYS, 1, m->sealing_keys.keys[0].body.len = 0)                  \
    X(keys_of_too_long_a_body, MSG_SEALING_KEYS, 1, m->sealing_keys.keys[0].body.len = SEALING_BODY_MAX + 1) \
    X(keys_of_nobody, MSG_SEALING_KEYS, 0, memset(m->sealing_keys.sign_key, 0, 32))                \
    X(service_of_another_kind, MSG_DIRECTORY, 1, m->directory.services[0].kinds = KINDS_MOST + 1)  \
    X(service_untitled, MSG_DIRECTORY, 1, m->directory.services[0].title[0] = '\0')                \
    X(services_past_array, MSG_DIRECTORY, 1, m->directory.n = FILTER_MAX + 1)                      \
    X(eligible_for_nothing, MSG_ELIGIBILITY_QUERY, 0, m->eligibility_query.service[0] = '\0')      \
    X(eligible_by_nobody, MSG_ELIGIBILITY_QUERY, 0, memset(&m->practitioner, 0, sizeof(m->practitioner))) \
    X(eligible_without_relationship, MSG_ELIGIBILITY_QUERY, 0, m->eligibility_query.relationship.kind = 0) \
    X(eligible_stating_more, MSG_ELIGIBILITY_QUERY, 0, m->eligibility_query.statements = 16)       \
    X(eligible_nobody, MSG_ELIGIBILITY_QUERY, 1, m->eligibility_query.subject.n = 0)               \
    X(eligible_yes_with_missing, MSG_ELIGIBILITY, 1, m->eligibility.value = ELIGIBLE_YES)          \
    X(watch_of_nobody, MSG_WATCH, 0, m->watch.subject.n = 0)                                       \
    X(watch_by_none, MSG_WATCH, 0, m->watch.agencies.any = false)                                  \
    X(watch_by_all_and_some, MSG_WATCH, 1, m->watch.agencies.any = true)                           \
    X(watch_backwards, MSG_WATCH, 1, (m->watch.from = 10, m->watch.until = 9))                     \
    X(watch_at_no_home, MSG_WATCH, 1, m->watch.household.kind = TOKEN_NHS)                         \
    X(watch_ends_elsewhere, MSG_WATCH_CHANGE, 1, m->watch_change.end = true)                       \
    X(watch_changes_nothing, MSG_WATCH_CHANGE, 0, m->watch_change.end = false)                     \
    X(watch_moves_never, MSG_WATCH_CHANGE, 1, m->watch_change.moved_on = CIVIL_NONE)               \
    X(watch_moves_nowhere, MSG_WATCH_CHANGE, 1, m->watch_change.has_household = false)             \
    X(not_shared_for_no_reason, MSG_NOT_SHARED, 0, m->not_shared.reason[0] = '\0')                 \
    X(not_shared_about_zero, MSG_NOT_SHARED, 0, m->not_shared.has_about = true)                    \
    X(outcome_of_nothing, MSG_OUTCOME, 0, memset(&m->outcome.about, 0, ID_LEN))                    \
    X(outcome_without_effect, MSG_OUTCOME, 0, m->outcome.effect = 0)                               \
    X(outcome_of_a_year, MSG_OUTCOME, 0, m->outcome.minutes_saved = MINUTES_MOST + 1)              \
    X(dispute_of_nobody, MSG_DISPUTE, 0, m->dispute.subject.n = 0)                                 \
    X(dispute_of_nothing, MSG_DISPUTE, 0, m->dispute.purpose[0] = '\0')                            \
    X(query_stating_more, MSG_INSIGHT_QUERY, 0, m->insight_query.statements = STATEMENTS_MOST + 1) \
    X(involvement_stating_more, MSG_INVOLVEMENT_QUERY, 0, m->involvement_query.statements = 0x8000) \
    X(query_of_referral_zero, MSG_INSIGHT_QUERY, 0, m->insight_query.has_referral = true)          \
    X(consent_not_possible_unsaid, MSG_CONSENT, 1, m->consent.not_possible[0] = '\0')              \
    X(consent_possible_and_not, MSG_CONSENT, 1, m->consent.decision = CONSENT_GRANTED)             \
    X(consent_of_stage_3, MSG_CONSENT, 0, m->consent.stage = 3)                                    \
    X(consent_of_family_zero, MSG_CONSENT, 0, m->consent.has_family = true)

WIRE_BREAKS(BREAKS)

/* clang-format on */
static void what_breaks_a_bound_is_not_sent(void **state)
{
    (void)state;
    assert_none_is_sent(breaks, ALM_LEN(breaks));
}

static void a_part_that_its_sender_might_not_send_is_not_delivered(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf frame;

    (void)state;
    delivery_of(DELIVERY_REFERRAL);
    memset(sent.deliver.referral.sealed_to, 0, 32);
    assert_int_equal(encode(&sent, &frame), -EINVAL);
    delivery_of(DELIVERY_REFERRAL);
    memset(&sent.deliver.referral_id, 0, ID_LEN);
    assert_int_equal(encode(&sent, &frame), -EINVAL);
    delivery_of(DELIVERY_REFERRAL_UPDATE);
    sent.deliver.update.step = STEP_REDIRECTED;
    assert_int_equal(encode(&sent, &frame), -EINVAL);
    delivery_of(DELIVERY_WATCH);
    memcpy(sent.deliver.watch.agency, "refuge", 7); /* masked, and named */
    assert_int_equal(encode(&sent, &frame), -EINVAL);
    sent.deliver.watch.agency[0] = '\0';
    sent.deliver.watch.masked = false; /* neither masked nor named */
    assert_int_equal(encode(&sent, &frame), -EINVAL);
}

/* A Referral's Body in hex, by hand: to "b", reason "r", a household, sent on 2020-08-26. */
#define HOME    "3a28080710011801" "2220" "7878787878787878787878787878787878787878787878787878787878787878"
#define HEAD    "0a1001010101010171018101010101010101" "1a0161" "2001" "2a08" "0a0170120172" "1801" "320165"
#define KEY32   "6a20" "7777777777777777777777777777777777777777777777777777777777777777"

static void hand_made(const char *payload_hex, enum wire_fault fault)
{
    static const char head[] = HEAD;
    uint8_t raw[512];
    size_t n = (sizeof(head) - 1) / 2, len = strlen(payload_hex) / 2;
    enum wire_fault f;

    assert_int_equal(hex_decode(head, raw, n), 0);
    raw[n++] = 0xda; /* 43, length-delimited */
    raw[n++] = 0x02;
    assert_true(len < 128);
    raw[n++] = (uint8_t)len;
    assert_int_equal(hex_decode(payload_hex, raw + n, len), 0);
    f = wire_decode(bytes_of(raw, n + len), &got);
    if (f != fault)
        fail_msg("%s: %s, expected %s", payload_hex, wire_fault_word(f), wire_fault_word(fault));
}

static void faults_of_a_referral_made_by_hand_are_refused(void **state)
{
    (void)state;
    /* clang-format off */
    hand_made("08011001" "1a0162" "2803" HOME "420172" "48d782" "2c", WIRE_OK);
    hand_made("08011001" "1a0162" "2803" HOME "420172" "48d782" "2c" "6200", WIRE_BAD_VALUE);
    hand_made("08011001" "1a0162" "2803" HOME "420172" "48d782" "2c" "620101", WIRE_MISSING_FIELD);
    hand_made("08011001" "1a0162" "2803" HOME "420172" "48d782" "2c" KEY32, WIRE_MISSING_FIELD);
    hand_made("08011001" "1a0162" "2803" HOME "420172" "48d782" "2c" "620101" KEY32, WIRE_OK);
    hand_made("08011001" "1a0162" "2803" HOME "420172" "48d782" "2c" "620101" "620101" KEY32, WIRE_DUPLICATE_FIELD);
    hand_made("08011001" "1a0162" "2803" HOME "420172" "48d782" "2c" "6a0177" "620101", WIRE_BAD_VALUE);
    hand_made("08011001" "1a0162" "2803" HOME "420172" "48d782" "2c" "5040", WIRE_BAD_VALUE);
    hand_made("08011001" "1a0162" "2803" HOME "420172" "48d782" "2c" "503f", WIRE_OK);
    hand_made("08011001" "1a0162" "2803" HOME "420172" "48d782" "2c" "7801", WIRE_UNKNOWN_FIELD);
    hand_made("08071001" "1a0162" "2803" HOME "420172" "48d782" "2c", WIRE_BAD_ENUM);
    /* clang-format on */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_delivery_comes_back_the_same),
        cmocka_unit_test(a_notice_has_one_size_with_or_without_a_subject),
        cmocka_unit_test(a_sealed_body_is_a_view_of_the_bytes_received),
        cmocka_unit_test(a_later_reply_has_one_size_whatever_it_says),
        cmocka_unit_test(what_is_delivered_shows_by_its_length_only_whether_much_is_sealed),
        cmocka_unit_test(one_of_many_lengths_of_a_sealed_body_has_each_size),
        cmocka_unit_test(what_breaks_a_bound_is_not_sent),
        cmocka_unit_test(a_part_that_its_sender_might_not_send_is_not_delivered),
        cmocka_unit_test(faults_of_a_referral_made_by_hand_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
