/* SPDX-License-Identifier: Apache-2.0 */
/* test_oversight.c - what a policy says of witnesses, of how long records are kept and of office
 * hours: text with one thing wrong each, what is read of good text, and bytes that say what no text
 * may. type=test; source: DOMAIN.md section 7, "per-class override". */
#include "engine/layout.h"
#include "engine/oversight.h"
#include "good_text.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define GOOD                                                                                       \
    "witnesses = { agencies = [ \"surgery\", \"council\", \"school\" ]; need = 2; outage_hours = "  \
    "6;\n  every_seconds = 30; };\n"                                                               \
    "retention = { classes = (\n"                                                                  \
    "  { class = \"decisions\"; years = 7; },\n"                                                   \
    "  { class = \"concerns\"; days = 10; },\n"                                                    \
    "  { class = \"concerns\"; part = \"alleged\"; years = 100; },\n"                              \
    "  { class = \"concerns\"; outcome = \"unfounded\"; days = 0; },\n"                            \
    "  { class = \"concerns\"; part = \"alleged\"; outcome = \"unfounded\"; days = 365; } );\n"    \
    "  backup_days = 20; receipts_days = 40; };\n"                                                 \
    "office_hours = { from = \"07:05\"; until = \"24:00\"; days = [ \"mon\", \"sun\" ]; };\n"

static int set_up(void **state)
{
    (void)state;
    return good_text(NULL, GOOD);
}

/* clang-format off: a table, one row a line */
static const struct bad bad[] = {
    { "an unknown key of witnesses", "need = 2", "quorum = 2", "unknown key quorum", "quorum" },
    { "a witness that is no agency", "\"surgery\", \"council\"", "\"nobody\", \"council\"", "unknown agency \"nobody\"", "nobody" },
    { "a witness that is no party", "\"surgery\", \"council\"", "\"outsider\", \"council\"", "\"outsider\" is a party of no protocol", "outsider\", " },
    { "a witness twice", "\"surgery\", \"council\"", "\"council\", \"council\"", "\"council\" is listed twice", "witnesses = " },
    { "no witnesses in the group", "agencies = [ \"surgery\", \"council\", \"school\" ]; need = 2;", "", "agencies is missing", "witnesses = " },
    { "more signatures than witnesses", "need = 2", "need = 4", "4 signatures are needed, and there are 3 witnesses", "need = 4" },
    { "no signature", "need = 2", "need = 0", "need", "need = 0" },
    { "an outage of no time", "outage_hours = 6", "outage_hours = 0", "outage_hours", "outage_hours = 0" },
    { "an outage of more than a week", "outage_hours = 6", "outage_hours = 169", "outage_hours", "outage_hours = 169" },
    { "asking all the time", "every_seconds = 30", "every_seconds = 0", "every_seconds", "every_seconds = 0" },
    { "asking hardly ever", "every_seconds = 30", "every_seconds = 3601", "every_seconds", "every_seconds = 3601" },
    { "an unknown class", "\"decisions\"", "\"gossip\"", "class must be one of \"decisions\", \"consents\"", "gossip" },
    { "no class", "{ class = \"decisions\"; years = 7; }", "{ years = 7; }", "class must be one of", "{ years = 7" },
    { "a class twice", "{ class = \"decisions\"; years = 7; }", "{ class = \"concerns\"; days = 11; }", "are listed twice", "days = 10" },
    { "a concern's clock twice", "part = \"alleged\"; outcome = \"unfounded\"", "outcome = \"unfounded\"", "part any and outcome unfounded are listed twice", NULL },
    { "an unknown part", "part = \"alleged\"; years", "part = \"victim\"; years", "part must be one of \"at-risk\", \"alleged\"", "victim" },
    { "an unknown outcome", "outcome = \"unfounded\"; days = 0", "outcome = \"unsure\"; days = 0", "outcome must be one of \"founded\", \"unfounded\"", "unsure" },
    { "a part of decisions", "class = \"decisions\"; ", "class = \"decisions\"; part = \"alleged\"; ", "part is for concerns alone", "years = 7" },
    { "an outcome of decisions", "class = \"decisions\"; ", "class = \"decisions\"; outcome = \"founded\"; ", "outcome is for concerns alone", "years = 7" },
    { "for ever", "years = 7", "years = \"for ever\"", "nothing is kept for ever", "for ever" },
    { "permanently, in days", "days = 10", "days = \"permanent\"", "nothing is kept for ever", "permanent" },
    { "more than a hundred years", "years = 100", "years = 101", "years", "years = 101" },
    { "more than a hundred years in days", "days = 10;", "days = 36526;", "days", "days = 36526" },
    { "less than nothing", "days = 10;", "days = -1;", "days", "days = -1" },
    { "a decision kept for no day", "years = 7", "days = 0", "days", "\"decisions\"; days = 0" },
    { "no years", "years = 7", "years = 0", "years", "years = 0" },
    { "both units", "years = 7", "years = 7; days = 3", "one of the two", NULL },
    { "no length", "class = \"decisions\"; years = 7;", "class = \"decisions\";", "one of the two", "\"decisions\"" },
    { "a class that is a word", "{ class = \"decisions\"; years = 7; }", "\"decisions\"", "a class is written as", NULL },
    { "an unknown key of a class", "years = 7", "decades = 7", "unknown key decades", "decades" },
    { "two clocks that meet", ",\n  { class = \"concerns\"; part = \"alleged\"; outcome = \"unfounded\"; days = 365; }", "", "write one for the two together", "retention = " },
    { "backups for a day of nothing", "backup_days = 20", "backup_days = 0", "backup_days", "backup_days = 0" },
    { "backups for years", "backup_days = 20", "backup_days = 367", "backup_days", "backup_days = 367" },
    { "receipts that go before a consent may come", "receipts_days = 40", "receipts_days = 30", "receipts_days", "receipts_days = 30" },
    { "receipts for ever", "receipts_days = 40", "receipts_days = 3661", "receipts_days", "receipts_days = 3661" },
    { "retention that is a list", "retention = { classes = (", "retention = [ ];\nlimits = { classes = (", "retention is a group", "retention = [" },
    { "a time that is no time", "\"07:05\"", "\"7:05\"", "from must be a time of day", "7:05" },
    { "a time of sixty minutes", "\"07:05\"", "\"07:60\"", "from must be a time of day", "07:60" },
    { "a time past the day", "\"24:00\"", "\"24:01\"", "until must be a time of day", "24:01" },
    { "a time in words", "\"07:05\"", "\"seven\"", "from must be a time of day", "seven" },
    { "hours that end before they begin", "\"24:00\"", "\"07:05\"", "until is not after from", "office_hours" },
    { "an unknown day", "\"mon\"", "\"monday\"", "days must be", "monday" },
    { "a day twice", "\"mon\", \"sun\"", "\"mon\", \"mon\"", "has \"mon\" twice", "\"mon\", \"mon\"" },
    { "no day", "[ \"mon\", \"sun\" ]", "[ ]", "days names no day", "office_hours" },
    { "an unknown key of office hours", "until = ", "to = ", "unknown key to", "to = \"24" },
};

