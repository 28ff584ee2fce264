# SPDX-License-Identifier: Apache-2.0
"""Where each agency's rows stand in a rehearsal: all in CSV files, or in what such agencies really run.

mixed: police and housing rows in a PostgreSQL server, health rows behind a FHIR server, one voluntary organisation at its desk, everybody
else's in CSV files. The servers are started here and ended with it; both listen on this machine alone.
"""
from collections import Counter
from contextlib import ExitStack

from . import desk_folder
from .agencies import Cabinet
from .desk_folder import Desk
from .fhir_folder import FhirRows
from .fhir_stand_in import StandIn
from .sql_folder import SqlRows
from .sql_server import Postgres, SqlError, find_programs
from .stage import StageError

SQL_SECTORS, FHIR_SECTORS = {"police", "housing"}, {"health"}
WITNESS_SECTORS = ("education", "police")
KINDS = ("csv", "mixed")


def witnesses_of(folder):
    """Who cosigns the log: the first school and the first police force of the folder; neither runs the broker."""
    own = [a for a in folder.rows("agencies") if not a["team_of"]]
    return [next(a["agency_id"] for a in own if a["sector"] == sector) for sector in WITNESS_SECTORS if any(a["sector"] == sector for a in own)]


class Sources(ExitStack):
    """A context manager; `of` is agency -> its source, for a Cabinet. An agency that is not in it has CSV files."""

    def __init__(self, kind, folder, stage):
        super().__init__()
        self.kind, self.folder, self.stage = kind, folder, stage
        self.of, self.desk, self.at_desk = {}, None, None

    def __enter__(self):
        super().__enter__()
        if self.kind == "mixed":
            try:
                self.raise_servers()
            except SqlError as e:
                self.close()
                raise StageError(f"the database of the rehearsal could not be started: {e}") from None
        return self

    def raise_servers(self):
        if not find_programs():
            raise StageError("--sources mixed needs a PostgreSQL server: apt-get install postgresql")
        agencies = self.folder.rows("agencies")
        sql = [a["agency_id"] for a in agencies if a["sector"] in SQL_SECTORS]
        fhir = [a["agency_id"] for a in agencies if a["sector"] in FHIR_SECTORS]
        self.at_desk = desk_folder.chosen(self.folder)
        if sql:
            rows = SqlRows(self.enter_context(Postgres()))
            self.of.update({agency: rows for agency in sql})
        if fhir:
            rows = FhirRows(self.enter_context(StandIn()))
            self.of.update({agency: rows for agency in fhir})
        if self.at_desk:
            self.desk = Desk(self.folder, self.stage)
            self.of[self.at_desk] = self.desk
            self.callback(self.desk.stop)

    def cabinet(self):
        """Every agency's files, those of the others put where they stand."""
        cabinet = Cabinet(self.folder, self.stage, self.of, witnesses_of(self.folder))
        if self.desk:
            self.desk.cabinet = cabinet
        return cabinet

    def by_hand(self):
        return [self.at_desk] if self.desk else []

    def open_desk(self):
        """Once the adapters are up: somebody sits down at the desk."""
        if self.desk:
            self.desk.start(self.at_desk)

    def told(self):
        """How many agencies have which, in words."""
        names = {SqlRows: "PostgreSQL", FhirRows: "FHIR", Desk: "a desk"}
        n = Counter(names[type(s)] for s in self.of.values())
        n["CSV files"] = len(self.folder.rows("agencies")) - len(self.of)
        return ", ".join(f"{name} {count}" for name, count in sorted(n.items()))
