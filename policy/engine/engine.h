/* SPDX-License-Identifier: Apache-2.0 */
/* engine.h - decides: a pure function of facts, bundle and civil day.
 *
 * Knows no sockets, LMDB, protobuf, files or clock (DESIGN.md section 6), so that a decision can be
 * tested, fuzzed, enumerated and replayed. Costs do not grow with the number of rules: a cell
 * (purpose, question) holds its holders already worked out. */
#pragma once
#include "base/attr.h"
#include "base/bytes.h"
#include <stdbool.h>
#include <stdint.h>

#define POLICY_NONE          UINT16_MAX /* "no such id" / "not given" */
#define POLICY_DAY_NONE      INT32_MIN
#define POLICY_HASH_LEN      32
#define POLICY_AGENCIES_MAX  512
#define POLICY_CONSENTS_MAX  64 /* facts about one subject and purpose */
#define POLICY_SHIELDS_MAX   16
#define POLICY_OVERRIDES_MAX 16
#define POLICY_TRACE_MAX     48

/* --- The bundle: immutable once decoded; index numbers hold for this bundle only. --- */
struct bundle; /* opaque: bundle.c */
/**
 * bundle_decode() - check and load compiled bytes
 * Return: 0; -EBADMSG malformed (bytes come from a database: nothing is assumed); -ENOMEM. Threads:
 * immutable afterwards.
 */
ALM_MUST_USE int bundle_decode(struct bytes compiled, struct bundle **out);
struct bundle *bundle_free(struct bundle *b);
void bundle_freep(struct bundle **b);
/* POLICY_HASH_LEN: SHA-256 of the compiled bytes */
const uint8_t *bundle_hash(const struct bundle *b);
const char *bundle_name(const struct bundle *b); /* the partnership */

/* Ids to indexes, O(1); POLICY_NONE when unknown. */
uint16_t bundle_agency(const struct bundle *b, const char *id);
uint16_t bundle_role(const struct bundle *b, const char *id);
uint16_t bundle_purpose(const struct bundle *b, const char *id);
uint16_t bundle_question(const struct bundle *b, const char *id);
uint16_t bundle_gateway(const struct bundle *b, const char *id);