/* clang-format on */
static void each_bad_text_of_oversight_shows_its_error(void **state)
{
    (void)state;
    expect_errors(good, bad, ALM_LEN(bad));
}

static void what_is_written_is_what_is_read(void **state)
{
    struct bundle *b = bundle_of(good);
    const struct policy_witnesses *w = bundle_witnesses(b);

    (void)state;
    assert_int_equal(w->n, 3);
    assert_int_equal(w->need, 2);
    assert_int_equal(w->outage_hours, 6);
    assert_int_equal(w->every_s, 30);
    assert_string_equal(bundle_agency_at(b, w->agencies[0])->id, "council");
    assert_string_equal(bundle_agency_at(b, w->agencies[2])->id, "surgery");
    assert_int_equal(bundle_retention(b)->backup_days, 20);
    assert_int_equal(bundle_retention(b)->receipts_days, 40);
    assert_int_equal(bundle_office_hours(b)->from_min, 7 * 60 + 5);
    assert_int_equal(bundle_office_hours(b)->until_min, DAY_MINUTES);
    assert_int_equal(bundle_office_hours(b)->days, 1 | 1 << 6);
    bundle_free(b);
}

/* Which clock a record has: class, part and outcome against days. */
static void the_clock_that_fits_best_counts(void **state)
{
    static const struct {
        uint8_t class, part, outcome;
        uint32_t days;
    } rows[] = {
        { RETENTION_DECISIONS, 0, 0, 2557 }, /* seven years: none by the calendar are longer */
        { RETENTION_CONSENTS, 0, 0, 2192 },  /* the default: six years */
        { RETENTION_SHIELDS, 0, 0, 2192 },
        { RETENTION_REFERRALS, 0, 0, 2192 },
        { RETENTION_OVERRIDES, 0, 0, 2192 },
        { RETENTION_OFFICERS, 0, 0, 2192 },
        { RETENTION_OTHER, 0, 0, 731 },
        { 0, 0, 0, 731 },                    /* no class that we know */
        { 200, 3, 3, 731 },
        { RETENTION_CONCERNS, 0, 0, 10 },
        { RETENTION_CONCERNS, CONCERN_AT_RISK, 0, 10 },
        { RETENTION_CONCERNS, CONCERN_AT_RISK, CONCERN_FOUNDED, 10 },
        { RETENTION_CONCERNS, CONCERN_AT_RISK, CONCERN_UNFOUNDED, 0 },
        { RETENTION_CONCERNS, 0, CONCERN_UNFOUNDED, 0 },
        { RETENTION_CONCERNS, 0, CONCERN_FOUNDED, 10 },
        { RETENTION_CONCERNS, CONCERN_ALLEGED, 0, 36525 },
        { RETENTION_CONCERNS, CONCERN_ALLEGED, CONCERN_FOUNDED, 36525 },
        { RETENTION_CONCERNS, CONCERN_ALLEGED, CONCERN_UNFOUNDED, 365 },
    };
    struct bundle *b = bundle_of(good);

    (void)state;
    for (size_t i = 0; i < ALM_LEN(rows); i++)
        if (bundle_retention_days(b, rows[i].class, rows[i].part, rows[i].outcome) != rows[i].days)
            fail_msg("row %zu: %u days", i,
                     (unsigned)bundle_retention_days(b, rows[i].class, rows[i].part,
                                                     rows[i].outcome));
    bundle_free(b);
}

