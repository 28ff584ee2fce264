# SPDX-License-Identifier: Apache-2.0
"""Plays a folder forward in time: the day moves on, rows appear, consents, shields, concerns and referrals are lodged, scenarios are asked.

Each step is a product command run for one agency against that agency's own adapter. What the asker saw is kept beside what
the log recorded; judging both is judge.py.
"""
import datetime
import json
import os
import signal
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from .policy_text import CATEGORY, KIND, LODGER, REFERRAL_PURPOSE, THRESHOLD_PURPOSE, code, question_id, role_id
from .stage import StageError

# On one day everything is lodged before anything is asked, and grants before refusals: "granted again later" means another day.
# A referral takes its steps in the order of its life: of several on one day, the last is how it stands.
SHIELD, GRANT, REFUSE, CHANGE, CONCERN, REFER, DECIDE, START, CLOSE, ASK = range(1, 11)
ADULT = 16         # data README, "Consent"
NOWHERE = "ZZ99 9ZZ"
HOMES_TYPED = 24   # an adapter takes no more; the latest are typed
WORKERS = 4        # commands at a time where order does not matter


def new_id():
    """A UUIDv7, as every lodged message is known by."""
    raw = bytearray(int(time.time() * 1000).to_bytes(6, "big") + os.urandom(10))
    raw[6], raw[8] = raw[6] & 0x0F | 0x70, raw[8] & 0x3F | 0x80
    return str(uuid.UUID(bytes=bytes(raw)))


def day_before(day):
    return (datetime.date.fromisoformat(day) - datetime.timedelta(days=1)).isoformat()


def birthday(born, years):
    """The day somebody turns so many years old; 29 February becomes 1 March."""
    day = f"{int(born[:4]) + years:04d}{born[4:]}"
    try:
        return datetime.date.fromisoformat(day).isoformat()
    except ValueError:
        return f"{day[:4]}-03-01"


class Answered:
    """What one scenario's asker saw."""

    def __init__(self, scenario, reply, exit_code):
        self.scenario, self.reply, self.exit = scenario, reply, exit_code

    @property
    def message_id(self):
        return self.reply.get("message_id", "")


