#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Promise 4: insight, not data. What several holders say becomes one yes, no or cannot say, with its day and how complete it is. argv: protoc."""
from town import CHILDRENS, POLICE, RIVER, SCHOOL, TEAM, Holders, is_kind, ordinal, play, told

QUESTION = "cp-plan-current"  # children's services and its team hold it
SILENT = None
# What the two say -> what the school is told. "No" is said only when everybody has said it.
CASES = [
    ("YES", "NO", ("yes", "all")),
    ("NO", "YES", ("yes", "all")),
    ("YES", "YES", ("yes", "all")),
    ("NO", "NO", ("no", "all")),
    ("NO", "NOT_KNOWN", ("no", "all")),
    ("NOT_KNOWN", "NOT_KNOWN", ("no", "all")),
    ("YES", "CANNOT_SAY", ("yes", "some")),
    ("NO", "CANNOT_SAY", ("cannot-say", "some")),
    ("NOT_KNOWN", "CANNOT_SAY", ("cannot-say", "some")),
    ("CANNOT_SAY", "CANNOT_SAY", ("cannot-say", "none")),
    ("YES", SILENT, ("yes", "some")),
    ("NO", SILENT, ("cannot-say", "some")),
    ("NOT_KNOWN", SILENT, ("cannot-say", "some")),
    (SILENT, SILENT, ("cannot-say", "none")),
]
MAY_TELL = {"value", "completeness", "as_of", "policy_rule", "guidance"}


def put(school, holders, said, **details):
    """The school's question; each holder says its word. Return: the reply."""
    body = school.insight(QUESTION)
    got = holders.asked(school, body)
    for agency, value in zip((CHILDRENS, TEAM), said):
        if value is not SILENT and agency in got:
            more = details if value == "YES" else {}
            holders.by[agency].answer(got[agency], value, cause="AMBIGUOUS" if value == "CANNOT_SAY" else None, **more)
    return school.reply(body)


def plain(body):
    """A reply without its own ids and time."""
    copy = type(body)()
    copy.CopyFrom(body)
    copy.id, copy.in_reply_to, copy.sent_ms = b"", b"", 0
    return copy.SerializeToString()


def one_answer(tap, town, school, holders):
    kept = {}
    for *said, expected in CASES:
        reply = put(school, holders, said)
        words = " and ".join((s or "silence").lower().replace("_", " ") for s in said)
        tap.check(f"promise_4_{words}_is_{expected[0]}_from_{expected[1]}", told(town.pb, reply) == expected, told(town.pb, reply))
        if is_kind(reply, "insight"):
            kept[tuple(said)] = reply
    fields = {f.name for r in kept.values() for f, _ in r.insight.ListFields()}
    tap.check("promise_4_a_reply_has_nothing_but_the_answer_its_rule_and_what_to_do", kept and fields <= MAY_TELL, fields)
    days = {r.insight.as_of for r in kept.values()}
    tap.check("promise_4_every_answer_carries_its_day", days == {ordinal(town.day)}, days)
    ways = {plain(kept[said]) for said in (("YES", "NO"), ("NO", "YES"), ("YES", "YES")) if said in kept}
    tap.check("promise_4_who_said_yes_or_how_many_cannot_be_told", len(ways) == 1, len(ways))
    silent = {plain(kept[said]) for said in (("NO", "CANNOT_SAY"), ("NOT_KNOWN", "CANNOT_SAY"), ("NO", SILENT), ("NOT_KNOWN", SILENT)) if said in kept}
    tap.check("promise_4_nor_why_it_cannot_be_said", len(silent) == 1, len(silent))


def nothing_beside(tap, town, school, holders):
    """A holder that says more than it was asked."""
    desk = "Ask for Wilhelmina, 01632 960999"
    reply = put(school, holders, ("YES", "NO"), service="Secret service", contact_route=desk, lead_professional="W. Doe", since=ordinal("2019-01-01"))
    octets = reply.SerializeToString() if reply is not None else b""
    tap.check("promise_4_a_holder_that_tells_more_is_not_passed_on", reply is not None and b"Wilhelmina" not in octets and b"Secret" not in octets
              and b"W. Doe" not in octets, told(town.pb, reply))
    tap.check("promise_4_no_holder_is_named", all(a.encode() not in octets for a in (CHILDRENS, TEAM, POLICE, RIVER)), told(town.pb, reply))
    rows = town.audit(event="disclosed")
    values = [r for r in rows if any(w in str(v).split() for v in r.values() for w in ("yes", "cannot-say"))]
    tap.check("promise_4_the_clear_log_says_that_something_was_told_never_what", rows and not values, values[:1])


def run(tap, town):
    school = town.speaker(SCHOOL)
    holders = Holders(*(town.speaker(a) for a in (CHILDRENS, TEAM, POLICE, RIVER)))
    one_answer(tap, town, school, holders)
    nothing_beside(tap, town, school, holders)


play(run)
