/* SPDX-License-Identifier: Apache-2.0 */
/* test_desk.c - a person as a source: the list, the book, statements, and what the desk's commands do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "temp_dir.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "conf/conf.h"
#include "desk/backend.h"
#include "desk/desk.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>

static const char conf_text[] =
    "desk = { people = { file = \"people.csv\"; }; book = \"book\"; service = \"befriending\"; open_most = 3; };\n"
    "questions = ( { id = \"attends\"; wording = \"Has this person come to us in the last month?\"; } );\n";
static const char at_once[] = "desk = { people = { file = \"people.csv\"; }; book = \"book\"; unknown = \"at-once\"; };\n";
static const char people_text[] =
    "person_id,given_name,family_name,date_of_birth,address_line,postcode,home_from,home_until,start_date,end_date\n"
    "p1,Nora,Corran,1985-01-02,8 Phantom Road,ZZ7 8ZD,2015-05-01,2022-07-01,2021-01-01,\n"
    "p1,Nora,Corran,1985-01-02,41 Sample Street,ZZ7 9ZB,2022-07-01,,2021-01-01,\n"
    "p2,Kit,Lodger,1999-09-09,41 sample street,zz79zb,2022-08-01,,2020-01-01,2020-06-01\n";

struct told { /* by a sink */
    int people, homes, stays;
    char said[2048];
};
static struct conf_errors *errors;
static struct conf *conf;
static void *desk;
static struct told told;

static int told_person(void *ctx, const struct alm_person *p)
{
    assert_true(p->ref[0] != '\0');
    ((struct told *)ctx)->people++;
    return ALM_OK;
}

static char homes_told[4][ALM_REF_MAX]; /* as last told */

static int told_home(void *ctx, const struct alm_home *h)
{
    struct told *t = ctx;

    if (t->homes < 4)
        (void)snprintf(homes_told[t->homes], ALM_REF_MAX, "%s", h->ref);
    assert_true(h->postcode[0] != '\0');
    t->homes++;
    return ALM_OK;
}

static int told_stay(void *ctx, const char *person, const struct alm_stay *s)
{
    assert_true(person[0] != '\0' && s->home[0] != '\0');
    ((struct told *)ctx)->stays++;
    return ALM_OK;
}

static void told_report(void *ctx, const char *where, unsigned long line, const char *text)
{
    struct told *t = ctx;
    size_t at = strlen(t->said);

    (void)where;
    (void)snprintf(t->said + at, sizeof(t->said) - at, "%lu: %s\n", line, text);
}

static int desk_opens(const char *text)
{
    struct alm_setup setup = { .dir = temp_dir };

    conf = conf_free(conf);
    errors = conf_errors_free(errors);
    assert_int_equal(conf_errors_new(&errors), 0);
    assert_int_equal(conf_load(temp_text("adapter.conf", text), errors, &conf), 0);
    setup.root = conf_root(conf);
    setup.errors = errors;
    return backend_desk.open(&setup, &desk);
}

static int desk_loads(const char *people)
{
    const struct alm_sink sink = { &told, told_person, told_home, told_stay, told_report };

    if (people)
        (void)temp_text("people.csv", people);
    memset(&told, 0, sizeof(told));
    return backend_desk.load(desk, &sink, false);
}

static void desk_starts(void)
{
    assert_int_equal(desk_opens(conf_text), 0);
    assert_int_equal(desk_loads(people_text), 0);
}

static void desk_stops(void)
{
    backend_desk.close(desk);
    desk = NULL;
}

static int setup(void **state)
{
    return temp_dir_setup(state) != 0 || crypto_init() != 0 ? -1 : 0;
}

static int teardown(void **state)
{
    desk_stops();
    conf = conf_free(conf);
    errors = conf_errors_free(errors);
    return temp_dir_teardown(state);
}

/* A command's reply; the caller frees it. */
static json_t *said(const char *request)
{
    static char reply[ALM_COMMAND_MAX];
    json_t *o;

    assert_int_equal(backend_desk.command(desk, request, reply, sizeof(reply)), 0);
    o = json_loads(reply, 0, NULL);
    assert_non_null(o);
    return o;
}

static void refused_with(const char *request, const char *word)
{
    json_t *o = said(request);

    assert_false(json_is_true(json_object_get(o, "ok")));
    assert_string_equal(json_string_value(json_object_get(o, "error")), word);
    assert_true(strlen(json_string_value(json_object_get(o, "message"))) > 10);
    json_decref(o);
}

