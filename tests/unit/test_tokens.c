/* SPDX-License-Identifier: Apache-2.0 */
/* test_tokens.c - normal forms of identifiers, and the tokens made from them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"
#include "lib/fold.h"
#include "lib/tokens.h"
#include "lib/words.h"

#include <stdio.h>
#include <string.h>

static struct tokens_key key(uint8_t octet, uint16_t epoch)
{
    struct tokens_key k = { .scheme = TOKEN_HMAC, .epoch = epoch };

    assert_int_equal(crypto_init(), 0);
    memset(k.key.octets, octet, sizeof(k.key.octets));
    return k;
}

static void names_are_folded_to_one_form(void **state)
{
    static const char *const same[][2] = {
        { "Isla", "isla" },
        { "ISLA", "isla" },
        { "Zo\u00eb", "zoe" },
        { "Zoe\u0308", "zoe" },
        { "O'Neill", "oneill" },
        { "O\u2019Neill", "oneill" },
        { "Mary-Jane", "maryjane" },
        { "mary jane", "maryjane" },
        { " Ann ", "ann" },
        { "Stra\u00dfe", "strasse" },
        { "S\u00f8ren", "soren" },
        { "\u0141ukasz", "lukasz" },
        { "\u00c6thel", "aethel" },
        { "\u0130brahim", "ibrahim" },
        { "I\u015f\u0131k", "isik" },
        { "\uff21\uff42", "ab" },
        { "St. John", "stjohn" },
        { "O\u02bcNeill", "oneill" },
        { "Ka\u02bbiulani", "kaiulani" },
        { "\u0126al", "hal" },
        { "Na\u014b", "nan" },
        { "\u018fli", "eli" },
        { "\u1e9eein", "ssein" },
        { "\ufb01nn", "finn" },
    };
    char out[FOLD_OUT_MAX];

    (void)state;
    for (size_t i = 0; i < ALM_LEN(same); i++) {
        assert_int_equal(fold_name(same[i][0], out), ALM_OK);
        assert_string_equal(out, same[i][1]);
    }
}

static void names_that_are_none_are_refused(void **state)
{
    static const char *const bad[] = { "", " ", "-", "'''", "12", "\xff", "a\xc3", "\xed\xa0\x80" };
    char out[FOLD_OUT_MAX], longest[FOLD_IN_MAX + 2];

    (void)state;
    for (size_t i = 0; i < ALM_LEN(bad); i++) {
        assert_int_equal(fold_name(bad[i], out), ALM_BAD_NAME);
        assert_string_equal(out, "");
    }
    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    assert_int_equal(fold_name(longest, out), ALM_BAD_NAME);
    longest[FOLD_IN_MAX] = '\0';
    assert_int_equal(fold_name(longest, out), ALM_OK);
}

/* Every ASCII character alone and between letters, folded on the short way and (with a letter that
 * is none of ASCII's behind it) on the long one. */
static void ascii_is_folded_as_unicode_is(void **state)
{
    char text[8], with[16], out[FOLD_OUT_MAX], out_with[FOLD_OUT_MAX];

    (void)state;
    for (int c = 1; c < 0x80; c++) {
        (void)snprintf(text, sizeof(text), "aB%cd9", c);
        (void)snprintf(with, sizeof(with), "%s\u00e9", text);
        assert_int_equal(fold_name(text, out), ALM_OK);
        assert_int_equal(fold_name(with, out_with), ALM_OK);
        assert_int_equal(strlen(out) + 1, strlen(out_with));
        assert_memory_equal(out, out_with, strlen(out));
        assert_int_equal(fold_address(text, out), ALM_OK);
        assert_int_equal(fold_address(with, out_with), ALM_OK);
        assert_int_equal(strlen(out) + 1, strlen(out_with));
        assert_memory_equal(out, out_with, strlen(out));
    }
}

static void name_that_grows_eighteenfold_is_refused_or_fits(void **state)
{
    char text[FOLD_IN_MAX + 1], out[FOLD_OUT_MAX];

    (void)state;
    for (size_t i = 0; i + 3 <= FOLD_IN_MAX; i += 3)
        memcpy(text + i, "\xef\xb7\xba", 4); /* U+FDFA: 18 letters when decomposed */
    assert_int_equal(fold_name(text, out), ALM_BAD_NAME);
    assert_string_equal(out, "");
}

