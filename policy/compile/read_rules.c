/* SPDX-License-Identifier: Apache-2.0 */
/* read_rules.c - what may be asked, for what, and on which terms: purposes, questions, consent
 * rules, shield owners. */
#include "compile/fields.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct word needs[] = { { "required", 1 }, { "not-required", 0 }, { NULL, 0 } };
static const struct word sensitive_rules[] = { { "named", SENSITIVE_NAMED },
                                               { "masked", SENSITIVE_MASKED },
                                               { "hidden", SENSITIVE_HIDDEN },
                                               { NULL, 0 } };
static const struct word shield_levels[] = {
    { "none", 0 }, { "location", 1 }, { "identity", 2 }, { "existence", 3 }, { NULL, 0 }
};
static const struct word question_kinds[] = { { "holders", QUESTION_HOLDERS },
                                              { "threshold", QUESTION_THRESHOLD },
                                              { "referral", QUESTION_REFERRAL },
                                              { "composite", QUESTION_COMPOSITE },
                                              { NULL, 0 } };
static const struct word unknowns[] = { { "no", 0 }, { "cannot-say", 1 }, { NULL, 0 } };
static const struct word pinnings[] = { { "refused", 0 }, { "allowed", 1 }, { NULL, 0 } };
static const struct word capacities[] = { { "self", FACT_CAPACITY_SELF },
                                          { "gillick", FACT_CAPACITY_GILLICK },
                                          { "parent", FACT_CAPACITY_PARENT },
                                          { "carer-without-pr", FACT_CAPACITY_CARER_WITHOUT_PR },
                                          { "local-authority", FACT_CAPACITY_LOCAL_AUTHORITY },
                                          { "attorney", FACT_CAPACITY_ATTORNEY },
                                          { "deputy", FACT_CAPACITY_DEPUTY },
                                          { "best-interests", FACT_CAPACITY_BEST_INTERESTS },
                                          { NULL, 0 } };

static struct field field_of(struct model *m, enum names_kind kind, uint16_t i)
{
    const struct item *item = &m->names[kind].items[i];

    return (struct field){ .m = m, .group = item->at, .noun = m->names[kind].noun, .id = item->id };
}

/* roles = ["...", ...] or "*" (the default), less excluded_roles. */
static void read_roles(const struct field *f, struct lay_purpose *p)
{
    uint64_t excluded[LAYOUT_ROLES_MAX / 64] = { 0 };
    size_t n = f->m->names[NAMES_ROLE].n;

    if (conf_child(f->group, "roles") && !field_is(f, "roles", "*"))
        field_bits(f, "roles", NAMES_ROLE, p->roles);
    else
        for (size_t r = 0; r < n; r++)
            p->roles[r / 64] |= UINT64_C(1) << (r % 64);
    field_bits(f, "excluded_roles", NAMES_ROLE, excluded);
    for (size_t w = 0; w < ALM_LEN(excluded); w++)
        p->roles[w] &= ~excluded[w];
}

static void read_purpose_rules(const struct field *f, struct lay_purpose *p)
{
    p->consent = field_word(f, "consent", needs, NULL) == 1;
    p->relationship = field_word(f, "relationship", needs, NULL) == 1;
    p->within_days =
        (uint16_t)field_int(f, "within_days", 0, 3660, p->relationship ? FIELD_REQUIRED : 0);
    p->self_claimed = field_bool(f, "self_claimed", false);
    p->involvement = field_bool(f, "who_is_involved", false);
    p->sensitive = field_word(f, "sensitive", sensitive_rules, NULL);
    p->past_shield = field_word(f, "sees_past_shield", shield_levels, "none");
    p->pinning = field_word(f, "pinning", pinnings, "refused") == 1;
    p->n_bases = field_refs(f, "bases", NAMES_GATEWAY, p->bases, LAYOUT_BASES_MAX);
    read_roles(f, p);
}

static void read_purpose(struct model *m, uint16_t i)
{
    static const char *const known[] = { "id",
                                         "title",
                                         "parent",
                                         "protocol",
                                         "from",
                                         "to",
                                         "consent",
                                         "relationship",
                                         "within_days",
                                         "self_claimed",
                                         "who_is_involved",
                                         "sensitive",
                                         "sees_past_shield",
                                         "pinning",
                                         "bases",
                                         "roles",
                                         "excluded_roles",
                                         "note",
                                         NULL };
    struct field f = field_of(m, NAMES_PURPOSE, i);
    struct lay_purpose *p = &m->l.purposes[i];

    conf_only(f.group, m->e, known);
    p->id = f.id;
    p->title = field_text(&f, "title", NULL);
    (void)field_text(&f, "note", "");
    p->parent = field_ref(&f, "parent", NAMES_PURPOSE, false);
    p->protocol = field_ref(&f, "protocol", NAMES_PROTOCOL, true);
    p->from = field_day(&f, "from", false);
    p->until = field_day(&f, "to", false);
    if (p->protocol != POLICY_NONE && p->from == POLICY_DAY_NONE)
        p->from = m->l.protocols[p->protocol].from;
    if (p->protocol != POLICY_NONE && p->until == POLICY_DAY_NONE)
        p->until = m->l.protocols[p->protocol].until;
    if (conf_child(f.group, "to"))
        field_order(&f, p->from, p->until);
    read_purpose_rules(&f, p);
}

