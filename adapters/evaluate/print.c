/* SPDX-License-Identifier: Apache-2.0 */
/* print.c - one table of words for both forms, so that they cannot drift apart. */
#include "evaluate/print.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>

static const char *const looked_words[LOOKED_COUNT] = {
    [LOOKED_RIGHT] = "match",        [LOOKED_WRONG] = "wrong-match", [LOOKED_POSSIBLE] = "possible",
    [LOOKED_MANY] = "many",          [LOOKED_CONFLICT] = "conflict", [LOOKED_NONE] = "none",
    [LOOKED_NOT_ASKED] = "not-asked"
};
static const char *const fault_words[ALM_FAULT_COUNT] = {
    [ALM_BAD_NAME] = "name", [ALM_BAD_BORN] = "date_of_birth", [ALM_BAD_NHS] = "identifier"
};

/* --- tables --- */

static void figure_cell(const struct figure *f)
{
    if (isnan(f->value))
        (void)printf("  %-27s", "- (nothing was counted)");
    else
        (void)printf("  %.5f (%.5f to %.5f)", f->value, f->low, f->high);
}

static void figures_line(const char *pass, const char *decision, const struct figures *f)
{
    (void)printf("  %-19s %-7s", pass, decision);
    figure_cell(&f->precision);
    figure_cell(&f->recall);
    figure_cell(&f->f);
    (void)printf("\n");
}

/* What most readers came for, before all detail. */
static void summary_table(const struct report *r)
{
    (void)printf("\n  %-19s %-7s  %-27s  %-27s  %-27s\n", "", "", "precision (95 %)",
                 "recall (95 %)", "F (95 %)");
    for (size_t i = 0; i < r->n_passes; i++) {
        const struct report_pass *p = &r->passes[i];
        const char *pass = p->with_identifier ? "with identifier" : "without identifier";

        figures_line(pass, "strict", &p->strict);
        figures_line(pass, "broad", &p->broad);
    }
    (void)printf("  strict: permits and answers; broad: prohibitions. Intervals of precision and "
                 "recall are Wilson's, of F a bootstrap over people.\n");
}

static void pairs_table(const struct pairs *p)
{
    (void)printf("  %-20s %14s %14s %14s %14s\n", "pairs", "one, strict", "two, strict",
                 "one, broad", "two, broad");
    for (size_t m = MATCH_COUNT; m-- > 0;)
        (void)printf("  %-20s %14llu %14llu %14llu %14llu\n", match_word((enum match)m),
                     (unsigned long long)p->strict.same[m], (unsigned long long)p->strict.others[m],
                     (unsigned long long)p->broad.same[m], (unsigned long long)p->broad.others[m]);
}

static void kinds_table(const struct pairs *p)
{
    (void)printf("  %-20s %14s %14s %14s %14s\n", "token kind", "agrees, one", "differs, one",
                 "agrees, two", "needed, one");
    for (size_t k = TOKEN_NHS; k < KIND_COUNT; k++) {
        const struct kind_tally *t = &p->kinds[k];

        if (t->agrees_same || t->differs_same || t->agrees_others)
            (void)printf("  %-20s %14llu %14llu %14llu %14llu\n",
                         token_kind_facts((uint8_t)k)->name, (unsigned long long)t->agrees_same,
                         (unsigned long long)t->differs_same, (unsigned long long)t->agrees_others,
                         (unsigned long long)t->needed);
    }
}

static void pass_table(const struct report_pass *p)
{
    (void)printf("\n%s the identifier (one: pairs of one person; two: of two people)\n",
                 p->with_identifier ? "With" : "Without");
    pairs_table(&p->pairs);
    kinds_table(&p->pairs);
    (void)printf("  %llu copies looked up among the originals:", (unsigned long long)p->lookups.n);
    for (size_t l = 0; l < LOOKED_COUNT; l++)
        (void)printf("%s %s %llu", l ? "," : "", looked_words[l],
                     (unsigned long long)p->lookups.by[l]);
    (void)printf("\n");
    for (size_t f = 0; f < ALM_FAULT_COUNT; f++) {
        if (p->n_refused[f])
            (void)printf("  %zu records without a usable %s: an adapter refuses them, here they "
                         "are not found\n",
                         p->n_refused[f], fault_words[f] ? fault_words[f] : "field");
    }
    if (p->n_number_alone)
        (void)printf("  %zu records without names or birth date: found by their number alone (%llu "
                     "of them originals), and not asked with\n",
                     p->n_number_alone, (unsigned long long)p->lookups.n_number_alone);
    (void)printf("  %zu other records without a home that makes a token\n", p->n_no_home);
}

