#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""scan.py KEPT [--whole] [FILE...] - looks through what tests left behind for what they planted; TAP, one line for each kind of place.

KEPT: a folder of places (deploy/exerciselib/keep.py). FILE: what belongs to no place, such as the tests' own output; in it whatever any place
planted is looked for. --whole: the whole suite ran, so that a kind of place of which nothing was kept is a failure: a scan of nothing finds
nothing. A find is told by file, offset, kind and form, never by its value. Exit: 0; 1 something was found.
"""
import argparse
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from canaries import of_place  # noqa: E402,F401
import canaries  # noqa: E402

TOLD = 40          # finds that are told of a kind of place
LEAST = 6          # bytes of a pattern
GREP = ["grep", "--fixed-strings", "--text", "--byte-offset", "--only-matching", "--with-filename", "--null"]
# What is not looked through, and why. A part of a path, or how its name ends.
ASIDE_PARTS = {
    "keys": "where a place's own keys lie",
    "admitted": "public keys, beside them",
    "typed": "what a test typed, as a practitioner would",
    "rows": "an agency's own rows",
    "program": "what a test compiled, with what it types inside",
}
ASIDE_ENDS = {
    ".csv": "an agency's own rows",
    ".db": "an agency's own rows, as a database",
    "canaries.jsonl": "the list itself",
    ".send": "messages that a test made beforehand, as an agency's own system would",
}
# The kinds of place, first match: name, and what of a path makes it one.
KINDS = (
    ("core files", lambda path, head: head[:4] == b"\x7fELF" and head[16:18] == b"\x04\x00"),
    ("what commands printed", lambda path, head: path.name == "said.txt"),
    ("officers' reports", lambda path, head: path.name == "reports.txt"),
    ("tokens made for officers", lambda path, head: path.suffix in (".tokens", ".change")),
    ("operators' logs", lambda path, head: path.suffix == ".log" or path.name == "log"),
    ("outboxes", lambda path, head: "outbox" in part_names(path)),
    ("inboxes", lambda path, head: "inbox" in part_names(path)),
    ("token caches and books", lambda path, head: any(word in path.name for word in ("cache", "book"))),
    ("exports and backups", lambda path, head: any(word in name for name in part_names(path) for word in ("export", "tiles", "backup"))),
    ("the broker's store", lambda path, head: bool({"data", "store"} & set(part_names(path)))),
    ("policy text", lambda path, head: path.suffix == ".policy"),
    ("configuration and everything else", lambda path, head: True),
)
LOOSE = "the tests' own output"
# A canary that a kind of place holds by its nature, and why.
MAY_HOLD = {
    ("outboxes", "token"): "the frames that an agency itself is about to send; the key that made the tokens lies beside them, and the folder is its owner's",
    ("tokens made for officers", "token"): "almoner subject tokens makes them, for its own reader to hand over, and a saved change says by them whom it holds or erases; nobody else may read the file",
    ("officers' reports", "practitioner"): "an officer reviews what practitioners did; subjects stay unknown",
    ("policy text", "name"): "officers write it; an agency of Marlham is called after the woman whom it acts for",
    ("inboxes", "token"): "what was delivered to it about people it knows, likewise",
}
# Not every pass keeps one: nothing crashes in a good one.
RARE = {"core files"}


def part_names(path):
    return path.parts


def aside(path):
    return any(part == word or part.endswith(f"-{word}") for part in path.parts[:-1] for word in ASIDE_PARTS) or any(path.name.endswith(end) for end in ASIDE_ENDS)


def kind_of(path, whole):
    with open(whole, "rb") as f:
        head = f.read(20)
    return next(name for name, is_one in KINDS if is_one(path, head))


class Patterns:
    """Byte strings to look for at once. A newline ends a pattern of grep's: the longest piece without one stands for the whole."""

    def __init__(self, found):
        self.meaning = {}
        for canary in found:
            for form, octets in canaries.forms(canary):
                piece = max(octets.split(b"\n"), key=len)
                if len(piece) >= LEAST:
                    self.meaning.setdefault(piece, (canary.kind, form))

    def finds(self, paths):
        """(path, offset, kind of canary, form) of each place in files where one begins."""
        if not self.meaning or not paths:
            return []
        with tempfile.NamedTemporaryFile(prefix="almoner-canaries-", dir="/tmp") as file:
            file.write(b"\n".join(self.meaning) + b"\n")
            file.flush()
            done = subprocess.run([*GREP, f"--file={file.name}", "--", *map(str, paths)], capture_output=True, check=False,
                                  env=dict(os.environ, LC_ALL="C"))
        if done.returncode > 1:
            raise RuntimeError(f"grep: {done.stderr.decode(errors='replace')[:300]}")
        return [self.find(line) for line in done.stdout.split(b"\n") if line]

    def find(self, line):
        name, rest = line.split(b"\0", 1)
        offset, piece = rest.split(b":", 1)
        return (os.fsdecode(name), int(offset), *self.meaning[piece])


