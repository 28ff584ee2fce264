/* SPDX-License-Identifier: Apache-2.0 */
/* register.c - the organisation's list of people: read, checked, told to the host's index. */
#include "desk/register.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/file.h"
#include "lib/fold.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RELATION_DAYS 365

struct reading {
    const struct alm_sink *sink;
    struct desk_register *r;
    size_t cap_people, cap_homes, cap_stays;
    int status; /* -ENOMEM, or what the sink returned: the reading is given up */
};

/* Room for one more after n. Return: whether there is. */
static bool grow(void **array, size_t *cap, size_t n, size_t size)
{
    size_t want = *cap ? *cap * 2 : 64;
    void *grown;

    if (n < *cap)
        return true;
    grown = reallocarray(*array, want, size);
    if (!grown)
        return false;
    memset((char *)grown + *cap * size, 0, (want - *cap) * size);
    *array = grown;
    *cap = want;
    return true;
}

const struct register_person *register_person(const struct desk_register *r, const char *ref)
{
    for (size_t i = 0; ref && i < r->n_people; i++) {
        if (strcmp(r->people[i].ref, ref) == 0)
            return &r->people[i];
    }
    return NULL;
}

const struct register_home *register_home(const struct desk_register *r, const char *ref)
{
    for (size_t i = 0; ref && i < r->n_homes; i++) {
        if (strcmp(r->homes[i].ref, ref) == 0)
            return &r->homes[i];
    }
    return NULL;
}

/* A day or none. Return: whether it is either. */
static bool day_read(const char *text, int32_t *out)
{
    *out = CIVIL_NONE;
    return !*text || civil_parse(text, out) == 0;
}

static const char *fault_said(struct reading *g, int r)
{
    if (r < 0) {
        g->status = r;
        return "the list could not be taken further";
    }
    return r == ALM_OK ? NULL : alm_fault_text((enum alm_fault)r);
}

/* As somebody at the desk reads it. */
static void name_make(const char *const f[], char out[static ALM_FIELD_MAX])
{
    (void)snprintf(out, ALM_FIELD_MAX, "%s%s %s", strcmp(f[DESK_UNBORN], "yes") == 0 ? "the unborn child of " : "",
                   f[DESK_GIVEN], f[DESK_FAMILY]);
}

/* The first line about a person. Return: NULL, or what is wrong. */
static const char *person_add(struct reading *g, const char *const f[], struct register_person **out)
{
    struct desk_register *r = g->r;
    struct register_person *p;
    struct alm_person told = { .ref = f[DESK_ID],
                               .given = f[DESK_GIVEN],
                               .family = f[DESK_FAMILY],
                               .nhs = f[DESK_NHS],
                               .upn = f[DESK_UPN],
                               .unborn = strcmp(f[DESK_UNBORN], "yes") == 0 };

    if (*f[DESK_UNBORN] && !told.unborn && strcmp(f[DESK_UNBORN], "no") != 0)
        return "unborn: yes, no, or nothing";
    if (civil_parse(f[DESK_BORN], &told.born) != 0)
        return "date_of_birth: a day that exists, written YYYY-MM-DD";
    if (!grow((void **)&r->people, &g->cap_people, r->n_people, sizeof(*p)))
        return fault_said(g, -ENOMEM);
    p = &r->people[r->n_people];
    memset(p, 0, sizeof(*p));
    if (!day_read(f[DESK_SINCE], &p->since) || !day_read(f[DESK_UNTIL], &p->until))
        return "start_date, end_date: a day that exists, written YYYY-MM-DD, or nothing";
    if (p->since != CIVIL_NONE && p->until != CIVIL_NONE && p->until < p->since)
        return "end_date is before start_date";
    if (text_copy(p->ref, sizeof(p->ref), f[DESK_ID]) != 0)
        return alm_fault_text(ALM_BAD_REFERENCE);
    name_make(f, p->name);
    civil_format(told.born, p->born);
    *out = p;
    return fault_said(g, g->sink->person(g->sink->ctx, &told));
}

/* By the address, not by its place in the list: questions wait for hours, and the list changes meanwhile. */
static int home_name(const char *folded, char out[static ALM_REF_MAX])
{
    uint8_t hash[SHA256_LEN];
    char hex[2 * SHA256_LEN + 1];
    int r = crypto_sha256(bytes_str(folded), hash);

    if (r != 0)
        return r;
    hex_encode(hash, sizeof(hash), hex);
    (void)snprintf(out, ALM_REF_MAX, "home-%.32s", hex);
    return 0;
}

