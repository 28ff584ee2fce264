/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_cert.c - any bytes are a certificate or an error with its place; what is read can be written and read again. */
#include "cert/cert.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (enum cert_kind kind = CERT_PUBLIC; kind <= CERT_SECRET; kind++) {
        ALM_CLEANUP(buf_deinit) struct buf text = { 0 };
        struct cert c, back;
        char why[CERT_WHY_MAX] = "";
        uint8_t key[CERT_KEY_LEN];

        if (cert_parse(bytes_of(data, size), "f", kind, &c, why)) {
            assert(why[0] && strlen(why) < CERT_WHY_MAX);
            continue;
        }
        buf_init(&text, CERT_FILE_MAX);
        assert(!cert_key_decode(c.public_key, key));
        assert(!cert_format(&c, kind, "name", &text));
        assert(!cert_parse(buf_view(&text), "f", kind, &back, why));
        assert(!memcmp(&c, &back, sizeof(c)));
    }
    return 0;
}
