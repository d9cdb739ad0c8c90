"""Losses that are no numbers any more, that grow, or that half precision cannot hold.

Invariant: what is not finite is never answered with a smaller batch. A value that was not finite for a moment and then
was again is no failure: a gradient scaler skips such steps.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence

from .hypothesis import Certainty, Hypothesis, Measure, Quote
from .rules import rule

_TEST = "repeat that one step on its batch with torch.autograd.set_detect_anomaly(True): it names the operation"
_DATA = (
    Measure("look for what is not finite in the inputs of that step, and leave it out", "the data is not finite"),
    Measure("guard logarithms, divisions and roots in the loss (clamp, eps)", "an operation leaves its domain"),
    Measure("train in bfloat16 or float32 in place of float16", "values leave the range of half precision"),
)
_PACE = (
    Measure("lower the learning rate to a third", "the steps are too large"),
    Measure("clip the gradient's norm to 1", "single steps are too large"),
    Measure("warm the learning rate up over the first hundreds of steps", "only the first steps are too large"),
)
_GROWTH = 3.0
_DIVERGED = 10.0
_LEAST_VALUES = 6

RULES = (
    rule(
        "numeric.nan",
        r"[Ll]oss is (?:nan|inf)[^.]{0,20}stop|returned nan values in its|[Ii]nput (?:X |y )?contains (?:NaN|infinity)"
        r"|(?:NaN|nan|Inf|inf) (?:or (?:Inf|inf) )?(?:loss|gradient|grad norm|values?) (?:detected|found|encountered)"
        r"|probability tensor contains either `inf`, `nan`|(?:found|Found|detected|Detected) (?:nan|NaN|inf|Inf)\b",
        "a value is not finite",
        _TEST,
        *((measure.remedy, measure.tests) for measure in (*_DATA[:2], _PACE[0], _DATA[2])),
        instead=("a learning rate that is too high", "a sample that is not finite"),
    ),
    rule(
        "numeric.overflow",
        r"[Mm]inimum loss scale reached|Current loss scale already at minimum"
        r"|cannot be converted to type at::Half without",
        "values left the range of half precision, whatever the loss scale",
        "repeat a hundred steps in bfloat16: without the overflow it was the range",
        ("train in bfloat16 in place of float16", "the range of half precision is too small"),
        ("lower the learning rate to a third", "the weights grow because the steps are too large"),
    ),
)


def of_series(name: str, values: Sequence[tuple[int, float]], quotes: Mapping[int, Quote]) -> Hypothesis | None:
    """What a loss that was reported as (position, value) says; ``quotes`` show each position."""
    first = _broken_for_good(values)
    if first is not None:
        return _not_finite(name, values, first, quotes)
    return _diverged(name, values, quotes)


def _broken_for_good(values: Sequence[tuple[int, float]]) -> int | None:
    """Where the values stop being finite and stay so."""
    finite = [number for number, (_, value) in enumerate(values) if math.isfinite(value)]
    first = finite[-1] + 1 if finite else 0
    broken = len(values) - first
    return first if broken and (finite or broken >= 2) else None


def _not_finite(
    name: str, values: Sequence[tuple[int, float]], first: int, quotes: Mapping[int, Quote]
) -> Hypothesis:
    at = values[first][0]
    before = [value for _, value in values[:first]]
    grew = len(before) >= 3 and abs(before[-1]) > _GROWTH * max(statistics.median(map(abs, before[:-1])), 1e-12)
    seen = [quotes[position] for position, _ in values[max(0, first - (3 if grew else 1)) : first]]
    evaluated = any(word in name for word in ("val", "eval", "test", "dev"))
    measures: tuple[Measure, ...] = (*_PACE, *_DATA) if grew else (*_DATA[:2], *_PACE, _DATA[2])
    instead: tuple[str, ...] = ("a sample that is not finite",) if grew else ("a learning rate that is too high",)
    if evaluated:
        count = Measure("count the batches of the evaluation, and divide by what is there", "the split is empty")
        measures = (count, *measures)
        instead = ("an empty or filtered split, whose mean does not exist", *instead)
    how = "after it had grown" if grew else "all at once" if before else "from the first value on"
    return Hypothesis(
        "numeric.nan",
        f"{name} stopped being finite, {how}, and stayed so",
        Certainty.CERTAIN,
        (quotes[at], *seen),
        _TEST,
        measures,
        instead,
        at=at,
    )


def _diverged(name: str, values: Sequence[tuple[int, float]], quotes: Mapping[int, Quote]) -> Hypothesis | None:
    numbers = [value for _, value in values]
    if "norm" in name or len(numbers) < _LEAST_VALUES or not all(map(math.isfinite, numbers)):
        return None
    least = min(numbers)
    turn = numbers.index(least)
    recent = numbers[-3:]
    if least <= 0 or turn > len(numbers) - 4 or min(recent) < max(_DIVERGED * least, 2 * numbers[0]):
        return None
    at = next(position for position, value in values[turn:] if value > _GROWTH * least)
    return Hypothesis(
        "numeric.exploding",
        f"{name} fell to {least:g} and then grew to {recent[-1]:g}: the training diverged",
        Certainty.LIKELY,
        (quotes[at], quotes[values[-1][0]]),
        "repeat from the last checkpoint before it with a third of the learning rate for a hundred steps",
        _PACE,
        ("data that changes there, such as another source or a broken shard",),
        at=at,
    )
