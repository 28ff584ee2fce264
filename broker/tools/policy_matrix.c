/* SPDX-License-Identifier: Apache-2.0 */
/* policy_matrix.c - `almoner policy matrix`: every cell, as lines, CSV or JSON; and what lines are
 * in JSON, for the other commands. */
#include "analyse/words.h"
#include "base/civil.h"
#include "bundles.h"
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#define LINE_MAX (1u << 20) /* bytes of one line in words */

static const char *const axis_names[AXIS_COUNT] = {
    [AXIS_PURPOSE] = "purposes",
    [AXIS_DAY] = "days",
    [AXIS_AGENCY] = "agencies",
    [AXIS_ROLE] = "roles",
    [AXIS_ASKED] = "asked",
    [AXIS_SUBJECT] = "subjects",
    [AXIS_RELATION] = "relationships",
    [AXIS_STATED] = "stated",
    [AXIS_RECORD] = "shields",
    [AXIS_CONSENT] = "consents",
    [AXIS_OVERRIDE] = "overrides",
};

json_t *json_buf(const struct buf *b)
{
    return json_stringn((const char *)b->data, b->len);
}

static void day_json(json_t *o, const char *key, int32_t day)
{
    char text[CIVIL_TEXT];

    civil_format(day == POLICY_DAY_NONE ? CIVIL_NONE : day, text);
    (void)json_object_set_new(o, key, day == POLICY_DAY_NONE ? json_null() : json_string(text));
}

static json_t *json_days(const struct matrix *m, const struct line *l)
{
    const struct axis_values *v = &m->d->axis[AXIS_DAY];
    json_t *list = json_array();

    for (uint16_t i = 0, last; i < v->n; i = (uint16_t)(last + 1)) {
        json_t *o;
        int32_t from, until, none;

        last = i;
        if (!sets_has(&m->sets[AXIS_DAY], l->set[AXIS_DAY], i))
            continue;
        while (last + 1 < v->n &&
               sets_has(&m->sets[AXIS_DAY], l->set[AXIS_DAY], (uint16_t)(last + 1)))
            last++;
        domain_interval(m->d, v->codes[i], &from, &none);
        domain_interval(m->d, v->codes[last], &none, &until);
        o = json_object();
        day_json(o, "from", from);
        day_json(o, "to", until);
        (void)json_array_append_new(list, o);
    }
    return list;
}

json_t *json_line(const struct matrix *m, const struct line *l)
{
    json_t *o = json_object();

    for (size_t a = 0; a < AXIS_COUNT; a++) {
        const struct axis_values *v = &m->d->axis[a];
        json_t *list = a == AXIS_DAY ? json_days(m, l) : json_array();
        bool all = a != AXIS_DAY && sets_count(&m->sets[a], l->set[a]) == v->n;

        if (all)
            (void)json_array_append_new(list, json_string("*"));
        for (uint16_t i = 0; a != AXIS_DAY && !all && i < v->n; i++)
            if (sets_has(&m->sets[a], l->set[a], i))
                (void)json_array_append_new(list,
                                            json_string(words_id(m->d, (enum axis)a, v->codes[i])));
        (void)json_object_set_new(o, axis_names[a], list);
    }
    (void)json_object_set_new(o, "cells", json_real(matrix_cells(m, l)));
    return o;
}

json_t *json_value(const struct domain *d, const struct value *v)
{
    static const char *const tellings[] = { "", "reason", "no-consent-line", "hidden" };
    static const char *const bases[] = { "", "duty", "consent", "power", "override" };
    json_t *named = json_array(), *masked = json_array();

    for (uint16_t i = 0; i < v->n; i++)
        (void)json_array_append_new(v->seen[i].visibility == HOLDER_MASKED ? masked : named,
                                    json_string(d->agencies.id[v->seen[i].agency]));
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:b, s:b}", "outcome",
                     v->outcome == OUTCOME_PERMIT ? "permitted" : "refused", "reason",
                     v->outcome == OUTCOME_PERMIT ? "" : reason_word((enum reason)v->reason),
                     "told", v->telling < ALM_LEN(tellings) ? tellings[v->telling] : "", "basis",
                     v->basis < ALM_LEN(bases) ? bases[v->basis] : "", "asks", named, "masked",
                     masked, "less_own", v->but_own, "broker_answers", v->broker);
}

json_t *json_cell(const struct domain *d, const struct cell *c)
{
    char day[CIVIL_TEXT];
    json_t *o = json_object();

    civil_format(d->on[domain_code(d, AXIS_DAY, c)], day);
    for (size_t a = 0; a < AXIS_COUNT; a++) {
        static const char *const names[AXIS_COUNT] = { "purpose",      "day",     "agency",
                                                       "role",         "asked",   "subject",
                                                       "relationship", "stated",  "shield",
                                                       "consent",      "override" };

        (void)json_object_set_new(
            o, names[a],
            json_string(
                a == AXIS_DAY ? day : words_id(d, (enum axis)a, domain_code(d, (enum axis)a, c))));
    }
    return o;
}

/* --- as JSON and CSV --- */

