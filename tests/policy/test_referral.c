/* SPDX-License-Identifier: Apache-2.0 */
/* test_referral.c - a referral's life: the table as documented, every move of every party from
 * every state, what falls due, what is shown on a day; and who may refer to whom
 * (tests/policy/small.policy). */
#include "fixture.h"

#include "engine/referral.h"

#include <stdio.h>
#include <string.h>

static const struct policy_referral_rules rules = {
    .made = { 0, 1, 3, 4, 24, 56 },
    .decide_days = 28,
    .info_days = 14,
    .feedback_days = 10,
    .expire_days = 100,
    .decide_role = "social-worker",
};

/* --- the document --- */

static void put_list(char *out, size_t size, const char *word)
{
    size_t n = strlen(out);

    (void)snprintf(out + n, size - n, "%s%s", n ? ", " : "", word);
}

static const char *parties(uint8_t bits)
{
    static char out[64];

    out[0] = '\0';
    if (bits & LIFE_BY_SENDER)
        put_list(out, sizeof(out), "sender");
    if (bits & LIFE_BY_RECEIVER)
        put_list(out, sizeof(out), "receiver");
    if (bits & LIFE_BY_BROKER)
        put_list(out, sizeof(out), "broker");
    return out;
}

static const char *needs(uint8_t bits)
{
    static char out[64];

    out[0] = '\0';
    if (bits & LIFE_NEEDS_REASON)
        put_list(out, sizeof(out), "reason");
    if (bits & LIFE_NEEDS_KIND)
        put_list(out, sizeof(out), "kind");
    if (bits & LIFE_NEEDS_REDIRECT)
        put_list(out, sizeof(out), "agency");
    if (bits & LIFE_NEEDS_OUTCOME)
        put_list(out, sizeof(out), "outcome");
    return out;
}

static const char *due(uint8_t d)
{
    static const char *const words[] = { "nothing", "decision", "information", "feedback",
                                         "as before" };

    return words[d];
}

static void row_of(const struct life_rule *r, char *out, size_t size)
{
    char from[256] = "", by[64], tell[64];

    for (uint8_t s = 1; s < LIFE_STATES; s++)
        if (r->from >> s & 1)
            put_list(from, sizeof(from), life_state_word(s));
    (void)snprintf(by, sizeof(by), "%s", parties(r->by));
    (void)snprintf(tell, sizeof(tell), "%s", parties(r->tell));
    (void)snprintf(out, size, "| %s | %s | %s | %s | %s | %s | %s |\n", life_step_word(r->step), by,
                   from, r->to ? life_state_word(r->to) : "the same", needs(r->needs), due(r->due),
                   tell);
}

static void the_documented_table_is_the_codes(void **state)
{
    const struct life_rule *table;
    size_t n = life_rules(&table), at = 0;
    char line[1024], row[1024];
    bool inside = false;
    FILE *f = fopen(ALM_REFERRALS_DOC, "r");

    (void)state;
    assert_non_null(f);
    while (fgets(line, sizeof(line), f)) {
        if (!strncmp(line, "| step ", 7))
            inside = true;
        else if (inside && line[0] != '|')
            inside = false;
        else if (inside && strncmp(line, "|---", 4) != 0) {
            assert_true(at < n);
            row_of(&table[at++], row, sizeof(row));
            assert_string_equal(line, row);
        }
    }
    (void)fclose(f);
    assert_int_equal(at, n);
}

static void every_state_step_kind_and_refusal_has_a_word_of_its_own(void **state)
{
    (void)state;
    for (uint8_t i = 1; i < LIFE_STATES; i++) {
        assert_string_not_equal(life_state_word(i), "");
        for (uint8_t j = 1; j < i; j++)
            assert_string_not_equal(life_state_word(i), life_state_word(j));
    }
    for (uint8_t i = 1; i < LIFE_STEPS; i++)
        assert_string_not_equal(life_step_word(i), "");
    for (uint8_t i = 1; i <= REFERRAL_KINDS; i++)
        assert_string_not_equal(life_kind_word(i), "");
    for (unsigned i = 0; i < 6; i++)
        assert_string_not_equal(life_made_word((uint16_t)(1u << i)), "");
    assert_string_equal(life_made_word(3), "");
    assert_string_equal(life_state_word(0), "");
    assert_string_equal(life_state_word(UINT8_MAX), "");
    assert_string_equal(life_step_word(UINT8_MAX), "");
    assert_string_equal(life_kind_word(7), "");
    for (int i = LIFE_NOT_FROM_HERE; i <= LIFE_BAD_DAY; i++)
        assert_string_not_equal(life_refusal_word((enum life_refusal)i), "");
}

