/* SPDX-License-Identifier: Apache-2.0 */
/* consents.c - consents, withdrawals and shields kept and found. What they permit or forbid is
 * policy's business, not this file's. */
#include "store/consents.h"

#include <errno.h>
#include <string.h>

#include "store/consents_codec.h"
#include "store/lodged.h"
#include "store/retokens.h"
#include "store/subjects.h"

#define PENDING_LAYOUT     1
#define PENDING_RECORD_MAX 64

static struct bytes id_key(const struct id *id)
{
    return bytes_of(id->octets, ID_LEN);
}

/* --- Withdrawals that came before their grant: in TABLE_CONSENTS, under the id and a 'w'. --- */

struct pending_key {
    uint8_t octets[ID_LEN + 1];
};

static struct bytes pending_key_of(struct pending_key *k, const struct id *id)
{
    memcpy(k->octets, id->octets, ID_LEN);
    k->octets[ID_LEN] = 'w';
    return bytes_of(k->octets, sizeof(k->octets));
}

struct pending {
    int32_t on;
    int64_t ms;
    uint64_t leaf;
};

static int pending_get(struct store_txn *t, const struct id *id, struct pending *out)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct pending_key k;
    struct cursor c;
    int r;

    buf_init(&b, PENDING_RECORD_MAX);
    r = store_get(t, TABLE_CONSENTS, pending_key_of(&k, id), &b);
    if (r < 0)
        return r;
    c = cursor_of(buf_view(&b));
    if (cursor_u8(&c) != PENDING_LAYOUT)
        return -EBADMSG;
    out->on = cursor_i32(&c);
    out->ms = cursor_i64(&c);
    out->leaf = cursor_u64(&c);
    return cursor_end(&c);
}

static void pending_put(struct store_txn *t, const struct id *id, const struct pending *p)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct pending_key k;

    buf_init(&b, PENDING_RECORD_MAX);
    buf_put_u8(&b, PENDING_LAYOUT);
    buf_put_i32(&b, p->on);
    buf_put_i64(&b, p->ms);
    buf_put_u64(&b, p->leaf);
    if (buf_status(&b))
        store_fail(t, buf_status(&b));
    else
        store_put(t, TABLE_CONSENTS, pending_key_of(&k, id), buf_view(&b));
}

/* Of two withdrawals the earlier holds: what one ended the other cannot bring back. */
static bool withdrawal_earlier(int32_t on, int64_t ms, int32_t than_on, int64_t than_ms)
{
    if (than_on == CIVIL_NONE)
        return true;
    return on < than_on || (on == than_on && ms < than_ms);
}

static void consent_end(struct consent_record *r, int32_t on, int64_t ms)
{
    if (on == CIVIL_NONE || !withdrawal_earlier(on, ms, r->withdrawn_on, r->withdrawn_ms))
        return;
    r->withdrawn_on = on;
    r->withdrawn_ms = ms;
}

/* --- Consents. --- */

bool consents_findable(const struct token_set *subject)
{
    return subjects_findable(subject);
}

static void consent_write(struct store_txn *t, const struct consent_record *r)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };

    buf_init(&b, CONSENT_RECORD_MAX);
    consent_encode(r, &b);
    if (buf_status(&b))
        store_fail(t, buf_status(&b));
    else
        store_put(t, TABLE_CONSENTS, id_key(&r->id), buf_view(&b));
}

static struct tokens_view consent_view(struct consent_record *r)
{
    return (struct tokens_view){ .subject = &r->consent.subject };
}

/* As it is stored: with its own tokens. */
static int consent_load(struct store_txn *t, const struct id *id, struct consent_record *out)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    int r;

    buf_init(&b, CONSENT_RECORD_MAX);
    r = store_get(t, TABLE_CONSENTS, id_key(id), &b);
    return r < 0 ? r : consent_decode(buf_view(&b), out);
}

static bool consent_is_grant(const struct consent_record *r)
{
    return !r->is_withdrawal && r->consent.decision == CONSENT_GRANTED;
}

/* What is there already under this id: its index entries go, its tokens and its withdrawal stay.
 * Return: 0, -EINVAL could never be found, -EEXIST another's, -errno. */
