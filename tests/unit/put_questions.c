/* SPDX-License-Identifier: Apache-2.0 */
/* put_questions.c - a backend's operations from outside: BACKEND FILE, then a JSON object a line on
 * standard input, and one a line back. For tests that compare backends, or stand a server up around
 * one. */
#include "base/clock.h"
#include "base/crypto.h"
#include "conf/conf.h"
#include "csv/backend.h"
#include "lib/fold.h"
#include "lib/refs.h"
#include "odbc/backend.h"

#include <jansson.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLACES_MAX 32

static const struct alm_backend *const backends[] = { &backend_csv, &backend_odbc };
static const char *const values[] = { "", "yes", "no", "not-known", "cannot-say" };
static const char *const causes[] = {
    "", "ambiguous", "partial", "stale", "failed", "unsupported"
};
static const char *const relations[] = { "",          "none",    "involved", "was-involved",
                                         "same-home", "referral" };

struct session {
    const struct alm_backend *ops;
    const char *path;
    char dir[PATH_MAX];
    struct conf *conf;
    struct conf_errors *errors;
    void *backend;
    json_t *out;
    struct refs people;
};

static int32_t day_in(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));
    int32_t day = ALM_DAY_NONE;

    if (text && *text && civil_parse(text, &day) != 0)
        abort(); /* a test's own date */
    return day;
}

static void day_out(json_t *o, const char *key, int32_t day)
{
    char text[CIVIL_TEXT];

    civil_format(day, text);
    json_object_set_new(o, key, json_string(text));
}

static void refs_in(const json_t *list, struct alm_place *out)
{
    for (; out->n < json_array_size(list) && out->n < ALM_SAME_HOME_MAX; out->n++)
        out->homes[out->n] = json_string_value(json_array_get(list, out->n));
}

static size_t places_in(const json_t *o, struct alm_place out[static PLACES_MAX])
{
    const json_t *list = json_object_get(o, "places");
    size_t n = 0;

    for (; n < json_array_size(list) && n < PLACES_MAX; n++) {
        const json_t *place = json_array_get(list, n);

        refs_in(json_object_get(place, "homes"), &out[n]);
        out[n].from = day_in(place, "from");
        out[n].until = day_in(place, "until");
    }
    return n;
}

/* --- a sink that checks what the host checks of a person, and writes down what it was told --- */
static void told(struct session *s, const char *what, const char *text)
{
    json_array_append_new(json_object_get(s->out, what), json_string(text));
}

static int sink_person(void *ctx, const struct alm_person *p)
{
    struct session *s = ctx;
    char line[1024], day[CIVIL_TEXT], nhs[NHS_TEXT];
    size_t at;
    enum alm_fault fault = *p->nhs ? fold_nhs(p->nhs, nhs) : ALM_OK;

    if (fault != ALM_OK)
        return fault;
    if (refs_add(&s->people, p->ref, &at) != 0)
        return ALM_REPEATED;
    civil_format(p->born, day);
    (void)snprintf(line, sizeof(line), "%s|%s|%s|%s|%s|%s|%d|%d", p->ref, p->given, p->family, day,
                   p->nhs, p->upn, p->unborn, p->asking_only);
    told(s, "people", line);
    return ALM_OK;
}

static int sink_home(void *ctx, const struct alm_home *h)
{
    char line[1024], day[CIVIL_TEXT];

    civil_format(h->shielded_from, day);
    (void)snprintf(line, sizeof(line), "%s|%s|%s|%s", h->ref, h->address, h->postcode, day);
    told(ctx, "homes", line);
    return ALM_OK;
}

static int sink_stay(void *ctx, const char *person, const struct alm_stay *stay)
{
    char line[1024], from[CIVIL_TEXT], until[CIVIL_TEXT];

    civil_format(stay->from, from);
    civil_format(stay->until, until);
    (void)snprintf(line, sizeof(line), "%s|%s|%s|%s", person, stay->home, from, until);
    told(ctx, "stays", line);
    return ALM_OK;
}

static void sink_report(void *ctx, const char *where, unsigned long line, const char *text)
{
    const char *name = strrchr(where, '/');
    char all[1024];

    (void)snprintf(all, sizeof(all), "%s:%lu: %s", name ? name + 1 : where, line, text);
    told(ctx, "reports", all);
}

/* --- operations --- */
static int op_open(struct session *s, const json_t *in)
{
    struct alm_setup setup = { .dir = s->dir, .exercise = true };
    int r;

    setup.limits.deadline_ms = json_integer_value(json_object_get(in, "deadline_ms"));
    setup.limits.rows_most = (uint64_t)json_integer_value(json_object_get(in, "rows_most"));
    setup.limits.bytes_most = (uint64_t)json_integer_value(json_object_get(in, "bytes_most"));
    setup.exercise = !json_is_false(json_object_get(in, "exercise"));
    json_object_set_new(s->out, "errors", json_array());
    r = conf_errors_new(&s->errors);
    if (r == 0)
        r = conf_load(s->path, s->errors, &s->conf);
    if (r == 0) {
        setup.root = conf_root(s->conf);
        setup.errors = s->errors;
        r = s->ops->open(&setup, &s->backend);
    }
    for (size_t i = 0; s->errors && conf_errors_at(s->errors, i); i++)
        told(s, "errors", conf_errors_at(s->errors, i));
    return r;
}

