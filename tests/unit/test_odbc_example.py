#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""test_odbc_example.py PUT_QUESTIONS - adapters/odbc/example on a real PostgreSQL server: it loads as it stands, answers, and its grants hold."""
import json
import re
import subprocess
import sys
from pathlib import Path

from commands import Place, main

ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLE = ROOT / "adapters" / "odbc" / "example"
sys.path.insert(0, str(ROOT / "deploy"))
from exerciselib.sql_server import Postgres  # noqa: E402

PROGRAM = sys.argv[1]
OPEN = {"op": "open", "deadline_ms": 20000, "rows_most": 1000, "bytes_most": 1 << 20, "exercise": False}
LOAD = {"op": "load", "strict": True}


def put(place, server, *lines):
    """Opens and loads the example with nothing changed but where the server is; then what is said to each line."""
    text = re.sub(r'connection    = "[^"]*"', f'connection    = "{server.connection("almoner")}"', (EXAMPLE / "adapter.conf").read_text(encoding="utf-8"))
    text = re.sub(r'password_file = "[^"]*";', "", text)
    done = subprocess.run([PROGRAM, "odbc", place.file("adapter.conf", text)], input="".join(json.dumps(line) + "\n" for line in (OPEN, LOAD, *lines)),
                          capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr[-1000:]
    opened, loaded, *replies = [json.loads(line) for line in done.stdout.splitlines()]
    assert opened["result"] == 0, opened
    assert loaded["result"] == 0, loaded
    return loaded, replies


def ask(name, person=None, day="2022-06-01", **line):
    return {"op": "answer", "id": name, "person": person, "as_of": day, **line}


def the_example_loads_without_a_word_and_leaves_out_who_is_restricted():
    with Place() as place:
        loaded, _ = put(place, server)
    assert loaded["reports"] == [], loaded["reports"]
    assert [row.split("|")[0] for row in loaded["people"]] == ["50101", "50102", "50104"], loaded["people"]
    assert len(loaded["homes"]) == 3 and len(loaded["stays"]) == 3, loaded


def the_example_answers_each_of_its_questions():
    asked = [(ask("domestic-incident-12m", "50101"), "yes"), (ask("domestic-incident-12m", "50102"), "no"), (ask("domestic-incident-12m", "50104"), "no"),
             (ask("domestic-incident-12m", None), "not-known"), (ask("domestic-incident-12m", "50101", day="2022-05-19"), "no"),
             (ask("domestic-incident-12m", household=["7001"]), "yes"), (ask("domestic-incident-12m", household=["7002"]), "no"),
             (ask("asbo-current", "50101"), "no"), (ask("asbo-current", "50104"), "yes"), (ask("asbo-current", "50101", day="2022-02-01"), "yes"),
             (ask("lives-at", "50101", home=["7001"]), "yes"), (ask("lives-at", "50101", home=["7002"]), "no"), (ask("lives-at", "50104", home=[]), "no"),
             (ask("lives-at", None, home=["7001"]), "not-known"), (ask("domestic-incident-12m", "50101", day="2022-06-04"), "cannot-say")]
    with Place() as place:
        _, replies = put(place, server, *(line for line, _ in asked), {"op": "answer", "person": "50101", "as_of": "2022-06-01"},
                         {"op": "relate", "person": "50101", "day": "2022-06-01"}, {"op": "relate", "person": "50102", "day": "2022-06-01"},
                         {"op": "relate", "person": "50104", "day": "2022-06-01"})
    for (line, value), reply in zip(asked, replies):
        assert reply["value"] == value, f"{line}: {reply}"
    assert replies[len(asked) - 1]["cause"] == "stale", "the replica stood still for three days"
    involved, *related = replies[len(asked):]
    assert (involved["service"], involved["lead_professional"], involved["since"]) == ("Domestic abuse unit", "DC 4411", "2022-05-21"), involved
    assert [r["kind"] for r in related] == ["involved", "same-home", "none"], related


def the_adapters_login_reads_the_views_and_nothing_else():
    for sql, allowed in (("SELECT count(*) FROM sharing.people", True), ("SELECT count(*) FROM rms.nominal", False), ("CREATE TABLE x (y int)", False),
                         ("DELETE FROM sharing.homes", False), ("SET default_transaction_read_only = off; UPDATE sharing.homes SET postcode = ''", False)):
        done = server.psql(f"SET ROLE almoner; {sql}", check=False)
        assert (done.returncode == 0) == allowed, f"{sql}: {done.stderr}"


if __name__ == "__main__":
    with Postgres() as server:
        for name in ("tables.sql", "views.sql"):
            server.psql((EXAMPLE / name).read_text(encoding="utf-8"))
        main([the_example_loads_without_a_word_and_leaves_out_who_is_restricted, the_example_answers_each_of_its_questions,
              the_adapters_login_reads_the_views_and_nothing_else])
