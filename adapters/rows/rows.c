/* SPDX-License-Identifier: Apache-2.0 */
/* rows.c - arrays and sorted links. */
#include "rows/rows.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int links_new(struct links *l, size_t max)
{
    l->at = calloc(max + 1, sizeof(*l->at));
    l->n = 0;
    return l->at ? 0 : -ENOMEM;
}

void links_add(struct links *l, uint32_t key, size_t row)
{
    if (key != ROW_NONE)
        l->at[l->n++] = (struct link){ key, (uint32_t)row };
}

static int link_order(const void *a, const void *b)
{
    const struct link *p = a, *q = b;

    if (p->key != q->key)
        return p->key < q->key ? -1 : 1;
    return (p->row > q->row) - (p->row < q->row);
}

void links_sort(struct links *l)
{
    qsort(l->at, l->n, sizeof(*l->at), link_order);
}

static size_t links_lower(const struct links *l, uint32_t key)
{
    size_t low = 0, high = l->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (l->at[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t links_range(const struct links *l, uint32_t key, size_t *first)
{
    *first = 0;
    if (key == ROW_NONE)
        return 0;
    *first = links_lower(l, key);
    return links_lower(l, key + 1) - *first;
}

void *array_add(struct array *a, size_t size)
{
    if (a->n == a->cap) {
        size_t cap = a->cap ? a->cap * 2 : 64;
        void *grown = reallocarray(a->at, cap, size);

        if (!grown)
            return NULL;
        a->at = grown;
        a->cap = cap;
    }
    return (char *)a->at + size * a->n++;
}

static int rows_links(struct alm_rows *r)
{
    const struct {
        struct links *l;
        size_t n;
    } all[] = {
        { &r->stays_by_person, r->stays.n },
        { &r->stays_by_home, r->stays.n },
        { &r->contacts_by_person, r->contacts.n },
        { &r->contacts_by_home, r->contacts.n },
        { &r->involvements_by_person, r->involvements.n },
        { &r->referrals_by_person, r->referrals.n },
        { &r->referrals_by_home, r->referrals.n },
    };

    for (size_t i = 0; i < ALM_LEN(all); i++) {
        if (links_new(all[i].l, all[i].n) != 0)
            return -ENOMEM;
    }
    return 0;
}

int rows_index(struct alm_rows *r)
{
    const struct row_stay *stays = r->stays.at;
    const struct row_contact *contacts = r->contacts.at;
    const struct row_involvement *involvements = r->involvements.at;
    const struct row_referral *referrals = r->referrals.at;

    if (rows_links(r) != 0)
        return -ENOMEM;
    for (size_t i = 0; i < r->stays.n; i++) {
        links_add(&r->stays_by_person, stays[i].person, i);
        links_add(&r->stays_by_home, stays[i].home, i);
    }
    for (size_t i = 0; i < r->contacts.n; i++) {
        links_add(&r->contacts_by_person, contacts[i].person, i);
        links_add(&r->contacts_by_home, contacts[i].home, i);
    }
    for (size_t i = 0; i < r->involvements.n; i++)
        links_add(&r->involvements_by_person, involvements[i].person, i);
    for (size_t i = 0; i < r->referrals.n; i++) {
        links_add(&r->referrals_by_person, referrals[i].person, i);
        links_add(&r->referrals_by_home, referrals[i].home, i);
    }
    links_sort(&r->stays_by_person);
    links_sort(&r->stays_by_home);
    links_sort(&r->contacts_by_person);
    links_sort(&r->contacts_by_home);
    links_sort(&r->involvements_by_person);
    links_sort(&r->referrals_by_person);
    links_sort(&r->referrals_by_home);
    return 0;
}

int rows_new(const struct rows_config *c, struct alm_rows **out)
{
    struct alm_rows *r = calloc(1, sizeof(*r));

    if (!r)
        return -ENOMEM;
    r->config = c;
    r->file_day = CIVIL_NONE;
    *out = r;
    return 0;
}

void rows_miss(struct alm_rows *r, enum rows_file f)
{
    r->missing[f] = true;
    r->partial = true;
}

void rows_written(struct alm_rows *r, int64_t wall_ms)
{
    int32_t day = civil_today(wall_ms);

    if (r->file_day == CIVIL_NONE || day < r->file_day)
        r->file_day = day;
}

void rows_free(struct alm_rows *r)
{
    if (!r)
        return;
    refs_deinit(&r->people);
    refs_deinit(&r->homes);
    refs_deinit(&r->words);
    refs_deinit(&r->lost);
    free(r->flags);
    free(r->stays.at);
    free(r->contacts.at);
    free(r->involvements.at);
    free(r->referrals.at);
    free(r->stays_by_person.at);
    free(r->stays_by_home.at);
    free(r->contacts_by_person.at);
    free(r->contacts_by_home.at);
    free(r->involvements_by_person.at);
    free(r->referrals_by_person.at);
    free(r->referrals_by_home.at);
    free(r);
}
