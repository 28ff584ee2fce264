#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every command of casework, run against real adapters and a real broker: concerns, streams, firings, referrals with sealed texts, watches,
services, what is due, outcomes. argv: protoc."""
import json
import subprocess
import sys
import uuid

from broker_children import Tap, keep, wait_for
from town import CHILDRENS, POLICE, RIVER, SCHOOL, TEAM, StageError, Town, uuid7

HOME = ("2 Hazel Court", "ZZ9 9ZA")
SERVICES = """
areas = [ "north", "south" ];
needs = [ "parenting", "recovery" ];
services = (
  { id = "recovery-group"; title = "Recovery group"; agency = "river-recovery"; contact = "group desk, 01632 960001"; needs = [ "recovery" ];
    areas = [ "north" ]; kinds = [ "soft", "application" ]; criteria = ( { question = "cp-plan-current"; wanted = false; } ); },
  { id = "parenting-at-home"; title = "Parenting at home"; agency = "oakshire-family-team"; contact = "family desk, 01632 960002"; needs = [ "parenting" ];
    kinds = [ "soft" ]; criteria = ( { question = "cp-plan-current"; wanted = true; } ); }
);
"""
PATIENCE_S = 60
BASES = {"early-help": "consent", "concern-monitoring": "public-task", "referral-tracking": "public-task", "child-protection": "safeguarding-child"}


class Casework(Town):
    """The smallest town with a directory of services."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        activate = self.stage.activate

        def with_services(policy):
            (policy / "50-services.policy").write_text(SERVICES, encoding="utf-8")
            activate(policy)

        self.stage.activate = with_services


class Desk:
    """One agency's commands against its own adapter."""

    def __init__(self, town, agency, role, people):
        self.stage, self.people = town.stage, people
        self.there = ["--socket", town.stage.socket_of(agency), "--practitioner", "p-1", "--role", role, "--json"]
        self.env = dict(town.stage.env)

    def run(self, *words, about=None, purpose=None, code=0, **kw):
        """The reply; whose exit must be `code`."""
        args = [*words, *self.there] + (["--purpose", purpose, "--basis", BASES[purpose]] if purpose else [])
        stdin = None
        if about:
            p = self.people[about]
            stdin = json.dumps({"given_name": p.given, "family_name": p.family, "date_of_birth": p.born, "nhs_number": "", "upn": "",
                                "homes": [{"address": HOME[0], "postcode": HOME[1], "from": "2018-01-01", "until": "", "ref": ""}]})
            args += ["--subject", "-"]
        got = self.stage.command(*args, stdin=stdin, check=False, **kw)
        if got.exit != code:
            raise StageError(f"{' '.join(map(str, words))}: exit {got.exit}, not {code}: {got.out}{got.err}")
        return got.json() if got.out.strip() and "\n" not in got.out.strip() else got

    def events(self, *words):
        """What its stream holds now, done thereby."""
        got = self.stage.command("stream", "follow", "--wait", "0", *words, *self.there, check=False)
        return [json.loads(line) for line in got.out.splitlines()]

    def await_event(self, *words, type_):
        """The next event of a type, past others."""
        found = []

        def there():
            found.extend(e for e in self.events(*words) if e["type"] == type_)
            return bool(found)
        return found[0] if wait_for(there, PATIENCE_S) else None


