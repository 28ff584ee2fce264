#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""test_adapter_exchange.py ADAPTER KEY PROTOC - concerns, referrals, watches, services and sealed texts on the adapter's local socket."""
import os
import sys
import threading
import time
from pathlib import Path

import nacl.public
import nacl.signing
from played_adapter import AdapterTown, announcement, day, generated, text_id, until, uuid7
from commands import main  # noqa: E402

ADAPTER, KEY, PROTOC = (str(Path(program).resolve()) for program in sys.argv[1:4])
PB = generated(PROTOC)
ISLA = {"given_name": "Isla", "family_name": "Example", "date_of_birth": "2014-05-14", "upn": "E987990118021"}
BY = {"purpose": "help", "basis": "duty", "role": "senco", "practitioner": "t-1"}
CONCERN = {"category": "neglect", "severity": "high", "subject": ISLA, **BY}
REFERRAL = {"kind": "soft", "reason": "debt", "subject": ISLA, **BY}
SECRET = "Ring her aunt first, not the flat."
LODGED = ("concern", "concern_change", "firing_update", "contact_request", "referral", "referral_update", "sealing_key", "watch", "watch_change",
          "outcome", "not_shared", "subscribe", "shield")


def town(extra="", **rest):
    t = AdapterTown(ADAPTER, KEY, PB, extra, **rest)
    for kind in LODGED:
        t.gate.answers[kind] = t.gate.lodged
    return t


def home_token(t, address="14 nowhere close", postcode="ZZ78ZA"):
    return t.tokens.value(7, address, postcode)


def lodged(t):
    return [b for b in t.gate.got if b.WhichOneof("payload") in LODGED]


# --- concerns ---
def concern_carries_its_home_route_and_event_and_no_identifier():
    with town() as t:
        t.start()
        reply = t.ok("concern-lodge", origin="MP-2022/0815", area="north", **CONCERN)
        assert reply["kind"] == "receipt" and reply["leaf"] == 1
        body = t.gate.until("concern")
        c = body.concern
        assert text_id(body.id) == reply["message_id"] and (body.purpose, body.basis, body.practitioner.ref) == ("help", "duty", "t-1")
        assert (c.category, c.area, c.severity, c.subject_kind) == ("neglect", "north", PB.SEVERITY_HIGH, PB.SUBJECT_KIND_PERSON)
        assert c.household.value == home_token(t), "the home on the day, by our own rows"
        assert c.contact_route == "the office" and c.observed_on == day("2022-08-15") and len(c.origin) == 32
        assert b"Isla" not in t.gate.frames[-1] and b"0815" not in t.gate.frames[-1]
        t.ok("concern-lodge", origin="mp 2022 0815", **CONCERN)
        t.ok("concern-lodge", origin="MP-2022/0816", contact_route="another desk", **CONCERN)
        again, other = t.gate.until("concern", 2).concern, t.gate.until("concern", 3).concern
        assert again.origin == c.origin and other.origin != c.origin and other.contact_route == "another desk"
        assert c.origin not in [token.value for token in c.subject.tokens]


def concern_before_anybody_lived_there_has_no_home():
    with town() as t:
        t.start()
        t.ok("concern-lodge", observed_on="2016-01-01", **CONCERN)
        assert not t.gate.until("concern").concern.HasField("household")


def shielded_home_leaves_no_trace_in_a_concern():
    with town() as t:
        homes = Path(t.path, "homes.csv")
        homes.write_text(homes.read_text().replace("ZZ7 8ZA,\n", "ZZ7 8ZA,2022-01-01\n"))
        t.start()
        t.ok("concern-lodge", **CONCERN)
        c = t.gate.until("concern").concern
        assert not c.HasField("household")
        assert not [token for token in c.subject.tokens if token.kind in (5, 6)]
        t.ok("concern-lodge", at_home={"address": "1 Other Road", "postcode": "ZZ7 8ZA"}, **CONCERN)
        assert t.gate.until("concern", 2).concern.household.value == home_token(t, "1 other road")


def concern_about_a_household_names_nobody():
    with town() as t:
        t.start()
        request = {**CONCERN, "household": {"address": "14 Nowhere Close", "postcode": "ZZ7 8ZA"}}
        del request["subject"]
        t.ok("concern-lodge", **request)
        c = t.gate.until("concern").concern
        assert c.subject_kind == PB.SUBJECT_KIND_HOUSEHOLD and c.household.value == home_token(t) and not c.HasField("subject")


