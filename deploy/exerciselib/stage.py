# SPDX-License-Identifier: Apache-2.0
"""A stage: one real broker and any number of real adapters, each its own process over CURVE on loopback, in one folder.

Everything is done through the product's own commands (almoner, almonerd, almoner-adapter); nothing here speaks a
protocol. A Stage is a context manager: whatever it started, and only that, is stopped on the way out.
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from . import keep

DEADLINE_MS = 6000  # a rehearsal has all its processes on one machine, perhaps a slow one: a late answer is not what it is about
OFFICERS = ("officer-one", "officer-two")  # policy changes need two signatures


class StageError(Exception):
    """Something that keeps the stage from standing, told in a sentence with the next step."""


class Command:
    """One finished run of a product command."""

    def __init__(self, argv, done):
        self.argv = argv
        self.exit = done.returncode
        self.out = done.stdout
        self.err = done.stderr

    def json(self):
        try:
            return json.loads(self.out)
        except ValueError:
            raise StageError(f"{' '.join(map(str, self.argv[:4]))} … printed no JSON (exit {self.exit}): "
                             f"{(self.err or self.out).strip()[:400]}") from None


def loopback():
    """A loopback address of this process's own: nobody else takes a port there between its being found free and its being listened on, or
    while what listens there is started again; and whoever tries to reach it meanwhile does not reach itself."""
    n = os.getpid()
    return f"127.{64 + (n >> 16) % 128}.{n >> 8 & 255}.{n & 255}"


def free_ports(count):
    """Ports of loopback() that nothing listens on now: bound all at once, so that none is given twice."""
    held = []
    try:
        for _ in range(count):
            s = socket.socket()
            held.append(s)
            s.bind((loopback(), 0))
        return [s.getsockname()[1] for s in held]
    finally:
        for s in held:
            s.close()


def find_prefix(wanted=None):
    """Where the product is installed: --prefix, $ALMONER_PREFIX, the clone's own staged build, or on PATH."""
    here = Path(__file__).resolve().parent.parent.parent
    candidates = [wanted] if wanted else [os.environ.get("ALMONER_PREFIX"), here / "build" / "stage", here.parent.parent]
    for candidate in candidates:
        if candidate and (Path(candidate) / "bin" / "almoner").exists():
            return Path(candidate).resolve()
    onpath = shutil.which("almoner")
    if onpath and not wanted:
        return Path(onpath).resolve().parent.parent
    raise StageError("almoner is not built: no bin/almoner under "
                     + (str(wanted) if wanted else "build/stage")
                     + "; run deploy/quickstart once, or give --prefix DIR of an installation")


