/* SPDX-License-Identifier: Apache-2.0 */
/* relation.c - why this agency may ask: its own rows' word for a relationship with the subject.
 *
 * Source: data README, "Order of checks", 6: "the asking organisation needs an involvement, open on
 * D or ended at most 365 days before, with the subject or anyone who lives with the subject on D;
 * or a referral made to it about one of them or their household within 365 days that is neither
 * closed nor declined". */
#include "base/clock.h"
#include "rows/rules.h"

#define RELATION_DAYS 365
#define HOMES_NOW_MAX 32 /* homes of the subject on the day, ours and typed */

struct relating {
    const struct alm_rows *rows;
    uint32_t person; /* ROW_NONE: not known here */
    int32_t day;
    size_t n_homes;
    uint32_t homes[HOMES_NOW_MAX]; /* where the subject lives on the day */
    int rank;                      /* of the best so far; 0: none */
    struct alm_relationship best;
};

static void homes_add(struct relating *r, uint32_t home)
{
    for (size_t i = 0; i < r->n_homes; i++) {
        if (r->homes[i] == home)
            return;
    }
    if (r->n_homes < HOMES_NOW_MAX)
        r->homes[r->n_homes++] = home;
}

static void relating_homes(struct relating *r, const struct alm_subject *s)
{
    const struct row_stay *stays = r->rows->stays.at;
    size_t first, n = links_range(&r->rows->stays_by_person, r->person, &first), home;

    for (size_t i = first; i < first + n; i++) {
        const struct row_stay *stay = &stays[r->rows->stays_by_person.at[i].row];

        if (day_within(stay->from, stay->until, r->day))
            homes_add(r, stay->home);
    }
    for (size_t i = 0; i < s->n_places; i++) {
        if (!day_within(s->places[i].from, s->places[i].until, r->day))
            continue;
        for (size_t j = 0; j < s->places[i].n; j++) {
            if (refs_find(&r->rows->homes, s->places[i].homes[j], &home))
                homes_add(r, (uint32_t)home);
        }
    }
}

/* Keeps the higher rank; of the same rank, the later beginning. */
static void relating_offer(struct relating *r, int rank, enum alm_relation kind, int32_t since,
                           int32_t until)
{
    if (rank < r->rank || (rank == r->rank && since <= r->best.since))
        return;
    r->rank = rank;
    r->best = (struct alm_relationship){ (uint8_t)kind, since, until };
}

enum { RANK_REFERRAL = 1, RANK_HOME_ENDED, RANK_HOME_OPEN, RANK_ENDED, RANK_OPEN };

static void relating_involvements(struct relating *r, uint32_t person, bool subject)
{
    const struct row_involvement *all = r->rows->involvements.at;
    size_t first, n = links_range(&r->rows->involvements_by_person, person, &first);

    for (size_t i = first; i < first + n; i++) {
        const struct row_involvement *v = &all[r->rows->involvements_by_person.at[i].row];
        bool open = day_within(v->start, v->end, r->day);

        if (v->start > r->day || (!open && r->day - v->end > RELATION_DAYS))
            continue;
        if (subject)
            relating_offer(r, open ? RANK_OPEN : RANK_ENDED, open ? ALM_INVOLVED : ALM_WAS_INVOLVED,
                           v->start, open ? CIVIL_NONE : v->end);
        else
            relating_offer(r, open ? RANK_HOME_OPEN : RANK_HOME_ENDED, ALM_SAME_HOME, v->start,
                           open ? CIVIL_NONE : v->end);
    }
}

static void relating_referrals(struct relating *r, const struct links *by, uint32_t key)
{
    const struct row_referral *all = r->rows->referrals.at;
    size_t first, n = links_range(by, key, &first);

    for (size_t i = first; i < first + n; i++) {
        const struct row_referral *f = &all[by->at[i].row];
        bool over = (f->closed != CIVIL_NONE && f->closed <= r->day) ||
                    (f->declined != CIVIL_NONE && f->declined <= r->day);

        if (f->sent <= r->day && r->day - f->sent <= RELATION_DAYS && !over)
            relating_offer(r, RANK_REFERRAL, ALM_REFERRAL, f->sent, CIVIL_NONE);
    }
}

static void relating_housemates(struct relating *r, uint32_t home)
{
    const struct row_stay *stays = r->rows->stays.at;
    size_t first, n = links_range(&r->rows->stays_by_home, home, &first);

    for (size_t i = first; i < first + n; i++) {
        const struct row_stay *s = &stays[r->rows->stays_by_home.at[i].row];

        if (s->person == r->person || !day_within(s->from, s->until, r->day))
            continue;
        relating_involvements(r, s->person, false);
        relating_referrals(r, &r->rows->referrals_by_person, s->person);
    }
}

void rules_relationship(const struct alm_rows *rows, const struct alm_subject *s,
                        struct alm_relationship *out)
{
    struct relating r = { .rows = rows,
                          .person = ROW_NONE,
                          .day = s->day,
                          .best = { ALM_RELATION_NONE, CIVIL_NONE, CIVIL_NONE } };
    size_t at;

    if (s->person && refs_find(&rows->people, s->person, &at))
        r.person = (uint32_t)at;
    relating_homes(&r, s);
    relating_involvements(&r, r.person, true);
    relating_referrals(&r, &rows->referrals_by_person, r.person);
    for (size_t i = 0; i < r.n_homes; i++) {
        relating_housemates(&r, r.homes[i]);
        relating_referrals(&r, &rows->referrals_by_home, r.homes[i]);
    }
    *out = r.best;
}
