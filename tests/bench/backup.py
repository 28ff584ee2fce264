#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""backup.py PROTOC LENGTHEN [LEAVES] [--json] - the drill: a broker with LEAVES leaves is backed up while it is used, lost, restored and started.

ALM_STAGE names the installation. Prints how long each step took, and what a backup costs those who use the broker meanwhile.
"""
import json
import shutil
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "flow"))
from town import CHILDRENS, SCHOOL, Town, is_kind, wait_for  # noqa: E402

MIB = 1 << 20


class Lodging(threading.Thread):
    """A consent and its withdrawal, one after the other; how long each receipt took (ms), and when."""

    def __init__(self, town, agency):
        super().__init__()
        self.speaker, self.over, self.took = town.speaker(agency), threading.Event(), []

    def run(self):
        while not self.over.is_set():
            for body in (self.speaker.consent(person="Ben"), self.speaker.withdrawal(person="Ben")):
                begun = time.monotonic()
                if is_kind(self.speaker.ask(body), "receipt"):
                    self.took.append((begun, (time.monotonic() - begun) * 1000))

    def between(self, start, end):
        return sorted(ms for at, ms in self.took if start <= at < end)


def spread(ms, seconds):
    return {"receipts_s": round(len(ms) / seconds), "p50_ms": round(statistics.median(ms), 1), "p99_ms": round(ms[int(len(ms) * 0.99)], 1)} if ms else {}


def timed(what):
    begun = time.monotonic()
    done = what()
    return time.monotonic() - begun, done


def size(path):
    return round(path.stat().st_size / MIB, 1)


def drill(town, lengthen, leaves):
    stage, found = town.stage, {}
    data = stage.work / "data"
    town.end_broker()
    seconds, _ = timed(lambda: subprocess.run([lengthen, data, stage.keys / "store.key", stage.origin, str(leaves)], check=True, stdout=subprocess.DEVNULL))
    print(f"# a log of {leaves} leaves more, in {seconds:.0f} s", file=sys.stderr)
    stage.start_broker(300)
    wait_for(lambda: town.status()["head"]["size"] > leaves, 120)
    stage.command("backup", "key", "new", stage.work / "safe")
    loads = [Lodging(town, a) for a in (SCHOOL, CHILDRENS)]
    for load in loads:
        load.start()
    time.sleep(1)
    quiet = time.monotonic()
    time.sleep(6)
    found["store_mib"] = size(data / "data.mdb")
    start = time.monotonic()
    made = stage.command("backup", stage.work / "out", "--to", stage.work / "safe.pub", *stage.signed(), "--json", timeout=3600).json()
    end = time.monotonic()
    found.update(backup_s=round(end - start, 1), backup_mib=round(made["octets"] / MIB, 1), records=made["records"], leaves=made["leaves"],
                 store_after_mib=size(data / "data.mdb"))
    time.sleep(1)
    for load in loads:
        load.over.set()
        load.join()
    found["without"] = spread(sorted(ms for load in loads for ms in load.between(quiet, start)), start - quiet)
    found["during"] = spread(sorted(ms for load in loads for ms in load.between(start, end)), end - start)
    town.end_broker()
    found["fsck_s"] = round(timed(lambda: stage.command("fsck", timeout=3600))[0], 1)
    found["check_s"] = round(timed(lambda: stage.command("restore", stage.work / "out", "--key", stage.work / "safe", "--check", "--config", stage.config,
                                                         timeout=3600))[0], 1)
    shutil.rmtree(data)  # the disk is lost
    found["restore_s"] = round(timed(lambda: stage.command("restore", stage.work / "out", "--key", stage.work / "safe", "--config", stage.config,
                                                           timeout=3600))[0], 1)
    found["restored_mib"] = size(data / "data.mdb")
    found["start_s"] = round(timed(lambda: stage.start_broker(300))[0], 1)
    begun = time.monotonic()
    wait_for(lambda: town.status()["sharing"], 120)
    found["sharing_s"] = round(time.monotonic() - begun, 1)
    return found


def main():
    as_json = "--json" in sys.argv
    words = [a for a in sys.argv[1:] if a != "--json"]
    leaves = int(words[2]) if len(words) > 2 else 200000
    with Town(words[0], limits="lease_ms = 600000; messages_per_s = 100000; store_mib = 65536;") as town:
        found = drill(town, words[1], leaves)
    if as_json:
        print(json.dumps(found))
        return
    print(f"leaves {found['leaves']}, records {found['records']}, store {found['store_mib']} MiB, after the backup {found['store_after_mib']} MiB")
    for step, what in (("backup", f"{found['backup_mib']} MiB"), ("check", "the file alone"), ("fsck", "the broker's own store"),
                       ("restore", f"checked twice, filled and examined; {found['restored_mib']} MiB"), ("start", "until its gates are ready"), ("sharing", "until it shares")):
        print(f"{step:<9} {found[step + '_s']:>8.1f} s   {what}")
    print("\ntwo agencies that lodge   receipts/s   p50 ms   p99 ms")
    for when in ("without", "during"):
        row = found[when]
        print(f"{when + ' a backup':<24} {row.get('receipts_s', 0):>11} {row.get('p50_ms', 0):>8} {row.get('p99_ms', 0):>8}")


main()
