/* SPDX-License-Identifier: Apache-2.0 */
/* report_unanswered.c - permitted questions of which nothing was ever disclosed, and holders that were asked and did not answer.
 *
 * What came of a question stands in later leaves that name its decision; of the last one that counts. What is kept on the way is
 * the questions that are open or not answered by all; what a holder is recorded to have said is looked up when a row is shown. */
#include "report.h"
#include "sealed.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define KEPT_MOST ((size_t)1 << 20)

enum came { CAME_NOTHING = 0, CAME_REFUSED, CAME_PART };
struct kept { /* in order of leaf */
    uint64_t leaf, other; /* other: the leaf that says what came of it */
    uint8_t came;
    bool gone; /* answered by all */
};

static int kept_compare(const void *key, const void *at)
{
    uint64_t leaf = *(const uint64_t *)key;
    const struct kept *k = at;

    return leaf < k->leaf ? -1 : leaf > k->leaf;
}

static struct kept *kept_of(const struct report *s, uint64_t leaf)
{
    return s->n_kept ? bsearch(&leaf, s->kept, s->n_kept, sizeof(*s->kept), kept_compare) : NULL;
}

/* Answered ones make room, when there is none. */
static void kept_tidy(struct report *s)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n_kept; i++)
        if (!s->kept[i].gone)
            s->kept[n++] = s->kept[i];
    s->n_kept = n;
}

static int kept_add(struct report *s, uint64_t leaf)
{
    if (s->n_kept == s->cap_kept)
        kept_tidy(s);
    if (s->n_kept > s->cap_kept / 2 || !s->cap_kept) {
        size_t cap = s->cap_kept ? 2 * s->cap_kept : 1024;
        struct kept *at = cap > KEPT_MOST ? NULL : realloc(s->kept, cap * sizeof(*at));

        if (at) {
            s->kept = at;
            s->cap_kept = cap;
        } else if (s->n_kept == s->cap_kept) {
            return -ENOMEM;
        }
    }
    s->kept[s->n_kept++] = (struct kept){ .leaf = leaf };
    return 0;
}

static int holders_asked(const struct taking *w, const struct ledger_clear *c)
{
    int rc = 0;

    for (size_t i = 0; !rc && i < c->n_holders && i < ALM_LEN(c->holders); i++)
        rc = tally_add(&w->s->tally, c->holders[i], 0, 1);
    return rc;
}

static int decided(const struct taking *w, const struct ledger_record *r)
{
    int rc;

    if (r->leaf >= w->s->end || r->clear.outcome != 1 || !query_wants(&w->g->query, &r->clear))
        return 0; /* behind the period, only what came of its questions is of interest */
    rc = kept_add(w->s, r->leaf);
    return rc ? rc : holders_asked(w, &r->clear);
}

int unanswered_take(const struct taking *w, const struct ledger_record *r)
{
    const struct ledger_clear *c = &r->clear;
    struct kept *k;

    if (c->event == EVENT_DECIDED)
        return decided(w, r);
    if (c->event != EVENT_DISCLOSED && c->event != EVENT_NOT_DISCLOSED)
        return 0;
    k = kept_of(w->s, c->about);
    if (!k)
        return 0;
    if (c->event == EVENT_NOT_DISCLOSED && k->came == CAME_PART)
        return 0; /* something was disclosed before */
    k->other = r->leaf;
    k->came = c->event == EVENT_DISCLOSED ? CAME_PART : CAME_REFUSED;
    k->gone = c->event == EVENT_DISCLOSED && c->completeness <= 1; /* by all, or of no holders */
    return 0;
}

bool unanswered_goes_on(const struct report *s)
{
    for (size_t i = 0; i < s->n_kept; i++)
        if (!s->kept[i].gone)
            return true;
    return false;
}

struct saying {
    const struct taking *w;
    json_t *row;
    uint8_t came;
};

static int silent_of(const struct saying *y, const struct ledger_record *r)
{
    ALM_CLEANUP(buf_deinit) struct buf plain = { 0 };
    json_t *silent = json_array();
    int rc = silent ? 0 : -ENOMEM;

    buf_init(&plain, STORE_VALUE_MAX);
    if (!rc && !r->erased)
        rc = ledger_sealed_open(y->w->t, r, &plain);
    if (!rc && !r->erased)
        rc = sealed_silent(buf_view(&plain), silent);
    if (plain.data)
        crypto_wipe(plain.data, plain.len);
    for (size_t i = 0; !rc && i < json_array_size(silent); i++)
        rc = tally_add(&y->w->s->tally, json_string_value(json_array_get(silent, i)), 1, 1);
    if (json_object_set_new(y->row, "no_answer", silent) && !rc)
        rc = -ENOMEM;
    return rc == -ENODATA ? 0 : rc;
}

/* What came of it: the leaf that says so. */
static int say_other(void *ctx, const struct ledger_record *r)
{
    const struct saying *y = ctx;
    int rc = y->came == CAME_PART ? silent_of(y, r) : 0;

    if (!rc && json_object_set_new(y->row, "why",
                                   json_string(y->came == CAME_PART ? "not-all-answered"
                                                                    : r->clear.reason)))
        rc = -ENOMEM;
    return rc ? rc : 1;
}

static int show_kept(void *ctx, const struct ledger_record *r)
{
    const struct taking *w = ctx;
    struct kept *k = &w->s->kept[w->s->shown];
    struct saying y = { w, NULL, k->came };
    int rc = report_row(w, r, false, &y.row);

    if (!rc && k->came != CAME_NOTHING)
        rc = ledger_each(w->t, k->other, k->other + 1, say_other, &y);
    else if (!rc && json_object_set_new(y.row, "why", json_string("never")))
        rc = -ENOMEM;
    if (rc < 0) {
        json_decref(y.row);
        return rc;
    }
    rc = report_put(w, y.row, r);
    return rc ? rc : 1;
}

int unanswered_show(const struct taking *w)
{
    struct report *s = w->s;

    for (; s->shown < s->n_kept; s->shown++) {
        uint64_t leaf = s->kept[s->shown].leaf;
        int rc;

        if (s->kept[s->shown].gone)
            continue;
        if (page_is_full(w->p))
            return 1;
        rc = ledger_each(w->t, leaf, leaf + 1, show_kept, (void *)(uintptr_t)w);
        if (rc < 0)
            return rc;
    }
    return 0;
}
