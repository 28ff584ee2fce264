#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Concerns and referrals flow while the core, a gate, a hub's adapter and other agencies are ended with SIGKILL at random moments; then
the ledgers of senders, broker and receivers agree: nothing lost, nothing acted on twice.

20 kills and 2,000 messages; 200 and 20,000 with ALM_FULL=1. argv[1]: protoc. $ALM_SEED repeats a run's choices.

The school and the police lodge concerns, each of which fires, and the school refers to a charity. The hub of children's services and the
senders are processes of ledger_party.py; the police's hub and the charity have adapters of the product's own, and applications that take
what has come over the local socket.
"""
import base64
import json
import os
import random
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "flow"))
from town import CHILDRENS, PATIENCE, POLICE, RIVER, SCHOOL, Person, Speaker, StageError, Tap, Town, generated, ordinal, wait_for  # noqa: E402

FULL = bool(os.environ.get("ALM_FULL"))
KILLS, MESSAGES = (200, 20000) if FULL else (20, 2000)
LIMITS = "lease_ms = 2000; messages_per_s = 5000;"
SECONDS_A_KILL = 2.5
PARTY = HERE / "ledger_party.py"


class Hubs(Town):
    """A town whose policy names more hubs; each concern of severity high fires."""

    def __init__(self, *arguments, hubs=(POLICE,), **options):
        super().__init__(*arguments, **options)
        activate = self.stage.activate

        def with_hubs(policy):
            for path in policy.iterdir():
                text = path.read_text(encoding="utf-8")
                for hub in hubs:
                    text = re.sub(rf'(\{{ id = "{hub}"; name = [^}}]*?)( hub = true;)? \}}', r"\1 hub = true; }", text)
                    text = re.sub(rf'(id = "st-concerns".*?agency = "{hub}"; ask = )"no"', r'\1"full"', text, flags=re.DOTALL)
                path.write_text(text, encoding="utf-8")
            activate(policy)

        self.stage.activate = with_hubs

    def pids(self):
        return {name: pid for name, pid in self.children().items() if Path(f"/proc/{pid}").exists()}


def letters(n):
    """A number as a family name: names are letters only."""
    return "Q" + "".join(chr(ord("a") + int(d)) for d in str(n))


class Senders:
    """Makes the frames beforehand, signed with an agency's key, so that each is the same however often it is sent."""

    def __init__(self, town):
        self.town = town
        self.n = 0

    def speaker(self, agency):
        return Speaker(self.town, agency, address="tcp://127.0.0.1:9")  # only signs

    def someone(self, token_set):
        self.n += 1
        self.town.add_person(token_set, Person("Kim", letters(self.n), "2014-03-02", nhs=str(4000000000 + self.n)))
        return token_set.tokens[0].value.hex()

    def concern(self, s):
        body = s.body(purpose="concern-monitoring", basis="public-task")
        c = body.concern
        c.category, c.severity, c.subject_kind = "concern", s.pb.SEVERITY_HIGH, s.pb.SUBJECT_KIND_PERSON
        what = self.someone(c.subject)
        c.observed_on, c.contact_route = ordinal(self.town.day), "01632 960000"
        return body, "concern", what

    def referral(self, s):
        body = s.asking("referral-tracking", None, "public-task")
        r = body.referral
        r.kind, r.origin, r.to = s.pb.REFERRAL_KIND_SOFT, s.pb.REFERRAL_ORIGIN_AGENCY, RIVER
        r.subject_kind, r.reason, r.sent_on = s.pb.SUBJECT_KIND_PERSON, "advice", ordinal(self.town.day)
        self.someone(r.subject)
        return body, "referral", body.id.hex()

    def write(self, agency, path, makes):
        """makes: a function for each message. Return: (kind, id, what) of each."""
        s, made = self.speaker(agency), []
        with open(path, "w", encoding="utf-8") as f:
            for make in makes:
                body, kind, what = make(s)
                f.write(json.dumps({"id": body.id.hex(), "frame": base64.b64encode(s.sized(body)).decode()}) + "\n")
                made.append((kind, body.id.hex(), what))
        s.close()
        return made


