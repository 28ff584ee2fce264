/* SPDX-License-Identifier: Apache-2.0 */
/* sealing.c - services' sealing keys: announced, logged, and handed on as they were signed, so that
 * peers verify and pin them themselves. A change names the key that it takes over from. */
#include "referral.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FROM_AHEAD_DAYS 365 /* a key may be announced so long before its first day */
#define OLD_KEY_DAYS    30  /* what was sealed before a change is still on its way */

struct chain { /* the newest */
    bool any;
    struct msg_sealing_key key;
};

static int chain_last(void *ctx, const struct sealing_record *r)
{
    struct chain *c = ctx;

    c->any = true;
    c->key = r->key;
    return 0;
}

static const char *sealing_sound(struct core *c, const struct work *w, const struct chain *had)
{
    const struct msg_sealing_key *k = &c->in.sealing_key;

    if (w->envelope.body.len > SEALING_BODY_MAX)
        return "too-long";
    if (k->from == CIVIL_NONE || k->from > c->day + FROM_AHEAD_DAYS ||
        k->from < c->day - OLD_KEY_DAYS)
        return "bad-dates";
    if (had->any != k->has_previous ||
        (had->any && memcmp(had->key.key, k->previous, sizeof(k->previous)) != 0))
        return "not-the-previous-key";
    return had->any && k->from < had->key.from ? "bad-dates" : NULL;
}

struct peers { /* who has something running with the agency */
    struct core *c;
    const char *agency;
    uint64_t told[AGENCIES_MAX / 64];
};

static int peers_visit(void *ctx, const struct referral_record *r)
{
    struct peers *p = ctx;
    const char *other = strcmp(r->from, p->agency) != 0 ? r->from : r->to;
    uint16_t slot = agencies_find(&p->c->agencies, other);

    if (r->running && slot != AGENCY_NONE && strcmp(other, p->agency) != 0)
        p->told[slot / 64] |= UINT64_C(1) << (slot % 64);
    return 0;
}

static void sealing_tell_peers(struct core *c, struct store_txn *t, const struct id *about,
                               const char *agency)
{
    struct peers p = { .c = c, .agency = agency };
    name_t name;
    int r;

    text_cut(name, sizeof(name), agency);
    r = referrals_of(t, (const name_t *)&name, 1, peers_visit, &p);
    if (r) {
        batch_fail(c, r, "sealing");
        return;
    }
    for (uint16_t i = 0; i < c->agencies.n; i++) {
        struct msg_notice *n;

        if (!(p.told[i / 64] >> (i % 64) & 1))
            continue;
        n = notice_begin(c, NOTICE_KEY_CHANGED, about);
        text_cut(n->agency, sizeof(n->agency), agency);
        text_cut(n->text, sizeof(n->text), "A service announced another sealing key.");
        notice_send(c, i);
    }
}

static void sealing_keep(struct core *c, struct work *w, struct store_txn *t)
{
    const struct agency *a = &c->agencies.slots[w->agency];
    const uint8_t *sign = agency_sign_key(a, w->envelope.key_id);
    uint8_t digest[SHA256_LEN];
    char hex[2 * SHA256_LEN + 1] = "";
    struct sealing_record r = { .key = c->in.sealing_key, .body = w->envelope.body };
    struct ledger_clear *l = lodge_record(c, w, EVENT_SEALING_KEY, "");

    if (!crypto_sha256(bytes_of(r.key.key, sizeof(r.key.key)), digest))
        hex_encode(digest, sizeof(digest), hex);
    (void)snprintf(l->detail, sizeof(l->detail), "sha256=%s change=%d", hex, r.key.has_previous);
    r.leaf = lodge_recorded(c, w);
    memcpy(r.agency, a->reg.id, sizeof(r.agency));
    if (sign)
        memcpy(r.sign_key, sign, sizeof(r.sign_key));
    if (w->envelope.signature.len == sizeof(r.signature))
        memcpy(r.signature, w->envelope.signature.data, sizeof(r.signature));
    sealing_put(t, &r);
}

