#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""test_adapter.py ADAPTER AGENCY KEY PROTOC - the adapter and its commands as programs, against a gate that the test plays."""
import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "unit"))
from commands import Place, backends, expect, main  # noqa: E402
from played_gate import ORIGIN, Gate, day  # noqa: E402

ADAPTER, AGENCY, KEY, PROTOC = (str(Path(program).resolve()) for program in sys.argv[1:5])  # run from other folders
RUN = [ADAPTER, "--libexec", backends(ADAPTER)]
ROOT = Path(__file__).resolve().parent.parent.parent
PERSON = ["--given", "Isla", "--family", "Example", "--born", "2014-05-14"]
HOME = ["--home", "14 Nowhere Close; ZZ7 8ZA; 2016-03-01"]
WHO = ["--purpose", "help", "--role", "senco", "--practitioner", "t-1"]
GRANT = ["consent", "grant", "--purpose", "help", "--capacity", "self", "--recipients", "*", "--practitioner", "t-1"]


def generated():
    out = tempfile.mkdtemp(prefix="almoner-pb-", dir="/tmp")
    subprocess.run([PROTOC, f"--proto_path={ROOT / 'proto'}", f"--python_out={out}", "almoner/v1/almoner.proto"], check=True)
    sys.path.insert(0, f"{out}/almoner/v1")
    module = importlib.import_module("almoner_pb2")
    shutil.rmtree(out)
    return module


PB = generated()


class Town(Place):
    """A folder with keys, the example's rows, one adapter, and a gate that this test plays."""

    def __init__(self, gate=True, admit=True, **conf):
        super().__init__()
        shutil.copytree(ROOT / "adapters/example", self.path, dirs_exist_ok=True)
        os.makedirs(f"{self.path}/keys", exist_ok=True)  # a clone holds no empty folder
        for words in (["curve", "keys/gate"], ["curve", "keys/school"], ["curve", "keys/other"], ["sign", "keys/school"], ["token", "keys/shared"]):
            expect(self.run(KEY, "new", *words), 0)
        os.mkdir(f"{self.path}/admitted")
        shutil.copy(f"{self.path}/keys/{'school' if admit else 'other'}.key", f"{self.path}/admitted/")
        self.gate = Gate(PB, f"{self.path}/keys", f"{self.path}/admitted") if gate else None
        self.adapter = None
        self.env["ALMONER_SOCKET"] = f"{self.path}/adapter.sock"
        self.configure(**conf)

    def __exit__(self, *exc):
        if self.adapter and self.adapter.poll() is None:
            self.adapter.kill()
            self.adapter.wait()
        if self.gate:
            self.gate.close()
        super().__exit__(*exc)

    def public_of(self, name):
        text = Path(f"{self.path}/keys/{name}.key").read_text(encoding="ascii")
        return next(line.split('"')[1] for line in text.splitlines() if "public-key" in line)

    def configure(self, origin=ORIGIN, mode="exercise", broker_key=None, address=None, extra=""):
        self.file("adapter.conf", f'''agency = "school"; mode = "{mode}"; origin = "{origin}";
broker = {{ address = "{address or f'tcp://127.0.0.1:{self.gate.port if self.gate else 1}'}"; public_key = "{broker_key or self.public_of('gate')}"; }};
keys = {{ curve = "keys/school.key_secret"; sign = "keys/school.sign"; token = "keys/shared.token"; }};
socket = "adapter.sock"; outbox = "outbox"; contact_route = "the office"; backend = "csv";
csv = {{ people = {{ file = "people.csv"; }}; homes = {{ file = "homes.csv"; }}; residences = {{ file = "residences.csv"; }};
  contacts = {{ file = "contacts.csv"; columns = {{ kind = "event"; }}; }}; involvements = {{ file = "involvements.csv"; }}; data_as_of = "day"; }};
questions = ( {{ id = "called"; rule = "ever"; kinds = [ "school-concern" ]; }} );
{extra}
''')

    def start(self):
        self.log = open(f"{self.path}/log", "ab")
        self.adapter = subprocess.Popen([*RUN, "adapter.conf"], cwd=self.path, stderr=self.log, stdout=self.log)
        return self

    def said(self):
        return Path(f"{self.path}/log").read_text(encoding="utf-8")

    def agency(self, *words):
        return self.run(AGENCY, *words)

    def json(self, *words, exit=0):
        done = self.agency(*words, "--json")
        assert done.returncode == exit, f"exit {done.returncode}: {done.stdout}{done.stderr}"
        return json.loads(done.stdout)

    def ready(self):
        return self.json("status", "--wait-connected", "--timeout", "60")

    def until_text(self, words, timeout_s=60):
        end = time.monotonic() + timeout_s
        status = {}
        while time.monotonic() < end:
            done = self.agency("status", "--json")
            status = json.loads(done.stdout)
            if words in status.get("text", ""):
                return status
            time.sleep(0.05)
        raise AssertionError(f"{words!r} was not said: {status}; {self.said()[-500:]}")