/* Two addresses that fold alike are one home. */
static const char *home_find(struct reading *g, const char *const f[], size_t *at)
{
    struct desk_register *r = g->r;
    struct register_home *h;
    char folded[FOLD_OUT_MAX], code[POSTCODE_TEXT], both[ALM_FIELD_MAX];
    struct alm_home told = { .address = f[DESK_ADDRESS],
                             .postcode = f[DESK_POSTCODE],
                             .shielded_from = CIVIL_NONE };

    if (fold_address(f[DESK_ADDRESS], folded) != ALM_OK)
        return alm_fault_text(ALM_BAD_ADDRESS);
    if (fold_postcode(f[DESK_POSTCODE], code) != ALM_OK)
        return alm_fault_text(ALM_BAD_POSTCODE);
    if (snprintf(both, sizeof(both), "%s|%s", code, folded) >= (int)sizeof(both))
        return alm_fault_text(ALM_BAD_ADDRESS);
    for (*at = 0; *at < r->n_homes; (*at)++) {
        if (strcmp(r->homes[*at].folded, both) == 0)
            return NULL;
    }
    if (!grow((void **)&r->homes, &g->cap_homes, r->n_homes, sizeof(*h)))
        return fault_said(g, -ENOMEM);
    h = &r->homes[r->n_homes];
    memset(h, 0, sizeof(*h));
    if (home_name(both, h->ref) != 0)
        return fault_said(g, -EIO);
    memcpy(h->folded, both, sizeof(both));
    if (text_copy(h->address, sizeof(h->address), f[DESK_ADDRESS]) != 0)
        return alm_fault_text(ALM_BAD_ADDRESS);
    (void)snprintf(h->postcode, sizeof(h->postcode), "%.15s", f[DESK_POSTCODE]);
    told.ref = h->ref;
    r->n_homes++;
    return fault_said(g, g->sink->home(g->sink->ctx, &told));
}

/* An address without a postcode is never a home that others could name. */
static const char *stay_add(struct reading *g, const char *const f[], size_t person)
{
    struct desk_register *r = g->r;
    struct register_stay *s;
    const char *wrong;
    size_t home;

    if (!*f[DESK_POSTCODE])
        return NULL;
    wrong = home_find(g, f, &home);
    if (wrong)
        return wrong;
    if (!grow((void **)&r->stays, &g->cap_stays, r->n_stays, sizeof(*s)))
        return fault_said(g, -ENOMEM);
    s = &r->stays[r->n_stays];
    s->person = (uint32_t)person;
    s->home = (uint32_t)home;
    if (!day_read(f[DESK_HOME_FROM], &s->from) || !day_read(f[DESK_HOME_UNTIL], &s->until))
        return "home_from, home_until: a day that exists, written YYYY-MM-DD, or nothing";
    r->n_stays++;
    return NULL;
}

static const char *line_read(void *ctx, const char *const f[])
{
    struct reading *g = ctx;
    const struct register_person *known = register_person(g->r, f[DESK_ID]);
    struct register_person *p;
    char name[ALM_FIELD_MAX];
    const char *wrong;

    if (g->status != 0)
        return NULL;
    if (known) {
        name_make(f, name);
        if (strcmp(name, known->name) != 0 || strcmp(f[DESK_BORN], known->born) != 0)
            return "this person_id stands for another name or birth date above; give each person "
                   "one of their own";
        return stay_add(g, f, (size_t)(known - g->r->people));
    }
    wrong = person_add(g, f, &p);
    if (wrong)
        return wrong;
    g->r->n_people++;
    return stay_add(g, f, g->r->n_people - 1);
}

/* After people and homes: what joins them. */
static int stays_tell(struct reading *g)
{
    const struct desk_register *r = g->r;

    for (size_t i = 0; i < r->n_stays; i++) {
        const struct register_stay *s = &r->stays[i];
        struct alm_stay told = { r->homes[s->home].ref, s->from, s->until };
        int e = g->sink->stay(g->sink->ctx, r->people[s->person].ref, &told);

        if (e < 0)
            return e;
    }
    return 0;
}