/* What "*" stands for on each axis. */
static json_t *json_domain(const struct domain *d)
{
    json_t *o = json_object();

    for (size_t a = 0; a < AXIS_COUNT; a++) {
        json_t *list = json_array();
        char day[CIVIL_TEXT];

        for (uint16_t i = 0; i < d->axis[a].n; i++) {
            if (a == AXIS_DAY)
                civil_format(d->days[d->axis[a].codes[i]], day);
            (void)json_array_append_new(
                list,
                json_string(a == AXIS_DAY ? day : words_id(d, (enum axis)a, d->axis[a].codes[i])));
        }
        (void)json_object_set_new(o, axis_names[a], list);
    }
    return o;
}

static json_t *matrix_json(const struct compiled *c, const struct matrix *m)
{
    json_t *lines = json_array();

    for (size_t i = 0; i < m->n; i++) {
        json_t *o = json_line(m, &m->lines[i]);

        (void)json_object_update_missing_new(o,
                                             json_value(m->d, &m->values.at[m->lines[i].value[0]]));
        (void)json_array_append_new(lines, o);
    }
    return json_pack("{s:b, s:s, s:s, s:f, s:I, s:o, s:o}", "ok", 1, "name", bundle_name(c->bundle),
                     "hash", c->hash, "cells", domain_cells(m->d), "decisions",
                     (json_int_t)m->n_decided, "domain", json_domain(m->d), "lines", lines);
}

static void csv_cell(const json_t *v)
{
    const char *between = "";
    json_t *item;
    size_t i;

    (void)fputs(",\"", stdout);
    json_array_foreach(v, i, item)
    {
        const char *from = json_string_value(json_object_get(item, "from")),
                   *to = json_string_value(json_object_get(item, "to"));

        if (json_is_string(item))
            (void)printf("%s%s", between, json_string_value(item));
        else
            (void)printf("%s%s..%s", between, from ? from : "", to ? to : "");
        between = " ";
    }
    (void)fputs("\"", stdout);
}

/* Ids have no comma, quote or blank, so a cell of them needs no more than quotes around it. */
static void matrix_csv(const struct matrix *m)
{
    static const char *const ends[] = { "outcome", "reason", "told", "basis" };

    (void)fputs("line", stdout);
    for (size_t a = 0; a < AXIS_COUNT; a++)
        (void)printf(",%s", axis_names[a]);
    (void)fputs(",outcome,reason,told,basis,asks,masked,less_own\n", stdout);
    for (size_t i = 0; i < m->n; i++) {
        json_t *o = json_line(m, &m->lines[i]),
               *v = json_value(m->d, &m->values.at[m->lines[i].value[0]]);

        (void)printf("%zu", i + 1);
        for (size_t a = 0; a < AXIS_COUNT; a++)
            csv_cell(json_object_get(o, axis_names[a]));
        for (size_t k = 0; k < ALM_LEN(ends); k++)
            (void)printf(",%s", json_string_value(json_object_get(v, ends[k])));
        csv_cell(json_object_get(v, "asks"));
        csv_cell(json_object_get(v, "masked"));
        (void)printf(",%s\n", json_is_true(json_object_get(v, "less_own")) ? "yes" : "no");
        json_decref(o);
        json_decref(v);
    }
}

/* --- for people --- */

static int matrix_print(const struct officer_session *s, const struct compiled *c,
                        const struct matrix *m)
{
    ALM_CLEANUP(buf_deinit) struct buf text = { 0 };
    const char *purpose = "";

    buf_init(&text, LINE_MAX);
    (void)printf("%s, hash %s\n%.0f cells in %zu lines; each cell is in exactly one\n",
                 bundle_name(c->bundle), c->hash, domain_cells(m->d), m->n);
    for (size_t i = 0; i < m->n; i++) {
        struct cell first = matrix_first(m, &m->lines[i]);
        const char *now = words_id(m->d, AXIS_PURPOSE, domain_code(m->d, AXIS_PURPOSE, &first));

        if (strcmp(now, purpose) != 0)
            (void)printf("\n== %s ==\n", purpose = now);
        buf_reset(&text);
        words_request(m, &m->lines[i], &text);
        buf_printf(&text, ": ");
        words_value(m->d, &m->values.at[m->lines[i].value[0]], &text);
        if (buf_status(&text))
            return officer_fail(s, EX_SOFTWARE, "a line is too long to print; use --csv");
        (void)printf("%5zu  %.*s.\n", i + 1, (int)text.len, (const char *)text.data);
    }
    return 0;
}

int command_policy_matrix(struct officer_session *s)
{
    ALM_CLEANUP(compiled_deinit) struct compiled c = { .bundle = NULL };
    ALM_CLEANUP(domain_freep) struct domain *d = NULL;
    ALM_CLEANUP(matrix_freep) struct matrix *m = NULL;
    int rc;

    if (s->args->csv && s->args->json)
        return officer_fail(s, EX_USAGE, "give --csv or --json, not both");
    rc = policy_open_operand(s, 2, &c);
    if (!rc)
        rc = policy_domain(s, c.bundle, NULL, &d);
    if (!rc)
        rc = policy_matrix(s, d, &m);
    if (rc)
        return rc;
    if (s->args->csv) {
        matrix_csv(m);
    } else if (s->args->json) {
        json_t *o = matrix_json(&c, m);

        print_json(o);
        json_decref(o);
    } else {
        rc = matrix_print(s, &c, m);
    }
    return rc;
}