def adapter_connects_learns_the_day_and_stops_cleanly():
    with Town() as t:
        t.start()
        status = t.ready()
        assert (status["state"], status["civil_day"], status["people"], status["data_as_of"]) == ("ready", "2022-08-15", 2, "2022-08-15"), status
        hello = t.gate.until("hello")
        assert hello.sender == "school" and hello.hello.mode == PB.MODE_EXERCISE
        t.gate.day = day("2022-09-01")
        t.gate.push(t.gate.body(lease=PB.Lease(civil_day=t.gate.day, policy=t.gate.policy)))
        assert t.json("status", "--wait-day", "2022-09-01")["civil_day"] == "2022-09-01"
        assert t.agency("status", "--wait-day", "2022-09-02", "--timeout", "0.3").returncode == 75
        t.adapter.send_signal(signal.SIGTERM)
        assert t.adapter.wait(timeout=60) == 0
        assert not os.path.exists(f"{t.path}/adapter.sock")
        expect(t.agency("status"), 69, "no adapter listens")


def broker_that_is_not_there_is_said():
    with Town(gate=False) as t:
        t.start()
        assert t.until_text("cannot be reached")["connected"] is False
        expect(t.agency("ask", "called", *WHO, *PERSON), 75, "not connected")


def wrong_broker_key_is_said():
    with Town() as t:
        t.configure(broker_key=t.public_of("other"))
        t.start()
        t.until_text("public_key")
        time.sleep(2)
        assert t.said().count("event=handshake-failed") == 1  # tried again and again, logged once a minute


def key_that_is_not_admitted_is_said():
    with Town(admit=False) as t:
        t.start()
        t.until_text("does not admit this adapter's key")


def other_origin_or_mode_stops_the_adapter():
    for change in ({"origin": "elsewhere.example/almoner"}, {"mode": "live"}):
        with Town() as t:
            t.configure(**change)
            t.start()
            assert t.adapter.wait(timeout=60) == 78, t.said()
            assert "event=broker-mismatch" in t.said() and ORIGIN in t.said()


def refused_hello_is_said_and_tried_again_later():
    for reason, words in (("agency-suspended", "suspended"), ("bad-signature", "origin"), ("unknown-key", "keys.sign"), ("odd-new-reason", "No.")):
        with Town() as t:
            t.gate.answers["hello"] = t.gate.refusal(reason)
            t.start()
            status = t.until_text(words)
            assert (status["state"], status["connected"]) == ("refused", False), status
            expect(t.agency("who", *WHO, *PERSON), 75, "not connected")


def suspension_on_an_open_connection_shows():
    with Town() as t:
        t.start().ready()
        t.gate.answers["insight_query"] = t.gate.answers["consent"] = t.gate.refusal("agency-suspended")
        assert t.json("ask", "called", *WHO, *PERSON, exit=77)["reason"] == "agency-suspended"
        assert t.until_text("suspended")["state"] == "refused"


def lodging_refused_for_our_standing_stays_in_the_outbox():
    with Town() as t:
        t.start().ready()
        t.gate.answers["consent"] = t.gate.refusal("agency-suspended")
        assert t.json(*GRANT, *PERSON)["queued"] is True
        assert t.json("status")["outbox"] == 1


def silent_broker_is_left_and_found_again():
    with Town() as t:
        t.gate.lease_ms = 300
        t.start().ready()
        t.gate.silent = True
        t.until_text("silent")
        assert "event=lease-missed" in t.said()
        t.gate.silent = False
        t.ready()


def insight_is_asked_for_and_shown():
    with Town() as t:
        t.start().ready()
        t.gate.answers["insight_query"] = t.gate.insight(PB.INSIGHT_VALUE_NO)
        reply = t.json("ask", "called", *WHO, "--basis", "some-act", "--case", "C/7", "--login", "smartcard", *PERSON, *HOME)
        assert (reply["kind"], reply["answer"], reply["completeness"], reply["as_of"]) == ("insight", "no", "most", "2022-08-15"), reply
        query = t.gate.until("insight_query")
        assert (query.purpose, query.basis, query.case_ref, query.practitioner.role) == ("help", "some-act", "C/7", "senco")
        assert query.practitioner.login == PB.LOGIN_SMARTCARD
        assert query.insight_query.relationship.kind == PB.RELATIONSHIP_KIND_INVOLVED  # from our own rows
        assert {t.kind for t in query.insight_query.subject.tokens} == {2, 3, 4, 5, 6, 8, 9, 10}  # the UPN is our own row's
        assert len(query.insight_query.homes) == 1
        said = expect(t.agency("ask", "called", *WHO, *PERSON), 0, "2022-08-15", "Most, not all", "not that nothing is wrong")
        assert "safe" not in said.lower()


