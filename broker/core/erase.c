/* SPDX-License-Identifier: Apache-2.0 */
/* erase.c - a person's records, erased when two officers order it: what agencies lodged, what waits
 * about them, and what the log holds of them. A leaf with counts remains, and the tree still
 * verifies; then a new period ends what copies are left.
 *
 * A prohibition in force is kept unless the order says otherwise: who is shielded, or refused, is
 * not to be found again because they asked to be forgotten. Nothing is erased under a legal hold,
 * also one that names them otherwise, or comes while the erasure is under way.
 * Only who is surely meant is: a record whose number differs is counted as doubtful, and stays. */
#include "change.h"
#include "retention.h"
#include "stages.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AGAIN          1 /* ERASURE_RECORDS' `next`: consents are gone through a second time */
#define ERASURE_BLOCKS 8 /* of leaves, looked at in a turn as long as nothing is found */

/* UK GDPR, Article 17(1)(a) to (e) */
static const char *const causes[] = { "not-needed", "consent-withdrawn", "objection", "unlawful",
                                      "legal-obligation" };

/* --- the order --- */

static bool erase_findable(const struct about_whom *a)
{
    bool home = false, finds = false;

    for (uint8_t i = 0; i < a->n; i++) {
        home = home || a->tokens[i].kind == TOKEN_HOME;
        finds = finds || token_kind_facts(a->tokens[i].kind)->finds;
    }
    return finds && !home;
}

static json_t *erase_wrong(struct core *c, struct change *ch, struct erasure_record *e)
{
    bool known = false;
    json_t *wrong;

    if (local_get_text(ch->body, "cause", e->cause, sizeof(e->cause)) ||
        local_get_text(ch->body, "reason", ch->why, sizeof(ch->why)) || !ch->why[0])
        return local_error("bad-change", 65, "\"cause\" and \"reason\" must be given");
    for (size_t i = 0; i < ALM_LEN(causes); i++)
        known = known || !strcmp(causes[i], e->cause);
    if (!known)
        return local_error(
            "bad-change", 65,
            "\"cause\" must be not-needed, consent-withdrawn, objection, unlawful or "
            "legal-obligation");
    wrong = about_read(c, ch->body, &e->about);
    if (!wrong && !erase_findable(&e->about))
        wrong = local_error("nobody-named", 65,
                            "the tokens find no person: a number, or a name and a birth date, are "
                            "needed; a home's records go with those of the people");
    e->prohibitions = json_is_true(json_object_get(ch->body, "also_prohibitions"));
    return wrong;
}

static json_t *erase_held(struct core *c, const struct erasure_record *e)
{
    struct about_sets about;
    bool held;

    about_sort(&e->about, &about);
    held = holds_meet(c, &about);
    crypto_wipe(&about, sizeof(about));
    return held ? local_error("held", 77, "a legal hold is in force: nothing about them is erased")
                : NULL;
}

json_t *change_erase(struct core *c, struct change *ch)
{
    struct erasure_record e = {
        .id = ch->nonce, .ordered_ms = c->wall_ms, .phase = ERASURE_RECORDS, .kind = LODGED_CONSENT
    };
    struct store_txn *t = batch_txn(c);
    int r = t ? holds_load(c, t) : -EIO;
    json_t *wrong;

    if (r) {
        batch_fail(c, r, "erase");
        return local_error("internal", 70, "the change could not be made");
    }
    if (!c->bundle || !c->day_known)
        return local_error("no-policy", 65, "there is no policy in force, or no day");
    wrong = erase_wrong(c, ch, &e);
    if (!wrong)
        wrong = erase_held(c, &e);
    if (!wrong) {
        e.leaf = ledger_size(c->ledger); /* the next one */
        erasures_put(t, &e);
        c->batch.wrote = true;
        retention_erase(c);
        (void)snprintf(ch->detail, sizeof(ch->detail), "%s%s", e.cause,
                       e.prohibitions ? ", prohibitions in force too" : "");
    }
    crypto_wipe(&e, sizeof(e));
    return wrong;
}

/* --- what was lodged --- */

static int erase_record(struct core *c, struct store_txn *t, const struct about_sets *about,
                        struct erasure_record *e, const struct id *id)
{
    struct lodged_facts f;
    enum match m;
    int r = lodged_look(c, t, (enum lodged_kind)e->kind, id, &f);

