#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""test_adapter_witness.py ADAPTER AGENCY KEY PROTOC - an adapter as a witness, against a broker that the test plays, with its log and signing key: what it
signs, judged with other people's code, and what it never signs however it is asked and however often it is killed."""
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from played_adapter import ORIGIN, AdapterTown, backends, expect, generated, until  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import tlog  # noqa: E402
from commands import main  # noqa: E402

ADAPTER, AGENCY, KEY, PROTOC = (str(Path(program).resolve()) for program in sys.argv[1:5])
PB = generated(PROTOC)
SEED, OTHER = b"\x11" * 32, b"\x12" * 32
LEAVES = [tlog.leaf_hash(b"%d" % n) for n in range(40)]
ALTERED = [tlog.leaf_hash(b"another three") if n == 3 else leaf for n, leaf in enumerate(LEAVES)]
CUT = LEAVES[:8] + [tlog.leaf_hash(b"since %d" % n) for n in range(32)]
MOVED = [LEAVES[1], LEAVES[0]] + LEAVES[2:]
DELETED = LEAVES[:4] + LEAVES[5:]


class Town(AdapterTown):
    def __init__(self, extra='witness = { log = "audit.vkey"; };', vkey=None):
        super().__init__(ADAPTER, KEY, PB, extra=extra)
        self.file("audit.vkey", (vkey or tlog.vkey(SEED, ORIGIN)) + "\n")

    def show(self, log, size, old=0, note=None, proof=None):
        """The broker shows a head of this log. Return: the Cosignature."""
        pb = self.pb
        note = tlog.sign(SEED, ORIGIN, size, tlog.root(log[:size])) if note is None else note
        hashes = tlog.consistency(old, log[:size]) if proof is None else proof
        return self.ask(pb.Cosign(note=note.encode(), old_size=old, proof=b"".join(hashes)))

    def ask(self, cosign):
        body = self.gate.body(cosign=cosign)
        self.gate.push(body)
        got = until(lambda: [b for b in self.gate.got if b.WhichOneof("payload") == "cosignature" and b.in_reply_to == body.id], what="a Cosignature")
        return got[0].cosignature

    def vkey(self):
        return tlog.cosigner_vkey(bytes(self.signing()), "school")

    def signed(self, got, log, size):
        """Is this a line of ours under that head?"""
        note = tlog.sign(SEED, ORIGIN, size, tlog.root(log[:size]))
        return (got.status == PB.COSIGN_STATUS_SIGNED and got.size == size
                and abs((tlog.cosigned((note + got.note.decode()).encode(), self.vkey()) or 0) - time.time()) < 60)

    def held(self):
        """(size, root) on disk, opened with the log's key."""
        return tlog.open_head(Path(f"{self.path}/state/witness.head").read_bytes(), tlog.vkey(SEED, ORIGIN))

    def forked(self):
        return os.path.exists(f"{self.path}/state/witness.head.fork")


def log_that_grows_is_signed_and_each_line_verifies_elsewhere():
    with Town() as t:
        t.start()
        old = 0
        for size in (3, 4, 9, 9, 33, 40):
            got = t.show(LEAVES, size, old)
            assert t.signed(got, LEAVES, size), got
            assert t.held() == (size, tlog.root(LEAVES[:size]))
            assert tlog.cosigned(Path(f"{t.path}/state/witness.head").read_bytes(), t.vkey()) is not None
            old = size
        shown = t.ok("witness-show")
        assert (shown["vkey"], shown["held"]["size"], shown["signed"], shown["forked"]) == (t.vkey(), 40, 6, False), shown
        assert os.stat(f"{t.path}/state/witness.head").st_mode & 0o077 == 0
        expect(t.run(AGENCY, "witness", "show", "--socket", "adapter.sock"), 0, t.vkey(), "40 leaves")


def broker_that_asks_is_told_what_is_held():
    with Town() as t:
        t.start()
        got = t.ask(PB.Cosign())
        assert (got.status, got.size, got.note) == (PB.COSIGN_STATUS_CONFLICT, 0, b"")
        t.show(LEAVES, 9)
        for cosign in (PB.Cosign(), PB.Cosign(note=tlog.sign(SEED, ORIGIN, 20, tlog.root(LEAVES[:20])).encode()),
                       PB.Cosign(note=tlog.sign(SEED, ORIGIN, 5, tlog.root(LEAVES[:5])).encode(), old_size=3, proof=b"".join(tlog.consistency(3, LEAVES[:5])))):
            got = t.ask(cosign)
            assert (got.status, got.size) == (PB.COSIGN_STATUS_CONFLICT, 9)
            assert tlog.open_head(got.note, tlog.vkey(SEED, ORIGIN)) == (9, tlog.root(LEAVES[:9]))
        assert not t.forked()


