#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A backup while agencies ask and lodge, restored into a fresh folder, examined, and started: what waited is delivered.

argv[1]: protoc.
"""
import datetime
import json
import os
import resource
import signal
import socket
import subprocess
import threading
import time

from town import CHILDRENS, PATIENCE, POLICE, SCHOOL, Person, is_kind, ordinal, play, wait_for

LODGED_LEAST = 300  # so that a backup has several pages


def lodge_concern(school, n):
    body = school.body(purpose="concern-monitoring", basis="public-task")
    c = body.concern
    c.category, c.severity, c.subject_kind = "concern", school.pb.SEVERITY_HIGH, school.pb.SUBJECT_KIND_PERSON
    school.town.add_person(c.subject, Person("Kim", f"Queue{'abcdef'[n]}", "2014-03-02", nhs=str(4000000000 + n)))
    c.observed_on, c.contact_route = ordinal(school.town.day), "01632 960000"
    return school.ask(body)


class Load(threading.Thread):
    """Asks, lodges and withdraws, one thing after another, until it is stopped."""

    def __init__(self, town):
        super().__init__()
        self.town, self.over, self.lodged, self.failed = town, threading.Event(), 0, []

    def run(self):
        police, school = self.town.speaker(POLICE), self.town.speaker(SCHOOL)
        while not self.over.is_set():
            police.say(police.insight("cp-plan-current", person="Ben", purpose="child-protection"))
            for body in (school.consent(person="Ben"), school.withdrawal(person="Ben")):
                receipt = school.ask(body)
                if is_kind(receipt, "receipt"):
                    self.lodged += 1
                else:
                    self.failed.append(receipt)
        police.close()
        school.close()


class Scene:
    def __init__(self, tap, town):
        self.tap, self.town, self.stage = tap, town, town.stage
        self.key, self.pub = self.stage.work / "safe.backup", self.stage.work / "safe.backup.pub"
        self.made = 0

    def run(self, *args, **options):
        return self.stage.command(*args, check=False, **options)

    def says(self, name, done, code, *words):
        said = done.out + done.err
        self.tap.check(name, done.exit == code and all(w in said for w in words), f"exit {done.exit}: {said.strip()[:500]}")
        if code and done.argv[1] in ("restore", "fsck"):
            self.says_to_programs(name, done)
        return done

    def says_to_programs(self, name, done):
        """The same failure with --json: one object, the same exit code, the same line for people."""
        again = self.run(*done.argv[1:], "--json")
        told = [json.loads(line) for line in again.out.splitlines()]
        # A page that points wildly ends the child that read it, of which a sanitizer writes much.
        said, said_again = ([line for line in err.splitlines() if line.startswith("almoner ")] for err in (done.err, again.err))
        self.tap.check(f"{name}, in JSON as well", (again.exit, said_again) == (done.exit, said) and len(told) == 1 and
                       (told[0]["ok"], told[0]["exit"], bool(told[0]["error"])) == (False, done.exit, True) and
                       (told[0]["message"] == said[-1].split(": ", 1)[1] if said else told[0]["found"] == len(told[0]["findings"]) == 1 and told[0]["findings"][0]["todo"]),
                       (again.exit, again.err, again.out))

    def out(self):
        self.made += 1
        return self.stage.work / f"backup-{self.made}"

    def backup(self, out=None, **options):
        out = out or self.out()
        return out, self.run("backup", out, "--to", self.pub, *self.stage.signed(), "--json", **options)

    def config(self, name, **changes):
        """A configuration like the broker's, but for these texts."""
        text = self.stage.config.read_text(encoding="utf-8").replace(f'"{self.town.stage.data_dir}"', f'"{self.stage.work / name}"')
        for old, new in changes.items():
            text = text.replace(old, new)
        path = self.stage.work / f"{name}.conf"
        path.write_text(text, encoding="utf-8")
        return path

    def restore(self, backup, config, *options):
        return self.run("restore", backup, "--key", self.key, "--config", config, *options)


def keys(s):
    s.says("a pair of keys is made", s.run("backup", "key", "new", s.key, "--days", "30"), 0, "to be destroyed after")
    s.says("it is never written over", s.run("backup", "key", "new", s.key), 73, "already there")
    s.says("nor kept for longer than a year", s.run("backup", "key", "new", s.stage.work / "k", "--days", "4000"), 64, "--days")


