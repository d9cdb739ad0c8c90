"""A run's result against the paper's numbers, in words and as JSON.

Invariant: what one run allows one to say stands beside the number; a number of another split is never called an answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..planner.result import Reached, one_run_allows
from ..store.records import Run
from .reading_words import target_words
from .text import clean
from .units import duration, number

NO_PAPER = "this experiment follows no paper or task that mlintern has read"
Fact = tuple[str, str, str]


def facts(run: Run, found: Sequence[Reached] | None) -> Iterator[Fact]:
    """For the screen: a sign, its ink, the sentence."""
    if found is None:
        yield "·", "muted", NO_PAPER
        return
    if not found:
        yield "·", "muted", "the paper gives no number to reach, or it was left out"
    for place, one in enumerate(found):
        if place:
            yield "", "", ""
        yield "paper ", "muted", f"{clean(one.target.metric)} {target_words(one.target)}"
        yield "      ", "muted", f"“{clean(one.target.quote)}”"
        yield "here  ", "muted", value_words(one)
        yield from (("      ", "muted", f"{what}: {_number(value)}{_unit(one)}") for what, value in one.beside)
        yield "so    ", "muted", one_run_allows(one)
        if one.verdict is not None:
            ink = {"supported": "good", "not supported": "bad"}.get(str(one.verdict.answer), "warn")
            yield "claim ", ink, f"{one.verdict.answer}: {'; '.join(one.verdict.because)}"


def lines(run: Run, found: Sequence[Reached] | None) -> Iterator[str]:
    """For a pipe."""
    yield f"run {run.id}, {run.rung}: {run.status}"
    yield from (f"{sign.strip():<6} {clean(words)}".rstrip() for sign, _, words in facts(run, found))


def value_words(one: Reached) -> str:
    """The value with its distance to the paper's, and how fine it can tell."""
    if one.value is None:
        return f"nothing to compare: {one.why_not}"
    unit = _unit(one)
    said = [f"{_number(one.value)}{unit}, {_signed(one.difference)} against the paper's"]
    if one.is_within_spread is not None:
        where = "within" if one.is_within_spread else "outside"
        said.append(f"{where} its own ± {one.target.spread:g}")
    if one.rows is not None:
        each = "" if one.row_weighs is None else f", of which one weighs {one.row_weighs:.2g}"
        said.append(f"counted from {one.rows} predictions{each}")
    if len(one.runs) > 1:
        said.append(f"the mean of {len(one.runs)} runs")
    return "; ".join(said)


def what_next(run: Run, found: Sequence[Reached] | None, *, ceiling_seconds: float | None) -> str:
    """What a person can do now; ``ceiling_seconds`` is for reading the test split, ``None`` where it cannot be read."""
    if ceiling_seconds is not None:
        return f"t reads the test split with evaluate.py: once for this run, stopped after {duration(ceiling_seconds)}"
    if found and any(one.verdict is not None and len(one.runs) == 1 for one in found):
        return f"a claim needs more seeds: mlintern confirm {run.id}, or C on the Ladder"
    return f"mlintern report {run.id} tells all that this run allows one to say"


def content(found: Sequence[Reached]) -> list[dict[str, Any]]:
    """The JSON form."""
    return [
        {
            "metric": one.target.metric,
            "target": one.target.value,
            "unit": one.target.unit,
            "spread": one.target.spread,
            "split": one.target.split,
            "quote": one.target.quote,
            "value": one.value,
            "difference": one.difference,
            "within_spread": one.is_within_spread,
            "rows": one.rows,
            "runs": list(one.runs),
            "why_not": one.why_not,
            "beside": [{"what": what, "value": value} for what, value in one.beside],
            "verdict": None if one.verdict is None else str(one.verdict.answer),
            "because": [] if one.verdict is None else list(one.verdict.because),
        }
        for one in found
    ]


def _unit(one: Reached) -> str:
    return f" {clean(one.target.unit)}" if one.target.unit else ""


def _number(value: float) -> str:
    return number(value)


def _signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.2f}"
