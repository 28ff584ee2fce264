/* SPDX-License-Identifier: Apache-2.0 */
/* test_matrix.c - random small policies: every cell decided by itself must equal the line that it
 * is in, and the difference of two policies must be their tables subtracted. ALM_SEED repeats a
 * run. */
#include "alloc_fail.h"
#include "analyse/explain.h"
#include "analyse/lint.h"
#include "analyse/matrix.h"
#include "analyse/words.h"
#include "fixture.h"
#include "random_policy.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define POLICIES  30
#define CELLS_MAX 4000000u
#define UNPAINTED UINT32_MAX

static uint64_t seed;

static struct bundle *random_bundle(const uint64_t seeds[static RANDOM_PARTS])
{
    ALM_CLEANUP(conf_errors_freep) struct conf_errors *e = NULL;
    ALM_CLEANUP(buf_deinit) struct buf text = { 0 };
    ALM_CLEANUP(buf_deinit) struct buf out = { 0 };
    struct bundle *b = NULL;

    buf_init(&text, 1 << 20);
    buf_init(&out, 1 << 20);
    random_policy(seeds, &text);
    buf_put_u8(&text, 0);
    assert_int_equal(buf_status(&text), 0);
    assert_int_equal(conf_errors_new(&e), 0);
    if (compile_text((const char *)text.data, e, &out) < 0)
        return NULL; /* a purpose that nothing makes lawful */
    assert_int_equal(bundle_decode(buf_view(&out), &b), 0);
    return b;
}

/* Keeps a few random values of an axis, the best among them, so that all cells can be decided. */
static void thin(struct random *r, struct axis_values *v, uint16_t keep)
{
    uint16_t best = v->codes[v->best];

    v->codes[v->best] = v->codes[0];
    v->codes[0] = best;
    v->best = 0;
    for (uint16_t i = 1; i < keep && i < v->n; i++) {
        uint16_t j = (uint16_t)(i + random_below(r, v->n - i)), code = v->codes[i];

        v->codes[i] = v->codes[j];
        v->codes[j] = code;
    }
    if (keep < v->n)
        v->n = keep;
}

static struct domain *small_domain(struct random *r, const struct bundle *a, const struct bundle *b)
{
    const char *unknown;
    struct domain *d = NULL;

    assert_int_equal(domain_new(a, b, NULL, &d, &unknown), 0);
    thin(r, &d->axis[AXIS_DAY], 5);
    thin(r, &d->axis[AXIS_RELATION], 4);
    thin(r, &d->axis[AXIS_STATED], 3);
    thin(r, &d->axis[AXIS_RECORD], 3);
    thin(r, &d->axis[AXIS_CONSENT], 4);
    thin(r, &d->axis[AXIS_OVERRIDE], 3);
    assert_true(domain_cells(d) <= CELLS_MAX);
    return d;
}

static size_t cell_number(const struct domain *d, const struct cell *c)
{
    size_t n = 0;

    for (size_t a = 0; a < AXIS_COUNT; a++)
        n = n * d->axis[a].n + c->at[a];
    return n;
}

static bool cell_next(const struct domain *d, struct cell *c)
{
    for (size_t a = AXIS_COUNT; a-- > 0;) {
        if (++c->at[a] < d->axis[a].n)
            return true;
        c->at[a] = 0;
    }
    return false;
}

static bool line_has(const struct matrix *m, const struct line *l, const struct cell *c)
{
    for (size_t a = 0; a < AXIS_COUNT; a++)
        if (!sets_has(&m->sets[a], l->set[a], c->at[a]))
            return false;
    return true;
}

/* The next cell of the line's product, from a cell of it. */
static bool line_next(const struct matrix *m, const struct line *l, struct cell *c)
{
    for (size_t a = AXIS_COUNT; a-- > 0;) {
        do
            c->at[a]++;
        while (c->at[a] < m->d->axis[a].n && !sets_has(&m->sets[a], l->set[a], c->at[a]));
        if (c->at[a] < m->d->axis[a].n)
            return true;
        c->at[a] = sets_first(&m->sets[a], l->set[a]);
    }
    return false;
}