struct policy_agency {
    const char *id, *name, *sector, *regime;
    uint16_t organisation; /* the agency it is a team of, or itself */
    bool sensitive, hub, shield_owner;
    /* contact: the desk to telephone, "" when none is published */
    const char *controller, *contact;
    uint16_t desk_hours; /* people there answer by hand, within so many hours; 0: its adapter answers */
};
struct policy_purpose {
    const char *id, *title, *protocol;
    bool consent, past_shield, involvement;
    int32_t from, until;
    /* the wider purpose above it, or POLICY_NONE. Order only: nothing is inherited */
    uint16_t parent;
    bool self_claimed; /* a self-claimed relationship (with a reason) is enough */
    /* sees past shields up to this level; past_shield says level >= 1 */
    uint8_t past_shield_level;
    bool pinning; /* an answer may stand for its question's pin_days: never at or above s.17 */
};
enum question_kind {
    QUESTION_HOLDERS = 1, /* put to holders */
    QUESTION_THRESHOLD,   /* the broker answers from lodged concerns */
    QUESTION_REFERRAL,    /* the broker answers from a referral's life cycle */
    QUESTION_COMPOSITE, /* put to its factors' holders; only whether the threshold is met comes out
                         */
};
#define POLICY_CATEGORIES_MAX 64
struct policy_threshold { /* QUESTION_THRESHOLD only (DOMAIN.md section 5) */
    bool household;       /* counts concerns at a home, else about a person */
    uint8_t levels;       /* bit (severity - 1): low, medium, high, critical */
    uint16_t min_agencies, window_days;
    uint64_t categories;  /* bits by category index; all of them when the rule lists none */
    bool independent;     /* concerns that come from one event count once */
    bool own_count;       /* concerns of the reader's own organisation count */
    bool named;           /* contributors are named (sensitive ones masked); else a call back is relayed */
    uint8_t bypass;       /* one concern of at least this severity fires; 0 none */
    const char *decide_role; /* who decides on a firing, "" nobody */
    uint16_t decide_hours;   /* from the firing; 0 none */
};
#define POLICY_FACTORS_MAX   16
#define COMPOSITE_WEIGHT_MAX 1000
struct policy_factor {
    uint16_t question;
    uint16_t weight; /* 1 to COMPOSITE_WEIGHT_MAX */
};
struct policy_composite { /* QUESTION_COMPOSITE only */
    uint32_t needed;      /* weights of the factors that hold, added up, to meet the threshold */
    uint8_t n;
    struct policy_factor factors[POLICY_FACTORS_MAX];
};
struct policy_composite_rules {
    uint16_t keep_days; /* how long an asking counts against the next */
    uint16_t differ_by; /* contributors, by which two composites about one subject must differ */
};
struct policy_question {
    const char *id, *wording;
    bool uses_homes, home_parameter, sensitive, household;
    /* a holder that does not know the person makes it "cannot say", not "no" (residence) */
    bool unknown_cannot_say;
    uint32_t deadline_ms;         /* 0: the broker's default */
    const char *owner, *decision; /* who keeps it, and the decision it serves */
    uint8_t kind;                 /* enum question_kind */
    bool reveals_location;        /* hidden by a level 1 shield */
    uint32_t look_back_days;      /* 0: none */
    uint16_t pin_days;            /* an answer stands for so long; 0: asked anew each time */
    uint8_t stage;                /* 1: a staged consent's first stage carries it; else 0 */
    struct policy_threshold threshold;
    const struct policy_composite *composite; /* NULL unless QUESTION_COMPOSITE */
};
/* numbers as decision.basis */
enum gateway_kind { GATEWAY_DUTY = 1, GATEWAY_CONSENT, GATEWAY_POWER };
#define GATEWAY_OVERRIDE 4 /* of decision.basis alone: no gateway is of this kind */
enum country { COUNTRY_ENGLAND = 1, COUNTRY_WALES, COUNTRY_SCOTLAND, COUNTRY_NORTHERN_IRELAND };
/* Recorded for adapters (they work out able_from and able_until) and for the manual. */
struct policy_capacity {
    bool able;                    /* may ever give a consent that counts */
    uint8_t from_age, before_age; /* of the subject, in years; before_age 0: no upper end */
};
#define POLICY_CAPACITIES 9 /* enum fact_capacity, and 0 unused */
struct policy_consent_rules {
    struct policy_capacity capacities[POLICY_CAPACITIES]; /* by enum fact_capacity */
    uint16_t grace_days;                                  /* past the review date before a consent lapses */
    bool witness_verbal; /* a consent that was spoken and recorded names a witness */
};
enum override_approver { APPROVER_HUBS = 1, APPROVER_HOLDERS = 2 };
struct policy_override_rules { /* DOMAIN.md section 3; all zero: nothing may be overridden */
    /* bits: purposes that rest on consent; of them, where one person may act alone in immediate
     * danger, and where an override reaches sensitive services that no consent names */
    uint64_t purposes[2], alone[2], past_sensitive[2];
    uint64_t gateways[2]; /* bits: duties and powers that an override may rest on */
    uint32_t reasons;     /* bits by enum reason: which refusals */
    uint8_t approvers;    /* enum override_approver bits */
    uint16_t most_hours, review_hours;
    uint16_t unreviewed_limit; /* of an agency's overdue reviews: then no new override */
};
const struct policy_override_rules *bundle_override_rules(const struct bundle *b);
/* Of indexes or POLICY_NONE (question: who-is-involved); false for what is out of range. May an
 * override of this be asked for; by one person alone; under this gateway on the day; and may this
 * agency approve it, if it is of another organisation. */
bool bundle_override_open(const struct bundle *b, uint16_t purpose, uint16_t question);
bool bundle_override_alone(const struct bundle *b, uint16_t purpose);
bool bundle_override_gateway(const struct bundle *b, uint16_t gateway, int32_t day);
bool bundle_override_approver(const struct bundle *b, uint16_t agency, uint16_t purpose,
                              uint16_t question);
