/* SPDX-License-Identifier: Apache-2.0 */
/* index_face.c - the tokens that one key makes of all rows, made from the last row to the first, so
 * that chains, which grow at their head, have the first told row first. */
#include "lib/index_face.h"

#include "lib/memo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- identifiers --- */
int texts_keep(struct texts *t, const char *const of[static TEXTS_MAX])
{
    size_t len = 0;

    for (size_t i = 0; i < TEXTS_MAX; i++) {
        t->at[i] = (uint16_t)len; /* each was checked: at most FOLD_IN_MAX bytes */
        len += (of[i] ? strlen(of[i]) : 0) + 1;
        if (len > UINT16_MAX)
            return -ENOMEM;
    }
    t->all = malloc(len);
    if (!t->all)
        return -ENOMEM;
    t->len = (uint16_t)len;
    for (size_t i = 0; i < TEXTS_MAX; i++) {
        size_t one = of[i] ? strlen(of[i]) : 0;

        if (one)
            memcpy(t->all + t->at[i], of[i], one);
        t->all[t->at[i] + one] = '\0';
    }
    return 0;
}

void texts_wipe(struct texts *t)
{
    if (t->all)
        crypto_wipe(t->all, t->len);
    free(t->all);
    t->all = NULL;
}

const char *texts_at(const struct texts *t, size_t i)
{
    return t->all ? t->all + t->at[i] : "";
}

size_t stays_used(const struct person_entry *e)
{
    return e->n_stays < INDEX_HOMES_MAX ? e->n_stays : INDEX_HOMES_MAX;
}

/* --- from a token to whose it is --- */
static size_t head_of(const struct postings *p, const struct token *t)
{
    uint64_t hash;

    memcpy(&hash, t->value, sizeof(hash)); /* keyed: nobody can choose it */
    return (size_t)hash & (p->n_heads - 1);
}

static bool same(const struct token *a, const struct token *b)
{
    return a->kind == b->kind && memcmp(a->value, b->value, TOKEN_LEN) == 0;
}

static uint32_t chain_find(const struct face *f, const struct postings *p, uint32_t at,
                           const struct token *t)
{
    while (at != FACE_NONE && !same(&f->pool[p->at[at].token], t))
        at = p->at[at].next;
    return at;
}

uint32_t face_first(const struct face *f, const struct postings *p, const struct token *t)
{
    return p->n_heads ? chain_find(f, p, p->heads[head_of(p, t)], t) : FACE_NONE;
}

uint32_t face_next(const struct face *f, const struct postings *p, uint32_t at)
{
    return chain_find(f, p, p->at[at].next, &f->pool[p->at[at].token]);
}

static int postings_begin(struct postings *p, size_t expected)
{
    size_t n = 16;

    while (n < expected)
        n *= 2;
    p->heads = malloc(n * sizeof(*p->heads));
    if (!p->heads)
        return -ENOMEM;
    memset(p->heads, 0xff, n * sizeof(*p->heads)); /* FACE_NONE */
    p->n_heads = n;
    return 0;
}

static int postings_add(const struct face *f, struct postings *p, uint32_t token, size_t whose)
{
    uint32_t *head = &p->heads[head_of(p, &f->pool[token])];
    struct posting *grown;

    if (p->n == p->cap) {
        size_t cap = p->cap ? p->cap + p->cap / 2 : 256;

        grown = cap < FACE_NONE ? reallocarray(p->at, cap, sizeof(*grown)) : NULL;
        if (!grown)
            return -ENOMEM;
        p->at = grown;
        p->cap = cap;
    }
    p->at[p->n] = (struct posting){ token, (uint32_t)whose, *head };
    *head = (uint32_t)p->n++;
    return 0;
}

/* --- building --- */
void face_deinit(struct face *f)
{
    free(f->pool);
    free(f->homes);
    free(f->people);
    free(f->by_person.at);
    free(f->by_person.heads);
    free(f->by_home.at);
    free(f->by_home.heads);
    *f = (struct face){ .key = f->key };
}

static int face_begin(struct face *f, const struct index_people *rows)
{
    size_t n = 5 * rows->n_people;

    for (size_t i = 0; i < rows->n_people; i++)
        n += TOKENS_AT_HOME * stays_used(&rows->people[i]);
    f->homes = calloc(rows->n_homes + 1, sizeof(*f->homes));
    f->people = calloc(rows->n_people + 1, sizeof(*f->people));
    if (!f->homes || !f->people || postings_begin(&f->by_person, n) != 0 ||
        postings_begin(&f->by_home, rows->n_homes) != 0) {
        face_deinit(f);
        return -ENOMEM;
    }
    f->homes_left = rows->n_homes;
    f->people_left = rows->n_people;
    f->begun = true;
    return 0;
}

/* Places for n tokens. Return: 0, *at set; -ENOMEM. */
static int pool_take(struct face *f, size_t n, uint32_t *at)
{
    if (f->n_pool + n > f->cap_pool) {
        size_t cap = f->cap_pool + f->cap_pool / 2 + n + 256;
        struct token *grown = cap < FACE_NONE ? reallocarray(f->pool, cap, sizeof(*grown)) : NULL;

        if (!grown)
            return -ENOMEM;
        f->pool = grown;
        f->cap_pool = cap;
    }
    *at = (uint32_t)f->n_pool;
    f->n_pool += n;
    return 0;
}

