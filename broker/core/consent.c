/* SPDX-License-Identifier: Apache-2.0 */
/* consent.c - grants and refusals as they are lodged, and the lodger's change of when the giver is
 * able. */
#include "stages.h"

#include <errno.h>
#include <string.h>

struct looking { /* for withdrawals that came before the grant they cover */
    const struct consent_record *grant;
    int32_t withdrawn_on;
    int64_t withdrawn_ms;
};

static int consent_visit(void *ctx, const struct consent_record *r)
{
    struct looking *l = ctx;
    const struct msg_consent *grant = &l->grant->consent;

    if (!r->is_withdrawal || match_broad(&r->consent.subject, &grant->subject) != MATCH_YES)
        return 0;
    if (!withdrawal_covers(r->consent.given_on, r->consent.given_ms, grant->given_on,
                           grant->given_ms))
        return 0;
    if (l->withdrawn_on == CIVIL_NONE || r->consent.given_on < l->withdrawn_on) {
        l->withdrawn_on = r->consent.given_on;
        l->withdrawn_ms = r->consent.given_ms;
    }
    return 0;
}

/* "A withdrawal or refusal covers every grant ... given before it, whenever that arrives." */
static void consent_apply_withdrawals(struct core *c, struct consent_record *record)
{
    struct looking l = { .grant = record, .withdrawn_on = CIVIL_NONE };
    struct store_txn *t = batch_txn(c);
    int r;

    if (!t || record->consent.decision != CONSENT_GRANTED)
        return;
    r = consents_about(t, c->store, &record->consent.subject, record->consent.purpose,
                       consent_visit, &l);
    if (r) {
        batch_fail(c, r, "consent");
        return;
    }
    record->withdrawn_on = l.withdrawn_on;
    record->withdrawn_ms = l.withdrawn_ms;
}

static bool consent_sound(struct core *c, struct work *w)
{
    const struct msg_consent *m = &c->in.consent;

    if (m->sensitive_sources.any) {
        lodge_refuse(c, w, "sensitive-sources-any");
        return false;
    }
    if (m->able_from != CIVIL_NONE && m->able_until != CIVIL_NONE && m->able_until < m->able_from) {
        lodge_refuse(c, w, "bad-dates");
        return false;
    }
    return lodge_given(c, w, m->given_on, m->given_ms);
}

bool refusal_live(const struct core *c, const struct consent_record *r)
{
    bool taken_back = r->withdrawn_on != CIVIL_NONE && r->withdrawn_on <= c->day;
    bool expired = r->consent.expires_on != CIVIL_NONE && r->consent.expires_on < c->day;

    return !taken_back && !expired;
}

struct counting { /* refusals that the lodger has made already */
    const struct core *c;
    const struct msg_consent *refusal;
    const char *lodger;
    unsigned n;
};

/* As broadly as decisions weigh refusals: one in doubt counts too. */
static int refusal_visit(void *ctx, const struct consent_record *r)
{
    struct counting *v = ctx;
    enum match match;

    if (r->is_withdrawal || r->consent.decision == CONSENT_GRANTED ||
        strcmp(r->lodger, v->lodger) != 0 || !refusal_live(v->c, r))
        return 0;
    match = match_broad(&r->consent.subject, &v->refusal->subject);
    if (match == MATCH_YES || match == MATCH_CONFLICT)
        v->n++;
    return 0;
}

/* "One hostile agency harms only itself": refusals are never left out of a decision, so that heaps
 * of narrow ones would leave it without all facts, and hide the person. */
static bool refusal_has_place(struct core *c, struct work *w)
{
    const struct msg_consent *m = &c->in.consent;
    struct counting v = { .c = c, .refusal = m, .lodger = c->agencies.slots[w->agency].reg.id };
    struct store_txn *t = batch_txn(c);
    int r;

    if (m->decision == CONSENT_GRANTED)
        return true;
    if (!t)
        return false;
    r = consents_about(t, c->store, &m->subject, m->purpose, refusal_visit, &v);
    if (r) {
        batch_fail(c, r, "consent");
        return false;
    }
    if (v.n >= REFUSALS_MAX)
        lodge_refuse(c, w, "too-many-refusals");
    return v.n < REFUSALS_MAX;
}

void lodge_consent(struct core *c, struct work *w)
{
    struct consent_record *r = &c->record;
    const struct msg_consent *m = &c->in.consent;
    struct store_txn *t;

    if (!lodge_begin(c, w) || !lodge_party(c, w, m->purpose) || !consent_sound(c, w) ||
        !lodge_id_free(c, w) || !refusal_has_place(c, w))
        return;
    lodge_record(c, w, m->decision == CONSENT_GRANTED ? EVENT_CONSENT_LODGED : EVENT_REFUSAL_LODGED,
                 m->purpose);
    record_tokens(c, &m->subject);
    memset(r, 0, sizeof(*r));
    r->leaf = lodge_recorded(c, w);
    r->id = w->id;
    memcpy(r->lodger, c->agencies.slots[w->agency].reg.id, sizeof(r->lodger));
    r->consent = *m;
    r->withdrawn_on = CIVIL_NONE;
    consent_apply_withdrawals(c, r);
    t = batch_txn(c);
    if (t)
        consents_put(t, c->store, r);
}

/* The lodger alone: "it sends a change when the status ends early". Another's consent and none look
 * the same. */
void lodge_change(struct core *c, struct work *w)
{
    const struct msg_consent_change *m = &c->in.consent_change;
    struct store_txn *t;
    int r;

    if (!lodge_begin(c, w))
        return;
    t = batch_txn(c);
    if (!t)
        return;
    r = consents_get(t, &m->consent, &c->record);
    if (r && r != -ENOENT) {
        batch_fail(c, r, "consent");
        return;
    }
    if (r || c->record.is_withdrawal ||
        strcmp(c->record.lodger, c->agencies.slots[w->agency].reg.id) != 0) {
        lodge_refuse(c, w, "unknown-consent");
        return;
    }
    record_id(c, lodge_record(c, w, EVENT_CONSENT_CHANGED, c->record.consent.purpose), &m->consent);
    c->record.consent.able_until = m->able_until;
    consents_put(t, c->store, &c->record);
    lodge_recorded(c, w);
}
