#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""test_store_tool.py BINS - `almoner restore` and `almoner fsck` where there is neither broker nor store: what people and programs are told, alike."""
import json
import os
import subprocess
import sys

from commands import Place, expect, main

TOOL = os.path.join(sys.argv[1], "almoner-store")


def fails(p, code, word, says, *argv, **env):
    """With --json (first and last) one object on standard output; without, none; and the same line for people."""
    plain = p.run(TOOL, *argv, **env)
    expect(plain, code, says)
    assert plain.stdout == "", plain.stdout
    for words in ((*argv, "--json"), ("--json", *argv)):
        done = p.run(TOOL, *words, **env)
        expect(done, code, says)
        assert done.stderr == plain.stderr, (done.stderr, plain.stderr)
        told = [json.loads(line) for line in done.stdout.splitlines()]
        assert len(told) == 1 and set(told[0]) == {"ok", "error", "message", "exit"}, done.stdout
        assert (told[0]["ok"], told[0]["error"], told[0]["exit"]) == (False, word, code), told
    return told[0]


def wrong_usage_is_told_to_programs_too():
    with Place() as p:
        for argv in (["fsck", "more"], ["restore"], ["restore", "a", "b", "--key", "k"], ["fsck", "--key", "k"], ["fsck", "--check"],
                     ["fsck", "--expired"], ["fsck", "--begin-anew"]):
            fails(p, 64, "usage", "see almoner", *argv)
        fails(p, 64, "usage", "almoner: unrecognized option", "fsck", "--nonsense")


def what_is_missing_is_asked_for():
    with Place() as p:
        fails(p, 64, "usage", "which broker's store?", "fsck")
        fails(p, 64, "usage", "opened with what?", "restore", "backup", "--check")
        fails(p, 64, "usage", "into which broker?", "restore", "backup", "--key", "k")


def a_configuration_that_cannot_be_used_is_told():
    with Place() as p:
        for path in (p.file("bad.conf", "mode = 7;\n"), os.path.join(p.path, "none.conf")):
            for argv in (["fsck"], ["restore", "backup", "--key", "k"], ["restore", "backup", "--key", "k", "--check"]):
                fails(p, 78, "configuration", "cannot be used", *argv, "--config", path)
                if "--check" not in argv:
                    fails(p, 78, "configuration", "cannot be used", *argv, ALMONER_CONFIG=path)


def what_is_no_backup_and_no_key_is_told():
    with Place() as p:
        key, open_key, noise = p.file("k", "{}\n"), p.file("open", "{}\n", 0o644), p.file("noise", os.urandom(4000))
        fails(p, 66, "not-there", "none", "restore", "none", "--key", key, "--check")
        fails(p, 66, "not-there", "nokey", "restore", noise, "--key", "nokey", "--check")
        fails(p, 65, "bad-data", "not the private key", "restore", noise, "--key", key, "--check")
        fails(p, 77, "not-allowed", "chmod 600", "restore", noise, "--key", open_key, "--check")


def a_name_that_is_no_text_spoils_no_json():
    with Place() as p:
        done = subprocess.run([TOOL, "restore", b"caf\xe9\x1b[2J", "--key", p.file("k", "{}"), "--check", "--json"], cwd=p.path, env=p.env,
                              capture_output=True, timeout=60, check=False)
        told = json.loads(done.stdout)
        assert done.returncode == told["exit"] == 66 and told["message"].startswith("caf?\x1b[2J: "), (done, told)
        assert b"\x1b" not in done.stdout


main([wrong_usage_is_told_to_programs_too, what_is_missing_is_asked_for, a_configuration_that_cannot_be_used_is_told,
      what_is_no_backup_and_no_key_is_told, a_name_that_is_no_text_spoils_no_json])
