/* SPDX-License-Identifier: Apache-2.0 */
/* query_about.c - the part of a signed query that says whom a reading is about, read as strictly as
 * the rest. What names somebody goes under the seal of the reading's leaf (struct query, sealed); what
 * says how it was read stands in its clear part. */
#include "base/clock.h"
#include "reader.h"
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define WORDS_MAX   501 /* bytes of a safe-contact note or a redaction's words, with NUL */
#define REDACTED_AT 120 /* the list of redacted leaves in the clear part is cut at so many bytes */

struct parse {
    const json_t *o;
    char *why;
    size_t why_size;
};

static const char *const reports[] = { "",           "overrides",    "refusals", "self-claimed",
                                       "out-of-hours", "sample", "unanswered" };
static const char *const causes[] = { "third-party", "serious-harm" };

const char *report_word(uint8_t kind)
{
    return kind < ALM_LEN(reports) ? reports[kind] : "";
}

ALM_PRINTF(2, 3) static int about_fail(const struct parse *p, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(p->why, p->why_size, fmt, args);
    va_end(args);
    return -EINVAL;
}

static int sealed_set(struct query *q, const char *key, json_t *value)
{
    if (!q->sealed)
        q->sealed = json_object();
    return json_object_set(q->sealed, key, value) ? -ENOMEM : 0;
}

static bool id_valid(const char *text)
{
    return *text && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789._-") == strlen(text);
}

static int about_tokens(const struct parse *p, struct query *q)
{
    json_t *tokens = json_object_get(p->o, "tokens");
    char why[160];

    if (!tokens)
        return about_fail(p, "\"person\" needs \"tokens\"");
    if (token_json_read(tokens, &q->tokens, why, sizeof(why)))
        return about_fail(p, "\"tokens\": %s", why);
    if (q->opened && token_json_household(&q->tokens))
        return about_fail(p, "\"opened\" is of one person: what is recorded of a home may be "
                             "about others who live there");
    return sealed_set(q, "tokens", tokens);
}

/* --- a family report --- */

static int words_of(const json_t *o, const char *key)
{
    char text[WORDS_MAX];

    return local_get_text(o, key, text, sizeof(text)) || !text[0] ? -EINVAL : 0;
}

static size_t cause_at(const json_t *o)
{
    const char *text = json_string_value(json_object_get(o, "cause"));
    size_t i = 0;

    while (text && i < ALM_LEN(causes) && strcmp(causes[i], text) != 0)
        i++;
    return text ? i : ALM_LEN(causes);
}

static int redaction_check(const struct parse *p, const json_t *list, size_t i)
{
    const json_t *o = json_array_get(list, i);
    int64_t leaf, other;

    if (!json_is_object(o) || json_object_size(o) != 3 ||
        local_get_int(o, "leaf", 0, INT64_MAX, &leaf) || cause_at(o) == ALM_LEN(causes) ||
        words_of(o, "text"))
        return about_fail(p,
                          "redaction %zu must have \"leaf\", \"cause\" (third-party or "
                          "serious-harm) and \"text\" (1 to %d bytes)",
                          i + 1, WORDS_MAX - 1);
    for (size_t k = 0; k < i; k++)
        if (!local_get_int(json_array_get(list, k), "leaf", 0, INT64_MAX, &other) && other == leaf)
            return about_fail(p, "leaf %" PRId64 " is redacted twice", leaf);
    return 0;
}

static int about_family(const struct parse *p, struct query *q)
{
    json_t *family = json_object_get(p->o, "family"), *list;

    if (!family)
        return 0;
    list = json_object_get(family, "redactions");
    if (!json_is_object(family) || json_object_size(family) != 2 || !json_is_array(list) ||
        words_of(family, "safe_contact"))
        return about_fail(p,
                          "\"family\" must have \"safe_contact\" (how the family is reached "
                          "safely, and who says so: 1 to %d bytes) and \"redactions\" (a list)",
                          WORDS_MAX - 1);
    if (!q->opened)
        return about_fail(p, "a report for a family is \"opened\"");
    if (json_array_size(list) > REDACTIONS_MAX)
        return about_fail(p, "more than %d redactions", REDACTIONS_MAX);
    for (size_t i = 0; i < json_array_size(list); i++) {
        int rc = redaction_check(p, list, i);

        if (rc)
            return rc;
    }
    q->family = true;
    return sealed_set(q, "family", family);
}

