/* SPDX-License-Identifier: Apache-2.0 */
/* domain.c - the axes: ids of one policy or two, days between the dates that either names, and the
 * small axes. */
#include "analyse/domain.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SOME_DAY 20454 /* 2026-01-01: the day of a policy without dates */

typedef size_t count_of(const struct bundle *b);
typedef const char *id_at(const struct bundle *b, uint16_t i);
typedef uint16_t find_id(const struct bundle *b, const char *id);

static const char *agency_id(const struct bundle *b, uint16_t i)
{
    return bundle_agency_at(b, i)->id;
}

static const char *purpose_id(const struct bundle *b, uint16_t i)
{
    return bundle_purpose_at(b, i)->id;
}

static const char *question_id(const struct bundle *b, uint16_t i)
{
    return bundle_question_at(b, i)->id;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int by_day(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

    return (x > y) - (x < y);
}

static int list_ids(const struct domain *d, struct id_list *l, count_of *count, id_at *at,
                    find_id *find)
{
    size_t most = 0, n = 0;

    for (size_t k = 0; k < d->n_bundles; k++)
        most += count(d->b[k]);
    l->id = calloc(most + 1, sizeof(*l->id));
    for (size_t k = 0; k < 2; k++)
        l->index[k] = calloc(most + 1, sizeof(*l->index[k]));
    if (!l->id || !l->index[0] || !l->index[1])
        return -ENOMEM;
    for (size_t k = 0; k < d->n_bundles; k++)
        for (uint16_t i = 0; i < count(d->b[k]); i++)
            l->id[n++] = at(d->b[k], i);
    qsort(l->id, n, sizeof(*l->id), by_text);
    for (size_t i = 0; i < n; i++)
        if (!l->n || strcmp(l->id[l->n - 1], l->id[i]) != 0)
            l->id[l->n++] = l->id[i];
    for (uint16_t i = 0; i < l->n; i++)
        for (size_t k = 0; k < 2; k++)
            l->index[k][i] = k < d->n_bundles ? find(d->b[k], l->id[i]) : POLICY_NONE;
    return 0;
}

static const char *gateway_id(const struct bundle *b, uint16_t i)
{
    return bundle_gateway_at(b, i).id;
}

static bool overrides_rest_on(const struct domain *d, uint16_t gateway)
{
    for (size_t k = 0; k < d->n_bundles; k++) {
        uint16_t g = d->overriding.index[k][gateway];

        if (g != POLICY_NONE && (bundle_override_rules(d->b[k])->gateways[g / 64] >> (g % 64)) & 1)
            return true;
    }
    return false;
}

static int name_overrides(struct domain *d)
{
    uint16_t n = d->overriding.n;

    d->overrides = calloc(2u * n + 1, sizeof(*d->overrides));
    if (!d->overrides)
        return -ENOMEM;
    (void)snprintf(d->overrides[0].word, sizeof(d->overrides[0].word), "none");
    (void)snprintf(d->overrides[0].phrase, sizeof(d->overrides[0].phrase), "no override");
    for (uint16_t i = 0; i < n; i++) {
        struct override_words *both = &d->overrides[1 + 2 * i], *alone = both + 1;

        (void)snprintf(both->word, sizeof(both->word), "approved:%s", d->overriding.id[i]);
        (void)snprintf(both->phrase, sizeof(both->phrase), "an approved override under %s",
                       d->overriding.id[i]);
        (void)snprintf(alone->word, sizeof(alone->word), "alone:%s", d->overriding.id[i]);
        (void)snprintf(alone->phrase, sizeof(alone->phrase),
                       "one person's override in immediate danger under %s", d->overriding.id[i]);
    }
    return 0;
}

/* The gateways that overrides may rest on: of all, those that either policy lists for it. */
static int list_overriding(struct domain *d)
{
    struct id_list *l = &d->overriding;
    int r = list_ids(d, l, bundle_n_gateways, gateway_id, bundle_gateway);
    uint16_t n = 0;

    if (r < 0)
        return r;
    for (uint16_t i = 0; i < l->n; i++) {
        if (!overrides_rest_on(d, i))
            continue;
        l->id[n] = l->id[i];
        l->index[0][n] = l->index[0][i];
        l->index[1][n++] = l->index[1][i];
    }
    l->n = n;
    return name_overrides(d);
}

static int list_all_ids(struct domain *d)
{
    int r = list_ids(d, &d->agencies, bundle_n_agencies, agency_id, bundle_agency);

    if (r == 0)
        r = list_ids(d, &d->roles, bundle_n_roles, bundle_role_at, bundle_role);
    if (r == 0)
        r = list_ids(d, &d->purposes, bundle_n_purposes, purpose_id, bundle_purpose);
    if (r == 0)
        r = list_ids(d, &d->questions, bundle_n_questions, question_id, bundle_question);
    return r ? r : list_overriding(d);
}

/* A boundary is the first day on which something may be different. */
static void add_boundaries(int32_t *days, size_t *n, int32_t from, int32_t until)
{
    if (from != POLICY_DAY_NONE)
        days[(*n)++] = from;
    if (until != POLICY_DAY_NONE)
        days[(*n)++] = until + 1;
}

static int list_days(struct domain *d)
{
    size_t most = 2, n = 0;

    for (size_t k = 0; k < d->n_bundles; k++)
        most += 2 * (bundle_n_protocols(d->b[k]) + bundle_n_purposes(d->b[k]) +
                     bundle_n_gateways(d->b[k]));
    d->days = calloc(most, sizeof(*d->days));
    d->on = calloc(most, sizeof(*d->on));
    if (!d->days || !d->on)
        return -ENOMEM;
    for (size_t k = 0; k < d->n_bundles; k++) {
        const struct bundle *b = d->b[k];

        for (uint16_t i = 0; i < bundle_n_protocols(b); i++)
            add_boundaries(d->days + 1, &n, bundle_protocol_at(b, i).from,
                           bundle_protocol_at(b, i).until);
        for (uint16_t i = 0; i < bundle_n_purposes(b); i++)
            add_boundaries(d->days + 1, &n, bundle_purpose_at(b, i)->from,
                           bundle_purpose_at(b, i)->until);
        for (uint16_t i = 0; i < bundle_n_gateways(b); i++)
            add_boundaries(d->days + 1, &n, bundle_gateway_at(b, i).from,
                           bundle_gateway_at(b, i).until);
    }
    qsort(d->days + 1, n, sizeof(*d->days), by_day);
    d->days[0] = n ? d->days[1] - 1 : SOME_DAY;
    d->n_days = 1;
    for (size_t i = 1; i <= n; i++)
        if (d->days[d->n_days - 1] != d->days[i])
            d->days[d->n_days++] = d->days[i];
    memcpy(d->on, d->days, d->n_days * sizeof(*d->on));
    return 0;
}

static int fill_axis(struct axis_values *v, uint16_t n, uint16_t best)
{
    v->codes = calloc((size_t)n + 1, sizeof(*v->codes));
    if (!v->codes)
        return -ENOMEM;
    for (uint16_t i = 0; i < n; i++)
        v->codes[i] = i;
    v->n = n;
    v->best = best;
    return 0;
}

/* Takes a code out of an axis: it cannot differ from another there. */
static void drop_code(struct axis_values *v, const char *word, enum axis x)
{
    uint16_t code = situation_code(x, word), n = 0;

    for (uint16_t i = 0; i < v->n; i++)
        if (v->codes[i] != code)
            v->codes[n++] = v->codes[i];
    v->n = n;
}

static uint16_t position_of(const struct axis_values *v, uint16_t code)
{
    for (uint16_t i = 0; i < v->n; i++)
        if (v->codes[i] == code)
            return i;
    return 0;
}

static int fill_axes(struct domain *d)
{
    static const struct {
        enum axis x;
        const char *best;
    } small[] = { { AXIS_SUBJECT, "person" },
                  { AXIS_RELATION, "involved" },
                  { AXIS_STATED, "everything" },
                  { AXIS_RECORD, "none" },
                  { AXIS_CONSENT, "given-naming" } };
    int r = fill_axis(&d->axis[AXIS_PURPOSE], d->purposes.n, 0);

    if (r == 0)
        r = fill_axis(&d->axis[AXIS_DAY], d->n_days, 0);
    if (r == 0)
        r = fill_axis(&d->axis[AXIS_AGENCY], d->agencies.n, 0);
    if (r == 0)
        r = fill_axis(&d->axis[AXIS_ROLE], d->roles.n, 0);
    if (r == 0)
        r = fill_axis(&d->axis[AXIS_ASKED], (uint16_t)(d->questions.n + 1), 0);
    for (size_t i = 0; i < ALM_LEN(small) && r == 0; i++)
        r = fill_axis(&d->axis[small[i].x], situation_count(small[i].x), 0);
    if (r == 0)
        r = fill_axis(&d->axis[AXIS_OVERRIDE], (uint16_t)(2 * d->overriding.n + 1),
                      d->overriding.n > 0);
    if (r < 0)
        return r;
    if (d->n_bundles == 1) {
        drop_code(&d->axis[AXIS_RELATION], "ended-between", AXIS_RELATION);
        drop_code(&d->axis[AXIS_RELATION], "referral-between", AXIS_RELATION);
    }
    for (size_t i = 0; i < ALM_LEN(small); i++)
        d->axis[small[i].x].best =
            position_of(&d->axis[small[i].x], situation_code(small[i].x, small[i].best));
    return 0;
}

static void list_sensitive(struct domain *d)
{
    for (uint16_t i = 0; i < d->agencies.n; i++) {
        bool sensitive = false;

        for (size_t k = 0; k < d->n_bundles; k++) {
            uint16_t a = d->agencies.index[k][i];

            sensitive = sensitive || (a != POLICY_NONE && bundle_agency_at(d->b[k], a)->sensitive);
        }
        for (size_t k = 0; k < d->n_bundles && sensitive; k++)
            agency_set_add(&d->sensitive[k], d->agencies.index[k][i]);
    }
}

static uint16_t id_find(const struct id_list *l, const char *id)
{
    for (uint16_t i = 0; i < l->n; i++)
        if (strcmp(l->id[i], id) == 0)
            return i;
    return POLICY_NONE;
}

/* Return: false when the id is not there. */
static bool keep_one(struct axis_values *v, const char *id, const struct id_list *l, uint16_t add)
{
    uint16_t code;

    if (!id)
        return true;
    code = id_find(l, id);
    if (code == POLICY_NONE)
        return false;
    v->codes[0] = (uint16_t)(code + add);
    v->n = 1;
    v->best = 0;
    return true;
}

static const char *keep_only(struct domain *d, const struct domain_filter *f)
{
    if (!keep_one(&d->axis[AXIS_PURPOSE], f->purpose, &d->purposes, 0))
        return "purpose";
    if (!keep_one(&d->axis[AXIS_AGENCY], f->agency, &d->agencies, 0))
        return "agency";
    if (!keep_one(&d->axis[AXIS_ROLE], f->role, &d->roles, 0))
        return "role";
    if (f->question && strcmp(f->question, "who-is-involved") == 0)
        d->axis[AXIS_ASKED].n = 1; /* it stands first */
    else if (!keep_one(&d->axis[AXIS_ASKED], f->question, &d->questions, 1))
        return "question";
    return NULL;
}

int domain_new(const struct bundle *a, const struct bundle *b, const struct domain_filter *filter,
               struct domain **out, const char **unknown)
{
    ALM_CLEANUP(domain_freep) struct domain *d = calloc(1, sizeof(*d));
    int r;

    if (!d)
        return -ENOMEM;
    d->n_bundles = b ? 2 : 1;
    d->b[0] = a;
    d->b[1] = b;
    r = list_all_ids(d);
    if (r == 0)
        r = list_days(d);
    if (r == 0)
        r = fill_axes(d);
    if (r < 0)
        return r;
    list_sensitive(d);
    *unknown = filter ? keep_only(d, filter) : NULL;
    if (*unknown)
        return 1;
    *out = d;
    d = NULL;
    return 0;
}

static void id_list_deinit(struct id_list *l)
{
    free(l->id);
    free(l->index[0]);
    free(l->index[1]);
}

struct domain *domain_free(struct domain *d)
{
    if (!d)
        return NULL;
    id_list_deinit(&d->agencies);
    id_list_deinit(&d->roles);
    id_list_deinit(&d->purposes);
    id_list_deinit(&d->questions);
    id_list_deinit(&d->overriding);
    free(d->overrides);
    free(d->days);
    free(d->on);
    for (size_t x = 0; x < AXIS_COUNT; x++)
        free(d->axis[x].codes);
    free(d);
    return NULL;
}

uint16_t domain_set_day(struct domain *d, int32_t day)
{
    uint16_t i = 0;

    while (i + 1 < d->n_days && d->days[i + 1] <= day)
        i++;
    d->on[i] = day;
    return i;
}

void domain_fix_day(struct domain *d, int32_t day)
{
    d->axis[AXIS_DAY].codes[0] = domain_set_day(d, day);
    d->axis[AXIS_DAY].n = 1;
    d->axis[AXIS_DAY].best = 0;
}

static uint16_t override_code(const struct domain *d, const char *word)
{
    for (uint16_t i = 0; i < 2 * d->overriding.n + 1; i++)
        if (strcmp(d->overrides[i].word, word) == 0)
            return i;
    return POLICY_NONE;
}

uint16_t domain_find(const struct domain *d, enum axis x, const char *word)
{
    const struct id_list *lists[AXIS_COUNT] = { [AXIS_PURPOSE] = &d->purposes,
                                                [AXIS_AGENCY] = &d->agencies,
                                                [AXIS_ROLE] = &d->roles,
                                                [AXIS_ASKED] = &d->questions };
    uint16_t code;

    code = lists[x] ? id_find(lists[x], word) : situation_code(x, word);
    if (x == AXIS_ASKED && strcmp(word, "who-is-involved") == 0)
        code = ASKED_INVOLVEMENT;
    else if (x == AXIS_OVERRIDE)
        code = override_code(d, word);
    else if (x == AXIS_ASKED && code != POLICY_NONE)
        code++; /* the first question too, whose index is that of who is involved */
    for (uint16_t i = 0; code != POLICY_NONE && i < d->axis[x].n; i++)
        if (d->axis[x].codes[i] == code)
            return i;
    return POLICY_NONE;
}

void domain_freep(struct domain **d)
{
    *d = domain_free(*d);
}

double domain_cells(const struct domain *d)
{
    double n = 1;

    for (size_t x = 0; x < AXIS_COUNT; x++)
        n *= d->axis[x].n;
    return n;
}

void domain_interval(const struct domain *d, uint16_t code, int32_t *from, int32_t *until)
{
    *from = code ? d->days[code] : POLICY_DAY_NONE;
    *until = code + 1 < d->n_days ? d->days[code + 1] - 1 : POLICY_DAY_NONE;
}
