/* SPDX-License-Identifier: Apache-2.0 */
/* tokens_file.c - see tokens_file.h. */
#include "tokens_file.h"
#include "base/file.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#define TOKENS_FILE_MAX 65536 /* bytes; written with spaces it is longer than it need be */

static int file_failed(const struct officer_session *s, const char *path, int rc)
{
    if (rc == -EPERM)
        return officer_fail(s, EX_NOPERM,
                            "%s: others may read these tokens: chmod 600 it, and think of who did",
                            path);
    if (rc == -E2BIG)
        return officer_fail(s, EX_DATAERR, "%s: too long for a file of match tokens", path);
    return officer_fail(s, EX_NOINPUT, "%s: %s", path, strerror(-rc));
}

static int file_parse(const struct officer_session *s, const char *path, const struct buf *text,
                      json_t **out)
{
    json_error_t at;

    *out = json_loadb((const char *)text->data, text->len, JSON_REJECT_DUPLICATES, &at);
    return *out ? 0
                : officer_fail(s, EX_DATAERR, "%s:%d: not JSON, or a key twice", path,
                               at.line > 0 ? at.line : 1);
}

static int file_fits(struct officer_session *s, const char *path, const struct token_json *t)
{
    int rc = session_identity(s);

    if (rc)
        return rc;
    if (t->mode == s->mode && strcmp(t->origin, s->origin) == 0)
        return 0;
    return officer_fail(s, EX_DATAERR,
                        "%s: made for another broker (%s, %s) than this one (%s, %s): its tokens "
                        "find nobody here",
                        path, t->origin, t->mode == 1 ? "live" : "exercise", s->origin,
                        s->mode == 1 ? "live" : "exercise");
}

int tokens_file_read(struct officer_session *s, const char *path, json_t **out,
                     struct token_json *parsed)
{
    ALM_CLEANUP(buf_deinit) struct buf text = { 0 };
    ALM_CLEANUP(token_json_wipe) struct token_json t = { 0 };
    char why[200];
    json_t *o = NULL;
    int rc = file_check_private(path);

    buf_init(&text, TOKENS_FILE_MAX);
    if (!rc)
        rc = file_read(path, TOKENS_FILE_MAX, &text);
    if (rc)
        return file_failed(s, path, rc);
    rc = file_parse(s, path, &text, &o);
    crypto_wipe(text.data, text.len);
    if (!rc && token_json_read(o, &t, why, sizeof(why)))
        rc = officer_fail(s, EX_DATAERR, "%s: %s", path, why);
    if (!rc)
        rc = file_fits(s, path, &t);
    if (rc) {
        json_decref(o);
        return rc;
    }
    if (parsed)
        *parsed = t;
    *out = o;
    return 0;
}
