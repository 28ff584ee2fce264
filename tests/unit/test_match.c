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
 * and postcode, H birth date and home), the digit after it the value. "N1D1C2" */
static void add(struct token_set *s, uint8_t kind, uint8_t value, uint8_t scheme, uint16_t epoch)
{
    struct token *t = &s->tokens[s->n++];

    *t = (struct token){ .kind = kind, .scheme = scheme, .epoch = epoch };
    memset(t->value, value, sizeof(t->value));
}

static struct token_set person_of(const char *text)
{
    static const char letters[] = "?NUDPCHA";
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
};

static void match_follows_the_table_of_pairs(void **state)
{
    (void)state;
    for (size_t i = 0; i < ALM_LEN(pairs); i++)
        check_pair(pairs[i].a, pairs[i].b, pairs[i].strict, pairs[i].broad);
}

enum held { HELD_APART, HELD_AGREE, HELD_DISAGREE };

/* The rule a second time, as prose reads: DESIGN.md section 7. */
static enum match expected_strict(const enum held h[7])
{
    bool strong = h[TOKEN_NHS] == HELD_AGREE || h[TOKEN_UPN] == HELD_AGREE;
    bool differs = h[TOKEN_NHS] == HELD_DISAGREE || h[TOKEN_UPN] == HELD_DISAGREE;
    bool name = h[TOKEN_NAME_DOB] == HELD_AGREE;
    bool more = h[TOKEN_NAME_POSTCODE] == HELD_AGREE || h[TOKEN_DOB_HOME] == HELD_AGREE;
    bool weak = more || h[TOKEN_PHONETIC_DOB] == HELD_AGREE;
    bool twins = h[TOKEN_DOB_HOME] == HELD_AGREE && h[TOKEN_NAME_POSTCODE] != HELD_AGREE &&
                 h[TOKEN_PHONETIC_DOB] == HELD_DISAGREE;

    if (strong || (name && more))
        return differs ? MATCH_CONFLICT : MATCH_YES;
    if (name)
        return differs ? MATCH_CONFLICT : MATCH_POSSIBLE;
    return weak && !differs && !twins ? MATCH_POSSIBLE : MATCH_NONE;
}

static enum match expected_broad(const enum held h[7])
{
    bool differs = h[TOKEN_NHS] == HELD_DISAGREE || h[TOKEN_UPN] == HELD_DISAGREE;

    if (h[TOKEN_NHS] != HELD_AGREE && h[TOKEN_UPN] != HELD_AGREE && h[TOKEN_NAME_DOB] != HELD_AGREE)
        return MATCH_NONE;
    return differs ? MATCH_CONFLICT : MATCH_YES;
}

static void match_is_right_for_every_combination_of_kinds(void **state)
{
    (void)state;
    for (int code = 0; code < 729; code++) { /* 3^6 */
        struct token_set a = { 0 }, b = { 0 };
        enum held held[7] = { 0 };
        int rest = code;

        for (uint8_t kind = TOKEN_NHS; kind <= TOKEN_DOB_HOME; kind++, rest /= 3) {
            held[kind] = (enum held)(rest % 3);
            if (held[kind] == HELD_APART) {
                if (code & 1)
                    add(&a, kind, 1, TOKEN_HMAC, 1);
                continue;
            }
            add(&a, kind, 1, TOKEN_HMAC, 1);
            add(&b, kind, held[kind] == HELD_AGREE ? 1 : 2, TOKEN_HMAC, 1);
        }
        assert_int_equal(match_strict(&a, &b), expected_strict(held));
        assert_int_equal(match_broad(&a, &b), expected_broad(held));
        a.unborn = true;
        assert_int_equal(match_strict(&a, &b), MATCH_NONE);
        assert_int_equal(match_broad(&a, &b), MATCH_NONE);
    }
}

static void match_keeps_twins_apart(void **state)
{
    (void)state;
    check_pair("N1U1D1P1C1H9", "N2U2D2P2C2H9", MATCH_NONE, MATCH_NONE);
    check_pair("N1D1P9H9", "N2D2P9H9", MATCH_NONE, MATCH_NONE); /* names that sound alike */
    check_pair("D1H9", "D2H9", MATCH_POSSIBLE,
               MATCH_NONE); /* nothing strong known: cannot say, never yes */
    check_pair("D1P9H9", "D2P9H9", MATCH_POSSIBLE, MATCH_NONE); /* nor of names that sound alike */
    check_pair("D1P1H9", "D2P2H9", MATCH_NONE, MATCH_NONE); /* but these are surely two */
    check_pair("D1P1C1H9", "D2P2C1H9", MATCH_POSSIBLE, MATCH_NONE); /* one name: a birth date mistyped? */
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
