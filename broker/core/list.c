/* SPDX-License-Identifier: Apache-2.0 */
/* list.c - "a lodger lists only its own": its consents, newest first, without tokens. A query like
 * any other: answered once, to a practitioner in good standing, and only while the log is signed.
 */
#include "stages.h"

#include <string.h>

#define BUSY_NO_HEAD_MS 10000

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

static bool list_may(struct core *c, struct work *w)
{
    if (receipts_find(c, c->agencies.slots[w->agency].reg.id, &w->id, w->envelope.body,
                      &w->receipt) != RECEIPT_NEW) {
        intake_reject(c, w, "already-asked"); /* "never an answer" */
        return false;
    }
    if (!heads_fresh(c)) {
        limits_count(c, w->agency, LIMITED_NO_HEAD);
        tell_busy(c, w->agency, &w->id, BUSY_NO_HEAD_MS);
        return false;
    }
    return lodge_practitioner(c, w);
}

void list_take(struct core *c, struct work *w)
{
    struct msg_consent_list *list;
    struct listing l;
    struct store_txn *t;
    size_t total = 0;
    int r;

    if (!list_may(c, w))
        return;
    list = &tell_begin(c, MSG_CONSENT_LIST, &w->id)->consent_list;
    l.out = list;
    t = batch_txn(c);
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
    w->receipt.leaf = record_end(c);
    receipts_put(c, c->agencies.slots[w->agency].reg.id, &w->id, &w->receipt);
}
