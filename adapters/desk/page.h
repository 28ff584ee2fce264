/* SPDX-License-Identifier: Apache-2.0 */
/* page.h - the desk as one HTML page: headings, labels and plain forms, no script. Pure.
 *
 * Made for the keyboard and a screen reader (WCAG 2.2 AA): nothing moves or reloads by itself, every
 * field has a label, what went wrong stands first and says what to do. */
#pragma once
#include "base/bytes.h"
#include <jansson.h>
#include <stdbool.h>

struct page {
    const char *form_token; /* hidden in each form */
    const char *name, *practitioner; /* filled in beforehand; NULL: empty */
    const char *alert;      /* what went wrong; NULL: nothing */
    const char *status;     /* what was done; NULL: nothing */
};
/* Appends the page for a reply to "list"; reply may be an error reply, whose message is then the alert.
 * Every text is escaped. Look at buf_status. */
void page_write(struct buf *out, const struct page *p, const json_t *reply);
/* A page with one sentence, for what cannot be served. */
void page_write_plain(struct buf *out, const char *title, const char *text);
extern const char page_style[];
/* Text with &, <, >, " and ' escaped. */
void page_text(struct buf *out, const char *text);
