#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""test_policy_tools.py BINS RULES SMALL - the officers' policy commands on the England starter, through the front door: matrix, diff, explain, test,
replay, check, init and the acknowledging of activate. Sockets here play the broker."""
import base64
import csv
import functools
import inspect
import io
import json
import math
import os
import random
import shutil
import sys

import large_policy
from commands import Place, expect, main
from test_officer import ALICE, BOB, ORIGIN, Broker, OFFICER, officers

RULES, SMALL = sys.argv[2], sys.argv[3]
ENGLAND = os.path.join(RULES, "england")
DAY = "2026-11-22"
ASK = ["--agency", "example-primary", "--role", "teacher", "--purpose", "early-help", "--question", "cp-plan-current", "--at", DAY]
HOMES_ASK = ("protocols.policy", '{ agency = "example-homes"; ask = "no"', '{ agency = "example-homes"; ask = "full"')  # an edit for draft()
AXES = ["purposes", "agencies", "roles", "asked", "subjects", "relationships", "stated", "shields", "consents", "overrides"]


def draft(p, name, *edits):
    """A copy of the starter with edits (file, find, replace), each of which must change something."""
    shutil.copytree(ENGLAND, os.path.join(p.path, name), ignore=lambda _, names: [n for n in names if n.endswith(".cases")])
    for file, find, replace in edits:
        path = os.path.join(p.path, name, file)
        with open(path, encoding="utf-8") as f:
            text = f.read()
        assert find in text, f"{find!r} is not in {file}"
        with open(path, "w", encoding="utf-8") as f:
            f.write(text.replace(find, replace, 1))
    return name


def json_of(done, code=0):
    expect(done, code)
    return json.loads(done.stdout)


@functools.cache
def starters_matrix():
    """The starter's matrix as JSON, which several tests look at."""
    with Place() as p:
        return json_of(p.run(OFFICER, "policy", "matrix", ENGLAND, "--json"))


@functools.cache
def homes_diff():
    """What is different when the homes may ask: HOMES_ASK."""
    with Place() as p:
        return json_of(p.run(OFFICER, "policy", "diff", ENGLAND, draft(p, "draft", HOMES_ASK), "--json"), 1)


def compiled(p, path, active=None):
    """A policy's compiled bytes in base64 and its hash, as a saved change has them."""
    broker = Broker(p, "compile.sock", broker_of(active or {}, ""))
    save = os.path.join(p.path, "compile.change")
    expect(p.run(OFFICER, "policy", "activate", path, *ALICE, "--save", save, "--control", broker.path), 0)
    broker.close()
    os.unlink(broker.path)
    with open(save, encoding="utf-8") as f:
        change = json.loads(json.load(f)["change"])
    os.unlink(save)
    return change["hash"], change["bundle"]


def broker_of(bundles, active, **more):
    """A core that has these bundles, one of them in force."""
    def answer(request):
        if request["op"] == "policy":
            return [{"ok": True, "policy": active, "name": "x"}]
        if request["op"] == "bundle":
            if request["hash"] in bundles:
                return [dict({"ok": True, "hash": request["hash"], "bundle": bundles[request["hash"]]}, **more)]
            return [{"ok": False, "error": "no-such-bundle", "message": "this broker never had a policy of that hash", "exit": 66}]
        if request["op"] == "status":
            return [{"ok": True, "mode": "exercise", "origin": ORIGIN}]
        return [{"ok": True, "leaf": 7}]
    return answer


# --- matrix ---
def matrix_holds_each_cell_in_exactly_one_line():
    m = starters_matrix()
    domain, days = {a: m["domain"][a] for a in AXES}, m["domain"]["days"]
    assert math.prod(len(v) for v in domain.values()) * len(days) == m["cells"]
    assert abs(sum(line["cells"] for line in m["lines"]) - m["cells"]) < 1
    sets = [{a: set(domain[a] if line[a] == ["*"] else line[a]) for a in AXES} for line in m["lines"]]
    rng = random.Random(20261122)
    for _ in range(2000):
        cell, day = {a: rng.choice(domain[a]) for a in AXES}, rng.choice(days)
        found = [i for i, s in enumerate(sets) if all(cell[a] in s[a] for a in AXES) and
                 any((r["from"] or "") <= day <= (r["to"] or "9") for r in m["lines"][i]["days"])]
        assert len(found) == 1, (cell, day, found)


def matrix_says_lines_in_plain_english():
    with Place() as p:
        said = expect(p.run(OFFICER, "policy", "matrix", ENGLAND, "--purpose", "early-help", "--agency", "example-primary", "--question",
                            "cp-plan-current"), 0, "cells in")
        assert "example-primary" in said and "asking under early-help about cp-plan-current" in said
        assert "permitted by consent; asks example-council-assessment-team, example-council-childrens-services" in said, said[:800]
        assert "refused, shielded-existence (hidden: told as cannot-say)" in said


def matrix_as_csv_has_as_many_lines():
    with Place() as p:
        lines = list(csv.DictReader(io.StringIO(p.run(OFFICER, "policy", "matrix", ENGLAND, "--csv").stdout)))
        assert len(lines) == len(starters_matrix()["lines"])
        assert {"purposes", "agencies", "outcome", "reason", "asks", "masked"} <= set(lines[0])
        assert {line["outcome"] for line in lines} == {"permitted", "refused"}


def matrix_reads_compiled_files_hashes_and_the_policy_in_force():
    with Place() as p:
        officers(p)
        digest, bundle = compiled(p, SMALL)
        p.file("small.bundle", base64.b64decode(bundle))
        want = p.run(OFFICER, "policy", "matrix", SMALL, "--csv").stdout
        assert p.run(OFFICER, "policy", "matrix", "small.bundle", "--csv").stdout == want
        broker = Broker(p, "control.sock", broker_of({digest: bundle}, digest))
        at = ["--control", broker.path]
        assert p.run(OFFICER, "policy", "matrix", digest, "--csv", *at).stdout == want
        assert p.run(OFFICER, "policy", "matrix", "--active", "--csv", *at).stdout == want
        broker.close()


