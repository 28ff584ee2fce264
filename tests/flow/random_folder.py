#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a random folder of the form in tests/data/marlham/README.md, whose `expected` column deploy/exerciselib/oracle.py fills.

    random_folder.py OUT [--seed N] [--size small|medium|large]      prints the seed; the same seed gives the same folder

Agencies with teams, families that move, return and are placed, consents of every capacity and purposes of every flag; scenarios are
drawn until every reason and every kind of answer that the folder can give is there. Left out on purpose, because a name, a birth date
and no more identify nobody: people with no address that has a postcode, and two people of one name and birth date.
"""
import argparse
import csv
import datetime
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "deploy"))
from exerciselib.folder import load  # noqa: E402
from exerciselib.oracle import Oracle  # noqa: E402

Day = datetime.date
FIRST, LAST = Day(2018, 1, 1), Day(2023, 12, 31)
UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
GIVEN = ("Ada Bram Chloë Dov Elif Finn Gwen Hana Iván Jo-Anne Kofi Lívia Mo Noor Orla Piet Quin Rhŷs Saoirse Tom Una Vik Wren Xoán Yusuf Zofia "
         "Astrid Błażej Ceri D'Arcy Eóin Fátima Gül Håkon Inés Jörg").split()
FAMILY = ["Ashe", "Brânză", "O'Connell", "Dunne-Vance", "Eğilmez", "Fenwick", "van der Meer", "Größe", "Holt", "Łukasik"]
STREETS = ["Nowhere Street", "Pretend Road", "Daydream Close", "St. Nobody's Way", "Fancy Row", "Fable Ave", "Mythic Crescent", "Chimera Court"]
# sector -> (how many organisations at most, sensitive)
SECTORS = {"childrens-services": (2, False), "police": (1, False), "health": (3, False), "education": (3, False), "housing": (2, False),
           "probation": (1, False), "youth-justice": (1, False), "voluntary": (3, False), "prisons": (1, False), "benefits": (1, False),
           "community-safety": (1, False), "family-support": (1, False), "learning-disability": (1, False), "partnership": (1, False),
           "mental-health": (2, True), "substance-misuse": (2, True), "domestic-abuse": (1, True), "sexual-health": (1, True)}
ALWAYS = ("childrens-services", "police", "health", "education", "housing", "voluntary", "mental-health")
PAIRS = ("looked-after", "plan", "support", "tenancy", "custody", "order", "club", "course")
POINTS = ("incident", "complaint", "attendance", "report", "claim", "eviction", "assessment", "visit")
ROLES = ("social-worker", "nurse", "Head of Year (acting)", "officer", "Fürsorger/in, 2nd grade", "volunteer", "receptionist", "administrator")
SIZES = {"small": (9, 2, 45), "medium": (18, 3, 140), "large": (45, 5, 420)}  # organisations, families, scenarios


def nhs_number(n):
    while True:
        digits = [int(c) for c in f"999{n:06d}"]
        check = 11 - sum(d * w for d, w in zip(digits, range(10, 1, -1))) % 11
        if check != 10:
            return "".join(map(str, digits)) + str(check % 11)
        n += 500001


def upn(n):
    digits = f"98799{n:07d}"
    return UPN_LETTERS[sum(int(d) * w for d, w in zip(digits, range(2, 14))) % 23] + digits


def iso(day):
    return day.isoformat() if day else ""


class Town:
    def __init__(self, rng, size):
        self.r = rng
        self.n_orgs, self.n_families, self.n_scenarios = SIZES[size]
        self.tables = {}
        self.serial = 0

    def id(self, prefix):
        self.serial += 1
        return f"{prefix}-{self.serial:04d}"

    def day(self, first=FIRST, last=LAST):
        return first + datetime.timedelta(days=self.r.randrange((last - first).days + 1)) if last > first else first

    def maybe(self, chance):
        return self.r.random() < chance

    def some(self, values, least=1, most=None):
        values = list(values)
        return self.r.sample(values, min(len(values), self.r.randint(least, most or len(values))))

    def make(self):
        self.agencies()
        self.kinds()
        self.purposes()
        self.questions()
        self.families()
        self.records()
        self.consents()
        for table in ("referrals", "concerns", "thresholds", "involvements", "consents"):
            if self.maybe(0.05):  # a header alone
                self.tables[table] = []
        return self.tables

    # --- the partnership ---
    def agencies(self):
        rows, counts = [], {}
        sectors = list(ALWAYS)
        while len(sectors) < self.n_orgs:
            sector = self.r.choice(list(SECTORS))
            if sectors.count(sector) < SECTORS[sector][0] * (1 + self.n_orgs // 15):
                sectors.append(sector)
        for sector in sectors:
            counts[sector] = counts.get(sector, 0) + 1
            org = f"{self.r.choice(['north', 'south', 'east', 'west', 'mid'])}-{sector}-{counts[sector]}"
            rows.append({"agency_id": org, "name": f"{org.title()} \"{self.r.choice(FAMILY)}\" & partners", "sector": sector,
                         "sensitive": "yes" if SECTORS[sector][1] else "no", "team_of": "", "controller": ""})
            for n in range(self.r.choice([0, 0, 1, 2]) if len(rows) < self.n_orgs * 1.6 else 0):
                own = self.maybe(0.7)
                other = sector if own else self.r.choice(list(SECTORS))
                rows.append({"agency_id": f"{org}-team-{n}", "name": f"Team {n} of {org}", "sector": other,
                             "sensitive": "yes" if SECTORS[other][1] else "no", "team_of": org, "controller": "The council"})
        self.tables["agencies"] = rows
        self.ids = [a["agency_id"] for a in rows]
        self.org = {a["agency_id"]: a["team_of"] or a["agency_id"] for a in rows}
        self.orgs = sorted(set(self.org.values()))
        self.sensitive = [a["agency_id"] for a in rows if a["sensitive"] == "yes"]
        self.sector = {a["agency_id"]: a["sector"] for a in rows}

    def kinds(self):
        rows = [{"kind": f"{k}-start", "class": "start", "closed_by": f"{k}-end"} for k in PAIRS]
        rows += [{"kind": f"{k}-end", "class": "end", "closed_by": ""} for k in PAIRS] + [{"kind": k, "class": "point", "closed_by": ""} for k in POINTS]
        self.tables["contact-kinds"] = rows

    def purposes(self):
        protocols = [f"isp-{n}" for n in range(self.r.randint(4, 6))]
        names = ["child-protection", "domestic-abuse-safety", "concern-monitoring", "referral-tracking", "early-support", "tenancy-help",
                 "crime-safety", "research-study", "family-review"]
        rows, parties = [], []
        for i, name in enumerate(names):
            special = name in ("concern-monitoring", "referral-tracking")
            if i > 5 and self.maybe(0.2):
                continue
            consent = not special and i > 3 and self.maybe(0.7) or name == "early-support"
            wide = special or self.maybe(0.7)  # concerns and referrals are lodged on any day
            rows.append({"purpose": name, "protocol_id": protocols[i % len(protocols)], "consent_required": "yes" if consent else "no",
                         "relationship_required": "yes" if self.maybe(0.5) else "no", "sensitive_rule": self.r.choice(["named", "masked", "hidden"]),
                         "who_is_involved": "yes" if self.maybe(0.8) else "no",
                         "excluded_roles": "|".join(self.some(["volunteer", "receptionist", "administrator"], 0)),
                         "lawful_bases": "consent" if consent else "|".join(self.some(["safeguarding-child", "crime-prevention", "public-task"], 1, 2)),
                         "valid_from": iso(FIRST if wide else self.day(FIRST, Day(2020, 1, 1))),
                         "valid_to": iso(LAST if wide else self.day(Day(2022, 1, 1), LAST)), "note": f"for \"{name}\", and nothing else"})
        for protocol in protocols:
            for agency in self.ids:
                if self.maybe(0.75 if self.org[agency] == agency else 0.15):
                    parties.append({"protocol_id": protocol, "agency_id": agency, "ask": self.r.choice(["full", "full", "insight-only", "no"]),
                                    "answer": "yes" if self.maybe(0.85) else "no"})
        if not {p["protocol_id"] for p in rows} <= {p["protocol_id"] for p in parties}:
            return self.purposes()
        self.tables["purposes"], self.tables["protocol-parties"] = rows, parties
        return None

    def questions(self):
        rows, n = [], 0
        purposes = [p["purpose"] for p in self.tables["purposes"]]
        sectors = sorted({a["sector"] for a in self.tables["agencies"]})
        for rule in ["state"] * 5 + ["window"] * 4 + ["ever"] * 2 + ["involvement"] * 4 + ["residence"]:
            n += 1
            pair = PAIRS[n % len(PAIRS)]
            point = rule in ("window", "ever")
            sensitive = rule == "involvement" and self.maybe(0.5)
            asked = self.some(SECTORS, 1, 1) if self.maybe(0.1) else self.some(sectors, 1, 3)
            if sensitive:
                asked = self.some([s for s in SECTORS if SECTORS[s][1]], 1, 2)
            rows.append({"question_id": "lives-at" if rule == "residence" else f"{rule}-{n}", "rule": rule,
                         "kinds": f"{pair}-start" if rule == "state" else "|".join(self.some(POINTS, 1, 3)) if point else "",
                         "end_kinds": f"{pair}-end" if rule == "state" else "", "window_days": self.r.choice(["0", "30", "365"]) if rule == "window" else "",
                         "sectors": "" if rule == "residence" else "|".join(asked), "sensitive": "yes" if sensitive else "no",
                         "purposes": "|".join(self.some(purposes, 3)), "text": f"Is it so, by \"{rule}\" {n}?"})
        self.tables["questions"] = rows
        self.tables["thresholds"] = [
            {"rule_id": "T1", "scope": "person", "levels": "high", "min_agencies": "1", "window_days": "0"},
            {"rule_id": "T2", "scope": "person", "levels": "low|medium", "min_agencies": "2", "window_days": self.r.choice(["30", "180"])},
            {"rule_id": "T3", "scope": "household", "levels": "low|medium", "min_agencies": self.r.choice(["2", "3"]), "window_days": "365"},
            {"rule_id": "T4", "scope": "person", "levels": "low|medium|high", "min_agencies": "3", "window_days": "365"}][:self.r.choice([0, 4, 4, 4])]

    # --- people and homes ---
    def families(self):
        self.people, self.homes, self.stays = [], [], []
        for name in self.r.sample(FAMILY, self.n_families):
            self.family(name)
        self.tables.update(persons=self.people, households=self.homes, residences=self.stays)

    def home(self, postcode=True):
        n = len(self.homes)
        row = {"household_id": f"h-{n:03d}", "address_line": f"{n + 1} {self.r.choice(STREETS)}" if postcode else "Placement (address withheld)",
               "postcode": f"ZZ{n // 20} {n % 10}{'ABDEFGHJ'[n % 8]}{'LNPQRSTU'[n // 8 % 8]}" if postcode else "", "shielded_from": ""}
        self.homes.append(row)
        return row["household_id"]

    def person(self, family, born, names):
        n = len(self.people) + 1
        row = {"person_id": f"p-{n:03d}", "given_name": names.pop(), "family_name": family, "date_of_birth": iso(born),
               "nhs_number": nhs_number(n * 7) if self.maybe(0.9) else "", "upn": upn(n * 13) if born.year > 2003 and self.maybe(0.8) else "",
               "household_id": "", "parental_responsibility_for": "", "sex": self.r.choice("FM"), "dob_precision": "day"}
        self.people.append(row)
        return row

    def unborn(self, family, names, mother):
        """Goes by its mother's identifiers, has an expected date and none of its own."""
        mother["sex"] = "F"
        p = self.person(family, self.day(Day(2022, 6, 1), Day(2024, 6, 1)), names)
        p.update(given_name=self.r.choice(["", "Baby"]), nhs_number="", upn="", sex="", dob_precision="expected")
        return p

    def family(self, name):
        names = self.r.sample(GIVEN, 12)
        adults = [self.person(name, self.day(Day(1960, 1, 1), Day(1995, 12, 31)), names) for _ in range(self.r.randint(1, 3))]
        children = []
        for _ in range(self.r.randint(1, 3)):
            born = self.r.choice([self.day(Day(2002, 1, 1), Day(2020, 6, 1)), Day(2004, 2, 29), Day(2008, 2, 29)])
            for _ in range(2 if self.maybe(0.3) else 1):
                children.append(self.person(name, born, names))
        expected = self.unborn(name, names, adults[0]) if self.maybe(0.4) else None
        for a in adults[:2]:
            a["parental_responsibility_for"] = "|".join([c["person_id"] for c in children if self.maybe(0.85)]
                                                        + ([expected["person_id"]] if expected and a is adults[0] else []))
        first, second, third, away = self.home(), self.home(), self.home(), self.home(postcode=False)
        moved = self.day(Day(2018, 6, 1), Day(2022, 6, 1))
        for p in adults + children:
            self.stay(p, first, second, third, away, moved)
        if expected:
            self.stays += [dict(s, person_id=expected["person_id"]) for s in self.stays if s["person_id"] == adults[0]["person_id"]]
        for home in (second, third):
            if self.maybe(0.3):
                self.homes[int(home[2:])]["shielded_from"] = iso(self.r.choice([moved, self.day()]))

    def stay(self, p, first, second, third, away, moved):
        """A life of homes: with the family, which moves on one day; some leave, are placed, come back to a former home."""
        born = Day.fromisoformat(p["date_of_birth"])
        start = max(born, Day(2012, 1, 1))
        path = [(start, first)]
        if start < moved:
            path.append((moved, second))
        else:
            path = [(start, second)]
        turns = sorted({self.day(start + datetime.timedelta(days=40), LAST) for _ in range(self.r.choice([0, 0, 1, 2, 3]))})
        for day in turns:
            path.append((day, self.r.choice([first, second, third, away])))
        path = sorted(dict(path).items())
        merged = [path[0]]
        for day, home in path[1:]:
            if home != merged[-1][1]:
                merged.append((day, home))
        for (day, home), after in zip(merged, [*merged[1:], (None, None)]):
            self.stays.append({"person_id": p["person_id"], "household_id": home, "from_date": iso(day), "to_date": iso(after[0])})
        p["household_id"] = merged[-1][1]
        if self.maybe(0.1):  # at a second home for a while
            begun = self.day(start)
            ended, other = self.day(begun, LAST), self.r.choice([first, second, third])
            if other not in [home for _, home in merged]:
                self.stays.append({"person_id": p["person_id"], "household_id": other, "from_date": iso(begun), "to_date": iso(ended)})

    def home_on(self, person, day):
        for s in self.stays:
            if s["person_id"] == person and s["from_date"] <= iso(day) and (not s["to_date"] or iso(day) < s["to_date"]):
                return s["household_id"]
        return ""

    def born(self, person):
        p = next(p for p in self.people if p["person_id"] == person)
        return FIRST if p["dob_precision"] == "expected" else Day.fromisoformat(p["date_of_birth"])

    def with_postcode(self, home):
        return home and self.homes[int(home[2:])]["postcode"] != ""

    # --- what agencies recorded ---
    def records(self):
        contacts, involvements, referrals, concerns = [], [], [], []
        for p in self.people:
            who, born = p["person_id"], max(FIRST, self.born(p["person_id"]))
            known = self.some(self.ids, 3, 8)
            if born.year > 2004 and self.maybe(0.4):
                contacts += self.care(who, born)
            for _ in range(self.r.randint(6, 14)):
                contacts += self.contact(who, born, known)
            for agency in known:
                if self.maybe(0.6):
                    start = self.day(born)
                    end = self.r.choice([None, self.day(start), start, self.day(start, min(LAST, start + datetime.timedelta(days=400)))])
                    involvements.append({"involvement_id": self.id("i"), "agency_id": agency, "person_id": who, "service": self.r.choice(["", "casework"]),
                                         "start_date": iso(start), "end_date": iso(end)})
            for _ in range(self.r.choice([0, 1, 1, 2])):
                referrals += self.referral(who, born)
            concerns += self.concerns(who, born)
        self.tables.update(contacts=contacts, involvements=involvements, referrals=referrals, concerns=concerns)

    def parties(self, purpose, may):
        """Agencies whose place in the purpose's protocol, their own or their organisation's, lets them do something."""
        protocol = next(p["protocol_id"] for p in self.tables["purposes"] if p["purpose"] == purpose)
        rows = {r["agency_id"]: r for r in self.tables["protocol-parties"] if r["protocol_id"] == protocol}
        places = {a: rows.get(a) or rows.get(self.org[a]) for a in self.ids}
        return [a for a in self.ids if places[a] and may(places[a])]

    def concerns(self, who, born):
        """A few, some of them close together, from several agencies; about a person, their home or both."""
        # Not a sensitive team of another kind of organisation: the rules speak of organisations, and the broker names none by such a team alone.
        reporters = [a for a in self.parties("concern-monitoring", lambda place: True) if a not in self.sensitive or self.org[a] in self.sensitive]
        near = self.day(born)
        for _ in range(self.r.choice([0, 1, 3, 5, 7])):
            day = min(LAST, near + datetime.timedelta(days=self.r.randrange(200))) if self.maybe(0.7) else self.day(born)
            home = self.home_on(who, day)
            alone = self.with_postcode(home) and self.maybe(0.2)
            if reporters:
                yield {"concern_id": self.id("n"), "agency_id": self.r.choice(reporters), "person_id": "" if alone else who, "household_id": home,
                       "date": iso(day), "level": self.r.choice(["low", "low", "medium", "high"]), "category": self.r.choice(["attendance", "Schule & Co.", ""])}

    def contact(self, who, born, known):
        """One event, or a start and perhaps its end (perhaps on the same day); about the person, their household, or both."""
        day, agency = self.day(born), self.r.choice(known)
        about = self.r.choice(["person", "both", "household"])
        events = [(day, self.r.choice(POINTS))]
        if self.maybe(0.5):
            pair = self.r.choice(PAIRS)
            end = self.r.choice([None, day, self.day(day), self.day(day)])
            events = [(day, f"{pair}-start")] + ([(end, f"{pair}-end")] if end else [])
        for date, kind in events:
            home = self.home_on(who, date)
            alone = about == "household" and self.with_postcode(home)
            yield {"contact_id": self.id("c"), "agency_id": agency, "person_id": "" if alone else who,
                   "household_id": home if about != "person" else "", "date": iso(date), "kind": kind}

    def care(self, who, born):
        """Comes into care and leaves it, once or more."""
        agency = next(a for a in self.ids if self.sector[a] == "childrens-services")
        for n, date in enumerate(sorted(self.day(born) for _ in range(self.r.randint(1, 4)))):
            yield {"contact_id": self.id("c"), "agency_id": agency, "person_id": who, "household_id": self.home_on(who, date), "date": iso(date),
                   "kind": f"looked-after-{('start', 'end')[n % 2]}"}

    def referral(self, who, born):
        """Sent by who may, to who answers; decided, started and closed in that order, or not at all."""
        sent = self.day(born)
        senders, receivers = self.parties("referral-tracking", lambda place: True), self.parties("referral-tracking", lambda place: place["answer"] == "yes")
        from_agency = self.r.choice([*self.some(senders, 2, 2), "self", "anonymous", "not-stated"])
        to = [a for a in receivers if a != from_agency]
        if not to:
            return
        dates = sorted(self.day(sent) if self.maybe(0.5) else self.day(sent, min(LAST, sent + datetime.timedelta(days=60))) for _ in range(3))
        decision = self.r.choice(["accepted", "accepted", "declined", "not-stated"])
        home = self.home_on(who, sent)
        household = self.maybe(0.3) and self.with_postcode(home)
        decided = dates[0] if decision != "not-stated" else None
        started = dates[1] if decision == "accepted" and self.maybe(0.6) else None
        closed = dates[2] if decision != "declined" and self.maybe(0.4) else None
        yield {"referral_id": self.id("r"), "from_agency": from_agency, "to_agency": self.r.choice(to), "person_id": "" if household else who,
               "household_id": home if household or self.maybe(0.5) else "", "sent_date": iso(sent), "reason_code": self.r.choice(["", "advice", "Zweite Hilfe"]),
               "decision": decision, "decided_date": iso(decided), "started_date": iso(started), "closed_date": iso(closed)}

    # --- consents ---
    def consents(self):
        rows = []
        purposes = [p["purpose"] for p in self.tables["purposes"] if p["consent_required"] == "yes"]
        for p in self.people:
            for _ in range(self.r.randint(2, 6)):
                rows += self.consent(p, self.r.choice(purposes))
        self.tables["consents"] = sorted(rows, key=lambda k: k["date_given"])

    def consent(self, p, purpose):
        who = p["person_id"]
        given = self.day(max(FIRST, self.born(who)), Day(2023, 6, 1))
        age = (given - self.born(who)).days // 365
        parents = [a["person_id"] for a in self.people if who in a["parental_responsibility_for"].split("|")]
        capacity = self.r.choice(["self", "self", "parent"] if age >= 16 else ["parent", "parent", "gillick", "carer-without-pr", "local-authority", "self"])
        giver = {"self": who, "gillick": who, "parent": self.r.choice(parents or [self.people[0]["person_id"]]),
                 "carer-without-pr": self.people[0]["person_id"]}.get(capacity, "")
        if capacity == "parent" and self.maybe(0.15):
            giver = self.r.choice(self.people)["person_id"]
        unborn = p["dob_precision"] == "expected"
        if unborn:  # the broker takes in its mother's own consents and refusals alone
            capacity, giver = "parent", parents[0]
        row = {"person_id": who, "given_by": giver, "capacity": capacity, "purpose": purpose}
        for n in range(2 if self.maybe(0.3) else 1):
            day = given if n == 0 else self.day(given + datetime.timedelta(days=1), LAST)
            yield dict(row, consent_id=self.id("k"), decision="granted", date_given=iso(day), **self.scope(), **self.ends(day))
        if self.maybe(0.35):
            day = self.day(given, LAST)
            own = {"capacity": "self" if unborn else self.r.choice(["self", "gillick", "gillick", capacity]), "given_by": who}
            yield dict(row, consent_id=self.id("k"), decision="refused", date_given=iso(day), **(self.scope(True) | own), **self.ends(day, 0.15))

    def scope(self, refusing=False):
        recipients = "*" if self.maybe(0.4) else "|".join(self.some(self.ids, 1, 5))
        sources = self.r.choice(["*", "|".join(self.some(self.ids, 1, 8)), "|".join(self.some(self.orgs, 1, 6))] + ([""] if refusing else []))
        named = "|".join(self.some(self.sensitive, 1, 2)) if self.sensitive and self.maybe(0.35 if sources else 1) else ""
        return {"recipients": recipients, "sources": sources, "sensitive_sources": named}

    def ends(self, day, chance=0.3):
        expires = day + datetime.timedelta(days=self.r.choice([0, 30, 364, 800])) if self.maybe(chance * 1.5) else None
        withdrawn = day + datetime.timedelta(days=self.r.choice([0, 1, 100, 300])) if self.maybe(chance) else None
        return {"expires_on": iso(expires), "withdrawn_on": iso(withdrawn)}


