/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - `almoner match evaluate`: options, and what is done in which order. */
#include "base/process.h"
#include "evaluate/print.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define SAMPLES     1000
#define LOOKUPS     20000
#define SAMPLES_MAX 100000
#define LOOKUPS_MAX 10000000

struct options {
    char *const *files;
    size_t n_files;
    struct table table;
    struct records_forms forms;
    unsigned without_kinds; /* bits by token kind */
    const char *left_out;   /* as typed */
    bool with, without, json;
    uint64_t seed, samples, scale, lookups;
};

static const char help_text[] =
    "usage: almoner match evaluate FILE.csv... [options]\n"
    "       almoner match evaluate --scale N [options]\n"
    "How well people are told apart, on rows whose truth is known (rec-N-org and rec-N-dup-M are "
    "one person).\n"
    "Nothing is connected to and nothing kept; tokens are made with a key that is thrown away.\n"
    "\n"
    "  --column NAME=HEADER   what the file calls a column: record, given_name, family_name, "
    "house, street,\n"
    "                         postcode, date_of_birth, identifier (default: as in the FEBRL data "
    "sets)\n"
    "  --postcode FORM        digits (default: four digits, as in Australia) or uk\n"
    "  --identifier FORM      digits (default: up to seven) or nhs\n"
    "  --pass WHICH           both (default), with or without the identifier\n"
    "  --leave-out KINDS      measure without these token kinds, with commas between: nhs, "
    "name-dob, "
    "given-dob, ...\n"
    "  --scale N              also build an index of N generated people, and look people up in it\n"
    "  --lookups N            how many (default 20000)\n"
    "  --samples N            samples of the bootstrap (default 1000)\n"
    "  --seed N               of samples and generated people (default 1)\n"
    "  --json                 for programs\n"
    "  --help\n";

static int usage(const char *what, const char *which)
{
    (void)fprintf(stderr,
                  "almoner match: %s%s%s; almoner match evaluate --help lists what there is\n",
                  what, which ? " " : "", which ? which : "");
    return EX_USAGE;
}

/* Return: whether text is a number from least to most. */
static bool number_parse(const char *text, uint64_t least, uint64_t most, uint64_t *out)
{
    char *end;

    errno = 0;
    *out = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && *out >= least &&
           *out <= most;
}

static bool column_parse(struct options *o, const char *text)
{
    const char *equals = strchr(text, '=');

    for (size_t i = 0; equals && equals[1] && i < COLUMN_COUNT; i++) {
        struct table_column *c = &o->table.columns[i];

        if (strlen(c->name) != (size_t)(equals - text) ||
            strncmp(c->name, text, strlen(c->name)) != 0)
            continue;
        c->header = equals + 1;
        c->required = true; /* who names a column wants it */
        return true;
    }
    return false;
}

static bool form_parse(const char *text, const char *british, uint8_t *out)
{
    *out = strcmp(text, british) == 0 ? WRITTEN_BRITISH : WRITTEN_DIGITS;
    return *out == WRITTEN_BRITISH || strcmp(text, "digits") == 0;
}

static bool pass_parse(struct options *o, const char *text)
{
    o->with = strcmp(text, "without") != 0;
    o->without = strcmp(text, "with") != 0;
    return !(o->with && o->without) || strcmp(text, "both") == 0;
}

/* The kind of a person's that this word of len bytes names, or 0. */
static uint8_t kind_of(const char *word, size_t len)
{
    for (uint8_t kind = 1; kind < TOKEN_KIND_COUNT; kind++) {
        const struct token_kind_facts *f = token_kind_facts(kind);

        if (f->person && strlen(f->name) == len && strncmp(f->name, word, len) == 0)
            return kind;
    }
    return 0;
}

/* Words with commas between. */
static bool kinds_parse(struct options *o, const char *text)
{
    o->left_out = text;
    for (o->without_kinds = 0; *text;) {
        size_t len = strcspn(text, ",");
        uint8_t kind = kind_of(text, len);

        if (!kind)
            return false;
        o->without_kinds |= 1u << kind;
        text += len;
        if (*text && !*++text)
            return false; /* a comma at the end */
    }
    return o->without_kinds != 0;
}