def refused(s):
    public = json.loads(s.pub.read_text(encoding="utf-8"))
    today = datetime.date.today()
    for name, days, word in (("whose last day is over", -1, "key-expired"), ("that is kept for longer than the policy lets it", 300, "key-too-long")):
        other = s.stage.work / f"{word}.pub"
        other.write_text(json.dumps({**public, "made": "2020-01-01", "expires": str(today + datetime.timedelta(days=days))}), encoding="utf-8")
        s.says(f"a key {name} is refused", s.run("backup", s.out(), "--to", other, *s.stage.signed()), 65, word)
    s.says("somebody who is no officer gets none", s.run("backup", s.out(), "--to", s.pub, "--officer", "officer-one", "--key",
                                                        s.stage.keys / "officer-two.sign"), 77, "not-signed")
    s.says("a private key is not sealed to", s.run("backup", s.out(), "--to", s.key, *s.stage.signed()), 65, "public key")
    taken = s.out()
    taken.write_text("precious")
    s.says("a file that is there stays", s.run("backup", taken, "--to", s.pub, *s.stage.signed()), 73, "already there")
    s.tap.check("nothing is left behind by any of these", not list(s.stage.work.glob("backup-*.partial")), list(s.stage.work.glob("backup-*")))


def full_disk(s):
    """A file that may not grow stands for a disk that is full: the write fails in the midst."""
    def small():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (70000, 70000))

    out = s.out()
    argv = [str(a) for a in (s.stage.prefix / "bin" / "almoner", "backup", out, "--to", s.pub, *s.stage.signed())]
    done = subprocess.run(argv, capture_output=True, text=True, env=s.stage.env, preexec_fn=small, check=False)
    s.tap.check("a disk that fills up leaves nothing that looks whole", done.returncode == 74 and not out.exists(), (done.returncode, done.stderr))
    s.tap.check("and gives its room back", not out.with_name(out.name + ".partial").exists())


class Between(threading.Thread):
    """Stands between a command and the reader, hands on the request and one page, lets something happen then, and hands on the rest."""

    def __init__(self, s, name, then):
        super().__init__()
        self.s, self.path, self.pages, self.then = s, s.stage.work / f"{name}.sock", 0, then
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.path))
        self.listener.listen(1)

    @staticmethod
    def frame(sock):
        head = sock.recv(4, socket.MSG_WAITALL)
        return head + sock.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL) if len(head) == 4 else b""

    @staticmethod
    def more(page):
        return b'"more":true' in page or b'"more": true' in page

    def run(self):
        with self.listener, socket.socket(socket.AF_UNIX) as reader:
            asker, _ = self.listener.accept()
            with asker:
                reader.connect(str(self.s.stage.run_dir / "officers.sock"))
                reader.sendall(self.frame(asker))
                page = self.frame(reader)
                self.pages += self.more(page)
                asker.sendall(page)
                wait_for(lambda: any(p.stat().st_size > 0 for p in self.s.stage.work.glob("backup-*.partial")), 10)
                self.then()
                while self.more(page) and (page := self.frame(reader)):
                    asker.sendall(page)


def suspended_officer(s):
    three, out = s.stage.keys / "officer-three", s.out()
    who = ["--officer", "officer-three"]
    s.says("there is a third officer", s.run("key", "new", "sign", three), 0)
    s.says("who is admitted", s.run("officer", "add", *who[1:], "--public", f"{three}.pub", *s.stage.signed(both=True)), 0)
    between = Between(s, "suspended", lambda: s.run("officer", "suspend", *who[1:], *s.stage.signed(both=True)))
    between.start()
    done = s.run("backup", out, "--to", s.pub, "--officers", between.path, *who, "--key", f"{three}.sign")
    between.join()
    s.tap.check("a backup ends when its officer is suspended", done.exit == 77 and between.pages == 1 and "good standing" in done.err, (done.exit, done.err, between.pages))
    s.tap.check("and leaves no file", not out.exists() and not out.with_name(out.name + ".partial").exists(), str(out))


def killed_reader(s):
    out, pid, between = s.out(), s.town.pid("reader"), Between(s, "killed", lambda: os.kill(s.town.pid("reader"), signal.SIGKILL))
    between.start()
    done = s.run("backup", out, "--to", s.pub, "--officers", between.path, *s.stage.signed())
    between.join()
    s.tap.check("a reader killed in the midst ends the backup", done.exit == 75 and between.pages == 1, (done.exit, done.err, between.pages))
    s.tap.check("and no file stands there that looks whole", not out.exists(), str(out))
    s.tap.check("the reader comes back", s.town.back("reader", pid) is not None)


