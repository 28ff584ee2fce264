/* SPDX-License-Identifier: Apache-2.0 */
/* policy_explain.c - `almoner policy explain`: one decision, made up or of the log, clause by
 * clause: what would have to be otherwise, the law it rests on, and the lawful way forward. */
#include "policy_explain.h"
#include "analyse/words.h"
#include "audit.h"
#include "base/civil.h"
#include "base/clock.h"
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#define TEXT_MAX (1u << 20)

static const char *const axis_names[AXIS_COUNT] = { "purpose",  "day",     "agency",       "role",
                                                    "question", "subject", "relationship", "stated",
                                                    "shield",   "consent", "override" };
static const char *const results[] = { "fails", "holds", "cannot tell" };
static const char *const passes[] = { "", "gates", "basis", "transforms" };

/* --- what else would be decided --- */

/* The values of one axis that would come to the outcome asked for, as text. Return: how many. */
static size_t alternatives_of(const struct domain *d, const struct explanation *e, enum axis x,
                              bool permitted, struct buf *out)
{
    size_t n = 0;

    for (size_t i = 0; i < e->n; i++) {
        const struct alternative *a = &e->alternatives[i];
        char day[CIVIL_TEXT] = "";

        if (a->axis != x || (a->outcome == OUTCOME_PERMIT) != permitted)
            continue;
        if (x == AXIS_DAY)
            civil_format(d->on[d->axis[x].codes[a->at]], day);
        buf_printf(out, "%s%s", n++ ? ", " : "",
                   x == AXIS_DAY ? day : words_id(d, x, d->axis[x].codes[a->at]));
        if (!permitted)
            buf_printf(out, " (%s)", reason_word((enum reason)a->reason));
    }
    return n;
}

/* Facts that the asker or the subject may change; the rest is who and what they are. */
static void print_changes(const struct domain *d, const struct explanation *e)
{
    ALM_CLEANUP(buf_deinit) struct buf text = { 0 };
    bool permitted = e->made.outcome == OUTCOME_PERMIT;
    size_t n = 0;

    buf_init(&text, TEXT_MAX);
    (void)printf("\n%s\n", permitted
                               ? "One other fact that would refuse it, and the reason:"
                               : "One other fact that would permit it (as the policy has it):");
    for (size_t a = 0; a < AXIS_COUNT; a++) {
        buf_reset(&text);
        if (!alternatives_of(d, e, (enum axis)a, !permitted, &text) || buf_status(&text))
            continue;
        n++;
        (void)printf("  %-13s %.*s\n", axis_names[a], (int)text.len, (const char *)text.data);
    }
    if (n)
        return;
    (void)printf("  none%s\n", permitted    ? ""
                               : e->n_pairs ? "; but two together, for example:"
                                            : ", nor two together");
    for (size_t i = 0; i < e->n_pairs; i++) {
        const struct alternative *p = e->pairs[i];

        (void)printf("  %s %s, and %s %s\n", axis_names[p[0].axis],
                     words_id(d, p[0].axis, d->axis[p[0].axis].codes[p[0].at]),
                     axis_names[p[1].axis],
                     words_id(d, p[1].axis, d->axis[p[1].axis].codes[p[1].at]));
    }
}

/* The clause that decided against it: the last one met that does not hold. */
static const char *against(const struct explanation *e)
{
    for (uint16_t i = e->made.n_clauses; e->made.outcome != OUTCOME_PERMIT && i-- > 0;)
        if (e->made.clauses[i].result != 1)
            return clause_text(e->made.clauses[i].rule);
    return "";
}

static json_t *pairs_json(const struct domain *d, const struct explanation *e)
{
    json_t *list = json_array();

    for (size_t i = 0; i < e->n_pairs; i++) {
        json_t *both = json_object();

        for (size_t k = 0; k < 2; k++) {
            const struct alternative *a = &e->pairs[i][k];

            (void)json_object_set_new(
                both, axis_names[a->axis],
                json_string(words_id(d, a->axis, d->axis[a->axis].codes[a->at])));
        }
        (void)json_array_append_new(list, both);
    }
    return list;
}

