#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An agency with a client of its own, in Python, asks and answers through a real broker. argv: protoc."""
import datetime
import os
import subprocess
import sys
import time
from pathlib import Path

from broker_children import Tap

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "deploy"))
from exerciselib.agencies import Cabinet  # noqa: E402
from exerciselib.curtain import raise_curtain  # noqa: E402
from exerciselib.folder import load  # noqa: E402
from exerciselib.stage import Stage, find_prefix  # noqa: E402
from town import generated  # noqa: E402
from wire_client import Client, Tokens, uuid7  # noqa: E402

DAY = "2021-06-15"
SCHOOL = "elm-school"


class School:
    """What the tests say through the client."""

    def __init__(self, pb, stage):
        self.pb = pb
        self.stage = stage
        self.tokens = Tokens(bytes.fromhex((stage.keys / "partnership.token").read_text().strip()))
        self.client = self.connect()

    def connect(self):
        keys = self.stage.keys
        return Client(self.pb, SCHOOL, self.stage.gates[SCHOOL], self.stage.broker_public(), str(keys / f"{SCHOOL}.key_secret"),
                      bytes.fromhex((keys / f"{SCHOOL}.sign").read_text().strip()), self.stage.mode, self.stage.origin)

    def greet(self):
        body = self.client.body(hello=self.pb.Hello(version_least=1, version_most=1, mode=self.client.mode, software="python/1"))
        self.client.send(self.client.frame(body, 1024))
        return self.client.until({"welcome"})

    def catalogue(self):
        pages = {}
        while True:
            got = self.client.until({"catalogue"})
            if got is None:
                return None
            pages[got.catalogue.page] = got.catalogue
            if len(pages) == got.catalogue.pages:
                return pages

    def query(self, question="cp-plan-current", **changes):
        pb = self.pb
        body = self.client.body(practitioner=pb.Practitioner(ref="t.finch", role="senco", login=pb.LOGIN_PASSWORD),
                                purpose=changes.pop("purpose", "child-protection"), basis=changes.pop("basis", "safeguarding-child"))
        body.insight_query.question = question
        body.insight_query.subject_kind = pb.SUBJECT_KIND_PERSON
        body.insight_query.relationship.kind = pb.RELATIONSHIP_KIND_INVOLVED
        body.insight_query.relationship.since = datetime.date(2017, 9, 1).toordinal()
        self.tokens.person(pb, body.insight_query.subject, "Ben", "Brookvane", "2012-05-06", nhs=self.nhs)
        for name, value in changes.items():
            setattr(body, name, value)
        return body

    def ask(self, body, frame=None):
        self.client.send(frame or self.client.frame(body, 4096))
        return self.client.until({"insight", "refusal", "busy"}, body.id)


def refused(body, reason):
    return body is not None and body.WhichOneof("payload") == "refusal" and body.refusal.reason == reason


def run(tap, pb, stage, folder, cabinet):
    school = School(pb, stage)
    school.nhs = next(p["nhs_number"] for p in folder.rows("persons") if p["given_name"] == "Ben")
    welcome = school.greet()
    tap.check("a_hello_is_welcomed_with_mode_origin_and_day", welcome is not None and welcome.welcome.origin == stage.origin
              and datetime.date.fromordinal(welcome.welcome.civil_day).isoformat() == DAY)
    pages = school.catalogue()
    tap.check("the_catalogue_follows", pages is not None and any(q.id == "cp-plan-current" for p in pages.values() for q in p.questions))

    body = school.query()
    first = school.ask(body)
    tap.check("a_question_is_answered_yes", first is not None and first.insight.value == pb.INSIGHT_VALUE_YES, first)
    tap.check("the_same_question_again_is_never_answered", refused(school.ask(body), "already-asked"))
    tap.check("a_stale_question_is_refused", refused(school.ask(school.query(sent_ms=int(time.time() * 1000) - 600_000)), "stale"))
    body = school.query()
    school.client.send(school.client.frame(body, 4096, signature=b"\1" * 64))
    got = school.client.until({"refusal"})
    tap.check("a_bad_signature_is_refused_and_its_id_not_believed", refused(got, "bad-signature") and got.in_reply_to == b"", got)
    body = school.query(sender="oakshire-police")
    tap.check("another_agencys_name_is_refused", refused(school.ask(body), "wrong-sender"))
    body = school.query()
    unsigned = pb.Envelope(version=1, body=school.client.pad(body, 4096)).SerializeToString()
    school.client.send(unsigned)
    tap.check("an_unsigned_question_is_refused", refused(school.client.until({"refusal"}), "unsigned"))
    body = school.query(purpose="debt-recovery")
    got = school.ask(body)
    tap.check("a_told_reason_comes_with_the_way_forward", refused(got, "purpose-outside-protocol") and got.refusal.way_forward != "")
    body = school.query(purpose="early-help", question="substance-treatment-current", basis="consent")
    tap.check("every_consent_reason_is_one_line", refused(school.ask(body), "no-consent-on-file"))
    for junk in (b"\0", b"\xff" * 300, os.urandom(5000)):
        school.client.send(junk)
    tap.check("the_broker_goes_on_after_junk", school.ask(school.query()).WhichOneof("payload") == "insight")

    # The other way round: the school's own adapter is this client, and it is asked.
    subject = '{"given_name":"Ben","family_name":"Brookvane","date_of_birth":"2012-05-06","nhs_number":"' + school.nhs + '"}'
    command = [str(stage.prefix / "bin" / "almoner"), "who", "--subject", "-", "--purpose", "child-protection", "--role", "social-worker",
               "--practitioner", "s.one", "--json", "--socket", str(stage.socket_of("oakshire-childrens"))]
    asking = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=stage.env)
    asking.stdin.write(subject)
    asking.stdin.close()
    question = school.client.until({"question"}, timeout_s=10)
    ours = question is not None and question.question.involvement and question.question.asking_agency == "oakshire-childrens"
    tap.check("a_question_reaches_the_client_without_practitioner_or_case",
              ours and not question.HasField("practitioner") and question.case_ref == "")
    answer = school.client.body(in_reply_to=question.id if question else uuid7())
    answer.answer.value = pb.ANSWER_VALUE_YES
    answer.answer.data_as_of = datetime.date.fromisoformat(DAY).toordinal()
    answer.answer.service, answer.answer.contact_route = "pastoral team", "school office 0999 555 0101"
    school.client.send(school.client.frame(answer, 704))
    out = asking.stdout.read()
    asking.wait(20)
    tap.check("its_answer_names_it_to_the_asker", asking.returncode == 0 and "pastoral team" in out, out)
    school.client.close()


def main():
    tap = Tap()
    pb = generated(sys.argv[1])
    folder = load(ROOT / "tests" / "data" / "smalltown")
    with Stage(find_prefix(os.environ.get("ALM_STAGE"))) as stage:
        cabinet = Cabinet(folder, stage)
        raise_curtain(stage, folder, cabinet, DAY, without=(SCHOOL,))
        run(tap, pb, stage, folder, cabinet)
    tap.done()


main()
