/* SPDX-License-Identifier: Apache-2.0 */
/* keyholder.c - TokenRequest to the agency that holds the key of oblivious tokens, Tokens back to who
 * asked. DESIGN.md promise 3: whose tokens they become neither the broker nor the keyholder can tell. */
#include "keyholder.h"
#include "stages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define AWAY_RETRY_MS 5000 /* the keyholder is not there */
#define FULL_RETRY_MS 500

int relays_new(struct relays **out)
{
    *out = calloc(1, sizeof(**out) + AGENCIES_MAX * sizeof((*out)->counts[0]));
    return *out ? 0 : -ENOMEM;
}

static bool relay_waits(const struct relay *r)
{
    return r->state == RELAY_NEW || r->state == RELAY_OUT;
}

static struct relay *relay_free_place(struct core *c, uint16_t asker)
{
    struct relay *found = NULL;
    unsigned n = 0;

    for (size_t i = 0; i < RELAYS_MAX; i++) {
        struct relay *r = &c->relays->at[i];

        if (r->state == RELAY_FREE)
            found = found ? found : r;
        n += relay_waits(r) && r->asker == asker;
    }
    return n < RELAYS_AGENCY_MAX ? found : NULL;
}

static struct relay *relay_asked(struct core *c, uint16_t asker, const struct id *id)
{
    for (size_t i = 0; i < RELAYS_MAX; i++) {
        struct relay *r = &c->relays->at[i];

        if (relay_waits(r) && r->asker == asker && id_equal(&r->asked, id))
            return r;
    }
    return NULL;
}

static struct relay *relay_put(struct core *c, const struct id *id)
{
    for (size_t i = 0; i < RELAYS_MAX; i++) {
        struct relay *r = &c->relays->at[i];

        if (relay_waits(r) && id_equal(&r->put, id))
            return r;
    }
    return NULL;
}

static uint16_t keyholder_slot(const struct core *c)
{
    uint16_t index = c->bundle ? bundle_tokens(c->bundle)->keyholder : POLICY_NONE;

    return index == POLICY_NONE ? AGENCY_NONE : c->agencies.by_index[index];
}

static bool keyholder_there(const struct core *c, uint16_t slot)
{
    const struct agency *a;

    if (slot == AGENCY_NONE)
        return false;
    a = &c->agencies.slots[slot];
    return agency_active(a) && a->gate != GATE_NONE && c->gates[a->gate].pair &&
           a->presence != PRESENCE_GONE;
}

/* NULL: it may be handed on. What is told follows from the policy alone. */
static const char *request_wrong(const struct core *c, const struct work *w)
{
    uint16_t slot = keyholder_slot(c);

    if (!c->bundle)
        return "no-policy";
    if (c->agencies.slots[w->agency].index == POLICY_NONE)
        return "not-a-party";
    if (w->agency == slot)
        return "keyholder-asks"; /* it would hold the key and see the tokens */
    if (!bundle_epoch(c->bundle, POLICY_OBLIVIOUS, c->in.token_request.epoch))
        return "token-epoch";
    return NULL;
}

static void request_busy(struct core *c, struct work *w, uint32_t retry_ms)
{
    c->relays->counts[w->agency].refused++;
    tell_busy(c, w->agency, &w->id, retry_ms);
}

static int request_forward(struct core *c, struct relay *r, uint16_t keyholder)
{
    struct msg *m = tell_begin(c, MSG_TOKEN_REQUEST, NULL);
    const struct msg_token_request *q = &c->in.token_request;

    m->token_request = *q;
    text_cut(m->token_request.agency, sizeof(m->token_request.agency),
             c->agencies.slots[r->asker].reg.id);
    if (tell_send(c, keyholder))
        return -ENOSPC;
    r->put = m->id;
    return 0;
}

void token_request_take(struct core *c, struct work *w)
{
    const struct msg_token_request *q = &c->in.token_request;
    const char *wrong = request_wrong(c, w);
    struct relay *r;

    if (wrong) {
        c->relays->counts[w->agency].refused++;
        lodge_refuse(c, w, wrong);
        return;
    }
    if (relay_asked(c, w->agency, &w->id)) {
        intake_reject(c, w, "already-asked");
        return;
    }
    r = relay_free_place(c, w->agency);
    if (!heads_fresh(c) || !keyholder_there(c, keyholder_slot(c)) || !r) {
        request_busy(c, w, r ? AWAY_RETRY_MS : FULL_RETRY_MS);
        return;
    }
    *r = (struct relay){ .asker = w->agency,
                         .epoch = q->epoch,
                         .n = q->n,
                         .asked = w->id,
                         .deadline_ms = c->mono_ms + RELAY_DEADLINE_MS };
    if (request_forward(c, r, keyholder_slot(c))) {
        request_busy(c, w, FULL_RETRY_MS);
        return;
    }
    r->state = RELAY_NEW;
    c->relays->any = true;
    c->agencies.slots[keyholder_slot(c)].budget.answers_due++;
    c->relays->counts[w->agency].requests++;
    c->relays->counts[w->agency].points += q->n;
}

