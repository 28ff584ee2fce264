/* SPDX-License-Identifier: Apache-2.0 */
/* referrals.c - listing, showing and reading referrals. */
#include "host/referrals.h"

#include "base/clock.h"
#include "host/about.h"
#include "host/events.h"
#include "host/reply.h"
#include "host/request.h"
#include "host/words.h"
#include "lib/sealing.h"

#include <errno.h>
#include <string.h>
#include <sysexits.h>

/* --- the broker's list --- */
void referrals_ask_all(struct msg *query, uint16_t page, const json_t *o)
{
    (void)o;
    query->referral_query.page = page;
}

static void list_ask(struct msg *query, uint16_t page, const json_t *o)
{
    query->referral_query.page = page;
    query->referral_query.open_only = json_is_true(json_object_get(o, "open_only"));
}

static json_t *state_json(const struct msg_referral_state *s)
{
    return json_pack("{s:o,s:s,s:s,s:s,s:s,s:s,s:o,s:o,s:s,s:o}", "referral",
                     event_id(&s->referral), "state", words_of(WORDS_STATE, s->state),
                     "referral_kind", words_of(WORDS_REFERRAL, s->kind), "from", s->from, "to",
                     s->to, "service", s->service, "since", reply_day(s->since), "due_on",
                     reply_day(s->due_on), "due_role", s->due_role, "as_of", reply_day(s->as_of));
}

uint16_t referrals_add(json_t *list, const struct msg *m)
{
    for (size_t i = 0; i < m->referral_list.n; i++)
        (void)json_array_append_new(list, state_json(&m->referral_list.entries[i]));
    return m->referral_list.pages;
}

json_t *referrals_find(const json_t *list, const char *referral)
{
    size_t i;
    json_t *r;

    json_array_foreach(list, i, r)
    {
        const char *id = json_string_value(json_object_get(r, "referral"));

        if (id && referral && strcmp(id, referral) == 0)
            return r;
    }
    return NULL;
}

json_t *reply_referral_state(const struct msg *m, const struct id *message)
{
    json_t *s = state_json(&m->referral_state);

    if (s)
        (void)json_object_update_new(s, json_pack("{s:b,s:s,s:o,s:s}", "ok", 1, "kind",
                                                  "referral-state", "message_id", event_id(message),
                                                  "rule", m->referral_state.policy_rule));
    return s;
}

json_t *referrals_list(struct host *h, uint64_t client, const json_t *o)
{
    static const struct paged how = {
        MSG_REFERRAL_QUERY, MSG_REFERRAL_LIST, list_ask, referrals_add, NULL,
        "referrals",        "referrals"
    };
    static const char *const keys[] = { OPS_PRACTICE, "open_only", NULL };
    const struct pending of = ops_first(h, client, o);
    bool open_only;
    json_t *wrong = request_only(o, keys);

    if (!wrong)
        wrong = request_flag(o, "open_only", &open_only);
    return wrong ? wrong : ops_pages(h, &of, &how);
}

/* --- what the inbox holds of one --- */
struct seen { /* while the inbox is walked */
    struct host *h;
    struct id referral;
    json_t *referral_json, *list; /* borrowed list */
    struct buf text;
    int failed;
    size_t n_boxes;
};

static bool seen_decode(struct seen *s, struct bytes body, const struct msg_deliver **d)
{
    const struct msg_deliver *m = &s->h->seen->deliver;

    if (!memmem(body.data, body.len, s->referral.octets, ID_LEN))
        return false; /* most are of others: not worth decoding */
    if (wire_decode(body, s->h->seen) != WIRE_OK || s->h->seen->type != MSG_DELIVER)
        return false;
    *d = m;
    return (m->has_referral && id_equal(&m->referral_id, &s->referral)) ||
           (m->has_update && id_equal(&m->update.referral, &s->referral));
}

static json_t *request_referral(const json_t *o, struct id *out)
{
    bool has = false;
    json_t *wrong = request_id(o, "referral", &has, out);

    return !wrong && !has ? ops_missing("referral is missing: its id") : wrong;
}

