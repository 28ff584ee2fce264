/* SPDX-License-Identifier: Apache-2.0 */
/* recall.c - the search for everybody who was told: a job in the store that goes on, a bounded part
 * a turn, wherever a crash left it.
 *
 * Decisions have the person's tokens, replies name the decision that they follow from. So the log's
 * tags are gone through for the tokens, and from the first decision that was found on once more for
 * what names one of them. "Everybody who got any reply to that question about that person": also a
 * "no", also the reply that hides a person (DESIGN.md promise 5: to hear nothing would tell), and
 * composites and eligibilities that the question is a part of. Where it stands is written when
 * something was found or much was read; what is done twice after a crash finds the same again. */
#include "recall.h"

#include "stages.h"
#include "store/fields.h"
#include "store/ledger_keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STEP_MS     2    /* of a turn */
#define FOUND_MOST  1024 /* decisions whose replies are looked for at once */
#define TAKE_MOST   32   /* leaves looked into in one go */
#define TELL_MOST   16   /* agencies told in one batch */
#define SAVE_AFTER  256  /* blocks that were read without a find: where it stands is written */
#define SEALED_MOST 65536
#define INVOLVEMENT "who-is-involved"
#define ELIGIBILITY "eligible"

struct recalls {
    bool idle;   /* the store has nothing to be done */
    bool loaded; /* record, tags and n_found are those of the search at hand */
    struct recall_record record;
    uint64_t tags[FOUND_MOST];
    size_t n_tags, n_found;
    unsigned unsaved;   /* blocks read since where it stands was written */
    struct bundle *old; /* owned; a policy of the past that leaves at hand were decided by */
    char old_hash[65];
};

static struct recalls *recalls_of_core(struct core *c)
{
    if (!c->recalls)
        c->recalls = calloc(1, sizeof(*c->recalls));
    return c->recalls;
}

void recall_forget(struct core *c)
{
    if (c->recalls)
        bundle_free(c->recalls->old);
    free(c->recalls);
    c->recalls = NULL;
    memset(c->corrected, 0xff, sizeof(c->corrected));
}

bool recall_waiting(const struct core *c)
{
    return c->recalls && c->recalls->loaded;
}

void recall_begin(struct core *c, struct recall_record *r, uint64_t leaf)
{
    struct store_txn *t = batch_txn(c);

    if (!t || leaf == LEAF_NONE)
        return;
    r->leaf = leaf;
    r->phase = RECALL_SEARCHING;
    r->next = r->replies_next = 0;
    r->lodged_on = c->day;
    r->lodged_ms = c->wall_ms;
    recalls_put(t, r);
    c->batch.wrote = true;
    if (c->recalls)
        c->recalls->idle = false;
}

/* Damage stops this search and nothing else: neither the batch nor the searches behind it. */
static void recall_failed(struct core *c, struct recalls *j, int error)
{
    struct store_txn *t = batch_txn(c);

    if (error != -EBADMSG || !t) {
        batch_fail(c, error, "recall");
        return;
    }
    log_error("recall-damaged", "leaf=%llu", (unsigned long long)j->record.leaf);
    j->record.phase = RECALL_DAMAGED;
    recalls_put(t, &j->record);
    c->batch.wrote = true;
    j->loaded = false;
}

static void recall_save(struct core *c, struct recalls *j)
{
    struct store_txn *t = batch_txn(c);

    if (!t)
        return;
    recalls_put(t, &j->record);
    c->batch.wrote = true;
    j->unsaved = 0;
}

/* --- which question, of which policy --- */