static json_t *changes_json(const struct domain *d, const struct explanation *e)
{
    json_t *list = json_array();

    for (size_t i = 0; i < e->n; i++) {
        const struct alternative *a = &e->alternatives[i];
        char day[CIVIL_TEXT];

        civil_format(a->axis == AXIS_DAY ? d->on[d->axis[a->axis].codes[a->at]] : 0, day);
        (void)json_array_append_new(
            list,
            json_pack("{s:s, s:s, s:s, s:s}", "fact", axis_names[a->axis], "value",
                      a->axis == AXIS_DAY ? day
                                          : words_id(d, a->axis, d->axis[a->axis].codes[a->at]),
                      "outcome", a->outcome == OUTCOME_PERMIT ? "permitted" : "refused", "reason",
                      a->outcome == OUTCOME_PERMIT ? "" : reason_word((enum reason)a->reason)));
    }
    return list;
}

/* --- the law --- */

struct law {
    struct policy_gateway g;
    bool in_force;
};

static size_t laws_of(const struct domain *d, const struct cell *c, struct law *out, size_t max)
{
    uint16_t p = d->purposes.index[0][domain_code(d, AXIS_PURPOSE, c)];
    int32_t day = d->on[domain_code(d, AXIS_DAY, c)];
    struct policy_terms t;
    size_t n = 0;

    if (p == POLICY_NONE)
        return 0;
    t = bundle_terms(d->b[0], p);
    for (uint16_t i = 0; i < t.n_bases && n < max; i++) {
        out[n].g = bundle_gateway_at(d->b[0], t.bases[i]);
        out[n].in_force =
            day >= out[n].g.from && (out[n].g.until == POLICY_DAY_NONE || day <= out[n].g.until);
        n++;
    }
    return n;
}

static const char *kind_word(uint8_t kind)
{
    static const char *const kinds[] = { "", "duty", "consent", "power" };

    return kind < ALM_LEN(kinds) ? kinds[kind] : "";
}

static const char *const countries[] = { "england", "wales", "scotland", "northern-ireland" };

/* "england, wales"; "" where it is not recorded. */
static const char *countries_text(uint8_t bits, char *out, size_t size)
{
    size_t n = 0;

    *out = '\0';
    for (size_t i = 0; i < ALM_LEN(countries) && n < size; i++)
        if ((bits >> i) & 1)
            n += (size_t)snprintf(out + n, size - n, "%s%s", n ? ", " : "", countries[i]);
    return out;
}

static json_t *countries_json(uint8_t bits)
{
    json_t *list = json_array();

    for (size_t i = 0; i < ALM_LEN(countries); i++)
        if ((bits >> i) & 1)
            (void)json_array_append_new(list, json_string(countries[i]));
    return list;
}

static json_t *laws_json(const struct domain *d, const struct cell *c)
{
    struct law laws[32];
    size_t n = laws_of(d, c, laws, ALM_LEN(laws));
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++) {
        char from[CIVIL_TEXT], until[CIVIL_TEXT];

        civil_format(laws[i].g.from, from);
        civil_format(laws[i].g.until == POLICY_DAY_NONE ? CIVIL_NONE : laws[i].g.until, until);
        (void)json_array_append_new(
            list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:o}", "gateway", laws[i].g.id,
                            "statute", laws[i].g.statute, "section", laws[i].g.section, "kind",
                            kind_word(laws[i].g.kind), "from", from, "to", until, "in_force",
                            laws[i].in_force, "countries", countries_json(laws[i].g.countries)));
    }
    return list;
}

static void print_laws(const struct domain *d, const struct cell *c)
{
    struct law laws[32];
    size_t n = laws_of(d, c, laws, ALM_LEN(laws));

    if (n)
        (void)printf("\nThe law that the purpose rests on, on that day:\n");
    for (size_t i = 0; i < n; i++) {
        char where[80];

        (void)printf("  %-13s %s %s (%s): %s%s; law in %s\n", kind_word(laws[i].g.kind),
                     laws[i].g.statute, laws[i].g.section, laws[i].g.id,
                     laws[i].in_force ? "in force" : "not in force",
                     laws[i].g.conditions ? ", with conditions to be stated" : "",
                     laws[i].g.countries ? countries_text(laws[i].g.countries, where, sizeof(where))
                                         : "countries not recorded");
    }
}

/* --- one decision --- */

static void value_of(const struct domain *d, const struct explanation *e, struct seen *seen,
                     struct value *v)
{
    struct situation s;

    domain_situate(d, 0, &e->c, domain_code(d, AXIS_AGENCY, &e->c), &s);
    value_make(d, 0, &s.f, &e->made, seen, v);
}