/* Which line each cell is in; a cell that two lines claim fails. */
static uint32_t *paint(const struct matrix *m)
{
    size_t n = (size_t)domain_cells(m->d);
    uint32_t *painted = malloc((n + 1) * sizeof(*painted));

    assert_non_null(painted);
    memset(painted, 0xff, n * sizeof(*painted));
    for (size_t i = 0; i < m->n; i++) {
        struct cell c = matrix_first(m, &m->lines[i]);

        assert_true(line_has(m, &m->lines[i], &c));
        do {
            size_t at = cell_number(m->d, &c);

            assert_true(painted[at] == UNPAINTED);
            painted[at] = (uint32_t)i;
        } while (line_next(m, &m->lines[i], &c));
    }
    return painted;
}

static void decide_cell(const struct domain *d, size_t k, const struct cell *c, struct seen *seen,
                        struct value *out)
{
    static struct decision made;
    struct situation s;

    domain_situate(d, k, c, domain_code(d, AXIS_AGENCY, c), &s);
    policy_decide(d->b[k], &s.f, &made);
    value_make(d, k, &s.f, &made, seen, out);
}

static void fail_cell(const struct domain *d, const struct cell *c, const struct value *got,
                      const struct value *want)
{
    ALM_CLEANUP(buf_deinit) struct buf text = { 0 };

    buf_init(&text, 1 << 20);
    words_cell(d, c, &text);
    buf_printf(&text, "\n  line: ");
    words_value(d, got, &text);
    buf_printf(&text, "\n  cell: ");
    words_value(d, want, &text);
    fail_msg("seed %llu: %.*s", (unsigned long long)seed, (int)text.len, (const char *)text.data);
}

static void same_as_line(const struct matrix *m, uint32_t line, size_t k, const struct cell *c)
{
    struct seen made[POLICY_AGENCIES_MAX], listed[POLICY_AGENCIES_MAX];
    struct value want, got;

    decide_cell(m->d, k, c, made, &want);
    value_for(m->d, &m->values.at[m->lines[line].value[k]], k, domain_code(m->d, AXIS_AGENCY, c),
              listed, &got);
    if (!value_equal(&got, &want))
        fail_cell(m->d, c, &got, &want);
}

static size_t compare_matrix(struct random *r, const struct bundle *b, size_t *lines)
{
    ALM_CLEANUP(domain_freep) struct domain *d = small_domain(r, b, NULL);
    ALM_CLEANUP(matrix_freep) struct matrix *m = NULL;
    struct cell c = { { 0 } };
    uint32_t *painted;
    size_t n = 0;

    assert_int_equal(matrix_new(d, NULL, NULL, &m), 0);
    painted = paint(m);
    do {
        uint32_t line = painted[cell_number(d, &c)];

        assert_true(line != UNPAINTED);
        same_as_line(m, line, 0, &c);
        n++;
    } while (cell_next(d, &c));
    free(painted);
    *lines += m->n;
    return n;
}

static void each_cell_equals_the_line_that_it_is_in(void **state)
{
    struct random r = { .state = seed };
    size_t cells = 0, lines = 0, policies = 0;

    (void)state;
    while (policies < POLICIES) {
        uint64_t seeds[RANDOM_PARTS];
        ALM_CLEANUP(bundle_freep) struct bundle *b = NULL;

        for (size_t i = 0; i < RANDOM_PARTS; i++)
            seeds[i] = random_next(&r);
        b = random_bundle(seeds);
        if (!b)
            continue;
        cells += compare_matrix(&r, b, &lines);
        policies++;
    }
    print_message("# seed %llu: %zu policies, %zu cells in %zu lines\n", (unsigned long long)seed,
                  policies, cells, lines);
}

