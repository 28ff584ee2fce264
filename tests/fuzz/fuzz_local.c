/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_local.c - any body of a local message is one JSON object or an error in words; what is read can be sent again. */
#include "local/frame.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ALM_CLEANUP(buf_deinit) struct buf out = { 0 };
    char why[128] = "", text[64];
    json_t *o = NULL, *again = NULL;
    int64_t i;
    int32_t day;
    bool b;

    if (frame_parse(bytes_of(data, size), &o, why, sizeof(why))) {
        assert(why[0] && !o);
        return 0;
    }
    assert(local_get_text(o, "op", text, sizeof(text)) <= 0);
    assert(local_get_int(o, "n", -5, 5, &i) || (i >= -5 && i <= 5));
    assert(local_get_day(o, "day", &day) <= 0 && local_get_bool(o, "more", &b) <= 0);
    buf_init(&out, LOCAL_MESSAGE_MAX + FRAME_HEAD);
    if (!frame_encode(o, &out)) {
        assert(!frame_parse(bytes_of(out.data + FRAME_HEAD, out.len - FRAME_HEAD), &again, why, sizeof(why)));
        assert(json_equal(o, again));
        json_decref(again);
    }
    json_decref(o);
    return 0;
}
