#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Promise 5: refusing does not tell. Frames are compared byte by byte and shape by shape; no time is asserted. argv: protoc."""
import sys

from town import CHILDRENS, POLICE, RIVER, SCHOOL, TEAM, Holders, Person, Tap, Town, generated, is_kind, told

HOME = ("2 Hazel Court", "ZZ9 9ZA")
LAST = "2021-06-12"  # of an expired consent


def people_of_each_reason():
    """reason in the log -> (somebody to whom it applies, what is lodged beforehand: a function of (childrens, school))."""
    who = {reason: Person(f"Given{n}", "Known", f"1980-01-{n + 1:02d}", nhs=f"99970100{n:02d}") for n, reason in enumerate(
        ("no-consent", "consent-refused", "consent-withdrawn", "consent-expired", "consent-invalid", "consent-scope", "sensitive-service"))}

    def lodged(reason):
        p = who[reason]
        own = {"person": p, "capacity": "SELF", "recipients": (SCHOOL,)}
        return {
            "no-consent": [],
            "consent-refused": [lambda c, s: s.consent(**dict(own, recipients="*"), decision="REFUSED")],
            "consent-withdrawn": [lambda c, s: s.consent(**own), lambda c, s: s.withdrawal(person=p)],
            "consent-expired": [lambda c, s: s.consent(**own, given_on="2021-06-01", expires_on=LAST)],
            "consent-invalid": [lambda c, s: s.consent(**dict(own, capacity="CARER_WITHOUT_PR"), authority=False)],
            "consent-scope": [lambda c, s: c.consent(**dict(own, recipients=(CHILDRENS,)))],
            "sensitive-service": [lambda c, s: s.consent(**own)],
        }[reason]

    return [(reason, p, lodged(reason)) for reason, p in who.items()]


class Wiretap:
    """What a speaker receives, as octets: the frame, and the Body with what is its own in every message taken out."""

    def __init__(self, speaker):
        self.speaker = speaker

    def reply(self, timeout_ms=20000):
        while self.speaker.socket.poll(timeout_ms):
            frame = self.speaker.socket.recv()
            body = self.speaker.pb.Body.FromString(self.speaker.pb.Envelope.FromString(frame).body)
            if body.WhichOneof("payload") in ("insight", "involvement", "refusal", "busy", "receipt"):
                return frame, body
        return None, None


def plain(body):
    """A body without its ids and time: what may be compared."""
    copy = type(body)()
    copy.CopyFrom(body)
    copy.id, copy.in_reply_to, copy.sent_ms = b"", b"", 0
    return copy.SerializeToString()


def told_reasons(tap, pb):
    with Town(pb) as town:
        childrens, school = town.speaker(CHILDRENS), town.speaker(SCHOOL)
        holders = [town.speaker(a) for a in (TEAM, POLICE, RIVER)] + [childrens]
        leaf, seen = town.next_leaf(), {}
        for reason, person, steps in people_of_each_reason():
            for step in steps:
                body = step(childrens, school)
                receipt = (childrens if body.sender == CHILDRENS else school).ask(body)
                tap.check(f"promise_5_the_record_behind_{reason}_is_lodged", is_kind(receipt, "receipt"), receipt)
            question = "substance-treatment-current" if reason == "sensitive-service" else "cp-plan-current"
            school.say(school.insight(question, person=person, purpose="early-help", basis="consent"))
            seen[reason] = Wiretap(school).reply()
        reasons = {r["reason"] for r in town.audit(leaf, event="refused")}
        tap.check("promise_5_the_log_has_the_true_reason_of_each", reasons == set(seen), reasons ^ set(seen))
        bodies = {plain(body) for _, body in seen.values() if body is not None}
        tap.check("promise_5_every_consent_reason_is_told_in_the_same_bytes", len(bodies) == 1 and None not in [b for _, b in seen.values()],
                  {r: told(pb, b) for r, (_, b) in seen.items()})
        sizes = {len(frame) for frame, _ in seen.values() if frame}
        tap.check("promise_5_in_frames_of_one_size", len(sizes) == 1, sizes)
        body = next(iter(seen.values()))[1]
        tap.check("promise_5_with_the_lawful_way_forward", is_kind(body, "refusal") and body.refusal.reason == "no-consent-on-file"
                  and body.refusal.way_forward != "", body)
        tap.check("promise_5_and_no_holder_hears_of_any_of_them", all(h.question(0.1) is None for h in holders))


def shape(question):
    """What of a Question does not tell whom it is about."""
    q = question.question
    return (question.purpose, q.involvement, q.question, q.subject_kind, [(t.kind, t.scheme, t.epoch, len(t.value)) for t in q.subject.tokens],
            q.subject.unborn, q.HasField("household"), (q.parameter.kind, q.parameter.scheme, q.parameter.epoch, len(q.parameter.value)),
            [(h.token.kind, h.token.scheme, h.token.epoch, len(h.token.value), getattr(h, "from"), h.until) for h in q.homes], q.as_of,
            q.asking_agency, q.asking_sector, question.ByteSize())


