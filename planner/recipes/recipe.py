"""What a recipe is: a task and an architecture that fit each other, the parts to copy, and values where nobody says.

Invariant: a value that a recipe chooses says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ..provenance import Origin

Scalar = float | int | str | bool


class Task(StrEnum):
    """What is to be learned."""

    CLASSIFICATION = "tabular classification"
    REGRESSION = "regression"
    IMAGES = "image classification"
    TEXT = "text classification"
    LANGUAGE = "language model"
    FORECAST = "time-series forecasting"


@dataclass(frozen=True, slots=True)
class Default:
    """A value for what a source leaves unsaid; ``why`` is what the origin points to."""

    value: Scalar
    origin: Origin
    why: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """One way to an experiment."""

    name: str
    task: Task
    architecture: str
    model: str
    """The file in ``parts/model``; the objective's and the data's follow from the task and the data."""
    defaults: Mapping[str, Default]
    most_steps: int
    """Optimizer steps of its default size that take about a minute on one processor core."""

    @property
    def objective(self) -> str:
        """The file in ``parts/objective``."""
        return {
            Task.REGRESSION: "regression.py",
            Task.FORECAST: "regression.py",
            Task.LANGUAGE: "language.py",
        }.get(self.task, "classification.py")


class NotPossibleError(Exception):
    """An experiment that cannot be written from what is there: what is missing, and in ``hint`` what to give."""

    def __init__(self, code: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint
