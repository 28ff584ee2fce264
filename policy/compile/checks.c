/* SPDX-License-Identifier: Apache-2.0 */
/* checks.c - what is wrong between groups that are each well formed: teams of teams, circles,
 * purposes that nothing makes lawful. */
#include "compile/model.h"

static const struct conf_node *place(const struct model *m, enum names_kind kind, uint16_t i)
{
    return m->names[kind].items[i].at;
}

/* An organisation and its teams: one level, so that "or the agency it is a team of" has one
 * meaning. */
static void check_teams(struct model *m)
{
    for (uint16_t i = 0; i < m->l.n_agencies; i++) {
        const struct lay_agency *a = &m->l.agencies[i];

        if (a->organisation != i && m->l.agencies[a->organisation].organisation != a->organisation)
            conf_fail(
                m->e, place(m, NAMES_AGENCY, i),
                "agency \"%s\" is a team of \"%s\", which is itself a team: name the organisation",
                a->id, m->l.agencies[a->organisation].id);
    }
}

static void check_tree(struct model *m, uint16_t i)
{
    uint16_t steps = 0;

    for (uint16_t p = i; p != POLICY_NONE; p = m->l.purposes[p].parent)
        if (steps++ > m->l.n_purposes) {
            conf_fail(m->e, place(m, NAMES_PURPOSE, i),
                      "purpose \"%s\": its parents go round in a circle", m->l.purposes[i].id);
            return;
        }
}

static bool carries(const struct lay_gateway *g, const struct lay_purpose *p)
{
    return (g->kind == GATEWAY_CONSENT) == p->consent;
}

static bool overlaps(const struct lay_gateway *g, const struct lay_purpose *p)
{
    return g->from <= p->until && (g->until == POLICY_DAY_NONE || g->until >= p->from);
}

static void check_basis(struct model *m, uint16_t i)
{
    const struct lay_purpose *p = &m->l.purposes[i];
    bool carried = false, ever = false;

    for (uint16_t k = 0; k < p->n_bases; k++) {
        const struct lay_gateway *g = &m->l.gateways[p->bases[k]];

        carried = carried || carries(g, p);
        ever = ever || (carries(g, p) && overlaps(g, p));
    }
    if (p->n_bases == 0)
        conf_fail(m->e, place(m, NAMES_PURPOSE, i),
                  "purpose \"%s\" has no basis: list its gateways in bases", p->id);
    else if (!carried)
        conf_fail(m->e, place(m, NAMES_PURPOSE, i),
                  p->consent
                      ? "purpose \"%s\" rests on consent but lists no gateway of kind consent"
                      : "purpose \"%s\" does not rest on consent but lists no gateway that is a "
                        "duty or a power",
                  p->id);
    else if (!ever)
        conf_fail(m->e, place(m, NAMES_PURPOSE, i),
                  "purpose \"%s\": none of its gateways is in force between its dates", p->id);
}

static void check_purpose_dates(struct model *m, uint16_t i)
{
    const struct lay_purpose *p = &m->l.purposes[i];
    const struct lay_protocol *protocol;

    if (p->protocol == POLICY_NONE || p->from == POLICY_DAY_NONE || p->until == POLICY_DAY_NONE)
        return; /* reported already */
    protocol = &m->l.protocols[p->protocol];
    if (protocol->from != POLICY_DAY_NONE && p->from < protocol->from)
        conf_fail(m->e, place(m, NAMES_PURPOSE, i),
                  "purpose \"%s\" begins before its protocol \"%s\"", p->id, protocol->id);
    if (protocol->until != POLICY_DAY_NONE && p->until > protocol->until)
        conf_fail(m->e, place(m, NAMES_PURPOSE, i), "purpose \"%s\" ends after its protocol \"%s\"",
                  p->id, protocol->id);
}

static void check_consent(struct model *m, uint16_t i)
{
    bool any = false;

    if (!m->l.purposes[i].consent)
        return;
    for (size_t c = 0; c < ALM_LEN(m->l.consent.capacities); c++)
        any = any || m->l.consent.capacities[c].able;
    if (!any)
        conf_fail(m->e, place(m, NAMES_PURPOSE, i),
                  "purpose \"%s\" rests on consent, but the group consent says of nobody that they "
                  "are able to give it",
                  m->l.purposes[i].id);
}

static void check_roles(struct model *m, uint16_t i)
{
    uint64_t any = 0;

    for (size_t w = 0; w < ALM_LEN(m->l.purposes[i].roles); w++)
        any |= m->l.purposes[i].roles[w];
    if (!any)
        conf_fail(m->e, place(m, NAMES_PURPOSE, i), "purpose \"%s\" admits no role at all",
                  m->l.purposes[i].id);
}

static void check_question(struct model *m, uint16_t i)
{
    const struct lay_question *q = &m->l.questions[i];
    uint64_t any = 0;

    for (size_t w = 0; w < ALM_LEN(q->purposes); w++)
        any |= q->purposes[w];
    if (!any)
        conf_fail(m->e, place(m, NAMES_QUESTION, i),
                  "question \"%s\" may be asked for no purpose: list its purposes", q->id);
}

/* DESIGN.md section 4: pinning is "off unless the protocol turns it on, refused for purposes at or
 * above s.17". The text says of each purpose whether it is allowed; what stands above one that says
 * "refused" cannot allow it. */
void check_pinning(struct model *m, uint16_t purpose)
{
    if (!m->l.purposes[purpose].pinning)
        return;
    for (uint16_t i = 0; i < m->l.n_purposes; i++) {
        uint16_t steps = 0;

        if (!conf_child(place(m, NAMES_PURPOSE, i), "pinning") || m->l.purposes[i].pinning)
            continue;
        for (uint16_t p = m->l.purposes[i].parent; p != POLICY_NONE && steps++ < m->l.n_purposes;
             p = m->l.purposes[p].parent)
            if (p == purpose)
                conf_fail(m->e, place(m, NAMES_PURPOSE, purpose),
                          "purpose \"%s\" allows pinning but stands above \"%s\", which refuses it",
                          m->l.purposes[purpose].id, m->l.purposes[i].id);
    }
}

void check_pins(struct model *m, uint16_t question)
{
    const struct lay_question *q = &m->l.questions[question];

    for (uint16_t p = 0; q->pin_days && p < m->l.n_purposes; p++)
        if (((q->purposes[p / 64] >> (p % 64)) & 1) && !m->l.purposes[p].pinning)
            conf_fail(m->e, conf_child(place(m, NAMES_QUESTION, question), "pin_days"),
                      "question \"%s\": no answer may be pinned for purpose \"%s\": for it each "
                      "question is asked anew (pinning = \"allowed\"; is for purposes below s.17)",
                      q->id, m->l.purposes[p].id);
}

void checks_run(struct model *m)
{
    check_teams(m);
    for (uint16_t i = 0; i < m->l.n_purposes; i++) {
        check_tree(m, i);
        check_basis(m, i);
        check_purpose_dates(m, i);
        check_consent(m, i);
        check_roles(m, i);
        check_pinning(m, i);
    }
    for (uint16_t i = 0; i < m->l.n_questions; i++)
        check_question(m, i);
    for (uint16_t i = 0; i < m->l.n_questions; i++)
        check_composite(m, i);
    for (uint16_t i = 0; i < m->l.n_questions; i++)
        check_pins(m, i);
    check_services(m);
}