def policies_that_cannot_be_had_are_refused_with_what_to_do():
    with Place() as p:
        officers(p)
        digest, bundle = compiled(p, SMALL)
        other, other_bundle = compiled(p, ENGLAND)
        p.file("cut.bundle", base64.b64decode(bundle)[:-9])
        for argv, code, says in (
                (["matrix"], 64, "--active for the one in force"),
                (["matrix", SMALL, "--active"], 64, "not both"),
                (["matrix", "/nonexistent"], 66, "No such file"),
                (["matrix", "--active"], 64, "where is the broker?"),
                (["matrix", "--active", "--control", "/nonexistent"], 69, "no broker listens"),
                (["matrix", "cut.bundle"], 65, "not a compiled policy"),
                (["matrix", "a.key"], 65, "nothing was compiled"),
                (["matrix", SMALL, "--csv", "--json"], 64, "not both"),
                (["matrix", SMALL, "--purpose", "nothing"], 65, "no such purpose"),
                (["matrix", SMALL, "--agency", "nobody"], 65, "no such agency"),
                (["matrix", SMALL, "--role", "king"], 65, "no such role"),
                (["matrix", SMALL, "--question", "why"], 65, "no such question"),
                (["matrix", SMALL, "--consent", "given"], 64, "takes no --consent"),
                (["diff", SMALL], 64, "two policies"),
                (["diff", SMALL, SMALL, "--active"], 64, "two policies"),
                (["diff", SMALL, "/nonexistent"], 66, "No such file")):
            expect(p.run(OFFICER, "policy", *argv), code, says)
        for answer, code, says in (
                (broker_of({}, ""), 69, "no policy is in force"),
                (broker_of({}, digest), 66, "never had a policy"),
                (broker_of({digest: other_bundle}, digest), 76, "not the one with hash"),
                (broker_of({digest: "!!"}, digest), 76, "not base64"),
                (broker_of({digest: 5}, digest), 76, "holds no bundle"),
                (broker_of({digest: "AAAA"}, digest), 65, "not a compiled policy")):
            broker = Broker(p, "control.sock", answer)
            expect(p.run(OFFICER, "policy", "matrix", "--active", "--control", broker.path), code, says)
            broker.close()
            os.unlink(broker.path)


# --- diff ---
def diff_of_a_policy_with_itself_is_nothing():
    with Place() as p:
        expect(p.run(OFFICER, "policy", "diff", ENGLAND, ENGLAND), 0, "no difference")
        assert json_of(p.run(OFFICER, "policy", "diff", ENGLAND, ENGLAND, "--json"))["groups"] == []


def diff_shows_each_effect_with_an_example():
    with Place() as p:
        for edit, effect in (
                (HOMES_ASK, "now-permitted"),
                (("protocols.policy", '{ agency = "example-primary"; ask = "full"', '{ agency = "example-primary"; ask = "no"'), "now-refused"),
                (("protocols.policy", 'to = "2028-12-31"', 'to = "2027-12-31"'), "now-refused"),
                (("partnership.policy", 'sensitive = true; controller = "Example NHS Trust"', 'controller = "Example NHS Trust"'), "other-visibility"),
                (("consent.policy", 'capacity = "parent"; able = true', 'capacity = "parent"; able = false'), "now-refused")):
            name = draft(p, "draft", edit)
            got = json_of(p.run(OFFICER, "policy", "diff", ENGLAND, name, "--json"), 1)
            assert got["effects"][effect]["groups"] > 0 and got["effects"][effect]["cells"] > 0, (edit, got["effects"])
            for group in got["groups"]:
                assert group["before"] != group["after"] and group["example"]["agency"] and group["effect"] in got["effects"]
            expect(p.run(OFFICER, "policy", "diff", ENGLAND, name), 1, "before:", "after:", "example:", got["groups"][0]["group"])
            shutil.rmtree(os.path.join(p.path, name))


def diff_examples_are_decided_so_by_explain():
    with Place() as p:
        name = draft(p, "draft", HOMES_ASK)
        for group in homes_diff()["groups"]:
            e = group["example"]
            words = ["--agency", e["agency"], "--role", e["role"], "--purpose", e["purpose"], "--question", e["asked"], "--at", e["day"], "--subject",
                     e["subject"], "--relationship", e["relationship"], "--stated", e["stated"], "--shield", e["shield"], "--consent", e["consent"]]
            for path, side in ((ENGLAND, "before"), (name, "after")):
                got = json_of(p.run(OFFICER, "policy", "explain", path, *words, "--json"))["decision"]
                assert (got["outcome"], got["reason"]) == (group[side]["outcome"], group[side]["reason"]), (e, got, group[side])


def diff_is_the_opposite_backwards():
    with Place() as p:
        name = draft(p, "draft", HOMES_ASK)
        there = homes_diff()["effects"]
        back = json_of(p.run(OFFICER, "policy", "diff", name, ENGLAND, "--json"), 1)["effects"]
        assert there["now-permitted"] == back["now-refused"] and there["now-refused"] == back["now-permitted"]


def diff_tells_of_changed_words_and_terms_too():
    with Place() as p:
        name = draft(p, "draft", ("questions-children.policy", 'text = "', 'text = "In other words: '))
        expect(p.run(OFFICER, "policy", "diff", ENGLAND, name), 1, "In other words", "question")
        got = json_of(p.run(OFFICER, "policy", "diff", ENGLAND, name, "--json"), 1)
        assert got["groups"] == [] and [c["key"] for c in got["changed"]] == ["wording"], got["changed"]


