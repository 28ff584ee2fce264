/* SPDX-License-Identifier: Apache-2.0 */
/* index.c - people and homes as told, and one face per token key: its tokens in one pool, and two
 * tables from a token to whose it is. */
#include "lib/index.h"

#include "base/clock.h"
#include "lib/index_face.h"
#include "lib/refs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CANDIDATES_MAX 1024 /* people who share a token with the subject; more: ambiguous */
#define ALM_TRY(x)                                                                                 \
    do {                                                                                           \
        int try_ = (x);                                                                            \
        if (try_ != 0)                                                                             \
            return try_;                                                                           \
    } while (0)

struct index {
    struct refs people_refs, homes_refs; /* reference -> number */
    struct index_people rows;
    size_t cap_people, cap_homes, n_answering;
    bool failed;      /* memory ran out: the whole index is given up */
    bool told, wiped; /* nothing more is told; no identifiers are left */
    struct face faces[INDEX_KEYS_MAX];
    size_t n_faces;
};

static void index_wipe(struct index *x)
{
    for (size_t i = 0; i < refs_count(&x->people_refs); i++)
        texts_wipe(&x->rows.people[i].texts);
    for (size_t i = 0; i < refs_count(&x->homes_refs); i++)
        texts_wipe(&x->rows.homes[i].texts);
    x->wiped = true;
}

int index_new(const struct tokens_key *key, struct index **out)
{
    struct index *x = calloc(1, sizeof(*x));

    if (!x)
        return -ENOMEM;
    x->faces[x->n_faces++].key = key;
    *out = x;
    return 0;
}

struct index *index_free(struct index *x)
{
    if (!x)
        return NULL;
    index_wipe(x);
    for (size_t i = 0; i < refs_count(&x->people_refs); i++)
        free(x->rows.people[i].stays);
    for (size_t i = 0; i < x->n_faces; i++)
        face_deinit(&x->faces[i]);
    refs_deinit(&x->people_refs);
    refs_deinit(&x->homes_refs);
    free(x->rows.people);
    free(x->rows.homes);
    free(x);
    return NULL;
}

void index_freep(struct index **x)
{
    *x = index_free(*x);
}

static struct face *face_of(const struct index *x, uint8_t scheme, uint16_t epoch)
{
    for (size_t i = 0; i < x->n_faces; i++) {
        if (x->faces[i].key->scheme == scheme && x->faces[i].key->epoch == epoch)
            return (struct face *)&x->faces[i];
    }
    return NULL;
}

/* Only one that can be looked in. */
static const struct face *face_ready(const struct index *x, uint8_t scheme, uint16_t epoch)
{
    const struct face *f = face_of(x, scheme, epoch);

    return f && f->ready ? f : NULL;
}

int index_add_key(struct index *x, const struct tokens_key *key)
{
    if (face_of(x, key->scheme, key->epoch))
        return -EEXIST;
    if (x->n_faces == INDEX_KEYS_MAX)
        return -ENOSPC;
    if (x->wiped)
        return -EBUSY;
    x->faces[x->n_faces++] = (struct face){ .key = key };
    return 0;
}

void index_drop_key(struct index *x, uint8_t scheme, uint16_t epoch)
{
    struct face *f = face_of(x, scheme, epoch);

    if (!f)
        return;
    face_deinit(f);
    x->n_faces--;
    memmove(f, f + 1, (size_t)(x->faces + x->n_faces - f) * sizeof(*f));
    x->faces[x->n_faces] = (struct face){ .key = NULL };
}

/* Room for one more of size bytes after n. Return: 0 or -ENOMEM. */
static int room_for_one(void **array, size_t *cap, size_t n, size_t size)
{
    size_t want = *cap ? *cap * 2 : 64;
    void *grown;

    if (n < *cap)
        return 0;
    grown = reallocarray(*array, want, size);
    if (!grown)
        return -ENOMEM;
    *array = grown;
    *cap = want;
    return 0;
}

static int index_person(void *ctx, const struct alm_person *p)
{
    struct index *x = ctx;
    struct identity who = { p->given, p->family, p->born, p->nhs, p->upn, p->unborn };
    struct person_entry *e;
    size_t at;

    if (x->told)
        return -EINVAL;
    ALM_TRY(room_for_one((void **)&x->rows.people, &x->cap_people, refs_count(&x->people_refs),
                         sizeof(*x->rows.people)));
    ALM_TRY(tokens_row_check(&who));
    ALM_TRY(refs_add(&x->people_refs, p->ref, &at));
    e = &x->rows.people[at];
    memset(e, 0, sizeof(*e));
    e->born = p->born;
    e->unborn = p->unborn;
    e->asking_only = p->asking_only;
    x->n_answering += p->asking_only ? 0 : 1;
    x->failed = x->failed || texts_keep(&e->texts, (const char *const[TEXTS_MAX]){
                                                       p->given, p->family, p->nhs, p->upn }) != 0;
    return x->failed ? -ENOMEM : 0;
}

