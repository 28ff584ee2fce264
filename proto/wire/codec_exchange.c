/* SPDX-License-Identifier: Apache-2.0 */
/* codec_exchange.c - the tables of concerns, streams, deliveries, referrals and watches.
 *
 * Apart from codec.c only because one file would be too long. The generated header stays there: here
 * the descriptors are declared by name, and shape_check() holds both to be the same. */
#include "wire/rows.h"

#define GENERATED(name) extern const ProtobufCMessageDescriptor almoner__v1__##name##__descriptor
GENERATED(concern);
GENERATED(concern_change);
GENERATED(contributor);
GENERATED(threshold_state);
GENERATED(subscribe);
GENERATED(firing);
GENERATED(firing_update);
GENERATED(contact_request);
GENERATED(referral);
GENERATED(referral_update);
GENERATED(referral_state);
GENERATED(referral_query);
GENERATED(referral_list);
GENERATED(sealing_key);
GENERATED(sealing_key_query);
GENERATED(sealing_signed);
GENERATED(sealing_keys);
GENERATED(watch);
GENERATED(watch_change);
GENERATED(watch_event);
GENERATED(notice);
GENERATED(deliver);
GENERATED(ack);
GENERATED(stream_query);
GENERATED(stream_entry);
GENERATED(stream_status);
GENERATED(due_query);
GENERATED(due_entry);
GENERATED(due_list);
GENERATED(directory_query);
GENERATED(service);
GENERATED(directory);
GENERATED(eligibility_query);
GENERATED(eligibility);
GENERATED(not_shared);
GENERATED(outcome);

/* clang-format off: one row a field, as in the .proto */

static const struct shape_field concern_rows[] = {
    NAME(1, YES, msg_concern, category),
    NAME(2, MAY, msg_concern, area),
    ENUM(3, YES, msg_concern, severity),
    ENUM(4, YES, msg_concern, subject_kind),
    STRUCT(5, MAY, msg_concern, subject, &wire_shape_token_set),
    STRUCT_IF(6, msg_concern, household, has_household, &wire_shape_token),
    DAY(7, YES, msg_concern, observed_on),
    OCTETS_IF(8, msg_concern, origin, has_origin),
    DAY(9, MAY, msg_concern, expires_on),
    LINE(10, MAY, msg_concern, contact_route),
    ENUM(11, MAY, msg_concern, part),
};
const struct shape wire_shape_concern = SHAPE(concern);

static const struct shape_field concern_change_rows[] = {
    ID(1, YES, msg_concern_change, concern),
    FLAG(2, msg_concern_change, withdraw),
    ENUM(3, MAY, msg_concern_change, severity),
    NAME(4, MAY, msg_concern_change, category),
    DAY(5, MAY, msg_concern_change, expires_on),
    ENUM(6, MAY, msg_concern_change, outcome),
};
const struct shape wire_shape_concern_change = SHAPE(concern_change);

static const struct shape_field contributor_rows[] = {
    NAME(1, YES, msg_contributor, agency),
    LINE(2, YES, msg_contributor, agency_name),
    LINE(3, MAY, msg_contributor, contact_route),
};
static const struct shape wire_shape_contributor = SHAPE(contributor);

static const struct shape_field threshold_state_rows[] = {
    FLAG(1, msg_threshold_state, fired),
    DAY(2, MAY, msg_threshold_state, fired_on),
    FLAG(3, msg_threshold_state, masked),
    LIST(4, MAY, msg_threshold_state, contributors, n, &wire_shape_contributor),
    DAY(5, YES, msg_threshold_state, as_of),
    REF(6, MAY, msg_threshold_state, policy_rule),
    LINE(7, MAY, msg_threshold_state, guidance),
};
const struct shape wire_shape_threshold_state = SHAPE(threshold_state);

static const struct shape_field subscribe_rows[] = {
    NAME(1, YES, msg_subscribe, stream),
    FLAG(2, msg_subscribe, end),
    U16_TO(3, MAY, CREDIT_MOST, msg_subscribe, credit),
    U64(4, MAY, msg_subscribe, from),
    NAMES(5, msg_subscribe, areas, n_areas),
    NAMES(6, msg_subscribe, categories, n_categories),
    NAMES(7, msg_subscribe, triggers, n_triggers),
    ENUM(8, MAY, msg_subscribe, severity_least),
};
const struct shape wire_shape_subscribe = SHAPE(subscribe);

