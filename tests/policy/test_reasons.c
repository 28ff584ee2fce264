/* SPDX-License-Identifier: Apache-2.0 */
/* test_reasons.c - each reason code can be reached through policy_decide(), is told as promised,
 * and is documented in policy/REASONS.md as reason.c has it. */
#include "base/file.h"
#include "fixture.h"
#include <stdio.h>
#include <string.h>

static void plan(struct fixture *x)
{
    ask(x, "school", "protect", "plan");
}
static void help(struct fixture *x)
{
    ask(x, "school", "help", "incident");
}
static void outside(struct fixture *x)
{
    ask(x, "school", "shopping", "plan");
}
static void too_early(struct fixture *x)
{
    plan(x);
    x->f.day = on("2019-12-31");
}
static void stranger(struct fixture *x)
{
    ask(x, "outsider", "protect", "plan");
}
static void volunteer(struct fixture *x)
{
    plan(x);
    x->f.role = bundle_role(x->b, "volunteer");
}
static void unlisted(struct fixture *x)
{
    ask(x, "school", "task", "plan");
}
static void unrelated(struct fixture *x)
{
    help(x);
    grant(x);
    x->f.relation = FACT_RELATION_NONE;
}
static void others_referral(struct fixture *x)
{
    ask(x, "council", "monitor", "referral-state");
    x->f.referral_party = 2;
}
static void refused(struct fixture *x)
{
    help(x);
    refusal(x);
}
static void withdrawn(struct fixture *x)
{
    help(x);
    grant(x)->withdrawn_on = x->f.day;
}
static void expired(struct fixture *x)
{
    help(x);
    grant(x)->expires_on = x->f.day - 1;
}
static void unable(struct fixture *x)
{
    help(x);
    grant(x)->capacity = FACT_CAPACITY_CARER_WITHOUT_PR;
}
static void for_others(struct fixture *x)
{
    help(x);
    grant(x)->recipients = set_of(x, "council");
}
static void unnamed(struct fixture *x)
{
    ask(x, "school", "help", "minds-current");
    grant(x);
}
static void shielded_home(struct fixture *x)
{
    ask(x, "school", "order", "lives-at");
    shield(x, 1);
}
static void shielded_identity(struct fixture *x)
{
    plan(x);
    shield(x, 2);
}
static void shielded_existence(struct fixture *x)
{
    plan(x);
    shield(x, 3);
}
static void conflicting(struct fixture *x)
{
    help(x);
    grant(x);
    refusal(x)->match = FACT_CONFLICT;
}
static void near_somebody_shielded(struct fixture *x)
{
    plan(x);
    shield(x, 3)->match = FACT_CONFLICT;
}
static void suspended_agency(struct fixture *x)
{
    plan(x);
    x->f.agency_standing = false;
}
static void suspended_practitioner(struct fixture *x)
{
    plan(x);
    x->f.practitioner_standing = false;
}
static void unlisted_basis(struct fixture *x)
{
    plan(x);
    x->f.basis_given = true;
    x->f.basis = bundle_gateway(x->b, "policing");
}
static void unstated(struct fixture *x)
{
    ask(x, "school", "task", "incident");
}
static void unread(struct fixture *x)
{
    plan(x);
    x->f.incomplete = true;
}
static void too_often(struct fixture *x)
{
    plan(x);
    x->f.over_quota = true;
}
static void no_bundle(struct fixture *x)
{
    plan(x);
    x->f.agency = POLICY_NONE;
}

