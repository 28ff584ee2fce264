/* SPDX-License-Identifier: Apache-2.0 */
/* wire_fixture.h - what the tests of messages share: one out and in again, and lists of what must not
 * go out. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire/shape.h"
#include "wire_sample.h"
#include "wire_views.h"
#include <errno.h>
#include <string.h>

static struct msg sent, got; /* too large for a stack in tests */

static inline int encode(const struct msg *m, struct buf *out)
{
    struct wire_context ctx = wire_sample_context();

    buf_init(out, WIRE_FRAME_MAX);
    return wire_encode(m, &ctx, NULL, out);
}

/* All of got that a message of this type has is other than it will be; what lies beyond its type's own
 * arm stays as it was. */
static inline void soil(uint8_t type)
{
    const struct shape_field *arm = shape_find(&wire_shape_body, type, NULL);

    assert_non_null(arm);
    memset(&got, 0, sizeof(got));
    memset(&got, 0xff, arm->offset + arm->size);
}

/* m goes out, and comes back in got as it was. Return: the length of its body. */
static inline size_t assert_comes_back(const struct msg *m)
{
    ALM_CLEANUP(buf_deinit) struct buf frame;
    struct wire_envelope e;
    uint8_t type;

    assert_int_equal(encode(m, &frame), 0);
    assert_string_equal(wire_fault_word(wire_open(buf_view(&frame), &e)), "ok");
    assert_int_equal(wire_peek(e.body, &type), WIRE_OK);
    assert_int_equal(type, m->type);
    soil(type);
    assert_string_equal(wire_fault_word(wire_decode(e.body, &got)), "ok");
    wire_views_same(&got, m);
    assert_memory_equal(&got, m, sizeof(got));
    return e.body.len;
}

/* A way to break a sample so that the encoder must not send it. */
struct wire_break {
    const char *what;
    uint8_t type;
    bool full; /* of the sample */
    void (*change)(struct msg *m);
};

/* clang-format off: one a line */
#define WIRE_BREAK_FUNCTION(name, type, full, change)                                              \
    static void break_##name(struct msg *m)                                                        \
    {                                                                                              \
        change;                                                                                    \
    }
#define WIRE_BREAK_ENTRY(name, type, full, change) { #name, type, full, break_##name },
/* breaks[], of a list of X(name, type, whether full, statements that change m). */
#define WIRE_BREAKS(LIST)                                                                          \
    LIST(WIRE_BREAK_FUNCTION)                                                                      \
    static const struct wire_break breaks[] = { LIST(WIRE_BREAK_ENTRY) };

/* clang-format on */
static inline void assert_none_is_sent(const struct wire_break *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ALM_CLEANUP(buf_deinit) struct buf frame;
        int r;

        wire_sample(list[i].type, list[i].full, &sent);
        list[i].change(&sent);
        r = encode(&sent, &frame);
        if (r != -EINVAL || frame.len != 0)
            fail_msg("%s: %d, %zu bytes", list[i].what, r, frame.len);
    }
}