def wrong_concerns_are_refused_before_anything_is_kept():
    with town() as t:
        t.start()
        without = lambda key: {k: v for k, v in CONCERN.items() if k != key}  # noqa: E731
        for word, request in (("missing-field", without("category")), ("missing-field", without("severity")), ("missing-field", without("subject")),
                              ("missing-field", without("purpose")), ("missing-field", without("basis")), ("bad-field", {**CONCERN, "severity": "5"}),
                              ("bad-field", {**CONCERN, "category": "Bad One"}), ("bad-date", {**CONCERN, "observed_on": "2022-08-16"}),
                              ("bad-date", {**CONCERN, "observed_on": "2022-02-30"}), ("bad-date", {**CONCERN, "expires_on": "2022-08-14"}),
                              ("bad-field", {**CONCERN, "origin": "--/--"}), ("bad-field", {**CONCERN, "origin": "1" * 200}),
                              ("unknown-field", {**CONCERN, "text": "he looked thin"}), ("bad-subject", {**CONCERN, "subject": {**ISLA, "nhs_number": "123"}}),
                              ("two-subjects", {**CONCERN, "household": {"address": "1 Row", "postcode": "ZZ7 8ZA"}}),
                              ("no-postcode", {**CONCERN, "at_home": {"address": "1 Row"}}), ("bad-field", {**CONCERN, "contact_route": "a\nb"}),
                              ("bad-field", {**CONCERN, "contact_route": "x" * 200})):
            t.error("concern-lodge", word, **request)
        some = text_id(uuid7())
        for op, word, request in (("concern-amend", "missing-field", {"severity": "low"}), ("concern-amend", "missing-field", {"concern": some}),
                                  ("concern-amend", "bad-id", {"concern": "17", "severity": "low"}), ("concern-withdraw", "missing-field", {}),
                                  ("concern-withdraw", "unknown-field", {"concern": some, "severity": "low"}), ("firing-acted", "missing-field", {}),
                                  ("contact", "missing-field", {"about": some}), ("contact", "missing-field", {"text": "call"}),
                                  ("watch-add", "missing-field", {"subject": ISLA, "until": "2023-01-01"}),
                                  ("watch-add", "missing-field", {"subject": ISLA, "agencies": ["*"]}),
                                  ("watch-add", "bad-date", {"subject": ISLA, "agencies": ["*"], "until": "2022-01-01"}),
                                  ("watch-add", "unknown-field", {"household": {"address": "1 Row", "postcode": "ZZ7 8ZA"}, "agencies": ["*"], "until": "2023-01-01"}),
                                  ("watch-add", "bad-field", {"subject": ISLA, "agencies": [f"a{i}" for i in range(17)], "until": "2023-01-01"}),
                                  ("watch-move", "missing-field", {"watch": some}), ("watch-move", "bad-field", {"watch": some, "until": "2023-01-01", "moved_on": "2022-08-01"}),
                                  ("watch-end", "missing-field", {}), ("outcome", "missing-field", {"about": some}),
                                  ("outcome", "bad-field", {"about": some, "effect": "great"}), ("outcome", "bad-field", {"about": some, "effect": "sooner", "minutes": 10001}),
                                  ("not-shared", "missing-field", {}), ("not-shared", "bad-field", {"reason": "Not Needed"})):
            t.error(op, word, **request)
        assert not lodged(t) and t.ok("status")["outbox"] == 0


def small_lodgings_say_what_they_are_about():
    with town() as t:
        t.start()
        some = uuid7()
        it = text_id(some)
        t.ok("concern-amend", concern=it, severity="low")
        t.ok("concern-withdraw", concern=it)
        t.ok("firing-acted", episode=it)
        t.ok("firing-close", episode=it, outcome="assessed")
        t.ok("contact", about=it, text="please call before noon")
        t.ok("watch-add", subject=ISLA, agencies=["police", "probation"], until="2023-02-01", review_on="2022-12-01")
        t.ok("watch-move", watch=it, at_home={"address": "2 New Road", "postcode": "ZZ7 8ZB"})
        t.ok("watch-end", watch=it)
        t.ok("outcome", about=it, effect="sooner", minutes="45", area="north")
        t.ok("not-shared", reason="no-need", question="called")
        amend, withdraw, acted, close, contact, watch, move, end, outcome, not_shared = lodged(t)
        assert amend.concern_change.concern == some and amend.concern_change.severity == PB.SEVERITY_LOW and not amend.concern_change.withdraw
        assert withdraw.concern_change.withdraw and not withdraw.concern_change.severity
        assert (acted.firing_update.step, close.firing_update.step, close.firing_update.outcome) == (PB.FIRING_STEP_ACTED, PB.FIRING_STEP_CLOSED, "assessed")
        assert (contact.contact_request.contact_route, contact.contact_request.text) == ("the office", "please call before noon")
        w = watch.watch
        assert list(w.agencies.agencies) == ["police", "probation"] and w.household.value == home_token(t)
        assert (getattr(w, "from"), w.until, w.review_on) == (day("2022-08-15"), day("2023-02-01"), day("2022-12-01"))
        assert move.watch_change.household.value == home_token(t, "2 new road", "ZZ78ZB") and move.watch_change.moved_on == day("2022-08-15")
        assert end.watch_change.end and not end.watch_change.moved_on
        assert (outcome.outcome.effect, outcome.outcome.minutes_saved, outcome.outcome.area) == (PB.OUTCOME_EFFECT_SOONER, 45, "north")
        assert (not_shared.not_shared.reason, not_shared.not_shared.question) == ("no-need", "called")


# --- ids of the caller's choosing ---
def same_id_and_content_gives_the_first_receipt_without_sending_again():
    with town() as t:
        t.start()
        it = text_id(uuid7())
        first = t.ok("concern-lodge", id=it, **CONCERN)
        assert first["message_id"] == it
        second = t.ok("concern-lodge", id=it, **CONCERN)
        assert (second["leaf"], second["at"], second["message_id"]) == (first["leaf"], first["at"], it)
        t.kill()
        t.start()
        assert t.ok("concern-lodge", id=it, **CONCERN)["leaf"] == first["leaf"]
        assert len([b for b in t.gate.got if b.WhichOneof("payload") == "concern"]) == 1


