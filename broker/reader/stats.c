/* SPDX-License-Identifier: Apache-2.0 */
/* stats.c - fixed tables over the log's clear parts, up to a day that is over: what answers led to,
 * minutes saved, pilot against control areas, referrals, firings, decisions not to share, refusals
 * that were hidden.
 *
 * Counted where the log is read, so that only what suppress.h leaves goes out. The same days give
 * the same tables for ever: leaves do not change, and of a day that is over none is added. */
#include "base/clock.h"
#include "reader.h"
#include "suppress.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MOST      (GRID_ROWS - 1) /* of one table; what is beyond counts in the last */
#define REFERRALS_MOST ((size_t)1 << 20)
#define KEY_MAX        64
#define OTHER          "(others)"
#define TOLD_HIDDEN    3 /* of a leaf: what rows.c prints as "hidden" */

static const char *const effects[] = { "sooner", "different", "no-use" };
static const char *const arms[] = { "pilot", "control", "neither" };
static const char *const kinds[] = { "signposting", "soft",         "application",
                                     "hard",        "commissioned", "booked" };
static const char *const states[] = { "sent",       "received", "accepted",    "more-info",
                                      "redirected", "rejected", "eligibility", "assessment",
                                      "diagnosis",  "planned",  "delivering",  "closed",
                                      "withdrawn",  "revoked",  "expired" };
enum { EFFECTS = 3, ARMS = 3, KINDS = 6, STATES = 15 };

struct by_key { /* rows that are found, sorted when all is counted */
    size_t n;
    char key[ROWS_MOST][KEY_MAX];
    uint64_t count[ROWS_MOST][EFFECTS];
};
struct kept_referral { /* of one referral, by its first leaf; in order of it */
    uint64_t leaf;
    uint8_t kind, state;
};
struct stats {
    bool begun;
    uint64_t effects[EFFECTS][ARMS], minutes[ARMS];
    struct by_key purposes, rules, reasons, hidden;
    struct kept_referral *referrals; /* owned */
    size_t n_referrals, cap;
};
struct counting {
    struct stats *s;
    const struct query *q;
    struct reading *g;
};

struct stats *stats_free(struct stats *s)
{
    if (s)
        free(s->referrals);
    free(s);
    return NULL;
}

/* --- counting --- */

/* The word behind "key=" in a leaf's detail; "" when there is none. */
static const char *detail_word(const char *detail, const char *key, char out[static KEY_MAX])
{
    size_t len = strlen(key), n;
    const char *at = detail;

    out[0] = '\0';
    while ((at = strstr(at, key)) != NULL && at != detail && at[-1] != ' ')
        at += len;
    if (!at)
        return out;
    at += len;
    n = strcspn(at, " ");
    if (n < KEY_MAX) {
        memcpy(out, at, n);
        out[n] = '\0';
    }
    return out;
}

static size_t word_at(const char *const *words, size_t n, const char *word)
{
    size_t i = 0;

    while (i < n && strcmp(words[i], word) != 0)
        i++;
    return i;
}

static void count_key(struct by_key *b, const char *key, size_t column)
{
    size_t i = 0;

    key = *key ? key : "(not said)";
    while (i < b->n && strcmp(b->key[i], key) != 0)
        i++;
    if (i == ROWS_MOST) {
        i = ROWS_MOST - 1;
        key = OTHER;
    }
    b->n = i >= b->n ? i + 1 : b->n;
    memset(b->key[i], 0, KEY_MAX);
    memcpy(b->key[i], key, strnlen(key, KEY_MAX - 1));
    b->count[i][column]++;
}

static void count_outcome(struct stats *s, const struct ledger_clear *c)
{
    char word[KEY_MAX];
    size_t effect = word_at(effects, EFFECTS, detail_word(c->detail, "effect=", word));
    size_t arm = word_at(arms, ARMS, detail_word(c->detail, "arm=", word));

    if (effect == EFFECTS)
        return; /* a newer core's word is not guessed */
    arm = arm == ARMS ? ARMS - 1 : arm;
    s->effects[effect][arm]++;
    s->minutes[arm] += strtoul(detail_word(c->detail, "minutes=", word), NULL, 10);
    count_key(&s->purposes, c->purpose, effect);
}

