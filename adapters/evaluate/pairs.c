/* SPDX-License-Identifier: Apache-2.0 */
/* pairs.c - pairs that share a token are found in a sorted list, then decided; the rest are none.
 */
#include "evaluate/pairs.h"

#include "lib/index.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct posting {
    const struct token *token;
    uint32_t whose;
};
struct postings {
    struct posting *at;
    size_t n;
    uint32_t *seen; /* by record: the asker who last came upon it, + 1 */
    uint32_t *near; /* records that share a token with the asker */
    size_t n_near;
};

static int posting_order(const void *a, const void *b)
{
    const struct token *p = ((const struct posting *)a)->token,
                       *q = ((const struct posting *)b)->token;

    return p->kind == q->kind ? memcmp(p->value, q->value, TOKEN_LEN) : p->kind - q->kind;
}

static void postings_deinit(struct postings *p)
{
    free(p->at);
    free(p->seen);
    free(p->near);
}

/* only_originals: the others cannot be found. */
static int postings_init(struct postings *p, const struct records *rs, const struct made *made,
                         bool only_originals)
{
    size_t n = 0;

    memset(p, 0, sizeof(*p));
    for (size_t i = 0; i < rs->n; i++)
        n += made[i].set.n;
    p->at = calloc(n + 1, sizeof(*p->at));
    p->seen = calloc(rs->n + 1, sizeof(*p->seen));
    p->near = calloc(rs->n + 1, sizeof(*p->near));
    if (!p->at || !p->seen || !p->near)
        return -ENOMEM;
    for (size_t i = 0; i < rs->n; i++) {
        for (size_t j = 0; j < made[i].set.n && (rs->at[i].original || !only_originals); j++)
            p->at[p->n++] = (struct posting){ &made[i].set.tokens[j], (uint32_t)i };
    }
    qsort(p->at, p->n, sizeof(*p->at), posting_order);
    return 0;
}

