/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_parts.c - the core's pure parts: what composes a reply, who waits until when, what an
 * agency may spend. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "budget.h"
#include "compose.h"
#include "cut.h"
#include "pending.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DAY 19000

static const struct policy_agency agency_b = { .id = "b", .name = "B" },
                                  agency_a = { .id = "a", .name = "A" };

static uint8_t insight(const char *said, bool unknown_cannot_say, uint16_t n_listed,
                       uint8_t *completeness)
{
    struct heard heard[16] = { 0 };
    struct msg_insight out = { 0 };
    uint16_t n = (uint16_t)strlen(said);

    for (uint16_t i = 0; i < n; i++) {
        heard[i].answered = said[i] != '.';
        heard[i].value = said[i] == 'y'   ? ANSWER_YES
                         : said[i] == 'n' ? ANSWER_NO
                         : said[i] == 'u' ? ANSWER_NOT_KNOWN
                                          : ANSWER_CANNOT_SAY;
    }
    compose_insight(heard, n, n_listed, unknown_cannot_say, &out);
    if (completeness)
        *completeness = out.completeness;
    return out.value;
}

static void insight_is_yes_no_or_cannot_say(void **state)
{
    (void)state;
    assert_int_equal(insight("", false, 0, NULL),
                     INSIGHT_CANNOT_SAY); /* nobody to ask: never "no" */
    assert_int_equal(insight("nn", false, 2, NULL), INSIGHT_NO);
    assert_int_equal(insight("nu", false, 2, NULL), INSIGHT_NO);
    assert_int_equal(insight("uu", false, 2, NULL), INSIGHT_NO);
    assert_int_equal(insight("n.", false, 2, NULL), INSIGHT_CANNOT_SAY);
    assert_int_equal(insight("n?", false, 2, NULL), INSIGHT_CANNOT_SAY);
    assert_int_equal(insight("y?", false, 2, NULL), INSIGHT_YES);
    assert_int_equal(insight("y.", false, 2, NULL), INSIGHT_YES);
    assert_int_equal(insight("ny", false, 2, NULL), INSIGHT_YES);
    assert_int_equal(insight("..", false, 2, NULL), INSIGHT_CANNOT_SAY);
}

static void residence_needs_somebody_who_knows(void **state)
{
    (void)state;
    assert_int_equal(insight("uu", true, 2, NULL), INSIGHT_CANNOT_SAY);
    assert_int_equal(insight("un", true, 2, NULL), INSIGHT_NO);
    assert_int_equal(insight("uny", true, 3, NULL), INSIGHT_YES);
    assert_int_equal(insight("un.", true, 3, NULL), INSIGHT_CANNOT_SAY);
}

static void completeness_counts_those_whom_the_protocol_lists(void **state)
{
    uint8_t c;

    (void)state;
    (void)insight("nn", false, 2, &c);
    assert_int_equal(c, COMPLETE_ALL);
    (void)insight("nn", false, 3, &c); /* one was never asked */
    assert_int_equal(c, COMPLETE_MOST);
    (void)insight("n.", false, 2, &c);
    assert_int_equal(c, COMPLETE_SOME);
    (void)insight("n?", false, 2, &c); /* "cannot say" is no answer */
    assert_int_equal(c, COMPLETE_SOME);
    (void)insight("..", false, 2, &c);
    assert_int_equal(c, COMPLETE_NONE);
    assert_int_equal(compose_completeness(0, 0), COMPLETE_NONE);
}