def answer_by_hand_that_is_awaited_is_shown_with_its_time():
    with Town() as t:
        t.start().ready()
        by_ms = 1_661_000_000_000
        t.gate.answers["insight_query"] = lambda b: [t.gate.body(b, insight=PB.Insight(
            value=PB.INSIGHT_VALUE_CANNOT_SAY, completeness=PB.COMPLETENESS_SOME, as_of=t.gate.day, policy_rule="help/called", later_by_ms=by_ms))]
        reply = t.json("ask", "called", *WHO, *PERSON)
        assert (reply["answer"], reply["later_by"]) == ("cannot-say", "2022-08-20T12:53:20.000Z"), reply
        expect(t.agency("ask", "called", *WHO, *PERSON), 0, "CANNOT SAY", "answers this by hand, by 2022-08-20 12:53 UTC", "almoner stream follow")
        t.gate.answers["involvement_query"] = lambda b: [t.gate.body(b, involvement=PB.Involvement(
            completeness=PB.COMPLETENESS_NONE, as_of=t.gate.day, later_by_ms=by_ms))]
        expect(t.agency("who", *WHO, *PERSON), 0, "answers this by hand, by 2022-08-20 12:53 UTC")
        t.gate.answers["insight_query"] = t.gate.insight(PB.INSIGHT_VALUE_NO)
        assert t.json("ask", "called", *WHO, *PERSON)["later_by"] == ""
        assert "by hand" not in expect(t.agency("ask", "called", *WHO, *PERSON), 0)


def no_identifier_leaves_the_adapter_or_is_logged():
    with Town() as t:
        t.start().ready()
        t.gate.answers["insight_query"] = t.gate.insight(PB.INSIGHT_VALUE_YES)
        t.gate.answers["consent"] = t.gate.receipt
        t.json("ask", "called", *WHO, *PERSON, *HOME)
        t.json(*GRANT, *PERSON, *HOME)
        for data in [b"".join(t.gate.frames), t.said().encode()]:
            for word in (b"Isla", b"isla", b"Example", b"example\n", b"2014-05-14", b"Nowhere", b"ZZ7", b"E987990118021", b"pupil-17", b"home-1"):
                assert word not in data, word
        token = t.gate.until("insight_query").insight_query.subject.tokens[0].value.hex()
        assert token not in t.said()


def homes_go_out_only_where_the_question_uses_them():
    with Town() as t:
        t.start().ready()
        t.gate.answers["insight_query"] = t.gate.insight(PB.INSIGHT_VALUE_YES)
        t.json("ask", "with-us", *WHO, *PERSON, *HOME)
        assert not t.gate.until("insight_query").insight_query.homes
        expect(t.agency("ask", "lives-at", *WHO, *PERSON), 64, "--at-home")
        expect(t.agency("ask", "with-us", "--at-home", "1 Row; ZZ7 8ZA", *WHO, *PERSON), 64, "takes no --at-home")
        t.json("ask", "lives-at", "--at-home", "1 Row; ZZ7 8ZA", *WHO, *PERSON)
        assert t.gate.until("insight_query", 2).insight_query.parameter.kind == PB.TOKEN_KIND_HOME
        expect(t.agency("ask", "lives-at", "--at-home", "No fixed address", *WHO, *PERSON), 65, "postcode")


def shielded_home_is_sent_only_past_the_shield():
    with Town() as t:
        t.file("homes.csv", "household_id,address_line,postcode,shielded_from\nhome-1,14 Nowhere Close,ZZ7 8ZA,2022-01-01\nhome-2,No fixed address,,\n")
        t.start().ready()
        t.gate.answers["insight_query"] = t.gate.insight(PB.INSIGHT_VALUE_YES)
        t.json("ask", "called", *WHO, *PERSON, *HOME)
        t.json("ask", "called", "--purpose", "protect", *WHO[2:], *PERSON, *HOME)
        hidden, seen = t.gate.until("insight_query", 1).insight_query, t.gate.until("insight_query", 2).insight_query
        assert not hidden.homes and {k.kind for k in hidden.subject.tokens} == {2, 3, 4, 8}  # none that a home is part of
        assert len(seen.homes) == 1 and {k.kind for k in seen.subject.tokens} == {2, 3, 4, 5, 6, 8, 9, 10}


