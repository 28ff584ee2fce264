#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Promise 2: no disclosure without a durable record. The core is killed in mid flight, over and over. argv: protoc.

The disk that fills up is in tests/fault/test_full_disk.py; an exercise with kills in tests/fault/test_kills.py.
"""
import os
import random
import threading
import time
import uuid
from collections import Counter

from town import CHILDRENS, PATIENCE, POLICE, RIVER, SCHOOL, TEAM, play, wait_for

KILLS = 30 if os.environ.get("ALM_FULL") else 10
REPLIED = {"insight": {"disclosed"}, "involvement": {"disclosed"}, "refusal": {"refused", "rejected", "not-disclosed"}}


def counted(agencies):
    return {kind: sum(a.counts[kind] for a in agencies) for kind in REPLIED}


class Talking(threading.Thread):
    """An agency in a thread of its own: answers whatever it is asked, and with make(n) asks, one question after another.

    Its socket is its own from here on. Keeps every reply."""

    def __init__(self, speaker, make=None):
        super().__init__(daemon=True)
        self.speaker, self.make = speaker, make
        self.stop, self.asked, self.sent, self.replies, self.counts = False, 0, 0, {}, Counter()

    def hear(self, timeout_ms):
        """Answers a question. Return: any other message."""
        got = self.speaker.receive(timeout_ms)
        if got is None or got.WhichOneof("payload") != "question":
            return got
        self.asked += 1
        self.speaker.answer(got, "YES", **({"service": "s", "contact_route": "r"} if got.question.involvement else {}))
        return None

    def ask(self):
        body = self.make(self.sent)
        self.sent += 1
        self.speaker.say(body)
        until = time.monotonic() + 1.0 * PATIENCE  # then it was lost with a core: the caller asks again
        while time.monotonic() < until:
            got = self.hear(50)
            kind = got.WhichOneof("payload") if got is not None and got.in_reply_to == body.id else None
            if kind in REPLIED:
                self.replies[str(uuid.UUID(bytes=body.id))] = kind
                self.counts[kind] += 1
            if kind in REPLIED or kind == "busy":
                return

    def run(self):
        while not self.stop:
            if self.make:
                self.ask()
            else:
                self.hear(50)


def kill_often(town, agencies, random_ms):
    """Before each kill an answer and a refusal have come, however slow the machine is; what is under way when it comes is chance's."""
    for _ in range(KILLS):
        before = counted(agencies)
        wait_for(lambda: all(counted(agencies)[kind] > before[kind] for kind in ("insight", "refusal")), 30 * PATIENCE)
        time.sleep(random_ms() / 1000)
        old = town.kill("core")
        town.back("core", old)


def run(tap, town):
    seed = random.SystemRandom().randrange(1 << 32)
    chance = random.Random(seed)
    print(f"# seed {seed}", flush=True)
    childrens, school = town.speaker(CHILDRENS), town.speaker(SCHOOL)
    agencies = [Talking(town.speaker(a)) for a in (POLICE, TEAM, RIVER)] + [
        Talking(childrens, lambda n: childrens.insight("domestic-incident-12m", person="Ada") if n % 4 else childrens.who("Ada")),
        Talking(school, lambda n: school.insight(role="senco" if n % 3 else "receptionist", person="Ben")),
    ]
    for thread in agencies:
        thread.start()
    kill_often(town, agencies, lambda: chance.randrange(5, 300))
    wait_for(lambda: all(counted(agencies)[kind] > KILLS for kind in ("insight", "refusal")), 30 * PATIENCE)
    for thread in agencies:
        thread.stop = True
    for thread in agencies:
        thread.join(10 * PATIENCE)
    rows = wait_for(lambda: town.audit(), 10)
    leaves = {}
    for r in rows:
        leaves.setdefault(r["message"], set()).add(r["event"])
    replies = {m: kind for a in agencies for m, kind in a.replies.items()}
    bare = [m for m, kind in replies.items() if not leaves.get(m, set()) & REPLIED[kind]]
    kinds = {kind: list(replies.values()).count(kind) for kind in REPLIED}
    print(f"# {sum(a.sent for a in agencies)} asked, {kinds} received, {KILLS} kills", flush=True)
    tap.check("promise_2_answers_and_refusals_came_between_the_kills", kinds["insight"] > KILLS and kinds["refusal"] > KILLS, kinds)
    tap.check("promise_2_every_reply_that_was_received_has_its_leaf", not bare, bare[:5])
    put = sum(r["n_holders"] for r in rows if r["event"] == "decided")
    asked = sum(a.asked for a in agencies)
    tap.check("promise_2_no_question_reached_a_holder_without_its_decision", 0 < asked <= put, (asked, put))
    lost = [r for r in rows if r["event"] == "decided" and not any(e in leaves[r["message"]] for e in ("disclosed", "not-disclosed"))]
    tap.check("promise_2_what_the_kills_lost_stands_as_decided_never_disclosed", all(r["message"] not in replies for r in lost), len(lost))
    indices = [r["leaf"] for r in rows]
    tap.check("promise_2_no_leaf_is_missing_or_there_twice", indices == list(range(len(rows))))
    tap.check("promise_2_the_log_verifies", wait_for(lambda: town.stage.command("audit", "verify", check=False).exit == 0, 10),
              town.stage.command("audit", "verify", check=False).err)


play(run)
