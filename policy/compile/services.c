/* SPDX-License-Identifier: Apache-2.0 */
/* services.c - the directory: what a service meets, whom it takes, and who of another agency may
 * take a step for it. */
#include "compile/fields.h"
#include <errno.h>
#include <stdlib.h>

#define POUNDS_MOST 100000000

static const struct word steps[] = { { "eligibility", SERVICE_ELIGIBILITY - 1 },
                                     { "assess", SERVICE_ASSESS - 1 },
                                     { "diagnose", SERVICE_DIAGNOSE - 1 },
                                     { "commission", SERVICE_COMMISSION - 1 },
                                     { "book", SERVICE_BOOK - 1 },
                                     { NULL, 0 } };
#define SPENDING (1u << (SERVICE_COMMISSION - 1) | 1u << (SERVICE_BOOK - 1))
/* "Separate from budget" (DOMAIN.md section 6) */
static const char *const money[] = { "budget", "pounds", "cost", NULL };

static void read_criterion(const struct field *service, struct policy_service *s,
                           const struct conf_node *n)
{
    static const char *const known[] = { "question", "wanted", "budget", "pounds", "cost", NULL };
    struct field f = {
        .m = service->m, .group = n, .noun = "criterion of service", .id = service->id
    };
    struct policy_criterion c;

    if (conf_type_of(n) != CONF_GROUP) {
        conf_fail(f.m->e, n, "a criterion is written as { question = \"...\"; wanted = true; }");
        return;
    }
    conf_only(n, f.m->e, known);
    field_refuse(&f, money, "is no criterion: who is eligible does not depend on what is left");
    c.question = field_ref(&f, "question", NAMES_QUESTION, true);
    c.wanted = field_bool(&f, "wanted", true);
    if (!conf_child(n, "wanted"))
        conf_fail(f.m->e, n,
                  "criterion of service \"%s\": wanted is missing: true, or false where a no makes "
                  "eligible",
                  f.id);
    for (uint8_t i = 0; i < s->n_criteria; i++)
        if (c.question != POLICY_NONE && s->criteria[i].question == c.question)
            conf_fail(f.m->e, n, "service \"%s\" has the criterion \"%s\" twice", f.id,
                      f.m->names[NAMES_QUESTION].items[c.question].id);
    if (s->n_criteria == SERVICE_CRITERIA_MAX)
        conf_fail(f.m->e, n, "service \"%s\": at most %d criteria", f.id, SERVICE_CRITERIA_MAX);
    else if (c.question != POLICY_NONE)
        s->criteria[s->n_criteria++] = c;
}

static void read_permission(const struct field *service, struct lay_service *v,
                            const struct conf_node *n)
{
    static const char *const known[] = { "agency", "role", "steps",  "pounds",
                                         "from",   "to",   "agreed", NULL };
    struct field f = {
        .m = service->m, .group = n, .noun = "permission of service", .id = service->id
    };
    struct lay_permit p;

    if (conf_type_of(n) != CONF_GROUP) {
        conf_fail(f.m->e, n,
                  "a permission is written as { agency = \"...\"; role = \"...\"; steps = [ "
                  "\"assess\" ]; from = \"2026-01-01\"; }");
        return;
    }
    conf_only(n, f.m->e, known);
    p.agency = field_ref(&f, "agency", NAMES_AGENCY, true);
    p.role = field_ref(&f, "role", NAMES_ROLE, true);
    p.steps = (uint8_t)field_words(&f, "steps", steps);
    p.pounds = (uint32_t)field_int(&f, "pounds", 0, POUNDS_MOST, 0);
    p.from = field_day(&f, "from", true);
    p.until = field_day(&f, "to", false);
    field_order(&f, p.from, p.until);
    p.agreed = field_text(&f, "agreed", "");
    if (!p.steps)
        conf_fail(f.m->e, n, "permission of service \"%s\": steps = [ ... ] is missing or empty",
                  f.id);
    if (p.pounds && !(p.steps & SPENDING))
        conf_fail(f.m->e, conf_child(n, "pounds"),
                  "permission of service \"%s\": pounds without the step commission or book", f.id);
    v->permits[v->n_permits++] = p;
}

static int read_permissions(const struct field *f, struct lay_service *v)
{
    const struct conf_node *list = field_list(f, "permissions");
    size_t n = list ? conf_len(list) : 0;

    if (n > LAYOUT_PERMITS_MAX) {
        conf_fail(f->m->e, list, "service \"%s\": at most %d permissions", f->id,
                  LAYOUT_PERMITS_MAX);
        n = 0;
    }
    v->permits = calloc(n + 1, sizeof(*v->permits));
    if (!v->permits)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        read_permission(f, v, conf_at(list, i));
    return 0;
}

