/* SPDX-License-Identifier: Apache-2.0 */
/* backend_driver.c - the operations of one backend, driven by lines of JSON: so that the same
 * questions can be put to several, and their sources be a test's own.
 *
 * backend_driver CONFIG [DEADLINE_MS] reads requests from standard input, one object a line, and
 * answers each with one. ALM_BACKEND names the backend it is built with. */
#include "worker/tell.h"
#include "almoner/adapter.h"
#include "base/clock.h"
#include "base/log.h"
#include "conf/conf.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct alm_backend ALM_BACKEND;

struct told { /* of a load */
    json_t *people, *homes, *stays, *reports;
    size_t rows_left;
};

static json_t *day_json(int32_t day)
{
    char text[CIVIL_TEXT];

    civil_format(day, text);
    return json_string(text);
}

static int32_t day_of(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));
    int32_t day = ALM_DAY_NONE;

    if (text && *text && civil_parse(text, &day) != 0)
        abort(); /* a test's own date */
    return day;
}

static int told_person(void *ctx, const struct alm_person *p)
{
    struct told *t = ctx;
    enum alm_fault fault = tell_check_person(p); /* as the worker's sink */

    if (fault != ALM_OK)
        return fault;
    json_array_append_new(t->people, json_pack("{s:s,s:s,s:s,s:o,s:s,s:s,s:b,s:b}", "ref", p->ref,
                                               "given", p->given, "family", p->family, "born",
                                               day_json(p->born), "nhs", p->nhs, "upn", p->upn,
                                               "unborn", p->unborn, "asking", p->asking_only));
    return ALM_OK;
}

static int told_home(void *ctx, const struct alm_home *h)
{
    struct told *t = ctx;

    json_array_append_new(t->homes, json_pack("{s:s,s:s,s:s,s:o}", "ref", h->ref, "address",
                                              h->address, "postcode", h->postcode, "shielded",
                                              day_json(h->shielded_from)));
    return ALM_OK;
}

static int told_stay(void *ctx, const char *person, const struct alm_stay *s)
{
    struct told *t = ctx;

    json_array_append_new(t->stays,
                          json_pack("{s:s,s:s,s:o,s:o}", "person", person, "home", s->home, "from",
                                    day_json(s->from), "until", day_json(s->until)));
    return ALM_OK;
}

static void told_report(void *ctx, const char *where, unsigned long line, const char *text)
{
    struct told *t = ctx;

    (void)line;
    json_array_append_new(t->reports, json_sprintf("%s: %s", where, text));
}

static json_t *do_load(void *backend, const json_t *request)
{
    struct told t = { json_array(), json_array(), json_array(), json_array(), 0 };
    struct alm_sink sink = { &t, told_person, told_home, told_stay, told_report };
    int r = ALM_BACKEND.load(backend, &sink, json_is_true(json_object_get(request, "strict")));

    return json_pack("{s:i,s:o,s:o,s:o,s:o}", "result", r, "people", t.people, "homes", t.homes,
                     "stays", t.stays, "reports", t.reports);
}

static void place_read(const json_t *o, struct alm_place *out)
{
    const json_t *homes = json_object_get(o, "homes");

    *out = (struct alm_place){ .from = day_of(o, "from"), .until = day_of(o, "until") };
    for (size_t i = 0; i < json_array_size(homes) && i < ALM_SAME_HOME_MAX; i++)
        out->homes[out->n++] = json_string_value(json_array_get(homes, i));
}

static size_t places_read(const json_t *o, struct alm_place *out, size_t max)
{
    const json_t *all = json_object_get(o, "places");
    size_t n = 0;

    for (; n < json_array_size(all) && n < max; n++)
        place_read(json_array_get(all, n), &out[n]);
    return n;
}

