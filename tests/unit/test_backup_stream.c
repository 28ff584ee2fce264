/* SPDX-License-Identifier: Apache-2.0 */
/* test_backup_stream.c - what a backup says: in order, whole, and proved by the store key. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backup/stream.h"

static struct secret key, other_key;

static int setup(void **state)
{
    (void)state;
    return crypto_init() || crypto_random(&key, sizeof(key)) ||
           crypto_random(&other_key, sizeof(other_key));
}

static struct buf stream_of(unsigned n_records)
{
    struct stream_begin b = { .mode = 2,
                              .origin = "marlham.example/almoner",
                              .at_ms = 1780000000000,
                              .reading = 7,
                              .leaves = 8,
                              .head_size = 6,
                              .note = bytes_str("a note\n"),
                              .n_tables = 2,
                              .tables = { { "meta", 1 }, { "log", 3 } } };
    struct stream_period p = { .number = 4 };
    struct stream_maker m;
    struct buf out;

    memset(p.secret.octets, 9, sizeof(p.secret.octets));
    buf_init(&out, 1 << 20);
    stream_maker_init(&m);
    assert_int_equal(stream_begin(&m, &b, &out), 0);
    assert_int_equal(stream_period(&m, &key, &p, &out), 0);
    assert_int_equal(stream_table(&m, "meta", &out), 0);
    assert_int_equal(stream_table(&m, "log", &out), 0);
    for (unsigned i = 0; i < n_records; i++) {
        uint8_t k[2] = { (uint8_t)(i >> 8), (uint8_t)i };

        assert_int_equal(stream_record(&m, bytes_of(k, 2), bytes_str("a sealed value"), &out), 0);
    }
    assert_int_equal(stream_finish(&m, &key, &out), 0);
    stream_maker_deinit(&m);
    return out;
}

struct seen {
    struct stream_parser p;
    const struct secret *key;
    unsigned records;
    int proof; /* 1 none seen */
    int stop_at;
};

static int see(void *ctx, enum stream_kind kind, struct bytes body)
{
    struct seen *s = ctx;
    static struct stream_begin b;
    struct stream_period p;
    struct stream_record r;
    struct stream_end e;
    char name[STREAM_NAME_MAX];
    int x = 0;

    if (kind == STREAM_BEGIN) {
        x = stream_begin_decode(body, &b);
        if (x == 0 && s->stop_at == 1)
            x = 1;
    } else if (kind == STREAM_PERIOD) {
        x = stream_period_decode(body, s->key, &p);
    } else if (kind == STREAM_TABLE) {
        x = stream_table_decode(body, name);
    } else if (kind == STREAM_RECORD) {
        x = stream_record_decode(body, &r);
        s->records++;
    } else {
        x = stream_end_decode(body, &e);
        if (x == 0)
            s->proof = stream_prove(&s->p, s->key, &e);
    }
    return x;
}

/* Fed n octets at a time. Return: 0 whole and proved; what was wrong. */
static int parse(struct bytes octets, size_t n, const struct secret *with, unsigned *records)
{
    struct seen s = { .key = with, .proof = 1 };
    int r = 0;

    stream_parser_init(&s.p);
    for (size_t at = 0; at < octets.len && r == 0; at += n)
        r = stream_feed(&s.p, bytes_of(octets.data + at, octets.len - at < n ? octets.len - at : n),
                        see, &s);
    if (r == 0)
        r = stream_ended(&s.p);
    if (r == 0)
        r = s.proof;
    *records = s.records;
    stream_parser_deinit(&s.p);
    return r;
}

static void stream_comes_back_however_it_is_cut_into_pieces(void **state)
{
    static const size_t pieces[] = { 1, 2, 3, 7, 64, 1000, 1 << 20 };
    ALM_CLEANUP(buf_deinit) struct buf b = stream_of(40);
    unsigned n;

    (void)state;
    for (size_t i = 0; i < ALM_LEN(pieces); i++) {
        assert_int_equal(parse(buf_view(&b), pieces[i], &key, &n), 0);
        assert_int_equal(n, 40);
    }
}

static void stream_does_not_pass_with_any_octet_flipped(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf b = stream_of(5);
    unsigned n;

    (void)state;
    for (size_t i = 0; i < b.len; i++) {
        b.data[i] ^= 0x11;
        assert_int_not_equal(parse(buf_view(&b), 64, &key, &n), 0);
        b.data[i] ^= 0x11;
    }
}

