/* SPDX-License-Identifier: Apache-2.0 */
/* policy_test.c - `almoner policy test`: cases in text against a policy, PASS or FAIL each, and
 * which rules and reasons they reach. */
#include "analyse/words.h"
#include "base/clock.h"
#include "bundles.h"
#include "cases.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>

#define SUFFIX   ".cases"
#define TEXT_MAX (1u << 20)

struct tested {
    const struct officer_session *s;
    const struct domain *d;
    struct cases cases;
    size_t passed, failed;
    bool *reached; /* purpose * (n_questions + 1) + asked: a case was permitted there */
    bool reasons[REASON_COUNT];
    json_t *results;
};

/* --- finding the cases --- */

static int is_cases(const struct dirent *e)
{
    size_t n = strlen(e->d_name), s = strlen(SUFFIX);

    return n > s && e->d_name[0] != '.' && strcmp(e->d_name + n - s, SUFFIX) == 0;
}

static int read_folder(struct tested *t, const char *path, struct conf_errors *e)
{
    struct dirent **found = NULL;
    int n = scandir(path, &found, is_cases, alphasort), rc = 0;

    if (n < 0)
        return officer_fail(t->s, EX_NOINPUT, "%s: %s", path, strerror(errno));
    for (int i = 0; i < n; i++) {
        char *file = NULL;

        if (!rc && asprintf(&file, "%s/%s", path, found[i]->d_name) < 0)
            rc = EX_OSERR;
        if (!rc && cases_read(&t->cases, file, t->d, e))
            rc = EX_OSERR;
        free(file);
        free(found[i]);
    }
    free(found);
    return rc;
}

static int read_operand(struct tested *t, const char *path, struct conf_errors *e)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return officer_fail(t->s, EX_NOINPUT, "%s: %s", path, strerror(errno));
    if (S_ISDIR(st.st_mode))
        return read_folder(t, path, e);
    return cases_read(&t->cases, path, t->d, e) ? EX_OSERR : 0;
}

static int read_cases(struct tested *t)
{
    ALM_CLEANUP(conf_errors_freep) struct conf_errors *e = NULL;
    const struct args *a = t->s->args;
    int rc = conf_errors_new(&e) ? EX_OSERR : 0;

    if (!rc && a->n_operands == 3)
        rc = read_operand(t, a->operands[2], e); /* beside the policy */
    for (size_t i = 3; i < a->n_operands && !rc; i++)
        rc = read_operand(t, a->operands[i], e);
    if (rc)
        return rc;
    for (size_t i = 0; conf_errors_at(e, i); i++)
        (void)fprintf(stderr, "%s\n", conf_errors_at(e, i));
    if (conf_errors_count(e))
        return officer_fail(t->s, EX_DATAERR, "%zu error%s in the cases: none was run",
                            conf_errors_count(e), conf_errors_count(e) == 1 ? "" : "s");
    if (!t->cases.n)
        return officer_fail(t->s, EX_NOINPUT,
                            "no cases: put them in *%s files beside the policy, or name the files",
                            SUFFIX);
    return 0;
}

/* --- one case --- */

static bool lists_alike(const struct domain *d, const struct value *v, uint8_t visibility,
                        const struct conf_node *list)
{
    size_t n = 0;

    for (uint16_t i = 0; i < v->n; i++) {
        bool found = false;

        if (v->seen[i].visibility != visibility)
            continue;
        n++;
        for (size_t k = 0; k < conf_len(list) && !found; k++) {
            const char *id = "";

            found = conf_string(conf_at(list, k), NULL, &id) &&
                    strcmp(id, d->agencies.id[v->seen[i].agency]) == 0;
        }
        if (!found)
            return false;
    }
    return n == conf_len(list);
}

