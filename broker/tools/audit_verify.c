/* SPDX-License-Identifier: Apache-2.0 */
/* audit_verify.c - `audit export` and `audit verify`: the whole log up to its signed head, from the
 * live reader, from a file, or from a folder of tiles (bundle.h).
 *
 * An export as a file is lines of JSON: {"almoner_export":1,"note":"<checkpoint>"} and then a row
 * each, with the exact octets. What is sealed stays sealed in it. */
#include "audit.h"
#include "base/clock.h"
#include "base/file.h"
#include "bundle.h"
#include "local/local.h"
#include "verify.h"
#include "witnesses.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#define LINE_MAX_BYTES (8u << 20)
#define PROGRESS_MS    2000

/* --- the verifier key --- */

static int key_from_file(const struct officer_session *s, const char *path, struct note_key *out)
{
    ALM_CLEANUP(buf_deinit) struct buf text = { 0 };
    char line[NOTE_VKEY_MAX];
    size_t len;
    int rc;

    buf_init(&text, 4096);
    rc = file_read(path, 4096, &text);
    if (rc)
        return officer_fail(s, EX_NOINPUT, "%s: %s", path, strerror(-rc));
    len = text.len && text.data[text.len - 1] == '\n' ? text.len - 1 : text.len;
    if (len < sizeof(line)) {
        memcpy(line, text.data, len);
        line[len] = '\0';
        if (strlen(line) == len && !note_key_parse(line, out))
            return 0;
    }
    return officer_fail(s, EX_DATAERR,
                        "%s:1: not a verifier key (origin+hash+key on one line): it is the "
                        "audit.vkey of \"almoner key new broker\"",
                        path);
}

static int key_from_config(const struct officer_session *s, struct note_key *out)
{
    char path[1100], public_text[45];
    uint8_t key[SIGN_PUBLIC_LEN + 1];
    int rc;

    if (!s->keys_dir[0] || !s->origin[0])
        return officer_fail(s, EX_USAGE,
                            "by which key? Give --vkey FILE: the log's verifier key, got from its "
                            "operator by another way than the log");
    (void)snprintf(path, sizeof(path), "%s/audit.pub", s->keys_dir);
    rc = officer_read_public(s, path, public_text);
    if (rc)
        return rc;
    if (base64_decode(public_text, 44, key, sizeof(key)) != SIGN_PUBLIC_LEN ||
        note_key_init(out, s->origin, key))
        return officer_fail(s, EX_DATAERR, "%s does not make a verifier key for the origin \"%s\"",
                            path, s->origin);
    return 0;
}

int audit_key(const struct officer_session *s, struct note_key *out)
{
    return s->args->vkey ? key_from_file(s, s->args->vkey, out) : key_from_config(s, out);
}

/* --- a verification on its way --- */

void audit_progress(void *ctx, uint64_t leaves)
{
    struct audit_progress *p = ctx;
    int64_t now = clock_mono_ms();

    if (leaves % 256 || now - p->began_ms < PROGRESS_MS || now - p->told_ms < PROGRESS_MS)
        return;
    p->told_ms = now;
    (void)fprintf(stderr, "%" PRIu64 " of %" PRIu64 " leaves ...\n", leaves, p->size);
}

struct run {
    struct officer_session *s;
    struct verify v;
    struct note_key key, head_key; /* the log's; that of the head kept */
    struct witnessed witnessed;
    struct audit_progress progress;
    FILE *out; /* of an export */
};

static int run_begin(struct run *r, struct bytes note)
{
    ALM_CLEANUP(buf_deinit) struct buf kept = { 0 };
    const char *head = r->s->args->head;
    int rc = verify_begin(&r->v, note, &r->key);

    r->progress.size = r->v.head.size;
    if (!rc)
        rc = witnessed_check(&r->witnessed, note, r->v.why, sizeof(r->v.why));
    if (rc || !head)
        return rc;
    buf_init(&kept, NOTE_MAX);
    rc = file_read(head, NOTE_MAX, &kept);
    if (rc)
        return officer_fail(r->s, EX_NOINPUT, "%s: %s", head, strerror(-rc));
    return verify_continues(&r->v, buf_view(&kept), &r->head_key);
}

