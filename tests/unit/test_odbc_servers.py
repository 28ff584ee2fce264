#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""test_odbc_servers.py PUT_QUESTIONS - the SQL backend against a PostgreSQL server that goes away, refuses, sleeps and comes back, and against
SQLite files that hold what no database should."""
import json
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

from commands import Place, main

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "deploy"))
from exerciselib.sql_server import READER, Postgres  # noqa: E402

PROGRAM = sys.argv[1]
AGAIN, INVALID = -11, -22  # -EAGAIN: the host tries again; -EINVAL: somebody must mend it
DAY = "2022-06-01"
TABLES = """
CREATE TABLE people (person_id int, given_name text, family_name text, date_of_birth date, nhs_number text);
INSERT INTO people VALUES (1, 'Zoë', 'Corran', '2012-05-06', NULL), (2, 'Tess', 'Amory', '1990-01-02', '9990000018');
CREATE TABLE homes (household_id text, address_line text, postcode text);
INSERT INTO homes VALUES ('h1', '8 Phantom Road', 'ZZ7 8ZD'), ('h2', '41 Sample Street', NULL);
CREATE TABLE residences (person_id int, household_id text, from_date date, to_date date);
INSERT INTO residences VALUES (1, 'h1', '2015-05-01', NULL), (2, 'h2', NULL, '2021-01-01');
CREATE TABLE incidents (person_id int, household_id text, happened timestamp, kind text);
INSERT INTO incidents VALUES (1, 'h1', '2022-05-20 23:59:59', 'call');
"""
PEOPLE = 'people = { sql = "SELECT * FROM people"; };'
HOMES = 'homes = { sql = "SELECT * FROM homes"; }; residences = { sql = "SELECT * FROM residences"; };'
INCIDENT = ('{ id = "incident"; answers = "rows"; sql = "SELECT 1 FROM incidents WHERE person_id = ? AND happened < ?"; parameters = [ "person", "as_of" ]; }',
            '{ id = "incident"; answers = "rows"; sql = "SELECT 1 FROM incidents WHERE household_id = ?"; parameters = [ "household" ]; }')


def question(name, answers, sql, *parameters):
    return f'{{ id = "{name}"; answers = "{answers}"; sql = "{sql}"; parameters = [ {", ".join(json.dumps(p) for p in parameters)} ]; }}'


def drivers_leaks(place):
    """Under the leak sanitizer: PostgreSQL's driver forgets some memory of each statement that it cannot prepare."""
    known = place.file("leaks", "leak:psqlodbcw.so\nleak:libsqlite3odbc\n")
    return dict(place.env, LSAN_OPTIONS=f"{place.env.get('LSAN_OPTIONS', '')}:suppressions={known}:print_suppressions=0")


