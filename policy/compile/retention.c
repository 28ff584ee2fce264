/* SPDX-License-Identifier: Apache-2.0 */
/* retention.c - the group retention: how long each class of record is kept. There is no word for
 * "for ever": a class has a number of days or years, or the usual one. */
#include "compile/fields.h"
#include "engine/oversight.h"
#include <string.h>

#define YEARS_MOST 100

static const struct word classes[] = { { "decisions", RETENTION_DECISIONS },
                                       { "consents", RETENTION_CONSENTS },
                                       { "shields", RETENTION_SHIELDS },
                                       { "concerns", RETENTION_CONCERNS },
                                       { "referrals", RETENTION_REFERRALS },
                                       { "overrides", RETENTION_OVERRIDES },
                                       { "officers", RETENTION_OFFICERS },
                                       { "other", RETENTION_OTHER },
                                       { NULL, 0 } };
static const struct word parts[] = { { "at-risk", CONCERN_AT_RISK },
                                     { "alleged", CONCERN_ALLEGED },
                                     { NULL, 0 } };
static const struct word outcomes[] = { { "founded", CONCERN_FOUNDED },
                                        { "unfounded", CONCERN_UNFOUNDED },
                                        { NULL, 0 } };

static const char *word_for(const struct word *words, uint8_t value)
{
    while (words->word && words->value != value)
        words++;
    return words->word ? words->word : "any";
}

static bool is_text(const struct conf_node *n)
{
    return n && conf_type_of(n) == CONF_STRING;
}

/* Years are counted as 365.25 days each, rounded up, so that none by the calendar are longer. */
static uint32_t read_length(const struct field *f, uint8_t class)
{
    const struct conf_node *days = conf_child(f->group, "days"),
                           *years = conf_child(f->group, "years");
    int64_t least = class == RETENTION_CONCERNS ? 0 : 1;

    if (is_text(days) || is_text(years)) {
        conf_fail(f->m->e, is_text(days) ? days : years,
                  "retention \"%s\": nothing is kept for ever, or until somebody says: write a "
                  "number of days or years, at most %d years",
                  f->id, YEARS_MOST);
        return 1;
    }
    if (!days == !years) {
        conf_fail(f->m->e, f->group, "retention \"%s\": write days or years, one of the two",
                  f->id);
        return 1;
    }
    if (days)
        return (uint32_t)field_int(f, "days", least, RETENTION_DAYS_MOST, least);
    return (uint32_t)((field_int(f, "years", 1, YEARS_MOST, 1) * 1461 + 3) / 4);
}

static uint8_t of_concerns(const struct field *f, const char *key, const struct word *words,
                           uint8_t class)
{
    const struct conf_node *n = conf_child(f->group, key);

    if (!n)
        return 0;
    if (class != RETENTION_CONCERNS) {
        conf_fail(f->m->e, n, "retention \"%s\": %s is for concerns alone", f->id, key);
        return 0;
    }
    return field_word(f, key, words, NULL);
}

/* The usual clock of a class gives way; one that was written does not. */
static void set_clock(const struct field *f, const struct policy_clock *c, uint8_t *written)
{
    struct policy_retention *r = &f->m->l.retention;
    bool usual = !c->part && !c->outcome && !((*written >> (c->class - 1)) & 1);

    for (uint8_t i = 0; i < r->n; i++) {
        struct policy_clock *at = &r->clocks[i];

        if (at->class != c->class || at->part != c->part || at->outcome != c->outcome)
            continue;
        if (!usual)
            conf_fail(f->m->e, f->group,
                      "retention \"%s\": part %s and outcome %s are listed twice", f->id,
                      word_for(parts, c->part), word_for(outcomes, c->outcome));
        at->days = c->days;
        *written |= (uint8_t)(1u << (c->class - 1));
        return;
    }
    if (r->n < POLICY_CLOCKS_MAX)
        r->clocks[r->n++] = *c;
}

static void read_clock(struct model *m, const struct conf_node *n, uint8_t *written)
{
    static const char *const known[] = { "class", "part", "outcome", "days", "years", NULL };
    struct field f = { .m = m, .group = n, .noun = "class of", .id = "retention" };
    struct policy_clock c = { .class = 0 };

    if (conf_type_of(n) != CONF_GROUP) {
        conf_fail(m->e, n, "a class is written as { class = \"decisions\"; years = 6; }");
        return;
    }
    conf_only(n, m->e, known);
    c.class = field_word(&f, "class", classes, NULL);
    f.noun = "retention";
    f.id = word_for(classes, c.class);
    c.part = of_concerns(&f, "part", parts, c.class);
    c.outcome = of_concerns(&f, "outcome", outcomes, c.class);
    c.days = read_length(&f, c.class);
    set_clock(&f, &c, written);
}

void read_retention(struct model *m)
{
    static const char *const known[] = { "classes", "backup_days", "receipts_days", NULL };
    struct field f = { .m = m, .group = m->retention, .noun = "retention", .id = "rules" };
    struct policy_retention *r = &m->l.retention;
    const struct conf_node *list;
    uint8_t written = 0, part, outcome;

    *r = retention_usual;
    if (!m->retention)
        return;
    conf_only(f.group, m->e, known);
    list = field_list(&f, "classes");
    for (size_t i = 0; list && i < conf_len(list); i++)
        read_clock(m, conf_at(list, i), &written);
    r->backup_days = (uint16_t)field_int(&f, "backup_days", 1, RETENTION_BACKUP_MOST,
                                         retention_usual.backup_days);
    r->receipts_days = (uint16_t)field_int(&f, "receipts_days", RETENTION_RECEIPTS_LEAST,
                                           RETENTION_RECEIPTS_MOST, retention_usual.receipts_days);
    retention_sort(r);
    if (retention_torn(r, &part, &outcome))
        conf_fail(m->e, list,
                  "retention \"concerns\": part \"%s\" and outcome \"%s\" each have a clock, and a "
                  "concern may be both: write one for the two together",
                  word_for(parts, part), word_for(outcomes, outcome));
}
