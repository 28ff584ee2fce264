/* SPDX-License-Identifier: Apache-2.0 */
/* msg.h - every message as a plain struct with fixed bounds: what the rest of the program sees of the wire.
 *
 * Strings are NUL-terminated UTF-8 without NUL inside; ids match [a-z0-9][a-z0-9._-]*; a list's n is within its array.
 * Texts for people hold no control characters. Civil days are days since 1970-01-01 (1900 to 2999), CIVIL_NONE when absent
 * (see base/clock.h): a zeroed struct has the day 1970-01-01, so set each day. Which of struct msg's own fields go with
 * which type is a table in README.md; what breaks it does not encode. */
#pragma once
#include "wire/msg_base.h"
#include "wire/msg_override.h"
#include "wire/msg_rights.h"
#include "wire/msg_tokens.h"
#include "wire/msg_witness.h"

/* Greatest values of plain numbers: all bits of what is added up, and limits of DOMAIN.md. */
enum { STATEMENTS_MOST = 15, MADE_MOST = 63, KINDS_MOST = 63, CREDIT_MOST = 1024, MINUTES_MOST = 10000, CONSENT_STAGE_MOST = 2 };

enum msg_type { /* the payload's field number in Body; 0 is refused */
    MSG_HELLO = 20, MSG_WELCOME, MSG_LEASE, MSG_CATALOGUE, MSG_INSIGHT_QUERY, MSG_INVOLVEMENT_QUERY, MSG_QUESTION,
    MSG_ANSWER, MSG_INSIGHT, MSG_INVOLVEMENT, MSG_CONSENT, MSG_WITHDRAWAL, MSG_CONSENT_CHANGE, MSG_SHIELD,
    MSG_CONSENT_LIST_QUERY, MSG_CONSENT_LIST, MSG_RECEIPT, MSG_REFUSAL, MSG_BUSY,
    MSG_CONCERN, MSG_SUBSCRIBE, MSG_DELIVER, MSG_ACK, MSG_REFERRAL, MSG_REFERRAL_UPDATE, MSG_WATCH,
    MSG_RETOKEN, MSG_DIRECTORY_QUERY, MSG_DIRECTORY, MSG_ELIGIBILITY_QUERY, MSG_ELIGIBILITY,
    MSG_OVERRIDE, MSG_APPROVAL, MSG_NOT_SHARED, MSG_OUTCOME,
    MSG_CORRECTION, MSG_ACK_OF = 57, /* 56 is kept: a StopUsing rides in a Deliver */
    MSG_SEALING_KEY = 58, MSG_TOKEN_REQUEST, MSG_TOKENS, MSG_COSIGN,
    MSG_OVERRIDE_REVIEW = 62, MSG_OVERRIDE_QUERY, MSG_OVERRIDE_VIEW,
    MSG_CONCERN_CHANGE, MSG_FIRING_UPDATE, MSG_CONTACT_REQUEST, MSG_THRESHOLD_STATE, MSG_REFERRAL_STATE, MSG_REFERRAL_QUERY,
    MSG_REFERRAL_LIST, MSG_SEALING_KEY_QUERY, MSG_SEALING_KEYS, MSG_STREAM_QUERY, MSG_STREAM_STATUS, MSG_DUE_QUERY, MSG_DUE_LIST,
    MSG_WATCH_CHANGE, MSG_DISPUTE,
    MSG_STATEMENT, MSG_CORRECTION_QUERY, MSG_CORRECTION_LIST,
    MSG_COSIGNATURE = 86,
};
enum broker_mode { MODE_LIVE = 1, MODE_EXERCISE = 2 };
enum subject_kind { SUBJECT_PERSON = 1, SUBJECT_UNBORN, SUBJECT_HOUSEHOLD };
enum login_strength { LOGIN_PASSWORD = 1, LOGIN_TWO_FACTOR, LOGIN_SMARTCARD };
enum relationship_kind {
    RELATION_NONE = 1, RELATION_INVOLVED, RELATION_WAS_INVOLVED, RELATION_SAME_HOME, RELATION_REFERRAL, RELATION_SELF_CLAIMED,
};
enum answer_value { /* what a holder says */
    ANSWER_YES = 1,
    ANSWER_NO,         /* knows the person, does not hold it */
    ANSWER_NOT_KNOWN,  /* does not know the person: counts as not holding it */
    ANSWER_CANNOT_SAY, /* with a cause */
};
enum cannot_say_cause { CAUSE_NONE = 0, CAUSE_AMBIGUOUS = 1, CAUSE_PARTIAL, CAUSE_STALE, CAUSE_FAILED, CAUSE_UNSUPPORTED };
enum insight_value { INSIGHT_YES = 1, INSIGHT_NO, INSIGHT_CANNOT_SAY };
enum completeness { COMPLETE_ALL = 1, COMPLETE_MOST, COMPLETE_SOME, COMPLETE_NONE };
enum consent_decision { CONSENT_GRANTED = 1, CONSENT_REFUSED, CONSENT_NOT_POSSIBLE /* asked, and could not be: with a reason */ };
enum consent_capacity {
    CAPACITY_SELF = 1, CAPACITY_GILLICK, CAPACITY_PARENT, CAPACITY_CARER_WITHOUT_PR, CAPACITY_LOCAL_AUTHORITY,
    CAPACITY_ATTORNEY,       /* under a lasting power of attorney: 18 and over, who lack capacity */
    CAPACITY_DEPUTY,         /* appointed by the Court of Protection: likewise */
    CAPACITY_BEST_INTERESTS, /* nobody may consent: a best-interests decision on record, by whom, in which role, when */
};
enum consent_method { METHOD_SIGNED = 1, METHOD_RECORDED_VERBAL, METHOD_DIGITAL };
enum visibility { VISIBLE_NAMED = 1, VISIBLE_MASKED };
enum para18 { PARA18_CANNOT_BE_GIVEN = 1, PARA18_CANNOT_BE_OBTAINED, PARA18_WOULD_PREJUDICE };
enum harm { HARM_NEGLECT = 1, HARM_PHYSICAL, HARM_EMOTIONAL, HARM_SEXUAL, HARM_EXPLOITATION, HARM_DOMESTIC_ABUSE, HARM_SELF };
enum likelihood { LIKELIHOOD_POSSIBLE = 1, LIKELIHOOD_LIKELY, LIKELIHOOD_CERTAIN };
enum immediacy { IMMEDIACY_NOW = 1, IMMEDIACY_DAYS, IMMEDIACY_WEEKS };
enum person_told { TOLD_YES = 1, TOLD_LATER, TOLD_NOT_SAFE, TOLD_NOT_REACHED };
enum approval_decision { APPROVAL_APPROVE = 1, APPROVAL_REFUSE };
enum finding { FINDING_JUSTIFIED = 1, FINDING_NOT_JUSTIFIED };
enum override_state {
    OVERRIDE_WAITING = 1, OVERRIDE_IN_FORCE, OVERRIDE_OVER, OVERRIDE_REFUSED, OVERRIDE_VETOED, OVERRIDE_NOT_JUSTIFIED,
};
enum since_band { SINCE_UNKNOWN = 1, SINCE_UNDER_3_MONTHS, SINCE_3_TO_12_MONTHS, SINCE_1_TO_3_YEARS, SINCE_OVER_3_YEARS };
enum severity { SEVERITY_LOW = 1, SEVERITY_MEDIUM, SEVERITY_HIGH, SEVERITY_CRITICAL };
enum concerned_part { PART_AT_RISK = 1, PART_ALLEGED /* to have done it */ }; /* of the person, in what the concern is about */
enum concerned_outcome { OUTCOME_FOUNDED = 1, OUTCOME_UNFOUNDED };
enum delivery_kind { DELIVERY_FIRING = 1, DELIVERY_REFERRAL, DELIVERY_REFERRAL_UPDATE, DELIVERY_WATCH, DELIVERY_NOTICE, DELIVERY_INSIGHT, DELIVERY_INVOLVEMENT, DELIVERY_STOP_USING };
enum notice_kind {
    NOTICE_JOINED_OTHERS = 1, /* to a contributor, once the hub has acted */
    NOTICE_CONTACT_REQUEST,   /* somebody asks to be called back; whether to is the reader's choice */
    NOTICE_SHIELD_ATTEMPT,    /* to the shield's owner */
    NOTICE_WITHDRAWN,         /* what was shared rests on a consent that is gone */
    NOTICE_OVERDUE,           /* a decision or feedback is late */
    NOTICE_REVIEW_DUE,        /* an override, consent, shield or watch waits for its review */
    NOTICE_UNDELIVERED,       /* what you sent lies in the dead letters */
    NOTICE_KEY_CHANGED,       /* a service announced another sealing key */
};
enum firing_step { FIRING_ACTED = 1, FIRING_CLOSED };
enum referral_kind { REFERRAL_SIGNPOSTING = 1, REFERRAL_SOFT, REFERRAL_APPLICATION, REFERRAL_HARD, REFERRAL_COMMISSIONED, REFERRAL_BOOKED };
enum referral_origin { ORIGIN_AGENCY = 1, ORIGIN_SELF, ORIGIN_ANONYMOUS, ORIGIN_NOT_STATED }; /* not AGENCY: lodged by the receiver */
enum referral_made { /* bits: what the sender states to be so (DOMAIN.md section 6) */
    MADE_ELIGIBILITY_CHECKED = 1, MADE_FORM_VERIFIED = 2, MADE_ELIGIBILITY_DECIDED = 4, MADE_ASSESSED = 8, MADE_BUDGET_PERMITTED = 16,
    MADE_SLOT_AGREED = 32,
};
enum referral_step { /* what a party does; a table in policy/engine/referral.c says from which state, by whom, to which */
    STEP_RECEIVED = 1, STEP_ACCEPTED, STEP_MORE_INFO, STEP_INFO_GIVEN, STEP_REDIRECTED, STEP_REJECTED, STEP_DOWNGRADED, STEP_ELIGIBILITY,
    STEP_ASSESSMENT, STEP_DIAGNOSIS, STEP_PLANNED, STEP_DELIVERING, STEP_CLOSED, STEP_WITHDRAWN, STEP_REVOKED, STEP_FEEDBACK,
};
enum referral_state {
    REFERRAL_NONE = 1, REFERRAL_SENT, REFERRAL_OVERDUE, REFERRAL_RECEIVED, REFERRAL_ACCEPTED, REFERRAL_MORE_INFO, REFERRAL_REDIRECTED,
    REFERRAL_REJECTED, REFERRAL_ELIGIBILITY, REFERRAL_ASSESSMENT, REFERRAL_DIAGNOSIS, REFERRAL_PLANNED, REFERRAL_DELIVERING, REFERRAL_CLOSED,
    REFERRAL_WITHDRAWN, REFERRAL_REVOKED, REFERRAL_EXPIRED,
};
enum eligible { ELIGIBLE_YES = 1, ELIGIBLE_NO, ELIGIBLE_CANNOT_SAY };
enum outcome_effect { EFFECT_SOONER = 1, EFFECT_DIFFERENT, EFFECT_NO_USE };
enum due_kind { DUE_FIRING = 1, DUE_REFERRAL, DUE_FEEDBACK, DUE_REVIEW, DUE_RECALL };

