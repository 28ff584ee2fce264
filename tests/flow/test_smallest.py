#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""test_smallest.py ADAPTER KEY PROTOC BACKENDS - the smallest backend answers, and a backend is its folder and one line.

BACKENDS: the folder with almoner-source-smallest."""
import re
import subprocess

import test_worker
from commands import expect, main
from played_gate import day
from test_worker import ADAPTER, BACKENDS, PB, ROOT, until

PEOPLE = "# reference; given name; family name; born; with us since\n17; Isla; Example; 2014-05-14; 2021-09-01\n"


class Town(test_worker.Town):
    def __init__(self, people=PEOPLE, top=""):
        super().__init__("smallest", top=f'smallest = {{ file = "people.txt"; }}; questions = ( {{ id = "with-us"; }} ); {top}')
        if people is not None:
            self.file("people.txt", people)

    def question(self, name, tokens, as_of="2022-08-15"):
        body = self.gate.body(purpose="help", question=PB.Question(question=name, subject_kind=PB.SUBJECT_KIND_PERSON, subject=tokens,
                                                                    as_of=day(as_of), deadline_ms=10000, asking_sector="police"))
        self.gate.push(body)
        return self.answer(body.id)

    def isla(self):
        """Her tokens, with a home that makes her one person and not perhaps two."""
        self.gate.answers["insight_query"] = self.gate.insight(PB.INSIGHT_VALUE_NO)
        self.heard(self.ask("with-us"))
        return self.gate.until("insight_query").insight_query

    def check(self):
        return self.run(ADAPTER, "--libexec", BACKENDS, "--check", "adapter.conf")


def person_on_the_list_makes_our_relationship():
    with Town() as t:
        t.start().ready()
        assert t.status()["people"] == 1
        reply = t.op(op="subject", subject={"given_name": "Isla", "family_name": "Example", "date_of_birth": "2014-05-14"})
        assert reply["known"] in ("ambiguous", "yes"), reply  # name and birth date alone may be somebody else's
        t.isla()


def whoever_is_not_on_the_list_is_not_known():
    with Town() as t:
        t.start().ready()
        assert t.answered("with-us").value == PB.ANSWER_VALUE_NOT_KNOWN
        a = t.answered("something-else")
        assert (a.value, a.cause) == (PB.ANSWER_VALUE_CANNOT_SAY, PB.CAUSE_UNSUPPORTED)
        t.adapter.terminate()
        assert t.adapter.wait(test_worker.PATIENCE) == 0 and "event=source-ended" not in t.said(), t.said()


def list_that_is_missing_is_partial_and_never_no():
    with Town(people=None) as t:
        t.start().ready()
        assert t.status()["rows"] == "partial"
        a = t.answered("with-us")
        assert (a.value, a.cause) == (PB.ANSWER_VALUE_CANNOT_SAY, PB.CAUSE_PARTIAL)
        t.file("people.txt", PEOPLE)
        t.adapter.send_signal(1)
        until(lambda: t.status()["rows"] == "ok", "the list")
        assert t.answered("with-us").value == PB.ANSWER_VALUE_NOT_KNOWN


def list_that_cannot_be_read_to_its_end_makes_nobody_not_known():
    """A folder opens like a file, and gives nothing when it is read, as a disk that fails does."""
    with Town(people=None) as t:
        (test_worker.Path(t.path) / "people.txt").mkdir()
        expect(t.check(), 74, "cannot be read to its end")
        t.start()
        until(lambda: "event=rows-not-loaded" in t.said(), "a load that failed")
        t.ready()
        a = t.answered("with-us", deadline_ms=2000)
        assert (a.value, a.cause) == (PB.ANSWER_VALUE_CANNOT_SAY, PB.CAUSE_FAILED), a


def bad_lines_are_told_with_their_number():
    with Town() as t:
        expect(t.check(), 0, "1 people")
        for people, said in ((PEOPLE + "18; Owen; Example; 2016-02-30; 2021-09-01\n", "people.txt:3: the last two"),
                             (PEOPLE + "17; Owen; Example; 2016-02-03; 2021-09-01\n", "people.txt:3: this reference was given"),
                             (PEOPLE + "18; ; Example; 2016-02-03; 2021-09-01\n", "people.txt:3: the name is empty"),
                             (PEOPLE + "18; Owen\n", "people.txt:3: a line has five fields"), (None, "no such file")):
            if people is None:
                (test_worker.Path(t.path) / "people.txt").unlink()
            else:
                t.file("people.txt", people)
            expect(t.check(), 65, said, "1 error")


def bad_configuration_is_told_with_file_and_line():
    with Town(top="") as t:
        good = test_worker.Path(f"{t.path}/adapter.conf").read_text(encoding="ascii")
        for old, new, said in (('file = "people.txt"', 'fiel = "people.txt"', "fiel"), ('{ id = "with-us"; }', '{ name = "with-us"; }', "a question is a group"),
                               ('smallest = {', 'smalest = {', "smalest")):
            t.file("adapter.conf", good.replace(old, new))
            expect(t.check(), 78, said, "adapter.conf:")


def backend_is_its_folder_and_one_line():
    """Nobody else knows of it: what builds, finds, starts and configures a backend does so by its name alone."""
    done = subprocess.run(["grep", "-rIlw", "smallest", *[str(ROOT / top) for top in ("adapters", "broker", "policy", "proto", "include", "deploy")],
                           str(ROOT / "meson.build"), str(ROOT / "meson_options.txt")], capture_output=True, text=True, check=False)
    files = {path.removeprefix(f"{ROOT}/") for path in done.stdout.split()}
    others = {f for f in files if not f.startswith("adapters/smallest/") and not f.endswith(".md") and f != "adapters/meson.build"}
    ours = re.compile(r"almoner-source-smallest|adapters/smallest|\bsmallest\s*=|backend_smallest|subdir\('smallest'\)")
    assert not [f for f in others if ours.search((ROOT / f).read_text(encoding="utf-8", errors="replace"))], others
    line = (ROOT / "adapters/meson.build").read_text(encoding="utf-8").count("smallest")
    assert line == 1, line


if __name__ == "__main__":
    main([person_on_the_list_makes_our_relationship, whoever_is_not_on_the_list_is_not_known, list_that_is_missing_is_partial_and_never_no,
          list_that_cannot_be_read_to_its_end_makes_nobody_not_known, bad_lines_are_told_with_their_number, bad_configuration_is_told_with_file_and_line, backend_is_its_folder_and_one_line])