class Stage:
    def __init__(self, prefix, work=None, mode="exercise", origin="rehearsal.example/almoner", keep=False, env=None):
        self.prefix = Path(prefix)
        self.work = Path(work) if work else Path(tempfile.mkdtemp(prefix="almoner-", dir="/tmp"))
        self.work.mkdir(parents=True, exist_ok=True)
        self.work.chmod(0o700)
        self.mode, self.origin, self.keep = mode, origin, keep
        self.keys = self.work / "keys"
        self.run_dir = self.work / "run"
        self.config = self.work / "almonerd.conf"
        self.env = dict(os.environ, **(env or {}))
        self.env.update(ALMONER_CONFIG=str(self.config), ALMONER_OFFICER=OFFICERS[0],
                        ALMONER_OFFICER_KEY=str(self.keys / f"{OFFICERS[0]}.sign"))
        self.env.pop("ALMONER_SOCKET", None)
        self.processes = {}  # name -> Popen
        self.gates = {}      # organisation -> address

    # --- processes ---
    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()
        if not self.keep:
            keep.gone(self.work, "stage")

    def close(self):
        """Stops what was started here, adapters first, each asked politely before it is killed."""
        order = sorted(self.processes, key=lambda name: name == "almonerd")
        for batch in ([n for n in order if n != "almonerd"], [n for n in order if n == "almonerd"]):
            for name in batch:
                if self.processes[name].poll() is None:
                    self.processes[name].terminate()
            for name in batch:
                try:
                    self.processes[name].wait(timeout=10)
                except subprocess.TimeoutExpired:
                    self.processes[name].kill()
                    self.processes[name].wait(timeout=10)
        self.processes.clear()

    def start(self, name, argv):
        log = open(self.work / f"{name}.log", "ab")
        with log:
            self.processes[name] = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                                    env=self.env, cwd=self.work)
        return self.processes[name]

    def log_tail(self, name, lines=8):
        try:
            return "\n".join((self.work / f"{name}.log").read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""

    def command(self, *args, stdin=None, check=True, timeout=60):
        """Runs `almoner ARGS`; with check, a failure is a StageError that carries what it said."""
        argv = [str(self.prefix / "bin" / "almoner"), *map(str, args)]
        try:
            done = subprocess.run(argv, input=stdin, capture_output=True, text=True, env=self.env, timeout=timeout, check=False)
        except subprocess.TimeoutExpired:
            raise StageError(f"almoner {' '.join(map(str, args[:3]))} … did not end within {timeout} s") from None
        result = Command(argv, done)
        keep.note(self.work, [str(a) for a in args], done.stdout, done.stderr)
        if check and done.returncode != 0:
            raise StageError(f"almoner {' '.join(map(str, args[:3]))} … failed (exit {done.returncode}): "
                             f"{(done.stderr or done.stdout).strip()[:600]}")
        return result

    # --- the broker ---
    def make_broker(self, organisations):
        """Keys and configuration: a gate of its own for each organisation."""
        self.keys.mkdir(exist_ok=True)
        self.run_dir.mkdir(exist_ok=True)
        self.keys.chmod(0o700)
        self.command("key", "new", "broker", self.keys, "--origin", self.origin)
        for officer in OFFICERS:
            self.command("key", "new", "sign", self.keys / officer)
        self.gates = {org: f"tcp://{loopback()}:{port}" for org, port in zip(organisations, free_ports(len(organisations)))}
        rows = ",\n".join(f'  {{ organisation = "{org}"; bind = "{address}"; }}' for org, address in self.gates.items())
        self.config.write_text(
            f'mode = "{self.mode}";\norigin = "{self.origin}";\n'
            f'data_dir = "{self.work / "data"}";\nkeys_dir = "{self.keys}";\nruntime_dir = "{self.run_dir}";\n'
            f"limits = {{ deadline_ms = {DEADLINE_MS}; }};\ngates = (\n{rows}\n);\n", encoding="utf-8")

    def start_broker(self, timeout=60):
        process = self.start("almonerd", [self.prefix / "sbin" / "almonerd", self.config])
        self.wait(lambda: self.ready(process), timeout, "the broker did not come up", "almonerd")

    def ready(self, process):
        if process.poll() is not None:
            raise StageError(f"almonerd ended with {process.returncode}:\n{self.log_tail('almonerd')}")
        status = self.command("status", "--json", check=False)
        if status.exit != 0:
            return False
        return all(gate.get("ready") for gate in status.json().get("gates", [])) and bool(self.gates)

    def wait(self, happened, timeout, message, log):
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if happened():
                return
            time.sleep(0.05)
        raise StageError(f"{message} within {timeout} s; last lines of its log:\n{self.log_tail(log)}")

    def enrol_officers(self):
        for officer in OFFICERS:
            self.command("officer", "add", officer, "--public", self.keys / f"{officer}.pub", *self.signed())

    def signed(self, both=False):
        args = ["--officer", OFFICERS[0], "--key", self.keys / f"{OFFICERS[0]}.sign"]
        return args + ["--officer", OFFICERS[1], "--key", self.keys / f"{OFFICERS[1]}.sign"] if both else args

    def activate(self, policy):
        self.command("policy", "activate", policy, *self.signed(both=True))

    def set_day(self, day):
        self.command("exercise", "day", day, *self.signed())

    def core_pid(self):
        """The core's process id, found among almonerd's children."""
        parent = self.processes["almonerd"].pid
        for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
            try:
                if Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")[0].endswith(b"almoner-core"):
                    return int(child)
            except OSError:
                continue  # ended while we looked
        return None

    def kill_core(self):
        pid = self.core_pid()
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
        return pid

    def patient(self, *args, seconds=30, **kw):
        """A command that is tried again while the broker says that it is busy or coming back (exit 75 or 69)."""
        end = time.monotonic() + seconds
        while True:
            got = self.command(*args, check=False, **kw)
            if got.exit not in (69, 75) or time.monotonic() > end:
                return got if got.exit == 0 else self.command(*args, **kw)
            time.sleep(0.25)

    def audit_rows(self, first=0):
        """Every leaf's clear part from `first` on, oldest first, read through the officers' socket."""
        rows = []
        while True:
            batch = self.patient("audit", "list", "--from", first, "--count", 1000, "--json").json().get("rows", [])
            rows += batch
            if len(batch) < 1000:
                return rows
            first = batch[-1]["leaf"] + 1

    # --- adapters ---
    def socket_of(self, agency):
        return self.run_dir / f"{agency}.sock"

    def make_agency_keys(self, agencies):
        token = self.keys / "partnership.token"
        if not token.exists():
            self.command("key", "new", "token", token)
        for agency in agencies:
            self.command("key", "new", "curve", self.keys / agency)
            self.command("key", "new", "sign", self.keys / agency)
            self.command("key", "new", "seal", self.keys / agency)

    def enrol(self, agency):
        self.command("agency", "add", agency, "--curve", self.keys / f"{agency}.key", "--sign", self.keys / f"{agency}.pub",
                     *self.signed())

    def broker_public(self):
        for line in (self.keys / "curve.key").read_text(encoding="utf-8").splitlines():
            if "public-key" in line:
                return line.split("=", 1)[1].strip().strip('"')
        raise StageError(f"{self.keys / 'curve.key'} holds no public-key line")

    def start_adapter(self, agency, config):
        self.start(f"adapter-{agency}", [self.prefix / "bin" / "almoner-adapter", config])

    def wait_adapter(self, agency, timeout=60, day=None):
        args = ["status", "--socket", self.socket_of(agency), "--wait-connected", "--timeout", timeout, "--json"]
        if day:
            args += ["--wait-day", day]
        end = time.monotonic() + timeout
        while not self.socket_of(agency).exists():
            if self.processes[f"adapter-{agency}"].poll() is not None or time.monotonic() > end:
                raise StageError(f"the adapter of {agency} did not start:\n{self.log_tail(f'adapter-{agency}')}")
            time.sleep(0.02)
        got = self.command(*args, check=False, timeout=timeout + 10)
        if got.exit != 0:
            raise StageError(f"the adapter of {agency} did not connect (exit {got.exit}): {(got.err or got.out).strip()[:300]}\n"
                             f"{self.log_tail(f'adapter-{agency}')}")