/* Composites leave out the asker's organisation and ask each holder its own factors. */
static void each_cell_of_composites_equals_its_line(void **state)
{
    ALM_CLEANUP(conf_errors_freep) struct conf_errors *e = NULL;
    ALM_CLEANUP(buf_deinit) struct buf out = { 0 };
    ALM_CLEANUP(bundle_freep) struct bundle *b = NULL;
    struct random r = { .state = seed };
    size_t lines = 0, cells;

    (void)state;
    buf_init(&out, 1 << 20);
    assert_int_equal(conf_errors_new(&e), 0);
    assert_int_equal(policy_compile(ALM_COMPOSITE_POLICY, e, &out), 0);
    assert_int_equal(bundle_decode(buf_view(&out), &b), 0);
    cells = compare_matrix(&r, b, &lines);
    print_message("# %zu cells of composites in %zu lines\n", cells, lines);
}

static void no_two_lines_could_be_one(void **state)
{
    struct random r = { .state = seed + 1 };

    (void)state;
    for (unsigned done = 0; done < 10;) {
        uint64_t seeds[RANDOM_PARTS];
        ALM_CLEANUP(bundle_freep) struct bundle *b = NULL;
        ALM_CLEANUP(domain_freep) struct domain *d = NULL;
        ALM_CLEANUP(matrix_freep) struct matrix *m = NULL;

        for (size_t i = 0; i < RANDOM_PARTS; i++)
            seeds[i] = random_next(&r);
        b = random_bundle(seeds);
        if (!b)
            continue;
        d = small_domain(&r, b, NULL);
        assert_int_equal(matrix_new(d, NULL, NULL, &m), 0);
        for (size_t i = 0; i < m->n; i++)
            for (size_t j = 0; j < i; j++) {
                unsigned apart = m->lines[i].value[0] != m->lines[j].value[0] ? 2 : 0;

                for (size_t a = 0; a < AXIS_COUNT; a++)
                    apart += m->lines[i].set[a] != m->lines[j].set[a];
                assert_true(apart > 1);
            }
        done++;
    }
}

static size_t compare_diff(struct random *r, const struct bundle *a, const struct bundle *b)
{
    ALM_CLEANUP(domain_freep) struct domain *d = small_domain(r, a, b);
    ALM_CLEANUP(matrix_freep) struct matrix *m = NULL;
    struct cell c = { { 0 } };
    uint32_t *painted;
    size_t differ = 0;

    assert_int_equal(matrix_new(d, NULL, NULL, &m), 0);
    painted = paint(m);
    do {
        struct seen seen[2][POLICY_AGENCIES_MAX];
        uint32_t line = painted[cell_number(d, &c)];
        struct value v[2];

        for (size_t k = 0; k < 2; k++)
            decide_cell(d, k, &c, seen[k], &v[k]);
        if (value_equal(&v[0], &v[1]) != (line == UNPAINTED))
            fail_cell(d, &c, &v[0], &v[1]);
        if (line == UNPAINTED)
            continue;
        differ++;
        same_as_line(m, line, 0, &c);
        same_as_line(m, line, 1, &c);
    } while (cell_next(d, &c));
    free(painted);
    return differ;
}

static void the_difference_is_both_tables_subtracted(void **state)
{
    struct random r = { .state = seed + 2 };
    size_t differ = 0, pairs = 0;

    (void)state;
    while (pairs < POLICIES / 2) {
        uint64_t seeds[RANDOM_PARTS];
        ALM_CLEANUP(bundle_freep) struct bundle *a = NULL;
        ALM_CLEANUP(bundle_freep) struct bundle *b = NULL;

        for (size_t i = 0; i < RANDOM_PARTS; i++)
            seeds[i] = random_next(&r);
        a = random_bundle(seeds);
        seeds[pairs % RANDOM_PARTS] = random_next(&r); /* one part is another's */
        b = random_bundle(seeds);
        if (!a || !b)
            continue;
        differ += compare_diff(&r, a, b);
        pairs++;
    }
    assert_true(differ > 0);
    print_message("# seed %llu: %zu pairs of policies, %zu cells decided differently\n",
                  (unsigned long long)seed, pairs, differ);
}

