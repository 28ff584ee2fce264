/* SPDX-License-Identifier: Apache-2.0 */
/* test_families.c - people who are easily taken for one another: each pair of tests/data/families
 * decided through an adapter's own tokens and index, against what the table says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"
#include "lib/index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS_MAX 12
#define PEOPLE_MAX 256
#define PAIRS_MAX  128
#define LINE_MAX_  512
#define FOLDER     ALM_FAMILIES "/"

enum {
    RECORD,
    GIVEN,
    FAMILY,
    HOUSE,
    STREET,
    POSTCODE,
    BORN,
    NHS,
    UPN,
    UNBORN,
    FORMER,
    FORMER_CODE
};

struct row { /* the line, cut at its commas: no field of ours holds one */
    char line[LINE_MAX_];
    const char *at[FIELDS_MAX];
};
static struct row people[PEOPLE_MAX], pairs[PAIRS_MAX];
static size_t n_people, n_pairs;
static struct token_set sets[PEOPLE_MAX];
static struct tokens_key key = { .scheme = TOKEN_HMAC, .epoch = 1 };

/* Return: how many rows below the header. */
static size_t rows_read(const char *path, struct row *out, size_t most, size_t fields)
{
    FILE *f = fopen(path, "r");
    char header[LINE_MAX_];
    size_t n = 0;

    assert_non_null(f);
    assert_non_null(fgets(header, sizeof(header), f));
    for (; n < most && fgets(out[n].line, sizeof(out[n].line), f); n++) {
        char *at = out[n].line;

        at[strcspn(at, "\n")] = '\0';
        for (size_t i = 0; i < fields; i++) {
            char *comma = strchr(at, ',');

            out[n].at[i] = at;
            assert_true((comma != NULL) == (i + 1 < fields));
            if (comma) {
                *comma = '\0';
                at = comma + 1;
            }
        }
    }
    assert_true(n < most);
    assert_int_equal(fclose(f), 0);
    return n;
}

static void home_add(const struct identity *who, const char *address, const char *postcode,
                     struct token_set *out)
{
    struct token at[TOKENS_AT_HOME];

    if (!postcode[0] || identity_number_alone(who))
        return;
    assert_int_equal(tokens_at_home(&key, who, address, postcode, at), ALM_OK);
    assert_true(token_set_add_home(out, at));
}

static struct identity identity_of(const struct row *r)
{
    struct identity who = { r->at[GIVEN], r->at[FAMILY], CIVIL_NONE,
                            r->at[NHS],   r->at[UPN],    r->at[UNBORN][0] != '\0' };

    if (r->at[BORN][0])
        assert_int_equal(civil_parse(r->at[BORN], &who.born), 0);
    return who;
}

static void address_of(const struct row *r, char out[static LINE_MAX_])
{
    assert_true(snprintf(out, LINE_MAX_, "%s %s", r->at[HOUSE], r->at[STREET]) < LINE_MAX_);
}

static int setup(void **state)
{
    (void)state;
    if (crypto_init() != 0)
        return -1;
    memset(key.key.octets, 7, sizeof(key.key.octets));
    n_people = rows_read(FOLDER "people.csv", people, PEOPLE_MAX, FIELDS_MAX);
    n_people +=
        rows_read(FOLDER "others.csv", people + n_people, PEOPLE_MAX - n_people, FIELDS_MAX);
    n_pairs = rows_read(FOLDER "pairs.csv", pairs, PAIRS_MAX, 6);
    for (size_t i = 0; i < n_people; i++) {
        struct identity who = identity_of(&people[i]);
        char address[LINE_MAX_];

        assert_int_equal(tokens_row(&key, &who, &sets[i]), ALM_OK);
        address_of(&people[i], address);
        home_add(&who, address, people[i].at[POSTCODE], &sets[i]);
        home_add(&who, people[i].at[FORMER], people[i].at[FORMER_CODE], &sets[i]);
    }
    return 0;
}

static size_t person(const char *record)
{
    for (size_t i = 0; i < n_people; i++) {
        if (strcmp(people[i].at[RECORD], record) == 0)
            return i;
    }
    fail_msg("no record %s", record);
    return 0;
}

enum { WHAT, A, B, TRUTH, STRICT, BROAD };

static void each_pair_is_decided_as_the_table_says(void **state)
{
    (void)state;
    assert_true(n_pairs > 50);
    for (size_t i = 0; i < n_pairs; i++) {
        const char *const *row = pairs[i].at;
        const struct token_set *a = &sets[person(row[A])], *b = &sets[person(row[B])];

        if (strcmp(match_word(match_strict(a, b)), row[STRICT]) != 0 ||
            strcmp(match_word(match_broad(a, b)), row[BROAD]) != 0)
            fail_msg("%s: %s and %s, expected %s and %s", row[WHAT], match_word(match_strict(a, b)),
                     match_word(match_broad(a, b)), row[STRICT], row[BROAD]);
        assert_int_equal(match_strict(b, a), match_strict(a, b));
        assert_int_equal(match_broad(b, a), match_broad(a, b));
    }
}

