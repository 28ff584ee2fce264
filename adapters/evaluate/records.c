/* SPDX-License-Identifier: Apache-2.0 */
/* records.c - rows to records, records to tokens by the adapter's own functions. */
#include "evaluate/records.h"

#include "base/clock.h"
#include "lib/fold.h"
#include "lib/refs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name, *febrl;
} column_names[COLUMN_COUNT] = {
    [COLUMN_RECORD] = { "record", "rec_id" },
    [COLUMN_GIVEN] = { "given_name", "given_name" },
    [COLUMN_FAMILY] = { "family_name", "surname" },
    [COLUMN_HOUSE] = { "house", "street_number" },
    [COLUMN_STREET] = { "street", "address_1" },
    [COLUMN_POSTCODE] = { "postcode", "postcode" },
    [COLUMN_BORN] = { "date_of_birth", "date_of_birth" },
    [COLUMN_IDENTIFIER] = { "identifier", "soc_sec_id" },
};

void records_columns(struct table_column out[static COLUMN_COUNT])
{
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        out[i] = (struct table_column){ column_names[i].name, i != COLUMN_IDENTIFIER,
                                        column_names[i].febrl };
}

struct reader {
    struct records *out;
    const struct records_forms *forms;
    struct refs labels, people;
    int error; /* -ENOMEM */
};

static bool digits_only(const char *text)
{
    return *text && text[strspn(text, "0123456789")] == '\0';
}

/* "rec-N-org", "rec-N-dup-M". person: N, without leading zeroes. */
static bool label_parse(const char *label, char person[static ALM_FIELD_MAX], bool *original)
{
    const char *number = label + 4, *kind;
    size_t len;

    if (strncmp(label, "rec-", 4) != 0)
        return false;
    number += strspn(number, "0");
    len = strspn(number, "0123456789");
    kind = number + len;
    if ((len == 0 && number == label + 4) || len > 18)
        return false;
    *original = strcmp(kind, "-org") == 0;
    (void)snprintf(person, ALM_FIELD_MAX, "%.*s", len ? (int)len : 1, len ? number : "0");
    return *original || (strncmp(kind, "-dup-", 5) == 0 && digits_only(kind + 5));
}

/* "19081209" and "1908-12-09". Return: CIVIL_NONE when it is empty or no such day: damage of the
 * data, not of the file. */
static int32_t born_parse(const char *text)
{
    char iso[CIVIL_TEXT];
    int32_t day;

    if (strlen(text) == 8 && digits_only(text)) {
        (void)snprintf(iso, sizeof(iso), "%.4s-%.2s-%.2s", text, text + 4, text + 6);
        text = iso;
    }
    return civil_parse(text, &day) == 0 ? day : CIVIL_NONE;
}

/* Four digits, "4011", as "Z40 1BA": each its own, in the form that fold_postcode accepts. */
static void postcode_british(const char *text, char out[static ALM_FIELD_MAX])
{
    size_t len = strlen(text);
    char four[5] = "0000";

    out[0] = '\0';
    if (!digits_only(text) || len < 3 || len > 4)
        return;
    memcpy(four + 4 - len, text, len);
    (void)snprintf(out, ALM_FIELD_MAX, "Z%c%c %c%cA", four[0], four[1], four[2],
                   'A' + (four[3] - '0'));
}

/* Up to seven digits as the first ten that end in them before their check digit: each its own,
 * because the seven stand in it. A prefix for which the check would be 10 is no number, so the next
 * is tried. */
static void identifier_british(const char *text, char out[static ALM_FIELD_MAX])
{
    char folded[NHS_TEXT], seven[8] = "0000000";
    size_t len = strlen(text);

    out[0] = '\0';
    if (!digits_only(text) || len > 7)
        return;
    memcpy(seven + 7 - len, text, len);
    for (int prefix = 0; prefix < 100; prefix++) {
        for (int check = 0; check < 10; check++) {
            (void)snprintf(out, ALM_FIELD_MAX, "%02d%s%d", prefix, seven, check);
            if (fold_nhs(out, folded) == ALM_OK)
                return;
        }
    }
    out[0] = '\0'; /* not reached: of two prefixes in a row one has a check digit */
}

static void record_forms(const struct records_forms *forms, const char *const f[], struct record *r)
{
    if (forms->postcode == WRITTEN_DIGITS)
        postcode_british(f[COLUMN_POSTCODE], r->postcode);
    else if (fold_postcode(f[COLUMN_POSTCODE], r->postcode) != ALM_OK)
        r->postcode[0] = '\0';
    if (forms->identifier == WRITTEN_DIGITS)
        identifier_british(f[COLUMN_IDENTIFIER], r->nhs);
    else if (fold_nhs(f[COLUMN_IDENTIFIER], r->nhs) != ALM_OK)
        r->nhs[0] = '\0';
}

static struct record *records_room(struct records *rs)
{
    size_t want = rs->cap ? rs->cap * 2 : 256;
    struct record *grown;