static int op_load(struct session *s, const json_t *in)
{
    const struct alm_sink sink = { s, sink_person, sink_home, sink_stay, sink_report };
    static const char *const lists[] = { "people", "homes", "stays", "reports" };
    int r;

    for (size_t i = 0; i < ALM_LEN(lists); i++)
        json_object_set_new(s->out, lists[i], json_array());
    r = s->ops->load(s->backend, &sink, json_is_true(json_object_get(in, "strict")));
    refs_deinit(&s->people);
    s->people = (struct refs){ 0 };
    return r;
}

static int op_answer(struct session *s, const json_t *in)
{
    static const uint8_t key[ALM_KEY_LEN] = { 1 };
    struct alm_place places[PLACES_MAX] = { 0 };
    const char *id = json_string_value(json_object_get(in, "id"));
    struct alm_question q = { .key = key,
                              .within_ms = json_integer_value(json_object_get(in, "within_ms")),
                              .purpose = "",
                              .asker = "",
                              .involvement = id == NULL,
                              .id = id ? id : "",
                              .as_of = day_in(in, "as_of"),
                              .person = json_string_value(json_object_get(in, "person")),
                              .places = places };
    struct alm_answer a = { .data_as_of = ALM_DAY_NONE, .since = ALM_DAY_NONE };
    int r;

    q.n_places = places_in(in, places);
    q.about_household = json_object_get(in, "household") != NULL;
    refs_in(json_object_get(in, "household"), &q.household);
    q.has_parameter = json_object_get(in, "home") != NULL;
    refs_in(json_object_get(in, "home"), &q.parameter);
    q.household.from = q.household.until = q.parameter.from = q.parameter.until = ALM_DAY_NONE;
    r = s->ops->answer(s->backend, &q, &a);
    json_object_set_new(s->out, "value", json_string(values[a.value]));
    json_object_set_new(s->out, "cause", json_string(causes[a.cause]));
    json_object_set_new(s->out, "service", json_string(a.service));
    json_object_set_new(s->out, "contact_route", json_string(a.contact_route));
    json_object_set_new(s->out, "lead_professional", json_string(a.lead_professional));
    day_out(s->out, "since", a.since);
    day_out(s->out, "data_as_of", a.data_as_of);
    return r;
}

static int op_relate(struct session *s, const json_t *in)
{
    struct alm_place places[PLACES_MAX] = { 0 };
    struct alm_subject subject = { .person = json_string_value(json_object_get(in, "person")),
                                   .day = day_in(in, "day"),
                                   .places = places };
    struct alm_relationship relation = { 0, ALM_DAY_NONE, ALM_DAY_NONE };
    int r;

    subject.n_places = places_in(in, places);
    r = s->ops->relate(s->backend, &subject, &relation);
    json_object_set_new(s->out, "kind", json_string(relations[relation.kind]));
    day_out(s->out, "since", relation.since);
    day_out(s->out, "until", relation.until);
    return r;
}

static int op_changed(struct session *s, const json_t *in)
{
    (void)in;
    return s->ops->changed(s->backend);
}

static int op_describe(struct session *s, const json_t *in)
{
    struct alm_state state = { .data_day = ALM_DAY_NONE };

    (void)in;
    s->ops->describe(s->backend, &state);
    json_object_set_new(s->out, "partial", json_boolean(state.partial));
    json_object_set_new(s->out, "stale", json_boolean(state.stale));
    day_out(s->out, "data_day", state.data_day);
    return 0;
}

static const struct {
    const char *name;
    int (*run)(struct session *s, const json_t *in);
} operations[] = {
    { "open", op_open },     { "load", op_load },       { "answer", op_answer },
    { "relate", op_relate }, { "changed", op_changed }, { "describe", op_describe },
};

static int line_run(struct session *s, const char *line)
{
    json_t *in = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    const char *op = json_string_value(json_object_get(in, "op"));

    if (!op)
        return -1;
    s->out = json_object();
    for (size_t i = 0; i < ALM_LEN(operations); i++) {
        if (strcmp(op, operations[i].name) == 0)
            json_object_set_new(s->out, "result", json_integer(operations[i].run(s, in)));
    }
    (void)json_dumpf(s->out, stdout, JSON_COMPACT);
    (void)putchar('\n');
    (void)fflush(stdout);
    json_decref(s->out);
    json_decref(in);
    return 0;
}

int main(int argc, char *argv[])
{
    struct session s = { 0 };
    char path[PATH_MAX], *line = NULL;
    size_t size = 0;
    int r = 0;

    if (argc != 3 || crypto_init() != 0 || civil_set_zone("Europe/London") != 0)
        return 64;
    for (size_t i = 0; i < ALM_LEN(backends); i++)
        s.ops = strcmp(argv[1], backends[i]->name) == 0 ? backends[i] : s.ops;
    s.path = argv[2];
    (void)snprintf(path, sizeof(path), "%s", argv[2]);
    (void)snprintf(s.dir, sizeof(s.dir), "%s", dirname(path));
    while (s.ops && r == 0 && getline(&line, &size, stdin) > 0)
        r = line_run(&s, line);
    free(line);
    if (s.ops)
        s.ops->close(s.backend);
    s.conf = conf_free(s.conf);
    s.errors = conf_errors_free(s.errors);
    return s.ops && r == 0 ? 0 : 64;
}
