/* SPDX-License-Identifier: Apache-2.0 */
/* test_note.c - signed notes and checkpoints: Go sumdb/note's published example, and every way of
 * being wrong. */
#include "tree/note.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* golang.org/x/mod/sumdb/note, package example. */
#define PETER_VKEY "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define PETER_SEED "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
#define PETER_TEXT                                                                                 \
    "If you think cryptography is the answer to your problem,\nthen you don't know what your "     \
    "problem is.\n"
#define PETER_LINE                                                                                 \
    "\xe2\x80\x94 PeterNeumann "                                                                   \
    "x08go/ZJkuBS9UG/"                                                                             \
    "SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
#define ORIGIN "marlham.example/almoner"

static struct secret peter_seed, our_seed, other_seed;
static struct note_key peter, ours, other;

static int prepare(void **state)
{
    uint8_t octets[33];

    (void)state;
    assert_int_equal(crypto_init(), 0);
    assert_int_equal(note_key_parse(PETER_VKEY, &peter), 0);
    assert_int_equal(base64_decode(PETER_SEED, strlen(PETER_SEED), octets, sizeof(octets)), 33);
    memcpy(peter_seed.octets, octets + 1, 32);
    for (int i = 0; i < 2; i++) {
        struct secret *seed = i ? &other_seed : &our_seed;
        uint8_t public_key[SIGN_PUBLIC_LEN];

        memset(seed->octets, i + 1, sizeof(seed->octets));
        assert_int_equal(sign_public(seed, public_key), 0);
        assert_int_equal(
            note_key_init(i ? &other : &ours, i ? "witness.example" : ORIGIN, public_key), 0);
    }
    return 0;
}

static struct buf text_buf(const char *fmt, ...) ALM_PRINTF(1, 2);
static struct buf text_buf(const char *fmt, ...)
{
    struct buf b;
    va_list args;
    char *text = NULL;
    int n;

    va_start(args, fmt);
    n = vasprintf(&text, fmt, args);
    va_end(args);
    assert_true(n >= 0);
    buf_init(&b, 1 << 20);
    buf_put(&b, text, (size_t)n);
    free(text);
    return b;
}

static int open_text(const char *note, const struct note_key *keys, size_t n_keys)
{
    struct note_opened o;

    return note_open(bytes_str(note), keys, n_keys, &o);
}

static void note_opens_the_example_that_others_publish(void **state)
{
    struct note_opened o;

    (void)state;
    assert_int_equal(note_open(bytes_str(PETER_TEXT "\n" PETER_LINE), &peter, 1, &o), 0);
    assert_int_equal(o.signed_by, 1);
    assert_int_equal(o.n_signatures, 1);
    assert_true(bytes_equal(o.text, bytes_str(PETER_TEXT)));
}

static void note_signs_the_same_bytes_as_others_do(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf out = { 0 };

    (void)state;
    buf_init(&out, NOTE_MAX);
    assert_int_equal(note_sign(bytes_str(PETER_TEXT), &peter, &peter_seed, &out), 0);
    assert_true(bytes_equal(buf_view(&out), bytes_str(PETER_TEXT "\n" PETER_LINE)));
}

static void note_key_reads_back_what_it_writes(void **state)
{
    char vkey[NOTE_VKEY_MAX], longest[NOTE_NAME_MAX];
    struct note_key k, again;

    (void)state;
    note_key_format(&peter, vkey);
    assert_string_equal(vkey, PETER_VKEY);
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    assert_int_equal(note_key_init(&k, longest, peter.public_key), 0);
    note_key_format(&k, vkey);
    assert_int_equal(note_key_parse(vkey, &again), 0);
    assert_memory_equal(&k, &again, sizeof(k));
}