static int about_person(const struct parse *p, struct query *q)
{
    int rc = local_get_text(p->o, "shield_agreed", q->shield_agreed, sizeof(q->shield_agreed));

    if (rc == -EINVAL || (!rc && !id_valid(q->shield_agreed)))
        return about_fail(p, "\"shield_agreed\" must be the id of the agency or officer who "
                             "agreed");
    if (!rc && !q->opened)
        return about_fail(p, "\"shield_agreed\" is of a reading that is \"opened\"");
    rc = about_tokens(p, q);
    return rc ? rc : about_family(p, q);
}

static int about_practitioner(const struct parse *p, struct query *q)
{
    json_t *who;
    int rc;

    if (!q->agency[0] ||
        local_get_text(p->o, "practitioner", q->practitioner, sizeof(q->practitioner)) ||
        !q->practitioner[0])
        return about_fail(p, "\"practitioner\" needs \"agency\" and \"practitioner\", the reference "
                             "that the agency's adapter vouches with");
    who = json_pack("{s:s, s:s}", "agency", q->agency, "reference", q->practitioner);
    rc = who ? sealed_set(q, "practitioner", who)
             : about_fail(p, "\"practitioner\" is not text in UTF-8");
    json_decref(who);
    return rc;
}

static int about_report(const struct parse *p, struct query *q)
{
    const char *word = json_string_value(json_object_get(p->o, "report"));
    int64_t each = 5;

    for (uint8_t i = 1; word && i < ALM_LEN(reports); i++)
        if (!strcmp(reports[i], word))
            q->report = i;
    if (!q->report)
        return about_fail(p, "\"report\" must be overrides, refusals, self-claimed, out-of-hours, "
                             "sample or unanswered");
    if (local_get_int(p->o, "each", 1, SAMPLE_MAX, &each) == -EINVAL)
        return about_fail(p, "\"each\" must be a whole number from 1 to %d", SAMPLE_MAX);
    if (json_object_get(p->o, "each") && q->report != REPORT_SAMPLE)
        return about_fail(p, "\"each\" is of a sample");
    if (q->opened && (q->report == REPORT_REFUSALS || q->report == REPORT_UNANSWERED))
        return about_fail(p, "this report opens nothing: it takes no \"opened\"");
    q->each = (uint16_t)each;
    return 0;
}

int query_about(const json_t *o, struct query *q, char *why, size_t why_size)
{
    struct parse p = { o, why, why_size };

    if (local_get_bool(o, "opened", &q->opened) == -EINVAL)
        return about_fail(&p, "\"opened\" must be true or false");
    if (q->since != CIVIL_NONE && q->until != CIVIL_NONE && q->since > q->until)
        return about_fail(&p, "\"since\" is after \"until\"");
    switch (q->read) {
    case READ_PERSON:
        return about_person(&p, q);
    case READ_PRACTITIONER:
        return about_practitioner(&p, q);
    case READ_REPORT:
        return about_report(&p, q);
    default:
        return 0;
    }
}

/* --- what stands in the clear part --- */

/* "1042:third-party,1050:serious-harm,+7": leaves and causes; the words are sealed, and all of them there. */
static void redactions_shape(const struct query *q, struct buf *b)
{
    const json_t *list = json_object_get(json_object_get(q->sealed, "family"), "redactions");
    size_t n = json_array_size(list), i = 0, begun = b->len;

    for (; i < n && b->len - begun < REDACTED_AT - 40; i++) {
        const json_t *o = json_array_get(list, i);

        buf_printf(b, "%s%" JSON_INTEGER_FORMAT ":%s", i ? "," : " redacted=",
                   json_integer_value(json_object_get(o, "leaf")),
                   json_string_value(json_object_get(o, "cause")));
    }
    if (i < n)
        buf_printf(b, ",+%zu", n - i);
}

void query_about_shape(const struct query *q, struct buf *b)
{
    if (q->each && q->report == REPORT_SAMPLE)
        buf_printf(b, " each=%u", q->each);
    if (q->opened)
        buf_printf(b, " opened=yes");
    if (q->shield_agreed[0])
        buf_printf(b, " shield_agreed=%s", q->shield_agreed);
    if (q->family) {
        buf_printf(b, " safe_contact=yes");
        redactions_shape(q, b);
    }
}
