#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""test_officer.py BINS... - almoner-officer against bad input, a socket that plays the broker, and exports made (and tampered with) here.

The log is computed with hashlib and PyNaCl alone, so that verification is held against an independent reading of RFC 9162 and C2SP."""
import base64
import hashlib
import json
import os
import socket
import struct
import sys
import threading

import nacl.signing

from commands import Place, expect, main

OFFICER = os.path.join(sys.argv[1], "almoner-officer")
ORIGIN = "rehearsal.example/almoner"
SEED = bytes(range(32))
OTHER = bytes(range(1, 33))
ID = "0199f0c2-7d1e-7a55-9a3c-5f0e8a1b2c3d"


def b64(data):
    return base64.b64encode(data).decode()


def public(seed):
    return bytes(nacl.signing.SigningKey(seed).verify_key)


# --- a socket that plays the broker ---
class Broker:
    """Answers each request by a function; keeps what was asked."""

    def __init__(self, place, name, answer):
        self.path = os.path.join(place.path, name)
        self.asked, self.answer = [], answer
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(8)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                peer = self.listener.accept()[0]
            except OSError:
                return
            with peer:
                head = peer.recv(4, socket.MSG_WAITALL)
                if len(head) < 4:
                    continue
                request = json.loads(peer.recv(struct.unpack(">I", head)[0], socket.MSG_WAITALL))
                self.asked.append(request)
                for reply in self.answer(request):
                    data = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
                    peer.sendall(struct.pack(">I", len(data)) + data)

    def close(self):
        self.listener.close()


def core(request):
    if request["op"] == "status":
        return [{"ok": True, "mode": "exercise", "origin": ORIGIN, "gates": [{"organisation": "a", "ready": True, "restarts": 0}], "log_size": 3}]
    if request["op"] == "officers":
        return [{"ok": True, "officers": [{"officer": o, "standing": "active", "public": "x"} for o in ("alice", "bob")]}]
    if request["op"] == "agencies":
        return [{"ok": True, "agencies": [{"agency": "housing", "standing": "active", "curve": ["c" * 40], "sign": ["s" * 44]}]}]
    if request["op"] == "policy":
        return [{"ok": True, "policy": "", "name": ""}]
    return [{"ok": True, "leaf": 7}]


def officers(p):
    for name, seed in (("alice", SEED), ("bob", OTHER)):
        p.file(f"{name}.sign", seed.hex() + "\n")
        p.file(f"{name}.pub", b64(public(seed)) + "\n", 0o644)
    p.file("a.key", 'curve\n    public-key = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"\n')


def signed(label, text, sig, seed, mode=2, origin=ORIGIN):
    message = label.encode() + b"\0" + bytes([mode, len(origin)]) + origin.encode() + text.encode()
    nacl.signing.VerifyKey(public(seed)).verify(message, base64.b64decode(sig))


ALICE = ["--officer", "alice", "--key", "alice.sign"]
BOB = ["--officer", "bob", "--key", "bob.sign"]


def officer_signs_the_exact_text_for_this_broker():
    with Place() as p:
        officers(p)
        broker = Broker(p, "control.sock", core)
        expect(p.run(OFFICER, "agency", "add", "housing", "--curve", "a.key", "--sign", "alice.pub", "--control", broker.path, *ALICE), 0, "leaf 7")
        change = broker.asked[-1]
        body = json.loads(change["change"])
        assert (body["change"], body["agency"], body["sign"]) == ("agency-add", "housing", b64(public(SEED))), body
        assert len(body["curve"]) == 40 and body["at"].endswith("Z") and len(body["nonce"]) == 36
        assert [s["officer"] for s in change["signatures"]] == ["alice"]
        signed("almoner/change/v1", change["change"], change["signatures"][0]["sig"], SEED)
        broker.close()


def officer_sends_every_kind_of_change():
    with Place() as p:
        officers(p)
        broker = Broker(p, "control.sock", core)
        why = ["--reason", "because"]
        for words, kind, fields in (
                (["agency", "suspend", "housing", *why, *ALICE], "agency-suspend", {"agency": "housing", "reason": "because"}),
                (["agency", "resume", "housing", *why, *ALICE, *BOB], "agency-resume", {"agency": "housing"}),
                (["agency", "revoke-key", "housing", "a.key", *ALICE], "agency-revoke-key", {"key": "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"}),
                (["agency", "revoke-key", "housing", "bob.pub", *ALICE], "agency-revoke-key", {"key": b64(public(OTHER))}),
                (["agency", "revoke-key", "housing", b64(public(OTHER)), *ALICE], "agency-revoke-key", {"key": b64(public(OTHER))}),
                (["practitioner", "suspend", "housing", "p-1", *why, *ALICE], "practitioner-suspend", {"practitioner": "p-1"}),
                (["practitioner", "resume", "housing", "p-1", *why, *ALICE], "practitioner-resume", {"agency": "housing"}),
                (["officer", "add", "carol", "--public", "bob.pub", *ALICE, *BOB], "officer-add", {"officer": "carol"}),
                (["officer", "suspend", "carol", *ALICE, *BOB], "officer-suspend", {"officer": "carol"}),
                (["shield", "lift", ID, *why, *ALICE, *BOB], "shield-lift", {"shield": ID, "reason": "because"}),
                (["dispute", "lift", ID, *why, *ALICE], "dispute-lift", {"dispute": ID, "reason": "because"}),
                (["exercise", "day", "2026-05-03", *ALICE], "day-set", {"day": "2026-05-03"})):
            expect(p.run(OFFICER, *words, "--control", broker.path), 0, "leaf 7")
            body = json.loads(broker.asked[-1]["change"])
            assert body["change"] == kind and all(body[k] == v for k, v in fields.items()), body
        broker.close()


def officer_add_at_genesis_needs_no_signature():
    with Place() as p:
        officers(p)
        broker = Broker(p, "control.sock", lambda q: [{"ok": True, "officers": []}] if q["op"] == "officers" else core(q))
        expect(p.run(OFFICER, "officer", "add", "alice", "--public", "alice.pub", "--control", broker.path), 0, "leaf 7")
        assert broker.asked[-1]["signatures"] == []
        broker.close()


def officer_reads_mode_and_origin_from_the_configuration():
    with Place() as p:
        officers(p)
        broker = Broker(p, "control.sock", core)
        conf = p.file("almonerd.conf", f'mode = "live";\norigin = "real.example/log";\nruntime_dir = "{p.path}";\nkeys_dir = "{p.path}";\n')
        expect(p.run(OFFICER, "agency", "suspend", "housing", "--reason", "x", *ALICE, "--config", conf), 0)
        assert [q["op"] for q in broker.asked] == ["change"]
        signed("almoner/change/v1", broker.asked[0]["change"], broker.asked[0]["signatures"][0]["sig"], SEED, 1, "real.example/log")
        expect(p.run(OFFICER, "exercise", "day", "2026-05-03", *ALICE, "--config", conf), 69, "live broker")
        expect(p.run(OFFICER, "agency", "list", ALMONER_CONFIG=conf), 0, "housing")
        broker.close()


def officer_second_signature_may_come_later():
    with Place() as p:
        officers(p)
        broker = Broker(p, "control.sock", core)
        lift = ["shield", "lift", ID, "--reason", "moved", "--control", broker.path]
        expect(p.run(OFFICER, *lift, *ALICE), 64, "signatures of 2 officers", "--save")
        expect(p.run(OFFICER, *lift, *ALICE, "--save", "x.change"), 0, "saved x.change")
        expect(p.run(OFFICER, *lift, *ALICE, "--save", "x.change"), 73, "already there")
        assert not [q for q in broker.asked if q["op"] == "change"]
        expect(p.run(OFFICER, "change", "submit", "x.change", "--control", broker.path), 64, "signatures of 2")
        expect(p.run(OFFICER, "change", "show", "x.change"), 0, "shield-lift", "signed by  alice", "exercise broker")
        expect(p.run(OFFICER, "change", "sign", "x.change", *ALICE), 64, "another officer's")
        expect(p.run(OFFICER, "change", "sign", "x.change"), 64, "who signs?")
        expect(p.run(OFFICER, "change", "sign", "x.change", *BOB), 0, "signed by  bob")
        expect(p.run(OFFICER, "change", "submit", "x.change", "--control", broker.path), 0, "leaf 7")
        change = broker.asked[-1]
        for s, seed in zip(change["signatures"], (SEED, OTHER)):
            signed("almoner/change/v1", change["change"], s["sig"], seed)
        conf = p.file("other.conf", f'mode = "live";\norigin = "real.example/log";\nruntime_dir = "{p.path}";\n')
        expect(p.run(OFFICER, "change", "submit", "x.change", "--config", conf), 65, "not for this one")
        broker.close()


def officer_refuses_damaged_saved_changes():
    whole = {"almoner_change": 1, "mode": "exercise", "origin": ORIGIN, "needs": 1, "change": '{"change":"x"}', "signatures": []}
    with Place() as p:
        officers(p)
        for text, says in (("", "c:-1"), ("{", "c:1:"), ("[]", "not a saved change"), ("{}", "not a saved change"), (b"\xff\xfe{}", "c:"),
                           (json.dumps(whole).replace("1,", '1,"almoner_change":1,', 1), "duplicate"),
                           *((json.dumps({**whole, k: v}), "not a saved change") for k, v in
                             (("almoner_change", 2), ("mode", "rehearsal"), ("origin", ""), ("origin", 3), ("needs", 99), ("needs", "2"), ("change", {}),
                              ("signatures", {}), ("signatures", [1]), ("signatures", [{"officer": "a"}]))),
                           (json.dumps({**whole, "change": "no json"}), "not a JSON object")):
            p.file("c", text)
            for verb in ("show", "sign"):
                expect(p.run(OFFICER, "change", verb, "c", *(ALICE if verb == "sign" else [])), 65, says if says != "c:-1" else "c:")
        expect(p.run(OFFICER, "change", "show", "none"), 66, "No such file")


def officer_bad_input_is_refused_with_what_to_do():
    with Place() as p:
        officers(p)
        at = ["--control", p.path + "/none.sock"]
        p.file("open.sign", SEED.hex() + "\n", 0o644)
        p.file("short.sign", "abc\n")
        p.file("bad.key", 'curve\n    public-key = "short"\n')
        p.file("bad.pub", "short\n")
        p.file("bad.conf", "mode = ;\n")
        p.file("typed.conf", "runtime_dir = 5;\n")
        p.file("long.conf", f'runtime_dir = "/{"x" * 200}";\n')
        why = ["--reason", "x"]
        for words, code, says in (
                ([], 64, "almoner agency add"),
                (["agency"], 64, "which of these?"),
                (["agency", "frob"], 64, 'there is no "agency frob"'),
                (["frob"], 64, "which of these?"),
                (["agency", "add"], 64, "usage: almoner agency add"),
                (["agency", "add", "a", "b"], 64, "usage: almoner agency add"),
                (["agency", "add", "a"], 64, "--curve NAME.key"),
                (["agency", "add", "A b", "--sign", "alice.pub"], 64, "small letters"),
                (["agency", "add", "", "--sign", "alice.pub"], 64, "small letters"),
                (["agency", "add", "x" * 64, "--sign", "alice.pub"], 64, "1 to 63"),
                (["agency", "add", "-x", "--sign", "alice.pub"], 64, ""),
                (["agency", "add", "a", "--curve", "bad.key"], 65, "bad.key:2:"),
                (["agency", "add", "a", "--curve", "none.key"], 66, "No such file"),
                (["agency", "add", "a", "--sign", "bad.pub"], 65, "bad.pub:1:"),
                (["agency", "add", "a", "--sign", "alice.sign"], 65, "not a public signing key"),
                (["agency", "add", "a", "--sign", "none.pub"], 66, "No such file"),
                (["agency", "add", "a", "--colour", "red"], 64, "unrecognized option"),
                (["agency", "add", "a", "--reason", "x"], 64, "takes no --reason"),
                (["agency", "add", "a", "--sign", "alice.pub", "--sign", "bob.pub"], 64, "given twice"),
                (["agency", "suspend", "a"], 64, "--reason"),
                (["agency", "suspend", "a", "--reason", "x" * 300], 64, "200 characters"),
                (["agency", "revoke-key", "a", "nonsense"], 64, "neither a public key"),
                (["agency", "suspend", "a", *why, "--officer", "alice"], 64, "each --officer"),
                (["agency", "suspend", "a", *why, *ALICE * 5], 64, "more often"),
                (["practitioner", "suspend", "a", "", *why], 64, "1 to 63"),
                (["practitioner", "suspend", "a", *why], 64, "usage:"),
                (["officer", "add", "alice"], 64, "--public"),
                (["shield", "lift", "xyz", *why], 64, "a shield's id looks like"),
                (["shield", "lift", ID], 64, "--reason"),
                (["dispute", "lift", "xyz", *why], 64, "a dispute's id looks like"),
                (["dispute", "lift", ID], 64, "--reason"),
                (["exercise", "day", "2026-02-30"], 64, "is not a day"),
                (["exercise", "day", "tomorrow"], 64, "is not a day"),
                (["policy", "check", "none"], 66, ""),
                (["policy", "check", "bad.conf"], 65, "bad.conf:1"),
                (["policy", "activate", "bad.conf", *ALICE, *BOB], 65, "nothing was compiled"),
                (["audit", "tail"], 64, "where is the broker?"),
                (["audit", "tail", "--officers", "x"], 64, "who reads?"),
                (["audit", "tail", "--officers", "x", *ALICE, *BOB], 64, "one officer"),
                (["audit", "tail", "-n", "-1"], 64, "whole number"),
                (["audit", "tail", "-n", "5000000000000000000000"], 64, "whole number"),
                (["audit", "tail", "-n", "0"], 64, "-n: 1 to"),
                (["audit", "tail", "--since", "May"], 64, "is not a day"),
                (["audit", "tail", "--agency", "A B"], 64, "small letters"),
                (["audit", "list", "--count", "0"], 64, "--count: 1 to"),
                (["audit", "show", "x"], 64, "is not a leaf"),
                (["audit", "show", "-5"], 64, ""),
                (["audit", "verify"], 64, "--vkey FILE"),
                (["audit", "verify", "--vkey", "none"], 66, "No such file"),
                (["audit", "verify", "--vkey", "bad.pub"], 65, "bad.pub:1: not a verifier key"),
                (["status", "--config", "bad.conf"], 78, "bad.conf:1"),
                (["status", "--config", "typed.conf"], 78, "typed.conf:1"),
                (["status", "--config", "long.conf"], 78, "too long"),
                (["status", "--config", "none.conf"], 78, "none.conf"),
                (["status", "--control", "x" * 300], 64, "at most"),
                (["status"], 64, "where is the broker?"),
                (["status", *at], 69, "is almonerd running"),
                (["agency", "suspend", "a", *why, *ALICE, *at], 69, "no broker listens"),
                (["status", "a", "b", "c", "d", "e", "f", "g"], 64, "too many words")):
            expect(p.run(OFFICER, *words), code, says)
        broker = Broker(p, "control.sock", core)
        for key, code, says in (("open.sign", 77, "chmod 600"), ("short.sign", 65, "short.sign:1:"), ("none.sign", 66, "No such file")):
            expect(p.run(OFFICER, "agency", "suspend", "a", *why, "--officer", "alice", "--key", key, "--control", broker.path), code, says)
        expect(p.run(OFFICER, "agency", "show", "nobody", "--control", broker.path), 65, "almoner agency list")
        expect(p.run(OFFICER, "policy", "show", "--control", broker.path), 0, "no policy is in force")
        broker.close()


def officer_every_command_has_help():
    with Place() as p:
        said = expect(p.run(OFFICER, "--help"), 0)
        lines = [line.split()[1:3] for line in said.splitlines() if line.startswith("  almoner ")]
        assert len(lines) > 20
        for group, verb in lines:
            words = [group] if group == "status" else [group, verb]
            expect(p.run(OFFICER, *words, "--help"), 0, "usage: almoner " + " ".join(words), "--json", "example")


def officer_says_what_the_broker_refused():
    with Place() as p:
        officers(p)
        at = ["--control", p.path + "/control.sock"]
        for replies, code, says in (
                ([{"ok": False, "error": "unknown-officer", "message": "alice is no officer here", "exit": 77}], 77, "alice is no officer here"),
                ([{"ok": False, "error": "x\u001b[2J", "message": "bad \u001b[2J", "exit": 65}], 65, "bad ?[2J"),
                ([{"ok": False}], 76, "a reply without reason"),
                ([{}], 76, "a reply without reason"),
                ([b"[]"], 76, "not a reply"),
                ([b"\xff"], 76, "not a reply"),
                ([], 75, "hung up")):
            broker = Broker(p, "control.sock", lambda q, r=replies: r)
            expect(p.run(OFFICER, "agency", "list", *at), code, says)
            broker.close()
            os.unlink(broker.path)
        broker = Broker(p, "control.sock", lambda q: [{"ok": True, "agencies": 5}])
        expect(p.run(OFFICER, "agency", "list", *at), 76, 'no list "agencies"')
        broker.close()


LISTS = {  # command: (op, what the broker replies, what people read of an empty one)
    ("agency", "list"): ("agencies", {"agencies": []}, "none is enrolled"),
    ("officer", "list"): ("officers", {"officers": []}, "two officers are needed"),
    ("hold", "list"): ("holds", {"holds": []}, "no hold is in force"),
    ("dead-letters", "list"): ("dead-letters", {"dead_letters": []}, "no dead letters"),
    ("audit", "recalls"): ("recalls", {"recalls": []}, "nothing was taken back"),
    ("audit", "witnesses"): ("witnesses", {"witnesses": []}, "names no witnesses"),
}
STATES = {("retention", "status"): ("retention", {"clocks": []}), ("tokens", "status"): ("tokens", {"epochs": []}), ("status",): ("status", {"gates": []}),
          ("policy", "show"): ("policy", {"policy": "", "name": ""})}


def officer_lists_and_states_have_one_shape_for_programs():
    with Place() as p:
        for words, (op, reply, *nothing) in (*LISTS.items(), *STATES.items()):
            broker = Broker(p, "control.sock", lambda q, r=reply: [{"ok": True, **r}])
            done = p.run(OFFICER, *words, "--control", broker.path, "--json")
            expect(done, 0)
            assert json.loads(done.stdout) == {"ok": True, "schema": "almoner/officer/1", **reply}, done.stdout
            for sentence in nothing:
                expect(p.run(OFFICER, *words, "--control", broker.path), 0, sentence)
            assert [q["op"] for q in broker.asked] == [op] * (1 + len(nothing)), broker.asked
            broker.close()
            os.unlink(broker.path)


def officer_takes_no_reply_without_its_list():
    with Place() as p:
        for words, (_, reply, _) in LISTS.items():
            broker = Broker(p, "control.sock", lambda q: [{"ok": True, "other": []}])
            for more in ([], ["--json"]):
                expect(p.run(OFFICER, *words, "--control", broker.path, *more), 76, f'no list "{next(iter(reply))}"')
            broker.close()
            os.unlink(broker.path)


def told(p, code, error, says, *argv):
    """Alike with --json, but for one object on standard output."""
    plain, done = p.run(OFFICER, *argv), p.run(OFFICER, *argv, "--json")
    expect(plain, code, says)
    expect(done, code, says)
    assert (plain.stdout, done.stderr) == ("", plain.stderr), (plain.stdout, done.stderr)
    reply = json.loads(done.stdout)
    assert {k: reply[k] for k in ("ok", "error", "exit")} == {"ok": False, "error": error, "exit": code} and says in reply["message"], reply
    return reply


def officer_tells_a_program_what_failed_as_it_tells_people():
    with Place() as p:
        officers(p)
        here = ["--control", p.path + "/control.sock", "--officers", p.path + "/officers.sock"]
        as_alice = ["--officer", "alice", "--key", "alice.sign"]
        for words in (*LISTS, *STATES):
            told(p, 69, "unavailable", "no broker listens", *words, "--control", p.path + "/control.sock")
            told(p, 64, "usage", "where is the broker?", *words)
            told(p, 78, "configuration", "cannot be read", *words, "--config", p.file("bad.conf", "}"))
        told(p, 64, "usage", "is not a day", "audit", "list", "--since", "yesterday", *here, *as_alice)
        told(p, 64, "usage", "who reads?", "audit", "list", *here)
        told(p, 66, "not-there", "nokey", "audit", "verify", "--export", "none", "--vkey", "nokey")
        told(p, 64, "usage", "why?", "hold", "lift", ID, *here[:2], *as_alice)
        for argv in (["hold", "list", "--reason", "x"], ["hold", "list", "more"], ["hold", "list", "--nonsense"], ["hold", "look"], ["nothing"]):
            done = p.run(OFFICER, *argv, "--json")
            assert (done.returncode, json.loads(done.stdout)["exit"], json.loads(done.stdout)["ok"]) == (64, 64, False), done
            assert done.stderr == p.run(OFFICER, *argv).stderr, done.stderr
        assert told(p, 66, "not-there", "1 error in nowhere", "policy", "check", "nowhere")["errors"] == ["nowhere: No such file or directory"]
        broker = Broker(p, "control.sock", lambda q: [{"ok": False, "error": "unknown-op", "message": "an older broker", "exit": 64}])
        assert told(p, 64, "unknown-op", "an older broker", "hold", "list", "--control", broker.path)["message"] == "an older broker"
        broker.close()


# --- a log, by hashlib ---
def leaf_hash(row):
    entry = b"\x01" + base64.b64decode(row["nonce"]) + b"".join(hashlib.sha256(base64.b64decode(row[k])).digest() for k in ("clear", "sealed"))
    return hashlib.sha256(b"\x00" + entry).digest()


def root_of(hashes):
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return hashlib.sha256(b"\x01" + root_of(hashes[:k]) + root_of(hashes[k:])).digest()


def vkey_of(seed, origin=ORIGIN):
    key = b"\x01" + public(seed)
    return f"{origin}+{hashlib.sha256(origin.encode() + b'%c' % 10 + key).digest()[:4].hex()}+{b64(key)}"


def note_of(rows, seed=SEED, origin=ORIGIN):
    text = f"{origin}\n{len(rows)}\n{b64(root_of([leaf_hash(r) for r in rows]))}\n"
    sig = nacl.signing.SigningKey(seed).sign(text.encode()).signature
    key_id = hashlib.sha256(origin.encode() + b"\n\x01" + public(seed)).digest()[:4]
    return f"{text}\n\u2014 {origin} {b64(key_id + sig)}\n"


def log_of(n):
    return [{"leaf": i, "nonce": b64(hashlib.sha256(b"n%d" % i).digest()), "clear": b64(b"clear %d" % i * (i + 1)), "sealed": b64(b"s" * i)} for i in range(n)]


def export_of(rows, note=None):
    return "".join(json.dumps(o, ensure_ascii=False) + "\n" for o in [{"almoner_export": 1, "note": note or note_of(rows)}, *rows])


def verify(p, text, vkey=None):
    p.file("log.export", text)
    p.file("audit.vkey", (vkey or vkey_of(SEED)) + "\n")
    return p.run(OFFICER, "audit", "verify", "--export", "log.export", "--vkey", "audit.vkey")


def audit_verifies_exports_of_every_size():
    with Place() as p:
        for n in (0, 1, 2, 3, 7, 8, 9, 64, 100):
            expect(verify(p, export_of(log_of(n))), 0, f"verified: {n} leaves")
        rows = log_of(10)
        expect(verify(p, export_of(rows + [{"leaf": 10}], note_of(rows))), 0, "verified: 10 leaves")  # newer than the head: not judged
        done = p.run(OFFICER, "audit", "verify", "--export", "log.export", "--vkey", "audit.vkey", "--json")
        assert json.loads(done.stdout)["verified"] is True


def audit_detects_any_flipped_byte_of_a_record():
    rows = log_of(6)
    note = note_of(rows)
    with Place() as p:
        for i, row in enumerate(rows):
            for field in ("nonce", "clear", "sealed"):
                octets = bytearray(base64.b64decode(row[field]))
                if not octets:
                    continue
                octets[len(octets) // 2] ^= 1
                bad = rows[:i] + [{**row, field: b64(octets)}] + rows[i + 1:]
                expect(verify(p, export_of(bad, note)), 65, "NOT VERIFIED: the root recomputed")
        done = p.run(OFFICER, "audit", "verify", "--export", "log.export", "--vkey", "audit.vkey", "--json")
        assert done.returncode == 65 and json.loads(done.stdout)["verified"] is False


def audit_detects_missing_moved_and_added_records():
    rows = log_of(6)
    note = note_of(rows)
    with Place() as p:
        expect(verify(p, export_of(rows[:5], note)), 65, "the log ends at leaf 5")
        expect(verify(p, export_of(rows[:2] + rows[3:], note)), 65, "leaf 2 is missing")
        expect(verify(p, export_of(rows[1:], note)), 65, "leaf 0 is missing")
        expect(verify(p, export_of([], note)), 65, "the log ends at leaf 0")
        expect(verify(p, export_of(rows[:2] + [rows[1]] + rows[2:], note)), 65, "leaf 2 is missing")
        swapped = [{**rows[1], "leaf": 0}, {**rows[0], "leaf": 1}] + rows[2:]
        expect(verify(p, export_of(swapped, note)), 65, "the root recomputed")
        for bad in ({"leaf": "2"}, {"leaf": -1}, {"leaf": 2, "clear": "", "sealed": ""}, {"leaf": 2, "nonce": b64(b"short"), "clear": "", "sealed": ""},
                    {**rows[2], "clear": "!"}, {**rows[2], "sealed": 5}, {}):
            expect(verify(p, export_of(rows[:2] + [bad] + rows[3:], note)), 65, "NOT VERIFIED")


def audit_detects_a_forged_head():
    rows = log_of(4)
    with Place() as p:
        expect(verify(p, export_of(rows, note_of(rows, OTHER))), 65, "NOT VERIFIED: the head is not signed by this verifier key")
        expect(verify(p, export_of(rows, note_of(rows, SEED, "else.example/log"))), 65, "NOT VERIFIED")
        expect(verify(p, export_of(rows, note_of(rows).replace("\n4\n", "\n3\n"))), 65, "signature is wrong")
        expect(verify(p, export_of(rows, "not a note")), 65, "not a signed checkpoint")
        expect(verify(p, export_of(rows), vkey_of(OTHER)), 65, "NOT VERIFIED")


def audit_refuses_files_that_are_no_export():
    rows = log_of(3)
    with Place() as p:
        good = export_of(rows)
        for text, says in (("", "an empty file"), ("x\n", "log.export:1:"), ("{}\n", "log.export:1: not an export"), (good.replace('"leaf": 1', '"leaf":'), ":3:"),
                           (good[:-20], "log.export:4:"), (good.encode() + b"\xff\n", "log.export:5:"),
                           (good.replace('"leaf": 1,', '"leaf": 1, "leaf": 1,'), ":3:")):
            expect(verify(p, text), 65, says)


# --- the live log, through a socket that plays the reader ---
def reader(rows, spoil=None, head=None):
    def answer(request):
        query = json.loads(request["query"])
        if query["read"] == "head":
            return [{"ok": True, "note": head or note_of(rows), "size": len(rows), "leaves": len(rows) + 2}]
        if query["read"] == "export":
            chosen = rows[query["from"]:query["from"] + query["count"]]
            chosen = spoil(chosen) if spoil else chosen
            half = len(chosen) // 2
            return [{"ok": True, "rows": chosen[:half], "more": True}, {"ok": True, "rows": chosen[half:], "more": False}]
        row = {"leaf": 3, "at": "2026-05-03T10:00:00.000Z", "event": "refused", "agency": "housing", "purpose": "early-help", "question": "caf-open",
               "reason": "no-consent", "holders": ["police", "school"], "about": None}
        return [{"ok": True, "rows": [row], "more": True}, {"ok": True, "rows": [{**row, "leaf": 4, "event": "evil\u001b[2J"}], "more": False}]
    return answer


def audit_reads_are_signed_and_shown():
    with Place() as p:
        officers(p)
        control, live = Broker(p, "control.sock", core), Broker(p, "officers.sock", reader(log_of(9)))
        at = ["--control", control.path, "--officers", live.path, *ALICE]
        expect(p.run(OFFICER, "audit", "tail", "-n", "5", "--agency", "housing", "--since", "2026-05-01", *at), 0, "early-help/caf-open", "no-consent", "evil?[2J")
        request = live.asked[-1]
        query = json.loads(request["query"])
        assert (query["read"], query["count"], query["agency"], query["since"]) == ("tail", 5, "housing", "2026-05-01"), query
        assert len(query["nonce"]) == 36 and request["officer"] == "alice"
        signed("almoner/read/v1", request["query"], request["sig"], SEED)
        done = p.run(OFFICER, "audit", "list", "--from", "3", "--count", "9", "--json", *at)
        assert [r["leaf"] for r in json.loads(done.stdout)["rows"]] == [3, 4]
        expect(p.run(OFFICER, "audit", "show", "3", *at), 0, "holders       police", "reason        no-consent")
        expect(p.run(OFFICER, "audit", "tail", "--follow", *at), 0, "early-help/caf-open")
        control.close()
        live.close()


def audit_verifies_the_live_log_and_exports_it():
    rows = log_of(9)
    with Place() as p:
        officers(p)
        control = Broker(p, "control.sock", core)
        p.file("audit.vkey", vkey_of(SEED) + "\n")
        p.file("audit.pub", b64(public(SEED)) + "\n")
        conf = p.file("almonerd.conf", f'mode = "exercise";\norigin = "{ORIGIN}";\nruntime_dir = "{p.path}";\nkeys_dir = "{p.path}";\n')
        at = ["--config", conf, *ALICE]
        live = Broker(p, "officers.sock", reader(rows))
        expect(p.run(OFFICER, "audit", "verify", *at), 0, "verified: 9 leaves", "newer     2 leaves")
        expect(p.run(OFFICER, "audit", "verify", "--vkey", "audit.vkey", *at), 0, "verified: 9 leaves")
        expect(p.run(OFFICER, "audit", "export", "out", *at), 0, "exported 9 leaves")
        expect(p.run(OFFICER, "audit", "export", "out", *at), 73, "already there")
        expect(p.run(OFFICER, "audit", "verify", "--export", "out", "--vkey", "audit.vkey"), 0, "verified: 9 leaves")
        live.close()
        os.unlink(live.path)
        live = Broker(p, "officers.sock", reader(rows, lambda r: [{**r[0], "clear": "AAAA"}] + r[1:]))
        expect(p.run(OFFICER, "audit", "verify", *at), 65, "NOT VERIFIED")
        live.close()
        os.unlink(live.path)
        live = Broker(p, "officers.sock", reader(rows, lambda r: r[:-1]))
        expect(p.run(OFFICER, "audit", "verify", *at), 65, "the log ends at leaf 8")
        live.close()
        control.close()


def records(**left):
    kinds = ("refusals", "withdrawals", "disputes", "shields", "concerns", "consents", "referrals", "watches")
    return {k: {"carried": 3, "not_carried": left.get(k, 0)} for k in kinds}


def tokens_status_says_whom_to_call_and_what_comes_next():
    def agency(name, to_do, holds_up, connected=False, **left):
        return {"agency": name, "contact": f"{name} desk", "connected": connected, "last_seen": "2026-11-20", "to_do": to_do, "holds_up": holds_up,
                "records": records(**left)}

    reply = {"ok": True, "epochs": [{"scheme": "hmac", "epoch": 1, "state": "current"}, {"scheme": "oblivious", "epoch": 2, "state": "next"}],
             "carried_to_scheme": "oblivious", "carried_to_epoch": 2, "keyholder": "audit-office", "erased": True, "holds_up": 4,
             "agencies": [agency("school", "done", 0, True), agency("police", "call", 4, refusals=3, shields=1), agency("gp\x1b[2J", "carrying", 0, True),
                          agency("refuge", "left-behind", 0, consents=2)]}

    with Place() as p:
        broker = Broker(p, "control.sock", lambda request: [reply])
        said = expect(p.run(OFFICER, "tokens", "status", "--control", broker.path), 0, "next       oblivious 2", "keyholder  audit-office",
                      "3 refusals, 1 shields", "police desk", "call: its adapter is not connected", "none of 24", "2026-11-20", "2 consents",
                      "next: 4 records that forbid or count must be carried before the policy that makes oblivious 2 current can be activated")
        assert "\x1b" not in said and broker.asked == [{"op": "tokens"}], said
        assert json.loads(p.run(OFFICER, "tokens", "status", "--control", broker.path, "--json").stdout)["holds_up"] == 4
        reply["holds_up"] = 0
        expect(p.run(OFFICER, "tokens", "status", "--control", broker.path), 0, "next: activate the policy that makes oblivious 2 current")
        reply["epochs"][1]["state"] = "previous"
        expect(p.run(OFFICER, "tokens", "status", "--control", broker.path), 0, "without the previous epoch")
        del reply["epochs"][1]
        expect(p.run(OFFICER, "tokens", "status", "--control", broker.path), 0, "no change of key is under way")
        reply["erased"] = False
        expect(p.run(OFFICER, "tokens", "status", "--control", broker.path), 0, "is being erased")
        expect(p.run(OFFICER, "tokens", "status", "extra", "--control", broker.path), 64, "usage: almoner tokens status")
        expect(p.run(OFFICER, "tokens", "--control", broker.path), 64, "which of these")
        broker.close()
    with Place() as p:
        broker = Broker(p, "control.sock", lambda request: [{"ok": False, "error": "no-policy", "message": "no policy is in force", "exit": 69}])
        expect(p.run(OFFICER, "tokens", "status", "--control", broker.path), 69, "no policy is in force")
        expect(p.run(OFFICER, "tokens", "status", "--control", p.path + "/none.sock"), 69)
        broker.close()


if __name__ == "__main__":
    main([officer_signs_the_exact_text_for_this_broker, officer_sends_every_kind_of_change, officer_add_at_genesis_needs_no_signature,
          officer_reads_mode_and_origin_from_the_configuration, officer_second_signature_may_come_later, officer_refuses_damaged_saved_changes,
          officer_bad_input_is_refused_with_what_to_do, officer_every_command_has_help, officer_says_what_the_broker_refused,
          officer_lists_and_states_have_one_shape_for_programs, officer_takes_no_reply_without_its_list,
          officer_tells_a_program_what_failed_as_it_tells_people,
          audit_verifies_exports_of_every_size, audit_detects_any_flipped_byte_of_a_record, audit_detects_missing_moved_and_added_records,
          audit_detects_a_forged_head, audit_refuses_files_that_are_no_export, audit_reads_are_signed_and_shown,
          audit_verifies_the_live_log_and_exports_it, tokens_status_says_whom_to_call_and_what_comes_next])
