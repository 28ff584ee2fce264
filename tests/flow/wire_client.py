# SPDX-License-Identifier: Apache-2.0
"""A client written from proto/wire/README.md and adapters/README.md alone, with Debian's zmq, protobuf and nacl modules.

It shares no code with almoner: it shows that an agency may bring its own adapter in another language.
"""
import hashlib
import hmac
import os
import time
import unicodedata

import nacl.exceptions
import nacl.public
import nacl.signing
import zmq
import zmq.auth

FRESH_ID_VERSION = 0x70
TOKEN_DOMAIN = b"almoner/token/v2\0"
SIGN_DOMAIN = b"almoner/v1\0"
MODES = {"live": 1, "exercise": 2}
SCHEME_HMAC = 1
# proto/wire/README.md, "Padding"; what is not here is never sent by an agency.
SIZES = {size: names.split() for size, names in {
    (704,): "answer",
    (1024,): "hello lease consent_list_query override_query ack firing_update stream_query due_query referral_query"
             " sealing_key sealing_key_query directory_query outcome correction_query",
    (2048,): "contact_request not_shared ack_of",
    (4096,): "insight_query involvement_query withdrawal consent_change shield override approval override_review concern concern_change"
             " subscribe eligibility_query watch watch_change dispute retoken correction",
    (8192,): "statement",
    (1024, 8192): "cosignature",
    (4096, 12288): "token_request tokens",
    (4096, 16384): "consent",
    (4096, 24576): "referral referral_update",
}.items()}
SIZES = {name: sizes for sizes, names in SIZES.items() for name in names}


def uuid7():
    """RFC 9562 section 5.7: 48 bits of Unix milliseconds, version, variant, and randomness."""
    ms = time.time_ns() // 1_000_000
    octets = bytearray(ms.to_bytes(6, "big") + os.urandom(10))
    octets[6] = FRESH_ID_VERSION | (octets[6] & 0x0F)
    octets[8] = 0x80 | (octets[8] & 0x3F)
    return bytes(octets)


def fold(name):
    """Letters only, case and marks gone. (Letters such as ø, which do not decompose, are not used by the tests.)"""
    flat = unicodedata.normalize("NFKD", name).casefold()
    return "".join(c for c in flat if c.isalpha())


class Tokens:
    def __init__(self, key, epoch=1):
        self.key, self.epoch = key, epoch

    def value(self, kind, *parts):
        data = TOKEN_DOMAIN + bytes([kind, SCHEME_HMAC]) + self.epoch.to_bytes(2, "big")
        for part in parts:
            octets = part.encode()
            data += len(octets).to_bytes(2, "big") + octets
        return hmac.new(self.key, data, hashlib.sha256).digest()

    def person(self, pb, token_set, given, family, born, nhs=None, postcode=None):
        names = sorted((fold(given), fold(family)), key=str.encode)
        kinds = [(3, *names, born)]
        if nhs:
            kinds.append((1, nhs))
        if postcode:
            kinds.append((5, *names, postcode.replace(" ", "").upper()))
        for kind, *parts in kinds:
            token_set.tokens.add(kind=kind, scheme=SCHEME_HMAC, epoch=self.epoch, value=self.value(kind, *parts))


def day_number(date):
    """A datetime.date as the wire counts days."""
    return date.toordinal()


