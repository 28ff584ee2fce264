/* SPDX-License-Identifier: Apache-2.0 */
/* policy_replay.c - `almoner policy replay`: what a draft would have decided of the requests in the
 * log. Reads clear parts alone, so what was on file is taken as it fell: of all situations, those
 * that the policy of the day decides as recorded. */
#include "policy_replay.h"
#include "audit.h"
#include "base/civil.h"
#include "base/clock.h"
#include "policy_explain.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define PAGE_ROWS   100000 /* of one reading */
#define PROGRESS_MS 2000

struct past { /* a policy that rows name */
    struct compiled c;
    struct domain *d; /* with the draft: for the days at which either changes */
    bool missing;
};
struct group { /* requests alike in everything that the clear part holds, on like days */
    struct logged l;
    size_t past;
    uint64_t n;
};
struct replay {
    const struct officer_session *s;
    struct compiled draft;
    struct past *past;
    size_t n_past;
    struct group *groups;
    size_t n_groups, cap;
    json_t *index;             /* key -> position in groups */
    int64_t rows, next, other; /* rows read; the next leaf; rows that are no decision */
    struct tallies by_agency, by_purpose, by_gateway, all;
};

static void replay_deinit(struct replay *r)
{
    for (size_t i = 0; i < r->n_past; i++) {
        domain_freep(&r->past[i].d);
        compiled_deinit(&r->past[i].c);
    }
    free(r->past);
    free(r->groups);
    json_decref(r->index);
    compiled_deinit(&r->draft);
    tallies_deinit(&r->by_agency);
    tallies_deinit(&r->by_purpose);
    tallies_deinit(&r->by_gateway);
    tallies_deinit(&r->all);
}

/* --- reading --- */

static int past_open(struct replay *r, const char *hash, size_t *out)
{
    struct args quiet = *r->s->args;
    struct officer_session asking = *r->s;
    struct past *at;
    const char *unknown;

    for (size_t i = 0; i < r->n_past; i++)
        if (strcmp(r->past[i].c.hash, hash) == 0) {
            *out = i;
            return 0;
        }
    at = realloc(r->past, (r->n_past + 1) * sizeof(*at));
    if (!at)
        return officer_fail(r->s, EX_OSERR, "short of memory");
    r->past = at;
    at = &r->past[r->n_past];
    *at = (struct past){ .d = NULL };
    *out = r->n_past++;
    asking.args = &quiet;
    quiet.json = false; /* what is left out is no failure of the whole */
    if (policy_open(&asking, hash, &at->c)) {
        (void)fprintf(stderr, "almoner policy replay: decisions under policy %.64s are left out\n",
                      hash);
        compiled_deinit(&at->c);
        at->c = (struct compiled){ .bundle = NULL };
        (void)snprintf(at->c.hash, sizeof(at->c.hash), "%.64s", hash);
        at->missing = true;
        return 0;
    }
    return domain_new(at->c.bundle, r->draft.bundle, NULL, &at->d, &unknown)
               ? officer_fail(r->s, EX_OSERR, "short of memory")
               : 0;
}

static int group_add(struct replay *r, const char *key, const struct logged *l, size_t past)
{
    if (r->n_groups == r->cap) {
        size_t cap = r->cap ? 2 * r->cap : 256;
        struct group *groups = realloc(r->groups, cap * sizeof(*groups));

        if (!groups)
            return officer_fail(r->s, EX_OSERR, "short of memory");
        r->groups = groups;
        r->cap = cap;
    }
    if (json_object_set_new(r->index, key, json_integer((json_int_t)r->n_groups)))
        return officer_fail(r->s, EX_OSERR, "short of memory");
    r->groups[r->n_groups++] = (struct group){ .l = *l, .past = past, .n = 1 };
    return 0;
}

static int take_row(void *ctx, const json_t *row)
{
    struct replay *r = ctx;
    struct logged l;
    char key[512];
    json_t *at;
    size_t past = 0;
    int rc;

    r->rows++;
    r->next = json_integer_value(json_object_get(row, "leaf")) + 1;
    if (logged_read(row, &l)) {
        r->other++;
        return 0;
    }
    rc = past_open(r, l.policy, &past);
    if (rc)
        return rc;
    (void)snprintf(key, sizeof(key), "%s %s %s %s %s %s %d %d %zu %u", l.agency, l.role, l.purpose,
                   l.question, l.basis, l.reason, l.permitted, l.telling, past,
                   r->past[past].d ? domain_set_day(r->past[past].d, l.day) : 0u);
    at = json_object_get(r->index, key);
    if (!at)
        return group_add(r, key, &l, past);
    r->groups[json_integer_value(at)].n++;
    return 0;
}

static int check_day(const struct officer_session *s, const char *option, const char *day)
{
    int32_t d;

    if (day && civil_parse(day, &d))
        return officer_fail(s, EX_USAGE, "--%s: \"%.20s\" is not a day: YYYY-MM-DD", option, day);
    return 0;
}

