/* SPDX-License-Identifier: Apache-2.0 */
/* codec.c - what the host asks of a worker, there and back. */
#include "worker/codec.h"

#include "worker/codec_text.h"

#include <errno.h>
#include <string.h>

/* --- both ways --- */
bool codec_text(struct cursor *c, char *out, size_t size)
{
    cursor_text(c, out, size);
    if (!c->failed && !utf8_valid(out, strlen(out)))
        c->failed = true;
    if (c->failed)
        out[0] = '\0';
    return !c->failed;
}

bool codec_bool(struct cursor *c)
{
    uint8_t v = cursor_u8(c);

    if (v > 1)
        c->failed = true;
    return v == 1;
}

uint8_t codec_number(struct cursor *c, uint8_t least, uint8_t most)
{
    uint8_t v = cursor_u8(c);

    if (v < least || v > most)
        c->failed = true;
    return v;
}

/* --- BEGIN, LOAD --- */
void work_put_begin(struct buf *out, const struct work_begin *b)
{
    size_t at = frame_begin(out, WORK_BEGIN);

    buf_put_u16(out, WORK_VERSION);
    buf_put_u8(out, b->exercise);
    buf_put_u8(out, b->log);
    buf_put_text(out, b->zone);
    buf_put_i64(out, b->limits.deadline_ms);
    buf_put_u64(out, b->limits.rows_most);
    buf_put_u64(out, b->limits.bytes_most);
    frame_end(out, at);
}

int work_get_begin(struct bytes body, struct work_begin *out)
{
    struct cursor c = cursor_of(body);

    memset(out, 0, sizeof(*out));
    if (cursor_u16(&c) != WORK_VERSION)
        return -EBADMSG; /* a program of another release */
    out->exercise = codec_bool(&c);
    out->log = codec_number(&c, 1, 4);
    (void)codec_text(&c, out->zone, sizeof(out->zone));
    out->limits.deadline_ms = cursor_i64(&c);
    out->limits.rows_most = cursor_u64(&c);
    out->limits.bytes_most = cursor_u64(&c);
    return cursor_end(&c);
}

void work_put_load(struct buf *out, bool strict)
{
    size_t at = frame_begin(out, WORK_LOAD);

    buf_put_u8(out, strict);
    frame_end(out, at);
}

int work_get_load(struct bytes body, bool *strict)
{
    struct cursor c = cursor_of(body);

    *strict = codec_bool(&c);
    return cursor_end(&c);
}

/* --- questions and subjects --- */
static bool text_fits(const char *text, size_t size)
{
    return text && strnlen(text, size) < size;
}

static bool place_fits(const struct alm_place *p)
{
    for (size_t i = 0; i < p->n && i < ALM_SAME_HOME_MAX; i++) {
        if (!text_fits(p->homes[i], ALM_REF_MAX))
            return false;
    }
    return p->n <= ALM_SAME_HOME_MAX;
}

static bool places_fit(const struct alm_place *places, size_t n)
{
    for (size_t i = 0; i < n && i < WORK_PLACES_MAX; i++) {
        if (!place_fits(&places[i]))
            return false;
    }
    return n <= WORK_PLACES_MAX;
}

static void put_place(struct buf *out, const struct alm_place *p)
{
    buf_put_u8(out, (uint8_t)p->n);
    for (size_t i = 0; i < p->n; i++)
        buf_put_text(out, p->homes[i]);
    buf_put_i32(out, p->from);
    buf_put_i32(out, p->until);
}

static void get_place(struct cursor *c, char refs[ALM_SAME_HOME_MAX][ALM_REF_MAX],
                      struct alm_place *out)
{
    out->n = codec_number(c, 0, ALM_SAME_HOME_MAX);
    for (size_t i = 0; i < out->n && !c->failed; i++) {
        (void)codec_text(c, refs[i], ALM_REF_MAX);
        out->homes[i] = refs[i];
    }
    out->from = cursor_i32(c);
    out->until = cursor_i32(c);
}

static void put_places(struct buf *out, const struct alm_place *places, size_t n)
{
    buf_put_u8(out, (uint8_t)n);
    for (size_t i = 0; i < n; i++)
        put_place(out, &places[i]);
}

static size_t get_places(struct cursor *c, struct work_places *at)
{
    size_t n = codec_number(c, 0, WORK_PLACES_MAX);

    for (size_t i = 0; i < n && !c->failed; i++)
        get_place(c, at->refs[i], &at->places[i]);
    return n;
}

static void put_person(struct buf *out, const char *person)
{
    buf_put_u8(out, person != NULL);
    buf_put_text(out, person ? person : "");
}

static const char *get_person(struct cursor *c, char out[static ALM_REF_MAX])
{
    bool known = codec_bool(c);

    (void)codec_text(c, out, ALM_REF_MAX);
    return known ? out : NULL;
}

