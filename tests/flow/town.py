# SPDX-License-Identifier: Apache-2.0
"""A town for tests: a real broker on tests/data/smalltown, in which any agency is spoken for by the Python client.

What flows in: protoc (for the Python module of almoner.proto) and the staged install under test. A Town is a context manager; it stops
what it started, and nothing else.
"""
import datetime
import importlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "deploy"))
from broker_children import Tap, keep, wait_for  # noqa: E402, F401
from exerciselib.agencies import Cabinet  # noqa: E402
from exerciselib.curtain import raise_curtain  # noqa: E402
from exerciselib.folder import load  # noqa: E402
from exerciselib.policy_text import write_policy  # noqa: E402, F401
from exerciselib.stage import Stage, StageError, find_prefix  # noqa: E402, F401
from wire_client import Client, Tokens, fold, uuid7  # noqa: E402, F401

DAY = "2021-06-15"
CHILDRENS, TEAM, POLICE, SCHOOL, RIVER = "oakshire-childrens", "oakshire-family-team", "oakshire-police", "elm-school", "river-recovery"
# Two-second leases would make a test that thinks for long lose its agencies, and two seconds for its answers would on a busy machine lose some of
# those that it gives; those about silence set their own.
DEADLINE_S = 5
PATIENT = f"lease_ms = 600000; deadline_ms = {1000 * DEADLINE_S};"
PRACTITIONER = "t.finch"  # whom nobody but the log's sealed part knows
ROLES = {CHILDRENS: "social-worker", TEAM: "social-worker", POLICE: "police-officer", SCHOOL: "senco", RIVER: "social-worker"}
REPLIES = {"insight", "involvement", "refusal", "busy", "receipt", "consent_list", "threshold_state", "referral_state", "referral_list", "sealing_keys",
           "stream_status", "due_list", "directory", "eligibility", "correction_list"}
# The sanitizers slow everything down; so does a machine that builds beside the tests.
PATIENCE = 3 if os.environ.get("ASAN_OPTIONS") else 1


def ordinal(date):
    return datetime.date.fromisoformat(date).toordinal()


def generated(protoc):
    """The Python module of almoner.proto, made afresh; its folder is left to the end of the process."""
    out = tempfile.mkdtemp(prefix="almoner-pb-", dir="/tmp")
    try:
        subprocess.run([protoc, f"--proto_path={ROOT / 'proto'}", f"--python_out={out}", "almoner/v1/almoner.proto"], check=True)
        sys.path.insert(0, f"{out}/almoner/v1")
        return importlib.import_module("almoner_pb2")
    finally:
        shutil.rmtree(out, ignore_errors=True)


def stage_prefix():
    return find_prefix(os.environ.get("ALM_STAGE"))


class TownStage(Stage):
    """A stage whose broker says more in its log, and takes other limits."""

    def __init__(self, prefix, limits=PATIENT, signer="", data_dir=None, **rest):
        super().__init__(prefix, **rest)
        self.limits, self.signer, self.data_dir = limits, signer, Path(data_dir) if data_dir else self.work / "data"

    def make_broker(self, organisations):
        super().make_broker(organisations)
        text = self.config.read_text(encoding="utf-8").replace(f'"{self.work / "data"}"', f'"{self.data_dir}"')
        text = re.sub(r"^limits = .*\n", "", text, flags=re.MULTILINE)  # an exercise's are more patient than the product's own
        text += f'log_level = "debug";\nlimits = {{ {self.limits} }};\n'
        if self.signer:
            text += f"signer = {{ {self.signer} }};\n"
        self.config.write_text(text, encoding="utf-8")


class Person:
    """Somebody as a practitioner would type them."""

    def __init__(self, given, family="Brookvane", born="2012-05-06", nhs=None, postcode=None):
        self.given, self.family, self.born, self.nhs, self.postcode = given, family, born, nhs, postcode


