#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Random folders played through real processes: a fixed seed always; with ALM_FULL=1 ten more. ALM_SEED=N: only that one.

A failure prints its seed and size; `random_folder.py OUT --seed N --size S` makes the folder again, and deploy/exercise plays it.
"""
import os
import random
import shutil
import sys
import tempfile
from pathlib import Path

from broker_children import Tap
from test_exercise import scenarios

import random_folder

FIXED = (20, "small")
MORE = 10


def chosen():
    if os.environ.get("ALM_SEED"):
        return [(int(os.environ["ALM_SEED"], 0), "medium")]
    if not os.environ.get("ALM_FULL"):
        return [FIXED]
    seeds = random.SystemRandom()
    return [FIXED] + [(seeds.randrange(1 << 32), "medium" if n < MORE - 1 else "large") for n in range(MORE)]


def main():
    tap = Tap()
    for seed, size in chosen():
        print(f"# seed {seed} ({size})", flush=True)
        place = Path(tempfile.mkdtemp(prefix="almoner-random-", dir="/tmp"))
        try:
            folder = place / f"seed-{seed}-{size}"
            random_folder.make(folder, seed, size)
            scenarios(tap, folder, "csv")
        finally:
            shutil.rmtree(place)
    tap.done()


if __name__ == "__main__":
    main()
