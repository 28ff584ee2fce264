/* SPDX-License-Identifier: Apache-2.0 */
/* cases.c - reads cases = ( { ... }, ... ); strictly: an unknown word is an error, so that a case
 * never passes for what it does not say. */
#include "cases.h"
#include "base/civil.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CASES_MAX 100000

static const struct {
    const char *key, *fallback; /* fallback NULL: required */
    enum axis x;
} facts[] = {
    { "agency", NULL, AXIS_AGENCY },       { "role", NULL, AXIS_ROLE },
    { "purpose", NULL, AXIS_PURPOSE },     { "question", NULL, AXIS_ASKED },
    { "subject", "person", AXIS_SUBJECT }, { "relationship", "involved", AXIS_RELATION },
    { "stated", "nothing", AXIS_STATED },  { "shield", "none", AXIS_RECORD },
    { "consent", "none", AXIS_CONSENT },   { "override", "none", AXIS_OVERRIDE },
};
static const char *const known[] = { "name",    "agency", "role",         "purpose",  "question",
                                     "subject", "stated", "relationship", "shield",   "consent",
                                     "on",      "basis",  "expect",       "told",     "rests_on",
                                     "asks",    "masked", "note",         "override", NULL };

struct reading {
    const struct domain *d;
    struct conf_errors *e;
    const struct conf_node *group;
};

static const char *text_of(const struct reading *r, const char *key, const char *fallback)
{
    const struct conf_node *n = conf_child(r->group, key);
    const char *text = fallback;

    if (n)
        (void)conf_string(n, r->e, &text);
    else if (!fallback)
        conf_fail(r->e, r->group, "the case lacks %s", key);
    return text;
}

/* One fact's value: a word, or the nth of a list of words. */
static const char *word_of(const struct reading *r, size_t fact, size_t nth)
{
    const struct conf_node *n = conf_child(r->group, facts[fact].key);
    const char *word = NULL;

    if (!n || conf_type_of(n) != CONF_LIST)
        return text_of(r, facts[fact].key, facts[fact].fallback);
    (void)conf_string(conf_at(n, nth), r->e, &word);
    return word;
}

static size_t words_in(const struct reading *r, size_t fact)
{
    const struct conf_node *n = conf_child(r->group, facts[fact].key);

    return n && conf_type_of(n) == CONF_LIST ? conf_len(n) : 1;
}

static int add_case(struct cases *cs, const struct test_case *t)
{
    if (cs->n == cs->cap) {
        size_t cap = cs->cap ? 2 * cs->cap : 64;
        struct test_case *at = realloc(cs->at, cap * sizeof(*at));

        if (!at)
            return -ENOMEM;
        cs->at = at;
        cs->cap = cap;
    }
    cs->at[cs->n++] = *t;
    return 0;
}

/* Every combination of the facts from `fact` on, where a fact is a list. */
static int read_facts(struct cases *cs, const struct reading *r, size_t fact, struct test_case *t)
{
    int rc = 0;

    if (fact == ALM_LEN(facts))
        return cs->n < CASES_MAX ? add_case(cs, t) : 0;
    for (size_t i = 0; i < words_in(r, fact) && rc == 0; i++) {
        const char *word = word_of(r, fact, i);
        const struct conf_node *n = conf_child(r->group, facts[fact].key);
        uint16_t at = word ? domain_find(r->d, facts[fact].x, word) : POLICY_NONE;

        if (at == POLICY_NONE) {
            if (word)
                conf_fail(r->e, n ? n : r->group, "%s: \"%.60s\" is not known to the policy",
                          facts[fact].key, word);
            at = 0;
        }
        t->c.at[facts[fact].x] = at;
        rc = read_facts(cs, r, fact + 1, t);
    }
    return rc;
}

static void read_expected(const struct reading *r, struct test_case *t)
{
    static const char *const tellings[] = { "reason", "no-consent-line", "hidden" };
    const char *expect = text_of(r, "expect", NULL);
    bool ok = false;

    t->permitted = expect && strcmp(expect, "permitted") == 0;
    t->reason = t->permitted ? REASON_NONE : reason_from_word(expect);
    if (expect && !t->permitted && t->reason == REASON_DENY && strcmp(expect, "deny") != 0)
        conf_fail(
            r->e, conf_child(r->group, "expect"),
            "expect: \"%.60s\" is neither permitted nor a reason (almoner explain lists them)",
            expect);
    if (!conf_child(r->group, "told"))
        return;
    t->told = text_of(r, "told", "");
    for (size_t i = 0; i < ALM_LEN(tellings); i++)
        ok = ok || strcmp(t->told, tellings[i]) == 0;
    if (!ok)
        conf_fail(r->e, conf_child(r->group, "told"), "told is reason, no-consent-line or hidden");
}

