#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""test_odbc_as_csv.py PUT_QUESTIONS - the same rows as CSV files, in PostgreSQL and in SQLite: every question of the catalogue about everybody
and every home on several days, who is involved, and why the agency may ask, have the same answers from each."""
import datetime
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

from commands import Place, main

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "deploy"))
from exerciselib.agencies import Cabinet, csv_settings  # noqa: E402
from exerciselib.folder import load  # noqa: E402
from exerciselib.sql_folder import SqlRows, odbc_group, odbc_questions, schema_of, sqlite_put  # noqa: E402
from exerciselib.sql_server import Postgres  # noqa: E402

PROGRAM = sys.argv[1]
DAYS = 3  # on which rows change, spread over all there are
OPEN = {"op": "open", "deadline_ms": 20000, "rows_most": 100000, "bytes_most": 1 << 26}


def put(backend, conf, lines):
    """What the backend says to each line."""
    done = subprocess.run([PROGRAM, backend, conf], input="".join(json.dumps(line) + "\n" for line in lines), capture_output=True, text=True,
                          timeout=200, check=False)
    assert done.returncode == 0, f"exit {done.returncode}: {done.stderr[-600:]}"
    replies = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(replies) == len(lines), f"{len(replies)} replies to {len(lines)} lines: {done.stderr[-600:]}"
    return replies


def typed(stays):
    """A person's homes as an asker types them."""
    return [{"homes": [s["household_id"]], "from": s["from_date"], "until": s["to_date"]} for s in stays]


class Town:
    def __init__(self, place, folder, server):
        self.place, self.folder = place, folder
        self.cabinet = Cabinet(folder, SimpleNamespace(work=Path(place.path)))
        self.rows, self.server = SqlRows(server), server

    def busiest(self, count):
        held = lambda agency: sum(len(part.get(agency, [])) for part in self.cabinet.own.values())
        return sorted(self.cabinet.organisation, key=lambda agency: (-held(agency), agency))[:count]

    def busy(self, count):
        return [(agency, day) for agency in self.busiest(count) for day in self.days(agency)]

    def referred(self):
        """Agencies on days when somebody was referred to them: the weakest reason to ask is seen where there is no other."""
        rows = [r for r in self.folder.rows("referrals") if r["to_agency"] in self.cabinet.organisation]
        return {r["to_agency"]: (r["to_agency"], r["sent_date"]) for r in sorted(rows, key=lambda r: r["sent_date"])[:6]}.values()

    def days(self, agency):
        """The first, the last and some between, of the days on which its rows change."""
        days = self.cabinet.days_of(agency)
        picked = {days[i * (len(days) - 1) // (DAYS - 1)] for i in range(DAYS)}
        return sorted(picked)

    def lines(self, agency, day):
        """Every question that can be put to this agency's rows."""
        files = self.cabinet.files(agency, day)
        refs = lambda name: [line.split(",")[0] for line in files[name].splitlines()[1:]]
        people, homes = refs("people.csv") + refs("org-people.csv"), refs("homes.csv")
        later = (datetime.date.fromisoformat(day) + datetime.timedelta(days=20)).isoformat()
        for person in [*sorted(set(people)), None]:
            for places in ([], typed(self.cabinet.stays(person) if person else self.folder.rows("residences")[:6])):
                subject = {"person": person, "places": places}
                yield {"op": "answer", "as_of": day, **subject}
                yield {"op": "relate", "day": later, **subject}
                for q in self.folder.rows("questions"):
                    if q["rule"] == "residence":
                        for home in [[h] for h in homes[:5]] + [[], homes[:3]]:
                            yield {"op": "answer", "id": q["question_id"], "as_of": day, "home": home, **subject}
                    else:
                        yield {"op": "answer", "id": q["question_id"], "as_of": later, **subject}
        for home in [[h] for h in homes] + [[], homes[-2:]]:
            yield {"op": "relate", "day": day, "person": None, "places": [{"homes": home}]}
            yield {"op": "answer", "as_of": day, "household": home}
            for q in self.folder.rows("questions"):
                yield {"op": "answer", "id": q["question_id"], "as_of": day, "household": home}

    def configurations(self, agency, day):
        """backend and configuration file of each source, with the rows of the day in it."""
        files, questions = self.cabinet.files(agency, day), self.folder.rows("questions")
        place = Path(self.place.path)
        for name, text in files.items():
            self.place.file(name, text)
        yield "csv", self.place.file("csv.conf", csv_settings(questions))
        self.rows.put(agency, files)
        yield "odbc", self.place.file("postgres.conf", self.rows.settings(agency, questions, place))
        database = place / f"{schema_of(agency)}-{day}.db"
        with sqlite3.connect(database) as db:
            sqlite_put(db, files)
        db.close()
        text = f'{odbc_group(f"Driver=SQLite3;Database={database}")}questions = (\n{odbc_questions(questions, "sqlite")}\n);\n'
        yield "odbc", self.place.file("sqlite.conf", text)

    def compare(self, agency, day):
        """How many lines were put to each source, all with one answer."""
        lines = list(self.lines(agency, day))
        first = None
        for backend, conf in self.configurations(agency, day):
            opened, loaded, *replies = put(backend, conf, [OPEN, {"op": "load", "strict": True}, *lines])
            where = f"{os.path.basename(conf)} of {agency} on {day}"
            assert opened["result"] == 0 and loaded["result"] == 0, f"{where}: {opened} {loaded['reports']}"
            told = {name: sorted(loaded[name]) for name in ("people", "homes", "stays")}
            if first is None:
                first = told, replies
                continue
            assert told == first[0], f"{where}: other rows than in the files"
            for line, reply, expected in zip(lines, replies, first[1]):
                assert reply == expected, f"{where}: {line} gave {reply}, not {expected}"
        return len(lines), {(r.get("value") or r.get("kind")) for r in first[1]}


def play(name, count):
    """The busiest agencies of a folder, day by day. Return: how many questions; which answers there were."""
    total, answers = 0, set()
    with Place() as place, Postgres() as server:
        town = Town(place, load(ROOT / "tests" / "data" / name), server)
        for agency, day in sorted({*town.busy(count), *town.referred()}):
            n, seen = town.compare(agency, day)
            total, answers = total + n, answers | seen
    print(f"# {name}: {total} questions to each of three sources; answers were {', '.join(sorted(answers))}")
    return total, answers


def every_question_of_the_small_town_has_the_same_answer_from_csv_postgresql_and_sqlite():
    total, _ = play("smalltown", 4)
    assert total > 300, total


def every_question_of_marlham_has_the_same_answer_from_csv_postgresql_and_sqlite():
    total, answers = play("marlham", 3)
    assert total > 3000, total
    assert {"yes", "no", "not-known", "involved", "same-home", "referral", "none"} <= answers, answers


if __name__ == "__main__":
    # Under the sanitizers the small town alone, as the exercise: Marlham goes through the same code eight times as often.
    main([every_question_of_the_small_town_has_the_same_answer_from_csv_postgresql_and_sqlite]
         + ([] if os.environ.get("ASAN_OPTIONS") else [every_question_of_marlham_has_the_same_answer_from_csv_postgresql_and_sqlite]))