    if (rs->n < rs->cap)
        return &rs->at[rs->n];
    grown =
        calloc(want, sizeof(*grown)); /* not realloc: what it leaves behind would not be wiped */
    if (!grown)
        return NULL;
    if (rs->n)
        memcpy(grown, rs->at, rs->n * sizeof(*grown));
    if (rs->at)
        crypto_wipe(rs->at, rs->n * sizeof(*grown));
    free(rs->at);
    rs->at = grown;
    rs->cap = want;
    return &rs->at[rs->n];
}

/* Takes the row's fields. Return: 0 or -ENOMEM. */
static int records_take(struct reader *rd, const char *const f[], size_t person, bool original)
{
    struct records *rs = rd->out;
    struct record *r = records_room(rs);
    bool apart = f[COLUMN_HOUSE][0] && f[COLUMN_STREET][0];

    if (!r)
        return -ENOMEM;
    *r = (struct record){ .person = person,
                          .original = original,
                          .born = born_parse(f[COLUMN_BORN]) };
    rs->n++; /* what it owns from here on, records_deinit frees */
    r->given = strdup(f[COLUMN_GIVEN]);
    r->family = strdup(f[COLUMN_FAMILY]);
    if (asprintf(&r->address, "%s%s%s", f[COLUMN_HOUSE], apart ? " " : "", f[COLUMN_STREET]) < 0)
        r->address = NULL;
    record_forms(rd->forms, f, r);
    rs->n_no_postcode += !r->postcode[0];
    rs->n_no_identifier += !r->nhs[0];
    return r->given && r->family && r->address ? 0 : -ENOMEM;
}

static const char *reader_row(void *ctx, const char *const f[])
{
    struct reader *rd = ctx;
    char number[ALM_FIELD_MAX];
    size_t at, person;
    bool original;
    int r;

    if (rd->error)
        return NULL;
    if (!label_parse(f[COLUMN_RECORD], number, &original))
        return "the record's label is neither rec-N-org nor rec-N-dup-M";
    if (rd->out->n >= RECORDS_MAX)
        return "more than 100000 records; take a part of them";
    r = refs_add(&rd->labels, f[COLUMN_RECORD], &at);
    if (r == ALM_REPEATED)
        return "this record's label stands above already";
    if (r == 0)
        r = refs_add(&rd->people, number, &person);
    if (r == 0 || r == ALM_REPEATED)
        r = records_take(rd, f, person, original);
    if (r < 0)
        rd->error = r;
    return r > 0 ? "the record's label is too long" : NULL;
}

int records_read(const struct table *t, const struct records_forms *forms, table_report_fn *report,
                 void *report_ctx, struct records *out)
{
    struct reader rd = { .out = out, .forms = forms };
    int e;

    memset(out, 0, sizeof(*out));
    e = table_read(t, report, report_ctx, reader_row, &rd);
    if (rd.error)
        e = rd.error;
    out->n_people = refs_count(&rd.people);
    refs_deinit(&rd.labels);
    refs_deinit(&rd.people);
    if (e == 0 && out->n == 0) {
        report(report_ctx, t->label, 1, "there is no row below the header");
        e = -EINVAL;
    }
    return e;
}

static void text_wipe(char *text)
{
    if (text)
        crypto_wipe(text, strlen(text));
    free(text);
}

void records_deinit(struct records *r)
{
    for (size_t i = 0; i < r->n; i++) {
        text_wipe(r->at[i].given);
        text_wipe(r->at[i].family);
        text_wipe(r->at[i].address);
    }
    if (r->at)
        crypto_wipe(r->at, r->n * sizeof(*r->at));
    free(r->at);
    memset(r, 0, sizeof(*r));
}

/* --- tokens --- */

static int home_add(const struct tokens_key *k, const struct record *r, const struct identity *who,
                    struct made *out)
{
    struct token home[TOKENS_AT_HOME];
    int e = tokens_at_home(k, who, r->address, r->postcode, home);

    if (e != ALM_OK)
        return e < 0 ? e : 0; /* an address that makes no token: found without it */
    out->home = true;
    return token_set_add_home(&out->set, home) ? 0 : -ENOSPC;
}

static void kinds_drop(struct token_set *s, unsigned without)
{
    uint8_t n = 0;

    for (uint8_t i = 0; i < s->n; i++) {
        if (!(without >> s->tokens[i].kind & 1))
            s->tokens[n++] = s->tokens[i];
    }
    s->n = n;
}

int record_tokens(const struct tokens_key *k, const struct record *r, bool with_identifier,
                  unsigned without, struct made *out)
{
    const struct identity who = { r->given, r->family, r->born, with_identifier ? r->nhs : "",
                                  "",       false };
    int e = tokens_row(k, &who, &out->set);

    out->home = out->asks = false;
    out->fault = (uint8_t)(e > 0 ? e : 0);
    if (e != ALM_OK) {
        out->set.n = 0;
        return e < 0 ? e : 0;
    }
    if (!identity_number_alone(&who)) {
        out->asks = true;
        e = home_add(k, r, &who, out);
    }
    kinds_drop(&out->set, without);
    return e;
}
