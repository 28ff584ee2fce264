/* SPDX-License-Identifier: Apache-2.0 */
/* ask.c - works out subject, homes and relationship of a query. */
#include "lib/ask.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct known_home { /* one home of the subject, typed or ours */
    struct index_home home;
    const char *ref; /* "" when ours: then the token says it */
};
struct known_homes {
    size_t n;
    struct known_home at[HOMES_MAX + ALM_STAYS_MAX];
};

void asked_subject_wipe(struct asked_subject *s)
{
    crypto_wipe(s, sizeof(*s));
}

/* Still there first, then the latest arrival, as in the index. */
static int home_newer(const void *a, const void *b)
{
    const struct index_home *s = &((const struct known_home *)a)->home,
                            *t = &((const struct known_home *)b)->home;
    bool s_open = s->until == CIVIL_NONE, t_open = t->until == CIVIL_NONE;

    if (s_open != t_open)
        return s_open ? -1 : 1;
    return (s->from < t->from) - (s->from > t->from);
}

static struct identity identity_of(const struct asked_subject *s)
{
    return (struct identity){ s->given, s->family, s->born, s->nhs, s->upn, s->unborn };
}

static int homes_typed(const struct asker *a, const struct asked_subject *s,
                       struct known_homes *out, const char **wrong)
{
    static const char *const names[HOMES_MAX] = {
        "homes[0]",  "homes[1]",  "homes[2]",  "homes[3]",  "homes[4]",  "homes[5]",
        "homes[6]",  "homes[7]",  "homes[8]",  "homes[9]",  "homes[10]", "homes[11]",
        "homes[12]", "homes[13]", "homes[14]", "homes[15]", "homes[16]", "homes[17]",
        "homes[18]", "homes[19]", "homes[20]", "homes[21]", "homes[22]", "homes[23]",
    };
    struct identity who = identity_of(s);
    bool wanted = false;

    for (size_t i = 0; i < s->n_homes; i++) {
        const struct asked_home *h = &s->homes[i];
        struct known_home *to = &out->at[out->n];
        int r;

        *wrong = names[i];
        if (!h->postcode[0] || (h->from != CIVIL_NONE && h->from > a->day))
            continue; /* never a token; or not yet: only homes up to the day are known */
        *to = (struct known_home){
            .home = { .from = h->from, .until = h->until, .shielded_from = CIVIL_NONE },
            .ref = h->ref
        };
        r = tokens_home(a->key, h->address, h->postcode, &to->home.home);
        wanted = wanted || r == -EAGAIN;
        if (r == 0 || r == -EAGAIN) /* all wants are noted at once */
            r = tokens_at_home(a->key, &who, h->address, h->postcode, to->home.at_home);
        wanted = wanted || r == -EAGAIN;
        if (r != 0 && r != -EAGAIN)
            return r;
        out->n++;
    }
    return wanted ? -EAGAIN : 0;
}

static void homes_own(const struct asker *a, size_t person, struct known_homes *out)
{
    struct index_home own[ALM_STAYS_MAX];
    size_t n = index_person_homes(a->index, a->key, person, own, ALM_STAYS_MAX);

    for (size_t i = 0; i < n; i++) {
        if (own[i].from == CIVIL_NONE || own[i].from <= a->day)
            out->at[out->n++] = (struct known_home){ own[i], "" };
    }
}

/* "never a shielded home's, unless the purpose sees past the shield" */
static void homes_leave_shielded(const struct asker *a, struct known_homes *h)
{
    size_t kept = 0;

    for (size_t i = 0; i < h->n; i++) {
        const char *ref = h->at[i].ref[0] ? h->at[i].ref : NULL;

        if (!index_home_shielded(a->index, &h->at[i].home.home, ref, a->day))
            h->at[kept++] = h->at[i];
    }
    h->n = kept;
}

/* A home whose beginning nobody knows: sent from today if it is still one, for "no earlier than we
 * know" tells no stranger's affairs as this person's; else not at all. Return: whether it can be
 * sent. */
static bool home_dates(const struct asker *a, struct index_home *h)
{
    if (h->from == CIVIL_NONE && h->until == CIVIL_NONE)
        h->from = a->day;
    return h->from != CIVIL_NONE && (h->until == CIVIL_NONE || h->from <= h->until);
}

static bool home_listed(const struct ask *out, const struct index_home *h)
{
    for (size_t i = 0; i < out->n_homes; i++) {
        if (token_equal(&out->homes[i].token, &h->home) && out->homes[i].from == h->from &&
            out->homes[i].until == h->until)
            return true;
    }
    return false;
}

static void homes_take(const struct asker *a, struct known_homes *h, struct ask *out)
{
    for (size_t i = 0; i < h->n; i++) {
        struct index_home *home = &h->at[i].home;

        (void)token_set_add_home(&out->subject, home->at_home); /* newest first, until it is full */
        if (out->n_homes < HOMES_MAX && home_dates(a, home) && !home_listed(out, home))
            out->homes[out->n_homes++] = (struct msg_home){ home->home, home->from, home->until };
    }
}

/* Their own first: there is always room for those, whatever homes are left out. */
static void tokens_join(struct token_set *to, const struct token_set *own)
{
    for (size_t i = 0; i < own->n; i++)
        (void)token_set_add(to, &own->tokens[i]);
}

void ask_place(const struct index *x, const struct token *home, int32_t from, int32_t until,
               struct alm_place *place)
{
    *place = (struct alm_place){ .from = from, .until = until };
    place->n = index_homes_find(x, home, place->homes, ALM_SAME_HOME_MAX);
}