/* --- moves --- */

static struct life life_in(uint8_t state)
{
    return (struct life){ .state = state,
                          .kind = LIFE_BOOKED,
                          .due = LIFE_DUE_DECISION,
                          .sent_on = 100,
                          .since = 100,
                          .last_on = 100,
                          .due_on = 128 };
}

static struct life_move move_of(uint8_t step, uint8_t by)
{
    return (struct life_move){ .step = step,
                               .by = by,
                               .on = 105,
                               .reason = true,
                               .outcome = true,
                               .redirect = true,
                               .kind = LIFE_SOFT };
}

static const struct life_rule *listed(uint8_t from, uint8_t step)
{
    const struct life_rule *table;
    size_t n = life_rules(&table);

    for (size_t i = 0; i < n; i++)
        if (table[i].step == step && table[i].from >> from & 1)
            return &table[i];
    return NULL;
}

static void only_what_the_table_lists_moves_a_referral(void **state)
{
    static const uint8_t by[] = { LIFE_BY_SENDER, LIFE_BY_RECEIVER, LIFE_BY_BROKER };

    (void)state;
    for (unsigned s = 0; s <= LIFE_STATES; s++)
        for (unsigned step = 0; step <= LIFE_STEPS; step++)
            for (size_t p = 0; p < ALM_LEN(by); p++) {
                const struct life_rule *r =
                    s < LIFE_STATES ? listed((uint8_t)s, (uint8_t)step) : NULL;
                struct life now = life_in((uint8_t)s), out = now;
                struct life_move m = move_of((uint8_t)step, by[p]);
                uint8_t tell = 0;
                int e = referral_next(&rules, &now, &m, &out, &tell);

                if (!r) {
                    assert_int_equal(e, LIFE_NOT_FROM_HERE);
                } else if (!(r->by & by[p])) {
                    assert_int_equal(e, LIFE_NOT_BY_THIS_PARTY);
                } else {
                    assert_int_equal(e, 0);
                    assert_int_equal(out.state, r->to ? r->to : s);
                    assert_int_equal(tell & by[p], 0); /* nobody is told of their own step */
                }
                if (e)
                    assert_memory_equal(&out, &now, sizeof(now));
            }
}

static void an_ended_referral_never_opens_again(void **state)
{
    (void)state;
    for (uint8_t s = 1; s < LIFE_STATES; s++)
        for (uint8_t step = 1; step < LIFE_STEPS; step++) {
            const struct life_rule *r = listed(s, step);

            if (r && !life_open(s) && s != LIFE_REDIRECTED)
                assert_true(r->to == 0 || !life_open(r->to));
        }
}

static void every_open_state_can_be_closed_withdrawn_revoked_and_expire(void **state)
{
    (void)state;
    for (uint8_t s = 1; s < LIFE_STATES; s++) {
        if (!life_open(s))
            continue;
        assert_non_null(listed(s, LIFE_STEP_CLOSED));
        assert_non_null(listed(s, LIFE_STEP_WITHDRAWN));
        assert_non_null(listed(s, LIFE_STEP_REVOKED));
        assert_non_null(listed(s, LIFE_STEP_EXPIRED));
    }
}

static void a_step_without_what_it_must_carry_is_refused(void **state)
{
    struct life now = life_in(LIFE_SENT), out;
    struct life_move m;
    uint8_t tell;

    (void)state;
    m = move_of(LIFE_STEP_REJECTED, LIFE_BY_RECEIVER);
    m.reason = false;
    assert_int_equal(referral_next(&rules, &now, &m, &out, &tell), LIFE_NO_REASON);
    m = move_of(LIFE_STEP_REDIRECTED, LIFE_BY_RECEIVER);
    m.redirect = false;
    assert_int_equal(referral_next(&rules, &now, &m, &out, &tell), LIFE_NO_REDIRECT);
    m = move_of(LIFE_STEP_CLOSED, LIFE_BY_RECEIVER);
    m.outcome = false;
    assert_int_equal(referral_next(&rules, &now, &m, &out, &tell), LIFE_NO_OUTCOME);
    m = move_of(LIFE_STEP_REVOKED, LIFE_BY_SENDER);
    m.reason = false;
    assert_int_equal(referral_next(&rules, &now, &m, &out, &tell), LIFE_NO_REASON);
    m = move_of(LIFE_STEP_DOWNGRADED, LIFE_BY_RECEIVER);
    for (unsigned k = 0; k <= 7; k++) {
        m.kind = (uint8_t)k;
        assert_int_equal(referral_next(&rules, &now, &m, &out, &tell),
                         k == 0 || k >= LIFE_BOOKED ? LIFE_NO_KIND : 0);
    }
}