static int consent_replace(struct store_txn *t, struct consent_record *r)
{
    struct tokens_view put = consent_view(r), raw;
    struct consent_record old;
    int found = consent_load(t, &r->id, &old);

    if (found == -ENOENT)
        return subjects_findable(&r->consent.subject) ? 0 : -EINVAL;
    if (found < 0)
        return found;
    if (strncmp(old.lodger, r->lodger, sizeof(old.lodger)) != 0)
        return -EEXIST;
    raw = consent_view(&old);
    found = tokens_keep(t, SUBJECTS_CONSENT, &r->id, &raw, &put);
    if (found < 0)
        return found;
    subjects_remove(t, SUBJECTS_CONSENT, &old.consent.subject, &old.id);
    subjects_lodger_remove(t, old.lodger, old.leaf, &old.id);
    consent_end(r, old.withdrawn_on, old.withdrawn_ms);
    return 0;
}

/* A withdrawal that overtook this grant. */
static int consent_apply_pending(struct store_txn *t, struct consent_record *r)
{
    struct pending_key k;
    struct pending p;
    int found;

    if (!consent_is_grant(r))
        return 0;
    found = pending_get(t, &r->id, &p);
    if (found < 0)
        return found == -ENOENT ? 0 : found;
    consent_end(r, p.on, p.ms);
    store_del(t, TABLE_CONSENTS, pending_key_of(&k, &r->id));
    return 0;
}

static int consent_put_now(struct store_txn *t, struct consent_record *r)
{
    int status = consent_replace(t, r);

    if (status == 0)
        status = consent_apply_pending(t, r);
    if (status < 0)
        return status;
    consent_write(t, r);
    subjects_add(t, SUBJECTS_CONSENT, &r->consent.subject, &r->id);
    if (!r->is_withdrawal)
        subjects_lodger_add(t, r->lodger, r->leaf, &r->id);
    return 0;
}

void consents_put(struct store_txn *t, struct store *s, const struct consent_record *r)
{
    struct consent_record kept = *r;

    (void)s; /* t knows its store */
    store_fail(t, consent_put_now(t, &kept));
}

int consents_get(struct store_txn *t, const struct id *id, struct consent_record *out)
{
    struct tokens_view v = consent_view(out);
    int r = consent_load(t, id, out);

    return r < 0 ? r : tokens_now(t, SUBJECTS_CONSENT, id, &v);
}

int consents_settle(struct store_txn *t, const struct id *id, const struct token_epochs *e)
{
    struct consent_record record;
    struct tokens_view v = consent_view(&record);
    int r = consent_load(t, id, &record);

    if (r == 0)
        r = tokens_settle(t, SUBJECTS_CONSENT, id, e, &v);
    if (r > 0)
        consent_write(t, &record);
    return r;
}

int consents_survey(struct store_txn *t, const struct id *id, struct survey_seen *s)
{
    struct consent_record record;
    const struct msg_consent *m = &record.consent;
    int r = consent_load(t, id, &record);

    if (r < 0)
        return r;
    memcpy(s->out->lodger, record.lodger, sizeof(s->out->lodger));
    s->out->withdrawal = record.is_withdrawal;
    s->out->refusal = !record.is_withdrawal && m->decision == CONSENT_REFUSED;
    s->out->over = !record.is_withdrawal &&
                   ((record.withdrawn_on != CIVIL_NONE && record.withdrawn_on <= s->day) ||
                    (m->expires_on != CIVIL_NONE && m->expires_on < s->day));
    survey_tokens(s, &(struct tokens_view){ .subject = &record.consent.subject });
    return 0;
}

static int consent_withdraw_later(struct store_txn *t, const struct id *id, int32_t on, int64_t ms,
                                  uint64_t leaf)
{
    struct pending p = { .on = on, .ms = ms, .leaf = leaf }, earlier;
    int r = pending_get(t, id, &earlier);

    if (r < 0 && r != -ENOENT)
        return r;
    if (r == -ENOENT || withdrawal_earlier(on, ms, earlier.on, earlier.ms))
        pending_put(t, id, &p);
    return -ENOENT;
}

