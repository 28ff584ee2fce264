/* SPDX-License-Identifier: Apache-2.0 */
/* disputes.c - disputes kept and found: as consents are, by the same index. */
#include "store/disputes.h"

#include <errno.h>
#include <string.h>

#include "store/consents_codec.h"
#include "store/lodged.h"
#include "store/retokens.h"
#include "store/subjects.h"

#define DISPUTE_LAYOUT     1
#define DISPUTE_RECORD_MAX 4096

static struct bytes id_key(const struct id *id)
{
    return bytes_of(id->octets, ID_LEN);
}

static void dispute_encode(const struct dispute_record *r, struct buf *b)
{
    buf_put_u8(b, DISPUTE_LAYOUT);
    buf_put(b, r->id.octets, ID_LEN);
    buf_put_var(b, r->lodger, strnlen(r->lodger, sizeof(r->lodger) - 1));
    subject_encode(&r->dispute.subject, b);
    buf_put_var(b, r->dispute.purpose, strnlen(r->dispute.purpose, NAME_MAX_LEN - 1));
    buf_put_i32(b, r->dispute.on);
    buf_put_u8(b, r->lifted);
    buf_put_i32(b, r->lifted_on);
    buf_put_u64(b, r->leaf);
}

static int dispute_decode(struct bytes octets, struct dispute_record *out)
{
    struct cursor c = cursor_of(octets);
    struct bytes id;
    uint8_t lifted;

    *out = (struct dispute_record){ 0 };
    if (cursor_u8(&c) != DISPUTE_LAYOUT)
        return -EBADMSG;
    id = cursor_take(&c, ID_LEN);
    if (id.len)
        memcpy(out->id.octets, id.data, ID_LEN);
    cursor_text(&c, out->lodger, sizeof(out->lodger));
    subject_decode(&c, &out->dispute.subject);
    cursor_text(&c, out->dispute.purpose, sizeof(out->dispute.purpose));
    out->dispute.on = cursor_i32(&c);
    lifted = cursor_u8(&c);
    out->lifted = lifted == 1;
    out->lifted_on = cursor_i32(&c);
    out->leaf = cursor_u64(&c);
    return cursor_end(&c) < 0 || lifted > 1 ? -EBADMSG : 0;
}

static struct tokens_view dispute_view(struct dispute_record *r)
{
    return (struct tokens_view){ .subject = &r->dispute.subject };
}

static int dispute_load(struct store_txn *t, const struct id *id, struct dispute_record *out)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    int r;

    buf_init(&b, DISPUTE_RECORD_MAX);
    r = store_get(t, TABLE_DISPUTES, id_key(id), &b);
    return r < 0 ? r : dispute_decode(buf_view(&b), out);
}

static int dispute_write(struct store_txn *t, const struct dispute_record *r)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };

    buf_init(&b, DISPUTE_RECORD_MAX);
    dispute_encode(r, &b);
    if (buf_status(&b))
        return buf_status(&b);
    store_put(t, TABLE_DISPUTES, id_key(&r->id), buf_view(&b));
    return 0;
}

static int dispute_replace(struct store_txn *t, struct dispute_record *r)
{
    struct tokens_view put = dispute_view(r), raw;
    struct dispute_record old;
    int found = dispute_load(t, &r->id, &old);

    if (found == -ENOENT)
        return subjects_findable(&r->dispute.subject) ? 0 : -EINVAL;
    if (found < 0)
        return found;
    if (strncmp(old.lodger, r->lodger, sizeof(old.lodger)) != 0)
        return -EEXIST;
    raw = dispute_view(&old);
    found = tokens_keep(t, SUBJECTS_DISPUTE, &r->id, &raw, &put);
    if (found == 0)
        subjects_remove(t, SUBJECTS_DISPUTE, &old.dispute.subject, &old.id);
    return found;
}

static int dispute_put_now(struct store_txn *t, struct dispute_record *r)
{
    int status = dispute_replace(t, r);

    if (status == 0)
        status = dispute_write(t, r);
    if (status == 0)
        subjects_add(t, SUBJECTS_DISPUTE, &r->dispute.subject, &r->id);
    return status;
}

int disputes_settle(struct store_txn *t, const struct id *id, const struct token_epochs *e)
{
    struct dispute_record record;
    struct tokens_view v = dispute_view(&record);
    int r = dispute_load(t, id, &record);

    if (r == 0)
        r = tokens_settle(t, SUBJECTS_DISPUTE, id, e, &v);
    if (r > 0 && dispute_write(t, &record) < 0)
        return -EBADMSG;
    return r;
}

int disputes_survey(struct store_txn *t, const struct id *id, struct survey_seen *s)
{
    struct dispute_record record;
    int r = dispute_load(t, id, &record);

    if (r < 0)
        return r;
    memcpy(s->out->lodger, record.lodger, sizeof(s->out->lodger));
    s->out->over = record.lifted;
    survey_tokens(s, &(struct tokens_view){ .subject = &record.dispute.subject });
    return 0;
}

void disputes_put(struct store_txn *t, const struct dispute_record *r)
{
    struct dispute_record kept = *r;

    store_fail(t, dispute_put_now(t, &kept));
}

int disputes_get(struct store_txn *t, const struct id *id, struct dispute_record *out)
{
    struct tokens_view v = dispute_view(out);
    int r = dispute_load(t, id, out);

    return r < 0 ? r : tokens_now(t, SUBJECTS_DISPUTE, id, &v);
}

int disputes_about(struct store_txn *t, const struct token_set *subject, const char *purpose,
                   disputes_visit *visit, void *ctx)
{
    ALM_CLEANUP(subjects_found_deinit) struct subjects_found found = { 0 };
    int r = subjects_find(t, SUBJECTS_DISPUTE, subject, &found);

    for (size_t i = 0; i < found.n && r == 0; i++) {
        struct id id = subjects_found_at(&found, i);
        struct dispute_record record;
        struct tokens_view v = dispute_view(&record);

        r = dispute_load(t, &id, &record);
        if (r == 0)
            r = tokens_found(t, SUBJECTS_DISPUTE, &id, subject, &v);
        if (r == -ENOENT)
            r = -EBADMSG; /* the index names it: somebody took it away */
        else if (r == 0 && (!purpose[0] || strcmp(purpose, record.dispute.purpose) == 0))
            r = visit(ctx, &record);
    }
    return r < 0 ? r : 0;
}

int disputes_forget(struct store_txn *t, const struct id *id)
{
    struct dispute_record record;
    struct tokens_view v = dispute_view(&record);
    int r = dispute_load(t, id, &record);

    if (r < 0)
        return r;
    tokens_index(t, SUBJECTS_DISPUTE, id, &v, false);
    retokens_drop(t, SUBJECTS_DISPUTE, id);
    store_del(t, TABLE_DISPUTES, id_key(id));
    crypto_wipe(&record, sizeof(record));
    return 0;
}
