/* SPDX-License-Identifier: Apache-2.0 */
/* test_stats.c - the statistics' tables over a log: what is counted, up to which day, and that they
 * are the same when printed again. */
#include "store_fixture.h"

#include "reader/reader.h"
#include "store/ledger.h"
#include "wire/msg.h"

#define DAY 20000

struct log {
    struct fixture *f;
    struct ledger *ledger;
    struct reader reader;
};

static int log_setup(void **state)
{
    struct log *l = calloc(1, sizeof(*l));

    assert_non_null(l);
    assert_int_equal(fixture_setup((void **)&l->f), 0);
    assert_int_equal(ledger_open(l->f->store, &l->ledger), 0);
    l->reader = (struct reader){ .store = l->f->store };
    *state = l;
    return 0;
}

static int log_teardown(void **state)
{
    struct log *l = *state;

    l->ledger = ledger_close(l->ledger);
    (void)fixture_teardown((void **)&l->f);
    free(l);
    return 0;
}

struct leaf {
    uint8_t event;
    int32_t day;
    uint64_t about;
    uint8_t told;
    const char *purpose, *question, *reason, *detail;
};

static uint64_t put(struct log *l, const struct leaf *of)
{
    struct ledger_clear c = {
        .event = of->event, .civil_day = of->day, .mode = 2, .about = of->about, .told = of->told
    };
    struct store_txn *t;
    uint64_t leaf = 0;
    int r;

    (void)snprintf(c.purpose, sizeof(c.purpose), "%s", of->purpose ? of->purpose : "");
    (void)snprintf(c.question, sizeof(c.question), "%s", of->question ? of->question : "");
    (void)snprintf(c.reason, sizeof(c.reason), "%s", of->reason ? of->reason : "");
    (void)snprintf(c.detail, sizeof(c.detail), "%s", of->detail ? of->detail : "");
    assert_int_equal(store_begin(l->f->store, true, &t), 0);
    ledger_append(l->ledger, t, &c, &(struct ledger_private){ .sealed_part = bytes_str("sealed") },
                  &leaf);
    r = store_commit(t);
    ledger_settle(l->ledger, r);
    assert_int_equal(r, 0);
    return leaf;
}

static void outcomes(struct log *l, unsigned n, int32_t day, const char *detail)
{
    for (unsigned i = 0; i < n; i++)
        (void)put(l, &(struct leaf){ .event = EVENT_OUTCOME,
                                     .day = day,
                                     .about = UINT64_MAX,
                                     .purpose = i % 2 ? "early-help" : "safety",
                                     .detail = detail });
}

/* A reading of `today` up to `until`. Return: as stats_slice; the tables in *out. */
static int stats(struct log *l, int32_t today, int32_t since, int32_t until, json_t **out)
{
    struct reading g = { .query = { .read = READ_STATS, .since = since, .until = until } };
    int rc;

    g.leaf = put(l, &(struct leaf){ .event = EVENT_LOG_READ, .day = today, .about = UINT64_MAX });
    *out = NULL;
    do
        rc = stats_slice(&l->reader, &g, out);
    while (rc == 1);
    g.stats = stats_free(g.stats);
    return rc;
}

/* A cell: -1 hidden, -2 no such. */
static long long cell(const json_t *stats, const char *table, const char *row, const char *column)
{
    json_t *t, *r, *c;
    size_t i, j, k;

    json_array_foreach(json_object_get(stats, "tables"), i, t)
    {
        if (strcmp(json_string_value(json_object_get(t, "table")), table) != 0)
            continue;
        json_array_foreach(json_object_get(t, "rows"), j, r)
        {
            if (strcmp(json_string_value(json_object_get(r, "row")), row) != 0)
                continue;
            json_array_foreach(json_object_get(t, "columns"), k, c)
            {
                json_t *v = json_array_get(json_object_get(r, "cells"), k);

                if (!strcmp(json_string_value(c), column))
                    return json_is_null(v) ? -1 : json_integer_value(v);
            }
        }
    }
    return -2;
}

static void outcomes_are_counted_by_effect_and_area_and_minutes_added_up(void **state)
{
    struct log *l = *state;
    json_t *s;

    outcomes(l, 41, DAY, "effect=sooner minutes=30 area=north arm=pilot");
    outcomes(l, 22, DAY, "effect=sooner minutes=5 area=south arm=control");
    outcomes(l, 30, DAY, "effect=no-use minutes=0 area=south arm=control");
    assert_int_equal(stats(l, DAY + 1, CIVIL_NONE, DAY, &s), 0);
    assert_int_equal(cell(s, "outcomes", "sooner", "pilot"), 40);
    assert_int_equal(cell(s, "outcomes", "sooner", "control"), 20);
    assert_int_equal(cell(s, "outcomes", "different", "pilot"), 0);
    assert_int_equal(cell(s, "outcomes", "total", "total"), 95); /* 93 */
    assert_int_equal(cell(s, "minutes", "pilot", "minutes"), 1230);
    assert_int_equal(cell(s, "minutes", "control", "minutes"), 110);
    assert_int_equal(cell(s, "outcomes-by-purpose", "early-help", "sooner"), 30); /* 31 */
    json_decref(s);
}

