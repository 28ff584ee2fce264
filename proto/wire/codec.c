/* SPDX-License-Identifier: Apache-2.0 */
/* codec.c - how each message of almoner.proto maps onto the plain structs of msg.h: tables only.
 * Those of concerns, deliveries, referrals and watches are in codec_exchange.c, those about tokens in
 * codec_tokens.c, those of corrections and statements in codec_rights.c, those between
 * the broker and its witnesses in codec_witness.c.
 *
 * The one file that includes the generated header. decode.c and encode.c work from these rows and
 * from protobuf-c's descriptors, so a new message is a new table, not new code. */
#include "almoner/v1/almoner.pb-c.h"
#include "wire/rows.h"

/* clang-format off: one row a field, as in the .proto */

static const struct shape_field token_rows[] = {
    ENUM(1, YES, token, kind),
    ENUM(2, YES, token, scheme),
    U16(3, YES, token, epoch),
    OCTETS(4, YES, token, value),
};
const struct shape wire_shape_token = SHAPE(token);

static const struct shape_field token_set_rows[] = {
    LIST(1, YES, token_set, tokens, n, &wire_shape_token),
    FLAG(2, token_set, unborn),
};
const struct shape wire_shape_token_set = SHAPE(token_set);

static const struct shape_field practitioner_rows[] = {
    REF(1, YES, msg_practitioner, ref),
    NAME(2, YES, msg_practitioner, role),
    ENUM(3, YES, msg_practitioner, login),
};
static const struct shape practitioner_shape = SHAPE(practitioner);

static const struct shape_field home_rows[] = {
    STRUCT(1, YES, msg_home, token, &wire_shape_token),
    DAY(2, YES, msg_home, from),
    DAY(3, MAY, msg_home, until),
};
const struct shape wire_shape_home = SHAPE(home);

static const struct shape_field relationship_rows[] = {
    ENUM(1, YES, msg_relationship, kind),
    DAY(2, MAY, msg_relationship, since),
    DAY(3, MAY, msg_relationship, until),
    LINE(4, MAY, msg_relationship, reason),
};
const struct shape wire_shape_relationship = SHAPE(relationship);

static const struct shape_field scope_rows[] = {
    FLAG(1, msg_scope, any),
    NAMES(2, msg_scope, agencies, n),
};
const struct shape wire_shape_scope = SHAPE(scope);

static const struct shape_field hello_rows[] = {
    U32(1, YES, msg_hello, version_least),
    U32(2, YES, msg_hello, version_most),
    ENUM(3, YES, msg_hello, mode),
    REF(4, MAY, msg_hello, software),
};
static const struct shape hello_shape = SHAPE(hello);

static const struct shape_field welcome_rows[] = {
    U32(1, YES, msg_welcome, version),      ENUM(2, YES, msg_welcome, mode),
    REF(3, YES, msg_welcome, origin),       NAME(4, MAY, msg_welcome, policy),
    DAY(5, YES, msg_welcome, civil_day),    U32(6, YES, msg_welcome, frame_max_bytes),
    U32(7, YES, msg_welcome, deadline_ms),  U32(8, YES, msg_welcome, lease_ms),
    U32(9, YES, msg_welcome, freshness_ms),
};
static const struct shape welcome_shape = SHAPE(welcome);

static const struct shape_field lease_rows[] = {
    DAY(1, MAY, msg_lease, civil_day),
    NAME(2, MAY, msg_lease, policy),
};
static const struct shape lease_shape = SHAPE(lease);

static const struct shape_field catalogue_question_rows[] = {
    NAME(1, YES, msg_catalogue_question, id),    LINE(2, YES, msg_catalogue_question, wording),
    FLAG(3, msg_catalogue_question, uses_homes), FLAG(4, msg_catalogue_question, home_parameter),
    FLAG(5, msg_catalogue_question, sensitive),  FLAG(6, msg_catalogue_question, household),
};
static const struct shape catalogue_question_shape = SHAPE(catalogue_question);

static const struct shape_field catalogue_purpose_rows[] = {
    NAME(1, YES, msg_catalogue_purpose, id),     LINE(2, MAY, msg_catalogue_purpose, title),
    FLAG(3, msg_catalogue_purpose, consent),     FLAG(4, msg_catalogue_purpose, past_shield),
    FLAG(5, msg_catalogue_purpose, involvement), FLAG(6, msg_catalogue_purpose, unsigned_queries),
};
static const struct shape catalogue_purpose_shape = SHAPE(catalogue_purpose);

