# SPDX-License-Identifier: Apache-2.0
"""Brokers, baselines and load of the measurements: each a process that is started here and stopped here."""
import atexit
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

STAGE, BUILD = Path(os.environ["ALM_STAGE"]), Path(os.environ["ALM_BENCH_PROGRAMS"])
ASKERS, HOLDERS = 4, 50
AGENCIES = ASKERS + HOLDERS
READY_S = 90
SETTLE_S, QUIET_S = 60, 0.2
WARM_S = 0.1
FALLS = 0.97  # of the least processor time so far: less than that is a fall
GROWS = 0.2   # pages a round trip; a store without free pages grows by twice that
# After its start a core learns the index of tokens (broker/store/absence.h): so many entries a write transaction, of which a round trip alone has two;
# a grown store has three entries for every other person.
LEARNT_A_TRIP, ENTRIES_A_PERSON = 2 * 1024, 1.5
PEOPLE_A_LEAF = 4
PAGE = 4096
OFFICER = "bench-officer"


def frame_sizes():
    """Bytes of the product's own frames on the wire, unsigned: a query, its question, the answer, the reply."""
    found = json.loads(subprocess.run([BUILD / "bench_load", "sizes"], check=True, capture_output=True, text=True).stdout)
    return found["ask"], found["question"], found["answer"], found["reply"]


STARTED = []  # whatever happens, nothing outlives this process


def started(process):
    STARTED.append(process)
    return process


def stop_everything():
    for process in STARTED:
        if process.poll() is None:
            process.terminate()
    for process in STARTED:
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


atexit.register(stop_everything)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def cpu_ns(pid):
    """Nanoseconds that a process's threads have run; 0 when it has gone."""
    total = 0
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
    except (OSError, ValueError):
        pass
    return total


def file_bytes(pid):
    """Bytes that a process has handed to write(2) and its like; what goes by send(2) and its like is not among them. None where the kernel does not
    tell. Not /proc/PID/io's write_bytes: that counts the whole of a large folio for each page of it that is written."""
    try:
        return int(re.search(r"^wchar: (\d+)", Path(f"/proc/{pid}/io").read_text(), re.MULTILINE).group(1))
    except (OSError, AttributeError):
        return None


def memory_mib(pid):
    """(anonymous, with pages of files) of a process, MiB."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0, 0.0
    found = {k: int(v) / 1024 for k, v in re.findall(r"^(RssAnon|VmRSS):\s+(\d+) kB", text, re.MULTILINE)}
    return found.get("RssAnon", 0.0), found.get("VmRSS", 0.0)


class Load:
    """One process of bench_load."""

    def __init__(self, role, address, server, first, n, *more):
        argv = [BUILD / "bench_load", role, "--to", address, "--server", server, "--first", first, "--n", n, *more]
        self.process = started(subprocess.Popen([str(a) for a in argv], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        self.pid = self.process.pid

    def hear(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"the load ended with {self.process.wait()}")
        return json.loads(line)

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def command(self, line):
        self.say(line)
        return self.hear()

    def stop(self):
        self.process.stdin.close()
        self.process.terminate()
        self.process.wait()


class System:
    """What is measured: something that forwards, who asks it and who answers."""
    name = ""

    def __init__(self):
        self.loads, self.pids = {}, {}

    def connect(self, *more):
        self.loads = {"ask": Load("ask", self.address, self.server, 0, ASKERS, *more),
                      "hold": Load("hold", self.address, self.server, ASKERS, HOLDERS, *more)}
        for load in self.loads.values():
            load.hear()

    def run(self, kind, seconds, window):
        """One run. Return: what the asker says; for each round trip microseconds of CPU of each process, and pages of files that the broker's own write."""
        pids = dict(self.pids, **{name: load.pid for name, load in self.loads.items()})
        before, wrote = {name: cpu_ns(pid) for name, pid in pids.items()}, {name: file_bytes(pid) for name, pid in self.pids.items()}
        got = self.loads["ask"].command(f"run {kind} {seconds} {window}")
        trips = max(1, got["begun"])
        got["cpu_us"] = {name: round((cpu_ns(pid) - before[name]) / 1000 / trips, 2) for name, pid in pids.items()}
        now = {name: file_bytes(pid) for name, pid in self.pids.items()}
        got["pages"] = {name: round((now[name] - wrote[name]) / PAGE / trips, 3) for name in now if None not in (now[name], wrote[name])}
        return got

    def stop(self):
        for load in self.loads.values():
            load.stop()
        self.loads = {}