static json_t *page_query(const struct replay *r)
{
    json_t *q = json_pack("{s:s, s:I, s:i}", "read", "tail", "from", (json_int_t)r->next, "count",
                          PAGE_ROWS);

    if (q && r->s->args->since)
        (void)json_object_set_new(q, "since", json_string(r->s->args->since));
    if (q && r->s->args->until)
        (void)json_object_set_new(q, "until", json_string(r->s->args->until));
    return q;
}

static int read_all(struct officer_session *s, struct replay *r)
{
    int64_t before;
    int rc;

    do {
        before = r->rows;
        rc = audit_read(s, page_query(r), 0, take_row, r, NULL);
    } while (!rc && r->rows - before == PAGE_ROWS);
    return rc;
}

/* --- deciding again --- */

static enum flip flip_of_line(const struct matrix *m, const struct line *l)
{
    struct seen seen[2][POLICY_AGENCIES_MAX];
    struct value v[2];

    for (size_t k = 0; k < 2; k++)
        value_for(m->d, &m->values.at[l->value[k]], k, m->d->axis[AXIS_AGENCY].codes[0], seen[k],
                  &v[k]);
    if (value_equal(&v[0], &v[1]))
        return FLIP_SAME;
    if (v[0].outcome == v[1].outcome)
        return FLIP_OTHER;
    return v[1].outcome == OUTCOME_PERMIT ? FLIP_PERMITTED : FLIP_REFUSED;
}

/* The strongest basis of the situations that fit: a record does not say which of a consent and an
 * override carried it, and an override is the rare one. */
static void strongest(const struct values *values, const struct line *l, uint8_t *basis)
{
    uint8_t here = values->at[l->value[0]].basis;

    if (!here)
        here = values->at[l->value[1]].basis;
    if (here && (!*basis || here < *basis))
        *basis = here;
}

/* What all situations that fit the record come to; FLIP_DEPENDS where they differ. */
static enum flip flip_of(const struct matrix *m, const struct recorded *recorded, uint8_t *basis)
{
    enum flip f = FLIP_NOT;

    for (size_t i = 0; i < m->n; i++) {
        enum flip here;

        if (!explain_fits(m, &m->lines[i], 0, recorded))
            continue;
        here = flip_of_line(m, &m->lines[i]);
        f = f == FLIP_NOT || f == here ? here : FLIP_DEPENDS;
        strongest(&m->values, &m->lines[i], basis);
    }
    return f;
}

/* The gateway claimed, else those in force of the kind that carried it. */
static void gateway_of(const struct bundle *b, const struct logged *l, uint8_t basis, char *out,
                       size_t size)
{
    uint16_t p = bundle_purpose(b, l->purpose);
    struct policy_terms t;
    size_t n = 0;

    (void)snprintf(out, size, "%s", l->basis[0] ? l->basis : basis ? "" : "(none)");
    if (l->basis[0] || !basis || p == POLICY_NONE)
        return;
    if (basis == GATEWAY_OVERRIDE) {
        (void)snprintf(out, size, "(an override)");
        return;
    }
    t = bundle_terms(b, p);
    for (uint16_t i = 0; i < t.n_bases && n < size; i++) {
        struct policy_gateway g = bundle_gateway_at(b, t.bases[i]);

        if (g.kind == basis && l->day >= g.from &&
            (g.until == POLICY_DAY_NONE || l->day <= g.until))
            n += (size_t)snprintf(out + n, size - n, "%s%s", n ? "+" : "", g.id);
    }
}

static int count(struct replay *r, const struct group *g, enum flip f, uint8_t basis)
{
    char gateway[96] = "(none)";
    const struct bundle *b = r->past[g->past].c.bundle;

    if (b)
        gateway_of(b, &g->l, basis, gateway, sizeof(gateway));
    if (tallies_add(&r->by_agency, g->l.agency, f, g->n) ||
        tallies_add(&r->by_purpose, g->l.purpose, f, g->n) ||
        tallies_add(&r->by_gateway, gateway, f, g->n) || tallies_add(&r->all, "all", f, g->n))
        return officer_fail(r->s, EX_OSERR, "short of memory");
    return 0;
}

static int replay_group(struct replay *r, const struct group *g)
{
    ALM_CLEANUP(domain_freep) struct domain *d = NULL;
    ALM_CLEANUP(matrix_freep) struct matrix *m = NULL;
    const struct past *past = &r->past[g->past];
    const char *unknown;
    struct recorded recorded;
    uint8_t basis = 0;
    enum flip f = FLIP_NOT;
    int rc =
        past->missing ? 1 : logged_domain(&g->l, past->c.bundle, r->draft.bundle, &d, &unknown);

    if (rc == 0) {
        if (matrix_new_all(d, &m))
            return officer_fail(r->s, EX_OSERR, "short of memory");
        logged_recorded(&g->l, &recorded);
        f = flip_of(m, &recorded, &basis);
    } else if (rc < 0) {
        return officer_fail(r->s, EX_OSERR, "short of memory");
    }
    return count(r, g, f, basis);
}

