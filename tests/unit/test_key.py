#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""test_key.py LIBEXEC - almoner-key: its files are read by pyzmq and PyNaCl, theirs by it; nothing is overwritten; no secret is printed."""
import base64
import json
import os
import stat
import sys

import nacl.public
import nacl.signing
import zmq
import zmq.auth

from commands import Place, expect, main

KEY = os.path.join(sys.argv[1], "almoner-key")


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def key_curve_is_read_by_pyzmq():
    with Place() as p:
        expect(p.run(KEY, "new", "curve", "council", "--name", "Marlham council"), 0, "council.key_secret")
        public, none = zmq.auth.load_certificate(f"{p.path}/council.key")
        same, secret = zmq.auth.load_certificate(f"{p.path}/council.key_secret")
        assert none is None and same == public and zmq.curve_public(secret) == public
        assert (mode(f"{p.path}/council.key"), mode(f"{p.path}/council.key_secret")) == (0o644, 0o600)


def key_reads_the_certificates_of_pyzmq():
    with Place() as p:
        public, secret = zmq.auth.create_certificates(p.path, "theirs", {"author": "someone"})
        os.chmod(secret, 0o600)
        text = zmq.auth.load_certificate(public)[0].decode()
        expect(p.run(KEY, "show", public), 0, text)
        expect(p.run(KEY, "show", secret), 0, text)


def key_sign_is_read_by_nacl():
    with Place() as p:
        expect(p.run(KEY, "new", "sign", "alice"), 0)
        with open(f"{p.path}/alice.sign", encoding="ascii") as f:
            seed = bytes.fromhex(f.read().rstrip("\n"))
        with open(f"{p.path}/alice.pub", encoding="ascii") as f:
            public = base64.b64decode(f.read())
        assert bytes(nacl.signing.SigningKey(seed).verify_key) == public
        assert mode(f"{p.path}/alice.sign") == 0o600


def key_seal_is_read_by_nacl():
    with Place() as p:
        expect(p.run(KEY, "new", "seal", "services"), 0, "services.seal", "services.sealpub")
        with open(f"{p.path}/services.seal", encoding="ascii") as f:
            secret = nacl.public.PrivateKey(bytes.fromhex(f.read().rstrip("\n")))
        with open(f"{p.path}/services.sealpub", encoding="ascii") as f:
            public = f.read().rstrip("\n")
        assert bytes(secret.public_key).hex() == public
        assert (mode(f"{p.path}/services.seal"), mode(f"{p.path}/services.sealpub")) == (0o600, 0o644)
        for name in ("services.seal", "services.sealpub"):
            said = expect(p.run(KEY, "show", name), 0, "seal", public)
            assert bytes(secret).hex() not in said


def key_broker_makes_every_key_of_a_broker():
    with Place() as p:
        expect(p.run(KEY, "new", "broker", "keys", "--origin", "marlham.example/almoner"), 0)
        made = sorted(os.listdir(f"{p.path}/keys"))
        assert made == ["audit.key", "audit.pub", "audit.vkey", "curve.key", "curve.key_secret", "store.key"], made
        assert [n for n in made if mode(f"{p.path}/keys/{n}") == 0o600] == ["audit.key", "curve.key_secret", "store.key"]
        assert mode(f"{p.path}/keys") == 0o700
        vkey = open(f"{p.path}/keys/audit.vkey", encoding="ascii").read().strip()
        name, key_id, rest = vkey.split("+", 2)
        assert name == "marlham.example/almoner" and len(key_id) == 8
        assert base64.b64decode(rest) == b"\x01" + base64.b64decode(open(f"{p.path}/keys/audit.pub", encoding="ascii").read())
        expect(p.run(KEY, "show", "keys/audit.key", "--origin", "marlham.example/almoner"), 0, vkey)


def key_never_overwrites_and_leaves_no_half_set():
    with Place() as p:
        p.file("council.key_secret", "precious")
        expect(p.run(KEY, "new", "curve", "council"), 73, "already there", "nothing was written")
        assert os.listdir(p.path) == ["council.key_secret"]
        assert open(f"{p.path}/council.key_secret", encoding="ascii").read() == "precious"
        os.symlink("/tmp/elsewhere-that-is-not-there", f"{p.path}/alice.sign")
        expect(p.run(KEY, "new", "sign", "alice"), 73, "already there")
        assert not os.path.exists("/tmp/elsewhere-that-is-not-there")


