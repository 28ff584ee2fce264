/* SPDX-License-Identifier: Apache-2.0 */
/* load.c - rows, one at a time, into arrays; people, homes and stays to the sink. */
#include "rows/load.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char given_up[] = "the load was given up"; /* not told: l->broken says why */
static const char bad_date[] = "not a date; write YYYY-MM-DD, a day that exists, from 1900 to 2999";
static const char dates_reversed[] = "the row ends before it begins; correct one of the dates";

const enum rows_file rows_order[ROWS_FILE_COUNT] = {
    ROWS_PEOPLE,       ROWS_ASKING_PEOPLE,       ROWS_HOMES,
    ROWS_RESIDENCES,   ROWS_ASKING_RESIDENCES,   ROWS_CONTACTS,
    ROWS_INVOLVEMENTS, ROWS_ASKING_INVOLVEMENTS, ROWS_ASKING_REFERRALS,
};

static bool asking(const struct rows_load *l)
{
    return l->file >= ROWS_ASKING_PEOPLE;
}

/* r: of refs or of the sink. Return: NULL; what is wrong; something, where the load is given up. */
static const char *fault_of(struct rows_load *l, int r)
{
    if (r >= 0)
        return r == 0 ? NULL : alm_fault_text((enum alm_fault)r);
    l->broken = r;
    return given_up;
}

/* An id column may be absent, then "" on every row. */
static const char *row_id(struct rows_load *l, const char *id)
{
    size_t at;
    int r = *id ? refs_add(&l->ids, id, &at) : 0;

    if (r == ALM_REPEATED)
        return "this id stands on an earlier line too; remove the repeated row or give it an id of "
               "its own";
    return fault_of(l, r);
}

static bool date_read(const char *text, bool needed, int32_t *out)
{
    *out = CIVIL_NONE;
    return *text ? civil_parse(text, out) == 0 : !needed;
}

/* Return: 0, *out set (ROW_NONE for ""); a fault; negative: l->broken. */
static int number_in(struct rows_load *l, struct refs *refs, const char *text, uint32_t *out)
{
    size_t at = 0;
    int r;

    *out = ROW_NONE;
    if (!*text)
        return 0;
    r = refs_add(refs, text, &at);
    if (r != 0 && r != ALM_REPEATED) {
        l->broken = r < 0 ? r : l->broken;
        return r;
    }
    *out = (uint32_t)at;
    return 0;
}

static bool word_number(struct rows_load *l, const char *text, uint32_t *out)
{
    return number_in(l, &l->rows->words, text, out) == 0;
}

/* A home may be named by a row without standing among the homes: it then has no address, and no
 * token. */
static bool home_number(struct rows_load *l, const char *ref, uint32_t *out)
{
    return number_in(l, &l->rows->homes, ref, out) == 0;
}

/* Return: NULL; what is wrong. *skip: the row is passed over. */
static const char *person_number(struct rows_load *l, const char *ref, uint32_t *out, bool *skip)
{
    size_t at;

    *out = ROW_NONE;
    *skip = false;
    if (!*ref)
        return NULL;
    if (refs_find(&l->rows->people, ref, &at)) {
        *out = (uint32_t)at;
        return NULL;
    }
    *skip = asking(l) || refs_find(&l->rows->lost, ref, &at); /* told with that person's own row */
    l->rows->passed_over += asking(l);
    l->rows->rejected[l->file] = l->rows->rejected[l->file] || (*skip && !asking(l));
    return *skip ? NULL : alm_fault_text(ALM_NO_PERSON);
}

