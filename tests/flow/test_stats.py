#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Referrals, outcomes and decisions not to share through real processes, and what officers then print of them: nothing under ten, the
same figures again. argv: protoc."""
import csv
import io
import json

from town import CHILDRENS, POLICE, SCHOOL, Person, ordinal, play, refused, is_kind, wait_for, write_policy

PURPOSE, BASIS = "referral-tracking", "public-task"
MORE = """
areas = [ "hill", "dale" ];
evaluation = { pilot = [ "hill" ]; control = [ "dale" ]; };
"""


def policy(tap, town):
    out = write_policy(town.folder, town.stage.work / "with-evaluation")
    (out / "evaluation.policy").write_text(MORE, encoding="utf-8")
    difference = town.stage.work / "agreed.diff"
    difference.write_text(town.stage.command("policy", "diff", "--active", out, check=False).out)
    got = town.stage.command("policy", "activate", out, "--acknowledged", difference, *town.stage.signed(both=True), check=False)
    tap.check("a policy with an evaluation is activated", got.exit == 0, (got.out, got.err))


def day(town):
    return ordinal(town.day)


def referral(speaker, number, to=CHILDRENS):
    body = speaker.asking(PURPOSE, None, BASIS)
    r = body.referral
    r.kind, r.origin, r.to = speaker.pb.REFERRAL_KIND_SOFT, speaker.pb.REFERRAL_ORIGIN_AGENCY, to
    r.subject_kind = speaker.pb.SUBJECT_KIND_PERSON
    speaker.town.add_person(r.subject, Person(f"Child{number}", family=f"Hill{number}"))
    r.reason, r.sent_on = "hunger", day(speaker.town)
    return body


def step(speaker, referral_id, word, **more):
    body = speaker.asking(PURPOSE, None, BASIS)
    u = body.referral_update
    u.referral, u.step, u.on = referral_id, getattr(speaker.pb, f"REFERRAL_STEP_{word}"), day(speaker.town)
    for key, value in more.items():
        setattr(u, key, value)
    return body


def outcome(speaker, about, effect="SOONER", minutes=30, area="hill"):
    body = speaker.asking(PURPOSE, None, BASIS)
    o = body.outcome
    o.about, o.effect, o.minutes_saved, o.area = about, getattr(speaker.pb, f"OUTCOME_EFFECT_{effect}"), minutes, area
    return body


def not_shared(speaker, reason):
    body = speaker.asking(PURPOSE, None, BASIS)
    body.not_shared.reason, body.not_shared.text = reason, "The family asked us not to."
    return body


def stats(town, *args):
    got = town.stage.command("stats", *args, *town.stage.signed(), check=False)
    return got.out if got.exit == 0 else f"exit {got.exit}: {got.out}{got.err}"


def cell(got, table, row, column):
    t = next(t for t in got["stats"]["tables"] if t["table"] == table)
    r = next(r for r in t["rows"] if r["row"] == row)
    return r["cells"][t["columns"].index(column)]


def lodge(tap, town, school, childrens, police):
    sent = [referral(school, n) for n in range(14)]
    tap.check("fourteen referrals have their receipts", all(is_kind(school.ask(b), "receipt") for b in sent))
    tap.check("nobody but its parties takes a step", refused(police.ask(step(police, sent[0].id, "ACCEPTED")), "unknown-referral"))
    tap.check("the sender does not accept its own", refused(school.ask(step(school, sent[0].id, "ACCEPTED")), "step-not-yours"))
    tap.check("a referral to an agency that is no party is told so",
              refused(school.ask(referral(school, 99, to=POLICE)), "receiver-not-a-party"))
    tap.check("twelve are accepted", all(is_kind(childrens.ask(step(childrens, b.id, "ACCEPTED")), "receipt") for b in sent[:12]))
    tap.check("each has an outcome of the sender's", all(is_kind(school.ask(outcome(school, b.id)), "receipt") for b in sent))
    tap.check("an outcome of another's referral is refused", refused(police.ask(outcome(police, sent[0].id)), "not-yours-to-judge"))
    tap.check("one outcome counts", refused(school.ask(outcome(school, sent[0].id)), "outcome-given"))
    tap.check("an outcome in no area of the policy is refused",
              refused(childrens.ask(outcome(childrens, sent[0].id, area="moon")), "unknown-area"))
    tap.check("the receiver's view counts too, elsewhere",
              all(is_kind(childrens.ask(outcome(childrens, b.id, "NO_USE", 0, "dale")), "receipt") for b in sent[:11]))
    tap.check("decisions not to share are recorded", all(is_kind(school.ask(not_shared(school, "not-proportionate")), "receipt") for _ in range(11)))
    tap.check("and a rare one", is_kind(school.ask(not_shared(school, "danger-to-another")), "receipt"))
    return sent


def survives(tap, town, sent):
    old = town.kill("core")
    tap.check("a core that was killed is back", town.back("core", old) is not None)
    school, childrens = town.speaker(SCHOOL), town.speaker(CHILDRENS)
    tap.check("and has every referral and step", refused(childrens.ask(step(childrens, sent[0].id, "ACCEPTED")), "step-not-allowed")
              and is_kind(childrens.ask(step(childrens, sent[13].id, "ACCEPTED")), "receipt"))
    tap.check("and every outcome", refused(school.ask(outcome(school, sent[0].id)), "outcome-given"))


def figures(tap, town):
    today, tomorrow = town.day, "2021-06-16"
    tap.check("without a last day nothing is shown", stats(town).startswith("exit 64") and "--until" in stats(town), stats(town))
    tap.check("a day that is not over is refused", "not over" in stats(town, "--until", today, "--json"), stats(town, "--until", today))
    town.stage.set_day(tomorrow)
    first = town.next_leaf()
    out = stats(town, "--until", today, "--json")
    got = json.loads(out)
    tap.check("outcomes stand beside each other, pilot and control",
              (cell(got, "outcomes", "sooner", "pilot"), cell(got, "outcomes", "no-use", "control")) == (15, 10), out)
    tap.check("minutes are added up", cell(got, "minutes", "pilot", "minutes") == 420, out)
    tap.check("referrals stand as they stood", cell(got, "referrals", "accepted", "soft") is None and cell(got, "referrals", "sent", "soft") is None
              or cell(got, "referrals", "accepted", "soft") == 15, out)
    tap.check("a rare reason is hidden, and so is the one that would give it away",
              cell(got, "not-shared", "danger-to-another", "number") is None and cell(got, "not-shared", "not-proportionate", "number") is None, out)
    tap.check("no number under ten is shown", all(c is None or c == 0 or c >= 10 for t in got["stats"]["tables"] for r in t["rows"] for c in r["cells"]), out)
    tap.check("the reading is a leaf before it", [(r["event"], r["officer"]) for r in town.audit(first, event="log-read")][:1] == [("log-read", "officer-one")],
              town.audit(first, event="log-read"))
    town.stage.set_day("2021-06-20")
    tap.check("printed again it is the same to the letter", stats(town, "--until", today, "--json") == out)
    rows = list(csv.DictReader(io.StringIO(stats(town, "--until", today, "--csv"))))
    tap.check("as CSV a hidden number is empty", {r["number"] for r in rows if r["row"] == "danger-to-another"} == {""}, rows)
    text = stats(town, "--until", today)
    tap.check("people see stars and a legend", "danger-to-another" in text and "*: under 10" in text, text)
    got = town.stage.command("stats", "--until", today, "--officer", "mallory", "--key", town.stage.keys / "officer-one.sign", check=False)
    tap.check("nobody but an officer reads them", got.exit == 77, (got.exit, got.out, got.err))


def tests(tap, town):
    policy(tap, town)
    school, childrens, police = town.speaker(SCHOOL), town.speaker(CHILDRENS), town.speaker(POLICE)
    sent = lodge(tap, town, school, childrens, police)
    survives(tap, town, sent)
    figures(tap, town)


if __name__ == "__main__":
    play(tests)
