/* SPDX-License-Identifier: Apache-2.0 */
/* policy_diff.c - `almoner policy diff`: every cell that two policies decide differently, in
 * groups, with one worked example each and counts by effect. */
#include "policy_diff.h"
#include "analyse/words.h"
#include "base/crypto.h"
#include "changes.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define LINE_MAX (1u << 20)

/* What an officer acknowledges: the first digits of the hash of all that the group says, so it is
 * the same for the same difference and another for any other. */
static int group_id(const struct matrix *m, const struct line *l, struct buf *text,
                    char out[static DIFF_ID_TEXT])
{
    uint8_t hash[POLICY_HASH_LEN];
    char hex[2 * POLICY_HASH_LEN + 1];
    int rc;

    buf_reset(text);
    for (size_t a = 0; a < AXIS_COUNT; a++) {
        const struct axis_values *v = &m->d->axis[a];

        for (uint16_t i = 0; a != AXIS_DAY && i < v->n; i++)
            if (sets_has(&m->sets[a], l->set[a], i))
                buf_printf(text, "%s ", words_id(m->d, (enum axis)a, v->codes[i]));
        buf_printf(text, "\n");
    }
    words_days(m, l, text);
    for (size_t k = 0; k < 2; k++) {
        buf_printf(text, "\n");
        words_value(m->d, &m->values.at[l->value[k]], text);
    }
    rc = buf_status(text);
    if (rc == 0)
        rc = crypto_sha256(buf_view(text), hash);
    if (rc < 0)
        return rc;
    hex_encode(hash, sizeof(hash), hex);
    memcpy(out, hex, DIFF_ID_TEXT - 1);
    out[DIFF_ID_TEXT - 1] = '\0';
    return 0;
}

int diff_new(const struct officer_session *s, const struct bundle *a, const struct bundle *b,
             struct diff *out)
{
    ALM_CLEANUP(buf_deinit) struct buf text = { 0 };
    int rc = policy_domain(s, a, b, &out->d);

    buf_init(&text, LINE_MAX);
    if (!rc)
        rc = policy_matrix(s, out->d, &out->m);
    if (rc)
        return rc;
    out->ids = calloc(out->m->n + 1, sizeof(*out->ids));
    out->changed = changes_of(a, b);
    if (!out->ids || !out->changed)
        return officer_fail(s, EX_OSERR, "short of memory");
    for (size_t i = 0; i < out->m->n; i++) {
        enum effect e = effect_of(out->m, &out->m->lines[i]);

        if (group_id(out->m, &out->m->lines[i], &text, out->ids[i]) < 0)
            return officer_fail(s, EX_SOFTWARE, "a group of differences is too long");
        out->groups[e]++;
        out->cells[e] += matrix_cells(out->m, &out->m->lines[i]);
    }
    return 0;
}

void diff_deinit(struct diff *f)
{
    free(f->ids);
    f->ids = NULL;
    json_decref(f->changed);
    f->changed = NULL;
    matrix_freep(&f->m);
    domain_freep(&f->d);
}

/* --- output --- */

static json_t *diff_json(const struct diff *f, const char *from, const char *to)
{
    json_t *groups = json_array(), *counts = json_object();

    for (size_t i = 0; i < f->m->n; i++) {
        const struct line *l = &f->m->lines[i];
        struct cell first = matrix_first(f->m, l);
        json_t *o = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "group", f->ids[i], "effect",
                              effect_word(effect_of(f->m, l)), "where", json_line(f->m, l),
                              "before", json_value(f->d, &f->m->values.at[l->value[0]]), "after",
                              json_value(f->d, &f->m->values.at[l->value[1]]), "example",
                              json_cell(f->d, &first));

        (void)json_array_append_new(groups, o);
    }
    for (size_t e = 0; e < EFFECT_COUNT; e++)
        (void)json_object_set_new(
            counts, effect_word((enum effect)e),
            json_pack("{s:i, s:f}", "groups", (int)f->groups[e], "cells", f->cells[e]));
    return json_pack("{s:b, s:s, s:s, s:f, s:o, s:o, s:O}", "ok", 1, "from", from, "to", to,
                     "cells", domain_cells(f->d), "effects", counts, "groups", groups, "changed",
                     f->changed);
}