static void a_step_that_needs_nothing_asks_for_nothing(void **state)
{
    static const uint8_t steps[] = { LIFE_STEP_RECEIVED, LIFE_STEP_ACCEPTED, LIFE_STEP_MORE_INFO,
                                     LIFE_STEP_DELIVERING };
    struct life_move m = { .by = LIFE_BY_RECEIVER, .on = 105 };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(steps); i++) {
        struct life now = life_in(LIFE_SENT), out;
        uint8_t tell;

        m.step = steps[i];
        assert_int_equal(referral_next(&rules, &now, &m, &out, &tell), 0);
        assert_int_equal(out.kind, now.kind);
    }
}

static void silence_counts_from_the_latest_step_whatever_the_order_they_come_in(void **state)
{
    struct life l = life_in(LIFE_SENT);
    struct life_move m = move_of(LIFE_STEP_ACCEPTED, LIFE_BY_RECEIVER);
    uint8_t tell;

    (void)state;
    m.on = 150;
    assert_int_equal(referral_next(&rules, &l, &m, &l, &tell), 0);
    assert_int_equal(l.last_on, 150);
    m = move_of(LIFE_STEP_ASSESSMENT, LIFE_BY_RECEIVER);
    m.on = 140; /* dated back */
    assert_int_equal(referral_next(&rules, &l, &m, &l, &tell), 0);
    assert_int_equal(l.since, 140);
    assert_int_equal(l.last_on, 150);
    m.on = 150; /* the same state again keeps its day */
    assert_int_equal(referral_next(&rules, &l, &m, &l, &tell), 0);
    assert_int_equal(l.since, 140);
}

static void a_step_dated_before_the_referral_was_sent_is_refused(void **state)
{
    struct life now = life_in(LIFE_SENT), out;
    struct life_move m = move_of(LIFE_STEP_ACCEPTED, LIFE_BY_RECEIVER);
    uint8_t tell;

    (void)state;
    m.on = 99;
    assert_int_equal(referral_next(&rules, &now, &m, &out, &tell), LIFE_BAD_DAY);
    m.on = POLICY_DAY_NONE;
    assert_int_equal(referral_next(&rules, &now, &m, &out, &tell), LIFE_BAD_DAY);
    m.on = 100;
    assert_int_equal(referral_next(&rules, &now, &m, &out, &tell), 0);
}

static void what_falls_due_counts_from_the_day_of_the_step(void **state)
{
    struct life l, out;
    struct life_move m;
    uint8_t tell;

    (void)state;
    referral_begin(&rules, LIFE_SOFT, 100, &l);
    assert_int_equal(l.due, LIFE_DUE_DECISION);
    assert_int_equal(l.due_on, 128);
    m = move_of(LIFE_STEP_RECEIVED, LIFE_BY_RECEIVER);
    assert_int_equal(referral_next(&rules, &l, &m, &l, &tell), 0);
    assert_int_equal(l.due_on, 128); /* to have received it wins no time */
    assert_int_equal(l.since, 105);
    m = move_of(LIFE_STEP_MORE_INFO, LIFE_BY_RECEIVER);
    assert_int_equal(referral_next(&rules, &l, &m, &l, &tell), 0);
    assert_int_equal(l.due, LIFE_DUE_INFO);
    assert_int_equal(l.due_on, 119);
    m = move_of(LIFE_STEP_INFO_GIVEN, LIFE_BY_SENDER);
    m.on = 110;
    assert_int_equal(referral_next(&rules, &l, &m, &l, &tell), 0);
    assert_int_equal(l.state, LIFE_RECEIVED);
    assert_int_equal(l.due_on, 138);
    m = move_of(LIFE_STEP_ACCEPTED, LIFE_BY_RECEIVER);
    assert_int_equal(referral_next(&rules, &l, &m, &out, &tell), 0);
    assert_int_equal(out.due, LIFE_DUE_NOTHING);
    assert_int_equal(out.due_on, POLICY_DAY_NONE);
    assert_int_equal(tell, LIFE_BY_SENDER);
    m = move_of(LIFE_STEP_REJECTED, LIFE_BY_RECEIVER);
    m.on = 120;
    assert_int_equal(referral_next(&rules, &l, &m, &l, &tell), 0);
    assert_int_equal(l.due, LIFE_DUE_FEEDBACK);
    assert_int_equal(l.due_on, 130);
    m = move_of(LIFE_STEP_FEEDBACK, LIFE_BY_RECEIVER);
    assert_int_equal(referral_next(&rules, &l, &m, &l, &tell), 0);
    assert_int_equal(l.state, LIFE_REJECTED);
    assert_int_equal(l.due, LIFE_DUE_NOTHING);
}

