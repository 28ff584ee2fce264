/* SPDX-License-Identifier: Apache-2.0 */
/* composite.c - questions made of other questions: reading them, and what must hold between them,
 * their factors and the agencies that could contribute. */
#include "engine/composite.h"
#include "compile/fields.h"
#include <string.h>

#define CONTRIBUTORS_LEAST 4 /* organisations: "at least four possible contributors" */

static const char *const factor_keys[] = { "question", "weight", NULL };

static struct field factor_field(const struct field *f, const struct conf_node *entry)
{
    return (struct field){ .m = f->m, .group = entry, .noun = "question", .id = f->id };
}

static void read_factor(const struct field *f, struct lay_question *q,
                        const struct conf_node *entry)
{
    struct field g = factor_field(f, entry);
    uint16_t question, weight;

    if (conf_type_of(entry) != CONF_GROUP) {
        conf_fail(f->m->e, entry,
                  "question \"%s\": a factor is written as { question = \"...\"; weight = 1; }",
                  f->id);
        return;
    }
    conf_only(entry, f->m->e, factor_keys);
    question = field_ref(&g, "question", NAMES_QUESTION, true);
    weight = (uint16_t)field_int(&g, "weight", 1, COMPOSITE_WEIGHT_MAX, 1);
    if (q->composite.n == POLICY_FACTORS_MAX) {
        conf_fail(f->m->e, entry, "question \"%s\": at most %d factors", f->id, POLICY_FACTORS_MAX);
        return;
    }
    q->composite.factors[q->composite.n++] =
        (struct policy_factor){ .question = question, .weight = weight };
}

void read_composite(const struct field *f, struct lay_question *q)
{
    static const char *const others[] = { "holders",        "uses_homes", "home_parameter",
                                          "look_back_days", "unknown",    "reveals_location",
                                          "sensitive",      "data_class", NULL };
    const struct conf_node *list = field_list(f, "of");

    field_refuse(f, threshold_keys, "is for thresholds");
    field_refuse(
        f, others,
        "does not belong to a composite; it follows from the questions that it is made of");
    if (!list)
        conf_fail(f->m->e, f->group,
                  "question \"%s\": a composite needs of = ( { question = \"...\"; weight = 1; }, "
                  "... );",
                  f->id);
    for (size_t i = 0; list && i < conf_len(list); i++)
        read_factor(f, q, conf_at(list, i));
    q->composite.needed = (uint32_t)field_int(
        f, "threshold", 1, (int64_t)POLICY_FACTORS_MAX * COMPOSITE_WEIGHT_MAX, FIELD_REQUIRED);
    q->household = field_bool(f, "household", false);
}

void read_composite_rules(struct model *m)
{
    static const char *const known[] = { "keep_days", "differ_by", NULL };
    struct field f = { .m = m, .group = m->composites, .noun = "composites", .id = "rules" };

    m->l.composites = (struct policy_composite_rules){ LAYOUT_KEEP_DAYS, LAYOUT_DIFFER_BY };
    if (!m->composites)
        return;
    conf_only(f.group, m->e, known);
    m->l.composites.keep_days = (uint16_t)field_int(&f, "keep_days", 1, 3660, LAYOUT_KEEP_DAYS);
    m->l.composites.differ_by =
        (uint16_t)field_int(&f, "differ_by", 2, POLICY_AGENCIES_MAX, LAYOUT_DIFFER_BY);
}

/* --- between a composite and one factor --- */

static bool purpose_of(const struct lay_question *q, uint16_t p)
{
    return (q->purposes[p / 64] >> (p % 64)) & 1;
}

static void check_factor_purposes(struct model *m, const struct lay_question *q,
                                  const struct lay_question *factor, const struct conf_node *at)
{
    for (uint16_t p = 0; p < m->l.n_purposes; p++) {
        if (!purpose_of(q, p))
            continue;
        if (!purpose_of(factor, p))
            conf_fail(m->e, at,
                      "question \"%s\": its factor \"%s\" may not be asked for purpose \"%s\"",
                      q->id, factor->id, m->l.purposes[p].id);
        else if (factor->sensitive && m->l.purposes[p].sensitive != SENSITIVE_NAMED)
            conf_fail(m->e, at,
                      "question \"%s\": its factor \"%s\" is sensitive, and purpose \"%s\" does "
                      "not name sensitive services",
                      q->id, factor->id, m->l.purposes[p].id);
    }
}

static void check_factor(struct model *m, const struct lay_question *q,
                         const struct lay_question *factor, const struct conf_node *at)
{
    if (factor->kind != QUESTION_HOLDERS) {
        conf_fail(m->e, at,
                  "question \"%s\": its factor \"%s\" is not a question that holders answer", q->id,
                  factor->id);
        return;
    }
    if (factor->home_parameter)
        conf_fail(m->e, at, "question \"%s\": its factor \"%s\" asks about a home, and has no home",
                  q->id, factor->id);
    if (factor->closed_class)
        conf_fail(m->e, at,
                  "question \"%s\": its factor \"%s\" is of a closed class and is never permitted",
                  q->id, factor->id);
    if (q->household && !factor->household)
        conf_fail(
            m->e, at,
            "question \"%s\": its factor \"%s\" may not be asked about a household: household "
            "must be false",
            q->id, factor->id);
    check_factor_purposes(m, q, factor, at);
}

/* Return: false when an entry is not a known question, each once: reported, and the sums would
 * mislead. */
