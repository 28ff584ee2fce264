/* SPDX-License-Identifier: Apache-2.0 */
/* events.c - one builder a kind of delivery. No token is ever printed. */
#include "host/events.h"

#include "base/clock.h"
#include "host/about.h"
#include "host/reply.h"
#include "host/words.h"

#include <string.h>

json_t *event_time(int64_t ms)
{
    char at[25] = "";

    if (ms)
        clock_format_utc(ms, at);
    return json_string(at);
}

json_t *event_id(const struct id *id)
{
    char text[ID_TEXT] = "";

    if (!id_is_zero(id))
        id_format(id, text);
    return json_string(text);
}

json_t *event_made(uint16_t made)
{
    json_t *list = json_array();

    for (unsigned i = 0; list && i < 16; i++) {
        if (made & (1u << i))
            (void)json_array_append_new(list, json_string(words_of(WORDS_MADE, i + 1)));
    }
    return list;
}

json_t *event_contributors(const struct msg_contributor *list, size_t n)
{
    json_t *out = json_array();

    for (size_t i = 0; out && i < n; i++)
        (void)json_array_append_new(out, json_pack("{s:s, s:s, s:s}", "agency", list[i].agency,
                                                   "name", list[i].agency_name, "contact_route",
                                                   list[i].contact_route));
    return out;
}

static json_t *firing_json(const struct host *h, const struct msg_deliver *d)
{
    const struct msg_firing *f = &d->firing;

    return json_pack(
        "{s:o,s:s,s:s,s:o,s:s,s:s,s:s,s:o,s:b,s:s,s:o,s:b,s:o}", "episode", event_id(&f->episode),
        "rule", f->rule, "title", f->title, "subject",
        about_json(h, f->subject_kind, &f->subject, f->has_household ? &f->household : NULL),
        "category", f->category, "area", f->area, "severity", words_of(WORDS_SEVERITY, f->severity),
        "fired_on", reply_day(f->fired_on), "bypass", f->bypass, "decide_role", f->decide_role,
        "decide_by", event_time(f->decide_by_ms), "masked", f->masked, "contributors",
        event_contributors(f->contributors, f->n));
}

json_t *event_referral(const struct host *h, const struct id *id, const struct msg_referral *r)
{
    return json_pack(
        "{s:o,s:s,s:s,s:s,s:s,s:o,s:s,s:o,s:o,s:I,s:b}", "referral", event_id(id), "referral_kind",
        words_of(WORDS_REFERRAL, r->kind), "origin", words_of(WORDS_ORIGIN, r->origin), "to", r->to,
        "service", r->service, "subject",
        about_json(h, r->subject_kind, &r->subject, r->has_household ? &r->household : NULL),
        "reason", r->reason, "sent_on", reply_day(r->sent_on), "made", event_made(r->made),
        "pounds", (json_int_t)r->pounds, "has_body", r->sealed.len > 0);
}

static json_t *referral_json(const struct host *h, const struct msg_deliver *d)
{
    return event_referral(h, &d->referral_id, &d->referral);
}

json_t *event_update(const struct msg_referral_update *u)
{
    return json_pack("{s:o,s:s,s:o,s:s,s:s,s:s,s:s,s:b}", "referral", event_id(&u->referral),
                     "step", words_of(WORDS_STEP, u->step), "on", reply_day(u->on), "reason",
                     u->reason, "redirect_to", u->redirect_to, "to_kind",
                     words_of(WORDS_REFERRAL, u->kind), "outcome", u->outcome, "has_body",
                     u->sealed.len > 0);
}

static json_t *update_json(const struct host *h, const struct msg_deliver *d)
{
    (void)h;
    return event_update(&d->update);
}

static json_t *watch_json(const struct host *h, const struct msg_deliver *d)
{
    const struct msg_watch_event *w = &d->watch;

    (void)h;
    return json_pack("{s:o,s:o,s:b,s:s,s:s}", "watch", event_id(&w->watch), "on", reply_day(w->on),
                     "masked", w->masked, "agency", w->agency, "contact_route", w->contact_route);
}

static json_t *notice_json(const struct host *h, const struct msg_deliver *d)
{
    const struct msg_notice *n = &d->notice;
    json_t *subject = NULL; /* absent: the broker named nobody */

    if (n->subject.n)
        subject =
            about_json(h, n->subject.unborn ? SUBJECT_UNBORN : SUBJECT_PERSON, &n->subject, NULL);
    return json_pack("{s:s,s:o,s:s,s:s,s:s,s:o,s:o*}", "notice", words_of(WORDS_NOTICE, n->kind),
                     "about", event_id(&n->about), "agency", n->agency, "contact_route",
                     n->contact_route, "text", n->text, "due", event_time(n->due_ms), "subject",
                     subject);
}

/* The final reply to one of our own queries. */
static json_t *reply_to(const struct id *query, json_t *part)
{
    json_t *o = json_pack("{s:o}", "query", event_id(query));

    if (json_object_update(o, part)) {
        json_decref(o);
        o = NULL;
    }
    json_decref(part);
    return o;
}

static json_t *insight_json(const struct host *h, const struct msg_deliver *d)
{
    (void)h;
    return reply_to(&d->query, reply_insight_part(&d->insight));
}

static json_t *involvement_json(const struct host *h, const struct msg_deliver *d)
{
    (void)h;
    return reply_to(&d->query, reply_involvement_part(&d->involvement));
}

static json_t *stop_json(const struct host *h, const struct msg_deliver *d)
{
    (void)h;
    return event_stop(&d->stop);
}

static const struct {
    const char *key;
    json_t *(*part)(const struct host *h, const struct msg_deliver *d);
} kinds[] = {
    [DELIVERY_FIRING] = { "firing", firing_json },
    [DELIVERY_REFERRAL] = { "referral", referral_json },
    [DELIVERY_REFERRAL_UPDATE] = { "referral_update", update_json },
    [DELIVERY_WATCH] = { "watch", watch_json },
    [DELIVERY_NOTICE] = { "notice", notice_json },
    [DELIVERY_INSIGHT] = { "insight", insight_json },
    [DELIVERY_INVOLVEMENT] = { "involvement", involvement_json },
    [DELIVERY_STOP_USING] = { "stop_using", stop_json },
};

json_t *event_json(const struct host *h, const struct msg_deliver *d)
{
    if (d->kind >= ALM_LEN(kinds) || !kinds[d->kind].part)
        return NULL; /* the scanner knows every kind that there is */
    return json_pack("{s:s,s:I,s:o,s:o,s:b,s:s,s:s,s:o}", "stream", d->stream, "seq",
                     (json_int_t)d->seq, "event", event_id(&d->event), "at", event_time(d->at_ms),
                     "again", d->again, "from", d->from, "type", words_of(WORDS_DELIVERY, d->kind),
                     kinds[d->kind].key, kinds[d->kind].part(h, d));
}

json_t *event_damaged(const char *stream, const struct inbox_item *item)
{
    char event[ID_TEXT], file[NAME_MAX_LEN + 80];

    id_format(&item->event, event);
    (void)snprintf(file, sizeof(file), "%s/%020llu-%s.msg", stream, (unsigned long long)item->seq,
                   event);
    return json_pack("{s:s,s:I,s:s,s:s,s:b,s:s,s:s,s:{s:s}}", "stream", stream, "seq",
                     (json_int_t)item->seq, "event", event, "at", "", "again", 0, "from", "",
                     "type", "damaged", "damaged", "file", file);
}