static void a_policy_without_days_asks_for_nothing(void **state)
{
    static const struct policy_referral_rules none = { .decide_days = 0 };
    struct life l;

    (void)state;
    referral_begin(&none, LIFE_SOFT, 100, &l);
    assert_int_equal(l.due, LIFE_DUE_NOTHING);
    assert_int_equal(referral_shown(&none, &l, 100000), LIFE_SENT);
    referral_begin(&rules, LIFE_SOFT, INT32_MAX - 3, &l);
    assert_false(referral_late(&l, INT32_MAX));
}

static void the_state_on_a_day_is_the_data_readmes(void **state)
{
    static const uint8_t undecided[] = { LIFE_SENT, LIFE_RECEIVED };
    struct life l = life_in(LIFE_SENT);

    (void)state;
    assert_int_equal(referral_shown(&rules, &l, 99), LIFE_NONE);  /* before it was sent */
    assert_int_equal(referral_shown(&rules, &l, 128), LIFE_SENT); /* "sent" for 28 days */
    assert_int_equal(referral_shown(&rules, &l, 129), LIFE_OVERDUE);
    for (size_t i = 0; i < ALM_LEN(undecided); i++) {
        l.state = undecided[i];
        assert_int_equal(referral_shown(&rules, &l, 150), LIFE_OVERDUE);
    }
    l.state = LIFE_MORE_INFO;
    l.due = LIFE_DUE_INFO;
    assert_int_equal(referral_shown(&rules, &l, 150), LIFE_MORE_INFO);
    l.state = LIFE_REJECTED;
    l.due = LIFE_DUE_FEEDBACK;
    assert_int_equal(referral_shown(&rules, &l, 190),
                     LIFE_REJECTED); /* late feedback is no state */
    assert_true(referral_late(&l, 190));
}

static void an_open_referral_expires_after_silence_and_a_closed_one_never(void **state)
{
    (void)state;
    for (uint8_t s = LIFE_SENT; s < LIFE_STATES; s++) {
        struct life l = life_in(s);

        if (s == LIFE_OVERDUE)
            continue;
        l.last_on = 150;
        assert_int_equal(referral_shown(&rules, &l, 250) == LIFE_EXPIRED, s == LIFE_EXPIRED);
        assert_int_equal(referral_shown(&rules, &l, 251) == LIFE_EXPIRED,
                         life_open(s) || s == LIFE_EXPIRED);
    }
}

static void each_kind_says_what_is_missing(void **state)
{
    (void)state;
    assert_int_equal(referral_missing(&rules, LIFE_SIGNPOSTING, 0), 0);
    assert_int_equal(referral_missing(&rules, LIFE_APPLICATION, LIFE_MADE_ELIGIBILITY_CHECKED),
                     LIFE_MADE_FORM_VERIFIED);
    assert_int_equal(referral_missing(&rules, LIFE_BOOKED, 63), 0);
    assert_int_equal(referral_missing(&rules, LIFE_BOOKED, 31), LIFE_MADE_SLOT_AGREED);
    assert_int_not_equal(referral_missing(&rules, 0, 63), 0);
    assert_int_not_equal(referral_missing(&rules, 7, 63), 0);
}

/* --- who may refer to whom --- */

static void refer(struct fixture *x, const char *to)
{
    bool party;

    referral_decide(x->b, &x->f, agency(x, to), &x->d, &party);
}

