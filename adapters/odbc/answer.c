/* SPDX-License-Identifier: Apache-2.0 */
/* answer.c - questions as statements: one run for each home that a parameter may stand for, "yes"
 * if any says so.
 *
 * Where a run gives nothing, it is "no" for a person or home that is ours, else "not known". What
 * could not be put is never "no". */
#include "odbc/answer.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "lib/tally.h"

#include <string.h>
#include <strings.h>

struct asking { /* one question, over all its statements and runs */
    struct odbc_source *source;
    const struct alm_question *q;
    int64_t until_ms;
    bool supported; /* a statement is about what the question is about */
    bool yes, no, ambiguous;
    enum alm_cause cause; /* of the first run that could not say; ALM_CAUSE_NONE: all could */
    struct tally events;
};

static enum alm_cause cause_of(int trouble)
{
    return trouble == DB_MISSING ? ALM_PARTIAL : ALM_FAILED;
}

static void cannot_say(struct alm_answer *out, enum alm_cause cause)
{
    int32_t day = out->data_as_of;

    *out = (struct alm_answer){
        .value = ALM_CANNOT_SAY, .cause = (uint8_t)cause, .data_as_of = day, .since = ALM_DAY_NONE
    };
}

/* --- What one run's result says --- */

/* Whether what is asked about is ours, so that nothing found is "no". */
static bool ours(const struct asking *a)
{
    return a->q->about_household ? a->q->household.n > 0 : a->q->person != NULL;
}

static int take_rows(struct asking *a, struct db_statement *in)
{
    int r = db_fetch(in);

    a->yes = a->yes || r == 0;
    a->no = a->no || (r == DB_END && ours(a));
    return r == DB_END ? 0 : r;
}

static enum alm_value value_of(const char *text)
{
    static const struct {
        const char *word;
        enum alm_value value;
    } words[] = {
        { "yes", ALM_YES },
        { "no", ALM_NO },
        { "1", ALM_YES },
        { "0", ALM_NO },
        { "t", ALM_YES },
        { "f", ALM_NO },
        { "true", ALM_YES },
        { "false", ALM_NO },
        { "y", ALM_YES },
        { "n", ALM_NO },
        { "not-known", ALM_NOT_KNOWN },
    };

    for (size_t i = 0; text && i < ALM_LEN(words); i++) {
        if (strcasecmp(text, words[i].word) == 0)
            return words[i].value;
    }
    return text ? ALM_CANNOT_SAY : ALM_NOT_KNOWN;
}

/* No row, or null: the source does not know. Two rows: it does not know whom or what is meant. */
static int take_value(struct asking *a, struct db_statement *in)
{
    int r = db_fetch(in);
    enum alm_value value;

    if (r != 0)
        return r == DB_END ? 0 : r;
    value = value_of(db_text(in, 0));
    r = db_fetch(in);
    if (r == 0) {
        a->ambiguous = true;
        return 0;
    }
    a->yes = a->yes || value == ALM_YES;
    a->no = a->no || value == ALM_NO;
    if (value == ALM_CANNOT_SAY && !a->cause)
        a->cause = ALM_PARTIAL;
    return r == DB_END ? 0 : r;
}

/* Date, and whether the event starts what is asked about or ends it. */
static int take_events(struct asking *a, struct db_statement *in)
{
    int r;

    if (db_columns(in) < 2)
        return db_blame(a->source->db, DB_MISSING, "events have two columns: date, and yes or no");
    while ((r = db_fetch(in)) == 0) {
        enum alm_value starts = value_of(db_text(in, 1));
        int32_t day;

        if (db_day(in, 0, &day) != 0 || (starts != ALM_YES && starts != ALM_NO))
            return db_blame(a->source->db, DB_FAILED, "an event is a date, and yes or no");
        tally_add(&a->events, starts == ALM_YES ? TALLY_START : TALLY_END, day);
    }
    a->no = a->no || (r == DB_END && ours(a));
    return r == DB_END ? 0 : r;
}

typedef int take_fn(struct asking *a, struct db_statement *in);
static take_fn *const takes[] = {
    [ODBC_ROWS] = take_rows, [ODBC_VALUE] = take_value, [ODBC_EVENTS] = take_events
};

