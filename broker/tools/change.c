/* SPDX-License-Identifier: Apache-2.0 */
/* change.c - signed changes (broker/CONTROL.md): built once as text, signed as that text by one or
 * more officers, submitted or saved until the second officer has signed. What is signed is bound to
 * the broker's mode and origin. */
#include "base/clock.h"
#include "base/file.h"
#include "base/id.h"
#include "local/local.h"
#include "officer.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#define CHANGE_LABEL "almoner/change/v1"
#define SUBMIT_MS    30000
/* Bytes of a reason in a leaf's clear part, and of a sealed one: broker/core/change.h. */
#define REASON_MOST        127
#define REASON_SEALED_MOST 511

struct change { /* a change on its way; owned */
    json_t
        *file; /* {"almoner_change":1,"mode","origin","needs","change":"<text>","signatures":[...]}
                */
};

static void change_deinit(struct change *c)
{
    json_decref(c->file);
}

static json_t *change_signatures(const struct change *c)
{
    return json_object_get(c->file, "signatures");
}
static const char *change_text(const struct change *c)
{
    return json_string_value(json_object_get(c->file, "change"));
}

static int change_build(struct officer_session *s, const char *kind, unsigned needs, json_t *fields,
                        struct change *out)
{
    int64_t now = clock_wall_ms();
    char at[25], nonce[ID_TEXT];
    char *text = NULL;
    struct id id;
    json_t *o;

    clock_format_utc(now, at);
    if (id_new(now, &id)) {
        json_decref(fields);
        return officer_fail(s, EX_OSERR, "no randomness from the system");
    }
    id_format(&id, nonce);
    o = json_pack("{s:s, s:s, s:s}", "change", kind, "at", at, "nonce", nonce);
    if (o && fields && !json_object_update(o, fields))
        text = json_dumps(o, JSON_COMPACT);
    json_decref(o);
    json_decref(fields);
    if (text)
        out->file = json_pack("{s:i, s:s, s:s, s:i, s:s, s:[]}", "almoner_change", 1, "mode",
                              s->mode == 1 ? "live" : "exercise", "origin", s->origin, "needs",
                              (int)needs, "change", text, "signatures");
    free(text);
    return out->file ? 0
                     : officer_fail(s, EX_DATAERR,
                                    "the change cannot be written as text (a value is not UTF-8?)");
}

static int change_sign_one(const struct officer_session *s, struct change *c, const char *officer,
                           const char *key)
{
    char sig[89];
    json_t *v;
    size_t i;
    int rc = officer_check_id(s, "--officer", officer);

    if (rc)
        return rc;
    json_array_foreach(
        change_signatures(c), i,
        v) if (!strcmp(json_string_value(json_object_get(v, "officer")),
                       officer)) return officer_fail(s, EX_USAGE,
                                                     "%s has signed already: the second signature "
                                                     "must be another officer's",
                                                     officer);
    rc = officer_sign(s, CHANGE_LABEL, change_text(c), key, sig);
    if (rc)
        return rc;
    if (json_array_append_new(change_signatures(c),
                              json_pack("{s:s, s:s}", "officer", officer, "sig", sig)))
        return officer_fail(s, EX_OSERR, "short of memory");
    return 0;
}

static int change_sign_all(const struct officer_session *s, struct change *c)
{
    int rc = 0;

    for (size_t i = 0; i < s->args->n_officers && !rc; i++)
        rc = change_sign_one(s, c, s->args->officer[i], s->args->key[i]);
    return rc;
}

/* Somebody's tokens are for the officers who sign alone. */
static mode_t change_mode(const struct change *c)
{
    return strstr(change_text(c), "\"tokens\":") ? 0600 : 0644;
}

static int change_save(const struct officer_session *s, const struct change *c, const char *path)
{
    ALM_CLEANUP(fd_closep) int fd =
        open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, change_mode(c));
    char *text;
    int rc;

    if (fd < 0)
        return officer_fail(s, EX_CANTCREAT, "%s: %s", path,
                            errno == EEXIST ? "is already there; choose another name"
                                            : strerror(errno));
    text = json_dumps(c->file, JSON_INDENT(1));
    rc = text ? file_write(path, bytes_str(text), change_mode(c)) : -ENOMEM;
    free(text);
    if (rc)
        return officer_fail(s, EX_CANTCREAT, "%s: %s", path, strerror(-rc));
    return 0;
}

