#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Officers and a real broker: genesis, changes by two, readings that are recorded first, verification, and restarts of core and reader."""
import base64
import json
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import tlog
from town import ROOT, Stage, Tap, stage_prefix, wait_for

tap = Tap()


def child(stage, name):
    """The process id of one of almonerd's children."""
    parent = stage.processes["almonerd"].pid
    with open(f"/proc/{parent}/task/{parent}/children", encoding="ascii") as f:
        for pid in f.read().split():
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as c:
                    if c.read().split(b"\0")[0].endswith(name.encode()):
                        return int(pid)
            except OSError:
                continue
    return None


def run(stage, *args, timeout=60):
    return stage.command(*args, check=False, timeout=timeout)


def says(name, done, code, *words):
    said = done.out + done.err
    tap.check(name, done.exit == code and all(w in said for w in words), f"exit {done.exit}: {said.strip()[:400]}")
    return done


def genesis(stage):
    says("before there are two officers nothing can be activated", run(stage, "policy", "activate", ROOT / "tests/policy/small.policy",
                                                                       *stage.signed(both=True)), 77, "too-few-signatures")
    stage.enrol_officers()
    says("a third officer needs two", run(stage, "officer", "add", "mallory", "--public", stage.keys / "officer-one.pub", *stage.signed()), 64, "2 officers")
    listed = run(stage, "officer", "list", "--json").json()
    tap.check("two officers are listed", [o["officer"] for o in listed["officers"]] == ["officer-one", "officer-two"], listed)


def changes(stage):
    stage.command("key", "new", "sign", stage.keys / "mallory")
    forged = ["--officer", "officer-one", "--key", stage.keys / "mallory.sign"]
    stage.command("key", "new", "curve", stage.keys / "housing")
    stage.command("key", "new", "sign", stage.keys / "housing")
    add = ["agency", "add", "housing", "--curve", stage.keys / "housing.key", "--sign", stage.keys / "housing.pub"]
    says("a change under another's key is refused", run(stage, *add, *forged), 77, "too-few-signatures")
    says("an agency is enrolled by one officer", run(stage, *add, *stage.signed()), 0, "leaf")
    says("it is listed", run(stage, "agency", "list"), 0, "housing")
    says("it is suspended by one", run(stage, "agency", "suspend", "housing", "--reason", "laptop stolen", *stage.signed()), 0, "leaf")
    says("and shown as suspended", run(stage, "agency", "show", "housing"), 0, "suspended")
    says("resuming it needs two", run(stage, "agency", "resume", "housing", "--reason", "found", *stage.signed()), 64, "2 officers")
    saved = stage.work / "resume.change"
    says("the first signature is saved", run(stage, "agency", "resume", "housing", "--reason", "found", *stage.signed(), "--save", saved), 0, "saved")
    second = ["--officer", "officer-two", "--key", stage.keys / "officer-two.sign"]
    says("the second is added elsewhere", run(stage, "change", "sign", saved, *second), 0, "signed by  officer-two")
    says("and the change submitted", run(stage, "change", "submit", saved), 0, "leaf")
    says("once only", run(stage, "change", "submit", saved), 65, "replayed-change")
    text = json.loads(saved.read_text(encoding="utf-8"))
    body = json.loads(text["change"])
    text["change"] = json.dumps({**body, "agency": "police", "nonce": body["nonce"][:-4] + "0000"})
    saved.unlink()
    saved.write_text(json.dumps(text), encoding="utf-8")
    says("a saved change that was altered is worth nothing", run(stage, "change", "submit", saved), 77, "too-few-signatures")
    says("a key is revoked", run(stage, "agency", "revoke-key", "housing", stage.keys / "housing.pub", *stage.signed()), 0, "leaf")
    says("a key that it never had is not", run(stage, "agency", "revoke-key", "housing", stage.keys / "mallory.pub", *stage.signed()), 65, "no such key")
    says("an unknown shield cannot be lifted",
         run(stage, "shield", "lift", "0199f0c2-7d1e-7a55-9a3c-5f0e8a1b2c3d", "--reason", "x", *stage.signed(both=True)), 65, "no shield")


