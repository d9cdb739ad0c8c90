"""Which recipe fits a brief and the data, by the words that the brief uses.

Invariant: an architecture that the brief names and no recipe has is never replaced by another one silently.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from ..reading.brief import Brief, RequirementKind
from .catalogue import RECIPES, named
from .recipe import NotPossibleError, Recipe, Task

_TASK_WORDS: tuple[tuple[Task, int, str], ...] = (
    (Task.LANGUAGE, 3, r"language model|perplexity|next[- ](character|token|word)|bits per (character|byte)|\bgpt\b"),
    (Task.FORECAST, 3, r"forecast|time[- ]series|horizon|next (day|hour|month|value)"),
    (Task.TEXT, 3, r"sentiment|text classif|classif\w* (of )?(text|document|review|sentence)|\breviews?\b|\bspam"),
    (Task.IMAGES, 2, r"\bimages?\b|pixel|handwritten|convolution|\bvision\b|picture|\bcnn\b|\bvit\b|photo"),
    (Task.REGRESSION, 1, r"regress|squared error|\brmse\b|\bmae\b|absolute error|r²|r\^?2\b"),
    (Task.CLASSIFICATION, 1, r"tabular|classif|accuracy|\bf1\b|\bauc\b|columns?|features?"),
)
"""What a task is told by, and how telling each word is: a forecast is also measured by a squared error."""

_ARCHITECTURE_WORDS: tuple[tuple[str, str], ...] = (
    ("ViT", r"vision transformer|\bvit\b"),
    ("ResNet", r"resnet|residual (convolutional )?network"),
    ("GPT", r"\bgpt|decoder[- ]only"),
    ("LSTM", r"\blstm|long short[- ]term"),
    ("Transformer", r"transformer|self[- ]attention|encoder layers"),
    ("CNN", r"convolution|\bcnn\b|convnet"),
    ("MLP", r"\bmlp\b|perceptron|fully[- ]connected|feed[- ]?forward|dense layers?"),
)
_ALSO = {"GPT": {"Transformer"}, "Transformer": {"GPT", "ViT"}, "CNN": {"ResNet"}}
"""What else may be meant by a word: a “transformer” for language is a GPT here."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A recipe, and what made it the one."""

    recipe: Recipe
    why: str


def choose(brief: Brief, possible: Collection[Task] | None, wanted: str | None = None) -> Choice:
    """The recipe; ``possible`` are the tasks that the data can be used for (``None``: not known yet)."""
    if wanted is not None:
        return Choice(_wanted(wanted, possible), "named with --recipe")
    task = _task(brief, possible)
    of_task = [one for one in RECIPES if one.task is task]
    asked = [one for one in brief.requirements if one.kind is RequirementKind.ARCHITECTURE]
    if not asked:
        return Choice(of_task[0], f"the source names no architecture, and {of_task[0].architecture} is the usual one")
    words = " ".join(f"{one.text} {one.quote}" for one in asked).lower()
    named_ones = {name: found.group() for name, pattern in _ARCHITECTURE_WORDS if (found := re.search(pattern, words))}
    for exact in (True, False):
        for name, word in named_ones.items():
            fitting = {name} if exact else _ALSO.get(name, set())
            for recipe in of_task:
                if recipe.architecture in fitting:
                    why = f"the source says “{word}”; compare model.py with what else it says of its model"
                    return Choice(recipe, why)
    raise NotPossibleError(
        "no_recipe",
        f"No recipe for {task} has the architecture that is asked for: “{asked[0].quote[:120]}”.",
        f"Name one with --recipe to take it all the same: {_names(_fitting(possible))}.",
    )


def task_words(brief: Brief) -> dict[Task, int]:
    """How much speaks for each task."""
    texts = [*(f"{one.text} {one.quote}" for one in brief.requirements)]
    texts += [f"{one.metric} {one.dataset or ''} {one.model or ''} {one.quote}" for one in brief.targets]
    everything = " ".join(texts).lower()
    return {task: weight * len(re.findall(pattern, everything)) for task, weight, pattern in _TASK_WORDS}


def _wanted(name: str, possible: Collection[Task] | None) -> Recipe:
    recipe = named(name)
    if recipe is None:
        raise NotPossibleError("usage", f"There is no recipe “{name}”.", f"There are {_names(RECIPES)}.")
    if possible is not None and recipe.task not in possible:
        raise NotPossibleError(
            "data", f"The data is not for {recipe.task}.", f"It can be used for {_tasks(possible)}."
        )
    return recipe


def _task(brief: Brief, possible: Collection[Task] | None) -> Task:
    counted = task_words(brief)
    allowed = {task: count for task, count in counted.items() if possible is None or task in possible}
    best = max(allowed, key=lambda task: allowed[task], default=None)
    if best is not None and allowed[best]:
        return best
    if possible is not None and len(possible) == 1:
        return next(iter(possible))
    raise NotPossibleError(
        "no_recipe",
        "Nothing in the brief tells a task that there is a recipe for.",
        f"Name one with --recipe: {_names(RECIPES)}.",
    )


def _fitting(possible: Collection[Task] | None) -> list[Recipe]:
    return [one for one in RECIPES if possible is None or one.task in possible]


def _names(recipes: Iterable[Recipe]) -> str:
    return ", ".join(one.name for one in recipes)


def _tasks(tasks: Iterable[Task]) -> str:
    return ", ".join(tasks)