static const struct shape_field catalogue_capacity_rows[] = {
    ENUM(1, YES, msg_catalogue_capacity, capacity),
    U8_TO(2, MAY, AGE_MOST, msg_catalogue_capacity, from_age),
    U8_TO(3, MAY, AGE_MOST, msg_catalogue_capacity, before_age),
};
static const struct shape catalogue_capacity_shape = SHAPE(catalogue_capacity);

static const struct shape_field catalogue_rows[] = {
    U16(1, MAY, msg_catalogue, page),
    U16(2, YES, msg_catalogue, pages),
    LIST(3, MAY, msg_catalogue, questions, n_questions, &catalogue_question_shape),
    LIST(4, MAY, msg_catalogue, purposes, n_purposes, &catalogue_purpose_shape),
    LIST(5, MAY, msg_catalogue, capacities, n_capacities, &catalogue_capacity_shape),
    LIST(6, MAY, msg_catalogue, epochs, n_epochs, &wire_shape_catalogue_epoch),
};
static const struct shape catalogue_shape = SHAPE(catalogue);

static const struct shape_field insight_query_rows[] = {
    NAME(1, YES, msg_insight_query, question),
    ENUM(2, YES, msg_insight_query, subject_kind),
    STRUCT(3, MAY, msg_insight_query, subject, &wire_shape_token_set),
    STRUCT(4, MAY, msg_insight_query, household, &wire_shape_token),
    STRUCT_IF(5, msg_insight_query, parameter, has_parameter, &wire_shape_token),
    LIST(6, MAY, msg_insight_query, homes, n_homes, &wire_shape_home),
    STRUCT(7, YES, msg_insight_query, relationship, &wire_shape_relationship),
    U16_TO(8, MAY, STATEMENTS_MOST, msg_insight_query, statements),
    ID_IF(9, msg_insight_query, referral, has_referral),
};
static const struct shape insight_query_shape = SHAPE(insight_query);

static const struct shape_field involvement_query_rows[] = {
    ENUM(1, YES, msg_involvement_query, subject_kind),
    STRUCT(2, YES, msg_involvement_query, subject, &wire_shape_token_set),
    STRUCT(3, YES, msg_involvement_query, relationship, &wire_shape_relationship),
    U16_TO(4, MAY, STATEMENTS_MOST, msg_involvement_query, statements),
};
static const struct shape involvement_query_shape = SHAPE(involvement_query);

static const struct shape_field question_rows[] = {
    FLAG(1, msg_question, involvement),
    NAME(2, MAY, msg_question, question),
    ENUM(3, YES, msg_question, subject_kind),
    STRUCT(4, MAY, msg_question, subject, &wire_shape_token_set),
    STRUCT(5, MAY, msg_question, household, &wire_shape_token),
    STRUCT_IF(6, msg_question, parameter, has_parameter, &wire_shape_token),
    LIST(7, MAY, msg_question, homes, n_homes, &wire_shape_home),
    DAY(8, YES, msg_question, as_of),
    U32(9, YES, msg_question, deadline_ms),
    NAME(10, MAY, msg_question, asking_agency),
    NAME(11, YES, msg_question, asking_sector),
};
static const struct shape question_shape = SHAPE(question);

static const struct shape_field answer_rows[] = {
    ENUM(1, YES, msg_answer, value),         ENUM(2, MAY, msg_answer, cause),
    DAY(3, MAY, msg_answer, data_as_of),     LINE(4, MAY, msg_answer, service),
    LINE(5, MAY, msg_answer, contact_route), LINE(6, MAY, msg_answer, lead_professional),
    DAY(7, MAY, msg_answer, since),          REF(8, MAY, msg_answer, by),
    MS(9, MAY, msg_answer, by_ms),
};
static const struct shape answer_shape = SHAPE(answer);

