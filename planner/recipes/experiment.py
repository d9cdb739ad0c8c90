"""An experiment that is to be written: recipe, data and values together, and what the source says beyond them.

Invariant: everything that the source states is here, either in a value or told as not taken over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..reading.brief import Brief
from ..reading.checklist import Checklist
from . import choosing, sources, values
from .recipe import Recipe
from .sources import Columns, DataUse, Source
from .values import Chosen


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person asks for beside the brief."""

    recipe: str | None = None
    data: Path | None = None
    columns: Columns = field(default_factory=Columns)
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Experiment:
    """Everything that a folder is written from."""

    checklist: Checklist
    """What was read, and what a person said of it."""
    brief: Brief
    """What is followed of it."""
    recipe: Recipe
    why: str
    """What made it this recipe."""
    source: Source
    data: DataUse
    chosen: Chosen


def plan(read: Checklist | Brief, wishes: Wishes, *, beside: Path) -> Experiment:
    """By rules alone; raises :class:`~.recipe.NotPossibleError` with what is missing."""
    checklist = Checklist(read) if isinstance(read, Brief) else read
    brief = checklist.settled()
    source = sources.find(brief, wishes.data, beside)
    choice = choosing.choose(brief, source.tasks, wishes.recipe)
    recipe = choice.recipe
    data = sources.use(source, recipe.task, wishes.columns)
    chosen = values.choose(brief, recipe, wishes.values, data.values, sources.training_size(source))
    return Experiment(checklist, brief, recipe, choice.why, source, data, chosen)
