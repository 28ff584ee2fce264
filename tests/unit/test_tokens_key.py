#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""test_tokens_key.py KEYHOLDER KEY - `almoner tokens key`, and what the key holder says of its configuration before it connects anywhere."""
import json
import os
import re
import sys

from commands import Place, expect, main

KEYHOLDER, KEY = map(os.path.abspath, sys.argv[1:3])
NEW = ["tokens", "key", "new", "--epoch"]


def mode(path):
    return os.stat(path).st_mode & 0o777


def key_is_made_once_private_and_never_printed():
    with Place() as p:
        said = expect(p.run(KEYHOLDER, *NEW, "2"), 0, "tokens-2.oprf", 'state = "next"')
        secret = open(f"{p.path}/tokens-2.oprf", encoding="ascii").read()
        public = open(f"{p.path}/tokens-2.oprf.pub", encoding="ascii").read()
        assert mode(f"{p.path}/tokens-2.oprf") == 0o600 and mode(f"{p.path}/tokens-2.oprf.pub") == 0o644
        assert re.fullmatch("[0-9a-f]{64}\n", secret) and secret.strip() not in said and public.strip() in said
        expect(p.run(KEYHOLDER, *NEW, "2"), 73, "already there")
        assert open(f"{p.path}/tokens-2.oprf", encoding="ascii").read() == secret


def key_is_shown_by_its_public_half_alone():
    with Place() as p:
        made = json.loads(p.run(KEYHOLDER, *NEW, "7", "k", "--json").stdout)
        assert made["ok"] and made["epoch"] == 7 and made["file"] == "k"
        shown = json.loads(p.run(KEYHOLDER, "tokens", "key", "show", "k", "--json").stdout)
        assert shown["public_key"] == made["public_key"]
        expect(p.run(KEYHOLDER, "tokens", "key", "show", "k"), 0, made["public_key"])


def wrong_words_and_files_are_refused():
    with Place() as p:
        for words in ([], ["new"], ["new", "--epoch", "0"], ["new", "--epoch", "65536"], ["new", "--epoch", "x"], ["new", "--epoch", "2", "a", "b"],
                      ["show"], ["show", "a", "b"], ["old"], ["new", "--wrong"], ["new", "--epoch", "2", 'a"b']):
            assert p.run(KEYHOLDER, "tokens", "key", *words).returncode == 64, words
        expect(p.run(KEYHOLDER, "tokens", "key", "show", "none"), 66, "none")
        expect(p.run(KEYHOLDER, *NEW, "2", "no/such/folder/k"), 73, "cannot write")
        p.file("open", "00" * 32 + "\n", 0o644)
        expect(p.run(KEYHOLDER, "tokens", "key", "show", "open"), 77, "chmod 600")
        p.file("short", "abcd\n", 0o600)
        expect(p.run(KEYHOLDER, "tokens", "key", "show", "short"), 65, "not a key")
        p.file("zero", "00" * 32 + "\n", 0o600)
        expect(p.run(KEYHOLDER, "tokens", "key", "show", "zero"), 65, "not a key")
        expect(p.run(KEYHOLDER, "tokens", "key", "--help"), 0, "new --epoch")


def configuration(p, extra="", epochs='epochs = ( { epoch = 2; key = "tokens-2.oprf"; } );'):
    return p.file("keeper.conf", f'''agency = "keeper"; mode = "live"; origin = "a.example/almoner"; state = "state";
broker = {{ address = "tcp://127.0.0.1:1"; public_key = "{'a' * 40}"; }};
keys = {{ curve = "keeper.key_secret"; sign = "keeper.sign"; }};
{epochs}
{extra}
''')


def with_keys(p):
    expect(p.run(KEY, "new", "curve", "keeper"), 0)
    expect(p.run(KEY, "new", "sign", "keeper"), 0)
    return json.loads(p.run(KEYHOLDER, *NEW, "2", "--json").stdout)


def configuration_that_is_whole_shows_its_public_keys():
    with Place() as p:
        made = with_keys(p)
        configuration(p)
        expect(p.run(KEYHOLDER, "--check", "keeper.conf"), 0, "epoch 2", made["public_key"])


def every_error_of_a_configuration_is_told_with_its_line():
    with Place() as p:
        with_keys(p)
        for extra, epochs, says in (("wrong = 1;", None, "wrong"), ("limits = { points_per_second = 0; };", None, "points_per_second"),
                                    ("limits = 5;", None, "limits is a group"), ("agencies = ( 5 );", None, "group"),
                                    ('agencies = ( { agency = "a"; points_per_second = 1; points_per_day = 1; }, { agency = "a"; points_per_second = 1; points_per_day = 1; } );',
                                     None, "already"),
                                    ("", "", "epochs is missing"), ("", "epochs = ( );", "epochs is missing"), ("", "epochs = ( { epoch = 2; } );", "an epoch is"),
                                    ("", 'epochs = ( { epoch = 0; key = "tokens-2.oprf"; } );', "epoch"),
                                    ("", 'epochs = ( { epoch = 2; key = "tokens-2.oprf"; }, { epoch = 2; key = "tokens-2.oprf"; } );', "two keys"),
                                    ("", 'epochs = ( { epoch = 2; key = "none.oprf"; } );', "none.oprf"),
                                    ("", 'epochs = ( { epoch = 2; key = "keeper.key_secret"; } );', "almoner tokens key new")):
            configuration(p, extra, **({} if epochs is None else {"epochs": epochs}))
            expect(p.run(KEYHOLDER, "--check", "keeper.conf"), 78, "keeper.conf:", says)
        os.chmod(f"{p.path}/tokens-2.oprf", 0o644)
        configuration(p)
        expect(p.run(KEYHOLDER, "keeper.conf"), 78, "chmod 600")
        expect(p.run(KEYHOLDER, "none.conf"), 66, "none.conf")
        expect(p.run(KEYHOLDER), 64, "FILE")
        expect(p.run(KEYHOLDER, "--help"), 0, "usage")
        expect(p.run(KEYHOLDER, "--version"), 0, "almoner-keyholder")


main([key_is_made_once_private_and_never_printed, key_is_shown_by_its_public_half_alone, wrong_words_and_files_are_refused,
      configuration_that_is_whole_shows_its_public_keys, every_error_of_a_configuration_is_told_with_its_line])