struct msg_practitioner { /* all empty/0 when no person acts (Hello, Answer, Lease) */
    name_t ref;  /* opaque reference, unique within the agency */
    name_t role;
    uint8_t login; /* enum login_strength */
};
struct msg_relationship {
    uint8_t kind; /* enum relationship_kind */
    int32_t since, until; /* until CIVIL_NONE: open. SELF_CLAIMED: reason required */
    text_t reason;
};
struct msg_scope { /* agencies; any: "*" */
    bool any;
    uint8_t n;
    name_t agencies[SCOPE_MAX];
};

struct msg_hello { /* adapter -> broker, first on each connection */
    uint32_t version_least, version_most; /* of the protocol; 1 */
    uint8_t mode;                         /* that the adapter is set up for */
    name_t software;                      /* "almoner/0.1.0" */
};
struct msg_welcome {
    uint32_t version;
    uint8_t mode;
    char origin[128];
    char policy[65]; /* hex SHA-256 of the bundle in force, "" if none */
    int32_t civil_day;
    uint32_t frame_max_bytes, deadline_ms, lease_ms, freshness_ms;
};
struct msg_lease { /* both ways, every lease_ms: the application (not only the socket) is alive */
    int32_t civil_day; /* broker -> adapter; pushed at once when it changes */
    char policy[65];
};
struct msg_catalogue_question {
    name_t id;
    text_t wording;
    bool uses_homes;     /* the query carries home tokens */
    bool home_parameter; /* asked of one home: the query's parameter is a home token */
    bool sensitive, household; /* household: may be asked about a household */
};
struct msg_catalogue_purpose {
    name_t id;
    text_t title;
    bool consent;     /* rests on consent */
    bool past_shield; /* sees past a location shield: shielded homes may be sent */
    bool involvement; /* who-is-involved may be asked */
    bool unsigned_queries; /* its queries, and answers to them, may come without the agency's signature */
};
#define AGE_MOST 120
#define CAPACITIES_MAX 16
struct msg_catalogue_capacity { /* who is ever able to consent, by the subject's age: the adapter works out the days */
    uint8_t capacity; /* enum consent_capacity */
    uint8_t from_age, before_age; /* years; before 0: no upper end */
};
struct msg_catalogue { /* broker -> adapter after Welcome and after a change of policy: pages */
    uint16_t page, pages;
    uint8_t n_questions, n_purposes;
    struct msg_catalogue_question questions[LIST_MAX];
    struct msg_catalogue_purpose purposes[LIST_MAX];
    uint8_t n_capacities, n_epochs; /* on the first page */
    struct msg_catalogue_capacity capacities[CAPACITIES_MAX];
    struct msg_catalogue_epoch epochs[TOKEN_EPOCHS_MAX];
};
struct msg_insight_query {
    name_t question;
    uint8_t subject_kind;
    struct token_set subject; /* person, unborn */
    struct token household;   /* subject_kind household: a TOKEN_HOME; else kind 0 */
    bool has_parameter;
    struct token parameter; /* TOKEN_HOME, where the question takes one */
    uint8_t n_homes;
    struct msg_home homes[HOMES_MAX];
    struct msg_relationship relationship;
    uint16_t statements; /* enum gateway_condition bits (policy/engine): what the practitioner states */
    bool has_referral;
    struct id referral; /* a question about a referral's state: which; subject then as in the referral */
};
struct msg_involvement_query {
    uint8_t subject_kind; /* person or unborn */
    struct token_set subject;
    struct msg_relationship relationship;
    uint16_t statements;
};
struct msg_question { /* broker -> holder; body id names this putting of the question */
    bool involvement; /* who-is-involved instead of a catalogue question (question is then "") */
    name_t question;
    uint8_t subject_kind;
    struct token_set subject;
    struct token household;
    bool has_parameter;
    struct token parameter;
    uint8_t n_homes;
    struct msg_home homes[HOMES_MAX];
    int32_t as_of;
    uint32_t deadline_ms; /* from receipt */
    name_t asking_agency;  /* "" where the asker is sensitive; then asking_sector only */
    name_t asking_sector;
};
struct msg_answer { /* holder -> broker; body in_reply_to: the Question's id */
    uint8_t value; /* enum answer_value; for involvement YES = an open involvement */
    uint8_t cause; /* enum cannot_say_cause, CANNOT_SAY only */
    int32_t data_as_of; /* the day of the holder's data */
    /* involvement only */
    char service[128];
    char contact_route[128]; /* a desk to telephone, never a client's detail */
    char lead_professional[128]; /* "" unless the holder leads */
    int32_t since;
    name_t by;     /* who states this by hand: their opaque reference; "": rows say it */
    int64_t by_ms; /* when they stated it; 0 without by */
};
struct msg_insight { /* in_reply_to: the InsightQuery */
    uint8_t value; /* enum insight_value */
    uint8_t completeness;
    int32_t as_of;
    name_t policy_rule; /* which rule permitted it */
    text_t guidance;    /* obligations: tell the person, do not share onward, decide by */
    bool review_due;    /* the consent that carries it is past its review date, within its grace */
    int64_t later_by_ms; /* an agency answers by hand: the final reply comes to the inbox by then; 0: this is the final one */
};
struct msg_involved {
    uint8_t visibility; /* MASKED: every other field is empty */
    name_t agency;
    char agency_name[128];
    char service[128], contact_route[128], lead_professional[128];
    uint8_t since_band;
};
struct msg_involvement {
    uint8_t completeness;
    int32_t as_of;
    name_t policy_rule;
    text_t guidance;
    bool review_due;
    int64_t later_by_ms; /* as in Insight */
    bool masked;    /* one or more sensitive services, unnamed; contact is brokered by the hub */
    uint8_t n;      /* named ones, sorted by agency id; at most one MASKED entry is never listed here */
    struct msg_involved involved[INVOLVED_MAX];
};
struct msg_consent { /* body id is the consent's id for as long as the record lives */
    uint8_t decision; /* enum consent_decision; REFUSED: scope says to whom and from whom nothing may be shared */
    struct token_set subject;
    name_t purpose;    /* repeated here from the body's purpose: the purpose the consent is for */
    uint8_t capacity;  /* enum consent_capacity */
    bool giver_authority; /* parent: holds parental responsibility; local authority: the child is in its care; self, gillick: true */
    name_t giver_ref;     /* opaque reference of the giver at the lodging agency; "" when the subject */
    struct msg_scope recipients, sources, sensitive_sources; /* sensitive_sources never any */
    int32_t given_on;
    int64_t given_ms;       /* lodger's wall clock, orders events within a day */
    int32_t expires_on;     /* last day it is valid, or CIVIL_NONE */
    int32_t review_on;
    int32_t able_from, able_until; /* first and last day the giver is able by age or status; CIVIL_NONE: unbounded */
    uint8_t method;
    name_t wording_version;
    /* Who judged, in which role, when: that the young person understands this decision (CAPACITY_GILLICK), or what is in the best
     * interests of somebody who lacks capacity (CAPACITY_BEST_INTERESTS). A grant in these capacities without is refused by the core */
    name_t competence_by, competence_role;
    int32_t competence_on;
    name_t witness;  /* reference; required of METHOD_RECORDED_VERBAL where the policy says so */
    name_t language; /* "en-GB"; "" not recorded */
    text_t conditions;
    bool safe_contact; /* the subject may be contacted safely about this */
    bool has_family;
    struct id family; /* personal consents of one family, given together */
    uint8_t stage;    /* staged consent: 1 names and addresses, 2 service by service; 0 not staged */
    name_t not_possible; /* reason's word; required of CONSENT_NOT_POSSIBLE, else "" */
};
struct msg_dispute { /* any party: holders of parental responsibility disagree. Grants by parents then stop until officers lift it */
    struct token_set subject;
    name_t purpose;
    int32_t on;
};
struct msg_withdrawal {
    bool has_consent;
    struct id consent; /* that grant; else every grant for subject and purpose given before */
    struct token_set subject; /* without consent id */
    name_t purpose;
    int32_t given_on;
    int64_t given_ms;
};
struct msg_consent_change { /* the lodger: the giver's status ends (or is extended) on this day */
    struct id consent;
    int32_t able_until;
};
struct msg_shield { /* body id is the shield's id */
    struct token_set subject;
    uint8_t level; /* 1 location, 2 identity only, 3 existence hidden */
    int32_t from, until, review_on; /* until: last day; CIVIL_NONE open */
    text_t reason; /* sealed in the broker's store, read by officers only */
};
struct msg_consent_list_query {
    uint16_t page; /* from 0 */
};
struct msg_consent_entry {
    struct id id;
    name_t purpose;
    uint8_t decision, capacity;
    int32_t given_on, expires_on, withdrawn_on;
};
struct msg_consent_list { /* a lodger's own only, newest first, LIST_MAX a page */
    uint16_t page, pages;
    uint8_t n;
    struct msg_consent_entry entries[LIST_MAX];
};
struct msg_concern { /* body id is the concern's id; free text stays with the reporter */
    name_t category, area; /* from the policy */
    uint8_t severity;      /* enum severity */
    uint8_t subject_kind;
    struct token_set subject; /* person, unborn */
    bool has_household;
    struct token household; /* the home it is about, or where the person lived; required of subject_kind household */
    int32_t observed_on;
    bool has_origin;
    uint8_t origin[32];  /* token of the event it comes from: concerns of one event are not independent */
    int32_t expires_on;  /* last day; CIVIL_NONE: the policy's */
    char contact_route[128];
    uint8_t part; /* enum concerned_part: for how long it is kept; 0 not said */
};
struct msg_concern_change { /* the reporter */
    struct id concern;
    bool withdraw;
    uint8_t severity;   /* 0: as it was */
    name_t category;    /* "": as it was */
    int32_t expires_on; /* CIVIL_NONE: as it was */
    uint8_t outcome;    /* enum concerned_outcome: for how long it is kept; 0: as it was */
};
#define CONTRIBUTORS_MAX 32
struct msg_contributor { /* of a threshold, never a sensitive one; lists are sorted by agency id, none twice */
    name_t agency;
    char agency_name[128], contact_route[128];
};
struct msg_threshold_state { /* in_reply_to: an InsightQuery whose question is a threshold */
    bool fired;
    int32_t fired_on;
    bool masked; /* a sensitive service is among the contributors */
    uint8_t n;
    struct msg_contributor contributors[CONTRIBUTORS_MAX];
    int32_t as_of;
    name_t policy_rule;
    text_t guidance;
};
#define FILTER_MAX 16
struct msg_subscribe { /* a hub; of the same stream again: changes it */
    name_t stream;
    bool end;
    uint16_t credit; /* deliveries not yet acknowledged, 1 to 1,024 */
    uint64_t from;   /* replay from this seq; 0: after the last acknowledged */
    uint8_t n_areas, n_categories, n_triggers; /* none: all */
    name_t areas[FILTER_MAX], categories[FILTER_MAX], triggers[FILTER_MAX]; /* triggers: threshold questions */
    uint8_t severity_least;                                                 /* 0: any */
};
struct msg_firing {
    struct id episode;
    name_t rule; /* the threshold's question */
    text_t title;
    uint8_t subject_kind;
    struct token_set subject; /* n 0 for a household */
    bool has_household;
    struct token household;
    name_t category, area; /* of the concern that fired */
    uint8_t severity;
    int32_t fired_on;
    bool bypass; /* by its severity alone */
    name_t decide_role;
    int64_t decide_by_ms; /* 0: none */
    bool masked;          /* a sensitive service, or contributors whom the rule does not name: ask for contact through the broker */
    uint8_t n;
    struct msg_contributor contributors[CONTRIBUTORS_MAX];
};
struct msg_firing_update { /* the hub */
    struct id episode;
    uint8_t step; /* enum firing_step */
    name_t outcome;
};
struct msg_contact_request { /* "please call": to masked contributors of a firing, masked services of an involvement, a shield's owner */
    struct id about;         /* the episode, or the message id of one's own query */
    char contact_route[128]; /* whom to call */
    text_t text;
};
/* A struct bytes in a decoded message is a view of the bytes that wire_decode() was given, and lives as
 * long as they do: copy it before the frame goes. To encode, it need live only until wire_encode() returns. */