def diff_tells_of_thresholds_services_referral_rules_and_limits_with_an_id_each():
    edits = (("questions-broker.policy", "min_agencies = 3", "min_agencies = 2", "question", "concerns-3-agencies-12m", "counts"),
             ("referrals.policy", "pounds = 300", "pounds = 900", "service", "example-tenancy-support", "permissions"),
             ("referrals.policy", 'needs = [ "home-safety" ]', 'needs = [ "parenting" ]', "service", "example-home-fire-visit", "needs"),
             ("referrals.policy", "wanted = false", "wanted = true", "service", "example-young-carers-group", "criteria"),
             ("referrals.policy", "decide_days = 28", "decide_days = 5", "referrals", "partnership", "decide_days"),
             ("referrals.policy", 'needs = [ "eligibility-decided" ]', "needs = [ ]", "referrals", "partnership", "needs_by_kind"),
             ("limits.policy", "subject = 30", "subject = 3", "limits", "partnership", "subject"),
             ("limits.policy", 'pilot = [ "north" ]', "pilot = [ ]", "area", "north", "evaluation"),
             ("concerns.policy", "most_days = 365", "most_days = 400", "limits", "partnership", "concern_most_days"),
             ("concerns.policy", '"young-carer"', '"young-carer", "radicalisation"', "category", "radicalisation", "new"),
             ("consent.policy", "example-2026-1", "example-2026-2", "wording", "example-2026-1", "gone"),
             ("consent.policy", "witness_verbal = true", "witness_verbal = false", "rules", "partnership", "witness_verbal"),
             ("questions-composite.policy", "threshold = 2", "threshold = 3", "question", "signs-of-strain-2", "needed"),
             ("questions-education.policy", "pin_days = 14", "pin_days = 7", "question", "pupil-premium-current", "pin_days"))
    with Place() as p:
        name = draft(p, "draft", *(edit[:3] for edit in edits))
        got = json_of(p.run(OFFICER, "policy", "diff", ENGLAND, name, "--json"), 1)
        said = expect(p.run(OFFICER, "policy", "diff", ENGLAND, name), 1, "no difference", "What the policies say differently")
        for _, _, _, *change in edits:
            found = [c for c in got["changed"] if [c["kind"], c["id"], c["key"]] == change]
            assert len(found) == 1 and len(found[0]["group"]) == 12, (change, got["changed"])
            assert f"\n{found[0]['group']}  {change[0]} {change[1]}: {change[2]}\n" in said, said
        assert got["groups"] == [] and len(got["changed"]) == len(edits) + 1, got["changed"]  # and the new wording


# --- explain ---
def explain_says_in_which_countries_a_gateway_is_law():
    with Place() as p:
        expect(p.run(OFFICER, "policy", "explain", ENGLAND, *ASK), 0, "law in england, wales, scotland, northern-ireland")
        law = json_of(p.run(OFFICER, "policy", "explain", ENGLAND, *ASK, "--json"))["law"]
        assert {g["gateway"]: g["countries"] for g in law}["ca2004-s10"] == ["england"], law


def explain_goes_clause_by_clause_and_shows_the_way_forward():
    with Place() as p:
        said = expect(p.run(OFFICER, "policy", "explain", ENGLAND, *ASK), 0, "refused, no-consent", "a valid consent covers the agency",
                      "The lawful way forward", "What would have to hold")
        assert "consent       given" in said, said
        got = json_of(p.run(OFFICER, "policy", "explain", ENGLAND, *ASK, "--json"))
        assert got["decision"]["reason"] == "no-consent" and got["clauses"][-1]["result"] == "fails" and got["way_forward"]
        assert {"fact": "consent", "value": "given", "outcome": "permitted", "reason": ""} in got["changes"]
        got = json_of(p.run(OFFICER, "policy", "explain", ENGLAND, *ASK, "--consent", "given", "--json"))
        assert got["decision"]["outcome"] == "permitted" and "example-council-childrens-services" in got["decision"]["asks"]
        assert any(c["fact"] == "shield" and c["reason"] == "shielded-existence" for c in got["changes"])


def explain_of_a_day_tells_what_was_lawful_then():
    with Place() as p:
        then = ASK[:-1] + ["2025-05-03"]
        expect(p.run(OFFICER, "policy", "explain", ENGLAND, *then, "--consent", "given"), 0, "protocol-not-in-force", "in force")
        got = json_of(p.run(OFFICER, "policy", "explain", ENGLAND, *ASK, "--consent", "given", "--json"))
        assert [law["gateway"] for law in got["law"] if law["in_force"]] and got["request"]["day"] == DAY


def explain_finds_two_facts_where_one_is_not_enough():
    with Place() as p:
        words = [w if w != "teacher" else "volunteer" for w in ASK]
        got = json_of(p.run(OFFICER, "policy", "explain", ENGLAND, *words, "--json"))
        assert got["decision"]["reason"] == "role-not-permitted" and not any(c["outcome"] == "permitted" for c in got["changes"])
        assert {"role", "consent"} in [set(pair) for pair in got["pairs"]], got["pairs"]


def explain_refuses_what_it_does_not_know():
    with Place() as p:
        for change, code, says in (
                (["--agency", "nobody"], 65, "--agency"), (["--role", "king"], 65, "--role"), (["--purpose", "x"], 65, "--purpose"),
                (["--question", "why"], 65, "--question"), (["--consent", "maybe"], 65, "it is one of"), (["--shield", "4"], 65, "existence"),
                (["--relationship", "friend"], 65, "same-home"), (["--subject", "cat"], 65, "household"), (["--stated", "x"], 65, "para18"),
                (["--at", "2026-02-30"], 64, "not a day"), (["--basis", "x"], 65, "no gateway")):
            rest = [w for i, w in enumerate(ASK) if w != change[0] and (i == 0 or ASK[i - 1] != change[0])]
            expect(p.run(OFFICER, "policy", "explain", ENGLAND, *rest, *change), code, says)
        expect(p.run(OFFICER, "policy", "explain", ENGLAND), 64, "--agency is missing")
        expect(p.run(OFFICER, "policy", "explain"), 64, "which policy?")
        expect(p.run(OFFICER, "policy", "explain", ENGLAND, "--leaf", "3"), 64, "a leaf names its own policy")


