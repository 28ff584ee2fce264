#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""test_adapter_consent.py ADAPTER AGENCY KEY PROTOC - consent in full from the command line (DOMAIN.md section 2), and its receipt as FHIR R4.

The gate is played. The receipt is held to the structure of the R4 Consent resource (hl7.org/fhir/R4/consent.html): which elements there are,
which must be there, their types, the invariants ppc-1 and ppc-2, and the value sets that it uses.
"""
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "unit"))
from commands import Place, backends, expect, main  # noqa: E402
from played_gate import ORIGIN, Gate, day  # noqa: E402

ADAPTER, AGENCY, KEY, PROTOC = (str(Path(program).resolve()) for program in sys.argv[1:5])
RUN = [ADAPTER, "--libexec", backends(ADAPTER)]
ROOT = Path(__file__).resolve().parent.parent.parent
ISLA = ["--given", "Isla", "--family", "Example", "--born", "2014-05-14", "--home", "14 Nowhere Close; ZZ7 8ZA; 2016-03-01"]
STRANGER = ["--given", "No", "--family", "Body", "--born", "1999-01-01"]
SCOPE = ["--purpose", "help", "--recipients", "school,police", "--sources", "*", "--practitioner", "t-1"]
JUDGED = ["--competence-by", "n-3", "--competence-role", "school-nurse", "--competence-on", "2022-08-15"]


def generated():
    out = tempfile.mkdtemp(prefix="almoner-pb-", dir="/tmp")
    subprocess.run([PROTOC, f"--proto_path={ROOT / 'proto'}", f"--python_out={out}", "almoner/v1/almoner.proto"], check=True)
    sys.path.insert(0, f"{out}/almoner/v1")
    module = importlib.import_module("almoner_pb2")
    shutil.rmtree(out)
    return module


PB = generated()
KINDS = ("consent", "dispute", "withdrawal", "consent_change")


class School(Place):
    """An adapter of the example's rows, and a broker that receipts all and lists what it was sent."""

    def __init__(self):
        super().__init__()
        shutil.copytree(ROOT / "adapters/example", self.path, dirs_exist_ok=True)
        os.makedirs(f"{self.path}/keys", exist_ok=True)
        for words in (["curve", "keys/gate"], ["curve", "keys/school"], ["sign", "keys/school"], ["token", "keys/shared"]):
            expect(self.run(KEY, "new", *words), 0)
        os.mkdir(f"{self.path}/admitted")
        shutil.copy(f"{self.path}/keys/school.key", f"{self.path}/admitted/")
        self.gate = Gate(PB, f"{self.path}/keys", f"{self.path}/admitted")
        self.env["ALMONER_SOCKET"] = f"{self.path}/adapter.sock"
        self.withdrawn = {}
        public = next(line.split('"')[1] for line in Path(f"{self.path}/keys/gate.key").read_text(encoding="ascii").splitlines() if "public-key" in line)
        self.file("adapter.conf", f'''agency = "school"; mode = "exercise"; origin = "{ORIGIN}";
broker = {{ address = "tcp://127.0.0.1:{self.gate.port}"; public_key = "{public}"; }};
keys = {{ curve = "keys/school.key_secret"; sign = "keys/school.sign"; token = "keys/shared.token"; }};
socket = "adapter.sock"; outbox = "outbox"; contact_route = "the office"; backend = "csv";
csv = {{ people = {{ file = "people.csv"; }}; homes = {{ file = "homes.csv"; }}; residences = {{ file = "residences.csv"; }};
  contacts = {{ file = "contacts.csv"; columns = {{ kind = "event"; }}; }}; involvements = {{ file = "involvements.csv"; }}; data_as_of = "day"; }};
questions = ( {{ id = "called"; rule = "ever"; kinds = [ "school-concern" ]; }} );
''')
        for kind in KINDS:
            self.gate.answers[kind] = self.gate.receipt
        self.gate.answers["consent_list_query"] = self.list
        self.log = open(f"{self.path}/log", "ab")
        self.adapter = subprocess.Popen([*RUN, "adapter.conf"], cwd=self.path, stderr=self.log, stdout=self.log)
        self.json("status", "--wait-connected", "--timeout", "60")

    def __exit__(self, *exc):
        self.adapter.kill()
        self.adapter.wait()
        self.gate.close()
        self.log.close()
        super().__exit__(*exc)

    def list(self, body):
        entries = [PB.ConsentEntry(id=b.id, purpose=b.consent.purpose, decision=b.consent.decision, capacity=b.consent.capacity,
                                   given_on=b.consent.given_on, withdrawn_on=self.withdrawn.get(bytes(b.id), 0))
                   for b in self.gate.got if b.WhichOneof("payload") == "consent"]
        return [self.gate.body(body, consent_list=PB.ConsentList(page=0, pages=1, entries=entries[:32]))]

    def json(self, *words, exit=0):
        done = self.run(AGENCY, *words, "--json")
        assert done.returncode == exit, f"exit {done.returncode}: {done.stdout}{done.stderr}"
        return json.loads(done.stdout)

    def grant(self, *words, verb="grant"):
        """Return: its id, and what the broker got."""
        reply = self.json("consent", verb, *SCOPE, *words)
        assert "leaf" in reply, reply
        return reply["message_id"], self.gate.until("consent", self.count()).consent

    def count(self):
        return len([b for b in self.gate.got if b.WhichOneof("payload") == "consent"])

    def fhir(self, consent, *words):
        done = self.run(AGENCY, "consent", "receipt", consent, "--fhir", *words)
        return held_to_r4(json.loads(expect(done, 0)))