def same_id_with_other_content_is_refused_and_nothing_is_sent():
    with town() as t:
        t.start()
        it = text_id(uuid7())
        t.ok("concern-lodge", id=it, **CONCERN)
        t.error("concern-lodge", "id-reused", 65, id=it, **{**CONCERN, "severity": "low"})
        t.error("outcome", "id-reused", 65, id=it, about=it, effect="sooner")
        assert len(lodged(t)) == 1


def same_id_while_it_waits_is_one_message():
    with town() as t:
        t.gate.answers["concern"] = lambda body: []
        t.start()
        it = text_id(uuid7())
        replies = []
        callers = [threading.Thread(target=lambda: replies.append((time.monotonic(), t.ok("concern-lodge", id=it, **CONCERN), time.monotonic()))) for _ in range(3)]
        for caller in callers:
            caller.start()
        t.gate.until("concern")
        until(lambda: t.ok("status")["outbox"] == 1, what="one in the outbox")
        time.sleep(0.3)
        t.gate.answers["concern"] = t.gate.lodged
        t.gate.push(t.gate.lodged(t.gate.until("concern"))[0])
        for caller in callers:
            caller.join(20)
        # Who has waited four seconds, on a slow machine, is told that it is queued.
        assert len(replies) == 3 and all(r.get("leaf", 1 if end - begun >= 4 else None) == 1 for begun, r, end in replies), replies
        t.kill()
        t.start()
        assert t.ok("concern-lodge", id=it, **CONCERN)["leaf"] == 1


def same_id_with_other_content_is_refused_also_while_the_first_takes_its_steps():
    with town() as t:
        advice = Advice(t)
        t.gate.answers["sealing_key_query"] = lambda body: []  # the keys are slow to come
        t.start()
        it = text_id(uuid7())
        replies = {}

        def refer(body):
            replies[body] = t.op("refer", to="advice", body=body, id=it, **REFERRAL)

        callers = [threading.Thread(target=refer, args=(body,)) for body in (SECRET, "Something else.")]
        for n, caller in enumerate(callers, 1):
            caller.start()
            t.gate.until("sealing_key_query", n)
        for query in [b for b in t.gate.got if b.WhichOneof("payload") == "sealing_key_query"]:
            t.gate.push(advice.answer(query)[0])
        for caller in callers:
            caller.join(30)
        assert replies[SECRET].get("leaf") == 1 and replies["Something else."].get("error") == "id-reused", replies
        body = t.gate.until("referral")
        assert advice.open(body.referral.sealed, body.id) == SECRET and len(lodged(t)) == 1


def id_refused_by_the_broker_is_refused_again_alike():
    with town() as t:
        t.gate.answers["concern"] = t.gate.refusal("not-a-party")
        t.start()
        it = text_id(uuid7())
        assert t.ok("concern-lodge", id=it, **CONCERN)["reason"] == "not-a-party"
        t.gate.answers["concern"] = t.gate.lodged
        again = t.ok("concern-lodge", id=it, **CONCERN)
        assert (again["kind"], again["reason"]) == ("refusal", "not-a-party")
        assert len(lodged(t)) == 1


def ids_that_are_none_and_ids_of_questions_are_refused():
    with town() as t:
        t.start()
        for bad in ("17", "018f3f3a-0000-4000-8000-000000000000", 17, text_id(uuid7()).replace("-", "")):
            got = t.op("concern-lodge", id=bad, **CONCERN)
            assert got["ok"] is False and got["error"] in ("bad-id", "bad-field"), got
        t.error("due", "unknown-field", id=text_id(uuid7()))
        assert not lodged(t)


def digest_of_a_request_is_keyed():
    with town() as t:
        t.start()
        it = text_id(uuid7())
        t.ok("concern-lodge", id=it, **CONCERN)
        record = Path(t.path, "state/asked", it).read_bytes()
        assert b"Isla" not in record and len(record) < 200


# --- sealed texts ---
class Advice:
    """Another agency with a sealing key, as the broker tells of it."""

    def __init__(self, t, agency="advice"):
        self.t, self.agency = t, agency
        self.sign = nacl.signing.SigningKey.generate()
        self.keys = [nacl.public.PrivateKey.generate()]
        self.told = [announcement(PB, self.sign, agency, self.keys[0].public_key.encode())]
        self.queries = 0
        t.gate.answers["sealing_key_query"] = self.answer

    def answer(self, body):
        self.queries += 1
        if body.sealing_key_query.agency != self.agency:
            return [self.t.gate.body(body, sealing_keys=PB.SealingKeys(agency=body.sealing_key_query.agency, sign_key=self.t.signing().verify_key.encode()))]
        return [self.t.gate.body(body, sealing_keys=PB.SealingKeys(agency=self.agency, sign_key=self.sign.verify_key.encode(), keys=self.told))]

    def change(self, announced, first=None):
        key = nacl.public.PrivateKey.generate()
        previous = self.keys[-1].public_key.encode() if announced else None
        link = announcement(PB, self.sign, self.agency, key.public_key.encode(), previous, first)
        self.told = self.told + [link] if announced else [link]
        self.keys.append(key)

    def newest(self):
        return self.keys[-1].public_key.encode()

    def open(self, sealed, referral, agency="school", key=None):
        plain = nacl.public.SealedBox(key or self.keys[-1]).decrypt(sealed)
        assert len(plain) % 1024 == 0 and plain[:9] == b"ALMSEAL1\0" and plain[9:25] == referral
        at = 25
        n = int.from_bytes(plain[at:at + 4], "big")
        assert plain[at + 4:at + 4 + n].decode() == agency
        at += 4 + n
        n = int.from_bytes(plain[at:at + 4], "big")
        assert not any(plain[at + 4 + n:])
        return plain[at + 4:at + 4 + n].decode()


