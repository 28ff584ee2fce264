/* SPDX-License-Identifier: Apache-2.0 */
/* readings.c - from a signed query to its last row: who asks, is it recorded, and whose turn it is.
 */
#include "base/clock.h"
#include "base/log.h"
#include "reader.h"
#include "store/heads.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>

#define READ_LABEL "almoner/read/v1" /* and a NUL */
#define FOLLOW_MS  500               /* how often a follower looks for more */

static void reading_free(struct reading *g)
{
    free(g->found);
    stats_free(g->stats);
    backup_read_free(g->backup);
    search_free(g->search);
    report_free(g->report);
    query_deinit(&g->query);
    *g = (struct reading){ .state = READING_FREE };
}

void reader_drop(struct reader *r)
{
    for (size_t i = 0; i < READER_CLIENTS; i++)
        reading_free(&r->readings[i]);
}

static void reader_refuse(struct reader *r, uint64_t client, json_t *error)
{
    if (error)
        local_reply(r->server, client, error, true);
    json_decref(error);
}

static void reading_fail(struct reader *r, struct reading *g, json_t *error)
{
    reader_refuse(r, g->client, error);
    reading_free(g);
}

/* A store that fails is a reason to start anew; -ENOENT of one leaf is not. */
static json_t *store_error(struct reader *r, int rc)
{
    if (rc == -ENOENT)
        return local_error("no-such-leaf", EX_DATAERR,
                           "the log has no such leaf yet; \"almoner audit tail\" shows the newest");
    if (rc == -ENOMEM)
        return local_error("memory", EX_TEMPFAIL,
                           "the reader is short of memory: ask for less, or again in a moment");
    r->broken = true;
    log_error("reader-store", "error=%d", -rc);
    return local_error("store", EX_IOERR,
                       "the log could not be read (error %d); the operator's log says more", -rc);
}

/* --- who asks --- */

static int signed_bytes(const struct reader *r, const char *text, struct buf *out)
{
    size_t origin = strlen(r->origin);

    buf_put(out, READ_LABEL, sizeof(READ_LABEL));
    buf_put_u8(out, r->mode);
    buf_put_u8(out, (uint8_t)origin);
    buf_put(out, r->origin, origin);
    buf_put(out, text, strlen(text));
    return buf_status(out);
}

/* Return: 0 an officer in good standing; 1 not; negative: the store. */
static int officer_standing(struct reader *r, const char *id, struct registry_officer *out)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    int rc = store_begin(r->store, false, &t);

    if (!rc)
        rc = registry_officer_get(t, id, out);
    if (rc == -ENOENT)
        return 1;
    return rc ? rc : out->standing != STANDING_ACTIVE;
}

/* The same words whether the officer is unknown, suspended or has another key. Return: NULL when
 * the signature is good. */
static json_t *officer_check(struct reader *r, const char *id, const char *sig_text,
                             const char *text)
{
    ALM_CLEANUP(buf_deinit) struct buf message = { 0 };
    struct registry_officer officer;
    uint8_t sig[SIGN_LEN];
    int rc = officer_standing(r, id, &officer);

    if (rc < 0)
        return store_error(r, rc);
    buf_init(&message, QUERY_TEXT_MAX + 512);
    if (!rc && base64_decode(sig_text, strlen(sig_text), sig, sizeof(sig)) == SIGN_LEN &&
        !signed_bytes(r, text, &message) && !sign_check(officer.sign, buf_view(&message), sig))
        return NULL;
    log_warn("reader-refused", "%s", "why=signature");
    return local_error("not-signed", EX_NOPERM,
                       "no officer in good standing signed this reading: is the key that "
                       "officer's, and was it signed for this broker (%s, %s)?",
                       r->origin, r->mode == 1 ? "live" : "exercise");
}

static json_t *query_admit(struct reader *r, const struct query *q)
{
    int64_t now = clock_wall_ms();

    if (q->at_ms < now - QUERY_FRESH_MS || q->at_ms > now + QUERY_FRESH_MS)
        return local_error("stale", EX_DATAERR,
                           "the reading was signed more than five minutes ago, or the clocks "
                           "differ: sign it anew");
    switch (nonces_admit(r->nonces, &q->nonce, q->at_ms + QUERY_FRESH_MS + 1000, now)) {
    case 0:
        return NULL;
    case NONCE_SEEN:
        return local_error("repeated", EX_DATAERR,
                           "this signed reading was used already: sign it anew");
    default:
        return local_error("busy", EX_TEMPFAIL,
                           "too many readings in a few minutes: try again in a while");
    }
}

/* --- asking the core to record it --- */

