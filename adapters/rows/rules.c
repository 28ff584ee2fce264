/* SPDX-License-Identifier: Apache-2.0 */
/* rules.c - the five rules of a question over an agency's rows. */
#include "rows/rules.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "lib/tally.h"
#include "rows/config.h"

#include <string.h>

/* The contacts that are about somebody, counted. */
struct counting {
    const struct alm_rows *rows;
    const struct rows_question *config;
    struct tally tally;
};

static enum tally_role contact_role(const struct counting *t, const struct row_contact *c)
{
    return tally_role_of(&t->config->kinds, &t->config->end_kinds,
                         refs_at(&t->rows->words, c->kind));
}

static void count_contact(struct counting *t, const struct row_contact *c)
{
    tally_add(&t->tally, contact_role(t, c), c->date);
}

static struct counting counting_new(const struct alm_rows *rows, const struct rows_question *config,
                                    int32_t as_of)
{
    return (struct counting){
        rows, config, tally_new((enum tally_rule)config->rule, config->window_days, as_of)
    };
}

/* Contacts of a household that bear no person, while somebody lived there. */
static void count_household(struct counting *t, uint32_t home, int32_t from, int32_t until)
{
    const struct row_contact *contacts = t->rows->contacts.at;
    size_t first, n = links_range(&t->rows->contacts_by_home, home, &first);

    for (size_t i = first; i < first + n; i++) {
        const struct row_contact *c = &contacts[t->rows->contacts_by_home.at[i].row];

        if (c->person == ROW_NONE && day_within(from, until, c->date))
            count_contact(t, c);
    }
}

/* "A contact is about a person if it bears the person's id, or bears only a household id and the
 * person lived there on its date." */
static void count_person(struct counting *t, uint32_t person)
{
    const struct row_contact *contacts = t->rows->contacts.at;
    const struct row_stay *stays = t->rows->stays.at;
    size_t first, n = links_range(&t->rows->contacts_by_person, person, &first);

    for (size_t i = first; i < first + n; i++)
        count_contact(t, &contacts[t->rows->contacts_by_person.at[i].row]);
    n = links_range(&t->rows->stays_by_person, person, &first);
    for (size_t i = first; i < first + n; i++) {
        const struct row_stay *s = &stays[t->rows->stays_by_person.at[i].row];

        if (!s->asking)
            count_household(t, s->home, s->from, s->until);
    }
}

static bool person_has_stay(const struct alm_rows *rows, uint32_t person, uint32_t home)
{
    const struct row_stay *stays = rows->stays.at;
    size_t first, n = links_range(&rows->stays_by_person, person, &first);

    for (size_t i = first; i < first + n; i++) {
        const struct row_stay *s = &stays[rows->stays_by_person.at[i].row];

        if (!s->asking && s->home == home)
            return true;
    }
    return false;
}

static uint32_t number_of(const struct refs *refs, const char *text)
{
    size_t at;

    return text && refs_find(refs, text, &at) ? (uint32_t)at : ROW_NONE;
}

/* Homes that the question brought: for what we do not hold ourselves of who lived where. */
static void count_places(struct counting *t, const struct alm_question *q, uint32_t person)
{
    for (size_t i = 0; i < q->n_places; i++) {
        for (size_t j = 0; j < q->places[i].n; j++) {
            uint32_t home = number_of(&t->rows->homes, q->places[i].homes[j]);

            if (home != ROW_NONE && !person_has_stay(t->rows, person, home))
                count_household(t, home, q->places[i].from, q->places[i].until);
        }
    }
}

static void answer_person(const struct alm_rows *rows, const struct rows_question *config,
                          const struct alm_question *q, struct alm_answer *out)
{
    uint32_t person = number_of(&rows->people, q->person);
    struct counting t = counting_new(rows, config, q->as_of);

    if (person != ROW_NONE)
        count_person(&t, person);
    count_places(&t, q, person);
    out->value = tally_holds(&t.tally) ? ALM_YES : person != ROW_NONE ? ALM_NO : ALM_NOT_KNOWN;
}

static bool stays_elsewhere(const struct alm_rows *rows, uint32_t person, uint32_t home,
                            int32_t day)
{
    const struct row_stay *stays = rows->stays.at;
    size_t first, n = links_range(&rows->stays_by_person, person, &first);
    bool elsewhere = false;

    for (size_t i = first; i < first + n; i++) {
        const struct row_stay *s = &stays[rows->stays_by_person.at[i].row];

        if (s->asking || !day_within(s->from, s->until, day))
            continue;
        if (s->home == home)
            return false;
        elsewhere = true;
    }
    return elsewhere;
}

