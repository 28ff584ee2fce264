/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_ctf.c - any bytes either are a transfer file or are refused with a word; what a pupil holds
 * is bounded UTF-8. */
#include "ctf/guard.h"
#include "ctf/reader.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void text_check(const char *text, size_t size)
{
    size_t len = strnlen(text, size);

    assert(len < size);
    assert(utf8_valid(text, len));
}

static int on_header(void *ctx, const struct ctf_header *h)
{
    (void)ctx;
    text_check(h->when, sizeof(h->when));
    text_check(h->estab, sizeof(h->estab));
    return 0;
}

static int on_pupil(void *ctx, const struct ctf_pupil *p)
{
    (void)ctx;
    text_check(p->upn, sizeof(p->upn));
    text_check(p->surname, sizeof(p->surname));
    text_check(p->line1, sizeof(p->line1));
    assert(p->n_sen <= CTF_SEN_MAX && p->n_years <= CTF_YEARS_MAX);
    assert(p->n_schools <= CTF_SCHOOLS_MAX);
    for (size_t i = 0; i < p->n_sen; i++)
        text_check(p->sen[i].provision, sizeof(p->sen[i].provision));
    return 0;
}

static int on_fault(void *ctx, unsigned long line, const char *text, bool of_pupil, const char *upn)
{
    (void)line;
    (void)of_pupil;
    assert(*text && upn);
    ++*(unsigned *)ctx;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned n_faults = 0;
    const struct ctf_reading to = { &n_faults, on_header, on_pupil, on_fault };
    const struct bytes file = bytes_of(data, size);
    unsigned long line;
    int r;

    if (guard_check(file, &line))
        return 0;
    r = ctf_read(file, &to);
    assert(r == 0 || (r == -EINVAL && n_faults) || r == -ENOMEM);
    return 0;
}
