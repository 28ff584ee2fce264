/* SPDX-License-Identifier: Apache-2.0 */
/* test_threshold.c - what separate concerns add up to: a table of small stories, random lists
 * against a reading of the rule that tries everything, and who may lodge and read. */
#include "fixture.h"

#include "conf/conf.h"
#include "engine/threshold.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* --- a table: rule, concerns in order of lodging, what comes out --- */

static const struct policy_threshold pair = { /* as T2 of the data set */
                                              .levels = 3,
                                              .min_agencies = 2,
                                              .window_days = 180
};
static const struct policy_threshold apart = {
    .levels = 15, .min_agencies = 3, .window_days = 30, .independent = true
};
static const struct policy_threshold urgent = {
    .levels = 3, .min_agencies = 3, .window_days = 30, .bypass = 3
};
static const struct policy_threshold neglect = {
    .levels = 15, .min_agencies = 2, .window_days = 30, .categories = 1u << 2
};

struct row {
    const char *story;
    const struct policy_threshold *rule;
    const char
        *concerns; /* "day organisation severity category origin" each, origin - its own; ';' */
    int leave_out; /* organisation, or -1 */
    int32_t day;
    const char *expect; /* "no" or "day:organisations" with '!' for a bypass */
};
static const struct row rows[] = {
    { "one organisation twice counts once", &pair, "1 1 1 0 -;2 1 2 0 -", -1, 9, "no" },
    { "two organisations within the window", &pair, "1 1 1 0 -;100 2 1 0 -", -1, 200, "100:1,2" },
    { "the last day of the window counts", &pair, "1 1 1 0 -;181 2 1 0 -", -1, 200, "181:1,2" },
    { "a day past the window does not", &pair, "1 1 1 0 -;182 2 1 0 -", -1, 200, "no" },
    { "what lies after the day asked about", &pair, "1 1 1 0 -;100 2 1 0 -", -1, 99, "no" },
    { "a level that the rule does not list", &pair, "1 1 3 0 -;2 2 1 0 -", -1, 9, "no" },
    { "the third does not fire again", &pair, "1 1 1 0 -;2 2 1 0 -;3 3 1 0 -", -1, 9, "2:1,2" },
    { "it fires again once the window had emptied", &pair,
      "1 1 1 0 -;2 2 1 0 -;300 1 1 0 -;301 3 1 0 -", -1, 400, "301:1,3" },
    { "one that leaves makes room for the next to fire", &pair, "1 1 1 0 -;100 2 1 0 -;182 3 1 0 -",
      -1, 400, "182:2,3" },
    { "lodged later but observed before", &pair, "100 1 1 0 -;50 2 1 0 -", -1, 200, "100:1,2" },
    { "two of one day: the second lodged fires", &pair, "5 1 1 0 -;5 2 1 0 -", -1, 9, "5:1,2" },
    { "organisations of the same day belong to the window", &pair, "5 1 1 0 -;5 2 1 0 -;5 3 1 0 -",
      -1, 9, "5:1,2,3" },
    { "the reader's own do not count", &pair, "1 1 1 0 -;2 2 1 0 -", 2, 9, "no" },
    { "but others' still do", &pair, "1 1 1 0 -;2 2 1 0 -;3 3 1 0 -", 2, 9, "3:1,3" },
    { "three of one event are one", &apart, "1 1 1 0 7;1 2 1 0 7;1 3 1 0 7", -1, 9, "no" },
    { "three of three events", &apart, "1 1 1 0 7;1 2 1 0 8;1 3 1 0 9", -1, 9, "1:1,2,3" },
    { "three of two events", &apart, "1 1 1 0 7;1 2 1 0 8;1 3 1 0 8", -1, 9, "no" },
    { "no event named is an event of its own", &apart, "1 1 1 0 -;1 2 1 0 -;1 3 1 0 -", -1, 9,
      "1:1,2,3" },
    { "an organisation takes its other event when another needs the first", &apart,
      "1 1 1 0 7;1 1 1 0 8;2 2 1 0 7;3 3 1 0 9", -1, 9, "3:1,2,3" },
    { "who fired nothing is in the window all the same", &apart,
      "1 1 1 0 7;1 2 1 0 7;2 3 1 0 8;3 4 1 0 9", -1, 9, "3:1,2,3,4" },
    { "a grave one fires alone", &urgent, "1 1 3 0 -", -1, 9, "1:1!" },
    { "and graver ones too", &urgent, "1 1 4 0 -", -1, 9, "1:1!" },
    { "not for its own reader", &urgent, "1 1 4 0 -", 1, 9, "no" },
    { "light ones do not bypass", &urgent, "1 1 1 0 -;1 2 2 0 -", -1, 9, "no" },
    { "a grave one counts with light ones", &urgent, "1 1 1 0 -;2 2 1 0 -;3 3 4 0 -;4 4 1 0 -", -1,
      3, "3:1,2,3!" },
    { "another category does not count", &neglect, "1 1 1 2 -;2 2 1 1 -", -1, 9, "no" },
    { "the rule's category does", &neglect, "1 1 1 2 -;2 2 1 2 -", -1, 9, "2:1,2" },
    { "a category past the rule's bits does not", &neglect, "1 1 1 2 -;2 2 1 66 -", -1, 9, "no" },
};

