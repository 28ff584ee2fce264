# SPDX-License-Identifier: Apache-2.0
"""What a rehearsal leaves behind, kept: with $ALM_KEPT set, a place goes into that folder instead of being removed, and with it what the
product's commands printed. tests/canary looks through it for people and keys.

What may show a person by its nature is not written down: SHOWN. Everything else is, so a command that is new is looked at.
"""
import json
import os
import shutil
import stat
import tempfile
from pathlib import Path

SAID = "said.txt"          # what commands printed
REPORTS = "reports.txt"    # what officers read, which names practitioners
PLANTED = "canaries.jsonl" # what tests planted besides keys and rows
# First words of a command -> why its output may hold somebody's particulars: its reader is who typed them, or whom they were written for.
SHOWN = {
    ("referral", "read"): "a referral's text, opened for its recipient",
    ("desk",): "whom somebody at a desk is asked about, from their own list",
}
HELP = "--help"            # its examples are about people whom the manual made up
MOST = 32 << 20            # bytes that are kept of what one place's commands printed


def shows(words):
    return HELP in words or any(tuple(words[:len(prefix)]) == prefix for prefix in SHOWN)


def note(work, words, out, err):
    """What a command printed, under its first words: never its arguments, which are what somebody typed."""
    if not os.environ.get("ALM_KEPT") or shows(words):
        return
    plain = [w for w in words[:2] if w.replace("-", "").isalpha() and not w.startswith("-")]
    said = f"$ {' '.join(plain)}\n{out}{err}".encode("utf-8", "surrogateescape")
    with open(Path(work) / (REPORTS if words and words[0] == "report" else SAID), "ab", buffering=0) as f:
        if os.fstat(f.fileno()).st_size + len(said) <= MOST:
            f.write(said)  # one write: commands run side by side


def plant(work, kind, value):
    """Something that nothing but its channel may show: a text, or bytes. kind: one word or two, for whoever reads of a find."""
    row = {"kind": kind, **({"text": value} if isinstance(value, str) else {"hex": bytes(value).hex()})}
    with open(Path(work) / PLANTED, "a", encoding="utf-8") as f:
        f.write(json.dumps(row) + "\n")


def leave(work, name):
    """Moves a place away that would be removed. Return: whether it was; sockets and the like are not kept."""
    kept, work = os.environ.get("ALM_KEPT"), Path(work)
    if not kept or not work.is_dir():
        return False
    for folder, _, files in os.walk(work):
        for file in files:
            path = Path(folder) / file
            try:
                mode = path.lstat().st_mode
            except FileNotFoundError:
                continue  # a process that is just ending takes its socket with it
            if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
                path.unlink(missing_ok=True)
    Path(kept).mkdir(parents=True, exist_ok=True)
    shutil.move(work, Path(tempfile.mkdtemp(prefix=f"{name}-", dir=kept)) / "place")
    return True


def gone(work, name):
    """A place is done with: moved away to be looked through, or removed."""
    if os.path.isdir(work) and not leave(work, name):
        shutil.rmtree(work, ignore_errors=True)


def printed(name, folder, text):
    """A place of its own for what a whole exercise of a folder printed, with the rows that it was about."""
    if not os.environ.get("ALM_KEPT"):
        return
    work = Path(tempfile.mkdtemp(prefix="almoner-printed-", dir="/tmp"))
    for path in Path(folder).glob("*.csv"):
        shutil.copy(path, work)
    (work / SAID).write_text(text, encoding="utf-8")
    leave(work, name)
