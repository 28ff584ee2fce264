/* SPDX-License-Identifier: Apache-2.0 */
/* contacts.c - TABLE_CONTACTS:
 *   'q' id               u8 2, text asker, i32 put on, u8 asked, subject (u8 unborn, u8 n, tokens),
 *                        u8 n, n x (text agency, question id); u8 1: the same without subject
 *   'd' day (biased) id  empty: in order of day, to be forgotten
 *   'a' shield id, agency  u8 1, i32 day */
#include "store/contacts.h"

#include "store/fields.h"
#include "store/lodged.h"

#include <errno.h>
#include <string.h>

#define CONTACT_UNNAMED    1 /* layout without a subject; read, no longer written */
#define CONTACT_LAYOUT     2
#define ATTEMPT_LAYOUT     1
#define CONTACT_RECORD_MAX 8192
#define QUERY_KEY          (1 + ID_LEN)
#define DAY_KEY            (1 + 4 + ID_LEN)
#define ATTEMPT_KEY_MAX    (1 + ID_LEN + NAME_MAX_LEN)

static struct bytes query_key(const struct id *query, uint8_t key[static QUERY_KEY])
{
    key[0] = 'q';
    memcpy(key + 1, query->octets, ID_LEN);
    return bytes_of(key, QUERY_KEY);
}

/* Days in order, also those before 1970. */
static struct bytes day_key(int32_t day, const struct id *query, uint8_t key[static DAY_KEY])
{
    key[0] = 'd';
    field_put_day(key + 1, day);
    memcpy(key + 5, query->octets, ID_LEN);
    return bytes_of(key, DAY_KEY);
}

void contacts_put(struct store_txn *t, const struct id *query, const struct contact_record *r)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    uint8_t key[QUERY_KEY], by_day[DAY_KEY];

    buf_init(&b, CONTACT_RECORD_MAX);
    buf_put_u8(&b, CONTACT_LAYOUT);
    buf_put_text(&b, r->asker);
    buf_put_i32(&b, r->put_on);
    buf_put_u8(&b, r->asked);
    field_put_set(&b, &r->subject);
    buf_put_u8(&b, r->n);
    for (uint8_t i = 0; i < r->n && i < CONTACTS_MAX; i++) {
        buf_put_text(&b, r->masked[i].agency);
        buf_put(&b, r->masked[i].question.octets, ID_LEN);
    }
    if (buf_status(&b)) {
        store_fail(t, buf_status(&b));
        return;
    }
    store_put(t, TABLE_CONTACTS, query_key(query, key), buf_view(&b));
    store_put(t, TABLE_CONTACTS, day_key(r->put_on, query, by_day), bytes_of(NULL, 0));
}

int contacts_get(struct store_txn *t, const struct id *query, struct contact_record *out)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    uint8_t key[QUERY_KEY], layout, asked;
    struct cursor c;
    int r;

    memset(out, 0, sizeof(*out));
    buf_init(&b, CONTACT_RECORD_MAX);
    r = store_get(t, TABLE_CONTACTS, query_key(query, key), &b);
    if (r)
        return r;
    c = cursor_of(buf_view(&b));
    layout = cursor_u8(&c);
    if (layout != CONTACT_LAYOUT && layout != CONTACT_UNNAMED)
        return -EBADMSG;
    cursor_text(&c, out->asker, sizeof(out->asker));
    out->put_on = cursor_i32(&c);
    asked = cursor_u8(&c);
    out->asked = asked == 1;
    if (layout == CONTACT_LAYOUT)
        field_take_set(&c, &out->subject);
    out->n = cursor_u8(&c);
    if (asked > 1 || out->n > CONTACTS_MAX)
        return -EBADMSG;
    for (uint8_t i = 0; i < out->n; i++) {
        struct bytes id;

        cursor_text(&c, out->masked[i].agency, sizeof(out->masked[i].agency));
        id = cursor_take(&c, ID_LEN);
        if (id.len == ID_LEN)
            memcpy(out->masked[i].question.octets, id.data, ID_LEN);
    }
    return cursor_end(&c);
}

struct contacts_round {
    struct store_txn *t;
    int32_t day;
    size_t most, *n;
};