static int count_sent(struct stats *s, uint64_t leaf, const struct ledger_clear *c)
{
    char word[KEY_MAX];
    size_t kind = word_at(kinds, KINDS, detail_word(c->detail, "kind=", word));

    if (kind == KINDS)
        return 0;
    if (s->n_referrals == s->cap) {
        size_t cap = s->cap ? 2 * s->cap : 256;
        struct kept_referral *at =
            cap > REFERRALS_MOST ? NULL : realloc(s->referrals, cap * sizeof(*at));

        if (!at)
            return -ENOMEM;
        s->referrals = at;
        s->cap = cap;
    }
    s->referrals[s->n_referrals++] = (struct kept_referral){ .leaf = leaf, .kind = (uint8_t)kind };
    return 0;
}

static int standing_compare(const void *key, const void *at)
{
    uint64_t leaf = *(const uint64_t *)key;
    const struct kept_referral *s = at;

    return leaf < s->leaf ? -1 : leaf > s->leaf;
}

static void count_step(struct stats *s, const struct ledger_clear *c)
{
    char word[KEY_MAX];
    struct kept_referral *at = s->n_referrals ? bsearch(&c->about, s->referrals, s->n_referrals,
                                                        sizeof(*at), standing_compare)
                                              : NULL;
    size_t state = word_at(states, STATES, detail_word(c->detail, "state=", word));
    size_t kind = word_at(kinds, KINDS, detail_word(c->detail, "kind=", word));

    if (!at)
        return; /* sent before the first day */
    if (state < STATES)
        at->state = (uint8_t)state;
    if (kind < KINDS)
        at->kind = (uint8_t)kind;
}

static int count_one(void *ctx, const struct ledger_record *r)
{
    struct counting *k = ctx;
    const struct ledger_clear *c = &r->clear;

    k->g->at = r->leaf + 1;
    if (c->civil_day > k->q->until || (k->q->since != CIVIL_NONE && c->civil_day < k->q->since))
        return 0;
    if (c->event == EVENT_OUTCOME)
        count_outcome(k->s, c);
    else if (c->event == EVENT_REFERRAL_SENT)
        return count_sent(k->s, r->leaf, c);
    else if (c->event == EVENT_REFERRAL_STEP)
        count_step(k->s, c);
    else if (c->event == EVENT_FIRED)
        count_key(&k->s->rules, c->question, 0);
    else if (c->event == EVENT_NOT_SHARED)
        count_key(&k->s->reasons, c->reason, 0);
    else if (c->event == EVENT_REFUSED && c->told == TOLD_HIDDEN)
        count_key(&k->s->hidden, c->reason, 0);
    return 0;
}

static int day_of(void *ctx, const struct ledger_record *r)
{
    *(int32_t *)ctx = r->clear.civil_day;
    return 1;
}

/* The reading's own leaf bears the day that it is. */
static int stats_begin(struct store_txn *t, struct reading *g)
{
    int32_t today = CIVIL_NONE;
    int rc = ledger_each(t, g->leaf, g->leaf + 1, day_of, &today);

    if (rc < 0)
        return rc;
    if (today == CIVIL_NONE || g->query.until >= today)
        return -ERANGE;
    g->stats = calloc(1, sizeof(*g->stats));
    if (!g->stats)
        return -ENOMEM;
    g->at = 0;
    return ledger_count(t, &g->end);
}

/* --- tables --- */

struct sheet { /* one table, with its totals */
    const char *id, *title, *rows_are;
    const char *const *columns;
    size_t n_columns;
    const char *const *names; /* rows: fixed, or */
    const struct by_key *keys;
    size_t n_rows;
    struct grid g;
    uint64_t n[GRID_ROWS][GRID_COLUMNS];
    bool hidden[GRID_ROWS][GRID_COLUMNS];
};
enum {
    SHEET_EFFECTS = 0,
    SHEET_PURPOSES,
    SHEET_REFERRALS,
    SHEET_FIRINGS,
    SHEET_NOT_SHARED,
    SHEET_HIDDEN,
    SHEETS
};

static const char *const one_column[] = { "number" };