class Pass:
    """All places of one pass, and what was found in each kind."""

    def __init__(self):
        self.seen, self.found, self.octets, self.canaries = {}, {}, 0, {}

    def add(self, kind, path, told, finds):
        self.seen[kind] = self.seen.get(kind, 0) + 1
        self.octets += os.path.getsize(path)
        for _, offset, what, form in finds:
            if (kind, what) not in MAY_HOLD:
                self.found.setdefault(kind, []).append(f"{told}, offset {offset}: {what}, {form}")


def files_of(place):
    """(path, path within the place) of every file to look through."""
    for folder, _, names in os.walk(place):
        for name in sorted(names):
            path = Path(folder) / name
            within = path.relative_to(place)
            if path.is_file() and not path.is_symlink() and not aside(within):
                yield path, within


def look_through(place):
    """One place. Return: (its canaries, [(kind, path, finds)])."""
    found = canaries.of_place(place)
    own = {path for _, path in canaries.keys(place)}  # a key's own file, wherever a test has made it
    files = [(kind_of(within, path), path) for path, within in files_of(place) if path not in own]
    by_file = {}
    for find in Patterns(found).finds([path for _, path in files]):
        by_file.setdefault(find[0], []).append(find)
    return found, [(kind, path, by_file.get(str(path), [])) for kind, path in files]


def scan(kept, loose=()):
    """Return: a Pass."""
    places = sorted(p for p in Path(kept).glob("*") if p.is_dir()) if kept else []
    result = Pass()
    with ThreadPoolExecutor(2) as pool:
        for found, files in pool.map(look_through, places):
            result.canaries.update((c.value, c) for c in found)
            for kind, path, finds in files:
                result.add(kind, path, path.relative_to(kept), finds)
    loose = [Path(p) for p in loose if Path(p).is_file()]
    finds = Patterns(result.canaries.values()).finds(loose)
    for path in loose:
        result.add(LOOSE, path, path, [f for f in finds if f[0] == str(path)])
    return result


def tell(result, whole):
    """TAP. Return: whether nothing was found."""
    names = [name for name, _ in KINDS] + [LOOSE]
    good = True
    print(f"TAP version 13\n1..{len(names)}")
    print(f"# {len(result.canaries)} canaries, {sum(result.seen.values())} files, {result.octets / 1e6:.0f} MB")
    for n, name in enumerate(names, 1):
        found, seen = result.found.get(name, []), result.seen.get(name, 0)
        missing = whole and not seen and name not in RARE
        print(f"{'not ok' if found or missing else 'ok'} {n} - nobody and no key is found in {name} ({seen} files)")
        for line in found[:TOLD] + ([f"and {len(found) - TOLD} more"] if len(found) > TOLD else []):
            print(f"# {line}")
        if missing:
            print("# nothing of this kind was kept, so nothing was looked through")
        good = good and not found and not missing
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kept")
    parser.add_argument("files", nargs="*")
    parser.add_argument("--whole", action="store_true")
    args = parser.parse_args()
    return 0 if tell(scan(args.kept, args.files), args.whole) else 1


if __name__ == "__main__":
    sys.exit(main())
