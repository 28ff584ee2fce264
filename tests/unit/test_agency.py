#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""test_agency.py LIBEXEC - almoner-agency against a played adapter: what each command asks, what it prints, how it ends."""
import json
import os
import signal
import subprocess
import sys
import time

from commands import Place, expect, main
from local_adapter import Adapter

AGENCY = os.path.join(os.path.abspath(sys.argv[1]), "almoner-agency")
ID = "0193f1c2-7d10-7a44-9c1e-3f1d2b4c5a6b"
PERSON = ("--given", "Isla", "--family", "Example", "--born", "2014-05-14")
RECEIPT = {"ok": True, "kind": "receipt", "message_id": ID, "leaf": 7, "at": "2026-11-22T10:00:00.000Z"}
SUBJECT = {"kind": "person", "known": "yes", "ref": "p-204", "home_known": "no", "home_ref": ""}
FIRING = {"episode": ID, "rule": "threshold-t2", "title": "Two agencies are worried", "subject": SUBJECT, "category": "child-distress",
          "area": "north-marl", "severity": "low", "fired_on": "2026-11-22", "bypass": False, "decide_role": "hub-manager",
          "decide_by": "2026-11-23T10:00:00.000Z", "masked": True,
          "contributors": [{"agency": "marlham-housing", "name": "Housing", "contact_route": "01632 960001"}]}
PATIENCE = 60  # seconds: the machine may be busy


def event(seq, type_="firing", **part):
    part = part or {"firing": FIRING}
    return {"stream": "north", "seq": seq, "event": f"{ID[:-2]}{seq:02d}", "at": "2026-11-22T10:00:00.000Z", "again": False, "from": "marlham-housing",
            "type": type_, **part}


class Stream:
    """An adapter's stream: gives what is not done, in order."""

    def __init__(self, *events, known=True):
        self.events, self.done, self.known = list(events), 0, known

    def __call__(self, request):
        if request["op"] == "stream-subscribe":
            self.known = True
            return RECEIPT
        if not self.known:
            return {"ok": False, "error": "no-stream", "message": "never subscribed", "exit": 66}
        if request["op"] == "stream-done":
            self.done = int(request["seq"])
            return {"ok": True, "kind": "done", "stream": request["stream"], "seq": self.done}
        left = [e for e in self.events if e["seq"] > self.done]
        if not left:
            time.sleep(request["wait_ms"] / 1000)
        return {"ok": True, "kind": "events", "stream": request["stream"], "events": left[:request["n"]], "waiting": max(0, len(left) - request["n"])}


def asks(argv, wanted, reply=RECEIPT, code=0, *says):
    with Adapter(lambda request: reply) as a:
        said = expect(a.run(AGENCY, *argv), code, *says)
        assert a.asked == [wanted], f"{a.asked} is not {wanted}"
        return said


def agency_lodges_amends_and_withdraws_concerns():
    subject = {"given_name": "Isla", "family_name": "Example", "date_of_birth": "2014-05-14"}
    asks(["concern", "lodge", "--category", "child-distress", "--severity", "low", "--area", "north-marl", "--origin", "log-4471", "--practitioner", "t-4",
          "--at-home", "14 Nowhere Close; ZZ7 8ZA; h-1", "--id", ID, *PERSON],
         {"op": "concern-lodge", "category": "child-distress", "severity": "low", "area": "north-marl", "origin": "log-4471", "practitioner": "t-4",
          "at_home": {"address": "14 Nowhere Close", "postcode": "ZZ7 8ZA", "ref": "h-1"}, "subject": subject, "id": ID}, RECEIPT, 0, "entry 7", ID)
    asks(["concern", "amend", ID, "--severity", "high"], {"op": "concern-amend", "concern": ID, "severity": "high"})
    asks(["concern", "withdraw", ID], {"op": "concern-withdraw", "concern": ID})


