# SPDX-License-Identifier: Apache-2.0
"""What one agency would hold: its own rows of a folder, as its adapter's CSV files, and its adapter's configuration.

An adapter gets its agency's contacts and involvements and the people in them (also those of its concerns and referrals) with
their residences; NHS numbers go only to health and children's services, UPNs only to education and children's services. Rows are
written as of a day: what happens later is not in the files yet. `relationships/` holds the rows of the whole organisation (an agency
and its teams), which say why it may ask and never answer a question.
"""
import csv
import io
import os
from bisect import bisect_right

from .policy_text import shield_owner

NHS_SECTORS = {"health", "childrens-services"}
UPN_SECTORS = {"education", "childrens-services"}
CARE = ("looked-after-start", "looked-after-end")
COLUMNS = {
    "people": ["person_id", "given_name", "family_name", "date_of_birth", "nhs_number", "upn", "unborn"],
    "homes": ["household_id", "address_line", "postcode"],
    "residences": ["person_id", "household_id", "from_date", "to_date"],
    "contacts": ["contact_id", "person_id", "household_id", "date", "kind"],
    "involvements": ["involvement_id", "person_id", "service", "start_date", "end_date"],
    "referrals": ["referral_id", "person_id", "household_id", "sent_date", "decision", "decided_date", "closed_date"],
}


def known_date(value, day):
    """A date as it was known on a day: one that still lies ahead is not known yet."""
    return value if value and value <= day else ""


