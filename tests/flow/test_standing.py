#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What officers end is ended at once, on connections that stand open, and for questions that are waiting. argv: protoc."""
import json
import shutil

from town import CHILDRENS, POLICE, RIVER, SCHOOL, TEAM, Holders, load, play, refused, told, wait_for, write_policy

REFUSED = 77


def officer(town, *args, both=False, check=True):
    return town.stage.command(*args, *town.stage.signed(both=both), check=check)


def submitted(town, *args):
    """A change with one signature that says of itself that it needs no more: the core counts, not the command."""
    saved = town.stage.work / "one.change"
    saved.unlink(missing_ok=True)
    officer(town, *args, "--save", saved)
    saved.write_text(json.dumps(dict(json.loads(saved.read_text()), needs=1)))
    return town.stage.command("change", "submit", saved, check=False)


def agreed(town, policy):
    """What the policy would change, read and kept: each group of it is acknowledged."""
    kept = town.stage.work / "agreed.diff"
    kept.write_text(town.stage.command("policy", "diff", "--active", policy, check=False).out)
    return ["policy", "activate", policy, "--acknowledged", kept]


def answered(town, school, holders, **query):
    """The school asks whether there is a plan, and children's services say no."""
    body = school.insight(**query)
    school.say(body)
    for agency in (CHILDRENS, TEAM):
        question = holders.by[agency].question(3)
        if question is not None:
            holders.by[agency].answer(question, "NO")
    return school.reply(body)


def suspended_agency(tap, town, school, holders):
    tap.check("before, it is answered", told(town.pb, answered(town, school, holders)) == ("no", "all"))
    waiting = school.insight()
    school.say(waiting)
    questions = {a: holders.by[a].question(3) for a in (CHILDRENS, TEAM)}
    officer(town, "agency", "suspend", SCHOOL, "--reason", "laptop stolen")
    for agency, question in questions.items():
        holders.by[agency].answer(question, "YES")
    got = school.reply(waiting)
    tap.check("what a suspended agency was waiting for is not told to it", refused(got, "agency-suspended"), told(town.pb, got))
    body = school.insight()
    tap.check("its next message on the open connection is refused", refused(school.ask(body), "agency-suspended"))
    body = school.consent()
    tap.check("nor may it lodge", refused(school.ask(body), "agency-suspended"))
    body = school.body(lease=town.pb.Lease())
    school.say(body)
    tap.check("nor is it told the day", refused(school.until({"refusal", "lease"}, body.id), "agency-suspended"))
    childrens = holders.by[CHILDRENS]
    ask = childrens.insight("lives-at", homes=[("2 Hazel Court", "ZZ9 9ZA", "2015-01-01")], parameter=("2 Hazel Court", "ZZ9 9ZA"))
    got = holders.asked(childrens, ask)
    tap.check("it is asked nothing", SCHOOL not in got and POLICE in got, list(got))
    holders.answer(got)
    tap.check("and a reply says that not all have answered", told(town.pb, childrens.reply(ask)) == ("cannot-say", "most"))
    one = submitted(town, "agency", "resume", SCHOOL, "--reason", "found again")
    tap.check("one officer cannot lift a suspension", one.exit == REFUSED and refused(school.ask(school.insight()), "agency-suspended"), (one.exit, one.err))
    officer(town, "agency", "resume", SCHOOL, "--reason", "found again", both=True)
    tap.check("two officers can", told(town.pb, answered(town, school, holders)) == ("no", "all"))


def suspended_holder(tap, town, holders):
    childrens, police = holders.by[CHILDRENS], holders.by[POLICE]
    body = childrens.insight("domestic-incident-12m", person="Ada")
    childrens.say(body)
    question = police.question()
    officer(town, "agency", "suspend", POLICE, "--reason", "keys in doubt")
    police.answer(question, "YES")
    got = childrens.reply(body)
    tap.check("an answer of a holder that has been suspended since is not used", told(town.pb, got) == ("cannot-say", "none"), told(town.pb, got))
    officer(town, "agency", "resume", POLICE, "--reason", "keys are well", both=True)
    body = childrens.insight("domestic-incident-12m", person="Ada")
    childrens.say(body)
    police.answer(question, "YES")  # of the old question
    police.answer(police.question(), "YES")
    tap.check("when it is back its answers count", told(town.pb, childrens.reply(body)) == ("yes", "all"))