static int replay_all(struct replay *r)
{
    int64_t began = clock_mono_ms();
    bool shown = false;
    int rc = 0;

    for (size_t i = 0; i < r->n_groups && !rc; i++) {
        if (clock_mono_ms() - began > PROGRESS_MS && i % 64 == 0) {
            shown = true;
            (void)fprintf(stderr, "\rdeciding again: %zu of %zu kinds of request", i, r->n_groups);
        }
        rc = replay_group(r, &r->groups[i]);
    }
    if (shown)
        (void)fputc('\n', stderr);
    return rc;
}

/* --- the report --- */

static const char treated[] =
    "The clear part of a leaf holds who asked what and when, not the subject, relationship, "
    "consents or shields. These are taken as they fell at the time: of all that could have been "
    "on file, whatever the policy of that day decides as the log records. Where that still leaves "
    "room, the request counts under \"depends\". Counts of 1 to 4 are shown as <5, and * hides a "
    "number from which another could be worked out.";

static json_t *tally_json(const struct tally *t)
{
    json_t *o = json_pack("{s:s}", "key", t->key);
    char text[24];

    for (int f = 0; f < FLIP_COUNT; f++)
        (void)json_object_set_new(o, flip_word((enum flip)f),
                                  t->hidden[f] ? json_string(tally_text(t, (enum flip)f, text))
                                               : json_integer((json_int_t)t->n[f]));
    return o;
}

static json_t *tallies_json(const struct tallies *t)
{
    json_t *list = json_array();

    for (size_t i = 0; i < t->n; i++)
        (void)json_array_append_new(list, tally_json(&t->at[i]));
    return list;
}

static void print_tallies(const char *title, const struct tallies *t)
{
    const char *const titles[] = { title,       "same",    "now permitted", "now refused",
                                   "otherwise", "depends", "not replayed" };
    struct table *table = table_new(ALM_LEN(titles), titles);

    for (size_t i = 0; table && i < t->n; i++) {
        char text[FLIP_COUNT][24];
        const char *cells[1 + FLIP_COUNT] = { t->at[i].key };

        for (int f = 0; f < FLIP_COUNT; f++)
            cells[1 + f] = tally_text(&t->at[i], (enum flip)f, text[f]);
        table_row(table, cells);
    }
    table_print(table);
    (void)putchar('\n');
}

static void report(struct replay *r)
{
    struct tallies *all[] = { &r->all, &r->by_agency, &r->by_purpose, &r->by_gateway };
    json_t *o;

    for (size_t i = 0; i < ALM_LEN(all); i++)
        tallies_suppress(all[i]);
    if (r->s->args->json) {
        o = json_pack("{s:b, s:s, s:s, s:I, s:I, s:o, s:o, s:o, s:o}", "ok", 1, "draft",
                      r->draft.hash, "treated", treated, "leaves", (json_int_t)r->rows,
                      "not_decisions", (json_int_t)r->other, "all", tallies_json(&r->all),
                      "by_agency", tallies_json(&r->by_agency), "by_purpose",
                      tallies_json(&r->by_purpose), "by_gateway", tallies_json(&r->by_gateway));
        print_json(o);
        json_decref(o);
        return;
    }
    (void)printf("draft %s: %lld leaves read, %lld of them no decision on a request\n\n",
                 r->draft.hash, (long long)r->rows, (long long)r->other);
    print_tallies("all", &r->all);
    print_tallies("agency", &r->by_agency);
    print_tallies("purpose", &r->by_purpose);
    print_tallies("gateway", &r->by_gateway);
    (void)printf("%s\n", treated);
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct tally *)a)->key, ((const struct tally *)b)->key);
}

static void sort_tallies(struct tallies *t)
{
    if (t->n)
        qsort(t->at, t->n, sizeof(*t->at), by_key);
}

int command_policy_replay(struct officer_session *s)
{
    ALM_CLEANUP(replay_deinit) struct replay r = { .s = s };
    int rc;

    if (!s->args->since)
        return officer_fail(s, EX_USAGE, "--since DATE: from which day?");
    rc = check_day(s, "since", s->args->since);
    if (!rc)
        rc = check_day(s, "until", s->args->until);
    if (!rc)
        rc = policy_open(s, s->args->operands[2], &r.draft);
    if (rc)
        return rc;
    r.index = json_object();
    rc = r.index ? read_all(s, &r) : officer_fail(s, EX_OSERR, "short of memory");
    if (!rc)
        rc = replay_all(&r);
    if (rc)
        return rc;
    sort_tallies(&r.by_agency);
    sort_tallies(&r.by_purpose);
    sort_tallies(&r.by_gateway);
    report(&r);
    return 0;
}
