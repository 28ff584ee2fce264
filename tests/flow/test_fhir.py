#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""test_fhir.py DRIVER - the FHIR backend against a stand-in that answers well, and in every way that a real server goes wrong."""
import copy
import re
import subprocess
import sys
import time
from pathlib import Path

from fhir_town import EXAMPLES, FhirTown, Place
from commands import main  # noqa: E402
from exerciselib import fhir_stand_in  # noqa: E402

DRIVER = str(Path(sys.argv[1]).resolve())
DAY = "2022-06-01"


def town(*arguments, **more):
    return FhirTown(DRIVER, *arguments, **more)


def home_of(told, person):
    return next(s["home"] for s in told["stays"] if s["person"] == person)


# --- load ---

def people_are_told_by_official_name_number_and_whole_birth_date():
    with town() as t:
        told = t.load()
        assert told["result"] == 0
        ada = next(p for p in told["people"] if p["ref"] == "ada")
        assert (ada["given"], ada["family"], ada["born"], ada["nhs"], ada["unborn"]) == ("Ada", "Penhallow", "1988-04-02", "9997001001", False)
        assert "Trelawny" not in str(told)
        assert next(p for p in told["people"] if p["ref"] == "unborn")["unborn"]


def restricted_and_merged_people_are_not_told_and_those_whom_nobody_could_find_are_counted():
    with town() as t:
        for r in t.resources:
            if r["id"] == "flagged" and r["resourceType"] == "Patient":
                r.pop("identifier")
                r["birthDate"] = "1960-12"
        told = t.load()
        people = {p["ref"]: p for p in told["people"]}
        assert set(people) == {"ada", "double-1", "double-2", "merged-new", "mother", "unborn", "yearonly"}, set(people)
        assert (people["yearonly"]["born"], people["yearonly"]["nhs"]) == ("", "9997001036")  # by the number alone
        said = "\n".join(told["reports"])
        assert "1 records passed over or cut: without a whole birth date" in said
        assert "1 records passed over or cut: without an official or usual name" in said
        assert "9997" not in said and "Marker" not in said and "flagged" not in said
        assert "ruth" not in str(told).lower()


def a_number_that_is_none_takes_nobodys_name_away():
    with town() as t:
        for r in t.resources:
            if r["id"] == "ada" and r["resourceType"] == "Patient":
                for i in r["identifier"]:
                    i["value"] = "9997001002"  # the check digit is wrong
            if r["id"] == "yearonly":
                for i in r["identifier"]:
                    i["value"] = "9997001037"
        told = t.load()
        people = {p["ref"]: p for p in told["people"]}
        assert (people["ada"]["given"], people["ada"]["nhs"]) == ("Ada", "")
        assert "yearonly" not in people  # nothing is left by which anybody could find this one
        assert "9997" not in "\n".join(told["reports"])


def addresses_become_homes_with_the_days_their_periods_say():
    with town() as t:
        told = t.load()
        homes = {h["ref"]: h for h in told["homes"]}
        stays = [(homes[s["home"]]["address"], s["from"], s["until"]) for s in told["stays"] if s["person"] == "ada"]
        assert stays == [("2 Imaginary Mews", "2015-03-01", "2019-07-01"), ("Flat 4, 11 Pretend Street", "2019-07-01", "")]
        assert not any("Works" in h["address"] for h in told["homes"])
        assert [h["shielded"] for h in told["homes"] if h["address"] == "1 Quiet Place"] == ["1900-01-01"]


def every_page_is_followed_and_a_small_page_gives_the_same_people():
    with town() as t, town("page_size = 2;") as small:
        assert small.load()["people"] == t.load()["people"]
        assert small.asked("_page=") >= 5
        assert small.asked("Patient/_search") == 1


def load_that_misses_a_page_is_given_up_to_be_tried_again():
    with town("page_size = 2;") as t:
        t.plan.add("status", "_page=", status=410)
        told = t.load()
        assert told["result"] == -11, told["result"]  # EAGAIN
        assert told["people"] == [] or len(told["reports"]) >= 1
        assert t.load()["result"] == 0


def load_from_a_server_that_is_away_is_tried_again():
    with town() as t:
        t.server.stop()
        told = t.load()
        assert told["result"] == -11 and told["people"] == [] and told["reports"]


