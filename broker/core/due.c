/* SPDX-License-Identifier: Apache-2.0 */
/* due.c - what is due, in order of time. TABLE_DUE:
 *   'r', u8 kind, about 16, agency -> u8 version 1, i64 due, u8 told, text role, text text
 *   't', u64 due, kind, about, agency -> empty: what is not late yet
 *   'l', the same -> empty: what is late and was told of
 *   'a', agency, 0, u64 due, kind, about -> empty: an agency's own, late or not
 * Looking for what became late reads from the front of 't' up to now: what lies ahead costs
 * nothing, and until the first of it is late nothing is read at all. */
#include "due.h"

#include "concern.h"
#include "deliver.h"
#include "referral.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DUE_VERSION 1
#define DUE_KEY_MAX (2 + REGISTRY_ID_MAX + 8 + 1 + ID_LEN)
#define DAY_MS      INT64_C(86400000)
#define HOUR_MS     INT64_C(3600000)
#define SWEEP_MOST  64 /* told of in one batch */
#define RECORD_MAX  2048

/* --- the clock --- */

int64_t due_now(const struct core *c)
{
    return c->set.wire.mode == MODE_EXERCISE ? c->day * DAY_MS : c->wall_ms;
}

/* The zone's days are not all of 24 hours: looked for among the hours around UTC's midnight. */
int64_t due_end_of(const struct core *c, int32_t day)
{
    int64_t low = day * DAY_MS - DAY_MS, high = day * DAY_MS + 3 * DAY_MS;

    if (c->set.wire.mode == MODE_EXERCISE)
        return (day + INT64_C(1)) * DAY_MS - 1;
    while (low < high) { /* the first millisecond of a later day */
        int64_t middle = low + (high - low) / 2;

        if (civil_today(middle) > day)
            high = middle;
        else
            low = middle + 1;
    }
    return low - 1;
}

int64_t due_in_hours(const struct core *c, uint32_t hours)
{
    int64_t at = due_now(c) + hours * HOUR_MS;

    return c->set.wire.mode == MODE_EXERCISE ? due_end_of(c, (int32_t)(at / DAY_MS)) : at;
}

/* --- keys --- */

struct due_key {
    uint8_t octets[DUE_KEY_MAX];
    size_t len;
};

static void key_add(struct due_key *k, const void *data, size_t len)
{
    if (k->len + len > sizeof(k->octets)) /* an agency's id is shorter */
        len = sizeof(k->octets) - k->len;
    memcpy(k->octets + k->len, data, len);
    k->len += len;
}

static void key_time(struct due_key *k, int64_t due_ms)
{
    uint64_t order = (uint64_t)due_ms ^ UINT64_C(1) << 63;
    uint8_t octets[8];

    for (int i = 0; i < 8; i++)
        octets[i] = (uint8_t)(order >> (56 - 8 * i));
    key_add(k, octets, sizeof(octets));
}

static void key_about(struct due_key *k, const struct due *d)
{
    key_add(k, &d->kind, 1);
    key_add(k, d->about.octets, ID_LEN);
}

static struct bytes key_of_record(const struct due *d, struct due_key *k)
{
    *k = (struct due_key){ .octets = { 'r' }, .len = 1 };
    key_about(k, d);
    key_add(k, d->agency, strlen(d->agency));
    return bytes_of(k->octets, k->len);
}

static struct bytes key_of_time(char place, const struct due *d, struct due_key *k)
{
    *k = (struct due_key){ .octets = { (uint8_t)place }, .len = 1 };
    key_time(k, d->due_ms);
    key_about(k, d);
    key_add(k, d->agency, strlen(d->agency));
    return bytes_of(k->octets, k->len);
}

static struct bytes key_of_agency(const struct due *d, struct due_key *k)
{
    *k = (struct due_key){ .octets = { 'a' }, .len = 1 };
    key_add(k, d->agency, strlen(d->agency) + 1);
    key_time(k, d->due_ms);
    key_about(k, d);
    return bytes_of(k->octets, k->len);
}

