# SPDX-License-Identifier: Apache-2.0
"""Oblivious match tokens in Python, over libsodium by ctypes: what a client in another language does, and a key holder to play.

RFC 9497, ristretto255-SHA512, mode VOPRF; only as far as the tests need it: no proofs are verified, and those made are of a played key holder.
"""
import ctypes
import ctypes.util
import hashlib
import os

from wire_client import TOKEN_DOMAIN, Tokens

SODIUM = ctypes.CDLL(ctypes.util.find_library("sodium") or "libsodium.so.23")
SODIUM.sodium_init()
SCHEME_OBLIVIOUS = 2
CONTEXT = b"OPRFV1-\x01-ristretto255-SHA512"


def expand(message, tag):
    """expand_message_xmd of RFC 9380 with SHA-512, 64 bytes."""
    tag += bytes([len(tag)])
    first = hashlib.sha512(bytes(128) + message + (64).to_bytes(2, "big") + b"\0" + tag).digest()
    return hashlib.sha512(first + b"\x01" + tag).digest()


def group_hash(message):
    out = ctypes.create_string_buffer(32)
    assert SODIUM.crypto_core_ristretto255_from_hash(out, expand(message, b"HashToGroup-" + CONTEXT)) == 0
    return out.raw


def times(scalar, point):
    out = ctypes.create_string_buffer(32)
    assert SODIUM.crypto_scalarmult_ristretto255(out, scalar, point) == 0
    return out.raw


def some_scalar():
    out = ctypes.create_string_buffer(32)
    SODIUM.crypto_core_ristretto255_scalar_random(out)
    return out.raw


def some_point():
    return times(some_scalar(), group_hash(os.urandom(16)))


def evaluate(key, message):
    """What blinding, evaluating and finalizing come to, for whoever has the key."""
    point = times(key, group_hash(message))
    sized = lambda part: len(part).to_bytes(2, "big") + part
    return hashlib.sha512(sized(message) + sized(point) + b"Finalize").digest()


class ObliviousTokens(Tokens):
    """As wire_client's, under the other scheme. key: the key holder's, which only a test has."""

    def value(self, kind, *parts):
        data = TOKEN_DOMAIN + bytes([kind, SCHEME_OBLIVIOUS]) + self.epoch.to_bytes(2, "big")
        for part in parts:
            octets = part.encode()
            data += len(octets).to_bytes(2, "big") + octets
        return evaluate(self.key, data)[:32]

    def person(self, pb, token_set, *who, **more):
        super().person(pb, token_set, *who, **more)
        for token in token_set.tokens:
            token.scheme = SCHEME_OBLIVIOUS
