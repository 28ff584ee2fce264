#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Promises 1, 2 and 6 on a disk that fails: where a sync or a write fails, nothing leaves, everybody is told busy, an event says so, and when the
disk is well again nothing that was acknowledged is lost. argv: protoc, the library of sync_fails.c.

The library is put before libc in one process at a time: the core, the signer, an adapter that sends, an adapter that receives.
"""
import json
import os
import subprocess
import sys
import time
import uuid
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "flow"))
from town import CHILDRENS, PATIENCE, POLICE, RIVER, SCHOOL, TEAM, Holders, Tap, Town, TownStage, is_kind, told, uuid7, wait_for  # noqa: E402

LIBRARY = os.path.abspath(sys.argv[2])  # each process has a folder of its own
WELL, NO_SYNC, NO_WRITE, FULL = range(4)
WRAPPED = ("almoner-core", "almoner-signer")


class Disk:
    """What one process believes of its disk."""

    def __init__(self, path):
        self.path = path
        path.write_bytes(bytes(4096))

    def be(self, how):
        with open(self.path, "r+b") as f:
            f.write(bytes([how, 0]))

    def failed(self):
        return self.path.read_bytes()[1]

    def env(self):
        return [f"LD_PRELOAD={LIBRARY}", f"ALM_SYNC_FAILS={self.path}"]


class FailingTown(Town):
    """A town whose core, signer and adapters each have a disk that can be made to fail."""

    def __enter__(self):
        stage = self.stage
        self.disks = {name: Disk(stage.work / f"disk-{name}") for name in (*WRAPPED, *self.with_adapters)}
        libexec = stage.work / "libexec"
        libexec.mkdir()
        real = stage.prefix / "libexec" / "almoner"
        for program in real.iterdir():
            if program.name in WRAPPED:
                (libexec / program.name).write_text(f"#!/bin/sh\nexec env {' '.join(self.disks[program.name].env())} {program} \"$@\"\n")
                (libexec / program.name).chmod(0o755)
            else:
                (libexec / program.name).symlink_to(program)
        start = stage.start

        def with_disks(name, argv):
            if name == "almonerd":
                argv = [argv[0], "--libexec", libexec, *argv[1:]]
            elif name.startswith("adapter-"):
                argv = ["/usr/bin/env", *self.disks[name.removeprefix("adapter-")].env(), *argv]
            return start(name, argv)

        stage.start = with_disks
        return super().__enter__()

    def desk(self, agency, role, *words, about=None, purpose=None, basis=None):
        args = [*words, "--socket", self.stage.socket_of(agency), "--practitioner", "p-1", "--role", role, "--json"]
        args += ["--purpose", purpose, "--basis", basis] if purpose else []
        stdin = None
        if about:
            p = self.people[about]
            stdin = json.dumps({"given_name": p.given, "family_name": p.family, "date_of_birth": p.born, "nhs_number": "", "upn": "", "homes": []})
            args += ["--subject", "-"]
        return self.stage.command(*args, stdin=stdin, check=False)


def share(town, holders):
    """Whether a question is put and answered."""
    team = holders.by[TEAM]
    for holder in holders.by.values():  # as adapters do: a core that starts again does not know who is there
        holder.say(holder.body(lease=town.pb.Lease()))
    quiet(holders)  # a question that waited for the core to come back is not this one
    query = team.insight("domestic-incident-12m", person="Ada")
    holders.answer(holders.asked(team, query), "YES")
    town.last = told(town.pb, team.reply(query, 2))
    return town.last == ("yes", "all")


def quiet(holders):
    for holder in holders.by.values():
        while holder.receive(1) is not None:
            pass


def core(tap, town, holders, how, words):
    """The log cannot be written: promise 1 and 2."""
    name = words.replace(" ", "_")
    disk, team, police = town.disks["almoner-core"], holders.by[TEAM], holders.by[POLICE]
    tap.check(f"promise_1_before_{name}_it_shares", wait_for(lambda: share(town, holders), 30 * PATIENCE))
    kept = team.consent(person="Ben", recipients=(SCHOOL,), given_on="2021-06-01")
    receipt = team.ask(kept)
    tap.check(f"promise_2_before_{name}_a_lodger_has_its_receipt", is_kind(receipt, "receipt"), receipt)
    quiet(holders)
    began = len(town.log())
    disk.be(how)
    body = team.consent(person="Cyd", recipients=(SCHOOL,), given_on="2021-06-01")
    frame = team.say(body)
    replies = [told(town.pb, team.reply(body, 2))]
    for _ in range(3):
        replies.append(told(town.pb, team.ask(team.insight("domestic-incident-12m", person="Ada"), 1)))
    replies.append(told(town.pb, team.ask(team.insight(role="receptionist"), 1)))
    tap.check(f"promise_1_with_{name}_nothing_is_answered_or_receipted_or_even_refused", all(r in ("busy", None) for r in replies), replies)
    tap.check(f"promise_1_with_{name}_who_asked_is_told_busy", "busy" in replies, replies)
    tap.check(f"promise_1_with_{name}_no_holder_hears_of_it", police.question(0.2) is None)
    change = town.stage.command("practitioner", "suspend", SCHOOL, "t.other", "--reason", "x", *town.stage.signed(), check=False)
    tap.check(f"promise_1_with_{name}_no_officers_change_is_made", change.exit in (69, 74, 75), (change.exit, change.err))
    tap.check(f"promise_1_with_{name}_an_event_says_so", disk.failed() > 0 and "event=batch-failed" in town.log()[began:], disk.failed())
    disk.be(WELL)
    tap.check(f"promise_2_after_{name}_it_shares_again", wait_for(lambda: share(town, holders), 20 * PATIENCE), town.last)
    team.send(frame)
    again = team.reply(body)
    tap.check(f"promise_6_after_{name}_what_was_told_busy_is_taken_when_sent_again", is_kind(again, "receipt"), told(town.pb, again))
    rows = town.audit()
    lodged = {r["leaf"]: r["message"] for r in rows if r["event"] == "consent-lodged"}
    mine = {str(uuid.UUID(bytes=b.id)).replace("-", "") for b in (kept, body)}
    tap.check(f"promise_6_after_{name}_every_receipt_has_its_leaf_once",
              sorted(m.replace("-", "") for m in lodged.values() if m.replace("-", "") in mine) == sorted(mine) and receipt.receipt.leaf in lodged, lodged)
    tap.check(f"promise_2_after_{name}_no_leaf_is_missing", [r["leaf"] for r in rows] == list(range(len(rows))))
    done = wait_for(lambda: town.stage.command("audit", "verify", check=False).exit == 0, 20)
    tap.check(f"promise_2_after_{name}_the_log_verifies", done)


def signer(tap, town, holders):
    """A head whose state cannot be kept is not signed."""
    disk, team = town.disks["almoner-signer"], holders.by[TEAM]
    began = len(town.log())
    disk.be(NO_SYNC)
    stopped = wait_for(lambda: not team.lease() or not town.status()["sharing"], 60 * PATIENCE)
    tap.check("promise_1_a_signer_that_cannot_keep_its_state_stops_sharing", stopped and "event=sharing-stopped" in town.log()[began:])
    quiet(holders)
    got = team.ask(team.insight("domestic-incident-12m", person="Ada"))
    tap.check("promise_1_while_it_cannot_who_asks_is_told_busy", is_kind(got, "busy") and holders.by[POLICE].question(0.2) is None, told(town.pb, got))
    got = team.ask(team.withdrawal(person="Ben"))
    tap.check("promise_1_while_it_cannot_a_withdrawal_is_still_taken", is_kind(got, "receipt"), got)
    disk.be(WELL)
    tap.check("promise_1_once_it_can_it_shares_again", wait_for(lambda: share(town, holders), 30 * PATIENCE))
    tap.check("promise_1_and_the_log_verifies", wait_for(lambda: town.stage.command("audit", "verify", check=False).exit == 0, 20))


def sending(tap, town):
    """What an adapter could not put into its outbox was not accepted."""
    disk = town.disks[SCHOOL]
    ident = str(uuid.UUID(bytes=uuid7()))
    words = ["consent", "grant", "--capacity", "parent", "--holds-responsibility", "--recipients", "*", "--sources", "*", "--given-on", "2021-06-10", "--id", ident]
    for how, name, code in ((NO_SYNC, "because_a_sync_fails", 74), (FULL, "because_its_disk_is_full", 74)):
        disk.be(how)
        got = town.desk(SCHOOL, "senco", *words, about="Ben", purpose="early-help", basis="consent")
        tap.check(f"promise_6_what_an_adapter_cannot_keep_{name}_it_does_not_accept", got.exit == code and disk.failed() > 0, (got.exit, got.out, got.err))
    disk.be(WELL)
    got = town.desk(SCHOOL, "senco", *words, about="Ben", purpose="early-help", basis="consent")
    tap.check("promise_6_the_same_again_is_taken", got.exit == 0 and got.json()["kind"] == "receipt", (got.exit, got.out, got.err))
    lodged = [r for r in town.audit() if r["event"] == "consent-lodged" and r["message"] == ident]
    tap.check("promise_6_and_is_in_the_log_once", len(lodged) == 1, lodged)


def receiving(tap, town, how, words):
    """What an adapter could not keep it does not acknowledge: the broker has it until it can."""
    disk = town.disks[CHILDRENS]
    follow = ["stream", "follow", "--wait", "0"]
    town.desk(CHILDRENS, "social-worker", *follow)
    disk.be(how)
    sent = town.desk(SCHOOL, "senco", "refer", "--kind", "soft", "--to", CHILDRENS, "--reason", "advice", about="Ada", purpose="referral-tracking",
                     basis="public-task")
    tap.check(f"promise_6_a_referral_is_sent_to_an_agency_{words}", sent.exit == 0, (sent.exit, sent.out, sent.err))
    failed = wait_for(lambda: disk.failed() > 0, 20 * PATIENCE)
    heard = town.desk(CHILDRENS, "social-worker", *follow)
    waiting = [s["waiting"] for s in town.status()["streams"] if s["agency"] == CHILDRENS and s["stream"] == "inbox"]
    tap.check(f"promise_6_by_one_{words}_it_is_not_acknowledged_and_nobody_reads_it", failed and waiting == [1] and '"referral"' not in heard.out, (failed, waiting, heard.out))
    disk.be(WELL)
    came = []

    def there():
        came.extend(e for e in map(json.loads, town.desk(CHILDRENS, "social-worker", *follow).out.splitlines()) if e["type"] == "referral")
        return bool(came)

    tap.check(f"promise_6_to_one_{words}_it_comes_once_it_can_be_kept", wait_for(there, 60 * PATIENCE), came)
    time.sleep(0.5)
    there()
    tap.check(f"promise_6_to_one_{words}_it_comes_once", len(came) == 1, came)
    done = wait_for(lambda: not any(s["waiting"] for s in town.status()["streams"] if s["agency"] == CHILDRENS), 20 * PATIENCE)
    tap.check(f"promise_6_and_for_one_{words}_the_broker_has_nothing_left", done, town.status()["streams"])


def main():
    tap = Tap()
    with FailingTown(sys.argv[1], with_adapters=(SCHOOL, CHILDRENS), limits="lease_ms = 2000; deadline_ms = 4000;",
                     signer="interval_ms = 500; unsigned_limit_s = 8;") as town:
        holders = Holders(*(town.speaker(a) for a in (TEAM, POLICE, RIVER)))
        for how, words in ((NO_SYNC, "a failed sync"), (NO_WRITE, "a failed write")):
            core(tap, town, holders, how, words)
        signer(tap, town, holders)
        sending(tap, town)
        receiving(tap, town, NO_SYNC, "whose_syncs_fail")
        receiving(tap, town, FULL, "whose_disk_is_full")
        tap.check("promise_7_and_no_agency_was_blamed_for_its_disk", "event=agency-suspended" not in town.log(), None)
    tap.done()


if __name__ == "__main__":
    main()