static json_t *explanation_json(const struct domain *d, const struct explanation *e,
                                const char *hash)
{
    struct seen seen[POLICY_AGENCIES_MAX];
    json_t *clauses = json_array();
    enum reason r = (enum reason)e->made.reason;
    struct value v;

    for (uint16_t i = 0; i < e->made.n_clauses; i++)
        (void)json_array_append_new(
            clauses, json_pack("{s:s, s:s, s:s}", "pass", passes[e->made.clauses[i].pass % 4],
                               "clause", clause_text(e->made.clauses[i].rule), "result",
                               results[e->made.clauses[i].result % 3]));
    value_of(d, e, seen, &v);
    return json_pack("{s:b, s:s, s:o, s:o, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "ok", 1,
                     "hash", hash, "request", json_cell(d, &e->c), "decision", json_value(d, &v),
                     "rule", e->made.rule, "text",
                     e->made.outcome == OUTCOME_PERMIT ? "Permitted." : reason_text(r),
                     "way_forward", e->made.outcome == OUTCOME_PERMIT ? "" : reason_way_forward(r),
                     "against", against(e), "clauses", clauses, "law", laws_json(d, &e->c),
                     "changes", changes_json(d, e), "pairs", pairs_json(d, e));
}

static int explanation_print(const struct officer_session *s, const struct domain *d,
                             const struct explanation *e, const char *hash)
{
    ALM_CLEANUP(buf_deinit) struct buf text = { 0 };
    struct seen seen[POLICY_AGENCIES_MAX];
    enum reason r = (enum reason)e->made.reason;
    struct value v;

    buf_init(&text, TEXT_MAX);
    words_cell(d, &e->c, &text);
    buf_printf(&text, ":\n");
    value_of(d, e, seen, &v);
    words_value(d, &v, &text);
    if (buf_status(&text))
        return officer_fail(s, EX_SOFTWARE, "the decision is too long to print; use --json");
    (void)printf("%.*s\n", (int)text.len, (const char *)text.data);
    if (e->made.outcome != OUTCOME_PERMIT)
        (void)printf("%s\n", reason_text(r));
    (void)printf("\nClause by clause (rule %s of policy %.12s):\n", e->made.rule, hash);
    for (uint16_t i = 0; i < e->made.n_clauses; i++)
        (void)printf("  %-11s %-12s %s\n", passes[e->made.clauses[i].pass % 4],
                     results[e->made.clauses[i].result % 3], clause_text(e->made.clauses[i].rule));
    if (*against(e))
        (void)printf("\nWhat would have to hold: %s\n", against(e));
    print_laws(d, &e->c);
    print_changes(d, e);
    if (e->made.outcome != OUTCOME_PERMIT)
        (void)printf("\nThe lawful way forward: %s\n", reason_way_forward(r));
    return 0;
}

static int explain(const struct officer_session *s, const struct domain *d, const struct cell *c,
                   const char *hash, json_t *more)
{
    ALM_CLEANUP(explanation_freep) struct explanation *e = NULL;
    int rc = explain_cell(d, c, &e);

    if (rc) {
        json_decref(more);
        return officer_fail(s, EX_OSERR, "short of memory");
    }
    if (s->args->json) {
        json_t *o = explanation_json(d, e, hash);

        if (more)
            (void)json_object_set(o, "recorded", more);
        print_json(o);
        json_decref(o);
    } else {
        rc = explanation_print(s, d, e, hash);
    }
    json_decref(more);
    return rc;
}

/* --- a made-up request --- */

static const char *shield_word(const char *text)
{
    static const char *const levels[] = { "none", "location", "identity", "existence" };

    return text[0] >= '0' && text[0] <= '3' && !text[1] ? levels[text[0] - '0'] : text;
}

static int place(const struct officer_session *s, const struct domain *d, enum axis x,
                 const char *option, const char *word, struct cell *c)
{
    uint16_t at;

    if (!word)
        return officer_fail(s, EX_USAGE, "--%s is missing: which %s?", option, option);
    at = domain_find(d, x, word);
    if (at == POLICY_NONE) {
        (void)officer_fail(s, EX_DATAERR, "--%s: \"%.60s\" is not known", option, word);
        if (x >= AXIS_SUBJECT) {
            (void)fprintf(stderr, "it is one of:\n");
            for (uint16_t i = 0; i < d->axis[x].n; i++)
                (void)fprintf(stderr, "  %-18s %s\n", words_id(d, x, d->axis[x].codes[i]),
                              words_phrase(d, x, d->axis[x].codes[i]));
        }
        return EX_DATAERR;
    }
    c->at[x] = at;
    return 0;
}

