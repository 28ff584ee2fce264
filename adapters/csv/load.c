/* SPDX-License-Identifier: Apache-2.0 */
/* load.c - every file of a configuration into rows, and people, homes and stays to the sink. */
#include "csv/rows.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char no_memory[] = "not enough memory";
static const char bad_date[] = "not a date; write YYYY-MM-DD, a day that exists, from 1900 to 2999";
static const char dates_reversed[] = "the row ends before it begins; correct one of the dates";

struct loading { /* ctx of every row */
    struct alm_rows *rows;
    const struct alm_sink *sink;
    bool asking;     /* reading a file of relationships */
    struct refs ids; /* ids of this file's rows, to find repeats */
};

/* An id column may be absent, then "" on every row. */
static const char *row_id(struct loading *l, const char *id)
{
    size_t at;
    int r = *id ? refs_add(&l->ids, id, &at) : 0;

    if (r == ALM_REPEATED)
        return "this id stands on an earlier line too; remove the repeated row or give it an id of "
               "its own";
    return r == 0 ? NULL : r > 0 ? alm_fault_text((enum alm_fault)r) : no_memory;
}

static bool date_read(const char *text, bool needed, int32_t *out)
{
    *out = CIVIL_NONE;
    return *text ? civil_parse(text, out) == 0 : !needed;
}

static const char *fault_of(int r)
{
    return r == 0 ? NULL : r > 0 ? alm_fault_text((enum alm_fault)r) : no_memory;
}

static bool word_number(struct loading *l, const char *text, uint32_t *out)
{
    size_t at;
    int r;

    *out = ROW_NONE;
    if (!*text)
        return true;
    r = refs_add(&l->rows->words, text, &at);
    if (r != 0 && r != ALM_REPEATED)
        return false;
    *out = (uint32_t)at;
    return true;
}

/* A home may be named by a row without standing in the homes file: it then has no address, and no
 * token. */
static bool home_number(struct loading *l, const char *ref, uint32_t *out)
{
    size_t at;
    int r;

    *out = ROW_NONE;
    if (!*ref)
        return true;
    r = refs_add(&l->rows->homes, ref, &at);
    if (r != 0 && r != ALM_REPEATED)
        return false;
    *out = (uint32_t)at;
    return true;
}

/* Return: NULL; what is wrong. *skip: the row is passed over. */
static const char *person_number(struct loading *l, const char *ref, uint32_t *out, bool *skip)
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
    *skip = l->asking;
    l->rows->passed_over += l->asking;
    return l->asking ? NULL : alm_fault_text(ALM_NO_PERSON);
}

static const char *row_person(void *ctx, const char *const f[])
{
    struct loading *l = ctx;
    struct alm_person p = { f[PEOPLE_ID],
                            f[PEOPLE_GIVEN],
                            f[PEOPLE_FAMILY],
                            CIVIL_NONE,
                            f[PEOPLE_NHS],
                            f[PEOPLE_UPN],
                            strcmp(f[PEOPLE_UNBORN], "yes") == 0,
                            l->asking };
    struct alm_rows *rows = l->rows;
    size_t at;
    int r;

    if (l->asking && refs_find(&rows->people, p.ref, &at))
        return row_id(l, p.ref); /* held already, and answers may be given */
    if (*f[PEOPLE_UNBORN] && !p.unborn && strcmp(f[PEOPLE_UNBORN], "no") != 0)
        return "unborn is yes or no";
    if (!date_read(f[PEOPLE_BORN], true, &p.born))
        return bad_date;
    at = refs_count(&rows->people);
    if (at >= rows->cap_asking_only) {
        size_t cap = at ? at * 2 : 64;
        bool *grown = reallocarray(rows->asking_only, cap, sizeof(*grown));

        if (!grown)
            return no_memory;
        rows->asking_only = grown;
        rows->cap_asking_only = cap;
    }
    rows->asking_only[at] = l->asking;
    r = refs_add(&rows->people, p.ref, &at);
    return fault_of(r != 0 ? r : l->sink->person(l->sink->ctx, &p));
}

static const char *row_home(void *ctx, const char *const f[])
{
    struct loading *l = ctx;
    struct alm_home h = { f[HOMES_ID], f[HOMES_ADDRESS], f[HOMES_POSTCODE], CIVIL_NONE };
    size_t at;
    int r;

    if (!date_read(f[HOMES_SHIELDED], false, &h.shielded_from))
        return bad_date;
    r = refs_add(&l->rows->homes, h.ref, &at);
    return fault_of(r != 0 ? r : l->sink->home(l->sink->ctx, &h));
}

