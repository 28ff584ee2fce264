/* SPDX-License-Identifier: Apache-2.0 */
/* value.c - decisions as values, kept once. */
#include "analyse/value.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int values_init(struct values *v)
{
    *v = (struct values){ .n_slots = 256 };
    v->slots = calloc(v->n_slots, sizeof(*v->slots));
    return v->slots ? 0 : -ENOMEM;
}

void values_deinit(struct values *v)
{
    for (uint32_t i = 0; i < v->n; i++)
        free(v->at[i].seen);
    free(v->at);
    free(v->slots);
    *v = (struct values){ .at = NULL };
}

static uint32_t hash_of(const struct value *x)
{
    uint32_t h = 2166136261u;
    const uint8_t head[] = { x->outcome, x->reason, x->telling, x->basis, x->but_own, x->broker };

    for (size_t i = 0; i < sizeof(head); i++)
        h = (h ^ head[i]) * 16777619u;
    for (uint16_t i = 0; i < x->n; i++)
        h = (h ^ (x->seen[i].agency * 4u + x->seen[i].visibility + x->seen[i].factors * 4096u)) *
            16777619u;
    return h ^ (h >> 15);
}

bool value_equal(const struct value *a, const struct value *b)
{
    if (a->outcome != b->outcome || a->reason != b->reason || a->telling != b->telling ||
        a->basis != b->basis || a->but_own != b->but_own || a->broker != b->broker || a->n != b->n)
        return false;
    for (uint16_t i = 0; i < a->n; i++)
        if (a->seen[i].agency != b->seen[i].agency ||
            a->seen[i].visibility != b->seen[i].visibility ||
            a->seen[i].factors != b->seen[i].factors)
            return false;
    return true;
}

static uint32_t *slot_of(const struct values *v, const struct value *x)
{
    uint32_t i = hash_of(x) & (v->n_slots - 1);

    while (v->slots[i] && !value_equal(&v->at[v->slots[i] - 1], x))
        i = (i + 1) & (v->n_slots - 1);
    return &v->slots[i];
}

static int grow(struct values *v)
{
    if (v->n == v->cap) {
        uint32_t cap = v->cap ? 2 * v->cap : 128;
        struct value *at = realloc(v->at, cap * sizeof(*at));

        if (!at)
            return -ENOMEM;
        v->at = at;
        v->cap = cap;
    }
    if (2 * (v->n + 1) > v->n_slots) {
        uint32_t *old = v->slots, *slots = calloc(2 * (size_t)v->n_slots, sizeof(*slots));

        if (!slots)
            return -ENOMEM;
        v->slots = slots;
        v->n_slots *= 2;
        free(old);
        for (uint32_t i = 0; i < v->n; i++)
            *slot_of(v, &v->at[i]) = i + 1;
    }
    return 0;
}

int values_number(struct values *v, const struct value *x, uint32_t *out)
{
    uint32_t *slot;
    int r = grow(v);

    if (r < 0)
        return r;
    slot = slot_of(v, x);
    if (!*slot) {
        struct value copy = *x;

        copy.seen = calloc(x->n + 1u, sizeof(*copy.seen));
        if (!copy.seen)
            return -ENOMEM;
        if (x->n)
            memcpy(copy.seen, x->seen, x->n * sizeof(*copy.seen));
        v->at[v->n] = copy;
        *slot = ++v->n;
    }
    *out = *slot - 1;
    return 0;
}

/* Both are sorted by id, so a policy's own order is kept on the list of both. */
static uint16_t listed_as(const struct domain *d, size_t k, uint16_t agency)
{
    uint16_t low = agency, high = d->agencies.n; /* index k of an entry is never above it */
    const char *id = bundle_agency_at(d->b[k], agency)->id;

    while (low < high) {
        uint16_t middle = (uint16_t)((low + high) / 2);

        if (strcmp(d->agencies.id[middle], id) < 0)
            low = (uint16_t)(middle + 1);
        else
            high = middle;
    }
    return low;
}

void value_make(const struct domain *d, size_t k, const struct facts *f,
                const struct decision *made, struct seen *seen, struct value *out)
{
    *out = (struct value){ .outcome = made->outcome,
                           .reason = made->reason,
                           .telling = made->telling,
                           .basis = made->basis,
                           .seen = seen };
    if (made->outcome != OUTCOME_PERMIT)
        return;
    out->broker = !f->involvement && made->n_holders == 0 &&
                  bundle_question_at(d->b[k], f->question)->kind != QUESTION_HOLDERS;
    for (uint16_t i = 0; i < made->n_holders; i++)
        seen[out->n++] = (struct seen){ .agency = listed_as(d, k, made->holders[i]),
                                        .visibility = made->visibility[i],
                                        .factors = made->factors[i] };
}

bool value_same_organisation(const struct domain *d, size_t k, uint16_t asker, uint16_t i)
{
    uint16_t a = d->agencies.index[k][asker], b = d->agencies.index[k][i];

    return a != POLICY_NONE && b != POLICY_NONE &&
           bundle_agency_at(d->b[k], a)->organisation == bundle_agency_at(d->b[k], b)->organisation;
}

void value_for(const struct domain *d, const struct value *v, size_t k, uint16_t asker,
               struct seen *seen, struct value *out)
{
    *out = *v;
    out->seen = seen;
    out->n = 0;
    out->but_own = false;
    for (uint16_t i = 0; i < v->n; i++)
        if (!v->but_own || !value_same_organisation(d, k, asker, v->seen[i].agency))
            seen[out->n++] = v->seen[i];
}