def concerns(tap, town, desks):
    school, police, hub = desks[SCHOOL], desks[POLICE], desks[CHILDRENS]
    tap.check("a stream that nobody made yet is made by following it", hub.events("--stream", "worries", "--severity-least", "low") == [])
    first = str(uuid.UUID(bytes=uuid7()))
    lodge = ["concern", "lodge", "--category", "attendance", "--severity", "low", "--area", "north", "--id", first]
    one = school.run(*lodge, about="Ben", purpose="concern-monitoring")
    tap.check("the receipt names the id that was given", one["kind"] == "receipt" and one["message_id"] == first, one)
    same = school.run(*lodge, about="Ben", purpose="concern-monitoring")
    tap.check("the same command again with the same id gets the same receipt", same == one, (one, same))
    other = school.run(*[w if w != "low" else "high" for w in lodge], about="Ben", purpose="concern-monitoring", code=65)
    tap.check("another one with it is refused", other["error"] == "id-reused", other)
    grant = ["consent", "grant", "--capacity", "self", "--recipients", "*", "--sources", "*", "--given-on", "2021-04-01", "--id", str(uuid.UUID(bytes=uuid7()))]
    given = [hub.run(*grant, about="Ada", purpose="early-help") for _ in range(2)]
    tap.check("a consent can be repeated safely, too", given[0] == given[1] and given[0]["message_id"] == grant[-1], given)
    tap.check("one concern fires nothing", hub.events("--stream", "worries") == [])
    two = police.run("concern", "lodge", "--category", "domestic-incident", "--severity", "medium", about="Ben", purpose="concern-monitoring")
    fired = hub.await_event("--stream", "worries", type_="firing")
    tap.check("two agencies' concerns reach the hub's stream", fired is not None)
    f = fired["firing"]
    tap.check("with whom to telephone", [c["agency"] for c in f["contributors"]] == [SCHOOL, POLICE] or
              sorted(c["agency"] for c in f["contributors"]) == sorted([SCHOOL, POLICE]) and all(c["contact_route"] for c in f["contributors"]), f)
    tap.check("by when and by which role to decide", f["decide_role"] == "duty-manager" and f["decide_by"], f)
    tap.check("and who it is by the hub's own rows", f["subject"]["kind"] == "person" and f["subject"]["known"] == "yes" and f["subject"]["ref"] == "p-ben", f["subject"])
    tap.check("nothing comes twice once it is done", hub.events("--stream", "worries") == [])
    due = hub.run("due")["due"]
    tap.check("it is due", any(d["about"] == f["episode"] and d["due_kind"] == "firing" for d in due), due)
    again = hub.events("--stream", "worries", "--from", "1")
    if not again:  # the broker sends them anew
        again = [hub.await_event("--stream", "worries", type_="firing")]
    tap.check("a stream can be played again, with the same id", again[0] is not None and again[0]["event"] == fired["event"], again)
    tap.check("a contributor hears nothing before the hub has acted", not [e for e in school.events() if e["type"] == "notice"])
    hub.run("firing", "acted", f["episode"], "--outcome", "early-help-offered")
    heard = school.await_event(type_="notice")
    tap.check("then it hears that its concern joined others", heard is not None and heard["notice"]["notice"] == "joined-others", heard)
    status = hub.run("stream", "status")["streams"]
    mine = next((s for s in status if s["stream"] == "worries"), None)
    tap.check("the stream's status tells that nothing waits", mine is not None and mine["lag"] == 0 and mine["last"] >= 1, status)
    school.run("concern", "amend", first, "--severity", "medium")
    police.run("concern", "withdraw", two["message_id"])
    state = hub.run("ask", "threshold-t2", about="Ben", purpose="concern-monitoring")
    tap.check("a withdrawn concern counts no longer", state["kind"] == "threshold" and state["fired"] is False, state)
    hub.run("firing", "close", f["episode"], "--outcome", "no-further-action")
    tap.check("a closed firing is no longer due", not any(d["about"] == f["episode"] for d in hub.run("due")["due"]))
    school.run("concern", "withdraw", str(uuid.UUID(bytes=uuid7())), code=77)
    school.run("concern", "lodge", "--category", "gossip", "--severity", "low", about="Ben", purpose="concern-monitoring", code=77)
    hub.run("outcome", f["episode"], "--effect", "sooner", "--minutes", "45", "--area", "north")
    hub.run("not-shared", "--reason", "not-necessary", "--question", "cp-plan-current", "--text", "the school knew already")
    hub.run("stream", "end", "worries")
    tap.check("a subscription that ended is gone", "worries" not in [s["stream"] for s in hub.run("stream", "status")["streams"]])


