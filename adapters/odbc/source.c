/* SPDX-License-Identifier: Apache-2.0 */
/* source.c - connecting, preparing and putting. The connection string lives as long as a connect
 * does. */
#include "odbc/source.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_MS       1000
#define LOGIN_MOST_S   30
#define PASSWORD_MAX   512
#define CONNECTION_MAX 4096

int source_init(struct odbc_source *s, const struct odbc_config *c, const struct alm_limits *limits)
{
    int r;

    *s = (struct odbc_source){ .config = c, .limits = *limits, .data_day = ALM_DAY_NONE };
    s->prepared = calloc(c->n_statements, sizeof(*s->prepared));
    s->missing = calloc(c->n_statements, sizeof(*s->missing));
    r = s->prepared && s->missing ? db_new(&s->db) : -ENOMEM;
    if (r != 0)
        source_deinit(s);
    return r;
}

void source_deinit(struct odbc_source *s)
{
    if (s->db)
        source_disconnect(s);
    s->db = db_free(s->db);
    free(s->prepared);
    free(s->missing);
    s->prepared = NULL;
    s->missing = NULL;
}

void source_disconnect(struct odbc_source *s)
{
    for (size_t i = 0; i < s->config->n_statements; i++)
        s->prepared[i] = db_statement_free(s->prepared[i]);
    db_disconnect(s->db);
}

/* Appends ";PWD={...}" with the password's braces doubled, as ODBC quotes values
 * (SQLDriverConnect). */
static int password_put(const struct odbc_config *c, struct buf *out)
{
    struct buf file;
    size_t n;
    int r = file_check_private(c->password_file);

    buf_init(&file, PASSWORD_MAX);
    if (r == 0)
        r = buf_room(&file, PASSWORD_MAX); /* as the connection's: never moved */
    if (r == 0)
        r = file_read(c->password_file, PASSWORD_MAX, &file);
    if (r == 0) {
        for (n = file.len; n > 0 && (file.data[n - 1] == '\n' || file.data[n - 1] == '\r');)
            n--;
        buf_printf(out, ";%s={", c->password_key);
        for (size_t i = 0; i < n; i++) {
            buf_put_u8(out, file.data[i]);
            if (file.data[i] == '}')
                buf_put_u8(out, '}');
        }
        buf_put_u8(out, '}');
    }
    if (file.data)
        crypto_wipe(file.data, file.cap);
    buf_deinit(&file);
    return r;
}

static int connection_make(const struct odbc_config *c, struct buf *out)
{
    int r = 0;

    if (!strchr(c->connection, '='))
        buf_printf(out, "DSN=");
    buf_put(out, c->connection, strlen(c->connection));
    if (c->password_file[0])
        r = password_put(c, out);
    buf_put_u8(out, '\0');
    return r != 0 ? r : buf_status(out);
}

static int connect_once(struct odbc_source *s, unsigned login_s)
{
    struct buf connection;
    int r;

    buf_init(&connection, CONNECTION_MAX);
    r = buf_room(&connection,
                 CONNECTION_MAX); /* never moved: no copy of a password is left behind */
    if (r == 0)
        r = connection_make(s->config, &connection);
    if (r != 0)
        log_warn("source-failed", "what=password-file reason=%s", LOG_Q(strerror(-r)));
    else
        r = db_connect(s->db, (const char *)connection.data, login_s);
    if (connection.data)
        crypto_wipe(connection.data, connection.cap);
    buf_deinit(&connection);
    return r == -ENOMEM ? r : r != 0 ? DB_ABSENT : 0;
}

static void failure_log(const struct odbc_source *s, const char *what, int trouble)
{
    const struct db_error *e = db_last_error(s->db);

    log_warn("source-failed", "what=%s reason=%s sqlstate=%s native=%ld text=%s", LOG_Q(what),
             db_trouble_word(trouble), e->state[0] ? e->state : "none", e->native, LOG_Q(e->text));
}

static unsigned login_seconds(int64_t until_ms)
{
    int64_t left = until_ms ? (until_ms - clock_mono_ms()) / 1000 : LOGIN_MOST_S;

    return left < 1 ? 1 : left > LOGIN_MOST_S ? LOGIN_MOST_S : (unsigned)left;
}

int source_connect(struct odbc_source *s, int64_t until_ms, bool now)
{
    int r;

    if (db_connected(s->db))
        return 0;
    if (!now && clock_mono_ms() < s->retry_ms)
        return DB_ABSENT;
    r = connect_once(s, login_seconds(until_ms));
    if (r == DB_ABSENT)
        failure_log(s, "connection", r);
    for (size_t i = 0; r == 0 && i < s->config->n_on_connect; i++) {
        r = db_run(s->db, s->config->on_connect[i]);
        if (r != 0) { /* perhaps what makes it read-only: without it there is no connection */
            failure_log(s, "on_connect", r);
            source_disconnect(s);
            r = DB_ABSENT;
        }
    }
    s->retry_ms = r == DB_ABSENT ? clock_mono_ms() + RETRY_MS : 0;
    if (r == 0)
        log_info("source-connected", "backend=odbc");
    return r;
}

