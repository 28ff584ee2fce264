/* SPDX-License-Identifier: Apache-2.0 */
/* codec_text.h - strict reads that both directions share. A read that fails leaves c->failed set.
 */
#pragma once
#include "base/bytes.h"

/* UTF-8 without NUL, shorter than size; out is then "" and false comes back. */
bool codec_text(struct cursor *c, char *out, size_t size);
bool codec_bool(struct cursor *c); /* 0 or 1 */
uint8_t codec_number(struct cursor *c, uint8_t least, uint8_t most);