static const char *row_stay(void *ctx, const char *const f[])
{
    struct loading *l = ctx;
    struct row_stay s = { .asking = l->asking }, *to;
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
        return no_memory;
    *to = s;
    told = (struct alm_stay){ f[STAYS_HOME], s.from, s.until };
    return fault_of(l->sink->stay(l->sink->ctx, f[STAYS_PERSON], &told));
}

static const char *row_contact(void *ctx, const char *const f[])
{
    struct loading *l = ctx;
    struct row_contact c, *to;
    const char *wrong = row_id(l, f[CONTACTS_ID]);
    bool skip;

    if (!wrong)
        wrong = person_number(l, f[CONTACTS_PERSON], &c.person, &skip);
    if (wrong)
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
        return no_memory;
    *to = c;
    return NULL;
}

static const char *row_involvement(void *ctx, const char *const f[])
{
    struct loading *l = ctx;
    struct row_involvement v = { .asking = l->asking }, *to;
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
        return no_memory;
    *to = v;
    return NULL;
}

static const char *row_referral(void *ctx, const char *const f[])
{
    struct loading *l = ctx;
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
        return no_memory;
    *to = r;
    return NULL;
}

static table_row_fn *const row_readers[CSV_FILE_COUNT] = {
    [CSV_PEOPLE] = row_person,
    [CSV_HOMES] = row_home,
    [CSV_RESIDENCES] = row_stay,
    [CSV_CONTACTS] = row_contact,
    [CSV_INVOLVEMENTS] = row_involvement,
    [CSV_ASKING_PEOPLE] = row_person,
    [CSV_ASKING_RESIDENCES] = row_stay,
    [CSV_ASKING_INVOLVEMENTS] = row_involvement,
    [CSV_ASKING_REFERRALS] = row_referral,
};
/* People before rows about them, homes before stays in them. */
static const enum csv_file load_order[] = {
    CSV_PEOPLE,       CSV_ASKING_PEOPLE,       CSV_HOMES,
    CSV_RESIDENCES,   CSV_ASKING_RESIDENCES,   CSV_CONTACTS,
    CSV_INVOLVEMENTS, CSV_ASKING_INVOLVEMENTS, CSV_ASKING_REFERRALS,
};

static void rows_file_day(struct alm_rows *rows, const char *path)
{
    struct stat st;
    int32_t day;

    if (stat(path, &st) != 0)
        return;
    day = civil_today((int64_t)st.st_mtime * 1000);
    if (rows->file_day == CIVIL_NONE || day < rows->file_day)
        rows->file_day = day;
}

static int rows_load_file(struct alm_rows *rows, enum csv_file f, const struct alm_sink *sink,
                          alm_report_fn *report, void *ctx)
{
    const struct csv_source *s = &rows->config->files[f];
    struct loading l = { .rows = rows, .sink = sink, .asking = f >= CSV_ASKING_PEOPLE };
    int r;

    if (!s->given)
        return 0;
    rows_file_day(
        rows,
        s->path); /* before reading: a file written meanwhile is older than it looks, never newer */
    r = table_read(&s->table, report, ctx, row_readers[f], &l);
    refs_deinit(&l.ids);
    if (r > 0) { /* TABLE_ABSENT, TABLE_LACKS_COLUMN */
        rows->missing[f] = true;
        rows->partial = true;
    }
    return r;
}

/* When the people are not known, rows about them would all be errors: they are left unread. */
static bool worth_reading(const struct alm_rows *rows, enum csv_file f)
{
    return !rows->missing[CSV_PEOPLE] || f == CSV_PEOPLE || f == CSV_HOMES;
}

static int rows_load_all(struct alm_rows *rows, const struct alm_sink *sink, bool strict,
                         alm_report_fn *report, void *ctx)
{
    bool bad = false;

    for (size_t i = 0; i < ALM_LEN(load_order); i++) {
        int r;

        if (!worth_reading(rows, load_order[i]))
            continue;
        r = rows_load_file(rows, load_order[i], sink, report, ctx);
        if (r < 0 && r != -EINVAL)
            return r;
        bad = bad || r == -EINVAL || (strict && r > 0);
        if (r == -EINVAL && load_order[i] == CSV_PEOPLE)
            break; /* else every row about a person whose line was bad is an error of its own */
    }
    return bad ? -EINVAL : rows_index(rows);
}

int rows_load(const struct csv_config *c, const struct alm_sink *sink, bool strict,
              alm_report_fn *report, void *ctx, struct alm_rows **out)
{
    struct alm_rows *rows = calloc(1, sizeof(*rows));
    int r;

    if (!rows)
        return -ENOMEM;
    rows->config = c;
    rows->file_day = CIVIL_NONE;
    r = rows_load_all(rows, sink, strict, report, ctx);
    if (r != 0) {
        rows_free(rows);
        return r;
    }
    *out = rows;
    return 0;
}