/* true too when either is out of range */
bool bundle_same_organisation(const struct bundle *b, uint16_t one, uint16_t other);
bool bundle_hub(const struct bundle *b, uint16_t agency);
/* --- Concerns, referrals and services as policy states them --- */
uint16_t bundle_category(const struct bundle *b, const char *id); /* POLICY_NONE unknown */
uint16_t bundle_area(const struct bundle *b, const char *id);
const char *bundle_category_id(const struct bundle *b, uint16_t category);
const char *bundle_area_id(const struct bundle *b, uint16_t area);
bool bundle_agency_in(const struct bundle *b, uint16_t agency, uint16_t area); /* no areas listed: everywhere */
struct policy_concern_rules {
    uint16_t most_days;   /* until a concern expires, counted from the day it was observed */
    uint16_t closed_days; /* an episode that no hub closed is over after so many days */
};
const struct policy_concern_rules *bundle_concern_rules(const struct bundle *b);
enum { REFERRAL_KINDS = 6 };     /* by enum referral_kind - 1 */
struct policy_referral_rules {   /* DOMAIN.md section 6; days count from the day sent or of the state */
    uint16_t made[REFERRAL_KINDS]; /* enum referral_made bits that must be stated before it is sent */
    uint16_t decide_days;        /* sent, received, info given: then overdue */
    uint16_t info_days;          /* more-info asked of the sender */
    uint16_t feedback_days;      /* from rejected or closed: until the sender must have heard why, by FEEDBACK */
    uint16_t expire_days;        /* open and silent for so long: expired */
    uint16_t undelivered_days;   /* then a delivery goes to the dead letters */
    uint16_t loop_days;          /* same family, same service within: a loop */
    const char *decide_role;
};
const struct policy_referral_rules *bundle_referral_rules(const struct bundle *b);
#define SERVICE_NEEDS_MAX    16
#define SERVICE_CRITERIA_MAX 16
struct policy_criterion { /* evaluated by the owner of the fact; budget is none */
    uint16_t question;
    bool wanted; /* the answer that makes eligible: yes, or no */
};
struct policy_service {
    const char *id, *title, *contact;
    uint16_t agency;
    uint8_t kinds; /* bit (referral_kind - 1) */
    uint8_t n_needs, n_areas, n_criteria;
    uint16_t needs[SERVICE_NEEDS_MAX], areas[SERVICE_NEEDS_MAX]; /* no areas: everywhere */
    struct policy_criterion criteria[SERVICE_CRITERIA_MAX];
};
size_t bundle_n_services(const struct bundle *b);
const struct policy_service *bundle_service_at(const struct bundle *b, uint16_t i);
uint16_t bundle_service(const struct bundle *b, const char *id);
uint16_t bundle_need(const struct bundle *b, const char *id);
const char *bundle_need_id(const struct bundle *b, uint16_t need);
enum service_step { SERVICE_ELIGIBILITY = 1, SERVICE_ASSESS, SERVICE_DIAGNOSE, SERVICE_COMMISSION, SERVICE_BOOK };
/* A permission of the owning service: may this agency in this role take the step on the day, for so many pounds. */
bool bundle_service_permits(const struct bundle *b, uint16_t service, uint16_t agency, uint16_t role, enum service_step step, int32_t day,
                            uint32_t pounds);