static void nhs_numbers_need_their_check_digit(void **state)
{
    static const struct {
        const char *text, *out;
    } rows[] = {
        { "9991010017", "9991010017" },
        { "999 101 0017", "9991010017" },
        { "999-101-0017", "9991010017" },
        { "9434765919", "9434765919" },
        { "9991010018", "" },
        { "999101001", "" },
        { "99910100170", "" },
        { "999101001X", "" },
        { "", "" },
        { "1234567890", "" },
        { "\u0669991010017", "" },
        { "9990000010", "" /* check would be 10 or wrong */ },
    };
    char out[NHS_TEXT];

    (void)state;
    for (size_t i = 0; i < ALM_LEN(rows); i++) {
        assert_int_equal(fold_nhs(rows[i].text, out), rows[i].out[0] ? ALM_OK : ALM_BAD_NHS);
        assert_string_equal(out, rows[i].out);
    }
}

static void every_single_wrong_digit_of_an_nhs_number_is_found(void **state)
{
    char text[NHS_TEXT] = "9991010017", out[NHS_TEXT];

    (void)state;
    for (size_t i = 0; i < 10; i++) {
        char right = text[i];

        for (char c = '0'; c <= '9'; c++) {
            text[i] = c;
            assert_int_equal(fold_nhs(text, out), c == right ? ALM_OK : ALM_BAD_NHS);
        }
        text[i] = right;
    }
}

static void upns_need_their_check_letter(void **state)
{
    static const struct {
        const char *text, *out;
    } rows[] = {
        { "E987990118021", "E987990118021" },
        { "e987990118021", "E987990118021" },
        { "Z987990120017", "Z987990120017" },
        { "A987990118021", "" },
        { "E987990118022", "" },
        { "I987990118021", "" },
        { "E98799011802", "" },
        { "E9879901180211", "" },
        { "E98799011802S", "" /* not a letter of UPNs */ },
        { "", "" },
        { "9987990118021", "" },
        { "E98799011A021", "" },
    };
    char out[UPN_TEXT];

    (void)state;
    for (size_t i = 0; i < ALM_LEN(rows); i++) {
        assert_int_equal(fold_upn(rows[i].text, out), rows[i].out[0] ? ALM_OK : ALM_BAD_UPN);
        assert_string_equal(out, rows[i].out);
    }
}

static void postcodes_have_one_form(void **state)
{
    static const struct {
        const char *text, *out;
    } rows[] = {
        { "ZZ7 8ZA", "ZZ78ZA" },
        { "zz78za", "ZZ78ZA" },
        { " Zz7  8zA", "ZZ78ZA" },
        { "M1 1AE", "M11AE" },
        { "SW1A 1AA", "SW1A1AA" },
        { "ZZ7", "" },
        { "ZZ7 8Z", "" },
        { "1Z7 8ZA", "" },
        { "ZZ7 ZZA", "" },
        { "ZZ7 8ZAAA", "" },
        { "ZZ7/8ZA", "" },
        { "", "" },
        { "ZZZZZ 8ZA", "" },
        /* O and 0, I and 1, where only one of the two can stand */
        { "S01 1AA", "SO11AA" },
        { "SO1 IAA", "SO11AA" },
        { "0X1 2AB", "OX12AB" },
        { "1P1 2AB", "IP12AB" },
        { "0Z1 2AB", "" },
        { "S014 0AA", "SO140AA" },
        { "SO14 OAA", "SO140AA" },
        { "SO1O 4AA", "SO104AA" },
        { "LI 4AB", "L14AB" },
        { "LIO 4AB", "L104AB" },
        { "SWIA 1AA", "SW1A1AA" },
        { "EC1A IBB", "EC1A1BB" },
        { "B1 1BB", "B11BB" },
        { "CO1 1AA", "CO11AA" },
        { "S11 8AA", "S118AA" },
    };
    char out[POSTCODE_TEXT];

    (void)state;
    for (size_t i = 0; i < ALM_LEN(rows); i++) {
        assert_int_equal(fold_postcode(rows[i].text, out),
                         rows[i].out[0] ? ALM_OK : ALM_BAD_POSTCODE);
        assert_string_equal(out, rows[i].out);
    }
}