# --- the R4 structure: element -> (type, must be there); CodeableConcept and so on as in the data types ---
CONSENT = {"resourceType": ("code", True), "id": ("id", False), "meta": ("Meta", False), "language": ("code", False), "extension": ("Extension*", False),
           "identifier": ("Identifier*", False), "status": ("code", True), "scope": ("CodeableConcept", True), "category": ("CodeableConcept*", True),
           "patient": ("Reference", False), "dateTime": ("dateTime", False), "performer": ("Reference*", False), "organization": ("Reference*", False),
           "policy": ("Policy*", False), "policyRule": ("CodeableConcept", False), "verification": ("Verification*", False),
           "provision": ("Provision", False)}
TYPES = {
    "Meta": {"tag": ("Coding*", False)},
    "Extension": {"url": ("uri", True), "valueCode": ("code", False), "valueDate": ("date", False), "valueString": ("string", False)},
    "Identifier": {"system": ("uri", False), "value": ("string", False)},
    "Coding": {"system": ("uri", False), "code": ("code", False), "display": ("string", False)},
    "CodeableConcept": {"coding": ("Coding*", False), "text": ("string", False)},
    "Reference": {"type": ("uri", False), "identifier": ("Identifier", False), "display": ("string", False)},
    "Policy": {"authority": ("uri", False), "uri": ("uri", False)},
    "Verification": {"verified": ("boolean", True), "verifiedWith": ("Reference", False), "verificationDate": ("dateTime", False)},
    "Period": {"start": ("dateTime", False), "end": ("dateTime", False)},
    "Actor": {"role": ("CodeableConcept", True), "reference": ("Reference", True)},
    "Provision": {"type": ("code", False), "period": ("Period", False), "actor": ("Actor*", False), "purpose": ("Coding*", False),
                  "provision": ("Provision*", False)},
}
PRIMITIVES = {"code": r"[^\s]+( [^\s]+)*", "id": r"[A-Za-z0-9.-]{1,64}", "uri": r"\S+", "string": r"[\s\S]+", "date": r"\d{4}-\d\d-\d\d",
              "dateTime": r"\d{4}-\d\d-\d\d(T.*)?"}
STATUS = {"draft", "proposed", "active", "rejected", "inactive", "entered-in-error"}  # ValueSet consent-state-codes, required
SCOPE_CODES = {"adr", "research", "patient-privacy", "treatment"}                     # CodeSystem consentscope
ACT_CODES = {"IDSCL", "OPTIN", "OPTOUT"}         # of v3-ActCode: in consent-category, in consent-policy
ROLES = {"PRCP", "CST"}                          # of v3-ParticipationType: primary information recipient, custodian
REFERENCED = {"Patient", "Practitioner", "Organization", "RelatedPerson"}


