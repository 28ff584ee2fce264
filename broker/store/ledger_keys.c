/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_keys.c - tags, searching by them, and forgetting. See ledger_keys.h. */
#include "store/ledger_keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/ledger_blocks.h"
#include "store/ledger_codec.h"

#define TAG_OCTETS_MAX 256
#define FILTER_BITS    4096

/* What a tag is of goes into it, so that an agency's message is never taken for a token. */
enum tag_sort { TAG_TOKEN = 0xf1, TAG_PRACTITIONER, TAG_ABOUT, TAG_MESSAGE };

/* --- Tags. --- */

static int tag_of(struct store *s, enum tag_sort sort, struct bytes a, struct bytes b,
                  uint64_t *tag)
{
    uint8_t octets[TAG_OCTETS_MAX];
    size_t len = 0;

    if (1 + a.len + b.len > sizeof(octets))
        return -EINVAL;
    octets[len++] = (uint8_t)sort;
    if (a.len)
        memcpy(octets + len, a.data, a.len);
    len += a.len;
    if (b.len)
        memcpy(octets + len, b.data, b.len);
    len += b.len;
    *tag = crypto_short_mac(&store_keys(s)->tag, bytes_of(octets, len));
    return 0;
}

int ledger_tag_token(struct store *s, const struct token *token, bool unborn, uint64_t *tag)
{
    const uint8_t head[] = { token->kind, token->scheme, (uint8_t)(token->epoch >> 8),
                             (uint8_t)token->epoch, unborn };

    return tag_of(s, TAG_TOKEN, bytes_of(head, sizeof(head)), bytes_of(token->value, TOKEN_LEN),
                  tag);
}

/* With the agency's NUL, so that no two pairs read alike. */
static struct bytes tag_agency(const char *agency)
{
    return bytes_of(agency, strlen(agency) + 1);
}

int ledger_tag_practitioner(struct store *s, const char *agency, const char *ref, uint64_t *tag)
{
    return tag_of(s, TAG_PRACTITIONER, tag_agency(agency), bytes_str(ref), tag);
}

int ledger_tag_about(struct store *s, uint64_t leaf, uint64_t *tag)
{
    uint8_t octets[8];

    for (size_t i = 0; i < sizeof(octets); i++)
        octets[i] = (uint8_t)(leaf >> (56 - 8 * i));
    return tag_of(s, TAG_ABOUT, bytes_of(octets, sizeof(octets)), bytes_of(NULL, 0), tag);
}

int ledger_tag_message(struct store *s, const char *agency, const struct id *message, uint64_t *tag)
{
    return tag_of(s, TAG_MESSAGE, tag_agency(agency), bytes_of(message->octets, ID_LEN), tag);
}

bool ledger_tag_worth(const struct token *token)
{
    return token_kind_facts(token->kind)->finds || token->kind == TOKEN_HOME;
}

int ledger_tag_add(struct ledger_private *p, uint64_t tag)
{
    for (uint8_t i = 0; i < p->n_tags; i++) {
        if (p->tags[i] == tag)
            return 0;
    }
    if (p->n_tags == LEDGER_TAGS_MAX)
        return -E2BIG;
    p->tags[p->n_tags++] = tag;
    return 0;
}

int ledger_tag_add_set(struct store *s, struct ledger_private *p, const struct token_set *set)
{
    int r = 0;

    for (uint8_t i = 0; i < set->n && i < TOKEN_SET_MAX && r == 0; i++) {
        uint64_t tag;

        if (!ledger_tag_worth(&set->tokens[i]))
            continue;
        r = ledger_tag_token(s, &set->tokens[i], set->unborn, &tag);
        if (r == 0)
            r = ledger_tag_add(p, tag);
    }
    return r;
}

/* --- Searching. --- */

struct tag_search {
    uint64_t *sorted; /* owned */
    size_t n;
    uint8_t filter[FILTER_BITS / 8]; /* by a tag's low bits: what is not in it is not looked for */
    struct store_block block;
};

static void tag_search_deinit(struct tag_search *s)
{
    free(s->sorted);
    if (s->block.octets.data)
        crypto_wipe(s->block.octets.data, s->block.octets.cap);
    buf_deinit(&s->block.octets);
}

