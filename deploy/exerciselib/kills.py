# SPDX-License-Identifier: Apache-2.0
"""Ends the broker's core with SIGKILL at random moments of an exercise, and checks that nothing was disclosed without its record, and that
what was lodged is there once."""
import random
import sys
import threading
import time
from collections import Counter


class Killer:
    """Some kills fall between steps, most in the middle of one: a timer is started that fires after a random few milliseconds."""

    def __init__(self, stage, kills, steps, seed=None):
        self.stage, self.left, self.steps = stage, kills, max(steps, 1)
        self.seed = seed if seed is not None else random.SystemRandom().randrange(1 << 32)
        self.random = random.Random(self.seed)
        self.at = sorted(self.random.randrange(self.steps) for _ in range(kills))
        self.step, self.done, self.timer = 0, 0, None
        print(f"kills: {kills}, seed {self.seed}", file=sys.stderr)

    def between(self):
        due = 0
        while self.at and self.at[0] <= self.step:
            self.at.pop(0)
            due += 1
        self.step += 1
        for n in range(due):
            self.stop()
            self.timer = threading.Timer(self.random.random() * 0.08, self.kill)
            self.timer.start()
            if n + 1 < due:
                time.sleep(0.5)

    def kill(self):
        for _ in range(100):  # the one before may still be coming back
            if self.stage.kill_core() is not None:
                self.done += 1
                return
            time.sleep(0.05)

    def stop(self):
        if self.timer:
            self.timer.join()
            self.timer = None

    def verdict(self, answers, rows, lodged):
        """Every reply that an asker holds has its committed leaf, and every receipt one. lodged: event of the log -> ids. Return: whether so; says so either way."""
        disclosed = {r["message"] for r in rows if r["event"] in ("disclosed", "refused", "rejected", "not-disclosed")}
        bare = [a.scenario["scenario_id"] for a in answers
                if a.reply.get("kind") in ("insight", "involvement", "threshold", "referral-state", "refusal") and a.message_id not in disclosed]
        print(f"core killed {self.done} times (seed {self.seed}); {len(answers)} replies seen, {len(bare)} without a record"
              + (f": {', '.join(bare)}" if bare else ""))
        return self.once(rows, lodged) and not bare and self.done > 0

    @staticmethod
    def once(rows, lodged):
        """What was lodged is in the log, each once: nothing lost, nothing counted twice."""
        good = True
        for event, ids in lodged.items():
            there = Counter(r["message"] for r in rows if r["event"] == event)
            lost, twice = [i for i in ids if not there[i]], [i for i in ids if there[i] > 1]
            print(f"{event}: {len(ids)} lodged, {len(lost)} lost, {len(twice)} recorded twice")
            good = good and not lost and not twice
        return good