def held_to(value, kind, where):
    if kind.endswith("*"):
        assert isinstance(value, list) and value, f"{where}: an empty or no list"
        for i, each in enumerate(value):
            held_to(each, kind[:-1], f"{where}[{i}]")
    elif kind == "boolean":
        assert isinstance(value, bool), where
    elif kind in PRIMITIVES:
        assert isinstance(value, str) and re.fullmatch(PRIMITIVES[kind], value), f"{where}: {value!r} is no {kind}"
    else:
        elements = CONSENT if kind == "Consent" else TYPES[kind]
        assert isinstance(value, dict) and value, f"{where}: FHIR knows no empty element"
        for key, part in value.items():
            assert key in elements, f"{where}.{key} is no element of {kind}"
            held_to(part, elements[key][0], f"{where}.{key}")
        for key, (_, must) in elements.items():
            assert not must or key in value, f"{where}.{key} is missing"


def codes(concept, system):
    return {c["code"] for c in concept["coding"] if c["system"].endswith(system)}


def held_to_r4(c):
    held_to(c, "Consent", "Consent")
    assert c["resourceType"] == "Consent" and c["status"] in STATUS
    assert codes(c["scope"], "/consentscope") <= SCOPE_CODES and codes(c["category"][0], "/v3-ActCode") <= ACT_CODES
    assert "policy" in c or "policyRule" in c, "ppc-1: either a Policy or PolicyRule"
    assert "patient" in c, "ppc-2: if scope is privacy, there must be a patient"
    assert codes(c["policyRule"], "/v3-ActCode") <= ACT_CODES

    def provision(p):
        assert p.get("type", "permit") in {"permit", "deny"}
        for actor in p.get("actor", []):
            assert codes(actor["role"], "/v3-ParticipationType") <= ROLES
            assert actor["reference"]["type"] in REFERENCED and ("identifier" in actor["reference"] or "display" in actor["reference"])
        for inner in p.get("provision", []):
            provision(inner)
    provision(c["provision"])
    assert {t["code"] for t in c["meta"]["tag"]} == {"HTEST"}, "a rehearsal's must not pass for a real one"
    said = json.dumps(c)
    for private in ("Isla", "Example", "2014-05-14", "Nowhere", "ZZ7"):
        assert private not in said, f"{private} left the adapter's rows"
    return c


def extension(c, key):
    return next((list(e.values())[1] for e in c["extension"] if e["url"].endswith(f":consent-{key}")), None)


def grant_has_a_fhir_receipt_with_its_parties_period_and_purpose():
    with School() as s:
        consent, _ = s.grant("--capacity", "parent", "--holds-responsibility", "--giver-ref", "p-9", "--sensitive-sources", "clinic", "--expires-on",
                             "2023-01-31", "--review-on", "2022-12-01", "--wording", "w-3", "--language", "en-GB", "--conditions", "not by letter", *ISLA)
        c = s.fhir(consent)
        assert (c["id"], c["status"], c["dateTime"], c["language"]) == (consent, "active", "2022-08-15", "en-GB")
        assert c["identifier"][0]["value"] == f"urn:uuid:{consent}"
        assert c["performer"][0]["type"] == "RelatedPerson" and c["performer"][0]["identifier"]["value"] == "p-9"
        assert c["organization"][0]["identifier"]["value"] == "school"
        assert c["policyRule"]["coding"][0]["code"] == "OPTIN" and c["policy"][0]["uri"].endswith(":wording:w-3")
        p = c["provision"]
        assert p["type"] == "permit" and p["period"] == {"start": "2022-08-15", "end": "2023-01-31"} and p["purpose"][0]["code"] == "help"
        told = [a["reference"]["identifier"]["value"] for a in p["actor"] if codes(a["role"], "ParticipationType") == {"PRCP"}]
        assert told == ["school", "police"]
        assert [a["reference"]["display"] for a in p["actor"] if codes(a["role"], "ParticipationType") == {"CST"}][0].startswith("every party")
        assert p["provision"][0]["actor"][0]["reference"]["identifier"]["value"] == "clinic"
        assert extension(c, "review_on") == "2022-12-01" and extension(c, "conditions") == "not by letter" and extension(c, "able_until") == "2030-05-13"
        assert c["patient"]["identifier"]["system"].endswith(":school:reference")  # our own reference of her


