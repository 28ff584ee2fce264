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
    s = {"log_level": "info", "mode": "live", "origin": ORIGIN, "audit_key": "22" * 32, "state_file": state, "interval_ms": 100,
         "restored_file": os.path.join(work, "restored"), "witness_wait_ms": 60000}
    s.update(more)
    return s


class Signer:
    def __init__(self, **more):
        self.core, end = seqpacket()
        self.child = Child(SIGNER, settings(**more), {6: end})
        end.close()
        self.since, self.last = 0, None
        self.alone = True  # no policy names a witness: said as the core says it

    def ask(self, size, hash_=None, proof=None, since=None):
        """As the core does: with the proof from the head that was signed last, asked again from wherever the signer says."""
        self.last = (size, hash_ or root(size), proof)
        since = self.since if since is None else since
        since = min(since, size)
        hashes = proof if proof is not None else tlog.consistency(since, LEAVES[:size])
        self.core.send(b"H" + struct.pack(">Q", size) + self.last[1] + struct.pack(">QH", since, len(hashes)) + b"".join(hashes))

    def heard(self, seconds=30, raw=False):
        """('N', size, root, note), ('X', reason), or None; raw: also ('P', size)."""
        readable, _, _ = select.select([self.core], [], [], seconds)
        d = self.core.recv(1 << 16) if readable else b""
        if d[:1] == b"N":
            size, = struct.unpack(">Q", d[1:9])
            length, = struct.unpack(">H", d[41:43])
            self.since = size
            return ("N", size, d[9:41], d[43:43 + length].decode()) if len(d) == 43 + length else ("bad", d)
        if d[:1] == b"W":
            size, wanted, first = struct.unpack(">QBB", d[1:])
            if not self.alone:
                return ("W", size, bool(wanted), bool(first))
            if wanted:
                self.tell(size)
            return self.heard(seconds, raw)
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


    def tell(self, size, answered=0, needed=0, note=b"", proof=()):
        """As the core does: what a witness holds, with the proof between that and the signer's own head of this size."""
        self.core.send(b"A" + struct.pack(">HHQH", answered, needed, size, len(proof)) + b"".join(proof) + struct.pack(">H", len(note)) + note)


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
began = time.monotonic()
for n in range(11, 40):
    s.ask(n, root(n))
    time.sleep(0.02)
heads = []
while heads[-1:] != [39] and (got := s.heard(30)):
    heads.append(got[1])
intervals = (time.monotonic() - began) / 0.5
tap.check("heads_are_signed_at_most_every_interval_and_the_newest_wins", len(heads) <= 2 + intervals and heads[-1:] == [39] and
          s.heard(1.2) is None, (heads, intervals))
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

# Witnesses: what they hold is asked before the first head, for the state may be an old copy.
s = Signer()
s.alone = False
s.child.ready()
s.ask(49, root(49))
s.ask(50, root(50), since=49)  # at once: after two seconds it would say again that it waits
tap.check("a_signer_that_starts_asks_what_witnesses_hold_before_it_signs", s.heard() == ("W", 49, True, True))
tap.check("and_asks_once_however_often_it_is_asked", s.heard(0.5) is None)
s.tell(49, 1, 2, tlog.sign(bytes(key), ORIGIN, 30, root(30)).encode(), tlog.consistency(30, LEAVES[:49]))
tap.check("one_of_two_that_are_needed_is_not_enough", s.heard() == ("W", 49, True, False) and s.heard(0.5) is None)
s.tell(48, 2, 2)
tap.check("what_was_told_of_another_head_than_its_last_does_not_count", s.heard() == ("W", 49, True, False) and s.heard(0.5) is None)
s.tell(49, 2, 2)
heard = {(s.heard(raw=True) or ("?",)) for _ in range(2)}
tap.check("when_enough_have_answered_the_newest_that_waited_is_signed", ("W", 49, False, False) in heard and ("N", 50) in {h[:2] for h in heard}, heard)
s.child.stop()
conflict, restored = state + ".conflict", os.path.join(work, "restored")


def old_copy(size):
    """The state as it was at that size, as a backup of the whole folder brings it back."""
    with open(state, "w") as f:
        f.write(tlog.sign(bytes(key), ORIGIN, size, root(size)))