static void minutes_of_few_outcomes_are_hidden_with_their_number(void **state)
{
    struct log *l = *state;
    json_t *s;

    outcomes(l, 3, DAY, "effect=sooner minutes=600 area=north arm=pilot");
    outcomes(l, 50, DAY, "effect=sooner minutes=5 area=south arm=control");
    outcomes(l, 60, DAY, "effect=sooner minutes=5 area=- arm=neither");
    assert_int_equal(stats(l, DAY + 1, CIVIL_NONE, DAY, &s), 0);
    assert_int_equal(cell(s, "outcomes", "sooner", "pilot"), -1);
    assert_int_equal(cell(s, "outcomes", "total", "pilot"), -1);
    assert_int_equal(cell(s, "minutes", "pilot", "outcomes"), -1);
    assert_int_equal(cell(s, "minutes", "pilot", "minutes"), -1);
    assert_int_equal(cell(s, "minutes", "control", "minutes"), -1); /* or the total would tell */
    assert_int_equal(cell(s, "minutes", "neither", "minutes"), 300);
    assert_int_equal(cell(s, "minutes", "total", "minutes"), 2350);
    json_decref(s);
}

static void a_referral_counts_once_as_it_stood_at_the_end(void **state)
{
    struct log *l = *state;
    json_t *s;

    for (int i = 0; i < 24; i++) {
        uint64_t sent =
            put(l, &(struct leaf){
                       .event = EVENT_REFERRAL_SENT,
                       .day = DAY,
                       .about = UINT64_MAX,
                       .detail = "kind=hard to=charity service=meals reason=x origin=1 sealed=0" });

        if (i < 12)
            (void)put(l, &(struct leaf){
                             .event = EVENT_REFERRAL_STEP,
                             .day = DAY,
                             .about = sent,
                             .detail = "step=accepted state=accepted kind=hard from=a to=b" });
        if (i < 12)
            (void)put(l,
                      &(struct leaf){ .event = EVENT_REFERRAL_STEP,
                                      .day = DAY + 5,
                                      .about = sent,
                                      .detail = "step=closed state=closed kind=hard from=a to=b" });
    }
    assert_int_equal(stats(l, DAY + 9, CIVIL_NONE, DAY + 4, &s), 0);
    assert_int_equal(cell(s, "referrals", "sent", "hard"), 10); /* 12 */
    assert_int_equal(cell(s, "referrals", "accepted", "hard"), 10);
    assert_int_equal(cell(s, "referrals", "closed", "hard"), 0);
    json_decref(s);
    assert_int_equal(stats(l, DAY + 9, CIVIL_NONE, DAY + 5, &s), 0);
    assert_int_equal(cell(s, "referrals", "closed", "hard"), 10);
    assert_int_equal(cell(s, "referrals", "accepted", "hard"), 0);
    assert_int_equal(cell(s, "referrals", "total", "total"), 25);
    json_decref(s);
}

static void firings_and_decisions_not_to_share_are_counted_by_rule_and_reason(void **state)
{
    struct log *l = *state;
    json_t *s;

    for (int i = 0; i < 33; i++) {
        (void)put(l, &(struct leaf){ .event = EVENT_FIRED,
                                     .day = DAY,
                                     .about = UINT64_MAX,
                                     .question = i % 3 ? "worries" : "at-home" });
        (void)put(l, &(struct leaf){ .event = EVENT_NOT_SHARED,
                                     .day = DAY,
                                     .about = UINT64_MAX,
                                     .reason = "not-proportionate" });
    }
    assert_int_equal(stats(l, DAY + 1, CIVIL_NONE, DAY, &s), 0);
    assert_int_equal(cell(s, "firings", "worries", "number"), 20); /* 22 */
    assert_int_equal(cell(s, "firings", "at-home", "number"), 10); /* 11 */
    assert_int_equal(cell(s, "not-shared", "not-proportionate", "number"), 35);
    json_decref(s);
}

static void hidden_refusals_are_counted_by_their_true_reason_and_told_ones_are_not(void **state)
{
    struct log *l = *state;
    json_t *s;

    for (int i = 0; i < 33; i++)
        (void)put(l, &(struct leaf){ .event = EVENT_REFUSED,
                                     .day = DAY,
                                     .about = UINT64_MAX,
                                     .told = i % 3 ? 3 : 1,
                                     .reason = i % 3 ? "near-shielded" : "no-relationship" });
    assert_int_equal(stats(l, DAY + 1, CIVIL_NONE, DAY, &s), 0);
    assert_int_equal(cell(s, "hidden", "near-shielded", "number"), 20); /* 22 */
    assert_int_equal(cell(s, "hidden", "total", "number"), 20);
    json_decref(s);
}