def box_for(t, referral, text, writer="advice"):
    octets = text.encode()
    plain = b"ALMSEAL1\0" + referral + len(writer).to_bytes(4, "big") + writer.encode() + len(octets).to_bytes(4, "big") + octets
    return nacl.public.SealedBox(t.seal_key.public_key).encrypt(plain + bytes(-len(plain) % 1024))


def text_is_sealed_to_the_receiver_and_lies_nowhere_in_the_clear():
    with town() as t:
        advice = Advice(t)
        t.start()
        reply = t.ok("refer", to="advice", body=SECRET, made=["eligibility-checked", "form-verified"], **REFERRAL)
        body = t.gate.until("referral")
        r = body.referral
        assert text_id(body.id) == reply["message_id"] and (r.to, r.kind, r.reason, r.made, r.origin) == \
            ("advice", PB.REFERRAL_KIND_SOFT, "debt", 3, PB.REFERRAL_ORIGIN_AGENCY)
        assert r.sealed_to == advice.newest() and advice.open(r.sealed, body.id) == SECRET
        assert not any(SECRET.encode() in f for f in t.gate.frames)
        assert t.on_disk(b"her aunt") == [] and "aunt" not in t.said()


def text_waits_sealed_in_the_outbox():
    with town() as t:
        Advice(t)
        t.gate.answers["referral"] = lambda body: []
        t.start()
        t.ok("refer", to="advice", body=SECRET, id=text_id(uuid7()), **REFERRAL)
        assert t.ok("status")["outbox"] == 1
        assert t.on_disk(b"her aunt") == []


def referral_without_a_text_needs_no_key():
    with town() as t:
        advice = Advice(t)
        t.start()
        t.ok("refer", to="advice", **REFERRAL)
        assert not t.gate.until("referral").referral.sealed and advice.queries == 0


def receiver_without_a_key_gets_no_text():
    with town() as t:
        advice = Advice(t)
        advice.told = []
        t.start()
        t.error("refer", "no-sealing-key", 69, to="advice", body=SECRET, **REFERRAL)
        assert not lodged(t)


def unannounced_change_of_key_is_refused_until_somebody_has_telephoned():
    with town() as t:
        advice = Advice(t)
        t.start()
        t.ok("refer", to="advice", body=SECRET, **REFERRAL)
        advice.change(announced=False)
        wrong = t.error("refer", "sealing-key-changed", 77, to="advice", body=SECRET, **REFERRAL)
        assert "elephone" in wrong["message"] and "sealing accept advice" in wrong["message"]
        assert len(lodged(t)) == 1 and "event=sealing-key-changed" in t.said()
        t.kill()
        t.start()
        t.error("refer", "sealing-key-changed", 77, to="advice", body=SECRET, **REFERRAL)
        listed = t.ok("sealing-list", agency="advice")
        assert listed["state"] == "changed" and listed["pinned"] == advice.keys[0].public_key.encode().hex()
        t.error("sealing-accept", "not-its-key", 65, agency="advice", key=advice.keys[0].public_key.encode().hex())
        t.error("sealing-accept", "bad-field", agency="advice", key="12ab")
        accepted = t.ok("sealing-accept", agency="advice", key=advice.newest().hex())
        assert (accepted["state"], accepted["pinned"]) == ("pinned", advice.newest().hex())
        t.ok("refer", to="advice", body=SECRET, **REFERRAL)
        body = t.gate.until("referral", 2)
        assert advice.open(body.referral.sealed, body.id) == SECRET


def announced_change_is_followed_from_its_day():
    with town() as t:
        advice = Advice(t)
        t.start()
        t.ok("refer", to="advice", body=SECRET, **REFERRAL)
        advice.change(announced=True, first="2022-08-16")
        t.ok("refer", to="advice", body=SECRET, **REFERRAL)
        assert t.gate.until("referral", 2).referral.sealed_to == advice.keys[0].public_key.encode()
        t.gate.day = day("2022-08-16")
        t.gate.push(t.gate.body(lease=PB.Lease(civil_day=t.gate.day, policy=t.gate.policy)))
        until(lambda: t.ok("status")["civil_day"] == "2022-08-16", what="the next day")
        t.ok("refer", to="advice", body=SECRET, **REFERRAL)
        assert t.gate.until("referral", 3).referral.sealed_to == advice.newest()


def key_that_somebody_else_signed_is_refused():
    with town() as t:
        advice = Advice(t)
        advice.told = [announcement(PB, nacl.signing.SigningKey.generate(), "advice", advice.newest())]
        t.start()
        t.error("refer", "sealing-key-changed", 77, to="advice", body=SECRET, **REFERRAL)
        t.error("sealing-accept", "bad-signature", 77, agency="advice", key=advice.newest().hex())
        assert not lodged(t)


