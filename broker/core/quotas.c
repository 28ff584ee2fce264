/* SPDX-License-Identifier: Apache-2.0 */
/* quotas.c - permitted questions of one day: by a practitioner, by an agency, and by an organisation
 * about one subject, as the policy limits them.
 *
 * Counted in the transaction of the decision, so that a restart forgives nothing. A day here is one
 * of c->days, which the clock cannot turn back. What looks like a permit counts as one, or the count
 * would tell what is hidden. TABLE_ASKED:
 *   'q', u32 day's number, HMAC(what is counted) 32 -> u32 how many */
#include "stages.h"

#include <errno.h>
#include <string.h>

#define QUOTA_KEY    (1 + 4 + SHA256_LEN)
#define QUOTA_DOMAIN 0xfd /* first byte blinded: no token kind has it, nor the other indexes */
#define SWEEP_MOST   256  /* records of one batch; the rest waits for the next */
#define QUOTA_KEYS   (2 + TOKEN_SET_MAX)
#define OCTETS_MAX   (2 + REGISTRY_ID_MAX + NAME_MAX_LEN + 5 + TOKEN_LEN)

struct quota_keys { /* what one question counts for, and how many of it are allowed */
    size_t n;
    uint8_t key[QUOTA_KEYS][QUOTA_KEY];
    uint32_t most[QUOTA_KEYS];
};

/* Return: 0; -EINVAL a name too long; crypto's. */
static int quota_key(struct core *c, struct quota_keys *k, uint32_t most, char kind,
                     const char *who, struct bytes what)
{
    uint8_t octets[OCTETS_MAX] = { QUOTA_DOMAIN, (uint8_t)kind };
    uint8_t *key = k->key[k->n];
    size_t id = strlen(who) + 1;

    if (!most)
        return 0; /* no limit: nothing is counted */
    if (2 + id + what.len > sizeof(octets) || k->n == QUOTA_KEYS)
        return -EINVAL;
    memcpy(octets + 2, who, id);
    if (what.len)
        memcpy(octets + 2 + id, what.data, what.len);
    key[0] = 'q';
    for (int i = 0; i < 4; i++)
        key[1 + i] = (uint8_t)(c->days.n >> (24 - 8 * i));
    k->most[k->n++] = most;
    return store_blind(c->store, bytes_of(octets, 2 + id + what.len), key + 5);
}

/* One count for each token that finds a person; the greatest of them is what was asked. */
static int quota_token(struct core *c, struct quota_keys *k, uint32_t most, const char *organisation,
                       const struct token *t, bool unborn)
{
    uint8_t what[5 + TOKEN_LEN] = { t->kind, t->scheme, (uint8_t)(t->epoch >> 8),
                                    (uint8_t)t->epoch, unborn };

    if (!token_kind_strong(t->kind) && t->kind != TOKEN_NAME_DOB && t->kind != TOKEN_HOME)
        return 0;
    memcpy(what + 5, t->value, TOKEN_LEN);
    return quota_key(c, k, most, 's', organisation, bytes_of(what, sizeof(what)));
}

static int quota_keys(struct core *c, const struct ask *ask, struct quota_keys *k)
{
    const struct policy_limits *l = bundle_limits(c->bundle);
    uint16_t index = c->agencies.slots[ask->agency].index;
    const char *agency = c->agencies.slots[ask->agency].reg.id, *organisation;
    int r;

    k->n = 0;
    if (index == POLICY_NONE || !(l->practitioner || l->agency || l->subject))
        return 0; /* refused before it could count; nothing is counted */
    organisation = bundle_agency_at(c->bundle, bundle_agency_at(c->bundle, index)->organisation)->id;
    r = quota_key(c, k, l->practitioner, 'p', agency, bytes_str(ask->practitioner.ref));
    if (!r)
        r = quota_key(c, k, l->agency, 'a', agency, bytes_of(NULL, 0));
    for (uint8_t i = 0; i < ask->subject.n && i < TOKEN_SET_MAX && !r; i++)
        r = quota_token(c, k, l->subject, organisation, &ask->subject.tokens[i],
                        ask->subject.unborn);
    if (!r && ask->household.kind)
        r = quota_token(c, k, l->subject, organisation, &ask->household, false);
    return r;
}

static int quota_get(struct core *c, struct store_txn *t, const uint8_t *key, uint32_t *out)
{
    struct cursor at;
    int r;

    *out = 0;
    buf_reset(&c->scratch);
    r = store_get(t, TABLE_ASKED, bytes_of(key, QUOTA_KEY), &c->scratch);
    if (r)
        return r == -ENOENT ? 0 : r;
    at = cursor_of(buf_view(&c->scratch));
    *out = cursor_u32(&at);
    return cursor_end(&at) ? -EBADMSG : 0;
}

bool quotas_over(struct core *c, const struct ask *ask)
{
    struct store_txn *t = batch_txn(c);
    struct quota_keys k;
    bool over = false;
    int r = t ? quota_keys(c, ask, &k) : -EIO;

    for (size_t i = 0; !r && i < k.n; i++) {
        uint32_t n;

        r = quota_get(c, t, k.key[i], &n);
        over = over || n >= k.most[i];
    }
    if (r)
        batch_fail(c, r, "quotas");
    return over || r;
}

void quotas_put(struct core *c, const struct ask *ask)
{
    struct store_txn *t = batch_txn(c);
    struct quota_keys k;
    int r;

    if (!t || !c->bundle)
        return;
    r = quota_keys(c, ask, &k);
    for (size_t i = 0; !r && i < k.n; i++) {
        uint8_t octets[4];
        uint32_t n;

        r = quota_get(c, t, k.key[i], &n);
        n += n < UINT32_MAX;
        for (int b = 0; b < 4; b++)
            octets[b] = (uint8_t)(n >> (24 - 8 * b));
        store_put(t, TABLE_ASKED, bytes_of(k.key[i], QUOTA_KEY), bytes_of(octets, sizeof(octets)));
        c->batch.wrote = true;
    }
    if (!r)
        r = store_status(t);
    if (r)
        batch_fail(c, r, "quotas");
}

struct quota_sweep {
    struct core *c;
    struct store_txn *t;
    unsigned n;
};

static int quota_sweep_visit(void *ctx, struct bytes key, struct bytes value)
{
    struct quota_sweep *s = ctx;
    uint8_t copy[QUOTA_KEY];
    uint32_t day = 0;

    (void)value;
    if (key.len != QUOTA_KEY)
        return -EBADMSG;
    memcpy(copy, key.data, sizeof(copy)); /* the view ends when the entry is deleted */
    for (int i = 1; i <= 4; i++)
        day = day << 8 | copy[i];
    if (day >= s->c->days.n || s->n++ == SWEEP_MOST)
        return 1;
    store_del(s->t, TABLE_ASKED, bytes_of(copy, sizeof(copy)));
    s->c->batch.wrote = true;
    return store_status(s->t);
}

/* Yesterday's counts say nothing any more. */
void quotas_sweep(struct core *c)
{
    struct quota_sweep s = { .c = c };
    const uint8_t prefix = 'q';
    int r;

    if (c->quotas_swept == c->days.n || c->batch.error)
        return;
    s.t = batch_txn(c);
    if (!s.t)
        return;
    r = store_scan(s.t, TABLE_ASKED, bytes_of(&prefix, 1), bytes_of(NULL, 0), false,
                   quota_sweep_visit, &s);
    if (r < 0) /* they are never read again; nothing waits for them */
        log_error("asked-not-swept", "error=%d", -r);
    if (r < 0 || s.n <= SWEEP_MOST)
        c->quotas_swept = c->days.n;
}
