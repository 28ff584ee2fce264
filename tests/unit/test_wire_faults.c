/* SPDX-License-Identifier: Apache-2.0 */
/* test_wire_faults.c - frames made by hand, each with one fault, each refused for its own reason.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alloc_fail.h"
#include "wire/scan.h"
#include "wire_sample.h"
#include <string.h>

static struct msg sent, got;

/* clang-format off: hex reads by field, not by column */
/* Pieces of a good body, in hex. Hello: versions 1 to 1, mode exercise. */
#define ID     "0a1001010101010171018101010101010101"
#define SENDER "1a0161"
#define SENT   "2001"
#define HELLO                                                                                      \
    "a20106"                                                                                       \
    "080110011802"
#define GOOD  ID SENDER SENT HELLO
#define LEASE "b20100"
#define X16   "78787878787878787878787878787878"
#define X64   X16 X16 X16 X16
#define TOKEN                                                                                      \
    "0803"                                                                                         \
    "1001"                                                                                         \
    "1801"                                                                                         \
    "2220" X16 X16 /* 40 bytes */

static const struct {
    const char *what, *hex;
    enum wire_fault fault;
} bodies[] = {
    { "good", GOOD, WIRE_OK },
    { "good, fields in another order", HELLO SENT SENDER ID, WIRE_OK },
    { "good, padded", GOOD "7a0400000000", WIRE_OK },
    { "good, padded by two",
      GOOD "7a00"
           "7a0100",
      WIRE_OK },
    { "nothing at all", "", WIRE_MISSING_FIELD },
    { "no id", SENDER SENT HELLO, WIRE_MISSING_FIELD },
    { "no sender", ID SENT HELLO, WIRE_MISSING_FIELD },
    { "no time", ID SENDER HELLO, WIRE_MISSING_FIELD },
    { "no payload", ID SENDER SENT, WIRE_MISSING_FIELD },
    { "no version in the payload",
      ID SENDER SENT "a20104"
                     "08011802",
      WIRE_MISSING_FIELD },
    { "an empty payload", ID SENDER SENT "a20100", WIRE_MISSING_FIELD },

    { "unknown tag 9", GOOD "4801", WIRE_UNKNOWN_FIELD },
    { "unknown tag 16", GOOD "820100", WIRE_UNKNOWN_FIELD },
    { "a payload of a later version", ID SENDER SENT "9a0600", WIRE_UNKNOWN_FIELD },
    { "unknown tag in the payload",
      ID SENDER SENT "a20108"
                     "0801100118022801",
      WIRE_UNKNOWN_FIELD },
    { "the greatest tag", GOOD "f8ffffff0f01", WIRE_UNKNOWN_FIELD },
    { "tag 0", GOOD "0001", WIRE_UNKNOWN_FIELD },

    { "a number for a text", ID "1801" SENT HELLO, WIRE_WRONG_TYPE },
    { "bytes for a number", ID SENDER "220101" HELLO, WIRE_WRONG_TYPE },
    { "a number for a message", ID SENDER SENT "a00101", WIRE_WRONG_TYPE },
    { "fixed64", ID SENDER "210100000000000000" HELLO, WIRE_WRONG_TYPE },
    { "fixed32", ID SENDER "2501000000" HELLO, WIRE_WRONG_TYPE },
    { "a group opened", GOOD "4b4c", WIRE_WRONG_TYPE },
    { "a group closed", GOOD "4c", WIRE_WRONG_TYPE },
    { "a payload as a group", ID SENDER SENT "a301a401", WIRE_WRONG_TYPE },
    { "wire type 6", GOOD "46", WIRE_WRONG_TYPE },
    { "wire type 7", GOOD "47", WIRE_WRONG_TYPE },

    { "id twice", ID GOOD, WIRE_DUPLICATE_FIELD },
    { "time twice", GOOD SENT, WIRE_DUPLICATE_FIELD },
    { "sender twice", GOOD SENDER, WIRE_DUPLICATE_FIELD },
    { "payload twice", GOOD HELLO, WIRE_DUPLICATE_FIELD },
    { "a field of the payload twice",
      ID SENDER SENT "a20108"
                     "0801080110011802",
      WIRE_DUPLICATE_FIELD },
    { "two payloads", GOOD LEASE, WIRE_TWO_ARMS },
    { "two payloads, the other way", ID SENDER SENT LEASE HELLO, WIRE_TWO_ARMS },

    { "a tag with a byte too many", ID SENDER "a00001" HELLO, WIRE_BAD_VARINT },
    { "a length with a byte too many", ID "1a810061" SENT HELLO, WIRE_BAD_VARINT },
    { "a number with a byte too many", ID SENDER "208100" HELLO, WIRE_BAD_VARINT },
    { "a number of 11 bytes", ID SENDER "208080808080808080808001" HELLO, WIRE_BAD_VARINT },
    { "a number of 65 bits", ID SENDER "20ffffffffffffffffff02" HELLO, WIRE_BAD_VARINT },
    { "a tag of 33 bits", GOOD "808080801001", WIRE_BAD_VARINT },
    { "a zero in two bytes", ID SENDER "208000" HELLO, WIRE_BAD_VARINT },

    { "an enum's 0",
      ID SENDER SENT "a20106"
                     "080110011800",
      WIRE_BAD_ENUM },
    { "an unknown enum",
      ID SENDER SENT "a20106"
                     "080110011803",
      WIRE_BAD_ENUM },
    { "a negative enum",
      ID SENDER SENT "a2010f"
                     "0801100118ffffffffffffffffff01",
      WIRE_BAD_ENUM },
    { "an enum that is good once cut to 32 bits",
      ID SENDER SENT "a2010a"
                     "08011001188280808010",
      WIRE_BAD_ENUM },

    { "NUL in a name", ID "1a03610062" SENT HELLO, WIRE_HAS_NUL },
    { "NUL at the end", ID "1a026100" SENT HELLO, WIRE_HAS_NUL },
    { "an overlong form", ID "1a02c0af" SENT HELLO, WIRE_BAD_UTF8 },
    { "a surrogate", ID "1a03eda080" SENT HELLO, WIRE_BAD_UTF8 },
    { "past U+10FFFF", ID "1a04f4908080" SENT HELLO, WIRE_BAD_UTF8 },
    { "half a character", ID "1a01c3" SENT HELLO, WIRE_BAD_UTF8 },

    { "a tag without a value", GOOD "20", WIRE_TRUNCATED },
    { "half a tag", GOOD "a0", WIRE_TRUNCATED },
    { "a length past the end", ID "1a0261", WIRE_TRUNCATED },
    { "a length of 2^63", ID "1a80808080808080808001", WIRE_TRUNCATED },
    { "a payload that ends within a field",
      ID SENDER SENT "a20105"
                     "0801100118",
      WIRE_TRUNCATED },
    { "a payload longer than its body",
      ID SENDER SENT "a20107"
                     "080110011802",
      WIRE_TRUNCATED },

    { "padding of three",
      GOOD "7a00"
           "7a00"
           "7a00",
      WIRE_TOO_MANY },
    { "sender of 64 bytes", ID "1a40" X64 SENT HELLO, WIRE_TOO_LONG },
    { "sender of 63 bytes", ID "1a3f" X16 X16 X16 "787878787878787878787878787878" SENT HELLO,
      WIRE_OK },
    { "software of 64 bytes",
      ID SENDER SENT "a20148"
                     "080110011802"
                     "2240" X64,
      WIRE_TOO_LONG },
    { "an id of 17 bytes", "0a110101010101017101810101010101010101" SENDER SENT HELLO,
      WIRE_TOO_LONG },

    { "an id of 15 bytes", "0a0f010101010101710181010101010101" SENDER SENT HELLO, WIRE_BAD_ID },
    { "an id of none", "0a00" SENDER SENT HELLO, WIRE_BAD_ID },
    { "an id of version 4", "0a1001010101010141018101010101010101" SENDER SENT HELLO, WIRE_BAD_ID },
    { "an id of another variant", "0a100101010101017101c101010101010101" SENDER SENT HELLO,
      WIRE_BAD_ID },
    { "a reply to an id of zeroes",
      GOOD "1210"
           "00000000000000000000000000000000",
      WIRE_BAD_ID },
    { "a sender in capitals", ID "1a0141" SENT HELLO, WIRE_BAD_ID },
    { "a sender that starts with a dot", ID "1a022e61" SENT HELLO, WIRE_BAD_ID },
    { "a sender with an accent", ID "1a02c3a9" SENT HELLO, WIRE_BAD_ID },

    { "a default text written out", ID "1a00" SENT HELLO, WIRE_BAD_VALUE },
    { "a default number written out", ID SENDER "2000" HELLO, WIRE_BAD_VALUE },
    { "a negative time", ID SENDER "20ffffffffffffffffff01" HELLO, WIRE_BAD_VALUE },
    { "a time past the year 9999", ID SENDER "20ffffffffffffffff7f" HELLO, WIRE_BAD_VALUE },
    { "a number past 32 bits",
      ID SENDER SENT "a2010a"
                     "08818080801010011802",
      WIRE_BAD_VALUE },
    { "versions crossed",
      ID SENDER SENT "a20106"
                     "080210011802",
      WIRE_BAD_VALUE },
    { "padding that says something",
      GOOD "7a0100"
           "7a020001",
      WIRE_BAD_VALUE },
    { "a day before 1900",
      ID SENT "b20102"
              "0801",
      WIRE_BAD_VALUE },
    { "a day after 2999",
      ID SENT "b20104"
              "08c3ed42",
      WIRE_BAD_VALUE },
    { "the last day of 2999",
      ID SENT "b20104"
              "08c2ed42",
      WIRE_OK },
    { "a hello that replies",
      GOOD "1210"
           "01010101010171018101010101010101",
      WIRE_BAD_VALUE },
    { "a line feed in a reference",
      ID SENDER SENT "a20109"
                     "080110011802"
                     "22010a",
      WIRE_BAD_VALUE },
    { "a policy hash that is none",
      ID SENT "b20103"
              "120161",
      WIRE_BAD_VALUE },

    /* A Shield (33) with one token of 40 bytes: the parts that only nest deeper. */
    { "a shield",
      ID SENDER SENT "8a0235"
                     "0a2a"
                     "0a28" TOKEN "1001"
                     "1897f32b"
                     "320161",
      WIRE_OK },
    { "a bool of 2",
      ID SENDER SENT "8a0237"
                     "0a2c"
                     "0a28" TOKEN "1002"
                     "1001"
                     "1897f32b"
                     "320161",
      WIRE_BAD_VALUE },
    { "a bool of 0",
      ID SENDER SENT "8a0237"
                     "0a2c"
                     "0a28" TOKEN "1000"
                     "1001"
                     "1897f32b"
                     "320161",
      WIRE_BAD_VALUE },
    { "a token of 31 bytes",
      ID SENDER SENT "8a022b"
                     "0a29"
                     "0a27"
                     "080310011801"
                     "221f" X16 "787878787878787878787878787878",
      WIRE_BAD_VALUE },
    { "a token of 33 bytes",
      ID SENDER SENT "8a022d"
                     "0a2b"
                     "0a29"
                     "080310011801"
                     "2221" X16 X16 "78",
      WIRE_TOO_LONG },
    { "a token of a later kind",
      ID SENDER SENT "8a022c"
                     "0a2a"
                     "0a28"
                     "080b10011801"
                     "2220" X16 X16,
      WIRE_BAD_ENUM },
    { "an epoch past 16 bits",
      ID SENDER SENT "8a022e"
                     "0a2c"
                     "0a2a"
                     "08031001"
                     "18808004"
                     "2220" X16 X16,
      WIRE_BAD_VALUE },
    { "an unknown tag three levels down",
      ID SENDER SENT "8a022e"
                     "0a2c"
                     "0a2a" TOKEN "2801",
      WIRE_UNKNOWN_FIELD },
};

