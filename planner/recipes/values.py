"""The value of every hyperparameter of an experiment, each with where it comes from.

Invariant: what the source says is taken over or told as left out; a value that makes no sense is refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..provenance import Origin
from ..reading.brief import Brief, Hyperparameter, Place
from .catalogue import OF_OPTIMIZER, epochs, sgd_learning_rate
from .recipe import Default, NotPossibleError, Recipe, Scalar, Task


@dataclass(frozen=True, slots=True)
class Value:
    """One hyperparameter as the experiment takes it."""

    name: str
    value: Scalar
    origin: Origin
    pointer: str
    """The quote, the reason, or the option that it comes from."""
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """All values, and what the source says that the recipe has no use for."""

    values: tuple[Value, ...]
    unused: tuple[Hyperparameter, ...]
    whom: str | None = None
    """The model or the stage whose values were taken, where the source has several."""

    def get(self, name: str) -> Scalar | None:
        """The value of this name."""
        return next((one.value for one in self.values if one.name == name), None)


def choose(
    brief: Brief,
    recipe: Recipe,
    given: Mapping[str, str],
    of_data: Mapping[str, Default] | None = None,
    size: int | None = None,
) -> Chosen:
    """The values.

    ``given`` are a person's own and stand above the source's; ``of_data`` are asked for by the data; ``size`` counts
    its training rows, or the characters of a text.
    """
    found = {name: _read(name, text, None, Origin.PERSON, f"--set {name}={text}") for name, text in given.items()}
    whose = _whose(brief, recipe)
    taken = set()
    # What is said of the one that is meant, or of none in particular, comes before what is said of another.
    for one in sorted(
        brief.hyperparameters, key=lambda one: (one.applies_to not in (None, *whose[:1]), not one.by_person)
    ):
        name = _name(one, recipe)
        if not _is_of_a_baseline(one, recipe) and name in _KINDS and name not in found:
            origin = Origin.PERSON if one.by_person else Origin.QUOTED
            found[name] = _read(name, one.value, one.unit, origin, _pointer(one), one.place)
            taken.add(one)
    defaults = {**_defaults(recipe, found), **(of_data or {})}
    if size is not None and "epochs" in defaults:
        each = _get(found, defaults, "sequence_length") if recipe.task is Task.LANGUAGE else 1
        defaults["epochs"] = epochs(recipe, max(1, size // each), _get(found, defaults, "batch_size"))
    useful = {name: value for name, value in found.items() if name in defaults or name in _ALWAYS}
    _refuse_unused(given, useful, recipe)
    unused = tuple(one for one in brief.hyperparameters if one not in taken or _name(one, recipe) not in useful)
    for name, default in defaults.items():
        useful.setdefault(name, Value(name, default.value, default.origin, default.why))
    whom = whose[0] if len(whose) > 1 else None
    chosen = Chosen(tuple(useful[name] for name in _KINDS if name in useful), unused, whom)
    _refuse_misfits(chosen)
    return chosen


def _pointer(one: Hyperparameter) -> str:
    if not one.by_person:
        return one.quote
    return f"in place of what the source says: “{one.quote}”" if one.quote else "the source does not say"


def understand(name: str, text: str) -> Scalar:
    """What a person wrote as the value of a hyperparameter. Raises ``ValueError`` with what would make sense.

    One that no recipe takes is a number where it reads as one, and words otherwise.
    """
    written = text.strip()
    if not written:
        raise ValueError("write a value")
    kind = _KINDS.get(name)
    if kind is not None:
        try:
            return kind(written)
        except (ValueError, OverflowError) as error:
            words = str(error)
            raise ValueError(words if words.startswith(("it ", "the ")) else f"“{written}” is no number") from error
    try:
        number = float(written)
    except ValueError:
        return written
    if not math.isfinite(number):
        raise ValueError(f"“{written}” is no finite number")
    return int(number) if number.is_integer() and "." not in written and "e" not in written.lower() else number


def _whose(brief: Brief, recipe: Recipe) -> list[str]:
    """The models or stages that values are said of; the one that is meant first."""
    whose = [one.applies_to for one in brief.hyperparameters if one.applies_to and not _is_of_a_baseline(one, recipe)]
    return sorted(dict.fromkeys(whose), key=lambda whom: recipe.architecture.lower() not in whom.lower())


def _is_of_a_baseline(one: Hyperparameter, recipe: Recipe) -> bool:
    words = (one.applies_to or "").lower()
    return "baseline" in words and recipe.architecture.lower() not in words


def _name(one: Hyperparameter, recipe: Recipe) -> str:
    """The name that the recipe has for it: in models with attention, the embedding's size is the hidden size."""
    return "hidden_size" if one.name == "embedding_size" and "heads" in recipe.defaults else one.name