class Backend:
    """One process with the backend in it, spoken to a line at a time."""

    def __init__(self, place, connection, group=PEOPLE, questions=INCIDENT, deadline_ms=10000, rows_most=1000, bytes_most=1 << 20):
        group = f'odbc = {{ connection = "{connection}"; {group} }};\n'
        conf = place.file("adapter.conf", group + "questions = (\n" + ",\n".join(questions) + "\n);\n")
        self.process = subprocess.Popen([PROGRAM, "odbc", conf], env=drivers_leaks(place), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.opened = self.put("open", deadline_ms=deadline_ms, rows_most=rows_most, bytes_most=bytes_most)

    def __enter__(self):
        return self

    def __exit__(self, kind, *exc):
        try:
            self.said = self.process.communicate(timeout=60)[1]
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        if kind is None:
            assert self.process.returncode == 0, f"exit {self.process.returncode}: {self.said[-1500:]}"

    def put(self, op, **line):
        self.process.stdin.write(json.dumps({"op": op, **line}) + "\n")
        self.process.stdin.flush()
        reply = self.process.stdout.readline()
        assert reply, f"no reply to {op}: {self.process.communicate(timeout=60)[1][-1500:]}"
        return json.loads(reply)

    def load(self, strict=False, result=0):
        reply = self.put("load", strict=strict)
        assert reply["result"] == result, f"load gave {reply['result']}, not {result}: {reply['reports']}"
        return reply

    def ask(self, name="incident", person="1", **line):
        reply = self.put("answer", id=name, person=person, as_of=DAY, **line)
        assert reply["result"] == 0, reply
        return reply["value"] + (":" + reply["cause"] if reply["cause"] else "")

    def ask_home(self, *homes, name="incident"):
        return self.ask(name, None, household=list(homes))


def says(reply, *words):
    told = "\n".join(reply["reports"])
    for word in words:
        assert word in told, f"{word!r} is not in: {told}"


def expected(got, wanted):
    assert got == wanted, f"{got}, not {wanted}"


def until(happened, wanted, seconds=30):
    """A condition that comes, on however slow a machine."""
    end = time.monotonic() + seconds
    while True:
        got = happened()
        if got == wanted or time.monotonic() > end:
            return expected(got, wanted)
        time.sleep(0.2)


class Fixture:
    """One server for every test; each has fresh tables."""

    def __enter__(self):
        self.server = Postgres().__enter__()
        self.server.psql(f"CREATE ROLE {READER} LOGIN PASSWORD '{self.server.password}'")
        return self

    def __exit__(self, *exc):
        self.server.__exit__(*exc)

    def backend(self, place, *args, user="owner", **kinds):
        self.server.psql("DROP SCHEMA public CASCADE; CREATE SCHEMA public; " + TABLES +
                         f"GRANT USAGE ON SCHEMA public TO {READER}; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {READER};")
        return Backend(place, self.server.connection(user), *args, **kinds)


def sqlite(place, sql=TABLES):
    path = f"{place.path}/rows.db"
    with sqlite3.connect(path) as db:
        db.executescript(sql)
    db.close()
    return f"Driver=SQLite3;Database={path}"


# --- connections that come and go ---
def a_server_that_was_killed_and_is_back_answers_the_very_next_question():
    with Place() as place, f.backend(place) as b:
        b.load()
        expected(b.ask(), "yes")
        f.server.stop(signal.SIGQUIT)
        f.server.start()
        expected(b.ask(), "yes")
    assert "reason=connection-lost" in b.said and b.said.count("event=source-connected") == 2, b.said


def while_the_server_is_down_nothing_can_be_said_and_afterwards_it_can():
    with Place() as place, f.backend(place) as b:
        b.load()
        f.server.stop()
        expected(b.ask(), "cannot-say:failed")
        expected(b.ask_home("h1"), "cannot-say:failed")
        expected(b.put("relate", day=DAY, person="1")["kind"], "none")  # no statement: nothing to ask the server
        b.load(result=AGAIN)
        f.server.start()
        until(b.ask, "yes")
        b.load()


def a_session_that_is_ended_in_the_middle_of_a_statement_is_put_again_once():
    slow = question("slow", "rows", "SELECT 1 FROM incidents, pg_sleep(2) WHERE person_id = ?", "person")
    with Place() as place, f.backend(place, PEOPLE, [slow]) as b:
        b.load()
        end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(2)%' AND state = 'active' AND pid <> pg_backend_pid()"

        def terminate():
            until(lambda: f.server.psql(end).stdout.strip(), "1")

        other = threading.Thread(target=terminate)
        other.start()
        expected(b.ask("slow"), "yes")
        other.join()
    assert "reason=connection-lost" in b.said, b.said


def a_statement_that_sleeps_past_the_deadline_costs_one_answer():
    asleep = question("asleep", "rows", "SELECT pg_sleep(60) FROM people WHERE person_id = ?", "person")
    with Place() as place, f.backend(place, PEOPLE, [*INCIDENT, asleep], deadline_ms=1500) as b:
        b.load()
        began = time.monotonic()
        expected(b.ask("asleep"), "cannot-say:failed")
        assert time.monotonic() - began < 30, "it slept on"
        expected(b.ask(), "yes")
    assert "reason=too-late" in b.said and "event=source-connected" in b.said and "lost" not in b.said, b.said


def no_driver_no_server_and_no_way_in_are_tried_again_and_told_without_the_password():
    for connection, word in (("Driver=NoSuch;UID=x", "odbc:0: no connection, SQLSTATE"), ("nosuchsource", "no connection, SQLSTATE"),
                             ("Driver=PostgreSQL Unicode;Servername=/nowhere;Database=x;UID=x;CommLog=0", "no connection, SQLSTATE 08")):
        with Place() as place, Backend(place, connection) as b:
            says(b.load(result=AGAIN), word)
            says(b.load(strict=True, result=AGAIN), word)
    with Place() as place:
        secret = place.file("password", "quite wrong\n")
        with f.backend(place, f'{PEOPLE} password_file = "password";', user=READER) as b:
            says(b.load(result=AGAIN), "no connection, SQLSTATE", "authentication failed")
        assert "quite wrong" not in b.said, b.said
        place.file("password", f.server.password + "\n")
        with f.backend(place, f'{PEOPLE} password_file = "{secret}";', user=READER) as b:
            b.load()
            expected(b.ask(), "yes")
        assert f.server.password not in b.said, b.said
        place.file("password", f.server.password, mode=0o644)
        with f.backend(place, f'{PEOPLE} password_file = "password";', user=READER) as b:
            b.load(result=AGAIN)
        assert "what=password-file" in b.said, b.said


def a_connection_that_cannot_be_made_read_only_is_none():
    with Place() as place, f.backend(place, PEOPLE + 'on_connect = ( "SET no_such_setting TO 1" );') as b:
        b.load(result=AGAIN)
        expected(b.ask(), "cannot-say:failed")
    assert "what=\"on_connect\"" in b.said and "42704" in b.said, b.said


def nothing_can_be_written_through_a_read_only_session():
    write = question("write", "rows", "DELETE FROM incidents WHERE person_id = ? RETURNING 1", "person")
    read_only = 'on_connect = ( "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY" );'
    with Place() as place, f.backend(place, PEOPLE + read_only, [write]) as b:
        says(b.load(strict=True, result=INVALID), "question write: failed, SQLSTATE 25006")
        expected(b.ask("write"), "cannot-say:failed")
    expected(f.server.psql("SELECT count(*) FROM incidents").stdout.strip(), "1")


# --- rights, tables, columns ---
def a_right_that_is_taken_away_is_partial_and_given_back_is_an_answer_again():
    with Place() as place:
        place.file("password", f.server.password)
        with f.backend(place, PEOPLE + 'password_file = "password";', user=READER) as b:
            b.load()
            expected(b.ask(person="2"), "no")
            f.server.psql(f"REVOKE SELECT ON incidents FROM {READER}")
            expected(b.ask(person="2"), "cannot-say:partial")
            assert b.put("describe")["partial"]
            says(b.load(), "question incident: missing, SQLSTATE 42501")
            says(b.load(strict=True, result=INVALID), "adapter.conf:3", "question incident: missing, SQLSTATE 42501")
            f.server.psql(f"GRANT SELECT ON incidents TO {READER}")
            expected(b.ask(person="2"), "no")
            expected(b.ask_home("h2"), "no")
            assert not b.put("describe")["partial"]


def a_column_that_is_dropped_is_partial_and_never_no():
    with Place() as place, f.backend(place) as b:
        b.load()
        expected(b.ask(person="2"), "no")
        f.server.psql("ALTER TABLE incidents RENAME happened TO at_time")
        expected(b.ask(person="2"), "cannot-say:partial")
        expected(b.ask_home("h2"), "no")
        f.server.psql("ALTER TABLE incidents RENAME at_time TO happened; ALTER TABLE incidents ALTER person_id TYPE bigint")
        until(lambda: b.ask(person="2"), "no")


def people_that_may_not_be_read_are_no_load_at_all():
    with Place() as place, f.backend(place, PEOPLE + HOMES) as b:
        f.server.psql("ALTER TABLE residences RENAME TO stays")
        says(b.load(result=AGAIN), "adapter.conf:1", "residences: missing, SQLSTATE 42P01", 'relation "residences" does not exist')
        b.load(strict=True, result=INVALID)
        f.server.psql("ALTER TABLE stays RENAME TO residences; ALTER TABLE people RENAME given_name TO first_name")
        says(b.load(result=AGAIN), "people: the result has no column given_name")
        f.server.psql("ALTER TABLE people RENAME first_name TO given_name; ALTER TABLE people RENAME TO persons")
        says(b.load(result=AGAIN), "people: missing")
        f.server.psql("ALTER TABLE persons RENAME TO people")
        reply = b.load(strict=True)
    expected(reply["people"], ["1|Zoë|Corran|2012-05-06|||0|0", "2|Tess|Amory|1990-01-02|9990000018||0|0"])
    expected(reply["homes"], ["h1|8 Phantom Road|ZZ7 8ZD|", "h2|41 Sample Street||"])
    expected(reply["stays"], ["1|h1|2015-05-01|", "2|h2||2021-01-01"])


def a_check_names_every_question_whose_statement_is_wrong_with_its_line_and_sqlstate():
    wrong = [*INCIDENT, question("typo", "rows", "SELEC 1 FROM incidents WHERE person_id = ?", "person"),
             question("column", "rows", "SELECT 1 FROM incidents WHERE person = ?", "person"),
             question("count", "rows", "SELECT 1 FROM incidents WHERE person_id = ?", "person", "as_of"),
             question("width", "events", "SELECT happened FROM incidents WHERE person_id = ?", "person")]
    with Place() as place, f.backend(place, PEOPLE, wrong) as b:
        says(b.load(strict=True, result=INVALID), "adapter.conf:5: question typo: missing, SQLSTATE 42601", "adapter.conf:6: question column: missing, SQLSTATE 42703",
             "adapter.conf:7: question count: missing: the statement has not as many ?", "adapter.conf:8: question width: the result lacks the second column")
        b.load()
        expected([b.ask(), b.ask("typo"), b.ask("column"), b.ask("count"), b.ask("width")], ["yes"] + ["cannot-say:partial"] * 4)
    with Place() as place, Backend(place, sqlite(place), PEOPLE, wrong) as b:
        says(b.load(strict=True, result=INVALID), "adapter.conf:5: question typo: failed, SQLSTATE HY000", "question column: missing", "no such column: person")
        b.load()
        expected([b.ask("typo"), b.ask("column")], ["cannot-say:failed", "cannot-say:partial"])


def a_statement_that_has_rows_about_nobody_is_not_run_with():
    for answers, sql in (("rows", "SELECT count(*) FROM incidents WHERE person_id = ?"), ("events", "SELECT happened, 'yes' FROM incidents WHERE person_id = ? OR 1 = 1")):
        with Place() as place, f.backend(place, PEOPLE, [question("everybody", answers, sql, "person")]) as b:
            says(b.load(result=INVALID), "question everybody: gives rows when asked about nobody")


def people_whose_columns_have_other_names_are_mapped_and_case_does_not_count():
    mapped = 'people = { sql = "SELECT person_id AS NOMINAL, given_name AS F1, family_name, date_of_birth, \'\' AS upn FROM people"; columns = { person_id = "nominal"; given_name = "f1"; }; };'
    twice = 'people = { sql = "SELECT p.*, person_id FROM people p"; };'
    with Place() as place, f.backend(place, mapped) as b:
        expected(b.load(strict=True)["people"][0], "1|Zoë|Corran|2012-05-06|||0|0")
    with Place() as place, f.backend(place, twice) as b:
        says(b.load(strict=True, result=INVALID), "no column person_id, or several")


# --- rows that should not be there ---
def two_rows_for_one_person_and_impossible_rows_refuse_the_load_with_their_number():
    with Place() as place, f.backend(place, PEOPLE + HOMES) as b:
        f.server.psql("INSERT INTO people VALUES (2, 'Other', 'Person', '1991-01-01', NULL), (3, 'Bad', 'Number', '1991-01-01', '1234567890')")
        reply = b.load(result=INVALID)
        says(reply, "people:3:", "people:4:")
        assert "Other" not in str(reply["reports"]) and "1234567890" not in str(reply["reports"]), reply["reports"]
        f.server.psql("DELETE FROM people WHERE person_id = 3 OR given_name = 'Other'; INSERT INTO residences VALUES (9, 'h1', NULL, NULL), (1, 'h1', '2020-01-02', '2020-01-01')")
        says(b.load(result=INVALID), "residences:3:", "residences:4: the row ends before it begins")


def bytes_that_are_not_utf8_and_days_that_do_not_exist_are_told_by_row_and_column():
    with Place() as place:
        connection = sqlite(place, TABLES + "INSERT INTO people VALUES (3, CAST(x'5AE9' AS text), 'Latin', '1991-01-01', NULL), (4, 'No', 'Day', '1991-02-30', NULL), "
                            f"(5, '{'x' * 2000}', 'Long', '1991-01-01', NULL), (6, 'N' || char(0) || 'L', 'Nul', '1991-01-01', NULL);")
        with Backend(place, connection) as b:
            reply = b.load(result=INVALID)
            says(reply, "people:3: column 2 of the result: not UTF-8", "people:4: not a date", "people:5: column 2 of the result: not UTF-8, or longer")
            assert "Latin" not in str(reply["reports"]), reply["reports"]
    with Place() as place:
        text = question("text", "value", "SELECT kind FROM incidents WHERE person_id = ?", "person")
        with Backend(place, sqlite(place, TABLES + "UPDATE incidents SET kind = CAST(x'ff' AS text);"), PEOPLE, [text]) as b:
            b.load()
            expected(b.ask("text"), "cannot-say:failed")


def null_is_not_held_and_two_values_are_ambiguous():
    value = question("value", "value", "SELECT kind FROM incidents WHERE person_id = ?", "person")
    with Place() as place, f.backend(place, PEOPLE, [value]) as b:
        b.load()
        for kind, wanted in (("'yes'", "yes"), ("'NO'", "no"), ("'t'", "yes"), ("NULL", "not-known"), ("'not-known'", "not-known"), ("'maybe'", "cannot-say:partial"), ("''", "cannot-say:partial")):
            f.server.psql(f"UPDATE incidents SET kind = {kind}")
            expected((kind, b.ask("value")), (kind, wanted))
        expected(b.ask("value", person="2"), "not-known")
        f.server.psql("INSERT INTO incidents VALUES (1, 'h1', '2022-01-01', 'yes')")
        expected(b.ask("value"), "cannot-say:ambiguous")


def references_that_look_like_sql_are_only_references():
    with Place() as place, f.backend(place) as b:
        b.load()
        for reference in ("1 OR 1=1", "1; DROP TABLE incidents; --", "' OR ''='", "1'", "{fn now()}", "?", "\\", "1)--"):
            assert b.ask(person=reference) in ("cannot-say:failed", "no"), reference
            expected((reference, b.ask_home("h1'; DROP TABLE incidents; --", reference)), (reference, "no"))
        expected(b.ask(), "yes")
        long_home = "h" * 127
        expected(b.ask_home(long_home, "h1"), "yes")
    assert "DROP" not in b.said and "1 OR 1" not in b.said, b.said


def more_rows_or_bytes_than_allowed_are_no_answer():
    events = question("events", "events", "SELECT happened, 'yes' FROM incidents WHERE person_id = ?", "person")
    with Place() as place, f.backend(place, PEOPLE, [*INCIDENT, events], rows_most=50) as b:
        b.load()
        expected(b.ask("events"), "yes")
        f.server.psql("INSERT INTO incidents SELECT 1, 'h1', '2022-01-01', 'x' FROM generate_series(1, 60)")
        expected(b.ask("events"), "cannot-say:failed")
        expected(b.ask(), "yes")
        f.server.psql("INSERT INTO people SELECT n, 'A', 'B', '2000-01-01', NULL FROM generate_series(10, 70) n")
        says(b.load(result=AGAIN), "people: too-much: more rows than allowed")
    with Place() as place, f.backend(place, PEOPLE, bytes_most=40) as b:
        says(b.load(strict=True, result=INVALID), "people: too-much: more bytes than allowed")


# --- what results come to ---
def a_state_is_on_when_the_last_event_of_person_and_places_starts_it():
    state = (question("state", "events", "SELECT happened, kind FROM incidents WHERE person_id = ? AND happened <= ?", "person", "as_of"),
             question("state", "events", "SELECT happened, kind FROM incidents WHERE household_id = ? AND person_id IS NULL AND happened >= COALESCE(?, happened)", "place", "place_from"))
    with Place() as place, f.backend(place, PEOPLE, state) as b:
        b.load()
        home = [{"homes": ["h1"], "from": "2022-01-01", "until": ""}]
        for rows, places, wanted in (
                ("(1, 'h1', '2022-01-01', 'yes')", [], "yes"),
                ("(1, 'h1', '2022-01-01', 'yes'), (1, 'h1', '2022-02-01', 'no')", [], "no"),
                ("(1, 'h1', '2022-02-01', 'no'), (1, 'h1', '2022-02-01', 'yes')", [], "yes"),
                ("(1, 'h1', '2022-01-01', 'yes'), (NULL, 'h1', '2022-03-01', 'no')", [], "yes"),
                ("(1, 'h1', '2022-01-01', 'yes'), (NULL, 'h1', '2022-03-01', 'no')", home, "no"),
                ("(NULL, 'h1', '2021-03-01', 'yes')", home, "no"),
                ("(1, 'h1', '2023-01-01', 'yes')", [], "no"),
                ("(1, 'h1', '2022-01-01', 'perhaps')", [], "cannot-say:failed")):
            f.server.psql(f"DELETE FROM incidents; INSERT INTO incidents VALUES {rows}")
            expected((rows, b.ask("state", places=places)), (rows, wanted))
        expected(b.ask("state", person=None), "not-known")
        f.server.psql("DELETE FROM incidents; INSERT INTO incidents VALUES (NULL, 'h1', '2022-03-01', 'yes')")
        expected(b.ask("state", person=None, places=home), "yes")


def an_end_that_could_not_be_read_leaves_a_start_unsaid():
    state = (question("state", "events", "SELECT happened, 'yes' FROM incidents WHERE person_id = ?", "person"),
             question("state", "events", "SELECT happened, 'no' FROM endings WHERE person_id = ?", "person"))
    with Place() as place, f.backend(place, PEOPLE, state) as b:
        b.load()
        expected(b.ask("state"), "cannot-say:partial")
        f.server.psql("CREATE TABLE endings (person_id int, happened date)")
        expected(b.ask("state"), "yes")


def homes_are_asked_one_by_one_and_one_yes_is_enough():
    lives = question("lives", "value", "SELECT max(CASE WHEN household_id = ? THEN 'yes' ELSE 'no' END) FROM residences WHERE person_id = ?", "home", "person")
    with Place() as place, f.backend(place, PEOPLE, [*INCIDENT, lives]) as b:
        b.load()
        expected([b.ask("lives", home=h) for h in (["h1"], ["h2", "h1"], ["h2"], [])], ["yes", "yes", "no", "no"])
        expected([b.ask("lives", person=p, home=["h1"]) for p in (None, "7")], ["not-known"] * 2)
        expected(b.ask("lives"), "cannot-say:unsupported")
        expected([b.ask_home("h2", "h1"), b.ask_home("h2"), b.ask_home()], ["yes", "no", "not-known"])
        expected([b.ask_home("h1", name="lives"), b.ask("no-such-question")], ["cannot-say:unsupported"] * 2)
        expected(b.ask(person=None), "not-known")


def who_is_involved_names_each_service_once_and_the_longest_standing_day():
    involved = 'involvement = { sql = "SELECT kind AS service, happened AS begun, \'desk\' AS contact_route FROM incidents WHERE person_id = ? ORDER BY happened DESC"; columns = { start_date = "BEGUN"; }; parameters = [ "person" ]; };'
    with Place() as place, f.backend(place, PEOPLE + involved) as b:
        b.load(strict=True)
        f.server.psql("INSERT INTO incidents VALUES (1, NULL, '2019-05-06', 'care'), (1, NULL, '2021-01-01', 'call')")
        reply = b.put("answer", person="1", as_of=DAY)
        expected([reply[k] for k in ("value", "service", "contact_route", "since")], ["yes", "call, care", "desk", "2019-05-06"])
        expected([b.put("answer", person=p, as_of=DAY)["value"] for p in ("2", None)], ["no", "not-known"])
        f.server.psql("DROP TABLE incidents")
        expected(b.put("answer", person="2", as_of=DAY)["cause"], "partial")
    with Place() as place, f.backend(place) as b:
        expected(b.put("answer", person="1", as_of=DAY)["cause"], "partial")


def why_we_may_ask_is_the_strongest_that_holds_and_a_statement_that_fails_is_no_none():
    relation = 'relationships = { statements = ( { sql = "SELECT kind, happened AS since FROM incidents WHERE person_id = ?"; parameters = [ "person" ]; } ); };'
    with Place() as place, f.backend(place, PEOPLE + relation) as b:
        b.load(strict=True)
        for rows, wanted in (("('referral', '2022-01-01')", "referral"), ("('referral', '2020-01-01')", "none"), ("('involvement', '2023-01-01')", "none"),
                             ("('same-home', '2020-01-01'), ('referral', '2022-01-01')", "same-home"), ("('same-home', '2020-01-01'), ('involvement', '2011-01-01')", "involved"),
                             ("('something', '2020-01-01'), ('referral', NULL)", "none")):
            f.server.psql(f"DELETE FROM incidents; INSERT INTO incidents (person_id, kind, happened) SELECT 1, k, h::timestamp FROM (VALUES {rows}) v(k, h)")
            expected((rows, b.put("relate", person="1", day=DAY)["kind"]), (rows, wanted))
        f.server.psql("DROP TABLE incidents")
        assert b.put("relate", person="1", day=DAY)["result"] < 0


# --- how old the data are, and whether they changed ---
def data_older_than_allowed_or_of_no_known_day_are_stale():
    lag = PEOPLE + 'as_of = "SELECT max(happened) FROM incidents"; as_of_s = 0; max_age_days = 30;'
    with Place() as place, f.backend(place, lag) as b:
        b.load(strict=True)
        reply = b.put("answer", id="incident", person="1", as_of=DAY)
        expected((reply["value"], reply["data_as_of"]), ("yes", "2022-05-20"))
        f.server.psql("UPDATE incidents SET happened = '2022-04-01'")
        reply = b.put("answer", id="incident", person="1", as_of=DAY)
        expected((reply["value"], reply["cause"], reply["data_as_of"]), ("cannot-say", "stale", "2022-04-01"))
        f.server.psql("UPDATE incidents SET happened = '2040-01-01'")
        expected(b.put("answer", id="incident", person="2", as_of=DAY)["data_as_of"], DAY)
        f.server.psql("DELETE FROM incidents")
        expected(b.ask(), "cannot-say:stale")
        f.server.psql("DROP TABLE incidents")
        expected(b.ask(), "cannot-say:partial")


def a_change_is_seen_by_the_statement_that_says_so_and_each_kind_of_it_counts():
    changes = PEOPLE + 'changed = "SELECT count(*), max(happened) FROM incidents"; reload_s = 1;'
    changed = lambda: b.put("changed")["result"]
    with Place() as place, f.backend(place, changes) as b:
        for _ in range(10):
            b.load(strict=True)
            time.sleep(1.1)
            looked = time.monotonic()
            expected(changed(), 0)
            f.server.psql("UPDATE incidents SET happened = happened + interval '1 second'")
            again = changed()
            if time.monotonic() - looked < 1:
                break
        expected(again, 0)  # looked a moment ago: on a busy machine not every time
        until(changed, 1)
        f.server.stop()
        time.sleep(1.1)
        assert changed() < 0
        f.server.start()
        until(changed, 1)
    with Place() as place, f.backend(place, PEOPLE + "reload_s = 1;") as b:
        until(changed, 1)
    with Place() as place, f.backend(place) as b:
        expected(changed(), 0)  # in an exercise: only when told


# --- configurations ---
def a_configuration_is_refused_with_line_and_reason():
    ask = lambda *p, sql="SELECT 1": [question("q", "rows", sql, *p)]
    for group, questions, words in (
            ("", (), ["odbc needs people"]),
            (PEOPLE + "max_age_days = 3;", (), ["max_age_days needs as_of"]),
            (PEOPLE + "tables = 1;", (), ["tables"]),
            ("people = 3;", (), ["people is a group"]),
            ("people = { columns = { }; };", (), ["needs sql"]),
            ('people = { sql = ""; };', (), ["sql is empty"]),
            ('people = { sql = "x"; columns = { nmae = "y"; }; };', (), ["nmae"]),
            ('people = { sql = "x"; parameters = [ "person" ]; };', (), ["parameters"]),
            (PEOPLE + 'involvement = { sql = "x"; };', (), ["involvement: parameters name nobody"]),
            (PEOPLE + 'involvement = { sql = "x"; parameters = [ "person", "household" ]; };', (), ["involvement takes no parameter household"]),
            (PEOPLE + 'relationships = { statements = ( { sql = "x"; parameters = [ "as_of" ]; } ); };', (), ["relationships.statements: parameters name nobody"]),
            (PEOPLE + 'on_connect = "SET x";', (), ["on_connect is a list"]),
            (PEOPLE, ask("as_of"), ["adapter.conf:3", "question q: parameters name nobody"]),
            (PEOPLE, ask("person", "household"), ["a person or a household"]),
            (PEOPLE, ask("person", "place_from"), ["go with place"]),
            (PEOPLE, ask("persno"), ["no such parameter"]),
            (PEOPLE, ask("person", sql=""), ["sql is empty"]),
            (PEOPLE, ["3"], ["a question is a group"]),
            (PEOPLE, ask("person") + [question("q", "value", "x", "person")], ["answers in the same way"]),
            (PEOPLE, ['{ id = "q"; answers = "number"; sql = "x"; parameters = [ "person" ]; }'], ["one of: rows, value, events"]),
            (PEOPLE, ['{ id = "q"; rule = "ever"; kinds = [ "x" ]; }'], ["rule", "needs sql"])):
        with Place() as place, Backend(place, "Driver=None", group, questions) as b:
            told = "\n".join(b.opened["errors"])
            assert b.opened["result"] == INVALID, (group, questions, b.opened)
            for word in words:
                assert word in told, f"{word!r} is not in {told}"


def a_password_in_the_connection_string_is_refused_and_not_repeated():
    for connection in ("DSN=x;PWD=hunter2", "PWD=hunter2", "DSN=x; Password = hunter2;", "Driver=x;pwd=hunter2"):
        with Place() as place, Backend(place, connection) as b:
            expected((connection, b.opened["result"]), (connection, INVALID))
            told = "\n".join(b.opened["errors"])
            assert "no password belongs here" in told and "hunter2" not in told, told


if __name__ == "__main__":
    with Fixture() as f:
        main([a_server_that_was_killed_and_is_back_answers_the_very_next_question, while_the_server_is_down_nothing_can_be_said_and_afterwards_it_can,
              a_session_that_is_ended_in_the_middle_of_a_statement_is_put_again_once, a_statement_that_sleeps_past_the_deadline_costs_one_answer,
              no_driver_no_server_and_no_way_in_are_tried_again_and_told_without_the_password, a_connection_that_cannot_be_made_read_only_is_none,
              nothing_can_be_written_through_a_read_only_session, a_right_that_is_taken_away_is_partial_and_given_back_is_an_answer_again,
              a_column_that_is_dropped_is_partial_and_never_no, people_that_may_not_be_read_are_no_load_at_all,
              a_check_names_every_question_whose_statement_is_wrong_with_its_line_and_sqlstate, a_statement_that_has_rows_about_nobody_is_not_run_with,
              people_whose_columns_have_other_names_are_mapped_and_case_does_not_count, two_rows_for_one_person_and_impossible_rows_refuse_the_load_with_their_number,
              bytes_that_are_not_utf8_and_days_that_do_not_exist_are_told_by_row_and_column, null_is_not_held_and_two_values_are_ambiguous,
              references_that_look_like_sql_are_only_references, more_rows_or_bytes_than_allowed_are_no_answer,
              a_state_is_on_when_the_last_event_of_person_and_places_starts_it, an_end_that_could_not_be_read_leaves_a_start_unsaid,
              homes_are_asked_one_by_one_and_one_yes_is_enough, who_is_involved_names_each_service_once_and_the_longest_standing_day,
              why_we_may_ask_is_the_strongest_that_holds_and_a_statement_that_fails_is_no_none, data_older_than_allowed_or_of_no_known_day_are_stale,
              a_change_is_seen_by_the_statement_that_says_so_and_each_kind_of_it_counts, a_configuration_is_refused_with_line_and_reason,
              a_password_in_the_connection_string_is_refused_and_not_repeated])