static int index_home(void *ctx, const struct alm_home *h)
{
    struct index *x = ctx;
    struct home_entry *e;
    bool has_token = h->postcode && h->postcode[0];
    size_t at;

    if (x->told)
        return -EINVAL;
    ALM_TRY(room_for_one((void **)&x->rows.homes, &x->cap_homes, refs_count(&x->homes_refs),
                         sizeof(*x->rows.homes)));
    if (has_token)
        ALM_TRY(tokens_home_check(h->address, h->postcode));
    ALM_TRY(refs_add(&x->homes_refs, h->ref, &at));
    e = &x->rows.homes[at];
    memset(e, 0, sizeof(*e));
    e->has_token = has_token;
    e->shielded_from = h->shielded_from;
    x->failed =
        x->failed ||
        texts_keep(&e->texts, (const char *const[TEXTS_MAX]){ h->address, h->postcode }) != 0;
    return x->failed ? -ENOMEM : 0;
}

static int index_stay(void *ctx, const char *person, const struct alm_stay *s)
{
    struct index *x = ctx;
    struct stay_entry stay = { .from = s->from, .until = s->until }, *grown;
    struct person_entry *e;
    size_t p, home;

    if (x->failed || x->told)
        return x->failed ? -ENOMEM : -EINVAL; /* an entry may lack what is read later */
    if (!refs_find(&x->people_refs, person, &p))
        return ALM_NO_PERSON;
    if (!refs_find(&x->homes_refs, s->home, &home) || !x->rows.homes[home].has_token)
        return 0; /* no address, or one that is never a token: nothing to find by */
    e = &x->rows.people[p];
    stay.home = (uint32_t)home;
    for (size_t i = 0; i < e->n_stays;
         i++) { /* told twice where the organisation's rows repeat ours */
        if (e->stays[i].home == stay.home && e->stays[i].from == stay.from &&
            e->stays[i].until == stay.until)
            return 0;
    }
    grown = reallocarray(e->stays, e->n_stays + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    e->stays = grown;
    e->stays[e->n_stays++] = stay;
    return 0;
}

void index_sink(struct index *x, struct alm_sink *out)
{
    *out = (struct alm_sink){
        .ctx = x, .person = index_person, .home = index_home, .stay = index_stay
    };
}

/* Still there first, then the latest arrival. */
static int stay_newer(const void *a, const void *b)
{
    const struct stay_entry *s = a, *t = b;
    bool s_open = s->until == CIVIL_NONE, t_open = t->until == CIVIL_NONE;

    if (s_open != t_open)
        return s_open ? -1 : 1;
    return (s->from < t->from) - (s->from > t->from);
}

static void index_told(struct index *x)
{
    x->rows.n_people = refs_count(&x->people_refs);
    x->rows.n_homes = refs_count(&x->homes_refs);
    for (size_t i = 0; i < x->rows.n_people; i++) {
        struct person_entry *e = &x->rows.people[i];

        if (e->n_stays)
            qsort(e->stays, e->n_stays, sizeof(*e->stays), stay_newer);
    }
    x->told = true;
}

int index_step(struct index *x, size_t most)
{
    int r;

    if (x->failed)
        return -ENOMEM;
    if (!x->told)
        index_told(x);
    for (size_t i = 0; i < x->n_faces; i++) {
        if (x->faces[i].ready)
            continue;
        r = face_step(&x->faces[i], &x->rows, most ? most : 1);
        x->failed = r != 0 && r != -EAGAIN; /* a face may be half made */
        return r ? r : INDEX_MORE;
    }
    index_wipe(x);
    return 0;
}

int index_finish(struct index *x)
{
    int r;

    while ((r = index_step(x, 4096)) == INDEX_MORE)
        ;
    if (r != 0 && r != -EAGAIN)
        index_wipe(x);
    return r;
}

bool index_ready(const struct index *x, const struct tokens_key *key)
{
    return face_ready(x, key->scheme, key->epoch) != NULL;
}

bool index_ready_for(const struct index *x, const struct token *t)
{
    return face_ready(x, t->scheme, t->epoch) != NULL;
}

bool index_done(const struct index *x)
{
    return x->wiped;
}

struct index_progress index_progress(const struct index *x, const struct tokens_key *key)
{
    const struct face *f = face_of(x, key->scheme, key->epoch);
    size_t all = refs_count(&x->people_refs) + refs_count(&x->homes_refs);

    if (!f || !f->begun)
        return (struct index_progress){ 0, all };
    return (struct index_progress){ all - f->people_left - f->homes_left, all };
}

/* Everyone who shares a token with the subject, each once. Return: how many, or CANDIDATES_MAX + 1.
 */
static size_t index_candidates(const struct face *f, const struct token_set *subject,
                               uint32_t out[static CANDIDATES_MAX])
{
    size_t n = 0;

    for (size_t t = 0; t < subject->n && t < TOKEN_SET_MAX; t++) {
        uint32_t at = face_first(f, &f->by_person, &subject->tokens[t]);

        for (; at != FACE_NONE; at = face_next(f, &f->by_person, at)) {
            uint32_t whose = f->by_person.at[at].whose;
            size_t j = 0;

            while (j < n && out[j] != whose)
                j++;
            if (j < n)
                continue;
            if (n == CANDIDATES_MAX)
                return CANDIDATES_MAX + 1;
            out[n++] = whose;
        }
    }
    return n;
}

static void person_tokens(const struct index *x, const struct face *f, size_t person,
                          struct token_set *out)
{
    memset(out, 0, sizeof(*out));
    out->unborn = x->rows.people[person].unborn;
    if (!f)
        return;
    out->n = f->people[person].n_own;
    memcpy(out->tokens, f->pool + f->people[person].own, out->n * sizeof(out->tokens[0]));
}

void index_person_tokens(const struct index *x, const struct tokens_key *key, size_t person,
                         struct token_set *out)
{
    person_tokens(x, face_ready(x, key->scheme, key->epoch), person, out);
}

/* All that the person can be matched by. */
static void person_set(const struct index *x, const struct face *f, size_t person,
                       struct token_set *out)
{
    const struct token *at_home = f->pool + f->people[person].stays;

    person_tokens(x, f, person, out);
    for (size_t i = 0; i < TOKENS_AT_HOME * stays_used(&x->rows.people[person]); i++)
        (void)token_set_add(out, &at_home[i]); /* all fit: INDEX_HOMES_MAX */
}

enum index_known index_find(const struct index *x, const struct token_set *subject, bool asking,
                            size_t *person)
{
    uint32_t candidates[CANDIDATES_MAX];
    const struct face *f;
    struct match_tally tally = { 0 };
    size_t n;

    if (!subject->n)
        return INDEX_UNKNOWN;
    f = face_ready(x, subject->tokens[0].scheme, subject->tokens[0].epoch);
    if (!f)
        return INDEX_NOT_READY;
    n = index_candidates(f, subject, candidates);
    if (n > CANDIDATES_MAX)
        return INDEX_MANY;
    for (size_t i = 0; i < n; i++) {
        struct token_set own;
        enum match m;

        if (x->rows.people[candidates[i]].asking_only && !asking)
            continue;
        person_set(x, f, candidates[i], &own);
        m = match_strict(subject, &own);
        match_count(&tally, m);
        if (m == MATCH_YES)
            *person = candidates[i];
    }
    return (enum index_known)match_of_tally(&tally);
}

size_t index_n_people(const struct index *x)
{
    return x->n_answering;
}

const char *index_person_ref(const struct index *x, size_t person)
{
    return refs_at(&x->people_refs, person);
}

size_t index_person_homes(const struct index *x, const struct tokens_key *key, size_t person,
                          struct index_home *out, size_t max)
{
    const struct face *f = face_ready(x, key->scheme, key->epoch);
    const struct person_entry *e = &x->rows.people[person];
    size_t n = 0;

    for (; f && n < e->n_stays && n < max; n++) {
        const struct stay_entry *s = &e->stays[n];

        out[n] = (struct index_home){ .home = f->pool[f->homes[s->home]],
                                      .from = s->from,
                                      .until = s->until,
                                      .shielded_from = x->rows.homes[s->home].shielded_from };
        memcpy(out[n].at_home, f->pool + f->people[person].stays + TOKENS_AT_HOME * n,
               sizeof(out[n].at_home));
    }
    return n;
}

size_t index_homes_find(const struct index *x, const struct token *home, const char **refs,
                        size_t max)
{
    const struct face *f = face_ready(x, home->scheme, home->epoch);
    uint32_t at = f ? face_first(f, &f->by_home, home) : FACE_NONE;
    size_t n = 0;

    for (; at != FACE_NONE && n < max; at = face_next(f, &f->by_home, at))
        refs[n++] = refs_at(&x->homes_refs, f->by_home.at[at].whose);
    return n;
}

static bool home_shielded(const struct home_entry *h, int32_t day)
{
    return h->shielded_from != CIVIL_NONE && h->shielded_from <= day;
}

bool index_home_shielded(const struct index *x, const struct token *home, const char *ref,
                         int32_t day)
{
    const struct face *f = face_ready(x, home->scheme, home->epoch);
    uint32_t i = f ? face_first(f, &f->by_home, home) : FACE_NONE;
    size_t at;

    if (!f ||
        (ref && refs_find(&x->homes_refs, ref, &at) && home_shielded(&x->rows.homes[at], day)))
        return true;
    for (; i != FACE_NONE; i = face_next(f, &f->by_home, i)) {
        if (home_shielded(&x->rows.homes[f->by_home.at[i].whose], day))
            return true;
    }
    return false;
}

bool index_home_known(const struct index *x, const char *ref, const char **own)
{
    size_t at;

    if (!refs_find(&x->homes_refs, ref, &at))
        return false;
    *own = refs_at(&x->homes_refs, at);
    return true;
}
