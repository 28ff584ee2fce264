#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""test_worker.py ADAPTER KEY PROTOC BACKENDS - a source that goes wrong costs the question it went wrong on, and nothing else.

BACKENDS: the folder with almoner-source-bad and almoner-source-bad-rows, which do whatever a question's id says (source_bad.c)."""
import importlib
import json
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "unit"))
from commands import Place, expect, main  # noqa: E402
from played_gate import ORIGIN, Gate, day  # noqa: E402

ADAPTER, KEY, PROTOC, BACKENDS = (str(Path(program).resolve()) for program in sys.argv[1:5])
ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 60  # seconds; a machine may be busy, and sanitizers are slow
SANITIZED = b"__asan_init" in Path(ADAPTER).read_bytes()


def generated():
    out = tempfile.mkdtemp(prefix="almoner-pb-", dir="/tmp")
    subprocess.run([PROTOC, f"--proto_path={ROOT / 'proto'}", f"--python_out={out}", "almoner/v1/almoner.proto"], check=True)
    sys.path.insert(0, f"{out}/almoner/v1")
    module = importlib.import_module("almoner_pb2")
    shutil.rmtree(out)
    return module


PB = generated()


def until(condition, what, timeout_s=PATIENCE):
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        got = condition()
        if got:
            return got
        time.sleep(0.03)
    raise AssertionError(f"{what} did not come")