def explain_documents_every_reason():
    with Place() as p:
        reasons = json_of(p.run(OFFICER, "explain", "--json"))["reasons"]
        assert len(reasons) >= 26
        for r in reasons:
            assert r["text"] and r["source"] and (r["way_forward"] or r["reason"] == "permitted") and r["told"], r
            expect(p.run(OFFICER, "explain", r["reason"]), 0, r["reason"], r["text"], "way forward", "source")
            assert r["told"] in ("reason", "no-consent-line", "hidden")
        expect(p.run(OFFICER, "explain", "because"), 65, "not a reason")
        expect(p.run(OFFICER, "explain", ""), 65, "not a reason")
        expect(p.run(OFFICER, "explain", "deny", "deny"), 64, "usage")


# --- past decisions ---
def row(leaf, **more):
    return dict({"leaf": leaf, "at": DAY + "T10:00:00Z", "day": DAY, "mode": "exercise", "event": "decided", "message": "", "about": None,
                 "agency": "example-primary", "role": "teacher", "purpose": "early-help", "question": "cp-plan-current", "basis": "", "rule": "",
                 "reason": "", "outcome": "permitted", "told": "", "completeness": "", "policy": "", "officer": "", "detail": "", "holders": [],
                 "n_holders": 2}, **more)


def refused(leaf, reason, **more):
    return row(leaf, event="refused", outcome="refused", reason=reason, **more)


class Log:
    """A broker that has a policy and rows of a log."""

    def __init__(self, p, rows, path=ENGLAND):
        officers(p)
        digest, bundle = compiled(p, path)
        rows = [dict(r, policy=r["policy"] or digest) for r in rows]
        self.control = Broker(p, "control.sock", broker_of({digest: bundle}, digest))
        self.officers = Broker(p, "officers.sock", lambda q: self.read(json.loads(q["query"]), rows))
        self.at = ["--control", self.control.path, "--officers", self.officers.path, *ALICE]

    @staticmethod
    def read(query, rows):
        if query["read"] == "show":
            found = [r for r in rows if r["leaf"] == query["leaf"]]
        else:
            found = [r for r in rows if r["leaf"] >= query["from"] and r["day"] >= query.get("since", "") and r["day"] <= query.get("until", "9")]
        return [{"ok": True, "rows": found, "more": False}]

    def close(self):
        self.control.close()
        self.officers.close()


def explain_takes_a_past_decision_by_its_leaf():
    with Place() as p:
        log = Log(p, [row(3), refused(4, "no-consent"), refused(5, "shielded-existence", told="hidden"), refused(6, "agency-suspended"),
                      refused(7, "basis-not-listed", basis="ca1989-s47")])
        expect(p.run(OFFICER, "policy", "explain", "--leaf", "3", *log.at), 0, "leaf 3", "permitted by consent", "holds neither")
        expect(p.run(OFFICER, "policy", "explain", "--leaf", "4", *log.at), 0, "refused, no-consent", "The lawful way forward")
        expect(p.run(OFFICER, "policy", "explain", "--leaf", "5", *log.at), 0, "shielded-existence (hidden")
        expect(p.run(OFFICER, "policy", "explain", "--leaf", "6", *log.at), 0, "agency-suspended")
        expect(p.run(OFFICER, "policy", "explain", "--leaf", "7", *log.at), 0, "basis-not-listed")
        got = json_of(p.run(OFFICER, "policy", "explain", "--leaf", "4", "--json", *log.at))
        assert got["recorded"]["consent"] == {"none": True, "perhaps-given": True}, got["recorded"]["consent"]
        log.close()


def explain_refuses_leaves_that_are_no_decision_or_do_not_fit():
    with Place() as p:
        log = Log(p, [row(3, event="log-read"), refused(4, "not-a-party"), refused(5, "replayed"), row(6, agency="unknown-agency"),
                      row(7, role="king"), row(8, policy="0" * 64), row(9, day="soon"), refused(10, "no-such-reason")])
        for leaf, code, says in ((3, 65, "records no decision"), (4, 65, "do not fit"), (5, 65, "records no decision"), (6, 65, "agency is not in"),
                                 (7, 65, "role is not in"), (8, 66, "never had a policy"), (9, 65, "records no decision"),
                                 (10, 65, "records no decision"), (99, 65, "records no decision")):
            expect(p.run(OFFICER, "policy", "explain", "--leaf", leaf, *log.at), code, says)
        expect(p.run(OFFICER, "policy", "explain", "--leaf", "3", "--control", log.control.path), 64, "where is the broker?")
        log.close()


def replay_counts_flips_and_hides_small_numbers():
    with Place() as p:
        name = draft(p, "draft", ("protocols.policy", '{ agency = "example-primary"; ask = "full"', '{ agency = "example-primary"; ask = "no"'))
        rows = [row(i) for i in range(12)] + [row(20 + i, agency="example-secondary") for i in range(7)] + \
            [refused(40 + i, "no-consent") for i in range(3)] + [row(60, event="log-read")] + [row(61, agency="gone") for _ in range(6)]
        log = Log(p, rows)
        got = json_of(p.run(OFFICER, "policy", "replay", "--since", "2026-01-01", name, "--json", *log.at))
        by = {t["key"]: t for t in got["by_agency"]}
        assert by["example-primary"]["now-refused"] == 12 and by["example-primary"]["otherwise"] == "<5", by
        assert by["example-secondary"] == dict(by["example-secondary"], **{"same": 7, "now-refused": 0}) and by["gone"]["not-replayed"] == 6
        assert got["not_decisions"] == 1 and got["leaves"] == 29 and "taken as they fell" in got["treated"]
        assert [t["key"] for t in got["by_gateway"] if t["now-refused"]] == ["consent"]
        expect(p.run(OFFICER, "policy", "replay", "--since", "2026-01-01", name, *log.at), 0, "example-primary", "<5", "now refused", "taken as they fell")
        log.close()