static void involvement_is_sorted_whatever_order_holders_come_in(void **state)
{
    static struct msg_involvement out;
    struct heard heard[] = {
        { .answered = true, .value = ANSWER_YES, .visibility = HOLDER_NAMED, .agency = &agency_b },
        { .answered = true, .value = ANSWER_YES, .visibility = HOLDER_NAMED, .agency = &agency_a },
        { .answered = true, .value = ANSWER_YES, .visibility = HOLDER_OMIT, .agency = &agency_a },
        { .answered = false,
          .value = ANSWER_YES,
          .visibility = HOLDER_MASKED,
          .agency = &agency_a },
    };

    (void)state;
    compose_involvement(heard, ALM_LEN(heard), 4, DAY, &out);
    assert_int_equal(out.n, 2);
    assert_string_equal(out.involved[0].agency, "a");
    assert_string_equal(out.involved[1].agency, "b");
    assert_false(out.masked); /* the masked one did not answer */
    assert_int_equal(out.completeness, COMPLETE_MOST);
}

static void two_masked_services_show_as_one_flag(void **state)
{
    static struct msg_involvement out;
    struct heard heard[] = {
        { .answered = true, .value = ANSWER_YES, .visibility = HOLDER_MASKED, .agency = &agency_b },
        { .answered = true, .value = ANSWER_YES, .visibility = HOLDER_MASKED, .agency = &agency_a },
    };

    (void)state;
    compose_involvement(heard, ALM_LEN(heard), 2, DAY, &out);
    assert_int_equal(out.n, 0);
    assert_true(out.masked);
}

static void since_is_banded(void **state)
{
    (void)state;
    assert_int_equal(compose_since_band(CIVIL_NONE, DAY), SINCE_UNKNOWN);
    assert_int_equal(compose_since_band(DAY + 1, DAY), SINCE_UNKNOWN);
    assert_int_equal(compose_since_band(DAY, DAY), SINCE_UNDER_3_MONTHS);
    assert_int_equal(compose_since_band(DAY - 100, DAY), SINCE_3_TO_12_MONTHS);
    assert_int_equal(compose_since_band(DAY - 366, DAY), SINCE_1_TO_3_YEARS);
    assert_int_equal(compose_since_band(DAY - 2000, DAY), SINCE_OVER_3_YEARS);
}

/* --- pending --- */

static struct id id_of(uint8_t n)
{
    struct id id = { { 0 } };

    id.octets[8] = 0x80;
    id.octets[15] = n;
    return id;
}

static void queries_fall_due_in_the_order_of_their_deadlines(void **state)
{
    struct pending_table *t = NULL;
    struct ask ask = { 0 };
    struct pending *p;
    int64_t last = 0;

    (void)state;
    assert_int_equal(pending_table_new(100, &t), 0);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(pending_add(t, &ask, 0, 1000 + (i * 37) % 101, &p), 0);
    }
    assert_int_equal(pending_add(t, &ask, 0, 1, &p), -ENOSPC);
    assert_null(pending_due(t, 999));
    for (int i = 0; i < 100; i++) {
        p = pending_due(t, 5000);
        assert_non_null(p);
        assert_true(p->deadline_ms >= last);
        last = p->deadline_ms;
        pending_drop(t, p);
    }
    assert_null(pending_due(t, 5000));
    assert_true(pending_next_ms(t) == INT64_MAX);
    assert_int_equal(pending_count(t), 0);
    t = pending_table_free(t);
}

#define CROWD 64

static struct pending *earliest(struct pending *const *waiting)
{
    struct pending *first = NULL;

    for (size_t i = 0; i < CROWD; i++)
        if (waiting[i] && (!first || waiting[i]->deadline_ms < first->deadline_ms))
            first = waiting[i];
    return first;
}

