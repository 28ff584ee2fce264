# SPDX-License-Identifier: Apache-2.0
"""An agency's rows in tables of a database, and the statements that ask them what its CSV files would be asked.

`odbc_group` and `odbc_questions` write the parts of an adapter's configuration; the rules (state, window, ever, involvement,
residence) are those of adapters/README.md, as SQL. PostgreSQL and SQLite differ in one expression.
"""
import csv
import io
import re

from .agencies import COLUMNS
from .sql_server import READER

TABLES = {"people.csv": "people", "homes.csv": "homes", "residences.csv": "residences", "contacts.csv": "contacts",
          "involvements.csv": "involvements", "org-people.csv": "org_people", "org-residences.csv": "org_residences",
          "org-involvements.csv": "org_involvements", "org-referrals.csv": "org_referrals"}
DATES = re.compile(r"(date|_date|date_of_birth)\Z")
MARKER = re.compile(r":(person|as_of|household|home|place_from|place_until|place)\b")
SINCE = {"postgres": "CAST(:as_of AS date) - {days}", "sqlite": "date(:as_of, '-{days} days')"}


def columns_of(file):
    return COLUMNS[file.removesuffix(".csv").removeprefix("org-")]


def schema_of(agency):
    return re.sub(r"[^a-z0-9]", "_", agency.lower())


def tables(prefix=""):
    """Statements that make one agency's tables. `position` keeps the order in which rows came."""
    for file, table in TABLES.items():
        columns = ", ".join(f"{c} {'date' if DATES.search(c) else 'text'}" for c in columns_of(file))
        yield f"CREATE TABLE {prefix}{table} ({columns}{', position int GENERATED ALWAYS AS IDENTITY' if prefix else ''})"
    for table, column in (("contacts", "person_id"), ("contacts", "household_id"), ("residences", "person_id"), ("involvements", "person_id"),
                          ("org_residences", "person_id"), ("org_residences", "household_id"), ("org_involvements", "person_id")):
        yield f"CREATE INDEX {table}_by_{column} ON {prefix}{table} ({column})"


