/* SPDX-License-Identifier: Apache-2.0 */
/* core_town_policy.c - the town's policy as tables: two purposes without consent, one with, and
 * six questions and two made of them.
 *
 *   child-protection  no consent; sees past a location shield; sensitive services named; anybody's
 * role but the volunteer's safeguarding      no consent; sees past no shield; sensitive services
 * masked early-help        consent; relationship needed; sensitive services masked */
#include "core_town_policy.h"

#include "core_town.h"
#include "engine/layout.h"

#include <string.h>

enum {
    SECTOR_CHILDREN,
    SECTOR_COURTS,
    SECTOR_EDUCATION,
    SECTOR_POLICE,
    SECTOR_SEXUAL_HEALTH,
    SECTOR_VOLUNTARY
};
enum { BASIS_CONSENT, BASIS_SAFEGUARDING };
enum {
    QUESTION_ARREARS,
    QUESTION_BAND,
    QUESTION_LIVES_AT,
    QUESTION_NOISE,
    QUESTION_PLAN,
    QUESTION_REFERRAL_STATE,
    QUESTION_SEEN,
    QUESTION_STRAIN,
    QUESTION_TRUANCY
};
enum { PURPOSE_CHILD_PROTECTION, PURPOSE_EARLY_HELP, PURPOSE_SAFEGUARDING };

#define AGENCY(i, of, s, hidden)                                                                   \
    {                                                                                              \
        .id = i, .name = "The " i, .controller = i, .contact = "desk", .sector = s,                \
        .organisation = of, .regime = REGIME_UKGDPR, .sensitive = hidden                           \
    }
#define ALL_PURPOSES                                                                               \
    {                                                                                              \
        7                                                                                          \
    }

static struct lay_agency agencies[] = {
    AGENCY("charity", TOWN_CHARITY, SECTOR_VOLUNTARY, false),
    AGENCY("clinic", TOWN_CLINIC, SECTOR_SEXUAL_HEALTH, true),
    AGENCY("council", TOWN_COUNCIL, SECTOR_CHILDREN, false),
    AGENCY("court", TOWN_COURT, SECTOR_COURTS, false),
    AGENCY("police", TOWN_POLICE, SECTOR_POLICE, false),
    AGENCY("school", TOWN_SCHOOL, SECTOR_EDUCATION, false),
    AGENCY("school-nursery", TOWN_SCHOOL, SECTOR_EDUCATION, false),
};
static struct lay_gateway gateways[] = {
    { .id = "consent",
      .title = "Consent",
      .statute = "duty of confidence",
      .section = "-",
      .from = 0,
      .until = POLICY_DAY_NONE,
      .kind = GATEWAY_CONSENT },
    { .id = "safeguarding",
      .title = "Safeguarding",
      .statute = "Children Act",
      .section = "47",
      .from = 0,
      .until = POLICY_DAY_NONE,
      .kind = GATEWAY_DUTY },
};
static struct lay_party parties[] = {
    { TOWN_CHARITY, ASK_FULL, true }, { TOWN_CLINIC, ASK_FULL, true },
    { TOWN_COUNCIL, ASK_FULL, true }, { TOWN_POLICE, ASK_FULL, true },
    { TOWN_SCHOOL, ASK_FULL, true },
};
static struct lay_protocol protocols[] = {
    { .id = "town-isp",
      .title = "The town's protocol",
      .from = 18000,
      .until = 20000,
      .review = 19500,
      .n_parties = ALM_LEN(parties),
      .parties = parties },
};
static struct lay_purpose purposes[] = {
    { .id = "child-protection",
      .title = "Child protection",
      .parent = POLICY_NONE,
      .from = 18000,
      .until = 20000,
      .involvement = true,
      .sensitive = SENSITIVE_NAMED,
      .past_shield = 1,
      .roles = { 1 },
      .n_bases = 1,
      .bases = { BASIS_SAFEGUARDING } },
    { .id = "early-help",
      .title = "Early help",
      .parent = POLICY_NONE,
      .from = 18000,
      .until = 20000,
      .consent = true,
      .relationship = true,
      .within_days = 365,
      .involvement = true,
      .sensitive = SENSITIVE_MASKED,
      .roles = { 1 },
      .n_bases = 1,
      .bases = { BASIS_CONSENT } },
    { .id = "safeguarding",
      .title = "Safeguarding",
      .parent = POLICY_NONE,
      .from = 18000,
      .until = 20000,
      .involvement = true,
      .sensitive = SENSITIVE_MASKED,
      .roles = { 1 },
      .n_bases = 1,
      .bases = { BASIS_SAFEGUARDING } },
};
#define PLAIN(i, s)                                                                                \
    {                                                                                              \
        .id = i, .wording = "Is it so?", .owner = "council", .decision = "visit",                  \
        .kind = QUESTION_HOLDERS, .sectors = 1u << (s), .purposes = ALL_PURPOSES                   \
    }
