/* SPDX-License-Identifier: Apache-2.0 */
/* threshold.h - low-level concerns from separate agencies that add up (DOMAIN.md section 5): a pure
 * function of concerns about one person or one home.
 *
 * "A concern fires the rule when, with it, the organisations in the window ending on its day
 * (difference in days <= window_days) reach min_agencies, and without it they do not" (data README,
 * "Thresholds"). Concerns stand in the order of the day observed, then of lodging. Where the rule
 * asks for independent ones, the number is the most organisations that can each be given an event
 * of their own; else the distinct organisations. */
#pragma once
#include "engine/engine.h"

#define THRESHOLD_FACTS_MAX 1024 /* concerns weighed at once; nobody decides on part of them */
#define ORIGIN_OWN          UINT16_MAX

struct concern_fact {
    int32_t observed;      /* civil day */
    uint64_t order;        /* of lodging: decides between concerns of one day */
    uint16_t organisation; /* index of the lodging agency's organisation */
    uint16_t origin;       /* below THRESHOLD_FACTS_MAX: equal numbers come from one event;
                            * ORIGIN_OWN: an event of its own */
    uint16_t category;     /* index */
    uint8_t severity;      /* 1 to 4 */
};
struct threshold_found { /* all-zero: has not fired */
    bool fired;
    bool bypass;                     /* the severity of one concern alone carried it */
    int32_t fired_on;                /* the observed day of the concern that fired */
    uint16_t by;                     /* its place in facts */
    struct agency_set organisations; /* in the window that ends on that day */
};
/* Does the rule count this concern: its level (or past the bypass) and its category. */
bool threshold_counts(const struct policy_threshold *rule, const struct concern_fact *fact);
/**
 * threshold_latest() - the latest firing up to a day
 * @facts:     sorted by threshold_sort(); n at most THRESHOLD_FACTS_MAX
 * @leave_out: an organisation whose concerns do not count for this reader; POLICY_NONE: none
 * @day:       concerns observed later do not count
 *
 * Return: 0, also where nothing fired; -E2BIG more facts than may be weighed, *out says not fired.
 * Threads: pure.
 */
ALM_MUST_USE int threshold_latest(const struct policy_threshold *rule,
                                  const struct concern_fact *facts, size_t n, uint16_t leave_out,
                                  int32_t day, struct threshold_found *out);
/**
 * threshold_crossed() - the latest firing that would not be there without one of the concerns
 * @added: place in facts of the concern lodged last. It may have been observed before others, and
 *         it may then be one of those that now fires.
 *
 * Return: as threshold_latest().
 */
ALM_MUST_USE int threshold_crossed(const struct policy_threshold *rule,
                                   const struct concern_fact *facts, size_t n, uint16_t leave_out,
                                   int32_t day, size_t added, struct threshold_found *out);
/**
 * threshold_stands() - what is left of a firing: the window that ends on its day, weighed anew
 * @on: the day it fired
 *
 * Return: as threshold_latest(); fired where the number is still reached, or a concern still
 * bypasses.
 */
ALM_MUST_USE int threshold_stands(const struct policy_threshold *rule,
                                  const struct concern_fact *facts, size_t n, uint16_t leave_out,
                                  int32_t on, struct threshold_found *out);
/* Is the concern within the window that ends on the day. */
bool threshold_within(const struct policy_threshold *rule, const struct concern_fact *fact,
                      int32_t on);
void threshold_sort(struct concern_fact *facts, size_t n); /* by day observed, then order */

/* --- who may lodge and who may read --- */
/* May the agency lodge a concern for this purpose on this day: a purpose that lists a threshold,
 * in force, of whose protocol it is a party, under a gateway that the purpose lists and that is in
 * force. basis: POLICY_NONE with basis_given for one that no policy knows. Return: REASON_NONE, or
 * why not; every reason is told. */
enum reason threshold_lodges(const struct bundle *b, uint16_t agency, uint16_t purpose,
                             uint16_t basis, bool basis_given, int32_t day);
/* May concerns lodged for the purpose count towards the question on the day: it lists the question,
 * is in force, rests on nobody's consent and has a gateway in force. */
bool threshold_feeds(const struct bundle *b, uint16_t purpose, uint16_t question, int32_t day);
/* May the agency, a hub, be told of firings of the question: a party that may ask it under a
 * purpose that feeds it. */
bool threshold_reads(const struct bundle *b, uint16_t agency, uint16_t question, int32_t day);
