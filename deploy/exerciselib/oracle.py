# SPDX-License-Identifier: Apache-2.0
"""The rules of tests/data/marlham/README.md in plain Python: what must come out of a folder for any question on any day.

It is a second reading of the rules, kept apart from the policy engine and the adapters on purpose: tests hold them against each other.

    /usr/bin/python3 -m exerciselib.oracle DIR      checks every row of scenarios.csv, exit 1 on a difference
"""
import datetime
import sys

from exerciselib.folder import FolderError, load

BY_SUBJECT = ("self", "gillick")
SENT_DAYS, RELATION_DAYS = 28, 365
NEVER = datetime.date.max
YES, NO, UNKNOWN = "yes", "no", "unknown"


def birthday(born, years):
    """The day somebody turns so many years old; 29 February becomes 1 March."""
    try:
        return born.replace(year=born.year + years)
    except ValueError:
        return datetime.date(born.year + years, 3, 1)


def refuse(reason):
    return f"refuse;reason={reason}"


class Refused(Exception):
    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


class Grants:
    """Live, able grants that cover the asker, added together, less what the subject refused."""

    def __init__(self, oracle, grants, refusals):
        self.oracle = oracle
        self.sources = {s for g in grants for s in g.sources}
        self.sensitive = {s for g in grants for s in g.sensitive_sources}
        self.taken_out = {s for r in refusals for s in (*r.sources, *r.sensitive_sources)} - {"*"}

    def open_sources(self):
        return "*" in self.sources

    def covers(self, agency):
        return "*" in self.sources or agency in self.sources or self.oracle.org(agency) in self.sources

    def refused(self, agency):
        return agency in self.taken_out or self.oracle.org(agency) in self.taken_out