    if (lodged_damaged(r, (enum lodged_kind)e->kind)) {
        e->n_doubtful++;
        return 0;
    }
    if (r)
        return r == -ENOENT ? 0 : r;
    m = f.subject && f.subject->n ? about_match(about, f.subject) : MATCH_NONE;
    e->n_doubtful += m == MATCH_CONFLICT;
    if (m != MATCH_YES)
        return 0;
    r = holds_record(c, t, (enum lodged_kind)e->kind, id, &f);
    if (r < 0)
        return r;
    if (r || (f.prohibits && !e->prohibitions)) {
        e->n_kept += e->next != AGAIN;
        return 0;
    }
    if (e->next == AGAIN && e->n_kept)
        e->n_kept--; /* it was kept for a grant that has gone since */
    e->n_records++;
    retention_dirty(c);
    return lodged_erase(c, t, (enum lodged_kind)e->kind, id);
}

static int erase_records(struct core *c, struct store_txn *t, const struct about_sets *about,
                         struct erasure_record *e)
{
    struct id ids[RETENTION_STEP];
    size_t n = 0;
    int r = lodged_ids(t, (enum lodged_kind)e->kind, &e->after, RETENTION_STEP, ids, &n);

    for (size_t i = 0; i < n && !r; i++)
        r = erase_record(c, t, about, e, &ids[i]);
    if (r)
        return r;
    if (n == RETENTION_STEP) {
        e->after = ids[n - 1];
        return 0;
    }
    e->after = (struct id){ 0 };
    e->kind++;
    if (e->kind == LODGED_END && e->n_kept &&
        e->next != AGAIN) { /* no withdrawal forbids but for a grant: once more */
        e->kind = LODGED_CONSENT;
        e->next = AGAIN;
    } else if (e->kind == LODGED_END || e->next == AGAIN) {
        e->phase = ERASURE_WAITING;
        e->kind = 0; /* its first stage */
        e->next = 0;
    }
    return 0;
}

/* --- what the log holds --- */

static int tag_more(struct retention *k, uint64_t tag)
{
    uint64_t *more = realloc(k->find, (k->n_find + 1) * sizeof(*more));

    if (!more)
        return -ENOMEM;
    k->find = more;
    k->find[k->n_find++] = tag;
    return 0;
}

static int tag_about(struct core *c, uint64_t leaf)
{
    uint64_t tag;
    int r = ledger_tag_about(c->store, leaf, &tag);

    return r ? r : tag_more(c->retention, tag);
}

/* Those of the person, and of the leaves that were found: what follows from them is theirs too. */
static int find_load(struct core *c, struct store_txn *t, const struct erasure_record *e)
{
    struct retention *k = c->retention;
    uint64_t leaves[RETENTION_STEP], from = 0;
    size_t n = RETENTION_STEP;
    int r = 0;

    if (k->n_find)
        return 0;
    for (uint8_t i = 0; i < e->about.n && !r; i++) {
        uint64_t tag;

        if (!token_kind_facts(e->about.tokens[i].kind)->finds)
            continue;
        r = ledger_tag_token(c->store, &e->about.tokens[i], e->about.unborn, &tag);
        if (!r)
            r = tag_more(k, tag);
    }
    while (!r && n == RETENTION_STEP) {
        r = erasure_found(t, &e->id, from, RETENTION_STEP, leaves, &n);
        for (size_t i = 0; i < n && !r; i++)
            r = tag_about(c, leaves[i]);
        from = n ? leaves[n - 1] + 1 : 0;
    }
    return r;
}

static bool take_set(struct bytes block, struct token_set *out)
{
    struct cursor c = cursor_of(block);

    memset(out, 0, sizeof(*out));
    out->unborn = cursor_u8(&c) == 1;
    out->n = cursor_u8(&c);
    if (out->n > TOKEN_SET_MAX)
        return false;
    for (uint8_t i = 0; i < out->n; i++) {
        struct bytes value;

        out->tokens[i].kind = cursor_u8(&c);
        out->tokens[i].scheme = cursor_u8(&c);
        out->tokens[i].epoch = cursor_u16(&c);
        value = cursor_take(&c, TOKEN_LEN);
        if (value.len)
            memcpy(out->tokens[i].value, value.data, TOKEN_LEN);
    }
    return cursor_end(&c) == 0;
}