def replay_says_what_depends_on_facts_that_it_cannot_know():
    with Place() as p:
        name = draft(p, "draft", ("consent.policy", 'capacity = "parent"; able = true', 'capacity = "parent"; able = false'))
        log = Log(p, [row(i) for i in range(9)])
        got = json_of(p.run(OFFICER, "policy", "replay", "--since", "2026-01-01", name, "--json", *log.at))
        assert got["all"][0]["depends"] == 9 and got["all"][0]["now-refused"] == 0, got["all"]
        got = json_of(p.run(OFFICER, "policy", "replay", "--since", "2026-12-01", name, "--json", *log.at))
        assert got["all"] == [] and got["leaves"] == 0
        log.close()


def replay_hides_the_number_that_would_tell_a_small_one():
    with Place() as p:
        name = draft(p, "draft", ("purposes.policy", "within_days = 365", "within_days = 364"))
        log = Log(p, [refused(i, "not-a-party", agency="example-police") for i in range(3)] +
                  [refused(10 + i, "not-a-party", agency="example-prison") for i in range(8)] +
                  [refused(30 + i, "not-a-party", agency="example-hospital") for i in range(20)])
        got = json_of(p.run(OFFICER, "policy", "replay", "--since", "2026-01-01", name, "--json", *log.at))
        assert {t["key"]: t["same"] for t in got["by_agency"]} == {"example-police": "<5", "example-prison": "*", "example-hospital": 20}
        log.close()


def replay_refuses_bad_requests():
    with Place() as p:
        log = Log(p, [row(1, policy="f" * 64)])
        for argv, code, says in (
                ([ENGLAND], 64, "--since DATE"),
                ([ENGLAND, "--since", "yesterday"], 64, "not a day"),
                ([ENGLAND, "--since", "2026-01-01", "--until", "2026-13-01"], 64, "not a day"),
                (["/nonexistent", "--since", "2026-01-01"], 66, "No such file"),
                (["a.key", "--since", "2026-01-01"], 65, "nothing was compiled"),
                (["--since", "2026-01-01"], 64, "usage")):
            expect(p.run(OFFICER, "policy", "replay", *argv, *log.at), code, says)
        expect(p.run(OFFICER, "policy", "replay", ENGLAND, "--since", "2026-01-01"), 64, "where is the broker?")
        got = json_of(p.run(OFFICER, "policy", "replay", ENGLAND, "--since", "2026-01-01", "--json", *log.at))
        assert got["all"][0]["not-replayed"] == "<5"
        log.close()


# --- test ---
CASE = '{ name = "n"; agency = "example-primary"; role = "teacher"; purpose = "early-help"; question = "cp-plan-current"; on = "2026-11-22"; %s }'


def cases(p, *rests, name="a.cases"):
    p.file(name, "cases = ( " + ", ".join(CASE % r for r in rests) + " );\n")
    return name


def test_passes_and_fails_cases():
    with Place() as p:
        good = cases(p, 'expect = "no-consent"; told = "no-consent-line";',
                     'consent = "given"; expect = "permitted"; rests_on = "consent"; '
                     'asks = [ "example-council-childrens-services", "example-council-assessment-team" ]; masked = [ ];',
                     'shield = "existence"; consent = [ "given", "parent" ]; expect = "shielded-existence"; told = "hidden";')
        expect(p.run(OFFICER, "policy", "test", ENGLAND, good), 0, "4 passed, 0 failed", "PASS")
        for rest, says in (('expect = "permitted";', "the outcome"), ('expect = "not-a-party";', "the reason"),
                           ('expect = "no-consent"; told = "hidden";', "what is told"),
                           ('consent = "given"; expect = "permitted"; rests_on = "duty";', "what it rests on"),
                           ('consent = "given"; expect = "permitted"; asks = [ "example-homes" ];', "who is asked"),
                           ('consent = "given"; expect = "permitted"; asks = [ ];', "who is asked"),
                           ('consent = "given"; expect = "permitted"; masked = [ "example-camhs" ];', "who is masked")):
            expect(p.run(OFFICER, "policy", "test", ENGLAND, cases(p, rest)), 1, "FAIL", says, "a.cases:1", "0 passed, 1 failed")
            assert json_of(p.run(OFFICER, "policy", "test", ENGLAND, cases(p, rest), "--json"), 1)["failed"] == 1