/* A home that was typed with our own reference is ours even without a postcode. */
static void place_add_ref(const struct index *x, const char *ref, struct alm_place *place)
{
    const char *own;

    if (!ref[0] || !index_home_known(x, ref, &own) || place->n == ALM_SAME_HOME_MAX)
        return;
    for (size_t i = 0; i < place->n; i++) {
        if (strcmp(place->homes[i], own) == 0)
            return;
    }
    place->homes[place->n++] = own;
}

static void place_typed(const struct asker *a, const struct asked_home *h, struct alm_place *place)
{
    struct token token;

    *place = (struct alm_place){ .from = h->from, .until = h->until };
    if (h->postcode[0] && tokens_home(a->key, h->address, h->postcode, &token) == 0)
        ask_place(a->index, &token, h->from, h->until, place);
    place_add_ref(a->index, h->ref, place);
}

static int relation_find(const struct asker *a, const struct asked_subject *s,
                         const char *person, struct alm_relationship *found)
{
    struct alm_place places[HOMES_MAX + 1];
    struct alm_subject subject = { person, a->day, 0, places };

    *found = (struct alm_relationship){ ALM_RELATION_NONE, ALM_DAY_NONE, ALM_DAY_NONE };
    if (!a->relate)
        return 0;
    if (s->household)
        place_typed(a, &s->home, &places[subject.n_places++]);
    for (size_t i = 0; !s->household && i < s->n_homes; i++)
        place_typed(a, &s->homes[i], &places[subject.n_places++]);
    return a->relate(a->ctx, &subject, found);
}

/* A source that cannot say takes nothing from whoever claims a reason of their own: that claim is the
 * weaker one, is recorded as such, and alerts. */
static int ask_relationship(const struct asker *a, const struct asked_subject *s,
                            const char *self_claimed, struct ask *out)
{
    struct msg_relationship *to = &out->relationship;
    struct alm_relationship found;
    int r = relation_find(a, s, out->person, &found);

    if (r == -EINPROGRESS)
        return r;
    if (r != 0 && !self_claimed[0])
        return -EREMOTEIO;
    to->kind = r == 0 ? found.kind : (uint8_t)RELATION_NONE; /* same numbers */
    to->since = r == 0 ? found.since : CIVIL_NONE;
    to->until = r == 0 ? found.until : CIVIL_NONE;
    if (to->kind != RELATION_NONE || !self_claimed[0] || !a->relate)
        return 0;
    to->kind = RELATION_SELF_CLAIMED;
    to->since = a->day;
    if (text_copy(to->reason, sizeof(to->reason), self_claimed) != 0)
        to->kind = RELATION_NONE; /* a reason too long is none; the socket refuses it first */
    return 0;
}

static const char *wrong_identity(int r)
{
    switch (r) {
    case ALM_BAD_NAME:
        return "given_name or family_name";
    case ALM_BAD_BORN:
        return "date_of_birth";
    case ALM_BAD_NHS:
        return "nhs_number";
    case ALM_BAD_UPN:
        return "upn";
    default:
        return "subject";
    }
}

static int ask_person(const struct asker *a, const struct asked_subject *s, bool past_shield,
                      struct ask *out, const char **wrong)
{
    struct identity who = identity_of(s);
    struct known_homes homes = { 0 };
    struct token_set full, own;
    size_t person;
    int r = tokens_identity(a->key, &who, &out->subject), homes_r = 0;

    out->subject_kind = s->unborn ? SUBJECT_UNBORN : SUBJECT_PERSON;
    *wrong = wrong_identity(r);
    if (r == 0 || r == -EAGAIN)
        homes_r = homes_typed(a, s, &homes, wrong);
    if (homes_r != 0 || r != 0)
        return homes_r ? homes_r : r;
    if (!a->index || !index_ready(a->index, a->key))
        return -EBUSY;
    /* Found with every home that was typed, a shielded one too: this look-up stays in the adapter.
     */
    full = out->subject;
    for (size_t i = 0; i < homes.n; i++) {
        (void)token_set_add_home(&full, homes.at[i].home.at_home);
    }
    out->known = index_find(a->index, &full, true, &person);
    if (out->known == INDEX_ONE) {
        out->person = index_person_ref(a->index, person);
        index_person_tokens(a->index, a->key, person, &own);
        tokens_join(&out->subject, &own);
        homes_own(a, person, &homes);
    }
    if (!past_shield)
        homes_leave_shielded(a, &homes);
    if (homes.n)
        qsort(homes.at, homes.n, sizeof(homes.at[0]), home_newer);
    homes_take(a, &homes, out);
    return 0;
}

int ask_home_token(const struct asker *a, const struct asked_home *home, struct token *out)
{
    return tokens_home(a->key, home->address, home->postcode, out);
}

int ask_work_out(const struct asker *a, const struct asked_subject *typed, bool past_shield,
                 const char *self_claimed, struct ask *out, const char **wrong)
{
    int r;

    memset(out, 0, sizeof(*out));
    if (typed->household) {
        if (!a->index || !index_ready(a->index, a->key))
            return -EBUSY;
        *wrong = "household";
        out->subject_kind = SUBJECT_HOUSEHOLD;
        r = ask_home_token(a, &typed->home, &out->household);
    } else {
        r = ask_person(a, typed, past_shield, out, wrong);
    }
    return r ? r : ask_relationship(a, typed, self_claimed, out);
}
