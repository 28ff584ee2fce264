/* SPDX-License-Identifier: Apache-2.0 */
/* threshold.c - see threshold.h. Windows are short stretches of the sorted concerns, and the number
 * is worked out only as far as the rule asks for it. */
#include "engine/threshold.h"

#include "engine/bundle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- what counts --- */

static bool bypasses(const struct policy_threshold *rule, const struct concern_fact *f)
{
    return rule->bypass && f->severity >= rule->bypass;
}

static bool category_counts(const struct policy_threshold *rule, uint16_t category)
{
    if (!rule->categories)
        return true;
    return category < POLICY_CATEGORIES_MAX && (rule->categories >> category & 1);
}

bool threshold_counts(const struct policy_threshold *rule, const struct concern_fact *f)
{
    bool level = f->severity >= 1 && f->severity <= 8 && (rule->levels >> (f->severity - 1) & 1);

    return category_counts(rule, f->category) && (level || bypasses(rule, f));
}

bool threshold_within(const struct policy_threshold *rule, const struct concern_fact *f, int32_t on)
{
    return f->observed <= on && (int64_t)on - f->observed <= rule->window_days;
}

static int fact_compare(const void *a, const void *b)
{
    const struct concern_fact *x = a, *y = b;

    if (x->observed != y->observed)
        return x->observed < y->observed ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

void threshold_sort(struct concern_fact *facts, size_t n)
{
    qsort(facts, n, sizeof(*facts), fact_compare);
}

/* --- the number in a window --- */

#define NOBODY UINT16_MAX

struct weighing { /* one rule over one list of facts */
    const struct policy_threshold *rule;
    const struct concern_fact *facts;
    size_t n;
    uint16_t leave_out;
    size_t skip; /* a fact that is looked away from; SIZE_MAX none */
    /* the window being counted: places in facts */
    size_t from, until;
    uint16_t taken[THRESHOLD_FACTS_MAX]; /* by origin: whose event it is, or NOBODY */
    bool tried[THRESHOLD_FACTS_MAX];
};

static bool weighed(const struct weighing *w, size_t i)
{
    return i != w->skip && w->facts[i].organisation != w->leave_out &&
           threshold_counts(w->rule, &w->facts[i]);
}

/* Origins are numbered below THRESHOLD_FACTS_MAX; anything else is an event of its own. */
static bool own_event(const struct concern_fact *f)
{
    return f->origin >= THRESHOLD_FACTS_MAX;
}

/* Kuhn's augmenting path: gives the organisation an event that it shares with others, if need be by
 * moving another to another of its events. depth: of organisations moved, each once. */
static bool give_event(struct weighing *w, uint16_t organisation, unsigned depth)
{
    for (size_t i = w->from; i < w->until; i++) {
        uint16_t event = w->facts[i].origin;

        if (w->facts[i].organisation != organisation || !weighed(w, i) || own_event(&w->facts[i]) ||
            w->tried[event])
            continue;
        w->tried[event] = true;
        if (w->taken[event] == NOBODY ||
            (depth < POLICY_AGENCIES_MAX && give_event(w, w->taken[event], depth + 1))) {
            w->taken[event] = organisation;
            return true;
        }
    }
    return false;
}

/* The organisations in the window; and of them those with an event of their own. Return: how many
 * there are. */
static uint32_t organisations_in(const struct weighing *w, struct agency_set *all,
                                 struct agency_set *own)
{
    uint32_t n = 0;

    for (size_t i = w->from; i < w->until; i++) {
        uint16_t organisation = w->facts[i].organisation;

        if (!weighed(w, i) || organisation >= POLICY_AGENCIES_MAX)
            continue;
        n += !agency_set_has(all, organisation);
        agency_set_add(all, organisation);
        if (own_event(&w->facts[i]))
            agency_set_add(own, organisation);
    }
    return n;
}

/* Does the number in the window reach what the rule asks for? */
static bool reaches(struct weighing *w)
{
    struct agency_set all = { 0 }, own = { 0 };
    uint32_t n = 0;

    if (organisations_in(w, &all, &own) < w->rule->min_agencies)
        return false;
    if (!w->rule->independent)
        return true;
    memset(w->taken, 0xff, sizeof(w->taken));
    for (uint16_t o = 0; o < POLICY_AGENCIES_MAX && n < w->rule->min_agencies; o++) {
        if (!agency_set_has(&all, o))
            continue;
        memset(w->tried, 0, sizeof(w->tried));
        n += agency_set_has(&own, o) || give_event(w, o, 0);
    }
    return n >= w->rule->min_agencies;
}

/* The window that ends with the concern at `last`, and with it or without. */
static bool reaches_at(struct weighing *w, size_t last, bool with)
{
    int32_t on = w->facts[last].observed;

    w->until = last + with;
    w->from = last;
    while (w->from > 0 && threshold_within(w->rule, &w->facts[w->from - 1], on))
        w->from--;
    return reaches(w);
}

static bool fires(struct weighing *w, size_t i)
{
    if (!weighed(w, i))
        return false;
    if (bypasses(w->rule, &w->facts[i]))
        return true;
    return w->rule->min_agencies && reaches_at(w, i, true) && !reaches_at(w, i, false);
}

/* --- results --- */

static void window_found(const struct weighing *w, int32_t on, struct threshold_found *out)
{
    for (size_t i = 0; i < w->n; i++)
        if (weighed(w, i) && threshold_within(w->rule, &w->facts[i], on))
            agency_set_add(&out->organisations, w->facts[i].organisation);
}

static void found(const struct weighing *w, size_t by, struct threshold_found *out)
{
    out->fired = true;
    out->by = (uint16_t)by;
    out->fired_on = w->facts[by].observed;
    out->bypass = bypasses(w->rule, &w->facts[by]);
    window_found(w, out->fired_on, out);
}

static struct weighing weighing_of(const struct policy_threshold *rule,
                                   const struct concern_fact *facts, size_t n, uint16_t leave_out)
{
    return (struct weighing){
        .rule = rule, .facts = facts, .n = n, .leave_out = leave_out, .skip = SIZE_MAX
    };
}

/* Concerns after the day are looked away from: they are the end of the list. */
static size_t up_to(const struct concern_fact *facts, size_t n, int32_t day)
{
    while (n && facts[n - 1].observed > day)
        n--;
    return n;
}

int threshold_latest(const struct policy_threshold *rule, const struct concern_fact *facts,
                     size_t n, uint16_t leave_out, int32_t day, struct threshold_found *out)
{
    struct weighing w;

    memset(out, 0, sizeof(*out));
    if (n > THRESHOLD_FACTS_MAX)
        return -E2BIG;
    w = weighing_of(rule, facts, up_to(facts, n, day), leave_out);
    for (size_t i = w.n; i-- > 0;) {
        if (fires(&w, i)) {
            found(&w, i, out);
            break;
        }
    }
    return 0;
}

int threshold_crossed(const struct policy_threshold *rule, const struct concern_fact *facts,
                      size_t n, uint16_t leave_out, int32_t day, size_t added,
                      struct threshold_found *out)
{
    struct weighing w;

    memset(out, 0, sizeof(*out));
    if (n > THRESHOLD_FACTS_MAX)
        return -E2BIG;
    w = weighing_of(rule, facts, up_to(facts, n, day), leave_out);
    if (added >= w.n || !weighed(&w, added))
        return 0;                        /* without it everything is as it was */
    for (size_t i = w.n; i-- > added;) { /* what lies before it never saw it */
        bool before;

        if (!fires(&w, i))
            continue;
        w.skip = added;
        before = fires(&w, i);
        w.skip = SIZE_MAX;
        if (!before) {
            found(&w, i, out);
            break;
        }
    }
    return 0;
}

int threshold_stands(const struct policy_threshold *rule, const struct concern_fact *facts,
                     size_t n, uint16_t leave_out, int32_t on, struct threshold_found *out)
{
    struct weighing w;

    memset(out, 0, sizeof(*out));
    if (n > THRESHOLD_FACTS_MAX)
        return -E2BIG;
    w = weighing_of(rule, facts, up_to(facts, n, on), leave_out);
    w.until = w.n;
    for (w.from = w.n; w.from > 0 && threshold_within(rule, &facts[w.from - 1], on);)
        w.from--;
    out->fired_on = on;
    for (size_t i = w.from; i < w.until; i++) {
        if (weighed(&w, i) && bypasses(rule, &facts[i])) {
            out->fired = out->bypass = true;
            out->by = (uint16_t)i;
        }
    }
    out->fired = out->fired || (rule->min_agencies && reaches(&w));
    if (out->fired)
        window_found(&w, on, out);
    else
        memset(out, 0, sizeof(*out));
    return 0;
}

/* --- who may lodge, who may read --- */

static bool in_dates(int32_t from, int32_t until, int32_t day)
{
    return day >= from && (until == POLICY_DAY_NONE || day <= until);
}

static bool purpose_in_force(const struct bundle *b, const struct lay_purpose *p, int32_t day)
{
    const struct lay_protocol *isp = &b->l.protocols[p->protocol];

    return in_dates(p->from, p->until, day) && in_dates(isp->from, isp->until, day);
}

/* Some gateway of the purpose is in force. A practitioner states conditions; a stream has none to
 * do so, and a gateway that asks for them carries no stream. */
static bool gateway_in_force(const struct bundle *b, const struct lay_purpose *p, int32_t day,
                             bool stated)
{
    for (uint16_t i = 0; i < p->n_bases; i++) {
        const struct lay_gateway *g = &b->l.gateways[p->bases[i]];

        if (g->kind != GATEWAY_CONSENT && (stated || !g->conditions) &&
            in_dates(g->from, g->until, day))
            return true;
    }
    return false;
}

static bool lists_threshold(const struct bundle *b, uint16_t purpose)
{
    for (uint16_t q = 0; q < b->l.n_questions; q++)
        if (b->l.questions[q].kind == QUESTION_THRESHOLD && bundle_lists(b, purpose, q))
            return true;
    return false;
}

static enum reason basis_claimed(const struct bundle *b, const struct lay_purpose *p,
                                 uint16_t basis, bool basis_given, int32_t day)
{
    if (!basis_given)
        return gateway_in_force(b, p, day, true) ? REASON_NONE : REASON_GATEWAY_NOT_IN_FORCE;
    for (uint16_t i = 0; i < p->n_bases; i++)
        if (p->bases[i] == basis)
            return in_dates(b->l.gateways[basis].from, b->l.gateways[basis].until, day)
                       ? REASON_NONE
                       : REASON_GATEWAY_NOT_IN_FORCE;
    return REASON_BASIS_NOT_LISTED;
}

enum reason threshold_lodges(const struct bundle *b, uint16_t agency, uint16_t purpose,
                             uint16_t basis, bool basis_given, int32_t day)
{
    const struct lay_purpose *p;

    if (purpose >= b->l.n_purposes)
        return REASON_PURPOSE_OUTSIDE_PROTOCOL;
    p = &b->l.purposes[purpose];
    if (!purpose_in_force(b, p, day))
        return REASON_PROTOCOL_NOT_IN_FORCE;
    if (!bundle_party(b, agency, purpose))
        return REASON_NOT_A_PARTY;
    if (p->consent || !lists_threshold(b, purpose))
        return REASON_QUESTION_NOT_PERMITTED;
    return basis_claimed(b, p, basis, basis_given, day);
}

bool threshold_feeds(const struct bundle *b, uint16_t purpose, uint16_t question, int32_t day)
{
    const struct lay_purpose *p;

    if (!bundle_lists(b, purpose, question) || b->l.questions[question].kind != QUESTION_THRESHOLD)
        return false;
    p = &b->l.purposes[purpose];
    return !p->consent && purpose_in_force(b, p, day) && gateway_in_force(b, p, day, true);
}

bool threshold_reads(const struct bundle *b, uint16_t agency, uint16_t question, int32_t day)
{
    if (!bundle_hub(b, agency))
        return false;
    for (uint16_t i = 0; i < b->l.n_purposes; i++) {
        const struct lay_purpose *p = &b->l.purposes[i];
        const struct protocol_view *isp = &b->protocols[p->protocol];

        if (threshold_feeds(b, i, question, day) && gateway_in_force(b, p, day, false) &&
            mask_has(&isp->party, agency) && isp->ask[agency] != ASK_NO)
            return true;
    }
    return false;
}