static void stream_cut_anywhere_is_not_whole(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf b = stream_of(3);
    unsigned n;

    (void)state;
    for (size_t len = 0; len < b.len; len++)
        assert_int_equal(parse(bytes_of(b.data, len), 64, &key, &n), -EBADMSG);
}

static void stream_with_a_record_left_out_or_told_twice_is_not_proved(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf b = stream_of(6), out = { 0 };
    size_t end = STREAM_FRONT + 8 + SHA256_LEN, record = STREAM_FRONT + 2 + 2 + 14;
    uint8_t *at = b.data + b.len - end - 3 * record;
    unsigned n;

    (void)state;
    buf_init(&out, 1 << 20);
    buf_put(&out, b.data, (size_t)(at - b.data));
    buf_put(&out, at + record, (size_t)(b.data + b.len - at) - record);
    assert_int_equal(parse(buf_view(&out), 64, &key, &n), -EBADMSG);
    assert_int_equal(n, 5);
    buf_reset(&out);
    buf_put(&out, b.data, (size_t)(at - b.data) + record);
    buf_put(&out, at, (size_t)(b.data + b.len - at));
    assert_int_equal(parse(buf_view(&out), 64, &key, &n), -EBADMSG);
    assert_int_equal(n, 7);
}

static void stream_of_another_store_key_opens_no_period_and_proves_nothing(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf b = stream_of(1);
    unsigned n;

    (void)state;
    assert_int_equal(parse(buf_view(&b), 64, &other_key, &n), -EBADMSG);
    assert_int_equal(n, 0);
}

static void stream_out_of_order_is_refused_at_once(void **state)
{
    static const uint8_t orders[][3] = {
        { STREAM_RECORD }, { STREAM_TABLE }, { STREAM_END }, { 0 }, { 6 }, { 255 }
    };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(orders); i++) {
        uint8_t item[STREAM_FRONT] = { orders[i][0] };
        struct seen s = { .key = &key };

        stream_parser_init(&s.p);
        assert_int_equal(stream_feed(&s.p, bytes_of(item, sizeof(item)), see, &s), -EBADMSG);
        stream_parser_deinit(&s.p);
    }
}

static void stream_takes_nothing_after_its_end(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf b = stream_of(1);
    unsigned n;

    (void)state;
    buf_put_u8(&b, STREAM_RECORD);
    assert_int_equal(parse(buf_view(&b), 64, &key, &n), -EBADMSG);
    b.len--;
    buf_put(&b, "\x04\0\0\0\0", 5);
    assert_int_equal(parse(buf_view(&b), 64, &key, &n), -EBADMSG);
}

static void stream_believes_no_length_beyond_the_largest_value(void **state)
{
    static const uint8_t item[STREAM_FRONT] = { STREAM_BEGIN, 0xff, 0xff, 0xff, 0xff };
    struct seen s = { .key = &key };

    (void)state;
    stream_parser_init(&s.p);
    assert_int_equal(stream_feed(&s.p, bytes_of(item, sizeof(item)), see, &s), -E2BIG);
    stream_parser_deinit(&s.p);
}

static void stream_stops_where_its_reader_says(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf b = stream_of(1);
    struct seen s = { .key = &key, .stop_at = 1 };

    (void)state;
    stream_parser_init(&s.p);
    assert_int_equal(stream_feed(&s.p, buf_view(&b), see, &s), 1);
    assert_int_equal(s.records, 0);
    stream_parser_deinit(&s.p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stream_comes_back_however_it_is_cut_into_pieces),
        cmocka_unit_test(stream_does_not_pass_with_any_octet_flipped),
        cmocka_unit_test(stream_cut_anywhere_is_not_whole),
        cmocka_unit_test(stream_with_a_record_left_out_or_told_twice_is_not_proved),
        cmocka_unit_test(stream_of_another_store_key_opens_no_period_and_proves_nothing),
        cmocka_unit_test(stream_out_of_order_is_refused_at_once),
        cmocka_unit_test(stream_takes_nothing_after_its_end),
        cmocka_unit_test(stream_believes_no_length_beyond_the_largest_value),
        cmocka_unit_test(stream_stops_where_its_reader_says),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