def test_refuses_cases_that_it_cannot_read():
    with Place() as p:
        for rest, says in (('expect = "yes";', "neither permitted nor a reason"), ('', "lacks expect"), ('expect = "no-consent"; expct = 1;', "expct"),
                           ('expect = "no-consent"; consent = "maybe";', "not known"), ('expect = "no-consent"; told = "loudly";', "told is"),
                           ('expect = "no-consent"; asks = [ "example-homes" ];', "belong to cases that expect permitted"),
                           ('expect = "permitted"; told = "hidden";', "belongs to cases that expect a refusal"),
                           ('expect = "permitted"; asks = [ "nobody" ];', "no agency"), ('expect = "permitted"; asks = "x";', "is a list"),
                           ('expect = "permitted"; basis = "x";', "no gateway"), ('expect = 5;', "expect")):
            expect(p.run(OFFICER, "policy", "test", ENGLAND, cases(p, rest)), 65, says, "none was run", "a.cases:1")
        p.file("b.cases", 'cases = ( 5 );')
        expect(p.run(OFFICER, "policy", "test", ENGLAND, "b.cases"), 65, "a case is written as")
        p.file("b.cases", 'tests = ( );')
        expect(p.run(OFFICER, "policy", "test", ENGLAND, "b.cases"), 65, "cases")
        p.file("b.cases", 'cases = (')
        expect(p.run(OFFICER, "policy", "test", ENGLAND, "b.cases"), 65, "b.cases")
        expect(p.run(OFFICER, "policy", "test", ENGLAND, "/nonexistent"), 66, "No such file")
        expect(p.run(OFFICER, "policy", "test", draft(p, "bare")), 66, "no cases")
        expect(p.run(OFFICER, "policy", "test"), 64, "usage")


def test_tells_which_rules_and_reasons_the_cases_reach():
    with Place() as p:
        name = cases(p, 'expect = "no-consent";', 'consent = "given"; expect = "permitted";')
        got = json_of(p.run(OFFICER, "policy", "test", ENGLAND, name, "--coverage", "--json"))["coverage"]
        assert "early-help/cp-plan-current" not in got["rules_not_permitted_by_a_case"] and len(got["rules_not_permitted_by_a_case"]) == got["rules"] - 1
        assert "no-consent" not in got["reasons_not_reached"] and "not-a-party" in got["reasons_not_reached"]
        expect(p.run(OFFICER, "policy", "test", ENGLAND, name, "--coverage"), 0, "rules", "reasons", "not reached: ")


def starters_own_cases_pass():
    with Place() as p:
        assert [n for n in os.listdir(ENGLAND) if n.endswith(".cases")]
        expect(p.run(OFFICER, "policy", "test", ENGLAND, "--coverage"), 0, "0 failed")


# --- check ---
def check_warns_with_file_and_line():
    with Place() as p:
        expect(p.run(OFFICER, "policy", "check", ENGLAND, "--at", DAY), 0, "no errors")
        for edit, at, says in (
                (None, "2027-10-01", "protocols.policy:8: warning: protocol \"safeguarding\" is to be reviewed by 2027-11-30, in 60 days"),
                (None, "2028-01-01", "was to be reviewed by 2027-11-30"),
                (None, "2029-01-01", "is no longer in force"),
                (("protocols.policy", 'review = "2027-11-30"', 'review = "2029-11-30"'), DAY, "after it has ended"),
                (("protocols.policy", '{ agency = "example-homes"; ask = "no"; answer = "yes"; }', '{ agency = "example-homes"; ask = "full"; answer = "no"; }'),
                 DAY, "no party that answers holds it"),
                (("partnership.policy", "roles = [ ", 'roles = [ "king", '), DAY, None)):
            name = draft(p, "draft", *([edit] if edit else []))
            done = p.run(OFFICER, "policy", "check", name, "--at", at)
            expect(done, 0, *([says] if says else ["no errors"]))
            assert says is None or json_of(p.run(OFFICER, "policy", "check", name, "--at", at, "--json"))["warnings"]
            shutil.rmtree(os.path.join(p.path, name))
        expect(p.run(OFFICER, "policy", "check", SMALL, "--at", "2022-05-03"), 0, "agency \"outsider\" neither asks nor answers", "closed class")
        expect(p.run(OFFICER, "policy", "check", SMALL, "--at", "someday"), 64, "not a day")


def check_warns_of_casework_that_reaches_nobody():
    edits = (("concerns.policy", "most_days = 365", "most_days = 90", "looks back 365 days, but a concern expires after 90"),
             ("protocols.policy", '{ agency = "example-hub"; ask = "full"; answer = "no"; },\n      { agency = "example-council-childrens-services"; ask = "full"; '
              'answer = "yes"; },\n      { agency = "example-primary"; ask = "full"', '{ agency = "example-council-childrens-services"; ask = "full"; '
              'answer = "yes"; },\n      { agency = "example-primary"; ask = "full"', "no hub may read it"),
             ("referrals.policy", '"benefits-advice", "bereavement"', '"benefits-advice", "boats", "bereavement"', 'need "boats" is met by no service'),
             ("referrals.policy", 'contact = "early help desk, 01632 960120";', "", "has no contact"),
             ("referrals.policy", 'to = "2026-12-31"', 'to = "2026-06-30"', "until 2026-06-30: it has run out"),
             ("referrals.policy", '\n        agreed = "placeholder: minute and date of the service\'s agreement"; },', " },", "does not say where its owner agreed"),
             ("referrals.policy", 'agency = "example-council-early-help"; role', 'agency = "example-homes"; role', "its own organisation"),
             ("referrals.policy", '{ kind = "hard"; needs = [ "eligibility-decided" ]; }', '{ kind = "hard"; needs = [ ]; }', 'referral kind "hard" asks less'),
             ("referrals.policy", 'agency = "example-fire"', 'agency = "example-council-community-safety"', None),
             ("partnership.policy", 'sector = "housing"; controller = "Example homes";', 'sector = "housing"; controller = "Example homes"; areas = [ "north" ];',
              'is offered in "south", where its agency does not work'),
             ("questions-broker.policy", 'levels = [ "low", "medium", "high", "critical" ]; min_agencies = 3',
              'categories = [ "neglect" ]; levels = [ "low", "medium", "high", "critical" ]; min_agencies = 3', None),
             ("questions-broker.policy", 'levels = [ "low", "medium", "high" ]; min_agencies = 4',
              'categories = [ "neglect" ]; levels = [ "low", "medium", "high" ]; min_agencies = 4', 'category "young-carer" is counted by no threshold'))
    with Place() as p:
        expect(p.run(OFFICER, "policy", "check", ENGLAND, "--at", DAY), 0, "no errors, 3 warnings")
        name = draft(p, "draft", *(edit[:3] for edit in edits))
        said = expect(p.run(OFFICER, "policy", "check", name, "--at", DAY), 0, *(says for *_, says in edits if says))
        for file in ("concerns", "questions-broker", "referrals"):
            assert f"draft/{file}.policy:" in said, said