static size_t parse(const char *text, struct concern_fact *out)
{
    size_t n = 0;

    for (const char *at = text; at; at = strchr(at, ';') ? strchr(at, ';') + 1 : NULL) {
        int day, organisation, severity, category, origin = -1;

        assert_true(
            sscanf(at, "%d %d %d %d %d", &day, &organisation, &severity, &category, &origin) >= 4);
        out[n] = (struct concern_fact){ .observed = day,
                                        .order = n,
                                        .organisation = (uint16_t)organisation,
                                        .origin = origin < 0 ? ORIGIN_OWN : (uint16_t)origin,
                                        .category = (uint16_t)category,
                                        .severity = (uint8_t)severity };
        n++;
    }
    return n;
}

static const char *form(const struct threshold_found *f)
{
    static char text[256];
    size_t len;
    char sep = ':';

    if (!f->fired)
        return "no";
    len = (size_t)snprintf(text, sizeof(text), "%d", (int)f->fired_on);
    for (uint16_t o = 0; o < 64; o++) {
        if (!agency_set_has(&f->organisations, o))
            continue;
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%c%u", sep, o);
        sep = ',';
    }
    if (f->bypass)
        (void)snprintf(text + len, sizeof(text) - len, "!");
    return text;
}

static uint16_t left_out(int organisation)
{
    return organisation < 0 ? POLICY_NONE : (uint16_t)organisation;
}

static void each_story_ends_as_it_should(void **state)
{
    (void)state;
    for (size_t i = 0; i < ALM_LEN(rows); i++) {
        struct concern_fact facts[16];
        struct threshold_found f;
        size_t n = parse(rows[i].concerns, facts);

        threshold_sort(facts, n);
        assert_int_equal(
            threshold_latest(rows[i].rule, facts, n, left_out(rows[i].leave_out), rows[i].day, &f),
            0);
        if (strcmp(form(&f), rows[i].expect) != 0)
            fail_msg("%s: expected %s, got %s", rows[i].story, rows[i].expect, form(&f));
    }
}

static void a_rule_that_asks_for_nobody_never_fires(void **state)
{
    const struct policy_threshold none = { .levels = 15, .window_days = 30 };
    struct concern_fact facts[4];
    struct threshold_found f;
    size_t n = parse("1 1 1 0 -;2 2 1 0 -", facts);

    (void)state;
    assert_int_equal(threshold_latest(&none, facts, n, POLICY_NONE, 9, &f), 0);
    assert_false(f.fired);
    assert_int_equal(threshold_stands(&none, facts, n, POLICY_NONE, 2, &f), 0);
    assert_false(f.fired);
}