static int digest_read(const struct desk_config *c, char out[static 65])
{
    ALM_CLEANUP(buf_deinit) struct buf b;
    uint8_t hash[SHA256_LEN];
    int r;

    buf_init(&b, TABLE_FILE_MAX);
    r = file_read(c->people, TABLE_FILE_MAX, &b);
    if (r == 0)
        r = crypto_sha256(buf_view(&b), hash);
    if (r == 0)
        hex_encode(hash, sizeof(hash), out);
    return r;
}

static int register_read(const struct desk_config *c, struct reading *g)
{
    int r = table_read(&c->table, g->sink->report, g->sink->ctx, line_read, g);

    if (g->status != 0)
        return g->status;
    if (r > 0) /* no file or column: nobody would be known, and "not known" be said of everybody */
        return -EINVAL;
    if (r != 0)
        return r;
    r = stays_tell(g);
    return r == 0 ? digest_read(c, g->r->digest) : r;
}

int register_load(const struct desk_config *c, const struct alm_sink *sink, bool strict,
                  struct desk_register **out)
{
    struct reading g = { .sink = sink, .r = calloc(1, sizeof(*g.r)) };
    int r;

    (void)strict; /* a list is whole or refused */
    if (!g.r)
        return -ENOMEM;
    r = register_read(c, &g);
    if (r != 0) {
        register_free(g.r);
        return r;
    }
    *out = g.r;
    return 0;
}

struct desk_register *register_free(struct desk_register *r)
{
    if (!r)
        return NULL;
    if (r->people)
        crypto_wipe(r->people, r->n_people * sizeof(*r->people));
    if (r->homes)
        crypto_wipe(r->homes, r->n_homes * sizeof(*r->homes));
    free(r->people);
    free(r->homes);
    free(r->stays);
    free(r);
    return NULL;
}

/* --- why we may ask --- */
static bool within(int32_t from, int32_t until, int32_t day)
{
    return (from == CIVIL_NONE || from <= day) && (until == CIVIL_NONE || day < until);
}

/* Our work with one person, open on the day or over for at most a year. */
static bool works_with(const struct register_person *p, int32_t day)
{
    if (p->since == CIVIL_NONE || p->since > day)
        return false;
    return p->until == CIVIL_NONE || day < p->until || day - p->until <= RELATION_DAYS;
}

static bool open_on(const struct register_person *p, int32_t day)
{
    return works_with(p, day) && (p->until == CIVIL_NONE || day < p->until);
}

static bool place_has(const struct alm_place *place, const char *home)
{
    for (size_t i = 0; i < place->n; i++) {
        if (strcmp(place->homes[i], home) == 0)
            return true;
    }
    return false;
}

/* Does the subject live in this home on the day: by our list, or by what was typed? */
static bool subject_lives(const struct desk_register *r, const struct alm_subject *s,
                          const struct register_person *who, size_t home)
{
    for (size_t i = 0; who && i < r->n_stays; i++) {
        const struct register_stay *stay = &r->stays[i];

        if (&r->people[stay->person] == who && stay->home == home &&
            within(stay->from, stay->until, s->day))
            return true;
    }
    for (size_t i = 0; i < s->n_places; i++) {
        if (place_has(&s->places[i], r->homes[home].ref) &&
            within(s->places[i].from, s->places[i].until, s->day))
            return true;
    }
    return false;
}

void register_relate(const struct desk_register *r, const struct alm_subject *s,
                     struct alm_relationship *out)
{
    const struct register_person *who = register_person(r, s->person);

    *out = (struct alm_relationship){ ALM_RELATION_NONE, CIVIL_NONE, CIVIL_NONE };
    if (who && works_with(who, s->day)) {
        bool open = open_on(who, s->day);

        *out = (struct alm_relationship){ open ? ALM_INVOLVED : ALM_WAS_INVOLVED, who->since,
                                          open ? CIVIL_NONE : who->until };
        return;
    }
    for (size_t i = 0; i < r->n_stays; i++) {
        const struct register_stay *stay = &r->stays[i];
        const struct register_person *p = &r->people[stay->person];

        if (p != who && within(stay->from, stay->until, s->day) && works_with(p, s->day) &&
            subject_lives(r, s, who, stay->home)) {
            *out = (struct alm_relationship){ ALM_SAME_HOME, p->since,
                                              open_on(p, s->day) ? CIVIL_NONE : p->until };
            return;
        }
    }
}
