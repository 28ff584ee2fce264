/* SPDX-License-Identifier: Apache-2.0 */
/* retention.c - the job: each civil day it goes through lodged records, receipts and the log, and
 * forgets what has come to the end of its clock; then a new period ends what copies are left of it.
 *
 * "Retention is policy" (DESIGN.md section 8). A step a turn, in the batch; where it stands is
 * committed with what it did, so a kill at any point costs at most the step. A day on which nothing
 * is due leaves no leaf. */
#include "retention.h"
#include "change.h"
#include "stages.h"

#include "backups.h"
#include "store/periods.h"
#include "store/queues.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATE_KEY     "retention"
#define STATE_VERSION 1
#define STATE_MAX     256
#define BELIEVED_DAYS 92    /* from one run to the next */
#define PERIOD_STEP   32    /* values sealed anew in a turn */
#define PERIOD_BUSY   8     /* the same where frames wait */
#define PACE_MS       50    /* between two steps while there is other work */
#define AGAIN_MS      60000 /* after a period that could not be begun or ended, or a step not kept */

/* --- where it stands --- */

static int state_get(struct store_txn *t, struct retention_state *s)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct cursor c;
    struct bytes v;
    int r;

    *s = (struct retention_state){ .day = CIVIL_NONE };
    buf_init(&b, STATE_MAX);
    r = store_get(t, TABLE_META, bytes_str(STATE_KEY), &b);
    if (r)
        return r == -ENOENT ? 0 : r;
    c = cursor_of(buf_view(&b));
    if (cursor_u8(&c) != STATE_VERSION)
        return -EBADMSG;
    s->phase = cursor_u8(&c);
    s->day = cursor_i32(&c);
    s->kind = cursor_u8(&c);
    v = cursor_take(&c, ID_LEN);
    if (v.len)
        memcpy(s->after.octets, v.data, ID_LEN);
    s->receipt_len = cursor_u8(&c);
    if (s->receipt_len > sizeof(s->receipt))
        return -EBADMSG;
    v = cursor_take(&c, s->receipt_len);
    if (v.len)
        memcpy(s->receipt, v.data, v.len);
    s->next = cursor_u64(&c);
    s->begun = cursor_u8(&c) == 1;
    s->counts.records = cursor_u64(&c);
    s->counts.receipts = cursor_u64(&c);
    s->counts.leaves = cursor_u64(&c);
    s->counts.held = cursor_u64(&c);
    s->ended_ms = cursor_i64(&c);
    s->forgot_in = cursor_u32(&c);
    s->period = cursor_u32(&c);
    if (cursor_end(&c) || s->phase > RETENTION_DEAD || s->kind > LODGED_END)
        return -EBADMSG;
    return 0;
}

static void state_put(struct core *c, struct store_txn *t)
{
    const struct retention_state *s = &c->retention->s;
    struct buf *b = &c->scratch;

    buf_reset(b);
    buf_put_u8(b, STATE_VERSION);
    buf_put_u8(b, s->phase);
    buf_put_i32(b, s->day);
    buf_put_u8(b, s->kind);
    buf_put(b, s->after.octets, ID_LEN);
    buf_put_u8(b, s->receipt_len);
    buf_put(b, s->receipt, s->receipt_len);
    buf_put_u64(b, s->next);
    buf_put_u8(b, s->begun);
    buf_put_u64(b, s->counts.records);
    buf_put_u64(b, s->counts.receipts);
    buf_put_u64(b, s->counts.leaves);
    buf_put_u64(b, s->counts.held);
    buf_put_i64(b, s->ended_ms);
    buf_put_u32(b, s->forgot_in);
    buf_put_u32(b, s->period);
    if (buf_status(b))
        store_fail(t, buf_status(b));
    else
        store_put(t, TABLE_META, bytes_str(STATE_KEY), buf_view(b));
    c->batch.wrote = true;
}

static void erasure_forget(struct retention *k)
{
    crypto_wipe(&k->erasure, sizeof(k->erasure));
    crypto_wipe(&k->erasing_about, sizeof(k->erasing_about));
    free(k->find);
    k->find = NULL;
    k->n_find = 0;
    k->place = (struct deliver_place){ 0 };
}

int retention_new(struct core *c)
{
    c->retention = calloc(1, sizeof(*c->retention));
    if (!c->retention)
        return -ENOMEM;
    c->retention->cut_day = c->retention->stuck_day = c->retention->doubted_day = CIVIL_NONE;
    c->retention->hot = true;
    return 0;
}