static void no_decision_rests_on_part_of_them(void **state)
{
    static struct concern_fact facts[THRESHOLD_FACTS_MAX + 1];
    struct threshold_found f;

    (void)state;
    for (size_t i = 0; i < ALM_LEN(facts); i++)
        facts[i] = (struct concern_fact){ .observed = 1,
                                          .order = i,
                                          .organisation = (uint16_t)(i % 3),
                                          .origin = ORIGIN_OWN,
                                          .severity = 1 };
    assert_int_equal(threshold_latest(&pair, facts, ALM_LEN(facts), POLICY_NONE, 9, &f), -E2BIG);
    assert_false(f.fired);
    assert_int_equal(threshold_crossed(&pair, facts, ALM_LEN(facts), POLICY_NONE, 9, 0, &f),
                     -E2BIG);
    assert_int_equal(threshold_stands(&pair, facts, ALM_LEN(facts), POLICY_NONE, 1, &f), -E2BIG);
    assert_int_equal(threshold_latest(&pair, facts, ALM_LEN(facts) - 1, POLICY_NONE, 9, &f), 0);
    assert_true(f.fired);
}

static void a_severity_out_of_range_counts_for_nothing(void **state)
{
    struct concern_fact f = { .severity = 0, .origin = ORIGIN_OWN };

    (void)state;
    assert_false(threshold_counts(&apart, &f));
    f.severity = 200;
    assert_false(threshold_counts(&apart, &f));
    f.severity = 4;
    assert_true(threshold_counts(&apart, &f));
    f.severity = 8; /* the last that a rule's bits can hold; the wire stops at 4 */
    assert_false(threshold_counts(&apart, &f));
    assert_true(threshold_counts(&(struct policy_threshold){ .levels = 0x80 }, &f));
}

/* --- what one more concern does --- */

static void crossed(const struct policy_threshold *rule, const char *concerns, uint64_t added,
                    const char *expect)
{
    struct concern_fact facts[16];
    struct threshold_found f;
    size_t n = parse(concerns, facts), at = 0;

    threshold_sort(facts, n);
    while (facts[at].order != added)
        at++;
    assert_int_equal(threshold_crossed(rule, facts, n, POLICY_NONE, 1000, at, &f), 0);
    assert_string_equal(form(&f), expect);
}

static void only_what_the_last_one_brought_about_is_new(void **state)
{
    (void)state;
    crossed(&pair, "1 1 1 0 -;2 2 1 0 -", 1, "2:1,2");
    crossed(&pair, "1 1 1 0 -;2 2 1 0 -;3 3 1 0 -", 2, "no"); /* it had fired */
    crossed(&pair, "100 1 1 0 -;50 2 1 0 -", 1, "100:1,2"); /* observed before, and fires another */
    crossed(&pair, "1 1 1 0 -;2 1 1 0 -", 1, "no");
    crossed(&pair, "1 1 1 0 -;2 2 3 0 -", 1, "no");       /* not of the rule's levels */
    crossed(&urgent, "1 1 3 0 -;2 2 3 0 -", 1, "2:1,2!"); /* each grave one anew */
    crossed(&urgent, "1 1 3 0 -;2 2 1 0 -", 1, "no");
}

static void a_firing_stands_as_long_as_enough_of_them_do(void **state)
{
    struct concern_fact facts[8];
    struct threshold_found f;
    size_t n = parse("1 1 1 0 -;2 2 1 0 -;3 3 1 0 -", facts);

    (void)state;
    assert_int_equal(threshold_stands(&pair, facts, n, POLICY_NONE, 2, &f), 0);
    assert_string_equal(form(&f), "2:1,2");
    assert_int_equal(threshold_stands(&pair, facts + 1, 2, POLICY_NONE, 3, &f), 0);
    assert_string_equal(form(&f), "3:2,3");
    assert_int_equal(threshold_stands(&pair, facts + 1, 1, POLICY_NONE, 2, &f), 0);
    assert_string_equal(form(&f), "no");
    assert_int_equal(threshold_stands(&pair, facts, n, 1, 2, &f), 0);
    assert_string_equal(form(&f), "no");
    assert_int_equal(threshold_stands(&pair, facts, 0, POLICY_NONE, 2, &f), 0);
    assert_string_equal(form(&f), "no");
    n = parse("1 1 3 0 -", facts);
    assert_int_equal(threshold_stands(&urgent, facts, n, POLICY_NONE, 1, &f), 0);
    assert_string_equal(form(&f), "1:1!");
    assert_int_equal(threshold_stands(&urgent, facts, n, POLICY_NONE, 40, &f), 0);
    assert_string_equal(form(&f), "no");
}

