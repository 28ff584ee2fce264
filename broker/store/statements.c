/* SPDX-License-Identifier: Apache-2.0 */
/* statements.c - TABLE_STATEMENTS: statement id -> record. */
#include "store/statements.h"

#include "store/fields.h"
#include "store/subjects.h"

#include <errno.h>
#include <string.h>

#define STATEMENT_LAYOUT     1
#define STATEMENT_RECORD_MAX 8192

static struct bytes id_key(const struct id *id)
{
    return bytes_of(id->octets, ID_LEN);
}

static void statement_encode(const struct statement_record *r, struct buf *b)
{
    buf_put_u8(b, STATEMENT_LAYOUT);
    field_put_id(b, &r->id);
    PUT_TEXT(b, r->lodger);
    field_put_set(b, &r->statement.subject);
    buf_put_u8(b, r->statement.has_about);
    if (r->statement.has_about)
        field_put_id(b, &r->statement.about);
    PUT_TEXT(b, r->statement.text);
    buf_put_i32(b, r->lodged_on);
    buf_put_i64(b, r->lodged_ms);
    buf_put_u64(b, r->leaf);
}

static int statement_decode(struct bytes octets, struct statement_record *out)
{
    struct cursor c = cursor_of(octets);

    memset(out, 0, sizeof(*out));
    if (cursor_u8(&c) != STATEMENT_LAYOUT)
        return -EBADMSG;
    field_take_id(&c, &out->id);
    cursor_text(&c, out->lodger, sizeof(out->lodger));
    field_take_set(&c, &out->statement.subject);
    out->statement.has_about = field_take_bool(&c);
    if (out->statement.has_about)
        field_take_id(&c, &out->statement.about);
    cursor_text(&c, out->statement.text, sizeof(out->statement.text));
    out->lodged_on = cursor_i32(&c);
    out->lodged_ms = cursor_i64(&c);
    out->leaf = cursor_u64(&c);
    return cursor_end(&c) ? -EBADMSG : 0;
}

int statements_get(struct store_txn *t, const struct id *id, struct statement_record *out)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    int r;

    buf_init(&b, STATEMENT_RECORD_MAX);
    r = store_get(t, TABLE_STATEMENTS, id_key(id), &b);
    return r < 0 ? r : statement_decode(buf_view(&b), out);
}

static int statement_put_now(struct store_txn *t, const struct statement_record *r)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct statement_record old;
    int found = statements_get(t, &r->id, &old);

    if (!subjects_findable(&r->statement.subject))
        return -EINVAL;
    if (found != -ENOENT)
        return found < 0 ? found : -EEXIST; /* it stays as the family said it */
    buf_init(&b, STATEMENT_RECORD_MAX);
    statement_encode(r, &b);
    if (buf_status(&b))
        return buf_status(&b);
    store_put(t, TABLE_STATEMENTS, id_key(&r->id), buf_view(&b));
    subjects_add(t, SUBJECTS_STATEMENT, &r->statement.subject, &r->id);
    return 0;
}

void statements_put(struct store_txn *t, const struct statement_record *r)
{
    store_fail(t, statement_put_now(t, r));
}

int statements_about(struct store_txn *t, const struct token_set *subject, statements_visit *visit,
                     void *ctx)
{
    ALM_CLEANUP(subjects_found_deinit) struct subjects_found found = { 0 };
    int r = subjects_find(t, SUBJECTS_STATEMENT, subject, &found);

    for (size_t i = 0; i < found.n && r == 0; i++) {
        struct id id = subjects_found_at(&found, i);
        struct statement_record record;

        r = statements_get(t, &id, &record);
        if (r == -ENOENT)
            r = -EBADMSG; /* the index names it: somebody took it away */
        if (r == 0)
            r = visit(ctx, &record);
    }
    return r < 0 ? r : 0;
}

void statements_erase(struct store_txn *t, const struct id *id)
{
    struct statement_record record;
    int r = statements_get(t, id, &record);

    if (r == -ENOENT)
        return;
    if (r < 0) {
        store_fail(t, r);
        return;
    }
    subjects_remove(t, SUBJECTS_STATEMENT, &record.statement.subject, id);
    store_del(t, TABLE_STATEMENTS, id_key(id));
}
