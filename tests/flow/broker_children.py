# SPDX-License-Identifier: Apache-2.0
"""Starts one child process of the broker by hand, as almonerd would, and speaks its datagrams (broker/pair)."""
import fcntl
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "deploy"))
from exerciselib import keep  # noqa: E402, F401
from exerciselib.stage import free_ports, loopback  # noqa: E402, F401

READY, ALLOW, IN, OUT, UNREACHABLE, NOISE = 1, 2, 3, 4, 5, 6


def wait_for(what, seconds=30.0):
    """Calls what() until it gives something true; its last value."""
    until = time.monotonic() + seconds
    while True:
        value = what()
        if value or time.monotonic() > until:
            return value
        time.sleep(0.01)


def free_port():
    """A port of loopback() that nothing listens on."""
    return free_ports(1)[0]


def seqpacket():
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


class Child:
    """A child with its settings on descriptor 3, the supervisor's end of 4 here, and pairs {number: our socket's peer}."""

    def __init__(self, binary, settings, pairs, stderr=None):
        ours, theirs = seqpacket()
        self.supervisor = ours
        memory = os.memfd_create("settings")
        os.write(memory, json.dumps(settings).encode())
        os.lseek(memory, 0, os.SEEK_SET)
        wanted = {3: memory, 4: theirs.fileno()}
        wanted.update({number: s.fileno() for number, s in pairs.items()})
        high = {number: fcntl.fcntl(fd, fcntl.F_DUPFD, 200) for number, fd in wanted.items()}

        def place():
            for number, fd in high.items():
                os.dup2(fd, number)
            os.closerange(max(high) + 1, 1024)

        self.process = subprocess.Popen([binary], preexec_fn=place, close_fds=False, stderr=stderr)
        for fd in high.values():
            os.close(fd)
        os.close(memory)
        theirs.close()

    def ready(self, seconds=30.0):
        """True once the child has said R; False if it ends or says nothing."""
        readable, _, _ = select.select([self.supervisor], [], [], seconds)
        return bool(readable) and self.supervisor.recv(16) == b"R"

    def stop(self):
        try:
            self.supervisor.send(b"S")
        except OSError:
            pass
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            return None


def encode(kind, ref=0, agency="", rest=b""):
    """One message, which is a datagram by itself or one of a run (several after one another)."""
    name = agency.encode()
    if kind in (IN, OUT):
        rest = struct.pack(">I", len(rest)) + rest
    return struct.pack(">BQB", kind, ref, len(name)) + name + rest


def allow(peers):
    """peers: [(agency, 32 bytes of key)]"""
    rest = struct.pack(">H", len(peers))
    for agency, key in peers:
        rest += bytes([len(agency)]) + agency.encode() + key
    return encode(ALLOW, rest=rest)


def decode_run(datagram):
    """The messages of a datagram: (kind, ref, agency, frame or what else follows)."""
    messages = []
    while datagram:
        kind, ref, length = struct.unpack(">BQB", datagram[:10])
        agency, rest = datagram[10:10 + length].decode(), datagram[10 + length:]
        if kind in (IN, OUT):
            end = 4 + struct.unpack(">I", rest[:4])[0]
            messages.append((kind, ref, agency, rest[4:end]))
        else:
            end = {READY: 0, UNREACHABLE: 0, NOISE: 8}.get(kind, len(rest))
            messages.append((kind, ref, agency, rest[:end]))
        datagram = rest[end:]
    return messages


received = {}  # socket: messages of its last datagram that nobody has taken yet


def receive(pair, seconds=30.0):
    """The next message, or None."""
    waiting = received.setdefault(pair, [])
    if not waiting:
        readable, _, _ = select.select([pair], [], [], seconds)
        waiting += decode_run(pair.recv(1 << 17)) if readable else []
    return waiting.pop(0) if waiting else None


class Tap:
    """Test results as TAP: call check(name, ok) for each, then done()."""

    def __init__(self):
        self.n, self.failed = 0, 0
        print("TAP version 13", flush=True)

    def check(self, name, ok, detail=""):
        self.n += 1
        self.failed += not ok
        print(f"{'ok' if ok else 'not ok'} {self.n} - {name}", flush=True)
        if not ok and detail != "":
            print(f"# {detail}", flush=True)
        return ok

    def done(self):
        print(f"1..{self.n}", flush=True)
        sys.exit(1 if self.failed else 0)
