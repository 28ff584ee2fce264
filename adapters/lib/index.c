/* SPDX-License-Identifier: Apache-2.0 */
/* index.c - people and homes by token: arrays, and one sorted list of (token, whose) to look in. */
#include "lib/index.h"

#include "base/clock.h"
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

struct home_entry {
    char *address, *postcode; /* until index_finish */
    bool has_token;
    struct token token;
    int32_t shielded_from;
};
struct stay_entry {
    uint32_t home;
    int32_t from, until;
    struct token at_home[2];
};
struct person_entry {
    char *given, *family; /* until index_finish */
    int32_t born;
    bool unborn, asking_only;
    uint8_t n_tokens; /* own: NHS, UPN, NAME_DOB, PHONETIC_DOB */
    struct token tokens[4];
    uint32_t n_stays;
    struct stay_entry *stays; /* in homes with a token, newest first after index_finish */
};
struct posting {
    const struct token *token;
    uint32_t whose;
};
struct postings {
    struct posting *at;
    size_t n;
};
struct index {
    const struct tokens_key *key;
    struct refs people_refs, homes_refs; /* reference -> number */
    struct person_entry *people;
    struct home_entry *homes;
    size_t cap_people, cap_homes, n_answering;
    bool failed; /* memory ran out: the whole index is given up */
    struct postings by_person, by_home;
};

static void text_wipe(char **text)
{
    if (*text)
        crypto_wipe(*text, strlen(*text));
    free(*text);
    *text = NULL;
}

static void index_wipe(struct index *x)
{
    for (size_t i = 0; i < refs_count(&x->people_refs); i++) {
        text_wipe(&x->people[i].given);
        text_wipe(&x->people[i].family);
    }
    for (size_t i = 0; i < refs_count(&x->homes_refs); i++) {
        text_wipe(&x->homes[i].address);
        text_wipe(&x->homes[i].postcode);
    }
}

int index_new(const struct tokens_key *key, struct index **out)
{
    struct index *x = calloc(1, sizeof(*x));

    if (!x)
        return -ENOMEM;
    x->key = key;
    *out = x;
    return 0;
}

struct index *index_free(struct index *x)
{
    if (!x)
        return NULL;
    index_wipe(x);
    for (size_t i = 0; i < refs_count(&x->people_refs); i++)
        free(x->people[i].stays);
    refs_deinit(&x->people_refs);
    refs_deinit(&x->homes_refs);
    free(x->people);
    free(x->homes);
    free(x->by_person.at);
    free(x->by_home.at);
    free(x);
    return NULL;
}

void index_freep(struct index **x)
{
    *x = index_free(*x);
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
    struct token_set set;
    struct person_entry *e;
    size_t at;

    ALM_TRY(room_for_one((void **)&x->people, &x->cap_people, refs_count(&x->people_refs),
                         sizeof(*x->people)));
    ALM_TRY(tokens_identity(x->key, &who, &set));
    ALM_TRY(refs_add(&x->people_refs, p->ref, &at));
    e = &x->people[at];
    memset(e, 0, sizeof(*e));
    e->born = p->born;
    e->unborn = p->unborn;
    e->asking_only = p->asking_only;
    e->n_tokens = set.n;
    memcpy(e->tokens, set.tokens, set.n * sizeof(set.tokens[0]));
    e->given = strdup(p->given);
    e->family = strdup(p->family);
    x->n_answering += p->asking_only ? 0 : 1;
    x->failed = x->failed || !e->given || !e->family;
    return x->failed ? -ENOMEM : 0;
}

static int index_home(void *ctx, const struct alm_home *h)
{
    struct index *x = ctx;
    struct token token = { 0 };
    struct home_entry *e;
    bool has_token = h->postcode && h->postcode[0];
    size_t at;

    ALM_TRY(room_for_one((void **)&x->homes, &x->cap_homes, refs_count(&x->homes_refs),
                         sizeof(*x->homes)));
    if (has_token)
        ALM_TRY(tokens_home(x->key, h->address, h->postcode, &token));
    ALM_TRY(refs_add(&x->homes_refs, h->ref, &at));
    e = &x->homes[at];
    memset(e, 0, sizeof(*e));
    e->token = token;
    e->has_token = has_token;
    e->shielded_from = h->shielded_from;
    e->address = strdup(h->address);
    e->postcode = strdup(has_token ? h->postcode : "");
    x->failed = x->failed || !e->address || !e->postcode;
    return x->failed ? -ENOMEM : 0;
}

