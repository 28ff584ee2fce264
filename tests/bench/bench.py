#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""All measurements, by tests/bench/run. What each section measures and what was found: README.md.

    bench.py [--full] [--only a,b,c,d,e,f,g] [--runs N] [--json FILE]
"""
import argparse
import datetime
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from benchlib import AGENCIES, ASKERS, BUILD, STAGE, Broker, Forwarder, Load, frame_sizes, memory_mib, spread, table  # noqa: E402
from costs import section_g  # noqa: E402

WORK = Path(os.environ["ALM_BENCH_WORK"])
ROOT = Path(__file__).resolve().parent.parent.parent
OWN = frame_sizes()
PEOPLE = 150000
LOGGED, REPLAYED, BEHIND = 200000, 40000, 40000  # leaves
SECONDS = 0.3
NAMES = {"i": "(i) bare forwarder, 256 bytes a leg", "ii": "(ii) and a durable record a round trip", "i-own": "(i) with the product's frames",
         "ii-own": "(ii) with the product's frames", "iii": "(iii) gates, and a core that decides nothing", "product": "almoner, queries unsigned",
         "signed": "almoner, queries and answers signed"}


def say(text):
    print(text, file=sys.stderr, flush=True)


def summary(got, key="per_s"):
    return spread([g[key] for g in got])


def median_cpu(got):
    return {name: round(statistics.median(g["cpu_us"].get(name, 0) for g in got), 1) for name in got[0]["cpu_us"]}


def median_pages(got, process):
    """Pages of files a round trip. None where the kernel does not tell."""
    pages = [g["pages"][process] for g in got if process in g["pages"]]
    return round(statistics.median(pages), 2) if pages else None


def ratio(value, base):
    return value / base if base else 0.0


def alternate(systems, runs, kind, window, seconds=SECONDS, baselines=1.0):
    """Each system in turn, so many times; forwarders for so much of the seconds. Return: name -> what each run found."""
    found = {name: [] for name in systems}
    for _ in range(runs):
        for name, system in systems.items():
            found[name].append(system.run(kind, seconds * (baselines if isinstance(system, Forwarder) else 1), window))
    return found


# --- a: insight round trips ---

def start_a():
    systems = {"i": Forwarder(WORK / "i"), "ii": Forwarder(WORK / "ii", log=True), "i-own": Forwarder(WORK / "i-own", sizes=OWN),
               "ii-own": Forwarder(WORK / "ii-own", sizes=OWN, log=True), "iii": Broker(WORK / "iii", still=True, people=0),
               "product": Broker(WORK / "product", people=PEOPLE), "signed": Broker(WORK / "signed", people=PEOPLE)}
    for name in ("iii", "product", "signed"):
        systems[name].start()
    for name, system in systems.items():
        if name == "iii":
            system.connect("--bare", f"{OWN[0]},{OWN[2]}")
        elif name == "signed":
            system.connect("--signed")
        else:
            system.connect()
    return systems


def section_a(args):
    systems = start_a()
    try:
        for name in ("product", "signed"):
            systems[name].warm()
        fast = alternate(systems, args.runs, "insight", 1000)
        slow = alternate(systems, args.runs, "insight", 1, 0.25)
        memory = {n: memory_mib(pid)[0] for n, pid in systems["product"].pids.items()}
    finally:
        for system in systems.values():
            system.stop()
    rows = []
    for name in systems:
        rate, p50, p99 = summary(fast[name]), summary(slow[name], "p50_us"), summary(slow[name], "p99_us")
        cpu, core = median_cpu(fast[name]), "forward" if isinstance(systems[name], Forwarder) else "core"
        rows.append({"system": NAMES[name], "name": name, "per_s": rate["median"], "lowest": rate["lowest"], "highest": rate["highest"],
                     "p50_us": p50["median"], "p50_lowest": p50["lowest"], "p50_highest": p50["highest"], "p99_us": p99["median"],
                     "p99_lowest": p99["lowest"], "p99_highest": p99["highest"], "core_us": cpu.get("core"), "gate_us": cpu.get("gate", cpu.get("forward")),
                     "load_us": round(cpu["ask"] + cpu["hold"], 1), "refused": sum(g["refused"] for g in fast[name]),
                     "unanswered": sum(g["unanswered"] for g in fast[name]), "pages": median_pages(fast[name], core),
                     "one_core_us": median_cpu(slow[name]).get("core"), "one_pages": median_pages(slow[name], core)})
    of = {r["name"]: r for r in rows}
    for r in rows:
        r["to_i"], r["to_iii"] = ratio(r["per_s"], of["i"]["per_s"]), ratio(r["per_s"], of["iii"]["per_s"])
        r["p50_beyond"] = r["p50_us"] - of["iii"]["p50_us"]
    table(f"a. insight round trips with 1,000 outstanding: {PEOPLE} people, {AGENCIES} agencies, 1,000 rules, {ASKERS} askers; frames of "
          f"{', '.join(map(str, OWN))} bytes", rows, [
              ("", "system", "%s"), ("a second", "per_s", "%.0f"), ("lowest", "lowest", "%.0f"), ("highest", "highest", "%.0f"),
              ("to (i)", "to_i", "%.2f"), ("to (iii)", "to_iii", "%.2f"), ("core us", "core_us", "%.1f"), ("gate us", "gate_us", "%.1f"),
              ("load us", "load_us", "%.1f"), ("pages", "pages", "%.2f"), ("refused", "refused", "%d"), ("unanswered", "unanswered", "%d")])
    table("   with one outstanding, microseconds", rows, [
        ("", "system", "%s"), ("p50", "p50_us", "%.0f"), ("lowest", "p50_lowest", "%.0f"), ("highest", "p50_highest", "%.0f"),
        ("to (iii)", "p50_beyond", "%+.0f us"), ("p99", "p99_us", "%.0f"), ("lowest", "p99_lowest", "%.0f"), ("highest", "p99_highest", "%.0f"),
        ("core us", "one_core_us", "%.0f"), ("pages", "one_pages", "%.2f")])
    table("   memory without pages of files, MiB", [{"process": n, "mib": m} for n, m in memory.items()], [
        ("", "process", "%s"), ("", "mib", "%.1f")])
    p = of["product"]
    targets = [target("throughput to (iii)", p["to_iii"], 0.85, least=True), target("throughput to (i), floor", p["to_i"], 0.60, least=True),
               target("throughput to (i), stretch", p["to_i"], 0.80, least=True),
               target("p50 beyond (iii), us", p["p50_us"] - of["iii"]["p50_us"], 150, least=False),
               target("core's processor time a round trip, us", p["core_us"], 25, least=False)]
    return {"rows": rows, "targets": targets, "memory_mib": memory, "runs": {"1000": fast, "1": slow}}


def target(name, value, wanted, least):
    return {"target": name, "value": round(value, 3), "wanted": wanted, "met": bool(value >= wanted if least else value <= wanted)}


# --- b: who is involved, concerns, referrals, deliveries ---

def section_b(args):
    systems = {**baselines_b("b"), "almoner": Broker(WORK / "b", people=1000)}
    rows, jobs = [], [("who is involved, of 5 holders", "who-05", 200), ("of 20", "who-20", 100), ("of 50", "who-50", 50),
                      ("referrals", "referral", 200)]
    try:
        systems["almoner"].start()
        for system in systems.values():
            system.connect()
        for title, kind, window in jobs:
            rows.append(row_b(title, alternate(systems, args.runs, kind, window, baselines=0.4), window))
    finally:
        for system in systems.values():
            system.stop()
    for hubs in (1, 10, 50):
        rows.append(concerns(args, hubs))
    table("b. durable jobs, each beside (ii): with 256 bytes a leg, and with the product's own frames", rows, [
        ("", "job", "%s"), ("outstanding", "window", "%d"), ("a second", "per_s", "%.0f"), ("lowest", "lowest", "%.0f"), ("highest", "highest", "%.0f"),
        ("(ii) a second", "ii_per_s", "%.0f"), ("to (ii)", "to_ii", "%.3f"), ("own frames", "to_ii_own", "%.3f"), ("core us", "core_us", "%.0f"),
        ("refused", "refused", "%d"), ("deliveries/s", "delivered_per_s", "%.0f")])
    return {"rows": rows}


def baselines_b(name):
    return {"ii": Forwarder(WORK / f"{name}-ii", log=True), "ii-own": Forwarder(WORK / f"{name}-ii-own", sizes=OWN, log=True)}


def row_b(title, found, window):
    got, base, own = found["almoner"], summary(found["ii"])["median"], summary(found["ii-own"])["median"]
    rate = summary(got)
    return {"job": title, "window": window, "per_s": rate["median"], "lowest": rate["lowest"], "highest": rate["highest"],
            "to_ii": ratio(rate["median"], base), "to_ii_own": ratio(rate["median"], own), "ii_per_s": base,
            "core_us": median_cpu(got)["core"], "refused": sum(g["refused"] for g in got)}


def concerns(args, hubs):
    """Two agencies in turn about one person: every second concern fires, and the firing goes to each hub that follows."""
    systems = {**baselines_b(f"b-{hubs}"), "almoner": Broker(WORK / f"b-{hubs}", people=0, hubs=hubs)}
    try:
        systems["almoner"].start()
        for system in systems.values():
            system.connect()
        broker = systems["almoner"]
        hubs_load = Load("hold", broker.address, broker.server, ASKERS, hubs)
        hubs_load.hear()
        broker.loads["hubs"] = hubs_load
        hubs_load.command("subscribe")
        time.sleep(0.5)
        before, began = hubs_load.command("count")["delivered"], time.monotonic()
        window = 100 if hubs < 50 else 20
        found = alternate(systems, args.runs, "concern", window, 0.3 if hubs < 50 else 0.6, baselines=0.4)
        time.sleep(0.3)
        delivered = hubs_load.command("count")["delivered"] - before
        row = row_b(f"concerns, every second one fires, {hubs} hub{'s' if hubs > 1 else ''}", found, window)
        row["delivered"] = delivered
        row["delivered_per_s"] = ratio(delivered, sum(g["done"] for g in found["almoner"])) * row["per_s"]
        row["seconds"] = round(time.monotonic() - began, 1)
        return row
    finally:
        for system in systems.values():
            system.stop()


# --- c: the engine alone ---

def section_c(args):
    engine = json.loads(subprocess.run([BUILD / "bench_engine", str(args.runs), "--json"], check=True, capture_output=True, text=True).stdout)
    store = Broker(WORK / "c", people=PEOPLE)
    parts = json.loads(subprocess.run([BUILD / "bench_parts", store.work / "data", store.keys / "store.key", str(args.runs)], check=True,
                                      capture_output=True, text=True).stdout)
    parts["rows"] += tools_c(args) + [replay_c(args)]
    table("c. decisions of the engine alone, on one core", engine["sizes"], [
        ("rules", "rules", "%d"), ("a second", "median_per_s", "%.0f"), ("lowest", "lowest_per_s", "%.0f"), ("highest", "highest_per_s", "%.0f"),
        ("to 20 rules", "to_20_rules", "%.2f")])
    table("   what else is worked out, 1,000 rules", parts["rows"], [
        ("", "what", "%s"), ("a second", "median_per_s", "%.0f"), ("lowest", "lowest_per_s", "%.0f"), ("highest", "highest_per_s", "%.0f"),
        ("us each", "us", "%.2f")])
    last = engine["sizes"][-1]
    return {"engine": engine, "parts": parts, "targets": [target("decisions a second with 2,000 rules", last["median_per_s"], 1e6, least=True),
                                                          target("to 20 rules", last["to_20_rules"], 0.8, least=True)]}


def tools_c(args):
    """The officers' tools on the smallest town's policy: decisions a second, of a matrix and of its difference from one with a purpose less strict."""
    sys.path.insert(0, str(ROOT / "deploy"))
    from exerciselib.folder import load
    from exerciselib.policy_text import write_policy
    rows, one, other = [], WORK / "one-policy", WORK / "other-policy"
    write_policy(load(ROOT / "tests" / "data" / "smalltown"), one)
    shutil.copytree(one, other)
    for path in other.iterdir():
        path.write_text(path.read_text(encoding="utf-8").replace('relationship = "required"', 'relationship = "not-required"', 1), encoding="utf-8")
    decisions = 0
    for what, argv, policies in (("matrix", ["policy", "matrix", one, "--json"], 1), ("difference", ["policy", "diff", one, other, "--json"], 2)):
        seconds = []
        for _ in range(args.runs):
            began = time.monotonic()
            done = subprocess.run([STAGE / "bin" / "almoner", *argv], capture_output=True, text=True, check=False)
            seconds.append(time.monotonic() - began)
            decisions = decisions or json.loads(done.stdout)["decisions"]
        rate = [decisions * policies / s for s in seconds]
        rows.append({"what": f"{what} of a small policy, start to end ({statistics.median(seconds):.2f} s)", "median_per_s": statistics.median(rate),
                     "lowest_per_s": min(rate), "highest_per_s": max(rate), "us": 1e6 / statistics.median(rate), "seconds": statistics.median(seconds)})
    return rows


def replay_c(args):
    """What a draft would have decided of the requests in a log, half of whose leaves are requests, of fifty kinds: read through the reader, signed
    for by an officer; decided again once a kind, under both policies."""
    broker, seconds = Broker(WORK / "c-log", people=1000, leaves=REPLAYED), []
    since = (datetime.date.today() - datetime.timedelta(days=3)).isoformat()
    try:
        broker.start()
        broker.settle()
        for _ in range(args.runs):
            began = time.monotonic()
            found = broker.officer("policy", "replay", "--since", since, broker.draft)
            seconds.append(time.monotonic() - began)
    finally:
        broker.stop()
    requests = found["leaves"] - found["not_decisions"]
    rate, took = sorted(requests / s for s in seconds), statistics.median(seconds)
    return {"what": f"replay of {requests:,} requests of a log of {found['leaves']:,} leaves, start to end ({took:.2f} s)",
            "median_per_s": statistics.median(rate), "lowest_per_s": rate[0], "highest_per_s": rate[-1], "us": took / requests * 1e6, "seconds": took,
            "leaves": found["leaves"], "requests": requests}


# --- d: what does not slow down ---

def sizes_d(args):
    people = [{"people": 1000, "leaves": BEHIND}, {"people": PEOPLE, "leaves": BEHIND}]
    pairs = [("people", [{"people": n, "leaves": LOGGED} for n in (1000, PEOPLE, 1000000)] if args.full else people),
             ("earlier leaves", [{"leaves": 100}, {"leaves": 10000000}] if args.full else [{"leaves": 100}, {"leaves": LOGGED}]),
             ("connections", [{"connections": 10}, {"connections": 2000}])]
    free = shutil.disk_usage(WORK).free
    if args.full and free < 30 << 30:
        say(f"skipped: the largest stores need 30 GiB of disk, and {free >> 30} are free")
        return [("people", people), ("earlier leaves", [{"leaves": 100}, {"leaves": LOGGED}]), pairs[2]]
    return pairs


GROWN = {}  # leaves -> the broker of section d whose store took minutes to grow: section e starts it again


def broker_d(what, size):
    many = size.get("connections", 0)
    agencies = AGENCIES + (many // 4 if many > 1000 else 0)
    broker = Broker(WORK / f"d-{what.replace(' ', '-')}-{list(size.values())[0]}", people=size.get("people", 1000), leaves=size.get("leaves"),
                    agencies=min(512, agencies))
    if size.get("leaves", 0) > LOGGED:
        GROWN[size["leaves"]] = broker
    broker.started_s = broker.start()
    if many > 1000:
        broker.loads["idle"] = Load("keep", broker.address, broker.server, AGENCIES, min(512, agencies) - AGENCIES, "--copies", -(-many // (512 - AGENCIES)))
        broker.loads["idle"].hear()
    idle = broker.loads
    broker.connect()
    broker.loads.update(idle)
    return broker


def row_d(what, broker, got, smallest):
    """smallest: the row of the smallest of its kind, None for itself."""
    rate, cpu = summary(got), median_cpu(got)
    row = {"what": what, "per_s": rate["median"], "lowest": rate["lowest"], "highest": rate["highest"], "core_us": cpu["core"], "gate_us": cpu["gate"],
           "settled_s": broker.settled_s, "warmed_s": broker.warmed_s, "warmed_us": broker.warmed_us, "started_s": broker.started_s,
           "grown_s": broker.grown_s, **{f"mib_{n}": memory_mib(pid)[0] for n, pid in broker.pids.items()}}
    smallest = smallest or row
    return {**row, "to_smallest": ratio(row["per_s"], smallest["per_s"]), "core_to_smallest": ratio(row["core_us"], smallest["core_us"])}


def section_d(args):
    rows, targets = [], []
    for what, sizes in sizes_d(args):
        systems, first = {}, len(rows)
        try:
            for size in sizes:
                systems[list(size.values())[0]] = broker_d(what, size)
            for broker in systems.values():
                broker.warm()
            for size, got in alternate(systems, args.runs, "insight", 1000).items():
                rows.append(row_d(f"{size:,} {what}", systems[size], got, rows[first] if len(rows) > first else None))
            targets.append(target(f"throughput, largest to smallest, {what}", rows[-1]["to_smallest"], 0.85, least=True))
            targets.append(target(f"core's processor time, largest to smallest, {what}", rows[-1]["core_to_smallest"], 1.15, least=False))
        finally:
            for broker in systems.values():
                broker.stop()
    table("d. what does not slow down: insight round trips with 1,000 outstanding; memory (MiB) without pages of files", rows, [
        ("", "what", "%s"), ("a second", "per_s", "%.0f"), ("lowest", "lowest", "%.0f"), ("highest", "highest", "%.0f"),
        ("to smallest", "to_smallest", "%.2f"), ("core us", "core_us", "%.1f"), ("to smallest", "core_to_smallest", "%.2f"), ("gate us", "gate_us", "%.1f"),
        ("core", "mib_core", "%.0f"), ("gate", "mib_gate", "%.0f"), ("reader", "mib_reader", "%.0f"), ("signer", "mib_signer", "%.0f")])
    return {"rows": rows, "targets": targets}


# --- e: start-up ---

def section_e(args):
    rows = []
    cases = [("empty", {"leaves": 0}), ("100,000 queued messages", {"queued": 100000})]
    cases += [("1,000,000 queued messages", {"queued": 1000000}), ("10,000,000 leaves", {"leaves": 10000000})] if args.full else \
        [(f"{LOGGED:,} leaves", {"leaves": LOGGED})]
    for title, size in cases:
        broker = GROWN.get(size.get("leaves")) or Broker(WORK / f"e-{title.replace(' ', '-').replace(',', '')}", people=1000, **size)
        seconds = []
        for _ in range(args.runs):
            seconds.append(broker.start())
            broker.stop()
        rows.append({"store": title, **spread(seconds)})
    table("e. seconds from the start of almonerd until an adapter is welcomed", rows, [
        ("", "store", "%s"), ("median", "median", "%.2f"), ("lowest", "lowest", "%.2f"), ("highest", "highest", "%.2f")])
    return {"rows": rows}


# --- f: fairness under load ---

def section_f(args):
    """The same number outstanding in all: evenly, then nearly all of one agency's. What the other three wait."""
    broker = Broker(WORK / "f", people=PEOPLE)
    rows, p99 = [], {"even": [], "one": [], "flood": []}
    try:
        broker.start()
        broker.connect()
        broker.warm()
        loud = Load("ask", broker.address, broker.server, 0, 1, "--people", PEOPLE)
        others = Load("ask", broker.address, broker.server, 1, 3, "--people", PEOPLE)
        for load in (loud, others):
            load.hear()
        broker.loads.update(loud=loud, others=others)
        shares = {"even": (64, 192), "one": (232, 24), "flood": (4000, 24)}
        detail = {name: [] for name in shares}
        for _ in range(args.runs):
            for name, (window, rest) in shares.items():
                loud.say(f"run insight {SECONDS + 0.2} {window}")
                others.say(f"run insight {SECONDS} {rest}")
                got = others.hear()
                first = loud.hear()
                p99[name].append(got["p99_us"])
                detail[name].append({"others": got, "loud": first})
    finally:
        broker.stop()
    titles = {"even": "64 outstanding of each agency", "one": "232 of one agency, 8 of each other", "flood": "4,000 of one agency, 8 of each other"}
    for name, values in p99.items():
        s = spread(values)
        rows.append({"load": titles[name], "p99_ms": s["median"] / 1000, "lowest": s["lowest"] / 1000, "highest": s["highest"] / 1000,
                     "to_even": ratio(s["median"], statistics.median(p99["even"])), "others_per_s": summary([d["others"] for d in detail[name]])["median"],
                     "loud_per_s": summary([d["loud"] for d in detail[name]])["median"],
                     "loud_busy": sum(d["loud"]["busy"] for d in detail[name]), "unanswered": sum(d["loud"]["unanswered"] + d["others"]["unanswered"]
                                                                                                  for d in detail[name])})
    table("f. fairness: what three agencies wait beside a fourth", rows, [
        ("", "load", "%s"), ("others' p99 ms", "p99_ms", "%.1f"), ("lowest", "lowest", "%.1f"), ("highest", "highest", "%.1f"), ("to even", "to_even", "%.2f"),
        ("others/s", "others_per_s", "%.0f"), ("its own/s", "loud_per_s", "%.0f"), ("Busy to it", "loud_busy", "%d"), ("unanswered", "unanswered", "%d")])
    return {"rows": rows, "targets": [target("others' p99 beside one at full speed, to even", rows[1]["to_even"], 1.5, least=False)]}


SECTIONS = {"a": section_a, "b": section_b, "c": section_c, "d": section_d, "e": section_e, "f": section_f, "g": section_g}


def main():
    parser = argparse.ArgumentParser(prog="tests/bench/run")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--only", default="".join(SECTIONS))
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--json", metavar="FILE")
    args = parser.parse_args()
    began, found = time.monotonic(), {}
    print(f"network: {os.environ.get('ALM_BENCH_NETWORK', '?')}; {os.cpu_count()} processors; load average {os.getloadavg()[0]:.1f}; "
          f"{args.runs} runs of each, alternating; medians")
    for name in args.only.replace(",", ""):
        start = time.monotonic()
        found[name] = SECTIONS[name](args)
        found[name]["seconds"] = round(time.monotonic() - start, 1)
        say(f"section {name}: {found[name]['seconds']} s")
        for t in found[name].get("targets", []):
            print(f"  {'met   ' if t['met'] else 'missed'}  {t['target']}: {t['value']:g} (wanted: {t['wanted']:g})")
    print(f"\n{time.monotonic() - began:.0f} s in all; load average at the end {os.getloadavg()[0]:.1f}")
    if args.json:
        Path(args.json).write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
