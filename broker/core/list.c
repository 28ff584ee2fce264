/* SPDX-License-Identifier: Apache-2.0 */
/* list.c - "a lodger lists only its own": its consents, newest first, without tokens. */
#include "stages.h"

#include <string.h>

struct listing {
    struct msg_consent_list *out;
};

static int list_visit(void *ctx, const struct consent_record *r)
{
    struct msg_consent_list *out = ((struct listing *)ctx)->out;
    struct msg_consent_entry *e;

    if (r->is_withdrawal || out->n == LIST_MAX)
        return 0;
    e = &out->entries[out->n++];
    e->id = r->id;
    memcpy(e->purpose, r->consent.purpose, sizeof(e->purpose));
    e->decision = r->consent.decision;
    e->capacity = r->consent.capacity;
    e->given_on = r->consent.given_on;
    e->expires_on = r->consent.expires_on;
    e->withdrawn_on = r->withdrawn_on;
    return 0;
}

void list_take(struct core *c, struct work *w)
{
    struct msg_consent_list *list = &tell_begin(c, MSG_CONSENT_LIST, &w->id)->consent_list;
    struct listing l = { .out = list };
    struct store_txn *t = batch_txn(c);
    size_t total = 0;
    int r;

    if (!t)
        return;
    list->page = c->in.consent_list_query.page;
    r = consents_by_lodger(t, c->agencies.slots[w->agency].reg.id, (size_t)list->page * LIST_MAX,
                           LIST_MAX, list_visit, &l, &total);
    if (r) {
        batch_fail(c, r, "list");
        return;
    }
    list->pages = (uint16_t)((total + LIST_MAX - 1) / LIST_MAX);
    if (tell_send(c, w->agency)) {
        lodge_refuse(c, w, "internal");
        return;
    }
    lodge_record(c, w, EVENT_DISCLOSED, c->in.purpose);
    text_cut(c->clear.question, sizeof(c->clear.question), "consent-list");
    (void)record_end(c);
}
