# SPDX-License-Identifier: Apache-2.0
"""Reads a folder of the form in tests/data/marlham/README.md, strictly: any folder, whatever its agencies and families.

Every error of a run is gathered, as `file:line: what is wrong, and what to do`, and none is guessed around. `rows(name)` gives each
table as dictionaries of text, as written; `records(name)` gives the same rows with dates, lists, numbers and yes/no as such.
"""
import csv
import datetime
import re
from pathlib import Path
from types import SimpleNamespace

ERRORS_SHOWN = 100
TEXT_MAX = 500  # bytes
FILE_MAX = 64 << 20  # bytes
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}\Z")
POLICY_ID = re.compile(r"[a-z0-9][a-z0-9._-]*\Z")  # these ids become ids of the policy
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
QUESTION = re.compile(r"(who-is-involved|insight:[^:]+(:[^:]+)?|threshold:[^:]+|referral:[^:]+)\Z")
EXPECTED = re.compile(r"(answer;[a-z]+=.+|refuse;reason=[a-z-]+)\Z")
OUTSIDE_SENDERS = ("self", "anonymous", "not-stated")


class FolderError(Exception):
    """Everything that is wrong with a folder, a line each."""

    def __init__(self, errors):
        shown = errors[:ERRORS_SHOWN]
        if len(errors) > ERRORS_SHOWN:
            shown.append(f"... and {len(errors) - ERRORS_SHOWN} more")
        super().__init__("\n".join(shown))
        self.errors = errors


class Column:
    """What a field may hold. `check` returns None when it is fine, else what is wrong and what to do; `read` gives the value."""

    def __init__(self, required=True):
        self.required = required

    def problem(self, value, folder):
        if value == "":
            return "is empty; give a value" if self.required else None
        return self.check(value, folder)

    def check(self, value, folder):
        return None

    def read(self, value):
        return value


class Text(Column):
    def check(self, value, folder):
        return None if len(value.encode()) <= TEXT_MAX else f"is longer than {TEXT_MAX} bytes; shorten it"


class Id(Column):
    def __init__(self, pattern=ID, most=63):
        super().__init__(True)
        self.pattern, self.most = pattern, most

    def check(self, value, folder):
        if not self.pattern.match(value) or len(value) > self.most:
            letters = "a-z, 0-9" if self.pattern is POLICY_ID else "letters, digits"
            return f"is not an id; use {letters}, '.', '_' and '-', at most {self.most} characters"
        return None


class Date(Column):
    def check(self, value, folder):
        if not DATE.match(value):
            return "is not a date; write it as 2022-01-31"
        try:
            datetime.date.fromisoformat(value)
        except ValueError:
            return "is not a day of the calendar; write one that exists, as 2022-01-31"
        return None if "1900" <= value[:4] <= "2999" else "is outside 1900 to 2999; correct the year"

    def read(self, value):
        return datetime.date.fromisoformat(value) if value else None


class Word(Column):
    def __init__(self, *words, required=True):
        super().__init__(required)
        self.words = words

    def check(self, value, folder):
        return None if value in self.words else f"is not one of {', '.join(self.words)}"


class YesNo(Word):
    def __init__(self):
        super().__init__("yes", "no")

    def read(self, value):
        return value == "yes"


class Number(Column):
    def __init__(self, least, most, required=True):
        super().__init__(required)
        self.least, self.most = least, most

    def check(self, value, folder):
        if not re.match(r"[0-9]{1,9}\Z", value) or not self.least <= int(value) <= self.most:
            return f"is not a whole number from {self.least} to {self.most}"
        return None

    def read(self, value):
        return int(value) if value else None


class Ref(Column):
    def __init__(self, table, required=True, also=()):
        super().__init__(required)
        self.table, self.also = table, also

    def check(self, value, folder):
        if value in self.also or value in folder.ids.get(self.table, ()):
            return None
        return f"names nothing in {self.table}.csv; add it there or correct the id"


class Refs(Column):
    """Several ids with | between; star: or a single *."""

    def __init__(self, table, required=False, star=False):
        super().__init__(required)
        self.table, self.star = table, star

    def check(self, value, folder):
        if value == "*" and self.star:
            return None
        parts = value.split("|")
        for part in parts:
            if part not in folder.ids.get(self.table, ()):
                return f"names \"{shown(part)}\", which is not in {self.table}.csv; add it there or correct the id"
        return "names the same id twice" if len(set(parts)) != len(parts) else None

    def read(self, value):
        return tuple(value.split("|")) if value else ()