static const struct shape_field insight_rows[] = {
    ENUM(1, YES, msg_insight, value),    ENUM(2, YES, msg_insight, completeness),
    DAY(3, YES, msg_insight, as_of),     REF(4, MAY, msg_insight, policy_rule),
    LINE(5, MAY, msg_insight, guidance), FLAG(6, msg_insight, review_due),
    MS(7, MAY, msg_insight, later_by_ms),
};
const struct shape wire_shape_insight = SHAPE(insight);

static const struct shape_field involved_rows[] = {
    ENUM(1, YES, msg_involved, visibility),    NAME(2, MAY, msg_involved, agency),
    LINE(3, MAY, msg_involved, agency_name),   LINE(4, MAY, msg_involved, service),
    LINE(5, MAY, msg_involved, contact_route), LINE(6, MAY, msg_involved, lead_professional),
    ENUM(7, MAY, msg_involved, since_band),
};
static const struct shape involved_shape = SHAPE(involved);

static const struct shape_field involvement_rows[] = {
    ENUM(1, YES, msg_involvement, completeness),
    DAY(2, YES, msg_involvement, as_of),
    REF(3, MAY, msg_involvement, policy_rule),
    LINE(4, MAY, msg_involvement, guidance),
    FLAG(5, msg_involvement, masked),
    LIST(6, MAY, msg_involvement, involved, n, &involved_shape),
    FLAG(7, msg_involvement, review_due),
    MS(8, MAY, msg_involvement, later_by_ms),
};
const struct shape wire_shape_involvement = SHAPE(involvement);

static const struct shape_field consent_rows[] = {
    ENUM(1, YES, msg_consent, decision),
    STRUCT(2, YES, msg_consent, subject, &wire_shape_token_set),
    NAME(3, YES, msg_consent, purpose),
    ENUM(4, YES, msg_consent, capacity),
    FLAG(5, msg_consent, giver_authority),
    REF(6, MAY, msg_consent, giver_ref),
    STRUCT(7, MAY, msg_consent, recipients, &wire_shape_scope),
    STRUCT(8, MAY, msg_consent, sources, &wire_shape_scope),
    STRUCT(9, MAY, msg_consent, sensitive_sources, &wire_shape_scope),
    DAY(10, YES, msg_consent, given_on),
    MS(11, YES, msg_consent, given_ms),
    DAY(12, MAY, msg_consent, expires_on),
    DAY(13, MAY, msg_consent, review_on),
    DAY(14, MAY, msg_consent, able_from),
    DAY(15, MAY, msg_consent, able_until),
    ENUM(16, YES, msg_consent, method),
    REF(17, MAY, msg_consent, wording_version),
    REF(18, MAY, msg_consent, competence_by),
    NAME(19, MAY, msg_consent, competence_role),
    DAY(20, MAY, msg_consent, competence_on),
    REF(21, MAY, msg_consent, witness),
    REF(22, MAY, msg_consent, language),
    LINE(23, MAY, msg_consent, conditions),
    FLAG(24, msg_consent, safe_contact),
    ID_IF(25, msg_consent, family, has_family),
    U8_TO(26, MAY, CONSENT_STAGE_MOST, msg_consent, stage),
    NAME(27, MAY, msg_consent, not_possible),
};
static const struct shape consent_shape = SHAPE(consent);

static const struct shape_field dispute_rows[] = {
    STRUCT(1, YES, msg_dispute, subject, &wire_shape_token_set),
    NAME(2, YES, msg_dispute, purpose),
    DAY(3, YES, msg_dispute, on),
};
static const struct shape dispute_shape = SHAPE(dispute);

static const struct shape_field withdrawal_rows[] = {
    ID_IF(1, msg_withdrawal, consent, has_consent),
    STRUCT(2, MAY, msg_withdrawal, subject, &wire_shape_token_set),
    NAME(3, MAY, msg_withdrawal, purpose),
    DAY(4, YES, msg_withdrawal, given_on),
    MS(5, YES, msg_withdrawal, given_ms),
};
static const struct shape withdrawal_shape = SHAPE(withdrawal);

static const struct shape_field consent_change_rows[] = {
    ID(1, YES, msg_consent_change, consent),
    DAY(2, YES, msg_consent_change, able_until),
};
static const struct shape consent_change_shape = SHAPE(consent_change);

