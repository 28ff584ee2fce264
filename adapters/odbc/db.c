/* SPDX-License-Identifier: Apache-2.0 */
/* db.c - unixODBC behind db.h. Driver's codes are translated here, once. */
#include "odbc/db.h"

#include "base/bytes.h"
#include "base/civil.h"

#include <errno.h>
#include <sql.h>
#include <sqlext.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define STATE_LEN 5

struct db {
    SQLHENV env;
    SQLHDBC connection;
    bool connected;
    struct db_error error;
};
/* Everything is asked for as text: ODBC (appendix D, "SQL to C: date", "SQL to C: timestamp")
 * writes days YYYY-MM-DD, and the time of day after that, so nothing is lost on the way. */
struct column {
    char name[DB_NAME_MAX];
    SQLLEN len; /* SQL_NULL_DATA, or the bytes there are */
    char text[DB_TEXT_MAX];
};
struct db_statement {
    struct db *db;
    SQLHSTMT handle;
    struct db_bounds bounds;
    uint64_t rows, bytes;
    SQLULEN timeout_s; /* as the driver was last told */
    size_t n_columns;
    struct column *columns; /* bound once, after the first execution */
};

static bool good(SQLRETURN r)
{
    return r == SQL_SUCCESS || r == SQL_SUCCESS_WITH_INFO;
}

const char *db_trouble_word(int trouble)
{
    static const char *const words[] = {
        [DB_END] = "end",         [DB_ABSENT] = "no-connection", [DB_LOST] = "connection-lost",
        [DB_MISSING] = "missing", [DB_LATE] = "too-late",        [DB_TOO_MUCH] = "too-much",
        [DB_BAD_TEXT] = "text",   [DB_FAILED] = "failed",
    };

    return trouble > 0 && (size_t)trouble < ALM_LEN(words) ? words[trouble] : "failed";
}

/* SQLSTATEs by their beginning, the first that fits. ISO 9075-2, "SQLSTATE class and subclass
 * values"; those of class 57 are PostgreSQL's, HYT the driver manager's. */
static const struct {
    const char *state;
    int trouble;
    bool tell; /* the driver's words name parts of the statement or the server, never a value */
} states[] = {
    { "08", DB_LOST, true },     /* connection exception */
    { "28", DB_LOST, true },     /* invalid authorisation */
    { "IM", DB_FAILED, true },   /* the driver manager: no such driver or data source */
    { "42", DB_MISSING, true },  /* syntax error or access rule violation */
    { "S0", DB_MISSING, true },  /* the same, from an ODBC 2 driver */
    { "3F", DB_MISSING, true },  /* no such schema */
    { "3D", DB_MISSING, true },  /* no such database */
    { "07", DB_MISSING, true },  /* parameters or columns do not fit the statement */
    { "HYT", DB_LATE, false },   /* timeout */
    { "57014", DB_LATE, false }, /* query cancelled */
    { "HY008", DB_LATE, false }, /* operation cancelled */
    { "57P", DB_LOST, false },   /* the server shuts down, or starts */
    { "", DB_FAILED, false },
};

static bool dead(const struct db *db)
{
    SQLINTEGER is = SQL_CD_FALSE;

    return db->connected &&
           good(SQLGetConnectAttr(db->connection, SQL_ATTR_CONNECTION_DEAD, &is, 0, NULL)) &&
           is == SQL_CD_TRUE;
}

static void words_keep(struct db_error *e, const char *words)
{
    size_t n = 0;

    for (; *words && n + 1 < sizeof(e->text); words++) {
        unsigned char c = (unsigned char)*words;

        if (c == '\n' || c == '\r')
            break; /* what follows is the driver's, not the database's */
        e->text[n++] = c < ' ' || c == 0x7f ? '?' : (char)c;
    }
    e->text[n] = '\0';
    while (n > 0 && !utf8_valid(e->text, n)) /* cut inside a character, or not UTF-8 at all */
        e->text[--n] = '\0';
}

/* The first record of a handle's diagnosis. @preparing: nothing was bound yet, so no words can hold
 * a value. */