def pinned_key_serves_while_the_broker_is_away():
    with town() as t:
        advice = Advice(t)
        t.start()
        t.ok("refer", to="advice", body=SECRET, **REFERRAL)
        t.gate.silent = True
        until(lambda: not t.ok("status")["connected"], 60, "the loss of the broker")
        assert t.ok("refer", to="advice", body=SECRET, **REFERRAL)["queued"] is True
        t.error("refer", "not-connected", 75, to="elsewhere", body=SECRET, **REFERRAL)
        t.gate.silent = False
        t.ready()
        body = t.gate.until("referral", 2, 30)
        assert advice.open(body.referral.sealed, body.id) == SECRET


def service_stands_for_its_agency():
    with town() as t:
        advice = Advice(t)
        services = [PB.Service(id=f"s{i}", agency="others", title="T", kinds=3) for i in range(16)]
        page = lambda b: PB.Directory(page=b.directory_query.page, pages=2, services=services if b.directory_query.page == 0 else  # noqa: E731
                                      [PB.Service(id="debt-advice", agency="advice", title="Debt advice", contact="01", needs=["debt"], kinds=3, criteria=True)])
        t.gate.answers["directory_query"] = lambda b: [t.gate.body(b, directory=page(b))]
        t.start()
        t.ok("refer", service="debt-advice", body=SECRET, **REFERRAL)
        r = t.gate.until("referral").referral
        assert (r.to, r.service) == ("advice", "debt-advice") and r.sealed_to == advice.newest()
        t.error("refer", "no-service", service="no-such", **REFERRAL)
        found = t.ok("service-find", need="debt", kind="soft")["services"]
        assert len(found) == 17 and found[16] == {"service": "debt-advice", "agency": "advice", "title": "Debt advice", "contact": "01", "needs": ["debt"],
                                                  "referral_kinds": ["signposting", "soft"], "criteria": True}
        query = t.gate.got[-1].directory_query
        assert (query.need, query.kind, query.page) == ("debt", PB.REFERRAL_KIND_SOFT, 1)


def self_referral_is_lodged_by_its_receiver():
    with town() as t:
        t.start()
        t.ok("refer", origin="self", **REFERRAL)
        r = t.gate.until("referral").referral
        assert (r.to, r.origin) == ("school", PB.REFERRAL_ORIGIN_SELF)
        t.error("refer", "bad-field", origin="self", to="advice", **REFERRAL)
        t.error("refer", "bad-field", origin="anonymous", body=SECRET, **REFERRAL)
        sent = t.ok("refer", to="advice", made=["assessed"], **REFERRAL)["message_id"]
        our_referrals(t)
        shown = t.ok("referral-show", referral=sent)
        assert (shown["reason"], shown["made"], shown["subject"]["ref"], shown["history"]) == ("debt", ["assessed"], "pupil-17", []), shown


def wrong_referrals_and_steps_are_refused_before_anything_is_sent():
    with town() as t:
        Advice(t)
        t.start()
        for word, request in (("missing-field", REFERRAL), ("bad-field", {**REFERRAL, "to": "advice", "kind": "strong"}),
                              ("missing-field", {k: v for k, v in REFERRAL.items() if k != "reason"} | {"to": "advice"}),
                              ("missing-field", {k: v for k, v in REFERRAL.items() if k != "practitioner"} | {"to": "advice"}),
                              ("bad-field", {**REFERRAL, "to": "advice", "made": ["guessed"]}), ("bad-field", {**REFERRAL, "to": "advice", "made": "assessed"}),
                              ("bad-field", {**REFERRAL, "to": "advice", "pounds": 5}), ("bad-field", {**REFERRAL, "to": "advice", "kind": "booked", "pounds": -5}),
                              ("bad-date", {**REFERRAL, "to": "advice", "sent_on": "2022-08-16"}), ("bad-field", {**REFERRAL, "to": "advice", "body": 7}),
                              ("bad-field", {**REFERRAL, "to": "advice", "body": "x" * 14001}), ("unknown-field", {**REFERRAL, "to": "advice", "note": "x"})):
            t.error("refer", word, **request)
        some = {"referral": text_id(uuid7()), **BY}
        for word, request in (("missing-field", {"step": "accepted"}), ("missing-field", some), ("bad-field", {**some, "step": "eaten"}),
                              ("missing-field", {**some, "step": "rejected"}), ("missing-field", {**some, "step": "redirected"}),
                              ("missing-field", {**some, "step": "downgraded", "reason": "x"}), ("missing-field", {**some, "step": "closed"}),
                              ("bad-field", {**some, "step": "accepted", "redirect_to": "advice"}), ("bad-field", {**some, "step": "accepted", "kind": "soft"}),
                              ("bad-field", {**some, "step": "accepted", "outcome": "helped"}), ("bad-date", {**some, "step": "accepted", "on": "2022-08-16"})):
            t.error("referral-step", word, **request)
        assert not lodged(t)


def our_referrals(t, *entries):
    t.gate.answers["referral_query"] = lambda b: [t.gate.body(b, referral_list=PB.ReferralList(page=0, pages=1, entries=entries))]


def state(t, referral, sender, receiver):
    return PB.ReferralState(referral=referral, state=PB.REFERRAL_STATUS_SENT, kind=PB.REFERRAL_KIND_SOFT, to=receiver, since=day("2022-08-01"),
                            due_on=day("2022-08-29"), due_role="duty", as_of=day("2022-08-15"), **{"from": sender})


