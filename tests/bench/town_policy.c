/* SPDX-License-Identifier: Apache-2.0 */
/* town_policy.c - the policy of town.h, as tables: without the text, so that it holds what is said
 * here and nothing else. */
#include "town.h"

#include "base/clock.h"
#include "engine/layout.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHO_PURPOSES 3
#define OTHERS       (LAYOUT_SECTORS_MAX - 1) /* the sector of whoever is asked nothing */
static const unsigned who_holders[WHO_PURPOSES] = { 5, 20, 50 };
static const char *const who_names[WHO_PURPOSES] = { "who-05", "who-20", "who-50" };

struct tables { /* what a layout borrows */
    struct layout l;
    char sectors[LAYOUT_SECTORS_MAX][TOWN_NAME];
    char agency_names[TOWN_MOST][TOWN_NAME];
    char purpose_names[TOWN_PURPOSES][TOWN_NAME];
    char question_names[TOWN_QUESTIONS][TOWN_NAME];
    struct lay_agency agencies[TOWN_MOST];
    struct lay_gateway gateways[2];
    struct lay_protocol protocols[1 + WHO_PURPOSES];
    struct lay_party parties[1 + WHO_PURPOSES][TOWN_AGENCIES];
    struct lay_purpose purposes[TOWN_PURPOSES + WHO_PURPOSES];
    struct lay_question questions[TOWN_QUESTIONS + 1];
};

static void fill_agencies(struct tables *t, const struct town_shape *shape)
{
    t->l.n_sectors = LAYOUT_SECTORS_MAX;
    for (unsigned i = 0; i < LAYOUT_SECTORS_MAX; i++) {
        (void)snprintf(t->sectors[i], TOWN_NAME, "sector-%03u", i);
        t->l.sectors[i] = t->sectors[i];
    }
    t->l.n_agencies = (uint16_t)shape->agencies;
    t->l.agencies = t->agencies;
    for (unsigned i = 0; i < shape->agencies; i++) {
        town_agency_name(i, t->agency_names[i]);
        t->agencies[i] = (struct lay_agency){
            .id = t->agency_names[i],
            .name = "Agency",
            .controller = "",
            .contact = "desk",
            .sector = (uint16_t)(i < TOWN_AGENCIES ? i : OTHERS),
            .organisation = (uint16_t)i,
            .regime = REGIME_UKGDPR,
            .hub = i >= TOWN_ASKERS && i < TOWN_ASKERS + shape->hubs,
        };
    }
}

static void fill_law(struct tables *t)
{
    static const char *const names[1 + WHO_PURPOSES] = { "isp-00", "isp-05", "isp-20", "isp-50" };

    t->gateways[0] = (struct lay_gateway){ .id = "consent", .title = "Consent", .statute = "Common law", .section = "-",
                                           .from = TOWN_FROM, .until = POLICY_DAY_NONE, .kind = GATEWAY_CONSENT };
    t->gateways[1] = (struct lay_gateway){ .id = "duty", .title = "Duty", .statute = "Act", .section = "s1",
                                           .from = TOWN_FROM, .until = POLICY_DAY_NONE, .kind = GATEWAY_DUTY };
    t->l.n_gateways = 2;
    t->l.gateways = t->gateways;
    t->l.n_protocols = 1 + WHO_PURPOSES;
    t->l.protocols = t->protocols;
    for (unsigned p = 0; p < 1 + WHO_PURPOSES; p++) {
        unsigned holders = p ? who_holders[p - 1] : TOWN_HOLDERS;

        for (unsigned i = 0; i < TOWN_ASKERS + holders; i++)
            t->parties[p][i] = (struct lay_party){ (uint16_t)i, ASK_FULL, i >= TOWN_ASKERS };
        t->protocols[p] = (struct lay_protocol){ .id = names[p], .title = "Protocol", .from = TOWN_FROM, .until = TOWN_UNTIL,
                                                 .review = TOWN_UNTIL - 1, .unsigned_queries = true, .n_parties = (uint16_t)(TOWN_ASKERS + holders),
                                                 .parties = t->parties[p] };
    }
}

