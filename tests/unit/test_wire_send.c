/* SPDX-License-Identifier: Apache-2.0 */
/* test_wire_send.c - what is sent, byte for byte, and what the encoder refuses to send: fixed over
 * some thousand changed structs, as test_wire_accept.c is for what comes in.
 *
 * One member after another, found by the tables of the messages, gets a value at or past an edge. A
 * message that changes on purpose changes its number: the test prints the table as it would be. */
#include "wire_digests.h"
#include <string.h>

#define EDGES 8 /* values tried of each member */

static struct msg sample, changed;
static size_t n_sent, n_refused;

static void note_sent(uint64_t *digest)
{
    ALM_CLEANUP(buf_deinit) struct buf frame = { .max = WIRE_FRAME_MAX };
    struct wire_context ctx = wire_sample_context();
    int r = wire_encode(&changed, &ctx, NULL, &frame);
    uint8_t went = r == 0 ? 1 : (uint8_t)-r;

    note(digest, &went, 1);
    n_sent += r == 0;
    n_refused += r != 0;
    if (r == 0)
        note_bare(buf_view(&frame), digest);
}

static void edge_text(char *at, size_t size, unsigned edge)
{
    static const char *const texts[] = { "", "a", "-a", "A b", "a\x7f", "caf\xc3\xa9", "\xc3\x28" };

    if (edge < ALM_LEN(texts))
        (void)strncpy(at, texts[edge], size - 1);
    else
        memset(at, 'a', size); /* without an end */
}

static uint64_t edge_number(const struct shape_field *row, unsigned edge)
{
    const uint64_t numbers[EDGES] = { 0,        1,   2,         row->limit, (uint64_t)row->limit + 1,
                                      UINT64_MAX, 1600000000000, 12 };

    return numbers[edge];
}

/* Every C type is left with a value that it may have. */
static void edge_member(const struct shape_field *row, uint8_t *plain, unsigned edge)
{
    uint8_t *at = plain + row->offset;
    uint64_t n = edge_number(row, edge);
    bool flag = edge % 2;

    switch ((enum shape_kind)row->kind) {
    case SHAPE_NAME:
    case SHAPE_REF:
    case SHAPE_LINE: edge_text((char *)at, row->size, edge); break;
    case SHAPE_ID: memset(at, (int)edge, ID_LEN); break;
    case SHAPE_OCTETS: memset(at, edge ? 255 : 0, row->size); break;
    case SHAPE_BOOL: memcpy(at, &flag, sizeof(flag)); break;
    case SHAPE_ENUM:
    case SHAPE_U8: memcpy(at, &(uint8_t){ (uint8_t)n }, 1); break;
    case SHAPE_U16: memcpy(at, &(uint16_t){ (uint16_t)n }, 2); break;
    case SHAPE_U32: memcpy(at, &(uint32_t){ (uint32_t)n }, 4); break;
    case SHAPE_U64: memcpy(at, &n, 8); break;
    case SHAPE_MS: memcpy(at, &(int64_t){ edge == 3 ? INT64_C(253402300800000) : (int64_t)n }, 8); break;
    case SHAPE_DAY: memcpy(at, &(int32_t){ edge == 3 ? 376200 : edge == 4 ? INT32_MIN : (int32_t)n }, 4); break;
    case SHAPE_BLOCKS: memcpy(plain + row->presence, &(uint16_t){ (uint16_t)n }, 2); break;
    case SHAPE_LIST:
    case SHAPE_NAMES: plain[row->presence] = edge < 3 ? (uint8_t)edge : edge == 3 ? (uint8_t)(row->count + 1) : 255; break;
    case SHAPE_VIEW: ((struct bytes *)(void *)at)->len = edge ? row->limit + 1 : 0; break;
    case SHAPE_STRUCT: break;
    case SHAPE_PADDING:
    case SHAPE_ARM: return;
    }
    if (row->kind != SHAPE_LIST && row->kind != SHAPE_NAMES && row->kind != SHAPE_BLOCKS &&
        row->presence != SHAPE_ABSENT && edge >= 4)
        memcpy(plain + row->presence, &(bool){ !flag }, sizeof(bool));
}

static void note_edges(const struct shape *s, size_t offset, uint64_t *digest)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct shape_field *row = &s->fields[i];

        if (row->kind == SHAPE_ARM && row->tag != sample.type)
            continue;
        for (unsigned edge = 0; edge < EDGES; edge++) {
            changed = sample;
            edge_member(row, (uint8_t *)&changed + offset, edge);
            note_sent(digest);
        }
        if (row->sub) /* of a list the first */
            note_edges(row->sub, offset + row->offset, digest);
    }
}

static uint64_t digest_of(uint8_t type)
{
    uint64_t digest = DIGEST_START;

    for (int full = 0; full <= 1; full++) {
        wire_sample(type, full, &sample);
        note_edges(&wire_shape_body, 0, &digest);
    }
    return digest;
}

