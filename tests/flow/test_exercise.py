#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Plays a whole folder through real processes; each scenario is a test. argv: the folder [mixed] [--errors].

mixed: police and housing rows in PostgreSQL, health rows behind FHIR, a charity at its desk; the answers must be those of CSV files (which
the folder is played with too when ALM_FULL is set). --errors: bad folders and usage too."""
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from broker_children import Tap, keep

ROOT = Path(__file__).resolve().parent.parent.parent
EXERCISE = ROOT / "deploy" / "exercise"


def play(*args, timeout=900):
    command = ["/usr/bin/python3", str(EXERCISE), *map(str, args), "--quiet", "--prefix", os.environ.get("ALM_STAGE", str(ROOT / "build" / "stage"))]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)


def scenarios(tap, folder, sources):
    done = play(folder, "--json", "--sources", sources)
    keep.printed("exercise", folder, done.stdout + done.stderr)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    for line in lines[:-1]:
        tap.check(f"{line['scenario']}_{line['kind']}_comes_out_as_expected_of_{sources}_sources", line["passed"], f"expected {line['expected']} got {line['got']}")
    tap.check(f"the_exercise_of_{folder.name}_ends_well_with_{sources}_sources", done.returncode == 0 and len(lines) > 1, done.stderr[-2000:])
    with open(folder / "scenarios.csv", encoding="utf-8", newline="") as f:
        rows = [row["scenario_id"] for row in csv.DictReader(f)]
    tap.check("no_row_is_left_out", sorted(line["scenario"] for line in lines[:-1]) == sorted(rows), f"{len(lines) - 1} of {len(rows)}")


def bad_folders(tap, folder):
    """A malformed folder gets its file and line, and nothing is started."""
    def spoilt(name, change):
        place = Path(tempfile.mkdtemp(prefix="almoner-bad-", dir="/tmp"))
        shutil.copytree(folder, place, dirs_exist_ok=True)
        path = place / name
        path.write_bytes(change(path.read_bytes()))
        done = play(place)
        shutil.rmtree(place)
        return done

    done = spoilt("consents.csv", lambda b: b.replace(b"2021-04-10,2022-04-09", b"2021-04-31,2022-04-09"))
    tap.check("a_day_that_does_not_exist_is_named_with_file_and_line", done.returncode == 65 and "consents.csv:2:" in done.stderr, done.stderr)
    done = spoilt("persons.csv", lambda b: b.replace(b"Ada", b"A\xffa", 1))
    tap.check("a_stray_byte_is_named_with_file_and_line", done.returncode == 65 and "persons.csv:2:" in done.stderr, done.stderr)
    done = spoilt("scenarios.csv", lambda b: b.replace(b"elm-school", b"oak-school", 1))
    tap.check("an_unknown_agency_is_named_with_file_and_line", done.returncode == 65 and "scenarios.csv:3:" in done.stderr, done.stderr)
    done = play("/nonexistent")
    tap.check("a_folder_that_is_not_there_says_so", done.returncode == 65 and "nonexistent" in done.stderr, done.stderr)
    done = play(folder, "--only", "no-such-scenario")
    tap.check("a_scenario_that_is_not_there_says_so", done.returncode == 65 and "no-such-scenario" in done.stderr, done.stderr)
    done = subprocess.run([str(EXERCISE), str(folder), "--prefix", "/nonexistent"], capture_output=True, text=True, check=False)
    tap.check("a_product_that_is_not_built_says_what_to_do", done.returncode == 69 and "quickstart" in done.stderr, done.stderr)


def mismatch(tap, folder):
    """An exercise that could not fail would show nothing: one wrong expectation fails it."""
    place = Path(tempfile.mkdtemp(prefix="almoner-wrong-", dir="/tmp"))
    shutil.copytree(folder, place, dirs_exist_ok=True)
    path = place / "scenarios.csv"
    path.write_text(path.read_text().replace("insight:cp-plan-current,answer;value=yes", "insight:cp-plan-current,answer;value=no"))
    done = play(place, "--only", "t-01")
    tap.check("a_wrong_expectation_fails_the_exercise", done.returncode == 1 and "FAIL t-01" in done.stdout, done.stdout + done.stderr)
    shutil.rmtree(place)


def main():
    tap = Tap()
    folder = Path(sys.argv[1])
    for sources in ("csv", "mixed") if os.environ.get("ALM_FULL") else ("mixed",) if "mixed" in sys.argv else ("csv",):
        scenarios(tap, folder, sources)
    if "--errors" in sys.argv:
        bad_folders(tap, folder)
        mismatch(tap, folder)
    tap.done()


if __name__ == "__main__":
    main()
