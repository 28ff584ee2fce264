/* SPDX-License-Identifier: Apache-2.0 */
/* agencies.c - the registry's agencies in memory. Reads only; what changes them is change.c. */
#include "agencies.h"

#include "settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int agencies_init(struct agencies *a)
{
    memset(a, 0, sizeof(*a));
    a->slots = calloc(AGENCIES_MAX, sizeof(*a->slots));
    if (!a->slots)
        return -ENOMEM;
    memset(a->buckets, 0xff, sizeof(a->buckets));
    memset(a->by_index, 0xff, sizeof(a->by_index));
    a->broken = true; /* until the first load */
    return 0;
}

void agencies_deinit(struct agencies *a)
{
    free(a->slots);
    a->slots = NULL;
    a->n = 0;
}

/* FNV-1a: ids are chosen by officers, so nobody hostile picks colliding ones. */
static size_t agencies_bucket(const char *id)
{
    uint32_t h = 2166136261u;

    for (const char *p = id; *p; p++)
        h = (h ^ (uint8_t)*p) * 16777619u;
    return h % (2 * AGENCIES_MAX);
}

/* The bucket where id is or would be. At most half of them are in use. */
static size_t agencies_probe(const struct agencies *a, const char *id)
{
    size_t i = agencies_bucket(id);

    while (a->buckets[i] != AGENCY_NONE && strcmp(a->slots[a->buckets[i]].reg.id, id) != 0)
        i = (i + 1) % ALM_LEN(a->buckets);
    return i;
}

uint16_t agencies_find(const struct agencies *a, const char *id)
{
    return a->buckets[agencies_probe(a, id)];
}

static int agencies_take(void *ctx, const struct registry_agency *reg)
{
    struct agencies *a = ctx;
    size_t at = agencies_probe(a, reg->id);
    struct agency *slot;

    if (a->buckets[at] == AGENCY_NONE) {
        if (a->n == AGENCIES_MAX)
            return -E2BIG;
        a->slots[a->n].gate = a->slots[a->n].gate_before = GATE_NONE;
        a->buckets[at] = a->n++;
    }
    slot = &a->slots[a->buckets[at]];
    slot->reg = *reg;
    slot->listed = true;
    for (uint8_t i = 0; i < reg->n_sign && i < REGISTRY_KEYS_MAX; i++)
        wire_key_id(reg->sign[i], slot->key_ids[i]);
    return 0;
}

static uint16_t agencies_gate(const char *organisation, char (*gates)[REGISTRY_ID_MAX],
                              uint16_t n_gates)
{
    uint16_t any = GATE_NONE;

    for (uint16_t i = 0; i < n_gates; i++) {
        if (!strcmp(gates[i], organisation))
            return i;
        if (!strcmp(gates[i], SETTINGS_GATE_ANY))
            any = i;
    }
    return any;
}

/* Where an agency stands in the bundle in force, and which gate is its organisation's. */
static void agencies_place(struct agencies *a, uint16_t slot, const struct bundle *b,
                           char (*gates)[REGISTRY_ID_MAX], uint16_t n_gates)
{
    struct agency *g = &a->slots[slot];
    const char *organisation = g->reg.id;
    uint16_t before = g->gate;

    g->index = b ? bundle_agency(b, g->reg.id) : POLICY_NONE;
    if (g->index != POLICY_NONE) {
        organisation = bundle_agency_at(b, bundle_agency_at(b, g->index)->organisation)->id;
        a->by_index[g->index] = slot;
    }
    g->gate = agencies_gate(organisation, gates, n_gates);
    if (before != GATE_NONE && before != g->gate) {
        g->gate_before = before;
        g->moved_ms = 0;
    }
}

int agencies_load(struct agencies *a, struct store_txn *t, const struct bundle *b,
                  char (*gates)[REGISTRY_ID_MAX], uint16_t n_gates)
{
    int r;

    a->loads++;
    for (uint16_t i = 0; i < a->n; i++)
        a->slots[i].listed = false;
    memset(a->by_index, 0xff, sizeof(a->by_index));
    r = registry_agency_each(t, agencies_take, a);
    for (uint16_t i = 0; i < a->n; i++) {
        if (!a->slots[i].listed) { /* its batch failed: it was never enrolled */
            a->slots[i].reg.standing = 0;
            a->slots[i].reg.n_sign = 0;
            a->slots[i].reg.n_curve = 0;
        }
        agencies_place(a, i, b, gates, n_gates);
    }
    a->broken = r != 0;
    return r;
}

const uint8_t *agency_sign_key(const struct agency *a, struct bytes key_id)
{
    for (uint8_t i = 0; i < a->reg.n_sign && i < REGISTRY_KEYS_MAX; i++) {
        if (bytes_equal(key_id, bytes_of(a->key_ids[i], WIRE_KEY_ID_LEN)))
            return a->reg.sign[i];
    }
    return NULL;
}

bool agency_active(const struct agency *a)
{
    return a->reg.standing == STANDING_ACTIVE;
}

static uint16_t agency_organisation(const struct agencies *a, const struct bundle *b, uint16_t slot)
{
    if (!b || slot == AGENCY_NONE || a->slots[slot].index == POLICY_NONE)
        return POLICY_NONE;
    return bundle_agency_at(b, a->slots[slot].index)->organisation;
}

bool agencies_colleagues(const struct agencies *a, const struct bundle *b, uint16_t one,
                         uint16_t other)
{
    uint16_t organisation = agency_organisation(a, b, one);

    return organisation != POLICY_NONE && organisation == agency_organisation(a, b, other);
}