static void addresses_have_one_form(void **state)
{
    static const char *const same[][2] = {
        { "14 Nowhere Close", "14 nowhere close" },
        { "14, Nowhere Cl.", "14 nowhere close" },
        { " 14  NOWHERE close ", "14 nowhere close" },
        { "Apt 2, 8 Phantom Rd", "flat 2 8 phantom road" },
        { "1 St Mary's Street", "1 st marys street" },
        { "1 High St", "1 high street" },
        { "St", "street" },
        { "Caf\u00e9 Row", "cafe row" },
        { "8 Phantom Road, Flat 2", "flat 2 8 phantom road" },
        { "Apartment 2 No. 8 Phantom Rd", "flat 2 8 phantom road" },
        { "8 A Phantom Rd", "8a phantom road" },
        { "Flat A, 41 Sample Street", "flat a 41 sample street" },
        { "41 Sample Street, Flat A", "flat a 41 sample street" },
        { "First Floor Flat, 8 Row", "first floor flat 8 row" },
        { "The Number House", "the number house" },
        { "12 Mill La", "12 mill lane" },
        { "12 La Mare", "12 la mare" },
    };
    char out[FOLD_OUT_MAX];

    (void)state;
    for (size_t i = 0; i < ALM_LEN(same); i++) {
        assert_int_equal(fold_address(same[i][0], out), ALM_OK);
        assert_string_equal(out, same[i][1]);
    }
    assert_int_equal(fold_address("", out), ALM_BAD_ADDRESS);
    assert_int_equal(fold_address(" , ", out), ALM_BAD_ADDRESS);
}

static void a_door_is_told_by_its_numbers(void **state)
{
    static const char *const rows[][2] = {
        { "14 nowhere close", "14" },
        { "flat 2 8a phantom road", "2 8a" },
        { "flat a 41 sample street", "a 41" },
        { "rose cottage mill lane", "rose cottage mill lane" },
        { "", "" },
    };
    char out[FOLD_OUT_MAX];

    (void)state;
    for (size_t i = 0; i < ALM_LEN(rows); i++) {
        fold_door(rows[i][0], out);
        assert_string_equal(out, rows[i][1]);
    }
}

static void address_of_too_many_words_is_refused(void **state)
{
    char text[FOLD_IN_MAX + 1] = "", out[FOLD_OUT_MAX];

    (void)state;
    for (size_t i = 0; i < 2 * 65; i += 2)
        memcpy(text + i, "b ", 3);
    assert_int_equal(fold_address(text, out), ALM_BAD_ADDRESS);
    text[2 * 64 - 1] = '\0';
    assert_int_equal(fold_address(text, out), ALM_OK);
}

static void given_names_have_their_diminutives_written_out(void **state)
{
    static const struct {
        const char *text, *plain, *formal, *first;
    } rows[] = {
        { "Kate", "kate", "catherine", "catherine" },
        { "KATHRYN", "kathryn", "catherine", "catherine" },
        { "Catherine", "catherine", "catherine", "catherine" },
        { "Kate Louise", "katelouise", "catherinelouise", "catherine" },
        { " Louise  Kate ", "louisekate", "louisekate", "louise" },
        { "Mary-Jane", "maryjane", "maryjane", "maryjane" },
        { "Muhammad Ali", "muhammadali", "muhammadali", "muhammad" },
        { "Mohammed Ali", "mohammedali", "muhammadali", "muhammad" },
        { "- Ann", "ann", "ann", "ann" },
        { "Ann -", "ann", "ann", "ann" },
        /* Each may be several people's, or a twin's: they stand for themselves. */
        { "Alex", "alex", "alex", "alex" },
        { "Chris", "chris", "chris", "chris" },
        { "Libby", "libby", "libby", "libby" },
        { "Beth", "beth", "beth", "beth" },
        { "Jack", "jack", "jack", "jack" },
        { "Harry", "harry", "harry", "harry" },
    };
    struct given g;

    (void)state;
    for (size_t i = 0; i < ALM_LEN(rows); i++) {
        assert_int_equal(fold_given(rows[i].text, &g), ALM_OK);
        assert_string_equal(g.plain, rows[i].plain);
        assert_string_equal(g.formal, rows[i].formal);
        assert_string_equal(g.first, rows[i].first);
    }
    assert_int_equal(fold_given("", &g), ALM_BAD_NAME);
    assert_int_equal(fold_given(" - ", &g), ALM_BAD_NAME);
    assert_int_equal(fold_given("12 34", &g), ALM_BAD_NAME);
}