static const struct conf_node *read_agencies(const struct reading *r, const char *key)
{
    const struct conf_node *list = conf_child(r->group, key);
    const char *id;

    if (!list)
        return NULL;
    if (conf_type_of(list) != CONF_LIST) {
        conf_fail(r->e, list, "%s is a list: [ \"an-agency\", ... ]", key);
        return NULL;
    }
    for (size_t i = 0; i < conf_len(list); i++)
        if (conf_string(conf_at(list, i), r->e, &id) &&
            domain_find(r->d, AXIS_AGENCY, id) == POLICY_NONE)
            conf_fail(r->e, conf_at(list, i), "%s: \"%.60s\" is no agency of the policy", key, id);
    return list;
}

static void read_rest(const struct reading *r, struct test_case *t)
{
    const char *day = text_of(r, "on", NULL);

    if (day && civil_parse(day, &t->day))
        conf_fail(r->e, conf_child(r->group, "on"), "on: \"%.20s\" is not a day: YYYY-MM-DD", day);
    t->basis = conf_child(r->group, "basis") ? text_of(r, "basis", NULL) : NULL;
    if (t->basis && bundle_gateway(r->d->b[0], t->basis) == POLICY_NONE)
        conf_fail(r->e, conf_child(r->group, "basis"),
                  "basis: \"%.60s\" is no gateway of the policy", t->basis);
    t->rests_on = conf_child(r->group, "rests_on") ? text_of(r, "rests_on", NULL) : NULL;
    t->asks = read_agencies(r, "asks");
    t->masked = read_agencies(r, "masked");
    if ((t->asks || t->masked || t->rests_on) && !t->permitted)
        conf_fail(r->e, r->group,
                  "asks, masked and rests_on belong to cases that expect permitted");
    if (t->told && t->permitted)
        conf_fail(r->e, r->group, "told belongs to cases that expect a refusal");
}

static int read_case(struct cases *cs, const struct domain *d, const struct conf_node *n,
                     struct conf_errors *e)
{
    struct reading r = { .d = d, .e = e, .group = n };
    struct test_case t;

    if (conf_type_of(n) != CONF_GROUP) {
        conf_fail(e, n, "a case is written as { name = \"...\"; agency = \"...\"; ... }");
        return 0;
    }
    conf_only(n, e, known);
    t = (struct test_case){ .file = conf_file(n), .line = conf_line(n) };
    t.name = text_of(&r, "name", NULL);
    read_expected(&r, &t);
    read_rest(&r, &t);
    return read_facts(cs, &r, 0, &t);
}

static int keep_file(struct cases *cs, struct conf *loaded)
{
    struct conf **files = realloc(cs->files, (cs->n_files + 1) * sizeof(*files));

    if (!files) {
        conf_free(loaded);
        return -ENOMEM;
    }
    cs->files = files;
    cs->files[cs->n_files++] = loaded;
    return 0;
}

int cases_read(struct cases *cs, const char *path, const struct domain *d, struct conf_errors *e)
{
    static const char *const top[] = { "cases", NULL };
    struct conf *loaded = NULL;
    const struct conf_node *list;
    int r = conf_load(path, e, &loaded);

    if (r == -ENOMEM)
        return r;
    if (r < 0)
        return 0; /* the error is in e */
    if (keep_file(cs, loaded) < 0)
        return -ENOMEM;
    conf_only(conf_root(loaded), e, top);
    list = conf_child(conf_root(loaded), "cases");
    if (!list || conf_type_of(list) != CONF_LIST) {
        conf_fail(e, list, "%s: write cases = ( { ... }, ... );", path);
        return 0;
    }
    for (size_t i = 0, n = conf_len(list); i < n && r == 0; i++)
        r = read_case(cs, d, conf_at(list, i), e);
    return r;
}

void cases_deinit(struct cases *cs)
{
    for (size_t i = 0; i < cs->n_files; i++)
        conf_free(cs->files[i]);
    free(cs->files);
    free(cs->at);
    *cs = (struct cases){ .at = NULL };
}