static bool check_factors(struct model *m, uint16_t question, const struct conf_node *list)
{
    const struct lay_question *q = &m->l.questions[question];
    bool sound = q->composite.n == conf_len(list);

    for (uint8_t i = 0; i < q->composite.n && sound; i++) {
        uint16_t factor = q->composite.factors[i].question;
        const struct conf_node *at = conf_at(list, i);

        if (factor == POLICY_NONE)
            return false;
        for (uint8_t j = 0; j < i; j++)
            if (q->composite.factors[j].question == factor) {
                conf_fail(m->e, at, "question \"%s\": \"%s\" is its factor twice", q->id,
                          m->l.questions[factor].id);
                return false;
            }
        check_factor(m, q, &m->l.questions[factor], at);
    }
    return sound;
}

/* --- between its weights --- */

static void check_weights(struct model *m, const struct lay_question *q, const struct conf_node *at)
{
    uint32_t total = 0, heaviest = 0;

    for (uint8_t i = 0; i < q->composite.n; i++) {
        total += q->composite.factors[i].weight;
        if (q->composite.factors[i].weight > heaviest)
            heaviest = q->composite.factors[i].weight;
    }
    if (q->composite.needed <= heaviest)
        conf_fail(m->e, at,
                  "question \"%s\": one factor alone would meet the threshold of %u: it must be "
                  "more than the heaviest weight, %u (k of n: at least 2)",
                  q->id, q->composite.needed, heaviest);
    else if (total - heaviest < q->composite.needed)
        conf_fail(m->e, at,
                  "question \"%s\": a yes would prove one factor, as the others reach only %u of "
                  "the threshold of %u (k of n: k must be less than n)",
                  q->id, total - heaviest, q->composite.needed);
}

/* --- between it and the agencies --- */

static bool answers(const struct model *m, const struct lay_protocol *p, uint16_t agency)
{
    uint16_t organisation = m->l.agencies[agency].organisation;
    bool found = false, answer = false;

    for (uint16_t i = 0; i < p->n_parties; i++) {
        if (p->parties[i].agency == agency)
            return p->parties[i].answer; /* a team's own place comes before its organisation's */
        if (p->parties[i].agency == organisation) {
            found = true;
            answer = p->parties[i].answer;
        }
    }
    return found && answer;
}

static bool holds(const struct model *m, const struct lay_question *q, uint16_t purpose,
                  uint16_t agency)
{
    return answers(m, &m->l.protocols[m->l.purposes[purpose].protocol], agency) &&
           (q->all_parties || (m->l.agencies[agency].sector < LAYOUT_SECTORS_MAX &&
                               ((q->sectors >> m->l.agencies[agency].sector) & 1)));
}

/* Weights that others than one organisation (POLICY_NONE: than nobody) could add up to. */
static uint32_t reach(const struct model *m, const struct lay_question *q, uint16_t purpose,
                      uint16_t without, bool contributes[])
{
    uint32_t weight = 0;

    for (uint8_t i = 0; i < q->composite.n; i++) {
        const struct lay_question *factor = &m->l.questions[q->composite.factors[i].question];
        bool any = false;

        for (uint16_t a = 0; a < m->l.n_agencies; a++) {
            uint16_t organisation = m->l.agencies[a].organisation;

            if (organisation == without || !holds(m, factor, purpose, a))
                continue;
            any = true;
            if (contributes)
                contributes[organisation] = true;
        }
        weight += any ? q->composite.factors[i].weight : 0;
    }
    return weight;
}

static void check_contributors(struct model *m, const struct lay_question *q, uint16_t purpose,
                               const struct conf_node *at)
{
    bool contributes[POLICY_AGENCIES_MAX] = { false };
    unsigned n = 0;

    (void)reach(m, q, purpose, POLICY_NONE, contributes);
    for (uint16_t a = 0; a < m->l.n_agencies; a++)
        n += contributes[a];
    if (n < CONTRIBUTORS_LEAST) {
        conf_fail(m->e, at,
                  "question \"%s\": for purpose \"%s\" only %u organisations could contribute: at "
                  "least %d",
                  q->id, m->l.purposes[purpose].id, n, CONTRIBUTORS_LEAST);
        return;
    }
    for (uint16_t a = 0; a < m->l.n_agencies; a++)
        if (contributes[a] && reach(m, q, purpose, a, NULL) < q->composite.needed)
            conf_fail(m->e, at,
                      "question \"%s\": for purpose \"%s\" the threshold cannot be met without "
                      "\"%s\": a yes would prove that it said yes",
                      q->id, m->l.purposes[purpose].id, m->l.agencies[a].id);
}

void check_composite(struct model *m, uint16_t question)
{
    const struct lay_question *q = &m->l.questions[question];
    const struct conf_node *group = m->names[NAMES_QUESTION].items[question].at;
    const struct conf_node *list = conf_child(group, "of"), *threshold;

    if (q->kind != QUESTION_COMPOSITE || !list || conf_type_of(list) != CONF_LIST)
        return;
    threshold = conf_child(group, "threshold");
    if (!check_factors(m, question, list))
        return;
    if (threshold)
        check_weights(m, q, threshold);
    for (uint16_t p = 0; p < m->l.n_purposes; p++)
        if (purpose_of(q, p) && m->l.purposes[p].protocol != POLICY_NONE &&
            composite_weights_sound(&q->composite))
            check_contributors(m, q, p, group);
}