def refusal_comes_with_its_way_forward():
    with Town() as t:
        t.start().ready()
        t.gate.answers["involvement_query"] = t.gate.refusal("no-consent-on-file", "No consent on file lets you have this.", "Ask the family.")
        expect(t.agency("who", *WHO, *PERSON), 77, "Not shared: No consent on file", "What you can do: Ask the family.")
        assert t.json("who", *WHO, *PERSON, exit=77)["way_forward"] == "Ask the family."


def who_is_involved_is_a_table():
    with Town() as t:
        t.start().ready()
        involved = [PB.Involved(visibility=PB.VISIBILITY_NAMED, agency="police", agency_name="Marlshire Police", service="support",
                                contact_route="01632 960002", since_band=PB.SINCE_BAND_1_TO_3_YEARS)]
        t.gate.answers["involvement_query"] = lambda b: [t.gate.body(b, involvement=PB.Involvement(
            completeness=PB.COMPLETENESS_ALL, as_of=t.gate.day, policy_rule="r", masked=True, involved=involved))]
        expect(t.agency("who", *WHO, *PERSON), 0, "AGENCY", "Marlshire Police", "01632 960002", "1 to 3 years", "sensitive services, not named", "2022-08-15")
        reply = t.json("who", *WHO, *PERSON)
        assert reply["masked"] is True and reply["involved"][0]["since"] == "1-to-3-years"


def broker_that_does_not_answer_a_question_is_told():
    with Town() as t:
        t.start().ready()
        assert t.json("ask", "called", *WHO, *PERSON, exit=75)["error"] == "no-answer"
        t.gate.answers["insight_query"] = lambda b: [t.gate.body(b, busy=PB.Busy(retry_after_ms=1500))]
        expect(t.agency("ask", "called", *WHO, *PERSON), 75, "Try again in 2 s")


def lodged_message_is_receipted():
    with Town() as t:
        t.start().ready()
        t.gate.answers["consent"] = t.gate.answers["shield"] = t.gate.answers["withdrawal"] = t.gate.answers["consent_change"] = t.gate.receipt
        reply = t.json("consent", "grant", "--purpose", "help", "--capacity", "parent", "--holds-responsibility", "--giver-ref", "p-9", "--recipients",
                       "school,police", "--sources", "*", "--sensitive-sources", "clinic", "--expires-on", "2023-01-31", *PERSON)
        assert reply["leaf"] == 41 and "queued" not in reply
        body = t.gate.until("consent")
        c = body.consent
        assert c.giver_authority and c.giver_ref == "p-9" and list(c.recipients.agencies) == ["school", "police"] and c.sources.any
        assert (c.given_on, c.expires_on, c.able_from, c.able_until) == (day("2022-08-15"), day("2023-01-31"), 0, day("2030-05-13"))
        assert not body.HasField("practitioner")
        t.json("consent", "withdraw", reply["message_id"], "--practitioner", "t-1")
        assert t.gate.until("withdrawal").withdrawal.consent == c_id(reply) and t.gate.until("withdrawal").practitioner.role == "practitioner"
        t.json("consent", "change", reply["message_id"], "--able-until", "2022-11-30")
        assert t.gate.until("consent_change").consent_change.able_until == day("2022-11-30")
        t.json("shield", "--level", "location", "--from", "2022-08-15", "--reason", "fled", *PERSON)
        assert t.gate.until("shield").shield.level == PB.SHIELD_LEVEL_LOCATION
        assert t.json("status", "--wait-sent")["outbox"] == 0


def c_id(reply):
    return bytes.fromhex(reply["message_id"].replace("-", ""))


def lodged_message_survives_sigkill_and_is_sent_until_receipted():
    with Town() as t:
        t.start().ready()
        reply = t.json(*GRANT, *PERSON)  # the gate says nothing
        assert reply["queued"] is True
        first = t.gate.frames[[b.WhichOneof("payload") for b in t.gate.got].index("consent")]
        t.adapter.kill()
        t.adapter.wait()
        t.start().ready()
        again = t.gate.until("consent", 2)
        assert again.id == c_id(reply)
        assert [f for f, b in zip(t.gate.frames, t.gate.got) if b.WhichOneof("payload") == "consent"][1] == first  # the same bytes
        t.gate.push(t.gate.receipt(again)[0])
        assert t.json("status", "--wait-sent")["outbox"] == 0
        assert not [n for n in os.listdir(f"{t.path}/outbox") if n.endswith(".msg")]


