#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Promise 3: the broker does not know who anybody is. What practitioners typed, through the product's own adapters and commands, is looked for
in everything that the broker keeps, prints and sends, and in what a holder that does not know the person keeps. argv: protoc."""
import base64
import json
import threading

from town import CHILDRENS, DAY, POLICE, RIVER, SCHOOL, TEAM, Person, play, wait_for

TYPED = {"given_name": "Zephyrina", "family_name": "Quillfeather", "date_of_birth": "1991-03-17", "nhs_number": "9997010221", "upn": "",
         "homes": [{"address": "77 Wolfsbane Crescent", "postcode": "ZZ7 7QX", "from": "2019-02-03", "until": "", "ref": "home-of-quillfeather"}]}
PRACTITIONER, CASE, GIVER, REASON = "practitioner-wolverine-81", "case-okapi-4711", "giver-marmoset-9", "because of tamarinds"
IDENTIFIERS = ["Zephyrina", "Quillfeather", "1991-03-17", "19910317", "9997010221", "Wolfsbane", "ZZ7 7QX", "ZZ77QX", "home-of-quillfeather",
               # people in the rows of the town
               "9997010019", "9997010027", "9997010035", "E987991618001", "Hazel Court", "ZZ9 9ZA", "ZZ99ZA", "p-ada", "p-ben", "h-brook"]
VOUCHED = [PRACTITIONER, CASE, GIVER, "tamarind"]


def nhs_number(first_nine):
    """With its check digit: modulus 11 over weights 10 to 2."""
    digit = 11 - sum(int(d) * w for d, w in zip(first_nine, range(10, 1, -1))) % 11
    return first_nine + str(0 if digit == 11 else digit) if digit != 10 else None


class Listener(threading.Thread):
    """The school: keeps every frame as it came, and knows nobody. Its socket is its own from here on."""

    def __init__(self, speaker):
        super().__init__(daemon=True)
        self.speaker, self.stop, self.frames, self.questions = speaker, False, [], []

    def run(self):
        pb = self.speaker.pb
        while not self.stop:
            if not self.speaker.socket.poll(50):
                continue
            self.frames.append(self.speaker.socket.recv())
            body = pb.Body.FromString(pb.Envelope.FromString(self.frames[-1]).body)
            if body.WhichOneof("payload") == "question":
                self.questions.append(body)
                self.speaker.answer(body, "NOT_KNOWN")


def forms(text):
    """A text as somebody might come to write it."""
    for variant in {text, text.lower(), text.upper(), text.title()}:
        octets = variant.encode()
        yield octets
        yield variant.encode("utf-16-le")
        yield octets.hex().encode()
        yield base64.b64encode(octets)[:-4] or octets


def value_forms(value):
    return {value, value.hex().encode(), value.hex().upper().encode(), base64.b64encode(value)[:40]}


def found(octets, texts):
    return [t for t in texts if any(form in octets for form in forms(t))]


def files_under(*places):
    return [p for place in places for p in ([place] if place.is_file() else sorted(place.rglob("*"))) if p.is_file()]


def where(files, texts):
    """(file, text) of each text that occurs in a file."""
    return [(p.name, t) for p in files for t in found(p.read_bytes(), texts)]


def where_values(files, values):
    return [(p.name, "a token") for p in files for v in values if any(f in p.read_bytes() for f in value_forms(v))]


def use(tap, town, typed):
    """A morning's work at two agencies."""
    stage = town.stage

    def run(agency, *args, role, purpose, basis, stdin=typed):
        subject = ["--subject", "-"] if stdin else []
        return stage.command(*args, *subject, "--purpose", purpose, "--role", role, "--basis", basis, "--practitioner", PRACTITIONER, "--case", CASE,
                             "--json", "--socket", stage.socket_of(agency), stdin=stdin, check=False)

    child = {"role": "social-worker", "purpose": "child-protection", "basis": "safeguarding-child"}
    ada = json.dumps({"given_name": "Ada", "family_name": "Brookvane", "date_of_birth": "1990-02-03", "nhs_number": "9997010019", "upn": "", "homes": []})
    home = TYPED["homes"][0]
    done = {
        "a question": run(CHILDRENS, "ask", "cp-plan-current", **child),
        "who is involved": run(CHILDRENS, "who", **child),
        "where somebody lives": run(CHILDRENS, "ask", "lives-at", "--at-home", f"{home['address']}; {home['postcode']}; {home['ref']}", **child),
        "who is involved with somebody known": run(CHILDRENS, "who", stdin=ada, **child),
        "a household": run(POLICE, "ask", "domestic-incident-12m", "--household", f"{home['address']}; {home['postcode']}; {home['ref']}", stdin=None,
                           **dict(child, role="police-officer")),
        "a refusal": run(CHILDRENS, "who", role="receptionist", purpose="child-protection", basis="safeguarding-child"),
        "a consent": run(CHILDRENS, "consent", "grant", "--capacity", "self", "--recipients", CHILDRENS, "--sources", "*", "--giver-ref", GIVER,
                         role="social-worker", purpose="early-help", basis="consent"),
        "a shield": stage.command("shield", "--subject", "-", "--level", "location", "--from", DAY, "--reason", REASON, "--practitioner", PRACTITIONER, "--json",
                                  "--socket", stage.socket_of(CHILDRENS), stdin=typed, check=False),
    }
    wanted = {"a refusal": 77}
    for name, got in done.items():
        tap.check(f"promise_3_{name.replace(' ', '_')}_goes_through", got.exit == wanted.get(name, 0), (got.exit, got.out, got.err))