def agency_says_what_the_hub_did():
    asks(["firing", "acted", ID, "--outcome", "visit"], {"op": "firing-acted", "episode": ID, "outcome": "visit"})
    asks(["firing", "close", ID], {"op": "firing-close", "episode": ID})
    asks(["contact", ID, "--text", "please call"], {"op": "contact", "about": ID, "text": "please call"})
    asks(["outcome", ID, "--effect", "sooner", "--minutes", "45"], {"op": "outcome", "about": ID, "effect": "sooner", "minutes": "45"})
    asks(["not-shared", "--reason", "not-necessary", "--about", ID], {"op": "not-shared", "reason": "not-necessary", "about": ID})


def agency_refers_with_a_text_from_a_file():
    with Adapter(lambda request: RECEIPT) as a:
        path = a.file("why.txt", "She came on Monday.\nPlease telephone.\n")
        expect(a.run(AGENCY, "refer", "--kind", "soft", "--service", "parenting", "--reason", "advice", "--made", "eligibility-checked,assessed", "--body", path,
                     *PERSON), 0)
        assert a.asked[0]["body"] == "She came on Monday.\nPlease telephone.\n" and a.asked[0]["made"] == ["eligibility-checked", "assessed"]
        for text, code in (("", 65), (b"\xff\xfe", 65), ("x" * 16001, 66)):
            path = a.file("bad.txt", text)
            expect(a.run(AGENCY, "refer", "--kind", "soft", "--service", "p", "--reason", "a", "--body", path, *PERSON), code, "bad.txt")
        expect(a.run(AGENCY, "refer", "--kind", "soft", "--service", "p", "--reason", "a", "--body", "no-such.txt", *PERSON), 66, "no-such.txt")
        assert len(a.asked) == 1


def agency_takes_each_step_of_a_referral():
    for word, step in (("received", "received"), ("accept", "accepted"), ("reject", "rejected"), ("more-info", "more-info"), ("info", "info-given"),
                       ("redirect", "redirected"), ("downgrade", "downgraded"), ("eligibility", "eligibility"), ("assess", "assessment"),
                       ("diagnose", "diagnosis"), ("plan", "planned"), ("deliver", "delivering"), ("close", "closed"), ("withdraw", "withdrawn"),
                       ("revoke", "revoked"), ("feedback", "feedback")):
        asks(["referral", word, ID, "--on", "2026-11-22"], {"op": "referral-step", "referral": ID, "on": "2026-11-22", "step": step})
    asks(["referral", "redirect", ID, "--to", "fernhold"], {"op": "referral-step", "referral": ID, "redirect_to": "fernhold", "step": "redirected"})
    asks(["referral", "downgrade", ID, "--kind", "soft", "--reason", "r"],
         {"op": "referral-step", "referral": ID, "kind": "soft", "reason": "r", "step": "downgraded"})
    with Adapter(lambda request: RECEIPT) as a:
        expect(a.run(AGENCY, "referral", "accept"), 64, "say which referral")
        expect(a.run(AGENCY, "referral", "accept", ID, "--reason", "r"), 64, "does not go with")
        expect(a.run(AGENCY, "referral", "adopt", ID), 64, "accept", "feedback")
        assert not a.asked


STATE = {"referral": ID, "state": "overdue", "referral_kind": "soft", "from": "", "to": "fernhold", "service": "", "since": "2026-10-01",
         "due_on": "2026-10-29", "due_role": "duty-manager", "as_of": "2026-11-22"}


