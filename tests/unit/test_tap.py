#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""test_tap.py - that tests/tap.py, which judges all other tests, counts a failure as one. Prints TAP."""
import contextlib
import io
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import tap  # noqa: E402 - found through the line above


def judged(stdout, result="OK"):
    """(passed, failed, skipped) of a test that printed stdout and was judged result by meson."""
    test = {"name": "t", "stdout": stdout, "stderr": "", "result": result, "returncode": 0, "command": ["t"]}
    with contextlib.redirect_stderr(io.StringIO()):
        return tap.count_test("build", test)


CASES = [
    ("each_ok_line_counts_as_one", "1..2\nok 1 - a\nok 2 - b\n", "OK", (2, 0, 0)),
    ("each_not_ok_line_counts_as_one", "1..3\nok 1 - a\nnot ok 2 - b\nnot ok 3 - c\n", "FAIL", (1, 2, 0)),
    ("a_not_ok_line_fails_even_if_meson_is_content", "1..1\nnot ok 1 - a\n", "OK", (0, 1, 0)),
    ("a_skip_is_neither", "1..2\nok 1 - a # SKIP no network\nok 2 - b\n", "OK", (1, 0, 1)),
    ("a_crash_after_the_last_ok_is_a_failure", "1..2\nok 1 - a\nok 2 - b\n", "ERROR", (2, 1, 0)),
    ("a_crash_before_the_first_ok_is_a_failure", "", "ERROR", (0, 1, 0)),
    ("a_time_out_is_a_failure", "1..2\nok 1 - a\n", "TIMEOUT", (1, 1, 0)),
    ("a_plan_not_kept_is_a_failure", "1..3\nok 1 - a\n", "OK", (1, 1, 0)),
    ("a_plan_exceeded_is_a_failure", "1..1\nok 1 - a\nok 2 - b\n", "OK", (2, 1, 0)),
    ("several_groups_have_several_plans", "1..1\nok 1 - a\n1..1\nok 1 - b\n", "OK", (2, 0, 0)),
    ("cmocka_summary_lines_are_not_tests", "1..1\nok 1 - a\n# ok - group\n", "OK", (1, 0, 0)),
    ("prose_that_starts_with_ok_is_no_test", "ok then\nokay\n1..1\nok 1 - a\n", "OK", (1, 0, 0)),
    ("a_test_without_tap_counts_by_its_exit", "all is well\n", "OK", (1, 0, 0)),
    ("a_failed_test_without_tap_counts_by_its_exit", "oh no\n", "FAIL", (0, 1, 0)),
    ("a_test_skipped_whole_is_skipped", "1..0 # SKIP not here\n", "SKIP", (0, 0, 1)),
]


def main():
    print(f"1..{len(CASES)}")
    failed = 0
    for number, (name, stdout, result, want) in enumerate(CASES, 1):
        got = judged(stdout, result)
        print(f"{'ok' if got == want else 'not ok'} {number} - {name}")
        if got != want:
            failed += 1
            print(f"# wanted {want}, got {got}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
