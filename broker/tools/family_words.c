/* SPDX-License-Identifier: Apache-2.0 */
/* family_words.c - a row of the log as a parent can read it: who asked, why, under which law, what
 * was asked and what was answered. "Inform people, no surprises" (8th Caldicott principle); and of
 * others nothing (DPA 2018 Sch 2 para 16: information relating to another individual). */
#include "engine/catalogue.h"
#include "family.h"
#include <stdio.h>
#include <string.h>

#define UNNAMED   "a service that is not named here"
#define WHO_ASKED "Which services are involved with this person?"
#define LINE_MAX  1024

static void set(json_t *o, const char *key, const char *text)
{
    (void)json_object_set_new(o, key, json_string(text));
}

/* --- the policy of the day --- */

void family_policies_deinit(struct family_policies *p)
{
    for (size_t i = 0; i < p->n; i++)
        compiled_deinit(&p->open[i]);
    p->n = 0;
}

/* NULL: it cannot be read, and then nothing is named. The oldest gives way. */
static const struct bundle *policy_of(struct family_policies *p, const char *hash)
{
    struct compiled *at;

    for (size_t i = 0; i < p->n; i++)
        if (!strcmp(p->open[i].hash, hash))
            return p->open[i].bundle;
    if (!*hash)
        return NULL;
    at = &p->open[p->n < FAMILY_POLICIES ? p->n : p->next];
    if (p->n == FAMILY_POLICIES) {
        p->next = (p->next + 1) % FAMILY_POLICIES;
        compiled_deinit(at);
    } else {
        p->n++;
    }
    *at = (struct compiled){ 0 };
    if (policy_open(p->s, hash, at)) {
        compiled_deinit(at);
        *at = (struct compiled){ 0 };
        (void)snprintf(at->hash, sizeof(at->hash), "%s", hash);
    }
    return at->bundle;
}

const char *family_service(struct family_policies *p, const char *policy, const char *agency)
{
    const struct bundle *b = policy_of(p, policy);
    uint16_t i = b ? bundle_agency(b, agency) : POLICY_NONE;
    const struct policy_agency *a = i == POLICY_NONE ? NULL : bundle_agency_at(b, i);

    if (!a || a->sensitive || bundle_agency_at(b, a->organisation)->sensitive)
        return UNNAMED;
    return a->name;
}

static void line_add(char line[static LINE_MAX], const char *text)
{
    size_t at = strlen(line);

    (void)snprintf(line + at, LINE_MAX - at, "%s", text);
}

/* --- why, and under which law --- */

static const char *purpose_title(const struct bundle *b, const char *id)
{
    uint16_t i = b ? bundle_purpose(b, id) : POLICY_NONE;

    return i == POLICY_NONE || !*bundle_purpose_at(b, i)->title ? id
                                                                : bundle_purpose_at(b, i)->title;
}

static void law_add(const struct bundle *b, uint16_t gateway, char line[static LINE_MAX])
{
    struct policy_gateway g = bundle_gateway_at(b, gateway);

    if (*line)
        line_add(line, "; or ");
    line_add(line, g.title);
    if (!*g.statute)
        return;
    line_add(line, " (");
    line_add(line, g.statute);
    if (*g.section && strcmp(g.section, "-") != 0) {
        line_add(line, ", section ");
        line_add(line, g.section);
    }
    line_add(line, ")");
}

/* What the leaf says carried it. */
static void law_carried(const struct bundle *b, const char *detail, char line[static LINE_MAX])
{
    const char *at = NULL, *from;
    size_t len;

    while ((from = policy_law_next(detail, &at, &len)) != NULL) {
        char id[64];
        uint16_t g;

        (void)snprintf(id, sizeof(id), "%.*s", (int)len, from);
        g = len < sizeof(id) ? bundle_gateway(b, id) : POLICY_NONE;
        if (g != POLICY_NONE)
            law_add(b, g, line);
    }
}

/* The law that carried it. What was refused was carried by none: then the one that was claimed, or
 * those that the purpose lists. */
static void law_of(const struct bundle *b, const json_t *row, char line[static LINE_MAX])
{
    uint16_t g = b ? bundle_gateway(b, reply_text(row, "basis")) : POLICY_NONE;
    uint16_t i = b ? bundle_purpose(b, reply_text(row, "purpose")) : POLICY_NONE;

    line[0] = '\0';
    if (b)
        law_carried(b, reply_text(row, "detail"), line);
    if (*line)
        return;
    if (g != POLICY_NONE) {
        law_add(b, g, line);
    } else if (i != POLICY_NONE) {
        struct policy_terms t = bundle_terms(b, i);

        for (uint16_t k = 0; k < t.n_bases; k++)
            law_add(b, t.bases[k], line);
    }
}

/* --- what was asked --- */

