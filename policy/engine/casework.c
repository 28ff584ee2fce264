/* SPDX-License-Identifier: Apache-2.0 */
/* casework.c - concerns, referrals, services, limits, wordings and the evaluation as the policy
 * states them: read from a bundle's bytes, and read out. */
#include "engine/casework.h"
#include "engine/bundle.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_ALL 31 /* enum service_step bits */
#define MADE_ALL  63 /* enum referral_made bits of wire/msg.h */
#define KINDS_ALL 63
#define DAYS_MOST 3660

const struct policy_concern_rules casework_concerns = { .most_days = 365, .closed_days = 180 };
/* "Must be true before send" (DOMAIN.md section 6): by kind, enum referral_made bits. */
const struct policy_referral_rules casework_referrals = {
    .made = { 0, 1, 1 | 2, 4, 4 | 8 | 16, 4 | 8 | 16 | 32 },
    .decide_days = 28,
    .info_days = 28,
    .feedback_days = 28,
    .expire_days = 365,
    .undelivered_days = 30,
    .loop_days = 90,
    .decide_role = "",
};

/* --- from bytes --- */

/* "" or a role of the bundle. */
static const char *read_role(struct reader *r, const struct layout *l)
{
    const char *role = reader_text(r, LAYOUT_ID_MAX);

    if (!*role)
        return role;
    for (uint16_t i = 0; i < l->n_roles; i++)
        if (strcmp(l->roles[i], role) == 0)
            return role;
    reader_refuse(r);
    return role;
}

static void read_threshold(struct reader *r, const struct layout *l, struct policy_threshold *t)
{
    t->categories = cursor_u64(&r->c);
    if (t->categories != CASEWORK_ALL_CATEGORIES && l->n_categories < 64 &&
        t->categories >> l->n_categories)
        reader_refuse(r);
    t->independent = reader_bool(r);
    t->own_count = reader_bool(r);
    t->named = reader_bool(r);
    t->bypass = reader_enum(r, 0, 4);
    t->decide_role = read_role(r, l);
    t->decide_hours = cursor_u16(&r->c);
}

void casework_read_question(struct reader *r, const struct layout *l, struct lay_question *q)
{
    q->threshold.categories = CASEWORK_ALL_CATEGORIES;
    q->threshold.independent = q->threshold.named = true;
    q->threshold.decide_role = "";
    if (r->version < 5)
        return;
    q->pin_days = reader_number(r, 0, DAYS_MOST);
    q->stage = reader_enum(r, 0, 1);
    read_threshold(r, l, &q->threshold);
}

static void read_referrals(struct reader *r, const struct layout *l,
                           struct policy_referral_rules *v)
{
    for (size_t i = 0; i < ALM_LEN(v->made); i++)
        v->made[i] = reader_number(r, 0, MADE_ALL);
    v->decide_days = reader_number(r, 1, DAYS_MOST);
    v->info_days = reader_number(r, 1, DAYS_MOST);
    v->feedback_days = reader_number(r, 1, DAYS_MOST);
    v->expire_days = reader_number(r, 1, DAYS_MOST);
    v->undelivered_days = reader_number(r, 1, DAYS_MOST);
    v->loop_days = reader_number(r, 0, DAYS_MOST);
    v->decide_role = read_role(r, l);
}

static void read_permit(struct reader *r, const struct layout *l, struct lay_permit *p)
{
    p->agency = reader_index(r, l->n_agencies, false);
    p->role = reader_index(r, l->n_roles, false);
    p->steps = reader_enum(r, 1, STEPS_ALL);
    p->pounds = cursor_u32(&r->c);
    p->from = reader_day(r, false);
    p->until = reader_day(r, true);
    reader_order(r, p->from, p->until);
    p->agreed = reader_text(r, LAYOUT_TEXT_MAX);
}

static int read_permits(struct reader *r, const struct layout *l, struct lay_service *v)
{
    v->n_permits = reader_count(r, LAYOUT_PERMITS_MAX);
    v->permits = calloc(v->n_permits + 1u, sizeof(*v->permits));
    if (!v->permits)
        return -ENOMEM;
    for (uint16_t i = 0; i < v->n_permits && !r->bad; i++)
        read_permit(r, l, &v->permits[i]);
    return 0;
}