static const struct shape_field shield_rows[] = {
    STRUCT(1, YES, msg_shield, subject, &wire_shape_token_set),
    ENUM(2, YES, msg_shield, level),
    DAY(3, YES, msg_shield, from),
    DAY(4, MAY, msg_shield, until),
    DAY(5, MAY, msg_shield, review_on),
    LINE(6, YES, msg_shield, reason),
};
static const struct shape shield_shape = SHAPE(shield);

static const struct shape_field consent_list_query_rows[] = {
    U16(1, MAY, msg_consent_list_query, page),
};
static const struct shape consent_list_query_shape = SHAPE(consent_list_query);

static const struct shape_field consent_entry_rows[] = {
    ID(1, YES, msg_consent_entry, id),
    NAME(2, YES, msg_consent_entry, purpose),
    ENUM(3, YES, msg_consent_entry, decision),
    ENUM(4, YES, msg_consent_entry, capacity),
    DAY(5, YES, msg_consent_entry, given_on),
    DAY(6, MAY, msg_consent_entry, expires_on),
    DAY(7, MAY, msg_consent_entry, withdrawn_on),
};
static const struct shape consent_entry_shape = SHAPE(consent_entry);

static const struct shape_field consent_list_rows[] = {
    U16(1, MAY, msg_consent_list, page),
    U16(2, MAY, msg_consent_list, pages),
    LIST(3, MAY, msg_consent_list, entries, n, &consent_entry_shape),
};
static const struct shape consent_list_shape = SHAPE(consent_list);

static const struct shape_field receipt_rows[] = {
    U64(1, MAY, msg_receipt, leaf),
    MS(2, YES, msg_receipt, at_ms),
};
static const struct shape receipt_shape = SHAPE(receipt);

static const struct shape_field refusal_rows[] = {
    NAME(1, YES, msg_refusal, reason),
    LINE(2, MAY, msg_refusal, text),
    LINE(3, MAY, msg_refusal, way_forward),
};
static const struct shape refusal_shape = SHAPE(refusal);

static const struct shape_field busy_rows[] = {
    U32(1, YES, msg_busy, retry_after_ms),
};
static const struct shape busy_shape = SHAPE(busy);

static const struct shape_field override_rows[] = {
    STRUCT(1, YES, msg_override, subject, &wire_shape_token_set),
    FLAG(2, msg_override, involvement),
    NAME(3, MAY, msg_override, question),
    STRUCT_IF(4, msg_override, parameter, has_parameter, &wire_shape_token),
    ENUM(5, YES, msg_override, para18),
    ENUM(6, YES, msg_override, harm),
    ENUM(7, YES, msg_override, likelihood),
    ENUM(8, YES, msg_override, immediacy),
    ENUM(9, YES, msg_override, told),
    LINE(10, MAY, msg_override, not_told),
    LINE(11, YES, msg_override, necessity),
    LINE(12, YES, msg_override, proportionality),
    U16(13, YES, msg_override, hours),
    FLAG(14, msg_override, immediate_danger),
    FLAG(15, msg_override, no_part),
};
static const struct shape override_shape = SHAPE(override);

static const struct shape_field approval_rows[] = {
    ID(1, YES, msg_approval, override),
    ENUM(2, YES, msg_approval, decision),
    FLAG(3, msg_approval, senior),
    FLAG(4, msg_approval, no_part),
    LINE(5, YES, msg_approval, reason),
};
static const struct shape approval_shape = SHAPE(approval);

static const struct shape_field override_review_rows[] = {
    ID(1, YES, msg_override_review, override),
    ENUM(2, YES, msg_override_review, finding),
    FLAG(3, msg_override_review, no_part),
    LINE(4, YES, msg_override_review, reason),
};
static const struct shape override_review_shape = SHAPE(override_review);

static const struct shape_field override_query_rows[] = {
    ID(1, YES, msg_override_query, override),
};
static const struct shape override_query_shape = SHAPE(override_query);

