/* SPDX-License-Identifier: Apache-2.0 */
/* search.c - one search of a configuration: which resources, and where in them the facts stand. */
#include "base/bytes.h"
#include "conf/conf.h"
#include "fhir/config.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Where the facts stand when a search does not say; statuses are parted by spaces.
 * Source: FHIR R4, the resources' definitions and the value sets of their statuses. */
static const struct usual {
    const char *resource, *subject, *location, *date, *end, *code, *status, *ignored, *over;
    const char *over_at; /* NULL: where the status stands */
    const char *service, *route, *lead;
} usual[] = {
    { .resource = "Encounter",
      .subject = "subject.reference",
      .location = "location.location.reference",
      .date = "period.start",
      .code = "type",
      .status = "status",
      .ignored = "planned cancelled entered-in-error" },
    { .resource = "Condition",
      .subject = "subject.reference",
      .date = "onsetDateTime|onsetPeriod.start|recordedDate",
      .end = "abatementDateTime|abatementPeriod.end|abatementString",
      .code = "code",
      .status = "verificationStatus.coding.code",
      .ignored = "refuted entered-in-error",
      .over_at = "clinicalStatus.coding.code",
      .over = "inactive remission resolved" },
    { .resource = "Flag",
      .subject = "subject.reference",
      .location = "subject.reference",
      .date = "period.start",
      .end = "period.end",
      .code = "code",
      .status = "status",
      .ignored = "entered-in-error",
      .over = "inactive" },
    { .resource = "EpisodeOfCare",
      .subject = "patient.reference",
      .date = "period.start",
      .end = "period.end",
      .code = "type",
      .status = "status",
      .ignored = "planned waitlist cancelled entered-in-error",
      .over = "finished",
      .service = "type.text|type.coding.display|type.coding.code",
      .lead = "careManager.display" },
    { .resource = "CareTeam",
      .subject = "subject.reference",
      .date = "period.start",
      .end = "period.end",
      .code = "category",
      .status = "status",
      .ignored = "proposed entered-in-error",
      .over = "inactive",
      .service = "name|category.text|category.coding.display",
      .route = "telecom.value" },
    { .resource = "Task",
      .subject = "for.reference",
      .location = "for.reference",
      .date = "authoredOn",
      .end = "",
      .code = "code",
      .status = "status",
      .ignored = "draft entered-in-error",
      .over = "rejected cancelled failed completed" },
    { .resource = "ServiceRequest",
      .subject = "subject.reference",
      .location = "subject.reference",
      .date = "authoredOn",
      .end = "",
      .code = "code",
      .status = "status",
      .ignored = "draft entered-in-error",
      .over = "revoked completed" },
};

#define TEXT_ROW(field, least, otherwise, line)                                                    \
    {                                                                                              \
        .key = #field, .type = SETTING_STRING, .offset = offsetof(struct fhir_search, field),      \
        .size = sizeof(((struct fhir_search *)0)->field), .min = least,                            \
        .max = sizeof(((struct fhir_search *)0)->field) - 1, .fallback = otherwise, .help = line   \
    }
/* "-" stands for "as is usual for the resource". */
/* clang-format off: a table, one row a line */
static const struct setting settings_search[] = {
    TEXT_ROW(name, 0, "", "what questions call it"),
    TEXT_ROW(resource, 1, NULL, "type of resource"),
    TEXT_ROW(query, 1, NULL, "search parameters, with {patient} or {location}"),
    TEXT_ROW(subject, 1, "-", "path of the reference to the patient"),
    TEXT_ROW(location, 1, "-", "path of the reference to the home"),
    TEXT_ROW(date, 1, "-", "path of the date or the start"),
    TEXT_ROW(end, 0, "-", "path of the end; \"\": a point in time"),
    TEXT_ROW(code, 1, "-", "path of the code"),
    TEXT_ROW(system, 0, "", "code system whose codes are kinds; none: any"),
    TEXT_ROW(status, 1, "-", "path of the status"),
    TEXT_ROW(over_at, 1, "-", "path of the status that says it is over"),
    TEXT_ROW(service, 1, "-", "path of the service's name"),
    TEXT_ROW(route, 1, "-", "path of a contact route"),
    TEXT_ROW(lead, 1, "-", "path of the lead professional"),
};
struct kind_scalars {
    char kind[TALLY_WORD_MAX];
};
static const struct setting settings_kind[] = {
    { .key = "kind",
      .type = SETTING_STRING,
      .offset = offsetof(struct kind_scalars, kind),
      .size = TALLY_WORD_MAX,
      .min = 1,
      .max = TALLY_WORD_MAX - 1,
      .help = "the word of the questions" },
};
/* clang-format on */
static const char *const keys_search[] = { "kinds", "ignored", "over", NULL };
static const char *const keys_kind[] = { "codes", NULL };

