#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""test_fhir_same.py FHIR-DRIVER CSV-DRIVER FOLDER - the same rows and questions, once as CSV files and once behind a FHIR server, give the
same answers and the same relationships, on days on which something has just happened: for the agencies of health, with ALM_FULL=1 and where
a folder has none for every agency."""
import os
import sys
from pathlib import Path

from fhir_same import compare
from commands import main  # noqa: E402
from exerciselib import agencies, fhir_stand_in, folder  # noqa: E402

DRIVERS = [str(Path(program).resolve()) for program in sys.argv[1:3]]
CABINET = agencies.Cabinet(folder.load(Path(sys.argv[3])), None)
FULL = bool(os.environ.get("ALM_FULL"))
HEALTH = [agency for agency, sector in CABINET.sector.items() if sector in ("health", "mental-health")]


def agencies_answer_alike_from_files_and_from_a_fhir_server():
    chosen = HEALTH if HEALTH and not FULL else list(CABINET.sector)
    with fhir_stand_in.StandIn() as server:
        n, yes = compare(DRIVERS, server, CABINET, chosen, 3 if FULL else 2)
    assert n > 100 and yes > 10


if __name__ == "__main__":
    main([agencies_answer_alike_from_files_and_from_a_fhir_server])