static const struct shape_field firing_rows[] = {
    ID(1, YES, msg_firing, episode),
    NAME(2, YES, msg_firing, rule),
    LINE(3, YES, msg_firing, title),
    ENUM(4, YES, msg_firing, subject_kind),
    STRUCT(5, MAY, msg_firing, subject, &wire_shape_token_set),
    STRUCT_IF(6, msg_firing, household, has_household, &wire_shape_token),
    NAME(7, YES, msg_firing, category),
    NAME(8, MAY, msg_firing, area),
    ENUM(9, YES, msg_firing, severity),
    DAY(10, YES, msg_firing, fired_on),
    FLAG(11, msg_firing, bypass),
    NAME(12, MAY, msg_firing, decide_role),
    MS(13, MAY, msg_firing, decide_by_ms),
    FLAG(14, msg_firing, masked),
    LIST(15, MAY, msg_firing, contributors, n, &wire_shape_contributor),
};
static const struct shape wire_shape_firing = SHAPE(firing);

static const struct shape_field firing_update_rows[] = {
    ID(1, YES, msg_firing_update, episode),
    ENUM(2, YES, msg_firing_update, step),
    NAME(3, MAY, msg_firing_update, outcome),
};
const struct shape wire_shape_firing_update = SHAPE(firing_update);

static const struct shape_field contact_request_rows[] = {
    ID(1, YES, msg_contact_request, about),
    LINE(2, YES, msg_contact_request, contact_route),
    LINE(3, MAY, msg_contact_request, text),
};
const struct shape wire_shape_contact_request = SHAPE(contact_request);

static const struct shape_field referral_rows[] = {
    ENUM(1, YES, msg_referral, kind),
    ENUM(2, YES, msg_referral, origin),
    NAME(3, YES, msg_referral, to),
    NAME(4, MAY, msg_referral, service),
    ENUM(5, YES, msg_referral, subject_kind),
    STRUCT(6, MAY, msg_referral, subject, &wire_shape_token_set),
    STRUCT_IF(7, msg_referral, household, has_household, &wire_shape_token),
    NAME(8, YES, msg_referral, reason),
    DAY(9, YES, msg_referral, sent_on),
    U16_TO(10, MAY, MADE_MOST, msg_referral, made),
    U32(11, MAY, msg_referral, pounds),
    VIEW(12, MAY, SEALED_MAX, msg_referral, sealed),
    OCTETS(13, MAY, msg_referral, sealed_to),
};
const struct shape wire_shape_referral = SHAPE_VIEWS(referral);

static const struct shape_field referral_update_rows[] = {
    ID(1, YES, msg_referral_update, referral),
    ENUM(2, YES, msg_referral_update, step),
    DAY(3, YES, msg_referral_update, on),
    NAME(4, MAY, msg_referral_update, reason),
    NAME(5, MAY, msg_referral_update, redirect_to),
    ENUM(6, MAY, msg_referral_update, kind),
    NAME(7, MAY, msg_referral_update, outcome),
    VIEW(8, MAY, SEALED_MAX, msg_referral_update, sealed),
    OCTETS(9, MAY, msg_referral_update, sealed_to),
};
const struct shape wire_shape_referral_update = SHAPE_VIEWS(referral_update);

static const struct shape_field referral_state_rows[] = {
    ID(1, YES, msg_referral_state, referral),
    ENUM(2, YES, msg_referral_state, state),
    ENUM(3, MAY, msg_referral_state, kind),
    NAME(4, MAY, msg_referral_state, from),
    NAME(5, MAY, msg_referral_state, to),
    NAME(6, MAY, msg_referral_state, service),
    DAY(7, MAY, msg_referral_state, since),
    DAY(8, MAY, msg_referral_state, due_on),
    NAME(9, MAY, msg_referral_state, due_role),
    DAY(10, YES, msg_referral_state, as_of),
    REF(11, MAY, msg_referral_state, policy_rule),
};
const struct shape wire_shape_referral_state = SHAPE(referral_state);

static const struct shape_field referral_query_rows[] = {
    U16(1, MAY, msg_referral_query, page),
    FLAG(2, msg_referral_query, open_only),
};
const struct shape wire_shape_referral_query = SHAPE(referral_query);

static const struct shape_field referral_list_rows[] = {
    U16(1, MAY, msg_referral_list, page),
    U16(2, MAY, msg_referral_list, pages),
    LIST(3, MAY, msg_referral_list, entries, n, &wire_shape_referral_state),
};
const struct shape wire_shape_referral_list = SHAPE(referral_list);

static const struct shape_field sealing_key_rows[] = {
    OCTETS(1, YES, msg_sealing_key, key),
    OCTETS_IF(2, msg_sealing_key, previous, has_previous),
    DAY(3, YES, msg_sealing_key, from),
};
const struct shape wire_shape_sealing_key = SHAPE(sealing_key);

