#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Drives a real almoner-gate over its pair: who gets in, what passes, what is thrown away."""
import os
import socket
import sys
import tempfile
import time

import zmq
from zmq.utils import z85

from broker_children import IN, OUT, READY, UNREACHABLE, Child, Tap, allow, encode, free_port, loopback, receive, seqpacket, wait_for

PATIENCE = 3 if os.environ.get("ASAN_OPTIONS") else 1  # seconds; a sanitized gate is as much slower

GATE = sys.argv[1]
FRAME_MAX = 4096
context = zmq.Context()
tap = Tap()
server_public, server_secret = zmq.curve_keypair()


class Keys:
    def __init__(self):
        self.public, self.secret = zmq.curve_keypair()

    @property
    def raw(self):
        return z85.decode(self.public)


def settings(port, **limits):
    all_limits = {"frame_bytes": FRAME_MAX, "messages_per_s": 100, "connections": 64, "connections_per_agency": 2}
    all_limits.update(limits)
    return {"log_level": "info", "name": "gate-0", "organisation": "*", "bind": f"tcp://{loopback()}:{port}",
            "curve_public": server_public.decode(), "curve_secret": server_secret.decode(), "limits": all_limits}


class Gate:
    def __init__(self, **limits):
        self.port = free_port()
        self.core, self.end = seqpacket()
        self.limits = limits
        self.start()

    def start(self):
        self.log = tempfile.TemporaryFile()
        self.child = Child(GATE, settings(self.port, **self.limits), {10: self.end}, stderr=self.log)

    def lines(self):
        """Lines that it has logged; those of no event are a sanitizer's."""
        self.log.seek(0)
        return self.log.read().decode().splitlines()

    def next_in(self, seconds=30.0):
        """The next frame for the core, past anything else."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            got = receive(self.core, max(0.0, until - time.monotonic()))
            if got and got[0] == IN:
                return got
        return None

    def next_of(self, kind, seconds=30.0):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            got = receive(self.core, max(0.0, until - time.monotonic()))
            if got and got[0] == kind:
                return got
        return None


def dealer(gate, mechanism, keys=None, server=None, **options):
    s = context.socket(zmq.DEALER)
    s.linger = 0
    for name, value in options.items():
        setattr(s, name, value)
    if mechanism == "plain":
        s.plain_username, s.plain_password = b"hospital", b"hospital"
    if mechanism == "curve":
        s.curve_serverkey = server or server_public
        s.curve_publickey, s.curve_secretkey = keys.public, keys.secret
    s.connect(f"tcp://{loopback()}:{gate.port}")
    return s


def try_send(s, data):
    """A connection that was cut may have nowhere to put it."""
    try:
        s.send(data, zmq.NOBLOCK)
    except zmq.Again:
        pass


def silent(gate, seconds=0.5):
    return gate.next_in(seconds) is None


def taken_in(gate, ref):
    """Once the gate has answered this it has acted on all that the core sent before."""
    gate.core.send(encode(OUT, ref, "nobody", b"x"))
    while (got := gate.next_of(UNREACHABLE)) and got[1] != ref:
        pass
    return got is not None


hospital, school, stranger = Keys(), Keys(), Keys()
gate = Gate()
tap.check("gate_says_ready_to_the_supervisor_after_its_self_test", gate.child.ready())
first = receive(gate.core)
tap.check("gate_says_ready_to_the_core_after_its_self_test", first is not None and first[0] == READY, first)

# Nobody is on a list yet.
early = dealer(gate, "curve", hospital)
early.send(b"early")
tap.check("an_empty_list_admits_nobody", silent(gate))
gate.core.send(allow([("hospital", hospital.raw), ("school", school.raw)]))
got = gate.next_in()
tap.check("a_key_refused_before_the_first_list_is_let_in_by_itself_once_listed", got and got[2:] == ("hospital", b"early"), got)
gate.core.send(encode(OUT, 1, "hospital", b"welcome"))
tap.check("a_frame_for_an_agency_reaches_it", early.poll(3000) and early.recv() == b"welcome")

gate.core.send(b"".join(encode(OUT, n, "hospital", b"of a run %d" % n) for n in range(64)))
heard = [early.recv() for _ in range(64) if early.poll(3000)]
tap.check("the_frames_of_one_datagram_reach_it_in_order", heard == [b"of a run %d" % n for n in range(64)], heard)
for n in range(300):
    early.send(b"%d" % n)
heard = [(gate.next_in() or (0, 0, "", b""))[3] for _ in range(300)]
tap.check("frames_that_come_together_go_to_the_core_one_by_one_in_order", heard == [b"%d" % n for n in range(300)], heard)

# Who is refused.
others = {"null": dealer(gate, "null"), "plain": dealer(gate, "plain"), "unknown key": dealer(gate, "curve", stranger),
          "wrong server key": dealer(gate, "curve", school, server=stranger.public)}
for name, s in others.items():
    try_send(s, b"let me in")
tap.check("null_plain_an_unknown_key_and_a_wrong_server_key_are_refused", silent(gate, 1.0))
for s in others.values():
    s.close()

# What passes, and as whose.
pupil = dealer(gate, "curve", school)
pupil.send(b"s" * FRAME_MAX)
got = gate.next_in()
tap.check("a_frame_of_the_greatest_size_passes_as_its_own_agency", got and got[2] == "school" and len(got[3]) == FRAME_MAX, got and got[2])
pupil.send(b"t" * (FRAME_MAX + 1))
tap.check("a_frame_one_byte_longer_is_dropped", silent(gate))
pupil.close()
pupil = dealer(gate, "curve", school)
pupil.send_multipart([b"one", b"two"])
tap.check("a_message_of_several_frames_is_dropped", silent(gate))
pupil.close()
pupil = dealer(gate, "curve", school)
pupil.send(b"")
tap.check("an_empty_frame_is_dropped", silent(gate))
pupil.close()
thief = dealer(gate, "curve", school, routing_id=b"hospital")
thief.send(b"mine")
tap.check("a_peer_that_chooses_its_own_routing_id_is_refused", silent(gate))
thief.close()
early.send(b"still here")
got = gate.next_in()
tap.check("others_are_not_disturbed_by_any_of_that", got and got[2:] == ("hospital", b"still here"), got)

# Bytes that are no ZMTP, and connections that say nothing.
for i in range(60):
    with socket.create_connection((loopback(), gate.port)) as c:
        c.sendall((b"", b"\0", b"\xff" + b"\0" * 8 + b"\x7f", b"\xff" + b"\0" * 8 + b"\x7f\x03\0CURVE", os.urandom(300))[i % 5])
early.send(b"through the noise")
tap.check("noise_on_the_port_disturbs_nobody", (gate.next_in() or ())[2:] == ("hospital", b"through the noise"))
tap.check("none_of_that_fills_the_log", len([line for line in gate.lines() if "event=sandbox-off" not in line]) == 1, gate.lines())

# Unreachable.
gate.core.send(encode(OUT, 77, "nobody", b"x"))
tap.check("an_agency_that_never_came_is_reported_unreachable", (gate.next_of(UNREACHABLE) or ())[1:3] == (77, "nobody"))
pupil = dealer(gate, "curve", school)
pupil.send(b"hello")
gate.next_in()
pupil.close()
left = []


def gone_from_the_gate():
    """It hears of a connection's end as soon as the kernel tells it; what it is given before goes that way."""
    gate.core.send(encode(OUT, 78, "school", b"x"))
    left.append(gate.next_of(UNREACHABLE, 0.3))
    return left[-1]