class Party:
    """A process of ledger_party.py."""

    def __init__(self, town, agency, send=None, **more):
        self.town, self.agency, self.name = town, agency, f"party-{agency}"
        self.folder = town.stage.work / self.name
        self.folder.mkdir(exist_ok=True)
        keys = town.stage.keys
        self.config = {"agency": agency, "folder": str(self.folder), "address": town.stage.gates[town.cabinet.organisation[agency]],
                       "broker_public": town.stage.broker_public(), "curve": str(keys / f"{agency}.key_secret"),
                       "seed": (keys / f"{agency}.sign").read_text().strip(), "mode": town.stage.mode, "origin": town.stage.origin,
                       "send": str(send) if send else None, **more}
        told = self.folder / "keys" / "config.json"  # it holds the party's signing key
        told.parent.mkdir(exist_ok=True)
        told.write_text(json.dumps(self.config), encoding="utf-8")

    def start(self):
        self.process = self.town.stage.start(self.name, ["/usr/bin/python3", PARTY, self.folder / "keys" / "config.json"])

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.start()

    def lines(self, name):
        path = self.folder / name
        octets = path.read_bytes() if path.exists() else b""
        return [line.split() for line in octets[:octets.rfind(b"\n") + 1].decode().splitlines()]


class Application(threading.Thread):
    """What stands behind an adapter: takes a stream's events in order over the local socket, each once; says that it is done with them."""

    def __init__(self, town, agency, stream, kind):
        super().__init__(daemon=True)
        self.path, self.stream, self.kind = str(town.stage.socket_of(agency)), stream, kind
        self.seen, self.done, self.again, self.order, self.stop = {}, set(), [], [], False

    def ask(self, **request):
        """Return: the reply, or None while nobody is there."""
        try:
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(20)
                s.connect(self.path)
                octets = json.dumps(request).encode()
                s.sendall(struct.pack(">I", len(octets)) + octets)
                (length,) = struct.unpack(">I", self.exactly(s, 4))
                return json.loads(self.exactly(s, length))
        except (OSError, EOFError):
            return None

    @staticmethod
    def exactly(s, n):
        octets = b""
        while len(octets) < n:
            more = s.recv(n - len(octets))
            if not more:
                raise EOFError
            octets += more
        return octets

    def take(self, events):
        for e in events:
            if e["event"] in self.done:
                self.again.append(e["event"])  # given again after we had said, and been told, that it was done
            if e["event"] not in self.seen:
                self.seen[e["event"]] = e.get("referral", {}).get("referral", "")
                self.order.append(e["seq"])

    def run(self):
        while not self.stop:
            got = self.ask(op="stream-next", stream=self.stream, n=32, wait_ms=500)
            events = (got or {}).get("events") or []
            if not events:
                time.sleep(0.1)
                continue
            self.take([e for e in events if e["type"] == self.kind])
            reply = self.ask(op="stream-done", stream=self.stream, seq=events[-1]["seq"])
            if reply and reply.get("ok"):
                self.done.update(e["event"] for e in events)


class Killer:
    def __init__(self, town, parties, adapters, seed):
        self.town, self.random, self.counts = town, random.Random(seed), Counter()
        self.targets = ["core", town.gate_of(SCHOOL), town.gate_of(CHILDRENS)] + parties + list(adapters)
        self.first = self.random.sample(self.targets, len(self.targets))  # each once; then as it falls

    def adapter(self, agency):
        process = self.town.stage.processes[f"adapter-{agency}"]
        process.kill()
        process.wait()
        self.town.stage.start_adapter(agency, self.town.configs[agency])

    def child(self, name):
        try:
            pid = self.town.kill(name)
        except (ProcessLookupError, TypeError):
            return False  # it is just coming back
        if self.town.back(name, pid, 30) is None:
            raise StageError(f"{name} did not come back")
        return True

    def one(self):
        target = self.first.pop() if self.first else self.random.choice(self.targets + ["core"])
        time.sleep(self.random.random() * 0.3)
        if isinstance(target, Party):
            target.kill()
            self.counts[target.name] += 1
        elif target in self.town.with_adapters:
            self.adapter(target)
            self.counts[f"adapter-{target}"] += 1
        elif self.child(target):
            self.counts[target] += 1
        else:
            return 0
        time.sleep(self.random.random() * 0.5)
        return 1

    def pardon(self, seen):
        """An agency whose messages were being decided twice when the core was killed is suspended, rightly: two officers look, and resume it."""
        found = re.findall(r"event=agency-suspended agency=(\S+)", self.town.log())
        for agency in set(found[seen:]):
            self.town.stage.patient("agency", "resume", agency, "--reason", "the test killed the core", *self.town.stage.signed(both=True))
            self.counts["suspended, and resumed"] += 1
        return len(found)


