#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An override from the command line, through real adapters and a real broker: asked for, shown, approved elsewhere, used, vetoed.
argv: protoc."""
import json
import sys

from town import CHILDRENS, POLICE, ROOT, SCHOOL, TEAM, play, write_policy

sys.path.insert(0, str(ROOT / "deploy"))
from exerciselib.play import Player  # noqa: E402

OVERRIDES = """
overrides = {
  purposes = [ "early-help" ];
  gateways = [ "safeguarding-child" ];
  reasons = [ "no-consent", "consent-refused" ];
  approvers = [ "holders", "hubs" ];
  most_hours = 48;
};
"""
BEN = json.dumps({"given_name": "Ben", "family_name": "Brookvane", "date_of_birth": "2012-05-06", "nhs_number": "9997010027",
                  "upn": "E987991618001"})
HOW = ["--purpose", "early-help", "--role", "senco", "--practitioner", "t.finch", "--subject", "-"]
WHY = ["--para18", "would-prejudice", "--harm", "neglect", "--likelihood", "likely", "--immediacy", "now", "--told", "later",
       "--not-told", "the next visit is on Monday", "--necessity", "no record of ours tells",
       "--proportionality", "one question of one service"]


def say(town, agency, *args, stdin=None):
    got = town.stage.command(*args, "--socket", town.stage.socket_of(agency), "--json", stdin=stdin, check=False)
    return got.exit, json.loads(got.out) if got.out.strip() else {}


def ask(town):
    return say(town, SCHOOL, "ask", "cp-plan-current", *HOW, stdin=BEN)


def request(town, *more):
    return say(town, SCHOOL, "override", "request", "cp-plan-current", *HOW, "--basis", "safeguarding-child", *WHY, *more, stdin=BEN)


def decide(town, word, override, agency=CHILDRENS, who="s.senior", *more):
    return say(town, agency, "override", word, override, "--practitioner", who, "--reason", "spoke to the school", *more)


def policy(tap, town):
    out = write_policy(town.folder, town.stage.work / "with-overrides")
    (out / "overrides.policy").write_text(OVERRIDES, encoding="utf-8")
    difference = town.stage.work / "agreed.diff"
    difference.write_text(town.stage.command("policy", "diff", "--active", out, check=False).out)
    got = town.stage.command("policy", "activate", out, "--acknowledged", difference, *town.stage.signed(both=True), check=False)
    tap.check("a policy with overrides is activated", got.exit == 0, (got.out, got.err))


def usage(tap, town):
    exit_code, got = request(town, "--hours", "24")
    tap.check("who does not state to have no part is told to", exit_code == 64 and "no_part" in got.get("message", ""), got)
    exit_code, got = request(town, "--hours", "many", "--no-part")
    tap.check("hours are a number", exit_code == 65, got)
    exit_code, got = request(town, "--hours", "49", "--no-part")
    tap.check("more hours than the policy allows are refused", (exit_code, got.get("reason")) == (77, "override-too-long"), got)
    exit_code, got = request(town, "--hours", "1", "--no-part", "--immediate-danger")
    tap.check("nobody acts alone where the policy does not say so", (exit_code, got.get("reason")) == (77, "override-not-alone"), got)
    got = town.stage.command("override", "request", "--help", check=False)
    tap.check("the help teaches", got.exit == 0 and "--para18" in got.out and "Somebody senior in another agency" in got.out)


def used(tap, town):
    refused = ask(town)
    tap.check("without consent the school is refused", (refused[0], refused[1].get("reason")) == (77, "no-consent-on-file"), refused)
    exit_code, got = request(town, "--hours", "24", "--no-part")
    tap.check("an override is asked for", exit_code == 0 and got.get("kind") == "receipt", got)
    override = got.get("message_id", "")
    tap.check("asking alone changes nothing", ask(town)[0] == 77)
    exit_code, got = say(town, CHILDRENS, "override", "show", override, "--practitioner", "s.senior")
    tap.check("whoever may approve it sees why", (got.get("state"), got.get("harm"), got.get("agency")) == ("waiting", "neglect", SCHOOL), got)
    tap.check("and no person in it", "Ben" not in json.dumps(got) and "t.finch" not in json.dumps(got))
    exit_code, got = say(town, POLICE, "override", "show", override, "--practitioner", "p.one")
    tap.check("to others it is not there", (exit_code, got.get("reason")) == (77, "unknown-override"), got)
    tap.check("the school does not approve its own", decide(town, "approve", override, SCHOOL, "head", "--senior", "--no-part")[1].get("reason") == "same-organisation")
    exit_code, got = decide(town, "approve", override, CHILDRENS, "s.senior", "--senior", "--no-part")
    tap.check("another agency approves it", exit_code == 0, got)
    exit_code, got = ask(town)
    tap.check("now the question is answered", exit_code == 0 and got.get("answer") in ("yes", "no"), got)
    tap.check("with guidance of its own", "override" in got.get("guidance", ""), got)
    got = town.stage.command("override", "show", override, "--practitioner", "t.finch", "--socket", town.stage.socket_of(SCHOOL), check=False)
    tap.check("people read how it stands", got.exit == 0 and "in-force" in got.out, got.out)
    return override


def reported(tap, town, state, **fields):
    """One override, as officers find it."""
    got = town.stage.command("report", "overrides", "--json", *town.stage.signed(), check=False)
    rows = json.loads(got.out).get("rows", []) if got.exit == 0 else []
    fields = {"state": state, "agency": SCHOOL, "question": "cp-plan-current", "basis": "safeguarding-child", **fields}
    tap.check(f"officers find it as {state}", len(rows) == 1 and all(rows[0].get(k) == v for k, v in fields.items()), got.out + got.err)
    tap.check("without anybody's name", "t.finch" not in got.out and "s.senior" not in got.out and "Ben" not in got.out)


def ended(tap, town, override):
    reported(tap, town, "in-force", approval="approved", approver=CHILDRENS, vetoed=False, finding="")
    got = town.stage.command("override", "veto", override, "--reason", "the mother has been asked", *town.stage.signed(), check=False)
    tap.check("an officer vetoes it", got.exit == 0, (got.out, got.err))
    tap.check("and it is over at once", ask(town)[0] == 77)
    reported(tap, town, "to-review", vetoed=True)
    exit_code, got = say(town, CHILDRENS, "override", "review", override, "--finding", "justified", "--no-part", "--practitioner", "m.third",
                         "--reason", "it was needed")
    tap.check("a third person reviews it all the same", exit_code == 0, got)
    reported(tap, town, "reviewed", finding="justified", reviewer=CHILDRENS)
    got = town.stage.command("report", "overrides", "--opened", "--csv", *town.stage.signed(), check=False)
    tap.check("opened, with who asked", got.exit == 0 and got.out.splitlines()[1].endswith("t.finch"), got.out + got.err)
    got = town.stage.command("report", "overrides", "--agency", POLICE, *town.stage.signed(), check=False)
    tap.check("of another agency there is none", got.exit == 0 and "no override" in got.out, got.out + got.err)
    tap.check("it is all in the log", len(town.audit(event="override-requested")) == 1 and len(town.audit(event="override-vetoed")) == 1)


def run(tap, town):
    policy(tap, town)
    for agency in (SCHOOL, CHILDRENS, POLICE):
        town.stage.command("status", "--wait-connected", "--timeout", "30", "--socket", town.stage.socket_of(agency))
    Player(town.folder, town.stage, town.cabinet).move_to("2021-06-16")  # every adapter has its rows of that day
    usage(tap, town)
    ended(tap, town, used(tap, town))


play(run, with_adapters=(SCHOOL, CHILDRENS, TEAM, POLICE))
