#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""mutate.py [--sample N] [--seed S] [--only FILE] [--jobs N] - breaks policy/engine in one place at a time: does a test notice?

Flips conditions, operators, constants and deletes statements in the engine's .c files, rebuilds the one object (gcc -O0) and with it the engine as
a shared library, and runs the engine's tests with that; what they do not notice is tried once more under the address and undefined-behaviour sanitizers. A mutant that survives all is
shown with file and line. Mutants that cannot change any decision are listed with their reason in mutants-equivalent.txt and do not count;
catalogue.c, which decides nothing, is left to the tests of policy/analyse. Prints TAP; fails below 90 %.
Without --sample: all of them with ALM_FULL=1, else 60 with a fixed seed."""
import argparse
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENGINE = ROOT / "policy" / "engine"
HERE = ROOT / "tests" / "policy"
LEFT_OUT = {"catalogue.c"}
SLOW = {"england", "oracle"}  # not run again under the sanitizers, as "bundle" is not where memory is not handled
HANDLES_MEMORY = {"bundle.c", "casework.c", "reader.c", "cells.c", "index.c", "layout.c", "composite.c"}
LEAST = 90  # per cent
SAMPLE = 60
ORACLE_CELLS = 1500
TIMEOUT_S = 30
FLAGS = ["-std=c11", "-D_GNU_SOURCE", "-DALM_SANITIZED", "-O0", "-g0", "-w", "-fPIC",
         *(f"-I{ROOT}/{folder}" for folder in ("proto", "policy", "tests/unit", "tests/policy")),
         f'-DALM_SMALL_POLICY="{HERE}/small.policy"', f'-DALM_RULES="{ROOT}/policy/rules"', f'-DALM_COMPOSITE_POLICY="{HERE}/composite.policy"',
         f'-DALM_BUNDLE_V1="{ROOT}/tests/fuzz/seeds/bundle/small"', f'-DALM_BUNDLE_V2="{ROOT}/tests/fuzz/seeds/bundle/small-classes"',
         f'-DALM_BUNDLE_V4="{ROOT}/tests/fuzz/seeds/bundle/small-v4"', f'-DALM_BUNDLE_V4_COMPOSITE="{ROOT}/tests/fuzz/seeds/bundle/composite-v4"',
         f'-DALM_BUNDLE_V5="{ROOT}/tests/fuzz/seeds/bundle/casework"',
         f'-DALM_BUNDLE_V6="{ROOT}/tests/fuzz/seeds/bundle/tokens"',
         f'-DALM_CASEWORK_POLICY="{HERE}/casework.policy"', f'-DALM_REFERRALS_DOC="{ROOT}/policy/REFERRALS.md"']
# bounds-strict: an array at the end of a struct has its bounds too.
SANITIZE = ["-fsanitize=address,undefined,bounds-strict", "-fno-sanitize-recover=all"]
KITS = {"plain": [], "sanitized": SANITIZE}  # in this order
ENGINE_LIBRARY = "libmutant.so"
WRAP = "-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup"
LIBRARIES = ["-lcmocka", "-lconfig", "-lcrypto", "-lsodium"]
# name -> whether it has the fixture; those first that are most likely to notice.
TESTS = {"gates": True, "consent": True, "transforms": True, "law": True, "reasons": True, "layout": True, "trace": True, "composite": True,
         "composite_layout": True, "override": True, "casework": True, "casework_layout": True, "threshold": True, "referral": True, "tokens": True, "oversight": True, "alike": True, "oracle": False,
         "bundle": True, "england": True}
FIRST = {"alike.c": ["alike"], "basis.c": ["consent", "law"], "bundle.c": ["gates", "layout", "composite"], "casework.c": ["casework_layout", "casework"],
         "cells.c": ["transforms"], "composite.c": ["composite", "composite_layout"], "consent.c": ["consent"], "decide.c": ["trace", "gates"],
         "override.c": ["override", "alike"], "oversight.c": ["oversight"], "reader.c": ["layout", "casework_layout"], "reason.c": ["reasons"], "refer.c": ["referral"],
         "referral.c": ["referral"], "retention.c": ["oversight"], "threshold.c": ["threshold"], "tokens.c": ["tokens"], "transforms.c": ["transforms"], "view.c": ["gates", "layout"]}

# (what to find in the code without comments and texts, what to put there)
SWAPS = [
    (r"==", "!="), (r"!=", "=="), (r"<=(?!=)", "<"), (r">=(?!=)", ">"), (r"(?<= )<(?= )", "<="), (r"(?<= )>(?= )", ">="),
    (r"(?<= )<(?= )", ">="), (r"&&", "||"), (r"\|\|", "&&"), (r"!(?=[\w(*])", ""),
    (r"(?<= )\+(?= )", "-"), (r"(?<= )-(?= )", "+"), (r"\+=", "-="), (r"\|=", "&="), (r"&= ~", "&= "), (r"&= ", "|= "),
    (r"(?<= )&(?= )", "|"), (r"<<", ">>"), (r">>", "<<"),
    (r"\btrue\b", "false"), (r"\bfalse\b", "true"), (r"\bHOLDS\b", "FAILS"), (r"\bFAILS\b", "HOLDS"), (r"\bCANNOT_TELL\b", "HOLDS"),
    (r"\bREASON_(?!NONE|DENY|COUNT)\w+", "REASON_DENY"), (r"\bREASON_NONE\b", "REASON_DENY"),
    (r"\bTELL_REASON\b", "TELL_HIDDEN"), (r"\bTELL_HIDDEN\b", "TELL_REASON"), (r"\bTELL_NO_CONSENT_LINE\b", "TELL_REASON"),
    (r"(?<![\w.])0(?![\w.])", "1"), (r"(?<![\w.\[])[1-9]\d*(?=u?\b)(?![\w.]*x)", None),  # None: one more
    (r"\bcontinue;", ";"),
]
STATEMENT = re.compile(r"^( +)((?:\(void\))?[a-z_]\w*(?:->\w+|\.\w+|\[[^\]]*\])*(?: [|&+-]?= .*|\(.*\)|\+\+);)$", re.M)
DECLARES = re.compile(r"^\s*(?:return|struct|enum|const|static|else|goto)\b")


class Mutant:
    """One change: text[start:end] of a file becomes new."""

    def __init__(self, file, text, start, end, new):
        self.file, self.start, self.end, self.new = file, start, end, new
        self.line = text.count("\n", 0, start) + 1
        self.source = " ".join(text.split("\n")[self.line - 1].split())
        first = text.rfind("\n", 0, start) + 1
        nth = text[first:start].count(text[start:end])  # which of several alike in the line
        self.change = f"{' '.join(text[start:end].split())}{f' #{nth + 1}' if nth else ''} -> {new or 'nothing'}"

    def key(self):
        return self.file, self.source, self.change

    def __str__(self):
        return f"policy/engine/{self.file}:{self.line}: {self.change}   in: {self.source}"


def blank(text):
    """The code with comments, texts and preprocessor lines as spaces: every offset stays."""
    def spaces(match):
        return re.sub(r"[^\n]", " ", match.group(0))
    text = re.sub(r"/\*.*?\*/", spaces, text, flags=re.S)
    text = re.sub(r'"(?:\\.|[^"\\\n])*"' + r"|'(?:\\.|[^'\\\n])*'", spaces, text)
    return re.sub(r"^#(?:.*\\\n)*.*$", spaces, text, flags=re.M)


def condition_end(code, start):
    """The offset of the bracket that closes the one at start."""
    depth = 0
    for i in range(start, len(code)):
        depth += (code[i] == "(") - (code[i] == ")")
        if depth == 0:
            return i
    return start


def mutants_of(path):
    text = path.read_text()
    code = blank(text)
    found = []
    for pattern, new in SWAPS:
        for m in re.finditer(pattern, code):
            found.append(Mutant(path.name, text, m.start(), m.end(), str(int(m.group(0)) + 1) if new is None else new))
    for m in re.finditer(r"\b(?:if|while) \(", code):
        end = condition_end(code, m.end() - 1)
        found.append(Mutant(path.name, text, m.end() - 1, end + 1, "(!" + text[m.end() - 1:end + 1] + ")"))
    for m in STATEMENT.finditer(code):
        if not DECLARES.match(m.group(2)):
            found.append(Mutant(path.name, text, m.start(2), m.end(2), ";"))
    return found


def equivalents():
    """(file, source line, change) -> reason, of mutants that change nothing that anybody can see."""
    known = {}
    for line in (HERE / "mutants-equivalent.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            file, source, change, reason = (part.strip() for part in line.split(" :: "))
            known[file, source, change] = reason
    return known


def run(command, **how):
    return subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **how)


def must(command):
    done = run(command)
    if done.returncode:
        raise SystemExit(f"Bail out! {' '.join(map(str, command))}\n{done.stdout.decode(errors='replace')}")


class Bench:
    """Everything compiled and linked once; a mutant costs one object and one shared library."""

    def __init__(self, work, jobs):
        self.work = Path(work)
        self.env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP", ASAN_OPTIONS="detect_leaks=1:exitcode=99", ALM_SEED="1")
        self.engine = sorted(ENGINE.glob("*.c"))
        self.tests = [t for t in TESTS if (HERE / f"test_{t}.c").exists()]
        helpers = [HERE / "fixture.c", HERE / "bad_text.c", ROOT / "tests" / "unit" / "alloc_fail.c", *HERE.glob("random_policy.c"), *HERE.glob("england.c")]
        libraries = [*(ROOT / "proto" / "base").glob("*.c"), *(ROOT / "proto" / "conf").glob("*.c"), *(ROOT / "policy" / "compile").glob("*.c")]
        sources = [*self.engine, *libraries, *helpers, *(HERE / f"test_{t}.c" for t in self.tests)]
        self.helpers = helpers
        for kit, flags in KITS.items():
            (self.work / kit).mkdir()
            with ThreadPoolExecutor(jobs) as pool:
                list(pool.map(lambda s, k=kit, f=flags: must(["gcc", *FLAGS, *f, "-c", s, "-o", self.object(k, s)]), sources))
            must(["ar", "rcs", self.work / kit / "libshared.a", *(self.object(kit, s) for s in libraries)])
            must(self.link_engine(kit, [self.object(kit, s) for s in self.engine], self.work / kit))
            with ThreadPoolExecutor(jobs) as pool:
                list(pool.map(lambda t, k=kit: must(self.link_test(k, t)), self.tests))
        must(["/usr/bin/python3", HERE / "facts.py", ROOT / "tests" / "data" / "marlham", self.work / "oracle", ORACLE_CELLS, "1"])

    def object(self, kit, source):
        return self.work / kit / f"{source.parent.name}-{source.stem}.o"

    def link_engine(self, kit, engine, place):
        """Allocations go through the test's alloc_fail.c, as they do in a test of one piece."""
        return ["gcc", *KITS[kit], "-shared", f"-Wl,-soname,{ENGINE_LIBRARY}", WRAP, "-o", place / ENGINE_LIBRARY, *engine]

    def link_test(self, kit, test):
        """-rdynamic and the whole of the libraries: the engine looks in the test for what it uses."""
        helpers = self.helpers if TESTS[test] else [h for h in self.helpers if h.stem == "alloc_fail"]
        own = [self.object(kit, HERE / f"test_{test}.c"), *(self.object(kit, s) for s in helpers)]
        return ["gcc", *KITS[kit], "-rdynamic", "-o", self.work / kit / f"test-{test}", *own, WRAP, "-Wl,--whole-archive", self.work / kit / "libshared.a",
                "-Wl,--no-whole-archive", self.work / kit / ENGINE_LIBRARY, *LIBRARIES]

    def noticed_by(self, kit, engine, place, order):
        """The first test that fails with these engine objects, or None."""
        if run(self.link_engine(kit, engine, place)).returncode:
            return "the linker"
        env = dict(self.env, LD_LIBRARY_PATH=str(place))
        for test in order:
            try:
                done = run([self.work / kit / f"test-{test}"] + ([self.work / "oracle"] if test == "oracle" else []), env=env, cwd=place, timeout=TIMEOUT_S)
            except subprocess.TimeoutExpired:
                return f"{test} (time)"
            if done.returncode:
                return test
        return None

    def baseline(self):
        for kit in KITS:
            with tempfile.TemporaryDirectory(dir=self.work) as place:
                failed = self.noticed_by(kit, [self.object(kit, s) for s in self.engine], Path(place), self.tests)
            if failed:
                return f"{failed}, {kit}"
        return None

    def judge(self, mutant):
        """Who noticed the mutant, or None."""
        first = [t for t in FIRST.get(mutant.file, ["gates"]) if t in self.tests]
        order = first + [t for t in self.tests if t not in first]
        text = (ENGINE / mutant.file).read_text()
        with tempfile.TemporaryDirectory(dir=self.work) as place:
            place = Path(place)
            source = place / mutant.file
            source.write_text(text[:mutant.start] + mutant.new + text[mutant.end:])
            for kit, flags in KITS.items():
                if run(["gcc", *FLAGS, *flags, "-c", source, "-o", place / "mutant.o"]).returncode:
                    return "the compiler"
                engine = [place / "mutant.o" if s.name == mutant.file else self.object(kit, s) for s in self.engine]
                slow = set() if kit == "plain" else SLOW if mutant.file in HANDLES_MEMORY else SLOW | {"bundle"}
                verdict = self.noticed_by(kit, engine, place, [t for t in order if t not in slow])
                if verdict:
                    return verdict
        print(f"# survived: {mutant}", flush=True)
        return None


