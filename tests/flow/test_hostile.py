#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Agencies that lie, stammer, fall silent or come too late, in a real broker: they harm themselves alone. argv: protoc."""
import os
import time

from town import CHILDRENS, DEADLINE_S, POLICE, RIVER, SCHOOL, TEAM, Holders, play, refused, told, uuid7, wait_for
from wire_client import MODES


def lives_at(asker):
    return asker.insight("lives-at", homes=[("2 Hazel Court", "ZZ9 9ZA", "2015-01-01")], parameter=("2 Hazel Court", "ZZ9 9ZA"))


def frames(tap, town, school, childrens):
    """Bytes that are no message."""
    pb, audit_from = town.pb, town.next_leaf()
    for name, octets in (("nothing", b"\0"), ("noise", os.urandom(3000)), ("a truncated envelope", school.frame(school.insight(), 4096)[:200])):
        school.send(octets)
        got = school.until({"refusal"}, timeout_s=5)
        tap.check(f"{name} is refused, and tells no id", got is not None and got.in_reply_to == b"" and got.refusal.reason != "", got)
    school.socket.send_multipart([b"one", b"two"])
    school.socket.send_multipart([school.frame(school.insight(), 4096), b""])
    tap.check("a message of several frames gets no answer", school.receive(300) is None)
    body = school.insight()
    school.send(school.frame(body, 4096) + b"\x7a\x00")
    got = school.until({"refusal"}, timeout_s=5)
    tap.check("a field that the envelope does not have is refused", refused(got, "unknown-field"), got)
    body = school.insight()
    twice = school.pad(body, 4096) + pb.Body(purpose="early-help").SerializeToString()
    message = b"almoner/v1\0" + bytes([school.mode, len(school.origin)]) + school.origin + twice
    school.send(pb.Envelope(version=1, key_id=school.key_id, body=twice, signature=school.key.sign(message).signature).SerializeToString())
    got = school.until({"refusal"}, timeout_s=5)
    tap.check("a field twice is refused, whichever of the two is meant", refused(got, "duplicate-field"), got)
    body = school.body(in_reply_to=uuid7(), insight=pb.Insight(value=1, completeness=1, as_of=737000))
    school.send(school.frame(body, 2048))
    got = school.until({"refusal"}, timeout_s=5)
    tap.check("a message that only the broker sends is refused", got is not None, got)
    tap.check("each of these is in the log as rejected", len(town.audit(audit_from, event="rejected", agency=SCHOOL)) == 6,
              town.audit(audit_from, event="rejected"))
    # libzmq cuts whoever sends more than the limit, so a connection of its own.
    big = town.speaker(TEAM)
    big.send(b"\x0a" * 70000)
    tap.check("a frame over the limit is never answered", big.receive(500) is None)
    childrens_ok = childrens.lease()
    tap.check("others of the same gate are served after it", childrens_ok is not None)
    tap.check("its sender may come back", town.speaker(TEAM).lease() is not None)


def names(tap, town, school, police):
    """Who speaks, for which broker, in which mode."""
    body = school.insight(sender=POLICE)
    tap.check("another agency's name is refused", refused(school.ask(body), "wrong-sender"))
    tap.check("and the other agency hears nothing of it", police.receive(200) is None)
    for name, options in (("another broker's origin", {"origin": "elsewhere.example/almoner"}), ("the other mode", {"mode": "live"})):
        liar = town.speaker(SCHOOL, greet=False, **options)
        liar.say(liar.insight())
        got = liar.until({"refusal"}, timeout_s=5)
        tap.check(f"a signature for {name} is refused, and its id not believed", refused(got, "bad-signature") and got.in_reply_to == b"", got)
        liar.close()
        town.speakers.remove(liar)
    body = school.body(hello=town.pb.Hello(version_least=1, version_most=1, mode=MODES["live"]))
    tap.check("a hello for the other mode is refused", refused(school.ask(body), "wrong-mode"))
    body = school.body(hello=town.pb.Hello(version_least=2, version_most=9, mode=school.mode))
    tap.check("a hello for versions to come is refused", refused(school.ask(body), "version-not-supported"))
    stranger = town.speaker(POLICE, greet=False, keys_of=SCHOOL)
    body = stranger.insight("domestic-incident-12m")
    stranger.say(body)
    tap.check("a key that is known at another gate gets nothing through", stranger.reply(body, 1) is None)
    seed = os.urandom(32)
    forger = town.speaker(SCHOOL, greet=False, seed=seed)
    forger.say(forger.insight())
    tap.check("a signing key that nobody enrolled is refused", refused(forger.until({"refusal"}, timeout_s=5), "unknown-key"))
    forger.close()
    town.speakers.remove(forger)
    return town.speaker(SCHOOL)