static void show_step(struct seen *s, const struct msg_referral_update *u, int64_t at_ms,
                      const char *from)
{
    json_t *step = event_update(u);

    (void)json_object_del(step, "referral");
    (void)json_object_set_new(step, "at", event_time(at_ms));
    (void)json_object_set_new(step, "from", json_string(from));
    (void)json_array_append_new(s->list, step);
}

static bool show_visit(void *ctx, const struct inbox_item *item, struct bytes body)
{
    const struct msg_deliver *d;
    struct seen *s = ctx;

    (void)item;
    if (!seen_decode(s, body, &d))
        return true;
    if (d->has_update)
        show_step(s, &d->update, d->at_ms, d->from);
    else if (!s->referral_json)
        s->referral_json = event_referral(s->h, &d->referral_id, &d->referral);
    return true;
}

/* What we sent ourselves: the referral, or steps of it. */
static bool show_sent(void *ctx, const struct inbox_item *item, struct bytes body)
{
    struct seen *s = ctx;
    const struct msg *m = s->h->seen;

    (void)item;
    if (!memmem(body.data, body.len, s->referral.octets, ID_LEN) ||
        wire_decode(body, s->h->seen) != WIRE_OK)
        return true;
    if (m->type == MSG_REFERRAL && id_equal(&m->id, &s->referral) && !s->referral_json)
        s->referral_json = event_referral(s->h, &m->id, &m->referral);
    else if (m->type == MSG_REFERRAL_UPDATE && id_equal(&m->referral_update.referral, &s->referral))
        show_step(s, &m->referral_update, m->sent_ms, m->sender);
    return true;
}

/* Oldest first; each side is in order already, and there are few. */
static void show_order(json_t *list)
{
    for (size_t i = 1; i < json_array_size(list); i++) {
        json_t *step = json_incref(json_array_get(list, i));
        const char *at = json_string_value(json_object_get(step, "at"));
        size_t to = i;

        while (to && strcmp(json_string_value(json_object_get(json_array_get(list, to - 1), "at")),
                            at) > 0)
            to--;
        (void)json_array_remove(list, i);
        (void)json_array_insert_new(list, to, step);
    }
}

static int show_walk(struct seen *s)
{
    int r = inbox_walk(s->h->inbox, "inbox", show_visit, s);
    int sent = inbox_walk(s->h->inbox, INBOX_SENT, show_sent, s);

    show_order(s->list);
    return r != 0 || sent == -ENOENT ? r : sent;
}

/* The broker's entry, with what our own folders add; either alone will do. */
static json_t *show_json(struct host *h, const struct id *id, const json_t *entry)
{
    struct seen s = { .h = h, .referral = *id, .list = json_array() };
    json_t *out = json_pack(
        "{s:b,s:s,s:o,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:[],s:i,s:{},s:b}", "ok", 1,
        "kind", "referral", "referral", event_id(id), "state", "", "referral_kind", "", "from", "",
        "to", "", "service", "", "since", "", "due_on", "", "due_role", "", "as_of", "", "reason",
        "", "sent_on", "", "origin", "", "made", "pounds", 0, "subject", "has_body", 0);

    if (show_walk(&s) != 0 || (!entry && !s.referral_json && !json_array_size(s.list))) {
        json_decref(out);
        out = NULL;
    }
    if (out && s.referral_json)
        (void)json_object_update_existing(out, s.referral_json);
    if (out && entry)
        (void)json_object_update_existing(out, (json_t *)entry);
    if (out)
        (void)json_object_set(out, "history", s.list);
    json_decref(s.referral_json);
    json_decref(s.list);
    crypto_wipe(h->seen, sizeof(*h->seen));
    return out;
}

static json_t *show_whole(struct host *h, struct pending *p)
{
    const char *text = json_string_value(json_object_get(p->request, "referral"));
    struct id id;
    json_t *wrong = request_referral(p->request, &id), *out;

    if (wrong)
        return wrong;
    out = show_json(h, &id, referrals_find(p->list, text));
    if (!out)
        return local_error("no-referral", EX_NOINPUT, "we are no party of such a referral");
    ops_reply_now(h, p->client, out);
    return NULL;
}