static struct lay_question questions[] = {
    PLAIN("arrears", SECTOR_VOLUNTARY),
    { .id = "band",
      .wording = "Do at least three of five signs stand?",
      .owner = "council",
      .decision = "whether to meet",
      .kind = QUESTION_COMPOSITE,
      .purposes = ALL_PURPOSES,
      .composite = { .needed = 3,
                     .n = 5,
                     .factors = { { QUESTION_ARREARS, 1 },
                                  { QUESTION_NOISE, 1 },
                                  { QUESTION_PLAN, 1 },
                                  { QUESTION_SEEN, 1 },
                                  { QUESTION_TRUANCY, 1 } } } },
    { .id = "lives-at",
      .wording = "Does the person live there?",
      .owner = "council",
      .decision = "visit",
      .kind = QUESTION_HOLDERS,
      .all_parties = true,
      .purposes = ALL_PURPOSES,
      .home_parameter = true,
      .reveals_location = true,
      .unknown_cannot_say = true },
    { .id = "noise",
      .wording = "Were there complaints about noise?",
      .owner = "police",
      .decision = "visit",
      .kind = QUESTION_HOLDERS,
      .sectors = 1u << SECTOR_POLICE,
      .purposes = ALL_PURPOSES,
      .household = true },
    PLAIN("plan", SECTOR_CHILDREN),
    { .id = "referral-state",
      .wording = "What has become of the referral?",
      .owner = "council",
      .decision = "whether to telephone",
      .kind = QUESTION_REFERRAL,
      .purposes = ALL_PURPOSES },
    PLAIN("seen", SECTOR_SEXUAL_HEALTH),
    { .id = "strain",
      .wording = "Do at least two of four signs stand?",
      .owner = "council",
      .decision = "whether to offer help",
      .kind = QUESTION_COMPOSITE,
      .purposes = ALL_PURPOSES,
      .composite = { .needed = 2,
                     .n = 4,
                     .factors = { { QUESTION_ARREARS, 1 },
                                  { QUESTION_NOISE, 1 },
                                  { QUESTION_PLAN, 1 },
                                  { QUESTION_TRUANCY, 1 } } } },
    { .id = "truancy",
      .wording = "Has the child missed school?",
      .owner = "school",
      .decision = "offer help",
      .kind = QUESTION_HOLDERS,
      .sectors = 1u << SECTOR_EDUCATION | 1u << SECTOR_VOLUNTARY | 1u << SECTOR_POLICE,
      .purposes = ALL_PURPOSES },
    { .id = "worries",
      .wording = "Have two agencies reported concerns?",
      .owner = "court",
      .decision = "whether to meet",
      .kind = QUESTION_THRESHOLD,
      .purposes = ALL_PURPOSES,
      .threshold = { .levels = 15,
                     .min_agencies = 2,
                     .window_days = 90,
                     .categories = 3,
                     .independent = true,
                     .named = true,
                     .bypass = 4,
                     .decide_role = "social-worker",
                     .decide_hours = 24 } },
};

static struct lay_permit meals_permits[] = {
    { .agency = TOWN_COUNCIL, .role = 0, .steps = 31, .pounds = 500, .from = 18900, .until = 19100, .agreed = "minute 12" },
    { .agency = TOWN_POLICE, .role = 0, .steps = 1, .pounds = 0, .from = 18900, .until = POLICY_DAY_NONE, .agreed = "" },
};
static struct lay_service services[] = {
    /* for children who are at school and not on a plan */
    { .s = { .id = "meals",
             .title = "Meals",
             .contact = "01632 960111",
             .agency = TOWN_CHARITY,
             .kinds = 63,
             .n_needs = 1,
             .needs = { 1 },
             .n_criteria = 2,
             .criteria = { { QUESTION_TRUANCY, false }, { QUESTION_PLAN, false } } },
      .n_permits = ALM_LEN(meals_permits),
      .permits = meals_permits },
    { .s = { .id = "talking",
             .title = "Talking it over",
             .contact = "",
             .agency = TOWN_CLINIC,
             .kinds = 3,
             .n_needs = 2,
             .needs = { 0, 2 },
             .n_areas = 1,
             .areas = { 1 } } },
};

bool town_strict_consent;
void (*town_policy_more)(struct layout *l);
struct town_extras town_extras;

