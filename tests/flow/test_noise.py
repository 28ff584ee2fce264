#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Noise: peers that nobody knows, and agencies that talk without being understood, fill neither the log nor the disk, nor anybody's time.

Unknown keys, no keys and passwords, garbage and half-open connections at a gate; garbage, bad signatures and repeats of an enrolled agency;
whatever a suspended one says. argv: protoc.
"""
import os
import socket
import sys
import time

import zmq

from town import CHILDRENS, PATIENCE, POLICE, RIVER, SCHOOL, TEAM, Holders, play, refused, told

SINGLES = 32          # leaves of their own that one agency's noise may have in a minute
TIMES = 400           # messages of each sort
CROWD = 60            # connections of each sort
DISK_KIB = 512        # by which the store may grow
LOG_KIB = 64          # by which the operators' log may


class Crowd:
    """Connections of nobody that is enrolled, to one gate, coming back as fast as they may."""

    def __init__(self, address, broker_public):
        self.context, self.sockets, self.raw = zmq.Context(), [], []
        self.host, port = address.removeprefix("tcp://").rsplit(":", 1)
        self.port = int(port)
        self.context.max_sockets = 4 * CROWD
        for n in range(CROWD):
            public, secret = zmq.curve_keypair()
            self.dealer(address, curve_serverkey=broker_public.encode(), curve_publickey=public, curve_secretkey=secret)
            self.dealer(address, plain_username=b"elm-school", plain_password=b"elm-school") if n % 2 else self.dealer(address)

    def dealer(self, address, **options):
        s = self.context.socket(zmq.DEALER)
        s.linger, s.reconnect_ivl, s.reconnect_ivl_max, s.sndhwm = 0, 20, 20, 4
        for name, value in options.items():
            setattr(s, name, value)
        s.connect(address)
        self.sockets.append(s)

    def more(self):
        """Garbage, half a greeting, and nothing at all, on connections that are held."""
        for octets in (os.urandom(200), b"\xff\0\0\0\0\0\0\0\1\x7f\3\0CURVE", b"GET / HTTP/1.1\r\n\r\n", b""):
            try:
                s = socket.create_connection((self.host, self.port), timeout=1)
                s.sendall(octets)
                self.raw.append(s)
            except OSError:
                continue  # it is refused at the door
        for s in self.sockets:
            try:
                s.send(b"let me in", zmq.NOBLOCK)
            except zmq.Again:
                continue

    def close(self):
        for s in (*self.sockets, *self.raw):
            s.close()
        self.context.term()


def sizes(town):
    """(KiB of the store, KiB of the operators' log, leaves)."""
    store = sum(p.stat().st_blocks * 512 for p in town.stage.work.joinpath("data").rglob("*") if p.is_file())
    return store / 1024, (town.stage.work / "almonerd.log").stat().st_size / 1024, town.next_leaf()


def babble(speaker):
    """What an enrolled agency says when something has gone wrong with its adapter. Paced below its rate, or most of it would be Busy."""
    query = speaker.insight()
    good = speaker.frame(query, 4096)
    for n in range(TIMES // 4):
        speaker.send(os.urandom(64))
        speaker.send(speaker.frame(speaker.insight(), 4096, signature=bytes(64)))
        speaker.send(good)
        speaker.say(speaker.answering(os.urandom(16), "NO"))
        if n % 10 == 0:
            time.sleep(0.2)
            while speaker.receive(0) is not None:
                pass
    return query


def ask(holders, asker):
    body = asker.insight("domestic-incident-12m", person="Ada")
    holders.answer(holders.asked(asker, body), "NO")
    return told(asker.pb, asker.reply(body))


def noise(tap, town):
    holders = Holders(*(town.speaker(a) for a in (CHILDRENS, POLICE)))
    team, river = town.speaker(TEAM), town.speaker(RIVER)
    town.stage.command("agency", "suspend", RIVER, "--reason", "under review", *town.stage.signed())
    tap.check("before the noise a question is answered", ask(holders, holders.by[CHILDRENS]) == ("no", "all"))
    before, first = sizes(town), town.next_leaf()
    crowds = [Crowd(town.stage.gates[town.cabinet.organisation[agency]], town.stage.broker_public()) for agency in (POLICE, SCHOOL, CHILDRENS)]
    asked, answered, end = 0, 0, time.monotonic() + 3
    while time.monotonic() < end or asked < 3:
        for crowd in crowds:
            crowd.more()
        asked += 1
        answered += ask(holders, holders.by[CHILDRENS]) == ("no", "all")
    tap.check("while strangers crowd the gates every question is answered", asked == answered > 2, (asked, answered))
    strangers = town.audit(first)
    ordinary = {"decided", "disclosed", "answered"}
    tap.check("strangers add no leaf at all", {r["event"] for r in strangers if r["agency"]} <= ordinary and not any(r["event"] == "rejected" for r in strangers),
              [r for r in strangers if r["event"] not in ordinary])
    babble(team)
    babble(river)
    tap.check("an agency that talks nonsense is still told so", refused(team.ask(team.insight(sender=POLICE)), "wrong-sender"))
    tap.check("and a suspended one that it is", refused(river.ask(river.insight()), "agency-suspended"))
    got = ask(holders, holders.by[CHILDRENS])
    tap.check("others are answered as before", got == ("no", "all"), got)
    rows = town.audit(first)
    for agency in (TEAM, RIVER):
        mine = [r for r in rows if r["agency"] == agency and r["event"] not in ordinary]
        minutes = 1 + (time.monotonic() - end + 3) / 60
        tap.check(f"of {agency}'s {TIMES} messages a few have a leaf, the others are counted", 0 < len(mine) <= SINGLES + minutes, len(mine))
    for crowd in crowds:
        crowd.close()
    after = sizes(town)
    grown = [round(b - a) for a, b in zip(before, after)]
    print(f"# store {grown[0]} KiB, log {grown[1]} KiB, {grown[2]} leaves; {asked} questions answered meanwhile", flush=True)
    tap.check(f"the store has grown by no more than {DISK_KIB} KiB", grown[0] <= DISK_KIB, grown)
    tap.check(f"and the operators' log by no more than {LOG_KIB} KiB", grown[1] <= LOG_KIB, grown)
    lines = [line for line in town.log().splitlines() if "event=gate-noise" in line]
    tap.check("a gate tells of strangers in a line a minute at most", len(lines) <= 2 * len(crowds) * (1 + PATIENCE), lines[:10])
    tap.check("and no process of the broker ended", "event=child-ended" not in town.log())


def main():
    play(noise)


main()