static int home_make(struct face *f, const struct index_people *rows, size_t i)
{
    const struct home_entry *h = &rows->homes[i];
    int r;

    f->homes[i] = FACE_NONE;
    if (!h->has_token)
        return 0;
    r = pool_take(f, 1, &f->homes[i]);
    return r == 0 ? tokens_home(f->key, texts_at(&h->texts, 0), texts_at(&h->texts, 1),
                                &f->pool[f->homes[i]])
                  : r;
}

static int stays_make(struct face *f, const struct index_people *rows, const struct identity *who,
                      size_t i)
{
    const struct person_entry *e = &rows->people[i];
    int r = pool_take(f, TOKENS_AT_HOME * e->n_stays, &f->people[i].stays);
    bool wanted = false;

    if (r == 0 && identity_number_alone(who)) { /* nothing joins them; their homes are known */
        if (e->n_stays) /* the pool may be empty while all is wanted */
            memset(f->pool + f->people[i].stays, 0, TOKENS_AT_HOME * e->n_stays * sizeof(*f->pool));
        return 0;
    }
    for (size_t j = 0; r == 0 && j < e->n_stays; j++) {
        const struct texts *at = &rows->homes[e->stays[j].home].texts;

        r = tokens_at_home(f->key, who, texts_at(at, 0), texts_at(at, 1),
                           f->pool + f->people[i].stays + TOKENS_AT_HOME * j);
        wanted = wanted || r == -EAGAIN;
        r = r == -EAGAIN ? 0 : r;
    }
    return r == 0 && wanted ? -EAGAIN : r;
}

static int person_make(struct face *f, const struct index_people *rows, size_t i)
{
    const struct person_entry *e = &rows->people[i];
    const struct identity who = { texts_at(&e->texts, 0), texts_at(&e->texts, 1), e->born,
                                  texts_at(&e->texts, 2), texts_at(&e->texts, 3), e->unborn };
    struct face_person *p = &f->people[i];
    struct token_set set;
    int r = tokens_row(f->key, &who, &set), s;

    if (r != 0 && r != -EAGAIN)
        return r;
    s = pool_take(f, set.n, &p->own);
    if (s != 0)
        return s;
    p->n_own = set.n;
    if (set.n) /* none while all are wanted */
        memcpy(f->pool + p->own, set.tokens, set.n * sizeof(set.tokens[0]));
    s = stays_make(f, rows, &who, i);
    return s ? s : r;
}

/* Of one block: all are made before any is found, and all wants noted before -EAGAIN. */
static int block_make(struct face *f, const struct index_people *rows, size_t from, size_t until,
                      int (*make)(struct face *f, const struct index_people *rows, size_t i))
{
    size_t n_pool = f->n_pool;
    bool wanted = false;

    for (size_t i = until; i-- > from;) {
        int r = make(f, rows, i);

        wanted = wanted || r == -EAGAIN;
        if (r != 0 && r != -EAGAIN)
            return r;
    }
    if (wanted)
        f->n_pool = n_pool; /* made anew when they have come */
    return wanted ? -EAGAIN : 0;
}

static int homes_post(struct face *f, size_t from, size_t until)
{
    int r = 0;

    for (size_t i = until; r == 0 && i-- > from;)
        r = f->homes[i] == FACE_NONE ? 0 : postings_add(f, &f->by_home, f->homes[i], i);
    return r;
}

static int people_post(struct face *f, const struct index_people *rows, size_t from, size_t until)
{
    int r = 0;

    for (size_t i = until; r == 0 && i-- > from;) {
        const struct face_person *p = &f->people[i];

        for (uint32_t j = 0; r == 0 && j < p->n_own; j++)
            r = postings_add(f, &f->by_person, p->own + j, i);
        for (uint32_t j = 0; r == 0 && j < TOKENS_AT_HOME * stays_used(&rows->people[i]); j++)
            r = f->pool[p->stays + j].kind ? postings_add(f, &f->by_person, p->stays + j, i) : 0;
    }
    return r;
}

int face_step(struct face *f, const struct index_people *rows, size_t most)
{
    size_t *left, from;
    bool homes;
    int r = f->begun ? 0 : face_begin(f, rows);

    if (r != 0)
        return r;
    if (f->waiting && f->key->memo && memo_n_open(f->key->memo))
        return -EAGAIN;
    homes = f->homes_left > 0;
    left = homes ? &f->homes_left : &f->people_left;
    from = *left > most ? *left - most : 0;
    r = block_make(f, rows, from, *left, homes ? home_make : person_make);
    f->waiting = r == -EAGAIN;
    if (r == 0)
        r = homes ? homes_post(f, from, *left) : people_post(f, rows, from, *left);
    if (r != 0)
        return r;
    *left = from;
    f->ready = !f->homes_left && !f->people_left;
    return 0;
}