void retention_free(struct core *c)
{
    if (!c->retention)
        return;
    holds_forget(c);
    erasure_forget(c->retention);
    crypto_wipe(c->retention, sizeof(*c->retention));
    free(c->retention);
    c->retention = NULL;
}

/* What a failed batch had done is read again. Where no message was to blame the step may be: a disk
 * that is full for it has room for the next batch without it. */
void retention_take_back(struct core *c)
{
    if (c->retention->stepped && !c->batch.blamed)
        c->retention->step_ms = c->mono_ms + AGAIN_MS;
    c->retention->loaded = false;
    c->retention->hot = true;
    c->retention->cut_day = CIVIL_NONE;
    erasure_forget(c->retention);
    holds_forget(c);
}

static int retention_load(struct core *c, struct store_txn *t)
{
    struct retention *k = c->retention;
    struct store_period p;
    int r;

    if (k->loaded)
        return 0;
    r = state_get(t, &k->s);
    if (!r)
        r = store_period_state(t, &p);
    if (!r)
        r = erasures_first(t, &k->erasure);
    if (r && r != -ENOENT)
        return r;
    k->erasing = r == 0;
    k->place = (struct deliver_place){ 0 };
    k->current = p.current;
    k->leaving = p.leaving != 0;
    k->resealed = k->leaving && p.done;
    k->loaded = true;
    return 0;
}

void retention_kept(struct core *c, struct store_txn *t)
{
    state_put(c, t);
}

void retention_erased(struct core *c, struct store_txn *t)
{
    state_put(c, t);
    retention_take_back(c); /* whether there is another is read from the store */
}

void retention_erase(struct core *c)
{
    c->retention->loaded = false; /* the order is read from the store */
    erasure_forget(c->retention); /* it may come before the one in hand: that one's tags and place
                                     are not its own */
    c->retention->stuck = false;
    c->retention->hot = true;
}

void retention_dirty(struct core *c)
{
    c->retention->s.forgot_in = c->retention->current;
    c->batch.wrote = true;
}

/* --- leaves --- */

static void retention_leaf(struct core *c, uint8_t event)
{
    const struct retention_counts *n = &c->retention->s.counts;
    char day[CIVIL_TEXT];

    record_begin(c, event, AGENCY_NONE);
    civil_format(c->retention->s.day, day);
    if (event == EVENT_RETENTION_BEGUN)
        (void)snprintf(c->clear.detail, sizeof(c->clear.detail), "up to %s", day);
    else
        (void)snprintf(c->clear.detail, sizeof(c->clear.detail),
                       "up to %s: %" PRIu64 " records, %" PRIu64 " leaves, %" PRIu64
                       " receipts; held %" PRIu64,
                       day, n->records, n->leaves, n->receipts, n->held);
    (void)record_end(c);
}

void retention_begun(struct core *c)
{
    if (c->retention->s.begun)
        return;
    c->retention->s.begun = true;
    retention_leaf(c, EVENT_RETENTION_BEGUN);
}

/* --- the run --- */

static void run_start(struct core *c)
{
    struct retention_state *s = &c->retention->s;

    *s = (struct retention_state){ .phase = RETENTION_RECORDS,
                                   .day = c->day,
                                   .kind = LODGED_CONSENT,
                                   .ended_ms = s->ended_ms,
                                   .forgot_in = s->forgot_in,
                                   .period = s->period };
}

static int run_record(struct core *c, struct store_txn *t, const struct id *id)
{
    struct retention_state *s = &c->retention->s;
    struct lodged_facts f;
    int r = lodged_look(c, t, (enum lodged_kind)s->kind, id, &f);

    if (r)
        return r == -ENOENT || lodged_damaged(r, (enum lodged_kind)s->kind) ? 0 : r;
    if (!lodged_due(&f, s->day))
        return 0;
    r = holds_record(c, t, (enum lodged_kind)s->kind, id, &f);
    if (r < 0)
        return r;
    if (r) {
        s->counts.held++;
        return 0;
    }
    retention_begun(c);
    retention_dirty(c);
    s->counts.records++;
    /* The leaf took none of the rooms that the facts are views of, but for what is due of it. */
    return lodged_erase(c, t, (enum lodged_kind)s->kind, id);
}

