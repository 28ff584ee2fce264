# SPDX-License-Identifier: Apache-2.0
"""What must not be found: keys, tokens, people and texts that a test planted in its place, and every form that each could take.

What flows in: a place, as a test left it. Its own keys and rows are the list; canaries.jsonl has what was planted besides. It shares no code
with the product; the tokens are made by tests/flow/wire_client.py, from proto/wire/README.md alone.
"""
import base64
import csv
import json
import re
import sys
import urllib.parse
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "flow"))
from wire_client import Tokens  # noqa: E402

SECRET_NAMES = {"store.key": "store key", "audit.key": "signing key"}
NAMES = {".key": "CURVE secret key", ".key_secret": "CURVE secret key", ".sign": "signing key", ".token": "token key", ".seal": "sealing key", ".oprf": "oblivious key",
         ".backup": "backup key"}
LEAST_TEXT = 6      # bytes; shorter ones turn up in random octets
LEAST_BASE64 = 8    # characters that do not depend on what stands beside
Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
EPOCHS = (1, 2)
WORDS = {"example"}  # family names that are words of configurations too: looked for beside a given name only


class Canary:
    """kind: what it is, in words that may be shown. value: bytes. text: whether somebody could write it in letters."""

    def __init__(self, kind, value, text=False):
        self.kind, self.value, self.text = kind, value, text