#define SEALED_MAX 16384 /* bytes of a sealed body */
struct msg_referral { /* body id is the referral's id */
    uint8_t kind, origin; /* enum referral_kind, referral_origin */
    name_t to;            /* agency; origin other than AGENCY: the sender itself */
    name_t service;       /* of the directory; "" where the agency has no list */
    uint8_t subject_kind;
    struct token_set subject;
    bool has_household;
    struct token household;
    name_t reason; /* code */
    int32_t sent_on;
    uint16_t made; /* enum referral_made bits */
    uint32_t pounds;     /* commissioned, booked: the amount */
    struct bytes sealed; /* to the recipient's sealing key; may be empty. A view of the frame */
    uint8_t sealed_to[32]; /* that public key; zeroes without a sealed body */
};
struct msg_referral_update {
    struct id referral;
    uint8_t step; /* enum referral_step */
    int32_t on;
    name_t reason;      /* code; required of REJECTED, DOWNGRADED, REVOKED */
    name_t redirect_to; /* agency; REDIRECTED */
    uint8_t kind;       /* DOWNGRADED: to which */
    name_t outcome;     /* CLOSED */
    struct bytes sealed; /* to the other party */
    uint8_t sealed_to[32];
};
struct msg_referral_state { /* in_reply_to: an InsightQuery about a referral; and the entries of a list */
    struct id referral;
    uint8_t state, kind; /* enum referral_state, referral_kind */
    name_t from, to, service; /* from "": not an agency */
    int32_t since;            /* of the state */
    int32_t due_on;           /* CIVIL_NONE: nothing is due */
    name_t due_role;
    int32_t as_of;
    name_t policy_rule;
};
struct msg_referral_query { /* a party of it */
    uint16_t page;
    bool open_only;
};
struct msg_referral_list { /* newest first */
    uint16_t page, pages;
    uint8_t n;
    struct msg_referral_state entries[LIST_MAX];
};
struct msg_sealing_key { /* the service's agency; a leaf */
    uint8_t key[32]; /* X25519 (libsodium sealed box) */
    bool has_previous;
    uint8_t previous[32]; /* that it takes over from: a change is announced by naming it */
    int32_t from;         /* first day of use */
};
struct msg_sealing_key_query {
    name_t agency;
};
#define SEALING_KEYS_MAX 8
#define SEALING_BODY_MAX 1024 /* a lodged SealingKey whose Body is longer could not be handed on: refuse it */
struct msg_sealing_signed { /* as lodged, so that a peer verifies it itself */
    struct bytes body;      /* the Body with the SealingKey */
    uint8_t signature[64];
};
struct msg_sealing_keys {
    name_t agency;
    uint8_t sign_key[32]; /* the agency's Ed25519 key */
    uint8_t n;            /* oldest first, the chain */
    struct msg_sealing_signed keys[SEALING_KEYS_MAX];
};
#define WATCH_AGENCIES_MAX 16
struct msg_watch { /* body id is the watch's id; the sender is the previous lead */
    struct token_set subject;
    bool has_household;
    struct token household;
    struct msg_scope agencies; /* whose concerns and questions count as reappearance */
    int32_t from, until, review_on;
};
struct msg_watch_change {
    struct id watch;
    bool end;
    bool has_household; /* a move: the new home */
    struct token household;
    int32_t moved_on;
    int32_t until; /* CIVIL_NONE: as it was */
};
struct msg_watch_event {
    struct id watch;
    int32_t on;
    bool masked;
    name_t agency; /* "" where masked */
    char contact_route[128];
};
struct msg_notice {
    uint8_t kind; /* enum notice_kind */
    struct id about;
    name_t agency; /* who; "" not told */
    char contact_route[128];
    text_t text;
    int64_t due_ms; /* 0: nothing is due */
    struct token_set subject; /* n 0: absent; only to who already had these tokens */
};
struct msg_deliver { /* broker -> agency; at least once, in order; acknowledged when it is durable there */
    name_t stream; /* "inbox", or what the hub subscribed */
    uint64_t seq;  /* from 1, per agency and stream */
    struct id event; /* the same however often it is delivered */
    int64_t at_ms; /* when it happened */
    bool again;    /* delivered before */
    uint8_t kind;  /* enum delivery_kind: exactly that part is there */
    name_t from;   /* agency; of referrals and their updates */
    bool has_firing, has_referral, has_update, has_watch, has_notice, has_insight, has_involvement, has_stop;
    struct id referral_id; /* of has_referral: the referral's id (its Body.id) */
    struct msg_firing firing;
    struct msg_referral referral;
    struct msg_referral_update update;
    struct msg_watch_event watch;
    struct msg_notice notice;
    struct id query; /* of has_insight, has_involvement: the query's Body.id, whose final reply it is */
    struct msg_insight insight;
    struct msg_involvement involvement;
    struct msg_stop_using stop;
};
struct msg_ack { /* everything of the stream up to seq */
    name_t stream;
    uint64_t seq;
};
struct msg_stream_query {
    uint16_t page; /* 0 */
};
struct msg_stream_entry {
    name_t stream;
    uint64_t last, acked; /* seq */
    int64_t oldest_ms;    /* of what waits; 0: nothing */
    uint16_t credit;
};
struct msg_stream_status { /* one's own */
    uint8_t n;
    struct msg_stream_entry entries[LIST_MAX];
};
struct msg_due_query {
    uint16_t page;
    bool overdue_only;
};
struct msg_due_entry {
    uint8_t kind; /* enum due_kind */
    struct id about;
    name_t role;
    int64_t due_ms;
    bool overdue;
    text_t text;
};
struct msg_due_list { /* one's own, earliest first */
    uint16_t page, pages;
    uint8_t n;
    struct msg_due_entry entries[LIST_MAX];
};
struct msg_directory_query {
    name_t need, area; /* "": any */
    uint8_t kind;      /* enum referral_kind; 0 any */
    uint16_t page;
};
struct msg_service {
    name_t id, agency;
    text_t title;
    char contact[128];
    uint8_t n_needs;
    name_t needs[FILTER_MAX];
    uint8_t kinds; /* bit (kind - 1) */
    bool criteria; /* eligibility can be asked */
};
struct msg_directory {
    uint16_t page, pages;
    uint8_t n;
    struct msg_service services[FILTER_MAX];
};
struct msg_eligibility_query {
    name_t service;
    uint8_t subject_kind;
    struct token_set subject;
    struct token household;
    uint8_t n_homes;
    struct msg_home homes[HOMES_MAX];
    struct msg_relationship relationship;
    uint16_t statements;
};
struct msg_eligibility {
    uint8_t value; /* enum eligible */
    uint8_t completeness;
    uint8_t n_missing;
    name_t missing[FILTER_MAX]; /* CANNOT_SAY: criteria (questions) that could not be answered */
    int32_t as_of;
    name_t policy_rule;
    text_t guidance;
};
struct msg_not_shared { /* a decision not to share, recorded like a disclosure */
    bool has_about;
    struct id about;
    name_t question; /* "": who is involved, or no question */
    name_t reason;   /* code */
    text_t text;
};
struct msg_outcome { /* what an answer, referral or firing led to */
    struct id about;
    uint8_t effect; /* enum outcome_effect */
    uint16_t minutes_saved;
    name_t area;
};
struct msg_receipt { /* in_reply_to: the durable message; the same again for a repeat */
    uint64_t leaf;   /* index of its audit leaf */
    int64_t at_ms;
};
struct msg_refusal {
    name_t reason; /* a told reason's id, or "no-consent-on-file", or a protocol error such as "bad-signature" */
    text_t text;      /* for people */
    text_t way_forward; /* the lawful way on */
};
struct msg_busy {
    uint32_t retry_after_ms;
};