def under_load(s):
    load = Load(s.town)
    load.start()
    wait_for(lambda: load.lodged >= LODGED_LEAST or load.failed, 60)
    made = [s.backup() for _ in range(3)]
    load.over.set()
    load.join()
    s.tap.check("backups are made while agencies ask and lodge", all(done.exit == 0 for _, done in made), [d.err for _, d in made])
    s.tap.check("and none of them is held up", load.lodged >= LODGED_LEAST and not load.failed, (load.lodged, load.failed[:1]))
    says = made[-1][1].json()
    s.tap.check("a backup says what is in it", says["records"] > LODGED_LEAST and 0 < says["reading"] < says["leaves"], says)
    row = s.town.audit(says["reading"])[0]
    s.tap.check("it is a reading, recorded before it", row["event"] == "log-read" and row["detail"].startswith("backup until="), row)
    status = s.town.status()["backups"]
    s.tap.check("until when one of them opens what was erased is known", status["made"] >= 3 and status["until"] == says["until"], status)
    shown = [line for line in s.run("status").out.splitlines() if line.startswith("backups ")]
    s.tap.check("and told to whoever looks at the broker", len(shown) == 1 and f"{status['made']} begun" in shown[0] and shown[0].endswith(says["until"]), shown)
    return made


def waiting(s):
    hub, school = s.town.speaker(CHILDRENS), s.town.speaker(SCHOOL)
    s.tap.check("a hub subscribes", is_kind(hub.ask(hub.body(subscribe=hub.pb.Subscribe(stream="all", credit=64))), "receipt"))
    hub.close()
    s.tap.check("and is away when concerns fire", all(is_kind(lodge_concern(school, n), "receipt") for n in range(3)))
    school.close()


def checks(s, backup):
    s.says("a backup is checked without its broker", s.run("restore", backup, "--key", s.key, "--check"), 0, "good", "Only the file")
    s.says("and with its configuration proved", s.restore(backup, s.stage.config, "--check"), 0, "good")
    s.says("a store is not examined while its broker runs", s.run("fsck"), 75, "stop almonerd")
    s.says("nor restored over", s.restore(backup, s.stage.config), 75, "stop almonerd")
    octets = bytearray(backup.read_bytes())
    octets[-100] ^= 1
    bad = s.stage.work / "bad"
    bad.write_bytes(octets)
    s.says("an altered backup is refused, and where", s.restore(bad, s.config("data-bad")), 65, "chunk", "altered")
    bad.write_bytes(backup.read_bytes()[:-1000])
    s.says("one that was cut too", s.restore(bad, s.config("data-bad")), 65, "ends before its last chunk")
    bad.write_bytes(backup.read_bytes() + b"\0")
    s.says("one with something appended too", s.restore(bad, s.config("data-bad")), 65, "follows the last chunk")
    s.tap.check("nothing was put in place of any", sorted(p.name for p in (s.stage.work / "data-bad").iterdir()) == ["almonerd.lock"],
                list((s.stage.work / "data-bad").iterdir()))
    other = s.stage.work / "other.backup"
    s.run("backup", "key", "new", other)
    s.says("another key does not open it", s.run("restore", backup, "--key", other, "--check"), 65, "another key")
    s.says("another broker's backup is refused", s.restore(backup, s.config("data-other", **{s.stage.origin: "other.example/almoner"})), 65, "another broker")
    s.says("a live broker takes none of a rehearsal's", s.restore(backup, s.config("data-live", **{'mode = "exercise"': 'mode = "live"'})), 65, "another broker")
    keys_dir = s.stage.work / "other-keys"
    s.stage.command("key", "new", "broker", keys_dir)
    s.says("without its store.key it is worth nothing", s.restore(backup, s.config("data-keys", **{f'"{s.stage.keys}"': f'"{keys_dir}"'})), 65, "store.key")


def killed_restore(s, backup):
    """Killed ever later in the time that one takes: until it comes to its end there is no store, and the same command begins anew."""
    begun = time.monotonic()
    s.says("how long a restore takes is measured", s.restore(backup, s.config("timed")), 0, "restored")
    whole = time.monotonic() - begun
    config, data = s.config("killed"), s.stage.work / "killed"
    argv = [str(a) for a in (s.stage.prefix / "bin" / "almoner", "restore", backup, "--key", s.key, "--config", config)]
    kills = 0
    for tenth in range(11):
        with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=s.stage.env) as process:
            if tenth == 0:  # however fast it is now: as soon as it has begun
                wait_for(lambda: process.poll() is not None or (data / "restoring").exists(), 60)
            try:
                process.wait(whole * tenth / 10)
            except subprocess.TimeoutExpired:
                process.kill()
        kills += process.returncode == -signal.SIGKILL
        if (data / "data.mdb").exists():
            break
    s.tap.check("a restore is killed", kills > 0, (kills, process.returncode))
    if not (data / "data.mdb").exists():  # what is killed holds the folder for a moment more
        last = []
        came = wait_for(lambda: last.append(s.restore(backup, config)) or last[-1].exit == 0, 60 * PATIENCE)
        s.tap.check("the same command, given again, begins anew", came, (last[-1].exit, last[-1].err, sorted(p.name for p in data.iterdir())))
    s.says("and comes to its end after all, sound", s.run("fsck", "--config", config), 0, "sound")