json_t *referrals_show(struct host *h, uint64_t client, const json_t *o)
{
    static const struct paged how = { .query = MSG_REFERRAL_QUERY,
                                      .reply = MSG_REFERRAL_LIST,
                                      .ask = referrals_ask_all,
                                      .add = referrals_add,
                                      .whole = show_whole };
    static const char *const keys[] = { OPS_PRACTICE, "referral", NULL };
    const struct pending of = ops_first(h, client, o);
    struct id id;
    json_t *wrong = request_only(o, keys);

    if (!wrong)
        wrong = request_referral(o, &id);
    return wrong ? wrong : ops_pages(h, &of, &how);
}

/* --- sealed texts --- */
/* A step's text is its sender's. One that came with the referral may be of who passed it on: the
 * box says it, and so do we. */
static void read_box(struct seen *s, const struct msg_deliver *d)
{
    struct bytes sealed = d->has_referral ? d->referral.sealed : d->update.sealed;
    int32_t on = d->has_referral ? d->referral.sent_on : d->update.on;
    name_t writer;
    int r;

    if (!sealed.len)
        return;
    s->n_boxes++;
    r = sealing_open(&s->h->config.seal, &s->referral, sealed, writer, &s->text);
    if (r == 0 && d->has_update && strcmp(writer, d->from) != 0)
        r = -EBADMSG; /* said to be another's */
    if (r != 0) {
        s->failed = r;
        return;
    }
    (void)json_array_append_new(
        s->list, json_pack("{s:s,s:o,s:s,s:s,s:s%}", "step",
                           d->has_referral ? "sent" : words_of(WORDS_STEP, d->update.step), "on",
                           reply_day(on), "from", d->from, "written_by", writer, "text",
                           (const char *)s->text.data, s->text.len));
}

static bool read_visit(void *ctx, const struct inbox_item *item, struct bytes body)
{
    const struct msg_deliver *d;
    struct seen *s = ctx;

    (void)item;
    if (seen_decode(s, body, &d))
        read_box(s, d);
    return true;
}

static json_t *read_nothing(const struct seen *s)
{
    if (!s->n_boxes)
        return local_error("no-body", EX_NOINPUT,
                           "no sealed text of this referral lies in our inbox");
    return local_error("not-opened", EX_DATAERR,
                       "a sealed text lies here, but does not open: it is for another key than "
                       "keys.seal (an earlier one?), or was tampered with");
}

json_t *referrals_read(struct host *h, uint64_t client, const json_t *o)
{
    static const char *const keys[] = { OPS_PRACTICE, "referral", NULL };
    struct seen s = { .h = h };
    json_t *wrong = request_only(o, keys);
    int r;

    if (!wrong)
        wrong = request_referral(o, &s.referral);
    if (!wrong && !h->config.has_seal)
        wrong = local_error(
            "no-sealing-key", EX_UNAVAILABLE,
            "this adapter has no sealing key; set keys.seal (almoner key new seal NAME)");
    if (wrong)
        return wrong;
    s.list = json_array();
    buf_init(&s.text, SEALING_TEXT_MAX + 1);
    r = s.list ? inbox_walk(h->inbox, "inbox", read_visit, &s) : -ENOMEM;
    if (r != 0)
        wrong =
            local_error("inbox-failed", EX_IOERR, "the inbox could not be read: %s", strerror(-r));
    else if (!json_array_size(s.list))
        wrong = read_nothing(&s);
    else
        ops_reply_now(h, client,
                      json_pack("{s:b,s:s,s:o,s:O}", "ok", 1, "kind", "referral-texts", "referral",
                                event_id(&s.referral), "texts", s.list));
    json_decref(s.list);
    crypto_wipe(s.text.data, s.text.cap);
    buf_deinit(&s.text);
    crypto_wipe(h->seen, sizeof(*h->seen));
    return wrong;
}