static int run_verdict(struct run *r, int rc, int64_t newer)
{
    char root[2 * SHA256_LEN + 1];
    json_t *o;

    if (rc && rc != -EBADMSG)
        return officer_fail(r->s, EX_SOFTWARE, "the verification could not be done: %s",
                            strerror(-rc));
    hex_encode(r->v.head.root, SHA256_LEN, root);
    if (r->s->args->json) {
        o = json_pack("{s:b, s:b, s:s, s:I, s:s, s:I, s:s, s:I, s:o, s:o}", "ok", !rc, "verified", !rc,
                      "origin", r->v.head.origin, "leaves", (json_int_t)r->v.head.size, "root",
                      root, "newer", (json_int_t)newer, "why", rc ? r->v.why : "", "erased",
                      (json_int_t)r->v.erased, "first_bad",
                      rc && r->v.bad ? json_integer((json_int_t)r->v.bad_leaf) : json_null(), "witnesses",
                      witnessed_json(&r->witnessed));
        print_json(o);
        json_decref(o);
    } else if (rc) {
        (void)printf("NOT VERIFIED: %s\n", r->v.why);
    } else {
        (void)printf(
            "verified: %" PRIu64
            " leaves, none missing, none altered, up to the head signed by %s\nroot      %s\n",
            r->v.head.size, r->v.head.origin, root);
        witnessed_print(&r->witnessed);
        if (r->v.continues)
            (void)printf("continues the head of %" PRIu64 " leaves that was kept\n",
                         r->v.earlier.size);
        if (r->v.erased)
            (void)printf("erased    the sealed part of %" PRIu64
                         " leaves, of which the hash is left\n",
                         r->v.erased);
        if (newer > 0)
            (void)printf("newer     %" PRId64 " leaves since, under the next head\n", newer);
    }
    return rc ? EX_DATAERR : 0;
}

static int run_row(void *ctx, const json_t *row)
{
    struct run *r = ctx;
    int rc = verify_row(&r->v, row);

    audit_progress(&r->progress, r->v.tree.size);
    return rc ? (rc == -EBADMSG ? run_verdict(r, rc, 0)
                                : officer_fail(r->s, EX_OSERR, "%s", strerror(-rc)))
              : 0;
}

/* --- from the live log --- */

int audit_head(struct officer_session *s, struct buf *note, int64_t *leaves)
{
    json_t *last = NULL;
    const char *text;
    int rc = audit_read(s, json_pack("{s:s}", "read", "head"), 0, NULL, NULL, &last);

    if (rc)
        return rc;
    text = json_string_value(json_object_get(last, "note"));
    if (text)
        buf_put(note, text, strlen(text));
    *leaves = json_integer_value(json_object_get(last, "leaves"));
    json_decref(last);
    return text && !buf_status(note) ? 0 : officer_fail(s, EX_PROTOCOL, "the reader sent no head");
}

json_t *audit_export_query(uint64_t from, uint64_t until)
{
    return json_pack("{s:s, s:I, s:I}", "read", "export", "from", (json_int_t)from, "count",
                     (json_int_t)(until - from));
}

static int verify_live(struct run *r)
{
    ALM_CLEANUP(buf_deinit) struct buf note = { 0 };
    int64_t leaves = 0;
    int rc;

    buf_init(&note, NOTE_MAX);
    rc = audit_head(r->s, &note, &leaves);
    if (rc)
        return rc;
    rc = run_begin(r, buf_view(&note));
    if (rc)
        return rc < 0 ? run_verdict(r, rc, 0) : rc;
    if (r->v.head.size)
        rc = audit_read(r->s, audit_export_query(0, r->v.head.size), 0, run_row, r, NULL);
    if (rc)
        return rc;
    return run_verdict(r, verify_end(&r->v), leaves - (int64_t)r->v.head.size);
}

/* --- from a file --- */

static int file_line(struct run *r, const char *path, unsigned n, char *line, size_t len)
{
    json_error_t error;
    json_t *o = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
    const char *note;
    int rc;

    if (!json_is_object(o)) {
        json_decref(o);
        return officer_fail(
            r->s, EX_DATAERR,
            "%s:%u: not a line of an export (one JSON object): the file was damaged or altered",
            path, n);
    }
    if (n > 1) {
        rc = run_row(r, o);
    } else {
        note = json_string_value(json_object_get(o, "note"));
        if (!note || json_integer_value(json_object_get(o, "almoner_export")) != 1)
            rc = officer_fail(
                r->s, EX_DATAERR,
                "%s:1: not an export of a log (one is made with \"almoner audit export FILE\")",
                path);
        else
            rc = run_begin(r, bytes_str(note));
        if (rc < 0)
            rc = run_verdict(r, rc, 0);
    }
    json_decref(o);
    return rc;
}

static int verify_file(struct run *r, const char *path)
{
    FILE *f = fopen(path, "re");
    char *line = NULL;
    size_t cap = 0;
    unsigned n = 0;
    ssize_t len;
    int rc = 0;

    if (!f)
        return officer_fail(r->s, EX_NOINPUT, "%s: %s", path, strerror(errno));
    while (!rc && (len = getline(&line, &cap, f)) > 0)
        rc = (size_t)len > LINE_MAX_BYTES
                 ? officer_fail(r->s, EX_DATAERR, "%s:%u: a line longer than 8 MiB", path, n + 1)
                 : file_line(r, path, ++n, line, (size_t)len);
    if (!rc && ferror(f))
        rc = officer_fail(r->s, EX_IOERR, "%s: %s", path, strerror(errno));
    free(line);
    (void)fclose(f);
    if (rc)
        return rc;
    return n ? run_verdict(r, verify_end(&r->v), 0)
             : officer_fail(r->s, EX_DATAERR, "%s: an empty file", path);
}

/* --- from a folder of tiles --- */

