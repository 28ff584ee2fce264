/* SPDX-License-Identifier: Apache-2.0 */
/* test_cosign.c - cosignatures: a head of a public log with the lines of three public witnesses, ours,
 * and every way of being wrong. */
#include "tree/cosign.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A head that a public test log published, with the cosignatures and verifier keys of three public
 * witnesses of May 2026; and the example of tlog-cosignature, whose keys are not published. */
#define PUBLIC_TEXT                                                                                \
    "arche2025h1.staging.ct.transparency.dev\n1432088532\n"                                        \
    "U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n"
#define DASH "\xe2\x80\x94 "
#define PUBLIC_LINES                                                                               \
    DASH "arche2025h1.staging.ct.transparency.dev "                                                \
    "ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=\n" \
    DASH "transparency.dev/DEV:witness-little-garden "                                             \
    "2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==\n" \
    DASH "witness1.smartit.nu/witness1 "                                                           \
    "pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==\n" \
    DASH "remora.n621.de "                                                                         \
    "2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==\n"
#define PUBLIC_AT   1779573024
#define PUBLIC_VKEY "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"
static const char *const public_witnesses[] = {
    "transparency.dev/DEV:witness-little-garden+d8042a87+BCtusOxINQNUTN5Oj8HObRkh2yHf/MwYaGX4CPdiVEPM",
    "witness1.smartit.nu/witness1+a48c820f+BPSFWg9G6KPiO7QPryYO5Xq4oYJJ+kAvLKLSimDhoxMO",
    "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
};

#define ORIGIN "marlham.example/almoner"
#define TEXT   ORIGIN "\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n"

static struct secret health_seed, log_seed;
static struct note_key health, log_key;

static int prepare(void **state)
{
    uint8_t public_key[SIGN_PUBLIC_LEN];

    (void)state;
    assert_int_equal(crypto_init(), 0);
    memset(health_seed.octets, 7, sizeof(health_seed.octets));
    memset(log_seed.octets, 8, sizeof(log_seed.octets));
    assert_int_equal(sign_public(&health_seed, public_key), 0);
    assert_int_equal(cosign_key_init(&health, "health", public_key), 0);
    assert_int_equal(sign_public(&log_seed, public_key), 0);
    assert_int_equal(note_key_init(&log_key, ORIGIN, public_key), 0);
    return 0;
}

static void line_of(const char *text, int64_t at_s, char out[static COSIGN_LINE_MAX])
{
    ALM_CLEANUP(buf_deinit) struct buf line = { 0 };

    buf_init(&line, COSIGN_LINE_MAX - 1);
    assert_int_equal(cosign_make(bytes_str(text), at_s, &health, &health_seed, &line), 0);
    memcpy(out, line.data, line.len);
    out[line.len] = '\0';
}

static void a_public_log_s_head_verifies_with_the_public_keys_of_its_witnesses(void **state)
{
    const char *note = PUBLIC_TEXT "\n" PUBLIC_LINES;
    struct checkpoint head;
    struct note_key key;

    (void)state;
    assert_int_equal(note_key_parse(PUBLIC_VKEY, &key), 0);
    assert_int_equal(checkpoint_open(bytes_str(note), &key, key.name, &head), 0);
    assert_int_equal(head.size, 1432088532);
    for (size_t i = 0; i < ALM_LEN(public_witnesses); i++) {
        char vkey[NOTE_VKEY_MAX];
        int64_t at = 0;

        assert_int_equal(cosign_key_parse(public_witnesses[i], &key), 0);
        assert_int_equal(cosign_find(bytes_str(note), &key, &at), 0);
        assert_int_equal(at, PUBLIC_AT);
        cosign_key_format(&key, vkey);
        assert_string_equal(vkey, public_witnesses[i]);
    }
}

static void the_example_of_the_specification_is_read(void **state)
{
    const char *line = DASH
        "witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";
    struct note_key key = health;

    (void)state;
    assert_int_equal(cosign_check(bytes_str(TEXT), bytes_str(line), &key, NULL), -ENOKEY);
    (void)snprintf(key.name, sizeof(key.name), "witness.example.com/w1");
    assert_int_equal(cosign_check(bytes_str(TEXT), bytes_str(line), &key, NULL), -ENOKEY);
    memcpy(key.id, "\x8d\x66\xcf\x3f", 4);
    assert_int_equal(cosign_check(bytes_str(TEXT), bytes_str(line), &key, NULL), -EBADMSG);
}