/* The policy that a leaf was decided by; NULL: it cannot be read any more. */
static const struct bundle *recall_bundle(struct core *c, const char *hash)
{
    ALM_CLEANUP(buf_deinit) struct buf compiled = { 0 };
    struct store_txn *t = batch_txn(c);
    struct recalls *j = c->recalls;
    uint8_t octets[SHA256_LEN];
    struct bundle *b = NULL;

    if (c->bundle && !strcmp(hash, c->policy))
        return c->bundle;
    if (j->old && !strcmp(hash, j->old_hash))
        return j->old;
    buf_init(&compiled, STORE_VALUE_MAX);
    if (!t || strlen(hash) != 2 * sizeof(octets) || hex_decode(hash, octets, sizeof(octets)) ||
        registry_bundle_get(t, octets, &compiled) || bundle_decode(buf_view(&compiled), &b)) {
        log_warn("recall-policy-unread", "policy=%.16s", hash);
        return NULL;
    }
    bundle_free(j->old);
    j->old = b;
    text_cut(j->old_hash, sizeof(j->old_hash), hash);
    return b;
}

static bool composite_has(const struct bundle *b, const char *composite, const char *factor)
{
    uint16_t q = bundle_question(b, composite);
    const struct policy_composite *k =
        q == POLICY_NONE ? NULL : bundle_question_at(b, q)->composite;

    for (uint8_t i = 0; k && i < k->n; i++) {
        if (!strcmp(bundle_question_at(b, k->factors[i].question)->id, factor))
            return true;
    }
    return false;
}

/* detail: "service=ID", as eligibility.c writes it. */
static bool service_has(const struct bundle *b, const char *detail, const char *criterion)
{
    static const char before[] = "service=";
    uint16_t s = strncmp(detail, before, sizeof(before) - 1)
                     ? POLICY_NONE
                     : bundle_service(b, detail + sizeof(before) - 1);
    const struct policy_service *service = s == POLICY_NONE ? NULL : bundle_service_at(b, s);

    for (uint8_t i = 0; service && i < service->n_criteria; i++) {
        if (!strcmp(bundle_question_at(b, service->criteria[i].question)->id, criterion))
            return true;
    }
    return false;
}

/* Was the question asked, by itself or as a part of another? */
static bool recall_asked(struct core *c, const struct ledger_clear *l)
{
    const char *question = c->recalls->record.question;
    const struct bundle *b;

    if (!question[0])
        return !strcmp(l->question, INVOLVEMENT);
    if (!strcmp(l->question, question))
        return true;
    b = recall_bundle(c, l->policy);
    if (!b)
        return false;
    return !strcmp(l->question, ELIGIBILITY) ? service_has(b, l->detail, question)
                                             : composite_has(b, l->question, question);
}

static bool recall_holder(const struct ledger_clear *l, const char *agency)
{
    for (uint16_t i = 0; i < l->n_holders && i < ALM_LEN(l->holders); i++) {
        if (!strcmp(l->holders[i], agency))
            return true;
    }
    return l->n_holders > ALM_LEN(l->holders); /* not all are listed: rather one recall too many */
}

/* A decision that was put to holders, openly or with the person hidden, or to nobody: recall_stood. */
static bool recall_decision(struct core *c, const struct ledger_clear *l)
{
    const struct recall_record *r = &c->recalls->record;
    bool put = l->event == EVENT_DECIDED || (l->event == EVENT_REFUSED && l->told == TELL_HIDDEN);

    if (!put || l->civil_day > r->until)
        return false;
    if (r->cause == STOP_STATEMENT)
        return true;
    return (l->n_holders == 0 || recall_holder(l, r->lodger)) && recall_asked(c, l);
}

/* --- whom it is about --- */

static bool token_in(const struct token_set *set, const struct token *token)
{
    for (uint8_t i = 0; i < set->n; i++) {
        if (token_equal(&set->tokens[i], token))
            return true;
    }
    return false;
}

/* Broadly, as a prohibition: whoever asked with fewer identifiers was told of the same person. One
 * whose number disagrees was asked about somebody else. */
static bool recall_same(const struct recall_record *r, const struct token_set *asked)
{
    if (r->subject_kind == SUBJECT_HOUSEHOLD)
        return token_in(asked, &r->household);
    return match_broad(&r->subject, asked) == MATCH_YES;
}