def signed_for(t, frame, origin, mode=2):
    """Whether our own key has signed this frame for a broker of this origin."""
    envelope = PB.Envelope.FromString(frame)
    key = SigningKey(bytes.fromhex(Path(f"{t.path}/keys/school.sign").read_text().strip())).verify_key
    try:
        key.verify(b"almoner/v1\0" + bytes([mode, len(origin)]) + origin.encode() + envelope.body, envelope.signature)
    except BadSignatureError:
        return False
    return True


def lodged_before_the_broker_was_begun_anew_is_signed_for_its_new_origin():
    def consents():
        return [f for f, b in zip(t.gate.frames, t.gate.got) if b.WhichOneof("payload") == "consent"]

    def again(n, **conf):
        t.adapter.terminate()
        t.adapter.wait()
        t.configure(**conf)
        t.start().ready()
        t.gate.until("consent", n)
        return consents()[n - 1]

    with Town() as t:
        t.start().ready()
        reply = t.json(*GRANT, *PERSON)
        assert reply["queued"] is True
        first = consents()[0]
        assert signed_for(t, first, ORIGIN) and not signed_for(t, first, "anew.example/almoner")
        t.gate.origin = "anew.example/almoner"
        assert again(2, origin=t.gate.origin) == first  # nobody said that it may be
        assert again(3, origin=t.gate.origin, extra='origin_before = "third.example/almoner";') == first  # nor is it that one's
        t.gate.mode = PB.MODE_LIVE
        assert again(4, origin=t.gate.origin, mode="live", extra=f'origin_before = "{ORIGIN}";') == first  # a rehearsal's is never made live
        t.gate.mode = PB.MODE_EXERCISE
        anew = again(5, origin=t.gate.origin, extra=f'origin_before = "{ORIGIN}";')
        assert signed_for(t, anew, t.gate.origin) and not signed_for(t, anew, ORIGIN)
        assert PB.Envelope.FromString(anew).body == PB.Envelope.FromString(first).body  # so that a repeat is known for one
        t.gate.push(t.gate.receipt(t.gate.until("consent", 5))[0])
        assert t.json("status", "--wait-sent")["outbox"] == 0


def lodged_without_a_broker_waits_in_the_outbox():
    with Town() as t:
        t.gate.lease_ms = 300
        t.start().ready()
        t.gate.answers["consent"] = t.gate.receipt
        t.gate.silent = True
        t.until_text("silent")
        expect(t.agency(*GRANT, *PERSON), 0, "Kept safely here")
        t.gate.silent = False
        assert t.json("status", "--wait-sent", "--timeout", "30")["outbox"] == 0


def refused_lodging_is_told_and_kept_for_the_operator():
    with Town() as t:
        t.start().ready()
        t.gate.answers["consent"] = t.gate.refusal("not-a-party", "Your agency has not joined.")
        expect(t.agency(*GRANT, *PERSON), 77, "Your agency has not joined.")
        status = t.json("status")
        assert (status["outbox"], status["outbox_refused"]) == (0, 1)
        assert "not-a-party" in "".join(Path(f"{t.path}/outbox/refused/{n}").read_text() for n in os.listdir(f"{t.path}/outbox/refused"))


def busy_broker_gets_the_message_later():
    with Town() as t:
        t.start().ready()
        replies = [lambda b: [t.gate.body(b, busy=PB.Busy(retry_after_ms=400))], t.gate.receipt]
        t.gate.answers["consent"] = lambda b: replies.pop(0)(b)
        assert t.json(*GRANT, *PERSON)["leaf"] == 41


def full_outbox_refuses_more():
    with Town() as t:
        t.configure(extra="outbox_max = 1;")
        t.start().ready()
        assert t.json(*GRANT, *PERSON)["queued"] is True
        expect(t.agency(*GRANT, *PERSON), 75, "outbox_max")


def damaged_outbox_is_reported():
    with Town() as t:
        os.makedirs(f"{t.path}/outbox", mode=0o700)
        t.file("outbox/0193f1c2-7d10-7a44-9c1e-3f1d2b4c5a6b.msg", b"half a mess")
        t.start()
        assert t.ready()["outbox_bad"] == 1