void fhir_words_read(const struct conf_node *list, struct conf_errors *e, struct tally_words *out)
{
    if (!list)
        return;
    if (conf_type_of(list) != CONF_LIST || conf_len(list) > TALLY_KINDS_MAX) {
        conf_fail(e, list, "%s is a list of at most %d texts", conf_name(list), TALLY_KINDS_MAX);
        return;
    }
    for (size_t i = 0; i < conf_len(list); i++) {
        const char *word = NULL;

        if (conf_string(conf_at(list, i), e, &word) && tally_words_add(out, word) != 0)
            conf_fail(e, conf_at(list, i), "a text of 1 to %d bytes", TALLY_WORD_MAX - 1);
    }
}

static void words_usual(const char *words, struct tally_words *out)
{
    while (words && *words) {
        size_t len = strcspn(words, " ");

        if (len < TALLY_WORD_MAX && out->n < TALLY_KINDS_MAX) {
            memcpy(out->at[out->n], words, len);
            out->at[out->n++][len] = '\0';
        }
        words += len + (words[len] == ' ');
    }
}

static void path_usual(char path[static PATH_MAX_LEN], const char *otherwise,
                       const struct conf_node *at, struct conf_errors *e)
{
    if (strcmp(path, "-") == 0)
        text_take(path, PATH_MAX_LEN, otherwise ? otherwise : "");
    if (*path && !path_valid(path))
        conf_fail(e, at, "a path is member names parted by dots; several are parted by |");
}

static void paths_usual(const struct conf_node *n, struct conf_errors *e, struct fhir_search *s)
{
    static const struct usual none;
    const struct usual *u = &none;

    for (size_t i = 0; i < ALM_LEN(usual); i++) {
        if (strcmp(usual[i].resource, s->resource) == 0)
            u = &usual[i];
    }
    path_usual(s->subject, u->subject, n, e);
    path_usual(s->location, u->location, n, e);
    path_usual(s->date, u->date, n, e);
    path_usual(s->end, u->end, n, e);
    path_usual(s->code, u->code, n, e);
    path_usual(s->status, u->status, n, e);
    path_usual(s->over_at, u->over_at ? u->over_at : s->status, n, e);
    path_usual(s->service, u->service, n, e);
    path_usual(s->route, u->route, n, e);
    path_usual(s->lead, u->lead, n, e);
    if (!conf_child(n, "ignored"))
        words_usual(u->ignored, &s->ignored);
    if (!conf_child(n, "over"))
        words_usual(u->over, &s->over);
}

static void kind_add(const struct conf_node *code, const char *kind, struct conf_errors *e,
                     struct fhir_search *s)
{
    const char *coded = NULL;

    if (!conf_string(code, e, &coded))
        return;
    if (s->n_kinds == FHIR_KINDS_MAX) {
        conf_fail(e, code, "a search has at most %d codes", FHIR_KINDS_MAX);
        return;
    }
    if (!*coded || text_copy(s->kinds[s->n_kinds].coded, FHIR_CODED_MAX, coded) != 0)
        conf_fail(e, code, "a code is \"system|code\", or \"code\" of any system");
    else
        text_take(s->kinds[s->n_kinds++].kind, TALLY_WORD_MAX, kind);
}

