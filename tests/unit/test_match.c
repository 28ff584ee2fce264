/* SPDX-License-Identifier: Apache-2.0 */
/* test_match.c - the decision on match tokens, every combination against a table written from
 * DESIGN.md section 7. */
#include "match/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A person in a line: letters are kinds (N NHS, U UPN, D name and birth date, P phonetic, C name
 * and postcode, H birth date and number of a home, A a home itself, G given name and birth date, Q
 * birth date and postcode, S birth date and street), the digit after it the value. "N1D1C2" */
static void add(struct token_set *s, uint8_t kind, uint8_t value, uint8_t scheme, uint16_t epoch)
{
    struct token *t = &s->tokens[s->n++];

    *t = (struct token){ .kind = kind, .scheme = scheme, .epoch = epoch };
    memset(t->value, value, sizeof(t->value));
}

static struct token_set person_of(const char *text)
{
    static const char letters[] = "?NUDPCHAGQS";
    struct token_set s = { 0 };

    for (; *text; text += 2)
        add(&s, (uint8_t)(strchr(letters, text[0]) - letters), (uint8_t)text[1], TOKEN_HMAC, 1);
    return s;
}

static void check_pair(const char *a, const char *b, enum match strict, enum match broad)
{
    struct token_set x = person_of(a), y = person_of(b);

    if (match_strict(&x, &y) != strict || match_broad(&x, &y) != broad)
        fail_msg("%s / %s: strict %d (want %d), broad %d (want %d)", a, b, match_strict(&x, &y),
                 strict, match_broad(&x, &y), broad);
    assert_int_equal(match_strict(&y, &x), strict); /* who is first never matters */
    assert_int_equal(match_broad(&y, &x), broad);
}

static const struct {
    const char *a, *b;
    enum match strict, broad;
} pairs[] = {
    { "N1", "N1", MATCH_YES, MATCH_YES },
    { "U1", "U1", MATCH_YES, MATCH_YES },
    { "N1D1", "N1D2", MATCH_YES, MATCH_YES }, /* a name changed */
    { "N1U1", "N1U2", MATCH_CONFLICT, MATCH_CONFLICT },
    { "N1U1", "N2U1", MATCH_CONFLICT, MATCH_CONFLICT },
    { "D1C1", "D1C1", MATCH_YES, MATCH_YES },
    { "D1H1", "D1H1", MATCH_YES, MATCH_YES },
    { "D1C1N1", "D1C1N2", MATCH_CONFLICT, MATCH_CONFLICT },
    { "D1C1U1", "D1C1N2", MATCH_YES, MATCH_YES }, /* different strong kinds do not disagree */
    { "D1", "D1", MATCH_POSSIBLE, MATCH_YES },
    { "D1P1", "D1P1", MATCH_POSSIBLE, MATCH_YES }, /* the sound of the same name is not one more */
    { "D1N1", "D1N2", MATCH_CONFLICT, MATCH_CONFLICT },
    { "D1P1C1", "D2P1C2", MATCH_POSSIBLE, MATCH_NONE },
    { "C1", "C1", MATCH_POSSIBLE, MATCH_NONE },
    { "H1", "H1", MATCH_POSSIBLE, MATCH_NONE },
    { "C1H1", "C1H1", MATCH_POSSIBLE, MATCH_NONE },
    { "P1", "P1", MATCH_POSSIBLE, MATCH_NONE },
    { "P1N1", "P1N2", MATCH_NONE, MATCH_NONE },
    { "N1", "N2", MATCH_NONE, MATCH_NONE },
    { "N1", "U1", MATCH_NONE, MATCH_NONE },
    { "N1", "", MATCH_NONE, MATCH_NONE },
    { "", "", MATCH_NONE, MATCH_NONE },
    { "N1N2", "N2N3", MATCH_YES, MATCH_YES }, /* several numbers for one patient: any pair */
    { "N1N2", "N3N4D1", MATCH_NONE, MATCH_NONE },
    { "N1N2D1", "N3N4D1", MATCH_CONFLICT, MATCH_CONFLICT },
    { "D1C1C2C3", "D1C3", MATCH_YES, MATCH_YES }, /* a former home */
    { "A1", "A1", MATCH_NONE, MATCH_NONE },       /* a home is nobody */
    /* one name misspelt or changed */
    { "D1P1G1Q1", "D2P1G1Q1", MATCH_YES, MATCH_NONE }, /* a family name misspelt, at one postcode */
    { "D1P1G1S1", "D2P1G1S1", MATCH_YES, MATCH_NONE },
    { "D1P1G1H1", "D2P2G1H1", MATCH_YES, MATCH_NONE }, /* a family name changed, at one door */
    { "D1P1G1Q1S1", "D2P2G1Q1S1", MATCH_YES, MATCH_NONE },
    { "D1P1G1Q1", "D2P2G1Q1", MATCH_POSSIBLE, MATCH_NONE }, /* a postcode is many doors */
    { "D1P1G1S1", "D2P2G1S1", MATCH_POSSIBLE, MATCH_NONE }, /* every town has a High Street */
    { "D1P1G1", "D2P1G1", MATCH_POSSIBLE, MATCH_NONE },     /* no home in common */
    { "D1P1G1", "D2P2G1", MATCH_NONE, MATCH_NONE }, /* one of many called so, born that day */
    { "D1P1G1H1Q1S1", "D2P1G2H1Q1S1", MATCH_POSSIBLE, MATCH_NONE }, /* Daniel and Danielle */
    { "D1P1G1H1Q1S1", "D2P2G2H1Q1S1", MATCH_NONE, MATCH_NONE },     /* twins */
    { "P1C1D1G1", "P1C1D2G2", MATCH_YES, MATCH_NONE }, /* day and month changed places */
    { "P1C1D1G1", "P2C1D2G2", MATCH_POSSIBLE,
      MATCH_NONE }, /* father and son, or a birth date mistyped */
    { "P1C1D1N1", "P1C1D2N2", MATCH_CONFLICT, MATCH_NONE },
    { "N1D1P1G1H1", "N2D2P2G1H1", MATCH_NONE,
      MATCH_NONE }, /* adopted: another name, another number */
    { "N1D1P1G1Q1", "N2D2P1G1Q1", MATCH_CONFLICT, MATCH_NONE }, /* a name and a number mistyped */
    { "D1Q1", "D1Q1", MATCH_YES, MATCH_YES },
    { "D1S1", "D1S1", MATCH_YES, MATCH_YES },
    { "D1G1P1", "D1G1P1", MATCH_POSSIBLE, MATCH_YES }, /* namesakes born the same day */
};