static void what_is_made_verifies_and_says_when(void **state)
{
    static const int64_t times[] = { 0, 1, 1779573024, INT64_MAX };
    char line[COSIGN_LINE_MAX];

    (void)state;
    for (size_t i = 0; i < ALM_LEN(times); i++) {
        int64_t at = -1;

        line_of(TEXT, times[i], line);
        assert_int_equal(cosign_check(bytes_str(TEXT), bytes_str(line), &health, &at), 0);
        assert_int_equal(at, times[i]);
    }
}

static void the_longest_name_fits_a_line(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf line = { 0 };
    char name[NOTE_NAME_MAX];
    struct note_key key;

    (void)state;
    memset(name, 'w', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(cosign_key_init(&key, name, health.public_key), 0);
    buf_init(&line, COSIGN_LINE_MAX - 1);
    assert_int_equal(cosign_make(bytes_str(TEXT), 1, &key, &health_seed, &line), 0);
    assert_int_equal(cosign_check(bytes_str(TEXT), buf_view(&line), &key, NULL), 0);
}

static void a_cosigned_note_still_opens_with_the_log_s_key_alone(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf note = { 0 };
    char line[COSIGN_LINE_MAX];
    struct checkpoint head;

    (void)state;
    buf_init(&note, NOTE_MAX);
    assert_int_equal(note_sign(bytes_str(TEXT), &log_key, &log_seed, &note), 0);
    assert_int_equal(cosign_find(buf_view(&note), &health, NULL), -ENOKEY);
    line_of(TEXT, 5, line);
    buf_put(&note, line, strlen(line));
    assert_int_equal(checkpoint_open(buf_view(&note), &log_key, ORIGIN, &head), 0);
    assert_int_equal(head.size, 8);
    assert_int_equal(cosign_find(buf_view(&note), &health, NULL), 0);
    buf_put(&note, line, strlen(line)); /* twice: which of them counts? */
    assert_int_equal(cosign_find(buf_view(&note), &health, NULL), -EBADMSG);
}

static void every_bit_of_a_line_counts(void **state)
{
    char line[COSIGN_LINE_MAX];
    size_t n;

    (void)state;
    line_of(TEXT, 1779573024, line);
    n = strlen(line) - 1;
    for (size_t i = 0; i < n; i++) {
        for (int bit = 0; bit < 8; bit++) {
            line[i] ^= (char)(1 << bit);
            assert_true(cosign_check(bytes_str(TEXT), bytes_of(line, n + 1), &health, NULL) < 0);
            line[i] ^= (char)(1 << bit);
        }
        assert_true(cosign_check(bytes_str(TEXT), bytes_of(line, i), &health, NULL) < 0);
    }
    assert_int_equal(cosign_check(bytes_str(TEXT), bytes_of(line, n), &health, NULL), 0);
}

static void a_line_is_of_one_text_only(void **state)
{
    static const char *const others[] = {
        "marlham.example/almonee\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n",
        ORIGIN "\n9\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n",
        ORIGIN "\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyk=\n",
        TEXT "an extension\n",
    };
    char line[COSIGN_LINE_MAX];

    (void)state;
    line_of(TEXT, 5, line);
    for (size_t i = 0; i < ALM_LEN(others); i++)
        assert_int_equal(cosign_check(bytes_str(others[i]), bytes_str(line), &health, NULL),
                         -EBADMSG);
}

static void the_log_s_signature_is_no_cosignature_nor_the_other_way_round(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf note = { 0 };
    struct note_key plain, as_witness;
    struct checkpoint head;
    char line[COSIGN_LINE_MAX];

    (void)state;
    buf_init(&note, NOTE_MAX);
    assert_int_equal(note_key_init(&plain, "health", health.public_key), 0);
    assert_true(memcmp(plain.id, health.id, sizeof(plain.id)) != 0);
    assert_int_equal(note_sign(bytes_str(TEXT), &plain, &health_seed, &note), 0);
    assert_int_equal(cosign_find(buf_view(&note), &health, NULL), -ENOKEY);
    note.len = 0;
    buf_put(&note, TEXT "\n", strlen(TEXT) + 1);
    line_of(TEXT, 5, line);
    buf_put(&note, line, strlen(line));
    assert_int_equal(checkpoint_open(buf_view(&note), &plain, ORIGIN, &head), -ENOKEY);
    assert_int_equal(cosign_key_init(&as_witness, ORIGIN, log_key.public_key), 0);
    assert_int_equal(cosign_find(buf_view(&note), &as_witness, NULL), -ENOKEY);
}

static void nothing_but_a_head_is_cosigned(void **state)
{
    static const char *const texts[] = {
        "", "\n", "hello\n", ORIGIN "\n8\n", ORIGIN "\n08\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n",
        ORIGIN "\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=", ORIGIN "\n-1\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n",
    };
    ALM_CLEANUP(buf_deinit) struct buf line = { 0 };

    (void)state;
    buf_init(&line, COSIGN_LINE_MAX);
    for (size_t i = 0; i < ALM_LEN(texts); i++)
        assert_int_equal(cosign_make(bytes_str(texts[i]), 1, &health, &health_seed, &line), -EINVAL);
    assert_int_equal(cosign_make(bytes_str(TEXT), -1, &health, &health_seed, &line), -EINVAL);
    assert_int_equal(cosign_make(bytes_str(TEXT), 1, &health, &log_seed, &line), -EINVAL);
    assert_int_equal(line.len, 0);
}

static void a_verifier_key_of_another_algorithm_or_altered_is_refused(void **state)
{
    static const char *const bad[] = {
        PUBLIC_VKEY, /* the plain algorithm */
        "remora.n621.de+da77ade8+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
        "remora.n621.dd+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
        "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw",
        "remora.n621.de+da77ade7+AevN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
        "+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
        "remora.n621.de", "", "+", "++",
    };
    struct note_key key;

    (void)state;
    for (size_t i = 0; i < ALM_LEN(bad); i++)
        assert_int_equal(cosign_key_parse(bad[i], &key), -EINVAL);
    assert_int_equal(note_key_parse(public_witnesses[0], &key), -EINVAL);
    assert_int_equal(cosign_key_init(&key, "two words", health.public_key), -EINVAL);
    assert_int_equal(cosign_key_init(&key, "", health.public_key), -EINVAL);
}

static void lines_that_are_none_are_refused(void **state)
{
    static const char *const lines[] = {
        "", "\n", "\n\n", DASH, DASH "health\n", DASH "health \n", DASH "health !!!!\n", "- health AAAA\n",
        DASH "health AAAAAAAA\n" DASH "health AAAAAAAA\n",
    };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(lines); i++)
        assert_int_equal(cosign_check(bytes_str(TEXT), bytes_str(lines[i]), &health, NULL), -EINVAL);
    assert_int_equal(cosign_find(bytes_str("no note\n"), &health, NULL), -EINVAL);
}

