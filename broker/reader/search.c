/* SPDX-License-Identifier: Apache-2.0 */
/* search.c - everything about one person or home, or that one practitioner did: by tags, block by block, and what belongs to a
 * leaf that was found (answers, deliveries, steps name it as their `about`) by the tag of that.
 *
 * A step looks at some blocks; what belongs to a leaf of the same blocks is then looked for in them alone. So the log is read
 * once, however much is found. */
#include "base/clock.h"
#include "inforce.h"
#include "sealed.h"
#include "store/ledger_keys.h"
#include "store/statements.h"
#include "wire/msg.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define STEP_BLOCKS 32
#define TAGS_MAX    ((size_t)1 << 20) /* leaves of one reading, about */

struct list {
    uint64_t *at;
    size_t n, cap;
};
struct search {
    struct list tags, hits; /* hits: of this step, in order */
    size_t shown;           /* of them */
    uint64_t next, rows;
    uint64_t first; /* of the period */
    bool begun;
};

struct search *search_free(struct search *s)
{
    if (s) {
        free(s->tags.at);
        free(s->hits.at);
    }
    free(s);
    return NULL;
}

static int list_add(struct list *l, uint64_t v)
{
    if (l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 64;
        uint64_t *at = cap > TAGS_MAX ? NULL : realloc(l->at, cap * sizeof(*at));

        if (!at)
            return -ENOMEM;
        l->at = at;
        l->cap = cap;
    }
    l->at[l->n++] = v;
    return 0;
}

static int list_compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* In order, each once. */
static void list_settle(struct list *l)
{
    size_t kept = 0;

    if (l->n)
        qsort(l->at, l->n, sizeof(*l->at), list_compare);
    for (size_t i = 0; i < l->n; i++)
        if (!kept || l->at[kept - 1] != l->at[i])
            l->at[kept++] = l->at[i];
    l->n = kept;
}

/* --- beginning --- */

static int begin_tokens(struct reader *r, const struct token_json *of, struct search *s)
{
    for (uint8_t i = 0; i < of->n; i++) {
        uint64_t tag;
        int rc;

        if (!ledger_tag_worth(&of->tokens[i]))
            continue;
        rc = ledger_tag_token(r->store, &of->tokens[i], of->unborn, &tag);
        if (!rc)
            rc = list_add(&s->tags, tag);
        if (rc)
            return rc;
    }
    return 0;
}

static int begin_practitioner(struct reader *r, const struct query *q, struct search *s)
{
    uint64_t tag;
    int rc = ledger_tag_practitioner(r->store, q->agency, q->practitioner, &tag);

    return rc ? rc : list_add(&s->tags, tag);
}

static int ends_with(struct page *p, json_t *error)
{
    p->error = error;
    return error ? -ECANCELED : -ENOMEM;
}

static int begin_person_may(struct reader *r, struct reading *g, struct store_txn *t,
                            struct page *p)
{
    const struct token_json *of = &g->query.tokens;
    ALM_CLEANUP(bundle_freep) struct bundle *b = NULL;
    struct token_set set;
    int32_t day;
    int rc = inforce_bundle(t, &b);

    if (rc == -ENOENT)
        return 0; /* no policy was ever in force: nobody has lodged anything */
    if (rc)
        return rc;
    if (bundle_epoch_in(b, POLICY_EPOCH_CURRENT)->scheme != of->scheme ||
        bundle_epoch_in(b, POLICY_EPOCH_CURRENT)->epoch != of->epoch)
        return ends_with(p, local_error("token-epoch", EX_DATAERR,
                                        "these tokens were made under a key that is not the "
                                        "current one: have the agency make them anew"));
    if (!g->query.opened)
        return 0;
    token_json_set(of, of->scheme, of->epoch, &set);
    rc = bounds_today(t, g, &day);
    if (!rc)
        rc = inforce_shielded(t, r->store, &set, day);
    if (rc <= 0 || g->query.shield_agreed[0])
        return rc < 0 ? rc : 0;
    return ends_with(p, local_error("shielded", EX_NOPERM,
                                    "a shield is in force about this person, or about somebody who "
                                    "might be taken for them: agree it with the shield's owner "
                                    "first, and say who agreed (--shield-agreed ID). That it was "
                                    "tried is recorded"));
}

static int begin_agency(const struct query *q, struct store_txn *t, struct page *p)
{
    struct registry_agency agency;
    int rc = registry_agency_get(t, q->agency, &agency);

    if (rc != -ENOENT)
        return rc;
    return ends_with(p, local_error("no-such-agency", EX_DATAERR,
                                    "no such agency was ever enrolled: \"almoner agency list\" "
                                    "shows them"));
}

static int search_begin(struct reader *r, struct reading *g, struct store_txn *t, struct page *p)
{
    bool person = g->query.read == READ_PERSON;
    struct search *s = calloc(1, sizeof(*s));
    int rc;

    g->search = s;
    if (!s)
        return -ENOMEM;
    rc = person ? begin_person_may(r, g, t, p) : begin_agency(&g->query, t, p);
    if (!rc)
        rc = person ? begin_tokens(r, &g->query.tokens, s) : begin_practitioner(r, &g->query, s);
    if (!rc)
        rc = bounds_of(t, g);
    list_settle(&s->tags);
    s->next = s->first = g->at;
    s->begun = true;
    return rc;
}