/* A diminutive of a diminutive, or of two names, would be a chain along which two people meet. */
static void words_are_in_order_and_no_form_stands_for_another_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < words_n_given(); i++) {
        const char *const *row = words_given_at(i);
        struct given g;

        if (i)
            assert_true(strcmp(words_given_at(i - 1)[0], row[0]) < 0);
        assert_string_equal(words_given(row[1]), row[1]);
        assert_int_equal(fold_given(row[0], &g), ALM_OK);
        assert_string_equal(g.plain, row[0]);
        assert_string_equal(g.first, row[1]);
    }
    for (size_t i = 1; i < words_n_address(); i++)
        assert_true(strcmp(words_address_at(i - 1), words_address_at(i)) < 0);
    for (size_t i = 0; i < words_n_address(); i++)
        assert_non_null(words_address(words_address_at(i), strlen(words_address_at(i)), true));
    assert_null(words_address("road", 4, true));
    assert_null(words_address("rd", 2, false));
    assert_null(words_address("r", 1, true));
}

static const struct token *token_of(const struct token_set *s, uint8_t kind)
{
    for (size_t i = 0; i < s->n; i++) {
        if (s->tokens[i].kind == kind)
            return &s->tokens[i];
    }
    fail_msg("no token of kind %u", kind);
    return NULL;
}

/* Kinds that agree between two ways of writing somebody; '-' for one that does not. */
static void what_is_written_two_ways_agrees_in(const struct identity *a, const struct identity *b,
                                               const char *kinds)
{
    static const uint8_t order[] = { TOKEN_NAME_DOB, TOKEN_PHONETIC_DOB, TOKEN_GIVEN_DOB };
    struct tokens_key k = key(7, 1);
    struct token_set x, y;
    char got[4] = "---";

    assert_int_equal(tokens_identity(&k, a, &x), ALM_OK);
    assert_int_equal(tokens_identity(&k, b, &y), ALM_OK);
    for (size_t i = 0; i < ALM_LEN(order); i++) {
        if (token_equal(token_of(&x, order[i]), token_of(&y, order[i])))
            got[i] = "NPG"[i];
    }
    if (strcmp(got, kinds) != 0)
        fail_msg("%s %s / %s %s: %s, expected %s", a->given, a->family, b->given, b->family, got,
                 kinds);
}

static void names_and_dates_written_otherwise_agree_where_they_should(void **state)
{
    static const struct {
        struct identity a, b;
        const char *kinds;
    } rows[] = {
        { { "Isla", "Amory", 16204, "", "", false },
          { "ISLA", "amory", 16204, "", "", false },
          "NPG" },
        { { "Amory", "Isla", 16204, "", "", false },
          { "Isla", "Amory", 16204, "", "", false },
          "NP-" },
        { { "Kate", "Amory", 16204, "", "", false },
          { "Katherine", "Amory", 16204, "", "", false },
          "-PG" },
        { { "Isla", "Amory", 16204, "", "", false },
          { "Isla", "Amery", 16204, "", "", false },
          "-PG" },
        { { "Isla", "Amory", 16204, "", "", false },
          { "Isla", "Brown", 16204, "", "", false },
          "--G" },
        { { "Isla Rose", "Amory", 16204, "", "", false },
          { "Isla", "Amory", 16204, "", "", false },
          "-P-" },
        { { "Isla Rose", "Amory", 16204, "", "", false },
          { "Isla-Rose", "Amory", 16204, "", "", false },
          "N-G" },
        { { "Daniel", "Amory", 16204, "", "", false },
          { "Danielle", "Amory", 16204, "", "", false },
          "-P-" },
        { { "Libby", "Amory", 16204, "", "", false },
          { "Beth", "Amory", 16204, "", "", false },
          "---" },
        /* 2014-05-14 stands; 2014-05-07 is 2014-07-05 when day and month change places */
        { { "Isla", "Amory", 16197, "", "", false },
          { "Isla", "Amory", 16256, "", "", false },
          "-P-" },
        { { "Isla", "Amory", 16204, "", "", false },
          { "Isla", "Amory", 16205, "", "", false },
          "---" },
    };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(rows); i++) {
        what_is_written_two_ways_agrees_in(&rows[i].a, &rows[i].b, rows[i].kinds);
        what_is_written_two_ways_agrees_in(&rows[i].b, &rows[i].a, rows[i].kinds);
    }
}