/* --- against a reading that tries everything --- */

static uint64_t seed;

static uint32_t below(uint64_t *s, uint32_t n)
{
    *s = *s * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*s >> 33) % n;
}

#define ORGANISATIONS 4

static bool plain_counts(const struct policy_threshold *r, const struct concern_fact *f,
                         int leave_out)
{
    bool level = r->levels >> (f->severity - 1) & 1;

    return (int)f->organisation != leave_out &&
           (!r->categories || r->categories >> f->category & 1) &&
           (level || (r->bypass && f->severity >= r->bypass));
}

/* The most organisations from o on that get an event none before has: every choice is tried. */
static unsigned most(const struct policy_threshold *r, const struct concern_fact *f, size_t n,
                     int32_t on, int leave_out, int o, unsigned used)
{
    unsigned best = 0;

    if (o == ORGANISATIONS)
        return 0;
    best = most(r, f, n, on, leave_out, o + 1, used);
    for (size_t i = 0; i < n; i++) {
        unsigned event = f[i].origin == ORIGIN_OWN ? (unsigned)i : 16u + f[i].origin, with;

        if (f[i].organisation != o || !plain_counts(r, &f[i], leave_out) || f[i].observed > on ||
            on - f[i].observed > r->window_days || (r->independent && (used >> event & 1)))
            continue;
        with = 1 + most(r, f, n, on, leave_out, o + 1, used | 1u << event);
        best = with > best ? with : best;
    }
    return best;
}

static bool plain_fires(const struct policy_threshold *r, const struct concern_fact *f, size_t i,
                        int leave_out)
{
    if (!plain_counts(r, &f[i], leave_out))
        return false;
    if (r->bypass && f[i].severity >= r->bypass)
        return true;
    return most(r, f, i + 1, f[i].observed, leave_out, 0, 0) >= r->min_agencies &&
           most(r, f, i, f[i].observed, leave_out, 0, 0) < r->min_agencies;
}

static void random_rule(uint64_t *s, struct policy_threshold *r)
{
    *r = (struct policy_threshold){ .levels = (uint8_t)(1 + below(s, 15)),
                                    .min_agencies = (uint16_t)(1 + below(s, 3)),
                                    .window_days = (uint16_t)below(s, 5),
                                    .independent = below(s, 4) > 0,
                                    .bypass = (uint8_t)(below(s, 3) ? 0 : 3 + below(s, 2)),
                                    .categories = below(s, 2) ? 0 : 1 + below(s, 3) };
}

static size_t random_facts(uint64_t *s, struct concern_fact *f)
{
    size_t n = below(s, 9);

    for (size_t i = 0; i < n; i++)
        f[i] = (struct concern_fact){ .observed = (int32_t)below(s, 8),
                                      .order = i,
                                      .organisation = (uint16_t)below(s, ORGANISATIONS),
                                      .origin = below(s, 3) ? (uint16_t)below(s, 3) : ORIGIN_OWN,
                                      .category = (uint16_t)below(s, 2),
                                      .severity = (uint8_t)(1 + below(s, 4)) };
    threshold_sort(f, n);
    return n;
}

static void compare_latest(const struct policy_threshold *r, const struct concern_fact *f, size_t n,
                           int leave_out)
{
    struct threshold_found found;
    size_t latest = SIZE_MAX;

    for (size_t i = 0; i < n; i++)
        if (plain_fires(r, f, i, leave_out))
            latest = i;
    assert_int_equal(threshold_latest(r, f, n, left_out(leave_out), 100, &found), 0);
    if (found.fired != (latest != SIZE_MAX) || (found.fired && found.by != latest))
        fail_msg("seed %llu: fired %d by %u, expected %zu", (unsigned long long)seed, found.fired,
                 found.by, latest);
}