static void note_key_refuses_names_that_could_be_misread(void **state)
{
    static const char *const names[] = { "",
                                         "a b",
                                         "a+b",
                                         "a\nb",
                                         "a\tb",
                                         "a\x7f"
                                         "b",
                                         "a\xc2\xa0"
                                         "b",
                                         "a\xe3\x80\x80",
                                         "a\xff",
                                         "a\xe2\x80\xa8"
                                         "b" };
    struct note_key k;
    char longer[NOTE_NAME_MAX + 1];

    (void)state;
    for (size_t i = 0; i < ALM_LEN(names); i++)
        assert_int_equal(note_key_init(&k, names[i], peter.public_key), -EINVAL);
    memset(longer, 'x', NOTE_NAME_MAX);
    longer[NOTE_NAME_MAX] = '\0';
    assert_int_equal(note_key_init(&k, longer, peter.public_key), -EINVAL);
    assert_int_equal(note_key_init(&k, "Bürgeramt.example", peter.public_key), 0);
}

static void note_key_refuses_texts_that_are_not_such_keys(void **state)
{
    static const char *const texts[] = {
        "",
        "+",
        "PeterNeumann",
        "PeterNeumann+c74f20a3",
        "PeterNeumann+c74f20a3+",
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",  /* id of another key
                                                                                */
        "PeterNeumann2+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", /* id of another name
                                                                                */
        "PeterNeumann+c74f20a3+AhpcZQcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",  /* another algorithm
                                                                                */
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWAAAA",
        "PeterNeumann+c74f20a+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20ag+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        PETER_VKEY "\n",
    };
    struct note_key k;

    (void)state;
    for (size_t i = 0; i < ALM_LEN(texts); i++) {
        if (note_key_parse(texts[i], &k) != -EINVAL)
            fail_msg("accepted: %s", texts[i]);
    }
}

static void note_refuses_to_sign_what_nobody_could_open(void **state)
{
    static const char *const texts[] = { "",        "no newline", "a\tb\n", "a\rb\n",
                                         "a\x01\n", "\xff\n",     "a\x7f\n" };
    ALM_CLEANUP(buf_deinit) struct buf out = { 0 };

    (void)state;
    buf_init(&out, NOTE_MAX);
    buf_put(&out, "kept", 4);
    for (size_t i = 0; i < ALM_LEN(texts); i++)
        assert_int_equal(note_sign(bytes_str(texts[i]), &ours, &our_seed, &out), -EINVAL);
    assert_int_equal(note_sign(bytes_of("a\0b\n", 4), &ours, &our_seed, &out), -EINVAL);
    assert_int_equal(note_sign(bytes_str("a\n"), &ours, &other_seed, &out),
                     -EINVAL); /* not the key of that name */
    assert_true(bytes_equal(buf_view(&out), bytes_str("kept")));
}

static void note_is_spoilt_by_any_changed_byte_of_the_text(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf note = text_buf("%s\n%s", PETER_TEXT, PETER_LINE);
    struct note_opened o;

    (void)state;
    for (size_t i = 0; i < strlen(PETER_TEXT) - 1; i++) {
        if (note.data[i] == '\n')
            continue;
        note.data[i] ^= 1;
        assert_int_not_equal(note_open(buf_view(&note), &peter, 1, &o), 0);
        note.data[i] ^= 1;
    }
    assert_int_equal(note_open(buf_view(&note), &peter, 1, &o), 0);
}

static void note_is_spoilt_by_a_wrong_signature_of_a_known_key_though_another_is_right(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf good = { 0 }, note = { 0 };
    const struct note_key keys[] = { ours, other };
    struct note_opened o;
    const char *line;

    (void)state;
    buf_init(&good, NOTE_MAX);
    assert_int_equal(note_sign(bytes_str("another text\n"), &other, &other_seed, &good), 0);
    buf_put_u8(&good, 0);
    line = strstr((const char *)good.data, "\xe2\x80\x94");
    buf_init(&note, NOTE_MAX);
    assert_int_equal(note_sign(bytes_str("the text\n"), &ours, &our_seed, &note), 0);
    assert_int_equal(note_open(buf_view(&note), keys, 2, &o), 0);
    buf_put(&note, line, strlen(line));
    assert_int_equal(note_open(buf_view(&note), keys, 2, &o), -EBADMSG);
    assert_int_equal(note_open(buf_view(&note), &ours, 1, &o),
                     0); /* unknown to this reader: passed over */
    assert_int_equal(o.n_signatures, 2);
}

