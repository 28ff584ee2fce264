/* SPDX-License-Identifier: Apache-2.0 */
/* load.c - reads what the host's index is made of, in one transaction, and tries the rest. */
#include "odbc/load.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "lib/refs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define REPORTS_MOST 100 /* bad rows of one statement that are told; the rest are counted */

static const char bad_date[] = "not a date from 1900 to 2999; select null for what means none";
static const char not_enough_memory[] = "not enough memory";

struct loading {
    struct odbc_source *source;
    const struct alm_sink *sink;
    struct refs people, asking; /* told so far */
    const struct odbc_statement *statement;
    const struct db_statement *row;
    int at[ODBC_FIELDS_MAX]; /* columns of the statement's fields */
    unsigned long n_rows, n_bad;
};

static const char *field(const struct loading *l, int number)
{
    return source_text(l->row, l->at[number]);
}

static const char *fault_of(int r)
{
    return r == 0 ? NULL : r > 0 ? alm_fault_text((enum alm_fault)r) : not_enough_memory;
}

/* Each tells one row to the sink. Return: 0; -EINVAL, *wrong set; what ends the load. */
typedef int load_row_fn(struct loading *l, const char **wrong);

static int told(int r, const char **wrong)
{
    *wrong = fault_of(r);
    return r > 0 ? -EINVAL : r;
}

static bool truth(const char *text, bool *out)
{
    static const char *const words[] = { "", "no", "0", "f", "false", "yes", "1", "t", "true" };

    for (size_t i = 0; i < ALM_LEN(words); i++) {
        if (strcmp(text, words[i]) != 0)
            continue;
        *out = i > 4;
        return true;
    }
    return false;
}

static int row_person(struct loading *l, const char **wrong)
{
    bool asking = l->statement->kind == ODBC_ASKING_PEOPLE;
    struct alm_person p = { .ref = field(l, PERSON_ID),
                            .given = field(l, PERSON_GIVEN),
                            .family = field(l, PERSON_FAMILY),
                            .nhs = field(l, PERSON_NHS),
                            .upn = field(l, PERSON_UPN),
                            .asking_only = asking };
    size_t at;
    int r;

    if (asking && refs_find(&l->people, p.ref, &at))
        return 0; /* held already, and answers may be given */
    *wrong = bad_date;
    if (source_day(l->row, l->at[PERSON_BORN], &p.born) != 0)
        return -EINVAL;
    *wrong = "unborn is yes or no";
    if (!truth(field(l, PERSON_UNBORN), &p.unborn))
        return -EINVAL;
    r = refs_add(asking ? &l->asking : &l->people, p.ref, &at);
    return told(r != 0 ? r : l->sink->person(l->sink->ctx, &p), wrong);
}

static int row_home(struct loading *l, const char **wrong)
{
    struct alm_home h = { .ref = field(l, HOME_ID),
                          .address = field(l, HOME_ADDRESS),
                          .postcode = field(l, HOME_POSTCODE) };

    *wrong = bad_date;
    if (source_day(l->row, l->at[HOME_SHIELDED], &h.shielded_from) != 0)
        return -EINVAL;
    return told(l->sink->home(l->sink->ctx, &h), wrong);
}

static int row_stay(struct loading *l, const char **wrong)
{
    bool asking = l->statement->kind == ODBC_ASKING_RESIDENCES;
    const char *person = field(l, STAY_PERSON);
    struct alm_stay stay = { .home = field(l, STAY_HOME) };
    size_t at;

    *wrong = "a stay needs a person_id and a household_id";
    if (!*person || !*stay.home)
        return -EINVAL;
    if (!refs_find(&l->people, person, &at) && !refs_find(&l->asking, person, &at))
        return asking ? 0 : told(ALM_NO_PERSON, wrong);
    *wrong = bad_date;
    if (source_day(l->row, l->at[STAY_FROM], &stay.from) != 0 ||
        source_day(l->row, l->at[STAY_UNTIL], &stay.until) != 0)
        return -EINVAL;
    *wrong = "the row ends before it begins; correct one of the dates";
    if (stay.until != ALM_DAY_NONE && stay.from > stay.until)
        return -EINVAL;
    return told(l->sink->stay(l->sink->ctx, person, &stay), wrong);
}