/* ( { kind = "..."; codes = [ "system|code", ... ]; }, ... ) */
static void kinds_read(const struct conf_node *list, struct conf_errors *e, struct fhir_search *s)
{
    if (!list)
        return;
    if (conf_type_of(list) != CONF_LIST) {
        conf_fail(e, list, "kinds is a list of groups: ( { kind = \"...\"; codes = [ ... ]; } )");
        return;
    }
    s->kinds = calloc(FHIR_KINDS_MAX, sizeof(*s->kinds));
    if (!s->kinds) {
        conf_fail(e, list, "not enough memory");
        return;
    }
    for (size_t i = 0; i < conf_len(list); i++) {
        const struct conf_node *n = conf_at(list, i), *codes;
        struct kind_scalars v = { "" };

        if (conf_type_of(n) != CONF_GROUP) {
            conf_fail(e, n, "a kind is a group: { kind = \"...\"; codes = [ ... ]; }");
            continue;
        }
        settings_read(settings_kind, ALM_LEN(settings_kind), n, keys_kind, e, &v);
        codes = conf_child(n, "codes");
        if (!codes || conf_type_of(codes) != CONF_LIST || conf_len(codes) == 0) {
            conf_fail(e, n, "a kind needs codes = [ \"system|code\", ... ]");
            continue;
        }
        for (size_t j = 0; j < conf_len(codes); j++)
            kind_add(conf_at(codes, j), v.kind, e, s);
    }
}

static void query_check(const struct conf_node *n, struct conf_errors *e, struct fhir_search *s)
{
    const char *patient = strstr(s->query, "{patient}"), *location = strstr(s->query, "{location}");
    const char *at = patient ? patient : location;

    if (!patient == !location || strpbrk(at + 1, "{")) {
        conf_fail(e, n, "a query names {patient} or {location}, once");
        return;
    }
    if (strchr(s->query, '{') != at || strpbrk(s->query, " #?"))
        conf_fail(e, n, "a query without space, # or question mark; write %%20 for a space");
    s->by_location = location;
    for (const char *c = s->resource; *c; c++) {
        if (!isalpha((unsigned char)*c)) {
            conf_fail(e, n, "resource is a type of FHIR: Encounter");
            return;
        }
    }
}

/* What each list needs to know of a resource. */
static void needs_check(const struct conf_node *n, struct conf_errors *e,
                        const struct fhir_search *s)
{
    if (!*s->date)
        conf_fail(e, n, "this resource needs date = \"PATH\"");
    if (s->by_location ? !*s->location : !*s->subject)
        conf_fail(e, n, "this resource needs %s = \"PATH\"",
                  s->by_location ? "location" : "subject");
    if (s->by_location && !*s->subject)
        conf_fail(e, n, "this resource needs subject = \"PATH\", to tell whom it is about");
    if (s->list == FHIR_EVENTS && !*s->code)
        conf_fail(e, n, "this resource needs code = \"PATH\"");
    if ((s->list == FHIR_INVOLVEMENTS || s->list == FHIR_ASKING_INVOLVEMENTS) && s->by_location)
        conf_fail(e, n, "an involvement is with a {patient}");
    if (s->list != FHIR_EVENTS && s->n_kinds)
        conf_fail(e, n, "kinds are for searches that questions use");
}

void fhir_search_read(const struct conf_node *n, enum fhir_list list, struct conf_errors *e,
                      struct fhir_config *c)
{
    struct fhir_search *s;

    if (conf_type_of(n) != CONF_GROUP || c->n_searches == FHIR_SEARCHES_MAX) {
        conf_fail(e, n, "a search is a group, and there are at most %d", FHIR_SEARCHES_MAX);
        return;
    }
    s = &c->searches[c->n_searches++]; /* kept even when wrong: freed with the rest */
    settings_read(settings_search, ALM_LEN(settings_search), n, keys_search, e, s);
    s->list = (uint8_t)list;
    fhir_words_read(conf_child(n, "ignored"), e, &s->ignored);
    fhir_words_read(conf_child(n, "over"), e, &s->over);
    kinds_read(conf_child(n, "kinds"), e, s);
    paths_usual(n, e, s);
    if (!*s->query || !*s->resource)
        return; /* told already */
    query_check(n, e, s);
    if (s->by_location && !c->has_locations)
        conf_fail(e, n, "a search with {location} needs fhir.locations = { search = \"...\"; }");
    needs_check(n, e, s);
    for (struct fhir_search *o = c->searches; *s->name && o < s; o++) {
        if (strcmp(o->name, s->name) == 0)
            conf_fail(e, n, "two searches have this name");
    }
}
