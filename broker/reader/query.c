/* SPDX-License-Identifier: Apache-2.0 */
/* query.c - what an officer signed, read strictly: an unknown key or a value out of range is
 * refused, never passed over. */
#include "base/clock.h"
#include "engine/engine.h"
#include "reader.h"
#include "wire/msg.h"
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const reads[] = { [READ_TAIL] = "tail",
                                     [READ_LIST] = "tail",
                                     [READ_SHOW] = "show",
                                     [READ_EXPORT] = "export",
                                     [READ_HEAD] = "head",
                                     [READ_STATS] = "stats",
                                     [READ_BACKUP] = "backup",
                                     [READ_PERSON] = "person",
                                     [READ_PRACTITIONER] = "practitioner",
                                     [READ_REPORT] = "report" };
static const char *const commands[] = {
    [READ_TAIL] = "audit tail",     [READ_LIST] = "audit list", [READ_SHOW] = "audit show",
    [READ_EXPORT] = "audit export", [READ_HEAD] = "audit head",
    [READ_STATS] = "stats",
    [READ_BACKUP] = "backup",       [READ_PERSON] = "report person",
    [READ_PRACTITIONER] = "report practitioner",
};
#define FILTERS "agency event reason rule basis question purpose role since until "
#define KINDS   "tail, show, export, head, stats, backup, person, practitioner or report"
/* Which keys each kind of reading takes besides read, at and nonce. */
static const char *const keys[] = {
    [READ_TAIL] = " from count follow " FILTERS,
    [READ_SHOW] = " leaf ",
    [READ_EXPORT] = " from count ",
    [READ_HEAD] = " ",
    [READ_STATS] = " since until ",
    [READ_BACKUP] = " until to ",
    [READ_PERSON] = " tokens opened shield_agreed family since until ",
    [READ_PRACTITIONER] = " agency practitioner opened since until ",
    [READ_REPORT] = " report opened each " FILTERS,
};

struct parse {
    const json_t *o;
    char *why;
    size_t why_size;
};

ALM_PRINTF(2, 3) static int query_fail(const struct parse *p, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(p->why, p->why_size, fmt, args);
    va_end(args);
    return -EINVAL;
}

/* "2026-05-03T10:11:12Z", with or without a fraction. */
static int time_parse(const char *text, int64_t *out)
{
    char day[CIVIL_TEXT] = "";
    const char *at = text + 10;
    unsigned v[3];
    int32_t d;

    if (strnlen(text, 20) < 20 || *at++ != 'T')
        return -EINVAL;
    memcpy(day, text, 10);
    if (civil_parse(day, &d))
        return -EINVAL;
    for (int i = 0; i < 3; i++, at += 3) {
        if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9' || (i < 2 && at[2] != ':'))
            return -EINVAL;
        v[i] = (unsigned)(at[0] - '0') * 10 + (unsigned)(at[1] - '0');
    }
    at--; /* past the seconds */
    if (*at == '.')
        at += 1 + strspn(at + 1, "0123456789");
    if (strcmp(at, "Z") != 0 || v[0] > 23 || v[1] > 59 || v[2] > 60)
        return -EINVAL;
    *out = ((int64_t)d * 86400 + (int64_t)v[0] * 3600 + (int64_t)v[1] * 60 + (int64_t)v[2]) * 1000;
    return 0;
}

static int query_kind(const struct parse *p, struct query *q)
{
    char word[16];

    if (local_get_text(p->o, "read", word, sizeof(word)))
        return query_fail(p, "\"read\" must be " KINDS);
    for (uint8_t i = READ_TAIL; i < ALM_LEN(reads); i++) {
        if (strcmp(reads[i], word) != 0)
            continue;
        q->read = i;
        return 0;
    }
    return query_fail(p, "\"read\" must be " KINDS);
}

static int query_keys(const struct parse *p, const struct query *q)
{
    const char *key;
    json_t *v;

    json_object_foreach((json_t *)(uintptr_t)p->o, key, v)
    {
        char spaced[32];

        if (!strcmp(key, "read") || !strcmp(key, "at") || !strcmp(key, "nonce"))
            continue;
        if (snprintf(spaced, sizeof(spaced), " %s ", key) >= (int)sizeof(spaced) ||
            strchr(key, ' ') || !*key || !strstr(keys[q->read], spaced))
            return query_fail(p, "a key that \"%s\" does not take: known are%s", reads[q->read],
                              keys[q->read]);
    }
    return 0;
}

