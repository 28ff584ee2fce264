/* SPDX-License-Identifier: Apache-2.0 */
/* retention.c - `almoner hold`, `almoner erase`, `almoner retention`: what is kept past its clock,
 * what goes before it, and how far the job is. Whom they are about stands in a file of tokens that
 * an agency made; nothing of it is printed. */
#include "base/civil.h"
#include "officer.h"
#include "tokens_file.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

/* {"tokens", "reason"}; new reference. */
static int about_fields(struct officer_session *s, json_t **out)
{
    json_t *tokens = NULL;
    int rc;

    if (!s->args->tokens)
        return officer_fail(
            s, EX_USAGE,
            "whom is it about? Give --tokens FILE, made by an agency that knows them "
            "(almoner subject tokens)");
    if (!s->args->reason || !*s->args->reason)
        return officer_fail(s, EX_USAGE, "why? Give --reason TEXT: it is kept sealed");
    rc = tokens_file_read(s, s->args->tokens, &tokens, NULL);
    if (rc)
        return rc;
    *out = json_pack("{s:o, s:s}", "tokens", tokens, "reason", s->args->reason);
    return *out ? 0 : officer_fail(s, EX_DATAERR, "the reason is not UTF-8 text");
}

/* --- holds --- */

int command_hold_add(struct officer_session *s)
{
    json_t *fields = NULL;
    int32_t day;
    int rc;

    if (s->args->review && civil_parse(s->args->review, &day))
        return officer_fail(s, EX_USAGE, "--review: \"%.20s\" is not a day: YYYY-MM-DD",
                            s->args->review);
    rc = about_fields(s, &fields);
    if (rc)
        return rc;
    if (s->args->review)
        (void)json_object_set_new(fields, "review", json_string(s->args->review));
    return change_run(s, "hold-add", 1, fields);
}

int command_hold_lift(struct officer_session *s)
{
    if (!s->args->reason || !*s->args->reason)
        return officer_fail(s, EX_USAGE, "why? Give --reason TEXT: it is kept sealed");
    return change_run(
        s, "hold-lift", 2,
        json_pack("{s:s, s:s}", "hold", s->args->operands[2], "reason", s->args->reason));
}

static void print_holds(const json_t *reply)
{
    static const char *const titles[] = { "hold", "by", "since", "review", "leaf" };
    struct table *t = table_new(ALM_LEN(titles), titles);
    json_t *h;
    size_t i;

    json_array_foreach(json_object_get(reply, "holds"), i, h)
    {
        char review[64], leaf[24];

        (void)snprintf(review, sizeof(review), "%s%s", reply_text(h, "review"),
                       json_is_true(json_object_get(h, "review_due")) ? "  REVIEW" : "");
        (void)snprintf(leaf, sizeof(leaf), "%" JSON_INTEGER_FORMAT, reply_number(h, "leaf"));
        if (t)
            table_row(t, (const char *const[]){ reply_text(h, "hold"), reply_text(h, "officer"),
                                                reply_text(h, "since"), review, leaf });
    }
    table_print(t);
}

int command_hold_list(struct officer_session *s)
{
    return reply_show_list(s, "holds", "holds", "no hold is in force", print_holds);
}

/* --- erasure --- */

static bool cause_is_one(const char *word)
{
    static const char *const causes[] = { "not-needed", "consent-withdrawn", "objection", "unlawful",
                                          "legal-obligation" };

    for (size_t i = 0; word && i < ALM_LEN(causes); i++)
        if (!strcmp(causes[i], word))
            return true;
    return false;
}

int command_erase(struct officer_session *s)
{
    json_t *fields = NULL;
    int rc;

    if (!cause_is_one(s->args->cause))
        return officer_fail(
            s, EX_USAGE,
            "on what ground? Give --cause not-needed, consent-withdrawn, objection, "
            "unlawful or legal-obligation");
    rc = about_fields(s, &fields);
    if (rc)
        return rc;
    (void)json_object_set_new(fields, "cause", json_string(s->args->cause));
    (void)json_object_set_new(fields, "also_prohibitions",
                              json_boolean(s->args->also_prohibitions));
    return change_run(s, "erase", 2, fields);
}

/* --- the job --- */

int command_retention_run(struct officer_session *s)
{
    return change_run(s, "retention-run", 1, json_object());
}

static void print_clocks(const json_t *list)
{
    static const char *const titles[] = { "class", "part", "outcome", "days", "from" };
    static const char *const from[][2] = {
        { "consents", "the day they ended" },      { "shields", "the day they ended" },
        { "concerns", "their last day" },          { "referrals", "the day they were closed" },
        { "overrides", "the day they were over" },
    };
    struct table *t = table_new(ALM_LEN(titles), titles);
    json_t *k;
    size_t i;

    json_array_foreach(list, i, k)
    {
        const char *since = "the day of the record";
        char days[24];

        for (size_t n = 0; n < ALM_LEN(from); n++)
            if (!strcmp(from[n][0], reply_text(k, "class")))
                since = from[n][1];
        (void)snprintf(days, sizeof(days), "%" JSON_INTEGER_FORMAT, reply_number(k, "days"));
        if (t)
            table_row(t, (const char *const[]){ reply_text(k, "class"), reply_text(k, "part"),
                                                reply_text(k, "outcome"), days, since });
    }
    table_print(t);
}

static void print_run(const json_t *r)
{
    const json_t *run = json_object_get(r, "run"), *e = json_object_get(r, "erasure");
    const char *phase = reply_text(run, "phase");

    if (!strcmp(phase, "never"))
        (void)puts("run        none yet");
    else
        (void)printf("run        %s: %s%s%s; forgot %" JSON_INTEGER_FORMAT
                     " records, %" JSON_INTEGER_FORMAT " leaves, %" JSON_INTEGER_FORMAT
                     " receipts; held %" JSON_INTEGER_FORMAT "\n",
                     reply_text(run, "day"), strcmp(phase, "done") ? "at work on " : "done",
                     strcmp(phase, "done") ? phase : " ",
                     strcmp(phase, "done") ? "" : reply_text(run, "ended"), reply_number(run, "records"),
                     reply_number(run, "leaves"), reply_number(run, "receipts"), reply_number(run, "held"));
    if (json_is_object(e))
        (void)printf("erasure    ordered by leaf %" JSON_INTEGER_FORMAT ": at work on %s\n",
                     reply_number(e, "order"), reply_text(e, "phase"));
    if (json_is_true(json_object_get(r, "stopped")))
        (void)puts("stopped    a step failed: see the broker's log (retention-stopped)");
}

static void print_copies(const json_t *r)
{
    const json_t *b = json_object_get(r, "backups");

    (void)printf("period     %" JSON_INTEGER_FORMAT ", since %s%s\n", reply_number(r, "period"),
                 reply_text(r, "since"),
                 json_is_true(json_object_get(r, "to_destroy"))
                     ? "; what was forgotten since may open from old copies until the next"
                     : "; nothing that was forgotten opens from this store's copies");
    if (json_is_object(b))
        (void)printf("backups    the latest key ends on %s: until then backups open what was "
                     "forgotten after they were made\n",
                     reply_text(b, "until"));
    else
        (void)puts("backups    none was made");
}

static void print_retention(const json_t *r)
{
    print_clocks(json_object_get(r, "clocks"));
    (void)printf("receipts   %" JSON_INTEGER_FORMAT " days\n", reply_number(r, "receipts_days"));
    print_run(r);
    print_copies(r);
}

int command_retention_status(struct officer_session *s)
{
    return reply_show(s, "retention", 0, print_retention);
}