static void done(const char *request)
{
    json_t *o = said(request);

    if (!json_is_true(json_object_get(o, "ok")))
        fail_msg("%s", json_string_value(json_object_get(o, "message")));
    json_decref(o);
}

static const uint8_t key_one[ALM_KEY_LEN] = { 0xab, 0xcd, 1 }, key_two[ALM_KEY_LEN] = { 0xab, 0xce, 2 };

static struct alm_question about(const char *person, const uint8_t *key)
{
    return (struct alm_question){ .key = key,
                                  .within_ms = 3600000,
                                  .by_hand = true,
                                  .purpose = "early-help",
                                  .asker = "police",
                                  .id = "attends",
                                  .as_of = civil_today(clock_wall_ms()),
                                  .person = person };
}

static int asked(const struct alm_question *q, struct alm_answer *out)
{
    *out = (struct alm_answer){ .data_as_of = ALM_DAY_NONE, .since = ALM_DAY_NONE };
    return backend_desk.answer(desk, q, out);
}

#define SIGNED "\"name\":\"Dilys Ward\",\"practitioner\":\"dw\""

/* --- the list --- */
static void a_person_with_two_homes_has_two_lines(void **state)
{
    (void)state;
    desk_starts();
    assert_int_equal(told.people, 2);
    assert_int_equal(told.homes, 2); /* "41 Sample Street" and "41 sample street" are one */
    assert_int_equal(told.stays, 3);
}

static void a_list_with_a_bad_line_is_refused_whole_with_the_line(void **state)
{
    static const struct {
        const char *line, *said;
    } bad[] = {
        { "p3,Ann,Other,1985-02-30,,,,,,\n", "2: date_of_birth: a day that exists, written YYYY-MM-DD\n" },
        { "p3,Ann,Other,1985-02-03,1 A Street,nonsense,,,,\n", "2: " },
        { "p3,Ann,Other,1985-02-03,,,,,2020-02-01,2020-01-01\n", "2: end_date is before start_date\n" },
        { "p3,Ann,Other,1985-02-03,1 A Street,ZZ1 1ZZ,soon,,,\n", "2: home_from" },
        { "p3,Ann,Other,1985-02-03,,,,,,\np3,Ann,Another,1985-02-03,,,,,,\n", "3: this person_id stands for another" },
        { "p3,Ann\xff,Other,1985-02-03,,,,,,\n", "2: " },
        { "p3,Ann,Other\n", "2: " },
    };
    char text[1024];

    (void)state;
    assert_int_equal(desk_opens(conf_text), 0);
    for (size_t i = 0; i < ALM_LEN(bad); i++) {
        const char *header_end = strchr(people_text, '\n') + 1;

        (void)snprintf(text, sizeof(text), "%.*s%s", (int)(header_end - people_text), people_text, bad[i].line);
        assert_int_equal(desk_loads(text), -EINVAL);
        if (strncmp(told.said, bad[i].said, strlen(bad[i].said)) != 0)
            fail_msg("%s: %s", bad[i].line, told.said);
    }
}

static void without_a_list_nothing_is_loaded(void **state)
{
    (void)state;
    assert_int_equal(desk_opens(conf_text), 0);
    assert_int_equal(desk_loads(NULL), -EINVAL);
    assert_true(told.said[0] != '\0');
    refused_with("{\"do\":\"list\"}", "not-ready");
}

static void a_configuration_is_checked_whole(void **state)
{
    (void)state;
    assert_int_equal(desk_opens("desk = { book = \"book\"; statement_days = 99; colour = 1; };\n"
                                "questions = ( { id = \"a\"; wording = \"b\"; }, { id = \"a\"; wording = \"c\"; } );\n"),
                     -EINVAL);
    assert_true(conf_errors_count(errors) >= 4);
    assert_int_equal(desk_opens("backend = \"desk\";\n"), -EINVAL);
}