int consents_withdraw(struct store_txn *t, struct store *s, const struct id *id, int32_t on,
                      int64_t ms, uint64_t leaf)
{
    struct consent_record r;
    int found;

    (void)s;
    if (on == CIVIL_NONE)
        return -EINVAL;
    found = consent_load(t, id, &r);
    if (found == -ENOENT)
        return consent_withdraw_later(t, id, on, ms, leaf);
    if (found < 0)
        return found;
    if (!consent_is_grant(&r))
        return -EINVAL;
    consent_end(&r, on, ms);
    consent_write(t, &r);
    return 0;
}

/* A record that its index names and that is not there has been taken away: fail, so that nothing is
 * decided without it. */
static int consent_visit_one(struct store_txn *t, const struct id *id, const struct token_set *by,
                             const char *purpose, consents_visit *visit, void *ctx)
{
    struct consent_record record;
    struct tokens_view v = consent_view(&record);
    int r = consent_load(t, id, &record);

    if (r < 0)
        return r == -ENOENT ? -EBADMSG : r;
    if (purpose[0] && strcmp(purpose, record.consent.purpose) != 0)
        return 0;
    r = by ? tokens_found(t, SUBJECTS_CONSENT, id, by, &v) : tokens_now(t, SUBJECTS_CONSENT, id, &v);
    return r < 0 ? r : visit(ctx, &record);
}

int consents_about(struct store_txn *t, struct store *s, const struct token_set *subject,
                   const char *purpose, consents_visit *visit, void *ctx)
{
    ALM_CLEANUP(subjects_found_deinit) struct subjects_found found = { 0 };
    int r = subjects_find(t, SUBJECTS_CONSENT, subject, &found);

    (void)s;
    for (size_t i = 0; i < found.n && r == 0; i++) {
        struct id id = subjects_found_at(&found, i);

        r = consent_visit_one(t, &id, subject, purpose, visit, ctx);
    }
    return r < 0 ? r : 0;
}

int consents_by_lodger(struct store_txn *t, const char *lodger, size_t offset, size_t max,
                       consents_visit *visit, void *ctx, size_t *total)
{
    ALM_CLEANUP(subjects_found_deinit) struct subjects_found found = { 0 };
    int r = subjects_lodger_find(t, lodger, &found);

    *total = 0;
    if (r < 0)
        return r;
    *total = found.n;
    for (size_t i = offset; i < found.n && i - offset < max && r == 0; i++) {
        struct id id = subjects_found_at(&found, found.n - 1 - i);

        r = consent_visit_one(t, &id, NULL, "", visit, ctx);
    }
    return r < 0 ? r : 0;
}

/* --- Shields. --- */

static struct tokens_view shield_view(struct shield_record *r)
{
    return (struct tokens_view){ .subject = &r->shield.subject };
}

static int shield_load(struct store_txn *t, const struct id *id, struct shield_record *out)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    int r;

    buf_init(&b, CONSENT_RECORD_MAX);
    r = store_get(t, TABLE_SHIELDS, id_key(id), &b);
    return r < 0 ? r : shield_decode(buf_view(&b), out);
}

static int shield_write(struct store_txn *t, const struct shield_record *r)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };

    buf_init(&b, CONSENT_RECORD_MAX);
    shield_encode(r, &b);
    if (buf_status(&b))
        return buf_status(&b);
    store_put(t, TABLE_SHIELDS, id_key(&r->id), buf_view(&b));
    return 0;
}

static int shield_replace(struct store_txn *t, struct shield_record *r)
{
    struct tokens_view put = shield_view(r), raw;
    struct shield_record old;
    int found = shield_load(t, &r->id, &old);

    if (found == -ENOENT)
        return subjects_findable(&r->shield.subject) ? 0 : -EINVAL;
    if (found < 0)
        return found;
    if (strncmp(old.owner, r->owner, sizeof(old.owner)) != 0)
        return -EEXIST;
    raw = shield_view(&old);
    found = tokens_keep(t, SUBJECTS_SHIELD, &r->id, &raw, &put);
    if (found == 0)
        subjects_remove(t, SUBJECTS_SHIELD, &old.shield.subject, &old.id);
    return found;
}

static int shield_put_now(struct store_txn *t, struct shield_record *r)
{
    int status = shield_replace(t, r);

    if (status == 0)
        status = shield_write(t, r);
    if (status == 0)
        subjects_add(t, SUBJECTS_SHIELD, &r->shield.subject, &r->id);
    return status;
}