class Cabinet:
    """Every agency's files, kept as of a day."""

    def __init__(self, folder, stage, sources=None, witnesses=()):
        """witnesses: agencies whose adapters cosign the log. sources: agency -> where its rows go instead of CSV files: `put(agency, files)` and `settings(agency, questions, place)`."""
        self.folder, self.stage, self.sources, self.witnesses = folder, stage, sources or {}, tuple(witnesses)
        self.organisation = {a["agency_id"]: a["team_of"] or a["agency_id"] for a in folder.rows("agencies")}
        self.sector = {a["agency_id"]: a["sector"] for a in folder.rows("agencies")}
        self.persons = {p["person_id"]: p for p in folder.rows("persons")}
        self.owner = shield_owner(folder)
        self.by_id = {r["person_id"]: [] for r in folder.rows("persons")}
        for r in folder.rows("residences"):
            self.by_id[r["person_id"]].append(r)
        self.mothers = {p["person_id"]: self.mother(p) for p in folder.rows("persons") if p.get("dob_precision") == "expected"}
        self.days, self.at = {}, {}  # agency -> the days on which its files may change; the day they are of
        self.written = {}  # path -> text, so that only what changed is written
        self.own = self.by(lambda agency: agency)
        self.whole = self.by(lambda agency: self.organisation.get(agency, agency))

    def mother(self, child):
        """Who goes for an unborn child: the woman who will hold parental responsibility for it, or None."""
        holders = [p for p in self.folder.rows("persons") if child["person_id"] in p["parental_responsibility_for"].split("|")]
        women = [p for p in holders if p.get("family_role") == "mother" or p.get("sex") == "F"]
        return (women or holders or [None])[0]

    def identity(self, person_id):
        """The identifiers that a person goes by; `unborn` says that they are the mother's."""
        mother = self.mothers.get(person_id)
        return dict(self.persons[person_id], unborn="") if mother is None else dict(mother, person_id=person_id, unborn="yes")

    def stays(self, person_id):
        """The person's rows of residences.csv; an unborn child without any lives where its mother does."""
        own, mother = self.by_id[person_id], self.mothers.get(person_id)
        return own if own or mother is None else [dict(r, person_id=person_id) for r in self.by_id[mother["person_id"]]]

    def care(self, person_id):
        """The periods (from, first day after or None) in which a child is looked after."""
        def here(r):
            return any(s["household_id"] == r["household_id"] and s["from_date"] <= r["date"] and (not s["to_date"] or r["date"] < s["to_date"])
                       for s in self.stays(person_id))
        events = sorted((r["date"], r["kind"] == CARE[0]) for r in self.folder.rows("contacts") if r["kind"] in CARE
                        and (r["person_id"] == person_id or not r["person_id"] and here(r)))
        state = dict(events)  # by day: "an end comes before a start on the same day"
        periods = []
        for day, inside in sorted(state.items()):
            if inside and (not periods or periods[-1][1]):
                periods.append((day, None))
            elif not inside and periods and not periods[-1][1]:
                periods[-1] = (periods[-1][0], day)
        return periods

    def by(self, key):
        """The dated rows of each agency (or organisation): table -> key -> rows."""
        tables = {name: {} for name in ("contacts", "involvements", "concerns", "referrals")}
        for name in ("contacts", "involvements", "concerns"):
            for row in self.folder.rows(name):
                tables[name].setdefault(key(row["agency_id"]), []).append(row)
        for row in self.folder.rows("referrals"):
            for agency in {key(row["from_agency"]), key(row["to_agency"])}:
                tables["referrals"].setdefault(agency, []).append(row)
        return tables

    DATES = ("date", "start_date", "end_date", "sent_date", "decided_date", "closed_date")
    DATE = {"contacts": "date", "involvements": "start_date", "concerns": "date", "referrals": "sent_date"}

    def as_of(self, tables, key, day):
        """The rows of one agency that exist on a day, and the people in them."""
        rows = {name: [r for r in tables[name].get(key, []) if r[self.DATE[name]] <= day] for name in tables}
        people = sorted({r["person_id"] for part in rows.values() for r in part if r["person_id"]})
        residences = [r for person_id in people for r in self.stays(person_id) if r["from_date"] <= day]
        return rows, people, residences

    def person_rows(self, agency, people):
        sector = self.sector[agency]
        for person_id in people:
            person = self.identity(person_id)
            if sector not in NHS_SECTORS:
                person["nhs_number"] = ""
            if sector not in UPN_SECTORS:
                person["upn"] = ""
            yield person

    def files(self, agency, day):
        """relative path -> CSV text of one agency on a day."""
        rows, people, residences = self.as_of(self.own, agency, day)
        org_rows, org_people, org_residences = self.as_of(self.whole, self.organisation[agency], day)
        used = {r["household_id"] for part in (residences, org_residences, rows["contacts"], org_rows["referrals"]) for r in part}
        homes = [h for h in self.folder.rows("households") if h["household_id"] in used]
        stays = lambda part: [dict(r, to_date=known_date(r["to_date"], day)) for r in part]
        periods = lambda part: [dict(r, end_date=known_date(r["end_date"], day)) for r in part]
        made = [dict(r, decision=r["decision"] if known_date(r["decided_date"], day) else "", closed_date=known_date(r["closed_date"], day),
                     decided_date=known_date(r["decided_date"], day))
                for r in org_rows["referrals"] if self.organisation.get(r["to_agency"]) == self.organisation[agency]]
        return {
            "people.csv": text("people", self.person_rows(agency, people)),
            "homes.csv": text("homes", homes),
            "residences.csv": text("residences", stays(residences)),
            "contacts.csv": text("contacts", rows["contacts"]),
            "involvements.csv": text("involvements", periods(rows["involvements"])),
            "org-people.csv": text("people", self.person_rows(agency, org_people)),
            "org-residences.csv": text("residences", stays(org_residences)),
            "org-involvements.csv": text("involvements", periods(org_rows["involvements"])),
            "org-referrals.csv": text("referrals", made),
        }

    def days_of(self, agency):
        """Every day on which one agency's files may change, sorted."""
        rows = [r for part in (*self.own.values(), *self.whole.values()) for r in part.get(agency, []) + part.get(self.organisation[agency], [])]
        days = {r.get(column) for r in rows for column in self.DATES}
        days |= {s[column] for person in {r["person_id"] for r in rows if r["person_id"]} for s in self.stays(person) for column in ("from_date", "to_date")}
        return sorted(days - {None, ""})

    def write(self, agency, day):
        """Brings one agency's files to a day. Return: whether any of them changed."""
        if agency not in self.days:
            self.days[agency] = self.days_of(agency)
        before, self.at[agency] = self.at.get(agency), day
        if before is not None and bisect_right(self.days[agency], before) == bisect_right(self.days[agency], day):
            return False
        changed = False
        place = self.stage.work / "agencies" / agency
        place.mkdir(parents=True, exist_ok=True)
        if agency in self.sources:
            return self.sources[agency].put(agency, self.files(agency, day))
        for name, content in self.files(agency, day).items():
            path = place / name
            if self.written.get(path) != content:
                replace(path, content)
                self.written[path] = content
                changed = True
        return changed

    def witness(self, agency):
        """What makes its adapter a witness of the broker's log."""
        return f'witness = {{ log = "{self.stage.keys / "audit.vkey"}"; }};\n' if agency in self.witnesses else ""

    def configure(self, agency):
        """Writes the adapter's configuration; the questions are those of the catalogue that its sector may be asked."""
        path = self.stage.work / "agencies" / agency / "adapter.conf"
        keys = self.stage.keys
        questions = [q for q in self.folder.rows("questions") if q["rule"] == "residence" or self.sector[agency] in q["sectors"].split("|")]
        source = self.sources[agency].settings(agency, questions, path.parent) if agency in self.sources else csv_settings(questions)
        path.write_text(f'''agency = "{agency}";
mode = "{self.stage.mode}";
origin = "{self.stage.origin}";
broker = {{ address = "{self.stage.gates[self.organisation[agency]]}"; public_key = "{self.stage.broker_public()}"; }};
keys = {{ curve = "{keys / agency}.key_secret"; sign = "{keys / agency}.sign"; token = "{keys / 'partnership.token'}"; seal = "{keys / agency}.seal"; }};
tokens = {{ scheme = "hmac"; epoch = 1; }};
socket = "{self.stage.socket_of(agency)}";
outbox = "{self.stage.work / 'agencies' / agency / 'outbox'}";
inbox = "{self.stage.work / 'agencies' / agency / 'inbox'}";
contact_route = "duty desk of {agency}";
{self.witness(agency)}{source}''', encoding="utf-8")
        return path


