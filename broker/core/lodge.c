/* SPDX-License-Identifier: Apache-2.0 */
/* lodge.c - what every lodged message has in common: same id again, who may lodge, dates, leaf and
 * receipt. */
#include "stages.h"

#include <errno.h>
#include <string.h>

/* "neither in the future nor over 30 days back" (DESIGN.md section 4) */
#define GIVEN_DAYS_MAX 30
#define GIVEN_AHEAD_MS 120000 /* of a lodger's clock */

void lodge_refuse(struct core *c, struct work *w, const char *word)
{
    struct ledger_clear *l = record_begin(c, EVENT_REFUSED, w->agency);

    record_message(c);
    l->told = TELL_REASON;
    text_cut(l->reason, sizeof(l->reason), word);
    (void)record_end(c);
    tell_word(c, w->agency, &w->id, word);
}

static void lodge_tell_receipt(struct core *c, struct work *w)
{
    struct msg *m = tell_begin(c, MSG_RECEIPT, &w->id);

    m->receipt.leaf = w->receipt.leaf;
    m->receipt.at_ms = w->receipt.at_ms;
    if (tell_send(c, w->agency))
        log_error("receipt-not-sent", "agency=%s", c->agencies.slots[w->agency].reg.id);
}

/* "a durable message gets the first receipt again; the same id with other bytes is refused and
 * recorded" */
static bool lodge_is_new(struct core *c, struct work *w)
{
    switch (receipts_find(c, c->agencies.slots[w->agency].reg.id, &w->id, w->envelope.body,
                          &w->receipt)) {
    case RECEIPT_NEW:
        return true;
    case RECEIPT_SAME:
        lodge_tell_receipt(c, w);
        return false;
    case RECEIPT_OTHER:
    default:
        intake_reject(c, w, "id-reused");
        return false;
    }
}

bool lodge_practitioner(struct core *c, struct work *w)
{
    struct store_txn *t = batch_txn(c);
    uint8_t standing = STANDING_SUSPENDED;
    int r;

    if (!c->in.practitioner.ref[0])
        return true; /* an adapter may lodge by itself: an end of care, read from its rows */
    if (!t)
        return false;
    r = registry_practitioner_get(t, c->agencies.slots[w->agency].reg.id, c->in.practitioner.ref,
                                  &standing);
    if (r) {
        batch_fail(c, r, "practitioner");
        return false;
    }
    if (standing != STANDING_ACTIVE)
        lodge_refuse(c, w, "practitioner-suspended");
    return standing == STANDING_ACTIVE;
}

/* What was accepted before the key changed keeps its receipt; what was not is made anew. */
static bool lodge_epoch(struct core *c, struct work *w)
{
    const char *wrong = epochs_lodge_wrong(c);

    if (wrong)
        lodge_refuse(c, w, wrong);
    return !wrong;
}

bool lodge_begin(struct core *c, struct work *w)
{
    return lodge_is_new(c, w) && lodge_epoch(c, w) && lodge_practitioner(c, w);
}

bool lodge_party(struct core *c, struct work *w, const char *purpose)
{
    const char *word = NULL;
    uint16_t p;

    if (!c->bundle) {
        lodge_refuse(c, w, "no-policy");
        return false;
    }
    p = bundle_purpose(c->bundle, purpose);
    if (c->in.purpose[0] && strcmp(c->in.purpose, purpose) != 0)
        word = "purpose-mismatch"; /* msg.h: the body's purpose, repeated */
    else if (p == POLICY_NONE)
        word = "purpose-outside-protocol";
    else if (c->agencies.slots[w->agency].index == POLICY_NONE ||
             !bundle_party(c->bundle, c->agencies.slots[w->agency].index, p))
        word = "not-a-party";
    if (word)
        lodge_refuse(c, w, word);
    return !word;
}

bool lodge_given(struct core *c, struct work *w, int32_t given_on, int64_t given_ms)
{
    const char *word = NULL;

    if (given_on == CIVIL_NONE || given_on > c->day || given_ms > c->wall_ms + GIVEN_AHEAD_MS)
        word = "given-in-the-future";
    else if (given_on < c->day - GIVEN_DAYS_MAX)
        word = "given-too-long-ago";
    if (word)
        lodge_refuse(c, w, word);
    return !word;
}

/* Ids are chosen by senders: one agency's must not fall on another's record. */
bool lodge_id_free(struct core *c, struct work *w)
{
    struct store_txn *t = batch_txn(c);
    int consent, shield;

    if (!t)
        return false;
    consent = consents_get(t, &w->id, &c->record);
    shield = shields_get(t, &w->id, &c->shield_record);
    if (consent == -ENOENT && shield == -ENOENT)
        return true;
    if (consent && consent != -ENOENT)
        batch_fail(c, consent, "consent");
    else if (shield && shield != -ENOENT)
        batch_fail(c, shield, "shield");
    else
        intake_reject(c, w, "id-reused");
    return false;
}

struct ledger_clear *lodge_record(struct core *c, const struct work *w, uint8_t event,
                                  const char *purpose)
{
    struct ledger_clear *l = record_begin(c, event, w->agency);

    record_message(c);
    l->outcome = 1;
    text_cut(l->purpose, sizeof(l->purpose), purpose);
    return l;
}

uint64_t lodge_recorded(struct core *c, struct work *w)
{
    pins_drop_lodged(c);
    epochs_lodged(c);
    w->receipt.leaf = record_end(c);
    w->receipt.at_ms = c->wall_ms;
    receipts_put(c, c->agencies.slots[w->agency].reg.id, &w->id, &w->receipt);
    lodge_tell_receipt(c, w);
    return w->receipt.leaf;
}