def referrals(tap, town, desks):
    school, river, team = desks[SCHOOL], desks[RIVER], desks[TEAM]
    found = school.run("service", "find", "--need", "recovery", "--area", "north")["services"]
    tap.check("a service is found by need and area", [s["service"] for s in found] == ["recovery-group"] and found[0]["criteria"], found)
    tap.check("and not elsewhere", school.run("service", "find", "--need", "recovery", "--area", "south")["services"] == [])
    eligible = desks[CHILDRENS].run("service", "eligible", "parenting-at-home", about="Ben", purpose="child-protection")
    tap.check("who is eligible is told by who holds the facts", eligible["kind"] == "eligibility" and eligible["value"] in ("eligible", "not", "cannot-say"), eligible)
    text = town.stage.work / "typed" / "why.txt"
    text.parent.mkdir()
    keep.plant(town.stage.work, "text", "Please telephone before noon")
    text.write_text("Ada Brookvane. Please telephone before noon.\n", encoding="utf-8")
    refer = ["refer", "--kind", "soft", "--service", "recovery-group", "--made", "eligibility-checked", "--reason", "advice", "--body", text]
    none = school.run(*refer, about="Ada", purpose="referral-tracking", code=69)
    tap.check("without a sealing key nothing is sent, and the next step is said", none["error"] == "no-sealing-key" and none["message"], none)
    river.run("sealing", "publish")
    keys = school.run("sealing", "list", RIVER)
    tap.check("a published key is shown, and new to us", keys["state"] == "new" and len(keys["keys"]) == 1, keys)
    sent = school.run(*refer, about="Ada", purpose="referral-tracking")["message_id"]
    tap.check("from its first use it is pinned", school.run("sealing", "list", RIVER)["state"] == "pinned")
    came = river.await_event(type_="referral")
    tap.check("the referral comes to the service's inbox", came is not None and came["referral"]["referral"] == sent and came["referral"]["has_body"], came)
    tap.check("and its text is read there alone", river.run("referral", "read", sent)["texts"][0]["text"] == text.read_text())
    desks[POLICE].run("referral", "read", sent, code=66)
    state = school.run("referral", "state", sent, purpose="referral-tracking")
    tap.check("its sender sees that it was sent", state["state"] == "sent" and state["due_on"], state)
    refused = desks[POLICE].run("referral", "state", sent, purpose="referral-tracking", code=77)
    tap.check("nobody else may ask", refused["kind"] == "refusal", refused)
    river.run("referral", "more-info", sent, "--reason", "dates-missing")
    asked = school.await_event(type_="referral-update")
    tap.check("the sender is asked for more", asked is not None and asked["referral_update"]["step"] == "more-info", asked)
    school.run("referral", "info", sent)
    river.run("referral", "accept", sent)
    river.run("referral", "deliver", sent)
    river.run("referral", "withdraw", sent, code=77)
    river.run("referral", "close", sent, "--outcome", "completed")
    shown = school.run("referral", "show", sent)
    tap.check("the whole of its life is shown to the sender", shown["state"] == "closed" and {"accepted", "closed"} <= {h["step"] for h in shown["history"]}, shown)
    tap.check("both list it", all(sent in [r["referral"] for r in d.run("referral", "list")["referrals"]] for d in (school, river)))
    tap.check("and among those open, because the referrer is owed word of it", sent in [r["referral"] for r in school.run("referral", "list", "--open")["referrals"]])
    river.run("referral", "feedback", sent, "--outcome", "support-given")
    tap.check("until it has had it", sent not in [r["referral"] for r in school.run("referral", "list", "--open")["referrals"]])
    own = team.run("refer", "--kind", "soft", "--origin", "self", "--reason", "advice", "--made", "eligibility-checked", about="Ada", purpose="referral-tracking")["message_id"]
    tap.check("what nobody sent is recorded by who received it", [r["from"] for r in team.run("referral", "list")["referrals"] if r["referral"] == own] == [""])
    team.run("referral", "reject", own, code=64)
    team.run("referral", "reject", own, "--reason", "out-of-area")
    unready = school.run("refer", "--kind", "hard", "--to", TEAM, "--reason", "advice", about="Ada", purpose="referral-tracking", code=77)
    tap.check("a kind whose conditions are not stated is refused in words", unready["kind"] == "refusal" and unready["way_forward"], unready)


