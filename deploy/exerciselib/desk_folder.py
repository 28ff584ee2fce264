# SPDX-License-Identifier: Apache-2.0
"""One agency of a folder as a small organisation: a list of its people, and somebody at the desk who answers by hand.

The list holds who is in the agency's rows on a day. Whoever plays the person at the desk reads what waits with `almoner desk list` and answers
each question from the agency's own rows by the rules of the folder's README, as a person would from what they remember.
"""
import csv
import io
import threading
from datetime import date

from .agencies import replace
from .oracle import NO, YES, Oracle
from .stage import StageError

COLUMNS = ["person_id", "given_name", "family_name", "date_of_birth", "nhs_number", "upn", "unborn", "address_line", "postcode", "home_from", "home_until",
           "start_date", "end_date"]
SIGNED = ("--name", "Somebody at the desk", "--practitioner", "desk")
LOOK_S = 0.15  # between two looks at what waits
SERVICE = "support"


def chosen(folder):
    """The agency that sits at the desk: the first voluntary one whose own rows all name a person; None where there is none."""
    rows = {name: folder.rows(name) for name in ("contacts", "involvements")}
    for a in sorted(a["agency_id"] for a in folder.rows("agencies") if a["sector"] == "voluntary"):
        own = [r for part in rows.values() for r in part if r["agency_id"] == a]
        if own and all(r["person_id"] for r in own):
            return a
    return None


class Desk:
    """The list and the configuration of the agency at the desk, and its person."""

    def __init__(self, folder, stage):
        self.folder, self.stage, self.cabinet = folder, stage, None  # the cabinet is told afterwards: it needs its sources
        self.oracle = Oracle(folder)
        self.homes = {f"{h['address_line']}, {h['postcode']}": h["household_id"] for h in folder.rows("households")}
        self.persons, self.failed, self.over, self.thread = {}, None, threading.Event(), None

    # --- what the cabinet writes ---
    def put(self, agency, _files):
        """Brings the list to the cabinet's day. Return: whether it changed."""
        path = self.stage.work / "agencies" / agency / "list.csv"
        content = self.list_on(agency, self.cabinet.at[agency])
        changed = not path.exists() or path.read_text(encoding="utf-8") != content
        if changed:
            replace(path, content)
        return changed

    def list_on(self, agency, day):
        rows, people, residences = self.cabinet.as_of(self.cabinet.own, agency, day)
        homes = {h["household_id"]: h for h in self.folder.rows("households")}
        out = io.StringIO()
        writer = csv.DictWriter(out, COLUMNS, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        for person in self.cabinet.person_rows(agency, people):
            counting = self.oracle.counting(agency, person["person_id"], date.fromisoformat(day))
            related = next((r for r in counting if r[0] != "same-home"), None)
            with_us = {}
            if related:
                until = related[2].isoformat() if related[2] else ""
                with_us = {"start_date": related[1].isoformat(), "end_date": until if until <= day else ""}
            stays = [r for r in residences if r["person_id"] == person["person_id"]] or [None]
            for stay in stays:
                home = homes[stay["household_id"]] if stay else {}
                at = {"home_from": stay["from_date"], "home_until": stay["to_date"] if stay["to_date"] <= day else ""} if stay else {}
                writer.writerow({**person, **with_us, **at, "address_line": home.get("address_line", ""), "postcode": home.get("postcode", "")})
        self.persons[agency] = set(people)
        return out.getvalue()

    def settings(self, _agency, questions, _place):
        """The adapter's settings from `backend` on."""
        wordings = ",\n".join(f'  {{ id = "{q["question_id"]}"; wording = "{q["question_id"].replace("-", " ")}?"; }}' for q in questions)
        return (f'backend = "desk";\ndesk = {{ people = {{ file = "list.csv"; }}; book = "book"; service = "{SERVICE}"; reload_s = 0; }};\n'
                f"questions = (\n{wordings}\n);\n")

    # --- the person ---
    def start(self, agency):
        """States that the list is complete, and answers from then on."""
        self.stage.patient("desk", "complete", *SIGNED, "--socket", self.stage.socket_of(agency))
        self.thread = threading.Thread(target=self.sit, args=(agency,), daemon=True)
        self.thread.start()

    def stop(self):
        self.over.set()
        if self.thread:
            self.thread.join(30)
        if self.failed:
            raise StageError(f"the person at the desk could not answer: {self.failed}")

    def sit(self, agency):
        while not self.over.wait(LOOK_S):
            try:
                self.look(agency)
            except (StageError, KeyError, ValueError) as e:
                self.failed = e
                return

    def look(self, agency):
        socket = ("--socket", self.stage.socket_of(agency))
        listed = self.stage.command("desk", "list", "--json", *socket, check=False)
        if listed.exit != 0:  # the list is being read again
            return
        if listed.json()["unknown"]:  # people who are not on the list
            self.stage.command("desk", "complete", *SIGNED, *socket, check=False)
        for q in listed.json()["questions"]:
            self.stage.command("desk", "answer", q["id"], self.answer(agency, q), *SIGNED, *socket, check=False)

    def answer(self, agency, q):
        """As the folder's rules have it, for the person or home that the question shows."""
        day = date.fromisoformat(q["as_of"])
        subject = self.homes[q["home"]] if q["about"] == "home" else self.named(agency, q)
        if q["question"] == "who-is-involved":
            return "yes" if self.oracle.open_involvement(agency, subject, day) else "no"
        name = f"insight:{q['question']}" + (f":{self.homes[q['at_home']]}" if q.get("at_home") else "")
        return {YES: "yes", NO: "no"}.get(self.oracle.own_answer(agency, name, subject, day), "not-known")

    def named(self, agency, q):
        """Who is meant: name and birth date, as a person would know them."""
        for person in self.cabinet.person_rows(agency, sorted(self.persons[agency])):
            name = f"{'the unborn child of ' if person['unborn'] == 'yes' else ''}{person['given_name']} {person['family_name']}"
            if (name, person["date_of_birth"]) == (q["name"], q["born"]):
                return person["person_id"]
        raise KeyError("a question about somebody who is not on the list")
