#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Facts of an exercise folder as text for test_oracle.c: what the broker would know, what each holder would say, what must come out.

The facts are worked out here from the CSV files; the decision is the engine's. `facts.py DIR OUT N SEED` writes every scenario and N random
cells (with random consents added, so that they meet often) to OUT/facts.txt, and the policy text to OUT/policy.
"""
import datetime
import random
import sys
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "deploy"))
from exerciselib.folder import load  # noqa: E402
from exerciselib.oracle import NO, UNKNOWN, Oracle, Refused, birthday  # noqa: E402
from exerciselib.policy_text import question_id, role_id, write_policy  # noqa: E402

TRIES = 100  # to draw a cell that passes the gates
ONE_DAY = datetime.timedelta(days=1)


def field(value):
    return "-" if value is None or value == "" else str(value)


def agencies(values):
    return ",".join(values) or "-"


def relation(oracle, agency, subject, day):
    """One that counts; else one that does not, for the engine to see through; else none."""
    found = oracle.related(agency, subject, day)
    if found is None:
        found = next(iter(oracle.relations(agency, subject, day)), None)
    if found is None:
        return "relation none - -"
    kind, since, until = found
    return f"relation {kind} {since} {field(None if until == datetime.date.max else until)}"


def consent(oracle, k, day):
    born = oracle.persons[k.person_id].date_of_birth
    last = birthday(born, 16) - ONE_DAY
    authority, able_from, able_until = {
        "self": (True, birthday(born, 16), None),
        "gillick": (True, birthday(born, 12), None),
        "parent": (oracle.holds_pr(k), None, last),
        "local-authority": (oracle.looked_after(k.person_id, day), None, last),
        "carer-without-pr": (False, None, None),
    }[k.capacity]
    return " ".join(["consent", k.decision, k.capacity, "1" if authority else "0", str(k.date_given), field(k.expires_on),
                     field(k.withdrawn_on), field(able_from), field(able_until), agencies(k.recipients), agencies(k.sources),
                     agencies(k.sensitive_sources)])


def answers(oracle, question, subject, day):
    kind, _, rest = question.partition(":")
    q = oracle.questions.get(rest.partition(":")[0]) if kind == "insight" else None
    usual = UNKNOWN if q is not None and q.rule == "residence" else NO
    yield f"usual {usual}"
    for agency in oracle.agencies:
        if kind == "who-is-involved":
            value = "yes" if oracle.open_involvement(agency, subject, day) else NO
        else:
            value = oracle.own_answer(agency, question, subject, day) if q is not None else usual
        if value != usual:
            yield f"answer {agency} {value}"


def case(oracle, s, label):
    """The lines of one case."""
    question, parameter = question_id(s.question)
    yield f"case {label}/{s.scenario_id}"
    yield f"day {s.as_of_date}"
    yield f"ask {s.asking_agency} {role_id(s.role)} {s.purpose} {field(s.basis)}"
    yield f"question {question or '-'} {1 if parameter else 0}"
    yield f"subject {'household' if s.subject in oracle.households else 'person'}"
    yield relation(oracle, s.asking_agency, s.subject, s.as_of_date)
    if s.question.startswith("referral:"):
        x = oracle.referrals[s.question.partition(":")[2]]
        party = oracle.org(s.asking_agency) in (oracle.org(x.from_agency), oracle.org(x.to_agency))
        yield f"referral {1 if party else 2}"
    for k in oracle.consents:
        if k.person_id == s.subject and k.purpose == s.purpose:
            yield consent(oracle, k, s.as_of_date)
    if s.subject in oracle.persons:
        for home in oracle.homes(s.subject, s.as_of_date):
            if oracle.households[home].shielded_from:
                yield f"shield 1 {oracle.households[home].shielded_from} -"
    yield from answers(oracle, s.question, s.subject, s.as_of_date)
    broker = s.question.startswith(("threshold:", "referral:")) and s.expected.startswith("answer;")
    yield f"expect {'broker' if broker else s.expected}"


def scenarios(folder):
    listed = {p.purpose: p.lawful_bases for p in folder.records("purposes")}
    for s in folder.records("scenarios"):
        s.basis = s.lawful_basis_hint if s.lawful_basis_hint in listed.get(s.purpose, ()) else ""  # a hint, on which no rule turns
        yield s


def random_consents(folder, rng):
    """Consents of every shape about few people, so that grants and refusals meet."""
    people = list(folder.records("persons"))
    names = [a.agency_id for a in folder.records("agencies")]
    purposes = [p.purpose for p in folder.records("purposes") if p.consent_required]
    first = datetime.date(2018, 1, 1)

    def some(most, star):
        return ("*",) if rng.random() < star else tuple(rng.sample(names, min(len(names), rng.randint(1, most))))
    for _ in range(8 * len(people) * len(purposes)):
        given = first + rng.randint(0, 1900) * ONE_DAY
        yield SimpleNamespace(
            person_id=rng.choice(people).person_id, given_by=rng.choice(people).person_id, purpose=rng.choice(purposes),
            capacity=rng.choice(["self", "self", "gillick", "parent", "parent", "local-authority", "carer-without-pr"]),
            recipients=some(20, 0.4), sources=some(20, 0.4) if rng.random() < 0.9 else (),
            sensitive_sources=tuple(rng.sample(names, min(len(names), 4))) if rng.random() < 0.4 else (),
            decision="refused" if rng.random() < 0.25 else "granted", date_given=given,
            expires_on=given + rng.randint(1, 900) * ONE_DAY if rng.random() < 0.4 else None,
            withdrawn_on=given + rng.randint(1, 900) * ONE_DAY if rng.random() < 0.2 else None)


class RandomWorld(Oracle):
    """The data's rules, with holders whose own answers are drawn at random: a holder asked wrongly, or not asked, soon shows."""

    def __init__(self, folder, seed):
        super().__init__(folder)
        self.seed = seed

    def draw(self, *what):
        return random.Random(f"{self.seed}/{what}").random()

    def open_involvement(self, agency, subject, day):
        return self.draw(agency, subject, day) < 0.12

    def own_answer(self, agency, question, subject, day):
        usual = UNKNOWN if question.startswith("insight:lives-at:") else NO
        drawn = self.draw(agency, question, subject, day)
        return "yes" if drawn < 0.06 else NO if drawn < 0.12 else usual