static int change_submit(const struct officer_session *s, const struct change *c)
{
    json_t *q = json_pack("{s:s, s:s, s:O}", "op", "change", "change", change_text(c), "signatures",
                          change_signatures(c)),
           *r = NULL;
    int rc = q ? session_ask(s, q, SUBMIT_MS, &r) : officer_fail(s, EX_OSERR, "short of memory");

    json_decref(q);
    if (rc)
        return rc;
    if (s->args->json)
        print_json(r);
    else
        (void)printf("done, recorded as leaf %" JSON_INTEGER_FORMAT "\n",
                     json_integer_value(json_object_get(r, "leaf")));
    json_decref(r);
    return 0;
}

static int change_lacks(const struct officer_session *s, size_t needs, size_t has)
{
    return officer_fail(
        s, EX_USAGE,
        "this needs the signatures of %zu officer%s, and %zu signed: give --officer ID --key "
        "FILE.sign for each%s",
        needs, needs == 1 ? "" : "s", has,
        needs == 1 ? " (or set ALMONER_OFFICER and ALMONER_OFFICER_KEY)"
                   : ", or --save FILE now and let the other run \"almoner change sign FILE\"");
}

/* Before anybody signs: a saved change that the core then refuses has cost two officers their time. */
static int reason_fits(const struct officer_session *s, const char *kind, const json_t *fields)
{
    static const char *const sealed[] = { "hold-add", "hold-lift", "erase" }; /* broker/core/change.h: why */
    size_t most = REASON_MOST, len = json_string_length(json_object_get(fields, "reason"));

    for (size_t i = 0; i < ALM_LEN(sealed); i++)
        if (!strcmp(sealed[i], kind))
            most = REASON_SEALED_MOST;
    return len > most ? officer_fail(s, EX_USAGE, "--reason has %zu bytes, and at most %zu are kept: shorten it",
                                     len, most)
                      : 0;
}

int change_run(struct officer_session *s, const char *kind, unsigned needs, json_t *fields)
{
    ALM_CLEANUP(change_deinit) struct change c = { 0 };
    int rc = reason_fits(s, kind, fields);

    if (!rc)
        rc = session_identity(s);

    if (rc) {
        json_decref(fields);
        return rc;
    }
    rc = change_build(s, kind, needs, fields, &c);
    if (!rc && needs)
        rc = change_sign_all(s, &c);
    if (rc)
        return rc;
    if (s->args->save) {
        rc = change_save(s, &c, s->args->save);
        if (!rc)
            (void)printf("saved %s with %zu of %u signatures; next: almoner change sign %s "
                         "--officer ID --key FILE, then almoner change submit %s\n",
                         s->args->save, json_array_size(change_signatures(&c)), needs,
                         s->args->save, s->args->save);
        return rc;
    }
    if (json_array_size(change_signatures(&c)) < needs)
        return change_lacks(s, needs, json_array_size(change_signatures(&c)));
    return change_submit(s, &c);
}

/* --- saved changes --- */

static bool change_is_whole(const json_t *file)
{
    char word[ORIGIN_MAX];
    int64_t n;
    json_t *v;
    size_t i;

    if (local_get_int(file, "almoner_change", 1, 1, &n) ||
        local_get_text(file, "mode", word, sizeof(word)) ||
        (strcmp(word, "live") && strcmp(word, "exercise")) ||
        local_get_text(file, "origin", word, sizeof(word)) || !word[0] ||
        local_get_int(file, "needs", 0, ARGS_SIGNERS_MAX, &n) ||
        !json_is_string(json_object_get(file, "change")) ||
        !json_is_array(json_object_get(file, "signatures")))
        return false;
    json_array_foreach(json_object_get(file, "signatures"), i,
                       v) if (!json_is_string(json_object_get(v, "officer")) ||
                              !json_is_string(json_object_get(v, "sig"))) return false;
    return true;
}

/* Another broker's change is refused: a configuration names ours, and the person must see which
 * broker they sign for. */
static int change_adopt(struct officer_session *s, const struct change *c, const char *path)
{
    const char *origin = json_string_value(json_object_get(c->file, "origin"));
    uint8_t mode = !strcmp(json_string_value(json_object_get(c->file, "mode")), "live") ? 1 : 2;

    if ((s->origin[0] && strcmp(s->origin, origin)) || (s->mode && s->mode != mode))
        return officer_fail(s, EX_DATAERR,
                            "%s is a change for the %s broker \"%s\", not for this one", path,
                            mode == 1 ? "live" : "exercise", origin);
    s->mode = mode;
    return text_copy(s->origin, sizeof(s->origin), origin)
               ? officer_fail(s, EX_DATAERR, "%s: the origin is too long", path)
               : 0;
}