static json_t *do_answer(void *backend, const json_t *request)
{
    static const char *const values[] = { "", "yes", "no", "not-known", "cannot-say" };
    static const char *const causes[] = { "",      "ambiguous", "partial",
                                          "stale", "failed",    "unsupported" };
    static const uint8_t key[ALM_KEY_LEN];
    const json_t *within = json_object_get(request, "within_ms");
    struct alm_place places[16];
    struct alm_answer out = { .data_as_of = ALM_DAY_NONE, .since = ALM_DAY_NONE };
    struct alm_question q = { .key = key, .purpose = "", .asker = "a" };
    int64_t began = clock_mono_ms();
    int r;

    q.within_ms = within ? json_integer_value(within) : 5000;
    q.id = json_string_value(json_object_get(request, "question"));
    q.involvement = !q.id;
    q.id = q.id ? q.id : "";
    q.as_of = day_of(request, "day");
    q.person = json_string_value(json_object_get(request, "person"));
    q.about_household = json_object_get(request, "household");
    q.has_parameter = json_object_get(request, "parameter");
    place_read(json_object_get(request, "household"), &q.household);
    place_read(json_object_get(request, "parameter"), &q.parameter);
    q.n_places = places_read(request, places, 16);
    q.places = places;
    r = ALM_BACKEND.answer(backend, &q, &out);
    return json_pack("{s:i,s:s,s:s,s:s,s:s,s:s,s:o,s:I}", "result", r, "value",
                     values[out.value % 5], "cause", causes[out.cause % 6], "service", out.service,
                     "route", out.contact_route, "lead", out.lead_professional, "since",
                     day_json(out.since), "ms", (json_int_t)(clock_mono_ms() - began));
}

static json_t *do_relate(void *backend, const json_t *request)
{
    static const char *const kinds[] = { "",          "none",    "involved", "was-involved",
                                         "same-home", "referral" };
    struct alm_place places[16];
    struct alm_subject s = { .person = json_string_value(json_object_get(request, "person")),
                             .day = day_of(request, "day") };
    struct alm_relationship out = { 0, ALM_DAY_NONE, ALM_DAY_NONE };
    int r;

    s.n_places = places_read(request, places, 16);
    s.places = places;
    r = ALM_BACKEND.relate(backend, &s, &out);
    return json_pack("{s:i,s:s,s:o,s:o}", "result", r, "kind", kinds[out.kind % 6], "since",
                     day_json(out.since), "until", day_json(out.until));
}

static json_t *do_changed(void *backend, const json_t *request)
{
    (void)request;
    return json_pack("{s:i}", "result", ALM_BACKEND.changed ? ALM_BACKEND.changed(backend) : 0);
}

static const struct {
    const char *op;
    json_t *(*run)(void *backend, const json_t *request);
} operations[] = {
    { "load", do_load },
    { "answer", do_answer },
    { "relate", do_relate },
    { "changed", do_changed },
};

static void reply(json_t *o)
{
    char *text = o ? json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

    (void)puts(text ? text : "{\"error\":\"no such operation\"}");
    (void)fflush(stdout);
    free(text);
    json_decref(o);
}

static void serve(void *backend)
{
    char *line = NULL;
    size_t size = 0;

    while (getline(&line, &size, stdin) > 0) {
        json_t *request = json_loads(line, 0, NULL), *out = NULL;
        const char *op = json_string_value(json_object_get(request, "op"));

        for (size_t i = 0; op && i < ALM_LEN(operations); i++) {
            if (strcmp(op, operations[i].op) == 0)
                out = operations[i].run(backend, request);
        }
        reply(out);
        json_decref(request);
    }
    free(line);
}

int main(int argc, char *argv[])
{
    char dir[4096] = ".";
    struct conf_errors *errors = NULL;
    struct conf *conf = NULL;
    struct alm_setup setup = { .dir = dir, .exercise = true };
    void *backend = NULL;
    int r = -1;

    log_init("driver", LOG_WARN);
    if (argc < 2 || civil_set_zone("Europe/London") != 0 || conf_errors_new(&errors) != 0)
        return 64;
    if (strrchr(argv[1], '/'))
        (void)snprintf(dir, sizeof(dir), "%.*s", (int)(strrchr(argv[1], '/') - argv[1]), argv[1]);
    setup.limits =
        (struct alm_limits){ argc > 2 ? strtol(argv[2], NULL, 10) : 20000, 100000, 64u << 20 };
    if (conf_load(argv[1], errors, &conf) == 0) {
        setup.root = conf_root(conf);
        setup.errors = errors;
        r = ALM_BACKEND.open(&setup, &backend);
    }
    for (size_t i = 0; conf_errors_at(errors, i); i++)
        (void)printf("%s\n", conf_errors_at(errors, i));
    if (r == 0)
        serve(backend);
    ALM_BACKEND.close(backend);
    conf_free(conf);
    conf_errors_free(errors);
    return r == 0 ? 0 : 78;
}
