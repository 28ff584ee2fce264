# SPDX-License-Identifier: Apache-2.0
"""Section g: where the processor time of a round trip goes. perf says in microseconds whose it is, callgrind in instructions, which are
the same on a busy machine, what each step of the core takes. Each is left out with a line where its program is not there or may not look."""
import os
import re
import shutil
import subprocess
from pathlib import Path

from benchlib import BUILD, Broker, frame_sizes, table

WORK = Path(os.environ["ALM_BENCH_WORK"])
PEOPLE, OUTSTANDING, SECONDS, SAMPLES_A_SECOND = 150000, 1000, 2.5, 1999
TURNS, TURN_SECONDS = 2, 1.3  # with one outstanding, of each core
ROUNDS, BATCH = 2, 256

# The first pattern that a sample's function, library or system call agrees with. Own functions are told apart by the library that they are built into.
CALLS = [("sockets: send", r"send(msg|to|mmsg)?$"), ("sockets: receive", r"recv(msg|from|mmsg)?$"),
         ("files: flushed", r"(fdatasync|fsync|msync)"), ("files: pages written", r"(pwrite|pwritev|writev|pwrite64)"),
         ("waiting: poll, epoll", r"poll|futex|eventfd"),
         ("reading clocks, ids and the like", r".")]
FLUSHED = re.compile(r"fsync|sync_file|write_and_wait")  # also within a write: that of the page which ends a commit waits for the disk
LIBRARIES = [("lmdb", r"liblmdb"), ("libcrypto", r"libcrypto"), ("libsodium", r"libsodium"), ("protobuf-c", r"libprotobuf-c"), ("libzmq", r"libzmq"),
             ("libc and libstdc++", r"libc\.so|libc-|libstdc\+\+|libm\.so|ld-linux|libgcc|libpthread"), ("clock, from the kernel's page", r"vdso")]
# Functions by what they do; what they call is in it, so that lines overlap where they are set in.
STEPS = [("a turn of the core", r"core_turn"), ("  what gates brought: take, decode, decide", r"intake_work"), ("    decode", r"wire_decode"),
         ("    envelope", r"wire_open"), ("    check a signature", r"wire_verify"), ("    queries", r"query_take"), ("    answers", r"answer_take"),
         ("    questions to holders", r"questions_put"), ("    facts", r"facts_gather"), ("    the decisions themselves", r"policy_decide"),
         ("  replies released", r"release_due"), ("  leaves of the log", r"record_end"), ("    appended", r"ledger_append"),
         ("  encode", r"wire_encode"), ("  the batch's end of the log", r"ledger_flush"), ("  commit", r"store_commit"),
         ("  blinding tokens", r"store_blind"), ("  sealing records", r"store_seal"), ("  looking tokens up", r"subjects_find"),
         ("  the day's walk over what has run out", r"retention_tick"), ("  SHA-256, which valgrind shows ten times too dear", r"crypto_sha256")]


FOLDERS = {"core": ("broker/core", "broker/store", "broker/pair", "proto/wire", "proto/base", "proto/tree", "proto/match", "policy/engine"),
           "gate": ("broker/gate", "broker/pair", "proto/base"), "still": ("broker/pair", "proto/wire", "proto/base")}


def folders(process):
    """Function -> the folder that it is of, by the static libraries beside the programs: of those that the process is made of, as a name may
    stand in several."""
    found, root = {}, BUILD.parent.parent
    for part in FOLDERS[process]:
        for library in (root / part).glob("lib*.a"):
            listed = subprocess.run(["nm", "--defined-only", library], capture_output=True, text=True, check=False).stdout
            for name in re.findall(r" [tT] (\S+)", listed):
                found.setdefault(name.split(".")[0], part)
    return found


def named(table_of, text):
    return next((title for title, pattern in table_of if re.search(pattern, text)), None)


def whose(frames, own):
    """The part that a sample belongs to. frames: (function, library), innermost first."""
    name, library = frames[0]
    if "[kernel" in library or library == "[unknown]":
        call = next((m.group(1) for f, _ in frames for m in [re.match(r"__(?:x64|arm64|se)_sys_(\w+)", f)] if m), None)
        if call:
            call = "fsync" if any(FLUSHED.search(f) for f, _ in frames) else call
            return "kernel: " + named(CALLS, call)
        return "kernel: page faults" if any("fault" in f for f, _ in frames) else "kernel: switching, interrupts"
    return named(LIBRARIES, library) or own.get(name.split(".")[0], "others of our own")