/* Beside a plain list of them. */
static void whatever_is_added_hastened_or_dropped_the_earliest_is_due_first(void **state)
{
    struct pending *waiting[CROWD] = { NULL }, *p;
    struct pending_table *t = NULL;
    struct ask ask = { 0 };
    uint32_t dice = 7;

    (void)state;
    assert_int_equal(pending_table_new(CROWD, &t), 0);
    for (unsigned step = 0; step < 20000; step++) {
        size_t i = (dice = dice * 1664525u + 1013904223u) >> 26;
        unsigned what = (dice >> 16) & 7;

        if (!waiting[i]) {
            assert_int_equal(pending_add(t, &ask, 0, 1 + (dice >> 8 & 1023), &waiting[i]), 0);
        } else if (what < 2) {
            pending_hasten(t, waiting[i]);
        } else if (what < 4) {
            pending_drop(t, waiting[i]);
            waiting[i] = NULL;
        }
        p = earliest(waiting);
        assert_true(pending_next_ms(t) == (p ? p->deadline_ms : INT64_MAX));
        if (!p || what != 7)
            continue;
        assert_null(pending_due(t, p->deadline_ms - 1));
        p = pending_due(t, p->deadline_ms);
        assert_true(p && p->deadline_ms == earliest(waiting)->deadline_ms);
        for (i = 0; waiting[i] != p; i++)
            ;
        waiting[i] = NULL;
        pending_drop(t, p);
    }
    t = pending_table_free(t); /* and all that wait */
}

static void a_query_waits_with_all_that_was_asked(void **state)
{
    struct ask ask = { .agency = 3, .purpose = "p", .subject = { .n = 2, .unborn = true } };
    struct pending *p = NULL;

    (void)state;
    memset(ask.subject.tokens, 5, sizeof(ask.subject.tokens));
    assert_int_equal(pending_alone(&ask, 2, &p), 0);
    assert_memory_equal(&p->ask, &ask, offsetof(struct ask, subject.tokens[2]));
    assert_int_equal(p->ask.subject.n, 2);
    assert_true(p->ask.subject.unborn);
    assert_false(p->kept.whole || p->hidden || p->created_now || p->released_now || p->later || p->factors);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(p->holders[i].state, HOLDER_SILENT);
        assert_null(p->holders[i].detail);
        assert_ptr_equal(p->holders[i].owner, p);
    }
    p = pending_free(p);
}

/* What says that it has more is not believed. */
static void of_tokens_no_more_are_copied_than_there_may_be(void **state)
{
    struct token_set in, out;

    (void)state;
    memset(&in, 1, sizeof(in));
    memset(&out, 2, sizeof(out));
    in.unborn = true;
    in.n = TOKEN_SET_MAX;
    tokens_copy(&out, &in);
    assert_int_equal(out.n, TOKEN_SET_MAX);
    assert_memory_equal(out.tokens, in.tokens, sizeof(in.tokens));
    in.n = 255;
    tokens_copy(&out, &in);
    assert_int_equal(out.n, TOKEN_SET_MAX);
    in.n = 0;
    memset(in.tokens, 9, sizeof(in.tokens));
    tokens_copy(&out, &in);
    assert_int_equal(out.n, 0);
    assert_int_equal(((const uint8_t *)out.tokens)[0], 1); /* nothing was written */
}

static void
query_is_due_when_its_last_holder_settles_and_waits_again_when_that_is_taken_back(void **state)
{
    struct pending_table *t = NULL;
    struct ask ask = { 0 };
    struct pending *p, *other;
    struct id one = id_of(1), two = id_of(2);

    (void)state;
    assert_int_equal(pending_table_new(10, &t), 0);
    assert_int_equal(pending_add(t, &ask, 0, 500, &other), 0);
    assert_int_equal(pending_add(t, &ask, 2, 2000, &p), 0);
    pending_wait(t, p, 0, &one, 7);
    pending_wait(t, p, 1, &two, 8);
    assert_ptr_equal(pending_find(t, &one), &p->holders[0]);
    assert_ptr_equal(pending_find_ref(t, pending_ref(&two)), &p->holders[1]);
    pending_settle(t, &p->holders[0], HOLDER_ANSWERED);
    assert_null(pending_due(t, 1));
    pending_settle(t, &p->holders[1], HOLDER_SILENT);
    assert_true(pending_next_ms(t) == 0);
    pending_unsettle(t, &p->holders[1], 2000);
    assert_true(pending_next_ms(t) == 500);
    pending_drop(t, other);
    assert_true(pending_next_ms(t) == 2000);
    pending_drop(t, p);
    assert_null(pending_find(t, &one));
    t = pending_table_free(t);
}

