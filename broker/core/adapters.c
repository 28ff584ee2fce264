/* SPDX-License-Identifier: Apache-2.0 */
/* adapters.c - hello and welcome, the catalogue in pages, leases; who is there. Nothing here is
 * about a person. */
#include "stages.h"

#include <string.h>

#define LEASES_MISSED 3    /* then the application behind the socket is taken for dead */
#define SWEPT_MS      1000 /* between two looks at all leases, of which each lasts a second or more */

void adapters_heard(struct core *c, uint16_t slot)
{
    struct agency *a = &c->agencies.slots[slot];

    bool came = a->presence != PRESENCE_HERE;

    if (came)
        log_info("agency-here", "agency=%s", a->reg.id);
    a->presence = PRESENCE_HERE;
    a->heard_ms = c->mono_ms;
    if (came) {
        deliver_here(c, slot);
        later_here(c, slot);
        cosign_here(c, slot);
    }
}

/* Whoever fell silent minutes ago is not looked for each turn: with hundreds of agencies that is microseconds. */
void adapters_sweep(struct core *c)
{
    if (c->mono_ms < c->leases_swept_ms)
        return;
    c->leases_swept_ms = c->mono_ms + SWEPT_MS;
    for (uint16_t s = 0; s < c->agencies.n; s++) {
        struct agency *a = &c->agencies.slots[s];

        if (a->presence == PRESENCE_HERE &&
            c->mono_ms - a->heard_ms > (int64_t)c->set.limits.lease_ms * LEASES_MISSED) {
            a->presence = PRESENCE_GONE;
            log_warn("agency-silent", "agency=%s", a->reg.id);
        }
    }
}

static void adapters_question(const struct policy_question *q, struct msg_catalogue_question *out)
{
    text_cut(out->id, sizeof(out->id), q->id);
    text_cut(out->wording, sizeof(out->wording), q->wording);
    out->uses_homes = q->uses_homes;
    out->home_parameter = q->home_parameter;
    out->sensitive = q->sensitive;
    out->household = q->household;
}

static void adapters_purpose(const struct bundle *b, uint16_t i, struct msg_catalogue_purpose *out)
{
    const struct policy_purpose *p = bundle_purpose_at(b, i);

    text_cut(out->id, sizeof(out->id), p->id);
    text_cut(out->title, sizeof(out->title), p->title);
    out->consent = p->consent;
    out->past_shield = p->past_shield;
    out->involvement = p->involvement;
    out->unsigned_queries = bundle_unsigned_queries(b, i);
}

/* "The lodging adapter works out the days": by the policy's ages, not its own. */
static void adapters_ages(const struct core *c, struct msg_catalogue *out)
{
    const struct policy_consent_rules *rules = bundle_consent_rules(c->bundle);

    for (uint8_t i = 1; i < POLICY_CAPACITIES && out->n_capacities < CAPACITIES_MAX; i++) {
        if (rules->capacities[i].able)
            out->capacities[out->n_capacities++] = (struct msg_catalogue_capacity){
                i, rules->capacities[i].from_age, rules->capacities[i].before_age
            };
    }
}

/* Under which keys they ask and lodge, and to which they carry what they lodged. */
static void adapters_epochs(const struct core *c, struct msg_catalogue *out)
{
    const struct policy_tokens *t = bundle_tokens(c->bundle);

    for (uint8_t i = 0; i < t->n; i++) {
        struct msg_catalogue_epoch *e = &out->epochs[out->n_epochs++];

        e->scheme = t->epochs[i].scheme;
        e->epoch = t->epochs[i].epoch;
        e->state = t->epochs[i].state;
        memcpy(e->public_key, t->epochs[i].public_key, sizeof(e->public_key));
    }
}