static int run_records(struct core *c, struct store_txn *t)
{
    struct retention_state *s = &c->retention->s;
    struct id ids[RETENTION_STEP];
    size_t n = 0, most = retention_most(c);
    int r = lodged_ids(t, (enum lodged_kind)s->kind, &s->after, most, ids, &n);

    for (size_t i = 0; i < n && !r; i++)
        r = run_record(c, t, &ids[i]);
    if (r)
        return r;
    if (n == most) {
        s->after = ids[n - 1];
        return 0;
    }
    s->after = (struct id){ 0 };
    if (++s->kind == LODGED_END)
        s->phase = RETENTION_RECEIPTS;
    return 0;
}

static int run_receipts(struct core *c, struct store_txn *t)
{
    bool done = false;
    int r = receipts_step(c, t, &c->retention->s, &done);

    if (!r && done) {
        c->retention->s.phase = RETENTION_DEAD;
        c->retention->place = (struct deliver_place){ 0 };
    }
    return r;
}

/* What could not be delivered is kept as long as a decision: somebody may still put it back. */
static int dead_due(void *ctx, const struct queue_item *item, bool dead,
                    const struct msg_deliver *d)
{
    struct core *c = ctx;
    struct retention_state *s = &c->retention->s;
    const struct token_set *subject = d->kind == DELIVERY_FIRING     ? &d->firing.subject
                                      : d->kind == DELIVERY_REFERRAL ? &d->referral.subject
                                      : d->kind == DELIVERY_NOTICE   ? &d->notice.subject
                                                                     : NULL;

    if (!dead ||
        (int64_t)item->put_on + bundle_retention_days(c->bundle, RETENTION_DECISIONS, 0, 0) >=
            s->day)
        return 0;
    if (holds_cover(c, subject, NULL)) {
        s->counts.held++;
        return 0;
    }
    c->retention->dead_due = true;
    retention_dirty(c);
    return 1;
}

/* The leaf of a run's beginning would be made over the delivery in hand: it waits until the end. */
static int run_dead(struct core *c, struct store_txn *t)
{
    struct retention *k = c->retention;
    int r;

    k->dead_due = false;
    r = deliver_purge(c, t, &k->place, retention_most(c), dead_due, c, &k->s.counts.records);
    if (r < 0)
        return r;
    if (k->dead_due)
        retention_begun(c);
    if (r == 0) {
        k->s.phase = RETENTION_LEAVES;
        k->s.next = 0;
    }
    return 0;
}

static void run_end(struct core *c)
{
    struct retention_state *s = &c->retention->s;

    s->phase = RETENTION_IDLE;
    s->ended_ms = c->wall_ms;
    if (s->begun) {
        retention_leaf(c, EVENT_RETENTION_DONE);
        log_info("retention-done", "records=%" PRIu64 " leaves=%" PRIu64 " held=%" PRIu64,
                 s->counts.records, s->counts.leaves, s->counts.held);
    }
}

static int run_leaves(struct core *c, struct store_txn *t)
{
    bool done = false;
    int r = leaves_step(c, t, &c->retention->s, &done);

    if (!r && done)
        run_end(c);
    return r;
}

/* Some kinds have hardly any records: a step goes on to the next until something was forgotten. */
static int run_step(struct core *c, struct store_txn *t)
{
    struct retention_state *s = &c->retention->s;
    uint64_t before = s->counts.records;
    uint8_t kind = s->kind;
    int r = holds_load(c, t);

    if (!r && s->phase == RETENTION_RECEIPTS) {
        r = run_receipts(c, t);
    } else if (!r && s->phase == RETENTION_DEAD) {
        r = run_dead(c, t);
    } else if (!r && s->phase == RETENTION_LEAVES) {
        r = run_leaves(c, t);
    } else {
        for (; !r && s->phase == RETENTION_RECORDS; kind = s->kind) {
            r = run_records(c, t);
            if (s->kind == kind || s->counts.records != before)
                break;
        }
    }
    if (!r)
        state_put(c, t);
    return r;
}

/* --- the period --- */

/* After what was forgotten: its leaf, once the old secret is gone. */
static int period_told(struct core *c, struct store_txn *t)
{
    struct retention *k = c->retention;
    struct store_period p;
    int r = store_period_state(t, &p);

    if (r || p.leaving || p.current == k->s.period)
        return r;
    if (k->s.period) {
        record_begin(c, EVENT_PERIOD_ENDED, AGENCY_NONE);
        (void)snprintf(c->clear.detail, sizeof(c->clear.detail),
                       "period %u: its secret is destroyed; %" PRIu64 " values under period %u",
                       p.current - 1, p.resealed, p.current);
        (void)record_end(c);
    }
    k->s.period = p.current;
    state_put(c, t);
    return 0;
}

