/* SPDX-License-Identifier: Apache-2.0 */
/* retoken.c - a record's tokens under another epoch, from whoever lodged it: Retoken. */
#include "epochs.h"
#include "stages.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
    enum subjects_kind kind;
    const char *word;
} retoken_kinds[] = {
    [RETOKEN_CONSENT] = { SUBJECTS_CONSENT, "consent" },
    [RETOKEN_SHIELD] = { SUBJECTS_SHIELD, "shield" },
    [RETOKEN_CONCERN] = { SUBJECTS_CONCERN, "concern" },
    [RETOKEN_REFERRAL] = { SUBJECTS_REFERRAL, "referral" },
    [RETOKEN_WATCH] = { SUBJECTS_WATCH, "watch" },
    [RETOKEN_DISPUTE] = { SUBJECTS_DISPUTE, "dispute" },
    [RETOKEN_WITHDRAWAL] = { SUBJECTS_CONSENT, "withdrawal" },
};

static struct retoken retoken_set(const struct msg_retoken *m)
{
    struct retoken set = { .subject = m->subject,
                           .has_household = m->has_household,
                           .household = m->household,
                           .has_origin = m->has_origin };

    memcpy(set.origin, m->origin, sizeof(set.origin));
    return set;
}

static unsigned tokens_of(const struct token_set *s, uint8_t kind)
{
    unsigned n = 0;

    for (uint8_t i = 0; i < s->n; i++)
        n += s->tokens[i].kind == kind;
    return n;
}

/* A set with less of what finds a person would let a prohibition be missed under the new key: each
 * number, and something of each other kind, but for what is made of homes, which change. */
static bool retoken_weaker(enum subjects_kind of, const struct token_set *own,
                           const struct token_set *other)
{
    for (uint8_t kind = TOKEN_NHS; kind < TOKEN_KIND_COUNT; kind++) {
        const struct token_kind_facts *f = token_kind_facts(kind);
        unsigned had = tokens_of(own, kind), has = tokens_of(other, kind);
        /* a shield is found by whatever says that names are alike, too (store/subjects.c) */
        bool finds = f->finds || (of == SUBJECTS_SHIELD && f->who);

        if (finds && !f->of_home && (f->strong ? has < had : had && !has))
            return true;
    }
    return false;
}

/* own: what the record was lodged with; its tokens may have gone with their epoch. */
static const char *retoken_differs(enum subjects_kind of, const struct retoken *own,
                                   const struct retoken *other)
{
    if (!own->subject.n && !own->has_household)
        return NULL;
    if (!own->subject.n != !other->subject.n || own->subject.unborn != other->subject.unborn ||
        own->has_household != other->has_household || own->has_origin != other->has_origin)
        return "retoken-differs";
    return retoken_weaker(of, &own->subject, &other->subject) ? "retoken-weaker" : NULL;
}

static const char *retoken_epoch_wrong(const struct core *c, const struct survey_record *r,
                                       const struct retoken *own, const struct retoken *set)
{
    struct token_epoch to = retoken_epoch(set);

    if (!c->bundle || !bundle_epoch(c->bundle, to.scheme, to.epoch))
        return "token-epoch";
    /* What it was lodged under is not said anew: that would be another person's record. */
    if (token_epoch_same(to, retoken_epoch(own)) && survey_has(r, to) &&
        !token_set_same(&own->subject, &set->subject))
        return "retoken-differs";
    return NULL;
}

/* Whose it is, whether it stands, and whether the new tokens may be its own. NULL: they may. */
static const char *retoken_wrong(struct core *c, struct work *w, const struct survey_record *r,
                                 const struct retoken *own, const struct retoken *set)
{
    const char *wrong;

    if (strcmp(r->lodger, c->agencies.slots[w->agency].reg.id) != 0)
        return "unknown-record"; /* told alike: whose a record is is not for others */
    if (r->over)
        return "record-over";
    wrong = retoken_epoch_wrong(c, r, own, set);
    return wrong ? wrong : retoken_differs(r->kind, own, set);
}

/* --- what else has to follow --- */

