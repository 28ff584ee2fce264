#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Promise 1: deny by default, fail closed. Nothing is routed, stored or answered unless a rule in force permits it. argv: protoc."""
import os
import signal
import sys

from town import CHILDRENS, POLICE, RIVER, SCHOOL, TEAM, Holders, Tap, Town, generated, is_kind, refused, told, wait_for


def nobody_asked(holders, agencies=(CHILDRENS, TEAM, POLICE, RIVER)):
    return all(holders.by[a].question(0.05) is None for a in agencies)


def no_policy(tap, pb):
    with Town(pb, activate=False) as town:
        childrens, school = town.speaker(CHILDRENS), town.speaker(SCHOOL)
        for name, body in (("a question", school.insight()), ("who is involved", school.who()), ("a consent", school.consent()),
                           ("a shield", school.shield())):
            got = school.ask(body)
            tap.check(f"promise_1_without_a_policy_{name.replace(' ', '_')}_is_refused", is_kind(got, "refusal"), told(pb, got))
        tap.check("promise_1_without_a_policy_nobody_is_asked", childrens.question(0.2) is None)
        tap.check("promise_1_without_a_policy_nothing_is_lodged", not school.consents())


def not_permitted(tap, town, school, holders):
    cases = [
        ("an_unknown_purpose", school.insight(purpose="debt-recovery"), "purpose-outside-protocol"),
        ("a_question_outside_the_catalogue", school.insight("blood-type"), "question-not-permitted"),
        ("a_question_of_another_purpose", school.insight("domestic-incident-12m", purpose="early-help", basis="consent"), "question-not-permitted"),
        ("who_is_involved_where_only_insights_are_agreed", school.who(), "question-not-permitted"),
        ("an_excluded_role", school.insight(role="receptionist"), "role-not-permitted"),
        ("a_role_that_nobody_defined", school.insight(role="wizard"), "role-not-permitted"),
        ("a_party_that_may_only_answer", holders.by[RIVER].insight(), "not-a-party"),
    ]
    for name, body, reason in cases:
        asker = holders.by[body.sender]
        got = asker.ask(body)
        tap.check(f"promise_1_{name}_is_refused", refused(got, reason) and nobody_asked(holders), told(town.pb, got))
    got = school.ask(school.insight(basis="court-order"))
    tap.check("promise_1_a_basis_that_the_purpose_does_not_list_is_refused", is_kind(got, "refusal") and nobody_asked(holders), told(town.pb, got))
    body = school.insight(purpose="early-help", basis="consent")
    got = school.ask(body)
    tap.check("promise_1_without_consent_it_is_refused", refused(got, "no-consent-on-file") and nobody_asked(holders), told(town.pb, got))
    body = holders.by[POLICE].insight("domestic-incident-12m", purpose="crime-prevention", basis="crime-prevention", person="Ada")
    body.insight_query.relationship.kind = town.pb.RELATIONSHIP_KIND_NONE
    body.insight_query.relationship.since = 0
    got = holders.by[POLICE].ask(body)
    tap.check("promise_1_without_a_relationship_it_is_refused", refused(got, "no-relationship") and nobody_asked(holders), told(town.pb, got))
    body = school.shield()
    tap.check("promise_1_only_its_owners_lodge_a_shield", is_kind(school.ask(body), "refusal"))


def prohibition(tap, town, school, holders):
    """A permission (a mother's grant) and a prohibition (the young person's refusal) for the same: the prohibition beats it."""
    ok = holders.by[CHILDRENS].consent(person="Ada", capacity="SELF", recipients=(SCHOOL,))
    holders.by[CHILDRENS].ask(ok)
    body = school.insight(person="Ada", purpose="early-help", basis="consent")
    holders.answer(holders.asked(school, body), "NO")
    tap.check("promise_1_a_grant_permits", told(town.pb, school.reply(body)) == ("no", "all"))
    no = school.consent(person="Ada", capacity="SELF", decision="REFUSED", recipients="*")
    tap.check("promise_1_a_refusal_is_lodged", is_kind(school.ask(no), "receipt"))
    got = school.ask(school.insight(person="Ada", purpose="early-help", basis="consent"))
    tap.check("promise_1_and_beats_the_grant", refused(got, "no-consent-on-file") and nobody_asked(holders), told(town.pb, got))


def unsigned_log(tap, town, school, holders):
    """While the signer hangs, no head is signed; after unsigned_limit_s nothing is shared."""
    pid = town.pid("signer")
    os.kill(pid, signal.SIGSTOP)
    try:
        stopped = wait_for(lambda: not town.status()["sharing"], 60)
        got = school.ask(school.insight())
        tap.check("promise_1_a_log_that_cannot_be_signed_stops_sharing", bool(stopped) and is_kind(got, "busy") and nobody_asked(holders), told(town.pb, got))
        receipt = school.ask(school.withdrawal(person="Ben"))
        tap.check("promise_1_but_a_withdrawal_is_still_taken", is_kind(receipt, "receipt"), receipt)
    finally:
        os.kill(pid, signal.SIGCONT)
    shares = wait_for(lambda: town.status()["sharing"], 60)
    waiting = school.insight()
    holders.answer(holders.asked(school, waiting), "NO")
    tap.check("promise_1_it_shares_again_once_heads_are_signed", bool(shares) and told(town.pb, school.reply(waiting)) == ("no", "all"))


def out_of_force(tap, town, school, holders):
    town.stage.set_day("2023-12-31")
    town.day = "2023-12-31"
    body = school.insight()
    holders.answer(holders.asked(school, body), "NO")
    tap.check("promise_1_on_its_last_day_a_protocol_is_in_force", told(town.pb, school.reply(body)) == ("no", "all"))
    town.stage.set_day("2024-01-01")
    got = school.ask(school.insight())
    tap.check("promise_1_the_day_after_nothing_is_shared_under_it", refused(got, "protocol-not-in-force") and nobody_asked(holders), told(town.pb, got))
    back = town.stage.command("exercise", "day", "2023-12-31", *town.stage.signed(), check=False)
    tap.check("promise_1_the_day_does_not_go_back", back.exit != 0)


def main():
    tap = Tap()
    pb = generated(sys.argv[1])
    no_policy(tap, pb)
    with Town(pb, signer="interval_ms = 500; unsigned_limit_s = 8;") as town:
        holders = Holders(*(town.speaker(a) for a in (CHILDRENS, TEAM, POLICE, SCHOOL, RIVER)))
        school = holders.by[SCHOOL]
        not_permitted(tap, town, school, holders)
        prohibition(tap, town, school, holders)
        unsigned_log(tap, town, school, holders)
        out_of_force(tap, town, school, holders)
    tap.done()


main()
