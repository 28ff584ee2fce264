/* SPDX-License-Identifier: Apache-2.0 */
/* concerns.c - concerns kept and found. Whether one counts towards anything is policy's business.
 */
#include "store/concerns.h"

#include "store/fields.h"

#include <errno.h>
#include <string.h>

#include "store/lasting.h"
#include "store/lodged.h"
#include "store/retokens.h"

#define CONCERN_LAYOUT 2 /* 1, which has neither part nor outcome, is read too */

static void concern_put_message(struct buf *b, const struct msg_concern *m)
{
    PUT_TEXT(b, m->category);
    PUT_TEXT(b, m->area);
    buf_put_u8(b, m->severity);
    buf_put_u8(b, m->subject_kind);
    field_put_set(b, &m->subject);
    buf_put_u8(b, m->has_household);
    field_put_token(b, &m->household);
    buf_put_i32(b, m->observed_on);
    buf_put_u8(b, m->has_origin);
    buf_put(b, m->origin, sizeof(m->origin));
    buf_put_i32(b, m->expires_on);
    PUT_TEXT(b, m->contact_route);
}

static void concern_take_message(struct cursor *c, struct msg_concern *m)
{
    struct bytes origin;

    cursor_text(c, m->category, sizeof(m->category));
    cursor_text(c, m->area, sizeof(m->area));
    m->severity = cursor_u8(c);
    m->subject_kind = cursor_u8(c);
    field_take_set(c, &m->subject);
    m->has_household = field_take_bool(c);
    field_take_token(c, &m->household);
    m->observed_on = cursor_i32(c);
    m->has_origin = field_take_bool(c);
    origin = cursor_take(c, sizeof(m->origin));
    if (origin.len)
        memcpy(m->origin, origin.data, sizeof(m->origin));
    m->expires_on = cursor_i32(c);
    cursor_text(c, m->contact_route, sizeof(m->contact_route));
}

static void concern_encode(const struct concern_record *r, struct buf *b)
{
    buf_put_u8(b, CONCERN_LAYOUT);
    field_put_id(b, &r->id);
    PUT_TEXT(b, r->agency);
    PUT_TEXT(b, r->practitioner);
    PUT_TEXT(b, r->role);
    PUT_TEXT(b, r->purpose);
    PUT_TEXT(b, r->basis);
    concern_put_message(b, &r->concern);
    buf_put_i32(b, r->lodged_on);
    buf_put_u8(b, r->withdrawn);
    buf_put_u64(b, r->leaf);
    buf_put_u8(b, r->concern.part);
    buf_put_u8(b, r->outcome);
}

static int concern_decode(struct bytes octets, struct concern_record *out)
{
    struct cursor c = cursor_of(octets);
    uint8_t layout = cursor_u8(&c);

    memset(out, 0, sizeof(*out));
    if (layout < 1 || layout > CONCERN_LAYOUT)
        return -EBADMSG;
    field_take_id(&c, &out->id);
    cursor_text(&c, out->agency, sizeof(out->agency));
    cursor_text(&c, out->practitioner, sizeof(out->practitioner));
    cursor_text(&c, out->role, sizeof(out->role));
    cursor_text(&c, out->purpose, sizeof(out->purpose));
    cursor_text(&c, out->basis, sizeof(out->basis));
    concern_take_message(&c, &out->concern);
    out->lodged_on = cursor_i32(&c);
    out->withdrawn = field_take_bool(&c);
    out->leaf = cursor_u64(&c);
    if (layout >= 2) {
        out->concern.part = cursor_u8(&c);
        out->outcome = cursor_u8(&c);
    }
    if (out->concern.part > PART_ALLEGED || out->outcome > OUTCOME_UNFOUNDED)
        return -EBADMSG;
    return cursor_end(&c);
}

bool concerns_findable(const struct msg_concern *m)
{
    return m->subject_kind == SUBJECT_HOUSEHOLD ? m->has_household : subjects_findable(&m->subject);
}

static struct tokens_view concern_view(struct concern_record *r)
{
    return (struct tokens_view){ .subject = &r->concern.subject,
                                 .has_household = &r->concern.has_household,
                                 .household = &r->concern.household,
                                 .has_origin = &r->concern.has_origin,
                                 .origin = r->concern.origin };
}

/* What finds a concern: the person's tokens and the home's, of each epoch. */
static void concern_index(struct store_txn *t, struct concern_record *r, bool in)
{
    struct tokens_view v = concern_view(r);

    tokens_index(t, SUBJECTS_CONCERN, &r->id, &v, in);
    if (!in)
        retokens_drop(t, SUBJECTS_CONCERN, &r->id);
}