/* A withdrawal under the new key that came before its grant was carried. */
static void retoken_grant(struct core *c, struct store_txn *t, const struct id *id,
                          const struct retoken *set)
{
    int r = consents_get(t, id, &c->record);

    if (r < 0) {
        batch_fail(c, r, "retoken");
        return;
    }
    if (c->record.is_withdrawal || c->record.consent.decision != CONSENT_GRANTED)
        return;
    c->record.consent.subject = set->subject;
    if (consent_covered(c, &c->record))
        consents_put(t, c->store, &c->record);
}

struct carrying { /* episodes that the concern belongs to go with it */
    struct store_txn *t;
    const struct retoken *own, *set;
    bool home;
};

static int carry_visit(void *ctx, const struct episode_record *e)
{
    const struct carrying *k = ctx;
    struct retoken set = *k->set;

    if (!k->home && match_strict(&e->subject, &k->own->subject) != MATCH_YES)
        return 0;
    if (k->home) {
        set.subject = (struct token_set){ .n = 0 };
    } else {
        set.has_household = false;
        set.household = (struct token){ 0 };
    }
    set.has_origin = false;
    memset(set.origin, 0, sizeof(set.origin));
    retokens_put(k->t, SUBJECTS_EPISODE, &e->id, &set);
    return store_status(k->t);
}

/* Else the next concern under the new key would fire again what a hub is acting on. */
static void retoken_episodes(struct core *c, struct store_txn *t, const struct retoken *own,
                             const struct retoken *set)
{
    struct carrying k = { .t = t, .own = own, .set = set };
    int r = 0;

    if (own->subject.n && set->subject.n)
        r = episodes_about(t, &own->subject, carry_visit, &k);
    k.home = true;
    if (r == 0 && own->has_household && set->has_household)
        r = episodes_at(t, &own->household, carry_visit, &k);
    if (r < 0)
        batch_fail(c, r, "retoken");
}

static void retoken_follow(struct core *c, struct store_txn *t, enum subjects_kind kind,
                           const struct id *id, const struct retoken *own,
                           const struct retoken *set)
{
    if (kind == SUBJECTS_CONSENT)
        retoken_grant(c, t, id, set);
    if (kind == SUBJECTS_CONCERN)
        retoken_episodes(c, t, own, set);
    /* What was answered under the new key before the refusal or shield was carried to it. */
    pins_drop(c, &set->subject);
}

/* --- the message --- */

static void retoken_record(struct core *c, struct work *w, const struct retoken *set)
{
    struct token_epoch e = retoken_epoch(set);
    struct ledger_clear *l = lodge_record(c, w, EVENT_RETOKENED, "");
    char text[64];

    (void)snprintf(text, sizeof(text), "%s %s %u", retoken_kinds[c->in.retoken.record_kind].word,
                   epochs_scheme(e.scheme), (unsigned)e.epoch);
    text_cut(l->detail, sizeof(l->detail), text);
    record_id(c, l, &c->in.retoken.record);
    (void)lodge_recorded(c, w);
}

void retoken_take(struct core *c, struct work *w)
{
    const struct msg_retoken *m = &c->in.retoken;
    enum subjects_kind kind = retoken_kinds[m->record_kind].kind;
    struct retoken own, set = retoken_set(m);
    struct survey_record r;
    struct store_txn *t;
    const char *wrong;
    int found;

    if (!lodge_begin(c, w) || (t = batch_txn(c)) == NULL)
        return;
    found = retokens_of(t, kind, &m->record, c->day, &r, &own);
    if (found < 0 && found != -ENOENT) {
        batch_fail(c, found, "retoken");
        return;
    }
    wrong = found == -ENOENT ? "unknown-record" : retoken_wrong(c, w, &r, &own, &set);
    if (wrong) {
        lodge_refuse(c, w, wrong);
        return;
    }
    if (!token_epoch_same(retoken_epoch(&own), retoken_epoch(&set))) {
        retokens_put(t, kind, &m->record, &set);
        retoken_follow(c, t, kind, &m->record, &own, &set);
        epochs_carried(c, &r, retoken_epoch(&set));
    }
    retoken_record(c, w, &set);
}