static void row_with_a_number_alone_makes_that_token_and_no_other(void **state)
{
    struct tokens_key k = key(7, 1);
    struct identity rows[] = {
        { "", "Amory", 16204, "999 101 2001", "", false },
        { "Isla", "", 16204, "999 101 2001", "", false },
        { "Isla", "Amory", CIVIL_NONE, "999 101 2001", "", false },
    };
    struct token_set set;

    (void)state;
    for (size_t i = 0; i < ALM_LEN(rows); i++) {
        assert_int_equal(tokens_row_check(&rows[i]), ALM_OK);
        assert_int_equal(tokens_row(&k, &rows[i], &set), ALM_OK);
        assert_int_equal(set.n, 1);
        assert_int_equal(set.tokens[0].kind, TOKEN_NHS);
        assert_int_not_equal(tokens_identity(&k, &rows[i], &set), ALM_OK); /* nobody asks so */
        rows[i].nhs = "";
        assert_int_not_equal(tokens_row_check(&rows[i]), ALM_OK);
        rows[i].nhs = "9991012002";
        assert_int_equal(tokens_row(&k, &rows[i], &set), ALM_BAD_NHS);
        assert_int_equal(tokens_row_check(&rows[i]), ALM_BAD_NHS);
    }
    rows[0] = (struct identity){ "Isla", "-", 16204, "999 101 2001", "", false };
    assert_int_equal(tokens_row_check(&rows[0]), ALM_BAD_NAME); /* not missing: wrong */
}

static void home_that_does_not_fit_is_left_out_whole(void **state)
{
    struct tokens_key k = key(7, 1);
    struct identity who = { "Isla", "Amory", 16204, "", "", false };
    struct token home[TOKENS_AT_HOME];
    struct token_set set;
    char address[32] = "1 Row";

    (void)state;
    assert_int_equal(tokens_identity(&k, &who, &set), ALM_OK);
    for (int i = 0; i < 20; i++) {
        bool fits = set.n + TOKENS_AT_HOME <= TOKEN_SET_MAX;
        uint8_t before = set.n;
        char code[] = "ZZ7 8ZA";

        address[0] = (char)('1' + i % 9);
        code[5] = (char)('A' + i);
        assert_int_equal(tokens_at_home(&k, &who, address, code, home), ALM_OK);
        assert_int_equal(token_set_add_home(&set, home), fits);
        if (!fits)
            assert_int_equal(set.n, before);
    }
}

static void phonetic_forms_are_soundex(void **state)
{
    static const char *const rows[][2] = {
        { "robert", "r163" },
        { "rupert", "r163" },
        { "ashcraft", "a261" },
        { "tymczak", "t522" },
        { "pfister", "p236" },
        { "honeyman", "h555" },
        { "lee", "l000" },
        { "\u0434\u043c\u0438\u0442\u0440\u0438\u0439",
          "\u0434\u043c\u0438\u0442\u0440\u0438\u0439" },
    };
    char out[FOLD_OUT_MAX];

    (void)state;
    for (size_t i = 0; i < ALM_LEN(rows); i++) {
        fold_phonetic(rows[i][0], out);
        assert_string_equal(out, rows[i][1]);
    }
}

static void a_person_has_a_token_of_each_kind_known(void **state)
{
    struct tokens_key k = key(7, 1);
    struct identity who = { "Isla", "Amory", 16204, "999 101 2001", "E987990118021", false };
    struct token_set set;

    (void)state;
    assert_int_equal(tokens_identity(&k, &who, &set), ALM_OK);
    assert_int_equal(set.n, 5);
    who.nhs = who.upn = "";
    assert_int_equal(tokens_identity(&k, &who, &set), ALM_OK);
    assert_int_equal(set.n, 3);
}

