/* SPDX-License-Identifier: Apache-2.0 */
/* print.c - one table of words for both forms, so that they cannot drift apart. */
#include "evaluate/print.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>

static const char *const match_words[MATCH_COUNT] = { [MATCH_NONE] = "none",
                                                      [MATCH_POSSIBLE] = "possible",
                                                      [MATCH_CONFLICT] = "conflict",
                                                      [MATCH_YES] = "match" };
static const char *const kind_words[KIND_COUNT] = { [TOKEN_NHS] = "nhs",
                                                    [TOKEN_UPN] = "upn",
                                                    [TOKEN_NAME_DOB] = "name-dob",
                                                    [TOKEN_PHONETIC_DOB] = "phonetic-dob",
                                                    [TOKEN_NAME_POSTCODE] = "name-postcode",
                                                    [TOKEN_DOB_HOME] = "dob-home" };
static const char *const looked_words[LOOKED_COUNT] = {
    [LOOKED_RIGHT] = "match", [LOOKED_WRONG] = "wrong-match", [LOOKED_POSSIBLE] = "possible",
    [LOOKED_MANY] = "many",   [LOOKED_CONFLICT] = "conflict", [LOOKED_NONE] = "none"
};
static const char *const fault_words[ALM_FAULT_COUNT] = {
    [ALM_BAD_NAME] = "name", [ALM_BAD_BORN] = "date_of_birth", [ALM_BAD_NHS] = "identifier"
};

/* --- tables --- */

static void figure_line(const char *name, const struct figure *f, const char *how)
{
    if (isnan(f->value))
        (void)printf("    %-10s -        nothing was counted\n", name);
    else
        (void)printf("    %-10s %.5f  (95 %%: %.5f to %.5f, %s)\n", name, f->value, f->low, f->high,
                     how);
}

static void tally_table(const char *name, const struct tally *t, const struct figures *f)
{
    (void)printf("  %s decision\n", name);
    figure_line("precision", &f->precision, "Wilson");
    figure_line("recall", &f->recall, "Wilson");
    figure_line("F", &f->f, "bootstrap over people");
    (void)printf("    %-10s %14s %14s\n", "pairs", "one person", "two people");
    for (size_t m = MATCH_COUNT; m-- > 0;)
        (void)printf("    %-10s %14llu %14llu\n", match_words[m], (unsigned long long)t->same[m],
                     (unsigned long long)t->others[m]);
}

static void pass_table(const struct report_pass *p)
{
    (void)printf("\n%s the identifier\n", p->with_identifier ? "With" : "Without");
    for (size_t f = 0; f < ALM_FAULT_COUNT; f++) {
        if (p->n_refused[f])
            (void)printf("  %zu records without a usable %s: an adapter refuses them, here they "
                         "are not found\n",
                         p->n_refused[f], fault_words[f] ? fault_words[f] : "field");
    }
    (void)printf("  %zu other records without a home that makes a token\n", p->n_no_home);
    tally_table("strict", &p->pairs.strict, &p->strict);
    tally_table("broad", &p->pairs.broad, &p->broad);
    (void)printf("  %-14s %14s %14s %14s %14s\n", "token kind", "agrees, one", "differs, one",
                 "agrees, two", "needed, one");
    for (size_t k = TOKEN_NHS; k < KIND_COUNT; k++) {
        const struct kind_tally *t = &p->pairs.kinds[k];

        if (t->agrees_same || t->differs_same || t->agrees_others)
            (void)printf("  %-14s %14llu %14llu %14llu %14llu\n", kind_words[k],
                         (unsigned long long)t->agrees_same, (unsigned long long)t->differs_same,
                         (unsigned long long)t->agrees_others, (unsigned long long)t->needed);
    }
    (void)printf("  %llu copies looked up among the originals:", (unsigned long long)p->lookups.n);
    for (size_t l = 0; l < LOOKED_COUNT; l++)
        (void)printf("%s %s %llu", l ? "," : "", looked_words[l],
                     (unsigned long long)p->lookups.by[l]);
    (void)printf("\n");
}

static void scale_table(const struct scale *s)
{
    (void)printf("\nIndex of %zu generated people in %zu homes\n", s->people, s->homes);
    (void)printf("  build   %.2f s and %.2f s sorting: %.0f people a second; peak memory %ld KiB\n",
                 s->build_s, s->finish_s, s->people_per_s, s->peak_kib);
    (void)printf("  lookup  median %.2f us, 99 %% under %.2f us, longest %.2f us; an asker's "
                 "tokens take %.2f us\n",
                 s->median_us, s->p99_us, s->most_us, s->tokens_us);
    (void)printf("  %zu lookups, half of them about people it does not hold: one %zu (wrong %zu), "
                 "ambiguous %zu, "
                 "unknown %zu\n",
                 s->lookups, s->n_one, s->n_wrong, s->n_ambiguous, s->n_unknown);
}

int report_table(const struct report *r)
{
    if (r->file) {
        (void)printf(
            "%s: %zu records of %zu people; postcodes: %s, identifiers: %s, forms tried: %s\n",
            r->file, r->records->n, r->records->n_people, r->postcode, r->identifier, r->tried);
        (void)printf("%zu records have no usable postcode, %zu no usable identifier; seed %llu, "
                     "%zu samples\n",
                     r->records->n_no_postcode, r->records->n_no_identifier,
                     (unsigned long long)r->seed, r->samples);
    }
    for (size_t i = 0; i < r->n_passes; i++)
        pass_table(&r->passes[i]);
    if (r->scale)
        scale_table(r->scale);
    return fflush(stdout) == 0 && !ferror(stdout) ? 0 : -EIO;
}

