"""What a paper or a task asks for, each statement with the words that say so and where they stand.

Invariant: a quote stands literally in the source's text, white space and line-break hyphens aside; what has no quote is
no part of a brief, unless a person put it there.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RequirementKind(StrEnum):
    """What a requirement is about."""

    DATASET = "dataset"
    SPLIT = "split"
    PREPROCESSING = "preprocessing"
    AUGMENTATION = "augmentation"
    ARCHITECTURE = "architecture"
    LOSS = "loss"
    OPTIMIZER = "optimizer"
    SCHEDULE = "schedule"
    METRIC = "metric"
    TARGET = "target"
    HARDWARE = "hardware"
    BUDGET = "budget"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a quote stands; what the form of the source does not have is ``None``. Pages and lines count from 1."""

    page: int | None = None
    section: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that is asked for, in a few words, and the quote that asks for it."""

    kind: RequirementKind
    text: str
    quote: str
    place: Place


@dataclass(frozen=True, slots=True)
class Hyperparameter:
    """One value that a training takes, by its common name (see ``planner/conventions.py``)."""

    name: str
    value: float | int | str | bool
    unit: str | None
    applies_to: str | None
    """The model or the stage that it is said of, where the source has several."""
    quote: str
    place: Place
    by_person: bool = False
    """Whether the value is a person's own; the quote is then what the source says, and empty where it is silent."""


@dataclass(frozen=True, slots=True)
class Target:
    """One number that is to be reached. ``spread`` is the source's own, in the unit of the value."""

    metric: str
    value: float
    unit: str | None
    spread: float | None
    split: str | None
    dataset: str | None
    model: str | None
    quote: str
    place: Place


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two or more places that give the same hyperparameter different values for the same thing."""

    name: str
    quotes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Brief:
    """All of it, in the order of the source."""

    source: str
    requirements: tuple[Requirement, ...]
    hyperparameters: tuple[Hyperparameter, ...]
    targets: tuple[Target, ...]
    unsaid: tuple[str, ...]
    """Hyperparameters that a training of this kind takes and that the source does not give, by name."""
    conflicts: tuple[Conflict, ...]