def replays(tap, town, school, holders):
    """holders: children's services and its team."""
    body = school.insight()
    frame = holders.by[SCHOOL].frame(body, 4096)
    school.send(frame)
    got = {a: holders.by[a].question() for a in (CHILDRENS, TEAM)}
    holders.answer(got)
    first = school.reply(body)
    tap.check("an insight is answered", told(town.pb, first) == ("no", "all"), told(town.pb, first))
    school.send(frame)
    tap.check("the same bytes again are never answered", refused(school.reply(body), "already-asked"))
    other = school.insight(person="Cyd")
    other.id = body.id
    tap.check("nor is another question under that id", refused(school.ask(other), "already-asked"))
    tap.check("no holder hears of a repeat", holders.by[CHILDRENS].question(0.3) is None)
    for name, ms in (("old", -600_000), ("from the future", 600_000)):
        late = school.insight(sent_ms=int(time.time() * 1000) + ms)
        tap.check(f"a question that is {name} is refused", refused(school.ask(late), "stale"))


def answers(tap, town, asker, holders):
    """The asker is children's services; every party that may answer is asked who lives where."""
    police, school, river = (holders.by[a] for a in (POLICE, SCHOOL, RIVER))
    audit_from = town.next_leaf()
    body = lives_at(asker)
    got = holders.asked(asker, body)
    tap.check("a question goes to every party that may answer", set(got) == set(holders.by), list(got))
    holders.answer(got, but=(POLICE, SCHOOL, RIVER))
    police.answer(got[POLICE], "YES")
    tap.check("a yes waits for the others", asker.receive(400) is None)
    police.answer(got[POLICE], "NO")            # a second thought
    school.answer(got[RIVER], "YES")            # somebody else's question
    school.answer(uuid7(), "YES")               # a question that there never was
    asker.answer(got[SCHOOL], "NO")             # the asker for its holder
    school.answer(got[SCHOOL], "NO")
    for speaker in (police, school, asker):     # the connections are several: let them be heard before the last answer
        speaker.lease()
    river.answer(got[RIVER], "NO")
    reply = asker.reply(body)
    tap.check("one yes is yes, and complete, whatever else was said", told(town.pb, reply) == ("yes", "all"), told(town.pb, reply))
    river.answer(got[RIVER], "YES")             # too late
    river.lease()                               # so that it is decided before the log is read
    strays = town.audit(audit_from, event="stray-answer")
    who = sorted(r["agency"] for r in strays)
    tap.check("a second answer, another's, an unknown and a late one are recorded as stray", who == sorted([POLICE, SCHOOL, SCHOOL, CHILDRENS, RIVER]), strays)
    tap.check("a stray answer's record says why", all(r["detail"] for r in strays), strays)
    tap.check("nobody is told more than once", asker.until({"insight"}, timeout_s=0.3) is None)


def silence(tap, town, asker, holders):
    police, school = holders.by[POLICE], holders.by[SCHOOL]
    body = lives_at(asker)
    start = time.monotonic()
    got = holders.asked(asker, body)
    holders.answer(got, but=(SCHOOL,))
    reply = asker.reply(body)
    took = time.monotonic() - start
    tap.check("with a dead holder and no yes nobody can say", told(town.pb, reply) == ("cannot-say", "most"), told(town.pb, reply))
    tap.check("its reply comes at the deadline", took > 0.9 * DEADLINE_S, took)
    school.answer(got[SCHOOL], "YES")
    school.lease()
    tap.check("what the dead holder says after the deadline is not delivered", asker.until({"insight"}, timeout_s=0.3) is None)

    body = lives_at(asker)
    got = holders.asked(asker, body)
    police.answer(got[POLICE], "YES")
    reply = asker.reply(body)
    tap.check("a yes beside dead holders is yes, and says how incomplete it is", told(town.pb, reply) == ("yes", "some"), told(town.pb, reply))

    body = lives_at(asker)
    holders.asked(asker, body)
    reply = asker.reply(body)
    tap.check("with all of them dead it says so", told(town.pb, reply) == ("cannot-say", "none"), told(town.pb, reply))

    body = lives_at(asker)
    got = holders.asked(asker, body)
    holders.answer(got, but=(SCHOOL,))
    start = time.monotonic()
    school.answer(got[SCHOOL], "CANNOT_SAY", cause="AMBIGUOUS")
    reply = asker.reply(body)
    tap.check("one holder's cannot say keeps a no from being told", told(town.pb, reply) == ("cannot-say", "most"), told(town.pb, reply))
    took = time.monotonic() - start
    tap.check("and it need not wait for the deadline", took < 0.8 * DEADLINE_S, took)

    body = lives_at(asker)
    got = holders.asked(asker, body)
    bad = school.answering(got[SCHOOL], "NO")
    bad.answer.cause = town.pb.CAUSE_STALE
    school.say(bad)
    tap.check("an answer against the rules is refused", refused(school.until({"refusal"}, timeout_s=3), "bad-value"))
    holders.answer(got)
    tap.check("and does not spoil the right one after it", told(town.pb, asker.reply(body)) == ("no", "all"))


