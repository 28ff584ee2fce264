/* SPDX-License-Identifier: Apache-2.0 */
/* codec_tell.c - what a worker tells the host, there and back: the host's readings are the boundary
 * at which a driver that went wrong is held. */
#include "worker/codec.h"

#include "worker/codec_text.h"

#include <errno.h>
#include <string.h>

/* --- OPENED --- */
void work_put_opened(struct buf *out, const struct work_opened *o)
{
    size_t at = frame_begin(out, WORK_OPENED);

    buf_put_i32(out, o->result);
    buf_put_u8(out, o->keeps_rows);
    buf_put_u8(out, o->changes);
    buf_put_u8(out, o->commands);
    buf_put_u8(out, o->by_hand);
    buf_put_text(out, o->name);
    frame_end(out, at);
}

int work_get_opened(struct bytes body, struct work_opened *out)
{
    struct cursor c = cursor_of(body);

    memset(out, 0, sizeof(*out));
    out->result = cursor_i32(&c);
    out->keeps_rows = codec_bool(&c);
    out->changes = codec_bool(&c);
    out->commands = codec_bool(&c);
    out->by_hand = codec_bool(&c);
    (void)codec_text(&c, out->name, sizeof(out->name));
    if (out->result > 0)
        c.failed = true;
    return cursor_end(&c);
}

/* --- rows --- */
static const char *or_empty(const char *text)
{
    return text ? text : "";
}

void work_put_person(struct buf *out, const struct alm_person *p)
{
    size_t at = frame_begin(out, WORK_PERSON);

    buf_put_text(out, p->ref);
    buf_put_text(out, p->given);
    buf_put_text(out, p->family);
    buf_put_text(out, or_empty(p->nhs));
    buf_put_text(out, or_empty(p->upn));
    buf_put_i32(out, p->born);
    buf_put_u8(out, p->unborn);
    buf_put_u8(out, p->asking_only);
    frame_end(out, at);
}

int work_get_person(struct bytes body, struct work_person *out)
{
    struct cursor c = cursor_of(body);

    (void)codec_text(&c, out->ref, sizeof(out->ref));
    (void)codec_text(&c, out->given, sizeof(out->given));
    (void)codec_text(&c, out->family, sizeof(out->family));
    (void)codec_text(&c, out->nhs, sizeof(out->nhs));
    (void)codec_text(&c, out->upn, sizeof(out->upn));
    out->born = cursor_i32(&c);
    out->unborn = codec_bool(&c);
    out->asking_only = codec_bool(&c);
    return cursor_end(&c);
}

void work_put_home(struct buf *out, const struct alm_home *h)
{
    size_t at = frame_begin(out, WORK_HOME);

    buf_put_text(out, h->ref);
    buf_put_text(out, or_empty(h->address));
    buf_put_text(out, or_empty(h->postcode));
    buf_put_i32(out, h->shielded_from);
    frame_end(out, at);
}

int work_get_home(struct bytes body, struct work_home *out)
{
    struct cursor c = cursor_of(body);

    (void)codec_text(&c, out->ref, sizeof(out->ref));
    (void)codec_text(&c, out->address, sizeof(out->address));
    (void)codec_text(&c, out->postcode, sizeof(out->postcode));
    out->shielded_from = cursor_i32(&c);
    return cursor_end(&c);
}

void work_put_stay(struct buf *out, const char *person, const struct alm_stay *s)
{
    size_t at = frame_begin(out, WORK_STAY);

    buf_put_text(out, person);
    buf_put_text(out, s->home);
    buf_put_i32(out, s->from);
    buf_put_i32(out, s->until);
    frame_end(out, at);
}

int work_get_stay(struct bytes body, struct work_stay *out)
{
    struct cursor c = cursor_of(body);

    (void)codec_text(&c, out->person, sizeof(out->person));
    (void)codec_text(&c, out->home, sizeof(out->home));
    out->from = cursor_i32(&c);
    out->until = cursor_i32(&c);
    return cursor_end(&c);
}

struct alm_person work_person_of(const struct work_person *p)
{
    return (struct alm_person){ p->ref, p->given, p->family, p->born,
                                p->nhs, p->upn,   p->unborn, p->asking_only };
}

struct alm_home work_home_of(const struct work_home *h)
{
    return (struct alm_home){ h->ref, h->address, h->postcode, h->shielded_from };
}

struct alm_stay work_stay_of(const struct work_stay *s)
{
    return (struct alm_stay){ s->home, s->from, s->until };
}

/* --- reports: cut to fit, for what is reported is for people --- */
static void put_cut(struct buf *out, const char *text, size_t size)
{
    size_t len = strnlen(text, size - 1);

    while (len && !utf8_valid(text, len))
        len--; /* a character that was cut in two, or bytes of a driver's own */
    buf_put_var(out, text, len);
}

void work_put_report(struct buf *out, const char *where, unsigned long line, const char *text)
{
    size_t at = frame_begin(out, WORK_REPORT);

    put_cut(out, or_empty(where), WORK_WHERE_MAX);
    buf_put_u32(out, line > UINT32_MAX ? UINT32_MAX : (uint32_t)line);
    put_cut(out, or_empty(text), WORK_REPORT_MAX);
    frame_end(out, at);
}

