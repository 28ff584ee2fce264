/* SPDX-License-Identifier: Apache-2.0 */
/* pending.c - a bounded table: chained buckets over holders' question ids, and a binary heap of
 * deadlines. */
#include "pending.h"

#include "base/crypto.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* A power of two. Ids are our own random ones, so nobody can aim at a bucket. */
#define PENDING_BUCKETS 65536u
#define HEAP_NONE       SIZE_MAX

struct heap_entry { /* with its deadline, so that those that wait are not looked at to compare */
    int64_t deadline_ms;
    struct pending *p;
};
struct pending_table {
    struct pending_holder **buckets;
    struct heap_entry *heap;
    size_t n_heap, n, max;
};

int pending_table_new(size_t max, struct pending_table **out)
{
    struct pending_table *t = calloc(1, sizeof(*t));

    if (!t)
        return -ENOMEM;
    t->max = max;
    t->buckets = calloc(PENDING_BUCKETS, sizeof(struct pending_holder *));
    t->heap = calloc(max ? max : 1, sizeof(t->heap[0]));
    if (!t->buckets || !t->heap) {
        pending_table_free(t);
        return -ENOMEM;
    }
    *out = t;
    return 0;
}

struct pending_table *pending_table_free(struct pending_table *t)
{
    if (!t)
        return NULL;
    while (t->heap && t->n_heap)
        pending_drop(t, t->heap[0].p);
    free(t->buckets);
    free(t->heap);
    free(t);
    return NULL;
}

size_t pending_count(const struct pending_table *t)
{
    return t->n;
}

uint64_t pending_ref(const struct id *question)
{
    uint64_t ref = 0;

    for (int i = 8; i < ID_LEN; i++) /* variant and 62 random bits */
        ref = ref << 8 | question->octets[i];
    return ref;
}

static struct pending_holder **pending_bucket(const struct pending_table *t, uint64_t ref)
{
    return &t->buckets[(ref ^ ref >> 32) & (PENDING_BUCKETS - 1)];
}

/* --- the heap --- */

static void heap_set(struct pending_table *t, size_t i, struct heap_entry e)
{
    t->heap[i] = e;
    e.p->heap_at = i;
}

