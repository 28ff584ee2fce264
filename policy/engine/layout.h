/* SPDX-License-Identifier: Apache-2.0 */
/* layout.h - the tables of a bundle as plain structs, and their bytes.
 *
 * The compiler fills a layout and encodes it; bundle.c decodes the bytes into one again. Nothing
 * else knows the format. Every list is sorted by id, so the same policy gives the same bytes.
 * Pointers are borrowed by layout_encode(). */
#pragma once
#include "engine/engine.h"

#define LAYOUT_MAGIC 0x414c4d42u /* "ALMB" */
#define LAYOUT_VERSION                                                                             \
    7 /* written; read too: 1, which knows neither countries nor classes of data; 2, which has no  \
         composites; 3, which has no overrides; 4, which has no casework: casework.h; 5, which has  \
         neither desks nor epochs of tokens: tokens.h; 6, which has no witnesses, clocks or office   \
         hours: oversight.h */
#define LAYOUT_ID_MAX 63 /* characters of an id */
/* Of a purpose's or question's id: "purpose/question" must fit decision.rule. */
#define LAYOUT_RULE_ID_MAX   46
#define LAYOUT_TEXT_MAX      511
#define LAYOUT_SECTORS_MAX   64
#define LAYOUT_AREAS_MAX     64
#define LAYOUT_ROLES_MAX     256
#define LAYOUT_CLASSES_MAX   64 /* of data */
#define LAYOUT_GATEWAYS_MAX  128
#define LAYOUT_PROTOCOLS_MAX 64
#define LAYOUT_PURPOSES_MAX  128
#define LAYOUT_QUESTIONS_MAX 512
#define LAYOUT_BASES_MAX     16
#define LAYOUT_KEEP_DAYS     90 /* of an asking, where the policy does not say */
#define LAYOUT_DIFFER_BY     4
#define LAYOUT_NEEDS_MAX     256
#define LAYOUT_SERVICES_MAX  512
#define LAYOUT_PERMITS_MAX   64 /* of a service */
#define LAYOUT_WORDINGS_MAX  64
#define LAYOUT_BUNDLE_MAX    (8u << 20) /* bytes of a compiled bundle */

enum regime { REGIME_ANY = 0, REGIME_UKGDPR, REGIME_LAW_ENFORCEMENT };
enum party_ask { ASK_NO = 0, ASK_INSIGHT_ONLY, ASK_FULL };
enum sensitive_rule { SENSITIVE_HIDDEN = 1, SENSITIVE_MASKED, SENSITIVE_NAMED };

struct lay_agency {
    const char *id, *name, *controller, *contact;
    uint16_t sector, organisation; /* organisation: own index when it is no team */
    uint8_t regime;                /* UKGDPR or LAW_ENFORCEMENT */
    bool sensitive, hub;
    uint64_t areas; /* bits */
    uint16_t desk_hours;
};
struct lay_gateway {
    const char *id, *title, *statute, *section;
    int32_t from, until; /* until POLICY_DAY_NONE: not repealed */
    uint8_t kind, regime;
    uint8_t countries;         /* bits: 1 << (enum country - 1); 0 not recorded */
    uint64_t excluded_sectors; /* holders that it never covers */
    uint64_t excluded_classes; /* of data: bits by index of data_classes */
    uint32_t conditions;       /* enum gateway_condition: all of them must be stated */
};
struct lay_party {
    uint16_t agency;
    uint8_t ask;
    bool answer;
};
struct lay_protocol {
    const char *id, *title;
    int32_t from, until, review;
    bool unsigned_queries; /* its queries and their answers may come without an agency's signature */
    uint16_t n_parties;
    struct lay_party *parties; /* sorted by agency */
};
struct lay_purpose {
    const char *id, *title;
    uint16_t parent, protocol;
    int32_t from, until;
    bool consent, relationship, self_claimed, involvement;
    uint16_t within_days;
    uint8_t sensitive;                     /* enum sensitive_rule */
    uint8_t past_shield;                   /* level */
    bool pinning;                          /* its questions may be pinned */
    uint64_t roles[LAYOUT_ROLES_MAX / 64]; /* bits: those that may ask */
    uint16_t n_bases;
    uint16_t bases[LAYOUT_BASES_MAX];
};
struct lay_question {
    const char *id, *wording, *owner, *decision;
    uint8_t kind;
    uint8_t data_class; /* 1 + its index of data_classes; 0 none */
    bool all_parties;   /* holders: every answering party; else by sector */
    uint64_t sectors;
    uint64_t purposes[LAYOUT_PURPOSES_MAX / 64];
    bool sensitive, household, uses_homes, home_parameter, reveals_location, unknown_cannot_say,
        closed_class;
    uint32_t look_back_days, deadline_ms;
    uint16_t pin_days;
    uint8_t stage; /* 1: the first stage of a staged consent carries it */
    struct policy_threshold threshold;
    struct policy_composite composite;
};
struct lay_permit { /* of a service's owner, to somebody of another agency */
    uint16_t agency, role;
    uint8_t steps; /* bits: 1 << (enum service_step - 1) */
    uint32_t pounds;
    int32_t from, until; /* until POLICY_DAY_NONE: no end */
    const char *agreed;  /* where the owner's agreement is on record; "" not said */
};
struct lay_service {
    struct policy_service s;
    uint16_t n_permits;
    struct lay_permit *permits;
};
struct lay_wording {
    const char *id;
    int32_t from, until; /* until POLICY_DAY_NONE: still approved */
};
struct layout {
    const char *id, *name, *country;
    const char *sectors[LAYOUT_SECTORS_MAX], *areas[LAYOUT_AREAS_MAX], *roles[LAYOUT_ROLES_MAX],
        *data_classes[LAYOUT_CLASSES_MAX], *categories[POLICY_CATEGORIES_MAX],
        *needs[LAYOUT_NEEDS_MAX];
    struct lay_agency *agencies;
    struct lay_gateway *gateways;
    struct lay_protocol *protocols;
    struct lay_purpose *purposes;
    struct lay_question *questions;
    uint16_t n_sectors, n_areas, n_roles, n_agencies, n_gateways, n_protocols, n_purposes,
        n_questions, n_data_classes, n_categories, n_needs, n_services, n_wordings;
    struct policy_consent_rules consent;
    uint64_t shield_owners; /* sectors */
    struct policy_composite_rules composites;
    struct policy_override_rules overrides;
    struct lay_service *services;
    struct lay_wording wordings[LAYOUT_WORDINGS_MAX];
    struct policy_concern_rules concerns;
    struct policy_referral_rules referrals;
    struct policy_limits limits;
    uint64_t pilot, control; /* areas of the evaluation: bits */
    struct policy_tokens tokens; /* n 0: the usual */
    struct policy_witnesses witnesses;       /* every_s 0: the usual */
    struct policy_retention retention;       /* n 0: the usual */
    struct policy_office_hours office_hours; /* days 0: the usual */
};

/* Appends the bytes of a layout. Return: 0, or buf_status()'s error. */
ALM_MUST_USE int layout_encode(const struct layout *l, struct buf *out);
/* An id: [a-z0-9][a-z0-9._-]*, at most max characters. */
bool layout_id_valid(const char *id, size_t max);
