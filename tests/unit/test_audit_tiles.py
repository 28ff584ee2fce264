#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""test_audit_tiles.py BINS - exports in tiles: made from a socket that plays the reader, and judged by two verifiers that share no code.

One is `almoner audit verify`, the other tests/tlog.py (hashlib, PyNaCl). A log that they both take is whole; of one that was altered both name the same leaf."""
import base64
import hashlib
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import tlog
from commands import Place, expect, main

OFFICER = os.path.join(sys.argv[1], "almoner-officer")
ORIGIN = "rehearsal.example/almoner"
SEED, OTHER = bytes(range(32)), bytes(range(1, 33))
VKEY = tlog.vkey(SEED, ORIGIN)


def b64(data):
    return base64.b64encode(data).decode()


def log_of(n, tag=b""):
    """(nonce, clear, sealed); every seventh sealed part is erased."""
    rows = []
    for i in range(n):
        sealed = b"sealed %d" % i * (i % 3)
        rows.append((hashlib.sha256(b"n%d" % i + tag).digest(), b"clear %d" % i, (hashlib.sha256(sealed).digest(),) if i % 7 == 6 else sealed))
    return rows


def head_of(log, seed=SEED, origin=ORIGIN):
    return tlog.sign(seed, origin, len(log), tlog.root([tlog.leaf_hash(tlog.entry_of(*r)) for r in log]))


def lay(p, name, log, head=None):
    """An export by other means than ours."""
    files = {**tlog.export(log), "checkpoint": (head or head_of(log)).encode()}
    for path, octets in files.items():
        p.file(os.path.join(name, path), octets)
    p.file("audit.vkey", VKEY + "\n")
    return files


def ours(p, name, *more):
    return p.run(OFFICER, "audit", "verify", "--export", name, "--vkey", "audit.vkey", "--json", *more)


def both(p, name, leaf, what=""):
    """Both verifiers refuse, and name this leaf (None: no leaf can be named, -1: any)."""
    done = ours(p, name)
    assert done.returncode == 65, f"{what}: exit {done.returncode}: {done.stdout}{done.stderr}"
    said = json.loads(done.stdout)
    assert said["verified"] is False and said["why"], said
    try:
        tlog.verify(os.path.join(p.path, name), VKEY)
    except tlog.Bad as bad:
        theirs = bad.leaf
    else:
        raise AssertionError(f"{what}: the other verifier takes it")
    if leaf != -1:
        assert said["first_bad"] == leaf == theirs, f"{what}: {said['why']}: ours {said['first_bad']}, theirs {theirs}, not {leaf}"
    return said["why"]


def whole(p, name, n):
    said = json.loads(expect(ours(p, name), 0))
    assert (said["verified"], said["leaves"], said["first_bad"]) == (True, n, None), said
    assert tlog.verify(os.path.join(p.path, name), VKEY)[0] == n


# --- the verifiers ---
def both_verifiers_take_exports_of_every_shape():
    with Place() as p:
        for n in (0, 1, 2, 7, 8, 255, 256, 257, 512, 600):
            lay(p, f"log{n}", log_of(n))
            whole(p, f"log{n}", n)
        done = expect(p.run(OFFICER, "audit", "verify", "--export", "log600", "--vkey", "audit.vkey"), 0, "verified: 600 leaves", "erased    the sealed part of 85 leaves")
        assert "NOT" not in done


class Leafed:
    """Which leaf each byte of a bundle belongs to."""

    def __init__(self, log):
        self.of = {}
        width = len(log)
        self.of[tlog.tile_path("tile/0", 0, width)] = [i for i in range(width) for _ in range(32)]
        self.of[tlog.tile_path("tile/entries", 0, width)] = [i for i in range(width) for _ in range(99)]
        self.of[tlog.tile_path("records", 0, width)] = [i for i, (_, c, s) in enumerate(log) for _ in tlog.record_of(c, s)]


def every_byte_that_is_flipped_is_found_and_its_leaf_named():
    log = log_of(3) + log_of(8)[6:7]
    with Place() as p:
        files, leafed = lay(p, "log", log), Leafed(log).of
        n = 0
        jobs = []
        for path, octets in files.items():
            for at in range(len(octets)):
                jobs.append((path, at))
        for path, at in jobs:
            octets = bytearray(files[path])
            octets[at] ^= 1 << (at % 8)
            with open(os.path.join(p.path, "log", path), "wb") as f:
                f.write(octets)
            both(p, "log", leafed[path][at] if path in leafed else None, f"{path} byte {at}")
            n += 1
            with open(os.path.join(p.path, "log", path), "wb") as f:
                f.write(files[path])
        assert n == sum(len(o) for o in files.values()) > 700
        whole(p, "log", 4)


def bytes_of_higher_tiles_that_are_flipped_are_found():
    log = log_of(600)
    with Place() as p:
        files = lay(p, "log", log)
        for path, at, first, word in (("tile/1/000.p/2", 0, 0, "its hash 0"), ("tile/1/000.p/2", 63, 256, "its hash 1"), ("tile/0/001", 5 * 32, 261, "do not agree"),
                                      ("tile/0/002.p/88", 87 * 32 + 31, 599, "do not agree")):
            octets = bytearray(files[path])
            octets[at] ^= 0x80
            p.file(f"log/{path}", bytes(octets))
            said = json.loads(ours(p, "log").stdout)
            assert said["first_bad"] == first and word in said["why"] and "The leaves themselves are whole" in said["why"], said
            both(p, "log", -1)
            p.file(f"log/{path}", files[path])
        whole(p, "log", 600)


def the_first_of_several_is_named():
    log = log_of(600)
    with Place() as p:
        files = lay(p, "log", log)
        for path in ("records/002.p/88", "tile/entries/001", "tile/1/000.p/2"):
            octets = bytearray(files[path])
            octets[8] ^= 1
            p.file(f"log/{path}", bytes(octets))
        why = both(p, "log", 256)
        assert "leaf 256: its entry and its hash in the tile do not agree" in why and "they were altered" in why, why
        octets = bytearray(files["records/000"])
        octets[-1] ^= 1
        p.file("log/records/000", bytes(octets))
        assert "leaf 255: its record is not there whole" in both(p, "log", 255)


def leaves_left_out_are_found():
    log = log_of(9)
    with Place() as p:
        for gone in range(9):
            lay(p, "log", log)
            short = tlog.export(log[:gone] + log[gone + 1:])
            width = tlog.tile_path("x", 0, 8), tlog.tile_path("x", 0, 9)
            for kind in ("tile/entries", "records"):  # but the tile still knows of it
                p.file("log/" + kind + width[1][1:], short[kind + width[0][1:]])
            both(p, "log", gone, f"leaf {gone} left out")
            p.file("log/tile/0" + width[1][1:], short["tile/0" + width[0][1:]])
            both(p, "log", 8, "left out of the tile too")
        shutil.rmtree(os.path.join(p.path, "log"))
        lay(p, "log", log[:8], head_of(log))
        assert "is missing: leaves 0 to 8" in both(p, "log", 0)


def leaves_in_another_order_are_found():
    log = log_of(9)
    with Place() as p:
        for a, b in ((0, 1), (3, 7), (2, 8)):
            moved = list(log)
            moved[a], moved[b] = moved[b], moved[a]
            files = tlog.export(moved)
            lay(p, "log", log)
            p.file("log/records/000.p/9", files["records/000.p/9"])
            both(p, "log", a, "records moved")
            p.file("log/tile/entries/000.p/9", files["tile/entries/000.p/9"])
            both(p, "log", a, "entries moved too")
            p.file("log/tile/0/000.p/9", files["tile/0/000.p/9"])
            assert "all of it was made anew" in both(p, "log", None, "tile made to fit")


def what_is_added_or_cut_short_is_found():
    log = log_of(300)
    with Place() as p:
        files = lay(p, "log", log)
        for path, leaf in (("records/000", 256), ("tile/entries/001.p/44", 300), ("tile/0/000", 256), ("records/001.p/44", 300)):
            p.file(f"log/{path}", files[path] + b"\0")
            assert "something was added" in both(p, "log", leaf, path)
            p.file(f"log/{path}", files[path])
        p.file("log/tile/1/000.p/1", files["tile/1/000.p/1"] + b"\0")
        assert "something was added" in both(p, "log", -1)
        p.file("log/tile/1/000.p/1", files["tile/1/000.p/1"])
        for path, leaf in (("records/000", 255), ("tile/entries/001.p/44", 299), ("tile/0/000", 255), ("records/001.p/44", 299)):
            p.file(f"log/{path}", files[path][:-1])
            both(p, "log", leaf, path)
            p.file(f"log/{path}", files[path])
        for path, leaf in (("records/001.p/44", 256), ("tile/entries/000", 0), ("tile/0/001.p/44", 256), ("tile/1/000.p/1", -1)):
            os.unlink(os.path.join(p.path, "log", path))
            assert "is missing" in both(p, "log", leaf, path)
            p.file(f"log/{path}", files[path])
        whole(p, "log", 300)


def a_log_cut_short_and_gone_on_with_does_not_continue_the_head_that_was_kept():
    first, more = log_of(20), log_of(40)
    with Place() as p:
        lay(p, "first", first)
        lay(p, "more", more)
        kept = open(os.path.join(p.path, "first", "checkpoint"), "rb").read()
        assert json.loads(expect(ours(p, "more", "--head", "first/checkpoint"), 0))["verified"]
        assert tlog.verify(os.path.join(p.path, "more"), VKEY, [kept])[0] == 40
        forked = more[:12] + log_of(40, b"x")[12:]
        swapped = [more[1], more[0]] + more[2:]
        for name, log, words in (("forked", forked, "does not continue"), ("swapped", swapped, "does not continue"), ("shorter", more[:19], "cut short: 20 leaves"),
                                 ("dropped", more[:5] + more[6:], "does not continue"), ("same", [*first[:19], forked[19]], "does not continue")):
            lay(p, name, log)  # signed with the true key: by itself it is a good log
            whole(p, name, len(log))
            expect(ours(p, name, "--head", "first/checkpoint"), 65, words)
            try:
                tlog.verify(os.path.join(p.path, name), VKEY, [kept])
                raise AssertionError(f"{name}: the other verifier takes it")
            except tlog.Bad:
                pass
        lay(p, "none", [])
        expect(ours(p, "more", "--head", "none/checkpoint"), 0, '"verified"')
        p.file("forged", head_of(first, OTHER))
        expect(ours(p, "more", "--head", "forged"), 65, "not one that this verifier key signed")
        expect(ours(p, "more", "--head", "nowhere"), 66, "nowhere")


def a_forged_or_strange_head_is_refused():
    log = log_of(4)
    with Place() as p:
        for head, says in ((head_of(log, OTHER), "not signed by this verifier key"), (head_of(log).replace("\n4\n", "\n3\n"), "signature is wrong"), ("x", "not a signed checkpoint"),
                           (head_of(log, SEED, "else.example/log"), ""), ("", "not a signed checkpoint"), ("x" * 100000, "is no signed head")):
            lay(p, "log", log)
            p.file("log/checkpoint", head)
            expect(p.run(OFFICER, "audit", "verify", "--export", "log", "--vkey", "audit.vkey"), 65, says)
        os.unlink(os.path.join(p.path, "log/checkpoint"))
        expect(ours(p, "log"), 65, "not an export in tiles")
        p.file("log/checkpoint.unfinished", "x")
        expect(ours(p, "log"), 65, "an export that was not finished")


# --- proofs ---
def a_proof_of_one_leaf_is_believed_by_others_and_of_an_altered_one_there_is_none():
    log = log_of(600)
    with Place() as p:
        files = lay(p, "log", log)
        hashes = [tlog.leaf_hash(tlog.entry_of(*r)) for r in log]
        for leaf in (0, 1, 255, 256, 599):
            proof = json.loads(expect(p.run(OFFICER, "audit", "prove", str(leaf), "--export", "log", "--vkey", "audit.vkey"), 0))
            entry, clear = base64.b64decode(proof["entry"]), base64.b64decode(proof["clear"])
            size, root = tlog.open_head(proof["note"].encode(), VKEY)
            path = [base64.b64decode(h) for h in proof["hashes"]]
            assert clear == log[leaf][1] and entry[33:65] == hashlib.sha256(clear).digest()
            assert tlog.included(tlog.leaf_hash(entry), leaf, size, path, root) and path == tlog.path(leaf, hashes)
            assert not tlog.included(tlog.leaf_hash(entry), leaf + 1, size, path, root)
        for words, code, says in ((["600"], 65, "not under this head"), (["-1"], 64, ""), (["x"], 64, "not a leaf's number"), (["99999999999999999999999"], 64, "not a leaf's number")):
            expect(p.run(OFFICER, "audit", "prove", *words, "--export", "log", "--vkey", "audit.vkey"), code, says)
        expect(p.run(OFFICER, "audit", "prove", "3", "--vkey", "audit.vkey"), 64, "--export FOLDER")
        p.file("other.vkey", tlog.vkey(OTHER, ORIGIN))
        expect(p.run(OFFICER, "audit", "prove", "3", "--export", "log", "--vkey", "other.vkey"), 65, "NOT VERIFIED")
        for path, at in (("tile/0/001", 32), ("tile/entries/001", 40), ("records/001", 6), ("tile/1/000.p/2", 0)):
            octets = bytearray(files[path])
            octets[at] ^= 1
            p.file(f"log/{path}", bytes(octets))
            expect(p.run(OFFICER, "audit", "prove", "256", "--export", "log", "--vkey", "audit.vkey"), 65, "cannot be proved")
            p.file(f"log/{path}", files[path])
        os.unlink(os.path.join(p.path, "log/tile/0/002.p/88"))
        expect(p.run(OFFICER, "audit", "prove", "256", "--export", "log", "--vkey", "audit.vkey"), 65, "No such file")


# --- making one ---
class Reader:
    """Plays the reader (and the core's status) for a log; ends the connection after `most` rows."""

    def __init__(self, p, log, head=None, most=None, spoil=None):
        self.rows = [{"leaf": i, "nonce": b64(n), "clear": b64(c), **({"sealed_hash": b64(s[0])} if isinstance(s, tuple) else {"sealed": b64(s)})} for i, (n, c, s) in enumerate(log)]
        self.head, self.most, self.spoil, self.asked = head or head_of(log), most, spoil, []
        self.path = os.path.join(p.path, "officers.sock")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(8)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                peer = self.listener.accept()[0]
            except OSError:
                return
            with peer:
                head = peer.recv(4, socket.MSG_WAITALL)
                if len(head) == 4:
                    query = json.loads(json.loads(peer.recv(struct.unpack(">I", head)[0], socket.MSG_WAITALL))["query"])
                    self.asked.append(query)
                    self.answer(peer, query)

    def answer(self, peer, query):
        def say(o):
            data = json.dumps(o).encode()
            peer.sendall(struct.pack(">I", len(data)) + data)
        try:
            if query["read"] == "head":
                return say({"ok": True, "note": self.head, "leaves": len(self.rows)})
            rows = self.rows[query["from"]:query["from"] + query["count"]]
            rows = self.spoil(rows) if self.spoil else rows
            for at in range(0, len(rows), 50):
                if self.most is not None and at >= self.most:
                    return None
                say({"ok": True, "rows": rows[at:at + 50], "more": at + 50 < len(rows)})
            return rows or say({"ok": True, "rows": [], "more": False})
        except OSError:
            return None

    def close(self):
        os.unlink(self.path)  # the listener stays: its thread may be about to accept, by a number that the next one would get


def place_for_export(p):
    p.file("alice.sign", SEED.hex() + "\n")
    p.file("audit.vkey", VKEY + "\n")
    conf = p.file("almonerd.conf", f'mode = "exercise";\norigin = "{ORIGIN}";\nruntime_dir = "{p.path}";\nkeys_dir = "{p.path}";\n')
    return lambda name="out": p.run(OFFICER, "audit", "export", name, "--format", "tiles", "--config", conf, "--officer", "alice", "--key", "alice.sign")


def tree_of(folder):
    return {os.path.relpath(os.path.join(at, f), folder): open(os.path.join(at, f), "rb").read() for at, _, names in os.walk(folder) for f in names}


def an_export_is_what_the_specification_says_byte_for_byte():
    with Place() as p:
        export = place_for_export(p)
        for n in (0, 1, 256, 700):
            live = Reader(p, log_of(n))
            expect(export(f"out{n}"), 0, f"exported {n} leaves")
            folder = os.path.join(p.path, f"out{n}")
            assert tree_of(folder) == {**tlog.export(log_of(n)), "checkpoint": live.head.encode()}
            assert not os.path.exists(folder + ".partial")
            assert os.stat(folder).st_mode & 0o077 == 0
            whole(p, f"out{n}", n)
            live.close()


def an_export_that_was_interrupted_is_gone_on_with():
    log = log_of(700)
    with Place() as p:
        export = place_for_export(p)
        live = Reader(p, log, most=550)
        done = expect(export(), 75, "the same command goes on")
        assert "550 of 700 leaves were read" in done, done
        assert not os.path.exists(os.path.join(p.path, "out"))
        expect(ours(p, "out.partial"), 65, "an export that was not finished")
        live.close()
        live = Reader(p, log_of(710))  # meanwhile it has grown: the head that was begun with is finished
        expect(export("out/"), 0, "exported 700 leaves", "512 of 700 leaves are there already")
        assert [q["read"] for q in live.asked] == ["export"] and live.asked[0]["from"] == 512, live.asked
        whole(p, "out", 700)
        expect(export(), 73, "already there")
        live.close()


def what_lies_in_an_unfinished_export_is_not_believed():
    log = log_of(700)
    with Place() as p:
        export = place_for_export(p)
        live = Reader(p, log, most=650)
        expect(export(), 75)
        live.close()
        for path in ("records/001", "tile/0/000", "tile/entries/001"):
            name = os.path.join(p.path, "out.partial", path)
            octets = bytearray(open(name, "rb").read())
            octets[50] ^= 1
            p.file(os.path.join("out.partial", path), bytes(octets))
        live = Reader(p, log)
        expect(export(), 0, "256 of 700 leaves are there already")
        assert live.asked[0]["from"] == 256
        whole(p, "out", 700)
        live.close()


def a_log_that_is_not_the_one_that_was_signed_is_not_exported():
    log = log_of(300)
    with Place() as p:
        export = place_for_export(p)
        live = Reader(p, log, spoil=lambda rows: rows[:5] + [{**rows[5], "clear": "AAAA"}] + rows[6:])
        expect(export(), 65, "NOT VERIFIED", "a record was altered")
        assert not os.path.exists(os.path.join(p.path, "out"))
        live.close()
        for name, spoil, code, says in (("a", lambda rows: rows[:-1], 76, "the log ends at leaf 299"), ("b", lambda rows: rows[:3] + rows[4:], 65, "leaf 3 is missing"),
                                        ("c", lambda rows: [{"leaf": 0}], 76, "came without"), ("d", lambda rows: [{**rows[0], "nonce": "AAAA"}], 76, "came without"),
                                        ("e", lambda rows: [{**rows[0], "clear": "*"}], 76, "came without")):
            live = Reader(p, log, spoil=spoil)
            expect(export(name), code, says)
            assert not os.path.exists(os.path.join(p.path, name))
            live.close()


def an_export_is_begun_only_where_it_can_be():
    with Place() as p:
        export = place_for_export(p)
        live = Reader(p, log_of(3))
        p.file("file", "x")
        expect(export("file"), 73, "already there")
        expect(export("no/where"), 73, "No such file")
        os.mkdir(os.path.join(p.path, "strange.partial"))
        p.file("strange.partial/checkpoint.unfinished", "x")
        expect(export("strange"), 65, "is no signed head")
        p.file("strange.partial/checkpoint.unfinished", head_of(log_of(3), SEED, "else.example/log"))
        expect(export("strange"), 65, "another log")
        os.symlink(p.path, os.path.join(p.path, "link.partial"))
        expect(export("link"), 73, "link.partial")
        expect(p.run(OFFICER, "audit", "export", "x", "--format", "zip"), 64, "neither")
        os.mkdir(os.path.join(p.path, "busy.partial"))
        with subprocess.Popen(["flock", "-x", os.path.join(p.path, "busy.partial"), "-c", "echo; read x"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as held:
            held.stdout.readline()
            expect(export("busy"), 75, "another export is at work")
            held.communicate(b"\n")
        expect(export("busy"), 0, "exported 3 leaves")
        live.close()


# --- the independent verifier itself ---
def the_other_verifier_gives_the_published_roots_and_paths():
    # certificate-transparency's reference tree (merkle_tree_test)
    leaves = [tlog.leaf_hash(bytes.fromhex(e)) for e in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")]
    assert tlog.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert tlog.root(leaves[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert tlog.root(leaves[:7]).hex() == "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"
    assert tlog.root(leaves).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    assert [h.hex() for h in tlog.path(0, leaves)] == ["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                                                      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                                                      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"]
    assert [h.hex() for h in tlog.consistency(1, leaves)] == ["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                                                             "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                                                             "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"]
    for leaf in range(8):
        assert tlog.included(leaves[leaf], leaf, 8, tlog.path(leaf, leaves), tlog.root(leaves))
    assert tlog.number(1234067) == "x001/x234/067" and tlog.tile_path("tile/0", 273, 112) == "tile/0/273.p/112"


if __name__ == "__main__":
    main([both_verifiers_take_exports_of_every_shape, every_byte_that_is_flipped_is_found_and_its_leaf_named, bytes_of_higher_tiles_that_are_flipped_are_found,
          the_first_of_several_is_named, leaves_left_out_are_found, leaves_in_another_order_are_found, what_is_added_or_cut_short_is_found,
          a_log_cut_short_and_gone_on_with_does_not_continue_the_head_that_was_kept, a_forged_or_strange_head_is_refused,
          a_proof_of_one_leaf_is_believed_by_others_and_of_an_altered_one_there_is_none, an_export_is_what_the_specification_says_byte_for_byte,
          an_export_that_was_interrupted_is_gone_on_with, what_lies_in_an_unfinished_export_is_not_believed, a_log_that_is_not_the_one_that_was_signed_is_not_exported,
          an_export_is_begun_only_where_it_can_be, the_other_verifier_gives_the_published_roots_and_paths])