class Cells:
    """Random cells of the data: who asks what, for what purpose, about whom, when."""

    def __init__(self, oracle, folder, rng):
        self.oracle, self.rng = oracle, rng
        self.agencies, self.people, self.homes = list(oracle.agencies), list(oracle.persons), list(oracle.households)
        self.purposes = [p for p in oracle.purposes.values() for _ in range(3 if p.consent_required else 1)]
        self.excluded = sorted({r for p in self.purposes for r in p.excluded_roles}) or ["nobody"]
        self.roles = sorted({s.role for s in folder.records("scenarios")} - set(self.excluded))
        self.days = sorted({c.date for c in folder.records("contacts")})
        self.catalogue = {p.purpose: [q for q in folder.records("questions") if p.purpose in q.purposes] for p in self.purposes}

    def question(self, purpose):
        if self.rng.random() < 0.03:
            return self.rng.choice(["insight:no-such-question", "insight:lives-at"])
        if self.rng.random() < 0.3 or not self.catalogue[purpose.purpose]:
            return "who-is-involved"
        q = self.rng.choice(self.catalogue[purpose.purpose])
        return f"insight:{q.question_id}" + (f":{self.rng.choice(self.homes)}" if q.rule == "residence" else "")

    def cell(self, number):
        rng = self.rng
        purpose = rng.choice(self.purposes)
        return SimpleNamespace(
            scenario_id=str(number), as_of_date=rng.choice(self.days) + rng.randint(-2, 500) * ONE_DAY,
            asking_agency=rng.choice(self.agencies), role=rng.choice(self.roles if rng.random() < 0.95 else self.excluded),
            purpose="no-such-purpose" if rng.random() < 0.02 else purpose.purpose, basis=rng.choice(["", *purpose.lawful_bases]),
            question=self.question(purpose), subject=rng.choice(self.people if rng.random() < 0.9 else self.homes))

    def passes(self, s):
        try:
            return bool(self.oracle.gates(s.asking_agency, s.role, s.purpose, s.question, s.subject, s.as_of_date))
        except Refused:
            return False

    def choose(self, number):
        """Four in five pass the gates, or nearly every cell would end there."""
        s = self.cell(number)
        for _ in range(TRIES if self.rng.random() < 0.8 else 0):
            if self.passes(s):
                break
            s = self.cell(number)
        if s.purpose == "no-such-purpose":
            s.basis = ""
        s.expected = self.oracle.expected(s.asking_agency, s.role, s.purpose, s.question, s.subject, s.as_of_date)
        return s


def write_facts(folder, out, n, seed):
    rng = random.Random(seed)
    oracle = Oracle(folder)
    with open(out, "w", encoding="utf-8") as f:
        f.write(f"rows {len(folder.rows('scenarios'))} {n}\n")
        for s in scenarios(folder):
            f.write("\n".join(case(oracle, s, "row")) + "\nend\n")
        world = RandomWorld(folder, seed)
        world.consents += random_consents(folder, rng)
        cells = Cells(world, folder, rng)
        for i in range(n):
            f.write("\n".join(case(world, cells.choose(i), "cell")) + "\nend\n")


def main(argv):
    folder, out = load(argv[1]), Path(argv[2])
    write_policy(folder, out / "policy")
    write_facts(folder, out / "facts.txt", int(argv[3]), argv[4])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
