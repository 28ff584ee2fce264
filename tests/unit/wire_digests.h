/* SPDX-License-Identifier: Apache-2.0 */
/* wire_digests.h - the walk over fixed numbers, one a type of message: what became of many changed
 * messages goes into a number, and it must be the one that was written down. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire/scan.h"
#include "wire_sample.h"
#include <inttypes.h>

#define PADDING_TAG  15
#define DIGEST_START UINT64_C(0xcbf29ce484222325)

struct wire_digest {
    uint8_t type;
    uint64_t digest;
};

/* FNV-1a: the same numbers everywhere. */
static inline void note(uint64_t *digest, const void *data, size_t len)
{
    const uint8_t *at = data;

    for (size_t i = 0; i < len; i++)
        *digest = (*digest ^ at[i]) * UINT64_C(0x100000001b3);
}

/* The body of a frame of ours without its padding: sizes are others' business (test_wire_frames.c). */
static inline void put_bare(struct bytes frame, struct buf *out)
{
    struct wire_envelope e;

    assert_int_equal(wire_open(frame, &e), WIRE_OK);
    while (e.body.len > 0) {
        const uint8_t *start = e.body.data;
        struct scan_field f = { 0 };

        assert_int_equal(scan_next(&e.body, &f), WIRE_OK);
        if (f.tag != PADDING_TAG)
            buf_put(out, start, (size_t)(e.body.data - start));
    }
}

static inline void note_bare(struct bytes frame, uint64_t *digest)
{
    ALM_CLEANUP(buf_deinit) struct buf bare = { .max = WIRE_FRAME_MAX };

    put_bare(frame, &bare);
    assert_int_equal(buf_status(&bare), 0);
    note(digest, bare.data, bare.len);
}

/* Every type, also those that no message has: 0 of those. Prints each row that differs as it would be. */
static inline void assert_digests(const struct wire_digest *expected, size_t n, uint64_t (*digest_of)(uint8_t type))
{
    unsigned wrong = 0;

    for (unsigned type = 1; type <= UINT8_MAX; type++) {
        uint64_t digest = wire_sample_has((uint8_t)type) ? digest_of((uint8_t)type) : 0, was = 0;

        for (size_t i = 0; i < n; i++) {
            if (expected[i].type == type)
                was = expected[i].digest;
        }
        if (digest == was)
            continue;
        print_message("    { %u, UINT64_C(0x%016" PRIx64 ") },\n", type, digest);
        wrong++;
    }
    assert_int_equal(wrong, 0);
}