static int index_stay(void *ctx, const char *person, const struct alm_stay *s)
{
    struct index *x = ctx;
    struct stay_entry stay = { .from = s->from, .until = s->until }, *grown;
    struct person_entry *e;
    struct home_entry *h;
    struct identity who;
    size_t p, home;

    if (x->failed)
        return -ENOMEM; /* an entry may lack what is read below */
    if (!refs_find(&x->people_refs, person, &p))
        return ALM_NO_PERSON;
    if (!refs_find(&x->homes_refs, s->home, &home) || !x->homes[home].has_token)
        return 0; /* no address, or one that is never a token: nothing to find by */
    e = &x->people[p];
    h = &x->homes[home];
    stay.home = (uint32_t)home;
    for (size_t i = 0; i < e->n_stays;
         i++) { /* told twice where the organisation's rows repeat ours */
        if (e->stays[i].home == stay.home && e->stays[i].from == stay.from &&
            e->stays[i].until == stay.until)
            return 0;
    }
    who = (struct identity){ e->given, e->family, e->born, "", "", e->unborn };
    ALM_TRY(tokens_at_home(x->key, &who, h->address, h->postcode, stay.at_home));
    grown = reallocarray(e->stays, e->n_stays + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    e->stays = grown;
    e->stays[e->n_stays++] = stay;
    return 0;
}

void index_sink(struct index *x, struct alm_sink *out)
{
    *out = (struct alm_sink){ .ctx = x, .person = index_person, .home = index_home, .stay = index_stay };
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

static int posting_order(const void *a, const void *b)
{
    const struct posting *p = a, *q = b;
    int order = (p->token->kind > q->token->kind) - (p->token->kind < q->token->kind);

    return order ? order : memcmp(p->token->value, q->token->value, TOKEN_LEN);
}

static size_t stays_used(const struct person_entry *e)
{
    return e->n_stays < INDEX_HOMES_MAX ? e->n_stays : INDEX_HOMES_MAX;
}

static void postings_add(struct postings *p, const struct token *t, size_t whose)
{
    p->at[p->n++] = (struct posting){ t, (uint32_t)whose };
}

static int index_post_people(struct index *x)
{
    size_t n = 0, n_people = refs_count(&x->people_refs);

    for (size_t i = 0; i < n_people; i++)
        n += x->people[i].n_tokens + 2 * stays_used(&x->people[i]);
    x->by_person.at = calloc(n + 1, sizeof(struct posting));
    if (!x->by_person.at)
        return -ENOMEM;
    for (size_t i = 0; i < n_people; i++) {
        struct person_entry *e = &x->people[i];

        if (e->n_stays)
            qsort(e->stays, e->n_stays, sizeof(*e->stays), stay_newer);
        for (size_t j = 0; j < e->n_tokens; j++)
            postings_add(&x->by_person, &e->tokens[j], i);
        for (size_t j = 0; j < stays_used(e); j++) {
            postings_add(&x->by_person, &e->stays[j].at_home[0], i);
            postings_add(&x->by_person, &e->stays[j].at_home[1], i);
        }
    }
    qsort(x->by_person.at, x->by_person.n, sizeof(struct posting), posting_order);
    return 0;
}

int index_finish(struct index *x)
{
    size_t n_homes = refs_count(&x->homes_refs);

    index_wipe(x);
    if (x->failed)
        return -ENOMEM;
    x->by_home.at = calloc(n_homes + 1, sizeof(struct posting));
    if (!x->by_home.at)
        return -ENOMEM;
    for (size_t i = 0; i < n_homes; i++) {
        if (x->homes[i].has_token)
            postings_add(&x->by_home, &x->homes[i].token, i);
    }
    qsort(x->by_home.at, x->by_home.n, sizeof(struct posting), posting_order);
    return index_post_people(x);
}

/* The first posting with this token, then on while it stays the same. */
static size_t postings_first(const struct postings *p, const struct token *t)
{
    struct posting want = { t, 0 };
    size_t low = 0, high = p->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (posting_order(&p->at[middle], &want) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool posting_is(const struct postings *p, size_t i, const struct token *t)
{
    return i < p->n && p->at[i].token->kind == t->kind &&
           memcmp(p->at[i].token->value, t->value, TOKEN_LEN) == 0;
}

/* Everyone who shares a token with the subject, each once. Return: how many, or CANDIDATES_MAX + 1.
 */
static size_t index_candidates(const struct index *x, const struct token_set *subject,
                               uint32_t out[static CANDIDATES_MAX])
{
    size_t n = 0;

    for (size_t t = 0; t < subject->n && t < TOKEN_SET_MAX; t++) {
        for (size_t i = postings_first(&x->by_person, &subject->tokens[t]);
             posting_is(&x->by_person, i, &subject->tokens[t]); i++) {
            uint32_t whose = x->by_person.at[i].whose;
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

void index_person_tokens(const struct index *x, size_t person, struct token_set *out)
{
    const struct person_entry *e = &x->people[person];

    memset(out, 0, sizeof(*out));
    out->unborn = e->unborn;
    out->n = e->n_tokens;
    memcpy(out->tokens, e->tokens, e->n_tokens * sizeof(e->tokens[0]));
}

/* All that the person can be matched by. */
static void index_person_set(const struct index *x, size_t person, struct token_set *out)
{
    const struct person_entry *e = &x->people[person];

    index_person_tokens(x, person, out);
    for (size_t i = 0; i < stays_used(e); i++) {
        (void)token_set_add(out, &e->stays[i].at_home[0]); /* both fit: INDEX_HOMES_MAX */
        (void)token_set_add(out, &e->stays[i].at_home[1]);
    }
}

enum index_known index_find(const struct index *x, const struct token_set *subject, bool asking,
                            size_t *person)
{
    uint32_t candidates[CANDIDATES_MAX];
    size_t n = index_candidates(x, subject, candidates), n_match = 0, n_near = 0;

    if (n > CANDIDATES_MAX)
        return INDEX_AMBIGUOUS;
    for (size_t i = 0; i < n; i++) {
        struct token_set own;
        enum match m;

        if (x->people[candidates[i]].asking_only && !asking)
            continue;
        index_person_set(x, candidates[i], &own);
        m = match_strict(subject, &own);
        n_near += m == MATCH_POSSIBLE || m == MATCH_CONFLICT;
        if (m != MATCH_YES)
            continue;
        n_match++;
        *person = candidates[i];
    }
    if (n_match == 1)
        return INDEX_ONE;
    return n_match || n_near ? INDEX_AMBIGUOUS : INDEX_UNKNOWN;
}

size_t index_n_people(const struct index *x)
{
    return x->n_answering;
}

const char *index_person_ref(const struct index *x, size_t person)
{
    return refs_at(&x->people_refs, person);
}

size_t index_person_homes(const struct index *x, size_t person, struct index_home *out, size_t max)
{
    const struct person_entry *e = &x->people[person];
    size_t n = 0;

    for (; n < e->n_stays && n < max; n++) {
        const struct stay_entry *s = &e->stays[n];
        const struct home_entry *h = &x->homes[s->home];

        out[n] = (struct index_home){
            h->token, { s->at_home[0], s->at_home[1] }, s->from, s->until, h->shielded_from
        };
    }
    return n;
}

size_t index_homes_find(const struct index *x, const struct token *home, const char **refs,
                        size_t max)
{
    size_t n = 0;

    for (size_t i = postings_first(&x->by_home, home); posting_is(&x->by_home, i, home) && n < max;
         i++) {
        if (token_equal(x->by_home.at[i].token, home))
            refs[n++] = refs_at(&x->homes_refs, x->by_home.at[i].whose);
    }
    return n;
}

static bool home_shielded(const struct home_entry *h, int32_t day)
{
    return h->shielded_from != CIVIL_NONE && h->shielded_from <= day;
}

bool index_home_shielded(const struct index *x, const struct token *home, const char *ref,
                         int32_t day)
{
    size_t at;

    if (ref && refs_find(&x->homes_refs, ref, &at) && home_shielded(&x->homes[at], day))
        return true;
    for (size_t i = postings_first(&x->by_home, home); posting_is(&x->by_home, i, home); i++) {
        if (home_shielded(&x->homes[x->by_home.at[i].whose], day))
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