def load_whose_entries_are_fewer_than_the_server_counts_is_given_up():
    with town() as t:
        t.plan.add("lost", "Patient/_search")
        assert t.load()["result"] == -11


def load_with_too_many_pages_is_given_up():
    with town("page_size = 1; pages_most = 3;") as t:
        told = t.load()
        assert told["result"] == -11 and "more pages" in told["reports"][0]


def check_puts_every_search_about_nobody_and_tells_which_the_server_does_not_know():
    questions = 'questions = ( { id = "q"; rule = "ever"; kinds = [ "x" ]; } );'
    unknown = 'searches = ( { name = "lost"; resource = "Flag"; query = "of-whom={patient}"; }, { name = "good"; resource = "Flag"; query = "patient={patient}"; } );'
    with town() as t:
        assert t.load(strict=True)["result"] == 0
        assert t.asked("Encounter/_search") == 2 and t.asked("Task/_search") == 1
    with town(searches=unknown, questions=questions) as t:
        for strict, why in ((True, "status 400"), (False, "asked about nobody")):
            t.server.strict = strict
            assert t.load()["result"] == 0
            told = t.load(strict=True)
            assert told["result"] == -22, told["result"]  # EINVAL
            assert [why in r and "search lost" in r for r in told["reports"] if "nobody" in r] == [True], told["reports"]


# --- answers ---

def questions_are_answered_from_encounters_conditions_and_flags():
    with town() as t:
        assert t.answer("clinic-30", "2021-05-20", "ada") == "yes"
        assert t.answer("clinic-30", "2021-07-20", "ada") == "no"
        assert t.answer("pregnant", "2021-01-31", "ada") == "no"
        assert t.answer("pregnant", "2021-02-01", "ada") == "yes"
        assert t.answer("pregnant", "2021-10-20", "ada") == "yes"  # an end holds for its day
        assert t.answer("pregnant", "2021-10-21", "ada") == "no"
        assert t.answer("two-to-visit", DAY, "flagged") == "yes"
        assert t.answer("two-to-visit", "2021-02-28", "flagged") == "no"
        assert t.answer("crisis-ever", DAY, "flagged") == "no"


def instant_is_the_civil_day_of_london():
    with town() as t:
        assert t.answer("clinic-30", "2021-06-10", "ada") == "yes"  # 2021-05-10T23:30Z is the 11th in London
        assert t.answer("clinic-30", "2021-06-11", "ada") == "no"


def planned_refuted_and_restricted_resources_count_as_not_there():
    with town() as t:
        assert t.answer("clinic-30", "2022-01-15", "ada") == "no"
        assert t.answer("refuted-ever", DAY, "ada") == "no"
        assert t.answer("crisis-ever", DAY, "ada") == "no"


def date_of_which_only_the_month_is_known_is_not_guessed_at():
    with town() as t:
        assert t.answer("clinic-ever", "2020-01-31", "ada") == "no"
        assert t.answer("clinic-ever", "2020-02-15", "ada") == "partial"
        assert t.answer("clinic-ever", "2020-02-29", "ada") == "yes"
        assert t.answer("clinic-30", "2020-03-10", "ada") == "partial"
        assert t.answer("clinic-30", "2020-06-10", "ada") == "no"


def flag_that_is_over_since_nobody_knows_when_is_not_a_no():
    with town() as t:
        assert t.answer("dog", DAY, "flagged") == "partial"
        assert t.answer("dog", "2021-02-01", "flagged") == "no"


def involvement_is_an_open_episode_and_who_tells_service_lead_and_since():
    with town() as t:
        assert t.answer("with-us", DAY, "ada") == "yes"
        out = t.who(DAY, "ada")
        assert (out["value"], out["service"], out["lead"], out["since"]) == ("yes", "Health visiting", "Loveday Carne", "2020-09-14")
        assert t.answer("with-us", "2020-09-13", "ada") == "no"
        assert t.answer("nursing", "2021-12-31", "flagged") == "yes"
        assert t.answer("nursing", "2022-01-01", "flagged") == "no"
        assert t.answer("with-us", "2022-01-01", "flagged") == "partial"  # an inactive team without an end