enum area_arm { AREA_NEITHER = 0, AREA_PILOT, AREA_CONTROL };
uint8_t bundle_area_arm(const struct bundle *b, uint16_t area); /* of the evaluation */
struct policy_limits { /* permitted questions of a civil day; 0: no limit */
    uint32_t practitioner, agency, subject; /* subject: by one organisation about one person or home */
};
const struct policy_limits *bundle_limits(const struct bundle *b);
bool bundle_wording(const struct bundle *b, const char *wording, int32_t given_on); /* approved that day; none listed: any */
/* --- Match tokens (DESIGN.md section 7): which keys are in use --- */
enum policy_scheme { POLICY_HMAC = 1, POLICY_OBLIVIOUS }; /* numbers as enum token_scheme */
enum policy_epoch_state { POLICY_EPOCH_CURRENT = 1, POLICY_EPOCH_NEXT, POLICY_EPOCH_PREVIOUS };
#define POLICY_EPOCHS_MAX 3 /* one of each state */
#define POLICY_DESK_HOURS_MOST 168
struct policy_epoch {
    uint8_t scheme, state;
    uint16_t epoch;         /* from 1 */
    uint8_t public_key[32]; /* of the keyholder; zeroes under POLICY_HMAC */
};
struct policy_tokens {
    uint16_t keyholder; /* agency; POLICY_NONE where no epoch is oblivious */
    uint8_t n;          /* by state; exactly one is current */
    struct policy_epoch epochs[POLICY_EPOCHS_MAX];
};
const struct policy_tokens *bundle_tokens(const struct bundle *b);
/* NULL: the policy does not list it; is in no such state (never NULL for POLICY_EPOCH_CURRENT). */
const struct policy_epoch *bundle_epoch(const struct bundle *b, uint8_t scheme, uint16_t epoch);
const struct policy_epoch *bundle_epoch_in(const struct bundle *b, uint8_t state);
/* --- Oversight: who co-signs the log, how long records are kept, when offices are open --- */
#define POLICY_WITNESSES_MAX      16
#define WITNESS_OUTAGE_MOST_HOURS 168
#define WITNESS_EVERY_MOST_S      3600
struct policy_witnesses {
    uint8_t n; /* 0: none; only the operator could show that the log was forked */
    uint16_t agencies[POLICY_WITNESSES_MAX]; /* in order, none twice */
    uint8_t need;                            /* 1 to n: signatures of so many make a head good */
    uint16_t outage_hours;                   /* without them for so long, sharing stops */
    uint16_t every_s;                        /* how often they are asked */
};
const struct policy_witnesses *bundle_witnesses(const struct bundle *b);
/* What is kept, by clock. The clock of a decision, officer or other runs from the day it was
 * recorded; of a consent, shield, override or referral from the day it ended; of a concern from its
 * last day. Numbers as enum ledger_class. */
enum retention_class {
    RETENTION_DECISIONS = 1,
    RETENTION_CONSENTS,
    RETENTION_SHIELDS,
    RETENTION_CONCERNS,
    RETENTION_REFERRALS,
    RETENTION_OVERRIDES,
    RETENTION_OFFICERS,
    RETENTION_OTHER
};
#define RETENTION_CLASSES        8
#define RETENTION_DAYS_MOST      36525 /* 100 years; there is no word for ever */
#define RETENTION_BACKUP_MOST    366
#define RETENTION_RECEIPTS_LEAST 31 /* a consent may have been given 30 days before it is lodged */
#define RETENTION_RECEIPTS_MOST  3660
#define POLICY_CLOCKS_MAX        16
enum concern_part { CONCERN_AT_RISK = 1, CONCERN_ALLEGED }; /* 0: not said */
enum concern_outcome { CONCERN_FOUNDED = 1, CONCERN_UNFOUNDED };
struct policy_clock {
    uint8_t class, part, outcome; /* part and outcome of concerns alone; 0: any */
    uint32_t days;                /* at least 1, but for concerns */
};
struct policy_retention {
    uint8_t n; /* every class has one with part 0 and outcome 0 */
    struct policy_clock clocks[POLICY_CLOCKS_MAX];
    uint16_t backup_days;   /* a backup's key is destroyed after so many */
    uint16_t receipts_days; /* of a message: the same id again gets its first receipt */
};
const struct policy_retention *bundle_retention(const struct bundle *b);
/* The clock that fits best. An unknown class has that of RETENTION_OTHER. */
uint32_t bundle_retention_days(const struct bundle *b, uint8_t class, uint8_t part,
                               uint8_t outcome);
/* As policy text says it: "decisions"; "other" of an unknown one. */
const char *retention_class_word(uint8_t class);
#define DAY_MINUTES 1440
struct policy_office_hours {
    uint16_t from_min, until_min; /* of the day, in the broker's civil time; until is not included */
    uint8_t days;                 /* bit 0 Monday */
};
const struct policy_office_hours *bundle_office_hours(const struct bundle *b);
size_t bundle_n_agencies(const struct bundle *b);
size_t bundle_n_purposes(const struct bundle *b);
size_t bundle_n_questions(const struct bundle *b);
const struct policy_agency *bundle_agency_at(const struct bundle *b, uint16_t i); /* i < n */
const struct policy_purpose *bundle_purpose_at(const struct bundle *b, uint16_t i);
/* Whether queries for this purpose, and answers to them, may come without the agency's signature: as its protocol says. A purpose that is none: no. */
bool bundle_unsigned_queries(const struct bundle *b, uint16_t purpose);
const struct policy_question *bundle_question_at(const struct bundle *b, uint16_t i);
const struct policy_consent_rules *bundle_consent_rules(const struct bundle *b);
const struct policy_composite_rules *bundle_composite_rules(const struct bundle *b);
/* A composite, or a factor of one: earlier askings count against it (policy_difference()). */
bool bundle_differences(const struct bundle *b, uint16_t question);
/* the question may be asked for the purpose */
bool bundle_lists(const struct bundle *b, uint16_t purpose, uint16_t question);
/* May this agency lodge consents for this purpose: it (or its organisation) is a party of the
 * purpose's protocol. */
