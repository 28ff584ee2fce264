/* SPDX-License-Identifier: Apache-2.0 */
/* page.c - HTML from a reply. */
#include "desk/page.h"

#include "desk/client.h"

#include <string.h>

const char page_style[] =
    "body{font:1.1rem/1.5 sans-serif;max-width:46rem;margin:0 auto;padding:1rem;color:#111;"
    "background:#fff}\n"
    ".skip{position:absolute;left:-99rem}.skip:focus{position:static}\n"
    "section{border-top:3px solid #444;margin-top:2rem}\n"
    "fieldset{border:1px solid #666;margin:1rem 0;padding:.5rem 1rem}\n"
    "label{display:block;margin:.4rem 0}input[type=radio]{width:1.3rem;height:1.3rem}\n"
    "input[type=text]{font:inherit;padding:.3rem;width:100%;max-width:28rem;border:2px solid #333}\n"
    "button{font:inherit;padding:.5rem 1.2rem;border:2px solid #003a70;background:#003a70;color:#fff}\n"
    ":focus{outline:4px solid #c25100;outline-offset:2px}\n"
    ".alert{border:4px solid #b00020;padding:.5rem 1rem}.status{border:4px solid #00603a;padding:.5rem "
    "1rem}\n"
    "dt{font-weight:bold;float:left;clear:left;width:8rem}dd{margin-left:9rem}\n"
    "@media(prefers-color-scheme:dark){body{background:#111;color:#eee}input[type=text]{background:#222;"
    "color:#eee;border-color:#bbb}}\n";