static void the_list_says_why_we_may_ask(void **state)
{
    struct alm_relationship r;
    struct alm_subject s = { .person = "p1", .day = 19000 };
    struct alm_place typed = { .n = 1, .from = ALM_DAY_NONE, .until = ALM_DAY_NONE };

    (void)state;
    desk_starts();
    typed.homes[0] = homes_told[1];
    assert_int_equal(backend_desk.relate(desk, &s, &r), 0);
    assert_int_equal(r.kind, ALM_INVOLVED);
    s = (struct alm_subject){ .person = "p2", .day = 18500 }; /* six months after we stopped */
    assert_int_equal(backend_desk.relate(desk, &s, &r), 0);
    assert_int_equal(r.kind, ALM_WAS_INVOLVED);
    s.day = 19500; /* over a year after, but Nora lives in the same home */
    assert_int_equal(backend_desk.relate(desk, &s, &r), 0);
    assert_int_equal(r.kind, ALM_SAME_HOME);
    s = (struct alm_subject){ .day = 19500, .n_places = 1, .places = &typed };
    assert_int_equal(backend_desk.relate(desk, &s, &r), 0);
    assert_int_equal(r.kind, ALM_SAME_HOME);
    s = (struct alm_subject){ .day = 19500 };
    assert_int_equal(backend_desk.relate(desk, &s, &r), 0);
    assert_int_equal(r.kind, ALM_RELATION_NONE);
}

/* --- statements --- */
static void somebody_who_is_not_on_the_list_waits_for_a_sitting_as_the_others_do(void **state)
{
    struct alm_question q = about(NULL, key_one);
    struct alm_ready ready;
    struct alm_answer a;
    int64_t before = clock_wall_ms();
    json_t *o;

    (void)state;
    desk_starts();
    done("{\"do\":\"complete\"," SIGNED "}");
    assert_int_equal(asked(&q, &a), ALM_LATER); /* at once would tell who is on the list */
    o = said("{\"do\":\"list\"}");
    assert_int_equal(json_integer_value(json_object_get(o, "unknown")), 1);
    assert_int_equal(json_array_size(json_object_get(o, "questions")), 0);
    json_decref(o);
    assert_int_equal(backend_desk.ready(desk, &ready), 0);
    done("{\"do\":\"complete\"," SIGNED "}");
    assert_int_equal(backend_desk.ready(desk, &ready), 1);
    assert_int_equal(ready.answer.value, ALM_NOT_KNOWN);
    assert_string_equal(ready.answer.by, "dw");
    assert_in_range(ready.answer.by_ms, before, clock_wall_ms());
    assert_int_equal(ready.answer.data_as_of, civil_today(ready.answer.by_ms));
}

static void an_answer_about_somebody_else_is_a_sitting_too_while_a_statement_holds(void **state)
{
    struct alm_question q = about(NULL, key_one), known = about("p1", key_two);
    struct alm_ready ready;
    struct alm_answer a;

    (void)state;
    desk_starts();
    assert_int_equal(asked(&q, &a), ALM_LATER);
    assert_int_equal(asked(&known, &a), ALM_LATER);
    done("{\"do\":\"answer\",\"id\":\"abce\",\"value\":\"no\"," SIGNED "}");
    assert_int_equal(backend_desk.ready(desk, &ready), 1);
    assert_memory_equal(ready.key, key_two, ALM_KEY_LEN);
    assert_int_equal(backend_desk.sent(desk, key_two), 0);
    assert_int_equal(backend_desk.ready(desk, &ready), 0); /* nobody has stated anything */
    done("{\"do\":\"complete\"," SIGNED "}");
    assert_int_equal(backend_desk.ready(desk, &ready), 1);
    assert_memory_equal(ready.key, key_one, ALM_KEY_LEN);
}

static void where_it_is_said_at_once_it_is_said_only_while_a_statement_holds(void **state)
{
    struct alm_question q = about(NULL, key_one);
    struct alm_answer a;

    (void)state;
    assert_int_equal(desk_opens(at_once), 0);
    assert_int_equal(desk_loads(people_text), 0);
    assert_int_equal(asked(&q, &a), 0);
    assert_int_equal(a.value, ALM_CANNOT_SAY);
    assert_int_equal(a.cause, ALM_STALE);
    done("{\"do\":\"complete\"," SIGNED "}");
    assert_int_equal(asked(&q, &a), 0);
    assert_int_equal(a.value, ALM_NOT_KNOWN);
    assert_string_equal(a.by, "dw");
}

