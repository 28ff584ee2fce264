/* SPDX-License-Identifier: Apache-2.0 */
/* unmerged.c - two generations of rows in order of key, and those of the open transaction. */
#include "store/unmerged.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST  64
#define HURRY_STEPS 4096 /* a commit, where it is large */

static void generation_init(struct unmerged_generation *g, uint64_t first_record)
{
    *g = (struct unmerged_generation){ .first_record = first_record, .end = first_record };
    for (size_t i = 0; i < UNMERGED_LEVELS; i++)
        g->first[i] = UNMERGED_END;
    g->at = (struct unmerged_at){ .begin = first_record, .row = UNMERGED_END };
}

bool unmerged_none(const struct unmerged_generation *g)
{
    return g->at.begin == g->end;
}

int unmerged_new(struct unmerged **out)
{
    struct unmerged *u = calloc(1, sizeof(*u));
    int r = u ? crypto_random(&u->heights, sizeof(u->heights)) : -ENOMEM;

    if (r < 0) {
        free(u);
        return r;
    }
    u->heights |= 1;
    u->most_rows = UNMERGED_ROWS;
    u->most_records = UNMERGED_RECORDS;
    generation_init(&u->frozen, 1);
    generation_init(&u->growing, 1);
    u->kept = u->frozen.at;
    *out = u;
    return 0;
}

struct unmerged *unmerged_free(struct unmerged *u)
{
    if (!u)
        return NULL;
    free(u->frozen.rows);
    free(u->growing.rows);
    free(u->fresh);
    free(u->forgotten);
    free(u);
    return NULL;
}

/* --- room --- */

/* Room for @wanted of @size bytes each. Return: 0 or -ENOMEM; *at is what it was then. */
static int room_for(void **at, uint32_t *room, uint64_t wanted, size_t size)
{
    uint64_t more = *room ? *room : ROOM_FIRST;
    void *moved;

    if (wanted <= *room)
        return 0;
    while (more < wanted)
        more *= 2;
    if (more >= UNMERGED_END)
        return -ENOMEM;
    moved = realloc(*at, (size_t)more * size);
    if (!moved)
        return -ENOMEM;
    *at = moved;
    *room = (uint32_t)more;
    return 0;
}

static int generation_room(struct unmerged_generation *g, uint64_t wanted)
{
    void *at = g->rows;
    int r = room_for(&at, &g->room, wanted, sizeof(*g->rows));

    g->rows = at;
    return r;
}

/* --- order --- */

static int key_compare(const struct unmerged_row *a, const struct id *consent, const char *agency)
{
    int r = memcmp(a->consent.octets, consent->octets, ID_LEN);

    return r ? r : strcmp(a->told.agency, agency);
}

int unmerged_compare(const struct unmerged_row *a, const struct unmerged_row *b)
{
    return key_compare(a, &b->consent, b->told.agency);
}

static uint32_t *generation_next(struct unmerged_generation *g, uint32_t at, size_t level)
{
    return at == UNMERGED_END ? &g->first[level] : &g->rows[at].next[level];
}

/* The last row on each level that is before this key, or also at it; UNMERGED_END: none. */
static void generation_seek(const struct unmerged_generation *g, const struct id *consent,
                            const char *agency, bool also_at, uint32_t before[UNMERGED_LEVELS])
{
    uint32_t at = UNMERGED_END;

    for (size_t level = UNMERGED_LEVELS; level-- > 0;) {
        for (;;) {
            uint32_t next = at == UNMERGED_END ? g->first[level] : g->rows[at].next[level];
            int r = next == UNMERGED_END ? 1 : key_compare(&g->rows[next], consent, agency);

            if (r > 0 || (r == 0 && !also_at))
                break;
            at = next;
        }
        before[level] = at;
    }
}

/* A level more for every fourth. */
static size_t unmerged_height(struct unmerged *u)
{
    uint64_t x = u->heights;
    size_t n = 1;

    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    u->heights = x;
    for (x >>= 8; n < UNMERGED_LEVELS && (x & 3) == 0; x >>= 2)
        n++;
    return n;
}

/* There is room for it. */
static void generation_add(struct unmerged *u, struct unmerged_generation *g,
                           const struct unmerged_row *row)
{
    uint32_t before[UNMERGED_LEVELS], at = g->n++;
    size_t height = unmerged_height(u);

    g->rows[at] = *row;
    generation_seek(g, &row->consent, row->told.agency, true, before);
    for (size_t level = 0; level < UNMERGED_LEVELS; level++) {
        uint32_t *next = generation_next(g, before[level], level);

        g->rows[at].next[level] = level < height ? *next : UNMERGED_END;
        if (level < height)
            *next = at;
    }
}

uint32_t unmerged_first(const struct unmerged_generation *g, const struct id *consent)
{
    uint32_t before[UNMERGED_LEVELS], at;

    generation_seek(g, consent, "", false, before);
    at = before[0] == UNMERGED_END ? g->first[0] : g->rows[before[0]].next[0];
    return at != UNMERGED_END && id_equal(&g->rows[at].consent, consent) ? at : UNMERGED_END;
}

/* --- what was read --- */