static void match_follows_the_table_of_pairs(void **state)
{
    (void)state;
    for (size_t i = 0; i < ALM_LEN(pairs); i++)
        check_pair(pairs[i].a, pairs[i].b, pairs[i].strict, pairs[i].broad);
}

enum held { HELD_APART, HELD_AGREE, HELD_DISAGREE };
#define KINDS TOKEN_KIND_COUNT

/* The rule a second time, as prose reads: DESIGN.md section 7, and proto/match/README.md for what
 * stands in the place of NAME_DOB. No weights. */
static enum match expected_strict(const enum held h[KINDS])
{
    bool n = h[TOKEN_NAME_DOB] == HELD_AGREE, p = h[TOKEN_PHONETIC_DOB] == HELD_AGREE;
    bool c = h[TOKEN_NAME_POSTCODE] == HELD_AGREE, g = h[TOKEN_GIVEN_DOB] == HELD_AGREE;
    bool door = h[TOKEN_DOB_HOME] == HELD_AGREE, postcode = h[TOKEN_DOB_POSTCODE] == HELD_AGREE;
    bool street = h[TOKEN_DOB_STREET] == HELD_AGREE;
    bool strong = h[TOKEN_NHS] == HELD_AGREE || h[TOKEN_UPN] == HELD_AGREE;
    bool differs = h[TOKEN_NHS] == HELD_DISAGREE || h[TOKEN_UPN] == HELD_DISAGREE;
    bool where = c || door || postcode || street, both = door || (postcode && street);
    bool names = n || (g && p) || (g && c) || (p && c); /* surely one person's */
    bool enough = (names && where) || (g && both);

    if (strong)
        return differs ? MATCH_CONFLICT : MATCH_YES;
    if (n && !enough)
        return differs ? MATCH_CONFLICT : MATCH_POSSIBLE;
    if (enough && differs)
        return names ? MATCH_CONFLICT : MATCH_NONE;
    if (enough)
        return MATCH_YES;
    if (differs)
        return MATCH_NONE;
    if (p || c || (g && where))
        return MATCH_POSSIBLE;
    return where && h[TOKEN_PHONETIC_DOB] != HELD_DISAGREE ? MATCH_POSSIBLE : MATCH_NONE;
}

static enum match expected_broad(const enum held h[KINDS])
{
    bool differs = h[TOKEN_NHS] == HELD_DISAGREE || h[TOKEN_UPN] == HELD_DISAGREE;

    if (h[TOKEN_NHS] != HELD_AGREE && h[TOKEN_UPN] != HELD_AGREE && h[TOKEN_NAME_DOB] != HELD_AGREE)
        return MATCH_NONE;
    return differs ? MATCH_CONFLICT : MATCH_YES;
}