static int print_group(const struct officer_session *s, const struct diff *f, size_t i)
{
    ALM_CLEANUP(buf_deinit) struct buf text = { 0 };
    const struct line *l = &f->m->lines[i];
    struct cell first = matrix_first(f->m, l);

    buf_init(&text, LINE_MAX);
    words_request(f->m, l, &text);
    buf_printf(&text, "\n        before:  ");
    words_value(f->d, &f->m->values.at[l->value[0]], &text);
    buf_printf(&text, "\n        after:   ");
    words_value(f->d, &f->m->values.at[l->value[1]], &text);
    buf_printf(&text, "\n        example: ");
    words_cell(f->d, &first, &text);
    if (buf_status(&text))
        return officer_fail(s, EX_SOFTWARE, "a group is too long to print; use --json");
    (void)printf("\n%s  %s\n        %.*s\n", f->ids[i], effect_phrase(effect_of(f->m, l)),
                 (int)text.len, (const char *)text.data);
    return 0;
}

static void print_side(const char *side, const json_t *v)
{
    char *text = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);
    char shown[512];

    (void)printf("        %s %s\n", side, printable(text, shown, sizeof(shown)));
    free(text);
}

/* Words and terms that differ, whether or not a decision does; a term has an id to acknowledge. */
static void print_changed(const json_t *changed)
{
    size_t i;
    json_t *v;

    if (json_array_size(changed))
        (void)printf("\nWhat the policies say differently:\n");
    json_array_foreach(changed, i, v)
    {
        const char *key = json_string_value(json_object_get(v, "key"));
        const char *group = json_string_value(json_object_get(v, "group"));
        bool whole = !strcmp(key, "new") || !strcmp(key, "gone");

        (void)printf("%s  %s %s: %s\n", group ? group : "  ",
                     json_string_value(json_object_get(v, "kind")),
                     json_string_value(json_object_get(v, "id")), key);
        if (whole)
            continue;
        print_side("before:", json_object_get(v, "before"));
        print_side("after: ", json_object_get(v, "after"));
    }
}

int diff_print(const struct officer_session *s, const struct diff *f, const char *from,
               const char *to)
{
    static const char *const titles[] = { "effect", "groups", "cells" };
    struct table *t;
    int rc = 0;

    if (s->args->json) {
        json_t *o = diff_json(f, from, to);

        print_json(o);
        json_decref(o);
        return 0;
    }
    if (f->m->n == 0) {
        (void)printf("no difference: all %.0f cells are decided alike\n", domain_cells(f->d));
        print_changed(f->changed);
        return 0;
    }
    t = table_new(ALM_LEN(titles), titles);
    for (size_t e = 0; t && e < EFFECT_COUNT; e++) {
        char groups[24], cells[32];

        (void)snprintf(groups, sizeof(groups), "%zu", f->groups[e]);
        (void)snprintf(cells, sizeof(cells), "%.0f", f->cells[e]);
        if (f->groups[e])
            table_row(t, (const char *const[]){ effect_phrase((enum effect)e), groups, cells });
    }
    table_print(t);
    for (size_t i = 0; i < f->m->n && !rc; i++)
        rc = print_group(s, f, i);
    if (!rc)
        print_changed(f->changed);
    return rc;
}

int command_policy_diff(struct officer_session *s)
{
    ALM_CLEANUP(compiled_deinit) struct compiled a = { .bundle = NULL };
    ALM_CLEANUP(compiled_deinit) struct compiled b = { .bundle = NULL };
    ALM_CLEANUP(diff_deinit) struct diff f = { .d = NULL };
    size_t paths = s->args->n_operands - 2;
    int rc;

    if (paths + s->args->active != 2)
        return officer_fail(s, EX_USAGE, "two policies: A and B, or --active and B");
    rc = s->args->active ? policy_open_active(s, &a) : policy_open(s, s->args->operands[2], &a);
    if (!rc)
        rc = policy_open(s, s->args->operands[1 + paths], &b);
    if (!rc)
        rc = diff_new(s, a.bundle, b.bundle, &f);
    if (!rc)
        rc = diff_print(s, &f, a.hash, b.hash);
    return rc ? rc : f.m->n > 0 || json_array_size(f.changed) > 0;
}