class Words(Column):
    def __init__(self, *words, required=False):
        super().__init__(required)
        self.words = words

    def check(self, value, folder):
        for part in value.split("|"):
            if part not in self.words if self.words else not POLICY_ID.match(part) or len(part) > 63:
                return f"has an unknown part \"{shown(part)}\"" + (f"; use {', '.join(self.words) or 'ids of a-z, 0-9, - . and _'} with | between")
        return None

    def read(self, value):
        return tuple(value.split("|")) if value else ()


class Roles(Column):
    """Free text with | between."""

    def __init__(self):
        super().__init__(False)

    def read(self, value):
        return tuple(value.split("|")) if value else ()


class Pattern(Column):
    def __init__(self, pattern, what):
        super().__init__(True)
        self.pattern, self.what = pattern, what

    def check(self, value, folder):
        return None if self.pattern.match(value) else f"is not of the form {self.what}"


MAYBE_DATE, NOTE = Date(required=False), Text(required=False)
PERSON, HOME, AGENCY = Ref("persons", False), Ref("households", False), Ref("agencies")

# table -> (columns that make a row's id, the columns that the rules read). Other columns are notes and may be there or not.
TABLES = {
    "agencies": (("agency_id",), {"agency_id": Id(POLICY_ID), "name": Text(), "sector": Id(POLICY_ID), "sensitive": YesNo(),
                                  "team_of": Ref("agencies", False), "controller": NOTE}),
    "households": (("household_id",), {"household_id": Id(), "address_line": Text(), "postcode": NOTE, "shielded_from": MAYBE_DATE}),
    "persons": (("person_id",), {"person_id": Id(), "given_name": NOTE, "family_name": NOTE, "date_of_birth": Date(),
                                 "nhs_number": NOTE, "upn": NOTE, "household_id": HOME,
                                 "parental_responsibility_for": Refs("persons")}),
    "contact-kinds": (("kind",), {"kind": Id(), "class": Word("point", "start", "end"), "closed_by": Ref("contact-kinds", False)}),
    "contacts": (("contact_id",), {"contact_id": Id(), "agency_id": AGENCY, "person_id": PERSON, "household_id": HOME, "date": Date(),
                                   "kind": Ref("contact-kinds")}),
    "purposes": (("purpose",), {"purpose": Id(POLICY_ID, 46), "protocol_id": Ref("protocol-parties"), "consent_required": YesNo(),
                                "relationship_required": YesNo(), "sensitive_rule": Word("named", "masked", "hidden"),
                                "who_is_involved": YesNo(), "excluded_roles": Roles(), "lawful_bases": Words(required=True),
                                "valid_from": Date(), "valid_to": Date()}),
    "protocol-parties": (("protocol_id", "agency_id"), {"protocol_id": Id(POLICY_ID), "agency_id": AGENCY,
                                                        "ask": Word("full", "insight-only", "no"), "answer": YesNo()}),
    "questions": (("question_id",), {"question_id": Id(POLICY_ID, 46),
                                     "rule": Word("state", "window", "ever", "involvement", "residence"),
                                     "kinds": Refs("contact-kinds"), "end_kinds": Refs("contact-kinds"),
                                     "window_days": Number(0, 36600, False), "sectors": Words(), "sensitive": YesNo(),
                                     "purposes": Refs("purposes", True), "text": Text()}),
    "consents": (("consent_id",), {"consent_id": Id(), "person_id": Ref("persons"), "given_by": PERSON,
                                   "capacity": Word("self", "gillick", "parent", "carer-without-pr", "local-authority"),
                                   "purpose": Id(), "recipients": Refs("agencies", True, star=True),
                                   "sources": Refs("agencies", star=True), "sensitive_sources": Refs("agencies"),
                                   "decision": Word("granted", "refused"), "date_given": Date(), "expires_on": MAYBE_DATE,
                                   "withdrawn_on": MAYBE_DATE}),
    "residences": (("person_id", "household_id", "from_date"), {"person_id": Ref("persons"), "household_id": Ref("households"),
                                                               "from_date": Date(), "to_date": MAYBE_DATE}),
    "involvements": (("involvement_id",), {"involvement_id": Id(), "agency_id": AGENCY, "person_id": Ref("persons"), "service": NOTE,
                                           "start_date": Date(), "end_date": MAYBE_DATE}),
    "referrals": (("referral_id",), {"referral_id": Id(), "from_agency": Ref("agencies", also=OUTSIDE_SENDERS), "to_agency": AGENCY,
                                     "person_id": PERSON, "household_id": HOME, "sent_date": Date(),
                                     "decision": Word("accepted", "declined", "not-stated"), "decided_date": MAYBE_DATE,
                                     "started_date": MAYBE_DATE, "closed_date": MAYBE_DATE}),
    "concerns": (("concern_id",), {"concern_id": Id(), "agency_id": AGENCY, "person_id": PERSON, "household_id": HOME, "date": Date(),
                                   "level": Word("low", "medium", "high")}),
    "thresholds": (("rule_id",), {"rule_id": Id(most=36), "scope": Word("person", "household"),
                                  "levels": Words("low", "medium", "high", required=True), "min_agencies": Number(1, 512),
                                  "window_days": Number(0, 3660)}),
    "scenarios": (("scenario_id",), {"scenario_id": Id(), "as_of_date": Date(), "asking_agency": AGENCY, "role": Text(),
                                     "purpose": Id(), "lawful_basis_hint": NOTE,
                                     "kind": Word("who-is-involved", "insight", "concern-threshold", "referral", "refusal"),
                                     "subject": Id(), "question": Pattern(QUESTION, "who-is-involved, insight:ID[:PARAMETER], threshold:RULE or referral:ID"),
                                     "expected": Pattern(EXPECTED, "answer;key=value or refuse;reason=word")}),
}
PERIODS = {"residences": ("from_date", "to_date"), "involvements": ("start_date", "end_date"), "purposes": ("valid_from", "valid_to")}


