# SPDX-License-Identifier: Apache-2.0
"""The same rows as CSV files and behind a FHIR server, asked the same."""
import random

from fhir_town import Driven, Place
from exerciselib import agencies, fhir_folder  # noqa: E402

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

    def __init__(self, drivers, place, server, cabinet, agency, day):
        files, catalogue = cabinet.files(agency, day), cabinet.folder.rows("questions")
        questions = "questions = (\n" + ",\n".join(agencies.question_text(q) for q in catalogue) + "\n);\n"
        name = f"{agency}-{day}"
        server.put(name, fhir_folder.resources(files, agency))
        for file, text in files.items():
            place.file(f"{name}/{file}", text)
        self.csv = Driven(drivers[1], place.file(f"{name}/csv.conf", CSV_GROUP + questions))
        self.fhir = Driven(drivers[0], place.file(f"{name}/fhir.conf", fhir_folder.group(agency, server.base(name), "insecure_loopback = true;") + questions))
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


def requests_of(both, questions):
    """Every question of every person and home that the agency holds, and of people and homes that it does not."""
    for person, asking in list(both.people.items()) + [("p-nobody-at-all", False)]:
        typed = [{"homes": [h], "from": "2015-01-01", "until": ""} for h in sorted(both.refs)[:2]]
        yield "relate", ("kind", "since", "until"), {"person": person, "places": []}
        yield "relate", ("kind", "since", "until"), {"person": person, "places": typed}
        if asking:
            continue  # not known when others ask: the host's business
        yield "answer", NAMES, {"person": person}
        for q in questions:
            if q["rule"] == "residence":
                for home in both.refs:
                    yield "answer", NAMES, {"question": q["question_id"], "person": person, "parameter": {"homes": [home]}}
            else:
                yield "answer", NAMES, {"question": q["question_id"], "person": person}
                yield "answer", NAMES, {"question": q["question_id"], "person": person, "places": typed}
    for q in questions:
        for home in both.refs:
            if q["rule"] not in ("residence", "involvement"):
                yield "answer", NAMES, {"question": q["question_id"], "household": {"homes": [home]}}
        yield "answer", NAMES, {"question": q["question_id"], "household": {"homes": []}}


def days_of(cabinet, agency, n):
    """The last day on which something happened, and others by chance of a fixed seed."""
    days = cabinet.days_of(agency)
    return sorted({days[-1], *random.Random(agency).sample(days, min(n - 1, len(days)))}) if days else []


def compare(drivers, server, cabinet, chosen, n_days):
    """drivers: of the FHIR and of the CSV backend; server: put(name, resources) and base(name); chosen: agencies. Every answer is compared;
    return: how many there were, and how many of them were a yes."""
    n = yes = 0
    with Place() as place:
        for agency in chosen:
            for day in days_of(cabinet, agency, n_days):
                both = Both(drivers, place, server, cabinet, agency, day)
                for op, names, request in requests_of(both, cabinet.folder.rows("questions")):
                    n += 1
                    yes += both.ask(op, names, **request).get("value") == "yes"
                both.close()
    print(f"# {n} answers and relationships, {yes} of them yes")
    return n, yes