def agency_shows_referrals():
    row = dict(STATE)
    asks(["referral", "list", "--open"], {"op": "referral-list", "open_only": True}, {"ok": True, "kind": "referrals", "referrals": [row]}, 0,
         "overdue", "2026-10-29", "duty-manager", ID)
    asks(["referral", "list"], {"op": "referral-list"}, {"ok": True, "kind": "referrals", "referrals": []}, 0, "No referrals")
    asks(["referral", "state", ID, "--purpose", "referral-tracking", "--role", "senco"],
         {"op": "ask", "referral": ID, "purpose": "referral-tracking", "role": "senco", "question": "referral-state"},
         {"ok": True, "kind": "referral-state", "message_id": ID, "rule": "r", **STATE}, 0, "OVERDUE", "Due on 2026-10-29, by duty-manager")
    asks(["ask", "referral-state", "--referral", ID, "--state", "necessity,para18-reason"],
         {"op": "ask", "question": "referral-state", "referral": ID, "statements": ["necessity", "para18-reason"]},
         {"ok": True, "kind": "referral-state", "message_id": ID, "rule": "r", **dict(STATE, state="none")}, 0, "no such referral")
    history = [{"at": "2026-10-02T10:00:00.000Z", "step": "more-info", "on": "2026-10-02", "from": "fernhold", "reason": "dates-missing", "redirect_to": "",
                "to_kind": "", "outcome": "", "has_body": True}]
    asks(["referral", "show", ID], {"op": "referral-show", "referral": ID},
         {"ok": True, "kind": "referral", **STATE, "subject": SUBJECT, "history": history, "has_body": True, "reason": "advice", "sent_on": "2026-10-01"}, 0,
         "our reference p-204", "dates-missing", "almoner referral read")
    said = asks(["referral", "read", ID], {"op": "referral-read", "referral": ID},
                {"ok": True, "kind": "referral-texts", "referral": ID, "texts": [{"step": "sent", "on": "2026-10-01", "from": "elm", "text": "Hé\x1b[2J\x07\u009b1m\nb"}]},
                0, "Hé", "elm")
    assert not set("\x1b\x07\u009b") & set(said), "a text commands the terminal"


def agency_shows_sealing_keys_and_says_what_to_do():
    keys = {"ok": True, "kind": "sealing-keys", "agency": "fernhold", "pinned": "a" * 64, "keys": [{"key": "b" * 64, "from": "2026-11-01", "previous": ""}]}
    asks(["sealing", "list", "fernhold"], {"op": "sealing-list", "agency": "fernhold"}, dict(keys, state="changed"), 0, "CHANGED UNANNOUNCED", "Telephone", "b" * 64)
    asks(["sealing", "accept", "fernhold", "--key", "b" * 64], {"op": "sealing-accept", "agency": "fernhold", "key": "b" * 64}, dict(keys, state="pinned"), 0, "trusted here")
    asks(["sealing", "publish"], {"op": "sealing-publish"})


def agency_keeps_watches_and_lists_what_is_due():
    asks(["watch", "add", "--agencies", "*", "--until", "2027-05-31", *PERSON],
         {"op": "watch-add", "agencies": ["*"], "until": "2027-05-31",
          "subject": {"given_name": "Isla", "family_name": "Example", "date_of_birth": "2014-05-14"}})
    asks(["watch", "move", ID, "--at-home", "3 Pretend Road; ZZ7 8ZB"],
         {"op": "watch-move", "watch": ID, "at_home": {"address": "3 Pretend Road", "postcode": "ZZ7 8ZB"}})
    asks(["watch", "end", ID], {"op": "watch-end", "watch": ID})
    due = {"due_kind": "referral", "about": ID, "role": "duty-manager", "due": "2026-11-20T17:00:00.000Z", "overdue": True, "text": "decide on a referral"}
    asks(["due", "--overdue"], {"op": "due", "overdue": True}, {"ok": True, "kind": "due", "due": [due]}, 0, "2026-11-20 17:00 UTC", "yes", "duty-manager")
    asks(["due"], {"op": "due"}, {"ok": True, "kind": "due", "due": []}, 0, "Nothing is due")


