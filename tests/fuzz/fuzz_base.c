/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_base.c - what a strict decoder accepts is, encoded again, the very same text. */
#include "base/bytes.h"
#include "base/civil.h"
#include "base/id.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void base64_is_canonical(const char *text, size_t len)
{
    uint8_t plain[3 * 256];
    char again[4 * 256 + 1];
    int n = base64_decode(text, len, plain, sizeof(plain));

    if (n < 0)
        return;
    assert(base64_encode(plain, (size_t)n, again, sizeof(again)) == (int)len);
    assert(memcmp(again, text, len) == 0);
}

static void civil_is_canonical(const char *text)
{
    char again[CIVIL_TEXT];
    int32_t day;

    if (civil_parse(text, &day) < 0)
        return;
    civil_format(day, again);
    assert(strcmp(again, text) == 0);
}

static void id_is_canonical(const char *text)
{
    char again[ID_TEXT];
    struct id id, same;

    if (id_parse(text, &id) < 0)
        return;
    id_format(&id, again);
    assert(id_parse(again, &same) == 0 && id_equal(&id, &same));
}

/* A valid text may be cut between characters and nowhere else: both parts are valid then, or
 * neither. */
static void utf8_agrees_with_its_parts(const uint8_t *data, size_t size)
{
    if (!utf8_valid(data, size))
        return;
    for (size_t i = 0; i <= size; i++)
        assert(utf8_valid(data, i) == utf8_valid(data + i, size - i));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[1025];

    if (size >= sizeof(text))
        return 0;
    utf8_agrees_with_its_parts(data, size);
    base64_is_canonical((const char *)data, size);
    memcpy(text, data, size);
    text[size] = '\0';
    civil_is_canonical(text);
    id_is_canonical(text);
    return 0;
}
