/* SPDX-License-Identifier: Apache-2.0 */
/* policy_activate.c - `almoner policy activate`: two officers sign a compiled policy over its hash,
 * once each group of what it changes is acknowledged. A hash of the store goes back to it. */
#include "base/crypto.h"
#include "base/file.h"
#include "policy_diff.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define ACKNOWLEDGED_MAX (64u << 20)

/* The hash of the policy in force; "" when there is none. */
static int active_hash(const struct officer_session *s, char out[static 2 * POLICY_HASH_LEN + 1])
{
    json_t *r = NULL;
    int rc = session_ask_op(s, "policy", 0, &r);
    const char *hash;

    if (rc)
        return rc;
    hash = json_string_value(json_object_get(r, "policy"));
    if (text_copy(out, 2 * POLICY_HASH_LEN + 1, hash ? hash : ""))
        rc = officer_fail(s, EX_PROTOCOL, "the broker's policy has no hash");
    json_decref(r);
    return rc;
}

/* An id counts where it stands at the beginning of a line, as `policy diff` prints it. */
static bool acknowledged(const struct buf *text, const char *id)
{
    const char *at = (const char *)text->data;
    size_t left = text->len, n = strlen(id);

    while (left >= n) {
        const char *end = memchr(at, '\n', left);

        if (memcmp(at, id, n) == 0 && (left == n || at[n] == ' ' || at[n] == '\n' || at[n] == '\r'))
            return true;
        if (!end)
            return false;
        left -= (size_t)(end + 1 - at);
        at = end + 1;
    }
    return false;
}

static const char *group_of(const json_t *change)
{
    return json_string_value(json_object_get(change, "group"));
}

/* Terms that change though no decision does: what a threshold counts, a service, a limit. */
static size_t terms_of(const struct diff *f)
{
    size_t i, n = 0;
    json_t *v;

    json_array_foreach(f->changed, i, v) n += group_of(v) != NULL;
    return n;
}

static size_t check_terms(const struct diff *f, const struct buf *text)
{
    size_t i, missing = 0;
    json_t *v;

    json_array_foreach(f->changed, i, v)
    {
        if (!group_of(v) || acknowledged(text, group_of(v)))
            continue;
        missing++;
        (void)fprintf(stderr, "%s  %s %s: %s\n", group_of(v),
                      json_string_value(json_object_get(v, "kind")),
                      json_string_value(json_object_get(v, "id")),
                      json_string_value(json_object_get(v, "key")));
    }
    return missing;
}

static int check_groups(const struct officer_session *s, const struct diff *f, const char *path)
{
    ALM_CLEANUP(buf_deinit) struct buf text = { 0 };
    size_t missing = 0, all = f->m->n;
    int rc = 0;

    buf_init(&text, ACKNOWLEDGED_MAX);
    if (s->args->acknowledged)
        rc = file_read(s->args->acknowledged, ACKNOWLEDGED_MAX, &text);
    if (rc)
        return officer_fail(s, EX_NOINPUT, "%s: %s", s->args->acknowledged, strerror(-rc));
    for (size_t i = 0; i < f->m->n; i++)
        if (!acknowledged(&text, f->ids[i])) {
            missing++;
            (void)fprintf(stderr, "%s  %s\n", f->ids[i],
                          effect_phrase(effect_of(f->m, &f->m->lines[i])));
        }
    missing += check_terms(f, &text);
    all += terms_of(f);
    if (missing)
        return officer_fail(s, EX_NOPERM,
                            "%zu of %zu groups of differences are not acknowledged. Read them: "
                            "almoner policy diff --active %s >FILE; then activate with "
                            "--acknowledged FILE, from which groups that you do not agree to are "
                            "taken out",
                            missing, all, path);
    return 0;
}

/* What both officers sign to: which policy it replaces, and the groups that were acknowledged. */
static int add_groups(const struct officer_session *s, const struct diff *f, const char *from,
                      json_t *fields)
{
    json_t *ids = json_array(), *v;
    size_t n;

    for (size_t i = 0; i < f->m->n; i++)
        (void)json_array_append_new(ids, json_string(f->ids[i]));
    json_array_foreach(f->changed, n, v)
    {
        if (group_of(v))
            (void)json_array_append_new(ids, json_string(group_of(v)));
    }
    if (json_object_set_new(fields, "from", json_string(from)) ||
        json_object_set_new(fields, "acknowledged", ids))
        return officer_fail(s, EX_OSERR, "short of memory");
    return 0;
}

static int acknowledge(const struct officer_session *s, const struct compiled *c, json_t *fields)
{
    ALM_CLEANUP(compiled_deinit) struct compiled active = { .bundle = NULL };
    ALM_CLEANUP(diff_deinit) struct diff f = { .d = NULL };
    char hash[2 * POLICY_HASH_LEN + 1];
    int rc = active_hash(s, hash);

    if (rc || !hash[0] || !strcmp(hash, c->hash))
        return rc; /* nothing is in force, or this */
    rc = policy_open(s, hash, &active);
    if (!rc)
        rc = diff_new(s, active.bundle, c->bundle, &f);
    if (!rc)
        rc = check_groups(s, &f, s->args->operands[2]);
    return rc ? rc : add_groups(s, &f, hash, fields);
}

static json_t *fields_of(const struct compiled *c)
{
    size_t size = (c->bytes.len + 2) / 3 * 4 + 1;
    char *text = malloc(size);
    json_t *fields = NULL;

    if (text && base64_encode(c->bytes.data, c->bytes.len, text, size) >= 0)
        fields = json_pack("{s:s, s:s, s:s}", "name", bundle_name(c->bundle), "hash", c->hash,
                           "bundle", text);
    free(text);
    return fields;
}

int command_policy_activate(struct officer_session *s)
{
    ALM_CLEANUP(compiled_deinit) struct compiled c = { .bundle = NULL };
    json_t *fields;
    int rc = policy_open(s, s->args->operands[2], &c);

    if (rc)
        return rc;
    if (!s->args->save && s->args->n_officers < 2)
        return officer_fail(s, EX_USAGE,
                            "this needs the signatures of 2 officers, and %zu signed: give "
                            "--officer ID --key FILE.sign for each, or --save FILE now and let the "
                            "other run \"almoner change sign FILE\"",
                            s->args->n_officers);
    fields = fields_of(&c);
    if (!fields)
        return officer_fail(s, EX_OSERR, "short of memory");
    rc = acknowledge(s, &c, fields);
    if (rc) {
        json_decref(fields);
        return rc;
    }
    if (!s->args->json)
        (void)printf("%s, hash %s\n", bundle_name(c.bundle), c.hash);
    return change_run(s, "policy-activate", 2, fields);
}
