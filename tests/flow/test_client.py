#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""libalmoner as an agency's programmer meets it: the installed headers, pkg-config file and example, compiled outside our build and run
against a real broker and real adapters. argv: protoc."""
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import uuid

from broker_children import wait_for
from town import CHILDRENS, POLICE, ROOT, SCHOOL, play, uuid7

FOUND = re.compile(r"AddressSanitizer|LeakSanitizer|runtime error|UndefinedBehaviorSanitizer")
PATIENCE_S = 60


class Programmer:
    """Compiles and runs against the staged install, and nothing of the source tree."""

    def __init__(self, stage):
        self.stage, self.prefix = stage, stage.prefix
        self.folder = stage.work / "program"
        self.folder.mkdir()
        found = sorted(self.prefix.glob("lib/**/pkgconfig/almoner.pc"))
        self.pc = found[0] if found else None
        self.library = self.pc.parent.parent if found else None
        self.env = dict(stage.env, PKG_CONFIG_PATH=str(self.pc.parent) if found else "", LD_LIBRARY_PATH=str(self.library))

    def pkg_config(self, *words, path=None):
        env = dict(self.env, PKG_CONFIG_PATH=str(path)) if path else self.env
        return subprocess.run(["pkg-config", *words, "almoner"], capture_output=True, text=True, env=env, check=False)

    def sanitized(self):
        needed = subprocess.run(["readelf", "-d", self.library / "libalmoner.so"], capture_output=True, text=True, check=True).stdout
        return ["-fsanitize=address,undefined"] if "libasan" in needed or os.environ.get("ASAN_OPTIONS") else []

    def compile(self, source, name, *flags, compiler="cc"):
        flags = [*flags, *shlex.split(self.pkg_config("--cflags", "--libs").stdout)]
        return subprocess.run([compiler, "-Wall", "-Wextra", "-Werror", *self.sanitized(), source, "-o", self.folder / name, *flags],
                              capture_output=True, text=True, env=self.env, check=False, cwd=self.folder)

    def run(self, name, *args, timeout=120):
        return subprocess.run([self.folder / name, *args], capture_output=True, text=True, env=self.env, timeout=timeout, check=False)


def installed(tap, me):
    tap.check("the pkg-config file is installed", me.pc is not None)
    soname = subprocess.run(["readelf", "-d", me.library / "libalmoner.so"], capture_output=True, text=True, check=True).stdout
    tap.check("the library has its soname", "Library soname: [libalmoner.so.0]" in soname, soname)
    lines = subprocess.run(["nm", "-D", "--defined-only", me.library / "libalmoner.so"], capture_output=True, text=True, check=True).stdout.splitlines()
    symbols = {line.split()[-1].split("@")[0] for line in lines if line.split()[1] in "TtDdBbRrWw"}
    header = (me.prefix / "include" / "almoner" / "client.h").read_text(encoding="utf-8")
    promised = set(re.findall(r"\b(alm_[a-z_]+)\((?!\))", re.sub(r"/\*.*?\*/", "", header, flags=re.S)))
    tap.check("it exports what client.h promises, and nothing else", symbols == promised, (symbols ^ promised))
    moved = me.folder / "moved"
    shutil.copytree(me.pc.parent, moved / me.pc.parent.relative_to(me.prefix))
    got = me.pkg_config("--variable=prefix", path=moved / me.pc.parent.relative_to(me.prefix))
    relocatable = "pcfiledir" in me.pc.read_text(encoding="utf-8")
    tap.check("an installation that was moved is still found", not relocatable or os.path.realpath(got.stdout.strip()) == str(moved), got.stdout)


def compiled(tap, me):
    example = me.prefix / "share" / "doc" / "almoner" / "examples" / "example.c"
    done = me.compile(example, "example", "-std=c11")
    tap.check("the example compiles against the installed library alone", done.returncode == 0, done.stderr)
    both = me.folder / "both.cc"
    both.write_text("#include <almoner/client.h>\n#include <almoner/errors.h>\nint main() { return alm_open(nullptr, nullptr) == ALM_CALL_ARGUMENT ? 0 : 1; }\n",
                    encoding="utf-8")
    if shutil.which("c++"):
        done = me.compile(both, "both", compiler="c++")
        tap.check("the header is C++ too", done.returncode == 0 and me.run("both").returncode == 0, done.stderr)


def inbox_filled(town):
    """A notice for the school: two concerns fired, and the hub acted."""
    def command(agency, *words, about=True):
        there = ["--socket", town.stage.socket_of(agency), "--practitioner", "p-1", "--json"]
        person = ["--given", "Ben", "--family", "Brookvane", "--born", "2012-05-06", "--home", "2 Hazel Court; ZZ9 9ZA; 2018-01-01"] if about else []
        return town.stage.command(*words, *person, *there, timeout=120)

    purpose = ["--purpose", "concern-monitoring", "--basis", "public-task", "--role", "social-worker"]
    hub = ["stream", "follow", "--stream", "worries"]
    command(CHILDRENS, *hub, "--wait", "0", about=False)
    command(POLICE, "concern", "lodge", "--category", "domestic-incident", "--severity", "medium", *purpose)
    command(SCHOOL, "concern", "lodge", "--category", "attendance", "--severity", "low", *purpose)
    fired = command(CHILDRENS, *hub, "--count", "1", "--wait", "90", about=False).json()["firing"]["episode"]
    command(CHILDRENS, "firing", "acted", fired, "--outcome", "early-help-offered", about=False)


def works(tap, town, me):
    socket = str(town.stage.socket_of(SCHOOL))
    inbox_filled(town)
    first = []

    def heard():
        got = me.run("example", socket)
        first.append(got)
        return got.returncode != 0 or "event " in got.stdout

    wait_for(heard, PATIENCE_S)
    got = first[-1]
    tap.check("the example runs to its end", got.returncode == 0, (got.returncode, got.stdout, got.stderr))
    tap.check("it asked", "asked: yes (" in got.stdout, got.stdout)
    tap.check("it lodged a concern", re.search(r"^lodged: [0-9a-f-]{36}$", got.stdout, re.M) is not None, got.stdout)
    tap.check("and it followed its inbox", re.search(r"^event \d+: notice from", got.stdout, re.M) is not None, got.stdout)
    again = me.run("example", socket)
    tap.check("what was done does not come again", again.returncode == 0 and "event " not in again.stdout, again.stdout + again.stderr)
    lodged = [x for run in [*first, again] for x in re.findall(r"lodged: ([0-9a-f-]{36})", run.stdout)]
    rows = town.audit(event="concern-lodged", agency=SCHOOL)
    tap.check("every concern is in the log, once", len(set(lodged)) == len(first) + 1 and len(rows) == len(lodged) + 1, (lodged, rows or town.audit()[-1]))


CALLER = r"""
#include <almoner/client.h>
#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv)
{
    struct alm_client *c;
    const char *reply = NULL;
    enum alm_result r;
    if (argc != 4 || alm_open(argv[1], &c) != ALM_CALL_DONE)
        return 64;
    (void)alm_timeout(c, (int)strtol(argv[2], NULL, 10));
    r = alm_call(c, argv[3], &reply);
    (void)printf("%s %s\n", alm_result_word(r), alm_problem(c)->word);
    (void)printf("%s\n", reply ? reply : "");
    alm_close(c);
    return 0;
}
"""


def goes_wrong(tap, town, me):
    source = me.folder / "caller.c"
    source.write_text(CALLER, encoding="utf-8")
    done = me.compile(source, "caller")
    tap.check("any operation can be called", done.returncode == 0, done.stderr)
    socket = str(town.stage.socket_of(SCHOOL))

    def call(request, ms=30000, where=socket):
        got = me.run("caller", where, str(ms), request)
        return (got.stdout.splitlines() or [got.stderr])[0]

    ben = '"subject":{"given_name":"Ben","family_name":"Brookvane","date_of_birth":"2012-05-06"}'
    who = '"practitioner":"t-4","role":"senco"'
    lodge = '{"op":"concern-lodge","id":"%s","purpose":"concern-monitoring","basis":"public-task","category":"attendance","severity":"%s",' + who + "," + ben + "}"
    one = str(uuid.UUID(bytes=uuid7()))
    cases = [
        ("nobody at the socket", "no-adapter adapter-not-running", '{"op":"status"}', {"where": str(town.stage.run_dir / "nobody.sock")}),
        ("an operation that nobody knows", "bad-request unknown-op", '{"op":"dance"}', {}),
        ("an unknown field", "bad-request unknown-field", '{"op":"status","colour":"red"}', {}),
        ("an id that is none", "bad-request", lodge % ("17", "low"), {}),
        ("a concern with an id", "done", lodge % (one, "low"), {}),
        ("the same again", "done", lodge % (one, "low"), {}),
        ("another one under the same id", "bad-request id-reused", lodge % (one, "high"), {}),
        ("a purpose that nobody agreed to", "refused", '{"op":"ask","question":"cp-plan-current","purpose":"marketing",%s,%s}' % (who, ben), {}),
        ("a stream that was never subscribed", "no-such no-stream", '{"op":"stream-next","stream":"nothing"}', {}),
    ]
    for name, begins, request, how in cases:
        said = call(request, **how)
        tap.check(f"{name}: {begins}", said.startswith(begins), said)
    adapter = town.stage.processes[f"adapter-{SCHOOL}"]
    adapter.send_signal(signal.SIGSTOP)
    try:
        said = call('{"op":"status"}', ms=500)
    finally:
        adapter.send_signal(signal.SIGCONT)
    tap.check("an adapter that hangs: timeout", said == "timeout no-answer", said)
    tap.check("and when it goes on, so does the client", call('{"op":"status"}') == "done ")


def stop(tap, town):
    for name in [n for n in town.stage.processes if n != "almonerd"]:
        process = town.stage.processes.pop(name)
        process.terminate()
        tap.check(f"{name} stops cleanly", process.wait(60) == 0, town.stage.log_tail(name, 12))
    for path in sorted(town.stage.work.glob("*.log")):
        tap.check(f"nothing was found in {path.stem}", not FOUND.search(path.read_text(errors="replace")))


def run(tap, town):
    me = Programmer(town.stage)
    installed(tap, me)
    compiled(tap, me)
    works(tap, town, me)
    goes_wrong(tap, town, me)
    stop(tap, town)


assert ROOT.is_dir()
play(run, day="2021-06-15", with_adapters=(CHILDRENS, POLICE, SCHOOL))