static int trouble_of(struct db *db, SQLSMALLINT type, SQLHANDLE handle, bool preparing)
{
    struct db_error *e = &db->error;
    SQLCHAR state[STATE_LEN + 1] = { 0 }, words[512] = { 0 };
    SQLINTEGER native = 0;
    SQLSMALLINT len = 0;
    bool tell = false;
    int trouble = DB_FAILED;

    memset(e, 0, sizeof(*e));
    if (good(SQLGetDiagRec(type, handle, 1, state, &native, words, sizeof(words), &len))) {
        memcpy(e->state, state, STATE_LEN);
        e->native = native;
    }
    for (size_t i = 0; i < ALM_LEN(states); i++) {
        if (strncmp(e->state, states[i].state, strlen(states[i].state)) != 0)
            continue;
        trouble = states[i].trouble;
        tell = states[i].tell || preparing;
        break;
    }
    if (trouble != DB_LOST && dead(db))
        trouble = DB_LOST;
    /* A statement that cannot even be prepared wants something that is not there, whatever code the
     * driver gives (SQLite's has one for everything). */
    if (trouble == DB_FAILED && preparing)
        trouble = DB_MISSING;
    if (tell)
        words_keep(e, (const char *)words);
    return trouble;
}

int db_blame(struct db *db, int trouble, const char *words)
{
    memset(&db->error, 0, sizeof(db->error));
    words_keep(&db->error, words);
    return trouble;
}

int db_new(struct db **out)
{
    struct db *db = calloc(1, sizeof(*db));

    if (!db)
        return -ENOMEM;
    if (!good(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &db->env)) ||
        !good(SQLSetEnvAttr(db->env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0))) {
        db_free(db);
        return -EIO;
    }
    *out = db;
    return 0;
}

struct db *db_free(struct db *db)
{
    if (!db)
        return NULL;
    db_disconnect(db);
    if (db->env)
        SQLFreeHandle(SQL_HANDLE_ENV, db->env);
    free(db);
    return NULL;
}

const struct db_error *db_last_error(const struct db *db)
{
    return &db->error;
}

bool db_connected(const struct db *db)
{
    return db->connected;
}

void db_disconnect(struct db *db)
{
    if (!db->connection)
        return;
    if (db->connected)
        SQLDisconnect(db->connection);
    db->connected = false;
    SQLFreeHandle(SQL_HANDLE_DBC, db->connection);
    db->connection = NULL;
}

int db_connect(struct db *db, const char *connection, unsigned login_s)
{
    db_disconnect(db);
    if (!good(SQLAllocHandle(SQL_HANDLE_DBC, db->env, &db->connection))) {
        db->connection = NULL;
        return db_blame(db, DB_ABSENT, "the driver manager gives no handle");
    }
    /* Both are asks: a driver that does not know them connects all the same. */
    (void)SQLSetConnectAttr(db->connection, SQL_ATTR_ACCESS_MODE, (SQLPOINTER)SQL_MODE_READ_ONLY,
                            0);
    (void)SQLSetConnectAttr(db->connection, SQL_ATTR_LOGIN_TIMEOUT, (SQLPOINTER)(SQLULEN)login_s,
                            0);
    if (!good(SQLDriverConnect(db->connection, NULL, (SQLCHAR *)connection, SQL_NTS, NULL, 0, NULL,
                               SQL_DRIVER_NOPROMPT))) {
        (void)trouble_of(db, SQL_HANDLE_DBC, db->connection, false);
        db_disconnect(db);
        return DB_ABSENT;
    }
    db->connected = true;
    return 0;
}

int db_run(struct db *db, const char *sql)
{
    SQLHSTMT handle;
    int trouble = 0;
    SQLRETURN r;

    if (!good(SQLAllocHandle(SQL_HANDLE_STMT, db->connection, &handle)))
        return trouble_of(db, SQL_HANDLE_DBC, db->connection, false);
    r = SQLExecDirect(handle, (SQLCHAR *)sql, SQL_NTS);
    if (!good(r) && r != SQL_NO_DATA)
        trouble = trouble_of(db, SQL_HANDLE_STMT, handle, true);
    SQLFreeHandle(SQL_HANDLE_STMT, handle);
    return trouble;
}

int db_transaction(struct db *db, bool on)
{
    SQLULEN mode = on ? SQL_AUTOCOMMIT_OFF : SQL_AUTOCOMMIT_ON;

    if ((!on && !good(SQLEndTran(SQL_HANDLE_DBC, db->connection, SQL_ROLLBACK))) ||
        !good(SQLSetConnectAttr(db->connection, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)mode, 0)))
        return trouble_of(db, SQL_HANDLE_DBC, db->connection, false);
    return 0;
}

