# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server of one's own: made, started, killed and removed within a rehearsal or a test.

It listens on a Unix socket in its own folder and nowhere else, runs as an unprivileged user (it refuses root), and holds
made-up rows only, so it does without fsync.
"""
import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

WAIT_S = 60  # a busy machine may take long; we go on as soon as it answers
OWNER, READER = "owner", "reader"  # who makes the tables; who an adapter is
ACCESS = f"local all {READER} scram-sha-256\nlocal all all trust\n"


class SqlError(Exception):
    """What keeps the server from running, or the words it refused a statement with."""


def find_programs():
    """The folder of a PostgreSQL server's programs, the newest, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parent.parent.name))
    return found[-1].parent if found else None


def unprivileged():
    """Popen's arguments that make root somebody else; none where we are nobody special already."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise SqlError("there is neither a user postgres nor nobody to run a server as")


PR_SET_PDEATHSIG = 1  # linux/prctl.h


def end_with_us():
    """In the child, before it becomes the server: it ends when we do, however we do."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)


class Postgres:
    """A context manager; the server runs within it. `password` is the reader's."""

    password = "not }a; secret"  # a connection string's own signs: whoever quotes it wrongly does not get in

    def __init__(self, programs=None):
        self.programs = programs or find_programs()
        if not self.programs:
            raise SqlError("no PostgreSQL server is installed: apt-get install postgresql-15")
        self.folder = Path(tempfile.mkdtemp(prefix="alm-pg-", dir="/tmp"))  # a socket's path is short
        self.folder.chmod(0o755)
        self.process, self.as_user = None, unprivileged()
        self.env = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        if self.as_user:
            os.chown(self.folder, self.as_user["user"], self.as_user["group"])

    def __enter__(self):
        try:
            self.make()
            self.start()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(self, *exc):
        self.remove()

    def make(self):
        done = subprocess.run([self.programs / "initdb", "-D", self.folder / "data", "-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8",
                               "--no-sync"], env=self.env, cwd=self.folder, capture_output=True, text=True, check=False, **self.as_user)
        if done.returncode != 0:
            raise SqlError(f"initdb: {done.stderr.strip()[:400]}")
        (self.folder / "data" / "pg_hba.conf").write_text(ACCESS, encoding="utf-8")

    def start(self):
        settings = {"listen_addresses": "", "unix_socket_directories": self.folder, "fsync": "off", "shared_buffers": "16MB",
                    "autovacuum": "off", "max_connections": "60", "dynamic_shared_memory_type": "mmap"}
        argv = [self.programs / "postgres", "-D", self.folder / "data"]
        for name, value in settings.items():
            argv += ["-c", f"{name}={value}"]
        (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(argv, env=self.env, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            preexec_fn=end_with_us, **self.as_user)
        end = time.monotonic() + WAIT_S
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > end:
                raise SqlError(f"the server did not come up: {self.log_tail()}")
            time.sleep(0.05)

    def answers(self):
        return self.psql("SELECT 1", check=False).returncode == 0

    def log_tail(self):
        return (self.folder / "log").read_text(errors="replace")[-600:]

    def stop(self, how=signal.SIGINT):
        """SIGINT: sessions end at once, in order; SIGQUIT: as in a crash."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(timeout=WAIT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def psql(self, sql, check=True):
        """Statements run by the owner, all of them or none."""
        done = subprocess.run([self.programs / "psql", "-XqAt", "-1", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-U", OWNER, "-d", "postgres", "-f", "-"],
                              input=sql, env=self.env, capture_output=True, text=True, check=False, timeout=WAIT_S * 2)
        if check and done.returncode != 0:
            raise SqlError(f"psql: {done.stderr.strip()[:600]}")
        return done

    def connection(self, user=OWNER):
        """A driver connection string, without the password. Debian's odbcinst.ini has the driver keep a log in /tmp: not here."""
        return f"Driver={{PostgreSQL Unicode}};Servername={self.folder};Database=postgres;UID={user};CommLog=0;Debug=0"