static void note_carries_the_signatures_of_several(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf a = { 0 }, b = { 0 };
    const struct note_key keys[] = { other, peter, ours };
    struct note_opened o;
    const char *line;

    (void)state;
    buf_init(&a, NOTE_MAX);
    buf_init(&b, NOTE_MAX);
    assert_int_equal(note_sign(bytes_str("the\n\ntext\n"), &ours, &our_seed, &a), 0);
    assert_int_equal(note_sign(bytes_str("the\n\ntext\n"), &other, &other_seed, &b), 0);
    buf_put_u8(&b, 0);
    line = strstr((const char *)b.data, "\xe2\x80\x94");
    buf_put(&a, line, strlen(line));
    assert_int_equal(note_open(buf_view(&a), keys, 3, &o), 0);
    assert_int_equal(o.signed_by, 5);
    assert_int_equal(o.n_signatures, 2);
}

static void note_with_two_lines_of_one_key_is_refused(void **state)
{
    (void)state;
    assert_int_equal(open_text(PETER_TEXT "\n" PETER_LINE PETER_LINE, &peter, 1), -EBADMSG);
}

static void note_of_unknown_signers_only_is_told_from_a_forged_one(void **state)
{
    (void)state;
    assert_int_equal(open_text(PETER_TEXT "\n" PETER_LINE, &ours, 1), -ENOKEY);
    assert_int_equal(open_text(PETER_TEXT "\n" PETER_LINE, NULL, 0), -ENOKEY);
}

static void note_that_is_not_one_is_refused(void **state)
{
    static const char *const notes[] = {
        "",
        "\n",
        "\n\n",
        PETER_TEXT,
        PETER_TEXT "\n",
        "\n" PETER_LINE,
        PETER_TEXT PETER_LINE,
        PETER_TEXT "\n- PeterNeumann x08go/ZJ\n",
        PETER_TEXT "\n\xe2\x80\x94 PeterNeumann\n",
        PETER_TEXT "\n\xe2\x80\x94 PeterNeumann \n",
        PETER_TEXT "\n\xe2\x80\x94 PeterNeumann x08gow==\n", /* an id and no signature */
        PETER_TEXT "\n\xe2\x80\x94 PeterNeumann x08g*/ZJ\n",
        PETER_TEXT "\n\xe2\x80\x94  x08go/ZJkuBS\n",
        PETER_TEXT "\n" PETER_LINE "trailing",
        PETER_TEXT "\n" PETER_LINE "trailing\n",
        "a\tb\n\n" PETER_LINE,
    };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(notes); i++) {
        if (open_text(notes[i], &peter, 1) != -EINVAL)
            fail_msg("accepted or misjudged number %zu: %d", i, open_text(notes[i], &peter, 1));
    }
    assert_int_equal(open_text(PETER_TEXT "\n\xe2\x80\x94 PeterNeumann x08go/ZJkuBS\n", &peter, 1),
                     -EBADMSG); /* cut short */
}

static void note_with_more_lines_than_are_read_is_refused(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf note = text_buf("text\n\n");
    struct note_opened o;

    (void)state;
    for (int i = 0; i <= NOTE_SIGNATURES_MAX; i++)
        buf_printf(&note, "\xe2\x80\x94 witness%d AAAAAAAA\n", i);
    assert_int_equal(note_open(buf_view(&note), &peter, 1, &o), -EINVAL);
}

static struct checkpoint head_of(uint64_t size)
{
    struct checkpoint c = { .origin = ORIGIN, .size = size };

    memset(c.root, 0xa5, sizeof(c.root));
    return c;
}

static void checkpoint_signed_is_opened_by_its_key(void **state)
{
    static const uint64_t sizes[] = { 0, 1, 10, 4294967296, UINT64_MAX };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(sizes); i++) {
        ALM_CLEANUP(buf_deinit) struct buf note = { 0 };
        struct checkpoint c = head_of(sizes[i]), back;

        buf_init(&note, NOTE_MAX);
        assert_int_equal(checkpoint_sign(&c, &ours, &our_seed, &note), 0);
        assert_int_equal(checkpoint_open(buf_view(&note), &ours, ORIGIN, &back), 0);
        assert_memory_equal(&c, &back, sizeof(c));
        assert_int_equal(checkpoint_open(buf_view(&note), &ours, NULL, &back), 0);
        assert_int_equal(
            checkpoint_open(buf_view(&note), &ours, "elsewhere.example/almoner", &back), -EXDEV);
        assert_int_equal(checkpoint_open(buf_view(&note), &other, ORIGIN, &back), -ENOKEY);
    }
}