struct opening {
    struct core *c;
    struct store_txn *t;
    const struct about_sets *about;
    struct ledger_clear clear;
    bool tokens; /* it has some of its own */
    enum match match;
};

/* record.c's layout: u8 version, then blocks of u8 tag and u32 length. */
static int open_visit(void *ctx, const struct ledger_record *r)
{
    struct opening *o = ctx;
    struct buf *b = &o->c->sealed; /* no leaf is being made */
    struct token_set set;
    struct cursor at;
    int e;

    o->clear = r->clear;
    buf_reset(b);
    e = ledger_sealed_open(o->t, r, b);
    if (e)
        return e == -ENODATA ? 1 : e;
    at = cursor_of(buf_view(b));
    (void)cursor_u8(&at);
    while (at.left && !at.failed) {
        uint8_t tag = cursor_u8(&at);
        struct bytes block = cursor_take(&at, cursor_u32(&at));
        enum match m;

        if (tag != 'T' || at.failed || !take_set(block, &set))
            continue;
        o->tokens = true;
        m = about_match(o->about, &set);
        if (o->match != MATCH_YES && m != MATCH_NONE)
            o->match = m;
    }
    return 1;
}

static bool found_before(struct store_txn *t, const struct erasure_record *e, uint64_t leaf)
{
    uint64_t at = 0;
    size_t n = 0;

    return erasure_found(t, &e->id, leaf, 1, &at, &n) == 0 && n && at == leaf;
}

/* Found by a tag: is it theirs? Return: 1; 0; -errno. */
static int leaf_theirs(struct core *c, struct store_txn *t, const struct about_sets *about,
                       struct erasure_record *e, uint64_t leaf)
{
    struct opening o = { .c = c, .t = t, .about = about, .match = MATCH_NONE };
    bool forgotten = false;
    uint8_t class = 0;
    int r = ledger_class_of(t, leaf, &class, &forgotten);

    if (r || forgotten)
        return r;
    r = ledger_each(t, leaf, leaf + 1, open_visit, &o);
    if (r < 0)
        return r;
    if (o.tokens && o.match != MATCH_YES) {
        e->n_doubtful += o.match == MATCH_CONFLICT;
        return 0;
    }
    /* Its tag finds it and proves nothing: without tokens it must follow from one of theirs. */
    if (!o.tokens && (o.clear.about == LEAF_NONE || !found_before(t, e, o.clear.about)))
        return 0;
    r = leaf_on_file(c, t, &o.clear, class); /* of a prohibition that was kept */
    if (r == 0)
        r = holds_leaf(c, t, leaf);
    return r < 0 ? r : !r;
}

struct found_block {
    struct core *c;
    size_t n;
    uint64_t at[LEDGER_KEYS_BLOCK];
};

static int find_visit(void *ctx, uint64_t leaf, uint8_t class)
{
    struct found_block *f = ctx;

    (void)class;
    if (f->n < ALM_LEN(f->at))
        f->at[f->n++] = leaf;
    return 0;
}

/* Return: how many of the block are new; -errno. */
static int find_block(struct core *c, struct store_txn *t, const struct about_sets *about,
                      struct erasure_record *e, struct found_block *f)
{
    int found = 0;

    for (size_t i = 0; i < f->n; i++) {
        int r = found_before(t, e, f->at[i]) ? 0 : leaf_theirs(c, t, about, e, f->at[i]);

        if (r < 0)
            return r;
        if (!r)
            continue;
        erasure_found_put(t, &e->id, f->at[i]);
        c->batch.wrote = true;
        r = tag_about(c, f->at[i]);
        if (r < 0)
            return r;
        found++;
    }
    return found;
}

/* A block is looked at again until it has nothing new: what follows from a leaf lies behind it. */
static int erase_find(struct core *c, struct store_txn *t, const struct about_sets *about,
                      struct erasure_record *e)
{
    struct found_block *f = &(struct found_block){ .c = c };
    int r = find_load(c, t, e), found = 0;