/* --- Which runs there are --- */

/* Return: 0 also where the run could not say (noted); DB_LOST, -ENOMEM. */
static int run(struct asking *a, const struct odbc_statement *st, const struct odbc_values *v)
{
    struct db_statement *in;
    int r = source_put(a->source, st, v, a->until_ms, &in);

    if (r == 0) {
        r = takes[st->answers](a, in);
        db_done(in);
        if (r > 0)
            r = source_fail(a->source, st, r);
    }
    if (r < 0 || r == DB_LOST)
        return r;
    if (r > 0 && !a->cause)
        a->cause = cause_of(r);
    return 0;
}

/* One run for each reference that the parameter's home has here, or one with null when we do not
 * hold that home: a person who is known to live elsewhere does not live there. */
static int run_homes(struct asking *a, const struct odbc_statement *st, struct odbc_values *v)
{
    const struct alm_place *home = &a->q->parameter;
    int r = 0;

    if (!st->uses[ODBC_HOME] || home->n == 0)
        return run(a, st, v);
    for (size_t i = 0; r == 0 && i < home->n; i++) {
        v->home = home->homes[i];
        r = run(a, st, v);
    }
    return r;
}

static int run_places(struct asking *a, const struct odbc_statement *st, struct odbc_values *v)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < a->q->n_places; i++) {
        const struct alm_place *place = &a->q->places[i];

        v->place_from = place->from;
        v->place_until = place->until;
        for (size_t j = 0; r == 0 && j < place->n; j++) {
            v->place = place->homes[j];
            r = run_homes(a, st, v);
        }
    }
    return r;
}

static int run_statement(struct asking *a, const struct odbc_statement *st)
{
    const struct alm_question *q = a->q;
    struct odbc_values v = { .person = q->person,
                             .day = q->as_of,
                             .place_from = ALM_DAY_NONE,
                             .place_until = ALM_DAY_NONE };
    int r = 0;

    if (st->uses[ODBC_PLACE])
        return run_places(a, st, &v);
    if (!st->uses[ODBC_HOUSEHOLD])
        return q->person ? run_homes(a, st, &v) : 0;
    for (size_t i = 0; r == 0 && i < q->household.n; i++) {
        v.household = q->household.homes[i];
        r = run_homes(a, st, &v);
    }
    return r;
}

static bool statement_fits(const struct odbc_statement *st, const struct alm_question *q)
{
    return st->kind == ODBC_QUESTION && strcmp(st->id, q->id) == 0 &&
           st->uses[ODBC_HOUSEHOLD] == q->about_household &&
           (!st->uses[ODBC_HOME] || q->has_parameter);
}

static int put_all(struct asking *a)
{
    const struct odbc_config *c = a->source->config;
    int r = 0;

    for (size_t i = 0; r == 0 && i < c->n_statements && !a->yes; i++) {
        if (!statement_fits(&c->statements[i], a->q))
            continue;
        a->supported = true;
        r = run_statement(a, &c->statements[i]);
    }
    a->yes = a->yes || tally_holds(&a->events);
    return r;
}

static void conclude(const struct asking *a, struct alm_answer *out)
{
    /* Events that could not all be read may hide the end of what they show begun. */
    bool sure = a->yes && !(a->cause && a->events.any);

    if (!a->supported)
        cannot_say(out, ALM_UNSUPPORTED);
    else if (sure)
        out->value = ALM_YES;
    else if (a->cause || a->ambiguous)
        cannot_say(out, a->cause ? a->cause : ALM_AMBIGUOUS);
    else
        out->value = a->no ? ALM_NO : ALM_NOT_KNOWN;
}

/* --- Who is involved --- */

/* Whole entries of a list parted by ", ": "care" is not in "healthcare". */
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

static void service_add(char *list, const char *service)
{
    size_t len = strlen(list), more = strlen(service);

    if (!more || listed(list, service) || len + more + 3 >= ALM_TEXT_MAX)
        return;
    if (len)
        memcpy(list + len, ", ", 3);
    memcpy(list + len + (len ? 2 : 0), service, more + 1);
}

