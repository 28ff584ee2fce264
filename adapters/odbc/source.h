/* SPDX-License-Identifier: Apache-2.0 */
/* source.h - the configured statements on one connection that comes and goes: connected when
 * needed, prepared once a connection, each failure told once. */
#pragma once
#include "almoner/adapter.h"
#include "base/attr.h"
#include "odbc/config.h"

struct odbc_values { /* what parameters stand for; NULL, ALM_DAY_NONE: null */
    const char *person, *household, *home, *place;
    int32_t day, place_from, place_until;
};
struct odbc_source {
    const struct odbc_config *config;
    struct alm_limits limits;
    struct db *db;
    struct db_statement **prepared; /* by the number of the statement */
    bool *missing;                  /* the same: it could not be put when last tried */
    int64_t retry_ms;               /* no connection is tried before, on the monotonic clock */
    int32_t data_day;               /* as as_of last gave it; ALM_DAY_NONE: never */
    int64_t data_day_ms;            /* when; 0: never */
};
ALM_MUST_USE int source_init(struct odbc_source *s, const struct odbc_config *c,
                             const struct alm_limits *limits);
void source_deinit(struct odbc_source *s);

/* Connects if there is no connection; not again within a second of a failure, unless now.
 * Return: 0; DB_ABSENT; -ENOMEM. */
ALM_MUST_USE int source_connect(struct odbc_source *s, int64_t until_ms, bool now);
void source_disconnect(struct odbc_source *s);

/**
 * source_put() - puts one statement
 * @until_ms: on the monotonic clock; 0: no limit
 * @out:      to be fetched from and given to db_done
 * Return: 0; a trouble of db.h (logged as `source-failed`; after DB_LOST the connection is closed,
 * and putting it again connects anew); -ENOMEM.
 */
ALM_MUST_USE int source_put(struct odbc_source *s, const struct odbc_statement *st,
                            const struct odbc_values *v, int64_t until_ms,
                            struct db_statement **out);
/* A trouble that fetching met with: logged, and what it was prepared for is prepared anew next
 * time. Return: trouble. */
int source_fail(struct odbc_source *s, const struct odbc_statement *st, int trouble);

/* Where each field of a kind stands in a result. Return: 0; DB_MISSING (its name is in *lacks). */
ALM_MUST_USE int source_columns(const struct odbc_statement *st, const struct db_statement *in,
                                int out[static ODBC_FIELDS_MAX], const char **lacks);
/* "" for null, and for a field that the result has not. */
const char *source_text(const struct db_statement *in, int column);
ALM_MUST_USE int source_day(const struct db_statement *in, int column, int32_t *out);

/* The day up to which the data are complete, by as_of; believed for as_of_s. @as_of: of the
 * question, which it never passes. Return: 0, *out set (as_of where none is configured,
 * ALM_DAY_NONE where the source does not know); a trouble. */
ALM_MUST_USE int source_data_day(struct odbc_source *s, int32_t as_of, int64_t until_ms,
                                 int32_t *out);
/* A text that is another when anything has changed. Return: 0; a trouble; -ENOBUFS. */
ALM_MUST_USE int source_mark(struct odbc_source *s, int64_t until_ms, char *out, size_t size);