static const struct policy_question *question_of(const struct bundle *b, const json_t *row)
{
    uint16_t i = b ? bundle_question(b, reply_text(row, "question")) : POLICY_NONE;

    return i == POLICY_NONE ? NULL : bundle_question_at(b, i);
}

static void asked_of(const struct bundle *b, const json_t *row, char line[static LINE_MAX])
{
    static const char service[] = "service=";
    const struct policy_question *q = question_of(b, row);
    const char *id = reply_text(row, "question"), *detail = reply_text(row, "detail");
    uint16_t s = POLICY_NONE;

    line[0] = '\0';
    if (b && !strcmp(id, "eligible") && !strncmp(detail, service, sizeof(service) - 1))
        s = bundle_service(b, detail + sizeof(service) - 1);
    if (!strcmp(id, "who-is-involved")) {
        line_add(line, WHO_ASKED);
    } else if (s != POLICY_NONE) {
        line_add(line, "Is this person eligible for: ");
        line_add(line, bundle_service_at(b, s)->title);
        line_add(line, "?");
    } else {
        line_add(line, q ? q->wording : id);
    }
}

static json_t *holders_of(struct family_policies *p, const json_t *row)
{
    const json_t *holder;
    json_t *list = json_array();
    bool unnamed = false;
    size_t i;

    json_array_foreach(json_object_get(row, "holders"), i, holder)
    {
        const char *name = family_service(p, reply_text(row, "policy"), json_string_value(holder));

        if (!strcmp(name, UNNAMED))
            unnamed = true;
        else
            (void)json_array_append_new(list, json_string(name));
    }
    if (unnamed)
        (void)json_array_append_new(list,
                                    json_string("one or more services that are not named here"));
    return list;
}

/* --- what came of it --- */

static const char *reason_said(const char *word)
{
    for (int r = 0; r < REASON_COUNT; r++)
        if (!strcmp(reason_word((enum reason)r), word))
            return reason_text((enum reason)r);
    return "";
}

/* Those who said yes to being involved, and are named. */
static void list_told(struct family_policies *p, const json_t *row, char line[static LINE_MAX])
{
    const json_t *answers = json_object_get(json_object_get(row, "opened"), "answers"), *a;
    bool unnamed = false, any = false;
    size_t i;

    line_add(line, "They were told which services are involved");
    json_array_foreach(answers, i, a)
    {
        const char *name;

        if (strcmp(reply_text(a, "value"), "yes") != 0)
            continue;
        name = family_service(p, reply_text(row, "policy"), reply_text(a, "agency"));
        if (!strcmp(name, UNNAMED)) {
            unnamed = true;
            continue;
        }
        line_add(line, any ? ", " : ": ");
        line_add(line, name);
        any = true;
    }
    if (unnamed)
        line_add(line, any ? ", and a service that is not named here"
                           : ": a service that is not named here");
    else if (!any)
        line_add(line, ": none");
    line_add(line, ".");
}

static void answer_told(struct family_policies *p, const json_t *row, char line[static LINE_MAX])
{
    static const char *const told[][2] = {
        { "yes", "They were told: yes." },
        { "no", "They were told: no." },
        { "cannot-say", "They were told: it cannot be said." },
    };
    const struct policy_question *q = question_of(policy_of(p, reply_text(row, "policy")), row);
    const char *said = reply_text(json_object_get(row, "opened"), "told");

    line[0] = '\0';
    if (!strcmp(reply_text(row, "told"), "hidden")) {
        line_add(line, "Nothing was told: they heard what is said of somebody whom nobody knows.");
    } else if (!strcmp(said, "list")) {
        list_told(p, row, line);
    } else if (q && q->sensitive) {
        line_add(line, "They were told something about a sensitive matter, which is not written "
                       "here. Ask to hear it in person.");
    } else {
        for (size_t i = 0; i < ALM_LEN(told); i++)
            if (!strcmp(said, told[i][0]))
                line_add(line, told[i][1]);
        if (!*line)
            line_add(line, "They were answered.");
    }
}

static void answer_refused(const json_t *row, char line[static LINE_MAX])
{
    const char *why = reason_said(reply_text(row, "reason"));

    line[0] = '\0';
    if (!strcmp(reply_text(row, "told"), "hidden")) {
        line_add(line, "Nothing was told: they heard what is said of somebody whom nobody knows.");
        return;
    }
    line_add(line, "It was refused, and nothing was told.");
    if (*why) {
        line_add(line, " The reason: ");
        line_add(line, why);
    }
}

/* --- entries --- */

static json_t *entry_new(struct family_policies *p, const json_t *row)
{
    const char *agency = reply_text(row, "agency");

    return json_pack("{s:O, s:s, s:s, s:s, s:s, s:s, s:[], s:s, s:s}", "leaf",
                     json_object_get(row, "leaf"), "on", reply_text(row, "day"), "who",
                     *agency ? family_service(p, reply_text(row, "policy"), agency) : "", "purpose",
                     "", "law", "", "asked", "", "asked_of", "answer", "", "text", "");
}

