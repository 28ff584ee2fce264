/* SPDX-License-Identifier: Apache-2.0 */
/* override.c - the group overrides: what may be asked without consent, by whom approved, for how
 * long. Without the group nothing may. */
#include "compile/fields.h"
#include <string.h>

#define HOURS_MAX 168

static const struct word reasons[] = {
    { "no-consent", REASON_NO_CONSENT },
    { "consent-refused", REASON_CONSENT_REFUSED },
    { "consent-withdrawn", REASON_CONSENT_WITHDRAWN },
    { "consent-expired", REASON_CONSENT_EXPIRED },
    { "consent-invalid", REASON_CONSENT_INVALID },
    { "consent-scope", REASON_CONSENT_SCOPE },
    { NULL, 0 },
};
static const struct word approvers[] = {
    { "hubs", APPROVER_HUBS },
    { "holders", APPROVER_HOLDERS },
    { NULL, 0 },
};

static const struct word *word_of(const struct word *words, const char *text)
{
    while (words->word && strcmp(words->word, text) != 0)
        words++;
    return words->word ? words : NULL;
}

/* A list of words of a closed list, each once. Return: their values as bits (shift) or or-ed. */
static uint32_t read_words(const struct field *f, const char *key, const struct word *words,
                           bool shift)
{
    const struct conf_node *list = field_list(f, key);
    uint32_t out = 0;

    if (!list)
        conf_fail(f->m->e, f->group, "overrides: %s is missing", key);
    for (size_t i = 0; list && i < conf_len(list); i++) {
        const struct conf_node *n = conf_at(list, i);
        const char *text = NULL;
        const struct word *w;

        if (!conf_string(n, f->m->e, &text))
            continue;
        w = word_of(words, text);
        if (!w)
            conf_fail(f->m->e, n, "overrides: %s: \"%.63s\" is none of its words, such as \"%s\"",
                      key, text, words[0].word);
        else
            out |= shift ? UINT32_C(1) << w->value : w->value;
    }
    return out;
}

static void check_purposes(struct model *m, const struct conf_node *at)
{
    const struct policy_override_rules *o = &m->l.overrides;

    for (uint16_t i = 0; i < m->l.n_purposes; i++) {
        uint64_t mask = UINT64_C(1) << (i % 64);
        bool listed = (o->purposes[i / 64] & mask) != 0;
        const char *id = m->l.purposes[i].id;

        if (listed && !m->l.purposes[i].consent)
            conf_fail(m->e, at,
                      "overrides: purpose \"%s\" does not rest on consent: there is nothing to "
                      "override",
                      id);
        if (!listed && ((o->alone[i / 64] | o->past_sensitive[i / 64]) & mask))
            conf_fail(m->e, at, "overrides: purpose \"%s\" is not among its purposes", id);
    }
}

static void check_gateways(struct model *m, const struct conf_node *at)
{
    for (uint16_t i = 0; i < m->l.n_gateways; i++)
        if (((m->l.overrides.gateways[i / 64] >> (i % 64)) & 1) &&
            m->l.gateways[i].kind == GATEWAY_CONSENT)
            conf_fail(m->e, at,
                      "overrides: gateway \"%s\" is a consent: an override rests on a duty or a "
                      "power",
                      m->l.gateways[i].id);
}

void read_overrides(struct model *m)
{
    static const char *const known[] = {
        "purposes",     "gateways",         "reasons", "most_hours",     "approvers",
        "review_hours", "unreviewed_limit", "alone",   "past_sensitive", NULL
    };
    struct policy_override_rules *o = &m->l.overrides;
    struct field f = { .m = m, .group = m->overrides, .noun = "overrides", .id = "rules" };

    if (!m->overrides)
        return;
    conf_only(f.group, m->e, known);
    if (!field_bits(&f, "purposes", NAMES_PURPOSE, o->purposes))
        conf_fail(m->e, f.group, "overrides: purposes is missing");
    if (!field_bits(&f, "gateways", NAMES_GATEWAY, o->gateways))
        conf_fail(m->e, f.group, "overrides: gateways is missing");
    (void)field_bits(&f, "alone", NAMES_PURPOSE, o->alone);
    (void)field_bits(&f, "past_sensitive", NAMES_PURPOSE, o->past_sensitive);
    o->reasons = read_words(&f, "reasons", reasons, true);
    o->approvers = (uint8_t)read_words(&f, "approvers", approvers, false);
    o->most_hours = (uint16_t)field_int(&f, "most_hours", 1, HOURS_MAX, 72);
    o->review_hours = (uint16_t)field_int(&f, "review_hours", 1, 744, HOURS_MAX);
    o->unreviewed_limit = (uint16_t)field_int(&f, "unreviewed_limit", 1, 100, 1);
    check_purposes(m, f.group);
    check_gateways(m, f.group);
}
