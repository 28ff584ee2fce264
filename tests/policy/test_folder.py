#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""test_folder.py - reading exercise folders: what is wrong is shown with file, line and what to do; and the second reading of the rules agrees
with every row. Prints TAP."""
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "deploy"), str(ROOT / "tests" / "unit")]
from commands import main  # noqa: E402
from exerciselib.folder import FolderError, load  # noqa: E402
from exerciselib.oracle import Oracle, differences  # noqa: E402
from exerciselib.policy_text import policy_files, question_id  # noqa: E402

DATA = ROOT / "tests" / "data"

# (what is wrong, file, text to find, replacement, where and what the error says). The first find only; None: the whole file goes.
BAD = [
    ("a missing file", "residences", None, None, "residences.csv: the file is missing; add it"),
    ("a missing column", "agencies", b"agency_id,name,sector", b"agency_id,name,sektor", "agencies.csv:1: column \"sector\" is missing; add it"),
    ("a column twice", "agencies", b"name,sector,", b"name,name,sector,", "agencies.csv:1: column \"name\" stands twice"),
    ("an empty file", "thresholds", b"*", b"", "thresholds.csv:1: is empty; write the header line"),
    ("a date that does not exist", "residences", b"2016-03-01,2019-12-01", b"2016-02-30,2019-12-01", "residences.csv:2: from_date \"2016-02-30\" is not a day of the calendar"),
    ("a date the other way round", "residences", b"2016-03-01,2019-12-01", b"01/03/2016,2019-12-01", "residences.csv:2: from_date \"01/03/2016\" is not a date; write it as"),
    ("a year out of range", "persons", b"1993-08-19", b"0993-08-19", "persons.csv:2: date_of_birth \"0993-08-19\" is outside 1900 to 2999"),
    ("a period that ends before it starts", "residences", b"2016-03-01,2019-12-01", b"2016-03-01,2015-12-01", "residences.csv:2: to_date 2015-12-01 is before from_date 2016-03-01"),
    ("an unknown agency", "contacts", b"c-amory-0001,marlham-housing", b"c-amory-0001,marlham-hosing", "contacts.csv:2: agency_id \"marlham-hosing\" names nothing in agencies.csv"),
    ("an unknown person", "involvements", b"p-amory-tess,tenancy", b"p-amory-tes,tenancy", "involvements.csv:2: person_id \"p-amory-tes\" names nothing in persons.csv"),
    ("an unknown kind of contact", "contacts", b"assumed,tenancy-start", b"assumed,tenancy-begin", "contacts.csv:2: kind \"tenancy-begin\" names nothing in contact-kinds.csv"),
    ("an unknown recipient", "consents", b"early-help,tansy-lane-primary", b"early-help,tansy-lane", "consents.csv:2: recipients \"tansy-lane\" names \"tansy-lane\", which is not in agencies.csv"),
    ("a recipient twice", "consents", b"tansy-lane-primary,*", b"tansy-lane-primary|tansy-lane-primary,*", "consents.csv:2: recipients \"tansy-lane-primary|tansy-lane-primary\" names the same id twice"),
    ("everybody as a sensitive source", "consents", b",*,,granted", b",*,*,granted", "consents.csv:2: sensitive_sources \"*\" names \"*\", which is not in agencies.csv"),
    ("an unknown capacity", "consents", b",self,", b",myself,", "consents.csv:2: capacity \"myself\" is not one of self, gillick"),
    ("an unknown decision", "consents", b",granted,", b",given,", "consents.csv:2: decision \"given\" is not one of granted, refused"),
    ("an id twice", "persons", b"p-amory-isla,f-amory", b"p-amory-tess,f-amory", "persons.csv:3: person_id p-amory-tess is there twice, first in line 2"),
    ("a party twice", "protocol-parties", b"nm-safeguarding,marlshire-police,full", b"nm-safeguarding,marlshire-childrens-services,full", "protocol-parties.csv:3: protocol_id and agency_id nm-safeguarding, marlshire-childrens-services is there twice"),
    ("an empty id", "contacts", b"c-amory-0001,", b",", "contacts.csv:2: contact_id \"\" is empty"),
    ("an id in capitals", "agencies", b"copperbridge,Copperbridge", b"Copperbridge,Copperbridge", "agency_id \"Copperbridge\" is not an id"),
    ("a NUL", "agencies", b"Prison,prisons", b"Pri\0son,prisons", "agencies.csv:13: has a NUL byte; take it out"),
    ("a carriage return", "thresholds", b"prompt an early help conversation\n", b"prompt an early help conversation\r\n", "thresholds.csv:3: has a carriage return (line ends must be LF)"),
    ("a control character", "agencies", b"Prison,prisons", b"Pri\x1b[2Json,prisons", "agencies.csv:13: has a control character (0x1b)"),
    ("a byte that is not UTF-8", "agencies", b"Prison,prisons", b"Pri\xffson,prisons", "agencies.csv:13: byte 0xff is not UTF-8; save the file as UTF-8"),
    ("an overlong character", "agencies", b"Prison,prisons", b"Pri\xc0\xafson,prisons", "agencies.csv:13: byte 0xc0 is not UTF-8"),
    ("a byte order mark", "agencies", b"agency_id,", b"\xef\xbb\xbfagency_id,", "agencies.csv:1: begins with a byte order mark"),
    ("a ragged row", "thresholds", b"T2,person,", b"T2,person,extra,", "thresholds.csv:3: has 7 fields where the header has 6"),
    ("a short row", "thresholds", b",180,prompt an early help conversation", b"", "thresholds.csv:3: has 4 fields where the header has 6"),
    ("an empty line", "thresholds", b"T2,person", b"\nT2,person", "thresholds.csv:3: is an empty line"),
    ("a quotation mark not closed at the end", "thresholds", b"prompt an early help conversation", b"\"prompt an early help conversation", "thresholds.csv:3: has a quotation mark that is not closed"),
    ("a number that is none", "thresholds", b",180,", b",half a year,", "thresholds.csv:3: window_days \"half a year\" is not a whole number"),
    ("a number too large", "thresholds", b",180,", b",99999,", "thresholds.csv:3: window_days \"99999\" is not a whole number from 0 to 3660"),
    ("a negative number", "thresholds", b",180,", b",-180,", "thresholds.csv:3: window_days \"-180\" is not a whole number"),
    ("an unknown level", "thresholds", b"low|medium,2", b"low|middling,2", "thresholds.csv:3: levels \"low|middling\" has an unknown part \"middling\""),
    ("a yes that is Y", "agencies", b"yes,no,,Marlshire County Council,no,\"Amory, Corran, Gilby and", b"yes,N,,Marlshire County Council,no,\"Amory, Corran, Gilby and", "agencies.csv:2: sensitive \"N\" is not one of yes, no"),
    ("a team of a team", "agencies", b"yes,no,marlshire-childrens-services,Marlshire County Council,no,Amory and Corran stories\ncs-intensive", b"yes,no,cs-intensive-family-team,Marlshire County Council,no,Amory and Corran stories\ncs-intensive", "agencies.csv:3: cs-home-support-team is a team of cs-intensive-family-team, which is itself a team"),
    ("a contact about nobody", "contacts", b",,h-amory-1,2018-06-01,month,referral", b",,,2018-06-01,month,referral", "contacts.csv:3: has neither person_id nor household_id"),
    ("a state without an end", "questions", b"caf-start,caf-end", b"caf-start,", "end_kinds is empty; a question of the rule state needs it"),
    ("an unknown rule", "questions", b"caf-open,state", b"caf-open,status", "rule \"status\" is not one of state, window, ever, involvement, residence"),
    ("a purpose of an unknown protocol", "purposes", b"early-help,nm-family-support", b"early-help,nm-family", "purposes.csv:3: protocol_id \"nm-family\" names nothing in protocol-parties.csv"),
    ("a purpose without basis", "purposes", b",safeguarding-child,2018", b",,2018", "purposes.csv:2: lawful_bases \"\" is empty"),
    ("a scenario about nobody", "scenarios", b"p-amory-tess,who-is-involved", b"p-amory-tom,who-is-involved", "scenarios.csv:2: subject \"p-amory-tom\" names nobody"),
    ("a scenario of an unknown form", "scenarios", b"who-is-involved,answer", b"who-is-it,answer", "scenarios.csv:2: question \"who-is-it\" is not of the form"),
    ("a scenario on an unknown home", "scenarios", b"lives-at:h-corran-1", b"lives-at:h-corran-9", "question names the home \"h-corran-9\", which is not in households.csv"),
    ("a scenario on an unknown referral", "scenarios", b"referral:r-amory-03", b"referral:r-amory-33", "question names the referral \"r-amory-33\""),
    ("an expectation of an unknown form", "scenarios", b"refuse;reason=no-consent", b"refused", "scenarios.csv:3: expected \"refused\" is not of the form"),
]


def errors_of(name, find, replace):
    """The errors of marlham with one change."""
    with tempfile.TemporaryDirectory() as work:
        place = Path(work) / "folder"
        shutil.copytree(DATA / "marlham", place)
        path = place / f"{name}.csv"
        raw = path.read_bytes()
        if find is None:
            path.unlink()
        else:
            assert find == b"*" or find in raw, f"{name}.csv has no {find!r}"
            path.write_bytes(replace if find == b"*" else raw.replace(find, replace, 1))
        try:
            load(place)
        except FolderError as e:
            return e.errors
        return []


def each_malformed_folder_shows_file_line_and_what_to_do():
    wrong = []
    for what, name, find, replace, says in BAD:
        errors = errors_of(name, find, replace)
        if not errors or (says and not any(says in e for e in errors)):
            wrong.append(f"{what}: {errors[:2] or 'no error'}")
        elif not all(";" in e or "is not one of" in e or "is not a whole number" in e or "is not of the form" in e or "twice" in e for e in errors):
            wrong.append(f"{what}: does not say what to do: {errors[0]}")
    assert not wrong, "\n".join(wrong)


def all_errors_of_a_run_are_shown():
    with tempfile.TemporaryDirectory() as work:
        place = Path(work) / "folder"
        shutil.copytree(DATA / "marlham", place)
        (place / "concerns.csv").unlink()
        path = place / "thresholds.csv"
        path.write_bytes(path.read_bytes().replace(b",180,", b",x,").replace(b",365,", b",y,"))
        try:
            load(place)
        except FolderError as e:
            text = str(e)
            assert "concerns.csv: the file is missing" in text and "thresholds.csv:3:" in text and "thresholds.csv:4:" in text, text
            return
    raise AssertionError("no error")


def very_many_errors_are_cut_with_their_number():
    errors = errors_of("agencies", b"agency_id,name,sector,", b"agency_id,name,sektor,")
    assert len(errors) > 100
    assert str(FolderError(errors)).endswith(f"... and {len(errors) - 100} more")


def no_error_repeats_a_long_or_unprintable_value():
    errors = errors_of("consents", b",self,", b"," + b"x" * 5000 + b",")
    assert errors and all(len(e) < 300 for e in errors), errors[:1]


def a_path_that_is_no_folder_is_an_error():
    for path in ("/nonexistent", DATA / "marlham" / "agencies.csv"):
        try:
            load(path)
        except FolderError as e:
            assert "is not a folder" in str(e)
        else:
            raise AssertionError("no error")


def the_second_reading_agrees_with_every_row():
    for name in ("marlham", "smalltown"):
        wrong = [f"{s.scenario_id}: expected {s.expected}, got {got}" for s, got in differences(load(DATA / name))]
        assert not wrong, "\n".join(wrong)


def all_rows_of_the_data_set_are_there():
    assert len(load(DATA / "marlham").rows("scenarios")) == 120


def a_refusal_does_not_depend_on_what_holders_know():
    """Promise 5, in the second reading: without any contact and any involvement but the asker's own, the refusals are the same."""
    folder = load(DATA / "marlham")
    told = {s.scenario_id: s.expected for s in folder.records("scenarios") if s.expected.startswith("refuse")}
    oracle = Oracle(folder)
    kept = {s.scenario_id: oracle.related(s.asking_agency, s.subject, s.as_of_date) for s in folder.records("scenarios")}
    looked_after = oracle.looked_after
    bare = Oracle(folder)
    bare.contacts_of, bare.involvements_of, bare.known_to = {}, {}, {}
    bare.looked_after = looked_after
    for s in folder.records("scenarios"):
        bare.related = lambda *_, s=s: kept[s.scenario_id]
        got = bare.expected(s.asking_agency, s.role, s.purpose, s.question, s.subject, s.as_of_date)
        assert got.startswith("refuse") == (s.scenario_id in told), f"{s.scenario_id}: {got}"
        assert s.scenario_id not in told or got == told[s.scenario_id], f"{s.scenario_id}: {got}"