class SqlRows:
    """The tables of some agencies in one PostgreSQL server: a schema each, which the reader may read and nothing else."""

    def __init__(self, server):
        self.server, self.made, self.texts = server, set(), {}
        server.psql(f"CREATE ROLE {READER} LOGIN PASSWORD '{server.password}'")

    def make(self, agency):
        schema = schema_of(agency)
        self.server.psql(f"CREATE SCHEMA {schema}; " + "; ".join(tables(f"{schema}.")) + f"; GRANT USAGE ON SCHEMA {schema} TO {READER}; "
                         f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {READER};")
        self.made.add(agency)

    def put(self, agency, files):
        """Brings the tables to the files' text, in one transaction. Return: whether any of them changed."""
        if agency not in self.made:
            self.make(agency)
        changed = {file: text for file, text in files.items() if self.texts.get((agency, file)) != text}
        parts = []
        for file, text in changed.items():
            name = f"{schema_of(agency)}.{TABLES[file]}"
            parts.append(f"DELETE FROM {name};\nCOPY {name} ({', '.join(columns_of(file))}) FROM STDIN WITH (FORMAT csv, HEADER);\n{text}\\.\n")
        if parts:
            self.server.psql("".join(parts))
        self.texts.update({(agency, file): text for file, text in changed.items()})
        return bool(parts)

    def settings(self, agency, questions, place):
        """The adapter's settings from `backend` on; the password goes to a file in the folder `place`."""
        secret = place / "database.password"
        secret.touch(mode=0o600)
        secret.write_text(self.server.password + "\n", encoding="utf-8")
        more = f'''  password_file = "{secret}";
  on_connect = ( "SET search_path TO {schema_of(agency)}", "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY" );
'''
        return f'backend = "odbc";\n{odbc_group(self.server.connection(READER), more)}questions = (\n{odbc_questions(questions)}\n);\n'


def sqlite_put(db, files):
    """The same rows into a new SQLite database (a connection of sqlite3)."""
    for statement in tables():
        db.execute(statement)
    for file, text in files.items():
        rows = [[value or None for value in row] for row in csv.reader(io.StringIO(text))][1:]
        db.executemany(f"INSERT INTO {TABLES[file]} VALUES ({', '.join('?' * len(columns_of(file)))})", rows)
    db.commit()


# --- statements ---
def quoted(text):
    return '"' + re.sub(r"\s+", " ", text).strip().replace("\\", "\\\\").replace('"', '\\"') + '"'


def put(sql):
    """A statement with `?` and the names that they stand for, in order, as settings."""
    names = MARKER.findall(sql)
    return f"sql = {quoted(MARKER.sub('?', sql))}; parameters = [ {', '.join(quoted(n) for n in names)} ];"


def on_day(row):
    return f"({row}.from_date IS NULL OR {row}.from_date <= :as_of) AND ({row}.to_date IS NULL OR {row}.to_date > :as_of)"


OPEN = "start_date <= :as_of AND (end_date IS NULL OR end_date > :as_of)"
HOUSEMATES = f"SELECT theirs.person_id FROM org_residences mine JOIN org_residences theirs ON theirs.household_id = mine.household_id \
WHERE mine.person_id = :person AND {on_day('mine')} AND {on_day('theirs')}"
THERE = f"SELECT theirs.person_id FROM org_residences theirs WHERE theirs.household_id = :place AND {on_day('theirs')} \
AND theirs.person_id <> COALESCE(:person, '')"
OWN_HOMES = f"SELECT mine.household_id FROM org_residences mine WHERE mine.person_id = :person AND {on_day('mine')}"
WORK = "SELECT {kind} AS kind, start_date AS since, end_date AS until FROM org_involvements WHERE "
REFERRED = "SELECT 'referral' AS kind, sent_date AS since FROM org_referrals WHERE (closed_date IS NULL OR closed_date > :as_of) \
AND NOT (COALESCE(decision, '') = 'declined' AND COALESCE(decided_date, sent_date) <= :as_of) AND "
RELATIONS = [
    WORK.format(kind="'involvement'") + "person_id = :person",
    WORK.format(kind="'same-home'") + f"person_id <> :person AND person_id IN ({HOUSEMATES})",
    WORK.format(kind="'same-home'") + f"person_id IN ({THERE})",
    REFERRED + f"(person_id = :person OR household_id IN ({OWN_HOMES}) OR person_id IN ({HOUSEMATES}))",
    REFERRED + f"(household_id = :place OR person_id IN ({THERE}))",
]


def odbc_group(connection, more=""):
    """The group `odbc` of an adapter's configuration. more: further settings of it, as text."""
    select = lambda table: f"{{ sql = {quoted('SELECT ' + ', '.join(columns_of(table.replace('org_', '') + '.csv')) + ' FROM ' + table)}; }}"
    order = "" if "SQLite" in connection else " ORDER BY position"
    involvement = put(f"SELECT service, start_date FROM involvements WHERE person_id = :person AND {OPEN}{order}")
    relations = ",\n".join(f"      {{ {put(sql)} }}" for sql in RELATIONS)
    return f'''odbc = {{
  connection = {quoted(connection)};
{more}  reload_s = 0;
  people = {select("people")};
  homes = {select("homes")};
  residences = {select("residences")};
  involvement = {{ {involvement} }};
  relationships = {{
    people = {select("org_people")};
    residences = {select("org_residences")};
    statements = (
{relations}
    );
  }};
}};
'''


def kinds_in(kinds):
    return "IN (" + ", ".join("'" + k.replace("'", "''") + "'" for k in kinds) + ")"


def contacts_of_person(what, condition):
    """Contacts that bear the person's id, and those of a household alone while the person lived there by our own rows."""
    return (f"SELECT {what} FROM contacts c WHERE c.person_id = :person AND {condition} UNION ALL "
            f"SELECT {what} FROM contacts c JOIN residences r ON r.household_id = c.household_id WHERE r.person_id = :person AND c.person_id IS NULL "
            f"AND {condition} AND (r.from_date IS NULL OR r.from_date <= c.date) AND (r.to_date IS NULL OR r.to_date > c.date)")


def contacts_of_place(what, condition):
    """Contacts of a home that came with the question, where we hold no stay of the person there."""
    return (f"SELECT {what} FROM contacts c WHERE c.household_id = :place AND c.person_id IS NULL AND {condition} "
            f"AND COALESCE(c.date >= :place_from, 1 = 1) AND COALESCE(c.date < :place_until, 1 = 1) "
            f"AND NOT EXISTS (SELECT 1 FROM residences r WHERE r.person_id = :person AND r.household_id = c.household_id)")


def state_statements(starts, ends):
    condition = f"c.date <= :as_of AND c.kind {kinds_in(starts + ends)}"
    event = f"c.date, CASE WHEN c.kind {kinds_in(starts)} THEN 'yes' ELSE 'no' END"
    last = lambda word: f"max(CASE WHEN c.kind {word}{kinds_in(starts)} THEN c.date END)"
    holds = f"HAVING {last('')} >= COALESCE({last('NOT ')}, '0001-01-01')"
    stay = f"SELECT 1 FROM residences r WHERE r.person_id = c.person_id AND {on_day('r')} AND r.household_id"
    elsewhere = f"EXISTS ({stay} <> c.household_id) AND NOT EXISTS ({stay} = c.household_id)"
    yield "events", contacts_of_person(event, condition)
    yield "events", contacts_of_place(event, condition)
    yield "rows", f"SELECT max(c.date) FROM contacts c WHERE c.household_id = :household AND c.person_id IS NULL AND {condition} {holds}"
    yield "rows", (f"SELECT c.person_id FROM contacts c WHERE c.household_id = :household AND c.person_id IS NOT NULL AND {condition} "
                   f"AND NOT ({elsewhere}) GROUP BY c.person_id {holds}")


def contact_statements(kinds, since):
    condition = f"c.date <= :as_of AND c.kind {kinds_in(kinds)}" + (f" AND c.date >= {since}" if since else "")
    yield "rows", contacts_of_person("1", condition)
    yield "rows", contacts_of_place("1", condition)
    yield "rows", f"SELECT 1 FROM contacts c WHERE c.household_id = :household AND {condition}"


def statements(question, dialect="postgres"):
    """(answers, sql with :names) of each statement that one row of questions.csv becomes."""
    kinds, ends = ([k for k in question[f].split("|") if k] for f in ("kinds", "end_kinds"))
    rule = question["rule"]
    if rule == "state":
        yield from state_statements(kinds, ends)
    elif rule in ("window", "ever"):
        yield from contact_statements(kinds, SINCE[dialect].format(days=int(question["window_days"])) if rule == "window" else "")
    elif rule == "involvement":
        yield "rows", f"SELECT 1 FROM involvements WHERE person_id = :person AND {OPEN}"
    elif rule == "residence":
        yield "value", f"SELECT max(CASE WHEN r.household_id = :home THEN 'yes' ELSE 'no' END) FROM residences r WHERE r.person_id = :person AND {on_day('r')}"


def odbc_questions(questions, dialect="postgres"):
    """Entries of the list `questions`, of rows of questions.csv."""
    return ",\n".join(f'  {{ id = "{q["question_id"]}"; answers = "{answers}"; {put(sql)} }}'
                      for q in questions for answers, sql in statements(q, dialect))