# --- forms ---
def base64_cores(octets):
    """What base64 makes of it whatever stands before and behind: one for each of three alignments, with either alphabet."""
    for shift, start in ((0, 0), (1, 2), (2, 3)):
        coded = base64.b64encode(bytes(shift) + octets)
        core = coded[start:(shift + len(octets)) * 8 // 6]
        if len(core) >= LEAST_BASE64:
            yield core
            yield core.replace(b"+", b"-").replace(b"/", b"_")


def z85(octets):
    out = []
    for i in range(0, len(octets) - len(octets) % 4, 4):
        n = int.from_bytes(octets[i:i + 4], "big")
        out.append("".join(Z85[n // 85 ** k % 85] for k in (4, 3, 2, 1, 0)))
    return "".join(out).encode()


def coded(octets):
    """(form, bytes) of octets as such."""
    yield "hex", octets.hex().encode()
    yield "hex", octets.hex().upper().encode()
    for core in base64_cores(octets):
        yield "base64", core
    yield "percent-encoding", "".join(f"%{o:02X}" for o in octets).encode()
    yield "percent-encoding", "".join(f"%{o:02x}" for o in octets).encode()


def text_forms(text):
    """(form, bytes) of a text in upper and lower case and as it stands."""
    for said in {text, text.upper(), text.lower()}:
        octets = said.encode()
        yield "as it stands", octets
        yield from coded(octets)
        yield "UTF-16", said.encode("utf-16-le")
        yield "UTF-16", said.encode("utf-16-be")
        for safe in ("", "/:@"):
            yield "percent-encoding", urllib.parse.quote(said, safe=safe).encode()
            yield "percent-encoding", urllib.parse.quote_plus(said, safe=safe).encode()
        yield "JSON escapes", json.dumps(said)[1:-1].encode()
        for form in ("\\u{:04x}", "\\u{:04X}"):
            yield "JSON escapes", "".join(form.format(int.from_bytes(u, "big")) for u in utf16_units(said)).encode()
            yield "JSON escapes", "".join(c if ord(c) < 128 else "".join(form.format(int.from_bytes(u, "big")) for u in utf16_units(c))
                                          for c in said).encode()


def utf16_units(text):
    octets = text.encode("utf-16-be")
    return [octets[i:i + 2] for i in range(0, len(octets), 2)]


def forms(canary):
    """(form, bytes) in every encoding that it could take."""
    if canary.text:
        yield from text_forms(canary.value.decode())
        return
    yield "as it stands", canary.value
    yield from coded(canary.value)
    if len(canary.value) % 4 == 0:
        yield "Z85", z85(canary.value)


# --- what a place has ---
def key_of(path):
    """The secret in a file that `almoner key new` made, or None."""
    text = path.read_text(encoding="ascii", errors="replace")
    found = re.search(r'secret-key = "(.{40})"', text)
    if found:
        return z85_decoded(found.group(1))
    found = re.search(r'"secret" *: *"([0-9a-f]{64})"', text) or re.search(r"\b([0-9a-f]{64})\b", text)
    return bytes.fromhex(found.group(1)) if found else None


def z85_decoded(text):
    out = b""
    for i in range(0, len(text), 5):
        n = 0
        for c in text[i:i + 5]:
            n = n * 85 + Z85.index(c)
        out += n.to_bytes(4, "big")
    return out


def keys(place):
    for path in sorted(place.rglob("*")):
        kind = SECRET_NAMES.get(path.name) or NAMES.get(path.suffix)
        if kind and path.is_file():
            value = key_of(path)
            if value and len(set(value)) > 4:
                yield Canary(kind, value), path


def rows(place):
    """Rows of CSV files about people and homes; the same row in several files once."""
    seen = set()
    for path in sorted(place.rglob("*.csv")):
        with open(path, encoding="utf-8", errors="replace", newline="") as f:
            for row in csv.DictReader(f):
                named = {k: v for k, v in row.items() if k and isinstance(v, str)}
                one = tuple(sorted(named.items()))
                if one not in seen and ({"given_name", "family_name"} <= set(named) or "address_line" in named):
                    seen.add(one)
                    yield named


def references(found):
    """What rows call people and homes, in small letters: a folder that calls them by their family name says it wherever a reference may stand."""
    return " ".join(v for row in found for k, v in row.items() if k.endswith("_id")).casefold()


def particulars(row, called=""):
    """(kind, text) of what a row tells about somebody. called: what references() gave."""
    given, family = row.get("given_name", ""), row.get("family_name", "")
    if given and family:
        yield "name", f"{given} {family}"
        yield "name", f"{family}, {given}"
        if family.casefold() not in WORDS and family.casefold() not in called:
            yield "family name", family
    number = row.get("nhs_number", "")
    if number:
        yield "NHS number", number
        yield "NHS number", f"{number[:3]} {number[3:6]} {number[6:]}"
    if row.get("upn"):
        yield "UPN", row["upn"]
    address, postcode = row.get("address_line", ""), row.get("postcode", "")
    if re.search(r"\d", address):  # not "No fixed address", which nobody lives at
        yield "address", address
    if postcode:
        yield "postcode", postcode
        yield "postcode", postcode.replace(" ", "")


def token_values(row, key):
    """Values of a row's tokens that a test can make without our code: numbers, names with a birth date or postcode."""
    for epoch in EPOCHS:
        tokens = Tokens(key, epoch)
        if row.get("nhs_number"):
            yield tokens.value(1, row["nhs_number"])
        if row.get("upn"):
            yield tokens.value(2, row["upn"])
        if row.get("given_name") and row.get("family_name") and row.get("date_of_birth"):
            yield from person_tokens(tokens, row)
        if row.get("address_line") and row.get("postcode"):
            words = " ".join("".join(c for c in word if c.isalnum()) for word in row["address_line"].casefold().split())
            yield tokens.value(7, words, row["postcode"].replace(" ", "").upper())


class Taken(list):
    """What Tokens.person asks of a TokenSet."""

    def __init__(self):
        super().__init__()
        self.tokens = self

    def add(self, value, **_):
        self.append(value)


def person_tokens(tokens, row):
    taken = Taken()
    tokens.person(None, taken, row["given_name"], row["family_name"], row["date_of_birth"], postcode=row.get("postcode") or None)
    return taken


def planted(place):
    for path in sorted(place.rglob("canaries.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            yield Canary(row["kind"], row["text"].encode() if "text" in row else bytes.fromhex(row["hex"]), "text" in row)


def of_place(place):
    """Everything that must not be found in what a test left in a place, each once."""
    found, token_keys = {}, []
    for canary, path in keys(place):
        found.setdefault(canary.value, canary)
        if path.suffix == ".token":
            token_keys.append(canary.value)
    found_rows = list(rows(place))
    called = references(found_rows)
    for row in found_rows:
        for kind, text in particulars(row, called):
            if len(text.encode()) >= LEAST_TEXT:
                found.setdefault(text.encode(), Canary(kind, text.encode(), True))
        for key in token_keys:
            for value in token_values(row, key):
                found.setdefault(value, Canary("token", value))
    for canary in planted(place):
        if len(canary.value) >= LEAST_TEXT:
            found.setdefault(canary.value, canary)
    return list(found.values())
