#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""run_oracle.py TEST_ORACLE DIR: writes policy and facts of the folder, then runs the C test over them. ALM_SEED repeats a run."""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from facts import load, write_facts, write_policy

CELLS = 3000


def main(argv):
    seed = os.environ.get("ALM_SEED") or str(int.from_bytes(os.urandom(4), "big"))
    print(f"# seed {seed} (repeat with ALM_SEED={seed})", flush=True)
    with tempfile.TemporaryDirectory(prefix="almoner-oracle-") as work:
        folder = load(argv[2])
        write_policy(folder, Path(work) / "policy")
        write_facts(folder, Path(work) / "facts.txt", CELLS, seed)
        return subprocess.run([argv[1], work], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv))