static int core_ask(struct reader *r, struct reading *g)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    char shape[QUERY_SHAPE_MAX], *text;
    json_t *o;
    ssize_t n;

    query_shape(&g->query, shape);
    o = json_pack("{s:s, s:s, s:s}", "officer", g->officer, "command", query_command(&g->query),
                  "query", shape);
    if (o && g->query.read == READ_BACKUP) { /* the core bounds it, and keeps it */
        char until[CIVIL_TEXT];

        civil_format(g->query.until, until);
        (void)json_object_set_new(o, "until", json_string(until));
    }
    if (o && g->query.sealed) /* under the seal of the leaf, so that its clear part names nobody */
        (void)json_object_set(o, "sealed", g->query.sealed);
    text = o ? json_dumps(o, JSON_COMPACT) : NULL;
    json_decref(o);
    buf_init(&b, 65536);
    if (text) {
        buf_put_u8(&b, 'L');
        buf_put_u32(&b, g->ref);
        buf_put_u16(&b, (uint16_t)strlen(text));
        buf_put(&b, text, strlen(text));
        crypto_wipe(text, strlen(text));
    }
    free(text);
    if (buf_status(&b) || !b.len)
        return -ENOMEM;
    n = send(r->core, b.data, b.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    return n < 0 ? -errno : 0;
}

static struct reading *reading_room(struct reader *r)
{
    for (size_t i = 0; i < READER_CLIENTS; i++)
        if (r->readings[i].state == READING_FREE)
            return &r->readings[i];
    return NULL;
}

static json_t *reading_start(struct reader *r, uint64_t client, const char *officer,
                             struct query *q)
{
    struct reading *g = reading_room(r);
    int rc;

    if (!g)
        return local_error("busy", EX_TEMPFAIL, "too many readings at once: try again in a moment");
    *g = (struct reading){ .state = READING_ASKED,
                           .client = client,
                           .ref = ++r->next_ref,
                           .asked_ms = clock_mono_ms(),
                           .query = *q };
    q->sealed = NULL; /* the reading's from here on */
    rc = text_copy(g->officer, sizeof(g->officer), officer);
    if (!rc)
        rc = core_ask(r, g);
    if (!rc)
        return NULL;
    reading_free(g);
    return local_error(
        "not-recorded", EX_TEMPFAIL,
        "the reading could not be recorded, so nothing is shown: try again in a moment");
}

void reader_on_request(void *ctx, uint64_t client, json_t *request)
{
    struct reader *r = ctx;
    char op[16], officer[REGISTRY_ID_MAX], sig[128], text[QUERY_TEXT_MAX], why[256];
    ALM_CLEANUP(query_deinit) struct query q = { 0 };
    json_t *error = NULL;

    if (local_get_text(request, "op", op, sizeof(op)) || strcmp(op, "audit-list") != 0)
        error = local_error("bad-request", EX_USAGE,
                            "the officers' socket knows one op: \"audit-list\"");
    else if (local_get_text(request, "officer", officer, sizeof(officer)) ||
             local_get_text(request, "sig", sig, sizeof(sig)) ||
             local_get_text(request, "query", text, sizeof(text)))
        error = local_error("bad-request", EX_DATAERR,
                            "a reading needs \"officer\", \"sig\" (base64) and \"query\" (the text "
                            "that was signed, up to %d bytes)",
                            QUERY_TEXT_MAX - 1);
    if (!error)
        error = officer_check(r, officer, sig, text);
    if (!error && query_parse(text, &q, why, sizeof(why)))
        error = local_error("bad-query", EX_DATAERR, "%s", why);
    if (!error)
        error = query_admit(r, &q);
    if (!error)
        error = reading_start(r, client, officer, &q);
    crypto_wipe(text, sizeof(text));
    if (error)
        reader_refuse(r, client, error);
}

/* --- the core's word --- */

static struct reading *reading_by_ref(struct reader *r, uint32_t ref)
{
    for (size_t i = 0; i < READER_CLIENTS; i++)
        if (r->readings[i].state == READING_ASKED && r->readings[i].ref == ref)
            return &r->readings[i];
    return NULL; /* given up since, or an earlier reader's */
}

static void core_said(struct reader *r, struct bytes said)
{
    struct cursor c = cursor_of(said);
    uint8_t what = cursor_u8(&c);
    struct reading *g = reading_by_ref(r, cursor_u32(&c));

    if (c.failed || !g)
        return;
    if (what == 'K') {
        g->leaf = cursor_u64(&c);
        if (cursor_end(&c))
            return;
        g->state = READING_WALKING;
    } else if (what == 'D') {
        json_t *why = backup_denied(cursor_take(&c, cursor_u16(&c)));

        log_warn("reader-denied", "%s", "by=core");
        reading_fail(r, g,
                     why ? why
                         : local_error("not-recorded", EX_NOPERM,
                                       "the core did not record this reading, so nothing is shown"));
    }
}