bool bundle_party(const struct bundle *b, uint16_t agency, uint16_t purpose);

/* --- Facts --- */
struct agency_set { /* bits by agency index */
    uint64_t bits[POLICY_AGENCIES_MAX / 64];
    bool any; /* "*" */
};
void agency_set_add(struct agency_set *s, uint16_t agency);
bool agency_set_has(const struct agency_set *s, uint16_t agency); /* any counts */

/* how well the record's tokens fit the subject's */
enum fact_match { FACT_STRICT = 1, FACT_BROAD, FACT_CONFLICT };
/* numbers as wire/msg.h */
enum fact_capacity {
    FACT_CAPACITY_SELF = 1,
    FACT_CAPACITY_GILLICK,
    FACT_CAPACITY_PARENT,
    FACT_CAPACITY_CARER_WITHOUT_PR,
    FACT_CAPACITY_LOCAL_AUTHORITY,
    FACT_CAPACITY_ATTORNEY,
    FACT_CAPACITY_DEPUTY,
    FACT_CAPACITY_BEST_INTERESTS,
};
struct consent_fact {
    bool refused; /* else granted */
    /* enum fact_match. A grant counts only when STRICT; a refusal on any, CONFLICT giving "cannot
     * say" */
    uint8_t match;
    /* enum consent_capacity of wire/msg.h: same numbers, asserted where both are visible */
    uint8_t capacity;
    bool giver_authority;
    int32_t given_on;
    int64_t given_ms;
    /* POLICY_DAY_NONE: never. Last valid day; first day not valid */
    int32_t expires_on, withdrawn_on;
    int32_t able_from, able_until; /* first and last day able */
    /* as lodged: teams are resolved by the engine */
    struct agency_set recipients, sources, sensitive_sources;
    bool disputed;
    /* gillick, best-interests: a named professional's judgement is on record; else such a grant is
     * not able */
    bool competence;
    /* 0 not staged: carries every question. 1: only those that the policy marks so. 2: only sources
     * that it names. Any other: none */
    uint8_t stage;
    int32_t review_on; /* POLICY_DAY_NONE: never. After it and the policy's grace a grant lapses */
};
struct shield_fact {
    uint8_t level; /* 1 location, 2 identity, 3 existence */
    uint8_t match; /* BROAD (counts) or CONFLICT */
    int32_t from, until;
};
struct override_fact { /* of this subject; whose and of what is compared by the engine */
    uint8_t match;     /* enum fact_match: counts only when STRICT */
    uint16_t agency, purpose, question, gateway; /* question POLICY_NONE: who-is-involved */
    bool same_parameter;   /* the home that it names is the one asked about, or neither names one */
    bool in_time;          /* came into force, and its hours have not passed */
    bool approved;         /* by another agency in good standing, and not taken back */
    bool immediate_danger; /* asked for by one person alone */
    bool ended;            /* refused, vetoed, or found not justified */
    uint32_t conditions;   /* enum gateway_condition bits that it states */
};
enum fact_subject { FACT_PERSON = 1, FACT_UNBORN, FACT_HOUSEHOLD };
/* numbers as wire/msg.h */
enum fact_relation {
    FACT_RELATION_NONE = 1,
    FACT_RELATION_INVOLVED,
    FACT_RELATION_WAS_INVOLVED,
    FACT_RELATION_SAME_HOME,
    FACT_RELATION_REFERRAL,
    FACT_RELATION_SELF_CLAIMED,
};
/* what some gateways ask the request to state; not stated = not met */
enum gateway_condition {
    CONDITION_PARA18_REASON = 1,
    CONDITION_PUBLIC_TASK_STATEMENT = 2,
    CONDITION_NOT_MORE_DETRIMENTAL = 4,
    CONDITION_NECESSITY = 8,
};
struct facts {
    int32_t day;          /* civil day of the decision */
    uint16_t agency;      /* asker; POLICY_NONE: unknown */
    bool agency_standing; /* enrolled and not suspended */
    bool practitioner_standing;
    uint16_t role, purpose, basis; /* POLICY_NONE: unknown or not given */
    bool basis_given;
    bool involvement; /* who-is-involved; question is then POLICY_NONE */
    uint16_t question;
    bool has_parameter;
    uint8_t subject_kind;
    uint8_t relation; /* enum fact_relation */
    int32_t relation_since, relation_until;
    bool relation_reason; /* a reason was given (self-claimed) */
    uint16_t n_consents, n_shields, n_overrides;
    const struct consent_fact *consents; /* about this subject AND purpose; borrowed */
    const struct shield_fact *shields;
    const struct override_fact *overrides; /* at most POLICY_OVERRIDES_MAX; more count for none */
    /* QUESTION_REFERRAL: 1 the asker's organisation sent or received it, 2 it did not, 0 not known
     * (refuse) */
    uint8_t referral_party;
    uint32_t conditions; /* enum gateway_condition bits that the request states */
    /* facts could not be gathered whole (store error, more than the maximum): refuse */
    bool incomplete;
    /* As many permitted questions as bundle_limits() allows have been asked today: by the
     * practitioner, by the agency, or by its organisation about this subject. Of a question that is
     * put for the first time; false when it is decided again. */
    bool over_quota;
};