static const struct shape_field override_view_rows[] = {
    ID(1, YES, msg_override_view, override),
    ENUM(2, YES, msg_override_view, state),
    NAME(3, YES, msg_override_view, agency),
    NAME(4, YES, msg_override_view, purpose),
    NAME(5, YES, msg_override_view, basis),
    NAME(6, MAY, msg_override_view, question),
    ENUM(7, YES, msg_override_view, para18),
    ENUM(8, YES, msg_override_view, harm),
    ENUM(9, YES, msg_override_view, likelihood),
    ENUM(10, YES, msg_override_view, immediacy),
    ENUM(11, YES, msg_override_view, told),
    LINE(12, MAY, msg_override_view, not_told),
    LINE(13, MAY, msg_override_view, necessity),
    LINE(14, MAY, msg_override_view, proportionality),
    U16(15, YES, msg_override_view, hours),
    FLAG(16, msg_override_view, immediate_danger),
    MS(17, YES, msg_override_view, requested_ms),
    MS(18, MAY, msg_override_view, until_ms),
    NAME(19, MAY, msg_override_view, approver),
    MS(20, MAY, msg_override_view, review_due_ms),
    ENUM(21, MAY, msg_override_view, finding),
};
static const struct shape override_view_shape = SHAPE(override_view);

static const struct shape_field body_rows[] = {
    ID(1, YES, msg, id),
    ID(2, MAY, msg, in_reply_to),
    NAME(3, MAY, msg, sender),
    MS(4, YES, msg, sent_ms),
    STRUCT(5, MAY, msg, practitioner, &practitioner_shape),
    NAME(6, MAY, msg, purpose),
    NAME(7, MAY, msg, basis),
    REF(8, MAY, msg, case_ref),
    { .tag = 15,
      .kind = SHAPE_PADDING,
      .limit = WIRE_FRAME_MAX,
      .count = SHAPE_PADDING_MAX,
      .presence = SHAPE_ABSENT },
    ARM(MSG_HELLO, hello, &hello_shape),
    ARM(MSG_WELCOME, welcome, &welcome_shape),
    ARM(MSG_LEASE, lease, &lease_shape),
    ARM(MSG_CATALOGUE, catalogue, &catalogue_shape),
    ARM(MSG_INSIGHT_QUERY, insight_query, &insight_query_shape),
    ARM(MSG_INVOLVEMENT_QUERY, involvement_query, &involvement_query_shape),
    ARM(MSG_QUESTION, question, &question_shape),
    ARM(MSG_ANSWER, answer, &answer_shape),
    ARM(MSG_INSIGHT, insight, &wire_shape_insight),
    ARM(MSG_INVOLVEMENT, involvement, &wire_shape_involvement),
    ARM(MSG_CONSENT, consent, &consent_shape),
    ARM(MSG_WITHDRAWAL, withdrawal, &withdrawal_shape),
    ARM(MSG_CONSENT_CHANGE, consent_change, &consent_change_shape),
    ARM(MSG_SHIELD, shield, &shield_shape),
    ARM(MSG_CONSENT_LIST_QUERY, consent_list_query, &consent_list_query_shape),
    ARM(MSG_CONSENT_LIST, consent_list, &consent_list_shape),
    ARM(MSG_RECEIPT, receipt, &receipt_shape),
    ARM(MSG_REFUSAL, refusal, &refusal_shape),
    ARM(MSG_BUSY, busy, &busy_shape),
    ARM(MSG_CONCERN, concern, &wire_shape_concern),
    ARM(MSG_SUBSCRIBE, subscribe, &wire_shape_subscribe),
    ARM(MSG_DELIVER, deliver, &wire_shape_deliver),
    ARM(MSG_ACK, ack, &wire_shape_ack),
    ARM(MSG_REFERRAL, referral, &wire_shape_referral),
    ARM(MSG_REFERRAL_UPDATE, referral_update, &wire_shape_referral_update),
    ARM(MSG_WATCH, watch, &wire_shape_watch),
    ARM(MSG_RETOKEN, retoken, &wire_shape_retoken),
    ARM(MSG_DIRECTORY_QUERY, directory_query, &wire_shape_directory_query),
    ARM(MSG_DIRECTORY, directory, &wire_shape_directory),
    ARM(MSG_ELIGIBILITY_QUERY, eligibility_query, &wire_shape_eligibility_query),
    ARM(MSG_ELIGIBILITY, eligibility, &wire_shape_eligibility),
    ARM(MSG_OVERRIDE, override, &override_shape),
    ARM(MSG_APPROVAL, approval, &approval_shape),
    ARM(MSG_NOT_SHARED, not_shared, &wire_shape_not_shared),
    ARM(MSG_OUTCOME, outcome, &wire_shape_outcome),
    ARM(MSG_CORRECTION, correction, &wire_shape_correction),
    ARM(MSG_ACK_OF, ack_of, &wire_shape_ack_of),
    ARM(MSG_SEALING_KEY, sealing_key, &wire_shape_sealing_key),
    ARM(MSG_TOKEN_REQUEST, token_request, &wire_shape_token_request),
    ARM(MSG_TOKENS, tokens, &wire_shape_tokens),
    ARM(MSG_COSIGN, cosign, &wire_shape_cosign),
    ARM(MSG_OVERRIDE_REVIEW, override_review, &override_review_shape),
    ARM(MSG_OVERRIDE_QUERY, override_query, &override_query_shape),
    ARM(MSG_OVERRIDE_VIEW, override_view, &override_view_shape),
    ARM(MSG_CONCERN_CHANGE, concern_change, &wire_shape_concern_change),
    ARM(MSG_FIRING_UPDATE, firing_update, &wire_shape_firing_update),
    ARM(MSG_CONTACT_REQUEST, contact_request, &wire_shape_contact_request),
    ARM(MSG_THRESHOLD_STATE, threshold_state, &wire_shape_threshold_state),
    ARM(MSG_REFERRAL_STATE, referral_state, &wire_shape_referral_state),
    ARM(MSG_REFERRAL_QUERY, referral_query, &wire_shape_referral_query),
    ARM(MSG_REFERRAL_LIST, referral_list, &wire_shape_referral_list),
    ARM(MSG_SEALING_KEY_QUERY, sealing_key_query, &wire_shape_sealing_key_query),
    ARM(MSG_SEALING_KEYS, sealing_keys, &wire_shape_sealing_keys),
    ARM(MSG_STREAM_QUERY, stream_query, &wire_shape_stream_query),
    ARM(MSG_STREAM_STATUS, stream_status, &wire_shape_stream_status),
    ARM(MSG_DUE_QUERY, due_query, &wire_shape_due_query),
    ARM(MSG_DUE_LIST, due_list, &wire_shape_due_list),
    ARM(MSG_WATCH_CHANGE, watch_change, &wire_shape_watch_change),
    ARM(MSG_DISPUTE, dispute, &dispute_shape),
    ARM(MSG_STATEMENT, statement, &wire_shape_statement),
    ARM(MSG_CORRECTION_QUERY, correction_query, &wire_shape_correction_query),
    ARM(MSG_CORRECTION_LIST, correction_list, &wire_shape_correction_list),
    ARM(MSG_COSIGNATURE, cosignature, &wire_shape_cosignature),
};
const struct shape wire_shape_body = SHAPE_VIEWS(body);

