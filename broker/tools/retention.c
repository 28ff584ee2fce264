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

#define ASK_MS 10000

static json_int_t number_of(const json_t *o, const char *key)
{
    return json_integer_value(json_object_get(o, key));
}

static const char *field_of(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));

    return text ? text : "";
}

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

static void print_holds(const json_t *list)
{
    static const char *const titles[] = { "hold", "by", "since", "review", "leaf" };
    struct table *t = table_new(ALM_LEN(titles), titles);
    json_t *h;
    size_t i;

    json_array_foreach(list, i, h)
    {
        char review[64], leaf[24];

        (void)snprintf(review, sizeof(review), "%s%s", field_of(h, "review"),
                       json_is_true(json_object_get(h, "review_due")) ? "  REVIEW" : "");
        (void)snprintf(leaf, sizeof(leaf), "%" JSON_INTEGER_FORMAT, number_of(h, "leaf"));
        if (t)
            table_row(t, (const char *const[]){ field_of(h, "hold"), field_of(h, "officer"),
                                                field_of(h, "since"), review, leaf });
    }
    table_print(t);
}

int command_hold_list(struct officer_session *s)
{
    json_t *r = NULL;
    int rc = session_ask_op(s, "holds", ASK_MS, &r);

    if (rc)
        return rc;
    if (s->args->json)
        print_json(r);
    else if (json_array_size(json_object_get(r, "holds")) == 0)
        (void)puts("no hold is in force");
    else
        print_holds(json_object_get(r, "holds"));
    json_decref(r);
    return 0;
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
            if (!strcmp(from[n][0], field_of(k, "class")))
                since = from[n][1];
        (void)snprintf(days, sizeof(days), "%" JSON_INTEGER_FORMAT, number_of(k, "days"));
        if (t)
            table_row(t, (const char *const[]){ field_of(k, "class"), field_of(k, "part"),
                                                field_of(k, "outcome"), days, since });
    }
    table_print(t);
}

static void print_run(const json_t *r)
{
    const json_t *run = json_object_get(r, "run"), *e = json_object_get(r, "erasure");
    const char *phase = field_of(run, "phase");

    if (!strcmp(phase, "never"))
        (void)puts("run        none yet");
    else
        (void)printf("run        %s: %s%s%s; forgot %" JSON_INTEGER_FORMAT
                     " records, %" JSON_INTEGER_FORMAT " leaves, %" JSON_INTEGER_FORMAT
                     " receipts; held %" JSON_INTEGER_FORMAT "\n",
                     field_of(run, "day"), strcmp(phase, "done") ? "at work on " : "done",
                     strcmp(phase, "done") ? phase : " ",
                     strcmp(phase, "done") ? "" : field_of(run, "ended"), number_of(run, "records"),
                     number_of(run, "leaves"), number_of(run, "receipts"), number_of(run, "held"));
    if (json_is_object(e))
        (void)printf("erasure    ordered by leaf %" JSON_INTEGER_FORMAT ": at work on %s\n",
                     number_of(e, "order"), field_of(e, "phase"));
    if (json_is_true(json_object_get(r, "stopped")))
        (void)puts("stopped    a step failed: see the broker's log (retention-stopped)");
}

static void print_copies(const json_t *r)
{
    const json_t *b = json_object_get(r, "backups");

    (void)printf("period     %" JSON_INTEGER_FORMAT ", since %s%s\n", number_of(r, "period"),
                 field_of(r, "since"),
                 json_is_true(json_object_get(r, "to_destroy"))
                     ? "; what was forgotten since may open from old copies until the next"
                     : "; nothing that was forgotten opens from this store's copies");
    if (json_is_object(b))
        (void)printf("backups    the latest key ends on %s: until then backups open what was "
                     "forgotten after they were made\n",
                     field_of(b, "until"));
    else
        (void)puts("backups    none was made");
}

int command_retention_status(struct officer_session *s)
{
    json_t *r = NULL;
    int rc = session_ask_op(s, "retention", ASK_MS, &r);

    if (rc)
        return rc;
    if (s->args->json) {
        print_json(r);
    } else {
        print_clocks(json_object_get(r, "clocks"));
        (void)printf("receipts   %" JSON_INTEGER_FORMAT " days\n", number_of(r, "receipts_days"));
        print_run(r);
        print_copies(r);
    }
    json_decref(r);
    return 0;
}