def check_and_diff_tell_of_witnesses_clocks_and_office_hours():
    groups = ('witnesses = { agencies = [ "surgery", "council", "school" ]; need = %d; };\n'
              'retention = { classes = ( { class = "decisions"; %s; }, { class = "officers"; days = 2192; },\n'
              '  { class = "concerns"; part = "alleged"; outcome = "founded"; years = %d; }, { class = "concerns"; outcome = "unfounded"; days = %d; } ); };\n'
              'office_hours = { until = "%s"; };\n')
    with Place() as p:
        with open(SMALL, encoding="utf-8") as f:
            small = f.read()
        line = small.count("\n") + 1
        expect(p.run(OFFICER, "policy", "check", SMALL, "--at", "2022-05-03"), 0, 'warning: group "witnesses" is left out', "witnesses  none", "concerns 0 days")
        p.file("good.policy", small + groups % (2, "years = 6", 10, 0, "18:00"))
        said = expect(p.run(OFFICER, "policy", "check", "good.policy", "--at", "2022-05-03"), 0, "witnesses  3, of whom 2 must sign", "concerns alleged founded 3653 days")
        assert 'group "witnesses"' not in said and 'group "retention"' not in said, said
        p.file("odd.policy", small + groups % (3, "days = 300", 9, 400, "17:00"))
        expect(p.run(OFFICER, "policy", "check", "odd.policy", "--at", "2022-05-03"), 0, f'odd.policy:{line}: warning: group "witnesses" needs them all',
               f'odd.policy:{line + 1}: warning: group "retention" keeps decisions for less than a year', "keeps an unfounded concern longer")
        changed = json_of(p.run(OFFICER, "policy", "diff", "good.policy", "odd.policy", "--json"), 1)["changed"]
        got = {(c["kind"], c["key"]): c for c in changed}
        for what in (("witnesses", "need"), ("retention", "decisions"), ("retention", "concerns alleged founded"), ("retention", "concerns at-risk unfounded"),
                     ("office-hours", "until_minute")):
            assert what in got and got[what]["group"], (what, changed)


KEY = "d8a1000000000000000000000000000000000000000000000000000000000007"
TOKENS = ('tokens = { keyholder = "%s"; epochs = ( { scheme = "hmac"; epoch = 1; state = "current"; },'
          ' { scheme = "oblivious"; epoch = 2; state = "next"; public_key = "' + KEY + '"; } ); };\n')


def check_warns_of_a_keyholder_that_could_test_guesses_and_of_an_idle_desk():
    with Place() as p:
        with open(SMALL, encoding="utf-8") as f:
            text = f.read()
        p.file("party.policy", text + TOKENS % "council")
        expect(p.run(OFFICER, "policy", "check", "party.policy", "--at", "2022-05-03"), 0, 'agency "council" holds the key of the tokens and is a party too')
        p.file("apart.policy", text.replace('id = "outsider"; ', 'id = "outsider"; desk_hours = 24; ', 1) + TOKENS % "outsider")
        said = expect(p.run(OFFICER, "policy", "check", "apart.policy", "--at", "2022-05-03"), 0, 'agency "outsider" holds the key of the tokens, and has no contact',
                      'agency "outsider" answers by hand (desk_hours), but no protocol has it answer')
        assert '"outsider" neither asks' not in said and "is a party too" not in said, said


def a_new_key_is_a_difference_to_acknowledge():
    with Place() as p:
        with open(SMALL, encoding="utf-8") as f:
            text = f.read()
        p.file("old.policy", text)
        p.file("new.policy", text.replace('id = "outsider"; ', 'id = "outsider"; desk_hours = 24; ', 1) + TOKENS % "outsider")
        changed = json_of(p.run(OFFICER, "policy", "diff", "old.policy", "new.policy", "--json"), 1)["changed"]
        found = {(c["kind"], c["key"]): c for c in changed}
        assert found["tokens", "next"]["after"] == {"scheme": "oblivious", "epoch": 2, "public_key": KEY} and found["tokens", "next"]["group"], found
        assert found["tokens", "keyholder"]["after"] == "outsider" and found["agency", "desk_hours"]["after"] == 24, found


def check_refuses_contradictions_with_file_and_line():
    with Place() as p:
        with open(SMALL, encoding="utf-8") as f:
            text = f.read()
        for find, replace, says in (
                ('roles = [ "social-worker", "teacher" ];', 'roles = [ "social-worker", "teacher" ]; excluded_roles = [ "teacher" ];', "stands in roles and in excluded_roles"),
                ('relationship = "not-required"; who', 'relationship = "not-required"; within_days = 5; who', "within_days means nothing"),
                ('relationship = "not-required"; who', 'relationship = "not-required"; self_claimed = true; who', "none need be claimed"),
                ('{ agency = "surgery"; ask = "no"; answer = "yes"; }', '{ agency = "surgery"; ask = "no"; answer = "no"; }', "neither asks nor answers")):
            assert find in text
            p.file("x.policy", text.replace(find, replace, 1))
            said = expect(p.run(OFFICER, "policy", "check", "x.policy"), 65, says, "1 contradiction")
            assert "x.policy:" in said
            assert json_of(p.run(OFFICER, "policy", "check", "x.policy", "--json"), 65)["errors"]


