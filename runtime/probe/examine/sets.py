"""Sets of rows: what trained a model, and what it was evaluated on.

Invariant: a set holds 8 bytes a row, and its rows' values only up to a bound.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .naming import Line, called
from .observer import Place
from .rows import hashes, numpy

MOST_ROWS = 1_000_000
MOST_VALUES = 8_000_000
MOST_PASSES = 400


@dataclass(eq=False)
class RowSet:
    """Rows of one kind, gathered piece by piece."""

    pieces: list[Any] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    labels: list[Any] = field(default_factory=list)
    held: int = 0
    repeats: int = 0
    """Rows that came twice in one piece."""
    numbers: int = 0
    labelled: bool = True
    seen: set[int] | None = None
    """Where rows come again and again: those that are held."""

    def add(self, rows: Any, labels: Any = None) -> Any:
        """Take in the rows of a matrix; returns their hashes."""
        found = everything = hashes(rows)
        if self.held >= MOST_ROWS:
            return found
        self.repeats += len(found) - len(set(found.tolist()))
        if self.seen is not None:
            fresh = [place for place, one in enumerate(found.tolist()) if one not in self.seen]
            if not fresh:
                return everything
            if len(fresh) < len(found):
                found, rows = found[fresh], rows[fresh]
                labels = labels[fresh] if labels is not None and len(labels) == len(everything) else None
            self.seen.update(found.tolist())
        self.held += len(found)
        self.pieces.append(found)
        if self.numbers + rows.size <= MOST_VALUES:
            self.numbers += rows.size
            self.values.append(rows)
            self.labelled = self.labelled and labels is not None and len(labels) == len(rows)
            if self.labelled:
                self.labels.append(labels)
        return everything

    @property
    def hashes(self) -> Any:
        """All rows' hashes, in the order in which they came."""
        np = numpy()
        if len(self.pieces) > 1:
            self.pieces = [np.concatenate(self.pieces)]
        return self.pieces[0] if self.pieces else np.zeros(0, dtype=np.uint64)

    def table(self) -> tuple[Any, Any] | None:
        """The values of different rows and their labels (``None``: there are none); ``None`` where widths differ."""
        np = numpy()
        if not self.values or len({one.shape[1] for one in self.values}) != 1:
            return None
        rows = np.concatenate(self.values)
        _, first = np.unique(hashes(rows), return_index=True)
        first.sort()
        whole = self.labelled and sum(map(len, self.labels)) == len(rows)
        return rows[first], (np.concatenate(self.labels)[first] if whole else None)


def gathering() -> RowSet:
    """A set that takes each row once."""
    return RowSet(seen=set())


@dataclass(eq=False)
class Side:
    """The rows on one side: as the model got them, and as they lie in the data sets that they come from."""

    inputs: RowSet = field(default_factory=gathering)
    source: RowSet = field(default_factory=gathering)
    loaders: list[Any] = field(default_factory=list)
    arrays: list[Any] = field(default_factory=list)
    first_step: int = 0
    place: Place | None = None
    kind: str = ""
    whole: bool = False
    """Every row is there: a fit was given them at once."""

    def best(self) -> RowSet:
        """The rows as they lie in their source, where that is known."""
        return self.source if self.source.held else self.inputs


@dataclass(eq=False)
class Pass:
    """One pass over an evaluation's rows."""

    step: int
    rows: int = 0
    score: float | None = None
    """What the estimator's own ``score`` gave."""
    signature: int = 0
    """The sum of the rows' hashes: equal for the same rows in any order."""
    given: int = 0
    """The same, of the rows as the loader gave them."""
    correct: int = 0
    judged: int = 0
    means: list[float] = field(default_factory=list)
    """The accuracy of each batch."""
    pieces: list[tuple[Any, Any]] = field(default_factory=list)
    """Labels and answers of each batch: of the latest passes only, and up to a bound."""
    piece_rows: list[Any] = field(default_factory=list)
    """The hashes of each piece's rows."""
    numbers: int = 0
    """How many numbers the answers are."""
    chosen: bool = False
    """The answers are classes, or numbers, and no scores."""
    printed: int = 0
    """How many lines had been printed before it."""
    nodes: list[Any] = field(default_factory=list)
    """The loops that it ran in."""


@dataclass(eq=False)
class Evaluation:
    """All evaluations of one model by the same lines over the same source."""

    model: int
    kind: str
    lines: tuple[Line, ...]
    place: Place | None
    method: str = "model"
    side: Side = field(default_factory=Side)
    passes: list[Pass] = field(default_factory=list)
    training: Side | None = None
    tokens: bool = False
    loader: Any = None

    @property
    def called(self) -> str | None:
        """``train``, ``test`` or ``None``, as the script says."""
        return called(self.lines)