static void checkpoint_is_three_lines_as_specified(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf text = { 0 };
    struct checkpoint c = head_of(20852163);

    (void)state;
    buf_init(&text, NOTE_MAX);
    assert_int_equal(checkpoint_format(&c, &text), 0);
    assert_true(bytes_equal(
        buf_view(&text),
        bytes_str(ORIGIN "\n20852163\npaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaU=\n")));
    c.origin[0] = '\0';
    assert_int_equal(checkpoint_format(&c, &text), -EINVAL);
    (void)snprintf(c.origin, sizeof(c.origin), "two\nlines");
    assert_int_equal(checkpoint_format(&c, &text), -EINVAL);
}

#define ROOT "paWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaU="
static void checkpoint_that_could_be_read_in_two_ways_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "o\n",
        "o\n1\n",
        "o\n1\n" ROOT,
        "\n1\n" ROOT "\n",
        "o\n\n" ROOT "\n",
        "o\n01\n" ROOT "\n",
        "o\n+1\n" ROOT "\n",
        "o\n-1\n" ROOT "\n",
        "o\n1 \n" ROOT "\n",
        "o\n0x1\n" ROOT "\n",
        "o\n18446744073709551616\n" ROOT "\n",
        "o\n99999999999999999999999\n" ROOT "\n",
        "o\n1\npaWlpaU=\n",
        "o\n1\n" ROOT "=\n",
        "o\n1\npaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaV=\n", /* left-over bits */
        "o\n1\n" ROOT "\n\n",
        "o\n1\n" ROOT "\nextension\n\n",
    };
    struct checkpoint c;

    (void)state;
    for (size_t i = 0; i < ALM_LEN(texts); i++) {
        if (checkpoint_parse(bytes_str(texts[i]), &c) != -EINVAL)
            fail_msg("accepted: %s", texts[i]);
    }
    assert_int_equal(checkpoint_parse(bytes_str("o\n1\n" ROOT "\nextension\n"), &c), 0);
    assert_int_equal(checkpoint_parse(bytes_str("o\n18446744073709551615\n" ROOT "\n"), &c), 0);
    assert_int_equal(checkpoint_parse(bytes_str("o\n0\n" ROOT "\n"), &c), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(note_opens_the_example_that_others_publish),
        cmocka_unit_test(note_signs_the_same_bytes_as_others_do),
        cmocka_unit_test(note_key_reads_back_what_it_writes),
        cmocka_unit_test(note_key_refuses_names_that_could_be_misread),
        cmocka_unit_test(note_key_refuses_texts_that_are_not_such_keys),
        cmocka_unit_test(note_refuses_to_sign_what_nobody_could_open),
        cmocka_unit_test(note_is_spoilt_by_any_changed_byte_of_the_text),
        cmocka_unit_test(
            note_is_spoilt_by_a_wrong_signature_of_a_known_key_though_another_is_right),
        cmocka_unit_test(note_carries_the_signatures_of_several),
        cmocka_unit_test(note_with_two_lines_of_one_key_is_refused),
        cmocka_unit_test(note_of_unknown_signers_only_is_told_from_a_forged_one),
        cmocka_unit_test(note_that_is_not_one_is_refused),
        cmocka_unit_test(note_with_more_lines_than_are_read_is_refused),
        cmocka_unit_test(checkpoint_signed_is_opened_by_its_key),
        cmocka_unit_test(checkpoint_is_three_lines_as_specified),
        cmocka_unit_test(checkpoint_that_could_be_read_in_two_ways_is_refused),
    };

    return cmocka_run_group_tests_name("note", tests, prepare, NULL);
}