def kept_configs(town):
    """Where each adapter's configuration stands, for starting it again."""
    town.configs, start = {}, town.stage.start_adapter

    def keep(agency, config):
        town.configs[agency] = config
        start(agency, config)

    town.stage.start_adapter = keep


def totals(sent, kind):
    return {ident: what for k, ident, what in sent if k == kind}


def check_broker(tap, rows, sent, receipts):
    """The log has each message once, under the leaf that its receipt names."""
    for kind, event in (("concern", "concern-lodged"), ("referral", "referral-sent")):
        found = Counter(r["message"].replace("-", "") for r in rows if r["event"] == event)
        wanted = totals(sent, kind)
        tap.check(f"the log has every {kind} once", set(found) == set(wanted) and set(found.values()) == {1},
                  (len(found), len(wanted), [m for m, n in found.items() if n > 1][:3]))
    leaf_of = {r["message"].replace("-", ""): r["leaf"] for r in rows if r["event"] in ("concern-lodged", "referral-sent")}
    wrong = [(ident, leaf, leaf_of.get(ident)) for ident, leaf in receipts if leaf_of.get(ident) != int(leaf)]
    tap.check("and every receipt names that leaf, however often it was given", receipts and not wrong, wrong[:3])


def delivered(rows, agency, stream):
    """How many deliveries the log says were sent for the first time."""
    found = [re.match(rf"stream {stream}, (\d+) up to", r.get("detail") or "") for r in rows if r["event"] == "delivered" and r["agency"] == agency]
    return sum(int(m.group(1)) for m in found if m)


def flow(tap, town, seed):
    makers, pb_folder = Senders(town), town.stage.work / "modules"
    pb_folder.mkdir()
    subprocess.run([sys.argv[1], f"--proto_path={HERE.parent.parent / 'proto'}", f"--python_out={pb_folder}", "almoner/v1/almoner.proto"], check=True)
    modules = str(pb_folder / "almoner" / "v1")
    quarter = MESSAGES // 4
    chooser = random.Random(seed + 1)
    school = [makers.concern] * (2 * quarter) + [makers.referral] * quarter
    chooser.shuffle(school)
    school_file, hub_file = town.stage.work / "school.send", town.stage.work / "hub.send"
    sent = makers.write(SCHOOL, school_file, school) + makers.write(CHILDRENS, hub_file, [makers.concern] * quarter)
    rate, go = MESSAGES / (KILLS * SECONDS_A_KILL), town.stage.work / "go"
    parties = [Party(town, SCHOOL, school_file, modules=modules, rate=rate * 0.75, go=str(go)),
               Party(town, CHILDRENS, hub_file, modules=modules, rate=rate * 0.25, go=str(go), streams=["all"])]
    for party in parties:
        party.start()
    police, charity = Application(town, POLICE, "all", "firing"), Application(town, RIVER, "inbox", "referral")
    subscribed = wait_for(lambda: (police.ask(op="stream-subscribe", stream="all", credit=64) or {}).get("ok"), 60 * PATIENCE)
    tap.check("a hub subscribes through its adapter", subscribed, None)
    both = wait_for(lambda: sum(s["stream"] == "all" for s in town.status()["streams"]) == 2, 60 * PATIENCE)
    tap.check("so does the other", both, town.status()["streams"])
    go.touch()
    police.start()
    charity.start()
    killer, suspended = Killer(town, parties, town.with_adapters, seed), 0
    while sum(n for name, n in killer.counts.items() if not name.startswith("suspended")) < KILLS:
        killer.one()
        suspended = killer.pardon(suspended)
    print(f"# killed: {dict(killer.counts)}", flush=True)
    settle(town, parties, sent, police, charity, killer, suspended)
    verdict(tap, town, sent, parties, police, charity)