/* Six years by the calendar are 2,191 or 2,192 days: a year written is never shorter than one. */
static void years_are_never_shorter_than_by_the_calendar(void **state)
{
    (void)state;
    for (int years = 1; years <= 100; years++) {
        int days = (years * 1461 + 3) / 4, longest = 0;

        for (int from = 2000; from < 2030; from++) {
            char text[2][16];

            (void)snprintf(text[0], sizeof(text[0]), "%04d-03-01", from);
            (void)snprintf(text[1], sizeof(text[1]), "%04d-03-01", from + years);
            if (on(text[1]) - on(text[0]) > longest)
                longest = on(text[1]) - on(text[0]);
        }
        if (days < longest || days > longest + 2)
            fail_msg("%d years: %d days, by the calendar %d", years, days, longest);
    }
}

static void the_order_of_the_text_changes_nothing(void **state)
{
    static const struct bad swaps[] = {
        { "witnesses", "\"surgery\", \"council\", \"school\"",
          "\"school\", \"surgery\", \"council\"", NULL, NULL },
        { "clocks",
          "  { class = \"decisions\"; years = 7; },\n  { class = \"concerns\"; days = 10; },\n",
          "  { class = \"concerns\"; days = 10; },\n  { class = \"decisions\"; days = 2557; },\n",
          NULL, NULL },
        { "weekdays", "\"mon\", \"sun\"", "\"sun\", \"mon\"", NULL, NULL },
    };
    struct bundle *a = bundle_of(good);

    (void)state;
    for (size_t i = 0; i < ALM_LEN(swaps); i++) {
        char *other = bad_text(good, &swaps[i]);
        struct bundle *b = bundle_of(other);

        assert_memory_equal(bundle_hash(a), bundle_hash(b), POLICY_HASH_LEN);
        bundle_free(b);
        free(other);
    }
    bundle_free(a);
}

static void the_keyholder_may_witness_though_party_to_nothing(void **state)
{
    const struct bad swap = { "keyholder", "\"surgery\", \"council\"", "\"outsider\", \"council\"",
                              NULL, NULL };
    char *other = bad_text(good, &swap), *text = NULL;
    struct bundle *b;

    (void)state;
    assert_true(asprintf(&text,
                         "%stokens = { keyholder = \"outsider\"; epochs = ( { scheme = \"oblivious\"; "
                         "epoch = 1; state = \"current\"; public_key = \"%064d\"; } ); };\n",
                         other, 7) > 0);
    b = bundle_of(text);
    assert_int_equal(bundle_witnesses(b)->n, 3);
    bundle_free(b);
    free(text);
    free(other);
}