class Player:
    def __init__(self, folder, stage, cabinet, tell=lambda line: None, attempts=3):
        self.folder, self.stage, self.cabinet, self.tell, self.attempts = folder, stage, cabinet, tell, attempts
        self.persons = cabinet.persons
        self.households = {h["household_id"]: h for h in folder.rows("households")}
        self.purposes = {p["purpose"]: p for p in folder.rows("purposes")}
        self.lodged = {}    # consent id of the folder -> (message id, lodging agency)
        self.referrals = {r["referral_id"]: new_id() for r in folder.rows("referrals")}  # what each is known by, once it is sent
        self.concerns, self.sent = [], []  # ids of the concerns lodged, and of the referrals sent
        self.shields = {}   # (person, household) -> shield id
        self.day = None
        self.up_to_day = set()  # agencies whose adapters are known to know the day

    # --- the order of events ---
    def timeline(self, scenarios):
        """(day, order, what, argument) for every step that the scenarios need, in order."""
        last = max((s["as_of_date"] for s in scenarios), default="")
        steps = [(s["as_of_date"], ASK, self.ask, s) for s in scenarios]
        for c in self.folder.rows("consents"):
            start = c["date_given"]
            steps.append((start, REFUSE if c["decision"] == "refused" else GRANT, self.lodge, c))
            if c["withdrawn_on"]:
                steps.append((max(start, c["withdrawn_on"]), CHANGE, self.withdraw, c))
            if c["capacity"] == "local-authority":
                days = {day for period in self.cabinet.care(c["person_id"]) for day in period if day and day > start}
                steps += [(day, CHANGE, self.care_changes, c) for day in sorted(days)]
        steps += [(c["date"], CONCERN, self.concern, c) for c in self.folder.rows("concerns")]
        for r in self.folder.rows("referrals"):
            steps += self.life(r)
        for r in self.folder.rows("residences"):
            from_day = self.households[r["household_id"]]["shielded_from"]
            if from_day and not (r["to_date"] and r["to_date"] <= from_day):
                steps.append((max(from_day, r["from_date"]), SHIELD, self.shield, r))
                if r["to_date"]:
                    steps.append((r["to_date"], SHIELD, self.unshield, r))
        steps = [s for s in steps if s[0] <= last]
        return sorted(steps, key=lambda s: (s[0], s[1]))

    def life(self, r):
        """A referral as it is sent, and the steps of its receiver. One that comes after a later one of its life adds nothing."""
        yield r["sent_date"], REFER, self.refer, r
        said = {"accepted": ["accept"], "declined": ["reject", "--reason", "declined"]}.get(r["decision"])
        steps = [(r["decided_date"], DECIDE, said), (r["started_date"], START, ["deliver"]),
                 (r["closed_date"], CLOSE, ["close", "--outcome", code(r.get("outcome", ""), "closed")])]
        reached = 0
        for day, order, words in sorted(s for s in steps if s[0] and s[2]):
            if order > reached:
                reached = order
                yield max(day, r["sent_date"]), order, self.step, (r, words)

    def play(self, scenarios, between=lambda: None):
        """Return: an Answered for each scenario, in the order asked. between() is called after each step."""
        answers = []
        steps = self.timeline(scenarios)
        for n, (day, _, action, row) in enumerate(steps):
            if day != self.day:
                self.move_to(day)
            done = action(row)
            if done is not None:
                answers.append(done)
            self.tell(f"{day}  step {n + 1} of {len(steps)}")
            between()
        return answers

    def move_to(self, day):
        """The rows that exist by then appear in the agencies' files; then the broker's day moves, and the adapters hear of it.

        Waited for are those that have rows to read; any other when it acts (a holder is told the day with the question)."""
        here = [a for a in self.cabinet.organisation if f"adapter-{a}" in self.stage.processes]
        changed = [a for a in here if self.cabinet.write(a, day)]
        for agency in changed:
            self.stage.processes[f"adapter-{agency}"].send_signal(signal.SIGHUP)
        self.retry(lambda: self.stage.set_day(day))
        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(lambda agency: self.stage.wait_adapter(agency, day=day), changed))
        self.day, self.up_to_day = day, set(changed)

    def wake(self, agency):
        """Before it acts, an agency's adapter knows the day."""
        if agency not in self.up_to_day and f"adapter-{agency}" in self.stage.processes:
            self.stage.wait_adapter(agency, day=self.day)
            self.up_to_day.add(agency)

    def retry(self, act):
        """A broker that is just coming back says so; try again a few times, never for ever."""
        for attempt in range(self.attempts):
            try:
                return act()
            except StageError:
                if attempt == self.attempts - 1:
                    raise
                time.sleep(0.5 * (attempt + 1))
        return None

    # --- subjects ---
    def subject(self, person_id, held_by=None):
        """What a practitioner would type: identifiers, and homes up to today. An unborn child goes by its mother's.

        held_by: an agency that types what its own rows hold: not every one has NHS numbers or UPNs."""
        p = self.cabinet.identity(person_id)
        if held_by:
            p = next(self.cabinet.person_rows(held_by, [person_id]))
        homes = []
        for r in self.cabinet.stays(person_id):
            if r["from_date"] <= self.day:
                h = self.households[r["household_id"]]
                until = r["to_date"] if r["to_date"] and r["to_date"] <= self.day else ""
                homes.append({"address": h["address_line"], "postcode": h["postcode"], "from": r["from_date"], "until": until,
                              "ref": h["household_id"]})
        return json.dumps({"given_name": p["given_name"], "family_name": p["family_name"], "date_of_birth": p["date_of_birth"],
                           "nhs_number": p["nhs_number"], "upn": p["upn"], "unborn": p["unborn"] == "yes", "homes": homes[-HOMES_TYPED:]})

    def address(self, household_id):
        """A home that is asked about. One without a postcode has no token: then it is an address that nobody holds."""
        h = self.households[household_id]
        return f"{h['address_line'].replace(';', ',')}; {h['postcode'] or NOWHERE}; {household_id}"

    # --- lodging ---
    def lodger(self, consent):
        """The first agency in recipients that is a party of the purpose's protocol; for '*' the first that may ask in full.

        Where there is none, any party takes it in (the rules count a consent given to others too); None when the protocol has none."""
        protocol = self.purposes[consent["purpose"]]["protocol_id"] if consent["purpose"] in self.purposes else None
        parties = [r for r in self.folder.rows("protocol-parties") if r["protocol_id"] == protocol]
        ids = {r["agency_id"] for r in parties}
        for agency in consent["recipients"].split("|"):
            if agency in ids or self.cabinet.organisation.get(agency) in ids:
                return agency
        return next((r["agency_id"] for r in sorted(parties, key=lambda r: r["ask"] != "full")), None)

    def lodge(self, c):
        agency = self.lodger(c)
        if agency is None:
            self.tell(f"{c['consent_id']}: nobody in its recipients is a party; not lodged")
            return None
        c = self.as_given(c)
        verb = "refuse" if c["decision"] == "refused" else "grant"
        args = ["--purpose", c["purpose"], "--capacity", c["capacity"], "--recipients", c["recipients"].replace("|", ","),
                "--given-on", c["date_given"], "--method", "signed"]
        for flag, field in (("--sources", "sources"), ("--sensitive-sources", "sensitive_sources")):
            if c[field]:
                args += [flag, c[field].replace("|", ",")]
        if c["expires_on"]:
            args += ["--expires-on", c["expires_on"]]
        if c["given_by"] and c["given_by"] != c["person_id"]:
            args += ["--giver-ref", c["given_by"]]
        if c["capacity"] == "parent" and c["person_id"] in self.persons.get(c["given_by"], {}).get(
                "parental_responsibility_for", "").split("|"):
            args += ["--holds-responsibility"]
        if c["capacity"] == "local-authority":
            since = next((start for start, end in self.cabinet.care(c["person_id"]) if not end or end > self.day), None)
            if since:
                args += ["--care-order", "--care-from", since]  # the data simplifies: looked after counts as in care
        if c["capacity"] == "gillick":  # the data records none: the exercise makes one up, on the day
            args += ["--competence-by", "exercise", "--competence-role", "social-worker", "--competence-on", c["date_given"]]
        got = self.lodge_with(agency, ["consent", verb, *args], stdin=self.subject(c["person_id"]))
        self.lodged[c["consent_id"]] = (got["message_id"], agency)
        return None

    def as_given(self, c):
        """For a child not yet born its mother consents, for herself: what the data calls a parent's is lodged as her own."""
        mother = self.cabinet.mothers.get(c["person_id"])
        hers = mother is not None and c["capacity"] == "parent" and c["given_by"] == mother["person_id"]
        return dict(c, capacity="self", given_by="") if hers else c

    def lodge_with(self, agency, args, stdin=None):
        """Runs a lodging command and waits for its receipt: from then on it is the broker's, whatever crashes."""
        self.wake(agency)
        subject = ["--subject", "-"] if stdin else []
        got = self.stage.command(*args, *subject, "--socket", self.stage.socket_of(agency), "--practitioner", "exercise", "--json",
                                 stdin=stdin, check=False)
        reply = got.json()
        if got.exit != 0 or reply.get("kind") != "receipt":
            raise StageError(f"{agency} could not lodge ({' '.join(args[:2])}, on {self.day}): {json.dumps(reply)[:400]}")
        if reply.get("queued"):
            left = self.stage.command("status", "--socket", self.stage.socket_of(agency), "--wait-sent", "--timeout", 120, "--json", timeout=150).json()
            if left.get("outbox_refused"):
                raise StageError(f"the broker refused what {agency} lodged ({' '.join(args[:2])}, on {self.day}); see its adapter's log")
        return reply

    def lodge_for(self, agency, purpose, args, stdin=None):
        """Concerns and referrals: under their purpose and its first lawful basis."""
        basis = self.purposes[purpose]["lawful_bases"].split("|")[0]
        return self.lodge_with(agency, [*args, "--purpose", purpose, "--basis", basis, "--role", LODGER], stdin)

    def about(self, row, agency):
        """Whom a concern or referral is about: (options, standard input). (None, None): a home that has no token, and nobody in it."""
        home = row["household_id"] if self.households.get(row["household_id"], {}).get("postcode") else ""
        if row["person_id"]:
            return (["--at-home", self.address(home)] if home else []), self.subject(row["person_id"], agency)
        return (["--household", self.address(home)], None) if home else (None, None)

    def concern(self, c):
        """The reporter's own adapter lodges it, on its date."""
        options, stdin = self.about(c, c["agency_id"])
        if options is None or THRESHOLD_PURPOSE not in self.purposes or not self.folder.rows("thresholds"):
            self.tell(f"{c['concern_id']}: about a home without a postcode, or no rule counts it; not lodged")
            return None
        got = self.lodge_for(c["agency_id"], THRESHOLD_PURPOSE, ["concern", "lodge", "--category", code(c.get("category", ""), CATEGORY), "--severity", c["level"],
                                                                 "--observed-on", c["date"], *options], stdin)
        self.concerns.append(got["message_id"])
        return None

    def refer(self, r):
        """From the agency that sent it; one that no agency sent is recorded by the agency that received it."""
        outside = r["from_agency"] not in self.cabinet.organisation
        agency = r["to_agency"] if outside else r["from_agency"]
        options, stdin = self.about(r, agency)
        if options is None or REFERRAL_PURPOSE not in self.purposes:
            self.tell(f"{r['referral_id']}: about a home without a postcode, or nobody may send it; not sent")
            return None
        to = ["--origin", r["from_agency"]] if outside else ["--to", r["to_agency"]]
        self.lodge_for(agency, REFERRAL_PURPOSE, ["refer", "--kind", KIND, *to, "--reason", code(r.get("reason_code", ""), "support"), "--sent-on", r["sent_date"],
                                                  "--id", self.referrals[r["referral_id"]], *options], stdin)
        self.sent.append(self.referrals[r["referral_id"]])
        return None

    def step(self, what):
        """The receiver decides, starts or closes, on that day."""
        r, words = what
        self.lodge_for(r["to_agency"], REFERRAL_PURPOSE, ["referral", words[0], self.referrals[r["referral_id"]], *words[1:], "--on", self.day])

    def withdraw(self, c):
        if c["consent_id"] in self.lodged:
            message_id, agency = self.lodged[c["consent_id"]]
            self.lodge_with(agency, ["consent", "withdraw", message_id, "--purpose", c["purpose"], "--given-on", self.day])

    def care_changes(self, c):
        """A child comes into care or leaves it: the authority's consent counts on the days of care before the child is sixteen."""
        if c["consent_id"] not in self.lodged:
            return
        message_id, agency = self.lodged[c["consent_id"]]
        inside = any(start <= self.day and (not end or self.day < end) for start, end in self.cabinet.care(c["person_id"]))
        last = day_before(birthday(self.persons[c["person_id"]]["date_of_birth"], ADULT))
        self.lodge_with(agency, ["consent", "change", message_id, "--purpose", c["purpose"], "--able-until",
                                 last if inside else min(last, day_before(self.day))])

    def shield(self, r):
        got = self.lodge_with(self.cabinet.owner, ["shield", "--level", "location", "--from", self.day, "--reason", "address to be kept secret"],
                              stdin=self.subject(r["person_id"]))
        self.shields[(r["person_id"], r["household_id"])] = got["message_id"]

    def unshield(self, r):
        shield = self.shields.pop((r["person_id"], r["household_id"]), None)
        if shield:
            self.retry(lambda: self.stage.command("shield", "lift", shield, "--reason", "moved away", *self.stage.signed(both=True)))

    # --- asking ---
    def ask_command(self, s):
        """The command for one scenario: (what to do, its options, standard input)."""
        question, parameter = question_id(s["question"])
        question = question or s["question"]  # nobody can ask who is involved with an address: no such question, says the broker
        role = role_id(s["role"])
        args = ["--socket", self.stage.socket_of(s["asking_agency"]), "--purpose", s["purpose"], "--role", role, "--practitioner",
                f"p-{role}"[:60], "--json"]
        bases = self.purposes.get(s["purpose"], {}).get("lawful_bases", "").split("|")
        if s["lawful_basis_hint"] in bases:  # a hint: the rules do not turn on it
            args += ["--basis", s["lawful_basis_hint"]]
        stdin = None
        if parameter in self.referrals:
            return ["ask", question], [*args, "--referral", self.referrals[parameter]], None
        if s["subject"] in self.households:
            args += ["--household", self.address(s["subject"])]
        else:
            args += ["--subject", "-"]
            stdin = self.subject(s["subject"])
        if s["question"] == "who-is-involved" and stdin:
            argv = ["who"]
        else:
            argv = ["ask", question] + (["--at-home", self.address(parameter)] if parameter in self.households else [])
        return argv, args, stdin

    def ask(self, s):
        """One scenario. After a crash the caller asks again, as DESIGN says: the record shows the first as never disclosed."""
        self.wake(s["asking_agency"])
        argv, args, stdin = self.ask_command(s)
        for attempt in range(self.attempts):
            got = self.stage.command(*argv, *args, stdin=stdin, check=False)
            reply = got.json()
            if got.exit != 75 or attempt == self.attempts - 1:
                return Answered(s, reply, got.exit)
            time.sleep(0.5 * (attempt + 1))
        return None
