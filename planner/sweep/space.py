"""What a sweep may vary, and between which bounds.

Invariant: a pure value. Bounds come from a person, or are proposed from where the script's values come from: what
nobody can account for and matters most comes first. The length of the training and the seed are never searched over.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeAlias

from ...runtime.options import ScriptOption, given
from ...store.records import Json
from ..provenance import Hyperparameter, Origin

Value: TypeAlias = int | float | str
Values: TypeAlias = Mapping[str, Value]

MOST_PROPOSED = 4
"""More parameters than this are not proposed at once: each one more thins the search."""

EXAMPLES = "lr=1e-5..1e-2:log, dropout=0..0.5, layers=2..6 or batch_size=16,32,64"

LENGTHS = ("epochs", "num_epochs", "n_epochs", "max_epochs", "num_train_epochs", "steps", "max_steps", "num_steps",
           "max_iters", "iterations", "n_iters", "iters", "train_steps", "total_steps", "train_iters")  # fmt: skip
"""Names of arguments that say how long a training is."""

SEEDS = ("seed", "random_seed", "manual_seed", "random_state")


class SpaceError(ValueError):
    """A parameter that cannot be searched over, with what would be right."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing to vary: a range of numbers, or a few choices."""

    name: str
    flag: str
    """As the script's command line has it, such as ``--lr``."""
    kind: str
    """``int``, ``float`` or ``choice``."""
    low: float | None = None
    high: float | None = None
    log: bool = False
    choices: tuple[Value, ...] = ()
    default: Value | None = None
    """The value that the script has by itself; ``None`` is not known."""
    why: str = "given"

    @property
    def words(self) -> str:
        """As it is written: ``lr=1e-05..0.01:log``."""
        if self.kind == "choice":
            return f"{self.name}={','.join(map(text, self.choices))}"
        assert self.low is not None and self.high is not None
        return f"{self.name}={_bound(self, self.low)}..{_bound(self, self.high)}{':log' if self.log else ''}"

    def place(self, value: Value) -> float:
        """Where a value lies between the bounds, 0 to 1; a choice by its order."""
        if self.kind == "choice":
            last = max(1, len(self.choices) - 1)
            return self.choices.index(value) / last if value in self.choices else 0.5
        assert self.low is not None and self.high is not None and not isinstance(value, str)
        low, high, at = (math.log(x) if self.log else x for x in (self.low, self.high, max(value, 1e-300)))
        return 0.5 if high == low else (at - low) / (high - low)

    def holds(self, value: Value | None) -> bool:
        """Whether a value is one that the search may choose."""
        if value is None:
            return False
        if self.kind == "choice":
            return value in self.choices
        if isinstance(value, str) or self.low is None or self.high is None:
            return False
        return self.low <= value <= self.high and (self.kind == "float" or value == int(value))

    def to_json(self) -> Json:
        """For the store."""
        return asdict(self)


def from_json(spec: Json) -> Parameter:
    """A parameter as the store has it."""
    data: dict[str, Any] = dict(spec)
    return Parameter(**{**data, "choices": tuple(data["choices"])})


def text(value: Value) -> str:
    """A value as a command line has it."""
    return repr(value) if isinstance(value, float) else str(value)


def default_values(space: Sequence[Parameter]) -> dict[str, Value]:
    """What the script does by itself, as far as it is known."""
    return {one.name: one.default for one in space if one.default is not None}


def arguments(space: Sequence[Parameter], values: Values) -> dict[str, str]:
    """The flags and texts that give a script these values."""
    return {one.flag: text(values[one.name]) for one in space if one.name in values}


# -- what a person gave ------------------------------------------------------------------------------------------------


def parse(written: str, options: Sequence[ScriptOption], args: tuple[str, ...]) -> Parameter:
    """``lr=1e-5..1e-2:log`` or ``batch_size=16,32,64``, of an option of the script's. Raises :class:`SpaceError`."""
    name, given_bounds, bounds = written.rpartition("=") if written.startswith("--") else written.partition("=")
    if not given_bounds or not name or not bounds:
        raise SpaceError(f"“{written}” is no parameter with its bounds; write for example {EXAMPLES}")
    option = _option(name, options)
    default = _value_now(option, args)
    if ".." in bounds:
        return _range(option, bounds, written, default)
    choices = tuple(dict.fromkeys(_number(part.strip()) for part in bounds.split(",") if part.strip()))
    if all(isinstance(one, (int, float)) for one in choices):
        choices = tuple(sorted(choices))
    if len(choices) < 2:
        raise SpaceError(f"“{written}” leaves nothing to choose; write for example {EXAMPLES}")
    return Parameter(option.name, option.flag, "choice", choices=choices, default=default)


def _option(name: str, options: Sequence[ScriptOption]) -> ScriptOption:
    if name.startswith("--"):
        plain = name.lstrip("-").replace("-", "_")
        return next((one for one in options if one.flag == name), ScriptOption(plain, name, None, None, (), 0))
    wanted = name.replace("-", "_")
    found = next((one for one in options if wanted in (one.name, one.flag.lstrip("-").replace("-", "_"))), None)
    if found is None:
        known = ", ".join(one.name for one in options) or "none that can be read from its source"
        raise SpaceError(
            f"the script has no option “{name}”: there are {known}. One that cannot be read is named as it is typed,"
            f" --param=--{name}=…"
        )
    return found