def agency_finds_services_and_says_who_is_eligible():
    service = {"service": "parenting", "agency": "fernhold", "title": "Parenting", "contact": "01632 960002", "needs": ["parenting-support", "advice"],
               "referral_kinds": ["soft"], "criteria": True}
    asks(["service", "find", "--need", "advice", "--area", "north"], {"op": "service-find", "need": "advice", "area": "north"},
         {"ok": True, "kind": "services", "services": [service]}, 0, "01632 960002", "parenting-support, advice")
    reply = {"ok": True, "kind": "eligibility", "message_id": ID, "service": "parenting", "completeness": "some", "as_of": "2026-11-22", "rule": "r", "guidance": ""}
    subject = {"given_name": "Isla", "family_name": "Example", "date_of_birth": "2014-05-14"}
    wanted = {"op": "service-eligible", "service": "parenting", "purpose": "early-help", "role": "senco", "subject": subject}
    argv = ["service", "eligible", "parenting", "--purpose", "early-help", "--role", "senco", *PERSON]
    asks(argv, wanted, dict(reply, value="eligible", missing=[]), 0, "ELIGIBLE", "Whether there is a place")
    asks(argv, wanted, dict(reply, value="not", missing=[]), 0, "NOT ELIGIBLE")
    asks(argv, wanted, dict(reply, value="cannot-say", missing=["tenancy", "caf-open"]), 0, "CANNOT SAY", "tenancy, caf-open")


def agency_tells_of_a_threshold_without_counts():
    reply = {"ok": True, "kind": "threshold", "message_id": ID, "fired": True, "fired_on": "2026-11-20", "masked": True, "as_of": "2026-11-22", "rule": "r", "guidance": "",
             "contributors": FIRING["contributors"]}
    wanted = {"op": "ask", "question": "threshold-t2", "household": {"address": "1 Fable Row", "postcode": "ZZ1 1ZZ"}}
    argv = ["ask", "threshold-t2", "--household", "1 Fable Row; ZZ1 1ZZ"]
    asks(argv, wanted, reply, 0, "MET on 2026-11-20", "Housing", "not named")
    asks(argv, wanted, dict(reply, fired=False, fired_on="", masked=False, contributors=[]), 0, "not that nobody is worried")
    asks(argv, wanted, {"ok": True, "kind": "refusal", "message_id": ID, "reason": "not-a-party", "text": "not a party", "way_forward": "telephone"}, 77, "telephone")


def agency_gives_json_for_everything_also_errors():
    for argv, reply, code in ((["due"], {"ok": True, "kind": "due", "due": []}, 0),
                              (["referral", "show", ID], {"ok": False, "error": "no-referral", "message": "none of that id", "exit": 66}, 66),
                              (["refer", "--kind", "soft"], {"ok": False, "error": "sealing-key-changed", "message": "telephone", "exit": 77}, 77)):
        with Adapter(lambda request, reply=reply: reply) as a:
            done = a.run(AGENCY, *argv, "--json")
            assert (done.returncode, json.loads(done.stdout), done.stderr) == (code, reply, ""), done
    with Place() as p:
        done = p.run(AGENCY, "due", "--json", ALMONER_SOCKET=f"{p.path}/none")
        assert done.returncode == 69 and json.loads(done.stdout)["error"] == "adapter-not-running", done


def agency_follows_in_order_and_says_what_is_done():
    stream = Stream(event(1), event(2, "notice", notice={"notice": "joined-others", "about": ID, "agency": "", "contact_route": "", "text": "Yours joined others.", "due": ""}),
                    event(3, "referral", referral={"referral": ID, "referral_kind": "soft", "origin": "agency", "to": "us", "service": "", "subject": dict(SUBJECT, known="no", ref=""),
                                                   "reason": "advice", "sent_on": "2026-11-22", "made": [], "pounds": 0, "has_body": True}),
                    event(4, "referral-update", referral_update={"referral": ID, "step": "rejected", "on": "2026-11-22", "reason": "out-of-area", "redirect_to": "", "to_kind": "",
                                                                 "outcome": "", "has_body": False}),
                    event(5, "watch", watch={"watch": ID, "on": "2026-11-22", "masked": False, "agency": "marlshire-police", "contact_route": "01632 960003"}))
    with Adapter(stream) as a:
        said = expect(a.run(AGENCY, "stream", "follow", "--wait", "0"), 0, "Two agencies are worried", "p-204", "Housing", "01632 960001", "2026-11-23 10:00 UTC: hub-manager",
                      f"almoner firing acted {ID}", f"almoner contact {ID}", "Yours joined others", "not known to us", "almoner referral accept", "rejected, out-of-area",
                      "reappeared", "01632 960003")
        assert stream.done == 5 and said.index("Two agencies") < said.index("Yours joined")
        stream.done = 0
        lines = a.run(AGENCY, "stream", "follow", "--wait", "0", "--json").stdout.splitlines()
        assert [json.loads(line) for line in lines] == stream.events
        assert {r["stream"] for r in a.asked} == {"inbox"}