static uint8_t read_indexes(struct reader *r, uint8_t least, uint16_t n, uint16_t *out)
{
    uint8_t count = reader_enum(r, least, SERVICE_NEEDS_MAX);

    for (uint8_t i = 0; i < count && !r->bad; i++)
        out[i] = reader_index(r, n, false);
    return r->bad ? 0 : count;
}

static int read_service(struct reader *r, const struct layout *l, struct lay_service *v)
{
    struct policy_service *s = &v->s;

    s->id = reader_id(r, LAYOUT_ID_MAX);
    s->title = reader_text(r, LAYOUT_TEXT_MAX);
    s->contact = reader_text(r, LAYOUT_TEXT_MAX);
    s->agency = reader_index(r, l->n_agencies, false);
    s->kinds = reader_enum(r, 1, KINDS_ALL);
    s->n_needs = read_indexes(r, 1, l->n_needs, s->needs);
    s->n_areas = read_indexes(r, 0, l->n_areas, s->areas);
    s->n_criteria = reader_enum(r, 0, SERVICE_CRITERIA_MAX);
    for (uint8_t i = 0; i < s->n_criteria && !r->bad; i++) {
        s->criteria[i].question = reader_index(r, l->n_questions, false);
        s->criteria[i].wanted = reader_bool(r);
    }
    return read_permits(r, l, v);
}

static int read_services(struct reader *r, struct layout *l)
{
    int status = 0;

    l->n_services = reader_count(r, LAYOUT_SERVICES_MAX);
    l->services = calloc(l->n_services + 1u, sizeof(*l->services));
    if (!l->services)
        return -ENOMEM;
    for (uint16_t i = 0; i < l->n_services && !r->bad && status == 0; i++)
        status = read_service(r, l, &l->services[i]);
    return status;
}

static void read_wordings(struct reader *r, struct layout *l)
{
    l->n_wordings = reader_count(r, LAYOUT_WORDINGS_MAX);
    for (uint16_t i = 0; i < l->n_wordings && !r->bad; i++) {
        l->wordings[i].id = reader_id(r, LAYOUT_ID_MAX);
        l->wordings[i].from = reader_day(r, false);
        l->wordings[i].until = reader_day(r, true);
        reader_order(r, l->wordings[i].from, l->wordings[i].until);
    }
}

int casework_read(struct reader *r, struct layout *l)
{
    int status;

    l->concerns = casework_concerns;
    l->referrals = casework_referrals;
    if (r->version < 5)
        return 0;
    l->concerns.most_days = reader_number(r, 1, DAYS_MOST);
    l->concerns.closed_days = reader_number(r, 1, DAYS_MOST);
    read_referrals(r, l, &l->referrals);
    status = read_services(r, l);
    l->limits.practitioner = cursor_u32(&r->c);
    l->limits.agency = cursor_u32(&r->c);
    l->limits.subject = cursor_u32(&r->c);
    read_wordings(r, l);
    l->consent.witness_verbal = reader_bool(r);
    l->pilot = reader_bits(r, l->n_areas);
    l->control = reader_bits(r, l->n_areas);
    if (l->pilot & l->control)
        reader_refuse(r);
    return status;
}

/* Between services and questions, and between questions and purposes: whatever the compiler has
 * checked must hold of any bundle. */
static bool criteria_sound(const struct layout *l, const struct policy_service *s)
{
    for (uint8_t i = 0; i < s->n_criteria; i++) {
        const struct lay_question *q = &l->questions[s->criteria[i].question];

        if (q->kind != QUESTION_HOLDERS || q->home_parameter || q->closed_class)
            return false;
    }
    return true;
}

static bool pins_sound(const struct layout *l, const struct lay_question *q)
{
    if (!q->pin_days)
        return true;
    for (uint16_t p = 0; p < l->n_purposes; p++)
        if (((q->purposes[p / 64] >> (p % 64)) & 1) && !l->purposes[p].pinning)
            return false;
    return q->kind == QUESTION_HOLDERS;
}