static int concern_load(struct store_txn *t, const struct id *id, struct concern_record *out)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    int r;

    buf_init(&b, LASTING_RECORD_MAX);
    r = lasting_get(t, TABLE_CONCERNS, id, &b);
    return r ? r : concern_decode(buf_view(&b), out);
}

static void concern_write(struct store_txn *t, const struct concern_record *r)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };

    buf_init(&b, LASTING_RECORD_MAX);
    concern_encode(r, &b);
    store_fail(t, buf_status(&b));
    lasting_put(t, TABLE_CONCERNS, &r->id, r->concern.expires_on, buf_view(&b));
}

/* One that is there keeps its tokens. */
static int concern_put_now(struct store_txn *t, struct concern_record *r)
{
    struct tokens_view put = concern_view(r), raw;
    struct concern_record old;
    int found = concern_load(t, &r->id, &old);

    if (found == -ENOENT && !concerns_findable(&r->concern))
        return -EINVAL;
    raw = concern_view(&old);
    if (found == 0)
        found = tokens_keep(t, SUBJECTS_CONCERN, &r->id, &raw, &put);
    if (found < 0 && found != -ENOENT)
        return found;
    concern_write(t, r);
    concern_index(t, r, !r->withdrawn);
    return 0;
}

void concerns_put(struct store_txn *t, const struct concern_record *r)
{
    struct concern_record kept = *r;

    store_fail(t, concern_put_now(t, &kept));
}

int concerns_get(struct store_txn *t, const struct id *id, struct concern_record *out)
{
    struct tokens_view v = concern_view(out);
    int r = concern_load(t, id, out);

    return r ? r : tokens_now(t, SUBJECTS_CONCERN, id, &v);
}

int concerns_settle(struct store_txn *t, const struct id *id, const struct token_epochs *e)
{
    struct concern_record record;
    struct tokens_view v = concern_view(&record);
    int r = concern_load(t, id, &record);

    if (r == 0)
        r = tokens_settle(t, SUBJECTS_CONCERN, id, e, &v);
    if (r > 0 && record.withdrawn) /* what is withdrawn nothing finds */
        concern_index(t, &record, false);
    if (r > 0)
        concern_write(t, &record);
    return r;
}

int concerns_survey(struct store_txn *t, const struct id *id, struct survey_seen *s)
{
    struct concern_record record;
    struct tokens_view v = concern_view(&record);
    int r = concern_load(t, id, &record);

    if (r < 0)
        return r;
    memcpy(s->out->lodger, record.agency, sizeof(s->out->lodger));
    s->out->over = record.withdrawn || record.concern.expires_on < s->day;
    survey_tokens(s, &v);
    return 0;
}

/* A record that its index names and that is not there has been taken away: fail. */
static int concerns_each(struct store_txn *t, const struct token_set *set, concerns_visit *visit,
                         void *ctx)
{
    ALM_CLEANUP(subjects_found_deinit) struct subjects_found found = { 0 };
    int r = subjects_find(t, SUBJECTS_CONCERN, set, &found);

    for (size_t i = 0; i < found.n && r == 0; i++) {
        struct id id = subjects_found_at(&found, i);
        struct concern_record record;
        struct tokens_view v = concern_view(&record);

        r = concern_load(t, &id, &record);
        if (r == 0)
            r = tokens_found(t, SUBJECTS_CONCERN, &id, set, &v);
        if (r == 0)
            r = visit(ctx, &record);
        else if (r == -ENOENT)
            r = -EBADMSG;
    }
    return r < 0 ? r : 0;
}

int concerns_about(struct store_txn *t, const struct token_set *subject, concerns_visit *visit,
                   void *ctx)
{
    return concerns_each(t, subject, visit, ctx);
}

int concerns_at(struct store_txn *t, const struct token *home, concerns_visit *visit, void *ctx)
{
    struct token_set set = subjects_home(home);

    return concerns_each(t, &set, visit, ctx);
}

static int concern_forget(void *ctx, struct store_txn *t, const struct id *id)
{
    struct concern_record record;
    int r = concern_load(t, id, &record);

    (void)ctx;
    if (r == 0)
        concern_index(t, &record, false);
    return r;
}

int concerns_sweep(struct store_txn *t, int32_t day, size_t most, size_t *n)
{
    return lasting_sweep(t, TABLE_CONCERNS, day, most, concern_forget, NULL, n);
}

int concerns_forget(struct store_txn *t, const struct id *id)
{
    int r = concern_forget(NULL, t, id);

    if (r == 0)
        lasting_del(t, TABLE_CONCERNS, id);
    return r;
}
