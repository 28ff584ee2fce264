#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What deploy/exerciselib makes of a folder before anything is started: who lodges, care, unborn children, the lives of referrals, roles,
what is typed; and how what comes out is judged."""
import contextlib
import io
import json
import shutil
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

from broker_children import Tap

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "deploy"))
from exerciselib.agencies import Cabinet  # noqa: E402
from exerciselib.folder import FolderError, load  # noqa: E402
from exerciselib.judge import judge  # noqa: E402
from exerciselib.kills import Killer  # noqa: E402
from exerciselib.play import CHANGE, CLOSE, DECIDE, GRANT, REFER, REFUSE, START, Answered, Player, birthday, day_before  # noqa: E402
from exerciselib.policy_text import ROLE_MAX, policy_files, role_id  # noqa: E402

SMALL = ROOT / "tests" / "data" / "smalltown"


class Changed:
    """The smallest folder with rows added; `rows`: table -> lists of field values by column."""

    def __init__(self, rows=(), drop=()):
        self.place = Path(tempfile.mkdtemp(prefix="almoner-rehearsal-", dir="/tmp"))
        shutil.copytree(SMALL, self.place, dirs_exist_ok=True)
        for table in drop:
            path = self.place / f"{table}.csv"
            path.write_text(path.read_text().splitlines()[0] + "\n")
        for table, fields in rows:
            path = self.place / f"{table}.csv"
            text = path.read_text()
            header = text.splitlines()[0].split(",")
            added = [c for c in fields if c not in header]
            if added:
                lines = text.splitlines()
                text = "\n".join([",".join(header + added)] + [line + "," * len(added) for line in lines[1:]]) + "\n"
                header += added
            path.write_text(text + ",".join(fields.get(c, "") for c in header) + "\n")

    def __enter__(self):
        return self.place

    def __exit__(self, *exc):
        shutil.rmtree(self.place)


def player(place):
    folder = load(place)
    stage = SimpleNamespace(work=place, processes={}, socket_of=lambda agency: f"{agency}.sock")
    p = Player(folder, stage, Cabinet(folder, stage))
    p.day = "2021-06-15"
    return p


def a_person():
    row = load(SMALL).rows("persons")[0]
    return row["person_id"]


CONSENT = {"consent_id": "k-new", "given_by": "", "capacity": "self", "purpose": "early-help", "recipients": "*", "sources": "*",
           "sensitive_sources": "", "decision": "granted", "date_given": "2021-05-01", "expires_on": "", "withdrawn_on": ""}


def lodging(tap):
    person = a_person()
    with Changed() as place:
        p = player(place)
        parties = [r["agency_id"] for r in p.folder.rows("protocol-parties") if r["protocol_id"] == p.purposes["early-help"]["protocol_id"]]
        outside = [a for a in p.cabinet.organisation if a not in parties and p.cabinet.organisation[a] not in parties]
        tap.check("a_consent_for_nobody_in_the_protocol_is_lodged_by_a_party", p.lodger(dict(CONSENT, recipients=(outside or ["nobody"])[0])) in parties)
        tap.check("the_first_party_among_the_recipients_lodges", p.lodger(dict(CONSENT, recipients="|".join(["nobody", *parties[::-1]]))) == parties[-1])
        tap.check("a_consent_for_an_unknown_purpose_is_lodged_by_nobody", p.lodger(dict(CONSENT, purpose="gossip")) is None)
    rows = [("consents", dict(CONSENT, person_id=person, consent_id="k-r", decision="refused")), ("consents", dict(CONSENT, person_id=person)),
            ("consents", dict(CONSENT, person_id=person, consent_id="k-w", withdrawn_on="2021-05-01", purpose="gossip"))]
    with Changed(rows) as place:
        p = player(place)
        steps = [(s[1], s[3]["consent_id"]) for s in p.timeline([{"as_of_date": "2021-05-01"}]) if s[0] == "2021-05-01" and "consent_id" in s[3]]
        tap.check("on_one_day_grants_come_before_refusals_and_both_before_withdrawals",
                  steps == [(GRANT, "k-new"), (GRANT, "k-w"), (REFUSE, "k-r"), (CHANGE, "k-w")], steps)


def care(tap):
    person = a_person()
    agency = load(SMALL).rows("agencies")[0]["agency_id"]

    def event(n, date, kind):
        return "contacts", {"contact_id": f"c-care-{n}", "agency_id": agency, "person_id": person, "date": date, "kind": f"looked-after-{kind}"}
    kinds = [("contact-kinds", {"kind": f"looked-after-{k}", "class": k}) for k in ("start", "end")]
    known = {r["kind"] for r in load(SMALL).rows("contact-kinds")}
    kinds = [k for k in kinds if k[1]["kind"] not in known]
    events = [event(1, "2020-01-01", "start"), event(2, "2020-03-01", "end"), event(3, "2020-03-01", "start"), event(4, "2020-09-01", "end"),
              event(5, "2021-02-01", "start")]
    with Changed(kinds + events) as place:
        got = player(place).cabinet.care(person)
        tap.check("care_that_ends_and_begins_on_one_day_goes_on", got == [("2020-01-01", "2020-09-01"), ("2021-02-01", None)], got)
    with Changed() as place:
        tap.check("a_child_never_in_care_has_no_days_of_it", player(place).cabinet.care(person) == [])


def unborn(tap):
    mother = a_person()
    child = ("persons", {"person_id": "p-baby", "date_of_birth": "2021-12-01", "dob_precision": "expected"})
    with Changed([child]) as place:
        rows = (place / "persons.csv").read_text()
        column = rows.splitlines()[0].split(",").index("parental_responsibility_for")
        lines = [line.split(",") for line in rows.splitlines()]
        of_mother = next(line for line in lines if line[0] == mother)
        of_mother[column] = "|".join(filter(None, [of_mother[column], "p-baby"]))
        (place / "persons.csv").write_text("\n".join(",".join(line) for line in lines) + "\n")
        p = player(place)
        typed, hers = json.loads(p.subject("p-baby")), json.loads(p.subject(mother))
        tap.check("an_unborn_child_goes_by_its_mothers_identifiers", typed == dict(hers, unborn=True), typed)
        tap.check("its_holder_has_it_as_unborn_by_them", p.cabinet.identity("p-baby")["unborn"] == "yes")
        tap.check("it_has_a_reference_of_its_own", p.cabinet.identity("p-baby")["person_id"] == "p-baby")
    with Changed([("persons", dict(child[1], dob_precision="day"))]) as place:
        try:
            load(place)
            said = ""
        except FolderError as e:
            said = str(e)
        tap.check("anybody_born_needs_a_name", "given_name is empty" in said and "family_name is empty" in said, said)


REFERRAL = {"referral_id": "r-new", "from_agency": "elm-school", "to_agency": "river-recovery", "household_id": "", "sent_date": "2021-03-01", "reason_code": "",
            "decision": "accepted", "decided_date": "", "started_date": "", "closed_date": ""}


def lives(tap):
    person = a_person()

    def steps(**change):
        with Changed([("referrals", dict(REFERRAL, person_id=person, **change))]) as place:
            p = player(place)
            row = next(r for r in p.folder.rows("referrals") if r["referral_id"] == "r-new")
            return [(day, order, what[1][0] if isinstance(what, tuple) else "refer") for day, order, _, what in p.life(row)]
    whole = steps(decided_date="2021-03-01", started_date="2021-03-01", closed_date="2021-03-01")
    tap.check("a_referral_lives_in_the_order_of_its_life_on_one_day",
              whole == [("2021-03-01", REFER, "refer"), ("2021-03-01", DECIDE, "accept"), ("2021-03-01", START, "deliver"), ("2021-03-01", CLOSE, "close")], whole)
    got = steps(decided_date="2021-04-01", closed_date="2021-03-15")
    tap.check("a_decision_after_the_end_adds_nothing", [w for _, _, w in got] == ["refer", "close"], got)
    got = steps(decision="declined", decided_date="2021-03-20")
    tap.check("declining_is_rejecting", [w for _, _, w in got] == ["refer", "reject"], got)
    got = steps(decision="not-stated", decided_date="2021-03-20", started_date="2021-03-25")
    tap.check("a_decision_that_nobody_states_is_no_step", [w for _, _, w in got] == ["refer", "deliver"], got)


def abouts(tap):
    person = a_person()
    with Changed([("households", {"household_id": "h-placement", "address_line": "Placement", "postcode": ""})]) as place:
        p = player(place)
        home = p.folder.rows("households")[0]["household_id"]
        agency = p.folder.rows("agencies")[0]["agency_id"]
        tap.check("a_concern_about_a_person_names_the_home_too", p.about({"person_id": person, "household_id": home}, agency)[0] == ["--at-home", p.address(home)])
        tap.check("a_home_without_a_postcode_is_left_out", p.about({"person_id": person, "household_id": "h-placement"}, agency)[0] == [])
        tap.check("and_alone_it_is_nobody", p.about({"person_id": "", "household_id": "h-placement"}, agency) == (None, None))
        known = {a["agency_id"]: json.loads(p.subject(person, a["agency_id"])) for a in p.folder.rows("agencies")}
        wrong = [a for a, typed in known.items() if typed["nhs_number"] and p.cabinet.sector[a] not in ("health", "childrens-services")]
        tap.check("who_lodges_types_no_number_that_its_rows_have_not", not wrong and any(t["nhs_number"] for t in known.values()), wrong)
        tap.check("ids_are_uuids_of_version_7", all(i[14] == "7" and i[19] in "89ab" for i in p.referrals.values()) and p.referrals)


def judging(tap):
    def got(question, reply, expected):
        answered = Answered({"question": question, "expected": expected}, dict(reply, message_id="m"), 0)
        return judge(answered, ("", ""))
    fired = {"kind": "threshold", "fired": True, "fired_on": "2021-04-01", "masked": True, "contributors": [{"agency": "b"}, {"agency": "a"}]}
    want = "answer;rule=T2;fired=yes;on=2021-04-01;agencies=a|b;masked=yes"
    tap.check("a_threshold_is_judged_whole", got("threshold:T2", fired, want) == (True, want))
    for change in ({"fired": False}, {"fired_on": "2021-04-02"}, {"masked": False}, {"contributors": [{"agency": "a"}]}):
        tap.check(f"a_threshold_with_another_{next(iter(change))}_fails", not got("threshold:T2", dict(fired, **change), want)[0])
    for state, word in (("delivering", "in-service"), ("rejected", "declined"), ("received", "sent"), ("overdue", "overdue"), ("none", "none"), ("closed", "closed")):
        tap.check(f"the_state_{state}_is_{word}", got("referral:r", {"kind": "referral-state", "state": state}, f"answer;state={word}")[0])
    tap.check("another_state_fails", not got("referral:r", {"kind": "referral-state", "state": "sent"}, "answer;state=overdue")[0])
    rows = [{"event": "concern-lodged", "message": m} for m in ("a", "b", "b")]
    with contextlib.redirect_stdout(io.StringIO()):
        once = [Killer.once(rows, {"concern-lodged": ids}) for ids in (["a"], ["a", "c"], ["a", "b"])]
    tap.check("what_is_lost_or_there_twice_fails", once == [True, False, False], once)


def roles(tap):
    tap.check("a_role_that_is_an_id_stays_as_it_is", role_id("social-worker") == "social-worker")
    odd = ["Head of Year", "head of year", "Fürsorger/in", "護士", "x" * 200, "-", "a|b"]
    ids = [role_id(r) for r in odd]
    tap.check("other_roles_become_ids_and_stay_apart", len(set(ids)) == len(odd) and all(len(i) <= ROLE_MAX and i.isascii() for i in ids), ids)
    tap.check("the_same_role_is_always_the_same_id", ids == [role_id(r) for r in odd])


def days(tap):
    tap.check("somebody_born_on_29_february_turns_sixteen_then_or_on_1_march",
              (birthday("2004-02-29", 16), birthday("2004-02-29", 17)) == ("2020-02-29", "2021-03-01"))
    tap.check("the_day_before_the_first_of_march_knows_leap_years", (day_before("2020-03-01"), day_before("2021-03-01")) == ("2020-02-29", "2021-02-28"))


def files(tap):
    with Changed() as place:
        p = player(place)
        agency = p.folder.rows("agencies")[0]["agency_id"]
        p.cabinet.write(agency, "2018-01-01")
        days_ = p.cabinet.days[agency]
        stale = []
        for day in [d.strftime("%Y-%m-%d") for d in sorted({r.as_of_date for r in p.folder.records("scenarios")})] + ["2030-01-01"]:
            p.cabinet.write(agency, day)
            for name, content in p.cabinet.files(agency, day).items():
                if (place / "agencies" / agency / name).read_text() != content:
                    stale.append((day, name))
        tap.check("files_are_as_of_the_day_though_only_changed_ones_are_written", not stale and days_, stale)
    with Changed(drop=("consents", "concerns", "thresholds", "referrals", "involvements", "scenarios")) as place:
        p = player(place)
        tap.check("tables_with_only_a_header_are_a_folder_too", len(policy_files(p.folder)) == 4 and p.cabinet.files(p.cabinet.owner, "2021-01-01"))


def main():
    tap = Tap()
    for test in (lodging, care, unborn, lives, abouts, judging, roles, days, files):
        test(tap)
    tap.done()


if __name__ == "__main__":
    main()
