/* SPDX-License-Identifier: Apache-2.0 */
/* audit.c - reading the log: list, tail, show. Every reading is signed by an officer and is itself
 * a leaf of the log. */
#include "audit.h"
#include "base/clock.h"
#include "base/id.h"
#include "local/local.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define READ_LABEL "almoner/read/v1"
#define READ_MS    60000
#define ROWS_MAX   100000 /* of one list */
#define PROGRESS_FROM_MS 2000

/* --- one signed reading --- */

static int reading_ready(struct officer_session *s)
{
    if (!s->officers[0])
        return officer_fail(s, EX_USAGE,
                            "where is the broker? Give --config FILE (almonerd's) or set "
                            "ALMONER_CONFIG, or give --officers PATH");
    if (s->args->n_officers != 1)
        return officer_fail(s, EX_USAGE,
                            "who reads? Give --officer ID --key FILE.sign (or set ALMONER_OFFICER "
                            "and ALMONER_OFFICER_KEY): one officer");
    if ((!s->mode || !s->origin[0]) && !s->control[0])
        return officer_fail(s, EX_USAGE,
                            "which broker is this? Give --config FILE, or --control PATH as well, "
                            "so that the reading is signed for it");
    return session_identity(s);
}

static json_t *reading_sign(const struct officer_session *s, json_t *query, int *rc)
{
    int64_t now = clock_wall_ms();
    char at[25], nonce[ID_TEXT], sig[89], *text;
    struct id id;
    json_t *o = NULL;

    clock_format_utc(now, at);
    *rc = id_new(now, &id) ? officer_fail(s, EX_OSERR, "no randomness from the system") : 0;
    if (*rc)
        return NULL;
    id_format(&id, nonce);
    if (json_object_set_new(query, "at", json_string(at)) ||
        json_object_set_new(query, "nonce", json_string(nonce)))
        return NULL;
    text = json_dumps(query, JSON_COMPACT);
    if (text)
        *rc = officer_sign(s, READ_LABEL, text, s->args->key[0], sig);
    if (text && !*rc)
        o = json_pack("{s:s, s:s, s:s, s:s}", "op", "audit-list", "officer", s->args->officer[0],
                      "sig", sig, "query", text);
    free(text);
    return o;
}

static int reading_rows(const json_t *reply, audit_row *on, void *ctx)
{
    const json_t *rows = json_object_get(reply, "rows");
    json_t *row;
    size_t i;
    int rc;

    json_array_foreach(rows, i, row)
    {
        rc = on(ctx, row);
        if (rc)
            return rc;
    }
    return 0;
}

/* On standard error, once it takes over two seconds. */
static void reading_progress(const json_t *reply, int64_t began_ms)
{
    const json_t *progress = json_object_get(reply, "progress");

    if (progress && clock_mono_ms() - began_ms > PROGRESS_FROM_MS)
        (void)fprintf(stderr, "%" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT " leaves ...\n",
                      json_integer_value(json_object_get(progress, "at")),
                      json_integer_value(json_object_get(progress, "end")));
}

static int reading_replies(const struct officer_session *s, struct local_call *c, int timeout_ms,
                           audit_row *on, void *ctx, json_t **last)
{
    int64_t began_ms = clock_mono_ms();

    for (;;) {
        json_t *reply = NULL;
        int more = local_call_next(c, timeout_ms, &reply);
        int rc = session_judge(s, s->officers, more, reply);

        if (!rc && on)
            rc = reading_rows(reply, on, ctx);
        if (!rc)
            reading_progress(reply, began_ms);
        if (!rc && !more && last) {
            *last = reply;
            return 0;
        }
        json_decref(reply);
        if (rc || !more)
            return rc;
    }
}

