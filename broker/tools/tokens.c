/* SPDX-License-Identifier: Apache-2.0 */
/* tokens.c - `almoner tokens status`: how far the agencies are with a change of the tokens' key, and whom
 * to call. Counts, never whom a record is about. */
#include "officer.h"
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#define TOKENS_MS 60000 /* every record is looked at */

static const struct {
    const char *word, *text;
} to_do[] = {
    { "done", "nothing" },
    { "carrying", "wait: its adapter is at work; if the number stands still, call" },
    { "call", "call: its adapter is not connected" },
    { "suspended", "call: it is suspended, so nothing of it can be carried" },
    { "gone", "call whoever took its records over: it is not in the policy" },
    { "left-behind", "may be called: what is left counts for nothing under the new key" },
};

static const char *to_do_text(const char *word)
{
    for (size_t i = 0; i < ALM_LEN(to_do); i++) {
        if (!strcmp(to_do[i].word, word))
            return to_do[i].text;
    }
    return word;
}

/* "3 refusals, 1 shield of 9": what is not carried. */
static void left_text(const json_t *records, char *out, size_t size)
{
    size_t len = 0;
    json_int_t done = 0;
    const char *key;
    json_t *v;

    out[0] = '\0';
    json_object_foreach((json_t *)(uintptr_t)records, key, v)
    {
        json_int_t n = reply_number(v, "not_carried");

        done += reply_number(v, "carried");
        if (n && len < size)
            len += (size_t)snprintf(out + len, size - len, "%s%" JSON_INTEGER_FORMAT " %s",
                                    len ? ", " : "", n, key);
    }
    if (!len)
        (void)snprintf(out, size, "none of %" JSON_INTEGER_FORMAT, done);
}

static void print_agencies(const json_t *list)
{
    static const char *const titles[] = { "agency", "not carried", "last seen", "to do", "contact" };
    struct table *t = table_new(ALM_LEN(titles), titles);
    json_t *a;
    size_t i;

    json_array_foreach(list, i, a)
    {
        char left[256];
        bool here = json_is_true(json_object_get(a, "connected"));

        left_text(json_object_get(a, "records"), left, sizeof(left));
        if (t)
            table_row(t, (const char *const[]){ reply_text(a, "agency"), left,
                                                here ? "connected" : reply_text(a, "last_seen"),
                                                to_do_text(reply_text(a, "to_do")),
                                                reply_text(a, "contact") });
    }
    table_print(t);
}

static bool has_state(const json_t *epochs, const char *state)
{
    json_t *e;
    size_t i;

    json_array_foreach(epochs, i, e)
    {
        if (!strcmp(reply_text(e, "state"), state))
            return true;
    }
    return false;
}

/* What an officer does next, in one line. */
static void print_next(const json_t *r)
{
    const json_t *epochs = json_object_get(r, "epochs");
    json_int_t left = reply_number(r, "holds_up");

    if (has_state(epochs, "next") && left)
        (void)printf("\nnext: %" JSON_INTEGER_FORMAT
                     " record%s that forbid or count must be carried before the policy that makes "
                     "%s %" JSON_INTEGER_FORMAT " current can be activated\n",
                     left, left == 1 ? "" : "s", reply_text(r, "carried_to_scheme"),
                     reply_number(r, "carried_to_epoch"));
    else if (has_state(epochs, "next"))
        (void)printf("\nnext: activate the policy that makes %s %" JSON_INTEGER_FORMAT
                     " current, and what is current now previous\n",
                     reply_text(r, "carried_to_scheme"), reply_number(r, "carried_to_epoch"));
    else if (has_state(epochs, "previous"))
        (void)printf("\nnext: when every agency has been connected since the change, activate the "
                     "policy without the previous epoch: what is left of it is erased\n");
    else
        (void)printf("\nno change of key is under way%s\n",
                     json_is_true(json_object_get(r, "erased"))
                         ? ""
                         : "; what is left of an older one is being erased");
}

static void print_epochs(const json_t *epochs)
{
    json_t *e;
    size_t i;

    json_array_foreach(epochs, i, e)
        (void)printf("%-10s %s %" JSON_INTEGER_FORMAT "\n", reply_text(e, "state"),
                     reply_text(e, "scheme"), reply_number(e, "epoch"));
}

static void print_tokens(const json_t *r)
{
    char shown[128];

    print_epochs(json_object_get(r, "epochs"));
    if (*reply_text(r, "keyholder"))
        (void)printf("%-10s %s\n", "keyholder",
                     printable(reply_text(r, "keyholder"), shown, sizeof(shown)));
    (void)putchar('\n');
    print_agencies(json_object_get(r, "agencies"));
    print_next(r);
}

int command_tokens_status(struct officer_session *s)
{
    return reply_show(s, "tokens", TOKENS_MS, print_tokens);
}