int work_get_report(struct bytes body, struct work_report *out)
{
    struct cursor c = cursor_of(body);

    (void)codec_text(&c, out->where, sizeof(out->where));
    out->line = cursor_u32(&c);
    (void)codec_text(&c, out->text, sizeof(out->text));
    return cursor_end(&c);
}

/* --- results --- */
static void put_state(struct buf *out, const struct alm_state *s)
{
    buf_put_u8(out, s->partial);
    buf_put_u8(out, s->stale);
    buf_put_i32(out, s->data_day);
}

static void get_state(struct cursor *c, struct alm_state *out)
{
    out->partial = codec_bool(c);
    out->stale = codec_bool(c);
    out->data_day = cursor_i32(c);
}

void work_put_loaded(struct buf *out, const struct work_loaded *l)
{
    size_t at = frame_begin(out, WORK_LOADED);

    buf_put_i32(out, l->result);
    put_state(out, &l->state);
    frame_end(out, at);
}

int work_get_loaded(struct bytes body, struct work_loaded *out)
{
    struct cursor c = cursor_of(body);

    memset(out, 0, sizeof(*out));
    out->result = cursor_i32(&c);
    get_state(&c, &out->state);
    if (out->result > 0)
        c.failed = true;
    return cursor_end(&c);
}

static void put_answer(struct buf *out, const struct alm_answer *a)
{
    buf_put_u8(out, a->value);
    buf_put_u8(out, a->cause);
    buf_put_i32(out, a->data_as_of);
    buf_put_text(out, a->service);
    buf_put_text(out, a->contact_route);
    buf_put_text(out, a->lead_professional);
    buf_put_i32(out, a->since);
    buf_put_text(out, a->by);
    buf_put_i64(out, a->by_ms);
}

static void get_answer(struct cursor *c, struct alm_answer *out)
{
    out->value = codec_number(c, ALM_YES, ALM_CANNOT_SAY);
    out->cause = codec_number(c, ALM_CAUSE_NONE, ALM_UNSUPPORTED);
    out->data_as_of = cursor_i32(c);
    (void)codec_text(c, out->service, sizeof(out->service));
    (void)codec_text(c, out->contact_route, sizeof(out->contact_route));
    (void)codec_text(c, out->lead_professional, sizeof(out->lead_professional));
    out->since = cursor_i32(c);
    (void)codec_text(c, out->by, sizeof(out->by));
    out->by_ms = cursor_i64(c);
}

static void get_relation(struct cursor *c, struct alm_relationship *out)
{
    out->kind = codec_number(c, ALM_RELATION_NONE, ALM_REFERRAL);
    out->since = cursor_i32(c);
    out->until = cursor_i32(c);
}

/* Whether something follows the result. */
static bool done_has_more(const struct work_done *d)
{
    switch (d->of) {
    case WORK_ANSWER:
    case WORK_RELATE:
    case WORK_COMMAND:
        return d->result == 0;
    case WORK_READY:
        return d->result == 1;
    default:
        return false;
    }
}

void work_put_done(struct buf *out, const struct work_done *d)
{
    size_t at = frame_begin(out, WORK_DONE);

    buf_put_u32(out, d->seq);
    buf_put_u8(out, d->of);
    buf_put_i32(out, d->result);
    put_state(out, &d->state);
    if (done_has_more(d)) {
        if (d->of == WORK_ANSWER) {
            put_answer(out, &d->answer);
        } else if (d->of == WORK_RELATE) {
            buf_put_u8(out, d->relation.kind);
            buf_put_i32(out, d->relation.since);
            buf_put_i32(out, d->relation.until);
        } else if (d->of == WORK_READY) {
            buf_put(out, d->ready.key, ALM_KEY_LEN);
            put_answer(out, &d->ready.answer);
        } else {
            buf_put_var(out, d->reply.data, d->reply.len);
        }
    }
    frame_end(out, at);
}

static void get_more(struct cursor *c, struct work_done *out)
{
    if (out->of == WORK_ANSWER) {
        get_answer(c, &out->answer);
    } else if (out->of == WORK_RELATE) {
        get_relation(c, &out->relation);
    } else if (out->of == WORK_READY) {
        struct bytes key = cursor_take(c, ALM_KEY_LEN);

        if (!c->failed)
            memcpy(out->ready.key, key.data, ALM_KEY_LEN);
        get_answer(c, &out->ready.answer);
    } else {
        out->reply = cursor_var(c, ALM_COMMAND_MAX - 1);
        if (!c->failed && !utf8_valid(out->reply.data, out->reply.len))
            c->failed = true;
    }
}

int work_get_done(struct bytes body, struct work_done *out)
{
    struct cursor c = cursor_of(body);

    memset(out, 0, sizeof(*out));
    out->seq = cursor_u32(&c);
    out->of = codec_number(&c, WORK_ANSWER, WORK_SENT);
    out->result = cursor_i32(&c);
    get_state(&c, &out->state);
    if (out->result > 1) /* ALM_LATER, changed and ready are 1 */
        c.failed = true;
    if (!c.failed && done_has_more(out))
        get_more(&c, out);
    return cursor_end(&c);
}