static void only_the_days_asked_for_count(void **state)
{
    struct log *l = *state;
    json_t *s;

    outcomes(l, 20, DAY, "effect=sooner minutes=1 area=- arm=neither");
    outcomes(l, 40, DAY + 1, "effect=sooner minutes=1 area=- arm=neither");
    outcomes(l, 60, DAY + 2, "effect=sooner minutes=1 area=- arm=neither");
    assert_int_equal(stats(l, DAY + 3, DAY + 1, DAY + 1, &s), 0);
    assert_int_equal(cell(s, "outcomes", "total", "total"), 40);
    json_decref(s);
    assert_int_equal(stats(l, DAY + 3, CIVIL_NONE, DAY + 2, &s), 0);
    assert_int_equal(cell(s, "outcomes", "total", "total"), 120);
    json_decref(s);
}

static void a_day_that_is_not_over_is_refused(void **state)
{
    struct log *l = *state;
    json_t *s;

    outcomes(l, 20, DAY, "effect=sooner minutes=1 area=- arm=neither");
    assert_int_equal(stats(l, DAY, CIVIL_NONE, DAY, &s), -ERANGE);
    assert_null(s);
    assert_int_equal(stats(l, DAY, CIVIL_NONE, DAY + 1, &s), -ERANGE);
    assert_int_equal(stats(l, DAY, CIVIL_NONE, DAY - 1, &s), 0);
    json_decref(s);
}

static void what_is_printed_again_is_the_same_to_the_letter(void **state)
{
    struct log *l = *state;
    json_t *s;
    char *first, *second;

    outcomes(l, 700, DAY,
             "effect=different minutes=7 area=north arm=pilot"); /* more than a slice */
    assert_int_equal(stats(l, DAY + 1, CIVIL_NONE, DAY, &s), 0);
    first = json_dumps(s, JSON_COMPACT);
    json_decref(s);
    outcomes(l, 50, DAY + 1, "effect=sooner minutes=7 area=north arm=pilot");
    assert_int_equal(stats(l, DAY + 7, CIVIL_NONE, DAY, &s), 0);
    second = json_dumps(s, JSON_COMPACT);
    json_decref(s);
    assert_string_equal(first, second);
    free(first);
    free(second);
}

static void details_that_are_none_of_ours_count_for_nothing(void **state)
{
    static const char *const details[] = { "", "effect=", "effect=sooner2 minutes=1 arm=pilot",
                                           "noeffect=sooner", "minutes=9 arm=pilot" };
    struct log *l = *state;
    json_t *s;

    for (size_t i = 0; i < ALM_LEN(details); i++)
        outcomes(l, 20, DAY, details[i]);
    outcomes(l, 20, DAY, "effect=sooner arm=moon minutes=x");
    (void)put(l, &(struct leaf){ .event = EVENT_REFERRAL_SENT,
                                 .day = DAY,
                                 .about = UINT64_MAX,
                                 .detail = "kind=royal" });
    (void)put(l, &(struct leaf){ .event = EVENT_REFERRAL_STEP,
                                 .day = DAY,
                                 .about = 9999,
                                 .detail = "state=closed kind=hard" });
    assert_int_equal(stats(l, DAY + 1, CIVIL_NONE, DAY, &s), 0);
    assert_int_equal(cell(s, "outcomes", "total", "total"), 20);
    assert_int_equal(cell(s, "outcomes", "sooner", "neither"), 20);
    assert_int_equal(cell(s, "referrals", "total", "total"), 0);
    json_decref(s);
}

static void an_empty_log_has_tables_of_zeroes(void **state)
{
    struct log *l = *state;
    json_t *s;

    assert_int_equal(stats(l, DAY, CIVIL_NONE, DAY - 1, &s), 0);
    assert_int_equal(cell(s, "outcomes", "total", "total"), 0);
    assert_int_equal(cell(s, "firings", "total", "number"), 0);
    json_decref(s);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, log_setup, log_teardown)
    const struct CMUnitTest tests[] = {
        TEST(outcomes_are_counted_by_effect_and_area_and_minutes_added_up),
        TEST(minutes_of_few_outcomes_are_hidden_with_their_number),
        TEST(a_referral_counts_once_as_it_stood_at_the_end),
        TEST(firings_and_decisions_not_to_share_are_counted_by_rule_and_reason),
        TEST(hidden_refusals_are_counted_by_their_true_reason_and_told_ones_are_not),
        TEST(only_the_days_asked_for_count),
        TEST(a_day_that_is_not_over_is_refused),
        TEST(what_is_printed_again_is_the_same_to_the_letter),
        TEST(details_that_are_none_of_ours_count_for_nothing),
        TEST(an_empty_log_has_tables_of_zeroes),
    };

    return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
