#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""almonerd with the real gate and signer, and a core and reader that only do as they are told by files."""
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

import zmq
from zmq.utils import z85

from broker_children import Tap, free_port, keep, loopback, wait_for

PATIENCE = 3 if os.environ.get("ASAN_OPTIONS") else 1  # seconds; a sanitized gate is as much slower

ALMONERD, GATE, SIGNER = sys.argv[1:4]
tap = Tap()
work = tempfile.mkdtemp(prefix="almonerd-")
server_public, server_secret = zmq.curve_keypair()
school_public, school_secret = zmq.curve_keypair()

# A core that sends each gate a list of one key, and records what it is given; files in data_dir make it die, close a gate, or hang.
FAKE_CORE = f"""#!/usr/bin/python3
import json, mmap, os, select, socket, struct, sys, time
sys.path.insert(0, {os.path.dirname(os.path.abspath(__file__))!r})
from broker_children import allow, decode_run, encode, READY, IN, OUT

settings = json.loads(os.read(3, 1 << 20)); os.close(3)
data = settings["data_dir"]
def note(name, text):
    with open(os.path.join(data, name), "a") as f: f.write(text + "\\n")
note("core-settings", json.dumps(settings))
note("core-fds", " ".join(sorted(os.listdir("/proc/self/fd"), key=int)))
note("core-env", " ".join(sorted(os.environ)))
supervisor = socket.socket(fileno=4)
shared = mmap.mmap(5, 136)
if os.path.exists(data + "/refuse"): sys.exit(65)
faults = data + "/faults"
if os.path.exists(faults):
    number, left = map(int, open(faults).read().split())
    if left:
        with open(faults, "w") as f: f.write(f"{{number}} {{left - 1}}")
        os.kill(os.getpid(), number)
gates = [socket.socket(fileno=10 + i) for i in range(len(settings["gates"]))]
key = bytes.fromhex({z85.decode(school_public).hex()!r})
for g in gates: g.send(allow([("school", key)]))
supervisor.send(b"R")
def told(name):
    path = os.path.join(data, name)
    if not os.path.exists(path): return None
    text = open(path).read(); os.unlink(path); return text or " "
while True:
    for s in select.select(gates + [supervisor], [], [], 0.02)[0]:
        if s is supervisor:
            if s.recv(8) == b"S":
                note("core-stopped", "")
                time.sleep(0.1); sys.exit(0)
        else:
            for kind, ref, agency, rest in decode_run(s.recv(1 << 17)):
                if kind == READY: s.send(allow([("school", key)]))
                if kind == IN: s.send(encode(OUT, 1, agency, rest))
    text = told("die-deciding")
    if text:
        shared[4:68] = text.encode().ljust(64, b"\\0"); shared[0:4] = struct.pack("=I", 1); os.abort()
    text = told("die-checking")
    if text:
        shared[4:68] = b"clinic".ljust(64, b"\\0"); shared[0:4] = struct.pack("=I", 1)
        shared[72:136] = text.encode().ljust(64, b"\\0"); shared[68:72] = struct.pack("=I", 1); os.abort()
    text = told("killed-deciding")
    if text:
        agency, number = text.split()
        shared[4:68] = agency.encode().ljust(64, b"\\0"); shared[0:4] = struct.pack("=I", 1); os.kill(os.getpid(), int(number))
    text = told("exit-deciding")
    if text:
        agency, code = text.split()
        shared[4:68] = agency.encode().ljust(64, b"\\0"); shared[0:4] = struct.pack("=I", 1); os._exit(int(code))
    text = told("close-gate")
    if text: supervisor.send(b"C" + struct.pack(">H", int(text)))
    if told("nonsense"): supervisor.send(b"?!")
"""
FAKE_READER = """#!/usr/bin/python3
import json, os, signal, socket, sys, time
settings = json.loads(os.read(3, 1 << 20)); os.close(3)
with open(settings["data_dir"] + "/reader-settings", "a") as f: f.write(json.dumps(settings) + "\\n")
s = socket.socket(fileno=4); s.send(b"R")
while True:
    if s.recv(8) in (b"S", b""):
        if os.path.exists(settings["data_dir"] + "/hang"): time.sleep(60)
        sys.exit(0)
"""