static const struct wire_digest expected[] = {
    { 20, UINT64_C(0x82f627c1206a7c3b) },
    { 21, UINT64_C(0xdf0e586259e8ed95) },
    { 22, UINT64_C(0xae5d94f18760463d) },
    { 23, UINT64_C(0x531b4ac238d1112e) },
    { 24, UINT64_C(0xad44d2fe40979273) },
    { 25, UINT64_C(0x68fa65a6d4269eb5) },
    { 26, UINT64_C(0x4a9c9a2b9150705c) },
    { 27, UINT64_C(0x1024cfe5e9ace88c) },
    { 28, UINT64_C(0x63cca4958365821e) },
    { 29, UINT64_C(0x2837e27a1e261c26) },
    { 30, UINT64_C(0x4fa2c14fc68ed65e) },
    { 31, UINT64_C(0x850504dc118c8574) },
    { 32, UINT64_C(0xe325c2e5a05e7757) },
    { 33, UINT64_C(0x60df53fcd639ce55) },
    { 34, UINT64_C(0xcea5d95b29750bbd) },
    { 35, UINT64_C(0x6de2c5de13b54d03) },
    { 36, UINT64_C(0x437911c4079ddf83) },
    { 37, UINT64_C(0xa8fce69311146197) },
    { 38, UINT64_C(0xa8454df0d5026de8) },
    { 39, UINT64_C(0x2b9cd4edcbcc9530) },
    { 40, UINT64_C(0xb94500208a635340) },
    { 41, UINT64_C(0x379a9f34545c1882) },
    { 42, UINT64_C(0xd982098ea5b6d727) },
    { 43, UINT64_C(0x3fc920dc05e3ebb6) },
    { 44, UINT64_C(0x3618a54682afa38c) },
    { 45, UINT64_C(0x5cf5d6f04816f4ed) },
    { 46, UINT64_C(0x8231ab4db6229cf5) },
    { 47, UINT64_C(0xd224bf1368930b22) },
    { 48, UINT64_C(0x23c312ed6a7baa7b) },
    { 49, UINT64_C(0x9a13efc01782c4f1) },
    { 50, UINT64_C(0xd943fa15e3d07796) },
    { 51, UINT64_C(0x9daae6d605544d7f) },
    { 52, UINT64_C(0x70028c17d834fa56) },
    { 53, UINT64_C(0x7ffa4ecb76d20e72) },
    { 54, UINT64_C(0x96f1407f522fbac5) },
    { 55, UINT64_C(0xaa76b5075dd8e731) },
    { 57, UINT64_C(0xa71e349273d13f6c) },
    { 58, UINT64_C(0x26d914582ebb5743) },
    { 59, UINT64_C(0xe4b6c406231a632a) },
    { 60, UINT64_C(0xbce3878856e6c39a) },
    { 61, UINT64_C(0x130453db5bb22db7) },
    { 62, UINT64_C(0x937623f3cdd6ede0) },
    { 63, UINT64_C(0x4ad6b96b8756df62) },
    { 64, UINT64_C(0x3b4ae644aec4099f) },
    { 65, UINT64_C(0x0dd9933145b6cec9) },
    { 66, UINT64_C(0xd42ca761488eb34c) },
    { 67, UINT64_C(0x64e190fde2e5c54c) },
    { 68, UINT64_C(0x94396a26adc6c8f2) },
    { 69, UINT64_C(0x2ce33bca3b31fb25) },
    { 70, UINT64_C(0x8d1e4731976a943e) },
    { 71, UINT64_C(0x98827ccbea789ec1) },
    { 72, UINT64_C(0xafd9fd2de6a3f736) },
    { 73, UINT64_C(0xb612f86a856d5f30) },
    { 74, UINT64_C(0xb70e7803442e381d) },
    { 75, UINT64_C(0xc8e60ad3dbb33e39) },
    { 76, UINT64_C(0x0c57a35bf6f437de) },
    { 77, UINT64_C(0xd0819634551b20bb) },
    { 78, UINT64_C(0xedec84c7d573cecb) },
    { 79, UINT64_C(0x394eb11e2222696f) },
    { 80, UINT64_C(0xc6f414f8c060d1b7) },
    { 81, UINT64_C(0x55aae1a0eab8e37d) },
    { 82, UINT64_C(0x884d2471eab81cbe) },
    { 86, UINT64_C(0x047b7217cb3c6f4a) },
};

static void changed_structs_are_sent_and_refused_as_ever(void **state)
{
    (void)state;
    n_sent = n_refused = 0;
    assert_digests(expected, ALM_LEN(expected), digest_of);
}

static void the_changes_are_partly_sent_and_partly_refused(void **state)
{
    (void)state;
    assert_true(n_sent > 5000);
    assert_true(n_refused > 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changed_structs_are_sent_and_refused_as_ever),
        cmocka_unit_test(the_changes_are_partly_sent_and_partly_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
