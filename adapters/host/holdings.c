/* SPDX-License-Identifier: Apache-2.0 */
/* holdings.c - loads rows and index together. */
#include "host/holdings.h"

#include "base/log.h"

#include <errno.h>

/* File, line and what to do: never what stood there. */
static void holdings_log(void *ctx, const char *file, unsigned long line, const char *text)
{
    (void)ctx;
    log_error("row-refused", "file=%s line=%lu text=%s", LOG_Q(file), line, LOG_Q(text));
}

int holdings_load(struct holdings *h, bool strict, alm_report_fn *report, void *ctx)
{
    ALM_CLEANUP(index_freep) struct index *index = NULL;
    struct alm_rows *rows = NULL;
    struct alm_sink sink;
    int r = index_new(h->key, &index);

    if (r == 0) {
        index_sink(index, &sink);
        r = h->ops->load(h->backend, &sink, strict, report ? report : holdings_log, ctx, &rows);
    }
    if (r == 0)
        r = index_finish(index);
    if (r != 0) {
        h->ops->rows_free(rows);
        h->old = h->rows != NULL;
        return r;
    }
    holdings_deinit(h);
    h->rows = rows;
    h->index = index;
    h->old = false;
    index = NULL;
    return 0;
}

void holdings_deinit(struct holdings *h)
{
    h->ops->rows_free(h->rows);
    h->rows = NULL;
    h->index = index_free(h->index);
}
