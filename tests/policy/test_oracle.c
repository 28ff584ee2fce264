/* SPDX-License-Identifier: Apache-2.0 */
/* test_oracle.c - decides every row of the data set, and random cells of it, and composes the
 * answer from the decision alone.
 *
 * Arguments: the folder that facts.py wrote. The engine decides reason, holders and who is named;
 * what each holder says comes from the facts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h> /* after the five above, which it needs */

#include "base/clock.h"
#include "base/crypto.h"
#include "compile/compile.h"
#include "engine/engine.h"
#include <stdio.h>
#include <string.h>

#define CONSENTS 64

static char folder[512];
static unsigned n_scenarios, n_cells; /* that the facts announce */
static struct bundle *bundle;

struct test_case {
    char id[64], question[64], expect[1024], usual[16];
    struct facts f;
    struct consent_fact consents[CONSENTS];
    struct shield_fact shields[8];
    uint8_t answers[POLICY_AGENCIES_MAX]; /* 0 usual, else 'y' 'n' 'u' */
};

static const struct {
    const char *word;
    uint8_t value;
} words[] = {
    { "self", FACT_CAPACITY_SELF },
    { "gillick", FACT_CAPACITY_GILLICK },
    { "parent", FACT_CAPACITY_PARENT },
    { "carer-without-pr", FACT_CAPACITY_CARER_WITHOUT_PR },
    { "local-authority", FACT_CAPACITY_LOCAL_AUTHORITY },
    { "none", FACT_RELATION_NONE },
    { "involved", FACT_RELATION_INVOLVED },
    { "same-home", FACT_RELATION_SAME_HOME },
    { "referral", FACT_RELATION_REFERRAL },
};

static uint8_t word(const char *text)
{
    for (size_t i = 0; i < ALM_LEN(words); i++)
        if (strcmp(words[i].word, text) == 0)
            return words[i].value;
    fail_msg("facts: unknown word %s", text);
    return 0;
}

static int32_t day(const char *text)
{
    int32_t d = POLICY_DAY_NONE;

    if (strcmp(text, "-") != 0)
        assert_int_equal(civil_parse(text, &d), 0);
    return d;
}

static void fill_set(struct agency_set *s, char *list)
{
    char *id;

    while ((id = strsep(&list, ",")) != NULL) {
        if (strcmp(id, "*") == 0)
            s->any = true;
        else if (strcmp(id, "-") != 0)
            agency_set_add(s, bundle_agency(bundle, id));
    }
}

static void read_consent(struct test_case *c, char *part[])
{
    struct consent_fact *k = &c->consents[c->f.n_consents++];

    assert_true(c->f.n_consents <= CONSENTS);
    k->refused = strcmp(part[1], "refused") == 0;
    k->match = FACT_STRICT;
    k->capacity = word(part[2]);
    k->giver_authority = *part[3] == '1';
    k->given_on = day(part[4]);
    k->expires_on = day(part[5]);
    k->withdrawn_on = day(part[6]);
    k->able_from = day(part[7]);
    k->able_until = day(part[8]);
    k->review_on = POLICY_DAY_NONE;
    k->competence = true; /* the data records none: the exercise makes one up */
    fill_set(&k->recipients, part[9]);
    fill_set(&k->sources, part[10]);
    fill_set(&k->sensitive_sources, part[11]);
}

static void read_ask(struct test_case *c, char *part[])
{
    c->f.agency = bundle_agency(bundle, part[1]);
    c->f.role = bundle_role(bundle, part[2]);
    c->f.purpose = bundle_purpose(bundle, part[3]);
    c->f.basis_given = strcmp(part[4], "-") != 0;
    c->f.basis = bundle_gateway(bundle, part[4]);
}

static void read_line(struct test_case *c, char *line)
{
    char *part[16] = { NULL }, *rest = line;
    size_t n = 0;

    while (rest && n < ALM_LEN(part))
        part[n++] = strsep(&rest, " ");
    if (strcmp(part[0], "rows") == 0) {
        n_scenarios = (unsigned)strtoul(part[1], NULL, 10);
        n_cells = (unsigned)strtoul(part[2], NULL, 10);
    } else if (strcmp(part[0], "case") == 0) {
        snprintf(c->id, sizeof(c->id), "%s", part[1]);
    } else if (strcmp(part[0], "day") == 0) {
        c->f.day = day(part[1]);
    } else if (strcmp(part[0], "ask") == 0) {
        read_ask(c, part);
    } else if (strcmp(part[0], "question") == 0) {
        c->f.involvement = strcmp(part[1], "-") == 0;
        c->f.question = c->f.involvement ? POLICY_NONE : bundle_question(bundle, part[1]);
        c->f.has_parameter = *part[2] == '1';
    } else if (strcmp(part[0], "subject") == 0) {
        c->f.subject_kind = strcmp(part[1], "person") == 0 ? FACT_PERSON : FACT_HOUSEHOLD;
    } else if (strcmp(part[0], "relation") == 0) {
        c->f.relation = word(part[1]);
        c->f.relation_since = day(part[2]);
        c->f.relation_until = day(part[3]);
    } else if (strcmp(part[0], "referral") == 0) {
        c->f.referral_party = (uint8_t)(*part[1] - '0');
    } else if (strcmp(part[0], "consent") == 0) {
        read_consent(c, part);
    } else if (strcmp(part[0], "shield") == 0) {
        c->shields[c->f.n_shields++] = (struct shield_fact){ .level = (uint8_t)(*part[1] - '0'),
                                                             .match = FACT_BROAD,
                                                             .from = day(part[2]),
                                                             .until = day(part[3]) };
    } else if (strcmp(part[0], "usual") == 0) {
        snprintf(c->usual, sizeof(c->usual), "%s", part[1]);
    } else if (strcmp(part[0], "answer") == 0) {
        c->answers[bundle_agency(bundle, part[1])] = (uint8_t)*part[2];
    } else if (strcmp(part[0], "expect") == 0) {
        snprintf(c->expect, sizeof(c->expect), "%s", part[1]);
    } else {
        fail_msg("facts: unknown line %s", part[0]);
    }
}

