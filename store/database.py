"""The store: one object that holds the connection and gives each kind of record its place.

Invariant: one ``Store`` per thread and per process. State and the event that tells of it go into one transaction.
A process that has a store must not open the database file by other means: closing it would drop SQLite's locks.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

from .acceptances import Acceptances
from .approvals import Approvals
from .confirmations import Confirmations
from .connection import Connection
from .conversations import Conversations
from .decisions import Decisions
from .errors import StoreError
from .events import Events
from .experiments import Experiments
from .filters import match_words
from .findings import Findings
from .forecasts import Forecasts
from .integrity import Integrity
from .labels import Labels
from .logs import Logs
from .metrics import Metrics
from .model_trials import ModelTrials
from .opening import open_database
from .records import SearchHit
from .remedies import Remedies
from .reports import Reports
from .rungs import Rungs
from .runs import Runs
from .samples import Samples
from .sweeps import Sweeps

DATABASE_NAME = "mlintern.db"


class Store:
    """Everything that is remembered, in ``home/mlintern.db``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.experiments = Experiments(connection)
        self.rungs = Rungs(connection)
        self.runs = Runs(connection)
        self.approvals = Approvals(connection)
        self.forecasts = Forecasts(connection)
        self.findings = Findings(connection)
        self.acceptances = Acceptances(connection)
        self.remedies = Remedies(connection)
        self.sweeps = Sweeps(connection)
        self.labels = Labels(connection)
        self.confirmations = Confirmations(connection)
        self.decisions = Decisions(connection)
        self.conversations = Conversations(connection)
        self.model_trials = ModelTrials(connection)
        self.metrics = Metrics(connection)
        self.samples = Samples(connection)
        self.reports = Reports(connection)
        self.events = Events(connection)
        self.logs = Logs(connection)
        self.integrity = Integrity(connection)

    @classmethod
    def open(cls, home: Path, *, create: bool = True, patience_seconds: float = 5.0) -> Self:
        """Open the database of ``home``, brought up to date.

        ``patience_seconds`` is how long this and every later write waits for another writer.
        """
        return cls(open_database(home / DATABASE_NAME, create=create, patience_seconds=patience_seconds))

    @property
    def path(self) -> Path:
        """The database file."""
        return self._connection.path

    @property
    def read_only(self) -> StoreError | None:
        """Why nothing can be written, if so: every write raises it. Opening it again tells whether that is over."""
        return self._connection.read_only

    def transaction(self) -> AbstractContextManager[None]:
        """All of the writes inside, or none; may be nested."""
        return self._connection.transaction()

    def data_version(self) -> int:
        """A number that changes when *another* connection has changed the database: cheap enough to poll."""
        return self._connection.number("PRAGMA data_version")

    def search(self, query: str, *, limit: int = 50) -> tuple[SearchHit, ...]:
        """The runs whose records or logs hold every word of the query: records first, each newest first."""
        if match_words(query) is None:
            return ()
        words = " ".join(f'"{word}"' for word in query.replace('"', " ").split())
        hits = [SearchHit(row, None) for row in self.runs.page(words, limit=limit)]
        found = self.logs.search(query, limit=limit)
        rows = {row.run.id: row for row in self.runs.rows(sorted({hit.run_id for hit in found}))}
        return tuple([*hits, *(SearchHit(rows[hit.run_id], hit.offset) for hit in found)][:limit])

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