/* The contacts that bear both: what one person did or met with at this home. */
static bool person_in_state_at(const struct alm_rows *rows, const struct rows_question *config,
                               uint32_t person, uint32_t home, int32_t day)
{
    const struct row_contact *contacts = rows->contacts.at;
    struct counting t = counting_new(rows, config, day);
    size_t first, n = links_range(&rows->contacts_by_person, person, &first);

    for (size_t i = first; i < first + n; i++) {
        const struct row_contact *c = &contacts[rows->contacts_by_person.at[i].row];

        if (c->home == home)
            count_contact(&t, c);
    }
    return tally_holds(&t.tally);
}

/* "contacts with that household id count, and it is in a state when anyone in it (or it itself)
 * is": whoever bears its id in a contact and does not live elsewhere by the day. */
static bool household_in_state(const struct alm_rows *rows, const struct rows_question *config,
                               uint32_t home, int32_t day)
{
    const struct row_contact *contacts = rows->contacts.at;
    struct counting itself = counting_new(rows, config, day);
    size_t first, n;

    count_household(&itself, home, CIVIL_NONE, CIVIL_NONE);
    if (tally_holds(&itself.tally))
        return true;
    n = links_range(&rows->contacts_by_home, home, &first);
    for (size_t i = first; i < first + n; i++) {
        const struct row_contact *c = &contacts[rows->contacts_by_home.at[i].row];

        if (c->person != ROW_NONE && c->date <= day && contact_role(&itself, c) == TALLY_START &&
            !stays_elsewhere(rows, c->person, home, day) &&
            person_in_state_at(rows, config, c->person, home, day))
            return true;
    }
    return false;
}

/* "contacts with that household id count", whoever they are about */
static bool household_has_contact(const struct alm_rows *rows, const struct rows_question *config,
                                  uint32_t home, int32_t day)
{
    const struct row_contact *contacts = rows->contacts.at;
    struct counting t = counting_new(rows, config, day);
    size_t first, n = links_range(&rows->contacts_by_home, home, &first);

    for (size_t i = first; i < first + n; i++)
        count_contact(&t, &contacts[rows->contacts_by_home.at[i].row]);
    return tally_holds(&t.tally);
}

static void answer_household(const struct alm_rows *rows, const struct rows_question *config,
                             const struct alm_question *q, struct alm_answer *out)
{
    out->value = ALM_NOT_KNOWN;
    for (size_t i = 0; i < q->household.n; i++) {
        uint32_t home = number_of(&rows->homes, q->household.homes[i]);
        bool holds;

        if (home == ROW_NONE)
            continue;
        holds = config->rule == RULE_STATE ? household_in_state(rows, config, home, q->as_of)
                                           : household_has_contact(rows, config, home, q->as_of);
        if (holds) {
            out->value = ALM_YES;
            return;
        }
        out->value = ALM_NO;
    }
}

static void answer_contacts(const struct alm_rows *rows, const struct rows_question *config,
                            const struct alm_question *q, struct alm_answer *out)
{
    if (q->about_household)
        answer_household(rows, config, q, out);
    else
        answer_person(rows, config, q, out);
}

static bool service_counts(const struct alm_rows *rows, const struct rows_question *config,
                           const struct row_involvement *v)
{
    if (!config || config->services.n == 0)
        return true;
    return v->service != ROW_NONE &&
           tally_words_have(&config->services, refs_at(&rows->words, v->service));
}

static void text_of(const struct alm_rows *rows, uint32_t word, char *out)
{
    if (word != ROW_NONE && !*out && text_copy(out, ALM_TEXT_MAX, refs_at(&rows->words, word)) != 0)
        out[0] = '\0';
}

/* Whole entries of a list as answer_describe makes it: "care" is not in "healthcare". */
static bool listed(const char *list, const char *entry)
{
    size_t len = strlen(entry);

    for (const char *at = strstr(list, entry); at; at = strstr(at + 1, entry)) {
        bool begins = at == list || (at - list >= 2 && at[-2] == ',' && at[-1] == ' ');
        bool ends = !at[len] || (at[len] == ',' && at[len + 1] == ' ');

        if (begins && ends)
            return true;
    }
    return false;
}

