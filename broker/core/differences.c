/* SPDX-License-Identifier: Apache-2.0 */
/* differences.c - what an organisation has asked about a subject, as far as composite questions
 * need it: two answers that are each harmless may together show what neither does.
 *
 * Only composites and their factors are kept, under blinded tokens, for the period that the policy
 * sets, by the clock and by the days on which the broker was up. TABLE_ASKED:
 *   'a', HMAC(organisation, token) 32, digest of what follows the days 16 -> u8 version 2, i32 day,
 *        u32 day's number (c->days.n), text question, u16 n, n x (text agency, u8 asked): the
 *        contributors that the bundle lists
 *   'm', HMAC(organisation, home's token) 32, ... -> the same of somebody who lives or lived there
 *   'd', u32 order of the day, that key -> empty: in order of age, for the sweep
 * The same asking again renews its record, so that a subject has few.
 *
 * A household and its members have no token in common. They are linked by the homes that a query
 * about a person brings along, so only for questions that use homes. */
#include "stages.h"

#include <errno.h>
#include <string.h>

#define ASKED_VERSION   2
#define ASKED_DAYS      (1 + 4 + 4) /* version and days: what the digest leaves out */
#define ASKED_DIGEST    16
#define ASKED_KEY       (1 + SHA256_LEN + ASKED_DIGEST)
#define ASKED_DAY_KEY   (1 + 4 + ASKED_KEY)
#define ASKED_DOMAIN    0xfe /* first byte blinded: no token kind has it, nor the subjects' index */
#define SWEEP_MOST      256  /* records of one batch; the rest waits for the next */
#define ASKED_TOKEN_MAX (2 + REGISTRY_ID_MAX + 5 + TOKEN_LEN)

/* --- keys --- */

static bool asked_indexed(const struct token *t)
{
    return token_kind_strong(t->kind) || t->kind == TOKEN_NAME_DOB || t->kind == TOKEN_HOME;
}

/* kind: 'a' about this token's owner, 'm' about a member of this home. */
static int asked_prefix(struct core *c, char kind, const char *organisation,
                        const struct token *token, bool unborn, uint8_t key[static ASKED_KEY])
{
    uint8_t octets[ASKED_TOKEN_MAX] = { ASKED_DOMAIN };
    size_t len = 1, id = strlen(organisation) + 1;

    if (id > REGISTRY_ID_MAX)
        return -EINVAL;
    memcpy(octets + len, organisation, id);
    len += id;
    octets[len++] = token->kind;
    octets[len++] = token->scheme;
    octets[len++] = (uint8_t)(token->epoch >> 8);
    octets[len++] = (uint8_t)token->epoch;
    octets[len++] = unborn;
    memcpy(octets + len, token->value, TOKEN_LEN);
    key[0] = (uint8_t)kind;
    return store_blind(c->store, bytes_of(octets, len + TOKEN_LEN), key + 1);
}

/* Of the present day. It never falls: in life it is counted, whatever the clock says. */
static uint32_t asked_order(const struct core *c)
{
    if (c->set.wire.mode == MODE_EXERCISE)
        return (uint32_t)c->day ^ 0x80000000u; /* days before 1970 come first */
    return c->days.n;
}

static void asked_day_key(uint32_t order, const uint8_t key[static ASKED_KEY],
                          uint8_t out[static ASKED_DAY_KEY])
{
    out[0] = 'd';
    for (int i = 0; i < 4; i++)
        out[1 + i] = (uint8_t)(order >> (24 - 8 * i));
    memcpy(out + 5, key, ASKED_KEY);
}

static uint32_t asked_order_of(const uint8_t *day_key)
{
    uint32_t order = 0;

    for (int i = 1; i <= 4; i++)
        order = order << 8 | day_key[i];
    return order;
}

/* --- whom it is about --- */

static const char *asked_organisation(const struct core *c, uint16_t slot)
{
    uint16_t own = bundle_agency_at(c->bundle, c->agencies.slots[slot].index)->organisation;

    return bundle_agency_at(c->bundle, own)->id;
}

static const struct token_set *asked_subject(const struct ask *ask, struct token_set *household)
{
    if (ask->subject_kind != SUBJECT_HOUSEHOLD)
        return &ask->subject;
    memset(household, 0, sizeof(*household));
    household->n = 1;
    household->tokens[0] = ask->household;
    return household;
}

