/* SPDX-License-Identifier: Apache-2.0 */
/* msg.h - every message as a plain struct with fixed bounds: what the rest of the program sees of the wire.
 *
 * Strings are NUL-terminated UTF-8 without NUL inside; ids match [a-z0-9][a-z0-9._-]*; a list's n is within its array.
 * Texts for people hold no control characters. Civil days are days since 1970-01-01 (1900 to 2999), CIVIL_NONE when absent
 * (see base/clock.h): a zeroed struct has the day 1970-01-01, so set each day. Which of struct msg's own fields go with
 * which type is a table in README.md; what breaks it does not encode. */
#pragma once
#include "base/bytes.h"
#include "base/clock.h"
#include "base/id.h"
#include "match/token.h"

#define WIRE_FRAME_MAX 65536 /* bytes of one frame, envelope included */
#define NAME_MAX_LEN 64      /* an id: agency, purpose, question, role, gateway, practitioner reference; with NUL */
#define TEXT_MAX_LEN 512     /* a line for people, with NUL */
#define HOMES_MAX 24
#define SCOPE_MAX 64   /* agencies named in one list of a consent */
#define INVOLVED_MAX 96 /* entries of an Involvement reply */
#define LIST_MAX 32    /* entries of a page of a list */

typedef char name_t[NAME_MAX_LEN];
typedef char text_t[TEXT_MAX_LEN];

enum msg_type { /* the payload's field number in Body; 0 is refused */
    MSG_HELLO = 20, MSG_WELCOME, MSG_LEASE, MSG_CATALOGUE, MSG_INSIGHT_QUERY, MSG_INVOLVEMENT_QUERY, MSG_QUESTION,
    MSG_ANSWER, MSG_INSIGHT, MSG_INVOLVEMENT, MSG_CONSENT, MSG_WITHDRAWAL, MSG_CONSENT_CHANGE, MSG_SHIELD,
    MSG_CONSENT_LIST_QUERY, MSG_CONSENT_LIST, MSG_RECEIPT, MSG_REFUSAL, MSG_BUSY,
    MSG_OVERRIDE = 51, MSG_APPROVAL, MSG_OVERRIDE_REVIEW = 62, MSG_OVERRIDE_QUERY, MSG_OVERRIDE_VIEW,
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
enum consent_decision { CONSENT_GRANTED = 1, CONSENT_REFUSED };
enum consent_capacity { CAPACITY_SELF = 1, CAPACITY_GILLICK, CAPACITY_PARENT, CAPACITY_CARER_WITHOUT_PR, CAPACITY_LOCAL_AUTHORITY };
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

struct msg_practitioner { /* all empty/0 when no person acts (Hello, Answer, Lease) */
    name_t ref;  /* opaque reference, unique within the agency */
    name_t role;
    uint8_t login; /* enum login_strength */
};
struct msg_home { /* a present or former home of the subject: a TOKEN_HOME and when */
    struct token token;
    int32_t from, until; /* civil days; until is the first day no longer there, CIVIL_NONE: still */
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
};
struct msg_catalogue { /* broker -> adapter after Welcome and after a change of policy: pages */
    uint16_t page, pages;
    uint8_t n_questions, n_purposes;
    struct msg_catalogue_question questions[LIST_MAX];
    struct msg_catalogue_purpose purposes[LIST_MAX];
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
};
struct msg_involvement_query {
    uint8_t subject_kind; /* person or unborn */
    struct token_set subject;
    struct msg_relationship relationship;
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
};
struct msg_insight { /* in_reply_to: the InsightQuery */
    uint8_t value; /* enum insight_value */
    uint8_t completeness;
    int32_t as_of;
    name_t policy_rule; /* which rule permitted it */
    text_t guidance;    /* obligations: tell the person, do not share onward, decide by */
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
struct msg_override { /* body id is the override's id; purpose and basis (its gateway) are the body's */
    struct token_set subject;
    bool involvement;
    name_t question; /* "" for involvement */
    bool has_parameter;
    struct token parameter;
    uint8_t para18, harm, likelihood, immediacy, told; /* the enums above */
    text_t not_told;
    text_t necessity, proportionality; /* for people; they name nobody */
    uint16_t hours;
    bool immediate_danger; /* one person alone */
    bool no_part;          /* DOMAIN.md section 3: "neither may be a party" */
};
struct msg_approval { /* signed by another agency */
    struct id override;
    uint8_t decision; /* enum approval_decision; REFUSE by who approved takes the approval back */
    bool senior, no_part;
    text_t reason;
};
struct msg_override_review {
    struct id override;
    uint8_t finding; /* enum finding */
    bool no_part;
    text_t reason;
};
struct msg_override_query {
    struct id override;
};
struct msg_override_view { /* no tokens, no practitioners */
    struct id override;
    uint8_t state; /* enum override_state */
    name_t agency, purpose, basis, question; /* question "": who is involved */
    uint8_t para18, harm, likelihood, immediacy, told;
    text_t not_told, necessity, proportionality;
    uint16_t hours;
    bool immediate_danger;
    int64_t requested_ms, until_ms, review_due_ms; /* until, review: 0 none */
    name_t approver;                               /* agency; "" none */
    uint8_t finding;                               /* 0: not reviewed */
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
    };
};