static int query_number(const struct parse *p, const char *key, int64_t most, uint64_t *out,
                        bool *given)
{
    int64_t v;
    int rc = local_get_int(p->o, key, 0, most, &v);

    if (rc == -EINVAL)
        return query_fail(p, "\"%s\" must be a whole number from 0 to %" PRId64, key, most);
    if (!rc)
        *out = (uint64_t)v;
    if (given)
        *given = !rc;
    return 0;
}

static int query_text(const struct parse *p, const char *key, char *out, size_t size)
{
    int rc = local_get_text(p->o, key, out, size);

    if (rc == -EINVAL ||
        (!rc && strspn(out, "abcdefghijklmnopqrstuvwxyz0123456789._/:-") != strlen(out)))
        return query_fail(
            p,
            "\"%s\" must be an id: small letters, digits, dots, hyphens, underscores; at most %zu",
            key, size - 1);
    return 0;
}

static int query_event(const struct parse *p, struct query *q)
{
    char word[64] = "";
    int rc = query_text(p, "event", word, sizeof(word));

    if (rc || !word[0])
        return rc;
    for (uint8_t e = 1; e < EVENT_COUNT; e++)
        if (!strcmp(ledger_event_word(e), word))
            q->event = e;
    return q->event ? 0
                    : query_fail(p,
                                 "there is no event \"%.32s\"; some are decided, refused, "
                                 "disclosed, withdrawn, log-read",
                                 word);
}

static int query_day(const struct parse *p, const char *key, int32_t *out)
{
    int rc = local_get_day(p->o, key, out);

    return rc == -EINVAL ? query_fail(p, "\"%s\" must be a day, YYYY-MM-DD", key) : 0;
}

static int query_filters(const struct parse *p, struct query *q)
{
    const struct {
        const char *key;
        char *out;
        size_t size;
    } texts[] = {
        { "agency", q->agency, sizeof(q->agency) },
        { "reason", q->reason, sizeof(q->reason) },
        { "rule", q->rule, sizeof(q->rule) },
        { "basis", q->basis, sizeof(q->basis) },
        { "question", q->question, sizeof(q->question) },
        { "purpose", q->purpose, sizeof(q->purpose) },
        { "role", q->role, sizeof(q->role) },
        { "to", q->to, sizeof(q->to) },
    };
    int rc = 0;

    for (size_t i = 0; !rc && i < ALM_LEN(texts); i++)
        rc = query_text(p, texts[i].key, texts[i].out, texts[i].size);
    if (!rc)
        rc = query_event(p, q);
    if (!rc)
        rc = query_day(p, "since", &q->since);
    if (!rc)
        rc = query_day(p, "until", &q->until);
    if (!rc && local_get_bool(p->o, "follow", &q->follow) == -EINVAL)
        rc = query_fail(p, "\"follow\" must be true or false");
    return rc;
}

static int query_range(const struct parse *p, struct query *q)
{
    bool from = false, leaf = false;
    int rc = query_number(p, "from", INT64_MAX, &q->from, &from);

    q->count = q->read == READ_EXPORT ? INT64_MAX : 20;
    if (!rc)
        rc = query_number(p, "count", q->read == READ_EXPORT ? INT64_MAX : QUERY_ROWS_MAX,
                          &q->count, NULL);
    if (!rc)
        rc = query_number(p, "leaf", INT64_MAX, &q->leaf, &leaf);
    if (!rc && q->read == READ_SHOW && !leaf)
        rc = query_fail(p, "\"show\" needs \"leaf\"");
    if (!rc && q->read == READ_STATS &&
        (q->until == CIVIL_NONE || (q->since != CIVIL_NONE && q->since > q->until)))
        rc = query_fail(p, "\"stats\" needs \"until\", a day that is over and not before \"since\"");
    if (!rc && q->read == READ_BACKUP && (q->until == CIVIL_NONE || !q->to[0]))
        rc = query_fail(p, "\"backup\" needs \"until\", the last day of its key, and \"to\", that key's fingerprint");
    if (!rc && q->read == READ_TAIL && from) {
        q->read = READ_LIST;
        if (q->follow)
            rc = query_fail(p, "\"follow\" goes on from the end of the log: it takes no \"from\"");
    }
    return rc;
}

