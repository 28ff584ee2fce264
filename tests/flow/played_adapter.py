# SPDX-License-Identifier: Apache-2.0
"""One adapter of the product's own between a gate and a local client, both of which the test plays.

The gate keeps streams as a broker does: what was not acknowledged is delivered again after each Hello.
"""
import importlib
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nacl.public
import nacl.signing

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "unit"))
sys.path.insert(0, str(HERE))
from commands import Place, backends, expect  # noqa: E402
from played_gate import ORIGIN, Gate, day, uuid7  # noqa: E402, F401
from wire_client import SIGN_DOMAIN, Tokens  # noqa: E402

ROOT = HERE.parent.parent
PATIENCE = 3 if os.environ.get("ASAN_OPTIONS") else 1


def generated(protoc):
    out = tempfile.mkdtemp(prefix="almoner-pb-", dir="/tmp")
    try:
        subprocess.run([protoc, f"--proto_path={ROOT / 'proto'}", f"--python_out={out}", "almoner/v1/almoner.proto"], check=True)
        sys.path.insert(0, f"{out}/almoner/v1")
        return importlib.import_module("almoner_pb2")
    finally:
        shutil.rmtree(out, ignore_errors=True)


def text_id(octets):
    h = octets.hex()
    return "-".join((h[:8], h[8:12], h[12:16], h[16:20], h[20:]))


def until(condition, timeout_s=20, what="it"):
    """Waits for a condition with a generous limit. Return: what it gave."""
    end = time.monotonic() + timeout_s * PATIENCE
    while time.monotonic() < end:
        got = condition()
        if got:
            return got
        time.sleep(0.02)
    raise AssertionError(f"{what} did not happen in {timeout_s * PATIENCE} s")


