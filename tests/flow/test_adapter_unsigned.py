#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""test_adapter_unsigned.py ADAPTER KEY PROTOC - what an adapter leaves unsigned where the catalogue says that it may, and what it signs all the same."""
import sys
import threading
from pathlib import Path

from nacl.exceptions import BadSignatureError
from played_adapter import ORIGIN, AdapterTown, day, generated, until
from commands import main  # noqa: E402
from wire_client import SIGN_DOMAIN  # noqa: E402

ADAPTER, KEY, PROTOC = (str(Path(program).resolve()) for program in sys.argv[1:4])
PB = generated(PROTOC)
ISLA = {"given_name": "Isla", "family_name": "Example", "date_of_birth": "2014-05-14", "upn": "E987990118021"}
BY = {"basis": "duty", "role": "senco", "practitioner": "t-1"}
ASK = {"question": "called", "subject": ISLA, **BY}
QUESTIONS = 'questions = ( { id = "called"; rule = "ever"; kinds = [ "school-concern" ]; } );'


def town(*unsigned):
    """Queries for these purposes may be unsigned."""
    t = AdapterTown(ADAPTER, KEY, PB, QUESTIONS)
    t.gate.unsigned = set(unsigned)
    t.gate.answers["insight_query"] = t.gate.insight(PB.INSIGHT_VALUE_YES)
    t.gate.answers["consent"] = t.gate.answers["concern"] = t.gate.lodged
    return t


def came(t, kind, n=1):
    """The n-th of a kind, and whether it was signed; a signature that is there must be right."""
    body = t.gate.until(kind, n)
    frames = [f for f, b in zip(list(t.gate.frames), list(t.gate.got)) if b.WhichOneof("payload") == kind]
    e = PB.Envelope.FromString(frames[n - 1])
    assert bool(e.signature) == bool(e.key_id), "a signature and whose it is go together"
    if e.signature:
        try:
            t.signing().verify_key.verify(SIGN_DOMAIN + bytes([PB.MODE_EXERCISE, len(ORIGIN)]) + ORIGIN.encode() + e.body, e.signature)
        except BadSignatureError as wrong:
            raise AssertionError(f"{kind} {n} has a wrong signature") from wrong
    return body, bool(e.signature)


def question(t, purpose="help", deadline_ms=10000):
    """A Question about somebody whom the adapter knows: those of its own query."""
    subject = t.gate.until("insight_query").insight_query.subject
    return t.gate.body(purpose=purpose, question=PB.Question(question="called", subject_kind=PB.SUBJECT_KIND_PERSON, subject=subject,
                                                             as_of=day("2022-08-01"), deadline_ms=deadline_ms, asking_sector="police"))


def refusing_bare(t, answer):
    """The gate refuses what is not signed, as a core does whose policy has just changed."""
    def reply(body):
        if PB.Envelope.FromString(t.gate.frames[-1]).signature:
            return answer(body) if answer else []
        return t.gate.refusal("unsigned")(body)
    return reply


# --- queries ---
def query_goes_unsigned_for_a_purpose_that_may_be():
    with town("help") as t:
        t.start()
        assert t.ok("ask", purpose="help", **ASK)["answer"] == "yes"
        body, signed = came(t, "insight_query")
        assert not signed and body.sender == "school" and body.practitioner.ref == "t-1"
        t.gate.answers["involvement_query"] = lambda b: [t.gate.body(b, involvement=PB.Involvement(completeness=PB.COMPLETENESS_MOST, as_of=t.gate.day,
                                                                                                   policy_rule="help/who"))]
        t.op("who", purpose="help", subject=ISLA, **BY)
        assert not came(t, "involvement_query")[1]


def query_is_signed_for_every_other_purpose():
    with town("protect") as t:
        t.start()
        t.ok("ask", purpose="help", **ASK)
        t.ok("ask", purpose="protect", **ASK)
        t.op("ask", purpose="curiosity", **ASK)
        assert {p["id"]: p["unsigned_queries"] for p in t.ok("questions")["purposes"]} == {"help": False, "protect": True}
        assert [came(t, "insight_query", n)[1] for n in (1, 2, 3)] == [True, False, True]


def query_is_signed_where_the_catalogue_says_nothing():
    with town() as t:
        t.start()
        t.ok("ask", purpose="help", **ASK)
        assert came(t, "insight_query")[1]


def what_is_lodged_is_signed_whatever_the_purpose():
    with town("help", "protect") as t:
        t.start()
        t.ok("concern-lodge", category="neglect", severity="high", subject=ISLA, purpose="help", **BY)
        assert came(t, "concern")[1] and came(t, "hello")[1] and came(t, "lease")[1]
        assert all(came(t, kind)[1] for kind in {b.WhichOneof("payload") for b in t.gate.got})