int read_purposes(struct model *m)
{
    m->l.n_purposes = (uint16_t)m->names[NAMES_PURPOSE].n;
    m->l.purposes = calloc(m->l.n_purposes + 1u, sizeof(*m->l.purposes));
    if (!m->l.purposes)
        return -ENOMEM;
    for (uint16_t i = 0; i < m->l.n_purposes; i++)
        read_purpose(m, i);
    return 0;
}

static void read_holders(const struct field *f, struct lay_question *q)
{
    field_refuse(f, threshold_keys, "is for thresholds");
    q->all_parties = field_is(f, "holders", "all-parties");
    if (!q->all_parties)
        field_bits(f, "holders", NAMES_SECTOR, &q->sectors);
    if (!q->all_parties && !q->sectors)
        conf_fail(f->m->e, f->group,
                  "question \"%s\" has no holders: write holders = [\"a-sector\", ...]; or holders "
                  "= \"all-parties\";",
                  f->id);
    q->household = field_bool(f, "household", false);
    q->uses_homes = field_bool(f, "uses_homes", false);
    q->home_parameter = field_bool(f, "home_parameter", false);
    q->reveals_location = field_bool(f, "reveals_location", false);
    q->unknown_cannot_say = field_word(f, "unknown", unknowns, "no") == 1;
    q->look_back_days = (uint32_t)field_int(f, "look_back_days", 0, 36600, 0);
    q->stage = (uint8_t)field_int(f, "stage", 0, 1, 0);
    q->pin_days = (uint16_t)field_int(f, "pin_days", 0, 366, 0);
    if (q->home_parameter && q->household)
        conf_fail(f->m->e, f->group,
                  "question \"%s\" asks about a home of a person: household must be false", f->id);
    if (q->home_parameter && !q->reveals_location)
        conf_fail(f->m->e, f->group,
                  "question \"%s\" asks about a home: write reveals_location = true;", f->id);
}

static const char *const question_keys[] = { "id",
                                             "text",
                                             "kind",
                                             "holders",
                                             "purposes",
                                             "sensitive",
                                             "household",
                                             "uses_homes",
                                             "home_parameter",
                                             "reveals_location",
                                             "unknown",
                                             "look_back_days",
                                             "deadline_ms",
                                             "pin_days",
                                             "owner",
                                             "decision",
                                             "class",
                                             "data_class",
                                             "scope",
                                             "levels",
                                             "min_agencies",
                                             "window_days",
                                             "categories",
                                             "independent",
                                             "own_concerns",
                                             "contributors",
                                             "bypass",
                                             "decide_role",
                                             "decide_hours",
                                             "note",
                                             "of",
                                             "threshold",
                                             "stage",
                                             NULL };

static void read_question(struct model *m, uint16_t i)
{
    static const char *const others[] = { "holders", "uses_homes", "home_parameter", NULL };
    static const char *const composite_only[] = { "of", "threshold", NULL };
    static const char *const holders_only[] = { "pin_days", "stage", NULL };
    struct field f = field_of(m, NAMES_QUESTION, i);
    struct lay_question *q = &m->l.questions[i];
    uint16_t data_class;

    conf_only(f.group, m->e, question_keys);
    q->id = f.id;
    q->wording = field_text(&f, "text", NULL);
    q->owner = field_text(&f, "owner", NULL);
    q->decision = field_text(&f, "decision", NULL);
    (void)field_text(&f, "note", "");
    q->kind = field_word(&f, "kind", question_kinds, "holders");
    q->sensitive = field_bool(&f, "sensitive", false);
    q->deadline_ms = (uint32_t)field_int(&f, "deadline_ms", 0, 86400000, 0);
    q->closed_class = field_ref(&f, "class", NAMES_CLASS, false) != POLICY_NONE;
    data_class = field_ref(&f, "data_class", NAMES_DATA_CLASS, false);
    q->data_class = data_class == POLICY_NONE ? 0 : (uint8_t)(data_class + 1);
    field_bits(&f, "purposes", NAMES_PURPOSE, q->purposes);
    if (q->kind != QUESTION_COMPOSITE)
        field_refuse(&f, composite_only, "is for composites");
    if (q->kind != QUESTION_HOLDERS)
        field_refuse(&f, holders_only, "is for questions that holders answer");
    if (q->kind == QUESTION_HOLDERS) {
        read_holders(&f, q);
    } else if (q->kind == QUESTION_COMPOSITE) {
        read_composite(&f, q);
    } else if (q->kind == QUESTION_THRESHOLD) {
        read_threshold(&f, q);
    } else {
        field_refuse(&f, others, "does not belong to a referral's state");
        field_refuse(&f, threshold_keys, "does not belong to a referral's state");
        q->household =
            true; /* a referral may be about a household; who may ask is settled by its parties */
    }
}