def csv_settings(questions):
    """An adapter's settings from `backend` on."""
    lines = ",\n".join(question_text(q) for q in questions)
    return f'''backend = "csv";
csv = {{
  people = {{ file = "people.csv"; }};
  homes = {{ file = "homes.csv"; }};
  residences = {{ file = "residences.csv"; }};
  contacts = {{ file = "contacts.csv"; }};
  involvements = {{ file = "involvements.csv"; }};
  relationships = {{
    people = {{ file = "org-people.csv"; }};
    residences = {{ file = "org-residences.csv"; }};
    involvements = {{ file = "org-involvements.csv"; }};
    referrals = {{ file = "org-referrals.csv"; }};
  }};
  data_as_of = "day";
  reload_s = 0;
}};
questions = (
{lines}
);
'''


def question_text(q):
    quoted = lambda field: "[ " + ", ".join(f'"{k}"' for k in q[field].split("|") if k) + " ]"
    parts = [f'id = "{q["question_id"]}"', f'rule = "{q["rule"]}"']
    if q["kinds"]:
        parts.append(f"kinds = {quoted('kinds')}")
    if q["end_kinds"]:
        parts.append(f"end_kinds = {quoted('end_kinds')}")
    if q["window_days"]:
        parts.append(f"window_days = {q['window_days']}")
    return "  { " + "; ".join(parts) + "; }"


def text(table, rows):
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS[table], extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow(row)
    return out.getvalue()


def replace(path, content):
    """A reader sees the old file or the new one, never half of one."""
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(content, encoding="utf-8")
    os.replace(fresh, path)