def practitioner(tap, town, school, holders):
    officer(town, "practitioner", "suspend", SCHOOL, "t.finch", "--reason", "left the service")
    body = school.insight(practitioner="t.finch")
    got = school.ask(body)
    tap.check("a suspended practitioner is refused, and told so", refused(got, "practitioner-suspended") and got.refusal.way_forward != "", got)
    tap.check("a colleague is answered", told(town.pb, answered(town, school, holders, practitioner="a.wren")) == ("no", "all"))
    officer(town, "practitioner", "resume", SCHOOL, "t.finch", "--reason", "came back")
    tap.check("and the first again once it is lifted", told(town.pb, answered(town, school, holders, practitioner="t.finch")) == ("no", "all"))


def signing_key(tap, town, school, holders):
    keys = town.stage.keys
    town.stage.command("key", "new", "sign", keys / "school-new")
    officer(town, "agency", "add", SCHOOL, "--curve", keys / f"{SCHOOL}.key", "--sign", keys / "school-new.pub")
    tap.check("with a second signing key the first is still good", told(town.pb, answered(town, school, holders)) == ("no", "all"))
    officer(town, "agency", "revoke-key", SCHOOL, keys / f"{SCHOOL}.pub")
    school.say(school.insight())
    tap.check("a revoked signing key's next message is refused", refused(school.until({"refusal", "insight"}, timeout_s=5), "unknown-key"))
    school.say(school.withdrawal(person="Ben"))
    tap.check("also a message that stops sharing", refused(school.until({"refusal", "receipt"}, timeout_s=5), "unknown-key"))
    school.close()
    town.speakers.remove(school)
    fresh = town.speaker(SCHOOL, seed=bytes.fromhex((keys / "school-new.sign").read_text().strip()))
    holders.by[SCHOOL] = fresh
    tap.check("its new one is good", told(town.pb, answered(town, fresh, holders)) == ("no", "all"))
    return fresh


def curve_key(tap, town, school, holders):
    keys = town.stage.keys
    seed = bytes.fromhex((keys / "school-new.sign").read_text().strip())
    town.stage.command("key", "new", "curve", keys / "school-curve")
    officer(town, "agency", "add", SCHOOL, "--curve", keys / "school-curve.key", "--sign", keys / "school-new.pub")
    cut = f"proc={town.gate_of(SCHOOL)} event=gate-allow"
    before = town.log().count(cut)
    officer(town, "agency", "revoke-key", SCHOOL, keys / f"{SCHOOL}.key")
    wait_for(lambda: town.log().count(cut) > before, 30)
    body = school.insight()
    school.say(body)
    tap.check("a revoked CURVE key gets nothing through on its open connection", school.receive(800) is None)
    again = town.speaker(SCHOOL, greet=False, seed=seed)
    again.say(again.body(lease=town.pb.Lease()))
    tap.check("nor on a new one", again.receive(800) is None)
    for speaker in (school, again):
        speaker.close()
        town.speakers.remove(speaker)
    fresh = town.speaker(SCHOOL, curve=keys / "school-curve.key_secret", seed=seed)
    holders.by[SCHOOL] = fresh
    tap.check("the agency goes on with its new one", told(town.pb, answered(town, fresh, holders)) == ("no", "all"))
    return fresh


def without_river(town):
    """Policy text of the same town in which one agency does not occur."""
    place = town.stage.work / "smaller"
    shutil.copytree(town.folder.path, place)
    for path in place.glob("*.csv"):
        lines = path.read_text().splitlines()
        path.write_text("\n".join(line.replace(f"|{RIVER}", "") for line in lines if RIVER not in line.replace(f"|{RIVER}", "")) + "\n")
    policy = town.stage.work / "smaller-policy"
    write_policy(load(place), policy)
    return policy