/* clang-format on */
static struct bytes unhex(const char *hex, uint8_t *out)
{
    size_t len = strlen(hex) / 2;

    assert_int_equal(hex_decode(hex, out, len), 0);
    return bytes_of(out, len);
}

static void each_fault_of_a_body_is_refused_for_its_own_reason(void **state)
{
    uint8_t raw[512];

    (void)state;
    for (size_t i = 0; i < ALM_LEN(bodies); i++) {
        enum wire_fault f = wire_decode(unhex(bodies[i].hex, raw), &got);

        if (f != bodies[i].fault)
            fail_msg("%s: %s, expected %s", bodies[i].what, wire_fault_word(f),
                     wire_fault_word(bodies[i].fault));
    }
}

static void peeking_refuses_what_scanning_refuses(void **state)
{
    uint8_t raw[512], type;

    (void)state;
    assert_int_equal(wire_peek(unhex(GOOD, raw), &type), WIRE_OK);
    assert_int_equal(type, MSG_HELLO);
    assert_int_equal(wire_peek(unhex(GOOD LEASE, raw), &type), WIRE_TWO_ARMS);
    assert_int_equal(wire_peek(unhex(ID SENDER, raw), &type), WIRE_OK);
    assert_int_equal(type, 0);
}

/* clang-format off */
#define KEY_ID "1208" "0102030405060708"
#define SIGNATURE "2240" X64
static const struct {
    const char *what, *hex;
    enum wire_fault fault;
} envelopes[] = {
    { "unsigned", "0801" "1a0161", WIRE_OK },
    { "signed", "0801" KEY_ID "1a0161" SIGNATURE, WIRE_OK },
    { "in another order", SIGNATURE "1a0161" KEY_ID "0801", WIRE_OK },
    { "nothing", "", WIRE_MISSING_FIELD },
    { "no version", "1a0161", WIRE_MISSING_FIELD },
    { "no body", "0801", WIRE_MISSING_FIELD },
    { "a key without a signature", "0801" KEY_ID "1a0161", WIRE_MISSING_FIELD },
    { "a signature without a key", "0801" "1a0161" SIGNATURE, WIRE_MISSING_FIELD },
    { "an empty body", "0801" "1a00", WIRE_BAD_VALUE },
    { "version 2", "0802" "1a0161", WIRE_BAD_VERSION },
    { "version 0 written out", "0800" "1a0161", WIRE_BAD_VALUE },
    { "a short key id", "0801" "120701020304050607" "1a0161" SIGNATURE, WIRE_BAD_VALUE },
    { "a long key id", "0801" "1209010203040506070809" "1a0161" SIGNATURE, WIRE_TOO_LONG },
    { "a short signature", "0801" KEY_ID "1a0161" "220161", WIRE_BAD_VALUE },
    { "two bodies", "0801" "1a0161" "1a0162", WIRE_DUPLICATE_FIELD },
    { "another field", "0801" "1a0161" "2a0161", WIRE_UNKNOWN_FIELD },
    { "more after the end", "0801" "1a0161" "ff", WIRE_TRUNCATED },
    { "text instead", "48656c6c6f", WIRE_UNKNOWN_FIELD },
    { "a group instead", "0b0c", WIRE_WRONG_TYPE },
};