static void scale_table(const struct scale *s)
{
    (void)printf("\nIndex of %zu generated people in %zu homes\n", s->people, s->homes);
    (void)printf(
        "  build   %.2f s being told, %.2f s making tokens: %.0f people a second; peak memory %ld "
        "KiB\n"
        "          %.2f s of processor time: %.0f people a second where nothing else runs\n",
        s->build_s, s->finish_s, s->people_per_s, s->peak_kib, s->build_cpu_s,
        (double)s->people / s->build_cpu_s);
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
            "%s: %zu records of %zu people; postcodes: %s, identifiers: %s, kinds left out: %s\n",
            r->file, r->records->n, r->records->n_people, r->postcode, r->identifier, r->left_out);
        (void)printf("%zu records have no usable postcode, %zu no usable identifier; seed %llu, "
                     "%zu samples\n",
                     r->records->n_no_postcode, r->records->n_no_identifier,
                     (unsigned long long)r->seed, r->samples);
        summary_table(r);
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

static json_t *json_counts(const uint64_t counts[static MATCH_COUNT])
{
    json_t *o = json_object();

    for (unsigned m = 0; m < MATCH_COUNT; m++)
        (void)json_object_set_new(o, match_word((enum match)m),
                                  json_integer((json_int_t)counts[m]));
    return o;
}

static json_t *json_tally(const struct tally *t, const struct figures *f)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "precision", json_figure(&f->precision), "recall",
                     json_figure(&f->recall), "f", json_figure(&f->f), "one_person",
                     json_counts(t->same), "two_people", json_counts(t->others));
}

static json_t *json_kinds(const struct pairs *p)
{
    json_t *o = json_object();

    for (size_t k = TOKEN_NHS; k < KIND_COUNT; k++) {
        const struct kind_tally *t = &p->kinds[k];

        if (!token_kind_facts((uint8_t)k)->person)
            continue;
        (void)json_object_set_new(
            o, token_kind_facts((uint8_t)k)->name,
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
    json_t *looked = json_object();

    for (size_t l = 0; l < LOOKED_COUNT; l++)
        (void)json_object_set_new(looked, looked_words[l],
                                  json_integer((json_int_t)p->lookups.by[l]));

    (void)json_object_set_new(looked, "copies", json_integer((json_int_t)p->lookups.n));
    return json_pack("{s:b, s:I, s:o, s:I, s:I, s:o, s:o, s:o, s:o}", "with_identifier",
                     (int)p->with_identifier, "pairs", (json_int_t)p->pairs.n, "refused",
                     json_refused(p), "number_alone", (json_int_t)p->n_number_alone, "no_home",
                     (json_int_t)p->n_no_home, "strict", json_tally(&p->pairs.strict, &p->strict),
                     "broad", json_tally(&p->pairs.broad, &p->broad), "kinds",
                     json_kinds(&p->pairs), "lookups", looked);
}

static json_t *json_scale(const struct scale *s)
{
    return json_pack(
        "{s:I, s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:I, s:I, s:I, s:I, s:I, s:I}",
        "people", (json_int_t)s->people, "homes", (json_int_t)s->homes, "told_s", s->build_s,
        "tokens_s", s->finish_s, "people_per_s", s->people_per_s, "build_cpu_s", s->build_cpu_s,
        "lookup_median_us", s->median_us, "lookup_p99_us", s->p99_us, "lookup_longest_us",
        s->most_us, "tokens_us", s->tokens_us, "peak_kib", (json_int_t)s->peak_kib, "lookups",
        (json_int_t)s->lookups, "one", (json_int_t)s->n_one, "wrong", (json_int_t)s->n_wrong,
        "ambiguous", (json_int_t)s->n_ambiguous, "unknown", (json_int_t)s->n_unknown);
}

static json_t *json_file(const struct report *r)
{
    return json_pack("{s:s, s:I, s:I, s:I, s:I, s:s, s:s, s:s, s:I}", "file", r->file, "records",
                     (json_int_t)r->records->n, "people", (json_int_t)r->records->n_people,
                     "no_postcode", (json_int_t)r->records->n_no_postcode, "no_identifier",
                     (json_int_t)r->records->n_no_identifier, "postcode", r->postcode, "identifier",
                     r->identifier, "left_out", r->left_out, "samples", (json_int_t)r->samples);
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