static void sheet_ready(struct sheet *s)
{
    s->g = (struct grid){ .rows = s->n_rows + 1,
                          .columns = s->n_columns + (s->n_columns > 1),
                          .totals = s->n_columns > 1,
                          .n = s->n,
                          .hidden = s->hidden };
    grid_add_up(&s->g);
}

static void sheet_keys(struct sheet *s, const struct by_key *b)
{
    s->keys = b;
    s->n_rows = b->n;
    for (size_t i = 0; i < b->n; i++)
        for (size_t c = 0; c < s->n_columns; c++)
            s->n[i][c] = b->count[i][c];
}

static void sheets_fill(const struct stats *st, struct sheet *s)
{
    s[SHEET_EFFECTS] = (struct sheet){ .id = "outcomes",
                                       .title = "What answers, referrals and firings led to",
                                       .rows_are = "effect",
                                       .columns = arms,
                                       .n_columns = ARMS,
                                       .names = effects,
                                       .n_rows = EFFECTS };
    for (size_t e = 0; e < EFFECTS; e++)
        for (size_t a = 0; a < ARMS; a++)
            s[SHEET_EFFECTS].n[e][a] = st->effects[e][a];
    s[SHEET_PURPOSES] = (struct sheet){ .id = "outcomes-by-purpose",
                                        .title = "The same by purpose",
                                        .rows_are = "purpose",
                                        .columns = effects,
                                        .n_columns = EFFECTS };
    sheet_keys(&s[SHEET_PURPOSES], &st->purposes);
    s[SHEET_REFERRALS] = (struct sheet){ .id = "referrals",
                                         .title = "Referrals sent, as they stood at the end",
                                         .rows_are = "state",
                                         .columns = kinds,
                                         .n_columns = KINDS,
                                         .names = states,
                                         .n_rows = STATES };
    for (size_t i = 0; i < st->n_referrals; i++)
        s[SHEET_REFERRALS].n[st->referrals[i].state][st->referrals[i].kind]++;
    s[SHEET_FIRINGS] = (struct sheet){ .id = "firings",
                                       .title = "Thresholds that fired",
                                       .rows_are = "rule",
                                       .columns = one_column,
                                       .n_columns = 1 };
    sheet_keys(&s[SHEET_FIRINGS], &st->rules);
    s[SHEET_NOT_SHARED] = (struct sheet){ .id = "not-shared",
                                          .title = "Decisions not to share",
                                          .rows_are = "reason",
                                          .columns = one_column,
                                          .n_columns = 1 };
    sheet_keys(&s[SHEET_NOT_SHARED], &st->reasons);
    s[SHEET_HIDDEN] = (struct sheet){ .id = "hidden",
                                      .title = "Questions answered as about an unknown person",
                                      .rows_are = "reason",
                                      .columns = one_column,
                                      .n_columns = 1 };
    sheet_keys(&s[SHEET_HIDDEN], &st->hidden);
    for (size_t i = 0; i < SHEETS; i++)
        sheet_ready(&s[i]);
}

static bool same(bool *one, bool *other)
{
    bool differ = *one != *other;

    *one = *other = *one || *other;
    return differ;
}

/* What stands in two tables is hidden in both. */
static bool sheets_agree(struct sheet *s)
{
    struct sheet *e = &s[SHEET_EFFECTS], *p = &s[SHEET_PURPOSES];
    bool more = false;

    for (size_t i = 0; i <= EFFECTS; i++) /* each effect's total, and the whole */
        more = same(&e->hidden[i][ARMS], &p->hidden[p->n_rows][i]) || more;
    return more;
}

static void sheets_suppress(struct sheet *s)
{
    bool again = true;

    while (again) {
        again = false;
        for (size_t i = 0; i < SHEETS; i++)
            again = grid_suppress(&s[i].g) || again;
        again = sheets_agree(s) || again;
    }
}

static json_t *cell_json(const struct sheet *s, size_t row, size_t column)
{
    return s->hidden[row][column] ? json_null()
                                  : json_integer((json_int_t)grid_round(s->n[row][column]));
}

static json_t *row_json(const struct sheet *s, size_t row, const char *name)
{
    json_t *cells = json_array();

    for (size_t c = 0; cells && c < s->g.columns; c++)
        (void)json_array_append_new(cells, cell_json(s, row, c));
    return json_pack("{s:s, s:o}", "row", name, "cells", cells);
}

