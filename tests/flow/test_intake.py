#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""New extracts are taken up while an adapter answers: exchanged by rename under a load of questions, refused when they are bad, and from a
school's transfer file. argv: protoc."""
import json
import os
import re
import sys
import threading

from broker_children import Tap, wait_for
from town import CHILDRENS, PATIENCE, POLICE, RIVER, SCHOOL, TEAM, Town

WAIT_S = 60 * PATIENCE
SWAPS = 3
HOW = ["--purpose", "child-protection", "--basis", "safeguarding-child", "--role", "police-officer", "--practitioner", "pc-1", "--json"]
BEN = json.dumps({"given_name": "Ben", "family_name": "Brookvane", "date_of_birth": "2012-05-06", "nhs_number": "", "upn": "",
                  "homes": [{"address": "2 Hazel Court", "postcode": "ZZ9 9ZA"}]})
CTF = """<?xml version="1.0" encoding="UTF-8"?>
<CTfile><Header><DocumentName>Common Transfer File</DocumentName><CTFversion>21.0</CTFversion><DateTime>2021-06-15T10:11:12</DateTime>
<DocumentQualifier>full</DocumentQualifier><SourceSchool><LEA>999</LEA><Estab>4001</Estab></SourceSchool></Header>
<CTFpupilData><Pupil><UPN>E987991618001</UPN><Surname>Brookvane</Surname><Forename>Ben</Forename><DOB>2012-05-06</DOB>
<Address><BS7666Address><PAON>2</PAON><Street>Hazel Court</Street></BS7666Address><PostCode>ZZ9 9ZA</PostCode></Address>
<SchoolHistory><School><LEA>999</LEA><Estab>4001</Estab><EntryDate>2017-09-01</EntryDate></School></SchoolHistory></Pupil></CTFpupilData></CTfile>
"""


