/* SPDX-License-Identifier: Apache-2.0 */
/* oversight.c - the groups witnesses and office_hours. */
#include "engine/oversight.h"
#include "compile/fields.h"
#include <string.h>

static const struct word weekdays[] = { { "mon", 0 }, { "tue", 1 }, { "wed", 2 }, { "thu", 3 },
                                        { "fri", 4 }, { "sat", 5 }, { "sun", 6 }, { NULL, 0 } };

static bool takes_part(const struct layout *l, uint16_t agency)
{
    uint16_t organisation = l->agencies[agency].organisation;

    if (l->tokens.keyholder == agency)
        return true; /* party to nothing, and a good witness */
    for (uint16_t i = 0; i < l->n_protocols; i++)
        for (uint16_t k = 0; k < l->protocols[i].n_parties; k++)
            if (l->protocols[i].parties[k].agency == agency ||
                l->protocols[i].parties[k].agency == organisation)
                return true;
    return false;
}

/* Sorted, so that the same policy gives the same bytes. */
static void add_witness(const struct field *f, const struct conf_node *at, uint16_t agency)
{
    struct policy_witnesses *w = &f->m->l.witnesses;
    uint8_t i = w->n;

    if (!takes_part(&f->m->l, agency))
        conf_fail(f->m->e, at, "witnesses: \"%s\" is a party of no protocol",
                  f->m->l.agencies[agency].id);
    for (; i > 0 && w->agencies[i - 1] > agency; i--)
        w->agencies[i] = w->agencies[i - 1];
    w->agencies[i] = agency;
    w->n++;
    if (i > 0 && w->agencies[i - 1] == agency)
        conf_fail(f->m->e, at, "witnesses: \"%s\" is listed twice", f->m->l.agencies[agency].id);
}

void read_witnesses(struct model *m)
{
    static const char *const known[] = { "agencies", "need", "outage_hours", "every_seconds",
                                         NULL };
    struct field f = { .m = m, .group = m->witnesses, .noun = "witnesses", .id = "rules" };
    struct policy_witnesses *w = &m->l.witnesses;
    uint16_t named[POLICY_WITNESSES_MAX], n;
    const struct conf_node *list;

    *w = witnesses_usual;
    if (!m->witnesses)
        return;
    conf_only(f.group, m->e, known);
    n = field_refs(&f, "agencies", NAMES_AGENCY, named, POLICY_WITNESSES_MAX);
    list = field_list(&f, "agencies");
    if (!list || conf_len(list) == 0)
        conf_fail(
            m->e, f.group,
            "witnesses: agencies is missing: write agencies = [ \"...\" ]; or leave the group "
            "out");
    for (uint16_t i = 0; i < n && m->l.agencies; i++)
        add_witness(&f, list, named[i]);
    w->need = (uint8_t)field_int(&f, "need", 1, POLICY_WITNESSES_MAX, 1);
    if (n && w->need > n)
        conf_fail(m->e, conf_child(f.group, "need") ? conf_child(f.group, "need") : f.group,
                  "witnesses: %u signatures are needed, and there are %u witnesses: sharing would "
                  "stop for good",
                  (unsigned)w->need, (unsigned)n);
    w->outage_hours = (uint16_t)field_int(&f, "outage_hours", 1, WITNESS_OUTAGE_MOST_HOURS,
                                          witnesses_usual.outage_hours);
    w->every_s =
        (uint16_t)field_int(&f, "every_seconds", 1, WITNESS_EVERY_MOST_S, witnesses_usual.every_s);
}

static bool digits(const char *text)
{
    return text[0] >= '0' && text[0] <= '9' && text[1] >= '0' && text[1] <= '9';
}

static uint16_t read_time(const struct field *f, const char *key, uint16_t fallback)
{
    const struct conf_node *n = conf_child(f->group, key);
    const char *text = NULL;
    unsigned hours, minutes;

    if (!n || !conf_string(n, f->m->e, &text))
        return fallback;
    if (strlen(text) == 5 && text[2] == ':' && digits(text) && digits(text + 3)) {
        hours = (unsigned)(text[0] - '0') * 10 + (unsigned)(text[1] - '0');
        minutes = (unsigned)(text[3] - '0') * 10 + (unsigned)(text[4] - '0');
        if (minutes < 60 && hours * 60 + minutes <= DAY_MINUTES)
            return (uint16_t)(hours * 60 + minutes);
    }
    conf_fail(f->m->e, n, "office_hours: %s must be a time of day, as \"08:30\"", key);
    return fallback;
}

void read_office_hours(struct model *m)
{
    static const char *const known[] = { "from", "until", "days", NULL };
    struct field f = { .m = m, .group = m->office_hours, .noun = "office_hours", .id = "rules" };
    struct policy_office_hours *o = &m->l.office_hours;

    *o = office_hours_usual;
    if (!m->office_hours)
        return;
    conf_only(f.group, m->e, known);
    o->from_min = read_time(&f, "from", office_hours_usual.from_min);
    o->until_min = read_time(&f, "until", office_hours_usual.until_min);
    if (o->from_min >= o->until_min)
        conf_fail(m->e, f.group, "office_hours: until is not after from");
    if (!conf_child(f.group, "days"))
        return;
    o->days = (uint8_t)field_words(&f, "days", weekdays);
    if (!o->days && field_list(&f, "days") && conf_len(field_list(&f, "days")) == 0)
        conf_fail(m->e, f.group,
                  "office_hours: days names no day; leave it out for Monday to Friday");
}
