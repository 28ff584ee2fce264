/* SPDX-License-Identifier: Apache-2.0 */
/* bounds.c - where the days of a query begin and end in the log, by bisection.
 *
 * The day of a leaf is never before that of the leaf before it, unless the machine's clock was put back: then leaves of one day
 * lie in two places, and the bounds are those of one of them. Whoever reads filters by day as well, so that no leaf of another
 * day is ever among what is shown. */
#include "reader.h"
#include "base/clock.h"
#include <errno.h>
#include <stdlib.h>

static int day_take(void *ctx, const struct ledger_record *r)
{
    *(int32_t *)ctx = r->clear.civil_day;
    return 1;
}

static int day_at(struct store_txn *t, uint64_t leaf, int32_t *day)
{
    *day = CIVIL_NONE;
    return ledger_each(t, leaf, leaf + 1, day_take, day);
}

/* The first leaf below size of this day or a later one. */
static int first_from(struct store_txn *t, uint64_t size, int32_t day, uint64_t *out)
{
    uint64_t from = 0, until = size;

    while (from < until) {
        uint64_t middle = from + (until - from) / 2;
        int32_t found;
        int rc = day_at(t, middle, &found);

        if (rc)
            return rc;
        if (found >= day)
            until = middle;
        else
            from = middle + 1;
    }
    *out = from;
    return 0;
}

int bounds_of(struct store_txn *t, struct reading *g)
{
    uint64_t size;
    int rc = ledger_count(t, &size);

    g->at = 0;
    g->end = size;
    if (!rc && g->query.since != CIVIL_NONE)
        rc = first_from(t, size, g->query.since, &g->at);
    if (!rc && g->query.until != CIVIL_NONE)
        rc = first_from(t, size, g->query.until + 1, &g->end);
    return rc;
}

int bounds_today(struct store_txn *t, const struct reading *g, int32_t *day)
{
    int rc = day_at(t, g->leaf, day);

    return rc ? rc : (*day == CIVIL_NONE ? -EBADMSG : 0);
}

/* --- pages --- */

bool page_is_full(const struct page *p)
{
    return p->bytes >= PAGE_BYTES;
}

int page_put(struct page *p, json_t *row, size_t size)
{
    if (!row || json_array_append_new(p->rows, row))
        return -ENOMEM;
    p->bytes += size;
    return 0;
}