void reader_on_core(struct reader *r, int64_t mono_ms)
{
    uint8_t said[1024];
    ssize_t n;

    while ((n = recv(r->core, said, sizeof(said), MSG_DONTWAIT)) > 0)
        core_said(r, bytes_of(said, (size_t)n));
    for (size_t i = 0; i < READER_CLIENTS; i++) {
        struct reading *g = &r->readings[i];

        if (g->state == READING_ASKED && mono_ms - g->asked_ms > ASK_MS)
            reading_fail(r, g,
                         local_error("not-recorded", EX_TEMPFAIL,
                                     "the core did not record the reading in time (it may be "
                                     "restarting), so nothing is shown: try again in a moment"));
    }
}

/* --- turns --- */

/* The newest that enough witnesses have signed, where the policy asks for any: an export of a newer one
 * would rest on the operator's word alone. */
static int head_best(struct store_txn *t, uint64_t *size, struct buf *note)
{
    int rc = heads_witnessed(t, size, note);

    return rc == -ENOENT ? ledger_head_latest(t, size, note) : rc;
}

static void reading_head(struct reader *r, struct reading *g)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    ALM_CLEANUP(buf_deinit) struct buf note = { 0 };
    uint64_t size = 0, leaves = 0;
    json_t *o;
    int rc = store_begin(r->store, false, &t);

    buf_init(&note, 65536);
    if (!rc)
        rc = head_best(t, &size, &note);
    if (!rc)
        rc = ledger_count(t, &leaves);
    if (rc == -ENOENT) {
        reading_fail(r, g,
                     local_error("no-head", EX_TEMPFAIL,
                                 "no head of the log has been signed yet: the signer does so "
                                 "within a minute of starting"));
        return;
    }
    if (rc) {
        reading_fail(r, g, store_error(r, rc));
        return;
    }
    o = json_pack("{s:b, s:s#, s:I, s:I, s:I, s:[]}", "ok", 1, "note", (const char *)note.data,
                  note.len, "size", (json_int_t)size, "leaves", (json_int_t)leaves, "reading",
                  (json_int_t)g->leaf, "rows");
    reading_fail(
        r, g,
        o ? o
          : local_error("memory", EX_TEMPFAIL,
                        "the reader is short of memory")); /* "fail" only ends it: o is ok */
}

static void reading_page(struct reader *r, struct reading *g, json_t *page, bool more)
{
    json_t *o;

    if (more && !json_array_size(page)) { /* nothing to show of this slice */
        json_decref(page);
        return;
    }
    o = json_pack("{s:b, s:I, s:o}", "ok", 1, "reading", (json_int_t)g->leaf, "rows", page);
    if (!o) {
        reading_fail(r, g, local_error("memory", EX_TEMPFAIL, "the reader is short of memory"));
        return;
    }
    local_reply(r->server, g->client, o, !more);
    json_decref(o);
    if (!more)
        reading_free(g);
}

static void reading_stats_done(struct reader *r, struct reading *g, json_t *tables)
{
    json_t *o = json_pack("{s:b, s:I, s:o}", "ok", 1, "reading", (json_int_t)g->leaf, "stats", tables);

    reading_fail(
        r, g,
        o ? o
          : local_error("memory", EX_TEMPFAIL,
                        "the reader is short of memory")); /* "fail" only ends it: o is ok */
}

/* Return: as reading_turn. */
static int reading_stats(struct reader *r, struct reading *g)
{
    json_t *tables = NULL;
    int rc = stats_slice(r, g, &tables);

    if (rc == 1)
        return 0;
    if (!rc)
        reading_stats_done(r, g, tables);
    else if (rc == -ERANGE)
        reading_fail(r, g,
                     local_error("not-over", EX_DATAERR,
                                 "the last day is not over, so that the figures would not be the "
                                 "same when printed again: give an earlier --until"));
    else
        reading_fail(r, g, store_error(r, rc));
    return -1;
}

/* Return: as reading_turn. */
static int reading_backup(struct reader *r, struct reading *g)
{
    json_t *row = NULL, *page;
    int rc = backup_slice(r, g, clock_mono_ms(), &row);

    if (rc < 0) {
        json_t *error = backup_error(rc);

        reading_fail(r, g, error ? error : store_error(r, rc));
        return -1;
    }
    page = json_array();
    if (!page || json_array_append_new(page, row)) {
        json_decref(page);
        reading_fail(r, g, store_error(r, -ENOMEM));
        return -1;
    }
    reading_page(r, g, page, rc == 1);
    return rc == 1 ? 0 : -1;
}