static void a_time_past_63_bits_is_refused_whoever_signed_it(void **state)
{
    uint8_t octets[4 + 8 + SIGN_LEN];
    char line[COSIGN_LINE_MAX], blob[128];
    struct buf message = { 0 };

    (void)state;
    buf_init(&message, 1024);
    buf_printf(&message, "cosignature/v1\ntime 9223372036854775808\n%s", TEXT);
    memcpy(octets, health.id, 4);
    memset(octets + 4, 0, 8);
    octets[4] = 0x80;
    assert_int_equal(sign_make(&health_seed, buf_view(&message), octets + 12), 0);
    assert_true(base64_encode(octets, sizeof(octets), blob, sizeof(blob)) > 0);
    (void)snprintf(line, sizeof(line), DASH "health %s\n", blob);
    assert_int_equal(cosign_check(bytes_str(TEXT), bytes_str(line), &health, NULL), -EBADMSG);
    buf_deinit(&message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_public_log_s_head_verifies_with_the_public_keys_of_its_witnesses),
        cmocka_unit_test(the_example_of_the_specification_is_read),
        cmocka_unit_test(what_is_made_verifies_and_says_when),
        cmocka_unit_test(the_longest_name_fits_a_line),
        cmocka_unit_test(a_cosigned_note_still_opens_with_the_log_s_key_alone),
        cmocka_unit_test(every_bit_of_a_line_counts),
        cmocka_unit_test(a_line_is_of_one_text_only),
        cmocka_unit_test(the_log_s_signature_is_no_cosignature_nor_the_other_way_round),
        cmocka_unit_test(nothing_but_a_head_is_cosigned),
        cmocka_unit_test(a_verifier_key_of_another_algorithm_or_altered_is_refused),
        cmocka_unit_test(lines_that_are_none_are_refused),
        cmocka_unit_test(a_time_past_63_bits_is_refused_whoever_signed_it),
    };

    return cmocka_run_group_tests_name("cosign", tests, prepare, NULL);
}
