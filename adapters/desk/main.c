/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - almoner-desk: reads the command line. Holds no key, reads no file. */
#include "base/bytes.h"
#include "base/process.h"
#include "desk/front.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

struct line {
    struct desk_client client;
    bool json, help;
    int port;
    const char *service, *since;
    int n_words;
    char **words; /* after "desk" */
};

static void help(FILE *to)
{
    (void)fputs(
        "almoner desk - answer other agencies' questions by hand\n\n"
        "usage: almoner desk                      one question after another, in this terminal\n"
        "       almoner desk list                 what waits, the most urgent first\n"
        "       almoner desk show ID              one of them (the first characters of its id will do)\n"
        "       almoner desk answer ID yes|no|not-known|cannot-say [--service TEXT] [--since DATE]\n"
        "       almoner desk complete             state that our list of people is complete\n"
        "       almoner desk statements           who stated that, and when\n"
        "       almoner desk form [--port N]      a page to answer on, for a browser on this machine\n\n"
        "  --name NAME          who says so (or ALMONER_NAME); kept here, in the book\n"
        "  --practitioner REF   your reference, no name (or ALMONER_PRACTITIONER); this goes to the log\n"
        "  --service TEXT       with yes to who is involved: which service (default: the configured one)\n"
        "  --since DATE         with yes to who is involved: since when (default: from our list)\n"
        "  --port N             of the form, 1024 to 65535 (default: any that is free)\n"
        "  --socket PATH        of the adapter (or ALMONER_SOCKET)\n"
        "  --timeout S          how long to wait for the adapter (default 10)\n"
        "  --json               for programs\n\n"
        "Questions about people who are not on our list wait too: \"not known to us\" is said when you state\n"
        "that the list is complete, or answer any question while such a statement holds.\n\n"
        "examples:\n"
        "  almoner desk complete --name 'Dilys Ward' --practitioner dw\n"
        "  almoner desk answer 3f9a no --name 'Dilys Ward' --practitioner dw\n",
        to);
}

static int wrong(const char *text, const char *word)
{
    (void)fprintf(stderr, "almoner desk: %s%s%s; see almoner desk --help\n", text, word ? ": " : "",
                  word ? word : "");
    return EX_USAGE;
}

/* Return: whether text is a whole number from least to most. */
static bool number_read(const char *text, long least, long most, int *out)
{
    char *end;
    long n = strtol(text, &end, 10);

    if (!*text || *end || n < least || n > most)
        return false;
    *out = (int)n;
    return true;
}

enum { OPT_NAME = 1, OPT_PRACTITIONER, OPT_SERVICE, OPT_SINCE, OPT_PORT, OPT_SOCKET, OPT_TIMEOUT, OPT_JSON, OPT_HELP };
static const struct option options[] = {
    { "name", required_argument, NULL, OPT_NAME },
    { "practitioner", required_argument, NULL, OPT_PRACTITIONER },
    { "service", required_argument, NULL, OPT_SERVICE },
    { "since", required_argument, NULL, OPT_SINCE },
    { "port", required_argument, NULL, OPT_PORT },
    { "socket", required_argument, NULL, OPT_SOCKET },
    { "timeout", required_argument, NULL, OPT_TIMEOUT },
    { "json", no_argument, NULL, OPT_JSON },
    { "help", no_argument, NULL, OPT_HELP },
    { 0 },
};

/* Return: 0, or EX_USAGE with what is wrong told. */
static int option_take(struct line *l, int option)
{
    int seconds;

    switch (option) {
    case OPT_NAME:
        l->client.name = optarg;
        return 0;
    case OPT_PRACTITIONER:
        l->client.practitioner = optarg;
        return 0;
    case OPT_SERVICE:
        l->service = optarg;
        return 0;
    case OPT_SINCE:
        l->since = optarg;
        return 0;
    case OPT_SOCKET:
        l->client.socket = optarg;
        return 0;
    case OPT_JSON:
        l->json = true;
        return 0;
    case OPT_HELP:
        l->help = true;
        return 0;
    case OPT_PORT:
        return number_read(optarg, 1024, 65535, &l->port) ? 0 : wrong("--port: 1024 to 65535", optarg);
    case OPT_TIMEOUT:
        if (!number_read(optarg, 1, 600, &seconds))
            return wrong("--timeout: 1 to 600 seconds", optarg);
        l->client.timeout_ms = seconds * 1000;
        return 0;
    default:
        return EX_USAGE; /* getopt has said what */
    }
}