static int change_load(struct officer_session *s, const char *path, struct change *out)
{
    ALM_CLEANUP(buf_deinit) struct buf text = { 0 };
    json_error_t error;
    int rc;

    buf_init(&text, 6u << 20);
    rc = file_read(path, 6u << 20, &text);
    if (rc)
        return officer_fail(s, EX_NOINPUT, "%s: %s", path,
                            rc == -E2BIG ? "too long for a saved change" : strerror(-rc));
    out->file = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &error);
    if (!out->file)
        return officer_fail(s, EX_DATAERR, "%s:%d: %s", path, error.line, error.text);
    if (!change_is_whole(out->file))
        return officer_fail(
            s, EX_DATAERR, "%s: JSON, but not a saved change (one is made with --save FILE)", path);
    return change_adopt(s, out, path);
}

/* What the second officer is about to sign, in lines. A long value (a bundle) is shown by its
 * length: its hash stands beside it. */
static int change_print(const struct officer_session *s, const struct change *c)
{
    json_error_t error;
    json_t *o = json_loads(change_text(c), JSON_REJECT_DUPLICATES, &error), *v;
    const char *key;
    char shown[256];
    size_t i;

    if (!json_is_object(o)) {
        json_decref(o);
        return officer_fail(s, EX_DATAERR, "the saved change's text is not a JSON object");
    }
    (void)printf("for        the %s broker %s\n", s->mode == 1 ? "live" : "exercise", s->origin);
    json_object_foreach(o, key, v)
    {
        if (json_is_string(v) && json_string_length(v) > 200)
            (void)printf("%-10s (%zu characters)\n", printable(key, shown, sizeof(shown)),
                         json_string_length(v));
        else if (json_is_object(v))
            (void)printf("%-10s (%zu)\n", printable(key, shown, sizeof(shown)),
                         json_array_size(json_object_get(v, "tokens")));
        else if (json_is_boolean(v))
            (void)printf("%-10s %s\n", printable(key, shown, sizeof(shown)),
                         json_is_true(v) ? "yes" : "no");
        else if (json_is_string(v))
            (void)printf("%-10s %s\n", key, printable(json_string_value(v), shown, sizeof(shown)));
    }
    json_array_foreach(change_signatures(c), i, v)(void)
        printf("signed by  %s\n",
               printable(json_string_value(json_object_get(v, "officer")), shown, sizeof(shown)));
    json_decref(o);
    return 0;
}

int command_change_show(struct officer_session *s)
{
    ALM_CLEANUP(change_deinit) struct change c = { 0 };
    int rc = change_load(s, s->args->operands[2], &c);

    if (rc || !s->args->json)
        return rc ? rc : change_print(s, &c);
    print_json(c.file);
    return 0;
}

int command_change_sign(struct officer_session *s)
{
    ALM_CLEANUP(change_deinit) struct change c = { 0 };
    const char *path = s->args->operands[2];
    char *text;
    int rc = change_load(s, path, &c);

    if (rc)
        return rc;
    if (!s->args->n_officers)
        return officer_fail(s, EX_USAGE, "who signs? Give --officer ID --key FILE.sign");
    rc = change_sign_all(s, &c);
    if (rc)
        return rc;
    text = json_dumps(c.file, JSON_INDENT(1));
    rc = text ? file_write(path, bytes_str(text), change_mode(&c)) : -ENOMEM;
    free(text);
    if (rc)
        return officer_fail(s, EX_CANTCREAT, "%s: %s", path, strerror(-rc));
    rc = change_print(s, &c);
    if (!rc)
        (void)printf("next       almoner change submit %s\n", path);
    return rc;
}

int command_change_submit(struct officer_session *s)
{
    ALM_CLEANUP(change_deinit) struct change c = { 0 };
    size_t needs, has;
    int rc = change_load(s, s->args->operands[2], &c);

    if (rc)
        return rc;
    needs = (size_t)json_integer_value(json_object_get(c.file, "needs"));
    has = json_array_size(change_signatures(&c));
    return has < needs ? change_lacks(s, needs, has) : change_submit(s, &c);
}