def receipt_of_somebody_unknown_names_the_subject_of_the_consent():
    with School() as s:
        consent, _ = s.grant("--capacity", "self", *STRANGER)
        c = s.fhir(consent)
        assert c["patient"]["identifier"]["value"] == consent and c["performer"] == [c["patient"]]


def refusal_withdrawal_expiry_and_asking_in_vain_have_their_states():
    with School() as s:
        consent, got = s.grant("--capacity", "self", *ISLA, verb="refuse")
        c = s.fhir(consent)
        assert (c["status"], c["provision"]["type"], c["policyRule"]["coding"][0]["code"]) == ("rejected", "deny", "OPTOUT")
        assert got.decision == PB.CONSENT_DECISION_REFUSED
        consent, _ = s.grant("--capacity", "self", *ISLA)
        s.withdrawn[bytes.fromhex(consent.replace("-", ""))] = day("2022-08-15")  # with another agency
        c = s.fhir(consent)
        assert (c["status"], c["provision"]["period"]["end"]) == ("inactive", "2022-08-15")
        reply = s.json("consent", "not-possible", "--purpose", "help", "--why", "not-reached", "--practitioner", "t-1", *ISLA)
        c = s.fhir(reply["message_id"])
        assert c["status"] == "proposed" and extension(c, "not_possible") == "not-reached"
        consent, _ = s.grant("--capacity", "self", "--expires-on", "2022-08-15", *ISLA)
        assert s.fhir(consent)["status"] == "active"
        s.gate.day = day("2022-08-16")
        s.gate.push(s.gate.body(lease=PB.Lease(civil_day=s.gate.day, policy=s.gate.policy)))
        s.json("status", "--wait-day", "2022-08-16")
        assert s.fhir(consent)["status"] == "inactive"


def receipt_of_what_the_broker_does_not_list_is_a_draft():
    with School() as s:
        consent, _ = s.grant("--capacity", "self", *ISLA)
        s.gate.answers["consent_list_query"] = lambda b: [s.gate.body(b, consent_list=PB.ConsentList(page=0, pages=0))]
        assert s.fhir(consent)["status"] == "draft"


def receipt_is_read_by_people_and_programs():
    with School() as s:
        consent, _ = s.grant("--capacity", "gillick", *JUDGED, *ISLA)
        expect(s.run(AGENCY, "consent", "receipt", consent), 0, f"Receipt of consent {consent}", "granted (active)", "Judged by: n-3", "school, police",
               "withdrawn at any time")
        r = s.json("consent", "receipt", consent)["receipt"]
        assert (r["receipt_id"], r["record_id"], r["schema_version"]) == (consent, consent, "ISO/IEC TS 27560:2023")
        assert r["event"][0]["event_type"] == "given" and r["processing"][0]["purpose"] == "help"
        assert r["party_identification"][0] == {"party_id": "school", "party_role": "pii_controller"}
        c = s.fhir(consent)
        assert c["verification"][0]["verified"] is True and extension(c, "competence_by") == "n-3" and extension(c, "competence_on") == "2022-08-15"


def receipt_that_cannot_be_given_says_why():
    with School() as s:
        assert s.json("consent", "receipt", "0193f1c2-7d10-7a44-9c1e-3f1d2b4c5a6b", exit=66)["error"] == "unknown-consent"
        assert s.json("consent", "receipt", "no-id", exit=65)["error"] == "bad-id"
        consent, _ = s.grant("--capacity", "self", *ISLA)
        kept = f"{s.path}/consents/{consent}.json"
        assert os.stat(kept).st_mode & 0o077 == 0
        for private in ("Isla", "Example", "2014-05-14", "Nowhere"):
            assert private not in Path(kept).read_text(encoding="utf-8")
        Path(kept).write_text("{", encoding="utf-8")
        assert s.json("consent", "receipt", consent, exit=74)["error"] == "consent-not-read"
        s.gate.answers["consent_list_query"] = lambda b: None
        consent, _ = s.grant("--capacity", "self", *ISLA)
        assert s.json("consent", "receipt", consent, exit=75)["error"] == "no-answer"  # how it stands is not known: no receipt


