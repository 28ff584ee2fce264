/* SPDX-License-Identifier: Apache-2.0 */
/* test_fhir_read.c - dates, references, codes and places in FHIR resources; and a configuration
 * read without memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "alloc_fail.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "conf/conf.h"
#include "fhir/config.h"
#include "fhir/record.h"
#include "temp_dir.h"

#include <errno.h>

static const char base[] = "https://trust.example/r4";

static void date_is_the_days_that_it_may_be(void **state)
{
    static const struct {
        const char *text, *first, *last;
    } good[] = {
        { "2021", "2021-01-01", "2021-12-31" },
        { "2020-02", "2020-02-01", "2020-02-29" },
        { "2021-12", "2021-12-01", "2021-12-31" },
        { "2021-05-10", "2021-05-10", "2021-05-10" },
        { "2021-05-10T22:59:59Z", "2021-05-10", "2021-05-10" },
        { "2021-05-10T23:00:00Z", "2021-05-11", "2021-05-11" }, /* summer time */
        { "2021-01-10T23:30:00.123Z", "2021-01-10", "2021-01-10" },
        { "2021-01-10T23:30:00-05:00", "2021-01-11", "2021-01-11" },
        { "2021-01-11T00:30:00+01:00", "2021-01-10", "2021-01-10" },
        { "2020-12-31T23:59:60Z", "2021-01-01", "2021-01-01" }, /* a leap second */
    };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(good); i++) {
        char a[CIVIL_TEXT], b[CIVIL_TEXT];
        int32_t first, last;

        assert_int_equal(fhir_days(good[i].text, &first, &last), 0);
        civil_format(first, a);
        civil_format(last, b);
        assert_string_equal(a, good[i].first);
        assert_string_equal(b, good[i].last);
    }
}

static void what_is_no_date_is_refused(void **state)
{
    static const char *const bad[] = { "",
                                       "21",
                                       "2021-",
                                       "2021-13",
                                       "2021-00",
                                       "2021-2",
                                       "2021-02-29",
                                       "2021-05-1",
                                       "1899",
                                       "9999-01-01",
                                       "2021-05-10T",
                                       "2021-05-10T10:00:00",
                                       "2021-05-10T10:00Z",
                                       "2021-05-10T25:00:00Z",
                                       "2021-05-10T10:60:00Z",
                                       "2021-05-10T10:00:00+15:00",
                                       "2021-05-10T10:00:00+01",
                                       "2021-05-10T10:00:00Zulu",
                                       "2021-05-10 10:00:00Z",
                                       "today" };
    int32_t first, last;

    (void)state;
    for (size_t i = 0; i < ALM_LEN(bad); i++)
        assert_int_equal(fhir_days(bad[i], &first, &last), -EINVAL);
}

static void reference_is_to_our_server_and_to_the_type_alone(void **state)
{
    static const char *const bad[] = { "",
                                       "Patient",
                                       "Patient/",
                                       "Patients/a",
                                       "Patient/a/b",
                                       "Patient/a/_history",
                                       "Patient/a?b",
                                       "Patient/../a",
                                       "#a",
                                       "urn:uuid:a",
                                       "https://other.example/r4/Patient/a",
                                       "https://trust.example/r4Patient/a",
                                       "Group/a" };
    char id[FHIR_ID_MAX];

    (void)state;
    assert_true(fhir_reference("Patient/a.1-B", base, "Patient", id));
    assert_string_equal(id, "a.1-B");
    assert_true(fhir_reference("Patient/a/_history/2", base, "Patient", id));
    assert_true(fhir_reference("https://trust.example/r4/Patient/a", base, "Patient", id));
    for (size_t i = 0; i < ALM_LEN(bad); i++)
        assert_false(fhir_reference(bad[i], base, "Patient", id));
}

static void path_goes_through_lists_and_takes_the_first_that_is_there(void **state)
{
    json_t *o = json_loads("{\"a\":[{\"b\":{}},{\"b\":{\"c\":[\"x\",\"y\"]}}],\"n\":3,\"z\":null}",
                           0, NULL);

    (void)state;
    assert_non_null(o);
    assert_string_equal(path_text(o, "a.b.c"), "x");
    assert_true(path_has(o, "a.b.c", "y"));
    assert_false(path_has(o, "a.b.c", "z"));
    assert_string_equal(path_text(o, "q.r|z|a.b.c"), "x");
    assert_string_equal(path_text(o, "n"), "");
    assert_string_equal(path_text(o, "a.b.c.d"), "");
    assert_string_equal(path_text(NULL, "a"), "");
    json_decref(o);
    assert_true(path_valid("period.start|onsetDateTime"));
    assert_false(path_valid("a..b") || path_valid(".a") || path_valid("a.") || path_valid("a|") ||
                 path_valid("") || path_valid("a b") || path_valid("a[0]"));
}

static void code_is_that_of_its_system(void **state)
{
    json_t *o = json_loads("{\"type\":[{\"coding\":[{\"system\":\"s\",\"code\":\"1\"}]},{"
                           "\"system\":\"t\",\"code\":\"2\"}]}",
                           0, NULL);

    (void)state;
    assert_non_null(o);
    assert_true(fhir_coded(o, "type", "s|1") && fhir_coded(o, "type", "1") &&
                fhir_coded(o, "type", "t|2"));
    assert_false(fhir_coded(o, "type", "t|1") || fhir_coded(o, "type", "ss|1") ||
                 fhir_coded(o, "type", "3") || fhir_coded(o, "code", "1"));
    json_decref(o);
}