wait_for(gone_from_the_gate, 30)
taken_in(gate, 781)  # so that none of these is taken for what is asked next
tap.check("an_agency_that_has_left_is_reported_unreachable", left[-1] and left[-1][1:3] == (78, "school"), left)

# The newest connections win.
crowd = []
for i in range(3):
    s = dealer(gate, "curve", school, reconnect_ivl=-1)
    s.send(b"crowd %d" % i)
    gate.next_in()
    crowd.append(s)
gate.core.send(encode(OUT, 79, "school", b"for the newest"))
tap.check("frames_go_to_the_newest_connection", crowd[2].poll(3000) and crowd[2].recv() == b"for the newest")
try_send(crowd[0], b"old")
oldest_silent = silent(gate)
crowd[1].send(b"second")
tap.check("beyond_the_limit_of_an_agency_its_oldest_connection_is_cut", oldest_silent and (gate.next_in() or ())[3:] == (b"second",))

# Revocation.
gate.core.send(allow([("school", school.raw)]))
taken_in(gate, 791)
try_send(early, b"after revocation")
tap.check("a_revoked_key_gets_nothing_through_on_its_open_connection", silent(gate))
gate.core.send(encode(OUT, 80, "hospital", b"x"))
tap.check("a_revoked_agency_is_unreachable", (gate.next_of(UNREACHABLE) or ())[1:3] == (80, "hospital"))
crowd[1].send(b"school goes on")
tap.check("others_go_on_after_a_revocation", (gate.next_in() or ())[2:] == ("school", b"school goes on"))
second = Keys()
gate.core.send(allow([("school", second.raw)]))
taken_in(gate, 801)
try_send(crowd[2], b"old key")
tap.check("an_agency_with_a_new_key_cannot_go_on_under_its_old_one", silent(gate))
tap.check("a_gate_stops_when_told_to", gate.child.stop() == 0 and all("event=" in line for line in gate.lines()), gate.lines())

# A core that is away: frames wait, the new core gets them.
gate.start()
gate.child.ready()
gate.next_of(READY)
gate.core.send(allow([("school", school.raw)]))
s = dealer(gate, "curve", school)
s.send(b"first")
gate.next_in()
for i in range(200):
    s.send(b"%03d" % i + b"." * 3000)