def run(tap, town):
    typed = dict(TYPED, nhs_number=next(n for n in map(nhs_number, ("999701022", "999701023")) if n))
    identifiers = IDENTIFIERS + [typed["nhs_number"]]
    school = Listener(town.speaker(SCHOOL))
    school.start()
    use(tap, town, json.dumps(typed))
    wait_for(lambda: town.status()["pending"] == 0, 5)
    school.stop = True
    school.join(5)

    person = Person(typed["given_name"], typed["family_name"], typed["date_of_birth"], typed["nhs_number"], typed["homes"][0]["postcode"])
    tokens = {t.value for t in school.speaker.insight(person=person).insight_query.subject.tokens}
    tokens.add(town.home(typed["homes"][0]["address"], typed["homes"][0]["postcode"]).value)
    work = town.stage.work
    kept = files_under(town.stage.data_dir)
    logs = [work / "almonerd.log"]
    tap.check("promise_3_the_broker_keeps_files_to_search", any(p.name == "data.mdb" for p in kept) and len(town.log()) > 1000, kept)
    rows = [work / "agencies" / CHILDRENS / "people.csv"]
    tap.check("promise_3_the_search_finds_what_is_there", len(where(rows, ["9997010019", "brook"])) == 2, where(rows, identifiers))
    tap.check("promise_3_nothing_that_identifies_is_in_what_the_broker_keeps", not where(kept, identifiers), where(kept, identifiers))
    tap.check("promise_3_nor_in_its_processes_logs", not where(logs, identifiers), where(logs, identifiers))
    tap.check("promise_3_practitioner_case_giver_and_reason_are_sealed", not where(kept + logs, VOUCHED), where(kept + logs, VOUCHED))
    tap.check("promise_3_no_token_stands_in_the_clear", not where_values(kept + logs, tokens), where_values(kept + logs, tokens))
    rows = json.dumps(town.stage.audit_rows()).encode()
    tap.check("promise_3_nor_is_any_of_it_shown_to_officers", not found(rows, identifiers + VOUCHED) and not any(f in rows for t in tokens for f in value_forms(t)),
              found(rows, identifiers + VOUCHED))
    sent = b"".join(school.frames)
    sent_tokens = {t.value for q in school.questions for t in q.question.subject.tokens}
    tap.check("promise_3_a_holder_was_asked_about_them", len(school.questions) >= 3 and sent_tokens & tokens, len(school.questions))
    tap.check("promise_3_no_frame_that_reaches_a_holder_identifies", not found(sent, identifiers + VOUCHED), found(sent, identifiers + VOUCHED))
    tap.check("promise_3_nor_names_the_practitioner_or_the_case", all(not q.HasField("practitioner") and not q.case_ref and not q.basis for q in school.questions))

    own = ("Zephyrina", "Quillfeather", "1991-03-17", typed["nhs_number"], "Wolfsbane", "ZZ7 7QX", "ZZ77QX", "home-of-quillfeather", PRACTITIONER, CASE, GIVER, "tamarind")
    strangers = files_under(*(work / "agencies" / a for a in (RIVER, POLICE, TEAM))) + [work / f"adapter-{a}.log" for a in (RIVER, TEAM)]
    tap.check("promise_3_a_holder_that_does_not_know_the_person_keeps_nothing", not where(strangers, own), where(strangers, own))
    tap.check("promise_3_and_forgets_the_tokens", not where_values(strangers, tokens), where_values(strangers, tokens))
    asker = files_under(work / "agencies" / CHILDRENS / "outbox") + [work / f"adapter-{a}.log" for a in (CHILDRENS, POLICE)]
    tap.check("promise_3_not_even_the_askers_adapter_logs_whom_it_asked_about", not where(asker, own), where(asker, own))


play(run, with_adapters=(CHILDRENS, TEAM, POLICE, RIVER), adapter_log="debug")