int db_prepare(struct db *db, const char *sql, struct db_statement **out)
{
    struct db_statement *st = calloc(1, sizeof(*st));
    int trouble = 0;

    if (!st)
        return -ENOMEM;
    st->db = db;
    if (!good(SQLAllocHandle(SQL_HANDLE_STMT, db->connection, &st->handle))) {
        st->handle = NULL;
        trouble = trouble_of(db, SQL_HANDLE_DBC, db->connection, false);
    } else if (!good(SQLPrepare(st->handle, (SQLCHAR *)sql, SQL_NTS))) {
        trouble = trouble_of(db, SQL_HANDLE_STMT, st->handle, true);
    }
    if (trouble != 0) {
        db_statement_free(st);
        return trouble;
    }
    *out = st;
    return 0;
}

struct db_statement *db_statement_free(struct db_statement *st)
{
    if (!st)
        return NULL;
    if (st->handle)
        SQLFreeHandle(SQL_HANDLE_STMT, st->handle);
    free(st->columns);
    free(st);
    return NULL;
}

struct bound { /* what a parameter points to while the statement runs */
    SQLLEN len;
    SQL_DATE_STRUCT day;
};

static bool bind_value(SQLHSTMT handle, size_t i, const struct db_value *v, struct bound *b)
{
    char text[CIVIL_TEXT];
    int year, month, day;

    if (!v->is_day) {
        const char *value = v->text ? v->text : "";
        size_t len = strlen(value);

        b->len = v->text ? (SQLLEN)len : SQL_NULL_DATA;
        return good(SQLBindParameter(handle, (SQLUSMALLINT)(i + 1), SQL_PARAM_INPUT, SQL_C_CHAR,
                                     SQL_VARCHAR, len ? len : 1, 0, (SQLPOINTER)value,
                                     (SQLLEN)len + 1, &b->len));
    }
    b->len = SQL_NULL_DATA;
    civil_format(v->day, text);
    if (v->day != CIVIL_NONE && sscanf(text, "%d-%d-%d", &year, &month, &day) == 3) {
        b->day = (SQL_DATE_STRUCT){ (SQLSMALLINT)year, (SQLUSMALLINT)month, (SQLUSMALLINT)day };
        b->len = sizeof(b->day);
    }
    return good(SQLBindParameter(handle, (SQLUSMALLINT)(i + 1), SQL_PARAM_INPUT, SQL_C_TYPE_DATE,
                                 SQL_TYPE_DATE, CIVIL_TEXT - 1, 0, &b->day, sizeof(b->day),
                                 &b->len));
}

/* A name and a place for each column's value; once in a statement's life. */
static int columns_bind(struct db_statement *st)
{
    SQLSMALLINT n = 0;

    if (st->columns)
        return 0;
    if (!good(SQLNumResultCols(st->handle, &n)))
        return trouble_of(st->db, SQL_HANDLE_STMT, st->handle, false);
    if (n < 1 || n > DB_COLUMNS_MAX)
        return db_blame(st->db, DB_MISSING, "the statement gives no columns, or more than 64");
    st->columns = calloc((size_t)n, sizeof(*st->columns));
    if (!st->columns)
        return -ENOMEM;
    st->n_columns = (size_t)n;
    for (size_t i = 0; i < st->n_columns; i++) {
        struct column *c = &st->columns[i];
        SQLSMALLINT len = 0, type = 0, digits = 0, nullable = 0;
        SQLULEN size = 0;

        if (!good(SQLDescribeCol(st->handle, (SQLUSMALLINT)(i + 1), (SQLCHAR *)c->name,
                                 sizeof(c->name), &len, &type, &size, &digits, &nullable)))
            return trouble_of(st->db, SQL_HANDLE_STMT, st->handle, false);
        if (!good(SQLBindCol(st->handle, (SQLUSMALLINT)(i + 1), SQL_C_CHAR, c->text,
                             sizeof(c->text), &c->len)))
            return trouble_of(st->db, SQL_HANDLE_STMT, st->handle, false);
    }
    return 0;
}

/* ODBC counts whole seconds: the next lower one, so that the driver gives up before the worker's
 * end, but never 0, which means for ever. */