int read_questions(struct model *m)
{
    m->l.n_questions = (uint16_t)m->names[NAMES_QUESTION].n;
    m->l.questions = calloc(m->l.n_questions + 1u, sizeof(*m->l.questions));
    if (!m->l.questions)
        return -ENOMEM;
    for (uint16_t i = 0; i < m->l.n_questions; i++)
        read_question(m, i);
    return 0;
}

static void read_capacity(struct model *m, const struct conf_node *n, bool seen[])
{
    static const char *const known[] = { "capacity", "able", "from_age", "before_age", NULL };
    struct field f = { .m = m, .group = n, .noun = "consent", .id = "capacity" };
    struct policy_capacity *c;
    uint8_t which;

    if (conf_type_of(n) != CONF_GROUP) {
        conf_fail(m->e, n,
                  "a capacity is written as { capacity = \"parent\"; able = true; from_age = 0; "
                  "before_age = 16; }");
        return;
    }
    conf_only(n, m->e, known);
    which = field_word(&f, "capacity", capacities, NULL);
    if (seen[which])
        conf_fail(m->e, n, "consent: this capacity is declared twice");
    seen[which] = true;
    c = &m->l.consent.capacities[which];
    c->able = field_bool(&f, "able", false);
    c->from_age = (uint8_t)field_int(&f, "from_age", 0, 120, 0);
    c->before_age = (uint8_t)field_int(&f, "before_age", 0, 120, 0);
    if (c->before_age && c->before_age <= c->from_age)
        conf_fail(m->e, n, "consent: before_age must be greater than from_age");
}

static void read_wording(struct model *m, const struct conf_node *n)
{
    static const char *const known[] = { "id", "from", "to", NULL };
    struct field f = { .m = m, .group = n, .noun = "consent", .id = "wording" };
    struct lay_wording w;

    if (conf_type_of(n) != CONF_GROUP) {
        conf_fail(m->e, n, "a wording is written as { id = \"2026-1\"; from = \"2026-01-01\"; }");
        return;
    }
    conf_only(n, m->e, known);
    w.id = field_text(&f, "id", NULL);
    w.from = field_day(&f, "from", true);
    w.until = field_day(&f, "to", false);
    field_order(&f, w.from, w.until);
    if (*w.id && !layout_id_valid(w.id, LAYOUT_ID_MAX))
        conf_fail(m->e, conf_child(n, "id"),
                  "a wording's id must be of a-z, 0-9, '.', '_' and '-'");
    for (uint16_t i = 0; i < m->l.n_wordings; i++)
        if (strcmp(m->l.wordings[i].id, w.id) == 0)
            conf_fail(m->e, n, "wording \"%s\" is declared twice", w.id);
    if (m->l.n_wordings == LAYOUT_WORDINGS_MAX)
        conf_fail(m->e, n, "at most %d wordings", LAYOUT_WORDINGS_MAX);
    else
        m->l.wordings[m->l.n_wordings++] = w;
}

static int by_wording(const void *a, const void *b)
{
    const struct lay_wording *x = a, *y = b;

    return strcmp(x->id, y->id);
}

static void read_wordings(const struct field *f)
{
    const struct conf_node *list = field_list(f, "wordings");

    for (size_t i = 0; list && i < conf_len(list); i++)
        read_wording(f->m, conf_at(list, i));
    if (list && conf_len(list) == 0)
        conf_fail(
            f->m->e, list,
            "consent: an empty list of wordings would approve any: leave it out, or list one");
    if (f->m->l.n_wordings)
        qsort(f->m->l.wordings, f->m->l.n_wordings, sizeof(f->m->l.wordings[0]), by_wording);
}

void read_consent(struct model *m)
{
    static const char *const known[] = { "capacities", "grace_days", "wordings", "witness_verbal",
                                         NULL };
    struct field f = { .m = m, .group = m->consent, .noun = "consent", .id = "rules" };
    const struct conf_node *list;
    bool seen[POLICY_CAPACITIES] = { false };

    if (!m->consent)
        return; /* nobody is able: every purpose that needs consent refuses, which checks.c reports
                 */
    conf_only(f.group, m->e, known);
    m->l.consent.grace_days = (uint16_t)field_int(&f, "grace_days", 0, 366, 0);
    m->l.consent.witness_verbal = field_bool(&f, "witness_verbal", false);
    list = field_list(&f, "capacities");
    for (size_t i = 0; list && i < conf_len(list); i++)
        read_capacity(m, conf_at(list, i), seen);
    read_wordings(&f);
}

void read_shields(struct model *m)
{
    static const char *const known[] = { "owners", NULL };
    struct field f = { .m = m, .group = m->shields, .noun = "shields", .id = "rules" };

    if (!m->shields)
        return;
    conf_only(f.group, m->e, known);
    field_bits(&f, "owners", NAMES_SECTOR, &m->l.shield_owners);
}