int shields_settle(struct store_txn *t, const struct id *id, const struct token_epochs *e)
{
    struct shield_record record;
    struct tokens_view v = shield_view(&record);
    int r = shield_load(t, id, &record);

    if (r == 0)
        r = tokens_settle(t, SUBJECTS_SHIELD, id, e, &v);
    if (r > 0 && shield_write(t, &record) < 0)
        return -EBADMSG;
    if (r == 0) /* an older store found it by less than what is near to it; anew, this changes nothing */
        subjects_add(t, SUBJECTS_SHIELD, &record.shield.subject, id);
    return r;
}

int shields_survey(struct store_txn *t, const struct id *id, struct survey_seen *s)
{
    struct shield_record record;
    int r = shield_load(t, id, &record);

    if (r < 0)
        return r;
    memcpy(s->out->lodger, record.owner, sizeof(s->out->lodger));
    s->out->over = record.lifted || (record.shield.until != CIVIL_NONE && record.shield.until < s->day);
    survey_tokens(s, &(struct tokens_view){ .subject = &record.shield.subject });
    return 0;
}

void shields_put(struct store_txn *t, struct store *s, const struct shield_record *r)
{
    struct shield_record kept = *r;

    (void)s;
    store_fail(t, shield_put_now(t, &kept));
}

int shields_get(struct store_txn *t, const struct id *id, struct shield_record *out)
{
    struct tokens_view v = shield_view(out);
    int r = shield_load(t, id, out);

    return r < 0 ? r : tokens_now(t, SUBJECTS_SHIELD, id, &v);
}

int shields_about(struct store_txn *t, struct store *s, const struct token_set *subject,
                  shields_visit *visit, void *ctx)
{
    ALM_CLEANUP(subjects_found_deinit) struct subjects_found found = { 0 };
    int r = subjects_find(t, SUBJECTS_SHIELD, subject, &found);

    (void)s;
    for (size_t i = 0; i < found.n && r == 0; i++) {
        struct id id = subjects_found_at(&found, i);
        struct shield_record record;
        struct tokens_view v = shield_view(&record);

        r = shield_load(t, &id, &record);
        if (r == 0)
            r = tokens_found(t, SUBJECTS_SHIELD, &id, subject, &v);
        if (r == 0)
            r = visit(ctx, &record);
        else if (r == -ENOENT)
            r = -EBADMSG; /* the index names it: somebody took it away */
    }
    return r < 0 ? r : 0;
}

/* --- Forgetting. --- */

int consents_forget(struct store_txn *t, const struct id *id)
{
    struct consent_record record;
    struct tokens_view v = consent_view(&record);
    int r = consent_load(t, id, &record);

    if (r < 0)
        return r;
    tokens_index(t, SUBJECTS_CONSENT, id, &v, false);
    retokens_drop(t, SUBJECTS_CONSENT, id);
    if (!record.is_withdrawal)
        subjects_lodger_remove(t, record.lodger, record.leaf, id);
    store_del(t, TABLE_CONSENTS, id_key(id));
    reliance_forget(t, id);
    crypto_wipe(&record, sizeof(record));
    return 0;
}

int overtaken_get(struct store_txn *t, const struct id *id, int32_t *on)
{
    struct pending p = { .on = 0 };
    int r = pending_get(t, id, &p);

    *on = p.on;
    return r;
}

int overtaken_forget(struct store_txn *t, const struct id *id)
{
    struct pending_key k;
    int32_t on;
    int r = overtaken_get(t, id, &on);

    if (r == 0)
        store_del(t, TABLE_CONSENTS, pending_key_of(&k, id));
    return r;
}

int shields_forget(struct store_txn *t, const struct id *id)
{
    struct shield_record record;
    struct tokens_view v = shield_view(&record);
    int r = shield_load(t, id, &record);

    if (r < 0)
        return r;
    tokens_index(t, SUBJECTS_SHIELD, id, &v, false);
    retokens_drop(t, SUBJECTS_SHIELD, id);
    store_del(t, TABLE_SHIELDS, id_key(id));
    attempts_forget(t, id);
    crypto_wipe(&record, sizeof(record));
    return 0;
}