/* Of 't' and 'l': everything of an item that its key says. */
static int key_read(struct bytes key, struct due *out)
{
    struct cursor at = cursor_of(key);
    struct bytes about, agency;

    (void)cursor_u8(&at);
    memset(out, 0, sizeof(*out));
    out->due_ms = (int64_t)(cursor_u64(&at) ^ UINT64_C(1) << 63);
    out->kind = cursor_u8(&at);
    about = cursor_take(&at, ID_LEN);
    if (about.len)
        memcpy(out->about.octets, about.data, ID_LEN);
    agency = cursor_take(&at, at.left);
    if (at.failed || agency.len >= sizeof(out->agency))
        return -EBADMSG;
    memcpy(out->agency, agency.data, agency.len);
    return 0;
}

/* --- records --- */

static int due_read(struct core *c, struct store_txn *t, struct due *d)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct due_key k;
    struct cursor at;
    uint8_t told;
    int r;

    (void)c;
    buf_init(&b, RECORD_MAX);
    r = store_get(t, TABLE_DUE, key_of_record(d, &k), &b);
    if (r)
        return r;
    at = cursor_of(buf_view(&b));
    if (cursor_u8(&at) != DUE_VERSION)
        return -EBADMSG;
    d->due_ms = cursor_i64(&at);
    told = cursor_u8(&at);
    d->told = told == 1;
    cursor_text(&at, d->role, sizeof(d->role));
    cursor_text(&at, d->text, sizeof(d->text));
    return told > 1 ? -EBADMSG : cursor_end(&at);
}

static void due_write(struct core *c, struct store_txn *t, const struct due *d)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct due_key k;

    buf_init(&b, RECORD_MAX);
    buf_put_u8(&b, DUE_VERSION);
    buf_put_i64(&b, d->due_ms);
    buf_put_u8(&b, d->told);
    buf_put_text(&b, d->role);
    buf_put_text(&b, d->text);
    store_fail(t, buf_status(&b));
    store_put(t, TABLE_DUE, key_of_record(d, &k), buf_view(&b));
    store_put(t, TABLE_DUE, key_of_time(d->told ? 'l' : 't', d, &k), bytes_of(NULL, 0));
    store_put(t, TABLE_DUE, key_of_agency(d, &k), bytes_of(NULL, 0));
    c->batch.wrote = true;
}

static void due_erase(struct core *c, struct store_txn *t, const struct due *d)
{
    struct due_key k;

    store_del(t, TABLE_DUE, key_of_record(d, &k));
    store_del(t, TABLE_DUE, key_of_time(d->told ? 'l' : 't', d, &k));
    store_del(t, TABLE_DUE, key_of_agency(d, &k));
    c->batch.wrote = true;
}

/* Takes away what is there under the same kind, about and agency. */
static void due_forget(struct core *c, struct store_txn *t, uint8_t kind, const struct id *about,
                       const char *agency)
{
    struct due before = { .kind = kind, .about = *about };
    int r;

    text_cut(before.agency, sizeof(before.agency), agency);
    r = due_read(c, t, &before);
    if (!r)
        due_erase(c, t, &before);
    else if (r != -ENOENT)
        batch_fail(c, r, "due");
}

void due_put(struct core *c, const struct due *d)
{
    struct store_txn *t = batch_txn(c);

    if (!t)
        return;
    due_forget(c, t, d->kind, &d->about, d->agency);
    due_write(c, t, d);
    if (d->due_ms < c->due_next_ms && !d->told)
        c->due_next_ms = d->due_ms;
}

void due_done(struct core *c, uint8_t kind, const struct id *about, const char *agency)
{
    struct store_txn *t = batch_txn(c);

    if (t)
        due_forget(c, t, kind, about, agency);
}

/* --- what became late --- */

static const char *const due_words[] = {
    [DUE_FIRING] = "firing",
    [DUE_REFERRAL] = "referral",
    [DUE_FEEDBACK] = "feedback",
    [DUE_REVIEW] = "review",
    [DUE_RECALL] = "recall",
};

static const char *due_word(uint8_t kind)
{
    return kind < ALM_LEN(due_words) && due_words[kind] ? due_words[kind] : "item";
}

struct lateness {
    int64_t now, next;
    size_t n;
    struct due late[SWEEP_MOST];
};