static int period_step(struct core *c, struct store_txn *t)
{
    c->batch.wrote = true;
    return store_period_step(t, c->busy ? PERIOD_BUSY : PERIOD_STEP, &c->retention->resealed);
}

static bool period_wanted(const struct core *c)
{
    const struct retention *k = c->retention;

    return k->s.forgot_in == k->current && k->s.phase == RETENTION_IDLE && !k->erasing &&
           !k->leaving;
}

/* Between batches, with no transaction open. */
void retention_between(struct core *c)
{
    struct retention *k = c->retention;
    int r = 0;

    if (!k->loaded || k->stuck || c->batch.txn || c->stopping || c->mono_ms < k->again_ms)
        return;
    if (k->leaving && k->resealed) {
        r = store_period_end(c->store);
        if (!r)
            k->loaded = false; /* and its leaf */
    } else if (period_wanted(c)) {
        r = store_period_begin(c->store);
        if (r == 0 || r == -EBUSY) {
            k->loaded = false; /* which is in force, and which is left */
            r = 0;
        }
    }
    k->hot = k->hot || k->leaving || !k->loaded;
    if (!r)
        return;
    k->again_ms = c->mono_ms + AGAIN_MS;
    log_error("period-not-changed", "error=%d", -r);
}

/* --- the turn --- */

size_t retention_most(const struct core *c)
{
    return c->busy ? RETENTION_STEP_BUSY : RETENTION_STEP;
}

/* "Each civil day in small steps": whoever asks something does not wait for them. While there is other work
 * a step comes now and then, so that it comes to its end all the same. */
static bool retention_gives_way(struct core *c)
{
    if (c->busy && c->mono_ms < c->retention->paced_ms)
        return true;
    c->retention->paced_ms = c->mono_ms + PACE_MS;
    return false;
}

/* A clock that is set to another year by mistake would end every clock there is, and nothing brings
 * back what was forgotten. Whoever was off for so long has an officer say that the day is right. */
static bool day_believed(struct core *c)
{
    struct retention *k = c->retention;

    if (c->set.wire.mode == MODE_EXERCISE || k->s.day == CIVIL_NONE ||
        (int64_t)c->day - k->s.day <= BELIEVED_DAYS)
        return true;
    if (k->doubted_day != c->day)
        log_error("retention-waits", "days=%d", c->day - k->s.day);
    k->doubted_day = c->day;
    return false;
}

/* Return: 1 a step was made; 0 there was nothing to do; -errno. */
static int retention_step(struct core *c, struct store_txn *t)
{
    struct retention *k = c->retention;
    int r = retention_load(c, t);

    if (!r)
        r = period_told(c, t);
    if (!r && k->erasing)
        return erase_step(c, t);
    if (!r && k->leaving && !k->resealed) {
        r = period_step(c, t);
        if (!r)
            state_put(c, t);
        return r ? r : 1;
    }
    if (!r && k->s.phase == RETENTION_IDLE && k->s.day != c->day && day_believed(c))
        run_start(c);
    if (r || k->s.phase == RETENTION_IDLE)
        return r;
    r = run_step(c, t);
    return r ? r : 1;
}

void retention_tick(struct core *c)
{
    struct retention *k = c->retention;
    struct store_txn *t;
    int r;

    k->stepped = false;
    if (k->stuck && k->stuck_day != c->day)
        k->stuck = false;
    if (!c->bundle || !c->day_known || k->stuck || c->batch.error || c->stopping ||
        c->mono_ms < k->step_ms)
        return;
    if (k->loaded && !k->hot && (k->s.day == c->day || k->doubted_day == c->day))
        return;
    if (retention_gives_way(c))
        return;
    t = batch_txn(c);
    if (!t)
        return;
    r = retention_step(c, t);
    if (r >= 0 && store_status(t))
        r = store_status(t);
    k->hot = r > 0;
    k->stepped = r != 0;
    if (r >= 0)
        return;
    k->stuck = r == -EBADMSG; /* anything else may be better in a minute */
    k->stuck_day = c->day;
    log_error("retention-stopped", "error=%d", -r);
    batch_fail(c, r, "retention");
}