static const struct shape_field envelope_rows[] = {
    U32(1, YES, wire_envelope_plain, version),
    VIEW(2, MAY, WIRE_KEY_ID_LEN, wire_envelope_plain, key_id),
    VIEW(3, YES, WIRE_FRAME_MAX, wire_envelope_plain, body),
    VIEW(4, MAY, SIGN_LEN, wire_envelope_plain, signature),
};
const struct shape wire_shape_envelope = SHAPE_VIEWS(envelope);

/* clang-format on */

/* msg.h's numbers are the wire's: both ends of each enum are checked here, the rest by the tests.
 */
_Static_assert((int)MSG_HELLO == ALMONER__V1__BODY__PAYLOAD_HELLO, "payload numbers");
_Static_assert((int)MSG_BUSY == ALMONER__V1__BODY__PAYLOAD_BUSY, "payload numbers");
_Static_assert((int)MSG_OVERRIDE_VIEW == ALMONER__V1__BODY__PAYLOAD_OVERRIDE_VIEW,
               "payload numbers");
_Static_assert((int)MSG_WATCH == ALMONER__V1__BODY__PAYLOAD_WATCH, "payload numbers");
_Static_assert((int)MSG_OUTCOME == ALMONER__V1__BODY__PAYLOAD_OUTCOME, "payload numbers");
_Static_assert((int)MSG_COSIGN == ALMONER__V1__BODY__PAYLOAD_COSIGN, "payload numbers");
_Static_assert((int)MSG_COSIGNATURE == ALMONER__V1__BODY__PAYLOAD_COSIGNATURE, "payload numbers");
_Static_assert((int)COSIGN_REFUSED == ALMONER__V1__COSIGN_STATUS__COSIGN_STATUS_REFUSED,
               "enum cosign_status");