def question_is_answered_and_a_second_time_the_same():
    with Town() as t:
        t.start().ready()
        t.gate.answers["insight_query"] = t.gate.insight(PB.INSIGHT_VALUE_YES)
        t.json("ask", "called", *WHO, *PERSON, *HOME)
        tokens = t.gate.until("insight_query").insight_query.subject
        question = t.gate.body(purpose="help", question=PB.Question(question="called", subject_kind=PB.SUBJECT_KIND_PERSON, subject=tokens,
                                                                    as_of=day("2022-11-01"), deadline_ms=10000, asking_sector="police"))
        t.gate.push(question)
        t.gate.push(question)
        first, second = t.gate.until("answer", 1), t.gate.until("answer", 2)
        assert first.answer.value == PB.ANSWER_VALUE_YES and first.in_reply_to == question.id and not first.answer.service
        assert first.id == second.id and first.answer == second.answer
        question.id = t.gate.body().id
        question.question.subject.tokens[0].value = bytes(32 * [9])
        del question.question.subject.tokens[1:]
        question.question.subject.tokens[0].kind = PB.TOKEN_KIND_NAME_DOB
        t.gate.push(question)
        assert t.gate.until("answer", 3).answer.value == PB.ANSWER_VALUE_NOT_KNOWN


def frames_that_are_none_do_no_harm():
    with Town() as t:
        t.start().ready()
        t.gate.push(t.gate.body(answer=PB.Answer(value=PB.ANSWER_VALUE_YES, data_as_of=1)))  # not a broker's to say
        t.gate.push(t.gate.body(purpose="help", question=PB.Question(question="called")))    # lacks what it must have
        t.gate.push(t.gate.body(lease=PB.Lease(civil_day=5)))                                # no such day
        t.gate.push(t.gate.body(receipt=PB.Receipt(leaf=1, at_ms=1)))                        # in reply to nothing
        end = time.monotonic() + 60
        while t.said().count("event=frame-dropped") < 4 and time.monotonic() < end:
            time.sleep(0.05)
        assert t.said().count("event=frame-dropped") == 4, t.said()
        assert t.adapter.poll() is None
        t.ready()


def rows_are_read_again_on_sighup():
    with Town() as t:
        t.start().ready()
        t.file("people.csv", "person_id,given_name,family_name,date_of_birth\npupil-17,Isla,Example,2014-05-14\npupil-18,Owen,Example,2016-03-22\n"
                             "pupil-19,Ann,Other,2015-01-01\n")
        t.adapter.send_signal(signal.SIGHUP)
        assert t.json("status")["people"] == 3
        t.file("people.csv", "person_id,given_name,family_name,date_of_birth\npupil-17,Isla,Example,2014-15-14\n")
        t.adapter.send_signal(signal.SIGHUP)
        status = t.json("status")
        assert (status["people"], status["rows"]) == (3, "old")
        assert "people.csv" in t.said() and "line=2" in t.said() and "2014-15-14" not in t.said()


def only_one_adapter_holds_an_outbox():
    with Town() as t:
        t.start().ready()
        expect(t.run(*RUN, "adapter.conf"), 73, "another adapter holds it")


def bad_rows_keep_the_adapter_from_starting():
    with Town() as t:
        t.file("people.csv", "person_id,given_name,family_name,date_of_birth\npupil-17,Isla,Example,14/05/2014\n")
        expect(t.run(*RUN, "adapter.conf"), 65, "line=2", "YYYY-MM-DD")


CONF_ERRORS = [
    ('agency = "school"', 'agency = "The School"', "adapter.conf:1: ", "small letters"),
    ('mode = "exercise"', 'mode = "rehearsal"', "adapter.conf:1: ", "live, exercise"),
    (f'origin = "{ORIGIN}";', "", "adapter.conf", "origin"),
    ("broker = {", "brokers = {", "adapter.conf:2: ", "did you mean broker?"),
    ("tcp://", "http://", "adapter.conf:2: ", "tcp://host:port"),
    ('sign = "keys/school.sign"', 'sign = "keys/nothing.sign"', "adapter.conf:3: ", "No such file"),
    ('sign = "keys/school.sign"', 'sign = "people.csv"', "adapter.conf:3: ", "people.csv"),
    ('curve = "keys/school.key_secret"', 'curve = "keys/school.key"', "school.key", "secret"),
    ('token = "keys/shared.token"', 'tokens = "keys/shared.token"', "adapter.conf:3: ", "did you mean token?"),
    ('socket = "adapter.sock"', f'socket = "{"s" * 120}"', "adapter.conf:4: ", "100 bytes"),
    ('outbox = "outbox"', "outbox = 7", "adapter.conf:4: ", ""),
    ('backend = "csv"', 'backend = "abacus"', "adapter.conf:4: ", "csv"),
    ('rule = "ever"', 'rule = "often"', "adapter.conf:7: ", "state, window, ever"),
    ('kinds = [ "school-concern" ];', "", "adapter.conf:7: ", "needs kinds"),
    ("questions = (", "outbox_max = 5000000000; questions = (", "adapter.conf:7: ", ""),
    ("questions = (", "questions = ((", "adapter.conf", "syntax"),
    ("questions = (", 'zone = "Mars/Olympus"; questions = (', "adapter.conf:7: ", "zone"),
    ("questions = (", "tokens = { epoch = 0; }; questions = (", "adapter.conf:7: ", ""),
]