/* Only the keyholder answers, only what it was asked, once. NULL: it was told or counted. */
static struct relay *reply_relay(struct core *c, struct work *w)
{
    struct relay *r = relay_put(c, &c->in.in_reply_to);

    if (w->agency != keyholder_slot(c)) {
        intake_reject(c, w, "not-the-keyholder");
        return NULL;
    }
    if (!r) /* late: whoever asked was told to ask again */
        c->relays->counts[w->agency].refused++;
    return r;
}

/* It may have been suspended, or left the policy, since it asked. */
static bool asker_may_hear(const struct core *c, const struct relay *r)
{
    const struct agency *a = &c->agencies.slots[r->asker];

    return c->bundle && agency_active(a) && a->index != POLICY_NONE;
}

void tokens_take(struct core *c, struct work *w)
{
    struct relay *r = reply_relay(c, w);
    struct msg *m;

    if (!r)
        return;
    if (c->in.tokens.n != r->n || c->in.tokens.epoch != r->epoch) {
        intake_reject(c, w, "tokens-mismatch");
        return;
    }
    r->state = RELAY_DONE;
    if (!asker_may_hear(c, r)) {
        c->relays->counts[r->asker].refused++;
        return;
    }
    m = tell_begin(c, MSG_TOKENS, &r->asked);
    m->tokens = c->in.tokens;
    if (tell_send(c, r->asker))
        log_error("tokens-not-sent", "agency=%s", c->agencies.slots[r->asker].reg.id);
}

void keyholder_busy_take(struct core *c, struct work *w)
{
    struct relay *r = reply_relay(c, w);

    if (!r)
        return;
    c->relays->counts[r->asker].refused++;
    tell_busy(c, r->asker, &r->asked, c->in.busy.retry_after_ms);
    r->state = RELAY_DONE;
}

void keyholder_tick(struct core *c)
{
    for (size_t i = 0; i < RELAYS_MAX && c->relays->any; i++) {
        struct relay *r = &c->relays->at[i];

        if (!relay_waits(r) || r->deadline_ms > c->mono_ms)
            continue;
        log_warn("keyholder-silent", "agency=%s", c->agencies.slots[r->asker].reg.id);
        tell_busy(c, r->asker, &r->asked, AWAY_RETRY_MS);
        r->state = RELAY_DONE;
    }
}

void keyholder_minute(struct core *c)
{
    for (uint16_t s = 0; s < c->agencies.n; s++) {
        struct relay_count *k = &c->relays->counts[s];
        struct ledger_clear *l;

        if (!k->requests && !k->refused)
            continue;
        l = record_begin(c, EVENT_TOKENS_ASKED, s);
        buf_reset(&c->scratch);
        buf_printf(&c->scratch, "requests %u, points %u, not answered %u", k->requests, k->points,
                   k->refused);
        buf_put_u8(&c->scratch, 0);
        if (!buf_status(&c->scratch))
            text_cut(l->detail, sizeof(l->detail), (const char *)c->scratch.data);
        if (record_end(c) == LEAF_NONE)
            continue;
        *k = (struct relay_count){ .said_requests = k->requests,
                                   .said_points = k->points,
                                   .said_refused = k->refused };
    }
}

/* As limits_settle(). */
static void counts_settle(struct core *c, bool committed)
{
    for (uint16_t s = 0; s < c->agencies.n && c->minute_ms == c->mono_ms; s++) {
        struct relay_count *k = &c->relays->counts[s];

        if (!committed) {
            k->requests += k->said_requests;
            k->points += k->said_points;
            k->refused += k->said_refused;
        }
        k->said_requests = k->said_points = k->said_refused = 0;
    }
}

/* A batch that failed has sent nothing: whoever asked in it has been told Busy, and to whom it would have
 * answered is told so next. */
void keyholder_settle(struct core *c, bool committed)
{
    bool any = false;

    counts_settle(c, committed);
    for (size_t i = 0; i < RELAYS_MAX && c->relays->any; i++) {
        struct relay *r = &c->relays->at[i];

        if (r->state == RELAY_NEW)
            r->state = committed ? RELAY_OUT : RELAY_FREE;
        else if (r->state == RELAY_DONE && committed)
            r->state = RELAY_FREE;
        else if (r->state == RELAY_DONE)
            *r = (struct relay){ .state = RELAY_OUT, .asker = r->asker, .asked = r->asked };
        any = any || r->state != RELAY_FREE;
    }
    c->relays->any = any;
}
