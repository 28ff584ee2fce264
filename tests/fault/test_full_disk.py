#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Promise 2 on a disk that is full: what cannot be recorded is not shared, and everybody is told to try again. argv: protoc.

The store lies on a small tmpfs, which only root may mount; else the test is skipped, and says so."""
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "flow"))
from town import CHILDRENS, POLICE, RIVER, SCHOOL, TEAM, Holders, Tap, Town, is_kind, told, wait_for  # noqa: E402

DISK_MIB = 6


class Disk:
    """A tmpfs of a few MiB, unmounted on the way out."""

    def __init__(self):
        self.place = Path(tempfile.mkdtemp(prefix="almoner-disk-", dir="/tmp"))
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m,mode=0700", "tmpfs", self.place], capture_output=True, check=False)
        self.mounted = done.returncode == 0

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.mounted:
            subprocess.run(["umount", self.place], capture_output=True, check=False)
        self.place.rmdir()

    def fill(self):
        """Until nothing more goes in."""
        with open(self.place / "filler", "ab", buffering=0) as out:
            for size in (1 << 20, 1 << 12, 1):
                try:
                    while out.write(bytes(size)):
                        pass
                except OSError:
                    continue

    def empty(self):
        (self.place / "filler").unlink()


def fill_up(town, disk, school):
    """Lodges until the store asks for more room than there is. Return: (receipts by id, the first message without one)."""
    disk.fill()
    receipts = {}
    for n in range(400):
        body = school.consent(person=town.people["Ben"], given_on="2021-06-01")
        frame = school.say(body)
        got = school.reply(body)
        if not is_kind(got, "receipt"):
            return receipts, (body, frame, got)
        receipts[body.id] = got.receipt
    return receipts, None


def full(tap, town, disk, holders):
    school, childrens, police = holders.by[SCHOOL], holders.by[CHILDRENS], holders.by[POLICE]
    receipts, first = fill_up(town, disk, school)
    tap.check("promise_2_a_disk_can_be_filled", first is not None, len(receipts))
    if first is None:
        return
    body, frame, got = first
    tap.check("promise_2_on_a_full_disk_a_lodger_is_told_busy", is_kind(got, "busy") or got is None, told(town.pb, got))
    for holder in holders.by.values():
        while holder.receive(1) is not None:
            pass
    replies = []
    for _ in range(4):
        query = childrens.insight("domestic-incident-12m", person="Ada")
        replies.append(told(town.pb, childrens.ask(query, 2)))
        time.sleep(0.3)
    tap.check("promise_2_nor_is_any_question_answered", all(r in ("busy", None) for r in replies), replies)
    tap.check("promise_2_and_nobody_is_left_without_an_answer_for_ever", "busy" in replies + [told(town.pb, got)], replies)
    tap.check("promise_2_no_holder_hears_of_it", police.question(0.2) is None)
    refusal = school.insight(role="receptionist")
    tap.check("promise_2_not_even_a_refusal_leaves_without_its_record", told(town.pb, school.ask(refusal, 2)) in ("busy", None))
    suspended = town.stage.command("practitioner", "suspend", SCHOOL, "t.finch", "--reason", "x", *town.stage.signed(), check=False)
    tap.check("promise_2_an_officers_change_that_cannot_be_recorded_is_not_made", suspended.exit in (69, 74, 75), (suspended.exit, suspended.err))

    disk.empty()

    def back():
        query = childrens.insight("domestic-incident-12m", person="Ada")
        asked = holders.asked(childrens, query)
        holders.answer(asked, "YES")
        return told(town.pb, childrens.reply(query, 2)) == ("yes", "all")

    tap.check("promise_2_when_there_is_room_again_it_shares_again", wait_for(back, 30))
    wait_for(lambda: school.lease() is not None, 10)
    school.send(frame)
    again = school.reply(body)
    tap.check("promise_2_what_was_told_busy_is_taken_when_sent_again", is_kind(again, "receipt"), told(town.pb, again))
    rows = town.audit()
    lodged = {r["leaf"] for r in rows if r["event"] == "consent-lodged"}
    tap.check("promise_2_every_receipt_given_has_its_leaf", {r.leaf for r in receipts.values()} <= lodged and len(lodged) == len(receipts) + 1,
              (len(receipts), len(lodged)))
    tap.check("promise_2_no_leaf_is_missing", [r["leaf"] for r in rows] == list(range(len(rows))))
    tap.check("promise_2_and_the_log_verifies", wait_for(lambda: town.stage.command("audit", "verify", check=False).exit == 0, 20),
              town.stage.command("audit", "verify", check=False).err)


def main():
    tap = Tap()
    with Disk() as disk:
        if os.geteuid() != 0 or not disk.mounted:
            print("ok 1 - promise_2_on_a_full_disk_nothing_leaves # SKIP a tmpfs cannot be mounted here\n1..1", flush=True)
            return
        with Town(sys.argv[1], data_dir=disk.place / "data") as town:
            full(tap, town, disk, Holders(*(town.speaker(a) for a in (CHILDRENS, TEAM, POLICE, SCHOOL, RIVER))))
            print("# " + "\n# ".join([x for x in town.log().splitlines() if "level=error" in x or "level=warn" in x][:12]), flush=True)
    tap.done()


main()