def agency_reads_final_replies_to_its_own_questions():
    answer = {"query": ID, "completeness": "all", "as_of": "2026-11-22", "rule": "r", "guidance": "Tell them.", "review_due": False}
    stream = Stream(event(1, "insight", insight=dict(answer, answer="no")),
                    event(2, "involvement", involvement=dict(answer, masked=True, involved=[{"agency": "kitchen", "name": "The Kitchen", "service": "Meals", "contact_route": "1",
                                                                                          "lead_professional": "", "since": "under-3-months"}])),
                    event(3, "insight", insight=dict(answer, answer="cannot-say", completeness="none", guidance="No consent on file lets you have this.")))
    with Adapter(stream) as a:
        said = expect(a.run(AGENCY, "stream", "follow", "--wait", "0"), 0, f"FINAL ANSWER to question {ID}", "not that nothing is wrong", "Please note: Tell them.", "The Kitchen",
                      "sensitive services, not named", "CANNOT SAY", "No consent on file", "None of the services")
        assert stream.done == 3 and said.count("FINAL ANSWER") == 3


def agency_follows_only_as_many_as_wanted():
    stream = Stream(*(event(n) for n in range(1, 101)))
    with Adapter(stream) as a:
        done = a.run(AGENCY, "stream", "follow", "--count", "33", "--json")
        assert done.returncode == 0 and len(done.stdout.splitlines()) == 33 and stream.done == 33
        expect(a.run(AGENCY, "stream", "follow", "--count", "some"), 64, "--count")
        expect(a.run(AGENCY, "stream", "follow", "--wait", "-1"), 64, "--wait")


def agency_subscribes_when_it_must_and_when_a_filter_is_given():
    stream = Stream(known=False)
    with Adapter(stream) as a:
        expect(a.run(AGENCY, "stream", "follow", "--stream", "north", "--wait", "0", "--practitioner", "hub-2"), 0)
        assert [r["op"] for r in a.asked[:3]] == ["stream-next", "stream-subscribe", "stream-next"], a.asked
        assert a.asked[1] == {"op": "stream-subscribe", "stream": "north", "practitioner": "hub-2"}
        del a.asked[:]
        expect(a.run(AGENCY, "stream", "follow", "--stream", "north", "--areas", "a,b", "--severity-least", "medium", "--from", "12", "--wait", "0"), 0)
        assert a.asked[0] == {"op": "stream-subscribe", "stream": "north", "areas": ["a", "b"], "severity_least": "medium", "from": "12"}
    with Adapter(lambda request: {"ok": True, "kind": "refusal", "message_id": ID, "reason": "not-a-hub", "text": "only a hub", "way_forward": "ask"}
                 if request["op"] == "stream-subscribe" else {"ok": False, "error": "no-stream", "message": "m", "exit": 66}) as a:
        expect(a.run(AGENCY, "stream", "follow", "--stream", "north"), 77, "only a hub")


