/* SPDX-License-Identifier: Apache-2.0 */
/* command.c - what a person at the desk does: sees what is asked, answers it, states that the list is
 * complete. JSON in, JSON out (proto/local). */
#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "desk/desk.h"
#include "local/local.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define LIST_MAX       1000
#define STATEMENTS_MAX 100
#define DAY_MS         86400000LL
#define LIST_BYTES     (ALM_COMMAND_MAX - 8192) /* of questions in one reply; the rest of it beside them */

typedef json_t *verb_fn(struct desk *d, const json_t *request);

static json_t *book_failed(int r)
{
    switch (r) {
    case -ENOENT:
        return local_error("no-question", EX_DATAERR,
                           "there is no such question; \"almoner desk list\" shows those that wait");
    case -ENOTUNIQ:
        return local_error("ambiguous-id", EX_DATAERR,
                           "several questions begin so; give more of the id");
    case -EBADMSG:
        return local_error("book-damaged", EX_IOERR,
                           "a file of the book is damaged; restore the folder from its backup");
    case -ENOSPC:
    case -EDQUOT:
        return local_error("disk-full", EX_IOERR,
                           "the disk with the book is full: nothing was recorded; make room and try "
                           "again");
    default:
        return local_error("book-failed", EX_IOERR, "the book could not be read or written: %s",
                           strerror(-r));
    }
}

/* --- showing --- */
static json_t *day_json(int32_t day)
{
    char text[CIVIL_TEXT];

    civil_format(day, text);
    return json_string(text);
}

static void put_person(const struct desk *d, const struct book_question *q, json_t *o)
{
    const struct register_person *p = register_person(d->people, q->about);

    (void)json_object_set_new(o, "name", json_string(p ? p->name : ""));
    (void)json_object_set_new(o, "born", json_string(p ? p->born : ""));
    (void)json_object_set_new(o, "on_list", json_boolean(p != NULL));
}

static void put_home(const struct desk *d, const char *ref, const char *key, json_t *o)
{
    const struct register_home *h = register_home(d->people, ref);

    if (h)
        (void)json_object_set_new(o, key, json_sprintf("%s, %s", h->address, h->postcode));
}

static const char *value_word(const struct alm_answer *a)
{
    static const char *const words[] = { "", "yes", "no", "not-known", "cannot-say" };

    return a->value < ALM_LEN(words) ? words[a->value] : "";
}

static json_t *question_json(const struct desk *d, const struct book_question *q)
{
    static const char *const states[BOOK_STATES] = { "open", "given", "over" };
    json_t *o = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:I, s:I}", "id", q->key, "state",
        q->state == BOOK_OVER && q->end == BOOK_LAPSED ? "lapsed" : states[q->state], "question",
        q->involvement ? "who-is-involved" : q->question, "wording",
        q->involvement ? "Are you working with this person?"
                       : desk_wording(d->config, q->question),
        "asker", q->asker, "purpose", q->purpose, "as_of", day_json(q->as_of), "asked_ms",
        (json_int_t)q->asked_ms, "due_ms", (json_int_t)q->due_ms);

    if (!o)
        return NULL;
    (void)json_object_set_new(o, "about", json_string(q->household ? "home" : "person"));
    if (!q->about[0])
        (void)json_object_set_new(o, "on_list", json_false());
    else if (q->household) {
        put_home(d, q->about, "home", o);
        (void)json_object_set_new(o, "on_list", json_boolean(register_home(d->people, q->about) != NULL));
    }
    else
        put_person(d, q, o);
    if (q->place[0])
        put_home(d, q->place, "at_home", o);
    if (q->state != BOOK_OPEN) {
        (void)json_object_set_new(o, "answer", json_string(value_word(&q->answer)));
        (void)json_object_set_new(o, "answered_by", json_string(q->name));
        (void)json_object_set_new(o, "answered_ms", json_integer((json_int_t)q->answer.by_ms));
    }
    return o;
}

