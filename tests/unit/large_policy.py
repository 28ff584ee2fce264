# SPDX-License-Identifier: Apache-2.0
"""A policy as large as a city's might be, the same each time: 50 agencies, 12 roles, 20 purposes, 100 questions."""
import random


def text():
    rng = random.Random(7)
    lines = ['partnership = { id = "big"; name = "Big"; country = "england"; };',
             "sectors = [ " + ", ".join(f'"s{i}"' for i in range(12)) + ' ]; areas = [ "n" ]; closed_classes = [ "x" ];',
             "roles = [ " + ", ".join(f'"r{i}"' for i in range(12)) + " ];",
             "agencies = ( " + ", ".join(f'{{ id = "a{i:02}"; name = "A"; sector = "s{i % 12}"; sensitive = {"true" if i % 12 == 3 else "false"}; }}'
                                         for i in range(50)) + " );",
             'gateways = ( { id = "c"; title = "t"; statute = "s"; section = "1"; countries = [ "england" ]; from = "1990-01-01"; kind = "consent"; }, ' +
             ", ".join(f'{{ id = "g{i}"; title = "t"; statute = "s"; section = "1"; countries = [ "england" ]; from = "{2000 + 2 * i}-01-01"; '
                       f'kind = "{"duty" if i % 3 == 0 else "power"}"; {"conditions = [ %spara18-reason%s ]; " % (chr(34), chr(34)) if i % 4 == 1 else ""}}}'
                       for i in range(12)) + " );",
             "protocols = ( " + ", ".join(
                 f'{{ id = "p{k}"; title = "t"; from = "2026-01-01"; to = "20{27 + k}-12-31"; review = "2026-06-30"; parties = ( ' +
                 ", ".join(f'{{ agency = "a{i:02}"; ask = "{rng.choice(["full", "insight-only", "full"])}"; answer = "yes"; }}' for i in range(50)) +
                 " ); }" for k in range(4)) + " );",
             "purposes = ( " + ", ".join(
                 f'{{ id = "u{i:02}"; title = "t"; protocol = "p{i % 4}"; consent = "{"required" if i % 2 else "not-required"}"; relationship = "required"; '
                 f'within_days = 365; who_is_involved = true; sensitive = "{rng.choice(["named", "masked", "hidden"])}"; '
                 f'bases = [ {chr(34) + "c" + chr(34) if i % 2 else f"{chr(34)}g0{chr(34)}, {chr(34)}g{1 + i % 5}{chr(34)}"} ]; '
                 f'excluded_roles = [ "r{i % 12}" ]; }}' for i in range(20)) + " );",
             "questions = ( " + ", ".join(
                 f'{{ id = "q{i:03}"; text = "t"; owner = "o"; decision = "d"; holders = [ "s{i % 12}" ]; sensitive = {"true" if i % 9 == 0 else "false"}; '
                 "purposes = [ " + ", ".join(f'"u{k:02}"' for k in rng.sample(range(20), 8)) + " ]; }" for i in range(100)) + " );",
             'consent = { capacities = ( { capacity = "self"; able = true; } ); grace_days = 0; }; shields = { owners = [ "s0" ]; };']
    return "\n".join(lines) + "\n"