def restored(s, backup):
    config = s.config("fresh")
    (s.stage.work / "fresh").mkdir(mode=0o700)
    (s.stage.work / "fresh" / "precious").write_text("here before")
    s.says("a folder that is not empty is refused", s.restore(backup, config), 73, "precious")
    (s.stage.work / "fresh" / "precious").unlink()
    (s.stage.work / "fresh" / "restoring").mkdir()
    (s.stage.work / "fresh" / "restoring" / "data.mdb").write_bytes(b"half")
    (s.stage.work / "fresh" / "writer").write_text("made\n")
    s.says("a restore that was killed begins anew, and comes to its end", s.restore(backup, config), 0, "sound", "restored")
    s.tap.check("the signer is told", (s.stage.work / "fresh" / "restored").exists() and not (s.stage.work / "fresh" / "restoring").exists(),
                list((s.stage.work / "fresh").iterdir()))
    s.tap.check("without the room that was free in the store", (s.stage.work / "fresh" / "data.mdb").stat().st_size <=
                (s.stage.work / "data" / "data.mdb").stat().st_size)
    done = s.restore(backup, s.config("for-programs"), "--json")
    s.tap.check("with --json one object says how it went", len(done.out.splitlines()) == 1 and
                (done.json()["ok"], done.json()["restored"]) == (True, True), done.out)
    s.says("it is not restored over", s.restore(backup, config), 73, "not empty")
    s.says("what was restored is sound", s.run("fsck", "--config", config), 0, "sound")
    return config


def started(s, config, says):
    s.stage.config = config
    s.stage.env["ALMONER_CONFIG"] = str(config)
    s.stage.start_broker()
    s.tap.check("the broker starts with what was restored", s.town.status()["log_size"] >= says["leaves"], s.town.status()["log_size"])
    s.tap.check("the log verifies", wait_for(lambda: s.run("audit", "verify").exit == 0, 20), s.run("audit", "verify").err)
    hub = s.town.speaker(CHILDRENS)
    came = [hub.delivery() for _ in range(3)]
    s.tap.check("what waited is delivered", [d.seq for d in came if d] == [1, 2, 3], came)
    school = s.town.speaker(SCHOOL)
    s.tap.check("and the broker is served as before", is_kind(school.ask(school.consent(person="Cyd")), "receipt"))
    hub.close()
    school.close()
    s.tap.check("it stops cleanly", s.town.end_broker() == 0)
    s.says("and what it left is sound", s.run("fsck", "--config", config), 0, "sound")


def damaged(s, config):
    data = s.stage.work / "fresh" / "data.mdb"
    whole = data.read_bytes()
    at = whole.find(SCHOOL.encode())
    data.write_bytes(whole[:at + len(SCHOOL) + 9] + bytes([whole[at + len(SCHOOL) + 9] ^ 1]) + whole[at + len(SCHOOL) + 10:])
    done = s.run("fsck", "--config", config, "--json")
    found = json.loads(done.out)
    s.tap.check("a flipped bit is found, with its table and what to do", done.exit == 65 and found["findings"] and found["findings"][0]["todo"], done.out[:300])
    s.tap.check("and is a failure like any other for a program", (found["ok"], found["error"], found["exit"], done.err) == (False, "bad-data", 65, "") and
                found["message"], done.out[:300])
    data.write_bytes(whole[:len(whole) // 2])
    s.says("a file cut to its half is damage, not a crash", s.run("fsck", "--config", config), 65, "FOUND")
    data.write_bytes(os.urandom(65536))
    s.says("so is one that is no store at all", s.run("fsck", "--config", config), 65, "FOUND")
    data.unlink()
    s.says("where there is none, that is said", s.run("fsck", "--config", config), 66, "data.mdb")


def backup_and_restore(tap, town):
    s = Scene(tap, town)
    keys(s)
    refused(s)
    waiting(s)
    made = under_load(s)
    full_disk(s)
    suspended_officer(s)
    killed_reader(s)
    backup, done = made[-1]
    checks(s, backup)
    tap.check("the broker stops", town.end_broker() == 0)
    s.says("its store is sound", s.run("fsck"), 0, "sound")
    killed_restore(s, backup)
    config = restored(s, backup)
    started(s, config, done.json())
    damaged(s, config)
    s.key.chmod(0o644)
    s.says("a key that others may read is somebody's to think about first", s.run("backup", "key", "destroy", s.key), 77, "chmod 600")
    s.key.chmod(0o600)
    s.says("the key is destroyed", s.run("backup", "key", "destroy", s.key), 0, "gone")
    s.says("and nothing opens the backup any more", s.restore(backup, s.config("late")), 66, "safe.backup")


play(backup_and_restore)