got = []
time.sleep(1.0)
while len(got) < 200:
    one = gate.next_in()
    if not one:
        break
    got.append(int(one[3][:3]))
tap.check("frames_wait_in_order_while_the_core_is_away", got == list(range(200)), len(got))

# A gate that dies: what was for it comes back, and the next one serves.
gate.child.process.kill()
gate.child.process.wait()
gate.core.send(encode(OUT, 90, "school", b"lost"))
gate.core.send(allow([("school", school.raw)]))
took = []
while not took or (min(took) >= PATIENCE and len(took) < 5):  # another program may have had the processor
    if took:  # what came back through this one is sent again for the next to find
        gate.child.process.kill()
        gate.child.process.wait()
        while receive(gate.core, 0.2):
            pass
        gate.core.send(encode(OUT, 90, "school", b"lost"))
        gate.core.send(allow([("school", school.raw)]))
    before = time.monotonic()
    gate.start()
    took.append(time.monotonic() - before if gate.child.ready(30) else float("inf"))
tap.check("a_second_gate_is_ready_within_a_second_on_the_same_pair", min(took) < PATIENCE, took)
got = receive(gate.core)
tap.check("what_was_queued_for_the_dead_gate_comes_back_unreachable", got and got[:3] == (UNREACHABLE, 90, "school"), got)
tap.check("then_the_new_gate_says_ready", (receive(gate.core) or (0,))[0] == READY)
try_send(s, b"again")
tap.check("a_list_queued_for_the_dead_gate_admits_nobody", silent(gate, 1.0))
gate.core.send(allow([("school", school.raw)]))
tap.check("a_client_comes_back_by_itself_to_the_new_gate", gate.next_in() is not None)

# A hostile core end.
whole = encode(OUT, 1, "school", b"x")
for name, datagram in (("breaks_the_protocol", b"\xff\x00"), ("breaks_off_in_a_run", whole + whole[:-1]),
                       ("puts_a_list_into_a_run", whole + allow([])), ("makes_a_run_too_long", whole * 65)):
    if gate.child.process.poll() is not None:
        gate.start()
        gate.child.ready()
        gate.next_of(READY)
    gate.core.send(datagram)
    tap.check(f"a_gate_ends_when_its_pair_{name}", wait_for(lambda: gate.child.process.poll(), 30) == 1)

# Rate.
gate = Gate(messages_per_s=5)
gate.child.ready()
gate.next_of(READY)
gate.core.send(allow([("school", school.raw)]))
began = time.monotonic()
s = dealer(gate, "curve", school)
for i in range(400):
    s.send(b"%d" % i)
n = 0
while gate.next_in(0.5 if n >= 30 else 30.0):  # the first ones may be a while in coming
    n += 1
most = 41 + 20 * (time.monotonic() - began)  # two seconds' worth at once, and four times its rate
tap.check("a_flood_passes_only_at_the_rate_of_its_agency", 30 <= n <= most, (n, most))
gate.child.stop()

# Connections in all.
gate = Gate(connections=4)
gate.child.ready()
gate.next_of(READY)
gate.core.send(allow([("school", school.raw)]))
s = dealer(gate, "curve", school)
s.send(b"here")
gate.next_in()
idle = [socket.create_connection((loopback(), gate.port)) for _ in range(20)]
s.send(b"not cut")
tap.check("a_crowd_of_idle_connections_does_not_push_out_an_agency", (gate.next_in() or ())[3:] == (b"not cut",))


def cut(c):
    c.settimeout(0.2)
    try:
        while c.recv(256):
            pass
        return True
    except (TimeoutError, socket.timeout):
        return False
    except OSError:
        return True


# A busy machine cuts them late; which ones go is the gate's choice of the oldest as it accepted them.
gone = set()
n_cut = wait_for(lambda: gone.update(c for c in idle if c not in gone and cut(c)) or (len(gone) >= 14 and len(gone)), 60)
tap.check("idle_connections_beyond_the_limit_are_cut", n_cut >= 14, len(gone))
fresh = dealer(gate, "curve", school)
fresh.send(b"through the crowd")
tap.check("an_agency_still_gets_in", (gate.next_in() or ())[3:] == (b"through the crowd",))
tap.check("a_gate_with_connections_stops_when_told_to", gate.child.stop() == 0)

# Bad settings.
bad = settings(free_port())
del bad["curve_secret"]
core, end = seqpacket()
child = Child(GATE, bad, {10: end})
tap.check("a_gate_without_its_key_ends_as_misconfigured", child.process.wait(60) == 78)
bad = settings(free_port())
bad["bind"] = "tcp://192.0.2.1:7101"
child = Child(GATE, bad, {10: end})
tap.check("a_gate_that_cannot_bind_ends_as_misconfigured", child.process.wait(60) == 78)
tap.done()
