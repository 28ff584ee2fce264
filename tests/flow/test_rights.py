#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What people's rights need, through real processes: an answer is taken back from everybody who was told it and they say what they did with it; a family's
statement; the page that the family gets. argv: protoc."""
import csv
import io
import json

from town import CHILDRENS, POLICE, PRACTITIONER, SCHOOL, is_kind, play, refused, wait_for

BEN = {"given_name": "Ben", "family_name": "Brookvane", "date_of_birth": "2012-05-06", "nhs_number": "9997010027", "upn": "E987991618001"}
HOW = ["--purpose", "child-protection", "--role", "senco", "--basis", "safeguarding-child", "--practitioner", PRACTITIONER, "--case", "case-4711"]
WHO = ["--practitioner", PRACTITIONER]
REASON = "the plan was his cousin Ulla's"
SAYS = "Nobody asked us.\n\nWe never\thad a plan."
SAID = "Nobody asked us. We never had a plan."
SAFE = "confirmed with his key worker"


def agency(town, who, *args, stdin=None):
    return town.stage.command(*args, "--socket", town.stage.socket_of(who), stdin=stdin, check=False)


def reply(town, who, *args, stdin=None):
    got = agency(town, who, *args, "--json", stdin=stdin)
    return json.loads(got.out) if got.out.startswith("{") else {"exit": got.exit, "said": got.out + got.err}


def family(town, *args):
    return town.stage.command("report", "family", *args, *town.stage.signed(), check=False)


def says(tap, name, got, code, *words):
    said = got.out + got.err
    tap.check(name, got.exit == code and all(w in said for w in words), f"exit {got.exit}: {said[:900]}")


def recalls(town, who):
    return reply(town, who, "recall", "list").get("recalls", [])


def shown(town, correction):
    got = reply(town, CHILDRENS, "correction", "show", correction)
    return got.get("corrections", [{"told": got, "acknowledged": None, "overdue": None, "due": None}])[0]


def taken_back(tap, town, police):
    asked = reply(town, SCHOOL, "ask", "cp-plan-current", *HOW, "--subject", "-", stdin=json.dumps(BEN))
    tap.check("the school is told of a plan", asked.get("answer") == "yes", asked)
    theirs = police.insight("cp-plan-current", "Ben")
    tap.check("and so are the police", is_kind(police.ask(theirs), "insight"))
    tap.check("somebody else is asked about too", is_kind(police.ask(police.insight("cp-plan-current", "Cyd")), "insight"))
    got = reply(town, CHILDRENS, "correction", "lodge", "cp-plan-current", "--from", town.day, "--kind", "wrong-person", "--reason", REASON, *WHO,
                "--subject", "-", stdin=json.dumps(BEN))
    tap.check("children's services take it back", got.get("kind") == "receipt", got)
    correction = got.get("message_id", "")
    stop = police.delivery(kind=police.pb.DELIVERY_KIND_STOP_USING)
    tap.check("the police hear of it, about their own question",
              stop is not None and stop.stop.message == theirs.id and stop.stop.cause == police.pb.STOP_CAUSE_CORRECTED and stop.stop.replies == 1, stop)
    tap.check("and neither who took it back nor why", stop is not None and REASON not in stop.stop.text and CHILDRENS not in str(stop), stop)
    police.ack(stop)
    tap.check("the school's adapter keeps it", wait_for(lambda: len(recalls(town, SCHOOL)) == 1, 10), recalls(town, SCHOOL))
    kept = recalls(town, SCHOOL)[0]
    tap.check("about its own question", (kept["message"], kept["question"], kept["cause"], kept["overdue"]) ==
              (asked["message_id"], "cp-plan-current", "corrected", False), kept)
    says(tap, "it is an event of the inbox too", agency(town, SCHOOL, "stream", "follow", "--wait", "0"), 0, "TAKEN BACK (corrected)", "almoner recall done")
    tap.check("and stays when the inbox has been read", len(recalls(town, SCHOOL)) == 1)
    state = shown(town, correction)
    tap.check("two were told and have not said what they did", (state["told"], state["acknowledged"], state["overdue"]) == (2, 0, 0), state)
    return correction, stop, kept["recall"]


def followed_up(tap, town, police, correction, stop, recall):
    says(tap, "who passed it on must say to whom", agency(town, SCHOOL, "recall", "done", recall, "--done", "passed-on", *WHO), 64, "text")
    says(tap, "a word that is none is refused", agency(town, SCHOOL, "recall", "done", recall, "--done", "shredded", *WHO), 65, "passed-on")
    says(tap, "of what was never taken back nothing is done", agency(town, CHILDRENS, "recall", "done", recall, "--done", "stopped", *WHO), 77, "unknown-recall")
    tap.check("all that left it where it was", len(recalls(town, SCHOOL)) == 1)
    says(tap, "the school says what it did", agency(town, SCHOOL, "recall", "done", recall, "--done", "passed-on", "--text", "the housing office", *WHO), 0)
    tap.check("and it is no longer listed", recalls(town, SCHOOL) == [])
    says(tap, "twice is once too often", agency(town, SCHOOL, "recall", "done", recall, "--done", "stopped", *WHO), 77, "already-acknowledged")
    body = police.body()
    body.ack_of.recall, body.ack_of.done = stop.stop.recall, police.pb.STOP_DONE_NEVER_USED
    tap.check("the police never used it", is_kind(police.ask(body), "receipt"))
    again = police.body()
    again.ack_of.recall, again.ack_of.done = bytes([1] * 6 + [0x71] + [1] + [0x81] + [1] * 7), police.pb.STOP_DONE_STOPPED
    tap.check("nothing of an unknown id", refused(police.ask(again), "unknown-recall"))
    state = shown(town, correction)
    tap.check("both have said what they did", (state["told"], state["acknowledged"], state["due"]) == (2, 2, ""), state)
    got = town.stage.command("audit", "recalls", "--json")
    tap.check("officers are answered", got.out.startswith("{"), got.out + got.err)
    got = json.loads(got.out or "{}").get("recalls", [])
    tap.check("officers see the counts", [(r["cause"], r["lodger"], r["told"], r["acknowledged"], r["done"]["passed-on"], r["outstanding"]) for r in got] ==
              [("corrected", CHILDRENS, 2, 2, 1, [])], got)
    says(tap, "as a table too", town.stage.command("audit", "recalls", check=False), 0, "corrected", "2/2/0")
    says(tap, "a day to come is not corrected", agency(town, CHILDRENS, "correction", "lodge", "cp-plan-current", "--from", "2021-06-01", "--until", "2031-01-01",
                                                       "--kind", "wrong-answer", "--reason", "x", *WHO, "--subject", "-", stdin=json.dumps(BEN)), 65, "future")


def stated(tap, town, police):
    path = town.stage.work / "statement.txt"
    path.write_text(SAYS, encoding="utf-8")
    got = reply(town, SCHOOL, "statement", "add", "--body", path, *WHO, "--subject", "-", stdin=json.dumps(BEN))
    tap.check("the family has something to say", got.get("kind") == "receipt", got)
    stop = police.delivery(kind=police.pb.DELIVERY_KIND_STOP_USING)
    tap.check("who was told hears that there is a statement", stop is not None and stop.stop.cause == police.pb.STOP_CAUSE_STATEMENT and not stop.stop.due_ms, stop)
    tap.check("and not what it says", stop is not None and "plan" not in stop.stop.text, stop)
    police.ack(stop)
    tap.check("the school too", wait_for(lambda: [r["cause"] for r in recalls(town, SCHOOL)] == ["statement"], 10), recalls(town, SCHOOL))
    says(tap, "which is read, and nobody waits", agency(town, SCHOOL, "recall", "done", recalls(town, SCHOOL)[0]["recall"], *WHO), 0, "Nobody waits")
    tap.check("then it is gone", recalls(town, SCHOOL) == [])
    path.write_text("x" * 2001, encoding="utf-8")
    says(tap, "a longer one is not cut", agency(town, SCHOOL, "statement", "add", "--body", path, *WHO, "--subject", "-", stdin=json.dumps(BEN)), 65, "2000 bytes")


def page(tap, town):
    ben = town.stage.work / "ben.tokens"
    says(tap, "the school makes the tokens", agency(town, SCHOOL, "subject", "tokens", "--out", ben, "--subject", "-", stdin=json.dumps(BEN)), 0)
    before = town.next_leaf()
    says(tap, "without a safe way to the family there is no page", family(town, "--tokens", ben), 64, "--safe-contact")
    for wrong in ("x", "1:third-party", "1:third-party:", "1:because:x", "-1:third-party:x", ":serious-harm:x"):
        says(tap, "what leaves nothing out for a reason is refused", family(town, "--tokens", ben, "--safe-contact", SAFE, "--redact", wrong), 64, "--redact")
    tap.check("none of that was a reading", town.next_leaf() == before)
    got = family(town, "--tokens", ben, "--safe-contact", SAFE)
    says(tap, "the page says who asked, why, under which law, what and what was answered", got, 0, "WHO ASKED ABOUT YOU", "Elm", "They were told: yes.",
         "child protection plan", "law:", "took back an answer", "What the family says", SAID, "Your rights", "complain")
    for what in (PRACTITIONER, "case-4711", REASON, "Ulla", SAFE, "the housing office", "Brookvane", "9997010027"):
        tap.check("nobody else, no case and nothing that others wrote is on it", what not in got.out, what[:6])
    whole = json.loads(family(town, "--tokens", ben, "--safe-contact", SAFE, "--json").out)
    tap.check("as JSON it has a schema and no rows", (whole["schema"], whole["report"]) == ("almoner/report/1", "family") and
              not {"rows", "statements"} & set(whole), sorted(whole))
    tap.check("questions, and who reads", [e["answer"] for e in whole["asked"]].count("They were told: yes.") >= 1 and len(whole["asked"]) == 2 and
              whole["read_by"] and whole["says"][0]["text"] == SAID, whole["asked"])
    lines = list(csv.DictReader(io.StringIO(family(town, "--tokens", ben, "--safe-contact", SAFE, "--csv").out)))
    tap.check("as CSV every entry is a line", {line["part"] for line in lines} >= {"asked", "recorded", "read", "statement"}, lines)
    return ben, whole


def left_out(tap, town, ben, whole):
    police = next(e for e in whole["asked"] if "olice" in e["who"])
    before = town.next_leaf()
    got = family(town, "--tokens", ben, "--safe-contact", SAFE, "--redact", "999999:third-party:x")
    tap.check("what is not in the report cannot be left out, and nothing is printed", got.exit == 65 and not got.out and "999999" in got.err, got.out + got.err)
    got = family(town, "--tokens", ben, "--safe-contact", SAFE, "--redact", f"{police['leaf']}:third-party:about her brother")
    tap.check("what is about somebody else is left out, and said to be",
              got.exit == 0 and "olice" not in got.out.replace("in the police", "") and "it is about somebody else" in got.out and "brother" not in got.out, got.out)
    got = json.loads(family(town, "--tokens", ben, "--safe-contact", SAFE, "--redact", f"{police['leaf']}:serious-harm:he would come", "--json").out)
    tap.check("what would bring harm leaves no trace", len(got["asked"]) == 1 and got["left_out"] == [], got["left_out"])
    says_leaf = whole["says"][0]["leaf"]
    got = json.loads(family(town, "--tokens", ben, "--safe-contact", SAFE, "--redact", f"{says_leaf}:third-party:names an aunt", "--json").out)
    tap.check("a statement is left out likewise", got["says"] == [] and len(got["left_out"]) >= 1, got["says"])
    reads = [r["detail"] for r in town.audit(before, event="log-read")]
    tap.check("which leaves were left out, and for whose sake, is on record; the words are not in clear",
              any(f"{police['leaf']}" in d and "serious-harm" in d for d in reads) and not any("come" in d or "aunt" in d or SAFE in d for d in reads), reads)
    says(tap, "a home has no page", family(town, "--tokens", home(town), "--safe-contact", SAFE), 65, "one person")


def home(town):
    path = town.stage.work / "home.tokens"
    agency(town, SCHOOL, "subject", "tokens", "--out", path, "--household", "2 Hazel Court; ZZ9 9ZA")
    return path


def shielded(tap, town, ben):
    says(tap, "Ben is shielded", agency(town, CHILDRENS, "shield", "--level", "identity", "--from", town.day, "--reason", "threats", *WHO, "--subject", "-",
                                        stdin=json.dumps(BEN)), 0)
    says(tap, "then somebody has to agree to the page", family(town, "--tokens", ben, "--safe-contact", SAFE), 77, "shield")
    says(tap, "and it is made when they did", family(town, "--tokens", ben, "--safe-contact", SAFE, "--shield-agreed", POLICE), 0, "WHO ASKED ABOUT YOU")


def run(tap, town):
    police = town.speaker(POLICE)
    followed_up(tap, town, police, *taken_back(tap, town, police))
    stated(tap, town, police)
    ben, whole = page(tap, town)
    left_out(tap, town, ben, whole)
    shielded(tap, town, ben)


play(run, day="2021-06-15", with_adapters=(SCHOOL, CHILDRENS))