static void town_put_extras(struct layout *l)
{
    static const int households[] = { QUESTION_ARREARS, QUESTION_PLAN, QUESTION_STRAIN,
                                      QUESTION_TRUANCY };

    l->limits = (struct policy_limits){ town_extras.practitioner, town_extras.agency,
                                        town_extras.subject };
    for (size_t i = 0; i < ALM_LEN(purposes); i++)
        purposes[i].pinning = town_extras.pin_days > 0;
    questions[QUESTION_PLAN].pin_days = town_extras.pin_days;
    gateways[BASIS_SAFEGUARDING].conditions = town_extras.conditions;
    for (size_t i = 0; i < ALM_LEN(households); i++)
        questions[households[i]].household = town_extras.households;
}

/* Sorted as the town's own, and after them. */
static void town_put_wards(struct layout *l)
{
    static struct lay_agency all[TOWN_MOST];
    static struct lay_party with[ALM_LEN(parties) + TOWN_MOST - TOWN_N];

    memcpy(all, agencies, sizeof(agencies));
    memcpy(with, parties, sizeof(parties));
    for (int a = TOWN_WARD; a < town_all(); a++) {
        struct lay_agency *w = &all[a];

        *w = agencies[TOWN_CHARITY];
        w->id = w->name = w->controller = town_names[a];
        w->organisation = (uint16_t)a;
        w->hub = true;
        with[ALM_LEN(parties) + (size_t)(a - TOWN_WARD)] = (struct lay_party){ (uint16_t)a, ASK_FULL, true };
    }
    l->agencies = all;
    l->n_agencies = (uint16_t)town_all();
    protocols[0].parties = with;
    protocols[0].n_parties = (uint16_t)(ALM_LEN(parties) + town_wards);
}

void town_policy(struct buf *out)
{
    struct layout l = {
        .id = "town",
        .name = "The town",
        .country = "England",
        .sectors = { "childrens-services", "courts", "education", "police", "sexual-health",
                     "voluntary" },
        .n_sectors = 6,
        .roles = { "social-worker", "volunteer" },
        .n_roles = 2,
        .areas = { "north", "south" },
        .n_areas = 2,
        .categories = { "neglect", "violence" },
        .n_categories = 2,
        .needs = { "counselling", "food", "money" },
        .n_needs = 3,
        .services = services,
        .n_services = ALM_LEN(services),
        .referrals = { .made = { 0, 1, 3, 4, 24, 56 },
                       .decide_days = 28,
                       .info_days = 14,
                       .feedback_days = 14,
                       .expire_days = 200,
                       .undelivered_days = 30,
                       .loop_days = 90,
                       .decide_role = "social-worker" },
        .pilot = 1,
        .control = 2,
        .concerns = { .most_days = 365, .closed_days = 180 },
        .agencies = agencies,
        .n_agencies = ALM_LEN(agencies),
        .gateways = gateways,
        .n_gateways = ALM_LEN(gateways),
        .protocols = protocols,
        .n_protocols = ALM_LEN(protocols),
        .purposes = purposes,
        .n_purposes = ALM_LEN(purposes),
        .questions = questions,
        .n_questions = ALM_LEN(questions),
        .shield_owners = 1u << SECTOR_CHILDREN,
        .overrides = { .purposes = { 1u << PURPOSE_EARLY_HELP },
                       .alone = { 1u << PURPOSE_EARLY_HELP },
                       .gateways = { 1u << BASIS_SAFEGUARDING },
                       .reasons = 1u << REASON_NO_CONSENT | 1u << REASON_CONSENT_REFUSED |
                                  1u << REASON_CONSENT_EXPIRED | 1u << REASON_CONSENT_SCOPE,
                       .approvers = APPROVER_HUBS | APPROVER_HOLDERS,
                       .most_hours = 72,
                       .review_hours = 48,
                       .unreviewed_limit = 1 },
    };

    for (int a = 0; a < TOWN_N; a++)
        agencies[a].hub = a == TOWN_COURT || (town_hubs >> a & 1);
    town_put_wards(&l);
    for (int i = 1; i < POLICY_CAPACITIES; i++)
        l.consent.capacities[i].able = i != FACT_CAPACITY_CARER_WITHOUT_PR;
    l.consent.capacities[FACT_CAPACITY_PARENT].before_age = 16;
    l.consent.capacities[FACT_CAPACITY_DEPUTY].from_age = 18;
    l.consent.grace_days = TOWN_GRACE;
    town_put_extras(&l);
    questions[QUESTION_PLAN].stage = 1;
    if (town_strict_consent) {
        l.consent.witness_verbal = true;
        l.wordings[0] = (struct lay_wording){ "w-0", TOWN_DAY - 900, TOWN_DAY - 100 };
        l.wordings[1] = (struct lay_wording){ "w-1", TOWN_DAY - 99, POLICY_DAY_NONE };
        l.n_wordings = 2;
    }
    if (town_policy_more)
        town_policy_more(&l);
    assert_int_equal(layout_encode(&l, out), 0);
}