/* --- budgets --- */

static void bucket_lets_a_burst_through_and_then_the_rate(void **state)
{
    struct budget b = { 0 };
    int64_t now = 1000;

    (void)state;
    for (int i = 0; i < 20; i++)
        assert_int_equal(budget_take(&b, 10, 20, 1 << 20, now, now, 1, false), 0);
    assert_int_equal(budget_take(&b, 10, 20, 1 << 20, now, now, 1, false), BUDGET_RATE);
    assert_in_range(budget_retry_ms(&b, BUDGET_RATE, 10, now), 100, 102);
    assert_int_equal(budget_take(&b, 10, 20, 1 << 20, now + 101, now, 1, false), 0);
    assert_int_equal(budget_take(&b, 10, 20, 1 << 20, now + 101, now, 1, false), BUDGET_RATE);
    assert_int_equal(b.limited[LIMITED_RATE], 2);
}

static void bytes_of_a_day_are_counted_and_forgotten_at_its_end(void **state)
{
    struct budget b = { 0 };

    (void)state;
    assert_int_equal(budget_take(&b, 10, 20, 100, 1000, 5000, 60, false), 0);
    assert_int_equal(budget_take(&b, 10, 20, 100, 1000, 5000, 60, false), BUDGET_BYTES);
    assert_true(budget_retry_ms(&b, BUDGET_BYTES, 10, 5000) == 86400000 - 5000);
    assert_int_equal(budget_take(&b, 10, 20, 100, 1000, 86400000 + 5000, 60, false), 0);
}

static void answers_to_questions_are_free_and_strays_are_not(void **state)
{
    struct budget b = { 0 };

    (void)state;
    b.answers_due = 1;
    assert_int_equal(budget_take(&b, 1, 1, 100, 1000, 1000, 60, true), 0);
    assert_int_equal(budget_take(&b, 1, 1, 100, 1000, 1000, 60, true), 0);
    assert_int_equal(budget_take(&b, 1, 1, 100, 1000, 1000, 10, true), BUDGET_RATE);
    assert_int_equal(budget_take(&b, 1, 1, 100, 9000, 9000, 60, true), BUDGET_BYTES);
}

static void cut_never_leaves_half_a_character(void **state)
{
    char out[4];

    (void)state;
    text_cut(out, sizeof(out), "ab\xc3\xa9");
    assert_string_equal(out, "ab");
    text_cut(out, sizeof(out), "abc");
    assert_string_equal(out, "abc");
    text_cut(out, sizeof(out), "");
    assert_string_equal(out, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(insight_is_yes_no_or_cannot_say),
        cmocka_unit_test(residence_needs_somebody_who_knows),
        cmocka_unit_test(completeness_counts_those_whom_the_protocol_lists),
        cmocka_unit_test(involvement_is_sorted_whatever_order_holders_come_in),
        cmocka_unit_test(two_masked_services_show_as_one_flag),
        cmocka_unit_test(since_is_banded),
        cmocka_unit_test(queries_fall_due_in_the_order_of_their_deadlines),
        cmocka_unit_test(whatever_is_added_hastened_or_dropped_the_earliest_is_due_first),
        cmocka_unit_test(a_query_waits_with_all_that_was_asked),
        cmocka_unit_test(of_tokens_no_more_are_copied_than_there_may_be),
        cmocka_unit_test(
            query_is_due_when_its_last_holder_settles_and_waits_again_when_that_is_taken_back),
        cmocka_unit_test(bucket_lets_a_burst_through_and_then_the_rate),
        cmocka_unit_test(bytes_of_a_day_are_counted_and_forgotten_at_its_end),
        cmocka_unit_test(answers_to_questions_are_free_and_strays_are_not),
        cmocka_unit_test(cut_never_leaves_half_a_character),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