def restarted(first, **more):
    s = Signer(**more)
    s.alone = False
    s.child.ready()
    s.ask(first, root(first), since=0)
    return s, s.heard()


old_copy(20)
s, heard = restarted(21)
tap.check("a_restored_state_does_not_know_what_was_signed_since", heard == ("W", 20, True, True))
s.tell(20, 1, 2, tlog.sign(bytes(key), ORIGIN, 50, root(50)).encode())
heard = {(s.heard() or ("?",))[0] for _ in range(2)}
tap.check("one_witness_that_holds_a_later_head_is_enough_for_it_to_refuse", heard == {"W", "X"}, heard)
tap.check("and_it_remembers_that_head", " 50" in " " + open(state).read().split("\n")[1] and tlog.open_head(open(state, "rb").read(), tlog.vkey(bytes(key), ORIGIN))[0] == 50)
s.child.stop()
s, heard = restarted(22)
tap.check("also_after_a_restart_without_any_witness", heard == ("W", 50, True, True) and s.heard()[0] == "X")
s.child.stop()
s, heard = restarted(51)
s.tell(50, 1, 1)
s.alone = True
s.since = 50
s.ask(51, root(51), since=50)
tap.check("and_goes_on_from_there_with_the_log_that_has_it", (s.heard() or ("?",))[:2] == ("N", 51))
s.child.stop()

# A log that was rewritten, or went on from an old copy, with a key that signed both.
fork = [tlog.leaf_hash(b"other %d" % n) if n > 25 else LEAVES[n] for n in range(64)]
for name, held, own in (("a_smaller_head", 40, 51), ("a_head_of_the_same_size", 51, 51), ("a_larger_head", 60, 51)):
    old_copy(own)
    s, heard = restarted(own)
    low, high = min(held, own), max(held, own)
    s.tell(own, 1, 2, tlog.sign(bytes(key), ORIGIN, held, tlog.root(fork[:held])).encode(), tlog.consistency(low, LEAVES[:high]) if low < high else ())
    got = s.heard()
    tap.check(f"{name}_of_ours_that_the_log_does_not_continue_is_refused_for_good", got and got[0] == "X", got)
    tap.check(f"and_{name}_is_kept_as_evidence", tlog.open_head(open(conflict, "rb").read(), tlog.vkey(bytes(key), ORIGIN))[0] == held)
    s.child.stop()
    s, heard = restarted(own, witness_wait_ms=0)
    heard = [heard] + [s.heard(1) for _ in range(2)]
    tap.check(f"after_{name}_a_restart_without_witnesses_does_not_help", "X" in [h[0] for h in heard if h] and "N" not in [h[0] for h in heard if h], heard)
    s.child.stop()
    os.unlink(conflict)

# What witnesses may say that is not true.
old_copy(51)
s, heard = restarted(51)
good = tlog.sign(bytes(key), ORIGIN, 60, root(60))
liar = SigningKey(b"\x44" * 32)
for name, note in (("of_another_key", tlog.sign(bytes(liar), ORIGIN, 60, root(60))), ("of_another_log", tlog.sign(bytes(key), "other.example/log", 60, root(60))),
                   ("that_was_altered", good.replace("60", "61", 1)), ("that_is_garbage", "x" * 4096), ("cut_short", good[:-9])):
    s.tell(51, 1, 2, note.encode())
    tap.check(f"a_head_{name}_changes_nothing", s.heard() == ("W", 51, True, False) and tlog.open_head(open(state, "rb").read(), tlog.vkey(bytes(key), ORIGIN))[0] == 51)
s.child.stop()