def step_with_a_text_is_sealed_to_the_other_party():
    with town() as t:
        advice, it = Advice(t), uuid7()
        our_referrals(t, state(t, it, "advice", "school"))
        t.start()
        t.ok("referral-step", referral=text_id(it), step="more-info", body=SECRET, **BY)
        u = t.gate.until("referral_update").referral_update
        assert (u.referral, u.step, u.on) == (it, PB.REFERRAL_STEP_MORE_INFO, day("2022-08-15")) and u.sealed_to == advice.newest()
        assert advice.open(u.sealed, it) == SECRET
        t.ok("referral-step", referral=text_id(it), step="accepted", **BY)
        assert not t.gate.until("referral_update", 2).referral_update.sealed
        t.error("referral-step", "no-referral", 66, referral=text_id(uuid7()), step="accepted", body=SECRET, **BY)
        debt = Advice(t, "debt-line")
        t.ok("referral-step", referral=text_id(it), step="redirected", redirect_to="debt-line", body=SECRET, **BY)
        u = t.gate.until("referral_update", 3).referral_update
        assert u.sealed_to == debt.newest() and debt.open(u.sealed, it) == SECRET, "to the next receiver, not back"


def sealed_texts_are_read_by_who_holds_the_key():
    with town() as t:
        it = uuid7()
        our_referrals(t, state(t, it, "advice", "school"))
        t.start()
        to = bytes(t.seal_key.public_key)
        t.gate.deliver(referral=PB.Referral(kind=PB.REFERRAL_KIND_SOFT, origin=PB.REFERRAL_ORIGIN_AGENCY, to="school", subject_kind=PB.SUBJECT_KIND_PERSON,
                                            subject=subject(t), reason="debt", sent_on=day("2022-08-01"), sealed=box_for(t, it, SECRET), sealed_to=to),
                       **{"from": "advice", "referral_id": it})
        t.gate.deliver(update=PB.ReferralUpdate(referral=it, step=PB.REFERRAL_STEP_INFO_GIVEN, on=day("2022-08-10"), sealed=box_for(t, it, "Sunday."), sealed_to=to),
                       **{"from": "advice"})
        t.acked("inbox", 2)
        t.ok("stream-done", seq=1)  # what is done can still be read
        texts = t.ok("referral-read", referral=text_id(it))["texts"]
        assert {x["written_by"] for x in texts} == {"advice"}
        assert [(x["step"], x["on"], x["from"], x["text"]) for x in texts] == [("sent", "2022-08-01", "advice", SECRET), ("info-given", "2022-08-10", "advice", "Sunday.")]
        assert t.on_disk(b"her aunt") == [] and "aunt" not in t.said()
        t.error("referral-read", "no-body", 66, referral=text_id(uuid7()))
        passed_on = uuid7()
        t.gate.deliver(referral=PB.Referral(kind=PB.REFERRAL_KIND_SOFT, origin=PB.REFERRAL_ORIGIN_AGENCY, to="school", subject_kind=PB.SUBJECT_KIND_PERSON,
                                            subject=subject(t), reason="debt", sent_on=day("2022-08-01"), sealed=box_for(t, passed_on, SECRET, "debt-line"),
                                            sealed_to=to), **{"from": "advice", "referral_id": passed_on})
        t.acked("inbox", 3)
        (text,) = t.ok("referral-read", referral=text_id(passed_on))["texts"]
        assert (text["from"], text["written_by"]) == ("advice", "debt-line"), "who passed it on wrote it"
        shown = t.ok("referral-show", referral=text_id(it))
        assert (shown["state"], shown["from"], shown["reason"], shown["has_body"], shown["due_on"]) == ("sent", "advice", "debt", True, "2022-08-29"), shown
        assert [h["step"] for h in shown["history"]] == ["info-given"] and shown["history"][0]["has_body"] is True
        t.ok("referral-step", referral=text_id(it), step="accepted", on="2022-08-11", **BY)
        t.ok("referral-step", referral=text_id(uuid7()), step="accepted", **BY)
        until(lambda: t.ok("status")["outbox"] == 0, what="both receipts")
        history = t.ok("referral-show", referral=text_id(it))["history"]
        assert [(h["step"], h["on"], h["from"]) for h in history] == [("info-given", "2022-08-10", "advice"), ("accepted", "2022-08-11", "school")], history
        assert t.events("sent-by-us") == []
        t.error("stream-subscribe", "bad-field", stream="sent-by-us")
        assert shown["subject"]["ref"] == "pupil-17"
        t.error("referral-show", "no-referral", 66, referral=text_id(uuid7()))
        (entry,) = t.ok("referral-list", open_only=True)["referrals"]
        assert (entry["referral"], entry["state"], entry["to"]) == (text_id(it), "sent", "school") and t.gate.got[-1].referral_query.open_only


def subject(t):
    s = PB.TokenSet()
    t.tokens.person(PB, s, "Isla", "Example", "2014-05-14", postcode="ZZ7 8ZA")
    return s


def text_moved_from_another_referral_or_writer_does_not_open():
    with town() as t:
        mine, other = uuid7(), uuid7()
        t.start()
        to = bytes(t.seal_key.public_key)
        for referral, box, writer in ((mine, box_for(t, other, SECRET), "advice"), (other, box_for(t, other, SECRET, "forger"), "advice")):
            t.gate.deliver(update=PB.ReferralUpdate(referral=referral, step=PB.REFERRAL_STEP_INFO_GIVEN, on=day("2022-08-10"), sealed=box, sealed_to=to),
                           **{"from": writer})
        t.acked("inbox", 2)
        t.error("referral-read", "not-opened", 65, referral=text_id(mine))
        t.error("referral-read", "not-opened", 65, referral=text_id(other))


