"""Which recipe fits a brief and the data, by the words that the brief uses.

Invariant: an architecture that the brief names and no recipe has is never replaced by another one silently.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from ..reading.brief import Brief, RequirementKind
from .catalogue import RECIPES, named
from .recipe import NotPossibleError, Recipe, Task

_TASK_WORDS: tuple[tuple[Task, str], ...] = (
    (Task.LANGUAGE, r"language model|perplexity|next[- ](character|token|word)|bits per (character|byte)|\bgpt\b"),
    (Task.FORECAST, r"forecast|time[- ]series|horizon|next (day|hour|month|value)"),
    (Task.TEXT, r"sentiment|text classif|classif\w* (of )?(text|document|review|sentence)|\breviews?\b|spam|document"),
    (Task.IMAGES, r"\bimages?\b|pixel|handwritten|convolution|\bvision\b|picture|\bcnn\b|\bvit\b|photo"),
    (Task.REGRESSION, r"regress|squared error|\brmse\b|\bmae\b|absolute error|r²|r\^?2\b"),
    (Task.CLASSIFICATION, r"tabular|classif|accuracy|\bf1\b|\bauc\b|columns?|features?"),
)
"""What a task is told by, the most telling first: where two score the same, the first is meant."""

_ARCHITECTURE_WORDS: tuple[tuple[str, str], ...] = (
    ("ViT", r"vision transformer|\bvit\b"),
    ("ResNet", r"resnet|residual (network|block|connection)"),
    ("GPT", r"\bgpt|decoder[- ]only"),
    ("LSTM", r"\blstm|long short[- ]term"),
    ("Transformer", r"transformer|self[- ]attention"),
    ("CNN", r"convolution|\bcnn\b|convnet"),
    ("MLP", r"\bmlp\b|perceptron|fully[- ]connected|feed[- ]?forward|dense layers?"),
)
_ALSO = {"GPT": {"Transformer"}, "Transformer": {"GPT", "ViT"}, "CNN": {"ResNet"}}
"""What else may be meant by a word: a “transformer” for language is a GPT here."""


def choose(brief: Brief, possible: Collection[Task] | None, wanted: str | None = None) -> Recipe:
    """The recipe; ``possible`` are the tasks that the data can be used for (``None``: not known yet)."""
    if wanted is not None:
        return _wanted(wanted, possible)
    task = _task(brief, possible)
    of_task = [one for one in RECIPES if one.task is task]
    asked = [one for one in brief.requirements if one.kind is RequirementKind.ARCHITECTURE]
    if not asked:
        return of_task[0]
    words = " ".join(f"{one.text} {one.quote}" for one in asked).lower()
    named_ones = [name for name, pattern in _ARCHITECTURE_WORDS if re.search(pattern, words)]
    for exact in (True, False):
        for name in named_ones:
            fitting = {name} if exact else _ALSO.get(name, set())
            for recipe in of_task:
                if recipe.architecture in fitting:
                    return recipe
    raise NotPossibleError(
        "no_recipe",
        f"No recipe for {task} has the architecture that is asked for: “{asked[0].quote[:120]}”.",
        f"There are {_names(of_task)}; name one with --recipe to take it all the same.",
    )


def task_words(brief: Brief) -> dict[Task, int]:
    """How often each task's words are used."""
    texts = [*(f"{one.text} {one.quote}" for one in brief.requirements)]
    texts += [f"{one.metric} {one.dataset or ''} {one.model or ''} {one.quote}" for one in brief.targets]
    everything = " ".join(texts).lower()
    return {task: len(re.findall(pattern, everything)) for task, pattern in _TASK_WORDS}


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


def _names(recipes: Iterable[Recipe]) -> str:
    return ", ".join(one.name for one in recipes)


def _tasks(tasks: Iterable[Task]) -> str:
    return ", ".join(tasks)