/* Where a person lives and lived, as far as the query says: c->in is still the message. */
static uint8_t asked_homes(const struct core *c, const struct ask *ask, const struct msg_home **out)
{
    uint8_t n = 0;

    if (ask->subject_kind == SUBJECT_HOUSEHOLD)
        return 0;
    if (c->in.type == MSG_INSIGHT_QUERY) {
        *out = c->in.insight_query.homes;
        n = c->in.insight_query.n_homes;
    } else if (c->in.type == MSG_ELIGIBILITY_QUERY) {
        *out = c->in.eligibility_query.homes;
        n = c->in.eligibility_query.n_homes;
    }
    return n < HOMES_MAX ? n : HOMES_MAX;
}

/* --- reading --- */

struct asked_reading {
    struct core *c;
    size_t n;
    bool whole;
    bool composite; /* what is asked now */
    bool kin;       /* what is read was asked about the household, or about a member of it */
};

static bool asked_same(const struct earlier_fact *a, const struct earlier_fact *b)
{
    return a->question == b->question && a->kin == b->kin &&
           !memcmp(a->listed.bits, b->listed.bits, sizeof(a->listed.bits)) &&
           !memcmp(a->asked.bits, b->asked.bits, sizeof(a->asked.bits));
}

static void asked_add(struct asked_reading *r, const struct earlier_fact *e)
{
    struct core *c = r->c;

    if (e->kin ? e->question != c->facts.question
               : !r->composite && !bundle_question_at(c->bundle, e->question)->composite)
        return; /* another question, or neither is a composite: no pair */
    for (size_t i = 0; i < r->n; i++)
        if (asked_same(&c->earlier[i], e))
            return; /* found by another token before */
    if (r->n == ALM_LEN(c->earlier))
        r->whole = false;
    else
        c->earlier[r->n++] = *e;
}

static int asked_visit(void *ctx, struct bytes key, struct bytes value)
{
    struct asked_reading *r = ctx;
    const struct bundle *b = r->c->bundle;
    struct cursor at = cursor_of(value);
    struct earlier_fact e = { .kin = r->kin };
    uint8_t version = cursor_u8(&at);
    int32_t day = cursor_i32(&at);
    uint32_t number = cursor_u32(&at);
    name_t name;
    uint16_t n;

    (void)key;
    cursor_text(&at, name, sizeof(name));
    e.question = bundle_question(b, name);
    n = cursor_u16(&at);
    for (uint16_t i = 0; i < n && !at.failed; i++) {
        uint16_t agency;

        cursor_text(&at, name, sizeof(name));
        agency = bundle_agency(b, name);
        if (cursor_u8(&at))
            agency_set_add(&e.asked, agency);
        agency_set_add(&e.listed, agency);
    }
    if (version != ASKED_VERSION || cursor_end(&at))
        return -EBADMSG;
    if (e.question != POLICY_NONE &&
        !day_past(r->c, day, number, bundle_composite_rules(b)->keep_days))
        asked_add(r, &e);
    return 0;
}

static int asked_read_under(struct asked_reading *r, struct store_txn *t, char kind,
                            const char *organisation, const struct token *token, bool unborn)
{
    uint8_t key[ASKED_KEY];
    int error;

    if (!asked_indexed(token))
        return 0;
    error = asked_prefix(r->c, kind, organisation, token, unborn, key);
    return error ? error
                 : store_scan(t, TABLE_ASKED, bytes_of(key, 1 + SHA256_LEN), bytes_of(NULL, 0), true,
                              asked_visit, r);
}

/* What was asked about the household of this person, or about members of this household. */
static int asked_read_kin(struct core *c, const struct ask *ask, struct store_txn *t,
                          const char *organisation, struct asked_reading *r)
{
    const struct msg_home *homes = NULL;
    uint8_t n = asked_homes(c, ask, &homes);
    int error = 0;

    r->kin = true;
    if (ask->subject_kind == SUBJECT_HOUSEHOLD)
        error = asked_read_under(r, t, 'm', organisation, &ask->household, false);
    for (uint8_t i = 0; i < n && !error; i++)
        error = asked_read_under(r, t, 'a', organisation, &homes[i].token, false);
    return error;
}

static int asked_read(struct core *c, const struct ask *ask, struct asked_reading *r)
{
    struct token_set household;
    const struct token_set *subject = asked_subject(ask, &household);
    const char *organisation = asked_organisation(c, ask->agency);
    struct store_txn *t = batch_txn(c);
    int error = t ? 0 : -EIO;

    for (uint8_t i = 0; i < subject->n && i < TOKEN_SET_MAX && !error; i++)
        error = asked_read_under(r, t, 'a', organisation, &subject->tokens[i], subject->unborn);
    return error ? error : asked_read_kin(c, ask, t, organisation, r);
}

