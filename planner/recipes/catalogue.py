"""The recipes, and the values that each takes where a source says nothing.

Invariant: the sizes are such that the full run on a few thousand rows takes about a minute on one processor core.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from ..provenance import Origin
from .recipe import Default, Recipe, Scalar, Task

_SMALL = "small enough for a full run of about a minute on one processor core"


def _library(value: Scalar, callee: str) -> Default:
    return Default(value, Origin.LIBRARY, f"{callee} of torch 2")


def _usual(value: Scalar, why: str) -> Default:
    return Default(value, Origin.CONVENTION, why)


def _chosen(value: Scalar, why: str = _SMALL) -> Default:
    return Default(value, Origin.RECIPE, why)


_COMMON: Mapping[str, Default] = {
    "optimizer": _usual("adamw", "AdamW needs the least tuning for small networks"),
    "learning_rate": _library(1e-3, "torch.optim.AdamW"),
    "schedule": _usual("cosine", "decay to zero over the whole run"),
    "min_learning_rate": _usual(0.0, "decay to zero over the whole run"),
    "warmup_steps": _usual(0, "none is needed without attention layers"),
    "seed": _chosen(0, "any; report several"),
}
_CLASSES = {"label_smoothing": _library(0.0, "torch.nn.CrossEntropyLoss")}
_ATTENTION = {
    "warmup_steps": _usual(50, "attention layers diverge more easily in the first steps"),
    "gradient_clip": _usual(1.0, "the norm that transformers are clipped to"),
    "heads": _chosen(4),
}
_RECURRENT = {"gradient_clip": _usual(1.0, "gradients through time may explode")}


def _sizes(
    hidden_size: int, layers: int, dropout: float, batch_size: int, epochs: int
) -> dict[str, Default]:
    return {
        "hidden_size": _chosen(hidden_size),
        "layers": _chosen(layers),
        "dropout": _usual(dropout, "a light regularisation, for data sets of a few thousand rows"),
        "batch_size": _chosen(batch_size, "small data sets learn better from small batches"),
        "epochs": _chosen(epochs),
    }


_WORDS = {"vocabulary_size": _chosen(5000), "sequence_length": _chosen(64)}
_PAST = {
    "sequence_length": _chosen(24, "a day of hours, or two years of months"),
    "horizon": _chosen(1, "the next value"),
}


def _recipe(
    name: str, task: Task, architecture: str, model: str, most_steps: int, *defaults: Mapping[str, Default]
) -> Recipe:
    merged = dict(_COMMON)
    for one in defaults:
        merged |= one
    return Recipe(name, task, architecture, model, merged, most_steps)


RECIPES: tuple[Recipe, ...] = (
    _recipe("tabular-mlp", Task.CLASSIFICATION, "MLP", "mlp.py", 8_000, _CLASSES, _sizes(128, 2, 0.1, 32, 60)),
    _recipe("regression-mlp", Task.REGRESSION, "MLP", "mlp.py", 8_000, _sizes(64, 2, 0.1, 32, 60)),
    _recipe(
        "image-cnn", Task.IMAGES, "CNN", "cnn.py", 8_000, _CLASSES, _sizes(32, 2, 0.2, 32, 40),
        {"kernel_size": _usual(3, "the usual size since VGG")},
    ),
    _recipe("image-resnet", Task.IMAGES, "ResNet", "resnet.py", 600, _CLASSES, _sizes(16, 1, 0.0, 32, 20)),
    _recipe(
        "image-vit", Task.IMAGES, "ViT", "vit.py", 900, _CLASSES, _ATTENTION, _sizes(64, 3, 0.1, 32, 40),
        {"patch_size": _chosen(2, "a sixteenth of the tokens that pixels would be, for images of 8 pixels")},
    ),
    _recipe(
        "text-transformer", Task.TEXT, "Transformer", "text_transformer.py", 500, _CLASSES, _ATTENTION, _WORDS,
        _sizes(64, 2, 0.1, 32, 10),
    ),
    _recipe(
        "text-lstm", Task.TEXT, "LSTM", "text_lstm.py", 1_000, _CLASSES, _RECURRENT, _WORDS,
        _sizes(64, 1, 0.2, 32, 10),
    ),
    _recipe(
        "language-gpt", Task.LANGUAGE, "GPT", "gpt.py", 1_200, _ATTENTION, _sizes(64, 2, 0.1, 16, 40),
        {"sequence_length": _chosen(64)},
    ),
    _recipe(
        "language-lstm", Task.LANGUAGE, "LSTM", "language_lstm.py", 1_500, _RECURRENT, _sizes(128, 1, 0.1, 16, 40),
        {"sequence_length": _chosen(64)},
    ),
    _recipe(
        "forecast-lstm", Task.FORECAST, "LSTM", "series_lstm.py", 8_000, _RECURRENT, _PAST,
        _sizes(32, 1, 0.0, 32, 30),
    ),
    _recipe(
        "forecast-transformer", Task.FORECAST, "Transformer", "series_transformer.py", 2_500, _ATTENTION, _PAST,
        _sizes(32, 2, 0.1, 32, 30),
    ),
    _recipe("forecast-mlp", Task.FORECAST, "MLP", "mlp.py", 8_000, _PAST, _sizes(64, 2, 0.0, 32, 30)),
)  # fmt: skip
"""The first of a task is taken where the architecture is left open."""

SGD: Mapping[str, Default] = {
    "momentum": _usual(0.9, "the usual momentum of SGD; torch's own default is 0"),
    "weight_decay": _library(0.0, "torch.optim.SGD"),
}
ADAM: Mapping[str, Default] = {
    "beta1": _library(0.9, "torch.optim.Adam"),
    "beta2": _library(0.999, "torch.optim.Adam"),
    "epsilon": _library(1e-8, "torch.optim.Adam"),
    "weight_decay": _library(0.0, "torch.optim.Adam"),
}
ADAMW: Mapping[str, Default] = {**ADAM, "weight_decay": _library(0.01, "torch.optim.AdamW")}
OF_OPTIMIZER: Mapping[str, Mapping[str, Default]] = {"sgd": SGD, "adam": ADAM, "adamw": ADAMW}


def sgd_learning_rate(batch_size: int) -> Default:
    """A rate for SGD where the source gives none."""
    return _usual(0.1 * batch_size / 256, f"0.1 for a batch of 256 rows, scaled to {batch_size}")


def epochs(recipe: Recipe, rows: int, batch_size: int) -> Default:
    """As many epochs of the training rows as a minute allows, and no more than the recipe's own."""
    steps_each = math.ceil(rows / batch_size)
    own = int(recipe.defaults["epochs"].value)
    fitting = max(1, min(own, recipe.most_steps // steps_each))
    return _chosen(fitting, f"{fitting * steps_each} steps of {batch_size} rows; {_SMALL}") if fitting < own else (
        recipe.defaults["epochs"])  # fmt: skip


def named(name: str) -> Recipe | None:
    """The recipe of this name."""
    return next((one for one in RECIPES if one.name == name), None)
