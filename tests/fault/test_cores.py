#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""However a process ends that holds keys or knows people, it leaves no core file. argv: protoc.

The limit is as high as it may be when everything is started: it is ours to take it down. Whether a process is closed to others of its user
(PR_SET_DUMPABLE, which also keeps out a collector behind a pipe) can be seen from outside unless we are root; tests/unit/test_process.c
sees it from inside.
"""
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "flow"))
from town import CHILDRENS, PATIENCE, SCHOOL, Tap, Town, wait_for  # noqa: E402


def descendants(pid):
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            found += [child, *descendants(child)]
    return found


def name_of(pid):
    return Path(f"/proc/{pid}/comm").read_text().strip()


def limit_of(pid):
    line = next(x for x in Path(f"/proc/{pid}/limits").read_text().splitlines() if x.startswith("Max core file size"))
    return line.split()[4:6]


def private(tap, what, pid):
    closed = os.geteuid() == 0 or "ASAN_OPTIONS" in os.environ or os.stat(f"/proc/{pid}/fd").st_uid == 0
    tap.check(f"{what} may leave no core and is closed to others", wait_for(lambda: limit_of(pid) == ["0", "0"], 5 * PATIENCE) and closed, limit_of(pid))


def left(town):
    found = [*town.stage.work.rglob("core*"), *Path.cwd().glob("core*")]
    return [str(p) for p in found if p.is_file() and p.read_bytes()[16:18] == b"\x04\x00"]  # ET_CORE


def crash(pid, signal_number):
    os.kill(pid, signal_number)


def flow(tap, town):
    stage = town.stage
    running = {"almonerd": stage.processes["almonerd"].pid}
    for name, process in stage.processes.items():
        running.setdefault(name, process.pid)
        for child in descendants(process.pid):
            running[f"{name}'s {name_of(child)}"] = child
    kinds = {name.split("'s ")[-1] for name in running}
    tap.check("all the processes are there", {"almonerd", "almoner-core", "almoner-signer", "almoner-reader", "almoner-gate"} <= kinds
              and any("source" in kind for kind in kinds), sorted(kinds))
    for what, pid in sorted(running.items()):
        private(tap, what, pid)
    commands = {"an agency's command": ["stream", "follow", "--wait", "30", "--socket", stage.socket_of(SCHOOL), "--practitioner", "p-1", "--role", "senco"],
                "an officer's command": ["audit", "tail", "-n", "1", "--follow", "--event", "day-set"]}
    for what, words in commands.items():
        process = subprocess.Popen([stage.prefix / "bin" / "almoner", *map(str, words)], env=stage.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   cwd=stage.work)
        private(tap, what, process.pid)
        crash(process.pid, signal.SIGSEGV)
        _, status = os.waitpid(process.pid, 0)
        process.returncode = -os.WTERMSIG(status)
        tap.check(f"{what} that crashes leaves none", os.WIFSIGNALED(status) and not os.WCOREDUMP(status), status)
    adapter = stage.processes.pop(f"adapter-{CHILDRENS}")
    crash(adapter.pid, signal.SIGSEGV)
    _, status = os.waitpid(adapter.pid, 0)
    adapter.returncode = -os.WTERMSIG(status)
    tap.check("an adapter that crashes leaves none", os.WIFSIGNALED(status) and not os.WCOREDUMP(status), status)
    for child in ("core", "signer", "reader", town.gate_of(SCHOOL)):
        pid = town.pid(child)
        crash(pid, signal.SIGABRT)
        tap.check(f"{child} that crashes is back", town.back(child, pid) is not None)
    tap.check("and no core file lies anywhere", not left(town), left(town))


def main():
    high = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (high, high))
    tap = Tap()
    with Town(sys.argv[1], with_adapters=(SCHOOL, CHILDRENS)) as town:
        flow(tap, town)
    tap.done()


main()