/* The list is read again while a question waits for hours. */
static void a_question_about_a_home_stays_about_that_home_when_the_list_changes(void **state)
{
    struct alm_question q = about(NULL, key_one);
    struct alm_answer a;
    json_t *o, *shown;

    (void)state;
    desk_starts();
    q.about_household = true;
    q.household.homes[0] = homes_told[0]; /* 8 Phantom Road */
    q.household.n = 1;
    assert_int_equal(asked(&q, &a), ALM_LATER);
    desk_stops();
    (void)desk_opens(conf_text);
    assert_int_equal(desk_loads("person_id,given_name,family_name,date_of_birth,address_line,postcode\n"
                       "p2,Kit,Lodger,1999-09-09,41 Sample Street,ZZ7 9ZB\np1,Nora,Corran,1985-01-02,8 Phantom Road,ZZ7 8ZD\n"), 0);
    o = said("{\"do\":\"list\"}");
    shown = json_array_get(json_object_get(o, "questions"), 0);
    assert_string_equal(json_string_value(json_object_get(shown, "home")), "8 Phantom Road, ZZ7 8ZD");
    json_decref(o);
    desk_stops();
    (void)desk_opens(conf_text);
    assert_int_equal(desk_loads("person_id,given_name,family_name,date_of_birth,address_line,postcode\n"
                       "p2,Kit,Lodger,1999-09-09,41 Sample Street,ZZ7 9ZB\n"), 0);
    o = said("{\"do\":\"list\"}");
    shown = json_array_get(json_object_get(o, "questions"), 0);
    assert_true(!json_object_get(shown, "home") && json_is_false(json_object_get(shown, "on_list")));
    json_decref(o);
}

static void a_statement_does_not_cover_a_list_that_lost_people_since(void **state)
{
    struct alm_question q = about(NULL, key_one);
    struct alm_answer a;
    struct alm_state now;

    (void)state;
    assert_int_equal(desk_opens(at_once), 0);
    assert_int_equal(desk_loads(people_text), 0);
    done("{\"do\":\"complete\"," SIGNED "}");
    assert_int_equal(asked(&q, &a), 0);
    assert_int_equal(a.value, ALM_NOT_KNOWN);
    desk_stops();
    (void)desk_opens(at_once);
    assert_int_equal(desk_loads("person_id,given_name,family_name,date_of_birth\np1,Nora,Corran,1985-01-02\n"), 0);
    assert_int_equal(asked(&q, &a), 0); /* p2, whom she knew when she stated it, would be "not known" */
    assert_int_equal(a.value, ALM_CANNOT_SAY);
    assert_int_equal(a.cause, ALM_STALE);
    backend_desk.describe(desk, &now);
    assert_true(now.partial);
    done("{\"do\":\"complete\"," SIGNED "}"); /* of the list as it is now */
    assert_int_equal(asked(&q, &a), 0);
    assert_int_equal(a.value, ALM_NOT_KNOWN);
}

static void more_questions_than_one_reply_holds_come_by_urgency(void **state)
{
    struct alm_question q = about("p1", NULL);
    uint8_t key[ALM_KEY_LEN] = { 1 };
    struct alm_answer a;
    json_t *o;

    (void)state;
    assert_int_equal(desk_opens(at_once), 0);
    assert_int_equal(desk_loads(people_text), 0);
    q.key = key;
    for (unsigned i = 0; i < 250; i++) {
        key[1] = (uint8_t)i;
        q.within_ms = 10000000 - 1000 * (int64_t)i;
        assert_int_equal(asked(&q, &a), ALM_LATER);
    }
    o = said("{\"do\":\"list\"}");
    assert_int_equal(json_integer_value(json_object_get(o, "waiting")), 250);
    assert_in_range(json_array_size(json_object_get(o, "questions")), 50, 249);
    assert_string_equal(json_string_value(json_object_get(json_array_get(json_object_get(o, "questions"), 0), "id")),
                        "01f90000000000000000000000000000");
    json_decref(o);
}

static void a_statement_needs_a_name_and_a_reference(void **state)
{
    (void)state;
    desk_starts();
    refused_with("{\"do\":\"complete\"}", "missing-field");
    refused_with("{\"do\":\"complete\",\"name\":\"  \",\"practitioner\":\"dw\"}", "missing-field");
    refused_with("{\"do\":\"complete\",\"name\":\"Dilys Ward\"}", "missing-field");
    refused_with("{\"do\":\"complete\",\"name\":\"Dilys Ward\",\"practitioner\":\"Dilys Ward\"}", "bad-field");
    refused_with("{\"do\":\"complete\",\"name\":\"Dilys\\nWard\",\"practitioner\":\"dw\"}", "bad-field");
}

