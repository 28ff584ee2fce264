#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A hub that is frozen (SIGSTOP) and one that never reads: the other hub's firings go on flowing, the broker's memory stays bounded, and
whoever comes back gets all of it, in order.

1,000 firings; 5,000 with ALM_FULL=1. argv[1]: protoc.
"""
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "flow"))
from test_kill_ledgers import Hubs, Party, Senders  # noqa: E402
from town import CHILDRENS, PATIENCE, POLICE, SCHOOL, TEAM, Tap, generated, wait_for  # noqa: E402

FULL = bool(os.environ.get("ALM_FULL"))
FIRINGS = 5000 if FULL else 1000
LIMITS = "lease_ms = 2000; messages_per_s = 5000;"
# What the core and the gates may grow by while two hubs take nothing: frames of a credit, buffers that are made once, pages of the store.
GROWTH_MIB = 64 if os.environ.get("ASAN_OPTIONS") is None else 512
FROZEN, DEAF = POLICE, TEAM


def rss_mib(pid):
    """Anonymous memory: pages of the store's file are the kernel's to take back."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    return 0


def memory(town):
    return {name: rss_mib(pid) for name, pid in town.pids().items() if name == "core" or name.startswith("gate")}


def firings_of(party):
    return [row for row in party.lines("acted.log") if row[0] == "firing"]


def flow(tap, town):
    modules = town.stage.work / "modules"
    modules.mkdir()
    subprocess.run([sys.argv[1], f"--proto_path={HERE.parent.parent / 'proto'}", f"--python_out={modules}", "almoner/v1/almoner.proto"], check=True)
    modules = str(modules / "almoner" / "v1")
    makers, files = Senders(town), []
    halves = []
    for half in range(2):
        files.append(town.stage.work / f"school-{half}.send")
        halves.append(makers.write(SCHOOL, files[-1], [makers.concern] * (FIRINGS // 2)))
    well = Party(town, CHILDRENS, modules=modules, streams=["all"])
    frozen = Party(town, FROZEN, modules=modules, streams=["all"], credit=1024)
    deaf = Party(town, DEAF, modules=modules, streams=["all"], credit=1024, deaf=True)
    for hub in (well, frozen, deaf):
        hub.start()
    there = wait_for(lambda: sum(s["stream"] == "all" for s in town.status()["streams"]) == 3, 60 * PATIENCE)
    tap.check("three hubs follow firings", there, town.status()["streams"])
    before = memory(town)
    os.kill(frozen.process.pid, signal.SIGSTOP)
    try:
        start = time.monotonic()
        for half, made in enumerate(halves):
            party = Party(town, SCHOOL, files[half], modules=modules)
            party.start()
            wanted = (half + 1) * len(made)
            came = wait_for(lambda w=wanted: len(firings_of(well)) >= w, 240 * PATIENCE)
            tap.check(f"firings reach the third hub while one is frozen and one is deaf ({wanted})", came, len(firings_of(well)))
            town.stage.processes.pop(party.name).kill()
        seconds = time.monotonic() - start
        after = memory(town)
        print(f"# {FIRINGS} firings in {seconds:.1f} s, {FIRINGS / seconds:.0f} a second, past two hubs that take nothing", flush=True)
        print("# MiB before and after: " + ", ".join(f"{n} {before.get(n, 0):.0f} {after[n]:.0f}" for n in sorted(after)), flush=True)
        grown = {n: after[n] - before.get(n, 0) for n in after if after[n] - before.get(n, 0) > GROWTH_MIB}
        tap.check(f"no process of the broker has grown by more than {GROWTH_MIB} MiB", not grown, grown)
        waiting = {s["agency"]: s["waiting"] for s in town.status()["streams"] if s["stream"] == "all"}
        tap.check("what they have not taken waits on disk", waiting.get(FROZEN) == FIRINGS and waiting.get(DEAF) == FIRINGS, waiting)
        shown = town.stage.command("status").out
        tap.check("and operators see how far behind they are", waiting.get(CHILDRENS) == 0 and
                  any(line.split()[:5] == [FROZEN, "all", str(FIRINGS), "0", str(FIRINGS)] for line in shown.splitlines()), shown)
        tap.check("none of it is a dead letter", town.stage.command("dead-letters", "list").out == "no dead letters\n", None)
    finally:
        os.kill(frozen.process.pid, signal.SIGCONT)
    came = wait_for(lambda: len(firings_of(frozen)) >= FIRINGS, 240 * PATIENCE)
    tap.check("the frozen hub, thawed, gets all of it", came, len(firings_of(frozen)))
    tap.check("in order, and acts on none twice", [r[1] for r in firings_of(frozen)] == [r[1] for r in firings_of(well)], None)
    deaf.process.kill()
    deaf.process.wait()
    hearing = Party(town, DEAF, modules=modules, streams=["all"])
    hearing.start()
    came = wait_for(lambda: len(firings_of(hearing)) >= FIRINGS, 240 * PATIENCE)
    tap.check("so does the deaf one, once its adapter reads", came and [r[1] for r in firings_of(hearing)] == [r[1] for r in firings_of(well)],
              len(firings_of(hearing)))
    tap.check("nobody was suspended and nothing died", "event=agency-suspended" not in town.log() and "event=child-ended" not in town.log(), None)


def main():
    tap = Tap()
    with Hubs(generated(sys.argv[1]), hubs=(FROZEN, DEAF), limits=LIMITS) as town:
        flow(tap, town)
    tap.done()


if __name__ == "__main__":
    main()
