"""What differs between runs: their parameters and what came of them, side by side.

Invariant: a value that a run does not have reads ``—``; two values are the same only if they read the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ...store.records import Experiment, Metric, Run
from ..text import clean, fit
from ..units import count, duration, energy, gpu_hours, money, number, size
from .painted import SERIES_INKS, Piece
from .rows import Rows

ABSENT = "—"


@dataclass(frozen=True, slots=True)
class Compared:
    """One run with what it is compared by."""

    run: Run
    experiment: Experiment
    last: Mapping[str, Metric]
    energy_source: str | None = None
    """What the energy was measured with: ``counter``, ``power`` or nothing."""


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """One parameter or result, with its value in each run."""

    name: str
    values: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether not all runs have the same."""
        return len(set(self.values)) > 1


def parameters(args: Sequence[str]) -> dict[str, str]:
    """Command-line arguments by name: ``--lr 0.1``, ``--lr=0.1``, ``-e 3``, flags, and the rest by place."""
    found: dict[str, str] = {}
    name: str | None = None
    place = 0
    for word in args:
        if word.startswith("-") and not _is_number(word):
            if name is not None:
                found[name] = "yes"
            name, given, value = word.partition("=")
            if given:
                found[name] = value
                name = None
        elif name is not None:
            found[name] = word
            name = None
        else:
            place += 1
            found[f"argument {place}"] = word
    if name is not None:
        found[name] = "yes"
    return found


def differences(runs: Sequence[Compared]) -> tuple[DifferenceRow, ...]:
    """Parameters first, then the surroundings, then what came of it."""
    given = [parameters(one.experiment.args) for one in runs]
    names = list(dict.fromkeys(name for each in given for name in each))
    rows = [DifferenceRow(clean(name), tuple(clean(each.get(name, ABSENT)) for each in given)) for name in names]
    rows += [DifferenceRow(name, tuple(clean(read(one)) for one in runs)) for name, read in _SURROUNDINGS]
    metrics = list(dict.fromkeys(name for one in runs for name in one.last))
    rows += [
        DifferenceRow(f"last {clean(name)}", tuple(_last(one, name) for one in runs)) for name in metrics
    ]  # fmt: skip
    return tuple(rows)


def _last(one: Compared, name: str) -> str:
    metric = one.last.get(name)
    return ABSENT if metric is None else number(metric.value)


def _known(text: str) -> str:
    return ABSENT if text == "unknown" else text


_SURROUNDINGS: tuple[tuple[str, Callable[[Compared], str]], ...] = (
    ("script", lambda one: one.experiment.module or one.experiment.script.name),
    ("code", lambda one: one.experiment.fingerprint[:10]),
    ("python", lambda one: str(one.experiment.python)),
    ("folder", lambda one: str(one.experiment.working_dir)),
    ("rung", lambda one: str(one.run.rung)),
    ("status", lambda one: str(one.run.status)),
    ("reason", lambda one: one.run.reason or ABSENT),
    ("steps", lambda one: _known(count(one.run.steps))),
    ("planned steps", lambda one: _known(count(one.run.planned_steps))),
    ("time", lambda one: _known(duration(one.run.wall_seconds))),
    ("CPU time", lambda one: _known(duration(one.run.cpu_seconds))),
    ("ceiling", lambda one: _known(duration(one.run.ceiling_seconds))),
    ("peak memory", lambda one: _known(size(one.run.peak_host_bytes))),
    ("peak GPU memory", lambda one: _known(size(one.run.peak_device_bytes))),
    ("GPU time", lambda one: _known(gpu_hours(one.run.gpu_seconds))),
    ("energy", lambda one: _known(energy(one.run.energy_joules))),
    ("energy meter", lambda one: one.energy_source or ABSENT),
    ("money", lambda one: _known(money(one.run.usd))),
    ("price an hour", lambda one: _known(money(one.run.usd_per_hour))),
    ("price a kWh", lambda one: _known(money(one.run.usd_per_kwh))),
)


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


class DifferenceTable(Rows):
    """The rows side by side; what differs is marked with a sign."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._all: tuple[DifferenceRow, ...] = ()
        self.with_same = False

    def show(self, rows: tuple[DifferenceRow, ...]) -> None:
        """Draw these from now on."""
        self._all = rows
        self.rows_changed()

    @property
    def rows(self) -> tuple[DifferenceRow, ...]:
        """What is shown: the rows that differ, or all."""
        return self._all if self.with_same else tuple(row for row in self._all if row.differs)

    @property
    def words(self) -> str:
        """How many rows there are of which kind."""
        differing = sum(row.differs for row in self._all)
        same = len(self._all) - differing
        return f"{differing} differ, {same} the same{'' if self.with_same else ' (not shown)'}"

    def row_count(self) -> int:
        return len(self.rows)

    def draw(self, index: int, width: int) -> list[Piece]:
        row = self.rows[index]
        name_width, value_width = column_widths(width, len(row.values))
        pieces: list[Piece] = [("≠ " if row.differs else "  ", "warn"), (fit(row.name, name_width - 2), "muted")]
        return [
            *pieces,
            *[(f"{fit(value, value_width - 2)}  ", "strong" if row.differs else "") for value in row.values],
        ]


def column_widths(width: int, runs: int) -> tuple[int, int]:
    """The width of the names and of each run's values."""
    name_width = min(24, width // 4)
    return name_width, max(6, (width - name_width) // max(1, runs))


def head(runs: Sequence[Compared], width: int) -> list[Piece]:
    """The runs' numbers above their values, in the colours and with the numbers of their curves."""
    name_width, value_width = column_widths(width, len(runs))
    pieces: list[Piece] = [(" " * name_width, "")]
    for index, one in enumerate(runs):
        pieces.append((f"{fit(f'{index + 1} run {one.run.id}', value_width - 2)}  ", SERIES_INKS[index]))
    return pieces