_Static_assert((int)MSG_CORRECTION == ALMONER__V1__BODY__PAYLOAD_CORRECTION, "payload numbers");
_Static_assert((int)MSG_ACK_OF == ALMONER__V1__BODY__PAYLOAD_ACK_OF, "payload numbers");
_Static_assert((int)MSG_CORRECTION_LIST == ALMONER__V1__BODY__PAYLOAD_CORRECTION_LIST,
               "payload numbers");
_Static_assert((int)MSG_SEALING_KEY == ALMONER__V1__BODY__PAYLOAD_SEALING_KEY, "payload numbers");
_Static_assert((int)MSG_RETOKEN == ALMONER__V1__BODY__PAYLOAD_RETOKEN, "payload numbers");
_Static_assert((int)MSG_TOKENS == ALMONER__V1__BODY__PAYLOAD_TOKENS, "payload numbers");
_Static_assert((int)MSG_DISPUTE == ALMONER__V1__BODY__PAYLOAD_DISPUTE, "payload numbers");
_Static_assert((int)SEVERITY_CRITICAL == ALMONER__V1__SEVERITY__SEVERITY_CRITICAL, "enum severity");
_Static_assert((int)CORRECTION_CHANGED_SINCE ==
                   ALMONER__V1__CORRECTION_KIND__CORRECTION_KIND_CHANGED_SINCE,
               "enum correction_kind");
_Static_assert((int)STOP_STATEMENT == ALMONER__V1__STOP_CAUSE__STOP_CAUSE_STATEMENT,
               "enum stop_cause");
_Static_assert((int)DONE_CANNOT == ALMONER__V1__STOP_DONE__STOP_DONE_CANNOT, "enum stop_done");
_Static_assert((int)DELIVERY_STOP_USING == ALMONER__V1__DELIVERY_KIND__DELIVERY_KIND_STOP_USING,
               "enum delivery_kind");
_Static_assert((int)NOTICE_KEY_CHANGED == ALMONER__V1__NOTICE_KIND__NOTICE_KIND_KEY_CHANGED,
               "enum notice_kind");
_Static_assert((int)FIRING_CLOSED == ALMONER__V1__FIRING_STEP__FIRING_STEP_CLOSED,
               "enum firing_step");
_Static_assert((int)REFERRAL_BOOKED == ALMONER__V1__REFERRAL_KIND__REFERRAL_KIND_BOOKED,
               "enum referral_kind");
_Static_assert((int)ORIGIN_NOT_STATED == ALMONER__V1__REFERRAL_ORIGIN__REFERRAL_ORIGIN_NOT_STATED,
               "enum referral_origin");
_Static_assert((int)STEP_FEEDBACK == ALMONER__V1__REFERRAL_STEP__REFERRAL_STEP_FEEDBACK,
               "enum referral_step");
_Static_assert((int)REFERRAL_EXPIRED == ALMONER__V1__REFERRAL_STATUS__REFERRAL_STATUS_EXPIRED,
               "enum referral_state");
_Static_assert((int)ELIGIBLE_CANNOT_SAY == ALMONER__V1__ELIGIBLE__ELIGIBLE_CANNOT_SAY,
               "enum eligible");
_Static_assert((int)EFFECT_NO_USE == ALMONER__V1__OUTCOME_EFFECT__OUTCOME_EFFECT_NO_USE,
               "enum outcome_effect");
_Static_assert((int)DUE_RECALL == ALMONER__V1__DUE_KIND__DUE_KIND_RECALL, "enum due_kind");
_Static_assert((int)PARA18_WOULD_PREJUDICE == ALMONER__V1__PARA18__PARA18_WOULD_PREJUDICE,
               "enum para18");
_Static_assert((int)HARM_SELF == ALMONER__V1__HARM__HARM_SELF, "enum harm");
_Static_assert((int)LIKELIHOOD_CERTAIN == ALMONER__V1__LIKELIHOOD__LIKELIHOOD_CERTAIN,
               "enum likelihood");
