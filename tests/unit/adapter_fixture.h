/* SPDX-License-Identifier: Apache-2.0 */
/* adapter_fixture.h - a CSV backend over files that a test writes, in the test's own process: load,
 * then ask. Each load is a new backend, as it is a new worker in an adapter. */
#pragma once
#include "temp_dir.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "conf/conf.h"
#include "csv/backend.h"
#include "lib/ask.h"
#include "lib/index.h"

struct adapter_fixture {
    struct conf_errors *errors;
    struct conf *conf;
    struct alm_setup setup;
    struct tokens_key key;
    void *backend; /* of the last load that was good; else one that has not loaded */
    struct index *index;
    bool loaded;
    char said[4096]; /* reports of the last load, one a line: "people.csv:2: ..." without the folder
                      */
};

static inline void fixture_report(void *ctx, const char *file, unsigned long line, const char *text)
{
    struct adapter_fixture *f = ctx;
    const char *name = strrchr(file, '/');
    size_t at = strlen(f->said);

    (void)snprintf(f->said + at, sizeof(f->said) - at, "%s:%lu: %s\n", name ? name + 1 : file, line,
                   text);
}

static inline void fixture_close(struct adapter_fixture *f)
{
    backend_csv.close(f->backend);
    index_free(f->index);
    conf_free(f->conf);
    conf_errors_free(f->errors);
    memset(f, 0, sizeof(*f));
}

/* Opens the backend by a configuration's text. Return: that of open. */
static inline int fixture_open(struct adapter_fixture *f, const char *conf, bool exercise)
{
    memset(f, 0, sizeof(*f));
    if (crypto_init() != 0 || conf_errors_new(&f->errors) != 0 ||
        conf_load(temp_text("adapter.conf", conf), f->errors, &f->conf) != 0)
        return -1;
    memset(f->key.key.octets, 7, sizeof(f->key.key.octets));
    f->key.scheme = TOKEN_HMAC;
    f->key.epoch = 1;
    f->setup = (struct alm_setup){ .root = conf_root(f->conf),
                                   .dir = temp_dir,
                                   .errors = f->errors,
                                   .limits = { 1500, 2000000, 1 << 30 },
                                   .exercise = exercise };
    return backend_csv.open(&f->setup, &f->backend);
}

/* The sink of an adapter: the index, and reports to the test. */
struct fixture_sink {
    struct adapter_fixture *f;
    struct alm_sink index;
};

static inline int fixture_person(void *ctx, const struct alm_person *p)
{
    struct fixture_sink *s = ctx;

    return s->index.person(s->index.ctx, p);
}

static inline int fixture_home(void *ctx, const struct alm_home *h)
{
    struct fixture_sink *s = ctx;

    return s->index.home(s->index.ctx, h);
}

static inline int fixture_stay(void *ctx, const char *person, const struct alm_stay *stay)
{
    struct fixture_sink *s = ctx;

    return s->index.stay(s->index.ctx, person, stay);
}

static inline void fixture_sink_report(void *ctx, const char *file, unsigned long line,
                                       const char *text)
{
    fixture_report(((struct fixture_sink *)ctx)->f, file, line, text);
}

/* What was loaded before stays when this one fails. */
static inline int fixture_load(struct adapter_fixture *f, bool strict)
{
    struct fixture_sink ctx = { .f = f };
    const struct alm_sink sink = { &ctx, fixture_person, fixture_home, fixture_stay,
                                   fixture_sink_report };
    struct index *index = NULL;
    void *backend = NULL;
    int r;

    f->said[0] = '\0';
    r = index_new(&f->key, &index);
    if (r == 0)
        r = backend_csv.open(&f->setup, &backend);
    if (r == 0) {
        index_sink(index, &ctx.index);
        r = backend_csv.load(backend, &sink, strict);
    }
    if (r == 0)
        r = index_finish(index);
    if (r != 0) {
        backend_csv.close(backend);
        index_free(index);
        return r;
    }
    backend_csv.close(f->backend);
    index_free(f->index);
    f->backend = backend;
    f->index = index;
    f->loaded = true;
    return 0;
}

static inline void fixture_answer(struct adapter_fixture *f, const struct alm_question *q,
                                  struct alm_answer *out)
{
    *out = (struct alm_answer){ .data_as_of = ALM_DAY_NONE, .since = ALM_DAY_NONE };
    if (backend_csv.answer(f->backend, q, out) != 0)
        abort(); /* rows in memory always answer */
}

static inline int32_t day_of(const char *text)
{
    int32_t day = CIVIL_NONE;

    if (*text && civil_parse(text, &day) != 0)
        abort(); /* a test's own date */
    return day;
}