def not_in_policy(tap, town, school, holders):
    river, childrens = holders.by[RIVER], holders.by[CHILDRENS]
    one = submitted(town, *agreed(town, without_river(town)))
    tap.check("one officer cannot activate a policy", one.exit == REFUSED, (one.exit, one.err))
    blind = officer(town, "policy", "activate", town.stage.work / "smaller-policy", both=True, check=False)
    tap.check("nor can two who have not acknowledged what it changes", blind.exit == REFUSED, (blind.exit, blind.err))
    officer(town, *agreed(town, town.stage.work / "smaller-policy"), both=True)
    tap.check("connected agencies get the new catalogue at once", school.until({"catalogue"}, timeout_s=3) is not None)
    got = river.ask(river.insight(purpose="early-help", basis="consent"))
    tap.check("an enrolled agency that the policy does not name may ask nothing", refused(got, "not-a-party"), told(town.pb, got))
    got = river.ask(river.consent())
    tap.check("nor lodge", refused(got, "not-a-party"), told(town.pb, got))
    ask = childrens.insight("lives-at", homes=[("2 Hazel Court", "ZZ9 9ZA", "2015-01-01")], parameter=("2 Hazel Court", "ZZ9 9ZA"))
    asked = holders.asked(childrens, ask)
    tap.check("nor is it asked", RIVER not in asked and SCHOOL in asked, list(asked))
    holders.answer(asked)
    childrens.reply(ask)
    officer(town, *agreed(town, town.stage.work / "policy"), both=True)


def signatures(tap, town):
    stage, leaf = town.stage, town.next_leaf()
    keys = stage.keys
    stage.command("key", "new", "sign", keys / "third")
    one = ["--officer", "officer-one", "--key", keys / "officer-one.sign"]
    two = ["--officer", "officer-two", "--key", keys / "officer-two.sign"]
    nobody = ["--officer", "third", "--key", keys / "third.sign"]
    forged = ["--officer", "officer-two", "--key", keys / "third.sign"]
    cases = [
        ("no signature at all", ["agency", "suspend", RIVER, "--reason", "x"]),
        ("a third officer admitted by one", ["officer", "add", "third", "--public", keys / "third.pub", *one]),
        ("a third officer who signs for itself", ["officer", "add", "third", "--public", keys / "third.pub", *one, *nobody]),
        ("one officer's signature twice", ["officer", "add", "third", "--public", keys / "third.pub", *one, *one]),
        ("another's name with one's own key", ["officer", "add", "third", "--public", keys / "third.pub", *one, *forged]),
        ("a stranger's suspension", ["agency", "suspend", RIVER, "--reason", "x", *nobody]),
        ("a forged suspension", ["agency", "suspend", RIVER, "--reason", "x", *forged]),
        ("an officer who ends another alone", ["officer", "suspend", "officer-two", *one]),
    ]
    env = {k: stage.env.pop(k) for k in ("ALMONER_OFFICER", "ALMONER_OFFICER_KEY")}
    for name, args in cases:
        got = stage.command(*args, check=False)
        tap.check(f"{name} is refused", got.exit not in (0, 70), (got.exit, got.err))
    # A change that was signed, saved and altered; and one that is submitted twice.
    saved = stage.work / "suspend.change"
    stage.command("agency", "suspend", RIVER, "--reason", "laptop stolen", "--save", saved, *one)
    altered = stage.work / "altered.change"
    altered.write_text(saved.read_text().replace(RIVER, POLICE))
    got = stage.command("change", "submit", altered, check=False)
    tap.check("a saved change that was altered is refused", got.exit not in (0, 70), (got.exit, got.err))
    stage.command("change", "submit", saved)
    stage.command("agency", "resume", RIVER, "--reason", "found again", *one, *two)
    got = stage.command("change", "submit", saved, check=False)
    tap.check("the same change a second time is refused", got.exit not in (0, 70), (got.exit, got.err))
    stage.env.update(env)
    changed = [r["detail"] for r in town.audit(leaf) if r["event"] in ("officer-changed", "agency-changed")]
    tap.check("none of it changed anything but the suspension and its end", len(changed) == 2, changed)
    standing = {a["agency"]: a["standing"] for a in json.loads(stage.command("agency", "list", "--json").out)["agencies"]}
    tap.check("everybody is as they were", set(standing.values()) == {"active"}, standing)


def run(tap, town):
    holders = Holders(*(town.speaker(a) for a in (CHILDRENS, TEAM, POLICE, SCHOOL, RIVER)))
    school = holders.by[SCHOOL]
    suspended_agency(tap, town, school, holders)
    suspended_holder(tap, town, holders)
    practitioner(tap, town, school, holders)
    school = signing_key(tap, town, school, holders)
    school = curve_key(tap, town, school, holders)
    not_in_policy(tap, town, school, holders)
    tap.check("the policy of before is in force again", wait_for(lambda: told(town.pb, answered(town, school, holders)) == ("no", "all"), 5))
    signatures(tap, town)


play(run)