# --- init ---
def init_copies_the_starter_and_nothing_over_anything():
    with Place() as p:
        rules = {"ALMONER_RULES": RULES}
        expect(p.run(OFFICER, "policy", "init", "new/policy", **rules), 0, "FOR REVIEW BY AN INFORMATION-GOVERNANCE LAWYER")
        expect(p.run(OFFICER, "policy", "check", "new/policy"), 0, "no errors")
        expect(p.run(OFFICER, "policy", "diff", ENGLAND, "new/policy"), 0, "no difference")
        p.file("new/policy/gateways.policy", "mine")
        expect(p.run(OFFICER, "policy", "init", "new/policy", **rules), 73, "is not empty")
        with open(os.path.join(p.path, "new/policy/gateways.policy"), encoding="utf-8") as f:
            assert f.read() == "mine"
        p.file("taken")
        expect(p.run(OFFICER, "policy", "init", "taken", **rules), 73, "taken")
        expect(p.run(OFFICER, "policy", "init", "other", ALMONER_RULES="/nonexistent"), 66, "ALMONER_RULES")
        expect(p.run(OFFICER, "policy", "init", **rules), 64, "usage")
        os.mkdir(os.path.join(p.path, "empty"))
        assert json_of(p.run(OFFICER, "policy", "init", "empty", "--json", **rules))["files"]


# --- activate ---
def activate_waits_until_each_group_is_acknowledged():
    with Place() as p:
        officers(p)
        digest, bundle = compiled(p, ENGLAND)
        name = draft(p, "draft", HOMES_ASK)
        broker = Broker(p, "control.sock", broker_of({digest: bundle}, digest))
        at, both = ["--control", broker.path], [*ALICE, *BOB]
        expect(p.run(OFFICER, "policy", "activate", name, *at, *both), 77, "are not acknowledged", "now permitted")
        expect(p.run(OFFICER, "policy", "activate", name, *at, *both, "--acknowledged", "/nonexistent"), 66, "No such file")
        read = p.run(OFFICER, "policy", "diff", "--active", name, *at).stdout
        groups = [g["group"] for g in json_of(p.run(OFFICER, "policy", "diff", "--active", name, "--json", *at), 1)["groups"]]
        p.file("read", read.replace(groups[0], "not this one"))
        expect(p.run(OFFICER, "policy", "activate", name, *at, *both, "--acknowledged", "read"), 77, "1 of", groups[0])
        p.file("read", "  ".join(groups))
        expect(p.run(OFFICER, "policy", "activate", name, *at, *both, "--acknowledged", "read"), 0 if len(groups) == 1 else 77)
        assert all(r["op"] != "change" for r in broker.asked) or len(groups) == 1
        p.file("read", read)
        expect(p.run(OFFICER, "policy", "activate", name, *at, *both, "--acknowledged", "read"), 0, "leaf 7")
        change = json.loads(broker.asked[-1]["change"])
        assert change["from"] == digest and sorted(change["acknowledged"]) == sorted(groups)
        expect(p.run(OFFICER, "policy", "activate", ENGLAND, *at, *both), 0, "leaf 7")
        assert "acknowledged" not in json.loads(broker.asked[-1]["change"]), "nothing changes: nothing to acknowledge"
        broker.close()


def activate_waits_for_terms_that_change_no_decision_too():
    with Place() as p:
        officers(p)
        digest, bundle = compiled(p, ENGLAND)
        name = draft(p, "draft", ("limits.policy", "subject = 30", "subject = 3"), ("questions-children.policy", 'text = "', 'text = "Now: '))
        broker = Broker(p, "control.sock", broker_of({digest: bundle}, digest))
        at, both = ["--control", broker.path], [*ALICE, *BOB]
        expect(p.run(OFFICER, "policy", "activate", name, *at, *both), 77, "1 of 1 groups", "limits partnership: subject")
        p.file("read", p.run(OFFICER, "policy", "diff", "--active", name, *at).stdout)
        expect(p.run(OFFICER, "policy", "activate", name, *at, *both, "--acknowledged", "read"), 0, "leaf 7")
        assert len(json.loads(broker.asked[-1]["change"])["acknowledged"]) == 1
        broker.close()


def activate_goes_back_to_an_earlier_policy_by_its_hash():
    with Place() as p:
        officers(p)
        old, old_bundle = compiled(p, ENGLAND)
        name = draft(p, "draft", HOMES_ASK)
        new, new_bundle = compiled(p, name)
        broker = Broker(p, "control.sock", broker_of({old: old_bundle, new: new_bundle}, new))
        at, both = ["--control", broker.path], [*ALICE, *BOB]
        p.file("read", p.run(OFFICER, "policy", "diff", "--active", old, *at).stdout)
        expect(p.run(OFFICER, "policy", "activate", old, *at, *both, "--acknowledged", "read"), 0, "leaf 7")
        change = json.loads(broker.asked[-1]["change"])
        assert (change["hash"], change["from"], change["bundle"]) == (old, new, old_bundle)
        expect(p.run(OFFICER, "policy", "activate", "0" * 64, *at, *both), 66, "never had a policy")
        broker.close()


def a_large_policy_takes_few_decisions_for_all_its_cells():
    cells = 50 * 12 * 20 * 100  # agencies, roles, purposes, questions; each with and without a relationship, consent and more
    text = large_policy.text()
    with Place() as p:
        p.file("big.policy", text)
        p.file("draft.policy", text.replace("within_days = 365", "within_days = 183"))
        done = p.run(OFFICER, "policy", "matrix", "big.policy", "--json")
        expect(done, 0)
        made = json.loads(done.stdout)["decisions"]
        assert 0 < made < cells, made
        expect(p.run(OFFICER, "policy", "diff", "big.policy", "draft.policy"), 1)


if __name__ == "__main__":
    main([f for f in list(globals().values()) if inspect.isfunction(f) and f.__module__ == "__main__" and not f.__code__.co_argcount])
