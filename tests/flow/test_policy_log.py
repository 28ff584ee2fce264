#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The policy commands over a real log: decisions explained by their leaf, a draft replayed, the policy in force compared and gone back to.
argv: protoc."""
import re

from town import CHILDRENS, POLICE, RIVER, SCHOOL, TEAM, Holders, play, refused, told


def command(town, *args, both=False):
    return town.stage.command(*args, *town.stage.signed(both=both), check=False)


def reading(town, *args):
    """One that reads no log, so that nobody signs."""
    return town.stage.command(*args, check=False)


def asked(tap, town, school, holders):
    """One question permitted and told, one refused for a told reason, one for consent. Return: their leaves."""
    first = town.next_leaf()
    body = school.insight()
    school.say(body)
    for agency in (CHILDRENS, TEAM):
        question = holders.by[agency].question(3)
        if question is not None:
            holders.by[agency].answer(question, "NO")
    tap.check("the school's question is answered", told(town.pb, school.reply(body)) == ("no", "all"))
    got = school.ask(school.insight(role="volunteer"))
    tap.check("a role that may not ask is refused", refused(got, "role-not-permitted"), told(town.pb, got))
    rows = [r for r in town.audit(first) if r["event"] in ("decided", "refused")]
    tap.check("both are in the log", [r["event"] for r in rows] == ["decided", "refused"], rows)
    return [str(r["leaf"]) for r in rows]


def explained(tap, town, leaves):
    permitted, no_role = (command(town, "policy", "explain", "--leaf", leaf, "--json") for leaf in leaves)
    tap.check("a permit is explained by its leaf", permitted.exit == 0 and permitted.json()["decision"]["outcome"] == "permitted", permitted.err)
    tap.check("with the law of its day", any(law["in_force"] for law in permitted.json()["law"]))
    got = no_role.json()
    tap.check("and a refusal, with its clause and the way forward", got["decision"]["reason"] == "role-not-permitted" and got["against"] and
              got["way_forward"], got)
    tap.check("the clear part is said not to hold what was on file", "holds neither" in command(town, "policy", "explain", "--leaf", leaves[0]).out)
    none = command(town, "policy", "explain", "--leaf", "0")
    tap.check("a leaf without a decision is not", none.exit == 65 and "no decision" in none.err, (none.exit, none.err))
    beyond = command(town, "policy", "explain", "--leaf", "999999")
    tap.check("nor one that is not there", beyond.exit == 65, (beyond.exit, beyond.err))
    tap.check("reading it is recorded", [r for r in town.audit(0) if r["event"] == "log-read"])


def drafted(town):
    """The same policy, but roles: what may be asked, nobody may ask but a social worker."""
    place = town.stage.work / "draft"
    place.mkdir(exist_ok=True)
    for path in (town.stage.work / "policy").glob("*.policy"):
        text = path.read_text(encoding="utf-8")
        place.joinpath(path.name).write_text(re.sub(r'ask = "(full|insight-only)"', 'ask = "no"', text), encoding="utf-8")
    return place


def replayed(tap, town, draft):
    since = ["--since", "2000-01-01"]
    got = command(town, "policy", "replay", *since, town.stage.work / "policy", "--json")
    tap.check("the policy in force decides its own log alike", got.exit == 0 and all(
        not t[k] for t in got.json()["all"] for k in ("now-permitted", "now-refused", "not-replayed")), (got.err, got.out[:600]))
    got = command(town, "policy", "replay", *since, draft, "--json")
    tap.check("a draft under which nobody may ask flips it, in small numbers that are not shown",
              got.exit == 0 and got.json()["all"][0]["now-refused"] == "<5", (got.err, got.out[:600]))
    got = command(town, "policy", "replay", "--since", "2999-01-01", draft, "--json")
    tap.check("nothing of the future", got.exit == 0 and got.json()["leaves"] == 0, got.err)


def in_force(tap, town, draft):
    policy = town.stage.work / "policy"
    tap.check("what is in force is what was activated", reading(town, "policy", "diff", "--active", policy).exit == 0)
    got = reading(town, "policy", "diff", "--active", draft)
    tap.check("and differs from the draft", got.exit == 1 and "now refused" in got.out, got.err)
    digest = reading(town, "policy", "show", "--json").json()["policy"]
    tap.check("it can be had by its hash", reading(town, "policy", "matrix", digest, "--csv").out == reading(town, "policy", "matrix", policy, "--csv").out)
    tap.check("another hash is not there", reading(town, "policy", "matrix", "0" * 64).exit == 66)
    kept = town.stage.work / "draft.diff"
    kept.write_text(got.out, encoding="utf-8")
    done = command(town, "policy", "activate", draft, both=True)
    tap.check("the draft is not activated unread", done.exit == 77 and reading(town, "policy", "show", "--json").json()["policy"] == digest, done.err)
    done = command(town, "policy", "activate", draft, "--acknowledged", kept, both=True)
    tap.check("and is once each group is acknowledged", done.exit == 0, done.err)
    kept.write_text(reading(town, "policy", "diff", "--active", digest).out, encoding="utf-8")
    done = command(town, "policy", "activate", digest, "--acknowledged", kept, both=True)
    tap.check("the hash of the one before goes back to it", done.exit == 0 and reading(town, "policy", "show", "--json").json()["policy"] == digest, done.err)


def limited(tap, town, holders):
    """One permitted question a day for each practitioner. Activated over the network's own way: a change saved, signed by both, sent."""
    draft = town.stage.work / "limited"
    draft.mkdir(exist_ok=True)
    for path in (town.stage.work / "policy").glob("*.policy"):
        draft.joinpath(path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    draft.joinpath("limits.policy").write_text("limits = { practitioner = 1; };\n", encoding="utf-8")
    kept = town.stage.work / "limited.diff"
    kept.write_text(reading(town, "policy", "diff", "--active", draft).out, encoding="utf-8")
    done = command(town, "policy", "activate", draft, "--acknowledged", kept, both=True)
    tap.check("a policy with limits is activated", done.exit == 0, done.err)
    school, first = holders.by[SCHOOL], town.next_leaf()
    body = school.insight()
    school.say(body)
    for agency in (CHILDRENS, TEAM):
        question = holders.by[agency].question(3)
        if question is not None:
            holders.by[agency].answer(question, "NO")
    tap.check("the first question of the day is answered", told(town.pb, school.reply(body)) == ("no", "all"))
    got = school.ask(school.insight())
    tap.check("the second is refused for the quota", refused(got, "over-quota"), told(town.pb, got))
    tap.check("with a way forward", got is not None and "hub" in got.refusal.way_forward)
    leaf = [r["leaf"] for r in town.audit(first) if r.get("reason") == "over-quota"]
    tap.check("which the log has", len(leaf) == 1, leaf)
    why = command(town, "policy", "explain", "--leaf", str(leaf[0]) if leaf else "0")
    tap.check("and explain says that it is for what was asked before", why.exit == 0 and "asked before" in why.out, (why.exit, why.out, why.err))
    got = command(town, "policy", "explain", "--leaf", str(leaf[0]) if leaf else "0", "--json")
    tap.check("also as JSON", got.exit == 0 and got.json()["reason"] == "over-quota", got.err)


def run(tap, town):
    holders = Holders(*(town.speaker(a) for a in (CHILDRENS, TEAM, POLICE, SCHOOL, RIVER)))
    school = holders.by[SCHOOL]
    leaves = asked(tap, town, school, holders)
    explained(tap, town, leaves)
    draft = drafted(town)
    replayed(tap, town, draft)
    in_force(tap, town, draft)
    limited(tap, town, holders)


play(run)