class StreamGate(Gate):
    """deliveries: stream -> list of Deliver, in order of seq."""

    def __init__(self, *args, **rest):
        self.deliveries, self.acked, self.acks, self.leaf = {}, {}, [], 0
        self.quiet = False          # nothing is delivered
        self.receipts = {}
        super().__init__(*args, **rest)
        self.answers["ack"] = self.take_ack

    def greet(self, hello):
        replies = super().greet(hello)
        return replies + ([] if self.quiet else self.unacked())

    def unacked(self):
        return [self.body(deliver=d) for stream, all_ in self.deliveries.items() for d in all_ if d.seq > self.acked.get(stream, 0)]

    def take_ack(self, body):
        self.acks.append((body.ack.stream, body.ack.seq))
        self.acked[body.ack.stream] = max(self.acked.get(body.ack.stream, 0), body.ack.seq)

    def lodged(self, body):
        """A Receipt; the same again for the same id."""
        if body.id not in self.receipts:
            self.leaf += 1
            self.receipts[body.id] = self.leaf
        return [self.body(body, receipt=self.pb.Receipt(leaf=self.receipts[body.id], at_ms=time.time_ns() // 1_000_000))]

    def deliver(self, stream="inbox", push=True, **part):
        """One more delivery at the end of a stream. part: notice=..., firing=... Return: the Deliver."""
        pb = self.pb
        kind = {"firing": "FIRING", "referral": "REFERRAL", "update": "REFERRAL_UPDATE", "watch": "WATCH", "notice": "NOTICE", "insight": "INSIGHT",
                "involvement": "INVOLVEMENT"}
        part = part or {"notice": pb.Notice(kind=pb.NOTICE_KIND_OVERDUE, about=uuid7(), text="late")}
        name = next(n for n in part if n in kind)
        all_ = self.deliveries.setdefault(stream, [])
        d = pb.Deliver(stream=stream, seq=len(all_) + 1, event=uuid7(), at_ms=time.time_ns() // 1_000_000,
                       kind=getattr(pb, f"DELIVERY_KIND_{kind[name]}"), **part)
        all_.append(d)
        if push:
            self.push(self.body(deliver=d))
        return d


class AdapterTown(Place):
    def __init__(self, adapter, key, pb, extra="", seal=True):
        super().__init__()
        self.program, self.pb, self.adapter = adapter, pb, None
        shutil.copytree(ROOT / "adapters/example", self.path, dirs_exist_ok=True)
        os.makedirs(f"{self.path}/keys", exist_ok=True)
        for words in (["curve", "keys/gate"], ["curve", "keys/school"], ["sign", "keys/school"], ["token", "keys/shared"]):
            expect(self.run(key, "new", *words), 0)
        os.mkdir(f"{self.path}/admitted")
        shutil.copy(f"{self.path}/keys/school.key", f"{self.path}/admitted/")
        self.seal_key = nacl.public.PrivateKey.generate()
        self.file("keys/school.seal", self.seal_key.encode().hex() + "\n")
        self.tokens = Tokens(bytes.fromhex(Path(f"{self.path}/keys/shared.token").read_text(encoding="ascii").strip()))
        self.gate = StreamGate(pb, f"{self.path}/keys", f"{self.path}/admitted")
        self.configure(extra, seal)

    def configure(self, extra="", seal=True):
        public = Path(f"{self.path}/keys/gate.key").read_text(encoding="ascii")
        public = next(line.split('"')[1] for line in public.splitlines() if "public-key" in line)
        seal = 'seal = "keys/school.seal";' if seal else ""
        self.file("adapter.conf", f'''agency = "school"; mode = "exercise"; origin = "{ORIGIN}";
broker = {{ address = "tcp://127.0.0.1:{self.gate.port}"; public_key = "{public}"; }};
keys = {{ curve = "keys/school.key_secret"; sign = "keys/school.sign"; token = "keys/shared.token"; {seal} }};
socket = "adapter.sock"; outbox = "state/outbox"; contact_route = "the office"; backend = "csv";
csv = {{ people = {{ file = "people.csv"; }}; homes = {{ file = "homes.csv"; }}; residences = {{ file = "residences.csv"; }};
  contacts = {{ file = "contacts.csv"; columns = {{ kind = "event"; }}; }}; involvements = {{ file = "involvements.csv"; }}; data_as_of = "day"; }};
{extra}
''')

    def __exit__(self, *exc):
        if exc[0]:
            print("# the adapter's last words: " + self.said()[-1500:].replace("\n", "\n# "), flush=True)
        if self.adapter and self.adapter.poll() is None:
            self.adapter.kill()
            self.adapter.wait()
        self.gate.close()
        super().__exit__(*exc)

    # --- the process ---
    def start(self, ready=True):
        with open(f"{self.path}/log", "ab") as log:
            self.adapter = subprocess.Popen([self.program, "--libexec", backends(self.program), "adapter.conf"], cwd=self.path, stderr=log, stdout=log)
        if ready:
            self.ready()
        return self

    def ready(self):
        until(lambda: self.op("status", quiet=True).get("connected"), what="a connection")

    def kill(self):
        self.adapter.send_signal(signal.SIGKILL)
        self.adapter.wait()

    def stop(self):
        self.adapter.terminate()
        assert self.adapter.wait(20 * PATIENCE) == 0

    def said(self):
        return Path(f"{self.path}/log").read_text(encoding="utf-8", errors="replace")

    # --- the local socket ---
    def call(self, quiet=False, timeout_s=30, **request):
        """One request, one reply; {} when quiet and nobody listens or the adapter dies meanwhile."""
        try:
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(timeout_s * PATIENCE)
                s.connect(f"{self.path}/adapter.sock")
                octets = json.dumps(request).encode()
                s.sendall(struct.pack(">I", len(octets)) + octets)
                (length,) = struct.unpack(">I", self.take(s, 4))
                return json.loads(self.take(s, length))
        except OSError:
            if quiet:
                return {}
            raise

    @staticmethod
    def take(s, n):
        got = b""
        while len(got) < n:
            more = s.recv(n - len(got))
            if not more:
                raise ConnectionResetError("the adapter hung up")
            got += more
        return got

    def op(self, op, quiet=False, **request):
        return self.call(op=op, quiet=quiet, **request)

    def ok(self, op, **request):
        got = self.op(op, **request)
        assert got.get("ok"), got
        return got

    def error(self, op, word, exit_code=None, **request):
        got = self.op(op, **request)
        assert (got.get("ok"), got.get("error")) == (False, word), got
        assert exit_code is None or got["exit"] == exit_code, got
        return got

    def events(self, stream="inbox", n=32, **more):
        return self.ok("stream-next", stream=stream, n=n, **more)["events"]

    def acked(self, stream, seq):
        until(lambda: self.gate.acked.get(stream, 0) >= seq, what=f"an acknowledgement of {stream} {seq}")

    # --- what the gate is told ---
    def signing(self, name="school"):
        return nacl.signing.SigningKey(bytes.fromhex(Path(f"{self.path}/keys/{name}.sign").read_text(encoding="ascii").strip()))

    def on_disk(self, words):
        """Files of the folder that hold these bytes (keys and rows aside)."""
        found = []
        for path in Path(self.path).rglob("*"):
            if path.is_file() and not path.is_socket() and words in path.read_bytes():
                found.append(str(path.relative_to(self.path)))
        return found


def announcement(pb, key, agency, seal_public, previous=None, first=None):
    """A SealingSigned as an agency's adapter would have lodged it."""
    body = pb.Body(id=uuid7(), sender=agency, sent_ms=time.time_ns() // 1_000_000)
    body.sealing_key.key = bytes(seal_public)
    if previous:
        body.sealing_key.previous = bytes(previous)
    setattr(body.sealing_key, "from", day(first or "2022-01-01"))
    octets = body.SerializeToString()
    message = SIGN_DOMAIN + bytes([pb.MODE_EXERCISE, len(ORIGIN)]) + ORIGIN.encode() + octets
    return pb.SealingSigned(body=octets, signature=key.sign(message).signature)
