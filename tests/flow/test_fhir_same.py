#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""test_fhir_same.py FHIR-DRIVER CSV-DRIVER FOLDER - the same rows and questions, once as CSV files and once behind a FHIR server, give the
same answers and the same relationships, on days on which something has just happened: for the agencies of health, with ALM_FULL=1 and where
a folder has none for every agency."""
import os
import random
import sys
from pathlib import Path

from fhir_town import Driven, Place
from commands import main  # noqa: E402
from exerciselib import agencies, fhir_folder, fhir_stand_in, folder  # noqa: E402

FHIR, CSV = (str(Path(program).resolve()) for program in sys.argv[1:3])
FOLDER = folder.load(Path(sys.argv[3]))
CABINET = agencies.Cabinet(FOLDER, None)
FULL = bool(os.environ.get("ALM_FULL"))
HEALTH = {"health", "mental-health"} & set(CABINET.sector.values())
DAYS = 3 if FULL else 2  # of each agency: the last, and others by chance of a fixed seed
NAMES = ("value", "cause", "service", "since")
CSV_GROUP = '''csv = {
  people = { file = "people.csv"; }; homes = { file = "homes.csv"; }; residences = { file = "residences.csv"; }; contacts = { file = "contacts.csv"; };
  involvements = { file = "involvements.csv"; };
  relationships = { people = { file = "org-people.csv"; }; residences = { file = "org-residences.csv"; }; involvements = { file = "org-involvements.csv"; };
    referrals = { file = "org-referrals.csv"; }; };
  data_as_of = "day"; reload_s = 0;
};
'''


class Both:
    """One agency on one day, as CSV files and behind a FHIR server."""

    def __init__(self, place, server, agency, day):
        files = CABINET.files(agency, day)
        questions = "questions = (\n" + ",\n".join(agencies.question_text(q) for q in FOLDER.rows("questions")) + "\n);\n"
        name = f"{agency}-{day}"
        server.put(name, fhir_folder.resources(files, agency))
        for file, text in files.items():
            place.file(f"{name}/{file}", text)
        self.csv = Driven(CSV, place.file(f"{name}/csv.conf", CSV_GROUP + questions))
        self.fhir = Driven(FHIR, place.file(f"{name}/fhir.conf", fhir_folder.group(agency, server.base(name), "insecure_loopback = true;") + questions))
        told = [backend.do("load", strict=True) for backend in (self.csv, self.fhir)]
        assert [t["result"] for t in told] == [0, 0], [t["reports"] for t in told]
        key = lambda p: p["ref"]
        assert sorted(told[0]["people"], key=key) == sorted(told[1]["people"], key=key)
        self.people = {p["ref"]: p["asking"] for p in told[0]["people"]}
        address = lambda h: (h["address"], h["postcode"])
        by_address = {address(h): h["ref"] for h in told[1]["homes"]}
        assert by_address.keys() == {address(h) for h in told[0]["homes"]}
        self.refs = {h["ref"]: by_address[address(h)] for h in told[0]["homes"]}
        stays = [sorted((s["person"], refs.get(s["home"], s["home"]), s["from"], s["until"]) for s in t["stays"] if s["from"] != s["until"])
                 for t, refs in ((told[0], self.refs), (told[1], {}))]
        assert sorted(set(stays[0])) == sorted(set(stays[1]))
        self.day = day

    def close(self):
        self.csv.close()
        self.fhir.close()

    def ask(self, op, names, homes=(), **more):
        """The same of both, homes by each one's reference."""
        out = []
        for backend, refs in ((self.csv, None), (self.fhir, self.refs)):
            named = lambda h: dict(h, homes=[refs[r] if refs else r for r in h["homes"]])
            request = {key: named(value) if key in ("household", "parameter") else [named(v) for v in value] if key == "places" else value
                       for key, value in more.items()}
            reply = backend.do(op, day=self.day, **request)
            out.append({name: reply[name] for name in ("result", *names)})
        assert out[0] == out[1], f"{op} {more} on {self.day}: csv {out[0]}, fhir {out[1]}"
        return out[0]


def requests_of(both):
    """Every question of every person and home that the agency holds, and of people and homes that it does not."""
    for person, asking in list(both.people.items()) + [("p-nobody-at-all", False)]:
        typed = [{"homes": [h], "from": "2015-01-01", "until": ""} for h in sorted(both.refs)[:2]]
        yield "relate", ("kind", "since", "until"), {"person": person, "places": []}
        yield "relate", ("kind", "since", "until"), {"person": person, "places": typed}
        if asking:
            continue  # not known when others ask: the host's business
        yield "answer", NAMES, {"person": person}
        for q in FOLDER.rows("questions"):
            if q["rule"] == "residence":
                for home in both.refs:
                    yield "answer", NAMES, {"question": q["question_id"], "person": person, "parameter": {"homes": [home]}}
            else:
                yield "answer", NAMES, {"question": q["question_id"], "person": person}
                yield "answer", NAMES, {"question": q["question_id"], "person": person, "places": typed}
    for q in FOLDER.rows("questions"):
        for home in both.refs:
            if q["rule"] not in ("residence", "involvement"):
                yield "answer", NAMES, {"question": q["question_id"], "household": {"homes": [home]}}
        yield "answer", NAMES, {"question": q["question_id"], "household": {"homes": []}}


def days_of(agency):
    days = CABINET.days_of(agency)
    chance = random.Random(agency)
    return sorted({days[-1], *chance.sample(days, min(DAYS - 1, len(days)))}) if days else []


def agencies_answer_alike_from_files_and_from_a_fhir_server():
    n = yes = 0
    server = fhir_stand_in.StandIn().start()
    with Place() as place:
        for agency, sector in CABINET.sector.items():
            for day in days_of(agency) if FULL or not HEALTH or sector in HEALTH else ():
                both = Both(place, server, agency, day)
                for op, names, request in requests_of(both):
                    n += 1
                    yes += both.ask(op, names, **request).get("value") == "yes"
                both.close()
    server.stop()
    print(f"# {n} answers and relationships, {yes} of them yes")
    assert n > 100 and yes > 10


if __name__ == "__main__":
    main([agencies_answer_alike_from_files_and_from_a_fhir_server])
