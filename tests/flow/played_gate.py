# SPDX-License-Identifier: Apache-2.0
"""A gate that a test plays: CURVE, one ROUTER, and a script that says what each message gets."""
import datetime
import os
import queue
import threading
import time

import zmq
import zmq.auth
from zmq.auth.thread import ThreadAuthenticator

ORIGIN = "town.example/almoner"


def uuid7():
    ms = time.time_ns() // 1_000_000
    octets = bytearray(ms.to_bytes(6, "big") + os.urandom(10))
    octets[6] = 0x70 | (octets[6] & 0x0F)
    octets[8] = 0x80 | (octets[8] & 0x3F)
    return bytes(octets)


def day(text):
    return datetime.date.fromisoformat(text).toordinal()


class Gate:
    """pb: the module that protoc made. clients: a folder of public certificates that are admitted."""

    def __init__(self, pb, folder, clients, port=None):
        self.pb, self.day, self.origin, self.mode = pb, day("2022-08-15"), ORIGIN, pb.MODE_EXERCISE
        self.lease_ms, self.deadline_ms, self.policy = 2000, 300, "a" * 64
        self.got, self.frames = [], []      # bodies, and the frames they came in
        self.answers = {"hello": self.greet, "lease": self.lease}
        self.silent = False
        self.unsigned = set()               # purposes whose queries may come without a signature
        self.outgoing = queue.Queue()
        self.peer = None
        self.context = zmq.Context()
        self.auth = ThreadAuthenticator(self.context)
        self.auth.start()
        self.auth.configure_curve(domain="town", location=str(clients))
        public, secret = zmq.auth.load_certificate(f"{folder}/gate.key_secret")
        self.public = public.decode()
        self.socket = self.context.socket(zmq.ROUTER)
        self.socket.curve_server, self.socket.curve_publickey, self.socket.curve_secretkey = True, public, secret
        self.socket.zap_domain = b"town"
        self.socket.linger = 0
        self.port = port or self.socket.bind_to_random_port("tcp://127.0.0.1")
        if port:
            self.socket.bind(f"tcp://127.0.0.1:{port}")
        self.stopping = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def close(self):
        self.stopping = True
        self.thread.join()
        self.socket.close()
        self.auth.stop()
        self.context.term()

    def run(self):
        while not self.stopping:
            if self.socket.poll(20):
                self.take(*self.socket.recv_multipart())
            while self.peer and not self.outgoing.empty():
                self.send(self.outgoing.get())

    def take(self, peer, frame):
        self.peer = peer
        body = self.pb.Body.FromString(self.pb.Envelope.FromString(frame).body)
        self.got.append(body)
        self.frames.append(frame)
        answer = self.answers.get(body.WhichOneof("payload"))
        for reply in (answer(body) or []) if answer and not self.silent else []:
            self.send(reply)

    def send(self, body):
        self.socket.send_multipart([self.peer, self.pb.Envelope(version=1, body=body.SerializeToString()).SerializeToString()])

    def push(self, body):
        self.outgoing.put(body)

    def body(self, to=None, **payload):
        return self.pb.Body(id=uuid7(), sent_ms=time.time_ns() // 1_000_000, in_reply_to=to.id if to else b"", **payload)

    def greet(self, hello):
        pb = self.pb
        welcome = pb.Welcome(version=1, mode=self.mode, origin=self.origin, policy=self.policy, civil_day=self.day, frame_max_bytes=65536,
                             deadline_ms=self.deadline_ms, lease_ms=self.lease_ms, freshness_ms=120000)
        return [self.body(hello, welcome=welcome), self.body(hello, catalogue=self.catalogue())]

    def catalogue(self):
        pb = self.pb
        return pb.Catalogue(pages=1, questions=[
            pb.CatalogueQuestion(id="called", wording="Any call?", uses_homes=True, household=True),
            pb.CatalogueQuestion(id="with-us", wording="Working with?"),
            pb.CatalogueQuestion(id="lives-at", wording="Lives there?", home_parameter=True)],
            purposes=[pb.CataloguePurpose(id="help", title="Help", unsigned_queries="help" in self.unsigned),
                      pb.CataloguePurpose(id="protect", title="Protect", past_shield=True, unsigned_queries="protect" in self.unsigned)])

    def lease(self, lease):
        return [self.body(lease, lease=self.pb.Lease(civil_day=self.day, policy=self.policy))]

    def receipt(self, body):
        return [self.body(body, receipt=self.pb.Receipt(leaf=41, at_ms=time.time_ns() // 1_000_000))]

    def refusal(self, reason, text="No.", way_forward="Ask the desk."):
        return lambda body: [self.body(body, refusal=self.pb.Refusal(reason=reason, text=text, way_forward=way_forward))]

    def insight(self, value):
        return lambda body: [self.body(body, insight=self.pb.Insight(value=value, completeness=self.pb.COMPLETENESS_MOST, as_of=self.day,
                                                                     policy_rule="help/called", guidance="Tell the person."))]

    def until(self, kind, n=1, timeout_s=60):
        """The n-th body of a kind that has come."""
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            found = [b for b in list(self.got) if b.WhichOneof("payload") == kind]
            if len(found) >= n:
                return found[n - 1]
            time.sleep(0.02)
        raise AssertionError(f"no {kind} came")
