/* SPDX-License-Identifier: Apache-2.0 */
/* shield.c - what must not be confirmed about a person, lodged by those whom the policy names
 * shield owners (DOMAIN.md section 4). */
#include "stages.h"

#include <errno.h>
#include <string.h>

static bool shield_owner(const struct core *c, uint16_t slot)
{
    uint16_t index = c->agencies.slots[slot].index;

    return c->bundle && index != POLICY_NONE && bundle_agency_at(c->bundle, index)->shield_owner;
}

static bool shield_sound(const struct msg_shield *m)
{
    return m->from != CIVIL_NONE && (m->until == CIVIL_NONE || m->until >= m->from);
}

/* One that has begun goes on where the clock is set back behind its first day: "after (in commit order) a shield". */
bool shield_in_force(const struct core *c, const struct msg_shield *m)
{
    return (m->from <= c->day || m->from <= c->day_most) &&
           (m->until == CIVIL_NONE || m->until >= c->day);
}

/* The shield's own person, or one who is near enough to be quarantined with them. */
bool shield_near(const struct token_set *shield, const struct token_set *subject)
{
    return match_broad(shield, subject) == MATCH_YES || match_near(shield, subject);
}

struct shield_count {
    const struct core *c;
    const char *owner;
    const struct msg_shield *m;
    unsigned n;
};

static int shield_counted(void *ctx, const struct shield_record *r)
{
    struct shield_count *s = ctx;
    enum match match = match_broad(&r->shield.subject, &s->m->subject);

    /* Not who is only near: an owner may shield each of two who are like one another. */
    if (!r->lifted && !strcmp(r->owner, s->owner) &&
        (r->shield.until == CIVIL_NONE || r->shield.until >= s->c->day) &&
        (match == MATCH_YES || match == MATCH_CONFLICT))
        s->n++;
    return 0;
}

/* As refusals: a full shelf is told, so that nobody fills the store with shields of one person. */
static bool shield_has_room(struct core *c, struct work *w)
{
    struct shield_count s = { .c = c,
                              .owner = c->agencies.slots[w->agency].reg.id,
                              .m = &c->in.shield };
    struct store_txn *t = batch_txn(c);
    int r = t ? shields_about(t, c->store, &c->in.shield.subject, shield_counted, &s) : -EIO;

    if (r)
        batch_fail(c, r, "shield");
    else if (s.n >= SHIELDS_MAX)
        lodge_refuse(c, w, "too-many-shields");
    return !r && s.n < SHIELDS_MAX;
}

void lodge_shield(struct core *c, struct work *w)
{
    const struct msg_shield *m = &c->in.shield;
    struct shield_record *r = &c->shield_record;
    struct store_txn *t;

    if (!lodge_begin(c, w))
        return;
    if (!shield_owner(c, w->agency)) {
        lodge_refuse(c, w, c->bundle ? "not-a-shield-owner" : "no-policy");
        return;
    }
    if (!shield_sound(m)) {
        lodge_refuse(c, w, "bad-dates");
        return;
    }
    if (!lodge_id_free(c, w) || !shield_has_room(c, w))
        return;
    lodge_record(c, w, EVENT_SHIELD_LODGED, c->in.purpose);
    record_tokens(c, &m->subject);
    memset(r, 0, sizeof(*r));
    r->leaf = lodge_recorded(c, w);
    r->id = w->id;
    memcpy(r->owner, c->agencies.slots[w->agency].reg.id, sizeof(r->owner));
    r->shield = *m;
    t = batch_txn(c);
    if (t)
        shields_put(t, c->store, r);
}