class Draw:
    """Scenarios, drawn until each reason and each kind of answer has its share."""

    def __init__(self, town, oracle):
        self.town, self.oracle, self.r = town, oracle, town.r
        self.days = sorted({row[c] for t, c in (("contacts", "date"), ("consents", "date_given"), ("concerns", "date"), ("referrals", "sent_date"), ("referrals", "closed_date"), ("consents", "withdrawn_on"), ("consents", "expires_on"),
                                                ("residences", "from_date"), ("involvements", "end_date"), ("purposes", "valid_to"))
                            for row in town.tables[t] if row[c]})

    def day(self):
        near = Day.fromisoformat(self.r.choice(self.days)) + datetime.timedelta(days=self.r.choice([-1, 0, 0, 1, 28, 365, 366]))
        return min(max(near, Day(2018, 1, 2)), Day(2024, 1, 31)) if self.town.maybe(0.6) else self.town.day()

    def question(self, day):
        kind = self.r.random()
        if kind < 0.25:
            return "who-is-involved"
        if kind < 0.70:
            q = self.r.choice(self.town.tables["questions"])
            home = self.r.choice([h["household_id"] for h in self.town.homes])
            return f"insight:{q['question_id']}" + (f":{home}" if q["rule"] == "residence" else "")
        if kind < 0.72:
            return "insight:no-such-question"
        if kind < 0.87 and self.town.tables["thresholds"]:
            return f"threshold:{self.r.choice(self.town.tables['thresholds'])['rule_id']}"
        return f"referral:{self.r.choice(self.town.tables['referrals'])['referral_id']}" if self.town.tables["referrals"] else "who-is-involved"

    def purpose(self, question):
        kind, _, rest = question.partition(":")
        fits = {"threshold": ["concern-monitoring"], "referral": ["referral-tracking"]}.get(kind)
        if kind == "insight":
            fits = [p for q in self.town.tables["questions"] if q["question_id"] == rest.partition(":")[0] for p in q["purposes"].split("|")]
        if not fits or self.town.maybe(0.05):
            fits = [p["purpose"] for p in self.town.tables["purposes"]] + ["no-such-purpose"]
        return self.r.choice(fits)

    def subject(self, question, day):
        if question.startswith("referral:"):
            x = next(x for x in self.town.tables["referrals"] if x["referral_id"] == question[9:])
            return x["person_id"] or x["household_id"]
        if question.startswith("threshold:"):
            return self.concerned(question[10:])
        if self.town.maybe(0.15):
            return self.r.choice([h["household_id"] for h in self.town.homes])
        return self.r.choice([p["person_id"] for p in self.town.people if p["date_of_birth"] <= iso(day) or p["dob_precision"] == "expected"] or [self.town.people[0]["person_id"]])

    def concerned(self, rule_id):
        """Of the rule's scope; mostly somebody about whom there is a concern."""
        person = next(t for t in self.town.tables["thresholds"] if t["rule_id"] == rule_id)["scope"] == "person"
        key, rows = ("person_id", self.town.people) if person else ("household_id", self.town.homes)
        about = [c[key] for c in self.town.tables["concerns"] if c[key]]
        return self.r.choice(about if about and self.town.maybe(0.85) else [row[key] for row in rows])

    def asker(self, purpose, subject, question):
        if question.startswith("referral:") and self.town.maybe(0.7):
            x = next(x for x in self.town.tables["referrals"] if x["referral_id"] == question[9:])
            return self.r.choice([a for a in (x["from_agency"], x["to_agency"]) if a in self.town.ids])
        parties = [p["agency_id"] for row in self.town.tables["purposes"] if row["purpose"] == purpose
                   for p in self.town.tables["protocol-parties"] if p["protocol_id"] == row["protocol_id"] and p["ask"] != "no"]
        related = [i["agency_id"] for i in self.town.tables["involvements"] if i["person_id"] == subject and i["agency_id"] in parties]
        named = [a for k in self.town.tables["consents"] if k["person_id"] == subject and k["purpose"] == purpose for a in k["recipients"].split("|")
                 if a in parties]
        return self.r.choice(self.r.choice([some for some in (related, related, named, named, parties, self.town.ids) if some]))

    def one(self):
        question = self.question(None)
        day = self.day()
        purpose, subject = self.purpose(question), self.subject(question, day)
        row = next((p for p in self.town.tables["purposes"] if p["purpose"] == purpose), None)
        if row and self.town.maybe(0.95):
            day = min(max(day, Day.fromisoformat(row["valid_from"])), Day.fromisoformat(row["valid_to"]))
        agency = self.asker(purpose, subject, question)
        role = self.r.choice(ROLES if self.town.maybe(0.2) else ROLES[:5])
        expected = self.oracle.expected(agency, role, purpose, question, subject, day)
        asked = question.partition(":")[0]
        kind = {"who-is-involved": asked, "insight": asked, "threshold": "concern-threshold", "referral": "referral"}[asked]
        return {"as_of_date": iso(day), "asking_agency": agency, "role": role, "purpose": purpose,
                "lawful_basis_hint": row["lawful_bases"].split("|")[0] if row and self.town.maybe(0.9) else self.r.choice(["none", "court-order"]),
                "kind": "refusal" if expected.startswith("refuse") else kind, "subject": subject, "question": question, "expected": expected}

    def bucket(self, s):
        """What makes two scenarios alike: a reason for which the question is refused; or an answer, its rule, and how the purpose treats consent."""
        kind, _, rest = s["question"].partition(":")
        rule = next((q["rule"] + q["sensitive"] for q in self.town.tables["questions"] if q["question_id"] == rest.partition(":")[0]), kind)
        purpose = next((p for p in self.town.tables["purposes"] if p["purpose"] == s["purpose"]), None)
        if s["kind"] == "refusal":
            reason = s["expected"].partition("=")[2]
            return reason, kind == "insight" and reason in ("consent-scope", "consent-refused", "sensitive-service", "no-relationship", "shielded-address")
        outcome = s["expected"].partition(";")[2]
        if kind == "who-is-involved":
            outcome = (outcome.count("|") + 1 if "=-" not in outcome else 0, "masked=yes" in outcome)
        if kind == "threshold":
            outcome = (rest, "fired=yes" in outcome, "masked=yes" in outcome, outcome.count("|"))
        return (outcome, rule, s["subject"][0] == "h", purpose["consent_required"], purpose["sensitive_rule"] if "yes" in rule else "")

    def unanswerable(self, s):
        """A home without a postcode has no token: nobody can be asked whether somebody lives there, or what it knows of it, and say yes."""
        no_token = {h["household_id"] for h in self.town.homes if not h["postcode"]}
        asked, _, rest = s["question"].partition(":")
        if asked == "threshold":  # nor can concerns come together there
            return s["subject"] in no_token and "fired=yes" in s["expected"]
        if asked == "referral":  # before it is sent nobody knows whose it will be
            sent = next(x["sent_date"] for x in self.town.tables["referrals"] if x["referral_id"] == rest)
            return s["as_of_date"] < sent and s["expected"].endswith("not-referral-party")
        return s["expected"] == "answer;value=yes" and (s["subject"] in no_token or s["question"].rpartition(":")[2] in no_token)

    def all(self, wanted):
        shares, tries = {}, 0
        while tries < wanted * 40:
            tries += 1
            s = self.one()
            if self.unanswerable(s):
                continue
            shares.setdefault(str(self.bucket(s)), {}).setdefault(str(sorted(s.items())), s)
        lists = [list(b.values()) for _, b in sorted(shares.items())]
        self.r.shuffle(lists)  # where there are more kinds than wanted, none is always left out
        picked = []
        for round_ in range(wanted):
            picked += [b[round_] for b in lists if round_ < len(b)]
            if len(picked) >= wanted:
                break
        picked = picked[:wanted]
        self.r.shuffle(picked)
        return [dict(s, scenario_id=f"s-{n:03d}") for n, s in enumerate(picked, 1)]