bool casework_sound(const struct layout *l)
{
    bool sound = true;

    for (uint16_t i = 0; i < l->n_services; i++)
        sound = sound && criteria_sound(l, &l->services[i].s);
    for (uint16_t i = 0; i < l->n_questions; i++)
        sound = sound && pins_sound(l, &l->questions[i]);
    return sound;
}

void casework_deinit(struct layout *l)
{
    for (uint16_t i = 0; l->services && i < l->n_services; i++)
        free(l->services[i].permits);
    free(l->services);
    l->services = NULL;
}

/* --- read out --- */

uint16_t bundle_category(const struct bundle *b, const char *id)
{
    return index_find(&b->categories, id);
}

uint16_t bundle_area(const struct bundle *b, const char *id)
{
    return index_find(&b->areas, id);
}

uint16_t bundle_need(const struct bundle *b, const char *id)
{
    return index_find(&b->needs, id);
}

uint16_t bundle_service(const struct bundle *b, const char *id)
{
    return index_find(&b->services, id);
}

const char *bundle_category_id(const struct bundle *b, uint16_t category)
{
    return category < b->l.n_categories ? b->l.categories[category] : "";
}

const char *bundle_area_id(const struct bundle *b, uint16_t area)
{
    return area < b->l.n_areas ? b->l.areas[area] : "";
}

const char *bundle_need_id(const struct bundle *b, uint16_t need)
{
    return need < b->l.n_needs ? b->l.needs[need] : "";
}

bool bundle_agency_in(const struct bundle *b, uint16_t agency, uint16_t area)
{
    uint64_t areas;

    if (agency >= b->l.n_agencies)
        return false;
    areas = b->l.agencies[agency].areas;
    return !areas || (area < b->l.n_areas && (areas >> area) & 1);
}

const struct policy_concern_rules *bundle_concern_rules(const struct bundle *b)
{
    return &b->l.concerns;
}

const struct policy_referral_rules *bundle_referral_rules(const struct bundle *b)
{
    return &b->l.referrals;
}

const struct policy_limits *bundle_limits(const struct bundle *b)
{
    return &b->l.limits;
}

size_t bundle_n_services(const struct bundle *b)
{
    return b->l.n_services;
}

const struct policy_service *bundle_service_at(const struct bundle *b, uint16_t i)
{
    return &b->l.services[i].s;
}

static bool within(int32_t day, int32_t from, int32_t until)
{
    return day >= from && (until == POLICY_DAY_NONE || day <= until);
}

bool bundle_service_permits(const struct bundle *b, uint16_t service, uint16_t agency,
                            uint16_t role, enum service_step step, int32_t day, uint32_t pounds)
{
    const struct lay_service *v;
    unsigned bit = (unsigned)step - 1;

    if (service >= b->l.n_services || agency >= b->l.n_agencies || bit > SERVICE_BOOK - 1u)
        return false;
    v = &b->l.services[service];
    for (uint16_t i = 0; i < v->n_permits; i++) {
        const struct lay_permit *p = &v->permits[i];
        bool theirs = p->agency == agency || p->agency == b->l.agencies[agency].organisation;

        if (theirs && p->role == role && (p->steps >> bit) & 1 && pounds <= p->pounds &&
            within(day, p->from, p->until))
            return true;
    }
    return false;
}

uint8_t bundle_area_arm(const struct bundle *b, uint16_t area)
{
    if (area >= b->l.n_areas)
        return AREA_NEITHER;
    return (b->l.pilot >> area) & 1     ? AREA_PILOT
           : (b->l.control >> area) & 1 ? AREA_CONTROL
                                        : AREA_NEITHER;
}

bool bundle_wording(const struct bundle *b, const char *wording, int32_t given_on)
{
    for (uint16_t i = 0; i < b->l.n_wordings; i++)
        if (strcmp(b->l.wordings[i].id, wording) == 0)
            return within(given_on, b->l.wordings[i].from, b->l.wordings[i].until);
    return b->l.n_wordings == 0;
}