static load_row_fn *const row_fns[ODBC_LOADED] = {
    [ODBC_PEOPLE] = row_person,   [ODBC_ASKING_PEOPLE] = row_person,   [ODBC_HOMES] = row_home,
    [ODBC_RESIDENCES] = row_stay, [ODBC_ASKING_RESIDENCES] = row_stay,
};

static void row_bad(struct loading *l, const char *wrong)
{
    if (l->n_bad++ < REPORTS_MOST)
        l->sink->report(l->sink->ctx, l->statement->label, l->n_rows, wrong);
}

static void statement_report(const struct odbc_source *s, const struct alm_sink *sink,
                             const struct odbc_statement *st, int trouble, const char *more)
{
    const struct db_error *e = db_last_error(s->db);
    char text[512];

    (void)snprintf(text, sizeof(text), "%s: %s%s%s%s%s%s", st->label, db_trouble_word(trouble),
                   e->state[0] ? ", SQLSTATE " : "", e->state, e->text[0] ? ": " : "", e->text,
                   more);
    sink->report(sink->ctx, st->file, st->line, text);
}

/* Some memory errors end a load, and so does a host that has gone; a row that is not taken does
 * not. */
static int rows_read(struct loading *l, struct db_statement *in)
{
    for (;;) {
        const char *wrong = NULL;
        int r = db_fetch(in);

        if (r == DB_END)
            return 0;
        l->n_rows++;
        if (r == DB_BAD_TEXT) {
            char text[128];

            (void)snprintf(text, sizeof(text),
                           "column %u of the result: not UTF-8, or longer than %d bytes",
                           db_last_error(l->source->db)->column, DB_TEXT_MAX - 1);
            row_bad(l, text);
            continue;
        }
        if (r != 0)
            return r;
        r = row_fns[l->statement->kind](l, &wrong);
        if (r == -EINVAL)
            row_bad(l, wrong);
        else if (r != 0)
            return r;
    }
}

/* Return: 0 (l->n_bad rows were not taken); a trouble, reported; what the sink returned. */
static int statement_load(struct loading *l, const struct odbc_statement *st)
{
    const struct odbc_values none = { 0 };
    const char *lacks = NULL;
    struct db_statement *in;
    int r = source_put(l->source, st, &none, 0, &in);

    if (r == 0) {
        l->statement = st;
        l->row = in;
        l->n_rows = 0;
        r = source_columns(st, in, l->at, &lacks);
        if (r == 0)
            r = rows_read(l, in);
        db_done(in);
        if (r > 0 && !lacks)
            r = source_fail(l->source, st, r);
    }
    if (r > 0 && lacks) {
        char text[256];

        (void)snprintf(text, sizeof(text),
                       "%s: the result has no column %s, or several; name it in columns", st->label,
                       lacks);
        l->sink->report(l->sink->ctx, st->file, st->line, text);
    } else if (r > 0) {
        statement_report(l->source, l->sink, st, r, "");
    }
    if (l->n_bad > REPORTS_MOST) {
        char text[64];

        (void)snprintf(text, sizeof(text), "and %lu more bad rows", l->n_bad - REPORTS_MOST);
        l->sink->report(l->sink->ctx, st->label, 0, text);
    }
    return r;
}

/* What is wrong for good is -EINVAL where somebody looks on (--check); else it is tried again:
 * rights may be given, a view mended, and meanwhile nobody becomes "not known" for want of a table.
 */
static int load_result(int r, bool strict)
{
    if (r <= 0)
        return r;
    return strict && r != DB_ABSENT && r != DB_LOST ? -EINVAL : -EAGAIN;
}

