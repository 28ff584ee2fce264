#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How fast firings reach a hub, from a concern's sending to the hub's synced ledger, through a real broker: beside two hubs that read, and
beside one that is frozen (SIGSTOP) and one that never reads.

    deliveries.py PROTOC [FIRINGS] [--json]

The two settings take turns, in one broker each, so that neither has the quieter machine.
"""
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests" / "fault"), str(ROOT / "tests" / "flow")]
from test_frozen_hub import DEAF, FROZEN, LIMITS, firings_of, memory  # noqa: E402
from test_kill_ledgers import Hubs, Party, Senders  # noqa: E402
from town import CHILDRENS, SCHOOL, generated, wait_for  # noqa: E402

ROUNDS = 3


def round_of(pb, protoc, firings, frozen):
    """Return: firings a second at the hub that is well, and the most anonymous memory of a process of the broker, MiB."""
    with Hubs(pb, hubs=(FROZEN, DEAF), limits=LIMITS) as town:
        out = town.stage.work / "modules"
        out.mkdir()
        subprocess.run([protoc, f"--proto_path={ROOT / 'proto'}", f"--python_out={out}", "almoner/v1/almoner.proto"], check=True)
        modules, send = str(out / "almoner" / "v1"), town.stage.work / "school.send"
        makers = Senders(town)
        makers.write(SCHOOL, send, [makers.concern] * firings)
        hubs = {CHILDRENS: Party(town, CHILDRENS, modules=modules, streams=["all"]),
                FROZEN: Party(town, FROZEN, modules=modules, streams=["all"], credit=1024),
                DEAF: Party(town, DEAF, modules=modules, streams=["all"], credit=1024, deaf=frozen)}
        for hub in hubs.values():
            hub.start()
        if not wait_for(lambda: sum(s["stream"] == "all" for s in town.status()["streams"]) == 3, 60):
            raise SystemExit("the hubs did not subscribe")
        if frozen:
            os.kill(hubs[FROZEN].process.pid, signal.SIGSTOP)
        try:
            start = time.monotonic()
            Party(town, SCHOOL, send, modules=modules).start()
            if not wait_for(lambda: len(firings_of(hubs[CHILDRENS])) >= firings, 600):
                raise SystemExit("not every firing came")
            return firings / (time.monotonic() - start), max(memory(town).values())
        finally:
            if frozen:
                os.kill(hubs[FROZEN].process.pid, signal.SIGCONT)


def main():
    numbers = [int(a) for a in sys.argv[2:] if a.isdigit()]
    firings, pb, found = numbers[0] if numbers else 2000, generated(sys.argv[1]), {False: [], True: []}
    for _ in range(ROUNDS):
        for frozen in (False, True):
            found[frozen].append(round_of(pb, sys.argv[1], firings, frozen))
    rows = [{"other_hubs": "one frozen, one deaf" if frozen else "reading", "firings_per_s": round(statistics.median(r for r, _ in got)),
             "lowest": round(min(r for r, _ in got)), "highest": round(max(r for r, _ in got)), "most_mib": round(max(m for _, m in got), 1)}
            for frozen, got in found.items()]
    if "--json" in sys.argv:
        print(json.dumps({"firings": firings, "rounds": ROUNDS, "rows": rows}))
        return
    print("other two hubs        firings/s (median)  lowest  highest  most MiB of a process")
    for r in rows:
        print(f"{r['other_hubs']:<21} {r['firings_per_s']:>18}  {r['lowest']:>6}  {r['highest']:>7}  {r['most_mib']:>22}")


main()