def residence_is_yes_for_the_home_of_the_day_and_no_for_another():
    with town() as t:
        told = t.load()
        now = home_of({"stays": [s for s in told["stays"] if not s["until"]]}, "ada")
        before = home_of({"stays": [s for s in told["stays"] if s["until"]]}, "ada")
        assert t.answer("lives-at", DAY, "ada", parameter={"homes": [now]}) == "yes"
        assert t.answer("lives-at", DAY, "ada", parameter={"homes": [before]}) == "no"
        assert t.answer("lives-at", "2016-01-01", "ada", parameter={"homes": [before]}) == "yes"
        assert t.answer("lives-at", DAY, "double-1", parameter={"homes": [now]}) == "ambiguous"
        assert t.answer("lives-at", DAY, "flagged", parameter={"homes": [now]}) == "not-known"


def household_contact_counts_for_who_lived_there_then():
    with town() as t:
        home = home_of({"stays": [s for s in t.load()["stays"] if not s["until"]]}, "ada")
        assert t.answer("visited", DAY, "ada") == "yes"
        assert t.answer("visited", "2021-07-31", "ada") == "no"
        assert t.answer("visited", DAY, "mother") == "no"
        # The home is typed, for whom our own record does not say it.
        assert t.answer("visited", DAY, "mother", places=[{"homes": [home], "from": "2021-01-01", "until": ""}]) == "yes"
        assert t.answer("visited", DAY, "mother", places=[{"homes": [home], "from": "2021-09-01", "until": ""}]) == "no"
        assert t.answer("visited", DAY, None, places=[{"homes": [home], "from": "2021-01-01", "until": ""}]) == "yes"


def household_answers_by_its_own_contacts_and_never_by_those_of_somebody_restricted():
    with town() as t:
        home = home_of({"stays": [s for s in t.load()["stays"] if not s["until"]]}, "ada")
        assert t.answer("visited", DAY, household={"homes": [home]}) == "yes"
        assert t.answer("visited", "2021-07-31", household={"homes": [home]}) == "no"
        assert t.answer("home-clinic", DAY, household={"homes": [home]}) == "no"  # it was Ruth's
        assert t.answer("visited", DAY, household={"homes": []}) == "not-known"
        assert t.answer("pregnant", DAY, household={"homes": [home]}) == "unsupported"


def event_at_a_home_about_somebody_without_a_reference_is_nobody_elses():
    with town() as t:
        home = home_of({"stays": [s for s in t.load()["stays"] if not s["until"]]}, "ada")
        visit = next(r for r in t.resources if r["id"] == "home-1")
        for subject, household in (({"identifier": {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9997001028"}}, "partial"), ({"display": "somebody"}, "partial"),
                                   ({"reference": "Group/g1"}, "no"), ({"reference": "Location/pretend-street"}, "yes")):
            visit["subject"] = subject
            assert t.answer("visited", DAY, household={"homes": [home]}) == household, subject
            assert t.answer("visited", DAY, "ada") == ("yes" if household == "yes" else "no"), subject


def question_that_is_not_configured_is_unsupported():
    with town() as t:
        assert t.answer("nothing", DAY, "ada") == "unsupported"
        assert t.answer("lives-at", DAY, "ada") == "unsupported"


# --- who it is ---

def number_of_several_records_is_ambiguous_and_that_of_merged_ones_is_not():
    with town() as t:
        assert t.answer("clinic-ever", DAY, "double-1") == "ambiguous"
        assert t.answer("clinic-ever", DAY, "merged-new") == "yes"  # what stayed with the old record
        assert t.answer("clinic-ever", DAY, "merged-old") == "yes"


def record_that_ended_without_a_link_to_the_one_with_its_number_is_ambiguous():
    with town() as t:
        for r in t.resources:
            if r["id"] in ("merged-old", "merged-new"):
                r.pop("link")
        assert t.answer("clinic-ever", DAY, "merged-old") == "ambiguous"
        assert t.answer("clinic-ever", DAY, "merged-new") == "no"


def restricted_removed_and_unknown_people_are_not_known_alike():
    with town() as t:
        assert t.answer("clinic-ever", DAY, "ruth") == "not-known"
        assert t.answer("clinic-ever", DAY, "nobody") == "not-known"
        assert t.answer("with-us", DAY, "ruth") == t.answer("with-us", DAY, "nobody") == "not-known"
        assert t.who(DAY, "ruth") | {"ms": 0} == t.who(DAY, "nobody") | {"ms": 0}


def person_restricted_since_the_load_is_not_known():
    with town() as t:
        assert t.answer("clinic-ever", DAY, "ada") == "yes"
        label = {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]}
        next(r for r in t.resources if r["id"] == "ada" and r["resourceType"] == "Patient")["meta"] = label
        assert t.answer("clinic-ever", DAY, "ada") == "not-known"


def double_that_is_restricted_makes_the_number_nobodys():
    with town() as t:
        label = {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "V"}]}
        next(r for r in t.resources if r["id"] == "double-2")["meta"] = label
        assert t.answer("clinic-ever", DAY, "double-1") == "not-known"