static void heap_up(struct pending_table *t, size_t i)
{
    struct heap_entry e = t->heap[i];

    while (i > 0 && t->heap[(i - 1) / 2].deadline_ms > e.deadline_ms) {
        heap_set(t, i, t->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    heap_set(t, i, e);
}

static void heap_down(struct pending_table *t, size_t i)
{
    struct heap_entry e = t->heap[i];

    for (;;) {
        size_t child = 2 * i + 1;

        if (child >= t->n_heap)
            break;
        if (child + 1 < t->n_heap && t->heap[child + 1].deadline_ms < t->heap[child].deadline_ms)
            child++;
        if (t->heap[child].deadline_ms >= e.deadline_ms)
            break;
        heap_set(t, i, t->heap[child]);
        i = child;
    }
    heap_set(t, i, e);
}

static void heap_take(struct pending_table *t, struct pending *p)
{
    size_t at = p->heap_at;
    struct heap_entry last;

    if (at == HEAP_NONE)
        return;
    assert(at < t->n_heap && t->heap[at].p == p);
    last = t->heap[--t->n_heap];
    p->heap_at = HEAP_NONE;
    if (last.p == p)
        return;
    heap_set(t, at, last);
    heap_up(t, at);
    heap_down(t, last.p->heap_at);
}

static void heap_move(struct pending_table *t, struct pending *p, int64_t deadline_ms)
{
    p->deadline_ms = deadline_ms;
    if (p->heap_at == HEAP_NONE)
        return;
    t->heap[p->heap_at].deadline_ms = deadline_ms;
    heap_up(t, p->heap_at);
    heap_down(t, p->heap_at);
}

/* --- queries --- */

void tokens_copy(struct token_set *out, const struct token_set *in)
{
    uint8_t n = in->n < TOKEN_SET_MAX ? in->n : TOKEN_SET_MAX;

    memcpy(out->tokens, in->tokens, n * sizeof(in->tokens[0]));
    out->n = n;
    out->unborn = in->unborn;
}

static void ask_copy(struct ask *out, const struct ask *in)
{
    memcpy(out, in, offsetof(struct ask, subject));
    tokens_copy(&out->subject, &in->subject);
}

/* Not zeroed as a whole: it is two kilobytes, of which a question uses a third. */
int pending_alone(const struct ask *ask, uint16_t n_holders, struct pending **out)
{
    struct pending *p = malloc(sizeof(*p) + n_holders * sizeof(p->holders[0]));

    if (!p)
        return -ENOMEM;
    memset(p, 0, offsetof(struct pending, kept));
    memset(p->holders, 0, n_holders * sizeof(p->holders[0]));
    p->kept.whole = false; /* then nothing else of it is looked at */
    ask_copy(&p->ask, ask);
    p->n_holders = n_holders;
    p->heap_at = HEAP_NONE;
    for (uint16_t i = 0; i < n_holders; i++) {
        p->holders[i].owner = p;
        p->holders[i].agency = UINT16_MAX;
        p->holders[i].state = HOLDER_SILENT;
    }
    *out = p;
    return 0;
}

struct pending *pending_free(struct pending *p)
{
    if (!p)
        return NULL;
    for (uint16_t i = 0; i < p->n_holders; i++)
        free(p->holders[i].detail);
    if (p->later)
        crypto_wipe(p->later, sizeof(*p->later));
    free(p->later);
    free(p->factors);
    free(p);
    return NULL;
}

void pending_freep(struct pending **p)
{
    *p = pending_free(*p);
}

int pending_add(struct pending_table *t, const struct ask *ask, uint16_t n_holders,
                int64_t deadline_ms, struct pending **out)
{
    struct pending *p;
    int r = t->n >= t->max ? -ENOSPC : pending_alone(ask, n_holders, &p);

    if (r)
        return r;
    p->deadline_ms = deadline_ms;
    t->heap[t->n_heap] = (struct heap_entry){ deadline_ms, p };
    p->heap_at = t->n_heap++;
    heap_up(t, p->heap_at);
    t->n++;
    *out = p;
    return 0;
}

void pending_wait(struct pending_table *t, struct pending *p, uint16_t i, const struct id *question,
                  uint16_t agency)
{
    struct pending_holder *h = &p->holders[i];
    struct pending_holder **bucket = pending_bucket(t, pending_ref(question));

    assert(i < p->n_holders && h->state == HOLDER_SILENT);
    h->question = *question;
    h->agency = agency;
    h->state = HOLDER_WAITING;
    h->next = *bucket;
    *bucket = h;
    p->n_waiting++;
}

void pending_hasten(struct pending_table *t, struct pending *p)
{
    heap_move(t, p, 0);
}

struct pending_holder *pending_find(const struct pending_table *t, const struct id *question)
{
    struct pending_holder *h = *pending_bucket(t, pending_ref(question));

    while (h && !id_equal(&h->question, question))
        h = h->next;
    return h;
}

struct pending_holder *pending_find_ref(const struct pending_table *t, uint64_t ref)
{
    struct pending_holder *h = *pending_bucket(t, ref);

    while (h && pending_ref(&h->question) != ref)
        h = h->next;
    return h;
}

void pending_settle(struct pending_table *t, struct pending_holder *h, uint8_t state)
{
    assert(h->state == HOLDER_WAITING && h->owner->n_waiting > 0);
    h->state = state;
    if (--h->owner->n_waiting == 0)
        heap_move(t, h->owner, 0);
}

void pending_unsettle(struct pending_table *t, struct pending_holder *h, int64_t deadline_ms)
{
    free(h->detail);
    h->detail = NULL;
    h->state = HOLDER_WAITING;
    if (h->owner->n_waiting++ == 0)
        heap_move(t, h->owner, deadline_ms);
}

struct pending *pending_due(struct pending_table *t, int64_t mono_ms)
{
    struct pending *p;

    if (t->n_heap == 0 || t->heap[0].deadline_ms > mono_ms)
        return NULL;
    p = t->heap[0].p;
    heap_take(t, p);
    return p;
}

int64_t pending_next_ms(const struct pending_table *t)
{
    return t->n_heap ? t->heap[0].deadline_ms : INT64_MAX;
}

static void pending_unlink(struct pending_table *t, struct pending_holder *h)
{
    struct pending_holder **at = pending_bucket(t, pending_ref(&h->question));

    while (*at && *at != h)
        at = &(*at)->next;
    if (*at)
        *at = h->next;
}

void pending_drop(struct pending_table *t, struct pending *p)
{
    heap_take(t, p);
    for (uint16_t i = 0; i < p->n_holders; i++)
        pending_unlink(t, &p->holders[i]);
    t->n--;
    pending_free(p);
}