int load_rows(struct odbc_source *s, const struct alm_sink *sink, bool strict)
{
    struct loading l = { .source = s, .sink = sink };
    unsigned long bad = 0;
    int r = db_transaction(s->db, true);

    if (r != 0)
        sink->report(sink->ctx, "odbc", 0, "the driver begins no transaction");
    for (size_t k = 0; r == 0 && k < ODBC_LOADED; k++) {
        l.n_bad = 0;
        if (s->config->only[k])
            r = statement_load(&l, s->config->only[k]);
        bad += l.n_bad;
        if (l.n_bad > 0 && k == ODBC_PEOPLE)
            break; /* else every row about a person whose row was bad is an error of its own */
    }
    refs_deinit(&l.people);
    refs_deinit(&l.asking);
    /* Prepared in this transaction; drivers differ in what survives its end. */
    for (size_t k = 0; k < ODBC_LOADED; k++) {
        size_t number =
            s->config->only[k] ? (size_t)(s->config->only[k] - s->config->statements) : 0;

        if (s->config->only[k])
            s->prepared[number] = db_statement_free(s->prepared[number]);
    }
    if (db_connected(s->db) && db_transaction(s->db, false) != 0)
        source_disconnect(s);
    return r != 0 ? load_result(r, strict) : bad ? -EINVAL : 0;
}

/* Columns that are read by position or name are there, and nobody has no rows. */
static const char *result_wrong(const struct odbc_statement *st, struct db_statement *in,
                                int *trouble)
{
    int at[ODBC_FIELDS_MAX];
    const char *lacks = NULL;

    *trouble = DB_MISSING;
    if (source_columns(st, in, at, &lacks) != 0)
        return lacks;
    if (st->kind == ODBC_QUESTION && st->answers == ODBC_EVENTS && db_columns(in) < 2)
        return "the second column, of events: yes where one starts it, no where it ends";
    *trouble = db_fetch(in);
    if (*trouble == DB_END)
        *trouble = 0;
    else if (*trouble == 0 && st->kind != ODBC_AS_OF && st->kind != ODBC_CHANGED &&
             !(st->kind == ODBC_QUESTION && st->answers == ODBC_VALUE))
        return "";
    return NULL;
}

static int statement_try(struct odbc_source *s, const struct alm_sink *sink,
                         const struct odbc_statement *st)
{
    const struct odbc_values nobody = { .day = civil_today(clock_wall_ms()),
                                        .place_from = ALM_DAY_NONE,
                                        .place_until = ALM_DAY_NONE };
    struct db_statement *in;
    const char *wrong;
    char text[256];
    int r = source_put(s, st, &nobody, clock_mono_ms() + s->limits.deadline_ms, &in);

    if (r != 0) {
        if (r > 0)
            statement_report(s, sink, st, r, "");
        return r;
    }
    wrong = result_wrong(st, in, &r);
    db_done(in);
    if (!wrong && r > 0) {
        source_fail(s, st, r);
        statement_report(s, sink, st, r, "");
    }
    if (!wrong)
        return r;
    if (*wrong)
        (void)snprintf(text, sizeof(text), "%s: the result lacks %s", st->label, wrong);
    else
        (void)snprintf(text, sizeof(text),
                       "%s: gives rows when asked about nobody; does WHERE use every parameter?",
                       st->label);
    sink->report(sink->ctx, st->file, st->line, text);
    s->missing[st - s->config->statements] = true;
    return *wrong ? DB_MISSING
                  : -EINVAL; /* it would say "yes" of everybody: not to be run with at all */
}

int load_try(struct odbc_source *s, const struct alm_sink *sink, bool strict)
{
    bool bad = false;

    for (size_t i = 0; i < s->config->n_statements; i++) {
        int r;

        if (s->config->statements[i].kind < ODBC_LOADED)
            continue;
        r = statement_try(s, sink, &s->config->statements[i]);
        if (r < 0 && r != -EINVAL)
            return r;
        if (r == DB_ABSENT || r == DB_LOST)
            return -EAGAIN;
        bad = bad || (strict && r != 0) || r == -EINVAL;
    }
    return bad ? -EINVAL : 0;
}