def unborn_child_is_not_a_double_of_its_mother():
    with town() as t:
        assert t.answer("clinic-ever", DAY, "mother") == "no"
        assert t.answer("clinic-ever", DAY, "unborn") == "no"


def reference_that_is_no_id_never_reaches_the_server():
    with town() as t:
        for bad in ("../Patient/ada", "a?b=c", "", "x" * 80):
            assert t.answer("clinic-ever", DAY, bad or "/") == "not-known"
        assert t.server.requests == []


# --- what goes wrong ---

def failing(t, what, where="Encounter", expected="failed", **more):
    t.plan.clear()
    t.plan.add(what, where, times=None, **more)
    out = t.answer("clinic-ever", DAY, "ada")
    assert out == expected, f"{what} {more}: {out}"


def error_inside_a_reply_of_status_200_is_no_answer():
    with town() as t:
        failing(t, "outcome")
        failing(t, "outcome", severity="information")  # no searchset either way
        for mode in ("match", "outcome", ""):
            failing(t, "entry", resource=fhir_stand_in.outcome("error", "exception"), mode=mode)
            failing(t, "entry", resource=fhir_stand_in.outcome("fatal", "exception"), mode=mode)
        failing(t, "entry", resource=fhir_stand_in.outcome("warning", "informational"), mode="match")
        failing(t, "outcome", where="Patient/_search")


def warning_among_the_entries_is_no_error_and_one_of_incompleteness_is_never_a_no():
    with town() as t:
        failing(t, "entry", resource=fhir_stand_in.outcome("warning", "informational"), mode="outcome", expected="yes")
        failing(t, "entry", resource=fhir_stand_in.outcome("warning", "incomplete"), mode="outcome", expected="yes")
        t.plan.clear()
        t.plan.add("entry", "Encounter", times=None, resource=fhir_stand_in.outcome("warning", "incomplete"), mode="outcome")
        assert t.answer("clinic-30", "2021-07-20", "ada") == "partial"


def reply_that_is_not_whole_json_of_the_right_kind_is_no_answer():
    with town() as t:
        failing(t, "html")
        failing(t, "truncated")
        failing(t, "cut")
        failing(t, "drop")
        failing(t, "raw", body=b'{"resourceType":"Bundle","resourceType":"Bundle","type":"searchset"}')
        failing(t, "raw", body=b'{"resourceType":"Bundle","type":"searchset"} trailing')
        failing(t, "raw", body=b'[]')
        failing(t, "raw", body=b'{"resourceType":"Bundle","type":"searchset","entry":[{}]}')
        failing(t, "raw", body=b'{"resourceType":"Bundle","type":"searchset"}', media="application/jsonp")
        failing(t, "raw", body=b"[" * 100000)
        failing(t, "type", type="history")
        failing(t, "raw", body=b'{"resourceType":"Bundle","type":"searchset"}', media="application/json", expected="no")