class Client:
    """One agency's connection. pb: the module that protoc made of almoner.proto."""

    def __init__(self, pb, agency, address, broker_public, curve_file, sign_seed, mode, origin):
        self.pb, self.agency, self.mode, self.origin = pb, agency, MODES[mode], origin.encode()
        self.key = nacl.signing.SigningKey(sign_seed)
        self.key_id = hashlib.sha256(self.key.verify_key.encode()).digest()[:8]
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.DEALER)
        public, secret = zmq.auth.load_certificate(curve_file)
        self.socket.curve_publickey, self.socket.curve_secretkey = public, secret
        self.socket.curve_serverkey = broker_public.encode()
        self.socket.linger = 0
        self.socket.sndtimeo = 5000  # a refused key leaves the socket without a connection, and sending would wait for ever
        self.socket.connect(address)

    def close(self):
        self.socket.close()
        self.context.term()

    def body(self, **fields):
        return self.pb.Body(id=uuid7(), sender=self.agency, sent_ms=time.time_ns() // 1_000_000, **fields)

    def frame(self, body, size, signature=None):
        """Pads the body to a size of its type, signs exactly the bytes that are sent, and wraps them."""
        octets = self.pad(body, size)
        message = SIGN_DOMAIN + bytes([self.mode, len(self.origin)]) + self.origin + octets
        return self.pb.Envelope(version=1, key_id=self.key_id, body=octets,
                                signature=signature or self.key.sign(message).signature).SerializeToString()

    def pad(self, body, size):
        """Zero bytes in at most two padding entries bring the encoding to exactly size bytes."""
        for entries in ([], [0], [0, 0]):
            room = size - body.ByteSize() - 2 * len(entries)
            if entries:
                entries[-1] = max(0, room if room < 128 else room - 1 if room < 16385 else room - 2)
            padded = self.pb.Body()
            padded.CopyFrom(body)
            padded.padding.extend(bytes(n) for n in entries)
            if padded.ByteSize() == size:
                return padded.SerializeToString()
        raise ValueError(f"cannot pad {body.ByteSize()} bytes to {size}")

    def sized(self, body, **frame):
        """A frame of the least of its type's sizes."""
        sizes = SIZES[body.WhichOneof("payload")]
        for size in sizes:
            try:
                return self.frame(body, size, **frame)
            except ValueError:
                if size == sizes[-1]:
                    raise

    def post(self, body):
        """Sends a body. Return: its id, or None where it did not go."""
        return body.id if self.send(self.sized(body)) else None

    def ask(self, body, timeout_s=6):
        """Posts a body. Return: the next Body in reply to it, whatever it says, or None."""
        sent = self.post(body)
        end = time.monotonic() + timeout_s
        while sent is not None and time.monotonic() < end:
            got = self.receive(int(1000 * (end - time.monotonic())) + 1)
            if got is not None and got.in_reply_to == sent:
                return got
        return None

    def practitioner(self, ref="p-1", role="social-worker", login=2):
        return self.pb.Practitioner(ref=ref, role=role, login=login)

    def ack(self, delivered):
        """Says that a Deliver, and all of its stream before it, is durable here."""
        return self.post(self.body(ack=self.pb.Ack(stream=delivered.stream, seq=delivered.seq)))

    def delivery(self, timeout_s=6, kind=None):
        """The next Deliver (of a kind) past anything else, not yet acknowledged; or None."""
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            got = self.until(["deliver"], timeout_s=end - time.monotonic())
            if got is None or kind is None or got.deliver.kind == kind:
                return got.deliver if got is not None else None
        return None

    def verify_sealing_keys(self, keys):
        """SealingKeys' chain, verified. Return: the SealingKey messages, oldest first; ValueError where one does not hold."""
        sign_key, chain = nacl.signing.VerifyKey(keys.sign_key), []
        for signed in keys.keys:
            message = SIGN_DOMAIN + bytes([self.mode, len(self.origin)]) + self.origin + signed.body
            try:
                sign_key.verify(message, signed.signature)
            except nacl.exceptions.BadSignatureError as e:
                raise ValueError("a sealing key is not signed by its agency") from e
            body = self.pb.Body.FromString(signed.body)
            if body.sender != keys.agency or (chain and body.sealing_key.previous != chain[-1].key):
                raise ValueError("a sealing key does not follow the one before")
            chain.append(body.sealing_key)
        return chain

    def seal(self, text, key):
        """libsodium's crypto_box_seal. Return: what goes into sealed and sealed_to."""
        return {"sealed": nacl.public.SealedBox(nacl.public.PublicKey(key)).encrypt(text), "sealed_to": key}

    def send(self, frame):
        """Return: whether it went; not if the gate has refused the key."""
        try:
            self.socket.send(frame)
            return True
        except zmq.Again:
            return False

    def receive(self, timeout_ms=5000):
        """The next Body from the broker, or None."""
        if not self.socket.poll(timeout_ms):
            return None
        envelope = self.pb.Envelope.FromString(self.socket.recv())
        assert envelope.version == 1
        return self.pb.Body.FromString(envelope.body)

    def until(self, kind, reply_to=None, timeout_s=6):
        """The next Body of a kind (and to a message), past anything else."""
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            got = self.receive(int(1000 * (end - time.monotonic())) + 1)
            if got is not None and got.WhichOneof("payload") in kind and (reply_to is None or got.in_reply_to == reply_to):
                return got
        return None
