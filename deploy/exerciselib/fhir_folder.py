# SPDX-License-Identifier: Apache-2.0
"""One agency's rows as FHIR R4 resources, and the adapter's configuration for a server that holds them.

| rows | resource |
|---|---|
| people | Patient: `managingOrganization` is the agency for its own people, the organisation for those it knows through a team |
| homes | Location (`physicalType` house) with the address; a Patient's address is the same text |
| residences | `Patient.address` with its `period`: FHIR's end is the last day, ours the first day after |
| contacts | Encounter: `type` is the kind, `subject` the person if there is one, `location` the home |
| involvements | EpisodeOfCare of the agency; those of its organisation's other teams bear the organisation |
| referrals received | Task (`for` is the person, and a second one for the home), of a status instead of dates |

A household's contact without a person is an Encounter at a Location without a subject: R4 asks for none.
"""
import csv
import hashlib
import io
from datetime import date, timedelta

from .agencies import question_text

KINDS = "https://almoner.example/CodeSystem/contact-kind"
NHS = "https://fhir.nhs.uk/Id/nhs-number"
UPN = "https://almoner.example/Id/upn"
UNBORN = "https://almoner.example/CodeSystem/tag|unborn"


def name_of(text, more=""):
    """A logical id: letters, digits, '-' and '.', at most 64 of them."""
    name = text.replace("_", ".-.") + more
    return name if len(name) <= 64 else hashlib.sha256(name.encode()).hexdigest()


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def last_day(end):
    """The day before: FHIR's periods include their end."""
    return (date.fromisoformat(end) - timedelta(days=1)).isoformat()


def period(start, end):
    return {key: value for key, value in (("start", start), ("end", end and last_day(end))) if value}


def reference(kind, name):
    return {"reference": f"{kind}/{name_of(name)}"}


def address_of(home, stay=None):
    out = {"line": [home["address_line"]]}
    if home["postcode"]:
        out["postalCode"] = home["postcode"]
    if stay:
        out["use"] = "old" if stay["to_date"] else "home"
        out["period"] = period(stay["from_date"], stay["to_date"])
    return out


def patient(row, owner, addresses):
    identifiers = [{"system": system, "value": row[column]} for system, column in ((NHS, "nhs_number"), (UPN, "upn")) if row.get(column)]
    out = {"resourceType": "Patient", "id": name_of(row["person_id"]), "active": True, "managingOrganization": reference("Organization", owner),
           "name": [{"use": "official", "family": row["family_name"], "given": [row["given_name"]]}], "birthDate": row["date_of_birth"]}
    if identifiers:
        out["identifier"] = identifiers
    if addresses:
        out["address"] = addresses
    if row.get("unborn") == "yes":
        system, code = UNBORN.split("|")
        out["meta"] = {"tag": [{"system": system, "code": code}]}
    return out


def location(home):
    return {"resourceType": "Location", "id": name_of(home["household_id"]), "status": "active", "mode": "instance",
            "physicalType": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/location-physical-type", "code": "ho"}]},
            "address": address_of(home)}


def encounter(row):
    out = {"resourceType": "Encounter", "id": name_of(row["contact_id"]), "status": "finished",
           "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
           "type": [{"coding": [{"system": KINDS, "code": row["kind"]}]}], "period": {"start": row["date"], "end": row["date"]}}
    if row["person_id"]:
        out["subject"] = reference("Patient", row["person_id"])
    if row["household_id"]:
        out["location"] = [{"location": reference("Location", row["household_id"])}]
    return out


def episode(row, owner):
    # One that began and ended on a day was never open on any, which a period of FHIR cannot say.
    status = "cancelled" if row["end_date"] and row["end_date"] <= row["start_date"] else "finished" if row["end_date"] else "active"
    return {"resourceType": "EpisodeOfCare", "id": name_of(row["involvement_id"]), "status": status, "type": [{"text": row["service"]}] if row["service"] else [],
            "patient": reference("Patient", row["person_id"]), "managingOrganization": reference("Organization", owner),
            "period": period(row["start_date"], row["end_date"] if status != "cancelled" else "")}