static void fill_purposes(struct tables *t, uint16_t within_days)
{
    t->l.n_purposes = TOWN_PURPOSES + WHO_PURPOSES;
    t->l.purposes = t->purposes;
    for (unsigned i = 0; i < TOWN_PURPOSES + WHO_PURPOSES; i++) {
        bool who = i >= TOWN_PURPOSES, consent = !who && i % 2;

        if (!who)
            town_purpose_name(i, t->purpose_names[i]);
        t->purposes[i] = (struct lay_purpose){
            .id = who ? who_names[i - TOWN_PURPOSES] : t->purpose_names[i],
            .title = "Purpose",
            .parent = POLICY_NONE,
            .protocol = (uint16_t)(who ? 1 + i - TOWN_PURPOSES : 0),
            .from = TOWN_FROM,
            .until = TOWN_UNTIL,
            .consent = consent,
            .relationship = consent && within_days,
            .within_days = within_days,
            .involvement = who,
            .sensitive = SENSITIVE_MASKED,
            .roles = { 1 },
            .n_bases = 1,
            .bases = { consent ? 0 : 1 },
        };
    }
}

static void fill_questions(struct tables *t)
{
    t->l.n_questions = TOWN_QUESTIONS + 1;
    t->l.questions = t->questions;
    for (unsigned i = 0; i < TOWN_QUESTIONS; i++) {
        town_question_name(i, t->question_names[i]);
        t->questions[i] = (struct lay_question){
            .id = t->question_names[i],
            .wording = "Is it so?",
            .owner = "agency-000",
            .decision = "visit",
            .kind = QUESTION_HOLDERS,
            .sectors = UINT64_C(1) << town_holder_of(i),
            .purposes = { (UINT64_C(1) << TOWN_PURPOSES) - 1 },
        };
    }
    t->questions[TOWN_QUESTIONS] = (struct lay_question){
        .id = "threshold",
        .wording = "Have two agencies reported concerns?",
        .owner = "agency-000",
        .decision = "whether to meet",
        .kind = QUESTION_THRESHOLD,
        .purposes = { 1 },
        .threshold = { .levels = 15, .min_agencies = 2, .window_days = 90, .categories = 1, .independent = true, .named = true,
                       .bypass = 0, .decide_role = "worker", .decide_hours = 24 },
    };
}

int town_policy(const struct town_shape *shape, struct buf *out)
{
    struct tables *t = calloc(1, sizeof(*t));
    int r;

    if (!t || shape->agencies < TOWN_AGENCIES || shape->agencies > TOWN_MOST) {
        free(t);
        return t ? -EINVAL : -ENOMEM;
    }
    t->l.id = "bench";
    t->l.name = "Bench";
    t->l.country = "england";
    t->l.roles[0] = "worker";
    t->l.n_roles = 1;
    t->l.areas[0] = "north";
    t->l.n_areas = 1;
    t->l.categories[0] = "neglect";
    t->l.n_categories = 1;
    t->l.needs[0] = "food";
    t->l.n_needs = 1;
    t->l.concerns = (struct policy_concern_rules){ .most_days = 365, .closed_days = 180 };
    t->l.referrals = (struct policy_referral_rules){ .made = { 0, 1, 3, 4, 24, 56 }, .decide_days = 28, .info_days = 14,
                                                     .feedback_days = 14, .expire_days = 200, .undelivered_days = 30,
                                                     .loop_days = 90, .decide_role = "worker" };
    for (size_t i = 1; i < ALM_LEN(t->l.consent.capacities); i++)
        t->l.consent.capacities[i].able = true;
    fill_agencies(t, shape);
    fill_law(t);
    fill_purposes(t, shape->within_days);
    fill_questions(t);
    r = layout_encode(&t->l, out);
    free(t);
    return r;
}