static bool asked_counts(const struct core *c, const struct ask *ask)
{
    return c->bundle && !ask->involvement &&
           (c->decision.outcome == OUTCOME_PERMIT || c->decision.telling == TELL_HIDDEN) &&
           bundle_differences(c->bundle, c->facts.question);
}

void differences_check(struct core *c, const struct ask *ask)
{
    struct asked_reading r = { .c = c, .whole = true };
    int error;

    if (!asked_counts(c, ask))
        return;
    r.composite = bundle_question_at(c->bundle, c->facts.question)->composite != NULL;
    error = asked_read(c, ask, &r);
    if (error) {
        batch_fail(c, error, "differences");
        r.whole = false;
    }
    policy_difference(c->bundle, &c->facts, c->earlier, r.n, r.whole, &c->decision);
}

/* --- writing --- */

static void asked_encode(struct core *c, struct buf *out)
{
    const struct bundle *b = c->bundle;
    struct earlier_fact e;
    uint16_t n = 0;

    policy_asked(b, &c->facts, &c->decision, &e);
    buf_put_u8(out, ASKED_VERSION);
    buf_put_i32(out, c->day);
    buf_put_u32(out, c->days.n);
    buf_put_text(out, bundle_question_at(b, e.question)->id);
    for (uint16_t i = 0; i < bundle_n_agencies(b); i++)
        n = (uint16_t)(n + agency_set_has(&e.listed, i));
    buf_put_u16(out, n);
    for (uint16_t i = 0; i < bundle_n_agencies(b); i++) {
        if (!agency_set_has(&e.listed, i))
            continue;
        buf_put_text(out, bundle_agency_at(b, i)->id);
        buf_put_u8(out, agency_set_has(&e.asked, i));
    }
}

static int asked_put(struct core *c, struct store_txn *t, char kind, const char *organisation,
                     const struct token *token, bool unborn, struct bytes value)
{
    uint8_t key[ASKED_KEY], day_key[ASKED_DAY_KEY], digest[SHA256_LEN];
    int r;

    if (!asked_indexed(token))
        return 0;
    r = asked_prefix(c, kind, organisation, token, unborn, key);
    if (!r)
        r = crypto_sha256(bytes_of(value.data + ASKED_DAYS, value.len - ASKED_DAYS), digest);
    if (r)
        return r;
    memcpy(key + 1 + SHA256_LEN, digest, ASKED_DIGEST);
    asked_day_key(asked_order(c), key, day_key);
    store_put(t, TABLE_ASKED, bytes_of(key, sizeof(key)), value);
    store_put(t, TABLE_ASKED, bytes_of(day_key, sizeof(day_key)), bytes_of(NULL, 0));
    return store_status(t);
}

void differences_put(struct core *c, const struct ask *ask)
{
    struct token_set household;
    const struct token_set *subject = asked_subject(ask, &household);
    struct store_txn *t = batch_txn(c);
    const struct msg_home *homes = NULL;
    const char *organisation;
    uint8_t n_homes;
    int r;

    if (!t || !asked_counts(c, ask))
        return;
    organisation = asked_organisation(c, ask->agency);
    n_homes = asked_homes(c, ask, &homes);
    buf_reset(&c->scratch);
    asked_encode(c, &c->scratch);
    r = buf_status(&c->scratch);
    for (uint8_t i = 0; i < subject->n && i < TOKEN_SET_MAX && !r; i++)
        r = asked_put(c, t, 'a', organisation, &subject->tokens[i], subject->unborn,
                      buf_view(&c->scratch));
    for (uint8_t i = 0; i < n_homes && !r; i++)
        r = asked_put(c, t, 'm', organisation, &homes[i].token, false, buf_view(&c->scratch));
    c->batch.wrote = true;
    if (r)
        batch_fail(c, r, "differences");
}

/* --- forgetting --- */

struct asked_sweep {
    struct core *c;
    struct store_txn *t;
    int64_t keep;
    unsigned n;
};

static bool asked_order_past(const struct asked_sweep *s, uint32_t order)
{
    return (int64_t)asked_order(s->c) - order >= s->keep;
}

/* A record that was renewed is younger than this entry of it. Return: 1 the clock has gone back, and
 * by the clock it is still kept, as all after it. */
