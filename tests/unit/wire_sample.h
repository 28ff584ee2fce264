/* SPDX-License-Identifier: Apache-2.0 */
/* wire_sample.h - one good message of every type, for the tests of proto/wire and for the fuzz
 * seeds. */
#pragma once
#include "wire/wire.h"

#define WIRE_SAMPLE_ORIGIN "marlham.example/almoner"

/* full: every field there and every text and list at its limit; otherwise what is required and no
 * more. Always the same bytes for the same arguments. */
bool wire_sample_has(uint8_t type); /* false: no such message */
void wire_sample(uint8_t type, bool full, struct msg *out);
struct wire_context wire_sample_context(void);
struct secret wire_sample_key(void);
