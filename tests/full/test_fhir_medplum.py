#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""test_fhir_medplum.py FHIR-DRIVER CSV-DRIVER FOLDER - the FHIR backend against an R4 implementation that is not ours: Medplum's router and
search in memory, from npm, with the search parameters that HL7 publishes. It must send what our stand-in sends, and the answers be those of
the CSV backend. ALM_NPM names a folder that has the packages already."""
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "flow"))
if not os.environ.get("ALM_FULL"):
    print("1..0 # SKIP only with tests/run --full")
    sys.exit(0)
from fhir_same import compare  # noqa: E402
from fhir_town import EXAMPLES, QUESTIONS, SEARCHES, Driven, Place  # noqa: E402
from commands import main  # noqa: E402
from exerciselib import agencies, fhir_stand_in, folder  # noqa: E402

VERSION = "4.5.2"  # the last that runs with Node 20
PACKAGES = [f"@medplum/{name}@{VERSION}" for name in ("core", "definitions", "fhir-router")]
DRIVERS = [str(Path(program).resolve()) for program in sys.argv[1:3]]
PATIENCE = 600  # seconds for npm


def skip(why):
    print(f"1..0 # SKIP {why}")
    sys.exit(0)


def packages(place):
    """The folder that has them; skips when there is no npm, no Node that runs them, or no registry."""
    given = os.environ.get("ALM_NPM")
    if given:
        return given
    if not shutil.which("npm") or not shutil.which("node"):
        skip("no npm here: apt-get install nodejs npm")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    if int(re.match(r"v(\d+)", version).group(1)) < 20:
        skip(f"Node {version.strip()} is older than these packages run with (20)")
    place.file("package.json", '{ "private": true }')
    command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=1", *PACKAGES]
    try:
        done = subprocess.run(command, cwd=place.path, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        skip("npm did not come to an end")
    if done.returncode != 0:
        skip("npm cannot reach its registry: " + done.stderr.strip().splitlines()[-1][:200] if done.stderr.strip() else "npm failed")
    return place.path


class Medplum:
    """The server: put(name, resources) and base(name), as our stand-in."""

    def __init__(self, at):
        self.process = subprocess.Popen(["node", str(HERE / "medplum.mjs"), at], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line.strip().isdigit(), "the server did not start"
        self.root = f"http://127.0.0.1:{line.strip()}"

    def base(self, name):
        return f"{self.root}/{name}"

    def put(self, name, resources):
        request = urllib.request.Request(self.base(name), data=json.dumps(list(resources)).encode(), method="PUT")
        with urllib.request.urlopen(request, timeout=60) as reply:
            assert reply.status == 200

    def stop(self):
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()


def told(server, place, name, more):
    """What a load and every example's questions come to."""
    conf = place.file(f"{name}.conf", f'fhir = {{ base = "{server.base("trust")}"; insecure_loopback = true; {more} {SEARCHES} }};\n{QUESTIONS}')
    backend = Driven(DRIVERS[0], conf)
    load = backend.do("load", strict=True)
    homes = sorted(h["ref"] for h in load["homes"])
    questions = re.findall(r'id = "([a-z0-9-]+)"', QUESTIONS)
    out = [load["result"], *(sorted(load[part], key=json.dumps) for part in ("people", "homes", "stays", "reports"))]
    for person in ("ada", "ruth", "double-1", "merged-old", "merged-new", "mother", "unborn", "flagged", "yearonly", "nobody"):
        for day in ("2020-02-15", "2021-05-20", "2021-10-20", "2022-06-01"):
            for question in questions:
                out.append([person, day, question, backend.do("answer", day=day, question=question, person=person, parameter={"homes": homes[:1]})])
            out.append([person, day, backend.do("answer", day=day, person=person), backend.do("relate", day=day, person=person)])
    for home in homes:
        out += [[home, question, backend.do("answer", day="2022-06-01", question=question, household={"homes": [home]})] for question in questions]
    backend.close()
    for row in out:
        if isinstance(row, list) and isinstance(row[-1], dict):
            row[-1].pop("ms", None)
            row[-2].pop("ms", None) if isinstance(row[-2], dict) else None
    return out


def examples_are_read_and_answered_as_from_our_own_stand_in():
    resources = [json.loads(p.read_text()) for p in sorted(EXAMPLES.glob("*.json"))]
    with Place() as place, fhir_stand_in.StandIn() as ours:
        for server in (ours, MEDPLUM):
            server.put("trust", resources)
        for name, more in (("whole", ""), ("pages", "page_size = 2;"), ("get", 'method = "get";')):
            theirs = told(MEDPLUM, place, name, more)
            assert theirs[0] == 0
            for mine, other in zip(told(ours, place, name, more), theirs, strict=True):
                assert mine == other, f"{name}: ours {mine}, theirs {other}"


def agencies_of_health_answer_alike_from_files_and_from_this_server():
    cabinet = agencies.Cabinet(folder.load(Path(sys.argv[3])), None)
    health = [agency for agency, sector in cabinet.sector.items() if sector in ("health", "mental-health")]
    n, yes = compare(DRIVERS, MEDPLUM, cabinet, health, 2)
    assert n > 100 and yes > 10


if __name__ == "__main__":
    with Place() as home:
        MEDPLUM = Medplum(packages(home))
        try:
            main([examples_are_read_and_answered_as_from_our_own_stand_in, agencies_of_health_answer_alike_from_files_and_from_this_server])
        finally:
            MEDPLUM.stop()