static int asked_forget(struct asked_sweep *s, const uint8_t *day_key)
{
    struct bytes key = bytes_of(day_key + 5, ASKED_KEY);
    struct cursor at;
    int32_t day;
    uint32_t number;
    int r;

    buf_reset(&s->c->scratch);
    r = store_get(s->t, TABLE_ASKED, key, &s->c->scratch);
    if (r && r != -ENOENT)
        return r;
    at = cursor_of(buf_view(&s->c->scratch));
    (void)cursor_u8(&at);
    day = cursor_i32(&at);
    number = cursor_u32(&at);
    if (!r && day_past(s->c, day, number, s->keep))
        store_del(s->t, TABLE_ASKED, key);
    else if (!r && s->c->set.wire.mode == MODE_LIVE && number == asked_order_of(day_key))
        return 1;
    store_del(s->t, TABLE_ASKED, bytes_of(day_key, ASKED_DAY_KEY));
    s->c->batch.wrote = true;
    return store_status(s->t);
}

static int asked_sweep_visit(void *ctx, struct bytes key, struct bytes value)
{
    struct asked_sweep *s = ctx;
    uint8_t day_key[ASKED_DAY_KEY];

    (void)value;
    if (key.len != ASKED_DAY_KEY)
        return -EBADMSG;
    memcpy(day_key, key.data, sizeof(day_key)); /* the view ends when the entry is deleted */
    if (!asked_order_past(s, asked_order_of(day_key)) || s->n++ == SWEEP_MOST)
        return 1;
    return asked_forget(s, day_key);
}

void differences_sweep(struct core *c)
{
    struct asked_sweep s = { .c = c };
    const uint8_t prefix = 'd';
    int r;

    if (!c->bundle || !c->day_known || c->swept_day == c->day || c->batch.error)
        return;
    s.t = batch_txn(c);
    if (!s.t)
        return;
    s.keep = bundle_composite_rules(c->bundle)->keep_days;
    r = store_scan(s.t, TABLE_ASKED, bytes_of(&prefix, 1), bytes_of(NULL, 0), false,
                   asked_sweep_visit, &s);
    if (r < 0) /* what is damaged stays until it is asked for; nothing else waits for it */
        log_error("asked-not-swept", "error=%d", -r);
    if (r < 0 || s.n <= SWEEP_MOST)
        c->swept_day = c->day;
}

/* --- erasure --- */

#define FORGET_MOST 256

struct asked_keys {
    size_t n;
    uint8_t at[FORGET_MOST][ASKED_KEY];
};

static int asked_key_visit(void *ctx, struct bytes key, struct bytes value)
{
    struct asked_keys *k = ctx;

    (void)value;
    if (key.len != ASKED_KEY)
        return -EBADMSG;
    if (k->n == FORGET_MOST)
        return 1;
    memcpy(k->at[k->n++], key.data, ASKED_KEY);
    return 0;
}

/* What finds them by day goes in its time: it says nothing. */
static int asked_forget_under(struct core *c, struct store_txn *t, const char *organisation,
                              const struct token *token, bool unborn)
{
    struct asked_keys k;
    uint8_t key[ASKED_KEY];
    int r = asked_prefix(c, 'a', organisation, token, unborn, key);

    if (r)
        return r;
    do {
        k.n = 0;
        r = store_scan(t, TABLE_ASKED, bytes_of(key, 1 + SHA256_LEN), bytes_of(NULL, 0), false,
                       asked_key_visit, &k);
        for (size_t i = 0; i < k.n && r >= 0; i++) {
            store_del(t, TABLE_ASKED, bytes_of(k.at[i], ASKED_KEY));
            c->batch.wrote = true;
        }
    } while (r >= 0 && k.n == FORGET_MOST && !store_status(t));
    return r < 0 ? r : store_status(t);
}

void differences_forget(struct core *c, const struct token_set *subject)
{
    struct store_txn *t = batch_txn(c);
    int r = 0;

    for (uint16_t a = 0; t && c->bundle && a < bundle_n_agencies(c->bundle) && !r; a++) {
        if (bundle_agency_at(c->bundle, a)->organisation != a)
            continue;
        for (uint8_t i = 0; i < subject->n && i < TOKEN_SET_MAX && !r; i++)
            if (asked_indexed(&subject->tokens[i]))
                r = asked_forget_under(c, t, bundle_agency_at(c->bundle, a)->id,
                                       &subject->tokens[i], subject->unborn);
    }
    if (r)
        batch_fail(c, r, "differences");
}
