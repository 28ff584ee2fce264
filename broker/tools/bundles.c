/* SPDX-License-Identifier: Apache-2.0 */
/* bundles.c - policies opened, domains made over them, matrices with progress. */
#include "bundles.h"
#include "base/clock.h"
#include "base/file.h"
#include "conf/conf.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#define MAGIC       "ALMB" /* how compiled bytes begin */
#define PROGRESS_MS 2000

void compiled_deinit(struct compiled *c)
{
    buf_deinit(&c->bytes);
    bundle_freep(&c->bundle);
}

static int adopt(const struct officer_session *s, const char *what, struct compiled *out)
{
    int rc = bundle_decode(buf_view(&out->bytes), &out->bundle);

    if (rc == -EBADMSG)
        return officer_fail(s, EX_DATAERR, "%s: not a compiled policy of this version", what);
    if (rc)
        return officer_fail(s, EX_SOFTWARE, "%s: %s", what, strerror(-rc));
    hex_encode(bundle_hash(out->bundle), POLICY_HASH_LEN, out->hash);
    return 0;
}

int policy_load(const struct officer_session *s, const char *path, struct compiled *out)
{
    ALM_CLEANUP(conf_errors_freep) struct conf_errors *e = NULL;
    size_t n;
    int rc;

    if (conf_errors_new(&e))
        return officer_fail(s, EX_OSERR, "short of memory");
    buf_init(&out->bytes, BUNDLE_MAX);
    rc = policy_compile(path, e, &out->bytes);
    n = conf_errors_count(e);
    if (n) {
        print_errors(s, e);
        return officer_fail(s, rc == -ENOENT ? EX_NOINPUT : EX_DATAERR,
                            "%zu error%s in %s: nothing was compiled", n, n == 1 ? "" : "s", path);
    }
    if (rc == -E2BIG)
        return officer_fail(s, EX_DATAERR, "%s: compiled it is longer than %u bytes", path,
                            BUNDLE_MAX);
    if (rc)
        return officer_fail(s, EX_SOFTWARE, "%s: %s", path, strerror(-rc));
    return adopt(s, path, out);
}

/* Return: 0 read; 1 it is text, or a folder. */
static int read_compiled(const struct officer_session *s, const char *path, struct compiled *out)
{
    struct stat st;
    int rc;

    if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
        return 1;
    buf_init(&out->bytes, BUNDLE_MAX);
    rc = file_read(path, BUNDLE_MAX, &out->bytes);
    if (!rc && out->bytes.len > strlen(MAGIC) &&
        memcmp(out->bytes.data, MAGIC, strlen(MAGIC)) == 0) {
        rc = adopt(s, path, out);
        return rc ? -rc : 0;
    }
    buf_deinit(&out->bytes);
    out->bytes = (struct buf){ .data = NULL };
    return 1;
}

static bool is_hash(const char *text)
{
    size_t n = 2 * (size_t)POLICY_HASH_LEN;

    return strlen(text) == n && strspn(text, "0123456789abcdef") == n;
}

static int take_base64(const struct officer_session *s, const json_t *reply, const char *hash,
                       struct compiled *out)
{
    const json_t *text = json_object_get(reply, "bundle");
    int n;

    buf_init(&out->bytes, BUNDLE_MAX);
    if (!json_is_string(text) || buf_room(&out->bytes, json_string_length(text) / 4 * 3 + 3))
        return officer_fail(s, EX_PROTOCOL, "the broker's reply holds no bundle");
    n = base64_decode(json_string_value(text), json_string_length(text), out->bytes.data,
                      json_string_length(text) / 4 * 3 + 3);
    if (n < 0)
        return officer_fail(s, EX_PROTOCOL, "the broker's bundle is not base64");
    out->bytes.len = (size_t)n;
    n = adopt(s, "the broker's bundle", out);
    if (!n && strcmp(out->hash, hash))
        return officer_fail(s, EX_PROTOCOL, "the broker's bundle is not the one with hash %s",
                            hash);
    return n;
}

static int open_hash(const struct officer_session *s, const char *hash, struct compiled *out)
{
    json_t *q = json_pack("{s:s, s:s}", "op", "bundle", "hash", hash), *r = NULL;
    int rc = q ? session_ask(s, q, 0, &r) : officer_fail(s, EX_OSERR, "short of memory");

    json_decref(q);
    if (!rc)
        rc = take_base64(s, r, hash, out);
    json_decref(r);
    return rc;
}

int policy_open(const struct officer_session *s, const char *what, struct compiled *out)
{
    struct stat st;
    int rc;

    if (stat(what, &st) < 0 && is_hash(what))
        return open_hash(s, what, out);
    rc = read_compiled(s, what, out);
    return rc == 1 ? policy_load(s, what, out) : -rc;
}

int policy_open_active(const struct officer_session *s, struct compiled *out)
{
    json_t *r = NULL;
    char hash[2 * POLICY_HASH_LEN + 1] = "";
    int rc = session_ask_op(s, "policy", 0, &r);

    if (rc)
        return rc;
    if (json_is_string(json_object_get(r, "policy")) &&
        text_copy(hash, sizeof(hash), json_string_value(json_object_get(r, "policy"))))
        hash[0] = '\0';
    json_decref(r);
    if (!is_hash(hash))
        return officer_fail(s, EX_UNAVAILABLE, "no policy is in force at this broker");
    return open_hash(s, hash, out);
}

int policy_open_operand(const struct officer_session *s, size_t nth, struct compiled *out)
{
    bool path = s->args->n_operands > nth;

    if (path == s->args->active)
        return officer_fail(s, EX_USAGE,
                            path ? "give a PATH or --active, not both"
                                 : "which policy? Give its PATH, or --active for the one in force");
    return path ? policy_open(s, s->args->operands[nth], out) : policy_open_active(s, out);
}

/* --- domains and matrices --- */

int policy_domain(const struct officer_session *s, const struct bundle *a, const struct bundle *b,
                  struct domain **out)
{
    struct domain_filter f = { .purpose = s->args->purpose,
                               .agency = s->args->agency,
                               .role = s->args->role,
                               .question = s->args->question };
    const char *unknown = NULL;
    int rc = domain_new(a, b, &f, out, &unknown);

    if (rc == 1)
        return officer_fail(s, EX_DATAERR, "--%s: there is no such %s in the policy", unknown,
                            unknown);
    return rc ? officer_fail(s, EX_OSERR, "short of memory") : 0;
}

struct progress {
    int64_t start_ms;
    bool shown;
};

static bool show_progress(void *ctx, size_t done, size_t all)
{
    struct progress *p = ctx;

    if (clock_mono_ms() - p->start_ms < PROGRESS_MS)
        return true;
    p->shown = true;
    (void)fprintf(stderr, "\rdeciding: %zu of %zu purposes", done, all);
    return true;
}

int policy_matrix(const struct officer_session *s, const struct domain *d, struct matrix **out)
{
    struct progress p = { .start_ms = clock_mono_ms() };
    int rc = matrix_new(d, show_progress, &p, out);

    if (p.shown)
        (void)fprintf(stderr, "\rdecided: %.0f cells by %llu decisions in %.1f s\n",
                      domain_cells(d), rc ? 0ull : (unsigned long long)(*out)->n_decided,
                      (double)(clock_mono_ms() - p.start_ms) / 1000);
    if (rc)
        return officer_fail(s, EX_OSERR, "short of memory");
    matrix_order(*out);
    return 0;
}
