# SPDX-License-Identifier: Apache-2.0
"""RFC 9162's tree, C2SP's signed heads and tiles, and our exports, from their specifications and with other people's code: hashlib, PyNaCl.

Shares nothing with almoner, so that what it finds right or wrong is a second opinion. It holds a whole log in memory: for tests."""
import base64
import hashlib
import os
import struct

import nacl.exceptions
import nacl.signing

TILE = 256
ENTRY = 97


# --- RFC 9162, section 2.1, as it is written there ---
def leaf_hash(entry):
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def split(n):
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def root(leaves):
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return node_hash(root(leaves[:k]), root(leaves[k:]))


def path(m, leaves):
    """PATH(m, D[n]): the inclusion proof."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    return path(m, leaves[:k]) + [root(leaves[k:])] if m < k else path(m - k, leaves[k:]) + [root(leaves[:k])]


def included(leaf, index, size, proof, head):
    """Section 2.1.3.2."""
    if index >= size:
        return False
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == head


def consistency(m, leaves, whole=True):
    """SUBPROOF(m, D[n], b); PROOF(m, D[n]) by default. Nothing for the empty tree and for the same."""
    n = len(leaves)
    if m == 0:
        return []
    if m == n:
        return [] if whole else [root(leaves)]
    k = split(n)
    if m <= k:
        return consistency(m, leaves[:k], whole) + [root(leaves[k:])]
    return consistency(m - k, leaves[k:], False) + [root(leaves[:k])]


# --- C2SP signed-note, tlog-checkpoint ---
def public(seed):
    return bytes(nacl.signing.SigningKey(seed).verify_key)


def key_id(origin, key):
    return hashlib.sha256(origin.encode() + b"\n\x01" + key).digest()[:4]


def vkey(seed, origin):
    key = public(seed)
    return f"{origin}+{key_id(origin, key).hex()}+{base64.b64encode(b'%c' % 1 + key).decode()}"


def sign(seed, origin, size, head):
    text = f"{origin}\n{size}\n{base64.b64encode(head).decode()}\n"
    signature = nacl.signing.SigningKey(seed).sign(text.encode()).signature
    return f"{text}\n\u2014 {origin} {base64.b64encode(key_id(origin, public(seed)) + signature).decode()}\n"


class Bad(Exception):
    """What is wrong, and where: leaf is the first bad one, None where it is the head or not to be told."""

    def __init__(self, leaf, why):
        super().__init__(f"leaf {leaf}: {why}" if leaf is not None else why)
        self.leaf = leaf


def open_head(note, verifier):
    """(size, root) of a checkpoint signed by this key; bytes in."""
    try:
        origin, wanted, key = verifier.split("+", 2)
        key = base64.b64decode(key, validate=True)[1:]
        if key_id(origin, key).hex() != wanted:
            raise ValueError("the verifier key itself")
        text, lines = note.decode().rsplit("\n\n", 1)
        text += "\n"
        first, size, head = text.split("\n")[:3]
        if first != origin or str(int(size)) != size or not lines.endswith("\n"):
            raise ValueError("the head's text")
        signed = False
        for line in lines[:-1].split("\n"):
            dash, name, blob = line.split(" ")
            octets = base64.b64decode(blob, validate=True)
            if dash != "\u2014" or base64.b64encode(octets).decode() != blob:
                raise ValueError("a signature line")
            if name == origin and octets[:4] == key_id(origin, key):
                nacl.signing.VerifyKey(key).verify(text.encode(), octets[4:])
                signed = True
        octets = base64.b64decode(head, validate=True)
        if not signed or len(octets) != 32 or base64.b64encode(octets).decode() != head:
            raise ValueError("no signature by this key")
        return int(size), octets
    except (ValueError, nacl.exceptions.CryptoError) as e:
        raise Bad(None, f"the head: {e}") from e


# --- C2SP tlog-cosignature: cosignature/v1, Ed25519 ---
def cosigner_id(name, key):
    return hashlib.sha256(name.encode() + b"\n\x04" + key).digest()[:4]


def cosigner_vkey(seed, name):
    key = public(seed)
    return f"{name}+{cosigner_id(name, key).hex()}+{base64.b64encode(bytes([4]) + key).decode()}"


def cosign(seed, name, note, at):
    """The line of a witness under a note's text (text in and out)."""
    text = note.rsplit("\n\n", 1)[0] + "\n"
    signature = nacl.signing.SigningKey(seed).sign(f"cosignature/v1\ntime {at}\n{text}".encode()).signature
    return f"\u2014 {name} {base64.b64encode(cosigner_id(name, public(seed)) + struct.pack('>Q', at) + signature).decode()}\n"


def cosigned(note, verifier):
    """When the witness of this verifier key has signed the note (bytes), in Unix seconds; None: it has not. Bad: its line is wrong."""
    try:
        name, wanted, key = verifier.split("+", 2)
        key = base64.b64decode(key, validate=True)
        if key[0] != 4 or cosigner_id(name, key[1:]).hex() != wanted:
            raise ValueError("the verifier key itself")
        text, lines = note.decode().rsplit("\n\n", 1)
        at = None
        for line in lines.rstrip("\n").split("\n"):
            dash, signer, blob = line.split(" ")
            octets = base64.b64decode(blob, validate=True)
            if dash != "\u2014" or signer != name or octets[:4] != bytes.fromhex(wanted):
                continue
            if at is not None or len(octets) != 76:
                raise ValueError("not one whole line of this witness")
            at, = struct.unpack(">Q", octets[4:12])
            nacl.signing.VerifyKey(key[1:]).verify(f"cosignature/v1\ntime {at}\n{text}\n".encode(), octets[12:])
        return at
    except (ValueError, nacl.exceptions.CryptoError) as e:
        raise Bad(None, f"a cosignature: {e}") from e


