# SPDX-License-Identifier: Apache-2.0
"""What the tests of the FHIR backend share: a stand-in that misbehaves as told, and the backend driven line by line."""
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "deploy"), str(ROOT / "tests" / "unit")]
from commands import Place  # noqa: E402
from exerciselib import fhir_stand_in  # noqa: E402

EXAMPLES = ROOT / "tests" / "data" / "fhir"
SNOMED = "http://snomed.info/sct"
SEARCHES = f'''
  unborn_tag = "https://almoner.example/CodeSystem/tag|unborn";
  locations = {{ search = ""; }};
  searches = (
    {{ name = "seen"; resource = "Encounter"; query = "patient={{patient}}";
       kinds = ( {{ kind = "clinic"; codes = [ "{SNOMED}|390906007", "{SNOMED}|185349003" ]; }}, {{ kind = "crisis"; codes = [ "{SNOMED}|270427003" ]; }} ); }},
    {{ name = "visits"; resource = "Encounter"; query = "location={{location}}"; kinds = ( {{ kind = "visit"; codes = [ "439708006" ]; }}, {{ kind = "clinic"; codes = [ "185349003" ]; }} ); }},
    {{ name = "conditions"; resource = "Condition"; query = "patient={{patient}}"; }},
    {{ name = "flags"; resource = "Flag"; query = "patient={{patient}}"; system = "https://trust.example/flags"; }}
  );
  involvements = ( {{ resource = "EpisodeOfCare"; query = "patient={{patient}}"; }}, {{ resource = "CareTeam"; query = "patient={{patient}}"; }} );
  relationships = {{ referrals = ( {{ resource = "Task"; query = "subject={{location}}"; }} ); }};
'''
QUESTIONS = '''questions = (
  { id = "clinic-30"; rule = "window"; kinds = [ "clinic" ]; window_days = 30; searches = [ "seen" ]; },
  { id = "clinic-ever"; rule = "ever"; kinds = [ "clinic" ]; searches = [ "seen" ]; },
  { id = "crisis-ever"; rule = "ever"; kinds = [ "crisis" ]; searches = [ "seen" ]; },
  { id = "pregnant"; rule = "state"; kinds = [ "77386006" ]; searches = [ "conditions" ]; },
  { id = "refuted-ever"; rule = "ever"; kinds = [ "84757009" ]; searches = [ "conditions" ]; },
  { id = "two-to-visit"; rule = "state"; kinds = [ "two-to-visit" ]; searches = [ "flags" ]; },
  { id = "clinic-list"; rule = "state"; kinds = [ "clinic" ]; end_kinds = [ "crisis" ]; searches = [ "seen" ]; },
  { id = "dog"; rule = "state"; kinds = [ "dog" ]; searches = [ "flags" ]; },
  { id = "visited"; rule = "ever"; kinds = [ "visit" ]; },
  { id = "home-clinic"; rule = "ever"; kinds = [ "clinic" ]; searches = [ "visits" ]; },
  { id = "with-us"; rule = "involvement"; },
  { id = "nursing"; rule = "involvement"; services = [ "District nursing" ]; },
  { id = "lives-at"; rule = "residence"; }
);
'''


class Driven:
    """A backend over a configuration; each call is one operation."""

    def __init__(self, driver, path, deadline_ms=20000):
        self.process = subprocess.Popen([driver, path, str(deadline_ms)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def do(self, op, **more):
        self.process.stdin.write(json.dumps(dict(more, op=op)) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the backend ended: " + self.process.stderr.read()[-2000:]
        return json.loads(line)

    def close(self):
        """Ends it. Return: what it logged."""
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait(60)
        said = self.process.stderr.read()
        self.process.stdout.close()
        self.process.stderr.close()
        assert self.process.returncode == 0, f"exit {self.process.returncode}: {said[-3000:]}"
        return said


class FhirTown(Place):
    """A stand-in with the examples, and a backend that asks it."""

    certificates = None

    def __init__(self, driver, settings="", searches=SEARCHES, questions=QUESTIONS, deadline_ms=20000, resources=None, tls=True, **server):
        super().__init__()
        if FhirTown.certificates is None:
            FhirTown.keep = Place()
            FhirTown.certificates = fhir_stand_in.make_certificates(FhirTown.keep.path)
        certificates = self.certificates
        self.server = fhir_stand_in.StandIn(tls=certificates if tls else None, **server).start()
        self.plan = self.server.plan
        self.resources = resources if resources is not None else [json.loads(p.read_text()) for p in sorted(EXAMPLES.glob("*.json"))]
        self.server.put("trust", self.resources)
        trust = f'ca_file = "{certificates["ca"]}";' if tls else "insecure_loopback = true;"
        self.conf = self.file("adapter.conf", f'fhir = {{\n  base = "{self.server.base("trust")}/";\n  {trust}\n{settings}{searches}}};\n{questions}')
        self.backend = Driven(driver, self.conf, deadline_ms)

    def __exit__(self, *exc):
        try:
            self.log = self.backend.close()
        finally:
            self.server.stop()
            super().__exit__(*exc)

    def load(self, strict=False):
        return self.backend.do("load", strict=strict)

    def answer(self, question, day, person=None, **more):
        if person:
            more["person"] = person
        out = self.backend.do("answer", question=question, day=day, **more)
        assert out["result"] == 0, out
        return out["value"] if not out["cause"] else out["cause"]

    def who(self, day, person):
        return self.backend.do("answer", day=day, person=person)

    def relate(self, day, person=None, **more):
        return self.backend.do("relate", day=day, **({"person": person} if person else {}), **more)

    def asked(self, what):
        """How many requests had this in their path."""
        return sum(what in path for _, path, _, _ in self.server.requests)