static void wrong_identifiers_are_named(void **state)
{
    struct tokens_key k = key(7, 1);
    struct token_set set;
    const struct {
        struct identity who;
        int fault;
    } rows[] = {
        { { "", "Amory", 1, "", "", false }, ALM_BAD_NAME },
        { { "Isla", "-", 1, "", "", false }, ALM_BAD_NAME },
        { { "Isla", "Amory", CIVIL_NONE, "", "", false }, ALM_BAD_BORN },
        { { "Isla", "Amory", 1, "9991012002", "", false }, ALM_BAD_NHS },
        { { "Isla", "Amory", 1, "", "E987990118029", false }, ALM_BAD_UPN },
    };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(rows); i++)
        assert_int_equal(tokens_identity(&k, &rows[i].who, &set), rows[i].fault);
}

/* The value that a client in another language must come to: Python's hmac over the input that
 * adapters/README.md fixes. */
static void a_token_is_the_documented_hmac(void **state)
{
    static const uint8_t expected[TOKEN_LEN] = {
        0x6f, 0xf4, 0xa9, 0xf3, 0x67, 0x4b, 0x59, 0x83, 0xff, 0x7d, 0xbb,
        0x6f, 0xff, 0x8e, 0x70, 0xb5, 0x5a, 0x6d, 0x1b, 0xe4, 0xe7, 0x43,
        0x16, 0xb5, 0xa5, 0x82, 0xc4, 0xa2, 0x85, 0x51, 0x43, 0x8d,
    };
    struct tokens_key k = key(7, 1);
    struct token home;

    (void)state;
    assert_int_equal(tokens_home(&k, "14 Nowhere Cl", "zz7 8za", &home), ALM_OK);
    assert_int_equal(home.kind, TOKEN_HOME);
    assert_memory_equal(home.value, expected, TOKEN_LEN);
}

static void tokens_differ_by_key_and_epoch_and_kind(void **state)
{
    struct tokens_key k = key(7, 1), other_key = key(8, 1), other_epoch = key(7, 2);
    struct identity who = { "Isla", "Amory", 16204, "", "", false };
    struct token a, b, at_home[TOKENS_AT_HOME];

    (void)state;
    assert_int_equal(tokens_home(&k, "14 Nowhere Close", "ZZ7 8ZA", &a), ALM_OK);
    assert_int_equal(tokens_home(&other_key, "14 Nowhere Close", "ZZ7 8ZA", &b), ALM_OK);
    assert_memory_not_equal(a.value, b.value, TOKEN_LEN);
    assert_int_equal(tokens_home(&other_epoch, "14 Nowhere Close", "ZZ7 8ZA", &b), ALM_OK);
    assert_memory_not_equal(a.value, b.value, TOKEN_LEN);
    assert_int_equal(tokens_at_home(&k, &who, "14 Nowhere Close", "ZZ7 8ZA", at_home), ALM_OK);
    assert_int_equal(at_home[0].kind, TOKEN_NAME_POSTCODE);
    assert_int_equal(at_home[1].kind, TOKEN_DOB_HOME);
    assert_int_equal(at_home[2].kind, TOKEN_DOB_POSTCODE);
    assert_int_equal(at_home[3].kind, TOKEN_DOB_STREET);
}

static void parts_do_not_run_together(void **state)
{
    struct tokens_key k = key(7, 1);
    struct identity a = { "Ann", "Elee", 1, "", "", false },
                    b = { "Anne", "Lee", 1, "", "", false };
    struct token_set of_a, of_b;

    (void)state;
    assert_int_equal(tokens_identity(&k, &a, &of_a), ALM_OK);
    assert_int_equal(tokens_identity(&k, &b, &of_b), ALM_OK);
    assert_int_equal(of_a.tokens[0].kind, TOKEN_NAME_DOB);
    assert_memory_not_equal(of_a.tokens[0].value, of_b.tokens[0].value, TOKEN_LEN);
}

static void home_without_postcode_makes_no_token(void **state)
{
    struct tokens_key k = key(7, 1);
    struct token t;

    (void)state;
    assert_int_equal(tokens_home(&k, "No fixed address", "", &t), ALM_BAD_POSTCODE);
    assert_int_equal(tokens_home(&k, "", "ZZ7 8ZA", &t), ALM_BAD_ADDRESS);
}