static void a_policy_does_not_differ_from_itself(void **state)
{
    struct fixture *x = *state;
    ALM_CLEANUP(domain_freep) struct domain *d = NULL;
    ALM_CLEANUP(matrix_freep) struct matrix *m = NULL;
    const char *unknown;

    assert_int_equal(domain_new(x->b, x->b, NULL, &d, &unknown), 0);
    assert_int_equal(matrix_new(d, NULL, NULL, &m), 0);
    assert_int_equal(m->n, 0);
}

static bool give_up(void *ctx, size_t done, size_t all)
{
    unsigned *calls = ctx;

    (void)done;
    (void)all;
    return ++*calls < 3;
}

static void progress_can_give_up(void **state)
{
    struct fixture *x = *state;
    ALM_CLEANUP(domain_freep) struct domain *d = NULL;
    struct matrix *m = NULL;
    const char *unknown;
    unsigned calls = 0;

    assert_int_equal(domain_new(x->b, NULL, NULL, &d, &unknown), 0);
    assert_int_equal(matrix_new(d, give_up, &calls, &m), -ECANCELED);
    assert_int_equal(calls, 3);
    assert_null(m);
}

static void a_filter_of_unknown_ids_is_named(void **state)
{
    static const struct {
        struct domain_filter f;
        const char *says;
    } bad[] = {
        { { .purpose = "x" }, "purpose" }, { { .agency = "x" }, "agency" },
        { { .role = "x" }, "role" },       { { .question = "x" }, "question" },
        { { .purpose = "" }, "purpose" },
    };
    struct fixture *x = *state;

    for (size_t i = 0; i < ALM_LEN(bad); i++) {
        struct domain *d = NULL;
        const char *unknown = NULL;

        assert_int_equal(domain_new(x->b, NULL, &bad[i].f, &d, &unknown), 1);
        assert_string_equal(unknown, bad[i].says);
        assert_null(d);
    }
}

static int lint_of(const struct bundle *b, const struct domain_filter *f, size_t *lines)
{
    ALM_CLEANUP(domain_freep) struct domain *d = NULL;
    ALM_CLEANUP(matrix_freep) struct matrix *m = NULL;
    ALM_CLEANUP(explanation_freep) struct explanation *e = NULL;
    ALM_CLEANUP(lints_deinit) struct lints found = { .at = NULL };
    struct cell c = { { 0 } };
    const char *unknown;
    int r = domain_new(b, NULL, f, &d, &unknown);

    if (r == 0)
        r = matrix_new(d, NULL, NULL, &m);
    if (r == 0)
        r = lint_policy(m, on("2022-05-03"), &found);
    if (r == 0)
        r = explain_cell(d, &c, &e);
    if (r == 0)
        *lines = m->n;
    return r;
}

static void each_failed_allocation_is_reported(void **state)
{
    static const struct domain_filter part = { .purpose = "help", .agency = "school" };
    struct fixture *x = *state;
    size_t lines = 0;
    long n = 0;

    for (;; n++) {
        int r;

        alloc_fail_nth(n);
        r = lint_of(x->b, &part, &lines);
        if (!alloc_failed())
            break;
        assert_int_equal(r, -ENOMEM);
    }
    alloc_fail_nth(-1);
    assert_true(n > 50 && lines > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_cell_equals_the_line_that_it_is_in),
        cmocka_unit_test(each_cell_of_composites_equals_its_line),
        cmocka_unit_test(no_two_lines_could_be_one),
        cmocka_unit_test(the_difference_is_both_tables_subtracted),
        cmocka_unit_test_setup_teardown(a_policy_does_not_differ_from_itself, fixture_new,
                                        fixture_free),
        cmocka_unit_test_setup_teardown(progress_can_give_up, fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(each_failed_allocation_is_reported, fixture_new,
                                        fixture_free),
        cmocka_unit_test_setup_teardown(a_filter_of_unknown_ids_is_named, fixture_new,
                                        fixture_free),
    };
    const char *given = getenv("ALM_SEED");

    if (crypto_init() < 0)
        return 1;
    seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