def agency_runs_a_command_once_per_event_and_is_done_when_it_succeeds():
    stream = Stream(event(1), event(2), event(3))
    with Adapter(stream) as a:
        fails_at_two = 'line=$(cat); case "$line" in *\'"seq":2,\'*) [ -e now ] || exit 3;; esac; echo "$line" >> taken'
        expect(a.run(AGENCY, "stream", "follow", "--wait", "0", "--exec", fails_at_two), 75, "ended with 3 at event 2", "comes first next time")
        assert stream.done == 1
        a.file("now")
        expect(a.run(AGENCY, "stream", "follow", "--wait", "0", "--exec", fails_at_two), 0)
        with open(f"{a.path}/taken", encoding="utf-8") as f:
            assert [json.loads(line) for line in f] == stream.events
        assert stream.done == 3
        stream.done = 0
        expect(a.run(AGENCY, "stream", "follow", "--wait", "0", "--exec", "exit 0"), 0)  # one that reads nothing
        stream.done = 0
        expect(a.run(AGENCY, "stream", "follow", "--wait", "0", "--exec", "kill -9 $$"), 75, "137")
        expect(a.run(AGENCY, "stream", "follow", "--wait", "0", "--exec", "/no/such/program"), 75, "127")
        assert stream.done == 0


def agency_has_nothing_done_that_was_not_written():
    stream = Stream(event(1))
    with Adapter(stream) as a, open("/dev/full", "wb") as full:
        done = subprocess.run([AGENCY, "stream", "follow", "--wait", "0"], env=a.env, stdout=full, stderr=subprocess.PIPE, timeout=PATIENCE, check=False)
        assert done.returncode == 74 and b"not done" in done.stderr and stream.done == 0, done