/* By word, in the order of the enum. reach NULL: reached elsewhere or not at all, and where. */
static const struct {
    const char *word;
    void (*reach)(struct fixture *x);
    enum telling telling;
    const char *elsewhere;
} reasons[] = {
    { "deny", NULL, TELL_REASON, "an all-zero decision, before any rule was looked at" },
    { "permitted", plan, 0, NULL },
    { "purpose-outside-protocol", outside, TELL_REASON, NULL },
    { "protocol-not-in-force", too_early, TELL_REASON, NULL },
    { "not-a-party", stranger, TELL_REASON, NULL },
    { "role-not-permitted", volunteer, TELL_REASON, NULL },
    { "question-not-permitted", unlisted, TELL_REASON, NULL },
    { "no-relationship", unrelated, TELL_REASON, NULL },
    { "not-referral-party", others_referral, TELL_REASON, NULL },
    { "no-consent", help, TELL_NO_CONSENT_LINE, NULL },
    { "consent-refused", refused, TELL_NO_CONSENT_LINE, NULL },
    { "consent-withdrawn", withdrawn, TELL_NO_CONSENT_LINE, NULL },
    { "consent-expired", expired, TELL_NO_CONSENT_LINE, NULL },
    { "consent-invalid", unable, TELL_NO_CONSENT_LINE, NULL },
    { "consent-scope", for_others, TELL_NO_CONSENT_LINE, NULL },
    { "sensitive-service", unnamed, TELL_NO_CONSENT_LINE, NULL },
    { "shielded-address", shielded_home, TELL_HIDDEN, NULL },
    { "shielded-identity", shielded_identity, TELL_HIDDEN, NULL },
    { "shielded-existence", shielded_existence, TELL_HIDDEN, NULL },
    { "match-conflict", conflicting, TELL_HIDDEN, NULL },
    { "agency-suspended", suspended_agency, TELL_REASON, NULL },
    { "practitioner-suspended", suspended_practitioner, TELL_REASON, NULL },
    { "basis-not-listed", unlisted_basis, TELL_REASON, NULL },
    { "gateway-not-in-force", unstated, TELL_REASON, NULL },
    { "facts-incomplete", unread, TELL_HIDDEN, NULL },
    { "no-policy", no_bundle, TELL_REASON, NULL },
    { "too-few-contributors", NULL, TELL_REASON, "composite questions: test_composite.c" },
    { "differencing", NULL, TELL_REASON, "composite questions: test_composite.c" },
    { "over-quota", too_often, TELL_REASON, NULL },
    { "near-shielded", near_somebody_shielded, TELL_HIDDEN, NULL },
};

static void every_reason_is_reached_or_says_why_not(void **state)
{
    struct fixture *x = *state;

    for (unsigned r = 0; r < REASON_COUNT; r++) {
        if (r >= ALM_LEN(reasons))
            fail_msg("%s is in no table: reach it here", reason_word((enum reason)r));
        assert_string_equal(reason_word((enum reason)r), reasons[r].word);
        assert_true((reasons[r].reach == NULL) != (reasons[r].elsewhere == NULL));
        if (!reasons[r].reach)
            continue;
        reasons[r].reach(x);
        memset(&x->d, 0xa5, sizeof(x->d));
        policy_decide(reasons[r].reach == no_bundle ? NULL : x->b, &x->f, &x->d);
        assert_string_equal(reason_word((enum reason)x->d.reason), reasons[r].word);
        assert_int_equal(x->d.outcome, r == REASON_NONE ? OUTCOME_PERMIT : OUTCOME_REFUSE);
        assert_int_equal(x->d.telling, reasons[r].telling);
        assert_int_equal(x->d.n_holders > 0, r == REASON_NONE || x->d.telling == TELL_HIDDEN);
        assert_int_equal(x->d.basis != 0, r == REASON_NONE);
    }
}

static void the_table_tells_each_reason_as_the_engine_does(void **state)
{
    (void)state;
    for (unsigned r = 0; r < REASON_COUNT && r < ALM_LEN(reasons); r++)
        assert_int_equal(reason_telling((enum reason)r),
                         r == REASON_NONE ? TELL_REASON : reasons[r].telling);
}

static void a_word_leads_back_to_its_reason_and_no_other_word_does(void **state)
{
    (void)state;
    for (unsigned r = 0; r < REASON_COUNT; r++)
        assert_int_equal(reason_from_word(reason_word((enum reason)r)), r);
    assert_int_equal(reason_from_word("no-such-reason"), REASON_DENY);
    assert_int_equal(reason_from_word(""), REASON_DENY);
    assert_int_equal(reason_from_word(NULL), REASON_DENY);
}