def _range(option: ScriptOption, bounds: str, written: str, default: Value | None) -> Parameter:
    ends, _, scale = bounds.partition(":")
    if scale not in ("", "log", "linear"):
        raise SpaceError(f"“{written}”: a range is linear or :log; write for example {EXAMPLES}")
    parts = [_number(part.strip()) for part in ends.split("..")]
    if len(parts) != 2 or any(isinstance(part, str) for part in parts):
        raise SpaceError(f"“{written}” has no two numbers as bounds; write for example {EXAMPLES}")
    low, high = (float(part) for part in parts)
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise SpaceError(f"“{written}”: the lower bound comes first, and both are finite; for example {EXAMPLES}")
    if scale == "log" and low <= 0:
        raise SpaceError(f"“{written}”: a logarithmic range begins above 0; for example {EXAMPLES}")
    whole = all(isinstance(part, int) for part in parts) and option.kind != "float"
    kind = "int" if whole else "float"
    return Parameter(option.name, option.flag, kind, low=low, high=high, log=scale == "log", default=default)


def _number(written: str) -> Value:
    try:
        return int(written) if re.fullmatch(r"[-+]?\d+", written) else float(written)
    except ValueError:
        return written


def _value_now(option: ScriptOption, args: tuple[str, ...]) -> Value | None:
    """What the option is in the run as the person described it."""
    typed = given(option, args)
    if typed is not None:
        return _number(typed)
    return None if isinstance(option.default, bool) else option.default


def _bound(parameter: Parameter, value: float) -> str:
    return str(int(value)) if parameter.kind == "int" else f"{value:g}"


# -- what is proposed --------------------------------------------------------------------------------------------------


def propose(
    options: Sequence[ScriptOption], args: tuple[str, ...], known: Iterable[Hyperparameter]
) -> tuple[Parameter, ...]:
    """Bounds around the values that the script has now; unknown and sensitive ones first, at most a few."""
    rows = {row.option: row for row in reversed(tuple(known)) if row.option}
    found: list[tuple[tuple[bool, int], Parameter]] = []
    for option in options:
        parameter = _around(option, _value_now(option, args))
        if parameter is None:
            continue
        row = rows.get(option.name)
        rank = _RANKS.get(_family(option.name) or "", len(_RANKS))
        why = "proposed: nobody can tell where its value comes from"
        if row is not None and row.origin is not Origin.UNKNOWN:
            why = f"proposed: where its value comes from: {row.origin}"
        found.append(((row is not None and not row.is_open, rank), replace(parameter, why=why)))
    return tuple(parameter for _, parameter in sorted(found, key=lambda one: one[0])[:MOST_PROPOSED])


_FAMILIES: Mapping[str, tuple[str, ...]] = {
    "rate": ("lr", "learning_rate", "max_lr", "learning_rate_init"),
    "batch": ("batch_size", "bs", "per_device_train_batch_size", "train_batch_size"),
    "decay": ("weight_decay", "wd", "l2", "alpha"),
    "share": ("dropout", "p_drop", "label_smoothing", "attn_dropout"),
    "momentum": ("momentum",),
    "size": ("width", "hidden", "hidden_size", "n_embd", "d_model", "dim", "layers", "n_layer", "num_layers", "depth"),
}
_RANKS = {family: rank for rank, family in enumerate(_FAMILIES)}


def _family(name: str) -> str | None:
    return next((family for family, names in _FAMILIES.items() if name.lower() in names), None)


def _around(option: ScriptOption, value: Value | None) -> Parameter | None:
    family = _family(option.name)
    if family is None or value is None or isinstance(value, str) or not math.isfinite(value):
        return None
    name, flag = option.name, option.flag
    match family:
        case "rate" if value > 0:
            return Parameter(name, flag, "float", low=value / 30, high=value * 10, log=True, default=value)
        case "batch" | "size" if value >= 2:
            choices = tuple(dict.fromkeys(max(1, int(value * factor)) for factor in (0.5, 1, 2)))
            return Parameter(name, flag, "choice", choices=choices, default=int(value))
        case "decay":
            middle = value if value > 0 else 1e-4
            return Parameter(name, flag, "float", low=middle / 100, high=middle * 100, log=True, default=value)
        case "share":
            return Parameter(name, flag, "float", low=0.0, high=max(0.5, min(0.9, 1.5 * value)), default=value)
        case "momentum":
            return Parameter(name, flag, "float", low=0.5, high=0.99, default=value)
    return None


# -- length and seed ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Length:
    """The script's own argument for how long it trains."""

    flag: str
    full: int
    """Its value in the full run."""


def length_of(options: Sequence[ScriptOption], args: tuple[str, ...]) -> Length | None:
    """The argument for the length, where the script has one with a known whole number."""
    for name in LENGTHS:
        option = next((one for one in options if one.name.lower() == name), None)
        value = None if option is None else _value_now(option, args)
        if option is not None and isinstance(value, int) and value > 1:
            return Length(option.flag, value)
    return None


def seed_flag_of(options: Sequence[ScriptOption]) -> str | None:
    """The option that takes the seed."""
    return next((one.flag for name in SEEDS for one in options if one.name.lower() == name), None)