def tasks(row):
    status = "completed" if row["closed_date"] else "rejected" if row["decision"] == "declined" else "accepted" if row["decision"] == "accepted" else "requested"
    common = {"resourceType": "Task", "status": status, "intent": "order", "authoredOn": row["sent_date"]}
    if row["person_id"]:
        yield dict(common, id=name_of(row["referral_id"]), **{"for": reference("Patient", row["person_id"])})
    if row["household_id"]:
        yield dict(common, id=name_of(row["referral_id"], ".home"), **{"for": reference("Location", row["household_id"])})


def resources(files, agency):
    """The resources of one agency, from its files as agencies.py makes them (name -> CSV text)."""
    table = {name: rows_of(text) for name, text in files.items()}
    homes = {h["household_id"]: h for h in table["homes.csv"]}
    whole = f"{agency}.whole"  # known through the organisation alone
    addresses, told = {}, set()
    for row in table["residences.csv"] + table["org-residences.csv"]:
        key = (row["person_id"], row["household_id"], row["from_date"])
        if key not in told and row["household_id"] in homes and row["from_date"] != row["to_date"]:
            told.add(key)
            addresses.setdefault(row["person_id"], []).append(address_of(homes[row["household_id"]], row))
    out, people = [], set()
    for part, owner in (("people.csv", agency), ("org-people.csv", whole)):
        for row in table[part]:
            if row["person_id"] not in people:
                people.add(row["person_id"])
                out.append(patient(row, owner, addresses.get(row["person_id"])))
    out += [location(h) for h in homes.values()]
    out += [encounter(r) for r in table["contacts.csv"]]
    own = {r["involvement_id"] for r in table["involvements.csv"]}
    out += [episode(r, agency) for r in table["involvements.csv"]]
    out += [episode(r, whole) for r in table["org-involvements.csv"] if r["involvement_id"] not in own]
    out += [t for r in table["org-referrals.csv"] for t in tasks(r)]
    return out


class FhirRows:
    """The rows of some agencies behind one stand-in: a base each. A source of agencies.Cabinet."""

    def __init__(self, server):
        self.server, self.texts = server, {}

    def put(self, agency, files):
        """Brings the server to the files' text. Return: whether any of it changed."""
        if self.texts.get(agency) == files:
            return False
        self.server.put(agency, resources(files, agency))
        self.texts[agency] = files
        return True

    def settings(self, agency, questions, _place):
        """The adapter's settings from `backend` on."""
        trust = f'ca_file = "{self.server.ca}";' if self.server.ca else "insecure_loopback = true;"
        lines = ",\n".join(question_text(q) for q in questions)
        return f'backend = "fhir";\n{group(agency, self.server.base(agency), trust)}questions = (\n{lines}\n);\n'


def group(agency, base, more=""):
    """The group `fhir` of an adapter's configuration; the questions are those of the CSV backend, word for word. more: further
    settings, as `ca_file = "..."` or `insecure_loopback = true`."""
    own = f"organization=Organization/{name_of(agency)}"
    return f'''fhir = {{
  base = "{base}";
  {more}
  nhs_system = "{NHS}";
  upn_system = "{UPN}";
  unborn_tag = "{UNBORN}";
  people = {{ search = "{own}"; }};
  locations = {{ search = ""; }};
  searches = (
    {{ name = "contacts"; resource = "Encounter"; query = "subject={{patient}}"; system = "{KINDS}"; }},
    {{ name = "visits"; resource = "Encounter"; query = "location={{location}}"; system = "{KINDS}"; }}
  );
  involvements = ( {{ resource = "EpisodeOfCare"; query = "patient={{patient}}&{own}"; }} );
  relationships = {{
    people = {{ search = ""; }};
    involvements = ( {{ resource = "EpisodeOfCare"; query = "patient={{patient}}"; }} );
    referrals = ( {{ resource = "Task"; query = "subject={{patient}}"; }}, {{ resource = "Task"; query = "subject={{location}}"; }} );
  }};
}};
'''
