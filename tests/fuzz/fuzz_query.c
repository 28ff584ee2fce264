/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_query.c - any text that an officer could have signed is a checked query or an error in words. */
#include "reader/reader.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[QUERY_TEXT_MAX], why[256] = "", shape[QUERY_SHAPE_MAX];
    struct query q;

    if (size >= sizeof(text))
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (query_parse(text, &q, why, sizeof(why))) {
        assert(why[0]);
        return 0;
    }
    assert(q.read >= READ_TAIL && q.read <= READ_REPORT);
    assert(q.read == READ_EXPORT || q.count <= QUERY_ROWS_MAX);
    query_shape(&q, shape);
    assert(strlen(shape) < QUERY_SHAPE_MAX && query_command(&q));
    query_deinit(&q);
    return 0;
}