def agency_stops_following_when_told_with_nothing_half_done():
    for stop in (signal.SIGINT, signal.SIGTERM):
        stream = Stream(event(1))
        with Adapter(stream) as a:
            child = subprocess.Popen([AGENCY, "stream", "follow", "--json"], env=a.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            assert json.loads(child.stdout.readline())["seq"] == 1
            end = time.monotonic() + PATIENCE
            while stream.done < 1 and time.monotonic() < end:
                time.sleep(0.01)
            child.send_signal(stop)
            out, err = child.communicate(timeout=PATIENCE)
            assert (child.returncode, out, err, stream.done) == (0, b"", b"", 1), (child.returncode, out, err)


def agency_waits_for_an_adapter_that_restarts():
    stream = Stream(event(1))
    with Adapter(stream) as a:
        child = subprocess.Popen([AGENCY, "stream", "follow", "--json", "--count", "2"], env=a.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert json.loads(child.stdout.readline())["seq"] == 1
        end = time.monotonic() + PATIENCE
        while stream.done < 1 and time.monotonic() < end:
            time.sleep(0.01)
        os.rename(a.path_, a.path_ + ".away")
        assert b"adapter is away" in child.stderr.readline()
        stream.events.append(event(2))
        os.rename(a.path_ + ".away", a.path_)
        assert json.loads(child.stdout.readline())["seq"] == 2
        assert child.wait(timeout=PATIENCE) == 0
        child.communicate()


def agency_lists_streams_with_their_lag():
    row = {"stream": "north", "last": 12, "acked": 12, "done": 9, "lag": 3, "oldest": "2026-11-22T10:00:00.000Z", "credit": 64}
    asks(["stream", "status"], {"op": "stream-status"}, {"ok": True, "kind": "streams", "streams": [row]}, 0, "north", "12", "3", "2026-11-22 10:00 UTC")
    asks(["stream", "end", "north"], {"op": "stream-end", "stream": "north"})


def agency_takes_back_what_it_said_and_what_was_said_to_it():
    subject = {"given_name": "Isla", "family_name": "Example", "date_of_birth": "2014-05-14"}
    asks(["correction", "lodge", "truancy", "--from", "2022-01-10", "--kind", "wrong-person", "--reason", "his cousin", "--previous-key", "--id", ID, *PERSON],
         {"op": "correction-lodge", "question": "truancy", "from": "2022-01-10", "kind": "wrong-person", "reason": "his cousin", "previous_key": True,
          "subject": subject, "id": ID}, RECEIPT, 0, ID)
    row = {"correction": ID, "question": "", "lodged_on": "2022-01-11", "searching": True, "told": 3, "acknowledged": 1, "overdue": 2, "due": "2022-01-18T10:00:00.000Z"}
    asks(["correction", "show", ID], {"op": "correction-show", "correction": ID}, {"ok": True, "kind": "corrections", "corrections": [row]}, 0,
         "who is involved", "3 told, 1 have said", "2 late", "search")
    asks(["correction", "show"], {"op": "correction-show"}, {"ok": True, "kind": "corrections", "corrections": []}, 0, "nothing back")
    asks(["correction", "show"], {"op": "correction-show"}, {"ok": True, "kind": "corrections", "corrections": [dict(row, told=0, acknowledged=0, overdue=0, searching=False)]},
         0, "Nobody is counted", "question, the days and the person")
    row = {"recall": ID, "message": ID, "question": "truancy", "told_on": "2022-01-10", "cause": "corrected", "replies": 2, "due": "2022-01-18T10:00:00.000Z",
           "text": "Do not rely on it.", "overdue": True}
    asks(["recall", "list"], {"op": "recall-list"}, {"ok": True, "kind": "recalls", "recalls": [row, dict(row, cause="statement", due="", overdue=False)]}, 0,
         "truancy, told on 2022-01-10", "Do not rely on it.", "LATE", f"almoner recall done {ID} --done", "When you have read it")
    asks(["recall", "list"], {"op": "recall-list"}, {"ok": True, "kind": "recalls", "recalls": []}, 0, "waits here")
    asks(["recall", "done", ID, "--done", "passed-on", "--text", "housing"], {"op": "recall-done", "recall": ID, "done": "passed-on", "text": "housing"})
    asks(["recall", "done", ID], {"op": "recall-done", "recall": ID}, {"ok": True, "kind": "recall-seen", "recall": ID}, 0, "Nobody waits")
    with Adapter(lambda request: RECEIPT) as a:
        path = os.path.join(a.path, "says.txt")
        with open(path, "w", encoding="utf-8") as f:
            f.write("We said\nso.")
        expect(a.run(AGENCY, "statement", "add", "--body", path, "--about", ID, *PERSON), 0, ID)
        assert a.asked == [{"op": "statement-add", "body": "We said\nso.", "about": ID, "subject": subject}], a.asked
        expect(a.run(AGENCY, "recall", "done"), 64, "recall list")
        assert len(a.asked) == 1


TOKENS = {"almoner": "tokens/1", "mode": "exercise", "origin": "o", "agency": "schools", "scheme": "hmac", "epoch": 1, "unborn": False,
          "tokens": [{"kind": "nhs", "scheme": "hmac", "epoch": 1, "value": "5a" * 32}]}


def agency_writes_tokens_into_a_file_of_its_own():
    subject = {"given_name": "Isla", "family_name": "Example", "date_of_birth": "2014-05-14"}
    with Adapter(lambda request: {"ok": True, "kind": "subject-tokens", "file": TOKENS}) as a:
        out = os.path.join(a.path, "isla.tokens")
        said = expect(a.run(AGENCY, "subject", "tokens", "--out", out, *PERSON), 0, "isla.tokens", "1 token of one person", "delete it")
        assert "5a5a" not in said and a.asked == [{"op": "subject-tokens", "subject": subject}], a.asked
        with open(out, encoding="utf-8") as f:
            assert json.load(f) == TOKENS
        assert os.stat(out).st_mode & 0o777 == 0o600
        expect(a.run(AGENCY, "subject", "tokens", "--out", out, *PERSON), 73, "nothing is written over")
        expect(a.run(AGENCY, "subject", "tokens", "--out", os.path.join(a.path, "no", "such"), *PERSON), 73, "No such file")
        for argv in ((), ("--out", "-"), ("--out", "")):
            expect(a.run(AGENCY, "subject", "tokens", *argv, *PERSON), 64, "--out FILE")
        expect(a.run(AGENCY, "subject", "--out", out, *PERSON), 64, "--out")
        assert len(a.asked) == 2
    for reply, code in (({"ok": True, "kind": "subject-tokens", "file": dict(TOKENS, tokens=[])}, 76), ({"ok": True, "kind": "subject"}, 76),
                        ({"ok": False, "error": "no-rows", "message": "not yet", "exit": 75}, 75)):
        with Adapter(lambda request, reply=reply: reply) as a:
            expect(a.run(AGENCY, "subject", "tokens", "--out", "t", *PERSON), code)
            assert not os.path.exists(os.path.join(a.path, "t"))


def agency_fails_where_its_output_cannot_be_written():
    for how in ([], ["--json"]):
        with Adapter(lambda request: {"ok": True, "kind": "recalls", "recalls": []}) as a, open("/dev/full", "wb") as full:
            done = subprocess.run([AGENCY, "recall", "list", *how], stdout=full, stderr=subprocess.PIPE, text=True, env=a.env, check=False, timeout=PATIENCE)
            assert done.returncode == 74 and "cannot be written" in done.stderr, (done.returncode, done.stderr)


def agency_has_help_with_an_example_for_every_command():
    with Place() as p:
        lines = [line.split() for line in expect(p.run(AGENCY, "--help"), 0).splitlines() if line.startswith("  ")]
        assert len(lines) > 55
        for words in lines:
            alone = p.run(AGENCY, words[0], "--help").stdout
            name = words[:1] if alone.startswith(f"usage: almoner {words[0]} [") or not alone.startswith("usage: almoner COMMAND") else words[:2]
            said = expect(p.run(AGENCY, *name, "--help"), 0, f"usage: almoner {' '.join(name)}", "For example:", f"almoner {' '.join(name)}", "--json")
            assert all(len(line) <= 150 for line in said.splitlines()), name


def agency_lists_the_commands_of_one_word_alone_where_they_are_asked_for():
    with Place() as p:
        said = [line.split()[:2] for line in expect(p.run(AGENCY, "recall", "--help"), 0, "usage: almoner COMMAND").splitlines() if line.startswith("  ")]
        assert said == [["recall", "list"], ["recall", "done"]], said
        assert len(expect(p.run(AGENCY, "nonsense", "--help"), 0).splitlines()) > 55
        expect(p.run(AGENCY, "correction", "lodge", "--help"), 0, "correction lodge [QUESTION]")


if __name__ == "__main__":
    main([agency_lodges_amends_and_withdraws_concerns, agency_says_what_the_hub_did, agency_refers_with_a_text_from_a_file, agency_takes_each_step_of_a_referral,
          agency_shows_referrals, agency_shows_sealing_keys_and_says_what_to_do, agency_keeps_watches_and_lists_what_is_due,
          agency_finds_services_and_says_who_is_eligible, agency_tells_of_a_threshold_without_counts, agency_gives_json_for_everything_also_errors,
          agency_follows_in_order_and_says_what_is_done, agency_reads_final_replies_to_its_own_questions, agency_follows_only_as_many_as_wanted, agency_subscribes_when_it_must_and_when_a_filter_is_given,
          agency_runs_a_command_once_per_event_and_is_done_when_it_succeeds, agency_has_nothing_done_that_was_not_written,
          agency_stops_following_when_told_with_nothing_half_done, agency_waits_for_an_adapter_that_restarts, agency_lists_streams_with_their_lag,
          agency_takes_back_what_it_said_and_what_was_said_to_it, agency_writes_tokens_into_a_file_of_its_own,
          agency_fails_where_its_output_cannot_be_written, agency_has_help_with_an_example_for_every_command, agency_lists_the_commands_of_one_word_alone_where_they_are_asked_for])
