#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Dead letters as officers meet them: an alert, a row of `almoner dead-letters list`, and `requeue`, which brings them to the hub after all.

argv[1]: protoc. Queues of 16: one agency's messages may bring about four of them.
"""
from town import CHILDRENS, SCHOOL, Person, is_kind, ordinal, play

SIX = "abcdef"


def lodge(school, n):
    body = school.body(purpose="concern-monitoring", basis="public-task")
    c = body.concern
    c.category, c.severity, c.subject_kind = "concern", school.pb.SEVERITY_HIGH, school.pb.SUBJECT_KIND_PERSON
    school.town.add_person(c.subject, Person("Kim", f"Queue{SIX[n]}", "2014-03-02", nhs=str(4000000000 + n)))
    c.observed_on, c.contact_route = ordinal(school.town.day), "01632 960000"
    return school.ask(body)


def dead_letters(tap, town):
    hub, school = town.speaker(CHILDRENS), town.speaker(SCHOOL)
    tap.check("a hub subscribes", is_kind(hub.ask(hub.body(subscribe=hub.pb.Subscribe(stream="all", credit=64))), "receipt"), None)
    tap.check("nothing is dead at first", town.stage.command("dead-letters", "list").out == "no dead letters\n", None)
    tap.check("six concerns get their receipts, whatever becomes of the firings", all(is_kind(lodge(school, n), "receipt") for n in range(6)), None)
    came = [hub.delivery() for _ in range(4)]
    tap.check("four of them reach the hub", [d.seq for d in came if d] == [1, 2, 3, 4], came)
    tap.check("and no more: the rest lies aside", hub.delivery(1) is None, None)
    rows = town.stage.command("dead-letters", "list", "--json").json()["dead_letters"]
    tap.check("officers see two dead letters of that stream", [(r["agency"], r["stream"], r["dead"]) for r in rows] == [(CHILDRENS, "all", 2)], rows)
    tap.check("operators were alerted", "event=dead-letter" in town.log() and "event=queue-full" in town.log(), None)
    tap.check("and each is a leaf", len(town.audit(event="dead-letter", agency=CHILDRENS, reason="queue-full")) == 2, None)
    done = town.stage.command("dead-letters", "requeue", CHILDRENS, "inbox", *town.stage.signed(), check=False)
    tap.check("a stream without any has nothing to put back", done.exit == 65, (done.exit, done.err))
    hub.ack(came[-1])
    done = town.stage.command("dead-letters", "requeue", CHILDRENS, "all", *town.stage.signed(), check=False)
    tap.check("an officer puts them back", done.exit == 0, (done.exit, done.err))
    late = [hub.delivery() for _ in range(2)]
    tap.check("and the hub gets them, under new numbers", [d.seq for d in late if d] == [7, 8], late)
    tap.check("each about somebody else", len({d.firing.subject.tokens[0].value for d in came + late if d}) == 6, None)
    tap.check("none is left", town.stage.command("dead-letters", "list").out == "no dead letters\n", None)
    tap.check("what officers did is a leaf", len(town.audit(event="requeued")) == 1, None)


play(dead_letters, limits="lease_ms = 600000; queue_items = 16;")
