#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Drives a real almoner-signer over its pair: which heads it signs, and which it never will."""
import base64
import hashlib
import os
import select
import struct
import sys
import tempfile
import time

from nacl.signing import SigningKey

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import tlog
from broker_children import Child, Tap, keep, seqpacket, wait_for

SIGNER = sys.argv[1]
ORIGIN = "test.example/log"
tap = Tap()
work = tempfile.mkdtemp(prefix="signer-")
state = os.path.join(work, "signer.head")
key = SigningKey(b"\x22" * 32)


def settings(**more):
    s = {"log_level": "info", "mode": "live", "origin": ORIGIN, "audit_key": "22" * 32, "state_file": state, "interval_ms": 100}
    s.update(more)
    return s


class Signer:
    def __init__(self, **more):
        self.core, end = seqpacket()
        self.child = Child(SIGNER, settings(**more), {6: end})
        end.close()
        self.since, self.last = 0, None

    def ask(self, size, hash_=None, proof=None, since=None):
        """As the core does: with the proof from the head that was signed last, asked again from wherever the signer says."""
        self.last = (size, hash_ or root(size), proof)
        since = self.since if since is None else since
        since = min(since, size)
        hashes = proof if proof is not None else tlog.consistency(since, LEAVES[:size])
        self.core.send(b"H" + struct.pack(">Q", size) + self.last[1] + struct.pack(">QH", since, len(hashes)) + b"".join(hashes))

    def heard(self, seconds=5, raw=False):
        """('N', size, root, note), ('X', reason), or None; raw: also ('P', size)."""
        readable, _, _ = select.select([self.core], [], [], seconds)
        d = self.core.recv(1 << 16) if readable else b""
        if d[:1] == b"N":
            size, = struct.unpack(">Q", d[1:9])
            length, = struct.unpack(">H", d[41:43])
            self.since = size
            return ("N", size, d[9:41], d[43:43 + length].decode()) if len(d) == 43 + length else ("bad", d)
        if d[:1] == b"P" and not raw:
            self.since, = struct.unpack(">Q", d[1:])
            self.ask(*self.last)
            return self.heard(seconds)
        if d[:1] == b"P":
            return ("P", struct.unpack(">Q", d[1:])[0])
        if d[:1] == b"X":
            length, = struct.unpack(">H", d[1:3])
            return ("X", d[3:3 + length].decode())
        return None


LEAVES = [tlog.leaf_hash(b"%d" % n) for n in range(64)]


def root(n):
    return tlog.root(LEAVES[:n])


def verifies(note, size, hash_):
    """A C2SP checkpoint, checked with other people's Ed25519."""
    text, _, signatures = note.partition("\n\n")
    text += "\n"
    public = bytes(key.verify_key)
    key_id = hashlib.sha256(ORIGIN.encode() + b"\n\x01" + public).digest()[:4]
    dash, name, blob = signatures.rstrip("\n").split(" ")
    blob = base64.b64decode(blob, validate=True)
    key.verify_key.verify(text.encode(), blob[4:])
    return (text == f"{ORIGIN}\n{size}\n{base64.b64encode(hash_).decode()}\n" and dash == "\u2014" and name == ORIGIN and blob[:4] == key_id)


s = Signer()
tap.check("the_signer_says_ready", s.child.ready())
s.ask(5, root(5))
got = s.heard()
tap.check("a_head_is_signed_as_a_checkpoint_that_others_verify", got and got[:3] == ("N", 5, root(5)) and verifies(got[3], 5, root(5)), got)
tap.check("the_head_is_on_disk_before_the_answer", open(state).read() == got[3])
tap.check("the_head_is_private", os.stat(state).st_mode & 0o077 == 0)
first = got[3]
s.ask(5, root(5))
tap.check("the_same_head_gets_the_same_note", (s.heard() or ())[3:] == (first,))
s.ask(5, root(6))
tap.check("a_head_of_the_same_size_with_another_root_is_refused", (s.heard() or ("?",))[0] == "X")
s.ask(4, root(4))
tap.check("a_smaller_head_is_refused", (s.heard() or ("?",))[0] == "X")
s.ask(0, hashlib.sha256(b"").digest())
tap.check("the_empty_head_is_refused_once_there_was_another", (s.heard() or ("?",))[0] == "X")
tap.check("a_refusal_changes_nothing_on_disk", open(state).read() == first)
s.ask(9, root(9))
got = s.heard()
tap.check("after_a_refusal_it_goes_on_signing", got and got[:2] == ("N", 9) and verifies(got[3], 9, root(9)))

# A larger tree must continue the one that was signed, and be proved to.
def refuses(name, size, hash_, proof, since=9):
    before = open(state).read()
    s.ask(size, hash_, proof, since)
    heard = s.heard(raw=True) or ("?",)
    tap.check(name, heard[0] == "X" and "does not continue" in heard[1] and open(state).read() == before, heard)