def bad_configuration_is_told_with_file_and_line():
    with Town(gate=False) as t:
        good = Path(f"{t.path}/adapter.conf").read_text(encoding="ascii")
        expect(t.run(*RUN, "--check", "adapter.conf"), 0, "2 people")
        for old, new, where, words in CONF_ERRORS:
            assert old in good, old
            t.file("adapter.conf", good.replace(old, new, 1))
            for argv in ([*RUN, "--check", "adapter.conf"], [*RUN, "adapter.conf"]):
                expect(t.run(*argv), 78, where, words)
        t.file("adapter.conf", good.replace('agency = "school"', 'agency = "?"').replace('rule = "ever"', 'rule = "often"'))
        expect(t.run(*RUN, "--check", "adapter.conf"), 78, "adapter.conf:1: ", "adapter.conf:7: ")  # all in one run
        t.file("adapter.conf", good)
        os.chmod(f"{t.path}/keys/school.sign", 0o644)
        expect(t.run(*RUN, "--check", "adapter.conf"), 78, "chmod 600")
        expect(t.run(*RUN, "--check", "nothing.conf"), 66, "nothing.conf")
        for argv in ([], ["--wrong"], ["--check"], ["a", "b"]):
            expect(t.run(ADAPTER, *argv), 64, "usage")
        expect(t.run(ADAPTER, "--help"), 0, "--check", "SIGHUP")


def check_tells_bad_rows():
    with Town(gate=False) as t:
        t.file("contacts.csv", "contact_id,person_id,household_id,date\n1,pupil-17,,2022-01-01\n")
        expect(t.run(*RUN, "--check", "adapter.conf"), 65, "contacts.csv:1: ", "no column event", "1 error")
        os.unlink(f"{t.path}/contacts.csv")
        expect(t.run(*RUN, "--check", "adapter.conf"), 65, "contacts.csv: there is no such file")


USAGE_ERRORS = [
    ([], 64, "almoner --help"), (["fly"], 64, "unknown command"), (["consent"], 64, "grant, refuse"), (["ask"], 64, "which question"),
    (["ask", "q", "r"], 64, "not understood"), (["who", "--level", "location"], 64, "does not go with"), (["who", "--colour", "red"], 64, "unknown option"),
    (["who", "--given"], 64, "needs a value"), (["who", "--unborn=yes"], 64, "takes no value"), (["who", "--given", "A", "--given", "B"], 64, "twice"),
    (["who", "--subject", "nothing.json"], 66, "nothing.json"), (["who", "--subject", "people.csv"], 65, "people.csv:1"),
    (["who", "--subject", "dup.json"], 65, "duplicate"), (["who", "--home", "a;b;c;d;e;f"], 64, "fewer parts"),
    (["who", "--timeout", "soon"], 64, "seconds"), (["status", "--wait-day", "tomorrow"], 64, "YYYY-MM-DD"), (["consent", "change"], 64, "which consent"),
]


def commands_tell_what_is_wrong_with_them():
    with Town(gate=False) as t:
        t.file("dup.json", '{"given_name": "A", "given_name": "B"}')
        for words, code, said in USAGE_ERRORS:
            expect(t.agency(*words), code, said)
            if words[-1:] != ["--given"]:  # it would take --json for its value
                assert json.loads(t.agency(*words, "--json").stdout)["exit"] == code
        expect(t.run(AGENCY, "status", ALMONER_SOCKET=""), 69)
        for words in (["--help"], ["ask", "--help"], ["consent", "grant", "--help"], ["shield", "--help"]):
            expect(t.agency(*words), 0, "usage")