static void an_unknown_number_reads_as_a_refusal(void **state)
{
    static const unsigned numbers[] = { REASON_COUNT, REASON_COUNT + 1, 255, 100000 };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(numbers); i++) {
        assert_string_equal(reason_word((enum reason)numbers[i]), "deny");
        assert_string_equal(reason_text((enum reason)numbers[i]), reason_text(REASON_DENY));
        assert_string_equal(reason_way_forward((enum reason)numbers[i]),
                            reason_way_forward(REASON_DENY));
        assert_int_equal(reason_telling((enum reason)numbers[i]), TELL_REASON);
    }
}

static void each_reason_is_documented_as_the_engine_has_it(void **state)
{
    static const char *const told[] = { "", "as itself", "as the one line on consent",
                                        "never: \"cannot say\"" };
    ALM_CLEANUP(buf_deinit) struct buf page = { 0 };
    unsigned missing = 0;

    (void)state;
    buf_init(&page, 1 << 20);
    assert_int_equal(file_read(ALM_RULES "/../REASONS.md", 1 << 20, &page), 0);
    buf_put_u8(&page, 0);
    for (unsigned i = 0; i < REASON_COUNT; i++) {
        enum reason r = (enum reason)i;
        const char *way = *reason_way_forward(r) ? reason_way_forward(r) : "-";
        char row[2048];

        snprintf(row, sizeof(row), "| `%s` | %s | %s | %s |\n", reason_word(r),
                 told[reason_telling(r)], reason_text(r), way);
        if (!strstr((const char *)page.data, row)) {
            print_message("# policy/REASONS.md lacks the row: %s", row);
            missing++;
        }
    }
    assert_int_equal(missing, 0);
}

static int verdict_of(const struct fixture *x, const char *text)
{
    for (uint16_t i = 0; i < x->d.n_clauses; i++)
        if (strcmp(clause_text(x->d.clauses[i].rule), text) == 0)
            return x->d.clauses[i].result;
    return -1;
}

/* What explain shows of what is hidden. */
static void a_shield_fails_its_clause_and_one_that_may_be_anothers_cannot_tell(void **state)
{
    static const char shields[] = "no shield hides this from the purpose";
    static const char conflicts[] = "no record that may or may not be this person's stands against "
                                    "it";
    struct fixture *x = *state;

    plan(x);
    decide(x);
    assert_int_equal(verdict_of(x, shields), 1);
    assert_int_equal(verdict_of(x, conflicts), 1);
    shield(x, 3);
    decide(x);
    assert_int_equal(verdict_of(x, shields), 0);
    x->shields[0].match = FACT_CONFLICT;
    decide(x);
    assert_int_equal(verdict_of(x, shields), 2);
    conflicting(x);
    decide(x);
    assert_int_equal(verdict_of(x, shields), 1);
    assert_int_equal(verdict_of(x, conflicts), 2);
}

static void clauses_have_texts_and_unknown_ones_say_so(void **state)
{
    (void)state;
    assert_string_equal(clause_text(0), "unknown clause");
    assert_string_equal(clause_text(1), "the asking agency is enrolled and not suspended");
    assert_string_equal(clause_text(1000), "unknown clause");
    assert_string_equal(clause_text(UINT16_MAX), "unknown clause");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_reason_is_reached_or_says_why_not),
        cmocka_unit_test(the_table_tells_each_reason_as_the_engine_does),
        cmocka_unit_test(a_word_leads_back_to_its_reason_and_no_other_word_does),
        cmocka_unit_test(an_unknown_number_reads_as_a_refusal),
        cmocka_unit_test(each_reason_is_documented_as_the_engine_has_it),
        cmocka_unit_test(a_shield_fails_its_clause_and_one_that_may_be_anothers_cannot_tell),
        cmocka_unit_test(clauses_have_texts_and_unknown_ones_say_so),
    };

    return cmocka_run_group_tests_name("reasons", tests, fixture_new, fixture_free);
}