static void assert_usual(const struct bundle *b)
{
    assert_int_equal(bundle_witnesses(b)->n, 0);
    assert_int_equal(bundle_witnesses(b)->need, 0);
    assert_int_equal(bundle_witnesses(b)->outage_hours, 4);
    assert_int_equal(bundle_witnesses(b)->every_s, 60);
    for (uint8_t class = 1; class <= RETENTION_CLASSES; class ++)
        assert_int_equal(bundle_retention_days(b, class, 0, 0),
                         class == RETENTION_CONCERNS ? 0 : class == RETENTION_OTHER ? 731 : 2192);
    assert_int_equal(bundle_retention(b)->backup_days, 35);
    assert_int_equal(bundle_retention(b)->receipts_days, 90);
    assert_int_equal(bundle_office_hours(b)->from_min, 510);
    assert_int_equal(bundle_office_hours(b)->until_min, 1080);
    assert_int_equal(bundle_office_hours(b)->days, 31);
}

static void a_policy_that_says_nothing_keeps_nothing_for_ever(void **state)
{
    (void)state;
    small_means(assert_usual);
}

static void bundles_of_earlier_versions_have_the_usual_clocks(void **state)
{
    static const struct {
        const char *path;
        uint16_t version;
    } old[] = { { ALM_BUNDLE_V1, 1 }, { ALM_BUNDLE_V5, 5 }, { ALM_BUNDLE_V6, 6 } };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(old); i++) {
        struct bundle *b = old_bundle_read(old[i].path, old[i].version);

        assert_usual(b);
        bundle_free(b);
    }
}

static void classes_have_the_words_of_the_text(void **state)
{
    (void)state;
    assert_string_equal(retention_class_word(RETENTION_DECISIONS), "decisions");
    assert_string_equal(retention_class_word(RETENTION_OFFICERS), "officers");
    assert_string_equal(retention_class_word(RETENTION_OTHER), "other");
    assert_string_equal(retention_class_word(0), "other");
    assert_string_equal(retention_class_word(255), "other");
}

/* --- bytes, which come from a database --- */

struct said {
    struct policy_witnesses w;
    struct policy_retention r;
    struct policy_office_hours o;
};

static int decoded(const struct said *s)
{
    struct layout l;

    draft_layout(&l);
    l.witnesses = s->w;
    l.retention = s->r;
    l.office_hours = s->o;
    return decoded_layout(&l);
}

static struct said sound(void)
{
    struct said s = { .w = { 2, { 0, 1 }, 1, 4, 60 }, .r = retention_usual,
                      .o = office_hours_usual };

    s.r.clocks[s.r.n++] = (struct policy_clock){ RETENTION_CONCERNS, CONCERN_ALLEGED, 0, 9 };
    retention_sort(&s.r);
    return s;
}