static void a_full_set_takes_no_more(void **state)
{
    struct token_set s = { 0 };
    struct token t = { .kind = TOKEN_NHS, .scheme = TOKEN_HMAC, .epoch = 1 };

    (void)state;
    for (unsigned i = 0; i < TOKEN_SET_MAX; i++) {
        t.value[0] = (uint8_t)i;
        assert_true(token_set_add(&s, &t));
    }
    assert_true(token_set_add(&s, &t)); /* it is there */
    t.value[0] = TOKEN_SET_MAX;
    assert_false(token_set_add(&s, &t));
    assert_int_equal(s.n, TOKEN_SET_MAX);
}

static void one_event_has_one_token_however_its_number_is_written(void **state)
{
    static const char *const ways[] = { "MP-2022/0815", "mp 2022 0815", "mp20220815",
                                        " MP.2022.0815 " };
    struct tokens_key k = key(7, 1);
    uint8_t first[TOKEN_LEN], token[TOKEN_LEN];

    (void)state;
    assert_int_equal(tokens_origin(&k, ways[0], first), 0);
    for (size_t i = 1; i < ALM_LEN(ways); i++) {
        assert_int_equal(tokens_origin(&k, ways[i], token), 0);
        assert_memory_equal(token, first, TOKEN_LEN);
    }
    assert_int_equal(tokens_origin(&k, "MP-2022/0816", token), 0);
    assert_memory_not_equal(token, first, TOKEN_LEN);
}

static void events_token_differs_by_key_and_epoch(void **state)
{
    struct tokens_key k = key(7, 1), other = key(8, 1), later = key(7, 2);
    uint8_t first[TOKEN_LEN], token[TOKEN_LEN];

    (void)state;
    assert_int_equal(tokens_origin(&k, "0815", first), 0);
    assert_int_equal(tokens_origin(&other, "0815", token), 0);
    assert_memory_not_equal(token, first, TOKEN_LEN);
    assert_int_equal(tokens_origin(&later, "0815", token), 0);
    assert_memory_not_equal(token, first, TOKEN_LEN);
}

static void event_without_a_letter_or_digit_is_none(void **state)
{
    static char endless[600];
    struct tokens_key k = key(7, 1);
    uint8_t token[TOKEN_LEN];

    (void)state;
    memset(endless, '7', sizeof(endless) - 1);
    assert_int_equal(tokens_origin(&k, "", token), ALM_BAD_NAME);
    assert_int_equal(tokens_origin(&k, " -/. ", token), ALM_BAD_NAME);
    assert_int_equal(tokens_origin(&k, endless, token), ALM_BAD_NAME);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_event_has_one_token_however_its_number_is_written),
        cmocka_unit_test(events_token_differs_by_key_and_epoch),
        cmocka_unit_test(event_without_a_letter_or_digit_is_none),
        cmocka_unit_test(names_are_folded_to_one_form),
        cmocka_unit_test(names_that_are_none_are_refused),
        cmocka_unit_test(ascii_is_folded_as_unicode_is),
        cmocka_unit_test(name_that_grows_eighteenfold_is_refused_or_fits),
        cmocka_unit_test(nhs_numbers_need_their_check_digit),
        cmocka_unit_test(every_single_wrong_digit_of_an_nhs_number_is_found),
        cmocka_unit_test(upns_need_their_check_letter),
        cmocka_unit_test(postcodes_have_one_form),
        cmocka_unit_test(addresses_have_one_form),
        cmocka_unit_test(a_door_is_told_by_its_numbers),
        cmocka_unit_test(address_of_too_many_words_is_refused),
        cmocka_unit_test(given_names_have_their_diminutives_written_out),
        cmocka_unit_test(words_are_in_order_and_no_form_stands_for_another_form),
        cmocka_unit_test(names_and_dates_written_otherwise_agree_where_they_should),
        cmocka_unit_test(row_with_a_number_alone_makes_that_token_and_no_other),
        cmocka_unit_test(home_that_does_not_fit_is_left_out_whole),
        cmocka_unit_test(phonetic_forms_are_soundex),
        cmocka_unit_test(a_person_has_a_token_of_each_kind_known),
        cmocka_unit_test(wrong_identifiers_are_named),
        cmocka_unit_test(a_token_is_the_documented_hmac),
        cmocka_unit_test(tokens_differ_by_key_and_epoch_and_kind),
        cmocka_unit_test(parts_do_not_run_together),
        cmocka_unit_test(home_without_postcode_makes_no_token),
        cmocka_unit_test(a_full_set_takes_no_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