static void check_twice(const struct field *f, const char *key, const uint16_t refs[], uint8_t n)
{
    for (uint8_t i = 0; i < n; i++)
        for (uint8_t j = 0; j < i; j++)
            if (refs[i] == refs[j])
                conf_fail(f->m->e, conf_child(f->group, key), "service \"%s\": %s has one twice",
                          f->id, key);
}

static int read_service(struct model *m, uint16_t i)
{
    static const char *const known[] = { "id",          "title", "agency", "contact",
                                         "needs",       "areas", "kinds",  "criteria",
                                         "permissions", "note",  NULL };
    const struct item *item = &m->names[NAMES_SERVICE].items[i];
    struct field f = { .m = m, .group = item->at, .noun = "service", .id = item->id };
    struct policy_service *s = &m->l.services[i].s;
    const struct conf_node *list;

    conf_only(f.group, m->e, known);
    s->id = f.id;
    s->title = field_text(&f, "title", NULL);
    s->contact = field_text(&f, "contact", "");
    (void)field_text(&f, "note", "");
    s->agency = field_ref(&f, "agency", NAMES_AGENCY, true);
    s->n_needs = (uint8_t)field_refs(&f, "needs", NAMES_NEED, s->needs, SERVICE_NEEDS_MAX);
    s->n_areas = (uint8_t)field_refs(&f, "areas", NAMES_AREA, s->areas, SERVICE_NEEDS_MAX);
    s->kinds = (uint8_t)field_words(&f, "kinds", referral_kinds);
    check_twice(&f, "needs", s->needs, s->n_needs);
    check_twice(&f, "areas", s->areas, s->n_areas);
    if (!s->n_needs)
        conf_fail(m->e, f.group, "service \"%s\" meets no need: list its needs", s->id);
    if (!s->kinds)
        conf_fail(m->e, f.group,
                  "service \"%s\" takes no kind of referral: write kinds = [ \"soft\", ... ]",
                  s->id);
    list = field_list(&f, "criteria");
    for (size_t k = 0; list && k < conf_len(list); k++)
        read_criterion(&f, s, conf_at(list, k));
    return read_permissions(&f, &m->l.services[i]);
}

int read_services(struct model *m)
{
    int r = 0;

    m->l.services = calloc(m->names[NAMES_SERVICE].n + 1u, sizeof(*m->l.services));
    if (!m->l.services)
        return -ENOMEM;
    m->l.n_services = (uint16_t)m->names[NAMES_SERVICE].n;
    for (uint16_t i = 0; i < m->l.n_services && r == 0; i++)
        r = read_service(m, i);
    return r;
}

/* --- between services and questions --- */

/* A sensitive answer that decides eligibility would tell who goes to a sensitive service. */
static bool named_somewhere(const struct model *m, const struct lay_question *q)
{
    for (uint16_t p = 0; p < m->l.n_purposes; p++)
        if (((q->purposes[p / 64] >> (p % 64)) & 1) &&
            m->l.purposes[p].sensitive == SENSITIVE_NAMED)
            return true;
    return false;
}

static void check_criterion(struct model *m, const struct policy_service *s, uint16_t question,
                            const struct conf_node *at)
{
    const struct lay_question *q = &m->l.questions[question];

    if (q->kind != QUESTION_HOLDERS)
        conf_fail(m->e, at,
                  "service \"%s\": criterion \"%s\" is not a question that holders answer", s->id,
                  q->id);
    else if (q->home_parameter)
        conf_fail(m->e, at, "service \"%s\": criterion \"%s\" asks about a home, and has no home",
                  s->id, q->id);
    else if (q->closed_class)
        conf_fail(m->e, at,
                  "service \"%s\": criterion \"%s\" is of a closed class and is never permitted",
                  s->id, q->id);
    else if (q->sensitive && !named_somewhere(m, q))
        conf_fail(m->e, at,
                  "service \"%s\": criterion \"%s\" is sensitive, and no purpose that lists it "
                  "names sensitive services",
                  s->id, q->id);
}

void check_services(struct model *m)
{
    for (uint16_t i = 0; i < m->l.n_services; i++) {
        const struct policy_service *s = &m->l.services[i].s;
        const struct conf_node *at = m->names[NAMES_SERVICE].items[i].at;
        const struct conf_node *list = conf_child(at, "criteria");

        for (uint8_t k = 0; k < s->n_criteria; k++)
            check_criterion(m, s, s->criteria[k].question, list ? list : at);
    }
}