def log_that_was_changed_by_whoever_can_sign_is_refused_and_the_evidence_kept():
    for name, log in (("altered", ALTERED), ("cut short and gone on with", CUT), ("moved", MOVED), ("deleted", DELETED)):
        with Town() as t:
            t.start()
            t.show(LEAVES, 9)
            for size in (9, 10, 20, 39):
                got = t.show(log, size, 9)
                assert got.status == PB.COSIGN_STATUS_REFUSED and got.size == 9, (name, size, got)
            got = t.show(log, 20, 9, proof=tlog.consistency(9, LEAVES[:20]))
            assert got.status == PB.COSIGN_STATUS_REFUSED, name
            assert t.held()[0] == 9 and t.forked()
            kept = tlog.open_head(Path(f"{t.path}/state/witness.head.fork").read_bytes(), tlog.vkey(SEED, ORIGIN))
            assert kept == (9, tlog.root(log[:9])), name  # the first of them: with our own head a proof that needs nobody's word
            assert "event=witness-fork" in t.said()
            assert t.signed(t.show(LEAVES, 12, 9), LEAVES, 12)  # the true one is still signed
            assert t.ok("witness-show")["forked"] is True
            expect(t.run(AGENCY, "witness", "show", "--socket", "adapter.sock"), 0, "NOT CONTINUED")


def what_the_log_has_not_signed_changes_nothing():
    with Town() as t:
        t.start()
        t.show(LEAVES, 9)
        good = tlog.sign(SEED, ORIGIN, 20, tlog.root(LEAVES[:20]))
        for note in (tlog.sign(OTHER, ORIGIN, 20, tlog.root(LEAVES[:20])), tlog.sign(SEED, "other.example/log", 20, tlog.root(LEAVES[:20])), good.replace("\n20\n", "\n21\n"),
                     good[:-9], "garbage", good.split("\n\n")[0] + "\n\n", good + good.split("\n\n")[1]):
            got = t.show(LEAVES, 20, 9, note=note)
            assert (got.status, got.size) == (PB.COSIGN_STATUS_REFUSED, 9), note
        assert t.held()[0] == 9 and not t.forked()
        assert t.signed(t.show(LEAVES, 20, 9), LEAVES, 20)


def witness_that_is_killed_has_what_it_said():
    with Town() as t:
        t.start()
        old = 0
        for size in (5, 9, 17, 33):
            assert t.signed(t.show(LEAVES, size, old), LEAVES, size)
            t.kill()
            t.start()
            assert t.ask(PB.Cosign()).size == size
            assert t.show(ALTERED, size + 4, size).status == PB.COSIGN_STATUS_REFUSED
            old = size


def head_that_cannot_be_written_down_is_not_signed():
    with Town() as t:
        t.start()
        t.show(LEAVES, 9)
        os.rename(f"{t.path}/state", f"{t.path}/state-away")
        got = t.show(LEAVES, 20, 9)
        assert (got.status, got.size) == (PB.COSIGN_STATUS_REFUSED, 9)
        os.rename(f"{t.path}/state-away", f"{t.path}/state")
        assert t.held()[0] == 9
        assert t.signed(t.show(LEAVES, 20, 9), LEAVES, 20)


def state_of_another_log_is_not_begun_afresh_and_the_adapter_works_on():
    with Town() as t:
        t.start()
        t.show(LEAVES, 9)
        t.stop()
        t.file("audit.vkey", tlog.vkey(OTHER, ORIGIN) + "\n")
        t.start()
        got = t.show(LEAVES, 20, note=tlog.sign(OTHER, ORIGIN, 20, tlog.root(LEAVES[:20])))
        assert (got.status, got.size) == (PB.COSIGN_STATUS_REFUSED, 0)
        t.error("witness-show", "witness-state", 65)
        assert "event=witness-not-opened" in t.said() and t.ok("status")["connected"]
        assert t.held()[0] == 9


def adapter_that_is_no_witness_says_so():
    with Town(extra="") as t:
        t.start()
        got = t.show(LEAVES, 9)
        assert (got.status, got.size, got.note) == (PB.COSIGN_STATUS_REFUSED, 0, b"")
        t.error("witness-show", "no-witness", 78)


def mistakes_of_the_group_are_told_with_file_and_line():
    with Town() as t:
        t.file("log", "")
        good = Path(f"{t.path}/adapter.conf").read_text(encoding="ascii")
        check = lambda *words: expect(t.run(ADAPTER, "--libexec", backends(ADAPTER), "--check", "adapter.conf"), *words)
        check(0)
        for text, words in (("witness = { };", "log"), ('witness = { log = "nothing.vkey"; };', "nothing.vkey"), ('witness = { log = "adapter.conf"; };', "not a verifier key"),
                            ('witness = { log = "other.vkey"; };', "another log"), ('witness = { log = "cosigner.vkey"; };', "not a verifier key"),
                            ('witness = { log = "audit.vkey"; stat = "x"; };', "stat"), ('witness = "audit.vkey";', "witness is a group")):
            t.file("other.vkey", tlog.vkey(SEED, "other.example/log") + "\n")
            t.file("cosigner.vkey", tlog.cosigner_vkey(SEED, ORIGIN) + "\n")
            t.file("adapter.conf", good.replace('witness = { log = "audit.vkey"; };', text))
            check(78, "adapter.conf:", words)


if __name__ == "__main__":
    main([log_that_grows_is_signed_and_each_line_verifies_elsewhere, broker_that_asks_is_told_what_is_held,
          log_that_was_changed_by_whoever_can_sign_is_refused_and_the_evidence_kept, what_the_log_has_not_signed_changes_nothing, witness_that_is_killed_has_what_it_said,
          head_that_cannot_be_written_down_is_not_signed, state_of_another_log_is_not_begun_afresh_and_the_adapter_works_on, adapter_that_is_no_witness_says_so,
          mistakes_of_the_group_are_told_with_file_and_line])