/* --- Decision --- */
/* Reasons, in the order of the checks. Numbers are in the log for ever: never reuse one. reason.c
 * holds word, text, way forward. */
enum reason {
    REASON_DENY = 0, /* all-zero: refused, no rule said otherwise */
    REASON_NONE,     /* permitted */
    REASON_PURPOSE_OUTSIDE_PROTOCOL,
    REASON_PROTOCOL_NOT_IN_FORCE,
    REASON_NOT_A_PARTY,
    REASON_ROLE_NOT_PERMITTED,
    REASON_QUESTION_NOT_PERMITTED,
    REASON_NO_RELATIONSHIP,
    REASON_NOT_REFERRAL_PARTY,
    REASON_NO_CONSENT,
    REASON_CONSENT_REFUSED,
    REASON_CONSENT_WITHDRAWN,
    REASON_CONSENT_EXPIRED,
    REASON_CONSENT_INVALID,
    REASON_CONSENT_SCOPE,
    REASON_SENSITIVE_SERVICE,
    REASON_SHIELDED_ADDRESS,
    REASON_SHIELDED_IDENTITY,
    REASON_SHIELDED_EXISTENCE,
    REASON_MATCH_CONFLICT,
    REASON_AGENCY_SUSPENDED,
    REASON_PRACTITIONER_SUSPENDED,
    REASON_BASIS_NOT_LISTED,
    REASON_GATEWAY_NOT_IN_FORCE,
    REASON_FACTS_INCOMPLETE,
    REASON_NO_POLICY,
    REASON_TOO_FEW_CONTRIBUTORS,
    REASON_DIFFERENCING,
    REASON_OVER_QUOTA,
    REASON_NEAR_SHIELDED,
    REASON_COUNT
};
enum telling { TELL_REASON = 1, TELL_NO_CONSENT_LINE, TELL_HIDDEN };
const char *reason_word(enum reason r); /* "no-consent" */
enum telling reason_telling(enum reason r);
const char *reason_text(enum reason r);         /* a sentence for people */
const char *reason_way_forward(enum reason r);  /* the lawful way on */
enum reason reason_from_word(const char *word); /* REASON_DENY when unknown */
/* The single line told alike for every consent reason (promise 5). */
#define NO_CONSENT_LINE "no consent on file lets you have this"