static json_t *statement_json(const struct desk *d, const struct book_statement *s)
{
    return json_pack("{s:s, s:s, s:I, s:I, s:I, s:b}", "name", s->name, "by", s->by, "at_ms",
                     (json_int_t)s->at_ms, "until_ms",
                     (json_int_t)(s->at_ms + d->config->statement_days * DAY_MS), "people",
                     (json_int_t)s->people, "list_unchanged", strcmp(s->list, d->people->digest) == 0);
}

/* Those about people and homes of ours, the most urgent first, as many as one reply holds. Return: how many
 * there are. */
static int list_take(const struct desk *d, const struct book_question *all, int n, json_t *rows)
{
    size_t room = LIST_BYTES;
    int about = 0;

    for (int i = 0; i < n; i++) {
        json_t *o;
        size_t size;

        if (!all[i].about[0])
            continue;
        about++;
        o = room ? question_json(d, &all[i]) : NULL;
        size = o ? json_dumpb(o, NULL, 0, JSON_COMPACT) + 1 : room + 1;
        room = size <= room ? room - size : 0;
        if (!room)
            json_decref(o);
        else
            (void)json_array_append_new(rows, o);
    }
    return about;
}

static json_t *verb_list(struct desk *d, const json_t *request)
{
    struct book_question *all = calloc(LIST_MAX, sizeof(*all));
    json_t *rows = json_array(), *reply;
    struct book_statement s;
    int n = all && rows ? desk_lapse(d, clock_wall_ms()) : -ENOMEM, about = 0;

    (void)request;
    if (n == 0)
        n = book_list(d->book, BOOK_OPEN, all, LIST_MAX);
    if (n > 0)
        about = list_take(d, all, n < LIST_MAX ? n : LIST_MAX, rows);
    free(all);
    if (n < 0) {
        json_decref(rows);
        return book_failed(n);
    }
    reply = json_pack("{s:b, s:s, s:i, s:i, s:o}", "ok", 1, "kind", "desk-questions", "waiting", about,
                      "unknown", n - about, "questions", rows);
    if (reply && desk_statement(d, clock_wall_ms(), &s))
        (void)json_object_set_new(reply, "statement", statement_json(d, &s));
    return reply;
}

static json_t *find(struct desk *d, const json_t *request, struct book_question *out)
{
    char id[BOOK_KEY_TEXT];
    int r;

    if (local_get_text(request, "id", id, sizeof(id)) != 0)
        return local_error("missing-field", EX_USAGE, "which question? give its id");
    r = book_find(d->book, id, out);
    return r == 0 ? NULL : book_failed(r);
}

static json_t *verb_show(struct desk *d, const json_t *request)
{
    struct book_question q;
    json_t *wrong = find(d, request, &q);

    return wrong ? wrong
                 : json_pack("{s:b, s:s, s:o}", "ok", 1, "kind", "desk-question", "question",
                             question_json(d, &q));
}

/* --- answering --- */
static const struct {
    const char *word;
    uint8_t value, cause;
} values[] = {
    { "yes", ALM_YES, ALM_CAUSE_NONE },
    { "no", ALM_NO, ALM_CAUSE_NONE },
    { "not-known", ALM_NOT_KNOWN, ALM_CAUSE_NONE },
    { "cannot-say", ALM_CANNOT_SAY, ALM_FAILED },
};