int audit_read(struct officer_session *s, json_t *query, int timeout_ms, audit_row *on, void *ctx,
               json_t **last)
{
    ALM_CLEANUP(local_call_closep) struct local_call *c = NULL;
    json_t *request = NULL;
    int rc = query ? reading_ready(s) : officer_fail(s, EX_OSERR, "short of memory");

    if (!rc)
        request = reading_sign(s, query, &rc);
    json_decref(query);
    if (rc)
        return rc;
    if (!request)
        return officer_fail(s, EX_DATAERR,
                            "the query cannot be written as text (a value is not UTF-8?)");
    rc = local_call_open(s->officers, request, &c);
    json_decref(request);
    if (rc)
        return session_judge(s, s->officers, rc, NULL);
    return reading_replies(s, c, timeout_ms ? timeout_ms : READ_MS, on, ctx, last);
}

/* --- what is asked for --- */

int audit_filters(const struct officer_session *s, json_t *q)
{
    const struct args *a = s->args;
    const struct {
        const char *key, *value;
    } ids[] = {
        { "agency", a->agency },     { "event", a->event },       { "reason", a->reason },
        { "purpose", a->purpose },   { "question", a->question }, { "role", a->role },
        { "basis", a->basis },       { "rule", a->rule },
    };
    char what[16];
    int rc = 0;

    for (size_t i = 0; !rc && i < ALM_LEN(ids); i++) {
        if (!ids[i].value)
            continue;
        (void)snprintf(what, sizeof(what), "--%s", ids[i].key);
        if (a->rule != ids[i].value) /* a rule's name has more signs than an id; the reader checks it */
            rc = officer_check_id(s, what, ids[i].value);
        if (!rc && json_object_set_new(q, ids[i].key, json_string(ids[i].value)))
            rc = officer_fail(s, EX_DATAERR, "%s: not text in UTF-8", what);
    }
    if (!rc)
        rc = officer_put_day(s, q, "since", a->since);
    return rc ? rc : officer_put_day(s, q, "until", a->until);
}

/* --- rows for people --- */

/* What came of it, in a word or two: the reason of a refusal, the value of an answer, else the
 * event's own detail. */
static const char *row_outcome(const json_t *row)
{
    if (*reply_text(row, "reason"))
        return reply_text(row, "reason");
    if (*reply_text(row, "outcome"))
        return reply_text(row, "outcome");
    return reply_text(row, "detail");
}

static const char *row_asked(const json_t *row, char *out, size_t size)
{
    const char *purpose = reply_text(row, "purpose"), *question = reply_text(row, "question");

    (void)snprintf(out, size, "%s%s%s", purpose, *question ? "/" : "", question);
    return out;
}

static void row_cells(const json_t *row, char leaf[24], char at[24], char asked[160],
                      const char *cells[6])
{
    (void)snprintf(leaf, 24, "%" JSON_INTEGER_FORMAT,
                   json_integer_value(json_object_get(row, "leaf")));
    (void)snprintf(at, 24, "%.19s", reply_text(row, "at"));
    if (strlen(at) > 10)
        at[10] = ' ';
    cells[0] = leaf;
    cells[1] = at;
    cells[2] = reply_text(row, "event");
    cells[3] = *reply_text(row, "officer") ? reply_text(row, "officer")
                                     : reply_text(row, "agency"); /* a change's detail names the agency */
    cells[4] = row_asked(row, asked, 160);
    cells[5] = row_outcome(row);
}

static void rows_print(const json_t *rows)
{
    static const char *const titles[] = { "leaf", "time (UTC)",       "event",
                                          "who",  "purpose/question", "outcome" };
    struct table *t = table_new(ALM_LEN(titles), titles);
    json_t *row;
    size_t i;

    json_array_foreach(rows, i, row)
    {
        char leaf[24], at[24], asked[160];
        const char *cells[6];

        row_cells(row, leaf, at, asked, cells);
        if (t)
            table_row(t, cells);
    }
    table_print(t);
}

static int keep_row(void *ctx, const json_t *row)
{
    return json_array_append(ctx, (json_t *)(uintptr_t)row) ? EX_OSERR : 0;
}

static int audit_rows(struct officer_session *s, json_t *query)
{
    json_t *rows = json_array(), *o;
    int rc;

    if (!rows) {
        json_decref(query);
        return officer_fail(s, EX_OSERR, "short of memory");
    }
    rc = audit_read(s, query, 0, keep_row, rows, NULL);
    if (!rc && s->args->json) {
        o = json_pack("{s:b, s:O}", "ok", 1, "rows", rows);
        reply_print(o);
        json_decref(o);
    } else if (!rc && !json_array_size(rows)) {
        (void)printf("no leaf fits\n");
    } else if (!rc) {
        rows_print(rows);
    }
    json_decref(rows);
    return rc;
}