static void timeout_tell(struct db_statement *st)
{
    SQLULEN s = st->bounds.within_ms > 0 ? (SQLULEN)(st->bounds.within_ms / 1000) : 0;

    if (st->bounds.within_ms > 0 && s == 0)
        s = 1;
    if (s == st->timeout_s)
        return;
    (void)SQLSetStmtAttr(st->handle, SQL_ATTR_QUERY_TIMEOUT, (SQLPOINTER)s, 0);
    st->timeout_s = s;
}

int db_execute(struct db_statement *st, const struct db_value *values, size_t n,
               const struct db_bounds *bounds)
{
    struct bound bound[DB_VALUES_MAX] = { 0 };
    SQLSMALLINT wanted = 0;
    int trouble = 0;
    SQLRETURN r;

    st->bounds = *bounds;
    st->rows = st->bytes = 0;
    if (!good(SQLNumParams(st->handle, &wanted)))
        return trouble_of(st->db, SQL_HANDLE_STMT, st->handle, true);
    if (n > DB_VALUES_MAX || (size_t)wanted != n)
        return db_blame(st->db, DB_MISSING,
                        "the statement has not as many ? as parameters are named");
    timeout_tell(st);
    for (size_t i = 0; i < n; i++) {
        if (!bind_value(st->handle, i, &values[i], &bound[i]))
            return trouble_of(st->db, SQL_HANDLE_STMT, st->handle, false);
    }
    r = SQLExecute(st->handle);
    if (!good(r) && r != SQL_NO_DATA)
        trouble = trouble_of(st->db, SQL_HANDLE_STMT, st->handle, false);
    /* What was bound lies on this stack. */
    (void)SQLFreeStmt(st->handle, SQL_RESET_PARAMS);
    if (trouble == 0)
        trouble = columns_bind(st);
    if (trouble != 0)
        db_done(st);
    return trouble;
}

static bool column_sound(struct db_statement *st, const struct column *c)
{
    if (c->len == SQL_NULL_DATA)
        return true;
    if (c->len < 0 || (size_t)c->len >= sizeof(c->text)) /* SQL_NO_TOTAL, or cut to fit */
        return false;
    st->bytes += (uint64_t)c->len;
    return utf8_valid(c->text, (size_t)c->len);
}

int db_fetch(struct db_statement *st)
{
    SQLRETURN r = SQLFetch(st->handle);

    if (r == SQL_NO_DATA)
        return DB_END;
    if (!good(r))
        return trouble_of(st->db, SQL_HANDLE_STMT, st->handle, false);
    if (++st->rows > st->bounds.rows_most)
        return db_blame(st->db, DB_TOO_MUCH, "more rows than allowed");
    for (size_t i = 0; i < st->n_columns; i++) {
        if (column_sound(st, &st->columns[i]))
            continue;
        (void)db_blame(st->db, DB_BAD_TEXT, "a value that is not UTF-8, or too long");
        st->db->error.column = (unsigned)i + 1;
        return DB_BAD_TEXT;
    }
    if (st->bytes > st->bounds.bytes_most)
        return db_blame(st->db, DB_TOO_MUCH, "more bytes than allowed");
    return 0;
}

void db_done(struct db_statement *st)
{
    (void)SQLFreeStmt(st->handle, SQL_CLOSE);
}

size_t db_columns(const struct db_statement *st)
{
    return st->n_columns;
}

int db_column_find(const struct db_statement *st, const char *name)
{
    int found = -1;

    for (size_t i = 0; i < st->n_columns; i++) {
        if (strcasecmp(st->columns[i].name, name) != 0)
            continue;
        if (found >= 0)
            return -2;
        found = (int)i;
    }
    return found;
}

const char *db_text(const struct db_statement *st, size_t column)
{
    const struct column *c = &st->columns[column];

    return c->len == SQL_NULL_DATA ? NULL : c->text;
}

int db_day(const struct db_statement *st, size_t column, int32_t *out)
{
    const char *text = db_text(st, column);
    char day[CIVIL_TEXT];

    *out = CIVIL_NONE;
    if (!text || !*text) /* a text that is empty says none, as in a file */
        return 0;
    (void)snprintf(day, sizeof(day), "%.10s", text);
    return civil_parse(day, out);
}