static void match_is_right_for_every_combination_of_kinds(void **state)
{
    (void)state;
    for (int code = 0; code < 19683; code++) { /* 3^9: a home is part of no set */
        struct token_set a = { 0 }, b = { 0 };
        enum held held[KINDS] = { 0 };
        enum match strict, broad;
        int rest = code;

        for (uint8_t kind = 1; kind < KINDS; kind++) {
            if (!token_kind_facts(kind)->person)
                continue;
            held[kind] = (enum held)(rest % 3);
            rest /= 3;
            if (held[kind] == HELD_APART) {
                if (code & 1)
                    add(&a, kind, 1, TOKEN_HMAC, 1);
                continue;
            }
            add(&a, kind, 1, TOKEN_HMAC, 1);
            add(&b, kind, held[kind] == HELD_AGREE ? 1 : 2, TOKEN_HMAC, 1);
        }
        strict = expected_strict(held);
        broad = expected_broad(held);
        assert_int_equal(match_strict(&a, &b), strict);
        assert_int_equal(match_broad(&a, &b), broad);
        assert_int_equal(match_near(&a, &b), strict != MATCH_NONE && broad != MATCH_YES);
        a.unborn = true;
        assert_int_equal(match_strict(&a, &b), MATCH_NONE);
        assert_int_equal(match_broad(&a, &b), MATCH_NONE);
        assert_false(match_near(&a, &b));
    }
}

static void each_kind_is_in_the_table_with_what_it_says(void **state)
{
    (void)state;
    for (uint8_t kind = 1; kind < TOKEN_KIND_COUNT; kind++) {
        const struct token_kind_facts *f = token_kind_facts(kind);

        assert_true(f->name && f->name[0] && f->joins && f->joins[0]);
        assert_false(f->strong && (f->who || f->where)); /* it decides, it is not weighed */
        assert_false(f->alone && !f->who);               /* a home alone is nobody */
        assert_true(f->person || (!f->finds && !f->who && !f->where));
        assert_int_equal(f->where > 0, f->of_home);
    }
    assert_string_equal(token_kind_facts(0)->name, "unknown");
    assert_string_equal(token_kind_facts(TOKEN_KIND_COUNT)->name, "unknown");
    assert_false(token_kind_facts(255)->person);
}

static void homes_and_birth_date_alone_are_nobody(void **state)
{
    unsigned where = 0;

    (void)state;
    for (uint8_t kind = 1; kind < TOKEN_KIND_COUNT; kind++)
        where += token_kind_facts(kind)->who ? 0 : token_kind_facts(kind)->where;
    assert_true(where > 0); /* and yet: */
    check_pair("H1Q1S1D1P1G1", "H1Q1S1D2P2G2", MATCH_NONE, MATCH_NONE);
    check_pair("H1Q1S1", "H1Q1S1", MATCH_POSSIBLE, MATCH_NONE); /* nothing says that they are two */
}

static void what_several_records_say_has_one_word(void **state)
{
    static const struct {
        enum match each[4];
        enum match all;
        const char *word;
    } rows[] = {
        { { MATCH_NONE }, MATCH_NONE, "none" },
        { { MATCH_YES }, MATCH_YES, "match" },
        { { MATCH_YES, MATCH_POSSIBLE, MATCH_CONFLICT }, MATCH_YES, "match" },
        { { MATCH_YES, MATCH_YES }, MATCH_MANY, "many" },
        { { MATCH_POSSIBLE, MATCH_CONFLICT }, MATCH_CONFLICT, "conflict" },
        { { MATCH_POSSIBLE, MATCH_POSSIBLE }, MATCH_POSSIBLE, "possible" },
    };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(rows); i++) {
        struct match_tally t = { 0 };

        for (size_t j = 0; j < 4; j++)
            match_count(&t, rows[i].each[j]);
        assert_int_equal(match_of_tally(&t), rows[i].all);
        assert_string_equal(match_word(rows[i].all), rows[i].word);
    }
    assert_string_equal(match_word((enum match)99), "unknown");
}

static void match_keeps_twins_apart(void **state)
{
    (void)state;
    check_pair("N1U1D1P1C1H9", "N2U2D2P2C2H9", MATCH_NONE, MATCH_NONE);
    check_pair("N1D1P9H9", "N2D2P9H9", MATCH_NONE, MATCH_NONE); /* names that sound alike */
    check_pair("D1H9", "D2H9", MATCH_POSSIBLE,
               MATCH_NONE); /* nothing strong known: cannot say, never yes */
    check_pair("D1P9H9", "D2P9H9", MATCH_POSSIBLE, MATCH_NONE); /* nor of names that sound alike */
    check_pair("D1P1H9", "D2P2H9", MATCH_NONE, MATCH_NONE);     /* but these are surely two */
    check_pair("D1P1C1H9", "D2P2C1H9", MATCH_POSSIBLE,
               MATCH_NONE); /* one name: a birth date mistyped? */
}

