/* SPDX-License-Identifier: Apache-2.0 */
/* concern_ops.c - concerns, what a hub makes of a firing, watches, call-backs, outcomes and
 * decisions not to share: from a request to the message that is signed and kept. */
#include "base/clock.h"
#include "host/about.h"
#include "host/keyring.h"
#include "host/ops.h"
#include "host/request.h"
#include "host/words.h"
#include "lib/tokens.h"

#include <string.h>
#include <sysexits.h>

#define MINUTES_MAX     10000
_Static_assert(BOOK_ORIGIN_MAX == 128, "the wire's and the socket's");

/* A required id of something lodged before. */
static json_t *id_needed(const json_t *o, const char *key, struct id *out)
{
    bool has = false;
    json_t *wrong = request_id(o, key, &has, out);

    return !wrong && !has ? local_error("missing-field", EX_USAGE, "%s is missing: its id", key)
                          : wrong;
}

/* A day that is today unless given. */
static json_t *day_or_today(const struct host *h, const json_t *o, const char *key, int32_t *out)
{
    json_t *wrong = request_day(o, key, false, out);

    if (*out == CIVIL_NONE)
        *out = host_day(h);
    return wrong;
}

/* "a desk to telephone": ours, unless another was named */
static json_t *route_or_ours(const struct host *h, const json_t *o, char *out, size_t size)
{
    json_t *wrong = request_text(o, "contact_route", false, out, size);

    if (!wrong && !out[0] && text_copy(out, size, h->config.contact_route) != 0)
        out[0] = '\0';
    return wrong;
}

/* --- concerns --- */
static json_t *concern_origin(struct host *h, const json_t *o, struct msg_concern *c)
{
    char text[BOOK_ORIGIN_MAX];
    json_t *wrong = request_text(o, "origin", false, text, sizeof(text));
    int r;

    if (wrong || !text[0])
        return wrong;
    r = tokens_origin(ring_current(h->ring), text, c->origin);
    c->has_origin = r == 0;
    memcpy(h->lodging.origin, text, sizeof(text));
    if (r > 0)
        return local_error("bad-field", EX_DATAERR,
                           "origin is the number of an event: it has letters or digits");
    return r == 0 ? NULL : ops_wrong(h, r, "origin");
}

static json_t *concern_words(struct host *h, const json_t *o, struct msg_concern *c)
{
    json_t *wrong = request_name(o, "category", true, c->category);

    if (!wrong)
        wrong = request_word(o, "severity", WORDS_SEVERITY, true, &c->severity);
    if (!wrong)
        wrong = request_word(o, "part", WORDS_PART, false, &c->part);
    if (!wrong)
        wrong = request_name(o, "area", false, c->area);
    if (!wrong)
        wrong = day_or_today(h, o, "observed_on", &c->observed_on);
    if (!wrong)
        wrong = request_day(o, "expires_on", false, &c->expires_on);
    if (!wrong && c->observed_on > host_day(h))
        wrong = local_error("bad-date", EX_DATAERR, "observed_on lies in the future");
    if (!wrong && c->expires_on != CIVIL_NONE && c->expires_on < c->observed_on)
        wrong = local_error("bad-date", EX_DATAERR, "expires_on lies before observed_on");
    if (!wrong)
        wrong = route_or_ours(h, o, c->contact_route, sizeof(c->contact_route));
    return wrong ? wrong : concern_origin(h, o, c);
}

static json_t *op_concern_lodge(struct host *h, uint64_t client, const json_t *o)
{
    static const char *const keys[] = { OPS_PRACTICE, "category",   "severity",      "area",
                                        "subject",    "household",  "at_home",       "observed_on",
                                        "origin",     "expires_on", "contact_route", "part", NULL };
    struct msg_concern *c = &h->out->concern;
    struct about about;
    json_t *wrong = lodge_begin(h, o, keys, MSG_CONCERN);

    if (!wrong && !h->out->purpose[0])
        wrong = ops_missing("purpose is missing: what the concern is held for");
    if (!wrong && !h->out->basis[0])
        wrong = ops_missing(
            "basis is missing: holding a concern is processing, and rests on something");
    if (!wrong)
        wrong = concern_words(h, o, c);
    if (!wrong)
        wrong = about_read(h, o, true, c->observed_on, &about);
    if (wrong)
        return wrong;
    if (c->part && about.subject_kind == SUBJECT_HOUSEHOLD)
        return local_error("bad-field", EX_DATAERR, "part is a person's: a home has none");
    c->subject_kind = about.subject_kind;
    c->subject = about.subject;
    c->has_household = about.has_household;
    c->household = about.household;
    return ops_lodge(h, client);
}