static void adapters_page(struct core *c, uint16_t slot, const struct id *in_reply_to,
                          uint16_t page, uint16_t pages)
{
    struct msg *m = tell_begin(c, MSG_CATALOGUE, in_reply_to);
    struct msg_catalogue *g = &m->catalogue;

    g->page = page;
    g->pages = pages;
    for (size_t i = (size_t)page * LIST_MAX;
         i < bundle_n_questions(c->bundle) && g->n_questions < LIST_MAX; i++)
        adapters_question(bundle_question_at(c->bundle, (uint16_t)i),
                          &g->questions[g->n_questions++]);
    for (size_t i = (size_t)page * LIST_MAX;
         i < bundle_n_purposes(c->bundle) && g->n_purposes < LIST_MAX; i++)
        adapters_purpose(c->bundle, (uint16_t)i, &g->purposes[g->n_purposes++]);
    if (page == 0) {
        adapters_ages(c, g);
        adapters_epochs(c, g);
    }
    if (tell_send(c, slot))
        log_error("catalogue-not-sent", "agency=%s", c->agencies.slots[slot].reg.id);
}

static void adapters_catalogue(struct core *c, uint16_t slot, const struct id *in_reply_to)
{
    size_t most;
    uint16_t pages;

    if (!c->bundle)
        return;
    most = bundle_n_questions(c->bundle);
    if (bundle_n_purposes(c->bundle) > most)
        most = bundle_n_purposes(c->bundle);
    pages = (uint16_t)((most + LIST_MAX - 1) / LIST_MAX);
    for (uint16_t page = 0; page < pages; page++)
        adapters_page(c, slot, in_reply_to, page, pages);
}

void hello_take(struct core *c, struct work *w)
{
    const struct msg_hello *h = &c->in.hello;
    struct msg_welcome *welcome;

    if (h->version_least > WIRE_VERSION || h->version_most < WIRE_VERSION) {
        intake_reject(c, w, "version-not-supported");
        return;
    }
    if (h->mode != c->set.wire.mode) {
        intake_reject(c, w, "wrong-mode");
        return;
    }
    c->agencies.slots[w->agency].greeted = true;
    welcome = &tell_begin(c, MSG_WELCOME, &w->id)->welcome;
    welcome->version = WIRE_VERSION;
    welcome->mode = c->set.wire.mode;
    memcpy(welcome->origin, c->set.wire.origin, sizeof(welcome->origin));
    memcpy(welcome->policy, c->policy, sizeof(welcome->policy));
    welcome->civil_day = c->day;
    welcome->frame_max_bytes = WIRE_FRAME_MAX;
    welcome->deadline_ms = c->set.limits.deadline_ms;
    welcome->lease_ms = c->set.limits.lease_ms;
    welcome->freshness_ms = WIRE_FRESHNESS_MS;
    if (tell_send(c, w->agency))
        log_error("welcome-not-sent", "agency=%s", c->agencies.slots[w->agency].reg.id);
    adapters_catalogue(c, w->agency, &w->id);
    deliver_here(c, w->agency); /* a new connection has nothing of what was sent to the old one */
    later_here(c, w->agency);
    cosign_here(c, w->agency);
}

static void adapters_lease(struct core *c, uint16_t slot, const struct id *in_reply_to)
{
    struct msg_lease *l = &tell_begin(c, MSG_LEASE, in_reply_to)->lease;

    l->civil_day = c->day;
    memcpy(l->policy, c->policy, sizeof(l->policy));
    if (tell_send(c, slot))
        log_error("lease-not-sent", "agency=%s", c->agencies.slots[slot].reg.id);
}

void lease_take(struct core *c, struct work *w)
{
    adapters_lease(c, w->agency, &w->id);
    if (c->agencies.slots[w->agency].greeted)
        return;
    /* This core has been started since the adapter's Hello, and the policy may be another: it gets
     * the catalogue again. */
    c->agencies.slots[w->agency].greeted = true;
    adapters_catalogue(c, w->agency, NULL);
}

static bool adapters_listens(const struct agency *a)
{
    return a->greeted && a->presence == PRESENCE_HERE && agency_active(a);
}

void adapters_push_day(struct core *c)
{
    for (uint16_t s = 0; s < c->agencies.n; s++) {
        if (adapters_listens(&c->agencies.slots[s]))
            adapters_lease(c, s, NULL);
    }
}

void adapters_push_policy(struct core *c)
{
    for (uint16_t s = 0; s < c->agencies.n; s++) {
        if (!adapters_listens(&c->agencies.slots[s]))
            continue;
        adapters_lease(c, s, NULL);
        adapters_catalogue(c, s, NULL);
    }
}
