#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An exercise in which the core is ended with SIGKILL at random moments: every disclosure has its record, what was lodged
is there once, and every row still comes out right.

argv: the folder to play. 10 kills, 50 with ALM_FULL=1."""
import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "flow"))
from broker_children import Tap, keep  # noqa: E402

KILLS = 50 if os.environ.get("ALM_FULL") else 10
VERDICT = re.compile(r"core killed (\d+) times \(seed \d+\); (\d+) replies seen, (\d+) without a record")


def main():
    tap = Tap()
    argv = [str(ROOT / "deploy" / "exercise"), sys.argv[1], "--kill-core", str(KILLS), "--json", "--quiet"]
    if os.environ.get("ALM_STAGE"):
        argv += ["--prefix", os.environ["ALM_STAGE"]]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    keep.printed("kills", sys.argv[1], done.stdout + done.stderr)
    verdict = VERDICT.search(done.stdout + done.stderr)
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    scenarios = [r for r in rows if "scenario" in r]
    print(f"# {verdict.group(0) if verdict else 'no verdict'}", flush=True)
    tap.check(f"the core was killed {KILLS} times in an exercise", verdict is not None and int(verdict.group(1)) == KILLS, done.stderr[-2000:])
    tap.check("nothing was disclosed without its record", verdict is not None and int(verdict.group(2)) > 0 and int(verdict.group(3)) == 0, done.stdout[-2000:])
    for event in ("concern-lodged", "referral-sent"):
        once = re.search(rf"{event}: (\d+) lodged, (\d+) lost, (\d+) recorded twice", done.stdout)
        tap.check(f"every {event} is in the log, once", once is not None and int(once.group(1)) > 0 and once.group(2, 3) == ("0", "0"), done.stdout[-2000:])
    wrong = [r for r in scenarios if not r["passed"]]
    tap.check("and every row came out as expected all the same", scenarios and not wrong, json.dumps(wrong[:5]))
    tap.check("the exercise says so with its exit status", done.returncode == 0, (done.returncode, done.stderr[-2000:]))
    tap.done()


main()