def _defaults(recipe: Recipe, found: Mapping[str, Value]) -> dict[str, Default]:
    defaults = dict(recipe.defaults)
    optimizer = found["optimizer"].value if "optimizer" in found else defaults["optimizer"].value
    defaults |= OF_OPTIMIZER[str(optimizer)]
    if optimizer == "sgd":
        defaults["learning_rate"] = sgd_learning_rate(_get(found, defaults, "batch_size"))
    if "steps" in found and "epochs" not in found:
        del defaults["epochs"]
    if "warmup_epochs" in found and "warmup_steps" not in found:
        del defaults["warmup_steps"]
    return defaults


def _get(found: Mapping[str, Value], defaults: Mapping[str, Default], name: str) -> int:
    return int(found[name].value if name in found else defaults[name].value)


def _refuse_unused(given: Mapping[str, str], useful: Mapping[str, Value], recipe: Recipe) -> None:
    for name in given:
        if name not in useful:
            raise NotPossibleError(
                "usage", f"The recipe {recipe.name} has no {name} here.", "See the values in docs/commands.md."
            )


def _refuse_misfits(chosen: Chosen) -> None:
    heads, width = chosen.get("heads"), chosen.get("hidden_size")
    if heads is not None and width is not None and int(width) % int(heads):
        raise NotPossibleError(
            "value", f"A hidden size of {width} does not divide into {heads} heads.", "Give one with --set heads=N."
        )
    kernel = chosen.get("kernel_size")
    if kernel is not None and int(kernel) % 2 == 0:
        raise NotPossibleError(
            "value", f"A kernel size of {kernel} is even, and the recipe pads evenly.", "Give an odd one with --set."
        )
    rate, floor = chosen.get("learning_rate"), chosen.get("min_learning_rate")
    if rate is not None and floor is not None and float(floor) > float(rate):
        raise NotPossibleError("value", "min_learning_rate is above learning_rate.", "Give one of them with --set.")


def _read(
    name: str, value: Scalar, unit: str | None, origin: Origin, pointer: str, place: Place | None = None
) -> Value:
    kind = _KINDS.get(name)
    if kind is None:
        raise NotPossibleError("usage", f"“{name}” is no hyperparameter here.", f"There are {', '.join(_KINDS)}.")
    try:
        read = kind(float(value) / 100 if unit == "%" else value)
    except (ValueError, OverflowError) as error:
        raise NotPossibleError(
            "value", f"{name} = {value} cannot be taken: {error}.", f"Give another with --set {name}=…."
        ) from error
    return Value(name, read, origin, pointer, place)


Kind = Callable[[Scalar], Scalar]


def _number(low: float, high: float = math.inf, *, above: bool = False) -> Kind:
    def read(value: Scalar) -> Scalar:
        number = float(value)
        if not (low < number < high if above else low <= number < high):
            limit = "" if high == math.inf else f" and below {high:g}"
            raise ValueError(f"it must be {'above' if above else 'at least'} {low:g}{limit}")
        return number

    return read


def _whole(low: int) -> Kind:
    def read(value: Scalar) -> Scalar:
        number = float(value)
        if not (number.is_integer() and low <= number < 2**53):
            raise ValueError(f"it must be a whole number of at least {low}")
        return int(number)

    return read


def _word(what: str, words: Mapping[str, tuple[str, ...]]) -> Kind:
    def read(value: Scalar) -> Scalar:
        plain = str(value).lower()
        for word, signs in words.items():
            if any(sign in plain for sign in signs):
                return word
        raise ValueError(f"the {what} is one of {', '.join(words)}")

    return read


_KINDS: Mapping[str, Kind] = {
    "optimizer": _word("optimizer", {"adamw": ("adamw",), "adam": ("adam",), "sgd": ("sgd", "gradient descent")}),
    "learning_rate": _number(0, above=True),
    "min_learning_rate": _number(0),
    "schedule": _word(
        "schedule", {"cosine": ("cosine",), "linear": ("linear",), "constant": ("constant", "none", "fixed")}
    ),
    "warmup_steps": _whole(0),
    "warmup_epochs": _number(0),
    "batch_size": _whole(1),
    "epochs": _whole(1),
    "steps": _whole(1),
    "patience": _whole(1),
    "momentum": _number(0, 1),
    "beta1": _number(0, 1),
    "beta2": _number(0, 1),
    "epsilon": _number(0, above=True),
    "weight_decay": _number(0),
    "gradient_clip": _number(0, above=True),
    "label_smoothing": _number(0, 1),
    "dropout": _number(0, 1),
    "layers": _whole(1),
    "hidden_size": _whole(1),
    "heads": _whole(1),
    "kernel_size": _whole(1),
    "patch_size": _whole(1),
    "image_size": _whole(4),
    "sequence_length": _whole(2),
    "horizon": _whole(1),
    "vocabulary_size": _whole(3),
    "seed": _whole(0),
}
"""Every hyperparameter that some recipe takes, in the order in which they are written."""

_ALWAYS = frozenset({"gradient_clip", "patience", "steps", "warmup_epochs"})
"""What every recipe can take, and most do without."""
