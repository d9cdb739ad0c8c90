"""The corpus's raw data as figures: how far off the forecasts were, and whether their intervals held.

Invariant: pure; every figure comes from the raw data alone, and a goal is printed with what was measured, met or not.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median, quantiles
from typing import Any

from mlintern.benchmarks.goal import Goal
from mlintern.planner.calibration import conformal

Bounds = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One forecast beside what then happened; low, middle and high of what was told."""

    script: str
    source: str
    rung: str
    steps_told: int | None
    steps_actual: int | None
    may_end_early: bool
    told: Mapping[str, Bounds | None]
    actual: Mapping[str, float | None]

    def error(self, quantity: str) -> float | None:
        """``log(actual / told)``; ``None`` where one is unknown or the forecast was the most there could be."""
        told, actual = self.told.get(quantity), self.actual.get(quantity)
        if told is None or not actual or self.may_end_early:
            return None
        return math.log(actual / told[1])

    def holds(self, quantity: str) -> bool:
        """Whether the interval that was told held the truth."""
        told, actual = self.told.get(quantity), self.actual.get(quantity)
        return told is not None and actual is not None and told[0] <= actual <= told[2]


@dataclass(frozen=True, slots=True)
class Raw:
    """Everything that a corpus run recorded."""

    machine: str
    outcomes: tuple[Outcome, ...]
    check_seconds: Mapping[str, float]
    """What the rungs that need no approval took, of each script."""
    problems: Mapping[str, str]

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Raw:
        """Back from JSON."""
        outcomes = tuple(Outcome(**one) for one in data["outcomes"])
        return cls(data["machine"], outcomes, dict(data["check_seconds"]), dict(data["problems"]))

    def with_script(self, name: str, outcomes: Sequence[Outcome], check: float, problem: str | None) -> Raw:
        """The same with one more script."""
        problems = dict(self.problems) if problem is None else {**self.problems, name: problem}
        checks = {**self.check_seconds, name: check}
        return replace(self, outcomes=(*self.outcomes, *outcomes), check_seconds=checks, problems=problems)


@dataclass(frozen=True, slots=True)
class Errors:
    """Errors of one quantity of one kind of forecast, each with its script."""

    by_script: Mapping[str, float]

    @property
    def absolute(self) -> list[float]:
        """As shares, smallest first."""
        return sorted(abs(math.expm1(error)) for error in self.by_script.values())

    @property
    def bias(self) -> float:
        """The median error with its sign; positive is a forecast that was too small."""
        return math.expm1(median(self.by_script.values()))

    def leave_one_out(self) -> tuple[float, float]:
        """``(coverage, median half-width)`` of intervals made for each script from all the others."""
        inside, widths = 0, []
        for script, error in self.by_script.items():
            others = [abs(other) for name, other in self.by_script.items() if name != script]
            width = conformal((), others)
            widths.append(math.expm1(width))
            inside += abs(error) <= width
        return inside / len(self.by_script), median(widths)


def errors_of(raw: Raw, source: str, rung: str, quantity: str) -> Errors:
    """The errors of the forecasts of ``rung`` made from a run of ``source``."""
    found = {
        one.script: one.error(quantity) for one in raw.outcomes if (one.source, one.rung) == (source, rung)
    }
    return Errors({script: error for script, error in found.items() if error is not None})


def lines(raw: Raw) -> list[str]:
    """The raw data for the terminal, worst last."""
    rows = [f"measured on {raw.machine}"]
    for one in raw.outcomes:
        cells = [f"{one.script:24} {one.source:>9} → {one.rung:5}"]
        for quantity in ("cpu_seconds", "seconds", "peak_host_bytes"):
            error = one.error(quantity)
            cells.append(f"{quantity} {'unknown' if error is None else f'{math.expm1(error):+.1%}':>8}")
        rows.append("  ".join(cells))
    return [*rows, *(f"{name}: could not climb: {why}" for name, why in raw.problems.items())]


def goals(raw: Raw) -> list[Goal]:
    """Goal against measured."""
    found: list[Goal] = []
    examples = [seconds for name, seconds in raw.check_seconds.items() if name.startswith("example_")]
    if examples:
        found.append(Goal("check of an example, the longest", 15.0, max(examples), "at most", unit="s"))
    pilot = errors_of(raw, "pilot", "full", "cpu_seconds")
    if len(pilot.by_script) >= 3:
        share = pilot.absolute
        coverage, width = pilot.leave_one_out()
        found += [
            Goal("time from a pilot, median error of work", 0.05, median(share), "at most"),
            Goal("time from a pilot, 90th percentile", 0.10, _p90(share), "at most"),
            Goal("time from a pilot, bias", 0.02, abs(pilot.bias), "at most"),
            Goal("90 % intervals, coverage leaving each script out", (0.87, 0.95), coverage, "within"),
            Goal("90 % intervals, half-width leaving each script out", 0.20, width, "at most"),
        ]
    rehearsal = errors_of(raw, "rehearsal", "full", "cpu_seconds")
    if len(rehearsal.by_script) >= 3:
        coverage, width = rehearsal.leave_one_out()
        found += [
            Goal("time from a rehearsal, median error of work", None, median(rehearsal.absolute), "at most"),
            Goal("time from a rehearsal, 90th percentile", None, _p90(rehearsal.absolute), "at most"),
            Goal("time from a rehearsal, coverage leaving each script out", (0.87, 0.95), coverage, "within"),
            Goal("time from a rehearsal, half-width leaving each script out", 0.20, width, "at most"),
        ]
    memory = errors_of(raw, "rehearsal", "full", "peak_host_bytes")
    if len(memory.by_script) >= 3:
        found.append(Goal("host memory from a rehearsal, median error", 0.03, median(memory.absolute), "at most"))
    return found


def _p90(shares: Sequence[float]) -> float:
    return quantiles(shares, n=10, method="inclusive")[-1]


def prior_module(raw: Raw) -> str:
    """The text of ``planner/prior.py``."""
    table: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for one in raw.outcomes:
        for quantity in one.told:
            error = one.error(quantity)
            if error is not None:
                table[quantity, one.source, one.rung].append(round(abs(error), 3))
    rows = "".join(
        f'    ("{quantity}", RungName.{source.upper()}, RungName.{rung.upper()}): (\n'
        f"        {_wrapped(sorted(errors))}\n    ),\n"
        for (quantity, source, rung), errors in sorted(table.items())
    )
    return _PRIOR.format(scripts=len({one.script for one in raw.outcomes}), rows=rows)


def _wrapped(errors: Sequence[float]) -> str:
    texts = [f"{error:.3f}," for error in errors]
    return "\n        ".join(" ".join(texts[start : start + 14]) for start in range(0, len(texts), 14))


_PRIOR = '''\
"""Errors of forecasts measured on the corpus in ``tests/scripts``, for machines that have no history yet.

Invariant: measured, never chosen. Written by ``python -m mlintern.benchmarks.corpus --write-prior`` from its raw data.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..store.records import RungName

PRIOR_SCRIPTS = {scripts}

UNMEASURED_ERROR = 0.35
"""For what the corpus does not cover, such as a GPU: log(1.42)."""

PRIOR_ERRORS: Mapping[tuple[str, RungName, RungName], tuple[float, ...]] = {{
{rows}}}
"""``|log(actual / forecast)|`` in ascending order, by quantity, rung that the forecast was made from, and rung that it
was about."""
'''
