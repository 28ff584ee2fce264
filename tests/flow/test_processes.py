#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The broker's processes are killed, stopped, started twice and on the wrong store. argv: protoc."""
import datetime
import glob
import os
import subprocess
import sys
import time
import zoneinfo

from town import CHILDRENS, PATIENCE, POLICE, RIVER, SCHOOL, TEAM, Holders, Tap, Town, generated, is_kind, refused, told, wait_for

CONFIG, DATA, BUSY_PLACE = 78, 65, 69


def answered(town, asker, holders, but=(), **query):
    """A question about an incident, which the police answer with yes."""
    body = asker.insight("domestic-incident-12m", person="Ada", **query)
    got = holders.asked(asker, body)
    holders.answer(got, "YES", but=but)
    return told(town.pb, asker.reply(body))


def gates(tap, town, holders):
    childrens, police = holders.by[CHILDRENS], holders.by[POLICE]
    gate = town.gate_of(RIVER)
    two = Holders(childrens, police)
    body = childrens.insight("domestic-incident-12m", person="Ada")
    childrens.say(body)
    question = police.question()
    old = town.kill(gate)
    police.answer(question, "YES")
    tap.check("a question is answered while another organisation's gate is dead", told(town.pb, childrens.reply(body)) == ("yes", "all"))
    times = [town.back(gate, old)]
    while times[-1] is not None and min(times) >= 1.0 * PATIENCE and len(times) < 3:  # another program may have had the processor
        times.append(town.back(gate, town.kill(gate)))
    tap.check("a killed gate is back within a second", None not in times and min(times) < 1.0 * PATIENCE, times)
    tap.check("its agency's adapter gets in again", wait_for(lambda: holders.by[RIVER].lease() is not None, 15))
    tap.check("and nobody else lost a connection", answered(town, childrens, two) == ("yes", "all"))
    # The holder's own gate dies between the question and its answer.
    body = childrens.insight("domestic-incident-12m", person="Ada")
    childrens.say(body)
    police.question()
    old = town.kill(town.gate_of(POLICE))
    reply = childrens.reply(body)
    tap.check("a question whose holder's gate died is cannot say, never no", told(town.pb, reply) == ("cannot-say", "none"), told(town.pb, reply))
    tap.check("that gate is back too", town.back(town.gate_of(POLICE), old) is not None and wait_for(lambda: police.lease() is not None, 15))


def core(tap, town, holders):
    school, childrens, police = holders.by[SCHOOL], holders.by[CHILDRENS], holders.by[POLICE]
    consent = school.consent()
    frame = school.say(consent)
    receipt = school.reply(consent)
    tap.check("a consent gets its receipt", is_kind(receipt, "receipt"), receipt)
    before = town.audit()
    gates_before = {n: p for n, p in town.children().items() if n.startswith("gate")}
    body = childrens.insight("domestic-incident-12m", person="Ada")
    childrens.say(body)
    police.question()
    old = town.kill("core")
    tap.check("a killed core is back", town.back("core", old) is not None)
    tap.check("a question that was waiting is never answered: the caller asks again", childrens.reply(body, 0.5) is None)
    tap.check("and it is, without anybody's reconnecting", answered(town, childrens, Holders(childrens, police)) == ("yes", "all"))
    tap.check("gates outlive the core", gates_before == {n: p for n, p in town.children().items() if n.startswith("gate")})
    after = town.audit()
    tap.check("every leaf from before is there, as it was", after[:len(before)] == before)
    undisclosed = [r for r in after if r["event"] == "decided" and not any(o["about"] == r["leaf"] for o in after)]
    tap.check("the log shows the lost question as decided, never disclosed", len(undisclosed) == 1, undisclosed)
    school.send(frame)
    again = school.reply(consent)
    tap.check("the same consent again gets the same receipt", is_kind(again, "receipt") and again.receipt == receipt.receipt, again)
    tap.check("and is lodged once", list(school.consents()) == [consent.id])
    in_flight(tap, town, school, consent)