/* Return: whether there was another case. */
static bool next_case(FILE *in, struct test_case *c)
{
    char line[8192];

    memset(c, 0, sizeof(*c));
    c->f.agency_standing = c->f.practitioner_standing = true;
    while (fgets(line, sizeof(line), in)) {
        line[strcspn(line, "\n")] = '\0';
        if (strcmp(line, "end") == 0) {
            c->f.consents = c->consents;
            c->f.shields = c->shields;
            return true;
        }
        read_line(c, line);
    }
    return false;
}

static char says(const struct test_case *c, uint16_t agency)
{
    return c->answers[agency] ? (char)c->answers[agency] : c->usual[0];
}

static void compose_insight(const struct test_case *c, const struct decision *d, struct buf *out)
{
    const struct policy_question *q = bundle_question_at(bundle, c->f.question);
    bool yes = false, no = false;

    for (uint16_t i = 0; i < d->n_holders; i++) {
        yes = yes || says(c, d->holders[i]) == 'y';
        no = no || says(c, d->holders[i]) == 'n' || !q->unknown_cannot_say;
    }
    buf_printf(out, "answer;value=%s", yes ? "yes" : no ? "no" : "not-known");
}

static void compose_involvement(const struct test_case *c, const struct decision *d,
                                struct buf *out)
{
    bool masked = false;
    size_t n = 0;

    buf_printf(out, "answer;agencies=");
    for (uint16_t i = 0; i < d->n_holders; i++) {
        if (says(c, d->holders[i]) != 'y')
            continue;
        if (d->visibility[i] == HOLDER_MASKED)
            masked = true;
        else
            buf_printf(out, "%s%s", n++ ? "|" : "", bundle_agency_at(bundle, d->holders[i])->id);
    }
    buf_printf(out, "%s;masked=%s", n ? "" : "-", masked ? "yes" : "no");
}

static void compose(const struct test_case *c, const struct decision *d, struct buf *out)
{
    if (d->outcome != OUTCOME_PERMIT)
        buf_printf(out, "refuse;reason=%s", reason_word((enum reason)d->reason));
    else if (c->f.involvement)
        compose_involvement(c, d, out);
    else if (bundle_question_at(bundle, c->f.question)->kind != QUESTION_HOLDERS)
        buf_printf(out, "broker");
    else
        compose_insight(c, d, out);
    buf_put_u8(out, 0);
}

/* Decides every case whose id begins with prefix. Return: how many. */
static unsigned decide_all(const char *prefix)
{
    ALM_CLEANUP(buf_deinit) struct buf got = { 0 };
    static struct test_case c;
    static struct decision d;
    char path[600];
    unsigned n = 0, wrong = 0;
    FILE *in;

    buf_init(&got, 8192);
    snprintf(path, sizeof(path), "%s/facts.txt", folder);
    in = fopen(path, "r");
    assert_non_null(in);
    while (next_case(in, &c)) {
        if (strncmp(c.id, prefix, strlen(prefix)) != 0)
            continue;
        n++;
        policy_decide(bundle, &c.f, &d);
        buf_reset(&got);
        compose(&c, &d, &got);
        assert_int_equal(buf_status(&got), 0);
        if (strcmp((const char *)got.data, c.expect) != 0 && wrong++ < 20)
            print_message("# %s: expected %s, got %s (%s)\n", c.id, c.expect,
                          (const char *)got.data, d.rule);
    }
    fclose(in);
    assert_int_equal(wrong, 0);
    return n;
}

static void every_row_of_the_data_set_is_decided_as_expected(void **state)
{
    unsigned n = decide_all("row/");

    (void)state;
    assert_int_equal(n, n_scenarios);
    assert_true(n > 0);
}

static void the_engine_agrees_with_the_second_reading_on_random_cells(void **state)
{
    unsigned n = decide_all("cell/");

    (void)state;
    assert_int_equal(n, n_cells);
    assert_true(n > 0);
}

static int set_up(void **state)
{
    ALM_CLEANUP(conf_errors_freep) struct conf_errors *errors = NULL;
    ALM_CLEANUP(buf_deinit) struct buf compiled = { 0 };
    char path[600];
    int r;

    (void)state;
    buf_init(&compiled, 1u << 24);
    snprintf(path, sizeof(path), "%s/policy", folder);
    if (crypto_init() < 0 || conf_errors_new(&errors) < 0)
        return -1;
    r = policy_compile(path, errors, &compiled);
    for (size_t i = 0; i < conf_errors_count(errors); i++)
        print_message("# %s\n", conf_errors_at(errors, i));
    return r < 0 ? r : bundle_decode(buf_view(&compiled), &bundle);
}

static int tear_down(void **state)
{
    (void)state;
    bundle = bundle_free(bundle);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_of_the_data_set_is_decided_as_expected),
        cmocka_unit_test(the_engine_agrees_with_the_second_reading_on_random_cells),
    };

    if (argc != 2 || text_copy(folder, sizeof(folder), argv[1]) < 0)
        return 64;
    return cmocka_run_group_tests_name("oracle", tests, set_up, tear_down);
}
