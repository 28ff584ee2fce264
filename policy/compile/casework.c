/* SPDX-License-Identifier: Apache-2.0 */
/* casework.c - the groups concerns, referrals, limits and evaluation. Each may be left out. */
#include "engine/casework.h"
#include "compile/fields.h"
#include <string.h>

#define DAYS_MOST 3660
#define ASK_MOST  1000000 /* questions of a day */

const struct word referral_kinds[] = {
    { "signposting", 0 },  { "soft", 1 },   { "application", 2 }, { "hard", 3 },
    { "commissioned", 4 }, { "booked", 5 }, { NULL, 0 }
};
/* enum referral_made of wire/msg.h, by bit */
static const struct word made[] = { { "eligibility-checked", 0 },
                                    { "form-verified", 1 },
                                    { "eligibility-decided", 2 },
                                    { "assessed", 3 },
                                    { "budget-permitted", 4 },
                                    { "slot-agreed", 5 },
                                    { NULL, 0 } };

static uint16_t days(const struct field *f, const char *key, uint16_t least, uint16_t fallback)
{
    return (uint16_t)field_int(f, key, least, DAYS_MOST, fallback);
}

void read_concerns(struct model *m)
{
    static const char *const known[] = { "most_days", "closed_days", NULL };
    struct field f = { .m = m, .group = m->concerns, .noun = "concerns", .id = "rules" };

    m->l.concerns = casework_concerns;
    if (!m->concerns)
        return;
    conf_only(f.group, m->e, known);
    m->l.concerns.most_days = days(&f, "most_days", 1, casework_concerns.most_days);
    m->l.concerns.closed_days = days(&f, "closed_days", 1, casework_concerns.closed_days);
}

static void read_kind(struct model *m, const struct conf_node *n, uint32_t *seen)
{
    static const char *const known[] = { "kind", "needs", NULL };
    struct field f = { .m = m, .group = n, .noun = "referrals", .id = "kinds" };
    uint8_t kind;

    if (conf_type_of(n) != CONF_GROUP) {
        conf_fail(m->e, n,
                  "a kind is written as { kind = \"hard\"; needs = [ \"eligibility-decided\" ]; }");
        return;
    }
    conf_only(n, m->e, known);
    kind = field_word(&f, "kind", referral_kinds, NULL);
    if ((*seen >> kind) & 1)
        conf_fail(m->e, n, "referrals: kind \"%s\" is declared twice", referral_kinds[kind].word);
    *seen |= UINT32_C(1) << kind;
    if (!conf_child(n, "needs"))
        conf_fail(m->e, n, "referrals: kind \"%s\": needs is missing; write needs = [ ] for none",
                  referral_kinds[kind].word);
    m->l.referrals.made[kind] = (uint16_t)field_words(&f, "needs", made);
}

void read_referrals(struct model *m)
{
    static const char *const known[] = {
        "decide_days", "info_days",   "feedback_days", "expire_days", "undelivered_days",
        "loop_days",   "decide_role", "kinds",         NULL
    };
    struct field f = { .m = m, .group = m->referrals, .noun = "referrals", .id = "rules" };
    struct policy_referral_rules *r = &m->l.referrals;
    const struct policy_referral_rules *usual = &casework_referrals;
    const struct conf_node *list;
    uint32_t seen = 0;

    *r = *usual;
    if (!m->referrals)
        return;
    conf_only(f.group, m->e, known);
    r->decide_days = days(&f, "decide_days", 1, usual->decide_days);
    r->info_days = days(&f, "info_days", 1, usual->info_days);
    r->feedback_days = days(&f, "feedback_days", 1, usual->feedback_days);
    r->expire_days = days(&f, "expire_days", 1, usual->expire_days);
    r->undelivered_days = days(&f, "undelivered_days", 1, usual->undelivered_days);
    r->loop_days = days(&f, "loop_days", 0, usual->loop_days);
    r->decide_role = field_role(&f, "decide_role");
    if (r->expire_days <= r->decide_days)
        conf_fail(
            m->e, f.group,
            "referrals: expire_days must be more than decide_days, or nothing is ever overdue");
    list = field_list(&f, "kinds");
    for (size_t i = 0; list && i < conf_len(list); i++)
        read_kind(m, conf_at(list, i), &seen);
}

void read_limits(struct model *m)
{
    static const char *const known[] = { "practitioner", "agency", "subject", NULL };
    struct field f = { .m = m, .group = m->limits, .noun = "limits", .id = "rules" };
    struct policy_limits *l = &m->l.limits;

    if (!m->limits)
        return;
    conf_only(f.group, m->e, known);
    l->practitioner = (uint32_t)field_int(&f, "practitioner", 0, ASK_MOST, 0);
    l->agency = (uint32_t)field_int(&f, "agency", 0, ASK_MOST, 0);
    l->subject = (uint32_t)field_int(&f, "subject", 0, ASK_MOST, 0);
    if (l->agency && l->practitioner > l->agency)
        conf_fail(
            m->e, f.group,
            "limits: a practitioner may ask more than the whole agency: it would never count");
}

void read_evaluation(struct model *m)
{
    static const char *const known[] = { "pilot", "control", NULL };
    struct field f = { .m = m, .group = m->evaluation, .noun = "evaluation", .id = "areas" };

    if (!m->evaluation)
        return;
    conf_only(f.group, m->e, known);
    (void)field_bits(&f, "pilot", NAMES_AREA, &m->l.pilot);
    (void)field_bits(&f, "control", NAMES_AREA, &m->l.control);
    for (uint16_t i = 0; i < m->l.n_areas; i++)
        if (((m->l.pilot & m->l.control) >> i) & 1)
            conf_fail(m->e, f.group, "evaluation: area \"%s\" is pilot and control", m->l.areas[i]);
}