static int due_late(void *ctx, struct bytes key, struct bytes value)
{
    struct lateness *l = ctx;
    struct due d;
    int r = key_read(key, &d);

    (void)value;
    if (r)
        return r;
    if (d.due_ms >= l->now || l->n == SWEEP_MOST) {
        l->next = d.due_ms;
        return 1;
    }
    l->late[l->n++] = d;
    return 0;
}

struct escalating {
    struct core *c;
    const struct due *d;
};

/* "A sensitive service" is named to no hub: that it has something open of somebody is what must
 * not be put together. */
static bool due_masks(const struct core *c, const char *agency)
{
    uint16_t slot = agencies_find(&c->agencies, agency);
    uint16_t index = slot == AGENCY_NONE ? POLICY_NONE : c->agencies.slots[slot].index;
    const struct policy_agency *a;

    if (!c->bundle || index == POLICY_NONE)
        return true; /* of an agency that the policy does not know, nobody can say */
    a = bundle_agency_at(c->bundle, index);
    return a->sensitive || bundle_agency_at(c->bundle, a->organisation)->sensitive;
}

static void due_notice(struct core *c, const struct due *d, uint16_t slot, bool own)
{
    struct msg_notice *n = notice_begin(c, NOTICE_OVERDUE, &d->about);

    n->due_ms = d->due_ms;
    if (!own && !due_masks(c, d->agency))
        text_cut(n->agency, sizeof(n->agency), d->agency);
    text_cut(n->text, sizeof(n->text), d->text);
    notice_send(c, slot);
}

static void due_escalate(void *ctx, uint16_t slot)
{
    struct escalating *e = ctx;

    if (strcmp(e->c->agencies.slots[slot].reg.id, e->d->agency) != 0)
        due_notice(e->c, e->d, slot, false);
}

/* Of a concern, a watch or a consent a review is its lodger's own affair; of an override it is also
 * theirs who may have to make it. */
static bool due_own_review(struct core *c, struct store_txn *t, const struct due *d)
{
    int r = d->kind == DUE_REVIEW ? overrides_get(t, &d->about, &c->override_record) : 0;

    if (r && r != -ENOENT)
        batch_fail(c, r, "override");
    return r != 0;
}

/* Whose it is, and who is to see to it: the other hubs that got a firing; of anything else but
 * one's own reviews and recalls every hub, unless it sent that referral itself: whoever waits hears of it by
 * referrals_sweep(), alike whether or not a shield kept it from its receiver (promise 5). None of
 * them learns whom it is about. */
static void due_tell(struct core *c, struct store_txn *t, const struct due *d)
{
    struct escalating e = { .c = c, .d = d };
    bool alone = d->kind == DUE_FIRING || d->kind == DUE_RECALL || due_own_review(c, t, d);
    uint16_t own = agencies_find(&c->agencies, d->agency);

    if (own != AGENCY_NONE)
        due_notice(c, d, own, true);
    if (d->kind == DUE_FIRING)
        firing_hubs(c, &d->about, due_escalate, &e);
    for (uint16_t s = 0; s < c->agencies.n && c->bundle; s++) {
        const struct agency *a = &c->agencies.slots[s];

        if (!alone && agency_active(a) && a->index != POLICY_NONE &&
            bundle_hub(c->bundle, a->index) &&
            !(d->kind == DUE_REFERRAL && referral_gone_from(c, s, &d->about)))
            due_escalate(&e, s);
    }
}

static void due_overdue(struct core *c, struct store_txn *t, struct due *d)
{
    struct ledger_clear *l;
    int r = due_read(c, t, d);

    if (r) { /* a key without its record has been tampered with */
        batch_fail(c, r == -ENOENT ? -EBADMSG : r, "due");
        return;
    }
    due_erase(c, t, d);
    d->told = true;
    due_write(c, t, d);
    l = record_begin(c, EVENT_OVERDUE, agencies_find(&c->agencies, d->agency));
    (void)snprintf(l->detail, sizeof(l->detail), "%s, role %s", due_word(d->kind),
                   d->role[0] ? d->role : "any");
    record_id(c, l, &d->about);
    (void)record_end(c);
    log_warn("overdue", "agency=%s kind=%s", d->agency, due_word(d->kind));
    due_tell(c, t, d);
}

