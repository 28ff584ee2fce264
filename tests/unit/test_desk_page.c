/* SPDX-License-Identifier: Apache-2.0 */
/* test_desk_page.c - the desk's page as a browser and a screen reader get it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "desk/page.h"

#include <string.h>

static struct buf out;

static const char *page_of(const struct page *p, const char *reply)
{
    json_t *o = json_loads(reply, 0, NULL);

    assert_non_null(o);
    buf_init(&out, 1u << 20);
    page_write(&out, p, o);
    buf_put_u8(&out, 0);
    json_decref(o);
    assert_int_equal(buf_status(&out), 0);
    return (const char *)out.data;
}

static int teardown(void **state)
{
    (void)state;
    buf_deinit(&out);
    return 0;
}

static size_t count(const char *in, const char *what)
{
    size_t n = 0;

    for (const char *at = strstr(in, what); at; at = strstr(at + 1, what))
        n++;
    return n;
}

static const struct page plain = { .form_token = "t0ken" };
static const char one[] =
    "{\"ok\":true,\"questions\":[{\"id\":\"ab12\",\"state\":\"open\",\"question\":\"attends\",\"wording\":\"Does <b>she</b> come?\","
    "\"asker\":\"police\",\"purpose\":\"early-help\",\"as_of\":\"2022-01-01\",\"due_ms\":1700000000000,\"about\":\"person\",\"name\":"
    "\"Nora \\\"O'Neill\\\" & Co\",\"born\":\"1985-01-02\",\"on_list\":true}]}";

static void every_text_is_escaped(void **state)
{
    const char *html = page_of(&plain, one);

    (void)state;
    assert_null(strstr(html, "<b>she</b>"));
    assert_non_null(strstr(html, "Does &lt;b&gt;she&lt;/b&gt; come?"));
    assert_non_null(strstr(html, "Nora &quot;O&#39;Neill&quot; &amp; Co"));
}

static void every_field_has_a_label_and_every_question_a_heading(void **state)
{
    const char *html = page_of(&plain, one);

    (void)state;
    assert_int_equal(count(html, "<input type=\"radio\""), 4);
    assert_int_equal(count(html, "<input type=\"text\""), 4); /* two of the question, two of the statement */
    assert_int_equal(count(html, "<label for="), 8);
    assert_int_equal(count(html, "<h2"), 2);
    assert_int_equal(count(html, "<h1>"), 1);
    assert_int_equal(count(html, "<legend>"), 1);
    assert_non_null(strstr(html, "lang=\"en-GB\""));
}

static void nothing_moves_by_itself_and_no_script_runs(void **state)
{
    const char *html = page_of(&plain, one);

    (void)state;
    assert_null(strstr(html, "<script"));
    assert_null(strstr(html, "http-equiv"));
    assert_null(strstr(html, " on"
                             "click"));
}

static void each_form_bears_the_pages_token(void **state)
{
    const char *html = page_of(&plain, one);

    (void)state;
    assert_int_equal(count(html, "<form"), 2);
    assert_int_equal(count(html, "name=\"form\" value=\"t0ken\""), 2);
}

static void an_error_stands_first_with_the_focus(void **state)
{
    struct page p = plain;
    const char *html;

    (void)state;
    p.alert = "who says so?";
    html = page_of(&p, one);
    assert_non_null(strstr(html, "<title>Error: "));
    assert_true(strstr(html, "role=\"alert\"") < strstr(html, "<main"));
    assert_non_null(strstr(html, "autofocus"));
}

static void when_the_adapter_is_away_the_page_says_so(void **state)
{
    const char *html = page_of(&plain, "{\"ok\":false,\"error\":\"no-adapter\",\"message\":\"nobody listens\"}");

    (void)state;
    assert_non_null(strstr(html, "nobody listens"));
    assert_int_equal(count(html, "<form"), 0);
}

static void no_question_is_a_page_too(void **state)
{
    const char *html = page_of(&plain, "{\"ok\":true,\"questions\":[]}");

    (void)state;
    assert_non_null(strstr(html, "0 questions wait"));
    assert_non_null(strstr(html, "Nobody has stated so lately"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_teardown(name, teardown)
        T(every_text_is_escaped),
        T(every_field_has_a_label_and_every_question_a_heading),
        T(nothing_moves_by_itself_and_no_script_runs),
        T(each_form_bears_the_pages_token),
        T(an_error_stands_first_with_the_focus),
        T(when_the_adapter_is_away_the_page_says_so),
        T(no_question_is_a_page_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