static void nobody_is_taken_for_another_but_where_the_table_says_that_nothing_helps(void **state)
{
    size_t limits = 0;

    (void)state;
    for (size_t i = 0; i < n_pairs; i++) {
        bool limit = strncmp(pairs[i].at[WHAT], "LIMIT", 5) == 0;

        limits += limit;
        if (strcmp(pairs[i].at[TRUTH], "two") == 0)
            assert_int_equal(strcmp(pairs[i].at[STRICT], "match") == 0, limit);
        else
            assert_string_not_equal(pairs[i].at[STRICT],
                                    "none"); /* none of ours says "no" of one person */
    }
    assert_int_equal(limits, 2);
}

static bool in_a_pair(const char *a, const char *b)
{
    for (size_t i = 0; i < n_pairs; i++) {
        const char *const *row = pairs[i].at;

        if ((strcmp(row[A], a) == 0 && strcmp(row[B], b) == 0) ||
            (strcmp(row[A], b) == 0 && strcmp(row[B], a) == 0))
            return true;
    }
    return false;
}

static void people_of_different_families_are_nobody_to_one_another(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_people; i++) {
        for (size_t j = i + 1; j < n_people; j++) {
            if (in_a_pair(people[i].at[RECORD], people[j].at[RECORD]))
                continue;
            if (match_strict(&sets[i], &sets[j]) != MATCH_NONE ||
                match_broad(&sets[i], &sets[j]) != MATCH_NONE)
                fail_msg("%s / %s", people[i].at[RECORD], people[j].at[RECORD]);
        }
    }
}

/* One agency holds the first, another asks about the second. */
static enum index_known found(const struct row *held, const struct token_set *asked)
{
    ALM_CLEANUP(index_freep) struct index *x = NULL;
    struct identity who = identity_of(held);
    struct alm_person p = { "p",     who.given, who.family, who.born,
                            who.nhs, who.upn,   who.unborn, false };
    struct alm_sink sink;
    char address[LINE_MAX_];
    size_t at;

    assert_int_equal(index_new(&key, &x), 0);
    index_sink(x, &sink);
    address_of(held, address);
    assert_int_equal(sink.person(sink.ctx, &p), 0);
    assert_int_equal(
        sink.home(sink.ctx, &(struct alm_home){ "h", address, held->at[POSTCODE], ALM_DAY_NONE }),
        0);
    assert_int_equal(sink.home(sink.ctx, &(struct alm_home){ "f", held->at[FORMER],
                                                             held->at[FORMER_CODE], ALM_DAY_NONE }),
                     0);
    assert_int_equal(
        sink.stay(sink.ctx, "p", &(struct alm_stay){ "h", ALM_DAY_NONE, ALM_DAY_NONE }), 0);
    assert_int_equal(sink.stay(sink.ctx, "p", &(struct alm_stay){ "f", 1, 2 }), 0);
    assert_int_equal(index_finish(x), 0);
    return index_find(x, asked, false, &at);
}

static void an_index_that_holds_one_says_the_same_of_the_other(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_pairs; i++) {
        size_t a = person(pairs[i].at[A]), b = person(pairs[i].at[B]);

        if (strcmp(match_word((enum match)found(&people[a], &sets[b])), pairs[i].at[STRICT]) != 0 ||
            strcmp(match_word((enum match)found(&people[b], &sets[a])), pairs[i].at[STRICT]) != 0)
            fail_msg("%s: %d, %d", pairs[i].at[WHAT], found(&people[a], &sets[b]),
                     found(&people[b], &sets[a]));
    }
}

/* "adoption and gender recognition (old link not derivable)": no token at all of the old name,
 * number or home is among the new ones, but for what the given name and birth date, or the home,
 * still are. */
static void nothing_strong_and_no_name_leads_from_an_old_identity_to_the_new(void **state)
{
    size_t n = 0;

    (void)state;
    for (size_t i = 0; i < n_pairs; i++) {
        const char *const *row = pairs[i].at;
        const struct token_set *a = &sets[person(row[A])], *b = &sets[person(row[B])];

        if (!strstr(row[WHAT], "adopted") && !strstr(row[WHAT], "gender recognised"))
            continue;
        n++;
        for (size_t j = 0; j < a->n; j++) {
            for (size_t k = 0; k < b->n; k++) {
                const struct token_kind_facts *f = token_kind_facts(a->tokens[j].kind);

                if (token_equal(&a->tokens[j], &b->tokens[k]))
                    assert_false(f->strong || f->finds);
            }
        }
        assert_int_equal(match_broad(a, b), MATCH_NONE);
    }
    assert_true(n >= 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_pair_is_decided_as_the_table_says),
        cmocka_unit_test(nobody_is_taken_for_another_but_where_the_table_says_that_nothing_helps),
        cmocka_unit_test(people_of_different_families_are_nobody_to_one_another),
        cmocka_unit_test(an_index_that_holds_one_says_the_same_of_the_other),
        cmocka_unit_test(nothing_strong_and_no_name_leads_from_an_old_identity_to_the_new),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