/* Nothing was found for a while: how far it is, so that whoever waits knows. */
static void reading_progress(struct reader *r, struct reading *g, int64_t mono_ms)
{
    json_t *o;

    if (mono_ms - g->told_ms < PROGRESS_MS)
        return;
    g->told_ms = mono_ms;
    o = json_pack("{s:b, s:I, s:[], s:{s:I, s:I}}", "ok", 1, "reading", (json_int_t)g->leaf, "rows",
                  "progress", "at", (json_int_t)g->at, "end", (json_int_t)g->end);
    if (o)
        local_reply(r->server, g->client, o, false);
    json_decref(o);
}

static void reading_rows(struct reader *r, struct reading *g, struct page *p, bool more)
{
    int64_t mono_ms = clock_mono_ms();
    json_t *o;

    if (more && !json_array_size(p->rows)) {
        reading_progress(r, g, mono_ms);
        return;
    }
    g->told_ms = mono_ms;
    o = json_pack("{s:b, s:I, s:O}", "ok", 1, "reading", (json_int_t)g->leaf, "rows", p->rows);
    if (!o || (p->last && json_object_set(o, "report", p->last))) {
        json_decref(o);
        reading_fail(r, g, store_error(r, -ENOMEM));
        return;
    }
    local_reply(r->server, g->client, o, !more);
    json_decref(o);
    if (!more)
        reading_free(g);
}

/* Of a person, a practitioner, a report. Return: as reading_turn. */
static int reading_report(struct reader *r, struct reading *g)
{
    struct page p = { .rows = json_array() };
    int rc;

    if (!g->told_ms)
        g->told_ms = clock_mono_ms();
    rc = !p.rows                       ? -ENOMEM
         : g->query.read == READ_REPORT ? report_slice(r, g, &p)
                                        : search_slice(r, g, &p);
    if (rc >= 0)
        reading_rows(r, g, &p, rc == 1);
    else if (rc == -ECANCELED && p.error)
        reading_fail(r, g, p.error);
    else
        reading_fail(r, g, store_error(r, rc));
    json_decref(p.rows);
    json_decref(p.last);
    return rc == 1 ? 0 : -1;
}

static bool reading_reports(const struct reading *g)
{
    return g->query.read == READ_PERSON || g->query.read == READ_PRACTITIONER ||
           g->query.read == READ_REPORT;
}

/* A backup and a follower may read for hours, a report or an export for minutes: whether they still may is asked again each
 * time. */
static bool reader_still_may(struct reader *r, struct reading *g)
{
    struct registry_officer officer;

    if (!officer_standing(r, g->officer, &officer))
        return true;
    reading_fail(r, g,
                 local_error("not-signed", EX_NOPERM, "the officer is no longer in good standing"));
    return false;
}

/* Return: ms until this reading can go on; -1 when something else must happen first. */
static int reading_turn(struct reader *r, struct reading *g)
{
    json_t *page = NULL;
    bool waiting;
    int rc;

    if (local_client_pending(r->server, g->client)) {
        if (backup_stalled(g, clock_mono_ms()))
            reading_fail(r, g, backup_error(-ETIMEDOUT));
        return -1; /* the last page has not been taken */
    }
    if (!reader_still_may(r, g))
        return -1;
    if (g->query.read == READ_HEAD) {
        reading_head(r, g);
        return -1;
    }
    if (g->query.read == READ_STATS)
        return reading_stats(r, g);
    if (g->query.read == READ_BACKUP)
        return reading_backup(r, g);
    if (reading_reports(g))
        return reading_report(r, g);
    rc = walk_slice(r, g, &page);
    if (rc < 0) {
        reading_fail(r, g, store_error(r, rc));
        return -1;
    }
    waiting = g->followed && g->at >= g->end;
    reading_page(r, g, page, rc == 1);
    return rc == 1 ? (waiting ? FOLLOW_MS : 0) : -1;
}

static int sooner(int a, int b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

int reader_turn(struct reader *r, int64_t mono_ms)
{
    int next = -1;

    for (size_t i = 0; i < READER_CLIENTS; i++) {
        struct reading *g = &r->readings[i];

        if (g->state == READING_FREE)
            continue;
        if (!local_client_alive(r->server, g->client)) {
            reading_free(g);
            continue;
        }
        if (g->state == READING_WALKING)
            next = sooner(next, reading_turn(r, g));
        else
            next = sooner(next, g->asked_ms + ASK_MS > mono_ms
                                    ? (int)(g->asked_ms + ASK_MS - mono_ms) + 1
                                    : 0);
    }
    return next;
}