def people(folder):
    return {p["given_name"]: Person(p["given_name"], p["family_name"], p["date_of_birth"], p["nhs_number"], p["postcode"])
            for p in folder.rows("persons")}


class Town:
    """protoc: the program, or a module made already. with_adapters: agencies with an adapter of the product's own, which say all that they ever say."""

    def __init__(self, protoc, with_adapters=(), day=DAY, enter_day=True, activate=True, adapter_log="debug", witnesses=(),
                 **stage_options):
        self.pb = generated(protoc) if isinstance(protoc, str) else protoc
        self.folder = load(ROOT / "tests" / "data" / "smalltown")
        self.people = people(self.folder)
        if with_adapters:  # they are to be heard out on a busy machine
            stage_options.setdefault("limits", "lease_ms = 600000; deadline_ms = 10000;")
        self.stage = TownStage(stage_prefix(), **stage_options)
        self.day, self.speakers = day, []
        if not enter_day:  # a live broker: its day is the clock's
            self.stage.set_day = lambda day: None
        if not activate:
            self.stage.activate = lambda policy: None
        self.cabinet = Cabinet(self.folder, self.stage, witnesses=witnesses)
        self.agencies = list(self.cabinet.organisation)
        self.with_adapters = with_adapters
        if adapter_log:
            self.talkative(adapter_log)

    def talkative(self, level):
        """The adapters log from this level on."""
        configure = self.cabinet.configure

        def louder(agency):
            path = configure(agency)
            path.write_text(path.read_text(encoding="utf-8") + f'log = "{level}";\n', encoding="utf-8")
            return path

        self.cabinet.configure = louder

    def __enter__(self):
        self.stage.__enter__()
        try:
            raise_curtain(self.stage, self.folder, self.cabinet, self.day, without=[a for a in self.agencies if a not in self.with_adapters])
            keep.plant(self.stage.work, "practitioner", PRACTITIONER)
            self.tokens = Tokens(bytes.fromhex((self.stage.keys / "partnership.token").read_text().strip()))
        except BaseException:
            self.stage.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *exc):
        if exc[0]:
            print("# last lines of the broker's log:\n" + "\n".join("# " + line for line in self.log().splitlines()[-15:]), flush=True)
        for speaker in self.speakers:
            speaker.close()
        self.stage.__exit__(*exc)

    # --- people and tokens ---
    def home(self, address, postcode):
        """The token of a household: a message of the module."""
        words = " ".join("".join(c for c in word if c.isalnum()) for word in address.casefold().split())
        value = self.tokens.value(7, words, postcode.replace(" ", "").upper())
        return self.pb.Token(kind=7, scheme=1, epoch=1, value=value)

    def add_person(self, token_set, person):
        self.tokens.person(self.pb, token_set, person.given, person.family, person.born, nhs=person.nhs, postcode=person.postcode)

    # --- agencies ---
    def speaker(self, agency, greet=True, **changes):
        """An agency's adapter, spoken for by the test. Greeted: connected, welcomed, catalogue in hand."""
        speaker = Speaker(self, agency, **changes)
        self.speakers.append(speaker)
        if greet and speaker.greet() is None:
            raise StageError(f"{agency} was not welcomed")
        return speaker

    def audit(self, first=0, **wanted):
        """Rows of the log from a leaf on whose fields are as wanted."""
        return [r for r in self.stage.audit_rows(first) if all(r.get(k) == v for k, v in wanted.items())]

    def next_leaf(self):
        return self.status()["log_size"]

    def status(self):
        return self.stage.command("status", "--json").json()

    # --- processes ---
    def log(self):
        return (self.stage.work / "almonerd.log").read_text(errors="replace")

    def pid(self, child):
        """Process id of a child (core, signer, reader, gate-0 ...) as the log gave it last, while it lives: all its digits, for a part of a line
        may be there already."""
        found = re.findall(rf"event=child-started child={child} pid=(\d+) ", self.log())
        return int(found[-1]) if found else None

    def gate_of(self, agency):
        return f"gate-{list(self.stage.gates).index(self.cabinet.organisation[agency])}"

    def children(self):
        """name -> pid of every child, as last started."""
        return {name: int(pid) for name, pid in re.findall(r"event=child-started child=(\S+) pid=(\d+) ", self.log())}

    def kill(self, child):
        pid = self.pid(child)
        os.kill(pid, signal.SIGKILL)
        return pid

    def back(self, child, old_pid, seconds=10):
        """Waits until another process has taken the child's place and is ready. Return: seconds that it took, or None."""
        start = time.monotonic()

        def there():
            log = self.log()
            started = log.rfind(f"event=child-started child={child} ")
            return self.pid(child) != old_pid and f"event=child-ready child={child} " in log[started:]

        return time.monotonic() - start if wait_for(there, seconds * PATIENCE) else None

    def kill_everything(self):
        """SIGKILL to almonerd and every child, as near to a power cut as processes can be brought."""
        process = self.stage.processes.pop("almonerd")
        for pid in [process.pid, *self.children().values()]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass  # its parent's death was quicker
        process.wait()

    def end_broker(self):
        """Stops almonerd as an operator does. Return: its exit status."""
        process = self.stage.processes.pop("almonerd")
        process.terminate()
        return process.wait(20 * PATIENCE)