ADAPTER_ERRORS = [
    (["ask", "called", *WHO], "missing-field", "whom it is about"), (["ask", "called", *WHO[2:], *PERSON], "missing-field", "purpose"),
    (["ask", "called", *WHO, "--given", "Isla", "--family", "X"], "missing-field", "date_of_birth"),
    (["ask", "called", *WHO, "--given", "Isla", "--family", "X", "--born", "2014-02-30"], "bad-date", "date_of_birth"),
    (["ask", "called", *WHO, *PERSON, "--nhs", "9991010018"], "bad-subject", "nhs_number"),
    (["ask", "called", *WHO, *PERSON, "--home", "1 Row; NOWHERE"], "bad-subject", "homes[0]"),
    (["ask", "called", *WHO, *PERSON, "--home", "1 Row; ZZ7 8ZA; 2020-01-02; 2020-01-01"], "bad-date", "ends before"),
    (["ask", "Called!", *WHO, *PERSON], "bad-field", "question"), (["ask", "called", *WHO, *PERSON, "--login", "wink"], "bad-field", "password, two-factor"),
    (["ask", "called", *WHO, *PERSON, "--household", "1 Row; ZZ7 8ZA"], "two-subjects", "not both"),
    (["who", *WHO, "--subject", "typed/household.json"], "no-household", "once per person"),
    (["who", *WHO, "--subject", "odd.json"], "unknown-field", "shoe_size"),
    (["consent", "grant", *WHO, *PERSON, "--recipients", "*"], "missing-field", "capacity"),
    (["consent", "grant", *WHO, *PERSON, "--capacity", "aunt", "--recipients", "*"], "bad-field", "carer-without-pr"),
    (["consent", "grant", *WHO, *PERSON, "--capacity", "self"], "missing-field", "recipients"),
    (["consent", "grant", *WHO, *PERSON, "--capacity", "self", "--recipients", "a", "--sensitive-sources", "*"], "bad-field", "one by one"),
    (["consent", "grant", *WHO, *PERSON, "--capacity", "self", "--recipients", "*,a"], "bad-field", "either"),
    (["consent", "grant", *WHO, *PERSON, "--capacity", "self", "--recipients", "*", "--expires-on", "2020-01-01"], "bad-date", "expires_on"),
    (["consent", "withdraw", "--practitioner", "t-1", *PERSON], "missing-field", "purpose"), (["consent", "withdraw", "seven"], "bad-id", "id"),
    (["consent", "change", "0193f1c2-7d10-7a44-9c1e-3f1d2b4c5a6b"], "missing-field", "able_until"),
    (["shield", "--level", "low", "--reason", "x", *PERSON], "bad-field", "location"), (["shield", "--level", "location", *PERSON], "missing-field", "reason"),
    (["shield", "--level", "location", "--reason", "x", "--from", "2022-02-02", "--until", "2022-01-01", *PERSON], "bad-date", "until"),
    (["shield", "--level", "location", "--reason", "a\nb", *PERSON], "bad-field", "line break"),
]


def adapter_tells_what_is_wrong_with_a_request():
    with Town() as t:
        t.file("typed/household.json", '{"household": {"address": "1 Row", "postcode": "ZZ7 8ZA"}}')
        t.file("odd.json", '{"given_name": "A", "family_name": "B", "date_of_birth": "2014-01-01", "shoe_size": "5"}')
        t.start().ready()
        for words, error, said in ADAPTER_ERRORS:
            done = t.agency(*words, "--json")
            reply = json.loads(done.stdout)
            assert (reply["ok"], reply.get("error"), reply.get("exit")) == (False, error, done.returncode), f"{words}: {reply}"
            assert said in reply["message"], f"{words}: {reply}"
        assert not [b for b in t.gate.got if b.WhichOneof("payload") not in ("hello", "lease")]  # nothing of it went out
        assert not [n for n in os.listdir(f"{t.path}/outbox") if n.endswith(".msg")]


def consents_are_listed_page_by_page():
    def page(body):
        n = body.consent_list_query.page
        entry = PB.ConsentEntry(id=body.id, purpose=f"help-{n}", decision=PB.CONSENT_DECISION_GRANTED, capacity=PB.CAPACITY_SELF, given_on=day("2022-01-01"))
        return [t.gate.body(body, consent_list=PB.ConsentList(page=n, pages=3, entries=[entry]))]

    with Town() as t:
        t.start().ready()
        t.gate.answers["consent_list_query"] = page
        assert [c["purpose"] for c in t.json("consent", "list")["consents"]] == ["help-0", "help-1", "help-2"]
        expect(t.agency("consent", "list"), 0, "PURPOSE", "help-2", "granted")


def what_our_rows_know_is_shown_and_nothing_is_sent():
    with Town() as t:
        t.start().ready()
        known = t.json("subject", *PERSON, *HOME)
        assert (known["known"], known["relationship"]["kind"]) == ("yes", "involved")
        assert t.json("subject", "--given", "No", "--family", "Body", "--born", "1990-01-01")["known"] == "no"
        assert t.json("subject", *PERSON)["known"] == "ambiguous"
        assert t.json("questions")["questions"][0]["id"] == "called"
        expect(t.agency("questions"), 0, "with-us", "PURPOSE")
        assert not [b for b in t.gate.got if b.WhichOneof("payload") not in ("hello", "lease")]


only = sys.argv[5:]
main([f for name, f in list(globals().items()) if callable(f) and getattr(f, "__module__", "") == "__main__" and name.islower()
      and name not in ("generated", "c_id", "signed_for")
      and (not only or name in only)])