def shown(value):
    """A value for a message: short, and nothing that a terminal would obey."""
    text = "".join(c if c.isprintable() else "?" for c in value)
    return text if len(text) <= 40 else text[:37] + "..."


class Row(dict):
    """A row as text; it knows its line."""
    line = 0


class Folder:
    def __init__(self, path):
        self.path, self.errors, self.tables, self.ids = Path(path), [], {}, {}
        self._records = {}

    def rows(self, name):
        return self.tables[name]

    def records(self, name):
        """The rows with their values read: dates, tuples, numbers, booleans. `class` becomes `class_`."""
        if name not in self._records:
            columns = TABLES[name][1]
            self._records[name] = [SimpleNamespace(**{(k + "_" if k == "class" else k): columns[k].read(row[k]) for k in columns}, line=row.line)
                                   for row in self.tables[name]]
        return self._records[name]

    def fail(self, name, line, message):
        where = f"{self.path / name}.csv"
        self.errors.append(f"{where}:{line}: {message}" if line else f"{where}: {message}")


def read_text(folder, name):
    """The file's text, or None with the error added."""
    path = folder.path / f"{name}.csv"
    try:
        if path.stat().st_size > FILE_MAX:
            folder.fail(name, 0, f"is larger than {FILE_MAX >> 20} MiB; split or shorten it")
            return None
        raw = path.read_bytes()
    except FileNotFoundError:
        folder.fail(name, 0, "the file is missing; add it (a header line is enough when there are no rows)")
        return None
    except OSError as e:
        folder.fail(name, 0, f"cannot be read ({e.strerror}); check the file and its permissions")
        return None
    if raw.startswith(b"\xef\xbb\xbf"):
        folder.fail(name, 1, "begins with a byte order mark; save the file as UTF-8 without one")
        raw = raw[3:]
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as e:
        folder.fail(name, raw[:e.start].count(b"\n") + 1, f"byte 0x{raw[e.start]:02x} is not UTF-8; save the file as UTF-8")
        return None
    return text if printable(folder, name, text) else None


def printable(folder, name, text):
    """No control character but line feeds: not a NUL, a carriage return or a tab in a name."""
    bad = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\x80-\x9f]")
    found = set()
    for m in bad.finditer(text):
        line = text.count("\n", 0, m.start()) + 1
        if line not in found and len(found) < 5:
            what = {"\x00": "a NUL byte", "\r": "a carriage return (line ends must be LF)"}.get(m.group(), f"a control character (0x{ord(m.group()):02x})")
            folder.fail(name, line, f"has {what}; take it out")
        found.add(line)
    return not found


def split_rows(folder, name, text):
    """(line, fields) of each row of the file; quotes must be whole within a line."""
    for number, line in enumerate(text.split("\n")[:-1] if text.endswith("\n") else text.split("\n"), 1):
        if line == "":
            folder.fail(name, number, "is an empty line; take it out")
            continue
        try:
            rows = list(csv.reader([line], strict=True))
        except csv.Error:
            folder.fail(name, number, "has a quotation mark that is not closed or stands inside a field; quote the whole field and double the marks in it")
            continue
        yield number, rows[0]