struct msg {
    struct id id;          /* UUIDv7, chosen by the sender */
    struct id in_reply_to; /* zero when none */
    name_t sender;         /* agency id; "" from the broker */
    int64_t sent_ms;
    struct msg_practitioner practitioner;
    name_t purpose, basis, case_ref; /* basis: the gateway or "consent" claimed; recorded, never selects a rule */
    uint8_t type; /* enum msg_type */
    union {
        struct msg_hello hello;
        struct msg_welcome welcome;
        struct msg_lease lease;
        struct msg_catalogue catalogue;
        struct msg_insight_query insight_query;
        struct msg_involvement_query involvement_query;
        struct msg_question question;
        struct msg_answer answer;
        struct msg_insight insight;
        struct msg_involvement involvement;
        struct msg_consent consent;
        struct msg_withdrawal withdrawal;
        struct msg_consent_change consent_change;
        struct msg_shield shield;
        struct msg_consent_list_query consent_list_query;
        struct msg_consent_list consent_list;
        struct msg_receipt receipt;
        struct msg_refusal refusal;
        struct msg_busy busy;
        struct msg_override override;
        struct msg_approval approval;
        struct msg_override_review override_review;
        struct msg_override_query override_query;
        struct msg_override_view override_view;
        struct msg_dispute dispute;
        struct msg_concern concern;
        struct msg_concern_change concern_change;
        struct msg_threshold_state threshold_state;
        struct msg_subscribe subscribe;
        struct msg_deliver deliver;
        struct msg_ack ack;
        struct msg_firing_update firing_update;
        struct msg_contact_request contact_request;
        struct msg_referral referral;
        struct msg_referral_update referral_update;
        struct msg_referral_state referral_state;
        struct msg_referral_query referral_query;
        struct msg_referral_list referral_list;
        struct msg_sealing_key sealing_key;
        struct msg_sealing_key_query sealing_key_query;
        struct msg_sealing_keys sealing_keys;
        struct msg_watch watch;
        struct msg_watch_change watch_change;
        struct msg_stream_query stream_query;
        struct msg_stream_status stream_status;
        struct msg_due_query due_query;
        struct msg_due_list due_list;
        struct msg_directory_query directory_query;
        struct msg_directory directory;
        struct msg_eligibility_query eligibility_query;
        struct msg_eligibility eligibility;
        struct msg_not_shared not_shared;
        struct msg_outcome outcome;
        struct msg_retoken retoken;
        struct msg_token_request token_request;
        struct msg_tokens tokens;
        struct msg_correction correction;
        struct msg_ack_of ack_of;
        struct msg_statement statement;
        struct msg_correction_query correction_query;
        struct msg_correction_list correction_list;
        struct msg_cosign cosign;
        struct msg_cosignature cosignature;
    };
};