bool retention_waiting(const struct core *c)
{
    const struct retention *k = c->retention;

    return k->hot && !k->stuck && c->bundle && c->day_known && !c->stopping &&
           c->mono_ms >= k->step_ms;
}

/* --- for officers --- */

/* Of today, once more: after a policy with shorter clocks, or a hold that was lifted. */
json_t *change_retention_run(struct core *c, struct change *ch)
{
    struct retention *k = c->retention;
    struct store_txn *t = batch_txn(c);
    int r = t ? retention_load(c, t) : -EIO;
    char day[CIVIL_TEXT];

    if (r) {
        batch_fail(c, r, "retention");
        return local_error("internal", 70, "the change could not be made");
    }
    if (!c->bundle || !c->day_known)
        return local_error("no-policy", 65,
                           "there is no policy in force, or no day: nothing has a clock");
    if (k->s.phase != RETENTION_IDLE)
        return local_error("under-way", 75, "a run is under way: see almoner retention status");
    run_start(c);
    k->s.begun = true; /* this change's leaf is its first */
    k->stuck = false;
    k->hot = true;
    state_put(c, t);
    civil_format(c->day, day);
    (void)snprintf(ch->detail, sizeof(ch->detail), "up to %s", day);
    return NULL;
}

static json_t *status_clocks(const struct core *c)
{
    const struct policy_retention *r = bundle_retention(c->bundle);
    static const char *const parts[] = { "", "at-risk", "alleged" };
    static const char *const outcomes[] = { "", "founded", "unfounded" };
    json_t *list = json_array();

    for (uint8_t i = 0; i < r->n; i++) {
        const struct policy_clock *k = &r->clocks[i];

        (void)json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:I}", "class",
                                                    retention_class_word(k->class), "part",
                                                    parts[k->part], "outcome", outcomes[k->outcome],
                                                    "days", (json_int_t)k->days));
    }
    return list;
}

static json_t *status_run(const struct retention_state *s)
{
    static const char *const phases[] = { "done", "records", "receipts", "log", "dead-letters" };
    char day[CIVIL_TEXT], at[25] = "";

    civil_format(s->day, day);
    if (s->ended_ms)
        clock_format_utc(s->ended_ms, at);
    return json_pack("{s:s,s:s,s:s,s:I,s:I,s:I,s:I}", "day", day, "phase",
                     s->day == CIVIL_NONE ? "never" : phases[s->phase], "ended", at, "records",
                     (json_int_t)s->counts.records, "leaves", (json_int_t)s->counts.leaves,
                     "receipts", (json_int_t)s->counts.receipts, "held",
                     (json_int_t)s->counts.held);
}

static json_t *status_erasure(struct store_txn *t)
{
    static const char *const phases[] = { "", "records", "waiting", "log", "forgetting" };
    struct erasure_record e;
    json_t *o;

    if (erasures_first(t, &e))
        return json_null();
    o = json_pack("{s:I,s:s,s:I,s:I,s:I}", "order", (json_int_t)e.leaf, "phase", phases[e.phase],
                  "records", (json_int_t)e.n_records, "waiting", (json_int_t)e.n_waiting, "leaves",
                  (json_int_t)e.n_leaves);
    crypto_wipe(&e, sizeof(e));
    return o;
}

json_t *retention_status(struct core *c)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    struct retention_state s;
    struct store_period p;
    int r = c->bundle ? store_begin(c->store, false, &t) : -ENOENT;
    char since[25];

    if (r == -ENOENT)
        return local_error("no-policy", 65, "there is no policy in force: nothing has a clock");
    if (!r)
        r = state_get(t, &s);
    if (!r)
        r = store_period_state(t, &p);
    if (r)
        return local_error("internal", 70, "it could not be read how far retention is");
    clock_format_utc(p.since_ms, since);
    return json_pack("{s:b,s:o,s:o,s:o,s:b,s:b,s:i,s:b,s:s,s:o,s:i,s:i}", "ok", 1, "clocks",
                     status_clocks(c), "run", status_run(&s), "erasure", status_erasure(t),
                     "stopped", c->retention->stuck, "to_destroy",
                     s.forgot_in == p.current || p.leaving, "period", (int)p.current, "leaving",
                     p.leaving != 0, "since", since, "backups", backups_status(c), "backup_days",
                     (int)bundle_retention(c->bundle)->backup_days, "receipts_days",
                     (int)bundle_retention(c->bundle)->receipts_days);
}