# --- C2SP tlog-tiles, and records beside them ---
def number(n):
    """x001/x234/067"""
    text = f"{n % 1000:03}"
    while n >= 1000:
        n //= 1000
        text = f"x{n % 1000:03}/{text}"
    return text


def tile_path(kind, n, width):
    return f"{kind}/{number(n)}" + (f".p/{width}" if width < TILE else "")


def tiles(leaves):
    """{path: octets} of every tile of hashes."""
    files, level, nodes = {}, 0, list(leaves)
    while nodes:
        for n in range(0, len(nodes), TILE):
            part = nodes[n:n + TILE]
            files[tile_path(f"tile/{level}", n // TILE, len(part))] = b"".join(part)
        nodes = [root(nodes[n:n + TILE]) for n in range(0, len(nodes) // TILE * TILE, TILE)]
        level += 1
    return files


def entry_of(nonce, clear, sealed):
    return b"\x01" + nonce + hashlib.sha256(clear).digest() + (sealed if isinstance(sealed, tuple) else (hashlib.sha256(sealed).digest(),))[0]


def record_of(clear, sealed):
    """sealed is a one-tuple of its hash where it was erased."""
    head = struct.pack(">I", len(clear)) + clear
    return head + (b"\x01" if isinstance(sealed, tuple) else b"\x00" + struct.pack(">I", len(sealed)) + sealed)


def export(log):
    """{path: octets} of a log of (nonce, clear, sealed), but for its head."""
    entries = [entry_of(*r) for r in log]
    files = tiles([leaf_hash(e) for e in entries])
    for n in range(0, len(log), TILE):
        width = len(log[n:n + TILE])
        files[tile_path("tile/entries", n // TILE, width)] = b"".join(struct.pack(">H", len(e)) + e for e in entries[n:n + TILE])
        files[tile_path("records", n // TILE, width)] = b"".join(record_of(c, s) for _, c, s in log[n:n + TILE])
    return files


def take(octets, at, n, leaf, what):
    if at + n > len(octets):
        raise Bad(leaf, f"{what} ends before it does")
    return octets[at:at + n], at + n


def read(folder, name, leaf):
    try:
        with open(os.path.join(folder, name), "rb") as f:
            return f.read()
    except OSError as e:
        raise Bad(leaf, f"{name}: {e.strerror}") from e


def verify(folder, verifier, earlier=None, witnesses=(), needed=None):
    """(size, root) of an export that is whole and unaltered; else Bad, of the first leaf that is not. earlier: heads (bytes) that it must continue.
    witnesses: verifier keys, of which so many as are needed (all) must have signed the head."""
    note = read(folder, "checkpoint", None)
    size, head = open_head(note, verifier)
    if sum(cosigned(note, w) is not None for w in witnesses) < (len(witnesses) if needed is None else needed):
        raise Bad(None, "too few witnesses have signed the head")
    leaves, bad = [], None
    try:
        for n in range(0, size, TILE):
            width = min(TILE, size - n)
            hashes, entries, records = (read(folder, tile_path(kind, n // TILE, width), n) for kind in ("tile/0", "tile/entries", "records"))
            at = beside = 0
            for leaf in range(n, n + width):
                length, at = take(entries, at, 2, leaf, "its bundle")
                entry, at = take(entries, at, struct.unpack(">H", length)[0], leaf, "its bundle")
                length, beside = take(records, beside, 4, leaf, "its record")
                clear, beside = take(records, beside, struct.unpack(">I", length)[0], leaf, "its record")
                erased, beside = take(records, beside, 1, leaf, "its record")
                good = len(entry) == ENTRY and entry[0] == 1 and entry[33:65] == hashlib.sha256(clear).digest() and erased in (b"\0", b"\1")
                if erased != b"\1":
                    length, beside = take(records, beside, 4, leaf, "its record")
                    sealed, beside = take(records, beside, struct.unpack(">I", length)[0], leaf, "its record")
                    good = good and entry[65:] == hashlib.sha256(sealed).digest()
                leaves.append(leaf_hash(entry))
                where = 32 * (leaf - n)
                if not bad and not (good and hashes[where:where + 32] == leaves[-1]):
                    bad = Bad(leaf, "record, entry and tile do not agree")
            if not bad and (at != len(entries) or beside != len(records) or len(hashes) != 32 * width):
                bad = Bad(n + width, "something was added")
    except Bad as e:
        raise bad or e from e
    if bad:
        raise bad
    for name, octets in tiles(leaves).items():
        if read(folder, name, None) != octets:
            raise Bad(None, f"{name} does not follow from the tiles below it")
    if root(leaves) != head:
        raise Bad(None, "the leaves do not make the root that was signed")
    for note in earlier or ():
        old_size, old_root = open_head(note, verifier)
        if old_size > size or root(leaves[:old_size]) != old_root:
            raise Bad(None, "it does not continue the head that was kept")
    return size, head