static int contacts_forget(void *ctx, struct bytes key, struct bytes value)
{
    struct contacts_round *s = ctx;
    uint8_t by_day[DAY_KEY], by_query[QUERY_KEY];
    struct id query;

    (void)value;
    if (key.len != DAY_KEY)
        return -EBADMSG;
    memcpy(by_day, key.data, DAY_KEY); /* the view ends when the entry is deleted */
    if (field_take_day(by_day + 1) >= s->day || *s->n >= s->most)
        return 1;
    memcpy(query.octets, by_day + 5, ID_LEN);
    store_del(s->t, TABLE_CONTACTS, query_key(&query, by_query));
    store_del(s->t, TABLE_CONTACTS, bytes_of(by_day, DAY_KEY));
    (*s->n)++;
    return 0;
}

int contacts_sweep(struct store_txn *t, int32_t day, size_t most, size_t *n)
{
    struct contacts_round s = { .t = t, .day = day, .most = most, .n = n };
    const uint8_t letter = 'd';

    *n = 0;
    return store_scan(t, TABLE_CONTACTS, bytes_of(&letter, 1), bytes_of(NULL, 0), false,
                      contacts_forget, &s);
}

static struct bytes attempt_key(const struct id *shield, const char *asker,
                                uint8_t key[static ATTEMPT_KEY_MAX])
{
    size_t len = strnlen(asker, NAME_MAX_LEN - 1);

    key[0] = 'a';
    memcpy(key + 1, shield->octets, ID_LEN);
    memcpy(key + 1 + ID_LEN, asker, len);
    return bytes_of(key, 1 + ID_LEN + len);
}

int attempts_get(struct store_txn *t, const struct id *shield, const char *asker, int32_t *day)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    uint8_t key[ATTEMPT_KEY_MAX];
    struct cursor c;
    int r;

    buf_init(&b, 64);
    r = store_get(t, TABLE_CONTACTS, attempt_key(shield, asker, key), &b);
    if (r)
        return r;
    c = cursor_of(buf_view(&b));
    if (cursor_u8(&c) != ATTEMPT_LAYOUT)
        return -EBADMSG;
    *day = cursor_i32(&c);
    return cursor_end(&c);
}

void attempts_put(struct store_txn *t, const struct id *shield, const char *asker, int32_t day)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    uint8_t key[ATTEMPT_KEY_MAX];

    buf_init(&b, 64);
    buf_put_u8(&b, ATTEMPT_LAYOUT);
    buf_put_i32(&b, day);
    if (buf_status(&b))
        store_fail(t, buf_status(&b));
    else
        store_put(t, TABLE_CONTACTS, attempt_key(shield, asker, key), buf_view(&b));
}

static int attempt_drop(void *ctx, struct bytes key, struct bytes value)
{
    struct store_txn *t = ctx;
    uint8_t copy[ATTEMPT_KEY_MAX];

    (void)value;
    if (key.len > sizeof(copy))
        return -EBADMSG;
    memcpy(copy, key.data, key.len);
    store_del(t, TABLE_CONTACTS, bytes_of(copy, key.len));
    return store_status(t);
}

void attempts_forget(struct store_txn *t, const struct id *shield)
{
    uint8_t key[ATTEMPT_KEY_MAX];
    int r = store_scan(t, TABLE_CONTACTS, attempt_key(shield, "", key), bytes_of(NULL, 0), false,
                       attempt_drop, t);

    store_fail(t, r < 0 ? r : 0);
}

struct contacts_listing {
    size_t most, n;
    struct id *out;
};

static int contacts_list(void *ctx, struct bytes key, struct bytes value)
{
    struct contacts_listing *l = ctx;

    (void)value;
    if (key.len != QUERY_KEY)
        return -EBADMSG;
    if (l->n == l->most)
        return 1;
    memcpy(l->out[l->n++].octets, key.data + 1, ID_LEN);
    return 0;
}

int contacts_ids(struct store_txn *t, const struct id *after, size_t most, struct id *out, size_t *n)
{
    struct contacts_listing l = { .most = most, .out = out };
    uint8_t from[QUERY_KEY + 1];
    size_t len = id_is_zero(after) ? 0 : sizeof(from);
    int r;

    (void)query_key(after, from);
    from[QUERY_KEY] = 0; /* the first key past that one */
    r = store_scan(t, TABLE_CONTACTS, bytes_str("q"), bytes_of(from, len), false, contacts_list, &l);
    *n = l.n;
    return r < 0 ? r : 0;
}

void contacts_del(struct store_txn *t, const struct id *query, int32_t put_on)
{
    uint8_t key[QUERY_KEY], by_day[DAY_KEY];

    store_del(t, TABLE_CONTACTS, query_key(query, key));
    store_del(t, TABLE_CONTACTS, day_key(put_on, query, by_day));
}
