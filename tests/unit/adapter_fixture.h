/* SPDX-License-Identifier: Apache-2.0 */
/* adapter_fixture.h - a CSV backend over files that a test writes: load, then ask. */
#pragma once
#include "temp_dir.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "conf/conf.h"
#include "host/holdings.h"
#include "lib/ask.h"

struct adapter_fixture {
    struct conf_errors *errors;
    struct conf *conf;
    struct tokens_key key;
    struct holdings holdings;
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
    if (f->holdings.ops) {
        holdings_deinit(&f->holdings);
        f->holdings.ops->close(f->holdings.backend);
    }
    f->conf = conf_free(f->conf);
    f->errors = conf_errors_free(f->errors);
    memset(f, 0, sizeof(*f));
}

/* Opens the backend by a configuration's text. Return: that of open. */
static inline int fixture_open(struct adapter_fixture *f, const char *conf, bool exercise)
{
    struct alm_setup setup = { .dir = temp_dir, .exercise = exercise };
    int r;

    memset(f, 0, sizeof(*f));
    if (crypto_init() != 0 || conf_errors_new(&f->errors) != 0 ||
        conf_load(temp_text("adapter.conf", conf), f->errors, &f->conf) != 0)
        return -1;
    memset(f->key.key.octets, 7, sizeof(f->key.key.octets));
    f->key.scheme = TOKEN_HMAC;
    f->key.epoch = 1;
    setup.root = conf_root(f->conf);
    setup.errors = f->errors;
    r = alm_backend_csv.open(&setup, &f->holdings.backend);
    if (r != 0)
        return r;
    f->holdings.ops = &alm_backend_csv;
    f->holdings.key = &f->key;
    return 0;
}

static inline int fixture_load(struct adapter_fixture *f, bool strict)
{
    f->said[0] = '\0';
    return holdings_load(&f->holdings, strict, fixture_report, f);
}

static inline int32_t day_of(const char *text)
{
    int32_t day = CIVIL_NONE;

    if (*text && civil_parse(text, &day) != 0)
        abort(); /* a test's own date */
    return day;
}