def write(path, text, mode=0o644):
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, mode)


def prepare(name, ports):
    """A folder with keys, settings and programs. Its path."""
    d = os.path.join(work, name)
    for sub in ("keys", "libexec"):
        os.makedirs(os.path.join(d, sub))
    write(d + "/keys/curve.key_secret", f'curve\n    public-key = "{server_public.decode()}"\n    secret-key = "{server_secret.decode()}"\n', 0o600)
    write(d + "/keys/store.key", "11" * 32 + "\n", 0o600)
    write(d + "/keys/audit.key", "22" * 32 + "\n", 0o600)
    write(d + "/libexec/almoner-core", FAKE_CORE, 0o755)
    write(d + "/libexec/almoner-reader", FAKE_READER, 0o755)
    shutil.copy(GATE, d + "/libexec/almoner-gate")
    shutil.copy(SIGNER, d + "/libexec/almoner-signer")
    gates = ", ".join(f'{{ organisation = "org-{i}"; bind = "tcp://{loopback()}:{p}"; }}' for i, p in enumerate(ports))
    write(d + "/almonerd.conf", f'mode = "live"; origin = "test.example/log"; data_dir = "{d}/data"; keys_dir = "{d}/keys"; '
          f'runtime_dir = "{d}/run"; log_level = "debug"; gates = ( {gates} );\n')
    return d


def leads_to(link):
    """Where a link of /proc leads; "" when it is gone by now."""
    try:
        return os.readlink(link)
    except FileNotFoundError:
        return ""


class Supervisor:
    def __init__(self, d, ports, env=None):
        self.d, self.ports = d, ports
        self.log_path = os.path.join(d, "log")
        self.process = subprocess.Popen([ALMONERD, "--libexec", d + "/libexec", d + "/almonerd.conf"], stderr=open(self.log_path, "a"),
                                        env=dict(os.environ, **(env or {})))

    def log(self):
        with open(self.log_path) as f:
            return f.read()

    def logged(self, pattern, seconds=30, times=1):
        return wait_for(lambda: len(re.findall(pattern, self.log())) >= times, seconds)

    def pid(self, child):
        """The process id that the log gave last."""
        found = re.findall(rf"event=child-started child={child} pid=(\d+) ", self.log())
        return int(found[-1]) if found else None

    def tell(self, name, text=""):
        """The core looks for the file at any moment, and takes it away: it is there whole, or not at all."""
        write(os.path.join(self.d, name), text)
        os.rename(os.path.join(self.d, name), os.path.join(self.d, "data", name))

    def file(self, name):
        """Its whole lines: of one that is being written where a page of the file ends, a part may be there already."""
        path = os.path.join(self.d, "data", name)
        text = open(path).read() if os.path.exists(path) else ""
        return text[:text.rfind("\n") + 1]


context = zmq.Context()


def client(port):
    s = context.socket(zmq.DEALER)
    s.linger = 0
    s.curve_serverkey, s.curve_publickey, s.curve_secretkey = server_public, school_public, school_secret
    s.connect(f"tcp://{loopback()}:{port}")
    return s


