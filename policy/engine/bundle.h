/* SPDX-License-Identifier: Apache-2.0 */
/* bundle.h - inside the engine only: a decoded bundle and what is worked out from it once, so that
 * a decision looks up, never searches. */
#pragma once
#include "engine/index.h"
#include "engine/layout.h"

#define SET_WORDS (POLICY_AGENCIES_MAX / 64)

struct mask { /* agencies by index */
    uint64_t bits[SET_WORDS];
};
struct cell { /* one purpose and one question */
    bool listed;
    uint16_t n_listed;
    struct mask holders; /* answering parties that the question is put to */
};
struct protocol_view { /* per protocol, teams resolved: own row first, else the organisation's */
    struct mask party, answer;
    uint8_t ask[POLICY_AGENCIES_MAX]; /* enum party_ask */
};
struct bundle {
    char *arena; /* every text */
    struct layout l;
    uint8_t hash[POLICY_HASH_LEN];
    struct index agencies, roles, purposes, questions, gateways, services, categories, areas, needs;
    struct policy_agency *agency_views;
    struct policy_purpose *purpose_views;
    struct policy_question *question_views;
    struct mask *organisations;      /* per agency: its organisation with all its teams */
    struct mask sensitive;           /* agencies */
    struct mask *gateway_holders;    /* per gateway: agencies that it covers (sector, regime) */
    struct protocol_view *protocols; /* per protocol */
    struct cell *cells;              /* purpose * n_questions + question */
    /* questions that are a factor of some composite: bits */
    uint64_t factors[LAYOUT_QUESTIONS_MAX / 64];
};

/* Works out everything below the layout. Return: 0 or -ENOMEM; -EBADMSG for an id used twice. */
ALM_MUST_USE int bundle_derive(struct bundle *b);

static inline bool mask_has(const struct mask *m, uint16_t i)
{
    return i < POLICY_AGENCIES_MAX && (m->bits[i / 64] >> (i % 64)) & 1;
}
static inline void mask_add(struct mask *m, uint16_t i)
{
    m->bits[i / 64] |= UINT64_C(1) << (i % 64);
}
static inline void mask_or(struct mask *m, const struct mask *with)
{
    for (size_t w = 0; w < SET_WORDS; w++)
        m->bits[w] |= with->bits[w];
}
static inline bool mask_any(const struct mask *m)
{
    uint64_t any = 0;

    for (size_t w = 0; w < SET_WORDS; w++)
        any |= m->bits[w];
    return any != 0;
}
uint16_t mask_count(const struct mask *m);
/* The least agency of the mask from i on, or POLICY_NONE: decisions walk over the few that are
 * there, not over all that might be. */
static inline uint16_t mask_next(const struct mask *m, uint16_t i)
{
    for (size_t w = i / 64; w < SET_WORDS; w++) {
        uint64_t left = w == i / 64 ? m->bits[w] >> (i % 64) << (i % 64) : m->bits[w];

        if (left)
            return (uint16_t)(64 * w + (unsigned)__builtin_ctzll(left));
    }
    return POLICY_NONE;
}
