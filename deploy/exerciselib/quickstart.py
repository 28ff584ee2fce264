# SPDX-License-Identifier: Apache-2.0
"""The quickstart's play: a broker, an adapter for every agency of a fictional town, and one family's story, step by step.

Each step prints the command as a person would type it, and what that person then sees.
"""
import shlex
import subprocess
import sys
import time
from pathlib import Path

from .agencies import Cabinet
from .curtain import raise_curtain
from .folder import FolderError, load
from .play import CONCERN, Player, new_id
from .stage import Stage, StageError, find_prefix

DATA = Path(__file__).resolve().parent.parent.parent / "tests" / "data" / "marlham"
DAY = "2021-06-15"
CONSENT = "k-amory-03"  # Tess Amory's own, for early help, signed in February 2021
STORY = [
    ("A social worker weighing a visit asks one narrow question about the youngest child.",
     {"asking_agency": "marlshire-childrens-services", "role": "social-worker", "purpose": "child-protection",
      "lawful_basis_hint": "safeguarding-child", "subject": "p-amory-nina", "question": "insight:caf-open"}),
    ("The school's special needs coordinator asks who else is working with the mother. She agreed to that, but did not name every service.",
     {"asking_agency": "tansy-lane-primary", "role": "senco", "purpose": "early-help", "lawful_basis_hint": "consent",
      "subject": "p-amory-tess", "question": "who-is-involved"}),
    ("The school asks for more than she agreed to. The refusal does not say whether there is such a service.",
     {"asking_agency": "tansy-lane-primary", "role": "senco", "purpose": "early-help", "lawful_basis_hint": "consent",
      "subject": "p-amory-tess", "question": "insight:substance-treatment-current"}),
]

SCHOOL, HOUSING, HUB, ADVICE = "tansy-lane-primary", "marlham-housing", "marlshire-childrens-services", "copperbridge"
WITNESSES = (SCHOOL, HOUSING)  # of the log: neither of them runs the broker
CHILD, MOTHER = "p-amory-isla", "p-amory-tess"
TEXT = "Tess Amory, born 19 August 1993, asked us for help with the arrears.\nPlease ring her before noon; her phone is shared.\n"


class Narrator:
    def __init__(self, colour):
        self.bold, self.dim, self.off = ("\033[1m", "\033[2m", "\033[0m") if colour else ("", "", "")
        self.n = 0

    def step(self, text):
        self.n += 1
        print(f"\n{self.bold}{self.n}. {text}{self.off}")

    def run(self, shown, stage, args, stdin=None):
        """Shows the command as typed, runs it in the stage's folder, and shows what it printed."""
        print(f"{self.dim}   $ almoner {shown}{self.off}")
        done = subprocess.run([str(stage.prefix / "bin" / "almoner"), *map(str, args)], input=stdin, capture_output=True, text=True,
                              env=stage.env, cwd=stage.work, check=False, timeout=120)
        for line in (done.stdout + done.stderr).rstrip().splitlines():
            print(f"   {line}")
        return done.returncode


def ask(narrator, player, stage, who):
    """One question of the story. Return: the exit code of the command."""
    player.wake(who["asking_agency"])
    argv, args, stdin = player.ask_command(who)
    args = [a for a in args if a != "--json"]
    person = player.persons[who["subject"]]
    shown = [*argv, "--purpose", who["purpose"], "--role", who["role"], "--given", person["given_name"], "--family", person["family_name"],
             "--born", person["date_of_birth"], "…"]
    return narrator.run(f"{' '.join(shlex.quote(a) if a != '…' else a for a in shown)}   # at {who['asking_agency']}", stage, [*argv, *args], stdin)


class Desk:
    """One agency's desk: its commands, as typed, against its own adapter."""

    def __init__(self, narrator, player, stage, agency, practitioner, role):
        self.narrator, self.player, self.stage, self.agency = narrator, player, stage, agency
        self.who = ["--practitioner", practitioner, "--role", role]

    def run(self, shown, *args, stdin=None, purpose=None):
        self.player.wake(self.agency)
        under = ["--purpose", purpose, "--basis", "public-task"] if purpose else []
        return self.narrator.run(f"{shown}   # at {self.agency}", self.stage,
                                 [*args, *under, *self.who, "--socket", self.stage.socket_of(self.agency)], stdin)

    def about(self, person_id, words, *more, purpose):
        """A command about somebody, whom the practitioner names."""
        person = self.player.persons[person_id]
        return self.run(f"{' '.join(words)} --given {person['given_name']} --family {person['family_name']} --born {person['date_of_birth']} …", *words, *more,
                        "--subject", "-", stdin=self.player.subject(person_id, self.agency), purpose=purpose)


def concerns(narrator, player, stage):
    """Two small concerns add up. Return: exit codes."""
    school, housing = Desk(narrator, player, stage, SCHOOL, "t.finch", "senco"), Desk(narrator, player, stage, HOUSING, "h.reed", "housing-officer")
    hub = Desk(narrator, player, stage, HUB, "hub-2", "social-worker")
    home = player.address(player.cabinet.stays(CHILD)[-1]["household_id"])
    follow = ["stream", "follow", "--stream", "worries"]
    narrator.step("The hub follows worries (nothing yet). Then two agencies lodge small ones, each too little to act on. No text leaves either.")
    exits = [hub.run("stream follow --stream worries --wait 0", *follow, "--wait", "0"),
             school.about(CHILD, ["concern", "lodge", "--category", "child-distress", "--severity", "low"], "--at-home", home, purpose="concern-monitoring"),
             housing.about(CHILD, ["concern", "lodge", "--category", "living-conditions", "--severity", "low"], "--at-home", home, purpose="concern-monitoring")]
    narrator.step("They add up. The hub, which can tell who it is by its own rows, sees whom to telephone, and by when to decide.")
    exits.append(hub.run("stream follow --stream worries --count 1", *follow, "--count", "1", "--timeout", "60"))
    return exits


