#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Promise 7: one hostile agency harms only itself. It floods the broker with messages and with bytes; liars are in test_hostile.py. argv: protoc."""
import sys
import threading
import time

from town import CHILDRENS, PATIENCE, PATIENT, POLICE, RIVER, SCHOOL, TEAM, Holders, Tap, Town, generated, is_kind, told, wait_for

RATE = 20          # messages a second of one agency, here
SECONDS = 8
MINUTE = 60


class Flood(threading.Thread):
    """Sends as fast as it can: good questions, junk and repeats. Its socket is its own from here on."""

    def __init__(self, speaker):
        super().__init__(daemon=True)
        self.speaker, self.stop, self.sent, self.busy, self.other = speaker, False, 0, 0, 0

    def run(self):
        question = self.speaker.frame(self.speaker.insight(), 4096)
        frames = [question, b"\xff" * 2000, self.speaker.frame(self.speaker.who(), 4096), self.speaker.frame(self.speaker.body(lease=self.speaker.pb.Lease()), 1024)]
        while not self.stop:
            self.sent += self.speaker.send(frames[self.sent % len(frames)])
            while True:
                got = self.speaker.receive(0)
                if got is None:
                    break
                self.busy += got.WhichOneof("payload") == "busy"
                self.other += got.WhichOneof("payload") != "busy"


def ask(town, childrens, holders):
    """One question to the police. Return: (what is told, seconds)."""
    body = childrens.insight("domestic-incident-12m", person="Ada")
    start = time.monotonic()
    childrens.say(body)
    question = holders.by[POLICE].question()
    if question is None:
        return None, time.monotonic() - start
    holders.by[POLICE].answer(question, "YES")
    return told(town.pb, childrens.reply(body)), time.monotonic() - start


def flood(tap, town, holders):
    childrens = holders.by[CHILDRENS]
    leaf = town.next_leaf()
    floods = [Flood(town.speaker(SCHOOL)) for _ in range(2)]
    for thread in floods:
        thread.start()
    times, began = [], time.monotonic()
    while time.monotonic() < began + SECONDS:
        value, seconds = ask(town, childrens, holders)
        times.append(seconds if value == ("yes", "all") else None)
        time.sleep(1 / RATE)  # within the asker's own rate
    lodged = childrens.ask(childrens.consent(person="Ada", capacity="SELF"))
    for thread in floods:
        thread.stop = True
    for thread in floods:
        thread.join(5 * PATIENCE)
        thread.speaker.close()
        town.speakers.remove(thread.speaker)
    sent, busy = sum(f.sent for f in floods), sum(f.busy for f in floods)
    print(f"# {sent} sent by the flooder, {busy} busy; {len(times)} questions of another agency, slowest {max(t or 99 for t in times):.3f} s", flush=True)
    tap.check("promise_7_a_flood_is_many_times_what_an_agency_may_send", sent > 10 * RATE * SECONDS, sent)
    tap.check("promise_7_every_question_of_another_agency_is_answered_meanwhile", len(times) > SECONDS and None not in times, (len(times), times.count(None)))
    usual = sorted(t or 99 for t in times)[len(times) // 2]
    tap.check("promise_7_and_usually_at_once", usual < 0.5 * PATIENCE, usual)
    tap.check("promise_7_what_another_lodges_gets_its_receipt", is_kind(lodged, "receipt"))
    tap.check("promise_7_the_flooder_is_told_busy", busy > 0, busy)
    ordinary = [r for r in town.audit(leaf, agency=SCHOOL) if r["event"] != "limited"]
    took = time.monotonic() - began
    tap.check("promise_7_it_fills_the_log_no_faster_than_its_rate", len(ordinary) <= 3 * RATE * (took + 5), (len(ordinary), took))
    return leaf


def one_leaf_a_minute(tap, town, leaf):
    limited = wait_for(lambda: town.audit(leaf, event="limited"), MINUTE + 15)
    tap.check("promise_7_beyond_its_rate_there_is_one_aggregated_leaf", bool(limited) and len(limited) == 1 and limited[0]["agency"] == SCHOOL
              and "rate" in limited[0]["detail"], limited)


def afterwards(tap, town, holders):
    time.sleep(3)  # what the flooder had asked is over by then
    school, replies = town.speaker(SCHOOL), []

    def served():
        for agency in (CHILDRENS, TEAM):
            while holders.by[agency].receive(50) is not None:
                pass
        body = school.insight()
        holders.answer(holders.asked(school, body), "NO")
        replies.append(told(town.pb, school.reply(body)))
        return replies[-1] == ("no", "all")  # a gate may have had more of the flood to hand on

    tap.check("promise_7_once_it_keeps_to_its_rate_it_is_served", wait_for(served, 20), replies)


def bytes_of_the_day(tap, town, holders):
    """Large frames use up an agency's day; others have theirs. Its day is UTC's: not in the last minute of one."""
    wait_for(lambda: time.time() % 86400 < 86400 - 90, 120)
    river = holders.by[RIVER]
    answer = None
    for n in range(200):
        river.send(b"\xff" * 8000)
        if n % 10 == 9:
            answer = river.until({"busy"}, timeout_s=1.0)
            if answer is not None and answer.busy.retry_after_ms > 60000:
                break
    tap.check("promise_7_beyond_its_bytes_of_the_day_an_agency_is_busy_until_tomorrow", answer is not None and 60000 < answer.busy.retry_after_ms <= 86400000,
              answer)
    tap.check("promise_7_and_another_is_served", ask(town, holders.by[CHILDRENS], holders)[0] == ("yes", "all"))


def main():
    tap = Tap()
    pb = generated(sys.argv[1])
    with Town(pb, limits=f"{PATIENT} messages_per_s = {RATE};") as town:
        holders = Holders(*(town.speaker(a) for a in (CHILDRENS, TEAM, POLICE)))
        leaf = flood(tap, town, holders)
        afterwards(tap, town, holders)
        one_leaf_a_minute(tap, town, leaf)
        ended = [x for x in town.log().splitlines() if "event=child-ended" in x]
        tap.check("promise_7_no_process_of_the_broker_ended", not ended, ended)
    with Town(pb, limits=f"{PATIENT} daily_bytes = 1000000;") as town:
        bytes_of_the_day(tap, town, Holders(*(town.speaker(a) for a in (CHILDRENS, TEAM, POLICE, RIVER))))
    tap.done()


main()