/* Of a sealed part as record.c writes it: is one of its sets of tokens the subject's? */
static bool recall_about(const struct recall_record *r, struct bytes sealed)
{
    struct cursor at = cursor_of(sealed);

    (void)cursor_u8(&at);
    while (at.left && !at.failed) {
        uint8_t tag = cursor_u8(&at);
        struct cursor block = cursor_of(cursor_take(&at, cursor_u32(&at)));
        struct token_set set = { .n = 0 };

        if (tag != 'T')
            continue;
        field_take_set(&block, &set);
        if (!cursor_end(&block) && recall_same(r, &set))
            return true;
    }
    return false;
}

/* --- one leaf that its tags found --- */

struct taking {
    struct core *c;
    struct store_txn *t;
    struct recalls *j;
};

struct stood {
    const char *agency;
    bool found;
};

static int stood_visit(void *ctx, const struct recall_found *f)
{
    struct stood *s = ctx;

    s->found = !strcmp(f->agency, s->agency);
    return s->found;
}

/* Nobody is asked where an answer given before stands (pins.c): whoever has it again has had it once.
 * Return: 1 so it may be; 0 no; -errno. */
static int recall_stood(const struct taking *g, const struct ledger_clear *l)
{
    struct stood s = { l->agency, false };
    struct recall_party p;
    int r = recall_founds(g->t, &g->j->record.id, stood_visit, &s);

    if (r || s.found)
        return r ? r : 1;
    r = recall_party_get(g->t, &g->j->record.id, l->agency, &p);
    return r == -ENOENT ? 0 : r ? r : 1;
}

static int take_decision(void *ctx, const struct ledger_record *l)
{
    ALM_CLEANUP(buf_deinit) struct buf sealed = { 0 };
    const struct taking *g = ctx;
    struct recall_found found = { .leaf = l->leaf, .hidden = l->clear.told == TELL_HIDDEN };
    int r;

    if (!recall_decision(g->c, &l->clear))
        return 0;
    r = l->clear.n_holders || g->j->record.cause == STOP_STATEMENT ? 1 : recall_stood(g, &l->clear);
    if (r <= 0)
        return r;
    buf_init(&sealed, SEALED_MOST);
    r = ledger_sealed_open(g->t, l, &sealed);
    if (r == -ENODATA)
        return 0; /* forgotten: nobody can say whom it was about */
    if (r < 0)
        return r;
    if (recall_about(&g->j->record, buf_view(&sealed))) {
        memcpy(found.agency, l->clear.agency, sizeof(found.agency));
        recall_found_put(g->t, &g->j->record.id, &found);
        g->j->n_found++;
        g->c->batch.wrote = true;
    }
    crypto_wipe(sealed.data, sealed.len);
    return 0;
}

/* One more of its replies; the latest is the one that it is told about. */
static int take_party(const struct taking *g, const struct ledger_record *l, bool hidden)
{
    const struct ledger_clear *k = &l->clear;
    struct recall_party p;
    int r = recall_party_get(g->t, &g->j->record.id, k->agency, &p);

    if (r && r != -ENOENT)
        return r;
    if (r) {
        memset(&p, 0, sizeof(p));
        memcpy(p.agency, k->agency, sizeof(p.agency));
        p.state = PARTY_FOUND;
        p.hidden = true;
    } else if (p.leaf >= l->leaf) {
        return 0; /* counted before a crash */
    }
    p.message = k->message;
    text_cut(p.question, sizeof(p.question), strcmp(k->question, INVOLVEMENT) ? k->question : "");
    p.told_on = k->civil_day;
    p.replies = p.replies < UINT16_MAX ? (uint16_t)(p.replies + 1) : UINT16_MAX;
    p.hidden = p.hidden && hidden;
    p.leaf = l->leaf;
    recall_party_put(g->t, &g->j->record.id, &p);
    g->c->batch.wrote = true;
    return 0;
}

/* A reply, whatever it said. Of a statement nobody hears to whom the person is hidden: nobody who
 * is told that somebody is unknown expects to, so hearing of one would tell. */