static int query_fresh(const struct parse *p, struct query *q)
{
    char at[40], nonce[ID_TEXT];

    if (local_get_text(p->o, "at", at, sizeof(at)) || time_parse(at, &q->at_ms))
        return query_fail(p, "\"at\" must be the UTC time of signing, e.g. 2026-05-03T10:11:12Z");
    if (local_get_text(p->o, "nonce", nonce, sizeof(nonce)) || id_parse(nonce, &q->nonce))
        return query_fail(p, "\"nonce\" must be a uuid");
    return 0;
}

int query_parse(const char *text, struct query *out, char *why, size_t why_size)
{
    struct query q = { .since = CIVIL_NONE, .until = CIVIL_NONE };
    struct parse p = { .why = why, .why_size = why_size };
    json_error_t error;
    json_t *o = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    int rc;

    p.o = o;
    rc = json_is_object(o) ? query_kind(&p, &q)
                           : query_fail(&p, "the query is not one JSON object, each key once");
    if (!rc)
        rc = query_keys(&p, &q);
    if (!rc)
        rc = query_fresh(&p, &q);
    if (!rc)
        rc = query_filters(&p, &q);
    if (!rc)
        rc = query_range(&p, &q);
    if (!rc)
        rc = query_about(o, &q, why, why_size);
    json_decref(o);
    if (rc)
        query_deinit(&q);
    else
        *out = q;
    return rc;
}

void query_deinit(struct query *q)
{
    json_decref(q->sealed);
    q->sealed = NULL;
    token_json_wipe(&q->tokens);
}

static bool wants(const char *wanted, const char *has)
{
    return !wanted[0] || !strcmp(wanted, has);
}

/* The gateway that was claimed, or one of those that carried it. */
static bool wants_basis(const char *wanted, const struct ledger_clear *c)
{
    const char *at = NULL, *id;
    size_t len;

    if (wants(wanted, c->basis))
        return true;
    while ((id = policy_law_next(c->detail, &at, &len)) != NULL) {
        if (len == strlen(wanted) && !memcmp(id, wanted, len))
            return true;
    }
    return false;
}

bool query_wants(const struct query *q, const struct ledger_clear *c)
{
    return wants(q->agency, c->agency) && wants(q->reason, c->reason) && wants(q->rule, c->rule) &&
           wants_basis(q->basis, c) && wants(q->question, c->question) &&
           wants(q->purpose, c->purpose) && wants(q->role, c->role) &&
           (!q->event || q->event == c->event) &&
           (q->since == CIVIL_NONE || c->civil_day >= q->since) &&
           (q->until == CIVIL_NONE || c->civil_day <= q->until);
}

static void shape_text(struct buf *b, const char *key, const char *value)
{
    if (*value)
        buf_printf(b, " %s=%s", key, value);
}

void query_shape(const struct query *q, char out[static QUERY_SHAPE_MAX])
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    char day[CIVIL_TEXT];

    out[0] = '\0';
    buf_init(&b, 1024);
    if (q->read == READ_SHOW)
        buf_printf(&b, " leaf=%" PRIu64, q->leaf);
    if (q->read == READ_LIST || q->read == READ_EXPORT)
        buf_printf(&b, " from=%" PRIu64, q->from);
    if (q->read == READ_LIST || q->read == READ_EXPORT || q->read == READ_TAIL)
        buf_printf(&b, " count=%" PRIu64, q->count);
    shape_text(&b, "event", q->event ? ledger_event_word(q->event) : "");
    civil_format(q->since, day);
    shape_text(&b, "since", day);
    civil_format(q->until, day);
    shape_text(&b, "until", day);
    shape_text(&b, "follow", q->follow ? "yes" : "");
    shape_text(&b, "agency", q->agency);
    shape_text(&b, "reason", q->reason);
    shape_text(&b, "to", q->to);
    shape_text(&b, "rule", q->rule);
    shape_text(&b, "basis", q->basis);
    shape_text(&b, "question", q->question);
    shape_text(&b, "purpose", q->purpose);
    shape_text(&b, "role", q->role);
    query_about_shape(q, &b);
    if (!buf_status(&b) && b.len)
        (void)snprintf(out, QUERY_SHAPE_MAX, "%.*s", (int)(b.len - 1), (const char *)b.data + 1);
}

const char *query_command(const struct query *q)
{
    static const char *const reports[] = {
        "",
        "report overrides",
        "report refusals",
        "report self-claimed",
        "report out-of-hours",
        "report sample",
        "report unanswered",
    };

    if (q->read == READ_REPORT)
        return reports[q->report];
    return q->family ? "report family" : commands[q->read];
}