/* --- JSON; jansson's set_new takes NULL, and the last check finds what memory lacked --- */

static json_t *json_figure(const struct figure *f)
{
    json_t *value = isnan(f->value) ? json_null() : json_real(f->value);

    return json_pack("{s:o, s:f, s:f}", "value", value, "low", f->low, "high", f->high);
}

static json_t *json_counts(const char *const words[], const uint64_t *counts, size_t n)
{
    json_t *o = json_object();

    for (size_t i = 0; i < n; i++)
        (void)json_object_set_new(o, words[i], json_integer((json_int_t)counts[i]));
    return o;
}

static json_t *json_tally(const struct tally *t, const struct figures *f)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "precision", json_figure(&f->precision), "recall",
                     json_figure(&f->recall), "f", json_figure(&f->f), "one_person",
                     json_counts(match_words, t->same, MATCH_COUNT), "two_people",
                     json_counts(match_words, t->others, MATCH_COUNT));
}

static json_t *json_kinds(const struct pairs *p)
{
    json_t *o = json_object();

    for (size_t k = TOKEN_NHS; k < KIND_COUNT; k++) {
        const struct kind_tally *t = &p->kinds[k];

        (void)json_object_set_new(
            o, kind_words[k],
            json_pack("{s:I, s:I, s:I, s:I}", "agrees_one_person", (json_int_t)t->agrees_same,
                      "differs_one_person", (json_int_t)t->differs_same, "agrees_two_people",
                      (json_int_t)t->agrees_others, "needed", (json_int_t)t->needed));
    }
    return o;
}

static json_t *json_refused(const struct report_pass *p)
{
    json_t *o = json_object();

    for (size_t f = 0; f < ALM_FAULT_COUNT; f++) {
        if (fault_words[f])
            (void)json_object_set_new(o, fault_words[f], json_integer((json_int_t)p->n_refused[f]));
    }
    return o;
}

static json_t *json_pass(const struct report_pass *p)
{
    json_t *looked = json_counts(looked_words, p->lookups.by, LOOKED_COUNT);

    (void)json_object_set_new(looked, "copies", json_integer((json_int_t)p->lookups.n));
    return json_pack(
        "{s:b, s:I, s:o, s:I, s:o, s:o, s:o, s:o}", "with_identifier", (int)p->with_identifier,
        "pairs", (json_int_t)p->pairs.n, "refused", json_refused(p), "no_home",
        (json_int_t)p->n_no_home, "strict", json_tally(&p->pairs.strict, &p->strict), "broad",
        json_tally(&p->pairs.broad, &p->broad), "kinds", json_kinds(&p->pairs), "lookups", looked);
}

static json_t *json_scale(const struct scale *s)
{
    return json_pack("{s:I, s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:I, s:I, s:I, s:I, s:I, s:I}",
                     "people", (json_int_t)s->people, "homes", (json_int_t)s->homes, "build_s",
                     s->build_s, "sort_s", s->finish_s, "people_per_s", s->people_per_s,
                     "lookup_median_us", s->median_us, "lookup_p99_us", s->p99_us,
                     "lookup_longest_us", s->most_us, "tokens_us", s->tokens_us, "peak_kib",
                     (json_int_t)s->peak_kib, "lookups", (json_int_t)s->lookups, "one",
                     (json_int_t)s->n_one, "wrong", (json_int_t)s->n_wrong, "ambiguous",
                     (json_int_t)s->n_ambiguous, "unknown", (json_int_t)s->n_unknown);
}

static json_t *json_file(const struct report *r)
{
    return json_pack("{s:s, s:I, s:I, s:I, s:I, s:s, s:s, s:s, s:I}", "file", r->file, "records",
                     (json_int_t)r->records->n, "people", (json_int_t)r->records->n_people,
                     "no_postcode", (json_int_t)r->records->n_no_postcode, "no_identifier",
                     (json_int_t)r->records->n_no_identifier, "postcode", r->postcode, "identifier",
                     r->identifier, "tried", r->tried, "samples", (json_int_t)r->samples);
}

int report_json(const struct report *r)
{
    json_t *o = json_pack("{s:b, s:s, s:I}", "ok", 1, "kind", "match-evaluation", "seed",
                          (json_int_t)r->seed);
    json_t *passes = json_array();
    int e = o && passes ? 0 : -ENOMEM;

    for (size_t i = 0; i < r->n_passes; i++)
        e |= json_array_append_new(passes, json_pass(&r->passes[i]));
    if (r->file) {
        e |= json_object_set_new(o, "input", json_file(r));
        e |= json_object_set_new(o, "passes", passes);
    } else {
        json_decref(passes);
    }
    if (r->scale)
        e |= json_object_set_new(o, "scale", json_scale(r->scale));
    if (e == 0 && (json_dumpf(o, stdout, JSON_COMPACT | JSON_REAL_PRECISION(8)) ||
                   fputc('\n', stdout) == EOF || fflush(stdout)))
        e = -EIO;
    json_decref(o);
    return e == 0 || e == -EIO ? e : -ENOMEM;
}