class Speaker(Client):
    """One agency's side of the conversation, in few words."""

    def __init__(self, town, agency, address=None, keys_of=None, curve=None, seed=None, mode=None, origin=None):
        stage, keys = town.stage, town.stage.keys
        of = keys_of or agency
        super().__init__(town.pb, agency, address or stage.gates[town.cabinet.organisation[agency]], stage.broker_public(),
                         str(curve or keys / f"{of}.key_secret"), seed or bytes.fromhex((keys / f"{of}.sign").read_text().strip()),
                         mode or stage.mode, origin or stage.origin)
        self.town = town
        self.welcome, self.kept = None, []

    # --- sending ---
    def kind(self, body):
        return body.WhichOneof("payload")

    def say(self, body, **frame):
        """Sends a body as a frame of its size. Return: the frame, to be sent again."""
        octets = self.sized(body, **frame)
        self.send(octets)
        return octets

    def receive(self, timeout_ms=5000):
        """What was kept for later is what comes first."""
        return self.kept.pop(0) if self.kept else super().receive(timeout_ms)

    def greet(self, timeout_s=20):
        body = self.body(hello=self.pb.Hello(version_least=1, version_most=1, mode=self.mode, software="python/1"))
        self.say(body)
        self.welcome = self.until({"welcome"}, body.id, timeout_s * PATIENCE)
        pages = set()
        while self.welcome and self.welcome.welcome.policy:
            got = self.until({"catalogue"}, timeout_s=timeout_s * PATIENCE)
            if got is None:
                return None
            pages.add(got.catalogue.page)
            if len(pages) == got.catalogue.pages:
                break
        return self.welcome

    def lease(self):
        body = self.body(lease=self.pb.Lease())
        self.say(body)
        return self.until({"lease"}, body.id, 20 * PATIENCE)

    # --- asking ---
    def asking(self, purpose, role, basis, practitioner=PRACTITIONER, sender=None, sent_ms=None):
        body = self.body(practitioner=self.pb.Practitioner(ref=practitioner, role=role or ROLES[self.agency], login=self.pb.LOGIN_PASSWORD),
                         purpose=purpose, basis=basis)
        if sender:
            body.sender = sender
        if sent_ms:
            body.sent_ms = sent_ms
        return body

    def relate(self, query, since="2021-02-01"):
        query.relationship.kind = self.pb.RELATIONSHIP_KIND_INVOLVED
        query.relationship.since = ordinal(since)

    def insight(self, question="cp-plan-current", person="Ben", purpose="child-protection", role=None, basis="safeguarding-child", homes=(),
                parameter=None, **changes):
        """An InsightQuery. person: a name of the town, or a Person; homes: (address, postcode, from)."""
        body = self.asking(purpose, role, basis, **changes)
        query = body.insight_query
        query.question = question
        query.subject_kind = self.pb.SUBJECT_KIND_PERSON
        self.town.add_person(query.subject, self.town.people[person] if isinstance(person, str) else person)
        for address, postcode, start in homes:
            home = query.homes.add()
            home.token.CopyFrom(self.town.home(address, postcode))
            setattr(home, "from", ordinal(start))
        if parameter:
            query.parameter.CopyFrom(self.town.home(*parameter))
        self.relate(query)
        return body

    def who(self, person="Ben", purpose="child-protection", role=None, basis="safeguarding-child", **changes):
        body = self.asking(purpose, role, basis, **changes)
        query = body.involvement_query
        query.subject_kind = self.pb.SUBJECT_KIND_PERSON
        self.town.add_person(query.subject, self.town.people[person] if isinstance(person, str) else person)
        self.relate(query)
        return body

    def reply(self, body, timeout_s=20):
        return self.until(REPLIES, body.id, timeout_s * PATIENCE)

    def ask(self, body, timeout_s=20):
        self.say(body)
        return self.reply(body, timeout_s)

    # --- answering ---
    def question(self, timeout_s=20):
        return self.until({"question"}, timeout_s=timeout_s)

    def answering(self, question, value="NOT_KNOWN", cause=None, **details):
        """An Answer to a Question (or to an id)."""
        to = question if isinstance(question, bytes) else question.id
        body = self.body(in_reply_to=to)
        body.answer.value = getattr(self.pb, f"ANSWER_VALUE_{value}")
        if cause:
            body.answer.cause = getattr(self.pb, f"CAUSE_{cause}")
        if value != "CANNOT_SAY":
            body.answer.data_as_of = ordinal(self.town.day)
        for name, what in details.items():
            setattr(body.answer, name, what)
        return body

    def answer(self, question, value="NOT_KNOWN", **details):
        body = self.answering(question, value, **details)
        self.say(body)
        return body

    # --- lodging ---
    def consent(self, person="Ben", purpose="early-help", decision="GRANTED", capacity="PARENT", authority=True, recipients=(SCHOOL,),
                sources="*", sensitive=(), given_on=None, expires_on=None):
        pb, body = self.pb, self.body()
        c = body.consent
        c.decision, c.capacity = getattr(pb, f"CONSENT_DECISION_{decision}"), getattr(pb, f"CAPACITY_{capacity}")
        c.purpose, c.giver_authority, c.method = purpose, authority, pb.CONSENT_METHOD_SIGNED
        self.town.add_person(c.subject, self.town.people[person] if isinstance(person, str) else person)
        for scope, wanted in ((c.recipients, recipients), (c.sources, sources), (c.sensitive_sources, sensitive)):
            if wanted == "*":
                scope.any = True
            else:
                scope.agencies.extend(wanted)
        c.given_on, c.given_ms = ordinal(given_on or self.town.day), body.sent_ms
        if expires_on:
            c.expires_on = ordinal(expires_on)
        return body

    def withdrawal(self, consent=None, person=None, purpose="early-help"):
        body = self.body()
        if consent:
            body.withdrawal.consent = consent
        if person:
            self.town.add_person(body.withdrawal.subject, self.town.people[person] if isinstance(person, str) else person)
            body.withdrawal.purpose = purpose
        body.withdrawal.given_on, body.withdrawal.given_ms = ordinal(self.town.day), body.sent_ms
        return body

    def shield(self, person="Ben", level="LOCATION", reason="address to be kept secret", start=None):
        body = self.body()
        s = body.shield
        self.town.add_person(s.subject, self.town.people[person] if isinstance(person, str) else person)
        s.level, s.reason = getattr(self.pb, f"SHIELD_LEVEL_{level}"), reason
        setattr(s, "from", ordinal(start or self.town.day))
        return body

    def consents(self):
        """id -> entry of what this agency lodged."""
        body = self.body(consent_list_query=self.pb.ConsentListQuery())
        got = self.ask(body)
        return {e.id: e for e in got.consent_list.entries} if got is not None and self.kind(got) == "consent_list" else None