/* Return: whether the option's value is one. */
static bool option_take(struct options *o, int which, const char *value)
{
    switch (which) {
    case 'c':
        return column_parse(o, value);
    case 'p':
        return form_parse(value, "uk", &o->forms.postcode);
    case 'i':
        return form_parse(value, "nhs", &o->forms.identifier);
    case 'w':
        return pass_parse(o, value);
    case 't':
        return kinds_parse(o, value);
    case 'n':
        return number_parse(value, 1, SCALE_PEOPLE_MAX, &o->scale);
    case 'l':
        return number_parse(value, 2, LOOKUPS_MAX, &o->lookups);
    case 's':
        return number_parse(value, 1, SAMPLES_MAX, &o->samples);
    default:
        return number_parse(value, 0, INT64_MAX, &o->seed);
    }
}

static const struct option option_names[] = {
    { "column", required_argument, NULL, 'c' },
    { "postcode", required_argument, NULL, 'p' },
    { "identifier", required_argument, NULL, 'i' },
    { "pass", required_argument, NULL, 'w' },
    { "leave-out", required_argument, NULL, 't' },
    { "scale", required_argument, NULL, 'n' },
    { "lookups", required_argument, NULL, 'l' },
    { "samples", required_argument, NULL, 's' },
    { "seed", required_argument, NULL, 'e' },
    { "json", no_argument, NULL, 'j' },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

/* Return: 0 go on; -1 helped; an exit code. */
static int options_read(int argc, char **argv, struct options *o)
{
    int c, at = 0;

    *o = (struct options){ .left_out = "none",
                           .with = true,
                           .without = true,
                           .seed = 1,
                           .samples = SAMPLES,
                           .lookups = LOOKUPS };
    records_columns(o->table.columns);
    o->table.n_columns = COLUMN_COUNT;
    while ((c = getopt_long(argc, argv, "h", option_names, &at)) != -1) {
        if (c == '?')
            return EX_USAGE; /* getopt has said which */
        if (c == 'h') {
            (void)fputs(help_text, stdout);
            return -1;
        }
        if (c == 'j')
            o->json = true;
        else if (!option_take(o, c, optarg))
            return usage("not a value of this option:", optarg);
    }
    if (argc - optind < 1 || strcmp(argv[optind], "evaluate") != 0)
        return usage("the one thing to do is: evaluate", NULL);
    o->files = argv + optind + 1;
    o->n_files = (size_t)(argc - optind - 1);
    if (!o->n_files && !o->scale)
        return usage("a file is missing", NULL);
    return 0;
}

/* --- measuring --- */

static void report_line(void *ctx, const char *file, unsigned long line, const char *text)
{
    (void)ctx;
    if (line)
        (void)fprintf(stderr, "%s:%lu: %s\n", file, line, text);
    else
        (void)fprintf(stderr, "%s: %s\n", file, text);
}

static int made_all(const struct options *o, const struct tokens_key *k, const struct records *rs,
                    bool with_identifier, struct made *out)
{
    int e = 0;

    for (size_t i = 0; e == 0 && i < rs->n; i++)
        e = record_tokens(k, &rs->at[i], with_identifier, o->without_kinds, &out[i]);
    return e;
}

static int pass_decide(const struct options *o, const struct tokens_key *k,
                       const struct records *rs, const struct made *made, struct report_pass *out)
{
    int e = pairs_decide(rs, made, &out->pairs);

    for (size_t i = 0; i < rs->n; i++) {
        out->n_refused[made[i].fault] += made[i].fault != ALM_OK;
        out->n_number_alone += made[i].fault == ALM_OK && !made[i].asks;
        out->n_no_home += made[i].asks && !made[i].home;
    }
    if (e == 0)
        e = figures_of(out->pairs.strict_of, rs->n_people, o->samples, o->seed, &out->strict);
    if (e == 0)
        e = figures_of(out->pairs.broad_of, rs->n_people, o->samples, o->seed, &out->broad);
    if (e == 0)
        e = lookups_decide(k, rs, made, out->with_identifier, !o->without_kinds, &out->lookups);
    return e == 0 && out->lookups.n_unlike ? -EPROTO : e;
}

static int pass_measure(const struct options *o, const struct tokens_key *k,
                        const struct records *rs, bool with_identifier, struct report_pass *out)
{
    struct made *made = calloc(rs->n, sizeof(*made));
    int e = made ? 0 : -ENOMEM;

    memset(out, 0, sizeof(*out));
    out->with_identifier = with_identifier;
    if (e == 0)
        e = made_all(o, k, rs, with_identifier, made);
    if (e == 0)
        e = pass_decide(o, k, rs, made, out);
    free(made);
    return e;
}

static int fail(int e)
{
    if (e == -EPROTO) {
        (void)fprintf(
            stderr,
            "almoner match: the adapter's index and its decision disagree; please report this\n");
        return EX_SOFTWARE;
    }
    (void)fprintf(stderr, "almoner match: %s\n", strerror(-e));
    return e == -EIO ? EX_IOERR : EX_OSERR;
}

static int evaluate(const struct options *o, const struct tokens_key *k, const char *file,
                    const struct records *rs)
{
    struct report_pass passes[2] = { 0 };
    struct report r = { .file = file,
                        .records = rs,
                        .postcode = o->forms.postcode == WRITTEN_BRITISH ? "uk" : "digits",
                        .identifier = o->forms.identifier == WRITTEN_BRITISH ? "nhs" : "digits",
                        .left_out = o->left_out,
                        .seed = o->seed,
                        .samples = o->samples,
                        .passes = passes };
    int e = 0;

    if (o->with)
        e = pass_measure(o, k, rs, true, &passes[r.n_passes++]);
    if (e == 0 && o->without)
        e = pass_measure(o, k, rs, false, &passes[r.n_passes++]);
    if (e == 0)
        e = o->json ? report_json(&r) : report_table(&r);
    pairs_deinit(&passes[0].pairs);
    pairs_deinit(&passes[1].pairs);
    return e ? fail(e) : EX_OK;
}

static int evaluate_file(const struct options *o, const struct tokens_key *k, const char *file)
{
    ALM_CLEANUP(records_deinit) struct records rs = { 0 };
    struct table t = o->table;
    int e;

    t.path = t.label = file;
    e = records_read(&t, &o->forms, report_line, NULL, &rs);
    if (e == TABLE_ABSENT)
        return EX_NOINPUT;
    if (e == TABLE_LACKS_COLUMN)
        (void)fprintf(
            stderr, "almoner match: say with --column NAME=HEADER what this file calls a column\n");
    if (e == -ENOMEM)
        return fail(e);
    return e ? EX_DATAERR : evaluate(o, k, file, &rs);
}

static int evaluate_scale(const struct options *o, const struct tokens_key *k)
{
    struct scale scale;
    struct report r = { .seed = o->seed, .scale = &scale };
    int e = scale_measure(k, o->scale, o->lookups, o->seed, &scale);

    if (e == 0)
        e = o->json ? report_json(&r) : report_table(&r);
    return e ? fail(e) : EX_OK;
}

int main(int argc, char **argv)
{
    struct tokens_key key = { .scheme = TOKEN_HMAC, .epoch = 1 };
    struct options o;
    int rc;

    if (process_private() != 0) {
        (void)fputs("almoner match: cannot keep core files and other processes out\n", stderr);
        return EX_OSERR;
    }
    if (argc > 1 && strcmp(argv[1], "match") == 0) { /* as the dispatcher calls it */
        argv++;
        argc--;
    }
    argv[0] = (char[]){ "almoner match" };
    rc = options_read(argc, argv, &o);
    if (rc != 0)
        return rc < 0 ? EX_OK : rc;
    if (crypto_init() != 0 || crypto_random(key.key.octets, sizeof(key.key.octets)) != 0)
        return fail(-EPROTO);
    for (size_t i = 0; rc == EX_OK && i < o.n_files; i++)
        rc = evaluate_file(&o, &key, o.files[i]);
    if (rc == EX_OK && o.scale)
        rc = evaluate_scale(&o, &key);
    secret_wipe(&key.key);
    return rc;
}
