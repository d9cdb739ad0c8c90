"""What a trial will take: the experiment's forecast, scaled by its steps, and corrected by what trials have taken.

Invariant: an interval always; it is as wide as the forecast that it begins with until trials have shown how far off
that is. A trial that was stopped early teaches by the share that it ran.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ...store.records import Interval
from .space import Parameter, Values

_LEVEL = 1.645
"""Of nine in ten, where errors of logarithms are normal."""
_SLOPE_PENALTY = 0.3
_LEAST_ERROR = 0.1


class CostModel:
    """Ridge regression of the logarithm of a trial's seconds on where its values lie between their bounds."""

    def __init__(self, space: Sequence[Parameter], whole: Interval, setup: float = 0.0) -> None:
        self._space = tuple(space)
        self._whole = whole
        self._setup = min(setup, 0.95 * whole.mid)
        self._prior_error = max(_LEAST_ERROR, math.log(whole.high / whole.mid) / _LEVEL) if whole.mid > 0 else 1.0
        self._rows: list[list[float]] = []
        self._errors: list[float] = []
        self._fit: npt.NDArray[np.float64] | None = None
        self._error = self._prior_error

    def learn(self, values: Values, share: float, seconds: float) -> None:
        """A trial with these values took so long for ``share`` of a whole training."""
        if share <= 0 or seconds <= 0:
            return
        self._rows.append(self._row(values))
        self._errors.append(math.log(seconds / self._expected(values, share)))
        self._fit = None

    def predict(self, values: Values, share: float = 1.0) -> Interval:
        """Seconds of a trial that runs ``share`` of a whole training."""
        self._refit()
        middle = self._expected(values, share)
        if self._fit is not None:
            # Further than the farthest that was seen nobody knows.
            shift = float(np.dot(self._fit, self._row(values)))
            middle *= math.exp(min(max(shift, min(self._errors) - 0.7), max(self._errors) + 0.7))
        width = math.exp(_LEVEL * self._error)
        return Interval(middle / width, middle, middle * width)

    def _expected(self, values: Values, share: float) -> float:
        return self._setup + (self._whole.mid - self._setup) * steps_factor(self._space, values) * share

    def _row(self, values: Values) -> list[float]:
        return [1.0, *(one.place(values[one.name]) - 0.5 if one.name in values else 0.0 for one in self._space)]

    def _refit(self) -> None:
        if self._fit is not None or not self._rows:
            return
        rows, errors = np.array(self._rows), np.array(self._errors)
        penalty = np.diag([0.01, *[_SLOPE_PENALTY] * len(self._space)])
        self._fit = np.linalg.solve(rows.T @ rows + penalty, rows.T @ errors)
        left = errors - rows @ self._fit
        weight = len(errors) + 1.0
        squares = (float(np.sum(left**2)) + self._prior_error**2) / weight
        self._error = max(_LEAST_ERROR, math.sqrt(squares * (1 + 2 / weight)))


def steps_factor(space: Sequence[Parameter], values: Values) -> float:
    """How many times the steps of the script's own arguments a configuration makes: a smaller batch makes more."""
    for one in space:
        now, value = one.default, values.get(one.name)
        if "batch" not in one.name or isinstance(now, str) or isinstance(value, str):
            continue
        if now is not None and value is not None and value > 0:
            return max(1.0, now / value)
    return 1.0
