#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""test_adapter_streams.py ADAPTER KEY PROTOC - what is delivered to an adapter: on disk before it is acknowledged, read in order, once
done never again, whatever is killed in between."""
import os
import random
import sys
import threading
import time
from pathlib import Path

from played_adapter import AdapterTown, day, generated, text_id, until, uuid7
from commands import main  # noqa: E402

ADAPTER, KEY, PROTOC = (str(Path(program).resolve()) for program in sys.argv[1:4])
PB = generated(PROTOC)
FULL = bool(os.environ.get("ALM_FULL"))


def town(extra="", **rest):
    return AdapterTown(ADAPTER, KEY, PB, extra, **rest)


def delivery_is_acknowledged_when_it_is_on_disk_and_stays_until_it_is_done():
    with town() as t:
        t.start()
        d = t.gate.deliver()
        t.acked("inbox", 1)
        assert len(list(Path(t.path).glob(f"state/inbox/inbox/*{text_id(d.event)}.msg"))) == 1
        for _ in range(2):
            (event,) = t.events()
            assert (event["seq"], event["event"], event["type"], event["stream"], event["again"]) == (1, text_id(d.event), "notice", "inbox", False)
            assert event["notice"]["notice"] == "overdue" and event["notice"]["about"] == text_id(d.notice.about)
        done = t.ok("stream-done", seq=1)
        assert (done["kind"], done["stream"], done["seq"]) == ("done", "inbox", 1)
        assert t.events() == []
        status = t.ok("status")
        assert (status["inbox"], status["inbox_bad"], status["inbox_full"]) == (0, 0, False)


def folders_are_the_owners_alone():
    with town() as t:
        t.start()
        t.gate.deliver()
        t.acked("inbox", 1)
        for path in Path(t.path, "state").rglob("*"):
            assert path.stat().st_mode & 0o077 == 0, path


def delivery_that_comes_again_is_acknowledged_again_and_read_once():
    with town() as t:
        t.start()
        d = t.gate.deliver()
        t.acked("inbox", 1)
        for _ in range(3):
            t.gate.push(t.gate.body(deliver=PB.Deliver(**{f.name: v for f, v in d.ListFields()} | {"again": True})))
        until(lambda: len(t.gate.acks) >= 2, what="a second acknowledgement")
        assert len(t.events()) == 1
        t.ok("stream-done", seq=1)
        acks = len(t.gate.acks)
        t.gate.push(t.gate.body(deliver=d))
        until(lambda: len(t.gate.acks) > acks, what="an acknowledgement of what is done")
        assert t.events() == []


def one_acknowledgement_covers_many():
    with town() as t:
        for _ in range(200):
            t.gate.deliver(push=False)
        t.start()
        t.acked("inbox", 200)
        assert len(t.gate.acks) < 100, t.gate.acks
        seqs = [seq for _, seq in t.gate.acks]
        assert seqs == sorted(seqs)
        assert t.ok("stream-next", n=32)["waiting"] == 200
        assert [e["seq"] for e in t.events()] == list(range(1, 33))


def killed_adapter_has_what_it_acknowledged_and_what_was_done():
    with town() as t:
        t.start()
        for _ in range(5):
            t.gate.deliver()
        t.acked("inbox", 5)
        t.ok("stream-done", seq=2)
        t.kill()
        t.start()
        assert [e["seq"] for e in t.events()] == [3, 4, 5]


def reader_that_keeps_event_ids_is_exactly_once_however_often_the_adapter_is_killed():
    seed = int(os.environ.get("ALM_SEED", "0")) or random.SystemRandom().randrange(1 << 32)
    print(f"# seed {seed}")
    rng = random.Random(seed)
    kills, total = (60, 1500) if FULL else (12, 240)
    with town() as t:
        t.start()
        stop = threading.Event()

        def speak():
            for i in range(total):
                t.gate.deliver("inbox" if i % 3 else "hub-north")
                time.sleep(rng.random() * 0.02)
            stop.set()

        t.ok("stream-subscribe", stream="hub-north") if t.gate.answers.setdefault("subscribe", t.gate.lodged) else None
        speaker = threading.Thread(target=speak)
        speaker.start()
        acted = {"inbox": [], "hub-north": []}  # the reader's own memory: survives the adapter, not the other way round

        def read(stream):
            got = t.op("stream-next", quiet=True, stream=stream, n=7)
            for event in got.get("events", []):
                assert event["type"] == "notice", event
                if event["event"] not in acted[stream]:
                    acted[stream].append(event["event"])
                if t.op("stream-done", quiet=True, stream=stream, seq=event["seq"]).get("kind") != "done":
                    return  # killed in between: it comes first again

        for _ in range(kills):
            end = time.monotonic() + rng.random() * 0.4
            while time.monotonic() < end:
                read(rng.choice(list(acted)))
            t.kill()
            t.start(ready=False)
            until(lambda: t.op("status", quiet=True).get("ok"), what="the socket")
        speaker.join()
        t.ready()

        def all_read():
            for stream in acted:
                read(stream)
            return all(len(acted[s]) == len(t.gate.deliveries[s]) for s in acted)

        until(all_read, 60, "everything read")
        for stream, all_ in t.gate.deliveries.items():
            assert acted[stream] == [text_id(d.event) for d in all_], f"{stream}: in order, each once"
            t.acked(stream, len(all_))
            assert t.events(stream) == []


def full_inbox_leaves_the_rest_with_the_broker_until_there_is_room():
    with town('inbox_max = 3;') as t:
        t.start()
        for _ in range(5):
            t.gate.deliver()
        until(lambda: t.ok("status")["inbox"] == 5, what="all five here")
        status = t.ok("status")
        assert status["inbox_full"] is True
        assert t.gate.acked.get("inbox", 0) <= 3, t.gate.acks
        t.ok("stream-done", seq=2)
        t.acked("inbox", 5)
        assert t.ok("status")["inbox_full"] is False


def disk_that_takes_nothing_acknowledges_nothing_and_is_said():
    with town() as t:
        t.start()
        t.gate.deliver()
        t.acked("inbox", 1)
        folder = Path(t.path, "state/inbox/inbox")
        aside = Path(t.path, "aside")
        (folder / ".coming").mkdir()  # in the way of every new file, also for the superuser
        t.gate.deliver()
        until(lambda: "event=delivery-not-stored" in t.said(), what="a line in the log")
        assert "stored" in t.ok("status")["text"]
        assert t.gate.acked["inbox"] == 1
        (folder / ".coming").rename(aside)
        t.acked("inbox", 2)  # the adapter connects anew by itself
        assert [e["seq"] for e in t.events()] == [1, 2]


def damaged_file_is_told_in_its_place_with_its_name():
    with town() as t:
        t.start()
        for _ in range(3):
            t.gate.deliver()
        t.acked("inbox", 3)
        t.stop()
        path = sorted(Path(t.path).glob("state/inbox/inbox/*.msg"))[1]
        path.write_bytes(path.read_bytes()[:-9])
        t.start()
        assert t.ok("status")["inbox_bad"] == 1
        events = t.events()
        assert [e["type"] for e in events] == ["notice", "damaged", "notice"]
        assert events[1]["damaged"]["file"] == f"inbox/{path.name}" and events[1]["seq"] == 2
        assert path.name in t.said()
        t.ok("stream-done", seq=3)
        assert t.events() == [] and t.ok("status")["inbox_bad"] == 0


def damaged_one_delivered_again_is_whole_again():
    with town() as t:
        t.start()
        d = t.gate.deliver()
        t.acked("inbox", 1)
        (path,) = Path(t.path).glob("state/inbox/inbox/*.msg")
        path.write_bytes(b"")
        assert t.events()[0]["type"] == "damaged"
        t.gate.push(t.gate.body(deliver=d))
        until(lambda: t.events()[0]["type"] == "notice", what="healing")


def reader_may_wait_for_the_next_one():
    with town() as t:
        t.start()
        begun = time.monotonic()
        assert t.events(wait_ms=300) == []
        assert time.monotonic() - begun >= 0.25
        got = []
        reader = threading.Thread(target=lambda: got.extend(t.events(wait_ms=60000)))
        reader.start()
        time.sleep(0.2)
        t.gate.deliver()
        reader.join(20)
        assert [e["seq"] for e in got] == [1]


def stream_that_was_never_subscribed_is_not_there():
    with town() as t:
        t.start()
        t.error("stream-next", "no-stream", 66, stream="hub-north")
        t.error("stream-done", "no-stream", 66, stream="hub-north", seq=1)


def subscription_says_what_it_filters():
    with town() as t:
        t.gate.answers["subscribe"] = t.gate.lodged
        t.start()
        t.ok("stream-subscribe", stream="hub-north", areas=["north", "west"], categories=["neglect"], triggers=["t1"], severity_least="high",
             credit="10", practitioner="h-1")
        s = t.gate.until("subscribe").subscribe
        assert (s.stream, list(s.areas), list(s.categories), list(s.triggers), s.severity_least, s.credit) == \
            ("hub-north", ["north", "west"], ["neglect"], ["t1"], PB.SEVERITY_HIGH, 10)
        assert t.events("hub-north") == []
        t.ok("stream-end", stream="hub-north")
        end = t.gate.until("subscribe", 2).subscribe
        assert end.end and not end.credit


def wrong_subscriptions_are_refused_before_anything_is_sent():
    with town() as t:
        t.start()
        for word, request in (("missing-field", {}), ("bad-field", {"stream": "Hub"}), ("bad-field", {"stream": "../up"}),
                              ("bad-field", {"stream": "h", "areas": "north"}), ("bad-field", {"stream": "h", "areas": ["No Such"]}),
                              ("bad-field", {"stream": "h", "areas": [f"a{i}" for i in range(17)]}), ("bad-field", {"stream": "h", "credit": 0}),
                              ("bad-field", {"stream": "h", "credit": 1025}), ("bad-field", {"stream": "h", "credit": "ten"}),
                              ("bad-field", {"stream": "h", "from": -1}), ("bad-field", {"stream": "h", "severity_least": "awful"}),
                              ("unknown-field", {"stream": "h", "colour": "red"}), ("bad-field", {"stream": "inbox", "from": 1, "areas": ["a"]}),
                              ("missing-field", {"stream": "inbox"})):
            t.error("stream-subscribe", word, **request)
        t.error("stream-end", "bad-field", stream="inbox")
        for word, request in (("bad-field", {"n": 0}), ("bad-field", {"n": 33}), ("bad-field", {"wait_ms": 60001}), ("unknown-field", {"id": text_id(uuid7())}),
                              ("bad-field", {"n": 1.5}), ("bad-field", {"stream": 7})):
            t.error("stream-next", word, **request)
        for word, request in (("missing-field", {}), ("bad-field", {"seq": 0}), ("bad-field", {"seq": "many"}), ("bad-field", {"seq": True})):
            t.error("stream-done", word, **request)
        assert not [b for b in t.gate.got if b.WhichOneof("payload") == "subscribe"]


def stream_played_again_is_read_again_and_nothing_is_acknowledged_past_it_meanwhile():
    with town() as t:
        t.gate.answers["subscribe"] = lambda body: []  # the broker takes its time
        t.start()
        for _ in range(4):
            t.gate.deliver("hub-north")
        t.acked("hub-north", 4)
        t.ok("stream-done", stream="hub-north", seq=4)
        reply = t.ok("stream-subscribe", stream="hub-north", **{"from": 2})
        assert reply["queued"] is True
        assert t.gate.until("subscribe").subscribe.__getattribute__("from") == 2
        assert [e["seq"] for e in t.events("hub-north")] == [2, 3, 4]
        acks = len(t.gate.acks)
        t.gate.deliver("hub-north")
        until(lambda: len(t.events("hub-north")) == 4, what="the fifth")
        assert len(t.gate.acks) == acks, "an acknowledgement would take the cursor forward again"
        t.gate.push(t.gate.lodged(t.gate.until("subscribe"))[0])
        for d in t.gate.deliveries["hub-north"][1:]:
            t.gate.push(t.gate.body(deliver=d))
        until(lambda: len(t.gate.acks) > acks and t.gate.acks[-1] == ("hub-north", 5), what="the acknowledgement of all")
        assert [e["seq"] for e in t.events("hub-north")] == [2, 3, 4, 5]


def status_puts_the_brokers_cursor_beside_the_readers():
    with town() as t:
        t.gate.answers["stream_query"] = lambda b: [t.gate.body(b, stream_status=PB.StreamStatus(entries=[
            PB.StreamEntry(stream="inbox", last=9, acked=5, oldest_ms=1660000000000, credit=64), PB.StreamEntry(stream="gone", last=3, acked=3)]))]
        t.start()
        for _ in range(5):
            t.gate.deliver()
        t.acked("inbox", 5)
        t.ok("stream-done", seq=2)
        inbox, gone = t.ok("stream-status")["streams"]
        assert (inbox["last"], inbox["acked"], inbox["done"], inbox["lag"], inbox["credit"], inbox["oldest"]) == (9, 5, 2, 7, 64, "2022-08-08T23:06:40.000Z")
        assert (gone["done"], gone["lag"], gone["oldest"]) == (3, 0, "")
        t.ok("stream-done", seq=5)
        assert t.ok("stream-status")["streams"][0]["lag"] == 4


def subject(t, given="Isla", family="Example", born="2014-05-14", unborn=False):
    s = PB.TokenSet(unborn=unborn)
    t.tokens.person(PB, s, given, family, born, postcode="ZZ7 8ZA")
    return s


def home(t, address="14 nowhere close", postcode="ZZ78ZA"):
    return PB.Token(kind=7, scheme=1, epoch=1, value=t.tokens.value(7, address, postcode))


def firing(t, subject_kind, **more):
    return PB.Firing(episode=uuid7(), rule="t1", title="Three agencies are concerned", subject_kind=subject_kind, category="neglect",
                     area="north", severity=PB.SEVERITY_MEDIUM, fired_on=day("2022-08-15"), decide_role="duty-manager", decide_by_ms=1660000000000,
                     contributors=[PB.Contributor(agency="elm", agency_name="Elm School", contact_route="01 234")], **more)


def subjects_are_told_by_our_own_references_and_never_by_token():
    with town() as t:
        t.start()
        t.gate.deliver("inbox", firing=firing(t, PB.SUBJECT_KIND_PERSON, subject=subject(t), household=home(t)))
        t.gate.deliver("inbox", firing=firing(t, PB.SUBJECT_KIND_PERSON, subject=subject(t, "Nobody", "Known", "2001-01-01"), masked=True))
        t.gate.deliver("inbox", firing=firing(t, PB.SUBJECT_KIND_HOUSEHOLD, household=home(t)))
        t.gate.deliver("inbox", firing=firing(t, PB.SUBJECT_KIND_HOUSEHOLD, household=home(t, "1 elsewhere road")))
        t.gate.deliver("inbox", firing=firing(t, PB.SUBJECT_KIND_UNBORN, subject=subject(t, unborn=True)))
        t.acked("inbox", 5)
        events = t.events()
        told = [e["firing"]["subject"] for e in events]
        assert told[0] == {"kind": "person", "known": "yes", "ref": "pupil-17", "home_known": "yes", "home_ref": "home-1"}, told[0]
        assert told[1] == {"kind": "person", "known": "no", "ref": "", "home_known": "no", "home_ref": ""}, told[1]
        assert told[2] == {"kind": "household", "known": "yes", "ref": "", "home_known": "yes", "home_ref": "home-1"}, told[2]
        assert told[3]["known"] == "no" and told[3]["home_known"] == "no"
        assert told[4] == {"kind": "unborn", "known": "no", "ref": "", "home_known": "no", "home_ref": ""}, told[4]
        f = events[0]["firing"]
        assert (f["rule"], f["severity"], f["fired_on"], f["decide_by"], f["decide_role"]) == ("t1", "medium", "2022-08-15", "2022-08-08T23:06:40.000Z", "duty-manager")
        assert f["contributors"] == [{"agency": "elm", "name": "Elm School", "contact_route": "01 234"}] and events[1]["firing"]["masked"] is True
        everything = str(events)
        for token in [*subject(t).tokens, home(t)]:
            assert token.value.hex() not in everything and repr(token.value) not in everything
        assert t.said().count("pupil-17") == 0


def notices_say_whom_they_are_about_where_the_broker_does():
    with town() as t:
        t.start()
        for who in ({"subject": subject(t)}, {"subject": subject(t, "Nobody", "Known", "2001-01-01")}, {"subject": subject(t, unborn=True)}, {}):
            t.gate.deliver(notice=PB.Notice(kind=PB.NOTICE_KIND_CONTACT_REQUEST, about=uuid7(), agency="hub", contact_route="01 234", text="please call", **who))
        t.acked("inbox", 4)
        events = [e["notice"] for e in t.events()]
        assert events[0]["subject"] == {"kind": "person", "known": "yes", "ref": "pupil-17", "home_known": "no", "home_ref": ""}, events[0]
        assert (events[1]["subject"]["known"], events[1]["subject"]["ref"]) == ("no", ""), events[1]
        assert (events[2]["subject"]["kind"], events[2]["subject"]["ref"]) == ("unborn", ""), events[2]
        assert "subject" not in events[3], events[3]
        for token in subject(t).tokens:
            assert token.value.hex() not in str(events) and repr(token.value) not in str(events)
        assert t.said().count("pupil-17") == 0


def every_kind_of_event_has_its_own_words():
    with town() as t:
        t.start()
        ref = uuid7()
        t.gate.deliver(update=PB.ReferralUpdate(referral=ref, step=PB.REFERRAL_STEP_DOWNGRADED, on=day("2022-08-15"), reason="too-high", kind=PB.REFERRAL_KIND_SOFT),
                       **{"from": "advice"})
        t.gate.deliver(watch=PB.WatchEvent(watch=ref, on=day("2022-08-15"), masked=True))
        t.gate.deliver(watch=PB.WatchEvent(watch=ref, on=day("2022-08-15"), agency="advice", contact_route="1"))
        t.gate.deliver(referral=PB.Referral(kind=PB.REFERRAL_KIND_BOOKED, origin=PB.REFERRAL_ORIGIN_AGENCY, to="school", subject_kind=PB.SUBJECT_KIND_PERSON,
                                            subject=subject(t), reason="debt", sent_on=day("2022-08-14"), made=1 + 16 + 32, pounds=120),
                       **{"from": "advice", "referral_id": ref})
        t.acked("inbox", 4)
        update, masked, named, referral = t.events()
        assert update["referral_update"] == {"referral": text_id(ref), "step": "downgraded", "on": "2022-08-15", "reason": "too-high", "redirect_to": "",
                                             "to_kind": "soft", "outcome": "", "has_body": False} and update["from"] == "advice"
        assert masked["watch"] == {"watch": text_id(ref), "on": "2022-08-15", "masked": True, "agency": "", "contact_route": ""}
        assert named["watch"]["agency"] == "advice"
        r = referral["referral"]
        assert (r["referral_kind"], r["made"], r["pounds"], r["sent_on"], r["has_body"]) == \
            ("booked", ["eligibility-checked", "budget-permitted", "slot-agreed"], 120, "2022-08-14", False)
        assert r["subject"]["ref"] == "pupil-17"


def final_reply_names_the_question_that_it_is_to():
    with town() as t:
        t.start()
        query = uuid7()
        t.gate.deliver(insight=PB.Insight(value=PB.INSIGHT_VALUE_YES, completeness=PB.COMPLETENESS_ALL, as_of=day("2022-08-15"), policy_rule="help/called", guidance="Tell them."),
                       query=query)
        t.gate.deliver(involvement=PB.Involvement(completeness=PB.COMPLETENESS_SOME, as_of=day("2022-08-15"), masked=True, involved=[
            PB.Involved(visibility=PB.VISIBILITY_NAMED, agency="kitchen", agency_name="The Kitchen", service="Meals", contact_route="1", since_band=PB.SINCE_BAND_UNDER_3_MONTHS)]),
                       query=query)
        t.gate.deliver(insight=PB.Insight(value=PB.INSIGHT_VALUE_CANNOT_SAY, completeness=PB.COMPLETENESS_NONE, as_of=day("2022-08-15"), guidance="No consent."), query=query)
        t.acked("inbox", 3)
        yes, who, ended = t.events()
        assert [e["type"] for e in (yes, who, ended)] == ["insight", "involvement", "insight"]
        assert yes["insight"] == {"query": text_id(query), "answer": "yes", "completeness": "all", "as_of": "2022-08-15", "rule": "help/called", "guidance": "Tell them.",
                                  "review_due": False}, yes
        assert who["involvement"]["query"] == text_id(query) and who["involvement"]["masked"] is True
        assert who["involvement"]["involved"] == [{"agency": "kitchen", "name": "The Kitchen", "service": "Meals", "contact_route": "1", "lead_professional": "",
                                                   "since": "under-3-months"}], who
        assert (ended["insight"]["answer"], ended["insight"]["completeness"], ended["insight"]["guidance"]) == ("cannot-say", "none", "No consent.")


main([delivery_is_acknowledged_when_it_is_on_disk_and_stays_until_it_is_done, folders_are_the_owners_alone,
      delivery_that_comes_again_is_acknowledged_again_and_read_once, one_acknowledgement_covers_many,
      killed_adapter_has_what_it_acknowledged_and_what_was_done,
      reader_that_keeps_event_ids_is_exactly_once_however_often_the_adapter_is_killed,
      full_inbox_leaves_the_rest_with_the_broker_until_there_is_room, disk_that_takes_nothing_acknowledges_nothing_and_is_said,
      damaged_file_is_told_in_its_place_with_its_name, damaged_one_delivered_again_is_whole_again, reader_may_wait_for_the_next_one,
      stream_that_was_never_subscribed_is_not_there, subscription_says_what_it_filters, wrong_subscriptions_are_refused_before_anything_is_sent,
      stream_played_again_is_read_again_and_nothing_is_acknowledged_past_it_meanwhile, status_puts_the_brokers_cursor_beside_the_readers,
      subjects_are_told_by_our_own_references_and_never_by_token,
      notices_say_whom_they_are_about_where_the_broker_does, final_reply_names_the_question_that_it_is_to, every_kind_of_event_has_its_own_words])