def settle(town, parties, sent, police, charity, killer, suspended):
    """Until everything has arrived, or nothing more does."""
    concerns, referrals = len(totals(sent, "concern")), len(totals(sent, "referral"))
    end, last, moved = time.monotonic() + 1800 * PATIENCE, None, time.monotonic()
    while time.monotonic() < end and time.monotonic() - moved < 90 * PATIENCE:
        now = (sum(len(p.lines("sent.log")) for p in parties), len({r[1] for r in parties[1].lines("acted.log") if r[0] == "firing"}),
               len(police.seen), len(charity.seen))
        if now[0] >= len(sent) and now[1:] == (concerns, concerns, referrals):
            return
        if now != last:
            last, moved = now, time.monotonic()
        suspended = killer.pardon(suspended)
        time.sleep(0.5)
    print(f"# not everything came: receipts, the hub's, the police's, the charity's: {last} of {(len(sent), concerns, concerns, referrals)}", flush=True)


def verdict(tap, town, sent, parties, police, charity):
    rows = town.audit()
    receipts = [row for p in parties for row in p.lines("sent.log")]
    tap.check("every sender has a receipt for each of its messages", {r[0] for r in receipts} == {ident for _, ident, _ in sent},
              (len({r[0] for r in receipts}), len(sent)))
    check_broker(tap, rows, sent, receipts)
    acted = [r for r in parties[1].lines("acted.log") if r[0] == "firing"]
    whom = Counter(r[2] for r in acted)
    wanted = set(totals(sent, "concern").values())
    tap.check("the hub acted on every firing", set(whom) == wanted, (len(whom), len(wanted)))
    tap.check("and on none twice", set(whom.values()) == {1} and len({r[1] for r in acted}) == len(acted), whom.most_common(2))
    tap.check("the log counts as many first deliveries to it", delivered(rows, CHILDRENS, "all") == len(acted), (delivered(rows, CHILDRENS, "all"), len(acted)))
    tap.check("the hub with the product's adapter has as many", len(police.seen) == len(wanted), (len(police.seen), len(wanted)))
    tap.check("and the log says so", delivered(rows, POLICE, "all") == len(police.seen), (delivered(rows, POLICE, "all"), len(police.seen)))
    tap.check("in order", police.order == sorted(police.order), police.order[:20])
    found = Counter(v.replace("-", "") for v in charity.seen.values())
    wanted = set(totals(sent, "referral"))
    tap.check("the charity has every referral, once", set(found) == wanted and set(found.values()) == {1}, (len(found), len(wanted), found.most_common(2)))
    tap.check("nothing was given again that an application was done with", not police.again and not charity.again, (police.again[:3], charity.again[:3]))
    waiting = wait_for(lambda: not any(s["waiting"] for s in town.status()["streams"] if s["stream"] == "all"), 30 * PATIENCE)
    tap.check("and the broker has nothing left to deliver to the hubs", waiting, town.status()["streams"])
    tap.check("nor any dead letter", town.stage.command("dead-letters", "list", "--json").json()["dead_letters"] == [], None)


def main():
    seed = int(os.environ.get("ALM_SEED") or random.SystemRandom().randrange(1 << 32))
    tap = Tap()
    print(f"# seed {seed}: {KILLS} kills, {MESSAGES} messages", flush=True)
    pb = generated(sys.argv[1])
    town = Hubs(pb, with_adapters=(POLICE, RIVER), limits=LIMITS)
    kept_configs(town)
    with town:
        flow(tap, town, seed)
    tap.done()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    main()