static json_t *op_concern_amend(struct host *h, uint64_t client, const json_t *o)
{
    static const char *const keys[] = { OPS_PRACTICE, "concern",    "severity",
                                        "category",   "expires_on", "found",    NULL };
    struct msg_concern_change *c = &h->out->concern_change;
    json_t *wrong = lodge_begin(h, o, keys, MSG_CONCERN_CHANGE);

    if (!wrong)
        wrong = id_needed(o, "concern", &c->concern);
    if (!wrong)
        wrong = request_word(o, "severity", WORDS_SEVERITY, false, &c->severity);
    if (!wrong)
        wrong = request_name(o, "category", false, c->category);
    if (!wrong)
        wrong = request_day(o, "expires_on", false, &c->expires_on);
    if (!wrong)
        wrong = request_word(o, "found", WORDS_FOUND, false, &c->outcome);
    if (!wrong && !c->severity && !c->category[0] && c->expires_on == CIVIL_NONE && !c->outcome)
        wrong = ops_missing("severity, category, expires_on or found: say what changes");
    return wrong ? wrong : ops_lodge(h, client);
}

static json_t *op_concern_withdraw(struct host *h, uint64_t client, const json_t *o)
{
    static const char *const keys[] = { OPS_PRACTICE, "concern", NULL };
    struct msg_concern_change *c = &h->out->concern_change;
    json_t *wrong = lodge_begin(h, o, keys, MSG_CONCERN_CHANGE);

    if (!wrong)
        wrong = id_needed(o, "concern", &c->concern);
    c->withdraw = true;
    c->expires_on = CIVIL_NONE;
    return wrong ? wrong : ops_lodge(h, client);
}

/* --- firings --- */
static json_t *firing_step(struct host *h, uint64_t client, const json_t *o, uint8_t step)
{
    static const char *const keys[] = { OPS_PRACTICE, "episode", "outcome", NULL };
    struct msg_firing_update *u = &h->out->firing_update;
    json_t *wrong = lodge_begin(h, o, keys, MSG_FIRING_UPDATE);

    if (!wrong)
        wrong = id_needed(o, "episode", &u->episode);
    if (!wrong)
        wrong = request_name(o, "outcome", false, u->outcome);
    u->step = step;
    return wrong ? wrong : ops_lodge(h, client);
}

static json_t *op_firing_acted(struct host *h, uint64_t client, const json_t *o)
{
    return firing_step(h, client, o, FIRING_ACTED);
}

static json_t *op_firing_close(struct host *h, uint64_t client, const json_t *o)
{
    return firing_step(h, client, o, FIRING_CLOSED);
}

static json_t *op_contact(struct host *h, uint64_t client, const json_t *o)
{
    static const char *const keys[] = { OPS_PRACTICE, "about", "text", "contact_route", NULL };
    struct msg_contact_request *c = &h->out->contact_request;
    json_t *wrong = lodge_begin(h, o, keys, MSG_CONTACT_REQUEST);

    if (!wrong)
        wrong = id_needed(o, "about", &c->about);
    if (!wrong)
        wrong = request_text(o, "text", true, c->text, sizeof(c->text));
    if (!wrong)
        wrong = route_or_ours(h, o, c->contact_route, sizeof(c->contact_route));
    return wrong ? wrong : ops_lodge(h, client);
}

/* --- watches --- */
static json_t *watch_days(const struct host *h, const json_t *o, struct msg_watch *w)
{
    json_t *wrong = day_or_today(h, o, "from", &w->from);

    if (!wrong)
        wrong = request_day(o, "until", true, &w->until);
    if (!wrong)
        wrong = request_day(o, "review_on", false, &w->review_on);
    if (!wrong && w->until < w->from)
        wrong = local_error("bad-date", EX_DATAERR, "until lies before from");
    return wrong;
}

static json_t *op_watch_add(struct host *h, uint64_t client, const json_t *o)
{
    static const char *const keys[] = { OPS_PRACTICE, "subject",   "agencies", "until",
                                        "from",       "review_on", "at_home",  NULL };
    struct msg_watch *w = &h->out->watch;
    struct about about;
    json_t *wrong = lodge_begin(h, o, keys, MSG_WATCH);

    if (!wrong)
        wrong = request_scope(o, "agencies", &w->agencies);
    if (!wrong && w->agencies.n > WATCH_AGENCIES_MAX)
        wrong =
            local_error("bad-field", EX_DATAERR, "agencies names more than %d", WATCH_AGENCIES_MAX);
    if (!wrong && !w->agencies.any && !w->agencies.n)
        wrong = ops_missing("agencies is missing: who may meet this person again, as ids, or '*'");
    if (!wrong)
        wrong = watch_days(h, o, w);
    if (!wrong)
        wrong = about_read(h, o, false, w->from, &about);
    if (wrong)
        return wrong;
    w->subject = about.subject;
    w->has_household = about.has_household;
    w->household = about.household;
    return ops_lodge(h, client);
}