class Holders:
    """Every agency with a connection; an agency may well be a holder of what it asks itself."""

    def __init__(self, *speakers):
        self.by = {s.agency: s for s in speakers}

    def asked(self, asker, body):
        """Puts a question; (agency -> Question) of those who got it."""
        for speaker in self.by.values():  # what it was asked before is not this
            self.heard_all(speaker, body, {})
        asker.say(body)
        got, end = {}, time.monotonic() + 10 * PATIENCE
        while not got and not self.replied(asker, body) and time.monotonic() < end:
            for agency, speaker in self.by.items():
                self.heard(speaker, body, got, 20)
        for agency, speaker in self.by.items():
            if got and agency not in got:
                self.heard_all(speaker, body, got)
        return got

    @staticmethod
    def heard(speaker, body, got, timeout_ms):
        """One message: a Question into got, a reply kept for whoever waits for it. Return: the message."""
        message = Client.receive(speaker, timeout_ms)
        if is_kind(message, "question"):
            if is_about(message, body):
                got[speaker.agency] = message
        elif message is not None and message.in_reply_to == body.id:
            speaker.kept.append(message)
        return message

    def heard_all(self, speaker, body, got):
        """All that is on its way to it. Where one holder has its Question all of them are: the reply to what this one asks now comes after its own."""
        lease, end = speaker.body(lease=speaker.pb.Lease()), time.monotonic() + 10 * PATIENCE
        speaker.say(lease)
        while time.monotonic() < end:
            message = self.heard(speaker, body, got, 100)
            if message is not None and message.in_reply_to == lease.id:
                break

    def replied(self, asker, body):
        """Whether the asker has its reply, so that nobody else is asked any more; it is kept."""
        if asker not in self.by.values() and (message := Client.receive(asker, 0)) is not None:
            asker.kept.append(message)
        return any(message.in_reply_to == body.id for message in asker.kept)

    def answer(self, got, value="NO", but=()):
        """All of them say the same, but for some."""
        for agency, question in got.items():
            if agency not in but:
                self.by[agency].answer(question, value)


