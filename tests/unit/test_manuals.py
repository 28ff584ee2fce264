#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""test_manuals.py MANUALS OFFICER ALMONER ALMONERD AGENCY - the manual pages are well-formed, and name every command that the programs have."""
import glob
import os
import re
import subprocess
import sys

from commands import Place, expect, main

MANUALS, OFFICER, ALMONER, ALMONERD, AGENCY = map(os.path.abspath, sys.argv[1:6])


def pages():
    return sorted(glob.glob(os.path.join(MANUALS, "*.[1-8]")))


def text_of(page):
    with open(page, encoding="utf-8") as f:
        return re.sub(r"[\s.]+", " ", re.sub(r"^\.[A-Z][a-z] ", "", f.read(), flags=re.M))


def manuals_pass_mandoc_lint():
    assert pages()
    for page in pages():
        done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def manuals_name_every_officers_command():
    whole = " ".join(text_of(p) for p in pages())
    with Place() as p:
        said = expect(p.run(OFFICER, "--help"), 0)
        commands = [line.split() for line in said.splitlines() if line.startswith("  almoner ")]
        assert len(commands) > 20
        for words in commands:
            name = " ".join(w for w in words[:3] if re.fullmatch("[a-z-]+", w)) if words[1] != "status" else "almoner status"
            assert name in whole, f"no manual page has: {name}"


def manuals_name_every_command_of_the_dispatcher():
    with Place() as p:
        said = expect(p.run(ALMONER, "--help"), 0)
        page = text_of(os.path.join(MANUALS, "almoner.1"))
        for line in said.splitlines():
            found = re.match(r"  ([a-z-]+(?: lift)?) {2,}", line)
            assert not found or found.group(1) in page, f"almoner.1 does not name: {found.group(1)}"


def manuals_name_every_setting_of_almonerd():
    with Place() as p:
        said = expect(p.run(ALMONERD, "--help"), 0)
        page = text_of(os.path.join(MANUALS, "almonerd.8"))
        settings = re.findall(r"^  ([a-z_]+) {2,}", said.partition("Settings:")[2], flags=re.M)
        assert len(settings) > 15
        for name in settings:
            assert re.search(rf"\b{name}\b", page), f"almonerd.8 does not name: {name}"


PAGE_OF = {"concern": "concern", "firing": "concern", "contact": "concern", "watch": "concern", "due": "concern", "outcome": "concern",
           "not-shared": "concern", "stream": "stream", "refer": "referral", "referral": "referral", "sealing": "referral", "service": "referral",
           "override": "override", "correction": "correction", "recall": "correction", "statement": "correction"}


def options_of(place, words):
    return re.findall(r"^ +--([a-z0-9-]+)", expect(place.run(AGENCY, *words, "--help"), 0), flags=re.M)


def manuals_name_every_option_of_the_agencies_commands():
    with open(os.path.join(MANUALS, "almoner-ask.1"), encoding="utf-8") as f:
        common = f.read()
    with Place() as p:
        lines = [line.split() for line in expect(p.run(AGENCY, "--help"), 0).splitlines() if line.startswith("  ")]
        assert len(lines) > 55
        for words in lines:
            alone = p.run(AGENCY, words[0], "--help").stdout
            name = words[:2] if alone.startswith("usage: almoner COMMAND") else words[:1]
            path = os.path.join(MANUALS, f"almoner-{PAGE_OF.get(words[0], 'ask')}.1")
            with open(path, encoding="utf-8") as f:
                page = f.read()
            for word in name:
                assert re.search(rf"\b{word}\b", page), f"{path} does not name {' '.join(name)}"
            for option in options_of(p, name):
                named = any(re.search(rf"(Fl|,) -{option}\b", text) for text in (page, common))
                assert option == "help" or named, f"{path} does not name --{option} of {' '.join(name)}"


def manuals_say_who_wrote_under_which_licence():
    for page in pages():
        with open(page, encoding="utf-8") as f:
            assert f.readline() == '.\\" SPDX-License-Identifier: Apache-2.0\n', page


if __name__ == "__main__":
    main([manuals_pass_mandoc_lint, manuals_name_every_officers_command, manuals_name_every_command_of_the_dispatcher,
          manuals_name_every_setting_of_almonerd, manuals_name_every_option_of_the_agencies_commands,
          manuals_say_who_wrote_under_which_licence])
