/* SPDX-License-Identifier: Apache-2.0 */
/* withdrawal.c - of one grant, or of every earlier grant for a subject and purpose: any party of
 * the protocol may lodge it. */
#include "stages.h"

#include <errno.h>
#include <string.h>

#define COVERED_MAX 64 /* grants ended in one look; more are ended by looking again */

bool withdrawal_covers(int32_t withdrawn_on, int64_t withdrawn_ms, int32_t given_on,
                       int64_t given_ms)
{
    if (given_on != withdrawn_on)
        return given_on < withdrawn_on;
    return given_ms <= withdrawn_ms;
}

struct covering {
    const struct msg_withdrawal *withdrawal;
    struct id grants[COVERED_MAX];
    size_t n;
};

/* "Prohibitions are matched broadly." A conflict marks nothing here: facts.c makes it "cannot say".
 */
static int withdrawal_visit(void *ctx, const struct consent_record *r)
{
    struct covering *v = ctx;
    const struct msg_withdrawal *m = v->withdrawal;

    if (r->is_withdrawal || r->consent.decision != CONSENT_GRANTED ||
        match_broad(&r->consent.subject, &m->subject) != MATCH_YES)
        return 0;
    if (!withdrawal_covers(m->given_on, m->given_ms, r->consent.given_on, r->consent.given_ms))
        return 0;
    if (r->withdrawn_on != CIVIL_NONE && r->withdrawn_on <= m->given_on)
        return 0; /* ended before */
    v->grants[v->n++] = r->id;
    return v->n == COVERED_MAX ? -E2BIG : 0;
}

/* Ids are gathered first: records are not changed under the scan that reads them. */
static void withdrawal_cover(struct core *c, const struct work *w)
{
    const struct msg_withdrawal *m = &c->in.withdrawal;
    struct store_txn *t = batch_txn(c);
    struct covering v = { .withdrawal = m };
    int r = t ? -E2BIG : 0;

    reliance_begin(&c->ended);
    while (r == -E2BIG) {
        v.n = 0;
        r = consents_about(t, c->store, &m->subject, m->purpose, withdrawal_visit, &v);
        for (size_t i = 0; i < v.n && (!r || r == -E2BIG); i++) {
            int ended;

            reliance_of(c, &v.grants[i], &c->ended);
            if (consents_get(t, &v.grants[i], &c->record) == 0)
                reseek_done(c, &c->record);
            ended = consents_withdraw(t, c->store, &v.grants[i], m->given_on, m->given_ms,
                                      w->receipt.leaf);

            if (ended)
                r = ended;
        }
    }
    if (r)
        batch_fail(c, r, "withdrawal");
    else
        reliance_tell(c, &c->ended, NULL);
}

static void withdrawal_put(struct core *c, const struct work *w)
{
    const struct msg_withdrawal *m = &c->in.withdrawal;
    struct store_txn *t = batch_txn(c);
    struct consent_record *r = &c->record;

    if (!t)
        return;
    memset(r, 0, sizeof(*r));
    r->id = w->id;
    memcpy(r->lodger, c->agencies.slots[w->agency].reg.id, sizeof(r->lodger));
    r->is_withdrawal = true;
    r->consent.subject = m->subject;
    memcpy(r->consent.purpose, m->purpose, sizeof(r->consent.purpose));
    r->consent.given_on = m->given_on;
    r->consent.given_ms = m->given_ms;
    r->consent.expires_on = r->consent.review_on = r->consent.able_from = r->consent.able_until =
        CIVIL_NONE;
    r->withdrawn_on = CIVIL_NONE;
    r->leaf = w->receipt.leaf;
    consents_put(t, c->store, r);
}

/* "live when it is not withdrawn" holds of a refusal too: who lodged it may take it back, nobody
 * else, for what comes after shares more. So may it take back that somebody could not be asked. */
static bool withdrawal_of_own_refusal(const struct core *c, const struct work *w)
{
    return c->record.consent.decision != CONSENT_GRANTED &&
           strcmp(c->record.lodger, c->agencies.slots[w->agency].reg.id) == 0;
}

/* Of the grant in c->record, that is known: whom it told, and its lodger's list. One withdrawn
 * before has told them already. */
static void withdrawal_tell(struct core *c)
{
    const struct consent_record *r = &c->record;

    reseek_done(c, r);
    if (r->withdrawn_on != CIVIL_NONE && r->withdrawn_on <= c->in.withdrawal.given_on)
        return;
    reliance_begin(&c->ended);
    reliance_of(c, &r->id, &c->ended);
    reliance_tell(c, &c->ended, NULL);
}

static void withdrawal_end(struct core *c, const struct work *w, struct store_txn *t, bool refusal)
{
    const struct msg_withdrawal *m = &c->in.withdrawal;
    int r = 0;

    if (refusal) {
        c->record.withdrawn_on = m->given_on;
        c->record.withdrawn_ms = m->given_ms;
        consents_put(t, c->store, &c->record);
    } else {
        r = consents_withdraw(t, c->store, &m->consent, m->given_on, m->given_ms, w->receipt.leaf);
    }
    if (r && r != -ENOENT)
        batch_fail(c, r, "withdrawal");
}

/* Of one grant, or of the lodger's own refusal. It may overtake the grant: then it waits for it
 * under its id. */
static void withdrawal_of_one(struct core *c, struct work *w)
{
    const struct msg_withdrawal *m = &c->in.withdrawal;
    struct store_txn *t = batch_txn(c);
    const char *purpose = m->purpose[0] ? m->purpose : c->in.purpose;
    int r = t ? consents_get(t, &m->consent, &c->record) : -ECANCELED;
    bool refusal = r == 0 && !c->record.is_withdrawal && withdrawal_of_own_refusal(c, w);
    bool known = r == 0 && !c->record.is_withdrawal &&
                 (refusal || c->record.consent.decision == CONSENT_GRANTED);

    if (r && r != -ENOENT) {
        batch_fail(c, r, "withdrawal");
        return;
    }
    if (known && !purpose[0])
        purpose = c->record.consent.purpose;
    if (!lodge_party(c, w, purpose) || !lodge_given(c, w, m->given_on, m->given_ms))
        return;
    if (r == 0 && (!known || strcmp(purpose, c->record.consent.purpose) != 0)) {
        lodge_refuse(c, w, "unknown-consent");
        return;
    }
    record_id(c, lodge_record(c, w, EVENT_WITHDRAWN, purpose), &m->consent);
    lodge_recorded(c, w);
    if (known && !refusal)
        withdrawal_tell(c);
    withdrawal_end(c, w, t, refusal);
    c->batch.wrote = true;
}

void lodge_withdrawal(struct core *c, struct work *w)
{
    const struct msg_withdrawal *m = &c->in.withdrawal;

    if (!lodge_begin(c, w))
        return;
    if (m->has_consent) {
        withdrawal_of_one(c, w);
        return;
    }
    if (!lodge_party(c, w, m->purpose) || !lodge_given(c, w, m->given_on, m->given_ms) ||
        !lodge_id_free(c, w))
        return;
    lodge_record(c, w, EVENT_WITHDRAWN, m->purpose);
    record_tokens(c, &m->subject);
    lodge_recorded(c, w);
    withdrawal_put(c, w);
    withdrawal_cover(c, w);
}
