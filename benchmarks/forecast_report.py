"""The results of the forecast benchmark as lines of text and as the table in docs/benchmarks.md."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

GOAL = 0.15
"""How far the forecast of CPU seconds may be off."""
START = "<!-- forecast: written by benchmarks/forecast.py -->"
END = "<!-- /forecast -->"


@dataclass(frozen=True, slots=True)
class Bounds:
    """A forecast as it was told."""

    low: float
    mid: float
    high: float

    def holds(self, value: float) -> bool:
        """Whether the interval covers the value."""
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Result:
    """One script: what the check told and what was true. ``None`` is not told, or not run."""

    name: str
    kind: str
    true_steps: int
    told_steps: int | None
    cpu: Bounds | None
    wall: Bounds | None
    host_bytes: Bounds | None
    actual_cpu: float | None
    actual_wall: float | None
    actual_host_bytes: int | None
    full_exit_code: int | None
    check_exit_code: int
    check_seconds: float
    check_cpu_seconds: float | None
    files_changed: tuple[str, ...]
    findings: tuple[str, ...]
    problem: str | None

    @property
    def steps_right(self) -> bool:
        """Whether the number of steps is exactly right."""
        return self.told_steps == self.true_steps

    @property
    def cpu_error(self) -> float | None:
        """Forecast against truth, as a share of the truth; positive is too much."""
        return _error(self.cpu, self.actual_cpu)

    @property
    def wall_error(self) -> float | None:
        """As ``cpu_error``, of the wall clock, which other programs disturb."""
        return _error(self.wall, self.actual_wall)


def line(result: Result) -> str:
    """One result for the terminal."""
    if result.problem:
        return f"{result.name:26} CHECK FAILED (exit {result.check_exit_code}): {result.problem}"
    parts = [
        f"{result.name:26}",
        f"steps {result.told_steps} of {result.true_steps}{'' if result.steps_right else ' WRONG'}",
        f"cpu {_against(result.cpu, result.actual_cpu)}",
        f"wall {_against(result.wall, result.actual_wall)}",
        f"check {result.check_seconds:.1f} s",
        f"{len(result.files_changed)} files changed",
    ]
    if result.full_exit_code:
        parts.append(f"full run ended with exit code {result.full_exit_code}")
    if result.findings:
        parts.append("findings: " + ", ".join(result.findings))
    return "  ".join(parts)


def summary(results: Sequence[Result]) -> str:
    """What all results say together."""
    if not results:
        return "nothing was measured"
    errors = [abs(result.cpu_error) for result in results if result.cpu_error is not None]
    held = [result.cpu.holds(result.actual_cpu) for result in results if result.cpu and result.actual_cpu is not None]
    texts = [
        f"{len(results)} scripts",
        f"steps right {sum(result.steps_right for result in results)} of {len(results)}",
        f"files changed {sum(len(result.files_changed) for result in results)}",
        f"longest check {max(result.check_seconds for result in results):.1f} s",
    ]
    if errors:
        texts += [
            f"CPU error median {median(errors):.1%}, worst {max(errors):.1%}",
            f"within {GOAL:.0%} {sum(error <= GOAL for error in errors)} of {len(errors)}",
            f"truth inside the interval {sum(held)} of {len(held)}",
        ]
    return " · ".join(texts)


def write_docs(path: Path, results: Sequence[Result], *, threads: int, cores: int) -> None:
    """Replace the forecast part of the page of figures, or add it."""
    table = "\n".join([*_table(results), "", summary(results) + ".", "", _machine(threads=threads, cores=cores)])
    part = f"{START}\n{table}\n{END}"
    empty = f"# Measured\n\n## Forecast against truth\n\n{START}{END}\n"
    page = path.read_text(encoding="utf-8") if path.exists() else empty
    before, _, rest = page.partition(START)
    _, _, after = rest.partition(END)
    path.write_text(before + part + after, encoding="utf-8")


def _table(results: Sequence[Result]) -> list[str]:
    names = ["script", "kind", "steps", "told", "CPU s forecast", "CPU s actual", "error"]
    names += ["wall s forecast", "wall s actual", "check s"]
    rows = ["| " + " | ".join(names) + " |", "|---|---|--:|--:|---|--:|--:|---|--:|--:|"]
    for result in results:
        cells = [
            f"`{result.name}`",
            result.kind,
            f"{result.true_steps}",
            f"{result.told_steps}" if result.told_steps is not None else "unknown",
            _interval(result.cpu),
            _number(result.actual_cpu),
            _percent(result.cpu_error),
            _interval(result.wall),
            _number(result.actual_wall),
            f"{result.check_seconds:.1f}",
        ]
        rows.append("| " + " | ".join(cells) + " |")
    return rows


def _machine(*, threads: int, cores: int) -> str:
    return (
        f"Measured on {cores} cores ({platform.machine()}, {platform.system()} {platform.release().split('-')[0]}, "
        f"Python {platform.python_version()}) with {threads} thread{'' if threads == 1 else 's'} per process."
    )


def _error(told: Bounds | None, actual: float | None) -> float | None:
    return None if told is None or not actual else (told.mid - actual) / actual


def _against(told: Bounds | None, actual: float | None) -> str:
    text = _interval(told)
    if actual is None:
        return f"{text} s"
    return f"{text} s, was {actual:.1f} s ({_percent(_error(told, actual))})"


def _interval(told: Bounds | None) -> str:
    return "unknown" if told is None else f"{told.mid:.1f} [{told.low:.1f}–{told.high:.1f}]"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:+.1%}"