void page_text(struct buf *out, const char *text)
{
    static const struct {
        char ch;
        const char *as;
    } escapes[] = {
        { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" }, { '\'', "&#39;" },
    };

    for (; *text; text++) {
        const char *as = NULL;

        for (size_t i = 0; i < ALM_LEN(escapes); i++)
            as = escapes[i].ch == *text ? escapes[i].as : as;
        if (as)
            buf_put(out, as, strlen(as));
        else
            buf_put(out, text, 1);
    }
}

static void put(struct buf *out, const char *html)
{
    buf_put(out, html, strlen(html));
}

static void head_write(struct buf *out, const char *prefix, const char *title)
{
    put(out, "<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n"
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    put(out, prefix);
    page_text(out, title);
    put(out, "</title>\n<link rel=\"stylesheet\" href=\"/style.css\">\n</head>\n<body>\n");
}

static void term_write(struct buf *out, const char *term, const char *text)
{
    if (!*text)
        return;
    buf_printf(out, "<dt>%s</dt><dd>", term);
    page_text(out, text);
    put(out, "</dd>\n");
}

static void field_write(struct buf *out, const char *id, const char *key, const char *label,
                        const char *hint, const char *value, bool required)
{
    buf_printf(out, "<label for=\"%s-%s\">%s</label>\n", key, id, label);
    if (hint)
        buf_printf(out, "<p id=\"%s-hint-%s\">%s</p>\n", key, id, hint);
    buf_printf(out, "<input type=\"text\" id=\"%s-%s\" name=\"%s\" maxlength=\"90\"", key, id, key);
    if (hint)
        buf_printf(out, " aria-describedby=\"%s-hint-%s\"", key, id);
    if (strcmp(key, "name") == 0)
        put(out, " autocomplete=\"name\"");
    put(out, required ? " required value=\"" : " value=\"");
    page_text(out, value ? value : "");
    put(out, "\">\n");
}

static void signer_write(struct buf *out, const struct page *p, const char *id)
{
    field_write(out, id, "name", "Your name", NULL, p->name, true);
    field_write(out, id, "practitioner", "Your reference",
                "Small letters and digits, not your name. The log keeps it.", p->practitioner, true);
}

static void hidden_write(struct buf *out, const char *key, const char *value)
{
    buf_printf(out, "<input type=\"hidden\" name=\"%s\" value=\"", key);
    page_text(out, value);
    put(out, "\">\n");
}

static void choice_write(struct buf *out, const char *id, const char *value, const char *label)
{
    buf_printf(out,
               "<label for=\"%s-%s\"><input type=\"radio\" id=\"%s-%s\" name=\"value\" value=\"%s\" "
               "required> %s</label>\n",
               value, id, value, id, value, label);
}

static void about_write(struct buf *out, const json_t *q)
{
    if (strcmp(desk_text(q, "about"), "home") == 0 && *desk_text(q, "home")) {
        put(out, "The home ");
        page_text(out, desk_text(q, "home"));
        return;
    }
    if (!json_is_true(json_object_get(q, "on_list"))) {
        put(out, strcmp(desk_text(q, "about"), "home") == 0 ? "A home that is no longer on the list"
                                                            : "Somebody who is no longer on the list");
        return;
    }
    page_text(out, desk_text(q, "name"));
    put(out, ", born ");
    page_text(out, desk_text(q, "born"));
}

static void question_write(struct buf *out, const struct page *p, const json_t *q)
{
    const char *id = desk_text(q, "id");
    char due[24];

    desk_time(q, "due_ms", due);
    buf_printf(out, "<section aria-labelledby=\"q-%s\">\n<h2 id=\"q-%s\">", id, id);
    about_write(out, q);
    put(out, "</h2>\n<p><strong>");
    page_text(out, desk_text(q, "wording"));
    put(out, "</strong></p>\n<dl>\n");
    term_write(out, "At the home", desk_text(q, "at_home"));
    term_write(out, "As of", desk_text(q, "as_of"));
    term_write(out, "Asked by", desk_text(q, "asker"));
    term_write(out, "For", desk_text(q, "purpose"));
    term_write(out, "Answer by", due);
    put(out, "</dl>\n<form method=\"post\" action=\"/answer\">\n");
    hidden_write(out, "form", p->form_token);
    hidden_write(out, "id", id);
    put(out, "<fieldset>\n<legend>Your answer: ");
    about_write(out, q);
    put(out, "</legend>\n");
    choice_write(out, id, "yes", "Yes");
    choice_write(out, id, "no", "No");
    choice_write(out, id, "not-known", "Not known to us");
    choice_write(out, id, "cannot-say", "We cannot say");
    put(out, "</fieldset>\n");
    if (strcmp(desk_text(q, "question"), "who-is-involved") == 0)
        field_write(out, id, "service", "Which service, if yes",
                    "Leave this empty for the usual one.", NULL, false);
    signer_write(out, p, id);
    put(out, "<p><button type=\"submit\">Send this answer</button></p>\n</form>\n</section>\n");
}

static void unknown_write(struct buf *out, const json_t *reply)
{
    long long n = (long long)json_integer_value(json_object_get(reply, "unknown"));

    if (n)
        buf_printf(out,
                   "<p>%lld question%s about people who are not on our list wait%s. \"Not known to us\" is "
                   "said when you answer a question or state that the list is complete.</p>\n",
                   n, n == 1 ? "" : "s", n == 1 ? "s" : "");
}

static void more_write(struct buf *out, const json_t *reply, size_t shown)
{
    long long n = (long long)json_integer_value(json_object_get(reply, "waiting"));

    if (n > (long long)shown)
        buf_printf(out,
                   "<p>%lld questions wait; these are the %zu most urgent. Answer them, and look again.</p>\n",
                   n, shown);
}

static void statement_write(struct buf *out, const struct page *p, const json_t *reply)
{
    const json_t *s = json_object_get(reply, "statement");
    char until[24], at[24];

    put(out, "<section aria-labelledby=\"list\">\n<h2 id=\"list\">Is the list of people complete?</h2>\n<p>");
    if (s) {
        desk_time(s, "at_ms", at);
        desk_time(s, "until_ms", until);
        page_text(out, desk_text(s, "name"));
        buf_printf(out, " stated on %s that it is, with %lld people. This holds until %s.", at,
                   (long long)json_integer_value(json_object_get(s, "people")), until);
    } else {
        put(out, "Nobody has stated so lately, or the list has become shorter since. Until somebody does, questions about everybody who is not "
                 "on it wait.");
    }
    put(out, "</p>\n<form method=\"post\" action=\"/complete\">\n");
    hidden_write(out, "form", p->form_token);
    signer_write(out, p, "list");
    put(out, "<p><button type=\"submit\">I state that the list is complete now</button></p>\n</form>\n"
             "</section>\n");
}

static void said_write(struct buf *out, const char *role, const char *class, const char *text)
{
    buf_printf(out, "<div role=\"%s\" class=\"%s\" tabindex=\"-1\" autofocus><p>", role, class);
    page_text(out, text);
    put(out, "</p></div>\n");
}

void page_write(struct buf *out, const struct page *p, const json_t *reply)
{
    const json_t *rows = json_object_get(reply, "questions"), *q;
    bool good = json_is_true(json_object_get(reply, "ok"));
    const char *alert = p->alert ? p->alert : good ? NULL : desk_text(reply, "message");
    size_t i, n = json_array_size(rows);
    char title[64] = "Questions for us";

    if (n == 1)
        memcpy(title, "1 question waits", sizeof("1 question waits"));
    head_write(out, alert ? "Error: " : "", title);
    put(out, "<a class=\"skip\" href=\"#main\">Skip to the questions</a>\n<header>\n");
    buf_printf(out, "<h1>%zu question%s wait%s for an answer</h1>\n", n, n == 1 ? "" : "s",
               n == 1 ? "s" : "");
    if (alert)
        said_write(out, "alert", "alert", alert);
    if (p->status)
        said_write(out, "status", "status", p->status);
    put(out, "<p><a href=\"/\">Look for new questions</a></p>\n</header>\n<main id=\"main\">\n");
    unknown_write(out, reply);
    more_write(out, reply, n);
    json_array_foreach(rows, i, q)
        question_write(out, p, q);
    if (good)
        statement_write(out, p, reply);
    put(out, "</main>\n</body>\n</html>\n");
}

void page_write_plain(struct buf *out, const char *title, const char *text)
{
    head_write(out, "", title);
    put(out, "<main>\n<h1>");
    page_text(out, title);
    put(out, "</h1>\n<p>");
    page_text(out, text);
    put(out, "</p>\n</main>\n</body>\n</html>\n");
}
