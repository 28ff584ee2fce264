#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""test_fhir_official.py DRIVER - the FHIR backend over a choice of the R4 specification's own examples (tests/data/fhir-official)."""
import json
import sys
from pathlib import Path

from fhir_town import ROOT, FhirTown
from commands import main  # noqa: E402

DRIVER = str(Path(sys.argv[1]).resolve())
OFFICIAL = ROOT / "tests" / "data" / "fhir-official"
SEARCHES = '''
  searches = (
    { name = "seen"; resource = "Encounter"; query = "patient={patient}"; system = "http://snomed.info/sct"; },
    { name = "conditions"; resource = "Condition"; query = "patient={patient}"; system = "http://snomed.info/sct"; },
    { name = "flags"; resource = "Flag"; query = "patient={patient}"; system = "http://example.org/local"; }
  );
  involvements = ( { resource = "EpisodeOfCare"; query = "patient={patient}"; } );
'''
QUESTIONS = '''questions = (
  { id = "dog"; rule = "state"; kinds = [ "bigdog" ]; searches = [ "flags" ]; },
  { id = "consulted"; rule = "ever"; kinds = [ "11429006" ]; searches = [ "seen" ]; },
  { id = "heart"; rule = "state"; kinds = [ "368009" ]; searches = [ "conditions" ]; },
  { id = "fever"; rule = "state"; kinds = [ "386661006" ]; searches = [ "conditions" ]; },
  { id = "with-us"; rule = "involvement"; }
);
'''


def town():
    return FhirTown(DRIVER, searches=SEARCHES, questions=QUESTIONS, resources=[json.loads(p.read_text()) for p in sorted(OFFICIAL.glob("*.json"))])


def those_with_a_name_and_a_birth_date_are_told_and_the_cat_is_counted():
    with town() as t:
        told = t.load()
        assert told["result"] == 0, told
        assert {p["ref"] for p in told["people"]} == {"example", "f001", "f201", "infant-twin-1", "infant-twin-2"}, told["people"]
        peter = next(p for p in told["people"] if p["ref"] == "example")
        assert (peter["given"], peter["family"], peter["born"]) == ("Peter", "Chalmers", "1974-12-25")  # the official name, not Jim, not Windsor
        said = "\n".join(told["reports"])
        assert "1 records passed over or cut: without an official or usual name" in said
        assert "3 records passed over or cut: with a postcode that is none" in said  # Dutch and Australian ones
        assert "Kenzi" not in said and "Erewhon" not in said


def twins_stay_two():
    with town() as t:
        told = t.load()
        assert sorted(p["given"] for p in told["people"] if p["family"] == "Solo") == ["Jacen", "Jaina"]


def a_flag_holds_to_the_last_day_of_its_period():
    with town() as t:
        t.load()
        assert [t.answer("dog", day, "example") for day in ("2015-01-16", "2015-01-17", "2016-12-01", "2016-12-02")] == ["no", "yes", "yes", "no"]


def an_active_condition_holds_from_its_onset():
    with town() as t:
        t.load()
        assert [t.answer("heart", day, "f001") for day in ("2011-08-04", "2011-08-05", "2024-01-01")] == ["no", "yes", "yes"]


def a_condition_that_is_resolved_nobody_says_exactly_when_is_neither_yes_nor_no():
    with town() as t:
        t.load()
        assert [t.answer("fever", day, "f201") for day in ("2013-04-01", "2013-05-01", "2024-01-01")] == ["no", "partial", "partial"]


def an_encounter_without_a_date_was_at_some_time():
    with town() as t:
        t.load()
        assert t.answer("consulted", "2024-01-01", "f201") == "yes"
        assert t.answer("consulted", "2024-01-01", "f001") == "no"


def an_active_episode_of_care_is_an_involvement_with_its_service_and_who_leads():
    with town() as t:
        t.load()
        got = t.who("2016-06-01", "example")
        assert (got["value"], got["service"], got["lead"], got["since"]) == ("yes", "Home and Community Care", "Amanda Assigned", "2014-09-01"), got
        assert t.answer("with-us", "2014-08-31", "example") == "no"
        assert t.answer("with-us", "2016-06-01", "f001") == "no"


main([those_with_a_name_and_a_birth_date_are_told_and_the_cat_is_counted, twins_stay_two, a_flag_holds_to_the_last_day_of_its_period,
      an_active_condition_holds_from_its_onset, a_condition_that_is_resolved_nobody_says_exactly_when_is_neither_yes_nor_no,
      an_encounter_without_a_date_was_at_some_time, an_active_episode_of_care_is_an_involvement_with_its_service_and_who_leads])