static json_t *op_watch_move(struct host *h, uint64_t client, const json_t *o)
{
    static const char *const keys[] = {
        OPS_PRACTICE, "watch", "at_home", "until", "moved_on", NULL
    };
    struct msg_watch_change *w = &h->out->watch_change;
    struct asker a = host_asker(h);
    struct asked_home home;
    json_t *wrong = lodge_begin(h, o, keys, MSG_WATCH_CHANGE);
    int r;

    if (!wrong)
        wrong = id_needed(o, "watch", &w->watch);
    if (!wrong)
        wrong = request_home(o, "at_home", &w->has_household, &home);
    if (!wrong)
        wrong = request_day(o, "until", false, &w->until);
    if (!wrong)
        wrong = request_day(o, "moved_on", false, &w->moved_on);
    if (!wrong && !w->has_household && w->until == CIVIL_NONE)
        wrong = ops_missing("at_home or until: say what changes");
    if (!wrong && !w->has_household && w->moved_on != CIVIL_NONE)
        wrong = local_error("bad-field", EX_DATAERR, "moved_on goes with at_home");
    if (wrong || !w->has_household)
        return wrong ? wrong : ops_lodge(h, client);
    if (w->moved_on == CIVIL_NONE)
        w->moved_on = host_day(h);
    r = ask_home_token(&a, &home, &w->household);
    if (r == 0)
        keyring_rehome(h, &w->watch, &home);
    crypto_wipe(&home, sizeof(home));
    return r == 0 ? ops_lodge(h, client) : ops_wrong(h, r, "at_home");
}

static json_t *op_watch_end(struct host *h, uint64_t client, const json_t *o)
{
    static const char *const keys[] = { OPS_PRACTICE, "watch", NULL };
    struct msg_watch_change *w = &h->out->watch_change;
    json_t *wrong = lodge_begin(h, o, keys, MSG_WATCH_CHANGE);

    if (!wrong)
        wrong = id_needed(o, "watch", &w->watch);
    w->end = true;
    w->moved_on = w->until = CIVIL_NONE;
    return wrong ? wrong : ops_lodge(h, client);
}

/* --- what came of it, and what was not shared --- */
static json_t *op_outcome(struct host *h, uint64_t client, const json_t *o)
{
    static const char *const keys[] = { OPS_PRACTICE, "about", "effect", "minutes", "area", NULL };
    struct msg_outcome *to = &h->out->outcome;
    int64_t minutes = 0;
    json_t *wrong = lodge_begin(h, o, keys, MSG_OUTCOME);

    if (!wrong)
        wrong = id_needed(o, "about", &to->about);
    if (!wrong)
        wrong = request_word(o, "effect", WORDS_EFFECT, true, &to->effect);
    if (!wrong)
        wrong = request_number(o, "minutes", 0, MINUTES_MAX, 0, &minutes);
    if (!wrong)
        wrong = request_name(o, "area", false, to->area);
    to->minutes_saved = (uint16_t)minutes;
    return wrong ? wrong : ops_lodge(h, client);
}

static json_t *op_not_shared(struct host *h, uint64_t client, const json_t *o)
{
    static const char *const keys[] = { OPS_PRACTICE, "reason", "about", "question", "text", NULL };
    struct msg_not_shared *n = &h->out->not_shared;
    json_t *wrong = lodge_begin(h, o, keys, MSG_NOT_SHARED);

    if (!wrong)
        wrong = request_name(o, "reason", true, n->reason);
    if (!wrong)
        wrong = request_id(o, "about", &n->has_about, &n->about);
    if (!wrong)
        wrong = request_name(o, "question", false, n->question);
    if (!wrong)
        wrong = request_text(o, "text", false, n->text, sizeof(n->text));
    return wrong ? wrong : ops_lodge(h, client);
}

static const struct op concerns[] = {
    { "concern-lodge", op_concern_lodge, true },
    { "concern-amend", op_concern_amend, true },
    { "concern-withdraw", op_concern_withdraw, true },
    { "firing-acted", op_firing_acted, true },
    { "firing-close", op_firing_close, true },
    { "contact", op_contact, true },
    { "watch-add", op_watch_add, true },
    { "watch-move", op_watch_move, true },
    { "watch-end", op_watch_end, true },
    { "outcome", op_outcome, true },
    { "not-shared", op_not_shared, true },
};
const struct op_table ops_concerns = { concerns, ALM_LEN(concerns) };
