/* SPDX-License-Identifier: Apache-2.0 */
/* retention_records.c - when each kind of lodged record has ended, and so when its clock runs out.
 * "Broker default: routing data days, sealed concerns to expiry, decisions 6 y, per-class override"
 * (DOMAIN.md section 7). A prohibition in force has not ended. */
#include "due.h"
#include "referral.h"
#include "retention.h"
#include "stages.h"

#include "store/disputes.h"
#include "store/overrides.h"
#include "store/recalls.h"
#include "store/statements.h"

#include <errno.h>
#include <string.h>

#define GIVEN_DAYS    30 /* a grant may be lodged so long after it was given (lodge_given) */
#define RECEIPT_BATCH 256

static uint32_t clock_of(const struct core *c, uint8_t class)
{
    return bundle_retention_days(c->bundle, class, 0, 0);
}

static int32_t sooner(int32_t a, int32_t b)
{
    if (a == CIVIL_NONE || b == CIVIL_NONE)
        return a == CIVIL_NONE ? b : a;
    return a < b ? a : b;
}

/* --- consents, refusals, withdrawals --- */

struct covering {
    const struct consent_record *withdrawal;
    bool any;
};

static int covering_visit(void *ctx, const struct consent_record *r)
{
    struct covering *v = ctx;
    const struct msg_consent *m = &v->withdrawal->consent;

    if (!r->is_withdrawal && r->consent.decision == CONSENT_GRANTED &&
        match_broad(&r->consent.subject, &m->subject) != MATCH_NONE &&
        withdrawal_covers(m->given_on, m->given_ms, r->consent.given_on, r->consent.given_ms))
        v->any = true;
    return v->any ? 1 : 0;
}

/* It is needed while a grant that it covers is on file, or may still come from somebody's outbox:
 * forgotten before, it would let that grant live again. While agencies may ask under the key
 * before, a grant may stand under that one, where a withdrawal of this key does not see it. */
static int withdrawal_look(struct core *c, struct store_txn *t, struct lodged_facts *out)
{
    struct consent_record withdrawal = c->record;
    struct covering v = { .withdrawal = &withdrawal };
    int r = 0;

    if (c->day - withdrawal.consent.given_on > GIVEN_DAYS &&
        !bundle_epoch_in(c->bundle, POLICY_EPOCH_PREVIOUS))
        r = consents_about(t, c->store, &withdrawal.consent.subject, withdrawal.consent.purpose,
                           covering_visit, &v);
    else
        v.any = true;
    out->prohibits = v.any;
    out->ended = v.any ? CIVIL_NONE : withdrawal.consent.given_on;
    return r;
}

static int32_t grant_ended(const struct core *c)
{
    const struct msg_consent *m = &c->record.consent;
    int32_t review = m->review_on == CIVIL_NONE
                         ? CIVIL_NONE
                         : m->review_on + bundle_consent_rules(c->bundle)->grace_days;
    int32_t on =
        sooner(sooner(c->record.withdrawn_on, m->expires_on), sooner(m->able_until, review));

    return on != CIVIL_NONE && on < c->day ? on : CIVIL_NONE;
}

static int consent_look(struct core *c, struct store_txn *t, const struct id *id,
                        struct lodged_facts *out)
{
    const struct msg_consent *m = &c->record.consent;
    int r = consents_get(t, id, &c->record);

    if (r)
        return r;
    out->subject = &m->subject;
    out->days = clock_of(c, RETENTION_CONSENTS);
    if (c->record.is_withdrawal)
        return withdrawal_look(c, t, out);
    if (m->decision == CONSENT_GRANTED) {
        out->ended = grant_ended(c);
    } else if (m->decision == CONSENT_REFUSED) {
        out->prohibits = refusal_live(c, &c->record);
        if (!out->prohibits)
            out->ended = sooner(c->record.withdrawn_on, m->expires_on);
    } else {
        out->ended = m->given_on;
    }
    return 0;
}

static int overtaken_look(struct core *c, struct store_txn *t, const struct id *id,
                          struct lodged_facts *out)
{
    int32_t on;
    int r = overtaken_get(t, id, &on);

    out->days = clock_of(c, RETENTION_CONSENTS);
    if (out->days < GIVEN_DAYS)
        out->days = GIVEN_DAYS; /* the grant may still come */
    out->ended = r ? CIVIL_NONE : on;
    return r;
}

/* --- shields, disputes, overrides --- */

static int shield_look(struct core *c, struct store_txn *t, const struct id *id,
                       struct lodged_facts *out)
{
    const struct msg_shield *m = &c->shield_record.shield;
    int r = shields_get(t, id, &c->shield_record);
    bool over = c->shield_record.lifted || (m->until != CIVIL_NONE && m->until < c->day);

    if (r)
        return r;
    out->subject = &m->subject;
    out->days = clock_of(c, RETENTION_SHIELDS);
    out->prohibits = !over; /* also one that is still to begin */
    out->ended =
        over ? sooner(m->until, c->shield_record.lifted ? c->day : CIVIL_NONE) : CIVIL_NONE;
    return 0;
}