def anothers_affairs_in_a_reply_are_refused_whole():
    with town() as t:
        other = next(r for r in t.resources if r["id"] == "merged-1")
        failing(t, "entry", resource=other)
        nobody = {k: v for k, v in other.items() if k != "subject"}
        failing(t, "entry", resource=nobody)
        failing(t, "entry", resource=next(r for r in t.resources if r["id"] == "ada-c1"))
        stranger = next(r for r in t.resources if r["id"] == "flagged" and r["resourceType"] == "Patient")
        failing(t, "entry", where="Patient/_search", resource=stranger)
        failing(t, "entry", resource=stranger, mode="include", expected="yes")
        failing(t, "other", where="Patient/ada", resource=stranger)


def subject_named_by_number_alone_is_the_person_and_no_other():
    with town() as t:
        number = {"identifier": {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "999 700 1001"}}
        event = dict(next(r for r in t.resources if r["id"] == "ada-1"), id="numbered", subject=number, period={"start": "2022-05-20"})
        t.plan.add("entry", "Encounter", resource=event)
        assert t.answer("clinic-30", DAY, "ada") == "yes"
        for change in ({"value": "9997001028"}, {"system": "urn:oid:1.2.3"}, {"value": ""}):
            failing(t, "entry", resource=dict(event, subject={"identifier": dict(number["identifier"], **change)}))


def anothers_home_in_a_reply_is_refused_whole():
    with town() as t:
        away = copy.deepcopy(next(r for r in t.resources if r["id"] == "home-1"))
        away["location"][0]["location"]["reference"] = "Location/refuge"
        t.plan.add("entry", "Encounter", skip=1, resource=away)
        assert t.answer("visited", DAY, "ada") == "failed"


def server_that_leaves_out_a_parameter_is_told_to_refuse_and_what_it_sends_anyway_is_not_believed():
    with town() as t:
        t.answer("clinic-ever", DAY, "ada")
        assert all(h.get("Prefer") == "handling=strict" for _, _, _, h in t.server.requests)
    questions = 'questions = ( { id = "q"; rule = "ever"; kinds = [ "x" ]; } );'
    unknown = 'searches = ( { resource = "Flag"; query = "of-whom={patient}"; } );'
    with town(searches=unknown, questions=questions) as t:
        assert t.answer("q", DAY, "ada") == "failed"
        t.server.strict = False
        assert t.answer("q", DAY, "ada") == "failed"


def busy_server_is_waited_for_when_it_fits_and_is_not_hammered_when_it_does_not():
    with town() as t:
        t.plan.add("busy", "Encounter", after=1)
        began = time.monotonic()
        assert t.answer("clinic-ever", DAY, "ada") == "yes"
        assert time.monotonic() - began >= 1
        t.plan.add("busy", "Encounter", status=503)  # without Retry-After
        assert t.answer("clinic-ever", DAY, "ada") == "yes"
        t.plan.add("busy", "Encounter", times=None, after=600)
        began, before = time.monotonic(), len(t.server.requests)
        assert t.answer("clinic-ever", DAY, "ada") == "failed"
        asked = len(t.server.requests) - before
        for _ in range(20):
            assert t.answer("clinic-ever", DAY, "ada") == "failed"
        assert len(t.server.requests) - before == asked, "asked again while it should pause"
        assert time.monotonic() - began < 15


def http_date_in_retry_after_is_understood():
    with town() as t:
        later = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 900))
        t.plan.add("busy", "Encounter", times=None, after=later)
        assert t.answer("clinic-ever", DAY, "ada") == "failed"
        before = len(t.server.requests)
        assert t.answer("clinic-ever", DAY, "ada") == "failed"
        assert len(t.server.requests) == before


def hung_server_costs_the_time_there_is_and_no_more():
    with town() as t:
        t.plan.add("hang", "Encounter", times=None, seconds=30)
        began = time.monotonic()
        assert t.answer("clinic-ever", DAY, "ada", within_ms=1500) == "failed"
        assert time.monotonic() - began < 8
        t.plan.clear()
        assert t.answer("clinic-ever", DAY, "ada") == "yes"


def redirect_is_refused():
    with town() as t:
        for to in (t.server.base("trust") + "/Encounter", "https://example.org/", "http://127.0.0.1:1/", "file:///etc/passwd"):
            failing(t, "redirect", to=to)


def statuses_that_are_no_answer_are_failures():
    with town() as t:
        for status in (204, 206, 400, 403, 404, 500, 502):
            failing(t, "status", status=status)
        failing(t, "status", where="Patient/ada", status=403)