static int take_reply(void *ctx, const struct ledger_record *l)
{
    const struct taking *g = ctx;
    const struct recall_record *r = &g->j->record;
    struct recall_found found;
    bool hidden = l->clear.told == TELL_HIDDEN;
    int e;

    if (l->clear.event != EVENT_DISCLOSED || l->clear.about == LEAF_NONE ||
        l->clear.civil_day < r->from || (r->cause == STOP_STATEMENT && hidden))
        return 0;
    e = recall_found_get(g->t, &r->id, l->clear.about, &found);
    if (e)
        return e == -ENOENT ? 0 : e;
    return strcmp(found.agency, l->clear.agency) ? 0 : take_party(g, l, hidden || found.hidden);
}

/* --- the parts of the search --- */

static int recall_tag_tokens(struct core *c, struct recalls *j)
{
    const struct recall_record *r = &j->record;
    struct token_set home = { .n = 1, .tokens = { r->household } };
    const struct token_set *set = r->subject_kind == SUBJECT_HOUSEHOLD ? &home : &r->subject;
    int e = 0;

    j->n_tags = 0;
    for (uint8_t i = 0; i < set->n && !e; i++) {
        if (ledger_tag_worth(&set->tokens[i]))
            e = ledger_tag_token(c->store, &set->tokens[i], set->unborn, &j->tags[j->n_tags++]);
    }
    return e;
}

struct tagging {
    struct core *c;
    struct recalls *j;
    uint64_t first;
};

static int recall_tag_found(void *ctx, const struct recall_found *f)
{
    struct tagging *g = ctx;

    if (g->j->n_tags == FOUND_MOST)
        return 1;
    if (f->leaf < g->first)
        g->first = f->leaf;
    return ledger_tag_about(g->c->store, f->leaf, &g->j->tags[g->j->n_tags++]);
}

static int recall_tag_replies(struct core *c, struct store_txn *t, struct recalls *j)
{
    struct tagging g = { c, j, j->record.leaf };
    int r;

    j->n_tags = 0;
    r = recall_founds(t, &j->record.id, recall_tag_found, &g);
    j->n_found = j->n_tags;
    if (j->record.replies_next < g.first)
        j->record.replies_next = g.first;
    return r;
}

static int recall_tag(struct core *c, struct store_txn *t, struct recalls *j)
{
    if (j->record.phase == RECALL_REPLIES)
        return recall_tag_replies(c, t, j);
    if (j->record.phase == RECALL_SEARCHING) {
        int r = recall_tag_replies(c, t, j); /* how many are waiting already */

        return r ? r : recall_tag_tokens(c, j);
    }
    return 0;
}

static void recall_enter(struct core *c, struct store_txn *t, struct recalls *j, uint8_t phase)
{
    int r;

    j->record.phase = phase;
    if (phase == RECALL_SEARCHING)
        recall_founds_erase(t, &j->record.id);
    if (phase == RECALL_REPLIES)
        j->record.replies_next = 0;
    recall_save(c, j);
    r = recall_tag(c, t, j);
    if (r)
        recall_failed(c, j, r);
}

static void recall_searched(struct core *c, struct store_txn *t, struct recalls *j)
{
    if (j->record.phase == RECALL_SEARCHING)
        recall_enter(c, t, j, j->n_found ? RECALL_REPLIES : RECALL_TELLING);
    else if (j->record.next < j->record.leaf)
        recall_enter(c, t, j, RECALL_SEARCHING);
    else {
        recall_founds_erase(t, &j->record.id);
        recall_enter(c, t, j, RECALL_TELLING);
    }
}

struct finds {
    uint64_t leaves[TAKE_MOST];
    size_t n;
};

static int find_leaf(void *ctx, uint64_t leaf, uint8_t class)
{
    struct finds *f = ctx;

    (void)class;
    f->leaves[f->n++] = leaf;
    return f->n == TAKE_MOST;
}