int command_audit_list(struct officer_session *s)
{
    int64_t from = s->args->from >= 0 ? s->args->from : 0,
            count = s->args->count >= 0 ? s->args->count : 1000;
    json_t *q;
    int rc;

    if (count < 1 || count > ROWS_MAX)
        return officer_fail(s, EX_USAGE, "--count: 1 to %d at a time", ROWS_MAX);
    q = json_pack("{s:s, s:I, s:I}", "read", "tail", "from", (json_int_t)from, "count",
                  (json_int_t)count);
    rc = audit_filters(s, q);
    if (rc) {
        json_decref(q);
        return rc;
    }
    return audit_rows(s, q);
}

/* Fixed widths: what comes later must stand under what came first. */
static int follow_row(void *ctx, const json_t *row)
{
    const struct officer_session *s = ctx;
    char leaf[24], at[24], asked[160], shown[6][160];
    const char *cells[6];

    if (s->args->json) {
        (void)json_dumpf(row, stdout, JSON_COMPACT);
        (void)fputc('\n', stdout);
    } else {
        row_cells(row, leaf, at, asked, cells);
        for (size_t i = 0; i < 6; i++)
            (void)printable(cells[i], shown[i], sizeof(shown[i]));
        (void)printf("%-7s  %-19s  %-16s  %-28s  %-40s  %s\n", shown[0], shown[1], shown[2],
                     shown[3], shown[4], shown[5]);
    }
    return fflush(stdout) ? EX_IOERR : 0;
}

int command_audit_tail(struct officer_session *s)
{
    int64_t n = s->args->n >= 0 ? s->args->n : 20;
    json_t *q;
    int rc;

    if (n > ROWS_MAX || (!n && !s->args->follow))
        return officer_fail(s, EX_USAGE, "-n: 1 to %d", ROWS_MAX);
    q = json_pack("{s:s, s:I}", "read", "tail", "count", (json_int_t)n);
    rc = audit_filters(s, q);
    if (rc) {
        json_decref(q);
        return rc;
    }
    if (!s->args->follow)
        return audit_rows(s, q);
    (void)json_object_set_new(q, "follow", json_true());
    return audit_read(s, q, -1, follow_row, s, NULL);
}

/* --- show --- */

static void show_list(const char *key, const json_t *list)
{
    char shown[ID_TEXT_MAX];
    json_t *v;
    size_t i;

    json_array_foreach(list, i, v)(void)
        printf("%-13s %s\n", i ? "" : key, printable(json_string_value(v), shown, sizeof(shown)));
}

static int show_row(void *ctx, const json_t *row)
{
    const struct officer_session *s = ctx;
    const char *key;
    char shown[512];
    json_t *v;

    if (s->args->json) {
        print_json(row);
        return 0;
    }
    json_object_foreach((json_t *)(uintptr_t)row, key, v)
    {
        if (json_is_string(v) && json_string_length(v))
            (void)printf("%-13s %s\n", key, printable(json_string_value(v), shown, sizeof(shown)));
        else if (json_is_integer(v))
            (void)printf("%-13s %" JSON_INTEGER_FORMAT "\n", key, json_integer_value(v));
        else if (json_is_array(v))
            show_list(key, v);
    }
    return 0;
}

int command_audit_show(struct officer_session *s)
{
    const char *text = s->args->operands[2];
    char *end;
    long long leaf;

    errno = 0;
    leaf = strtoll(text, &end, 10);
    if (errno || end == text || *end || leaf < 0)
        return officer_fail(s, EX_USAGE,
                            "\"%.40s\" is not a leaf's number: \"almoner audit tail\" shows them "
                            "in the first column",
                            text);
    return audit_read(s, json_pack("{s:s, s:I}", "read", "show", "leaf", (json_int_t)leaf), 0,
                      show_row, s, NULL);
}
