"""Where a source contradicts itself: one hyperparameter, one thing that it is said of, two values.

Invariant: several values of one sentence are a list and no contradiction.
"""

from __future__ import annotations

from collections.abc import Sequence

from .brief import Conflict, Hyperparameter

_MANY = frozenset({"dropout", "layers", "hidden_size", "kernel_size", "heads"})
"""What one model has several of, in its parts, so that two sentences about it need not disagree."""


def conflicts(found: Sequence[Hyperparameter]) -> tuple[Conflict, ...]:
    """Every contradiction, in the order of the source."""
    told: list[Conflict] = []
    groups: dict[tuple[str, str | None, str | None], list[Hyperparameter]] = {}
    for one in found:
        whom = one.applies_to.lower() if one.applies_to else None
        unit = one.unit if one.name == "batch_size" and one.unit else None
        groups.setdefault((one.name, whom, unit and ("per" if unit.startswith("per") else None)), []).append(one)
    for (name, _, _), group in groups.items():
        quotes = tuple(dict.fromkeys(one.quote for one in _differing(name, group)))
        if len(quotes) > 1:
            told.append(Conflict(name, quotes))
    return tuple(told)


def _differing(name: str, group: Sequence[Hyperparameter]) -> Sequence[Hyperparameter]:
    """One for each value; none where all agree, or where one sentence gives several."""
    by_value: dict[object, Hyperparameter] = {}
    for one in group:
        by_value.setdefault(_comparable(one.value), one)
    if len(by_value) < 2:
        return ()
    values_of: dict[str, set[object]] = {}
    for one in group:
        values_of.setdefault(one.quote, set()).add(_comparable(one.value))
    if any(len(values) > 1 for values in values_of.values()):
        return ()
    if name in _MANY and len({one.place.section for one in by_value.values()}) == 1:
        return ()
    return tuple(by_value.values())


def _comparable(value: object) -> object:
    return round(value, 12) if isinstance(value, float) else value