/* Reads an address; its reference to out, "" when it is no home. */
static void ref_of(const char *address, char out[static HOME_REF_MAX])
{
    json_t *o = json_loads(address, 0, NULL);
    struct home h;

    assert_non_null(o);
    out[0] = '\0';
    if (home_read(o, &h))
        memcpy(out, h.ref, HOME_REF_MAX);
    json_decref(o);
}

static void home_is_its_address_however_it_is_written(void **state)
{
    char a[HOME_REF_MAX], b[HOME_REF_MAX], postcode[16];

    (void)state;
    ref_of("{\"line\":[\"Flat 4\",\"11 Pretend Street\"],\"postalCode\":\"ZZ3 1AB\"}", a);
    ref_of("{\"line\":[\"FLAT 4, 11 Pretend "
           "St.\"],\"postalCode\":\"zz31ab\",\"use\":\"old\",\"period\":{\"end\":\"2020\"}}",
           b);
    assert_string_equal(a, b);
    home_postcode(a, postcode);
    assert_string_equal(postcode, "ZZ3 1AB");
    ref_of("{\"line\":[\"12 Pretend Street\"],\"postalCode\":\"ZZ3 1AB\"}", b);
    assert_string_not_equal(a, b);
    ref_of("{\"line\":[\"Prison wing B\"],\"postalCode\":\"none\"}", a);
    assert_string_equal(home_line(a), "Prison wing B");
    home_postcode(a, postcode);
    assert_string_equal(postcode, "");
}

static void what_is_no_home_is_passed_over(void **state)
{
    static const char *const bad[] = {
        "{}",
        "{\"line\":[],\"postalCode\":\"ZZ3 1AB\"}",
        "{\"line\":[\"...\"],\"postalCode\":\"ZZ3 1AB\"}",
        "{\"line\":[\"1 A\"],\"use\":\"work\"}",
        "{\"line\":[\"1 A\"],\"use\":\"billing\"}",
        "{\"line\":[\"1 A\"],\"type\":\"postal\"}",
        "{\"line\":[\"1 A\"],\"use\":\"old\"}",
        "{\"line\":[\"1 A\"],\"period\":{\"end\":\"soon\"}}",
        "{\"line\":[\"1 A\"],\"period\":{\"start\":\"2021\",\"end\":\"2019\"}}",
    };
    char ref[HOME_REF_MAX];

    (void)state;
    for (size_t i = 0; i < ALM_LEN(bad); i++) {
        ref_of(bad[i], ref);
        assert_string_equal(ref, "");
    }
}

static const char conf_text[] =
    "fhir = { base = \"https://trust.example/r4\"; locations = { search = \"\"; };\n"
    "  searches = ( { name = \"a\"; resource = \"Encounter\"; query = \"patient={patient}\"; kinds "
    "= ( { kind = \"k\"; codes = [ \"s|1\" ]; } ); } );\n"
    "  involvements = ( { resource = \"EpisodeOfCare\"; query = \"patient={patient}\"; } ); };\n"
    "questions = ( { id = \"q\"; rule = \"ever\"; kinds = [ \"k\" ]; }, { id = \"r\"; rule = "
    "\"involvement\"; } );\n";

static void configuration_without_memory_is_an_error_and_leaks_nothing(void **state)
{
    struct conf_errors *errors = NULL;
    struct conf *conf = NULL;
    struct alm_setup setup = { .dir = temp_dir };
    struct fhir_config *c = NULL;
    int r = -ENOMEM;

    (void)state;
    assert_int_equal(conf_errors_new(&errors), 0);
    assert_int_equal(conf_load(temp_text("adapter.conf", conf_text), errors, &conf), 0);
    setup.root = conf_root(conf);
    setup.errors = errors;
    for (int n = 0; r != 0; n++) {
        assert_true(n < 100);
        alloc_fail_nth(n);
        r = fhir_config_read(&setup, &c);
        alloc_fail_nth(-1);
        assert_true(r == 0 || r == -ENOMEM || (r == -EINVAL && conf_errors_count(errors) > 0));
        if (r == -EINVAL) { /* said so: begin anew */
            conf_errors_free(errors);
            assert_int_equal(conf_errors_new(&errors), 0);
            setup.errors = errors;
        }
    }
    assert_int_equal(c->n_searches, 2);
    assert_int_equal(c->n_questions, 2);
    assert_true(c->questions[0].searches == 1 && c->questions[1].searches == 2);
    fhir_config_free(c);
    conf_free(conf);
    conf_errors_free(errors);
}

static int setup_all(void **state)
{
    return crypto_init() != 0 || civil_set_zone("Europe/London") != 0 ? -1 : temp_dir_setup(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(date_is_the_days_that_it_may_be),
        cmocka_unit_test(what_is_no_date_is_refused),
        cmocka_unit_test(reference_is_to_our_server_and_to_the_type_alone),
        cmocka_unit_test(path_goes_through_lists_and_takes_the_first_that_is_there),
        cmocka_unit_test(code_is_that_of_its_system),
        cmocka_unit_test(home_is_its_address_however_it_is_written),
        cmocka_unit_test(what_is_no_home_is_passed_over),
        cmocka_unit_test(configuration_without_memory_is_an_error_and_leaks_nothing),
    };

    return cmocka_run_group_tests(tests, setup_all, temp_dir_teardown);
}
