#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A question that people answer by hand, through real processes: River Recovery has two hours. The core is ended with SIGKILL at each step.

The same with a person at the desk of the product's own adapter. argv[1]: protoc.
"""
import json
import sys
import time

from town import CHILDRENS, PATIENCE, POLICE, RIVER, Tap, Town, is_kind, refused, wait_for

QUESTION = "substance-treatment-current"
HOURS_MS = 2 * 3600 * 1000


class ByHand(Town):
    """The smallest town, where one agency's people answer."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        activate = self.stage.activate

        def with_desk(policy):
            n = 0
            for path in policy.glob("*.policy"):
                text = path.read_text(encoding="utf-8")
                at = text.find(f'id = "{RIVER}"; name')
                if at >= 0:
                    n += 1
                    path.write_text(text[:at] + "desk_hours = 2; " + text[at:], encoding="utf-8")
            assert n == 1, f"{n} places in the policy"
            activate(policy)

        self.stage.activate = with_desk

    def core_dies(self):
        if self.back("core", self.kill("core"), 20) is None:
            raise AssertionError("the core did not come back")
        for speaker in self.speakers:
            if not wait_for(lambda s=speaker: s.greet(3), 30 * PATIENCE):
                raise AssertionError(f"{speaker.agency} is not welcomed any more")


def text_id(octets):
    h = octets.hex()
    return "-".join((h[:8], h[8:12], h[12:16], h[16:20], h[20:]))


def receipt(speaker, octets, body):
    """Sends a durable frame until it has its Receipt, as an outbox does. Return: its leaf, or the Refusal's reason, or None."""
    end = time.monotonic() + 20 * PATIENCE
    while time.monotonic() < end:
        speaker.send(octets)
        got = speaker.until({"receipt", "refusal"}, body.id, 2)
        if got is not None:
            return got.receipt.leaf if is_kind(got, "receipt") else got.refusal.reason
    return None


def final(speaker, query):
    """The delivery of the final reply, which may have come before this was called. Return: the Deliver, or None."""
    while True:
        got = speaker.delivery(6 * PATIENCE)
        if got is None or got.query == query:
            return got


def by_hand(tap, town):
    pb, asker, desk, police = town.pb, town.speaker(CHILDRENS), town.speaker(RIVER), town.speaker(POLICE)
    query = asker.insight(QUESTION)
    reply = asker.ask(query)
    insight = reply.insight if is_kind(reply, "insight") else pb.Insight()
    tap.check("the asker hears by its deadline that nobody can say yet", insight.value == pb.INSIGHT_VALUE_CANNOT_SAY, reply)
    left = insight.later_by_ms - time.time() * 1000
    tap.check("and until when somebody's answer is awaited", 0 < HOURS_MS - left < 120_000 * PATIENCE, left)
    question = desk.question()
    tap.check("the desk has its question, with its hours", question is not None and question.question.deadline_ms == HOURS_MS, question)
    town.core_dies()
    again = desk.question(10 * PATIENCE)
    tap.check("after the core was killed it comes again, under its first id, with less time",
              again is not None and again.id == question.id and again.question.deadline_ms < HOURS_MS, again)
    stray = police.answering(question, "YES")
    tap.check("nobody else may answer it", refused(police.ask(stray), "question-over"), None)
    answer = desk.answering(question, "YES")
    octets = desk.sized(answer)
    leaf = receipt(desk, octets, answer)
    tap.check("the desk's answer gets a receipt", isinstance(leaf, int), leaf)
    town.core_dies()
    tap.check("the same answer after a crash gets the same receipt", receipt(desk, octets, answer) == leaf, leaf)
    other = desk.answering(question, "NO")
    tap.check("another answer is none", receipt(desk, desk.sized(other), other) == "question-over", None)
    came = final(asker, query.id)
    tap.check("the asker finds the final reply in its inbox", came is not None and came.stream == "inbox" and came.insight.value == pb.INSIGHT_VALUE_YES
              and came.insight.completeness == pb.COMPLETENESS_ALL and came.kind == pb.DELIVERY_KIND_INSIGHT, came)
    tap.check("which is the last word", came is not None and not came.insight.later_by_ms, came)
    town.core_dies()
    twice = final(asker, query.id)
    tap.check("not acknowledged, it comes again and is the same event", twice is not None and came is not None and twice.event == came.event and twice.again, twice)
    asker.ack(twice)
    asker.lease()
    town.core_dies()
    tap.check("acknowledged, it does not", asker.delivery(1) is None, None)
    rows = [r for r in town.audit() if r["message"] == text_id(query.id)]
    events = [r["event"] for r in rows]
    tap.check("the log has the decision, the putting, and each disclosure", sorted(events) == ["decided", "disclosed", "disclosed", "put-to-desk"], events)
    late = town.audit(event="answered-by-hand", agency=RIVER)
    tap.check("and the answer by hand, once, about the decision", [r["about"] for r in late] == [r["leaf"] for r in rows if r["event"] == "decided"], late)
    withdrawn(tap, town, asker, desk)


