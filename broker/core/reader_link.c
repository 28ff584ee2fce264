/* SPDX-License-Identifier: Apache-2.0 */
/* reader_link.c - reads of the log are leaves: the reader's 'L' becomes a committed record before
 * 'K' lets its first row go. */
#include "backups.h"
#include "stages.h"

#include <string.h>
#include <sys/socket.h>

#define READING_MAX (1 + 4 + 2 + 65535)

static int reading_parse(struct cursor *at, struct reading_work *w)
{
    json_error_t error;
    json_t *o;
    struct bytes text;
    int r = 0;

    text = cursor_take(at, cursor_u16(at));
    if (cursor_end(at))
        return -1;
    o = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(o) || local_get_text(o, "officer", w->officer, sizeof(w->officer)) ||
        local_get_text(o, "command", w->command, sizeof(w->command)))
        r = -1;
    else if (local_get_text(o, "query", w->query, sizeof(w->query)))
        w->query[0] = '\0'; /* long or absent: the command alone is recorded */
    if (local_get_day(o, "until", &w->until))
        w->until = CIVIL_NONE;
    w->sealed = r ? NULL : json_incref(json_object_get(o, "sealed"));
    json_decref(o);
    return r;
}

static void reading_deny(struct core *c, uint32_t ref, const char *why)
{
    buf_reset(&c->scratch);
    buf_put_u8(&c->scratch, 'D');
    buf_put_u32(&c->scratch, ref);
    buf_put_u16(&c->scratch, (uint16_t)strlen(why));
    buf_put(&c->scratch, why, strlen(why));
    if (!buf_status(&c->scratch) &&
        send(c->reader, c->scratch.data, c->scratch.len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        log_warn("reader-not-told", "%s", "");
}

void readings_drain(struct core *c)
{
    static uint8_t said[READING_MAX];
    ssize_t n;

    while (c->reader >= 0 && c->batch.n_readings < BATCH_READINGS &&
           (n = recv(c->reader, said, sizeof(said), MSG_DONTWAIT)) > 0) {
        struct reading_work *w = &c->batch.readings[c->batch.n_readings];
        struct cursor at = cursor_of(bytes_of(said, (size_t)n));

        memset(w, 0, sizeof(*w));
        if (cursor_u8(&at) != 'L')
            continue;
        w->ref = cursor_u32(&at);
        if (at.failed || reading_parse(&at, w)) {
            reading_deny(c, w->ref, "malformed");
            continue;
        }
        c->batch.n_readings++;
    }
}

static void reading_record(struct core *c, struct reading_work *w)
{
    struct registry_officer officer;
    struct ledger_clear *l;
    struct store_txn *t = batch_txn(c);

    if (!t)
        return;
    if (registry_officer_get(t, w->officer, &officer) || officer.standing != STANDING_ACTIVE) {
        w->denied = "unknown-officer";
        return;
    }
    if (backups_is(w)) {
        w->denied = backups_refused(c, w);
        if (w->denied)
            return;
    }
    l = record_begin(c, EVENT_LOG_READ, AGENCY_NONE);
    memcpy(l->officer, w->officer, sizeof(l->officer));
    buf_reset(&c->scratch);
    buf_printf(&c->scratch, "%s%s%s", w->command, *w->query ? " " : "", w->query);
    buf_put_u8(&c->scratch, 0);
    if (!buf_status(&c->scratch))
        text_cut(l->detail, sizeof(l->detail), (const char *)c->scratch.data);
    if (w->sealed && reading_seal(c, l, w->sealed)) {
        w->denied = "malformed"; /* nothing was appended */
        return;
    }
    w->leaf = record_end(c);
    if (backups_is(w))
        backups_begun(c, w);
}

void readings_record(struct core *c)
{
    for (size_t i = 0; i < c->batch.n_readings; i++)
        reading_record(c, &c->batch.readings[i]);
}

void readings_reply(struct core *c, bool committed)
{
    for (size_t i = 0; i < c->batch.n_readings; i++) {
        struct reading_work *w = &c->batch.readings[i];

        json_decref(w->sealed);
        w->sealed = NULL;
        if (!committed || w->denied) {
            reading_deny(c, w->ref, committed ? w->denied : "not-recorded");
            continue;
        }
        buf_reset(&c->scratch);
        buf_put_u8(&c->scratch, 'K');
        buf_put_u32(&c->scratch, w->ref);
        buf_put_u64(&c->scratch, w->leaf);
        if (!buf_status(&c->scratch) &&
            send(c->reader, c->scratch.data, c->scratch.len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
            log_warn("reader-not-told", "%s", "");
    }
}
