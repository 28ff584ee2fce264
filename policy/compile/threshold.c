/* SPDX-License-Identifier: Apache-2.0 */
/* threshold.c - a question that the broker answers from lodged concerns: how many organisations,
 * which concerns, and what a hub may see when it fires. */
#include "compile/fields.h"
#include "engine/casework.h"

#define LOW_LEVELS 3 /* low and medium: one of these alone tells nothing yet */

static const struct word scopes[] = { { "person", 0 }, { "household", 1 }, { NULL, 0 } };
static const struct word levels[] = {
    { "low", 0 }, { "medium", 1 }, { "high", 2 }, { "critical", 3 }, { NULL, 0 }
};
static const struct word bypasses[] = {
    { "none", 0 }, { "high", 3 }, { "critical", 4 }, { NULL, 0 }
};
static const struct word own[] = { { "leave-out", 0 }, { "count", 1 }, { NULL, 0 } };
static const struct word shown[] = { { "named", 1 }, { "hidden", 0 }, { NULL, 0 } };

const char *const threshold_keys[] = { "scope",      "levels",      "min_agencies", "window_days",
                                       "categories", "independent", "own_concerns", "contributors",
                                       "bypass",     "decide_role", "decide_hours", NULL };

/* "more than 2 or 3 separate agencies" (the Leicestershire report): one agency's low concern is its
 * own business. */
static void check_numbers(const struct field *f, const struct policy_threshold *t)
{
    if (t->min_agencies == 1 && (t->levels & LOW_LEVELS))
        conf_fail(f->m->e, conf_child(f->group, "min_agencies"),
                  "question \"%s\": min_agencies is at least 2 unless levels are only high and "
                  "critical",
                  f->id);
    if (t->min_agencies > 1 && t->window_days == 0)
        conf_fail(f->m->e, conf_child(f->group, "window_days"),
                  "question \"%s\": window_days must be at least 1 where several agencies count",
                  f->id);
    if (t->min_agencies > f->m->l.n_agencies)
        conf_fail(f->m->e, conf_child(f->group, "min_agencies"),
                  "question \"%s\": there are only %u agencies", f->id,
                  (unsigned)f->m->l.n_agencies);
}

/* A concern that bypasses must be one that the rule reads at all. */
static void check_bypass(const struct field *f, const struct policy_threshold *t)
{
    for (uint8_t s = t->bypass; s && s <= 4; s++)
        if (!((t->levels >> (s - 1)) & 1))
            conf_fail(f->m->e, conf_child(f->group, "bypass"),
                      "question \"%s\": bypass \"%s\" needs \"%s\" among its levels", f->id,
                      levels[t->bypass - 1].word, levels[s - 1].word);
}

void read_threshold(const struct field *f, struct lay_question *q)
{
    static const char *const holders_only[] = { "holders",        "uses_homes", "home_parameter",
                                                "look_back_days", "unknown",    NULL };
    struct policy_threshold *t = &q->threshold;

    field_refuse(f, holders_only, "is for questions that holders answer");
    t->household = field_word(f, "scope", scopes, NULL) == 1;
    t->min_agencies =
        (uint16_t)field_int(f, "min_agencies", 1, POLICY_AGENCIES_MAX, FIELD_REQUIRED);
    t->window_days = (uint16_t)field_int(f, "window_days", 0, 3660, FIELD_REQUIRED);
    t->levels = (uint8_t)field_words(f, "levels", levels);
    if (!t->levels)
        conf_fail(f->m->e, f->group, "question \"%s\": a threshold needs levels = [\"low\", ...]",
                  f->id);
    (void)field_bits(f, "categories", NAMES_CATEGORY, &t->categories);
    if (!conf_child(f->group, "categories"))
        t->categories = CASEWORK_ALL_CATEGORIES;
    else if (!t->categories)
        conf_fail(f->m->e, conf_child(f->group, "categories"),
                  "question \"%s\": categories is empty: leave it out for all of them", f->id);
    t->independent = field_bool(f, "independent", true);
    t->own_count = field_word(f, "own_concerns", own, "leave-out") == 1;
    t->named = field_word(f, "contributors", shown, "named") == 1;
    t->bypass = field_word(f, "bypass", bypasses, "none");
    t->decide_role = field_role(f, "decide_role");
    t->decide_hours = (uint16_t)field_int(f, "decide_hours", 1, 8784, 24);
    check_numbers(f, t);
    check_bypass(f, t);
    q->household =
        true; /* either may be asked about; a rule of the other scope has counted nothing there */
}