good = tlog.consistency(9, LEAVES[:12])
altered = list(LEAVES)
altered[3] = tlog.leaf_hash(b"another three")
refuses("a_log_of_which_a_leaf_and_every_node_were_rewritten_is_refused", 12, tlog.root(altered[:12]), tlog.consistency(9, altered[:12]))
refuses("and_so_it_is_with_the_proof_of_the_true_one", 12, tlog.root(altered[:12]), good)
refuses("a_log_cut_short_and_gone_on_with_is_refused", 12, tlog.root(LEAVES[:7] + altered[3:8]), tlog.consistency(9, LEAVES[:7] + altered[3:8]))
refuses("a_log_with_its_leaves_in_another_order_is_refused", 12, tlog.root([LEAVES[1], LEAVES[0]] + LEAVES[2:12]), tlog.consistency(9, [LEAVES[1], LEAVES[0]] + LEAVES[2:12]))
refuses("a_larger_log_without_a_proof_is_refused", 12, root(12), [])
refuses("a_proof_with_a_hash_missing_is_refused", 12, root(12), good[:-1])
refuses("a_proof_with_a_hash_too_many_is_refused", 12, root(12), good + good[:1])
refuses("a_proof_in_another_order_is_refused", 12, root(12), good[::-1])
refuses("a_proof_of_another_size_is_refused", 13, root(13), good)
refuses("a_proof_as_long_as_may_be_is_refused", 12, root(12), [bytes(32)] * 66)
s.ask(12, root(12), good[:0], 4)
tap.check("a_proof_from_another_head_than_the_last_is_asked_for_again_from_that", s.heard(raw=True) == ("P", 9))
s.ask(12, tlog.root(altered[:12]), None, 0)
tap.check("as_is_a_log_that_claims_to_begin", s.heard(raw=True) == ("P", 9))
tap.check("the_signer_stops_when_told_to", s.child.stop() == 0)

# Restarts.
s = Signer()
s.child.ready()
s.ask(9, root(8))
tap.check("a_restarted_signer_still_refuses_another_root", (s.heard() or ("?",))[0] == "X")
s.ask(8, root(8))
tap.check("a_restarted_signer_still_refuses_a_smaller_head", (s.heard() or ("?",))[0] == "X")
s.ask(9, root(9))
tap.check("a_restarted_signer_repeats_its_last_head", (s.heard() or ())[3:] == (got[3],))
refuses("a_restarted_signer_still_refuses_a_rewritten_log", 12, tlog.root(altered[:12]), tlog.consistency(9, altered[:12]))
s.ask(10, root(10))
tap.check("a_restarted_signer_signs_what_continues_its_last_head", (s.heard() or ())[:2] == ("N", 10))
s.child.process.kill()
s.child.process.wait()
s = Signer()
s.child.ready()
s.ask(10, root(11))
tap.check("a_killed_signer_has_forgotten_nothing_that_it_answered", (s.heard() or ("?",))[0] == "X")

# The interval.
s.child.stop()
s = Signer(interval_ms=500)
s.child.ready()
for n in range(11, 40):
    s.ask(n, root(n))
    time.sleep(0.02)
heads = []
while True:
    got = s.heard(1.2)
    if not got:
        break
    heads.append(got[1])
tap.check("heads_are_signed_at_most_every_interval_and_the_newest_wins", len(heads) <= 4 and heads[-1] == 39, heads)
s.child.stop()

# A disk that refuses.
s = Signer()
s.child.ready()
os.rename(work, work + "-away")
s.ask(50, root(50))
tap.check("a_head_that_cannot_be_kept_is_not_answered", s.heard(1.0) is None)
os.rename(work + "-away", work)
s.child.stop()
s = Signer()
s.child.ready()
s.ask(49, root(49))
tap.check("nor_is_it_remembered", (s.heard() or ("?",))[:2] == ("N", 49))

# Bad datagrams.
for name, datagram in {"an_unknown_datagram": b"Z" + b"\0" * 50, "a_truncated_request": b"H" + b"\0" * 49, "a_request_too_long": b"H" + b"\0" * 51,
                       "a_request_without_a_proof_s_length": b"H" + b"\0" * 40, "a_proof_that_ends_early": b"H" + b"\0" * 48 + b"\0\2" + b"\0" * 32,
                       "a_proof_longer_than_any": b"H" + b"\0" * 48 + b"\0\x43" + b"\0" * 32 * 67, "a_proof_from_a_larger_log": b"H" + b"\0" * 40 + b"\0" * 7 + b"\1\0\0"}.items():
    s.child.stop()
    s = Signer()
    s.child.ready()
    s.core.send(datagram)
    tap.check(f"{name}_ends_the_signer", wait_for(lambda: s.child.process.poll(), 5) == 1)

# State files.
good = open(state).read()
other = SigningKey(b"\x33" * 32)
for name, text, more in (("that_was_changed", good.replace("49", "39", 1), {}),
                         ("of_another_key", good, {"audit_key": "33" * 32}),
                         ("of_another_log", good, {"origin": "other.example/log"}),
                         ("that_is_empty", "", {}),
                         ("that_is_cut_short", good[:-20], {}),
                         ("that_is_enormous", good + "x" * 100000, {})):
    with open(state, "w") as f:
        f.write(text)
    s = Signer(**more)
    tap.check(f"a_head_{name}_is_refused_at_the_start", s.child.process.wait(10) == 65)
os.unlink(state)
os.mkdir(state)
tap.check("a_folder_in_the_place_of_the_head_is_refused", Signer().child.process.wait(10) == 65)

# Settings.
for missing in ("audit_key", "origin", "state_file", "interval_ms"):
    bad = settings()
    del bad[missing]
    core, end = seqpacket()
    tap.check(f"a_signer_without_{missing}_ends_as_misconfigured", Child(SIGNER, bad, {6: end}).process.wait(10) == 78)
for name, bad in (("a_short_key", settings(audit_key="22" * 31)), ("an_origin_with_a_space", settings(origin="two words"))):
    core, end = seqpacket()
    tap.check(f"a_signer_with_{name}_ends_as_misconfigured", Child(SIGNER, bad, {6: end}).process.wait(10) == 78)
keep.gone(work, "signer")
tap.done()