def consent_reaches_the_broker_with_all_that_was_said():
    with School() as s:
        _, c = s.grant("--capacity", "gillick", *JUDGED, "--witness", "w-1", "--method", "recorded-verbal", "--language", "cy", "--conditions", "none",
                       "--safe-contact", "--family-set", "0193f1c2-7d10-7a44-9c1e-3f1d2b4c5a6b", "--stage", "1", *ISLA)
        assert (c.competence_by, c.competence_role, c.competence_on) == ("n-3", "school-nurse", day("2022-08-15"))
        assert (c.witness, c.language, c.conditions, c.safe_contact, c.stage) == ("w-1", "cy", "none", True, 1)
        assert bytes(c.family).hex() == "0193f1c27d107a449c1e3f1d2b4c5a6b" and c.able_from == day("2026-05-14")
        _, c = s.grant("--capacity", "attorney", "--giver-ref", "a-1", "--given", "Una", "--family", "Old", "--born", "1960-03-01")
        assert c.capacity == PB.CAPACITY_ATTORNEY and c.able_from == day("1978-03-01") and c.giver_authority
        _, c = s.grant("--capacity", "deputy", "--own-consent-only", "--given", "Lea", "--family", "Ver", "--born", "2002-03-01")
        assert c.able_from == day("2027-03-01"), "to 25 nobody consents for a care leaver"
        _, c = s.grant("--capacity", "best-interests", *JUDGED, "--given", "Una", "--family", "Old", "--born", "1960-03-01")
        assert c.capacity == PB.CAPACITY_BEST_INTERESTS and c.competence_by == "n-3"


def local_authority_consents_with_a_care_order_only():
    with School() as s:
        _, c = s.grant("--capacity", "local-authority", "--care-from", "2020-01-01", *ISLA)
        assert not c.giver_authority, "a child accommodated under s20 is looked after, and no more"
        _, c = s.grant("--capacity", "local-authority", "--care-order", "--care-from", "2020-01-01", *ISLA)
        assert c.giver_authority and (c.able_from, c.able_until) == (day("2020-01-01"), day("2030-05-13"))
        assert s.json("consent", "grant", *SCOPE, "--capacity", "local-authority", "--care-order", *ISLA, exit=64)["error"] == "missing-field"


def ages_are_the_policys_once_it_has_told_them():
    def ages(*rows):
        s.gate.push(s.gate.body(catalogue=PB.Catalogue(pages=1, questions=[PB.CatalogueQuestion(id=f"q-{len(rows)}", wording="?")], capacities=[
            PB.CatalogueCapacity(capacity=c, from_age=at_least, before_age=before) for c, at_least, before in rows])))
        end = time.monotonic() + 20
        while f"q-{len(rows)}" not in [q["id"] for q in s.json("questions")["questions"]]:
            assert time.monotonic() < end, "the catalogue did not come"
            time.sleep(0.05)
    with School() as s:
        ages((PB.CAPACITY_LOCAL_AUTHORITY, 0, 18), (PB.CAPACITY_GILLICK, 13, 16), (PB.CAPACITY_ATTORNEY, 21, 0))
        _, c = s.grant("--capacity", "local-authority", "--care-order", "--care-from", "2020-01-01", *ISLA)
        assert c.able_until == day("2032-05-13")
        _, c = s.grant("--capacity", "gillick", *JUDGED, *ISLA)
        assert (c.able_from, c.able_until) == (day("2027-05-14"), day("2030-05-13"))
        _, c = s.grant("--capacity", "attorney", "--given", "Una", "--family", "Old", "--born", "2003-03-01")
        assert c.able_from == day("2024-03-01")
        ages()  # a policy that tells none: the usual ones
        _, c = s.grant("--capacity", "local-authority", "--care-order", "--care-from", "2020-01-01", *ISLA)
        assert c.able_until == day("2030-05-13")


