/* SPDX-License-Identifier: Apache-2.0 */
/* report_protocols.c - sharing protocols whose review or end is near, or passed: from the policy in force, or from policy text. It
 * reads no log. */
#include "base/clock.h"
#include "bundles.h"
#include "engine/catalogue.h"
#include "report.h"
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#define WITHIN_DAYS 90

static const struct report_column columns[] = {
    { "protocol", "protocol" }, { "title", "title" },        { "to be reviewed by", "review_on" },
    { "ends", "until" },        { "days left", "days" },
};

/* What comes first, the review or the end. */
static int32_t protocol_due(const struct policy_protocol *p)
{
    return p->review != POLICY_DAY_NONE && p->review < p->until ? p->review : p->until;
}

static json_t *protocols_within(const struct bundle *b, int32_t today, int32_t last)
{
    json_t *rows = json_array();

    for (uint16_t i = 0; rows && i < bundle_n_protocols(b); i++) {
        struct policy_protocol p = bundle_protocol_at(b, i);
        char review[CIVIL_TEXT], until[CIVIL_TEXT];

        if (protocol_due(&p) > last)
            continue;
        civil_format(p.review, review);
        civil_format(p.until, until);
        (void)json_array_append_new(
            rows, json_pack("{s:s, s:s, s:s, s:s, s:I}", "protocol", p.id, "title", p.title,
                            "review_on", review, "until", until, "days",
                            (json_int_t)protocol_due(&p) - today));
    }
    return rows;
}

static int protocols_show(const struct officer_session *s, const json_t *rows,
                          const struct compiled *c, const char *last)
{
    json_t *o;

    if (s->args->csv) {
        report_csv(rows, columns, ALM_LEN(columns));
        return 0;
    }
    if (!s->args->json) {
        if (json_array_size(rows))
            report_table(rows, columns, ALM_LEN(columns));
        else
            (void)printf("no protocol is to be reviewed or ends up to %s\n", last);
        return 0;
    }
    o = json_pack("{s:s, s:s, s:s, s:{s:s}, s:O}", "schema", REPORT_SCHEMA, "report", "protocols",
                  "policy", c->hash, "period", "until", last, "rows", rows);
    if (o)
        print_json(o);
    json_decref(o);
    return o ? 0 : officer_fail(s, EX_OSERR, "short of memory");
}

/* The broker's civil day, which in an exercise is not the clock's. Of policy text no broker is asked. */
static int protocols_today(const struct officer_session *s, int32_t *today)
{
    json_t *r = NULL;
    const char *day;
    int rc;

    *today = civil_today(clock_wall_ms());
    if (s->args->at)
        return civil_parse(s->args->at, today)
                   ? officer_fail(s, EX_USAGE, "--at: \"%.20s\" is not a day: YYYY-MM-DD", s->args->at)
                   : 0;
    if (s->args->n_operands > 2)
        return 0;
    rc = session_ask_op(s, "status", 0, &r);
    day = json_string_value(json_object_get(r, "civil_day"));
    if (!rc && day && *day && civil_parse(day, today))
        rc = officer_fail(s, EX_PROTOCOL, "the broker does not say its day");
    json_decref(r);
    return rc;
}

int command_report_protocols(struct officer_session *s)
{
    ALM_CLEANUP(compiled_deinit) struct compiled c = { 0 };
    int32_t today, last;
    char text[CIVIL_TEXT];
    json_t *rows;
    int rc;

    if (s->args->csv && s->args->json)
        return officer_fail(s, EX_USAGE, "--csv or --json, not both");
    rc = protocols_today(s, &today);
    if (rc)
        return rc;
    last = today + WITHIN_DAYS;
    if (s->args->until && civil_parse(s->args->until, &last))
        return officer_fail(s, EX_USAGE, "--until: \"%.20s\" is not a day: YYYY-MM-DD",
                            s->args->until);
    rc = s->args->n_operands > 2 ? policy_open(s, s->args->operands[2], &c)
                                 : policy_open_active(s, &c);
    if (rc)
        return rc;
    rows = protocols_within(c.bundle, today, last);
    civil_format(last, text);
    rc = rows ? protocols_show(s, rows, &c, text) : officer_fail(s, EX_OSERR, "short of memory");
    json_decref(rows);
    return rc;
}
