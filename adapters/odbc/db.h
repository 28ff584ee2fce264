/* SPDX-License-Identifier: Apache-2.0 */
/* db.h - one connection to a database through ODBC, and the statements prepared on it.
 *
 * The only user of <sql.h> and <sqlext.h> is db.c. Values are always bound, never written into a
 * statement's text. Knows nothing of people, questions or configuration. Threads: one. */
#pragma once
#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DB_VALUES_MAX  16   /* parameters of a statement */
#define DB_COLUMNS_MAX 64   /* of a result */
#define DB_TEXT_MAX    1024 /* bytes of one value, with NUL; a longer one is DB_BAD_TEXT */
#define DB_NAME_MAX    64   /* bytes of a column's name, with NUL */

/* Positive results: why the database gave nothing. */
enum db_trouble {
    DB_END = 1,  /* db_fetch: no more rows */
    DB_ABSENT,   /* no connection could be made */
    DB_LOST,     /* there was a connection, and it is gone */
    DB_MISSING,  /* a table, a column, a right, or the statement itself is wrong */
    DB_LATE,     /* the statement took longer than it was given */
    DB_TOO_MUCH, /* more rows or bytes than allowed */
    DB_BAD_TEXT, /* a value that is not UTF-8, holds a NUL, or is too long */
    DB_FAILED    /* anything else */
};
const char *db_trouble_word(int trouble); /* for the log: "missing" */

struct db_error {   /* of the last call that failed */
    char state[6];  /* SQLSTATE; "" when it was not the driver that refused */
    long native;    /* the database's own number */
    char text[256]; /* the driver's words, "" where they could hold a value of a row or parameter */
    unsigned column; /* from 1, for DB_BAD_TEXT */
};

struct db;           /* opaque: db.c */
struct db_statement; /* belongs to its connection: freed before it is closed */

ALM_MUST_USE int db_new(struct db **out); /* 0, -ENOMEM, -EIO (no driver manager) */
struct db *db_free(struct db *db);
const struct db_error *db_last_error(const struct db *db);
/* Makes a fault that the caller found the last error. words: borrowed for the call. Return:
 * trouble. */
int db_blame(struct db *db, int trouble, const char *words);

/**
 * db_connect() - makes the connection anew
 * @connection: a driver connection string; may hold a password: never kept, never logged
 * @login_s:    seconds, 1 or more; a driver may ignore it
 * Read-only access is asked for; few drivers keep to it, so the database's own grants are what
 * holds. Return: 0 or DB_ABSENT.
 */
ALM_MUST_USE int db_connect(struct db *db, const char *connection, unsigned login_s);
/* Every statement of this connection must have been freed. */
void db_disconnect(struct db *db);
bool db_connected(const struct db *db);

/* Runs a statement without parameters whose result is of no interest. Return: 0 or a trouble. */
ALM_MUST_USE int db_run(struct db *db, const char *sql);
/* true: what is read from now on belongs to one transaction; false: ends it, undoing anything.
 * Return: 0 or a trouble. */
ALM_MUST_USE int db_transaction(struct db *db, bool on);

/* Return: 0, *out set; a trouble (a driver may wait with DB_MISSING until db_execute); -ENOMEM. */
ALM_MUST_USE int db_prepare(struct db *db, const char *sql, struct db_statement **out);
struct db_statement *db_statement_free(struct db_statement *st); /* accepts NULL, returns NULL */

struct db_value {
    bool is_day;
    const char *text; /* NULL: null */
    int32_t day;      /* days since 1970-01-01; INT32_MIN: null */
};
struct db_bounds {
    int64_t within_ms; /* asked of the driver, in whole seconds; 0: no limit. Not every driver heeds
                          it */
    uint64_t rows_most, bytes_most;
};
/**
 * db_execute() - puts a prepared statement with these values
 * Return: 0 (fetch next, then db_done); DB_MISSING also when the statement has not n parameters;
 * another trouble; -ENOMEM. After anything but 0 the statement is to be freed: what it was prepared
 * for may be gone.
 */
ALM_MUST_USE int db_execute(struct db_statement *st, const struct db_value *values, size_t n,
                            const struct db_bounds *bounds);
/* The next row. Return: 0; DB_END; DB_BAD_TEXT (this row cannot be read; the next can); a trouble.
 */
ALM_MUST_USE int db_fetch(struct db_statement *st);
void db_done(struct db_statement *st); /* gives the rows that are left up */

/* After db_execute: how many columns, and which is called so (letters' case does not count).
 * Return: the column's number from 0; -1 none; -2 several. */
size_t db_columns(const struct db_statement *st);
int db_column_find(const struct db_statement *st, const char *name);

/* Of the row last fetched. NULL: null. Good until the next fetch. */
const char *db_text(const struct db_statement *st, size_t column);
/* A date, the date of a point in time, or a text that begins with YYYY-MM-DD. Return: 0, *out the
 * day or INT32_MIN for null; -EINVAL. */
ALM_MUST_USE int db_day(const struct db_statement *st, size_t column, int32_t *out);