static void a_statement_that_was_changed_is_noticed(void **state)
{
    struct alm_question q = about(NULL, key_one);
    char text[4096];
    struct alm_answer a;
    FILE *f;
    size_t n;

    (void)state;
    desk_starts();
    done("{\"do\":\"complete\"," SIGNED "}");
    done("{\"do\":\"complete\"," SIGNED "}");
    f = fopen(temp_path("book/statements"), "r+");
    assert_non_null(f);
    n = fread(text, 1, sizeof(text) - 1, f);
    text[n] = '\0';
    *strstr(text, "Dilys") = 'M';
    rewind(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
    refused_with("{\"do\":\"statements\"}", "book-damaged");
    refused_with("{\"do\":\"complete\"," SIGNED "}", "book-damaged");
    q.by_hand = false;
    assert_int_equal(asked(&q, &a), 0);
    assert_int_equal(a.value, ALM_CANNOT_SAY);
}

static void a_statement_cut_off_by_a_crash_was_never_made(void **state)
{
    json_t *o;
    FILE *f;

    (void)state;
    desk_starts();
    done("{\"do\":\"complete\"," SIGNED "}");
    f = fopen(temp_path("book/statements"), "a");
    assert_non_null(f);
    assert_true(fputs("{\"at_ms\":17", f) >= 0);
    assert_int_equal(fclose(f), 0);
    done("{\"do\":\"complete\"," SIGNED "}");
    o = said("{\"do\":\"statements\"}");
    assert_int_equal(json_array_size(json_object_get(o, "statements")), 2);
    json_decref(o);
}

/* --- questions --- */
static void a_question_waits_for_a_person_and_then_is_ready_until_it_was_sent(void **state)
{
    struct alm_question q = about("p1", key_one);
    struct alm_ready ready;
    struct alm_answer a;
    json_t *o;

    (void)state;
    desk_starts();
    assert_int_equal(asked(&q, &a), ALM_LATER);
    assert_int_equal(backend_desk.ready(desk, &ready), 0);
    o = said("{\"do\":\"list\"}");
    assert_int_equal(json_integer_value(json_object_get(o, "waiting")), 1);
    assert_string_equal(
        json_string_value(json_object_get(json_array_get(json_object_get(o, "questions"), 0), "wording")),
        "Has this person come to us in the last month?");
    assert_string_equal(
        json_string_value(json_object_get(json_array_get(json_object_get(o, "questions"), 0), "name")),
        "Nora Corran");
    json_decref(o);
    done("{\"do\":\"answer\",\"id\":\"abcd\",\"value\":\"no\"," SIGNED "}");
    for (int i = 0; i < 2; i++) { /* again until it was sent */
        assert_int_equal(backend_desk.ready(desk, &ready), 1);
        assert_memory_equal(ready.key, key_one, ALM_KEY_LEN);
        assert_int_equal(ready.answer.value, ALM_NO);
        assert_string_equal(ready.answer.by, "dw");
    }
    assert_int_equal(backend_desk.sent(desk, key_one), 0);
    assert_int_equal(backend_desk.ready(desk, &ready), 0);
    assert_int_equal(backend_desk.sent(desk, key_one), 0); /* said twice */
}

static void the_same_question_again_waits_on_or_gets_the_same_answer_after_a_restart_too(void **state)
{
    struct alm_question q = about("p1", key_one);
    struct alm_ready ready;
    struct alm_answer a;

    (void)state;
    desk_starts();
    assert_int_equal(asked(&q, &a), ALM_LATER);
    desk_stops();
    desk_starts();
    assert_int_equal(asked(&q, &a), ALM_LATER);
    done("{\"do\":\"answer\",\"id\":\"abcd\",\"value\":\"yes\"," SIGNED "}");
    desk_stops();
    desk_starts();
    assert_int_equal(backend_desk.ready(desk, &ready), 1);
    assert_int_equal(asked(&q, &a), 0);
    assert_int_equal(a.value, ALM_YES);
    assert_int_equal(backend_desk.sent(desk, key_one), 0);
    assert_int_equal(asked(&q, &a), 0);
    assert_int_equal(a.value, ALM_YES);
}

static void an_answer_is_given_once(void **state)
{
    struct alm_question q = about("p1", key_one);
    struct alm_answer a;

    (void)state;
    desk_starts();
    assert_int_equal(asked(&q, &a), ALM_LATER);
    done("{\"do\":\"answer\",\"id\":\"abcd\",\"value\":\"yes\"," SIGNED "}");
    refused_with("{\"do\":\"answer\",\"id\":\"abcd\",\"value\":\"no\"," SIGNED "}", "answered");
}

static void what_nobody_answers_in_time_is_cannot_say(void **state)
{
    struct alm_question q = about("p1", key_one);
    struct alm_ready ready;
    struct alm_answer a;
    json_t *o;

    (void)state;
    desk_starts();
    q.within_ms = 0;
    assert_int_equal(asked(&q, &a), ALM_LATER);
    assert_int_equal(backend_desk.ready(desk, &ready), 0);
    refused_with("{\"do\":\"answer\",\"id\":\"abcd\",\"value\":\"no\"," SIGNED "}", "lapsed");
    assert_int_equal(asked(&q, &a), 0);
    assert_int_equal(a.value, ALM_CANNOT_SAY);
    o = said("{\"do\":\"show\",\"id\":\"abcd\"}");
    assert_string_equal(json_string_value(json_object_get(json_object_get(o, "question"), "state")), "lapsed");
    json_decref(o);
}

static void the_most_urgent_comes_first_and_no_more_wait_than_configured(void **state)
{
    struct alm_question q = about("p1", key_one);
    uint8_t key[ALM_KEY_LEN] = { 1 };
    struct alm_answer a;
    json_t *o;

    (void)state;
    desk_starts();
    for (uint8_t i = 0; i < 3; i++) {
        key[1] = i;
        q.key = key;
        q.within_ms = 1000000 - 1000 * i;
        assert_int_equal(asked(&q, &a), ALM_LATER);
    }
    key[1] = 9;
    assert_int_equal(asked(&q, &a), -ENOBUFS);
    o = said("{\"do\":\"list\"}");
    assert_string_equal(json_string_value(json_object_get(json_array_get(json_object_get(o, "questions"), 0), "id")),
                        "01020000000000000000000000000000");
    json_decref(o);
}

static void without_time_for_a_person_it_is_cannot_say_at_once(void **state)
{
    struct alm_question q = about("p1", key_one);
    struct alm_answer a;

    (void)state;
    desk_starts();
    q.by_hand = false;
    q.within_ms = 2000;
    assert_int_equal(asked(&q, &a), 0);
    assert_int_equal(a.value, ALM_CANNOT_SAY);
    assert_int_equal(a.cause, ALM_UNSUPPORTED);
}

static void who_is_involved_tells_service_and_since(void **state)
{
    struct alm_question q = about("p1", key_one);
    struct alm_ready ready;
    struct alm_answer a;
    char since[CIVIL_TEXT];

    (void)state;
    desk_starts();
    q.involvement = true;
    q.id = "";
    assert_int_equal(asked(&q, &a), ALM_LATER);
    refused_with("{\"do\":\"answer\",\"id\":\"abcd\",\"value\":\"yes\",\"since\":\"2999-01-01\"," SIGNED "}", "bad-field");
    done("{\"do\":\"answer\",\"id\":\"abcd\",\"value\":\"yes\"," SIGNED "}");
    assert_int_equal(backend_desk.ready(desk, &ready), 1);
    assert_string_equal(ready.answer.service, "befriending");
    civil_format(ready.answer.since, since);
    assert_string_equal(since, "2021-01-01");
}

static void commands_that_make_no_sense_change_nothing(void **state)
{
    struct alm_question q = about("p1", key_one), other = about("p1", key_two);
    struct alm_answer a;

    (void)state;
    desk_starts();
    assert_int_equal(asked(&q, &a), ALM_LATER);
    assert_int_equal(asked(&other, &a), ALM_LATER);
    refused_with("{\"do\":\"answer\",\"id\":\"abcd\",\"value\":\"maybe\"," SIGNED "}", "bad-field");
    refused_with("{\"do\":\"answer\",\"id\":\"abcd\"," SIGNED "}", "bad-field");
    refused_with("{\"do\":\"answer\",\"id\":\"ab\",\"value\":\"yes\"," SIGNED "}", "no-question");
    refused_with("{\"do\":\"answer\",\"id\":\"../x\",\"value\":\"yes\"," SIGNED "}", "no-question");
    refused_with("{\"do\":\"answer\",\"value\":\"yes\"," SIGNED "}", "missing-field");
    refused_with("{\"do\":\"answer\",\"id\":\"abcd\",\"value\":\"yes\"}", "missing-field");
    refused_with("{\"do\":\"dance\"}", "unknown-operation");
    refused_with("[]", "missing-field");
    refused_with("{\"do\":\"list\",\"do\":\"list\"}", "missing-field");
    refused_with("not JSON", "missing-field");
    assert_int_equal(asked(&q, &a), ALM_LATER);
}

static void a_damaged_file_of_the_book_costs_its_own_question_only(void **state)
{
    struct alm_question q = about("p1", key_one), other = about("p1", key_two);
    struct alm_answer a;
    json_t *o;

    (void)state;
    desk_starts();
    assert_int_equal(asked(&q, &a), ALM_LATER);
    assert_int_equal(asked(&other, &a), ALM_LATER);
    (void)temp_text("book/open/abcd0100000000000000000000000000.json", "{\"key\":");
    o = said("{\"do\":\"list\"}");
    assert_int_equal(json_integer_value(json_object_get(o, "waiting")), 1);
    json_decref(o);
    assert_int_equal(asked(&q, &a), -EBADMSG);
    assert_int_equal(asked(&other, &a), ALM_LATER);
}

static void a_crash_between_two_folders_leaves_what_the_later_one_says(void **state)
{
    struct alm_question q = about("p1", key_one);
    char text[8192];
    struct alm_ready ready;
    struct alm_answer a;
    FILE *f;
    size_t n;

    (void)state;
    desk_starts();
    assert_int_equal(asked(&q, &a), ALM_LATER);
    f = fopen(temp_path("book/open/abcd0100000000000000000000000000.json"), "r");
    assert_non_null(f);
    n = fread(text, 1, sizeof(text) - 1, f);
    text[n] = '\0';
    assert_int_equal(fclose(f), 0);
    done("{\"do\":\"answer\",\"id\":\"abcd\",\"value\":\"no\"," SIGNED "}");
    (void)temp_text("book/open/abcd0100000000000000000000000000.json", text); /* as if it had not gone */
    assert_int_equal(backend_desk.ready(desk, &ready), 1);
    refused_with("{\"do\":\"answer\",\"id\":\"abcd\",\"value\":\"yes\"," SIGNED "}", "answered");
    assert_int_equal(asked(&q, &a), 0);
    assert_int_equal(a.value, ALM_NO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(a_person_with_two_homes_has_two_lines),
        T(a_list_with_a_bad_line_is_refused_whole_with_the_line),
        T(without_a_list_nothing_is_loaded),
        T(a_configuration_is_checked_whole),
        T(the_list_says_why_we_may_ask),
        T(somebody_who_is_not_on_the_list_waits_for_a_sitting_as_the_others_do),
        T(an_answer_about_somebody_else_is_a_sitting_too_while_a_statement_holds),
        T(where_it_is_said_at_once_it_is_said_only_while_a_statement_holds),
        T(a_question_about_a_home_stays_about_that_home_when_the_list_changes),
        T(a_statement_does_not_cover_a_list_that_lost_people_since),
        T(more_questions_than_one_reply_holds_come_by_urgency),
        T(a_statement_needs_a_name_and_a_reference),
        T(a_statement_that_was_changed_is_noticed),
        T(a_statement_cut_off_by_a_crash_was_never_made),
        T(a_question_waits_for_a_person_and_then_is_ready_until_it_was_sent),
        T(the_same_question_again_waits_on_or_gets_the_same_answer_after_a_restart_too),
        T(an_answer_is_given_once),
        T(what_nobody_answers_in_time_is_cannot_say),
        T(the_most_urgent_comes_first_and_no_more_wait_than_configured),
        T(without_time_for_a_person_it_is_cannot_say_at_once),
        T(who_is_involved_tells_service_and_since),
        T(commands_that_make_no_sense_change_nothing),
        T(a_damaged_file_of_the_book_costs_its_own_question_only),
        T(a_crash_between_two_folders_leaves_what_the_later_one_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
