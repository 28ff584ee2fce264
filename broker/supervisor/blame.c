/* SPDX-License-Identifier: Apache-2.0 */
/* blame.c - see blame.h. */
#include "supervisor/blame.h"

#include <string.h>

static bool blame_id_ok(const char agency[static BLAME_NAME_MAX])
{
    size_t len = strnlen(agency, BLAME_NAME_MAX);

    if (len == 0 || len == BLAME_NAME_MAX)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (agency[i] <= ' ' || agency[i] > '~')
            return false;
    }
    return true;
}

static bool blame_seen(const struct blame *b, const char *agency, int64_t now_ms)
{
    size_t kept = b->n < BLAME_KEPT ? b->n : BLAME_KEPT;

    for (size_t i = 0; i < kept; i++) {
        if (now_ms - b->deaths[i].at_ms <= BLAME_WINDOW_MS && !strcmp(b->deaths[i].agency, agency))
            return true;
    }
    return false;
}

static void blame_suspend(struct blame *b, const char *agency)
{
    for (size_t i = 0; i < b->n_suspend; i++) {
        if (!strcmp(b->suspend[i], agency))
            return;
    }
    if (b->n_suspend < BLAME_KEPT)
        memcpy(b->suspend[b->n_suspend++], agency, strlen(agency) + 1);
}

bool blame_note(struct blame *b, const char agency[static BLAME_NAME_MAX], int64_t now_ms)
{
    bool again;
    struct blame_death *d = &b->deaths[b->n % BLAME_KEPT];

    if (!blame_id_ok(agency))
        return false;
    again = blame_seen(b, agency, now_ms);
    memcpy(d->agency, agency, strlen(agency) + 1);
    d->at_ms = now_ms;
    b->n++;
    if (again)
        blame_suspend(b, agency);
    return again;
}

void blame_handed(struct blame *b)
{
    b->n_suspend = 0;
}