class Town(Place):
    """One adapter whose backend is bad, and a gate that this test plays."""

    def __init__(self, backend="bad", worker="deadline_ms = 2500; restart_ms = 50; restart_most_s = 1;", behave="", top=""):
        super().__init__()
        os.makedirs(f"{self.path}/keys")
        os.mkdir(f"{self.path}/admitted")
        for words in (["curve", "keys/gate"], ["curve", "keys/school"], ["sign", "keys/school"], ["token", "keys/shared"]):
            expect(self.run(KEY, "new", *words), 0)
        shutil.copy(f"{self.path}/keys/school.key", f"{self.path}/admitted/")
        self.gate = Gate(PB, f"{self.path}/keys", f"{self.path}/admitted")
        self.gate.deadline_ms = 5000
        public = next(line.split('"')[1] for line in Path(f"{self.path}/keys/gate.key").read_text(encoding="ascii").splitlines() if "public-key" in line)
        self.file("adapter.conf", f'''agency = "school"; mode = "exercise"; origin = "{ORIGIN}";
broker = {{ address = "tcp://127.0.0.1:{self.gate.port}"; public_key = "{public}"; }};
keys = {{ curve = "keys/school.key_secret"; sign = "keys/school.sign"; token = "keys/shared.token"; }};
socket = "adapter.sock"; outbox = "outbox"; contact_route = "the office"; backend = "{backend}";
worker = {{ {worker} }};
{top}
''')
        self.file("behave", behave)
        self.adapter, self.n = None, 0

    def __exit__(self, *exc):
        if exc[0] and self.adapter:
            print("# the adapter's last words: " + self.said()[-2500:].replace("\n", "\n# "), flush=True)
        if self.adapter and self.adapter.poll() is None:
            self.adapter.kill()
            self.adapter.wait()
        self.gate.close()
        super().__exit__(*exc)

    def start(self):
        with open(f"{self.path}/log", "ab") as log:
            self.adapter = subprocess.Popen([ADAPTER, "--libexec", BACKENDS, "adapter.conf"], cwd=self.path, stderr=log, stdout=log)
        return self

    def ready(self):
        until(lambda: self.status().get("connected"), "a connection")
        return self

    def said(self):
        return Path(f"{self.path}/log").read_text(encoding="utf-8", errors="replace")

    def send(self, **request):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(PATIENCE)
        s.connect(f"{self.path}/adapter.sock")
        text = json.dumps(request).encode()
        s.sendall(struct.pack(">I", len(text)) + text)
        return s

    def heard(self, s):
        with s:
            size = struct.unpack(">I", self.exactly(s, 4))[0]
            return json.loads(self.exactly(s, size))

    @staticmethod
    def exactly(s, n):
        data = b""
        while len(data) < n:
            more = s.recv(n - len(data))
            if not more:
                raise ConnectionError("the adapter closed the socket")
            data += more
        return data

    def op(self, **request):
        return self.heard(self.send(**request))

    def status(self):
        try:
            return self.op(op="status")
        except OSError:
            return {}

    def ask(self, name="called", **more):
        return self.send(op="ask", question=name, purpose="help", role="senco", practitioner="t-1",
                         subject={"given_name": "Isla", "family_name": "Example", "date_of_birth": "2014-05-14"}, **more)

    def put(self, name, deadline_ms=10000):
        """A Question about somebody who is not known; its id."""
        unknown = PB.TokenSet(tokens=[PB.Token(kind=PB.TOKEN_KIND_NAME_DOB, scheme=1, epoch=1, value=bytes([9] * 32))])
        body = self.gate.body(purpose="help", question=PB.Question(question=name, subject_kind=PB.SUBJECT_KIND_PERSON, subject=unknown,
                                                                    as_of=day("2022-08-15"), deadline_ms=deadline_ms, asking_sector="police"))
        self.gate.push(body)
        return body.id

    def answer(self, question):
        return until(lambda: next((b for b in list(self.gate.got) if b.WhichOneof("payload") == "answer" and b.in_reply_to == question), None),
                     "an answer").answer

    def answered(self, name, **how):
        return self.answer(self.put(name, **how))

    def workers(self):
        """Processes whose parent is the adapter."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                state, parent = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[:2]
            except OSError:
                continue  # it ended meanwhile
            if int(parent) == self.adapter.pid and state != "Z":
                found.append(int(stat.parent.name))
        return found

    def yes(self):
        a = self.answered("fine")
        assert a.value == PB.ANSWER_VALUE_YES, a
        return a


def failed(a):
    assert (a.value, a.cause) == (PB.ANSWER_VALUE_CANNOT_SAY, PB.CAUSE_FAILED), a
    assert a.data_as_of == day("2022-08-15"), a  # each answer carries the date of its data


def going_wrong_costs_one_cannot_say(name, why, backend="bad"):
    with Town(backend) as t:
        t.start().ready()
        t.yes()
        begun = time.monotonic()
        wrong = t.put(name)
        rest = [t.put("fine") for _ in range(5)]
        failed(t.answer(wrong))
        assert all(t.answer(q).value == PB.ANSWER_VALUE_YES for q in rest)
        assert time.monotonic() - begun < PATIENCE
        until(lambda: f"why={why}" in t.said(), f"why={why}")
        status = t.status()
        assert status["source"]["restarts"] >= 1 and status["source"]["worker"] == "serving", status
        until(lambda: len(t.workers()) == 1, "one worker")


def driver_that_hangs_costs_one_cannot_say():
    going_wrong_costs_one_cannot_say("hang", "deadline")


def driver_that_dies_costs_one_cannot_say():
    going_wrong_costs_one_cannot_say("die", "ended")


def driver_that_answers_garbage_costs_one_cannot_say():
    going_wrong_costs_one_cannot_say("garbage", "garbage")


def rows_kept_in_a_worker_that_hangs_are_read_again():
    going_wrong_costs_one_cannot_say("hang", "deadline", "bad-rows")


def driver_that_eats_memory_ends_itself():
    if SANITIZED:
        return  # no limit of memory holds there
    with Town(worker="deadline_ms = 20000; bytes_most = 1048576;") as t:
        t.start().ready()
        failed(t.answered("eat", deadline_ms=30000))
        t.yes()


def answer_comes_before_the_brokers_deadline_whatever_the_source_does():
    with Town(worker="deadline_ms = 20000;") as t:
        t.start().ready()
        begun = time.monotonic()
        failed(t.answered("hang", deadline_ms=2000))
        assert time.monotonic() - begun < 15, "it waited for the worker's own deadline"


def driver_that_fails_is_cannot_say_and_goes_on():
    with Town() as t:
        t.start().ready()
        failed(t.answered("fail"))
        failed(t.answered("invalid"))
        a = t.answered("stale")
        assert (a.value, a.cause, a.data_as_of) == (PB.ANSWER_VALUE_CANNOT_SAY, PB.CAUSE_STALE, a.data_as_of)
        assert t.answered("mute").value == PB.ANSWER_VALUE_YES
        assert t.status()["source"]["restarts"] == 0


def what_a_driver_prints_is_logged_by_the_line_and_rationed():
    with Town() as t:
        t.start().ready()
        assert t.answered("noise").value == PB.ANSWER_VALUE_YES
        t.yes()
        until(lambda: "a driver's line 3" in t.said(), "a driver's line")
        assert 10 < t.said().count("event=source-said ") < 100


def hanging_again_and_again_is_slowed_down_and_the_rest_is_answered():
    with Town(worker="deadline_ms = 2000; restart_ms = 100; restart_most_s = 1;") as t:
        t.start().ready()
        for _ in range(3):
            failed(t.answered("hang"))
            t.yes()
        assert t.status()["source"]["restarts"] == 3


def why_we_may_ask_comes_from_the_worker():
    with Town() as t:
        t.start().ready()
        t.gate.answers["insight_query"] = t.gate.insight(PB.INSIGHT_VALUE_NO)
        assert t.heard(t.ask())["answer"] == "no"
        assert t.gate.until("insight_query").insight_query.relationship.kind == PB.RELATIONSHIP_KIND_INVOLVED


def source_that_cannot_say_why_we_may_ask_is_told_and_a_reason_of_ones_own_goes():
    for word in ("relate-fails", "relate-hangs"):
        with Town() as t:
            t.start().ready()
            t.gate.answers["insight_query"] = t.gate.insight(PB.INSIGHT_VALUE_NO)
            t.file("behave", word)
            reply = t.heard(t.ask())
            assert (reply["ok"], reply["error"], reply["exit"]) == (False, "source-failed", 75), reply
            assert not [b for b in t.gate.got if b.WhichOneof("payload") == "insight_query"]
            assert t.heard(t.ask(self_claimed="he is at our desk"))["answer"] == "no"
            assert t.gate.until("insight_query").insight_query.relationship.kind == PB.RELATIONSHIP_KIND_SELF_CLAIMED


def commands_of_others_go_on_while_one_waits_for_the_source():
    with Town(worker="deadline_ms = 4000;") as t:
        t.start().ready()
        t.file("behave", "relate-hangs")
        waiting = t.ask()
        assert t.status()["connected"]
        assert not select.select([waiting], [], [], 0)[0], "the status waited for the source"
        assert t.heard(waiting)["error"] == "source-failed"


def slow_load_leaves_the_rows_before_in_service():
    with Town("bad-rows") as t:
        t.start().ready()
        assert t.status()["people"] == 1
        t.file("behave", "slow two partial")  # seen by itself: after a signal commands would wait a while for it
        until(lambda: len(t.workers()) == 2, "a second worker")
        t.yes()
        assert (t.status()["people"], t.status()["source"]["loading"]) == (1, True), t.status()
        t.file("behave.go")
        status = until(lambda: (s := t.status()).get("people") == 2 and s, "the new rows")
        assert status["rows"] == "partial", status
        until(lambda: len(t.workers()) == 1, "the old worker's end")
        t.yes()


def rows_are_exchanged_between_two_questions():
    """The worker that goes first says what it is at."""
    with Town("bad-rows") as t:
        t.start().ready()
        t.file("behave", "two")
        asked = []
        until(lambda: asked.append(t.put("slow", deadline_ms=60000)) or time.sleep(0.3) or t.status().get("people") == 2, "the new rows")
        assert all(t.answer(q).value == PB.ANSWER_VALUE_YES for q in asked), len(asked)
        assert t.status()["source"]["restarts"] == 0


def load_that_fails_leaves_the_rows_before_in_service():
    for word, words in (("wrong", "no such day"), ("away", "cannot be reached"), ("die", "why=ended"), ("garbage", "why=garbage"),
                        ("many", "rows_most"), ("raw", "why=garbage")):
        with Town("bad-rows", worker="deadline_ms = 1500; rows_most = 20000;") as t:
            t.start().ready()
            t.file("behave", word)
            t.adapter.send_signal(signal.SIGHUP)
            status = until(lambda: (s := t.status()).get("rows") == "old" and s, f"old rows after {word}")
            assert status["people"] == 1 and words in t.said(), (word, t.said())
            t.yes()
            t.file("behave", "two")
            t.adapter.send_signal(signal.SIGHUP)
            until(lambda: t.status().get("people") == 2, "new rows")
            assert t.status()["rows"] == "ok"


def load_without_end_is_ended():
    with Town("bad-rows", worker="load_s = 1; deadline_ms = 1500;") as t:
        t.start().ready()
        t.file("behave", "never")
        t.adapter.send_signal(signal.SIGHUP)
        until(lambda: "why=deadline" in t.said(), "why=deadline")
        t.yes()
        assert t.status()["rows"] == "old"


def source_that_is_away_at_the_start_is_tried_again():
    with Town("bad-rows", behave="away", worker="restart_ms = 50; restart_most_s = 1;") as t:
        t.start()
        until(lambda: t.said().count("event=rows-not-loaded") >= 2, "a second attempt")
        t.file("behave", "")
        until(lambda: t.status().get("people") == 1, "rows")
        t.ready().yes()


def before_there_are_rows_nothing_is_known_and_nothing_denied():
    with Town("bad-rows", behave="away", worker="restart_ms = 50; restart_most_s = 1;") as t:
        t.start().ready()
        assert (t.status()["rows"] in ("none", "loading"), t.status()["data_as_of"]) == (True, ""), t.status()
        a = t.answered("fine", deadline_ms=600)
        assert (a.value, a.cause) == (PB.ANSWER_VALUE_CANNOT_SAY, PB.CAUSE_FAILED)
        reply = t.heard(t.ask())
        assert (reply["error"], reply["exit"]) == ("no-rows", 75), reply


def wrong_or_endless_rows_at_the_start_stop_the_adapter():
    for word, said in (("wrong", "line=17"), ("many", "rows_most")):
        with Town("bad-rows", behave=word, worker="rows_most = 20000;") as t:
            t.start()
            assert t.adapter.wait(PATIENCE) == 65 and said in t.said(), t.said()
            done = t.run(ADAPTER, "--libexec", BACKENDS, "--check", "adapter.conf")
            expect(done, 65, "1 error")


def rows_that_changed_are_read_by_themselves():
    with Town("bad-rows") as t:
        t.start().ready()
        t.file("behave", "two")
        until(lambda: t.status().get("people") == 2, "new rows")


def commands_of_the_backend_go_to_it():
    with Town() as t:
        t.start().ready()
        begun = time.monotonic()
        assert all(t.op(op="source", do="count")["bytes"] > 10 for _ in range(20))
        assert time.monotonic() - begun < 15, "each waited for the next turn of the clock"
        for word, error in (("nonsense", "source-failed"), ("fail", "source-failed"), ("hang", "source-silent")):
            reply = t.op(op="source", do=word)
            assert (reply["ok"], reply["error"]) == (False, error), reply
        assert t.op(op="source", do="again")["ok"]


def killed_adapter_takes_its_worker_along():
    with Town() as t:
        t.start().ready()
        pids = t.workers()
        assert len(pids) == 1
        t.adapter.kill()
        t.adapter.wait()
        until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids), "the worker's end")


def stopped_adapter_leaves_no_worker():
    with Town() as t:
        t.start().ready()
        pids = t.workers()
        t.adapter.terminate()
        assert t.adapter.wait(PATIENCE) == 0
        assert not any(os.path.exists(f"/proc/{pid}") for pid in pids)
        assert "event=source-ended" not in t.said(), t.said()  # it ended by itself, and found nothing wrong


def worker_has_nothing_of_the_adapters():
    with Town() as t:
        os.environ["ALM_SECRET_OF_OURS"] = "x"
        try:
            t.start().ready()
        finally:
            del os.environ["ALM_SECRET_OF_OURS"]
        pid = t.workers()[0]
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        assert "NoNewPrivs:\t1" in status
        if os.geteuid() == 0:  # not dumpable: its own user may not look
            assert b"ALM_SECRET_OF_OURS" not in Path(f"/proc/{pid}/environ").read_bytes()
            assert sorted(map(int, os.listdir(f"/proc/{pid}/fd"))) == [0, 1, 2, 3]
        limits = Path(f"/proc/{pid}/limits").read_text(encoding="ascii").splitlines()
        assert next(line for line in limits if line.startswith("Max core")).split()[4:6] == ["0", "0"], limits
        assert os.getsid(pid) == pid


def backend_that_is_not_there_is_told_with_those_that_are():
    with Town("oracle") as t:
        done = t.run(ADAPTER, "--libexec", BACKENDS, "--check", "adapter.conf")
        expect(done, 78, "almoner-source-oracle", "bad, bad-rows")
    with Town("../bad") as t:
        expect(t.run(ADAPTER, "--libexec", BACKENDS, "--check", "adapter.conf"), 78, "small letters")
    with Town("bad", top="odbc = { }; ") as t:  # the group of another backend
        expect(t.run(ADAPTER, "--libexec", BACKENDS, "--check", "adapter.conf"), 78, "odbc")


def check_goes_through_a_worker():
    with Town() as t:
        expect(t.run(ADAPTER, "--libexec", BACKENDS, "--check", "adapter.conf"), 0, "1 people")
        t.file("behave", "wrong")
        expect(t.run(ADAPTER, "--libexec", BACKENDS, "--check", "adapter.conf"), 65, "rows:17: no such day", "1 error")
        t.file("behave", "away")
        expect(t.run(ADAPTER, "--libexec", BACKENDS, "--check", "adapter.conf"), 74, "cannot be reached")
        t.file("behave", "die")
        expect(t.run(ADAPTER, "--libexec", BACKENDS, "--check", "adapter.conf"), 74)


if __name__ == "__main__":
    TESTS = [driver_that_hangs_costs_one_cannot_say,
             driver_that_dies_costs_one_cannot_say,
             driver_that_answers_garbage_costs_one_cannot_say,
             rows_kept_in_a_worker_that_hangs_are_read_again,
             driver_that_eats_memory_ends_itself,
             answer_comes_before_the_brokers_deadline_whatever_the_source_does,
             driver_that_fails_is_cannot_say_and_goes_on,
             what_a_driver_prints_is_logged_by_the_line_and_rationed,
             hanging_again_and_again_is_slowed_down_and_the_rest_is_answered,
             why_we_may_ask_comes_from_the_worker,
             source_that_cannot_say_why_we_may_ask_is_told_and_a_reason_of_ones_own_goes,
             commands_of_others_go_on_while_one_waits_for_the_source,
             slow_load_leaves_the_rows_before_in_service,
             rows_are_exchanged_between_two_questions,
             load_that_fails_leaves_the_rows_before_in_service,
             load_without_end_is_ended,
             source_that_is_away_at_the_start_is_tried_again,
             before_there_are_rows_nothing_is_known_and_nothing_denied,
             wrong_or_endless_rows_at_the_start_stop_the_adapter,
             rows_that_changed_are_read_by_themselves,
             commands_of_the_backend_go_to_it,
             killed_adapter_takes_its_worker_along,
             stopped_adapter_leaves_no_worker,
             worker_has_nothing_of_the_adapters,
             backend_that_is_not_there_is_told_with_those_that_are,
             check_goes_through_a_worker]
    main([f for f in TESTS if len(sys.argv) < 6 or f.__name__ in sys.argv[5:]])