/* clang-format on */
static void each_fault_of_an_envelope_is_refused_for_its_own_reason(void **state)
{
    uint8_t raw[512];
    struct wire_envelope e;

    (void)state;
    for (size_t i = 0; i < ALM_LEN(envelopes); i++) {
        enum wire_fault f = wire_open(unhex(envelopes[i].hex, raw), &e);

        if (f != envelopes[i].fault)
            fail_msg("%s: %s, expected %s", envelopes[i].what, wire_fault_word(f),
                     wire_fault_word(envelopes[i].fault));
        if (f == WIRE_OK)
            assert_true(bytes_equal(e.body, bytes_str("a")));
    }
}

static void more_than_a_frame_is_refused_unread(void **state)
{
    static const uint8_t much[WIRE_FRAME_MAX + 1];
    struct wire_envelope e;
    uint8_t type;

    (void)state;
    assert_int_equal(wire_open(bytes_of(much, sizeof(much)), &e), WIRE_TOO_LARGE);
    assert_int_equal(wire_decode(bytes_of(much, sizeof(much)), &got), WIRE_TOO_LARGE);
    assert_int_equal(wire_peek(bytes_of(much, sizeof(much)), &type), WIRE_TOO_LARGE);
}

static void body_of(uint8_t type, bool full, struct buf *frame, struct bytes *body)
{
    struct wire_context ctx = wire_sample_context();
    struct wire_envelope e;

    wire_sample(type, full, &sent);
    buf_init(frame, WIRE_FRAME_MAX);
    assert_int_equal(wire_encode(&sent, &ctx, NULL, frame), 0);
    assert_int_equal(wire_open(buf_view(frame), &e), WIRE_OK);
    *body = e.body;
}