def is_about(question, query):
    """Whether a Question may be what a query asks; whose tokens it has does not tell, for they may be hidden."""
    kind = query.WhichOneof("payload")
    return question.purpose == query.purpose and (kind != "insight_query" or question.question.question == query.insight_query.question)


def is_kind(body, kind):
    return body is not None and body.WhichOneof("payload") == kind


def refused(body, reason):
    return is_kind(body, "refusal") and body.refusal.reason == reason


def told(pb, body):
    """An Insight in words: ("yes", "all"); another reply by its kind; None for none."""
    if body is None:
        return None
    kind = body.WhichOneof("payload")
    if kind != "insight":
        return kind if kind != "refusal" else f"refusal {body.refusal.reason}"
    words = pb.InsightValue.Name(body.insight.value)[len("INSIGHT_VALUE_"):].lower().replace("_", "-")
    return words, pb.Completeness.Name(body.insight.completeness)[len("COMPLETENESS_"):].lower()


def left_sound(tap, town):
    """Whatever a test did, the store that it leaves holds together; a test that stopped the broker for good looks itself."""
    process = town.stage.processes.get("almonerd")
    if process is None or process.poll() is not None:
        return
    town.end_broker()
    done = town.stage.command("fsck", check=False, timeout=120)
    tap.check("the store that is left is sound", done.exit == 0, (done.out + done.err)[:600])


def play(function, *arguments, **options):
    """The frame of a test program: argv[1] is protoc. Runs function(tap, town, ...) in a town and prints TAP."""
    tap = Tap()
    with Town(sys.argv[1], **options) as town:
        function(tap, town, *arguments)
        left_sound(tap, town)
    tap.done()