def withdrawn(tap, town, asker, desk):
    """The consent is gone before the answer comes."""
    pb = town.pb
    given = asker.ask(asker.consent(recipients="*", sensitive=(RIVER,)))
    tap.check("a parent agrees", is_kind(given, "receipt"), given)
    query = asker.insight(QUESTION, purpose="early-help", basis="consent")
    reply = asker.ask(query)
    tap.check("on the strength of which somebody is asked", is_kind(reply, "insight") and reply.insight.later_by_ms > 0, reply)
    question = desk.question()
    tap.check("and withdraws it", is_kind(asker.ask(asker.withdrawal(person="Ben")), "receipt"), None)
    answer = desk.answering(question, "YES")
    tap.check("the desk's answer still gets its receipt", isinstance(receipt(desk, desk.sized(answer), answer), int), None)
    came = final(asker, query.id)
    tap.check("and the asker is told nothing of it, and why", came is not None and came.insight.value == pb.INSIGHT_VALUE_CANNOT_SAY
              and came.insight.completeness == pb.COMPLETENESS_NONE and "consent" in came.insight.guidance.lower(), came)
    hidden = town.audit(event="not-disclosed")
    tap.check("the log says it too", [r["reason"] for r in hidden] == ["consent-withdrawn"], hidden)


class List:
    """River Recovery's rows: a list of people, and somebody at the desk (a source of the exercise's cabinet)."""

    def __init__(self, stage, person):
        self.stage, self.person = stage, person

    def put(self, agency, _files):
        p = self.person
        (self.stage.work / "agencies" / agency / "list.csv").write_text(
            f"person_id,given_name,family_name,date_of_birth,nhs_number,start_date\nr-1,{p.given},{p.family},{p.born},{p.nhs},2021-01-10\n", encoding="utf-8")
        return True

    def settings(self, _agency, _questions, _place):
        return ('backend = "desk";\ndesk = { people = { file = "list.csv"; }; book = "book"; reload_s = 0; };\n'
                f'questions = ( {{ id = "{QUESTION}"; wording = "Do you work with this person?"; }} );\n')


class Counter:
    """One agency's commands against its adapter."""

    def __init__(self, town, agency):
        self.town, self.socket = town, ["--socket", town.stage.socket_of(agency)]

    def run(self, *words, **kw):
        return self.town.stage.patient(*words, *self.socket, "--json", **kw).json()

    def ask(self, about):
        p = self.town.people[about]
        person = {"given_name": p.given, "family_name": p.family, "date_of_birth": p.born, "nhs_number": p.nhs, "upn": "", "homes": []}
        return self.run("ask", QUESTION, "--purpose", "child-protection", "--basis", "safeguarding-child", "--practitioner", "p-1", "--role", "social-worker",
                        "--subject", "-", stdin=json.dumps(person))

    def events(self):
        """What the inbox holds now, done thereby."""
        got = self.town.stage.command("stream", "follow", "--wait", "0", "--practitioner", "p-1", "--role", "social-worker", *self.socket, "--json", check=False)
        return [json.loads(line) for line in got.out.splitlines()]

    def await_final(self, query):
        found = []

        def there():
            found.extend(e for e in self.events() if e["type"] == "insight" and e["insight"]["query"] == query)
            return bool(found)

        return found[0]["insight"] if wait_for(there, 30 * PATIENCE) else None


def at_a_desk(tap, town):
    """The same with the product's own adapters at both ends, and a person at one."""
    asker, desk = Counter(town, CHILDRENS), Counter(town, RIVER)
    signed = ("--name", "Rowan", "--practitioner", "r.1")
    desk.run("desk", "complete", *signed)
    reply = asker.ask("Ben")
    tap.check("`almoner ask` says that somebody answers by hand, and by when", reply["answer"] == "cannot-say" and reply["later_by"].startswith("20"), reply)
    waits = []
    tap.check("`almoner desk list` has the question", wait_for(lambda: waits.extend(desk.run("desk", "list")["questions"]) or waits, 20 * PATIENCE), waits)
    town.core_dies()
    town.stage.patient("desk", "answer", waits[0]["id"], "yes", *signed, *desk.socket)
    final_ = asker.await_final(reply["message_id"])
    tap.check("the answer comes to the asker's inbox, about its question", final_ is not None and (final_["answer"], final_["completeness"]) == ("yes", "all"), final_)
    tap.check("nothing waits at the desk any more", desk.run("desk", "list")["questions"] == [], None)
    tap.check("nor in its outbox", wait_for(lambda: desk.run("status")["outbox"] == 0, 20 * PATIENCE), None)
    again = asker.ask("Cleo" if "Cleo" in town.people else next(n for n in town.people if n != "Ben"))
    tap.check("who is not on the list waits like who is: when an answer comes does not tell them apart",
              (again["answer"], again["later_by"][:2]) == ("cannot-say", "20"), again)
    tap.check("the desk is told that somebody is asked about who is not on its list, and no more",
              wait_for(lambda: desk.run("desk", "list")["unknown"] == 1, 20 * PATIENCE) and desk.run("desk", "list")["questions"] == [], None)
    desk.run("desk", "complete", *signed)
    final_ = asker.await_final(again["message_id"])
    tap.check("once somebody has stated that the list is complete, it is no", final_ is not None and (final_["answer"], final_["completeness"]) == ("no", "all"), final_)
    rows = town.audit(event="answered-by-hand", agency=RIVER)
    tap.check("both answers are in the log, one by hand and one by statement", len(rows) == 2, rows)


def main():
    tap = Tap()
    with ByHand(sys.argv[1]) as town:
        by_hand(tap, town)
    town = ByHand(town.pb, with_adapters=(CHILDRENS, RIVER), limits="lease_ms = 2000; deadline_ms = 3000;")
    town.cabinet.sources[RIVER] = List(town.stage, town.people["Ben"])
    with town:
        at_a_desk(tap, town)
    tap.done()


main()
