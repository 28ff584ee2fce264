/* SPDX-License-Identifier: Apache-2.0 */
/* terminal.c - one question after another: plain lines, so that a screen reader reads them in order. */
#include "desk/front.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

/* A line without its end. Return: NULL at the end of the input. */
static char *line_ask(FILE *in, const char *prompt, char *line, size_t size)
{
    size_t len;

    (void)fputs(prompt, stdout);
    (void)fflush(stdout);
    if (!fgets(line, (int)size, in))
        return NULL;
    len = strcspn(line, "\n");
    if (!line[len]) { /* longer than any answer: the rest of it goes */
        int ch;

        while ((ch = fgetc(in)) != '\n' && ch != EOF)
            ;
    }
    line[len] = '\0';
    return line;
}

static const char *value_of(const char *typed)
{
    static const struct {
        const char *typed, *value;
    } words[] = {
        { "y", "yes" },       { "yes", "yes" },
        { "n", "no" },        { "no", "no" },
        { "u", "not-known" }, { "not-known", "not-known" },
        { "c", "cannot-say" }, { "cannot-say", "cannot-say" },
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(words[i].typed, typed) == 0)
            return words[i].value;
    }
    return NULL;
}

enum next { NEXT_QUESTION, NEXT_SAME, NEXT_END };

static enum next answer_send(const struct desk_client *c, const json_t *q, const char *value,
                             const char *name, const char *service)
{
    json_t *fields = json_pack("{s:s, s:s, s:s, s:s}", "id", desk_text(q, "id"), "value", value, "name",
                               name, "practitioner", c->practitioner);
    json_t *reply;
    bool done;

    if (fields && service[0])
        (void)json_object_set_new(fields, "service", json_string(service));
    reply = desk_call(c, "answer", fields);
    done = json_is_true(json_object_get(reply, "ok"));
    (void)printf("%s\n\n", done ? "Recorded." : desk_text(reply, "message"));
    json_decref(reply);
    return done ? NEXT_QUESTION : NEXT_SAME;
}

static enum next question_ask(const struct desk_client *c, FILE *in, const json_t *q)
{
    char typed[64], name[96], service[128] = "";
    const char *value;

    print_question(q);
    (void)fflush(stdout);
    if (!line_ask(in, "  (y)es, (n)o, (u) not known to us, (c)annot say, (s)kip, (q)uit: ", typed,
                  sizeof(typed)) ||
        strcmp(typed, "q") == 0)
        return NEXT_END;
    if (strcmp(typed, "s") == 0)
        return NEXT_QUESTION;
    value = value_of(typed);
    if (!value) {
        (void)puts("  One of y, n, u, c, s or q.");
        return NEXT_SAME;
    }
    if (strcmp(desk_text(q, "question"), "who-is-involved") == 0 && strcmp(value, "yes") == 0 &&
        !line_ask(in, "  Which service (empty: the usual): ", service, sizeof(service)))
        return NEXT_END;
    if (c->name)
        return answer_send(c, q, value, c->name, service);
    if (!line_ask(in, "  Your name: ", name, sizeof(name)))
        return NEXT_END;
    return answer_send(c, q, value, name, service);
}

static int questions_ask(const struct desk_client *c, FILE *in, const json_t *reply)
{
    const json_t *rows = json_object_get(reply, "questions");
    size_t n = json_array_size(rows);

    (void)printf("%zu question%s wait%s.\n\n", n, n == 1 ? "" : "s", n == 1 ? "s" : "");
    print_unknown(reply);
    print_more(reply);
    for (size_t i = 0; i < n;) {
        enum next next = question_ask(c, in, json_array_get(rows, i));

        if (next == NEXT_END)
            break;
        i += next == NEXT_QUESTION;
    }
    print_statement(reply);
    return EX_OK;
}

int terminal_run(const struct desk_client *c, FILE *in)
{
    json_t *reply;
    int r;

    if (!c->practitioner) {
        (void)fputs("almoner desk: give a reference of your own that is no name (--practitioner, or "
                    "ALMONER_PRACTITIONER); the log keeps it\n",
                    stderr);
        return EX_USAGE;
    }
    reply = desk_call(c, "list", NULL);
    if (json_is_true(json_object_get(reply, "ok")))
        r = questions_ask(c, in, reply);
    else
        r = print_failed(reply, false);
    json_decref(reply);
    return r;
}