void sealing_key_take(struct core *c, struct work *w)
{
    struct chain had = { .any = false };
    struct store_txn *t;
    const char *word;
    int r;

    if (!lodge_begin(c, w) || (t = batch_txn(c)) == NULL)
        return;
    r = sealing_each(t, c->agencies.slots[w->agency].reg.id, chain_last, &had);
    if (r) {
        batch_fail(c, r, "sealing");
        return;
    }
    word = sealing_sound(c, w, &had);
    if (word) {
        lodge_refuse(c, w, word);
        return;
    }
    sealing_keep(c, w, t);
    if (had.any)
        sealing_tell_peers(c, t, &w->id, c->agencies.slots[w->agency].reg.id);
}

struct copying { /* the last SEALING_KEYS_MAX, all under the signing key of the newest */
    struct msg_sealing_keys *out;
    struct buf *bodies;
    size_t at[SEALING_KEYS_MAX], len[SEALING_KEYS_MAX];
};

static void copying_drop_first(struct copying *c)
{
    struct msg_sealing_keys *k = c->out;

    for (uint8_t i = 1; i < k->n; i++) {
        k->keys[i - 1] = k->keys[i];
        c->at[i - 1] = c->at[i];
        c->len[i - 1] = c->len[i];
    }
    k->n--;
}

static int copying_visit(void *ctx, const struct sealing_record *r)
{
    struct copying *c = ctx;
    struct msg_sealing_keys *k = c->out;

    if (memcmp(k->sign_key, r->sign_key, sizeof(k->sign_key)) != 0) {
        k->n = 0; /* what an earlier signing key vouched for, this one does not */
        memcpy(k->sign_key, r->sign_key, sizeof(k->sign_key));
    }
    if (k->n == SEALING_KEYS_MAX)
        copying_drop_first(c);
    c->at[k->n] = c->bodies->len;
    c->len[k->n] = r->body.len;
    buf_put(c->bodies, r->body.data, r->body.len);
    memcpy(k->keys[k->n].signature, r->signature, sizeof(r->signature));
    k->n++;
    return buf_status(c->bodies);
}

/* About no person: no leaf, and it may be asked again. */
void sealing_query_take(struct core *c, struct work *w)
{
    struct store_txn *t = batch_txn(c);
    struct copying copy = { .bodies = &c->scratch };
    name_t agency;
    uint16_t slot;
    int r;

    if (!t)
        return;
    text_cut(agency, sizeof(agency), c->in.sealing_key_query.agency);
    slot = agencies_find(&c->agencies, agency);
    if (slot == AGENCY_NONE || !c->agencies.slots[slot].reg.n_sign) {
        tell_word(c, w->agency, &w->id, "unknown-receiver");
        return;
    }
    copy.out = &tell_begin(c, MSG_SEALING_KEYS, &w->id)->sealing_keys;
    memcpy(copy.out->agency, agency, sizeof(copy.out->agency));
    memcpy(copy.out->sign_key, c->agencies.slots[slot].reg.sign[0], sizeof(copy.out->sign_key));
    buf_reset(&c->scratch);
    r = sealing_each(t, agency, copying_visit, &copy);
    if (r) {
        batch_fail(c, r, "sealing");
        return;
    }
    for (uint8_t i = 0; i < copy.out->n; i++)
        copy.out->keys[i].body = bytes_of(c->scratch.data + copy.at[i], copy.len[i]);
    if (tell_send(c, w->agency))
        tell_word(c, w->agency, &w->id, "internal");
}

struct fitting {
    const uint8_t *key;
    int32_t day;
    bool fits;
};

/* A key serves from its first day until a while after its successor's. */
static int fitting_visit(void *ctx, const struct sealing_record *r)
{
    struct fitting *f = ctx;

    if (!memcmp(r->key.key, f->key, sizeof(r->key.key)))
        f->fits = r->key.from <= f->day;
    else if (r->key.has_previous && !memcmp(r->key.previous, f->key, sizeof(r->key.previous)) &&
             r->key.from < f->day - OLD_KEY_DAYS)
        f->fits = false;
    return 0;
}

bool sealing_fits(struct core *c, const char *agency, const uint8_t key[static 32])
{
    struct fitting f = { .key = key, .day = c->day };
    struct store_txn *t = batch_txn(c);
    int r = t ? sealing_each(t, agency, fitting_visit, &f) : 0;

    if (r)
        batch_fail(c, r, "sealing");
    return !r && f.fits;
}