class Broker(System):
    """almonerd with a grown store, one gate for everybody. still: with (iii)'s core. leaves: unless said, as many as use up the pages that growing so
    many people in large steps leaves free all over the file: a log that has been written for a while has."""

    def __init__(self, work, people=1000, still=False, rate=100000, agencies=AGENCIES, hubs=0, leaves=None, queued=0):
        super().__init__()
        leaves = people // PEOPLE_A_LEAF if leaves is None else leaves
        self.work, self.people = Path(work), people
        self.work.mkdir(parents=True)
        self.keys = self.work / "keys"
        self.port = free_port()
        self.address = f"tcp://127.0.0.1:{self.port}"
        subprocess.run([STAGE / "bin" / "almoner", "key", "new", "broker", self.keys, "--origin", "bench.example/almoner"], check=True,
                       stdout=subprocess.DEVNULL)
        self.server = re.search(r'public-key = "(.*)"', (self.keys / "curve.key").read_text()).group(1)
        subprocess.run([STAGE / "bin" / "almoner", "key", "new", "sign", self.keys / OFFICER], check=True, stdout=subprocess.DEVNULL)
        self.draft = self.work / "draft.bundle"
        map_mib = 4096 + leaves // 500
        (self.work / "almonerd.conf").write_text(
            f'mode = "live";\norigin = "bench.example/almoner";\ndata_dir = "{self.work}/data";\nkeys_dir = "{self.keys}";\n'
            f'runtime_dir = "{self.work}/run";\nlog_level = "warn";\n'
            f'gates = ( {{ organisation = "*"; bind = "{self.address}"; }} );\n'
            f"limits = {{ messages_per_s = {rate}; daily_bytes = 1099511627776L; lease_ms = 600000; connections = 8192; "
            f"connections_per_agency = 64; store_mib = {map_mib}; queue_items = 10000000; queue_mib = 65536; }};\n")
        began = time.monotonic()
        subprocess.run([str(a) for a in [BUILD / "bench_grow", "--data", self.work / "data", "--store-key", self.keys / "store.key", "--people",
                                         people, "--agencies", agencies, "--hubs", hubs, "--leaves", leaves, "--queued", queued, "--map-mib",
                                         map_mib, "--officer", self.keys / f"{OFFICER}.pub", "--draft", self.draft]], check=True,
                       stderr=subprocess.DEVNULL)
        self.grown_s = time.monotonic() - began
        self.still = still
        self.libexec = STAGE / "libexec" / "almoner"
        if still:
            self.libexec = self.work / "libexec"
            shutil.copytree(STAGE / "libexec" / "almoner", self.libexec, symlinks=True)
            (self.libexec / "almoner-core").unlink()
            shutil.copy(BUILD / "bench_still_core", self.libexec / "almoner-core")

    def start(self):
        """Return: seconds until a connection is served, from the start of almonerd."""
        began = time.monotonic()
        self.log = open(self.work / "almonerd.log", "ab")
        self.process = started(subprocess.Popen([str(a) for a in [STAGE / "sbin" / "almonerd", "--libexec", self.libexec, self.work / "almonerd.conf"]],
                                                stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log))
        while time.monotonic() - began < READY_S * 4:
            if self.process.poll() is not None:
                raise SystemExit(f"almonerd ended with {self.process.returncode}:\n" + (self.work / "almonerd.log").read_text()[-2000:])
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    break
            time.sleep(0.005)
        probe = Load("keep", self.address, self.server, AGENCIES - 1, 1, *(["--bare", "64,64"] if self.still else []))
        probe.hear()
        seconds = time.monotonic() - began
        probe.stop()
        self.pids = self.children()
        return seconds

    def connect(self, *more):
        super().connect("--people", max(1, self.people), *more)
        self.settle()

    def settle(self):
        """Waits until the core does nothing by itself: what its first minutes bring (each record's tokens looked at, the day's walk over
        what has run out) would be measured else. Return: seconds that it took."""
        began, quiet = time.monotonic(), 0
        while quiet < 3 and "core" in self.pids:
            if time.monotonic() - began > SETTLE_S:
                print(f"not settled after {SETTLE_S} s: {self.work.name}", file=sys.stderr)
                break
            before = cpu_ns(self.pids["core"])
            time.sleep(QUIET_S)
            quiet = quiet + 1 if cpu_ns(self.pids["core"]) - before < QUIET_S * 3e7 else 0  # 3 % of a processor
        self.settled_s = time.monotonic() - began
        return self.settled_s

    def warm(self):
        """What a broker that has run for a while has behind it, before it is measured. One by one until the core has learnt its index and its
        processor time a round trip falls no more; then many at once until the file grows, as what growing the store left free in it is used up. Return: seconds that it took."""
        self.warm_began, self.warmed_us, trips, grows, store = time.monotonic(), [], 0, 0, self.work / "data" / "data.mdb"
        us = self.warmed_us
        while self.cold(trips < self.people * ENTRIES_A_PERSON / LEARNT_A_TRIP or len(us) < 2 or us[-1] < FALLS * min(us[:-1])):
            got = self.run("insight", WARM_S, 1)
            trips += got["begun"]
            us.append(got["cpu_us"]["core"])
        while self.cold(grows < GROWS):
            size = store.stat().st_size
            got = self.run("insight", WARM_S, 1000)
            grows = (store.stat().st_size - size) / PAGE / max(1, got["begun"])
        self.warmed_s = time.monotonic() - self.warm_began
        return self.warmed_s

    def cold(self, still):
        """Return: whether to go on warming. still: whether it is not warm yet."""
        if still and time.monotonic() - self.warm_began > SETTLE_S:
            print(f"not warm after {SETTLE_S} s: {self.work.name}, {self.warmed_us[-3:]} us a round trip", file=sys.stderr)
            return False
        return still

    def officer(self, *args):
        """One of the officer's commands. Return: what it printed, as JSON."""
        env = dict(os.environ, ALMONER_CONFIG=str(self.work / "almonerd.conf"), ALMONER_OFFICER=OFFICER,
                   ALMONER_OFFICER_KEY=str(self.keys / f"{OFFICER}.sign"))
        done = subprocess.run([str(a) for a in [STAGE / "bin" / "almoner", *args, "--json"]], env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"almoner {args[0]} {args[1]} ended with {done.returncode}: {(done.stderr or done.stdout)[-500:]}")
        return json.loads(done.stdout)

    def children(self):
        found = {}
        for child in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split():
            name = os.path.basename(Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")[0].decode())
            found[name.replace("almoner-", "")] = int(child)
        return found

    def stop(self):
        super().stop()
        self.process.terminate()
        self.process.wait()
        self.log.close()


class Forwarder(System):
    """bench_forward: baseline (i), and (ii) with a log."""

    def __init__(self, work, sizes=None, log=False):
        super().__init__()
        Path(work).mkdir(parents=True)
        self.address = f"tcp://127.0.0.1:{free_port()}"
        secret, self.server = curve_pair()
        self.sizes = sizes or (256, 256, 256, 256)
        argv = [BUILD / "bench_forward", "--bind", self.address, "--secret", secret, "--sizes", f"{self.sizes[1]},{self.sizes[3]}"]
        self.process = started(subprocess.Popen([str(a) for a in argv + (["--log", work] if log else [])]))
        self.pids = {"forward": self.process.pid}

    def connect(self):
        super().connect("--bare", f"{self.sizes[0]},{self.sizes[2]}")

    def stop(self):
        super().stop()
        self.process.terminate()
        self.process.wait()


def curve_pair():
    """A secret in hex and its public key in Z85, made by the product's own command."""
    work = Path(os.environ["ALM_BENCH_WORK"]) / f"pair-{time.monotonic_ns()}"
    subprocess.run([STAGE / "bin" / "almoner", "key", "new", "curve", work], check=True, stdout=subprocess.DEVNULL)
    secret = re.search(r'secret-key = "(.*)"', Path(f"{work}.key_secret").read_text()).group(1)
    public = re.search(r'public-key = "(.*)"', Path(f"{work}.key").read_text()).group(1)
    return z85_decode(secret).hex(), public


def z85_decode(text):
    digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
    out = b""
    for i in range(0, len(text), 5):
        value = 0
        for c in text[i:i + 5]:
            value = value * 85 + digits.index(c)
        out += value.to_bytes(4, "big")
    return out


def spread(values):
    values = sorted(values)
    return {"median": statistics.median(values), "lowest": values[0], "highest": values[-1]}


def table(title, rows, columns):
    """rows: dictionaries; columns: (heading, key, format)."""
    lines = [[heading for heading, _, _ in columns]]
    lines += [[(form % row[key]) if row.get(key) is not None else "" for _, key, form in columns] for row in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    print(f"\n{title}")
    for line in lines:
        print("  " + "  ".join(cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(line, widths))).rstrip())