def in_flight(tap, town, school, earlier):
    """Batches follow one another, each begun while the one before is being committed; the core is killed among them."""
    bodies = [school.consent() for _ in range(30)]
    frames = [school.say(body) for body in bodies]
    known = school.reply(bodies[0])  # the first batch is on disk
    old = town.kill("core")
    tap.check("a core killed among signed messages is back", town.back("core", old) is not None)
    for frame in frames:
        school.send(frame)
    replies = [known] + [school.reply(body) for body in bodies[1:]]
    tap.check("each of them has its receipt then", all(is_kind(r, "receipt") for r in replies), [r for r in replies if not is_kind(r, "receipt")][:2])
    tap.check("and each is lodged once", sorted(school.consents()) == sorted([earlier.id] + [body.id for body in bodies]))
    confined = {line for task in glob.glob(f"/proc/{town.pid('core')}/task/*/status") for line in open(task, encoding="ascii") if line.startswith("Seccomp:")}
    tap.check("the core's threads are confined as it is", len(confined) == 1, confined)


def signer_and_reader(tap, town, holders):
    childrens, police = holders.by[CHILDRENS], holders.by[POLICE]
    head = town.status()["head"]["size"]
    old = town.kill("signer")
    tap.check("a killed signer is back", town.back("signer", old) is not None)
    tap.check("sharing went on", answered(town, childrens, Holders(childrens, police)) == ("yes", "all"))
    tap.check("it signs later heads", wait_for(lambda: town.status()["head"]["size"] > head, 10 * PATIENCE), town.status()["head"])
    old = town.kill("reader")
    tap.check("a killed reader is back", town.back("reader", old) is not None)
    tap.check("the log can be read again", wait_for(lambda: town.stage.command("audit", "tail", "--json", check=False).exit == 0, 5))
    tap.check("and verified", wait_for(lambda: town.stage.command("audit", "verify", check=False).exit == 0, 5),
              town.stage.command("audit", "verify", check=False).err)


def ends(pids):
    return wait_for(lambda: not [p for p in pids if os.path.exists(f"/proc/{p}")], 10 * PATIENCE)


def supervisor(tap, town):
    stage = town.stage
    second = subprocess.run([stage.prefix / "sbin" / "almonerd", stage.config], capture_output=True, text=True, env=stage.env, timeout=60)
    tap.check("a second almonerd on one data_dir is refused", second.returncode == BUSY_PLACE and "almonerd-locked" in second.stderr, (second.returncode, second.stderr))
    other = stage.work / "other.conf"
    text = stage.config.read_text()
    other.write_text(text.replace(f'runtime_dir = "{stage.run_dir}"', f'runtime_dir = "{stage.work / "run2"}"'))
    second = subprocess.run([stage.prefix / "sbin" / "almonerd", other], capture_output=True, text=True, env=stage.env, timeout=60)
    tap.check("also from other settings", second.returncode == BUSY_PLACE, (second.returncode, second.stderr))
    tap.check("and the first goes on", town.status()["ok"])
    children = town.children()
    process = stage.processes.pop("almonerd")
    process.kill()
    process.wait()
    tap.check("when almonerd is killed all of its processes end", ends(children.values()), children)
    stage.start_broker()
    tap.check("the next one starts on the same store", len(town.audit(event="genesis")) == 1)
    children = town.children()
    start = time.monotonic()
    code = town.end_broker()
    tap.check("SIGTERM ends it cleanly and soon", code == 0 and time.monotonic() - start < 5 * PATIENCE, (code, time.monotonic() - start))
    tap.check("and all of its processes with it", ends(children.values()) and "child-killed" not in town.log())
    tap.check("no socket is left that anybody could take for a broker's", town.stage.command("status", "--json", check=False).exit == BUSY_PLACE,
              town.stage.command("status", "--json", check=False).exit)


def refuses(town, text):
    """Starts a broker on the town's store with other settings. Return: (exit status, its log)."""
    stage = town.stage
    config = stage.work / "wrong.conf"
    config.write_text(text)
    done = subprocess.run([stage.prefix / "sbin" / "almonerd", config], capture_output=True, text=True, env=stage.env, timeout=60)
    return done.returncode, done.stderr