static json_t *entry_question(struct family_policies *p, const json_t *row)
{
    const struct bundle *b = policy_of(p, reply_text(row, "policy"));
    json_t *e = entry_new(p, row);
    char line[LINE_MAX];

    if (!e)
        return NULL;
    set(e, "purpose", purpose_title(b, reply_text(row, "purpose")));
    law_of(b, row, line);
    set(e, "law", line);
    asked_of(b, row, line);
    set(e, "asked", line);
    (void)json_object_set_new(e, "asked_of", holders_of(p, row));
    if (!strcmp(reply_text(row, "event"), "refused")) {
        answer_refused(row, line);
        set(e, "answer", line);
    } else {
        set(e, "answer", "No answer is on record.");
    }
    return e;
}

/* What else was recorded: who did what. "%" stands for the purpose's title. */
static const char *const recorded[][2] = {
    { "consent-lodged", "recorded an agreement to share, for: %" },
    { "refusal-lodged", "recorded that sharing was refused, for: %" },
    { "withdrawn", "recorded that an agreement was withdrawn, for: %" },
    { "consent-changed", "recorded a change of who may agree, for: %" },
    { "consent-not-possible", "recorded that nobody could be asked for agreement, for: %" },
    { "disputed", "recorded that those with parental responsibility disagree, for: %" },
    { "dispute-lifted", "An officer let parents' agreements count again after a disagreement." },
    { "shield-lodged", "put protection around what is known of this person." },
    { "shield-lifted", "An officer ended that protection." },
    { "override-requested", "asked to be answered without agreement, for: %" },
    { "override-approved", "agreed to an answer without agreement." },
    { "override-refused", "did not agree to an answer without agreement." },
    { "override-reviewed", "looked at whether an answer without agreement was right." },
    { "override-vetoed", "An officer ended an answer without agreement." },
    { "concern-lodged", "recorded a concern, for: %" },
    { "concern-changed", "changed a concern that it had recorded." },
    { "concern-withdrawn", "withdrew a concern that it had recorded." },
    { "fired", "Concerns of several services came together, and the hub was told." },
    { "referral-sent", "sent a referral, for: %" },
    { "referral-step", "took a step in a referral." },
    { "watch-lodged", "asked to be told if certain services meet this person again." },
    { "not-shared", "decided not to share something." },
    { "corrected", "took back an answer that it had given; everybody who was told has been asked "
                   "not to use it." },
    { "statement-lodged", "lodged a statement of the family." },
};

static json_t *entry_recorded(struct family_policies *p, const json_t *row)
{
    const char *event = reply_text(row, "event"), *text = NULL, *hole;
    const struct bundle *b = policy_of(p, reply_text(row, "policy"));
    char line[LINE_MAX] = "";
    json_t *e;

    for (size_t i = 0; i < ALM_LEN(recorded); i++)
        if (!strcmp(event, recorded[i][0]))
            text = recorded[i][1];
    if (!text)
        return NULL;
    hole = strchr(text, '%');
    (void)snprintf(line, sizeof(line), "%.*s", hole ? (int)(hole - text) : (int)strlen(text), text);
    if (hole)
        line_add(line, *reply_text(row, "purpose") ? purpose_title(b, reply_text(row, "purpose"))
                                                : "no purpose that is on record");
    e = entry_new(p, row);
    if (e)
        set(e, "text", line);
    return e;
}

static json_t *entry_read(const json_t *row)
{
    return json_pack("{s:O, s:s, s:s}", "leaf", json_object_get(row, "leaf"), "on",
                     reply_text(row, "day"), "who", reply_text(row, "officer"));
}

enum family_part family_entry(struct family_policies *p, const json_t *row, json_t *into,
                              json_t **out)
{
    const char *event = reply_text(row, "event");
    char line[LINE_MAX];

    *out = NULL;
    if (!strcmp(event, "decided") || !strcmp(event, "refused")) {
        if (!*reply_text(row, "question"))
            return FAMILY_NOTHING; /* something lodged that was not accepted: nothing came of it */
        *out = entry_question(p, row);
        return *out ? FAMILY_ASKED : FAMILY_NOTHING;
    }
    if (!strcmp(event, "disclosed") || !strcmp(event, "not-disclosed")) {
        if (!into)
            return FAMILY_NOTHING; /* a list of one's own, and the like */
        if (!strcmp(event, "disclosed"))
            answer_told(p, row, line);
        else
            (void)snprintf(line, sizeof(line), "In the end nothing was told.");
        set(into, "answer", line);
        return FAMILY_ASKED;
    }
    if (!strcmp(event, "log-read")) {
        *out = entry_read(row);
        return *out ? FAMILY_READ : FAMILY_NOTHING;
    }
    *out = entry_recorded(p, row);
    return *out ? FAMILY_RECORDED : FAMILY_NOTHING;
}