static void levels_beyond_the_limit_are_refused(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf frame;
    struct bytes body;

    (void)state;
    body_of(MSG_INSIGHT_QUERY, true, &frame, &body); /* Body > InsightQuery > Home > Token */
    for (unsigned depth = 0; depth < 4; depth++)
        assert_int_equal(scan_message(&wire_shape_body, body, depth), WIRE_TOO_DEEP);
    assert_int_equal(scan_message(&wire_shape_body, body, 4), WIRE_OK);
}

/* Puts one more entry into a message that is full, by hand: a Body of only that payload suffices to
 * be scanned. */
static void one_entry_too_many_is_refused(void **state)
{
    static const struct {
        uint8_t payload;       /* Body's field */
        const char *entry_hex; /* with its tag and length */
        size_t most;
    } lists[] = {
        { MSG_CATALOGUE, "1a00", LIST_MAX },       { MSG_CATALOGUE, "2200", LIST_MAX },
        { MSG_INSIGHT_QUERY, "3200", HOMES_MAX },  { MSG_QUESTION, "3a00", HOMES_MAX },
        { MSG_INVOLVEMENT, "3200", INVOLVED_MAX }, { MSG_CONSENT_LIST, "1a00", LIST_MAX },
    };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(lists); i++) {
        for (size_t n = lists[i].most; n <= lists[i].most + 1; n++) {
            ALM_CLEANUP(buf_deinit) struct buf raw;
            uint8_t entry[8];
            struct bytes e = unhex(lists[i].entry_hex, entry);
            unsigned key = (unsigned)lists[i].payload << 3 | 2, len = (unsigned)(n * e.len);

            buf_init(&raw, 4096);
            buf_put_u8(&raw, (uint8_t)(key | 0x80));
            buf_put_u8(&raw, (uint8_t)(key >> 7));
            if (len > 127) {
                buf_put_u8(&raw, (uint8_t)(len | 0x80));
                len >>= 7;
            }
            buf_put_u8(&raw, (uint8_t)len);
            for (size_t k = 0; k < n; k++)
                buf_put(&raw, e.data, e.len);
            assert_int_equal(scan_message(&wire_shape_body, buf_view(&raw), SCAN_DEPTH_MAX),
                             n > lists[i].most ? WIRE_TOO_MANY : WIRE_OK);
        }
    }
}