def read_table(folder, name):
    text = read_text(folder, name)
    folder.tables[name] = []
    if text is None:
        return
    columns, header = TABLES[name][1], None
    for line, fields in split_rows(folder, name, text):
        if header is None:
            header = fields
            doubled = {c for c in header if header.count(c) > 1}
            missing = [c for c in columns if c not in header]
            for c in sorted(doubled):
                folder.fail(name, line, f"column \"{shown(c)}\" stands twice; keep one")
            for c in missing:
                folder.fail(name, line, f"column \"{c}\" is missing; add it to the header and every row")
            if doubled or missing:
                return
        elif len(fields) != len(header):
            folder.fail(name, line, f"has {len(fields)} fields where the header has {len(header)}; complete the row, or quote a field that has a comma")
        else:
            row = Row(zip(header, fields))
            row.line = line
            folder.tables[name].append(row)
    if header is None:
        folder.fail(name, 1, "is empty; write the header line")


def gather_ids(folder, name):
    key = TABLES[name][0]
    seen = {}
    for row in folder.tables[name]:
        value = tuple(row[c] for c in key)
        if value in seen:
            folder.fail(name, row.line, f"{' and '.join(key)} {', '.join(map(shown, value))} is there twice, first in line {seen[value]}; give each its own")
        seen.setdefault(value, row.line)
    folder.ids[name] = {v[0] for v in seen}


def check_fields(folder, name):
    for row in folder.tables[name]:
        for column, kind in TABLES[name][1].items():
            problem = kind.problem(row[column], folder)
            if problem:
                folder.fail(name, row.line, f"{column} \"{shown(row[column])}\" {problem}")
        start, end = PERIODS.get(name, (None, None))
        if start and row[end] and row[end] < row[start]:
            folder.fail(name, row.line, f"{end} {shown(row[end])} is before {start} {shown(row[start])}; correct one of them")


def check_between(folder):
    """What no single field shows."""
    agencies = {a["agency_id"]: a for a in folder.rows("agencies")}
    for a in folder.rows("agencies"):
        if a["team_of"] and agencies.get(a["team_of"], {}).get("team_of"):
            folder.fail("agencies", a.line, f"{shown(a['agency_id'])} is a team of {shown(a['team_of'])}, which is itself a team; name the organisation")
        if a["team_of"] == a["agency_id"]:
            folder.fail("agencies", a.line, f"{shown(a['agency_id'])} is a team of itself; leave team_of empty")
    for p in folder.rows("persons"):
        for column in ("given_name", "family_name"):
            if not p[column] and p.get("dob_precision") != "expected":
                folder.fail("persons", p.line, f"{column} is empty; give a value (only an unborn child, dob_precision expected, has none)")
    for name in ("contacts", "concerns", "referrals"):
        for row in folder.rows(name):
            if not row["person_id"] and not row["household_id"]:
                folder.fail(name, row.line, "has neither person_id nor household_id; give one")
    for q in folder.rows("questions"):
        needs = {"state": ("kinds", "end_kinds"), "window": ("kinds", "window_days"), "ever": ("kinds",)}.get(q["rule"], ())
        for column in needs:
            if not q[column]:
                folder.fail("questions", q.line, f"{column} is empty; a question of the rule {q['rule']} needs it")
        if q["rule"] != "residence" and not q["sectors"]:
            folder.fail("questions", q.line, "sectors is empty; name who may answer")
    for s in folder.rows("scenarios"):
        check_scenario(folder, s)


def check_scenario(folder, s):
    if s["subject"] not in folder.ids["persons"] and s["subject"] not in folder.ids["households"]:
        folder.fail("scenarios", s.line, f"subject \"{shown(s['subject'])}\" names nobody in persons.csv or households.csv; correct the id")
    kind, _, rest = s["question"].partition(":")
    if kind == "referral" and rest not in folder.ids["referrals"]:
        folder.fail("scenarios", s.line, f"question names the referral \"{shown(rest)}\", which is not in referrals.csv; correct the id")
    parameter = rest.partition(":")[2]
    if kind == "insight" and parameter and parameter not in folder.ids["households"]:
        folder.fail("scenarios", s.line, f"question names the home \"{shown(parameter)}\", which is not in households.csv; correct the id")


def load(path):
    """Reads and checks a whole folder. Raises FolderError with every error found."""
    folder = Folder(path)
    if not folder.path.is_dir():
        raise FolderError([f"{path}: is not a folder; name the folder that holds agencies.csv and the rest"])
    for name in TABLES:
        read_table(folder, name)
    for name in TABLES:
        gather_ids(folder, name)
    for name in TABLES:
        check_fields(folder, name)
    if not folder.errors:
        check_between(folder)
    if folder.errors:
        raise FolderError(folder.errors)
    return folder