static const struct shape_field sealing_key_query_rows[] = {
    NAME(1, YES, msg_sealing_key_query, agency),
};
const struct shape wire_shape_sealing_key_query = SHAPE(sealing_key_query);

static const struct shape_field sealing_signed_rows[] = {
    VIEW(1, YES, SEALING_BODY_MAX, msg_sealing_signed, body),
    OCTETS(2, YES, msg_sealing_signed, signature),
};
static const struct shape wire_shape_sealing_signed = SHAPE_VIEWS(sealing_signed);

static const struct shape_field sealing_keys_rows[] = {
    NAME(1, YES, msg_sealing_keys, agency),
    OCTETS(2, YES, msg_sealing_keys, sign_key),
    LIST(3, MAY, msg_sealing_keys, keys, n, &wire_shape_sealing_signed),
};
const struct shape wire_shape_sealing_keys = SHAPE_VIEWS(sealing_keys);

static const struct shape_field watch_rows[] = {
    STRUCT(1, YES, msg_watch, subject, &wire_shape_token_set),
    STRUCT_IF(2, msg_watch, household, has_household, &wire_shape_token),
    STRUCT(3, YES, msg_watch, agencies, &wire_shape_scope),
    DAY(4, YES, msg_watch, from),
    DAY(5, MAY, msg_watch, until),
    DAY(6, MAY, msg_watch, review_on),
};
const struct shape wire_shape_watch = SHAPE(watch);

static const struct shape_field watch_change_rows[] = {
    ID(1, YES, msg_watch_change, watch),
    FLAG(2, msg_watch_change, end),
    STRUCT_IF(3, msg_watch_change, household, has_household, &wire_shape_token),
    DAY(4, MAY, msg_watch_change, moved_on),
    DAY(5, MAY, msg_watch_change, until),
};
const struct shape wire_shape_watch_change = SHAPE(watch_change);

static const struct shape_field watch_event_rows[] = {
    ID(1, YES, msg_watch_event, watch),
    DAY(2, YES, msg_watch_event, on),
    FLAG(3, msg_watch_event, masked),
    NAME(4, MAY, msg_watch_event, agency),
    LINE(5, MAY, msg_watch_event, contact_route),
};
static const struct shape wire_shape_watch_event = SHAPE(watch_event);

static const struct shape_field notice_rows[] = {
    ENUM(1, YES, msg_notice, kind),
    ID(2, YES, msg_notice, about),
    NAME(3, MAY, msg_notice, agency),
    LINE(4, MAY, msg_notice, contact_route),
    LINE(5, MAY, msg_notice, text),
    MS(6, MAY, msg_notice, due_ms),
    STRUCT(7, MAY, msg_notice, subject, &wire_shape_token_set),
};
static const struct shape wire_shape_notice = SHAPE(notice);

static const struct shape_field deliver_rows[] = {
    NAME(1, YES, msg_deliver, stream),
    U64(2, YES, msg_deliver, seq),
    ID(3, YES, msg_deliver, event),
    MS(4, YES, msg_deliver, at_ms),
    FLAG(5, msg_deliver, again),
    ENUM(6, YES, msg_deliver, kind),
    NAME(7, MAY, msg_deliver, from),
    ID(8, MAY, msg_deliver, referral_id),
    STRUCT_IF(9, msg_deliver, firing, has_firing, &wire_shape_firing),
    STRUCT_IF(10, msg_deliver, referral, has_referral, &wire_shape_referral),
    STRUCT_IF(11, msg_deliver, update, has_update, &wire_shape_referral_update),
    STRUCT_IF(12, msg_deliver, watch, has_watch, &wire_shape_watch_event),
    STRUCT_IF(13, msg_deliver, notice, has_notice, &wire_shape_notice),
    ID(14, MAY, msg_deliver, query),
    STRUCT_IF(15, msg_deliver, insight, has_insight, &wire_shape_insight),
    STRUCT_IF(16, msg_deliver, involvement, has_involvement, &wire_shape_involvement),
    STRUCT_IF(17, msg_deliver, stop, has_stop, &wire_shape_stop_using),
};
const struct shape wire_shape_deliver = SHAPE_VIEWS(deliver);

static const struct shape_field ack_rows[] = {
    NAME(1, YES, msg_ack, stream),
    U64(2, YES, msg_ack, seq),
};
const struct shape wire_shape_ack = SHAPE(ack);

static const struct shape_field stream_query_rows[] = {
    U16(1, MAY, msg_stream_query, page),
};
const struct shape wire_shape_stream_query = SHAPE(stream_query);

