/* SPDX-License-Identifier: Apache-2.0 */
/* disputes.c - disputes kept and found: as consents are, by the same index. */
#include "store/disputes.h"

#include <errno.h>
#include <string.h>

#include "store/consents_codec.h"
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

static int dispute_put_now(struct store_txn *t, const struct dispute_record *r)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct dispute_record old;
    int found;

    if (!subjects_findable(&r->dispute.subject))
        return -EINVAL;
    found = disputes_get(t, &r->id, &old);
    if (found < 0 && found != -ENOENT)
        return found;
    if (found == 0 && strncmp(old.lodger, r->lodger, sizeof(old.lodger)) != 0)
        return -EEXIST;
    if (found == 0)
        subjects_remove(t, SUBJECTS_DISPUTE, &old.dispute.subject, &old.id);
    buf_init(&b, DISPUTE_RECORD_MAX);
    dispute_encode(r, &b);
    if (buf_status(&b))
        return buf_status(&b);
    store_put(t, TABLE_DISPUTES, id_key(&r->id), buf_view(&b));
    subjects_add(t, SUBJECTS_DISPUTE, &r->dispute.subject, &r->id);
    return 0;
}

void disputes_put(struct store_txn *t, const struct dispute_record *r)
{
    store_fail(t, dispute_put_now(t, r));
}

int disputes_get(struct store_txn *t, const struct id *id, struct dispute_record *out)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    int r;

    buf_init(&b, DISPUTE_RECORD_MAX);
    r = store_get(t, TABLE_DISPUTES, id_key(id), &b);
    return r < 0 ? r : dispute_decode(buf_view(&b), out);
}

int disputes_about(struct store_txn *t, const struct token_set *subject, const char *purpose,
                   disputes_visit *visit, void *ctx)
{
    ALM_CLEANUP(subjects_found_deinit) struct subjects_found found = { 0 };
    int r = subjects_find(t, SUBJECTS_DISPUTE, subject, &found);

    for (size_t i = 0; i < found.n && r == 0; i++) {
        struct id id = subjects_found_at(&found, i);
        struct dispute_record record;

        r = disputes_get(t, &id, &record);
        if (r == -ENOENT)
            r = -EBADMSG; /* the index names it: somebody took it away */
        else if (r == 0 && (!purpose[0] || strcmp(purpose, record.dispute.purpose) == 0))
            r = visit(ctx, &record);
    }
    return r < 0 ? r : 0;
}