static int day_of(const struct officer_session *s, int32_t *out)
{
    if (!s->args->at) {
        *out = civil_today(clock_wall_ms());
        return 0;
    }
    if (civil_parse(s->args->at, out))
        return officer_fail(s, EX_USAGE, "--at: \"%.20s\" is not a day: YYYY-MM-DD", s->args->at);
    return 0;
}

static int place_all(const struct officer_session *s, const struct domain *d, struct cell *c)
{
    const struct args *a = s->args;
    const struct {
        enum axis x;
        const char *option, *word;
    } facts[] = {
        { AXIS_AGENCY, "agency", a->agency },
        { AXIS_ROLE, "role", a->role },
        { AXIS_PURPOSE, "purpose", a->purpose },
        { AXIS_ASKED, "question", a->question },
        { AXIS_SUBJECT, "subject", a->subject ? a->subject : "person" },
        { AXIS_RELATION, "relationship", a->relationship ? a->relationship : "involved" },
        { AXIS_STATED, "stated", a->stated ? a->stated : "nothing" },
        { AXIS_RECORD, "shield", a->shield ? shield_word(a->shield) : "none" },
        { AXIS_CONSENT, "consent", a->consent ? a->consent : "none" },
        { AXIS_OVERRIDE, "override", a->override ? a->override : "none" },
    };
    int rc = 0;

    for (size_t i = 0; i < ALM_LEN(facts) && !rc; i++)
        rc = place(s, d, facts[i].x, facts[i].option, facts[i].word, c);
    return rc;
}

static int explain_made_up(struct officer_session *s)
{
    ALM_CLEANUP(compiled_deinit) struct compiled c = { .bundle = NULL };
    ALM_CLEANUP(domain_freep) struct domain *d = NULL;
    struct cell cell = { { 0 } };
    const char *unknown = NULL;
    int32_t day;
    int rc = day_of(s, &day);

    if (!rc)
        rc = policy_open_operand(s, 2, &c);
    if (rc)
        return rc;
    if (domain_new(c.bundle, NULL, NULL, &d, &unknown))
        return officer_fail(s, EX_OSERR, "short of memory");
    if (s->args->basis && bundle_gateway(c.bundle, s->args->basis) == POLICY_NONE)
        return officer_fail(s, EX_DATAERR, "--basis: \"%.60s\" is no gateway of the policy",
                            s->args->basis);
    d->basis = s->args->basis;
    cell.at[AXIS_DAY] = domain_set_day(d, day);
    rc = place_all(s, d, &cell);
    return rc ? rc : explain(s, d, &cell, c.hash, NULL);
}

/* --- a decision of the log --- */

static int keep_row(void *ctx, const json_t *row)
{
    json_t **kept = ctx;

    json_decref(*kept);
    *kept = json_deep_copy(row);
    return *kept ? 0 : EX_OSERR;
}

/* The situations that fall as the record has it: how many lines, which values each small axis has
 * in them, and the most usual cell. */
static size_t situations_of(const struct matrix *m, const struct recorded *r, json_t *may,
                            struct cell *usual)
{
    size_t n = 0;

    for (size_t i = 0; i < m->n; i++) {
        const struct line *l = &m->lines[i];

        if (!explain_fits(m, l, 0, r))
            continue;
        if (!n++)
            *usual = explain_usual(m, l);
        for (size_t a = AXIS_SUBJECT; a < AXIS_COUNT; a++)
            for (uint16_t v = 0; v < m->d->axis[a].n; v++)
                if (sets_has(&m->sets[a], l->set[a], v)) {
                    json_t *words = json_object_get(may, axis_names[a]);

                    if (!words) {
                        words = json_object();
                        (void)json_object_set_new(may, axis_names[a], words);
                    }
                    (void)json_object_set_new(
                        words, words_id(m->d, (enum axis)a, m->d->axis[a].codes[v]), json_true());
                }
    }
    return n;
}