static const struct shape_field stream_entry_rows[] = {
    NAME(1, YES, msg_stream_entry, stream),
    U64(2, MAY, msg_stream_entry, last),
    U64(3, MAY, msg_stream_entry, acked),
    MS(4, MAY, msg_stream_entry, oldest_ms),
    U16_TO(5, MAY, CREDIT_MOST, msg_stream_entry, credit),
};
static const struct shape wire_shape_stream_entry = SHAPE(stream_entry);

static const struct shape_field stream_status_rows[] = {
    LIST(1, MAY, msg_stream_status, entries, n, &wire_shape_stream_entry),
};
const struct shape wire_shape_stream_status = SHAPE(stream_status);

static const struct shape_field due_query_rows[] = {
    U16(1, MAY, msg_due_query, page),
    FLAG(2, msg_due_query, overdue_only),
};
const struct shape wire_shape_due_query = SHAPE(due_query);

static const struct shape_field due_entry_rows[] = {
    ENUM(1, YES, msg_due_entry, kind),
    ID(2, YES, msg_due_entry, about),
    NAME(3, MAY, msg_due_entry, role),
    MS(4, YES, msg_due_entry, due_ms),
    FLAG(5, msg_due_entry, overdue),
    LINE(6, MAY, msg_due_entry, text),
};
static const struct shape wire_shape_due_entry = SHAPE(due_entry);

static const struct shape_field due_list_rows[] = {
    U16(1, MAY, msg_due_list, page),
    U16(2, MAY, msg_due_list, pages),
    LIST(3, MAY, msg_due_list, entries, n, &wire_shape_due_entry),
};
const struct shape wire_shape_due_list = SHAPE(due_list);

static const struct shape_field directory_query_rows[] = {
    NAME(1, MAY, msg_directory_query, need),
    NAME(2, MAY, msg_directory_query, area),
    ENUM(3, MAY, msg_directory_query, kind),
    U16(4, MAY, msg_directory_query, page),
};
const struct shape wire_shape_directory_query = SHAPE(directory_query);

static const struct shape_field service_rows[] = {
    NAME(1, YES, msg_service, id),
    NAME(2, YES, msg_service, agency),
    LINE(3, YES, msg_service, title),
    LINE(4, MAY, msg_service, contact),
    NAMES(5, msg_service, needs, n_needs),
    U8_TO(6, MAY, KINDS_MOST, msg_service, kinds),
    FLAG(7, msg_service, criteria),
};
static const struct shape wire_shape_service = SHAPE(service);

static const struct shape_field directory_rows[] = {
    U16(1, MAY, msg_directory, page),
    U16(2, MAY, msg_directory, pages),
    LIST(3, MAY, msg_directory, services, n, &wire_shape_service),
};
const struct shape wire_shape_directory = SHAPE(directory);

static const struct shape_field eligibility_query_rows[] = {
    NAME(1, YES, msg_eligibility_query, service),
    ENUM(2, YES, msg_eligibility_query, subject_kind),
    STRUCT(3, MAY, msg_eligibility_query, subject, &wire_shape_token_set),
    STRUCT(4, MAY, msg_eligibility_query, household, &wire_shape_token),
    LIST(5, MAY, msg_eligibility_query, homes, n_homes, &wire_shape_home),
    STRUCT(6, YES, msg_eligibility_query, relationship, &wire_shape_relationship),
    U16_TO(7, MAY, STATEMENTS_MOST, msg_eligibility_query, statements),
};
const struct shape wire_shape_eligibility_query = SHAPE(eligibility_query);

static const struct shape_field eligibility_rows[] = {
    ENUM(1, YES, msg_eligibility, value),
    ENUM(2, YES, msg_eligibility, completeness),
    NAMES(3, msg_eligibility, missing, n_missing),
    DAY(4, YES, msg_eligibility, as_of),
    REF(5, MAY, msg_eligibility, policy_rule),
    LINE(6, MAY, msg_eligibility, guidance),
};
const struct shape wire_shape_eligibility = SHAPE(eligibility);

static const struct shape_field not_shared_rows[] = {
    ID_IF(1, msg_not_shared, about, has_about),
    NAME(2, MAY, msg_not_shared, question),
    NAME(3, YES, msg_not_shared, reason),
    LINE(4, MAY, msg_not_shared, text),
};
const struct shape wire_shape_not_shared = SHAPE(not_shared);

static const struct shape_field outcome_rows[] = {
    ID(1, YES, msg_outcome, about),
    ENUM(2, YES, msg_outcome, effect),
    U16_TO(3, MAY, MINUTES_MOST, msg_outcome, minutes_saved),
    NAME(4, MAY, msg_outcome, area),
};
const struct shape wire_shape_outcome = SHAPE(outcome);

/* clang-format on */
