/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_settings.c - what the supervisor hands the core: taken whole, or refused by the key's
 * name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "settings.h"

#include <errno.h>
#include <string.h>

static json_t *whole(void)
{
    static const char hex[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    return json_pack(
        "{s:s,s:s,s:s,s:s,s:s,s:i,s:s,s:s,s:s,s:s,s:[{s:s,s:s},{s:s,s:s}],s:{s:i,s:i,s:I,s:i,s:i},"
        "s:{s:i,s:i},s:[s]}",
        "log_level", "warn", "mode", "exercise", "origin", "town.example/almoner", "zone",
        "Europe/London", "data_dir", "/var/lib/almoner", "store_mib", 256, "store_key", hex,
        "audit_public", hex, "curve_public", "0123456789012345678901234567890123456789",
        "control_socket", "/run/almoner/control.sock", "gates", "organisation", "school", "bind",
        "tcp://127.0.0.1:1", "organisation", "*", "bind", "tcp://127.0.0.1:2", "limits",
        "frame_bytes", 65536, "messages_per_s", 50, "daily_bytes", (json_int_t)1 << 40,
        "deadline_ms", 1500, "lease_ms", 4000, "signer", "interval_ms", 500, "unsigned_limit_ms",
        90000, "suspend", "charity");
}

static int read_and_drop(json_t *o)
{
    ALM_CLEANUP(core_settings_deinit) struct core_settings s;
    int r;

    core_settings_init(&s);
    r = core_settings_read(o, &s);
    json_decref(o);
    return r;
}

static void whole_object_is_taken(void **state)
{
    ALM_CLEANUP(core_settings_deinit) struct core_settings s;
    json_t *o = whole();

    (void)state;
    core_settings_init(&s);
    assert_int_equal(core_settings_read(o, &s), 0);
    assert_int_equal(s.wire.mode, MODE_EXERCISE);
    assert_string_equal(s.wire.origin, "town.example/almoner");
    assert_int_equal(s.store_key.octets[31], 0x1f);
    assert_true(s.map_bytes == (uint64_t)256 << 20);
    assert_int_equal(s.n_gates, 2);
    assert_string_equal(s.gates[0], "school");
    assert_string_equal(s.gates[1], SETTINGS_GATE_ANY);
    assert_int_equal(s.limits.messages_per_s, 50);
    assert_int_equal(s.limits.check_threads, -1); /* of a supervisor that says nothing of them */
    assert_true(s.limits.daily_bytes == (uint64_t)1 << 40);
    assert_int_equal(s.limits.deadline_ms, 1500);
    assert_int_equal(s.limits.head_limit_ms, 90000);
    assert_int_equal(s.limits.queue_days, 30);
    assert_true(s.limits.head_least_ms <= s.limits.head_quiet_ms);
    assert_int_equal(s.n_suspend, 1);
    assert_string_equal(s.suspend[0], "charity");
    assert_int_equal(s.log_level, LOG_WARN);
    json_decref(o);
}

static void every_missing_key_is_refused(void **state)
{
    static const char *const keys[] = { "log_level",      "mode",        "origin",
                                        "zone",           "data_dir",    "gates",
                                        "limits",         "signer",      "store_mib",
                                        "suspend",        "store_key",   "audit_public",
                                        "control_socket", "curve_public" };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(keys); i++) {
        json_t *o = whole();

        assert_int_equal(json_object_del(o, keys[i]), 0);
        assert_int_equal(read_and_drop(o), -EINVAL);
    }
}

static void wrong_values_are_refused(void **state)
{
    static const struct {
        const char *key;
        const char *json;
    } wrong[] = {
        { "mode", "\"rehearsal\"" },
        { "mode", "2" },
        { "store_key", "\"abc\"" },
        { "audit_public", "\"zz\"" },
        { "store_mib", "0" },
        { "store_mib", "\"256\"" },
        { "gates", "{}" },
        { "gates", "[{\"bind\":\"x\"}]" },
        { "gates", "[{\"organisation\":\"\"}]" },
        { "gates", "[\"school\"]" },
        { "suspend", "[1]" },
        { "suspend",
          "[\"a-name-that-is-far-too-long-for-an-agency-because-ids-have-63-characters\"]" },
        { "limits", "{\"messages_per_s\":0,\"daily_bytes\":1,\"deadline_ms\":1,\"lease_ms\":100}" },
        { "limits",
          "{\"messages_per_s\":1,\"daily_bytes\":-1,\"deadline_ms\":1,\"lease_ms\":100}" },
        { "limits", "{\"messages_per_s\":1,\"daily_bytes\":1,\"deadline_ms\":1,\"lease_ms\":100,\"check_threads\":5}" },
        { "limits", "{\"messages_per_s\":1,\"daily_bytes\":1,\"deadline_ms\":1,\"lease_ms\":100,\"check_threads\":-2}" },
        { "limits", "{\"messages_per_s\":1,\"daily_bytes\":1,\"deadline_ms\":1,\"lease_ms\":100,\"check_threads\":\"2\"}" },
        { "signer", "{\"interval_ms\":1000}" },
        { "queues", "{}" },
        { "queues", "{\"items\":0,\"mib\":1,\"replay_days\":30}" },
        { "queues", "{\"items\":1,\"mib\":1,\"replay_days\":-1}" },
        { "curve_public", "\"012345678901234567890123456789012345678901\"" },
        { "log_level", "\"chatty\"" },
    };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(wrong); i++) {
        json_t *o = whole();

        json_object_set_new(o, wrong[i].key, json_loads(wrong[i].json, JSON_DECODE_ANY, NULL));
        assert_int_equal(read_and_drop(o), -EINVAL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_object_is_taken),
        cmocka_unit_test(every_missing_key_is_refused),
        cmocka_unit_test(wrong_values_are_refused),
    };

    log_init("test", LOG_ERROR + 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
