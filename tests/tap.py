#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tap.py - which meson tests to run, and what their TAP says. Helper of tests/run.

tap.py select BUILD SUITES FILTER        names of the tests, one a line
tap.py count BUILD STATUS NAME...        "passed failed skipped", after telling each failure on standard error
tap.py one NAME STATUS                   the same of one test that meson did not run; its TAP is read from standard input
"""
import json
import re
import shlex
import subprocess
import sys

TAP_LINE = re.compile(r"^\s*(not )?ok(?:\s+\d+\b\s*-?|\s+-)\s*(.*)$")
TAP_PLAN = re.compile(r"^\s*1\.\.(\d+)\s*(#\s*skip.*)?$", re.IGNORECASE)
OUTPUT_LINES = 60  # of a failed test's output that are shown


def select(build, suites, wanted):
    """Names of the tests of any of the suites ("all") whose name contains wanted."""
    listing = json.loads(subprocess.check_output(["meson", "introspect", "--tests", build]))
    chosen = set(suites.split(","))
    for test in listing:
        # meson says "almoner:unit"
        own = {suite.split(":")[-1] for suite in test["suite"]}
        if ("all" in chosen or own & chosen) and wanted in test["name"]:
            print(test["name"])


def count_tap(text):
    """(passed, names of failures, skipped, whether the plan was kept) of one test's output."""
    passed, failures, skipped, planned, seen = 0, [], 0, None, 0
    for line in text.splitlines():
        plan = TAP_PLAN.match(line)
        if plan:
            planned = (planned or 0) + int(plan.group(1))  # a cmocka program may run several groups
            continue
        match = TAP_LINE.match(line)
        if not match:
            continue
        seen += 1
        if re.search(r"#\s*skip", match.group(2), re.IGNORECASE):
            skipped += 1
        elif match.group(1):
            failures.append(match.group(2))
        else:
            passed += 1
    return passed, failures, skipped, planned is None or planned == seen


def tell_failure(build, test, reasons):
    """Shows what a failed test printed, last lines first in importance."""
    print(f"\n-- FAILED: {test['name']} ({test['result']}, exit {test.get('returncode')})", file=sys.stderr)
    for reason in reasons:
        print(f"   {reason}", file=sys.stderr)
    for stream in ("stdout", "stderr"):
        lines = [line for line in test.get(stream, "").splitlines() if not re.match(r"^\s*ok\b", line)]
        if lines:
            print(f"   its {stream}{', the end of it' if len(lines) > OUTPUT_LINES else ''}:", file=sys.stderr)
        for line in lines[-OUTPUT_LINES:]:
            print(f"   | {line}", file=sys.stderr)
    if test["command"]:
        print(f"   run it again: (cd {build} && {shlex.join(test['command'])})\n", file=sys.stderr)


def count_test(build, test):
    """(passed, failed, skipped) of one meson test: its TAP lines, or itself if it speaks no TAP."""
    passed, failures, skipped, plan_kept = count_tap(test.get("stdout", ""))
    reasons = list(failures)
    good = test["result"] in ("OK", "EXPECTEDFAIL", "SKIP")
    if good and test["result"] != "SKIP" and passed + len(failures) + skipped == 0:
        passed = 1
    if test["result"] == "SKIP" and skipped == 0:
        skipped = 1
    if not plan_kept:
        reasons.append("it did not run as many tests as it planned")
    if not good and not reasons:
        reasons.append("it ended badly after its last test (a crash, a leak, the time limit)")
    if reasons:
        tell_failure(build, test, reasons)
    return passed, len(reasons), skipped


def count(build, status, names):
    """Sums the tests of the log that meson has just written."""
    totals, seen = [0, 0, 0], set()
    with open(f"{build}/meson-logs/testlog.json", encoding="utf-8") as log:
        for line in log:
            test = json.loads(line)
            test["name"] = test["name"].split(" / ")[-1]
            seen.add(test["name"])
            totals = [a + b for a, b in zip(totals, count_test(build, test))]
    for name in sorted(set(names) - seen):
        print(f"FAIL {name}: meson did not run it", file=sys.stderr)
        totals[1] += 1
    if status and not totals[1]:
        print(f"FAIL meson test ended with {status}: see {build}/meson-test.out", file=sys.stderr)
        totals[1] += 1
    print(*totals)


def one(name, status, text):
    """Counts one test of whatever runs it, and tells its failures."""
    test = {"name": name, "result": "FAIL" if status else "OK", "returncode": status, "stdout": text, "command": []}
    print(*count_test(".", test))


def main(arguments):
    if len(arguments) == 4 and arguments[0] == "select":
        select(*arguments[1:])
    elif len(arguments) >= 3 and arguments[0] == "count":
        count(arguments[1], int(arguments[2]), arguments[3:])
    elif len(arguments) == 3 and arguments[0] == "one":
        one(arguments[1], int(arguments[2]), sys.stdin.read())
    else:
        print(__doc__, file=sys.stderr)
        return 64
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