static void due_look(struct core *c, struct store_txn *t)
{
    struct lateness l = { .now = due_now(c), .next = INT64_MAX };
    int r = store_scan(t, TABLE_DUE, bytes_str("t"), bytes_of(NULL, 0), false, due_late, &l);

    if (r) {
        batch_fail(c, r, "due");
        return;
    }
    for (size_t i = 0; i < l.n && !c->batch.error; i++)
        due_overdue(c, t, &l.late[i]);
    c->due_next_ms = l.next;
}

/* In each turn: what it would look through is not even made room for before it is known that something may be late. */
void due_sweep(struct core *c)
{
    struct store_txn *t;

    if (c->batch.error || due_now(c) <= c->due_next_ms ||
        (c->set.wire.mode == MODE_EXERCISE && !c->day_known))
        return;
    t = batch_txn(c);
    if (t)
        due_look(c, t);
}

/* --- one's own --- */

struct due_listing {
    struct core *c;
    struct store_txn *t;
    const char *agency;
    bool overdue_only;
    size_t skip, n; /* n: all that there are */
    struct msg_due_list *out;
};

static int due_list_visit(void *ctx, struct bytes key, struct bytes value)
{
    struct due_listing *g = ctx;
    struct due d = { 0 };
    struct cursor at = cursor_of(key);
    struct bytes about;
    struct msg_due_entry *e;
    int r;

    (void)value;
    (void)cursor_take(&at, 1 + strlen(g->agency) + 1);
    d.due_ms = (int64_t)(cursor_u64(&at) ^ UINT64_C(1) << 63);
    d.kind = cursor_u8(&at);
    about = cursor_take(&at, ID_LEN);
    if (cursor_end(&at))
        return -EBADMSG;
    memcpy(d.about.octets, about.data, ID_LEN);
    if (g->overdue_only && d.due_ms >= due_now(g->c))
        return 1; /* in order of time */
    g->n++;
    if (g->n <= g->skip || g->out->n == LIST_MAX)
        return 0;
    text_cut(d.agency, sizeof(d.agency), g->agency);
    r = due_read(g->c, g->t, &d);
    if (r)
        return r == -ENOENT ? -EBADMSG : r;
    e = &g->out->entries[g->out->n++];
    e->kind = d.kind;
    e->about = d.about;
    e->due_ms = d.due_ms;
    e->overdue = d.due_ms < due_now(g->c);
    memcpy(e->role, d.role, sizeof(e->role));
    memcpy(e->text, d.text, sizeof(e->text));
    return 0;
}

void due_query_take(struct core *c, struct work *w)
{
    struct due_listing g = { .c = c, .agency = c->agencies.slots[w->agency].reg.id };
    struct due_key k = { .octets = { 'a' }, .len = 1 };
    int r;

    if (!query_of_own(c, w))
        return;
    g.t = batch_txn(c);
    if (!g.t)
        return;
    g.out = &tell_begin(c, MSG_DUE_LIST, &w->id)->due_list;
    g.overdue_only = c->in.due_query.overdue_only;
    g.out->page = c->in.due_query.page;
    g.skip = (size_t)g.out->page * LIST_MAX;
    key_add(&k, g.agency, strlen(g.agency) + 1);
    r = store_scan(g.t, TABLE_DUE, bytes_of(k.octets, k.len), bytes_of(NULL, 0), false,
                   due_list_visit, &g);
    if (r) {
        batch_fail(c, r, "due");
        return;
    }
    g.out->pages = (uint16_t)((g.n + LIST_MAX - 1) / LIST_MAX);
    query_of_own_told(c, w, "due-list");
}

/* --- for control --- */

static int due_count(void *ctx, struct bytes key, struct bytes value)
{
    (void)key;
    (void)value;
    ++*(json_int_t *)ctx;
    return 0;
}

json_t *due_status(struct core *c)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    json_int_t waiting = 0, late = 0;
    int r = store_begin(c->store, false, &t);

    if (!r)
        r = store_scan(t, TABLE_DUE, bytes_str("t"), bytes_of(NULL, 0), false, due_count, &waiting);
    if (!r)
        r = store_scan(t, TABLE_DUE, bytes_str("l"), bytes_of(NULL, 0), false, due_count, &late);
    return r ? json_null() : json_pack("{s:I,s:I}", "open", waiting + late, "overdue", late);
}