/* What is not as expected, in a word; NULL when all is. */
static const char *wrong_in(const struct domain *d, const struct test_case *c,
                            const struct value *v)
{
    static const char *const tellings[] = { "", "reason", "no-consent-line", "hidden" };
    static const char *const bases[] = { "", "duty", "consent", "power", "override" };

    if ((v->outcome == OUTCOME_PERMIT) != c->permitted)
        return "the outcome";
    if (!c->permitted && v->reason != (uint8_t)c->reason)
        return "the reason";
    if (c->told && strcmp(c->told, tellings[v->telling % 4]) != 0)
        return "what is told";
    if (c->rests_on && strcmp(c->rests_on, bases[v->basis % 5]) != 0)
        return "what it rests on";
    if (c->asks && !lists_alike(d, v, HOLDER_NAMED, c->asks))
        return "who is asked";
    if (c->masked && !lists_alike(d, v, HOLDER_MASKED, c->masked))
        return "who is masked";
    return NULL;
}

static double now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int tell(struct tested *t, const struct test_case *c, const struct value *v,
                const char *wrong, double us)
{
    ALM_CLEANUP(buf_deinit) struct buf got = { 0 };

    buf_init(&got, TEXT_MAX);
    words_value(t->d, v, &got);
    if (buf_status(&got))
        return officer_fail(t->s, EX_OSERR, "short of memory");
    if (t->s->args->json)
        return json_array_append_new(t->results,
                                     json_pack("{s:s, s:b, s:s, s:i, s:s, s:o, s:f}", "name",
                                               c->name, "pass", wrong == NULL, "file", c->file,
                                               "line", (int)c->line, "wrong", wrong ? wrong : "",
                                               "got", json_value(t->d, v), "us", us))
                   ? EX_OSERR
                   : 0;
    (void)printf("%s  %6.1f us  %s\n", wrong ? "FAIL" : "PASS", us, c->name);
    if (wrong)
        (void)printf("      %s:%u: %s: expected %s, got: %.*s\n", c->file, c->line, wrong,
                     c->permitted ? "permitted, as the case has it" : reason_word(c->reason),
                     (int)got.len, (const char *)got.data);
    return 0;
}

static int run_case(struct tested *t, struct domain *d, const struct test_case *c)
{
    struct seen seen[POLICY_AGENCIES_MAX];
    struct decision made;
    struct situation s;
    struct cell cell = c->c;
    struct value v;
    const char *wrong;
    double began;

    cell.at[AXIS_DAY] = domain_set_day(d, c->day);
    d->basis = c->basis;
    domain_situate(d, 0, &cell, domain_code(d, AXIS_AGENCY, &cell), &s);
    began = now_us();
    policy_decide(d->b[0], &s.f, &made);
    began = now_us() - began;
    value_make(d, 0, &s.f, &made, seen, &v);
    wrong = wrong_in(d, c, &v);
    *(wrong ? &t->failed : &t->passed) += 1;
    if (made.reason < REASON_COUNT)
        t->reasons[made.reason] = true;
    if (made.outcome == OUTCOME_PERMIT)
        t->reached[(size_t)domain_code(d, AXIS_PURPOSE, &cell) * (d->questions.n + 1u) +
                   domain_code(d, AXIS_ASKED, &cell)] = true;
    return tell(t, c, &v, wrong, began);
}

/* --- coverage --- */

/* The rules of a policy: each question listed for a purpose, and who is involved where that may be
 * asked. A closed question is no rule: nothing permits it. */
static bool is_rule(const struct domain *d, uint16_t purpose, uint16_t asked)
{
    uint16_t p = d->purposes.index[0][purpose];

    if (asked == ASKED_INVOLVEMENT)
        return bundle_purpose_at(d->b[0], p)->involvement;
    return bundle_lists(d->b[0], p, d->questions.index[0][asked - 1]) &&
           !bundle_closed(d->b[0], d->questions.index[0][asked - 1]);
}

static void reachable_reasons(const struct matrix *m, bool out[static REASON_COUNT])
{
    for (uint32_t i = 0; i < m->values.n; i++)
        if (m->values.at[i].reason < REASON_COUNT)
            out[m->values.at[i].reason] = true;
}