# Nobody answers.
began = time.monotonic()
s, heard = restarted(51, witness_wait_ms=700)
got = s.heard(30)
tap.check("without_an_answer_it_waits_as_long_as_it_is_told_and_then_signs", got and got[:2] == ("N", 51) and time.monotonic() - began >= 0.7, got)
s.child.stop()
open(restored, "w").close()
s, heard = restarted(51, witness_wait_ms=0)
tap.check("after_a_restore_it_signs_nothing_without_witnesses_however_long_it_waits", heard == ("W", 51, True, True) and s.heard(1.5) is None and os.path.exists(restored))
s.tell(51, 1, 1, tlog.sign(bytes(key), ORIGIN, 51, root(51)).encode())
heard = {(s.heard() or ("?",))[0] for _ in range(2)}
tap.check("when_they_have_answered_it_signs_and_the_mark_is_gone", heard == {"W", "N"} and not os.path.exists(restored), heard)
s.child.stop()
# The core ends and another takes its place at the same socket, knowing nothing of what was wanted of the first.
open(restored, "w").close()
s, heard = restarted(51, witness_wait_ms=0)
time.sleep(2.1)
s.ask(51, root(51), since=0)
got = s.heard()
tap.check("a_core_that_has_taken_another_s_place_is_told_that_witnesses_are_wanted", heard == ("W", 51, True, True) and got == ("W", 51, True, False), (heard, got))
s.tell(51, 1, 1, tlog.sign(bytes(key), ORIGIN, 51, root(51)).encode())
heard = {(s.heard() or ("?",))[0] for _ in range(2)}
tap.check("and_a_restored_log_goes_on_after_its_core_was_killed", heard == {"W", "N"} and not os.path.exists(restored), heard)
s.child.stop()
open(restored, "w").close()
s = Signer()
s.child.ready()
s.ask(51, root(51))
tap.check("where_no_policy_names_a_witness_a_restored_log_goes_on", (s.heard() or ("?",))[:2] == ("N", 51) and not os.path.exists(restored))
s.child.stop()

# Bad datagrams.
for name, datagram in {"an_unknown_datagram": b"Z" + b"\0" * 50, "a_truncated_request": b"H" + b"\0" * 49, "a_request_too_long": b"H" + b"\0" * 51,
                       "a_request_without_a_proof_s_length": b"H" + b"\0" * 40, "a_proof_that_ends_early": b"H" + b"\0" * 48 + b"\0\2" + b"\0" * 32,
                       "a_witness_s_head_that_ends_early": b"A" + struct.pack(">HHQHH", 1, 1, 0, 0, 9) + b"short", "a_witness_s_proof_longer_than_any": b"A" + struct.pack(">HHQH", 1, 1, 0, 67) + b"\0" * 32 * 67 + b"\0\0",
                       "a_proof_longer_than_any": b"H" + b"\0" * 48 + b"\0\x43" + b"\0" * 32 * 67, "a_proof_from_a_larger_log": b"H" + b"\0" * 40 + b"\0" * 7 + b"\1\0\0"}.items():
    s.child.stop()
    s = Signer()
    s.child.ready()
    s.core.send(datagram)
    tap.check(f"{name}_ends_the_signer", wait_for(lambda: s.child.process.poll(), 30) == 1)

# State files.
good = open(state).read()
other = SigningKey(b"\x33" * 32)
for name, text, more in (("that_was_changed", good.replace("51", "41", 1), {}),
                         ("of_another_key", good, {"audit_key": "33" * 32}),
                         ("of_another_log", good, {"origin": "other.example/log"}),
                         ("that_is_empty", "", {}),
                         ("that_is_cut_short", good[:-20], {}),
                         ("that_is_enormous", good + "x" * 100000, {})):
    with open(state, "w") as f:
        f.write(text)
    s = Signer(**more)
    tap.check(f"a_head_{name}_is_refused_at_the_start", s.child.process.wait(60) == 65)
os.unlink(state)
os.mkdir(state)
tap.check("a_folder_in_the_place_of_the_head_is_refused", Signer().child.process.wait(60) == 65)

# Settings.
for missing in ("audit_key", "origin", "state_file", "interval_ms", "restored_file", "witness_wait_ms"):
    bad = settings()
    del bad[missing]
    core, end = seqpacket()
    tap.check(f"a_signer_without_{missing}_ends_as_misconfigured", Child(SIGNER, bad, {6: end}).process.wait(60) == 78)
for name, bad in (("a_short_key", settings(audit_key="22" * 31)), ("an_origin_with_a_space", settings(origin="two words"))):
    core, end = seqpacket()
    tap.check(f"a_signer_with_{name}_ends_as_misconfigured", Child(SIGNER, bad, {6: end}).process.wait(60) == 78)
keep.gone(work, "signer")
tap.done()