int work_put_answer(struct buf *out, uint32_t seq, const struct alm_question *q)
{
    size_t at;

    if (!text_fits(q->purpose, ALM_TEXT_MAX) || !text_fits(q->asker, ALM_TEXT_MAX) ||
        !text_fits(q->id, ALM_TEXT_MAX) || (q->person && !text_fits(q->person, ALM_REF_MAX)) ||
        !place_fits(&q->household) || !place_fits(&q->parameter) ||
        !places_fit(q->places, q->n_places))
        return -EINVAL;
    at = frame_begin(out, WORK_ANSWER);
    buf_put_u32(out, seq);
    buf_put(out, q->key, ALM_KEY_LEN);
    buf_put_i64(out, q->within_ms);
    buf_put_u8(out, q->by_hand);
    buf_put_text(out, q->purpose);
    buf_put_text(out, q->asker);
    buf_put_u8(out, q->involvement);
    buf_put_text(out, q->id);
    buf_put_i32(out, q->as_of);
    put_person(out, q->person);
    buf_put_u8(out, q->about_household);
    put_place(out, &q->household);
    buf_put_u8(out, q->has_parameter);
    put_place(out, &q->parameter);
    put_places(out, q->places, q->n_places);
    frame_end(out, at);
    return buf_status(out);
}

void work_set_within(struct buf *frame, int64_t left_ms, int64_t most_ms)
{
    size_t at = 4 + 1 + 4 + ALM_KEY_LEN; /* length, type, number, key */
    int64_t within_ms = left_ms < most_ms ? left_ms : most_ms;

    if (frame->len < at + 9)
        return;
    if (frame->data[at + 8]) /* by_hand: the time is a person's, not a driver's */
        within_ms = left_ms;
    for (size_t i = 0; i < 8; i++)
        frame->data[at + i] = (uint8_t)((uint64_t)within_ms >> (56 - 8 * i));
}

int work_get_answer(struct bytes body, uint32_t *seq, struct work_question *out)
{
    struct cursor c = cursor_of(body);
    struct alm_question *q = &out->q;
    struct bytes key;

    memset(out, 0, sizeof(*out));
    *seq = cursor_u32(&c);
    key = cursor_take(&c, ALM_KEY_LEN);
    if (!c.failed)
        memcpy(out->key, key.data, ALM_KEY_LEN);
    q->key = out->key;
    q->within_ms = cursor_i64(&c);
    q->by_hand = codec_bool(&c);
    (void)codec_text(&c, out->purpose, sizeof(out->purpose));
    (void)codec_text(&c, out->asker, sizeof(out->asker));
    q->purpose = out->purpose;
    q->asker = out->asker;
    q->involvement = codec_bool(&c);
    (void)codec_text(&c, out->id, sizeof(out->id));
    q->id = out->id;
    q->as_of = cursor_i32(&c);
    q->person = get_person(&c, out->person);
    q->about_household = codec_bool(&c);
    get_place(&c, out->at.refs[WORK_PLACES_MAX], &q->household);
    q->has_parameter = codec_bool(&c);
    get_place(&c, out->at.refs[WORK_PLACES_MAX + 1], &q->parameter);
    q->n_places = get_places(&c, &out->at);
    q->places = out->at.places;
    return cursor_end(&c);
}

int work_put_relate(struct buf *out, uint32_t seq, const struct alm_subject *s)
{
    size_t at;

    if ((s->person && !text_fits(s->person, ALM_REF_MAX)) || !places_fit(s->places, s->n_places))
        return -EINVAL;
    at = frame_begin(out, WORK_RELATE);
    buf_put_u32(out, seq);
    put_person(out, s->person);
    buf_put_i32(out, s->day);
    put_places(out, s->places, s->n_places);
    frame_end(out, at);
    return buf_status(out);
}

int work_get_relate(struct bytes body, uint32_t *seq, struct work_subject *out)
{
    struct cursor c = cursor_of(body);

    memset(out, 0, sizeof(*out));
    *seq = cursor_u32(&c);
    out->s.person = get_person(&c, out->person);
    out->s.day = cursor_i32(&c);
    out->s.n_places = get_places(&c, &out->at);
    out->s.places = out->at.places;
    return cursor_end(&c);
}

/* --- the rest --- */
void work_put_plain(struct buf *out, enum work_type op, uint32_t seq)
{
    size_t at = frame_begin(out, (uint8_t)op);

    buf_put_u32(out, seq);
    frame_end(out, at);
}

int work_get_plain(struct bytes body, uint32_t *seq)
{
    struct cursor c = cursor_of(body);

    *seq = cursor_u32(&c);
    return cursor_end(&c);
}

void work_put_command(struct buf *out, uint32_t seq, struct bytes json)
{
    size_t at = frame_begin(out, WORK_COMMAND);

    buf_put_u32(out, seq);
    buf_put_var(out, json.data, json.len);
    frame_end(out, at);
}

int work_get_command(struct bytes body, uint32_t *seq, struct bytes *json)
{
    struct cursor c = cursor_of(body);

    *seq = cursor_u32(&c);
    *json = cursor_var(&c, ALM_COMMAND_MAX - 1);
    if (!c.failed && !utf8_valid(json->data, json->len))
        c.failed = true;
    return cursor_end(&c);
}

void work_put_sent(struct buf *out, uint32_t seq, const uint8_t key[ALM_KEY_LEN])
{
    size_t at = frame_begin(out, WORK_SENT);

    buf_put_u32(out, seq);
    buf_put(out, key, ALM_KEY_LEN);
    frame_end(out, at);
}

int work_get_sent(struct bytes body, uint32_t *seq, uint8_t key[ALM_KEY_LEN])
{
    struct cursor c = cursor_of(body);
    struct bytes got;

    *seq = cursor_u32(&c);
    got = cursor_take(&c, ALM_KEY_LEN);
    if (!c.failed)
        memcpy(key, got.data, ALM_KEY_LEN);
    return cursor_end(&c);
}
