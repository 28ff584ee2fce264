/* SPDX-License-Identifier: Apache-2.0 */
/* policy_check.c - `almoner policy check`: compiles, and looks for what compiles and is wrong all
 * the same. Errors and warnings with file and line, all in one run. */
#include "analyse/lint.h"
#include "base/civil.h"
#include "base/clock.h"
#include "bundles.h"
#include "changes.h"
#include "places.h"
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static const char *const lists[] = {
    [LINT_PROTOCOL] = "protocols",
    [LINT_GATEWAY] = "gateways",
    [LINT_PURPOSE] = "purposes",
    [LINT_QUESTION] = "questions",
    [LINT_AGENCY] = "agencies",
    [LINT_ROLE] = "roles",
    [LINT_SERVICE] = "services",
    [LINT_NEED] = "needs",
    [LINT_CATEGORY] = "concern_categories",
    [LINT_REFERRALS] = "referrals",
};
static const char *const nouns[] = {
    [LINT_PROTOCOL] = "protocol",       [LINT_GATEWAY] = "gateway", [LINT_PURPOSE] = "purpose",
    [LINT_QUESTION] = "question",       [LINT_AGENCY] = "agency",   [LINT_ROLE] = "role",
    [LINT_SERVICE] = "service",         [LINT_NEED] = "need",       [LINT_CATEGORY] = "category",
    [LINT_REFERRALS] = "referral kind", [LINT_OVERSIGHT] = "group",
};

static int report_contradictions(const struct officer_session *s, const struct places *p)
{
    ALM_CLEANUP(conf_errors_freep) struct conf_errors *e = NULL;
    size_t n;

    if (conf_errors_new(&e))
        return officer_fail(s, EX_OSERR, "short of memory");
    places_contradictions(p, e);
    n = conf_errors_count(e);
    if (!n)
        return 0;
    print_errors(s, e);
    return officer_fail(s, EX_DATAERR, "%zu contradiction%s in %s", n, n == 1 ? "" : "s",
                        s->args->operands[2]);
}

static json_t *warn(const struct places *p, const struct lints *found, bool json)
{
    json_t *list = json_array();

    for (size_t i = 0; i < found->n; i++) {
        const struct lint *l = &found->at[i];
        const struct conf_node *at = l->kind == LINT_OVERSIGHT
                                         ? places_group(p, l->id)
                                         : places_find(p, lists[l->kind], l->id);
        char text[LINT_TEXT + 400];

        if (at)
            (void)snprintf(text, sizeof(text), "%s:%u: warning: %s \"%s\" %s", conf_file(at),
                           conf_line(at), nouns[l->kind], l->id, l->text);
        else
            (void)snprintf(text, sizeof(text), "warning: %s \"%s\" %s", nouns[l->kind], l->id,
                           l->text);
        (void)json_array_append_new(list, json_string(text));
        if (!json)
            (void)fprintf(stderr, "%s\n", text);
    }
    return list;
}

static int day_of(const struct officer_session *s, int32_t *out)
{
    *out = civil_today(clock_wall_ms());
    if (s->args->at && civil_parse(s->args->at, out))
        return officer_fail(s, EX_USAGE, "--at: \"%.20s\" is not a day: YYYY-MM-DD", s->args->at);
    return 0;
}

static int look(const struct officer_session *s, const struct compiled *c, int32_t today,
                const struct places *p, json_t **warnings)
{
    ALM_CLEANUP(domain_freep) struct domain *d = NULL;
    ALM_CLEANUP(matrix_freep) struct matrix *m = NULL;
    ALM_CLEANUP(lints_deinit) struct lints found = { .at = NULL };
    const char *unknown;
    int rc;

    if (domain_new(c->bundle, NULL, NULL, &d, &unknown))
        return officer_fail(s, EX_OSERR, "short of memory");
    rc = policy_matrix(s, d, &m);
    if (!rc && lint_policy(m, today, &found))
        rc = officer_fail(s, EX_OSERR, "short of memory");
    if (!rc)
        *warnings = warn(p, &found, s->args->json);
    return rc;
}

static void tell_oversight(const struct bundle *b)
{
    const struct policy_witnesses *w = bundle_witnesses(b);
    json_t *kept = changes_retention(b), *days;
    const char *class, *comma = "";

    if (w->n)
        (void)printf("witnesses  %u, of whom %u must sign\nkept       ", (unsigned)w->n,
                     (unsigned)w->need);
    else
        (void)printf("witnesses  none\nkept       ");
    json_object_foreach(kept, class, days)
    {
        if (strchr(class, ' ') && json_equal(days, json_object_get(kept, "concerns")))
            continue;
        (void)printf("%s%s %lld days", comma, class, (long long)json_integer_value(days));
        comma = ", ";
    }
    (void)printf("\n");
    json_decref(kept);
}

static void tell(const struct officer_session *s, const struct compiled *c, json_t *warnings)
{
    if (s->args->json) {
        json_t *o = policy_summary(c);

        (void)json_object_set(o, "warnings", warnings);
        (void)json_object_set_new(o, "witnesses", json_integer(bundle_witnesses(c->bundle)->n));
        (void)json_object_set_new(o, "kept_days", changes_retention(c->bundle));
        print_json(o);
        json_decref(o);
        return;
    }
    (void)printf("%s: no errors, %zu warning%s\nname       %s\nhash       %s\nagencies   "
                 "%zu\npurposes   %zu\nquestions  %zu\n",
                 s->args->operands[2], json_array_size(warnings),
                 json_array_size(warnings) == 1 ? "" : "s", bundle_name(c->bundle), c->hash,
                 bundle_n_agencies(c->bundle), bundle_n_purposes(c->bundle),
                 bundle_n_questions(c->bundle));
    tell_oversight(c->bundle);
}

int command_policy_check(struct officer_session *s)
{
    ALM_CLEANUP(compiled_deinit) struct compiled c = { .bundle = NULL };
    ALM_CLEANUP(places_deinit) struct places p = { .files = NULL };
    json_t *warnings = NULL;
    int32_t today;
    int rc = day_of(s, &today);

    if (!rc)
        rc = policy_load(s, s->args->operands[2], &c);
    if (rc)
        return rc;
    if (places_open(&p, s->args->operands[2]))
        return officer_fail(s, EX_NOINPUT, "%s: it changed while it was read; try again",
                            s->args->operands[2]);
    rc = report_contradictions(s, &p);
    if (!rc)
        rc = look(s, &c, today, &p, &warnings);
    if (!rc)
        tell(s, &c, warnings);
    json_decref(warnings);
    return rc;
}