class Oracle:
    def __init__(self, folder):
        self.folder = folder
        r = folder.records
        self.agencies = {a.agency_id: a for a in r("agencies")}
        self.persons = {p.person_id: p for p in r("persons")}
        self.households = {h.household_id: h for h in r("households")}
        self.purposes = {p.purpose: p for p in r("purposes")}
        self.questions = {q.question_id: q for q in r("questions")}
        self.thresholds = {t.rule_id: t for t in r("thresholds")}
        self.referrals = {x.referral_id: x for x in r("referrals")}
        self.classes = {k.kind: k.class_ for k in r("contact-kinds")}
        self.parties = {(p.protocol_id, p.agency_id): p for p in r("protocol-parties")}
        self.consents = list(r("consents"))
        self.contacts_of, self.involvements_of, self.known_to = {}, {}, {}
        self.stays_of, self.stays_at = {}, {}  # residences, by person and by household
        for s in r("residences"):
            self.stays_of.setdefault(s.person_id, []).append(s)
            self.stays_at.setdefault(s.household_id, []).append(s)
        for c in r("contacts"):
            self.contacts_of.setdefault(c.agency_id, []).append(c)
        for i in r("involvements"):
            self.involvements_of.setdefault(i.agency_id, []).append(i)
        self.note_known()

    def note_known(self):
        """agency -> person -> the first day one of its rows has the person."""
        r = self.folder.records
        rows = [(x.agency_id, x.person_id, x.date) for name in ("contacts", "concerns") for x in r(name)]
        rows += [(i.agency_id, i.person_id, i.start_date) for i in r("involvements")]
        rows += [(a, x.person_id, x.sent_date) for x in r("referrals") for a in (x.from_agency, x.to_agency)]
        for agency, person, day in rows:
            if person:
                known = self.known_to.setdefault(agency, {})
                known[person] = min(known.get(person, NEVER), day)

    # --- the field's facts ---
    def org(self, agency):
        return self.agencies[agency].team_of or agency if agency in self.agencies else agency

    def place(self, protocol, agency):
        """The agency's row in a protocol, else its organisation's."""
        return self.parties.get((protocol, agency)) or self.parties.get((protocol, self.org(agency)))

    def answers(self, protocol, agency):
        place = self.place(protocol, agency)
        return place is not None and place.answer

    def homes(self, person, day):
        return [s.household_id for s in self.stays_of.get(person, ()) if s.from_date <= day and (s.to_date is None or day < s.to_date)]

    def people_in(self, home, day):
        return {s.person_id for s in self.stays_at.get(home, ()) if s.from_date <= day and (s.to_date is None or day < s.to_date)}

    def around(self, subject, day):
        """(people, homes): the subject and whoever lives with it on the day."""
        if subject in self.households:
            return self.people_in(subject, day), {subject}
        homes = set(self.homes(subject, day))
        return {subject}.union(*[self.people_in(h, day) for h in homes]), homes

    def relations(self, agency, subject, day):
        """Every (kind, since, until) that ties the asker's organisation to the subject; until None: open."""
        mine, (people, homes) = self.org(agency), self.around(subject, day)
        for i in self.folder.records("involvements"):
            if self.org(i.agency_id) == mine and i.person_id in people and i.start_date <= day:
                yield ("involved" if i.person_id == subject else "same-home"), i.start_date, i.end_date
        for x in self.folder.records("referrals"):
            about = x.person_id in people if x.person_id else x.household_id in homes
            if self.org(x.to_agency) == mine and about and x.sent_date <= day:
                declined = x.decided_date if x.decision == "declined" else None
                yield "referral", x.sent_date, min(x.closed_date or NEVER, declined or NEVER)

    def counting(self, agency, subject, day):
        """The relations that count on the day, those of involvements first."""
        for kind, since, until in self.relations(agency, subject, day):
            still = until is None or until == NEVER or day < until
            recent = still and (day - since).days <= RELATION_DAYS if kind == "referral" else still or (day - until).days <= RELATION_DAYS
            if recent:
                yield kind, since, None if until == NEVER else until

    def related(self, agency, subject, day):
        """The first relation that counts on the day, or None."""
        return next(self.counting(agency, subject, day), None)

    # --- consent ---
    def live(self, k, day):
        return not self.withdrawn(k, day) and not self.expired(k, day)

    @staticmethod
    def withdrawn(k, day):
        return k.withdrawn_on is not None and k.withdrawn_on <= day

    @staticmethod
    def expired(k, day):
        return k.expires_on is not None and k.expires_on < day

    def recipient(self, k, agency):
        return "*" in k.recipients or agency in k.recipients or self.org(agency) in k.recipients

    def looked_after(self, person, day):
        """By the rows of all agencies together: it is a fact about the child, not an agency's answer."""
        rows = [c for a in self.agencies for c in self.about(a, person, day)]
        return self.in_state(rows, ("looked-after-start",), ("looked-after-end",))

    def able(self, k, day):
        born = self.persons[k.person_id].date_of_birth
        if k.capacity == "self":
            return day >= birthday(born, 16)
        if k.capacity == "gillick":
            return day >= birthday(born, 12)
        if k.capacity == "parent":
            return day < birthday(born, 16) and self.holds_pr(k)
        if k.capacity == "local-authority":
            return day < birthday(born, 16) and self.looked_after(k.person_id, day)
        return False

    def holds_pr(self, k):
        giver = self.persons.get(k.given_by)
        return giver is not None and k.person_id in giver.parental_responsibility_for

    def grants_for(self, agency, purpose, subject, day):
        """The grants that let this agency have something. Raises Refused."""
        mine = [k for k in self.consents if k.person_id == subject and k.purpose == purpose and k.date_given <= day]
        refusals = [k for k in mine if k.decision == "refused" and k.capacity in BY_SUBJECT and self.live(k, day) and self.recipient(k, agency)]
        grants = [k for k in mine if k.decision == "granted"]
        for r in refusals:
            again = any(g.capacity in BY_SUBJECT and g.date_given > r.date_given for g in grants)
            if "*" in r.sources and not again:
                raise Refused("consent-refused")
        good = [g for g in grants if self.live(g, day) and self.able(g, day) and self.recipient(g, agency)]
        if not good:
            raise Refused(self.why_none(grants, agency, day))
        return Grants(self, good, refusals)

    def why_none(self, grants, agency, day):
        covering = [g for g in grants if self.recipient(g, agency)]
        if any(self.withdrawn(g, day) for g in covering):
            return "consent-withdrawn"
        if any(self.expired(g, day) for g in covering):
            return "consent-expired"
        if covering:
            return "consent-invalid"
        if any(self.live(g, day) and self.able(g, day) for g in grants):
            return "consent-scope"
        return "no-consent"

    # --- the order of checks ---
    def gates(self, agency, role, purpose, question, subject, day):
        """Checks 1 to 6. Return: the purpose; raises Refused."""
        p = self.purposes.get(purpose)
        if p is None:
            raise Refused("purpose-outside-protocol")
        if not p.valid_from <= day <= p.valid_to:
            raise Refused("protocol-not-in-force")
        place = self.place(p.protocol_id, agency)
        if place is None or place.ask == "no":
            raise Refused("not-a-party")
        if role in p.excluded_roles:
            raise Refused("role-not-permitted")
        if not self.question_permitted(p, place, question, subject):
            raise Refused("question-not-permitted")
        if purpose == "referral-tracking" and question.startswith("referral:"):
            x = self.referrals[question.partition(":")[2]]
            if self.org(agency) not in (self.org(x.from_agency), self.org(x.to_agency)):
                raise Refused("not-referral-party")
        elif not question.startswith("threshold:") and p.relationship_required and not self.related(agency, subject, day):
            raise Refused("no-relationship")
        return p

    def question_permitted(self, p, place, question, subject):
        kind, _, rest = question.partition(":")
        household = subject in self.households
        if kind == "who-is-involved":
            return p.who_is_involved and place.ask == "full" and not household
        if kind == "threshold":
            return p.purpose == "concern-monitoring" and rest in self.thresholds
        if kind == "referral":
            return p.purpose == "referral-tracking" and rest in self.referrals
        name, _, parameter = rest.partition(":")
        q = self.questions.get(name)
        if q is None or p.purpose not in q.purposes or (q.rule == "residence") != bool(parameter):
            return False
        return not household or (not p.consent_required and q.rule not in ("involvement", "residence"))

    # --- each agency's own rows ---
    def about(self, agency, subject, day):
        """An agency's contacts about the subject up to the day."""
        rows = [c for c in self.contacts_of.get(agency, ()) if c.date <= day]
        if subject in self.households:
            return [c for c in rows if c.household_id == subject]
        return [c for c in rows if c.person_id == subject or (not c.person_id and c.household_id in self.homes(subject, c.date))]

    def in_home(self, person, home, day):
        return not person or home in (self.homes(person, day) or [home])

    def in_state(self, contacts, starts, ends):
        rows = [(c.date, c.kind in starts) for c in contacts if c.kind in starts or c.kind in ends]
        return bool(rows) and max(rows)[1]

    def own_answer(self, agency, question, subject, day):
        """yes, no, or unknown where the agency does not hold a home of the person."""
        name, _, parameter = question.partition(":")[2].partition(":")
        q = self.questions[name]
        if q.rule == "involvement":
            return YES if self.open_involvement(agency, subject, day) else NO
        if q.rule == "residence":
            if self.known_to.get(agency, {}).get(subject, NEVER) > day or not self.homes(subject, day):
                return UNKNOWN
            return YES if parameter in self.homes(subject, day) else NO
        contacts = self.about(agency, subject, day)
        if q.rule == "state":
            # "anyone in it (or it itself)": somebody who lives elsewhere by then is not in it.
            who = {c.person_id for c in contacts if self.in_home(c.person_id, subject, day)} if subject in self.households else {None}
            groups = [[c for c in contacts if w is None or c.person_id == w] for w in who]
            return YES if any(self.in_state(g, q.kinds, q.end_kinds) for g in groups) else NO
        within = [c for c in contacts if c.kind in q.kinds and (q.rule == "ever" or (day - c.date).days <= q.window_days)]
        return YES if within else NO

    def open_involvement(self, agency, subject, day):
        return any(i.person_id == subject and i.start_date <= day and (i.end_date is None or day < i.end_date)
                   for i in self.involvements_of.get(agency, ()))

    # --- the answers ---
    def involved(self, p, agency, subject, day, grants):
        named, masked = [], False
        for other, row in self.agencies.items():
            if self.org(other) == self.org(agency) or not self.answers(p.protocol_id, other) or (grants and grants.refused(other)):
                continue
            if not self.open_involvement(other, subject, day):
                continue
            if not row.sensitive:
                if grants is None or grants.covers(other):
                    named.append(other)
            elif p.sensitive_rule == "named" or (grants and other in grants.sensitive):
                named.append(other)
            elif p.sensitive_rule == "masked" and (grants is None or grants.open_sources()):
                masked = True
        return f"answer;agencies={'|'.join(sorted(named)) or '-'};masked={'yes' if masked else 'no'}"

    def insight(self, p, question, subject, day, grants):
        q = self.questions[question.partition(":")[2].partition(":")[0]]
        if q.rule == "residence" and p.purpose not in ("child-protection", "domestic-abuse-safety") and self.shielded(subject, day):
            raise Refused("shielded-address")
        listed = [a for a, row in self.agencies.items()
                  if self.answers(p.protocol_id, a) and (q.rule == "residence" or row.sector in q.sectors)]
        asked = [a for a in listed if not (grants and grants.refused(a))]
        if q.sensitive and p.sensitive_rule != "named":
            asked = [a for a in asked if grants and a in grants.sensitive]
            if not asked:
                raise Refused("sensitive-service")
        elif grants and listed:
            asked = [a for a in asked if grants.covers(a) or a in grants.sensitive]
            if not asked:
                raise Refused("consent-scope")
        values = {self.own_answer(a, question, subject, day) for a in asked}
        if YES in values:
            return "answer;value=yes"
        return "answer;value=no" if NO in values else "answer;value=not-known"

    def shielded(self, person, day):
        shields = [self.households[h].shielded_from for h in self.homes(person, day)]
        return any(s is not None and s <= day for s in shields)

    def threshold(self, rule_id, subject, day):
        t = self.thresholds[rule_id]
        key = "person_id" if t.scope == "person" else "household_id"
        rows = sorted((c for c in self.folder.records("concerns") if getattr(c, key) == subject and c.date <= day and c.level in t.levels),
                      key=lambda c: c.date)

        def organisations(among, until):
            return {self.org(c.agency_id) for c in among if c.date <= until and (until - c.date).days <= t.window_days}
        # In the order they came: of several concerns that one agency lodges on a day, the first is the one that fires.
        fired = [c.date for i, c in enumerate(rows)
                 if len(organisations(rows[:i + 1], c.date)) >= t.min_agencies > len(organisations(rows[:i], c.date))]
        if not fired:
            return f"answer;rule={rule_id};fired=no"
        orgs = organisations(rows, fired[-1])
        shown = sorted(o for o in orgs if not self.agencies[o].sensitive)
        masked = "yes" if len(shown) < len(orgs) else "no"
        return f"answer;rule={rule_id};fired=yes;on={fired[-1]};agencies={'|'.join(shown) or '-'};masked={masked}"

    def referral(self, referral_id, day):
        x = self.referrals[referral_id]

        def come(date):
            return date is not None and date <= day
        if x.sent_date > day:
            state = "none"
        elif come(x.closed_date):
            state = "closed"
        elif come(x.started_date):
            state = "in-service"
        elif come(x.decided_date) and x.decision != "not-stated":
            state = x.decision
        else:
            state = "sent" if (day - x.sent_date).days <= SENT_DAYS else "overdue"
        return f"answer;state={state}"

    def expected(self, agency, role, purpose, question, subject, day):
        """What must come out, in the form of the column `expected`."""
        try:
            p = self.gates(agency, role, purpose, question, subject, day)
            kind, _, rest = question.partition(":")
            if kind == "threshold":
                return self.threshold(rest, subject, day)
            if kind == "referral":
                return self.referral(rest, day)
            grants = self.grants_for(agency, purpose, subject, day) if p.consent_required else None
            if kind == "who-is-involved":
                return self.involved(p, agency, subject, day, grants)
            return self.insight(p, question, subject, day, grants)
        except Refused as r:
            return refuse(r.reason)


def differences(folder):
    """(scenario, got) for each row of scenarios.csv that the rules decide otherwise."""
    oracle = Oracle(folder)
    for s in folder.records("scenarios"):
        got = oracle.expected(s.asking_agency, s.role, s.purpose, s.question, s.subject, s.as_of_date)
        if got != s.expected:
            yield s, got


def main(argv):
    if len(argv) != 2:
        print("usage: python3 -m exerciselib.oracle DIR", file=sys.stderr)
        return 64
    try:
        folder = load(argv[1])
    except FolderError as e:
        print(e, file=sys.stderr)
        return 65
    wrong = list(differences(folder))
    for s, got in wrong:
        print(f"{s.scenario_id}: expected {s.expected}, the rules give {got}")
    print(f"{len(folder.rows('scenarios')) - len(wrong)} of {len(folder.rows('scenarios'))} rows agree")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
