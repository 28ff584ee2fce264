#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Five agencies with real adapters work, are asked badly and stop cleanly; under the sanitizers whatever those find, in any process, shows here.

argv: protoc."""
import json
import os
import re
import sys
import uuid

from town import CHILDRENS, ROOT, SCHOOL, play, refused, told, uuid7

sys.path.insert(0, str(ROOT / "deploy"))
from exerciselib.judge import seen  # noqa: E402
from exerciselib.play import Player  # noqa: E402

FOUND = re.compile(r"AddressSanitizer|LeakSanitizer|runtime error|UndefinedBehaviorSanitizer")


def scenarios(tap, town):
    """Every row gets a reply of its kind; whether it is the right one is exercise_smalltown's to say."""
    chosen = town.folder.rows("scenarios")
    answers = Player(town.folder, town.stage, town.cabinet).play(chosen)
    failed = [(a.scenario["scenario_id"], seen(a)) for a in answers if seen(a).startswith("failed")]
    tap.check("every row of the town gets its reply", len(answers) == len(chosen) and not failed, failed)
    wrong = [a.scenario["scenario_id"] for a in answers if a.scenario["expected"].startswith("answer") and seen(a) != a.scenario["expected"]]
    tap.check("and whatever is to be answered is answered", not wrong, wrong)


def bad_requests(tap, town):
    """What people and programs get wrong at an adapter's own socket."""
    stage = town.stage
    there = ["--socket", stage.socket_of(CHILDRENS), "--practitioner", "s.one", "--json"]
    how = ["--purpose", "child-protection", "--role", "social-worker"]
    ben = json.dumps({"given_name": "Ben", "family_name": "Brookvane", "date_of_birth": "2012-05-06", "nhs_number": "9997010027", "upn": "", "homes": []})
    cases = [
        ("no purpose", 64, ["ask", "cp-plan-current", "--subject", "-", *there], ben),
        ("no subject", 64, ["ask", "cp-plan-current", *how, *there], None),
        ("a subject that is no JSON", 65, ["ask", "cp-plan-current", "--subject", "-", *how, *there], "{"),
        ("a birth date that does not exist", 65, ["who", "--subject", "-", *how, *there], ben.replace("2012-05-06", "2012-02-31")),
        ("an NHS number with a wrong check digit", 65, ["who", "--subject", "-", *how, *there], ben.replace("9997010027", "9997010028")),
        ("an unknown option", 64, ["who", "--subject", "-", "--colour", "red", *how, *there], ben),
        ("no adapter there", 69, ["who", "--subject", "-", *how, "--socket", stage.run_dir / "nobody.sock", "--practitioner", "s.one", "--json"], ben),
        ("a question that is of no referral, asked about one", 77, ["ask", "cp-plan-current", "--referral", str(uuid.UUID(bytes=uuid7())), *how, *there], None),
        ("a question that nobody defined", 77, ["ask", "blood-type", "--subject", "-", *how, *there], ben),
    ]
    for name, code, args, stdin in cases:
        got = stage.command(*args, stdin=stdin, check=False)
        tap.check(f"{name} ends with {code}", got.exit == code, (got.exit, got.out, got.err))


def junk(tap, town):
    """Frames that are no message, among five agencies that go on working."""
    adapter = town.stage.processes.pop(f"adapter-{SCHOOL}")
    adapter.terminate()
    tap.check("an adapter stops when asked to", adapter.wait(30) == 0)
    school = town.speaker(SCHOOL)
    for octets in (b"\0", b"\xff" * 400, os.urandom(4000), school.frame(school.insight(), 4096)[:-5]):
        school.send(octets)
        tap.check(f"{len(octets)} bytes of nothing are refused", school.until({"refusal"}, timeout_s=15) is not None)
    school.answer(uuid7(), "YES")
    tap.check("a stale question is refused", refused(school.ask(school.insight(sent_ms=1_600_000_000_000), 15), "stale"))
    got = school.ask(school.insight("domestic-incident-12m", person="Ada"), 15)
    tap.check("and a good one is answered by the real adapters", told(town.pb, got) is not None and told(town.pb, got)[1] == "all", told(town.pb, got))


def stop(tap, town):
    for name in [n for n in town.stage.processes if n != "almonerd"]:
        process = town.stage.processes.pop(name)
        process.terminate()
        code = process.wait(60)
        tap.check(f"{name} stops cleanly", code == 0, (code, town.stage.log_tail(name, 12)))
    code = town.end_broker()
    tap.check("the broker stops cleanly", code == 0, (code, town.stage.log_tail("almonerd", 12)))
    tap.check("no process of it ended before", "event=child-ended" not in town.log(), [x for x in town.log().splitlines() if "child-ended" in x])
    for path in sorted(town.stage.work.glob("*.log")):
        text = path.read_text(errors="replace")
        tap.check(f"nothing was found in {path.stem}", not FOUND.search(text), "\n# ".join([x for x in text.splitlines() if not x.startswith("ts=")][:25]))


def run(tap, town):
    scenarios(tap, town)
    bad_requests(tap, town)
    tap.check("the log verifies", town.stage.command("audit", "verify", check=False).exit == 0)
    junk(tap, town)
    stop(tap, town)


play(run, day="2021-03-01", with_adapters=("oakshire-childrens", "oakshire-family-team", "oakshire-police", "elm-school", "river-recovery"))
