/* SPDX-License-Identifier: Apache-2.0 */
/* report_sample.c - a few permitted questions of each agency, to be justified again. Which they are follows from the reading's
 * nonce and the leaf: nobody who asked could know beforehand, and nobody who reads can choose. */
#include "report.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct drawn { /* in order of hash: the least `each` of all */
    char agency[64];
    size_t n, shown;
    struct {
        uint64_t hash, leaf;
    } at[SAMPLE_MAX];
};

void sample_free(struct report *s)
{
    free(s->drawn);
    s->drawn = NULL;
}

static struct drawn *drawn_of(struct report *s, const char *agency)
{
    struct drawn *at;

    for (size_t i = 0; i < s->n_drawn; i++)
        if (!strcmp(s->drawn[i].agency, agency))
            return &s->drawn[i];
    at = s->n_drawn == TALLY_NAMES ? NULL : realloc(s->drawn, (s->n_drawn + 1) * sizeof(*at));
    if (!at)
        return NULL;
    s->drawn = at;
    at += s->n_drawn++;
    memset(at, 0, sizeof(*at));
    memcpy(at->agency, agency, strnlen(agency, sizeof(at->agency) - 1));
    return at;
}

static int lot_of(const struct id *nonce, uint64_t leaf, uint64_t *out)
{
    uint8_t octets[8], hash[SHA256_LEN];
    struct bytes parts[2] = { bytes_of(nonce->octets, ID_LEN), bytes_of(octets, sizeof(octets)) };
    int rc;

    for (int i = 0; i < 8; i++)
        octets[i] = (uint8_t)(leaf >> (56 - 8 * i));
    rc = crypto_sha256_parts(parts, ALM_LEN(parts), hash);
    *out = 0;
    for (int i = 0; i < 8; i++)
        *out = *out << 8 | hash[i];
    return rc;
}

static void draw(struct drawn *d, size_t each, uint64_t hash, uint64_t leaf)
{
    size_t i = d->n < each ? d->n : each;

    if (d->n == each && hash >= d->at[each - 1].hash)
        return;
    if (d->n < each)
        d->n++;
    else
        i--;
    for (; i && d->at[i - 1].hash > hash; i--)
        d->at[i] = d->at[i - 1];
    d->at[i].hash = hash;
    d->at[i].leaf = leaf;
}

int sample_take(const struct taking *w, const struct ledger_record *r)
{
    struct drawn *d;
    uint64_t hash;
    int rc;

    if (r->clear.event != EVENT_DECIDED || r->clear.outcome != 1)
        return 0;
    rc = lot_of(&w->g->query.nonce, r->leaf, &hash);
    d = rc ? NULL : drawn_of(w->s, r->clear.agency);
    if (!d)
        return rc ? rc : -ENOMEM;
    draw(d, w->g->query.each, hash, r->leaf);
    return tally_add(&w->s->tally, r->clear.agency, 0, 1);
}

static int drawn_compare(const void *a, const void *b)
{
    return strcmp(((const struct drawn *)a)->agency, ((const struct drawn *)b)->agency);
}

static int sample_one(void *ctx, const struct ledger_record *r)
{
    const struct taking *w = ctx;
    json_t *row;
    int rc = report_row(w, r, false, &row);

    if (!rc)
        rc = report_put(w, row, r);
    if (!rc)
        rc = tally_add(&w->s->tally, r->clear.agency, 1, 1);
    return rc ? rc : 1;
}

int sample_show(const struct taking *w)
{
    struct report *s = w->s;

    if (!s->shown && s->n_drawn)
        qsort(s->drawn, s->n_drawn, sizeof(*s->drawn), drawn_compare);
    for (; s->shown < s->n_drawn; s->shown++) {
        struct drawn *d = &s->drawn[s->shown];

        for (; d->shown < d->n; d->shown++) {
            uint64_t leaf = d->at[d->shown].leaf;
            int rc;

            if (page_is_full(w->p))
                return 1;
            rc = ledger_each(w->t, leaf, leaf + 1, sample_one, (void *)(uintptr_t)w);
            if (rc < 0)
                return rc;
        }
    }
    return 0;
}
