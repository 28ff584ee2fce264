/* SPDX-License-Identifier: Apache-2.0 */
/* contact.c - "contact is brokered: hub asks the provider, provider decides whether to reply"
 * (DOMAIN.md section 4). Whoever asked who is involved and was told of a sensitive service asks the
 * hubs; a hub asks on; nobody is told who was asked, or whether anybody was there.
 *
 * Also what tells a shield's owner that somebody asked. */
#include "deliver_queue.h"

#include <errno.h>
#include <string.h>

#define CONTACT_DAYS  60 /* that a reply can be come back to */
#define CONTACT_SWEEP 256

/* --- what a reply leaves behind --- */

void contact_keep(struct core *c, const struct pending *p, uint16_t n)
{
    struct contact_record *r = &c->deliveries->contact;
    struct store_txn *t = batch_txn(c);
    /* asked for on the strength of what was known by the deadline */
    bool asked = t && p->later && !contacts_get(t, &p->ask.id, r) && r->asked;

    memset(r, 0, sizeof(*r));
    r->asked = asked;
    for (uint16_t i = 0; i < n && r->n < CONTACTS_MAX; i++) {
        const struct heard *h = &c->heard[i];
        uint16_t slot = agencies_find(&c->agencies, h->agency->id);

        if (h->visibility != HOLDER_MASKED || !h->answered || h->value != ANSWER_YES ||
            slot == AGENCY_NONE || c->holder_of[slot] >= p->n_holders)
            continue;
        text_cut(r->masked[r->n].agency, sizeof(name_t), h->agency->id);
        r->masked[r->n++].question = p->holders[c->holder_of[slot]].question;
    }
    if (!r->n || !t)
        return; /* the reply said that nothing was masked */
    text_cut(r->asker, sizeof(r->asker), c->agencies.slots[p->ask.agency].reg.id);
    r->put_on = c->day;
    if (!p->hidden) /* else other tokens went out than the asker's: nobody asked had these */
        r->subject = p->ask.subject;
    contacts_put(t, &p->ask.id, r);
    c->batch.wrote = true;
}

void contact_sweep(struct core *c)
{
    struct deliveries *d = c->deliveries;
    struct store_txn *t;
    size_t n = 0;
    int r;

    if (!c->day_known || d->contacts_day == c->day || c->batch.error)
        return;
    t = batch_txn(c);
    if (!t)
        return;
    r = contacts_sweep(t, c->day - CONTACT_DAYS, CONTACT_SWEEP, &n);
    if (r) /* what is damaged stays; nothing else waits for it */
        log_error("contacts-not-swept", "error=%d", -r);
    c->batch.wrote = c->batch.wrote || n;
    if (r || n < CONTACT_SWEEP)
        d->contacts_day = c->day;
}

/* --- asking for it --- */

struct contact { /* one request */
    struct core *c;
    uint16_t from;
    struct id about;
    char route[128];
    text_t text;
    unsigned n_told;
};

/* subject: only to whom had these tokens before; NULL: not told. */
static void contact_tell(struct contact *k, uint16_t slot, const struct id *about,
                         const struct token_set *subject)
{
    struct core *c = k->c;
    struct msg_notice *n;

    if (slot == AGENCY_NONE || slot == k->from)
        return;
    n = notice_begin(c, NOTICE_CONTACT_REQUEST, about);
    text_cut(n->agency, sizeof(n->agency), c->agencies.slots[k->from].reg.id);
    memcpy(n->contact_route, k->route, sizeof(n->contact_route));
    memcpy(n->text, k->text, sizeof(n->text));
    if (subject)
        n->subject = *subject;
    notice_send(c, slot);
    k->n_told++;
}

static bool contact_hub(const struct core *c, uint16_t slot)
{
    const struct agency *a = &c->agencies.slots[slot];

    return c->bundle && a->index != POLICY_NONE && agency_active(a) &&
           bundle_hub(c->bundle, a->index);
}

static void contact_hubs(struct contact *k)
{
    for (uint16_t s = 0; s < k->c->agencies.n; s++) {
        if (contact_hub(k->c, s))
            contact_tell(k, s, &k->about, NULL);
    }
}

static void contact_masked(struct contact *k, const struct contact_record *r)
{
    for (uint8_t i = 0; i < r->n; i++)
        contact_tell(k, agencies_find(&k->c->agencies, r->masked[i].agency), &r->masked[i].question,
                     &r->subject);
}

/* About its own concern, by which it knows whom the call would be about. */
static int contact_contributor(void *ctx, uint16_t slot, const struct concern_record *r)
{
    contact_tell(ctx, slot, &r->id, &r->concern.subject);
    return 0;
}

/* Return: the word that refuses; NULL: it may go on. From what the sender has asked and been told
 * itself, never from who is there. */
static const char *contact_refused(struct core *c, const struct work *w, struct store_txn *t,
                                   struct contact_record *r, bool *firing)
{
    bool hub = contact_hub(c, w->agency), own;
    int e = contacts_get(t, &c->in.contact_request.about, r);