static int coverage(struct tested *t, json_t *out)
{
    ALM_CLEANUP(matrix_freep) struct matrix *m = NULL;
    bool reachable[REASON_COUNT] = { false };
    json_t *rules = json_array(), *reasons = json_array();
    size_t n_rules = 0, n_reasons = 0;
    int rc = policy_matrix(t->s, t->d, &m);

    if (!rc)
        reachable_reasons(m, reachable);
    for (uint16_t p = 0; p < t->d->purposes.n; p++)
        for (uint16_t q = 0; q <= t->d->questions.n; q++) {
            if (!is_rule(t->d, p, q))
                continue;
            n_rules++;
            if (!t->reached[(size_t)p * (t->d->questions.n + 1u) + q])
                (void)json_array_append_new(rules, json_sprintf("%s/%s", t->d->purposes.id[p],
                                                                words_id(t->d, AXIS_ASKED, q)));
        }
    for (int r = 0; r < REASON_COUNT; r++) {
        n_reasons += reachable[r];
        if (reachable[r] && !t->reasons[r])
            (void)json_array_append_new(reasons, json_string(reason_word((enum reason)r)));
    }
    (void)json_object_set_new(out, "rules", json_integer((json_int_t)n_rules));
    (void)json_object_set_new(out, "rules_not_permitted_by_a_case", rules);
    (void)json_object_set_new(out, "reasons", json_integer((json_int_t)n_reasons));
    (void)json_object_set_new(out, "reasons_not_reached", reasons);
    return rc;
}

static void print_missing(const char *what, const json_t *all, const json_t *missing)
{
    size_t n = (size_t)json_integer_value(all), lacking = json_array_size(missing), i;
    json_t *v;

    (void)printf("%-8s %zu of %zu (%.1f %%)\n", what, n - lacking, n,
                 n ? 100.0 * (double)(n - lacking) / (double)n : 100.0);
    json_array_foreach(missing, i, v)(void)
        printf("  %s%s", i ? "" : "not reached: ", json_string_value(v));
    if (lacking)
        (void)putchar('\n');
}

static int report(struct tested *t, int64_t began_ms)
{
    json_t *cover = json_object();
    int rc = t->s->args->coverage ? coverage(t, cover) : 0;

    if (t->s->args->json) {
        json_t *o = json_pack("{s:b, s:i, s:i, s:O}", "ok", t->failed == 0, "passed",
                              (int)t->passed, "failed", (int)t->failed, "cases", t->results);

        if (t->s->args->coverage)
            (void)json_object_set(o, "coverage", cover);
        print_json(o);
        json_decref(o);
    } else {
        (void)printf("%zu passed, %zu failed, in %lld ms\n", t->passed, t->failed,
                     (long long)(clock_mono_ms() - began_ms));
        if (t->s->args->coverage && !rc) {
            print_missing("rules", json_object_get(cover, "rules"),
                          json_object_get(cover, "rules_not_permitted_by_a_case"));
            print_missing("reasons", json_object_get(cover, "reasons"),
                          json_object_get(cover, "reasons_not_reached"));
        }
    }
    json_decref(cover);
    return rc ? rc : t->failed > 0;
}

static void tested_deinit(struct tested *t)
{
    cases_deinit(&t->cases);
    free(t->reached);
    json_decref(t->results);
}

int command_policy_test(struct officer_session *s)
{
    ALM_CLEANUP(compiled_deinit) struct compiled c = { .bundle = NULL };
    ALM_CLEANUP(domain_freep) struct domain *d = NULL;
    ALM_CLEANUP(tested_deinit) struct tested t = { .s = s };
    const char *unknown;
    int64_t began = clock_mono_ms();
    int rc = policy_open(s, s->args->operands[2], &c);

    if (rc)
        return rc;
    t.results = json_array();
    if (domain_new(c.bundle, NULL, NULL, &d, &unknown))
        return officer_fail(s, EX_OSERR, "short of memory");
    t.d = d;
    t.reached = calloc((size_t)d->purposes.n * (d->questions.n + 1u) + 1, sizeof(*t.reached));
    if (!t.reached)
        return officer_fail(s, EX_OSERR, "short of memory");
    rc = read_cases(&t);
    for (size_t i = 0; i < t.cases.n && !rc; i++)
        rc = run_case(&t, d, &t.cases.at[i]);
    d->basis = NULL;
    return rc ? rc : report(&t, began);
}