static const char *environment(const char *name)
{
    const char *text = getenv(name);

    return text && *text ? text : NULL;
}

static int line_read(int argc, char **argv, struct line *l)
{
    int option, r;

    *l = (struct line){ .client = { environment("ALMONER_SOCKET"), 10000, environment("ALMONER_NAME"),
                                    environment("ALMONER_PRACTITIONER") } };
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        r = option_take(l, option);
        if (r != 0)
            return r;
    }
    l->words = argv + optind + 1; /* argv[optind] is "desk" itself */
    l->n_words = argc - optind - 1;
    if (l->n_words < 0)
        l->n_words = 0;
    if (!l->help && !l->client.socket)
        return wrong("which adapter? name its socket: --socket PATH, or ALMONER_SOCKET", NULL);
    return 0;
}

static int said(const struct line *l, json_t *reply, void (*print)(const json_t *))
{
    int r = EX_OK;

    if (!reply) {
        (void)fputs("almoner desk: not enough memory\n", stderr);
        return EX_OSERR;
    }
    if (!json_is_true(json_object_get(reply, "ok")))
        r = print_failed(reply, l->json);
    else if (l->json)
        (void)json_dumpf(reply, stdout, JSON_COMPACT), (void)putchar('\n');
    else
        print(reply);
    json_decref(reply);
    return r == EX_OK && fflush(stdout) ? EX_IOERR : r;
}

static json_t *signed_fields(const struct line *l)
{
    json_t *o = json_object();

    if (o && l->client.name)
        (void)json_object_set_new(o, "name", json_string(l->client.name));
    if (o && l->client.practitioner)
        (void)json_object_set_new(o, "practitioner", json_string(l->client.practitioner));
    return o;
}

static int run_list(const struct line *l)
{
    return said(l, desk_call(&l->client, "list", NULL), print_questions);
}

static void print_one(const json_t *reply)
{
    print_question(json_object_get(reply, "question"));
}

static int run_show(const struct line *l)
{
    if (l->n_words != 2)
        return wrong("show takes the id of one question", NULL);
    return said(l, desk_call(&l->client, "show", json_pack("{s:s}", "id", l->words[1])), print_one);
}

static int run_answer(const struct line *l)
{
    json_t *o;

    if (l->n_words != 3)
        return wrong("answer takes an id and one of yes, no, not-known, cannot-say", NULL);
    o = signed_fields(l);
    if (o) {
        (void)json_object_set_new(o, "id", json_string(l->words[1]));
        (void)json_object_set_new(o, "value", json_string(l->words[2]));
        if (l->service)
            (void)json_object_set_new(o, "service", json_string(l->service));
        if (l->since)
            (void)json_object_set_new(o, "since", json_string(l->since));
    }
    return said(l, desk_call(&l->client, "answer", o), print_one);
}

static int run_complete(const struct line *l)
{
    return said(l, desk_call(&l->client, "complete", signed_fields(l)), print_statement);
}

static int run_statements(const struct line *l)
{
    return said(l, desk_call(&l->client, "statements", NULL), print_statements);
}

static int run_form(const struct line *l)
{
    return form_run(&l->client, l->port);
}

static const struct {
    const char *word;
    int (*run)(const struct line *l);
} verbs[] = {
    { "list", run_list },         { "show", run_show },
    { "answer", run_answer },     { "complete", run_complete },
    { "statements", run_statements }, { "form", run_form },
};

int main(int argc, char **argv)
{
    struct line l;
    int r;

    if (process_private() != 0) {
        (void)fputs("almoner desk: cannot keep core files and other processes out\n", stderr);
        return EX_OSERR;
    }
    r = line_read(argc, argv, &l);
    if (r != 0)
        return r;
    if (l.help) {
        help(stdout);
        return fflush(stdout) ? EX_IOERR : EX_OK;
    }
    if (l.n_words == 0)
        return isatty(STDIN_FILENO) && !l.json ? terminal_run(&l.client, stdin) : run_list(&l);
    for (size_t i = 0; i < ALM_LEN(verbs); i++) {
        if (strcmp(verbs[i].word, l.words[0]) == 0)
            return verbs[i].run(&l);
    }
    return wrong("the desk has no such command", l.words[0]);
}