_Static_assert((int)IMMEDIACY_WEEKS == ALMONER__V1__IMMEDIACY__IMMEDIACY_WEEKS, "enum immediacy");
_Static_assert((int)TOLD_NOT_REACHED == ALMONER__V1__TOLD__TOLD_NOT_REACHED, "enum person_told");
_Static_assert((int)APPROVAL_REFUSE == ALMONER__V1__APPROVAL_DECISION__APPROVAL_DECISION_REFUSE,
               "enum approval_decision");
_Static_assert((int)FINDING_NOT_JUSTIFIED == ALMONER__V1__FINDING__FINDING_NOT_JUSTIFIED,
               "enum finding");
_Static_assert((int)OVERRIDE_NOT_JUSTIFIED ==
                   ALMONER__V1__OVERRIDE_STATE__OVERRIDE_STATE_NOT_JUSTIFIED,
               "enum override_state");
_Static_assert((int)MODE_EXERCISE == ALMONER__V1__MODE__MODE_EXERCISE, "enum broker_mode");
_Static_assert((int)SUBJECT_HOUSEHOLD == ALMONER__V1__SUBJECT_KIND__SUBJECT_KIND_HOUSEHOLD,
               "enum subject_kind");
_Static_assert((int)LOGIN_SMARTCARD == ALMONER__V1__LOGIN__LOGIN_SMARTCARD, "enum login_strength");
_Static_assert((int)RELATION_SELF_CLAIMED ==
                   ALMONER__V1__RELATIONSHIP_KIND__RELATIONSHIP_KIND_SELF_CLAIMED,
               "enum relationship_kind");
_Static_assert((int)ANSWER_CANNOT_SAY == ALMONER__V1__ANSWER_VALUE__ANSWER_VALUE_CANNOT_SAY,
               "enum answer_value");
_Static_assert((int)CAUSE_UNSUPPORTED == ALMONER__V1__CAUSE__CAUSE_UNSUPPORTED,
               "enum cannot_say_cause");
_Static_assert((int)INSIGHT_CANNOT_SAY == ALMONER__V1__INSIGHT_VALUE__INSIGHT_VALUE_CANNOT_SAY,
               "enum insight_value");
_Static_assert((int)COMPLETE_NONE == ALMONER__V1__COMPLETENESS__COMPLETENESS_NONE,
               "enum completeness");
_Static_assert((int)CONSENT_NOT_POSSIBLE ==
                   ALMONER__V1__CONSENT_DECISION__CONSENT_DECISION_NOT_POSSIBLE,
               "enum consent_decision");
_Static_assert((int)CAPACITY_BEST_INTERESTS == ALMONER__V1__CAPACITY__CAPACITY_BEST_INTERESTS,
               "enum consent_capacity");
_Static_assert((int)METHOD_DIGITAL == ALMONER__V1__CONSENT_METHOD__CONSENT_METHOD_DIGITAL,
               "enum consent_method");
_Static_assert((int)VISIBLE_MASKED == ALMONER__V1__VISIBILITY__VISIBILITY_MASKED,
               "enum visibility");
_Static_assert((int)SINCE_OVER_3_YEARS == ALMONER__V1__SINCE_BAND__SINCE_BAND_OVER_3_YEARS,
               "enum since_band");
_Static_assert((int)RETOKEN_WITHDRAWAL == ALMONER__V1__RETOKEN_KIND__RETOKEN_KIND_WITHDRAWAL,
               "enum retoken_kind");
_Static_assert((int)EPOCH_PREVIOUS ==
                   ALMONER__V1__TOKEN_EPOCH_STATE__TOKEN_EPOCH_STATE_PREVIOUS,
               "enum token_epoch_state");
_Static_assert((int)TOKEN_HOME == ALMONER__V1__TOKEN_KIND__TOKEN_KIND_HOME, "enum token_kind");
_Static_assert((int)TOKEN_DOB_STREET == ALMONER__V1__TOKEN_KIND__TOKEN_KIND_DOB_STREET,
               "enum token_kind");
_Static_assert((int)TOKEN_OBLIVIOUS == ALMONER__V1__TOKEN_SCHEME__TOKEN_SCHEME_OBLIVIOUS,
               "enum token_scheme");