static void print_situations(const struct domain *d, const json_t *may)
{
    (void)printf("The clear part of a leaf holds neither subject, relationship, consents nor "
                 "shields. What it records falls where these are:\n");
    for (size_t a = AXIS_SUBJECT; a < AXIS_COUNT; a++) {
        json_t *words = json_object_get(may, axis_names[a]), *v;
        const char *word, *between = "";

        (void)printf("  %-13s ", axis_names[a]);
        if (json_object_size(words) == d->axis[a].n)
            (void)printf("(any)");
        else
            json_object_foreach(words, word, v)
            {
                (void)printf("%s%s", between, word);
                between = ", ";
            }
        (void)putchar('\n');
    }
    (void)printf("One of them, in full:\n\n");
}

/* Refusals that follow from what was asked before, which no cell of the policy holds. */
static bool of_what_was_asked(const struct recorded *r)
{
    return !r->permitted && (r->reason == REASON_OVER_QUOTA || r->reason == REASON_DIFFERENCING);
}

static int explain_asked_before(const struct officer_session *s, const struct logged *l,
                                enum reason r)
{
    static const char why[] = "The request by itself would have been decided otherwise: it was refused for "
                              "what the same practitioner, agency or organisation had asked before. "
                              "The earlier requests are in the log: almoner audit list --agency";

    if (s->args->json) {
        json_t *o = json_pack("{s:b, s:I, s:s, s:s, s:s, s:s, s:s}", "ok", 1, "leaf",
                              (json_int_t)l->leaf, "policy", l->policy, "reason", reason_word(r),
                              "text", reason_text(r), "why", why, "way_forward",
                              reason_way_forward(r));

        print_json(o);
        json_decref(o);
        return 0;
    }
    (void)printf("leaf %lld, under policy %s\n%s: %s\n%s %s\nThe lawful way forward: %s\n",
                 (long long)l->leaf, l->policy, reason_word(r), reason_text(r), why, l->agency,
                 reason_way_forward(r));
    return 0;
}

static int explain_logged(struct officer_session *s, const struct logged *l)
{
    ALM_CLEANUP(compiled_deinit) struct compiled c = { .bundle = NULL };
    ALM_CLEANUP(domain_freep) struct domain *d = NULL;
    ALM_CLEANUP(matrix_freep) struct matrix *m = NULL;
    const char *unknown = NULL;
    struct recorded recorded;
    struct cell cell;
    json_t *may;
    int rc = policy_open(s, l->policy, &c);

    if (rc)
        return rc;
    rc = logged_domain(l, c.bundle, NULL, &d, &unknown);
    if (rc == 1)
        return officer_fail(s, EX_DATAERR, "leaf %lld: its %s is not in the policy of that day",
                            (long long)l->leaf, unknown);
    if (rc || matrix_new(d, NULL, NULL, &m))
        return officer_fail(s, EX_OSERR, "short of memory");
    logged_recorded(l, &recorded);
    if (of_what_was_asked(&recorded))
        return explain_asked_before(s, l, (enum reason)recorded.reason);
    may = json_object();
    if (!situations_of(m, &recorded, may, &cell)) {
        json_decref(may);
        return officer_fail(s, EX_DATAERR,
                            "leaf %lld says %s, which its policy comes to in no situation: the "
                            "record and the policy do not fit. Verify the log (almoner audit "
                            "verify)",
                            (long long)l->leaf, l->permitted ? "permitted" : l->reason);
    }
    if (!s->args->json) {
        (void)printf("leaf %lld, under policy %s\n", (long long)l->leaf, l->policy);
        print_situations(d, may);
    }
    return explain(s, d, &cell, c.hash, may);
}

static int explain_leaf(struct officer_session *s)
{
    json_t *row = NULL;
    struct logged l;
    int rc;

    if (s->args->active || s->args->n_operands > 2)
        return officer_fail(s, EX_USAGE,
                            "a leaf names its own policy: give no PATH and no "
                            "--active with --leaf");
    rc = audit_read(s, json_pack("{s:s, s:I}", "read", "show", "leaf", (json_int_t)s->args->leaf),
                    0, keep_row, &row, NULL);
    if (!rc && (!row || logged_read(row, &l)))
        rc = officer_fail(s, EX_DATAERR,
                          "leaf %lld records no decision on a request; \"almoner audit show %lld\" "
                          "shows what it is",
                          (long long)s->args->leaf, (long long)s->args->leaf);
    json_decref(row);
    return rc ? rc : explain_logged(s, &l);
}

int command_policy_explain(struct officer_session *s)
{
    return s->args->leaf >= 0 ? explain_leaf(s) : explain_made_up(s);
}