/* Several open at once: every service is named, once, and the longest-standing gives the day. */
static void answer_describe(const struct alm_rows *rows, const struct row_involvement *v,
                            struct alm_answer *out)
{
    const char *service = v->service == ROW_NONE ? "" : refs_at(&rows->words, v->service);
    size_t len = strlen(out->service);

    if (*service && !listed(out->service, service) &&
        len + strlen(service) + 3 < sizeof(out->service)) {
        if (len)
            memcpy(out->service + len, ", ", 3);
        memcpy(out->service + len + (len ? 2 : 0), service, strlen(service) + 1);
    }
    text_of(rows, v->route, out->contact_route);
    text_of(rows, v->lead, out->lead_professional);
    if (out->since == CIVIL_NONE || v->start < out->since)
        out->since = v->start;
}

/* config: NULL for who-is-involved, which also tells service, route, lead and since. */
static void answer_involvement(const struct alm_rows *rows, const struct rows_question *config,
                               const struct alm_question *q, struct alm_answer *out)
{
    const struct row_involvement *all = rows->involvements.at;
    uint32_t person = number_of(&rows->people, q->person);
    size_t first, n = links_range(&rows->involvements_by_person, person, &first);

    out->value = person == ROW_NONE ? ALM_NOT_KNOWN : ALM_NO;
    for (size_t i = first; i < first + n; i++) {
        const struct row_involvement *v = &all[rows->involvements_by_person.at[i].row];

        /* "An involvement is open on D when start <= D and (no end, or D < end)." */
        if (v->asking || !day_within(v->start, v->end, q->as_of) ||
            !service_counts(rows, config, v))
            continue;
        out->value = ALM_YES;
        if (!config)
            answer_describe(rows, v, out);
    }
}

/* "yes if one holds it as the home on D, no if one holds another home and none this one, else
 * not-known" */
static void answer_residence(const struct alm_rows *rows, const struct rows_question *config,
                             const struct alm_question *q, struct alm_answer *out)
{
    const struct row_stay *stays = rows->stays.at;
    size_t first,
        n = links_range(&rows->stays_by_person, number_of(&rows->people, q->person), &first);

    (void)config;
    out->value = ALM_NOT_KNOWN;
    for (size_t i = first; i < first + n; i++) {
        const struct row_stay *s = &stays[rows->stays_by_person.at[i].row];

        if (s->asking || !day_within(s->from, s->until, q->as_of))
            continue;
        if (out->value == ALM_NOT_KNOWN)
            out->value = ALM_NO;
        for (size_t j = 0; j < q->parameter.n; j++) {
            if (number_of(&rows->homes, q->parameter.homes[j]) == s->home)
                out->value = ALM_YES;
        }
    }
}

typedef void rule_fn(const struct alm_rows *rows, const struct rows_question *config,
                     const struct alm_question *q, struct alm_answer *out);
/* What each rule reads: one of these missing, and "no" is not ours to say. */
static const struct {
    rule_fn *answer;
    enum rows_file reads[3]; /* ROWS_PEOPLE, always read, fills up */
} rule_table[] = {
    [RULE_STATE] = { answer_contacts, { ROWS_CONTACTS, ROWS_RESIDENCES, ROWS_HOMES } },
    [RULE_WINDOW] = { answer_contacts, { ROWS_CONTACTS, ROWS_RESIDENCES, ROWS_HOMES } },
    [RULE_EVER] = { answer_contacts, { ROWS_CONTACTS, ROWS_RESIDENCES, ROWS_HOMES } },
    [RULE_INVOLVEMENT] = { answer_involvement, { ROWS_INVOLVEMENTS, ROWS_PEOPLE, ROWS_PEOPLE } },
    [RULE_RESIDENCE] = { answer_residence, { ROWS_RESIDENCES, ROWS_HOMES, ROWS_PEOPLE } },
};

/* Whom an answer is about: what of them, and of others, could have been in a row that is not there.
 */
struct doubt {
    const struct alm_rows *rows;
    bool household;
    uint32_t person; /* ROW_NONE: not known here */
};

