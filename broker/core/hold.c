/* SPDX-License-Identifier: Apache-2.0 */
/* hold.c - legal holds: "legal hold (inquiry notices [V Redbridge])", DOMAIN.md section 7. What is
 * about somebody who is held is kept past its clock, and is not erased, until two officers lift it.
 */
#include "change.h"
#include "retention.h"
#include "stages.h"

#include "local/token_json.h"
#include "store/retokens.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOLDS_MAX       1024
#define HOLD_DAYS       365 /* to its review, unless the officer says */
#define HOLD_DAYS_MOST  3660
#define ABOUT_DEPTH_MAX 16 /* leaves that follow from one another */

/* --- whom --- */

static struct token_set *about_key(struct about_sets *out, const struct token *t)
{
    for (uint8_t i = 0; i < out->n; i++)
        if (out->sets[i].tokens[0].scheme == t->scheme && out->sets[i].tokens[0].epoch == t->epoch)
            return &out->sets[i];
    if (out->n == ABOUT_KEYS_MAX)
        return NULL;
    out->sets[out->n] = (struct token_set){ .unborn = out->unborn };
    return &out->sets[out->n++];
}

void about_sort(const struct about_whom *whom, struct about_sets *out)
{
    memset(out, 0, sizeof(*out));
    out->unborn = whom->unborn;
    for (uint8_t i = 0; i < whom->n && i < ABOUT_TOKENS_MAX; i++) {
        struct token_set *set = about_key(out, &whom->tokens[i]);

        if (set && set->n < TOKEN_SET_MAX)
            set->tokens[set->n++] = whom->tokens[i];
    }
}

enum match about_match(const struct about_sets *about, const struct token_set *subject)
{
    enum match best = MATCH_NONE;

    for (uint8_t i = 0; i < about->n && best != MATCH_YES; i++) {
        enum match m = match_broad(&about->sets[i], subject);

        if (m == MATCH_YES || m == MATCH_CONFLICT)
            best = m;
    }
    return best;
}

json_t *about_read(struct core *c, const json_t *body, struct about_whom *out)
{
    struct token_json tokens;
    char why[160];
    json_t *wrong = NULL;

    memset(out, 0, sizeof(*out));
    if (token_json_read(json_object_get(body, "tokens"), &tokens, why, sizeof(why)))
        return local_error("bad-change", 65, "\"tokens\": %s", why);
    if (tokens.mode != c->set.wire.mode || strcmp(tokens.origin, c->set.wire.origin) != 0)
        wrong = local_error("other-broker", 65, "the tokens were made for another broker, or mode");
    out->unborn = tokens.unborn;
    out->n = tokens.n;
    _Static_assert(TOKEN_JSON_MAX <= ABOUT_TOKENS_MAX, "all of them have room");
    memcpy(out->tokens, tokens.tokens, tokens.n * sizeof(out->tokens[0]));
    token_json_wipe(&tokens);
    return wrong;
}

/* --- in memory --- */

void holds_forget(struct core *c)
{
    struct retention *r = c->retention;

    if (r->holds)
        crypto_wipe(r->holds, r->n_holds * sizeof(*r->holds));
    free(r->holds);
    free(r->tags);
    r->holds = NULL;
    r->tags = NULL;
    r->n_holds = r->n_tags = 0;
    r->holds_loaded = false;
}

static int hold_take(void *ctx, const struct hold_record *record)
{
    struct core *c = ctx;
    struct retention *r = c->retention;
    struct hold *more = realloc(r->holds, (r->n_holds + 1) * sizeof(*more));

    if (!more)
        return -ENOMEM;
    r->holds = more;
    r->holds[r->n_holds].record = *record;
    about_sort(&record->about, &r->holds[r->n_holds].about);
    r->n_holds++;
    return 0;
}

