#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A legal hold, an erasure and the day's run, as officers meet them, through real processes: an agency makes the tokens, two officers order it, and
afterwards no reading, no export, no file of the broker and no backup of it tells anything of the person. argv[1]: protoc.
"""
import json
import os
import stat

from town import CHILDRENS, POLICE, PRACTITIONER, SCHOOL, is_kind, play, wait_for

BEN = {"given_name": "Ben", "family_name": "Brookvane", "date_of_birth": "2012-05-06", "nhs_number": "9997010027", "upn": "E987991618001"}
WHY = "his letter of 3 May about Zorka"
HOW = ["--purpose", "child-protection", "--role", "senco", "--basis", "safeguarding-child", "--practitioner", PRACTITIONER, "--case", "case-4711"]


class Scene:
    def __init__(self, tap, town):
        self.tap, self.town, self.stage = tap, town, town.stage

    def run(self, *args, **options):
        return self.stage.command(*args, check=False, **options)

    def says(self, name, done, code, *words):
        said = done.out + done.err
        self.tap.check(name, done.exit == code and all(w in said for w in words), f"exit {done.exit}: {said.strip()[:500]}")
        return done

    def one(self):
        return self.stage.signed()

    def two(self):
        return self.stage.signed(both=True)

    def status(self):
        return json.loads(self.run("retention", "status", "--json").out)

    def settled(self):
        s = self.status()
        return s["run"]["phase"] == "done" and s["erasure"] is None and not s["to_destroy"] and not s["leaving"]

    def leaves_about(self, tokens):
        return json.loads(self.run("report", "person", "--tokens", tokens, "--json", *self.one()).out)["rows"]


def ask(s):
    got = s.run("ask", "cp-plan-current", *HOW, "--subject", "-", "--json", "--socket", s.stage.socket_of(SCHOOL), stdin=json.dumps(BEN))
    s.tap.check("the school asks about Ben", got.exit == 0 and '"yes"' in got.out, got.out + got.err)


def tokens_of(s, person):
    path = s.stage.work / "ben.tokens"
    s.says("the school makes his tokens", s.run("subject", "tokens", "--out", path, "--subject", "-", "--socket", s.stage.socket_of(SCHOOL),
                                                stdin=json.dumps(person)), 0)
    return path


def holds(s, ben):
    s.says("at first nobody is held", s.run("hold", "list"), 0, "no hold is in force")
    s.says("a hold says whom", s.run("hold", "add", "--reason", WHY, *s.one()), 64, "--tokens FILE")
    s.says("and why", s.run("hold", "add", "--tokens", ben, *s.one()), 64, "--reason TEXT")
    s.says("and until when, if it does, as a day", s.run("hold", "add", "--tokens", ben, "--reason", WHY, "--review", "soon", *s.one()), 64, "not a day")
    s.says("one officer holds", s.run("hold", "add", "--tokens", ben, "--reason", WHY, *s.one()), 0, "recorded as leaf")
    listed = json.loads(s.run("hold", "list", "--json").out)["holds"]
    s.tap.check("it is listed, without whom and why", len(listed) == 1 and listed[0]["officer"] == "officer-one" and "Zorka" not in json.dumps(listed), listed)
    s.says("nothing is erased under it", s.run("erase", "--tokens", ben, "--cause", "objection", "--reason", WHY, *s.two()), 77, "legal hold")
    hold = listed[0]["hold"]
    s.says("one officer does not lift it", s.run("hold", "lift", hold, "--reason", WHY, *s.one()), 64, "2 officers")
    s.says("two do", s.run("hold", "lift", hold, "--reason", WHY, *s.two()), 0)
    s.says("one that is not there is not lifted", s.run("hold", "lift", hold, "--reason", WHY, *s.two()), 65, "no hold")


def order(s, ben):
    saved = s.stage.work / "erase.change"
    s.says("a reason that is too long is refused before anybody signs", s.run("hold", "add", "--tokens", ben, "--reason", "x" * 512, *s.one()), 64, "511")
    s.says("one in the clear earlier", s.run("agency", "suspend", "oakshire-police", "--reason", "x" * 128, *s.one()), 64, "127")
    s.says("an erasure names its ground", s.run("erase", "--tokens", ben, "--reason", WHY, *s.two()), 64, "--cause")
    s.says("which is one of five", s.run("erase", "--tokens", ben, "--cause", "tidiness", "--reason", WHY, *s.two()), 64, "legal-obligation")
    s.says("one officer cannot order it", s.run("erase", "--tokens", ben, "--cause", "objection", "--reason", WHY, *s.one()), 64, "2 officers")
    s.says("one may save it for the other", s.run("erase", "--tokens", ben, "--cause", "objection", "--reason", WHY, "--save", saved, *s.one()), 0, "saved")
    s.tap.check("and that file, which names him by tokens, is nobody else's", stat.S_IMODE(os.stat(saved).st_mode) == 0o600)
    shown = s.says("the other sees what it is, and not his tokens", s.run("change", "show", saved), 0, "erase", "objection")
    s.tap.check("nowhere in it", not any(t["value"] in shown.out for t in json.loads(ben.read_text())["tokens"]), shown.out)
    other = s.two()[4:]
    s.says("and signs it", s.run("change", "sign", saved, *other), 0)
    s.says("it is ordered", s.run("change", "submit", saved), 0, "recorded as leaf")


def everything_under(folder):
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            yield path, path.read_bytes()


def backup(s):
    """A new one has what the store has, and the one secret that there is."""
    key, pub, out, config = (s.stage.work / name for name in ("safe.backup", "safe.backup.pub", "after.backup", "after.conf"))
    s.says("a backup is made", s.run("backup", "key", "new", key, "--days", "30"), 0)
    s.says("of what is left", s.run("backup", out, "--to", pub, *s.one()), 0)
    config.write_text(s.stage.config.read_text(encoding="utf-8").replace(f'"{s.stage.data_dir}"', f'"{s.stage.work / "after"}"'), encoding="utf-8")
    keys = s.stage.work / "after"
    s.says("it is restored beside", s.run("restore", out, "--key", key, "--config", config), 0)
    s.tap.check("with that one secret", [p.name for p in (keys / "periods").glob("*.key")] == [p.name for p in (s.stage.data_dir / "periods").glob("*.key")],
                list((keys / "periods").glob("*")))
    s.says("and is whole without him", s.run("fsck", "--config", config), 0)


def retention(tap, town):
    s = Scene(tap, town)
    ask(s)
    police = town.speaker(POLICE)
    got = police.ask(police.insight("cp-plan-current", "Ben"))
    tap.check("so do the police", is_kind(got, "insight"), got)
    ben = tokens_of(s, BEN)
    values = [bytes.fromhex(t["value"]) for t in json.loads(ben.read_text())["tokens"]]
    tap.check("officers find him", len([r for r in s.leaves_about(ben) if r["event"] != "log-read"]) >= 4)
    s.says("the clocks are shown", s.run("retention", "status"), 0, "decisions", "2192", "receipts   90 days", "backups    none")
    holds(s, ben)
    order(s, ben)
    tap.check("and done", wait_for(s.settled, 20), s.status())
    done = town.audit(event="erased")
    tap.check("a leaf counts what went", len(done) == 1 and "records" in done[0]["detail"] and "Zorka" not in json.dumps(done), done)
    tap.check("another says that the old secret is gone", len(town.audit(event="period-ended")) == 1)
    left = s.leaves_about(ben)
    tap.check("officers find no more of him than that they read", {r["event"] for r in left} <= {"log-read"}, left)
    tap.check("one period's secret is left", len(list((s.stage.data_dir / "periods").glob("*.key"))) == 1)
    export = s.stage.work / "after.export"
    s.says("the log is exported", s.run("audit", "export", export, *s.one()), 0)
    s.says("and every proof of it is good", s.run("audit", "verify", "--export", export, "--vkey", s.stage.keys / "audit.vkey"), 0)
    backup(s)
    named = [str(p) for p, octets in everything_under(s.stage.data_dir) if any(v in octets or v.hex().encode() in octets for v in values)]
    tap.check("no file of the broker has one of his tokens", not named, named)
    s.says("the day's run may be had again", s.run("retention", "run", *s.one()), 0, "recorded as leaf")
    tap.check("and ends", wait_for(s.settled, 20), s.status())


play(retention, day="2021-06-15", with_adapters=(SCHOOL, CHILDRENS))