enum outcome { OUTCOME_REFUSE = 0, OUTCOME_PERMIT };
enum holder_visibility { HOLDER_OMIT = 0, HOLDER_NAMED, HOLDER_MASKED };
struct clause {     /* one rule hit, for the log and explain */
    uint8_t pass;   /* 1 gates, 2 basis, 3 transforms */
    uint8_t result; /* 0 fails, 1 holds, 2 cannot tell */
    uint16_t rule;  /* enum of clause ids: clause_text */
};
struct decision {
    uint8_t outcome; /* enum outcome; all-zero is a refusal */
    uint8_t reason;  /* enum reason */
    uint8_t telling; /* enum telling: what the asker may see, 0 when permitted. USE THIS, not
                      * reason_telling(): a hidden reason that lies behind a told refusal is told as
                      * that refusal, or its presence would show */
    uint8_t basis;   /* what carried it: 1 duty, 2 consent, 3 power, 4 override; 0 none */
    /* id of the rule that decided: "early-help/cp-plan-current" or "early-help/who-is-involved" */
    char rule[96];
    /* Whom to ask, also when the reason is hidden (then with random tokens): the same list either
     * way. Sorted by agency index. */
    uint16_t n_holders;
    uint16_t holders[POLICY_AGENCIES_MAX];
    uint8_t visibility[POLICY_AGENCIES_MAX]; /* enum holder_visibility of holders[i] */
    /* composite: bit k, holders[i] is asked the composite's factor k */
    uint16_t factors[POLICY_AGENCIES_MAX];
    /* holders the protocol lists for the question, asked or not: the base of completeness */
    uint16_t n_listed;
    uint64_t grants;  /* bits by index of facts.consents: the grants that were added together */
    uint16_t overridden; /* 1 + the index of the override that carried it; 0: none */
    bool review_due;  /* one of them is past its review date, within the policy's grace */
    uint16_t n_clauses;
    struct clause clauses[POLICY_TRACE_MAX];
};
const char *clause_text(uint16_t rule); /* "the role may ask under this purpose" */
/**
 * policy_decide() - the three passes: gates, basis, transforms (DOMAIN.md section 3; data README
 * "Order of checks")
 * @out: written whole. An error while deciding is a refusal. Hidden reasons still list the holders.
 * Threads: pure.
 */
void policy_decide(const struct bundle *b, const struct facts *f, struct decision *out);
#define POLICY_LAWS_MAX 16
/**
 * policy_laws() - the gateways that carried a permitted decision
 * @f, @d: the facts that were decided on, and what policy_decide() made of them
 * @out: indices for bundle_gateway_at(), in the order in which the purpose lists them; of an
 *       override the one that it rests on
 * Return: how many; 0 for a refusal. Threads: pure.
 */
size_t policy_laws(const struct bundle *b, const struct facts *f, const struct decision *d,
                   uint16_t out[static POLICY_LAWS_MAX]);

/**
 * policy_law_next() - the gateways that a record says carried it, one after the other
 * @detail: a record's detail; "law=a,b" in it, up to a space, a semicolon or its end, are their ids
 * @at: where the search stands; NULL in it to begin
 * @len: octets of what is returned, which no NUL ends; never 0
 * Return: an id within @detail; NULL: no more. It may be of a policy that is no longer in force.
 * Threads: pure.
 */
const char *policy_law_next(const char *detail, const char **at, size_t *len);

/* --- Composite questions --- */
enum factor_value { FACTOR_UNKNOWN = 0, FACTOR_NO, FACTOR_YES };
/**
 * composite_value() - what the factors come to
 * @values: k->n of them, in the order of k->factors
 * Return: FACTOR_YES when the known yes reach the threshold; FACTOR_NO when even every unknown
 * would not; else FACTOR_UNKNOWN: "cannot say". Threads: pure.
 */
enum factor_value composite_value(const struct policy_composite *k,
                                  const enum factor_value *values);
struct earlier_fact { /* what an organisation asked about one subject */
    uint16_t question;
    /* not about this subject: about the household of this person, or a member of this household */
    bool kin;
    /* of a composite: whom the bundle lists, and of them who was asked */
    struct agency_set listed, asked;
};
/* What this decision adds to what will have been asked earlier. bundle_differences() must hold. */
void policy_asked(const struct bundle *b, const struct facts *f, const struct decision *d,
                  struct earlier_fact *out);
/**
 * policy_difference() - refuse one half of a differencing pair
 * @earlier: what the asker's organisation asked about this subject within the period
 * @whole: false: more than could be read, so it is refused
 * @d: of policy_decide() on the same facts; made a refusal where another composite has nearly the
 * same contributors, a factor is asked beside its composite, or the same question of a household and
 * its member. A refusal that hides stays alike with a permit: both are refused. Threads: pure.
 */
void policy_difference(const struct bundle *b, const struct facts *f,
                       const struct earlier_fact *earlier, size_t n, bool whole,
                       struct decision *d);