/* Of a rejected row it is known, as a rule, whom it is about; a home's rows are everybody's. */
static bool file_misses(const struct doubt *d, enum rows_file f)
{
    if (d->rows->missing[f] || d->rows->unplaced[f])
        return true;
    if (d->household)
        return d->rows->rejected[f];
    return d->person != ROW_NONE && (d->rows->flags[d->person].rejected & (1u << f)) != 0;
}

/* Somebody who is not known may be whose own row was rejected; of others' own rows a known person's
 * answer needs nothing. */
static bool people_miss(const struct doubt *d)
{
    const struct alm_rows *rows = d->rows;

    if (rows->missing[ROWS_PEOPLE])
        return true;
    if (d->household)
        return rows->unplaced[ROWS_PEOPLE];
    if (d->person == ROW_NONE)
        return rows->rejected[ROWS_PEOPLE];
    return (rows->flags[d->person].rejected & (1u << ROWS_PEOPLE)) != 0;
}

static bool rule_misses(const struct doubt *d, uint8_t rule)
{
    bool missing = !d->rows->given[rule_table[rule].reads[0]] || people_miss(d);

    for (size_t i = 0; i < ALM_LEN(rule_table[rule].reads); i++) {
        if (rule_table[rule].reads[i] != ROWS_PEOPLE)
            missing = missing || file_misses(d, rule_table[rule].reads[i]);
    }
    return missing;
}

/* A start whose end was rejected is not a "yes" to be sure of. (A file that is not there at all
 * holds neither.) */
static bool rule_doubts_yes(const struct doubt *d, uint8_t rule)
{
    return rule == RULE_STATE &&
           (file_misses(d, ROWS_CONTACTS) || file_misses(d, ROWS_RESIDENCES)) &&
           (d->rows->rejected[ROWS_CONTACTS] || d->rows->rejected[ROWS_RESIDENCES]);
}

static void cannot_say(struct alm_answer *out, enum alm_cause cause)
{
    int32_t day = out->data_as_of;

    *out = (struct alm_answer){
        .value = ALM_CANNOT_SAY, .cause = (uint8_t)cause, .data_as_of = day, .since = CIVIL_NONE
    };
}

static const struct rows_question *question_find(const struct rows_config *c, const char *id)
{
    for (size_t i = 0; i < c->n_questions; i++) {
        if (strcmp(c->questions[i].id, id) == 0)
            return &c->questions[i];
    }
    return NULL;
}

int32_t rules_data_day(const struct alm_rows *rows, int32_t today)
{
    if (!rows->config->by_file_date || rows->file_day == CIVIL_NONE || rows->file_day > today)
        return today;
    return rows->file_day;
}

/* A question that the rule cannot be asked of: about a household where the rule is a person's, or
 * without its home. */
static bool question_fits(uint8_t rule, const struct alm_question *q)
{
    bool of_person = rule == RULE_INVOLVEMENT || rule == RULE_RESIDENCE;

    return !(of_person && q->about_household) && !(rule == RULE_RESIDENCE && !q->has_parameter);
}

void rules_answer(const struct alm_rows *rows, const struct alm_question *q, struct alm_answer *out)
{
    const struct rows_question *config = q->involvement ? NULL : question_find(rows->config, q->id);
    uint8_t rule = q->involvement ? RULE_INVOLVEMENT : config ? config->rule : 0;
    int32_t max_age = rows->config->max_age_days;
    const struct doubt d = { rows, q->about_household, number_of(&rows->people, q->person) };

    *out = (struct alm_answer){ .data_as_of = rules_data_day(rows, q->as_of), .since = CIVIL_NONE };
    if (!rule || !question_fits(rule, q)) {
        cannot_say(out, ALM_UNSUPPORTED);
        return;
    }
    if (max_age && q->as_of - out->data_as_of > max_age) {
        cannot_say(out, ALM_STALE);
        return;
    }
    rule_table[rule].answer(rows, config, q, out);
    if (out->value == ALM_YES ? rule_doubts_yes(&d, rule) : rule_misses(&d, rule))
        cannot_say(out, ALM_PARTIAL);
}

void rules_describe(const struct alm_rows *rows, struct alm_state *out)
{
    int32_t today = civil_today(clock_wall_ms());

    out->partial = rows->partial;
    if (rows->config->by_file_date)
        out->data_day = rows->file_day;
    out->stale = rows->config->max_age_days && out->data_day != CIVIL_NONE &&
                 today - out->data_day > rows->config->max_age_days;
}