def key_suffix_may_be_given():
    with Place() as p:
        expect(p.run(KEY, "new", "token", "a.token"), 0)
        expect(p.run(KEY, "new", "sign", "b.sign"), 0)
        expect(p.run(KEY, "new", "curve", "c.key"), 0)
        assert sorted(os.listdir(p.path)) == ["a.token", "b.pub", "b.sign", "c.key", "c.key_secret"], os.listdir(p.path)


def key_show_prints_no_secret():
    with Place() as p:
        for kind in ("curve", "sign", "token"):
            expect(p.run(KEY, "new", kind, kind), 0)
        files = ["curve.key_secret", "sign.sign", "token.token"]
        said = expect(p.run(KEY, "show", *files), 0) + expect(p.run(KEY, "show", "--json", *files), 0)
        secrets = [zmq.auth.load_certificate(f"{p.path}/curve.key_secret")[1].decode()]
        secrets += [open(f"{p.path}/{n}", encoding="ascii").read().strip() for n in files[1:]]
        assert not any(s in said for s in secrets)


def key_show_says_what_is_wrong_with_a_file():
    with Place() as p:
        pair = zmq.curve_keypair()
        other = zmq.curve_keypair()
        cases = [
            ("none.key", None, 66, "No such file"),
            ("x.key", "curve\n    public-key = \"short\"\n", 65, "x.key:2: the public key has 5"),
            ("x.key", f"curve\n    public-key = \"{pair[0].decode()}\"\n    secret-key = \"{pair[1].decode()}\"\n", 65, "x.key:3: this is the secret"),
            ("x.key_secret", f"curve\n    public-key = \"{pair[0].decode()}\"\n", 65, "no secret-key"),
            ("x.key_secret", f"curve\n    public-key = \"{other[0].decode()}\"\n    secret-key = \"{pair[1].decode()}\"\n", 65, "does not belong"),
            ("x.sign", "abc\n", 65, "64 hexadecimal digits"),
            ("x.sign", "g" * 64 + "\n", 65, "64 hexadecimal digits"),
            ("x.pub", "not base64!\n", 65, "neither a CURVE certificate"),
            ("x.pub", base64.b64encode(b"short").decode(), 65, "neither a CURVE certificate"),
            ("x.vkey", "name+00000000+AAAA\n", 65, "neither a CURVE certificate"),
            ("x.bin", bytes(range(256)), 65, "neither a CURVE certificate"),
            ("x.long", b"x" * 10000, 66, "too long"),
            ("x.empty", b"", 65, "neither"),
        ]
        for name, text, code, says in cases:
            if text is not None:
                p.file(name, text)
            expect(p.run(KEY, "show", name), code, says)
        p.file("open.sign", "a" * 64 + "\n", 0o644)
        expect(p.run(KEY, "show", "open.sign"), 77, "chmod 600")


def key_usage_errors_say_so():
    with Place() as p:
        for argv in ([], ["new"], ["new", "curve"], ["new", "curve", "a", "b"], ["show"], ["burn", "x"], ["new", "curve", "a", "--colour"],
                     ["new", "curve", "dir/"], ["new", "curve", ""]):
            assert p.run(KEY, *argv).returncode == 64, argv
        expect(p.run(KEY, "new", "rsa", "a"), 64, "curve, sign, seal, token, broker")
        expect(p.run(KEY, "new", "curve", "no/such/folder/a"), 73, "make the folder first")
        expect(p.run(KEY, "new", "curve", "a", "--name", 'x"\ncurve'), 73, "control characters or quotes")
        expect(p.run(KEY, "new", "broker", "k", "--origin", "has space"), 73, "white space")
        expect(p.run(KEY, "new", "sign", "a" * 2000), 73, "too long")
        assert [n for n in os.listdir(p.path) if n != "k"] == []


def key_json_lists_what_was_written():
    with Place() as p:
        done = p.run(KEY, "new", "sign", "a", "--json")
        assert json.loads(done.stdout) == {"ok": True, "written": ["a.sign", "a.pub"]}
        shown = json.loads(p.run(KEY, "show", "--json", "a.pub").stdout)
        assert shown["kind"] == "sign" and len(shown["public"]) == 44


if __name__ == "__main__":
    main([key_curve_is_read_by_pyzmq, key_reads_the_certificates_of_pyzmq, key_sign_is_read_by_nacl, key_seal_is_read_by_nacl, key_broker_makes_every_key_of_a_broker,
          key_never_overwrites_and_leaves_no_half_set, key_suffix_may_be_given, key_show_prints_no_secret,
          key_show_says_what_is_wrong_with_a_file, key_usage_errors_say_so, key_json_lists_what_was_written])