static void expect(struct fixture *x, const char *to, enum reason reason)
{
    refer(x, to);
    if (reason == REASON_NONE)
        assert_int_equal(x->d.outcome, OUTCOME_PERMIT);
    else
        assert_int_equal(x->d.outcome, OUTCOME_REFUSE);
    assert_int_equal(x->d.reason, reason);
}

static void whoever_is_a_party_may_refer_to_whoever_answers(void **state)
{
    struct fixture *x = *state;
    bool party;

    ask(x, "school", "protect", "");
    expect(x, "council", REASON_NONE);
    assert_string_equal(x->d.rule, "protect/refer");
    expect(x, "council-team", REASON_NONE);      /* its organisation's place */
    expect(x, "police-dau", REASON_NOT_A_PARTY); /* a party that does not answer */
    expect(x, "outsider", REASON_NOT_A_PARTY);
    referral_decide(x->b, &x->f, POLICY_NONE, &x->d, &party);
    assert_int_equal(x->d.reason, REASON_NOT_A_PARTY);
    assert_false(party);
    ask(x, "outsider", "protect", "");
    referral_decide(x->b, &x->f, agency(x, "council"), &x->d, &party);
    assert_int_equal(x->d.reason, REASON_NOT_A_PARTY);
    assert_true(party);
    ask(x, "surgery", "protect", ""); /* it may not ask; it may refer */
    expect(x, "council", REASON_NONE);
}

static void refer_without_policy(struct fixture *x)
{
    uint16_t council = agency(x, "council");
    bool party;

    referral_decide(NULL, &x->f, council, &x->d, &party);
    assert_int_equal(x->d.outcome, OUTCOME_REFUSE);
    assert_int_equal(x->d.reason, REASON_NO_POLICY);
}

static void a_referral_passes_the_gates_that_a_question_passes(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "protect", "");
    x->f.agency_standing = false;
    expect(x, "council", REASON_AGENCY_SUSPENDED);
    ask(x, "school", "protect", "");
    x->f.practitioner_standing = false;
    expect(x, "council", REASON_PRACTITIONER_SUSPENDED);
    ask(x, "school", "protect", "");
    x->f.purpose = POLICY_NONE;
    expect(x, "council", REASON_PURPOSE_OUTSIDE_PROTOCOL);
    ask(x, "school", "protect", "");
    x->f.role = bundle_role(x->b, "volunteer");
    expect(x, "council", REASON_ROLE_NOT_PERMITTED);
    ask(x, "school", "protect", "");
    x->f.day = on("2027-01-01");
    expect(x, "council", REASON_PROTOCOL_NOT_IN_FORCE);
    ask(x, "school", "task", ""); /* its power asks for a statement */
    expect(x, "council", REASON_GATEWAY_NOT_IN_FORCE);
    ask(x, "school", "protect", "");
    x->f.relation = FACT_RELATION_NONE; /* it is the sender's own to send */
    expect(x, "council", REASON_NONE);
    refer_without_policy(x);
}

static void a_consent_must_cover_receiver_and_sender(void **state)
{
    struct fixture *x = *state;
    struct consent_fact *k;

    ask(x, "school", "help", "");
    expect(x, "council", REASON_NO_CONSENT);
    k = grant(x);
    expect(x, "council", REASON_NONE);
    k->recipients = set_of(x, "school");
    expect(x, "council", REASON_CONSENT_SCOPE); /* given to the sender, not to the receiver */
    k->recipients = set_of(x, "council");
    expect(x, "council", REASON_NONE);
    expect(x, "council-team", REASON_NONE);
    k->sources = set_of(x, "surgery");
    expect(x, "council", REASON_CONSENT_SCOPE); /* not from the sender */
    k->sources = set_of(x, "school surgery");
    expect(x, "council", REASON_NONE);
    k->withdrawn_on = x->f.day;
    expect(x, "council", REASON_CONSENT_WITHDRAWN);
    assert_int_equal(x->d.telling, TELL_NO_CONSENT_LINE);
}

static void a_sensitive_sender_needs_its_own_name_in_the_consent(void **state)
{
    struct fixture *x = *state;
    struct consent_fact *k;

    ask(x, "minds", "help", "");
    k = grant(x);
    expect(x, "council", REASON_SENSITIVE_SERVICE);
    k->sensitive_sources = set_of(x, "minds");
    expect(x, "council", REASON_NONE);
    ask(x, "minds", "protect", ""); /* a purpose without consent: the sender's own decision */
    expect(x, "council", REASON_NONE);
}