static void bytes_that_say_what_no_text_may_are_refused(void **state)
{
    struct said s = sound();

    (void)state;
    assert_int_equal(decoded(&s), 0);
#define BAD(change)                                                                                \
    do {                                                                                           \
        s = sound();                                                                               \
        change;                                                                                    \
        if (decoded(&s) != -EBADMSG)                                                               \
            fail_msg("%s", #change);                                                               \
    } while (0)
    BAD(s.r.n = 8); /* "other" has none */
    BAD((s.r.clocks[s.r.n++] = (struct policy_clock){ RETENTION_DECISIONS, CONCERN_ALLEGED, 0, 9 },
         retention_sort(&s.r)));
    BAD((s.r.clocks[s.r.n++] = (struct policy_clock){ RETENTION_DECISIONS, 0, CONCERN_FOUNDED, 9 },
         retention_sort(&s.r)));
    BAD((s.r.clocks[9] = s.r.clocks[0], s.r.clocks[0] = s.r.clocks[1], s.r.clocks[1] = s.r.clocks[9]));
    BAD(s.w.agencies[1] = 2);
    BAD(s.w.agencies[1] = 0);
    BAD(s.w.agencies[0] = 1);
    BAD(s.w.need = 0);
    BAD(s.w.need = 3);
    BAD(s.w.n = 0);
    BAD(s.w.outage_hours = 0);
    BAD(s.w.outage_hours = WITNESS_OUTAGE_MOST_HOURS + 1);
    BAD(s.w.every_s = WITNESS_EVERY_MOST_S + 1);
    BAD(s.r.n = 7);
    BAD(s.r.clocks[0].class = 0);
    BAD(s.r.clocks[0].class = RETENTION_CLASSES + 1);
    BAD(s.r.clocks[0].days = 0);
    BAD(s.r.clocks[0].days = RETENTION_DAYS_MOST + 1);
    BAD(s.r.clocks[0].days = UINT32_MAX);
    BAD(s.r.clocks[0].part = 1);
    BAD(s.r.clocks[0].outcome = 1);
    BAD(s.r.clocks[3].days = RETENTION_DAYS_MOST + 1);
    BAD(s.r.clocks[4].part = 3);
    BAD(s.r.clocks[4].outcome = 3);
    BAD(s.r.clocks[4].part = 0);
    BAD(s.r.clocks[1] = s.r.clocks[0]);
    BAD((s.r.clocks[8] = s.r.clocks[7], s.r.clocks[7] = s.r.clocks[6], s.r.clocks[6].days++));
    BAD((s.r.clocks[s.r.n++] = (struct policy_clock){ RETENTION_CONCERNS, 0, CONCERN_FOUNDED, 9 },
         retention_sort(&s.r)));
    BAD(s.r.backup_days = 0);
    BAD(s.r.backup_days = RETENTION_BACKUP_MOST + 1);
    BAD(s.r.receipts_days = RETENTION_RECEIPTS_LEAST - 1);
    BAD(s.r.receipts_days = RETENTION_RECEIPTS_MOST + 1);
    BAD(s.o.from_min = s.o.until_min);
    BAD(s.o.from_min = DAY_MINUTES);
    BAD(s.o.until_min = DAY_MINUTES + 1);
    BAD(s.o.days = 0x80);
#undef BAD
}

static void bytes_at_the_ends_of_what_may_be_are_taken(void **state)
{
    struct said s;

    (void)state;
#define GOOD_BYTES(change)                                                                         \
    do {                                                                                           \
        s = sound();                                                                               \
        change;                                                                                    \
        if (decoded(&s) != 0)                                                                      \
            fail_msg("%s", #change);                                                               \
    } while (0)
    GOOD_BYTES(s.w.need = 2);
    GOOD_BYTES((s.w.n = 0, s.w.need = 0));
    GOOD_BYTES(s.w.outage_hours = 1);
    GOOD_BYTES(s.w.outage_hours = WITNESS_OUTAGE_MOST_HOURS);
    GOOD_BYTES(s.w.every_s = 1);
    GOOD_BYTES(s.w.every_s = WITNESS_EVERY_MOST_S);
    GOOD_BYTES(s.r.backup_days = 1);
    GOOD_BYTES(s.r.backup_days = RETENTION_BACKUP_MOST);
    GOOD_BYTES(s.r.receipts_days = RETENTION_RECEIPTS_LEAST);
    GOOD_BYTES(s.r.receipts_days = RETENTION_RECEIPTS_MOST);
    GOOD_BYTES(s.r.clocks[0].days = 1);
    GOOD_BYTES(s.r.clocks[0].days = RETENTION_DAYS_MOST);
    GOOD_BYTES((s.o.from_min = 0, s.o.until_min = 1));
    GOOD_BYTES((s.o.from_min = DAY_MINUTES - 1, s.o.until_min = DAY_MINUTES));
    GOOD_BYTES(s.o.days = 1);
    GOOD_BYTES(s.o.days = 0x7f);
    GOOD_BYTES((s.r.clocks[s.r.n++] = (struct policy_clock){ RETENTION_CONCERNS, CONCERN_AT_RISK, CONCERN_UNFOUNDED, 0 },
                retention_sort(&s.r)));
#undef GOOD_BYTES
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_at_the_ends_of_what_may_be_are_taken),
        cmocka_unit_test(each_bad_text_of_oversight_shows_its_error),
        cmocka_unit_test(what_is_written_is_what_is_read),
        cmocka_unit_test(the_clock_that_fits_best_counts),
        cmocka_unit_test(years_are_never_shorter_than_by_the_calendar),
        cmocka_unit_test(the_order_of_the_text_changes_nothing),
        cmocka_unit_test(the_keyholder_may_witness_though_party_to_nothing),
        cmocka_unit_test(a_policy_that_says_nothing_keeps_nothing_for_ever),
        cmocka_unit_test(bundles_of_earlier_versions_have_the_usual_clocks),
        cmocka_unit_test(classes_have_the_words_of_the_text),
        cmocka_unit_test(bytes_that_say_what_no_text_may_are_refused),
    };

    return cmocka_run_group_tests(tests, set_up, good_text_free);
}