/* --- one step --- */

struct finder {
    struct search *s;
    struct list *to;
    uint64_t own; /* the reading's own leaf: it tells nobody anything new */
};

static int find_one(void *ctx, uint64_t leaf, uint8_t class)
{
    struct finder *f = ctx;

    (void)class;
    return leaf == f->own ? 0 : list_add(f->to, leaf);
}

static bool list_has(const struct list *l, uint64_t v)
{
    return l->n && bsearch(&v, l->at, l->n, sizeof(v), list_compare) != NULL;
}

/* The tags of what belongs to these leaves. */
static int about_tags(struct reader *r, const struct list *leaves, struct list *out)
{
    for (size_t i = 0; i < leaves->n; i++) {
        uint64_t tag;
        int rc = ledger_tag_about(r->store, leaves->at[i], &tag);

        if (!rc)
            rc = list_add(out, tag);
        if (rc)
            return rc;
    }
    return 0;
}

static int find_until(struct store_txn *t, const struct list *tags, uint64_t from, uint64_t until,
                      struct finder *f)
{
    int rc = 1;

    while (rc == 1 && from < until)
        rc = ledger_find(t, tags->at, tags->n, &from, until, STEP_BLOCKS, find_one, f);
    return rc < 0 ? rc : 0;
}

/* What belongs to the found, in the same blocks; and what belongs to that, until there is no more. Adds the tags of all of them
 * to those that are looked for from here on. */
static int find_belonging(struct reader *r, struct reading *g, struct store_txn *t)
{
    struct search *s = g->search;
    struct list fresh = { 0 }, tags = { 0 }, found = { 0 };
    struct finder f = { s, &found, g->leaf };
    int rc = 0;

    for (size_t i = 0; !rc && i < s->hits.n; i++)
        rc = list_add(&fresh, s->hits.at[i]);
    while (!rc && fresh.n) {
        uint64_t from = fresh.at[0] + 1;

        tags.n = found.n = 0;
        rc = about_tags(r, &fresh, &tags);
        for (size_t i = 0; !rc && i < tags.n; i++)
            rc = list_add(&s->tags, tags.at[i]);
        if (!rc)
            rc = find_until(t, &tags, from, s->next, &f);
        list_settle(&found);
        fresh.n = 0;
        for (size_t i = 0; !rc && i < found.n; i++)
            if (!list_has(&s->hits, found.at[i]))
                rc = list_add(&fresh, found.at[i]);
        for (size_t i = 0; !rc && i < fresh.n; i++)
            rc = list_add(&s->hits, fresh.at[i]);
        list_settle(&s->hits);
    }
    list_settle(&s->tags);
    free(fresh.at);
    free(tags.at);
    free(found.at);
    return rc;
}

static int search_step(struct reader *r, struct reading *g, struct store_txn *t)
{
    struct search *s = g->search;
    struct finder f = { s, &s->hits, g->leaf };
    int rc;

    s->hits.n = s->shown = 0;
    if (!s->tags.n) { /* nothing of it is worth a tag: nothing can be found */
        s->next = g->end;
        return 0;
    }
    rc = ledger_find(t, s->tags.at, s->tags.n, &s->next, g->end, STEP_BLOCKS, find_one, &f);
    if (rc < 0)
        return rc;
    if (rc == 0)
        s->next = g->end;
    list_settle(&s->hits);
    g->at = s->next;
    return s->hits.n && g->query.read == READ_PERSON ? find_belonging(r, g, t) : 0;
}

/* --- rows --- */

struct comparing {
    const struct token_json *of;
    enum match best;
    bool any; /* it has tokens */
};

static int compare_one(void *ctx, const struct token_set *set)
{
    struct comparing *c = ctx;
    struct token_set ours;
    enum match m;

    if (!set->n)
        return 0;
    c->any = true;
    if (token_json_household(c->of)) {
        for (uint8_t i = 0; i < c->of->n; i++)
            for (uint8_t k = 0; k < set->n; k++)
                if (token_equal(&c->of->tokens[i], &set->tokens[k]))
                    c->best = MATCH_YES;
        return 0;
    }
    token_json_set(c->of, set->tokens[0].scheme, set->tokens[0].epoch, &ours);
    m = match_broad(&ours, set);
    if (m == MATCH_YES || c->best == MATCH_NONE)
        c->best = m;
    return 0;
}

/* How sure it is that a leaf is about the person: "match", "conflict" (a number differs: look twice), "belongs" to one that
 * is. */
static const char *row_match(const struct query *q, struct bytes plain)
{
    struct comparing c = { &q->tokens, MATCH_NONE, false };

    if (sealed_tokens(plain, compare_one, &c) || !c.any || c.best == MATCH_NONE)
        return "belongs";
    return c.best == MATCH_CONFLICT ? "conflict" : "match";
}

struct showing {
    struct reading *g;
    struct store_txn *t;
    struct page *p;
};