int source_fail(struct odbc_source *s, const struct odbc_statement *st, int trouble)
{
    size_t number = (size_t)(st - s->config->statements);

    failure_log(s, st->label, trouble);
    s->prepared[number] = db_statement_free(s->prepared[number]);
    s->missing[number] = s->missing[number] || trouble == DB_MISSING;
    if (trouble == DB_LOST)
        source_disconnect(s);
    return trouble;
}

static struct db_value value_of(const struct odbc_values *v, uint8_t parameter)
{
    const struct db_value values[ODBC_PARAMETER_COUNT] = {
        [ODBC_PERSON] = { false, v->person, ALM_DAY_NONE },
        [ODBC_DAY] = { true, NULL, v->day },
        [ODBC_HOUSEHOLD] = { false, v->household, ALM_DAY_NONE },
        [ODBC_HOME] = { false, v->home, ALM_DAY_NONE },
        [ODBC_PLACE] = { false, v->place, ALM_DAY_NONE },
        [ODBC_PLACE_FROM] = { true, NULL, v->place_from },
        [ODBC_PLACE_UNTIL] = { true, NULL, v->place_until },
    };

    return values[parameter];
}

int source_put(struct odbc_source *s, const struct odbc_statement *st, const struct odbc_values *v,
               int64_t until_ms, struct db_statement **out)
{
    size_t number = (size_t)(st - s->config->statements);
    struct db_bounds bounds = { 0, s->limits.rows_most, s->limits.bytes_most };
    struct db_value values[DB_VALUES_MAX];
    int r = source_connect(s, until_ms, false);

    if (r != 0)
        return r;
    if (until_ms) {
        bounds.within_ms = until_ms - clock_mono_ms();
        if (bounds.within_ms <= 0)
            return DB_LATE;
    }
    if (!s->prepared[number])
        r = db_prepare(s->db, st->sql, &s->prepared[number]);
    for (size_t i = 0; i < st->n_parameters; i++)
        values[i] = value_of(v, st->parameters[i]);
    if (r == 0)
        r = db_execute(s->prepared[number], values, st->n_parameters, &bounds);
    if (r != 0)
        return r < 0 ? r : source_fail(s, st, r);
    s->missing[number] = false;
    *out = s->prepared[number];
    return 0;
}

int source_columns(const struct odbc_statement *st, const struct db_statement *in,
                   int out[static ODBC_FIELDS_MAX], const char **lacks)
{
    const struct odbc_field *fields;
    size_t n = odbc_fields(st->kind, &fields);

    for (size_t i = 0; i < n; i++) {
        out[i] = db_column_find(in, st->columns[i]);
        if (out[i] >= 0 || (out[i] == -1 && !fields[i].required))
            continue;
        *lacks = st->columns[i];
        return DB_MISSING;
    }
    return 0;
}

const char *source_text(const struct db_statement *in, int column)
{
    const char *text = column < 0 ? NULL : db_text(in, (size_t)column);

    return text ? text : "";
}

int source_day(const struct db_statement *in, int column, int32_t *out)
{
    *out = ALM_DAY_NONE;
    return column < 0 ? 0 : db_day(in, (size_t)column, out);
}

static int data_day_read(struct odbc_source *s, int64_t until_ms)
{
    const struct odbc_statement *st = s->config->only[ODBC_AS_OF];
    const struct odbc_values none = { 0 };
    struct db_statement *in;
    int32_t day = ALM_DAY_NONE;
    int r = source_put(s, st, &none, until_ms, &in);

    if (r != 0)
        return r;
    r = db_fetch(in);
    if (r == 0 && db_day(in, 0, &day) != 0)
        r = db_blame(s->db, DB_FAILED, "the first column is not a date");
    db_done(in);
    if (r != 0 && r != DB_END)
        return source_fail(s, st, r);
    s->data_day = day;
    s->data_day_ms = clock_mono_ms();
    return 0;
}

int source_data_day(struct odbc_source *s, int32_t as_of, int64_t until_ms, int32_t *out)
{
    int64_t age_ms = clock_mono_ms() - s->data_day_ms;
    int r = 0;

    *out = as_of;
    if (!s->config->only[ODBC_AS_OF])
        return 0;
    if (s->data_day_ms == 0 || age_ms >= (int64_t)s->config->as_of_s * 1000)
        r = data_day_read(s, until_ms);
    if (r == 0)
        *out = as_of != ALM_DAY_NONE && s->data_day > as_of ? as_of : s->data_day;
    return r;
}

int source_mark(struct odbc_source *s, int64_t until_ms, char *out, size_t size)
{
    const struct odbc_statement *st = s->config->only[ODBC_CHANGED];
    const struct odbc_values none = { 0 };
    struct db_statement *in;
    size_t at = 0;
    int r = source_put(s, st, &none, until_ms, &in);

    out[0] = '\0';
    if (r != 0)
        return r;
    r = db_fetch(in);
    for (size_t i = 0; r == 0 && i < db_columns(in); i++) {
        const char *text = db_text(in, i);
        int n = snprintf(out + at, size - at, "%s|", text ? text : "null");

        if (n < 0 || (size_t)n >= size - at)
            r = -ENOBUFS;
        else
            at += (size_t)n;
    }
    db_done(in);
    if (r == -ENOBUFS || r == 0 || r == DB_END)
        return r == DB_END ? 0 : r;
    return source_fail(s, st, r);
}
