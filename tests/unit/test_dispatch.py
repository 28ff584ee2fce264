#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""test_dispatch.py BIN - `almoner`: each command goes to its program with its arguments whole; what is unknown or absent is said plainly."""
import os
import sys

from commands import Place, expect, main

ALMONER = os.path.join(sys.argv[1], "almoner")


def with_programs(p, *names):
    for name in names:
        p.file(f"libexec/{name}", f'#!/bin/sh\necho "{name}:$*"\nexit 7\n', 0o755)
    return {"ALMONER_LIBEXEC": f"{p.path}/libexec"}


def dispatch_goes_by_the_command():
    with Place() as p:
        env = with_programs(p, "almoner-agency", "almoner-officer", "almoner-key", "almoner-match", "almoner-keyholder")
        for words, program in ((["ask", "--json", "x y"], "agency"), (["who"], "agency"), (["shield", "add"], "agency"), (["shield"], "agency"),
                               (["shield", "lift"], "officer"), (["policy", "check", "a"], "officer"), (["audit"], "officer"),
                               (["exercise", "day", "2026-05-03"], "officer"), (["change", "sign"], "officer"), (["key", "new"], "key"), (["tokens", "key", "new"], "keyholder"), (["match", "evaluate", "a.csv"], "match")):
            expect(p.run(ALMONER, *words, **env), 7, f"almoner-{program}:{' '.join(words)}\n")


def dispatch_tells_the_two_kinds_of_status_apart():
    with Place() as p:
        env = with_programs(p, "almoner-agency", "almoner-officer")
        conf = dict(env, ALMONER_CONFIG="/etc/x")
        expect(p.run(ALMONER, "status", **env), 7, "almoner-agency:")
        expect(p.run(ALMONER, "status", "--config", "x", **env), 7, "almoner-officer:")
        expect(p.run(ALMONER, "status", "--control=x", **env), 7, "almoner-officer:")
        expect(p.run(ALMONER, "status", **conf), 7, "almoner-officer:")
        expect(p.run(ALMONER, "status", "--socket", "x", **conf), 7, "almoner-agency:")
        expect(p.run(ALMONER, "status", **dict(conf, ALMONER_SOCKET="s")), 7, "almoner-agency:")


def dispatch_suggests_the_nearest_command():
    with Place() as p:
        for typo, meant in (("aks", "ask"), ("polcy", "policy"), ("agncy", "agency"), ("consnt", "consent"), ("kye", "key"), ("audits", "audit")):
            expect(p.run(ALMONER, typo), 64, f'did you mean "almoner {meant}"?')
        expect(p.run(ALMONER, "xyzzy"), 64, "almoner --help")
        expect(p.run(ALMONER, "help", "polcy"), 64, "policy")
        expect(p.run(ALMONER, "q" * 5000), 64, "there is no command")


def dispatch_says_what_is_not_installed():
    with Place() as p:
        env = with_programs(p, "almoner-key")
        expect(p.run(ALMONER, "ask", **env), 69, "not installed here", "adapter")
        expect(p.run(ALMONER, "policy", **env), 69, "not installed here", "broker")
        expect(p.run(ALMONER, "match", **env), 69, "not installed here", "adapter")
        expect(p.run(ALMONER, "tokens", "key", **env), 69, "not installed here", "key holder")
        p.file("libexec/almoner-officer", "x", 0o644)
        expect(p.run(ALMONER, "policy", **env), 69, "cannot run", "Permission denied")
        expect(p.run(ALMONER, "ask", ALMONER_LIBEXEC="x" * 5000), 64, "too long")


def dispatch_helps():
    with Place() as p:
        env = with_programs(p, "almoner-agency")
        said = expect(p.run(ALMONER, "--help"), 0, "ask", "policy", "audit", "consent")
        assert all(len(line) <= 120 for line in said.splitlines())
        expect(p.run(ALMONER), 64, "usage: almoner")
        expect(p.run(ALMONER, "help"), 0, "usage: almoner")
        expect(p.run(ALMONER, "help", "ask", **env), 7, "almoner-agency:ask --help")
        expect(p.run(ALMONER, "--json", "ask"), 64, "options follow the command")
        expect(p.run(ALMONER, "--version"), 0, "almoner 0")


if __name__ == "__main__":
    main([dispatch_goes_by_the_command, dispatch_tells_the_two_kinds_of_status_apart, dispatch_suggests_the_nearest_command,
          dispatch_says_what_is_not_installed, dispatch_helps])