def unborn_childs_consent_is_the_mothers_by_her_own_age():
    with School() as s:
        mother = ["--given", "Mia", "--family", "Young", "--born", "2007-02-03", "--unborn"]
        _, c = s.grant("--capacity", "self", *mother)
        assert c.subject.unborn and c.giver_authority and c.able_from == day("2023-02-03")
        _, c = s.grant("--capacity", "parent", "--holds-responsibility", *mother)
        assert not c.giver_authority


def dispute_is_lodged():
    with School() as s:
        reply = s.json("consent", "dispute", "--purpose", "help", "--practitioner", "t-1", *ISLA)
        body = s.gate.until("dispute")
        assert bytes(body.id).hex() == reply["message_id"].replace("-", "") and body.dispute.purpose == "help" and body.dispute.on == day("2022-08-15")
        assert s.json("consent", "dispute", "--practitioner", "t-1", *ISLA, exit=64)["error"] == "missing-field"


WRONG = [
    (["--capacity", "gillick"], 64, "competence_by"),
    (["--capacity", "gillick", *JUDGED[:4]], 64, "competence_by"),
    (["--capacity", "best-interests"], 64, "competence_by"),
    (["--capacity", "gillick", *JUDGED[:4], "--competence-on", "2022-08-16"], 65, "after given_on"),
    (["--capacity", "gillick", *JUDGED[:2], "--competence-role", "School Nurse", *JUDGED[4:]], 65, "competence_role"),
    (["--capacity", "self", *JUDGED], 64, "gillick or a best-interests"),
    (["--capacity", "self", "--stage", "3"], 65, "stage"),
    (["--capacity", "self", "--stage", "2"], 65, "names in sources"),
    (["--capacity", "self", "--family-set", "x"], 65, "family"),
    (["--capacity", "self", "--review-on", "2022-08-14"], 65, "review_on"),
    (["--capacity", "self", "--conditions", "x" * 600], 65, "conditions"),
]


def what_is_wrong_is_said_and_not_lodged():
    with School() as s:
        for words, code, said in WRONG:
            done = s.run(AGENCY, "consent", "grant", *SCOPE, *words, *ISLA, "--json")
            assert done.returncode == code and said in json.loads(done.stdout)["message"], f"{words}: {done.stdout}"
        expect(s.run(AGENCY, "consent", "not-possible", "--purpose", "help", *ISLA), 64, "not_possible")
        expect(s.run(AGENCY, "consent", "grant", *SCOPE, "--why", "not-reached", *ISLA), 64, "does not go with")
        expect(s.run(AGENCY, "consent", "receipt"), 64, "say which consent")
        assert s.count() == 0 and not os.path.exists(f"{s.path}/consents")


def answer_says_that_a_review_is_due():
    with School() as s:
        s.gate.answers["insight_query"] = lambda b: [s.gate.body(b, insight=PB.Insight(
            value=PB.INSIGHT_VALUE_NO, completeness=PB.COMPLETENESS_ALL, as_of=s.gate.day, policy_rule="r", review_due=True))]
        who = ["ask", "called", "--purpose", "help", "--role", "senco", "--practitioner", "t-1", *ISLA]
        assert s.json(*who)["review_due"] is True
        expect(s.run(AGENCY, *who), 0, "past its review")


def overrides_to_review_are_listed():
    def due(body):
        def entry(text, kind=PB.DUE_KIND_REVIEW):
            return PB.DueEntry(kind=kind, about=body.id, due_ms=1660000000000, text=text)
        return [s.gate.body(body, due_list=PB.DueList(page=0, pages=1, entries=[
            entry("Have the override reviewed, by a third person."), entry("Review the watch: move its last day, or end it."),
            entry("a referral", PB.DUE_KIND_REFERRAL)]))]
    with School() as s:
        s.gate.answers["due_query"] = due
        listed = s.json("override", "list", "--practitioner", "t-1", "--role", "senco")["due"]
        assert len(listed) == 1 and "override" in listed[0]["text"], listed


main([f for name, f in list(globals().items()) if callable(f) and getattr(f, "__module__", "") == "__main__" and name.islower()
      and name not in ("generated", "held_to", "held_to_r4", "codes", "extension")])