static size_t postings_first(const struct postings *p, const struct posting *want)
{
    size_t low = 0, high = p->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (posting_order(&p->at[middle], want) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Sets near: records that share a token with the asker, each once, without the asker. */
static void postings_near(struct postings *p, const struct token_set *set, size_t asker)
{
    p->n_near = 0;
    for (size_t t = 0; t < set->n; t++) {
        struct posting want = { &set->tokens[t], 0 };

        for (size_t i = postings_first(p, &want); i < p->n && posting_order(&p->at[i], &want) == 0;
             i++) {
            uint32_t whose = p->at[i].whose;

            if (whose == asker || p->seen[whose] == asker + 1)
                continue;
            p->seen[whose] = (uint32_t)asker + 1;
            p->near[p->n_near++] = whose;
        }
    }
}

static void set_without(const struct token_set *s, uint8_t kind, struct token_set *out)
{
    *out = (struct token_set){ .unborn = s->unborn };
    for (size_t i = 0; i < s->n; i++) {
        if (s->tokens[i].kind != kind)
            out->tokens[out->n++] = s->tokens[i];
    }
}

static void kind_count(const struct token_set *a, const struct token_set *b, uint8_t kind,
                       bool same, bool found, struct kind_tally *out)
{
    struct token_set less;
    bool agrees = false, both = false;

    for (size_t i = 0; i < a->n; i++) {
        for (size_t j = 0; j < b->n && a->tokens[i].kind == kind; j++) {
            both = both || b->tokens[j].kind == kind;
            agrees = agrees || token_equal(&a->tokens[i], &b->tokens[j]);
        }
    }
    out->agrees_same += same && agrees;
    out->differs_same += same && both && !agrees;
    out->agrees_others += !same && agrees;
    if (!same || !found || !agrees)
        return;
    set_without(a, kind, &less);
    out->needed += match_strict(&less, b) != MATCH_YES;
}

static void person_count(struct person_tally *of, bool same, enum match m)
{
    of->found += same && m == MATCH_YES;
    of->missed -= same && m == MATCH_YES; /* all were missed to begin with */
    of->wrong += !same && m == MATCH_YES;
}

static void pair_decide(const struct records *rs, const struct made *made, size_t i, size_t j,
                        struct pairs *out)
{
    const struct token_set *a = &made[i].set, *b = &made[j].set;
    size_t person = rs->at[i].person;
    bool same = person == rs->at[j].person;
    enum match strict = match_strict(a, b), broad = match_broad(a, b);

    (same ? out->strict.same : out->strict.others)[strict]++;
    (same ? out->broad.same : out->broad.others)[broad]++;
    (same ? out->strict.same : out->strict.others)[MATCH_NONE]--;
    (same ? out->broad.same : out->broad.others)[MATCH_NONE]--;
    person_count(&out->strict_of[person], same, strict);
    person_count(&out->broad_of[person], same, broad);
    for (uint8_t kind = TOKEN_NHS; kind < KIND_COUNT; kind++)
        kind_count(a, b, kind, same, strict == MATCH_YES, &out->kinds[kind]);
}

/* Every pair is none, until it is decided. Return: 0 or -ENOMEM. */
static int pairs_init(const struct records *rs, struct pairs *out)
{
    uint64_t same = 0;

    memset(out, 0, sizeof(*out));
    out->strict_of = calloc(rs->n_people + 1, sizeof(*out->strict_of));
    out->broad_of = calloc(rs->n_people + 1, sizeof(*out->broad_of));
    if (!out->strict_of || !out->broad_of)
        return -ENOMEM;
    for (size_t i = 0; i < rs->n; i++) /* "found" counts the person's records for a moment */
        out->strict_of[rs->at[i].person].found++;
    for (size_t p = 0; p < rs->n_people; p++) {
        uint64_t k = out->strict_of[p].found, n = k ? k * (k - 1) / 2 : 0;

        out->strict_of[p] = out->broad_of[p] = (struct person_tally){ .missed = n };
        same += n;
    }
    out->n = (uint64_t)rs->n * (rs->n - 1) / 2;
    out->strict.same[MATCH_NONE] = out->broad.same[MATCH_NONE] = same;
    out->strict.others[MATCH_NONE] = out->broad.others[MATCH_NONE] = out->n - same;
    return 0;
}

int pairs_decide(const struct records *rs, const struct made *made, struct pairs *out)
{
    struct postings p = { 0 };
    int e = pairs_init(rs, out);

    if (e == 0)
        e = postings_init(&p, rs, made, false);
    for (size_t i = 0; e == 0 && i < rs->n; i++) {
        postings_near(&p, &made[i].set, i);
        for (size_t j = 0; j < p.n_near; j++) {
            if (p.near[j] > i && (made[i].asks || made[p.near[j]].asks))
                pair_decide(rs, made, i, p.near[j], out);
        }
    }
    postings_deinit(&p);
    return e;
}

void pairs_deinit(struct pairs *p)
{
    free(p->strict_of);
    free(p->broad_of);
    memset(p, 0, sizeof(*p));
}

/* --- copies among originals --- */

static enum looked looked_of(const struct records *rs, const struct made *made,
                             const struct postings *p, size_t asker, size_t *found)
{
    static const uint8_t words[MATCH_OUTCOMES] = { [MATCH_NONE] = LOOKED_NONE,
                                                   [MATCH_POSSIBLE] = LOOKED_POSSIBLE,
                                                   [MATCH_CONFLICT] = LOOKED_CONFLICT,
                                                   [MATCH_MANY] = LOOKED_MANY };
    struct match_tally tally = { 0 };
    enum match whole;

    if (!made[asker].asks)
        return LOOKED_NOT_ASKED;
    for (size_t j = 0; j < p->n_near; j++) {
        enum match m = match_strict(&made[asker].set, &made[p->near[j]].set);

        match_count(&tally, m);
        if (m == MATCH_YES)
            *found = p->near[j];
    }
    whole = match_of_tally(&tally);
    if (whole != MATCH_YES)
        return (enum looked)words[whole];
    return rs->at[*found].person == rs->at[asker].person ? LOOKED_RIGHT : LOOKED_WRONG;
}

/* The originals told to the adapter's index, as a backend tells its rows. */
static int index_fill(const struct records *rs, const struct made *made, bool with_identifier,
                      struct index *x)
{
    struct alm_sink sink;
    int e = 0;

    index_sink(x, &sink);
    for (size_t i = 0; e == 0 && i < rs->n; i++) {
        const struct record *r = &rs->at[i];
        char ref[24];
        struct alm_person who = { ref, r->given, r->family, r->born, with_identifier ? r->nhs : "",
                                  "",  false,    false };
        struct alm_home home = { ref, r->address, r->postcode, ALM_DAY_NONE };
        struct alm_stay stay = { ref, ALM_DAY_NONE, ALM_DAY_NONE };

        if (!r->original || made[i].fault)
            continue;
        (void)snprintf(ref, sizeof(ref), "%zu", i);
        e = sink.person(sink.ctx, &who);
        if (e == 0 && made[i].home)
            e = sink.home(sink.ctx, &home);
        if (e == 0 && made[i].home)
            e = sink.stay(sink.ctx, ref, &stay);
    }
    return e > 0 ? -EPROTO : e; /* it takes whatever made tokens */
}

static bool index_agrees(const struct index *x, const struct token_set *set, enum looked l,
                         size_t found)
{
    static const uint8_t words[LOOKED_COUNT] = { [LOOKED_NONE] = INDEX_UNKNOWN,
                                                 [LOOKED_POSSIBLE] = INDEX_POSSIBLE,
                                                 [LOOKED_CONFLICT] = INDEX_CONFLICT,
                                                 [LOOKED_MANY] = INDEX_MANY };
    size_t person;
    enum index_known known = index_find(x, set, false, &person);

    if (l == LOOKED_RIGHT || l == LOOKED_WRONG)
        return known == INDEX_ONE && strtoul(index_person_ref(x, person), NULL, 10) == found;
    return known == (enum index_known)words[l];
}

int lookups_decide(const struct tokens_key *k, const struct records *rs, const struct made *made,
                   bool with_identifier, bool all_kinds, struct lookups *out)
{
    ALM_CLEANUP(index_freep) struct index *x = NULL;
    struct postings p = { 0 };
    int e = index_new(k, &x);

    memset(out, 0, sizeof(*out));
    if (e == 0)
        e = index_fill(rs, made, with_identifier, x);
    if (e == 0)
        e = index_finish(x);
    if (e == 0)
        e = postings_init(&p, rs, made, true);
    for (size_t i = 0; e == 0 && i < rs->n; i++) {
        enum looked l;
        size_t found = 0;

        if (rs->at[i].original) {
            out->n_number_alone += !made[i].fault && !made[i].asks;
            continue;
        }
        postings_near(&p, &made[i].set, i);
        l = looked_of(rs, made, &p, i, &found);
        out->n++;
        out->by[l]++;
        out->n_unlike += all_kinds && made[i].asks && !index_agrees(x, &made[i].set, l, found);
    }
    postings_deinit(&p);
    return e;
}