def next_page_on_another_server_or_of_no_use_is_not_followed():
    with town() as t:
        for url in ("https://example.org/next", t.server.root.replace("https", "http") + "/trust?_page=x", "https://user@127.0.0.1/x", "http://[", "file:///etc/passwd",
                    t.server.base("trust") + "/Encounter/_search"):
            failing(t, "next", url=url)
        assert t.asked("passwd") == 0


def later_page_that_is_missing_makes_no_into_cannot_say_and_leaves_yes():
    with town("page_size = 1;") as t:
        t.plan.add("status", "_page=", times=None, status=410)
        assert t.answer("clinic-30", "2021-05-20", "ada") in ("yes", "partial")
        assert t.answer("crisis-ever", DAY, "ada") == "partial"
        t.plan.clear()
        assert t.answer("crisis-ever", DAY, "ada") == "no"
        # Of the records of a number all must be there.
        t.plan.add("next", "Patient/_search", times=None, url="?_page=gone")
        assert t.answer("crisis-ever", DAY, "ada") == "failed"


def state_whose_end_may_be_on_a_missing_page_is_not_a_yes():
    with town() as t:
        assert t.answer("clinic-list", DAY, "ada") == "yes"
        t.plan.add("total", "Encounter", times=None, total=9)
        assert t.answer("clinic-list", DAY, "ada") == "partial"
        t.plan.clear()
        assert t.answer("pregnant", "2021-10-20", "ada") == "yes"
        t.plan.add("total", "Condition", times=None, total=9)
        assert t.answer("pregnant", "2021-10-20", "ada") == "yes"  # a period says its own end


def pages_without_end_are_bounded():
    with town("page_size = 1; answer_pages = 2;") as t:
        assert t.answer("crisis-ever", DAY, "ada") == "partial"


def reply_without_end_is_bounded():
    with town() as t:
        began = time.monotonic()
        failing(t, "huge", bytes=200 << 20)
        assert time.monotonic() - began < 20


def total_that_says_more_is_partial():
    with town() as t:
        t.plan.add("total", "Encounter", times=None, total=9)
        assert t.answer("crisis-ever", DAY, "ada") == "partial"
        assert t.answer("clinic-ever", DAY, "ada") == "yes"


def server_of_another_authority_is_not_asked():
    with Place() as other, town() as t:
        stranger = fhir_stand_in.make_certificates(other.path)
        with FhirTown(DRIVER, "", tls=True) as s:
            conf = s.file("other.conf", open(s.conf).read().replace(t.certificates["ca"], stranger["ca"]))
            s.backend.close()
            s.backend = type(s.backend)(DRIVER, conf)
            assert s.answer("clinic-ever", DAY, "ada") == "failed"
            assert s.server.requests == []


def plain_http_is_refused_but_to_loopback_where_that_is_said():
    with Place() as p:
        conf = lambda base, more: p.file("a.conf", f'fhir = {{ base = "{base}"; {more} }};')
        run = lambda *a: subprocess.run([DRIVER, conf(*a)], input="", capture_output=True, text=True, timeout=30).returncode
        assert run("http://127.0.0.1:1/x", "") == 78
        assert run("http://127.0.0.1:1/x", "insecure_loopback = true;") == 0
        assert run("http://localhost.example:1/x", "insecure_loopback = true;") == 78
        assert run("http://127.0.0.1.example:1/x", "insecure_loopback = true;") == 78
        assert run("ftp://example.org/x", "") == 78
        assert run("https://user@example.org/x", "") == 78
    with town(tls=False) as t:
        assert t.answer("clinic-ever", DAY, "ada") == "yes"


def no_number_query_or_name_is_logged_or_stands_in_a_path():
    with town() as t:
        t.load()
        failing(t, "html")
        failing(t, "html", where="Patient/_search")
        paths = [path for _, path, _, _ in t.server.requests]
    assert "fhir-trouble" in t.log
    for secret in ("9997001001", "identifier", "Penhallow", "patient=", "?"):
        assert secret not in t.log, secret
        assert secret == "?" or not any(secret in p for p in paths), secret