def values(question):
    q = question.question
    return {t.value for t in q.subject.tokens} | {h.token.value for h in q.homes} | {q.parameter.value}


def put(town, holders, asker, person, answers):
    """One residence question. answers: agency -> value. Return: (shapes by agency, token values that other agencies saw, frame, reply, values that
    the asker got back as a holder of what it asks itself)."""
    body = asker.insight("lives-at", person=person, purpose="crime-prevention", basis="crime-prevention", homes=[(*HOME, "2015-01-01")], parameter=HOME)
    got = holders.asked(asker, body)
    for agency, question in got.items():
        value = answers.get(agency, "NOT_KNOWN")
        holders.by[agency].answer(question, value, cause="AMBIGUOUS" if value == "CANNOT_SAY" else None)
    frame, reply = Wiretap(asker).reply()
    seen = set().union(*(values(q) for a, q in got.items() if a != asker.agency))
    return {a: shape(q) for a, q in got.items()}, seen, frame, reply, values(got[asker.agency])


def hidden(tap, pb):
    with Town(pb) as town:
        holders = Holders(*(town.speaker(a) for a in (CHILDRENS, TEAM, POLICE, SCHOOL, RIVER)))
        police, childrens = holders.by[POLICE], holders.by[CHILDRENS]
        shielded = Person("Hidden", "Person", "1985-05-05", nhs="9997010019", postcode="ZZ9 9ZA")
        unknown = Person("Nobody", "Atall", "1986-06-06", nhs="9997010027", postcode="ZZ9 9ZB")
        shielded_tokens, unknown_tokens = set(), set()
        for person, into in ((shielded, shielded_tokens), (unknown, unknown_tokens)):
            query = police.insight(person=person).insight_query
            into.update(t.value for t in query.subject.tokens)
        before = put(town, holders, police, shielded, {SCHOOL: "YES"})
        tap.check("promise_5_before_the_shield_it_is_answered", told(pb, before[3])[0] == "yes", told(pb, before[3]))
        tap.check("promise_5_a_shield_is_lodged", is_kind(childrens.ask(childrens.shield(person=shielded)), "receipt"))
        leaf = town.next_leaf()
        a = put(town, holders, police, shielded, {})
        b = put(town, holders, police, unknown, {})
        tap.check("promise_5_a_shielded_persons_question_goes_to_the_holders_of_an_unknown_one", set(a[0]) == set(b[0]) and a[0], (set(a[0]), set(b[0])))
        tap.check("promise_5_in_the_same_shape_to_each", a[0] == b[0], (a[0], b[0]))
        tap.check("promise_5_but_with_tokens_that_nobody_holds", not a[1] & shielded_tokens and b[1] >= unknown_tokens)
        tap.check("promise_5_not_even_the_home_asked_about", not a[1] & {town.home(*HOME).value})
        tap.check("promise_5_the_asker_as_a_holder_gets_its_own_tokens_back_for_both", a[4] >= shielded_tokens and b[4] >= unknown_tokens,
                  (len(a[4]), len(a[4] & shielded_tokens), len(b[4]), len(b[4] & unknown_tokens)))
        again = put(town, holders, police, shielded, {})
        tap.check("promise_5_and_with_others_the_next_time", not a[1] & again[1])
        tap.check("promise_5_the_reply_is_an_unknown_persons", a[3] is not None and plain(a[3]) == plain(b[3]), (told(pb, a[3]), told(pb, b[3])))
        tap.check("promise_5_in_a_frame_of_the_same_size", len(a[2]) == len(b[2]), (len(a[2]), len(b[2])))
        partial_a = put(town, holders, police, shielded, {SCHOOL: "CANNOT_SAY"})
        partial_b = put(town, holders, police, unknown, {SCHOOL: "CANNOT_SAY"})
        tap.check("promise_5_also_when_a_holder_cannot_say", plain(partial_a[3]) == plain(partial_b[3]), (told(pb, partial_a[3]), told(pb, partial_b[3])))
        river = holders.by.pop(RIVER)
        river.close()
        town.speakers.remove(river)
        absent_a = put(town, holders, police, shielded, {})
        absent_b = put(town, holders, police, unknown, {})
        tap.check("promise_5_also_when_a_holder_is_away", plain(absent_a[3]) == plain(absent_b[3]) and absent_a[0] == absent_b[0])
        rows = town.audit(leaf, agency=POLICE)
        reasons = [r["reason"] for r in rows if r["event"] == "disclosed"]
        tap.check("promise_5_the_log_has_the_true_reason", reasons.count("shielded-address") == 4 and reasons.count("") == 3, reasons)
        allowed = childrens.insight("lives-at", person=shielded, homes=[(*HOME, "2015-01-01")], parameter=HOME)
        got = holders.asked(childrens, allowed)
        tap.check("promise_5_a_purpose_that_sees_past_the_shield_sends_the_true_tokens",
                  bool(got) and all(values(q) >= shielded_tokens for q in got.values()))


def main():
    tap = Tap()
    pb = generated(sys.argv[1])
    told_reasons(tap, pb)
    hidden(tap, pb)
    tap.done()


main()
