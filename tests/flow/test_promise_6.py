#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Promise 6: nothing accepted is lost, nothing withdrawn is used. argv: protoc."""
from town import CHILDRENS, POLICE, RIVER, SCHOOL, TEAM, Holders, is_kind, play, refused, told, wait_for


def reconnected(speaker):
    return wait_for(lambda: speaker.lease() is not None, 20)


def kept(tap, town, holders):
    """Receipts survive SIGKILL to everything at once, right after they came."""
    school, childrens = holders.by[SCHOOL], holders.by[CHILDRENS]
    kept_frames = []
    for name, speaker, make in (("consent", school, lambda: school.consent()), ("shield", childrens, lambda: childrens.shield(person="Ada")),
                                ("withdrawal", school, lambda: school.withdrawal(person="Ben"))):
        body = make()
        frame = speaker.say(body)
        receipt = speaker.reply(body)
        town.kill_everything()
        tap.check(f"promise_6_a_{name}_has_its_receipt", is_kind(receipt, "receipt"), receipt)
        town.stage.start_broker()
        rows = town.audit(receipt.receipt.leaf)
        tap.check(f"promise_6_after_SIGKILL_of_everything_the_{name}s_leaf_is_there", rows and rows[0]["leaf"] == receipt.receipt.leaf
                  and rows[0]["agency"] == speaker.agency, rows[:1])
        tap.check(f"promise_6_the_agency_of_the_{name}_comes_back", reconnected(speaker))
        speaker.send(frame)
        again = speaker.reply(body)
        tap.check(f"promise_6_the_same_{name}_again_gets_the_same_receipt", is_kind(again, "receipt") and again.receipt == receipt.receipt, again)
        other = type(body)()
        other.CopyFrom(body)
        other.sent_ms += 1
        tap.check(f"promise_6_other_bytes_under_its_id_are_refused_{name}", refused(speaker.ask(other), "id-reused"))
        kept_frames.append((body, frame, receipt))
    listed = school.consents()
    consent = kept_frames[0][0]
    tap.check("promise_6_the_list_still_shows_the_consent_as_withdrawn", list(listed) == [consent.id] and listed[consent.id].withdrawn_on, listed)
    tap.check("promise_6_the_log_verifies", wait_for(lambda: town.stage.command("audit", "verify", check=False).exit == 0, 10))


def received_but_dead(tap, town, holders):
    """Killed before the receipt could be read: the outbox sends it again, and it is lodged once."""
    school = holders.by[SCHOOL]
    body = school.consent(person="Cyd")
    frame = school.say(body)
    town.kill_everything()
    town.stage.start_broker()
    reconnected(school)
    school.send(frame)
    receipt = school.reply(body)
    leaves = [r for r in town.audit(event="consent-lodged") if r["leaf"] == receipt.receipt.leaf] if receipt is not None else []
    tap.check("promise_6_a_consent_without_a_receipt_is_sent_again_and_lodged_once", len(leaves) == 1 and list(school.consents()).count(body.id) == 1, receipt)


def ask_with(town, holders, asker, body, act, **values):
    """Puts a question; when every holder has it, act() happens; then they answer. Return: the reply."""
    got = holders.asked(asker, body)
    act()
    for agency, question in got.items():
        holders.by[agency].answer(question, values.get(agency.replace("-", "_"), "YES"))
    return asker.reply(body), got


def not_used(tap, town, holders):
    """What ends while a question is with its holders is not used in its answer."""
    school, childrens, police = holders.by[SCHOOL], holders.by[CHILDRENS], holders.by[POLICE]
    pb = town.pb
    for name, lodger, ends in (("withdrawal", school, lambda: school.withdrawal(person="Ben")),
                               ("withdrawal_by_another_party", childrens, lambda: childrens.withdrawal(person="Ben")),
                               ("refusal", childrens, lambda: childrens.consent(person="Ben", capacity="SELF", decision="REFUSED", recipients="*"))):
        grant = school.consent(person="Ben")
        tap.check(f"promise_6_a_grant_is_lodged_before_the_{name}", is_kind(school.ask(grant), "receipt"))
        before, got = ask_with(town, holders, school, school.insight(person="Ben", purpose="early-help", basis="consent"), lambda: None)
        tap.check(f"promise_6_without_the_{name}_it_would_be_answered", told(pb, before) == ("yes", "all"), told(pb, before))
        leaf = town.next_leaf()
        reply, got = ask_with(town, holders, school, school.insight(person="Ben", purpose="early-help", basis="consent"),
                              lambda: lodger.ask(ends()))
        tap.check(f"promise_6_a_{name}_while_a_question_waits_ends_it", got and refused(reply, "no-consent-on-file"), told(pb, reply))
        events = [r["event"] for r in town.audit(leaf, agency=SCHOOL) if r["question"]]
        tap.check(f"promise_6_the_log_says_that_it_was_not_disclosed_after_the_{name}", events == ["decided", "not-disclosed"], events)
        school.ask(school.consent(person="Ben", capacity="SELF"))  # only a new grant undoes it
    who = school.who(person="Ben", purpose="early-help", basis="consent")
    reply, got = ask_with(town, holders, school, who, lambda: school.ask(school.withdrawal(person="Ben")))
    tap.check("promise_6_nor_does_it_say_who_is_involved", got and refused(reply, "no-consent-on-file"), told(pb, reply))
    late = school.withdrawal(person="Ben")
    tap.check("promise_6_a_withdrawal_is_always_taken_also_twice", is_kind(school.ask(late), "receipt"))

    home = ("2 Hazel Court", "ZZ9 9ZA")
    body = police.insight("lives-at", person="Cyd", purpose="crime-prevention", basis="crime-prevention", homes=[(*home, "2015-01-01")], parameter=home)
    reply, got = ask_with(town, holders, police, body, lambda: childrens.ask(childrens.shield(person="Cyd")))
    tap.check("promise_6_a_shield_while_a_question_waits_hides_the_answer", got and told(pb, reply) == ("cannot-say", "all"), told(pb, reply))


def after_a_crash(tap, town, holders):
    """A withdrawal committed just before everything is killed holds for the first question after."""
    school = holders.by[SCHOOL]
    school.ask(school.consent(person="Ada", capacity="SELF"))
    gone = school.withdrawal(person="Ada")
    receipt = school.ask(gone)
    town.kill_everything()
    town.stage.start_broker()
    reconnected(school)
    got = school.ask(school.insight(person="Ada", purpose="early-help", basis="consent"))
    tap.check("promise_6_a_withdrawal_holds_over_a_crash", is_kind(receipt, "receipt") and refused(got, "no-consent-on-file"), told(town.pb, got))


def run(tap, town):
    holders = Holders(*(town.speaker(a) for a in (CHILDRENS, TEAM, POLICE, SCHOOL, RIVER)))
    kept(tap, town, holders)
    received_but_dead(tap, town, holders)
    for speaker in holders.by.values():
        reconnected(speaker)
    not_used(tap, town, holders)
    after_a_crash(tap, town, holders)


play(run)