def involvement(tap, town, asker, holders):
    police, river = holders.by[POLICE], holders.by[RIVER]
    body = asker.who("Ada")
    got = holders.asked(asker, body)
    tap.check("who is involved is not asked of the asker's own organisation", set(got) == {POLICE, SCHOOL, RIVER}, list(got))
    holders.answer(got, "NOT_KNOWN", but=(POLICE, RIVER))
    police.answer(got[POLICE], "YES", service="domestic abuse unit", contact_route="0999 555 0100")
    river.answer(got[RIVER], "CANNOT_SAY", cause="FAILED")
    reply = asker.reply(body)
    named = [i.agency for i in reply.involvement.involved] if reply is not None else None
    tap.check("who is involved names who said so, and says that not all did", named == [POLICE] and reply.involvement.completeness == town.pb.COMPLETENESS_MOST, reply)
    body = asker.who("Ada")
    got = holders.asked(asker, body)
    holders.answer(got, but=(POLICE,))
    police.answer(got[POLICE], "YES", service="\u001b[2J", contact_route="x")
    reply = asker.reply(body)
    tap.check("a service's name with control characters reaches nobody's terminal", reply is not None and not reply.involvement.involved, reply)


def vanished(tap, town, asker, holders):
    river = holders.by.pop(RIVER)
    river.close()
    town.speakers.remove(river)
    took, replies = [], []

    def at_once():
        """Once its gate knows that it is gone; a question that was put before is waited for."""
        body, start = lives_at(asker), time.monotonic()
        holders.answer(holders.asked(asker, body))
        replies.append(told(town.pb, asker.reply(body)))
        took.append(time.monotonic() - start)
        return took[-1] < 0.8 * DEADLINE_S

    tap.check("a holder that has gone is not waited for", wait_for(at_once, 3 * DEADLINE_S) and set(replies) == {("cannot-say", "most")}, (replies, took))
    holders.by[RIVER] = town.speaker(RIVER)
    body = lives_at(asker)
    got = holders.asked(asker, body)
    tap.check("when it is back it is asked again", RIVER in got, list(got))
    holders.answer(got)
    tap.check("and counted again", told(town.pb, asker.reply(body)) == ("no", "all"))


def crowd(tap, town, police):
    """More connections of one agency than it may have: its oldest is cut, and nobody else's."""
    many = [town.speaker(SCHOOL) for _ in range(6)]
    body = many[-1].insight()
    tap.check("the newest connection is served", many[-1].lease() is not None)
    body = many[0].body(lease=town.pb.Lease())
    many[0].say(body)
    tap.check("others are not cut by one agency's crowd", police.lease() is not None)


def run(tap, town):
    childrens, police, school, river = (town.speaker(a) for a in (CHILDRENS, POLICE, SCHOOL, RIVER))
    frames(tap, town, school, childrens)
    school.close()
    town.speakers.remove(school)
    school = names(tap, town, town.speaker(SCHOOL), police)
    holders = Holders(childrens, town.speaker(TEAM), police, school, river)
    replays(tap, town, school, holders)
    answers(tap, town, childrens, holders)
    silence(tap, town, childrens, holders)
    involvement(tap, town, childrens, holders)
    vanished(tap, town, childrens, holders)
    crowd(tap, town, police)
    errors = [line for line in town.log().splitlines() if "level=error" in line]
    tap.check("none of this is an error of the broker's", not errors, errors[:5])
    tap.check("and no process of it ended", town.log().count("event=child-started") == 3 + len(town.stage.gates))


play(run)