static int dispute_look(struct core *c, struct store_txn *t, const struct id *id,
                        struct lodged_facts *out)
{
    int r = disputes_get(t, id, &c->dispute_record);

    if (r)
        return r;
    out->subject = &c->dispute_record.dispute.subject;
    out->days = clock_of(c, RETENTION_CONSENTS);
    out->prohibits = !c->dispute_record.lifted;
    out->ended = c->dispute_record.lifted ? c->dispute_record.lifted_on : CIVIL_NONE;
    return 0;
}

/* Its hours are the wall clock's, also in an exercise: its day is that of its leaf. */
static int override_look(struct core *c, struct store_txn *t, const struct id *id,
                         struct lodged_facts *out)
{
    struct ledger_clear l;
    int r = overrides_get(t, id, &c->override_record);

    if (!r)
        r = leaf_read(t, c->override_record.leaf, &l);
    if (r)
        return r;
    out->subject = &c->override_record.override.subject;
    out->days = clock_of(c, RETENTION_OVERRIDES);
    out->ended = l.civil_day + (bundle_override_rules(c->bundle)->most_hours + 23) / 24;
    return 0;
}

/* --- concerns, episodes, watches --- */

static int concern_look(struct core *c, struct store_txn *t, const struct id *id,
                        struct lodged_facts *out)
{
    const struct msg_concern *m = &c->concern_record.concern;
    int r = concerns_get(t, id, &c->concern_record);

    if (r)
        return r;
    out->subject = &m->subject;
    out->home = m->has_household ? &m->household : NULL;
    out->ended = m->expires_on;
    out->days =
        bundle_retention_days(c->bundle, RETENTION_CONCERNS, m->part, c->concern_record.outcome);
    return 0;
}

static int episode_look(struct core *c, struct store_txn *t, const struct id *id,
                        struct lodged_facts *out)
{
    int r = episodes_get(t, id, &c->episode_record);

    if (r)
        return r;
    out->subject = &c->episode_record.subject;
    out->home = c->episode_record.household.kind ? &c->episode_record.household : NULL;
    out->ended = c->episode_record.over_on;
    return 0;
}

static int watch_look(struct core *c, struct store_txn *t, const struct id *id,
                      struct lodged_facts *out)
{
    int r = watches_get(t, id, &c->watch_record);

    if (r)
        return r;
    out->subject = &c->watch_record.watch.subject;
    out->home = c->watch_record.watch.has_household ? &c->watch_record.watch.household : NULL;
    out->ended = c->watch_record.watch.until;
    return 0;
}

/* --- referrals, statements, recalls --- */

static int referral_look(struct core *c, struct store_txn *t, const struct id *id,
                         struct lodged_facts *out)
{
    int r = referrals_get(t, id, &c->referral);

    if (r)
        return r;
    out->subject = &c->referral.subject;
    out->home = c->referral.has_household ? &c->referral.household : NULL;
    out->days = clock_of(c, RETENTION_REFERRALS);
    out->ended = c->referral.running ? CIVIL_NONE : c->referral.last_on;
    return 0;
}

static int statement_look(struct core *c, struct store_txn *t, const struct id *id,
                          struct lodged_facts *out)
{
    static struct statement_record record; /* the core has one thread */
    int r = statements_get(t, id, &record);

    if (r)
        return r;
    out->subject = &record.statement.subject;
    out->days = clock_of(c, RETENTION_DECISIONS);
    out->ended = record.lodged_on;
    return 0;
}

static int recall_look(struct core *c, struct store_txn *t, const struct id *id,
                       struct lodged_facts *out)
{
    static struct recall_record record;
    int r = recalls_get(t, id, &record);

    if (r)
        return r;
    out->subject = &record.subject;
    out->home = record.household.kind ? &record.household : NULL;
    out->days = clock_of(c, RETENTION_DECISIONS);
    out->ended = record.lodged_on;
    return 0;
}

static int (*const looks[LODGED_END])(struct core *c, struct store_txn *t, const struct id *id,
                                      struct lodged_facts *out) = {
    [LODGED_CONSENT] = consent_look,   [LODGED_OVERTAKEN] = overtaken_look,
    [LODGED_SHIELD] = shield_look,     [LODGED_DISPUTE] = dispute_look,
    [LODGED_OVERRIDE] = override_look, [LODGED_CONCERN] = concern_look,
    [LODGED_REFERRAL] = referral_look, [LODGED_STATEMENT] = statement_look,
    [LODGED_RECALL] = recall_look,     [LODGED_EPISODE] = episode_look,
    [LODGED_WATCH] = watch_look,
};

int lodged_look(struct core *c, struct store_txn *t, enum lodged_kind kind, const struct id *id,
                struct lodged_facts *out)
{
    *out = (struct lodged_facts){ .ended = CIVIL_NONE };
    return looks[kind](c, t, id, out);
}

bool lodged_damaged(int r, enum lodged_kind kind)
{
    if (r == -EBADMSG)
        log_error("retention-damaged", "kind=%d", (int)kind);
    return r == -EBADMSG;
}