static void match_calls_transposed_strong_tokens_a_conflict(void **state)
{
    (void)state;
    /* Each twin's NHS number was typed into the other's record. */
    check_pair("N1U1D1C1H9", "N2U1D1C1H9", MATCH_CONFLICT, MATCH_CONFLICT);
    check_pair("N1D1C1H9", "N1D2C2H9", MATCH_YES, MATCH_YES);
    check_pair("N1U1D1H9", "N1U2D2H9", MATCH_CONFLICT, MATCH_CONFLICT);
}

static void match_compares_nothing_across_epochs_or_schemes(void **state)
{
    struct token_set a = { 0 }, b = { 0 }, c = { 0 };

    (void)state;
    add(&a, TOKEN_NHS, 1, TOKEN_HMAC, 1);
    add(&b, TOKEN_NHS, 1, TOKEN_HMAC, 2);
    add(&c, TOKEN_NHS, 1, TOKEN_OBLIVIOUS, 1);
    assert_false(token_equal(&a.tokens[0], &b.tokens[0]));
    assert_false(token_equal(&a.tokens[0], &c.tokens[0]));
    assert_int_equal(match_strict(&a, &b), MATCH_NONE);
    assert_int_equal(match_broad(&a, &b), MATCH_NONE);
    assert_int_equal(match_strict(&a, &c), MATCH_NONE);
    assert_int_equal(match_broad(&a, &c), MATCH_NONE);
}

static void match_does_not_take_another_epoch_for_a_disagreement(void **state)
{
    struct token_set a = person_of("U1"), b = person_of("U1");

    (void)state;
    add(&a, TOKEN_NHS, 1, TOKEN_HMAC, 1);
    add(&b, TOKEN_NHS, 9, TOKEN_HMAC, 2);
    assert_int_equal(match_strict(&a, &b), MATCH_YES);
    assert_int_equal(match_broad(&a, &b), MATCH_YES);
}

static void match_tells_an_unborn_child_from_its_mother(void **state)
{
    struct token_set mother = person_of("N1D1C1"), unborn = mother;

    (void)state;
    unborn.unborn = true;
    assert_int_equal(match_strict(&mother, &unborn), MATCH_NONE);
    assert_int_equal(match_broad(&unborn, &mother), MATCH_NONE);
    assert_int_equal(match_strict(&unborn, &unborn), MATCH_YES);
}

static void match_survives_a_length_past_the_array_and_unknown_kinds(void **state)
{
    struct token_set a = person_of("N1"), b = person_of("N1");

    (void)state;
    a.n = UINT8_MAX;
    b.n = UINT8_MAX;
    assert_int_equal(match_strict(&a, &b), MATCH_YES);
    a = (struct token_set){ 0 };
    add(&a, 0, 1, TOKEN_HMAC, 1);
    add(&a, 255, 1, TOKEN_HMAC, 1);
    assert_int_equal(match_strict(&a, &a), MATCH_NONE);
    assert_int_equal(match_broad(&a, &a), MATCH_NONE);
}

static void token_equal_looks_at_every_byte(void **state)
{
    struct token_set s = person_of("N1N1");

    (void)state;
    for (size_t i = 0; i < TOKEN_LEN; i++) {
        assert_true(token_equal(&s.tokens[0], &s.tokens[1]));
        s.tokens[1].value[i] ^= 1;
        assert_false(token_equal(&s.tokens[0], &s.tokens[1]));
        s.tokens[1].value[i] ^= 1;
    }
    assert_true(token_kind_strong(TOKEN_UPN));
    assert_false(token_kind_strong(TOKEN_NAME_DOB));
    assert_false(token_kind_strong(0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(match_follows_the_table_of_pairs),
        cmocka_unit_test(match_is_right_for_every_combination_of_kinds),
        cmocka_unit_test(each_kind_is_in_the_table_with_what_it_says),
        cmocka_unit_test(homes_and_birth_date_alone_are_nobody),
        cmocka_unit_test(what_several_records_say_has_one_word),
        cmocka_unit_test(match_keeps_twins_apart),
        cmocka_unit_test(match_calls_transposed_strong_tokens_a_conflict),
        cmocka_unit_test(match_compares_nothing_across_epochs_or_schemes),
        cmocka_unit_test(match_does_not_take_another_epoch_for_a_disagreement),
        cmocka_unit_test(match_tells_an_unborn_child_from_its_mother),
        cmocka_unit_test(match_survives_a_length_past_the_array_and_unknown_kinds),
        cmocka_unit_test(token_equal_looks_at_every_byte),
    };

    return cmocka_run_group_tests_name("match", tests, NULL, NULL);
}
