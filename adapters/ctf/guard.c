/* SPDX-License-Identifier: Apache-2.0 */
/* guard.c - a scan before the parser. NULs are passed over, so that it reads UTF-16 and UTF-32 as
 * it reads UTF-8; encodings that write '<' in another way are not taken at all. */
#include "ctf/guard.h"

#include "base/attr.h"

#include <string.h>
#include <strings.h>

#define DECLARATION_MAX 256 /* bytes of an XML declaration without NULs */

static const char *const encodings[] = { "UTF-8",      "UTF-16",      "US-ASCII",
                                         "ISO-8859-1", "ISO-8859-15", "WINDOWS-1252" };

/* Whether word stands at data[at], NULs between its letters or not. */
static bool stands(struct bytes file, size_t at, const char *word)
{
    for (; at < file.len && *word; at++) {
        if (file.data[at] == 0)
            continue;
        if (file.data[at] != (uint8_t)*word)
            return false;
        word++;
    }
    return !*word;
}

/* The first bytes without byte-order mark and NULs, NUL-terminated. */
static void squeeze(struct bytes file, char out[static DECLARATION_MAX])
{
    size_t n = 0, at = 0;

    while (at < file.len && at < 4 && (file.data[at] >= 0xBB || file.data[at] == 0))
        at++; /* EF BB BF, FE FF, FF FE, 00 00 FE FF */
    for (; at < file.len && n < DECLARATION_MAX - 1; at++) {
        if (file.data[at])
            out[n++] = (char)file.data[at];
    }
    out[n] = '\0';
}

static bool encoding_known(const char *name, size_t len)
{
    for (size_t i = 0; i < ALM_LEN(encodings); i++) {
        if (strlen(encodings[i]) == len && strncasecmp(encodings[i], name, len) == 0)
            return true;
    }
    return false;
}

/* Return: NULL; what is wrong with the declaration. */
static const char *declaration_check(char *text)
{
    static const char other[] =
        "an encoding that is not taken: UTF-8, UTF-16, ISO-8859-1, ISO-8859-15 or Windows-1252";
    char *end = strstr(text, "?>"), *name, *quote;

    if (memcmp(text, "<?xml", 5) != 0)
        return NULL;
    if (!end)
        return "an XML declaration that does not end";
    *end = '\0';
    name = strstr(text, "encoding");
    if (!name)
        return NULL;
    name = strpbrk(name, "\"'");
    quote = name ? strchr(name + 1, *name) : NULL;
    return quote && encoding_known(name + 1, (size_t)(quote - name - 1)) ? NULL : other;
}

const char *guard_check(struct bytes file, unsigned long *line)
{
    char begin[DECLARATION_MAX] = { 0 };
    const char *wrong;

    *line = 1;
    squeeze(file, begin);
    if (begin[strspn(begin, " \t\r\n")] != '<')
        return file.len ? "this is no XML: it does not begin with <" : "the file is empty";
    wrong = declaration_check(begin);
    if (wrong)
        return wrong;
    for (size_t i = 0; i < file.len; i++) {
        *line += file.data[i] == '\n';
        if (file.data[i] == '<' && (stands(file, i, "<!DOCTYPE") || stands(file, i, "<!ENTITY")))
            return "a document type or entity declaration: a transfer file has none, and none is "
                   "read";
    }
    *line = 0;
    return NULL;
}