def samples(process, pid, seconds, run):
    """What perf saw of a process while run() ran. Return: part -> samples, or a sentence why not."""
    data = WORK / f"perf-{pid}"
    perf = subprocess.Popen(["perf", "record", "-q", "-g", "-F", str(SAMPLES_A_SECOND), "-p", str(pid), "-o", str(data), "--", "sleep", str(seconds)],
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    run()
    said = perf.communicate()[1]
    if perf.returncode or not data.exists():
        return f"perf may not look: {said.strip().splitlines()[0] if said.strip() else perf.returncode}"
    script = subprocess.run(["perf", "script", "-i", str(data), "-F", "ip,sym,dso"], capture_output=True, text=True, check=False).stdout
    own, parts = folders(process), {}
    for stack in script.split("\n\n"):
        frames = [(m.group(1), m.group(2)) for m in re.finditer(r"^\s+[0-9a-f]+ (\S+).*\((.*)\)$", stack, re.MULTILINE)]
        if frames:
            part = whose(frames, own)
            parts[part] = parts.get(part, 0) + 1
    data.unlink()
    return parts or "perf saw nothing"


def by_part(broker, process):
    """Microseconds of a round trip, by part. Return: rows, or a sentence why not."""
    got = {}
    found = samples(process.split("-")[0], broker.pids[process], SECONDS - 0.5, lambda: got.update(broker.run("insight", SECONDS, OUTSTANDING)))
    if isinstance(found, str):
        return found
    all_of, us = sum(found.values()), got["cpu_us"][process]
    rows = [{"part": part, "us": us * n / all_of, "percent": 100 * n / all_of} for part, n in sorted(found.items(), key=lambda i: -i[1])]
    return [{"part": "all of it", "us": us, "percent": 100.0, "samples": all_of, "per_s": got["per_s"]}] + rows


def side_by_side(brokers):
    """The cores' microseconds of a round trip with one outstanding, by part, the cores taking turns. brokers: the product, and (iii). Return: rows, or
    a sentence why not."""
    parts, runs = [{}, {}], [[], []]
    for k in [k for _ in range(TURNS) for k in range(2)]:
        found = samples(("core", "still")[k], brokers[k].pids["core"], TURN_SECONDS, lambda k=k: runs[k].append(brokers[k].run("insight", TURN_SECONDS, 1)))
        if isinstance(found, str):
            return found
        for part, n in found.items():
            parts[k][part] = parts[k].get(part, 0) + n
    trips = [sum(g["begun"] for g in of) for of in runs]
    us = [sum(g["cpu_us"]["core"] * g["begun"] for g in of) / n for of, n in zip(runs, trips)]
    p50 = [sum(g["p50_us"] * g["begun"] for g in of) / n for of, n in zip(runs, trips)]
    each = [{part: us[k] * n / sum(parts[k].values()) for part, n in parts[k].items()} for k in range(2)]
    rows = [{"part": part, "us": each[0].get(part, 0.0), "iii_us": each[1].get(part, 0.0)} for part in {**each[0], **each[1]}]
    rows = [{"part": "from question to answer (p50)", "us": p50[0], "iii_us": p50[1]},
            {"part": "of the core's processor", "us": us[0], "iii_us": us[1], "samples": [sum(p.values()) for p in parts]},
            *sorted(rows, key=lambda r: r["iii_us"] - r["us"])]
    return [{**row, "more": row["us"] - row["iii_us"]} for row in rows]


def by_step(broker):
    """Instructions of a round trip, by step of the core, over a copy of the broker's store. Return: rows, or a sentence why not."""
    out = WORK / "callgrind"
    done = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", "--toggle-collect=counted_turn", str(BUILD / "bench_core"),
                           str(broker.work / "data"), str(broker.keys / "store.key"), str(ROUNDS), str(BATCH)],
                          capture_output=True, text=True, check=False)
    trips = re.search(r'"round_trips": (\d+)', done.stdout)
    if done.returncode or not trips or not int(trips.group(1)):
        return f"bench_core under valgrind ended with {done.returncode}: {(done.stderr or done.stdout).strip().splitlines()[-1]}"
    listed = subprocess.run(["callgrind_annotate", "--inclusive=yes", "--threshold=100", str(out)], capture_output=True, text=True, check=False).stdout
    counted = {}
    for count, name in re.findall(r"^ *([0-9,]+) .*?:(\w+)(?:'2)?(?: \[.*)?$", listed, re.MULTILINE):
        counted[name] = max(counted.get(name, 0), int(count.replace(",", "")))
    rows = [{"step": title, "function": f, "thousands": counted[f] / int(trips.group(1)) / 1000} for title, f in STEPS if f in counted]
    return rows or "callgrind's report names none of the core's functions"


def shown(title, rows, columns):
    if isinstance(rows, str):
        print(f"\n{title}: left out, as {rows}")
    else:
        table(title, rows, columns)


def perf_g(broker):
    """What perf saw: by process with many outstanding, and of both cores with one."""
    still, own, found = Broker(WORK / "g-iii", people=0, still=True), frame_sizes(), {}
    broker.start()
    still.start()
    try:
        broker.connect()
        still.connect("--bare", f"{own[0]},{own[2]}")
        broker.warm()
        for process in ("core", "gate-0" if "gate-0" in broker.pids else "gate"):
            found[process] = by_part(broker, process)
        return found, side_by_side((broker, still))
    finally:
        broker.stop()
        still.stop()


def section_g(args):
    broker, missing = Broker(WORK / "g", people=PEOPLE), "perf is not installed"
    processes, one = perf_g(broker) if shutil.which("perf") else ({"core": missing}, missing)
    steps = by_step(broker) if shutil.which("valgrind") else "valgrind is not installed"
    for process, rows in processes.items():
        shown(f"g. whose the {process}'s processor time of a round trip is, unsigned, {OUTSTANDING:,} outstanding", rows, [
            ("", "part", "%s"), ("us", "us", "%.2f"), ("%", "percent", "%.1f")])
    shown("g. whose the core's is with one outstanding, beside (iii)'s, in microseconds", one, [
        ("", "part", "%s"), ("almoner", "us", "%.1f"), ("(iii)", "iii_us", "%.1f"), ("more", "more", "%+.1f")])
    shown(f"   what the steps of the core take, thousands of instructions a round trip, in batches of {BATCH}", steps, [
        ("", "step", "%s"), ("", "function", "%s"), ("thousands", "thousands", "%.1f")])
    return {**processes, "one outstanding": one, "steps": steps}