def adapter_without_a_sealing_key_reads_and_publishes_none():
    with town(seal=False) as t:
        t.start()
        t.error("referral-read", "no-sealing-key", 69, referral=text_id(uuid7()))
        t.error("sealing-publish", "no-sealing-key", 69)


def our_key_is_published_once_and_a_new_one_names_the_old():
    with town() as t:
        told = []
        t.gate.answers["sealing_key_query"] = lambda b: [t.gate.body(b, sealing_keys=PB.SealingKeys(
            agency="school", sign_key=t.signing().verify_key.encode(), keys=told))]
        t.start()
        assert t.ok("sealing-list")["state"] == "none"
        t.ok("sealing-publish")
        body = t.gate.until("sealing_key")
        k = body.sealing_key
        assert k.key == bytes(t.seal_key.public_key) and not k.previous and getattr(k, "from") == day("2022-08-15")
        frame = next(f for f in t.gate.frames if PB.Body.FromString(PB.Envelope.FromString(f).body).WhichOneof("payload") == "sealing_key")
        envelope = PB.Envelope.FromString(frame)
        told.append(PB.SealingSigned(body=envelope.body, signature=envelope.signature))
        listed = t.ok("sealing-list")
        assert (listed["state"], listed["keys"][0]["key"]) == ("pinned", bytes(t.seal_key.public_key).hex())
        t.error("sealing-publish", "already-published")
        old, fresh = bytes(t.seal_key.public_key), nacl.public.PrivateKey.generate()
        t.stop()
        t.file("keys/school.seal", fresh.encode().hex() + "\n")
        t.start()
        t.ok("sealing-publish", **{"from": "2022-09-01"})
        k = t.gate.until("sealing_key", 2).sealing_key
        assert k.key == bytes(fresh.public_key) and k.previous == old and getattr(k, "from") == day("2022-09-01")
        t.error("sealing-accept", "bad-field", agency="school", key=old.hex())


def wrong_settings_are_told_with_file_and_line_and_nothing_starts():
    with town() as t:
        for extra, words in (("inbox_max = 0;", "inbox_max"), ("inbox_max = \"many\";", "inbox_max"), ("inbox_keep_days = 4000;", "inbox_keep_days"),
                             ("inboxes = 1;", "inboxes"), ("pins = 7;", "pins")):
            t.configure(extra)
            done = t.run(t.program, "adapter.conf")
            assert done.returncode == 78 and words in done.stderr and "adapter.conf:" in done.stderr, (extra, done.stderr)
        t.configure()
        t.file("keys/school.seal", "not a key\n")
        assert "64 hex" in t.run(t.program, "adapter.conf").stderr
        t.file("keys/school.seal", t.seal_key.encode().hex() + "\n", mode=0o644)
        assert "others may read" in t.run(t.program, "adapter.conf").stderr
        os.remove(f"{t.path}/keys/school.seal")
        assert t.run(t.program, "adapter.conf").returncode == 78


def folders_that_another_adapter_holds_or_that_cannot_be_made_end_the_start():
    with town() as t:
        t.start()
        text = Path(t.path, "adapter.conf").read_text()
        t.file("second.conf", text.replace("state/outbox", "second/outbox").replace("adapter.sock", "second.sock") + 'inbox = "state/inbox";\n')
        done = t.run(t.program, "second.conf")
        assert done.returncode == 73 and "another adapter holds it" in done.stderr, done.stderr
        t.file("in-the-way")
        t.file("third.conf", text.replace("state/outbox", "third/outbox").replace("adapter.sock", "third.sock") + 'pins = "in-the-way/pins";\n')
        done = t.run(t.program, "third.conf")
        assert done.returncode == 73 and "event=folder-not-opened" in done.stderr, done.stderr


def damaged_pin_is_no_first_use():
    with town() as t:
        Advice(t)
        t.start()
        t.ok("refer", to="advice", body=SECRET, **REFERRAL)
        Path(t.path, "state/pins/advice").write_bytes(b"ALMPIN1")
        t.error("refer", "pins-failed", 74, to="advice", body=SECRET, **REFERRAL)
        assert len(lodged(t)) == 1


# --- what is asked ---
def threshold_and_referral_state_are_told():
    with town() as t:
        it = uuid7()
        t.gate.answers["insight_query"] = lambda b: [t.gate.body(b, referral_state=state(t, it, "", "advice"))] if b.insight_query.referral else \
            [t.gate.body(b, threshold_state=PB.ThresholdState(fired=True, fired_on=day("2022-08-01"), masked=True, as_of=day("2022-08-15"), policy_rule="r1",
                                                              contributors=[PB.Contributor(agency="elm", agency_name="Elm", contact_route="1")]))]
        t.start()
        told = t.ok("ask", question="t1", subject=ISLA, statements=["necessity", "para18-reason"], **BY)
        assert (told["kind"], told["fired"], told["fired_on"], told["masked"], told["contributors"]) == \
            ("threshold", True, "2022-08-01", True, [{"agency": "elm", "name": "Elm", "contact_route": "1"}])
        assert t.gate.got[-1].insight_query.statements == 9
        told = t.ok("ask", question="referral-state", referral=text_id(it), **BY)
        assert (told["kind"], told["state"], told["from"], told["to"], told["due_on"]) == ("referral-state", "sent", "", "advice", "2022-08-29")
        q = t.gate.got[-1].insight_query
        assert q.referral == it and len(q.subject.tokens) == 1
        t.ok("ask", question="referral-state", referral=text_id(it), **BY)
        assert t.gate.got[-1].insight_query.subject != q.subject, "by chance, and nobody's"
        t.error("ask", "bad-field", question="t1", subject=ISLA, statements=["because"], **BY)
        t.error("who", "bad-field", subject=ISLA, statements="necessity", **BY)