def contacts(tap, town, desks):
    """A masked service learns by its own reference whom it is asked to call about; the hub, which asks it to, does not."""
    school, hub, river = desks[SCHOOL], desks[CHILDRENS], desks[RIVER]
    for desk in (hub, river):
        desk.events()  # what came before
    grant = ["consent", "grant", "--capacity", "self", "--recipients", "*", "--sources", "*", "--given-on", "2021-04-01"]
    hub.run(*grant, about="Ada", purpose="early-help")
    asked = school.run("who", "--self-claimed", "Ben's mother, about his support", about="Ada", purpose="early-help")
    tap.check("a sensitive service is not named in the reply", asked["masked"] is True and RIVER not in json.dumps(asked), asked)
    school.run("contact", asked["message_id"], "--text", "please call about a visit", "--contact-route", "01632 960003")
    passed = hub.await_event(type_="notice")
    tap.check("the hub is asked to pass it on, and not told about whom", passed is not None and passed["notice"]["notice"] == "contact-request"
              and passed["notice"]["about"] == asked["message_id"] and "subject" not in passed["notice"], passed)
    hub.run("contact", asked["message_id"], "--text", "please call the school", "--contact-route", "01632 960003")
    came = river.await_event(type_="notice")
    tap.check("the service that was masked sees its own reference", came is not None and came["notice"]["notice"] == "contact-request"
              and (came["notice"]["subject"]["known"], came["notice"]["subject"]["ref"]) == ("yes", "p-ada"), came)
    tap.check("and nobody who did not know the person hears of it", [e for a in (TEAM, POLICE) for e in desks[a].events()
              if e["type"] == "notice" and e["notice"]["notice"] == "contact-request"] == [])


def watches(tap, town, desks):
    lead, police = desks[CHILDRENS], desks[POLICE]
    watch = lead.run("watch", "add", "--agencies", POLICE, "--until", "2021-10-01", about="Cyd")["message_id"]
    police.run("concern", "lodge", "--category", "domestic-incident", "--severity", "low", about="Cyd", purpose="concern-monitoring")
    seen = lead.await_event(type_="watch")
    tap.check("the previous lead hears that somebody has reappeared", seen is not None and seen["watch"]["watch"] == watch and seen["watch"]["agency"] == POLICE, seen)
    tap.check("and the agency that met them learns nothing", [e for e in police.events() if e["type"] == "watch"] == [])
    lead.run("watch", "move", watch, "--at-home", "3 Pretend Road; ZZ9 9ZC", "--until", "2021-09-01")
    lead.run("watch", "end", watch)
    lead.run("watch", "end", str(uuid.UUID(bytes=uuid7())), code=77)


def hands_over(tap, town, desks):
    """--exec on a real stream: at least once, and done only when the command says so."""
    school, team = desks[SCHOOL], desks[TEAM]
    team.events()  # what came before
    sent = [school.run("refer", "--kind", "soft", "--to", TEAM, "--made", "eligibility-checked", "--reason", "advice", about="Ada", purpose="referral-tracking")["message_id"]
            for _ in range(3)]
    taken = town.stage.work / "taken"
    follow = [str(town.stage.prefix / "bin" / "almoner"), "stream", "follow", "--socket", str(town.stage.socket_of(TEAM)), "--wait", str(PATIENCE_S)]
    failed = subprocess.run([*follow, "--exec", f"cat >> {taken}; [ $(wc -l < {taken}) -ne 2 ]"], capture_output=True, text=True, env=town.stage.env, timeout=3 * PATIENCE_S, check=False)
    tap.check("a command that fails stops the following", failed.returncode == 75 and "comes first next time" in failed.stderr, failed)
    whole = subprocess.run([*follow, "--count", "2", "--exec", f"cat >> {taken}"], capture_output=True, text=True, env=town.stage.env, timeout=3 * PATIENCE_S, check=False)
    events = [json.loads(line) for line in taken.read_text().splitlines()]
    got = [e["referral"]["referral"] for e in events if e["type"] == "referral"]
    tap.check("and the event comes again, first, with the rest in order", whole.returncode == 0 and sorted(set(got)) == sorted(sent)
              and list(dict.fromkeys(got)) == sent and len(events) == len({e["event"] for e in events}) + 1, (whole, got))


def main():
    tap = Tap()
    agencies = (CHILDRENS, TEAM, POLICE, SCHOOL, RIVER)
    with Casework(sys.argv[1], day="2021-04-10", with_adapters=agencies) as town:
        roles = {CHILDRENS: "social-worker", TEAM: "social-worker", POLICE: "police-officer", SCHOOL: "senco", RIVER: "support-worker"}
        desks = {a: Desk(town, a, roles[a], town.people) for a in agencies}
        for test in (concerns, referrals, contacts, watches, hands_over):
            test(tap, town, desks)
    tap.done()


if __name__ == "__main__":
    main()