static int row_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Found rows in order of their names, so that the order of the log does not show. */
static json_t *rows_json(const struct sheet *s)
{
    const char *order[ROWS_MOST];
    json_t *rows = json_array();

    for (size_t i = 0; i < s->n_rows; i++)
        order[i] = s->names ? s->names[i] : s->keys->key[i];
    if (s->keys)
        qsort(order, s->n_rows, sizeof(order[0]), row_compare);
    for (size_t i = 0; rows && i < s->n_rows; i++) {
        size_t at = s->keys ? (size_t)((const char(*)[KEY_MAX])order[i] - s->keys->key) : i;

        (void)json_array_append_new(rows, row_json(s, at, order[i]));
    }
    if (rows)
        (void)json_array_append_new(rows, row_json(s, s->n_rows, "total"));
    return rows;
}

static json_t *sheet_json(const struct sheet *s)
{
    json_t *columns = json_array();

    for (size_t c = 0; columns && c < s->n_columns; c++)
        (void)json_array_append_new(columns, json_string(s->columns[c]));
    if (s->g.totals)
        (void)json_array_append_new(columns, json_string("total"));
    return json_pack("{s:s, s:s, s:s, s:o, s:o}", "table", s->id, "title", s->title, "rows_are",
                     s->rows_are, "columns", columns, "rows", rows_json(s));
}

/* A sum over fewer than ten outcomes is as telling as their number. */
static json_t *minutes_json(const struct stats *st, const struct sheet *e)
{
    uint64_t all = 0;
    json_t *rows = json_array();

    for (size_t a = 0; rows && a <= ARMS; a++) {
        uint64_t n = a < ARMS ? st->minutes[a] : all;
        json_t *minutes =
            e->hidden[EFFECTS][a] ? json_null() : json_integer((json_int_t)grid_round(n));

        all += n;
        (void)json_array_append_new(rows, json_pack("{s:s, s:[o, o]}", "row",
                                                    a < ARMS ? arms[a] : "total", "cells",
                                                    cell_json(e, EFFECTS, a), minutes));
    }
    return json_pack("{s:s, s:s, s:s, s:[s, s], s:o}", "table", "minutes", "title",
                     "Minutes saved, as practitioners say", "rows_are", "areas", "columns",
                     "outcomes", "minutes", "rows", rows);
}

static json_t *stats_json(const struct stats *st, const struct query *q)
{
    struct sheet *s = calloc(SHEETS, sizeof(*s));
    char since[CIVIL_TEXT], until[CIVIL_TEXT];
    json_t *tables = json_array();

    if (!s || !tables) {
        free(s);
        json_decref(tables);
        return NULL;
    }
    sheets_fill(st, s);
    sheets_suppress(s);
    (void)json_array_append_new(tables, sheet_json(&s[SHEET_EFFECTS]));
    (void)json_array_append_new(tables, minutes_json(st, &s[SHEET_EFFECTS]));
    for (size_t i = SHEET_PURPOSES; i < SHEETS; i++)
        (void)json_array_append_new(tables, sheet_json(&s[i]));
    free(s);
    civil_format(q->since, since);
    civil_format(q->until, until);
    return json_pack("{s:s, s:s, s:i, s:i, s:o}", "since", since, "until", until,
                     "suppressed_under", SUPPRESS_UNDER, "rounded_to", SUPPRESS_ROUND, "tables",
                     tables);
}

int stats_slice(struct reader *r, struct reading *g, json_t **out)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    struct counting k = { .q = &g->query, .g = g };
    uint64_t until;
    int rc = store_begin(r->store, false, &t);

    if (!rc && !g->stats)
        rc = stats_begin(t, g);
    if (rc)
        return rc;
    k.s = g->stats;
    until = g->end - g->at > SLICE_LEAVES ? g->at + SLICE_LEAVES : g->end;
    rc = ledger_each(t, g->at, until, count_one, &k);
    if (rc < 0)
        return rc;
    if (g->at < g->end)
        return 1;
    *out = stats_json(g->stats, &g->query);
    return *out ? 0 : -ENOMEM;
}