/* Without the one added, its place is taken out of the list. */
static void compare_crossed(const struct policy_threshold *r, const struct concern_fact *f,
                            size_t n, int leave_out, size_t added)
{
    struct concern_fact less[16];
    struct threshold_found found;
    size_t expect = SIZE_MAX;

    memcpy(less, f, n * sizeof(*f));
    memmove(less + added, less + added + 1, (n - added - 1) * sizeof(*f));
    for (size_t i = 0; i < n; i++) {
        bool before = i != added && plain_fires(r, less, i - (i > added), leave_out);

        if (plain_fires(r, f, i, leave_out) && !before)
            expect = i;
    }
    assert_int_equal(threshold_crossed(r, f, n, left_out(leave_out), 100, added, &found), 0);
    if (found.fired != (expect != SIZE_MAX) || (found.fired && found.by != expect))
        fail_msg("seed %llu: crossed %d by %u, expected %zu", (unsigned long long)seed, found.fired,
                 found.by, expect);
}

static void random_lists_fire_as_a_plain_reading_says(void **state)
{
    uint64_t s;

    (void)state;
    seed = getenv("ALM_FULL") ? (uint64_t)time(NULL) : 20221122;
    print_message("# seed %llu\n", (unsigned long long)seed);
    s = seed;
    for (unsigned round = 0; round < 20000; round++) {
        struct policy_threshold r;
        struct concern_fact f[16];
        size_t n;
        int leave_out;

        random_rule(&s, &r);
        n = random_facts(&s, f);
        leave_out = (int)below(&s, ORGANISATIONS + 1) - 1;
        compare_latest(&r, f, n, leave_out);
        if (n)
            compare_crossed(&r, f, n, leave_out, below(&s, (uint32_t)n));
    }
}

/* --- who may lodge, who may read --- */

static enum reason lodges(struct fixture *x, const char *who, const char *purpose,
                          const char *basis, const char *day)
{
    return threshold_lodges(x->b, bundle_agency(x->b, who), bundle_purpose(x->b, purpose),
                            bundle_gateway(x->b, basis), *basis != '\0', on(day));
}

static void who_may_lodge_a_concern(void **state)
{
    struct fixture *x = *state;

    assert_int_equal(lodges(x, "school", "monitor", "", "2022-05-03"), REASON_NONE);
    assert_int_equal(lodges(x, "school", "monitor", "power", "2022-05-03"), REASON_NONE);
    assert_int_equal(lodges(x, "surgery", "monitor", "power", "2022-05-03"), REASON_NONE);
    assert_int_equal(lodges(x, "council-team", "monitor", "power", "2022-05-03"), REASON_NONE);
    assert_int_equal(lodges(x, "outsider", "monitor", "power", "2022-05-03"), REASON_NOT_A_PARTY);
    assert_int_equal(lodges(x, "nobody", "monitor", "power", "2022-05-03"), REASON_NOT_A_PARTY);
    assert_int_equal(lodges(x, "school", "fishing", "power", "2022-05-03"),
                     REASON_PURPOSE_OUTSIDE_PROTOCOL);
    assert_int_equal(lodges(x, "school", "protect", "power", "2022-05-03"),
                     REASON_QUESTION_NOT_PERMITTED);
    assert_int_equal(lodges(x, "school", "help", "consent", "2022-05-03"),
                     REASON_QUESTION_NOT_PERMITTED);
    assert_int_equal(lodges(x, "school", "monitor", "duty", "2022-05-03"), REASON_BASIS_NOT_LISTED);
    assert_int_equal(lodges(x, "school", "monitor", "no-such-law", "2022-05-03"),
                     REASON_BASIS_NOT_LISTED);
    assert_int_equal(lodges(x, "school", "monitor", "power", "2020-01-01"), REASON_NONE);
    assert_int_equal(lodges(x, "school", "monitor", "power", "2026-12-31"), REASON_NONE);
    assert_int_equal(lodges(x, "school", "monitor", "power", "2019-12-31"),
                     REASON_PROTOCOL_NOT_IN_FORCE);
    assert_int_equal(lodges(x, "school", "monitor", "power", "2027-01-01"),
                     REASON_PROTOCOL_NOT_IN_FORCE);
}

