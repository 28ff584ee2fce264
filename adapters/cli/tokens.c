/* SPDX-License-Identifier: Apache-2.0 */
/* tokens.c - the match tokens of somebody into a file for the broker's officers: made by the adapter, written here, readable
 * by its owner alone. */
#include "base/attr.h"
#include "base/file.h"
#include "cli/flags.h"
#include "cli/say.h"
#include "local/local.h"
#include "local/token_json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum own { MAKE = 1 };

static void text_freep(char **text)
{
    free(*text);
}

static int tokens_write(const struct command_line *c, const char *path, const json_t *file)
{
    ALM_CLEANUP(text_freep) char *text = json_dumps(file, JSON_INDENT(1));
    char why[300];
    int r;

    if (!text)
        return say_failed(c, EX_OSERR, "internal", "not enough memory");
    r = file_write(path, bytes_str(text), 0600);
    crypto_wipe(text, strlen(text));
    if (r == 0)
        return 0;
    (void)snprintf(why, sizeof(why), "--out: %.160s: %s", path, strerror(-r));
    return say_failed(c, EX_CANTCREAT, "not-written", why);
}

static int tokens_said(const struct command_line *c, const char *path, const struct token_json *t)
{
    json_t *o;

    if (c->json) {
        o = json_pack("{s:b, s:s, s:s, s:i}", "ok", 1, "kind", "subject-tokens", "out", path,
                      "tokens", (int)t->n);
        (void)json_dumpf(o, stdout, JSON_COMPACT);
        (void)puts("");
        json_decref(o);
        return o ? 0 : EX_OSERR;
    }
    (void)printf("%s: %u token%s of one %s, for officers of %s. Whoever has it and the log can find "
                 "out what was recorded: hand it to the officer alone, and delete it.\n",
                 path, t->n, t->n == 1 ? "" : "s", token_json_household(t) ? "home" : "person", t->origin);
    return 0;
}

static int tokens_take(const struct command_line *c, const char *path, json_t *reply)
{
    ALM_CLEANUP(token_json_wipe) struct token_json t;
    const json_t *file = json_object_get(reply, "file");
    char why[200];
    int r;

    if (!json_is_true(json_object_get(reply, "ok")))
        return say_reply(c, reply);
    if (token_json_read(file, &t, why, sizeof(why)))
        return say_failed(c, EX_PROTOCOL, "bad-reply",
                          "what came back is no tokens: are adapter and command of one version?");
    r = tokens_write(c, path, file);
    return r ? r : tokens_said(c, path, &t);
}

static int run(const struct command_line *c)
{
    ALM_CLEANUP(text_freep) char *path = NULL;
    const char *out = json_string_value(json_object_get(c->request, "out"));
    json_t *reply = NULL;
    int r;

    if (!out || !*out || strcmp(out, "-") == 0)
        return say_failed(c, EX_USAGE, "usage",
                          "say where to: --out FILE (it is made readable by you alone, and never "
                          "printed)");
    path = strdup(out);
    if (!path)
        return say_failed(c, EX_OSERR, "internal", "not enough memory");
    if (access(path, F_OK) == 0)
        return say_failed(c, EX_CANTCREAT, "not-written",
                          "--out: there is such a file: nothing is written over");
    (void)json_object_del(c->request, "out");
    r = local_ask(c->socket, c->request, c->timeout_ms, &reply);
    if (r != 0)
        return say_call_failed(c, r);
    r = tokens_take(c, path, reply);
    json_decref(reply);
    return r;
}

static const struct verb verbs[] = {
    { { "subject", "tokens", CMD_OF_PERSON | CMD_OF_HOME, "subject-tokens", NULL, false,
        "the match tokens of a person or home, in a file for the broker's officers; nothing is sent",
        "  almoner subject tokens --out isla.tokens --subject isla.json\n"
        "  almoner subject tokens --out home.tokens --household '14 Nowhere Close; ZZ7 8ZA'\n"
        "\nAn officer searches the log, holds or erases by it: almoner report person --tokens "
        "isla.tokens\n" },
      MAKE,
      NULL,
      NULL,
      NULL,
      NULL,
      run },
};

static const struct flag flags[] = {
    { "--out", "out", FLAG_TEXT, MAKE, "FILE", "where to; a new file, readable by you alone" },
};

const struct noun noun_tokens = { verbs, ALM_LEN(verbs), flags, ALM_LEN(flags), NULL, 0 };