def policies(stage):
    bad = stage.work / "bad.policy"
    bad.write_text("bogus = 1;\nworse = ;\n", encoding="utf-8")
    says("policy with errors is not activated", run(stage, "policy", "activate", bad, *stage.signed(both=True)), 65, "bad.policy:")
    says("policy needs two officers", run(stage, "policy", "activate", ROOT / "tests/policy/small.policy", *stage.signed()), 64, "2 officers")
    says("two activate it", run(stage, "policy", "activate", ROOT / "tests/policy/small.policy", *stage.signed(both=True)), 0, "leaf")
    checked = run(stage, "policy", "check", ROOT / "tests/policy/small.policy", "--json").json()
    says("the hash in force is the one that anybody compiles", run(stage, "policy", "show"), 0, checked["hash"])
    says("the day goes forward", run(stage, "exercise", "day", "2031-01-01", *stage.signed()), 0, "leaf")
    says("and never back", run(stage, "exercise", "day", "2030-12-31", *stage.signed()), 65, "forward")


def readings(stage):
    before = run(stage, "status", "--json").json()["log_size"]
    rows = run(stage, "audit", "tail", "-n", "5", "--json").json()["rows"]
    tap.check("a reading is in the log before its first row goes out",
              rows[-1]["event"] == "log-read" and rows[-1]["officer"] == "officer-one" and rows[-1]["leaf"] >= before, rows[-1])
    rows = run(stage, "audit", "list", "--event", "agency-changed", "--agency", "housing", "--json").json()["rows"]
    tap.check("a list is filtered", len(rows) >= 4 and {r["event"] for r in rows} == {"agency-changed"}, rows)
    forged = ["--officer", "officer-one", "--key", stage.keys / "mallory.sign"]
    before = run(stage, "status", "--json").json()["log_size"]
    says("a reading under another's key shows nothing", run(stage, "audit", "tail", *forged), 77, "no officer in good standing")
    tap.check("and leaves no leaf", run(stage, "status", "--json").json()["log_size"] == before)
    follower = subprocess.Popen([stage.prefix / "bin" / "almoner", "audit", "tail", "-n", "1", "--follow", "--event", "day-set", "--json"], env=stage.env,
                                stdout=subprocess.PIPE, text=True)
    first = json.loads(follower.stdout.readline())
    stage.set_day("2031-01-02")
    second = json.loads(follower.stdout.readline())
    follower.terminate()
    follower.wait(timeout=10)
    follower.stdout.close()
    tap.check("who follows sees what comes", second["leaf"] > first["leaf"] and "2031-01-02" in second["detail"], (first, second))


def proofs(stage):
    leaves = run(stage, "status", "--json").json()["log_size"]
    wait_for(lambda: run(stage, "status", "--json").json()["head"].get("size", 0) >= leaves, 30)  # the signer signs once a second
    says("the live log verifies", run(stage, "audit", "verify"), 0, "verified:", "none altered")
    export, vkey = stage.work / "log.export", stage.work / "audit.vkey"
    says("it is exported", run(stage, "audit", "export", export), 0, "exported")
    shown = run(stage, "key", "show", stage.keys / "audit.pub", "--origin", stage.origin, "--json").json()
    vkey.write_text(shown["vkey"] + "\n", encoding="ascii")
    says("the export verifies without a broker", run(stage, "audit", "verify", "--export", export, "--vkey", vkey), 0, "verified:")
    text = export.read_text(encoding="utf-8")
    at = text.index('"clear":"') + 40
    spoilt = stage.work / "spoilt.export"
    spoilt.write_text(text[:at] + ("B" if text[at] == "A" else "A") + text[at + 1:], encoding="utf-8")
    says("a flipped character is found", run(stage, "audit", "verify", "--export", spoilt, "--vkey", vkey), 65, "NOT VERIFIED")
    lines = text.splitlines(keepends=True)
    spoilt.write_text("".join(lines[:3] + lines[4:]), encoding="utf-8")
    says("a missing leaf is found", run(stage, "audit", "verify", "--export", spoilt, "--vkey", vkey), 65, "is missing")
    tiles(stage, vkey, json.loads(lines[0])["note"])