static int flags_room(struct alm_rows *rows)
{
    size_t n = refs_count(&rows->people), cap = n ? n * 2 : 64;
    struct row_flags *grown;

    if (n < rows->cap_flags)
        return 0;
    grown = reallocarray(rows->flags, cap, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    rows->flags = grown;
    rows->cap_flags = cap;
    return 0;
}

static const char *row_person(struct rows_load *l, const char *const f[])
{
    struct alm_person p = { f[PEOPLE_ID],
                            f[PEOPLE_GIVEN],
                            f[PEOPLE_FAMILY],
                            CIVIL_NONE,
                            f[PEOPLE_NHS],
                            f[PEOPLE_UPN],
                            strcmp(f[PEOPLE_UNBORN], "yes") == 0,
                            asking(l) };
    struct alm_rows *rows = l->rows;
    size_t at;
    int r;

    if (asking(l) && refs_find(&rows->people, p.ref, &at))
        return row_id(l, p.ref); /* held already, and answers may be given */
    if (*f[PEOPLE_UNBORN] && !p.unborn && strcmp(f[PEOPLE_UNBORN], "no") != 0)
        return "unborn is yes or no";
    if (!date_read(f[PEOPLE_BORN], true, &p.born))
        return bad_date;
    r = refs_find(&rows->people, p.ref, &at) ? ALM_REPEATED : l->sink->person(l->sink->ctx, &p);
    if (r == 0)
        r = flags_room(rows);
    if (r == 0) {
        rows->flags[refs_count(&rows->people)] = (struct row_flags){ .asking_only = asking(l) };
        r = refs_add(&rows->people, p.ref, &at);
    }
    return fault_of(l, r);
}

static const char *row_home(struct rows_load *l, const char *const f[])
{
    struct alm_home h = { f[HOMES_ID], f[HOMES_ADDRESS], f[HOMES_POSTCODE], CIVIL_NONE };
    size_t at;
    int r;

    if (!date_read(f[HOMES_SHIELDED], false, &h.shielded_from))
        return bad_date;
    r = refs_find(&l->rows->homes, h.ref, &at) ? ALM_REPEATED : l->sink->home(l->sink->ctx, &h);
    return fault_of(l, r != 0 ? r : refs_add(&l->rows->homes, h.ref, &at));
}

static const char *row_stay(struct rows_load *l, const char *const f[])
{
    struct row_stay s = { .asking = asking(l) }, *to;
    struct alm_stay told;
    const char *wrong;
    bool skip;

    if (!*f[STAYS_PERSON] || !*f[STAYS_HOME])
        return "a stay needs a person_id and a household_id";
    wrong = person_number(l, f[STAYS_PERSON], &s.person, &skip);
    if (wrong || skip)
        return wrong;
    if (!home_number(l, f[STAYS_HOME], &s.home))
        return alm_fault_text(ALM_BAD_REFERENCE);
    if (!date_read(f[STAYS_FROM], false, &s.from) || !date_read(f[STAYS_UNTIL], false, &s.until))
        return bad_date;
    if (s.until != CIVIL_NONE && s.from > s.until)
        return dates_reversed;
    to = array_add(&l->rows->stays, sizeof(*to));
    if (!to)
        return fault_of(l, -ENOMEM);
    *to = s;
    told = (struct alm_stay){ f[STAYS_HOME], s.from, s.until };
    return fault_of(l, l->sink->stay(l->sink->ctx, f[STAYS_PERSON], &told));
}

static const char *row_contact(struct rows_load *l, const char *const f[])
{
    struct row_contact c, *to;
    const char *wrong = row_id(l, f[CONTACTS_ID]);
    bool skip = false;

    if (!wrong)
        wrong = person_number(l, f[CONTACTS_PERSON], &c.person, &skip);
    if (wrong || skip)
        return wrong;
    if (!*f[CONTACTS_PERSON] && !*f[CONTACTS_HOME])
        return "a contact bears a person_id, a household_id or both";
    if (!home_number(l, f[CONTACTS_HOME], &c.home))
        return alm_fault_text(ALM_BAD_REFERENCE);
    if (!date_read(f[CONTACTS_DATE], true, &c.date))
        return bad_date;
    if (!*f[CONTACTS_KIND] || !word_number(l, f[CONTACTS_KIND], &c.kind))
        return "a contact needs a kind, of at most 127 bytes";
    to = array_add(&l->rows->contacts, sizeof(*to));
    if (!to)
        return fault_of(l, -ENOMEM);
    *to = c;
    return NULL;
}

static const char *row_involvement(struct rows_load *l, const char *const f[])
{
    struct row_involvement v = { .asking = asking(l) }, *to;
    const char *wrong = row_id(l, f[INVOLVED_ID]);
    bool skip = false;

    if (!wrong && !*f[INVOLVED_PERSON])
        wrong = "an involvement needs a person_id";
    if (!wrong)
        wrong = person_number(l, f[INVOLVED_PERSON], &v.person, &skip);
    if (wrong || skip)
        return wrong;
    if (!date_read(f[INVOLVED_START], true, &v.start) || !date_read(f[INVOLVED_END], false, &v.end))
        return bad_date;
    if (v.end != CIVIL_NONE && v.start > v.end)
        return dates_reversed;
    if (!word_number(l, f[INVOLVED_SERVICE], &v.service) ||
        !word_number(l, f[INVOLVED_ROUTE], &v.route) || !word_number(l, f[INVOLVED_LEAD], &v.lead))
        return "service, contact_route and lead_professional have at most 127 bytes";
    to = array_add(&l->rows->involvements, sizeof(*to));
    if (!to)
        return fault_of(l, -ENOMEM);
    *to = v;
    return NULL;
}

static const char *row_referral(struct rows_load *l, const char *const f[])
{
    struct row_referral r, *to;
    int32_t decided;
    const char *wrong = row_id(l, f[REFERRALS_ID]);
    bool skip = false;

    if (!wrong)
        wrong = person_number(l, f[REFERRALS_PERSON], &r.person, &skip);
    if (wrong || skip)
        return wrong;
    if (!home_number(l, f[REFERRALS_HOME], &r.home))
        return alm_fault_text(ALM_BAD_REFERENCE);
    if (!date_read(f[REFERRALS_SENT], true, &r.sent) ||
        !date_read(f[REFERRALS_DECIDED], false, &decided) ||
        !date_read(f[REFERRALS_CLOSED], false, &r.closed))
        return bad_date;
    /* Declined without a date counts as declined from the start. */
    r.declined = strcmp(f[REFERRALS_DECISION], "declined") != 0 ? CIVIL_NONE
                 : decided != CIVIL_NONE                        ? decided
                                                                : r.sent;
    to = array_add(&l->rows->referrals, sizeof(*to));
    if (!to)
        return fault_of(l, -ENOMEM);
    *to = r;
    return NULL;
}

static const char *(*const row_readers[ROWS_FILE_COUNT])(struct rows_load *l,
                                                         const char *const f[]) = {
    [ROWS_PEOPLE] = row_person,
    [ROWS_HOMES] = row_home,
    [ROWS_RESIDENCES] = row_stay,
    [ROWS_CONTACTS] = row_contact,
    [ROWS_INVOLVEMENTS] = row_involvement,
    [ROWS_ASKING_PEOPLE] = row_person,
    [ROWS_ASKING_RESIDENCES] = row_stay,
    [ROWS_ASKING_INVOLVEMENTS] = row_involvement,
    [ROWS_ASKING_REFERRALS] = row_referral,
};
/* Which column says whom a row is about; -1: none. */
static const int person_columns[ROWS_FILE_COUNT] = {
    [ROWS_PEOPLE] = PEOPLE_ID,
    [ROWS_HOMES] = -1,
    [ROWS_RESIDENCES] = STAYS_PERSON,
    [ROWS_CONTACTS] = CONTACTS_PERSON,
    [ROWS_INVOLVEMENTS] = INVOLVED_PERSON,
    [ROWS_ASKING_PEOPLE] = PEOPLE_ID,
    [ROWS_ASKING_RESIDENCES] = STAYS_PERSON,
    [ROWS_ASKING_INVOLVEMENTS] = INVOLVED_PERSON,
    [ROWS_ASKING_REFERRALS] = REFERRALS_PERSON,
};

struct rows_load rows_begin(struct alm_rows *rows, const struct alm_sink *sink, enum rows_file f)
{
    rows->given[f] = true;
    return (struct rows_load){ .rows = rows, .sink = sink, .file = f };
}

void rows_end(struct rows_load *l)
{
    refs_deinit(&l->ids);
}

bool rows_worth_reading(const struct alm_rows *rows, enum rows_file f)
{
    return !rows->missing[ROWS_PEOPLE] || f == ROWS_PEOPLE || f == ROWS_HOMES;
}

const char *rows_row(struct rows_load *l, const char *const fields[])
{
    return row_readers[l->file](l, fields);
}

void rows_reject(struct rows_load *l, const char *const fields[])
{
    struct alm_rows *rows = l->rows;
    int column = person_columns[l->file];
    const char *ref = fields && column >= 0 ? fields[column] : "";
    size_t at;

    rows->rejected[l->file] = true;
    rows->partial = true;
    if (*ref && refs_find(&rows->people, ref, &at)) {
        rows->flags[at].rejected |= (uint16_t)(1u << l->file);
        return;
    }
    if (*ref && l->file == ROWS_PEOPLE) {
        int r = refs_add(&rows->lost, ref, &at);

        l->broken = r < 0 ? r : l->broken;
        if (r <= 0 || r == ALM_REPEATED)
            return;
    }
    rows->unplaced[l->file] = true;
}