static struct unmerged_row row_of(uint64_t record, const struct id *consent,
                                  const struct reliance *r)
{
    struct unmerged_row row = { .consent = *consent, .told = *r, .record = record };

    row.told.agency[sizeof(row.told.agency) - 1] = '\0';
    return row;
}

int unmerged_load(struct unmerged *u, uint64_t record, const struct id *consent,
                  const struct reliance *r)
{
    struct unmerged_row row = row_of(record, consent, r);
    int e = generation_room(&u->frozen, (uint64_t)u->frozen.n + 1);

    if (e == 0)
        generation_add(u, &u->frozen, &row);
    return e;
}

void unmerged_loaded(struct unmerged *u, uint64_t first, uint64_t end)
{
    u->frozen.first_record = first;
    u->frozen.end = end;
    u->frozen.at = u->kept = (struct unmerged_at){ .begin = first, .row = u->frozen.first[0] };
    generation_init(&u->growing, end);
}

/* --- the open transaction's --- */

int unmerged_note(struct unmerged *u, const struct id *consent, const struct reliance *r)
{
    void *at = u->fresh;
    int e = room_for(&at, &u->fresh_room, (uint64_t)u->n_fresh + 1, sizeof(*u->fresh));

    u->fresh = at;
    if (e == 0) /* so that nothing can fail once it is committed */
        e = generation_room(&u->growing, (uint64_t)u->growing.n + u->n_fresh + 1);
    if (e == 0)
        u->fresh[u->n_fresh++] = row_of(0, consent, r);
    return e;
}

void unmerged_forget_fresh(struct unmerged *u, const struct id *consent)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < u->n_fresh; i++) {
        if (!id_equal(&u->fresh[i].consent, consent))
            u->fresh[n++] = u->fresh[i];
    }
    u->n_fresh = n;
}

int unmerged_forgot(struct unmerged *u, struct unmerged_generation *g, uint32_t row)
{
    void *at = u->forgotten;
    int e = room_for(&at, &u->forgotten_room, (uint64_t)u->n_forgotten + 1, sizeof(*u->forgotten));

    u->forgotten = at;
    if (e < 0)
        return e;
    u->forgotten[u->n_forgotten++] = (struct unmerged_place){ g == &u->growing, row };
    g->rows[row].forgotten = true;
    return 0;
}

/* --- from one to the next --- */

void unmerged_freeze(struct unmerged *u)
{
    if (u->kept.begin != u->frozen.end || u->n_fresh || u->n_forgotten)
        return; /* what ends in the open transaction may be taken back */
    free(u->frozen.rows);
    u->frozen = u->growing;
    u->frozen.at.row = u->frozen.first[0];
    u->kept = u->frozen.at;
    generation_init(&u->growing, u->frozen.end);
}

static uint64_t generation_records(const struct unmerged_generation *g)
{
    return g->end - g->first_record;
}

/* Restarts in a row, each of which began to merge anew, have left more than two generations. */
static bool frozen_large(const struct unmerged *u)
{
    return u->frozen.n > 2 * (uint64_t)u->most_rows ||
           generation_records(&u->frozen) > 2 * (uint64_t)u->most_records;
}

uint32_t unmerged_due(const struct unmerged *u)
{
    uint64_t all = u->frozen.n + generation_records(&u->frozen);
    uint64_t rows = (uint64_t)u->growing.n + u->n_fresh;
    uint64_t records = generation_records(&u->growing) + 1;
    uint64_t by_rows = all * rows / u->most_rows, by_records = all * records / u->most_records;
    uint64_t due = by_rows > by_records ? by_rows : by_records;

    if (frozen_large(u) && due < (uint64_t)u->frozen.at.steps + HURRY_STEPS)
        due = (uint64_t)u->frozen.at.steps + HURRY_STEPS;
    return (uint32_t)(due < all ? due : all);
}

bool unmerged_pressing(const struct unmerged *u)
{
    return (uint64_t)u->growing.n + u->n_fresh >= u->most_rows ||
           generation_records(&u->growing) + 1 >= u->most_records || frozen_large(u);
}

static void unmerged_keep(struct unmerged *u)
{
    struct unmerged_generation *g = &u->growing;

    for (uint32_t i = 0; i < u->n_fresh; i++) {
        u->fresh[i].record = g->end;
        generation_add(u, g, &u->fresh[i]);
    }
    u->noted += u->n_fresh;
    if (u->n_fresh)
        g->end++;
    u->n_fresh = 0;
    if (unmerged_none(&u->frozen)) {
        free(u->frozen.rows);
        generation_init(&u->frozen, u->frozen.end);
    }
    u->kept = u->frozen.at;
    if (g->n >= u->most_rows || generation_records(g) >= u->most_records)
        unmerged_freeze(u);
}

void unmerged_settle(struct unmerged *u, bool kept)
{
    if (!u) /* the store was not opened */
        return;
    for (uint32_t i = 0; i < u->n_forgotten && !kept; i++) {
        const struct unmerged_place *p = &u->forgotten[i];

        (p->growing ? &u->growing : &u->frozen)->rows[p->row].forgotten = false;
    }
    u->n_forgotten = 0;
    if (kept) {
        unmerged_keep(u);
        return;
    }
    u->n_fresh = 0;
    u->frozen.at = u->kept;
}