def referral(narrator, player, stage):
    """A referral that is not lost. Return: exit codes."""
    school = Desk(narrator, player, stage, SCHOOL, "t.finch", "senco")
    advice = Desk(narrator, player, stage, ADVICE, "v.march", "support-worker")
    text, sent = stage.work / "why.txt", new_id()
    text.write_text(TEXT, encoding="utf-8")
    stage.command("sealing", "publish", "--socket", stage.socket_of(ADVICE), "--practitioner", "it-1")
    narrator.step("The school refers the mother to an advice centre. The text is sealed: only the centre can read it.")
    exits = [school.about(MOTHER, ["refer", "--kind", "soft", "--to", ADVICE, "--reason", "rent-arrears", "--body", "why.txt"], "--id", sent, purpose="referral-tracking")]
    narrator.step("The centre finds it in its inbox, reads it and accepts it; the school sees what became of it.")
    exits += [advice.run("stream follow --count 1", "stream", "follow", "--count", "1", "--timeout", "60"),
              advice.run(f"referral read {sent}", "referral", "read", sent),
              advice.run(f"referral accept {sent}", "referral", "accept", sent, purpose="referral-tracking"),
              school.run(f"referral state {sent}", "referral", "state", sent, purpose="referral-tracking")]
    return exits


def play(stage, folder, narrator, progress):
    cabinet = Cabinet(folder, stage, witnesses=WITNESSES)
    player = Player(folder, stage, cabinet)
    first = min(c["date_given"] for c in folder.rows("consents") if c["consent_id"] == CONSENT)
    raise_curtain(stage, folder, cabinet, first, progress)
    steps = [s for s in player.timeline([dict(STORY[0][1], as_of_date=DAY)]) if first <= s[0] and s[1] < CONCERN]
    for day, _, action, row in steps:
        if day != player.day:
            player.move_to(day)
        action(row)
    player.move_to(DAY)
    print(f"\nUp: one broker ({len(stage.gates)} gates), {len(cabinet.organisation)} adapters, each a process of its own, over CURVE on "
          f"loopback.\nIt is {DAY} in the fictional city of Marlham. Consents given until then have been lodged by the agencies that took them.")
    exits = []
    for text, who in STORY:
        narrator.step(text)
        exits.append(ask(narrator, player, stage, who))
    narrator.step("The mother withdraws her consent, at the agency that took it. It counts from the commit on.")
    message_id, agency = player.lodged[CONSENT]
    player.wake(agency)
    exits.append(narrator.run(f"consent withdraw {message_id}   # at {agency}", stage,
                              ["consent", "withdraw", message_id, "--purpose", "early-help", "--socket", stage.socket_of(agency),
                               "--practitioner", "quickstart"]))
    narrator.step("The school asks the second question again.")
    exits.append(ask(narrator, player, stage, STORY[1][1]))
    exits += concerns(narrator, player, stage) + referral(narrator, player, stage)
    narrator.step("An information-governance officer reads the trail. Reading it is itself recorded. No name, token or key is in it.")
    exits.append(narrator.run("audit tail -n 14", stage, ["audit", "tail", "-n", "14"]))
    return exits + witnessed(narrator, stage)


def witnessed(narrator, stage):
    """Nothing is missing, and not by the operator's word alone. Return: exit codes."""
    narrator.step("Two agencies are witnesses of the log: each signs a head only if it continues the last one that it signed.")
    stage.wait(lambda: any(w["fresh"] for w in stage.command("audit", "witnesses", "--json").json()["witnesses"]), 60, "no witness signed a head", "almonerd")
    exits = [narrator.run("audit witnesses", stage, ["audit", "witnesses"])]
    narrator.step("The officer checks that nothing is missing or altered: every leaf hashed again, up to a head that one of them has signed too.")
    time.sleep(6)  # witnesses are asked every five seconds; let the last leaves come under a head that they have signed
    keys = [stage.command("witness", "show", "--json", "--socket", stage.socket_of(w)).json()["vkey"] for w in WITNESSES]
    shown = " ".join(f"--witness {key.split('+')[0]}+…" for key in keys)
    exits.append(narrator.run(f"audit verify {shown} --witnesses 1", stage,
                              ["audit", "verify", *(word for key in keys for word in ("--witness", key)), "--witnesses", "1"]))
    return exits


def main():
    narrator = Narrator(sys.stdout.isatty())
    progress = lambda line, always=False: print(f"   … {line}", file=sys.stderr, flush=True) if always else None
    try:
        folder = load(DATA)
        with Stage(find_prefix(sys.argv[1] if len(sys.argv) > 1 else None)) as stage:
            exits = play(stage, folder, narrator, progress)
            good = exits == [0, 0, 77, 0, 77] + [0] * (len(exits) - 5)
    except (StageError, FolderError) as e:
        print(f"quickstart: {e}", file=sys.stderr)
        return 69
    print("\nEverything that was started has been stopped, and its working folder removed." if good else
          "\nSomething did not come out as it should have; the lines above show what. Everything that was started has been stopped.")
    print("Next: `almoner --help` in build/stage/bin, or play the whole story with deploy/exercise tests/data/marlham")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