static void the_subjects_refusal_stops_it_whoever_granted(void **state)
{
    struct fixture *x = *state;
    struct consent_fact *k;

    ask(x, "school", "help", "");
    (void)grant(x);
    k = refusal(x);
    k->sources = set_of(x, "school");
    expect(x, "council", REASON_CONSENT_REFUSED);
    k->sources = set_of(x, "surgery");
    expect(x, "council", REASON_NONE);
    k->sources = set_of(x, "school");
    k->match = FACT_CONFLICT;
    refer(x, "council");
    assert_int_equal(x->d.reason, REASON_MATCH_CONFLICT);
    assert_int_equal(x->d.telling, TELL_HIDDEN);
}

static void a_household_is_referred_without_consent_alone(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "protect", "");
    x->f.subject_kind = FACT_HOUSEHOLD;
    expect(x, "council", REASON_NONE);
    ask(x, "school", "help", "");
    x->f.subject_kind = FACT_HOUSEHOLD;
    expect(x, "council", REASON_QUESTION_NOT_PERMITTED);
    ask(x, "school", "protect", "");
    x->f.subject_kind = 9;
    expect(x, "council", REASON_QUESTION_NOT_PERMITTED);
}

static void a_shield_hides_and_an_address_alone_does_not(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "order", "");
    (void)shield(x, 1);
    expect(x, "council", REASON_NONE);
    ask(x, "school", "order", "");
    (void)shield(x, 2);
    expect(x, "council", REASON_SHIELDED_IDENTITY);
    assert_int_equal(x->d.telling, TELL_HIDDEN);
    ask(x, "school", "help", ""); /* behind a refusal that is told, it is told as that */
    (void)shield(x, 3);
    refer(x, "council");
    assert_int_equal(x->d.reason, REASON_SHIELDED_EXISTENCE);
    assert_int_equal(x->d.telling, TELL_NO_CONSENT_LINE);
}

static void facts_that_are_not_whole_hide(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "protect", "");
    x->f.incomplete = true;
    refer(x, "council");
    assert_int_equal(x->d.outcome, OUTCOME_REFUSE);
    assert_int_equal(x->d.telling, TELL_HIDDEN);
}

int main(void)
{
#define WITH(f) cmocka_unit_test_setup_teardown(f, fixture_new, fixture_free)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_documented_table_is_the_codes),
        cmocka_unit_test(every_state_step_kind_and_refusal_has_a_word_of_its_own),
        cmocka_unit_test(only_what_the_table_lists_moves_a_referral),
        cmocka_unit_test(an_ended_referral_never_opens_again),
        cmocka_unit_test(every_open_state_can_be_closed_withdrawn_revoked_and_expire),
        cmocka_unit_test(a_step_without_what_it_must_carry_is_refused),
        cmocka_unit_test(a_step_that_needs_nothing_asks_for_nothing),
        cmocka_unit_test(silence_counts_from_the_latest_step_whatever_the_order_they_come_in),
        cmocka_unit_test(a_step_dated_before_the_referral_was_sent_is_refused),
        cmocka_unit_test(what_falls_due_counts_from_the_day_of_the_step),
        cmocka_unit_test(a_policy_without_days_asks_for_nothing),
        cmocka_unit_test(the_state_on_a_day_is_the_data_readmes),
        cmocka_unit_test(an_open_referral_expires_after_silence_and_a_closed_one_never),
        cmocka_unit_test(each_kind_says_what_is_missing),
        WITH(whoever_is_a_party_may_refer_to_whoever_answers),
        WITH(a_referral_passes_the_gates_that_a_question_passes),
        WITH(a_consent_must_cover_receiver_and_sender),
        WITH(a_sensitive_sender_needs_its_own_name_in_the_consent),
        WITH(the_subjects_refusal_stops_it_whoever_granted),
        WITH(a_household_is_referred_without_consent_alone),
        WITH(a_shield_hides_and_an_address_alone_does_not),
        WITH(facts_that_are_not_whole_hide),
    };

    return cmocka_run_group_tests_name("policy_referral", tests, NULL, NULL);
}