def arguments():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--sample", type=int, default=0 if os.environ.get("ALM_FULL") else SAMPLE)
    p.add_argument("--seed", default=os.environ.get("ALM_SEED", "1"))
    p.add_argument("--only", help="mutants of this file only, such as gates.c")
    p.add_argument("--jobs", type=int, default=2)
    return p.parse_args()


def main():
    how = arguments()
    began = time.monotonic()
    known = equivalents()
    every = [m for path in sorted(ENGINE.glob("*.c")) if path.name not in LEFT_OUT and how.only in (None, path.name) for m in mutants_of(path)]
    chosen = [m for m in every if m.key() not in known]
    stale = set(known) - {m.key() for m in every} if not how.only else set()
    if how.sample and how.sample < len(chosen):
        chosen = random.Random(how.seed).sample(chosen, how.sample)
    print(f"1..{3 if not how.only else 1}\n# seed {how.seed}, {len(chosen)} of {len(every)} mutants, {len(known)} known to be equivalent", flush=True)
    with tempfile.TemporaryDirectory(prefix="almoner-mutate-") as work:
        bench = Bench(work, how.jobs)
        broken = bench.baseline()
        if broken:
            print(f"Bail out! the engine's tests fail without any change: {broken}")
            return 1
        with ThreadPoolExecutor(how.jobs) as pool:
            verdicts = list(pool.map(bench.judge, chosen))
    survivors = [m for m, v in zip(chosen, verdicts) if v is None]
    unbuilt = sum(v in ("the compiler", "the linker") for v in verdicts)
    n, killed = len(chosen) - unbuilt, len(chosen) - unbuilt - len(survivors)
    per_cent = 100 * killed / n if n else 0
    print(f"# mutants {n}, killed {killed} ({per_cent:.1f} %); {unbuilt} do not compile; {time.monotonic() - began:.0f} s")
    good = per_cent >= LEAST
    print(f"{'' if good else 'not '}ok 1 - the engine's tests notice at least {LEAST} of 100 changes to it")
    if not how.only:
        for key in sorted(stale):
            print(f"# in mutants-equivalent.txt, but no such mutant: {' :: '.join(key)}")
        print(f"{'' if not stale else 'not '}ok 2 - each mutant listed as equivalent still exists")
        print(f"{'' if all(known.values()) else 'not '}ok 3 - each mutant listed as equivalent has a reason")
        good = good and not stale and all(known.values())
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