COLUMNS = {"scenarios": ["scenario_id", "as_of_date", "asking_agency", "role", "purpose", "lawful_basis_hint", "kind", "subject", "question", "expected"]}


def write(out, name, rows, columns):
    with open(out / f"{name}.csv", "w", encoding="utf-8", newline="") as f:
        w = csv.DictWriter(f, columns, lineterminator="\n")
        w.writeheader()
        w.writerows(rows)


def make(out, seed, size):
    """Writes the folder. Return: how many scenarios."""
    from exerciselib.folder import TABLES
    out.mkdir(parents=True, exist_ok=True)
    town = Town(random.Random(f"{seed}-{size}"), size)
    tables = town.make()
    for name in TABLES:
        columns = list(TABLES[name][1])
        columns += [c for c in (tables.get(name) or [{}])[0] if c not in columns] if name != "scenarios" else []
        write(out, name, tables.get(name, []), COLUMNS.get(name, columns))
    scenarios = Draw(town, Oracle(load(out))).all(town.n_scenarios)
    write(out, "scenarios", scenarios, COLUMNS["scenarios"])
    return len(scenarios)


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    p.add_argument("out", type=Path)
    p.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    p.add_argument("--size", choices=sorted(SIZES), default="medium")
    args = p.parse_args()
    n = make(args.out, args.seed, args.size)
    print(f"seed {args.seed} ({args.size}): {n} scenarios in {args.out}")


if __name__ == "__main__":
    main()
