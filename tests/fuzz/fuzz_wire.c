/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_wire.c - any bytes as a frame; what is accepted must come back the same once encoded and
 * decoded again. */
#include "wire/wire.h"
#include "wire_views.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct msg first, second;

static bool fuzz_same_views(void)
{
    wire_views_same(&second, &first);
    return true;
}

static void fuzz_again(void)
{
    static const struct wire_context ctx = { .mode = MODE_LIVE, .origin = "fuzz" };
    ALM_CLEANUP(buf_deinit) struct buf frame;
    struct wire_envelope e;

    buf_init(&frame, WIRE_FRAME_MAX);
    if (wire_encode(&first, &ctx, NULL, &frame) != 0 ||
        wire_open(buf_view(&frame), &e) != WIRE_OK || wire_decode(e.body, &second) != WIRE_OK ||
        !fuzz_same_views() || memcmp(&first, &second, sizeof(first)) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bytes body = bytes_of(data, len);
    struct wire_envelope e;
    uint8_t type;

    if (wire_open(body, &e) == WIRE_OK)
        body = e.body; /* else as a body: no need to guess an envelope */
    if (wire_peek(body, &type) != WIRE_OK)
        return 0;
    if (wire_decode(body, &first) == WIRE_OK) {
        if (type != first.type)
            abort();
        fuzz_again();
    }
    wire_zero(&first, type); /* the next one's type may reach less far, and both are compared whole */
    wire_zero(&second, type);
    return 0;
}