    *firing = false;
    if (e && e != -ENOENT) {
        batch_fail(c, e, "contact");
        return "internal";
    }
    own = !e && !strcmp(r->asker, c->agencies.slots[w->agency].reg.id);
    if (!c->bundle)
        return "no-policy";
    if (own || (!e && hub && r->asked))
        return NULL;
    *firing = hub;
    return hub ? NULL : "nothing-masked";
}

/* Every hub has room for one more; else the asker has been told Busy. */
static bool contact_admitted(struct core *c, const struct work *w)
{
    for (uint16_t s = 0; s < c->agencies.n; s++) {
        if (contact_hub(c, s) && !deliver_admit(c, w, s))
            return false;
    }
    return true;
}

/* A hub's own question: it need not ask itself first. */
static void contact_pass_on(struct core *c, struct store_txn *t, struct contact *k,
                            struct contact_record *r)
{
    if (contact_hub(c, k->from)) {
        contact_masked(k, r);
        return;
    }
    contact_hubs(k);
    if (r->asked || !k->n_told)
        return;
    r->asked = true;
    contacts_put(t, &k->about, r);
}

void contact_take(struct core *c, struct work *w)
{
    const struct msg_contact_request *m = &c->in.contact_request;
    struct contact_record *r = &c->deliveries->contact;
    struct contact k = { .c = c, .from = w->agency, .about = m->about };
    struct store_txn *t = batch_txn(c);
    const char *word;
    bool firing;
    int e;

    if (!t || !lodge_begin(c, w))
        return;
    word = contact_refused(c, w, t, r, &firing);
    if (word) {
        lodge_refuse(c, w, word);
        return;
    }
    if (!firing && !contact_hub(c, w->agency) && !contact_admitted(c, w))
        return;
    memcpy(k.route, m->contact_route, sizeof(k.route));
    memcpy(k.text, m->text, sizeof(k.text));
    lodge_record(c, w, EVENT_CONTACT_REQUESTED, c->in.purpose);
    record_id(c, &c->clear, &k.about);
    (void)lodge_recorded(c, w);
    e = firing ? firing_contacts(c, w->agency, &k.about, contact_contributor, &k) : 0;
    if (e && e != -ENOENT)
        batch_fail(c, e, "contact");
    else if (!firing)
        contact_pass_on(c, t, &k, r);
}

/* --- a shield's owner --- */

struct attempt {
    struct core *c;
    struct store_txn *t;
    const struct ask *ask;
};

/* At most one for each shield, asker and day. */
static int attempt_told(struct attempt *a, const struct shield_record *r, bool *told)
{
    const char *asker = a->c->agencies.slots[a->ask->agency].reg.id;
    int32_t day = CIVIL_NONE;
    int e = attempts_get(a->t, &r->id, asker, &day);

    *told = !e && day == a->c->day;
    if (e && e != -ENOENT)
        return e;
    if (!*told)
        attempts_put(a->t, &r->id, asker, a->c->day);
    return 0;
}

static int attempt_visit(void *ctx, const struct shield_record *r)
{
    struct attempt *a = ctx;
    struct core *c = a->c;
    uint16_t owner = agencies_find(&c->agencies, r->owner);
    const struct msg_shield *s = &r->shield;
    bool told = false, sure = match_broad(&s->subject, &a->ask->subject) == MATCH_YES;
    int e;

    if (r->lifted || owner == AGENCY_NONE || owner == a->ask->agency || s->from > c->day ||
        (s->until != CIVIL_NONE && s->until < c->day) ||
        !shield_near(&s->subject, &a->ask->subject))
        return 0;
    e = attempt_told(a, r, &told);
    if (!e && !told) {
        struct msg_notice *n = notice_begin(c, NOTICE_SHIELD_ATTEMPT, &r->id);

        text_cut(n->agency, sizeof(n->agency), c->agencies.slots[a->ask->agency].reg.id);
        text_cut(n->text, sizeof(n->text),
                 sure ? "Somebody asked about a person whom you shield."
                      : "Somebody asked about a person who may be one whom you shield.");
        n->subject = s->subject; /* as its owner lodged it, not as it was asked about */
        notice_send(c, owner);
    }
    return e;
}

/* What the asker gets, and when, is not touched: the questions of a hidden refusal are on their way
 * already. */
void shield_attempted(struct core *c, const struct ask *ask)
{
    struct attempt a = { .c = c, .t = batch_txn(c), .ask = ask };
    uint8_t reason = c->decision.reason;
    int r;

    if (!a.t || (reason != REASON_SHIELDED_ADDRESS && reason != REASON_SHIELDED_IDENTITY &&
                 reason != REASON_SHIELDED_EXISTENCE && reason != REASON_NEAR_SHIELDED))
        return;
    r = shields_about(a.t, c->store, &ask->subject, attempt_visit, &a);
    if (r)
        batch_fail(c, r, "shield-attempt");
}