static int show_sealed(const struct showing *w, const struct ledger_record *r, json_t *row)
{
    ALM_CLEANUP(buf_deinit) struct buf plain = { 0 };
    const struct query *q = &w->g->query;
    json_t *opened = NULL;
    int rc;

    buf_init(&plain, STORE_VALUE_MAX);
    rc = r->erased ? -ENODATA : ledger_sealed_open(w->t, r, &plain);
    if (rc && rc != -ENODATA)
        return rc;
    if (q->read == READ_PERSON)
        rc = json_object_set_new(row, "match",
                                 json_string(rc ? "belongs" : row_match(q, buf_view(&plain))));
    if (q->opened && !r->erased) {
        opened = sealed_json(buf_view(&plain), q->read == READ_PERSON ? SEALED_ALL : SEALED_ASKER,
                             !strcmp(r->clear.question, "who-is-involved"));
    }
    if (plain.data)
        crypto_wipe(plain.data, plain.len);
    if (q->opened && json_object_set_new(row, "opened", opened ? opened : json_null()))
        return -ENOMEM;
    return rc == -1 ? -ENOMEM : 0;
}

static int show_one(void *ctx, const struct ledger_record *r)
{
    struct showing *w = ctx;
    json_t *row;
    int rc;

    if ((w->g->query.since != CIVIL_NONE && r->clear.civil_day < w->g->query.since) ||
        (w->g->query.until != CIVIL_NONE && r->clear.civil_day > w->g->query.until))
        return 1;
    row = row_clear(r);
    rc = row ? 0 : -ENOMEM;
    if (!rc && json_object_set_new(row, "class",
                                   json_string(ledger_class_word(ledger_event_class(r->clear.event)))))
        rc = -ENOMEM;
    if (!rc)
        rc = show_sealed(w, r, row);
    if (rc) {
        json_decref(row);
        return rc;
    }
    w->g->search->rows++;
    rc = page_put(w->p, row, row_size(r, w->g->query.opened));
    return rc ? rc : 1;
}

static int search_show(struct reading *g, struct store_txn *t, struct page *p)
{
    struct showing w = { g, t, p };
    struct search *s = g->search;

    for (; s->shown < s->hits.n && !page_is_full(p); s->shown++) {
        uint64_t leaf = s->hits.at[s->shown];
        int rc = ledger_each(t, leaf, leaf + 1, show_one, &w);

        if (rc < 0)
            return rc;
    }
    return 0;
}

/* --- what the family says of it --- */

struct stating {
    const struct token_set *set;
    json_t *list;
};

static int state_one(void *ctx, const struct statement_record *r)
{
    const struct stating *y = ctx;
    enum match m = match_broad(&r->statement.subject, y->set);
    char id[ID_TEXT], about[ID_TEXT] = "", at[25];

    if (m != MATCH_YES && m != MATCH_CONFLICT)
        return 0;
    id_format(&r->id, id);
    if (r->statement.has_about)
        id_format(&r->statement.about, about);
    clock_format_utc(r->lodged_ms, at);
    return json_array_append_new(
               y->list, json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:s}", "id", id, "agency",
                                  r->lodger, "at", at, "about", about, "leaf",
                                  (json_int_t)r->leaf, "match",
                                  m == MATCH_YES ? "match" : "conflict", "text", r->statement.text))
               ? -ENOMEM
               : 0;
}

static int search_statements(const struct reading *g, struct store_txn *t, json_t *last)
{
    const struct token_json *of = &g->query.tokens;
    struct token_set set;
    struct stating y = { &set, json_array() };
    int rc;

    token_json_set(of, of->scheme, of->epoch, &set);
    rc = y.list && set.n ? statements_about(t, &set, state_one, &y) : 0;
    if (json_object_set_new(last, "statements", y.list) && !rc)
        rc = -ENOMEM;
    return rc;
}

static json_t *search_last(const struct reading *g)
{
    const struct query *q = &g->query;
    char since[CIVIL_TEXT], until[CIVIL_TEXT];

    civil_format(q->since, since);
    civil_format(q->until, until);
    return json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:b}", "report",
                     q->read == READ_PERSON ? "person" : "practitioner", "since", since, "until",
                     until, "first_leaf", (json_int_t)g->search->first, "leaves",
                     (json_int_t)(g->end > g->search->first ? g->end - g->search->first : 0),
                     "rows", (json_int_t)g->search->rows, "opened", q->opened);
}

int search_slice(struct reader *r, struct reading *g, struct page *p)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    int rc = store_begin(r->store, false, &t);

    if (!rc && !g->search)
        rc = search_begin(r, g, t, p);
    if (!rc && g->search->shown == g->search->hits.n && g->search->next < g->end)
        rc = search_step(r, g, t);
    if (!rc)
        rc = search_show(g, t, p);
    if (rc)
        return rc;
    if (g->search->shown < g->search->hits.n || g->search->next < g->end)
        return 1;
    p->last = search_last(g);
    if (!p->last)
        return -ENOMEM;
    return g->query.read == READ_PERSON && g->query.opened ? search_statements(g, t, p->last) : 0;
}
