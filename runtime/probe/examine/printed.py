"""Printed numbers that are called an accuracy, beside the accuracy that the answers of the evaluation really had."""

from __future__ import annotations

import builtins
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..after_import import AfterImport
from .examiner import Examiner
from .ledger import ledger_of
from .naming import words_in
from .observer import Observer, Place
from .sets import Evaluation, Pass

MOST_PRINTS = 3000
NUMBER = re.compile(r"(?P<name>[A-Za-z][^0-9\n]*?)[\s:=(]*(?P<value>\d*\.\d+(?:e[-+]?\d+)?)\s*(?P<percent>%?)")
ACCURACY = {"acc", "accuracy"}
AFTER_IT = 12
"""A result is printed within so many lines."""


@dataclass(frozen=True)
class Printed:
    """A number with a name."""

    order: int
    name: str
    value: float
    slack: float
    """Half of the last digit's place."""
    place: Place | None


class PrintedNumbers(Observer):
    """Listens to ``print``."""

    name = "printed"

    def __init__(self, examiner: Examiner) -> None:
        super().__init__(examiner)
        self._numbers: list[Printed] = []

    def begin(self, waiting: AfterImport) -> None:
        original = builtins.print

        @functools.wraps(original)
        def listened(*values: Any, **options: Any) -> None:
            original(*values, **options)
            if self.examiner.is_here():
                self.examiner.tell("on_print", values)

        builtins.print = listened

    def on_print(self, values: tuple[Any, ...]) -> None:
        ledger = ledger_of(self.examiner)
        ledger.printed += 1
        if len(self._numbers) > MOST_PRINTS:
            return
        text = " ".join(map(str, values))[:400]
        place = None
        for name, value, slack in named_numbers(text):
            place = place or self.examiner.place()
            self._numbers.append(Printed(ledger.printed, name, value, slack, place))

    def report(self) -> dict[str, Any] | None:
        evaluations = ledger_of(self.examiner).evaluations.values()
        found = [one for evaluation in evaluations for one in self._compare(evaluation)]
        last = [self._last(one) for one in self._numbers[-40:]]
        return {"found": found[:20], "numbers": len(self._numbers), "last": last}

    def _last(self, one: Printed) -> dict[str, Any]:
        return {"name": one.name[-60:], "value": one.value, "line": one.place.line if one.place else None}

    def _compare(self, evaluation: Evaluation) -> Iterator[dict[str, Any]]:
        """For every pass the printed accuracy that fits one of its definitions."""
        passes = evaluation.passes
        for place, one in enumerate(passes):
            until = min([one.printed + AFTER_IT, *(later.printed for later in passes[place + 1 : place + 2])])
            after = [number for number in self._numbers if one.printed < number.order <= max(until, one.printed + 1)]
            for number in after:
                if words_in(number.name) & ACCURACY and one.judged == one.rows and len(one.means) > 1:
                    yield from _fits(number, one, evaluation)


def _fits(number: Printed, one: Pass, evaluation: Evaluation) -> Iterator[dict[str, Any]]:
    true, mean = one.correct / one.judged, sum(one.means) / len(one.means)
    slack = number.slack * 1.01 + 1e-6
    if abs(number.value - true) <= slack:
        kind = "true"
    elif abs(number.value - mean) <= slack:
        kind = "mean of batches"
    else:
        return
    yield {
        "kind": kind,
        "printed": number.value,
        "true": true,
        "mean": mean,
        "rows": one.rows,
        "batches": len(one.means),
        "name": number.name.strip()[-60:],
        "printed_at": number.place.as_json() if number.place else None,
        "file": evaluation.lines[0][0],
        "line": evaluation.lines[0][1],
    }


def named_numbers(text: str) -> Iterator[tuple[str, float, float]]:
    """Every decimal number of a line with the words before it, as a share, and half of its last digit's place."""
    for found in NUMBER.finditer(text):
        value, digits = float(found["value"]), found["value"].partition("e")[0].partition(".")[2]
        slack = 0.5 * 10.0 ** -len(digits)
        if found["percent"] or value > 1.5:
            value, slack = value / 100, slack / 100
        yield found["name"], value, slack