static int tag_compare(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static int tag_search_init(struct tag_search *s, const uint64_t *tags, size_t n)
{
    *s = (struct tag_search){ .n = n };
    buf_init(&s->block.octets, BLOCK_MAX);
    if (!n)
        return 0;
    s->sorted = calloc(n, sizeof(*tags));
    if (!s->sorted)
        return -ENOMEM;
    memcpy(s->sorted, tags, n * sizeof(*tags));
    qsort(s->sorted, n, sizeof(*tags), tag_compare);
    for (size_t i = 0; i < n; i++)
        s->filter[tags[i] % FILTER_BITS / 8] |= (uint8_t)(1u << tags[i] % 8);
    return 0;
}

static bool tag_search_has(const struct tag_search *s, const struct block_entry *e)
{
    for (uint8_t i = 0; i < e->n_tags; i++) {
        const uint8_t *at = e->tags + (size_t)i * 8;
        uint64_t low = (uint64_t)(at[6] << 8 | at[7]) % FILTER_BITS, tag = 0;

        if (!(s->filter[low / 8] >> low % 8 & 1))
            continue;
        for (size_t k = 0; k < 8; k++)
            tag = tag << 8 | at[k];
        if (bsearch(&tag, s->sorted, s->n, sizeof(tag), tag_compare))
            return true;
    }
    return s->n == 0;
}

/* Return: 1 visit said stop; 0 the block's end, or until; negative. */
static int find_in_block(struct tag_search *s, uint64_t *next, uint64_t until, ledger_found *visit,
                         void *ctx)
{
    struct block_walk w;
    struct block_entry e;
    int r = block_walk_init(&w, &s->block), more;

    if (r < 0)
        return r;
    while ((more = block_walk_next(&w, &e)) == 1 && e.leaf < until) {
        if (e.leaf < *next)
            continue;
        *next = e.leaf + 1;
        if (e.forgotten || !tag_search_has(s, &e))
            continue;
        r = visit(ctx, e.leaf, e.class);
        if (r)
            return r;
    }
    return more < 0 ? more : 0;
}

int ledger_find(struct store_txn *t, const uint64_t *tags, size_t n, uint64_t *next, uint64_t until,
                size_t blocks, ledger_found *visit, void *ctx)
{
    ALM_CLEANUP(tag_search_deinit) struct tag_search s;
    uint64_t size = 0;
    int r = tag_search_init(&s, tags, n);

    if (r == 0)
        r = store_pay_now(t);
    if (r == 0)
        r = ledger_count(t, &size);
    if (r < 0)
        return r;
    if (until > size)
        until = size;
    for (; blocks && *next < until; blocks--) {
        uint64_t before = *next;

        r = block_read(t, *next, &s.block);
        if (r == 0)
            r = find_in_block(&s, next, until, visit, ctx);
        if (r < 0)
            return r == -ENOENT ? -EBADMSG : r;
        if (r)
            break;
        if (*next == before) /* the log has this leaf and its block has not */
            return -EBADMSG;
    }
    return *next < until;
}

int ledger_tagged(struct store_txn *t, uint64_t leaf, const uint64_t *sorted, size_t n)
{
    struct block_entry e;
    int r = block_look_up(t, leaf, &e);

    if (r < 0 || e.forgotten || !n)
        return r;
    for (uint8_t i = 0; i < e.n_tags; i++) {
        uint64_t tag = 0;

        for (size_t k = 0; k < 8; k++)
            tag = tag << 8 | e.tags[(size_t)i * 8 + k];
        if (bsearch(&tag, sorted, n, sizeof(tag), tag_compare))
            return 1;
    }
    return 0;
}

int ledger_class_of(struct store_txn *t, uint64_t leaf, uint8_t *class, bool *forgotten)
{
    struct block_entry e;
    int r = block_look_up(t, leaf, &e);

    if (r < 0)
        return r;
    *class = e.class;
    *forgotten = e.forgotten;
    return 0;
}

int ledger_sealed_open(struct store_txn *t, const struct ledger_record *r, struct buf *out)
{
    ALM_CLEANUP(secret_wipe) struct secret key = { 0 };
    struct block_entry e;
    int status;

    if (r->erased)
        return -ENODATA;
    status = block_look_up(t, r->leaf, &e);
    if (status < 0 || e.forgotten)
        return status == 0 || status == -ENOENT ? -EBADMSG : status;
    memcpy(key.octets, e.key, sizeof(key.octets));
    return seal_open(&key, bytes_of(r->nonce, sizeof(r->nonce)), r->sealed_octets, out);
}

/* --- Forgetting. --- */

/* The sealed octets give way to their hash: the tree still proves the record. */
static int forget_sealed(struct store_txn *t, uint64_t leaf)
{
    ALM_CLEANUP(buf_deinit) struct buf old = { 0 }, b = { 0 };
    struct ledger_record record;
    uint8_t key[LEDGER_INDEX_KEY];
    int r;

    buf_init(&old, STORE_VALUE_MAX);
    buf_init(&b, LEDGER_CLEAR_MAX + 256);
    r = store_get(t, TABLE_LOG, ledger_index_key(leaf, key), &old);
    if (r == 0)
        r = ledger_record_decode(leaf, buf_view(&old), &record);
    if (r < 0 || record.erased)
        return r == -ENOENT ? -EBADMSG : r;
    record.erased = true;
    ledger_record_encode(&record, &b);
    r = buf_status(&b);
    if (r == 0)
        store_put(t, TABLE_LOG, ledger_index_key(leaf, key), buf_view(&b));
    return r < 0 ? r : store_status(t);
}

struct forgetting {
    struct store_txn *t;
    uint64_t from, until, next;
    ledger_choose *choose;
    void *ctx;
    struct store_block block;
    struct buf after;
    int n;
};

static void forgetting_deinit(struct forgetting *f)
{
    struct buf *bufs[] = { &f->block.octets, &f->after };

    for (size_t i = 0; i < ALM_LEN(bufs); i++) {
        if (bufs[i]->data)
            crypto_wipe(bufs[i]->data, bufs[i]->cap);
        buf_deinit(bufs[i]);
    }
}

static int forget_entry(struct forgetting *f, struct block_entry *e)
{
    int r = 0;

    if (e->leaf >= f->from && e->leaf < f->until) {
        f->next = e->leaf + 1;
        r = e->forgotten ? 0 : f->choose(f->ctx, e->leaf, e->class);
    }
    if (r > 0) {
        e->forgotten = true;
        f->n++;
        r = forget_sealed(f->t, e->leaf);
    }
    block_put(&f->after, e);
    return r;
}

static int forget_block(struct forgetting *f)
{
    enum block_tier tier;
    uint8_t key[BLOCK_KEY];
    struct block_walk w;
    struct block_entry e;
    int r = block_walk_init(&w, &f->block), more;

    if (r < 0)
        return r;
    block_begin(&f->after);
    block_set_root(&f->after, block_root(&f->block));
    while ((more = block_walk_next(&w, &e)) == 1) {
        r = forget_entry(f, &e);
        if (r < 0)
            return r;
    }
    if (more < 0)
        return more;
    if (f->next == f->from)
        return -ENOENT; /* the block ends before this leaf */
    if (f->n == 0)
        return 0;
    r = buf_status(&f->after);
    tier = f->block.span == LEDGER_KEYS_BLOCK ? TIER_BIG : TIER_SMALL;
    if (r == 0)
        store_put(f->t, TABLE_LEAF_KEYS, block_key(tier, f->block.first / f->block.span, key),
                  buf_view(&f->after));
    block_unlook(f->t);
    return r < 0 ? r : store_status(f->t);
}

int ledger_forget_in(struct store_txn *t, uint64_t leaf, uint64_t until, ledger_choose *choose,
                     void *ctx, uint64_t *next)
{
    ALM_CLEANUP(forgetting_deinit)
    struct forgetting f = {
        .t = t, .from = leaf, .until = until, .next = leaf, .choose = choose, .ctx = ctx
    };
    int r = store_pay_now(t);

    *next = leaf;
    if (r < 0 || leaf >= until)
        return r;
    buf_init(&f.block.octets, BLOCK_MAX);
    buf_init(&f.after, BLOCK_MAX);
    r = block_read(t, leaf, &f.block);
    if (r == 0)
        r = forget_block(&f);
    if (r < 0)
        return r;
    *next = f.next;
    return f.n;
}

static int forget_this(void *ctx, uint64_t leaf, uint8_t class)
{
    (void)ctx, (void)leaf, (void)class;
    return 1;
}

int ledger_forget(struct store_txn *t, uint64_t leaf)
{
    uint64_t next;
    int r = leaf == UINT64_MAX ? -ENOENT
                               : ledger_forget_in(t, leaf, leaf + 1, forget_this, NULL, &next);

    return r < 0 ? r : 0;
}
