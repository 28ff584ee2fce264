/* SPDX-License-Identifier: Apache-2.0 */
/* test_wire_accept.c - what is accepted and what is refused, for which reason, over some hundred
 * thousand changed bodies: fixed, so that a quicker way of walking the bytes cannot be a laxer one.
 *
 * Every sample (with the least and with the most in it) is changed in ways that follow from numbers:
 * bytes flipped, cut, put in, fields twice, gone, in another order, in the body and in its payload.
 * What comes of each, the fault or the message as it is encoded again, goes into one number a type.
 * A message that changes on purpose changes its number: the test prints the table as it would be. */
#include "wire_digests.h"
#include <string.h>

#define CHANGES     300 /* of each sample */
#define PIECES_MAX  400
#define ENVELOPE_CHANGES 4000
#define SIGNED_DIGEST    UINT64_C(0x179c6a4d662faf27)
#define BARE_DIGEST      UINT64_C(0x60829a1c0a8030b6)

static struct msg first;
static size_t n_fault[WIRE_NO_MEMORY + 1];

/* xorshift64: the same numbers everywhere. */
static uint64_t draw(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static size_t below(uint64_t *state, size_t n)
{
    return n ? (size_t)((draw(state) >> 11) % n) : 0;
}

/* Fields of a message as they stand, padding left out. Return: how many; 0 they cannot be told. */
static size_t pieces_of(struct bytes message, struct bytes out[static PIECES_MAX], uint32_t tags[static PIECES_MAX],
                        struct bytes views[static PIECES_MAX])
{
    size_t n = 0;

    while (message.len > 0 && n < PIECES_MAX) {
        const uint8_t *start = message.data;
        struct scan_field f = { 0 };

        if (scan_next(&message, &f) != WIRE_OK)
            return 0;
        if (f.tag == PADDING_TAG)
            continue;
        out[n] = bytes_of(start, (size_t)(message.data - start));
        views[n] = f.type == 2 ? f.view : (struct bytes){ 0 };
        tags[n++] = f.tag;
    }
    return n;
}

static void put_varint(struct buf *out, uint64_t v)
{
    for (; v >= 128; v >>= 7)
        buf_put_u8(out, (uint8_t)(v | 128));
    buf_put_u8(out, (uint8_t)v);
}

/* Bytes anywhere: one flipped, one set, or set to an edge, some cut away, some put in, the end missing. */
static void change_bytes(struct bytes in, uint64_t *state, struct buf *out)
{
    static const uint8_t sharp[] = { 0, 1, 0x7f, 0x80, 0xc0, 0xff };
    size_t at = below(state, in.len), kind = below(state, 6), n = 1 + below(state, 3);

    if (kind == 4)
        in.len = at;
    buf_put(out, in.data, in.len);
    if (at >= out->len)
        return;
    if (kind == 0)
        out->data[at] ^= (uint8_t)(1u << below(state, 8));
    else if (kind == 1)
        out->data[at] = (uint8_t)draw(state);
    else if (kind == 5)
        out->data[at] = sharp[below(state, ALM_LEN(sharp))];
    else if (kind == 2 && at + n <= in.len) {
        memmove(out->data + at, out->data + at + n, in.len - at - n);
        out->len -= n;
    } else if (kind == 3) {
        buf_put(out, in.data + in.len - 1, 1);
        memmove(out->data + at + 1, out->data + at, out->len - at - 1);
        out->data[at] = (uint8_t)draw(state);
    }
}

/* Whole fields: one twice, one gone, two in the other's place, one with its number spelt longer, one
 * of another number, one of nothing. */
static void change_fields(struct bytes in, uint64_t *state, struct buf *out)
{
    static struct bytes pieces[PIECES_MAX], views[PIECES_MAX];
    static uint32_t tags[PIECES_MAX];
    size_t n = pieces_of(in, pieces, tags, views), a = below(state, n), b = below(state, n), kind = below(state, 7);

    for (size_t i = 0; i < n; i++) {
        struct bytes p = pieces[kind == 2 && i == a ? b : kind == 2 && i == b ? a : i];

        if (kind == 1 && i == a)
            continue;
        if (kind == 3 && i == a && p.data[0] < 128) { /* the tag in two bytes */
            buf_put_u8(out, p.data[0] | 128);
            buf_put_u8(out, 0);
            p = bytes_of(p.data + 1, p.len - 1);
        }
        if (kind == 4 && i == a) { /* of another number, or type */
            buf_put_u8(out, p.data[0] ^ (uint8_t)(1u << below(state, 7)));
            p = bytes_of(p.data + 1, p.len - 1);
        }
        if (kind == 5 && i == a && views[i].len) { /* there, and empty */
            put_varint(out, (uint64_t)tags[i] << 3 | 2);
            put_varint(out, 0);
            continue;
        }
        if (kind == 6 && i == a && views[i].len == 0) { /* there, and zero */
            put_varint(out, (uint64_t)tags[i] << 3);
            put_varint(out, 0);
            continue;
        }
        buf_put(out, p.data, p.len);
        if (kind == 0 && i == a)
            buf_put(out, p.data, p.len);
    }
}

/* The same inside one of the fields, at some depth, with all the lengths around it as they should be. */
static void change_inside(struct bytes in, uint64_t *state, unsigned depth, struct buf *out)
{
    struct bytes pieces[PIECES_MAX], views[PIECES_MAX];
    uint32_t tags[PIECES_MAX];
    size_t n = pieces_of(in, pieces, tags, views), a = below(state, n);

    /* The payload is the longest by far; what is short is changed often enough from outside. */
    for (size_t tries = 0; tries < 4 && n && views[a].len < 4; tries++)
        a = below(state, n);
    for (size_t i = 0; i < n; i++) {
        ALM_CLEANUP(buf_deinit) struct buf inner = { .max = 2 * WIRE_FRAME_MAX };

        if (i != a || views[i].len == 0) {
            buf_put(out, pieces[i].data, pieces[i].len);
            continue;
        }
        if (depth > 1 && below(state, 3))
            change_inside(views[i], state, depth - 1, &inner);
        else if (below(state, 2))
            change_fields(views[i], state, &inner);
        else
            change_bytes(views[i], state, &inner);
        put_varint(out, (uint64_t)tags[i] << 3 | 2);
        put_varint(out, inner.len);
        buf_put(out, inner.data, inner.len);
    }
}

static void note_accepted(uint64_t *digest)
{
    ALM_CLEANUP(buf_deinit) struct buf frame = { .max = WIRE_FRAME_MAX };
    struct wire_context ctx = wire_sample_context();
    int r = wire_encode(&first, &ctx, NULL, &frame);
    uint8_t went = r == 0;

    note(digest, &went, 1);
    if (r == 0)
        note_bare(buf_view(&frame), digest);
}

static void note_body(struct bytes body, uint64_t *digest)
{
    struct id id;
    uint8_t type = 0, said[4];
    enum wire_fault peeked = wire_peek(body, &type), fault = wire_decode(body, &first);

    said[0] = (uint8_t)peeked;
    said[1] = peeked ? 0 : type;
    said[2] = wire_peek_id(body, &id);
    said[3] = (uint8_t)fault;
    note(digest, said, sizeof(said));
    note(digest, &id, sizeof(id));
    assert_true(fault <= WIRE_NO_MEMORY);
    n_fault[fault]++;
    if (fault)
        return;
    assert_int_equal(first.type, type);
    note_accepted(digest);
}

static void note_changes(struct bytes bare, uint64_t *state, uint64_t *digest)
{
    for (unsigned i = 0; i < CHANGES; i++) {
        ALM_CLEANUP(buf_deinit) struct buf out = { .max = 2 * WIRE_FRAME_MAX };
        size_t kind = below(state, 8);

        if (kind < 2)
            change_bytes(bare, state, &out);
        else if (kind < 4)
            change_fields(bare, state, &out);
        else
            change_inside(bare, state, 4, &out);
        if (below(state, 4) == 0)
            buf_put(&out, "\x7a\x02\0\0", 4); /* padding at the end is as good as anywhere */
        if (below(state, 64) == 0)
            buf_put(&out, "\xba\x01\0", 3); /* and a second payload is not */
        note_body(buf_view(&out), digest);
    }
}

static void note_sample(uint8_t type, bool full, uint64_t *state, uint64_t *digest)
{
    ALM_CLEANUP(buf_deinit) struct buf frame = { .max = WIRE_FRAME_MAX }, bare = { .max = WIRE_FRAME_MAX };
    struct wire_context ctx = wire_sample_context();

    wire_sample(type, full, &first);
    assert_int_equal(wire_encode(&first, &ctx, NULL, &frame), 0);
    put_bare(buf_view(&frame), &bare);
    note_body(buf_view(&bare), digest);
    note_changes(buf_view(&bare), state, digest);
}

static const struct wire_digest expected[] = {
    { 20, UINT64_C(0xa3c5295f8a185f27) },
    { 21, UINT64_C(0xcf6b361b447633a7) },
    { 22, UINT64_C(0x1aea5e68af35babf) },
    { 23, UINT64_C(0x6cbf512d7105336f) },
    { 24, UINT64_C(0x5894de5cfc9d4a5e) },
    { 25, UINT64_C(0xd1e23c85c650d1d3) },
    { 26, UINT64_C(0x6768e69b1888945c) },
    { 27, UINT64_C(0xf06168b06392644c) },
    { 28, UINT64_C(0x142003d3c4c54a20) },
    { 29, UINT64_C(0x082d46c964fa4124) },
    { 30, UINT64_C(0xeb96a779bee6e72b) },
    { 31, UINT64_C(0x18b95d870a4f22e1) },
    { 32, UINT64_C(0x18f2840ff3fe23d0) },
    { 33, UINT64_C(0x5fe39686917ff405) },
    { 34, UINT64_C(0x2447e25ac0f67332) },
    { 35, UINT64_C(0x9f9ae6865e89fc31) },
    { 36, UINT64_C(0x1f39dbc511c52bd3) },
    { 37, UINT64_C(0x6c37658ab8e788f4) },
    { 38, UINT64_C(0x5f7ffbd4aab73bd6) },
    { 39, UINT64_C(0xc0f3564fdc13a313) },
    { 40, UINT64_C(0x3186a07f10631681) },
    { 41, UINT64_C(0xeb76347387bbc1ad) },
    { 42, UINT64_C(0xac2c0d0c68a3024b) },
    { 43, UINT64_C(0x6001f39c43848f96) },
    { 44, UINT64_C(0xd19a41de3bdefeea) },
    { 45, UINT64_C(0xacdcdcf538d7c68a) },
    { 46, UINT64_C(0x54fdf4d813570ee1) },
    { 47, UINT64_C(0x3a72eaabd8ed5e9d) },
    { 48, UINT64_C(0xba7b428efa49c994) },
    { 49, UINT64_C(0x38872e6b1db4445a) },
    { 50, UINT64_C(0xb36185c8c0ea93c5) },
    { 51, UINT64_C(0x71319f9fec57e557) },
    { 52, UINT64_C(0x0cd196f77124a4b6) },
    { 53, UINT64_C(0x5324ca378c05868a) },
    { 54, UINT64_C(0x35831591e78022a5) },
    { 55, UINT64_C(0x3ff3edc93def4bf8) },
    { 57, UINT64_C(0xf229cdcef6ea0859) },
    { 58, UINT64_C(0xb3605101c7c7c43e) },
    { 59, UINT64_C(0x8fa83158906e3185) },
    { 60, UINT64_C(0x9b6b5da80dd5650c) },
    { 61, UINT64_C(0x23708f9fea6cbc60) },
    { 62, UINT64_C(0x807f6440e8c2f33b) },
    { 63, UINT64_C(0x887017502fa90042) },
    { 64, UINT64_C(0x0efd3bf236eae3da) },
    { 65, UINT64_C(0x34b6ec5057849780) },
    { 66, UINT64_C(0xaf57045ab1329d67) },
    { 67, UINT64_C(0x3d56fd4df64e6281) },
    { 68, UINT64_C(0x82401ce2ca49dbd1) },
    { 69, UINT64_C(0xdfc84e7ec667eb4d) },
    { 70, UINT64_C(0xd031a9106bca59b5) },
    { 71, UINT64_C(0x24b487bc7fcaf66f) },
    { 72, UINT64_C(0xf4c23ab644c63fd1) },
    { 73, UINT64_C(0x46e61c232941d77b) },
    { 74, UINT64_C(0x1a09e9ecc472a286) },
    { 75, UINT64_C(0xd899580e0a28cfd4) },
    { 76, UINT64_C(0x5e987c1a20bf3251) },
    { 77, UINT64_C(0xa78521b04d22b9d5) },
    { 78, UINT64_C(0x2c5e56587556a2a3) },
    { 79, UINT64_C(0xdbdacdeb215003c7) },
    { 80, UINT64_C(0xdaaa5709fc782e0a) },
    { 81, UINT64_C(0x0338c7ae7f41ab8f) },
    { 82, UINT64_C(0x2ca0e8cece311813) },
    { 86, UINT64_C(0xd514f90a0dcba321) },
};

static uint64_t digest_of(uint8_t type)
{
    uint64_t digest = DIGEST_START, state = UINT64_C(0x9e3779b97f4a7c15) ^ type;

    note_sample(type, false, &state, &digest);
    note_sample(type, true, &state, &digest);
    return digest;
}

static void changed_bodies_are_accepted_and_refused_as_ever(void **state)
{
    (void)state;
    memset(n_fault, 0, sizeof(n_fault));
    assert_digests(expected, ALM_LEN(expected), digest_of);
}

/* Else the digests would hold still because nothing was ever tried. */
static void the_changes_find_every_fault_of_a_body(void **state)
{
    (void)state;
    for (size_t f = WIRE_OK; f < WIRE_NO_MEMORY; f++) {
        bool of_body = f != WIRE_TOO_LARGE && f != WIRE_TOO_DEEP && f != WIRE_BAD_VERSION;

        if (of_body && n_fault[f] == 0)
            fail_msg("no body was refused as %s", wire_fault_word((enum wire_fault)f));
    }
    assert_true(n_fault[WIRE_OK] > 2000);
    assert_int_equal(n_fault[WIRE_NO_MEMORY], 0);
}

/* What becomes of one frame's changes, signed or bare; *opened counts those that are frames still. */
static uint64_t envelopes_of(const struct secret *key, size_t *opened)
{
    ALM_CLEANUP(buf_deinit) struct buf frame = { .max = WIRE_FRAME_MAX };
    struct wire_context ctx = wire_sample_context();
    uint64_t digest = DIGEST_START, draws = 77;

    wire_sample(MSG_ACK, false, &first);
    assert_int_equal(wire_encode(&first, &ctx, key, &frame), 0);
    for (unsigned i = 0; i < ENVELOPE_CHANGES; i++) {
        ALM_CLEANUP(buf_deinit) struct buf out = { .max = 2 * WIRE_FRAME_MAX };
        struct wire_envelope e;
        uint32_t said[4];

        if (i % 2)
            change_bytes(buf_view(&frame), &draws, &out);
        else
            change_fields(buf_view(&frame), &draws, &out);
        said[0] = wire_open(buf_view(&out), &e);
        said[1] = (uint32_t)e.body.len;
        said[2] = (uint32_t)e.key_id.len;
        said[3] = (uint32_t)e.signature.len;
        *opened += said[0] == WIRE_OK;
        for (size_t k = 0; k < ALM_LEN(said); k++) {
            uint8_t octets[2] = { (uint8_t)said[k], (uint8_t)(said[k] >> 8) };

            note(&digest, octets, sizeof(octets));
        }
        note(&digest, e.body.data, e.body.len);
    }
    return digest;
}

static void changed_envelopes_are_opened_and_refused_as_ever(void **state)
{
    struct secret key = wire_sample_key();
    size_t opened = 0;
    uint64_t of_signed = envelopes_of(&key, &opened), of_bare = envelopes_of(NULL, &opened);

    (void)state;
    assert_in_range(opened, ENVELOPE_CHANGES / 4, ENVELOPE_CHANGES * 7 / 4);
    if (of_signed != SIGNED_DIGEST || of_bare != BARE_DIGEST)
        fail_msg("signed 0x%016" PRIx64 ", bare 0x%016" PRIx64, of_signed, of_bare);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changed_bodies_are_accepted_and_refused_as_ever),
        cmocka_unit_test(the_changes_find_every_fault_of_a_body),
        cmocka_unit_test(changed_envelopes_are_opened_and_refused_as_ever),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
