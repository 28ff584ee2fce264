/* SPDX-License-Identifier: Apache-2.0 */
/* alloc_fail.c - see alloc_fail.h. The linker (--wrap) sends calls here. */
#include "alloc_fail.h"

#include <stddef.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *text);

static long alloc_left = -1;
static bool alloc_did_fail;

void alloc_fail_nth(long n)
{
    alloc_left = n;
    alloc_did_fail = false;
}

bool alloc_failed(void)
{
    return alloc_did_fail;
}

static bool alloc_due(void)
{
    if (alloc_left < 0 || alloc_left-- > 0)
        return false;
    alloc_did_fail = true;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return alloc_due() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return alloc_due() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
    return alloc_due() ? NULL : __real_realloc(p, size);
}

char *__wrap_strdup(const char *text)
{
    return alloc_due() ? NULL : __real_strdup(text);
}