def searches_can_be_sent_by_get_where_a_server_takes_nothing_else():
    with town('method = "get";') as t:
        assert t.answer("clinic-ever", DAY, "ada") == "yes"
        assert t.asked("_search") == 0 and t.asked("identifier=") == 1


# --- credentials ---

def keys_of(place):
    """A key pair of each algorithm: name -> (private, public)."""
    out = {}
    for alg, how in (("RS384", ("genrsa", "-out")), ("ES384", ("ecparam", "-name", "secp384r1", "-genkey", "-noout", "-out"))):
        private, public = f"{place}/{alg}.pem", f"{place}/{alg}.pub"
        fhir_stand_in.openssl(*how, private)
        fhir_stand_in.openssl("pkey", "-in", private, "-pubout", "-out", public)
        Path(private).chmod(0o600)
        out[alg] = (private, public)
    return out


class SignedTown(FhirTown):
    def __init__(self, keys, alg="RS384", told_alg=None, life_s=300, **more):
        oauth = fhir_stand_in.OAuth("almoner", keys[alg][1], "https://as.example/token", told_alg or alg, life_s)
        server = fhir_stand_in.StandIn  # its address is known before the configuration is written
        super().__init__(DRIVER, "", oauth=oauth, **more)
        self.backend.close()
        text = open(self.conf).read().replace("fhir = {\n", f'''fhir = {{
  oauth = {{ token_url = "{self.server.root}/token"; audience = "https://as.example/token"; client_id = "almoner"; kid = "k1"; scope = "system/*.rs"; alg = "{alg}"; key_file = "{keys[alg][0]}"; }};
''')
        self.backend = type(self.backend)(DRIVER, self.file("adapter.conf", text))
        self.oauth = oauth


def token_is_had_for_a_signed_assertion_and_kept_until_it_is_near_its_end():
    with Place() as p:
        keys = keys_of(p.path)
        for alg in keys:
            with SignedTown(keys, alg) as t:
                assert t.answer("clinic-ever", DAY, "ada") == "yes", alg
                assert t.answer("clinic-30", DAY, "ada") == "no"
                assert t.oauth.issued == 1
        with SignedTown(keys, life_s=20) as t:  # less than the spare time: had again for each request
            assert t.answer("clinic-ever", DAY, "ada") == "yes"
            assert t.oauth.issued > 1


def token_that_was_taken_back_is_had_anew_once():
    with Place() as p, SignedTown(keys_of(p.path)) as t:
        assert t.answer("clinic-ever", DAY, "ada") == "yes"
        t.oauth.revoke()
        assert t.answer("clinic-ever", DAY, "ada") == "yes"
        assert t.oauth.issued == 2
        t.oauth.live = lambda: set()
        before = t.oauth.issued
        assert t.answer("clinic-ever", DAY, "ada") == "failed"
        assert t.oauth.issued - before <= 2


def assertion_that_is_not_believed_and_a_token_that_is_none_are_failures():
    with Place() as p:
        keys = keys_of(p.path)
        with SignedTown(keys, told_alg="ES384") as t:
            assert t.answer("clinic-ever", DAY, "ada") == "failed"
            assert t.asked("/trust") == 0
        with SignedTown(keys) as t:
            for body in (b'{}', b'{"access_token":"x","token_type":"mac"}', b'{"access_token":"a\\r\\nX: y","token_type":"Bearer"}', b'{"access_token":"","token_type":"Bearer"}', b'nonsense'):
                t.plan.clear()
                t.plan.add("raw", "/token", times=None, body=body, media="application/json")
                assert t.answer("clinic-ever", DAY, "ada") == "failed", body
            assert t.asked("/trust") == 0
            t.plan.clear()
            Path(keys["RS384"][0]).chmod(0o644)
            assert t.answer("clinic-ever", DAY, "ada") == "failed"
        assert keys["RS384"][0] not in t.log and "eyJ" not in t.log


def server_that_wants_a_certificate_gets_ours():
    certificates = None
    with town() as t:
        certificates = t.certificates
    ours = f'client_cert = "{certificates["client_cert"]}"; client_key = "{certificates["client_key"]}";'
    with town(ours, client_ca=certificates["ca"]) as t:
        assert t.answer("clinic-ever", DAY, "ada") == "yes"
    with town("", client_ca=certificates["ca"]) as t:
        assert t.answer("clinic-ever", DAY, "ada") == "failed"