/* A block or so. Return: 1 there is more; 0 the end; -errno. */
static int recall_look(struct core *c, struct store_txn *t, struct recalls *j)
{
    bool replies = j->record.phase == RECALL_REPLIES;
    uint64_t *next = replies ? &j->record.replies_next : &j->record.next;
    struct taking g = { c, t, j };
    struct finds found = { .n = 0 };
    int r = ledger_find(t, j->tags, j->n_tags, next, j->record.leaf, 1, find_leaf, &found), e = 0;

    if (r < 0)
        return r;
    for (size_t i = 0; i < found.n && !e; i++)
        e = ledger_each(t, found.leaves[i], found.leaves[i] + 1,
                        replies ? take_reply : take_decision, &g);
    if (!e && r == 0 && found.n < TAKE_MOST)
        *next = j->record.leaf;
    else if (!e)
        r = *next < j->record.leaf;
    return e ? e : r;
}

static void recall_search(struct core *c, struct store_txn *t, struct recalls *j)
{
    int64_t began = c->clock.mono_ms();
    bool wrote = c->batch.wrote;
    int r = 1;

    c->batch.wrote = false;
    while (r == 1 && !c->batch.wrote && c->clock.mono_ms() - began < STEP_MS &&
           (j->record.phase == RECALL_REPLIES || j->n_found < FOUND_MOST - TAKE_MOST)) {
        r = recall_look(c, t, j);
        j->unsaved++;
    }
    if (r < 0) {
        recall_failed(c, j, r);
        return;
    }
    if (r == 0 || (j->record.phase == RECALL_SEARCHING && j->n_found >= FOUND_MOST - TAKE_MOST))
        recall_searched(c, t, j);
    else if (c->batch.wrote || j->unsaved >= SAVE_AFTER)
        recall_save(c, j);
    c->batch.wrote = c->batch.wrote || wrote;
}

/* --- telling --- */

struct party_list {
    struct recall_party parties[TELL_MOST];
    size_t n;
};

static int party_due(void *ctx, const struct recall_party *p)
{
    struct party_list *l = ctx;

    if (p->state == PARTY_FOUND)
        l->parties[l->n++] = *p;
    return l->n == TELL_MOST;
}

static void recall_telling(struct core *c, struct store_txn *t, struct recalls *j)
{
    struct party_list l = { .n = 0 };
    int r = recall_parties(t, &j->record.id, party_due, &l);

    if (r) {
        recall_failed(c, j, r);
        return;
    }
    for (size_t i = 0; i < l.n && !c->batch.error; i++)
        recall_tell(c, &j->record, &l.parties[i]);
    if (l.n)
        return;
    recall_told(c, &j->record);
    j->loaded = false;
}

/* What is in hand may have been erased since: then it is not gone on with, nor put again. */
static bool recall_still(struct core *c, struct store_txn *t, struct recalls *j)
{
    struct recall_record now;
    int r = recalls_get(t, &j->record.id, &now);

    if (r == -ENOENT)
        j->loaded = false;
    else if (r)
        recall_failed(c, j, r);
    return r == 0;
}

/* The first that is not done; false: there is none. */
static bool recall_load(struct core *c, struct store_txn *t, struct recalls *j)
{
    int r;

    if (j->loaded && recall_still(c, t, j))
        return true;
    if (c->batch.error)
        return false;
    r = recalls_open(t, &j->record);
    j->idle = r != 0;
    j->loaded = r == 0;
    j->unsaved = 0;
    if (r == -EBADMSG) /* which it is cannot be said: the rest waits for whoever repairs */
        log_error("recall-damaged", "leaf=-");
    else if (r && r != -ENOENT)
        batch_fail(c, r, "recall");
    if (!r)
        r = recall_tag(c, t, j);
    if (r && j->loaded)
        recall_failed(c, j, r);
    return j->loaded;
}

void recall_step(struct core *c)
{
    struct recalls *j = recalls_of_core(c);
    struct store_txn *t;

    if (!j || j->idle || c->batch.error)
        return;
    if (!heads_fresh(c)) { /* nothing is told, nor looked for */
        j->loaded = false;
        return;
    }
    t = batch_txn(c);
    if (!t || !recall_load(c, t, j))
        return;
    if (j->record.phase == RECALL_TELLING)
        recall_telling(c, t, j);
    else
        recall_search(c, t, j);
}