def echoed(s, text, seconds=30):
    """Sends until the fake core's echo comes back."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        s.send(text)
        while s.poll(200):
            if s.recv() == text:
                return True
    return False


# --- the ordinary life
ports = [free_port(), free_port()]
d = prepare("life", ports)
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.bind(d + "/notify")
sup = Supervisor(d, ports, {"NOTIFY_SOCKET": d + "/notify", "SECRET_OF_THE_SHELL": "x"})
tap.check("almonerd_says_ready_once_every_child_is", sup.logged("event=almonerd-ready") and sup.log().count("event=almonerd-ready") == 1, sup.log())
notify.settimeout(30)
tap.check("the_service_manager_is_told", notify.recv(64) == b"READY=1")
tap.check("a_frame_goes_through_gate_and_core_and_back", echoed(client(ports[0]), b"one"))
tap.check("the_core_has_its_descriptors_and_no_others", sup.file("core-fds").split() == ["0", "1", "2", "3", "4", "5", "6", "7", "10", "11"],
          sup.file("core-fds"))
if os.geteuid() == 0:
    # A descriptor may be closed between listing and reading it (the gate polls and reconnects): that one leads nowhere.
    gate_fds = [leads_to(f"/proc/{sup.pid('gate-0')}/fd/{x}") for x in os.listdir(f"/proc/{sup.pid('gate-0')}/fd")]
    tap.check("a_gate_has_no_descriptor_of_files", gate_fds and not [x for x in gate_fds if x.startswith(d) and "log" not in x], gate_fds)
else:  # it holds secrets, so that not even its own user looks into it
    tap.check("a_gate_cannot_be_looked_into", not os.access(f"/proc/{sup.pid('gate-0')}/fd", os.R_OK))
tap.check("the_environment_is_not_handed_on", "SECRET_OF_THE_SHELL" not in sup.file("core-env").split())
tap.check("the_audit_key_goes_to_the_signer_alone", "22" * 32 not in sup.file("core-settings") + sup.file("reader-settings")
          and "11" * 32 in sup.file("core-settings"))
tap.check("no_secret_is_logged", not re.search("11" * 32 + "|" + "22" * 32 + "|" + re.escape(server_secret.decode()), sup.log()))
no_new_privs = open(f"/proc/{sup.pid('gate-0')}/status").read()
tap.check("a_gate_cannot_gain_privileges", "NoNewPrivs:\t1" in no_new_privs)

# --- a gate that dies
other = client(ports[1])
echoed(other, b"before")
served, took = True, []
while not took or (min(took) >= PATIENCE and len(took) < 5):  # another program may have had the processor
    before = time.monotonic()
    os.kill(sup.pid("gate-0"), signal.SIGKILL)
    back = wait_for(lambda: len(re.findall(r"event=child-ready child=gate-0 ", sup.log())) >= len(took) + 2, 30)
    took.append(time.monotonic() - before if back else float("inf"))
    served = served and all(echoed(other, b"during %d" % i) for i in range(3))
tap.check("a_killed_gate_is_back_within_a_second", min(took) < PATIENCE, took)
ms = re.findall(r"event=child-ready child=gate-0 ms=(\d+)", sup.log())[1:]
tap.check("a_killed_gate_is_ready_again_within_a_second_of_its_start", min(map(int, ms)) < 1000 * PATIENCE, ms)
tap.check("the_other_gate_serves_meanwhile", served)
tap.check("the_killed_gate_serves_again", echoed(client(ports[0]), b"after"))
for _ in range(3):
    pid = sup.pid("gate-0")
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: sup.pid("gate-0") != pid)
    time.sleep(0.1)
tap.check("a_gate_that_keeps_dying_still_comes_back", echoed(client(ports[0]), b"again"))

# --- a core that dies
first_core, gate_pid = sup.pid("core"), sup.pid("gate-1")
os.kill(first_core, signal.SIGKILL)
tap.check("a_killed_core_is_started_again", wait_for(lambda: sup.pid("core") != first_core) and echoed(other, b"new core"))
tap.check("gates_and_their_connections_outlive_the_core", sup.pid("gate-1") == gate_pid)
tap.check("a_core_that_died_idle_puts_blame_on_nobody", "core-died-deciding" not in sup.log())
sup.tell("die-deciding", "hospital")
tap.check("an_agency_whose_message_ended_the_core_is_noted", sup.logged("event=core-died-deciding agency=hospital"))
tap.check("once_is_not_enough_to_suspend_it", wait_for(lambda: len(sup.file("core-settings").splitlines()) == 3)
          and '"suspend": []' in sup.file("core-settings").splitlines()[2], sup.file("core-settings"))
sup.tell("die-deciding", "hospital")
tap.check("twice_within_ten_minutes_suspends_it", sup.logged("event=agency-suspended agency=hospital")
          and wait_for(lambda: '"suspend": ["hospital"]' in sup.file("core-settings")))
sup.logged("child=core ms=", times=4)
pid = sup.pid("core")
os.kill(pid, signal.SIGKILL)
wait_for(lambda: len(sup.file("core-settings").splitlines()) == 5)
settings = sup.file("core-settings").splitlines()
tap.check("a_suspension_is_handed_over_once", len(settings) == 5 and '"suspend": []' in settings[-1], settings)
sup.logged("child=core ms=", times=5)
n = len(sup.file("core-settings").splitlines())
sup.tell("die-deciding", "not an id\n")
tap.check("nonsense_in_the_shared_page_is_survived", wait_for(lambda: len(sup.file("core-settings").splitlines()) > n))
sup.logged("child=core ms=", times=6)
sup.tell("die-checking", "charity")
tap.check("a_crash_over_a_signature_checked_beforehand_is_put_down_to_whose_it_was_and_to_nobody_else",
          sup.logged("event=core-died-deciding agency=charity") and "agency=clinic" not in sup.log())
sup.logged("child=core ms=", times=7)
for n, number in enumerate((signal.SIGKILL, signal.SIGTERM, signal.SIGTERM)):
    sup.tell("killed-deciding", f"clinic {int(number)}")
    sup.logged("child=core ms=", times=8 + n)
tap.check("a_core_that_was_killed_from_outside_while_it_decided_puts_blame_on_nobody",
          sup.logged("child=core signal=9", times=3) and sup.logged("child=core signal=15", times=2) and "agency=clinic" not in sup.log())

# --- what the core may order
pid = sup.pid("gate-1")
sup.tell("close-gate", "1")
tap.check("a_gate_that_the_core_closes_is_killed_with_an_alert_and_started_again",
          sup.logged("event=gate-closed-by-core gate=gate-1 organisation=org-1") and wait_for(lambda: sup.pid("gate-1") != pid)
          and echoed(client(ports[1]), b"closed and back"))
sup.tell("close-gate", "9")
sup.tell("nonsense")
tap.check("orders_that_make_no_sense_do_no_harm", sup.logged("event=child-said-nonsense child=core") and sup.process.poll() is None)
sup.process.send_signal(signal.SIGHUP)
tap.check("a_reload_is_refused_with_a_line", sup.logged("event=reload-refused"))

# --- a second one, and the end
second = Supervisor(d, ports)
tap.check("a_second_almonerd_on_the_same_store_is_refused", second.process.wait(60) == 69)
pids = [sup.pid(x) for x in ("core", "signer", "reader", "gate-0", "gate-1")]
sup.process.send_signal(signal.SIGTERM)
tap.check("sigterm_stops_it_cleanly", sup.process.wait(60) == 0)
tap.check("the_service_manager_is_told_of_the_end", notify.recv(64) == b"STOPPING=1")
tap.check("the_core_was_told_to_stop_and_finished", sup.file("core-stopped") != "" and "child-killed" not in sup.log())
tap.check("no_child_is_left", not [p for p in pids if os.path.exists(f"/proc/{p}")])

# --- a child that does not stop; a supervisor that is killed
ports = [free_port()]
d = prepare("hang", ports)
sup = Supervisor(d, ports)
sup.logged("event=almonerd-ready")
sup.tell("hang")
before = time.monotonic()
sup.process.send_signal(signal.SIGINT)
tap.check("a_child_that_does_not_stop_is_killed_after_five_seconds", sup.process.wait(60) == 0 and 4 < time.monotonic() - before
          and "event=child-killed child=reader" in sup.log())
os.unlink(d + "/data/hang")
sup = Supervisor(d, ports)
sup.logged("event=almonerd-ready", times=2)
pids = [sup.pid(x) for x in ("core", "signer", "reader", "gate-0")]
sup.process.kill()
sup.process.wait()
tap.check("children_do_not_outlive_a_killed_almonerd", wait_for(lambda: not [p for p in pids if os.path.exists(f"/proc/{p}")], 30))

# --- a core that meets damage on the disk
ports = [free_port()]
d = prepare("damage", ports)
sup = Supervisor(d, ports)
sup.logged("event=almonerd-ready")
sup.tell("killed-deciding", f"hospice {int(signal.SIGBUS)}")
sup.logged("child=core ms=", times=2)
sup.tell("exit-deciding", "hospice 65")
sup.logged("child=core ms=", times=3)
tap.check("a_core_that_met_a_page_which_cannot_be_read_puts_blame_on_nobody",
          sup.logged(f"child=core signal={int(signal.SIGBUS)}") and sup.logged("child=core code=65") and "agency=hospice" not in sup.log())
sup.process.send_signal(signal.SIGTERM)
sup.process.wait(60)

# --- starts that cannot be mended by trying again
ports = [free_port()]
d = prepare("refused", ports)
os.makedirs(d + "/data")
write(d + "/data/refuse", "")
tap.check("a_core_that_refuses_its_store_ends_almonerd_with_its_code", Supervisor(d, ports).process.wait(60) == 65)
for name, number in (("aborts", signal.SIGABRT), ("faults", signal.SIGSEGV), ("faults-on-the-disk", signal.SIGBUS)):
    ports = [free_port()]
    d = prepare(name, ports)
    os.makedirs(d + "/data")
    write(d + "/data/faults", f"{int(number)} 99")
    sup = Supervisor(d, ports)
    tap.check(f"a_core_that_{name.replace('-', '_')}_at_each_start_is_tried_three_times_and_ends_almonerd_as_a_damaged_store_does",
              sup.process.wait(60) == 65 and sup.log().count("event=child-started child=core") == 3
              and sup.logged("event=almonerd-gives-up child=core code=65"), sup.log()[-600:])
    write(d + "/data/faults", f"{int(number)} 2")
    sup = Supervisor(d, ports)
    tap.check(f"one_that_{name.replace('-', '_')}_at_two_starts_and_serves_at_the_third_goes_on", sup.logged("event=almonerd-ready"), sup.log()[-600:])
    sup.process.send_signal(signal.SIGTERM)
    sup.process.wait(60)
ports = [free_port()]
d = prepare("killed", ports)
os.makedirs(d + "/data")
write(d + "/data/faults", f"{int(signal.SIGKILL)} 5")
sup = Supervisor(d, ports)
tap.check("a_core_that_somebody_kills_at_each_start_is_started_until_it_serves", sup.logged("event=almonerd-ready"), sup.log()[-600:])
sup.process.send_signal(signal.SIGTERM)
sup.process.wait(60)
with socket.socket() as taken:
    taken.bind((loopback(), 0))
    taken.listen()
    ports = [taken.getsockname()[1]]
    d = prepare("taken", ports)
    tap.check("an_address_that_is_taken_ends_the_first_start", Supervisor(d, ports).process.wait(60) == 78)
ports = [free_port()]
d = prepare("absent", ports)
os.unlink(d + "/libexec/almoner-reader")
tap.check("a_missing_program_ends_the_first_start", Supervisor(d, ports).process.wait(60) == 70)
ports = [free_port()]
d = prepare("head", ports)
os.makedirs(d + "/data")
write(d + "/data/signer.head", "another log's head\n")
tap.check("a_head_of_another_log_ends_the_first_start", Supervisor(d, ports).process.wait(60) == 65)
keep.gone(work, "supervisor")
tap.done()