class Intake(Town):
    """The children's services look for new files every second; the school, where the CTF backend is built, has a transfer file."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.ctf = (self.stage.prefix / "libexec" / "almoner" / "almoner-source-ctf").exists()
        configure = self.cabinet.configure

        def changed(agency):
            path = configure(agency)
            text = path.read_text(encoding="utf-8")
            if agency == CHILDRENS:
                text = text.replace("reload_s = 0;", "reload_s = 1; settle_s = 0;")
            if agency == SCHOOL and self.ctf:
                text = text[:text.index("backend =")] + 'backend = "ctf";\nctf = { file = "rows/pupils.xml"; service = "on roll"; };\n'
                (path.parent / "rows").mkdir()
                (path.parent / "rows" / "pupils.xml").write_text(CTF, encoding="utf-8")
            path.write_text(text, encoding="utf-8")
            return path

        self.cabinet.configure = changed

    def folder_of(self, agency):
        return self.stage.work / "agencies" / agency

    def adapter_log(self, agency):
        return (self.stage.work / f"adapter-{agency}.log").read_text(errors="replace")

    def count(self, event):
        return len(re.findall(rf"event={event}\b", self.adapter_log(CHILDRENS)))

    def exchange(self, name, change):
        """A new file beside the old, then renamed over it."""
        path = self.folder_of(CHILDRENS) / name
        new = path.with_suffix(".new")
        new.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
        os.rename(new, path)

    def ask(self, *words):
        got = self.stage.command(*words, "--socket", self.stage.socket_of(POLICE), *HOW, "--subject", "-", stdin=BEN, check=False, timeout=120)
        return got.json() if got.out.strip().startswith("{") else {"exit": got.exit, "err": got.err}

    def plan(self):
        r = self.ask("ask", "cp-plan-current")
        return r.get("answer"), r.get("completeness")


class Load(threading.Thread):
    """Asks without pause until told to stop."""

    def __init__(self, town):
        super().__init__()
        self.town, self.answers, self.going = town, [], True

    def run(self):
        while self.going:
            self.answers.append(self.town.plan())


def under_load(tap, town):
    load = Load(town)
    load.start()
    try:
        for i in range(SWAPS):
            before = town.count("rows-loaded")
            town.exchange("people.csv", lambda text: text + f"p-new-{i},New{'abcdefgh'[i]},Newcombely,1980-01-0{i + 1}" + "," * (text.split('\n')[0].count(",") - 3) + "\n")
            if not wait_for(lambda: town.count("rows-loaded") > before, WAIT_S):
                tap.check(f"new file {i + 1} is taken up", False, town.stage.log_tail(f"adapter-{CHILDRENS}", 12))
    finally:
        load.going = False
        load.join()
    tap.check("every new file was taken up", town.count("rows-loaded") >= SWAPS + 1, town.count("rows-loaded"))
    wrong = [a for a in load.answers if a != ("yes", "all")]
    tap.check("and every question meanwhile was answered from whole rows", len(load.answers) >= SWAPS and not wrong, (len(load.answers), wrong[:5]))


def bad_file(tap, town):
    before = town.count("rows-not-loaded")
    town.exchange("contacts.csv", lambda text: text + text.split("\n")[1].replace("2021-03-01", "2021-02-31") + "\n")
    told = wait_for(lambda: town.count("rows-not-loaded") > before, WAIT_S)
    tap.check("a bad file is told of", told, town.stage.log_tail(f"adapter-{CHILDRENS}", 12))
    tap.check("and not taken: the old rows answer", town.plan() == ("yes", "all"), town.plan())
    status = town.stage.command("status", "--socket", town.stage.socket_of(CHILDRENS), "--json").json()
    tap.check("the status says that they are old", status["rows"] == "old", status)
    before = town.count("rows-loaded")
    town.exchange("contacts.csv", lambda text: "".join(line for line in text.splitlines(True) if "2021-02-31" not in line and "plan-start" not in line))
    tap.check("a good one is", wait_for(lambda: town.count("rows-loaded") > before, WAIT_S), town.stage.log_tail(f"adapter-{CHILDRENS}", 12))
    tap.check("and answers what it says", wait_for(lambda: town.plan() == ("no", "all"), WAIT_S), town.plan())


def transfer_file(tap, town):
    if not town.ctf:
        print("# the CTF backend is not built")
        return
    involved = {e["agency"]: e for e in town.ask("who").get("involved", [])}
    tap.check("a school answers from its transfer file", involved.get(SCHOOL, {}).get("service") == "on roll", involved)
    conf = town.folder_of(SCHOOL) / "adapter.conf"
    good = town.stage.start("check-good", [town.stage.prefix / "bin" / "almoner-adapter", "--check", conf]).wait(60)
    tap.check("whose check finds nothing", good == 0, town.stage.log_tail("check-good"))
    (town.folder_of(SCHOOL) / "rows" / "pupils.xml").write_text(CTF.replace("<CTfile>", "<!DOCTYPE CTfile SYSTEM 'x'><CTfile>"), encoding="utf-8")
    bad = town.stage.start("check-bad", [town.stage.prefix / "bin" / "almoner-adapter", "--check", conf]).wait(60)
    tap.check("and finds a document type, with its line", bad == 65 and re.search(r"pupils\.xml:2: .*document type", town.stage.log_tail("check-bad")) is not None,
              (bad, town.stage.log_tail("check-bad")))
    town.stage.processes.pop("check-good"), town.stage.processes.pop("check-bad")


def main():
    tap = Tap()
    with Intake(sys.argv[1], day="2021-06-15", with_adapters=(CHILDRENS, TEAM, POLICE, SCHOOL, RIVER)) as town:
        tap.check("the question is answered", town.plan() == ("yes", "all"), town.plan())
        transfer_file(tap, town)
        under_load(tap, town)
        bad_file(tap, town)
        for name in [n for n in town.stage.processes if n != "almonerd"]:
            process = town.stage.processes.pop(name)
            process.terminate()
            tap.check(f"{name} stops cleanly", process.wait(60) == 0, town.stage.log_tail(name, 12))
    tap.done()


main()