static void first_text(char *out, const char *text)
{
    if (!*out && text_copy(out, ALM_TEXT_MAX, text) != 0)
        out[0] = '\0';
}

/* Several open at once: every service is named, once, and the longest-standing gives the day. */
static int involvements_read(struct odbc_source *s, const struct odbc_statement *st,
                             struct db_statement *in, struct alm_answer *out)
{
    int at[ODBC_FIELDS_MAX], r;
    const char *lacks;

    if (source_columns(st, in, at, &lacks) != 0)
        return db_blame(s->db, DB_MISSING, "the result lacks a column");

    while ((r = db_fetch(in)) == 0) {
        int32_t since;

        if (source_day(in, at[INVOLVED_SINCE], &since) != 0)
            return db_blame(s->db, DB_FAILED, "a start is not a date");
        out->value = ALM_YES;
        service_add(out->service, source_text(in, at[INVOLVED_SERVICE]));
        first_text(out->contact_route, source_text(in, at[INVOLVED_ROUTE]));
        first_text(out->lead_professional, source_text(in, at[INVOLVED_LEAD]));
        if (since != ALM_DAY_NONE && (out->since == ALM_DAY_NONE || since < out->since))
            out->since = since;
    }
    return r == DB_END ? 0 : r;
}

static int who_is_involved(struct odbc_source *s, const struct alm_question *q, int64_t until_ms,
                           struct alm_answer *out)
{
    const struct odbc_statement *st = s->config->only[ODBC_INVOLVEMENT];
    const struct odbc_values v = { .person = q->person,
                                   .day = q->as_of,
                                   .place_from = ALM_DAY_NONE,
                                   .place_until = ALM_DAY_NONE };
    struct db_statement *in;
    int r;

    out->value = q->person ? ALM_NO : ALM_NOT_KNOWN;
    if (!st)
        cannot_say(out, ALM_PARTIAL); /* as a backend that holds no such table */
    else if (q->about_household)
        cannot_say(out, ALM_UNSUPPORTED);
    if (!st || q->about_household || !q->person)
        return 0;
    r = source_put(s, st, &v, until_ms, &in);
    if (r == 0) {
        r = involvements_read(s, st, in, out);
        db_done(in);
        if (r > 0)
            r = source_fail(s, st, r);
    }
    if (r < 0 || r == DB_LOST)
        return r;
    if (r > 0)
        cannot_say(out, cause_of(r));
    return 0;
}

int answer_question(struct odbc_source *s, const struct alm_question *q, int64_t until_ms,
                    struct alm_answer *out)
{
    struct asking a = {
        .source = s, .q = q, .until_ms = until_ms, .events = tally_new(TALLY_STATE, 0, q->as_of)
    };
    int32_t day, max_age = s->config->max_age_days;
    int r = source_data_day(s, q->as_of, until_ms, &day);

    *out = (struct alm_answer){ .data_as_of = q->as_of, .since = ALM_DAY_NONE };
    if (r < 0 || r == DB_LOST)
        return r;
    if (r > 0) {
        cannot_say(out, cause_of(r));
        return 0;
    }
    out->data_as_of = day;
    /* A source that does not know how old its data are may be any age. */
    if (day == ALM_DAY_NONE || (max_age && q->as_of - day > max_age)) {
        cannot_say(out, ALM_STALE);
        return 0;
    }
    if (q->involvement)
        return who_is_involved(s, q, until_ms, out);
    r = put_all(&a);
    if (r == 0)
        conclude(&a, out);
    return r;
}

/* --- Why we may ask --- */

/* Source: data README, "Order of checks", 6: an involvement "open on D or ended at most 365 days
 * before, with the subject or anyone who lives with the subject on D; or a referral made to it ...
 * within 365 days that is neither closed nor declined". The statements say with whom; the days are
 * judged here. */
#define RELATION_DAYS 365
enum { RANK_REFERRAL = 1, RANK_HOME_ENDED, RANK_HOME_OPEN, RANK_ENDED, RANK_OPEN };

struct relating {
    int32_t day;
    int rank; /* of the best so far; 0: none */
    struct alm_relationship best;
};