static void who_may_be_told_of_firings(void **state)
{
    struct fixture *x = *state;
    uint16_t fired = bundle_question(x->b, "fired"), plan = bundle_question(x->b, "plan");
    int32_t day = on("2022-05-03");

    /* the hub of this policy is no party, and the council no hub */
    assert_false(threshold_reads(x->b, bundle_agency(x->b, "hub"), fired, day));
    assert_false(threshold_reads(x->b, bundle_agency(x->b, "council"), fired, day));
    assert_false(threshold_reads(x->b, POLICY_NONE, fired, day));
    assert_true(threshold_feeds(x->b, bundle_purpose(x->b, "monitor"), fired, day));
    assert_false(threshold_feeds(x->b, bundle_purpose(x->b, "monitor"), fired, on("2027-01-01")));
    assert_false(threshold_feeds(x->b, bundle_purpose(x->b, "protect"), fired, day));
    assert_false(threshold_feeds(x->b, bundle_purpose(x->b, "protect"), plan, day));
    assert_false(threshold_feeds(x->b, POLICY_NONE, fired, day));
    assert_false(threshold_feeds(x->b, bundle_purpose(x->b, "monitor"), POLICY_NONE, day));
}

/* The same policy with these two as hubs. */
static void make_hub(const char *text, const char *id, struct buf *out)
{
    char find[64];
    const char *at;

    (void)snprintf(find, sizeof(find), "{ id = \"%s\";", id);
    at = strstr(text, find);
    assert_non_null(at);
    buf_put(out, text, (size_t)(at - text));
    buf_printf(out, "{ hub = true; id = \"%s\";%s", id, at + strlen(find));
    buf_put_u8(out, 0);
    assert_int_equal(buf_status(out), 0);
}

static void a_hub_that_is_a_party_and_may_ask_is_told(void **state)
{
    ALM_CLEANUP(conf_errors_freep) struct conf_errors *errors = NULL;
    struct buf one = { 0 }, two = { 0 }, compiled = { 0 };
    char *text = small_policy();
    struct bundle *b = NULL;
    uint16_t fired;
    int32_t day = on("2022-05-03");

    (void)state;
    buf_init(&one, 1 << 20);
    buf_init(&two, 1 << 20);
    buf_init(&compiled, 1 << 20);
    assert_int_equal(conf_errors_new(&errors), 0);
    make_hub(text, "school", &one);
    make_hub((const char *)one.data, "surgery", &two);
    assert_int_equal(compile_text((const char *)two.data, errors, &compiled), 0);
    assert_int_equal(bundle_decode(buf_view(&compiled), &b), 0);
    fired = bundle_question(b, "fired");
    assert_true(threshold_reads(b, bundle_agency(b, "school"), fired, day));
    assert_false(threshold_reads(b, bundle_agency(b, "surgery"), fired, day)); /* asks nothing */
    assert_false(threshold_reads(b, bundle_agency(b, "hub"), fired, day));     /* no party */
    assert_false(threshold_reads(b, bundle_agency(b, "school"), fired, on("2027-01-01")));
    assert_false(threshold_reads(b, bundle_agency(b, "school"), bundle_question(b, "plan"), day));
    bundle_free(b);
    buf_deinit(&one);
    buf_deinit(&two);
    buf_deinit(&compiled);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_story_ends_as_it_should),
        cmocka_unit_test(a_rule_that_asks_for_nobody_never_fires),
        cmocka_unit_test(no_decision_rests_on_part_of_them),
        cmocka_unit_test(a_severity_out_of_range_counts_for_nothing),
        cmocka_unit_test(only_what_the_last_one_brought_about_is_new),
        cmocka_unit_test(a_firing_stands_as_long_as_enough_of_them_do),
        cmocka_unit_test(random_lists_fire_as_a_plain_reading_says),
        cmocka_unit_test(who_may_lodge_a_concern),
        cmocka_unit_test(who_may_be_told_of_firings),
        cmocka_unit_test(a_hub_that_is_a_party_and_may_ask_is_told),
    };

    return cmocka_run_group_tests_name("threshold", tests, fixture_new, fixture_free);
}
