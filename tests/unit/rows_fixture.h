/* SPDX-License-Identifier: Apache-2.0 */
/* rows_fixture.h - a backend over files that a test writes, called as its worker would: open, load
 * into a sink that remembers, then ask. */
#pragma once
#include "temp_dir.h"

#include "almoner/adapter.h"
#include "base/clock.h"
#include "conf/conf.h"
#include "lib/tokens.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rows_fixture {
    const struct alm_backend *ops;
    struct conf_errors *errors;
    struct conf *conf;
    void *backend;
    size_t n_people, n_homes, n_stays;
    char people[8192]; /* "ref|given|family|nhs|upn\n" ... */
    char homes[4096];  /* "ref|address|postcode\n" ... */
    char said[8192];   /* reports, one a line: "people.csv:2: ..." without the folder */
    size_t room;       /* rows that the sink takes; 0: any number */
};

static inline int fixture_add(char *to, size_t size, const char *fmt, ...)
{
    size_t at = strlen(to);
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(to + at, size - at, fmt, args);
    va_end(args);
    return ALM_OK;
}

static inline bool fixture_full(const struct rows_fixture *f)
{
    return f->room && f->n_people + f->n_homes + f->n_stays >= f->room;
}

static inline int fixture_person(void *ctx, const struct alm_person *p)
{
    struct rows_fixture *f = ctx;
    const struct identity who = { p->given, p->family, p->born, p->nhs, p->upn, p->unborn };
    int r = tokens_identity_check(&who); /* what the worker checks */

    if (r != ALM_OK)
        return r;
    if (fixture_full(f))
        return -ENOBUFS;
    f->n_people++;
    return fixture_add(f->people, sizeof(f->people), "%s|%s|%s|%s|%s\n", p->ref, p->given,
                       p->family, p->nhs, p->upn);
}

static inline int fixture_home(void *ctx, const struct alm_home *h)
{
    struct rows_fixture *f = ctx;
    int r = h->postcode[0] ? tokens_home_check(h->address, h->postcode) : ALM_OK;

    if (r != ALM_OK)
        return r;
    if (fixture_full(f))
        return -ENOBUFS;
    f->n_homes++;
    return fixture_add(f->homes, sizeof(f->homes), "%s|%s|%s\n", h->ref, h->address, h->postcode);
}

static inline int fixture_stay(void *ctx, const char *person, const struct alm_stay *s)
{
    struct rows_fixture *f = ctx;

    (void)person;
    (void)s;
    if (fixture_full(f))
        return -ENOBUFS;
    f->n_stays++;
    return ALM_OK;
}

static inline void fixture_report(void *ctx, const char *where, unsigned long line,
                                  const char *text)
{
    struct rows_fixture *f = ctx;
    const char *name = strrchr(where, '/');

    (void)fixture_add(f->said, sizeof(f->said), "%s:%lu: %s\n", name ? name + 1 : where, line,
                      text);
}

static inline void fixture_close(struct rows_fixture *f)
{
    if (f->ops)
        f->ops->close(f->backend);
    f->conf = conf_free(f->conf);
    f->errors = conf_errors_free(f->errors);
    memset(f, 0, sizeof(*f));
}

/* Return: that of open. */
static inline int fixture_open(struct rows_fixture *f, const struct alm_backend *ops,
                               const char *conf, bool exercise)
{
    struct alm_setup setup = { .dir = temp_dir, .exercise = exercise };
    int r;

    memset(f, 0, sizeof(*f));
    if (conf_errors_new(&f->errors) != 0 ||
        conf_load(temp_text("adapter.conf", conf), f->errors, &f->conf) != 0)
        return -1;
    setup.root = conf_root(f->conf);
    setup.errors = f->errors;
    r = ops->open(&setup, &f->backend);
    if (r == 0)
        f->ops = ops;
    return r;
}

/* A worker loads once in its life: a second load is a second worker. */
static inline int fixture_load(struct rows_fixture *f, bool strict)
{
    const struct alm_sink sink = { f, fixture_person, fixture_home, fixture_stay, fixture_report };

    f->said[0] = f->people[0] = f->homes[0] = '\0';
    f->n_people = f->n_homes = f->n_stays = 0;
    return f->ops->load(f->backend, &sink, strict);
}

static inline int fixture_start(struct rows_fixture *f, const struct alm_backend *ops,
                                const char *conf, bool strict)
{
    int r = fixture_open(f, ops, conf, true);

    return r == 0 ? fixture_load(f, strict) : r;
}

static inline bool fixture_says(const struct rows_fixture *f, const char *text)
{
    return strstr(f->said, text) != NULL;
}

static inline int32_t fixture_day(const char *text)
{
    int32_t day = CIVIL_NONE;

    if (*text && civil_parse(text, &day) != 0)
        abort(); /* a test's own date */
    return day;
}

/* A question about a person; NULL: one that is not known. */
static inline struct alm_answer fixture_ask(struct rows_fixture *f, const char *id,
                                            const char *person, const char *day)
{
    static const uint8_t key[ALM_KEY_LEN] = { 1 };
    const struct alm_question q = { .key = key,
                                    .within_ms = 1000,
                                    .purpose = "",
                                    .asker = "",
                                    .involvement = strcmp(id, "who") == 0,
                                    .id = strcmp(id, "who") == 0 ? "" : id,
                                    .as_of = fixture_day(day),
                                    .person = person };
    struct alm_answer a = { .data_as_of = CIVIL_NONE, .since = CIVIL_NONE };

    if (f->ops->answer(f->backend, &q, &a) != 0)
        abort(); /* rows in memory always answer */
    return a;
}

static inline struct alm_answer fixture_ask_home(struct rows_fixture *f, const char *id,
                                                 const char *home, const char *day)
{
    static const uint8_t key[ALM_KEY_LEN] = { 1 };
    const struct alm_question q = { .key = key,
                                    .within_ms = 1000,
                                    .purpose = "",
                                    .asker = "",
                                    .id = id,
                                    .as_of = fixture_day(day),
                                    .about_household = true,
                                    .household = { { home }, 1, CIVIL_NONE, CIVIL_NONE } };
    struct alm_answer a = { .data_as_of = CIVIL_NONE, .since = CIVIL_NONE };

    if (f->ops->answer(f->backend, &q, &a) != 0)
        abort();
    return a;
}