def eligibility_is_asked_with_a_signature():
    with town("help") as t:
        t.start()
        t.gate.answers["eligibility_query"] = t.gate.refusal("unknown-service")
        t.op("service-eligible", service="aid", subject=ISLA, purpose="help", **BY)
        assert came(t, "eligibility_query")[1]


# --- answers ---
def answer_goes_unsigned_where_its_question_may_be():
    with town("help") as t:
        t.start()
        t.ok("ask", purpose="help", **ASK)
        t.gate.push(question(t))
        body, signed = came(t, "answer")
        assert not signed and body.answer.value and not body.purpose
        t.gate.push(question(t, "protect"))
        assert came(t, "answer", 2)[1]


def answer_by_hand_is_signed():
    """One with hours, which goes by the outbox whoever answers it."""
    with town("help") as t:
        t.start()
        t.ok("ask", purpose="help", **ASK)
        t.gate.answers["answer"] = t.gate.lodged
        t.gate.push(question(t, deadline_ms=3600000))
        assert came(t, "answer")[1]


# --- refused for want of a signature ---
def query_refused_as_unsigned_goes_once_more_signed_and_nobody_is_told():
    with town("help") as t:
        t.start()
        t.gate.answers["insight_query"] = refusing_bare(t, t.gate.insight(PB.INSIGHT_VALUE_YES))
        assert t.ok("ask", purpose="help", **ASK)["answer"] == "yes"
        (first, bare), (second, signed) = came(t, "insight_query"), came(t, "insight_query", 2)
        assert (bare, signed) == (False, True) and first == second, "the same query under the same id"
        assert t.ok("status")["connected"] and "signed-after-all" in t.said()


def many_queries_refused_as_unsigned_at_once_are_all_answered():
    with town("help") as t:
        t.start()
        t.gate.answers["insight_query"] = refusing_bare(t, t.gate.insight(PB.INSIGHT_VALUE_YES))
        got = []
        threads = [threading.Thread(target=lambda: got.append(t.op("ask", purpose="help", **ASK))) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(got) == 20 and all(r.get("answer") == "yes" for r in got), got


def answer_refused_as_unsigned_goes_once_more_signed():
    with town("help") as t:
        t.start()
        t.ok("ask", purpose="help", **ASK)
        t.gate.answers["answer"] = refusing_bare(t, None)
        t.gate.push(question(t))
        (first, bare), (second, signed) = came(t, "answer"), came(t, "answer", 2)
        assert (bare, signed) == (False, True) and first == second
        assert t.ok("status")["connected"]


def broker_that_refuses_the_signed_one_too_is_believed_and_not_asked_again():
    with town("help") as t:
        t.start()
        t.gate.answers["insight_query"] = t.gate.refusal("unsigned")
        got = t.op("ask", purpose="help", **ASK)
        assert got.get("reason") == "unsigned", got
        assert len([b for b in t.gate.got if b.WhichOneof("payload") == "insight_query"]) == 2
        assert t.ok("status")["connected"], "it is of the query, not of us"


def unsigned_said_of_one_that_was_signed_is_of_us():
    with town() as t:
        t.start()
        t.gate.answers["insight_query"] = t.gate.refusal("unsigned")
        t.op("ask", purpose="help", **ASK)
        until(lambda: "the broker refuses this adapter (unsigned)" in t.ok("status")["text"], what="a word that we are refused")
        assert not t.ok("status")["connected"]


def after_a_policy_that_wants_signatures_queries_are_signed():
    with town("help") as t:
        t.start()
        t.ok("ask", purpose="help", **ASK)
        t.gate.unsigned = set()
        t.gate.push(t.gate.body(catalogue=t.gate.catalogue()))
        until(lambda: t.said().count("event=catalogue ") == 2, what="the new catalogue")
        t.ok("ask", purpose="help", **ASK)
        assert [came(t, "insight_query", n)[1] for n in (1, 2)] == [False, True]


main([query_goes_unsigned_for_a_purpose_that_may_be, query_is_signed_for_every_other_purpose, query_is_signed_where_the_catalogue_says_nothing,
      what_is_lodged_is_signed_whatever_the_purpose, eligibility_is_asked_with_a_signature, answer_goes_unsigned_where_its_question_may_be,
      answer_by_hand_is_signed, query_refused_as_unsigned_goes_once_more_signed_and_nobody_is_told,
      many_queries_refused_as_unsigned_at_once_are_all_answered, answer_refused_as_unsigned_goes_once_more_signed,
      broker_that_refuses_the_signed_one_too_is_believed_and_not_asked_again, unsigned_said_of_one_that_was_signed_is_of_us,
      after_a_policy_that_wants_signatures_queries_are_signed])