def the_same_folder_gives_the_same_policy_text():
    assert policy_files(load(DATA / "marlham")) == policy_files(load(DATA / "marlham"))


def names_with_quotes_survive_as_policy_text():
    folder = load(DATA / "smalltown")
    folder.rows("agencies")[0]["name"] = 'The "Old" \\ School'
    assert 'name = "The \\"Old\\" \\\\ School";' in policy_files(folder)["10-partnership.policy"]


def questions_of_scenarios_become_ids_of_the_catalogue():
    assert question_id("who-is-involved") == ("", "")
    assert question_id("insight:lives-at:h-1") == ("lives-at", "h-1")
    assert question_id("threshold:T2") == ("threshold-t2", "")
    assert question_id("referral:r-7") == ("referral-state", "r-7")


def run_converter(*argv):
    return subprocess.run(["/usr/bin/python3", "-m", "exerciselib.policy_text", *map(str, argv)], cwd=ROOT / "deploy", capture_output=True,
                          text=True, check=False)


def the_converter_writes_policy_and_says_why_it_cannot():
    with tempfile.TemporaryDirectory() as work:
        done = run_converter(DATA / "smalltown", Path(work) / "out")
        assert done.returncode == 0 and not done.stderr, done.stderr
        assert sorted(p.suffix for p in (Path(work) / "out").iterdir()) == [".policy"] * 4
        (Path(work) / "file").write_text("")
        done = run_converter(DATA / "smalltown", Path(work) / "file")
        assert done.returncode == 73 and "File exists" in done.stderr, done.stderr
        done = run_converter(work, Path(work) / "out")
        assert done.returncode == 65 and "agencies.csv: the file is missing" in done.stderr, done.stderr
        assert run_converter().returncode == 64


if __name__ == "__main__":
    main([
        each_malformed_folder_shows_file_line_and_what_to_do, all_errors_of_a_run_are_shown, very_many_errors_are_cut_with_their_number,
        no_error_repeats_a_long_or_unprintable_value, a_path_that_is_no_folder_is_an_error, the_second_reading_agrees_with_every_row,
        all_rows_of_the_data_set_are_there, a_refusal_does_not_depend_on_what_holders_know, the_same_folder_gives_the_same_policy_text,
        names_with_quotes_survive_as_policy_text, questions_of_scenarios_become_ids_of_the_catalogue,
        the_converter_writes_policy_and_says_why_it_cannot,
    ])