/* Who says so: a name as people write it, and the reference that the log keeps. */
static json_t *signer_read(const json_t *request, char name[static BOOK_NAME_MAX],
                           char by[static ALM_BY_MAX])
{
    static const char may[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t len;

    if (local_get_text(request, "name", name, BOOK_NAME_MAX) != 0 || !name[strspn(name, " ")])
        return local_error("missing-field", EX_USAGE,
                           "who says so? an answer by hand is signed with a name (--name)");
    for (const char *at = name; *at; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            return local_error("bad-field", EX_DATAERR, "name: a line of text");
    }
    if (local_get_text(request, "practitioner", by, ALM_BY_MAX) != 0)
        return local_error("missing-field", EX_USAGE,
                           "who says so for the log? give a reference of your own that is no name "
                           "(--practitioner, or ALMONER_PRACTITIONER)");
    len = strspn(by, may);
    if (!len || by[len] || by[0] == '.' || by[0] == '-' || by[0] == '_')
        return local_error("bad-field", EX_DATAERR,
                           "practitioner: small letters, digits, dots and hyphens");
    return NULL;
}

static json_t *answer_read(const struct desk *d, const json_t *request, struct book_question *q)
{
    char word[16] = "";
    struct alm_answer *a = &q->answer;

    if (local_get_text(request, "value", word, sizeof(word)) != 0)
        word[0] = '\0';
    for (size_t i = 0; i < ALM_LEN(values); i++) {
        if (strcmp(values[i].word, word) == 0) {
            a->value = values[i].value;
            a->cause = values[i].cause;
        }
    }
    if (!a->value)
        return local_error("bad-field", EX_USAGE,
                           "the answer is yes, no, not-known or cannot-say");
    if (!q->involvement || a->value != ALM_YES)
        return NULL;
    if (local_get_text(request, "service", a->service, sizeof(a->service)) != 0)
        memcpy(a->service, d->config->service, sizeof(a->service));
    if (!a->service[0])
        return local_error("missing-field", EX_USAGE,
                           "which service works with this person? (--service, or desk.service in the "
                           "configuration)");
    if (local_get_day(request, "since", &a->since) == -EINVAL)
        return local_error("bad-field", EX_DATAERR, "since: a day, written YYYY-MM-DD");
    if (a->since == ALM_DAY_NONE) {
        const struct register_person *p = register_person(d->people, q->about);

        a->since = p ? p->since : ALM_DAY_NONE;
    }
    if (a->since != ALM_DAY_NONE && a->since > q->as_of)
        return local_error("bad-field", EX_DATAERR, "since is after the day that is asked about");
    return NULL;
}

/* What the day of the answer is: today, and never after the day that is asked about. */
static int32_t answer_day(const struct desk *d, const struct book_question *q, int64_t now_ms)
{
    int32_t today = civil_today(now_ms);

    return d->config->exercise || today > q->as_of ? q->as_of : today;
}

static json_t *still_open(struct desk *d, const struct book_question *q, int64_t now_ms)
{
    if (q->state == BOOK_OPEN && q->due_ms > now_ms)
        return NULL;
    if (q->state == BOOK_OPEN)
        (void)desk_lapse(d, now_ms);
    if (q->state == BOOK_OPEN || q->end == BOOK_LAPSED)
        return local_error("lapsed", EX_DATAERR,
                           "the time for this question is over; whoever asked was told that nobody "
                           "could say");
    return local_error("answered", EX_DATAERR,
                       "this question was answered by %s; if that is wrong, telephone whoever asked",
                       q->name);
}

/* While somebody sits at the desk: questions about people who are not on the list, by the statement that
 * holds. One by one, so that what stopped one is tried again with the next sitting. */
static int unknown_answer(struct desk *d, int64_t now_ms)
{
    struct book_question *all = calloc(LIST_MAX, sizeof(*all));
    struct book_statement s;
    int n = all ? book_list(d->book, BOOK_OPEN, all, LIST_MAX) : -ENOMEM, r = n < 0 ? n : 0;

    if (r == 0 && !desk_statement(d, now_ms, &s))
        n = 0;
    for (int i = 0; r == 0 && i < n && i < LIST_MAX; i++) {
        if (all[i].about[0])
            continue;
        desk_not_known(d, &s, &all[i].answer);
        if (all[i].answer.data_as_of == ALM_DAY_NONE || all[i].answer.data_as_of > all[i].as_of)
            all[i].answer.data_as_of = all[i].as_of;
        memcpy(all[i].name, s.name, sizeof(all[i].name));
        r = book_move(d->book, &all[i], BOOK_GIVEN);
    }
    free(all);
    return r;
}

static json_t *verb_answer(struct desk *d, const json_t *request)
{
    int64_t now = clock_wall_ms();
    struct book_question q;
    json_t *wrong = find(d, request, &q);
    int r;

    if (!wrong)
        wrong = still_open(d, &q, now);
    if (!wrong)
        wrong = signer_read(request, q.name, q.answer.by);
    if (!wrong)
        wrong = answer_read(d, request, &q);
    if (wrong)
        return wrong;
    q.answer.by_ms = now;
    q.answer.data_as_of = answer_day(d, &q, now);
    r = book_move(d->book, &q, BOOK_GIVEN);
    if (r != 0)
        return book_failed(r);
    r = unknown_answer(d, now);
    if (r != 0) /* this answer is recorded all the same; the others wait for the next sitting */
        log_error("desk-unknown-wait", "error=%s", LOG_Q(strerror(-r)));
    log_info("desk-answered", "key=%s", q.key); /* never what */
    q.state = BOOK_GIVEN;
    return json_pack("{s:b, s:s, s:o}", "ok", 1, "kind", "desk-question", "question",
                     question_json(d, &q));
}

static json_t *verb_complete(struct desk *d, const json_t *request)
{
    struct book_statement s = { .people = d->people->n_people };
    json_t *wrong = signer_read(request, s.name, s.by);
    int r;

    if (wrong)
        return wrong;
    memcpy(s.list, d->people->digest, sizeof(s.list));
    r = book_state_complete(d->book, &s, clock_wall_ms());
    if (r == 0)
        r = unknown_answer(d, clock_wall_ms());
    if (r != 0)
        return book_failed(r);
    log_info("desk-stated", "people=%llu", (unsigned long long)s.people);
    return json_pack("{s:b, s:s, s:o}", "ok", 1, "kind", "desk-statement", "statement",
                     statement_json(d, &s));
}

static json_t *verb_statements(struct desk *d, const json_t *request)
{
    struct book_statement *all = calloc(STATEMENTS_MAX, sizeof(*all));
    json_t *rows = json_array();
    int n = all && rows ? book_statements(d->book, all, STATEMENTS_MAX) : -ENOMEM;

    (void)request;
    for (int i = 0; i < n; i++)
        (void)json_array_append_new(rows, statement_json(d, &all[i]));
    free(all);
    if (n < 0) {
        json_decref(rows);
        return book_failed(n);
    }
    return json_pack("{s:b, s:s, s:o}", "ok", 1, "kind", "desk-statements", "statements", rows);
}

/* --- which --- */
static const struct {
    const char *word;
    verb_fn *run;
} verbs[] = {
    { "list", verb_list },         { "show", verb_show },
    { "answer", verb_answer },     { "complete", verb_complete },
    { "statements", verb_statements },
};

static json_t *command_run(struct desk *d, const json_t *request)
{
    char word[16] = "";

    if (!json_is_object(request) || local_get_text(request, "do", word, sizeof(word)) != 0)
        return local_error("missing-field", EX_USAGE, "do: which of the desk's commands? list, show, answer, complete or statements");
    if (!d->book || !d->people)
        return local_error("not-ready", EX_TEMPFAIL,
                           "the list of people has not been read; see the adapter's log");
    for (size_t i = 0; i < ALM_LEN(verbs); i++) {
        if (strcmp(verbs[i].word, word) == 0)
            return verbs[i].run(d, request);
    }
    return local_error("unknown-operation", EX_USAGE,
                       "the desk knows list, show, answer, complete and statements");
}

int desk_command(void *backend, const char *request, char *reply, size_t size)
{
    json_t *o = json_loads(request, JSON_REJECT_DUPLICATES, NULL), *said;
    size_t len;

    said = command_run(backend, o);
    json_decref(o);
    if (!said)
        return -ENOMEM;
    len = json_dumpb(said, reply, size - 1, JSON_COMPACT);
    json_decref(said);
    if (len == 0 || len >= size)
        return -ENOBUFS;
    reply[len] = '\0';
    return 0;
}
