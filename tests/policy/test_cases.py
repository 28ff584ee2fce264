#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""test_cases.py ALMONER_OFFICER - the England starter's own cases, through `almoner policy test`; and that a starter that says something else fails them.
Prints TAP."""
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "unit"))
from commands import main  # noqa: E402

ENGLAND = ROOT / "policy" / "rules" / "england"
OFFICER = sys.argv[1] if len(sys.argv) > 1 else "almoner-officer"
# A case states no referral, so the one question that only a referral's parties may ask is left to test_england.c.
NOT_BY_CASES = ["referral-tracking/referral-state"]

# (file, what to change, to what): each is a mistake that somebody might make, and some case must fail.
MISTAKES = [
    ("gateways", 'from = "2026-02-05"; kind', 'from = "2026-02-06"; kind'),
    ("gateways", 'from = "2999-12-31"; kind', 'from = "2026-06-01"; kind'),
    ("purposes", 'excluded_roles = [ "administrator", "analyst", "volunteer", "police-officer", "community-safety-officer" ]', 'excluded_roles = [ "volunteer" ]'),
    ("purposes", 'consent = "required"; relationship = "required"', 'consent = "required"; relationship = "not-required"'),
    ("purposes", 'sees_past_shield = "location"', 'sees_past_shield = "existence"'),
    ("purposes", 'bases = [ "cda1998-s115", "pcsca2022-s16", "cja2003-s325" ]', 'bases = [ "cda1998-s115", "pcsca2022-s16", "cja2003-s325", "ca2004-s10" ]'),
    ("consent", 'capacity = "parent"; able = true', 'capacity = "parent"; able = false'),
    ("protocols", '{ agency = "example-homes"; ask = "no"', '{ agency = "example-homes"; ask = "full"'),
    ("questions-children", 'id = "cp-plan-ended-24m"', 'id = "cp-plan-ended"'),
    ("questions-education", 'purposes = [ "safeguard.immediate", "safeguard.s47" ]', 'purposes = [ "safeguard.immediate", "safeguard.s47", "crime-prevention" ]'),
    ("questions-sensitive", "sensitive = true;", ""),
    ("questions-composite", 'purposes = [ "s17" ]', 'purposes = [ "s17", "early-help" ]'),
    ("questions-composite", '{ question = "rent-arrears-current"; }', '{ question = "persistent-absence-term"; }'),
    ("overrides", 'purposes = [ "s17", "early-help" ]', 'purposes = [ "s17", "early-help", "service-eligibility" ]'),
    ("overrides", 'alone = [ "s17" ]', 'alone = [ "s17", "early-help" ]'),
    ("overrides", 'past_sensitive = [ ]', 'past_sensitive = [ "s17" ]'),
    ("overrides", '"no-consent", "consent-refused"', '"no-consent"'),
]


def policy_test(folder, *options):
    return subprocess.run([OFFICER, "policy", "test", str(folder), "--json", *options], capture_output=True, text=True, timeout=300, check=False)


def every_case_of_the_starter_passes():
    done = policy_test(ENGLAND)
    said = json.loads(done.stdout)
    wrong = [c["name"] for c in said["cases"] if not c["pass"]]
    assert done.returncode == 0 and not wrong and said["passed"] > 1000, wrong[:10] or done.stderr


def unhappy_cases_outnumber_happy_ones():
    text = "".join(p.read_text() for p in ENGLAND.glob("*.cases"))
    happy, all_cases = text.count('expect = "permitted"'), text.count("expect = ")
    assert all_cases - happy > 2 * happy, (happy, all_cases)


def the_cases_reach_every_rule_and_every_reason():
    cover = json.loads(policy_test(ENGLAND, "--coverage").stdout)["coverage"]
    assert cover["rules"] > 190 and cover["rules_not_permitted_by_a_case"] == NOT_BY_CASES, cover
    assert cover["reasons"] > 15 and cover["reasons_not_reached"] == [], cover


def each_mistake_in_the_starter_fails_a_case():
    unnoticed = []
    for name, find, replace in MISTAKES:
        with tempfile.TemporaryDirectory() as work:
            place = Path(work) / "england"
            shutil.copytree(ENGLAND, place)
            path = place / f"{name}.policy"
            text = path.read_text()
            assert find in text, f"{name}.policy has no {find}"
            path.write_text(text.replace(find, replace))
            if policy_test(place).returncode == 0:
                unnoticed.append(f"{name}: {replace}")
    assert not unnoticed, unnoticed


if __name__ == "__main__":
    main([every_case_of_the_starter_passes, unhappy_cases_outnumber_happy_ones, the_cases_reach_every_rule_and_every_reason,
          each_mistake_in_the_starter_fails_a_case])