def wrong_stores(tap, town, other_mode):
    stage = town.stage
    good = stage.config.read_text()
    mode = f'mode = "{stage.mode}"'
    code, log = refuses(town, good.replace(mode, f'mode = "{other_mode}"'))
    tap.check(f"a store of mode {stage.mode} is never opened with mode {other_mode}", code == DATA, (code, log[-600:]))
    code, log = refuses(town, good.replace(stage.origin, "elsewhere.example/almoner"))
    tap.check(f"nor under another origin ({stage.mode})", code == DATA, (code, log[-600:]))
    store_key = stage.keys / "store.key"
    kept = store_key.read_text()
    store_key.write_text("5a" * 32 + "\n")
    code, log = refuses(town, good)
    store_key.write_text(kept)
    tap.check(f"nor with another store key ({stage.mode})", code == DATA, (code, log[-600:]))
    tap.check("and no key is in its log", "5a" * 8 not in log and kept.strip() not in log)
    audit_key = stage.keys / "audit.key"
    kept = audit_key.read_text()
    audit_key.write_text("5b" * 32 + "\n")
    code, log = refuses(town, good)
    audit_key.write_text(kept)
    tap.check(f"nor with another audit key ({stage.mode})", code == DATA, (code, log[-600:]))
    stage.start_broker()
    tap.check(f"with the right ones it opens ({stage.mode})", town.status()["mode"] == stage.mode)


def damaged_store(tap, town):
    """A bit that flipped on the disk is noticed, not read as something else."""
    stage = town.stage
    town.end_broker()
    path = town.stage.data_dir / "data.mdb"
    octets = bytearray(path.read_bytes())
    kept = bytes(octets)
    for at in range(2 * 4096 + 2048, len(octets), 97):  # past LMDB's two meta pages
        octets[at] ^= 0x10
    path.write_bytes(octets)
    done = subprocess.run([stage.prefix / "sbin" / "almonerd", stage.config], capture_output=True, text=True, env=stage.env, timeout=60)
    tap.check("a damaged store is refused", done.returncode == DATA, (done.returncode, done.stderr[-800:]))
    path.write_bytes(kept)
    stage.start_broker()
    tap.check("the undamaged one opens again", town.status()["ok"])


def live(tap, pb):
    """A live broker: its day is the clock's, and no officer sets it."""
    with Town(pb, mode="live", origin="live.example/almoner", enter_day=False) as town:
        got = town.stage.command("exercise", "day", "2021-06-15", *town.stage.signed(), check=False)
        tap.check("a live broker takes no day from anybody", got.exit not in (0, 70), (got.exit, got.err))
        london = [datetime.datetime.now(zoneinfo.ZoneInfo("Europe/London")).date().isoformat()]

        def is_today():
            """Asked between two looks at the clock: the day may turn meanwhile, and the core sees that within its next turns."""
            london.append(town.status()["civil_day"])
            london.append(datetime.datetime.now(zoneinfo.ZoneInfo("Europe/London")).date().isoformat())
            return london[-2] in (london[-3], london[-1])

        tap.check("its day is the clock's", wait_for(is_today, 10), london[-3:])
        town.end_broker()
        wrong_stores(tap, town, "exercise")
        speaker = town.speaker(SCHOOL, mode="exercise", greet=False)
        speaker.say(speaker.body(lease=pb.Lease()))
        tap.check("a signature of the exercise is worth nothing in life", refused(speaker.until({"refusal"}, timeout_s=5), "bad-signature"))


def main():
    tap = Tap()
    pb = generated(sys.argv[1])
    with Town(pb) as town:
        holders = Holders(*(town.speaker(a) for a in (CHILDRENS, TEAM, POLICE, SCHOOL, RIVER)))
        gates(tap, town, holders)
        core(tap, town, holders)
        signer_and_reader(tap, town, holders)
        supervisor(tap, town)
        wrong_stores(tap, town, "live")
        damaged_store(tap, town)
    live(tap, pb)
    tap.done()


main()
