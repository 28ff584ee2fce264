#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""One agency of the kill test as a process of its own, with a ledger on disk that survives SIGKILL at any moment.

    ledger_party.py CONFIG.json

What it is to send stands in CONFIG ("send": a file of JSON lines, one message each, made beforehand, so that its bytes are the same
however often it is sent). It keeps, each line synced before anything rests on it:

    sent.log      id leaf           a receipt
    acted.log     kind event what   a delivery that was acted on: what is the referral's id or the firing's person

A delivery is acted on before it is acknowledged, and once: what stands in acted.log is only acknowledged again. An event that is cut
off by a kill in the middle of its line does not count, for the line was not whole.
"""
import base64
import importlib
import json
import os
import sys
import time
from collections import deque
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "flow"))
from wire_client import Client  # noqa: E402

LEASE_S, QUIET_S, AGAIN_S = 1.0, 12.0, 5.0


class Ledger:
    """Lines that are whole and synced, or not there."""

    def __init__(self, path):
        self.path = path
        octets = path.read_bytes() if path.exists() else b""
        whole = octets[:octets.rfind(b"\n") + 1]
        if whole != octets:
            with open(path, "r+b") as f:
                f.truncate(len(whole))
                os.fsync(f.fileno())
        self.lines = [line.split() for line in whole.decode().splitlines()]
        self.file = open(path, "ab")

    def add(self, rows):
        if not rows:
            return
        self.file.write("".join(" ".join(map(str, row)) + "\n" for row in rows).encode())
        self.file.flush()
        os.fsync(self.file.fileno())


class Party:
    def __init__(self, config):
        self.config, self.pb = config, importlib.import_module("almoner_pb2")
        here = Path(config["folder"])
        self.sent, self.acted = Ledger(here / "sent.log"), Ledger(here / "acted.log")
        receipts = {row[0] for row in self.sent.lines}
        self.events = {row[1] for row in self.acted.lines}
        todo = [json.loads(line) for line in open(config["send"], encoding="utf-8")] if config.get("send") else []
        self.waiting = deque(m for m in todo if m["id"] not in receipts)
        self.flying = {}  # id -> (message, when it was sent)
        self.pace = 0.0   # not before: the broker refused
        self.going, self.began, self.posted = False, 0.0, 0
        self.welcomed, self.subscribed, self.heard, self.leased = False, not config.get("streams"), 0.0, 0.0

    # --- the connection ---
    def connect(self):
        c = self.config
        self.client = Client(self.pb, c["agency"], c["address"], c["broker_public"], c["curve"], bytes.fromhex(c["seed"]), c["mode"], c["origin"])
        self.client.socket.sndtimeo = 0
        self.flying = {m["id"]: (m, 0.0) for m, _ in self.flying.values()}
        self.welcomed, self.subscribed, self.heard = False, not c.get("streams"), time.monotonic()
        self.say(hello=self.pb.Hello(version_least=1, version_most=1, mode=self.client.mode, software="ledger/1"))

    def say(self, **fields):
        return self.client.send(self.client.sized(self.client.body(**fields)))

    def silence(self, now):
        """Nothing at all for long: the gate has gone, or what stood behind it. A new connection."""
        if now - self.heard < QUIET_S:
            return
        self.client.close()
        self.connect()

    # --- sending ---
    def may_send(self, now):
        """Nothing is lodged before everybody follows who is to hear of it."""
        if not self.going:
            self.going, self.began = os.path.exists(self.config.get("go", "/")), now
        return self.going

    def send_some(self, now):
        if not self.welcomed or now < self.pace or not self.may_send(now):
            return
        for ident, (m, at) in list(self.flying.items()):
            if now - at > AGAIN_S and self.client.send(base64.b64decode(m["frame"])):
                self.flying[ident] = (m, now)
        allowed = (now - self.began) * self.config.get("rate", 1e9)
        while self.waiting and len(self.flying) < self.config.get("window", 32) and self.posted < allowed:
            m = self.waiting.popleft()
            if not self.client.send(base64.b64decode(m["frame"])):
                self.waiting.appendleft(m)
                return
            self.flying[m["id"]] = (m, now)
            self.posted += 1

    def answered(self, body, now):
        ident = body.in_reply_to.hex()
        if ident not in self.flying:
            return
        kind = body.WhichOneof("payload")
        if kind == "receipt":
            self.sent.add([(ident, body.receipt.leaf)])
            del self.flying[ident]
        elif kind == "busy":
            self.flying[ident] = (self.flying[ident][0], now - AGAIN_S + min(body.busy.retry_after_ms, 1000) / 1000)
        elif kind == "refusal":
            print(f"refused {ident} {body.refusal.reason}", flush=True)
            self.pace = now + 0.5  # a suspension that officers lift; anything else shows as a message without a receipt
            self.flying[ident] = (self.flying[ident][0], now)

    # --- receiving ---
    def what(self, d):
        kind = d.WhichOneof("part") if hasattr(d, "part") else None
        if d.HasField("referral"):
            return "referral", d.referral_id.hex()
        if d.HasField("firing"):
            return "firing", d.firing.subject.tokens[0].value.hex()
        return kind or "notice", d.event.hex()

    def act(self, deliveries):
        """One sync for all that came together; then one Ack for each stream."""
        rows, last = [], {}
        for d in deliveries:
            event = d.event.hex()
            if event not in self.events:
                self.events.add(event)
                kind, what = self.what(d)
                rows.append((kind, event, what))
            last[d.stream] = max(last.get(d.stream, 0), d.seq)
        self.acted.add(rows)
        for stream, seq in last.items():
            self.say(ack=self.pb.Ack(stream=stream, seq=seq))

    def subscribe(self):
        for stream in self.config.get("streams", []):
            self.say(subscribe=self.pb.Subscribe(stream=stream, credit=self.config.get("credit", 64)))
        self.subscribed = True

    def hear(self):
        """Everything that has come. Return: the deliveries among it."""
        deliveries, now = [], time.monotonic()
        for _ in range(256):
            body = self.client.receive(20 if not deliveries else 0)
            if body is None:
                break
            self.heard = now = time.monotonic()
            kind = body.WhichOneof("payload")
            if kind == "welcome":
                self.welcomed = True
            elif kind == "deliver":
                deliveries.append(body.deliver)
            else:
                self.answered(body, now)
        return deliveries

    def run(self):
        self.connect()
        while True:
            now = time.monotonic()
            if now - self.leased > LEASE_S:
                self.say(lease=self.pb.Lease())
                self.leased = now
            if self.welcomed and not self.subscribed:
                self.subscribe()
            if self.config.get("deaf") and self.subscribed:
                time.sleep(0.1)  # alive, by its leases; it takes nothing from its socket
                continue
            self.send_some(now)
            self.act(self.hear())
            self.silence(now)


def main():
    config = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    sys.path.insert(0, config["modules"])
    Party(config).run()


main()
