/* SPDX-License-Identifier: Apache-2.0 */
/* cut.h - a copy that may be shortened, for lines that were checked before or are for people. */
#pragma once
#include <stddef.h>

/* As much of text as fits, never half a UTF-8 character; NUL-terminated. size > 0. */
void text_cut(char *out, size_t size, const char *text);