def what_is_due_comes_in_pages_and_whole():
    with town() as t:
        def due(b):
            page = b.due_query.page
            entries = [PB.DueEntry(kind=PB.DUE_KIND_REFERRAL, about=uuid7(), role="duty", due_ms=1660000000000 + i, overdue=True, text="late")
                       for i in range(32 if page < 2 else 3)]
            return [t.gate.body(b, due_list=PB.DueList(page=page, pages=3, entries=entries))]
        t.gate.answers["due_query"] = due
        t.start()
        listed = t.ok("due", overdue=True)["due"]
        assert len(listed) == 67 and listed[0]["due_kind"] == "referral" and listed[0]["overdue"] is True
        t.gate.answers["due_query"] = lambda b: [t.gate.body(b, due_list=PB.DueList(page=0, pages=0))]
        assert t.ok("due")["due"] == []
        t.gate.answers["due_query"] = t.gate.refusal("not-a-party")
        assert t.ok("due")["kind"] == "refusal"
        t.error("due", "bad-field", overdue="yes")


def eligibility_says_what_is_missing():
    with town() as t:
        t.gate.answers["eligibility_query"] = lambda b: [t.gate.body(b, eligibility=PB.Eligibility(
            value=PB.ELIGIBLE_CANNOT_SAY, completeness=PB.COMPLETENESS_SOME, missing=["lives-at"], as_of=day("2022-08-15"), policy_rule="r", guidance="g"))]
        t.start()
        told = t.ok("service-eligible", service="debt-advice", subject=ISLA, **BY)
        assert (told["service"], told["value"], told["missing"], told["completeness"]) == ("debt-advice", "cannot-say", ["lives-at"], "some")
        q = t.gate.got[-1].eligibility_query
        assert q.service == "debt-advice" and q.relationship.kind == PB.RELATIONSHIP_KIND_INVOLVED
        for word, request in (("missing-field", {"subject": ISLA, **BY}), ("missing-field", {"service": "x", **BY}), ("missing-field", {"service": "x", "subject": ISLA})):
            t.error("service-eligible", word, **request)


def nothing_that_asks_the_broker_works_without_it_and_lodging_does():
    with town() as t:
        t.start()
        t.gate.silent = True
        until(lambda: not t.ok("status")["connected"], 60, "the loss of the broker")
        for op, request in (("due", {}), ("service-find", {}), ("stream-status", {}), ("referral-list", {}), ("referral-show", {"referral": text_id(uuid7())}),
                            ("sealing-list", {}), ("sealing-publish", {}), ("service-eligible", {"service": "x", "subject": ISLA, **BY})):
            t.error(op, "not-connected", 75, **request)
        assert t.ok("concern-lodge", **CONCERN)["queued"] is True
        assert t.events() == []
        t.gate.silent = False
        t.gate.until("concern", 1, 60)


main([concern_carries_its_home_route_and_event_and_no_identifier, concern_before_anybody_lived_there_has_no_home,
      shielded_home_leaves_no_trace_in_a_concern, concern_about_a_household_names_nobody, wrong_concerns_are_refused_before_anything_is_kept,
      small_lodgings_say_what_they_are_about, same_id_and_content_gives_the_first_receipt_without_sending_again,
      same_id_with_other_content_is_refused_and_nothing_is_sent, same_id_while_it_waits_is_one_message,
      same_id_with_other_content_is_refused_also_while_the_first_takes_its_steps, id_refused_by_the_broker_is_refused_again_alike, ids_that_are_none_and_ids_of_questions_are_refused, digest_of_a_request_is_keyed,
      text_is_sealed_to_the_receiver_and_lies_nowhere_in_the_clear, text_waits_sealed_in_the_outbox, referral_without_a_text_needs_no_key,
      receiver_without_a_key_gets_no_text, unannounced_change_of_key_is_refused_until_somebody_has_telephoned,
      announced_change_is_followed_from_its_day, key_that_somebody_else_signed_is_refused, pinned_key_serves_while_the_broker_is_away,
      service_stands_for_its_agency, self_referral_is_lodged_by_its_receiver, wrong_referrals_and_steps_are_refused_before_anything_is_sent,
      step_with_a_text_is_sealed_to_the_other_party, sealed_texts_are_read_by_who_holds_the_key,
      text_moved_from_another_referral_or_writer_does_not_open, adapter_without_a_sealing_key_reads_and_publishes_none,
      our_key_is_published_once_and_a_new_one_names_the_old, wrong_settings_are_told_with_file_and_line_and_nothing_starts,
      folders_that_another_adapter_holds_or_that_cannot_be_made_end_the_start, damaged_pin_is_no_first_use, threshold_and_referral_state_are_told, what_is_due_comes_in_pages_and_whole,
      eligibility_says_what_is_missing, nothing_that_asks_the_broker_works_without_it_and_lodging_does])
