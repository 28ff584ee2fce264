#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Reports on the log through real processes: an agency makes the tokens, an officer reads by them, and no token, name or practitioner stands anywhere in
clear. argv: protoc."""
import base64
import csv
import datetime
import io
import json
import os
import re

from town import CHILDRENS, POLICE, PRACTITIONER, RIVER, SCHOOL, is_kind, play, wait_for

BEN = {"given_name": "Ben", "family_name": "Brookvane", "date_of_birth": "2012-05-06", "nhs_number": "9997010027", "upn": "E987991618001"}
CYD = {"given_name": "Cyd", "family_name": "Brookvane", "date_of_birth": "2012-05-06", "nhs_number": "9997010035", "upn": "U987991618002"}
CLAIM = "his aunt Zorka telephoned"
SAYS = "He was never out after dark; ask his aunt Zorka."
HOW = ["--purpose", "child-protection", "--role", "senco", "--basis", "safeguarding-child", "--practitioner", PRACTITIONER, "--case", "case-4711"]


def agency(town, who, *args, stdin=None):
    return town.stage.command(*args, "--socket", town.stage.socket_of(who), stdin=stdin, check=False)


def tokens_of(town, name, person):
    path = town.stage.work / f"{name}.tokens"
    got = agency(town, SCHOOL, "subject", "tokens", "--out", path, "--subject", "-", stdin=json.dumps(person))
    return path if got.exit == 0 else got


def report(town, *args, officer=None):
    return town.stage.command("report", *args, *(town.stage.signed() if officer is None else officer), check=False)


def rows(town, *args):
    got = report(town, *args, "--json")
    return json.loads(got.out)["rows"] if got.exit == 0 else [{"exit": got.exit, "said": got.out + got.err}]


def table(town, *args):
    got = json.loads(report(town, *args, "--json").out)["tables"][0]
    return {r["row"]: dict(zip(got["columns"], r["cells"])) for r in got["rows"]}


def says(tap, name, got, code, *words):
    said = got.out + got.err
    tap.check(name, got.exit == code and all(w in said for w in words), f"exit {got.exit}: {said[:600]}")


def happen(tap, town):
    """Something to report on."""
    for _ in range(2):
        got = agency(town, SCHOOL, "ask", "cp-plan-current", *HOW, "--subject", "-", "--json", stdin=json.dumps(BEN))
        tap.check("the school asks about Ben", got.exit == 0 and '"yes"' in got.out, got.out + got.err)
    police = town.speaker(POLICE)
    body = police.insight("cp-plan-current", "Ben")
    body.insight_query.relationship.kind = police.pb.RELATIONSHIP_KIND_SELF_CLAIMED
    body.insight_query.relationship.reason = CLAIM
    tap.check("the police ask for a reason of their own", is_kind(police.ask(body), "insight"))
    tap.check("a question about treatment is put, and its holder is away", is_kind(police.ask(police.insight("substance-treatment-current", "Ada")), "insight"))
    got = police.ask(police.insight("cp-plan-current", "Cyd", role="volunteer", practitioner="v.one"))
    tap.check("a volunteer is refused", is_kind(got, "refusal"), got)
    body = police.body()
    town.add_person(body.statement.subject, town.people["Ben"])
    body.statement.text = SAYS
    tap.check("the family has something to say", is_kind(police.ask(body), "receipt"))


def person(tap, town, ben, cyd):
    before = town.next_leaf()
    got = rows(town, "person", "--tokens", ben)
    events = [(r["event"], r["match"]) for r in got if "event" in r]
    tap.check("questions about Ben are found by his tokens, and their answers by what they belong to",
              events.count(("decided", "match")) == 3 and events.count(("disclosed", "belongs")) == 3, got)
    tap.check("nothing is opened unasked", all("opened" not in r for r in got) and PRACTITIONER not in json.dumps(got), got)
    first = [r["leaf"] for r in got]
    tap.check("in the order of the log", first == sorted(first), first)
    opened = report(town, "person", "--tokens", ben, "--opened", "--json")
    whole = json.loads(opened.out)
    told = [r["opened"] for r in whole["rows"] if r["event"] == "disclosed" and r["agency"] == SCHOOL]
    tap.check("opened, it says who asked, for which case, and what was answered by whom",
              len(told) == 2 and all(o["practitioner"] == PRACTITIONER and o["case"] == "case-4711" and o["told"] == "yes" and
                                     {"agency": CHILDRENS, "answered": True, "value": "yes"} in o["answers"] for o in told), told)
    tap.check("also the reason that was claimed", CLAIM in opened.out)
    tap.check("and what the family says of it", [s["text"] for s in whole.get("statements", [])] == [SAYS], whole.get("statements"))
    tap.check("it names its schema, the reading and the officer", (whole["schema"], whole["report"], whole["officer"], whole["mode"]) ==
              ("almoner/report/1", "person", "officer-one", "exercise") and whole["reading"] > before, {k: v for k, v in whole.items() if k != "rows"})
    reads = [r for r in whole["rows"] if r["event"] == "log-read"]
    tap.check("who reads about Ben stands in the report about Ben", [(r["officer"], r["detail"]) for r in reads] == [("officer-one", "report person")], reads)
    got = rows(town, "person", "--tokens", cyd)
    tap.check("his twin's tokens find his twin's leaves alone", {r["event"] for r in got} <= {"refused", "decided", "disclosed"} and
              not {r["leaf"] for r in got} & set(first), got)
    got = report(town, "person", "--tokens", ben, "--since", "2021-06-16", "--json")
    tap.check("of days to come nothing is found", json.loads(got.out)["rows"] == [], got.out)
    got = report(town, "person", "--tokens", ben, "--until", town.day, "--csv")
    lines = list(csv.DictReader(io.StringIO(got.out)))
    tap.check("as CSV each row has every column", got.exit == 0 and len(lines) >= 6 and all(None not in line and None not in line.values() for line in lines), got.out)
    says(tap, "for people it is a table", report(town, "person", "--tokens", ben), 0, "purpose/question", "child-protection/cp-plan-current", "belongs")


def tokens_everywhere(path):
    with open(path, encoding="utf-8") as f:
        values = [bytes.fromhex(t["value"]) for t in json.load(f)["tokens"]]
    return [s for v in values for s in (v.hex(), base64.b64encode(v).decode(), base64.b64encode(v).decode().rstrip("="))]


def nowhere_in_clear(tap, town, ben):
    leaves = json.dumps(town.audit())
    logs = town.log() + "".join(p.read_text(errors="replace") for p in town.stage.work.glob("*.log"))
    export = town.stage.work / "all.export"
    town.stage.command("audit", "export", export, *town.stage.signed(), check=False)
    clear = b"".join(base64.b64decode(json.loads(line)["clear"]) for line in export.read_text().splitlines()[1:])
    for what in (*tokens_everywhere(ben), PRACTITIONER, "Brookvane", CLAIM, "case-4711"):
        tap.check("nothing that names anybody is in a clear part, a row or a log line",
                  what not in leaves and what not in logs and what.encode() not in clear, what[:12])
    with open(ben, encoding="utf-8") as f:
        raw = [bytes.fromhex(t["value"]) for t in json.load(f)["tokens"]]
    tap.check("also not as octets", not any(v in clear for v in raw))
    tap.check("the adapter says that tokens were made, and not whose", "event=tokens-made" in logs and "Ben" not in re.findall("event=tokens-made.*", logs)[0])


def practitioner(tap, town):
    got = rows(town, "practitioner", SCHOOL, PRACTITIONER)
    tap.check("a practitioner's questions and what they were told are found", [r["event"] for r in got].count("decided") == 2 and
              [r["event"] for r in got].count("disclosed") == 2, got)
    got = rows(town, "practitioner", SCHOOL, PRACTITIONER)
    tap.check("also who read up on them", any(r["event"] == "log-read" and r["detail"] == f"report practitioner agency={SCHOOL}" for r in got), got)
    says(tap, "of another agency's practitioner of that reference there is nothing", report(town, "practitioner", CHILDRENS, PRACTITIONER), 0, "nothing is recorded")
    says(tap, "an agency that was never enrolled is told so", report(town, "practitioner", "nowhere", PRACTITIONER), 65, "no-such-agency")
    says(tap, "so in a filter", report(town, "refusals", "--agency", "nowhere"), 65, "no-such-agency")


def counts(tap, town):
    got = rows(town, "self-claimed")
    tap.check("a self-claimed relationship is found", [(r["agency"], r["question"]) for r in got] == [(POLICE, "cp-plan-current")], got)
    tap.check("its words are not shown unasked", CLAIM not in json.dumps(got))
    got = rows(town, "self-claimed", "--opened")
    tap.check("and are when they are asked for", [r["opened"].get("reason") for r in got] == [CLAIM], got)
    got = table(town, "refusals")
    tap.check("refusals are counted by reason", got["total"]["all"] == sum(v["all"] for k, v in got.items() if k != "total") and got["total"]["all"] >= 1, got)
    got = table(town, "refusals", "--question", "lives-at")
    tap.check("and filtered", got == {"total": {"reason told": 0, "no-consent line": 0, "hidden": 0, "all": 0}}, got)
    got = rows(town, "unanswered", "--question", "substance-treatment-current")
    tap.check("a holder that said nothing is named", [(r["question"], r["why"], r["no_answer"]) for r in got] ==
              [("substance-treatment-current", "not-all-answered", [RIVER])], got)
    tap.check("and counted", table(town, "unanswered")[RIVER] == {"asked": 1, "no answer": 1}, table(town, "unanswered"))
    got = rows(town, "sample", "--each", "1", "--opened")
    tap.check("one question of each agency is drawn", sorted(r["agency"] for r in got) == sorted({SCHOOL, POLICE}) and
              all("practitioner" in r["opened"] and "told" not in r["opened"] for r in got), got)
    says(tap, "more than fifty are refused", report(town, "sample", "--each", "51"), 64, "--each")
    whole = json.loads(report(town, "out-of-hours", "--json").out)
    now = rows(town, "out-of-hours", "--agency", SCHOOL)
    tap.check("out of hours is by the policy's hours", whole["office_hours"] == {"from_minute": 510, "until_minute": 1080, "days": 31}, whole)
    tap.check("and says the local time", all(re.match(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d{4}-\d\d-\d\d \d\d:\d\d$", r["local"]) for r in now), now)
    says(tap, "protocols of text need no broker", report(town, "protocols", town.stage.work / "policy", "--until", "2999-12-31", officer=[]), 0)
    says(tap, "without overrides there are none", report(town, "overrides"), 0, "no override")
    got = json.loads(report(town, "protocols", "--until", "2999-12-31", "--json", officer=[]).out)
    tap.check("protocols come from the policy in force", len(got["rows"]) >= 2 and all(r["until"] for r in got["rows"]), got)
    got = json.loads(report(town, "protocols", "--until", "2017-01-01", "--json", officer=[]).out)
    tap.check("and of long ago there is none", got["rows"] == [], got)
    day = datetime.date.fromisoformat(town.status()["civil_day"])
    got = json.loads(report(town, "protocols", "--until", "2999-12-31", "--json", officer=[]).out)
    tap.check("what is left of them is counted from the broker's own day", got["rows"] and all(r["days"] == min(
        (datetime.date.fromisoformat(d) - day).days for d in (r["review_on"], r["until"]) if d) for r in got["rows"]), (str(day), got["rows"][:2]))
    says(tap, "days that end before they begin are a mistake", report(town, "refusals", "--since", "2022-01-01", "--until", "2021-01-01"), 64, "--until")
    says(tap, "what opens nothing takes no --opened", report(town, "refusals", "--opened"), 64, "--opened")
    says(tap, "a rule is a filter of the log too", town.stage.command("audit", "list", "--question", "cp-plan-current", "--json", *town.stage.signed(), check=False), 0,
         "cp-plan-current")


def bad_tokens(tap, town, ben):
    with open(ben, encoding="utf-8") as f:
        good = json.load(f)

    def made(mode=0o600, text=None, **changes):
        path = town.stage.work / "changed.tokens"
        path.unlink(missing_ok=True)
        path.write_text(json.dumps({**good, **changes}) if text is None else text, encoding="utf-8")
        os.chmod(path, mode)
        return path

    before = town.next_leaf()
    says(tap, "tokens that others may read are refused", report(town, "person", "--tokens", made(0o644)), 77, "chmod 600")
    says(tap, "tokens for a live broker are refused in a rehearsal", report(town, "person", "--tokens", made(mode=0o600, **{"origin": "elsewhere.example/almoner"})), 65,
         "another broker")
    changed = made()
    text = changed.read_text(encoding="utf-8").replace('"mode": "exercise"', '"mode": "live"')
    says(tap, "and of another mode", report(town, "person", "--tokens", made(text=text)), 65, "another broker")
    for text in ("", "{", "[]", "{}", json.dumps({**good, "tokens": []}), json.dumps({**good, "more": 1}), "x" * 70000):
        says(tap, "what is no tokens' file is refused", report(town, "person", "--tokens", made(text=text)), 65, "changed.tokens")
    says(tap, "no file is told so", report(town, "person", "--tokens", town.stage.work / "nobody.tokens"), 66, "nobody.tokens")
    says(tap, "and no option", report(town, "person"), 64, "almoner subject tokens")
    tap.check("none of these was a reading", town.next_leaf() == before)
    moved = {**good, "epoch": 2, "tokens": [{**t, "epoch": 2} for t in good["tokens"]]}
    says(tap, "tokens of a key that is not the current one are refused", report(town, "person", "--tokens", made(text=json.dumps(moved))), 65, "token-epoch")
    home = agency(town, SCHOOL, "subject", "tokens", "--out", town.stage.work / "home.tokens", "--household", "2 Hazel Court; ZZ9 9ZA")
    tap.check("a home has a token too", home.exit == 0, home.err)
    says(tap, "of a home nothing is opened", report(town, "person", "--tokens", town.stage.work / "home.tokens", "--opened"), 65, "of one person")
    says(tap, "but it is looked for", report(town, "person", "--tokens", town.stage.work / "home.tokens"), 0)


def shielded(tap, town, ben):
    got = agency(town, CHILDRENS, "shield", "--level", "location", "--from", town.day, "--reason", "address kept secret", "--practitioner", "s.one", "--subject", "-",
                 stdin=json.dumps(BEN))
    says(tap, "Ben is shielded", got, 0)
    before = town.next_leaf()
    says(tap, "what is recorded of him is not opened then", report(town, "person", "--tokens", ben, "--opened"), 77, "shield", "--shield-agreed")
    tap.check("that it was tried is on record", [r["detail"] for r in town.audit(before, event="log-read")][:1] == ["report person opened=yes"])
    says(tap, "unopened it is shown", report(town, "person", "--tokens", ben), 0, "cp-plan-current")
    got = report(town, "person", "--tokens", ben, "--opened", "--shield-agreed", "oakshire-police", "--json")
    tap.check("and opened when somebody agreed", got.exit == 0 and CLAIM in got.out, got.out[:300] + got.err)
    tap.check("who, is on record", any("shield_agreed=oakshire-police" in r["detail"] for r in town.audit(before, event="log-read")))
    got = rows(town, "self-claimed", "--opened")
    tap.check("a claim about somebody shielded is withheld", [(r["opened"].get("withheld"), "reason" in r["opened"]) for r in got] == [(True, False)], got)
    says(tap, "nobody agrees for what is not opened", report(town, "person", "--tokens", ben, "--shield-agreed", "x"), 64, "--opened")


def officers(tap, town, ben):
    stage = town.stage
    stage.command("key", "new", "sign", stage.keys / "third")
    stage.command("officer", "add", "third", "--public", stage.keys / "third.pub", *stage.signed(both=True))
    third = ["--officer", "third", "--key", stage.keys / "third.sign"]
    says(tap, "a third officer reads", report(town, "person", "--tokens", ben, officer=third), 0, "match")
    stage.command("officer", "suspend", "third", *stage.signed(both=True))
    before = town.next_leaf()
    says(tap, "a suspended one does not", report(town, "person", "--tokens", ben, officer=third), 77, "no officer in good standing")
    tap.check("and leaves no leaf", town.next_leaf() == before)
    says(tap, "nobody reads without a key", report(town, "person", "--tokens", ben, officer=["--officer", "third"]), 64, "--key")
    old = town.kill("reader")
    tap.check("a reader that is killed comes back", town.back("reader", old) is not None)
    got = wait_for(lambda: report(town, "person", "--tokens", ben).exit == 0, 20)
    tap.check("and finds the same", got)


def run(tap, town):
    happen(tap, town)
    ben, cyd = tokens_of(town, "ben", BEN), tokens_of(town, "cyd", CYD)
    tap.check("the school makes the tokens", hasattr(ben, "read_text") and ben.stat().st_mode & 0o777 == 0o600, ben)
    person(tap, town, ben, cyd)
    practitioner(tap, town)
    counts(tap, town)
    bad_tokens(tap, town, ben)
    shielded(tap, town, ben)
    officers(tap, town, ben)
    nowhere_in_clear(tap, town, ben)


play(run, day="2021-06-15", with_adapters=(SCHOOL, CHILDRENS))
