/* SPDX-License-Identifier: Apache-2.0 */
/* differences.c - what an organisation has asked about a subject, as far as composite questions
 * need it: two answers that are each harmless may together show what neither does.
 *
 * Only composites and their factors are kept, under blinded tokens, for the period that the policy
 * sets. TABLE_ASKED:
 *   'a', HMAC(organisation, token) 32, digest of what follows the day 16 -> u8 version 1, i32 day,
 *        text question, u16 n, n x (text agency, u8 asked): the contributors that the bundle lists
 *   'd', u32 day, that key -> empty: in order of age, for the sweep
 * The same asking again renews its record, so that a subject has few. */
#include "stages.h"

#include <errno.h>
#include <string.h>

#define ASKED_VERSION   1
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

static int asked_prefix(struct core *c, const char *organisation, const struct token *token,
                        bool unborn, uint8_t key[static ASKED_KEY])
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
    key[0] = 'a';
    return store_blind(c->store, bytes_of(octets, len + TOKEN_LEN), key + 1);
}

static void asked_day_key(int32_t day, const uint8_t key[static ASKED_KEY],
                          uint8_t out[static ASKED_DAY_KEY])
{
    uint32_t order = (uint32_t)day ^ 0x80000000u; /* days before 1970 come first */

    out[0] = 'd';
    for (int i = 0; i < 4; i++)
        out[1 + i] = (uint8_t)(order >> (24 - 8 * i));
    memcpy(out + 5, key, ASKED_KEY);
}

static int32_t asked_day_of(const uint8_t *day_key)
{
    uint32_t order = 0;

    for (int i = 1; i <= 4; i++)
        order = order << 8 | day_key[i];
    return (int32_t)(order ^ 0x80000000u);
}

/* --- whom it is about --- */

static const char *asked_organisation(const struct core *c, uint16_t slot)
{
    uint16_t own = bundle_agency_at(c->bundle, c->agencies.slots[slot].index)->organisation;

    return bundle_agency_at(c->bundle, own)->id;
}

/* The query's own tokens: c->in is still the message. */
static const struct token_set *asked_subject(struct core *c, const struct ask *ask,
                                             struct token_set *household)
{
    if (ask->subject_kind != SUBJECT_HOUSEHOLD)
        return &ask->subject;
    memset(household, 0, sizeof(*household));
    household->n = 1;
    household->tokens[0] = c->in.insight_query.household;
    return household;
}

/* --- reading --- */

struct asked_reading {
    struct core *c;
    size_t n;
    bool whole;
    bool composite; /* what is asked now */
};

static bool asked_same(const struct earlier_fact *a, const struct earlier_fact *b)
{
    return a->question == b->question &&
           !memcmp(a->listed.bits, b->listed.bits, sizeof(a->listed.bits)) &&
           !memcmp(a->asked.bits, b->asked.bits, sizeof(a->asked.bits));
}

static void asked_add(struct asked_reading *r, const struct earlier_fact *e)
{
    struct core *c = r->c;

    if (!r->composite && !bundle_question_at(c->bundle, e->question)->composite)
        return; /* neither is a composite: no pair */
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
    struct earlier_fact e = { 0 };
    uint8_t version = cursor_u8(&at);
    int64_t day = cursor_i32(&at);
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
    if (e.question != POLICY_NONE && r->c->day - day < bundle_composite_rules(b)->keep_days)
        asked_add(r, &e);
    return 0;
}

static int asked_read(struct core *c, const struct ask *ask, struct asked_reading *r)
{
    struct token_set household;
    const struct token_set *subject = asked_subject(c, ask, &household);
    const char *organisation = asked_organisation(c, ask->agency);
    struct store_txn *t = batch_txn(c);
    int error = t ? 0 : -EIO;

    for (uint8_t i = 0; i < subject->n && i < TOKEN_SET_MAX && !error; i++) {
        uint8_t key[ASKED_KEY];

        if (!asked_indexed(&subject->tokens[i]))
            continue;
        error = asked_prefix(c, organisation, &subject->tokens[i], subject->unborn, key);
        if (!error)
            error = store_scan(t, TABLE_ASKED, bytes_of(key, 1 + SHA256_LEN), bytes_of(NULL, 0),
                               true, asked_visit, r);
    }
    return error;
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

static int asked_put(struct core *c, struct store_txn *t, const char *organisation,
                     const struct token *token, bool unborn, struct bytes value)
{
    uint8_t key[ASKED_KEY], day_key[ASKED_DAY_KEY], digest[SHA256_LEN];
    int r = asked_prefix(c, organisation, token, unborn, key);

    if (!r)
        r = crypto_sha256(bytes_of(value.data + 5, value.len - 5), digest);
    if (r)
        return r;
    memcpy(key + 1 + SHA256_LEN, digest, ASKED_DIGEST);
    asked_day_key(c->day, key, day_key);
    store_put(t, TABLE_ASKED, bytes_of(key, sizeof(key)), value);
    store_put(t, TABLE_ASKED, bytes_of(day_key, sizeof(day_key)), bytes_of(NULL, 0));
    return store_status(t);
}

void differences_put(struct core *c, const struct ask *ask)
{
    struct token_set household;
    const struct token_set *subject = asked_subject(c, ask, &household);
    struct store_txn *t = batch_txn(c);
    int r;

    if (!t || !asked_counts(c, ask))
        return;
    buf_reset(&c->scratch);
    asked_encode(c, &c->scratch);
    r = buf_status(&c->scratch);
    for (uint8_t i = 0; i < subject->n && i < TOKEN_SET_MAX && !r; i++)
        if (asked_indexed(&subject->tokens[i]))
            r = asked_put(c, t, asked_organisation(c, ask->agency), &subject->tokens[i],
                          subject->unborn, buf_view(&c->scratch));
    c->batch.wrote = true;
    if (r)
        batch_fail(c, r, "differences");
}

/* --- forgetting --- */

struct asked_sweep {
    struct core *c;
    struct store_txn *t;
    int64_t last; /* the last day that is over */
    unsigned n;
};

/* A record that was renewed is younger than this entry of it. */
static int asked_forget(struct asked_sweep *s, const uint8_t *day_key)
{
    struct bytes key = bytes_of(day_key + 5, ASKED_KEY);
    struct cursor at;
    int r;

    buf_reset(&s->c->scratch);
    r = store_get(s->t, TABLE_ASKED, key, &s->c->scratch);
    if (r && r != -ENOENT)
        return r;
    at = cursor_of(buf_view(&s->c->scratch));
    (void)cursor_u8(&at);
    if (!r && cursor_i32(&at) <= s->last)
        store_del(s->t, TABLE_ASKED, key);
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
    if (asked_day_of(day_key) > s->last || s->n++ == SWEEP_MOST)
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
    s.last = (int64_t)c->day - bundle_composite_rules(c->bundle)->keep_days;
    r = store_scan(s.t, TABLE_ASKED, bytes_of(&prefix, 1), bytes_of(NULL, 0), false,
                   asked_sweep_visit, &s);
    if (r < 0) /* what is damaged stays until it is asked for; nothing else waits for it */
        log_error("asked-not-swept", "error=%d", -r);
    if (r < 0 || s.n <= SWEEP_MOST)
        c->swept_day = c->day;
}
