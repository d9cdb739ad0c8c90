"""One document's brief beside its truth: what was found, what was missed, what was made up.

A hyperparameter is found where name, value and, where the truth names one, the model agree; a target where metric and
value do; a
requirement where one of its kind holds the words in its quote. ``a|b`` in a truth is either.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlintern.benchmarks.reading.typeset import typeset
from mlintern.planner.reading.brief import Brief, Hyperparameter, Requirement, Target
from mlintern.planner.reading.document import squeeze

HERE = Path(__file__).parent
HALVES = ("first", "second", "third", "fourth", "fifth")


@dataclass
class Count:
    """Found, missed and made up."""

    found: int = 0
    missed: list[str] = field(default_factory=list)
    made_up: list[str] = field(default_factory=list)

    def add(self, other: Count) -> None:
        """Together with another."""
        self.found += other.found
        self.missed += other.missed
        self.made_up += other.made_up

    @property
    def precision(self) -> float:
        """Of what was told, the share that is true."""
        return self.found / max(1, self.found + len(self.made_up))

    @property
    def recall(self) -> float:
        """Of what is true, the share that was told."""
        return self.found / max(1, self.found + len(self.missed))


@dataclass(frozen=True)
class Case:
    """A document and its truth."""

    name: str
    half: str
    path: Path
    truth: dict[str, Any]

    def written(self, folder: Path) -> Path:
        """The document as a file to read; a paper is set as a PDF."""
        if self.path.suffix != ".paper":
            return self.path
        target = folder / f"{self.name}.pdf"
        target.write_bytes(typeset(self.path.read_text(encoding="utf-8")))
        return target


def cases(half: str | None = None) -> Iterator[Case]:
    """Every document with a truth beside it."""
    for folder in HALVES if half is None else (half,):
        for path in sorted((HERE / folder).iterdir()):
            truth = path.with_suffix(".truth.json")
            if path.suffix != ".json" and truth.exists():
                yield Case(path.stem, folder, path, json.loads(truth.read_text(encoding="utf-8")))


def score(case: Case, brief: Brief) -> dict[str, Count]:
    """The counts of each kind."""
    return {
        "hyperparameters": hyperparameters(case.truth["hyperparameters"], brief.hyperparameters),
        "targets": targets(case.truth["targets"], brief.targets),
        "requirements": requirements(case.truth["requirements"], brief.requirements),
        "unsaid": unsaid(case.truth, brief.unsaid),
        "conflicts": names(case.truth["conflicts"], [one.name for one in brief.conflicts]),
    }


def hyperparameters(truth: list[list[Any]], told: tuple[Hyperparameter, ...] | list[Hyperparameter]) -> Count:
    """Each of the truth's once; what is told and not there is made up."""
    count, used = Count(), set()
    for name, value, *whom in truth:
        fitting = next(
            (index for index, one in enumerate(told) if index not in used and _fits(one, name, value, whom)), None
        )
        if fitting is None:
            count.missed.append(f"{name} = {value}{f' for {whom[0]}' if whom else ''}")
        else:
            used.add(fitting)
            count.found += 1
    wanted = [(name, value) for name, value, *_ in truth]
    again = {index for index, one in enumerate(told) if any(_fits(one, name, value, []) for name, value in wanted)}
    count.made_up += [
        f"{one.name} = {one.value} for {one.applies_to}" for index, one in enumerate(told) if index not in used | again
    ]
    return count


def _fits(one: Hyperparameter, name: str, value: Any, whom: list[str]) -> bool:
    if one.name not in name.split("|") or (whom and whom[0].lower() not in (one.applies_to or "").lower()):
        return False
    if isinstance(value, str) or isinstance(one.value, str):
        return str(one.value).lower() == str(value).lower()
    return math.isclose(one.value, value, rel_tol=1e-9, abs_tol=1e-15)


def targets(truth: list[list[Any]], told: tuple[Target, ...] | list[Target]) -> Count:
    """By metric and value."""
    count, used = Count(), set()
    for metric, value in truth:
        fitting = {
            index
            for index, one in enumerate(told)
            if one.metric in metric.split("|") and math.isclose(one.value, value)
        }
        if fitting:
            used |= fitting
            count.found += 1
        else:
            count.missed.append(f"{metric} {value}")
    count.made_up += [f"{one.metric} {one.value}" for index, one in enumerate(told) if index not in used]
    return count


def requirements(truth: list[list[str]], told: tuple[Requirement, ...] | list[Requirement]) -> Count:
    """Recall alone: a sentence may well be a requirement that the truth does not list."""
    count = Count()
    for kind, words in truth:
        if any(str(one.kind) == kind and squeeze(words).lower() in squeeze(one.quote).lower() for one in told):
            count.found += 1
        else:
            count.missed.append(f"{kind}: {words}")
    return count


def unsaid(truth: dict[str, Any], told: tuple[str, ...]) -> Count:
    """What the truth names as unsaid, and what it names as said."""
    count = Count()
    for name in truth["unsaid"]:
        if name in told:
            count.found += 1
        else:
            count.missed.append(name)
    count.made_up += [name for name in truth["said"] if name in told]
    return count


def names(truth: list[str], told: list[str]) -> Count:
    """Plain names."""
    return Count(
        sum(name in told for name in truth), [
            one for one in truth if one not in told
        ], [one for one in told if one not in truth]
    )