# --- why we may ask ---

def relationship_is_our_own_episode_a_housemates_or_a_request_about_the_home():
    with town() as t:
        out = t.relate(DAY, "ada")
        assert (out["result"], out["kind"], out["since"]) == (0, "involved", "2020-09-14")
        assert t.relate("2022-06-01", "flagged")["kind"] == "was-involved"
        assert t.relate("2023-06-01", "flagged")["kind"] == "none"
        home = home_of({"stays": [s for s in t.load()["stays"] if not s["until"]]}, "ada")
        assert t.relate(DAY, None, places=[{"homes": [home], "from": "2022-01-01", "until": ""}])["kind"] == "same-home"
        assert t.relate("2020-01-01", None, places=[{"homes": [home], "from": "2020-01-01", "until": ""}])["kind"] == "none"
        assert t.relate(DAY, "nobody")["kind"] == "none"
        # Without Ada it is the request about the home.
        t.server.put("trust", [r for r in t.resources if r["id"] not in ("ada", "ada-e1")])
        assert t.relate(DAY, None, places=[{"homes": [home], "from": "", "until": ""}])["kind"] == "referral"
        t.plan.add("status", "Task", status=500)
        assert t.relate(DAY, None, places=[{"homes": [home], "from": "", "until": ""}])["result"] == -5


# --- configuration ---

def mistakes_of_a_configuration_are_told_with_their_lines():
    bad = '''fhir = {
  base = "https://trust.example/r4?x=1";
  page_size = 0;
  colour = "blue";
  client_cert = "a.pem";
  searches = (
    { resource = "Encounter"; query = "patient=1"; },
    { resource = "Enc ounter"; query = "patient={patient}"; },
    { resource = "Observation"; query = "patient={patient}"; },
    { name = "a"; resource = "Flag"; query = "patient={patient}"; date = "period..start"; },
    { name = "a"; resource = "Flag"; query = "patient={patient}"; kinds = ( { kind = "x"; } ); },
    { resource = "Encounter"; query = "location={location}"; }
  );
  involvements = ( { resource = "EpisodeOfCare"; query = "location={location}"; } );
  oauth = { token_url = "http://as.example/token"; client_id = "x"; key_file = "k.pem"; alg = "HS256"; };
};
questions = (
  { id = "a"; rule = "window"; kinds = [ "x" ]; },
  { id = "b"; rule = "ever"; kinds = [ "x" ]; searches = [ "nowhere" ]; },
  { id = "c"; rule = "residence"; kinds = [ "x" ]; },
  { id = "c"; rule = "ever"; }
);
'''
    with Place() as p:
        done = subprocess.run([DRIVER, p.file("bad.conf", bad)], input="", capture_output=True, text=True, timeout=30)
    assert done.returncode == 78
    for line in (1, 3, 4, 7, 8, 9, 10, 11, 12, 14, 15, 18, 19, 20, 21):
        assert f"bad.conf:{line}:" in done.stdout, f"nothing of line {line}: {done.stdout}"


def example_configuration_loads_and_answers():
    text = (EXAMPLES.parents[2] / "adapters/fhir/example/adapter.conf").read_text()
    with town() as t:
        text = re.sub(r'base = "[^"]*"', f'base = "{t.server.base("trust")}"; ca_file = "{t.certificates["ca"]}"', text)
        text = re.sub(r"(?s)oauth = \{.*?\};", "", text)
        t.backend.close()
        t.backend = type(t.backend)(DRIVER, t.file("example.conf", text))
        assert (t.load(strict=True)["result"], t.answer("seen-90", "2021-06-01", "ada"), t.answer("pregnant-now", "2021-06-01", "ada")) == (0, "yes", "yes")
        assert t.answer("visit-in-pairs", DAY, "flagged") == t.answer("health-visiting", DAY, "ada") == "yes"


TESTS = [value for name, value in list(globals().items())
         if callable(value) and getattr(value, "__module__", "") == "__main__" and name not in ("town", "home_of", "failing", "keys_of", "SignedTown")]
if __name__ == "__main__":
    main(TESTS)
