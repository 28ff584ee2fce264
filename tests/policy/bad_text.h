/* SPDX-License-Identifier: Apache-2.0 */
/* bad_text.h - policy text with one thing wrong, and the error that an officer sees. */
#pragma once
#include <stddef.h>

#define EVERYWHERE NULL

struct bad {
    const char *name, *find, *replace;
    const char *says;    /* within one of the errors */
    const char *line_of; /* the error's line is that of this text; NULL: any line */
};
/* text with the first find replaced; free() it */
char *bad_text(const char *text, const struct bad *b);
/* Each row compiles to nothing but errors, and one of them says so in that line. */
void expect_errors(const char *text, const struct bad *table, size_t n);