    for (unsigned blocks = 0; !r && !found && blocks < ERASURE_BLOCKS; blocks++) {
        uint64_t next;
        int more;

        do {
            next = e->next;
            f->n = 0;
            more = ledger_find(t, c->retention->find, c->retention->n_find, &next, UINT64_MAX, 1,
                               find_visit, f);
            if (more < 0)
                return more;
            r = find_block(c, t, about, e, f);
            found += r > 0;
        } while (r > 0);
        e->next = next;
        if (!r && !more) {
            e->phase = ERASURE_FORGET;
            break;
        }
    }
    return r;
}

static int going(void *ctx, uint64_t leaf, uint8_t class)
{
    const struct found_block *f = ctx;

    (void)class;
    for (size_t i = 0; i < f->n; i++)
        if (f->at[i] == leaf)
            return 1;
    return 0;
}

static void erase_end(struct core *c, struct store_txn *t, const struct erasure_record *e)
{
    record_begin(c, EVENT_ERASED, AGENCY_NONE);
    c->clear.about = e->leaf;
    (void)snprintf(c->clear.detail, sizeof(c->clear.detail),
                   "%s: %" PRIu64 " records, %" PRIu64 " waiting, %" PRIu64 " leaves; kept %" PRIu64
                   ", doubtful %" PRIu64,
                   e->cause, e->n_records, e->n_waiting, e->n_leaves, e->n_kept, e->n_doubtful);
    (void)record_end(c);
    erasures_del(t, &e->id);
    log_info("erased", "order=%" PRIu64 " records=%" PRIu64 " leaves=%" PRIu64, e->leaf,
             e->n_records, e->n_leaves);
}

/* A hold may have come since they were found. Return: 0 or -errno. */
static int erase_unheld(struct core *c, struct store_txn *t, const struct erasure_record *e,
                        const uint64_t *at, size_t n, struct found_block *out)
{
    for (size_t i = 0; i < n; i++) {
        int r = holds_leaf(c, t, at[i]);

        if (r < 0)
            return r;
        if (r == 0)
            out->at[out->n++] = at[i];
        erasure_found_del(t, &e->id, at[i]);
    }
    return 0;
}

/* Return: 1 nothing is left; 0; -errno. */
static int erase_leaves(struct core *c, struct store_txn *t, struct erasure_record *e)
{
    struct found_block *f = &(struct found_block){ .c = c };
    uint64_t at[RETENTION_STEP];
    size_t done = 0, n_found = 0;
    int r = erasure_found(t, &e->id, 0, RETENTION_STEP, at, &n_found);

    if (!r)
        r = erase_unheld(c, t, e, at, n_found, f);
    while (!r && done < f->n) {
        uint64_t next = 0;
        int n = ledger_forget_in(t, f->at[done], f->at[f->n - 1] + 1, going, f, &next);

        if (n < 0)
            return n;
        retention_dirty(c);
        e->n_leaves += (uint64_t)n;
        while (done < f->n && f->at[done] < next)
            done++;
    }
    return r ? r : n_found == 0;
}

int erase_step(struct core *c, struct store_txn *t)
{
    struct erasure_record *e = &c->retention->erasure;
    struct about_sets *about = &c->retention->erasing_about;
    bool done = false;
    int r = holds_load(c, t);

    if (r < 0)
        return r;
    about_sort(&e->about, about);
    if (e->phase == ERASURE_RECORDS) {
        r = erase_records(c, t, about, e);
    } else if (e->phase == ERASURE_WAITING) {
        r = erase_waiting(c, t, e, about, &done);
        if (!r && done) {
            e->phase = ERASURE_FIND;
            e->next = 0;
        }
    } else if (e->phase == ERASURE_FIND) {
        r = erase_find(c, t, about, e);
    } else {
        r = erase_leaves(c, t, e);
        done = r == 1;
    }
    if (r < 0)
        return r;
    c->batch.wrote = true;
    if (e->phase == ERASURE_FORGET && done) {
        retention_dirty(c); /* also where nothing was found: what waits leaves copies too */
        erase_end(c, t, e);
        retention_erased(c, t);
    } else {
        erasures_put(t, e);
        retention_kept(c, t);
    }
    return 1;
}