def tiles(stage, vkey, earlier):
    """The same log as tiles, judged by tests/tlog.py too, and held against the head of the export before it."""
    folder, kept = stage.work / "log.tiles", stage.work / "kept.head"
    kept.write_text(earlier, encoding="utf-8")
    says("it is exported as tiles", run(stage, "audit", "export", "--format", "tiles", folder), 0, "exported")
    says("the tiles verify, and continue the head that was kept", run(stage, "audit", "verify", "--export", folder, "--vkey", vkey, "--head", kept), 0, "verified:", "continues the head")
    verifier = vkey.read_text(encoding="ascii").strip()
    try:
        size, _ = tlog.verify(folder, verifier, [earlier.encode()])
        tap.check("so says a verifier that shares no code", size > 3)
    except tlog.Bad as bad:
        tap.check("so says a verifier that shares no code", False, bad)
        return
    proof = run(stage, "audit", "prove", "2", "--export", folder, "--vkey", vkey).json()
    path = [base64.b64decode(h) for h in proof["hashes"]]
    head = tlog.open_head(proof["note"].encode(), verifier)
    tap.check("a leaf is proved to it", head[0] == size and tlog.included(tlog.leaf_hash(base64.b64decode(proof["entry"])), 2, size, path, head[1]))
    record = next((folder / "records").rglob("*.p/*"))
    octets = bytearray(record.read_bytes())
    octets[10] ^= 1
    record.write_bytes(bytes(octets))
    says("a flipped bit of the first record is found and named", run(stage, "audit", "verify", "--export", folder, "--vkey", vkey), 65, "leaf 0: the clear part of its record was altered")


def restarts(stage):
    os.kill(child(stage, "almoner-reader"), signal.SIGKILL)
    wait_for(lambda: run(stage, "audit", "tail", "-n", "1").exit == 0, 15)
    says("a reader that was killed is back", run(stage, "audit", "tail", "-n", "1"), 0, "log-read")
    reader = child(stage, "almoner-reader")
    os.kill(child(stage, "almoner-core"), signal.SIGKILL)
    wait_for(lambda: run(stage, "audit", "tail", "-n", "1").exit == 0, 15)
    says("readings go on after the core was killed", run(stage, "audit", "tail", "-n", "1"), 0, "log-read")
    tap.check("by the same reader", child(stage, "almoner-reader") == reader)
    core = child(stage, "almoner-core")
    os.kill(core, signal.SIGSTOP)
    try:
        silent = run(stage, "audit", "tail", "-n", "1", timeout=60)
    finally:
        os.kill(core, signal.SIGCONT)
    says("while the core is silent nothing is shown", silent, 75, "nothing is shown")
    tap.check("not a row", "log-read" not in silent.out, silent.out)
    wait_for(lambda: run(stage, "audit", "tail", "-n", "1").exit == 0, 15)
    says("the log verifies after all that", run(stage, "audit", "verify"), 0, "verified:")


def suspended(stage):
    stage.command("officer", "add", "officer-three", "--public", stage.keys / "mallory.pub", *stage.signed(both=True))
    third = ["--officer", "officer-three", "--key", stage.keys / "mallory.sign"]
    says("a third officer reads", run(stage, "audit", "tail", "-n", "1", *third), 0, "officer-three")
    stage.command("officer", "suspend", "officer-three", *stage.signed(both=True))
    says("a suspended officer does not", run(stage, "audit", "tail", "-n", "1", *third), 77, "no officer in good standing")


with Stage(stage_prefix()) as stage:
    stage.make_broker(["*"])
    stage.start_broker()
    for part in (genesis, changes, policies, readings, proofs, restarts, suspended):
        part(stage)
    process = stage.processes["almonerd"]
    process.terminate()
    tap.check("it stops cleanly", process.wait(timeout=20) == 0, stage.log_tail("almonerd"))
tap.done()