/* Keeps the higher rank; of the same rank, the later beginning. */
static void offer(struct relating *r, int rank, enum alm_relation kind, int32_t since,
                  int32_t until)
{
    if (rank < r->rank || (rank == r->rank && since <= r->best.since))
        return;
    r->rank = rank;
    r->best = (struct alm_relationship){ (uint8_t)kind, since, until };
}

static void relation_row(struct relating *r, const char *kind, int32_t since, int32_t until)
{
    bool open = until == ALM_DAY_NONE || r->day < until;

    if (since == ALM_DAY_NONE || since > r->day)
        return;
    if (strcmp(kind, "referral") == 0) {
        if (open && r->day - since <= RELATION_DAYS)
            offer(r, RANK_REFERRAL, ALM_REFERRAL, since, ALM_DAY_NONE);
        return;
    }
    if (!open && r->day - until > RELATION_DAYS)
        return;
    if (strcmp(kind, "same-home") == 0)
        offer(r, open ? RANK_HOME_OPEN : RANK_HOME_ENDED, ALM_SAME_HOME, since,
              open ? ALM_DAY_NONE : until);
    else if (strcmp(kind, "involvement") == 0)
        offer(r, open ? RANK_OPEN : RANK_ENDED, open ? ALM_INVOLVED : ALM_WAS_INVOLVED, since,
              open ? ALM_DAY_NONE : until);
}

static int relation_put(struct odbc_source *s, const struct odbc_statement *st,
                        const struct odbc_values *v, int64_t until_ms, struct relating *out)
{
    int at[ODBC_FIELDS_MAX], r;
    struct db_statement *in;
    const char *lacks;
    int32_t since, until;

    r = source_put(s, st, v, until_ms, &in);
    if (r != 0)
        return r;
    r = source_columns(st, in, at, &lacks);
    if (r != 0)
        (void)db_blame(s->db, r, "the result lacks a column");
    while (r == 0 && (r = db_fetch(in)) == 0) {
        if (source_day(in, at[RELATION_SINCE], &since) != 0 ||
            source_day(in, at[RELATION_UNTIL], &until) != 0)
            r = db_blame(s->db, DB_FAILED, "since or until is not a date");
        else
            relation_row(out, source_text(in, at[RELATION_KIND]), since, until);
    }
    db_done(in);
    return r == DB_END ? 0 : source_fail(s, st, r);
}

static bool lived_there(const struct alm_place *p, int32_t day)
{
    return (p->from == ALM_DAY_NONE || p->from <= day) &&
           (p->until == ALM_DAY_NONE || day < p->until);
}

static int relation_places(struct odbc_source *s, const struct odbc_statement *st,
                           const struct alm_subject *subject, struct odbc_values *v,
                           int64_t until_ms, struct relating *out)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < subject->n_places; i++) {
        const struct alm_place *place = &subject->places[i];

        v->place_from = place->from;
        v->place_until = place->until;
        for (size_t j = 0; r == 0 && j < place->n && lived_there(place, subject->day); j++) {
            v->place = place->homes[j];
            r = relation_put(s, st, v, until_ms, out);
        }
    }
    return r;
}

int answer_relation(struct odbc_source *s, const struct alm_subject *subject, int64_t until_ms,
                    struct alm_relationship *out)
{
    struct relating best = { .day = subject->day,
                             .best = { ALM_RELATION_NONE, ALM_DAY_NONE, ALM_DAY_NONE } };
    struct odbc_values v = { .person = subject->person,
                             .day = subject->day,
                             .place_from = ALM_DAY_NONE,
                             .place_until = ALM_DAY_NONE };
    int failed = 0;

    for (size_t i = 0; i < s->config->n_statements; i++) {
        const struct odbc_statement *st = &s->config->statements[i];
        int r = 0;

        if (st->kind != ODBC_RELATIONSHIP)
            continue;
        if (st->uses[ODBC_PLACE])
            r = relation_places(s, st, subject, &v, until_ms, &best);
        else if (subject->person)
            r = relation_put(s, st, &v, until_ms, &best);
        if (r < 0 || r == DB_LOST)
            return r;
        failed = failed ? failed : r;
    }
    /* One that was found holds, whatever else could not be looked for. */
    if (failed && !best.rank)
        return failed;
    *out = best.best;
    return 0;
}