static int tag_order(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static int holds_tag(struct core *c)
{
    struct retention *r = c->retention;
    size_t most = r->n_holds * ABOUT_TOKENS_MAX;
    int e = 0;

    if (!most)
        return 0;
    r->tags = calloc(most, sizeof(*r->tags));
    if (!r->tags)
        return -ENOMEM;
    for (size_t i = 0; i < r->n_holds && !e; i++) {
        const struct about_whom *a = &r->holds[i].record.about;

        for (uint8_t k = 0; k < a->n && !e; k++)
            if (ledger_tag_worth(&a->tokens[k]))
                e = ledger_tag_token(c->store, &a->tokens[k], a->unborn, &r->tags[r->n_tags++]);
    }
    qsort(r->tags, r->n_tags, sizeof(*r->tags), tag_order);
    return e;
}

int holds_load(struct core *c, struct store_txn *t)
{
    int r;

    if (c->retention->holds_loaded)
        return 0;
    holds_forget(c);
    r = holds_each(t, hold_take, c);
    if (!r)
        r = holds_tag(c);
    if (r)
        holds_forget(c);
    else
        c->retention->holds_loaded = true;
    return r;
}

bool holds_findable(const struct about_whom *whom)
{
    for (uint8_t i = 0; i < whom->n; i++)
        if (ledger_tag_worth(&whom->tokens[i]))
            return true;
    return false;
}

bool holds_any(struct core *c)
{
    struct store_txn *t = batch_txn(c);

    return !t || holds_load(c, t) || c->retention->n_holds > 0;
}

/* --- what is covered --- */

static bool hold_home(const struct about_whom *a, const struct token *home)
{
    for (uint8_t i = 0; i < a->n; i++)
        if (token_equal(&a->tokens[i], home))
            return true;
    return false;
}

/* In doubt it is kept: one number that differs does not let it go. */
bool holds_cover(const struct core *c, const struct token_set *subject, const struct token *home)
{
    const struct retention *r = c->retention;

    for (size_t i = 0; i < r->n_holds; i++) {
        if (subject && subject->n && about_match(&r->holds[i].about, subject) != MATCH_NONE)
            return true;
        if (home && home->kind && hold_home(&r->holds[i].record.about, home))
            return true;
    }
    return false;
}

/* --- whatever the key --- */

/* How the store presents records that are found by id. */
static void present_under(struct core *c, const struct policy_epoch *e)
{
    retokens_current(c->store, e ? (struct token_epoch){ e->scheme, e->epoch }
                                 : (struct token_epoch){ .scheme = 0 });
}

/* A record that was carried is presented under the current key alone: a hold of before has tokens
 * of the key that it was lodged under. */
int holds_record(struct core *c, struct store_txn *t, enum lodged_kind kind, const struct id *id,
                 struct lodged_facts *f)
{
    const struct policy_epoch *const under[] = {
        NULL, /* as it was lodged */
        bundle_epoch_in(c->bundle, POLICY_EPOCH_NEXT),
        bundle_epoch_in(c->bundle, POLICY_EPOCH_PREVIOUS),
    };
    bool held = holds_cover(c, f->subject, f->home);
    int r = 0;

    if (held || !c->retention->n_holds)
        return held;
    for (size_t i = 0; i < ALM_LEN(under) && !held && !r; i++) {
        if (i && !under[i])
            continue;
        present_under(c, under[i]);
        r = lodged_look(c, t, kind, id, f);
        held = !r && holds_cover(c, f->subject, f->home);
    }
    present_under(c, bundle_epoch_in(c->bundle, POLICY_EPOCH_CURRENT));
    if (!r)
        r = lodged_look(c, t, kind, id, f);
    if (lodged_damaged(r, kind))
        return 1; /* in doubt it is kept */
    return r ? r : held;
}

/* Its records' tokens of other keys go when a policy lists them no more (retokens_settle). */
static bool hold_lasts(const struct about_whom *a, const struct bundle *b)
{
    for (uint8_t i = 0; i < a->n; i++)
        if (bundle_epoch(b, a->tokens[i].scheme, a->tokens[i].epoch))
            return true;
    return false;
}

json_t *holds_refuse(struct core *c, struct store_txn *t, const struct bundle *b)
{
    char id[ID_TEXT];
    int r = holds_load(c, t);

    if (r) {
        batch_fail(c, r, "hold");
        return local_error("internal", 70, "the change could not be made");
    }
    for (size_t i = 0; i < c->retention->n_holds; i++) {
        if (hold_lasts(&c->retention->holds[i].record.about, b))
            continue;
        id_format(&c->retention->holds[i].record.id, id);
        return local_error(
            "hold-tokens", 75,
            "hold %s has tokens of keys alone that this policy does not list, and would "
            "cover nothing any more: put it anew with tokens that an adapter makes now, "
            "of both keys, then lift this one",
            id);
    }
    return NULL;
}

bool holds_meet(const struct core *c, const struct about_sets *about)
{
    for (uint8_t i = 0; i < about->n; i++)
        if (holds_cover(c, &about->sets[i], NULL))
            return true;
    return false;
}

/* A disclosure has no tokens: it is held with the decision that it follows from. */
int holds_leaf(struct core *c, struct store_txn *t, uint64_t leaf)
{
    struct ledger_clear l;

    for (unsigned depth = 0; c->retention->n_tags && depth < ABOUT_DEPTH_MAX; depth++) {
        int r = ledger_tagged(t, leaf, c->retention->tags, c->retention->n_tags);

        if (r)
            return r;
        r = leaf_read(t, leaf, &l);
        if (r < 0)
            return r;
        if (l.about == LEAF_NONE || l.about >= leaf)
            return 0;
        leaf = l.about;
    }
    return 0;
}

/* --- officers' changes --- */

static json_t *hold_failed(struct core *c, int r)
{
    batch_fail(c, r, "hold");
    return local_error("internal", 70, "the change could not be made");
}

static json_t *hold_review(struct core *c, const json_t *body, int32_t *out)
{
    *out = c->day + HOLD_DAYS;
    if (json_object_get(body, "review") && local_get_day(body, "review", out))
        return local_error("bad-change", 65, "\"review\" must be a date: YYYY-MM-DD");
    if (*out <= c->day || *out > c->day + HOLD_DAYS_MOST)
        return local_error("bad-change", 65,
                           "\"review\" must be a day to come, at most ten years ahead");
    return NULL;
}

json_t *change_hold_add(struct core *c, struct change *ch)
{
    struct hold_record r = { .id = ch->nonce, .put_ms = c->wall_ms, .put_on = c->day };
    struct store_txn *t = batch_txn(c);
    char id[ID_TEXT], day[CIVIL_TEXT];
    json_t *wrong;
    int e = t ? holds_load(c, t) : -EIO;

    if (e)
        return hold_failed(c, e);
    if (!c->day_known)
        return local_error("no-day", 65, "the exercise has no day yet");
    if (local_get_text(ch->body, "reason", ch->why, sizeof(ch->why)) || !ch->why[0])
        return local_error("bad-change", 65, "\"reason\" must be given");
    if (c->retention->n_holds >= HOLDS_MAX)
        return local_error("too-many-holds", 65, "there are %d holds: lift some first", HOLDS_MAX);
    wrong = hold_review(c, ch->body, &r.review_on);
    if (!wrong)
        wrong = about_read(c, ch->body, &r.about);
    if (!wrong && !holds_findable(&r.about))
        wrong =
            local_error("nobody-named", 65,
                        "the tokens find nobody, and would hold nothing: a number, a name and a "
                        "birth date, or a home, are needed");
    if (wrong)
        return wrong;
    text_cut(r.officer, sizeof(r.officer), ch->officers[0]);
    r.leaf = ledger_size(c->ledger); /* the next one */
    holds_put(t, &r);
    holds_forget(c);
    c->batch.wrote = true;
    id_format(&r.id, id);
    civil_format(r.review_on, day);
    (void)snprintf(ch->detail, sizeof(ch->detail), "hold %s, review %s", id, day);
    crypto_wipe(&r, sizeof(r));
    return NULL;
}

json_t *change_hold_lift(struct core *c, struct change *ch)
{
    struct store_txn *t = batch_txn(c);
    struct hold_record r;
    char text[ID_TEXT];
    struct id id;
    int e;

    if (local_get_text(ch->body, "hold", text, sizeof(text)) || id_parse(text, &id) ||
        local_get_text(ch->body, "reason", ch->why, sizeof(ch->why)) || !ch->why[0])
        return local_error("bad-change", 65, "\"hold\" (its id) and \"reason\" must be given");
    e = t ? holds_get(t, &id, &r) : -EIO;
    if (e == -ENOENT)
        return local_error("unknown-hold", 65, "there is no hold %s", text);
    if (e)
        return hold_failed(c, e);
    holds_del(t, &id);
    holds_forget(c);
    c->batch.wrote = true;
    (void)snprintf(ch->detail, sizeof(ch->detail), "hold %s lifted", text);
    crypto_wipe(&r, sizeof(r));
    return NULL;
}

/* --- for control: standing only, nobody's tokens and no reason --- */

struct listing {
    const struct core *c;
    json_t *out;
};

static int hold_show(void *ctx, const struct hold_record *r)
{
    struct listing *l = ctx;
    char id[ID_TEXT], put[CIVIL_TEXT], review[CIVIL_TEXT];

    id_format(&r->id, id);
    civil_format(r->put_on, put);
    civil_format(r->review_on, review);
    (void)json_array_append_new(
        l->out, json_pack("{s:s,s:s,s:s,s:s,s:b,s:I,s:i}", "hold", id, "officer", r->officer,
                          "since", put, "review", review, "review_due", r->review_on < l->c->day,
                          "leaf", (json_int_t)r->leaf, "tokens", (int)r->about.n));
    return 0;
}

json_t *holds_status(struct core *c)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    struct listing l = { c, json_array() };
    int r = store_begin(c->store, false, &t);

    if (!r)
        r = holds_each(t, hold_show, &l);
    if (!r)
        return json_pack("{s:b,s:o}", "ok", 1, "holds", l.out);
    json_decref(l.out);
    return local_error("internal", 70, "the holds could not be read");
}