int audit_folder_head(const struct officer_session *s, const char *folder, struct buf *note)
{
    char path[BUNDLE_FILE_MAX];
    struct stat st;
    int rc;

    if (snprintf(path, sizeof(path), "%s/%s", folder, BUNDLE_HEAD) >= (int)sizeof(path))
        return officer_fail(s, EX_USAGE, "%.80s...: a path too long", folder);
    rc = file_read(path, NOTE_MAX, note);
    if (!rc)
        return 0;
    if (rc != -ENOENT)
        return officer_fail(s, rc == -E2BIG ? EX_DATAERR : EX_NOINPUT, "%s: %s", path,
                            rc == -E2BIG ? "is no signed head" : strerror(-rc));
    (void)snprintf(path, sizeof(path), "%s/%s", folder, BUNDLE_UNFINISHED);
    if (stat(path, &st) == 0)
        return officer_fail(s, EX_DATAERR,
                            "%s: an export that was not finished; \"almoner audit export\" with "
                            "the same words goes on with it",
                            folder);
    return officer_fail(s, EX_DATAERR, "%s: no \"%s\" in it: not an export in tiles", folder,
                        BUNDLE_HEAD);
}

static int verify_folder(struct run *r, const char *folder)
{
    ALM_CLEANUP(buf_deinit) struct buf note = { 0 };
    int rc;

    buf_init(&note, NOTE_MAX);
    rc = audit_folder_head(r->s, folder, &note);
    if (rc)
        return rc;
    rc = run_begin(r, buf_view(&note));
    if (!rc)
        rc = verify_tiles(&r->v, folder, audit_progress, &r->progress);
    return rc > 0 ? rc : run_verdict(r, rc, 0);
}

int command_audit_verify(struct officer_session *s)
{
    struct run r = { .s = s, .progress = { .began_ms = clock_mono_ms() } };
    const char *input = s->args->input;
    struct stat st;
    int rc = audit_key(s, &r.key);

    r.head_key = r.key;
    if (!rc && s->args->head_vkey)
        rc = s->args->head ? key_from_file(s, s->args->head_vkey, &r.head_key)
                           : officer_fail(s, EX_USAGE, "--head-vkey is the key of a --head FILE");
    if (!rc)
        rc = witnessed_keys(s, &r.witnessed);
    if (rc)
        return rc;
    if (!input)
        return verify_live(&r);
    return stat(input, &st) == 0 && S_ISDIR(st.st_mode) ? verify_folder(&r, input)
                                                        : verify_file(&r, input);
}

/* --- export --- */

static int write_line(struct run *r, const json_t *o)
{
    if (json_dumpf(o, r->out, JSON_COMPACT) || fputc('\n', r->out) == EOF)
        return officer_fail(r->s, EX_IOERR, "the export cannot be written: %s", strerror(errno));
    return 0;
}
static int export_row(void *ctx, const json_t *row)
{
    return write_line(ctx, row);
}

static int export_to(struct run *r)
{
    ALM_CLEANUP(buf_deinit) struct buf note = { 0 };
    int64_t leaves = 0, size = 0;
    json_t *o;
    int rc;

    buf_init(&note, NOTE_MAX);
    rc = audit_head(r->s, &note, &leaves);
    if (rc)
        return rc;
    o = json_pack("{s:i, s:s#}", "almoner_export", 1, "note", (const char *)note.data, note.len);
    rc = o ? write_line(r, o) : EX_OSERR;
    json_decref(o);
    /* the second line of a checkpoint is its size; whoever verifies checks it properly */
    if (!rc && (buf_room(&note, 1) || !memchr(note.data, '\n', note.len)))
        rc = EX_PROTOCOL;
    if (!rc) {
        note.data[note.len] = '\0';
        size = strtoll(strchr((const char *)note.data, '\n') + 1, NULL, 10);
        if (size > 0)
            rc = audit_read(r->s, audit_export_query(0, (uint64_t)size), 0, export_row, r, NULL);
    }
    if (!rc)
        (void)printf("exported %" PRId64 " leaves and their signed head; next: almoner audit "
                     "verify --export %s --vkey audit.vkey\n",
                     size, r->s->args->operands[2]);
    return rc;
}

int command_audit_export(struct officer_session *s)
{
    struct run r = { .s = s };
    const char *path = s->args->operands[2], *format = s->args->format;
    int rc;

    if (format && !strcmp(format, "tiles"))
        return audit_export_tiles(s, path);
    if (format && strcmp(format, "lines"))
        return officer_fail(s, EX_USAGE, "--format: \"%.20s\" is neither \"lines\" nor \"tiles\"",
                            format);
    r.out = fopen(path, "wxe"); /* never over another export */
    if (!r.out)
        return officer_fail(s, EX_CANTCREAT, "%s: %s", path,
                            errno == EEXIST ? "is already there; choose another name"
                                            : strerror(errno));
    rc = export_to(&r);
    if (fclose(r.out) && !rc)
        rc = officer_fail(s, EX_IOERR, "%s: %s", path, strerror(errno));
    if (rc)
        (void)unlink(path); /* half an export is none */
    return rc;
}