/* "both ends included": the last day is still the record's own. */
bool lodged_due(const struct lodged_facts *f, int32_t day)
{
    return !f->prohibits && f->ended != CIVIL_NONE && (int64_t)f->ended + f->days < day;
}

/* Nothing is due any more of what is gone. */
static void lodged_not_due(struct core *c, enum lodged_kind kind, const struct id *id)
{
    struct life before;

    switch (kind) {
    case LODGED_CONSENT:
        reseek_done(c, &c->record);
        break;
    case LODGED_OVERRIDE:
        due_done(c, DUE_REVIEW, id, c->override_record.agency);
        break;
    case LODGED_EPISODE:
        for (uint8_t i = 0; i < c->episode_record.n_hubs; i++)
            due_done(c, DUE_FIRING, id, c->episode_record.hubs[i]);
        break;
    case LODGED_WATCH:
        due_done(c, DUE_REVIEW, id, c->watch_record.agency);
        break;
    case LODGED_REFERRAL:
        referral_life(&c->referral, &before);
        c->referral.due = LIFE_DUE_NOTHING;
        referral_due_move(c, &before);
        break;
    case LODGED_OVERTAKEN:
    case LODGED_SHIELD:
    case LODGED_DISPUTE:
    case LODGED_CONCERN:
    case LODGED_STATEMENT:
    case LODGED_RECALL:
    case LODGED_END:
    default:
        break;
    }
}

#define PARTIES_STEP 32

struct parties { /* of a recall, that still owe a word */
    size_t n;
    char at[PARTIES_STEP][64];
};

static int party_owing(void *ctx, const struct recall_party *p)
{
    struct parties *k = ctx;

    if (p->state != PARTY_TOLD || !p->due_ms)
        return 0;
    memcpy(k->at[k->n++], p->agency, sizeof(k->at[0]));
    return k->n == PARTIES_STEP;
}

/* Before it goes, as its parties go with it: what nobody can acknowledge would be due for ever. */
static int recall_not_due(struct core *c, struct store_txn *t, const struct id *id)
{
    struct parties k = { .n = PARTIES_STEP };
    int r = 0;

    while (!r && k.n == PARTIES_STEP && !c->batch.error) {
        k.n = 0;
        r = recall_parties(t, id, party_owing, &k);
        for (size_t i = 0; i < k.n && !r; i++) {
            struct recall_party p;

            due_done(c, DUE_RECALL, id, k.at[i]);
            r = recall_party_get(t, id, k.at[i], &p);
            p.due_ms = 0; /* else it would be listed again */
            if (!r)
                recall_party_put(t, id, &p);
        }
    }
    return r == -EBADMSG ? 0 : r; /* a party that is damaged goes all the same */
}

int lodged_erase(struct core *c, struct store_txn *t, enum lodged_kind kind, const struct id *id)
{
    int r = kind == LODGED_RECALL ? recall_not_due(c, t, id) : 0;

    if (!r)
        r = lodged_forget(t, kind, id);
    if (r)
        return r;
    c->batch.wrote = true;
    lodged_not_due(c, kind, id);
    return store_status(t);
}

/* --- receipts: "query ids" and same id again --- */

struct receipts_look {
    struct core *c;
    struct store_txn *t;
    struct retention_state *s;
    int64_t before_ms;
    size_t n;
};

static int receipt_visit(void *ctx, struct bytes key, struct bytes value)
{
    struct receipts_look *l = ctx;
    int64_t at_ms;

    if (l->s->receipt_len == key.len && !memcmp(l->s->receipt, key.data, key.len))
        return 0; /* where the last step stopped */
    if (l->n++ == RECEIPT_BATCH)
        return 1;
    if (key.len > sizeof(l->s->receipt) || receipts_time(value, &at_ms))
        return -EBADMSG;
    memcpy(l->s->receipt, key.data, key.len);
    l->s->receipt_len = (uint8_t)key.len;
    if (at_ms >= l->before_ms)
        return 0;
    retention_begun(l->c);
    store_del(l->t, TABLE_RECEIPTS, bytes_of(l->s->receipt, l->s->receipt_len));
    l->s->counts.receipts++;
    retention_dirty(l->c);
    return store_status(l->t);
}

int receipts_step(struct core *c, struct store_txn *t, struct retention_state *s, bool *done)
{
    struct receipts_look l = { .c = c, .t = t, .s = s };
    uint8_t from[RECEIPT_AT_MAX];
    size_t len = s->receipt_len;
    int r;

    l.before_ms =
        c->wall_ms - (int64_t)bundle_retention(c->bundle)->receipts_days * 24 * 3600 * 1000;
    memcpy(from, s->receipt, len);
    r = store_scan(t, TABLE_RECEIPTS, bytes_of(NULL, 0), bytes_of(from, len), true, receipt_visit,
                   &l);
    *done = l.n <= RECEIPT_BATCH;
    return r < 0 ? r : store_status(t);
}