static void a_body_cut_short_anywhere_is_refused(void **state)
{
    (void)state;
    for (uint8_t type = MSG_HELLO; type <= MSG_COSIGNATURE; type++) {
        ALM_CLEANUP(buf_deinit) struct buf frame;
        struct bytes body;

        if (!wire_sample_has(type))
            continue;

        body_of(type, false, &frame, &body);
        /* The payload comes after the padding; without its last byte nothing is good. */
        for (size_t len = 0; len < body.len; len++) {
            enum wire_fault f = wire_decode(bytes_of(body.data, len), &got);

            if (f != WIRE_TRUNCATED && f != WIRE_MISSING_FIELD)
                fail_msg("type %u cut at %zu: %s", type, len, wire_fault_word(f));
        }
    }
}

static void without_memory_a_body_is_refused(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf frame;
    struct bytes body;
    long n = 0;

    (void)state;
    body_of(MSG_INVOLVEMENT, true, &frame, &body);
    for (;; n++) {
        enum wire_fault f;

        alloc_fail_nth(n);
        f = wire_decode(body, &got);
        if (!alloc_failed()) {
            assert_int_equal(f, WIRE_OK);
            break;
        }
        assert_int_equal(f, WIRE_NO_MEMORY);
    }
    alloc_fail_nth(-1);
    assert_in_range(n, 1, 8); /* few large pieces, not one per field */
}

static void every_fault_has_a_word_of_its_own(void **state)
{
    (void)state;
    for (int a = WIRE_OK; a <= WIRE_NO_MEMORY; a++) {
        assert_string_not_equal(wire_fault_word((enum wire_fault)a), "unknown-fault");
        for (int b = WIRE_OK; b < a; b++)
            assert_string_not_equal(wire_fault_word((enum wire_fault)a),
                                    wire_fault_word((enum wire_fault)b));
    }
    assert_string_equal(wire_fault_word((enum wire_fault)999), "unknown-fault");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_of_a_body_is_refused_for_its_own_reason),
        cmocka_unit_test(peeking_refuses_what_scanning_refuses),
        cmocka_unit_test(each_fault_of_an_envelope_is_refused_for_its_own_reason),
        cmocka_unit_test(more_than_a_frame_is_refused_unread),
        cmocka_unit_test(levels_beyond_the_limit_are_refused),
        cmocka_unit_test(one_entry_too_many_is_refused),
        cmocka_unit_test(a_body_cut_short_anywhere_is_refused),
        cmocka_unit_test(without_memory_a_body_is_refused),
        cmocka_unit_test(every_fault_has_a_word_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
